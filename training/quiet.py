"""Trains what takes the noise of a room out of a voice (simpatient/ports/quiet.py): `python training/quiet.py`.

Voices: flite's four and espeak-ng's, which read the corpus, and people who read telephone prompts in four languages.
Noise: white to brown, hum, and several of those voices at once, 5 to 20 dB below. What is left is to look to a
recogniser as the voice alone does: the loss is that of its cepstra, of their first and second differences, and, a
little, of the bands. Half an hour on two cores that know bfloat16; `--go-on` takes up the shipped weights.

Debian: flite espeak-ng asterisk-core-sounds-es-g722, -fr-g722, -it-g722, -ru-g722 (CC BY-SA 3.0; not shipped). No line
under tests/ is read. `python bench/hearing.py` measures what it is worth.
"""

import argparse
import math
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy
import soundfile
import soxr
import torch
from torch import nn
from torch.nn.functional import gelu, logsigmoid, pad

sys.path.insert(0, str(Path(__file__).parent.parent))

from simpatient.ports import RATE
from simpatient.ports.quiet import (
    AHEAD,
    BANDS,
    COMFORT,
    CONTEXT,
    FILE,
    HOP,
    SIZE,
    WINDOW,
    bands,
    seen,
    spread,
    triangles,
)
from training.clinic_lm import sentences

WIDTH = 224
SECONDS, BATCH = 3, 16
FLITE = {"rms": 260, "slt": 260, "awb": 260, "kal16": 120}
ESPEAK = "en-us en-gb en-gb-scotland en-us+f1 en-us+f2 en-us+m1 en-us+m3 en-gb+f4 en-us+m7".split()
ESPEAK_LINES = 250
PROMPTS = Path("/usr/share/asterisk/sounds")
LANGUAGES = ("es_MX", "fr_CA", "it_IT", "ru_RU")
SHARES = {"flite": 0.4, "espeak": 0.15, "people": 0.45}
QUIETEST = 3e-6
"""Power of a band below which nothing need be told apart."""
FILTERS, LOW, HIGH, CEPSTRA, LIFTER, EMPHASIS = 25, 130.0, 6_800.0, 13, 22, 0.97
"""How pocketsphinx's English model sees sound: its feat.params."""
DIFFERENCES = ((1.0, 0), (0.4, 4), (0.2, 2))
"""Weights of the cepstra, of their differences and of the differences of those, and frames between the two."""
IN_BANDS = 0.1
"""Weight of the loss in bands."""
RATE_OF_LEARNING = 2e-3
SEED = 7


def speech():
    """A long sound of each kind of voice, float32 at RATE, with gaps."""
    rng = random.Random(SEED)
    lines = sorted(line for line in {" ".join(words) for words in sentences()} if 6 <= line.count(" ") < 22)
    rng.shuffle(lines)
    said = iter(lines)
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "said.wav")
        flite, espeak = [], []
        for voice, count in FLITE.items():
            for _ in range(count):
                slower = f"duration_stretch={rng.uniform(0.85, 1.2):.2f}"
                flite.append(spoken(["flite", "--setf", slower, "-voice", voice, "-t", next(said), "-o", file], file))
        for _ in range(ESPEAK_LINES):
            manner = ["-s", str(rng.randint(130, 190)), "-p", str(rng.randint(20, 75))]
            espeak.append(spoken(["espeak-ng", "-v", rng.choice(ESPEAK), *manner, "-w", file, next(said)], file))
    people = [prompt(p) for language in LANGUAGES for p in sorted(PROMPTS.glob(f"{language}_*/**/*.g722"))]
    kinds = {"flite": flite, "espeak": espeak, "people": [sound for sound in people if len(sound) > RATE // 2]}
    return {kind: joined(sounds, rng) for kind, sounds in kinds.items()}


def spoken(command, file):
    subprocess.run(command, check=True)
    sound, rate = soundfile.read(file, dtype="float32")
    return soxr.resample(sound, rate, RATE)


def prompt(path):
    """A recording of a person; some are empty."""
    with av.open(str(path), format="g722") as file:
        parts = [frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)]
    return numpy.concatenate([numpy.zeros(0, numpy.int16), *parts]).astype(numpy.float32) / 32_768


def joined(sounds, rng):
    """Equally loud, one after the other."""
    parts = []
    for sound in sounds:
        parts += [sound * (0.5 / max(1e-3, abs(sound).max())), numpy.zeros(int(rng.uniform(0.1, 0.6) * RATE))]
    return numpy.concatenate(parts).astype(numpy.float32)


class Mixer:
    """Pairs of a noisy sound and the voice in it."""

    def __init__(self, voices):
        self._voices = voices
        self._rng = numpy.random.default_rng(1)
        self._length = SECONDS * RATE

    def batch(self):
        pairs = [self._pair() for _ in range(BATCH)]
        return tuple(torch.tensor(numpy.stack(part)) for part in zip(*pairs, strict=True))

    def _pair(self):
        rng, voice = self._rng, self._voice()
        below_db = rng.uniform(5, 20) if rng.random() < 0.92 else 40
        power = ((voice**2).mean() + 1e-6) / 10 ** (below_db / 10)
        loudness = 10 ** rng.uniform(-0.7, 0.1)
        return (voice + self._noise() * math.sqrt(power)) * loudness, voice * loudness

    def _voice(self):
        sound = self._voices[self._rng.choice(list(self._voices), p=list(SHARES.values()))]
        at = self._rng.integers(0, len(sound) - self._length)
        return sound[at : at + self._length]

    def _noise(self):
        rng, which = self._rng, self._rng.random()
        if which < 0.35:
            sound = rng.standard_normal(self._length)
        elif which < 0.7:
            sound = self._coloured(rng.uniform(0, 2))
        elif which < 0.9:
            sound = sum(self._voice() for _ in range(rng.integers(3, 8)))
        else:
            at = numpy.arange(self._length) / RATE
            hum = sum(rng.random() * numpy.sin(2 * numpy.pi * f * at + 6 * rng.random()) for f in (50, 100, 150, 200))
            sound = hum / hum.std() + 0.3 * self._coloured(1.0)
        if rng.random() < 0.3:
            at = numpy.arange(self._length) / RATE
            sound = sound * (1 + 0.5 * numpy.sin(2 * numpy.pi * rng.uniform(0.1, 2) * at + 6 * rng.random()))
        return (sound / (sound.std() + 1e-6)).astype(numpy.float32)

    def _coloured(self, slope):
        hertz = numpy.fft.rfftfreq(self._length)
        hertz[0] = hertz[1]
        sound = numpy.fft.irfft(numpy.fft.rfft(self._rng.standard_normal(self._length)) / hertz ** (slope / 2))
        return sound / sound.std()


class Layer(nn.Module):
    def __init__(self, apart, ahead):
        super().__init__()
        self._pad = (4 * apart - ahead, ahead)
        self.taps = nn.Conv1d(WIDTH, WIDTH, 5, dilation=apart)
        self.out = nn.Conv1d(WIDTH, WIDTH, 1)

    def forward(self, x):
        return x + self.out(gelu(self.taps(pad(x, self._pad))))


class Net(nn.Module):
    """(batch, frames, 2 x bins) to (batch, frames, BANDS): logarithms of power, by which the bands are lowered."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(SIZE + 2, WIDTH, 1)
        self.layers = nn.ModuleList([Layer(*context) for context in CONTEXT])
        self.last = nn.Conv1d(WIDTH, BANDS, 1)

    def forward(self, seen):
        x = self.first(seen.transpose(1, 2))
        for layer in self.layers:
            x = layer(x)
        return 2 * logsigmoid(self.last(gelu(x))).transpose(1, 2)

    def named(self):
        """(name in the file, parameter, its shape there) of every weight."""
        yield from (("in.weight", self.first.weight), ("in.bias", self.first.bias))
        for i, layer in enumerate(self.layers):
            yield from ((f"{i}.taps", layer.taps.weight), (f"{i}.bias", layer.taps.bias))
            yield from ((f"{i}.out", layer.out.weight), (f"{i}.last", layer.out.bias))
        yield from (("out.weight", self.last.weight), ("out.bias", self.last.bias))

    def save(self):
        flat = {name: (w.permute(2, 1, 0).reshape(-1, len(w)) if w.dim() == 3 else w) for name, w in self.named()}
        numpy.savez_compressed(FILE, **{name: w.detach().numpy().astype(numpy.float16) for name, w in flat.items()})

    def load(self):
        with numpy.load(FILE) as file, torch.no_grad():
            for name, w in self.named():
                flat = torch.tensor(file[name].astype(numpy.float32))
                w.copy_(flat.reshape(w.shape[2], w.shape[1], len(w)).permute(2, 1, 0) if w.dim() == 3 else flat)


def spectra(sound):
    return torch.fft.rfft(pad(sound, (SIZE - HOP, 0)).unfold(-1, SIZE, HOP) * torch.tensor(WINDOW))


def in_bands(found):
    return torch.log(found.abs() ** 2 @ torch.tensor(bands().T) / SIZE + QUIETEST)


def cepstra(power):
    """(batch, frames, bins) of power to (batch, frames, CEPSTRA), with the noise that Quieter leaves added."""
    hertz = torch.arange(SIZE // 2 + 1) * (2 * math.pi / SIZE)
    emphasis = 1 + EMPHASIS**2 - 2 * EMPHASIS * torch.cos(hertz)
    comfort = COMFORT**2 * float((WINDOW**2).sum())
    filters = torch.log(((power + comfort) * emphasis) @ torch.tensor(triangles(FILTERS, LOW, HIGH).T) + 1e-9)
    k = torch.arange(CEPSTRA)[:, None]
    cosines = math.sqrt(2 / FILTERS) * torch.cos(math.pi / FILTERS * k * (torch.arange(FILTERS) + 0.5))
    lift = 1 + LIFTER / 2 * torch.sin(math.pi * k / LIFTER)
    return filters @ (cosines * lift).T


def far(told, wanted):
    """Squares of how far cepstra and their differences are from those wanted, in standard deviations."""
    total = 0.0
    for weight, apart in DIFFERENCES:
        if apart:
            told, wanted = (c[:, apart:] - c[:, :-apart] for c in (told, wanted))
        variance = wanted.flatten(0, 1).var(0)
        total = total + weight * ((told - wanted) ** 2 / variance)[:, 20:-AHEAD].mean()
    return total


def train(net, mixer, minutes):
    optimiser = torch.optim.AdamW(net.parameters(), RATE_OF_LEARNING, weight_decay=1e-3)
    begun, steps, total = time.monotonic(), 0, 0.0
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(mixer.batch)
        while (part := (time.monotonic() - begun) / 60 / minutes) < 1:
            warm = min(1, (steps + 1) / 60)
            optimiser.param_groups[0]["lr"] = RATE_OF_LEARNING * warm * max(0.02, (1 + math.cos(math.pi * part)) / 2)
            noisy, voice = coming.result()
            coming = pool.submit(mixer.batch)
            with torch.no_grad():
                found = spectra(noisy)
                alone = spectra(voice)
                now, wanted, aim = in_bands(found), in_bands(alone), cepstra(alone.abs() ** 2)
                view = torch.tensor(seen(found.numpy())[0])
            with torch.autocast("cpu", torch.bfloat16):
                lowered = net(view)
            lowered = lowered.float()
            told = torch.logaddexp(now + lowered, torch.tensor(math.log(QUIETEST)))
            left = found.abs() ** 2 * (torch.exp(0.5 * lowered) @ torch.tensor(spread())) ** 2
            loss = far(cepstra(left), aim) + IN_BANDS * ((told - wanted) ** 2)[:, 20:-AHEAD].mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            steps, total = steps + 1, total + loss.item()
            if steps % 50 == 0:
                print(f"{part:4.0%}  {steps} steps  {total / 50:.4f}", flush=True)
                total = 0.0
                net.save()
    net.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=27)
    parser.add_argument("--go-on", action="store_true", help="From the shipped weights.")
    asked = parser.parse_args()
    torch.manual_seed(1)
    net = Net()
    if asked.go_on:
        net.load()
    train(net, Mixer(speech()), asked.minutes)


if __name__ == "__main__":
    main()

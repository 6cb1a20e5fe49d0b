"""Trains what takes the noise of a room out of what pocketsphinx sees (ports/quiet.py): `python training/quiet.py`.

Voices: training/voices.py. Noise: white to brown, hum, and several of those voices at once, 5 to 20 dB below. What is
left is to fit the states of pocketsphinx's acoustic model (training/acoustic.py) that the voice goes through, and to
look as the voice alone does: in cepstra, their first and second differences, and, a little, in bands. Where no states
are known, those that fit the voice alone stand for them. An hour and a half on two cores that know bfloat16, after five
minutes in which the voices are read; `--go-on` takes up the shipped weights.

No line under tests/ is read. `python bench/hearing.py` measures what it is worth.
"""

import argparse
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn.functional import gelu, logsigmoid, pad

sys.path.insert(0, str(Path(__file__).parent.parent))

from simpatient.ports import RATE
from simpatient.ports.quiet import (
    AHEAD,
    BANDS,
    CEPSTRA,
    CONTEXT,
    FILE,
    FILTERS,
    HOP,
    SIZE,
    WINDOW,
    bands,
    cosines,
    filters,
    seen,
    spread,
)
from training.acoustic import Acoustic
from training.voices import UNKNOWN, voices

WIDTH = 224
FRAMES, BATCH = 300, 16
SHARES = {"flite": 0.5, "espeak": 0.2, "people": 0.3}
QUIETEST = 3e-6
"""Power of a band below which nothing need be told apart."""
KNOWN = slice(20, -AHEAD)
"""Frames of a pair before and after which enough is heard."""
DIFFERENCES = (1.0, 0.4, 0.2)
"""Weights of the loss in cepstra, in their differences and in the differences of those."""
SHARPNESS = 0.5
"""By which logarithms of likelihood are multiplied before they become probabilities of states."""
SOME = 0.25
"""Part of the frames for which states are computed."""
IN_STATES, IN_CEPSTRA, IN_BANDS = 0.5, 0.3, 0.1
"""Weights of the losses."""
RATE_OF_LEARNING = 8e-4


class Mixer:
    """Batches of noisy sounds and the voices in them."""

    def __init__(self, voices):
        self._voices = voices
        self._rng = numpy.random.default_rng(1)
        self._length = FRAMES * HOP

    def batch(self):
        """Noisy and alone, (BATCH, samples); the voice's cepstra and means, (BATCH, FRAMES, CEPSTRA); its states."""
        pairs = [self._pair() for _ in range(BATCH)]
        return tuple(torch.tensor(numpy.stack(part)) for part in zip(*pairs, strict=True))

    def _pair(self):
        rng = self._rng
        voice, cepstra, means, states = self._part()
        below_db = rng.uniform(5, 20) if rng.random() < 0.92 else 40
        power = ((voice**2).mean() + 1e-6) / 10 ** (below_db / 10)
        loudness = numpy.float32(10 ** rng.uniform(-0.7, 0.1))
        noisy = voice + self._noise() * numpy.float32(math.sqrt(power))
        louder = numpy.eye(1, CEPSTRA, dtype=numpy.float32) * (2 * math.sqrt(FILTERS) * math.log(loudness))
        return noisy * loudness, voice * loudness, cepstra + louder, means + louder, states

    def _part(self):
        of = self._voices[self._rng.choice(list(SHARES), p=list(SHARES.values()))]
        at = int(self._rng.integers(0, len(of.states) - FRAMES))
        return of.sound[at * HOP : (at + FRAMES) * HOP], *(part[at : at + FRAMES] for part in of[1:])

    def _noise(self):
        rng, which = self._rng, self._rng.random()
        if which < 0.35:
            sound = rng.standard_normal(self._length)
        elif which < 0.7:
            sound = self._coloured(rng.uniform(0, 2))
        elif which < 0.9:
            sound = sum(self._part()[0] for _ in range(rng.integers(3, 8)))
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
    """(batch, frames, 2 x bins) to (batch, frames, BANDS) and (batch, frames, CEPSTRA).

    Logarithms of power, by which the bands are lowered, and what is added to the cepstra of what is left.
    """

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(SIZE + 2, WIDTH, 1)
        self.layers = nn.ModuleList([Layer(*context) for context in CONTEXT])
        self.last = nn.Conv1d(WIDTH, BANDS, 1)
        self.more = nn.Conv1d(WIDTH, CEPSTRA, 1)

    def forward(self, seen):
        x = self.first(seen.transpose(1, 2))
        for layer in self.layers:
            x = layer(x)
        x = gelu(x)
        return 2 * logsigmoid(self.last(x)).transpose(1, 2), self.more(x).transpose(1, 2)

    def begin(self, batch):
        """Adds to the cepstra what ours of a voice alone lack of pocketsphinx's."""
        _, voice, aim, *_ = batch
        with torch.no_grad():
            self.more.weight.zero_()
            self.more.bias.copy_((aim - cepstra(spectra(voice).abs() ** 2))[:, KNOWN].mean((0, 1)))

    def named(self):
        """(name in the file, parameter, its shape there) of every weight."""
        yield from (("in.weight", self.first.weight), ("in.bias", self.first.bias))
        for i, layer in enumerate(self.layers):
            yield from ((f"{i}.taps", layer.taps.weight), (f"{i}.bias", layer.taps.bias))
            yield from ((f"{i}.out", layer.out.weight), (f"{i}.last", layer.out.bias))
        yield from (("out.weight", self.last.weight), ("out.bias", self.last.bias))
        yield from (("cep.weight", self.more.weight), ("cep.bias", self.more.bias))

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
    """(batch, frames, bins) to (batch, frames, CEPSTRA), as Quieter's."""
    by, comfort = (torch.tensor(part) for part in filters())
    return torch.log(power @ by.T + comfort) @ torch.tensor(cosines()).T


def features(cepstra):
    """(batch, frames, CEPSTRA) to (batch, frames - 6, 3, CEPSTRA): pocketsphinx's 1s_c_d_dd."""
    count = cepstra.shape[1] - 6
    at = [cepstra[:, k : k + count] for k in range(7)]
    return torch.stack([at[3], at[5] - at[1], (at[6] - at[2]) - (at[4] - at[0])], 2)


class Losses:
    """Of what is left of a batch."""

    def __init__(self):
        self._acoustic = Acoustic()
        self._rng = numpy.random.default_rng(0)

    def of(self, left, alone, states):
        """Of cepstra without their mean, of what is left and of the voice alone: (in states, in cepstra)."""
        told, wanted = features(left[:, KNOWN]), features(alone[:, KNOWN])
        states = states[:, KNOWN][:, 3:-3].reshape(-1)
        apart = (((told - wanted) ** 2) / wanted.flatten(0, 1).var(0)).mean((0, 1, 3))
        some = torch.tensor(numpy.flatnonzero(self._rng.random(len(states)) < SOME))
        told, wanted, states = told.flatten(0, 1)[some], wanted.flatten(0, 1)[some], states[some]
        return self._in_states(told, wanted, states), (apart * torch.tensor(DIFFERENCES)).sum()

    def _in_states(self, told, wanted, states):
        likely = torch.log_softmax(SHARPNESS * self._acoustic(told), 1)
        given, not_given = ((states != UNKNOWN).nonzero()[:, 0], (states == UNKNOWN).nonzero()[:, 0])
        loss = -likely[given, states[given]].sum()
        if len(not_given):
            with torch.no_grad():
                fitting = torch.softmax(self._acoustic(wanted[not_given]), 1)
            loss = loss - (fitting * likely[not_given]).sum()
        return loss / len(states)


def train(net, mixer, minutes):
    optimiser = torch.optim.AdamW(net.parameters(), RATE_OF_LEARNING, weight_decay=1e-3)
    losses = Losses()
    begun, steps, sums = time.monotonic(), 0, numpy.zeros(3)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(mixer.batch)
        while (part := (time.monotonic() - begun) / 60 / minutes) < 1:
            warm = min(1, (steps + 1) / 60)
            optimiser.param_groups[0]["lr"] = RATE_OF_LEARNING * warm * max(0.02, (1 + math.cos(math.pi * part)) / 2)
            noisy, voice, aim, means, states = coming.result()
            coming = pool.submit(mixer.batch)
            with torch.no_grad():
                found = spectra(noisy)
                now, wanted = in_bands(found), in_bands(spectra(voice))
                view = torch.tensor(seen(found.numpy())[0])
            with torch.autocast("cpu", torch.bfloat16):
                lowered, more = net(view)
            lowered = lowered.float()
            left = found.abs() ** 2 * (torch.exp(0.5 * lowered) @ torch.tensor(spread())) ** 2
            told = torch.logaddexp(now + lowered, torch.tensor(math.log(QUIETEST)))
            in_band = ((told - wanted) ** 2)[:, KNOWN].mean()
            in_states, in_cepstra = losses.of(cepstra(left) + more.float() - means, aim - means, states)
            loss = IN_STATES * in_states + IN_CEPSTRA * in_cepstra + IN_BANDS * in_band
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            steps += 1
            sums += (in_states.item(), in_cepstra.item(), in_band.item())
            if steps % 50 == 0:
                print(f"{part:4.0%}  {steps} steps  {(sums / 50).round(3)}", flush=True)
                sums[:] = 0
                net.save()
    net.save()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=90)
    parser.add_argument("--go-on", action="store_true", help="From the shipped weights.")
    asked = parser.parse_args()
    torch.manual_seed(1)
    net, mixer = Net(), Mixer(voices())
    if asked.go_on:
        net.load()
    else:
        net.begin(mixer.batch())
    train(net, mixer, asked.minutes)


if __name__ == "__main__":
    main()

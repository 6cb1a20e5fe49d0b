"""How well each engine hears, and which techniques survive its errors: `python bench/hearing.py [engine…] [--help]`.

Clinician sentences that no text of ours was made from (two of each file of tests/techniques, 106), by three flite
voices, clean, with white noise at 20 and 10 dB, and in the telephone band. Prints a row a condition: word error rate,
real-time factor (the recogniser's own processor time over the sound's), and the share of the techniques heard in the
sentences as written, and in the clean take, that are still heard. Needs flite (Debian: flite); a quarter of an hour.

Engines: `general` (pocketsphinx as it comes), `pocketsphinx` (as shipped, with the clinic's language model), `clinic`,
or a folder of a Vosk model.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

import numpy
import soundfile
import soxr
from rapidfuzz.distance import Levenshtein

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.detect import held_out
from simpatient.detect.detector import Detector
from simpatient.detect.semantic import spoken_words
from simpatient.ports import BLOCK, RATE

VOICES = ("rms", "slt", "awb")
CONDITIONS = ("clean", "20 dB", "10 dB", "telephone")
PLAIN = {"OPENQ", "CLOSEDQ", "INFO", "FACIL"}
HESITATION = {"um", "uh", "er", "erm"}


@dataclass(frozen=True)
class Sentence:
    """What is said, as it is written, and what the patient had said before."""

    text: str
    after: str


@dataclass
class Score:
    """Over some sentences."""

    errors: int = 0
    words: int = 0
    heard: int = 0
    meant: int = 0
    kept: int = 0
    clean: int = 0
    sound_s: float = 0.0
    work_s: float = 0.0

    def __add__(self, other):
        return Score(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def wer(self):
        return self.errors / max(1, self.words)

    @property
    def survived(self):
        """Of the techniques in the words as written."""
        return self.heard / max(1, self.meant)

    @property
    def still(self):
        """Of the techniques heard in the clean take."""
        return self.kept / max(1, self.clean)


def sentences(most=2, seed=5):
    """Up to `most` of each file of held-out lines: 7 to 18 words, no hesitation."""
    rng, found = random.Random(seed), []
    for _, says, _ in held_out():
        fit = [Sentence(text, after) for text, after in says if _speakable(text)]
        rng.shuffle(fit)
        found += fit[:most]
    return found


def _speakable(text):
    words = plain(text)
    return 7 <= len(words) <= 18 and not HESITATION & set(words)


def plain(text):
    """Words as they are compared: without apostrophes."""
    return [word.replace("'", "") for word, _, _ in spoken_words(text)]


def spoken(sentence, voice, folder):
    """int16 at RATE, by flite."""
    file = Path(folder) / "said.wav"
    subprocess.run(["flite", "-voice", voice, "-t", sentence.text, "-o", str(file)], check=True)
    sound, rate = soundfile.read(file, dtype="float64")
    return soxr.resample(sound, rate, RATE)


def disturbed(sound, condition, seed):
    """White noise at a signal-to-noise ratio, or 8 kHz and back; half a second of the same quiet around it."""
    around = numpy.zeros(RATE // 2)
    sound = numpy.concatenate([around, sound, around])
    if condition == "telephone":
        sound = soxr.resample(soxr.resample(sound, RATE, 8_000), 8_000, RATE)
    elif condition != "clean":
        power = float((sound**2).mean()) / 10 ** (float(condition.split()[0]) / 10)
        sound = sound + numpy.random.default_rng(seed).standard_normal(len(sound)) * power**0.5
    return (sound.clip(-1, 1) * 32_767).astype("<i2").tobytes()


class General:
    """pocketsphinx as it comes, in this process, in the same way as ours."""

    quieten = False

    def __init__(self):
        from pocketsphinx import Decoder

        self._decoder = Decoder(samprate=RATE, cmn="live", loglevel="FATAL")

    def hear(self, sound):
        from simpatient.ports.sphinx import voice_detector
        from simpatient.ports.sphinx_ears import FRAME_MS, Ears

        ears = Ears(self._decoder, voice_detector(FRAME_MS), quieten=self.quieten)
        return " ".join(s.text for s in [*ears.hear(sound), *ears.finish()])


class Ours(General):
    """As shipped, in this process, so that its processor time can be told."""

    quieten = True

    def __init__(self):
        from simpatient.ports.sphinx import _decoder

        self._decoder = _decoder()


class Vosk:
    """Any model of the port."""

    def __init__(self, name):
        from simpatient.ports.hearing import choose

        self._ears = choose(name, {}, None)

    def hear(self, sound):
        blocks = (sound[i : i + 2 * BLOCK] for i in range(0, len(sound), 2 * BLOCK))
        return " ".join(segment.text for segment in self._ears.listen(blocks))


def engine(name):
    return General() if name == "general" else Ours() if name == "pocketsphinx" else Vosk(name)


def score(ears, detector, said, voice, condition, clean=()):
    """(Score, codes heard in each sentence) of a voice under a condition; `clean` are the codes of the clean take."""
    total, found = Score(), []
    with tempfile.TemporaryDirectory() as folder:
        for n, sentence in enumerate(said):
            sound = disturbed(spoken(sentence, voice, folder), condition, n)
            began = time.process_time()
            heard = ears.hear(sound)
            total.work_s += time.process_time() - began
            total.sound_s += len(sound) / 2 / RATE
            total.errors += Levenshtein.distance(plain(sentence.text), plain(heard))
            total.words += len(plain(sentence.text))
            meant, now = codes(detector, sentence.text, sentence.after), codes(detector, heard, sentence.after)
            total.meant += len(meant)
            total.heard += len(meant & now)
            before = clean[n] if clean else now
            total.clean += len(before)
            total.kept += len(before & now)
            found.append(now)
    return total, found


def codes(detector, text, after):
    return {d.code for d in detector.hear(text, after).detections if d.confidence >= 0.5} - PLAIN


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engines", nargs="*", default=["general", "pocketsphinx"])
    parser.add_argument("--quick", action="store_true", help="one sentence of each file, not two")
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=CONDITIONS)
    asked = parser.parse_args()
    said = sentences(1 if asked.quick else 2)
    detector = Detector()
    print(f"{len(said)} sentences, {sum(len(plain(s.text)) for s in said)} words a voice")
    for name in asked.engines:
        ears, clean = engine(name), {}
        for condition in asked.conditions:
            total = Score()
            for voice in VOICES:
                s, found = score(ears, detector, said, voice, condition, clean.get(voice, ()))
                clean.setdefault(voice, found)
                total += s
                row(name, condition, voice, s)
            row(name, condition, "all", total)


def row(name, condition, voice, s):
    print(
        f"{name:13} {condition:9} {voice}  WER {s.wer:.3f} ({s.errors} of {s.words})  RTF {s.work_s / s.sound_s:.2f}  "
        f"techniques: {s.survived:.2f} of those written ({s.meant}), {s.still:.2f} of those heard clean ({s.clean})",
        flush=True,
    )


if __name__ == "__main__":
    main()

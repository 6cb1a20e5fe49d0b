"""Voices to learn from, each as sound, as pocketsphinx's cepstra of it, and as the states that it goes through.

flite's four and espeak-ng's read the corpus; their states are those of pocketsphinx's own alignment of the words.
People read telephone prompts in four languages; of them only the cepstra are known.

Debian: flite espeak-ng asterisk-core-sounds-es-g722, -fr-g722, -it-g722, -ru-g722 (CC BY-SA 3.0; not shipped).
"""

import random
import subprocess
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import numpy
import pocketsphinx
import soundfile
import soxr

from simpatient.ports import RATE
from simpatient.ports.quiet import CEPSTRA, COMFORT, HOP, LATE
from training.clinic_lm import MODEL, OUT, dictionary, sentences, spelt

FLITE = {"rms": 600, "slt": 600, "awb": 600, "kal16": 150}
ESPEAK = "en-us en-gb en-gb-scotland en-us+f1 en-us+f2 en-us+m1 en-us+m3 en-gb+f4 en-us+m7".split()
ESPEAK_LINES = 300
PROMPTS = Path("/usr/share/asterisk/sounds")
LANGUAGES = ("es_MX", "fr_CA", "it_IT", "ru_RU")
SEED = 7
UNKNOWN = -1


class Voice(NamedTuple):
    """Sound of HOP samples a frame, float32 at RATE; (frames, CEPSTRA), and the mean of each line; states or UNKNOWN.

    Frames stand where `quiet.Quieter` has them, LATE behind pocketsphinx's.
    """

    sound: numpy.ndarray
    cepstra: numpy.ndarray
    means: numpy.ndarray
    states: numpy.ndarray


class Job(NamedTuple):
    """A line and the command that reads it to a file, or the file of a person."""

    kind: str
    words: list
    command: list
    seed: int


def voices():
    """kind: Voice, one reading after the other."""
    with Pool() as pool:
        read = [(job.kind, voice) for job, voice in pool.imap(_one, _jobs(), 16) if voice]
    kinds = {kind: [voice for k, voice in read if k == kind] for kind in dict(read)}
    return {kind: Voice(*map(numpy.concatenate, zip(*read, strict=True))) for kind, read in kinds.items()}


def _jobs():
    rng = random.Random(SEED)
    known = dictionary()
    spoken = sorted({tuple(spelt(word, known) for word in words) for words in sentences() if 7 <= len(words) < 23})
    lines = [list(words) for words in spoken if known.issuperset(words)]
    rng.shuffle(lines)
    said, jobs = iter(lines), []
    for voice, count in FLITE.items():
        for _ in range(count):
            stretch = f"duration_stretch={rng.uniform(0.85, 1.2):.2f}"
            jobs.append(Job("flite", next(said), ["flite", "--setf", stretch, "-voice", voice, "-o"], len(jobs)))
    for _ in range(ESPEAK_LINES):
        manner = ["-s", str(rng.randint(130, 190)), "-p", str(rng.randint(20, 75))]
        jobs.append(Job("espeak", next(said), ["espeak-ng", "-v", rng.choice(ESPEAK), *manner, "-w"], len(jobs)))
    people = (path for language in LANGUAGES for path in sorted(PROMPTS.glob(f"{language}_*/**/*.g722")))
    return jobs + [Job("people", [], [path], len(jobs) + n) for n, path in enumerate(people)]


def _one(job):
    """(Job, Voice), or None where a recording is empty or the words do not fit their sound."""
    rng = numpy.random.default_rng(job.seed)
    sound = _spoken(job) if job.words else _prompt(*job.command)
    if len(sound) < RATE // 2:
        return job, None
    before, after = rng.integers(RATE // 10, RATE * 3 // 10, 2)
    count = (before + len(sound) + after) // HOP
    whole = numpy.zeros(count * HOP, numpy.float32)
    whole[before : before + len(sound)] = sound[: len(whole) - before] * (0.5 / max(1e-3, abs(sound).max()))
    data = ((whole + COMFORT * rng.standard_normal(len(whole))) * 32_767).astype("<i2").tobytes()
    try:
        cepstra, states = _aligner().seen(data, job.words)
    except RuntimeError:
        return job, None
    means = numpy.tile(cepstra.mean(0), (count, 1))
    cepstra = numpy.pad(cepstra, ((LATE, LATE), (0, 0)), "edge")[:count]
    return job, Voice(whole, cepstra, means, numpy.pad(states, LATE, constant_values=UNKNOWN)[:count])


def _spoken(job):
    with TemporaryDirectory() as folder:
        file = str(Path(folder) / "said.wav")
        words = " ".join(job.words)
        subprocess.run([*job.command, file, *(["-t", words] if job.kind == "flite" else [words])], check=True)
        sound, rate = soundfile.read(file, dtype="float32")
    return soxr.resample(sound, rate, RATE)


def _prompt(path):
    """A recording of a person; some are empty."""
    with av.open(str(path), format="g722") as file:
        parts = [frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)]
    return numpy.concatenate([numpy.zeros(0, numpy.int16), *parts]).astype(numpy.float32) / 32_768


class Aligner:
    """pocketsphinx, for its cepstra and states. It writes the cepstra of each pass to a file of its folder."""

    def __init__(self):
        self._folder = TemporaryDirectory(prefix="aligned-")
        words = Path(self._folder.name) / "words.dict"
        words.write_bytes((MODEL / "cmudict-en-us.dict").read_bytes() + (OUT / "words.dict").read_bytes())
        self._passes = Path(self._folder.name) / "passes"
        self._passes.mkdir()
        log = {"loglevel": "FATAL", "mfclogdir": str(self._passes)}
        self._decoder = pocketsphinx.Decoder(samprate=RATE, cmn="batch", lm=None, dict=str(words), **log)
        self._decoder.add_keyphrase("nothing", "zulu")

    def seen(self, data, words):
        """(frames, CEPSTRA) of int16 at RATE, and (frames,) states. Raises RuntimeError."""
        for file in self._passes.iterdir():
            file.unlink()
        if not words:
            self._decoder.activate_search("nothing")
            cepstra = self._pass(data)
            return cepstra, numpy.full(len(cepstra), UNKNOWN)
        self._decoder.set_align_text(" ".join(words))
        cepstra = self._pass(data)
        self._decoder.set_alignment()
        self._pass(data)
        states = numpy.full(len(cepstra), UNKNOWN)
        for state in (s for word in self._decoder.get_alignment() for phone in word for s in phone):
            states[state.start : state.start + state.duration] = int(state.name)
        return cepstra, states

    def _pass(self, data):
        self._decoder.start_utt()
        self._decoder.process_raw(data, full_utt=True)
        self._decoder.end_utt()
        (file, *_) = sorted(self._passes.iterdir())
        return numpy.frombuffer(file.read_bytes()[4:], ">f4").reshape(-1, CEPSTRA).astype(numpy.float32)


@cache
def _aligner():
    """Of this process."""
    return Aligner()

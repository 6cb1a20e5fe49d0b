"""Renders the audio fixtures anew from their YAML, and rewrites manifest.yaml.

Usage: python audio_fixtures/render.py          renders everything; flite must be installed
       python audio_fixtures/render.py --check  only compares the files with the manifest's sha256

Takes (`takes/*.yaml`, a recorded learner each) become FLAC files beside them, the two of the shipped demo in `demo/`.
Clips (`clips/clips.yaml`, single sentences and sounds without words) become FLAC files beside it. All is 16 kHz, mono,
16 bit, speech at about -20 dBFS.
"""

import argparse
import hashlib
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile  # type: ignore[import-untyped]
import yaml

from simpatient.errors import DataError
from simpatient.yamlfile import load

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "manifest.yaml"
HEADER = "# Written by render.py, do not edit: what every recording says, where it comes from and its sha256.\n"
DEMO = ("teen-good", "teen-bad")
RATE = 16_000
LEVEL = 10 ** (-20 / 20) * 32768
"""Root mean square of speech: -20 dBFS."""
LEAD_MS, TAIL_MS = 300, 1000
FLITE_LICENCE = "CMU Flite licence (BSD-like, no restriction on use; see /usr/share/doc/flite/copyright)"
OWN_LICENCE = "MIT, as simpatient itself"

Sound = np.ndarray[Any, np.dtype[np.int16]]
Voice = Literal["rms", "slt", "awb"]


@dataclass(frozen=True)
class Say:
    """One turn of a recorded learner."""

    say: str
    expect: tuple[str, ...]


@dataclass(frozen=True)
class Take:
    """One recorded learner; the patient's answers fall into the gaps."""

    persona: str
    take: Literal["good", "bad"]
    voice: Voice
    gap_ms: int
    turns: tuple[Say, ...]


@dataclass(frozen=True)
class Clip:
    """One sentence."""

    name: str
    voice: Voice
    say: str
    expect: tuple[str, ...]


@dataclass(frozen=True)
class Wordless:
    """A sound that must yield no words."""

    name: str
    sound: Literal["silence", "white", "pink", "hum", "chords", "bells"]
    ms: int
    dbfs: float = -40.0


@dataclass(frozen=True)
class Clips:
    clips: tuple[Clip, ...]
    wordless: tuple[Wordless, ...]


@dataclass(frozen=True)
class Fixture:
    """One recording to be written, with its line in the manifest."""

    path: Path
    text: str
    voice: str | None
    codes: tuple[str, ...]
    origin: str
    licence: str
    render: Callable[[], Sound]


class RenderError(Exception):
    """Nothing can be rendered; one line says why."""


def fixtures() -> Iterator[Fixture]:
    """All recordings that the YAML files describe. Raises DataError."""
    flite = flite_version()
    for path in sorted((HERE / "takes").glob("*.yaml")):
        take = load(path, Take)
        folder = HERE / ("demo" if path.stem in DEMO else "takes")
        codes = dict.fromkeys(code for turn in take.turns for code in turn.expect)
        yield Fixture(
            folder / f"{path.stem}.flac",
            " ".join(turn.say for turn in take.turns),
            take.voice,
            tuple(codes),
            f"rendered by {flite}, voice {take.voice}, from takes/{path.name}",
            FLITE_LICENCE,
            lambda take=take: render_take(take),  # type: ignore[misc]
        )
    clips = load(HERE / "clips" / "clips.yaml", Clips)
    for clip in clips.clips:
        yield Fixture(
            HERE / "clips" / f"{clip.name}.flac",
            clip.say,
            clip.voice,
            clip.expect,
            f"rendered by {flite}, voice {clip.voice}, from clips/clips.yaml",
            FLITE_LICENCE,
            lambda clip=clip: padded(speech(clip.say, clip.voice)),  # type: ignore[misc]
        )
    for sound in clips.wordless:
        yield Fixture(
            HERE / "clips" / f"{sound.name}.flac",
            "",
            None,
            (),
            f"computed by render.py, {sound.sound}, from clips/clips.yaml",
            OWN_LICENCE,
            lambda sound=sound: wordless(sound),  # type: ignore[misc]
        )


# ---------------------------------------------------------------- sounds
def flite_version() -> str:
    try:
        answer = subprocess.run(["flite", "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        raise RenderError("flite is not installed; on Debian: apt-get install flite") from None
    found = [word for word in answer.split() if word.startswith("flite-")]
    return found[0].replace("-", " ", 1).removesuffix("-current") if found else "flite"


def speech(text: str, voice: Voice) -> Sound:
    """The text in a flite voice, at LEVEL."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True)
        samples, rate = soundfile.read(path, dtype="float64")
    if rate != RATE:
        raise RenderError(f"flite's voice {voice} gave {rate} Hz; {RATE} are needed")
    return to_int16(samples, LEVEL)


def render_take(take: Take) -> Sound:
    turns = [speech(turn.say, take.voice) for turn in take.turns]
    gap = silence(take.gap_ms)
    joined = [part for turn in turns for part in (gap, turn)][1:]
    return padded(np.concatenate(joined))


def padded(sound: Sound) -> Sound:
    return np.concatenate([silence(LEAD_MS), sound, silence(TAIL_MS)])


def silence(ms: int) -> Sound:
    return np.zeros(ms * RATE // 1000, np.int16)


def wordless(sound: Wordless) -> Sound:
    count = sound.ms * RATE // 1000
    if sound.sound == "silence":
        return silence(sound.ms)
    make = {"white": white, "pink": pink, "hum": hum, "chords": chords, "bells": bells}[sound.sound]
    return to_int16(make(count), 10 ** (sound.dbfs / 20) * 32768)


def to_int16(samples: Any, level: float) -> Sound:
    """Scaled to that root mean square."""
    scaled = samples * (level / math.sqrt(np.mean(samples**2)))
    clipped: Sound = np.clip(np.round(scaled), -32768, 32767).astype(np.int16)
    return clipped


def white(count: int) -> Any:
    return np.random.default_rng(1).standard_normal(count)


def pink(count: int) -> Any:
    """Noise whose power falls by 3 dB an octave."""
    spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    return np.fft.irfft(spectrum, count)


def hum(count: int) -> Any:
    """Mains: 50 Hz and its harmonics."""
    return sum(tone(50 * k, count) / k for k in range(1, 8))


def chords(count: int) -> Any:
    """Eight struck chords, high on a piano; held low chords would sound like vowels."""
    chord = (880.0, 1108.7, 1318.5)
    part = count // 8
    decay = np.exp(-np.arange(part) / (0.25 * RATE))
    return np.tile(sum(note(hertz, part) for hertz in chord) * decay, 8)


def bells(count: int) -> Any:
    """Four strokes, with the uneven overtones of a bell."""
    notes = [523.3, 659.3, 784.0, 523.3]
    ages = np.arange(count // len(notes)) / RATE
    partials = (1, 2.76, 5.4)
    return np.concatenate([sum(tone(f * k, len(ages)) * np.exp(-ages * k / 0.375) for k in partials) for f in notes])


def note(hertz: float, count: int) -> Any:
    """A tone with overtones, faded in and out."""
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.02 * RATE))
    return fade * sum(tone(hertz * k, count) / k**2 for k in range(1, 6))


def tone(hertz: float, count: int) -> Any:
    return np.sin(2 * np.pi * hertz * np.arange(count) / RATE)


# ---------------------------------------------------------------- files and manifest
def render() -> str:
    """Writes all recordings and the manifest; returns a line about them. Raises RenderError or DataError."""
    entries, size = [], 0
    for fixture in fixtures():
        fixture.path.parent.mkdir(exist_ok=True)
        soundfile.write(fixture.path, fixture.render(), RATE, subtype="PCM_16", format="FLAC")
        size += fixture.path.stat().st_size
        entries.append(
            {
                "file": fixture.path.relative_to(HERE).as_posix(),
                "text": fixture.text,
                "voice": fixture.voice,
                "codes": list(fixture.codes),
                "sha256": digest(fixture.path),
                "origin": fixture.origin,
                "licence": fixture.licence,
            }
        )
    MANIFEST.write_text(HEADER + yaml.safe_dump(entries, sort_keys=False, width=120, allow_unicode=True), "utf-8")
    return f"{len(entries)} recordings, {size / 1e6:.1f} MB"


def check() -> list[str]:
    """One line for each file that is missing, changed, or not in the manifest."""
    entries = {entry["file"]: entry["sha256"] for entry in yaml.safe_load(MANIFEST.read_text("utf-8"))}
    present = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*.flac")}
    complaints = [f"{file}: not in manifest.yaml" for file in sorted(present - entries.keys())]
    for file, expected in entries.items():
        if file not in present:
            complaints.append(f"{file}: missing")
        elif digest(HERE / file) != expected:
            complaints.append(f"{file}: sha256 differs from manifest.yaml")
    return complaints


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description="Renders the audio fixtures from their YAML.")
    parser.add_argument("--check", action="store_true", help="only compare the files with the manifest's sha256")
    if parser.parse_args().check:
        complaints = check()
        print("\n".join(complaints) or "all recordings are as in the manifest")
        return 1 if complaints else 0
    try:
        print(render())
    except (RenderError, DataError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

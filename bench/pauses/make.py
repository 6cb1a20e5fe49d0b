"""Renders the recordings of pauses.yaml anew; flite must be installed. Usage: python bench/pauses/make.py

A recording holds both parts, 500 ms of silence between them: what is around the parts is cut off, so that speech ends
where the part ends. 16 kHz, mono, FLAC; the last three bits, 60 dB under the speech, are left out for the size.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))
from audio_fixtures.render import RATE, Sound, Voice, speech  # noqa: E402
from simpatient.yamlfile import load  # noqa: E402

GAP = RATE // 2
"""Frames between the two parts."""
AUDIBLE = 0.01
"""Of the loudest sample; below it a part has not begun, or is over."""


@dataclass(frozen=True)
class Paused:
    """One turn with a pause inside."""

    file: str
    voice: Voice
    complete: bool
    """A listener would call the first part complete."""
    pause_ms: int
    first: str
    second: str


def paused() -> tuple[Paused, ...]:
    return load(HERE / "pauses.yaml", tuple[Paused, ...])


def trimmed(sound: Sound) -> Sound:
    loud = np.flatnonzero(abs(sound.astype(int)) > AUDIBLE * abs(sound.astype(int)).max())
    return sound[loud[0] : loud[-1] + 1]


def parts(file: str) -> tuple[Any, Any]:
    """The two parts of a recording, as int16."""
    sound, _ = soundfile.read(HERE / file, dtype="int16")
    quiet = np.convolve(sound == 0, np.ones(GAP), "valid")
    at = int(quiet.argmax())
    return sound[:at], sound[at + GAP :]


if __name__ == "__main__":
    for turn in paused():
        first, second = (trimmed(speech(text, turn.voice)) for text in (turn.first, turn.second))
        whole = np.concatenate([first, np.zeros(GAP, np.int16), second])
        soundfile.write(HERE / turn.file, whole & ~7, RATE, subtype="PCM_16")

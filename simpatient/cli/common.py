"""What several commands need: the patient, the recogniser, the folder of a session, the patient's voice."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from simpatient import places
from simpatient.detect.detector import Detector
from simpatient.errors import DataError, JournalError, UsageError, VoiceError
from simpatient.grading.station import Station, load_station
from simpatient.model import Reply
from simpatient.patient.engine import MIDDLE, Engine
from simpatient.persona.load import Patient, load_patient
from simpatient.ports import Manner, Pcm, Recogniser, Voice


def patient(name: str, detector: Detector) -> Patient:
    """The patient of that id or folder. Raises UsageError or DataError."""
    return load_patient(places.persona(name), detector.pack.codes(), detector.pack.topics)


def engine(name: str, seed: int, difficulty: int = MIDDLE) -> Engine:
    detector = Detector()
    return Engine(patient(name, detector), detector, seed, difficulty)


def sitting(file: Path, station: Station, detector: Detector) -> Patient:
    """The patient of a station: of the folder in which its `stations/` lies, or a shipped one. Raises DataError."""
    beside = file.resolve().parent.parent
    own = beside.name == station.persona and (beside / "persona.yaml").is_file()
    try:
        folder = beside if own else places.persona(station.persona)
    except UsageError as error:
        raise DataError(f"{file}:1: persona: {error}") from None
    return load_patient(folder, detector.pack.codes(), detector.pack.topics)


def station_of(header: dict[str, Any], name: str | None = None) -> Station | None:
    """The station of a session, None where it had none. Raises UsageError, JournalError where it is another by now."""
    if (then := header.get("station")) is None:
        return None
    station = load_station(places.station(name or then["id"]))
    if station.digest != then["digest"]:
        raise JournalError(f"the station {station.id} has changed since this session was written")
    return station


@contextmanager
def recogniser(model: str | None, live: bool = False) -> Iterator[Recogniser]:
    """The recogniser of `design`: --model, the environment, an installed model, pocketsphinx."""
    from simpatient.ports.hearing import choose

    ears = choose(model, os.environ, places.user_data() / "models", live)
    try:
        yield ears
    finally:
        ears.close()


def session_folder(out: Path | None, name: str) -> Path:
    """A folder for one session: `out` itself, or a fresh numbered one among the user's sessions."""
    if out:
        return out
    root = places.user_data() / "sessions"
    number = 1
    while (root / f"{name}-{number:03}").exists():
        number += 1
    return root / f"{name}-{number:03}"


def typed_lines() -> Iterator[str]:
    """Standard input line by line, without line ends. Raises UsageError at bytes that are not UTF-8."""
    if sys.stdin is None:
        return
    try:
        while line := sys.stdin.readline():
            line.encode("utf-8")  # in the C locale undecodable bytes come through as lone surrogates
            yield line.rstrip("\r\n")
    except UnicodeError:
        raise UsageError("standard input: found bytes that are not UTF-8") from None


def at_terminal() -> bool:
    """Whether somebody types at a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def note(text: str) -> None:
    """A line for the user that is no result: it goes to standard error."""
    print(text, file=sys.stderr)


class Mouth:
    """The patient's voice. Without one it says so once, and the talk goes on in writing."""

    def __init__(self, persona: Patient, voice: Voice | None, tell: Callable[[str], None] = note) -> None:
        self._tell = tell
        self._voice = voice
        self._style = persona.persona.voice

    @property
    def name(self) -> str:
        return self._voice.name if self._voice else "none"

    def say(self, reply: Reply) -> Pcm | None:
        """The spoken reply, or None without a voice."""
        if self._voice is None:
            return None
        manner = Manner(reply.rate, reply.pitch, self._style.gender, self._style.variant)
        try:
            return self._voice.say(reply.text, manner)
        except VoiceError as error:
            self._tell(f"No voice: {error}. The answers go on in writing.")
            self._voice = None
            return None

    def close(self) -> None:
        if self._voice:
            self._voice.close()

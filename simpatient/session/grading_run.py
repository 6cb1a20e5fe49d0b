"""One recording or journal graded: heard, put before the patient in its own time, journalled, marked.

A learner who is alone on the recording is answered by the engine ("open loop"): what hangs on the patient's side is
then indicative. With a channel each, the patient's words are the recorded ones. A journal is graded as it stands.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from simpatient.errors import AudioError, OutputError
from simpatient.grading import human
from simpatient.grading.station import Station
from simpatient.grading.written import row
from simpatient.model import Reply, Utterance, Word
from simpatient.patient.engine import SILENCE, Engine
from simpatient.places import private_file, private_folder
from simpatient.ports import BLOCK, RATE, Recogniser
from simpatient.ports.clock import SystemClock
from simpatient.ports.recordings import Recording, alike, blocks, keep, probe
from simpatient.ports.voices import Voices
from simpatient.session import assessment, manifest
from simpatient.session.journal import NAME as JOURNAL
from simpatient.session.journal import Journal, read
from simpatient.session.ledger import Entry, digest
from simpatient.session.outputs import CONVERSATION, GRADE, LEARNER, write_outputs
from simpatient.session.overheard import RECORDED, Overheard, conversation, open_loop
from simpatient.session.records import Json
from simpatient.session.runner import Session, run
from simpatient.session.turns import turns

BESIDE = (human.NAME, assessment.NAME)
"""What examiners and the learner wrote beside a session goes with it."""
MOST_SILENCES = 4
"""Long silences told to the patient between two turns; whoever is away for longer has stopped the recording."""
TOLD_BLOCKS = 50
"""Blocks between two words about how far it is."""
Tell = Callable[[float], None]


@dataclass(frozen=True)
class Unit:
    """One recording or session to be graded."""

    path: Path
    """As it was named."""
    folder: Path
    """Where its results go."""
    key: str
    """Of the ledger."""
    content: str
    """sha256 of the file."""


@dataclass(frozen=True)
class Wishes:
    """How recordings are heard."""

    channel: int | None = None
    """The learner's, from 1."""
    gap_ms: int = 1000
    assume_clinician: bool = False
    keep_audio: bool = False
    retain_days: int = 90
    """For how long kept sound may be kept."""


def is_journal(path: Path) -> bool:
    """Whether a path is a session rather than a recording."""
    return path.suffix == ".jsonl" or (path.is_dir() and (path / JOURNAL).is_file())


class Grader:
    """Grades one unit after the other; patient, taxonomy and recogniser are loaded once."""

    def __init__(
        self, engine: Engine | None, station: Station | None, ears: Callable[[], Recogniser],
        engine_of: Callable[[Json], tuple[Engine, Station | None]], wishes: Wishes,
    ) -> None:  # fmt: skip
        """`engine` answers recordings; `engine_of` finds a journal's own patient and station by its header."""
        self._engine, self._station, self._open, self._engine_of = engine, station, ears, engine_of
        self._wishes = wishes
        self._ears: Recogniser | None = None

    def __call__(self, unit: Unit, tell: Tell) -> Entry:
        """Grades it into its folder. Raises SimpatientError."""
        return self._journal(unit) if is_journal(unit.path) else self._recording(unit, tell)

    # ---- a journal

    def _journal(self, unit: Unit) -> Entry:
        found = read(unit.path)
        engine, station = self._engine_of(found.header)
        own = unit.path / JOURNAL if unit.path.is_dir() else unit.path
        try:
            private_folder(unit.folder)
            for name in (JOURNAL, *BESIDE):
                source = own if name == JOURNAL else own.with_name(name)
                _copy(source, unit.folder / name)
        except OSError as error:
            raise OutputError(f"{unit.folder}: cannot write the session there: {error.strerror}") from None
        sound = next((own.parent / name for name in (CONVERSATION, LEARNER) if (own.parent / name).is_file()), None)
        return _graded(unit, engine, station, sound, open_loop(found))

    # ---- a recording

    def _recording(self, unit: Unit, tell: Tell) -> Entry:
        assert self._engine is not None
        about, alone = self._channels(unit.path)
        if alone:
            engine, steps = self._engine, self._learner_alone(unit.path, about, tell)
        else:
            engine, steps = self._both(unit.path, tell)
        if not any(steps):
            raise AudioError(f"{unit.path}: no speech was heard; a recording of the learner's own voice is needed")
        session = Session(engine, Journal(unit.folder), self._header(unit, about, alone))
        kept = self._wishes.keep_audio
        if kept:
            why = "--keep-audio: the learner's voice is kept beside it"
            session.journal.add("consent", audio=True, why=why, retain_days=self._wishes.retain_days)
        else:
            session.journal.add("consent", audio=False, why="no audio is copied")
        ears = _in_time(session, steps) if alone else iter(steps)
        ended = run(session, ears, _silent, lambda turn: None)
        own = unit.folder / LEARNER
        for old in (own, unit.folder / manifest.NAME):
            old.unlink(missing_ok=True)
        sound: Path | None = unit.path
        if ended == "aborted":
            sound = None  # of who speaks of their own risk nothing is kept, and nothing is played
        elif kept:
            keep(own, blocks(unit.path, self._wishes.channel))
            manifest.begin(unit.folder, SystemClock.utc())  # with the date until which it may be kept
            manifest.finish(unit.folder, SystemClock.utc())
            sound = own
        return _graded(unit, engine, self._station, sound, alone)

    def _channels(self, path: Path) -> tuple[Recording, bool]:
        """What the file holds, and whether the learner is alone on it."""
        about, channel = probe(path), self._wishes.channel
        if about.channels == 1 or alike(path):
            return about, True
        if channel is None:
            raise AudioError(
                f"{path}: has {about.channels} channels that differ; say which is the learner's: --clinician-channel 1"
                f"{' or' if about.channels == 2 else ' to'} {about.channels}"
            )
        return about, about.channels != 2

    def _learner_alone(self, path: Path, about: Recording, tell: Tell) -> list[Utterance | None]:
        channel = self._wishes.channel
        voices = Voices(_counted(blocks(path, channel), tell))
        heard: list[Utterance | None] = list(turns(self._listening().listen(voices), self._wishes.gap_ms))
        mono = about.channels == 1 or channel is None
        if mono and not self._wishes.assume_clinician and (two := voices.two()):
            raise AudioError(
                f"{path}: two voices seem to take turns on one channel (about {two.low_hz} and {two.high_hz} Hz); give "
                "the learner's voice alone, or a channel each with --clinician-channel; if it is one voice: "
                "--assume-clinician"
            )
        return heard

    def _both(self, path: Path, tell: Tell) -> tuple[Engine, list[Utterance | None]]:
        assert self._engine is not None and self._wishes.channel is not None
        channel, half = self._wishes.channel, probe(path).seconds / 2
        mine = self._words(path, channel, lambda seconds: tell(seconds / 2))
        theirs = self._words(path, 3 - channel, lambda seconds: tell(half + seconds / 2))
        e = self._engine
        told = conversation(mine, theirs, self._wishes.gap_ms, e.patient, e.detector)
        engine = Overheard(e.patient, e.detector, e.seed, e.difficulty, told.answers, told.interrupting)
        return engine, list(told.steps)

    def _words(self, path: Path, channel: int, tell: Tell) -> list[Word]:
        heard = self._listening().listen(_counted(blocks(path, channel), tell))
        return [word for segment in heard for word in segment.words]

    def _listening(self) -> Recogniser:
        if self._ears is None:
            self._ears = self._open()
        return self._ears

    def _header(self, unit: Unit, about: Recording, alone: bool) -> Json:
        ears, station = self._listening(), self._station
        header: Json = {
            "mode": "grade", "recogniser": {"name": ears.name, "digest": ears.digest}, "voice": "none",
            "patient": "engine" if alone else RECORDED,
            "audio": {"sha256": unit.content, "channels": about.channels, "clinician_channel": self._wishes.channel},
        }  # fmt: skip
        if station:
            header["station"] = {"id": station.id, "version": station.version, "digest": station.digest}
        return header


def _graded(unit: Unit, engine: Engine, station: Station | None, sound: Path | None, guessed: bool) -> Entry:
    link = _link(sound, unit.folder) if sound else ""
    marks = write_outputs(unit.folder, engine.patient, engine.detector.pack, station, guessed, audio=link)
    cells = row(marks, engine.detector.pack)
    ended = read(unit.folder).transcript().ended
    return Entry(unit.key, unit.folder.name, ended, digest(unit.folder / GRADE), cells)


def _copy(source: Path, target: Path) -> None:
    """As it is, for the owner only; nothing where there is nothing, or where it lies there already."""
    if source.is_file() and not (target.exists() and target.samefile(source)):
        target.unlink(missing_ok=True)
        private_file(target)
        shutil.copyfile(source, target)


def _link(sound: Path, folder: Path) -> str:
    """From the page to the sound; "" where there is no way, as between two drives."""
    try:
        return quote(Path(os.path.relpath(sound.resolve(), folder.resolve())).as_posix())
    except ValueError:
        return ""


def _in_time(session: Session, steps: Iterable[Utterance | None]) -> Iterator[Utterance | None]:
    """The learner's turns, and the long silences between them that the patient's answer does not fill."""
    last_ms: int | None = None
    for step in steps:
        assert step is not None
        if last_ms is not None:
            free = (step.start_ms - last_ms) / 1000 - _takes(session.now.memory.said)
            silences = 0
            while free >= SILENCE and silences < MOST_SILENCES:
                yield None
                free -= SILENCE + _takes(session.now.memory.said)
                silences += 1
        yield step
        last_ms = step.end_ms


def _takes(reply: Reply | None) -> float:
    """Seconds that the patient would need to say it."""
    return reply.pause_ms / 1000 + 60 * len(reply.text.split()) / max(1, reply.rate) if reply else 0.0


def _counted(source: Iterable[bytes], tell: Tell) -> Iterator[bytes]:
    for number, block in enumerate(source, 1):
        yield block
        if number % TOLD_BLOCKS == 0:
            tell(number * BLOCK / RATE)


def _silent(reply: Reply) -> None:
    """A graded recording is not answered aloud."""

"""The journal of a session: one event a line, canonical JSON, written and synced at once, never changed afterwards.

    {"event":"header","format":1,"version":…,"mode":…,"seed":…,"persona":{…},"pack":…,"recogniser":{…},"voice":…,…}
    {"event":"heard",…} {"event":"decided",…} {"event":"spoke",…} … {"event":"ended",…}

A station's clock adds {"event":"bell","name":…,"at_ms":…,"left_ms":…} and, of the invigilator or after a crash,
{"event":"paused"|"resumed","by":…,"at_ms":…}; `at_ms` is the station's own time. In `talk` the learner
pauses. `paused` without `by` is all that is left of a turn in which the learner stopped or spoke of their own risk.

No wall-clock time stands in it: the same persona, seed and words give the same bytes. A line torn by a crash at the
very end is dropped and reported; an unknown event, a newer format or damage before the end is a JournalError.
"""

import contextlib
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simpatient.errors import JournalError, OutputError
from simpatient.model import Transcript, Turn
from simpatient.places import private_folder
from simpatient.session import records
from simpatient.session.records import Json

FORMAT = 1
NAME = "journal.jsonl"
EVENTS = frozenset(
    "header consent heard unclear silence interrupted decided spoke bell paused resumed ended failed".split()
)


class Journal:
    """Appends events to `folder/journal.jsonl`, readable by the owner only. Any thread may add. Raises OutputError."""

    def __init__(self, folder: Path, over: bool = True) -> None:
        """With `over` an older journal there is written over; without, it is an OutputError."""
        self.path = folder / NAME
        self._lock = threading.Lock()
        try:
            private_folder(folder)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            self._claim()
            if not over and b"\n" in self.path.read_bytes():  # a crash before the first line left nothing to lose
                self.close()
                raise OutputError(f"{folder}: cannot write the session there: it holds one already; name another")
            os.ftruncate(self._file, 0)
        except OSError as error:
            raise OutputError(f"{folder}: cannot write the session there: {error.strerror}") from None
        self._good = 0

    @classmethod
    def again(cls, folder: Path) -> "Journal":
        """Goes on with a journal after a crash: a torn last line is cut off. Raises OutputError."""
        journal = cls.__new__(cls)
        journal.path, journal._lock = folder / NAME, threading.Lock()
        try:
            journal._file = os.open(journal.path, os.O_RDWR)
            journal._claim()
            journal._good = journal.path.read_bytes().rfind(b"\n") + 1
            journal._drop_torn_line()
        except OSError as error:
            raise OutputError(f"{folder}: cannot go on with the session there: {error.strerror}") from None
        return journal

    def _claim(self) -> None:
        """One program writes a journal at a time; the claim ends with the program, however it ends."""
        if _claimed(self._file):
            self.close()
            raise OutputError(f"{self.path}: cannot write: another program is writing this session")

    def add(self, event: str, **values: Any) -> None:
        """Writes one event; when it returns, the event is on the disk."""
        assert event in EVENTS, event
        line = (records.canonical({"event": event, **values}) + "\n").encode("utf-8", "surrogatepass")
        with self._lock:
            try:
                self._write(line)
            except OSError as error:
                self._drop_torn_line()
                raise OutputError(
                    f"{self.path}: cannot write: {error.strerror}; what was written before is whole"
                ) from None
            self._good += len(line)

    def _write(self, line: bytes) -> None:
        while line:
            line = line[os.write(self._file, line) :]
        os.fsync(self._file)

    def _drop_torn_line(self) -> None:
        os.ftruncate(self._file, self._good)
        os.lseek(self._file, self._good, os.SEEK_SET)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def in_use(folder: Path) -> bool:
    """Whether a program is writing the session there now. Raises OSError."""
    file = os.open(folder / NAME, os.O_RDWR)
    try:
        return _claimed(file)
    finally:
        os.close(file)


def _claimed(file: int) -> bool:
    """Whether another program holds the claim to a journal; if none does, we do until the file is closed."""
    with contextlib.suppress(ImportError):  # there is no fcntl on Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass  # a file system that knows no locks
    return False


@dataclass(frozen=True)
class Read:
    """A journal as it was read."""

    header: Json
    events: tuple[Json, ...]
    torn: bool
    """A torn last line was dropped."""

    def transcript(self) -> Transcript:
        """The session as grading sees it."""
        turns, heard = [], {}
        for event in self.events:
            if event["event"] in ("heard", "unclear", "silence"):
                heard[event["turn"]] = event
            elif event["event"] == "decided":
                turns.append(_turn(heard, event))
        ended = next((e["reason"] for e in reversed(self.events) if e["event"] == "ended"), None)
        h = self.header
        opening, start = records.to_reply(h["opening"]), records.to_state(h["start"])
        return Transcript(h["persona"]["id"], h["seed"], opening, start, tuple(turns), ended, h)


def _turn(heard: dict[int, Json], decided: Json) -> Turn:
    return records.to_turn(heard[decided["turn"]]["utterance"], decided)


def read(session: Path) -> Read:
    """Reads a session's journal, given its folder or the file. Raises JournalError."""
    path = session / NAME if session.is_dir() else session
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"{path}: no journal can be read there: {error.strerror}") from None
    torn = lines.pop() != b""
    events = [_event(path, n, line) for n, line in enumerate(lines, 1)]
    if not events or events[0]["event"] != "header":
        raise JournalError(f"{path}:1: found no header; this is not a journal of simpatient")
    try:
        found = Read(events[0], tuple(events[1:]), torn)
        found.transcript()
    except (KeyError, TypeError, AttributeError) as error:
        raise JournalError(f"{path}: an event misses what this format asks for ({error})") from None
    return found


def _event(path: Path, number: int, line: bytes) -> Json:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        raise JournalError(f"{path}:{number}: damaged: not a line of JSON") from None
    if not isinstance(event, dict) or event.get("event") not in EVENTS:
        raise JournalError(f"{path}:{number}: unknown event; allowed: {', '.join(sorted(EVENTS))}")
    if event["event"] == "header" and event.get("format") != FORMAT:
        raise JournalError(
            f"{path}:{number}: journal format {event.get('format')!r}; this version reads format {FORMAT}"
        )
    return event

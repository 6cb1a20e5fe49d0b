"""Sessions that are to go: found in a folder, chosen by age, learner or retention date, deleted without a trace.

Only what a session is known to write is ever deleted, and a folder only when that leaves it empty: somebody may have
let a session be written among other files. No link is followed; a link with a session's file name is itself removed.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from simpatient.errors import OutputError, UsageError
from simpatient.grading import human
from simpatient.ports.clock import days_later, utc_of
from simpatient.session import assessment, journal, manifest, outputs, timing
from simpatient.session.conversation import CLIPS
from simpatient.session.files import SPOKEN
from simpatient.session.records import Json
from simpatient.session.tape import RAW

_FLAC = (outputs.LEARNER, outputs.CONVERSATION)
SOUND = (*_FLAC, *(str(Path(name).with_suffix(RAW)) for name in _FLAC), CLIPS)
FILES = (
    journal.NAME, timing.NAME, manifest.NAME, assessment.NAME, human.NAME, outputs.GRADE, outputs.REPORT, *SOUND,
)  # fmt: skip
"""All that a session leaves, beside what is SPOKEN into files; the journal is the last one to be deleted, so that a
deletion broken off can go on."""
_AGE = re.compile(r"([1-9][0-9]{0,4})([dwy])")
_DAYS = {"d": 1, "w": 7, "y": 365}


@dataclass(frozen=True)
class Kept:
    """A session on the disk."""

    folder: Path
    id: str
    learner: str
    origin: str
    """The id of the session that this one retries, or ""."""
    date: str
    """UTC: when it ended, began, or was last written to."""
    audio_until: str
    """UTC; "" where no sound is kept."""
    files: tuple[str, ...]


def age(text: str) -> int:
    """The days of "90d", "12w" or "1y". Raises UsageError."""
    if (found := _AGE.fullmatch(text)) is None:
        raise UsageError(f"--older-than: found {text!r}; allowed: days, weeks or years, such as 90d, 1y")
    return int(found[1]) * _DAYS[found[2]]


def sessions(root: Path, deep: bool = True) -> list[Kept]:
    """All sessions in a folder, itself included, in the order of their paths; without `deep` itself alone.

    Raises UsageError where there is none.
    """
    if root.is_symlink() or not root.is_dir():
        raise UsageError(f"{root}: is {'a link' if root.is_symlink() else 'no folder'}; give a folder of sessions")
    found = sorted(_below(root), key=lambda kept: kept.folder) if deep else list(_session(root))
    if not found:
        raise UsageError(f"{root}: holds no session; nothing was deleted")
    return found


def beside(session: Path) -> list[Kept]:
    """The sessions in the folder that holds this one, itself left out."""
    folders = sorted(path for path in session.parent.iterdir() if path.is_dir() and not path.is_symlink())
    return [kept for folder in folders if folder != session for kept in _session(folder)]


def older(found: Iterable[Kept], days: int, now: str) -> list[Kept]:
    """Those that ended at least so many days ago."""
    before = days_later(now, -days)
    return [kept for kept in found if kept.date <= before]


def of_learner(found: Iterable[Kept], learner: str) -> list[Kept]:
    return [kept for kept in found if kept.learner == learner]


def expired(found: Iterable[Kept], now: str) -> list[Kept]:
    """Those whose sound is past its date."""
    return [kept for kept in found if kept.audio_until and kept.audio_until <= now]


def with_retries(chosen: Iterable[Kept], found: Iterable[Kept]) -> list[Kept]:
    """Also the retries of what was chosen, which repeat its words, and theirs."""
    found, ids = tuple(found), {kept.id for kept in chosen}
    while more := {kept.id for kept in found if kept.origin in ids} - ids:
        ids |= more
    return [kept for kept in found if kept.id in ids]


def sound_only(chosen: Iterable[Kept]) -> list[Kept]:
    """The same sessions where they hold sound, with nothing but that."""
    only = (replace(kept, files=tuple(name for name in kept.files if name in SOUND)) for kept in chosen)
    return [kept for kept in only if kept.files]


def delete(kept: Kept, root: Path) -> tuple[str, ...]:
    """Deletes its files and the folders that this empties. Returns what else lies there. Raises OutputError."""
    try:
        if journal.in_use(kept.folder):
            raise OutputError(f"{kept.folder}: a program is writing this session; nothing of it was deleted")
        for name in sorted(kept.files, key=lambda name: name == journal.NAME):
            (kept.folder / name).unlink(missing_ok=True)
        if journal.NAME not in kept.files:
            _forget_sound(kept.folder)
            return ()
        rest = tuple(sorted(path.name for path in kept.folder.iterdir()))
        if not rest:
            _remove(kept.folder, root)
        return rest
    except OSError as error:
        raise OutputError(f"{kept.folder}: cannot be deleted: {error.strerror}") from None


def _remove(folder: Path, root: Path) -> None:
    """A circuit's folder bears a learner's name: what is emptied goes, too, below the folder that was named."""
    folder.rmdir()
    while root in (folder := folder.parent).parents and not any(folder.iterdir()):
        folder.rmdir()


def _forget_sound(folder: Path) -> None:
    if found := manifest.load(folder):
        gone = found.audio_deleted + len(found.audio)
        manifest.save(folder, replace(found, audio={}, audio_until=None, audio_deleted=gone))


def _below(root: Path) -> Iterator[Kept]:
    for where, _, names in os.walk(root):  # which follows no link
        if journal.NAME in names:
            yield from _session(Path(where))


def _session(folder: Path) -> Iterator[Kept]:
    """What is kept in one folder, if it is a session's."""
    if (header := _header(folder / journal.NAME)) is not None:
        named = tuple(name for name in FILES if os.path.lexists(folder / name))
        spoken = sorted(path.name for path in folder.glob(SPOKEN) if not path.is_dir())
        yield _kept(folder, header, (*named, *spoken))


def _header(file: Path) -> Json | None:
    """The first line of a journal, {} of one that a crash left empty; None where it is no journal of ours."""
    if file.is_symlink() or not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            line = stream.readline()
        record = json.loads(line) if line.endswith(b"\n") else {"event": "header"} if not line else None
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("event") == "header" else None


def _kept(folder: Path, header: Json, files: tuple[str, ...]) -> Kept:
    written = utc_of((folder / journal.NAME).lstat().st_mtime)
    about = manifest.load(folder)
    learner = str(header.get("learner", ""))
    origin = header.get("origin")
    of = str(origin.get("session", "")) if isinstance(origin, dict) else ""
    if about is None:
        return Kept(folder, folder.name, learner, of, written, "", files)
    return Kept(folder, about.id, about.learner or learner, of, about.stopped or about.started, about.audio_until or "",
                files)  # fmt: skip

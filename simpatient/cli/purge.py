"""`simpatient purge`: sessions, or only their sound, deleted by age, learner, retention date, or one by name."""

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from simpatient import places
from simpatient.cli import common, screen
from simpatient.cli.consent import YES, at_prompt
from simpatient.errors import OutputError, UsageError
from simpatient.ports.clock import SystemClock
from simpatient.session import journal, retention
from simpatient.session.retention import Kept


@dataclass(frozen=True)
class Chosen:
    """Which sessions are to go, and what of them."""

    older_than: str | None = None
    learner: str | None = None
    expired: bool = False
    audio_only: bool = False

    @property
    def all(self) -> bool:
        """Nothing chooses among them."""
        return self.older_than is None and self.learner is None and not self.expired


def run_purge(path: Path | None, chosen: Chosen, *, dry_run: bool, yes: bool) -> None:
    """Lists, asks, deletes, counts."""
    view = screen.console()
    root, found = _found(path, chosen)
    if not found:
        screen.say(view, "There is nothing to delete.")
        return
    for kept in found:
        _show(view, kept)
    files = sum(len(kept.files) for kept in found)
    what = f"{_count(len(found), 'session')}, {_count(files, 'file')}"
    if dry_run:
        screen.say(view, f"Would be deleted: {what}. Nothing was.")
        return
    if not yes and not _sure(f"Delete the sound of {what}" if _sound(chosen) else f"Delete {what}"):
        screen.say(view, "Nothing was deleted.")
        return
    _delete(view, found, root)


def _found(path: Path | None, chosen: Chosen) -> tuple[Path, list[Kept]]:
    """The folder in which deleting stays, and the sessions. Raises UsageError."""
    root = (path or places.user_data() / "sessions").absolute()
    one = (root / journal.NAME).is_file()
    if chosen.all and not one:
        raise UsageError(f"{root}: say which: --older-than 90d, --learner ID, --expired, or name one session")
    found = retention.sessions(root, deep=not one)
    now = SystemClock.utc()
    picked = found
    if chosen.older_than is not None:
        picked = retention.older(picked, retention.age(chosen.older_than), now)
    if chosen.learner is not None:
        picked = retention.of_learner(picked, chosen.learner)
    if chosen.expired:
        picked = retention.expired(picked, now)
    if _sound(chosen):
        return root, retention.sound_only(picked)
    return root, retention.with_retries(picked, found + retention.beside(root) if one else found)


def _sound(chosen: Chosen) -> bool:
    """Only sound expires: of a session past its date the sound goes, and the journal stays."""
    return chosen.audio_only or chosen.expired


def _show(view: Console, kept: Kept) -> None:
    who = f"  {kept.learner}" if kept.learner else ""
    until = f"  sound until {kept.audio_until[:10]}" if kept.audio_until else ""
    screen.say(view, f"{kept.folder}  {kept.date[:10]}{who}{until}  {_count(len(kept.files), 'file')}")


def _sure(question: str) -> bool:
    if not common.at_terminal():
        raise UsageError("nobody can be asked here; give --yes, or --dry-run to see what would go")
    return (at_prompt(f"{question}? This cannot be undone. [y/N] ") or "").strip().lower() in YES


def _delete(view: Console, found: list[Kept], root: Path) -> None:
    """Each by itself: one that cannot go costs a line and makes exit code 4."""
    sessions = files = 0
    failed = False
    for kept in found:
        try:
            rest = retention.delete(kept, root)
        except OutputError as error:
            common.note(f"simpatient: {error}")
            failed = True
            continue
        sessions, files = sessions + 1, files + len(kept.files)
        if rest:
            common.note(f"{kept.folder}: stays, since {_count(len(rest), 'file')} there are no part of a session")
    screen.say(view, f"Deleted: {_count(sessions, 'session')}, {_count(files, 'file')}.")
    if failed:
        sys.exit(OutputError.exit_code)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"

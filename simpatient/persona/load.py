"""Reads a patient from its folder and checks what a schema cannot: that every name used is defined.

The format is described in `simpatient.persona.schema`. Errors say file:line, what was found and what is allowed.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from simpatient.cues import Cue, CueError, compile_cue
from simpatient.errors import DataError
from simpatient.persona.schema import EVENTS, Group, Persona, Replies, Topic, Topics
from simpatient.yamlfile import line_of, load

FILES = ("persona.yaml", "topics.yaml", "replies.yaml")
NEEDED = ("acknowledge", "unknown", "silence", "unclear", "exit_curt", "exit_maybe", "exit_next", "warning")


@dataclass(frozen=True)
class Patient:
    """A whole patient, read and checked."""

    persona: Persona
    topics: dict[str, Topic]
    techniques: dict[str, tuple[Group, ...]]
    events: dict[str, tuple[Group, ...]]
    task_cues: dict[str, tuple[Cue, ...]]
    """How a learner names each healthy task."""
    digest: str
    """sha256 of the three files, as 'sha256:…'."""
    folder: Path | None = field(default=None, compare=False)
    """Where it was read from; feedback.yaml lies there, which never changes what the patient does."""

    @property
    def id(self) -> str:
        return self.persona.id


def load_patient(folder: Path, codes: Iterable[str], topics: Iterable[str]) -> Patient:
    """Reads a patient; `codes` and `topics` are what the taxonomy knows. Raises DataError."""
    files = {name: folder / f"{name}.yaml" for name in ("persona", "topics", "replies")}
    persona = load(files["persona"], Persona)
    told = load(files["topics"], Topics).topics
    replies = load(files["replies"], Replies)
    _known(files["topics"], told, topics, "topic")
    _known(files["replies"], replies.techniques, [*codes, *DERIVED], "code")
    _known(files["replies"], replies.events, EVENTS, "event")
    needed = (*NEEDED, "walkout" if persona.can_leave else "refuse")
    for event in needed:
        if event not in replies.events:
            raise DataError(f"{files['replies']}:1: events.{event}: missing; this patient needs it")
    _goals(files, persona, told, [*replies.techniques.values(), *replies.events.values()])
    cues = {task.id: tuple(_cue(files["persona"], c) for c in task.named) for task in persona.tasks}
    for group in (g for bank in [*replies.techniques.values(), *replies.events.values()] for g in bank):
        for cue in group.named:
            _cue(files["replies"], cue)
    return Patient(persona, told, replies.techniques, replies.events, cues, _digest(files.values()), folder)


DERIVED = (
    "TX_EARLY", "X_GOAL_OBVIOUS", "HARD_EARLY", "TRIAL_UNSAFE", "Q_CHAIN", "DOUBLE_Q", "MONOLOGUE", "JARGON", "PACE",
    "INTERRUPT", "SMALLTALK", "GOOD_SILENCE", "DEAD_AIR",
)  # fmt: skip
"""Codes that come from the situation, not from the words."""


def _cue(file: Path, source: str) -> Cue:
    try:
        return compile_cue(source, {})
    except CueError as error:
        raise DataError(f"{file}:{line_of(file, source)}: {error}") from None


def _known(file: Path, found: Iterable[str], allowed: Iterable[str], what: str) -> None:
    names = sorted(set(allowed))
    for name in found:
        if name not in names:
            raise DataError(f"{file}:{line_of(file, name)}: found the {what} {name}; allowed: {', '.join(names)}")


def _goals(files: dict[str, Path], persona: Persona, told: dict[str, Topic], banks: list[tuple[Group, ...]]) -> None:
    ids = [goal.id for goal in persona.goals]
    uses = [(files["persona"], task.goal) for task in persona.tasks]
    uses += [(files["persona"], goal) for goal in persona.agreed_goals]
    uses += [(files["persona"], goal) for bad in persona.unhealthy_goals for goal in bad.underlying]
    uses += [(files["topics"], goal) for topic in told.values() for goal in topic.goals]
    uses += [(files["replies"], goal) for bank in banks for group in bank for goal in group.goals]
    for file, goal in uses:
        if goal not in ids:
            raise DataError(f"{file}:{line_of(file, goal)}: found the goal {goal}; allowed: {', '.join(ids)}")


def _digest(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return "sha256:" + total.hexdigest()

"""What the learner's page shows. Frozen values, plain words; every score is 0..1 unless it says otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Something that could have been said instead."""

    text: str
    code: str
    """The technique that it is."""
    name: str
    """The technique's name in words."""
    why: str
    """What it does here, in one sentence."""


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """A turn that cost most, or in which most was left unused."""

    turn: int
    quote: str
    """The learner's words."""
    why: str
    """What the patient had just said, and what the words did with it."""
    effect: str
    """What moved, in words."""
    thought: str
    """What the patient thought, in their own voice."""
    better: tuple[Wording, Wording]


@dataclass(frozen=True, slots=True)
class StrongMoment:
    """A turn that moved the patient towards coming back."""

    turn: int
    quote: str
    why: str
    effect: str
    thought: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A cue of the patient's that met no fitting response within two turns."""

    turn: int
    cue: str
    """The patient's words."""
    why: str
    say: Wording


@dataclass(frozen=True, slots=True)
class Used:
    """A technique that was used."""

    code: str
    name: str
    n: int


@dataclass(frozen=True, slots=True)
class Untried:
    """A technique that fits this person and was not tried."""

    code: str
    name: str
    when: str
    say: Wording


@dataclass(frozen=True, slots=True)
class NextDrill:
    """What to practise next."""

    title: str
    why: str
    command: str
    """As it is typed."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One interview in a row of several."""

    label: str
    second_visit: float
    checklist: float | None
    """Per cent of the mark sheet; None where there was none."""
    reluctance: float
    goal_agreement: float
    task_agreement: float


@dataclass(frozen=True, slots=True)
class Lessons:
    """The whole page."""

    to_a_friend: str
    """Two sentences in the patient's voice."""
    strong: tuple[StrongMoment, ...]
    turning: tuple[TurningPoint, ...]
    missed: tuple[Missed, ...]
    used: tuple[Used, ...]
    untried: tuple[Untried, ...]
    next_drill: NextDrill | None
    trend: tuple[Attempt, ...]
    """Earlier attempts, oldest first, then this one."""

"""How heard techniques move the patient. Pure arithmetic over the constants of dynamics.yaml (domain 1.6)."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from simpatient.model import PLACES, VARIABLES, AllianceState, Detection, Effect
from simpatient.persona.machine import stage_of
from simpatient.persona.schema import Persona
from simpatient.yamlfile import load

_ROOM = 0.05
"""Reluctance that even the hardest patient has left before they would leave."""
Change = tuple[float, ...]
"""One delta a variable, in the order of VARIABLES."""


@dataclass(frozen=True)
class Style:
    """Factors by code on the effect on reluctance and on bond."""

    reluctance: dict[str, float]
    bond: dict[str, float]


@dataclass(frozen=True)
class Difficulty:
    """What one step of the dial away from the middle does."""

    middle: int
    start: dict[str, float]
    helps: float
    hurts: float


@dataclass(frozen=True)
class Constants:
    """dynamics.yaml."""

    codes: dict[str, tuple[float, ...]]
    unhealthy: dict[str, float]
    styles: dict[str, Style]
    eliciting: tuple[str, ...]
    cap_before_goal: float
    repetition: float
    repetition_window: int
    credited_per_turn: int
    partial_below: float
    ignored_below: float
    miracle_reluctance: float
    miracle_factor: float
    locked_hope_factor: float
    unlocks_hope: tuple[str, ...]
    walkout_grace: float
    task_least: float
    task_most: float
    task_choice: float
    adolescent_before: int
    adolescent: dict[str, float]
    difficulty: Difficulty


@lru_cache(maxsize=1)
def constants() -> Constants:
    return load(Path(__file__).with_name("dynamics.yaml"), Constants)


@dataclass(frozen=True, slots=True)
class Credit:
    """A detection that moves the patient, with the row of the table that it takes."""

    detection: Detection
    row: str
    factor: float
    """Share of the row that counts: confidence and repetition."""
    because: str
    """The learner's words that caused it, and what they were heard as."""
    tasks: float = 1.0
    """Factor on agreement about tasks: how acceptable the named task is."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What the arithmetic must know beside the state."""

    voiced: bool
    """The patient has voiced a goal of their own."""
    hope_open: bool
    """Hope rises in full."""


def bounded(x: float, d: float) -> float:
    """Moves x by d towards 1 or towards 0, never beyond; d in -1..1."""
    return x + d * (1 - x) if d > 0 else x + d * x


def start(persona: Persona, difficulty: int) -> AllianceState:
    """Where the patient stands at the beginning, at a difficulty of 1 (easy) to 5."""
    s, steps = persona.start, difficulty - constants().difficulty.middle
    shift = {name: d * steps for name, d in constants().difficulty.start.items()}
    scores = {name: round(min(1.0, max(0.0, getattr(s, name) + shift.get(name, 0.0))), PLACES) for name in VARIABLES}
    scores["reluctance"] = min(scores["reluctance"], round(max(s.reluctance, persona.walkout - _ROOM), PLACES))
    stage = stage_of(scores["goal_agreement"], scores["task_agreement"])
    return AllianceState(stage, **scores, unhealthy_goal=s.unhealthy_goal)


def move(
    state: AllianceState, credits: list[Credit], persona: Persona, mood: Mood, difficulty: int
) -> tuple[AllianceState, tuple[Effect, ...], Mood]:
    """Applies the credited codes in order; one effect a code and variable that it moves."""
    scores = [getattr(state, name) for name in VARIABLES]
    unhealthy = state.unhealthy_goal
    effects: list[Effect] = []
    for credit in credits:
        code = credit.detection.code
        mood = replace(mood, hope_open=mood.hope_open or code in constants().unlocks_hope)
        change = _change(credit, persona, mood, scores[0], difficulty)
        moved = [bounded(x, d) for x, d in zip(scores, change, strict=True)]
        moved[2] = _capped(credit.row, scores[2], moved[2], mood)
        effects += _effects(credit, scores, moved)
        scores = moved
        unhealthy = max(
            _floor(persona, unhealthy), bounded(unhealthy, constants().unhealthy.get(code, 0.0) * credit.factor)
        )
    rounded = [round(x, PLACES) for x in scores]
    after = replace(state, **dict(zip(VARIABLES, rounded, strict=True)), unhealthy_goal=round(unhealthy, PLACES))
    return after, tuple(effects), mood


def _change(credit: Credit, persona: Persona, mood: Mood, reluctance: float, difficulty: int) -> Change:
    c = constants()
    code = credit.detection.code
    row = c.codes[credit.row]
    weight = credit.factor * _gain(code, persona) * _dial(row, difficulty)
    if code == "MIRACLE" and reluctance > c.miracle_reluctance:
        weight *= c.miracle_factor
    reluctance_d, hope, goals, tasks, bond = (d * weight for d in row)
    style = c.styles[persona.style]
    reluctance_d *= style.reluctance.get(code, 1.0)
    bond *= style.bond.get(code, 1.0)
    if hope > 0 and not mood.hope_open:
        hope *= c.locked_hope_factor
    if tasks > 0:
        tasks *= credit.tasks
    return tuple(max(-1.0, min(1.0, d)) for d in (reluctance_d, hope, goals, tasks, bond))


def _gain(code: str, persona: Persona) -> float:
    """What is particular to this person and this time of life."""
    c = constants()
    young = c.adolescent.get(code, 1.0) if persona.age < c.adolescent_before else 1.0
    return persona.gains.get(code, 1.0) * young


def _dial(row: tuple[float, ...], difficulty: int) -> float:
    """A harder patient is helped less and hurt more."""
    d = constants().difficulty
    steps = difficulty - d.middle
    return 1.0 + steps * (d.hurts if row[0] > 0 or row[4] < 0 else -d.helps)


def _capped(row: str, before: float, after: float, mood: Mood) -> float:
    """Warmth alone creates no agreement on goals (domain 1.6, rule 1)."""
    c = constants()
    if mood.voiced or row in c.eliciting or after <= before:
        return after
    return max(before, min(after, c.cap_before_goal))


def _floor(persona: Persona, now: float) -> float:
    """One interview never lowers an unhealthy goal below its floor."""
    return min(now, max((goal.floor for goal in persona.unhealthy_goals), default=0.0))


def _effects(credit: Credit, before: list[float], after: list[float]) -> list[Effect]:
    found = []
    for name, x, y in zip(VARIABLES, before, after, strict=True):
        delta = round(y - x, PLACES)
        if delta:
            found.append(Effect(name, delta, credit.because))
    return found


def openness(state: AllianceState) -> float:
    """How much the patient tells, 0..1 and a little beyond (domain 1.6)."""
    s = state
    return 0.45 * (1 - s.reluctance) + 0.35 * s.bond + 0.20 * max(s.goal_agreement, s.hope) + 0.10 * s.momentum

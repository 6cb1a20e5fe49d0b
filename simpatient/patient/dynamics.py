"""How heard techniques move the patient. Pure arithmetic over the constants of dynamics.yaml (domain 1.6)."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from simpatient.model import PLACES, VARIABLES, AllianceState, Detection, Effect
from simpatient.persona.schema import Persona
from simpatient.yamlfile import load

Change = tuple[float, ...]
"""One delta a variable, in the order of VARIABLES."""


@dataclass(frozen=True)
class Style:
    """Factors by code on the effect on reluctance and on bond."""

    reluctance: dict[str, float]
    bond: dict[str, float]


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


def move(
    state: AllianceState, credits: list[Credit], persona: Persona, mood: Mood
) -> tuple[AllianceState, tuple[Effect, ...], Mood]:
    """Applies the credited codes in order; one effect a code and variable that it moves."""
    scores = [getattr(state, name) for name in VARIABLES]
    unhealthy = state.unhealthy_goal
    effects: list[Effect] = []
    for credit in credits:
        code = credit.detection.code
        mood = replace(mood, hope_open=mood.hope_open or code in constants().unlocks_hope)
        change = _change(credit, persona, mood, reluctance=scores[0])
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


def _change(credit: Credit, persona: Persona, mood: Mood, reluctance: float) -> Change:
    c = constants()
    code = credit.detection.code
    reluctance_d, hope, goals, tasks, bond = (d * credit.factor for d in c.codes[credit.row])
    style = c.styles[persona.style]
    reluctance_d *= style.reluctance.get(code, 1.0)
    bond *= style.bond.get(code, 1.0)
    if hope > 0 and not mood.hope_open:
        hope *= c.locked_hope_factor
    weight = c.miracle_factor if code == "MIRACLE" and reluctance > c.miracle_reluctance else 1.0
    return tuple(d * weight for d in (reluctance_d, hope, goals, tasks, bond))


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

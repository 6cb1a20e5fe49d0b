"""What the patient answers: which bank, which group, which line. A function of situation and seed, without chance."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from simpatient.cues import Cue, compile_cue
from simpatient.model import AllianceState, Reply, ReplyClass
from simpatient.patient.situation import Memory
from simpatient.persona.load import Patient
from simpatient.persona.machine import GOALS_AGREED
from simpatient.persona.schema import Depth, Group
from simpatient.text import uniform

HOPE_SHOWS = 0.30
"""Hope from which the patient's 'but' goes."""
GUARDED, CLOSED_UP = 0.40, 0.70
COLOUR, WOBBLE = 0.15, 0.10
"""How far the mood of the last replies, and chance, move the reluctance that an answer shows."""
_DEPTH_CLASS: dict[Depth, ReplyClass] = {"deflect": "deflect", "partial": "disclose_partial", "full": "disclose_full"}


@dataclass(frozen=True)
class Setting:
    """What decides between lines."""

    state: AllianceState
    voiced: bool
    heard: frozenset[str]
    """Codes of earlier turns."""
    topics: frozenset[str]
    """Topics named in this turn."""
    told: frozenset[str]
    """Topics that the patient has told in full."""
    words: str
    """The learner's words in this turn."""
    used: frozenset[str]
    seed: int
    turn: int


@dataclass(frozen=True)
class Line:
    """A line that may be said."""

    id: str
    text: str
    reply_class: ReplyClass
    goals: tuple[str, ...]


def band(reluctance: float) -> str:
    """low, middle or high reluctance."""
    return "low" if reluctance < GUARDED else "middle" if reluctance < CLOSED_UP else "high"


def from_bank(name: str, groups: Sequence[Group], setting: Setting) -> Line | None:
    """A line of the most specific group that fits, unsaid ones first; None if no group fits."""
    fitting = [(g, i) for i, g in enumerate(groups, 1) if _fits(g, setting)]
    fitting.sort(key=lambda pair: -_conditions(pair[0]))
    ranked = [[Line(f"{name}.{i}.{n}", text, g.class_, g.goals) for n, text in enumerate(g.say, 1)] for g, i in fitting]
    return _draw(name, ranked, setting)


def from_topic(name: str, depth: Depth, texts: Sequence[str], goals: tuple[str, ...], setting: Setting) -> Line:
    """A line about a topic at a depth."""
    lines = [Line(f"{name}.{depth}.{n}", text, _DEPTH_CLASS[depth], goals) for n, text in enumerate(texts, 1)]
    drawn = _draw(name, [lines], setting)
    assert drawn is not None, "the schema gives every depth a line"
    return drawn


def spoken(line: Line, patient: Patient, state: AllianceState, memory: Memory, weighty: bool = False) -> Reply:
    """The line with its slots filled and its voice: flat and slow in low hope, clipped in high reluctance, late on
    heavy matters.
    """
    voice = patient.persona.voice
    slow = 0.92 if state.hope < HOPE_SHOWS else 1.0
    clipped = 1.05 if state.reluctance >= CLOSED_UP else 1.0
    pitch = voice.pitch - (5 if state.hope < HOPE_SHOWS else 0)
    pause = 400 + 1200 * state.reluctance + (1000 if weighty else 0)
    return Reply(
        line.id,
        _filled(line.text, patient, memory),
        line.reply_class,
        round(voice.rate * slow * clipped),
        max(0, pitch),
        round(pause),
    )


def _filled(text: str, patient: Patient, memory: Memory) -> str:
    if "{" not in text:
        return text
    short = {goal.id: goal.short for goal in patient.persona.goals}
    goal = next((short[g] for g in reversed(memory.goals) if short[g]), "")
    return text.replace("{goal}", goal).replace("{last}", memory.said.text if memory.said else "")


def _draw(name: str, ranked: list[list[Line]], setting: Setting) -> Line | None:
    for lines in ranked:
        fresh = [line for line in lines if line.id not in setting.used]
        if fresh:
            return fresh[number(name, setting) % len(fresh)]
    every = [line for lines in ranked for line in lines]
    return every[number(name, setting) % len(every)] if every else None


def number(name: str, setting: Setting) -> int:
    """A number that depends on seed, turn and bank alone; the same on every machine."""
    key = f"{setting.seed}|{setting.turn}|{name}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big")


def shown(setting: Setting) -> float:
    """The reluctance that the answer shows, 0..1: coloured by the mood of the last replies, and never quite the same.

    Real clients go back and forth: resistance follows resistance, and hedges outlast agreement (domain 5.3).
    """
    swing = WOBBLE * (2 * (number("mood", setting) % 1000) / 999 - 1)
    return min(1.0, max(0.0, setting.state.reluctance - COLOUR * setting.state.momentum + swing))


def _fits(group: Group, setting: Setting) -> bool:
    s = setting.state
    checks = (
        not group.reluctance or band(shown(setting)) in group.reluctance,
        not group.hope or ("low" if s.hope < HOPE_SHOWS else "high") in group.hope,
        not group.stage or s.stage in group.stage,
        group.agreed is None or group.agreed == (s.goal_agreement >= GOALS_AGREED),
        group.voiced is None or group.voiced == setting.voiced,
        not group.heard or not setting.heard.isdisjoint(group.heard),
        not group.topic or not setting.topics.isdisjoint(group.topic),
        not group.named or _named(setting.words, group.named),
        not group.told or not setting.told.isdisjoint(group.told),
    )
    return all(checks)


@lru_cache(maxsize=1024)
def _cue(source: str) -> Cue:
    return compile_cue(source, {})


def _named(words: str, cues: tuple[str, ...]) -> bool:
    line = uniform(words)
    here = frozenset(line.split())
    return any(True for source in cues for _ in _cue(source).find(line, here))


def _conditions(group: Group) -> int:
    given = (group.reluctance, group.hope, group.stage, group.heard, group.topic, group.told, group.named)
    return sum(bool(x) for x in given) + (group.agreed is not None) + (group.voiced is not None)

"""Simulated learners: what they do at each turn by skill, in sentences of the held-out lines, drawn with a seed.

A skilled learner asks for goals, validates, bridges, agrees and then offers a choice; an average one asks about
symptoms and mixes; a poor one opens with the problem, sides, labels, lectures and presses.
"""

import random
from dataclasses import dataclass
from functools import lru_cache

from bench.detect import held_out
from simpatient.detect.detector import Detector, Hearing
from simpatient.model import AllianceState, Ended, ReplyClass, Turn, Utterance
from simpatient.outcome import second_visit
from simpatient.patient.engine import Engine
from simpatient.patient.situation import Situation

PLAN = (
    ("FRAME",), ("GOAL_OPEN",), ("VALIDATE",), ("GOAL_WISH",), ("GOAL_BRIDGE",), ("REFL_C", "STRENGTH"), ("GOAL_MORE",),
    ("EXTERN", "LOST_DREAM", "EXCEPT"), ("GOAL_PACT",), ("ALT_TASK",), ("TASK_DEAL", "TRIAL"), ("CLOSE",),
)  # fmt: skip
"""The skilled learner's order."""
MIDDLING = ("OPENQ", "CLOSEDQ", "REFL_S", "INFO", "VALIDATE", "OPENQ", "CLOSEDQ", "GOAL_WISH", "REFL_C", "SUMMARY")
POOR = ("PROB_OPEN", "SIDE_WITH", "DX_EARLY", "LECTURE", "DISMISS", "PRESSURE", "CONFRONT", "TASK_OFFER", "CLOSEDQ")
SKILLS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""0 poor, .5 average, 1 skilled."""
TURNS = 10
CHANGE: frozenset[ReplyClass] = frozenset({"goal", "goal_more", "agree", "assent_task"})
SUSTAIN: frozenset[ReplyClass] = frozenset(
    {"deny", "blame", "minimise", "yes_but", "decline_task", "unhealthy_goal", "scoff", "hedge"}
)
"""Replies for and against change, as MISC's client talk."""


WARM = [
    "that sounds really hard for you", "no wonder you are fed up", "it makes sense that you feel that way",
    "so you feel pretty alone with it", "it is up to you what we talk about", "you do not have to answer that",
    "it took courage to tell me that", "anyone would be upset by that",
]  # fmt: skip
"""Empathy and nothing else."""


@dataclass(frozen=True)
class Session:
    """How one interview went."""

    outcome: float
    """Likelihood of a second visit at the end, 0..1."""
    states: tuple[AllianceState, ...]
    classes: tuple[ReplyClass, ...]
    ended: Ended | None


@lru_cache(maxsize=1)
def sentences() -> dict[str, list[str]]:
    """Held-out sentences by code."""
    return {code: [text for text, _ in says] for code, says, _ in held_out()}


def moves(skill: float, chance: random.Random, turns: int = TURNS) -> list[str]:
    """The codes that such a learner tries, one a turn."""
    chosen = []
    for turn in range(turns):
        x = chance.random()
        if x < max(0.0, 2 * skill - 1) * 0.9 or (0 < skill <= 0.5 and x < 0.25 * skill):
            chosen.append(chance.choice(PLAN[min(turn, len(PLAN) - 1)]))
        elif x > 1 - max(0.0, 1 - 2 * skill) * 0.6 - 0.06 * (1 - skill):
            chosen.append(chance.choice(POOR))
        else:
            chosen.append(chance.choice(MIDDLING))
    return chosen


def interview(engine: Engine, skill: float, seed: int, turns: int = TURNS) -> Session:
    """One whole interview, ended early where the patient leaves."""
    chance = random.Random(f"{seed}/{skill}")
    _, now = engine.open()
    states, classes = [now.state], []
    for code in moves(skill, chance, turns):
        turn, now = engine.hear(now, Utterance(chance.choice(sentences()[code])))
        states.append(now.state)
        classes.append(turn.reply.reply_class)
        if now.ended:
            break
    return Session(second_visit(now.state, now.ended), tuple(states), tuple(classes), now.ended)


class OfWords(Detector):
    """The real detector, each sentence heard once and without the patient's words before, so that thousands of
    interviews cost little.
    """

    def __init__(self) -> None:
        super().__init__()
        self._by_text: dict[str, Hearing] = {}

    def hear(self, text: str, after: str = "") -> Hearing:
        if text not in self._by_text:
            self._by_text[text] = super().hear(text)
        return self._by_text[text]


class Remembering(Detector):
    """The real detector, which hears each sentence after each reply only once: thousands of interviews share them."""

    def __init__(self) -> None:
        super().__init__()
        self.hear = lru_cache(maxsize=None)(super().hear)  # type: ignore[method-assign]


def talk(engine: Engine, *lines: str) -> tuple[list[Turn], Situation]:
    """The turns of these lines, and where the patient stands after them."""
    _, now = engine.open()
    turns = []
    for line in lines:
        turn, now = engine.hear(now, Utterance(line))
        turns.append(turn)
        if turn.ended:
            break
    return turns, now


def spearman(xs: list[float], ys: list[float]) -> float:
    """Rank correlation, ties shared."""
    from scipy.stats import spearmanr

    return float(spearmanr(xs, ys).statistic)

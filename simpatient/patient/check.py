"""Checks a patient as its author should: every finding says file:line, what was found and what is allowed.

Beyond what loading refuses (schema, unknown codes, topics, events and goals): a stage that no learner reaches or that
none escapes, a gate that never opens, a line that stands twice, a missing bank, a slot that cannot be filled, and
detail about methods of self-harm.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

from simpatient.detect.pack import Pack
from simpatient.model import AllianceState, Detection
from simpatient.patient import dynamics
from simpatient.patient.disclosure import MOST_BONUS, THRESHOLDS
from simpatient.patient.dynamics import Credit, Mood, openness
from simpatient.patient.engine import MIDDLE
from simpatient.patient.replies import CLOSED_UP
from simpatient.persona.load import Patient
from simpatient.persona.machine import STAGES, next_stage
from simpatient.persona.schema import Band, Group
from simpatient.yamlfile import line_of

NEEDED = (
    "PROB_OPEN", "SIDE_WITH", "DX_EARLY", "TX_EARLY", "GOAL_OPEN", "GOAL_WISH", "GOAL_MORE", "GOAL_BRIDGE", "GOAL_PACT",
    "MIRACLE", "OPENQ", "CLOSEDQ", "REFL_S", "REFL_C", "VALIDATE", "TASK_OFFER", "TASK_DEAL", "PRESSURE", "LECTURE",
    "CONFRONT", "DISMISS", "SI_ASK", "SI_AVOID", "REPAIR",
)  # fmt: skip
"""Codes to which every patient has an answer of their own."""
UNSAFE = re.compile(
    r"\b(hang(ed|ing)? (myself|himself|herself|yourself)|noose|rope|overdos\w*|razor\w*|blades?|slit|bleach|"
    r"carbon monoxide|exhaust|jump(ed|ing)? (off|from|in front)|bridge|gun|shoot|shot myself|milligrams?|\d+ ?mg|"
    r"(\d+|ten|twenty|thirty|forty|fifty|sixty|a hundred) (pills|tablets))\b",
    re.IGNORECASE,
)
"""Detail about a method; a method is only ever a category."""
_ROUNDS = 25
BANDS: tuple[str, ...] = get_args(Band)
HOPES, TRUTHS = ("low", "high"), (False, True)


def problems(folder: Path, patient: Patient, pack: Pack) -> list[str]:
    """Everything wrong with a patient that could be loaded from `folder`."""
    return [*_twice(folder, patient), *_unsafe(folder, patient), *_banks(folder, patient), *_slots(folder, patient),
            *_stages(folder, patient), *_gates(folder, patient, pack)]  # fmt: skip


def lines(patient: Patient) -> Iterator[tuple[str, str]]:
    """(file, line) of everything that the patient may say."""
    for text in patient.persona.opening:
        yield "persona.yaml", text
    for topic in patient.topics.values():
        for text in (*topic.deflect, *topic.partial, *topic.full):
            yield "topics.yaml", text
    for group in _groups(patient):
        for text in group.say:
            yield "replies.yaml", text


def blank(text: str, patient: Patient) -> str:
    """A line with its marks, slots and the person's own names gone, to compare with another's."""
    names = "|".join(re.escape(part) for part in patient.persona.name.split())
    bare = re.sub(rf"\b({names})\b|\{{\w+\}}", "", text, flags=re.IGNORECASE)
    return " ".join(re.findall(r"[a-z]+", bare.lower()))


def _groups(patient: Patient) -> Iterator[Group]:
    for bank in (*patient.techniques.values(), *patient.events.values()):
        yield from bank


def _at(folder: Path, file: str, text: str) -> str:
    return f"{folder / file}:{line_of(folder / file, text)}"


def _twice(folder: Path, patient: Patient) -> Iterator[str]:
    seen: dict[str, str] = {}
    for file, text in lines(patient):
        key = blank(text, patient)
        if key and key in seen:
            yield f"{_at(folder, file, text)}: found a line that stands twice, {text!r}; allowed: once"
        seen[key] = text


def _unsafe(folder: Path, patient: Patient) -> Iterator[str]:
    for file, text in lines(patient):
        if found := UNSAFE.search(text):
            yield f"{_at(folder, file, text)}: found {found.group()!r}, a detail of a method; allowed: a category"


def _banks(folder: Path, patient: Patient) -> Iterator[str]:
    needed = [*NEEDED, *(["X_GOAL_OBVIOUS"] if patient.persona.obvious_goal else [])]
    for code in needed:
        if code not in patient.techniques:
            yield f"{folder / 'replies.yaml'}:1: found no bank for {code}; every patient answers it"
    for name, bank in (*patient.techniques.items(), *patient.events.items()):
        silent = [b for b in BANDS if not all(_covers(bank, b, *case) for case in product(HOPES, TRUTHS, TRUTHS))]
        if silent:
            where = _at(folder, "replies.yaml", f"  {name}:")
            yield f"{where}: {name}: found nothing to say at {' and '.join(silent)} reluctance; add a group"


def _covers(bank: tuple[Group, ...], band: str, hope: str, agreed: bool, voiced: bool) -> bool:
    """Whether some group speaks here whatever else was heard, told or named."""
    return any(
        (not g.reluctance or band in g.reluctance) and (not g.hope or hope in g.hope)
        and g.agreed in (None, agreed) and g.voiced in (None, voiced)
        and not (g.stage or g.heard or g.topic or g.told or g.named)
        for g in bank
    )  # fmt: skip


def _slots(folder: Path, patient: Patient) -> Iterator[str]:
    short = all(goal.short for goal in patient.persona.goals)
    for name, bank in (*patient.techniques.items(), *patient.events.items()):
        for group in bank:
            for text in group.say:
                for slot in re.findall(r"\{(\w*)\}", text):
                    good = (slot == "last" and name == "repeat") or (slot == "goal" and group.voiced is True and short)
                    if not good:
                        yield (
                            f"{_at(folder, 'replies.yaml', text)}: found the slot {{{slot}}}; allowed: {{last}} at the "
                            "event repeat, {goal} in a group with voiced: true where every goal has a short form"
                        )


def _best(patient: Patient) -> AllianceState:
    """Where a learner who does everything right ends."""
    state = dynamics.start(patient.persona, MIDDLE)
    rows = dynamics.constants().codes
    helpful = [c for c, row in rows.items() if "/" not in c and row[0] <= 0 <= min(row[1:])]
    credits = [Credit(Detection(code, "surface", 0, 0, 1.0, ""), code, 1.0, "") for code in helpful]
    mood = Mood(voiced=True, hope_open=True)
    for _ in range(_ROUNDS):
        state, _, mood = dynamics.move(state, credits, patient.persona, mood, MIDDLE)
        state = replace(state, stage=next_stage(state.stage, state.goal_agreement, state.task_agreement))
    return state


def _stages(folder: Path, patient: Patient) -> Iterator[str]:
    persona, best = patient.persona, _best(patient)
    where = _at(folder, "persona.yaml", "start:")
    for stage in STAGES[STAGES.index(best.stage) + 1 :]:
        yield f"{where}: found that no learner reaches the stage {stage}; raise the gains of goals or tasks"
    if persona.start.reluctance >= persona.walkout or best.reluctance >= CLOSED_UP:
        yield (
            f"{where}: found a patient whom nobody wins (reluctance {best.reluctance:.2f} after the best interview, "
            f"walks out at {persona.walkout:g}); allowed: below {CLOSED_UP:g}"
        )


def _gates(folder: Path, patient: Patient, pack: Pack) -> Iterator[str]:
    most = openness(replace(_best(patient), momentum=1.0))
    for name, topic in patient.topics.items():
        gate = topic.gate if topic.gate is not None else pack.topics[name].gate
        if most + (MOST_BONUS if pack.topics[name].risk else 0.0) < THRESHOLDS[gate]:
            yield f"{_at(folder, 'topics.yaml', f'  {name}:')}: {name}: found a gate of {gate}, which never opens"

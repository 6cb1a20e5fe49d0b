"""The stages of change as a state machine (Prochaska & DiClemente; mapped to Bordin by Cheng 2007).

The only importer of `transitions`. The machine moves at most one stage a turn towards the stage that the agreement on
goals and on tasks names, in both directions, without hysteresis.
"""

from itertools import pairwise
from typing import get_args

from transitions import EventData, Machine

from simpatient.model import Stage

STAGES: tuple[Stage, ...] = get_args(Stage)
GOALS_AGREED = 0.45
TASKS_BEGUN = 0.35
TASKS_AGREED = 0.70


def stage_of(goal_agreement: float, task_agreement: float) -> Stage:
    """The stage that the two agreements name (domain 1.1)."""
    if goal_agreement < GOALS_AGREED:
        return "precontemplation"
    if task_agreement < TASKS_BEGUN:
        return "contemplation"
    return "preparation" if task_agreement < TASKS_AGREED else "action"


GUARDS: tuple[str, ...] = (
    f"goals agreed ≥ {GOALS_AGREED:g}",
    f"and tasks agreed ≥ {TASKS_BEGUN:g}",
    f"and tasks agreed ≥ {TASKS_AGREED:g}",
)
"""What must hold on the way from each stage to the next; on the way back it no longer holds."""


def mermaid(can_leave: bool, walkout: float) -> str:
    """The machine as a Mermaid state diagram, for a patient who leaves or refuses at that reluctance."""
    out = ["stateDiagram-v2", f"    [*] --> {STAGES[0]}"]
    for (lower, upper), guard in zip(pairwise(STAGES), GUARDS, strict=True):
        out += [f"    {lower} --> {upper}: {guard}", f"    {upper} --> {lower}: no longer"]
    end = "walkout" if can_leave else "refuses"
    out += [f"    {stage} --> {end}: reluctance ≥ {walkout:g}" for stage in STAGES]
    return "\n".join([*out, f"    {end} --> [*]"]) + "\n"


class _Stages:
    """Model and guards of the machine; guards read the agreements that the trigger carries."""

    state: Stage

    def ahead(self, event: EventData) -> bool:
        return _target(event) > STAGES.index(self.state)

    def behind(self, event: EventData) -> bool:
        return _target(event) < STAGES.index(self.state)


def _target(event: EventData) -> int:
    return STAGES.index(stage_of(event.kwargs["goal_agreement"], event.kwargs["task_agreement"]))


def _machine(model: _Stages) -> Machine:
    moves: list[dict[str, str | None]] = []
    for lower, upper in pairwise(STAGES):
        moves.append({"trigger": "hear", "source": lower, "dest": upper, "conditions": "ahead"})
        moves.append({"trigger": "hear", "source": upper, "dest": lower, "conditions": "behind"})
    moves += [{"trigger": "hear", "source": stage, "dest": None} for stage in STAGES]
    return Machine(
        model, states=list(STAGES), transitions=moves, initial=STAGES[0],
        auto_transitions=False, send_event=True, ignore_invalid_triggers=False, queued=False,
    )  # fmt: skip


_MODEL = _Stages()
_MACHINE = _machine(_MODEL)


def next_stage(stage: Stage, goal_agreement: float, task_agreement: float) -> Stage:
    """One step of the machine from `stage`."""
    _MACHINE.set_state(stage)
    _MODEL.hear(goal_agreement=goal_agreement, task_agreement=task_agreement)  # type: ignore[attr-defined]
    return _MODEL.state

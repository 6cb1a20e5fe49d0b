"""The stages of change as a machine: one step a turn, both ways, by the two agreements."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatient.persona.machine import STAGES, next_stage, stage_of


@pytest.mark.parametrize(
    ("goals", "tasks", "stage"),
    [
        (0.44, 0.9, "precontemplation"),
        (0.45, 0.34, "contemplation"),
        (0.45, 0.35, "preparation"),
        (0.9, 0.70, "action"),
    ],
)
def test_the_stage_that_agreement_names(goals, tasks, stage):
    """Goals are agreed from .45; tasks begin at .35 and are agreed at .70."""
    assert stage_of(goals, tasks) == stage


def test_one_step_a_turn_both_ways():
    """From end to end takes three turns in each direction."""
    up, down = [STAGES[0]], [STAGES[-1]]
    for _ in range(4):
        up.append(next_stage(up[-1], 1.0, 1.0))
        down.append(next_stage(down[-1], 0.0, 0.0))

    assert up == [*STAGES, "action"]
    assert down == [*reversed(STAGES), "precontemplation"]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=20))
def test_never_more_than_one_step(agreements):
    """Whatever the agreements do, the machine moves at most one stage a turn."""
    stages = [STAGES[0]]
    for goals, tasks in agreements:
        stages.append(next_stage(stages[-1], goals, tasks))

    assert all(abs(STAGES.index(a) - STAGES.index(b)) <= 1 for a, b in pairwise(stages))

"""Derived codes as a table of words and situation."""

import pytest

from simpatient.detect.context import Context, judge

BROUGHT = {"voluntary": False, "bond": 0.2}


@pytest.mark.parametrize(
    ("text", "situation", "row", "derived"),
    [
        ("you need an antidepressant", {"goal_agreement": 0.2}, "", "TX_EARLY"),
        ("you need an antidepressant", {"goal_agreement": 0.6}, "TASK_OFFER", None),
        ("you need an antidepressant", {"goal_agreement": 0.2, "obvious_goal": True}, "TASK_OFFER/obvious", None),
        ("what seems to be the trouble", BROUGHT, "PROB_OPEN", None),
        ("what seems to be the trouble", {"voluntary": True}, "PROB_OPEN/voluntary", None),
        ("what seems to be the trouble", {"obvious_goal": True}, "PROB_OPEN/obvious", None),
        ("what would you like to get out of this visit", {"obvious_goal": True}, "", "X_GOAL_OBVIOUS"),
        ("i think you have depression", {"goal_agreement": 0.1}, "DX_EARLY", None),
        ("i think you have depression", {"goal_agreement": 0.6}, "", None),
        ("how much do you drink", BROUGHT, "CLOSEDQ", "HARD_EARLY"),
        ("how much do you drink", {"bond": 0.6}, "CLOSEDQ", None),
        ("how much do you drink", {**BROUGHT, "raised": frozenset({"alcohol"})}, "CLOSEDQ", None),
        ("anyway how is your appetite", {"hinted": True}, "OPENQ", "SI_AVOID"),
        ("anyway how is your appetite", {}, "OPENQ", None),
        ("do you sleep through", {"closed_run": 3}, "CLOSEDQ", "Q_CHAIN"),
        ("what is the downside of it", {}, "CONS/first", None),
        ("what is the downside of it", {"pros_heard": True}, "CONS", None),
    ],
)
def test_the_same_words_are_right_or_wrong_by_situation(detector, text, situation, row, derived):
    """Each case: the row that the surface code takes, and the derived code that comes or does not."""
    judged = judge(detector.hear(text), Context(**situation), text)

    assert row in {j.row for j in judged if j.detection.layer == "surface"}
    assert {j.detection.code for j in judged if j.detection.layer == "derived"} == ({derived} if derived else set())


def test_pressed_assent_is_not_counted(detector):
    """A pact that is forced moves nothing: the yes is hollow."""
    judged = judge(detector.hear(text := "you have to agree let us work together on this"), Context(), text)

    assert {j.row for j in judged if j.detection.code == "GOAL_PACT"} <= {""}
    assert "PRESSURE" in {j.row for j in judged}

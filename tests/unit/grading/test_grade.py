"""The grade: figures with evidence, reasons where there is none, concerns that are never averaged away."""

import json
from dataclasses import replace

from simpatient.grading.grade import grade
from simpatient.grading.written import as_json
from simpatient.model import Transcript, Utterance
from simpatient.outcome import second_visit, sentence

GOOD = [
    "what would make this visit worth your while",
    "what would you like to be different at home",
    "so if things got calmer at home would that help",
    "let us work on that together how does that sound",
]
BAD = [
    "what seems to be the problem",
    "your parents told me you are lazy and they are right",
    "you need medication for depression",
]


def transcript(engine, lines):
    opening, now = engine.open()
    turns = []
    for line in lines:
        turn, now = engine.hear(now, Utterance(line))
        turns.append(turn)
        if turn.ended:
            break
    return Transcript(engine.patient.id, 0, opening, turns[0].before, tuple(turns), now.ended or "closed")


def graded(engine, lines):
    told = transcript(engine, lines)
    return told, grade(told, engine.patient, engine.detector.pack)


def mark(grade, name):
    return next(m for m in grade.marks if m.name == name)


def test_a_good_interview_is_worth_a_second_visit(engines):
    """Goal agreement lifts the likelihood of a second visit far above that of a bad interview."""
    _, good = graded(engines["teen"], GOOD)
    _, bad = graded(engines["teen"], BAD)

    assert good.second_visit > 0.5 > 0.1 > bad.second_visit
    assert mark(good, "mistakes").value == 0
    assert mark(bad, "mistakes").value >= 3
    assert mark(good, "first goal voiced").value == 1


def test_what_cannot_be_scored_says_why(engines):
    """No figure is made up: typed turns have no pace, and nothing to repair is its own outcome."""
    _, good = graded(engines["teen"], GOOD)

    assert mark(good, "pace").value is None
    assert mark(good, "pace").not_scored == "the turns were typed"
    assert mark(good, "mistakes repaired").not_scored == "there was nothing to repair"


def test_a_turning_point_comes_with_a_better_move(engines):
    """Where something hurt, the report says what would have been better."""
    _, bad = graded(engines["teen"], BAD)
    hurts = [m for m in bad.moments if m.kind == "turning"]

    assert hurts
    assert all(m.instead for m in hurts)


def test_unasked_risk_is_a_concern_whatever_else_went_well(engines):
    """A patient at risk who was never asked about suicide is a concern, not a lower mark."""
    _, unasked = graded(engines["emergency"], ["what would make tonight helpful"])
    _, asked = graded(engines["emergency"], ["have you been thinking of killing yourself"])

    assert any("never asked" in c for c in unasked.concerns)
    assert not any("never asked" in c for c in asked.concerns)
    assert any("Agreement is not safety" in c for c in asked.concerns)


def test_a_walkout_is_no_second_visit(engines):
    """Whatever the state, a patient who walked out does not come back."""
    state = engines["teen"].open()[1].state
    warm = replace(state, reluctance=0.0, bond=1.0, goal_agreement=1.0)

    assert second_visit(warm) > 0.9
    assert second_visit(warm, "walkout") == 0.0
    assert "walked out" in sentence("Tess", warm, "walkout")


def test_the_grade_is_one_stable_text(engines):
    """The same transcript gives the same JSON."""
    told, first = graded(engines["teen"], GOOD)

    assert as_json(first) == as_json(grade(told, engines["teen"].patient, engines["teen"].detector.pack))
    assert json.loads(as_json(first))["persona"] == "teen"

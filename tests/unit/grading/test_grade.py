"""The grade: figures with evidence, reasons where there is none, concerns that are never averaged away."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from simpatient.grading.grade import grade
from simpatient.grading.report import _apart, as_json, curves, html, marked
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


def test_words_are_marked_without_loss(engines):
    """The marked pieces of a turn, joined, are the turn; each detection lies on marked pieces."""
    told, _ = graded(engines["teen"], BAD)
    for turn in told.turns:
        pieces = marked(turn)

        assert "".join(text for text, _ in pieces) == turn.utterance.text
        for d in turn.detections:
            assert any(d.code in codes for _, codes in pieces)


def test_what_was_said_cannot_break_the_page(engines):
    """Markup in a learner's words is shown as words."""
    told, marks = graded(engines["teen"], ["what seems to be the <script>alert(1)</script> problem"])

    page = html(told, marks, engines["teen"].patient)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_an_empty_session_has_a_page(engines):
    """A session that ended before the first turn still has a grade and a page."""
    engine = engines["teen"]
    opening, now = engine.open()
    told = Transcript("teen", 0, opening, now.state, (), "closed")

    page = html(told, grade(told, engine.patient, engine.detector.pack), engine.patient)

    assert "Tess" in page
    assert len(curves(told)[0].points) == 1


@pytest.mark.parametrize("heights", [[10, 11, 12, 13], [200, 210, 220, 225], [0, 100, 200, 226], []])
def test_labels_never_overlap(heights):
    """Labels keep their order and a line's distance."""
    placed = _apart([float(h) for h in heights])

    assert all(b - a >= 16 for a, b in pairwise(placed))

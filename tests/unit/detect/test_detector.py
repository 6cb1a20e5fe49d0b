"""The detector: evidence, order, guards, and texts of every kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatient.detect.detector import Detector


def codes(detector, text, after=""):
    return {d.code for d in detector.hear(text, after).detections}


def test_every_example_is_heard_and_no_near_miss(detector):
    """Every example of the pack carries its own code, every near-miss does not."""
    wrong = []
    for rule in detector.pack.rules:
        code = rule.technique.code
        wrong += [f"{code} not in {text!r}" for text in rule.technique.says if code not in codes(detector, text)]
        wrong += [f"{code} in {text!r}" for text in rule.technique.near if code in codes(detector, text)]

    assert wrong == []


def test_evidence_points_into_the_text_as_given(detector):
    """Offsets select the very words that fired, punctuation and capitals as they were given."""
    text = "Right. So, what seems to be the PROBLEM, then?"

    (found,) = [d for d in detector.hear(text).detections if d.code == "PROB_OPEN"]

    assert text[found.start : found.end] == "what seems to be the PROBLEM"
    assert found.layer == "surface"


def test_punctuation_does_not_matter(detector):
    """Typed text and recogniser text of the same words carry the same codes."""
    typed = "Okay, so what would make this visit worth your while? You don't have to answer."
    heard = "okay so what would make this visit worth your while you don't have to answer"

    assert codes(detector, typed) == codes(detector, heard)


def test_an_echo_is_a_reflection(detector):
    """A statement made of the patient's words is a simple reflection; a question is not."""
    after = "Nobody ever listens in that house"

    assert "REFL_S" in codes(detector, "nobody listens in that house", after)
    assert "REFL_S" not in codes(detector, "who listens in that house", after)


@pytest.mark.parametrize("text", ["mm-hmm", "okay", "right", "I see"])
def test_back_channels_are_no_technique(detector, text):
    """A back-channel is FACIL and nothing else."""
    assert codes(detector, text) == {"FACIL"}


@given(st.text(max_size=300))
def test_any_text_is_heard_without_trouble(text):
    """Whatever is said, offsets lie in the text and confidences in 0..1."""
    for d in _DETECTOR.hear(text).detections:
        assert 0 <= d.start < d.end <= len(text)
        assert 0.5 <= d.confidence <= 1


_DETECTOR = Detector()


def test_a_very_long_turn_is_heard_like_a_short_one(detector):
    """Two thousand words carry the codes that a dozen of them carry (bench/detect.py holds the cost)."""
    words = "so what would you like to be different with your parents and what seems to be the problem "

    assert codes(detector, words) <= codes(detector, words * 120)


def test_a_plain_question_earns_nothing_in_a_turn_that_hurts(detector):
    """Beside a problem question, an open question elsewhere in the turn is not credited."""
    text = "why did your parents come with you today i have read the letter and the notes so what is wrong with you"

    assert "PROB_OPEN" in codes(detector, text)
    assert not codes(detector, text) & {"OPENQ", "CLOSEDQ"}


def test_waking_up_is_asked_about_in_any_tense(detector):
    """A wish not to have woken up is asked about suicide; choosing in a question is no grant of choice."""
    assert "SI_ASK" in codes(detector, "are there days when you wish you hadn't woken up")
    assert "AUTON" not in codes(detector, "say one thing went better which one would you choose")

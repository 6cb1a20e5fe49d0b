"""One line after a turn: what was heard, what it did, what may come next."""

import pytest

from simpatient.cli import common
from simpatient.grading.coach import MISHEARD, PLAIN, coach
from simpatient.model import Utterance, Word


@pytest.fixture(scope="module")
def engine():
    return common.engine("teen", 0)


def line(engine, text):
    turn, _ = engine.hear(engine.open()[1], Utterance(text))
    return coach(turn, engine.patient, engine.detector.pack)


def test_a_good_turn(engine):
    """Names the technique and the words, and what they did."""
    told = line(engine, "what would you like to get out of today")

    assert told.startswith("Helpful-visit question (“what would you like to get out")
    assert "reluctance fell by" in told and told.endswith(".")


def test_a_bad_turn(engine):
    """Names the misstep, what it did, and a better move; says nothing of the person."""
    told = line(engine, "what seems to be the problem")

    assert told.startswith("Problem-presuming opening (“what seems to be the problem”): reluctance rose by")
    assert told.endswith("Ask what would make the visit worth their while.")


def test_the_heavier_of_two_missteps(engine):
    """A treatment before any goal weighs more than a word of the clinic."""
    assert "before goals were agreed" in line(engine, "you need an antidepressant for your anhedonia")


@pytest.mark.parametrize(
    ("text", "says"), [("hm let me see", PLAIN), ("okay", "Facilitation (“okay”): nothing moved.")]
)
def test_other_turns(engine, text, says):
    """Kind where there was nothing to name."""
    assert line(engine, text).startswith(says)


def test_what_was_not_understood(engine):
    """Says how to be heard, and blames nobody."""
    words = tuple(Word(word, 0, 100, 0.1) for word in "you should go".split())
    turn, _ = engine.hear(engine.open()[1], Utterance("you should go", words))

    assert coach(turn, engine.patient, engine.detector.pack) == MISHEARD


def test_silence(engine):
    """A silence is named as one."""
    turn, _ = engine.silence(engine.open()[1], 15)

    assert "silence" in coach(turn, engine.patient, engine.detector.pack)


def test_it_is_short(engine):
    """Three lines of 80 at most, whatever was said."""
    long = (
        "you need an antidepressant because this is clearly depression and your mother says that you must take it " * 3
    )

    assert len(line(engine, long)) < 240

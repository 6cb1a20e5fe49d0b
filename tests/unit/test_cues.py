"""The pattern language of cues."""

import pytest

from simpatient.cues import CueError, compile_cue
from simpatient.text import uniform

LISTS = {"want": ("want", "like to")}


def finds(cue, text):
    line = uniform(text)
    return any(compile_cue(cue, LISTS).find(line, frozenset(line.split())))


@pytest.mark.parametrize(
    ("cue", "yes", "no"),
    [
        ("what would you like", "So what would you like?", "what would he like"),
        ("(help|be useful)", "that would be useful", "that would be used"),
        ("what [on earth] is", "what is it", "what was it"),
        ("good .. bad", "good or quite bad", "good a b c d bad"),
        ("good ... bad", "good a b c d e f bad", "good a b c d e f g h i bad"),
        ("worth*", "worthwhile then", "forthwith"),
        ("i <want> go", "i like to go", "i must go"),
        ("^ so $", "So.", "so what"),
    ],
)
def test_forms(cue, yes, no):
    """Each form of the language finds what it should and nothing else."""
    assert finds(cue, yes)
    assert not finds(cue, no)


@pytest.mark.parametrize("cue", ["(a|b", "a)", "<nolist> a", "... ..", "[a", "er", "[so]"])
def test_a_broken_cue_is_refused(cue):
    """A cue that breaks the language says so when it is compiled."""
    with pytest.raises(CueError):
        compile_cue(cue, LISTS)

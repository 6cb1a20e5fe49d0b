"""Uniform text: what is typed and what is heard meet the same cues."""

import pytest

from simpatient.text import content_words, tokens, uniform


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("What's the problem?", "what is the problem "),
        ("whats the the problem", "what is the problem "),
        ("I'd rather you didn't", "i would rather you did not "),
        ("um so, uh, how's school", "so how is school "),
        ("I kind of really just want that", "i want that "),
        ("your Mother's house", "your mum's house "),
        ("it's like, you know, hard", "it is like hard "),
        ("do you know what I mean", "do you know what i mean "),
        ("can’t", "can not "),
    ],
)
def test_uniform(given, expected):
    """Contractions are written out; fillers, softeners and restarts fall out."""
    assert uniform(given) == expected


def test_tokens_remember_their_place():
    """Every token points at the characters it came from, also after a contraction."""
    text = "So, what's UP?"

    found = [(t.text, text[t.start : t.end]) for t in tokens(text)]

    assert found == [("so", "So"), ("what", "what's"), ("is", "what's"), ("up", "UP")]


@pytest.mark.parametrize("text", ["", "   ", "🙂🙂", "…—?!", "\x00\x07", "здравствуйте"])
def test_odd_text_is_no_trouble(text):
    """Emptiness, emoji, control characters and other alphabets give tokens or none, never an error."""
    assert all(0 <= t.start < t.end <= len(text) for t in tokens(text))


def test_content_words_ignore_form():
    """Grammar words fall out and endings do not matter."""
    assert content_words("they are shouting again") & content_words("so the shouts")

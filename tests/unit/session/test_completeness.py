"""Whether a sentence can end where it stands, from words without punctuation."""

import pytest

from simpatient.session.completeness import is_backchannel, reading

READ = {
    "question": [
        "what would you like to change", "how are you", "who do you live with", "tell me more about that",
        "if you could change one thing what would it be", "have you thought about ending your life",
        "you don't sleep well do you", "let's talk about that", "what do you do", "is there anything else",
    ],
    "statement": [
        "it sounds like you are worn out", "you told me that your mother shouts",
        "so you want things to be different at home",
    ],
    "lead": ["i see", "okay", "hello i'm doctor carter", "thank you for telling me that",
             "i'd like to ask you a few questions"],
    "open": [
        "", "what would you like to", "it sounds like", "i was wondering if", "if you could change one thing",
        "when you wake up in the morning and the problem is gone", "tell me about", "can you", "how often",
        "that must be hard for you and", "and what would", "have you thought about", "i was wondering whether you",
        "do you have any thoughts of", "could i um", "i'd like to know how your",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "read"), [(text, read) for read, texts in READ.items() for text in texts])
def test_reading(text, read):
    """What the words are, if nothing came after them."""
    assert reading(text) == read


@pytest.mark.parametrize("text", ["mm-hmm", "Okay", "right yeah", "i see"])
def test_backchannels(text):
    """What a listener says without taking the turn."""
    assert is_backchannel(text)


@pytest.mark.parametrize("text", ["", "okay what then", "stop", "i see your point"])
def test_no_backchannels(text):
    """Anything more takes it, and no words say nothing."""
    assert not is_backchannel(text)

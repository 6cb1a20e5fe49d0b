"""Sound is kept only where somebody said so."""

import pytest

from simpatient.cli import common
from simpatient.cli.consent import consent


@pytest.mark.parametrize(
    ("typed", "keep", "terminal", "answer", "audio"),
    [
        (True, True, True, "y", False),
        (False, True, True, "never asked", True),
        (False, True, False, None, True),
        (False, False, False, "y", False),
        (False, False, True, "y", True),
        (False, False, True, " Yes ", True),
        (False, False, True, "", False),
        (False, False, True, "yeah sure", False),
        (False, False, True, None, False),
    ],
)
def test_only_a_clear_yes_is_one(monkeypatch, typed, keep, terminal, answer, audio):
    """By the option or at a terminal; an end of input, Enter and anything else are a no; typed there is no sound."""
    monkeypatch.setattr(common, "at_terminal", lambda: terminal)
    asked = []
    given = consent(typed, keep, 30, lambda question: asked.append(question) or answer)

    assert given.audio is audio
    assert given.event() == {"audio": audio, "why": given.why} | ({"retain_days": 30} if audio else {})
    assert len(asked) == (terminal and not typed and not keep)
    assert all("30 days" in question for question in asked)

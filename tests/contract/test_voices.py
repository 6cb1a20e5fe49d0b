"""The real voice and the fake one obey the same tests."""

from collections.abc import Iterator

import pytest

from simpatient.ports import Manner, Voice
from simpatient.ports.fakes import SilentVoice
from simpatient.ports.voice import SpokenVoice

SHORT = "Soccer."
LONG = "I lie there till three, four. Then I can't get up, then she starts, and that's the day gone."


@pytest.fixture(params=[SpokenVoice, SilentVoice])
def voice(request: pytest.FixtureRequest) -> Iterator[Voice]:
    voice = request.param()
    yield voice
    voice.close()


def test_sound(voice: Voice) -> None:
    """A line becomes mono int16 sound of a plausible length at a rate that sound cards know."""
    sound = voice.say(LONG, Manner())

    assert len(sound.data) % 2 == 0
    assert 8_000 <= sound.rate <= 48_000
    assert 2_000 < sound.milliseconds < 15_000


def test_longer_text(voice: Voice) -> None:
    """A longer text sounds longer."""
    assert voice.say(LONG, Manner()).milliseconds > voice.say(SHORT, Manner()).milliseconds


def test_slower_rate(voice: Voice) -> None:
    """The same text at fewer words a minute sounds longer."""
    assert voice.say(LONG, Manner(rate=110)).milliseconds > voice.say(LONG, Manner(rate=220)).milliseconds


@pytest.mark.parametrize("text", ["", "  ", "…", "?!", "—", "\n\t", "\x00"])
def test_nothing_to_speak(voice: Voice, text: str) -> None:
    """A text without letters or digits gives a short silence, not an error."""
    sound = voice.say(text, Manner())

    assert 0 < sound.milliseconds <= 1_000
    assert not any(sound.data)


def test_long_text(voice: Voice) -> None:
    """A text of 2500 bytes, in one sentence, is spoken to its end."""
    text = " ".join(["tired"] * 417)

    whole, half = voice.say(text, Manner()), voice.say(text[: len(text) // 2], Manner())

    assert len(text) > 2_500
    assert whole.milliseconds > 1.8 * half.milliseconds


@pytest.mark.parametrize("gender", ["female", "male", "any"])
def test_genders(voice: Voice, gender: str) -> None:
    """Every gender that a persona may state can be spoken."""
    assert voice.say(SHORT, Manner(gender=gender)).milliseconds > 100


def test_close_twice(voice: Voice) -> None:
    """Closing again does nothing, and so does closing a voice that never spoke."""
    voice.close()
    voice.close()

"""The shipped fakes."""

import pytest

from simpatient.ports import Manner, Pcm
from simpatient.ports.clock import SystemClock
from simpatient.ports.fakes import ManualClock, RecordingSpeaker, ScriptedRecogniser, SilentVoice


def test_scripted_recogniser() -> None:
    """Each text becomes one segment, whatever the sound; a text without words becomes none."""
    heard = list(ScriptedRecogniser(["tell me more", " ", "yes"]).listen([]))

    assert [segment.text for segment in heard] == ["tell me more", "yes"]


def test_silent_voice() -> None:
    """Ten words at 100 a minute are six seconds of silence."""
    sound = SilentVoice().say("one two three four five six seven eight nine ten", Manner(rate=100))

    assert sound.milliseconds == 6_000
    assert not any(sound.data)


def test_recording_speaker() -> None:
    """What was played is kept, in order."""
    speaker, sounds = RecordingSpeaker(), [Pcm(b"\1\0", 16_000), Pcm(b"\2\0", 16_000)]

    for sound in sounds:
        speaker.play(sound)

    assert speaker.played == sounds


def test_manual_clock() -> None:
    """It moves when it is told to, and never back."""
    clock = ManualClock()
    clock.advance(250)

    assert clock.now_ms() == 250
    with pytest.raises(ValueError, match="-1 ms"):
        clock.advance(-1)


def test_system_clock() -> None:
    """It never goes back."""
    clock = SystemClock()

    assert clock.now_ms() <= clock.now_ms()

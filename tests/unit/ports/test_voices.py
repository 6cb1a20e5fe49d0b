"""One voice or two, by pitch: tones and drawn runs of speech with known answers."""

import math
import random

import numpy
import pytest

from simpatient.ports import BLOCK, RATE
from simpatient.ports.voices import Two, Voices, pitches, runs, two


def buzz(hertz, seconds, loudness=0.2):
    """A voice-like sound: a fundamental with its overtones, the first one weak."""
    t = numpy.arange(int(seconds * RATE)) / RATE
    wave = sum(numpy.sin(2 * math.pi * hertz * k * t) / (k if k > 1 else 2) for k in range(1, 9))
    return (loudness * wave / numpy.abs(wave).max() * 32_767).astype("<i2").tobytes()


def blocks(sound):
    return [sound[i : i + 2 * BLOCK] for i in range(0, len(sound), 2 * BLOCK)]


def pause(seconds):
    return bytes(2 * int(seconds * RATE))


@pytest.mark.parametrize("hertz", [80, 110, 150, 220, 300])
def test_the_pitch_is_found(hertz):
    """To a third of a semitone, the octave right."""
    found = pitches(buzz(hertz, 1.0))[1:-2]

    assert len(found) == 17
    assert all(abs(12 * math.log2(f / hertz)) < 0.35 for f in found)


@pytest.mark.parametrize(
    "sound", [pause(1), numpy.random.default_rng(2).normal(0, 2_000, RATE).astype("<i2").tobytes()]
)
def test_silence_and_noise_have_no_pitch(sound):
    """Neither is a voice."""
    assert sum(f > 0 for f in pitches(sound)) <= 1


def test_sound_passes_unchanged():
    """What goes in comes out, block for block."""
    given = blocks(buzz(120, 2.05) + b"\x01\x00\x02\x00")

    assert list(Voices(given)) == given


def turns(*pitched):
    return b"".join(buzz(hertz, 0.8) + pause(0.8) for hertz in pitched)


def test_two_voices_that_take_turns():
    """A man's and a woman's pitch in alternation are two voices."""
    voices = Voices(blocks(turns(105, 200, 110, 210, 102, 195, 108, 205)))
    list(voices)

    assert voices.two() == Two(pytest.approx(106, abs=2), pytest.approx(202, abs=3), 7)


@pytest.mark.parametrize(
    "pitched",
    [
        (105, 112, 98, 108, 118, 101, 95, 110),  # one person
        (105, 108, 103, 106, 200, 204, 198, 202),  # never in turns: the high one may be a film that is shown
        (105, 110, 102, 108, 200),  # one high run
        (105, 200),
        (),
    ],
)
def test_no_two_voices(pitched):
    """Too near, too few, or one after the other."""
    voices = Voices(blocks(turns(*pitched)))
    list(voices)

    assert voices.two() is None


def drawn(chance, means, spread, count=40):
    return [(chance.gauss(means[n % len(means)], spread), chance.randint(6, 60)) for n in range(count)]


def test_one_lively_voice_is_hardly_ever_accused():
    """Runs of one person, spread by 2 or 3 semitones as in lively speech: at most one recording in a hundred."""
    chance = random.Random(3)

    accused = sum(two(drawn(chance, (10.0,), spread)) is not None for spread in (2.0, 3.0) for _ in range(300))

    assert accused <= 6


def test_two_lively_voices_far_apart_are_mostly_heard():
    """An octave apart, each spread by a semitone and a half."""
    chance = random.Random(4)

    assert sum(two(drawn(chance, (8.0, 20.0), 1.5)) is not None for _ in range(200)) >= 180


def test_a_short_sound_between_long_pauses_is_no_run():
    """A cough is not speech."""
    assert runs([0.0] * 10 + [150.0] * 3 + [0.0] * 10) == []
    assert [n for _, n in runs([150.0] * 8 + [0.0] * 3 + [150.0] * 8 + [0.0] * 9 + [150.0] * 7)] == [16, 7]

"""An echo is told from another voice."""

import numpy
import pytest

from simpatient.ports import RATE
from simpatient.session.echo import OWN, likeness


def syllables(seed, seconds=2.0):
    at = numpy.arange(round(seconds * RATE)) / RATE
    noise = numpy.random.default_rng(seed).standard_normal(len(at))
    hum = sum(numpy.sin(2 * numpy.pi * (110 + 7 * seed) * k * at) / k for k in range(1, 12))
    return (noise * 0.3 + hum) * 3_000 * (0.6 + 0.4 * numpy.sin(2 * numpy.pi * (4 + seed / 3) * at))


def pcm(samples):
    return samples.clip(-32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("gain", [1.0, 0.1])
@pytest.mark.parametrize("late_ms", [0, 80, 400])
def test_echo(gain, late_ms):
    """However soft and late, in a room that answers, and with noise."""
    played = syllables(1)
    room = numpy.zeros(RATE // 10)
    room[0], room[300], room[900], room[1_500] = 1.0, 0.5, 0.3, 0.2
    heard = (
        numpy.convolve(played, room)[: len(played)] * gain
        + numpy.random.default_rng(3).standard_normal(len(played)) * 30
    )
    first = RATE // 2
    window = numpy.concatenate([numpy.zeros(late_ms * RATE // 1000), heard])[first : first + RATE * 64 // 100]

    assert likeness(pcm(window), pcm(played)) > OWN


@pytest.mark.parametrize("seed", range(2, 8))
def test_another_voice(seed):
    """Two voices share no phase."""
    assert likeness(pcm(syllables(seed)[: RATE * 64 // 100]), pcm(syllables(1))) < OWN


def test_silence():
    """Of nothing nothing can be said."""
    assert likeness(bytes(2 * RATE), pcm(syllables(1))) == 0

"""The sound of the bells: told apart by strokes and pitch, with a volume of their own."""

import numpy
import pytest

from simpatient.ports import RATE
from simpatient.ports.bells import STROKES, bell


def samples(name, volume=0.5):
    return numpy.frombuffer(bell(name, volume).data, "<i2").astype(float)


@pytest.mark.parametrize("name", STROKES)
def test_strokes(name):
    """A bell is struck as often as its name says, at those moments."""
    sound = abs(samples(name))
    size = RATE // 100
    loud = sound[: len(sound) // size * size].reshape(-1, size).max(axis=1)
    struck = [i for i in range(len(loud)) if loud[i] > 1.3 * (loud[i - 1] if i else 0) and loud[i] > 0.5 * loud.max()]

    assert [round(i / 100, 1) for i in struck] == pytest.approx(STROKES[name], abs=0.06)


@pytest.mark.parametrize("volume", [0.0, 0.25, 1.0])
def test_volume(volume):
    """Of full scale, never beyond."""
    assert abs(samples("stop", volume)).max() == pytest.approx(volume * 32_767, abs=1)


def test_a_warning_is_higher_than_the_end():
    """A fifth, so that nobody takes it for the last bell."""
    pitches = [
        abs(numpy.fft.rfft(samples(name)[: RATE // 4])).argmax() * 4 for name in ("stop", "warning")
    ]  # fmt: skip

    assert pitches[1] / pitches[0] == pytest.approx(1.5, abs=0.02)

"""What the doctor measures, on sounds that are known."""

import numpy
import pytest

from simpatient.cli.doctor import Found, attempted, delay, disk
from simpatient.errors import DataError, DeviceError
from simpatient.ports import RATE
from simpatient.ports.sound import level_db


def noise(seconds, seed=1, size=3000):
    return (numpy.random.default_rng(seed).standard_normal(int(seconds * RATE)) * size).astype("<i2")


@pytest.mark.parametrize("late_ms", [0, 37, 250])
@pytest.mark.parametrize("gain", [1.0, -0.2])
def test_the_delay_is_found_in_noise(late_ms, gain):
    """However soft, and with the loudspeaker's poles exchanged."""
    said = noise(1.0)
    heard = noise(2.0, seed=2, size=150).astype(float)
    start = late_ms * RATE // 1000
    heard[start : start + len(said)] += gain * said

    late, alike = delay(said.tobytes(), heard.astype("<i2").tobytes())

    assert abs(late - late_ms) <= 1
    assert alike > 0.8


def test_another_sound_is_not_taken_for_it():
    assert delay(noise(1.0).tobytes(), noise(2.0, seed=2).tobytes())[1] < 0.3
    assert delay(noise(1.0).tobytes(), bytes(4 * RATE)) == (0, 0.0)
    assert delay(noise(1.0).tobytes(), b"") == (0, 0.0)


def test_levels():
    tone = (16_384 * numpy.sin(numpy.arange(RATE))).astype("<i2").tobytes()
    assert level_db(tone) == pytest.approx(-9.0, abs=0.1)
    assert level_db(bytes(100)) == level_db(b"") == -96


def test_an_error_becomes_a_finding_with_its_remedy():
    def broken(error):
        raise error

    found = attempted("microphone", lambda: broken(DeviceError("no microphone: none was found; connect one")))
    assert found == Found("microphone", "no microphone: none was found", "connect one", missing=True)
    assert not attempted("station", lambda: broken(DataError("x:1: y"))).missing


def test_a_folder_that_cannot_be_used(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMPATIENT_DATA", str(tmp_path))
    assert str(tmp_path) in disk().told

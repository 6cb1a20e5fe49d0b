"""Sound of a device in, blocks of the program out, and the other way round. No device is known here."""

import math
from typing import TYPE_CHECKING

from simpatient.ports import RATE, Pcm

if TYPE_CHECKING:
    from numpy import int16
    from numpy.typing import NDArray

DUCKED = 0.2
"""Loudness while the learner seems to interrupt: -14 dB."""
FADE = 0.012
"""Seconds in which a sound that is stopped dies away; at once would be a click."""


class Blocks:
    """From a device's rate and channels to blocks at RATE."""

    def __init__(self, rate: int, channels: int, frames: int) -> None:
        import soxr  # type: ignore[import-untyped]

        self._channels = channels
        self._size = 2 * frames
        self._resampler = soxr.ResampleStream(rate, RATE, 1, dtype="int16")
        self._data = bytearray()

    def feed(self, raw: bytes) -> None:
        mono = samples(raw)
        if self._channels > 1:
            mono = mono.reshape(-1, self._channels).mean(axis=1).astype("<i2")
        self._data += self._resampler.resample_chunk(mono).tobytes()

    def take(self) -> bytes | None:
        if len(self._data) < self._size:
            return None
        block = bytes(self._data[: self._size])
        del self._data[: self._size]
        return block


class Playing:
    """One sound on its way to a device, as bytes of the device. `fill` is called by another thread, and never waits."""

    def __init__(self, data: bytes, rate: int, channels: int, latency_s: float) -> None:
        self._data = data
        self._frame = 2 * channels
        self._rate = rate
        self._latency = round(latency_s * rate) * self._frame
        self._at = 0
        self._end = len(data)
        self._gain = self._wanted = 1.0

    @property
    def busy(self) -> bool:
        """Its last sample is not in the air yet."""
        return self._at < self._end + self._latency

    @property
    def played_ms(self) -> int:
        return max(0, min(self._at - self._latency, self._end)) // self._frame * 1000 // self._rate

    def duck(self, on: bool) -> None:
        self._wanted = DUCKED if on else 1.0

    def stop(self) -> None:
        self._wanted = 0.0

    def fill(self, size: int) -> bytes:
        part = self._data[self._at : min(self._at + size, self._end)]
        self._at += size
        if (self._gain, self._wanted) != (1.0, 1.0) and part:
            part = self._scaled(part)
        return part + bytes(size - len(part))

    def _scaled(self, part: bytes) -> bytes:
        """With a gain that moves to the wanted one within FADE; a sound that has died away ends here."""
        import numpy

        frames = samples(part).reshape(-1, self._frame // 2)
        ramp = numpy.linspace(self._gain, self._wanted, min(len(frames), round(FADE * self._rate)))
        gains = numpy.full(len(frames), self._wanted)
        gains[: len(ramp)] = ramp
        self._gain = self._wanted
        if not self._wanted:
            self._end = min(self._end, self._at)
        scaled: bytes = (frames * gains[:, None]).astype("<i2").tobytes()
        return scaled


def to_device(sound: Pcm, rate: int, channels: int) -> bytes:
    """The sound at a device's rate, on all its channels."""
    import soxr

    mono = samples(sound.data)
    if sound.rate != rate:
        mono = soxr.resample(mono, sound.rate, rate)
    return mono.repeat(channels).tobytes()


def samples(data: bytes) -> "NDArray[int16]":
    import numpy

    return numpy.frombuffer(data, dtype="<i2")


def level_db(block: bytes) -> float:
    """Root mean square of int16 samples, in decibels below full scale; -96 of digital silence."""
    import numpy

    heard = samples(block).astype(numpy.float32)
    mean = float(numpy.dot(heard, heard)) / max(1, len(heard))
    return 10 * math.log10(mean) - 90.3 if mean > 0.25 else -96.0

"""Takes the noise of a room out of a voice, for a recogniser that has learned from clean voices only.

A small network (training/quiet.py) says for each 10 ms and each of 48 mel bands how much of the power is a voice's. It
sees the spectrum beside a slow estimate of the room's noise, and 60 ms ahead. In numpy, at a twentieth of the sound's
time; nothing runs in a quiet room.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

from simpatient.ports import RATE

FILE = Path(__file__).with_name("quiet.npz")
SIZE, HOP, BANDS = 512, 160, 48
"""Samples of a frame and between two; mel bands from 40 Hz to half of RATE."""
CONTEXT = ((1, 2), (2, 4), (4, 0), (8, 0), (1, 0), (2, 0), (4, 0), (12, 0))
"""Of each layer: frames between its five taps, and how many frames it looks ahead."""
AHEAD = sum(ahead for _, ahead in CONTEXT)
LAG = AHEAD * HOP + SIZE - HOP
"""Samples by which what comes out is later than what goes in: 82 ms."""
DEEPEST = -7.0
"""Natural logarithm of power: a voice that is taken away wholly sounds worse to a recogniser than a little noise."""
COMFORT = 0.0005
"""Root mean square, of full scale, of the even noise that is left."""
FALL, RISE = 0.08, 0.012
"""How quickly the estimate of the noise follows the spectrum down and up."""

Floats = NDArray[Any]
WINDOW: Floats = numpy.sqrt(numpy.hanning(SIZE + 1)[:SIZE]).astype(numpy.float32)


def bands() -> Floats:
    """(BANDS, SIZE // 2 + 1): the network's."""
    return triangles(BANDS, 40.0, RATE / 2)


@cache
def triangles(count: int, low: float, high: float) -> Floats:
    """(count, SIZE // 2 + 1): mel bands between two frequencies in hertz."""
    top = 2595 * numpy.log10(1 + numpy.array([low, high]) / 700)
    edges = 700 * (10 ** (numpy.linspace(top[0], top[1], count + 2) / 2595) - 1)
    hertz = numpy.arange(SIZE // 2 + 1) * RATE / SIZE
    found = numpy.zeros((count, len(hertz)), numpy.float32)
    for band, (low, middle, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        up, down = (hertz - low) / max(middle - low, 1), (high - hertz) / max(high - middle, 1)
        found[band] = numpy.maximum(0, numpy.minimum(up, down))
        if found[band].sum() < 1e-3:
            found[band, numpy.argmin(abs(hertz - middle))] = 1
    return found


@cache
def spread() -> Floats:
    """(BANDS, SIZE // 2 + 1): how much of each band's gain a bin takes."""
    found: Floats = bands() / (bands().sum(0, keepdims=True) + 1e-6)
    return found


@cache
def _overlap() -> Floats:
    """(HOP,): what the squared windows of overlapping frames add up to."""
    squares = numpy.zeros(SIZE + HOP * (SIZE // HOP + 1))
    for at in range(0, len(squares) - SIZE + 1, HOP):
        squares[at : at + SIZE] += WINDOW**2
    return squares[SIZE - HOP : SIZE].astype(numpy.float32)


def seen(spectra: Any, room: Floats | None = None) -> tuple[Floats, Floats]:
    """What the network sees of (..., frames, bins), and the room's noise at the end, to go on with.

    The spectrum over the room's noise, and that noise; logarithms of power.
    """
    power = numpy.log(abs(spectra) ** 2 * (4 / SIZE) + 1e-7)
    room = power[..., 0, :] if room is None else room
    rooms = numpy.empty_like(power)
    for i in range(power.shape[-2]):
        now = power[..., i, :]
        room = room + numpy.where(now < room, FALL, RISE) * (now - room)
        rooms[..., i, :] = room
    return numpy.concatenate([(power - rooms) / 3, (rooms + 9) / 4], axis=-1).astype(numpy.float32), room


@cache
def _weights() -> dict[str, Floats]:
    with numpy.load(FILE) as file:
        return {name: file[name].astype(numpy.float32) for name in file.files}


class Quieter:
    """For one stretch of sound."""

    def __init__(self) -> None:
        self._weights = _weights()
        width = len(self._weights["in.bias"])
        self._before = numpy.zeros(SIZE - HOP, numpy.float32)
        self._rest = numpy.zeros(0, numpy.float32)
        self._room: Floats | None = None
        self._caches = [numpy.zeros((4 * apart, width), numpy.float32) for apart, _ in CONTEXT]
        self._spectra: Any = numpy.zeros((AHEAD, SIZE // 2 + 1), numpy.complex64)
        self._tail = numpy.zeros(SIZE, numpy.float32)
        self._skip = LAG
        self._comfort = numpy.random.default_rng(0)

    def hear(self, data: bytes) -> bytes:
        """int16 at RATE in; the same, quieter and LAG samples later, out. Its beginning is that of the sound."""
        came = numpy.frombuffer(data, "<i2").astype(numpy.float32) / 32_768
        sound = numpy.concatenate([self._rest, came])
        count = len(sound) // HOP
        self._rest = sound[count * HOP :]
        if not count:
            return b""
        whole = numpy.concatenate([self._before, sound[: count * HOP]])
        self._before = whole[count * HOP :]
        frames = numpy.lib.stride_tricks.sliding_window_view(whole, SIZE)[::HOP]
        quiet = self._put_together(self._quietened(numpy.fft.rfft(frames * WINDOW).astype(numpy.complex64)))
        quiet += COMFORT * self._comfort.standard_normal(len(quiet), numpy.float32)
        skipped, self._skip = quiet[self._skip :], max(0, self._skip - len(quiet))
        return (skipped.clip(-1, 1) * 32_767).astype("<i2").tobytes()

    def _quietened(self, spectra: Any) -> Any:
        """Of AHEAD frames before."""
        view, self._room = seen(spectra, self._room)
        gains = numpy.exp(0.5 * numpy.maximum(DEEPEST, self._gains(view))) @ spread()
        waiting = numpy.concatenate([self._spectra, spectra])
        self._spectra = waiting[len(spectra) :]
        return waiting[: len(spectra)] * gains

    def _gains(self, view: Floats) -> Floats:
        """Logarithms of power, by which each band is to be lowered; each layer is as late as it looks ahead."""
        w, count = self._weights, len(view)
        x = view @ w["in.weight"] + w["in.bias"]
        for layer, (apart, ahead) in enumerate(CONTEXT):
            known = numpy.concatenate([self._caches[layer], x])
            self._caches[layer] = known[count:]
            taps = numpy.concatenate([known[k * apart : k * apart + count] for k in range(5)], axis=1)
            new = _gelu(taps @ w[f"{layer}.taps"] + w[f"{layer}.bias"]) @ w[f"{layer}.out"] + w[f"{layer}.last"]
            x = known[4 * apart - ahead : 4 * apart - ahead + count] + new
        open_by: Floats = _gelu(x) @ w["out.weight"] + w["out.bias"]
        return -2 * numpy.logaddexp(0, -open_by)

    def _put_together(self, spectra: Any) -> Floats:
        """Overlapping frames added to HOP samples each."""
        frames = numpy.fft.irfft(spectra, SIZE).astype(numpy.float32) * WINDOW
        done = []
        for frame in frames:
            self._tail = self._tail + frame
            done.append(self._tail[:HOP] / _overlap())
            self._tail = numpy.concatenate([self._tail[HOP:], numpy.zeros(HOP, numpy.float32)])
        return numpy.concatenate(done)


def _gelu(x: Floats) -> Floats:
    """Hendrycks and Gimpel's, by the hyperbolic tangent."""
    bent: Floats = 0.5 * x * (1 + numpy.tanh(0.7978846 * (x + 0.044715 * x**3)))
    return bent

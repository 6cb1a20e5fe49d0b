"""Takes the noise of a room out of what pocketsphinx sees of a voice, for it has learned from clean voices only.

A small network (training/quiet.py) says for each 10 ms and each of 48 mel bands how much of the power is a voice's, and
by how much the cepstra of that power differ from those by which pocketsphinx's acoustic model knows the sound. It sees
the spectrum beside a slow estimate of the room's noise, and 140 ms ahead. In numpy, at a twentieth of the sound's time;
nothing runs in a quiet room.
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
CONTEXT = ((1, 2), (2, 4), (4, 0), (8, 0), (1, 0), (2, 0), (4, 0), (12, 0), (4, 8))
"""Of each layer: frames between its five taps, and how many frames it looks ahead."""
AHEAD = sum(ahead for _, ahead in CONTEXT)
LATE = 2
"""Frames from pocketsphinx's, which begins at the same multiple of HOP, to ours in the middle of the same sound."""
LAG = (AHEAD + LATE) * HOP
"""Samples by which what comes out is later than what goes in: 160 ms."""
FILTERS, LOW, HIGH, CEPSTRA, LIFTER, EMPHASIS = 25, 130.0, 6_800.0, 13, 22, 0.97
"""How pocketsphinx's English model sees sound: its feat.params."""
COMFORT = 0.0005
"""Root mean square, of full scale, of the even noise that is taken to be left: silence is no sound that it knows."""
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
def cosines() -> Floats:
    """(CEPSTRA, FILTERS): from logarithms of the filters' power to cepstra, as fe_dct2 of pocketsphinx, liftered."""
    k = numpy.arange(CEPSTRA)[:, None]
    found = numpy.cos(numpy.pi / FILTERS * k * (numpy.arange(FILTERS) + 0.5)) * (2 / FILTERS) ** 0.5
    found[0] /= 2**0.5
    liftered: Floats = (found * (1 + LIFTER / 2 * numpy.sin(numpy.pi * k / LIFTER))).astype(numpy.float32)
    return liftered


@cache
def filters() -> tuple[Floats, Floats]:
    """(FILTERS, SIZE // 2 + 1), with the emphasis of high sounds; and (FILTERS,), the power of COMFORT in each."""
    hertz = numpy.arange(SIZE // 2 + 1) * (2 * numpy.pi / SIZE)
    found = triangles(FILTERS, LOW, HIGH) * (1 + EMPHASIS**2 - 2 * EMPHASIS * numpy.cos(hertz))
    return found.astype(numpy.float32), (found.sum(1) * COMFORT**2 * (WINDOW**2).sum()).astype(numpy.float32)


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
        self._power: Floats = numpy.zeros((AHEAD, SIZE // 2 + 1), numpy.float32)
        self._skip = AHEAD + LATE

    def hear(self, data: bytes) -> tuple[Floats, Floats]:
        """int16 at RATE in; (frames, CEPSTRA) out, and (frames, 2), the power that came and that of the voice.

        Frame i is that of pocketsphinx, from sample i * HOP; it comes with the sound LAG samples later.
        """
        came = numpy.frombuffer(data, "<i2").astype(numpy.float32) / 32_768
        sound = numpy.concatenate([self._rest, came])
        count = len(sound) // HOP
        self._rest = sound[count * HOP :]
        if not count:
            return numpy.zeros((0, CEPSTRA), numpy.float32), numpy.zeros((0, 2), numpy.float32)
        whole = numpy.concatenate([self._before, sound[: count * HOP]])
        self._before = whole[count * HOP :]
        frames = numpy.lib.stride_tricks.sliding_window_view(whole, SIZE)[::HOP]
        cepstra, power = self._quietened(numpy.fft.rfft(frames * WINDOW).astype(numpy.complex64))
        skipped, self._skip = self._skip, max(0, self._skip - count)
        return cepstra[skipped:], power[skipped:]

    def _quietened(self, spectra: Any) -> tuple[Floats, Floats]:
        """Of AHEAD frames before."""
        view, self._room = seen(spectra, self._room)
        lowered, known_by = self._told(view)
        waiting = numpy.concatenate([self._power, abs(spectra) ** 2])
        self._power = waiting[len(spectra) :]
        came = waiting[: len(spectra)]
        left = came * (numpy.exp(0.5 * lowered) @ spread()) ** 2
        by, comfort = filters()
        cepstra = numpy.log(left @ by.T + comfort) @ cosines().T + known_by
        return cepstra.astype(numpy.float32), numpy.stack([came.sum(1), left.sum(1)], 1)

    def _told(self, view: Floats) -> tuple[Floats, Floats]:
        """Logarithms of power, by which each band is to be lowered, and what is added to the cepstra.

        Each layer is as late as it looks ahead.
        """
        w, count = self._weights, len(view)
        x = view @ w["in.weight"] + w["in.bias"]
        for layer, (apart, ahead) in enumerate(CONTEXT):
            known = numpy.concatenate([self._caches[layer], x])
            self._caches[layer] = known[count:]
            taps = numpy.concatenate([known[k * apart : k * apart + count] for k in range(5)], axis=1)
            new = _gelu(taps @ w[f"{layer}.taps"] + w[f"{layer}.bias"]) @ w[f"{layer}.out"] + w[f"{layer}.last"]
            x = known[4 * apart - ahead : 4 * apart - ahead + count] + new
        x = _gelu(x)
        return -2 * numpy.logaddexp(0, -(x @ w["out.weight"] + w["out.bias"])), x @ w["cep.weight"] + w["cep.bias"]


def _gelu(x: Floats) -> Floats:
    """Hendrycks and Gimpel's, by the hyperbolic tangent."""
    bent: Floats = 0.5 * x * (1 + numpy.tanh(0.7978846 * (x + 0.044715 * x**3)))
    return bent

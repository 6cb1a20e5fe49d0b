"""Whether one voice or two speak in a mono recording, told by pitch alone; nothing is recognised and nobody identified.

The pitch (autocorrelation, every 50 ms) of each run of speech is its median. Two voices are suspected where the runs
fall into a low and a high group that are far apart (5 semitones), each narrow against that distance (4 standard
deviations), each with a fair share of the talk, and where the groups take turns. One person's runs do not: whoever
speaks high here and low there leaves the middle full. The rule is made to accuse rarely: two voices of like pitch pass
unnoticed (docs/grading.md gives the figures).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from simpatient.ports import RATE

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Samples = NDArray[numpy.float32]

LOWEST, HIGHEST = 65, 400
"""Hertz of a speaking voice."""
HOP, FRAME = 200, 256
"""Samples at DOWN: a look every 50 ms, 64 ms long."""
DOWN = 4_000
"""Hertz that are enough for a pitch."""
PERIODIC, LOUD = 0.6, 0.003
"""Autocorrelation, and root mean square of full scale, from which a frame is voiced."""
PAUSE, SHORTEST = 6, 6
"""Frames without a voice that end a run; voiced frames that a run needs."""
APART, NARROW = 5.0, 4.0
"""Semitones between the two groups; their distance in standard deviations within them."""
RUNS, SHARE, SWAPS = 3, 0.12, 3
"""Of each group: runs at least, and share of the voiced time; times that the groups take turns."""
AT_ONCE = 100
"""Blocks looked at together."""


@dataclass(frozen=True)
class Two:
    """Two voices that take turns."""

    low_hz: int
    high_hz: int
    swaps: int


class Voices:
    """Passes blocks on and listens for the pitch meanwhile. Keeps a number a frame, never the sound."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._pitches: list[float] = []

    def __iter__(self) -> Iterator[bytes]:
        waiting: list[bytes] = []
        for block in self._blocks:
            yield block
            waiting.append(block)
            if len(waiting) == AT_ONCE:
                self._pitches += pitches(b"".join(waiting))
                waiting.clear()
        self._pitches += pitches(b"".join(waiting))

    def two(self) -> Two | None:
        """Whether two voices took turns so far."""
        return two(runs(self._pitches))


def pitches(sound: bytes) -> list[float]:
    """Hertz of each frame, 0 where there is no voice."""
    import numpy

    step = RATE // DOWN
    samples = numpy.frombuffer(sound, "<i2").astype("float32") / 32_768
    low = samples[: len(samples) // step * step].reshape(-1, step).mean(axis=1)
    count = len(low) // HOP
    if not count or not low.any():
        return [0.0] * count
    padded = numpy.pad(low, (0, FRAME))
    every = numpy.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP][:count]
    loud = numpy.flatnonzero(every.std(axis=1) >= LOUD)
    if not len(loud):
        return [0.0] * count
    frames = every[loud] - every[loud].mean(axis=1, keepdims=True)
    likeness = _autocorrelation(frames)
    first, last = DOWN // HIGHEST, DOWN // LOWEST
    inside = likeness[:, first : last + 1]
    best = inside.max(axis=1)
    # The shortest period that is nearly as good: multiples of it are good, too.
    near = (inside >= 0.9 * best[:, None]) & _peaks(likeness)[:, first : last + 1]
    lag = numpy.where(near.any(axis=1), near.argmax(axis=1), inside.argmax(axis=1)) + first
    exact = DOWN / (lag + _between(likeness, lag))
    found = numpy.zeros(count)
    found[loud] = numpy.where(best >= PERIODIC, exact, 0.0)
    hertz: list[float] = found.tolist()
    return hertz


def _autocorrelation(frames: "Samples") -> "Samples":
    """Normalised, and made up for the part of the frame that a lag leaves out."""
    import numpy

    spectrum = numpy.fft.rfft(frames, 2 * FRAME, axis=1)
    raw = numpy.fft.irfft(spectrum.real**2 + spectrum.imag**2, axis=1)[:, :FRAME]
    left = 1 - numpy.arange(FRAME) / FRAME
    energy = numpy.maximum(raw[:, :1], 1e-9)
    normal: Samples = (raw / energy / numpy.maximum(left, 0.2)).astype("float32")
    return normal


def _peaks(likeness: "Samples") -> "NDArray[numpy.bool_]":
    import numpy

    peaks = numpy.zeros(likeness.shape, bool)
    middle = likeness[:, 1:-1]
    peaks[:, 1:-1] = (middle >= likeness[:, :-2]) & (middle >= likeness[:, 2:])
    return peaks


def _between(likeness: "Samples", lag: "NDArray[numpy.intp]") -> "Samples":
    """The peak between the samples, by a parabola."""
    import numpy

    rows = numpy.arange(len(lag))
    before, here, after = (likeness[rows, lag + d] for d in (-1, 0, 1))
    curve = before - 2 * here + after
    shift = numpy.where(numpy.abs(curve) > 1e-6, 0.5 * (before - after) / numpy.where(curve == 0, 1, curve), 0.0)
    clipped: Samples = numpy.clip(shift, -0.5, 0.5)
    return clipped


def runs(found: list[float]) -> list[tuple[float, int]]:
    """Each run of speech as its median pitch in semitones above LOWEST, and its voiced frames."""
    from math import log2
    from statistics import median

    done: list[tuple[float, int]] = []
    run: list[float] = []
    quiet = 0
    for hertz in [*found, *[0.0] * PAUSE]:
        quiet = 0 if hertz else quiet + 1
        if hertz:
            run.append(12 * log2(hertz / LOWEST))
        elif quiet == PAUSE:
            if len(run) >= SHORTEST:
                done.append((median(run), len(run)))
            run = []
    return done


def two(found: list[tuple[float, int]]) -> Two | None:
    """The best cut into a low and a high group, if it passes every bar."""
    order = sorted(found)
    total = sum(n for _, n in order)
    best: tuple[float, int] | None = None
    for cut in range(RUNS, len(order) - RUNS + 1):
        spread = _squares(order[:cut]) + _squares(order[cut:])
        if best is None or spread < best[0]:
            best = (spread, cut)
    if best is None:
        return None
    spread, cut = best
    low, high = _mean(order[:cut]), _mean(order[cut:])
    border = (order[cut - 1][0] + order[cut][0]) / 2
    above = [pitch > border for pitch, _ in found]
    swaps = sum(a != b for a, b in pairwise(above))
    least = min(sum(n for _, n in part) for part in (order[:cut], order[cut:]))
    deviation = max((spread / total) ** 0.5, 0.25)
    if high - low < APART or high - low < NARROW * deviation or least < SHARE * total or swaps < SWAPS:
        return None
    return Two(round(LOWEST * 2 ** (low / 12)), round(LOWEST * 2 ** (high / 12)), swaps)


def _mean(part: list[tuple[float, int]]) -> float:
    return sum(pitch * n for pitch, n in part) / sum(n for _, n in part)


def _squares(part: list[tuple[float, int]]) -> float:
    mean = _mean(part)
    return sum(n * (pitch - mean) ** 2 for pitch, n in part)

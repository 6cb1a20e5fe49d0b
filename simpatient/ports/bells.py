"""The sound of the station's bells: struck bells, made from sines, so that no recording is needed.

Each bell has its own number of strokes, and each has a text beside it: nobody needs to hear to know what it says.
"""

from simpatient.ports import RATE, Pcm

PITCH = 1_046.5
"""Hertz of the bell's own note (c''')."""
PARTIALS = ((1.0, 1.0, 0.9), (2.0, 0.5, 0.55), (2.76, 0.35, 0.4), (4.07, 0.2, 0.25))
"""(times PITCH, strength, seconds until it has fallen to a third) of each partial of a struck bell."""
STROKES = {"read": (0.0,), "start": (0.0, 0.35), "warning": (0.0,), "stop": (0.0, 0.3, 0.6), "close": (0.0, 0.6)}
"""Seconds at which the bell is struck."""
HIGHER = {"warning": 1.5}
"""A warning rings a fifth higher, so that it is never taken for the end."""
RING_S = 1.4
"""Seconds that a stroke rings on."""


def bell(name: str, volume: float = 0.5) -> Pcm:
    """The sound of a bell; `volume` from 0 to 1 is its own and changes nothing else that is played."""
    import numpy

    strokes = STROKES[name]
    at = numpy.arange(round(RING_S * RATE)) / RATE
    one = sum(
        strength * numpy.exp(-at / fall) * numpy.sin(2 * numpy.pi * PITCH * HIGHER.get(name, 1.0) * times * at)
        for times, strength, fall in PARTIALS
    )
    fade = numpy.minimum(1.0, (RING_S - at) / 0.05)
    whole = numpy.zeros(len(at) + round(strokes[-1] * RATE))
    for stroke in strokes:
        first = round(stroke * RATE)
        whole[first : first + len(at)] += one * fade
    loudest = float(abs(whole).max())
    return Pcm((whole / loudest * volume * 32_767).astype("<i2").tobytes(), RATE)

"""Does the microphone hear the loudspeaker? Tells the patient's own voice from a learner's. Pure.

Two sounds of which one is the other's echo, however soft, reverberant or late, share their phases: their whitened
cross-correlation (PHAT, Knapp & Carter 1976) has one peak that stands out. Two voices share none.
"""

WINDOW_MS = 640
"""Of the microphone that is compared."""
REACH_MS = 1_800
"""Of the loudspeaker that it is compared with: the longest way through both devices."""
OWN = 9.0
"""Peak over root mean square from which it is an echo. Chance gives about 4.5, an echo 15 and more."""


def likeness(heard: bytes, played: bytes) -> float:
    """How far the peak stands out of the correlation; 0 of silence. Both int16 at one rate."""
    import numpy

    a = numpy.frombuffer(heard, "<i2").astype(numpy.float32)
    b = numpy.frombuffer(played, "<i2").astype(numpy.float32)
    if not a.any() or not b.any():
        return 0.0
    size = 1 << (len(a) + len(b) - 1).bit_length()
    cross = numpy.fft.rfft(a, size) * numpy.conj(numpy.fft.rfft(b, size))
    power = numpy.abs(cross)
    useful = power > 1e-4 * power.max()
    whitened = numpy.where(useful, cross / numpy.maximum(power, 1e-9), 0)
    correlation = numpy.abs(numpy.fft.irfft(whitened, size))
    return float(correlation.max() / numpy.sqrt((correlation**2).mean()))

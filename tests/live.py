"""A talk over virtual devices in this process, for tests: what was synthesised, what comes out, when it is quiet."""

import contextlib
import threading
import time

import numpy

from simpatient.cli import common, live
from simpatient.cli.sound import Sound
from simpatient.cli.talk import Wishes, talk_with
from simpatient.errors import SimpatientError
from simpatient.session.journal import read
from tests.audio_devices import RATE

AUDIBLE = 120
"""Of an int16 sample."""


class Talk:
    """`simpatient talk` by microphone, on a thread. Ends with the context."""

    def __init__(self, patch, recording, engine, folder, **sound):
        self.booth = None
        self.error = None
        self.synthesised = {}
        """Every sound that was made for a reply, by its text."""
        self.folder = folder
        self._recording = recording
        self._engine = engine
        self._wishes = Wishes(sound=Sound(**{"model": "clinic", "turns": "quick", **sound}))
        say, open_booth = common.Mouth.say, live.Booth.__init__

        def kept(mouth, reply):
            pcm = say(mouth, reply)
            self.synthesised.setdefault(reply.text, []).append(pcm)
            return pcm

        def found(booth, *arguments, **more):
            open_booth(booth, *arguments, **more)
            self.booth = booth

        patch.setattr(common.Mouth, "say", kept)
        patch.setattr(live.Booth, "__init__", found)
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            talk_with(self._engine, self.folder, self._wishes)
        except SimpatientError as error:
            self.error = error

    def events(self, *names):
        with contextlib.suppress(SimpatientError):
            return [event for event in read(self.folder).events if event["event"] in names]
        return []

    def await_(self, met, seconds=30):
        """Whether something became true within so many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if met():
                return True
            time.sleep(0.05)
        return False

    def await_quiet(self, quiet_s=0.7, seconds=40):
        """Until the loudspeaker has been silent for so long; the moment, in bytes of the recording."""
        assert self.await_(lambda: self._is_quiet(quiet_s), seconds), "the loudspeaker does not fall silent"
        return len(self._recording.data) & ~1

    def _is_quiet(self, quiet_s):
        tail = self._recording.data[: len(self._recording.data) & ~1][-2 * int(quiet_s * RATE) :]
        return len(tail) >= quiet_s * RATE and abs(numpy.frombuffer(tail, "<i2").astype(int)).max() < AUDIBLE

    def join(self, seconds=40):
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        if self.booth and self._thread.is_alive():
            self.booth._microphone.close()
            self.booth.live.cut()
        assert self.join(), "the talk does not end"


def likeness(heard, sought):
    """0..1: the best normalised cross-correlation of a whole sound within a recording; int16 at one rate."""
    a, b = (numpy.frombuffer(sound, "<i2").astype(float) for sound in (heard, sought))
    a = numpy.concatenate([a, numpy.zeros(len(b))])
    size = 1 << (len(a) + len(b)).bit_length()
    found = numpy.fft.irfft(numpy.fft.rfft(a, size) * numpy.conj(numpy.fft.rfft(b, size)), size)[: len(a) - len(b) + 1]
    sums = numpy.concatenate([[0], numpy.cumsum(a**2)])
    power = numpy.sqrt(numpy.maximum(sums[len(b) :] - sums[: len(a) - len(b) + 1], 1e6)) * numpy.sqrt((b**2).sum())
    return float((found / power).max())

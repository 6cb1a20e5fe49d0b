"""A spoken talk without devices, in this process, at a terminal of its own: what stands on it, and keys to press."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading
import time

import numpy

from simpatient.cli import common, live
from simpatient.ports import BLOCK, RATE, Pcm, activity, sounddevice_io, voice
from simpatient.ports.clock import SystemClock
from simpatient.ports.fakes import LoudActivity, Room, ScriptedRecogniser
from simpatient.ports.sound import level_db

SPEED = 5
"""Times as fast as life."""
PACE_S = 0.02 / SPEED
"""Of a block of 20 ms."""
WORD_MS = 300
CODES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.)")


def words(text):
    """Sound in which `ScriptedEars` understand just this text."""
    noise = numpy.random.default_rng(1).standard_normal(len(text.split()) * WORD_MS * RATE // 1000)
    return (noise * 3_000).astype("<i2").tobytes()


class Studio(Room):
    """A room with a wall clock, a switch on its microphone, and a count of what was played."""

    muted = False
    holding = False
    """The loudspeaker does not come to its end."""
    played = 0

    @property
    def busy(self):
        return self.holding or super().busy

    def blocks(self, frames=BLOCK):
        for block in super().blocks(frames):
            time.sleep(PACE_S)
            while self.muted and not self.closed:
                time.sleep(PACE_S)
            yield block

    def mute(self):
        self.muted = True

    def unmute(self):
        self.muted = False

    def start(self, sound):
        self.played += 1
        super().start(sound)


class _Activity(LoudActivity):
    room_db, level_db = -70.0, -96.0

    def voice(self, block):
        self.level_db = max(level_db(block), -70.0)
        return super().voice(block)


class _Voice:
    name = "a second of silence"

    def __init__(self, spare=False):
        pass

    def start(self):
        pass

    def say(self, text, manner):
        return Pcm(bytes(2 * RATE), RATE)

    def close(self):
        pass


def furnish(patch, *texts):
    """Fakes in place of devices, recogniser and voice; the learner's words will be these texts."""
    room = Studio()

    @contextlib.contextmanager
    def recogniser(model, live=False):
        yield ScriptedRecogniser(texts)

    patch.setattr(sounddevice_io, "Microphone", lambda device, **more: room)
    patch.setattr(live, "_player", lambda device, tell: room)
    patch.setattr(voice, "SpokenVoice", _Voice)
    patch.setattr(activity, "VoiceActivity", _Activity)
    patch.setattr(common, "recogniser", recogniser)
    patch.setattr(live, "SystemClock", lambda: SystemClock(SPEED))
    return room


class Terminal:
    """80×24, without colour; standard input and output of this process while the context lasts."""

    def __init__(self, patch, term="xterm"):
        self._keys, self._screen = pty.openpty()
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._out = os.fdopen(os.dup(self._screen), "w")
        self.raw = ""
        self._mark = 0
        self.before = termios.tcgetattr(self._screen)
        for name, value in {"TERM": term, "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "stdin", self)
        patch.setattr(sys, "stdout", self._out)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    encoding = "utf-8"

    def fileno(self):
        return self._screen

    def isatty(self):
        return True

    def readline(self):
        """A question that wants a line, as whether sound may be kept, is answered no."""
        return "n\n"

    def press(self, keys):
        """What is awaited next comes after it."""
        self._mark = len(self.raw)
        os.write(self._keys, keys.encode())

    def shows(self, *texts, seconds=20):
        """Waits until all of it has been written since the last key, wherever its lines were broken."""
        until = time.monotonic() + seconds
        while missing := [text for text in texts if text not in " ".join(self.text(self._mark).split())]:
            assert time.monotonic() < until, (missing, self.text(self._mark)[-2_500:])
            time.sleep(0.02)

    def text(self, since=0):
        return CODES.sub("", self.raw[since:])

    def as_before(self):
        """Whether lines are lines again."""
        return termios.tcgetattr(self._screen)[3] == self.before[3]

    def _read(self):
        with contextlib.suppress(OSError):
            while data := os.read(self._keys, 4096):
                self.raw += data.decode(errors="replace").replace("\r\n", "\n")

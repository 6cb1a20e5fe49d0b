"""Standard input, read in a thread of its own, so that bells ring and time goes on while nobody types."""

import codecs
import contextlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, Queue

from simpatient.cli.common import at_terminal
from simpatient.errors import SimpatientError, UsageError

POLL = 0.05
"""Seconds in which the end of the wait is noticed."""
LONGEST = 100_000
"""Characters kept of a line."""
ESCAPE = "\x1b"
"""Also the beginning of what arrows and function keys send: those do nothing."""
_SEQUENCE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|O.)")


class Keyboard:
    """Lines, in the order they come. A line that is one of `keys` does what the key says, at once, and is no line."""

    def __init__(self) -> None:
        self.keys: Mapping[str, Callable[[], None]] = {}
        self.single = False
        """Keys work without Enter; other characters are dropped."""
        self.ended = False
        """Nothing more comes."""
        self._lines: Queue[str | SimpatientError | None] = Queue()
        self._thread: threading.Thread | None = None

    def line(self, over: Callable[[], bool]) -> str | None:
        """The next line; None when `over` came true first or nothing more comes. Raises UsageError, a key's error."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="keyboard", daemon=True)
            self._thread.start()
        while not over() and not self.ended:
            with contextlib.suppress(Empty):
                line = self._lines.get(timeout=POLL)
                if isinstance(line, SimpatientError):
                    raise line
                self.ended = line is None
                return line
        return None

    def watch(self) -> None:
        """Begins to heed the keys, although no line is waited for."""
        self.line(lambda: True)

    def forget(self) -> None:
        """At a terminal what was typed up to now counts for nothing, even half a line. A pipe forgets nothing."""
        if not at_terminal():
            return
        with contextlib.suppress(ImportError, OSError):
            import termios

            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        with contextlib.suppress(Empty):
            while True:
                self.ended = self._lines.get_nowait() is None

    @contextlib.contextmanager
    def single_keys(self) -> Iterator[None]:
        """At a terminal a key works at once, without Enter; elsewhere nothing changes."""
        if not at_terminal():
            yield
            return
        with _unbuffered(sys.stdin.fileno()):
            before, self.single = self.single, True
            try:
                yield
            finally:
                self.single = before

    def _read(self) -> None:
        """Past sys.stdin's own buffer: a thread that waits in it cannot be left behind when the program ends."""
        try:
            if sys.stdin is not None:
                for line in self._raw(sys.stdin.fileno(), sys.stdin.encoding):
                    self._take(line)
        except SimpatientError as error:
            self._lines.put(error)
        except (UnicodeError, LookupError):
            self._lines.put(UsageError("standard input: found bytes that are not UTF-8"))
        except (OSError, ValueError):
            pass  # a closed terminal is an end, too
        self._lines.put(None)

    def _raw(self, file: int, encoding: str) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(encoding)()
        rest = ""
        while data := os.read(file, 4096):
            rest += decoder.decode(data)
            if self.single:
                if rest.endswith(ESCAPE) and _more(file):
                    continue
                yield from _SEQUENCE.sub("", rest).replace("\r", "\n")
                rest = ""
            *lines, rest = rest.split("\n")
            yield from (line.rstrip("\r")[:LONGEST] for line in lines)
            rest = rest[:LONGEST]
        rest += decoder.decode(b"", final=True)
        if rest:
            yield rest

    def _take(self, line: str) -> None:
        if (key := self.keys.get(line if self.single else line.strip())) is not None:
            key()
        elif not self.single or line == "\n":
            self._lines.put(line.strip("\n"))


if sys.platform == "win32":

    @contextlib.contextmanager
    def _unbuffered(file: int) -> Iterator[None]:
        """Characters come one by one and are not shown: the console's mode without lines (2) and echo (4)."""
        import ctypes
        import msvcrt

        kernel, handle, mode = ctypes.windll.kernel32, msvcrt.get_osfhandle(file), ctypes.c_ulong()
        kernel.GetConsoleMode(ctypes.c_void_p(handle), ctypes.byref(mode))
        kernel.SetConsoleMode(ctypes.c_void_p(handle), mode.value & ~6)
        try:
            yield
        finally:
            kernel.SetConsoleMode(ctypes.c_void_p(handle), mode.value)

    def _more(file: int) -> bool:
        return False

else:

    @contextlib.contextmanager
    def _unbuffered(file: int) -> Iterator[None]:
        """Characters come one by one and are not shown."""
        import termios
        import tty

        before = termios.tcgetattr(file)
        tty.setcbreak(file)
        try:
            yield
        finally:
            termios.tcsetattr(file, termios.TCSADRAIN, before)

    def _more(file: int) -> bool:
        """Whether an Esc is the beginning of something: over a slow line the rest comes a moment later."""
        import select

        return bool(select.select([file], [], [], POLL)[0])

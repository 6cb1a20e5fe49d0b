"""Standard input beside a running clock: lines in order, keys at once, and what a terminal forgets."""

import contextlib
import os
import pty
import sys
import termios
import time

import pytest

from simpatient.cli.keyboard import Keyboard
from simpatient.errors import OutputError, UsageError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals are other things there")


class Stdin:
    """What sys.stdin is asked for."""

    encoding = "utf-8"

    def __init__(self, file):
        self._file = file

    def fileno(self):
        return self._file

    def isatty(self):
        return os.isatty(self._file)


@pytest.fixture
def pipe(monkeypatch):
    """The writing end of a piped standard input."""
    ours, theirs = os.pipe()
    monkeypatch.setattr(sys, "stdin", Stdin(ours))
    yield theirs
    with contextlib.suppress(OSError):  # the test may have closed it
        os.close(theirs)
    time.sleep(0.02)  # the thread sees the end
    os.close(ours)


@pytest.fixture
def terminal(monkeypatch):
    """The keyboard's end of a terminal."""
    keys, screen = pty.openpty()
    monkeypatch.setattr(sys, "stdin", Stdin(screen))
    yield keys
    os.close(keys)
    time.sleep(0.02)
    os.close(screen)


def never():
    return False


def test_lines_come_in_order_and_then_nothing(pipe):
    """A last line without its end counts; after the end every wait is over at once."""
    os.write(pipe, "one\r\n\nthrée".encode())
    os.close(pipe)
    keyboard = Keyboard()

    assert [keyboard.line(never) for _ in range(5)] == ["one", "", "thrée", None, None]
    assert keyboard.ended


def test_a_wait_ends_when_it_is_over(pipe):
    """The bell ends a wait for a line; what comes later waits for the next."""
    keyboard, over = Keyboard(), iter([False, False, True])

    assert keyboard.line(lambda: next(over)) is None
    os.write(pipe, b"later\n")
    assert keyboard.line(never) == "later"


def test_a_key_works_at_once_and_is_no_line(pipe):
    """Also while nobody waits for a line."""
    pressed = []
    keyboard = Keyboard()
    keyboard.keys = {"p": lambda: pressed.append("p")}
    keyboard.watch()
    os.write(pipe, b"p\nhelp\n")
    time.sleep(0.1)

    assert pressed == ["p"]
    assert keyboard.line(never) == "help"


def test_what_breaks_a_key_is_told_to_who_waits(pipe):
    """An error of the invigilator's key is not lost in its thread."""

    def full():
        raise OutputError("disk full")

    keyboard = Keyboard()
    keyboard.keys = {"p": full}
    os.write(pipe, b"p\n")

    with pytest.raises(OutputError):
        keyboard.line(never)


def test_other_bytes_than_utf_8_are_told(pipe):
    """One line for the user."""
    os.write(pipe, b"\xff\xfe\n")

    with pytest.raises(UsageError, match="not UTF-8"):
        Keyboard().line(never)


def test_a_pipe_forgets_nothing(pipe):
    """A script's next line is meant for what comes next."""
    keyboard = Keyboard()
    keyboard.watch()
    os.write(pipe, b"answer\n")
    time.sleep(0.1)
    keyboard.forget()

    assert keyboard.line(never) == "answer"


def test_a_terminal_forgets_lines_and_half_a_line(terminal):
    """What was typed before the bell is no answer to a question after it."""
    keyboard = Keyboard()
    keyboard.watch()
    os.write(terminal, b"a whole line\nhalf a ")
    time.sleep(0.1)
    keyboard.forget()
    os.write(terminal, b"answer\n")

    assert keyboard.line(never) == "answer"


def test_single_keys_need_no_enter(terminal):
    """For the invigilator of a spoken station; afterwards lines are lines again."""
    pressed = []
    keyboard = Keyboard()
    keyboard.keys = {"p": lambda: pressed.append("p"), "r": lambda: pressed.append("r")}
    before = termios.tcgetattr(sys.stdin.fileno())[3]
    with keyboard.single_keys():
        keyboard.watch()
        os.write(terminal, b"pxr")
        time.sleep(0.1)
    os.write(terminal, b"a line\n")

    assert pressed == ["p", "r"]
    assert keyboard.line(never) == "a line"
    assert termios.tcgetattr(sys.stdin.fileno())[3] == before


def test_no_standard_input_is_an_end(monkeypatch):
    """A program started without one waits for nothing."""
    monkeypatch.setattr(sys, "stdin", None)

    assert Keyboard().line(never) is None

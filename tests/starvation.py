"""Tests against the wall clock on a machine that others use: tried again where the machine, not the program, was late.

A process of its own keeps a simple timer beside the test. Where an assertion fails and that timer was late as well, the
program had no chance; the test is tried again when the machine is calm, three times in all. Where the timer was
punctual a failure is a failure.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

TRIES = 3
CALM_S, PATIENCE_S = 2.0, 20.0
"""Seconds for which the timer must be punctual before another try, and after which the try comes in any case."""
LATE_MS = 25
"""From here on the machine counts as starved: a quarter of what a bell may be early or late."""
TIMER = """
import select, sys, time
worst, due = 0.0, time.monotonic()
while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
    now = time.monotonic()
    worst, due = max(worst, now - due), max(due + 0.01, now)
    while time.monotonic() < now + 0.0005:
        pass
print(round(1000 * worst))
"""
"""A hundred times a second, with a little work each time; prints by how many milliseconds it was late at worst."""


class Control:
    """`late_ms` is known when the test has ended. A test may add what it has seen itself."""

    late_ms = 0

    def saw(self, late_ms: float) -> None:
        self.late_ms = max(self.late_ms, round(late_ms))


@contextlib.contextmanager
def control() -> Iterator[Control]:
    found = Control()
    command = [sys.executable, "-I", "-S", "-c", TIMER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as timer:
        try:
            yield found
        finally:
            found.saw(float(timer.communicate()[0] or 0))


def patiently(test: Callable[[Path, Control], None], folder: Path) -> None:
    """Runs the test, each time in a fresh folder."""
    for attempt in range(1, TRIES + 1):
        own = folder / f"try-{attempt}"
        own.mkdir()
        try:
            with control() as found:
                test(own, found)
            return
        except AssertionError as error:
            if attempt == TRIES or found.late_ms < LATE_MS:
                raise AssertionError(
                    f"{error}\n(try {attempt}; beside it a timer was {found.late_ms} ms late)"
                ) from error
            print(f"try {attempt}: the machine was {found.late_ms} ms late; once more, after: {error}")
            _await_calm()


def _await_calm() -> None:
    over = time.monotonic() + PATIENCE_S
    while time.monotonic() < over:
        with control() as found:
            time.sleep(CALM_S)
        if found.late_ms < LATE_MS:
            return

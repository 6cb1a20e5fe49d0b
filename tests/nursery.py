"""Processes of simpatient that stand at once: forked from a server that has read everything big already.

Each is a process of its own with its own pipes, and dies like any other; only the second that a start takes is saved.
"""

import contextlib
import multiprocessing
import os
import sys
from typing import IO, Any

from simpatient.detect.detector import Detector

Detector()  # packs and encoder are read once, by the server
MODULES = [
    "tests.nursery", "simpatient.cli.app", "simpatient.cli.drill", "simpatient.cli.circuit", "jinja2.ext", "pytest",
]  # fmt: skip


class Child:
    """`simpatient …`, running; what it prints is read from `out`, what it is typed is written to `typed`."""

    def __init__(self, *arguments: object) -> None:
        context: Any = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(MODULES)
        theirs, ours = multiprocessing.Pipe(duplex=False)
        heard, said = multiprocessing.Pipe(duplex=False)
        self.process = context.Process(target=_child, args=(theirs, said, tuple(map(str, arguments))))
        self.process.start()
        theirs.close()
        said.close()
        self.typed: IO[str] = os.fdopen(os.dup(ours.fileno()), "w", buffering=1)
        self.out: IO[str] = os.fdopen(os.dup(heard.fileno()))
        ours.close()
        heard.close()

    def kill(self) -> None:
        """kill -9; from any thread."""
        self.process.kill()

    def close(self) -> None:
        self.kill()
        self.process.join()
        self.out.close()
        with contextlib.suppress(OSError):  # what was typed for a dead process
            self.typed.close()


def _child(stdin: Any, stdout: Any, arguments: tuple[str, ...]) -> None:
    os.dup2(stdin.fileno(), 0)
    os.dup2(stdout.fileno(), 1)
    os.dup2(stdout.fileno(), 2)
    stdin.close()
    stdout.close()
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    sys.argv = ["simpatient", *arguments]
    from simpatient.cli.app import main

    main()


def simpatient(*arguments, typed=()):
    """(exit code, what was printed)."""
    child = Child(*arguments)
    child.typed.write("".join(f"{line}\n" for line in typed))
    child.typed.close()
    printed = child.out.read()
    child.process.join(60)
    code = child.process.exitcode
    child.close()
    return code, printed

"""Work done side by side by processes of their own, each of which loads what it needs once.

A process that dies takes one task with it and is replaced; Ctrl-C ends them all. They are spawned, never forked, and
know nothing of each other; what they send back is the only thing they share.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from simpatient.errors import SimpatientError
from simpatient.ports.children import without_interrupts

Task = TypeVar("Task")
Tell = Callable[[float], None]
"""Told how much of a task is done, in the caller's unit."""
Work = Callable[[Any, Tell], Any]
END = 2.0
"""Seconds that a process may take to end by itself."""


class Died(SimpatientError):
    """A process died over a task, as a library may that meets what it was not made for."""


class _Worker(Generic[Task]):
    def __init__(self, make: Callable[[], Work]) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.task: Task | None = None
        # No daemon: a recogniser may have a process of its own.
        self.process: SpawnProcess = context.Process(target=_serve, args=(make, theirs), name="simpatient-worker")
        with without_interrupts():
            self.process.start()
        theirs.close()

    def begin(self, task: Task) -> None:
        self.task = task
        with suppress(OSError):  # it died while it was idle: read() will say so
            self.pipe.send(task)

    def read(self) -> tuple[str, Any]:
        """What it has to say: ("told", x), ("done", x) or ("failed", error)."""
        try:
            said: tuple[str, Any] = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            return "failed", Died("the process that heard it broke off; the file may be damaged")
        return said

    def end(self, at_once: bool) -> None:
        with suppress(OSError):
            self.pipe.close()
        if at_once:
            self.process.terminate()
        self.process.join(END)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def side_by_side(
    make: Callable[[], Work], tasks: Iterator[Task], jobs: int, tell: Callable[[Task, float], None]
) -> Generator[tuple[Task, Any], None, None]:
    """Each task with its result or its SimpatientError, as they come. `make` is run once in each process.

    What else a task raises is a fault of the program: it is printed there, and comes as Died.
    """
    workers: list[_Worker[Task]] = []
    left = True
    clean = False
    try:
        while left or any(w.task is not None for w in workers):
            while left and sum(w.task is not None for w in workers) < jobs:
                task = next(tasks, None)
                left = task is not None
                if task is not None:
                    idle = next((w for w in workers if w.task is None), None)
                    if idle is None:
                        workers.append(idle := _Worker(make))
                    idle.begin(task)
            busy = {w.pipe: w for w in workers if w.task is not None}
            for pipe in wait(list(busy)) if busy else ():
                assert isinstance(pipe, Connection)
                worker = busy[pipe]
                assert worker.task is not None
                kind, value = worker.read()
                if kind == "told":
                    tell(worker.task, value)
                    continue
                task, worker.task = worker.task, None
                if isinstance(value, Died):
                    worker.end(at_once=True)
                    workers.remove(worker)
                yield task, value
        clean = True
    finally:
        for worker in workers:
            worker.end(at_once=not clean)


def one_by_one(
    make: Callable[[], Work], tasks: Iterator[Task], tell: Callable[[Task, float], None]
) -> Generator[tuple[Task, Any], None, None]:
    """The same in this process."""
    work = None
    for task in tasks:
        work = work or make()
        try:
            yield task, work(task, lambda done, of=task: tell(of, done))  # type: ignore[misc]
        except SimpatientError as error:
            yield task, error


def _serve(make: Callable[[], Work], pipe: "Connection[Any, Any]") -> None:
    """The life of a process: tasks in, results out, until the pipe is closed."""
    with suppress(EOFError, OSError):
        try:
            work = make()
        except SimpatientError as error:
            pipe.recv()
            pipe.send(("failed", error))
            return
        while True:
            task = pipe.recv()
            try:
                result = work(task, lambda done: pipe.send(("told", done)))
            except SimpatientError as error:
                pipe.send(("failed", error))
            else:
                pipe.send(("done", result))

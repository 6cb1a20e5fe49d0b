"""How far a long run is: a bar with the time left on standard error, and nothing where that is no terminal."""

import sys
from types import TracebackType


class Gauge:
    """A bar over several recordings, measured in seconds of sound."""

    def __init__(self, seconds: list[float]) -> None:
        """`seconds` of each recording; a session that is only graded counts as one second."""
        self._all = [max(1.0, s) for s in seconds]
        self._heard = [0.0] * len(seconds)

    def __enter__(self) -> "Gauge":
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._files = 0
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(), console=Console(stderr=True), transient=True, redirect_stdout=False,
            disable=not (sys.stderr and sys.stderr.isatty()),
        )  # fmt: skip
        self._task = self._bar.add_task(self._title(), total=sum(self._all))
        self._bar.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._bar.stop()

    def tell(self, n: int, seconds: float) -> None:
        """So much of a recording has been heard."""
        self._heard[n] = min(seconds, self._all[n])
        self._bar.update(self._task, completed=sum(self._heard))

    def done(self, n: int) -> None:
        """A recording is done, or could not be."""
        self._files += 1
        self._heard[n] = self._all[n]
        self._bar.update(self._task, completed=sum(self._heard), description=self._title())

    def _title(self) -> str:
        return f"{self._files} of {len(self._all)} graded"

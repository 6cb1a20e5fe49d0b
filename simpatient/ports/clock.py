"""The system's clock and calendar; the only file that knows `time`."""

import time
from datetime import datetime, timedelta

UTC = "%Y-%m-%dT%H:%M:%SZ"
"""As in 2024-05-01T09:30:00Z; texts in this form sort as the moments do."""


class SystemClock:
    """Obeys Clock. With `scale` 60 a minute passes in a second, as for a rehearsal."""

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def now_ms(self) -> int:
        return int(time.monotonic_ns() * self.scale) // 1_000_000

    def seconds(self, ms: int) -> float:
        """How long a wait for so much of this clock's time takes."""
        return ms / self.scale / 1000

    @staticmethod
    def utc() -> str:
        """The date and time in UTC, for a log beside the journal: 2024-05-01T09:30:00Z."""
        return time.strftime(UTC, time.gmtime())


def days_later(utc: str, days: int) -> str:
    """The same time of the day so many days later, or earlier. Raises ValueError, OverflowError beyond the calendar."""
    return (datetime.strptime(utc, UTC) + timedelta(days=days)).strftime(UTC)


def utc_of(seconds: float) -> str:
    """A file's time (seconds since 1970) in UTC."""
    return time.strftime(UTC, time.gmtime(seconds))

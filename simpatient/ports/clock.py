"""The system's clock; the only file that knows `time`."""

import time


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
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

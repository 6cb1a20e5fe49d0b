"""The system's clock; the only file that knows `time`."""

import time


class SystemClock:
    """Obeys Clock."""

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

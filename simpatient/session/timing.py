"""`timing.jsonl` beside the journal: where the station's clock stood, about once a second, and when things were said.

The journal holds no wall-clock time, so that the same words give the same bytes; this file holds what a live session
adds. After a crash it tells to the second how much time was left. A torn last line is passed over.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

from simpatient.session.lines import Lines

NAME = "timing.jsonl"


class Timing:
    """Appends lines. Raises OutputError."""

    def __init__(self, folder: Path) -> None:
        self._lines = Lines(folder / NAME)

    def add(self, at_ms: int, **values: Any) -> None:
        """`at_ms` is the station's time."""
        self._lines.add({"at_ms": at_ms, **values})

    def close(self) -> None:
        self._lines.close()


def last_ms(folder: Path) -> int:
    """The latest time of the station that was noted; 0 if none was."""
    latest = 0
    with contextlib.suppress(OSError):
        for line in (folder / NAME).read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                latest = max(latest, int(json.loads(line)["at_ms"]))
    return latest

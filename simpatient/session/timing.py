"""`timing.jsonl` beside the journal: where the station's clock stood, about once a second, and when things were said.

The journal holds no wall-clock time, so that the same words give the same bytes; this file holds what a live session
adds. After a crash it tells to the second how much time was left. A torn last line is passed over.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from simpatient.errors import OutputError
from simpatient.session.records import canonical

NAME = "timing.jsonl"


class Timing:
    """Appends lines, readable by the owner only. Raises OutputError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            if self._path.read_bytes()[-1:] not in (b"", b"\n"):
                os.write(self._file, b"\n")  # ends a line that a crash tore
        except OSError as error:
            raise OutputError(f"{self._path}: cannot write: {error.strerror}") from None

    def add(self, at_ms: int, **values: Any) -> None:
        """`at_ms` is the station's time."""
        try:
            os.write(self._file, (canonical({"at_ms": at_ms, **values}) + "\n").encode())
            os.fsync(self._file)
        except OSError as error:
            raise OutputError(f"{self._path}: cannot write: {error.strerror}") from None

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def last_ms(folder: Path) -> int:
    """The latest time of the station that was noted; 0 if none was."""
    latest = 0
    with contextlib.suppress(OSError):
        for line in (folder / NAME).read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                latest = max(latest, int(json.loads(line)["at_ms"]))
    return latest

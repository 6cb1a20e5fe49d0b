"""A file of JSON lines that only grows: each line synced at once, for the owner's eyes only."""

import os
from pathlib import Path

from simpatient.errors import OutputError
from simpatient.session.records import Json, canonical


class Lines:
    """Appends to a file. Raises OutputError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self.before = path.read_bytes()
            """What stood there already."""
            if self.before[-1:] not in (b"", b"\n"):
                os.write(self._file, b"\n")  # ends a line that a crash tore
        except OSError as error:
            raise self._unwritable(error) from None

    def add(self, record: Json) -> None:
        """One line, on the disk when this returns."""
        try:
            os.write(self._file, (canonical(record) + "\n").encode())
            os.fsync(self._file)
        except OSError as error:
            raise self._unwritable(error) from None

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{self._path}: cannot write: {error.strerror}")

"""What has been graded, so that a run that was broken off goes on: `ledger.jsonl` beside the results.

One line a recording, written when its results are on the disk. The key is a hash of the recording's bytes and of
everything its marks depend on: settings, patient, station, taxonomy, recogniser, versions. Where one of them changes
the recording is graded anew. A line torn by a crash is passed over; a result that has gone or changed does not count.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from simpatient.errors import OutputError
from simpatient.places import private_folder
from simpatient.session.lines import Lines
from simpatient.session.outputs import GRADE
from simpatient.session.records import Json, canonical

NAME = "ledger.jsonl"


@dataclass(frozen=True)
class Entry:
    """A recording that has been graded."""

    key: str
    folder: str
    """Of its results, by name."""
    ended: str | None
    grade: str
    """sha256 of its grade.json."""
    row: Json
    """Its row of the table."""


class Ledger:
    """The ledger of one results folder. Raises OutputError."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[str, Entry] = {}
        try:
            private_folder(root)
        except OSError as error:
            raise OutputError(f"{root}: cannot write: {error.strerror}") from None
        self._lines = Lines(root / NAME)
        for line in self._lines.before.splitlines():
            if (entry := _entry(line)) is not None:
                self._found[entry.folder] = entry  # the last one holds

    def take(self, key: str, folder: str) -> Entry | None:
        """What stands in a folder of results, if it was made under this key and is still there."""
        entry = self._found.get(folder)
        whole = entry is not None and entry.key == key and digest(self._root / folder / GRADE) == entry.grade
        return entry if whole else None

    def add(self, entry: Entry) -> None:
        """Notes a result that is on the disk."""
        self._lines.add(asdict(entry))

    def close(self) -> None:
        self._lines.close()


def _entry(line: bytes) -> Entry | None:
    try:
        return Entry(**json.loads(line))
    except (ValueError, TypeError):
        return None


def key(content: str, settings: Json) -> str:
    """Of a recording's sha256 and everything else that its marks depend on."""
    return hashlib.sha256(canonical({"content": content, **settings}).encode()).hexdigest()


def digest(file: Path) -> str:
    """sha256 of a file as 'sha256:…'; "" where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError:
        return ""

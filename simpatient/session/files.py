"""The files of a session beside its journal, and how text is written among them."""

from pathlib import Path

from simpatient.errors import OutputError
from simpatient.places import private_file

GRADE, REPORT, CONVERSATION, LEARNER = "grade.json", "report.html", "conversation.flac", "learner.flac"


def write_text(path: Path, text: str) -> None:
    """Writes a text file whole, for the owner's eyes only. Raises OutputError."""
    try:
        private_file(path)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from None

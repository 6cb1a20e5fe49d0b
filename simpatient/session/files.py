"""The files of a session beside its journal, and how text is written among them."""

from pathlib import Path

from simpatient.errors import OutputError
from simpatient.places import private_file

GRADE, REPORT, CONVERSATION, LEARNER = "grade.json", "report.html", "conversation.flac", "learner.flac"


SPOKEN = "patient-[0-9][0-9][0-9]*.wav"
"""All that `spoken` names."""


def write_text(path: Path, text: str) -> None:
    """Writes a text file whole, for the owner's eyes only. Raises OutputError."""
    try:
        private_file(path)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from None


def spoken(turn: int) -> str:
    """The file of what the patient said after a turn, where there is no loudspeaker."""
    return f"patient-{turn:03}.wav"

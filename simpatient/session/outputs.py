"""What a session leaves beside its journal: the grade as JSON, the report as HTML."""

from pathlib import Path

from simpatient.detect.pack import Pack
from simpatient.errors import OutputError
from simpatient.grading import human
from simpatient.grading.grade import grade
from simpatient.grading.report import as_json, html
from simpatient.grading.station import Station
from simpatient.model import Grade, Transcript
from simpatient.persona.load import Patient
from simpatient.places import private_file
from simpatient.session.conversation import clips
from simpatient.session.journal import read

GRADE, REPORT, CONVERSATION, LEARNER = "grade.json", "report.html", "conversation.flac", "learner.flac"


def write_outputs(
    folder: Path, patient: Patient, pack: Pack, station: Station | None = None, open_loop: bool = False,
    other: tuple[Transcript, Grade] | None = None, audio: str | None = None,
) -> Grade:  # fmt: skip
    """Grades the session in `folder` and writes grade.json and report.html. Raises OutputError.

    `other` is the session that this one retries; `audio` is the way from the page to its sound, if not to the
    conversation beside it ("" for none).
    """
    transcript = read(folder).transcript()
    marks = grade(transcript, patient, pack, station, open_loop, human.read(folder))
    if audio is None:
        audio = CONVERSATION if (folder / CONVERSATION).exists() else ""
    write_text(folder / GRADE, as_json(marks))
    write_text(folder / REPORT, html(transcript, marks, patient, audio, other=other, clips=clips(folder) or None))
    return marks


def write_text(path: Path, text: str) -> None:
    """Writes a text file whole, for the owner's eyes only. Raises OutputError."""
    try:
        private_file(path)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror}") from None

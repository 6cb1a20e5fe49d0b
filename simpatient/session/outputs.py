"""What a session leaves beside its journal: the grade as JSON, the report as HTML."""

from pathlib import Path

from simpatient.detect.pack import Pack
from simpatient.grading import human
from simpatient.grading.grade import grade
from simpatient.grading.lessons import lessons
from simpatient.grading.report import as_json, html
from simpatient.grading.station import Station
from simpatient.model import Grade, Transcript
from simpatient.persona.load import Patient
from simpatient.session import assessment
from simpatient.session.attempts import earlier
from simpatient.session.conversation import clips
from simpatient.session.files import CONVERSATION as CONVERSATION
from simpatient.session.files import GRADE as GRADE
from simpatient.session.files import LEARNER as LEARNER
from simpatient.session.files import REPORT as REPORT
from simpatient.session.files import write_text as write_text
from simpatient.session.journal import read


def write_outputs(
    folder: Path, patient: Patient, pack: Pack, station: Station | None = None, open_loop: bool = False,
    other: tuple[Transcript, Grade] | None = None, audio: str | None = None,
) -> Grade:  # fmt: skip
    """Grades the session in `folder` and writes grade.json and report.html. Raises OutputError.

    `other` is the session that this one retries; `audio` is the way from the page to its sound, as a relative address,
    if not to the conversation beside it ("" for none).
    """
    transcript = read(folder).transcript()
    marks = grade(transcript, patient, pack, station, open_loop, human.read(folder))
    places = None
    if audio is None:
        audio, places = CONVERSATION if (folder / CONVERSATION).exists() else "", clips(folder)
    write_text(folder / GRADE, as_json(marks))
    page = html(
        transcript, marks, patient, audio, lessons=lessons(transcript, marks, patient, pack, station, earlier(folder)),
        own=assessment.load(folder), other=other, station=station, clips=places,
    )  # fmt: skip
    write_text(folder / REPORT, page)
    return marks

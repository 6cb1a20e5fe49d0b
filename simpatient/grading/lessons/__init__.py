"""The learner's page as values: what would have been better, said to this person at this moment (domain 6.2).

`lessons()` takes a transcript and its grade and says, in order: what the patient would tell a friend, the strongest
moments, the turning points with two better wordings each, the cues that nobody took up, what was used and what not yet,
one next drill, and the trend over attempts. Pure: it never asks an engine. That the better wordings are heard as what
they claim to be, and move the patient more than what was said, is shown by tests/unit/grading/test_lessons.py.

The words come from two places: `library/*.yaml` here, for everybody, and `personas/<id>/feedback.yaml`, for this person
(the manual of that format is `feedback.py`).
"""

from collections.abc import Iterable

from simpatient.detect.pack import Pack
from simpatient.grading.lessons.ahead import next_drill, to_a_friend, untried, used
from simpatient.grading.lessons.cues import missed
from simpatient.grading.lessons.moments import strong, turning
from simpatient.grading.lessons.page import Page
from simpatient.grading.lessons.scene import Interview
from simpatient.grading.lessons.values import (
    Attempt,
    Lessons,
    Missed,
    NextDrill,
    StrongMoment,
    TurningPoint,
    Untried,
    Used,
    Wording,
)
from simpatient.grading.station import Station
from simpatient.model import Grade, Transcript
from simpatient.outcome import second_visit
from simpatient.persona.load import Patient

__all__ = [
    "Attempt", "Lessons", "Missed", "NextDrill", "StrongMoment", "TurningPoint", "Untried", "Used", "Wording",
    "attempt", "lessons",
]  # fmt: skip
THIS = "this time"


def lessons(
    transcript: Transcript, grade: Grade, patient: Patient, pack: Pack, station: Station | None = None,
    earlier: Iterable[Attempt] = (),
) -> Lessons:  # fmt: skip
    """The page of one session; `earlier` are the same learner's attempts before it, oldest first."""
    interview = Interview(transcript, patient, pack, grade.open_loop)
    page = Page(interview)
    points = turning(interview, page)
    taken_up = frozenset(point.turn for point in points)
    found = Lessons(
        to_a_friend=to_a_friend(interview),
        strong=strong(interview, page, taken_up),
        turning=points,
        missed=missed(interview, page, taken_up),
        used=used(grade, pack),
        untried=untried(interview, page, station),
        next_drill=next_drill(interview, grade, station),
        trend=(*earlier, attempt(THIS, transcript, grade.sheet.checklist if grade.sheet else None)),
    )
    return found


def attempt(label: str, transcript: Transcript, checklist: float | None) -> Attempt:
    """How one interview ended, in the figures that the trend shows."""
    end = transcript.turns[-1].after if transcript.turns else transcript.start
    likely = second_visit(end, transcript.ended)
    return Attempt(label, likely, checklist, end.reluctance, end.goal_agreement, end.task_agreement)

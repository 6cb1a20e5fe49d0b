"""The figures of a session (domain 6.1), each a Mark: a value with its evidence, or the reason why there is none.

Groups, in the order in which they are shown: outcome, goals, tasks, techniques, style, risk, talk, confidence.
"""

from simpatient.detect.pack import Pack
from simpatient.grading.alliance import goal_marks, outcome_marks, task_marks
from simpatient.grading.conditions import Session
from simpatient.grading.risk import risk_marks
from simpatient.grading.station import Station
from simpatient.grading.talk import confidence_marks, talk_marks
from simpatient.grading.techniques import style_marks, technique_marks
from simpatient.model import Mark, Transcript
from simpatient.persona.load import Patient

GROUPS = ("outcome", "goals", "tasks", "techniques", "style", "risk", "talk", "confidence")


def measures(
    transcript: Transcript, patient: Patient, pack: Pack, station: Station | None = None, open_loop: bool = False
) -> tuple[Mark, ...]:
    """All figures. In open loop those that rest on the patient's side are indicative."""
    session = Session(transcript, patient, pack)
    return (
        *outcome_marks(transcript), *goal_marks(session, open_loop), *task_marks(session, open_loop),
        *technique_marks(session, station, open_loop), *style_marks(session),
        *risk_marks(transcript, patient, pack, open_loop), *talk_marks(transcript), *confidence_marks(transcript),
    )  # fmt: skip

"""Reports for tests: written learners through detector, engine and grade, with times as if they had spoken."""

from dataclasses import dataclass
from pathlib import Path

from simpatient import places
from simpatient.detect.detector import Detector
from simpatient.grading.grade import grade
from simpatient.grading.lessons import (
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
from simpatient.grading.station import Station, load_station
from simpatient.model import Grade, Transcript, Utterance
from simpatient.patient.engine import Engine
from simpatient.persona.load import Patient, load_patient
from simpatient.yamlfile import load

JOURNALS = Path(__file__).parent / "journals"
LEVELS = ("failing", "borderline", "good")
MS_A_LETTER = 70
ANSWER_MS = 4000
LONG = 60
"""Turns of a 15-minute station, at most."""


@dataclass(frozen=True)
class Written:
    """A learner's file under tests/journals/."""

    station: str
    learner: str
    about: str
    says: tuple[str, ...]


@dataclass(frozen=True)
class Sat:
    """A station that somebody sat, graded."""

    transcript: Transcript
    grade: Grade
    patient: Patient
    station: Station


def written(station: str, level: str) -> Written:
    return load(JOURNALS / station / f"{level}.yaml", Written)


def sit(detector: Detector, name: str, says: tuple[str, ...], spoken: bool = True, **header: object) -> Sat:
    """A learner who says these lines at a station, until the patient leaves; no clock stops them."""
    station = load_station(places.station(name))
    folder = places.personas() / station.persona
    patient = load_patient(folder, detector.pack.codes(), detector.pack.topics)
    engine = Engine(patient, detector, seed=station.seed, difficulty=station.difficulty)
    opening, now = engine.open()
    start, turns, at = now.state, [], 2000
    for text in says:
        end = at + len(text) * MS_A_LETTER
        turn, now = engine.hear(now, Utterance(text, (), at, end, "audio") if spoken else Utterance(text))
        turns.append(turn)
        at = end + ANSWER_MS
        if now.ended:
            break
    told = Transcript(patient.id, engine.seed, opening, start, tuple(turns), now.ended or "closed", dict(header))
    return Sat(told, grade(told, patient, detector.pack, station), patient, station)


def longest(detector: Detector) -> Sat:
    """A whole station's time of talk, with much that helps and much that hurts."""
    name = "emergency-wants-to-die"
    lines = [says for pair in zip(written(name, "good").says, written(name, "borderline").says, strict=False)
             for says in pair]  # fmt: skip
    lines = [line for line in lines if "goodbye" not in line.lower()]
    return sit(detector, name, tuple((lines * LONG)[:LONG]), learner="L07", version="test", mode="drill")


def made_lessons(sat: Sat) -> Lessons:
    """A learner's page with everything on it, as long as it gets."""
    turns = [turn for turn in sat.transcript.turns if turn.utterance.text]
    hurt, helped, other = turns[:3], turns[3:6], turns[6:9]
    say = Wording(
        "You said the nights are the worst. What would a better night look like?",
        "GOAL_WISH",
        "What would you like to be different",
        "It takes up the patient's own word and asks for a wish.",
    )
    return Lessons(
        to_a_friend="He asked me what I wanted, for once. I might go back, we'll see.",
        strong=tuple(StrongMoment(t.no, t.utterance.text, "It came first.", "Hope rose.", "Huh.") for t in helped),
        turning=tuple(
            TurningPoint(t.no, t.utterance.text, "It closed the door.", "Reluctance rose.", "Here we go.", (say, say))
            for t in hurt
        ),
        missed=tuple(Missed(t.no, t.reply.text, "Nobody took it up within two turns.", say) for t in other),
        used=tuple(Used(c.code, c.name, c.n) for c in sat.grade.techniques),
        untried=(Untried("MIRACLE", "Miracle question", "Once there is some trust.", say),) * 3,
        next_drill=NextDrill("Goals before steps", "Steps came first.", f"simpatient drill {sat.station.id}"),
        trend=(Attempt("first", 0.2, 31.0, 0.8, 0.1, 0.05), Attempt("second", 0.4, None, 0.6, 0.3, 0.2),
               Attempt("this time", 0.7, 66.5, 0.3, 0.6, 0.5)),
    )  # fmt: skip

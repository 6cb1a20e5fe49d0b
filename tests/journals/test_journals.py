"""Three learners at every station, from words alone through the real detector and engine: the marks rank them.

Each `<station>/{failing,borderline,good}.yaml` holds what one learner says, line by line, in natural speech. A patient
that is not shipped (yet) is skipped.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from simpatient import places
from simpatient.grading.grade import grade
from simpatient.grading.station import load_station
from simpatient.model import Transcript, Utterance
from simpatient.patient.engine import Engine
from simpatient.yamlfile import load

HERE = Path(__file__).parent
LEARNERS = ("failing", "borderline", "good")
APART = 10
"""Per cent of the checklist by which neighbours differ at least."""
STATIONS = sorted(places.stations())


@dataclass(frozen=True)
class Learner:
    station: str
    learner: Literal["failing", "borderline", "good"]
    about: str
    says: tuple[str, ...]


def session(station, patient, detector, learner):
    """The transcript of what a learner says to a station's patient, until the patient leaves."""
    engine = Engine(patient, detector, station.seed, station.difficulty)
    opening, start = engine.open()
    now, turns = start, []
    for line in load(HERE / station.id / f"{learner}.yaml", Learner).says:
        turn, now = engine.hear(now, Utterance(line))
        turns.append(turn)
        if turn.ended:
            break
    return Transcript(patient.id, station.seed, opening, start.state, tuple(turns), now.ended or "closed")


def played(name, patients, detector):
    """(station, transcripts by learner, grades by learner)."""
    station = load_station(places.station(name))
    if station.persona not in patients:
        pytest.skip(f"the patient {station.persona} is not shipped yet")
    patient = patients[station.persona]
    told = {who: session(station, patient, detector, who) for who in LEARNERS}
    return station, told, {who: grade(t, patient, detector.pack, station) for who, t in told.items()}


@pytest.mark.parametrize("name", STATIONS)
def test_every_station_has_three_learners(name):
    """Ten to sixteen turns each, for the right station, under the right name."""
    for who in LEARNERS:
        learner = load(HERE / name / f"{who}.yaml", Learner)

        assert (learner.station, learner.learner) == (name, who)
        assert 10 <= len(learner.says) <= 16
        assert len(set(learner.says)) == len(learner.says)


def test_every_folder_is_a_station():
    """No learner waits at a station that is gone."""
    assert sorted(p.name for p in HERE.iterdir() if p.is_dir() and not p.name.startswith("_")) == STATIONS


@pytest.mark.must_show("For every station the marks of a failing, a borderline and a good learner rank so")
@pytest.mark.parametrize("name", STATIONS)
def test_the_marks_rank_the_learners(name, patients, detector):
    """Checklist, well apart; the second visit ranks the worst and the best alike."""
    _, _, grades = played(name, patients, detector)
    checklist = {who: g.sheet.checklist for who, g in grades.items()}

    assert checklist["failing"] + APART <= checklist["borderline"] <= checklist["good"] - APART, checklist
    assert grades["failing"].second_visit < grades["good"].second_visit


@pytest.mark.parametrize("name", STATIONS)
def test_flags_fall_on_the_failing_and_not_on_the_good(name, patients, detector):
    """The failing learner misses something that no average hides; the good one nothing."""
    _, _, grades = played(name, patients, detector)

    assert grades["failing"].flags
    assert grades["good"].flags == ()


@pytest.mark.parametrize("name", STATIONS)
def test_every_point_has_its_words(name, patients, detector):
    """What is met by something said quotes the words that stand in that very turn."""
    _, told, grades = played(name, patients, detector)
    for who in LEARNERS:
        turns = {turn.no: turn for turn in told[who].turns}
        for item in grades[who].sheet.items:
            for e in item.evidence:
                turn = turns[e.turn]
                said = turn.reply.text if e.rule.startswith("the patient's words") else turn.utterance.text
                assert e.quote and e.quote in said, (item.id, e)

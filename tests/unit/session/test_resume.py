"""A session that broke off anywhere goes on to the very same end."""

import json

import pytest

from simpatient.errors import JournalError
from simpatient.model import Utterance
from simpatient.patient.engine import Engine
from simpatient.session import records
from simpatient.session.journal import Journal, read
from simpatient.session.limits import Bell
from simpatient.session.resume import left, situation
from simpatient.session.runner import Session, converse, run

ABOUT = {"mode": "drill", "recogniser": {"name": "typed", "digest": ""}, "voice": "none"}
LINES = ["What would make this visit worth it?", None, "mm", "What do you wish was different at home?", "goodbye"]


def utterances(lines):
    return [None if line is None else Utterance(line) for line in lines]


@pytest.fixture(scope="module")
def whole(engines, tmp_path_factory):
    """The lines of a whole session's journal."""
    folder = tmp_path_factory.mktemp("whole")
    run(Session(engines["teen"], Journal(folder), ABOUT), utterances(LINES), lambda reply: None, lambda turn: None)
    return (folder / "journal.jsonl").read_text().splitlines(keepends=True)


def gone_on(engine, folder, lines):
    """Goes on as a drill does."""
    found = left(read(folder), engine)
    journal = Journal.again(folder)
    session = Session(engine, journal, {}, found.now)
    if found.running:
        journal.add("decided", **records.of_decision(found.running))
    if not found.over:
        rest = utterances(lines[found.now.memory.turn :])
        converse(session, rest, lambda reply: None, lambda turn: None, found.unsaid)
    journal.close()


@pytest.mark.parametrize("torn", ["", '{"event":"hea'])
def test_broken_off_after_any_event_it_ends_the_same(engines, whole, tmp_path, torn):
    """Whichever line was the last one, torn or not: the same journal in the end, byte for byte."""
    for kept in range(1, len(whole)):
        folder = tmp_path / str(kept)
        folder.mkdir()
        (folder / "journal.jsonl").write_text("".join(whole[:kept]) + torn)

        gone_on(engines["teen"], folder, LINES)

        assert (folder / "journal.jsonl").read_text() == "".join(whole), kept


def test_what_the_bells_left(engines, whole, tmp_path):
    """Bells, and the latest of all times that were written."""
    bell, paused = {"event": "bell", "name": "start", "at_ms": 5, "left_ms": None}, {
        "event": "paused", "by": "invigilator", "at_ms": 9,
    }  # fmt: skip
    (tmp_path / "journal.jsonl").write_text(whole[0] + "".join(json.dumps(e) + "\n" for e in (bell, paused)))

    found = left(read(tmp_path), engines["teen"])

    assert (found.bells, found.at_ms, found.over) == ((Bell("start", 5),), 9, False)


@pytest.mark.parametrize("turns", [0, 1, 3, None])
def test_where_the_patient_stood_after_so_many_turns(engines, whole, tmp_path, turns):
    """The state that the journal says, and everything that the patient remembers."""
    (tmp_path / "journal.jsonl").write_text("".join(whole))
    journal = read(tmp_path)
    states = [journal.transcript().start, *(turn.after for turn in journal.transcript().turns)]

    found = situation(journal, engines["teen"], turns)

    assert records.of_state(found.state) == records.of_state(states[-1 if turns is None else turns])
    assert found.memory.turn == (len(LINES) if turns is None else turns)


def test_another_patient_does_not_go_on(engines, whole, tmp_path):
    """Neither another seed, nor another person, nor words that were decided otherwise."""
    file = tmp_path / "journal.jsonl"
    file.write_text("".join(whole))
    teen = engines["teen"]

    for engine in (engines["emergency"], Engine(teen.patient, teen.detector, seed=0, difficulty=5)):
        with pytest.raises(JournalError, match="has changed since"):
            left(read(tmp_path), engine)
    file.write_text("".join(whole).replace("make this visit worth", "make this visit useless", 1))
    with pytest.raises(JournalError, match="turn 1 has changed since"):
        left(read(tmp_path), teen)


@pytest.mark.parametrize(
    ("tail", "says"),
    [
        ([{"event": "paused"}], "the learner stopped"),
        ([{"event": "paused"}, {"event": "ended", "reason": "aborted"}], "the learner stopped"),
        ([{"event": "ended", "reason": "aborted"}], "the learner stopped"),
    ],
)
def test_what_the_learner_stopped_does_not_go_on(engines, whole, tmp_path, tail, says):
    """Their wish stands."""
    (tmp_path / "journal.jsonl").write_text(whole[0] + "".join(json.dumps(e) + "\n" for e in tail))

    with pytest.raises(JournalError, match=says):
        left(read(tmp_path), engines["teen"])


def test_a_broken_microphone_is_no_end(engines, whole, tmp_path):
    """What a fault of the equipment ended goes on."""
    tail = [{"event": "failed", "error": "DeviceError"}, {"event": "ended", "reason": "tech", "second_visit": 0.1}]
    (tmp_path / "journal.jsonl").write_text("".join(whole[:5]) + "".join(json.dumps(e) + "\n" for e in tail))

    assert not left(read(tmp_path), engines["teen"]).over
    gone_on(engines["teen"], tmp_path, LINES)
    assert read(tmp_path).transcript().ended == "closed"

"""The patient is put back exactly where they were before a turn, and the new session is whole in itself."""

import json

import pytest

from simpatient.errors import JournalError, UsageError
from simpatient.model import Moment, Utterance
from simpatient.session import records, retry
from simpatient.session.journal import Journal, read
from simpatient.session.replay import redecide
from simpatient.session.runner import Session, run
from tests.learners import talk

ABOUT = {"mode": "drill", "recogniser": {"name": "typed", "digest": ""}, "voice": "none", "learner": "c07"}
LINES = ["What is your problem?", None, "You need an antidepressant.", "What do you wish was different?", "goodbye"]


def utterances(lines):
    return [None if line is None else Utterance(line) for line in lines]


def nothing(_):
    pass


@pytest.fixture(scope="module")
def origin(engines, tmp_path_factory):
    """A session that went badly, with the events of a station in it."""
    folder = tmp_path_factory.mktemp("origin")
    session = Session(engines["teen"], Journal(folder), ABOUT)
    session.journal.add("consent", audio=False, why="typed")
    session.journal.add("bell", name="start", at_ms=0, left_ms=None)
    run(session, utterances(LINES), nothing, nothing)
    return folder


def again(engine, origin, folder, turn, lines):
    """A retry of that turn with these lines; the read journal."""
    found = read(origin)
    now = retry.before(found, engine, turn)
    source = {"session": "s1", "turn": turn}
    about = {"recogniser": {"name": "typed", "digest": ""}, "voice": "none", "origin": source}
    session, first = retry.begin(found, engine, turn, now, Journal(folder), about)
    run(session, utterances(lines), nothing, nothing, first)
    return read(folder)


@pytest.mark.parametrize("turn", range(1, len(LINES) + 1))
def test_the_same_words_give_the_same_session(engines, origin, tmp_path, turn):
    """From whichever turn: said as before, every decision is the old one, to the byte."""
    new = again(engines["teen"], origin, tmp_path, turn, LINES[turn - 1 :])

    kept = [e for e in read(origin).events if e["event"] not in ("bell", "consent")]
    assert [records.canonical(e) for e in new.events] == [records.canonical(e) for e in kept]
    assert new.transcript().turns == read(origin).transcript().turns


def test_it_can_be_replayed_and_names_its_origin(engines, origin, tmp_path):
    """A retry is a session like any other; the learner stays the same."""
    new = again(engines["teen"], origin, tmp_path, 3, ["So nobody asked you.", "What else?"])

    assert redecide(new, engines["teen"]) == []
    assert new.header["origin"] == {"session": "s1", "turn": 3}
    assert (new.header["mode"], new.header["learner"]) == ("retry", "c07")
    assert [t.no for t in new.transcript().turns] == [1, 2, 3, 4]
    assert new.transcript().ended == "closed"


def test_a_retry_can_be_retried(engines, origin, tmp_path):
    """Both ways go back to the same patient."""
    again(engines["teen"], origin, tmp_path / "a", 3, ["So nobody asked you."])
    once_more = again(engines["teen"], tmp_path / "a", tmp_path / "b", 3, [LINES[2]])

    assert once_more.transcript().turns == read(origin).transcript().turns[:3]


def test_it_is_the_patient_whom_these_words_would_have_met(engines, origin, tmp_path):
    """The way through a retry is that of a session in which all was said so from the beginning."""
    lines = ["What is your problem?", "What would make this visit worth it for you?"]
    folder = tmp_path / "spoken"
    run(Session(engines["teen"], Journal(folder), ABOUT), utterances([lines[0], "Hm."]), nothing, nothing)
    new = again(engines["teen"], folder, tmp_path / "new", 2, lines[1:])

    turns, _ = talk(engines["teen"], *lines)
    assert [records.of_decision(t) for t in new.transcript().turns] == [records.of_decision(t) for t in turns]


def test_what_cannot_be_said_again_is_told(engines, origin, tmp_path):
    """A turn that there is not, a session without turns, another patient."""
    teen = engines["teen"]
    for turn in (0, len(LINES) + 1):
        with pytest.raises(UsageError, match=f"found {turn}; allowed: 1 to {len(LINES)}"):
            retry.before(read(origin), teen, turn)
    with pytest.raises(JournalError, match="has changed since"):
        retry.before(read(origin), engines["emergency"], 1)
    run(Session(teen, Journal(tmp_path), ABOUT), [], nothing, nothing)
    with pytest.raises(JournalError, match="nothing was said"):
        retry.before(read(tmp_path), teen, 1)


def test_the_worst_turning_point_comes_first(engines, origin, tmp_path):
    """By what it did to the second visit: turning points before other turns; none where nothing was lost."""
    transcript = read(origin).transcript()
    point = Moment(1, "turning", "", "")

    assert retry.worst(transcript, ()) == 3
    assert retry.worst(transcript, (point,)) == 1
    assert retry.worst(transcript, (Moment(4, "strong", "", ""),)) == 3
    run(Session(engines["teen"], Journal(tmp_path), ABOUT), utterances(LINES[3:4]), nothing, nothing)
    with pytest.raises(UsageError, match="--turn"):
        retry.worst(read(tmp_path).transcript(), ())


def test_silences_of_any_length_are_repeated(engines, origin, tmp_path):
    """A long silence leaves the patient elsewhere than a short one; both are met again."""
    session = Session(engines["teen"], Journal(tmp_path / "s"), ABOUT)
    session.silence(35.0)
    session.hear(Utterance("What do you wish was different?"))
    session.end("closed")
    session.journal.close()

    new = again(engines["teen"], tmp_path / "s", tmp_path / "new", 2, ["What do you wish was different?"])

    assert json.dumps([e for e in new.events if e["event"] == "decided"]) == json.dumps(
        [e for e in read(tmp_path / "s").events if e["event"] == "decided"]
    )

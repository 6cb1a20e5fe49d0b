"""The trend: a learner's earlier interviews with the same patient, found beside this one by pseudonym and date."""

from dataclasses import replace

import pytest

from simpatient.model import Utterance
from simpatient.session import manifest
from simpatient.session.attempts import earlier
from simpatient.session.journal import Journal
from simpatient.session.outputs import write_outputs
from simpatient.session.runner import Session, run

LINES = ("what would make this visit worth your while", "let us work on that together how does that sound")


@pytest.fixture
def held(engines, tmp_path):
    """Holds a session in a folder of that name; returns the folder."""

    def hold(name, day, learner="L07", persona="teen", mode="talk", lines=LINES):
        folder, engine = tmp_path / name, engines[persona]
        session = Session(engine, Journal(folder), {"mode": mode, "learner": learner})
        run(session, [Utterance(line) for line in lines], lambda reply: None, lambda turn: None)
        manifest.begin(folder, f"2024-05-{day:02}T09:00:00Z")
        write_outputs(folder, engine.patient, engine.detector.pack)
        return folder

    return hold


def test_earlier_attempts_come_oldest_first(held):
    """Those of this learner with this patient that began before; their day is their name."""
    held("b", 2)
    held("a", 3)
    last = held("c", 4)
    held("d", 5)

    assert [one.label for one in earlier(last)] == ["2024-05-02", "2024-05-03"]
    assert all(0 < one.second_visit < 1 and one.checklist is None for one in earlier(last))
    assert "Over your attempts" in (last / "report.html").read_text()


def test_what_is_no_attempt_is_left_out(held):
    """Somebody else's, another patient's, a retry's, an empty or a damaged session's."""
    held("other", 1, learner="L08")
    held("wes", 1, persona="emergency")
    held("again", 1, mode="retry")
    held("empty", 1, lines=())
    (held("broken", 1) / "journal.jsonl").write_text("no journal")
    last = held("last", 4)

    assert earlier(last) == ()
    assert "Over your attempts" not in (last / "report.html").read_text()


def test_without_a_pseudonym_there_is_no_trend(held):
    """Sessions that bear no name may be anybody's."""
    held("a", 1, learner="")

    assert earlier(held("b", 2, learner="")) == ()


def test_the_mark_sheet_counts_where_there_was_one(held):
    """The checklist of an earlier attempt is what its grade says."""
    first = held("a", 1)
    grade = first / "grade.json"
    grade.write_text(grade.read_text().replace('"sheet": null', '"sheet": {"checklist": 62.5}'))

    assert [one.checklist for one in earlier(held("b", 2))] == [62.5]


def test_a_session_without_a_date_has_no_past(held):
    """A session whose manifest is missing shows itself alone."""
    held("a", 1)
    last = held("b", 2)
    manifest.save(last, replace(manifest.load(last), started=""))

    assert earlier(last) == ()

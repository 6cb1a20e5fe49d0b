"""`simpatient retry`: one turn said another way, from the command line."""

import stat

import pytest

from simpatient.session.journal import read
from tests.nursery import simpatient

BADLY = ["What is your problem?", "You need an antidepressant.", "I see.", "goodbye"]
BETTER = "What would make this visit worth it for you?"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("retry") / "first"
    assert simpatient("talk", "teen", "--typed", "--learner", "c07", "--out", folder, typed=BADLY)[0] == 0
    return folder


def row(shown, name):
    """The figures of a table's row."""
    (line,) = (line for line in shown.splitlines() if line.startswith(f"│ {name} "))
    return [int(cell) for cell in line.split("│")[2:-1]]


@pytest.mark.must_show("rewind and retry: the patient as they were, both ways side by side in the report")
def test_said_another_way(session, tmp_path):
    """By default the worst turning point; one sentence, a table of both ways, a report that shows both."""
    code, shown = simpatient("retry", session, "--say", BETTER, "--out", tmp_path)

    assert code == 0, shown
    assert "Turn 2 once more. You said: “You need an antidepressant.”" in shown
    old, new = read(session).transcript(), read(tmp_path).transcript()
    assert [t.utterance.text for t in new.turns] == [BADLY[0], BETTER]
    before, then, now = row(shown, "Reluctance")
    assert (before, then, now) == tuple(
        round(100 * s.reluctance) for s in (old.turns[0].after, old.turns[1].after, new.turns[1].after)
    )
    assert now < before < then
    _, then, now = row(shown, "Would come back")
    assert now > then
    page = (tmp_path / "report.html").read_text("utf-8")
    assert BETTER in page and BADLY[1] in page
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_one_may_go_on_from_there(session, tmp_path):
    """Typed as in talk, after the sentence given or without one; the patient repeats their last words first."""
    for say in ((), ("--say", "So nobody asked you.")):
        out = tmp_path / str(len(say))
        code, shown = simpatient(
            "retry", session, "--turn", 3, *say, "--typed", "--out", out, typed=[BETTER, "goodbye"]
        )

        said = [turn.utterance.text for turn in read(out).transcript().turns]
        assert code == 0, shown
        assert said == [*BADLY[:2], *say[1:], BETTER, "goodbye"]
        assert read(session).transcript().turns[1].reply.text in shown.partition("You: ")[0]
        assert len(row(shown, "Hope")) == 5


@pytest.mark.must_show("rewind and retry: the new session can be replayed and graded")
def test_the_new_session_is_a_session(session, tmp_path):
    """Replayed at both depths without a difference, retried in its turn, deleted with its origin's name in it."""
    assert simpatient("retry", session, "--turn", 2, "--say", BETTER, "--out", tmp_path / "a")[0] == 0

    for depth in ("redecide", "regrade"):
        assert simpatient("replay", tmp_path / "a", "--depth", depth) == (
            0, f"{depth}: nothing differs over 2 turns\n"
        )  # fmt: skip
    assert simpatient("retry", tmp_path / "a", "--turn", 1, "--say", BETTER, "--out", tmp_path / "b")[0] == 0


def test_a_stations_retry_is_marked_by_its_sheet(tmp_path):
    """Without clock and bells, and with the domains of the station."""
    drill = ("drill", "teen-first-visit", "--typed", "--silent", "--profile", "practice", "--learner", "c07")
    assert simpatient(*drill, "--out", tmp_path / "s", typed=[*BADLY, *[""] * 8])[0] == 0

    code, shown = simpatient("retry", tmp_path / "s", "--turn", 2, "--say", BETTER, "--out", tmp_path / "r")

    assert code == 0, shown
    assert read(tmp_path / "r").header["station"]["id"] == "teen-first-visit"
    assert not [e for e in read(tmp_path / "r").events if e["event"] == "bell"]
    assert '"station": "teen-first-visit"' in (tmp_path / "r" / "grade.json").read_text("utf-8")
    assert simpatient("replay", tmp_path / "r", "--depth", "regrade")[0] == 0


def test_own_risk_in_a_retry_is_not_kept(session, tmp_path):
    """As everywhere: answered, and nothing of it on the disk."""
    code, shown = simpatient("retry", session, "--turn", 2, "--say", "I want to kill myself", "--out", tmp_path)

    assert code == 0 and "988" in shown
    assert not any("kill myself" in file.read_text("utf-8") for file in tmp_path.iterdir())
    assert read(tmp_path).transcript().ended == "aborted"


def test_mistakes_cost_one_line(session, tmp_path):
    """What is wrong, what is allowed, and nothing written."""
    told = {
        ("--turn", 9, "--say", "Hm."): (2, "--turn: found 9; allowed: 1 to 4"),
        ("--turn", 0): (2, "turn"),
        ("--say", " "): (2, "--say: found nothing"),
        ("--typed", "--persona", "emergency"): (2, "the patient has changed"),
    }
    for arguments, (code, says) in told.items():
        got, shown = simpatient("retry", session, *arguments, "--out", tmp_path / "new")
        assert (got, shown.count("\n")) == (code, 1), shown
        assert says in shown
    assert simpatient("retry", tmp_path, "--say", "Hm.")[0] == 2
    assert simpatient("retry", session, "--say", "Hm.", "--out", session)[0] == 4
    assert not (tmp_path / "new").exists()

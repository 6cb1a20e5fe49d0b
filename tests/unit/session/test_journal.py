"""The journal: whole after every event, readable after a crash, clear about damage."""

import json
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simpatient.errors import JournalError, OutputError
from simpatient.model import Utterance
from simpatient.session.journal import Journal, read
from simpatient.session.replay import redecide, regrade
from simpatient.session.runner import Session, run

LINES = [
    "what seems to be the problem",
    "okay what would make this a helpful visit",
    "what do you wish was different at home",
]


def journalled(engine, folder, lines=LINES):
    session = Session(
        engine, Journal(folder), {"mode": "test", "recogniser": {"name": "typed", "digest": ""}, "voice": "none"}
    )
    ended = run(session, [Utterance(line) for line in lines], lambda reply: None, lambda turn: None)
    return ended, folder / "journal.jsonl"


def test_a_journal_tells_the_whole_session(engines, tmp_path):
    """What was heard and decided comes back as the transcript."""
    ended, _ = journalled(engines["teen"], tmp_path)

    found = read(tmp_path).transcript()

    assert ended == found.ended == "closed"
    assert [t.utterance.text for t in found.turns] == LINES
    assert found.turns[1].after.goal_agreement > found.turns[0].after.goal_agreement


def test_it_is_for_the_owner_only(engines, tmp_path):
    """What a learner said is readable by nobody else."""
    _, file = journalled(engines["teen"], tmp_path)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_torn_last_line_is_dropped_and_told(engines, tmp_path):
    """A crash in the middle of a write loses that line and nothing before it."""
    _, file = journalled(engines["teen"], tmp_path)
    whole = read(tmp_path)
    file.write_bytes(file.read_bytes()[:-20])

    torn = read(tmp_path)

    assert torn.torn and not whole.torn
    assert torn.events == whole.events[:-1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda lines: [lines[0].replace('"format":1', '"format":2'), *lines[1:]],
            "format 2; this version reads format 1",
        ),
        (lambda lines: [lines[0], lines[1][:-5], *lines[2:]], ":2: damaged"),
        (
            lambda lines: [*lines[:3], lines[3].replace('"event":"decided"', '"event":"dreamt"'), *lines[4:]],
            ":4: unknown event",
        ),
        (lambda lines: lines[1:], ":1: found no header"),
        (lambda lines: [*lines[:2], *lines[3:]], "misses what this format asks for"),
    ],
)
def test_damage_is_told_in_one_line(engines, tmp_path, change, says):
    """A newer format, damage in the middle, an unknown event, a missing header: each a clear line."""
    _, file = journalled(engines["teen"], tmp_path)
    file.write_text("\n".join(change(file.read_text().splitlines())) + "\n")

    with pytest.raises(JournalError) as caught:
        read(tmp_path)

    assert says in str(caught.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data):
    """No file whatever breaks the reader in another way than JournalError."""
    file = tmp_path_factory.mktemp("fuzz") / "journal.jsonl"
    file.write_bytes(data)
    with pytest.raises(JournalError):
        read(file)


def test_a_full_disk_leaves_a_whole_journal(engines, tmp_path):
    """When the disk is full, one error; what was written before is whole."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000));"
        "from pathlib import Path; from simpatient.session.journal import Journal;"
        "from simpatient.errors import OutputError\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "try:\n  while True: journal.add('bell', note='x' * 90)\n"
        "except OutputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines(keepends=True)

    assert "what was written before is whole" in done.stdout
    assert len(lines) > 10
    assert all(json.loads(line)["event"] == "bell" and line.endswith(b"\n") for line in lines)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """Where a file stands in the way of the folder, one line says so."""
    (tmp_path / "taken").write_text("x")

    with pytest.raises(OutputError, match="cannot write the session there"):
        Journal(tmp_path / "taken")


def test_ctrl_c_leaves_a_whole_journal(engines, tmp_path):
    """An interrupt ends the journal with its reason."""

    def ears():
        yield Utterance(LINES[0])
        raise KeyboardInterrupt

    session = Session(
        engines["teen"], Journal(tmp_path), {"mode": "test", "recogniser": {"name": "x", "digest": ""}, "voice": ""}
    )
    with pytest.raises(KeyboardInterrupt):
        run(session, ears(), lambda reply: None, lambda turn: None)

    assert read(tmp_path).transcript().ended == "aborted"


def test_what_a_learner_says_of_their_own_risk_is_not_kept(engines, tmp_path):
    """Only `paused` is left of such a turn: no words, no detections."""
    ended, file = journalled(engines["teen"], tmp_path, [LINES[0], "i have been thinking of killing myself"])
    events = [json.loads(line)["event"] for line in file.read_text().splitlines()]

    assert ended == "aborted"
    assert events[-2:] == ["paused", "ended"]
    assert "killing" not in file.read_text()


def test_replay_finds_no_difference_in_an_honest_journal(engines, tmp_path):
    """The same words through the same engine decide the same."""
    journalled(engines["teen"], tmp_path, [*LINES, "", "mm"])

    assert redecide(read(tmp_path), engines["teen"]) == []


def test_replay_finds_a_changed_decision(engines, tmp_path):
    """A reply that was tampered with is found, with its turn."""
    _, file = journalled(engines["teen"], tmp_path)
    lines = file.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if '"decided"' in line)
    lines[at] = lines[at].replace('"reluctance":0.8', '"reluctance":0.7')
    file.write_text("\n".join(lines) + "\n")

    found = redecide(read(tmp_path), engines["teen"])

    assert found and found[0].startswith("turn 1:")
    assert regrade(read(tmp_path), "another grade", engines["teen"].detector, engines["teen"].patient) == [
        "the grade differs"
    ]


def test_the_same_words_give_the_same_bytes(root, tmp_path):
    """Two processes with other hash seed, folder, locale and time zone write byte-identical journals."""
    code = (
        "import sys; from pathlib import Path; from tests.unit.session.test_journal import journalled, LINES;"
        "from simpatient.cli.common import engine; journalled(engine('teen', 3), Path(sys.argv[1]))"
    )
    written = []
    for number, settings in enumerate(
        (
            {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
            {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"},
        )
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        environment = {**os.environ, **settings, "PYTHONPATH": str(root)}
        subprocess.run([sys.executable, "-c", code, str(folder)], cwd=folder, env=environment, check=True)
        written.append((folder / "journal.jsonl").read_bytes())

    assert written[0] == written[1]


def test_a_journal_goes_on_after_a_crash(engines, tmp_path):
    """A torn last line is cut off, and what is added stands behind the whole ones."""
    _, file = journalled(engines["teen"], tmp_path)
    file.write_bytes(file.read_bytes()[:-20])
    whole = read(tmp_path).events

    journal = Journal.again(tmp_path)
    journal.add("resumed", by="restart", at_ms=1)
    journal.close()

    assert read(tmp_path).events == (*whole, {"event": "resumed", "by": "restart", "at_ms": 1})
    assert not read(tmp_path).torn


@pytest.mark.parametrize("begin", [Journal, Journal.again])
def test_one_program_writes_a_journal_at_a_time(tmp_path, begin):
    """Who would write a session that is being written is told so, and nothing of it is lost."""
    writing = Journal(tmp_path)
    writing.add("bell")

    with pytest.raises(OutputError, match="another program is writing"):
        begin(tmp_path)

    assert (tmp_path / "journal.jsonl").read_text() == '{"event":"bell"}\n'
    writing.close()
    begin(tmp_path).close()

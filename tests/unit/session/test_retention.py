"""What is chosen to go, what goes, and what never does."""

import json
import os
import stat
from dataclasses import replace

import pytest

from simpatient.errors import OutputError, UsageError
from simpatient.model import AllianceState, Reply, Turn, Utterance, Word
from simpatient.ports import BLOCK, RATE, Pcm
from simpatient.ports.clock import days_later
from simpatient.ports.recordings import blocks, probe
from simpatient.session import manifest, retention
from simpatient.session.conversation import clips
from simpatient.session.files import spoken
from simpatient.session.journal import Journal
from simpatient.session.runner import Session
from simpatient.session.tape import Tape

NOW = "2024-05-01T09:30:00Z"
REPLY = Reply("opening.1", "Hello.", "smalltalk", pause_ms=100)


def session(engine, folder, ended=NOW, learner="", origin=None, audio=False, **about):
    """A session that ended then."""
    more = ({"learner": learner} if learner else {}) | ({"origin": {"session": origin, "turn": 1}} if origin else {})
    spoken = Session(engine, Journal(folder), {"mode": "talk", **more})
    spoken.journal.add("consent", audio=audio, why="a test", **({"retain_days": 30} if audio else {}))
    manifest.begin(folder, ended)
    spoken.end("closed")
    spoken.journal.close()
    if audio:
        (folder / "learner.flac").write_bytes(b"sound")
    manifest.finish(folder, ended)
    return manifest.load(folder).id


def names(found):
    return [kept.folder.name for kept in found]


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture
def teen(engines):
    return engines["teen"]


def test_the_manifest(teen, tmp_path):
    """Who, when, with which consent and software; each sound by its hash, and until when it may be kept."""
    session(teen, tmp_path / "s", learner="c07", audio=True)

    found = json.loads((tmp_path / "s" / "session.json").read_text())
    assert (found["learner"], found["started"], found["stopped"], found["consent"]) == ("c07", NOW, NOW, True)
    assert [len(digest) for digest in found["audio"].values()] == [64]
    assert (found["retain_days"], found["audio_until"]) == (30, "2024-05-31T09:30:00Z")
    assert found["software"]["persona"]["id"] == "teen" and found["software"]["simpatient"]
    assert len({session(teen, tmp_path / name) for name in "abc"}) == 3


def test_a_session_that_goes_on_keeps_its_name(teen, tmp_path):
    """After a crash, and where the crash tore the manifest."""
    name = session(teen, tmp_path)

    manifest.begin(tmp_path, days_later(NOW, 1))
    again = manifest.load(tmp_path)
    assert (again.id, again.started, again.stopped) == (name, NOW, None)
    (tmp_path / "session.json").write_text('{"id": "to')
    assert manifest.load(tmp_path) is None
    manifest.begin(tmp_path, NOW)
    assert manifest.load(tmp_path).started == NOW


def test_sessions_are_chosen(teen, tmp_path):
    """By age, by learner, by the date of their sound."""
    session(teen, tmp_path / "old", ended=days_later(NOW, -90))
    session(teen, tmp_path / "young", ended=days_later(NOW, -89), learner="c07")
    session(teen, tmp_path / "loud", ended=days_later(NOW, -30), audio=True)
    session(teen, tmp_path / "louder", ended=days_later(NOW, -29), audio=True, learner="c08")
    found = retention.sessions(tmp_path)

    assert names(found) == ["loud", "louder", "old", "young"]
    assert names(retention.older(found, 90, NOW)) == ["old"]
    assert names(retention.of_learner(found, "c07")) == ["young"]
    assert names(retention.expired(found, NOW)) == ["loud"]
    assert [kept.files for kept in retention.sound_only(found)] == [("learner.flac",), ("learner.flac",)]


def test_a_session_without_a_manifest_is_as_old_as_its_journal(teen, tmp_path):
    """Older sessions, and those that a crash ended at once."""
    session(teen, tmp_path / "s", learner="c07")
    (tmp_path / "s" / "session.json").unlink()
    os.utime(tmp_path / "s" / "journal.jsonl", (0, 86_400))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "journal.jsonl").touch()

    empty, kept = retention.sessions(tmp_path)
    assert (kept.date, kept.learner) == ("1970-01-02T00:00:00Z", "c07")
    assert empty.files == ("journal.jsonl",)


def test_retries_go_with_their_origin(teen, tmp_path):
    """They repeat its words; so do retries of retries."""
    first = session(teen, tmp_path / "a")
    second = session(teen, tmp_path / "b", origin=first)
    session(teen, tmp_path / "c", origin=second)
    session(teen, tmp_path / "d")
    found = retention.sessions(tmp_path)

    assert names(retention.with_retries(found[:1], found)) == ["a", "b", "c"]
    assert names(retention.with_retries(found[2:3], found)) == ["c"]
    assert names(retention.beside(tmp_path / "b")) == ["a", "c", "d"]


def test_no_trace_is_left(teen, tmp_path):
    """Nor of the folder that bears a learner's name; what lies above stays."""
    folder = tmp_path / "circuit" / "ann" / "01-x"
    session(teen, folder, audio=True)
    for name in set(retention.FILES) - {"journal.jsonl", "session.json"}:
        (folder / name).touch()
    for turn in (0, 12, 1234):
        (folder / spoken(turn)).touch()
    (kept,) = retention.sessions(tmp_path / "circuit")

    assert retention.delete(kept, tmp_path / "circuit") == ()
    assert tree(tmp_path) == ["circuit"]


def test_what_is_no_part_of_a_session_stays(teen, tmp_path):
    """A session may lie among somebody's own files."""
    session(teen, tmp_path)
    (tmp_path / "thesis.docx").touch()
    (tmp_path / "sub").mkdir()
    (kept,) = retention.sessions(tmp_path)

    assert retention.delete(kept, tmp_path) == ("sub", "thesis.docx")
    assert tree(tmp_path) == ["sub", "thesis.docx"]


def test_only_sound_goes(teen, tmp_path):
    """The journal stays, and the manifest keeps a count."""
    session(teen, tmp_path, audio=True)
    (kept,) = retention.sound_only(retention.sessions(tmp_path))

    retention.delete(kept, tmp_path)

    assert tree(tmp_path) == ["journal.jsonl", "session.json"]
    about = manifest.load(tmp_path)
    assert (about.audio, about.audio_until, about.audio_deleted) == ({}, None, 1)
    assert retention.sound_only(retention.sessions(tmp_path)) == []


def test_links_are_not_followed(teen, tmp_path):
    """A link to a folder, to a journal, to a sound: what they point at stays; a link named like a sound goes."""
    outside = tmp_path / "outside"
    session(teen, outside, audio=True)
    root = tmp_path / "root"
    session(teen, root / "s")
    (root / "link").symlink_to(outside)
    (root / "half").mkdir()
    (root / "half" / "journal.jsonl").symlink_to(outside / "journal.jsonl")
    (root / "s" / "learner.flac").symlink_to(outside / "learner.flac")
    before = tree(outside)

    (kept,) = retention.sessions(root)
    retention.delete(kept, root)

    assert tree(outside) == before
    assert not (root / "s").exists() and (root / "half" / "journal.jsonl").is_symlink()
    with pytest.raises(UsageError, match="is a link"):
        retention.sessions(root / "link")


@pytest.mark.parametrize("journal", [None, "no JSON\n", '{"event":"note"}\n', '{"event":"header"', "[]\n"])
def test_folders_that_are_no_sessions_are_refused(tmp_path, journal):
    """Also where a file is called like a journal."""
    if journal is not None:
        (tmp_path / "journal.jsonl").write_text(journal)

    with pytest.raises(UsageError, match="holds no session"):
        retention.sessions(tmp_path)


def test_a_session_that_is_being_written_is_left_alone(teen, tmp_path):
    """Whoever sits in it loses nothing."""
    session(teen, tmp_path)
    (kept,) = retention.sessions(tmp_path)
    writing = Journal.again(tmp_path)

    with pytest.raises(OutputError, match="is writing this session"):
        retention.delete(kept, tmp_path)

    assert (tmp_path / "journal.jsonl").exists()
    writing.close()


def test_ages():
    """Days, weeks, years; nothing else."""
    assert [retention.age(text) for text in ("90d", "12w", "1y")] == [90, 84, 365]
    for text in ("90", "0d", "-1d", "1 d", "d", "1.5y", "123456d"):
        with pytest.raises(UsageError, match="older-than"):
            retention.age(text)


# ---- the tape


def loud(seconds, value=1000):
    """The microphone's blocks."""
    block = value.to_bytes(2, "little") * BLOCK
    return [block] * round(seconds * RATE / BLOCK)


def feed(tape, seconds):
    for block in loud(seconds):
        tape.hears(block)


def said(no, start_ms, end_ms):
    state = AllianceState("contemplation", 0.5, 0.5, 0.5, 0.5, 0.5)
    words = (Word("hello", start_ms, end_ms, 1.0),)
    return Turn(no, Utterance("hello", words, start_ms, end_ms, "audio"), (), (), state, state, REPLY)


def test_sound_of_kept_turns_only(tmp_path):
    """Silences and turns that the journal does not hold leave no sound; the clips are where the words are."""
    tape = Tape(tmp_path, on=True)
    tape.patient(REPLY, Pcm(bytes(2 * RATE), RATE))
    feed(tape, 3)
    tape.turn(said(1, 61_000, 62_000), now_ms=63_000)
    feed(tape, 2)
    tape.turn(replace(said(2, 0, 0), utterance=Utterance("")), now_ms=70_000)
    feed(tape, 2)  # the learner spoke of their own risk: the turn never comes
    tape.close()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips.jsonl", "conversation.flac", "learner.flac"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())
    assert probe(tmp_path / "learner.flac").seconds == 3
    assert clips(tmp_path) == {1: (1_500, 2_500)}  # after pause, voice, tail; with what is kept before the first word
    assert probe(tmp_path / "conversation.flac").seconds == pytest.approx(0.1 + 1 + 0.25 + 0.15 + 1 + 0.25)


def test_without_consent_nothing_is_kept(tmp_path):
    """Everything passes."""
    tape = Tape(tmp_path, on=False)
    feed(tape, 1)
    tape.turn(said(1, 0, 500), now_ms=1_000)
    tape.patient(REPLY, Pcm(bytes(RATE), RATE))
    tape.close()

    assert list(tmp_path.iterdir()) == []


def test_a_crash_costs_no_more_than_the_running_turn(tmp_path):
    """What was kept is there when the session goes on, even where a sample was torn, or the session had ended."""
    tape = Tape(tmp_path, on=True)
    feed(tape, 1)
    tape.turn(said(1, 0, 1000), now_ms=1_000)
    feed(tape, 1)  # killed
    with (tmp_path / "learner.pcm").open("ab") as raw:
        raw.write(b"\x01")

    for number in (2, 3):
        tape = Tape(tmp_path, on=True)
        feed(tape, 1)
        tape.turn(said(number, 0, 1000), now_ms=1_000)
        tape.close()

    samples = b"".join(blocks(tmp_path / "learner.flac"))
    assert samples == b"".join(loud(3))
    assert sorted(clips(tmp_path)) == [1, 2, 3]

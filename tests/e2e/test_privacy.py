"""What a session writes is for its owner's eyes only, and can be deleted without a trace."""

import json
import os
import pty
import stat
import subprocess
import sys

import pytest

from simpatient import places
from simpatient.session.journal import read
from simpatient.session.retention import FILES
from tests.nursery import simpatient

LINES = ["What is your problem?", "You need an antidepressant.", "goodbye"]


def talk(folder, *options):
    code, shown = simpatient("talk", "teen", "--typed", "--out", folder, *options, typed=LINES)
    assert code == 0, shown
    return folder


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def open_umask():
    """As on a machine where everybody may read what others write."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.must_show("privacy: every file of a session is for its owner only, and known to purge")
def test_only_the_owner_reads(open_umask, tmp_path):
    """Whatever the umask: talk, drill and retry leave no file and no folder that others can read or list."""
    root = tmp_path / "new" / "sessions"
    talk(root / "talk")
    drill = ("drill", "teen-first-visit", "--typed", "--silent", "--profile", "practice", "--out", root / "drill")
    assert simpatient(*drill, typed=[*LINES, *[""] * 8])[0] == 0
    assert simpatient("retry", root / "talk", "--turn", 2, "--say", "Hm.", "--out", root / "retry")[0] == 0
    talking = [sys.executable, "-m", "simpatient", "talk", "teen", "--typed"]  # among the user's data
    subprocess.run(talking, input="\n".join(LINES), text=True, check=True, capture_output=True)
    written = [*(tmp_path / "new").rglob("*"), tmp_path / "new", *places.user_data().rglob("*")]

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in written}
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
    assert len([path for path in written if path.is_file()]) == 18
    assert {path.name for path in written if path.is_file()} <= set(FILES)


def test_consent_and_manifest(tmp_path):
    """Every session says whether sound may be kept; its manifest says whose it is and when it was held."""
    talk(tmp_path, "--learner", "c07", "--keep-audio")

    (consent,) = (e for e in read(tmp_path).events if e["event"] == "consent")
    assert consent["audio"] is False
    about = json.loads((tmp_path / "session.json").read_text())
    assert (about["learner"], about["consent"], about["audio"]) == ("c07", False, {})
    assert about["started"] <= about["stopped"]


def test_a_session_that_is_stopped_is_whole(tmp_path):
    """Of the learner's own risk nothing is kept; the manifest is finished nevertheless."""
    assert simpatient("talk", "teen", "--typed", "--out", tmp_path, typed=["I want to kill myself"])[0] == 0

    assert json.loads((tmp_path / "session.json").read_text())["stopped"]
    assert not any("kill myself" in file.read_text("utf-8") for file in tmp_path.iterdir())


@pytest.mark.must_show("privacy: simpatient purge by age or learner")
def test_purge(tmp_path):
    """Listed, counted, asked; by learner, by age, one alone with its retries; nothing else is touched."""
    root = tmp_path / "root"
    for name, who in (("a", "c07"), ("b", "c08"), ("c", "c08")):
        talk(root / who / name, "--learner", who)
    (tmp_path / "root" / "notes.txt").touch()
    all_of_it = tree(root)

    code, shown = simpatient("purge", root, "--learner", "c07", "--dry-run")
    assert code == 0 and "root/c07/a" in shown and "Would be deleted: 1 session, 4 files" in shown
    assert simpatient("purge", root, "--learner", "c07")[0] == 2  # nobody can be asked
    assert "nothing to delete" in simpatient("purge", root, "--older-than", "90d", "--yes")[1]
    assert tree(root) == all_of_it

    code, shown = simpatient("purge", root, "--learner", "c07", "--yes")
    assert code == 0 and "Deleted: 1 session, 4 files." in shown
    assert tree(root) == [path for path in all_of_it if not path.startswith("c07")]

    assert simpatient("retry", root / "c08" / "b", "--say", "Hm.", "--out", root / "c08" / "again")[0] == 0
    code, shown = simpatient("purge", root / "c08" / "b", "--yes")
    assert code == 0 and "Deleted: 2 sessions, 8 files." in shown
    assert sorted(path.name for path in (root / "c08").iterdir()) == ["c"]

    old = json.loads((root / "c08" / "c" / "session.json").read_text())
    (root / "c08" / "c" / "session.json").write_text(json.dumps(old | {"stopped": "2020-01-01T00:00:00Z"}))
    assert "Deleted: 1 session" in simpatient("purge", root, "--older-than", "1y", "--yes")[1]
    assert tree(root) == ["notes.txt"]


@pytest.mark.parametrize(("answer", "left"), [(b"n\n", True), (b"\n", True), (b"y\n", False)])
def test_at_a_terminal_one_is_asked(tmp_path, answer, left):
    """Only a clear yes deletes."""
    talk(tmp_path / "s")
    keys, terminal = pty.openpty()
    os.write(keys, answer)
    command = [sys.executable, "-m", "simpatient", "purge", tmp_path / "s"]
    done = subprocess.run(command, stdin=terminal, capture_output=True, text=True)
    os.close(keys)
    os.close(terminal)

    assert done.returncode == 0, done.stderr
    assert "cannot be undone" in done.stdout
    assert (tmp_path / "s").exists() is left
    assert ("Nothing was deleted." in done.stdout) is left


def test_purge_refuses_what_is_no_session(tmp_path):
    """One line: a folder without sessions, a link, no choice among many, an odd age."""
    (tmp_path / "empty").mkdir()
    talk(tmp_path / "root" / "s")
    (tmp_path / "link").symlink_to(tmp_path / "root")
    told = {
        (tmp_path / "empty", "--older-than", "1d"): "holds no session",
        (tmp_path / "link", "--older-than", "1d"): "is a link",
        (tmp_path / "none", "--expired"): "no folder",
        (tmp_path / "root",): "say which",
        (tmp_path / "root", "--older-than", "soon"): "such as 90d",
    }
    before = tree(tmp_path)

    for arguments, says in told.items():
        code, shown = simpatient("purge", *arguments, "--yes")
        assert (code, shown.count("\n")) == (2, 1), shown
        assert says in shown
    assert tree(tmp_path) == before

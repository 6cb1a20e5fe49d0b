"""simpatient grade: recordings, sessions, folders; side by side, broken off and taken up again; every damage."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import soundfile

from simpatient.cli.grade import Asked, run_grade
from simpatient.cli.mark import run_mark
from simpatient.cli.replay import run_replay
from simpatient.errors import UsageError
from simpatient.model import Utterance
from simpatient.session.grading_run import Wishes
from simpatient.session.journal import Journal, read
from simpatient.session.runner import Session
from tests import sounds

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
BAD = FIXTURES / "demo" / "teen-bad.flac"
STATION = "teen-first-visit"


def grade(*paths, out, jobs=1, station=STATION, persona=None, code=0, **wishes):
    """The command in this process; `code` is the exit code it must end with."""
    asked = Asked(persona, None if persona else station, None, "clinic", Wishes(**wishes))
    try:
        run_grade([str(p) for p in paths], asked, out=out, as_json=False, jobs=jobs)
        ended = 0
    except SystemExit as end:
        ended = end.code
    assert ended == code


def clip(name):
    sound, _ = soundfile.read(FIXTURES / "clips" / f"{name}.flac")
    return sound


def heard(session):
    return [turn.utterance.text for turn in read(session).transcript().turns]


def table(out):
    """The rows of the table."""
    return list(csv.DictReader((out / "grades.csv").read_text("utf-8").splitlines()))


def quiet(seconds):
    return numpy.zeros(int(seconds * sounds.RATE))


def recorded(path, *sides):
    """A two-channel recording: ("l" or "r", sound) one after the other."""
    left, right = [], []
    for side, sound in sides:
        with_pause = numpy.concatenate([quiet(0.6), sound])
        mine, other = (left, right) if side == "l" else (right, left)
        mine.append(with_pause)
        other.append(numpy.zeros(len(with_pause)))
    both = numpy.stack([numpy.concatenate(left), numpy.concatenate(right)], axis=1)
    soundfile.write(path, both, sounds.RATE)
    return path


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A recording of two turns."""
    file = tmp_path_factory.mktemp("recordings") / "short.flac"
    soundfile.write(file, numpy.concatenate([clip("goal-open-1"), quiet(2), clip("auton")]), sounds.RATE)
    return file


@pytest.fixture(scope="module")
def marks(tmp_path_factory, short):
    """Two recordings, graded by two processes."""
    out = tmp_path_factory.mktemp("marks")
    grade(short, BAD, out=out, jobs=2)
    return out


CHILD = """
import json, resource, sys
from pathlib import Path
from simpatient.cli.grade import Asked, run_grade
from simpatient.session.grading_run import Wishes

def run(paths, out):
    try:
        run_grade(paths, Asked("teen", None, None, "clinic", Wishes()), out=Path(out), as_json=False, jobs=1)
    except SystemExit as end:
        return end.code
    return 0

first, *rest = sys.argv[2:]
codes, peaks = [], []
for paths, name in (([first], "one"), ([first, *rest], "all")):
    codes.append(run(paths, sys.argv[1] + "/" + name))
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(json.dumps({"codes": codes, "kilobytes": peaks}))
"""


@pytest.mark.must_show("40 audio files of every format, depth and damage: the right text or one clear line")
def test_every_format_and_every_damage(tmp_path):
    """Every file that holds the sentence gives its words; any other costs one line; memory does not grow with them."""
    sentence = sounds.sentence(FIXTURES / "clips" / "goal-wish-1.flac")
    good, bad = sounds.good(tmp_path, sentence), sounds.bad(tmp_path, sentence)
    assert len(good) + len(bad) >= 40

    done = subprocess.run(
        [sys.executable, "-c", CHILD, tmp_path / "out", *good, *bad], capture_output=True, text=True, check=True,
        timeout=300,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Listening:")]

    for file, session in zip(good, sessions(good, tmp_path / "out" / "all"), strict=True):
        assert heard(session) == ["what would you like your parents to do instead"], file.name
    assert "Traceback" not in done.stderr
    for file in bad:
        assert sum(line.startswith(f"simpatient: {file}: ") for line in lines) == 1, file.name
    assert len(lines) == len(bad)
    assert told["codes"] == [0, 2]
    assert told["kilobytes"][1] - told["kilobytes"][0] < 64_000


def sessions(files, out):
    """The folder of each file's results, as they are numbered."""
    names = []
    for file in files:
        same = sum(name == file.stem for name, _ in names)
        names.append((file.stem, out / (f"{file.stem}-{same + 1}" if same else file.stem)))
    return [folder for _, folder in names]


def test_a_folder_a_recording_and_one_table(marks, short):
    """Journal, grade and page each; the table and the lines hold both in the order they were named."""
    rows = table(marks)
    lines = [json.loads(line) for line in (marks / "grades.jsonl").read_text("utf-8").splitlines()]

    assert {p.name for p in (marks / "teen-bad").iterdir()} == {"journal.jsonl", "grade.json", "report.html"}
    assert [row["session"] for row in rows] == ["short", "teen-bad"]
    assert [line["file"] for line in lines] == [str(short), str(BAD)]
    assert {row["station"] for row in rows} == {STATION} and rows[0]["open_loop"] == "yes"
    assert lines[1]["ended"] == "walkout" and lines[1]["sheet"]["station"] == STATION
    assert all(p.stat().st_mode & 0o077 == 0 for p in marks.rglob("*"))


def test_the_page_plays_the_recording_where_it_lies(marks):
    """Nothing is copied; the page points to the file, and the journal says so."""
    link = os.path.relpath(BAD, marks / "teen-bad")

    assert link in (marks / "teen-bad" / "report.html").read_text("utf-8")
    consent = next(e for e in read(marks / "teen-bad").events if e["event"] == "consent")
    assert consent["audio"] is False


@pytest.mark.must_show("the same audio gets the same marks, whatever the number of processes")
def test_the_same_marks_whatever_the_jobs(marks, short, tmp_path):
    """One process gives what two gave, byte for byte."""
    grade(short, BAD, out=tmp_path)

    for name in ("short", "teen-bad"):
        for file in ("journal.jsonl", "grade.json"):
            assert (tmp_path / name / file).read_bytes() == (marks / name / file).read_bytes()
    assert (tmp_path / "grades.csv").read_bytes() == (marks / "grades.csv").read_bytes()


def test_what_is_done_is_not_done_again(marks, short, tmp_path):
    """The ledger knows what was graded; other settings or a changed result are graded anew."""
    out = tmp_path / "out"
    shutil.copytree(marks, out)
    pages = {name: out / name / "report.html" for name in ("short", "teen-bad")}
    for page in pages.values():
        page.write_text("untouched")
    (out / "teen-bad" / "grade.json").write_text("{}")
    before = table(out)

    grade(short, BAD, out=out)

    assert pages["short"].read_text() == "untouched"
    assert pages["teen-bad"].read_text() != "untouched"
    assert table(out) == before
    grade(short, out=out, gap_ms=2500)
    assert pages["short"].read_text() != "untouched"


def test_ctrl_c_leaves_a_ledger_that_goes_on(marks, short, tmp_path):
    """Broken off after the first recording: one line, 130, the table of what was done; the second run does the rest."""
    slow = tmp_path / "slow.wav"
    soundfile.write(slow, numpy.concatenate([clip("openq"), quiet(600)]), sounds.RATE)
    command = [sys.executable, "-m", "simpatient", "grade", BAD, slow, short, "--station", STATION, "--model", "clinic",
               "--out", tmp_path / "out", "--jobs", "2"]  # fmt: skip
    run = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout.readline().startswith(str(BAD))
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)

    assert run.returncode == 130
    assert said.splitlines()[-1] == "simpatient: stopped" and "Traceback" not in said
    assert "teen-bad" in (tmp_path / "out" / "grades.csv").read_text("utf-8")
    page = tmp_path / "out" / "teen-bad" / "report.html"
    page.write_text("untouched")
    grade(BAD, short, out=tmp_path / "out")
    assert page.read_text() == "untouched"
    assert (tmp_path / "out/short/grade.json").read_bytes() == (marks / "short/grade.json").read_bytes()


@pytest.mark.must_show("a session journal is graded exactly")
def test_a_session_is_graded_exactly(marks, tmp_path):
    """By its folder, by its journal, among others in a folder: the same bytes as before, without a recogniser."""
    grade(marks, out=tmp_path / "a", station=None)
    grade(marks / "teen-bad" / "journal.jsonl", out=tmp_path / "b", station=None)

    for session in (tmp_path / "a" / "short", tmp_path / "a" / "teen-bad", tmp_path / "b" / "teen-bad"):
        for name in ("grade.json", "journal.jsonl"):
            assert (session / name).read_bytes() == (marks / session.name / name).read_bytes()


def test_examiners_marks_go_with_a_session(marks, tmp_path):
    """What an examiner wrote beside the session stands in the new grade."""
    session = tmp_path / "s"
    shutil.copytree(marks / "teen-bad", session)
    run_mark(session, "dr-a", rating=2, items=[], domains=[], detections=[], why="", comment="")

    grade(session, out=tmp_path / "out", station=None)

    assert (tmp_path / "out" / "s" / "grade.json").read_bytes() == (session / "grade.json").read_bytes()
    assert "dr-a" in (tmp_path / "out" / "grades.csv").read_text("utf-8")


def test_two_channels(tmp_path):
    """The patient's words come from the other channel, nobody walks out who stayed, and nothing is open loop."""
    sides = [("r", clip("openq")), ("l", clip("goal-open-1")), ("r", clip("trial")), ("l", clip("goal-wish-1")),
             ("r", clip("scale")), ("l", numpy.concatenate([quiet(16), clip("auton")]))]  # fmt: skip
    file = recorded(tmp_path / "two.wav", *sides)

    grade(file, out=tmp_path / "no", code=2)
    grade(file, out=tmp_path / "out", channel=1)
    told = read(tmp_path / "out" / "two")
    turns = told.transcript().turns

    assert told.header["patient"] == "recorded" and "normal day" in told.header["opening"]["text"]
    assert [turn.utterance.text[:9] for turn in turns] == ["what woul", "what woul", "", "you don't"]
    assert "two weeks" in turns[0].reply.text and turns[2].detections[0].code == "DEAD_AIR"
    assert told.transcript().ended == "closed"
    assert json.loads((tmp_path / "out" / "two" / "grade.json").read_text("utf-8"))["open_loop"] is False
    run_replay(tmp_path / "out" / "two", "redecide", persona=None, audio=None, model=None)
    run_replay(tmp_path / "out" / "two", "regrade", persona=None, audio=None, model=None)


def test_two_voices_on_one_channel_are_refused(tmp_path, capsys):
    """A conversation mixed down is no learner alone, unless somebody says it is."""
    file = tmp_path / "mixed.wav"
    names = ["goal-wish-1", "openq", "pros", "cons", "goal-bridge", "goal-echo", "si-ask", "refl-c", "repair", "trial"]
    soundfile.write(file, numpy.concatenate([x for n in names for x in (clip(n), quiet(1.2))]), sounds.RATE)

    grade(file, out=tmp_path / "out", code=2)
    said = capsys.readouterr().err

    assert "two voices" in said and "--assume-clinician" in said
    grade(file, out=tmp_path / "out", assume_clinician=True)


def test_the_audio_s_own_silences(tmp_path):
    """A pause of 40 s in which nobody answers is told to the patient; it accuses nobody in open loop."""
    file = tmp_path / "pause.wav"
    soundfile.write(file, numpy.concatenate([clip("goal-open-1"), quiet(40), clip("goal-wish-1")]), sounds.RATE)

    grade(file, out=tmp_path / "out")
    told = read(tmp_path / "out" / "pause")

    silent = [t for t in told.transcript().turns if not t.utterance.text]
    assert 1 <= len(silent) <= 2 and silent[0].detections[0].code == "DEAD_AIR"
    assert table(tmp_path / "out")[0]["anti_technique_points"] == "0"


def test_kept_audio_is_the_learner_s_and_has_a_date(tmp_path):
    """With --keep-audio what was heard lies beside the journal, which says so, with the date until which."""
    grade(BAD, out=tmp_path, keep_audio=True)
    kept, _ = soundfile.read(tmp_path / "teen-bad" / "learner.flac")
    about = json.loads((tmp_path / "teen-bad" / "session.json").read_text("utf-8"))

    assert len(kept) == soundfile.info(BAD).frames
    assert about["consent"] is True and about["audio_until"] and set(about["audio"]) == {"learner.flac"}
    assert "learner.flac" in (tmp_path / "teen-bad" / "report.html").read_text("utf-8")


def test_own_risk_leaves_no_sound(tmp_path, engines):
    """A journal that only says `paused` points to no recording."""
    told = Session(engines["teen"], Journal(tmp_path / "s"), {"mode": "talk", "voice": "none"})
    assert told.hear(Utterance("i want to kill myself")) is None

    grade(tmp_path / "s", out=tmp_path / "out", station=None)

    assert "<audio" not in (tmp_path / "out" / "s" / "report.html").read_text("utf-8")
    assert "kill" not in (tmp_path / "out" / "s" / "journal.jsonl").read_text("utf-8")


def test_what_must_be_said(tmp_path):
    """Both a patient and a station, or neither with a recording, is one line."""
    with pytest.raises(UsageError, match="give one of them"):
        run_grade([str(BAD)], Asked("teen", STATION, None, "clinic", Wishes()), out=tmp_path, as_json=False, jobs=1)
    with pytest.raises(UsageError, match="needs its patient"):
        run_grade([str(BAD)], Asked(None, None, None, "clinic", Wishes()), out=tmp_path, as_json=False, jobs=1)

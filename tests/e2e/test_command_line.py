"""Mistakes of users: one line, the right exit code, no traceback, nothing lost."""

import json
import os
import signal
import subprocess
import sys
import wave

import pytest

from simpatient.places import clinic_model
from simpatient.session.journal import read

BASE = [sys.executable, "-m", "simpatient"]


def simpatient(*arguments, text=None, env=None):
    return subprocess.run(
        [*BASE, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        timeout=120,
    )


def silent_wave(path, seconds=1.0):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(int(32000 * seconds)))
    return path


def broken_model(folder):
    for name in ("am/final.mdl", "conf/model.conf", "conf/mfcc.conf", "graph/HCLG.fst", "graph/words.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("--endpoint.silence-phones=1\n" if name.endswith("model.conf") else "nonsense")
    return folder


def cases(tmp_path):
    (tmp_path / "text.wav").write_text("this is no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    silent = silent_wave(tmp_path / "silent.wav")
    model = ("--model", "clinic")
    return {
        "missing file": (("transcribe", tmp_path / "no.wav", *model), 2),
        "directory": (("transcribe", tmp_path, *model), 2),
        "text named wav": (("transcribe", tmp_path / "text.wav", *model), 2),
        "empty file": (("transcribe", tmp_path / "empty.wav", *model), 2),
        "no frames": (("transcribe", silent_wave(tmp_path / "zero.wav", 0), *model), 2),
        "nobody speaks": (("grade", silent, "--persona", "teen", "--out", tmp_path / "g", *model), 2),
        "missing model": (("transcribe", silent, "--model", tmp_path / "nomodel"), 3),
        "empty model": (("transcribe", silent, "--model", _folder(tmp_path / "hollow")), 3),
        "broken model": (("transcribe", silent, "--model", broken_model(tmp_path / "broken")), 3),
        "unknown persona": (("talk", "nobody", "--typed"), 2),
        "json without typed": (("talk", "teen", "--json"), 2),
        "unknown option": (("demo", "--loud"), 2),
        "unknown take": (("demo", "--take", "ugly"), 2),
        "unknown command": (("dance",), 2),
        "no session": (("replay", tmp_path / "nowhere"), 2),
        "output in the way": (("demo", "--take", "bad", "--silent", "--out", tmp_path / "text.wav"), 4),
    }


def _folder(path):
    path.mkdir()
    return path


CASES = [
    "missing file",
    "directory",
    "text named wav",
    "empty file",
    "no frames",
    "nobody speaks",
    "missing model",
    "empty model",
    "broken model",
    "unknown persona",
    "json without typed",
    "unknown option",
    "unknown take",
    "unknown command",
    "no session",
    "output in the way",
]


@pytest.mark.must_show("one line each, no traceback")
@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_one_line(tmp_path, case):
    """The mistake is named in one line on standard error, with its exit code and without a traceback."""
    arguments, code = cases(tmp_path)[case]

    done = simpatient(*arguments, text="", env={"NO_COLOR": "1", "COLUMNS": "300"})
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Listening:")]

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == "" or case == "output in the way"
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("simpatient: ")


def test_a_broken_file_costs_one_line_and_the_rest_go_on(tmp_path, root):
    """Of two files the unreadable one is named; the other is written down; the exit code tells."""
    good = root / "audio_fixtures" / "demo" / "teen-bad.flac"

    done = simpatient("transcribe", tmp_path / "no.wav", good, "--json", "--model", "clinic")
    (line,) = done.stdout.splitlines()
    record = json.loads(line)

    assert done.returncode == 2
    assert record["file"] == str(good)
    assert record["text"].startswith("right sit down")
    assert set(record) == {"file", "engine", "text", "words"}
    assert set(record["words"][0]) == {"text", "start_ms", "end_ms", "confidence"}


@pytest.mark.must_show("read-only output and full disk leave a whole journal")
def test_a_full_disk(tmp_path):
    """When nothing more can be written: one line, exit code 4, and a journal whose every line is whole."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000));"
        "sys.argv = ['simpatient', 'talk', 'teen', '--typed', '--out', sys.argv[1]];"
        "from simpatient.cli import main; main()"
    )
    lines = "how are you sleeping\nwhat would make today worth your while\n" * 20
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], input=lines, capture_output=True, text=True)

    assert done.returncode == 4
    assert done.stderr.count("\n") == 1 and "what was written before is whole" in done.stderr
    assert not read(tmp_path).torn
    assert len(read(tmp_path).events) > 5


@pytest.mark.must_show("Ctrl-C leaves a whole journal")
def test_ctrl_c(tmp_path):
    """Ctrl-C in the middle of a talk: one line, exit code 130, the journal whole and ended."""
    talk = subprocess.Popen([*BASE, "talk", "teen", "--typed", "--json", "--out", str(tmp_path)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    talk.stdin.write("how are you sleeping\n")
    talk.stdin.flush()
    assert json.loads(talk.stdout.readline())["turn"] == 1
    talk.send_signal(signal.SIGINT)
    _, said = talk.communicate(timeout=30)

    assert talk.returncode == 130
    assert said == "simpatient: stopped\n"
    assert read(tmp_path).transcript().ended == "aborted"


def test_typed_json_is_the_contract(tmp_path):
    """One object a line, with the keys that scripts rely on; `because` quotes the learner."""
    done = simpatient(
        "talk",
        "teen",
        "--typed",
        "--json",
        "--out",
        tmp_path,
        text="what would make today worth your while\n\ngoodbye\n",
    )
    turns = [json.loads(line) for line in done.stdout.splitlines()]
    first = turns[0]

    assert done.returncode == 0 and done.stderr == ""
    assert set(first) == {"turn", "heard", "detections", "before", "after", "effects", "reply", "ended"}
    assert set(first["before"]) == {"stage", "reluctance", "hope", "goal_agreement", "task_agreement", "bond"}
    assert set(first["reply"]) == {"id", "text", "class"}
    assert {"variable", "delta", "because"} == set(first["effects"][0])
    assert "what would make today worth" in first["effects"][0]["because"]
    assert [t["ended"] for t in turns] == [None, None, "closed"]


def test_detect_json_is_the_contract():
    """Text comes back unchanged, offsets select the evidence; a persona adds derived codes; order is kept."""
    asked = [
        "So, what would make this visit worth your while?",
        '{"text": "You need medication.", "persona": "teen"}',
        "",
        "🙂",
    ]
    done = simpatient("detect", "--json", text="\n".join(asked) + "\n")
    found = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.returncode == 0, done.stderr
    assert [f["text"] for f in found] == [asked[0], "You need medication.", "", "🙂"]
    assert found[0]["behaviour"] == "question"
    hit = found[0]["detections"][0]
    assert set(hit) == {"code", "layer", "start", "end", "confidence", "cue"}
    assert hit["code"] == "GOAL_OPEN"
    assert asked[0][hit["start"] : hit["end"]].startswith("what would make")
    assert ("TX_EARLY", "derived") in {(d["code"], d["layer"]) for d in found[1]["detections"]}


@pytest.mark.parametrize(
    "line",
    [
        '{"txt": "a"}',
        '{"text": 3}',
        '{"text": "a", "persona": "nobody"}',
        '{"text": "a", "persona": "teen", "state": {"hope": 7}}',
    ],
)
def test_a_bad_detect_line_is_told(line):
    """A JSON line that breaks the contract is one line of error."""
    done = simpatient("detect", "--json", text=line + "\n")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("simpatient: ")


def test_grade_writes_a_report_and_json(tmp_path, root):
    """A recording in; a session folder and one JSON object out."""
    file = root / "audio_fixtures" / "demo" / "teen-bad.flac"

    done = simpatient("grade", file, "--persona", "teen", "--out", tmp_path, "--json", "--model", "clinic")
    record = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert record["ended"] == "walkout" and record["second_visit"] == 0.0
    assert (tmp_path / "teen-bad" / "report.html").exists()
    assert read(tmp_path / "teen-bad").transcript().ended == "walkout"


def test_the_stop_phrase_ends_the_talk(tmp_path):
    """“stop simulation” always works."""
    done = simpatient("talk", "emergency", "--typed", "--out", tmp_path, text="hello\nstop simulation\nhow are you\n")

    assert done.returncode == 0
    assert read(tmp_path).transcript().ended == "aborted"
    assert len(read(tmp_path).transcript().turns) == 1


def test_own_risk_pauses_with_help(tmp_path):
    """A learner who speaks of their own risk is told where help is; nothing of it is kept."""
    done = simpatient("talk", "teen", "--typed", "--out", tmp_path, text="i want to kill myself\n")

    assert "988" in done.stdout
    assert "kill" not in (tmp_path / "journal.jsonl").read_text()
    assert "kill myself" not in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("said", "paused"),
    [
        ("honestly i have been thinking about ending my own life", True),
        ("I've been feeling suicidal myself lately", True),
        ("i took an overdose this morning", True),
        ("sometimes i wish i was dead too", True),
        ("i have a plan to end it all", True),
        ("you said i want to die", False),
        ("your sister says you told her i want to die", False),
        ("do you ever think i want to kill myself", False),
        ("have you been thinking of killing yourself", False),
    ],
)
def test_own_risk_and_reported_speech(detector, said, paused):
    """A learner's own risk is heard in many words; the patient's words quoted are not taken for it."""
    assert ("own_risk" in {t.name for t in detector.hear(said).topics}) == paused


def test_a_session_is_never_written_over(tmp_path):
    """A talk into a folder that holds a session is refused, and the session stays."""
    simpatient("talk", "teen", "--typed", "--out", tmp_path, text="hello\n")
    before = (tmp_path / "journal.jsonl").read_bytes()

    done = simpatient("talk", "teen", "--typed", "--out", tmp_path, text="hello again\n")

    assert done.returncode == 4 and done.stderr.count("\n") == 1
    assert (tmp_path / "journal.jsonl").read_bytes() == before


def test_everything_written_is_for_the_owner_only(tmp_path):
    """Journal, grade and report can be read by nobody else."""
    simpatient("talk", "teen", "--typed", "--out", tmp_path / "s", text="hello\n")

    for file in (tmp_path / "s").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.parametrize("command", [("detect", "hello"), ("talk", "teen", "--typed")])
def test_a_full_standard_output_is_one_line(command, tmp_path):
    """Where standard output cannot be written: one line and exit code 4."""
    more = ["--out", str(tmp_path)] if command[0] == "talk" else []
    with open("/dev/full", "w") as full:
        done = subprocess.run([*BASE, *command, *more], input="hi\n", stdout=full, stderr=subprocess.PIPE, text=True)

    assert done.returncode == 4
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_no_standard_input_is_an_empty_one(tmp_path):
    """Started with standard input closed, a talk ends at once and is written."""
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m simpatient talk teen --typed --out {tmp_path} <&-"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert read(tmp_path).transcript().ended == "closed"


def test_the_clinic_model_is_small():
    """The wheel's own model takes at most 5 MB."""
    assert sum(f.stat().st_size for f in clinic_model().rglob("*") if f.is_file()) <= 5_000_000

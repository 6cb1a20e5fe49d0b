"""A typed drill by the clock: what is shown in which order, the hard stop, pauses, extra time, the feedback."""

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time

import pytest

from simpatient import places
from simpatient.session.journal import read
from tests.nursery import Child

TEEN = "teen-first-visit"
OPENING = "What would make this visit worth it for you?"
ANSWERS = ["70", "3", "2", "", "9", "4", "1.5", "Ask about dying."]
"""To the questions before the marks; the 9 is out of range and is asked again."""


def station(folder, times, **changes):
    """The teenager's station with other times."""
    text = places.station(TEEN).read_text("utf-8").replace("times: {profile: osce-uk}", f"times: {times}")
    for old, new in changes.items():
        text = text.replace(old, new)
    file = folder / f"{TEEN}.yaml"
    file.write_text(text)
    return file


def sat(child):
    """Everything that was printed, when the child has ended well."""
    printed = child.out.read()
    child.process.join(20)
    assert child.process.exitcode == 0, printed
    child.close()
    return printed


def typed(station, folder, *lines, options=(), scale=100):
    """A drill in which these lines are typed at once; what was printed, and the events of its journal."""
    child = Child("drill", station, "--typed", "--silent", "--time-scale", scale, "--out", folder, *options)
    child.typed.write("".join(f"{line}\n" for line in lines))
    child.typed.close()
    return sat(child), read(folder).events


def at(events, name):
    return [e["at_ms"] for e in events if e["event"] == "bell" and e["name"] == name]


def test_everything_comes_in_its_order(tmp_path):
    """Sheet, bell, interview, bells for who stays, the learner's own view, then the marks and the report."""
    shown, events = typed(TEEN, tmp_path, OPENING, "goodbye", *ANSWERS)

    order = [
        "Simulated patient", "Read now: 1:30", "Tess Moran, 16", "Go in: 7:00", "Tess Moran:", f"You: {OPENING}",
        "Stay in the station until the bell", "1:00 left", "The interview is over. Feedback: 2:00",
        "How likely is it that Tess Moran would come back?", "One thing you would do differently",
        "in 100), with", "(you: 70 in 100)", " of 4   (you: 3)", "Report:",
    ]  # fmt: skip
    places_ = [shown.find(text) for text in order]
    assert -1 not in places_ and places_ == sorted(places_), list(zip(order, places_, strict=True))
    assert [(e["name"], e["at_ms"]) for e in events if e["event"] == "bell"] == [
        ("read", 0), ("start", 90_000), ("warning", 450_000), ("stop", 510_000),
    ]  # fmt: skip
    assert read(tmp_path).transcript().ended == "closed"
    assert json.loads((tmp_path / "self.json").read_text()) == {
        "format": 1, "come_back": 70, "otherwise": "Ask about dying.",
        "domains": {"goals": 3, "engagement": 2, "tasks": None, "risk": 4, "structure": 1.5},
    }  # fmt: skip
    grade = json.loads((tmp_path / "grade.json").read_text())
    assert grade["sheet"]["station"] == TEEN
    assert grade["about"]["difficulty"] == 3
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in tmp_path.iterdir())


def test_no_mark_is_shown_before_the_learners_own_view(tmp_path):
    """While the first question waits for its answer no mark stands on the screen or on the disk."""
    child = Child("drill", TEEN, "--typed", "--silent", "--time-scale", 100, "--out", tmp_path)
    child.typed.write("goodbye\n")
    shown = ""
    while "come back?" not in shown:
        shown += child.out.read(1)

    assert " of 4" not in shown and "in 100)" not in shown
    assert not (tmp_path / "grade.json").exists()
    child.typed.close()
    assert "of 4" in sat(child)


@pytest.mark.must_show("the hard stop of a station")
def test_the_bell_ends_the_interview(tmp_path):
    """What is typed after the bell is no turn; the reason of the end is the time."""
    file = station(tmp_path, "{read_s: 10, task_s: 100, warn_s: [40], grace_s: 2, feedback_s: 60}")
    child = Child("drill", file, "--typed", "--silent", "--time-scale", 50, "--out", tmp_path / "s")
    for line in child.out:
        if "Tess Moran:" in line:
            child.typed.write("What do you wish was different at home?\n")
            time.sleep(0.2)
        if "The interview is over" in line:
            break
    child.typed.write("50\nand this is what I wish to say\n")
    child.typed.close()
    sat(child)

    events = read(tmp_path / "s").events
    after_the_bell = events[[e.get("name") for e in events].index("stop") :]
    heard = [e for e in events if e["event"] == "heard"]
    assert sum(e["event"] == "heard" for e in after_the_bell) <= 1  # typed before the bell, written after it
    assert len(heard) >= 4 and "and this is what" not in str(heard)
    assert read(tmp_path / "s").transcript().ended == "time"
    assert json.loads((tmp_path / "s" / "self.json").read_text())["come_back"] == 50


def test_only_the_invigilator_stops_the_time(tmp_path):
    """With --invigilator p stops the station's time and r lets it go on; both stand in the journal; nothing counts."""
    file = station(tmp_path, "{read_s: 5, task_s: 50, feedback_s: 10}")
    child = Child("drill", file, "--typed", "--silent", "--invigilator", "--time-scale", 50, "--out", tmp_path / "s")
    began = time.monotonic()
    shown = ""
    for line in child.out:
        shown += line
        if "Tess Moran:" in line:
            break
    child.typed.write("p\n")
    time.sleep(1.2)  # a minute of the station's time
    child.typed.write("what is said in a pause\n")
    time.sleep(0.1)
    child.typed.write("r\n")
    shown += sat(child) if child.typed.close() is None else ""
    took = time.monotonic() - began

    events = read(tmp_path / "s").events
    (paused,) = (e for e in events if e["event"] == "paused")
    (resumed,) = (e for e in events if e["event"] == "resumed")
    assert paused["by"] == resumed["by"] == "invigilator"
    assert 5_000 <= paused["at_ms"] == resumed["at_ms"] < 30_000
    assert [e for e in events if e["event"] == "heard"] == []
    assert at(events, "stop") == [55_000]
    assert took > 55 / 50 + 1.2
    assert "PAUSED" in shown and "GOING ON" in shown and "nothing counts" in shown
    assert "Stopped." not in shown  # a pause is no sign of the learner's own risk


def test_nobody_else_can_pause(tmp_path):
    """Without --invigilator p and r are words like others."""
    _, events = typed(TEEN, tmp_path, "p", "goodbye", scale=300)

    assert [e["utterance"]["text"] for e in events if e["event"] == "heard"] == ["p", "goodbye"]
    assert [e for e in events if e["event"] == "paused"] == []


@pytest.mark.parametrize(
    ("options", "start", "stop"),
    [
        (("--extra-reading", 1.25), 112_500, 532_500),
        (("--extra-task", 1.5), 90_000, 720_000),
        (("--profile", "osce-long", "--extra-reading", 2), 600_000, 1_500_000),
    ],
)
def test_other_times(tmp_path, options, start, stop):
    """Extra time for reading and for the task apart, and another profile; all of it stands in the journal's header."""
    _, events = typed(TEEN, tmp_path, "goodbye", options=options, scale=600)

    assert (at(events, "start"), at(events, "stop")) == ([start], [stop])
    header = read(tmp_path).header
    assert header["times"]["read_ms"] == start
    assert header["extra"] == {
        "reading": dict(zip(options[::2], options[1::2], strict=True)).get("--extra-reading", 1),
        "task": dict(zip(options[::2], options[1::2], strict=True)).get("--extra-task", 1),
    }


def test_without_limits(tmp_path):
    """The profile `practice`: nobody waits for a bell."""
    began = time.monotonic()
    shown, events = typed(TEEN, tmp_path, OPENING, "goodbye", options=("--profile", "practice"), scale=1)

    assert [e["name"] for e in events if e["event"] == "bell"] == ["read", "start", "stop"]
    assert "no time limit" in shown and "Stay in the station" not in shown
    assert time.monotonic() - began < 15


def test_at_a_terminal(tmp_path):
    """The first bell waits for Enter; half a line at the last bell is no answer to the question after it."""
    file = station(tmp_path, "{read_s: 1, task_s: 3, feedback_s: 60}")
    keys, terminal = pty.openpty()
    command = [sys.executable, "-m", "simpatient", "drill", file, "--typed", "--silent", "--out", tmp_path / "s"]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as drill:
        shown = _until(drill, b"Press Enter")
        time.sleep(0.5)
        os.write(keys, b"\n")
        shown += _until(drill, b"Tess Moran:")
        os.write(keys, b"this is what I would ha")
        shown += _until(drill, b"come back? 0 to 100")
        time.sleep(0.2)
        os.write(keys, b"55\n\n\n\n\n\n\n")
        drill.stdout.read()
    os.close(keys)
    os.close(terminal)

    assert b"BELL" in shown and b"BELL" not in shown.partition(b"Press Enter")[0]
    assert json.loads((tmp_path / "s" / "self.json").read_text())["come_back"] == 55
    assert [e for e in read(tmp_path / "s").events if e["event"] == "heard"] == []


@pytest.mark.parametrize(("sign", "ended"), [("Read now", None), ("Tess Moran:", "aborted")])
def test_ctrl_c(tmp_path, sign, ended):
    """At once, one line, nothing torn; in the interview the learner has stopped, before it the station can go on."""
    command = [sys.executable, "-m", "simpatient", "drill", TEEN, "--typed", "--silent", "--out", tmp_path]
    if ended:
        command += ["--time-scale", "90"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as drill:
        _until(drill, sign.encode())
        drill.send_signal(signal.SIGINT)
        rest = drill.stdout.read()

    assert drill.returncode == 130
    assert rest.endswith(b"simpatient: stopped\n") and b"Traceback" not in rest
    assert not read(tmp_path).torn
    assert read(tmp_path).transcript().ended == ended


def _until(process, text):
    shown = b""
    while text not in shown:
        part = process.stdout.read(1)
        assert part, shown
        shown += part
    return shown


@pytest.mark.parametrize("words", ["stop simulation", "I have been thinking of killing myself"])
def test_a_learner_may_stop(tmp_path, words):
    """No questions and no marks follow; of words on their own risk nothing is kept, and help is named."""
    shown, _ = typed(TEEN, tmp_path, OPENING, words, scale=300)

    assert "One thing you would do differently" not in shown and " of 4" not in shown
    assert "988" in shown
    assert "killing" not in (tmp_path / "journal.jsonl").read_text()
    assert read(tmp_path).transcript().ended == "aborted"


def test_own_risk_in_the_reflection_is_not_kept(tmp_path):
    """What learners write of their own risk after the interview reaches no disk either."""
    lines = ("goodbye", "", "", "", "", "", "", "I have been thinking of killing myself")
    shown, _ = typed(TEEN, tmp_path, *lines, scale=300)

    assert "988" in shown
    assert json.loads((tmp_path / "self.json").read_text())["otherwise"] == ""
    assert not any("killing myself" in file.read_text() for file in tmp_path.iterdir())


def test_the_same_words_give_the_same_journal(tmp_path):
    """Bells carry the station's own times: however fast it ran, the same bytes."""
    for name, speed in (("a", 150), ("b", 300)):
        typed(TEEN, tmp_path / name, "goodbye", scale=speed)

    assert (tmp_path / "a" / "journal.jsonl").read_bytes() == (tmp_path / "b" / "journal.jsonl").read_bytes()


def test_the_end_of_a_finished_station_goes_on(tmp_path):
    """--resume of a station that is through shows its marks again and changes no turn."""
    _, before = typed(TEEN, tmp_path, OPENING, "goodbye", scale=300)
    child = Child("drill", "--resume", tmp_path, "--typed", "--silent", "--time-scale", 300)
    child.typed.close()
    shown = sat(child)

    assert "Goal agreement:" in shown and "Tess Moran:" not in shown
    assert read(tmp_path).events[: len(before)] == before
    assert len(read(tmp_path).transcript().turns) == 2


def failing(tmp_path):
    """Mistakes: (arguments, exit code, what is said)."""
    file = station(tmp_path, "{profile: practice}")
    typed(TEEN, tmp_path / "stopped", "stop simulation", scale=600)
    typed(file, tmp_path / "changed", "goodbye", options=("--profile", "practice"), scale=600)
    file.write_text(file.read_text() + "# another word\n")
    (tmp_path / "empty").mkdir()
    return {
        "no station": (("nowhere",), 2, "no station 'nowhere'; shipped: "),
        "nothing": ((), 2, "neither a station nor --resume"),
        "no session": (("--resume", tmp_path / "empty"), 2, "no journal can be read"),
        "written there already": ((TEEN, "--out", tmp_path / "stopped"), 4, "holds one already"),
        "stopped by the learner": (("--resume", tmp_path / "stopped"), 2, "the learner stopped this session"),
        "another station since": ((file, "--resume", tmp_path / "changed"), 2, "has changed since"),
        "less than all the time": ((TEEN, "--extra-task", 0.5), 2, "extra-task"),
        "no such profile": ((TEEN, "--profile", "fast"), 2, "profile"),
        "no file": ((tmp_path / "none.yaml",), 2, "no station"),
    }


def test_mistakes_cost_one_line(tmp_path):
    """Each is told in one line with the right exit code, and nothing is written."""
    for name, (arguments, code, says) in failing(tmp_path).items():
        child = Child("drill", *arguments, "--typed", "--silent")
        child.typed.close()
        printed = child.out.read()
        child.process.join(20)

        assert (child.process.exitcode, printed.count("\n")) == (code, 1), f"{name}: {printed}"
        assert says in printed, name
        child.close()


@pytest.mark.must_show("a whole typed drill under unshare -rn")
def test_a_drill_needs_no_network(tmp_path):
    """In a network namespace with no interface at all, and with internet sockets forbidden, a station runs whole."""
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this kernel gives no user namespaces")
    drill = [sys.executable, "-m", "simpatient", "drill", TEEN, "--typed", "--time-scale", "200"]
    lines = "\n".join([OPENING, "Have you had thoughts of suicide?", "goodbye", *ANSWERS]) + "\n"

    done = subprocess.run(
        ["unshare", "-rn", *drill, "--out", tmp_path / "s"], input=lines, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert "The interview is over" in done.stdout and "Goal agreement:" in done.stdout
    assert read(tmp_path / "s").transcript().ended == "closed"
    assert (tmp_path / "s" / "report.html").exists()

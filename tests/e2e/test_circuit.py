"""A circuit: its plan on the screen, a rehearsal, and a candidate's stations one after the other."""

import time

import pytest

from simpatient import places
from simpatient.session.journal import read
from tests.nursery import Child, simpatient
from tests.starvation import patiently

TIMES = "{read_s: 3, task_s: 30, warn_s: [10], grace_s: 1, feedback_s: 10}"
SLOT, CHANGEOVER = 44, 6
"""Seconds."""
CIRCUIT = f"""title: Two stations and a rest
stations: [teen-first-visit.yaml, second.yaml]
rest: [1]
changeover_s: {CHANGEOVER}
start: 09:00
candidates:
  - id: ann
  - {{id: ben, extra_task: 1.5}}
  - id: cat
"""


@pytest.fixture
def circuit(tmp_path):
    text = places.station("teen-first-visit").read_text("utf-8").replace("{profile: osce-uk}", TIMES)
    for name in ("teen-first-visit", "second"):
        (tmp_path / f"{name}.yaml").write_text(text.replace("id: teen-first-visit", f"id: {name}"))
    file = tmp_path / "mock.yaml"
    file.write_text(CIRCUIT)
    return file


def run(*arguments, typed=()):
    return simpatient("circuit", *arguments, "--silent", typed=typed)


def test_timetable_and_rotation(circuit):
    """Who is where when: three places, three candidates, and slots as long as the one with extra time needs."""
    code, shown = run(circuit, "--plan")

    assert code == 0
    assert "Each slot 0:59, then 0:06" in shown
    for row in ("│ 1     │ 1    │ 09:00:00 │ 09:00:59 │", "│ 1     │ 3    │ 09:02:10 │ 09:03:09 │"):
        assert row in shown
    assert "│ ann       │ 1      │ 2 rest │ 3      │" in shown
    assert "│ ben       │ 2 rest │ 3      │ 1      │" in shown
    assert "BELL" not in shown


@pytest.mark.must_show("a circuit's rehearsal at sixty times the speed")
def test_a_rehearsal_runs_all_bells_sixty_times_as_fast(circuit):
    """Nobody answers, every bell rings, nothing is asked and nothing is kept."""
    circuit.write_text(CIRCUIT.replace(", extra_task: 1.5", ""))
    began = time.monotonic()
    code, shown = run(circuit, "--rehearse")
    took = time.monotonic() - began

    assert code == 0
    assert shown.count("BELL ◆ Read now: 0:03") == shown.count("BELL ◆ 0:10 left") == 2
    assert shown.count("The interview is over") == shown.count("The feedback is over") == 2
    assert "Slot 2: rest" in shown and "Changeover, 0:06" in shown and "The circuit is over" in shown
    assert "come back?" not in shown
    assert took > (3 * SLOT + 2 * CHANGEOVER) / 60
    assert not (places.user_data() / "sessions").exists()


def test_a_candidate_goes_round(circuit, tmp_path):
    """Two stations and a rest, each with its own answers and marks; the session carries pseudonym and extra time."""
    patiently(lambda folder, seen: _goes_round(circuit, folder), tmp_path)


def _goes_round(circuit, tmp_path):
    sitting = ("What would make this worth it?", "goodbye", "50", *6 * ("",))
    code, shown = run(
        circuit, "--candidate", "ben", "--typed", "--time-scale", 30, "--out", tmp_path / "o", typed=2 * sitting
    )

    assert code == 0, shown
    assert shown.index("Slot 1: rest") < shown.index("Slot 2: place 3") < shown.index("Slot 3: place 1")
    for folder in ("02-second", "03-teen-first-visit"):
        found = read(tmp_path / "o" / "ben" / folder)
        assert found.header["learner"] == "ben"
        assert found.header["times"]["task_ms"] == 45_000
        assert found.transcript().ended == "closed"
        assert [e["at_ms"] for e in found.events if e["event"] == "bell"][-1] > 48_000
        assert (tmp_path / "o" / "ben" / folder / "report.html").exists()


@pytest.mark.must_show("a circuit that crashed goes on")
def test_a_circuit_goes_on_after_a_crash(circuit, tmp_path):
    """Killed in the second station: the first is passed by, the second goes on where it stood."""
    circuit.write_text(CIRCUIT.replace(", extra_task: 1.5", "").replace("rest: [1]\n", ""))
    patiently(lambda folder, seen: _goes_on(circuit, folder), tmp_path)


def _goes_on(circuit, tmp_path):
    options = ("--candidate", "ann", "--typed", "--silent", "--time-scale", 20)
    child = Child("circuit", circuit, *options, "--out", tmp_path / "o")
    child.typed.write("goodbye\n50\n\n\n\n\n\n\nWhat would make this worth it?\n")
    for line in child.out:
        if "You: What would" in line:
            break
    child.close()

    child = Child("circuit", circuit, *options, "--resume", tmp_path / "o")
    child.typed.write("goodbye\n60\n\n\n\n\n\n\n")
    child.typed.close()
    shown = child.out.read()
    child.process.join(30)
    code = child.process.exitcode
    child.close()

    assert code == 0, shown
    assert shown.index("Done before.") < shown.index("Going on in RUN") < shown.index("The circuit is over")
    heard = [e["utterance"]["text"] for e in read(tmp_path / "o" / "ann" / "02-second").events if e["event"] == "heard"]
    assert heard == ["What would make this worth it?", "goodbye"]


@pytest.mark.parametrize(
    ("change", "arguments", "code", "says"),
    [
        (("second.yaml", "nowhere"), (), 2, "no station 'nowhere'"),
        (("rest: [1]", "rest: [7]"), (), 2, "rest: found 7"),
        (("", ""), ("--candidate", "zoe"), 2, "allowed: ann, ben, cat"),
    ],
)
def test_mistakes_cost_one_line(circuit, change, arguments, code, says):
    """What is wrong, and what is allowed."""
    circuit.write_text(CIRCUIT.replace(*change))
    got, shown = run(circuit, *arguments, "--typed")

    assert got == code
    assert says in shown.splitlines()[-1]


def test_a_missing_file_is_told(tmp_path):
    """One line."""
    code, shown = run(tmp_path / "none.yaml")

    assert (code, shown.count("\n")) == (2, 1)

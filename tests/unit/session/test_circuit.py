"""A circuit's file and plan: who is where when."""

import pytest

from simpatient.errors import DataError
from simpatient.grading.station import Timing, profiles
from simpatient.session.circuit import Candidate, Circuit, plan
from simpatient.yamlfile import load

SHORT = Timing(read_s=60, task_s=300, grace_s=2, feedback_s=60)
LONG = Timing(read_s=90, task_s=420, grace_s=2, feedback_s=120)
TIMES = {"a": SHORT, "b": LONG, "c": SHORT}


def circuit(**changes):
    values = {
        "title": "T",
        "stations": ("a", "b", "c"),
        "candidates": (Candidate("c1"), Candidate("c2"), Candidate("c3"), Candidate("c4"), Candidate("c5")),
        "rest": (2,),
    }
    return Circuit(**{**values, **changes})


def test_everybody_sits_at_every_place_once_and_nobody_meets():
    """A group's candidates are each at another place in every slot, and everybody sees all of them."""
    found = plan(circuit(), TIMES)
    routes = [found.route(f"c{n}") for n in range(1, 5)]

    assert found.stops == ("a", "b", None, "c")
    for route in routes:
        assert sorted(slot.stop for slot in route) == [0, 1, 2, 3]
    for together in zip(*routes, strict=True):
        assert len({slot.stop for slot in together}) == 4
        assert len({slot.begins_ms for slot in together}) == 1
    assert [slot.name for slot in routes[1]] == ["b", None, "c", "a"]


def test_slots_are_as_long_as_the_longest_station():
    """Reading, task, grace and feedback of the longest; then the changeover."""
    found = plan(circuit(changeover_s=30), TIMES)

    assert found.slot_ms == (90 + 420 + 2 + 120) * 1000
    assert [slot.begins_ms for slot in found.route("c1")] == [0, 662_000, 1_324_000, 1_986_000]


def test_extra_time_of_one_lengthens_the_slot_of_all():
    """All bells ring for all."""
    found = plan(circuit(candidates=(Candidate("c1"), Candidate("c2", 1.25, 1.5))), TIMES)

    assert found.slot_ms == (112.5 + 630 + 2 + 120) * 1000


def test_the_next_group_begins_when_the_first_is_through():
    """More candidates than places."""
    found = plan(circuit(changeover_s=0), TIMES)

    assert found.groups == 2
    assert found.route("c5")[0].begins_ms == 4 * found.slot_ms
    assert found.route("c5")[0].stop == 0


@pytest.mark.parametrize(
    ("start", "ms", "shown"),
    [("", 0, "0:00"), ("", 3_725_000, "62:05"), ("09:00", 0, "09:00:00"), ("23:59", 61_000, "00:00:01")],
)
def test_times_of_the_timetable(start, ms, shown):
    """From the first bell, or the time of day."""
    assert plan(circuit(start=start), TIMES).time(ms) == shown


def test_a_station_without_limits_fits_no_circuit():
    """It would hold up everybody."""
    with pytest.raises(ValueError, match="found b, which has times without a limit"):
        plan(circuit(), {**TIMES, "b": profiles()["practice"]})


GOOD = """title: Mock
stations: [a, b]
rest: [1]
changeover_s: 30
start: 09:00
candidates:
  - id: c01
  - {id: c02, extra_reading: 1.25, extra_task: 1.5}
"""


def test_a_file_is_read(tmp_path):
    """All keys."""
    (tmp_path / "mock.yaml").write_text(GOOD)

    found = load(tmp_path / "mock.yaml", Circuit)

    assert found.stops() == ("a", None, "b")
    assert found.candidates[1] == Candidate("c02", 1.25, 1.5)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rest: [1]", "rest: [3]", "rest: found 3; allowed: numbers of the 2 stations"),
        ("id: c01", "id: c02", "candidates: found c02 more than once"),
        ("id: c01", "id: ../c01", "found the candidate '../c01'"),
        ("start: 09:00", "start: 25:00", "start: found '25:00'"),
        ("stations: [a, b]", "stations: []", "found no stations"),
        ("extra_task: 1.5", "extra_task: 0.5", "candidates[2].extra_task: found '0.5'"),
        ("changeover_s: 30", "changeover: 30", "changeover: unknown key; allowed: title, stations"),
    ],
)
def test_mistakes_in_a_file_are_told(tmp_path, old, new, says):
    """One line with the file and the line."""
    file = tmp_path / "mock.yaml"
    file.write_text(GOOD.replace(old, new))

    with pytest.raises(DataError) as caught:
        load(file, Circuit)

    assert str(caught.value).startswith(f"{file}:")
    assert says in str(caught.value)

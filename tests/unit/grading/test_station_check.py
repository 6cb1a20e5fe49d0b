"""The checker of stations: the clean case first, then one broken thing at a time."""

from pathlib import Path

import pytest

from simpatient import places
from simpatient.grading.station import load_station
from simpatient.grading.station_check import problems

STATIONS = sorted(places.stations())
SOURCE = places.stations()["emergency-wants-to-die"]


@pytest.mark.parametrize("name", STATIONS)
def test_the_shipped_stations_are_clean(name, patients, detector):
    """No finding; a patient that is not shipped yet is skipped."""
    station = load_station(places.station(name))
    if station.persona not in patients:
        pytest.skip(f"the patient {station.persona} is not shipped yet")

    assert problems(places.station(name), station, patients[station.persona], detector.pack) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("when: {heard: [GOAL_OPEN]}", "when: {heard: [GOAL_OPNE]}", "asks_what_for.heard: found GOAL_OPNE; allowed: "),
        ("asked: [si_plan, means], topics: 2", "asked: [si_plans], topics: 2", "ways.asked: found si_plans; allowed: "),
        ("when: {heard: [GOAL_OPEN]}", "when: {never: [LECTURE]}", "found only `never`, which silence meets"),
        ("when: {heard: [GOAL_OPEN]}", "when: {before: [LECTURE]}", "a condition that everything meets"),
        ("when: {heard: [GOAL_OPEN]}", "when: {heard: [UNDER], never: [UNDER]}", "both sought and forbidden"),
        ("when: {heard: [GOAL_OPEN]}", "when: {goals: 9}", "found 9 goals; this patient has"),
        ("when: {heard: [GOAL_OPEN]}", "when: {replies: [goal, greet.]}", "replies: found greet.; allowed: "),
        ("when: {heard: [GOAL_OPEN]}", "when: {at_least: {trust: .5}}", "state: found trust; allowed: bond, "),
        ("when: {heard: [GOAL_OPEN]}", 'when: {says: ["(a|b"]}', "says: cue '(a|b': ')' is missing"),
        ("when: {heard: [GOAL_OPEN]}", 'when: {says: ["<safe>"]}', "says: cue '<safe>': no list 'safe'"),
        ("when: {heard: [GOAL_OPEN]}", "when: {any: [{heard: [NO]}]}", "heard: found NO; allowed: "),
        ("must: true\n        when: {heard: [SI_ASK", "when: {heard: [SI_ASK", "no safety item (must: true)"),
        ("themes: [suicide, violence at home]\n", "", "themes: found none"),
        ("Wes Kimball, 27,", "Wes Kimball", "found no word of Wes Kimball, 27"),
        ("- id: beneath", "- id: asks_what_for", "found the item asks_what_for 2 times; allowed: once"),
        ("{profile: osce-long}", "{task_s: 60, warn_s: [60]}", "a warning 60 s before the end of a task of 60 s"),
        ("techniques:\n  [GOAL_OPEN,", "techniques:\n  [GOAL_OPNE,", "techniques: found GOAL_OPNE"),
        ("topics: [why_here, mood", "topics: [why_there, mood", "topics: found why_there"),
    ],
)  # fmt: skip
def test_one_broken_thing_is_one_finding(tmp_path, patients, detector, old, new, said):
    """The finding says file:line, what was found, what is allowed."""
    text = SOURCE.read_text("utf-8")
    assert old in text
    file = tmp_path / SOURCE.name
    file.write_text(text.replace(old, new, 1), "utf-8")

    found = problems(file, load_station(file), patients["emergency"], detector.pack)

    assert len(found) == 1 and said in found[0], found
    where, line, _ = found[0].split(":", 2)
    assert Path(where) == file and int(line) >= 1

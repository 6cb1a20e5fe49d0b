"""Stations: times by profile, extra time, and mistakes of authors with file:line."""

import re
from pathlib import Path

import pytest

from simpatient import places
from simpatient.errors import DataError, UsageError
from simpatient.grading.station import FULL_WEIGHT, MOST_WORDS, PROFILES, Condition, Times, load_station, profiles

STATIONS = sorted(places.stations())
ELEVEN = "teen foot depression emergency cannabis selfharm alcohol asthma asthma-return ocd withheld".split()
TEEN = places.stations()["teen-first-visit"]


def changed(tmp_path, old, new, count=1):
    """The teenager's station with one thing changed."""
    text = TEEN.read_text("utf-8")
    assert old in text
    file = tmp_path / TEEN.name
    file.write_text(text.replace(old, new, count), "utf-8")
    return file


@pytest.mark.must_show("At least one station a persona")
def test_every_patient_has_a_station():
    """Eleven patients, each with a station in its own folder, loadable, and every id its own."""
    found = {load_station(file).persona: file for file in places.stations().values()}

    assert set(found) == set(ELEVEN)
    assert all(file.parent.parent.name == persona for persona, file in found.items())


@pytest.mark.parametrize("name", STATIONS)
def test_a_station_is_whole(name):
    """The sheet is short, the weights are a hundred, every domain has its anchors, and something is left to a human."""
    station = load_station(places.station(name))

    assert station.sheet.words() <= MOST_WORDS
    assert sum(d.weight for d in station.domains) == FULL_WEIGHT
    assert all(d.anchors.failing and d.anchors.borderline and d.anchors.good for d in station.domains)
    assert any(item.human for item in station.items)
    assert any(item.must for item in station.items)
    assert re.fullmatch("sha256:[0-9a-f]{64}", station.digest)


def test_the_profiles_are_the_conventions():
    """Ninety seconds and seven minutes; five and fifteen; twelve; no limit."""
    known = profiles()

    assert tuple(known) == PROFILES
    assert (known["osce-uk"].read_s, known["osce-uk"].task_s, known["osce-uk"].warn_s) == (90, 420, (60,))
    assert (known["osce-long"].read_s, known["osce-long"].task_s) == (300, 900)
    assert known["clerkship"].task_s == 720
    assert known["practice"].task_s is None


def test_extra_time_is_granted_for_reading_and_task_apart():
    """The multipliers apply each to its own; warnings stay where they are before the end."""
    timing = Times("osce-uk").timing().extended(reading=1.5, task=1.25)

    assert (timing.read_s, timing.task_s, timing.warn_s) == (135, 525, (60,))
    assert Times("practice").timing().extended(2, 2).task_s is None


def test_a_time_beside_a_profile_stands_in_its_place():
    """What is written wins; the rest is the profile's."""
    timing = Times("osce-uk", task_s=300, warn_s=()).timing()

    assert (timing.read_s, timing.task_s, timing.warn_s, timing.grace_s) == (90, 300, (), 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight: 30", "weight: 31", r":\d\d: domains: found weights that add up to 101; allowed: 100"),
        ("profile: osce-uk", "profile: osce_uk", r":\d+: times.profile: found 'osce_uk'; allowed: one of osce-uk"),
        ("{profile: osce-uk}", "{warn_s: [60]}", r":\d+: times: found no times"),
        ("{profile: osce-uk}", "{task_s: 9, warn_s: [1, 2]}", r"warn_s: found warnings out of order"),
        ("id: teen-first-visit", "id: other", r":1: id: found 'other'; allowed: 'teen-first-visit'"),
        ("        points: 2\n", "        point: 2\n", r":\d+: domains\[1\].items\[1\].point: unknown key"),
        (
            "when: {heard: [GOAL_MORE]}",
            "human: Did they?\n        when: {heard: [GOAL_MORE]}",
            r"found both or neither",
        ),
        ("        otherwise: there was no misstep to own\n", "", r"stand together or not at all"),
        ("You are the doctor on duty.", "word " * 151, r"sheet: found \d+ words; allowed: at most 150"),
    ],
)
def test_a_mistake_says_where_and_what(tmp_path, old, new, said):
    """Every mistake is one line: file:line, what was found, what is allowed."""
    with pytest.raises(DataError) as error:
        load_station(changed(tmp_path, old, new))

    assert re.search(said, str(error.value)), error.value
    assert str(error.value).startswith(f"{tmp_path / TEEN.name}:")
    assert "\n" not in str(error.value)


def test_an_unknown_station_names_those_there_are():
    """A typo is answered with the list."""
    with pytest.raises(UsageError, match="teen-first-visit"):
        places.station("teen-last-visit")
    with pytest.raises(UsageError):
        places.station(str(Path("nowhere.yaml")))


def test_a_condition_without_keys_asks_for_nothing():
    """The default of every key is: not asked for."""
    assert Condition() == Condition(heard=(), any=())

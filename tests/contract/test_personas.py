"""Every shipped patient, read aloud by a machine: consistent, varied, safe."""

import re

import pytest

from simpatient.persona.schema import EVENTS

PERSONAS = ("teen", "emergency")
METHODS = re.compile(
    r"\b(hang(ed|ing)?|noose|rope|overdos\w*|razor\w*|blade\w*|slit|bleach|carbon monoxide|bridge|"
    r"jump(ed|ing)? (off|from|in front)|"
    r"gun|shoot|shot myself|milligrams?|mg|\d+ (pills|tablets))\b",
    re.I,
)
STAGE_DIRECTION = re.compile(r"[(*\[{]")
CLINIC = re.compile(
    r"\b(anhedonia|ideation|comorbid|ssri|prodrome|affect|cope with my|coping mechanism|trigger(s|ed)?|therapeutic)\b",
    re.I,
)


def lines(patient):
    for name, topic in patient.topics.items():
        for depth in ("deflect", "partial", "full"):
            yield from ((f"{name}.{depth}", text) for text in getattr(topic, depth))
    for name, groups in {**patient.techniques, **patient.events}.items():
        yield from ((f"{name}.{group.class_}", text) for group in groups for text in group.say)
    yield from (("opening", text) for text in patient.persona.opening)


def blank(text, patient):
    """The line with names blanked, as far as they are this person's."""
    return re.sub(r"[^a-z ]", "", text.lower().replace(patient.persona.name.split()[0].lower(), ""))


def test_these_people_are_shipped(patients):
    """The list of this test is the list of the folder."""
    assert set(patients) >= set(PERSONAS)


@pytest.mark.parametrize("name", PERSONAS)
def test_there_is_enough_to_say(patients, name):
    """Forty topics at three depths of two wordings, and three answers a code at low, middle and high reluctance."""
    patient = patients[name]
    thin = [n for n, t in patient.topics.items() if min(len(t.deflect), len(t.partial), len(t.full)) < 2]
    short = [
        f"{code} at {band}"
        for code, groups in patient.techniques.items()
        for band in ("low", "middle", "high")
        if sum(len(g.say) for g in groups if not g.reluctance or band in g.reluctance) < 3
    ]

    assert len(patient.topics) >= 40
    assert thin == []
    assert short == []
    assert set(patient.events) <= set(EVENTS)


@pytest.mark.parametrize("name", PERSONAS)
def test_no_line_stands_twice(patients, name):
    """One person has each line once."""
    said = [blank(text, patients[name]) for _, text in lines(patients[name])]

    assert sorted({s for s in said if said.count(s) > 1}) == []


def test_no_line_stands_in_two_peoples_files(patients):
    """With names blanked, no two people share a line."""
    seen = {}
    shared = []
    for name, patient in patients.items():
        for where, text in lines(patient):
            other = seen.setdefault(blank(text, patient), name)
            shared += [f"{name} {where} {other}: {text}"] if other != name else []

    assert shared == []


@pytest.mark.parametrize("name", PERSONAS)
def test_lines_are_safe_and_speakable(patients, name):
    """No method of self-harm, no stage direction, no lexicon."""
    for where, text in lines(patients[name]):
        assert not METHODS.search(text), (where, text)
        assert not STAGE_DIRECTION.search(text), (where, text)
        assert not CLINIC.search(text), (where, text)


@pytest.mark.parametrize("name", PERSONAS)
def test_most_lines_are_one_breath(patients, name):
    """Nine in ten lines have at most 25 words; none has more than 70."""
    lengths = sorted(len(text.split()) for _, text in lines(patients[name]))

    assert lengths[len(lengths) * 9 // 10] <= 25
    assert lengths[-1] <= 70

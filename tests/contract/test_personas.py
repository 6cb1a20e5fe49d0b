"""Every shipped patient, read aloud by a machine: consistent, varied, safe."""

import re

import pytest

from simpatient import places
from simpatient.patient.check import problems
from simpatient.persona.schema import EVENTS
from tests.speakers import named_right

PERSONAS = tuple(places.shipped())
WHOLE = ("teen", "emergency", "depression", "alcohol")
"""Those written first and whole."""
NAMED_RIGHT = 0.70
METHODS = re.compile(
    r"\b(hang(ed|ing)?|noose|rope|overdos\w*|razor\w*|blade\w*|slit|bleach|carbon monoxide|bridge|"
    r"jump(ed|ing)? (off|from|in front)|"
    r"gun|shoot|shot myself|milligrams?|mg|\d+ (pills|tablets))\b",
    re.I,
)
STAGE_DIRECTION = re.compile(r"[(*\[]|\{(?!goal\}|last\})")
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


def test_these_people_are_shipped():
    """One person for each vignette of the article, and the later visit of one of them."""
    assert set(PERSONAS) >= {
        "teen", "foot", "depression", "emergency", "cannabis", "selfharm", "alcohol", "asthma", "asthma-return", "ocd",
        "withheld",
    }  # fmt: skip


@pytest.mark.parametrize("name", PERSONAS)
def test_everybody_passes_the_authors_check(patients, detector, name):
    """The checker of `simpatient persona check` finds nothing."""
    assert problems(places.persona(name), patients[name], detector.pack) == []


@pytest.mark.must_show("a classifier names the speaker of a line")
def test_the_people_do_not_sound_alike(patients, capsys):
    """Leave-one-out naive Bayes names the speaker of at least 70 % of the lines; the two visits of one boy are one."""
    said = [(text, name.removesuffix("-return")) for name in PERSONAS for _, text in lines(patients[name])]
    speakers = [name for _, name in said]

    right = named_right([text for text, _ in said], speakers)

    with capsys.disabled():
        for name in sorted(set(speakers)):
            here = [r for r, s in zip(right, speakers, strict=True) if s == name]
            print(f"\n{name}: {sum(here) / len(here):.2f} of {len(here)} lines", end="")
        print(f"\nall: {right.mean():.3f}")
    assert right.mean() >= NAMED_RIGHT


@pytest.mark.parametrize("name", PERSONAS)
def test_there_is_enough_to_say(patients, name):
    """Forty topics (the later ones 25) of three depths and two wordings; three answers a code at every reluctance."""
    patient = patients[name]
    kinds = {g.id: {t.kind for t in patient.persona.tasks if t.goal == g.id} for g in patient.persona.goals}
    thin = [n for n, t in patient.topics.items() if min(len(t.deflect), len(t.partial), len(t.full)) < 2]
    short = [
        f"{code} at {band}"
        for code, groups in patient.techniques.items()
        for band in ("low", "middle", "high")
        if sum(len(g.say) for g in groups if not g.reluctance or band in g.reluctance) < 3
    ]

    assert len(patient.topics) >= (40 if name in WHOLE else 25)
    assert all(sum(t.goal == g.id for t in patient.persona.tasks) >= 3 for g in patient.persona.goals)
    assert all(len(those) >= 2 for those in kinds.values())
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

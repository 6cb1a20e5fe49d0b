"""The figures of domain 6.1, on transcripts whose answers are worked out by hand."""

from dataclasses import replace

import pytest

from simpatient import places
from simpatient.grading.measures import GROUPS, measures
from simpatient.grading.mistakes import mistakes
from simpatient.grading.risk import flags
from simpatient.grading.station import load_station
from simpatient.model import Detection, Reply, Transcript, Turn, Utterance, Word


def turn(
    state, no, text, codes=(), reply=("acknowledge.1.1", "hedge"), answer="Right. Okay then.", ms=None, after=None
):
    """One turn; `codes` are names or (name, confidence); `ms` its start and end in a recording."""
    found = tuple(
        Detection(
            c[0] if isinstance(c, tuple) else c, "surface", 0, len(text), c[1] if isinstance(c, tuple) else 0.9, "x"
        )
        for c in codes
    )
    words = text.split()
    spoken = Utterance(text)
    if ms:
        step = (ms[1] - ms[0]) // max(1, len(words))
        timed = tuple(Word(w, ms[0] + i * step, ms[0] + (i + 1) * step, 0.8) for i, w in enumerate(words))
        spoken = Utterance(text, timed, *ms, "audio")
    return Turn(no, spoken, found, (), state, after or state, Reply(reply[0], answer, reply[1], rate=180))


@pytest.fixture
def teen(engines):
    return engines["teen"]


def figures(engine, *turns, station=None, open_loop=False):
    t = Transcript(engine.patient.id, 0, Reply("o", "Hi", "smalltalk"), engine.open()[1].state, tuple(turns), "closed")
    found = measures(t, engine.patient, engine.detector.pack, station, open_loop)
    return {m.name: m for m in found}


def test_groups_come_in_order_and_names_once(teen):
    """Every figure has a group; no name stands twice; what has no value has a reason."""
    found = figures(teen)
    order = [GROUPS.index(m.group) for m in found.values()]

    assert order == sorted(order)
    assert all((m.value is None) == bool(m.not_scored) for m in found.values())


def test_shares_and_lengths_by_hand(teen):
    """Words 2, 4 and 12: median 4, longest 12; the 95th percentile lies between."""
    s = teen.open()[1].state
    found = figures(teen, *(turn(s, n, "w " * k, answer="a b c") for n, k in enumerate((2, 4, 12), 1)))

    assert found["turn length, median"].value == 4
    assert found["turn length, 95th percentile"].value == pytest.approx(11.2)
    assert found["longest turn"].value == 12
    assert found["talk share"].value == round(100 * 18 / 27)
    assert found["pace"].not_scored and found["longest turn in time"].not_scored


def test_times_of_a_recording_by_hand(teen):
    """Two turns of 10 s; the patient says 18 words at 180 a minute, which is 6 s, after each."""
    s = teen.open()[1].state
    long = "word " * 20
    found = figures(
        teen,
        turn(s, 1, long, ["GOAL_OPEN"], ("GOAL_OPEN.1.1", "goal"), "a " * 18, (0, 10_000)),
        turn(s, 2, long, ["TX_EARLY", "TASK_OFFER"], answer="a " * 18, ms=(20_000, 30_000)),
    )

    assert found["talk share"].value == round(100 * 20 / 32)
    assert found["pace"].value == 120
    assert found["time to the first goal"].value == 10
    assert found["at precontemplation"].value == 30 and found["at precontemplation"].unit == "s"
    assert found["anti-technique points"].value == 3
    assert found["anti-technique load"].value == pytest.approx(10 * 3 / 0.6)
    assert found["recogniser's confidence"].value == 0.8


def test_miti_figures_by_hand(teen):
    """Three questions, two reflections of which one complex, one closed; two adherent, one not."""
    s = teen.open()[1].state
    found = figures(
        teen, turn(s, 1, "a", ["OPENQ"]), turn(s, 2, "b", ["CLOSEDQ"]), turn(s, 3, "c", ["OPENQ"]),
        turn(s, 4, "d", ["REFL_C"]), turn(s, 5, "e", ["REFL_S", "AUTON"]), turn(s, 6, "f", ["STRENGTH", "CONFRONT"]),
    )  # fmt: skip

    assert found["reflections to questions"].value == 0.67
    assert found["complex reflections"].value == 50
    assert found["open questions"].value == 67
    assert (found["MI-adherent"].value, found["MI-non-adherent"].value) == (2, 1)
    assert found["MI-adherent of all adherent and non-adherent"].value == 67


def test_recovery_counts_within_two_turns(teen):
    """A repair three turns later mends nothing."""
    s = teen.open()[1].state
    soon = [turn(s, 1, "a", ["CONFRONT"]), turn(s, 2, "b"), turn(s, 3, "c", ["REPAIR"])]
    late = [turn(s, 1, "a", ["CONFRONT"]), turn(s, 2, "b"), turn(s, 3, "c"), turn(s, 4, "d", ["REPAIR"])]

    assert (figures(teen, *soon)["mistakes repaired"].value, figures(teen, *late)["mistakes repaired"].value) == (1, 0)
    assert figures(teen, turn(s, 1, "a"))["mistakes repaired"].not_scored == "there was nothing to repair"


def test_what_is_a_mistake_depends_on_the_patient(engines):
    """A problem question hurts a teenager who was brought, and nobody who came of his own accord."""
    for name, wrong in (("teen", True), ("depression", False)):
        engine = engines[name]
        t = turn(engine.open()[1].state, 1, "what is the problem", ["PROB_OPEN"])

        assert bool(mistakes(t, engine.patient, engine.detector.pack)) == wrong


def test_a_diagnosis_after_agreement_is_none_too_early(teen):
    """With goals agreed the label is no mistake; a refused promise is no false hope."""
    s = teen.open()[1].state
    agreed = replace(s, goal_agreement=0.5)
    pack = teen.detector.pack

    assert mistakes(turn(s, 1, "it is depression", ["DX_EARLY"]), teen.patient, pack)
    assert not mistakes(turn(agreed, 1, "it is depression", ["DX_EARLY"]), teen.patient, pack)
    assert mistakes(turn(s, 1, "you will be fine", ["FALSE_HOPE"]), teen.patient, pack)
    assert not mistakes(turn(s, 1, "I can't promise you'll be fine", ["FALSE_HOPE"]), teen.patient, pack)
    assert not mistakes(turn(s, 1, "mm", ["GOOD_SILENCE", "SMALLTALK"]), teen.patient, pack)


def test_pact_steps_and_hollow_yes(teen):
    """A pact is yes, offered, pressed or no; a step is agreed or hollow."""
    s = teen.open()[1].state
    pact = figures(teen, turn(s, 1, "shall we", ["GOAL_PACT"], ("GOAL_PACT.1.1", "agree")))
    offered = figures(teen, turn(s, 1, "shall we", ["GOAL_PACT"], ("GOAL_PACT.1.1", "yes_but")))
    pressed = figures(teen, turn(s, 1, "say yes", ["GOAL_PACT", "PRESSURE"], ("PRESSURE.1.1", "hollow_yes")))

    values = [f["explicit pact"].value for f in (pact, offered, pressed, figures(teen))]
    assert values == ["yes", "offered", "pressed", "no"]
    assert (pressed["hollow yes"].value, pressed["steps agreed"].value) == (1, 0)


def test_goals_in_own_words(teen):
    """An echo of the learner's words is no goal in the patient's own."""
    s = teen.open()[1].state
    topic = next(n for n, t in teen.patient.topics.items() if t.goals)
    reply = (f"{topic}.full.1", "disclose_full")
    own = figures(teen, turn(s, 1, "and at night", [], reply, "I want to sleep like a normal person."))
    echo = figures(
        teen, turn(s, 1, "you want to sleep like a normal person", [], reply, "To sleep like a normal person.")
    )

    assert own["goals in own words"].value > echo["goals in own words"].value == 0
    assert own["goals voiced"].value >= 1


def test_closed_questions_in_a_row(teen):
    """The longest run, which an open question or a reflection breaks."""
    s = teen.open()[1].state
    codes = [["CLOSEDQ"], ["CLOSEDQ"], ["REFL_S"], ["CLOSEDQ"], ["CLOSEDQ"], ["CLOSEDQ", "Q_CHAIN"]]
    found = figures(teen, *(turn(s, n, "x", c) for n, c in enumerate(codes, 1)))

    assert (found["closed questions in a row"].value, found["runs of closed questions"].value) == (3, 1)


def test_range_and_coverage_are_the_stations(teen):
    """Techniques that fit, topics that matter: in part is a half, deflected is nothing."""
    station = load_station(places.station("teen-first-visit"))
    station = replace(station, techniques=("GOAL_OPEN", "MIRACLE"), topics=("sleep", "mood", "home", "friends"))
    s = teen.open()[1].state
    found = figures(
        teen, turn(s, 1, "a", ["GOAL_OPEN", "PROS"]), turn(s, 2, "b", [], ("sleep.full.1", "disclose_full")),
        turn(s, 3, "c", [], ("mood.partial.1", "disclose_partial")), turn(s, 4, "d", [], ("home.deflect.1", "deflect")),
        station=station,
    )  # fmt: skip

    assert (found["technique range"].value, found["technique range"].unit) == (1, "of 2")
    assert found["topic coverage"].value == round(100 * 1.5 / 4)
    assert "friends: not asked" in found["topic coverage"].evidence
    assert figures(teen)["topic coverage"].not_scored


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("are you thinking of suicide right now", "immediate"),
        ("have you ever tried to end your life", "past"),
        ("how often in the last few weeks have you thought of suicide", "recent"),
        ("did you want to die last night", "presenting"),
        ("are you suicidal", "recent"),
    ],
)
def test_the_region_of_a_question(engines, text, region):
    """The words of time say of which region it asks; without any it is taken for the recent one."""
    engine = engines["emergency"]
    found = figures(engine, turn(engine.open()[1].state, 1, text, ["SI_ASK"], ("si_active.full.1", "disclose_full")))
    asked = [n for n in ("presenting", "recent", "past", "immediate") if found[f"risk: {n}"].value != "not asked"]

    assert asked == [region]
    assert found[f"risk: {region}"].value == "asked, answered"


def test_the_safety_step_and_avoidance(engines):
    """Whom to call on a bad night is a step; changing the subject is counted."""
    engine = engines["emergency"]
    s = engine.open()[1].state
    found = figures(engine, turn(s, 1, "if it gets worse tonight call the crisis line"), turn(s, 2, "x", ["SI_AVOID"]))

    assert (found["safety step"].value, found["suicide avoided"].value) == ("yes", 1)
    assert figures(engine, turn(s, 1, "see you"))["safety step"].value == "no"


def flagged(engine, *turns, open_loop=False):
    t = Transcript(engine.patient.id, 0, Reply("o", "Hi", "smalltalk"), engine.open()[1].state, tuple(turns), "closed")
    return [f.id for f in flags(t, engine.patient, engine.detector.pack, open_loop)]


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("everything you say stays between us", True),
        ("I won't tell your parents, I promise", True),
        ("what you say stays between us unless somebody is in danger", False),
        ("how are things between you and your dad", False),
        ("the only time I would share something is if your life was in danger", False),
    ],
)
def test_confidentiality_without_its_limit(teen, text, flag):
    """A promise that names no limit is critical; one that does is not."""
    assert ("confidentiality_unlimited" in flagged(teen, turn(teen.open()[1].state, 1, text))) == flag


def test_a_cue_of_dying_asks_for_the_question(teen):
    """Where the patient spoke of dying and nobody asked, it is critical; in open loop nobody can tell."""
    s = teen.open()[1].state
    hint = turn(s, 1, "go on", [], ("death_wish.partial.1", "disclose_partial"), "I wish I could skip it.")

    assert flagged(teen, hint, turn(s, 2, "and school")) == ["si_unasked"]
    assert flagged(teen, hint, turn(s, 2, "do you think of suicide", ["SI_ASK"])) == []
    assert flagged(teen, hint, turn(s, 2, "and school"), open_loop=True) == []
    assert flagged(teen, turn(s, 1, "hello")) == []


def test_abuse_and_false_hope_need_a_sure_hearing(teen):
    """A false accusation is worse than a missed one: below .7 there is no flag."""
    s = teen.open()[1].state

    assert flagged(teen, turn(s, 1, "you will be cured", ["FALSE_HOPE"])) == ["false_hope"]
    assert flagged(teen, turn(s, 1, "you will be cured", [("FALSE_HOPE", 0.6)])) == []
    assert flagged(teen, turn(s, 1, "you idiot", ["ABUSE"])) == ["abuse"]


def test_in_open_loop_what_rests_on_the_patient_is_indicative(teen):
    """Goals, coverage and steps agreed are marked; what the learner said is not."""
    found = figures(teen, turn(teen.open()[1].state, 1, "hi"), open_loop=True)

    assert found["goals voiced"].indicative and found["steps agreed"].indicative
    assert not found["turn length, median"].indicative and not found["techniques heard"].indicative

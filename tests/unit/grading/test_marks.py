"""The mark sheet: what is met and why, what is not scored and why, what no average hides."""

import json
from dataclasses import replace

import pytest

from simpatient import places
from simpatient.grading.conditions import Session, holds
from simpatient.grading.grade import grade
from simpatient.grading.marks import marks
from simpatient.grading.station import Anchors, Condition, Domain, Item, load_station
from simpatient.grading.written import as_json, column, row
from simpatient.model import Detection, Reply, Transcript, Turn, Utterance, Word

WORDS = Anchors("bad", "so-so", "good")


def detection(text, code, words, confidence=0.9, layer="surface"):
    start = text.index(words)
    return Detection(code, layer, start, start + len(words), confidence, f"cue of {code}")


def told(engine, *turns, ended="closed"):
    """A transcript written by hand: (what was said, [(code, words, confidence)], (reply id, class)) a turn."""
    _, now = engine.open()
    made = []
    for no, (text, codes, reply) in enumerate(turns, 1):
        found = tuple(detection(text, *code) for code in codes)
        answer = Reply(reply[0], f"answer {no}", reply[1])
        made.append(Turn(no, Utterance(text), found, (), now.state, now.state, answer))
    return Transcript(engine.patient.id, 0, Reply("opening.1", "Hi.", "smalltalk"), now.state, tuple(made), ended)


def held(engine, transcript, **keys):
    return holds(Condition(**keys), Session(transcript, engine.patient, engine.detector.pack))


@pytest.fixture
def engine(engines):
    return engines["teen"]


PLAIN = ("acknowledge.1.1", "hedge")
ASKED = ("what would make this worth it", [("GOAL_OPEN", "what would make")], PLAIN)
OFFER = ("you need tablets", [("TASK_OFFER", "need tablets"), ("TX_EARLY", "need tablets")], ("TX_EARLY.1.1", "leave"))
SORRY = ("sorry i went too fast", [("REPAIR", "sorry")], PLAIN)
UNSURE = ("so you mean that", [("REFL_C", "you mean", 0.6)], PLAIN)
FAINT = ("so you mean that", [("REFL_C", "you mean", 0.45)], PLAIN)


def station_of(*items, weight=100):
    station = load_station(places.station("teen-first-visit"))
    return replace(station, domains=(Domain("one", "One", weight, WORDS, items),))


def test_what_is_met_quotes_its_words(engine):
    """The moment, the words, the code, the confidence and the rule are all there."""
    found = held(engine, told(engine, ASKED), heard=("GOAL_OPEN",))
    (e,) = found.evidence

    assert found.holds
    assert (e.turn, e.quote, e.code, e.confidence, e.rule) == (
        1,
        "what would make",
        "GOAL_OPEN",
        0.9,
        "cue of GOAL_OPEN",
    )


def test_order_counts(engine):
    """Before the first, after the first, in the last turns, together."""
    right, wrong = told(engine, ASKED, OFFER), told(engine, OFFER, ASKED)

    assert held(engine, right, heard=("GOAL_OPEN",), before=("TASK_OFFER",)).holds
    assert not held(engine, wrong, heard=("GOAL_OPEN",), before=("TASK_OFFER",)).holds
    assert held(engine, told(engine, ASKED), heard=("GOAL_OPEN",), before=("TASK_OFFER",)).holds
    assert held(engine, told(engine, OFFER, SORRY), heard=("REPAIR",), after=("TX_EARLY",)).holds
    assert not held(engine, told(engine, SORRY, OFFER), heard=("REPAIR",), after=("TX_EARLY",)).holds
    assert not held(engine, told(engine, SORRY), heard=("REPAIR",), after=("TX_EARLY",)).holds
    assert held(engine, right, heard=("GOAL_OPEN",), last=2).holds
    assert not held(engine, right, heard=("GOAL_OPEN",), last=1).holds
    assert held(engine, right, heard=("GOAL_OPEN",), says=("worth it",), together=True).holds
    assert not held(engine, right, heard=("GOAL_OPEN",), says=("tablets",), together=True).holds


def test_what_comes_before_in_one_turn_comes_before(engine):
    """Two codes in one turn are in the order of their words."""
    text = "what would you like, and then tablets"
    both = (text, [("GOAL_WISH", "what would"), ("TASK_OFFER", "tablets")], PLAIN)

    assert held(engine, told(engine, both), heard=("GOAL_WISH",), before=("TASK_OFFER",)).holds
    assert not held(engine, told(engine, both), heard=("TASK_OFFER",), before=("GOAL_WISH",)).holds


def test_all_one_or_other(engine):
    """`every` asks for all, `heard` for one, `any` for one condition, `never` for none, `times` for turns."""
    t = told(engine, ASKED, SORRY, ASKED)

    assert held(engine, t, every=("GOAL_OPEN", "REPAIR")).holds
    assert not held(engine, t, every=("GOAL_OPEN", "MIRACLE")).holds
    assert held(engine, t, heard=("MIRACLE", "REPAIR")).holds
    assert held(engine, t, any=(Condition(heard=("MIRACLE",)), Condition(heard=("REPAIR",)))).holds
    assert not held(engine, t, any=(Condition(heard=("MIRACLE",)),)).holds
    assert not held(engine, t, never=("REPAIR",)).holds
    assert held(engine, t, heard=("GOAL_OPEN",), times=2).holds
    assert not held(engine, t, heard=("GOAL_OPEN",), times=3).holds


def test_what_was_heard_faintly_does_not_count(engine):
    """Below .5 nothing counts; below .7 it counts and is put before a human."""
    assert not held(engine, told(engine, FAINT), heard=("REFL_C",)).holds
    assert held(engine, told(engine, UNSURE), heard=("REFL_C",)).unsure
    assert not held(engine, told(engine, ASKED), heard=("GOAL_OPEN",)).unsure


def test_topics_asked_and_told(engine):
    """A topic is asked about by a question that names it, or by being answered; told is told at a depth."""
    asked = ("how do you sleep", [("OPENQ", "how do")], ("sleep.deflect.1", "deflect"))
    deep = ("and your sleep", [], ("sleep.full.1", "disclose_full"))
    stated = ("you sleep badly", [("REFL_S", "you sleep")], PLAIN)

    assert held(engine, told(engine, asked), asked=("sleep",)).holds
    assert held(engine, told(engine, deep), asked=("sleep",)).holds
    assert not held(engine, told(engine, stated), asked=("sleep",)).holds
    assert not held(engine, told(engine, asked), told=("sleep",)).holds
    assert held(engine, told(engine, deep), told=("sleep",), depth="full").holds


def test_a_yes_under_pressure_is_no_agreement(engine):
    """A step agreed to in a turn that pressed counts for nothing."""
    free = ("is that a deal", [("TASK_DEAL", "deal")], ("TASK_DEAL.3.1", "assent_task"))
    pressed = ("just say yes", [("PRESSURE", "just say yes")], ("TASK_DEAL.3.1", "assent_task"))

    assert held(engine, told(engine, free), tasks=1).holds
    assert not held(engine, told(engine, pressed), tasks=1).holds


def test_points_halves_and_reasons(engine):
    """Met in full, in half, not, and two ways of not being scored; the domain and the checklist follow."""
    station = station_of(
        Item("full", "Full", 2, Condition(heard=("GOAL_OPEN",))),
        Item("half", "Half", 2, Condition(heard=("MIRACLE",)), part=Condition(heard=("REPAIR",))),
        Item("none", "None", 1, Condition(heard=("TRIAL",))),
        Item("human", "Human", 3, human="Was it kind?"),
        Item("given", "Given", 3, Condition(heard=("REPAIR",)), None, Condition(heard=("DISMISS",)), "nobody was hurt"),
    )
    sheet = marks(told(engine, ASKED, SORRY), station, engine.patient, engine.detector.pack)
    by_id = {item.id: item for item in sheet.items}

    assert [by_id[n].outcome for n in ("full", "half", "none")] == ["met", "partly", "not met"]
    assert [by_id[n].earned for n in ("full", "half", "none", "human", "given")] == [2, 1, 0, None, None]
    assert by_id["human"].not_scored == "for the examiner: Was it kind?"
    assert by_id["given"].not_scored == "nobody was hurt"
    assert (sheet.domains[0].mark, sheet.domains[0].anchor) == (2.4, "so-so")
    assert sheet.checklist == 60.0


def test_the_checklist_weighs_domains(engine):
    """A domain counts by its weight, its items by their points; an unscored domain counts nowhere."""
    domains = (
        Domain("a", "A", 60, WORDS, (Item("a1", "A", 1, Condition(heard=("GOAL_OPEN",))),)),
        Domain("b", "B", 20, WORDS, (Item("b1", "B", 5, Condition(heard=("TRIAL",))),)),
        Domain("c", "C", 20, WORDS, (Item("c1", "C", 1, human="Well?"),)),
    )
    station = replace(load_station(places.station("teen-first-visit")), domains=domains)
    sheet = marks(told(engine, ASKED), station, engine.patient, engine.detector.pack)

    assert sheet.checklist == 75.0
    assert [d.mark for d in sheet.domains] == [4.0, 0.0, None]
    assert sheet.domains[2].not_scored


def test_a_safety_item_is_a_flag_and_not_a_low_mark(engine):
    """A full checklist does not hide it."""
    safety = Item("si", "Asks about dying", 1, Condition(heard=("SI_ASK",)), must=True)
    rest = [Item(f"i{n}", "Asks", 10, Condition(heard=("GOAL_OPEN",))) for n in range(3)]
    g = grade(told(engine, ASKED), engine.patient, engine.detector.pack, station_of(safety, *rest))

    assert g.sheet.checklist > 95
    assert "must:si" in [flag.id for flag in g.flags]
    assert any("Asks about dying" in concern for concern in g.concerns)


def test_open_loop_accuses_nobody(engine):
    """What rests on the patient's side is indicative, raises no flag, and a change of subject is no mistake."""
    safety = Item("deep", "He told", 1, Condition(told=("si_active",)), must=True)
    text = "and how is your appetite"
    away = (text, [("OPENQ", "how is"), ("SI_AVOID", "how is", 0.9, "derived")], ("appetite.full.1", "disclose_full"))
    closed, opened = (
        grade(told(engine, away), engine.patient, engine.detector.pack, station_of(safety), open_loop=loop)
        for loop in (False, True)
    )

    assert "must:deep" in [f.id for f in closed.flags] and not opened.flags
    assert opened.sheet.items[0].indicative
    assert any("avoided" in c for c in closed.concerns) and not any("avoided" in c for c in opened.concerns)


def test_times_come_from_the_words(engine):
    """In a recording the evidence says when its words were spoken."""
    words = tuple(Word(w, 1000 * i, 1000 * i + 400, 0.9) for i, w in enumerate("so what would make it".split()))
    text = " ".join(w.text for w in words)
    t = told(engine, (text, [("GOAL_OPEN", "would make")], PLAIN))
    turn = replace(t.turns[0], utterance=Utterance(text, words, 0, 4400, "audio"))
    (e,) = held(engine, replace(t, turns=(turn,)), heard=("GOAL_OPEN",)).evidence

    assert (e.start_ms, e.end_ms) == (2000, 3400)


def test_it_never_passes_or_fails(engine, root):
    """No field of the grade, and no word of the schema's keys, gives a verdict."""
    station = load_station(places.station("teen-first-visit"))
    text = as_json(grade(told(engine, ASKED), engine.patient, engine.detector.pack, station))
    schema = (root / "docs" / "grade.schema.json").read_text("utf-8")

    def keys(node):
        if isinstance(node, dict):
            yield from node
            for value in node.values():
                yield from keys(value)
        elif isinstance(node, list):
            for value in node:
                yield from keys(value)

    assert not {"pass", "fail", "passed", "failed", "verdict", "result"} & {
        *keys(json.loads(text)),
        *keys(json.loads(schema)),
    }


@pytest.mark.must_show("JSON with a published schema, a CSV row")
@pytest.mark.parametrize("turns", [(), (ASKED,), (ASKED, OFFER, SORRY, UNSURE)])
@pytest.mark.parametrize("with_station", [True, False])
def test_the_json_follows_the_published_schema(engine, root, turns, with_station):
    """With and without a station, with and without turns."""
    import jsonschema

    schema = json.loads((root / "docs" / "grade.schema.json").read_text("utf-8"))
    station = load_station(places.station("teen-first-visit")) if with_station else None
    record = json.loads(as_json(grade(told(engine, *turns), engine.patient, engine.detector.pack, station)))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(record)


def test_the_schema_refuses_what_it_should(engine, root):
    """A mark without value and without a reason, and an unknown key, are refused."""
    import jsonschema

    schema = json.loads((root / "docs" / "grade.schema.json").read_text("utf-8"))
    record = json.loads(as_json(grade(told(engine, ASKED), engine.patient, engine.detector.pack)))
    silent = json.loads(json.dumps(record))
    silent["marks"][0] |= {"value": None, "not_scored": ""}

    for broken in (silent, {**record, "result": "pass"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_a_row_has_the_same_columns_for_every_session_of_a_station(engine):
    """What was not scored is an empty cell, never a missing column or a nought."""
    station = load_station(places.station("teen-first-visit"))
    pack = engine.detector.pack
    rows = [
        row(grade(told(engine, *turns), engine.patient, pack, station), pack)
        for turns in ((), (ASKED,), (OFFER, SORRY, UNSURE))
    ]

    assert rows[0].keys() == rows[1].keys() == rows[2].keys()
    assert (rows[1]["n_GOAL_OPEN"], rows[2]["n_TX_EARLY"], rows[1]["pace"]) == (1, 1, None)
    assert rows[1]["domain_goals"] > 0
    assert all(name == name.strip() and " " not in name for name in rows[0])


def test_a_column_is_a_plain_name():
    """Spaces and commas become one line."""
    from simpatient.model import Mark

    assert column(Mark("turn length, 95th percentile", 1)) == "turn_length_95th_percentile"

"""Human marks beside the software's: both kept, the sheet follows, nothing is ever changed on the disk."""

import json
import stat
from dataclasses import replace

import pytest

from simpatient import places
from simpatient.errors import JournalError
from simpatient.grading import human
from simpatient.grading.grade import grade
from simpatient.grading.station import Anchors, Condition, Domain, Item, load_station
from simpatient.grading.written import as_json
from simpatient.model import Judgement
from tests.unit.grading.test_marks import ASKED, PLAIN, told

AT = "2024-05-01T09:30:00Z"
WORDS = Anchors("bad", "so-so", "good")


def said(what, target, new, examiner="dr-a", old="", why="heard it"):
    return Judgement(examiner, AT, what, target, old, new, why)


@pytest.fixture
def station():
    """Two domains of one weight; the engaging one has an item for the examiner."""
    goals = (
        Item("asks", "Asks what for", 2, when=Condition(heard=("GOAL_OPEN",))),
        Item("validates", "Validates", 2, when=Condition(heard=("VALIDATE",)), must=True),
    )
    bond = (Item("warm", "Is warm", 1, human="Would you come back?"),)
    made = load_station(places.station("teen-first-visit"))
    return replace(made, domains=(Domain("goals", "Goals", 50, WORDS, goals), Domain("bond", "Bond", 50, WORDS, bond)))


@pytest.fixture
def marked(engines, station):
    """Marks a session with two turns: a goal question, and words in which nothing was heard."""
    engine = engines["teen"]
    transcript = told(engine, ASKED, ("no wonder you are fed up", [], PLAIN))
    return lambda *judgements: grade(transcript, engine.patient, engine.detector.pack, station, judgements=judgements)


def test_without_examiners_there_is_only_the_software(marked):
    """Nobody marked: the list is empty, the global rating is nobody's."""
    assert marked().human == ()


def test_an_override_leaves_the_software_as_it_was(marked):
    """The examiner's sheet follows the override; the software's marks, flags and figures do not move."""
    plain, both = marked(), marked(said("item", "validates", "met", old="not met"))
    (own,) = both.human

    assert replace(both, human=()) == plain
    assert (plain.sheet.checklist, own.sheet.checklist) == (50.0, 100.0)
    assert [flag.id for flag in plain.sheet.flags] == ["must:validates"]
    assert own.sheet.flags == ()
    assert own.judgements[0].old == "not met"


def test_what_was_left_to_the_examiner_counts_once_judged(marked):
    """A domain that software cannot mark gets its mark, and its weight in the checklist."""
    (own,) = marked(said("item", "warm", "partly", old="not scored")).human

    assert [d.mark for d in marked().sheet.domains] == [2.0, None]
    assert [d.mark for d in own.sheet.domains] == [2.0, 2.0]
    assert own.sheet.checklist == 50.0


def test_a_domain_can_be_marked_as_a_whole(marked):
    """Three of four is three quarters of its weight, whatever its items earned."""
    (own,) = marked(said("domain", "goals", "3", old="2")).human

    assert own.sheet.domains[0].mark == 3.0
    assert own.sheet.domains[0].anchor == "good"
    assert own.sheet.checklist == 75.0


@pytest.mark.parametrize(("target", "new", "checklist"), [("2:VALIDATE", "yes", 100.0), ("1:GOAL_OPEN", "no", 0.0)])
def test_a_technique_heard_otherwise_marks_the_sheet_anew(marked, target, new, checklist):
    """Added or taken away, the items that hang on the technique follow, with the examiner as evidence."""
    (own,) = marked(said("detection", target, new)).human

    assert own.sheet.checklist == checklist
    if new == "yes":
        assert own.sheet.items[1].evidence[0].rule == "examiner dr-a"


def test_the_last_word_counts_and_comments_add_up(marked):
    """An examiner may change their mind; what they said in between stays in the file, not in the grade."""
    (own,) = marked(
        said("global", "", "2"), said("comment", "", "good start"), said("global", "", "4"), said("comment", "", "ask")
    ).human

    assert own.rating == 4
    assert [j.new for j in own.judgements] == ["good start", "4", "ask"]


def test_several_examiners_stand_beside_each_other(marked):
    """Each with their own rating and sheet."""
    a, b = marked(said("global", "", "2"), said("item", "warm", "met", "dr-b"), said("global", "", "5", "dr-b")).human

    assert (a.examiner, a.rating, b.examiner, b.rating) == ("dr-a", 2, "dr-b", 5)
    assert (a.sheet.checklist, b.sheet.checklist) == (50.0, 75.0)


def test_marks_are_appended_for_the_owners_eyes_only(tmp_path):
    """Old lines stay byte for byte; what was written is what is read."""
    first, second = said("global", "", "3"), said("comment", "", "“gut” \ud800")
    human.append(tmp_path, [first])
    before = (tmp_path / human.NAME).read_bytes()
    human.append(tmp_path, [second])
    file = tmp_path / human.NAME

    assert file.read_bytes().startswith(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert human.read(tmp_path)[0] == first
    assert len(human.read(tmp_path)) == 2
    assert human.read(tmp_path / "elsewhere") == ()


def test_a_torn_line_costs_only_itself(tmp_path):
    """After a crash in mid-line the next mark begins on a line of its own."""
    human.append(tmp_path, [said("global", "", "3")])
    with (tmp_path / human.NAME).open("ab") as file:
        file.write(b'{"format":1,"exam')
    human.append(tmp_path, [said("global", "", "4")])

    assert [j.new for j in human.read(tmp_path)] == ["3", "4"]


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"what": "verdict"}, {"new": "6"}, {"new": 3}, {"examiner": None}, {"what": []}],
    ids=str,
)  # fmt: skip
def test_a_line_that_is_no_mark_is_named(tmp_path, change):
    """A newer format or a value that does not exist is an error with file and line, never a guess."""
    human.append(tmp_path, [said("global", "", "3")])
    record = json.loads((tmp_path / human.NAME).read_text("utf-8")) | change
    (tmp_path / human.NAME).write_text("\n" + json.dumps(record) + "\n", "utf-8")

    with pytest.raises(JournalError, match=r"marks\.jsonl:2"):
        human.read(tmp_path)


def test_what_examiners_said_is_written_as_the_schema_has_it(marked, root):
    """Every kind of judgement at once, in the JSON of the grade."""
    import jsonschema

    both = marked(
        said("global", "", "3"), said("item", "warm", "met", old="not scored"), said("domain", "goals", "3.5", old="2"),
        said("detection", "2:VALIDATE", "yes", old="no"), said("comment", "", "Well."), said("global", "", "2", "b"),
    )  # fmt: skip
    schema = json.loads((root / "docs" / "grade.schema.json").read_text("utf-8"))

    jsonschema.validate(json.loads(as_json(both)), schema)

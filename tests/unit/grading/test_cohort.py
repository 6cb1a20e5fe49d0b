"""The cohort: hand-typed tables, grades read back, warnings in words, tables and a page that judge no candidate."""

import copy
import io
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simpatient import places
from simpatient.errors import DataError
from simpatient.grading import cohort_written
from simpatient.grading.cohort import FEW, cohort
from simpatient.grading.encounters import Encounter, Pair, Point, of_csv, of_grade
from simpatient.grading.grade import grade
from simpatient.grading.station import load_station
from simpatient.grading.written import as_json
from simpatient.model import Judgement
from tests.unit.grading.test_marks import ASKED, PLAIN, told


def table(text, encoding="utf-8"):
    return of_csv(text.encode(encoding), "paper.csv")


def candidates(n=24, station="one", **changes):
    """A cohort on a line of 40 + 10 times the rating, a little above and below it."""
    made = [
        Encounter(
            f"c{i:02}", station, 40.0 + 10 * (i % 5) + (3 if i % 2 else -3), 1.0 + i % 5,
            {"a": Point("A", float(i % 5 > 1), 1.0), "b": Point("B", float(i % 5 > 2), 1.0)},
        )
        for i in range(n)
    ]  # fmt: skip
    return [replace(e, **changes) for e in made]


# ---- hand-typed tables


@pytest.mark.parametrize("stroke", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_paper_osce_is_read_as_people_type_it(stroke, encoding):
    """Commas, semicolons or tabs, Windows or not; numbers and words, empty cells that were not scored."""
    rows = [
        ["Candidate", "Station", "GLOBAL", "Grüßt", "Fragt nach Schlaf / 2", "comment"],
        ["c01", "sleep", "3", "yes", "1.5", "calm"],
        ["c02", "sleep", "borderline", "not met", "", ""],
    ]
    found, wrong = table("\r\n".join(stroke.join(row) for row in rows), encoding)

    assert wrong == []
    assert [(e.candidate, e.station, e.rating) for e in found] == [("c01", "sleep", 3), ("c02", "sleep", 2)]
    assert found[0].items == {"Grüßt": Point("Grüßt", 1, 1), "Fragt nach Schlaf": Point("Fragt nach Schlaf", 1.5, 2)}
    assert found[0].score == pytest.approx(100 * 2.5 / 3)
    assert (found[1].items["Fragt nach Schlaf"].earned, found[1].score) == (None, 0)


def test_decimal_commas_and_a_given_score():
    """Where semicolons part the cells a comma is a decimal one; a score that was typed in counts as it is."""
    (one,), _ = table("candidate;score;confidence\nc01;61,5 %;0,83")

    assert (one.score, one.confidence, one.station, one.rating) == (61.5, 0.83, "station", None)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("c02,9,1", "global: found '9'; allowed: 1 to 5, or fail"),
        ("c02,3,2", "asks: found '2'; allowed: 0 to 1, or yes"),
        ("c02,3,nan", "asks: found 'nan'"),
        (",3,1", "candidate: found nothing"),
        ("c02,3,1,1", "1 cells more"),
    ],
)
def test_a_broken_line_costs_one_line(line, why):
    """It is named with its number, what was found and what is allowed; the others count."""
    found, wrong = table(f"candidate,global,asks\nc01,3,1\n{line}\n\nc03,4,0\n")

    assert [e.candidate for e in found] == ["c01", "c03"]
    assert len(wrong) == 1
    assert wrong[0].startswith("paper.csv:3: ")
    assert why in wrong[0]


@pytest.mark.parametrize("text", ["", "\n\n", "name,global\nx,3", "candidate,a,a\nc,1,1", "candidate" + ",x" * 400])
def test_what_is_no_table_is_one_error(text):
    """Nothing, no candidates, a column twice."""
    with pytest.raises(DataError, match=r"paper\.csv:1: found"):
        table(text)


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["candidate", "station", "global", "score", "c01", "3", "1,5", "yes", '"', "/2"]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.lists(CELLS, max_size=6), max_size=6).map(
            lambda rows: "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
        ),
        st.lists(st.lists(CELLS, max_size=6), max_size=6).map(
            lambda rows: "\n".join(["candidate;global;x", *(";".join(row) for row in rows)]).encode()
        ),
    )
)
def test_any_bytes_are_a_table_or_one_clear_error(data):
    """Whatever a file holds: encounters with sane figures, lines about lines, or a DataError."""
    try:
        found, wrong = of_csv(data, "paper.csv")
    except DataError as error:
        assert str(error).startswith("paper.csv:")
        return
    assert all(line.startswith("paper.csv:") for line in wrong)
    for e in found:
        assert e.candidate
        assert e.score is None or 0 <= e.score <= 100
        assert e.rating is None or 1 <= e.rating <= 5


NAMES = st.text("abcdefgh äß.-", min_size=1, max_size=8).map(str.strip).filter(bool)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, st.integers(1, 5), st.integers(0, 4), st.booleans()), max_size=20))
def test_what_is_typed_is_what_is_read(rows):
    """Every well-formed line comes back as it was typed."""
    lines = [f"{name},{rating},{points},{'yes' if met else 'no'}" for name, rating, points, met in rows]
    found, wrong = table("\n".join(["candidate,global,asks/4,greets", *lines]))

    assert wrong == []
    assert [(e.candidate, e.rating, e.items["asks"].earned, e.items["greets"].earned == 1) for e in found] == rows


# ---- grades


@pytest.fixture(scope="module")
def record(engines):
    """A grade that two examiners marked, as it is written."""
    engine, station = engines["teen"], load_station(places.station("teen-first-visit"))
    transcript = told(engine, ASKED, ("no wonder you are fed up", [], PLAIN))
    plain = grade(transcript, engine.patient, engine.detector.pack, station).sheet
    scored = next(item for item in plain.items if item.outcome == "not met")
    judgements = [
        Judgement("a", "t", "global", "", "", "2"), Judgement("b", "t", "global", "", "", "5"),
        Judgement("a", "t", "item", scored.id, scored.outcome, "met", "w"),
        Judgement("b", "t", "detection", "2:VALIDATE", "no", "yes", "w"),
    ]  # fmt: skip
    made = grade(transcript, engine.patient, engine.detector.pack, station, judgements=judgements)
    return json.loads(as_json(made)), scored


def test_a_grade_becomes_an_encounter(record):
    """Ratings are averaged, scores are the examiners', both judgements are kept apart."""
    found = of_grade(record[0], "g", "c01")
    sheets = [h["sheet"]["checklist"] for h in record[0]["human"]]

    assert (found.candidate, found.station, found.rating) == ("c01", "teen-first-visit", 3.5)
    assert found.score == pytest.approx(sum(sheets) / 2)
    assert found.software == record[0]["sheet"]["checklist"]
    assert found.pairs == (Pair("item", record[1].id, "not met", "met"), Pair("technique", "VALIDATE", "no", "yes"))
    assert found.judged == (0, 100)
    assert found.codes["GOAL_OPEN"] == 1
    assert found.confidence is None


@pytest.mark.parametrize(
    "change", [{"format": 1}, {"sheet": None}, {"sheet": {}}, {"human": [{}]}, {"marks": 3}], ids=str
)
def test_a_grade_that_cannot_be_used_is_one_line(record, change):
    """Another format, no station, damage: one DataError with the file."""
    with pytest.raises(DataError, match=r"^x/grade\.json: "):
        of_grade(record[0] | change, "x/grade.json", "c")


def places_in(node):
    """(container, key) of every value in a grade, of lists the first and the last."""
    for key in list(node) if isinstance(node, dict) else sorted({0, len(node) - 1}) if node else ():
        yield node, key
        if isinstance(node[key], dict | list) and key not in ("evidence", "found", "moments"):
            yield from places_in(node[key])


def test_a_damaged_grade_never_breaks_the_cohort(record):
    """Every value of a grade replaced by five others in turn: an encounter or one line, and the cohort stands."""
    damaged = copy.deepcopy(record[0])
    accepted, refused = [], 0
    for node, key in places_in(damaged):
        before = node[key]
        for value in (None, "x", math.nan, [], {}):
            node[key] = value
            try:
                accepted.append(of_grade(damaged, "g", "c"))
            except DataError:
                refused += 1
        node[key] = before
    unlike = {repr(e): e for e in accepted}.values()

    assert refused > 100
    assert len(unlike) > 15
    for e in unlike:
        made = cohort([e, *candidates(3, e.station)], resamples=100)
        assert len(made.stations) == 1


# ---- figures


def test_a_small_cohort_is_told_to_a_director_in_words():
    """Below twenty there is a warning without jargon; from twenty on there is none."""
    small, large = (cohort(candidates(n), resamples=200).stations[0] for n in (FEW - 1, FEW))

    assert small.warnings[0].startswith("Only 19 candidates have both a score and a human global rating.")
    assert "Do not decide about anybody by it alone" in small.warnings[0]
    assert large.warnings == ()
    assert small.regression.cut == pytest.approx(50, abs=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda e: replace(e, rating=e.rating / 2 + 2.5), "Nobody was rated borderline or below"),
        (lambda e: replace(e, score=100 - e.score), "Better global ratings do not go with higher scores"),
        (lambda e: replace(e, score=e.score + (40 if e.candidate < "c12" else 0)), "hang together loosely"),
        (lambda e: replace(e, candidate=e.candidate[:2]), "3 candidates were at this station more than once"),
        (lambda e: replace(e, version=e.candidate[:2]), "different versions of its mark sheet"),
        (lambda e: replace(e, open_loop=True), "recordings without the patient's side"),
    ],
)
def test_what_makes_the_figures_unsafe_is_said(change, words):
    """Each in a sentence."""
    (station,) = cohort([change(e) for e in candidates()], resamples=200).stations

    assert any(words in warning for warning in station.warnings), station.warnings


def test_an_exam_has_the_mean_of_its_stations_cuts():
    """Only those who were at all stations count; the cut is the mean of the cuts."""
    harder = [replace(e, station="two", score=e.score - 10) for e in candidates()]
    found = cohort([*candidates(), *harder, Encounter("late", "two", 50.0, 3.0)], resamples=200)
    one, two = (s.regression.cut for s in found.stations)

    assert found.exam.cut == pytest.approx((one + two) / 2)
    assert found.exam.spread.n == 24
    assert found.exam.alpha.alpha == pytest.approx(1)
    assert isinstance(cohort(candidates(), resamples=200).exam, str)


def test_the_commonest_mistake_is_that_of_most_candidates():
    """Not the one that a single candidate made most often."""
    made = candidates()
    made[0] = replace(made[0], codes={"LECTURE": 9}, mistakes=frozenset({"LECTURE"}))
    for i in (1, 2):
        made[i] = replace(made[i], codes={"PRESSURE": 1, "AF": 2}, mistakes=frozenset({"PRESSURE"}))
    first, second = cohort(made, resamples=100).stations[0].mistakes

    assert (first.code, first.candidates, first.times) == ("PRESSURE", 2, 2)
    assert (second.code, second.candidates, second.times) == ("LECTURE", 1, 9)


def rich():
    """A cohort in which every figure can be computed."""
    made = []
    for i, e in enumerate(candidates()):
        pairs = (Pair("item", "a", "met" if i % 3 else "not met", "met" if i % 4 else "not met"),)
        made.append(
            replace(
                e, pairs=pairs, judged=(e.score, e.score + i % 3), confidence=0.7 + i / 100, circuit="AB"[i % 2],
                codes={"GOAL_OPEN": i % 3 + 1, "LECTURE": 1}, mistakes=frozenset({"LECTURE"}),
                ratings={"x": int(e.rating), "y": min(5, int(e.rating) + i % 2)}, name=f"s{i}",
            )
        )  # fmt: skip
    return cohort(made, resamples=200, kept={"Sessions": 24})


@pytest.mark.parametrize(
    "made",
    [rich, lambda: cohort(candidates(1)), lambda: cohort([Encounter("c", "s", None, None)])],
    ids=["rich", "one", "nil"],
)
def test_the_page_works_offline_and_judges_nobody(made):
    """Self-contained, the same twice, no figure without a name, no verdict beside a candidate."""
    found = made()
    page = cohort_written.html(found, "spring <2024>")

    assert page == cohort_written.html(made(), "spring <2024>")
    assert "spring &lt;2024&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<img") == page.count('alt="')
    assert "nan" not in page.lower().replace("appertainance", "")
    assert "no verdict on a candidate" in page or "Not computed" in page
    assert not {"passed", "failed", "result"} & set(cohort_written.tables(found)["candidates"])


def test_the_rich_page_shows_every_figure():
    """What the programme director was promised stands there."""
    page = cohort_written.html(rich(), "spring")

    for words in (
        "Cut by borderline regression", "95 % bootstrap interval", "R²", "inter-grade discrimination", "Cronbach’s α",
        "Standard error of measurement", "Facility", "Corrected r", "Upper − lower 27 %", "ICC(2,1)", "κ",
        "The commonest mistake", "Heat map", "recogniser’s confidence", "Between circuits", "Consent and kept sound",
    ):  # fmt: skip
        assert words in page, words
    assert "Not computed" not in page


def test_a_name_is_never_a_formula():
    """A candidate called =1+1 is a text in the workbook and in the tables."""
    from openpyxl import load_workbook

    found = cohort([Encounter("=1+1", "s", 50.0, 3.0)])
    sheet = load_workbook(io.BytesIO(cohort_written.as_xlsx(found)))["candidates"]

    assert (sheet["A2"].value, sheet["A2"].data_type) == ("=1+1", "s")
    assert cohort_written.as_csv(cohort_written.tables(found)["candidates"]).splitlines()[1].startswith("'=1+1,")


def test_the_workbook_is_the_same_twice():
    """No time of writing stands in it."""
    assert cohort_written.as_xlsx(rich()) == cohort_written.as_xlsx(rich())

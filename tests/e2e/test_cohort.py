"""From graded sessions to the director's page: 24 learners without audio, marked by examiners, as a cohort."""

import csv
import html
import json
import os
import re
import stat
import subprocess
import sys

import pytest
from openpyxl import load_workbook

from simpatient import places
from simpatient.cli import common, mark
from simpatient.cli.cohort import run_cohort
from simpatient.errors import EquipmentError, UsageError
from simpatient.grading import human
from simpatient.grading.grade import grade
from simpatient.grading.station import load_station
from simpatient.model import Judgement, Utterance
from simpatient.patient.engine import Engine
from simpatient.session.journal import Journal, read
from simpatient.session.outputs import write_outputs
from simpatient.session.runner import Session, run
from tests.e2e import test_page
from tests.learners import Remembering
from tests.pages import LEVELS, written

STATION = "teen-first-visit"
EACH = 8
"""Candidates made of each learner's text."""
RATINGS = {"failing": (1, 2), "borderline": (2, 3), "good": (4, 5)}
VERDICTS = re.compile(r"\b(passes|passed|failed|fails the|has failed|did not pass)\b", re.I)


def simpatient(*arguments, text=None):
    return subprocess.run(
        [sys.executable, "-m", "simpatient", *map(str, arguments)], input=text, capture_output=True, text=True,
        env={**os.environ, "COLUMNS": "200"}, timeout=120,
    )  # fmt: skip


def said(examiner, what, target, old, new):
    return Judgement(examiner, "2024-05-01T09:30:00Z", what, target, old, new, "" if old == new else "heard it")


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """24 graded sessions: each text eight times, with the first, third, … of every few turns dropped."""
    root = tmp_path_factory.mktemp("sessions")
    station = load_station(places.station(STATION))
    detector = Remembering()
    patient = common.patient(station.persona, detector)
    for number, who in enumerate(LEVELS):
        lines = written(STATION, who).says
        for i in range(EACH):
            name = f"c{EACH * number + i + 1:02}"
            kept = [line for place, line in enumerate(lines) if i == 0 or place % (i + 2) != i % 3]
            about = {
                "mode": "drill", "learner": name, "recogniser": {"name": "typed", "digest": ""}, "voice": "none",
                "station": {"id": station.id, "version": station.version, "digest": station.digest},
            }  # fmt: skip
            engine = Engine(patient, detector, station.seed, station.difficulty)
            journal = Journal(root / name)
            run(Session(engine, journal, about), [Utterance(line) for line in kept], lambda _: None, lambda _: None)
            journal.close()
            sheet = grade(read(root / name).transcript(), patient, detector.pack, station).sheet
            scored = [item for item in sheet.items if item.outcome != "not scored"]
            judged = [said("dr-a", "global", "", "", str(RATINGS[who][i % 2]))]
            judged += [
                said("dr-a", "item", it.id, it.outcome, "partly" if (i + n) % 7 == 0 else it.outcome)
                for n, it in enumerate(scored)
            ]
            if i < 2:
                judged.append(said("dr-b", "global", "", "", str(RATINGS[who][1])))
            human.append(root / name, judged)
            write_outputs(root / name, patient, detector.pack, station)
    return root


@pytest.fixture(scope="module")
def made(sessions, tmp_path_factory):
    """The cohort's output, with two broken sessions beside the good ones."""
    for name, text in (("broken", '{"format": 2, "sheet"'), ("other", '{"format": 1}')):
        (sessions / name).mkdir()
        (sessions / name / "grade.json").write_text(text, "utf-8")
    out = tmp_path_factory.mktemp("cohort")
    done = simpatient("cohort", sessions, "--out", out, "--bootstrap", 500, "--seed", 3)
    for name in ("broken", "other"):
        (sessions / name / "grade.json").unlink()
    return out, done


def test_a_broken_session_costs_one_line(made):
    """Both are named; the others count; the exit code says that something was left out."""
    _, done = made

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 2
    assert "broken/grade.json: damaged" in done.stderr
    assert "other/grade.json: found no grade of format 2" in done.stderr
    assert re.search(r"teen-first-visit: 24 candidates, mean \d+\.\d % .* cut \d+\.\d %", done.stdout)


def test_the_workbook_opens_with_every_candidate(made, sessions):
    """A row for each session with its score and rating as numbers, and a sheet for each table."""
    out, _ = made
    book = load_workbook(out / "cohort.xlsx")
    head, *rows = book["candidates"].iter_rows(values_only=True)
    first = dict(zip(head, rows[0], strict=True))
    stored = json.loads((sessions / "c01" / "grade.json").read_text("utf-8"))

    assert book.sheetnames == ["candidates", "stations", "items", "agreement", "techniques"]
    assert [row[0] for row in rows] == [f"c{n:02}" for n in range(1, 25)]
    assert first["software_score"] == stored["sheet"]["checklist"]
    assert first["global"] == 1.5
    assert first["examiners"] == "dr-a; dr-b"
    assert any(name.startswith("n_") for name in head)


def test_the_tables_say_the_same_as_the_page(made):
    """The cut stands in the CSV, and rounded on the page, with agreement, heat map and the commonest mistake."""
    out, _ = made
    with (out / "stations.csv").open(encoding="utf-8", newline="") as file:
        (station,) = csv.DictReader(file)
    page = (out / "cohort.html").read_text("utf-8")
    seen = html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S))

    assert float(station["cut_low"]) < float(station["cut"]) < float(station["cut_high"])
    assert f"{float(station['cut']):.1f} % (95 % bootstrap interval" in seen
    assert float(station["r2"]) > 0.5 and float(station["slope"]) > 5
    assert "The commonest mistake" in seen and "ICC(2,1)" in seen and "weighted κ" in seen
    assert "http" not in page.replace("http-equiv", "")
    assert not VERDICTS.search(seen.replace("passes or fails nobody", ""))
    assert [stat.S_IMODE(p.stat().st_mode) for p in out.iterdir()] == [0o600] * 7


@pytest.mark.skipif(bool(test_page.MISSING), reason=f"not installed: {', '.join(test_page.MISSING)}")
def test_a_browser_without_network_finds_nothing_amiss(made):
    """An empty console, nothing asked for, no violation of WCAG 2.2 AA, nothing clipped at 320 pixels."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=test_page.CHROMIUM)
        page = chromium.new_context(viewport=test_page.TELEPHONE, offline=True).new_page()
        noise: list[str] = []
        page.on("console", lambda message: noise.append(message.text))
        page.goto((made[0] / "cohort.html").as_uri())
        page.evaluate(test_page.OPEN_ALL)
        page.evaluate(test_page.AXE.read_text("utf-8"))
        rules = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})"
        found = page.evaluate(rules, test_page.RULES)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
        drawn = page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")
        chromium.close()

    assert (noise, wide, drawn) == ([], False, True)
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"]] == []


def test_the_same_sessions_give_the_same_files(made, sessions, tmp_path):
    """Byte for byte, but for the lines about what was broken."""
    out, _ = made
    simpatient("cohort", sessions, "--out", tmp_path, "--bootstrap", 500, "--seed", 3, "--station", STATION)

    for name in ("cohort.xlsx", "stations.csv", "candidates.csv", "items.csv", "agreement.csv"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name


def test_an_examiner_marks_from_the_command_line(sessions):
    """Rating, override and reason are kept; grade and report show both; regrading finds nothing to differ."""
    folder = sessions / "c24"
    before = json.loads((folder / "grade.json").read_text("utf-8"))
    item = next(i["id"] for i in before["sheet"]["items"] if i["outcome"] == "met")
    lines = (folder / human.NAME).read_bytes()

    refused = simpatient("mark", folder, "--examiner", "dr-c", "--item", f"{item}=not met")
    done = simpatient(
        "mark", folder, "--examiner", "dr-c", "--global", 3, "--item", f"{item}=not met", "--why", "only half said",
        "--comment", "Stay with her longer.",
    )  # fmt: skip
    after = json.loads((folder / "grade.json").read_text("utf-8"))
    own = after["human"][-1]
    report = html.unescape((folder / "report.html").read_text("utf-8"))

    assert (refused.returncode, done.returncode) == (2, 0), done.stderr
    assert "say with --why" in refused.stderr
    assert (folder / human.NAME).read_bytes().startswith(lines)
    assert {**after, "human": []} == {**before, "human": []}
    assert (own["examiner"], own["rating"]) == ("dr-c", 3)
    assert own["sheet"]["checklist"] < after["sheet"]["checklist"]
    assert all(words in report for words in ("dr-c", "only half said", "Stay with her longer."))
    assert simpatient("replay", folder, "--depth", "regrade").returncode == 0


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"items": ["nothing=met"], "why": "x"}, "--item: found 'nothing'; allowed: "),
        ({"items": ["nothing"]}, "allowed: --item WHAT=MARK"),
        ({"domains": ["goals=5"], "why": "x"}, "a number from 0 to 4"),
        ({"detections": ["99:VALIDATE=yes"], "why": "x"}, "a turn from 1 to"),
        ({"detections": ["1:NOTHING=yes"], "why": "x"}, "found the code 'NOTHING'"),
        ({"comment": "x", "examiner": "a\nb"}, "--examiner: found"),
        ({"why": "x"}, "--why: found nothing that it is the reason of"),
        ({}, "found nothing to mark"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(sessions, detector, monkeypatch, what, words):
    """What was found and what is allowed; nothing is written."""
    monkeypatch.setattr(mark, "Detector", lambda: detector)
    folder = sessions / "c23"
    before = (folder / human.NAME).read_bytes()
    blank = {"examiner": "dr-c", "rating": None, "items": [], "domains": [], "detections": [], "why": "", "comment": ""}

    with pytest.raises(UsageError, match=re.escape(words)):
        mark.run_mark(folder, **(blank | what))
    assert (folder / human.NAME).read_bytes() == before


def test_step_by_step_the_software_speaks_second(sessions, detector, monkeypatch):
    """Each item is asked before the software's mark is told; where they differ it asks why; Enter passes over."""
    monkeypatch.setattr(mark, "Detector", lambda: detector)
    sheet = mark.Sheet(sessions / "c22", "dr-d")
    first, second = (i for i in sheet.grade.sheet.items[:2])
    assert first.outcome == "met"
    answers = iter(["7", "4", "n", "", "not to her", *[""] * 40, "Good."])
    asked: list[str] = []

    def ask(question):
        asked.append(question)
        return next(answers, None) if "comment" not in question else "Good."

    mark.ask_all(sheet, ask, asked.append)
    own = [j for j in human.read(sessions / "c22") if j.examiner == "dr-d"]

    assert [(j.what, j.old, j.new, j.why) for j in own] == [
        ("global", "", "4", ""), ("item", "met", "not met", "not to her"), ("comment", "", "Good.", ""),
    ]  # fmt: skip
    assert asked.index("  The software says: met.") > next(n for n, q in enumerate(asked) if first.text in q)
    assert any(second.text in q for q in asked)


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "found nothing that is graded"), ("gone.csv", "found neither a folder of sessions nor a table")],
)
def test_nothing_to_read_is_one_line(tmp_path, name, words):
    """An empty folder, and a table that is not there."""
    with pytest.raises(UsageError, match=words):
        run_cohort(tmp_path / name, station=None, out=None, resamples=100, seed=0)


def test_without_its_libraries_it_says_how_to_get_them(tmp_path, monkeypatch):
    """The main install stays small; one line names the extra, before anything is read."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pandas" else True)

    with pytest.raises(EquipmentError, match=r"needs pandas: python3 -m pip install 'simpatient\[cohort\]'"):
        run_cohort(tmp_path, station=None, out=None, resamples=100, seed=0)


def test_the_command_line_loads_no_statistics():
    """What a cohort needs is loaded by `cohort` alone."""
    code = (
        "import sys, simpatient.cli.cohort, simpatient.cli.mark; print(sorted({'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=places.personas().parent)

    assert done.stdout.strip() == "[]"

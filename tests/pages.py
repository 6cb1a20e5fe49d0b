"""Reports for tests and for the eye: written learners through detector, engine, grade and page.

python -m tests.pages               writes docs/reports: three learners at every station
python -m tests.pages --picture     takes docs/report.png from one of them, with Chromium
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from simpatient import places
from simpatient.detect.detector import Detector
from simpatient.detect.pack import Pack
from simpatient.grading.grade import grade
from simpatient.grading.lessons import (
    Attempt,
    Lessons,
    Missed,
    NextDrill,
    StrongMoment,
    TurningPoint,
    Untried,
    Used,
    Wording,
    attempt,
    lessons,
)
from simpatient.grading.report import html
from simpatient.grading.station import Station, load_station
from simpatient.model import Grade, Transcript, Utterance
from simpatient.patient.engine import Engine
from simpatient.persona.load import Patient, load_patient
from simpatient.yamlfile import load

JOURNALS = Path(__file__).parent / "journals"
REPORTS = Path(__file__).parent.parent / "docs" / "reports"
PICTURE = REPORTS.parent / "report.png"
LEVELS = ("failing", "borderline", "good")
MS_A_LETTER = 70
ANSWER_MS = 4000
LONG = 60
"""Turns of a 15-minute station, at most."""


@dataclass(frozen=True)
class Written:
    """A learner's file under tests/journals/."""

    station: str
    learner: Literal["failing", "borderline", "good"]
    about: str
    says: tuple[str, ...]


@dataclass(frozen=True)
class Sat:
    """A station that somebody sat, graded."""

    transcript: Transcript
    grade: Grade
    patient: Patient
    station: Station


def written(station: str, level: str) -> Written:
    return load(JOURNALS / station / f"{level}.yaml", Written)


def sit(detector: Detector, name: str, says: tuple[str, ...], spoken: bool = True, **header: object) -> Sat:
    """A learner who says these lines at a station, until the patient leaves; no clock stops them."""
    station = load_station(places.station(name))
    patient = _patient(station.persona, detector)
    engine = Engine(patient, detector, seed=station.seed, difficulty=station.difficulty)
    opening, now = engine.open()
    start, turns, at = now.state, [], 2000
    for text in says:
        end = at + len(text) * MS_A_LETTER
        turn, now = engine.hear(now, Utterance(text, (), at, end, "audio") if spoken else Utterance(text))
        turns.append(turn)
        at = end + ANSWER_MS
        if now.ended:
            break
    told = Transcript(patient.id, engine.seed, opening, start, tuple(turns), now.ended or "closed", dict(header))
    return Sat(told, grade(told, patient, detector.pack, station), patient, station)


@cache
def _patient(name: str, detector: Detector) -> Patient:
    return load_patient(places.personas() / name, detector.pack.codes(), detector.pack.topics)


def longest(detector: Detector) -> Sat:
    """A whole station's time of talk, with much that helps and much that hurts."""
    name = "emergency-wants-to-die"
    lines = [says for pair in zip(written(name, "good").says, written(name, "borderline").says, strict=False)
             for says in pair]  # fmt: skip
    lines = [line for line in lines if "goodbye" not in line.lower()]
    return sit(detector, name, tuple((lines * LONG)[:LONG]), learner="L07", version="test", mode="drill")


def made_lessons(sat: Sat) -> Lessons:
    """A learner's page with everything on it, as long as it gets."""
    turns = [turn for turn in sat.transcript.turns if turn.utterance.text]
    hurt, helped, other = turns[:3], turns[3:6], turns[6:9]
    say = Wording(
        "You said the nights are the worst. What would a better night look like?",
        "GOAL_WISH",
        "What would you like to be different",
        "It takes up the patient's own word and asks for a wish.",
    )
    return Lessons(
        to_a_friend="He asked me what I wanted, for once. I might go back, we'll see.",
        strong=tuple(StrongMoment(t.no, t.utterance.text, "It came first.", "Hope rose.", "Huh.") for t in helped),
        turning=tuple(
            TurningPoint(t.no, t.utterance.text, "It closed the door.", "Reluctance rose.", "Here we go.", (say, say))
            for t in hurt
        ),
        missed=tuple(Missed(t.no, t.reply.text, "Nobody took it up within two turns.", say) for t in other),
        used=tuple(Used(c.code, c.name, c.n) for c in sat.grade.techniques),
        untried=(Untried("MIRACLE", "Miracle question", "Once there is some trust.", say),) * 3,
        next_drill=NextDrill("Goals before steps", "Steps came first.", f"simpatient drill {sat.station.id}"),
        trend=(Attempt("first", 0.2, 31.0, 0.8, 0.1, 0.05), Attempt("second", 0.4, None, 0.6, 0.3, 0.2),
               Attempt("this time", 0.7, 66.5, 0.3, 0.6, 0.5)),
    )  # fmt: skip


# ---- docs/reports


def every_station(detector: Detector) -> dict[str, dict[str, Sat]]:
    """What each written learner did at each station."""
    return {
        name: {level: sit(detector, name, written(name, level).says, False, learner=level) for level in LEVELS}
        for name in sorted(places.stations())
    }


def examples(sat: dict[str, dict[str, Sat]], pack: Pack) -> Iterator[tuple[str, str]]:
    """(file, text) of everything in docs/reports: the reports, and at the end their index."""
    rows = []
    for name, levels in sat.items():
        before: list[Attempt] = []
        cells = [f"{levels['good'].station.title} ({levels['good'].patient.persona.name})"]
        for level, one in levels.items():
            file = f"{name}-{level}.html"
            taught = lessons(one.transcript, one.grade, one.patient, pack, one.station, before)
            yield file, html(one.transcript, one.grade, one.patient, lessons=taught, station=one.station)
            checklist = one.grade.sheet.checklist if one.grade.sheet else None
            before.append(attempt(level, one.transcript, checklist))
            cells.append(f"[{checklist:g} %, {round(100 * one.grade.second_visit)} in 100]({file})")
        rows.append(f"| {' | '.join(cells)} |")
    yield "README.md", INDEX.format(rows="\n".join(rows))


INDEX = """# Examples of the learner's page

Three written learners (`tests/journals/`) at every station: what the mark sheet gives (checklist), how likely a second
visit is, and the page that the learner sees. The pages are files of HTML; save one and open it in a browser. They are
made by `python -m tests.pages`; a test says when they are out of date. The three are shown as one learner's attempts,
so that the second and third page hold a trend.

| station | failing | borderline | good |
|---|---|---|---|
{rows}
"""


def write_examples() -> None:
    REPORTS.mkdir(exist_ok=True)
    detector = Detector()
    made = dict(examples(every_station(detector), detector.pack))
    for file in REPORTS.iterdir():
        if file.name not in made:
            file.unlink()
    for name, text in made.items():
        (REPORTS / name).write_text(text, "utf-8", newline="\n")
    print(f"{len(made)} files, {sum(len(text.encode()) for text in made.values()) / 1e6:.1f} MB")


def take_picture() -> None:
    """The page from the outcome to the first turning point, without the strongest moments between them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page(viewport={"width": 960, "height": 900})
        page.goto((REPORTS / "teen-first-visit-borderline.html").as_uri())
        page.locator("#marks > summary").click()
        page.add_style_tag(content="section:has(#strong) { display: none }")
        top = page.locator("#outcome").bounding_box()["y"] - 24
        last = page.locator("article.turning").first.bounding_box()
        clip = {"x": 0, "y": top, "width": 960, "height": last["y"] + last["height"] + 24 - top}
        page.screenshot(path=PICTURE, clip=clip, full_page=True)
        browser.close()


if __name__ == "__main__":
    take_picture() if "--picture" in sys.argv else write_examples()

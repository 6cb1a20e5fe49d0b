"""What a cohort is made of: one encounter of one candidate with one station, from a grade or from a hand-typed table.

A hand-typed table (CSV with commas, semicolons or tabs; UTF-8 or Windows) has a line for each encounter:

    candidate,station,global,Greets,Asks about sleep/2,Closes
    c01,sleep,3,1,1.5,0
    c02,sleep,2,yes,0,

candidate   a pseudonym; the only column that must be there
station     may be left out where there is one
global      the examiner's 1 fail, 2 borderline, 3 pass, 4 very good, 5 outstanding, or these words; empty: not rated
score       the checklist in per cent, where the items were not typed in
circuit, confidence (0..1, of a recogniser), comment (not read)
items       every other column; the most that can be earned stands after a stroke, 1 where none does. A cell holds
            points, or yes, no, met, partly, not met; an empty one was not scored

A line that cannot be read costs that line; the others count.
"""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simpatient.errors import DataError
from simpatient.grading.human import RATINGS, SHARE
from simpatient.grading.written import FORMAT

MOST_LINES = 20_000
MOST_COLUMNS = 300
_OWN = ("candidate", "station", "global", "score", "circuit", "confidence", "comment")
_WORDS = {"yes": 1.0, "no": 0.0, "y": 1.0, "n": 0.0, **SHARE}
_RATINGS = {word: float(number) for number, word in RATINGS.items()}
_POINTS = re.compile(r"(.*\S)\s*/\s*([0-9]{1,3}(?:[.,][0-9]{1,2})?)")
CONFIDENCE = "recogniser's confidence"
"""The figure of a grade that says how surely the words were heard."""


@dataclass(frozen=True)
class Point:
    """One item of a mark sheet in one encounter."""

    text: str
    earned: float | None
    """None: not scored."""
    possible: float


@dataclass(frozen=True)
class Pair:
    """One thing that the software and an examiner both judged."""

    kind: str
    """item or technique."""
    target: str
    software: str
    human: str


@dataclass(frozen=True)
class Encounter:
    """One candidate at one station. Scores in per cent."""

    candidate: str
    station: str
    score: float | None
    """What counts: the mean of the examiners' checklists, the software's where nobody marked."""
    rating: float | None
    """The mean of the examiners' global ratings."""
    items: Mapping[str, Point] = field(default_factory=dict)
    name: str = ""
    """Of its folder."""
    version: str = ""
    """Of the station, as its digest."""
    title: str = ""
    circuit: str = ""
    software: float | None = None
    ratings: Mapping[str, int] = field(default_factory=dict)
    """By examiner."""
    pairs: tuple[Pair, ...] = ()
    judged: tuple[float, float] | None = None
    """Per cent of the points of the items that both judged: the software's, the examiners'."""
    codes: Mapping[str, int] = field(default_factory=dict)
    mistakes: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    """Of the codes, in words."""
    confidence: float | None = None
    """Mean confidence of the recogniser, 0..1."""
    flags: int = 0
    open_loop: bool = False


def of_grade(record: Any, where: str, name: str) -> Encounter:
    """The encounter that a grade.json tells of. Raises DataError."""
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise DataError(f"{where}: found no grade of format {FORMAT}; grade the session again")
    if record.get("sheet") is None:
        raise DataError(f"{where}: the session had no station; a cohort compares mark sheets")
    try:
        return _of_grade(record, name)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise DataError(
            f"{where}: damaged: no grade as docs/grade.schema.json has it ({type(error).__name__})"
        ) from None


def _of_grade(record: dict[str, Any], name: str) -> Encounter:
    """Raises ValueError and its like where something is not what the schema says."""
    sheet, about = record["sheet"], record["about"]
    humans = record.get("human", [])
    sheets = [h["sheet"] for h in humans if h["sheet"]] or [sheet]
    ratings = {_text(h["examiner"]): int(_within(h["rating"], 1, 5)) for h in humans if h["rating"] is not None}
    techniques = record["techniques"]
    confidence = next((m["value"] for m in record["marks"] if m["name"] == CONFIDENCE), None)
    return Encounter(
        candidate=_text(about.get("learner") or name), station=_text(sheet["station"]),
        score=_mean([s["checklist"] for s in sheets], 100), rating=_mean(list(ratings.values()), 5),
        items={_text(item["id"]): _point(item, sheets, place) for place, item in enumerate(sheet["items"])}, name=name,
        version=_text(sheet["digest"]), title=_text(sheet["title"]), circuit=_text(about.get("circuit") or ""),
        software=_mean([sheet["checklist"]], 100), ratings=ratings, pairs=tuple(_pairs(humans)),
        judged=_judged(sheet, humans), codes={_text(t["code"]): int(_within(t["n"], 1, 1e6)) for t in techniques},
        mistakes=frozenset(_text(t["code"]) for t in techniques if t["mistake"]),
        names={_text(t["code"]): _text(t["name"]) for t in techniques}, confidence=_mean([confidence], 1),
        flags=len(record["flags"]), open_loop=bool(record["open_loop"]),
    )  # fmt: skip


def _point(item: dict[str, Any], sheets: list[dict[str, Any]], place: int) -> Point:
    possible = _possible(item)
    return Point(_text(item["text"]), _mean([s["items"][place]["earned"] for s in sheets], possible), possible)


def _possible(item: dict[str, Any]) -> float:
    return _within(item["possible"], 0.01, 1000)


def _pairs(humans: list[dict[str, Any]]) -> Iterator[Pair]:
    for j in (j for h in humans for j in h["judgements"]):
        if j["what"] == "item" and j["old"] in SHARE and j["new"] in SHARE:
            yield Pair("item", _text(j["target"]), j["old"], j["new"])
        elif j["what"] == "detection" and {j["old"], j["new"]} <= {"yes", "no"}:
            yield Pair("technique", _text(j["target"]).partition(":")[2], j["old"], j["new"])


def _judged(sheet: dict[str, Any], humans: list[dict[str, Any]]) -> tuple[float, float] | None:
    """Over the items that both judged, examiners averaged."""
    possible = {item["id"]: _possible(item) for item in sheet["items"]}
    both = [
        (possible[j["target"]], SHARE[j["old"]], SHARE[j["new"]])
        for h in humans for j in h["judgements"] if j["what"] == "item" and j["old"] in SHARE
    ]  # fmt: skip
    whole = sum(points for points, _, _ in both)
    if not whole:
        return None
    return 100 * sum(p * old for p, old, _ in both) / whole, 100 * sum(p * new for p, _, new in both) / whole


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _within(value: object, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not least <= value <= most:
        raise ValueError
    return float(value)


def _mean(values: list[object], most: float) -> float | None:
    """Of those that are there, each of which lies in 0..most."""
    found = [_within(value, 0, most) for value in values if value is not None]
    return sum(found) / len(found) if found else None


def of_csv(data: bytes, where: str) -> tuple[list[Encounter], list[str]]:
    """The encounters of a hand-typed table, and a line for every line that could not be read. Raises DataError."""
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found, wrong = [], []
    try:
        columns = _columns(next((row for row in rows if any(map(str.strip, row))), []), where)
        for row in rows:
            if rows.line_num > MOST_LINES:
                raise DataError(f"{where}: found more than {MOST_LINES} lines")
            if not any(map(str.strip, row)):
                continue
            try:
                found.append(_encounter(row, columns))
            except ValueError as error:
                wrong.append(f"{where}:{rows.line_num}: {error}; this line is left out")
    except csv.Error as error:
        raise DataError(f"{where}:{rows.line_num}: no table of comma-separated values: {error}") from None
    return found, wrong


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _columns(header: list[str], where: str) -> list[tuple[str, float]]:
    """Name and most points of each column. Raises DataError."""
    columns = [_column(cell.strip()) for cell in header]
    names = [name for name, _ in columns]
    if "candidate" not in names:
        raise DataError(f"{where}:1: found no column `candidate`; see docs/cohort.md")
    if len(columns) > MOST_COLUMNS:
        raise DataError(f"{where}:1: found {len(columns)} columns; allowed: at most {MOST_COLUMNS}")
    if twice := [name for name, n in Counter(names).items() if name and n > 1]:
        raise DataError(f"{where}:1: found the column {twice[0]!r} twice")
    return columns


def _column(cell: str) -> tuple[str, float]:
    if cell.lower() in _OWN:
        return cell.lower(), 1.0
    found = _POINTS.fullmatch(cell)
    most = float(found[2].replace(",", ".")) if found else 0.0
    return (found[1], most) if found and most else (cell, 1.0)


def _encounter(row: list[str], columns: list[tuple[str, float]]) -> Encounter:
    """Raises ValueError with column, what was found and what is allowed."""
    cells = {name: cell.strip() for (name, _), cell in zip(columns, row, strict=False)}
    if extra := [cell for cell in row[len(columns) :] if cell.strip()]:
        raise ValueError(f"found {len(extra)} cells more than there are columns")
    candidate = cells.get("candidate", "")
    if not candidate:
        raise ValueError("candidate: found nothing")
    items = {
        name: Point(name, _value(name, cells.get(name, ""), most, _WORDS, most), most)
        for name, most in columns if name and name not in _OWN
    }  # fmt: skip
    score = _value("score", cells.get("score", ""), 100)
    return Encounter(
        candidate, cells.get("station") or "station", _percent(items) if score is None else score,
        _value("global", cells.get("global", ""), max(RATINGS), _RATINGS, least=min(RATINGS)), items,
        circuit=cells.get("circuit", ""), confidence=_value("confidence", cells.get("confidence", ""), 1),
    )  # fmt: skip


def _value(
    name: str, cell: str, most: float, words: Mapping[str, float] | None = None, unit: float = 1.0, least: float = 0.0
) -> float | None:
    word = " ".join(cell.lower().split())
    if not word:
        return None
    if words and word in words:
        return words[word] * unit
    try:
        value = float(word.removesuffix("%").replace(",", "."))
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        also = f", or {', '.join(words)}" if words else ""
        raise ValueError(f"{name}: found {cell[:40]!r}; allowed: {least:g} to {most:g}{also}")
    return value


def _percent(items: Mapping[str, Point]) -> float | None:
    scored = [(point.earned, point.possible) for point in items.values() if point.earned is not None]
    return 100 * sum(e for e, _ in scored) / sum(p for _, p in scored) if scored else None

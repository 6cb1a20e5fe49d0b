"""A grade as it is written: JSON after docs/grade.schema.json, and a row of a table.

Both are stable: one grade gives one text, and every grade of one station the same columns.
"""

import dataclasses
import json
import re
from collections.abc import Sequence

from simpatient.detect.pack import Pack
from simpatient.grading.mistakes import SEVERITY
from simpatient.model import Grade, Mark

FORMAT = 2
"""Of the JSON; 1 was a grade without station, flags and evidence."""
Cell = str | float | int | None


def as_json(grade: Grade) -> str:
    """The grade as JSON, one stable text for one grade."""
    record = {"format": FORMAT, **dataclasses.asdict(grade)}
    return json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def row(grade: Grade, pack: Pack) -> dict[str, Cell]:
    """One row: who and what, domains, flags, every figure, and a count for every code. None where not scored."""
    about, sheet = grade.about, grade.sheet
    cells: dict[str, Cell] = {
        "persona": grade.persona,
        "station": sheet.station if sheet else "",
        "station_version": sheet.version if sheet else None,
        "learner": str(about.get("learner", "")),
        "seed": _number(about.get("seed")),
        "ended": str(about.get("ended") or ""),
        "open_loop": "yes" if grade.open_loop else "no",
        "checklist": sheet.checklist if sheet else None,
        "examiners": "; ".join(human.examiner for human in grade.human),
        "examiners_global": _mean([human.rating for human in grade.human]),
        "examiners_checklist": _mean([human.sheet.checklist for human in grade.human if human.sheet]),
    }
    if sheet:
        cells |= {f"domain_{domain.id}": domain.mark for domain in sheet.domains}
        cells |= {f"item_{item.id}": item.earned for item in sheet.items}
    cells |= {"flags": "; ".join(flag.id for flag in grade.flags)}
    cells |= {column(mark): mark.value for mark in grade.marks}
    heard = {count.code: count.n for count in grade.techniques}
    cells |= {
        f"n_{code}": heard.get(code, 0) for code in (*pack.codes(), *(c for c in SEVERITY if c not in pack.codes()))
    }
    return cells


def column(mark: Mark) -> str:
    """The column of a figure: "goals voiced" → goals_voiced."""
    return re.sub(r"[^a-z0-9]+", "_", mark.name.lower()).strip("_")


def _mean(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return round(sum(found) / len(found), 2) if found else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None

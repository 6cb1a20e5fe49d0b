"""A cohort as it is written: one HTML page that works offline, an XLSX workbook, and tables as CSV. All are stable."""

import base64
import dataclasses
import io
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from simpatient.grading import figures
from simpatient.grading.agreement import Icc
from simpatient.grading.cohort import FEW, GOOD_R2, LARGE_BETWEEN, Cohort, StationFigures, codes
from simpatient.grading.human import RATINGS
from simpatient.grading.statistics import Alpha, Regression, Spread

ITEMS = (
    "station", "item", "text", "points", "scored", "facility", "item_total_r", "corrected_item_total_r",
    "upper_lower_27", "alpha_without",
)  # fmt: skip
AGREEMENT = ("station", "kind", "what", "judged", "n", "kappa", "low", "high", "same", "no_kappa_because")
TECHNIQUES = ("station", "code", "mistake", "candidates", "times")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def html(cohort: Cohort, source: str, left_out: Sequence[str] = ()) -> str:
    """The page; `source` says of what, `left_out` which sessions could not be read."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters |= {"n1": lambda x: number(x, 1), "n2": lambda x: number(x, 2), "share": share}
    return environment.get_template("cohort.html.j2").render(
        cohort=cohort, source=source, left_out=left_out, pictures={s.id: pictures(s) for s in cohort.stations},
        codes={s.id: codes(s.encounters) for s in cohort.stations}, ratings=RATINGS, few=FEW, good_r2=GOOD_R2,
        large_between=LARGE_BETWEEN, wrong={s.id: {m.code for m in s.mistakes} for s in cohort.stations},
    )  # fmt: skip


def number(value: float | None, places: int) -> str:
    """A figure with a true minus; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def share(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else f"{100 * value:.0f} %"


def pictures(station: StationFigures) -> dict[str, str]:
    """The figures of a station as data URIs, by name."""
    drawn = {}
    both = [(e.score, e.rating) for e in station.encounters if e.score is not None and e.rating is not None]
    if isinstance(station.regression, Regression):
        drawn["regression"] = figures.regression([s for s, _ in both], [r for _, r in both], station.regression)
    if used := codes(station.encounters):
        counts = [[e.codes.get(code, 0) for code in used] for e in station.encounters]
        wrong = {m.code for m in station.mistakes}
        drawn["heat"] = figures.heat_map([e.candidate for e in station.encounters], used, counts, wrong)
    if not isinstance(station.equity, str):
        pairs = [
            (e.confidence, e.score) for e in station.encounters if e.confidence is not None and e.score is not None
        ]
        drawn["equity"] = figures.equity([c for c, _ in pairs], [s for _, s in pairs])
    return {name: "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode() for name, svg in drawn.items()}


def tables(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """The tables of the workbook, by name; figures to four places."""
    made = {
        "candidates": _candidates(cohort), "stations": pd.DataFrame([_row(s) for s in cohort.stations]),
        "items": _items(cohort), "agreement": _agreement(cohort), "techniques": _techniques(cohort),
    }  # fmt: skip
    return {name: table.round(4) for name, table in made.items()}


def _candidates(cohort: Cohort) -> pd.DataFrame:
    rows = []
    for e in (e for s in cohort.stations for e in s.encounters):
        rows.append(
            {
                "candidate": e.candidate, "station": e.station, "session": e.name, "circuit": e.circuit,
                "global": e.rating, "score": e.score, "software_score": e.software, "flags": e.flags,
                "recogniser_confidence": e.confidence, "open_loop": "yes" if e.open_loop else "no",
                "examiners": "; ".join(e.ratings),
                **{f"item_{id_}": point.earned for id_, point in e.items.items()},
                **{f"n_{code}": n for code, n in e.codes.items()},
            }
        )  # fmt: skip
    frame = pd.DataFrame(rows)
    counted = [column for column in frame.columns if column.startswith("n_")]
    frame[counted] = frame[counted].fillna(0)
    return frame


def _row(s: StationFigures) -> dict[str, object]:
    spread = s.spread if isinstance(s.spread, Spread) else None
    cut = s.regression if isinstance(s.regression, Regression) else None
    alpha = s.alpha if isinstance(s.alpha, Alpha) else None
    icc = s.icc if isinstance(s.icc, Icc) else None
    return {
        "station": s.id, "n": spread and spread.n, "mean": spread and spread.mean, "sd": spread and spread.sd,
        "lowest": spread and spread.low, "highest": spread and spread.high, "rated": cut and cut.n,
        "cut": cut and cut.cut, "cut_low": cut and cut.low, "cut_high": cut and cut.high, "cut_se": cut and cut.se,
        "intercept": cut and cut.intercept, "slope": cut and cut.slope, "r2": cut and cut.r2, "rmse": cut and cut.rmse,
        "borderline_group_mean": cut and cut.group_mean, "share_below_cut": cut and cut.below,
        "no_cut_because": s.regression if isinstance(s.regression, str) else "", "alpha": alpha and alpha.alpha,
        "alpha_low": alpha and alpha.low, "alpha_high": alpha and alpha.high, "sem": s.sem,
        "icc_2_1": icc and icc.icc2, "icc_3_1": icc and icc.icc3,
        "mean_difference": None if isinstance(s.limits, str) else s.limits.mean,
        "between_circuits": None if isinstance(s.between, str) else s.between.share,
        "r_score_confidence": None if isinstance(s.equity, str) else s.equity.r, "warnings": " ".join(s.warnings),
    }  # fmt: skip


def _items(cohort: Cohort) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "station": s.id, "item": item.id, "text": item.text, "points": item.possible,
                "scored": item.figures.n, "facility": item.figures.facility, "item_total_r": item.figures.total,
                "corrected_item_total_r": item.figures.rest, "upper_lower_27": item.figures.upper_lower,
                "alpha_without": None if isinstance(s.alpha, str) else s.alpha.without.get(item.id),
            }
            for s in cohort.stations for item in s.items
        ],
        columns=ITEMS,
    )  # fmt: skip


def _agreement(cohort: Cohort) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "station": s.id, "kind": a.kind, "what": a.target or a.text, "judged": a.n,
                **({"no_kappa_because": a.kappa} if isinstance(a.kappa, str) else dataclasses.asdict(a.kappa)),
            }
            for s in cohort.stations for a in s.agreement
        ],
        columns=AGREEMENT,
    )  # fmt: skip


def _techniques(cohort: Cohort) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "station": s.id, "code": code, "mistake": "yes" if code in {m.code for m in s.mistakes} else "no",
                "candidates": sum(code in e.codes for e in s.encounters),
                "times": sum(e.codes.get(code, 0) for e in s.encounters),
            }
            for s in cohort.stations for code in codes(s.encounters)
        ],
        columns=TECHNIQUES,
    )  # fmt: skip


def as_csv(table: pd.DataFrame) -> str:
    """UTF-8 with commas. A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = table.select_dtypes(exclude="number").columns
    safe = table.assign(**{name: table[name].map(_harmless) for name in text})
    return str(safe.to_csv(index=False, lineterminator="\n"))


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def as_xlsx(cohort: Cohort) -> bytes:
    """The workbook: a sheet a table, numbers as numbers, nothing as a formula."""
    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with pd.ExcelWriter(out, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        writer.book.set_properties({"title": "Cohort", "created": pd.Timestamp(2000, 1, 1).to_pydatetime()})
        for name, table in tables(cohort).items():
            table.to_excel(writer, sheet_name=name, index=False, freeze_panes=(1, 1))
            writer.sheets[name].set_column(0, max(0, len(table.columns) - 1), 14)
    return out.getvalue()

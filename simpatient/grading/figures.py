"""Figures of a cohort as SVG: the same numbers give the same bytes, and text stays text."""

import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from simpatient.grading.human import BORDERLINE, RATINGS
from simpatient.grading.statistics import Regression

INK, LINE, CUT, GRID = "#1b1b1f", "#0b57d0", "#b3261e", "#d9d9e0"
MOST_NUMBERS = 60
"""Candidates up to whom the heat map bears its numbers; the table bears them always."""
_STYLE: Any = {
    "svg.hashsalt": "simpatient", "svg.fonttype": "none", "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica", "sans-serif"], "font.size": 11, "text.color": INK,
    "axes.labelcolor": INK, "axes.edgecolor": INK, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


def _svg(figure: Figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    return out.getvalue()


def regression(scores: Sequence[float], ratings: Sequence[float], found: Regression) -> str:
    """Scores over global ratings, the line, the cut with its interval; a larger dot is several candidates."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(7, 4.2))
        axes = figure.add_subplot()
        axes.axhspan(found.low, found.high, color=CUT, alpha=0.12, linewidth=0)
        axes.axhline(found.cut, color=CUT, linestyle="--", linewidth=1.4)
        axes.axvline(BORDERLINE, color=CUT, linestyle=":", linewidth=1)
        ends = (min(RATINGS), max(RATINGS))
        axes.plot(ends, [found.intercept + found.slope * x for x in ends], color=LINE, linewidth=2)
        dots = Counter(zip(ratings, scores, strict=True))
        x, y = zip(*dots, strict=True)
        axes.scatter(x, y, s=[34 * n for n in dots.values()], facecolor="white", edgecolor=INK, linewidth=1.2, zorder=3)
        axes.annotate(f"cut {found.cut:.1f} %", (max(RATINGS) + 0.3, found.cut), ha="right", va="bottom", color=CUT)
        axes.set(xlim=(0.7, 5.3), ylim=(-3, 103), xlabel="Global rating of the examiner", ylabel="Checklist, per cent")
        axes.set_xticks(list(RATINGS), [f"{number}\n{word}" for number, word in RATINGS.items()])
        axes.grid(axis="y", color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        return _svg(figure)


def heat_map(candidates: Sequence[str], codes: Sequence[str], counts: Sequence[Sequence[int]], wrong: set[str]) -> str:
    """How often each candidate used each technique; × stands before what was a mistake."""
    with rc_context(_STYLE):
        wide, high = 2 + 0.34 * len(codes), 1.6 + 0.24 * len(candidates)
        figure = Figure(figsize=(max(4.0, wide), min(60.0, max(2.5, high))))
        axes = figure.add_subplot()
        top = max((n for row in counts for n in row), default=1) or 1
        axes.imshow(counts, cmap="Blues", vmin=0, vmax=top, aspect="auto", interpolation="none")
        axes.set_xticks(range(len(codes)), [f"× {c}" if c in wrong else c for c in codes], rotation=90)
        axes.set_yticks(range(len(candidates)), candidates)
        axes.tick_params(length=0)
        axes.xaxis.tick_top()
        if len(candidates) <= MOST_NUMBERS:
            for y, row in enumerate(counts):
                for x, n in enumerate(row):
                    if n:
                        colour = "white" if n > 0.55 * top else INK
                        axes.text(x, y, str(n), ha="center", va="center", fontsize=9, color=colour)
        for x, code in enumerate(codes):
            if code in wrong:
                axes.axvspan(x - 0.5, x + 0.5, fill=False, hatch="////", edgecolor=CUT, alpha=0.25, linewidth=0)
        return _svg(figure)


def equity(confidence: Sequence[float], scores: Sequence[float]) -> str:
    """Scores over how sure the recogniser was."""
    with rc_context(_STYLE):
        figure = Figure(figsize=(7, 3.4))
        axes = figure.add_subplot()
        axes.scatter(confidence, scores, s=34, facecolor="white", edgecolor=LINE, linewidth=1.4)
        axes.set(ylim=(-3, 103), xlabel="Mean confidence of the recogniser, 0 to 1", ylabel="Checklist, per cent")
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        return _svg(figure)

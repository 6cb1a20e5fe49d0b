"""A cohort: what many graded encounters say together about stations, items, examiners and the software (domain 6.3).

Every figure is a value or, as a str, the reason in words why there is none. Nothing here passes or fails a candidate:
the share below a cut is a figure for the board that sets the standard.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import pandas as pd

from simpatient.grading import agreement, statistics
from simpatient.grading.agreement import Icc, Kappa, Limits
from simpatient.grading.encounters import Encounter
from simpatient.grading.human import BORDERLINE, RATINGS
from simpatient.grading.statistics import (
    Alpha,
    Between,
    Correlation,
    ItemFigures,
    NotComputed,
    Regression,
    Spread,
    tried,
)

FEW = 20
"""Candidates below whom a director is warned (domain 3.3)."""
OUTCOMES = ("not met", "partly", "met")
SCALE = tuple(map(str, RATINGS))
GOOD_R2, LARGE_BETWEEN = 0.5, 0.3
"""R² that is wanted at least, and the share between circuits from which one asks why (AMEE Guide 49)."""


@dataclass(frozen=True)
class Item:
    """An item of a station."""

    id: str
    text: str
    possible: float
    figures: ItemFigures


@dataclass(frozen=True)
class Agreed:
    """How software and examiners agree on an item or a technique."""

    kind: str
    target: str
    text: str
    n: int
    kappa: Kappa | str


@dataclass(frozen=True)
class Mistake:
    """A mistake and how common it was."""

    code: str
    name: str
    candidates: int
    times: int


@dataclass(frozen=True)
class StationFigures:
    """One station. Scores in per cent."""

    id: str
    title: str
    encounters: tuple[Encounter, ...]
    spread: Spread | str
    regression: Regression | str
    alpha: Alpha | str
    sem: float | None
    items: tuple[Item, ...]
    agreement: tuple[Agreed, ...]
    icc: Icc | str
    limits: Limits | str
    examiners: Kappa | str
    """Of the global ratings of two examiners of one encounter."""
    between: Between | str
    equity: Correlation | str
    """Score with the recogniser's confidence."""
    mistakes: tuple[Mistake, ...]
    """The commonest first."""
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ExamFigures:
    """Several stations together, of the candidates who were at all of them."""

    stations: tuple[str, ...]
    spread: Spread
    """Of the means of the candidates."""
    alpha: Alpha | str
    """Over the stations."""
    sem: float | None
    cut: float | str
    """Mean of the cuts of the stations."""
    below: float | None


@dataclass(frozen=True)
class Cohort:
    """All that the page shows."""

    stations: tuple[StationFigures, ...]
    exam: ExamFigures | str
    kept: Mapping[str, int] = field(default_factory=dict)
    """Consent and kept sound, as counts of sessions."""


def cohort(
    encounters: Sequence[Encounter], resamples: int = 2000, seed: int = 0, kept: Mapping[str, int] | None = None
) -> Cohort:
    """The figures of all stations, in the order of their ids."""
    ordered = sorted(encounters, key=lambda e: (e.station, e.candidate, e.name))
    names = dict.fromkeys(e.station for e in ordered)
    stations = tuple(_station([e for e in ordered if e.station == name], resamples, seed) for name in names)
    return Cohort(stations, tried(_exam, stations), kept or {})


def _station(encounters: list[Encounter], resamples: int, seed: int) -> StationFigures:
    spread = tried(statistics.spread, [e.score for e in encounters if e.score is not None])
    rated = [(e.score, e.rating) for e in encounters if e.score is not None and e.rating is not None]
    regression = tried(
        statistics.borderline_regression, [s for s, _ in rated], [r for _, r in rated], BORDERLINE, resamples, seed
    )
    points, possible, texts = _points(encounters)
    alpha = tried(statistics.cronbach, points)
    items = statistics.item_figures(points, possible) if len(points.columns) else {}
    judged = [e.judged for e in encounters if e.judged]
    return StationFigures(
        id=encounters[0].station,
        title=next((e.title for e in encounters if e.title), ""),
        encounters=tuple(encounters),
        spread=spread,
        regression=regression,
        alpha=alpha,
        sem=None if isinstance(alpha, str) or isinstance(spread, str) else statistics.sem(spread.sd, alpha.alpha),
        items=tuple(Item(id_, texts[id_], float(possible[id_]), f) for id_, f in items.items() if f.n),
        agreement=_agreement(encounters, texts),
        icc=tried(agreement.icc, judged),
        limits=tried(agreement.limits, [s for s, _ in judged], [h for _, h in judged]),
        examiners=tried(_examiners, encounters),
        between=tried(_between, encounters),
        equity=tried(_equity, encounters),
        mistakes=_mistakes(encounters),
        warnings=tuple(_warnings(encounters, rated, regression)),
    )


def _points(encounters: list[Encounter]) -> tuple[pd.DataFrame, pd.Series, dict[str, str]]:
    """Points earned by encounter and item, the most of each item, and its words."""
    known = {id_: point for e in encounters for id_, point in e.items.items()}
    rows = [[p.earned if (p := e.items.get(id_)) else None for id_ in known] for e in encounters]
    points = pd.DataFrame(rows, columns=list(known), dtype=float)
    return (
        points, pd.Series({id_: p.possible for id_, p in known.items()}, dtype=float),
        {id_: p.text for id_, p in known.items()},
    )  # fmt: skip


def _agreement(encounters: list[Encounter], texts: Mapping[str, str]) -> tuple[Agreed, ...]:
    """κ of everything that examiners judged: each item, all items together, each technique."""
    pairs = [p for e in encounters for p in e.pairs]
    names = {code: name for e in encounters for code, name in e.names.items()} | dict(texts)
    found = []
    for kind, order in (("item", OUTCOMES), ("technique", ("no", "yes"))):
        own = [p for p in pairs if p.kind == kind]
        if own:
            found.append(_agreed(kind, "", f"all {kind}s together", [(p.software, p.human) for p in own], order))
        for target in dict.fromkeys(sorted(p.target for p in own)):
            here = [(p.software, p.human) for p in own if p.target == target]
            found.append(_agreed(kind, target, names.get(target, target), here, order))
    return tuple(found)


def _agreed(kind: str, target: str, text: str, pairs: list[tuple[str, str]], order: tuple[str, ...]) -> Agreed:
    return Agreed(kind, target, text, len(pairs), tried(agreement.kappa, pairs, order))


def _examiners(encounters: list[Encounter]) -> Kappa:
    pairs = [
        (str(one), str(other)) for e in encounters
        for (_, one), (_, other) in combinations(sorted(e.ratings.items()), 2)
    ]  # fmt: skip
    if not pairs:
        raise NotComputed("no encounter was rated by two examiners")
    return agreement.kappa(pairs, SCALE)


def _between(encounters: list[Encounter]) -> Between:
    own = [(e.score, e.circuit) for e in encounters if e.score is not None and e.circuit]
    return statistics.between([s for s, _ in own], [c for _, c in own])


def _equity(encounters: list[Encounter]) -> Correlation:
    own = [(e.score, e.confidence) for e in encounters if e.score is not None and e.confidence is not None]
    if not own:
        raise NotComputed("no encounter was spoken, so that no recogniser was more or less sure")
    return statistics.correlation([s for s, _ in own], [c for _, c in own])


def _mistakes(encounters: list[Encounter]) -> tuple[Mistake, ...]:
    candidates = Counter(code for e in encounters for code in e.mistakes)
    times = Counter({code: sum(e.codes.get(code, 0) for e in encounters if code in e.mistakes) for code in candidates})
    names = {code: name for e in encounters for code, name in e.names.items()}
    order = sorted(candidates, key=lambda code: (-candidates[code], -times[code], code))
    return tuple(Mistake(code, names.get(code, code), candidates[code], times[code]) for code in order)


def _warnings(encounters: list[Encounter], rated: Sequence[object], regression: Regression | str) -> list[str]:
    """What a director must know before using the figures, in words."""
    found = []
    if len(rated) < FEW:
        found.append(
            f"Only {len(rated)} candidate{'s have' if len(rated) != 1 else ' has'} both a score and a human global "
            f"rating. With fewer than {FEW} the cut can come out quite differently with the next group. Do not decide "
            "about anybody by it alone; wait for more candidates, or put earlier groups together."
        )
    if isinstance(regression, Regression):
        if min((e.rating for e in encounters if e.rating is not None), default=0) > BORDERLINE:
            found.append(
                "Nobody was rated borderline or below. The cut lies where no candidate was: it is a guess drawn out "
                "from the better ones."
            )
        if regression.slope <= 0:
            found.append("Better global ratings do not go with higher scores here. The cut means nothing.")
        elif regression.r2 < GOOD_R2:
            found.append(
                f"Scores and global ratings hang together loosely (R² {regression.r2:.2f}; {GOOD_R2} or more is "
                "wanted). Look at the items, and at whether the examiners rate the same thing as the checklist."
            )
    again = [name for name, n in Counter(e.candidate for e in encounters).items() if n > 1]
    if again:
        found.append(
            f"{len(again)} candidate{'s were' if len(again) != 1 else ' was'} at this station more than once. Each "
            "time counts as a candidate of its own, so the figures look surer than they are."
        )
    if len({e.version for e in encounters}) > 1:
        found.append("The station was changed in between: different versions of its mark sheet are mixed here.")
    if any(e.open_loop for e in encounters):
        found.append("Some sessions are recordings without the patient's side; items that rest on it are indicative.")
    return found


def _exam(stations: tuple[StationFigures, ...]) -> ExamFigures:
    if len(stations) < 2:
        raise NotComputed("there is one station; an exam needs several")
    rows = [(e.candidate, s.id, e.score) for s in stations for e in s.encounters]
    frame = pd.DataFrame(rows, columns=["candidate", "station", "score"])
    table = frame.pivot_table(index="candidate", columns="station", values="score", aggfunc="mean").dropna()
    if len(table) < 2 or len(table.columns) < 2:
        raise NotComputed("fewer than two candidates were at all stations")
    scores = table.mean(axis=1)
    spread = statistics.spread(list(scores))
    alpha = tried(statistics.cronbach, table)
    cuts = [s.regression.cut for s in stations if isinstance(s.regression, Regression)]
    cut = sum(cuts) / len(cuts) if len(cuts) == len(stations) else "not every station has a cut"
    return ExamFigures(
        stations=tuple(map(str, table.columns)),
        spread=spread,
        alpha=alpha,
        sem=None if isinstance(alpha, str) else statistics.sem(spread.sd, alpha.alpha),
        cut=cut,
        below=None if isinstance(cut, str) else float((scores < cut).mean()),
    )


def codes(encounters: Sequence[Encounter]) -> list[str]:
    """The codes that anybody of them used, what helps before what hurts, the commonest first."""
    used = Counter(code for e in encounters for code in e.codes)
    wrong = {code for e in encounters for code in e.mistakes}
    return sorted(used, key=lambda code: (code in wrong, -used[code], code))

"""The statistics of standard setting. Pure: numbers in, numbers out, or `NotComputed` with the reason.

Borderline regression   least squares of the checklist (per cent) on the global rating; the cut is the line's height at
                        the rating borderline (domain 3.3). Its interval: whole candidates are drawn anew with
                        replacement; expanded percentiles of the cuts (Hesterberg 2015, The American Statistician 69).
α                       Cronbach 1951; interval after Feldt 1965. SEM = SD·√(1 − α).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import numpy as np
import pandas as pd
from scipy import stats

P = ParamSpec("P")
T = TypeVar("T")
CONFIDENCE = 0.95
TAIL = 0.27
"""Share of candidates in the upper and in the lower group (Kelley 1939)."""
LEAST = 3
"""Candidates without whom there is no line and no correlation."""


class NotComputed(Exception):
    """There is no such figure; the message says why, to somebody who is no statistician."""


def tried(compute: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | str:
    """The figure, or the reason why there is none."""
    try:
        return compute(*args, **kwargs)
    except NotComputed as why:
        return str(why)


@dataclass(frozen=True)
class Spread:
    """Where scores lie, in per cent; the SD of one score is 0."""

    n: int
    mean: float
    sd: float
    low: float
    high: float


def spread(scores: Sequence[float]) -> Spread:
    """Mean, standard deviation (of a sample), lowest and highest."""
    y = np.asarray(scores, float)
    if not len(y):
        raise NotComputed("no candidate has a score")
    sd = float(y.std(ddof=1)) if len(y) > 1 else 0.0
    return Spread(len(y), float(y.mean()), sd, float(y.min()), float(y.max()))


@dataclass(frozen=True)
class Regression:
    """Borderline regression of one station; scores in per cent."""

    n: int
    intercept: float
    slope: float
    """Points of the score for one step of the global rating: the inter-grade discrimination."""
    r2: float
    rmse: float
    cut: float
    se: float
    """Bootstrap standard error of the cut."""
    low: float
    high: float
    """95 % bootstrap interval of the cut."""
    group_mean: float | None
    """Mean score of those rated borderline, the borderline-group method; None where nobody was."""
    group_n: int
    below: float
    """Share of these candidates, 0..1, whose score lies below the cut."""


def borderline_regression(
    scores: Sequence[float], ratings: Sequence[float], borderline: float = 2, resamples: int = 2000, seed: int = 0
) -> Regression:
    """The cut of a station."""
    y, x = np.asarray(scores, float), np.asarray(ratings, float)
    if len(y) < LEAST:
        raise NotComputed(f"{len(y)} candidates have a score and a human global rating; a line needs at least {LEAST}")
    if np.ptp(x) == 0:
        raise NotComputed(f"every candidate has the same global rating ({x[0]:g}); a line needs two different ones")
    line = stats.linregress(x, y)
    cut = line.intercept + line.slope * borderline
    cuts = _bootstrap_cuts(x, y, borderline, resamples, seed)
    low, high = np.percentile(cuts, [100 * _tail(len(y)), 100 * (1 - _tail(len(y)))])
    group = y[np.abs(x - borderline) < 0.5]
    rmse = math.sqrt(float(np.mean((y - line.intercept - line.slope * x) ** 2)))
    return Regression(
        len(y), float(line.intercept), float(line.slope), float(line.rvalue**2), rmse, float(cut),
        float(np.std(cuts, ddof=1)), float(low), float(high), float(group.mean()) if len(group) else None, len(group),
        float(np.mean(y < cut)),
    )  # fmt: skip


def _tail(n: int) -> float:
    """The percentile at which the interval begins: 2.5 % of many candidates, less of few (Hesterberg 2015)."""
    return float(stats.norm.cdf(math.sqrt(n / (n - 2)) * stats.t.ppf((1 - CONFIDENCE) / 2, n - 2)))


def _bootstrap_cuts(x: np.ndarray, y: np.ndarray, at: float, resamples: int, seed: int) -> np.ndarray:
    """The cut of each resample; those in which all ratings are the same have no line and are left out."""
    drawn = np.random.default_rng(seed).integers(0, len(x), (resamples, len(x)))
    xs, ys = x[drawn], y[drawn]
    dx, mean_y = xs - xs.mean(1, keepdims=True), ys.mean(1)
    spread = (dx**2).sum(1)
    some = spread > 0
    slope = (dx * (ys - mean_y[:, None])).sum(1)[some] / spread[some]
    return np.asarray(mean_y[some] + slope * (at - xs.mean(1)[some]))


@dataclass(frozen=True)
class Alpha:
    """Cronbach's α over `k` parts, each of which `n` candidates have."""

    alpha: float
    low: float
    high: float
    n: int
    k: int
    without: dict[str, float]
    """α if that part were left out; empty where only two are there."""


def cronbach(points: pd.DataFrame) -> Alpha:
    """Of candidates (rows) and parts (columns); parts that not every candidate has are left out."""
    whole = points.dropna(axis=1)
    n, k = whole.shape
    if k < 2:
        raise NotComputed(f"{k} of {points.shape[1]} parts were scored for every candidate; α needs at least 2")
    if n < LEAST:
        raise NotComputed(f"there are {n} candidates; α needs at least {LEAST}")
    value = _alpha(whole)
    if math.isnan(value):
        raise NotComputed("all candidates have the same score; α compares differences between candidates")
    freedom = (n - 1, (n - 1) * (k - 1))
    low = 1 - (1 - value) * stats.f.ppf((1 + CONFIDENCE) / 2, *freedom)
    high = 1 - (1 - value) * stats.f.ppf((1 - CONFIDENCE) / 2, *freedom)
    without = {str(name): _alpha(whole.drop(columns=name)) for name in whole} if k > 2 else {}
    return Alpha(value, float(low), float(high), n, k, without)


def _alpha(whole: pd.DataFrame) -> float:
    k, total = int(whole.shape[1]), float(whole.sum(axis=1).var(ddof=1))
    if total < 1e-12:
        return math.nan
    return k / (k - 1) * (1 - float(whole.var(ddof=1).sum()) / total)


def sem(sd: float, alpha: float) -> float:
    """Standard error of measurement, in the unit of the SD."""
    return sd * math.sqrt(max(0.0, 1 - min(1.0, alpha)))


@dataclass(frozen=True)
class ItemFigures:
    """How an item behaved. Correlations are NaN where the item or the total did not vary."""

    n: int
    facility: float
    """Mean share of its points that was earned, 0..1."""
    total: float
    """Correlation with the whole score; of an item of yes and no the point-biserial one."""
    rest: float
    """The same with the score without this item: corrected item-total correlation."""
    upper_lower: float
    """Facility among the best 27 % less that among the last 27 %."""


def item_figures(points: pd.DataFrame, possible: pd.Series) -> dict[str, ItemFigures]:
    """Of candidates (rows) and items (columns); an item that was not scored counts in nobody's total."""
    share = points / possible
    out_of = points.notna() * possible
    earned, most = points.sum(axis=1), out_of.sum(axis=1)
    total = (earned / most.where(most > 0)).rename("total")
    order = total.dropna().sort_values(kind="stable").index
    size = max(1, round(TAIL * len(order)))
    found = {}
    for name in points:
        rest = (earned - points[name].fillna(0)) / (most - out_of[name]).where(most - out_of[name] > 0)
        upper, lower = share.loc[order[-size:], name], share.loc[order[:size], name]
        found[str(name)] = ItemFigures(
            int(points[name].notna().sum()), float(share[name].mean()), _correlation(share[name], total),
            _correlation(share[name], rest), float(upper.mean() - lower.mean()),
        )  # fmt: skip
    return found


def _correlation(one: pd.Series, other: pd.Series) -> float:
    both = pd.concat([one, other], axis=1).dropna().to_numpy(float)
    if len(both) < LEAST or (np.ptp(both, axis=0) < 1e-12).any():
        return math.nan
    return float(np.corrcoef(both, rowvar=False)[0, 1])


@dataclass(frozen=True)
class Between:
    """How much of the differences lies between groups, such as circuits."""

    share: float
    """Of the variance of the scores, 0..1 (η²)."""
    p: float
    means: dict[str, tuple[int, float]]
    """Candidates and mean of each group."""


def between(scores: Sequence[float], groups: Sequence[str]) -> Between:
    """One-way analysis of variance."""
    frame = pd.DataFrame({"score": scores, "group": groups})
    parts = {str(name): part["score"].to_numpy(float) for name, part in frame.groupby("group", sort=True)}
    if len(parts) < 2 or min(len(part) for part in parts.values()) < 2:
        raise NotComputed("no two circuits with two candidates each are named")
    mean, whole = frame["score"].mean(), float(((frame["score"] - frame["score"].mean()) ** 2).sum())
    if whole < 1e-12 or all(np.ptp(part) < 1e-12 for part in parts.values()):
        raise NotComputed("within the circuits all candidates have the same score")
    share = sum(len(part) * (part.mean() - mean) ** 2 for part in parts.values()) / whole
    means = {name: (len(part), float(part.mean())) for name, part in parts.items()}
    return Between(float(share), float(stats.f_oneway(*parts.values()).pvalue), means)


@dataclass(frozen=True)
class Correlation:
    """Pearson's r with its interval, and Spearman's ρ."""

    n: int
    r: float
    low: float
    high: float
    p: float
    rho: float


def correlation(one: Sequence[float], other: Sequence[float]) -> Correlation:
    """Whether two figures go together."""
    x, y = np.asarray(one, float), np.asarray(other, float)
    if len(x) < 4:
        raise NotComputed(f"{len(x)} candidates have both figures; a correlation needs at least 4")
    if min(np.ptp(x), np.ptp(y)) < 1e-12:
        raise NotComputed("one of the two figures is the same for everybody")
    found = stats.pearsonr(x, y)
    low, high = found.confidence_interval(CONFIDENCE)
    rho = float(stats.spearmanr(x, y).statistic)
    return Correlation(len(x), float(found.statistic), float(low), float(high), float(found.pvalue), rho)

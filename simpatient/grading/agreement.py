"""How far two who mark the same agree. Pure, as `statistics`.

κ                       Cohen 1960; where marks are ordered with squared weights, Cohen 1968 (statsmodels).
ICC                     Shrout & Fleiss 1979: ICC(2,1), two-way random, absolute agreement, single rater, which McGraw &
                        Wong 1996 call ICC(A,1); and ICC(3,1), consistency. Interval after McGraw & Wong.
Limits of agreement     Bland & Altman 1986: mean difference ± 1.96 SD.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from simpatient.grading.statistics import CONFIDENCE, LEAST, NotComputed


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance."""

    n: int
    kappa: float
    low: float
    high: float
    same: float
    """Share of pairs that agree outright."""


def kappa(pairs: Sequence[tuple[str, str]], order: Sequence[str]) -> Kappa:
    """Cohen's κ of (one, other); with more than two ordered values weighted by the square of the distance."""
    from statsmodels.stats.inter_rater import cohens_kappa

    n = len(pairs)
    if n < LEAST:
        raise NotComputed(f"{n} were judged; κ needs at least {LEAST}")
    one, other = ({pair[side] for pair in pairs} for side in (0, 1))
    if one == other and len(one) == 1:
        raise NotComputed(f"both always said “{pairs[0][0]}”: they agree, but κ needs two different values")
    if min(len(one), len(other)) == 1:
        raise NotComputed("one of the two always said the same, so that κ cannot tell agreement from chance")
    table = np.zeros((len(order), len(order)))
    for a, b in pairs:
        table[order.index(a), order.index(b)] += 1
    same = float(np.trace(table)) / n
    found = cohens_kappa(table, wt="quadratic" if len(order) > 2 else None)
    low, high = (float(found.kappa_low), float(found.kappa_upp))
    return Kappa(n, float(found.kappa), max(-1.0, low), min(1.0, high), same)


@dataclass(frozen=True)
class Icc:
    """Intraclass correlation of `n` candidates under `k` raters."""

    n: int
    k: int
    icc2: float
    """ICC(2,1), also called ICC(A,1): absolute agreement."""
    low: float
    high: float
    icc3: float
    """ICC(3,1), also called ICC(C,1): consistency, a constant difference forgiven."""


def icc(ratings: Sequence[Sequence[float]]) -> Icc:
    """Of candidates (rows) and raters (columns), all of them filled in."""
    x = np.asarray(ratings, float)
    n, k = x.shape if x.ndim == 2 else (len(x), 0)
    if n < LEAST or k < 2:
        raise NotComputed(f"{n} candidates were marked by both; an ICC needs at least {LEAST}")
    mean = x.mean()
    rows = k * float(((x.mean(1) - mean) ** 2).sum())
    columns = n * float(((x.mean(0) - mean) ** 2).sum())
    error = max(0.0, float(((x - mean) ** 2).sum()) - rows - columns)
    msr, msc, mse = rows / (n - 1), columns / (k - 1), error / ((n - 1) * (k - 1))
    if msr < 1e-12:
        raise NotComputed("all candidates have the same score; an ICC compares differences between candidates")
    two = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n)
    low, high = _icc_interval(n, k, msr, msc, mse, two)
    return Icc(n, k, two, low, high, (msr - mse) / (msr + (k - 1) * mse))


def _icc_interval(n: int, k: int, msr: float, msc: float, mse: float, value: float) -> tuple[float, float]:
    if value > 1 - 1e-9:
        return 1.0, 1.0
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    freedom = (a * msc + b * mse) ** 2 / ((a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1)))
    f_low = stats.f.ppf((1 + CONFIDENCE) / 2, n - 1, freedom)
    f_high = stats.f.ppf((1 + CONFIDENCE) / 2, freedom, n - 1)
    both = k * msc + (k * n - k - n) * mse
    low = n * (msr - f_low * mse) / (f_low * both + n * msr)
    high = n * (f_high * msr - mse) / (both + n * f_high * msr)
    return float(low), float(high)


@dataclass(frozen=True)
class Limits:
    """Differences other − one, in points of the score."""

    n: int
    mean: float
    low: float
    high: float
    """About 95 % of the differences lie between low and high."""


def limits(one: Sequence[float], other: Sequence[float]) -> Limits:
    """Mean difference with the limits of agreement."""
    d = np.asarray(other, float) - np.asarray(one, float)
    if len(d) < LEAST:
        raise NotComputed(f"{len(d)} candidates were marked by both; limits of agreement need at least {LEAST}")
    mean, reach = float(d.mean()), 1.96 * float(d.std(ddof=1))
    return Limits(len(d), mean, mean - reach, mean + reach)

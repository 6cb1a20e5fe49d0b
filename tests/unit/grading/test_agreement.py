"""Agreement: published tables to three decimals, then agreement with libraries on drawn cohorts with known answers."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from simpatient.grading import agreement
from simpatient.grading.statistics import NotComputed, tried

RANDOM = np.random.default_rng
SHROUT_FLEISS = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
"""Shrout & Fleiss 1979, Psychological Bulletin 86, table 2: four judges rate six targets."""


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_icc_of_shrout_and_fleiss():
    """Table 4 of their article: ICC(2,1) = .29, ICC(3,1) = .71; the interval as R's psych gives it (.019 to .761)."""
    found = agreement.icc(SHROUT_FLEISS)

    assert (round(found.icc2, 3), round(found.icc3, 3)) == (0.290, 0.715)
    assert (round(found.low, 3), round(found.high, 3)) == (0.019, 0.761)


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_icc_of_a_drawn_cohort_agrees_with_statsmodels():
    """Its mean squares are those of the two-way analysis of variance; a rater five points kinder lowers agreement only.

    True scores vary by 10², noise by 5²: consistency 100/125 = .8; with the raters' own 5²/2 = 12.5: 100/137.5 = .727.
    """
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    chance = RANDOM(7)
    n, k = 600, 2
    table = chance.normal(60, 10, (n, 1)) + np.array([0, 5]) + chance.normal(0, 5, (n, k))
    found = agreement.icc(table)
    few = table[:60]
    long = pd.DataFrame({"y": few.ravel(), "who": np.repeat(np.arange(60), k), "by": np.tile(["a", "b"], 60)})
    squares = anova_lm(ols("y ~ C(who) + C(by)", long).fit())["mean_sq"]
    msr, msc, mse = squares["C(who)"], squares["C(by)"], squares["Residual"]

    assert agreement.icc(few).icc2 == pytest.approx((msr - mse) / (msr + mse + 2 * (msc - mse) / 60))
    assert (found.icc3, found.icc2) == (pytest.approx(0.8, abs=0.03), pytest.approx(0.727, abs=0.04))
    assert found.low < 0.727 < found.high
    assert agreement.limits(table[:, 0], table[:, 1]).mean == pytest.approx(5, abs=0.9)


def test_perfect_raters_agree_perfectly():
    """No division by nothing."""
    found = agreement.icc([(1, 1), (2, 2), (5, 5)])

    assert (found.icc2, found.icc3, found.low, found.high) == (1, 1, 1, 1)


def test_limits_of_agreement_worked_by_hand():
    """Differences 1, 3, 5: mean 3, SD 2, limits 3 ± 3.92."""
    found = agreement.limits([10, 20, 30], [11, 23, 35])

    assert (found.mean, round(found.low, 2), round(found.high, 2)) == (3, -0.92, 6.92)


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_kappa_of_a_published_table():
    """Sim & Wright 2005, Physical Therapy 85, table 1: 22, 2, 4, 11 give κ = .67."""
    pairs = [("yes", "yes")] * 22 + [("yes", "no")] * 2 + [("no", "yes")] * 4 + [("no", "no")] * 11
    found = agreement.kappa(pairs, ("no", "yes"))

    assert (found.n, round(found.kappa, 3), round(found.same, 3)) == (39, 0.667, 0.846)


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_weighted_kappa_agrees_with_scikit_learn():
    """Three ordered values, drawn with seven in ten agreeing."""
    order, chance = ("not met", "partly", "met"), RANDOM(11)
    one = chance.choice(order, 300)
    other = np.where(chance.random(300) < 0.7, one, chance.choice(order, 300))
    found = agreement.kappa(list(zip(one, other, strict=True)), order)
    codes = [[order.index(v) for v in values] for values in (one, other)]

    assert found.kappa == pytest.approx(cohen_kappa_score(*codes, weights="quadratic"))
    assert found.low < 0.7 < found.high


@pytest.mark.parametrize("other", ["yes", "no"])
def test_no_kappa_where_somebody_always_says_the_same(other):
    """κ without a second value is no agreement of nought: it is no κ."""
    with pytest.raises(NotComputed, match="always said"):
        agreement.kappa([("yes", "yes")] * 20 + [("yes", other)], ("no", "yes"))


def test_kappa_of_every_small_table_is_quiet():
    """Every table of up to two in each of nine cells: κ in -1..1 with its interval, or a reason; never a warning."""
    order = ("not met", "partly", "met")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cells in itertools.product(range(3), repeat=6):
            pairs = [
                pair
                for pair, n in zip(itertools.product(order, repeat=2), (*cells, 1, 0, 1), strict=True)
                for _ in range(n)
            ]
            found = tried(agreement.kappa, pairs, order)
            assert isinstance(found, str) or -1 <= found.low <= found.kappa <= found.high <= 1 + 1e-9, cells


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0, 1.0, 1.0, 1.0]], ids=["none", "one", "all the same"])
def test_small_and_flat_cohorts_give_reasons_and_no_warnings(values):
    """Where there is nothing to compare each figure is a sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [
            tried(agreement.icc, [(v, v) for v in values]),
            tried(agreement.limits, values[:2], values[:2]),
            tried(agreement.kappa, [("met", "met") for _ in values], ("not met", "met")),
        ]

    assert all(isinstance(why, str) and why for why in found)

"""Statistics: published and hand-worked examples to three decimals, then agreement with libraries on drawn cohorts."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from simpatient.grading import statistics
from simpatient.grading.statistics import NotComputed

RANDOM = np.random.default_rng
ANSCOMBE = (
    (10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5),
    (8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68),
)
"""Anscombe 1973, The American Statistician 27, data set 1: the line is 3.00 + 0.500 x, R² = .667."""


@pytest.mark.must_show("The borderline regression reproduces a hand-worked and a published example to three decimals")
def test_borderline_regression_worked_by_hand():
    """Nine candidates, mean rating 3, mean score 558 / 9 = 62.

    Sxx = 4+1+1+0+0+0+1+1+4 = 12; Sxy = -2·40 - 50 - 54 + 70 + 74 + 2·84 = 128; Syy = 2·(22² + 12² + 8² + 4²) = 1416.
    Slope 128/12 = 10.6667, intercept 62 - 3·10.6667 = 30, cut 30 + 2·10.6667 = 51.3333, R² = 128²/(12·1416) = .9642.
    Residual sum 1416 - 128²/12 = 50.6667, RMSE √(50.6667/9) = 2.3727. Below lie 40 and 50: 2 of 9. Those rated
    borderline: (50 + 54)/2 = 52.
    """
    found = statistics.borderline_regression([40, 50, 54, 58, 62, 66, 70, 74, 84], [1, 2, 2, 3, 3, 3, 4, 4, 5])

    assert (round(found.intercept, 3), round(found.slope, 3)) == (30.0, 10.667)
    assert (round(found.cut, 3), round(found.r2, 3), round(found.rmse, 3)) == (51.333, 0.964, 2.373)
    assert (found.below, found.group_mean, found.group_n) == (pytest.approx(2 / 9), 52, 2)


@pytest.mark.must_show("The borderline regression reproduces a hand-worked and a published example to three decimals")
def test_borderline_regression_finds_anscombes_line():
    """Published: 3.000 + 0.500 x with R² .667; at x = 2 that is 4.000."""
    found = statistics.borderline_regression(ANSCOMBE[1], ANSCOMBE[0])

    assert (round(found.intercept, 3), round(found.slope, 3), round(found.r2, 3)) == (3.0, 0.5, 0.667)
    assert round(found.cut, 3) == 4.0


def drawn(seed, n=30, cut=50.0, slope=9.0):
    """A cohort with a known cut: ratings 1 to 5, scores on a line with noise that grows nowhere."""
    chance = RANDOM(seed)
    ratings = chance.choice([1, 2, 3, 4, 5], n, p=[0.08, 0.2, 0.37, 0.25, 0.1])
    return cut + slope * (ratings - 2) + chance.normal(0, 8, n), ratings


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_the_bootstrap_interval_covers_as_often_as_it_says():
    """Of 200 cohorts of 30 with a true cut of 50, at least nine in ten 95 % intervals hold it, and not all of them."""
    found = [statistics.borderline_regression(*drawn(seed), resamples=600, seed=seed) for seed in range(200)]
    covered = sum(f.low <= 50 <= f.high for f in found)

    assert 180 <= covered < 200, covered
    assert np.std([f.cut for f in found]) == pytest.approx(np.mean([f.se for f in found]), rel=0.15)


def test_the_same_seed_gives_the_same_interval():
    """A report made twice is the same report; another seed moves the interval a little."""
    one, two, three = (statistics.borderline_regression(*drawn(1), seed=seed) for seed in (0, 0, 1))

    assert one == two
    assert one.low != three.low
    assert one.low == pytest.approx(three.low, abs=1)


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_regression_agrees_with_statsmodels():
    """Slope, intercept, R², and the standard error of the line at borderline, which the bootstrap should come near."""
    import statsmodels.api as sm

    scores, ratings = drawn(3, n=400)
    found = statistics.borderline_regression(scores, ratings)
    model = sm.OLS(scores, sm.add_constant(ratings.astype(float))).fit()

    assert (found.intercept, found.slope) == pytest.approx(tuple(model.params))
    assert found.r2 == pytest.approx(model.rsquared)
    assert found.se == pytest.approx(model.get_prediction([[1, 2]]).se_mean[0], rel=0.1)


@pytest.mark.parametrize(
    ("scores", "ratings", "why"), [([1, 2], [1, 2], "at least 3"), ([50, 60, 70], [3, 3, 3], "same global rating")]
)
def test_no_line_where_there_is_none(scores, ratings, why):
    """The reason is in words that need no statistics."""
    with pytest.raises(NotComputed, match=why):
        statistics.borderline_regression(scores, ratings)
    assert why in statistics.tried(statistics.borderline_regression, scores, ratings)


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_alpha_worked_by_hand():
    """Variances 5/3, 4/3, 8/3, of the sums (4, 7, 10, 13) 15: α = 3/2 · (1 - (17/3)/15) = .9333.

    Without the third: 2 · (1 - 3/(17/3)) = .9412, where the sums 3, 4, 7, 8 have the variance 17/3.
    """
    table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [1, 3, 3, 5], "d": [1, np.nan, 1, 0]})
    found = statistics.cronbach(table)

    assert round(found.alpha, 4) == 0.9333
    assert round(found.without["c"], 4) == 0.9412
    assert (found.n, found.k) == (4, 3)


def test_alpha_of_parallel_parts_is_that_of_spearman_and_brown():
    """Eight parts, each half true score and half noise: α = 8·.5 / (1 + 7·.5) = .889; the interval holds it."""
    chance = RANDOM(5)
    true = chance.normal(0, 1, (4000, 1))
    found = statistics.cronbach(pd.DataFrame(true + chance.normal(0, 1, (4000, 8))))

    assert found.alpha == pytest.approx(8 / 9, abs=0.01)
    assert found.low < 8 / 9 < found.high
    assert statistics.sem(10, found.alpha) == pytest.approx(10 * math.sqrt(1 / 9), rel=0.06)


@pytest.mark.parametrize(
    "table", [{"a": [1, 2, 3]}, {"a": [1, 2], "b": [2, 1]}, {"a": [1, 1, 1], "b": [2, 2, 2]}, {}], ids=str
)
def test_no_alpha_where_there_is_none(table):
    """One part, two candidates, no difference, nothing at all."""
    with pytest.raises(NotComputed):
        statistics.cronbach(pd.DataFrame(table))


@pytest.mark.must_show("The other statistics agree with their libraries on generated cohorts with known answers")
def test_items_agree_with_scipy_and_with_the_known_order():
    """Items as hard as drawn; the point-biserial is scipy's; an item of pure chance discriminates least."""
    chance = RANDOM(13)
    skill = chance.normal(0, 1, 500)
    hard = {"easy": -1.5, "middle": 0.0, "hard": 1.5}
    points = pd.DataFrame({name: (skill + chance.normal(0, 1, 500) > bar) * 1.0 for name, bar in hard.items()})
    points["chance"] = (chance.random(500) < 0.5) * 1.0
    found = statistics.item_figures(points, pd.Series(1.0, index=points.columns))
    total = points.sum(axis=1)

    assert found["easy"].facility > found["middle"].facility > found["hard"].facility
    assert found["middle"].facility == pytest.approx(0.5, abs=0.06)
    assert found["middle"].total == pytest.approx(stats.pointbiserialr(points["middle"], total).statistic)
    assert found["middle"].rest == pytest.approx(stats.pearsonr(points["middle"], total - points["middle"]).statistic)
    assert abs(found["chance"].rest) < 0.1 < found["middle"].rest
    assert found["chance"].upper_lower < found["middle"].upper_lower


def test_upper_and_lower_group_worked_by_hand():
    """Of eleven candidates 27 % are three: the best three all earned it, of the last three one: 1 - 1/3."""
    skill = range(11)
    points = pd.DataFrame({"a": [0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 1], "b": [10.0 * s for s in skill]})
    found = statistics.item_figures(points, pd.Series({"a": 1.0, "b": 100.0}))

    assert found["a"].upper_lower == pytest.approx(2 / 3)
    assert found["a"].facility == pytest.approx(7 / 11)


def test_an_item_that_was_not_scored_counts_nowhere():
    """Nor do items without any difference have a correlation."""
    points = pd.DataFrame({"a": [1, 0, np.nan, 1], "b": [1, 0, 1, 1], "same": [1, 1, 1, 1]})
    found = statistics.item_figures(points, pd.Series(1.0, index=points.columns))

    assert (found["a"].n, found["a"].facility) == (3, pytest.approx(2 / 3))
    assert math.isnan(found["same"].rest)


def test_variance_between_circuits_is_that_of_scipy():
    """Half of the variance lies between two circuits whose means lie two SD apart; p is that of the F test."""
    chance = RANDOM(17)
    one, two = chance.normal(50, 5, 300), chance.normal(60, 5, 300)
    found = statistics.between([*one, *two], ["a"] * 300 + ["b"] * 300)

    assert found.share == pytest.approx(0.5, abs=0.05)
    assert found.p == pytest.approx(stats.f_oneway(one, two).pvalue)
    assert found.means["a"] == (300, pytest.approx(one.mean()))


def test_correlation_of_a_drawn_cohort():
    """Drawn with r = .6; its interval holds it."""
    x = RANDOM(19).normal(0, 1, 500)
    y = 0.6 * x + 0.8 * RANDOM(20).normal(0, 1, 500)
    found = statistics.correlation(x, y)

    assert found.low < 0.6 < found.high
    assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0, 1.0, 1.0, 1.0]], ids=["none", "one", "all the same"])
def test_small_and_flat_cohorts_give_reasons_and_no_warnings(values):
    """Every figure of a cohort in which there is nothing to compare is a sentence."""
    groups = ["a", "b", "a", "b", "a"][: len(values)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = [
            statistics.tried(statistics.borderline_regression, values, values),
            statistics.tried(statistics.cronbach, pd.DataFrame({"a": values, "b": values})),
            statistics.tried(statistics.between, values, groups),
            statistics.tried(statistics.correlation, values, values),
        ]

    assert all(isinstance(why, str) and why for why in found)

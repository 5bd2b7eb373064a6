"""Means, totals and ratios of totals from n and sums; expected values from the persons themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mrstats.measures import design
from mrstats.measures.distribution import mean_interval, ratio_of_totals_interval, total_interval

persons = st.lists(st.floats(-1000, 1000).map(lambda y: round(y, 2)), min_size=2, max_size=60)


def sums(y):
    y = np.asarray(y, float)
    return [len(y)], [y.sum()], [(y**2).sum()]


@given(persons, st.sampled_from([0.9, 0.95, 0.99]))
def test_mean_equals_scipys_t_interval_of_the_persons(y, confidence):
    mean, lower, upper, error = (float(v[0]) for v in mean_interval(*sums(y), confidence=confidence))
    expected = np.std(y, ddof=1) / np.sqrt(len(y))
    half = stats.t.ppf((1 + confidence) / 2, len(y) - 1) * expected
    # Σy² − (Σy)²/n loses half the digits where the persons are nearly alike: absolute 1e-4 on values up to 1 000.
    assert mean == pytest.approx(np.mean(y), rel=1e-12, abs=1e-9)
    assert error == pytest.approx(expected, rel=1e-6, abs=1e-4)
    assert (lower, upper) == pytest.approx((np.mean(y) - half, np.mean(y) + half), rel=1e-6, abs=1e-2)


def test_mean_by_hand():
    # 2, 4, 6: mean 4, variance 4, se 2/√3; t(2) = 4,302653
    mean, lower, upper, error = mean_interval([3], [12.0], [56.0])
    assert mean[0] == 4
    assert error[0] == pytest.approx(1.154701, abs=1e-6)
    assert (lower[0], upper[0]) == pytest.approx((4 - 4.968275, 4 + 4.968275), abs=1e-5)


def test_persons_all_alike_have_an_interval_of_no_width():
    mean, lower, upper, error = mean_interval([5], [5 * 0.1], [5 * 0.1**2])
    assert mean[0] == pytest.approx(0.1)
    assert lower[0] == pytest.approx(upper[0], abs=1e-7)
    assert error[0] >= 0


def test_one_person_has_a_mean_and_no_interval():
    mean, lower, upper, error = mean_interval([1], [7.0], [49.0])
    assert mean[0] == 7
    assert np.isnan([lower[0], upper[0], error[0]]).all()


def test_missing_sums_stay_missing():
    assert np.isnan(np.concatenate(mean_interval([np.nan], [np.nan], [np.nan]))).all()


def test_total_has_the_variance_of_a_compound_poisson_process():
    # 30 persons take 2 each and 10 take 5: total 110, Σy² = 30·4 + 10·25 = 370
    lower, upper, error = total_interval([40], [110.0], [370.0])
    assert error[0] == pytest.approx(np.sqrt(370), rel=1e-12)
    assert lower[0] < 110 < upper[0]


def test_total_interval_widens_with_confidence():
    inner, outer = (
        total_interval([40], [110.0], [370.0], confidence=0.9),
        total_interval([40], [110.0], [370.0], confidence=0.99),
    )
    assert outer[0][0] < inner[0][0] < inner[1][0] < outer[1][0]


def test_confidence_must_be_a_fraction():
    for interval in (mean_interval, total_interval):
        with pytest.raises(ValueError, match="confidence"):
            interval([4], [10.0], [30.0], confidence=95)
    with pytest.raises(ValueError, match="confidence"):
        ratio_of_totals_interval([4], [10.0], [5.0], [30.0], [8.0], [15.0], confidence=95)


# ---- ratio of totals


def pair_sums(y, x):
    y, x = np.asarray(y, float), np.asarray(x, float)
    return [[v] for v in (len(y), y.sum(), x.sum(), (y**2).sum(), (x**2).sum(), (x * y).sum())]


def test_ratio_by_hand():
    # 6, 2, 10, 6 over 2, 2, 4, 4: R = 2, y − Rx = 2, −2, 2, −2; se = √(4/3·16)/12; t(3) = 3,182446
    ratio, lower, upper, error = (
        float(v[0]) for v in ratio_of_totals_interval(*pair_sums([6, 2, 10, 6], [2, 2, 4, 4]))
    )
    assert ratio == 2
    assert error == pytest.approx(np.sqrt(64 / 3) / 12)
    assert (lower, upper) == pytest.approx((2 - 3.182446 * error, 2 + 3.182446 * error), rel=1e-6)


pairs = st.lists(st.tuples(st.integers(-50, 200), st.integers(1, 60)), min_size=2, max_size=40)


@given(pairs)
def test_ratio_has_the_error_of_a_sample_without_a_design(persons):
    # `ratio_scores` is held to R's svyratio in test_survey; persons drawn singly are a design too
    y, x = np.transpose(persons)
    scores = design.ratio_scores(y, x, np.ones(len(y))).scores
    expected = np.sqrt(design.design_covariance(scores)[0][0, 0])
    ratio, lower, upper, error = (float(v[0]) for v in ratio_of_totals_interval(*pair_sums(y, x)))
    assert ratio == pytest.approx(y.sum() / x.sum())
    assert error == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert upper - lower == pytest.approx(2 * stats.t.ppf(0.975, len(y) - 1) * expected, rel=1e-6, abs=1e-4)


@given(persons)
def test_a_ratio_over_one_each_is_the_mean(y):
    assert np.ravel(ratio_of_totals_interval(*pair_sums(y, np.ones(len(y))))) == pytest.approx(
        np.ravel(mean_interval(*sums(y))), rel=1e-6, abs=1e-2
    )


def test_ratio_edges():
    proportional = ratio_of_totals_interval(*pair_sums([3, 6, 9], [1, 2, 3]))
    assert np.ravel(proportional) == pytest.approx([3, 3, 3, 0], abs=1e-6)
    alone = np.ravel(ratio_of_totals_interval(*pair_sums([6], [2])))
    assert alone[0] == 3
    assert np.isnan(alone[1:]).all()
    assert np.isnan(ratio_of_totals_interval(*pair_sums([1, 2], [0, 0]))).all()  # nothing to share it over
    assert np.isnan(ratio_of_totals_interval(*pair_sums([1, 2], [-4, 1]))).all()
    assert np.isnan(ratio_of_totals_interval(*pair_sums([1, 2], [np.nan, 1]))).all()

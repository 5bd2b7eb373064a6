"""Noise, shrinkage, ranks and funnels against outside numbers (tests/reference/05, 08) and arithmetic by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2, poisson

from made_city import ROOT, reference
from mrstats.measures.funnels import funnel_limits, overdispersion
from mrstats.measures.reliability import between_group_noise, rank_intervals, shrunken_values

TABLES = reference("05_group_inequality")["tables"]
AREAS = pd.read_csv(ROOT / "tests" / "reference" / "08_small_area" / "areas.csv")
SAE = reference("08_small_area")["FH_intercept"]
values = st.lists(st.floats(0, 100), min_size=3, max_size=8)


@pytest.mark.parametrize("table", TABLES)
def test_noise_equals_the_reference(table):
    frame = pd.read_csv(ROOT / "tests" / "reference" / "05_group_inequality" / f"{table}.csv")
    made, row = between_group_noise(frame["est"], frame["se"], frame["population"]), TABLES[table]["BGV_noise"]
    assert made.noise == pytest.approx(row["noise"], rel=1e-10)
    assert made.corrected == pytest.approx(row["truncated"], rel=1e-10, abs=1e-12)
    assert made.variance - made.noise == pytest.approx(row["corrected"], rel=1e-10)
    assert made.q_df == row["Q_df"]
    if row["chance_share"] is None:
        assert np.isnan(made.chance_share)
    else:
        assert made.chance_share == pytest.approx(row["chance_share"], rel=1e-10)
        assert made.reliability == pytest.approx(1 - row["chance_share"], rel=1e-10)
    if row["Q"] is None:  # a group with standard error 0
        assert np.isnan(made.q)
        assert made.reason == "group with standard error zero"
    else:
        assert made.q == pytest.approx(row["Q"], rel=1e-9, abs=1e-12)
        assert made.q_p == pytest.approx(chi2.sf(row["Q"], row["Q_df"]), rel=1e-8)


def test_noise_of_groups_that_move_together_is_less():
    # Two halves, variances 4, covariance 3: tr((P − pp')V) = (4 + 4)/2 − (4 + 4 + 3 + 3)/4.
    made = between_group_noise([10.0, 20.0], population=[1, 1], covariance=[[4.0, 3.0], [3.0, 4.0]])
    assert made.noise == pytest.approx(4 - 14 / 4)
    assert np.isnan(made.q)
    assert made.reason == ""


def test_shrunken_values_equal_sae():
    made = shrunken_values(AREAS["direct"], AREAS["se"])
    assert made.variance == pytest.approx(SAE["refvar"], rel=1e-8)
    assert made.mean == pytest.approx(SAE["coef"], rel=1e-8)
    assert made.value == pytest.approx(SAE["eblup"], rel=1e-8)
    assert made.reliability == pytest.approx(SAE["gamma"], rel=1e-8)
    assert made.standard_error**2 == pytest.approx(SAE["mse"], rel=1e-7)
    assert made.upper - made.value == pytest.approx(1.959963984540054 * np.sqrt(SAE["mse"]), rel=1e-7)


def test_tables_are_shrunken_on_their_own():
    y = np.array([AREAS["direct"], [50.0] * len(AREAS)])
    made = shrunken_values(y, AREAS["se"].to_numpy())
    assert made.value[0] == pytest.approx(SAE["eblup"], rel=1e-8)
    assert made.value[1] == pytest.approx(50.0)
    assert made.variance[1] == 0


def test_two_groups_do_not_tell_how_groups_vary():
    made = shrunken_values([10.0, 20.0, np.nan], [1.0, 1.0, 1.0])
    assert np.isnan(made.value).all()
    assert np.isnan(made.variance)


def test_a_group_without_error_keeps_its_value():
    made = shrunken_values([10.0, 20.0, 30.0, 90.0], [1.0, 1.0, 1.0, 0.0])
    assert made.value[3] == 90.0
    assert made.reliability[3] == 1.0
    assert made.standard_error[3] == 0.0


def test_a_negative_error_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        shrunken_values([1.0, 2.0, 3.0], [1.0, -1.0, 1.0])


@given(values, st.floats(0.5, 5))
def test_shrunken_values_lie_between_the_value_and_the_mean(y, s):
    made = shrunken_values(y, np.full(len(y), s))
    assert made.mean == pytest.approx(np.mean(y), abs=1e-9)  # equal errors: the plain mean
    low, high = np.minimum(y, made.mean) - 1e-9, np.maximum(y, made.mean) + 1e-9
    assert ((made.value >= low) & (made.value <= high)).all()


def test_intervals_of_shrunken_values_cover():
    random = np.random.default_rng(5)
    truth = 60 + 4 * random.standard_normal((2000, 15))
    s = random.uniform(1, 6, 15)
    made = shrunken_values(truth + s * random.standard_normal(truth.shape), s)
    assert 0.93 < ((made.lower <= truth) & (truth <= made.upper)).mean() < 0.97


def test_rank_one_is_worst_off():
    assert rank_intervals([10.0, 30.0, 20.0], [0.1] * 3)[0].tolist() == [1, 3, 2]
    assert rank_intervals([10.0, 30.0, 20.0], [0.1] * 3, favourable=False)[0].tolist() == [3, 1, 2]


def test_rank_of_two_groups_has_the_probability_of_their_order():
    # They change places with probability Φ(−1/√2) = 24 %: more than 2.5 %, less than 25 %.
    rank, lower, upper = rank_intervals([1.0, 2.0], [1.0, 1.0])
    assert (rank.tolist(), lower.tolist(), upper.tolist()) == ([1, 2], [1, 1], [2, 2])
    assert rank_intervals([1.0, 2.0], [1.0, 1.0], confidence=0.5)[2].tolist() == [1, 2]


def test_equal_values_share_a_rank_and_missing_ones_have_none():
    rank, lower, upper = rank_intervals([5.0, np.nan, 5.0, 7.0], [1.0, 1.0, 1.0, 1.0])
    assert rank[[0, 2, 3]].tolist() == [1, 1, 3]
    assert np.isnan([rank[1], lower[1], upper[1]]).all()
    assert np.nanmax(upper) == 3


@given(values)
def test_a_rank_lies_in_its_interval(y):
    rank, lower, upper = rank_intervals(y, np.full(len(y), 3.0), draws=200)
    assert ((lower >= 1) & (lower <= rank) & (rank <= upper) & (upper <= len(y))).all()


@pytest.mark.parametrize("confidence", [0.95, 0.998])
def test_binomial_funnel_is_the_interpolated_quantile(confidence):
    n = np.array([12, 80, 900])
    lower, upper = funnel_limits(0.7, n, confidence=confidence)
    for p, limit in (((1 - confidence) / 2, lower), ((1 + confidence) / 2, upper)):
        r = binom.ppf(p, n, 0.7)  # Spiegelhalter (2005), appendix A.1
        share = (binom.cdf(r, n, 0.7) - p) / (binom.cdf(r, n, 0.7) - binom.cdf(r - 1, n, 0.7))
        assert limit == pytest.approx((r - share) / n, rel=1e-8)


def test_poisson_funnel_is_the_interpolated_quantile():
    exposure = np.array([40.0, 700.0])
    lower, upper = funnel_limits(0.08, exposure, family="poisson")
    for p, limit in ((0.025, lower), (0.975, upper)):
        mean = 0.08 * exposure
        r = poisson.ppf(p, mean)
        share = (poisson.cdf(r, mean) - p) / (poisson.cdf(r, mean) - poisson.cdf(r - 1, mean))
        assert limit == pytest.approx(np.maximum(r - share, 0) / exposure, rel=1e-8)


def test_overdispersed_limits_are_normal_with_the_larger_variance():
    lower, upper = funnel_limits(0.5, 100, factor=4.0)
    assert (float(lower), float(upper)) == pytest.approx((0.5 - 1.959963984540054 * 0.1, 0.5 + 1.959963984540054 * 0.1))
    lower, upper = funnel_limits(10.0, 3.0, family="normal", between=16.0)
    assert float(upper) == pytest.approx(10 + 1.959963984540054 * 5)
    assert funnel_limits(0.98, 20, factor=9.0)[1] == 1.0


def test_funnel_limits_of_nothing_and_everything_are_the_centre():
    assert [float(a) for a in funnel_limits(0.0, 30)] == [0.0, 0.0]
    assert [float(a) for a in funnel_limits(1.0, 30)] == [1.0, 1.0]


def test_overdispersion_draws_in_the_ends():
    # z = −1 … 1 and one of 10: drawn in to the others' size.
    z = np.array([-1.0] * 10 + [1.0] * 9 + [10.0])
    assert overdispersion(z, 0.0, 1.0)[0] == pytest.approx(1.0)
    assert overdispersion(z, 0.0, 1.0, winsorise=0)[0] == pytest.approx((19 + 100) / 20)
    assert overdispersion([1.0], 0.0, 1.0) == (1.0, 0.0)


@pytest.mark.parametrize(("arguments", "message"), [({"family": "beta"}, "choose one of"), ({"size": 0}, "above 0")])
def test_funnel_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        funnel_limits(0.5, **{"size": 10, **arguments})

"""Intervals from a design's error against svyciprop and svyquantile (tests/reference/03_survey, 1e-8), and edges."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_city import ROOT, reference
from mrstats.measures import design, proportions
from mrstats.measures.distribution import weighted_quantile

EXPECTED = reference("03_survey")
PERSONS = pd.read_csv(ROOT / "tests" / "reference" / "03_survey" / "persons.csv")
W, STRATUM, PSU, INCOME = (PERSONS[name].to_numpy() for name in ("weight", "stratum", "psu", "income"))
CLOSE = {"rel": 1e-8, "abs": 1e-12}

# ---- proportions

DOMAINS = {"total": {"": EXPECTED["total"]}} | {k: EXPECTED[k] for k in ("by_sex", "by_region", "by_cob", "by_sex_cob")}


@pytest.mark.parametrize("method", ["logit", "beta", "wilson", "mean"])
def test_proportion_intervals_equal_svyciprop(method):
    compared = 0
    for groups in DOMAINS.values():
        for row in groups.values():
            if not row.get("poor_health_ci"):
                continue
            figures = row["poor_health"]
            # svyciprop takes the design's df for t, but the subset's own for the effective n of Korn and Graubard:
            # the numbers show it, where the reference's README says 35 for all.
            df = row["df_domain"] if method == "beta" else 35
            lower, upper, se = design.proportion_interval(figures["est"], figures["se"], df, row["n"], method=method)
            assert [lower, upper] == pytest.approx(row["poor_health_ci"][method], **CLOSE)
            assert se == figures["se"]
            compared += 1
    assert compared >= 18


@pytest.mark.parametrize("method", ["logit", "beta", "wilson", "mean"])
def test_nobody_and_everybody_get_a_usable_interval_and_an_error_above_zero(method):
    lower, upper, se = design.proportion_interval([0, 1, 0], 0.0, [35, 35, 0], [20, 20, 1], method=method)
    assert lower[0] == 0
    assert upper[1] == 1
    assert 0.1 < upper[0] < 0.25
    assert upper[0] == pytest.approx(1 - lower[1])
    assert (se[:2] > 0.02).all()
    # one person with no degrees of freedom: the interval of a single person, and no error
    assert np.isnan(se[2])
    assert upper[2] > 0.9


def test_nobody_of_twenty_is_clopper_and_pearson_by_hand():
    lower, upper, _ = design.proportion_interval(0.0, 0.0, 35, 20, method="beta")
    assert (lower, upper) == (0.0, pytest.approx(1 - 0.025 ** (1 / 20), rel=1e-12))


@given(st.floats(0.01, 0.99), st.floats(0.005, 0.2), st.integers(2, 60), st.sampled_from(["logit", "beta", "wilson"]))
def test_an_interval_holds_its_estimate_lies_within_0_and_1_and_turns_with_the_outcome(p, se, df, method):
    lower, upper, _ = design.proportion_interval(p, se, df, 100, method=method)
    assert 0 <= lower <= p <= upper <= 1
    other = design.proportion_interval(1 - p, se, df, 100, method=method)
    assert [float(1 - other[1]), float(1 - other[0])] == pytest.approx([float(lower), float(upper)], abs=1e-9)
    wider = design.proportion_interval(p, se, df, 100, method=method, confidence=0.99)
    assert wider[0] <= lower
    assert wider[1] >= upper


@pytest.mark.parametrize("method", ["logit", "beta", "wilson", "mean"])
def test_one_person_and_a_domain_without_degrees_of_freedom(method):
    # 20 persons of one cluster are one person: Clopper and Pearson of 0 of 1 is (0, 1 - 0.025), 0.4 of 1 stays open
    lower, upper, se = design.proportion_interval([0.0, 0.4, 1.0], [0.0, 0.1, 0.0], 0, [1, 20, 1], method=method)
    assert np.isnan(se).all()
    assert lower[0] == 0
    assert upper[2] == 1
    assert lower[1] < 0.05
    assert upper[1] > 0.9
    if method == "beta":
        assert (upper[0], lower[2]) == pytest.approx((0.975, 0.025))


def test_a_variance_that_is_too_small_by_chance_is_not_believed_when_truncated():
    # p = 0.4 among 100 with se 0.03 is as if 267 had been asked; truncated it is 40 of 100
    options = {"p": 0.4, "se": 0.03, "n": 100, "truncate": True}
    wilson = design.proportion_interval(df=np.inf, method="wilson", **options)[:2]
    assert np.array(wilson) == pytest.approx(np.array(proportions.wilson_interval(40, 100)), rel=1e-12)
    beta = design.proportion_interval(df=99, method="beta", **options)[:2]
    assert np.array(beta) == pytest.approx(np.array(proportions.clopper_pearson_interval(40, 100)), rel=1e-12)
    # a variance that is larger than that of persons drawn singly stays
    for method in ("wilson", "beta"):
        free, held = (
            design.proportion_interval(0.4, 0.09, 20, 100, method=method, truncate=truncate)
            for truncate in (False, True)
        )
        assert np.array(held) == pytest.approx(np.array(free))


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="'asin' must be logit, beta, wilson or mean"):
        design.proportion_interval(0.4, 0.1, 10, 50, method="asin")
    with pytest.raises(ValueError, match="confidence=95"):
        design.proportion_interval(0.4, 0.1, 10, 50, confidence=95)
    with pytest.raises(ValueError, match="weights need se="):
        design.woodruff_interval([1, 2], 0.5, [1, 2])
    with pytest.raises(ValueError, match="between 0 and 1"):
        design.woodruff_interval([1, 2], 50)


def test_missing_figures_stay_missing():
    for method in ("logit", "beta", "wilson", "mean"):
        lower, upper, _ = design.proportion_interval([np.nan, 0.4], [np.nan, 0.1], 10, 50, method=method)
        assert np.isnan([lower[0], upper[0]]).all()
        assert 0 < lower[1] < upper[1] < 1


# ---- quantiles


def test_quantiles_and_woodruffs_limits_equal_svyquantile():
    expected = EXPECTED["quantile_ci_woodruff"]
    quantiles = weighted_quantile(INCOME, expected["p"], W)
    assert quantiles == pytest.approx(expected["q"], rel=1e-12)
    below = [design.mean_scores(PERSONS["income"] <= at, W) for at in quantiles]
    se = [np.sqrt(design.design_covariance(made.scores, STRATUM, PSU)[0][0, 0]) for made in below]
    share = [made.estimate[0] for made in below]
    made = design.woodruff_interval(INCOME, expected["p"], W, se=se, df=35, share=share)
    for ours, key in zip(made, ("q", "lo", "hi", "se"), strict=True):
        assert ours == pytest.approx(expected[key], **CLOSE), key


def test_ranks_of_a_median_are_the_tables_of_the_sign_test():
    # the largest k with P(X < k) <= 0.025 for half the persons: n 10, 15, 20, 25 → 2nd, 4th, 6th, 8th from either end
    for n, k in ((10, 2), (15, 4), (20, 6), (25, 8)):
        _, lower, upper, _ = design.woodruff_interval(np.arange(1.0, n + 1), 0.5)
        assert (lower, upper) == (k, n + 1 - k)


def test_limits_by_hand_with_a_designs_error():
    # shares 0.5 ± 2.2622·0.1 of ten values: 0.274 → the third, 0.726 → the eighth
    quantile, lower, upper, se = design.woodruff_interval(range(1, 11), 0.5, np.ones(10), se=0.1, df=9)
    assert (quantile, lower, upper) == (5.5, 3, 8)
    assert se == pytest.approx(5 / (2 * 2.262157), rel=1e-6)


def test_too_few_for_an_extreme_quantile_have_an_open_end():
    _, lower, upper, se = design.woodruff_interval(np.arange(15.0), [0.1, 0.5, 0.9])
    assert np.isneginf(lower[0])
    assert np.isposinf(upper[2])
    assert np.isfinite([upper[0], lower[1], upper[1], lower[2]]).all()
    assert np.isnan(se).tolist() == [True, False, True]
    designed = design.woodruff_interval(np.arange(15.0), [0.1, 0.5, 0.9], np.ones(15), se=0.1, df=10)
    assert np.isinf(np.stack(designed[1:3])).tolist() == [[True, False, False], [False, False, True]]


@pytest.mark.parametrize("options", [{}, {"weights": [2.0], "se": 0.0, "df": 0}])
def test_one_person_has_a_median_and_no_limits(options):
    quantile, lower, upper, se = design.woodruff_interval([7.0], 0.5, **options)
    assert quantile == 7
    assert not np.isfinite([lower, upper, se]).any()


def test_nobody_no_degrees_of_freedom_and_a_missing_error_have_no_limits():
    assert np.isnan(design.woodruff_interval([], [0.25, 0.5])).all()
    assert np.isnan(design.woodruff_interval([], 0.5, [], se=0.1, df=3)).all()
    for se, df in ((0.1, 0), (np.nan, 9)):
        quantile, *rest = design.woodruff_interval([1.0, 2, 3], 0.5, [1, 1, 1], se=se, df=df)
        assert quantile == 2
        assert np.isnan(rest).all()


def test_persons_all_alike_have_limits_where_they_are():
    assert [float(v) for v in design.woodruff_interval([3.0] * 20, 0.5)] == [3, 3, 3, 0]


@given(st.lists(st.integers(0, 30).map(float), min_size=6, max_size=40), st.floats(0.1, 0.9), st.floats(0.01, 0.2))
def test_limits_hold_the_quantile_turn_with_the_sign_and_widen_with_confidence(values, p, se):
    for options in ({}, {"weights": np.ones(len(values)), "se": se, "df": 12}):
        quantile, lower, upper, _ = design.woodruff_interval(values, p, **options)
        assert lower <= quantile <= upper
        wider = design.woodruff_interval(values, p, confidence=0.99, **options)
        assert wider[1] <= lower
        assert wider[2] >= upper
        scaled = design.woodruff_interval(np.array(values) * 4 + 1, p, **options)
        assert [float(v) for v in scaled[:3]] == pytest.approx([float(v) * 4 + 1 for v in (quantile, lower, upper)])


# ---- Gini


def test_gini_is_laid_around_the_corrected_coefficient_on_the_logarithm_by_hand():
    # weights 1, 1, 2: Σw²/(Σw)² = 6/16; incomes 2, 4, 5 differ by 2·2, 3·4 and 1·4 of 16 pairs, mean 4: 20/16/8
    figure, lower, upper = design.gini_interval([2, 4, 5], [1, 1, 2], se=0.05, df=9)
    assert figure == pytest.approx(20 / 16 / 8)
    factor = np.exp(2.262157162740992 * 0.05 / figure)
    assert (lower, upper) == pytest.approx((figure / (1 - 6 / 16) / factor, figure / (1 - 6 / 16) * factor))


@pytest.mark.parametrize(
    ("values", "weights", "se", "df"),
    [
        ([5.0], [2.0], 0.1, 9),  # one person
        ([5.0, 9.0], [2.0, 0.0], 0.1, 9),  # the other weighs nothing
        ([4.0, 4.0], [1.0, 1.0], 0.0, 9),  # all alike
        ([1.0, 4.0], [1.0, 1.0], 0.1, 0),
        ([1.0, 4.0], [1.0, 1.0], np.nan, 9),
        ([0.0, 0.0], [1.0, 1.0], 0.1, 9),
        ([], [], 0.1, 9),
    ],
)
def test_gini_has_no_limits_where_nothing_is_known_of_its_error(values, weights, se, df):
    assert np.isnan(design.gini_interval(values, weights, se=se, df=df)[1:]).all()


def test_ginis_limits_neither_pass_one_nor_depend_on_any_unit():
    x, w = np.array([1.0, 2, 3, 40]), np.array([1.0, 2, 1, 1])
    assert design.gini_interval(x, w, se=0.4)[2] == 1
    assert design.gini_interval(x * 9, w * 3, se=0.05) == pytest.approx(design.gini_interval(x, w, se=0.05))
    with pytest.raises(ValueError, match="confidence=95"):
        design.gini_interval(x, w, se=0.1, confidence=95)

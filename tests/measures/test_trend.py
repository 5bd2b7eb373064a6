"""Trends against R (tests/reference/10_trend_space, 1e-9), and the pace towards a target by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_city import ROOT, reference
from mrstats.measures.trend import adjust_p_values, cochran_armitage, pace, weighted_slope

FOLDER = ROOT / "tests" / "reference" / "10_trend_space"
R = reference("10_trend_space")
GROUPS = pd.read_csv(FOLDER / "ordered_groups.csv")
SERIES = pd.read_csv(FOLDER / "gap_series.csv")
Z = 1.959963984540054
YEARS = np.arange(2015, 2025)


def test_cochran_armitage_equals_r_with_n():
    made, row = cochran_armitage(GROUPS["cases"], GROUPS["n"], scores=GROUPS["score"]), R["cochran_armitage"]
    assert made.z == pytest.approx(row["N"]["z_signed"], rel=1e-9)
    assert made.z**2 == pytest.approx(row["N"]["chisq"], rel=1e-9)
    assert made.p == pytest.approx(row["N"]["p"], rel=1e-9)
    assert made.departure == pytest.approx(row["departure_from_trend"]["chisq"], rel=1e-8)
    assert made.departure_df == row["departure_from_trend"]["df"]
    # and not N − 1
    total = GROUPS["n"].sum()
    assert made.z**2 * (total - 1) / total == pytest.approx(row["N_minus_1"]["chisq"], rel=1e-9)


def test_cochran_armitage_takes_uneven_scores_and_many_tables():
    made = cochran_armitage([GROUPS["cases"]] * 2, [GROUPS["n"]] * 2, scores=[0, 1, 2, 5, 9])
    assert made.z**2 == pytest.approx([R["cochran_armitage"]["scores_0_1_2_5_9"]["chisq"]] * 2, rel=1e-9)
    assert made.p == pytest.approx([R["cochran_armitage"]["scores_0_1_2_5_9"]["p"]] * 2, rel=1e-9)


def test_there_is_no_trend_where_nobody_has_the_outcome():
    made = cochran_armitage([0, 0, 0], [10, 20, 30])
    assert np.isnan([made.z, made.p, made.departure, made.departure_p]).all()


def test_trend_of_two_groups_is_the_pooled_test_and_has_no_departure():
    made = cochran_armitage([10, 20], [40, 40])  # z = (½ − ¼)/√(⅜·⅝·2/40)
    assert made.z == pytest.approx(0.25 / np.sqrt(0.375 * 0.625 / 20))
    assert np.isnan(made.departure_p)


def test_slope_with_known_errors_equals_r():
    made, row = (
        weighted_slope(SERIES["year"], SERIES["gap"], SERIES["se"], at=2013),
        R["gap_trend"]["wls_known_variances"],
    )
    assert (made.slope, made.standard_error) == pytest.approx((row["slope"], row["se"]), rel=1e-9)
    assert [made.lower, made.upper] == pytest.approx(row["ci_z"], rel=1e-9)
    assert (made.p, made.q, made.q_df) == pytest.approx((row["p"], row["Q"], row["Q_df"]), rel=1e-8)
    assert made.level == pytest.approx(R["gap_trend"]["wls_residual_scale"]["intercept_at_2013"], rel=1e-9)


@pytest.mark.parametrize(("key", "se"), [("wls_residual_scale", SERIES["se"]), ("ols", None)])
def test_slope_with_residual_scale_equals_r(key, se):
    made, row = weighted_slope(SERIES["year"], SERIES["gap"], se, spread="residual", at=2013), R["gap_trend"][key]
    assert (made.slope, made.standard_error) == pytest.approx((row["slope"], row["se"]), rel=1e-9)
    assert [made.lower, made.upper] == pytest.approx(row["ci_t"], rel=1e-9)
    assert (made.p, made.df, made.level) == pytest.approx((row["p"], row["df"], row["intercept_at_2013"]), rel=1e-8)


def test_a_step_at_a_break_is_no_development():
    # 0.5 a year in both pieces, and a step of 7 where the definition changed.
    y = 20 + 0.5 * (YEARS - 2015) + np.where(YEARS >= 2020, 7.0, 0.0)
    made = weighted_slope(YEARS, y, np.ones(10), breaks=[2020])
    assert made.slope == pytest.approx(0.5)
    assert made.q == pytest.approx(0, abs=1e-15)
    assert made.q_df == 10 - 3
    # each piece of five years has Σ(x − x̄)² = 10
    assert made.standard_error == pytest.approx(1 / np.sqrt(20))
    assert weighted_slope(YEARS, y, np.ones(10)).slope > 1


def test_error_of_the_level_and_its_covariance_are_those_of_the_line():
    # Far from the middle x̄ = 2: variance 1/5 + (4 − 2)²/10, covariance (4 − 2)/10.
    made = weighted_slope([0, 1, 2, 3, 4], [1, 1, 1, 1, 1], np.ones(5))
    assert made.level_standard_error**2 == pytest.approx(0.2 + 0.4)
    assert made.covariance == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("x", "breaks"), [([2020.0], []), ([], []), ([2020.0, 2021.0], [2021]), ([2020.0, np.nan], [])]
)
def test_no_slope_without_two_points_in_a_piece(x, breaks):
    made = weighted_slope(x, np.ones(len(x)), np.ones(len(x)), breaks=breaks)
    assert np.isnan(made.slope)
    assert np.isnan(made.standard_error)


def test_two_points_have_a_slope_but_no_residual_spread():
    assert weighted_slope([1, 2], [3, 5], [1, 1]).standard_error == pytest.approx(np.sqrt(2))
    assert np.isnan(weighted_slope([1, 2], [3, 5], spread="residual").standard_error)


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=9), st.floats(-10, 10), st.floats(0.1, 5))
def test_slope_moves_with_what_is_added(y, slope, s):
    x = np.arange(len(y), dtype=float)
    base, more = (weighted_slope(x, np.array(y) + k * x, np.full(len(y), s)) for k in (0.0, slope))
    assert more.slope == pytest.approx(base.slope + slope, abs=1e-8)
    assert more.standard_error == pytest.approx(base.standard_error)


@pytest.mark.parametrize(("method", "key"), [("holm", "holm"), ("benjamini_hochberg", "BH")])
def test_adjusted_p_values_equal_r(method, key):
    row = R["p_adjust"]
    assert adjust_p_values(row["p"], method=method) == pytest.approx(row[key], rel=1e-12)
    with_gap = row["holm_with_na"]
    made = adjust_p_values(np.array(with_gap["p"], float), method=method)
    assert made == pytest.approx(np.array(with_gap[key], float), rel=1e-12, nan_ok=True)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_adjusting_keeps_the_order_and_never_lowers(p):
    for method in ("holm", "benjamini_hochberg"):
        made = adjust_p_values(p, method=method)
        assert (made >= np.array(p)).all()
        assert (np.diff(made[np.argsort(p, kind="stable")]) >= 0).all()
    assert (adjust_p_values(p) >= adjust_p_values(p, method="benjamini_hochberg")).all()


def line(slope, level=50.0):
    return level + slope * (YEARS - 2024)


@pytest.mark.parametrize(
    ("slope", "error", "verdict", "sure"),
    [
        (2.5, 0.1, "on track", True),
        (2.05, 3.0, "on track", False),
        (1.0, 0.1, "too slow", True),
        (1.9, 3.0, "too slow", False),
        (0.1, 3.0, "too slow", False),
        (-1.0, 0.1, "away", True),
        (-0.1, 3.0, "away", False),
    ],
)
def test_pace_towards_sixty_in_five_years(slope, error, verdict, sure):
    made = pace(YEARS, line(slope), np.full(10, error), target=60, target_year=2029)
    assert (made.verdict, made.sure) == (verdict, sure)
    assert made.needed == pytest.approx(2.0)
    assert made.expected == pytest.approx(50 + 5 * slope)
    # ten years, Σ(x − x̄)² = 82.5, 9.5 years from the middle
    half = Z * error * np.sqrt(0.1 + 9.5**2 / 82.5)
    assert [made.expected_lower, made.expected_upper] == pytest.approx([made.expected - half, made.expected + half])


def test_pace_of_an_adverse_indicator_is_its_mirror():
    up = pace(YEARS, line(1.0), np.full(10, 0.1), target=60, target_year=2029)
    down = pace(YEARS, -line(1.0), np.full(10, 0.1), target=-60, target_year=2029, favourable=False)
    assert (down.verdict, down.sure, down.slope) == (up.verdict, up.sure, pytest.approx(-up.slope))


def test_a_target_may_be_reached_already():
    made = pace(YEARS, line(1.0), np.full(10, 0.1), target=45, target_year=2029)
    assert (made.verdict, made.sure) == ("reached", True)
    assert pace(YEARS, line(1.0), np.full(10, 9.0), target=49, target_year=2029).sure is False


def test_pace_needs_years_and_a_target_ahead():
    assert pace([2024], [50.0], [1.0], target=60, target_year=2029).reason == "too few years"
    with pytest.raises(ValueError, match="must lie after the last year with a value, 2024"):
        pace(YEARS, line(1.0), np.ones(10), target=60, target_year=2024)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: weighted_slope([1, 2], [1, 2], [1, 1], spread="guess"), "choose known or residual"),
        (lambda: weighted_slope([1, 2], [1, 2]), "needs the standard errors"),
        (lambda: weighted_slope([1, 2], [1, 2], [1, 0]), "point 1"),
        (lambda: adjust_p_values([0.5], method="bonferroni"), "choose one of holm"),
        (lambda: adjust_p_values([0.5, 1.5]), "row 1"),
        (lambda: cochran_armitage([5], [3]), "must not exceed n"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

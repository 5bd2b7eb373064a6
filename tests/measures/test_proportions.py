"""Proportions, differences and ratios against R (tests/reference/01_proportions) and their own properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_city import reference
from mrstats.measures.proportions import (
    clopper_pearson_interval,
    difference_interval,
    jeffreys_interval,
    ratio_interval,
    wilson_interval,
    wilson_standard_error,
)

EXPECTED = reference("01_proportions")
CLOSED_FORM = {"rel": 1e-10, "abs": 1e-12}
SCORE = {"rel": 1e-7, "abs": 1e-9}
ONE_SAMPLE = [wilson_interval, clopper_pearson_interval, jeffreys_interval]

share = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
level = st.floats(0.5, 0.999)


def column(rows, name, place=None):
    return np.array([row[name] if place is None else row[name][place] for row in rows], float)


@pytest.mark.parametrize(("key", "confidence"), [("wilson", 0.95), ("wilson99", 0.99)])
def test_wilson_equals_r_prop_test(key, confidence):
    rows = EXPECTED["one_sample"]
    lower, upper = wilson_interval(column(rows, "x"), column(rows, "n"), confidence=confidence)
    assert len(rows) == 26
    assert lower == pytest.approx(column(rows, key, 0), **CLOSED_FORM)
    assert upper == pytest.approx(column(rows, key, 1), **CLOSED_FORM)


def test_newcombe_equals_ratesci():
    rows = EXPECTED["two_sample"]
    lower, upper = difference_interval(*(column(rows, name) for name in ("x1", "n1", "x2", "n2")))
    assert len(rows) == 16
    assert lower == pytest.approx(column(rows, "diff_newcombe", 0), **CLOSED_FORM)
    assert upper == pytest.approx(column(rows, "diff_newcombe", 1), **CLOSED_FORM)


@pytest.mark.parametrize(
    ("key", "interval", "confidence"),
    [
        ("clopper_pearson", clopper_pearson_interval, 0.95),
        ("clopper_pearson99", clopper_pearson_interval, 0.99),
        ("jeffreys_modified", jeffreys_interval, 0.95),
    ],
)
def test_beta_intervals_equal_r(key, interval, confidence):
    rows = EXPECTED["one_sample"]
    lower, upper = interval(column(rows, "x"), column(rows, "n"), confidence=confidence)
    assert lower == pytest.approx(column(rows, key, 0), **CLOSED_FORM)
    assert upper == pytest.approx(column(rows, key, 1), **CLOSED_FORM)


@pytest.mark.parametrize(
    ("key", "interval", "method"),
    [
        ("diff_miettinen_nurminen", difference_interval, "miettinen_nurminen"),
        ("diff_mee", difference_interval, "mee"),
        ("ratio_koopman", ratio_interval, "koopman"),
        ("ratio_miettinen_nurminen", ratio_interval, "miettinen_nurminen"),
        ("ratio_mover", ratio_interval, "mover"),
    ],
)
def test_two_groups_equal_ratesci(key, interval, method):
    rows = EXPECTED["two_sample"]
    lower, upper = interval(*(column(rows, name) for name in ("x1", "n1", "x2", "n2")), method=method)
    tolerance = CLOSED_FORM if method == "mover" else SCORE
    assert lower == pytest.approx(column(rows, key, 0), **tolerance)
    assert upper == pytest.approx(column(rows, key, 1), **tolerance)


def test_wilson_by_hand_for_half_of_ten():
    # z² = 3,8414588; (2·5 + z² ± z·√(z² + 4·5·0,5)) / (2(10 + z²)); half width 1,959964·√13,8414588 / 27,6829177
    lower, upper = wilson_interval(5, 10)
    assert [float(lower), float(upper)] == pytest.approx([0.5 - 0.263406, 0.5 + 0.263406], abs=1e-5)


def test_nobody_and_everybody_close_the_interval_exactly():
    lower, upper = wilson_interval([0, 7], [7, 7])
    assert lower[0] == 0.0
    assert upper[1] == 1.0
    z2 = 1.959963984540054**2
    assert upper[0] == pytest.approx(z2 / (7 + z2), rel=1e-12)
    assert lower[1] == pytest.approx(7 / (7 + z2), rel=1e-12)


def test_one_person_has_a_wide_interval_and_no_error():
    lower, upper = wilson_interval([0, 1], [1, 1])
    assert (upper - lower).min() > 0.7


def test_missing_counts_pass_through_as_missing():
    for interval in ONE_SAMPLE:
        lower, upper = interval([3, np.nan], [10, 10])
        assert np.isnan([lower[1], upper[1]]).all()
        assert not np.isnan([lower[0], upper[0]]).any()


@given(share, level)
def test_interval_holds_the_estimate_and_stays_within_bounds(pair, confidence):
    x, n = pair
    lower, upper = (float(v) for v in wilson_interval(x, n, confidence=confidence))
    assert 0 <= lower <= x / n <= upper <= 1
    assert lower < upper


@given(share, level, level)
def test_higher_confidence_never_narrows_the_interval(pair, one, other):
    low, high = sorted((one, other))
    inner, outer = wilson_interval(*pair, confidence=low), wilson_interval(*pair, confidence=high)
    assert float(outer[0]) <= float(inner[0]) + 1e-12
    assert float(inner[1]) <= float(outer[1]) + 1e-12


@given(share, level)
def test_having_and_lacking_mirror_each_other(pair, confidence):
    x, n = pair
    lower, upper = wilson_interval(x, n, confidence=confidence)
    other_lower, other_upper = wilson_interval(n - x, n, confidence=confidence)
    assert float(lower) == pytest.approx(1 - float(other_upper), abs=1e-12)
    assert float(upper) == pytest.approx(1 - float(other_lower), abs=1e-12)


@given(share, share)
def test_swapping_groups_flips_the_sign(one, other):
    lower, upper = difference_interval(*one, *other)
    back_lower, back_upper = difference_interval(*other, *one)
    assert float(lower) == pytest.approx(-float(back_upper), abs=1e-12)
    assert float(upper) == pytest.approx(-float(back_lower), abs=1e-12)


@given(share, share)
def test_difference_interval_holds_the_difference(one, other):
    lower, upper = difference_interval(*one, *other)
    assert -1 - 1e-12 <= float(lower) <= one[0] / one[1] - other[0] / other[1] <= float(upper) <= 1 + 1e-12


two_sided = st.sampled_from(
    [(difference_interval, m) for m in ("newcombe", "miettinen_nurminen", "mee")]
    + [(ratio_interval, m) for m in ("koopman", "miettinen_nurminen", "mover")]
)


@given(share, share, two_sided, level)
def test_two_group_intervals_hold_the_estimate_and_turn_with_the_groups(one, other, which, confidence):
    interval, method = which
    lower, upper = (float(v) for v in interval(*one, *other, method=method, confidence=confidence))
    back = [float(v) for v in interval(*other, *one, method=method, confidence=confidence)]
    p, q = one[0] / one[1], other[0] / other[1]
    if interval is difference_interval:
        assert -1 - 1e-12 <= lower <= p - q + 1e-9
        assert p - q - 1e-9 <= upper <= 1 + 1e-12
        assert back == pytest.approx([-upper, -lower], abs=1e-9)
    else:
        assert 0 <= lower <= upper
        assert lower * q <= p * (1 + 1e-9)
        assert not math.isfinite(upper) or upper * q >= p * (1 - 1e-9)
        turned = [1 / v if v else math.inf for v in (upper, lower)]
        assert back == pytest.approx(turned, rel=1e-7)


def test_score_limits_lie_where_the_test_begins_to_reject():
    # 0 of n against 0 of m, Mee: the likeliest shares are 0 and δ, so δ² = z²·δ(1 − δ)/n and δ = z²/(n + z²)
    z2 = 1.959963984540054**2
    lower, upper = difference_interval(0, 20, 0, 30, method="mee")
    assert [float(lower), float(upper)] == pytest.approx([-z2 / (30 + z2), z2 / (20 + z2)], abs=1e-10)
    # all of n against all of m, Koopman: θ = p₁ with p₂ = 1 gives (1 − θ)² = z²·θ(1 − θ)/n, so θ = n/(n + z²)
    lower, upper = ratio_interval(20, 20, 30, 30)
    assert [float(lower), float(upper)] == pytest.approx([20 / (20 + z2), (30 + z2) / 30], rel=1e-10)


@pytest.mark.parametrize("method", ["koopman", "miettinen_nurminen", "mover"])
def test_ratio_of_none_is_open(method):
    lower, upper = ratio_interval([0, 0, 5, np.nan], [9, 9, 9, 9], [0, 4, 0, 3], [9, 9, 9, 9], method=method)
    assert lower[:2].tolist() == [0, 0]
    assert upper[[0, 2]].tolist() == [np.inf, np.inf]
    assert np.isfinite(upper[1])
    assert lower[2] > 0
    assert np.isnan([lower[3], upper[3]]).all()


@given(share, level)
def test_exact_interval_has_the_tails_it_promises(pair, confidence):
    from scipy.stats import binom

    x, n = pair
    lower, upper = (float(v) for v in clopper_pearson_interval(x, n, confidence=confidence))
    tail = (1 - confidence) / 2
    assert lower == 0 if x == 0 else binom.sf(x - 1, n, lower) == pytest.approx(tail, rel=1e-6)
    assert upper == 1 if x == n else binom.cdf(x, n, upper) == pytest.approx(tail, rel=1e-6)
    inner = [float(v) for v in jeffreys_interval(x, n, confidence=confidence)]
    assert lower <= inner[0] + 1e-12
    assert inner[1] <= upper + 1e-12


def test_an_unknown_method_is_named():
    for interval in (difference_interval, ratio_interval):
        with pytest.raises(ValueError, match=r"method='wald' is not known; choose one of"):
            interval(1, 2, 1, 2, method="wald")


@given(share)
def test_standard_error_is_half_the_unclosed_width_over_z(pair):
    x, n = pair
    z2 = 1.959963984540054**2
    expected = math.sqrt(x * (n - x) / n + z2 / 4) / (n + z2)
    error = float(wilson_standard_error(x, n))
    assert error == pytest.approx(expected, rel=1e-10)
    assert error > 0


@pytest.mark.parametrize(
    ("count", "n", "row"),
    [([1, 11], [10, 10], 1), ([-1, 1], [10, 10], 0), ([0, 0, 0], [5, 5, 0], 2), ([2, 3], [2, -3], 1)],
)
def test_impossible_counts_name_the_first_such_row(count, n, row):
    for interval in ONE_SAMPLE:
        with pytest.raises(ValueError, match=rf"\b{row}\b"):
            interval(count, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, float("nan")])
def test_confidence_must_be_a_fraction(confidence):
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval([1], [10], confidence=confidence)


def test_inputs_are_left_alone():
    count, n = np.array([1.0, 0.0]), np.array([4.0, 4.0])
    wilson_interval(count, n)
    assert count.tolist() == [1.0, 0.0]
    assert n.tolist() == [4.0, 4.0]

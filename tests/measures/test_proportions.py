"""Wilson and Newcombe against R (tests/reference/01_proportions, closed forms: 1e-10) and their own properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_city import reference
from mrstats.measures.proportions import difference_interval, wilson_interval, wilson_standard_error

EXPECTED = reference("01_proportions")
CLOSED_FORM = {"rel": 1e-10, "abs": 1e-12}

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
    lower, upper = wilson_interval([3, np.nan], [10, 10])
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
    with pytest.raises(ValueError, match=rf"\b{row}\b"):
        wilson_interval(count, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5, float("nan")])
def test_confidence_must_be_a_fraction(confidence):
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval([1], [10], confidence=confidence)


def test_inputs_are_left_alone():
    count, n = np.array([1.0, 0.0]), np.array([4.0, 4.0])
    wilson_interval(count, n)
    assert count.tolist() == [1.0, 0.0]
    assert n.tolist() == [4.0, 4.0]

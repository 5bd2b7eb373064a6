"""MOVER: an interval of a difference from two intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_city import reference
from mrstats.measures.contrasts import mover_difference
from mrstats.measures.proportions import wilson_interval

width = st.floats(0, 100)
estimate = st.tuples(st.floats(-1000, 1000), width, width).map(lambda e: (e[0], e[0] - e[1], e[0] + e[2]))


def test_symmetric_limits_give_the_root_of_the_sum_of_squares():
    # half widths 3 and 4 → 5
    lower, upper = mover_difference([10.0], [7.0], [13.0], [2.0], [-2.0], [6.0])
    assert (lower[0], upper[0]) == pytest.approx((3.0, 13.0))


def test_lopsided_limits_by_hand():
    # lower: 6 − √((10−9)² + (12−4)²)   upper: 6 + √((14−10)² + (4−1)²) = 11
    lower, upper = mover_difference([10.0], [9.0], [14.0], [4.0], [1.0], [12.0])
    assert lower[0] == pytest.approx(6 - np.sqrt(65))
    assert upper[0] == pytest.approx(11.0)


def test_with_wilson_limits_it_is_newcombes_interval():
    row = reference("01_proportions")["two_sample"][0]  # 42 of 60 against 31 of 65
    one, other = wilson_interval(row["x1"], row["n1"]), wilson_interval(row["x2"], row["n2"])
    lower, upper = mover_difference(row["x1"] / row["n1"], *one, row["x2"] / row["n2"], *other)
    assert [float(lower), float(upper)] == pytest.approx(row["diff_newcombe"], rel=1e-10)


@given(estimate, estimate)
def test_it_holds_the_difference_and_swapping_flips_the_sign(one, other):
    lower, upper = (float(v) for v in mover_difference(*one, *other))
    assert lower <= one[0] - other[0] <= upper
    back = [float(v) for v in mover_difference(*other, *one)]
    assert back == pytest.approx([-upper, -lower], abs=1e-9)


@given(estimate)
def test_a_known_reference_leaves_the_interval_as_it_is(one):
    lower, upper = (float(v) for v in mover_difference(*one, 5.0, 5.0, 5.0))
    assert (lower, upper) == pytest.approx((one[1] - 5, one[2] - 5), abs=1e-9)


def test_missing_limits_stay_missing():
    lower, upper = mover_difference([1.0], [np.nan], [np.nan], [1.0], [0.0], [2.0])
    assert np.isnan([lower[0], upper[0]]).all()

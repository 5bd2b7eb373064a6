"""Byar and exact Poisson limits against R (tests/reference/02_rates, 1e-9)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from made_city import reference
from mrstats.measures.rates import byar_interval, exact_poisson_interval, poisson_interval

COUNTS = reference("02_rates")["counts"]
events = st.integers(0, 2000)


@pytest.mark.parametrize(("key", "interval"), [("byar_count", byar_interval), ("exact_count", exact_poisson_interval)])
def test_interval_equals_r(key, interval):
    lower, upper = interval([row["x"] for row in COUNTS])
    assert len(COUNTS) == 11
    assert lower == pytest.approx([row[key][0] for row in COUNTS], rel=1e-9)
    assert upper == pytest.approx([row[key][1] for row in COUNTS], rel=1e-9)


def test_exact_below_ten_events_and_byar_from_ten_on():
    lower, upper = poisson_interval([9, 10])
    exact, byar = exact_poisson_interval([9, 10]), byar_interval([9, 10])
    assert (lower[0], upper[0]) == pytest.approx((exact[0][0], exact[1][0]), rel=1e-14)
    assert (lower[1], upper[1]) == pytest.approx((byar[0][1], byar[1][1]), rel=1e-14)


def test_the_mixed_interval_equals_phe_on_its_rates():
    # PHEindicatormethods gives rates per 100 000 person-years and changes method at ten events, too.
    for row in COUNTS:
        lower, upper = poisson_interval([row["x"]])
        scale = 1e5 / row["person_years"]
        assert lower[0] * scale == pytest.approx(row["phe_rate_per_1e5"]["lower"], rel=1e-8, abs=1e-8)
        assert upper[0] * scale == pytest.approx(row["phe_rate_per_1e5"]["upper"], rel=1e-8)


@pytest.mark.parametrize("interval", [byar_interval, exact_poisson_interval, poisson_interval])
def test_no_event_has_lower_limit_zero(interval):
    lower, upper = interval([0])
    assert lower[0] == 0.0
    assert upper[0] > 3


@given(st.integers(1, 500))
def test_exact_limits_have_the_tail_probabilities_they_promise(x):
    lower, upper = (float(v) for v in exact_poisson_interval(x))
    assert poisson.sf(x - 1, lower) == pytest.approx(0.025, rel=1e-6)
    assert poisson.cdf(x, upper) == pytest.approx(0.025, rel=1e-6)


@given(events, st.floats(0.5, 0.998))
def test_interval_holds_the_count_and_grows_with_confidence(x, confidence):
    for interval in (byar_interval, exact_poisson_interval):
        lower, upper = (float(v) for v in interval(x, confidence=confidence))
        wide_lower, wide_upper = (float(v) for v in interval(x, confidence=confidence + 0.001))
        assert 0 <= wide_lower <= lower <= x <= upper <= wide_upper


def test_missing_events_pass_through_as_missing():
    lower, upper = poisson_interval([np.nan, 3, 30])
    assert np.isnan(lower).tolist() == np.isnan(upper).tolist() == [True, False, False]


@pytest.mark.parametrize("interval", [byar_interval, exact_poisson_interval, poisson_interval])
def test_negative_events_name_the_row(interval):
    with pytest.raises(ValueError, match=r"\b1\b"):
        interval([2, -1])
    with pytest.raises(ValueError, match="confidence"):
        interval([2], confidence=95)

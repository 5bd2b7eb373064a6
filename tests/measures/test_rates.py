"""Byar and exact Poisson limits, standardised rates and ratios against R (tests/reference/02_rates, 1e-9)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from made_city import ROOT, reference
from mrstats.measures.rates import (
    byar_interval,
    directly_standardised_rate,
    exact_poisson_interval,
    poisson_interval,
    standardised_ratio,
)

FOLDER = ROOT / "tests" / "reference" / "02_rates"
COUNTS = reference("02_rates")["counts"]
AREAS = reference("02_rates")["areas"]
STANDARD = pd.read_csv(FOLDER / "standard.csv").set_index("age")
WIDE = pd.read_csv(FOLDER / "areas.csv").pivot(index="area", columns="age")
EVENTS, POPULATION = (WIDE[name].loc[list(AREAS), STANDARD.index].to_numpy(float) for name in ("events", "population"))
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


def expected(key, place=None):
    values = (area[key] if place is None else area[key][place] for area in AREAS.values())
    return np.array([np.nan if value is None else value for value in values], float)


@pytest.mark.parametrize("method", ["dobson", "gamma"])
def test_direct_standardisation_equals_phe_and_epitools(method):
    rate, lower, upper, error = directly_standardised_rate(
        EVENTS, POPULATION, STANDARD["standard"], method=method, multiplier=1e5
    )
    keys = ("fay_feuer_gamma",) * 7
    if method == "dobson":  # exact limits of the count below ten events, Byar's from ten on
        keys = tuple("dobson_exact" if area["events"] < 10 else "dobson_byar" for area in AREAS.values())
    limits = [[np.nan if v is None else v for v in AREAS[area][key]] for area, key in zip(AREAS, keys, strict=True)]
    assert rate == pytest.approx(expected("dsr"), rel=1e-9)
    assert lower == pytest.approx(np.array(limits)[:, 0], rel=1e-9, nan_ok=True)
    assert upper == pytest.approx(np.array(limits)[:, 1], rel=1e-9, nan_ok=True)
    some = expected("events") > 0
    assert error[some] == pytest.approx(expected("dsr_se")[some], rel=1e-9)
    # area7, no event: one event where it weighs most, 75+ with 9 of 100 of the standard and 4 persons
    assert error[~some] == pytest.approx([1e5 * 0.09 / 4], rel=1e-9)


def test_standardised_ratio_equals_phe():
    reference_rates = STANDARD["ref_events"] / STANDARD["ref_population"]
    figures = standardised_ratio(EVENTS.sum(axis=1), POPULATION @ reference_rates.to_numpy())
    for name, figure in zip(("value", "lower", "upper"), figures, strict=False):
        assert figure == pytest.approx([area["phe_isratio"][name] for area in AREAS.values()], rel=1e-9)
    few = expected("events") < 10
    for place, figure in enumerate(figures[1:3]):
        wanted = np.where(few, expected("smr_exact", place), expected("smr_byar", place))
        assert figure == pytest.approx(wanted, rel=1e-9)
    assert figures[3][0] == pytest.approx(np.sqrt(155) / AREAS["area1"]["expected"], rel=1e-9)


def test_one_stratum_is_the_crude_rate():
    rate, lower, upper, error = directly_standardised_rate([[40], [3]], [[200], [60]], [7], multiplier=100)
    crude = poisson_interval([40, 3])
    assert rate == pytest.approx([20, 5])
    assert lower == pytest.approx(crude[0] * [0.5, 100 / 60])
    assert upper == pytest.approx(crude[1] * [0.5, 100 / 60])
    assert error == pytest.approx([np.sqrt(40) / 2, np.sqrt(3) * 100 / 60])


@pytest.mark.parametrize("method", ["dobson", "gamma"])
def test_a_group_without_a_stratum_of_the_standard_cannot_be_standardised(method):
    events, population = [[5, 0], [5, 4]], [[50, 0], [50, 80]]
    figures = np.array(directly_standardised_rate(events, population, [1, 1], method=method))
    assert np.isnan(figures[:, 0]).all()
    assert np.isfinite(figures[:, 1]).all()
    # where the standard has nobody, nobody is missed, and events there do not count
    without = np.array(directly_standardised_rate(events, population, [1, 0], method=method))
    assert without[:, 0] == pytest.approx(without[:, 1])
    assert without[0].tolist() == [0.1, 0.1]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 900), st.integers(1, 99)), min_size=1, max_size=6))
def test_the_standards_size_and_the_order_of_strata_do_not_matter(strata):
    events, population, standard = (np.array(part, float) for part in zip(*strata, strict=True))
    for method in ("dobson", "gamma"):
        figures = directly_standardised_rate(events, population, standard, method=method)
        other = directly_standardised_rate(events[::-1], population[::-1], 8 * standard[::-1], method=method)
        assert np.concatenate(other) == pytest.approx(np.concatenate(figures), rel=1e-9, nan_ok=True)
        rate, lower, upper, error = (float(figure[0]) for figure in figures)
        assert error > 0
        assert (events / population).min() <= rate * (1 + 1e-12)
        assert events.sum() == 0 or lower <= rate <= upper


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: directly_standardised_rate([[1, 2], [1, -2]], [[9, 9], [9, 9]], [1, 1]), "row 1, stratum 1: events"),
        (lambda: directly_standardised_rate([[1, 2]], [[9, 0]], [1, 1]), "row 0, stratum 1: there are events where"),
        (lambda: directly_standardised_rate([[1, 2]], [[9, 9]], [0, 0]), "row 0: the standard population is 0"),
        (lambda: directly_standardised_rate([[1, 2]], [[9, 9]], [1, 1], method="byar"), "choose one of dobson, gamma"),
        (lambda: standardised_ratio([1, 2], [3, -1]), "row 1: expected must not be negative"),
        (lambda: standardised_ratio([1, -2], [3, 1]), "row 1: events must not be negative"),
    ],
)
def test_mistakes_in_standardisation_name_the_place(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_nothing_expected_is_no_ratio():
    assert np.isnan(np.concatenate(standardised_ratio([0, 2], [0, 0]))).all()
    ratio, lower, upper, error = standardised_ratio([0], [2.0])
    assert (ratio[0], lower[0], error[0]) == (0, 0, 0.5)
    assert upper[0] == pytest.approx(3.688879454113936 / 2, rel=1e-12)

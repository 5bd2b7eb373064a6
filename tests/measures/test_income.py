"""Quantiles, Gini and their kin against laeken, IC2, convey (tests/reference/04_income), by hand, and by derivative."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from made_city import ROOT, reference
from mrstats.measures import design
from mrstats.measures.distribution import (
    at_risk_of_poverty,
    atkinson,
    generalised_entropy,
    gini,
    quintile_share_ratio,
    weighted_quantile,
)
from mrstats.measures.influence import MEASURES, influence

EXPECTED = reference("04_income")
PERSONS = pd.read_csv(ROOT / "tests" / "reference" / "03_survey" / "persons.csv")
X, W = PERSONS["income"].to_numpy(float), PERSONS["weight"].to_numpy(float)
LINE = float(EXPECTED["points"]["national_threshold"])
DOMAINS = {"total": np.ones(len(X), bool)} | {
    group: (PERSONS[column] == group).to_numpy() for column in ("sex", "region") for group in PERSONS[column].unique()
}
SMOOTH = {
    "mean": ("mean", {}),
    "gini": ("gini", {}),
    "ge0": ("generalised_entropy", {"alpha": 0}),
    "ge1": ("generalised_entropy", {"alpha": 1}),
    "ge2": ("generalised_entropy", {"alpha": 2}),
    "atkinson05": ("atkinson", {"epsilon": 0.5}),
    "atkinson1": ("atkinson", {"epsilon": 1}),
    "atkinson2": ("atkinson", {"epsilon": 2}),
}
KINKED = {
    "s80s20": ("quintile_share_ratio", {}),
    "median": ("quantile", {}),
    "arpr_own_threshold": ("at_risk_of_poverty", {}),
}


def expected_points(group):
    points = EXPECTED["points"]
    return points["total"] if group == "total" else {**points["sex"], **points["region"]}[group]


def estimate(name, x, w=None, **options):
    return float(MEASURES[name].estimate(x, w, **options))


def standard_error(scores):
    """Ultimate clusters drawn with replacement within strata, typed out."""
    totals = pd.Series(scores).groupby([PERSONS["stratum"], PERSONS["psu"]]).sum()
    variance = sum(len(t) / (len(t) - 1) * ((t - t.mean()) ** 2).sum() for _, t in totals.groupby(level=0))
    return float(np.sqrt(variance))


# ---- points


@pytest.mark.parametrize("group", DOMAINS)
def test_points_equal_laeken_and_ic2(group):
    expected, x, w = expected_points(group), X[DOMAINS[group]], W[DOMAINS[group]]
    for key, (name, options) in {**SMOOTH, **KINKED}.items():
        assert estimate(name, x, w, **options) == pytest.approx(expected[key], rel=1e-10), key
    assert at_risk_of_poverty(x, w, line=LINE) == pytest.approx(expected["arpr_national_threshold"], rel=1e-10)
    for key, quantile in expected["q"].items():
        assert weighted_quantile(x, int(key[1:]) / 100, w) == pytest.approx(quantile, rel=1e-10), key


def test_points_without_weights():
    expected = EXPECTED["points"]["unweighted_total"]
    for key, (name, options) in {**SMOOTH, **KINKED}.items():
        if key != "s80s20":
            assert estimate(name, X, **options) == pytest.approx(expected[key], rel=1e-10), key
    for key, quantile in expected["q"].items():
        if key != "p80":
            assert weighted_quantile(X, int(key[1:]) / 100) == pytest.approx(quantile, rel=1e-10), key


def test_an_exact_step_is_exact_where_the_peer_rounds():
    # 388 of the 485 persons have at most 43 800: F is 4/5 exactly, so the rule averages with the next value, 44 100.
    # The reference (44 100, S80/S20 4,659) adds up 1/485 in floating point, gets 0,7999999999999978 and misses the step.
    ordered = np.sort(X)
    assert Fraction(int((ordered[387] >= X).sum()), len(X)) == Fraction(4, 5)
    assert ordered[387:389].tolist() == [43800, 44100]
    assert weighted_quantile(X, 0.8) == 43950
    peer = ordered[np.searchsorted(np.cumsum(np.full(len(X), 1 / len(X))), 0.8)]
    expected = EXPECTED["points"]["unweighted_total"]
    assert peer == expected["q"]["p80"] == 44100
    bottom = X[X <= 16900].sum()
    assert X[peer < X].sum() / bottom == pytest.approx(expected["s80s20"], rel=1e-12)
    assert quintile_share_ratio(X) == pytest.approx(X[X > 43950].sum() / bottom, rel=1e-12)


@pytest.mark.parametrize("case", EXPECTED["hand"])
def test_hand_cases(case):
    expected = EXPECTED["hand"][case]
    x, w = expected["x"], expected["w"]
    close = {"rel": 1e-10, "abs": 1e-12}
    assert gini(x, w) == pytest.approx(expected["gini"], **close)
    assert at_risk_of_poverty(x, w) == pytest.approx(expected["arpr_strict"], **close)
    for alpha in (0, 1, 2):
        assert generalised_entropy(x, w, alpha=alpha) == pytest.approx(expected[f"ge{alpha}"], **close)
    assert atkinson(x, w) == pytest.approx(expected["atkinson1"], **close)


def test_quantile_by_hand():
    assert weighted_quantile([3, 1, 2], [0, 1 / 3, 0.5, 2 / 3, 1]).tolist() == [1, 1.5, 2, 2.5, 3]
    assert weighted_quantile([1, 2, 3], 0.5, [2, 1, 1]) == 1.5  # F(1) is exactly a half
    assert weighted_quantile([1, 99, 3], 0.5, [1, 0, 1]) == 2  # who weighs nothing is not there


def test_entropy_splits_into_within_and_between():
    for column in ("sex", "region"):
        groups = [(PERSONS[column] == g).to_numpy() for g in PERSONS[column].unique()]
        means = np.array([np.average(X[m], weights=W[m]) for m in groups])
        sizes = np.array([W[m].sum() for m in groups])
        for alpha in (0, 1, 2):
            expected = EXPECTED["ge_decomposition"][column][f"ge{alpha}"]
            share = sizes / sizes.sum() * (means / np.average(X, weights=W)) ** alpha
            within = sum(s * generalised_entropy(X[m], W[m], alpha=alpha) for s, m in zip(share, groups, strict=True))
            assert within == pytest.approx(expected["within"], rel=1e-10)
            assert generalised_entropy(means, sizes, alpha=alpha) == pytest.approx(expected["between"], rel=1e-9)


# ---- standard errors through influence


@pytest.mark.parametrize("group", DOMAINS)
def test_linearised_error_is_exact(group):
    for key, expected in EXPECTED["se_exact_linearised"][group].items():
        name, options = SMOOTH[key]
        scores = W * influence(name, X, W, domain=DOMAINS[group], **options)
        assert standard_error(scores) == pytest.approx(expected, rel=1e-8), key


@pytest.mark.parametrize("group", DOMAINS)
def test_kernel_errors_are_conveys(group):
    peer, domain = EXPECTED["convey"][group], DOMAINS[group]
    for name, key in (("quantile", "median"), ("quintile_share_ratio", "qsr")):
        assert standard_error(W * influence(name, X, W, domain=domain)) == pytest.approx(peer[key]["se"], rel=1e-8)
    strict = standard_error(W * influence("at_risk_of_poverty", X, W, domain=domain))
    assert strict == pytest.approx(peer["arpr_le"]["se"], rel=0.005)
    # convey counts the one person on the line: put him a crown below it and the two agree
    moved = np.where(X == LINE, LINE - 1, X)
    same = standard_error(W * influence("at_risk_of_poverty", moved, W, domain=domain))
    assert same == pytest.approx(peer["arpr_le"]["se"], rel=1e-7)
    known = standard_error(W * influence("at_risk_of_poverty", X, W, domain=domain, line=LINE))
    assert known == pytest.approx(EXPECTED["arpr_fixed_line"][group]["se"], rel=1e-8)


def test_design_room_gives_the_same_error():
    scores = W * influence("gini", X, W)
    covariance, _ = design.design_covariance(scores, PERSONS["stratum"].to_numpy(), PERSONS["psu"].to_numpy())
    assert np.sqrt(covariance[0, 0]) == pytest.approx(EXPECTED["se_exact_linearised"]["total"]["gini"], rel=1e-8)


def test_a_domain_has_no_influence_outside_but_on_the_line():
    women = DOMAINS["woman"]
    assert (influence("gini", X, W, domain=women)[~women] == 0).all()
    assert (influence("at_risk_of_poverty", X, W, domain=women, line=LINE)[~women] == 0).all()
    assert (influence("at_risk_of_poverty", X, W, domain=women)[~women] != 0).all()


income = st.integers(1, 60).map(float)
people = st.lists(st.tuples(income, st.floats(0.5, 4)), min_size=2, max_size=12).map(lambda p: tuple(np.array(p).T))
smooth = st.sampled_from([*SMOOTH.values(), ("generalised_entropy", {"alpha": -1}), ("atkinson", {"epsilon": 3})])


@given(people, smooth, st.data())
def test_influence_is_the_derivative_with_respect_to_the_weight(persons, measure, data):
    (x, w), (name, options) = persons, measure
    row, step = data.draw(st.integers(0, len(x) - 1)), 1e-5
    more, less = w.copy(), w.copy()
    more[row] += step
    less[row] -= step
    numerical = (estimate(name, x, more, **options) - estimate(name, x, less, **options)) / (2 * step)
    scores = influence(name, x, w, **options)
    assert scores[row] == pytest.approx(numerical, rel=1e-5, abs=1e-7)
    assert np.sum(w * scores) == pytest.approx(0, abs=1e-8)  # the weights' unit does not matter


# ---- properties

relative = st.sampled_from([*list(SMOOTH.values())[1:], ("quintile_share_ratio", {}), ("at_risk_of_poverty", {})])


@given(people, relative, st.sampled_from([0.25, 2.0, 1024.0]))
def test_neither_the_unit_of_income_nor_of_weights_matters(persons, measure, factor):
    (x, w), (name, options) = persons, measure
    value = pytest.approx(estimate(name, x, w, **options), rel=1e-9, abs=1e-12, nan_ok=True)
    assert estimate(name, x * factor, w, **options) == value
    assert estimate(name, x, w * factor, **options) == value


@given(people, relative, st.integers(2, 4))
def test_persons_repeated_or_weighted_are_the_same(persons, measure, times):
    (x, _), (name, options) = persons, measure
    value = pytest.approx(estimate(name, x, **options), rel=1e-9, abs=1e-12, nan_ok=True)
    assert estimate(name, np.repeat(x, times), **options) == value
    assert estimate(name, x, np.full(len(x), float(times)), **options) == value
    assert estimate(name, x[::-1], **options) == value


@given(people, st.sampled_from([10.0, 1000.0]))
def test_the_same_sum_to_everyone_makes_shares_more_equal(persons, sum_each):
    x, w = persons
    assume(np.ptp(x) > 0)
    mean = np.average(x, weights=w)
    assert gini(x + sum_each, w) == pytest.approx(gini(x, w) * mean / (mean + sum_each), rel=1e-9)
    assert generalised_entropy(x + sum_each, w) < generalised_entropy(x, w)
    assert atkinson(x + sum_each, w) < atkinson(x, w)
    assert weighted_quantile(x + sum_each, 0.5, w) == pytest.approx(weighted_quantile(x, 0.5, w) + sum_each)


@given(st.lists(income, min_size=2, max_size=12))
def test_a_transfer_from_the_richest_to_the_poorest_lowers_inequality(x):
    x = np.array(x)
    assume(np.ptp(x) > 1)
    after = x.copy()
    after[np.argmax(x)] -= 0.5
    after[np.argmin(x)] += 0.5
    assert gini(after) < gini(x)
    for alpha in (-1, 0, 0.5, 1, 2):
        assert generalised_entropy(after, alpha=alpha) < generalised_entropy(x, alpha=alpha)
    for epsilon in (0.5, 1, 2):
        assert atkinson(after, epsilon=epsilon) < atkinson(x, epsilon=epsilon)


@given(st.integers(1, 9), st.floats(0.1, 1e5))
def test_all_alike_and_one_person_are_equal(n, amount):
    x = np.full(n, amount)
    for name, options in [*list(SMOOTH.values())[1:], ("at_risk_of_poverty", {})]:
        assert estimate(name, x, **options) == pytest.approx(0, abs=1e-12)
    for name, options in list(SMOOTH.values())[1:]:
        assert influence(name, x, **options) == pytest.approx(np.zeros(n), abs=1e-9)
    assert weighted_quantile(x, [0.1, 0.5, 1]) == pytest.approx(amount)
    assert np.isnan(quintile_share_ratio(x))  # nobody is above the upper quintile
    assert np.isnan(influence("quantile", x)).all()  # no density where all are alike


@given(people, st.floats(0, 1))
def test_a_quantile_has_its_share_on_either_side(persons, p):
    x, w = persons
    at = float(weighted_quantile(x, p, w))
    total = w.sum() * (1 + 1e-9)
    assert w[x < at].sum() <= p * total
    assert w[x > at].sum() <= (1 - p) * total + 1e-9


# ---- edges


def test_nobody_has_no_figure():
    assert np.isnan([*(estimate(name, []) for name in MEASURES), estimate("gini", [3.0, 4.0], [0.0, 0.0])]).all()
    assert all(influence(name, []).shape == (0,) for name in MEASURES)


def test_zeros_and_losses_where_they_are_defined():
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)
    assert gini([-1, 0, 4]) == pytest.approx(10 / 9)  # differences 1, 5 and 4 twice, over 2 · 9 · mean 1
    assert np.isnan([gini([0, 0]), gini([-3, 1]), quintile_share_ratio([0, 0, 0, 0, 5])]).all()
    # y ln y → 0: the other half has 2 each, so T = ln 2
    assert generalised_entropy([0, 3], alpha=1) == pytest.approx(np.log(2), rel=1e-12)
    assert generalised_entropy([0, 3], alpha=2) == pytest.approx(0.5, rel=1e-12)
    assert atkinson([0, 3], epsilon=0.5) == pytest.approx(0.5, rel=1e-12)
    assert np.isnan(generalised_entropy([0, 0], alpha=1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: generalised_entropy([5, 0], alpha=0), r"row 1: GE\(0\) needs incomes above 0, found 0"),
        (lambda: generalised_entropy([-2, 1], alpha=2), r"row 0: GE\(2\) needs incomes not negative, found -2"),
        (lambda: influence("atkinson", [1, 2, 0]), r"row 2: Atkinson\(1\) needs incomes above 0"),
        (lambda: atkinson([1, 2], epsilon=0), "epsilon=0 must be above 0"),
        (lambda: gini([1, np.nan]), "row 1: the value is missing"),
        (lambda: gini([1, 2], [1, -1]), "row 1: the weight is negative"),
        (lambda: gini([1, 2], [np.nan, 1]), "row 0: the weight is missing"),
        (lambda: gini([1, 2], [1]), "same length"),
        (lambda: influence("gini", [1, 2], domain=[True]), "same length"),
        (lambda: weighted_quantile([1, 2], 50), "between 0 and 1"),
        (lambda: at_risk_of_poverty([1, 2], line=float("nan")), "line=nan must be an amount"),
        (lambda: influence("theil", [1, 2]), "choose one of mean, quantile, gini"),
    ],
)
def test_mistakes_name_the_row_and_the_cure(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_inputs_are_left_alone():
    x, w = X.copy(), W.copy()
    for name in MEASURES:
        influence(name, x, w)
        estimate(name, x, w)
    assert (x == X).all()
    assert (w == W).all()

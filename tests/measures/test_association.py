"""Rao and Scott's and Wald's tests against R's svychisq (tests/reference/03_survey, 1e-8), and edges."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, chi2_contingency, f

from made_city import ROOT, reference
from mrstats.measures import design
from mrstats.measures.association import METHODS, independence_test

EXPECTED = reference("03_survey")
PERSONS = pd.read_csv(ROOT / "tests" / "reference" / "03_survey" / "persons.csv")
CLOSE = {"rel": 1e-8}


def table_of(rows, columns):
    """Weighted totals of a two-way table of the reference's persons, and their covariance."""
    r, c = (pd.factorize(values, sort=True)[0] for values in (rows, columns))
    shape = (r.max() + 1, c.max() + 1)
    made = design.total_scores(np.ones(len(r)), PERSONS["weight"], r * shape[1] + c, size=shape[0] * shape[1])
    covariance, df = design.design_covariance(made.scores, PERSONS["stratum"], PERSONS["psu"])
    return made.estimate.reshape(shape), covariance, len(r), df


BY_BIRTH = table_of(PERSONS["poor_health"], PERSONS["cob"].replace("Oceania", "Other"))
PEERS = {"rao_scott": "F", "rao_scott_first_order": "Chisq", "wald": "Wald", "adjusted_wald": "adjWald"}


@pytest.mark.parametrize("method", METHODS)
def test_poor_health_by_country_of_birth_equals_svychisq(method):
    expected = EXPECTED["rao_scott_poor_health_by_cob_oceania_in_other"][PEERS[method]]
    made = independence_test(*BY_BIRTH, method=method)
    assert made.p == pytest.approx(expected["p"], **CLOSE)
    if method == "rao_scott_first_order":  # R prints Pearson's X² as it is, and corrects p alone
        assert made.pearson == pytest.approx(expected["stat"], **CLOSE)
        assert (made.df, made.df_error) == (expected["df"], np.inf)
        assert made.statistic == pytest.approx(chi2.isf(expected["p"], expected["df"]), rel=1e-7)
    else:
        assert made.statistic == pytest.approx(expected["stat"], **CLOSE)
        assert [made.df, made.df_error] == pytest.approx(expected["df"], **CLOSE)


def test_poor_health_by_sex_equals_svychisq_and_all_of_two_by_two_but_wald_agree():
    expected = EXPECTED["rao_scott_poor_health_by_sex"]
    table = table_of(PERSONS["poor_health"], PERSONS["sex"])
    made = independence_test(*table)
    assert made.statistic == pytest.approx(expected["F"], **CLOSE)
    assert [made.df, made.df_error] == pytest.approx(expected["df"], **CLOSE)
    assert made.p == pytest.approx(expected["p"], **CLOSE)
    # one degree of freedom has one design effect: both orders correct alike
    first = independence_test(*table, method="rao_scott_first_order")
    assert first.statistic == pytest.approx(made.statistic, **CLOSE)
    wald, adjusted = (independence_test(*table, method=method) for method in ("wald", "adjusted_wald"))
    assert wald[:4] == pytest.approx(adjusted[:4])


# ---- persons drawn singly: the common chi-square test


def drawn_singly(counts):
    """Totals and covariance of counts of a sample without a design."""
    counts = np.asarray(counts, float)
    n, p = counts.sum(), counts.ravel() / counts.sum()
    return counts, n * (np.diag(p) - np.outer(p, p)), n


tables = st.tuples(st.integers(2, 4), st.integers(2, 4)).flatmap(
    lambda shape: st.lists(st.integers(1, 60), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda cells: np.reshape(cells, shape)
    )
)


@given(tables)
def test_without_a_design_it_is_pearsons_chi_square(counts):
    expected = chi2_contingency(counts, correction=False)
    first = independence_test(*drawn_singly(counts), df=50, method="rao_scott_first_order")
    assert first.pearson == pytest.approx(expected.statistic, rel=1e-8, abs=1e-9)
    assert first.statistic == pytest.approx(expected.statistic, rel=1e-6, abs=1e-9)
    assert first.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-9)
    second = independence_test(*drawn_singly(counts), df=50)
    assert second.df == pytest.approx(expected.dof, rel=1e-6)
    assert second.p == pytest.approx(f.sf(expected.statistic / expected.dof, expected.dof, 50 * expected.dof), abs=1e-6)


@given(tables, st.sampled_from(METHODS), st.floats(0.01, 100))
def test_neither_the_unit_of_weights_nor_the_order_of_groups_matters(counts, method, unit):
    totals, v, n = drawn_singly(counts)
    v = v + np.diag(np.linspace(0.1, 1, len(v)) * totals.ravel())  # a design that is not alike in all cells
    made = independence_test(totals, v, n, 30, method=method)
    same = pytest.approx(made, rel=1e-6, abs=1e-9, nan_ok=True)
    assert independence_test(totals * unit, v * unit**2, n, 30, method=method) == same
    turned = np.arange(totals.size).reshape(totals.shape).T.ravel()
    assert independence_test(totals.T, v[np.ix_(turned, turned)], n, 30, method=method) == same
    back = np.arange(totals.size).reshape(totals.shape)[::-1, ::-1].ravel()
    assert independence_test(totals[::-1, ::-1], v[np.ix_(back, back)], n, 30, method=method) == same


@pytest.mark.parametrize("method", METHODS)
def test_a_table_that_is_exactly_independent_has_p_1(method):
    made = independence_test(*drawn_singly([[10, 20], [30, 60]]), df=20, method=method)
    assert made.statistic == pytest.approx(0, abs=1e-12)
    assert made.p == pytest.approx(1, abs=1e-5)


def test_a_design_effect_of_four_makes_the_statistic_a_fourth():
    totals, v, n = drawn_singly([[7, 3], [3, 7]])  # Pearson's X² is 4·2²/5 = 3.2
    made = independence_test(totals, 4 * v, n, 19)
    assert (made.statistic, made.df, made.df_error, made.pearson) == pytest.approx((0.8, 1, 19, 3.2))


# ---- edges


@pytest.mark.parametrize("method", METHODS)
def test_a_group_nobody_is_in_is_left_out(method):
    counts = np.array([[7.0, 3.0], [3.0, 9.0]])
    expected = independence_test(*drawn_singly(counts), df=19, method=method)
    wider = np.insert(np.insert(counts, 1, 0, axis=0), 2, 0, axis=1)
    assert independence_test(*drawn_singly(wider), df=19, method=method) == pytest.approx(expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("totals", "df", "unknown"),
    [
        ([[4.0, 6.0]], 9, False),  # one row
        ([[4.0, 6.0], [0.0, 0.0]], 9, False),  # one row with somebody in it
        ([[0.0, 0.0], [0.0, 0.0]], 9, False),  # nobody
        ([[4.0, 6.0], [3.0, 1.0]], 0, False),  # one cluster in each stratum
        ([[4.0, 6.0], [3.0, 1.0]], 9, True),
        ([[4.0, 6.0, 2.0], [3.0, 1.0, 3.0], [np.nan, 2.0, 2.0]], 9, False),  # not as if the third row were not there
    ],
)
def test_where_there_is_nothing_to_test_all_is_nan(method, totals, df, unknown):
    size = np.size(totals)
    covariance = np.full((size, size), np.nan) if unknown else np.eye(size)
    assert np.isnan(independence_test(totals, covariance, 10, df, method=method)).all()


def test_a_census_has_no_error_and_no_test_but_pearsons_distance():
    made = independence_test([[7.0, 3.0], [3.0, 7.0]], np.zeros((4, 4)), 20, 19)
    assert np.isnan(made[:4]).all()
    assert made.pearson == pytest.approx(3.2)


def test_an_empty_cell_is_no_obstacle():
    # 0, 6, 6 and 8 of 20: expected 1.8, 4.2, 4.2, 9.8, each off by 1.8, so X² = 1.8²·(1/1.8 + 2/4.2 + 1/9.8)
    made = independence_test(*drawn_singly([[0, 6], [6, 8]]), df=19)
    assert made.pearson == pytest.approx(1.8**2 * (1 / 1.8 + 2 / 4.2 + 1 / 9.8))
    assert 0 < made.p < 1


def test_wald_needs_as_many_directions_as_it_tests_and_adjusted_as_many_degrees_of_freedom():
    totals, v, n = drawn_singly([[5, 6, 7], [6, 5, 4], [3, 9, 2]])
    flat = np.outer(v[0], v[0])  # one direction, four to test
    assert np.isnan(independence_test(totals, flat, n, 19, method="wald").p)
    assert np.isnan(independence_test(totals, v, n, 3, method="adjusted_wald").p)  # 3 - 4 + 1 = 0
    assert 0 < independence_test(totals, v, n, 3, method="wald").p < 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], np.eye(2), 3, 9), "rows × columns"),
        (([[1.0, 2.0], [3.0, 4.0]], np.eye(3), 10, 9), r"totals \(2, 2\) .* covariance \(3, 3\)"),
        (([[1.0, 2.0], [-3.0, 4.0]], np.eye(4), 10, 9), r"cell 2 .* negative total"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        independence_test(*arguments)
    with pytest.raises(ValueError, match="'lincom' is not known; choose one of rao_scott"):
        independence_test([[1.0, 2.0], [3.0, 4.0]], np.eye(4), 10, 9, method="lincom")

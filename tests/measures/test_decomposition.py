"""Decompositions against R (tests/reference/07), by hand, and the properties that make them one: the parts add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from made_city import ROOT, reference
from mrstats.measures.decomposition import (
    composition_factors,
    das_gupta,
    das_gupta_cells,
    fairlie,
    kitagawa,
    least_squares,
    oaxaca,
    side,
)
from mrstats.measures.design import design_covariance, design_deviations

FOLDER = ROOT / "tests" / "reference" / "07_decomposition"
KNOWN = reference("07_decomposition")
WAGES = pd.read_csv(FOLDER / "wages.csv")
Y, IN_A = WAGES["lnwage"].to_numpy(), (WAGES["foreign_born"] == 0).to_numpy()
X = np.column_stack([np.ones(len(WAGES)), WAGES[["education", "experience", "public"]]])
ONES = np.ones(len(WAGES))
A, B = side(Y, X, ONES, IN_A), side(Y, X, ONES, ~IN_A)


def pooled(kind):
    """Reference coefficients and weight × influence on them."""
    if kind == "reference_A":
        return A.coefficients, A.coefficients_influence
    if kind == "reference_B":
        return B.coefficients, B.coefficients_influence
    beta, influence = least_squares(Y, np.column_stack([X, IN_A]) if kind == "jann_pooled_with_group" else X)
    return beta[: X.shape[1]], influence[:, : X.shape[1]]


def block(covariance):
    """Rows whose products are a covariance, as deviations are."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))).T


def models_own(reference):
    """Deviations of the five estimates if errors were alike, means and coefficients independent: Jann's (2008)."""
    k = X.shape[1]
    made = np.zeros((4 * k, 5, k))
    for at, (mine, of) in enumerate(((IN_A, A), (~IN_A, B))):
        x, n = X[mine], mine.sum()
        residual = Y[mine] - x @ of.coefficients
        made[2 * at * k : (2 * at + 1) * k, at] = block(np.cov(x.T) / n)
        covariance = residual @ residual / (n - k) * np.linalg.inv(x.T @ x)
        made[(2 * at + 1) * k : (2 * at + 2) * k, 2 + at] = block(covariance)
    made[:, 4] = made[:, {"reference_A": 2, "reference_B": 3}[reference]]
    return made


def errors(part, deviations, columns=slice(None)):
    moved = np.einsum("rjk,jk->rk", deviations, part.slopes)[:, columns]
    return np.sqrt((moved.sum(axis=1) ** 2).sum()), np.sqrt((moved**2).sum(axis=0))


def test_coefficients_means_and_the_three_parts_equal_r():
    assert A.coefficients == pytest.approx(list(KNOWN["coef_A"].values()), rel=1e-9)
    assert B.means == pytest.approx(list(KNOWN["means_B"].values()), rel=1e-9)
    made = oaxaca(A, B, pooled("reference_B")[0])
    for name in ("endowments", "coefficients", "interaction"):
        known = KNOWN["threefold"][name]
        assert made[name].by_column == pytest.approx(list(known["detail"].values()), rel=1e-9, abs=1e-12)
        total, each = errors(made[name], models_own("reference_B"))
        assert total == pytest.approx(known["se"], rel=1e-6)
        if "detail_se" in known:
            assert each == pytest.approx(list(known["detail_se"].values()), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    "kind", ["reference_A", "reference_B", "neumark_pooled_without_group", "jann_pooled_with_group"]
)
def test_the_two_parts_equal_r(kind):
    known = KNOWN["twofold"][kind]
    reference_beta, influence = pooled(kind)
    made = oaxaca(A, B, reference_beta)
    assert made["explained"].by_column == pytest.approx(list(known["detail_explained"].values()), rel=1e-9, abs=1e-12)
    assert made["explained"].by_column.sum() == pytest.approx(known["explained"], rel=1e-9)
    assert made["unexplained"].by_column.sum() == pytest.approx(known["unexplained"], rel=1e-9)
    if "se_explained" in known:
        for name in ("explained", "unexplained"):
            assert errors(made[name], models_own(kind))[0] == pytest.approx(known[f"se_{name}"], rel=1e-6)
    else:  # R has only the jackknife of persons there; the influence differs from it as 1/n
        stacked = [A.means_influence, B.means_influence, A.coefficients_influence, B.coefficients_influence, influence]
        deviations = design_deviations(np.hstack(stacked)).reshape(len(Y), 5, -1)
        ours = [errors(made[name], deviations)[0] for name in ("explained", "unexplained")]
        assert ours == pytest.approx(known["jackknife_se"], rel=0.03)


def test_kitagawa_equals_r():
    frame, known = pd.read_csv(FOLDER / "kitagawa.csv"), KNOWN["kitagawa"]
    sides = [
        [frame[f"events_{s}"] / frame[f"population_{s}"], frame[f"population_{s}"] / frame[f"population_{s}"].sum()]
        for s in "AB"
    ]
    made = kitagawa(*sides[0], *sides[1])
    assert made.rate == pytest.approx(known["rate_by_cell"], rel=1e-9)
    assert made.composition == pytest.approx(known["composition_by_cell"], rel=1e-9)
    assert das_gupta_cells(*sides[0], *sides[1]) == pytest.approx(
        [known["composition_effect"], known["rate_effect"]], rel=1e-9
    )


def test_das_gupta_equals_r():
    wages, known = (
        pd.read_csv(FOLDER / "dasgupta3.csv").set_index("population"),
        KNOWN["dasgupta3_product"]["by_formula"],
    )
    made = das_gupta(lambda a, b, c: a * b * c, wages.loc["men"], wages.loc["women"])
    assert made == pytest.approx([known[name] for name in wages], rel=1e-9)
    cells, known = pd.read_csv(FOLDER / "dasgupta3_cells.csv"), KNOWN["dasgupta3_vector"]["shapley_by_formula"]
    now, then = (
        cells[cells["population"] == year][["share", "exposure", "rate"]].to_numpy().T for year in ("y2020", "y2010")
    )
    assert das_gupta(lambda *of: np.prod(of, axis=0).sum(), now, then) == pytest.approx(
        [known[name] for name in ("share", "exposure", "rate")], rel=1e-9
    )


def test_two_ways_of_crossing_are_das_guptas_square_roots():
    """(N_ij/N_.j)^½ (N_i./N)^½, his formula for two factors, typed out."""
    n = np.array([[10.0, 30.0, 5.0], [20.0, 5.0, 30.0]])
    first, second = composition_factors(n / n.sum())
    assert first == pytest.approx(np.sqrt(n / n.sum(axis=0)) * np.sqrt(n.sum(axis=1, keepdims=True) / n.sum()))
    assert second == pytest.approx(np.sqrt(n / n.sum(axis=1, keepdims=True)) * np.sqrt(n.sum(axis=0) / n.sum()))


counts = arrays(float, (2, 3, 2), elements=st.integers(0, 50))
rates = arrays(float, (2, 3, 2), elements=st.floats(0, 1))


@settings(max_examples=60)
@given(counts, counts, rates, rates)
def test_parts_add_up_change_sign_with_the_sides_and_follow_their_factor(na, nb, ra, rb):
    na, nb = na + (na.sum() == 0), nb + (nb.sum() == 0)
    sa, sb = na / na.sum(), nb / nb.sum()
    parts = das_gupta_cells(ra, sa, rb, sb)
    assert parts.sum() == pytest.approx((ra * sa).sum() - (rb * sb).sum(), abs=1e-12)
    assert das_gupta_cells(rb, sb, ra, sa) == pytest.approx(-parts, abs=1e-12)
    turned = das_gupta_cells(*(np.transpose(each, (2, 0, 1)) for each in (ra, sa, rb, sb)))
    assert turned == pytest.approx(parts[[2, 0, 1, 3]], abs=1e-12)
    made = kitagawa(ra.ravel(), sa.ravel(), rb.ravel(), sb.ravel())
    assert made.rate.sum() + made.composition.sum() == pytest.approx(parts.sum(), abs=1e-12)


@pytest.mark.parametrize("weights", [ONES, np.linspace(1, 5, len(Y))])
def test_both_ways_add_up_with_weights_and_clusters(weights):
    a, b = side(Y, X, weights, IN_A), side(Y, X, weights, ~IN_A)
    beta, influence = least_squares(Y, np.column_stack([X, IN_A]), weights)
    made = {name: part.by_column.sum() for name, part in oaxaca(a, b, beta[:-1]).items()}
    gap = np.average(Y[IN_A], weights=weights[IN_A]) - np.average(Y[~IN_A], weights=weights[~IN_A])
    assert made["difference"] == pytest.approx(gap, abs=1e-12)
    assert made["explained"] + made["unexplained"] == pytest.approx(gap, abs=1e-12)
    assert made["endowments"] + made["coefficients"] + made["interaction"] == pytest.approx(gap, abs=1e-12)
    stacked = [
        a.means_influence,
        b.means_influence,
        a.coefficients_influence,
        b.coefficients_influence,
        influence[:, :-1],
    ]
    deviations = design_deviations(np.hstack(stacked), psu=np.arange(len(Y)) // 3).reshape(-1, 5, X.shape[1])
    scores = np.where(IN_A, weights * (Y - np.average(Y[IN_A], weights=weights[IN_A])) / weights[IN_A].sum(), 0)
    scores -= np.where(~IN_A, weights * (Y - np.average(Y[~IN_A], weights=weights[~IN_A])) / weights[~IN_A].sum(), 0)
    direct = np.sqrt(design_covariance(scores, psu=np.arange(len(Y)) // 3)[0][0, 0])
    assert errors(oaxaca(a, b, beta[:-1])["difference"], deviations)[0] == pytest.approx(direct, rel=1e-9)


def test_fairlies_parts_come_near_the_difference_of_predictions():
    beta = np.array([-3.0, 0.2, 0.02, -0.3])
    made = fairlie(X, beta, IN_A, [[1], [2], [3]], ONES, draws=200)
    p = expit(X @ beta)
    assert made.by_block.sum() == pytest.approx(p[IN_A].mean() - p[~IN_A].mean(), abs=0.004)
    steep = (p * (1 - p))[:, None] * X
    assert made.slopes.sum(axis=0) == pytest.approx(
        steep[IN_A].mean(axis=0) - steep[~IN_A].mean(axis=0), rel=0.1, abs=0.02
    )

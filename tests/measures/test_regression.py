"""Regressions against R (tests/reference/06): coefficients, every sort of standard error, average predictions."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.discrete_model import Logit

from made_city import ROOT, reference
from mrstats.measures.design import design_covariance
from mrstats.measures.regression import _patterns, average_predictions, dependent_columns, influence_on, regress

KNOWN = reference("06_adjusted")
PERSONS = pd.read_csv(ROOT / "tests" / "reference" / "06_adjusted" / "persons.csv")
LEVELS = {"sex": ["man", "woman"], "cob": ["Sweden", "Nordic", "EU", "Other"], "edu": ["low", "mid", "high"]}
FAMILIES = {"logit": ("employed", "logit"), "negbin_NB2": ("visits", "negative_binomial")}


def columns(**fixed):
    rows = PERSONS.assign(**fixed)
    dummies = [rows[name] == level for name, levels in LEVELS.items() for level in levels[1:]]
    return np.column_stack([np.ones(len(rows)), *dummies, rows["age"]]).astype(float)


def fitted(key, weights=None):
    outcome, family = FAMILIES[key]
    y, x = PERSONS[outcome].to_numpy(float), columns()
    fit = regress(y, x, family=family, weights=weights)
    return fit, influence_on(fit, y, x, weights), y


def errors(scores, **design):
    return np.sqrt(np.diag(design_covariance(scores, **design)[0]))


def cells(known, kind):
    """Reference margins and differences, flat: (factor, first level, second level or None) → estimate, SE."""
    for name, levels in LEVELS.items():
        if f"margin_{name}" not in known:  # R gives no education for the negative binomial
            continue
        for level in levels:
            row = known[f"margin_{name}"][level]
            yield name, level, None, row["est"], row["se"].get(kind)
        for level in levels[1:]:
            row = known[f"{name}: {level} - {levels[0]}"]
            yield name, level, levels[0], row["est"], row["se"].get(kind)


def switched(fit, name, chosen, weights=None, domains=None):
    """Average predictions with everybody in each of some groups."""
    start = 1 + sum(len(levels) - 1 for levels in list(LEVELS.values())[: list(LEVELS).index(name)])
    others = LEVELS[name][1:]
    versions = [[level == other for other in others] for level in chosen]
    return average_predictions(fit, columns(), range(start, start + len(others)), versions, weights, domains)


def check_margins(fit, covariance, known, kind, rel, weights=None):
    for name, level, other, estimate, se in cells(known, kind):
        made = switched(fit, name, [level, other or level], weights)
        mean, gradient = made.mean[0, 0], made.gradient[0, 0]
        if other:
            mean, gradient = mean - made.mean[1, 0], gradient - made.gradient[1, 0]
        assert mean == pytest.approx(estimate, rel=rel)
        assert np.sqrt(gradient @ covariance @ gradient) == pytest.approx(se, rel=rel)


@pytest.mark.parametrize(("key", "rel"), [("logit", 1e-8), ("negbin_NB2", 2e-6)])
def test_coefficients_and_the_models_own_errors_equal_r(key, rel):
    fit, _, _ = fitted(key)
    assert fit.settled
    assert fit.coefficients == pytest.approx(list(KNOWN[key]["coef"].values()), rel=rel, abs=rel)
    own = KNOWN[key]["se"]["model"] if key == "logit" else KNOWN[key]["se_model_theta_fixed"]
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(list(own.values()), rel=max(rel, 1e-6))
    kind = "model" if key == "logit" else "model_theta_fixed"
    check_margins(fit, fit.covariance, KNOWN[key]["margins_and_ames"], kind, max(rel, 1e-7))


def test_the_overdispersion_equals_r():
    assert fitted("negbin_NB2")[0].alpha == pytest.approx(KNOWN["negbin_NB2"]["alpha"], rel=1e-5)


def test_robust_and_cluster_errors_equal_sandwich():
    fit, scores, _ = fitted("logit")
    known, n = KNOWN["logit"], len(PERSONS)
    robust = design_covariance(scores)[0] * (n - 1) / n  # the design's n/(n - 1) is not in HC0
    assert np.sqrt(np.diag(robust)) == pytest.approx(list(known["se"]["HC0"].values()), rel=1e-7)
    clustered = design_covariance(scores, psu=PERSONS["cluster"])[0]
    assert np.sqrt(np.diag(clustered)) == pytest.approx(list(known["se"]["cluster_G_over_Gm1"].values()), rel=1e-7)
    check_margins(fit, robust, known["margins_and_ames"], "HC0", 1e-7)
    check_margins(fit, clustered, known["margins_and_ames"], "cluster_G_over_Gm1", 1e-7)


def test_strata_clusters_and_weights_equal_svyglm():
    weights = PERSONS["weight"].to_numpy()
    fit, scores, _ = fitted("logit", weights)
    known = KNOWN["svyglm_logit"]
    assert fit.coefficients == pytest.approx(list(known["coef"].values()), rel=1e-7)
    covariance, df = design_covariance(scores, PERSONS["stratum"], PERSONS["cluster"])
    assert df == known["design_df"]
    assert np.sqrt(np.diag(covariance)) == pytest.approx(list(known["se"].values()), rel=1e-7)
    check_margins(fit, covariance, known["margins_and_ames_weighted_average"], "design", 1e-7, weights)


def test_one_average_for_each_domain_is_the_average_of_its_persons():
    fit, _, _ = fitted("logit")
    codes = pd.factorize(PERSONS["edu"])[0]
    made, whole = (switched(fit, "sex", ["woman"], domains=each) for each in (codes, None))
    for domain in range(3):
        assert made.mean[0, domain] == pytest.approx(whole.each[0][codes == domain].mean())


def test_a_count_without_more_spread_than_chance_is_a_poisson():
    y = np.array([1, 0, 1, 2, 1, 1, 0, 2, 1, 1.0])
    fit = regress(y, np.ones((10, 1)), family="negative_binomial")
    assert fit.alpha == 0
    assert fit.coefficients[0] == pytest.approx(np.log(1.0), abs=1e-12)


def test_a_truncated_count_has_the_mean_that_was_seen():
    """λ/(1 − e^−λ) = 1.5 at λ = 0.874217 (by hand: 0.874217/0.582811)."""
    fit = regress([1, 2, 1, 2], np.ones((4, 1)), family="truncated")
    assert np.exp(fit.coefficients[0]) == pytest.approx(0.874217, rel=1e-6)
    assert fit.mean == pytest.approx(1.5)


@pytest.mark.parametrize("family", ["negative_binomial", "truncated"])
def test_weights_of_a_count_are_persons_written_out(family):
    random = np.random.default_rng(3)
    x = np.column_stack([np.ones(60), random.integers(0, 2, 60)])
    y, w = 1.0 + random.poisson(np.exp(x @ [0.2, 0.4])), random.integers(1, 4, 60)
    weighted = regress(y, x, family=family, weights=w)
    written = regress(np.repeat(y, w), np.repeat(x, w, axis=0), family=family)
    if (
        family == "truncated"
    ):  # a negative binomial's overdispersion is the sample's, but here a group's mean is its own
        assert weighted.covariance == pytest.approx(written.covariance, rel=1e-6)
    assert weighted.coefficients == pytest.approx(written.coefficients, rel=1e-6)


def test_a_column_that_separates_has_no_finite_answer():
    x = np.column_stack([np.ones(20), np.repeat([0, 1], 10)])
    assert not regress(np.repeat([0, 1], [13, 7]) * x[:, 1], x).settled


@pytest.mark.parametrize(
    ("family", "y", "said"),
    [("logit", [0, 2], "row 1: y=2 must be 0 or 1"), ("truncated", [1, 0], "row 1: y=0 must be a whole number from 1")],
)
def test_an_outcome_outside_the_family_is_named(family, y, said):
    with pytest.raises(ValueError, match=said):
        regress(y, np.ones((2, 1)), family=family)


def test_an_unknown_family_names_those_there_are():
    with pytest.raises(ValueError, match="one of logit, negative_binomial, truncated"):
        regress([1], np.ones((1, 1)), family="probit")


def test_columns_that_say_the_same_are_found():
    random = np.random.default_rng(1)
    x = random.normal(size=(50, 3))
    assert dependent_columns(x) == {}
    assert dependent_columns(np.column_stack([x, x[:, 0] - x[:, 2]])) == {3: [0, 2]}
    assert dependent_columns(np.column_stack([np.ones(5), np.zeros(5)])) == {1: []}


@pytest.mark.parametrize("family", ["logit", "negative_binomial", "truncated"])
def test_persons_who_are_alike_are_fitted_as_if_one_by_one(family):
    random = np.random.default_rng(5)
    x = np.column_stack([np.ones(4000), random.integers(0, 2, (4000, 3))])
    mean = np.exp(x @ np.array([-0.5, 0.4, -0.3, 0.2]))
    y = {
        "logit": random.random(4000) < mean / (1 + mean),
        "negative_binomial": random.poisson(mean * random.gamma(2, 0.5, 4000)),
    }
    y = np.asarray(y.get(family, 1 + random.poisson(mean)), float)
    weights = random.uniform(0.5, 2, 4000)
    first, place = _patterns(np.column_stack([y, x]))
    assert len(first) < 200
    assert np.array_equal(np.column_stack([y, x])[first][place], np.column_stack([y, x]))
    apart = x.copy()
    apart[:, 0] += random.normal(0, 1e-13, 4000)  # nobody is like anybody else
    for w in (None, weights):
        together, alone = regress(y, x, family=family, weights=w), regress(y, apart, family=family, weights=w)
        assert together.coefficients == pytest.approx(alone.coefficients, rel=1e-8, abs=1e-10)
        assert together.covariance == pytest.approx(alone.covariance, rel=1e-8)
        assert together.mean == pytest.approx(alone.mean, rel=1e-9)
        assert together.settled
        assert alone.settled


@pytest.mark.parametrize("rare", [0.3, 0.00005])
def test_a_logit_that_starts_from_some_persons_ends_where_that_of_everybody_does(rare):
    random = np.random.default_rng(6)
    n = 50_000
    x = np.column_stack([np.ones(n), random.normal(size=n), random.random(n) < rare])
    x[[1, 3, 7, 9], 2] = 1.0  # of a rare group, nobody may be among those it starts from
    y = (random.random(n) < 1 / (1 + np.exp(-(x @ np.array([-1.0, 0.5, 0.7]))))).astype(float)
    y[[1, 3]], y[[7, 9]] = 1.0, 0.0
    fit = regress(y, x)
    whole = Logit(y, x).fit(disp=0, method="newton", maxiter=50)
    assert fit.settled
    assert fit.coefficients == pytest.approx(whole.params, rel=1e-7, abs=1e-9)
    assert fit.covariance == pytest.approx(whole.cov_params(), rel=1e-6)

"""Design variances against R's survey 4.5 (tests/reference/03_survey, 1e-8), arithmetic by hand, and coverage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_city import ROOT, reference
from mrstats.measures import calibration, design

EXPECTED = reference("03_survey")
FOLDER = ROOT / "tests" / "reference" / "03_survey"
PERSONS = pd.read_csv(FOLDER / "persons.csv")
W, STRATUM, PSU = (PERSONS[name].to_numpy() for name in ("weight", "stratum", "psu"))
POOR, INCOME = PERSONS["poor_health"].to_numpy(float), PERSONS["income"].to_numpy(float)
CLOSE = {"rel": 1e-8, "abs": 1e-12}


def error(scores, **options):
    return float(np.sqrt(design.design_covariance(scores, STRATUM, PSU, **options)[0][0, 0]))


# ---- covariance


def test_psus_within_strata_by_hand():
    # stratum a: PSU totals 3 and 5, so 2/1·(1² + 1²) = 4; stratum b: 1, 2, 6, so 3/2·(4 + 1 + 9) = 21
    covariance, df = design.design_covariance([1, 2, 5, 1, 2, 6], list("aaabbb"), [1, 1, 2, 1, 2, 3])
    assert covariance == pytest.approx(np.array([[25.0]]))
    assert df == 3


def test_neither_strata_nor_clusters_is_a_register_of_independent_persons():
    z = np.array([0.0, 1.0, 5.0, 2.0])
    covariance, df = design.design_covariance(z)
    assert covariance[0, 0] == pytest.approx(4 / 3 * ((z - 2) ** 2).sum())
    assert df == 3


def test_a_psu_label_used_in_two_strata_is_two_psus():
    shared = design.design_covariance([1.0, 2, 3, 7], [1, 1, 2, 2], [1, 2, 1, 2])
    own = design.design_covariance([1.0, 2, 3, 7], [1, 1, 2, 2], [1, 2, 3, 4])
    assert shared[0] == pytest.approx(own[0])
    assert shared[1] == own[1] == 2


def test_a_finite_population_shrinks_the_variance_and_a_census_has_none():
    z, strata = [1.0, 3, 4, 8], [1, 1, 2, 2]
    half, _ = design.design_covariance(z, strata, fpc=[4, 4, 2, 2])
    assert half[0, 0] == pytest.approx(0.5 * 2 * (1 + 1) + 0.0)
    # the only PSU of the third stratum was drawn for certain: nothing is missing, and it is not lonely
    certain, _ = design.design_covariance([*z, 9.0], [*strata, 3], fpc=[4, 4, 2, 2, 1], lonely="fail")
    assert certain == pytest.approx(half)
    with pytest.raises(ValueError, match="2 PSUs were drawn but its population is said to be 1"):
        design.design_covariance(z, strata, fpc=[4, 4, 1, 1])


def test_one_psu_in_all_has_no_variance_to_estimate():
    assert np.isnan(design.design_covariance([1.0, 2.0], None, [1, 1])[0]).all()


@pytest.mark.parametrize("rule", ["certainty", "adjust", "average"])
def test_a_lonely_psu_follows_rs_rules(rule):
    kept = (STRATUM != 5) | (PSU == 33)
    w, strata, psu = W[kept], STRATUM[kept], PSU[kept]
    expected = EXPECTED["lonely_psu"][rule]
    for name, made in (
        ("mean", design.mean_scores(POOR[kept], w)),
        ("total_income", design.total_scores(INCOME[kept], w)),
    ):
        covariance, df = design.design_covariance(made.scores, strata, psu, lonely=rule)
        assert made.estimate[0] == pytest.approx(expected[name]["est"], **CLOSE)
        assert np.sqrt(covariance[0, 0]) == pytest.approx(expected[name]["se"], **CLOSE)
        assert df == expected["df"]


def test_a_lonely_psu_may_be_refused_and_an_unknown_rule_is():
    with pytest.raises(ValueError, match=r"stratum 1 .* has one PSU"):
        design.design_covariance([1.0, 2, 3], [1, 1, 2], lonely="fail")
    with pytest.raises(ValueError, match="adjust, average, certainty, fail"):
        design.design_covariance([1.0, 2], lonely="remove")


def test_rows_in_any_order_and_sparse_or_dense_give_the_same():
    made = design.ratio_scores(POOR, np.ones(len(W)), W, PERSONS["sex"].eq("man").astype(int))
    order = np.random.default_rng(1).permutation(len(W))
    straight, df = design.design_covariance(made.scores, STRATUM, PSU, subset=made.members)
    mixed, _ = design.design_covariance(made.scores.toarray()[order], STRATUM[order], PSU[order])
    assert mixed == pytest.approx(straight, rel=1e-12)
    assert df.tolist() == [35, 35]


def test_degrees_of_freedom_are_those_of_the_domain():
    for region, expected in EXPECTED["by_region"].items():
        df = design.design_covariance(W, STRATUM, PSU, subset=PERSONS["region"].eq(region).to_numpy())[1]
        assert df == expected["df_domain"]


def test_scores_by_hand_with_an_answer_missing_and_overlapping_domains():
    # columns: sex (0, 1) and everybody (2); the third person did not answer
    made = design.mean_scores([1, 3, np.nan, 8], [1, 1, 5, 2], [[0, 2], [0, 2], [1, 2], [1, 2]], size=4)
    assert made.estimate == pytest.approx([2.0, 8.0, 5.0, np.nan], nan_ok=True)
    assert made.scores.toarray()[:, :3] == pytest.approx(
        np.array([[-0.5, 0, -1], [0.5, 0, -0.5], [0, 0, 0], [0, 0, 1.5]])
    )
    assert design.total_scores([1, 3, np.nan, 8], [1, 1, 5, 2], [0, 0, 1, 1]).estimate.tolist() == [4.0, 16.0]
    with pytest.raises(ValueError, match="whole numbers"):
        design.mean_scores([1, 2], [1, 1], [0.0, np.nan])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, np.nan], "row 1: the weight is missing"),
        ([-1, 2], "row 0: the weight is negative"),
        ([0, 0], "sum to zero"),
    ],
)
def test_bad_weights_are_named(weights, message):
    with pytest.raises(ValueError, match=message):
        design.mean_scores([0, 1], weights)


# ---- proportions

DOMAINS = {"total": {"": EXPECTED["total"]}} | {k: EXPECTED[k] for k in ("by_sex", "by_region", "by_cob", "by_sex_cob")}


@pytest.mark.parametrize("method", ["logit", "beta", "wilson", "mean"])
def test_proportion_intervals_equal_svyciprop(method):
    compared = 0
    for groups in DOMAINS.values():
        for row in groups.values():
            if not row.get("poor_health_ci"):
                continue
            figures = row["poor_health"]
            # svyciprop takes the design's df for t, but the subset's own for the effective n of Korn and Graubard:
            # the numbers show it, where the reference's README says 35 for all.
            df = row["df_domain"] if method == "beta" else 35
            lower, upper, se = design.proportion_interval(figures["est"], figures["se"], df, row["n"], method=method)
            assert [lower, upper] == pytest.approx(row["poor_health_ci"][method], **CLOSE)
            assert se == figures["se"]
            compared += 1
    assert compared >= 18


@pytest.mark.parametrize("method", ["logit", "beta", "wilson", "mean"])
def test_nobody_and_everybody_get_a_usable_interval_and_an_error_above_zero(method):
    lower, upper, se = design.proportion_interval([0, 1, 0], 0.0, [35, 35, 0], [20, 20, 1], method=method)
    assert lower[0] == 0
    assert upper[1] == 1
    assert 0.1 < upper[0] < 0.25
    assert upper[0] == pytest.approx(1 - lower[1])
    assert (se[:2] > 0.02).all()
    # one person with no degrees of freedom: the interval of a single person, and no error
    assert np.isnan(se[2])
    assert upper[2] > 0.9


def test_nobody_of_twenty_is_clopper_and_pearson_by_hand():
    lower, upper, _ = design.proportion_interval(0.0, 0.0, 35, 20, method="beta")
    assert (lower, upper) == (0.0, pytest.approx(1 - 0.025 ** (1 / 20), rel=1e-12))


@given(st.floats(0.01, 0.99), st.floats(0.005, 0.2), st.integers(2, 60), st.sampled_from(["logit", "beta", "wilson"]))
def test_an_interval_holds_its_estimate_lies_within_0_and_1_and_turns_with_the_outcome(p, se, df, method):
    lower, upper, _ = design.proportion_interval(p, se, df, 100, method=method)
    assert 0 <= lower <= p <= upper <= 1
    other = design.proportion_interval(1 - p, se, df, 100, method=method)
    assert [float(1 - other[1]), float(1 - other[0])] == pytest.approx([float(lower), float(upper)], abs=1e-9)
    wider = design.proportion_interval(p, se, df, 100, method=method, confidence=0.99)
    assert wider[0] <= lower
    assert wider[1] >= upper


# ---- replicates


def replicated(multipliers, scale, rscales, mse):
    """Mean of poor health and total income, made anew with each replicate's weights."""
    each = W[:, None] * multipliers
    estimates = np.column_stack([POOR @ each / each.sum(axis=0), INCOME @ each])
    full = [np.average(POOR, weights=W), INCOME @ W]
    return np.sqrt(np.diag(design.replicate_covariance(estimates, full, scale, rscales, mse=mse)))


@pytest.mark.parametrize("mse", [False, True])
@pytest.mark.parametrize("method", ["jk1", "jkn"])
def test_jackknives_equal_rs(method, mse):
    expected = EXPECTED["replicate"][{"jk1": "JK1", "jkn": "JKn"}[method]]["mse_true" if mse else "mse_false"]
    errors = replicated(*design.replicate_weights(STRATUM, PSU, method=method), mse)
    assert errors == pytest.approx([expected["poor_health"]["se"], expected["total_income"]["se"]], **CLOSE)


def test_supplied_multipliers_equal_rs():
    table = pd.read_csv(FOLDER / "replicate_multipliers_by_psu.csv", index_col="psu")
    expected = EXPECTED["replicate"]["supplied_multipliers"]
    errors = replicated(table.loc[PSU].to_numpy(), expected["scale"], np.ones(20), False)
    expected = expected["mse_false"]
    assert errors == pytest.approx([expected["poor_health"]["se"], expected["total_income"]["se"]], **CLOSE)


def test_the_bootstrap_nears_the_linearised_error_and_is_repeatable():
    made = design.replicate_weights(STRATUM, PSU, method="bootstrap", replicates=2000, seed=3)
    linear = [EXPECTED["total"]["poor_health"]["se"], EXPECTED["total"]["total_income"]["se"]]
    assert replicated(*made, False) == pytest.approx(linear, rel=0.06)
    again = design.replicate_weights(STRATUM[::-1], PSU[::-1], method="bootstrap", replicates=2000, seed=3)
    assert (again[0][::-1] == made[0]).all()
    assert not (design.replicate_weights(STRATUM, PSU, method="bootstrap", replicates=2000, seed=4)[0] == made[0]).all()


@pytest.mark.parametrize(("count", "halves"), [(7, 8), (8, 16)])
def test_balanced_half_samples_give_a_total_its_exact_variance(count, halves):
    rng = np.random.default_rng(5)
    strata, psu, z = np.repeat(np.arange(count), 4), np.tile([1, 1, 2, 2], count), rng.normal(size=4 * count)
    multipliers, scale, rscales = design.replicate_weights(strata, psu, method="brr")
    assert multipliers.shape == (4 * count, halves)
    made = design.replicate_covariance((z @ multipliers)[:, None], [z.sum()], scale, rscales)
    assert made == pytest.approx(design.design_covariance(z, strata, psu)[0], rel=1e-12)


@pytest.mark.parametrize(
    ("method", "need"), [("jkn", "at least two"), ("bootstrap", "at least two"), ("brr", "exactly two")]
)
def test_too_few_psus_for_the_replicates_are_named(method, need):
    with pytest.raises(ValueError, match=f"stratum 1 .* has 1 PSU; {method} needs {need}"):
        design.replicate_weights([1, 1, 2], [1, 2, 3], method=method)


def test_an_unknown_kind_of_replicates_is_refused():
    with pytest.raises(ValueError, match="'fay' must be"):
        design.replicate_weights([1, 1], [1, 2], method="fay")


# ---- calibration


def test_raking_and_calibration_give_rs_weights():
    margins = pd.read_csv(FOLDER / "margins.csv")
    groups, targets, indicators = [], [], []
    for variable, margin in margins.groupby("variable", sort=False):
        codes = pd.Index(margin["level"]).get_indexer(PERSONS[variable])
        groups.append(codes)
        targets.append(margin["population"].to_numpy(float))
        indicators.append(np.eye(len(margin))[codes])
    expected = pd.read_csv(FOLDER / "calibrated_weights.csv")
    assert calibration.rake(W, groups, targets)[0] == pytest.approx(expected["raked"].to_numpy(), **CLOSE)
    greg = calibration.calibrate(W, np.hstack(indicators), np.concatenate(targets))[0]
    assert greg == pytest.approx(expected["greg"].to_numpy(), **CLOSE)
    assert calibration.rake(W, groups[1:], targets[1:])[0] == pytest.approx(
        expected["poststratified"].to_numpy(), **CLOSE
    )


def test_bounds_hold_and_the_total_is_still_met():
    x = np.column_stack([np.ones(len(W)), INCOME])
    totals = [W.sum() * 1.02, (W @ INCOME) * 1.08]
    free = calibration.calibrate(W, x, totals)[0] / W
    bounded = calibration.calibrate(W, x, totals, bounds=(0.9, 1.25))[0]
    assert free.max() > 1.25
    assert (bounded / W).min() >= 0.9 - 1e-12
    assert (bounded / W).max() <= 1.25 + 1e-12
    assert bounded @ x == pytest.approx(totals, rel=1e-10)


@pytest.mark.parametrize("bounds", [(0.99, 1.01), (1.1, 2.0), (0.0, 2.0)])
def test_bounds_that_cannot_be_kept_are_an_error(bounds):
    with pytest.raises(ValueError, match=r"too narrow|either side of 1"):
        calibration.calibrate(
            W, np.column_stack([np.ones(len(W)), INCOME]), [W.sum(), (W @ INCOME) * 1.3], bounds=bounds
        )


@pytest.mark.parametrize(
    ("groups", "margins", "message"),
    [
        ([[0, 0, 1], [0, 1, 1]], [[5, 5], [4, 5]], "margin 1 adds up to 9, margin 0 to 10"),
        ([[0, 0, 0]], [[5, 5]], "margin 0, group 1: the population is 5 but nobody"),
        ([[0, 1, 1]], [[5, 0]], "margin 0, group 1: the population is 0 but there are persons"),
        ([[0, 1, 1], [0, 1, 1]], [[5, 5], [4, 6]], "not met after 1000 rounds"),
    ],
)
def test_margins_that_cannot_be_met_are_named(groups, margins, message):
    with pytest.raises(ValueError, match=message):
        calibration.rake([1.0, 1, 1], [np.array(g) for g in groups], margins)


@given(st.integers(0, 10_000))
def test_raking_to_the_margins_one_has_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    w, codes = rng.uniform(0.5, 3, 30), np.concatenate([[0, 1, 2], rng.integers(0, 3, 27)])
    assert calibration.rake(w, [codes], [np.bincount(codes, w)])[0] == pytest.approx(w, rel=1e-12)

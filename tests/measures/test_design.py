"""Design variances and degrees of freedom against R's survey 4.5 (tests/reference/03_survey, 1e-8), and by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from made_city import ROOT, reference
from mrstats.measures import calibration, design
from mrstats.measures.design_variances import design_variances

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


@pytest.mark.parametrize("lonely", ["adjust", "average", "certainty"])
def test_variances_alone_are_the_diagonal_of_the_covariance(lonely):
    random = np.random.default_rng(3)
    scores = random.normal(size=(40, 6)) * (random.random((40, 6)) < 0.5)
    strata, psu = np.append(random.integers(0, 4, 39), 9), random.integers(0, 12, 40)
    for options in ({}, {"fpc": np.where(strata == 9, 5, 40)}):
        every = design.design_covariance(scores, strata, psu, lonely=lonely, **options)[0]
        alone = design_variances(sparse.csr_array(scores), strata, psu, lonely=lonely, **options)
        assert alone == pytest.approx(every.diagonal(), rel=1e-12)


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


# ---- degrees of freedom that are worth something


def test_alike_strata_have_as_many_degrees_of_freedom_as_psus_less_strata():
    # one stratum: d + 2 - 2 = d; five strata of two with one variance: 25/(5/3) - 2 = 13, held at 5
    assert design.satterthwaite_df([1.0, 5, 2, 2, 9]) == pytest.approx([4])
    scores = np.tile([0.0, 1.0], 5)
    assert design.satterthwaite_df(scores, np.repeat(np.arange(5), 2)) == pytest.approx([5])


def test_one_stratum_that_bears_the_variance_by_hand():
    # a: 3 PSUs 0, 3, 6: 3/2·18 = 27; b: 2 PSUs 0, 1: 2·0.5 = 1.  28²/(27²/4 + 1²/3) - 2
    made = design.satterthwaite_df([0.0, 3, 6, 0, 1], list("aaabb"))
    assert made == pytest.approx([28**2 / (27**2 / 4 + 1 / 3) - 2])
    # and two columns are two answers: the second has all its variance in b, where d is 1
    both = design.satterthwaite_df(np.array([[0.0, 3, 6, 0, 1], [4, 4, 4, 0, 1]]).T, list("aaabb"))
    assert both == pytest.approx([made[0], 1.0])


def test_unequal_weights_in_a_stratum_cost_degrees_of_freedom_by_hand():
    # (tr AS)²/tr(ASAS) with S = diag(1, 1, 1, 9) and A = I - 1/4: 9² / (84/2 + 12²/16)
    weights = np.array([1.0, 1, 1, 3])
    centred, brought = np.eye(4) - 1 / 4, np.diag(weights**2)
    product = centred @ brought
    expected = np.trace(product) ** 2 / np.trace(product @ product)
    assert expected == pytest.approx(81 / 51)
    assert design.satterthwaite_df([1.0, 5, 2, 7], weights=weights) == pytest.approx([expected])
    assert design.satterthwaite_df([1.0, 5, 2, 7], weights=[2.0] * 4) == pytest.approx([3])


def test_only_psus_of_the_domain_count_and_where_nobody_has_the_outcome_all_are_alike():
    members = np.array([[1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1]]).T
    scores, strata = np.array([[1.0, -1, 2, -2, 0, 0], [0, 0, 0, 0, 0, 0]]).T, [1, 1, 1, 2, 2, 2]
    # second domain: PSUs 1 and 3, no score differs from 0: variances in proportion to the PSUs, d = 0 in the stratum of one
    made = design.satterthwaite_df(scores, strata, members=members)
    assert made[1] == pytest.approx(2)
    assert 1 <= made[0] <= 2
    lonely = design.satterthwaite_df([1.0, 2, 4, 9], [1, 1, 1, 2])
    assert lonely == pytest.approx([2])  # the lonely PSU brings nothing


def test_a_stratum_that_was_counted_whole_brings_no_variance():
    scores, strata = [0.0, 3, 6, 0, 100], list("aaabb")
    assert design.satterthwaite_df(scores, strata, fpc=[9, 9, 9, 2, 2]) == pytest.approx([2])
    assert design.satterthwaite_df(scores, strata, fpc=[9, 9, 9, 9, 9])[0] < 1.2


def test_one_psu_has_no_degrees_of_freedom():
    assert design.satterthwaite_df([1.0, 2.0], None, [1, 1]) == pytest.approx([0])


@given(st.integers(0, 10_000))
def test_degrees_of_freedom_lie_between_one_and_psus_less_strata_whatever_the_unit(seed):
    rng = np.random.default_rng(seed)
    strata, w = np.repeat([1, 2, 3], [4, 6, 2]), rng.uniform(0.5, 4, 12)
    z = rng.normal(size=12)
    made = design.satterthwaite_df(z, strata, weights=w)
    assert 1 <= made[0] <= 9
    assert design.satterthwaite_df(1000 * z, strata, weights=w / 7) == pytest.approx(made, rel=1e-9)
    order = rng.permutation(12)
    assert design.satterthwaite_df(z[order], strata[order], weights=w[order]) == pytest.approx(made, rel=1e-9)


def test_the_design_effect_equals_rs():
    made = design.mean_scores(POOR, W)
    variance = design.design_covariance(made.scores, STRATUM, PSU)[0][0, 0]
    expected = EXPECTED["total"]["deff_poor_health"]
    assert design.design_effect(variance, POOR, W) == pytest.approx(expected["vs_srs_with_replacement"], **CLOSE)
    without = design.design_effect(variance, POOR, W, replacement=False)
    assert without == pytest.approx(expected["vs_srs_without_replacement"], **CLOSE)


def test_the_design_effect_of_whole_clusters_is_their_size_and_of_one_value_undefined():
    # four PSUs of five persons alike: the variance of four, where S²/n says twenty
    y, psu = np.repeat([0.0, 1, 1, 0], 5), np.repeat([1, 2, 3, 4], 5)
    variance = design.design_covariance(design.mean_scores(y, np.ones(20)).scores, None, psu)[0][0, 0]
    assert variance == pytest.approx(1 / 3 / 4)
    assert design.design_effect(variance, y, np.ones(20)) == pytest.approx((1 / 12) / (5 / 19 / 20))
    assert np.isnan(design.design_effect(0.0, [1, 1, 1], [1, 1, 1]))
    assert np.isnan(design.design_effect(np.nan, [1], [1]))
    assert np.isnan(design.design_effect(0.0, [1], [1]))


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

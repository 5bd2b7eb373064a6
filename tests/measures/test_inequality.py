"""WHO's measures of inequality against numbers from outside (tests/reference/05_group_inequality).

Points 1e-10, exact and delta standard errors 1e-8; the draws' own against a million draws of another generator.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_city import ROOT, reference
from mrstats.measures import inequality
from mrstats.measures.contrasts import mover_combination, mover_difference, mover_ratio
from mrstats.measures.inequality import FORMULAS, ORDERED, RELATIVE, gap_to_mean, measure_all

FOLDER = ROOT / "tests" / "reference" / "05_group_inequality"
TABLES = reference("05_group_inequality")["tables"]
NAMES = {
    "D": "difference",
    "R": "ratio",
    "D_maxmin": "difference",
    "R_maxmin": "ratio",
    "PAR": "population_attributable_risk",
    "PAF": "population_attributable_fraction",
    "BGV": "between_group_variance",
    "BGSD": "between_group_standard_deviation",
    "COV": "coefficient_of_variation",
    "MDMU": "mean_difference_from_mean",
    "MDMW": "mean_difference_from_mean_weighted",
    "MDBU": "mean_difference_from_best",
    "MDBW": "mean_difference_from_best_weighted",
    "MDRU": "mean_difference_from_reference",
    "MDRW": "mean_difference_from_reference_weighted",
    "IDISU": "index_of_disparity",
    "IDISW": "index_of_disparity_weighted",
    "D_index": "opportunity_dissimilarity",
    "TI": "theil_index",
    "MLD": "mean_log_deviation",
    "ACI": "absolute_concentration_index",
    "RCI": "relative_concentration_index",
    "RCI_wagstaff": "wagstaff_index",
    "RCI_erreygers": "erreygers_index",
    "SII_linear": "slope_index",
    "RII_linear": "relative_index",
}
FROM_REFERENCE = {"MDRU", "MDRW"}
"""Only these are made with the reference group; the others choose their own groups."""


def groups(table):
    frame = pd.read_csv(FOLDER / f"{table}.csv")
    first = frame.iloc[0]
    options = {
        "favourable": bool(first["favourable"]),
        "ordered": bool(first["ordered"]),
        "bounds": (0.0, float(first["scale"])),
    }
    return frame, options


def computed(table, key, **more):
    frame, options = groups(table)
    if key in FROM_REFERENCE:
        options["reference"] = TABLES[table]["reference_index_0based"]
    return FORMULA[NAMES[key]](frame["est"], frame["se"], frame["population"], **options, **more)


FORMULA = {name: getattr(inequality, name) for name in FORMULAS}
CASES = [
    (table, key) for table, expected in TABLES.items() for key in expected["measures"] if not key.startswith("log_")
]


def expected_point(row):
    """WHO's 0 where the sign opposes; no point where the reference says that there is no meaning."""
    if "who_truncated_est" in row:
        return row["who_truncated_est"]
    return None if str(row.get("reason", "")).startswith("intercept") else row["est"]


@pytest.mark.parametrize(("table", "key"), CASES)
def test_point_equals_the_reference(table, key):
    made, point = computed(table, key), expected_point(TABLES[table]["measures"][key])
    if point is None:
        assert np.isnan(made.estimate)
        assert made.reason != ""
    else:
        assert made.estimate == pytest.approx(point, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(("table", "key"), [(t, k) for t, k in CASES if TABLES[t]["measures"][k].get("se") is not None])
def test_exact_and_delta_errors_equal_the_reference(table, key):
    row = TABLES[table]["measures"][key]
    if expected_point(row) is None:
        assert np.isnan(computed(table, key).standard_error)
    else:
        assert computed(table, key).standard_error == pytest.approx(row["se"], rel=1e-8, abs=1e-12)


@pytest.mark.parametrize(
    ("table", "key"),
    [(t, k) for t, k in CASES if "se" not in TABLES[t]["measures"][k] and "mc_sd" in TABLES[t]["measures"][k]],
)
def test_errors_from_draws_are_those_of_a_million_draws(table, key):
    # 2000 whitened draws know a standard deviation to about 1 per cent. Ordered ratio and Wagstaff are delta against Monte
    # Carlo: curvature takes 4.6 per cent of the ratio's in A, whose log is held to the reference below.
    row = TABLES[table]["measures"][key]
    assert computed(table, key).standard_error == pytest.approx(row["mc_sd"], rel=0.05 if key == "R" else 0.02)


@pytest.mark.parametrize("table", [t for t in TABLES if TABLES[t].get("log_R_se_delta")])
def test_error_of_a_log_ratio_equals_the_reference(table):
    made = computed(table, "R")
    assert made.standard_error / made.estimate == pytest.approx(TABLES[table]["log_R_se_delta"], rel=1e-8)
    half = np.log(made.upper / made.lower) / 2
    assert half == pytest.approx(1.959963984540054 * TABLES[table]["log_R_se_delta"], rel=1e-8)


@pytest.mark.parametrize(
    "table", [t for t in TABLES if TABLES[t].get("log_RII_linear_se_delta") and not t.startswith("E1")]
)
def test_error_of_a_log_relative_index_equals_the_reference(table):
    made = computed(table, "RII_linear")
    assert np.log(made.upper / made.lower) / 2 == pytest.approx(
        1.959963984540054 * TABLES[table]["log_RII_linear_se_delta"], rel=1e-8
    )


@pytest.mark.parametrize("table", [t for t in TABLES if not t.startswith("E1")])
def test_gap_to_the_mean_and_its_error(table):
    frame, _ = groups(table)
    gap, error = gap_to_mean(frame["est"], frame["se"], frame["population"])
    known = frame["est"].notna()
    assert gap[known] == pytest.approx(TABLES[table]["gap_to_mean"]["gap"], rel=1e-10, abs=1e-11)
    assert error[known] == pytest.approx(TABLES[table]["gap_to_mean"]["se"], rel=1e-8)
    assert np.isnan(gap[~known]).all()


def test_difference_from_a_reference_group():
    frame, options = groups("C_unordered_areas")
    made = inequality.difference(frame["est"], frame["se"], frame["population"], **options, reference=5)
    row = TABLES["C_unordered_areas"]["D_reference"]
    assert (made.estimate, made.standard_error) == pytest.approx((row["est"], row["se"]), rel=1e-9)


@pytest.mark.parametrize("table", [t for t in TABLES if "binomial_logit" in TABLES[t]])
def test_indices_along_a_logistic_curve_equal_r(table):
    frame, _ = groups(table)
    scale = float(frame["scale"].iloc[0])
    made, row = inequality.logit_indices(frame["events"], frame["population"]), TABLES[table]["binomial_logit"]
    assert made.coefficients == pytest.approx(row["coef"], rel=1e-9)
    assert made.covariance == pytest.approx(np.array(row["vcov"]), rel=1e-8)
    assert scale * made.slope == pytest.approx(row["sii"], rel=1e-9)
    assert scale * made.slope_standard_error == pytest.approx(row["sii_se_model_delta"], rel=1e-8)
    assert made.relative == pytest.approx(row["rii"], rel=1e-9)
    assert made.log_relative_standard_error == pytest.approx(row["log_rii_se"], rel=1e-8)
    assert made.deviance == pytest.approx(row["deviance"], rel=1e-8)


# --- What must hold for any groups


@st.composite
def any_groups(draw, least=2):
    j = draw(st.integers(least, 7))
    y = draw(st.lists(st.floats(5, 95), min_size=j, max_size=j))
    s = draw(st.lists(st.floats(0.1, 4), min_size=j, max_size=j))
    n = draw(st.lists(st.integers(50, 5000), min_size=j, max_size=j))
    return np.array(y), np.array(s), np.array(n, float)


QUICK = {"draws": 200, "bounds": (0.0, 100.0)}
SIGNED = ["difference", "slope_index", "absolute_concentration_index", "relative_concentration_index", "wagstaff_index"]
WEIGHTED = [
    "mean_difference_from_mean_weighted",
    "mean_difference_from_best_weighted",
    "index_of_disparity_weighted",
    "opportunity_dissimilarity",
    "opportunity_index",
    "between_group_variance",
    "between_group_standard_deviation",
    "coefficient_of_variation",
    "theil_index",
    "mean_log_deviation",
    "absolute_concentration_index",
    "relative_concentration_index",
    "wagstaff_index",
    "erreygers_index",
]
UNITLESS = [*RELATIVE, "wagstaff_index", "erreygers_index", "opportunity_index"]


@given(any_groups())
@settings(max_examples=40, deadline=None)
def test_turning_the_order_turns_the_sign(groups):
    y, s, n = groups
    names = [*SIGNED, "erreygers_index", "ratio", "relative_index"]
    up, down = (measure_all(*(a[::d] for a in (y, s, n)), names=names, ordered=True, **QUICK) for d in (1, -1))
    for name in [*SIGNED, "erreygers_index"]:
        assert up[name].estimate == pytest.approx(-down[name].estimate, abs=1e-9)
        assert up[name].standard_error == pytest.approx(down[name].standard_error, rel=1e-7)
        assert up[name].lower == pytest.approx(-down[name].upper, abs=1e-7)
    assert up["ratio"].estimate == pytest.approx(1 / down["ratio"].estimate)
    if up["relative_index"].reason == "":
        assert up["relative_index"].estimate == pytest.approx(1 / down["relative_index"].estimate)
        assert up["relative_index"].lower == pytest.approx(1 / down["relative_index"].upper, rel=1e-6, abs=1e-12)


@given(st.floats(5, 95), st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_where_all_are_equal_there_is_no_inequality(level, j):
    n = np.arange(100.0, 100 + j)
    made = measure_all(np.full(j, level), np.ones(j), n, names=list(FORMULAS), ordered=True, reference=0, **QUICK)
    for name, one in made.items():
        expected = {"ratio": 1, "relative_index": 1, "opportunity_index": level / 100}.get(name, 0)
        assert one.estimate == pytest.approx(expected, abs=1e-6), name


@given(any_groups(), st.data())
@settings(max_examples=40, deadline=None)
def test_splitting_a_group_in_two_halves_changes_no_weighted_measure(groups, data):
    y, s, n = groups
    k = data.draw(st.integers(0, len(y) - 1))
    halves = n.copy()
    halves[k] /= 2
    split = [np.insert(a, k, a[k]) for a in (y, s, halves)]
    whole = measure_all(y, s, n, names=WEIGHTED, ordered=True, **QUICK)
    parts = measure_all(*split, names=WEIGHTED, ordered=True, **QUICK)
    for name in WEIGHTED:
        assert parts[name].estimate == pytest.approx(whole[name].estimate, rel=1e-8, abs=1e-8), name


@given(any_groups())
@settings(max_examples=40, deadline=None)
def test_per_cent_and_fractions_give_the_same_relative_measure(groups):
    y, s, n = groups
    cent = measure_all(y, s, n, names=UNITLESS, ordered=True, **QUICK)
    fraction = measure_all(y / 100, s / 100, n, names=UNITLESS, ordered=True, draws=200, bounds=(0, 1))
    for name in UNITLESS:
        assert fraction[name].reason == cent[name].reason
        for field in ("estimate", "standard_error", "lower", "upper"):
            assert getattr(fraction[name], field) == pytest.approx(
                getattr(cent[name], field), rel=1e-6, abs=1e-8, nan_ok=True
            ), (name, field)


@given(any_groups(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_without_an_order_the_order_of_groups_does_not_matter(groups, random):
    place = list(range(len(groups[0])))
    random.shuffle(place)
    names = [name for name in FORMULAS if name not in ORDERED and "reference" not in name]
    one = measure_all(*groups, names=names, **QUICK)
    other = measure_all(*(a[place] for a in groups), names=names, **QUICK)
    for name in names:
        assert one[name].estimate == pytest.approx(other[name].estimate, rel=1e-9, abs=1e-9), name


@given(any_groups())
@settings(max_examples=40, deadline=None)
def test_having_and_lacking_mirror_each_other_where_they_should(groups):
    y, s, n = groups
    have = measure_all(y, s, n, names=["wagstaff_index", "erreygers_index"], ordered=True, **QUICK)
    lack = measure_all(100 - y, s, n, names=["wagstaff_index", "erreygers_index"], ordered=True, **QUICK)
    for name, one in have.items():
        assert one.estimate == pytest.approx(-lack[name].estimate, abs=1e-9)
        assert one.standard_error == pytest.approx(lack[name].standard_error, rel=1e-7)


@given(any_groups())
@settings(max_examples=40, deadline=None)
def test_the_corrected_value_lies_in_its_interval_and_below_the_estimate_of_a_spread(groups):
    made = measure_all(*groups, names=list(FORMULAS), reference=0, **QUICK)
    for name, one in made.items():
        if one.reason == "":
            assert one.lower - 1e-9 <= one.corrected <= one.upper + 1e-9, name
    for name in ("between_group_variance", "between_group_standard_deviation", "coefficient_of_variation"):
        assert made[name].corrected <= made[name].estimate + 1e-9


# --- Inputs


def test_many_tables_are_each_as_if_alone():
    random = np.random.default_rng(4)
    y, s, n = random.uniform(20, 80, (3, 5, 6)), random.uniform(1, 3, (3, 5, 6)), random.integers(50, 900, (3, 5, 6))
    y[0, 0, 2] = np.nan
    options = {"ordered": True, "reference": 1, "bounds": (0, 100), "draws": 100}
    whole = measure_all(y, s, n, **options)
    one = measure_all(y[2, 3], s[2, 3], n[2, 3], **options)
    assert list(whole) == list(FORMULAS)
    for name, made in whole.items():
        assert made.estimate.shape == made.reason.shape == (3, 5)
        for field in range(5):
            assert made[field][2, 3] == pytest.approx(one[name][field], rel=1e-9, nan_ok=True), name


def test_no_table_at_all_gives_no_figure():
    for name, made in measure_all(np.empty((0, 3)), np.empty((0, 3)), ordered=True, bounds=(0, 100)).items():
        assert made.estimate.shape == made.reason.shape == (0,), name


def test_tables_done_in_turns_are_the_same(monkeypatch):
    from mrstats.measures import forms as room

    frame, options = groups("B_ordered_favourable")
    tables = [np.tile(frame[c], (7, 1)) for c in ("est", "se", "population")]
    once = measure_all(*tables, **options)
    monkeypatch.setattr(room, "NUMBERS_AT_ONCE", 2 * 2000 * 5)
    for name, made in measure_all(*tables, **options).items():
        assert made.upper == pytest.approx(once[name].upper, rel=1e-12, nan_ok=True)


def test_a_covariance_of_independent_groups_is_their_errors():
    frame, options = groups("A_ordered_adverse")
    names = [n for n in FORMULAS if n not in ("difference", "ratio")]
    plain = measure_all(frame["est"], frame["se"], frame["population"], names=names, reference=0, **options)
    full = np.diag(frame["se"] ** 2)
    joint = measure_all(frame["est"], None, frame["population"], names=names, reference=0, covariance=full, **options)
    for name in names:
        assert joint[name].standard_error == pytest.approx(plain[name].standard_error, rel=0.03), name
    assert joint["between_group_variance"].standard_error == pytest.approx(
        plain["between_group_variance"].standard_error, rel=1e-10
    )


def test_groups_that_move_together_differ_surely():
    # Var(y₂ − y₁) = 4 + 4 − 2·3
    made = inequality.difference([30, 45], covariance=[[4, 3], [3, 4]], ordered=True)
    assert made.standard_error == pytest.approx(np.sqrt(2))
    same = inequality.mean_difference_from_mean([30, 45], covariance=[[4, 4], [4, 4]])
    assert same.standard_error == pytest.approx(0, abs=1e-6)
    assert [same.lower, same.upper] == pytest.approx([7.5, 7.5], abs=1e-6)


def test_an_unknown_covariance_gives_points_without_errors():
    full = [[[4, 3], [3, 4]], [[4, np.nan], [np.nan, 4]]]
    made = inequality.mean_difference_from_mean([[30, 45], [30, 45]], covariance=full)
    assert made.estimate.tolist() == [7.5, 7.5]
    assert np.isnan(made.standard_error).tolist() == [False, True]
    assert made.reason.tolist() == ["", "no standard error"]


def test_a_group_that_may_be_zero_leaves_the_largest_ratio_without_an_interval():
    made = inequality.ratio([1.0, 20.0, 30.0], [1.0, 1.0, 1.0])
    assert made.estimate == 30
    assert made.reason == "too near zero for an interval"
    assert np.isnan([made.standard_error, made.lower, made.upper]).all()


def test_limits_below_zero_leave_a_ratio_without_an_upper_end():
    made = inequality.ratio([5, 45], [4, 4], ordered=True, limits=([-3, 38], [13, 53]))
    assert 0 < made.lower < 9
    assert made.upper == np.inf


def test_replicates_take_the_place_of_errors():
    replicates = np.array([[29, 44], [31, 46], [29, 46], [31, 44]], float)
    made = inequality.difference([30, 45], replicates=replicates, ordered=True)
    assert made.standard_error == pytest.approx(np.sqrt(2))  # mean square of 0, 0, 2, −2
    made = inequality.mean_difference_from_mean([30, 45], replicates=replicates)
    assert made.standard_error == pytest.approx(np.std([7.5, 7.5, 8.5, 6.5]))
    several = inequality.difference([[30, 45]] * 3, replicates=np.repeat(replicates[:, None], 3, axis=1), ordered=True)
    assert several.standard_error == pytest.approx([np.sqrt(2)] * 3)


def test_limits_of_the_groups_make_newcombes_interval():
    limits = [24.0, 38.0], [37.0, 53.0]
    made = inequality.difference([30, 45], [3, 4], limits=limits, ordered=True)
    expected = mover_difference(45, 38, 53, 30, 24, 37)
    assert [made.lower, made.upper] == pytest.approx([float(a) for a in expected])
    ratio = inequality.ratio([30, 45], [3, 4], limits=limits, ordered=True)
    assert [ratio.lower, ratio.upper] == pytest.approx([float(a) for a in mover_ratio(45, 38, 53, 30, 24, 37)])
    lower, upper = mover_combination([0.5, -0.5, 0.0], [45, 30, 1], [38, 24, 1], [53, 37, 1])
    assert [float(lower), float(upper)] == pytest.approx([float(a) / 2 for a in expected])


def test_an_uncertain_denominator_has_fiellers_interval():
    # θ with (45 − 10θ)² ≤ z²(2² + 4²θ²); and no upper end where the denominator may be 0.
    z2 = 1.959963984540054**2
    made = inequality.ratio([10, 45], [4, 2], ordered=True)
    for theta in (made.lower, made.upper):
        assert (45 - 10 * theta) ** 2 == pytest.approx(z2 * (4 + 16 * theta**2), rel=1e-9)
    unbounded = inequality.ratio([10, 45], [6, 2], ordered=True)
    assert unbounded.upper == np.inf
    assert (45 - 10 * unbounded.lower) ** 2 == pytest.approx(z2 * (4 + 36 * unbounded.lower**2), rel=1e-9)
    nothing_known = inequality.ratio([10, 45], [6, 30], ordered=True)
    assert (nothing_known.lower, nothing_known.upper) == (0, np.inf)


def test_a_ratio_over_nothing_has_a_reason_and_one_of_nothing_has_limits():
    zero = inequality.ratio([0, 12], [0.0, 1.6], ordered=True)
    assert (np.isnan(zero.estimate), zero.reason) == (True, "zero denominator")
    none = inequality.ratio([12, 0], [1.6, 0.0], ordered=True)
    assert (none.estimate, none.reason) == (0.0, "zero numerator")
    assert np.isnan(none.lower)
    limited = inequality.ratio([12, 0], [1.6, 0.5], ordered=True, limits=([9, 0], [15, 2]))
    assert (limited.estimate, limited.lower, limited.reason) == (0.0, 0.0, "")
    assert 2 / 15 < limited.upper < 2 / 9


@pytest.mark.parametrize(
    ("y", "n", "reason"),
    [([50, np.nan], [10, 10], "one group"), ([50, 60], [10, 0], "one group"), ([np.nan, np.nan], [1, 1], "no group")],
)
def test_fewer_than_two_groups_is_no_inequality(y, n, reason):
    for name, made in measure_all(y, [1, 1], n, ordered=True, reference=0, bounds=(0, 100)).items():
        assert (made.reason, np.isnan(made.estimate)) == (reason, True), name


def test_without_errors_there_are_points_and_a_reason():
    for name, made in measure_all([30, 45], population=[1200, 800], ordered=True, reference=0, bounds=(0, 100)).items():
        assert made.reason == "no standard error", name
        assert np.isfinite(made.estimate), name
        assert np.isnan([made.standard_error, made.lower, made.upper]).all(), name


@pytest.mark.parametrize(
    ("name", "y", "options", "reason"),
    [
        ("theil_index", [-1, 5], {}, "group with value below zero"),
        ("mean_log_deviation", [0, 5], {}, "group with value zero"),
        ("mean_log_deviation", [-1, 5], {}, "group with value below zero"),
        ("coefficient_of_variation", [-5, 5], {}, "mean not above zero"),
        ("index_of_disparity", [-9, 5], {}, "mean not above zero"),
        ("relative_concentration_index", [0, 0], {}, "mean not above zero"),
        ("population_attributable_fraction", [-5, 5], {"ordered": True}, "mean not above zero"),
        ("relative_index", [1, 60], {}, "fitted line not above zero"),
        ("relative_index", [60, 1], {}, "fitted line not above zero"),
        ("wagstaff_index", [10, 20], {}, "no bounds"),
        ("erreygers_index", [10, 120], {"bounds": (0, 100)}, "outside bounds"),
        ("opportunity_index", [10, 120], {"bounds": (0, 100)}, "outside bounds"),
        ("wagstaff_index", [100, 100], {"bounds": (0, 100)}, "mean at a bound"),
        ("mean_difference_from_reference", [10, 20], {}, "no reference group"),
        ("difference", [10, 20, np.nan], {"reference": 2}, "no reference group"),
        ("population_attributable_risk", [10, 20, np.nan], {"reference": 2}, "no reference group"),
    ],
)
def test_what_is_undefined_is_missing_and_says_why(name, y, options, reason):
    made = FORMULA[name](y, np.ones(len(y)), np.full(len(y), 10), **options)
    assert made.reason == reason
    assert np.isnan(made.estimate)
    assert np.isnan([made.standard_error, made.lower, made.upper]).all()


def test_nothing_is_to_be_gained_where_the_mean_is_better_than_the_reference():
    made = inequality.population_attributable_risk([45, 30], [1, 1], [10, 10], ordered=True)
    assert (made.estimate, made.reason) == (0.0, "mean better than reference")
    assert (made.lower, made.upper) == (0.0, 0.0)
    adverse = inequality.population_attributable_risk([45, 30], [1, 1], [10, 10], ordered=True, favourable=False)
    assert adverse.estimate == pytest.approx(-7.5)


def test_a_logistic_curve_needs_some_with_and_some_without():
    made = inequality.logit_indices([[0, 0], [10, 20], [3, 8], [4, np.nan]], [[10, 20]] * 4)
    assert (made.reason != "").tolist() == [True, True, False, True]
    assert np.isnan(made.slope[[0, 1, 3]]).all()
    assert np.isfinite(made.slope[2])
    assert np.isnan(inequality.logit_indices([0, 10], [10, 10]).slope)  # no finite curve goes from none to all


@given(any_groups(least=3))
@settings(max_examples=30, deadline=None)
def test_the_logistic_curve_keeps_the_number_of_events(groups):
    share, _, n = groups
    x = np.round(share / 100 * n)
    made = inequality.logit_indices(x, n)
    rank = np.cumsum(n) / n.sum() - n / n.sum() / 2
    fitted = n / (1 + np.exp(-made.coefficients[0] - made.coefficients[1] * rank))
    assert fitted.sum() == pytest.approx(x.sum(), rel=1e-8)
    assert (fitted * rank).sum() == pytest.approx((x * rank).sum(), rel=1e-8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: inequality.difference([1, 2], [1, -1]), ValueError, "table 0, group 1: a standard error"),
        (lambda: inequality.difference([1, 2], covariance=[[1, 0], [0, -1]]), ValueError, "or variance must not be"),
        (lambda: inequality.difference([1, 2], [1, 1], [1, -1]), ValueError, "a population must not be negative"),
        (lambda: inequality.difference([1, 2], [1, 1], reference=2), ValueError, "reference=2 is the place of a group"),
        (lambda: inequality.difference(1.0, 1.0), ValueError, "single number"),
        (lambda: inequality.difference([1, 2], [1, 1], confidence=95), ValueError, "fraction between 0 and 1"),
        (lambda: inequality.difference([1, 2], [1, 1], favorable=True), TypeError, "no option is called 'favorable'"),
        (lambda: measure_all([1, 2], [1, 1], names=["gini"]), ValueError, "'gini' is not a measure"),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


SCENES = {
    "areas that differ": ([66, 73, 79, 57, 73, 78, 72, 64, 75, 70, 57, 78], [2.0] * 12, {"bounds": (0, 100)}),
    "areas that hardly differ": ([70, 71, 72, 73, 74, 75] * 2, [3.0] * 12, {"bounds": (0, 100)}),
    "no difference at all": ([40] * 6, [2.0] * 6, {"bounds": (0, 100)}),
    "ordered": (
        [44, 38, 33, 26, 20],
        [2.9, 2.7, 2.7, 2.4, 2.2],
        {"favourable": False, "ordered": True, "reference": 4},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_intervals_cover_whether_groups_differ_or_not(scene):
    truth, s, options = SCENES[scene]
    truth, s, n = np.array(truth, float), np.array(s), 500.0 + 100 * np.arange(len(truth))
    y = truth + s * np.random.default_rng(8).standard_normal((800, len(truth)))
    real = measure_all(truth, np.zeros_like(s), n, **options)
    for name, made in measure_all(y, s, n, **options).items():
        if np.isnan(real[name].estimate):
            continue
        covered = (made.lower <= real[name].estimate + 1e-9) & (real[name].estimate <= made.upper + 1e-9)
        assert covered.mean() > 0.90, name
        if real[name].estimate > 0 and scene in ("areas that differ", "ordered"):
            assert abs(np.mean(made.corrected) / real[name].estimate - 1) < 0.05, name

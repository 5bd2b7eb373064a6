"""WHO's measures of inequality against numbers from outside (tests/reference/05_group_inequality).

Points 1e-10, exact and delta standard errors 1e-8; the draws' own against a million draws of another generator.
"""

import numpy as np
import pandas as pd
import pytest

from made_city import ROOT, reference
from mrstats.measures import inequality
from mrstats.measures.inequality import FORMULAS, gap_to_mean

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
    # 4000 draws know a standard deviation to about 1.1 per cent. Ordered ratio and Wagstaff are delta against Monte
    # Carlo: curvature takes 4.6 per cent of the ratio's in A, whose log is held to the reference below.
    row = TABLES[table]["measures"][key]
    assert computed(table, key).standard_error == pytest.approx(row["mc_sd"], rel=0.05 if key == "R" else 0.035)


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

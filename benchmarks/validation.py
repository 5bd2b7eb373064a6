"""Write docs/validation.md: what was held to which package, and the largest relative difference. `python -m benchmarks.validation`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.measures import distribution, inequality, proportions, rates, reliability, trend
from mrstats.measures.influence import MEASURES

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "tests" / "reference"
HEAD = """# Validation

Made by `python -m benchmarks.validation` from tests/reference (own inputs, R's numbers; its README names packages and versions).
A difference is |ours − theirs| ÷ max(|theirs|, 10⁻⁶); ends that both are infinite, missing or exactly 0 count as equal.
Score limits are found by root search on both sides, hence their larger differences. Designs, replicates and calibration
are held to R in tests/measures/test_design.py and tests/test_survey.py.

| what | held to | numbers | largest relative difference |
|---|---|---|---|
"""


def expected(folder: str) -> dict:
    return json.loads((REFERENCE / folder / "expected.json").read_text(encoding="utf-8"))


def worst(ours, theirs) -> tuple[int, float]:
    """How many numbers were compared, and the largest relative difference among them."""
    ours, theirs = np.ravel(np.array(ours, float)), np.ravel(np.array(theirs, float))
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-6))
    return len(ours), float(np.max(apart))


def proportion_rows():
    one, two = expected("01_proportions")["one_sample"], expected("01_proportions")["two_sample"]
    x, n = ([row[key] for row in one] for key in ("x", "n"))
    for name, key, peer in (
        ("wilson_interval", "wilson", "stats::prop.test"),
        ("clopper_pearson_interval", "clopper_pearson", "binom.test"),
        ("jeffreys_interval", "jeffreys_modified", "qbeta"),
    ):
        yield f"`{name}`", peer, worst(np.transpose(getattr(proportions, name)(x, n)), [row[key] for row in one])
    counts = [[row[key] for row in two] for key in ("x1", "n1", "x2", "n2")]
    for interval, method, key in (
        ("difference_interval", "newcombe", "diff_newcombe"),
        ("difference_interval", "miettinen_nurminen", "diff_miettinen_nurminen"),
        ("difference_interval", "mee", "diff_mee"),
        ("ratio_interval", "koopman", "ratio_koopman"),
        ("ratio_interval", "mover", "ratio_mover"),
    ):
        ours = np.transpose(getattr(proportions, interval)(*counts, method=method))
        yield f"`{interval}`, {method}", "ratesci", worst(ours, [row[key] for row in two])


def rate_rows():
    known = expected("02_rates")
    events = [row["x"] for row in known["counts"]]
    for name, key, peer in (
        ("byar_interval", "byar_count", "PHEindicatormethods"),
        ("exact_poisson_interval", "exact_count", "epitools"),
    ):
        ours = np.transpose(getattr(rates, name)(events))
        yield f"`{name}`", peer, worst(ours, [row[key] for row in known["counts"]])
    areas = pd.read_csv(REFERENCE / "02_rates" / "areas.csv")
    standard = pd.read_csv(REFERENCE / "02_rates" / "standard.csv").set_index("age")["standard"]
    for method, key, peer in (
        ("dobson", "dobson_byar", "PHEindicatormethods"),
        ("gamma", "fay_feuer_gamma", "epitools"),
    ):
        ours, theirs = [], []
        for area, rows in areas.groupby("area"):
            if known["areas"][area]["events"] >= 10:
                rows = rows.set_index("age").loc[standard.index]
                value, lower, upper, _ = rates.directly_standardised_rate(
                    [rows["events"]], [rows["population"]], standard, method=method, multiplier=100_000
                )
                ours.append([value[0], lower[0], upper[0]])
                theirs.append([known["areas"][area]["dsr"], *known["areas"][area][key]])
        yield f"`directly_standardised_rate`, {method}", peer, worst(ours, theirs)


def income_rows():
    points = expected("04_income")["points"]["total"]
    persons = pd.read_csv(REFERENCE / "03_survey" / "persons.csv")
    x, w = persons["income"].to_numpy(float), persons["weight"].to_numpy(float)
    for key, name, options, peer in (
        ("gini", "gini", {}, "laeken, IC2"),
        ("s80s20", "quintile_share_ratio", {}, "laeken, convey"),
        ("ge0", "generalised_entropy", {"alpha": 0}, "IC2, convey"),
        ("ge1", "generalised_entropy", {"alpha": 1}, "IC2, convey"),
        ("ge2", "generalised_entropy", {"alpha": 2}, "IC2, convey"),
        ("atkinson1", "atkinson", {"epsilon": 1}, "IC2, convey"),
    ):
        said = ", ".join(f"{option} {value}" for option, value in options.items())
        ours = float(MEASURES[name].estimate(x, w, **options))
        yield f"`{name}`{', ' + said if said else ''}", peer, worst([ours], [points[key]])
    median = distribution.weighted_quantile(x, 0.5, w)
    yield "`weighted_quantile`, median", "laeken, survey", worst([median], [points["median"]])


WHO = {
    "D": "difference", "R": "ratio", "PAR": "population_attributable_risk", "PAF": "population_attributable_fraction",
    "MDMU": "mean_difference_from_mean", "MDMW": "mean_difference_from_mean_weighted",
    "MDBU": "mean_difference_from_best", "MDBW": "mean_difference_from_best_weighted",
    "MDRU": "mean_difference_from_reference", "MDRW": "mean_difference_from_reference_weighted",
    "IDISU": "index_of_disparity", "IDISW": "index_of_disparity_weighted", "BGV": "between_group_variance",
    "BGSD": "between_group_standard_deviation", "COV": "coefficient_of_variation", "TI": "theil_index",
    "MLD": "mean_log_deviation", "SII_linear": "slope_index", "RII_linear": "relative_index",
    "ACI": "absolute_concentration_index", "RCI": "relative_concentration_index", "RCI_wagstaff": "wagstaff_index",
    "RCI_erreygers": "erreygers_index",
}  # fmt: skip


def inequality_rows():
    tables, folder = expected("05_group_inequality")["tables"], REFERENCE / "05_group_inequality"
    for key, name in WHO.items():
        points, errors = [], []
        for table in ("A_ordered_adverse", "B_ordered_favourable", "E2_full_group", "E3_all_equal"):
            frame, row = pd.read_csv(folder / f"{table}.csv"), tables[table]["measures"][key]
            first = frame.iloc[0]
            options = {"ordered": True, "favourable": bool(first["favourable"]), "bounds": (0, float(first["scale"]))}
            options |= {"reference": 0} if key in ("MDRU", "MDRW") else {}
            made = getattr(inequality, name)(frame["est"], frame["se"], frame["population"], **options)
            if row["healthequal_point"] is not None:
                points.append((made.estimate, row["healthequal_point"]))
            if row.get("se") is not None:
                errors.append((made.standard_error, row["se"]))
        yield f"`{name}`", "healthequal", worst(*zip(*points, strict=True))
        if errors:
            yield f"`{name}`, standard error", "formula", worst(*zip(*errors, strict=True))
    for table in ("A_ordered_adverse", "B_ordered_favourable"):
        frame, row = pd.read_csv(folder / f"{table}.csv"), tables[table]["binomial_logit"]
        made = inequality.logit_indices(frame["events"], frame["population"])
        scale = float(frame["scale"].iloc[0])
        ours = [scale * made.slope, scale * made.slope_standard_error, made.relative, made.log_relative_standard_error]
        theirs = [row[k] for k in ("sii", "sii_se_model_delta", "rii", "log_rii_se")]
        yield f"`logit_indices`, table {table[0]}", "stats::glm", worst(ours, theirs)


def chance_and_trend_rows():
    areas, known = pd.read_csv(REFERENCE / "08_small_area" / "areas.csv"), expected("08_small_area")["FH_intercept"]
    made = reliability.shrunken_values(areas["direct"], areas["se"])
    yield "`shrunken_values`", "sae (FH)", worst(made.value, known["eblup"])
    yield "`shrunken_values`, squared error", "sae (FH)", worst(made.standard_error**2, known["mse"])
    known, folder = expected("10_trend_space"), REFERENCE / "10_trend_space"
    groups, series = (pd.read_csv(folder / f"{name}.csv") for name in ("ordered_groups", "gap_series"))
    test = trend.cochran_armitage(groups["cases"], groups["n"])
    row = known["cochran_armitage"]["N"]
    yield "`cochran_armitage`", "stats::prop.trend.test", worst([test.z, test.p], [row["z_signed"], row["p"]])
    for key, spread, ends in (("wls_known_variances", "known", "ci_z"), ("wls_residual_scale", "residual", "ci_t")):
        line, row = trend.weighted_slope(series["year"], series["gap"], series["se"], spread=spread), known["gap_trend"][key]
        ours, theirs = [line.slope, line.standard_error, line.lower, line.upper], [row["slope"], row["se"], *row[ends]]
        yield f"`weighted_slope`, {spread}", "stats::lm", worst(ours, theirs)
    for method, key in (("holm", "holm"), ("benjamini_hochberg", "BH")):
        ours = trend.adjust_p_values(known["p_adjust"]["p"], method=method)
        yield f"`adjust_p_values`, {method}", "stats::p.adjust", worst(ours, known["p_adjust"][key])


def main() -> None:
    lines = [
        f"| {what} | {peer} | {numbers} | {difference:.0e} |"
        for rows in (proportion_rows(), rate_rows(), income_rows(), inequality_rows(), chance_and_trend_rows())
        for what, peer, (numbers, difference) in rows
    ]
    (ROOT / "docs" / "validation.md").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"docs/validation.md: {len(lines)} comparisons")


if __name__ == "__main__":
    main()

"""Write docs/validation.md: what was held to which package, and the largest relative difference. `python -m benchmarks.validation`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.measures import (
    decomposition,
    design,
    distribution,
    inequality,
    intersections,
    proportions,
    rates,
    regression,
    reliability,
    segregation,
    segregation_parts,
    smallarea,
    spatial,
    trend,
)
from mrstats.measures.association import independence_test
from mrstats.measures.influence import MEASURES, influence
from mrstats.sampled import estimate_domains
from mrstats.survey import SurveyDesign, survey_design

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "tests" / "reference"
HEAD = """# Validation

Made by `python -m benchmarks.validation` from tests/reference (own inputs, R's numbers; its README names packages and versions).
A difference is |ours − theirs| ÷ max(|theirs|, 10⁻⁶); ends that both are infinite, missing or exactly 0 count as equal.
Score limits are found by root search on both sides, hence their larger differences. Left out: the standard error of a
domain of one person, which R gives as 0 and mrstats as unknown. How often the intervals cover stands in
tests/measures/test_coverage.py.

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


# ---- surveys

SURVEY = REFERENCE / "03_survey"
PERSONS = pd.read_csv(SURVEY / "persons.csv").assign(everybody="")
DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "psu"}
FACTORS = {
    "total": ["everybody"],
    "by_sex": ["sex"],
    "by_region": ["region"],
    "by_cob": ["cob"],
    "by_sex_cob": ["sex", "cob"],
}
FIGURES = {
    "poor_health": ("mean", "poor_health"),
    "score": ("mean", "score"),
    "mean_income": ("mean", "income"),
    "total_count": ("total", None),
    "total_income": ("total", "income"),
    "total_poor": ("total", "poor_health"),
    "ratio_visits_hours": ("ratio", "visits"),
}


def estimates(survey: SurveyDesign, figure: str, columns: list[str]) -> dict[str, list[float]]:
    """Estimate and standard error of every group of a cross, but those of one person."""
    measure, column = FIGURES[figure]
    values = PERSONS[column] if column else np.ones(len(PERSONS))
    place, names = pd.factorize(PERSONS[columns].agg("|".join, axis=1), sort=True)
    below = PERSONS["hours"] if measure == "ratio" else None
    made = estimate_domains(survey, values, place, measure=measure, denominator=below)
    se = np.sqrt(np.diag(made.covariance))
    return {name: [made.estimate[i], se[i]] for i, name in enumerate(names) if made.n[i] > 1}


def paired(ours: dict[str, list[float]], theirs: dict, figure: str | None = None) -> tuple[list, list]:
    peers = [theirs[name][figure] if figure else theirs[name] for name in ours]
    return list(ours.values()), [[peer["est"], peer["se"]] for peer in peers]


def survey_rows():
    known, survey = expected("03_survey"), survey_design(PERSONS, **DESIGN)
    for kind in ("mean", "total", "ratio"):
        ours, theirs = [], []
        for figure in (name for name, (measure, _) in FIGURES.items() if measure == kind):
            for cross, columns in FACTORS.items():
                peers = {"": known["total"]} if cross == "total" else known[cross]
                made = paired(estimates(survey, figure, columns), peers, figure)
                ours, theirs = ours + made[0], theirs + made[1]
        yield f"`estimate_domains`, {kind}: estimates and errors of domains", "survey", worst(ours, theirs)
    ours, theirs = [], []
    for factor in ("sex", "cob", "region"):
        place = pd.factorize(PERSONS[factor], sort=True)[0]
        made = estimate_domains(survey, PERSONS["poor_health"], place)
        some = made.n > 1
        ours.append(made.covariance[np.ix_(some, some)].ravel())
        theirs.append(np.array(known[f"covariance_{factor}"]["vcov"])[np.ix_(some, some)].ravel())
    yield (
        "`estimate_domains`: covariance between domains",
        "survey",
        worst(np.concatenate(ours), np.concatenate(theirs)),
    )
    rows = [row for cross in FACTORS if cross != "total" for row in known[cross].values()] + [known["total"]]
    rows = [row for row in rows if row.get("poor_health_ci")]
    p, se = ([row["poor_health"][key] for row in rows] for key in ("est", "se"))
    for method in ("logit", "beta", "wilson", "mean"):
        df = [row["df_domain"] for row in rows] if method == "beta" else 35
        made = design.proportion_interval(p, se, df, [row["n"] for row in rows], method=method)
        peers = [row["poor_health_ci"][method] for row in rows]
        yield f"`proportion_interval`, {method}", "survey::svyciprop", worst(np.transpose(made[:2]), peers)
    y, w = PERSONS["poor_health"].to_numpy(float), PERSONS["weight"].to_numpy(float)
    variance, deff = known["total"]["poor_health"]["se"] ** 2, known["total"]["deff_poor_health"]
    made = [design.design_effect(variance, y, w, replacement=replacement) for replacement in (True, False)]
    yield "`design_effect`", "survey", worst(made, [deff[f"vs_srs_{how}_replacement"] for how in ("with", "without")])
    yield from replicate_rows(known["replicate"])
    yield from calibration_rows(known["calibration"], survey)
    yield from lonely_rows(known["lonely_psu"])
    yield from association_rows(known, survey)
    yield from quantile_rows(known["quantile_ci_woodruff"], survey)


def replicate_rows(known):
    asked = {"poor_health": "poor_health", "mean_income": "mean_income", "total_income": "total_income"}
    asked["ratio"] = "ratio_visits_hours"
    multipliers = pd.read_csv(SURVEY / "replicate_multipliers_by_psu.csv", index_col="psu").loc[PERSONS["psu"]]
    frame = PERSONS.join(multipliers.mul(PERSONS["weight"].to_numpy(), axis=0).set_index(PERSONS.index))
    for name, survey in (
        ("JK1", survey_design(PERSONS, **DESIGN, replicates="jk1")),
        ("JKn", survey_design(PERSONS, **DESIGN, replicates="jkn")),
        (
            "supplied_multipliers",
            survey_design(frame, weight="weight", replicates=list(multipliers), replicate_scale=1 / 19),
        ),
    ):
        peers = known[name]["mse_false"]
        ours = {key: estimates(survey, figure, ["everybody"])[""] for key, figure in asked.items()}
        groups = estimates(survey, "poor_health", ["cob"])
        made, theirs = paired(ours, peers)
        more, others = paired(groups, peers["cob"])
        yield f"replicates, {name.replace('_', ' ')}", "survey", worst(made + more, theirs + others)


def calibration_rows(known, survey):
    margins = {
        variable: dict(zip(margin["level"], margin["population"], strict=True))
        for variable, margin in pd.read_csv(SURVEY / "margins.csv").groupby("variable", sort=False)
    }
    weights = pd.read_csv(SURVEY / "calibrated_weights.csv")
    for key, column, what, made in (
        ("raked_calibrate", "raked", "`rake`", survey.rake(margins)),
        ("greg_linear", "greg", "`calibrate`", survey.calibrate(margins)),
        (
            "poststratified_region",
            "poststratified",
            "`rake`, one margin",
            survey.rake({"region": margins["region"]}),
        ),
    ):
        yield f"{what}: weights", "survey", worst(made.weights, weights[column])
        figures = ("poor_health", "mean_income", "total_income", "total_poor")
        ours = {figure: estimates(made, figure, ["everybody"])[""] for figure in figures}
        pairs = [paired(ours, known[key])]
        pairs += [paired(estimates(made, "poor_health", [f]), known[key][f"poor_health_{f}"]) for f in ("cob", "sex")]
        yield (
            f"{what}: estimates and errors",
            "survey",
            worst(*(np.concatenate([np.ravel(pair[side]) for pair in pairs]) for side in (0, 1))),
        )


def lonely_rows(known):
    kept = PERSONS[(PERSONS["stratum"] != 5) | (PERSONS["psu"] == 33)]
    for rule in ("certainty", "adjust", "average"):
        survey, ours, theirs = survey_design(kept, **DESIGN, lonely=rule), [], []
        for figure, values, measure in (
            ("mean", kept["poor_health"], "mean"),
            ("total_income", kept["income"], "total"),
        ):
            made = estimate_domains(survey, values, measure=measure)
            ours.append([made.estimate[0], np.sqrt(made.covariance[0, 0])])
            theirs.append([known[rule][figure]["est"], known[rule][figure]["se"]])
        yield f"a stratum of one PSU, lonely {rule}", "survey", worst(ours, theirs)


def association_rows(known, survey):
    by_sex = known["rao_scott_poor_health_by_sex"]
    for groups, peers in (
        (
            PERSONS["cob"].replace("Oceania", "Other"),
            known["rao_scott_poor_health_by_cob_oceania_in_other"],
        ),
        (PERSONS["sex"], {"F": {**by_sex, "stat": by_sex["F"]}}),
    ):
        codes, names = pd.factorize(groups, sort=True)
        cell = PERSONS["poor_health"].to_numpy() * len(names) + codes
        made = estimate_domains(survey, np.ones(len(cell)), cell, measure="total")
        table = made.estimate.reshape(2, -1), made.covariance, len(cell), 35
        for method, key in (
            ("rao_scott", "F"),
            ("rao_scott_first_order", "Chisq"),
            ("wald", "Wald"),
            ("adjusted_wald", "adjWald"),
        ):
            if key in peers:
                test, peer = independence_test(*table, method=method), peers[key]
                if key == "Chisq":  # R prints the uncorrected statistic
                    ours, theirs = [test.pearson, test.df, test.p], [peer["stat"], peer["df"], peer["p"]]
                else:
                    ours, theirs = (
                        [test.statistic, test.df, test.df_error, test.p],
                        [peer["stat"], *peer["df"], peer["p"]],
                    )
                yield f"`independence_test`, {method}, 2 × {len(names)}", "survey::svychisq", worst(ours, theirs)


def quantile_rows(known, survey):
    x, w = PERSONS["income"].to_numpy(float), PERSONS["weight"].to_numpy(float)
    quantiles = distribution.weighted_quantile(x, known["p"], w)
    below = [estimate_domains(survey, x <= at) for at in quantiles]
    se, share = [float(np.sqrt(made.covariance[0, 0])) for made in below], [made.estimate[0] for made in below]
    made = design.woodruff_interval(x, known["p"], w, se=se, df=35, share=share)
    yield (
        "`woodruff_interval`, quartiles, limits and errors",
        "survey::svyquantile",
        worst(made, [known[key] for key in ("q", "lo", "hi", "se")]),
    )


# ---- incomes

INCOMES = {
    "gini": ("gini", {}, "laeken, IC2"),
    "s80s20": ("quintile_share_ratio", {}, "laeken, convey"),
    "arpr_own_threshold": ("at_risk_of_poverty", {}, "laeken"),
    "ge0": ("generalised_entropy", {"alpha": 0}, "IC2, convey"),
    "ge1": ("generalised_entropy", {"alpha": 1}, "IC2, convey"),
    "ge2": ("generalised_entropy", {"alpha": 2}, "IC2, convey"),
    "atkinson05": ("atkinson", {"epsilon": 0.5}, "IC2, convey"),
    "atkinson1": ("atkinson", {"epsilon": 1}, "IC2, convey"),
    "atkinson2": ("atkinson", {"epsilon": 2}, "IC2, convey"),
    "median": ("quantile", {}, "laeken, survey"),
}
KERNEL = {"s80s20": "qsr", "median": "median"}
"""Errors that need a density: convey's rule is copied."""


def income_rows():
    """Points and errors of the city, both sexes and four regions."""
    known = expected("04_income")
    x, w = PERSONS["income"].to_numpy(float), PERSONS["weight"].to_numpy(float)
    points = {"total": known["points"]["total"], **known["points"]["sex"], **known["points"]["region"]}
    inside = {
        group: np.ones(len(x), bool)
        if group == "total"
        else ((PERSONS["sex"] == group) | (PERSONS["region"] == group)).to_numpy()
        for group in points
    }

    def error(name, values, group, **options):
        scores = w * influence(name, values, w, domain=inside[group], **options)
        return float(np.sqrt(design.design_covariance(scores, PERSONS["stratum"], PERSONS["psu"])[0][0, 0]))

    for key, (name, options, peer) in INCOMES.items():
        said = "".join(f", {option} {value}" for option, value in options.items())
        ours = [MEASURES[name].estimate(x[chosen], w[chosen], **options) for chosen in inside.values()]
        yield f"`{name}`{said}", peer, worst(ours, [points[group][key] for group in inside])
        if key in known["se_exact_linearised"]["total"]:
            theirs = [known["se_exact_linearised"][group][key] for group in inside]
            held = "numerical derivative" + ("" if key == "gini" else ", convey")
        elif key in KERNEL:
            theirs, held = [known["convey"][group][KERNEL[key]]["se"] for group in inside], "convey"
        else:
            continue
        yield f"`{name}`{said}: error", held, worst([error(name, x, group, **options) for group in inside], theirs)
    line = float(known["points"]["national_threshold"])
    theirs = [known["arpr_fixed_line"][group]["se"] for group in inside]
    ours = [error("at_risk_of_poverty", x, group, line=line) for group in inside]
    yield "`at_risk_of_poverty`, known line: error", "survey::svymean", worst(ours, theirs)
    moved = np.where(x == line, line - 1, x)  # convey counts the one person on the line as poor
    theirs = [known["convey"][group]["arpr_le"]["se"] for group in inside]
    ours = [error("at_risk_of_poverty", moved, group) for group in inside]
    yield "`at_risk_of_poverty`, estimated line: error, the person on it moved below", "convey", worst(ours, theirs)


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
        line, row = (
            trend.weighted_slope(series["year"], series["gap"], series["se"], spread=spread),
            known["gap_trend"][key],
        )
        ours, theirs = [line.slope, line.standard_error, line.lower, line.upper], [row["slope"], row["se"], *row[ends]]
        yield f"`weighted_slope`, {spread}", "stats::lm", worst(ours, theirs)
    for method, key in (("holm", "holm"), ("benjamini_hochberg", "BH")):
        ours = trend.adjust_p_values(known["p_adjust"]["p"], method=method)
        yield f"`adjust_p_values`, {method}", "stats::p.adjust", worst(ours, known["p_adjust"][key])


def segregation_rows():
    folder, known = REFERENCE / "09_segregation", expected("09_segregation")
    city, groups = pd.read_csv(folder / "city.csv"), known["groups"]
    counts = {year: city[[f"{group}_{year}" for group in groups]].to_numpy(float) for year in ("y1", "y2")}
    districts = np.unique(city["district"], return_inverse=True)[1]
    one = {
        "dissimilarity": "D",
        "gini": "gini",
        "isolation": "isolation",
        "eta_squared": "eta2",
        "atkinson": "atkinson05",
    }
    many = {
        "multigroup_dissimilarity": ("multigroup", "D", "OasisR"),
        "multigroup_gini": ("multigroup", "gini", "OasisR"),
        "relative_diversity": ("multigroup", "R", "OasisR"),
        "mutual_information": ("R_segregation", "M", "segregation"),
        "information_theory": ("R_segregation", "H", "segregation"),
    }
    for name, key in one.items():
        ours = [getattr(segregation, name)(*segregation.against_the_rest(n)) for n in counts.values()]
        yield f"`{name}`", "OasisR", worst(ours, [known[year]["one_group_vs_rest"][key] for year in counts])
    for name, (part, key, peer) in many.items():
        ours = [getattr(segregation, name)(n) for n in counts.values()]
        yield f"`{name}`", peer, worst(ours, [known[year][part][key] for year in counts])
    between = [segregation_parts.within_and_between(n, districts)[0] for n in counts.values()]
    theirs = [known[year]["R_segregation"]["M_between_districts"] for year in counts]
    yield "`within_and_between`", "segregation", worst(between, theirs)
    parts, shapley = segregation_parts.change_parts(*counts.values()), known["change_y1_to_y2_shapley"]
    names = {"structure": "structural", "groups": "group_marginal", "areas": "unit_marginal"}
    theirs = [shapley[name] for name in names.values()]
    yield "`change_parts`", "segregation", worst([parts[name] for name in names], theirs)
    grid, known = pd.read_csv(REFERENCE / "10_trend_space" / "grid.csv"), expected("10_trend_space")
    apart = abs(grid[["row", "col"]].to_numpy()[:, None] - grid[["row", "col"]].to_numpy()[None])
    rook = spatial.row_standardised(apart.sum(axis=2) == 1)
    yield "`morans_i`", "spdep", worst(spatial.morans_i(grid["value"], rook).value, known["moran_rook_W"]["I"])
    yield (
        "`local_moran`",
        "spdep",
        worst(spatial.local_moran(grid["value"], rook).value, known["moran_rook_W"]["local_I"]),
    )


# ---- models


def regression_rows():
    known, folder = expected("06_adjusted"), REFERENCE / "06_adjusted"
    persons = pd.read_csv(folder / "persons.csv")
    levels = {"sex": ["woman"], "cob": ["Nordic", "EU", "Other"], "edu": ["mid", "high"]}
    dummies = [persons[name] == level for name, others in levels.items() for level in others]
    x = np.column_stack([np.ones(len(persons)), *dummies, persons["age"]]).astype(float)
    y, n = persons["employed"].to_numpy(float), len(persons)
    fit = regression.regress(y, x)
    scores = regression.influence_on(fit, y, x)
    robust = design.design_covariance(scores)[0] * (n - 1) / n
    clustered = design.design_covariance(scores, psu=persons["cluster"])[0]
    yield "`regress`, logit: coefficients", "stats::glm", worst(fit.coefficients, list(known["logit"]["coef"].values()))
    for said, covariance, key in (
        ("the model's own", fit.covariance, "model"),
        ("robust", robust, "HC0"),
        ("clusters", clustered, "cluster_G_over_Gm1"),
    ):
        theirs = known["logit"]["se"][key]
        yield f"`influence_on`: errors, {said}", "sandwich", worst(np.sqrt(np.diag(covariance)), list(theirs.values()))
    made = regression.average_predictions(fit, x, [2, 3, 4], np.eye(4)[:, 1:])
    step = made.gradient[1:, 0] - made.gradient[0, 0]
    effects = [known["logit"]["margins_and_ames"][f"cob: {level} - Sweden"] for level in levels["cob"]]
    ours = [made.mean[1:, 0] - made.mean[0, 0], np.sqrt(np.diag(step @ clustered @ step.T))]
    theirs = [[row["est"] for row in effects], [row["se"]["cluster_G_over_Gm1"] for row in effects]]
    yield "`average_predictions`: effects and errors, clusters", "formula", worst(ours, theirs)
    weights = persons["weight"].to_numpy()
    weighted = regression.regress(y, x, weights=weights)
    drawn = design.design_covariance(
        regression.influence_on(weighted, y, x, weights), persons["stratum"], persons["cluster"]
    )[0]
    theirs = [list(known["svyglm_logit"][key].values()) for key in ("coef", "se")]
    yield (
        "`regress`, weights and strata",
        "survey::svyglm",
        worst([weighted.coefficients, np.sqrt(np.diag(drawn))], theirs),
    )
    counts = regression.regress(persons["visits"], x, family="negative_binomial")
    theirs = [*known["negbin_NB2"]["coef"].values(), known["negbin_NB2"]["alpha"]]
    yield "`regress`, negative binomial", "MASS::glm.nb", worst([*counts.coefficients, counts.alpha], theirs)


def decomposition_rows():
    known, folder = expected("07_decomposition"), REFERENCE / "07_decomposition"
    wages = pd.read_csv(folder / "wages.csv")
    y, in_a = wages["lnwage"].to_numpy(), (wages["foreign_born"] == 0).to_numpy()
    x = np.column_stack([np.ones(len(y)), wages[["education", "experience", "public"]]])
    a, b = (decomposition.side(y, x, np.ones(len(y)), inside) for inside in (in_a, ~in_a))
    parts = decomposition.oaxaca(a, b, a.coefficients)
    names = ("endowments", "coefficients", "interaction")
    theirs = [list(known["threefold"][name]["detail"].values()) for name in names]
    yield "`oaxaca`, three parts by column", "oaxaca", worst([parts[name].by_column for name in names], theirs)
    for key, pooled in (("neumark_pooled_without_group", x), ("jann_pooled_with_group", np.column_stack([x, in_a]))):
        parts = decomposition.oaxaca(a, b, decomposition.least_squares(y, pooled)[0][:4])
        ours = [parts[name].by_column.sum() for name in ("explained", "unexplained")]
        theirs = [known["twofold"][key][name] for name in ("explained", "unexplained")]
        yield f"`oaxaca`, {key.replace('_', ' ')}", "oaxaca", worst(ours, theirs)
    frame = pd.read_csv(folder / "kitagawa.csv")
    sides = [
        (frame[f"events_{s}"] / frame[f"population_{s}"], frame[f"population_{s}"] / frame[f"population_{s}"].sum())
        for s in "AB"
    ]
    made = decomposition.kitagawa(*sides[0], *sides[1])
    theirs = [known["kitagawa"][f"{name}_by_cell"] for name in ("rate", "composition")]
    yield "`kitagawa`, by cell", "DasGuptR", worst(made, theirs)
    cells = pd.read_csv(folder / "dasgupta3_cells.csv")
    factors = ["share", "exposure", "rate"]
    now, then = (cells.loc[cells["population"] == year, factors].to_numpy().T for year in ("y2020", "y2010"))
    ours = decomposition.das_gupta(lambda *of: np.prod(of, axis=0).sum(), now, then)
    theirs = [known["dasgupta3_vector"]["shapley_by_formula"][name] for name in factors]
    yield "`das_gupta`, sum over cells", "DasGuptR", worst(ours, theirs)


def area_rows():
    areas, known = pd.read_csv(REFERENCE / "08_small_area" / "areas.csv"), expected("08_small_area")
    for method in ("reml", "ml"):
        made = smallarea.fay_herriot(areas["direct"], areas["se"], areas[["x1", "x2"]], method=method)
        theirs = known[f"{method.upper()}_x1_x2"]
        yield f"`fay_herriot`, {method}", "sae", worst(made.value, theirs["eblup"])
        yield f"`fay_herriot`, {method}: squared error", "sae", worst(made.mse, theirs["mse"])


def strata_rows():
    persons, known = pd.read_csv(REFERENCE / "11_maihda" / "persons.csv"), expected("11_maihda")
    groups = persons.groupby(["sex", "cob", "edu", "age"])
    keys, n = groups.size().index.to_frame(), groups.size()
    wanted = {"sex": ["woman"], "cob": ["europe", "other"], "edu": ["high"], "age": ["old"]}
    main = [keys[name] == level for name, others in wanted.items() for level in others]
    main = np.column_stack([np.ones(len(n)), *main]).astype(float)
    squares = ((persons["score"] - groups["score"].transform("mean")) ** 2).sum()
    names = ["|".join(key) for key in n.index]
    for method in ("reml", "ml"):
        made, theirs = (
            intersections.linear_strata(n, groups["score"].mean(), squares, main, method=method),
            known[f"lmer_{method.upper()}"]["main"],
        )
        ours = [made.variance, made.within, *made.effect]
        yield (
            f"`linear_strata`, {method}",
            "lme4::lmer",
            worst(ours, [theirs["var_stratum"], theirs["var_resid"], *(theirs["ranef"][name]["u"] for name in names)]),
        )
    made, theirs = intersections.logit_strata(n, groups["ill"].sum(), main), known["glmer_nAGQ25"]["main"]
    peers = [theirs["var_stratum"], *(theirs["ranef"][name]["u"] for name in names)]
    yield "`logit_strata`, 25 points", "lme4::glmer", worst([made.variance, *made.effect], peers)


def main() -> None:
    lines = [
        f"| {what} | {peer} | {numbers} | {difference:.0e} |"
        for rows in (
            *(proportion_rows(), rate_rows(), survey_rows(), income_rows()),
            *(inequality_rows(), chance_and_trend_rows(), segregation_rows()),
            *(regression_rows(), decomposition_rows(), area_rows(), strata_rows()),
        )
        for what, peer, (numbers, difference) in rows
    ]
    page = ROOT / "docs" / "validation.md"
    _, heading, moved = page.read_text(encoding="utf-8").partition("\n## ")  # `benchmarks.moving` writes that part
    page.write_text(HEAD + "\n".join(lines) + "\n" + heading + moved, encoding="utf-8")
    print(f"docs/validation.md: {len(lines)} comparisons")


if __name__ == "__main__":
    main()

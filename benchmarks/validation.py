"""Write docs/validation.md: what was held to which package, and the largest relative difference. `python -m benchmarks.validation`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.measures import distribution, proportions, rates
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


def main() -> None:
    lines = [
        f"| {what} | {peer} | {numbers} | {difference:.0e} |"
        for rows in (proportion_rows(), rate_rows(), income_rows())
        for what, peer, (numbers, difference) in rows
    ]
    (ROOT / "docs" / "validation.md").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    print(f"docs/validation.md: {len(lines)} comparisons")


if __name__ == "__main__":
    main()

"""Write docs/recovery.md: every model on Exempelstad beside the truth it was drawn from. `python -m benchmarks.recovery`.

The truth of a figure is the same figure of the residents' stated probabilities in place of what came of them; for a
regression it is what the stated terms predict. Coverage is counted over outcomes drawn anew for the same residents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

import mrstats as mr
from mrstats.dataset import City
from mrstats.example_city.outcomes import LEVELS, QUINTILES, predictor
from mrstats.example_city.people import BIRTH, truth
from mrstats.measures.contrasts import mover_ratio
from mrstats.measures.intersections import logit_strata
from mrstats.models import adjusted_gaps, decompose_gap, intersections, small_areas, small_areas_check

ROOT = Path(__file__).parents[1]
YEAR = 2024
SUN = {"1": 0, "2": 0, "3": 1, "4": 1, "5": 2, "6": 3, "7": 3, "US": 4}
FIVE = dict(zip(BIRTH, ["SE", "nordic", "eu", "europe", *["world"] * 5, "unknown"], strict=True))
REDRAWN = 100
SHARE = 0.25
"""Of the residents, in the cities that are drawn anew: the interval is twice as wide, and a miss as telling."""

HEAD = f"""# Truth and estimate

Made by `python -m benchmarks.recovery` from Exempelstad, whose outcomes are drawn from a stated model (truth.toml), year
{YEAR}, placed residents. The truth of a gap, a decomposition or a stratum is the same figure of the stated probabilities in
place of what came of them. Intervals are at 95 per cent: one row in twenty lies outside by chance. Those of what is
explained count the residents' own composition as drawn, as is usual; here only outcomes are, so they cover more often.
Of the survey, who is asked, who answers and what they say are drawn anew; its truth is that of all adults with a known home.

| model | what | truth | estimate | interval | within |
|---|---|---|---|---|---|
"""


def residents(city: City, year: int = YEAR) -> pd.DataFrame:
    """Placed residents with what the terms are read from, and whether they live alone."""
    frame = pd.concat([pd.read_parquet(path) for path in city.files("persons") if str(year) in path.name])
    frame["alone"] = (frame.groupby("household")["person_id"].transform("size") == 1).astype(int)
    return frame[frame["deso"].notna() & ~frame["protected_identity"]].reset_index(drop=True)


def factors_of(city: City, rows: pd.DataFrame, **fixed: int) -> dict:
    """The residents' factors as the terms name them, some of them set to one place for all."""
    districts = city.area_names("district")
    names = sorted({name for code, name in districts.items()})
    age = rows["age"].to_numpy()
    places = {
        "sex": ((rows["sex"] == "2").astype(int), ("men", "women")),
        "country_of_birth": (rows["country_of_birth"].map(BIRTH.index), BIRTH),
        "education": (rows["education"].map(SUN).fillna(5).astype(int), LEVELS),
        "district": (rows["deso"].map(city.parent_codes("deso", "district")).map(districts).map(names.index), names),
        "household": (rows["alone"], ("with others", "alone")),
        "disability": ((rows["disability"] == "with").astype(int), ("without", "with")),
        "income_quintile": (rows["income_quintile"].map(QUINTILES.index), QUINTILES),
        "library_within_1_km": (np.zeros(len(rows), int), ("no", "yes")),
    }
    made = {name: (np.asarray(place), groups) for name, (place, groups) in places.items()}
    made |= {name: (np.full(len(rows), place), made[name][1]) for name, place in fixed.items()}
    return made | {"age": age, "years_since_2019": YEAR - 2019, "decades_over_65": (age - 65) / 10}


def stated(city: City, rows: pd.DataFrame, outcome: str, **fixed: int) -> np.ndarray:
    """Linear predictor of each resident."""
    return predictor(truth()["outcomes"][outcome]["terms"], factors_of(city, rows, **fixed), len(rows))


def with_services(city: City, rows: pd.DataFrame) -> City:
    """The city of these residents, with the number of services and the stated probabilities as indicators."""
    care, work = city.indicator("home_care"), city.indicator("employment")
    services = replace(care, name="services", measure="mean", numerator="home_care_services", denominator="home_care")
    chance = replace(work, name="chance", measure="mean", numerator="chance")
    described = replace(city.description, indicators={**city.indicators, "services": services, "chance": chance})

    return City(described, city.folder, language="en", frames={"persons": rows})


def line(model: str, what: str, true: float, estimate: float, lower: float, upper: float, decimals: int = 2) -> str:
    within = "yes" if lower <= true <= upper else "**no**"
    figures = f"{true:.{decimals}f} | {estimate:.{decimals}f} | {lower:.{decimals}f} to {upper:.{decimals}f}"
    return f"| {model} | {what} | {figures} | {within} |"


def adjusted_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    old = rows[rows["age"] >= 65]
    table = adjusted_gaps(city, "home_care", "country_of_birth", ["sex", "age", "disability", "alone"])
    at_home = expit(stated(city, old, "home_care", country_of_birth=0))
    for row in table[(table["status"] != "C") & (table["country_of_birth"] != "SE")].itertuples():
        there = expit(stated(city, old, "home_care", country_of_birth=BIRTH.index(row.country_of_birth)))
        limits = row.adjusted_difference, row.adjusted_difference_lower, row.adjusted_difference_upper
        yield line(
            "logit", f"home care, born {row.country_of_birth} − Sweden, points", 100 * (there - at_home).mean(), *limits
        )
    users = rows[rows["home_care"]]
    held = ["age", "disability"]
    table = adjusted_gaps(city, "services", "income_quintile", held, model="truncated", reference="Q5")
    top = 7 * expit(stated(city, users, "home_care_services", income_quintile=4))
    for row in table[table["income_quintile"] != "Q5"].itertuples():
        other = 7 * expit(
            stated(city, users, "home_care_services", income_quintile=QUINTILES.index(row.income_quintile))
        )
        limits = row.adjusted_difference, row.adjusted_difference_lower, row.adjusted_difference_upper
        yield line("zero-truncated count", f"services, {row.income_quintile} − Q5", (other - top).mean(), *limits)
    table = adjusted_gaps(city, "library_visits", "sex", ["age_group", "education"]).set_index("sex")
    limits = [[table.loc[sex, f"adjusted_{end}"]] for sex in ("women", "men") for end in ("value", "lower", "upper")]
    ends = [limits[0][0] / limits[3][0], *(float(end[0]) for end in mover_ratio(*limits))]
    yield line("negative binomial", "library visits, women ÷ men", np.exp(0.25), *ends, decimals=3)


def decomposed(city: City, indicator: str, factor: str, by: list[str], method: str) -> pd.DataFrame:
    group = {"sex": "women", "country_of_birth_five": "world"}[factor]
    return decompose_gap(city, indicator, factor, by, method=method, group=group).set_index(["part", "by"])


def decomposition_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    by = ["education", "age_group", "disability"]
    for method in ("oaxaca", "neumark", "threefold", "kitagawa", "das_gupta"):
        made = decomposed(city, "employment", "country_of_birth_five", by, method)
        known = decomposed(city, "chance", "country_of_birth_five", by, method)
        for part, name in made.index[1:]:
            row = made.loc[(part, name)]
            what = f"employment, born in the rest of the world − Sweden: {part}{', ' + name if name else ''}"
            yield line(method, what, 100 * known.loc[(part, name), "value"], row["value"], row["lower"], row["upper"])


def area_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    school = rows[rows["age"] == 16]
    p = 100 * expit(stated(city, school, "eligible_upper_secondary"))
    true = pd.Series(p).groupby(school["deso"].to_numpy()).mean()
    table = mr.break_down(city, "eligibility", geography="deso", years=[YEAR])
    poor = mr.break_down(city, "low_economic_standard", geography="deso", years=[YEAR])
    covariates = poor.loc[poor["geography_level"] == "deso", ["geography", "value"]].rename(columns={"value": "poor"})
    made = small_areas(table, covariates[covariates["geography"] != "_U"]).set_index("geography")
    made = made[made["modelled_value"].notna()]
    apart = {name: made[name] - true[made.index] for name in ("value", "modelled_value")}
    raw, modelled = (float(np.sqrt((each**2).mean())) for each in apart.values())
    inside = 100 * ((made["modelled_lower"] < true[made.index]) & (true[made.index] < made["modelled_upper"])).mean()
    what = f"eligibility in {len(made)} DeSO of some {school.groupby('deso').size().median():.0f} pupils"
    yield f"| Fay–Herriot | {what}: error of the raw figures, points | 0 | {raw:.2f} | | |"
    yield f"| Fay–Herriot | the same: error of the modelled ones | 0 | {modelled:.2f} | | |"
    yield f"| Fay–Herriot | the same: true values within the interval, per cent | 95 | {inside:.0f} | | |"


def held_out_rows(city: City) -> Iterator[str]:
    table = mr.break_down(city, "eligibility", geography="deso", years=[YEAR - 1, YEAR])
    poor = mr.break_down(city, "low_economic_standard", geography="deso", years=[YEAR - 1])
    covariates = poor.loc[poor["geography_level"] == "deso", ["geography", "value"]].rename(columns={"value": "poor"})
    row = small_areas_check(table, covariates[covariates["geography"] != "_U"]).iloc[0]
    said = f"{YEAR - 1} against {YEAR}, {row['areas']} areas"
    yield f"| Fay–Herriot | {said}: error of the raw figures, points | | {row['raw_error']:.2f} | | |"
    yield f"| Fay–Herriot | {said}: error of the modelled ones | | {row['modelled_error']:.2f} | | |"


def intersection_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    factors = ["sex", "country_of_birth_five", "education"]
    table = intersections(city, "employment", factors)
    work = rows[rows["age"].between(20, 64)]
    school = work["education"].map(SUN).map(LEVELS.__getitem__)
    keys = [work["sex"].map({"1": "men", "2": "women"}), work["country_of_birth"].map(FIVE), school]
    named = [key.rename(name) for name, key in zip(factors, keys, strict=True)]
    true = pd.Series(expit(stated(city, work, "employed")), work.index).groupby(named)
    p = true.mean().reindex(pd.MultiIndex.from_frame(table[factors])).to_numpy()
    n = table["n"].fillna(1).to_numpy() * 1000  # so many that no chance is left
    main = pd.get_dummies(table[factors], drop_first=True).to_numpy(float)
    null, full = (logit_strata(n, n * p, x) for x in (np.ones((len(n), 1)), np.column_stack([np.ones(len(n)), main])))
    first = table.iloc[0]
    for name, known in (("vpc", null.vpc), ("vpc_main", full.vpc), ("pcv", 1 - full.variance / null.variance)):
        yield line(
            "MAIHDA",
            f"employment, {name}, per cent",
            100 * known,
            first[name],
            first[f"{name}_lower"],
            first[f"{name}_upper"],
        )
    shown = (table["status"] != "C").to_numpy()
    inside = (table["modelled_lower"] < 100 * p) & (100 * p < table["modelled_upper"])
    yield f"| MAIHDA | {shown.sum()} strata: true shares within the interval, per cent | 95 | {100 * inside[shown].mean():.0f} | | |"


def coverage_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    """How often intervals cover, over outcomes drawn anew for a quarter of the residents."""
    random = np.random.default_rng(1)
    some = rows[random.random(len(rows)) < SHARE].reset_index(drop=True)
    old, work = some[some["age"] >= 65], some[some["age"].between(20, 64)]
    care, employed = expit(stated(city, old, "home_care")), expit(stated(city, work, "employed"))
    away = [expit(stated(city, old, "home_care", country_of_birth=place)) for place in (BIRTH.index("asia"), 0)]
    true = {"adjusted": 100 * (away[0] - away[1]).mean()}
    expected = with_services(city, work.assign(chance=employed))
    by = ["education", "age_group"]
    methods = ("oaxaca", "kitagawa")
    for method in methods:
        true[method] = 100 * decomposed(expected, "chance", "sex", by, method)["value"].iloc[1]
    hits = dict.fromkeys(true, 0)
    for _ in range(REDRAWN):
        again = with_services(city, old.assign(home_care=random.random(len(old)) < care))
        table = adjusted_gaps(again, "home_care", "country_of_birth", ["sex", "age", "disability", "alone"])
        row = table.set_index("country_of_birth").loc["asia"]
        hits["adjusted"] += row["adjusted_difference_lower"] < true["adjusted"] < row["adjusted_difference_upper"]
        again = with_services(city, work.assign(employed=random.random(len(work)) < employed))
        for method in methods:
            row = decomposed(again, "employment", "sex", by, method).iloc[1]
            hits[method] += row["lower"] < true[method] < row["upper"]
    for name, hit in hits.items():
        what = {
            "adjusted": "born in Asia − Sweden",
            "oaxaca": "explained, women − men",
            "kitagawa": "composition, women − men",
        }
        yield f"| {name} | {what[name]}: intervals that cover, of {REDRAWN} | 95 | {hit} | | |"


def allocation_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    """Services over income groups: with the stated number for each who has any in place of the number drawn."""
    care = rows["home_care"].fillna(False).astype(bool).to_numpy()
    number = 1 + 7 * expit(stated(city, rows, "home_care_services"))
    expected = with_services(city, rows.assign(home_care_services=np.where(care, number, np.nan)))
    true, found = (
        mr.allocation(each, "services", "income_quintile", need="home_care").iloc[0]
        for each in (expected, with_services(city, rows))
    )
    ends = (found["concentration_lower"], found["concentration_upper"])
    what = "services over income, concentration index"
    yield line("allocation", what, true["concentration"], found["concentration"], *ends, decimals=4)


def segregation_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    """Dissimilarity of births drawn anew from each DeSO's own share: with and without what chance adds."""
    random = np.random.default_rng(2)
    some = rows[random.random(len(rows)) < SHARE / 5].reset_index(drop=True)
    abroad = rows["country_of_birth"].ne(BIRTH[0])
    share = abroad.groupby(rows["deso"]).mean().loc[some["deso"]].to_numpy()
    by_area = pd.DataFrame({"deso": some["deso"], "abroad": share, "home": 1 - share}).groupby("deso").sum()
    true = 0.5 * (by_area["abroad"] / share.sum() - by_area["home"] / (1 - share).sum()).abs().sum()
    found = []
    for _ in range(REDRAWN):
        born = np.where(random.random(len(some)) < share, "asia", BIRTH[0])
        drawn = with_services(city, some.assign(country_of_birth=born))
        table = mr.segregation(drawn, "country_of_birth", permutations=99)
        found.append(table[(table["measure"] == "dissimilarity") & (table["group"] == "_T")].iloc[0])
    found = pd.DataFrame(found)
    about = f"born abroad in DeSO of some {len(some) // 180}, mean of {REDRAWN}: "
    for name, what in (("value", "D as counted"), ("corrected", "D less what chance adds")):
        yield f"| segregation | {about}{what} | {true:.4f} | {found[name].mean():.4f} | | |"
    hit = int(((found["lower"] <= true) & (true <= found["upper"])).sum())
    yield f"| segregation | the same: intervals that cover, of {REDRAWN} | 95 | {hit} | | |"


def effect_rows(city: City) -> Iterator[str]:
    """Three points more in employment planted in 40 DeSO by lot, in the years that Exempelstad has."""
    random = np.random.default_rng(3)
    table = mr.break_down(city, "employment", geography="deso", years=[2020, 2021, 2022, 2023, 2024])
    table = table[~table["geography"].isin(["_U"])]
    codes, since, planted = table.loc[table["geography_level"] == "deso", "geography"].unique(), 2023, 0.03
    found = []
    for _ in range(REDRAWN):
        met = random.choice(codes, 40, replace=False)
        at = (table["geography"].isin(met) & (table["year"] >= since)).to_numpy()
        rest = (table["population"] - table["count"]).to_numpy(int)
        more = random.binomial(rest, np.clip(planted * table["population"] / np.maximum(rest, 1), 0, 1)) * at
        changed = table.assign(value=table["value"] + 100 * more / table["population"])
        found.append(mr.effect(changed, list(met), since=since, city=city).iloc[0])
    found, true = pd.DataFrame(found), 100 * planted
    mean = f"{true:.2f} | {found['effect'].mean():.2f}"
    yield f"| difference-in-differences | planted in 40 DeSO by lot, points, mean of {REDRAWN} | {mean} | | |"
    hit = int(((found["lower"] <= true) & (true <= found["upper"])).sum())
    yield f"| difference-in-differences | the same: intervals that cover, of {REDRAWN} | 95 | {hit} | | |"


def main() -> None:
    from benchmarks.recovery_surveys import survey_rows  # it takes residents and rows from here

    city = mr.open_dataset("exempelstad", language="en")
    rows = residents(city)
    made = with_services(city, rows.assign(chance=expit(stated(city, rows, "employed"))))
    lines = [
        *adjusted_rows(made, rows),
        *decomposition_rows(made, rows),
        *area_rows(made, rows),
        *held_out_rows(city),
        *intersection_rows(made, rows),
        *coverage_rows(city, rows),
        *allocation_rows(city, rows),
        *segregation_rows(city, rows),
        *effect_rows(city),
        *survey_rows(city, rows),
    ]
    text = HEAD + "\n".join(lines) + "\n"
    (ROOT / "docs" / "recovery.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

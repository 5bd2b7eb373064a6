"""`mr.small_areas`: what is known of made-up areas, raw beside modelled, the city's mean kept, and what is refused."""

import tomllib

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import AREAS, FACTORS, indicator, toml
from mrstats.dataset import City
from mrstats.dataset.description import describe
from mrstats.measures.smallarea import fay_herriot
from mrstats.models.smallareas import small_areas, small_areas_check
from mrstats.schema import MrstatsError, UnknownNameError

CODES = [f"A{i:02}" for i in range(40)]
PLACES = pd.DataFrame({"code": CODES, "name": CODES, "parent": "D1"})
INDICATORS = indicator("care", "proportion", numerator="care", more='direction = "favourable"')
INDICATORS += indicator("pay", "mean", numerator="pay") + indicator("number", "count")
COVARIATES = pd.DataFrame({"geography": CODES, "poor": np.linspace(-1, 1, 40)})


def true_share(seed=0, kept=0.05):
    return 0.3 + 0.1 * COVARIATES["poor"].to_numpy() + np.random.default_rng(seed).normal(0, kept, 40)


def city_of(seed, truth, years=(2023, 2024)):
    random = np.random.default_rng(seed)
    size = np.repeat(np.arange(40), random.integers(15, 150, 40))
    parts = []
    for year in years:
        rows = pd.DataFrame({"year": year, "area": np.array(CODES)[size], "sex": "1", "education": "1", "age": 40})
        rows["person_id"], rows["protected_identity"] = np.arange(len(rows)), False
        rows["care"] = random.random(len(rows)) < truth[size]
        rows["pay"] = 20 + 10 * truth[size] + random.normal(0, 3, len(rows))
        parts.append(rows)
    districts = pd.DataFrame({"code": ["D1"], "name": ["Norr"]})
    description = describe(tomllib.loads(toml(factors=FACTORS, indicators=INDICATORS, areas=AREAS)))
    frames = {"people": pd.concat(parts, ignore_index=True)}
    return City(description, None, language="sv", frames=frames, areas={"area": PLACES, "district": districts})


@pytest.fixture(scope="module")
def table():
    return mr.break_down(city_of(1, true_share()), "care", geography="area", years=[2024])


def test_raw_stands_beside_modelled_and_is_marked(table):
    made = small_areas(table, COVARIATES)
    raw = table[table["geography_level"] == "area"].reset_index(drop=True)
    pd.testing.assert_frame_equal(made[list(raw)], raw)
    assert set(made["model"]) == {"fay-herriot reml"}
    assert made["reliability"].between(0, 1).all()
    assert (made["modelled_lower"] < made["modelled_value"]).all()


def test_the_mean_over_residents_is_the_raw_one(table):
    made = small_areas(table, COVARIATES)
    raw, modelled = (np.average(made[name], weights=made["population"]) for name in ("value", "modelled_value"))
    assert modelled == pytest.approx(raw, rel=1e-12)
    assert raw == pytest.approx(table.loc[table["geography_level"] == "city", "value"].iloc[0])


def test_a_mean_is_the_measures_own_but_for_the_benchmark():
    table = mr.break_down(city_of(2, true_share()), "pay", geography="area", years=[2024])
    made = small_areas(table, method="ml")
    direct = fay_herriot(made["value"], made["se"], method="ml")
    assert made["modelled_se"].to_numpy() == pytest.approx(np.sqrt(direct.mse))
    assert made["modelled_value"].to_numpy() == pytest.approx(direct.value, abs=0.1)


def test_the_model_errs_less_than_the_raw_figures_and_its_intervals_cover():
    raw, modelled, hits = [], [], []
    for seed in range(16):
        truth = true_share(50 + seed)
        made = small_areas(mr.break_down(city_of(seed, truth, (2024,)), "care", geography="area"), COVARIATES)
        raw.append((made["value"] - 100 * truth) ** 2)
        modelled.append((made["modelled_value"] - 100 * truth) ** 2)
        hits.append((made["modelled_lower"] < 100 * truth) & (100 * truth < made["modelled_upper"]))
    assert np.mean(modelled) < 0.75 * np.mean(raw)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.025)  # 640 areas


def test_a_year_not_seen_is_told_better_by_the_model():
    table = mr.break_down(city_of(3, true_share(3)), "care", geography="area", years=[2023, 2024])
    row = small_areas_check(table, COVARIATES).iloc[0]
    assert (row["year"], row["next_year"], row["areas"]) == (2023, 2024, 40)
    assert row["modelled_error"] < row["raw_error"]
    assert row["covered"] >= 85


def test_hidden_figures_stay_hidden_and_tell_nothing(table):
    other = table.copy()
    other.loc[3, ["value", "lower", "upper", "se", "n", "population", "count"]] = np.nan
    other.loc[3, "status"] = "C"
    made = small_areas(other, COVARIATES)
    hidden = made["status"] == "C"
    assert made.loc[hidden, ["modelled_value", "modelled_se", "reliability"]].isna().all().all()
    assert made.loc[~hidden, "modelled_value"].notna().all()


def test_an_area_where_nobody_has_it_has_an_error_all_the_same():
    truth = true_share(4)
    truth[:3] = 0.0
    made = small_areas(mr.break_down(city_of(4, truth, (2024,)), "care", geography="area"), COVARIATES)
    zero = made[made["value"] == 0]
    assert len(zero) == 3
    assert (zero["modelled_value"] > 0).all()
    assert (zero["modelled_se"] > 0.5).all()


def test_what_cannot_be_modelled_is_named_with_the_cure(table):
    def refused(said, table=table, covariates=COVARIATES, *, error=MrstatsError, **options):
        with pytest.raises(error, match=said):
            small_areas(table, covariates, **options)

    refused("9 areas of 'area' have a figure of 'care' in 2024, and a model needs 10", table.iloc[:10])
    refused("'poor' is not known for 2 of 40 areas, the first 'A00'", covariates=COVARIATES.iloc[2:])
    refused("'flat' is the same in every area", covariates=COVARIATES.assign(flat=1))
    refused("'twice' says what poor say already", covariates=COVARIATES.assign(twice=2 * COVARIATES["poor"]))
    refused("has area 'A00' twice", covariates=pd.concat([COVARIATES, COVARIATES.iloc[:1]]))
    refused("column 'word' holds no numbers", covariates=COVARIATES.assign(word="x"))
    refused("needs a column geography", covariates=COVARIATES.rename(columns={"geography": "area"}))
    refused("one of reml, ml", method="eb", error=UnknownNameError)
    refused("lacks se, n", table.drop(columns=["se", "n"]))
    refused("has no areas", table[table["geography_level"] == "city"])
    refused("'number' is a count", mr.break_down(city_of(1, true_share()), "number", geography="area", years=[2024]))
    with pytest.raises(MrstatsError, match="only the year 2024"):
        small_areas_check(table)

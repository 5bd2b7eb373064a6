"""The residents: sizes, columns, households, and people who stay the same persons from year to year."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

YEARS = range(2019, 2025)
COLUMNS = {
    "year": "int16", "person_id": "int32", "household": "int32",
    "deso": "string", "service_area": "string", "point_id": "int32",
    "sex": "string", "age": "int16", "education": "string", "country_of_birth": "string",
    "disability": "string", "disposable_income": "int32", "employed": "bool",
    "eligible_upper_secondary": "bool", "home_care": "bool", "home_care_services": "int8",
    "long_term_income_support": "bool", "library_visits": "int16", "crime_victim": "bool",
    "cost_home_care": "int32", "low_economic_standard": "bool", "income_quintile": "string",
    "protected_identity": "bool",
}  # fmt: skip


@pytest.mark.parametrize("year", YEARS)
def test_a_year_has_its_columns_one_row_per_resident_and_its_own_number(built, year):
    schema = pq.read_schema(built.folder / f"persons-{year}.parquet")
    types = {
        field.name: str(getattr(field.type, "value_type", field.type)) for field in schema
    }  # text is dictionary-encoded
    assert types == COLUMNS
    persons = built.persons(year, columns=["person_id", "year"])
    assert persons["person_id"].is_unique
    assert set(persons["year"]) == {year}
    assert 345_000 < len(persons) < 375_000


def test_the_city_grows_by_about_one_per_cent_a_year(built):
    sizes = [pq.read_metadata(built.folder / f"persons-{year}.parquet").num_rows for year in YEARS]
    growth = np.diff(sizes) / sizes[:-1]
    assert (growth > 0.007).all()
    assert (growth < 0.013).all()


@pytest.mark.parametrize("year", [2019, 2023])
def test_those_who_stay_grow_a_year_older_and_keep_sex_and_birth(built, year):
    columns = ["person_id", "age", "sex", "country_of_birth", "education", "disability", "deso"]
    before, after = (built.persons(y, columns=columns).set_index("person_id") for y in (year, year + 1))
    both = before.merge(after, on="person_id", suffixes=("", "_after"))
    assert 0.90 < len(both) / len(before) < 0.97
    assert (both["age_after"] == both["age"] + 1).all()
    assert (both["sex_after"] == both["sex"]).all()
    assert (both["country_of_birth_after"] == both["country_of_birth"]).all()
    known = both[(both["education"] != "US") & both["education"].notna()]
    known = known[known["education_after"] != "US"]
    assert (known["education_after"].astype(str) >= known["education"].astype(str)).all()
    assert not ((both["disability"] == "with") & (both["disability_after"] == "without")).any()
    moved = (both["deso"] != both["deso_after"]) & both["deso"].notna() & both["deso_after"].notna()
    assert 0.05 < moved.mean() < 0.15
    born = after[after["age"] == 0]
    assert 3000 < len(born) < 6500
    assert not born.index.isin(before.index).any()
    arrived = after[~after.index.isin(before.index) & (after["age"] > 0)]
    assert len(arrived) > 8000
    assert arrived.index.min() > before.index.max()


def test_outcomes_of_a_person_hang_together_over_the_years(built):
    columns = ["person_id", "employed", "age"]
    before, after = (built.persons(y, columns=columns).set_index("person_id") for y in (2022, 2023))
    both = before[before["age"].between(25, 60)].merge(after, on="person_id", suffixes=("", "_after"))
    assert both["employed"].corr(both["employed_after"]) > 0.6


def test_those_without_a_place_are_few_and_include_everyone_protected(built):
    persons = built.persons(*YEARS, columns=["deso", "service_area", "point_id", "protected_identity"])
    nowhere = persons["deso"].isna()
    assert (persons["service_area"].isna() == nowhere).all()
    assert (persons["point_id"].isna() == nowhere).all()
    assert nowhere[persons["protected_identity"]].all()
    assert 0.001 < persons["protected_identity"].mean() < 0.0025
    assert 0.003 < (nowhere & ~persons["protected_identity"]).mean() < 0.005


def test_places_are_those_of_the_map(built):
    persons = built.persons(2024, columns=["deso", "service_area", "point_id"]).dropna()
    points = built.layer("points").set_index("point_id")
    assert set(persons["deso"]) == set(built.layer("deso")["code"])
    assert set(persons["service_area"]) == set(built.layer("service_area")["code"])
    for level in ("deso", "service_area"):
        assert (points[level].reindex(persons["point_id"]).to_numpy() == persons[level].to_numpy()).all()


def test_a_household_shares_place_income_and_standard(built):
    persons = built.persons(2024)
    homes = persons.groupby("household")
    for column in ("deso", "disposable_income", "low_economic_standard", "protected_identity"):
        assert (homes[column].nunique() <= 1).all(), column
    size = homes.size()
    assert 1.8 < size.mean() < 2.4
    assert 0.3 < (size == 1).mean() < 0.5
    assert homes["age"].max().ge(16).mean() > 0.999


def test_columns_hold_only_what_they_may(built):
    persons = built.persons(2021)
    assert (persons["education"].isna() == (persons["age"] < 16)).all()
    assert persons["age"].between(0, 112).all()
    assert persons["disposable_income"].gt(0).all()
    only = {
        "employed": persons["age"].between(16, 74),
        "eligible_upper_secondary": persons["age"] == 16,
        "home_care": persons["age"] >= 65,
        "long_term_income_support": persons["age"].between(18, 64),
        "crime_victim": persons["age"] >= 16,
    }
    for column, may in only.items():
        assert persons[column].sum() > 0, column
        assert not persons.loc[~may, column].any(), column
    assert ((persons["home_care_services"] > 0) == persons["home_care"]).all()
    assert ((persons["cost_home_care"] > 0) == persons["home_care"]).all()
    assert persons["home_care_services"].max() <= 8


def test_income_quintiles_are_fifths_of_persons_in_order_of_income(built):
    persons = built.persons(2022, columns=["income_quintile", "disposable_income"])
    shares = persons["income_quintile"].value_counts(normalize=True)
    assert shares.between(0.199, 0.201).all()
    limits = persons.groupby("income_quintile", observed=True)["disposable_income"].agg(["min", "max"])
    assert list(limits.index) == ["Q1", "Q2", "Q3", "Q4", "Q5"]
    assert (limits["min"].to_numpy()[1:] > limits["max"].to_numpy()[:-1]).all()


def test_the_mix_of_ages_and_births_is_that_of_a_large_swedish_city(built):
    persons = built.persons(2019, 2024, columns=["year", "age", "country_of_birth", "sex"])
    for _, year in persons.groupby("year"):
        assert 0.19 < (year["age"] < 18).mean() < 0.26
        assert 0.13 < (year["age"] >= 65).mean() < 0.19
        assert 0.25 < (year["country_of_birth"] != "SE").mean() < 0.36
        assert 0.49 < (year["sex"] == "2").mean() < 0.52
        ages = pd.Series(year["age"]).value_counts().reindex(range(80))
        assert (ages / ages.shift()).dropna().between(0.7, 1.5).all()

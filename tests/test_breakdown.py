"""`break_down`: figures worked by hand on the tiny city, and by an independent pandas mask on random persons."""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

import mrstats as mr
from made_city import (
    AREAS,
    CELL_TABLE,
    DISTRICT_OF,
    EDUCATION,
    FACTORS,
    SEX,
    indicator,
    made_city,
    random_people,
    toml,
    write_dataset,
)
from mrstats import schema
from mrstats.breakdown import check_request, compute

Z = 1.959963984540054
FIGURES = schema.FIGURES


def one(table, **where):
    """The only row where all columns hold these values."""
    mask = np.logical_and.reduce([table[column] == value for column, value in where.items()])
    assert mask.sum() == 1, f"{mask.sum()} rows where {where}"
    return table[mask].iloc[0]


def wilson(x, n):
    """Formula 30 of the methods, in per cent."""
    half = Z * math.sqrt(Z**2 + 4 * x * (1 - x / n))
    return [100 * (2 * x + Z**2 + sign * half) / (2 * (n + Z**2)) for sign in (-1, 1)]


def byar(x):
    lower = x * (1 - 1 / (9 * x) - Z / (3 * math.sqrt(x))) ** 3
    return lower, (x + 1) * (1 - 1 / (9 * (x + 1)) + Z / (3 * math.sqrt(x + 1))) ** 3


# By hand, on the hundred persons


def test_every_area_of_the_tiny_city_by_hand(tiny):
    # Area A1 holds persons 0–4, 20–24, …: of each five one child. Employed are the first 11 of each twenty
    # adult women and the first 13 of each twenty adult men.
    employed = {"A1": 0, "A2": 0, "A3": 0, "A4": 0}
    seen = {"2": 0, "1": 0}
    for i in range(100):
        if i % 5:
            sex = "2" if i % 2 == 0 else "1"
            employed[f"A{i // 5 % 4 + 1}"] += seen[sex] % 20 < (11 if sex == "2" else 13)
            seen[sex] += 1
    table = mr.break_down(tiny, "employment", geography="area")
    for area, count in employed.items():
        row = one(table, geography=area)
        assert (row["n"], row["population"], row["count"], row["affected"]) == (20, 20, count, 20 - count)
        assert row["value"] == pytest.approx(100 * count / 20)
    assert sum(employed.values()) == one(table, geography_level="city")["count"] == 48


def test_the_citys_row_explains_itself(tiny):
    row = mr.break_down(tiny, "employment").iloc[0]
    assert (row["indicator"], row["year"], row["geography_level"], row["geography"]) == (
        "employment",
        2024,
        "city",
        "9999",
    )
    assert (row["measure"], row["method"], row["confidence"], row["status"]) == (
        "proportion",
        "register wilson",
        0.95,
        "",
    )
    assert [row["lower"], row["upper"]] == pytest.approx(wilson(48, 80), rel=1e-12)


def test_mean_of_the_tiny_city_by_hand(tiny):
    # visits 0, 1, 2, 3, 4, twenty persons each: mean 2, variance 20·10/99
    row = mr.break_down(tiny, "visits").iloc[0]
    error = math.sqrt(200 / 99 / 100)
    assert row["value"] == 2
    assert row["se"] == pytest.approx(error)
    assert row["df"] == 99
    assert row["upper"] == pytest.approx(2 + stats.t.ppf(0.975, 99) * error)


def test_count_of_the_tiny_city_by_hand(tiny):
    table = mr.break_down(tiny, "population", by="sex", geography="area")
    assert one(table, geography_level="city", sex="_T")["value"] == 100
    assert table.loc[(table["geography_level"] == "area") & (table["sex"] == "_T"), "value"].tolist() == [25.0] * 4
    assert set(table["measure"]) == {"count"}


def test_columns_and_order_are_those_of_the_schema(tiny):
    table = mr.break_down(tiny, "employment", by=["sex", "country_of_birth_five"], geography="area")
    assert list(table.columns) == [
        *schema.IDENTITY,
        "sex",
        "country_of_birth_five",
        *schema.FIGURES,
        *schema.DESCRIPTION,
    ]
    assert schema.factor_columns(table) == ["sex", "country_of_birth_five"]
    assert table["geography_level"].iloc[0] == "city"
    assert table["estimate_id"].is_unique


def test_groups_that_are_not_in_the_city_are_there_as_cells_nobody_is_in(tiny):
    # The tiny city knows two of the five groups of birth; its codes say so, and no other group is printed.
    table = mr.break_down(tiny, "employment", by="country_of_birth_five")
    assert table["country_of_birth_five"].tolist() == ["_T", "SE", "world"]


# Against an independent mask


@pytest.fixture(scope="module")
def people():
    return random_people()


@pytest.fixture(scope="module")
def city(people):
    return made_city(people)


@pytest.fixture(scope="module")
def stored(people, tmp_path_factory):
    """The same persons in Parquet files, read through DuckDB."""
    return mr.open_dataset(write_dataset(tmp_path_factory.mktemp("raw") / "made", people))


@pytest.fixture(scope="module")
def labelled(people):
    """The persons in the table's own codes, made with pandas alone."""
    area = people["area"].where(~people["protected_identity"]).astype(object)
    return people.assign(
        sex=people["sex"].map(SEX),
        education=people["education"].map(EDUCATION),
        area_=area.where(area.notna(), "_U"),
        district_=area.map(DISTRICT_OF).astype(object).where(area.notna(), "_U"),
    )


def mask_of(row, labelled, factors):
    mask = labelled["year"] == row["year"]
    if row["geography_level"] != "city":
        mask &= labelled[f"{row['geography_level']}_"] == row["geography"]
    for factor in factors:
        if row[factor] != "_T":
            mask &= labelled[factor] == row[factor]
    return labelled[mask]


@pytest.mark.parametrize("level", ["area", "district"])
def test_proportions_equal_an_independent_mask(city, labelled, level):
    table = mr.break_down(city, "employment", by=["sex", "education"], geography=level)
    for _, row in table.iterrows():
        them = mask_of(row, labelled, ["sex", "education"]).query("20 <= age <= 64")
        n, x = len(them), int(them["employed"].sum())
        assert (row["n"], row["population"]) == (n, n)
        if n == 0:
            assert np.isnan(row["value"])
            assert "m" in row["status"].split()
            continue
        assert (row["count"], row["affected"]) == (x, n - x)
        assert row["value"] == pytest.approx(100 * x / n, rel=1e-12)
        assert [row["lower"], row["upper"]] == pytest.approx(wilson(x, n), rel=1e-10, abs=1e-10)
        assert ("u" in row["status"].split()) >= (n < 50)


def test_every_margin_is_present_once(city):
    table = mr.break_down(city, "employment", by=["sex", "education"], geography="area", years=[2023, 2024])
    areas = [("city", "9990"), *(("area", a) for a in ("A1", "A2", "A3", "A4", "_U"))]
    groups = [["_T", "women", "men"], ["_T", "lower", "upper", "post_short", "post_long", "unknown"]]
    wanted = set(itertools.product([2023, 2024], areas, *groups))
    found = [
        (y, (lv, g), s, e)
        for y, lv, g, s, e in table[["year", "geography_level", "geography", "sex", "education"]].itertuples(
            index=False
        )
    ]
    assert len(found) == len(set(found))
    assert set(found) == wanted


@pytest.mark.parametrize(
    ("name", "quantity"), [("employment", "count"), ("income_mean", "n"), ("income_total", "value")]
)
def test_groups_and_areas_add_up_to_totals(city, name, quantity):
    table = mr.break_down(city, name, by=["sex", "education"], geography="district").fillna({quantity: 0})
    keys = ["geography_level", "geography", "sex", "education"]
    for factor in ("sex", "education"):
        rest = [key for key in keys if key != factor]
        parts = table[table[factor] != "_T"].groupby(rest)[quantity].sum()
        totals = table[table[factor] == "_T"].set_index(rest)[quantity]
        assert len(totals) == len(parts) == 4 * (6 if factor == "sex" else 3)  # city, D1, D2, _U
        pd.testing.assert_series_equal(parts, totals, check_index_type=False, check_like=True)
    areas = table[table["geography_level"] == "district"].groupby(["sex", "education"])[quantity].sum()
    whole = table[table["geography_level"] == "city"].set_index(["sex", "education"])[quantity]
    pd.testing.assert_series_equal(areas, whole, check_index_type=False, check_like=True)


def test_means_equal_an_independent_mask(city, labelled):
    table = mr.break_down(city, "income_mean", by="sex", geography="district", years=2024)
    for _, row in table.iterrows():
        income = mask_of(row, labelled, ["sex"])["income"].dropna()
        assert row["n"] == len(income)
        if len(income) > 1:
            half = stats.t.ppf(0.975, len(income) - 1) * income.sem()
            assert row["value"] == pytest.approx(income.mean())
            assert row["se"] == pytest.approx(income.sem(), rel=1e-9)
            assert [row["lower"], row["upper"]] == pytest.approx([income.mean() - half, income.mean() + half])


def test_a_person_whose_income_is_not_known_is_no_observation(city, labelled):
    # `income < 100` is neither true nor false where the income is missing: the share rests on those known.
    row = mr.break_down(city, "low", years=2024).iloc[0]
    known = labelled.loc[labelled["year"] == 2024, "income"].dropna()
    assert (labelled["year"] == 2024).sum() > len(known)
    assert row["n"] == len(known)
    assert row["value"] == pytest.approx(100 * (known < 100).mean())


def test_totals_equal_an_independent_mask(city, labelled):
    table = mr.break_down(city, "income_total", by="sex", geography="district", years=2024)
    for _, row in table.iterrows():
        income = mask_of(row, labelled, ["sex"])["income"].dropna()
        assert row["value"] == pytest.approx(income.sum())
        assert row["se"] == pytest.approx(math.sqrt((income**2).sum()))


def test_rates_equal_an_independent_mask_and_small_denominators_are_confidential(city, labelled):
    table = mr.break_down(city, "crime", by=["sex", "education"], geography="district", years=2024)
    confidential = 0
    for _, row in table.iterrows():
        them = mask_of(row, labelled, ["sex", "education"])
        n, x = len(them), int(them["events"].sum())
        if 0 < n < 30:
            assert "C" in row["status"].split()
            assert row[FIGURES].isna().all()
            confidential += 1
        elif n:
            assert row["value"] == pytest.approx(1000 * x / n)
            if x >= 10:
                assert [row["lower"], row["upper"]] == pytest.approx([1000 * v / n for v in byar(x)], rel=1e-9)
            else:
                assert row["upper"] == pytest.approx(1000 * stats.chi2.ppf(0.975, 2 * (x + 1)) / 2 / n, rel=1e-9)
    assert confidential > 5


def test_age_ranges_hold_both_ends(labelled, city):
    table = mr.break_down(city, "population", by="age_group", years=2024)
    ages = labelled.loc[labelled["year"] == 2024, "age"]
    assert one(table, age_group="16-19")["value"] == ages.between(16, 19).sum()
    assert one(table, age_group="80+")["value"] == (ages >= 80).sum()
    assert one(table, age_group="0-5")["value"] == (ages <= 5).sum()


def test_a_group_outside_the_denominator_cannot_exist(city):
    child = one(mr.break_down(city, "employment", by="age_group"), age_group="6-15")
    assert child["status"].split() == ["m"]
    assert np.isnan([child["value"], child["lower"], child["upper"], child["se"]]).all()
    assert child["n"] == 0


@pytest.mark.parametrize(("n", "weak"), [(49, True), (50, False)])
def test_fewer_than_fifty_persons_are_weak(n, weak):
    people = random_people(size=n).assign(year=2024, age=30, employed=np.arange(n) % 2 == 0)
    row = mr.break_down(made_city(people), "employment").iloc[0]
    assert ("u" in row["status"].split()) is weak
    assert row["value"] == pytest.approx(100 * math.ceil(n / 2) / n)


def test_a_wide_interval_is_weak_also_in_a_large_group():
    # 3 of 200: p = 1,5 %, se ≈ 0,86 %, so the coefficient of variation is well over 30 %
    people = random_people(size=200).assign(year=2024, age=30, employed=np.arange(200) < 3)
    assert "u" in mr.break_down(made_city(people), "employment").iloc[0]["status"].split()


@pytest.mark.parametrize(("n", "hidden"), [(29, True), (30, False)])
def test_a_rate_on_fewer_than_thirty_is_confidential(n, hidden):
    people = random_people(size=n).assign(year=2024, events=1)
    row = mr.break_down(made_city(people), "crime").iloc[0]
    assert ("C" in row["status"].split()) is hidden
    assert row[FIGURES].isna().all() == hidden


# Invariance


def same(one_table, other, *, tolerance=1e-12):
    pd.testing.assert_frame_equal(
        one_table, other, check_exact=False, rtol=tolerance, atol=tolerance, check_dtype=False
    )


NAMES = ["employment", "low", "crime", "income_mean", "income_total", "population"]


def test_row_order_does_not_matter(people, city):
    shuffled = made_city(people.sample(frac=1, random_state=3))
    options = {"by": "sex", "geography": "area"}
    same(mr.break_down(city, NAMES, **options), mr.break_down(shuffled, NAMES, **options))


@pytest.mark.parametrize("name", NAMES)
def test_parquet_through_duckdb_equals_the_frame_in_memory(name, stored, city):
    options = {"by": "age_group", "geography": "district", "years": [2023, 2024]}
    same(mr.break_down(city, name, **options), mr.break_down(stored, name, **options))


CELL_INDICATORS = "".join(
    [
        indicator(
            "employment",
            "proportion",
            numerator='state == "employed"',
            denominator='state != "child"',
            more='direction = "favourable"',
        ),
        indicator("population", "count"),
    ]
)


def cells_of(people: pd.DataFrame) -> pd.DataFrame:
    """A ready-made table of the same persons: one row per cell, counts only."""
    work = people["age"].between(20, 64)
    state = np.select([work & people["employed"], work], ["employed", "other"], "child")
    area = people["area"].where(~people["protected_identity"]).astype(object)
    table = people.assign(state=state, area=area.where(area.notna(), None), persons=1)
    return table.groupby(["year", "sex", "education", "area", "state"], as_index=False, dropna=False)["persons"].sum()


def test_a_ready_made_cell_table_gives_the_figures_of_its_persons(people, city):
    cells = made_city(cells_of(people), toml(CELL_TABLE, factors=FACTORS, indicators=CELL_INDICATORS))
    options = {"by": ["sex", "education"], "geography": "area", "years": [2023, 2024]}
    for name in ("employment", "population"):
        made = mr.break_down(cells, name, **options)
        assert made["method"].str.startswith("cells ").all()
        made["method"] = made["method"].str.replace("cells", "register")
        same(mr.break_down(city, name, **options), made)


def test_a_not_a_number_in_parquet_is_missing_too(tmp_path):
    # pandas writes a missing number as NULL; Polars, R's arrow and others may leave NaN in the file.
    people = random_people(4, 300).assign(year=2024)
    folder = write_dataset(tmp_path / "made", people)
    table = pa.table(
        {name: pa.array(column.to_numpy() if name == "income" else column) for name, column in people.items()}
    )
    assert table["income"].null_count == 0
    pq.write_table(table, folder / "people-2024.parquet")
    known = people["income"].dropna()
    city = mr.open_dataset(folder)
    mean = mr.break_down(city, "income_mean").iloc[0]
    low = mr.break_down(city, "low").iloc[0]
    assert (mean["n"], low["n"]) == (len(known), len(known))
    assert mean["value"] == pytest.approx(known.mean())
    assert low["value"] == pytest.approx(100 * (known < 100).mean())


def test_several_indicators_are_their_tables_one_after_another(city):
    both = mr.break_down(city, ["employment", "crime"], by="sex")
    assert both["indicator"].unique().tolist() == ["employment", "crime"]
    for name in ("employment", "crime"):
        same(both[both["indicator"] == name].reset_index(drop=True), mr.break_down(city, name, by="sex"))


def test_one_way_margins_only_when_not_crossed(city):
    table = mr.break_down(city, "employment", by=["sex", "education"], geography="area", crossed=False)
    grouped = table[["sex", "education"]].ne("_T").sum(axis=1)
    assert grouped.max() == 1
    assert (grouped[table["geography_level"] == "area"] == 0).all()
    crossed = mr.break_down(city, "employment", by=["sex", "education"], geography="area")
    keys = ["geography_level", "geography", "sex", "education"]
    kept = crossed.set_index(keys).loc[pd.MultiIndex.from_frame(table[keys])].reset_index()
    same(table[["value", "lower", "n", "count"]], kept[["value", "lower", "n", "count"]])


def test_years_default_to_the_last(city):
    assert mr.break_down(city, "employment")["year"].unique().tolist() == [2024]
    assert mr.break_down(city, "employment", years=2023)["year"].unique().tolist() == [2023]


def test_confidence_widens_the_interval_and_is_told(city):
    narrow, wide = (mr.break_down(city, "employment", confidence=level).iloc[0] for level in (0.9, 0.99))
    assert wide["lower"] < narrow["lower"] < narrow["upper"] < wide["upper"]
    assert (narrow["confidence"], wide["confidence"]) == (0.9, 0.99)


def test_the_table_remembers_its_dataset(tiny):
    assert mr.break_down(tiny, "employment").attrs["dataset"] == tiny.key


# Mistakes


@pytest.mark.parametrize(
    ("request_", "asked", "nearest"),
    [
        ({"indicator": "employmnt"}, "employmnt", "employment"),
        ({"indicator": "employment", "by": "sexx"}, "sexx", "sex"),
        ({"indicator": "employment", "by": ["sex", "educaton"]}, "educaton", "education"),
        ({"indicator": "employment", "geography": "distrikt"}, "distrikt", "district"),
        ({"indicator": "employment", "years": [1999]}, "1999", "2024"),
    ],
)
def test_unknown_names_are_told_with_the_nearest_spelling(city, request_, asked, nearest):
    with pytest.raises(schema.UnknownNameError) as caught:
        mr.break_down(city, **request_)
    assert asked in str(caught.value)
    assert nearest in str(caught.value)


@pytest.mark.parametrize("confidence", [95, 0, 1])
def test_confidence_in_per_cent_is_refused(city, confidence):
    with pytest.raises((ValueError, schema.MrstatsError), match="confidence"):
        mr.break_down(city, "employment", confidence=confidence)


def test_a_code_without_a_group_is_named_with_its_cure(people):
    strange = people.copy()
    strange.loc[strange.index[0], "sex"] = "9"
    with pytest.raises(schema.DatasetError, match=r"sex.*'9'.*codes"):
        mr.break_down(made_city(strange), "population", by="sex", years=[2023, 2024])


def test_an_unknown_area_is_named_with_its_cure(people):
    strange = people.copy()
    strange.loc[strange.index[0], ["area", "protected_identity"]] = ["B9", False]
    with pytest.raises(schema.MrstatsError, match=r"B9"):
        mr.break_down(made_city(strange), "population", geography="area", years=[2023, 2024])


def test_a_cross_the_source_does_not_publish_lists_what_it_does(people):
    cells = made_city(
        cells_of(people).drop(columns="education"),
        toml(CELL_TABLE, factors=FACTORS, indicators=CELL_INDICATORS),
    )
    with pytest.raises(schema.MrstatsError, match=r"education.*sex"):
        mr.break_down(cells, "employment", by=["sex", "education"])


def test_a_factor_of_another_table_is_not_published_for_this_one(people):
    other = """
[tables.other]
files = "other.csv"
grain = "cell"
year = "year"
count = "persons"
[factors.age_group]
table = "other"
column = "age"
ranges = true
"""
    cells = made_city(cells_of(people), toml(CELL_TABLE + other, factors=FACTORS, indicators=CELL_INDICATORS))
    with pytest.raises(schema.NotPublishedError) as caught:
        mr.break_down(cells, "employment", by=["sex", "age_group"])
    message = str(caught.value)
    assert "age_group" in message.split("holds it by")[0]
    assert "sex" in message.split("holds it by")[1]
    assert "education" in message.split("holds it by")[1]


def test_a_total_row_that_nobody_described_is_refused(people):
    cells = cells_of(people)
    total = (
        cells.groupby(["year", "sex", "area", "state"], as_index=False, dropna=False)["persons"]
        .sum()
        .assign(education="totalt")
    )
    city = made_city(
        pd.concat([cells, total]),
        toml(CELL_TABLE, factors=FACTORS.split("[factors.education]")[0], indicators=CELL_INDICATORS),
    )
    with pytest.raises(schema.DatasetError, match=r"totalt.*_T"):
        mr.break_down(city, "employment", by="sex")


# Modes


def test_record_mode_computes_and_writes_the_request(city, tmp_path, monkeypatch):
    plain = mr.break_down(city, "employment", by="sex", geography="area")
    plan = tmp_path / "plan.jsonl"
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(plan))
    recorded = mr.break_down(city, "employment", by="sex", geography="area")
    mr.break_down(city, "crime", crossed=False)
    same(plain, recorded)
    lines = [json.loads(line) for line in plan.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 2
    assert lines[0]["indicators"] == ["employment"]
    assert (lines[0]["by"], lines[0]["geography"], lines[0]["years"], lines[0]["crossed"]) == (
        ["sex"],
        "area",
        [2024],
        True,
    )
    assert lines[1]["crossed"] is False


def test_an_unknown_mode_is_refused(city, monkeypatch):
    monkeypatch.setenv("MRSTATS_MODE", "publsh")
    with pytest.raises(schema.MrstatsError, match="publsh"):
        mr.break_down(city, "employment")


def test_areas_need_a_city_that_has_them(people):
    cells = made_city(
        cells_of(people).drop(columns="area"),
        toml(CELL_TABLE, factors=FACTORS, indicators=CELL_INDICATORS, areas=AREAS),
    )
    with pytest.raises(schema.MrstatsError, match="area"):
        mr.break_down(cells, "population", geography="area")


def test_of_a_total_count_is_those_who_have_any_of_it():
    people = random_people(5, 80)
    people["income"] = 0.0
    people.loc[people.index[:2], "income"] = [500.0, 700.0]
    row = mr.break_down(made_city(people), "income_total", years=[2023, 2024])
    assert row["count"].sum() == 2
    assert (row["lower"] >= 0).all()


def test_unprotected_figures_cannot_be_made_while_publishing(monkeypatch):
    tiny = mr.tiny_city()
    request = check_request(tiny, "employment")
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    with pytest.raises(schema.NotPublishedError, match="publishing"):
        compute(tiny, request)


def test_a_year_as_text_is_one_clear_sentence():
    with pytest.raises(schema.UnknownNameError, match="is a text"):
        mr.break_down(mr.tiny_city(), "employment", years="2024")


def test_two_openings_of_one_dataset_keep_their_languages():
    swedish, english = mr.tiny_city(), mr.tiny_city(language="en")
    assert mr.sentence(mr.break_down(swedish, "employment")).language == "sv"
    assert mr.sentence(mr.break_down(english, "employment")).language == "en"


def test_a_figures_id_says_which_factor_its_group_is_of_and_no_order_of_factors(tiny):
    # "men" of one factor and "men" of another would be two figures; the same figure is one, however it was asked for.
    ids = mr.break_down(tiny, "employment", by=["sex", "country_of_birth_five"]).set_index(
        ["sex", "country_of_birth_five"]
    )
    turned = mr.break_down(tiny, "employment", by=["country_of_birth_five", "sex"]).set_index(
        ["sex", "country_of_birth_five"]
    )
    pd.testing.assert_series_equal(ids["estimate_id"].sort_index(), turned["estimate_id"].sort_index())
    alone = [
        set(mr.break_down(tiny, "employment", by=name)["estimate_id"]) for name in ("sex", "country_of_birth_five")
    ]
    assert not alone[0] & alone[1]


def test_columns_that_say_what_a_row_is_about_are_plain_texts(tiny):
    table = mr.break_down(tiny, "employment", by="sex", geography="area")
    assert {str(table[name].dtype) for name in ("geography_level", "geography", "vintage", "sex", "estimate_id")} == {
        "str"
    }


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_a_level_in_per_cent_is_refused_before_anything_is_read(tiny, confidence):
    with pytest.raises(schema.UnknownNameError, match=rf"confidence={confidence} must be a fraction"):
        mr.break_down(tiny, "employment", confidence=confidence)

"""Figures as their publisher made them: shown where they stand, never put together. All values by hand."""

import pandas as pd
import pytest

import mrstats as mr
from mrstats.dataset import City
from mrstats.dataset.description import describe
from mrstats.schema import DatasetError

INDICATOR = {
    "table": "index", "measure": "published", "numerator": "median", "direction": "favourable", "label": "Median",
    "population": "alla", "unit": "kronor", "source": "SCB", "share": "medianen",
}  # fmt: skip
AREAS = pd.DataFrame({"code": ["A", "B", "C"], "name": ["A", "B", "C"], "district": ["N", "N", "S"]})


def city(rows, **more):
    described = describe(
        {
            "dataset": {"name": "made", "label": "Påhittstad", "municipality": "9990", "public": True, "years": [2024]},
            "tables": {"index": {"files": "none.csv", "grain": "cell", "year": "year", "numeric": ["median"]}},
            "factors": {"sex": {"table": "index", "column": "sex", "codes": {"k": "women", "m": "men", "t": "_T"}}},
            "geographies": {
                "regso": {"column": "regso", "parent": "district", "parent_code": "district"},
                "district": {},
            },
            "indicators": {"median": INDICATOR | more},
        }
    )
    areas = {"regso": AREAS, "district": pd.DataFrame({"code": ["N", "S"], "name": ["Norr", "Söder"]})}
    frame = pd.DataFrame(rows, columns=["regso", "sex", "median"]).assign(year=2024)
    return City(described, None, language="sv", frames={"index": frame}, areas=areas)


ROWS = [("A", "t", 300.0), ("A", "k", 290.0), ("A", "m", 310.0), ("B", "t", 250.5), ("B", "k", None), ("C", "t", 0.0)]


def figures(table, *keys):
    return table.set_index(list(keys))[["value", "status"]]


def test_a_figure_stands_where_it_was_published_and_is_a_true_zero_where_it_is_one():
    table = mr.break_down(city(ROWS), "median", by="sex", geography="regso")
    found = figures(table, "geography", "sex")
    shown = found["value"].dropna().to_dict()
    assert shown == {("A", "_T"): 300, ("A", "women"): 290, ("A", "men"): 310, ("B", "_T"): 250.5, ("C", "_T"): 0}
    assert found.loc[("B", "women"), "status"] == "C"  # the publisher shows a symbol instead
    assert found.loc[("C", "men"), "status"] == "m"  # there is no such row
    assert found.loc[("C", "_T"), "status"] == ""
    assert set(table["method"]) == {"cells as published"}
    assert table[["lower", "upper", "se", "df", "n", "population", "count"]].isna().all(axis=None)


@pytest.mark.parametrize("level", ["district", "city"])
def test_no_margin_is_made_of_them_not_even_of_one(level):
    table = mr.break_down(city(ROWS), "median", geography=level)
    assert table["value"].isna().all()
    assert set(table["status"]) == {"x"}  # also the district of one area: its median is published for the area
    assert mr.break_down(city(ROWS[:1]), "median")["status"].tolist() == ["x"]


def test_a_table_without_areas_is_about_the_city():
    rows = [(None, "t", 81.5), (None, "k", 83.0)]
    made = city(rows)
    frame = made.table("index").drop(columns="regso")
    table = mr.break_down(made.with_table("index", frame), "median", by="sex")
    assert figures(table, "sex")["value"].dropna().to_dict() == {"_T": 81.5, "women": 83.0}


def test_groups_are_compared_without_an_interval_and_no_area_with_a_city_that_has_none():
    by_sex = mr.gaps(mr.break_down(city(ROWS), "median", by="sex", geography="regso"), "sex", reference="men")
    row = by_sex[(by_sex["geography"] == "A") & (by_sex["sex"] == "women")].iloc[0]
    assert (row["difference"], row["disadvantage"]) == (-20.0, 20.0)
    assert pd.isna(row["difference_lower"])
    areas = mr.gaps(mr.break_down(city(ROWS), "median", geography="regso"))
    assert areas["difference"].isna().all()


def test_what_is_shown_says_that_it_is_as_published():
    table = mr.break_down(city(ROWS), "median", geography="regso")
    told = str(mr.table(table).__dict__)
    assert "250,5" in told
    assert "saknas" in told  # the city's


@pytest.mark.parametrize("change", [{"public": False}, {"grain": "person"}])
def test_what_its_publisher_has_not_made_public_is_never_shown_as_it_stands(change):
    """A single person's income would else be a figure of one row."""
    raw = {
        "dataset": {"name": "made", "label": "x", "municipality": "9990", "public": change.get("public", True)},
        "tables": {"index": {"files": "none.csv", "grain": change.get("grain", "cell"), "year": "year"}},
        "indicators": {"median": INDICATOR},
    }
    with pytest.raises(
        DatasetError, match=r"\[indicators.median\] measure = 'published' is shown as it stands, unprotected"
    ):
        describe(raw)

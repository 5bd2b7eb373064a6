"""`mr.location_quotients`: R's numbers from a table of counts, its interval, and what a hidden cell takes with it."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import ROOT, made_city, random_people, reference
from mrstats.measures.proportions import wilson_interval
from mrstats.schema import MrstatsError, UnknownNameError

R = reference("09_segregation")


def table_of(counts):
    """Counts (areas, groups) as `break_down` lays them out, with totals and the city."""
    wide = counts.assign(_T=counts.sum(axis=1))
    wide.loc["9990"] = wide.sum()
    long = wide.stack().rename_axis(["geography", "group"]).rename("value").reset_index()
    about = {"indicator": "population", "year": 2024, "vintage": "", "confidence": 0.95, "measure": "count"}
    long = long.assign(**about, geography_level=np.where(long["geography"] == "9990", "city", "area"), lower=0.0)
    return long[
        [
            "indicator",
            "year",
            "geography_level",
            "geography",
            "vintage",
            "group",
            "value",
            "lower",
            "measure",
            "confidence",
        ]
    ]


def test_quotients_are_as_in_r():
    city = pd.read_csv(ROOT / "tests" / "reference" / "09_segregation" / "city.csv", index_col="area")
    counts = city[[f"{group}_y1" for group in R["groups"]]].set_axis(R["groups"], axis=1)
    found = mr.location_quotients(table_of(counts), "group").pivot(
        index="geography", columns="group", values="quotient"
    )
    for area, expected in R["y1"]["location_quotient"].items():
        assert found.loc[area, R["groups"]].tolist() == pytest.approx(expected, rel=1e-9)
    assert found.loc["area23"].isna().all()  # nobody lives there


def test_the_interval_is_wilsons_over_the_citys_share():
    made = mr.location_quotients(table_of(pd.DataFrame({"a": [30, 10], "b": [20, 40]}, index=["x", "y"])), "group")
    row = made[(made["geography"] == "x") & (made["group"] == "a")].iloc[0]
    ends = [float(limit) / 0.4 for limit in wilson_interval(30, 50)]
    assert row[["quotient", "quotient_lower", "quotient_upper"]].tolist() == pytest.approx([1.5, *ends])


def test_a_hidden_count_has_no_quotient_and_neither_have_groups_of_a_hidden_total():
    table = table_of(pd.DataFrame({"a": [30, 10], "b": [20, 40]}, index=["x", "y"])).astype({"value": float})
    table.loc[(table["geography"] == "x") & (table["group"] == "a"), "value"] = np.nan
    table.loc[(table["geography"] == "y") & (table["group"] == "_T"), "value"] = np.nan
    made = mr.location_quotients(table, "group").set_index(["geography", "group"])["quotient"]
    assert made.isna().to_dict() == {("x", "a"): True, ("x", "b"): False, ("y", "a"): True, ("y", "b"): True}


def test_what_is_no_count_and_a_factor_that_is_not_there_are_refused():
    city = made_city(random_people(2))
    with pytest.raises(MrstatsError, match="the table holds a proportion; quotients are of a count"):
        mr.location_quotients(mr.break_down(city, "low", by="sex", geography="area"), "sex")
    with pytest.raises(UnknownNameError, match="factor='age' is not in the table; it has sex"):
        mr.location_quotients(mr.break_down(city, "population", by="sex", geography="area"), "age")

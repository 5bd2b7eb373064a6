"""Estimates beside the truth that a smaller Exempelstad was drawn from; and results on their way through a release."""

import json

import pandas as pd
import pytest

import mrstats as mr
from mrstats.disclosure import Plan, read_plan, write_plan, write_release
from mrstats.models import compute_result
from mrstats.request import request_from_mapping


def test_homes_are_not_drawn_by_lot_and_the_map_shows_it(small):
    table = mr.segregation(small, "country_of_birth_five", "regso", 2024, permutations=99)
    whole = table[(table["measure"] == "dissimilarity") & (table["group"] == "_T")].iloc[0]
    assert whole["p"] == 0.01
    assert 0.05 < whole["corrected"] < whole["value"]
    pattern = mr.spatial_pattern(
        mr.break_down(small, "low_economic_standard", geography="deso", years=2024), permutations=199
    )
    assert pattern["moran"].iloc[0] > 0.4
    assert pattern["moran_p"].iloc[0] == 0.005
    assert set(pattern["pattern"]) >= {"", "high among high", "low among low"}


def test_those_with_a_low_income_get_fewer_services_for_the_same_need(small):
    # truth.toml: the log odds of each further service are 0.60 lower in Q1 and 0.35 lower in Q2
    table = mr.allocation(small, "cost_home_care", "income_quintile", need="home_care", year=2024)
    cost = table.set_index("group")["per_need"]
    assert cost[["Q1", "Q2"]].max() < cost[["Q3", "Q4", "Q5"]].min()
    assert table["inequity"].iloc[0] > 0


@pytest.mark.parametrize("verb", ["impact", "area_profile"])
def test_what_is_published_is_what_was_computed(verb, small, points, tmp_path, monkeypatch):
    import shapely

    circle = shapely.Point(points["x"].mean(), points["y"].mean()).buffer(2600)

    def ask():
        if verb == "impact":
            return mr.impact(small, close=["library-02"], move={"library-01": (313000, 6285000)}, by="sex", year=2024)
        return mr.area_profile(small, circle, ["employment"], year=2024)

    live = ask()
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "recorded.jsonl"))
    ask()
    asked = request_from_mapping(json.loads((tmp_path / "recorded.jsonl").read_text(encoding="utf-8")))
    write_plan(Plan((), {}, (asked,)), tmp_path / "2024.plan.toml")
    (request,) = read_plan(tmp_path / "2024.plan.toml").results
    monkeypatch.setenv("MRSTATS_MODE", "explore")
    write_release(small, (), tmp_path / "release", results={request.key: lambda: compute_result(small, request)})
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(tmp_path / "release"))
    pd.testing.assert_frame_equal(ask(), live, check_dtype=False, rtol=1e-10)


def test_a_result_goes_whole_where_a_table_hides_one_of_the_citys_figures(small):
    from mrstats.disclosure.release import _beside_tables

    result = mr.impact(small, close=["library-02"], year=2024)
    table = mr.break_down(small, "population", years=2024).assign(status="C")
    hidden = _beside_tables(result, [(table, table)])
    assert set(hidden["status"]) == {"C"}
    assert hidden[["n", "affected", "lost", "within_before", "metres_after_p90", "further"]].isna().all(axis=None)
    assert hidden["confidence"].tolist() == [0.95]

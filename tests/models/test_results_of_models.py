"""Models in the plan and the release: what is published is what was computed, and it goes where a table hides its like."""

import json

import numpy as np
import pandas as pd
import pytest

from care_fixtures import care_city, care_people
from mrstats.disclosure import Plan, read_plan, write_plan, write_release
from mrstats.disclosure.release import _beside_tables
from mrstats.models import adjusted_gaps, compute_result, decompose_gap, intersections
from mrstats.request import ResultRequest, request_from_mapping
from mrstats.schema import NotPublishedError

ASKED = {
    "adjusted_gaps": lambda city: adjusted_gaps(city, "care", "sex", ["age", "disability"]),
    "decompose_gap": lambda city: decompose_gap(city, "care", "sex", ["disability"], method="kitagawa"),
    "intersections": lambda city: intersections(city, "care", ["sex", "education", "disability"], replicates=3),
}


@pytest.fixture(scope="module")
def rows():
    return care_people(8, 5000)


def test_what_is_published_is_what_was_computed(rows, tmp_path, monkeypatch):
    city = care_city(rows)
    live = {kind: ask(city) for kind, ask in ASKED.items()}
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "recorded.jsonl"))
    for ask in ASKED.values():
        ask(city)
    lines = (tmp_path / "recorded.jsonl").read_text(encoding="utf-8").splitlines()
    asked = tuple(request_from_mapping(json.loads(line)) for line in lines)
    write_plan(Plan((), {}, asked), tmp_path / "2024.plan.toml")
    plan = read_plan(tmp_path / "2024.plan.toml")
    assert {request.kind for request in plan.results if isinstance(request, ResultRequest)} == set(ASKED)
    monkeypatch.setenv("MRSTATS_MODE", "explore")
    made = {request.key: lambda request=request: compute_result(city, request) for request in plan.results}
    write_release(city, (), tmp_path / "release", results=made)
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(tmp_path / "release"))
    nobody = care_city(rows.iloc[:0])  # publishing reads no persons
    for kind, ask in ASKED.items():
        pd.testing.assert_frame_equal(ask(nobody), live[kind], rtol=1e-10, check_dtype=False)
    with pytest.raises(NotPublishedError, match="mrstats plan"):
        adjusted_gaps(nobody, "care", "sex", ["age"])


@pytest.mark.parametrize("kind", ASKED)
def test_a_result_goes_where_a_table_hides_a_figure_of_the_city(rows, kind):
    result = ASKED[kind](care_city(rows))
    hidden = pd.DataFrame({"indicator": ["care"], "year": [2024], "geography_level": ["city"], "status": ["C"]})
    gone = _beside_tables(result, [(hidden, hidden)])
    figures = [name for name in gone if gone[name].dtype == float and name != "confidence"]
    assert {"value", "lower", "upper"} <= set(figures)
    assert gone[figures].isna().all().all()
    assert set(gone["status"]) == {"C"}
    assert "sure" not in gone or not gone["sure"].any()
    elsewhere = hidden.assign(geography_level="area")
    assert not np.isnan(_beside_tables(result, [(elsewhere, elsewhere)])["value"]).all()

"""Results of surveys on their way through recording, plan, release and publishing: what comes out is what was made."""

import json

import pandas as pd
import pytest

import mrstats as mr
from mrstats.breakdown import check_request
from mrstats.disclosure import Plan, ProtectionRule, read_plan, write_plan, write_release
from mrstats.models import compute_result
from mrstats.request import request_from_mapping
from mrstats.schema import NotPublishedError
from survey_fixtures import MARGINS, city_of, register_of, small_sample

RAKED = {"margins": ["sex"], "population": "adults", "trim": 4}
ASKED = {
    "response_rates": (["sex"], {}),
    "rake": (["sex"], {"population": "adults"}),
    "representativity": (["sex", "region"], {}),
    "answers": ("people", RAKED),
    "battery": (["safe", "calm"], {"by": "sex", **RAKED}),
    "index": (["safe", "calm", "afraid"], {"by": ["sex", "region"], "name": "Trygghet", **RAKED}),
}


@pytest.fixture
def city(tmp_path):
    return city_of(small_sample(), register_of(MARGINS), tmp_path, design_weight="drawn")


def ask(city, verb, **changed):
    first, options = ASKED[verb]
    return getattr(mr, verb)(city, first, **{**options, **changed})


def test_what_is_published_is_what_was_computed(city, tmp_path, monkeypatch):
    live = {verb: ask(city, verb) for verb in ASKED}
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "recorded.jsonl"))
    for verb in ASKED:
        ask(city, verb)
    lines = (tmp_path / "recorded.jsonl").read_text(encoding="utf-8").splitlines()
    write_plan(Plan((), {}, tuple(request_from_mapping(json.loads(line)) for line in lines)), tmp_path / "a.plan.toml")
    plan = read_plan(tmp_path / "a.plan.toml")
    assert {request.kind for request in plan.results} == set(ASKED)
    monkeypatch.setenv("MRSTATS_MODE", "explore")
    made = {request.key: lambda request=request: compute_result(city, request) for request in plan.results}
    write_release(city, plan.requests, tmp_path / "release", results=made)
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(tmp_path / "release"))
    nobody = city_of(small_sample().iloc[:0], register_of(MARGINS).iloc[:0], tmp_path, design_weight="drawn")
    for verb, table in live.items():
        pd.testing.assert_frame_equal(ask(nobody, verb), table, rtol=1e-9, check_dtype=False)
        assert ask(nobody, verb).attrs["dataset"] == city.key
        with pytest.raises(NotPublishedError, match="mrstats plan"):
            ask(nobody, verb, year=2023)


def test_a_question_hidden_in_a_table_is_hidden_in_the_battery(city, tmp_path):
    people = small_sample()
    people.loc[people["answered"] & (people["sex"] == "man"), "safe"] = 1
    people.loc[people.index < 4, "safe"] = 5  # four men agree
    city = city_of(people, register_of(MARGINS), tmp_path, design_weight="drawn")
    table = mr.battery(city, ["safe"], "sex")
    assert table.loc[table["sex"] == "men", "value"].isna().all()

    request = check_request(city, "safe", "sex")
    rule = ProtectionRule(method="suppress")
    release = write_release(
        city, (request,), tmp_path / "release", rule=rule, results={"whole": lambda: mr.battery(city, ["safe", "calm"])}
    )
    written = pd.DataFrame(json.loads((release.folder / "results" / "whole.json").read_text(encoding="utf-8")))
    assert (written["status"] == "C").all()  # the whole could be shown, but would tell of the men
    assert written["value"].isna().all()

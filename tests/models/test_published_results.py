"""A result that needs persons on its way through recording, plan, release and publishing: what comes out is what was made."""

import hashlib
import json
import tomllib

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import made_city
from mrstats.disclosure import Plan, read_plan, write_plan, write_release
from mrstats.models import compute_result
from mrstats.request import ResultRequest, request_from_mapping
from mrstats.schema import MrstatsError, NotPublishedError
from search_fixtures import DESCRIPTION, THREE, people, search, uneven

ASKED = [{"depth": 3}, {"depth": 1, "seed": 4}, {"depth": 2, "minimum": 20, "confidence": 0.9}]


@pytest.fixture(scope="module")
def rows():
    return people(6, 2500, uneven)


@pytest.fixture(scope="module")
def city(rows):
    return made_city(rows, DESCRIPTION)


def record(city, path, monkeypatch):
    """The plan that a notebook with these three questions leaves behind."""
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(path / "recorded.jsonl"))
    for options in ASKED:
        mr.furthest_behind(city, "employment", THREE, **options)
    lines = (path / "recorded.jsonl").read_text(encoding="utf-8").splitlines()
    write_plan(Plan((), {}, tuple(request_from_mapping(json.loads(line)) for line in lines)), path / "2024.plan.toml")
    return read_plan(path / "2024.plan.toml")


def release(city, plan, path, monkeypatch):
    """Everything in the plan released, and the mode turned to publishing."""
    monkeypatch.setenv("MRSTATS_MODE", "explore")
    made = {request.key: lambda request=request: compute_result(city, request) for request in plan.results}
    write_release(city, plan.requests, path / "release", results=made)
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(path / "release"))


def test_what_is_published_is_what_was_computed(city, rows, tmp_path, monkeypatch):
    live = [search(rows, **options) for options in ASKED]
    plan = record(city, tmp_path, monkeypatch)
    assert len(plan.results) == len(ASKED)
    release(city, plan, tmp_path, monkeypatch)
    nobody = made_city(rows.iloc[:0], DESCRIPTION)  # publishing reads no persons
    for options, table in zip(ASKED, live, strict=True):
        shown = mr.furthest_behind(nobody, "employment", THREE, **options)
        pd.testing.assert_frame_equal(shown, table, rtol=1e-11)
        assert shown["confirmed"].dtype == bool
        assert shown["searched"].dtype == np.int64
        assert np.isnan(shown.loc[0, "p"])
        assert shown.loc[0, "parent"] == ""
        assert shown.attrs["dataset"] == city.key


def test_the_release_vouches_for_its_results(city, tmp_path, monkeypatch):
    release(city, record(city, tmp_path, monkeypatch), tmp_path, monkeypatch)
    certificate = json.loads((tmp_path / "release" / "certificate.json").read_text(encoding="utf-8"))
    files = sorted((tmp_path / "release" / "results").glob("*.json"))
    assert certificate["results"] == len(files) == len(ASKED)
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert certificate["files"][f"results/{path.name}"] == digest


def test_a_result_outside_the_plan_tells_the_lines_that_put_it_there(city, rows, tmp_path, monkeypatch):
    options = {"depth": 2, "minimum": 40, "confidence": 0.9, "seed": 7, "year": 2024}
    live = search(rows, **options)
    plan = record(city, tmp_path, monkeypatch)
    release(city, plan, tmp_path, monkeypatch)
    with pytest.raises(NotPublishedError) as caught:
        mr.furthest_behind(city, "employment", THREE, **options)
    first, _, lines = str(caught.value).partition("\n")
    assert "mrstats plan" in first
    asked = ResultRequest(**tomllib.loads(lines)["result"][0])
    assert asked == ResultRequest("made", "furthest_behind", {"indicator": "employment", "factors": THREE, **options})

    path = tmp_path / "2024.plan.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + lines + "\n", encoding="utf-8")
    again = read_plan(path)
    assert set(again.results) == {*plan.results, asked}
    (tmp_path / "again").mkdir()
    release(city, again, tmp_path / "again", monkeypatch)
    shown = mr.furthest_behind(city, "employment", THREE, **options)
    pd.testing.assert_frame_equal(shown, live, rtol=1e-11)


def test_asking_twice_is_one_request_and_the_order_of_arguments_is_none(city, tmp_path, monkeypatch):
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "recorded.jsonl"))
    mr.furthest_behind(city, "employment", THREE, 2)
    mr.furthest_behind(city, "employment", tuple(THREE), depth=np.int64(2), minimum=np.int64(100), year=np.int64(2024))
    lines = (tmp_path / "recorded.jsonl").read_text(encoding="utf-8").splitlines()
    assert len({request_from_mapping(json.loads(line)) for line in lines}) == 1
    arguments = json.loads(lines[0])["arguments"]
    turned = ResultRequest("made", "furthest_behind", dict(reversed(arguments.items())))
    assert turned == request_from_mapping(json.loads(lines[0]))


def test_a_search_that_fails_is_not_recorded(city, tmp_path, monkeypatch):
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "recorded.jsonl"))
    with pytest.raises(MrstatsError, match="minimum"):
        mr.furthest_behind(city, "employment", THREE, minimum=2000)
    assert not (tmp_path / "recorded.jsonl").exists()

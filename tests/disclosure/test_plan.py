"""The publication plan: it comes back as it was written, and a stale one stops before anything runs."""

import json

import nbformat
import pytest

import mrstats as mr
from made_city import made_city, random_people
from mrstats.breakdown import check_request
from mrstats.disclosure.plan import Plan, checksum, read_plan, write_plan
from mrstats.schema import EditionError


@pytest.fixture(scope="module")
def requests():
    city = made_city(random_people())
    return (
        check_request(city, "employment", ["sex", "education"], "area", [2023, 2024]),
        check_request(city, ["crime", "income_mean"], (), "district", 2024, crossed=False, confidence=0.9),
    )


def test_a_plan_comes_back_as_it_was_written(requests, tmp_path):
    path = tmp_path / "2024.plan.toml"
    plan = Plan(requests, {"10_city_overview.ipynb": "ab12", 'odd "name".toml': "cd34"})
    write_plan(plan, path)
    back = read_plan(path)
    assert set(back.requests) == set(requests)
    assert back.made_from == plan.made_from


def test_the_order_of_recording_does_not_change_the_file(requests, tmp_path):
    write_plan(Plan(requests, {}), tmp_path / "one.toml")
    write_plan(Plan(requests[::-1], {}), tmp_path / "other.toml")
    assert (tmp_path / "one.toml").read_bytes() == (tmp_path / "other.toml").read_bytes()


def test_equal_calls_are_one_request_and_other_calls_another():
    city = made_city(random_people())
    one = check_request(city, "employment", "sex", "area", 2024)
    assert one == check_request(city, ["employment"], ["sex"], "area", [2024])
    assert one.key == check_request(city, ["employment"], ["sex"], "area", [2024]).key
    others = [
        check_request(city, "employment", "sex", "district", 2024),
        check_request(city, "employment", "sex", "area", 2023),
        check_request(city, "employment", "sex", "area", 2024, crossed=False),
        check_request(city, "employment", "sex", "area", 2024, confidence=0.9),
        check_request(city, "low", "sex", "area", 2024),
    ]
    assert len({one.key, *(other.key for other in others)}) == 6


def test_a_missing_plan_says_how_to_make_one(tmp_path):
    with pytest.raises(EditionError, match="mrstats plan"):
        read_plan(tmp_path / "2024.plan.toml")


def test_a_broken_plan_is_named(tmp_path):
    path = tmp_path / "2024.plan.toml"
    path.write_text("[[request]\n", encoding="utf-8")
    with pytest.raises(EditionError, match=r"2024\.plan\.toml"):
        read_plan(path)


def test_a_fresh_plan_passes_and_a_stale_one_names_what_has_changed(requests):
    plan = Plan(requests, {"a.ipynb": "1", "b.ipynb": "2", "c.ipynb": "3"})
    plan.check_fresh({"a.ipynb": "1", "b.ipynb": "2", "c.ipynb": "3"}, name="2024")
    with pytest.raises(EditionError) as caught:
        plan.check_fresh({"a.ipynb": "1", "b.ipynb": "CHANGED", "d.ipynb": "4"}, name="2024")
    message = str(caught.value)
    assert "b.ipynb" in message
    assert "a.ipynb" not in message
    assert "mrstats plan" in message


@pytest.mark.parametrize("now", [{"a.ipynb": "1"}, {"a.ipynb": "1", "b.ipynb": "2", "new.ipynb": "9"}])
def test_a_notebook_more_or_less_is_stale_too(requests, now):
    with pytest.raises(EditionError, match="mrstats plan"):
        Plan(requests, {"a.ipynb": "1", "b.ipynb": "2"}).check_fresh(now, name="2024")


def notebook(path, *code, words="# Arbete", kernel="python3", tags=()):
    cells = [nbformat.v4.new_markdown_cell(words, id="words")]
    for place, source in enumerate(code):
        cells.append(nbformat.v4.new_code_cell(source, id=f"code-{place}", metadata={"tags": list(tags)}))
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": kernel, "display_name": kernel}}), path
    )
    return path


def test_a_notebooks_checksum_depends_on_its_code_only(tmp_path):
    """What a notebook asks for is said by its code and its parameters: prose may change without a new plan."""
    one = checksum(notebook(tmp_path / "a.ipynb", "mr.table(gaps)", "x = 1"))
    assert one == checksum(notebook(tmp_path / "b.ipynb", "mr.table(gaps)", "x = 1", words="# Work", kernel="other"))
    assert one != checksum(notebook(tmp_path / "c.ipynb", "mr.table(gap)", "x = 1"))
    assert one != checksum(notebook(tmp_path / "d.ipynb", "x = 1", "mr.table(gaps)"))
    assert one != checksum(notebook(tmp_path / "e.ipynb", "mr.table(gaps)"))
    assert one != checksum(notebook(tmp_path / "f.ipynb", "mr.table(gaps)", "x = 1", tags=["parameters"]))


def test_recording_and_planning_agree(tmp_path, monkeypatch):
    city = made_city(random_people())
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "plan.jsonl"))
    mr.break_down(city, "employment", by="sex", geography="area")
    recorded = json.loads((tmp_path / "plan.jsonl").read_text(encoding="utf-8"))
    request = check_request(city, "employment", "sex", "area")
    for field in ("dataset", "geography", "crossed", "confidence"):
        assert recorded[field] == getattr(request, field)
    assert tuple(recorded["by"]) == request.by

"""The folder as a whole: its files, its bytes, its description, and what happens when building fails."""

import ast
import hashlib
import tomllib

import pandas as pd
import pytest

from mrstats.example_city import build, build_example_city

YEARS = range(2019, 2025)
FILES = {f"persons-{year}.parquet" for year in YEARS} | {
    "survey-2023.parquet", "survey-2024.parquet", "areas.gpkg", "service_points.csv",
    "deso_changes_2018_2025.csv",
    "questions.csv", "interviews.csv", "board_answers.csv", "dataset.toml", "truth.toml", "README.txt",
}  # fmt: skip


def digests(folder) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def described(built) -> dict:
    return tomllib.loads((built.folder / "dataset.toml").read_text(encoding="utf-8"))


def test_folder_holds_exactly_the_named_files_and_is_small_and_quick(built):
    assert {path.name for path in built.folder.iterdir()} == FILES
    assert sum(path.stat().st_size for path in built.folder.iterdir()) < 80e6
    assert built.seconds < 20
    assert len(built.lines) == 9  # map, six years, map file, the rest: a line each


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    first = build_example_city(tmp_path / "one" / "exempelstad", persons=4000)
    again = build_example_city(tmp_path / "two" / "other_name", persons=4000)
    other = build_example_city(tmp_path / "three", persons=4000, seed=1)
    assert digests(first) == digests(again)
    differing = {name for name, digest in digests(other).items() if digest != digests(first)[name]}
    assert differing >= {"areas.gpkg", "persons-2019.parquet", "survey-2024.parquet", "service_points.csv"}


def test_a_failed_build_leaves_the_earlier_folder_and_nothing_else(tmp_path, monkeypatch):
    folder = build_example_city(tmp_path / "exempelstad", persons=1500)
    before = digests(folder)

    def fail(rng):
        raise RuntimeError("no more paper")

    monkeypatch.setattr(build, "board_answers", fail)
    with pytest.raises(RuntimeError, match="no more paper"):
        build_example_city(folder, persons=1500, seed=3)
    assert digests(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["exempelstad"]


def test_building_again_replaces_the_whole_folder(tmp_path):
    folder = build_example_city(tmp_path / "exempelstad", persons=1500)
    (folder / "stray.txt").write_text("left over", encoding="utf-8")
    build_example_city(folder, persons=1500)
    assert {path.name for path in folder.iterdir()} == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["exempelstad"]


def test_too_few_persons_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="persons=999 is too few for 180 areas; ask for at least 1000"):
        build_example_city(tmp_path / "exempelstad", persons=999)
    assert not list(tmp_path.iterdir())


def test_every_described_column_is_in_the_person_files(built, described):
    columns = set(built.persons(2024).columns) | set(described["distances"])
    assert {factor["column"] for factor in described["factors"].values()} <= columns
    for indicator in described["indicators"].values():
        for expression in (indicator["denominator"], indicator.get("numerator", "true")):
            names = {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}
            assert names - {"true", "false"} <= columns


def test_every_code_in_the_files_is_described(built, described):
    persons = built.persons(2019, 2024)
    for factor in described["factors"].values():
        if "codes" in factor:
            assert set(persons[factor["column"]].dropna().unique()) == set(factor["codes"])


def test_every_described_layer_has_its_columns(built, described):
    for level in described["geographies"].values():
        layer = built.layer(level["layer"])
        assert {level["code"], level["name"], level.get("parent_code", level["code"])} <= set(layer.columns)
        assert layer.crs.to_epsg() == 3006
    assert described["water"]["name"] in built.layer("water").columns


def test_indicator_texts_are_in_both_languages(described):
    for name, indicator in described["indicators"].items():
        for field in (
            "label",
            "population",
            "share",
            "verb",
            "rest",
            "inf",
            "to",
            "pred",
            "unit",
            "source",
            "board",
        ):
            assert set(indicator[field]) == {"sv", "en"}, (name, field)
            assert indicator[field]["en"], (name, field)
            assert indicator[field]["sv"] or field == "pred", (name, field)
        assert indicator["measure"] in {"count", "proportion", "rate", "mean", "total"}
        assert indicator["direction"] in {"favourable", "adverse", ""}


def test_the_readme_says_that_all_is_made_up(built):
    text = (built.folder / "README.txt").read_text(encoding="utf-8")
    assert "syntetiska exempeldata" in text
    assert "made up" in text


def test_service_points_have_unique_addresses_inside_the_city(built):
    import geopandas as gpd

    services = pd.read_csv(built.folder / "service_points.csv")
    kinds = {"library", "elderly_centre", "youth_centre", "preschool", "health_centre", "citizen_office"}
    assert set(services["kind"]) == kinds
    assert services["address"].is_unique
    assert services["id"].is_unique
    assert services["postal_code"].str.fullmatch(r"980 \d\d").all()
    named = services[services["kind"] != "preschool"]
    assert named["name"].is_unique
    city = built.layer("district").union_all()
    places = gpd.GeoSeries(gpd.points_from_xy(services["x"], services["y"]), crs=3006)
    assert (places.distance(city) < 60).all()


def test_interviews_are_coded_with_known_codes_and_no_quotation_twice(built, described):
    interviews = pd.read_csv(built.folder / "interviews.csv")
    assert len(interviews) == 60
    assert interviews["quotation_sv"].is_unique
    assert interviews["id"].is_unique
    assert 40 < interviews["consent"].sum() < 60
    assert set(interviews["district"]) == set(built.layer("district")["name"])
    for group in interviews["group"]:
        factor, _, code = group.partition("=")
        assert factor in described["factors"], group
        assert code in described["factors"][factor].get("codes", {code: code}).values(), group


def test_every_board_answers_or_not_on_every_principle(built):
    answers = pd.read_csv(built.folder / "board_answers.csv", keep_default_na=False)
    assert answers["board"].nunique() == 15
    assert not answers.duplicated(["board", "principle"]).any()
    principles = {"person_centre", "available_equal", "knowledge_counts", "transparent"}
    assert answers.groupby("board")["principle"].agg(set).map(lambda named: named == principles).all()
    assert set(answers["status"]) == {"done", "under_way", "planned", "none"}
    assert not answers["text_sv"].str.contains(r"[{}]").any()
    silent = answers["text_sv"] == "Nämnden har inte svarat på frågan."
    assert (silent == (answers["status"] == "none")).all()

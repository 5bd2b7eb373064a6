"""`mr.segregation`: the figures by their own sums of persons, what it refuses, and its way through a release."""

import json

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import EDUCATION, made_city, random_people, toml
from mrstats.disclosure import Plan, write_release
from mrstats.measures import segregation as indices
from mrstats.measures.segregation_chance import against_chance
from mrstats.measures.segregation_parts import within_and_between
from mrstats.models import compute_result
from mrstats.request import request_from_mapping
from mrstats.schema import MrstatsError, NotPublishedError, UnknownGroupError, UnknownNameError

YEARS = [2023, 2024]


@pytest.fixture(scope="module")
def people():
    rows = random_people(3, 24_000)
    rows["education"] = np.where(rows["area"].eq("A1") & (rows.index % 3 == 0), "1", rows["education"])
    return rows


@pytest.fixture(scope="module")
def city(people):
    return made_city(people)


@pytest.fixture(scope="module")
def table(city):
    return mr.segregation(city, "education", "area", YEARS, permutations=99)


def by_hand(people, year, column="area"):
    placed = people[(people["year"] == year) & people[column].notna() & ~people["protected_identity"]]
    return pd.crosstab(placed[column], placed["education"].map(EDUCATION))


@pytest.mark.parametrize("year", YEARS)
def test_indices_are_those_of_the_counted_persons(table, people, year):
    counts = by_hand(people, year)
    here = table[table["year"] == year].set_index(["measure", "group", "against"])["value"]
    for code in counts:
        own, rest = counts[code], counts.drop(columns=code).sum(axis=1)
        for name in ("dissimilarity", "gini", "isolation", "eta_squared", "atkinson"):
            assert here[name, code, "rest"] == pytest.approx(float(getattr(indices, name)(own, rest)), abs=6e-5)
    assert here["mutual_information", "_T", "_T"] == pytest.approx(float(indices.mutual_information(counts)), abs=6e-5)
    met = (counts["lower"] / counts["lower"].sum() * counts["upper"] / counts.sum(axis=1)).sum()
    assert here["interaction", "lower", "upper"] == pytest.approx(met, abs=6e-5)


def test_levels_and_changes_add_up(table):
    whole = table[table["measure"] == "mutual_information"].set_index("year")["value"]
    parts = table[table["measure"] == "mutual_information_part"].groupby("year")["value"].sum()
    pd.testing.assert_series_equal(parts, whole, atol=2e-4)
    change = table[table["measure"].str.startswith("change_")].set_index("measure")["value"]
    assert change["change_mutual_information"] == pytest.approx(whole[2024] - whole[2023], abs=2e-4)
    assert change.sum() == pytest.approx(2 * change["change_mutual_information"], abs=4e-4)
    district = table[(table["geography_level"] == "district") & (table["year"] == 2024)].set_index("measure")
    between = float(district.loc["mutual_information_part", "value"])
    within = district.loc["mutual_information_within"]
    assert between + (within["value"] * within["share"]).sum() == pytest.approx(whole[2024], abs=2e-4)


def test_those_without_an_area_are_counted_beside(table, people):
    lost = (people["area"].isna() | people["protected_identity"]) & (people["year"] == 2024)
    assert set(table.loc[(table["year"] == 2024) & table["unplaced"].notna(), "unplaced"]) == {round(lost.sum(), -1)}


def test_against_a_group_compares_with_that_group_only(city, people):
    table = mr.segregation(city, "education", "area", 2024, against="upper", permutations=19)
    counts = by_hand(people, 2024)
    found = table[table["measure"] == "dissimilarity"].set_index("group")["value"]
    assert "upper" not in found.index
    assert found["lower"] == pytest.approx(float(indices.dissimilarity(counts["lower"], counts["upper"])), abs=6e-5)


def test_an_index_that_could_be_solved_for_a_small_count_is_hidden():
    people = random_people(3, 400)
    table = mr.segregation(made_city(people), "education", "area", 2024, permutations=19)
    figures = ["value", "expected", "corrected", "lower", "upper", "p", "population", "share"]
    assert set(table["status"]) == {"C"}
    assert table[figures].isna().all(axis=None)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("education", "city"), UnknownNameError, "is one area; ask for a level of areas: area, district"),
        (("schooling", "area"), UnknownNameError, "'schooling' is not a background factor"),
        (("education", "parish"), UnknownNameError, "'parish' is not a level"),
        (("education", "area", 1999), UnknownNameError, "1999"),
    ],
)
def test_a_wrong_name_is_refused_with_the_right_ones(city, arguments, error, words):
    with pytest.raises(error, match=words):
        mr.segregation(city, *arguments)


def test_one_group_one_area_and_an_absent_group_are_refused(city, people):
    with pytest.raises(UnknownGroupError, match=r"against='men' has nobody in 'education'\. Groups there: lower"):
        mr.segregation(city, "education", "area", against="men")
    with pytest.raises(UnknownGroupError, match="everybody is 'women'"):
        mr.segregation(made_city(people[people["sex"] == "2"]), "sex", "area")
    with pytest.raises(MrstatsError, match=r"residents live in 1 area\(s\).*Ask for a finer level"):
        mr.segregation(made_city(people[people["area"] == "A1"]), "sex", "area")
    gone = people[(people["year"] == 2023) | (people["sex"] == "1")]
    with pytest.raises(UnknownGroupError, match="group 'women' has nobody in 2024, so the change from 2023 to 2024"):
        mr.segregation(made_city(gone), "sex", "area", YEARS)


def test_too_few_permutations_are_refused(city):
    with pytest.raises(UnknownNameError, match=r"permutations=9 cannot tell p below 0\.05"):
        mr.segregation(city, "sex", "area", permutations=9)


def test_a_sample_is_refused(people):
    weighted = toml(table='[tables.people]\nfiles = "x"\ngrain = "person"\nyear = "year"\nweight = "age"\n')
    with pytest.raises(MrstatsError, match="a sample with weights; how people are spread needs everybody"):
        mr.segregation(made_city(people, weighted), "sex", "area")


def test_what_is_published_is_what_was_computed(city, people, tmp_path, monkeypatch):
    live = mr.segregation(city, "sex", "area", permutations=19)
    monkeypatch.setenv("MRSTATS_MODE", "record")
    monkeypatch.setenv("MRSTATS_PLAN", str(tmp_path / "recorded.jsonl"))
    mr.segregation(city, "sex", "area", permutations=19)
    request = request_from_mapping(json.loads((tmp_path / "recorded.jsonl").read_text(encoding="utf-8")))
    monkeypatch.setenv("MRSTATS_MODE", "explore")
    plan = Plan((), {}, (request,))
    write_release(
        city, (), tmp_path / "release", results={r.key: lambda r=r: compute_result(city, r) for r in plan.results}
    )
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(tmp_path / "release"))
    nobody = made_city(people.iloc[:0])
    pd.testing.assert_frame_equal(mr.segregation(nobody, "sex", "area", 2024, permutations=19), live, check_dtype=False)
    with pytest.raises(NotPublishedError, match='kind = "segregation"'):
        mr.segregation(nobody, "sex", "district", 2024)


def test_parts_by_level_have_intervals_that_hold_their_corrected_values(table):
    for name in ("mutual_information_part", "information_theory_part", "mutual_information_within"):
        rows = table[(table["measure"] == name) & (table["status"] == "")]
        assert len(rows)
        assert rows[["value", "expected", "corrected", "lower", "upper", "p"]].notna().all(axis=None)
        assert ((rows["lower"] <= rows["corrected"]) & (rows["corrected"] <= rows["upper"])).all()
    hidden = table[(table["measure"] == "mutual_information_within") & (table["status"] == "C")]
    assert hidden[["value", "expected", "corrected", "lower", "upper", "p"]].isna().all(axis=None)


def test_intervals_of_parts_hold_the_truth_about_as_often_as_they_say():
    # Twelve areas in three districts, whose composition is known; residents of each are drawn from it.
    random = np.random.default_rng(8)
    share = np.clip(np.repeat([0.2, 0.35, 0.5], 4) + np.tile([-0.1, -0.05, 0.05, 0.1], 3), 0, 1)
    size, district = np.full(12, 400), np.repeat([0, 1, 2], 4)

    def by_level(n):
        between = within_and_between(n, district)[0]
        return np.stack([between, indices.mutual_information(n) - between], axis=-1)

    truth = by_level(np.column_stack([share, 1 - share]) * size[:, None])
    held = []
    for seed in range(60):
        group = random.binomial(size, share)
        found = against_chance(np.column_stack([group, size - group]), {"parts": by_level}, permutations=19, seed=seed)
        held.append((found["parts"].lower <= truth) & (truth <= found["parts"].upper))
    assert (np.mean(held, axis=0) > 0.85).all()  # 60 draws of an interval that holds nine in ten or more

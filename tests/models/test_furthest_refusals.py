"""`mr.furthest_behind`: who is never a node, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import CELL_TABLE, PERSON_TABLE, made_city, random_people
from mrstats.schema import MrstatsError, UnknownNameError
from search_fixtures import DESCRIPTION, THREE, codes_of, half, masks, people, search, uneven


@pytest.fixture(scope="module")
def rows():
    return people(1, share=uneven)


def test_not_known_is_never_named_however_far_behind_it_is():
    def unknown_behind(rows):
        return np.where(rows["education"] == "US", 0.1, uneven(rows))

    for seed in range(4):
        found = search(people(seed, 6000, unknown_behind), seed=seed)
        assert not found["group"].str.split().explode().eq("unknown").any()


def test_a_rest_of_nobody_but_those_not_known_is_no_group():
    """Men's education is lower or not known: beside men with lower education there is nobody one can name.

    The first step would be to men (0.3 and 0.36 against women's 0.7), and lower education the second.
    """
    rows = people(4, 8000)
    rows.loc[(rows["sex"] == "1") & (rows["education"] != "US"), "education"] = "1"
    rows.loc[(rows["sex"] == "2") & (rows["education"] == "3"), "education"] = "1"
    rows.loc[(rows["sex"] == "1") & (rows.index % 3 == 0), "education"] = "US"
    men = np.where(rows["education"] == "1", 0.3, 0.36)
    share = np.where(rows["sex"] == "1", men, 0.7)
    rows["employed"] = np.random.default_rng(1).random(len(rows)) < share
    found = search(rows)
    named = codes_of(rows)
    for node, mask in masks(found, named).items():
        row = found.set_index("node").loc[node]
        if row["factor"]:
            known = named.loc[mask & (named[row["factor"]] != "unknown"), "employed"]
            assert min(known.sum(), (~known).sum()) >= 10, node
            assert set(row["group"].split()) >= set(named.loc[mask, row["factor"]]) - {"unknown"}


def test_a_factor_of_one_known_group_is_not_split():
    rows = people(4, 6000)
    rows["education"] = np.where(rows.index % 2 == 0, "1", "US")
    rows["employed"] = np.random.default_rng(1).random(len(rows)) < np.where(rows["education"] == "1", 0.3, 0.7)
    assert "education" not in set(search(rows)["factor"])


@pytest.mark.parametrize("rate", [0.02, 0.03, 0.97])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_node_has_fewer_than_ten_with_or_without_nor_twenty_where_it_was_chosen(rate, seed):
    rows = people(seed, 6000, lambda r: np.where(r["disability"] == "with", 2 * rate - rate**2, rate))
    found = search(rows, minimum=20, seed=seed)
    keeps = half(rows, seed)
    assert len(found) > 1
    for mask in masks(found, codes_of(rows)).values():
        for shown, fewest in ((keeps, 10), (~keeps, 20)):
            employed = rows.loc[mask & shown, "employed"]
            assert min(employed.sum(), (~employed).sum()) >= fewest


@pytest.mark.parametrize("minimum", [100, 400, 900])
def test_no_combination_that_was_chosen_is_smaller_than_the_minimum(rows, minimum):
    found = search(rows, minimum=minimum)
    keeps = half(rows)
    members = masks(found, codes_of(rows))
    for node in found.loc[found["path"] != "", "node"]:
        assert min((members[node] & keeps).sum(), (members[node] & ~keeps).sum()) >= minimum


def test_few_persons_are_marked_as_unreliable():
    found = search(people(3, 2000, lambda rows: np.where(rows["education"] == "1", uneven(rows), 0.9)), minimum=20)
    assert (found["n"] < 50).any()
    assert found["status"].eq("u").tolist() == (found["n"] < 50).tolist()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"factors": ["sex", "educaton"]}, "educaton"),
        ({"factors": ["sex"]}, "two to six"),
        ({"factors": ["sex", "sex"]}, "two to six"),
        ({"factors": ["sex", "education", "disability", *"abcd"]}, "'a'"),
        ({"depth": 4}, "depth=4"),
        ({"depth": 0}, "depth=0"),
        ({"minimum": 5}, "minimum=5"),
        ({"name": "age"}, "mean"),
        ({"name": "no_direction"}, "direction"),
        ({"name": "employmnt"}, "employmnt"),
        ({"year": 1999}, "1999"),
        ({"minimum": 5000}, "5000"),
        ({"confidence": 95}, "confidence"),
        ({"year": "2024"}, "year='2024' must be a whole number"),
        ({"depth": 2.5}, "depth=2.5 must be a whole number"),
    ],
)
def test_bad_input_is_one_sentence_with_the_cure(rows, change, says):
    with pytest.raises((MrstatsError, ValueError)) as caught:
        search(rows, **change)
    message = str(caught.value)
    assert says in message
    assert "\n" not in message


def test_seven_factors_are_too_many(rows):
    names = [f"extra{i}" for i in range(4)]
    more = "".join(
        f'[factors.{name}]\nlabel = "{name}"\ntable = "people"\ncolumn = "disability"\ncodes = {{ with = "with", without = "without" }}\n'
        + "".join(f'[[factors.{name}.groups]]\ncode = "{c}"\nlabel = "{c}"\namong = "{c}"\n' for c in ("with", "without"))
        for name in names
    )  # fmt: skip
    described = DESCRIPTION.replace("[factors.disability]", more + "[factors.disability]")
    with pytest.raises(UnknownNameError, match="two to six"):
        search(rows, factors=[*THREE, *names], description=described)


def test_cells_and_clusters_are_not_searched(rows):
    cells = rows.groupby(["year", "sex", "education", "disability", "age", "area", "employed"], as_index=False).size()
    described = DESCRIPTION.replace(PERSON_TABLE, CELL_TABLE)
    with pytest.raises(MrstatsError, match="persons"):
        search(cells.rename(columns={"size": "persons"}), description=described)
    sample = PERSON_TABLE + 'weight = "weight"\ncluster = "area"\n'
    with pytest.raises(MrstatsError, match="cluster"):
        search(rows.assign(weight=1.0), description=DESCRIPTION.replace(PERSON_TABLE, sample))


def test_too_few_persons_are_told_so():
    with pytest.raises(MrstatsError, match="100 persons in each half"):
        search(people(1, 150))
    with pytest.raises(MrstatsError, match="each half"):
        search(people(1, 3000, lambda rows: np.zeros(len(rows))))


def test_the_dataset_is_not_changed():
    rows = random_people(2, 3000).assign(year=2024)
    before = rows.copy()
    mr.furthest_behind(made_city(rows), "employment", ["sex", "education"], year=2024)
    pd.testing.assert_frame_equal(rows, before)


def test_one_factor_as_a_word_is_one_factor(rows):
    with pytest.raises(UnknownNameError, match=r"\['sex'\] must be two to six"):
        mr.furthest_behind(made_city(rows, DESCRIPTION), "employment", "sex")

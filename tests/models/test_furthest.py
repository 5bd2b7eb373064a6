"""`mr.furthest_behind`: the choice by brute force, every node by its own mask; rows, engine and weights."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import PERSON_TABLE, write_dataset
from search_fixtures import (
    DESCRIPTION,
    OPTIONS,
    THREE,
    chosen,
    codes_of,
    every_combination,
    half,
    inside,
    masks,
    people,
    search,
    uneven,
)
from test_comparisons import newcombe, wilson


@pytest.fixture(scope="module")
def rows():
    return people(1, share=uneven)


@pytest.fixture(scope="module")
def tree(rows):
    return search(rows)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["employment", "workless"])
def test_the_choice_is_the_limit_that_lies_furthest_out_in_the_half_that_searches(seed, name):
    rows = people(seed, 4000, uneven)
    found = search(rows, name, seed=seed)
    named, keeps = codes_of(rows), half(rows, seed)
    limits, looked_at = {}, 0
    for combination in every_combination(3):
        mask = inside(named, combination)
        searched, kept = rows.loc[mask & ~keeps, "employed"], rows.loc[mask & keeps, "employed"]
        if min(len(searched), len(kept)) < 100:
            continue
        looked_at += 1
        # the upper limit of employment is one less the lower limit of being without
        if min(kept.sum(), (~kept).sum()) >= 10 and min(searched.sum(), (~searched).sum()) >= 20:
            limits[str(combination)] = wilson(searched.sum(), len(searched))[1]
    assert str(dict(sorted(chosen(found).items(), key=lambda pair: THREE.index(pair[0])))) == min(
        limits, key=limits.get
    )
    assert set(found["searched"]) == {looked_at}


def test_the_way_ahead_is_the_limit_furthest_the_other_way_among_what_the_first_step_leaves(tree, rows):
    named, keeps = codes_of(rows), half(rows)
    first = tree.set_index("node").loc["r1"]
    rest = masks(tree, named)["r1"]
    options = {name: groups for name, groups in OPTIONS.items() if name != first["factor"]}
    limits = {}
    for combination in every_combination(2, options):
        searched = rows.loc[inside(named, combination) & rest & ~keeps, "employed"]
        if len(searched) >= 100:
            limits[str(combination)] = wilson(searched.sum(), len(searched))[0]
    best = {name: groups for name, groups in chosen(tree, "best").items() if name != first["factor"]}
    assert str(dict(sorted(best.items(), key=lambda pair: THREE.index(pair[0])))) == max(limits, key=limits.get)


def test_every_node_is_what_its_mask_says(tree, rows):
    named, keeps = codes_of(rows), half(rows)
    assert len(tree) >= 7
    for node, mask in masks(tree, named).items():
        row = tree.set_index("node").loc[node]
        kept = rows.loc[mask & (keeps | (node == "root")), "employed"]
        low, high = wilson(kept.sum(), len(kept))
        assert [row["value"], row["lower"], row["upper"]] == pytest.approx([100 * kept.mean(), 100 * low, 100 * high])
        assert row["n"] == len(kept)
        assert row["population"] == mask.sum()
        assert row["affected"] == (~rows.loc[mask, "employed"]).sum()


def test_affected_are_those_who_have_what_is_adverse(rows):
    adverse, favourable = search(rows, "workless"), search(rows)
    assert adverse["affected"].tolist() == favourable["affected"].tolist()
    assert adverse["value"].tolist() == pytest.approx((100 - favourable["value"]).tolist())
    assert adverse["group"].tolist() == favourable["group"].tolist()


def test_p_is_of_the_difference_from_everybody_else_in_the_half_that_confirms(tree, rows):
    keeps = half(rows)
    for node, mask in masks(tree, codes_of(rows)).items():
        row = tree.set_index("node").loc[node]
        if node == "root":
            assert np.isnan(row["p"])
            assert np.isnan(row["p_adjusted"])
            assert not row["confirmed"]
            continue
        own, others = rows.loc[mask & keeps, "employed"], rows.loc[~mask & keeps, "employed"]
        low, high = newcombe(own.sum(), len(own), others.sum(), len(others))
        sure = low > 0 or high < 0
        assert (row["p"] < 0.05) == sure
        way = {"worst": own.mean() < rows["employed"].mean(), "best": own.mean() > rows["employed"].mean(), "": True}
        assert row["confirmed"] == (row["p_adjusted"] < 0.05 and way[row["path"]])
    assert tree.loc[(tree["path"] == "") & (tree["value"] > tree.loc[0, "value"]), "confirmed"].any()
    p = tree["p"].dropna().sort_values()
    adjusted = np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]  # Benjamini and Hochberg 1995
    assert tree.loc[p.index, "p_adjusted"].tolist() == pytest.approx(adjusted.tolist())


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_all_combinations_of_the_depth_asked_for_are_counted_however_short_the_way(depth):
    """Two groups of sex, nine runs of education, two of disability: 13 alone, 40 in pairs, 36 of three."""
    rows = people(1, 40_000, lambda r: 0.7 - 0.25 * ((r["sex"] == "2") & (r["education"] == "1")))
    found = search(rows, depth=depth)
    assert found["depth"].max() <= 2
    assert set(found["searched"]) == {[13, 53, 89][depth - 1]}


@pytest.mark.parametrize("seed", range(6))
def test_two_children_add_up_to_their_parent(seed):
    found = search(people(seed, 5000, uneven), seed=seed).set_index("node")
    for parent, pair in found[found["parent"] != ""].groupby("parent"):
        assert len(pair) == 2
        for name in ("n", "population", "affected"):
            if (parent, name) != ("root", "n"):  # the root shows all persons, its children the half that confirms
                assert pair[name].sum() == pytest.approx(found.loc[parent, name])
    assert found["depth"].tolist() == [0 if not p else found.loc[p, "depth"] + 1 for p in found["parent"]]


def test_a_planted_interaction_that_no_factor_shows_is_found():
    """Women with a disability and men without are both at 50 per cent, the others at 70: each factor alone shows 60."""

    def crossed(rows):
        return np.where((rows["sex"] == "2") == (rows["disability"] == "with"), 0.5, 0.7)

    def even(rows):
        return rows.assign(disability=np.where(np.random.default_rng(5).random(len(rows)) < 0.5, "with", "without"))

    rows = even(people(2, 8000))
    rows["employed"] = np.random.default_rng(6).random(len(rows)) < crossed(rows)
    found = search(rows, factors=["sex", "disability"], depth=2)
    worst = chosen(found)
    assert worst in ({"sex": ["women"], "disability": ["with"]}, {"sex": ["men"], "disability": ["without"]})
    end = found[found["path"] == "worst"].iloc[-1]
    assert end["confirmed"]
    assert end["lower"] < 50 < end["upper"]
    assert end["expected"] == pytest.approx(60, abs=2.5)
    assert end["upper"] < end["expected"] - 5


def test_expected_is_the_value_where_factors_only_add():
    """In a table of two by two the sum of the parts is worked by hand from the four cells of the half that confirms."""
    rows = people(3, 6000, lambda r: 0.7 - 0.2 * (r["sex"] == "2") - 0.1 * (r["disability"] == "with"))
    found = search(rows, factors=["sex", "disability"], depth=2).set_index("node")
    kept = rows[half(rows)]
    x = np.column_stack([np.ones(len(kept)), kept["sex"] == "2", kept["disability"] == "with"]).astype(float)
    effects = np.linalg.solve(x.T @ x, x.T @ kept["employed"].to_numpy(float))
    assert chosen(found.reset_index()) == {"sex": ["women"], "disability": ["with"]}
    assert found.loc["w2", "expected"] == pytest.approx(100 * effects.sum())
    assert found.loc["w2", "lower"] < found.loc["w2", "expected"] < found.loc["w2", "upper"]
    for node in ("root", "w1", "r1"):  # one factor has nothing to add to
        assert found.loc[node, "expected"] == pytest.approx(found.loc[node, "value"])


@pytest.fixture(scope="module")
def many():
    """A city that has every column a dataset on disk may have."""
    return people(9, 2500, uneven).assign(income=1.0, events=0)


def test_the_order_of_rows_does_not_matter(many):
    pd.testing.assert_frame_equal(search(many), search(many.sample(frac=1, random_state=1)))


def test_duckdb_on_parquet_finds_what_pandas_finds(many, tmp_path):
    city = mr.open_dataset(write_dataset(tmp_path / "made", many, DESCRIPTION))
    found = mr.furthest_behind(city, "employment", THREE)
    pd.testing.assert_frame_equal(found, search(many))


def test_another_seed_gives_another_half_but_the_same_city(many):
    one, other = search(many), search(many, seed=2)
    assert one.loc[0, ["value", "n", "population"]].tolist() == other.loc[0, ["value", "n", "population"]].tolist()
    assert one.loc[1, "n"] != other.loc[1, "n"]


def test_person_numbers_may_be_text(many):
    texts = many.assign(person_id="p" + many["person_id"].astype(str))
    found = search(texts)
    mask = masks(found, codes_of(texts))["w1"] & half(texts)
    assert found.loc[1, "n"] == mask.sum()
    pd.testing.assert_frame_equal(found, search(texts.sample(frac=1, random_state=2)))


def test_weighted_persons_stand_for_as_many_as_their_weight(many):
    weights = np.random.default_rng(3).choice([1.0, 2.0, 4.0], len(many))
    described = DESCRIPTION.replace(PERSON_TABLE, PERSON_TABLE + 'weight = "weight"\n')
    found = search(many.assign(weight=weights), description=described)
    keeps = half(many)
    for node, mask in masks(found, codes_of(many)).items():
        row = found.set_index("node").loc[node]
        w, y = weights[mask], many.loc[mask, "employed"].to_numpy()
        assert row["population"] == pytest.approx(w.sum())
        assert row["affected"] == pytest.approx(w[~y].sum())
        shown = mask & (keeps | (node == "root"))
        w, y = weights[shown], many.loc[shown, "employed"].to_numpy()
        share, effective = w[y].sum() / w.sum(), w.sum() ** 2 / (w**2).sum()  # Kish's number of persons
        assert row["value"] == pytest.approx(100 * share)
        assert row["n"] == shown.sum()
        limits = wilson(share * effective, effective)
        assert [row["lower"], row["upper"]] == pytest.approx([100 * limit for limit in limits])

"""Margins from cells: each row is what a mask over the cells adds up to, whichever way it was computed."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mrstats.rollup import roll_up

AREAS = ["A1", "A2", "A3", "A4", "_U"]
PARENT = {"A1": "D2", "A2": "D1", "A3": "D1", "A4": "D3", "_U": "_U"}
PLACES = {
    "city": (["1280"], dict.fromkeys(AREAS, "1280")),
    "district": (["D0", "D1", "D2", "D3", "_U"], PARENT),  # nobody lives in D0
    "area": (AREAS, {code: code for code in AREAS}),
}
GROUPS = {"sex": ["women", "men"], "age": ["old", "young", "child"]}


def random_cells(seed, keep=0.6, years=(2023, 2024)):
    random = np.random.default_rng(seed)
    every = list(itertools.product(years, AREAS, GROUPS["sex"], GROUPS["age"]))
    held = [row for row in every if random.random() < keep] or every[:1]
    return pd.DataFrame(held, columns=["year", "area_", "sex", "age"]), random.normal(size=(len(held), 3))


def by_masks(cells, sums, rows, places=PLACES):
    """Each row on its own: the cells that belong to it, added up."""
    result = []
    for row in rows.itertuples(index=False):
        mask = (cells["year"] == row.year) & (cells["area_"].map(places[row.geography_level][1]) == row.geography)
        for name in set(rows.columns) & set(GROUPS):
            if getattr(row, name) != "_T":
                mask &= cells[name] == getattr(row, name)
        result.append(sums[mask.to_numpy()].sum(axis=0))
    return np.array(result)


@pytest.mark.parametrize("limit", [10**9, 0], ids=["dense", "sparse"])
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), keep=st.floats(0.02, 1))
def test_every_margin_is_its_mask(limit, seed, keep):
    cells, sums = random_cells(seed, keep)
    rows, found = roll_up(cells, sums, years=[2023, 2024], areas=PLACES, groups=GROUPS, limit=limit)
    np.testing.assert_allclose(found, by_masks(cells, sums, rows), rtol=1e-12, atol=1e-12)


def test_dense_holds_every_combination_in_print_order():
    cells, sums = random_cells(1)
    rows, _ = roll_up(cells, sums, years=[2023, 2024], areas=PLACES, groups=GROUPS)
    places = [(level, code) for level, (codes, _) in PLACES.items() for code in codes]
    grid = itertools.product([2023, 2024], places, ["_T", *GROUPS["sex"]], ["_T", *GROUPS["age"]])
    expected = [(year, level, code, sex, age) for year, (level, code), sex, age in grid]
    assert list(rows.itertuples(index=False, name=None)) == expected


def test_sparse_holds_those_that_occur_and_the_same_sums():
    cells, sums = random_cells(2, keep=0.3)
    full, dense = roll_up(cells, sums, years=[2023, 2024], areas=PLACES, groups=GROUPS)
    some, sparse = roll_up(cells, sums, years=[2023, 2024], areas=PLACES, groups=GROUPS, limit=0)
    keys = list(full)
    both = full.assign(at=range(len(full))).merge(some.assign(to=range(len(some))), on=keys)
    assert len(both) == len(some) < len(full)
    np.testing.assert_allclose(sparse[both["to"]], dense[both["at"]], rtol=1e-12, atol=1e-12)
    assert not dense[~full.index.isin(both["at"])].any()


@pytest.mark.parametrize("limit", [10**9, 0])
def test_a_factor_can_be_folded_away(limit):
    cells, sums = random_cells(3)
    rows, found = roll_up(
        cells, sums, years=[2023, 2024], areas=PLACES, groups={"age": GROUPS["age"]}, collapse={"sex": GROUPS["sex"]}, limit=limit
    )  # fmt: skip
    assert list(rows) == ["year", "geography_level", "geography", "age"]
    np.testing.assert_allclose(found, by_masks(cells, sums, rows), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("limit", [10**9, 0])
def test_a_publishers_own_total_counts_and_where_there_is_none_the_groups_are_added_up(limit):
    cells = pd.DataFrame(
        [(2024, "A1", "men"), (2024, "A1", "women"), (2024, "A1", "_T"), (2024, "A2", "men"), (2024, "A2", "women")],
        columns=["year", "area_", "sex"],
    )
    sums = np.array([[10.0], [20.0], [31.0], [1.0], [2.0]])  # 31: the published parts do not add up to it
    places = {name: PLACES[name] for name in ("city", "area")}
    rows, found = roll_up(cells, sums, years=[2024], areas=places, groups={"sex": ["men", "women"]}, limit=limit)
    answer = {(row.geography, row.sex): value for row, value in zip(rows.itertuples(), found[:, 0], strict=True)}
    assert (answer["A1", "_T"], answer["A2", "_T"], answer["1280", "_T"], answer["1280", "men"]) == (31, 3, 34, 11)


@pytest.mark.parametrize("limit", [10**9, 0])
def test_without_factors_and_in_one_area(limit):
    cells = pd.DataFrame({"year": [2024], "area_": ["_U"]})
    places = {"city": (["1280"], {"_U": "1280"})}
    rows, found = roll_up(cells, np.array([[5.0, 1.0]]), years=[2024], areas=places, groups={}, limit=limit)
    assert rows.values.tolist() == [[2024, "city", "1280"]]
    assert found.tolist() == [[5.0, 1.0]]


def test_what_was_not_announced_is_named():
    cells, sums = random_cells(4)
    with pytest.raises(KeyError, match="men"):
        roll_up(cells, sums, years=[2023, 2024], areas=PLACES, groups={"sex": ["women"], "age": GROUPS["age"]})
    with pytest.raises(KeyError, match="2023"):
        roll_up(cells, sums, years=[2024], areas=PLACES, groups=GROUPS)


def test_categories_in_another_order_are_the_same_codes():
    cells, sums = random_cells(5)
    coded = cells.assign(sex=pd.Categorical(cells["sex"], ["men", "other", "women"]))
    plain = roll_up(cells, sums, years=[2023, 2024], areas=PLACES, groups=GROUPS)[1]
    assert (roll_up(coded, sums, years=[2023, 2024], areas=PLACES, groups=GROUPS)[1] == plain).all()


@pytest.mark.parametrize("limit", [10**9, 0])
def test_cells_at_the_same_place_are_added_up(limit):
    cells = pd.DataFrame({"year": [2024, 2024], "area_": ["A1", "A1"], "sex": ["men", "men"]})
    places = {"city": PLACES["city"]}
    _, found = roll_up(
        cells, np.array([[1.0], [2.0]]), years=[2024], areas=places, groups={"sex": ["men"]}, limit=limit
    )
    assert found[:, 0].tolist() == [3.0, 3.0]

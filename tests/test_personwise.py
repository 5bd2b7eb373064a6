"""Order statistics group by group are those of the measures; replicates depend on the person and the seed only."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_city import CELL_TABLE, made_city, random_people, toml
from mrstats import engine
from mrstats.engine import Keys, indicator_cells
from mrstats.measures import distribution
from mrstats.personwise import gini_replicates, order_statistics, poisson_counts, replicate_cells
from mrstats.rollup import roll_up
from mrstats.schema import DatasetError


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), size=st.integers(1, 60), groups=st.integers(1, 8), weighted=st.booleans())
def test_each_group_is_as_the_measures_have_it(seed, size, groups, weighted):
    random = np.random.default_rng(seed)
    x = random.integers(0, 12, size) * 100.0  # many ties
    w = random.choice([0.0, 0.5, 1.0, 2.25], size) if weighted else None
    code = random.integers(0, groups, size)
    found = order_statistics(x, w, sets=[(code, groups), (np.zeros(size, int), 1)], p=[0.1, 0.5, 0.9])
    for codes, part in zip((code, np.zeros(size, int)), found, strict=True):
        for group in range(len(part["n"])):
            mask = (codes == group) & (np.ones(size, bool) if w is None else w > 0)
            weights = None if w is None else w[mask]
            assert part["n"][group] == mask.sum()
            expected = distribution.weighted_quantile(x[mask], [0.1, 0.5, 0.9], weights)
            np.testing.assert_allclose(part["quantiles"][group], expected, rtol=1e-12)
            if mask.any():
                ratio = distribution.quintile_share_ratio(x[mask], weights)
                np.testing.assert_allclose(part["quintile_share_ratio"][group], ratio, rtol=1e-12)
                np.testing.assert_allclose(part["gini"][group], distribution.gini(x[mask], weights), atol=1e-12)


def test_a_group_of_nobody_and_more_groups_than_short_integers_hold():
    found = order_statistics([1.0, 2.0], sets=[(np.array([70_000, 3]), 70_001)], p=[0.5])[0]
    assert found["n"].sum() == 2
    assert np.isnan(found["quantiles"][0, 0])
    assert found["quantiles"][70_000, 0] == 1.0


def test_counts_are_poisson_with_mean_one():
    counts = poisson_counts(np.arange(20_000), 100, seed=3)
    share = np.bincount(counts.ravel(), minlength=8)[:8] / counts.size
    poisson = np.exp(-1) / np.cumprod([1, 1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_allclose(share, poisson, atol=5 * np.sqrt(poisson[0] / counts.size))
    assert abs(np.corrcoef(counts.T[:2])[0, 1]) < 0.04  # the two halves of one hash
    assert abs(np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]) < 0.005  # neighbours


def test_counts_depend_on_person_replicate_and_seed_only():
    persons = np.array([5, 9, 2**40, -3])
    counts = poisson_counts(persons, 40, seed=1)
    assert (poisson_counts(persons[::-1], 40, seed=1)[::-1] == counts).all()
    assert (poisson_counts(persons, 25, seed=1) == counts[:, :25]).all()
    assert (poisson_counts(persons, 40, seed=2) != counts).any()
    assert (poisson_counts(np.array(["a", "b"]), 9, seed=1)[1] == poisson_counts(np.array(["b"], object), 9, seed=1)[0]).all()  # fmt: skip


def test_counts_are_splitmix64_of_person_and_seed_by_hand():
    def mixed(z):  # Steele, Lea & Flood 2014, in whole numbers of Python
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        return z ^ z >> 31

    def count(person, replicate, seed):
        z = mixed((mixed((person + mixed(seed)) % 2**64) + (replicate // 2 + 1) * 0x9E3779B97F4A7C15) % 2**64)
        chance = (z >> 32 * (replicate % 2)) % 2**32 / 2**32
        distribution = np.exp(-1) * np.cumsum([1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040])
        return int((chance >= distribution).sum())

    persons = np.array([0, 7, 2**40])
    expected = [[count(int(person), replicate, 3) for replicate in range(9)] for person in persons]
    assert poisson_counts(persons, 9, seed=3).tolist() == expected


@pytest.mark.parametrize("weighted", [False, True])
def test_a_replicate_is_the_gini_of_the_persons_as_often_as_they_were_drawn(weighted):
    random = np.random.default_rng(5)
    x, persons = random.integers(0, 9, 203) * 10.0, random.permutation(203)
    w = random.choice([0.0, 1.0, 2.5], 203) if weighted else None
    codes = random.integers(0, 5, 203)
    codes[codes == 3] = 4  # nobody in group 3
    found = gini_replicates(x, persons, w, sets=[(codes, 5), (np.zeros(203, int), 1)], replicates=131, seed=2)
    counts = poisson_counts(persons, 131, seed=2) * (np.ones(203) if w is None else w)[:, None]
    for code, part in zip((codes, np.zeros(203, int)), found, strict=True):
        for group in range(len(part)):
            for replicate in (0, 1, 127, 128, 130):  # both halves of a hash, both sides of a block
                mask = (code == group) & (counts[:, replicate] > 0)
                expected = distribution.gini(x[mask], counts[mask, replicate]) if mask.any() else np.nan
                np.testing.assert_allclose(part[group, replicate], expected, rtol=1e-9, atol=1e-12)


def test_the_spread_of_replicates_is_the_error_of_the_gini():
    # Of n exponential incomes the Gini is the mean of n − 1 uniform numbers: 1/12 ÷ (n − 1) (Gail & Gastwirth 1978).
    random = np.random.default_rng(8)
    found = gini_replicates(random.exponential(size=4000), np.arange(4000), sets=[(np.zeros(4000, int), 1)])[0]
    assert found.std() == pytest.approx((1 / 12 / 4000) ** 0.5, rel=0.12)


@pytest.fixture(scope="module")
def people():
    people = random_people(4, 1500)
    return people.assign(person_id=people["person_id"] % 900)  # many are there in both years


def made(people, indicator="income_mean", **options):
    city = made_city(people)
    keys = Keys((2023, 2024), "area", (city.description.factors["sex"],))
    return city, keys, replicate_cells(city, city.indicators[indicator], keys, **options)


def test_same_answer_with_rows_shuffled_and_in_any_chunks(people):
    _, _, (cells, w, wy) = made(people, replicates=30)
    shuffled = people.sample(frac=1, random_state=1)
    for other, chunk in ((shuffled, 16_384), (people, 7), (shuffled, 100)):
        _, _, (again, w2, wy2) = made(other, replicates=30, chunk=chunk)
        pd.testing.assert_frame_equal(again, cells)
        assert (w2 == w).all()
        np.testing.assert_allclose(wy2, wy, rtol=1e-12)


def test_replicate_sums_are_those_of_the_persons(people):
    city, keys, (cells, w, wy) = made(people, replicates=10, seed=8)
    known = people.dropna(subset="income").reset_index(drop=True)
    counts = poisson_counts(known["person_id"].to_numpy(), 10, seed=8)
    area = known["area"].where(~known["protected_identity"]).fillna("_U")
    sex = known["sex"].map({"1": "men", "2": "women"})
    for i in (0, len(cells) // 2, len(cells) - 1):
        row = cells.iloc[i]
        mask = ((known["year"] == row["year"]) & (area == row["area_"]) & (sex == row["sex"])).to_numpy()
        np.testing.assert_allclose(w[i], counts[mask].sum(axis=0))
        np.testing.assert_allclose(wy[i], (counts * known["income"].to_numpy()[:, None])[mask].sum(axis=0))
    plain = indicator_cells(city, city.indicators["income_mean"], keys)
    pd.testing.assert_frame_equal(cells, plain[list(cells)])


def test_margins_of_replicates_stand_in_the_order_of_the_tables_rows(people):
    city, keys, (cells, w, wy) = made(people, replicates=400)
    plain = indicator_cells(city, city.indicators["income_mean"], keys)
    every = sorted(plain[engine.AREA].unique())
    rolled = {
        "years": [2023, 2024],
        "areas": {"city": (["9990"], dict.fromkeys(every, "9990")), "area": (every, {code: code for code in every})},
        "groups": {"sex": ["men", "women"]},
    }
    rows, sums = roll_up(plain, plain[["n", "wy", "wy2"]].to_numpy(), **rolled)
    again, both = roll_up(cells, np.hstack([w, wy]), **rolled)
    pd.testing.assert_frame_equal(rows, again)
    means = both[:, 400:] / both[:, :400]
    n, total, squares = sums.T
    error = np.sqrt((squares / n - (total / n) ** 2) / n)
    large = n > 80
    assert large.sum() > 8
    assert np.abs(means.std(axis=1)[large] / error[large] - 1).max() < 0.2


def test_replicates_need_persons(people):
    cells = people.groupby(["year", "sex", "education", "age", "area"], as_index=False).size()
    city = made_city(cells.rename(columns={"size": "persons"}), toml(CELL_TABLE))
    with pytest.raises(DatasetError, match="person"):
        replicate_cells(city, city.indicators["population"], Keys((2023,), "", ()), replicates=2)

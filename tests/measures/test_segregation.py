"""Segregation against R (tests/reference/09_segregation, 1e-9; Shapley 1e-6), its properties, and what chance does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from made_city import ROOT, reference
from mrstats.measures import segregation as s
from mrstats.measures import segregation_parts
from mrstats.measures.segregation_chance import against_chance, permuted_counts

R = reference("09_segregation")
CITY = pd.read_csv(ROOT / "tests" / "reference" / "09_segregation" / "city.csv")
GROUPS = R["groups"]
COUNTS = {year: CITY[[f"{group}_{year}" for group in GROUPS]].to_numpy(float) for year in ("y1", "y2")}
TABLES = arrays(np.int64, (6, 3), elements=st.integers(0, 60)).filter(
    lambda n: (n.sum(axis=0) > 0).all() and (n.sum(axis=1) > 0).sum() > 1
)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("year", ["y1", "y2"])
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("D", s.dissimilarity),
        ("gini", s.gini),
        ("isolation", s.isolation),
        ("eta2", s.eta_squared),
        ("atkinson05", s.atkinson),
        ("atkinson01", lambda a, b: s.atkinson(a, b, shape=0.1)),
        ("atkinson09", lambda a, b: s.atkinson(a, b, shape=0.9)),
        ("H", lambda a, b: s.information_theory(np.stack([a, b], axis=-1))),
    ],
)
def test_a_group_against_the_rest_is_as_in_r(year, name, index):
    close(index(*s.against_the_rest(COUNTS[year])), R[year]["one_group_vs_rest"][name])


@pytest.mark.parametrize("year", ["y1", "y2"])
def test_two_groups_and_their_meeting_are_as_in_r(year):
    n, expected = COUNTS[year].T, R[year]["two_group"]
    for i in range(len(GROUPS)):
        for j in range(len(GROUPS)):
            close(s.interaction(n[i], n[j], n.sum(axis=0)), expected["interaction_row_exposed_to_column"][i][j])
            close(s.dissimilarity(n[i], n[j]), expected["D"][i][j])
            close(s.gini(n[i], n[j]), expected["gini"][i][j])


@pytest.mark.parametrize("year", ["y1", "y2"])
def test_many_groups_are_as_in_r(year):
    n, many, other = COUNTS[year], R[year]["multigroup"], R[year]["R_segregation"]
    close(s.multigroup_dissimilarity(n), many["D"])
    close(s.multigroup_gini(n), many["gini"])
    close(s.relative_diversity(n), many["R"])
    close(s.information_theory(n), many["H"])
    close(s.mutual_information(n), other["M"])
    close(s.entropy(n), other["entropy_groups_nats"])
    for area, quotients in R[year]["location_quotient"].items():
        close(s.location_quotients(n)[CITY.index[CITY["area"] == area][0]], quotients)


@pytest.mark.parametrize("year", ["y1", "y2"])
def test_the_parts_of_m_by_district_are_as_in_r(year):
    codes, number = np.unique(CITY["district"], return_inverse=True)
    between, within, share = segregation_parts.within_and_between(COUNTS[year], number)
    expected = R[year]["R_segregation"]
    close(between, expected["M_between_districts"])
    close(share @ within, expected["M_within_districts"])
    for district in expected["within_by_district"]:
        k = list(codes).index(district["district"])
        close([within[k], share[k]], [district["M"], district["p"]])


def test_the_change_is_divided_as_in_r():
    parts, expected = segregation_parts.change_parts(COUNTS["y1"], COUNTS["y2"]), R["change_y1_to_y2_shapley"]
    names = {"structure": "structural", "groups": "group_marginal", "areas": "unit_marginal", "new_areas": "additions"}
    for ours, theirs in names.items():
        assert parts[ours] == pytest.approx(expected[theirs], rel=1e-6, abs=1e-10)
    assert sum(parts.values()) == pytest.approx(expected["diff"], rel=1e-9)


@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_areas_and_the_names_of_groups_do_not_matter(n, random):
    rows, columns = random.sample(range(6), 6), random.sample(range(3), 3)
    for index in s.ALL_GROUPS.values():
        assert index(n[rows][:, columns]) == pytest.approx(index(n), abs=1e-9)
    for index in s.ONE_GROUP.values():
        own, rest = s.against_the_rest(n.astype(float))
        np.testing.assert_allclose(index(own[:, rows], rest[:, rows]), index(own, rest), atol=1e-9)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=8), st.integers(1, 9), st.integers(1, 9))
def test_groups_that_are_spread_alike_are_not_segregated(sizes, first, second):
    n = np.outer(sizes, [first, second])
    for name, index in s.ONE_GROUP.items():
        even = first / (first + second) if name == "isolation" else 0
        assert index(*n.T.astype(float)) == pytest.approx(even, abs=1e-9)
    assert s.mutual_information(n) == pytest.approx(0, abs=1e-9)


@given(st.lists(st.integers(1, 50), min_size=2, max_size=6))
def test_groups_that_never_meet_are_wholly_segregated(sizes):
    own, rest = np.array([*sizes, 0, 0], float), np.array([*[0] * len(sizes), 3, 4], float)
    for index in s.ONE_GROUP.values():
        assert index(own, rest) == pytest.approx(1)
    assert s.interaction(own, rest, own + rest) == pytest.approx(0)


@given(TABLES, arrays(np.int64, 6, elements=st.integers(0, 2)))
def test_parts_within_and_between_add_up(n, parent):
    parent = np.unique(parent, return_inverse=True)[1]
    between, within, share = segregation_parts.within_and_between(n, parent)
    assert between + np.nansum(share * within) == pytest.approx(float(s.mutual_information(n)), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(TABLES.map(lambda n: n + 1), TABLES.map(lambda n: n + 1))
def test_parts_of_a_change_add_up_and_turn_with_time(before, after):
    forth, back = segregation_parts.change_parts(before, after), segregation_parts.change_parts(after, before)
    difference = float(s.mutual_information(after) - s.mutual_information(before))
    assert sum(forth.values()) == pytest.approx(difference, abs=1e-9)
    assert {name: -value for name, value in back.items()} == pytest.approx(forth, abs=1e-7)


def test_an_area_that_is_new_is_a_part_of_its_own():
    before, after = [[10, 10], [10, 10], [0, 0]], [[10, 10], [10, 10], [40, 0]]
    parts = segregation_parts.change_parts(before, after)
    assert parts["structure"] == pytest.approx(0, abs=1e-9)
    assert parts["new_areas"] == pytest.approx(float(s.mutual_information(after)))


@pytest.mark.parametrize(
    ("own", "rest", "expected"),
    [([0, 0], [5, 5], np.nan), ([5, 5], [0, 0], np.nan), ([5, 0], [5, 0], 0), ([1], [1], 0), ([0, 3, 0], [0, 0, 3], 1)],
)
def test_edges_of_dissimilarity(own, rest, expected):
    assert s.dissimilarity(own, rest) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("wrong", [[3, -1], [3, np.nan]])
def test_a_count_that_cannot_be_is_named(wrong):
    with pytest.raises(ValueError, match=r"area \(1\): (-1|nan) persons"):
        s.dissimilarity(wrong, [1, 1])


def test_permuted_persons_keep_areas_and_groups_and_have_the_hypergeometric_mean():
    n = np.array([[30, 5, 5], [10, 10, 20], [0, 0, 0], [20, 25, 15]])
    drawn = permuted_counts(n, 4000)
    assert (drawn >= 0).all()
    assert (drawn.sum(axis=1) == n.sum(axis=0)).all()
    assert (drawn.sum(axis=2) == n.sum(axis=1)).all()
    homes, size, total = n.sum(axis=1)[:, None], n.sum(axis=0), n.sum()
    variance = homes * size / total * (1 - size / total) * (total - homes) / (total - 1)
    close(variance[2], 0)
    np.testing.assert_allclose(drawn.mean(axis=0), homes * size / total, atol=0.25)
    np.testing.assert_allclose(drawn.var(axis=0)[[0, 1, 3]], variance[[0, 1, 3]], rtol=0.12)


def test_p_is_never_zero_and_counts_ties():
    together = against_chance([[10, 0], [0, 10]], {"D": _first_group}, permutations=99)["D"]
    assert float(together.p) == 0.01
    even = against_chance([[10, 10], [10, 10]], {"D": _first_group}, permutations=99)["D"]
    assert float(even.p) == 1


def _first_group(n):
    return s.dissimilarity(n[..., 0], n[..., 1:].sum(axis=-1))


@pytest.mark.parametrize(("people", "spread"), [(60, 0.0), (60, 0.8), (300, 0.3)])
def test_the_corrected_value_is_nearer_the_truth_than_the_plain_one_and_than_winships(people, spread):
    rng = np.random.default_rng(5)
    share = 1 / (1 + np.exp(1.5 - spread * rng.normal(size=60)))
    truth = float(s.dissimilarity(share, 1 - share)) if spread else 0.0
    found = {"plain": [], "winship": [], "corrected": []}
    inside = 0
    for seed in range(40):
        own = rng.binomial(people, share)
        made = against_chance(np.stack([own, people - own], 1), {"D": _first_group}, permutations=99, seed=seed)["D"]
        found["plain"].append(float(made.value))
        found["winship"].append(float((made.value - made.expected) / (1 - made.expected)))
        found["corrected"].append(float(made.corrected))
        inside += made.lower - 1e-9 <= truth <= made.upper + 1e-9
    bias = {name: abs(np.mean(values) - truth) for name, values in found.items()}
    assert bias["corrected"] < 0.035
    assert bias["corrected"] < bias["plain"] / 3
    if spread:
        assert bias["corrected"] < bias["winship"] / 4
    assert inside >= 32

"""The joint table: sums of every table from one inner table, divisions that do not nest, and lines that add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from cubes import areas, cube, cubes
from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.joint import joint_problem, outcome_dimension
from mrstats.schema import DatasetError

PEOPLE = pd.DataFrame(
    {
        "area": ["A000", "A000", "A001", "A002", "A003"],
        "sex": ["men", "women", "men", "men", "women"],
        "value": [3, 4, 5, 6, 7],
    }
)
SEX = Dimension.flat("sex", ["men", "women"])


def test_every_margin_is_worked_out_by_hand():
    problem = joint_problem(PEOPLE, [areas(4), SEX], [{"area": ["area", "district"], "sex": ["sex"]}])
    # D00 = A000 + A001, D01 = A002 + A003
    expected = {
        ("_T", "_T"): 25, ("_T", "men"): 14, ("_T", "women"): 11, ("D00", "_T"): 12, ("D00", "men"): 8,
        ("D00", "women"): 4, ("D01", "_T"): 13, ("D01", "men"): 6, ("D01", "women"): 7, ("A000", "_T"): 7,
        ("A000", "men"): 3, ("A000", "women"): 4, ("A001", "_T"): 5, ("A001", "men"): 5, ("A001", "women"): 0,
        ("A002", "_T"): 6, ("A002", "men"): 6, ("A002", "women"): 0, ("A003", "_T"): 7, ("A003", "men"): 0,
        ("A003", "women"): 7,
    }  # fmt: skip
    frame = problem.frame()
    assert dict(zip(zip(frame["area"], frame["sex"], strict=True), frame["value"], strict=True)) == expected


def test_two_tables_share_cells_and_one_inner_table():
    shapes = [{"area": ["district"]}, {"sex": ["sex"]}]
    problem = joint_problem(PEOPLE, [areas(4), SEX], shapes)
    frame = problem.frame()
    assert set(zip(frame["area"], frame["sex"], strict=True)) == {
        ("_T", "_T"), ("D00", "_T"), ("D01", "_T"), ("_T", "men"), ("_T", "women"),
    }  # fmt: skip
    # the areas of a district are no longer told apart: 2 districts × 2 sexes, all of them lived in
    assert len(problem.values) == 4


def test_a_dimension_no_table_uses_is_summed_away():
    problem = joint_problem(PEOPLE, [areas(4), SEX], [{"area": ["area"]}])
    assert [d.name for d in problem.dimensions] == ["area"]
    assert problem.frame().set_index("area")["value"].to_dict() == {
        "_T": 25,
        "A000": 7,
        "A001": 5,
        "A002": 6,
        "A003": 7,
    }


def test_a_table_of_the_city_alone_is_one_cell():
    problem = joint_problem(PEOPLE, [areas(4), SEX], [{}])
    assert problem.truth.tolist() == [25]
    assert problem.lines.shape[0] == 0


def test_levels_that_do_not_nest_are_both_sums_of_the_areas():
    problem = joint_problem(PEOPLE, [areas(4, crossing=True)], [{"area": ["area", "district", "service"]}])
    # service areas: A000 | A001 A002 | A003
    values = problem.frame().set_index("area")["value"].to_dict()
    assert (values["S00"], values["S01"], values["S02"]) == (7, 11, 7)
    rows = problem.hierarchy()
    assert sorted(zip(rows["hierarchy"], rows["parent"], rows["child"], strict=True)) == [
        ("area", "D00", "A000"), ("area", "D00", "A001"), ("area", "D01", "A002"), ("area", "D01", "A003"),
        ("area", "S00", "A000"), ("area", "S01", "A001"), ("area", "S01", "A002"), ("area", "S02", "A003"),
        ("district", "_T", "D00"), ("district", "_T", "D01"),
        ("service", "_T", "S00"), ("service", "_T", "S01"), ("service", "_T", "S02"),
    ]  # fmt: skip


def test_levels_alone_without_their_areas_keep_the_pieces_apart():
    problem = joint_problem(PEOPLE, [areas(6, crossing=True, per_district=4)], [{"area": ["district", "service"]}])
    # districts 0–3 | 4–5, service areas 0–1 | 2–5: three pieces, two of them lived in
    assert len(problem.dimensions[0].atoms) == 3
    assert problem.frame().set_index("area")["value"].to_dict() == {"_T": 25, "D00": 25, "D01": 0, "S00": 12, "S01": 13}


def test_outcomes_of_one_population_share_its_persons():
    outcome = outcome_dimension(["employment", "crime"])
    assert outcome.codes == ("_T", "employment:no", "employment:yes", "crime:no", "crime:yes")
    cells = pd.DataFrame({"outcome": ["11", "10", "01", "00"], "value": [1, 2, 4, 8]})
    problem = joint_problem(cells, [outcome], [{"outcome": ["employment"]}, {"outcome": ["crime"]}])
    values = problem.frame().set_index("outcome")["value"].to_dict()
    assert values == {"_T": 15, "employment:yes": 3, "employment:no": 12, "crime:yes": 5, "crime:no": 10}


@settings(max_examples=30, deadline=None)
@given(cubes())
def test_lines_are_zero_on_any_counts_that_add_up(problem):
    assert np.abs(problem.lines @ problem.truth).max(initial=0) == 0
    other = problem.add_up(np.arange(len(problem.values)) + 1)
    assert np.abs(problem.lines @ other).max(initial=0) == 0


def test_lines_tie_every_part_to_its_whole():
    problem = cube([[3, 4], [5, 0], [6, 0], [0, 7]])
    broken = problem.truth.copy()
    broken[problem.position(area="A000", sex="men")] += 1
    # that cell is in: area row, men of D00, men of the city (over areas)
    assert np.count_nonzero(problem.lines @ broken) == 3


@settings(max_examples=20, deadline=None)
@given(cubes())
def test_row_order_does_not_matter(problem):
    cells = pd.DataFrame({d.name: np.array(d.atoms)[problem.inner[:, i]] for i, d in enumerate(problem.dimensions)})
    cells = cells.assign(value=problem.values).sample(frac=1, random_state=3)
    again = joint_problem(cells, problem.dimensions, problem.shapes)
    assert (again.truth == problem.truth).all()
    assert (again.inner == problem.inner).all()


@pytest.mark.parametrize("count", [-1, 2.5, float("nan")])
def test_a_count_that_is_none_is_named(count):
    with pytest.raises(DatasetError, match="whole and not negative"):
        joint_problem(PEOPLE.assign(value=[3.0, 4, count, 6, 7]), [areas(4), SEX], [{"sex": ["sex"]}])


def test_unknown_codes_levels_and_dimensions_are_named():
    with pytest.raises(DatasetError, match="A003"):
        joint_problem(PEOPLE, [areas(3), SEX], [{"area": ["area"]}])
    with pytest.raises(DatasetError, match="ward"):
        joint_problem(PEOPLE, [areas(4), SEX], [{"area": ["ward"]}])
    with pytest.raises(DatasetError, match="religion"):
        joint_problem(PEOPLE, [areas(4), SEX], [{"religion": ["religion"]}])
    with pytest.raises(DatasetError, match="no published table holds"):
        joint_problem(PEOPLE, [areas(4), SEX], [{"sex": ["sex"]}]).position(area="A000")


def test_a_code_that_means_two_things_is_refused():
    with pytest.raises(DatasetError, match="means other people"):
        Dimension("area", ("a", "b"), {"area": {"a": "X", "b": "Y"}, "district": {"a": "X", "b": "X"}})
    with pytest.raises(DatasetError, match="has no code at level 'district'"):
        Dimension("area", ("a", "b"), {"district": {"a": "X"}})


def test_a_code_at_two_levels_is_counted_once():
    atoms = ("D1|W1", "D1|W2", "D2|W1", "_U")
    area = Dimension(
        "area", atoms, {n: {a: a.split("|")[k] for a in atoms} for n, k in (("district", 0), ("ward", -1))}
    )
    people = pd.DataFrame({"area": atoms, "value": [1, 2, 4, 16]})
    problem = joint_problem(people, [area], [{"area": ["district"]}, {"area": ["ward"]}])
    values = problem.frame().set_index("area")["value"].to_dict()
    assert values == {"_T": 23, "D1": 3, "D2": 4, "W1": 5, "W2": 2, "_U": 16}
    assert (problem.lines @ problem.truth).tolist() == [0, 0]


def test_residents_who_cannot_be_placed_are_one_code_at_every_level():
    area = Dimension(
        "area",
        ("a", "b", "_U"),
        {"area": {c: c for c in ("a", "b", "_U")}, "district": {"a": "D", "b": "D", "_U": "_U"}},
    )
    assert area.codes == ("_T", "_U", "a", "b", "D")
    assert area.relations(("area", "district")) == [("area", "D", ("a", "b")), ("district", "_T", ("D", "_U"))]

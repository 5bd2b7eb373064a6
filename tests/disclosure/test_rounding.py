"""Rounding of small counts: what it never does, how close it stays, and that no count is favoured."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cubes import areas, city_cube, cube, cubes
from mrstats.disclosure.joint import joint_problem
from mrstats.disclosure.rounding import round_counts


@settings(max_examples=60, deadline=None)
@given(cubes(), st.sampled_from([3, 5, 10]), st.integers(0, 3))
def test_no_printed_number_is_small_and_all_tables_add_up(problem, base, seed):
    rounded = round_counts(problem, base=base, seed=seed)
    printed = problem.add_up(rounded)
    assert not ((printed > 0) & (printed < base)).any()
    assert np.abs(problem.lines @ printed).max(initial=0) == 0
    untouched = problem.values >= base
    assert (rounded[untouched] == problem.values[untouched]).all()
    assert set(rounded[~untouched].tolist()) <= {0, base}
    assert (printed[problem.truth == 0] == 0).all()
    # no inner count moves by base or more, so each keeps `base` candidates
    assert (np.abs(rounded - problem.values) < base).all()


@settings(max_examples=15, deadline=None)
@given(cubes(), st.integers(0, 5))
def test_the_same_seed_gives_the_same_numbers_and_rounding_twice_changes_nothing(problem, seed):
    once = round_counts(problem, seed=seed)
    assert (round_counts(problem, seed=seed) == once).all()
    kept = once > 0
    again = type(problem)(problem.dimensions, problem.inner[kept], once[kept], problem.shapes)
    assert (round_counts(again, seed=seed + 1) == once[kept]).all()


def test_the_input_is_left_alone():
    problem = cube([[3, 4], [2, 20]])
    before = problem.values.copy()
    round_counts(problem)
    assert (problem.values == before).all()


def test_the_best_rounding_of_four_counts_is_found():
    # 3 + 2 + 4 + 1 = 10 in one total: two go up, and squares of single errors are least when these are 3 and 4
    cells = pd.DataFrame({"area": ["A000", "A001", "A002", "A003"], "value": [3, 2, 4, 1]})
    problem = joint_problem(cells, [areas(4)], [{"area": ["area"]}])
    assert round_counts(problem).tolist() == [5, 0, 5, 0]


def test_nobody_and_nothing_small_stay_as_they_are():
    assert round_counts(cube(np.zeros((4, 2), int))).tolist() == []
    assert round_counts(cube([[5, 6], [7, 8]])).tolist() == [5, 6, 7, 8]
    with pytest.raises(ValueError, match="base=1"):
        round_counts(cube([[5, 6], [7, 8]]), base=1)


def test_a_count_goes_up_as_often_as_its_size_says():
    # a lone area of 2 with base 5 goes up with chance 2/5: the start is unbiased, and nothing else pulls at it
    cells = pd.DataFrame({"area": ["A000"], "value": [2]})
    problem = joint_problem(cells, [areas(1)], [{"area": ["area"]}])
    ups = [round_counts(problem, seed=seed, rounds=0)[0] == 5 for seed in range(2000)]
    assert np.mean(ups) == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / 2000))


def test_a_citys_margins_stay_close():
    # the peer's figures on such a table: mean error 0.88, largest 11, 0.9 % of cells of 20 and more
    problem = city_cube()
    error = problem.add_up(round_counts(problem)) - problem.truth
    large = problem.truth >= 20
    assert np.abs(error).mean() < 0.88
    assert np.abs(error).max() <= 11
    assert (np.abs(error[large]) / problem.truth[large]).mean() < 0.009
    assert abs(error[0]) <= 5

"""Suppression: every hidden count is wide, by brute force, by the certificate and by an attacker who stands outside."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cubes import city_cube, cube, cubes, possible, small
from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.joint import Problem, joint_problem, outcome_dimension
from mrstats.disclosure.moves import dimension_vectors
from mrstats.disclosure.suppression import suppress
from mrstats.disclosure.witnesses import Witnesses, certify
from mrstats.schema import DatasetError

# men, women of four areas in two districts: one small count, 3 men in A000
ONE_SMALL = [[3, 20], [15, 12], [30, 40], [25, 35]]


def test_a_small_count_is_hidden_with_a_square_of_partners():
    problem = cube(ONE_SMALL, levels=("area",))
    result = suppress(problem, small(problem))
    frame = problem.frame()[result.hidden]
    # one 2 × 2 square is the least: the small cell, its row partner, and the same two in another area
    assert len(frame) == 4
    assert set(frame["sex"]) == {"men", "women"}
    assert frame["area"].nunique() == 2
    assert result.failed == []
    assert result.primary.sum() == 1


def test_nothing_small_hides_nothing():
    problem = cube([[10, 20], [15, 12], [30, 40], [25, 35]])
    result = suppress(problem, small(problem))
    assert not result.hidden.any()
    assert certify(problem, result.hidden, result.witnesses).tolist() == [0] * len(problem.keys)


def test_the_width_of_a_square_is_worked_out_by_hand():
    # square 3 20 / 15 12 with signs + − / − +: down min(3 − 1, 12 − 1) = 2, up min(20 − 1, 15 − 1) = 14
    problem = cube(ONE_SMALL[:2], levels=("area",))
    hidden = np.zeros(len(problem.keys), bool)
    for area in ("A000", "A001"):
        for sex in ("men", "women"):
            hidden[problem.position(area=area, sex=sex)] = True
    square = Witnesses(np.array([[[0, 0], [0, 1], [1, 0], [1, 1]]]), np.array([[1, -1, -1, 1]]))
    assert certify(problem, hidden, square)[hidden].tolist() == [16] * 4
    # where nobody sees the cells, not even that they are no zeros, one more step down is possible; and one up
    absent = certify(problem, np.zeros_like(hidden), square, absent=hidden)
    assert absent[hidden].tolist() == [18] * 4


def test_a_witness_that_moves_a_printed_cell_is_refused():
    problem = cube(ONE_SMALL[:2], levels=("area",))
    square = Witnesses(np.array([[[0, 0], [0, 1], [1, 0], [1, 1]]]), np.array([[1, -1, -1, 1]]))
    hidden = np.zeros(len(problem.keys), bool)
    hidden[problem.position(area="A000", sex="men")] = True
    with pytest.raises(DatasetError, match="changes a printed cell"):
        certify(problem, hidden, square)


def check(problem, result, width=4):
    """The invariants that every result keeps."""
    hidden = result.hidden
    assert not (hidden & (problem.truth == 0)).any()
    assert hidden[result.primary].all()
    if not result.failed:
        assert (certify(problem, hidden, result.witnesses)[hidden] >= width).all()
    return hidden


@settings(max_examples=60, deadline=None)
@given(cubes(), st.booleans(), st.integers(1, 9))
def test_every_hidden_cell_is_certified_wide_or_reported(problem, singletons, width):
    primary = small(problem)
    result = suppress(problem, primary, width=width, singletons=singletons)
    hidden = check(problem, result, width)
    if result.failed:  # all that is not reported holds
        failed = {problem.position(**{k: v for k, v in cell.items() if k != "merge"}) for cell in result.failed}
        proven = certify(problem, hidden, result.witnesses)
        assert {int(i) for i in np.flatnonzero(hidden & (proven < width))} <= failed


@settings(max_examples=25, deadline=None)
@given(cubes(shapes=((6,), (2, 2), (3, 2)), most=12))
def test_brute_force_finds_no_hidden_cell_narrow(problem):
    result = suppress(problem, small(problem))
    if not result.failed:
        low, high = possible(problem, result.hidden, window=4)
        assert ((high - low)[result.hidden] >= 4).all()


@settings(max_examples=25, deadline=None)
@given(cubes(shapes=((3, 2),), most=15))
def test_one_lone_person_who_knows_their_own_cell_finds_no_one_else(problem):
    result = suppress(problem, small(problem), singletons=True)
    if result.failed or result.weak:
        return
    ones = np.flatnonzero(result.hidden & (problem.truth == 1))
    for one in ones:
        # everything of that person: the same cell one level up or down, where they are alone too
        known = result.hidden & (problem.truth == 1) & _holds(problem, _inside(problem, one))
        low, high = possible(problem, result.hidden & ~known, window=4)
        others = result.primary & ~known
        assert ((high - low)[others] >= 4).all()


def _inside(problem, cell):
    """The inner cell of the one person in a published cell of one."""
    members = [d.membership[c] for d, c in zip(problem.dimensions, problem.codes[cell], strict=True)]
    inside = np.all([member[problem.inner[:, i]] for i, member in enumerate(members)], axis=0)
    return problem.inner[inside][0]


def _holds(problem, atoms):
    """Which published cells an inner cell lies in."""
    members = [d.membership[problem.codes[:, i], atoms[i]] for i, d in enumerate(problem.dimensions)]
    return np.all(members, axis=0)


@settings(max_examples=25, deadline=None)
@given(cubes())
def test_protecting_twice_is_protecting_once(problem):
    once = suppress(problem, small(problem))
    if not once.failed:
        again = suppress(problem, once.hidden)
        assert (again.hidden == once.hidden).all()


@settings(max_examples=15, deadline=None)
@given(cubes(), st.integers(0, 3))
def test_the_same_seed_gives_the_same_pattern(problem, seed):
    one, other = (suppress(problem, small(problem), seed=seed) for _ in range(2))
    assert (one.hidden == other.hidden).all()
    assert one.failed == other.failed


def attacked(tool, folder, problem, hidden, *more):
    """What the outside attacker says of the written files."""
    problem.frame(hidden=hidden).to_csv(folder / "counts.csv", index=False)
    problem.hierarchy().to_csv(folder / "hierarchy.csv", index=False)
    command = [sys.executable, str(tool), str(folder / "counts.csv"), "--hierarchy", str(folder / "hierarchy.csv")]
    command += ["--total", "_T", "--integer", "--width", "4", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


RULES = pytest.mark.parametrize("more", [(), ("--rule", "1,1000000")], ids=["floor 0", "zeros are public"])


@RULES
@pytest.mark.parametrize("crossing", [False, True])
def test_an_outside_attacker_finds_nothing_in_a_small_city(shared, tmp_path, more, crossing):
    problem = city_cube(18 if not crossing else 36, crossing=crossing)
    result = suppress(problem, small(problem), singletons=True)
    assert result.failed == []
    report = attacked(shared("tools", "attack_tables.py"), tmp_path, problem, check(problem, result), *more)
    assert report["hidden"] == result.hidden.sum() > 300
    assert (report["exact"], report["narrow"], report["undecided"]) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_an_outside_attacker_finds_nothing_in_random_cubes(shared, tmp_path, seed):
    rng = np.random.default_rng(seed)
    problem = cube(rng.poisson(rng.gamma(1.2, 12, (6, 2, 3))), crossing=bool(seed % 2))
    result = suppress(problem, small(problem))
    assert result.failed == []
    assert result.primary.any()
    report = attacked(shared("tools", "attack_tables.py"), tmp_path, problem, result.hidden, "--rule", "1,1000000")
    assert (report["exact"], report["narrow"], report["undecided"]) == (0, 0, 0)


def test_hiding_the_small_cells_alone_is_found_out(shared, tmp_path):
    problem = city_cube(18)
    report = attacked(shared("tools", "attack_tables.py"), tmp_path, problem, small(problem))
    assert report["exact"] > 0.9 * report["hidden"] > 100


def test_tables_without_a_common_finest_cross_are_one_problem():
    whole = city_cube(36)
    names = zip(whole.dimensions, whole.inner.T, strict=True)
    cells = pd.DataFrame({d.name: np.array(d.atoms)[at] for d, at in names})
    shapes = [
        {"area": ["area"], "birth": ["birth"], "age": ["age"]},
        {"area": ["area", "district"], "birth": ["birth"], "sex": ["sex"]},
    ]
    problem = joint_problem(cells.assign(value=whole.values), whole.dimensions, shapes)
    primary = small(problem)
    assert primary.sum() > 100
    result = suppress(problem, primary)
    assert result.failed == []
    check(problem, result)


def test_a_lone_row_cannot_be_hidden_and_says_what_to_merge():
    # 2 men in the only area with people: no partner anywhere
    problem = cube([[2, 0], [0, 0]], levels=("area",))
    public = np.zeros(len(problem.keys), bool)
    public[problem.position()] = True
    primary = small(problem) & ~public
    result = suppress(problem, primary, public=public)
    assert len(result.failed) == primary.sum()
    assert all("merge" in cell for cell in result.failed)


def test_haste_gives_up_where_no_move_is_and_changes_nothing_else():
    problem = cube([[2, 0], [0, 0]], levels=("area",))
    public = np.zeros(len(problem.keys), bool)
    public[problem.position()] = True
    given = {"public": public}
    assert len(suppress(problem, small(problem) & ~public, **given, hasty=True).failed) == 1
    problem = city_cube(18)
    patient, hasty = (suppress(problem, small(problem), seed=3, hasty=haste) for haste in (False, True))
    assert patient.hidden.sum() > small(problem).sum()
    assert (hasty.hidden == patient.hidden).all()
    check(problem, hasty)


def test_a_zero_or_a_public_cell_cannot_be_hidden():
    problem = cube([[3, 0], [10, 20]], levels=("area",))
    with pytest.raises(DatasetError, match="a zero cannot be hidden"):
        suppress(problem, problem.truth == 0)
    with pytest.raises(DatasetError, match="a public cell cannot be hidden"):
        suppress(problem, small(problem), public=np.ones(len(problem.keys), bool))


def test_public_cells_stay_open_and_still_nothing_is_narrow():
    problem = cube(ONE_SMALL)
    public = problem.codes[:, 0] == 0  # the city's totals are printed elsewhere
    result = suppress(problem, small(problem), public=public)
    assert not (result.hidden & public).any()
    check(problem, result)


def test_totals_that_many_read_are_hidden_last():
    problem = city_cube(36)
    result = suppress(problem, small(problem))
    totals = (problem.codes == 0).sum(axis=1)
    share = [result.hidden[totals == k].mean() for k in range(4)]
    assert share[0] > 0.2
    assert share[3] < 0.05
    assert not result.hidden[totals == 4].any()


def test_a_city_of_31_000_cells_is_certified():
    problem = city_cube()
    result = suppress(problem, small(problem), passes=(1, 0))
    assert len(problem.keys) > 27_000
    check(problem, result)
    assert result.failed == []
    assert result.hidden.mean() < 0.41


def test_too_large_a_cross_is_refused():
    dimensions = tuple(Dimension.flat(f"f{i}", [f"{i}{j}" for j in range(9)]) for i in range(8))
    problem = Problem(dimensions, np.zeros((1, 8), int), np.array([3]), ({"f0": ("f0",)},))
    with pytest.raises(DatasetError, match="Round the counts"):
        suppress(problem, small(problem))


def test_outcomes_of_too_many_questions_are_refused_and_do_not_fill_the_memory():
    rng = np.random.default_rng(0)
    questions = [f"q{number:02}" for number in range(21)]
    held = {"".join(rng.choice(list("10-"), 21, p=[0.5, 0.4, 0.1])) for _ in range(900)}
    with pytest.raises(
        DatasetError, match="'outcome' has 42 levels that do not nest, too many to hide cells of together"
    ):
        dimension_vectors(outcome_dimension(questions, held), rng)
    assert len(dimension_vectors(outcome_dimension(questions[:4], {atoms[:4] for atoms in held}), rng).codes) < 100_000

"""The attacker: brute-force answers from tests/reference/disclosure, examples by hand, and everything it must refuse."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from cubes import city_cube, cube, cubes, small
from made_city import ROOT
from mrstats.disclosure.attack import ContradictionError, propagate
from mrstats.disclosure.audit import audit
from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.joint import joint_problem
from mrstats.disclosure.published import read_counts, read_hierarchy
from mrstats.disclosure.rounding import round_counts
from mrstats.disclosure.suppression import suppress
from mrstats.disclosure.witnesses import certify_written
from mrstats.schema import DatasetError

CASES = sorted((ROOT / "tests" / "reference" / "disclosure").iterdir())


def table(values: dict, dimension: str = "sex") -> pd.DataFrame:
    return pd.DataFrame({dimension: list(values), "value": pd.Series(list(values.values()), dtype=float), "file": "t"})


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_brute_force_answer_of_a_published_example(case):
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    found = audit(
        [case / name for name in expected["tables"]],
        hierarchy=case / "hierarchy.csv" if expected["hierarchy"] else None,
        width=expected["width"],
        floor=0,
        whole_intervals="intervals" in expected,
    )
    assert found.counts["hidden"] == expected["hidden"]
    assert found.counts["exact"] == expected["exact"]
    assert found.counts["narrow"] == expected.get("narrow", 0)
    assert found.counts["undecided"] == 0
    dimensions = [c for c in found.cells if c not in ("lower", "upper", "verdict", "proof")]
    names = found.cells[dimensions].agg("|".join, axis=1)
    if "intervals" in expected:
        ends = found.cells[["lower", "upper"]].to_numpy().tolist()
        assert dict(zip(names, ends, strict=True)) == expected["intervals"]
    for name, value in expected.get("exact_cells", {}).items():
        row = found.cells[names == name].iloc[0]
        assert (row["lower"], row["upper"], row["verdict"]) == (value, value, "exact")
    assert found.passed is (expected["exact"] == 0)


def test_two_hidden_parts_share_what_their_total_leaves():
    # 20 − 12 = 8 for two groups, each at least 1: 1 to 7
    found = audit(table({"_T": 20, "men": None, "women": None, "unknown": 12}), whole_intervals=True).cells
    assert found[["lower", "upper"]].to_numpy().tolist() == [[1, 7], [1, 7]]
    found = audit(table({"_T": 5, "men": None, "women": None}), whole_intervals=True)
    assert found.cells["upper"].tolist() == [4, 4]
    assert found.counts == {"hidden": 2, "exact": 0, "narrow": 2, "undecided": 0}


def with_totals(inner):
    """Tables of area × sex (any number, first axis) with their totals, flattened row by row."""
    inner = np.asarray(inner).reshape(-1, 2, 2)
    rows = np.concatenate([inner, inner.sum(axis=2, keepdims=True)], axis=2)
    return np.concatenate([rows, rows.sum(axis=1, keepdims=True)], axis=1).reshape(-1, 9)


PLACES = list(itertools.product(["a", "b", "_T"], ["men", "women", "_T"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=4, max_size=4), st.lists(st.booleans(), min_size=8, max_size=8))
def test_intervals_are_those_of_trying_every_table(inner, hide):
    truth = with_totals(inner)[0]
    hidden = np.array([*hide, False]) & (truth > 0)  # the grand total is printed, so nothing is endless
    counts = pd.DataFrame(PLACES, columns=["area", "sex"]).assign(value=np.where(hidden, np.nan, truth), file="t")
    found = audit(counts, whole_intervals=True).cells
    ranges = [range(1, truth[8] + 1) if hidden[at] else [truth[at]] for at in (0, 1, 3, 4)]
    every = with_totals(np.stack([grid.ravel() for grid in np.meshgrid(*ranges, indexing="ij")], axis=1))
    fits = every[(every[:, ~hidden] == truth[~hidden]).all(axis=1) & (every[:, hidden] >= 1).all(axis=1)]
    assert len(found) == hidden.sum()
    for row in found.itertuples():
        values = fits[:, PLACES.index((row.area, row.sex))]
        assert (row.lower, row.upper) == (values.min(), values.max())


@settings(max_examples=20, deadline=None)
@given(cubes(shapes=((4, 2), (6, 2), (4, 2, 3))))
def test_what_is_suppressed_passes_without_a_word_from_the_witnesses(problem):
    result = suppress(problem, small(problem))
    if not result.failed:
        found = audit(problem.frame(hidden=result.hidden).assign(file="t"), hierarchy=problem.hierarchy())
        assert found.passed
        assert found.counts["hidden"] == result.hidden.sum()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A city's counts, suppressed and written: problem, result, folder."""
    problem = city_cube(36)
    result = suppress(problem, small(problem))
    folder = tmp_path_factory.mktemp("release")
    problem.frame(hidden=result.hidden).to_csv(folder / "counts.csv", index=False)
    problem.hierarchy().to_csv(folder / "hierarchy.csv", index=False)
    return problem, result, folder


def test_witnesses_prove_the_written_files_without_the_solver(written):
    problem, result, folder = written
    counts = read_counts([folder / "counts.csv"])
    proven = certify_written(problem, counts, result.witnesses)
    found = audit(counts, hierarchy=folder / "hierarchy.csv", proven=proven)
    assert found.passed
    assert set(found.cells["proof"]) == {"witness"}
    assert found.counts["hidden"] == result.hidden.sum()
    # and the solver, which has never seen a witness, comes to the same
    assert audit(counts, hierarchy=folder / "hierarchy.csv").passed


def test_a_file_that_was_changed_after_protection_is_refused(written):
    problem, result, folder = written
    counts = read_counts([folder / "counts.csv"])
    row = counts["value"].first_valid_index()
    wrong = counts.assign(value=counts["value"].where(counts.index != row, counts["value"][row] + 1))
    with pytest.raises(DatasetError, match="not the count that was protected"):
        certify_written(problem, wrong, result.witnesses)
    shown = counts.assign(value=problem.frame()["value"].astype(float))
    with pytest.raises(DatasetError, match="changes a printed cell"):
        certify_written(problem, shown, result.witnesses)
    with pytest.raises(DatasetError, match="broken down by 'religion'"):
        certify_written(problem, counts.assign(religion="any"), result.witnesses)


def test_last_years_ledger_gives_a_hidden_cell_away(written):
    problem, result, folder = written
    cell = problem.frame()[result.primary].iloc[[0]]
    ledger = cell.astype({"value": float})
    counts = read_counts([folder / "counts.csv"])
    found = audit(counts, hierarchy=folder / "hierarchy.csv", ledger=ledger)
    assert not found.passed
    names = [d.name for d in problem.dimensions]
    exact = found.cells[found.cells["verdict"] == "exact"]
    assert tuple(cell[names].iloc[0]) in set(exact[names].itertuples(index=False, name=None))


def test_a_cell_shown_in_one_table_is_hidden_in_no_other():
    one = table({"_T": 20, "men": None, "women": None})
    found = audit(pd.concat([one, table({"men": 3})], ignore_index=True))
    assert found.counts["exact"] == 2


def test_a_dimension_that_a_table_lacks_is_its_total():
    by_sex = table({"_T": 20, "men": None, "women": None})
    by_both = pd.DataFrame(
        {"sex": ["men", "men", "men"], "area": ["A", "B", "_T"], "value": [2.0, 1.0, None], "file": "u"}
    )
    columns = ["sex", "area", "value", "file"]
    whole = pd.concat([by_sex.assign(area="_T"), by_both])[columns]
    assert audit(whole).cells.query("sex == 'men' and area == '_T'")["upper"].tolist() == [3]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"_T": 20, "men": 3, "women": 16}, "do not add up"),
        ({"_T": 20, "men": -3, "women": 23}, "whole and not negative"),
        ({"_T": 20, "men": 3.5, "women": 16.5}, "whole and not negative"),
        ({"_T": 20, "men": 20, "women": None}, "cannot all be right"),
    ],
)
def test_impossible_numbers_are_refused(values, message):
    with pytest.raises(DatasetError, match=message):
        audit(table(values))


def test_a_ledger_that_says_otherwise_is_a_contradiction():
    ledger = pd.DataFrame({"sex": ["_T"], "value": [21.0]})
    with pytest.raises(ContradictionError, match=r"20.*21"):
        audit(table({"_T": 20, "men": None, "women": None}), ledger=ledger)


def test_files_are_read_as_they_are_written(tmp_path):
    (tmp_path / "a.csv").write_text(
        'sex,value,primary\nTotalt,1 200,\nmen,..,true\nwomen,\u00a0,true\nunknown,"12",\n', encoding="utf-8"
    )
    counts = read_counts([tmp_path / "a.csv"])
    assert counts["sex"].tolist() == ["_T", "men", "women", "unknown"]
    assert counts["value"].fillna(-1).tolist() == [1200, -1, -1, 12]
    assert list(counts) == ["sex", "value", "file"]


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "no.csv").write_text("sex,count\nmen,3\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"no\.csv has no column 'value'"):
        read_counts([tmp_path / "no.csv"])
    (tmp_path / "word.csv").write_text("sex,value\nmen,few\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"word\.csv, row 2: 'few' is no number"):
        read_counts([tmp_path / "word.csv"])
    with pytest.raises(DatasetError, match="no table was given"):
        read_counts([])
    (tmp_path / "h.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"h\.csv must have the columns"):
        read_hierarchy(tmp_path / "h.csv")


def test_a_code_outside_the_hierarchy_is_refused():
    hierarchy = pd.DataFrame({"dim": "sex", "hierarchy": "", "parent": "_T", "child": ["men", "women"]})
    with pytest.raises(DatasetError, match="'other'"):
        audit(table({"_T": 20, "men": None, "women": None, "other": 3}), hierarchy=hierarchy)


def test_bounds_are_sharpened_through_a_chain_of_sums():
    # x + y = 10 and y + z = 4, all at least 1: y 1–3, so x 7–9 and z 1–3
    lines = sparse.csr_array(np.array([[1.0, 1, 0, -1, 0], [0, 1, 1, 0, -1]]))
    low, high = propagate(lines, np.array([1, 1, 1, 10, 4]), np.array([np.inf, np.inf, np.inf, 10, 4]))
    assert low.tolist() == [7, 1, 1, 10, 4]
    assert high.tolist() == [9, 3, 3, 10, 4]


# ---- rounded tables
def rounded(values: dict) -> pd.DataFrame:
    return table(values, "area")


def test_a_rounded_table_alone_gives_nothing_away():
    found = audit(rounded({"_T": 10, "A": 5, "B": 5, "C": 0}), base=5)
    assert found.passed
    assert found.counts["hidden"] == 3


def test_an_exact_total_narrows_rounded_cells_down():
    # printed 5 and 5, truly 7 together, each 1–5: so each is 2–5, four values where five are asked for
    ledger = pd.DataFrame({"area": ["_T"], "value": [7.0]})
    found = audit(rounded({"_T": 10, "A": 5, "B": 5}), base=5, ledger=ledger, whole_intervals=True)
    assert found.cells[["lower", "upper"]].to_numpy().tolist() == [[2, 5], [2, 5]]
    assert found.counts == {"hidden": 2, "exact": 0, "narrow": 2, "undecided": 0}
    # and with one rounded cell beside exact ones it is given away: 33 − 30 = 3
    ledger = pd.DataFrame({"area": ["_T"], "value": [33.0]})
    found = audit(rounded({"_T": 35, "A": 5, "B": 30}), base=5, ledger=ledger)
    assert found.cells[["area", "lower", "verdict"]].to_numpy().tolist() == [["A", 3, "exact"]]


def test_a_table_that_is_not_rounded_is_not_taken_for_one():
    with pytest.raises(DatasetError, match="rounded to 5"):
        audit(rounded({"_T": 13, "A": 3, "B": 10}), base=5)


@settings(max_examples=20, deadline=None)
@given(cubes(shapes=((4, 2), (4, 2, 3))))
def test_no_rounded_cube_is_narrowed_down_by_itself(problem):
    values = problem.add_up(round_counts(problem))
    found = audit(
        problem.frame(values).astype({"value": float}).assign(file="t"), hierarchy=problem.hierarchy(), base=5
    )
    assert found.passed


def test_a_sum_that_is_printed_as_the_base_is_not_taken_for_one_rounded_count():
    # a district of 0 + 5 and a ward of 5 + 0: each could be 1 to 9 persons, and neither gives the other away
    atoms = ("D1|W1", "D1|W2", "D2|W1", "D2|W2")
    levels = {n: {a: a.split("|")[k] for a in atoms} for k, n in enumerate(("district", "ward"))}
    people = pd.DataFrame({"area": atoms, "value": [2, 3, 1, 4]})
    problem = joint_problem(people, [Dimension("area", atoms, levels)], [{"area": ["district", "ward"]}])
    rows = problem.hierarchy()
    assert set(rows[rows["hierarchy"] == "atom"]["parent"]) == {"D1", "D2", "W1", "W2"}
    counts = problem.frame(problem.add_up(round_counts(problem))).astype({"value": float}).assign(file="t")
    found = audit(counts, hierarchy=rows, base=5, ledger=pd.DataFrame({"area": ["_T"], "value": [10.0]}))
    assert found.passed


def test_exact_margins_of_few_cells_break_rounding():
    problem = cube(np.random.default_rng(4).poisson(3, (6, 2, 3)))
    values = problem.add_up(round_counts(problem))
    margins = problem.frame()[(problem.codes == 0).sum(axis=1) == 1].astype({"value": float})
    counts = problem.frame(values).astype({"value": float}).assign(file="t")
    found = audit(counts, hierarchy=problem.hierarchy(), base=5, ledger=margins)
    assert found.counts["narrow"] + found.counts["exact"] > 0

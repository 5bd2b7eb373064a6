"""Small cells: what is hidden, that no line gives one back, and what an attacker finds in one table."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mrstats as mr
from made_city import made_city, random_people
from mrstats import schema
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.small_cells import _partner, hide_small_cells

FACTORS = ["sex", "education"]
PLACE = ["geography_level", "geography"]
LABELS = [["women", "men"], ["lower", "upper", "post_long"]]


def table_of(n, count) -> pd.DataFrame:
    """A whole table with all margins from the finest cells: arrays of area × sex [× education]."""
    n, count = np.asarray(n, float), np.asarray(count, float)
    factors = FACTORS[: n.ndim - 1]
    finest = pd.DataFrame(list(np.ndindex(n.shape)), columns=["geography", *factors])
    finest["n"], finest["count"] = n.ravel(), count.ravel()
    finest["geography"] = "A" + (finest["geography"] + 1).astype(str)
    for factor, labels in zip(factors, LABELS, strict=False):
        finest[factor] = finest[factor].map(dict(enumerate(labels)))
    parts = []
    for place in (True, False):
        for kept in range(2 ** len(factors)):
            gone = [factor for i, factor in enumerate(factors) if kept >> i & 1]
            cells = finest.assign(geography_level="area" if place else "city", **dict.fromkeys(gone, "_T"))
            cells = cells if place else cells.assign(geography="9990")
            parts.append(cells.groupby([*PLACE, *factors], as_index=False)[["n", "count"]].sum())
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(
        indicator="employment",
        year=2024,
        vintage="",
        population=table["n"],
        affected=table["n"] - table["count"],
    )
    table["value"] = 100 * table["count"] / table["n"].where(table["n"] > 0)
    table = table.assign(
        lower=table["value"] / 2,
        upper=table["value"] + 1.0,
        se=1.0,
        df=np.inf,
        measure="proportion",
        method="wilson",
    )
    table = table.assign(confidence=0.95, unit="per cent", estimate_id=[f"id{i}" for i in range(len(table))])
    table["status"] = np.where(table["n"] == 0, "m", "")
    return table[[*schema.IDENTITY, *factors, *schema.FIGURES, *schema.DESCRIPTION]]


def hidden(table):
    return schema.has_status(table["status"], "C").to_numpy()


def lines(table):
    """Every additive line by brute force: positions of a total and of its parts."""
    factors = schema.factor_columns(table)
    rows = table.reset_index(drop=True)
    found = []
    for factor in factors:
        rest = [*PLACE, *(f for f in factors if f != factor)]
        for _, group in rows.groupby(rest):
            found.append(group.index.to_list())
    for _, group in rows.groupby(factors) if factors else [((), rows)]:
        found.append(group.index.to_list())
    return [line for line in found if len(line) > 2]


def small(row):
    return any(0 < row[name] < 5 for name in ("n", "count")) or 0 < row["n"] - row["count"] < 5


def sizes(draw, shape):
    n = draw(st.lists(st.integers(0, 25), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    count = [draw(st.integers(0, size)) for size in n]
    return np.reshape(n, shape), np.reshape(count, shape)


@st.composite
def tables(draw):
    shape = draw(st.sampled_from([(4,), (3, 2), (2, 2, 3), (4, 2, 3)]))
    return table_of(*sizes(draw, shape))


def test_one_to_four_persons_are_hidden_and_zero_is_kept():
    # area: n 40, 40, 40, 40; count 3 (small), 20, 37 (3 without), 0 (zero stays)
    table = hide_small_cells(table_of([40, 40, 40, 40], [3, 20, 37, 0])).set_index("geography")
    assert table["status"].to_dict() == {"A1": "C", "A2": "", "A3": "C", "A4": "", "9990": ""}
    assert table.loc["A4", "count"] == 0


@pytest.mark.parametrize(
    ("count", "is_hidden"),
    [(0, False), (1, True), (4, True), (5, False), (35, False), (36, True), (39, True), (40, False)],
)
def test_limits_of_the_rule(count, is_hidden):
    table = hide_small_cells(table_of([40, 400, 400], [count, 100, 100])).set_index("geography")
    assert (table.loc["A1", "status"] == "C") is is_hidden


@pytest.mark.parametrize("n", [1, 4])
def test_few_persons_in_the_cell_are_hidden_even_where_nobody_has_the_outcome(n):
    table = hide_small_cells(table_of([n, 400, 400], [0, 100, 100])).set_index("geography")
    assert table.loc["A1", "status"] == "C"


def test_every_figure_of_a_hidden_cell_is_gone_and_its_description_stays():
    before = table_of([40, 40, 40], [3, 20, 20])
    table = hide_small_cells(before).set_index("geography")
    assert table.loc["A1", schema.FIGURES].isna().all()
    assert table.loc["A1", ["indicator", "measure", "unit", "method"]].tolist() == [
        "employment",
        "proportion",
        "per cent",
        "",  # which interval it was would tell of the count
    ]
    assert table["estimate_id"].tolist() == before["estimate_id"].tolist()
    assert not table.loc["9990", schema.FIGURES].isna().any()


def test_the_smallest_other_part_that_is_not_zero_is_hidden_too():
    # A1 is small; A2 (n 30) is the smallest partner, A4 has nobody and tells everybody so.
    table = hide_small_cells(table_of([40, 30, 90, 0], [3, 15, 45, 0])).set_index("geography")
    assert table["status"].to_dict() == {"A1": "C", "A2": "C", "A3": "", "A4": "m", "9990": ""}


def test_where_all_other_parts_are_zero_the_total_goes_too():
    # Women 0 and men 8 with the outcome for 3: the area's total would tell the men.
    table = hide_small_cells(table_of([[0, 8], [50, 50], [60, 60]], [[0, 3], [25, 25], [25, 25]]))
    cells = table.set_index(["geography", "sex"])["status"]
    assert cells["A1", "men"] == cells["A1", "_T"] == "C"
    assert cells["A1", "women"] == "m"


def test_a_cell_hidden_at_source_gets_a_partner():
    table = table_of([400, 300, 500], [100, 100, 100])
    table.loc[table["geography"] == "A1", schema.FIGURES] = np.nan
    table.loc[table["geography"] == "A1", "status"] = "C"
    after = hide_small_cells(table).set_index("geography")
    assert after.loc["A2", "status"] == "C"
    assert after.loc["A3", "status"] == ""


def test_a_weak_cell_keeps_no_second_status_beside_confidential():
    table = table_of([40, 40, 40], [3, 20, 20])
    table.loc[table["geography"] == "A1", "status"] = "u"
    status = hide_small_cells(table).set_index("geography").loc["A1", "status"].split()
    assert "C" in status


def test_a_stricter_rule_hides_more():
    table = table_of([40, 60, 90, 90], [8, 30, 45, 45])
    assert hidden(hide_small_cells(table)).sum() == 0
    assert hidden(hide_small_cells(table, ProtectionRule(min_count=10))).sum() == 2


def test_public_figures_are_shown_and_small_ones_marked():
    before = table_of([40, 40, 40], [3, 20, 20])
    table = hide_small_cells(before, public=True)
    pd.testing.assert_frame_equal(table[schema.FIGURES], before[schema.FIGURES])
    assert table.set_index("geography")["status"].to_dict() == {"A1": "s", "A2": "", "A3": "", "9990": ""}


def test_years_and_indicators_are_protected_each_for_itself():
    one = table_of([40, 40, 40], [3, 20, 20])
    other = table_of([40, 40, 40], [20, 20, 20])
    both = pd.concat([one, other.assign(year=2023), other.assign(indicator="crime")], ignore_index=True)
    after = hide_small_cells(both)
    assert hidden(after[(after["year"] == 2023) | (after["indicator"] == "crime")]).sum() == 0
    assert hidden(after).sum() == 2


@settings(deadline=None, max_examples=25)
@given(tables())
def test_no_small_cell_is_left_and_no_line_gives_one_back(table):
    after = hide_small_cells(table)
    gone = hidden(after)
    assert gone[[small(row) for _, row in table.iterrows()]].all()
    for line in lines(table):
        assert gone[line].sum() != 1, table.iloc[line].assign(hidden=gone[line])


@settings(deadline=None, max_examples=25)
@given(tables())
def test_a_hidden_cell_never_leans_on_a_zero(table):
    # Everyone may know that a zero is a zero, so it is no partner: each line with a hidden cell has two that hold someone.
    after = hide_small_cells(table)
    assert not hidden(after)[(table["n"] == 0).to_numpy()].any()


@settings(deadline=None, max_examples=25)
@given(tables())
def test_protecting_twice_is_protecting_once_and_the_input_is_left_alone(table):
    before = table.copy(deep=True)
    once = hide_small_cells(table)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(hide_small_cells(once), once)


@settings(deadline=None, max_examples=25)
@given(tables(), st.integers(0, 10_000))
def test_protection_holds_in_any_row_order(table, seed):
    # Where two partners are equally small, the first row is taken, so only the protection is compared, not the choice.
    mixed = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    gone = hidden(hide_small_cells(mixed))
    assert gone[[small(row) for _, row in mixed.iterrows()]].all()
    assert not [line for line in lines(mixed) if gone[line].sum() == 1]


@settings(deadline=None, max_examples=25)
@given(tables())
def test_visible_cells_are_untouched(table):
    after = hide_small_cells(table)
    seen = ~hidden(after)
    pd.testing.assert_frame_equal(after[seen], table[seen])
    assert after.loc[~seen, schema.FIGURES].isna().all(axis=None)


# An attacker who knows that counts are whole and add up


def attack(tool, folder, table, kind):
    factors = schema.factor_columns(table)
    counts = table[["geography_level", "geography", *factors, kind]].copy()
    counts["geography"] = counts["geography"].where(counts["geography_level"] != "city", "Total")
    counts[factors] = counts[factors].replace("_T", "Total")
    path = folder / f"{kind}.csv"
    counts.rename(columns={kind: "value"}).drop(columns="geography_level").to_csv(path, index=False)
    done = subprocess.run(
        [sys.executable, str(tool), str(path), "--width", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("make", "by", "level"),
    [
        (mr.tiny_city, ["sex"], "area"),
        (mr.tiny_city, ["sex", "country_of_birth_five"], "area"),
        (lambda: made_city(random_people(7, 1500)), ["sex", "education"], "area"),
    ],
    ids=["tiny by sex", "tiny by sex and birth", "random by sex and education"],
)
def test_an_attacker_finds_no_exact_cell_in_one_table(shared, tmp_path, make, by, level):
    tool = shared("tools", "attack_tables.py")
    after = hide_small_cells(mr.break_down(make(), "employment", by=by, geography=level))
    assert hidden(after).any()
    for kind in ("population", "count"):
        report = attack(tool, tmp_path, after, kind)
        assert report["exact"] == 0, report["examples"]


def test_a_sum_that_one_person_makes_is_hidden():
    # Ten persons in the area, one of whom has any cost: the sum is that person's own.
    table = table_of([40, 40, 40], [20, 20, 20])
    table["measure"] = "total"
    table.loc[table["geography"] == "A1", "count"] = 1.0
    assert hide_small_cells(table).set_index("geography").loc["A1", "status"] == "C"


@pytest.mark.parametrize("seed", range(6))
def test_no_combination_of_sums_gives_a_hidden_cell_back(seed):
    # Independent of the code: a hidden cell is given back where adding "this cell" to the equations adds no rank.
    city = made_city(random_people(seed, 260))
    table = hide_small_cells(mr.break_down(city, "population", by=["sex", "education"], geography="area", years=2024))
    cell = {key: i for i, key in enumerate(zip(table["geography"], table["sex"], table["education"], strict=True))}
    top = table.loc[table["geography_level"] == "city", "geography"].iloc[0]
    areas = sorted(set(table["geography"]) - {top})
    groups = {name: sorted(set(table[name]) - {"_T"}) for name in ("sex", "education")}
    sexes, levels = ["_T", *groups["sex"]], ["_T", *groups["education"]]
    equations = [([(a, s, e) for a in areas], (top, s, e)) for s in sexes for e in levels]
    equations += [([(a, s, e) for s in groups["sex"]], (a, "_T", e)) for a in [top, *areas] for e in levels]
    equations += [([(a, s, e) for e in groups["education"]], (a, s, "_T")) for a in [top, *areas] for s in sexes]
    matrix = np.zeros((len(equations), len(table)))
    for row, (parts, total) in enumerate(equations):
        matrix[row, [cell[key] for key in parts if key in cell]] = 1
        matrix[row, cell[total]] = -1
    hidden = np.flatnonzero(table["status"] == "C")
    unknown = matrix[:, hidden]
    rank = np.linalg.matrix_rank(unknown)
    assert len(hidden) > 0
    for place in range(len(hidden)):
        assert np.linalg.matrix_rank(np.vstack([unknown, np.eye(len(hidden))[place]])) == rank + 1


def test_a_hidden_total_has_partners_too():
    # The total of a line is a cell like the others: when it is given back, a part of it is hidden with it.
    hidden, size = np.array([False, False, True]), np.array([5.0, 9.0, 14.0])
    assert _partner(2, hidden, size, [(2, np.array([0, 1]))]) == 0

"""The attacker: what can be worked out about each hidden cell from the written files and all that is public already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from mrstats.disclosure.attack import ContradictionError, blocks, intervals, propagate
from mrstats.disclosure.published import LOWER, UPPER, VALUE, Cells, read_counts, read_hierarchy, union
from mrstats.schema import DatasetError

EXACT, NARROW, WIDE, UNDECIDED = "exact", "narrow", "wide", "undecided"


@dataclass(frozen=True)
class Audit:
    """The verdict on each hidden cell.

    Parameters
    ----------
    cells : DataFrame
        Its dimensions, ``lower``, ``upper`` (what it can be), ``verdict`` (exact, narrow, wide or undecided) and
        ``proof`` (witness, sums or solver). For a wide cell the bounds are two values it can take, not its ends.
    width : int
        What was asked for.
    """

    cells: pd.DataFrame
    width: int

    @property
    def counts(self) -> dict[str, int]:
        """How many hidden cells have each verdict."""
        found = self.cells["verdict"].value_counts()
        return {"hidden": len(self.cells)} | {v: int(found.get(v, 0)) for v in (EXACT, NARROW, UNDECIDED)}

    @property
    def passed(self) -> bool:
        """Whether every hidden cell is proven wide."""
        return bool((self.cells["verdict"] == WIDE).all())


def audit(
    tables: Iterable[Path | str] | pd.DataFrame,
    *,
    hierarchy: Path | str | pd.DataFrame | None = None,
    ledger: pd.DataFrame | None = None,
    proven: pd.DataFrame | None = None,
    width: int = 4,
    floor: int = 1,
    base: int | None = None,
    whole_intervals: bool = False,
    seconds: float = 20.0,
) -> Audit:
    """Attack a publication.

    Parameters
    ----------
    tables : paths, or a DataFrame as `read_counts` makes it
        Everything that is to be published.
    hierarchy : path or DataFrame, optional
        Which code is a sum of which; a dimension it does not name is flat.
    ledger : DataFrame, optional
        Counts already public: dimensions and ``value``; where that is missing, bounds in ``lower`` and ``upper``. A dimension
        it lacks is a total.
    proven : DataFrame, optional
        Dimensions and ``width``: what `certify` proved by witnesses against the same files. Those at least `width`
        wide need no solver; bounds in the ledger must be among what they were proved against.
    width : int
        Highest less lowest value that a hidden cell must leave open.
    floor : int
        The least a hidden cell can be: 1 where zeros are printed, else 0.
    base : int, optional
        The tables are rounded to 0 or `base`: instead of hidden cells, those at the finest cross that were printed
        as 0 or `base` are attacked, with the exact counts of the ledger. Their width must be `base` − 1. A cell that
        the hierarchy makes a sum of others is not one of them.
    whole_intervals : bool
        Find every hidden cell's lowest and highest value; slow.
    seconds : float
        Limit for one program of the solver.

    Returns
    -------
    Audit

    Raises
    ------
    DatasetError
        A file cannot be read, a code is unknown, numbers do not add up or contradict the ledger.

    Examples
    --------
    >>> table = pd.DataFrame({"sex": ["_T", "men", "women"], "value": [20, None, 17], "file": "t"})
    >>> audit(table).cells[["sex", "lower", "upper", "verdict"]].values.tolist()
    [['men', 3.0, 3.0, 'exact']]
    """
    counts = tables if isinstance(tables, pd.DataFrame) else read_counts(tables)
    structure = hierarchy if isinstance(hierarchy, pd.DataFrame) else read_hierarchy(hierarchy)
    outside, bounds = _from_outside(counts, ledger)
    everything = union([counts, outside, bounds.drop(columns=[LOWER, UPPER])])
    cells = Cells(everything, structure)
    lower, upper = np.full(len(cells.keys), 0.0), np.full(len(cells.keys), np.inf)
    if base:
        width = base - 1
        targets = _rounded(cells, counts, base, lower, upper)
    else:
        hidden = cells.find(counts[counts[VALUE].isna()])
        lower[hidden] = floor
        targets = np.zeros(len(lower), bool)
        targets[hidden] = True
    _state_facts(cells, union([counts.iloc[:0], outside]) if base else everything, lower, upper)
    at = cells.find(bounds)
    np.maximum.at(lower, at, bounds[LOWER].to_numpy(float))
    np.minimum.at(upper, at, bounds[UPPER].to_numpy(float))
    _check_sums(cells, lower, upper)
    lines = _lines_of_facts(cells.lines, lower, upper) if base else cells.lines
    try:
        low, high = propagate(lines, lower, upper)
    except ContradictionError as error:
        raise ContradictionError(f"{error} The tables, the hierarchy and the ledger cannot all be right.") from None
    proof = np.where(targets, "sums", "").astype(object)
    sure = np.zeros(len(low), bool)
    if proven is not None and not base:
        sure[cells.find(proven[proven["width"] >= width])] = True
        sure &= targets & (high - low >= width)
        proof[sure] = "witness"
    decided = np.ones(len(low), bool)
    known = low == high
    right = -(lines @ np.where(known, low, 0))
    goal = np.inf if whole_intervals else float(width)
    for rows, members in blocks(lines, ~known):
        asked = targets[members] & ~sure[members]
        if asked.any():
            proof[members[asked]] = "solver"
            part = lines[rows][:, members]
            low[members], high[members], decided[members] = intervals(
                part, right[rows], low[members], high[members], asked, width=goal, seconds=seconds
            )
    span = high - low
    verdict = np.select([span <= 0, ~decided, span < width], [EXACT, UNDECIDED, NARROW], WIDE)
    at = np.flatnonzero(targets)
    table = cells.words(at).assign(lower=low[at], upper=high[at], verdict=verdict[at], proof=proof[at])
    return Audit(table, int(width))


def _from_outside(counts: pd.DataFrame, ledger: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The exact counts of a ledger, and its bounds of others."""
    known = counts.iloc[:0] if ledger is None else ledger.assign(file="ledger")
    exact = known[known[VALUE].notna()].drop(columns=[LOWER, UPPER], errors="ignore")
    bounds = known[known[VALUE].isna()] if LOWER in known else known.iloc[:0].assign(**{LOWER: 0.0, UPPER: 0.0})
    return exact, bounds


def _state_facts(cells: Cells, facts: pd.DataFrame, lower: np.ndarray, upper: np.ndarray) -> None:
    """Published numbers become bounds; two that differ are a contradiction."""
    facts = facts[facts[VALUE].notna()]
    wrong = (facts[VALUE] < 0) | (facts[VALUE] != facts[VALUE].round())
    if wrong.any():
        raise DatasetError(f"{_name(facts[wrong].iloc[0])}: a count must be whole and not negative.")
    at, value = cells.find(facts), facts[VALUE].to_numpy()
    order = np.argsort(at, kind="stable")
    twice = np.flatnonzero((np.diff(at[order]) == 0) & (np.diff(value[order]) != 0))
    if len(twice):
        one, other = (facts.iloc[order[twice[0] + k]] for k in (0, 1))
        raise ContradictionError(
            f"{_name(one)} in {one['file']} is {other[VALUE]:g} in {other['file']}. Correct one of them."
        )
    lower[at] = np.maximum(lower[at], value)
    upper[at] = np.minimum(upper[at], value)
    impossible = at[lower[at] > upper[at]]
    if len(impossible):
        cell = cells.words(impossible[:1]).iloc[0].to_dict()
        raise ContradictionError(f"{cell}: the published number is impossible beside the others. Correct one of them.")


def _rounded(cells: Cells, counts: pd.DataFrame, base: int, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Bounds that a printed 0 or `base` at the finest cross leaves, and which cells these are."""
    if counts[VALUE].isna().any() or counts[VALUE].between(0, base, inclusive="neither").any():
        raise DatasetError(
            f"a table rounded to {base} holds a hidden number or one of 1 to {base - 1}. Round it first."
        )
    inner = counts[cells.finest(counts)]
    at, value = cells.find(inner), inner[VALUE].to_numpy()
    lower[at] = np.where(value == 0, 0, np.where(value == base, 1, value))
    upper[at] = np.where(value == 0, base - 1, value)
    targets = np.zeros(len(lower), bool)
    targets[at[value <= base]] = True
    return targets


def _lines_of_facts(lines: sparse.csr_array, lower: np.ndarray, upper: np.ndarray) -> sparse.csr_array:
    """The sums that tie what is known of totals to the cells at the finest cross, each total taken apart in one way.

    All ways come to the same finest cells, and a total that nothing is known of says nothing of its parts.
    """
    entries = lines.tocoo()
    whole = np.full(lines.shape[0], -1)
    whole[entries.coords[0][entries.data < 0]] = entries.coords[1][entries.data < 0]
    divided, first = np.unique(whole, return_index=True)
    wanted, kept = np.isfinite(upper) | (lower > 0), np.zeros(lines.shape[0], bool)
    while True:
        rows = first[wanted[divided]]
        rows = rows[~kept[rows]]
        if not len(rows):
            return lines[np.flatnonzero(kept)]
        kept[rows] = True
        wanted[np.unique(lines[rows].tocoo().coords[1])] = True


def _check_sums(cells: Cells, lower: np.ndarray, upper: np.ndarray) -> None:
    """A sum whose numbers are all published must add up."""
    known = lower == upper
    open_cells = abs(cells.lines) @ (~known).astype(float)
    off = np.flatnonzero((open_cells == 0) & (np.abs(cells.lines @ np.where(known, lower, 0)) > 1e-6))
    if len(off):
        line = cells.lines[[int(off[0])]].tocoo()
        whole = cells.words(line.coords[1][line.data < 0]).iloc[0].to_dict()
        by = float((cells.lines[[int(off[0])]] @ np.where(known, lower, 0))[0])
        raise ContradictionError(
            f"{len(off)} published sums do not add up; the parts of {whole} come to {by:+g} against it. "
            "Correct the tables, or attack rounded ones with `base`."
        )


def _name(row: pd.Series) -> dict:
    return {k: v for k, v in row.items() if k not in ("file",)}

"""Proof that hidden cells are wide: other whole-number tables that look the same from outside. It chooses nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from mrstats.disclosure.joint import Problem
from mrstats.disclosure.published import LOWER, UPPER, VALUE
from mrstats.schema import TOTAL, DatasetError

BOUNDLESS = 1_000_000_000
"""A witness that only adds persons can go on for ever."""


@dataclass(frozen=True)
class Witnesses:
    """Changes of the inner table, each a set of inner cells with signs; unused places have sign 0.

    `atoms` has shape (w, s, d), `signs` (w, s).
    """

    atoms: np.ndarray
    signs: np.ndarray


def no_witnesses(problem: Problem) -> Witnesses:
    """None at all."""
    return Witnesses(np.zeros((0, 1, len(problem.dimensions)), int), np.zeros((0, 1), np.int8))


def certify(
    problem: Problem,
    hidden: np.ndarray,
    witnesses: Witnesses,
    *,
    absent: np.ndarray | None = None,
    lower: np.ndarray | None = None,
    upper: np.ndarray | None = None,
) -> np.ndarray:
    """How wide each published cell is proven to be.

    For each witness the two furthest tables are worked out, every inner count at least 0 and every hidden one at
    least 1, and the cells it changes lie anywhere between.

    Parameters
    ----------
    problem : Problem
    hidden : ndarray of bool, shape (m,)
    witnesses : Witnesses
    absent : ndarray of bool, shape (m,), optional
        Cells that are printed nowhere, zeros too.
    lower, upper : ndarray, shape (m,), optional
        What is known of hidden cells beside the tables; the true counts lie between.

    Returns
    -------
    ndarray of int, shape (m,)
        Highest less lowest value proven possible; 0 where nothing is proven.

    Raises
    ------
    DatasetError
        A witness changes a cell that is printed, or a hidden cell is a zero: it proves nothing.
    """
    count, published = len(witnesses.signs), len(problem.keys)
    proven = np.zeros(published, np.int64)
    if (hidden & (problem.truth == 0)).any():
        raise DatasetError("a zero is hidden, but zeros are public. Print it.")
    if not count:
        return proven
    row = np.repeat(np.arange(count), witnesses.signs.shape[1])
    sign = witnesses.signs.ravel().astype(np.int64)
    row, sign, atoms = row[sign != 0], sign[sign != 0], witnesses.atoms.reshape(len(sign), -1)[sign != 0]
    cells = problem.cells_of(atoms)
    entry, _ = np.nonzero(cells >= 0)
    places = row[entry], cells[cells >= 0]
    change = sparse.coo_array((sign[entry], places), shape=(count, published)).tocsr()
    change.sum_duplicates()
    change.eliminate_zeros()
    seen = change.tocoo()
    moved = seen.coords[1]
    unseen = absent if absent is not None else np.zeros(published, bool)
    printed = ~(hidden | unseen)[moved]
    if printed.any():
        cell = problem.frame().iloc[int(moved[printed][0])].drop("value").to_dict()
        raise DatasetError(f"a witness changes a printed cell: {cell}.")
    inner = _inner_values(problem, atoms)
    rows = np.concatenate([seen.coords[0], row])
    steps = np.concatenate([seen.data, sign])
    least, most = (~unseen).astype(np.int64), np.full(published, BOUNDLESS)
    if lower is not None and upper is not None:
        least, most = np.maximum(least, lower).astype(np.int64), np.minimum(most, upper).astype(np.int64)
    fewer = np.concatenate([problem.truth[moved] - least[moved], inner]) // np.abs(steps)
    more = np.concatenate([most[moved] - problem.truth[moved], np.full(len(inner), BOUNDLESS)]) // np.abs(steps)
    down, up = (np.full(count, BOUNDLESS) for _ in range(2))
    for towards, against in ((up, down), (down, up)):
        grows = steps > 0 if towards is up else steps < 0
        np.minimum.at(towards, rows[grows], more[grows])
        np.minimum.at(against, rows[grows], fewer[grows])
    span = down + up
    np.maximum.at(proven, moved, span[seen.coords[0]] * np.abs(seen.data))
    return proven


def certify_written(
    problem: Problem, counts: pd.DataFrame, witnesses: Witnesses, *, bounds: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The same, for the hidden cells of files that were read back, not for those in memory.

    Parameters
    ----------
    problem : Problem
    counts : DataFrame
        From `published.read_counts`: dimensions, ``value``, ``file``. A dimension the problem lacks must be a total.
    witnesses : Witnesses
    bounds : DataFrame, optional
        Dimensions, ``lower``, ``upper``: what is known of cells beside the files.

    Returns
    -------
    DataFrame
        Dimensions and ``width`` of each hidden cell; `audit` takes it as `proven`.

    Raises
    ------
    DatasetError
        A file holds a cell the problem does not, or a number that is not its true count.
    """
    names = [dimension.name for dimension in problem.dimensions]
    extra = [c for c in counts if c not in (*names, VALUE, "file") and (counts[c] != TOTAL).any()]
    if extra:
        raise DatasetError(
            f"the files are broken down by {extra[0]!r}, which the protected tables are not. Protect it too."
        )
    at = problem.places(counts.drop(columns=[VALUE, "file"]))
    lost = at < 0
    value = counts[VALUE].to_numpy(float)
    wrong = ~lost & ~np.isnan(value) & (value != problem.truth[at])
    for which, what in ((lost, "is in no protected table"), (wrong, "is not the count that was protected")):
        if which.any():
            row = counts[which].iloc[0]
            raise DatasetError(f"{row['file']}: the cell {row.drop('file').to_dict()} {what}. Write the release again.")
    hidden, shown = np.zeros(len(problem.keys), bool), np.zeros(len(problem.keys), bool)
    hidden[at[np.isnan(value)]] = True
    shown[at[~np.isnan(value)]] = True
    absent = ~hidden & ~shown  # printed nowhere: free to move, and no one asks for it
    least, most = np.zeros(len(problem.keys)), np.full(len(problem.keys), float(BOUNDLESS))
    if bounds is not None and len(bounds):
        place = problem.places(bounds.drop(columns=[LOWER, UPPER]))
        np.maximum.at(least, place[place >= 0], bounds[LOWER].to_numpy(float)[place >= 0])
        np.minimum.at(most, place[place >= 0], bounds[UPPER].to_numpy(float)[place >= 0])
    proven = certify(problem, hidden & ~shown, witnesses, absent=absent, lower=least, upper=most)
    return problem.frame()[hidden].assign(width=proven[hidden]).drop(columns=VALUE)


def _inner_values(problem: Problem, atoms: np.ndarray) -> np.ndarray:
    """True counts of inner cells; those not listed are empty."""
    size = [len(dimension.atoms) for dimension in problem.dimensions]
    if not size:
        return np.full(len(atoms), problem.values.sum())
    held = np.ravel_multi_index(tuple(problem.inner.T), size)
    order = np.argsort(held)
    asked = np.ravel_multi_index(tuple(atoms.T), size)
    at = np.minimum(np.searchsorted(held[order], asked), len(held) - 1)
    return np.where(held[order][at] == asked, problem.values[order][at], 0) if len(held) else np.zeros(len(asked), int)

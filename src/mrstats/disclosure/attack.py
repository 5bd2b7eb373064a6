"""What can be worked out about unknown whole numbers from the sums they are in: bounds, then mixed-integer programs."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mrstats.schema import DatasetError

SHARED = 40
"""So many random directions are tried for a whole block before single cells are."""


class ContradictionError(DatasetError):
    """Published numbers that no table of whole numbers could have."""


def propagate(
    lines: sparse.csr_array, lower: np.ndarray, upper: np.ndarray, *, rounds: int = 200
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds sharpened by each sum in turn until nothing moves.

    Parameters
    ----------
    lines : sparse array, shape (r, m)
        Sums that are zero, coefficients +1 and −1.
    lower, upper : ndarray, shape (m,)
    rounds : int

    Returns
    -------
    lower, upper : ndarray, shape (m,)

    Raises
    ------
    ContradictionError
        No value is left for a cell.
    """
    lower, upper = lower.astype(float).copy(), upper.astype(float).copy()
    entries = lines.tocoo()
    row, cell, sign = entries.coords[0], entries.coords[1], entries.data
    count = lines.shape[0]
    for _ in range(rounds):
        least = np.where(sign > 0, lower[cell], -upper[cell])
        most = np.where(sign > 0, upper[cell], -lower[cell])
        above, below = _others(row, most, count, np.inf), _others(row, least, count, -np.inf)
        new_lower, new_upper = lower.copy(), upper.copy()
        np.maximum.at(new_lower, cell, np.where(sign > 0, -above, below))
        np.minimum.at(new_upper, cell, np.where(sign > 0, -below, above))
        new_lower, new_upper = np.ceil(new_lower - 1e-6), np.floor(new_upper + 1e-6)
        if (new_lower > new_upper).any():
            raise ContradictionError(f"no whole number is left for cell {int((new_lower > new_upper).argmax())}.")
        if (new_lower == lower).all() and (new_upper == upper).all():
            break
        lower, upper = new_lower, new_upper
    return lower, upper


def _others(row: np.ndarray, term: np.ndarray, count: int, endless_sum: float) -> np.ndarray:
    """For each entry, the sum of the other entries of its row; `endless_sum` where one of them is infinite."""
    endless = np.isinf(term)
    finite = np.where(endless, 0, term)
    sums, many = np.bincount(row, finite, count), np.bincount(row, endless, count)
    return np.where(many[row] - endless > 0, endless_sum, sums[row] - finite)


def blocks(lines: sparse.csr_array, open_cells: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Open cells that hang together through sums, and those sums: list of (rows, cells); cells in no sum are in none."""
    from scipy.sparse.csgraph import connected_components

    columns = np.flatnonzero(open_cells & (abs(lines).sum(axis=0) > 0))
    part = lines[:, columns].tocsr()
    rows = np.flatnonzero(np.diff(part.indptr))
    part = part[rows]
    graph = sparse.block_array([[None, abs(part)], [abs(part).T, None]], format="csr")
    _, label = connected_components(graph, directed=False)
    row_label, cell_label = label[: len(rows)], label[len(rows) :]
    row_order, cell_order = np.argsort(row_label, kind="stable"), np.argsort(cell_label, kind="stable")
    names = np.unique(cell_label)
    if not len(names):
        return []
    row_cut = np.searchsorted(row_label[row_order], names)
    row_end = np.searchsorted(row_label[row_order], names, side="right")
    cell_cut = np.searchsorted(cell_label[cell_order], [*names, names[-1] + 1])
    return [
        (rows[row_order[a:b]], columns[cell_order[c:d]])
        for a, b, c, d in zip(row_cut, row_end, cell_cut[:-1], cell_cut[1:], strict=True)
    ]


def intervals(
    lines: sparse.csr_array,
    right: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    targets: np.ndarray,
    *,
    width: float,
    seed: int = 0,
    seconds: float = 20.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What one block's cells can be, as whole-number tables show it.

    A cell is left alone as soon as two tables show it `width` apart; only the others get a program of their own for
    their lowest and highest value.

    Parameters
    ----------
    lines : sparse array, shape (r, m)
    right : ndarray, shape (r,)
        What the sums come to.
    lower, upper : ndarray, shape (m,)
    targets : ndarray of bool, shape (m,)
    width : float
        Infinite: every target's whole interval is found.
    seed : int
    seconds : float
        Limit for one program.

    Returns
    -------
    lower, upper : ndarray, shape (m,)
        For a target: values it takes in some table, at least `width` apart, or else its ends.
    decided : ndarray of bool, shape (m,)
        False where the time limit came first.

    Raises
    ------
    ContradictionError
        No table fits.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    rng = np.random.default_rng(seed)
    count = len(lower)
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    decided = np.ones(count, bool)
    unique = _without_doubles(lines, right)
    sums = LinearConstraint(unique[0], unique[1], unique[1])

    def solve(goal: np.ndarray) -> float:
        """The least value of a goal that is proven; its table widens what was seen."""
        answer = milp(
            goal,
            constraints=sums,
            bounds=Bounds(lower, upper),
            integrality=np.ones(count),
            options={"time_limit": seconds},
        )
        if answer.status == 2:
            raise ContradictionError("no table of whole numbers has the published sums.")
        if answer.x is not None:
            table = np.rint(answer.x)
            if np.abs(unique[0] @ table - unique[1]).max(initial=0) < 1e-6:
                np.minimum(low, table, out=low)
                np.maximum(high, table, out=high)
        return float(answer.fun) if answer.status == 0 else -np.inf

    limited = np.minimum(upper, np.maximum(lower, 0) + 10 * (np.abs(right).max(initial=1) + 10))
    upper = np.where(np.isinf(upper), limited, upper)  # a program needs an end; far beyond any width
    left, stalled = targets & (upper > lower), 0
    for _ in range(SHARED if np.isfinite(width) else 0):
        if left.sum() < 3 or stalled == 3:
            break
        before = left.sum()
        goal = np.where(left, rng.choice([-1.0, 1.0], count) * rng.uniform(0.5, 1.5, count), 0)
        solve(goal)
        solve(-goal)
        left &= high - low < width
        stalled = stalled + 1 if left.sum() > 0.9 * before else 0
    for cell in np.flatnonzero(left):
        if high[cell] - low[cell] >= width:
            continue
        goal = np.zeros(count)
        goal[cell] = 1
        least, most = solve(goal), -solve(-goal)
        decided[cell] = high[cell] - low[cell] >= width or (np.isfinite(least) and np.isfinite(most))
    fixed = upper == lower
    low, high = np.where(fixed, lower, low), np.where(fixed, upper, high)
    return np.where(np.isinf(low), lower, low), np.where(np.isinf(high), upper, high), decided


def _without_doubles(lines: sparse.csr_array, right: np.ndarray) -> tuple[sparse.csr_array, np.ndarray]:
    """Each sum once: nested margins say the same thing several times."""
    lines = lines.tocsr()
    lines.sort_indices()
    seen: dict[tuple[bytes, bytes], int] = {}
    for i, (a, b) in enumerate(zip(lines.indptr[:-1], lines.indptr[1:], strict=True)):
        seen.setdefault((lines.indices[a:b].tobytes(), lines.data[a:b].tobytes()), i)
    keep = np.array(sorted(seen.values()), int)
    return lines[keep], right[keep]

"""Hide small cells of one table, and another cell where a total would give one back. One table at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.disclosure.rules import ProtectionRule
from mrstats.schema import (
    CITY,
    CONFIDENTIAL,
    FIGURES,
    PUBLIC_AT_SOURCE,
    TOTAL,
    factor_columns,
)

LARGEST_BLOCK = 1500
"""So many hidden cells that hang together are looked into as one system; more would take minutes."""


def hide_small_cells(table: pd.DataFrame, rule: ProtectionRule | None = None, *, public: bool = False) -> pd.DataFrame:
    """The table with every small cell hidden, and one more wherever a total would give it back.

    A cell is small where 1 to ``min_count − 1`` persons are in it, have the outcome, or lack it. A zero is no one and
    stays. Where the totals would give a hidden cell back exactly, by one sum or by several together, the smallest
    other cell beside it that is not zero is hidden too. Value, interval, standard error and all counts go together.

    Parameters
    ----------
    table : DataFrame
        From `mrstats.break_down`, with all its margins.
    rule : ProtectionRule, optional
        Default: 5 persons.
    public : bool
        The figures are public at source: nothing is hidden, small cells get the status ``s``.

    Returns
    -------
    DataFrame
        Same rows; hidden cells have status ``C`` and no figures. The input is left alone.

    Notes
    -----
    What it does not do: two tables may still give a cell back together, a hidden cell may be narrowed down because
    counts are whole and not negative, and blocks of more than `LARGEST_BLOCK` hidden cells are only closed line by
    line. The appendix says so.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", by="sex", geography="area")
    >>> int((hide_small_cells(table)["status"] == "C").sum()) > 0
    True
    """
    rule = rule or ProtectionRule()
    result = table.copy()
    result.attrs = dict(table.attrs)
    small = _small(table, rule)
    if public:
        result.loc[small, "status"] = (result.loc[small, "status"] + f" {PUBLIC_AT_SOURCE}").str.strip()
        return result
    hidden = small | (table["status"] == CONFIDENTIAL).to_numpy()
    size = table["n"].fillna(0).to_numpy(float)
    if len(table):
        hidden = _close(hidden, size, _lines(table))
    result.loc[hidden, FIGURES] = np.nan
    result.loc[hidden, "status"] = CONFIDENTIAL
    result.loc[hidden, "method"] = ""  # an interval method that depends on the count would tell of it
    return result


def close_sums(table: pd.DataFrame, hidden: np.ndarray) -> np.ndarray:
    """More rows hidden, until no sum of one table, and no combination of sums, gives a hidden amount back exactly."""
    return _close(hidden.copy(), table["n"].fillna(0).to_numpy(float), _lines(table)) if len(table) else hidden


def _small(table: pd.DataFrame, rule: ProtectionRule) -> np.ndarray:
    """Cells with 1 to min_count − 1 persons in them, with the outcome, or without it."""
    n, count = table["n"].to_numpy(float), table["count"].to_numpy(float)
    few = np.zeros(len(table), dtype=bool)
    for persons in (
        n,
        table["population"].to_numpy(float),
        count,
        np.where(table["measure"] == "proportion", n - count, np.nan),
    ):
        few |= (persons > 0) & (persons < rule.min_count)
    return few


def _lines(table: pd.DataFrame) -> list[tuple[int, np.ndarray]]:
    """Additive lines as (position of the total, positions of its parts).

    Over a factor: the total and its groups, all else equal. Over places: the city and the areas of a level.
    """
    factors = factor_columns(table)
    keys = ["indicator", "year", "geography_level", "geography", *factors]
    position = {key: i for i, key in enumerate(table[keys].itertuples(index=False, name=None))}
    lines: dict[tuple, list[int]] = {}
    city = next((key[3] for key in position if key[2] == CITY), "")
    for key, i in position.items():
        for at, factor in enumerate(factors, start=4):
            if key[at] != TOTAL:
                lines.setdefault((factor, key[2], (*key[:at], TOTAL, *key[at + 1 :])), []).append(i)
        if key[2] != CITY:
            lines.setdefault(("geography", key[2], (*key[:2], CITY, city, *key[4:])), []).append(i)
    return [(position[total], np.array(parts)) for (_, _, total), parts in lines.items() if total in position]


def _close(hidden: np.ndarray, size: np.ndarray, lines: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """Hide more until no line, and no combination of lines, gives a hidden cell back exactly."""
    while True:
        hidden = _close_lines(hidden, size, lines)
        more = {
            cell for given in _determined(hidden, lines) if (cell := _partner(given, hidden, size, lines)) is not None
        }
        if not more:
            return hidden
        hidden[list(more)] = True


def _determined(hidden: np.ndarray, lines: list[tuple[int, np.ndarray]]) -> list[int]:
    """Hidden cells whose value follows from the visible ones by adding and subtracting lines.

    A cell is free where some change of the hidden cells leaves every line as it is; the null space of the lines,
    block by block, holds all such changes. Blocks of more than `LARGEST_BLOCK` cells are not looked into.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    cells = np.flatnonzero(hidden)
    place = np.full(len(hidden), -1)
    place[cells] = np.arange(len(cells))
    entries = [
        (row, place[cell], sign)
        for row, (total, parts) in enumerate(lines)
        for cell, sign in [*((part, 1.0) for part in parts), (total, -1.0)]
        if hidden[cell]
    ]
    if not entries:
        return []
    rows, columns, signs = (np.array(column) for column in zip(*entries, strict=True))
    matrix = csr_array((signs, (rows, columns)), shape=(len(lines), len(cells)))
    _, block = connected_components(abs(matrix).T @ abs(matrix), directed=False)
    found: list[int] = []
    for members in (np.flatnonzero(block == number) for number in range(block.max() + 1)):
        if len(members) > LARGEST_BLOCK:
            continue
        part = matrix[:, members]
        dense = part[np.flatnonzero(np.diff(part.tocsr().indptr))].toarray()
        _, weights, directions = np.linalg.svd(dense, full_matrices=True)
        free = directions[(weights > 1e-9).sum() :]
        found += cells[members[(np.abs(free) < 1e-9).all(axis=0)]].tolist()
    return found


def _partner(given: int, hidden: np.ndarray, size: np.ndarray, lines: list[tuple[int, np.ndarray]]) -> int | None:
    """The smallest visible cell, not zero, that shares a line with a cell; its totals if there is no other."""
    shared = [(total, parts) for total, parts in lines if given == total or given in parts]
    for choice in ([cell for _, parts in shared for cell in parts], [total for total, _ in shared]):
        open_cells = [cell for cell in choice if not hidden[cell] and size[cell] > 0]
        if open_cells:
            return int(min(open_cells, key=lambda cell: size[cell]))
    return None


def _close_lines(hidden: np.ndarray, size: np.ndarray, lines: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """Hide one cell more in every line that has exactly one hidden, until none has."""
    hidden = hidden.copy()
    changed = True
    while changed:
        changed = False
        for total, parts in lines:
            line = np.append(parts, total)
            if hidden[line].sum() != 1:
                continue
            open_parts = parts[~hidden[parts] & (size[parts] > 0)]
            if len(open_parts):
                hidden[open_parts[np.argmin(size[open_parts])]] = True
            elif not hidden[total]:  # the only part that is not zero is hidden: its total says the same
                hidden[total] = True
            else:
                continue
            changed = True
    return hidden

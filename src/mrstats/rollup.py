"""All margins of a request from its finest cells: sums over axes of one array. No query, no interval.

A cell stands at year × area × one group of each factor. Every axis gets a slot for its total, areas are added up level
by level, and the array that results *is* the table: years, then the levels in the order given, then factors with
their total first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mrstats.schema import TOTAL

LIMIT = 50_000_000
"""More numbers than this are not laid out as one array; then only combinations that occur are listed."""

Places = tuple[Sequence[str], Mapping[str, str]]
"""A level's area codes in their order, and which of them each area of the cells lies in."""


def roll_up(
    cells: pd.DataFrame,
    sums: np.ndarray,
    *,
    years: Sequence[int],
    areas: Mapping[str, Places],
    groups: Mapping[str, Sequence[str]],
    collapse: Mapping[str, Sequence[str]] | None = None,
    area_column: str = "area_",
    limit: int = LIMIT,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Add cells up to every level of areas and every subset of factors.

    Parameters
    ----------
    cells : DataFrame, c rows
        ``year``, `area_column` and a column per factor. A group code ``_T`` is a
        publisher's own total: it is used where it stands, and the groups are added up where it does not.
    sums : ndarray, shape (c, s)
        What is added up, any number of columns (replicates too).
    years, areas, groups
        The rows wanted: years; level -> (its codes, area of the cells -> code); factor -> its group codes.
    collapse : dict of str to list of str, optional
        Factors the cells hold and the table does not: only their totals are kept.
    limit : int
        So many numbers may lie in one array.

    Returns
    -------
    DataFrame, r rows
        ``year``, ``geography_level``, ``geography`` and a column per factor, codes as categories. Every combination is
        there, also those nobody is in; beyond `limit` only those that occur.
    ndarray, shape (r, s)
        Their sums.

    Raises
    ------
    KeyError
        An area, year or group of the cells that was not announced.

    Examples
    --------
    >>> cells = pd.DataFrame({"year": 2024, "area_": ["A", "A", "B"], "sex": ["men", "women", "men"]})
    >>> places = {"city": (["1280"], {"A": "1280", "B": "1280"})}
    >>> rows, sums = roll_up(cells, np.array([[1.0], [2.0], [4.0]]), years=[2024], areas=places, groups={"sex": ["men", "women"]})
    >>> rows["sex"].tolist(), sums[:, 0].tolist()
    (['_T', 'men', 'women'], [7.0, 5.0, 2.0])
    """
    collapse = dict(collapse or {})
    base = sorted(cells[area_column].unique())
    factors = {name: [TOTAL, *codes] for name, codes in [*collapse.items(), *groups.items()]}
    axes = {"year": list(years), area_column: base, **factors}
    shape = tuple(map(len, axes.values()))
    places = np.ravel_multi_index([_positions(cells[name], axes[name], name) for name in axes], shape)
    upward = [
        _positions(pd.Series(base).map(inside), codes, f"level {level}") for level, (codes, inside) in areas.items()
    ]
    sums = np.asarray(sums, float)
    sizes = [len(codes) for codes, _ in areas.values()]
    end = (shape[0], sum(sizes), *shape[2 + len(collapse) :])
    make = _dense if max(math.prod(shape), math.prod(end)) * sums.shape[1] <= limit else _sparse
    kept, result = make(places, sums, shape, len(collapse), upward, sizes)
    labels: list[tuple[str, int, Sequence]] = [
        ("year", 0, axes["year"]),
        ("geography_level", 1, [level for level, (codes, _) in areas.items() for _ in codes]),
        ("geography", 1, [code for codes, _ in areas.values() for code in codes]),
        *((name, 2 + i, factors[name]) for i, name in enumerate(groups)),
    ]
    rows = {name: _spread(pd.Categorical(values), axis, end, kept) for name, axis, values in labels}
    return pd.DataFrame(rows).astype({"year": int}), result


def _spread(values: pd.Categorical, axis: int, shape: tuple[int, ...], kept: np.ndarray | None) -> pd.Categorical:
    """An axis's labels for every place of an array, or for those that were kept; as few bytes a row as name a label."""
    if kept is None:
        codes = np.broadcast_to(values.codes.reshape(-1, *[1] * (len(shape) - 1 - axis)), shape).reshape(-1)
    else:
        codes = values.codes[kept // math.prod(shape[axis + 1 :]) % shape[axis]]
    return pd.Categorical.from_codes(codes, dtype=values.dtype, validate=False)


def _positions(column: pd.Series, labels: Sequence, name: str) -> np.ndarray:
    """Where each value of a column stands among the labels."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        found = pd.Index(labels).get_indexer(column.cat.categories)[column.cat.codes]
    else:
        found = pd.Index(labels).get_indexer(column)
    if (found < 0).any():
        raise KeyError(f"{name}: {column[found < 0].iloc[0]!r} is not among the {len(labels)} announced")
    return found


def _dense(places, sums, shape, collapsed, upward, sizes):
    """The whole array at once, one sum after another; `places` are cells' positions in it."""
    result = np.zeros((sums.shape[1], shape[0], sum(sizes), *shape[2:]))
    own = _own_totals(places, shape)
    for every, values in zip(result, sums.T, strict=True):
        if not values.any():  # most columns of hidden cells
            continue
        # Cells at the same place are added up, never lost.
        array = np.bincount(places, weights=values, minlength=math.prod(shape)).reshape(shape)
        if own:
            _levels(_with_published_totals(array, places), upward, sizes, every)
            continue
        _levels(array, upward, sizes, every)  # areas first: their sums are cheaper before the totals are there
        for axis in range(2, every.ndim):
            total = every[_slot(axis, 0)]
            for group in range(1, every.shape[axis]):  # few long additions; np.sum makes many of a few numbers each
                total += every[_slot(axis, group)]
    for _ in range(collapsed):
        result = result[:, :, :, 0]
    return None, result.reshape(len(result), -1).T


def _own_totals(places: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether any cell stands at a total."""
    strides = [math.prod(shape[axis + 1 :]) for axis in range(2, len(shape))]
    return any((places // stride % shape[2 + i] == 0).any() for i, stride in enumerate(strides))


def _with_published_totals(array: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Totals where the publisher has none; his own is exact where a sum of its groups may not be."""
    there = np.zeros(array.shape, bool)
    there.reshape(-1)[places] = True
    for axis in range(2, there.ndim):
        total, parts = _slot(axis, 0), _slot(axis, slice(1, None))
        array[total] = np.where(there[total], array[total], array[parts].sum(axis=axis))
        there[total] |= there[parts].any(axis=axis)
    return array


def _levels(array: np.ndarray, upward: list[np.ndarray], sizes: list[int], result: np.ndarray) -> None:
    """Into `result`: the axis of areas replaced by the areas of all levels."""
    start = 0
    for to, size in zip(upward, sizes, strict=True):
        level = result[:, start : start + size]
        if len(set(to)) == len(to):
            level[:, to] = array
        elif size == 1:
            np.sum(array, axis=1, out=level[:, 0])
        else:
            for area, place in enumerate(to):
                level[:, place] += array[:, area]
        start += size


def _slot(axis: int, part: int | slice) -> tuple:
    return (*[slice(None)] * axis, part)


def _sparse(places, sums, shape, collapsed, upward, sizes):
    """The same from a list of occupied positions: as many rows as combinations that occur."""
    for axis in range(2, len(shape)):
        stride = math.prod(shape[axis + 1 :])
        own = places // stride % shape[axis] == 0
        totals, added = _add_up(places[~own] - (places[~own] // stride % shape[axis]) * stride, sums[~own])
        new = ~np.isin(totals, places[own])
        places, sums = np.concatenate([places, totals[new]]), np.concatenate([sums, added[new]])
        if axis < 2 + collapsed:
            keep = places // stride % shape[axis] == 0
            places, sums = places[keep], sums[keep]
    rest = shape[2 + collapsed :]
    year, area, *where = np.unravel_index(places, shape)
    within = np.ravel_multi_index(where[collapsed:], rest) if rest else np.zeros_like(places)
    levels, start = [], 0
    for to, size in zip(upward, sizes, strict=True):
        level = (year * sum(sizes) + start + to[area]) * math.prod(rest) + within
        levels.append(_add_up(level, sums))
        start += size
    places, sums = (np.concatenate(part) for part in zip(*levels, strict=True))
    order = np.argsort(places)
    return places[order], sums[order]


def _add_up(places: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of equal positions."""
    if not len(places):
        return places, sums
    order = np.argsort(places, kind="stable")
    held, starts = np.unique(places[order], return_index=True)
    return held, np.add.reduceat(sums[order], starts, axis=0)

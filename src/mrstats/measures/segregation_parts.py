"""What segregation is made of: parts by level of areas, and parts of its change between years. Counts in, parts of M out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.segregation import checked_table, mutual_information, over


def within_and_between(
    counts: ArrayLike, parent: ArrayLike, *, size: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parts of M: between larger areas, and within each of them.

    Parameters
    ----------
    counts : array_like, shape (..., areas, groups)
    parent : array_like of int, shape (areas,)
        Number 0 … k−1 of the larger area that each lies in.
    size : int, optional
        k, where the last may have no areas.

    Returns
    -------
    between : ndarray, shape (...)
    within : ndarray, shape (..., k)
        M of each larger area by itself; NaN where nobody lives.
    share : ndarray, shape (..., k)
        Its share of the population: ``between + Σ share · within`` is M. Divided by the entropy of the groups these are
        the parts of H.

    References
    ----------
    Theil (1972); Mora & Ruiz-Castillo (2011), Sociological Methodology 41:159-194.

    Examples
    --------
    >>> between, within, share = within_and_between([[10, 0], [0, 10], [5, 5]], [0, 0, 1])
    >>> float(between), within.round(4).tolist(), share.round(4).tolist()
    (0.0, [0.6931, 0.0], [0.6667, 0.3333])
    """
    n, inside = checked_table(counts), np.asarray(parent, int)
    k = int(inside.max()) + 1 if size is None else size
    upper = (inside == np.arange(k)[:, None]).astype(float) @ n
    within = np.stack([mutual_information(n[..., inside == area, :]) for area in range(k)], axis=-1)
    people = upper.sum(axis=-1)
    return mutual_information(upper), within, people / people.sum(axis=-1, keepdims=True)


def change_parts(before: ArrayLike, after: ArrayLike) -> dict[str, float]:
    """Change of M between two years: by who the residents are, how large the areas are, and how groups are spread.

    Parameters
    ----------
    before, after : array_like, shape (areas, groups)
        The same areas and groups in the same order.

    Returns
    -------
    dict
        ``groups`` and ``areas``: what the changed sizes alone would have done; ``structure``: the odds of living where one
        does; ``new_areas``: areas that someone lived in in one of the years only. They add up to M after − M before.

    Raises
    ------
    ValueError
        Shapes differ, or a group has nobody in one of the years in areas of both.

    Notes
    -----
    The tables with the odds of one year and the sizes of the other are made by iterative proportional fitting. Shapley, first
    structure against sizes, then groups against areas within sizes, as in R's segregation.

    References
    ----------
    Elbers (2021), Sociological Methods & Research 52:1860-1892 (published online).

    Examples
    --------
    Twice as many of one group everywhere: nothing but the groups' sizes has changed.

    >>> parts = change_parts([[30, 20], [10, 40]], [[60, 20], [20, 40]])
    >>> bool(abs(parts["structure"]) < 1e-9), sorted(parts)
    (True, ['areas', 'groups', 'new_areas', 'structure'])
    """
    n = [checked_table(before), checked_table(after)]
    if n[0].shape != n[1].shape:
        raise ValueError(f"before {n[0].shape} and after {n[1].shape} must have the same areas and groups.")
    kept = (n[0].sum(axis=1) > 0) & (n[1].sum(axis=1) > 0)
    both = [year[kept] for year in n]
    for year, name in zip(both, ("before", "after"), strict=True):
        if (year.sum(axis=0) == 0).any():
            group = int(np.argmax(year.sum(axis=0) == 0))
            raise ValueError(f"group {group} has nobody {name}; leave it out, or add it to another group.")

    def m(areas: int, groups: int, odds: int) -> float:
        if areas == groups == odds:
            return float(mutual_information(both[odds]))
        size = [both[areas].sum(axis=1), both[groups].sum(axis=0)]
        return float(mutual_information(_fitted(both[odds], size[0] / size[0].sum(), size[1] / size[1].sum())))

    structure = (m(0, 0, 1) - m(0, 0, 0) + m(1, 1, 1) - m(1, 1, 0)) / 2
    areas = sum(m(1, g, s) - m(0, g, s) for g in (0, 1) for s in (0, 1)) / 4
    groups = sum(m(a, 1, s) - m(a, 0, s) for a in (0, 1) for s in (0, 1)) / 4
    whole = float(mutual_information(n[1]) - mutual_information(n[0]))
    kept_change = m(1, 1, 1) - m(0, 0, 0)
    return {"groups": groups, "areas": areas, "structure": structure, "new_areas": whole - kept_change}


def _fitted(seed: np.ndarray, rows: np.ndarray, columns: np.ndarray, *, tolerance: float = 1e-12) -> np.ndarray:
    """A table with the odds of a seed and the margins asked for."""
    table = seed / seed.sum()
    for _ in range(10_000):
        table = table * over(columns, table.sum(axis=0), 0.0)
        miss = table.sum(axis=1)
        if abs(miss - rows).max() < tolerance:
            return table
        table = table * over(rows, miss, 0.0)[:, None]
    raise ValueError("areas where groups have nobody leave no table of such sizes. Use larger areas or fewer groups.")

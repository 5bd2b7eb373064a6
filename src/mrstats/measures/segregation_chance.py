"""What chance does to an index of segregation: its value if nobody were sorted, a corrected value, and spatial patterns.

Counts and values in, numbers out; the indices themselves are in `mrstats.measures.segregation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence

Index = Callable[[np.ndarray], np.ndarray]
"""Counts (..., areas, groups) to values (...) or (..., groups)."""

STEPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5])
"""How far towards the observed composition of areas cities are drawn, from no segregation to more than is seen."""


class Chance(NamedTuple):
    """An index and what chance can do to it, each (k,) for an index of k groups, else ()."""

    value: np.ndarray
    expected: np.ndarray
    corrected: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    p: np.ndarray


def permuted_counts(counts: ArrayLike, permutations: int, *, seed: int = 1) -> np.ndarray:
    """Counts when every person's home is drawn anew among the homes that there are.

    Parameters
    ----------
    counts : array_like of int, shape (areas, groups)
    permutations : int
    seed : int

    Returns
    -------
    ndarray of int, shape (permutations, areas, groups)
        Areas and groups keep their sizes: persons permuted, by hypergeometric draws and not one by one.

    Examples
    --------
    >>> drawn = permuted_counts([[3, 7], [5, 5]], 4)
    >>> drawn.sum(axis=1).tolist()[0], drawn.sum(axis=2).tolist()[0]
    ([8, 12], [10, 10])
    """
    n = np.rint(np.asarray(counts, float)).astype(np.int64)
    rng = np.random.default_rng(seed)
    areas, groups = n.shape
    result = np.empty((permutations, areas, groups), np.int64)
    homes = np.broadcast_to(n.sum(axis=1), (permutations, areas))
    for group, size in enumerate(n.sum(axis=0)[:-1]):
        here = result[:, :, group]
        if group == 0:
            here[:] = rng.multivariate_hypergeometric(homes[0], size, size=permutations)
        else:
            left, free = np.full(permutations, size), homes.sum(axis=1)
            for area in range(areas):
                free = free - homes[:, area]
                here[:, area] = rng.hypergeometric(homes[:, area], free, left)
                left = left - here[:, area]
        homes = homes - here
    result[:, :, -1] = homes
    return result


def against_chance(
    counts: ArrayLike,
    indices: dict[str, Index],
    *,
    permutations: int = 500,
    confidence: float = 0.95,
    cities_drawn: int = 200,
    seed: int = 1,
) -> dict[str, Chance]:
    """Indices with their value by chance alone, a value corrected for it, an interval, and p.

    Parameters
    ----------
    counts : array_like of int, shape (areas, groups)
        Persons; areas where nobody lives may be there.
    indices : dict of str to callable
        See `Index`.
    permutations : int
        So many times are homes drawn by lot.
    confidence : float
    cities_drawn : int
        So many cities are drawn at each of seven degrees of segregation.
    seed : int

    Returns
    -------
    dict of str to Chance
        ``expected``: mean if homes were drawn by lot. ``p`` = (b + 1)/(B + 1) of a value as high by lot. ``corrected``:
        the degree of segregation whose drawn cities have the observed value on average; ``lower, upper`` around it.

    Notes
    -----
    How to read it: in small areas even lots give uneven counts, so an index is above 0 where nobody is sorted; compare
    corrected values. The residents of each area are drawn from λ × its own composition + (1 − λ) × the city's; the λ whose
    mean index is the observed one gives the corrected value (MacKinnon & Smith's inverse of the bias function), those whose
    upper and lower quantiles are the observed one its limits, which hold the truth about nine times in ten. Winship's
    (I − E)/(1 − E), with E = `expected`, takes too much away where segregation is real and areas are small.

    References
    ----------
    MacKinnon & Smith (1998), Journal of Econometrics 85:205-230. Winship (1977), Social Forces 55:1058-1066. Allen, Burgess,
    Davidson & Windmeijer (2015), Econometrics Journal 18:40-66. Phipson & Smyth (2010), SAGMB 9:39, on p.

    Examples
    --------
    >>> from mrstats.measures import segregation
    >>> found = against_chance([[30, 20], [10, 40]], {"H": segregation.information_theory}, permutations=99)["H"]
    >>> round(float(found.value), 3), bool(found.corrected < found.value), float(found.p)
    (0.128, True, 0.01)
    """
    tail = (1 - check_confidence(confidence)) / 2
    n = np.rint(np.asarray(counts, float))
    n = n[n.sum(axis=1) > 0]
    size = n.sum(axis=1)
    by_lot = permuted_counts(n, permutations, seed=seed)
    cities = list(_cities(n))
    rng = np.random.default_rng([seed, 1])
    drawn = [rng.multinomial(size.astype(np.int64), city, size=(cities_drawn, len(n))) for city in cities]
    result = {}
    for name, index in indices.items():
        value, chance = index(n), index(by_lot)
        truth = np.stack([index(city * size[:, None]) for city in cities])
        many = [index(counts) for counts in drawn]
        means = np.stack([values.mean(axis=0) for values in many])
        low, high = np.moveaxis(np.stack([np.quantile(values, [tail, 1 - tail], axis=0) for values in many]), 1, 0)
        p = ((chance >= value - 1e-12).sum(axis=0) + 1) / (permutations + 1)
        corrected, lower, upper = (_inverse(value, edge, truth) for edge in (means, high, low))
        p = np.where(np.isnan(value), np.nan, p)
        result[name] = Chance(value, chance.mean(axis=0), corrected, lower, upper, p)
    return result


def _cities(n: np.ndarray) -> Iterator[np.ndarray]:
    """Composition of every area at each degree of segregation."""
    area, whole = n / n.sum(axis=1, keepdims=True), n.sum(axis=0) / n.sum()
    for step in STEPS:
        mixed = np.maximum(whole + step * (area - whole), 0)
        yield mixed / mixed.sum(axis=1, keepdims=True)


def _inverse(value: np.ndarray, seen: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The truth of which `value` (...) is what would be seen: both (steps, ...), rising or falling together."""
    result = np.full(np.shape(value), np.nan)
    for place in np.ndindex(result.shape):
        x, y = seen[:, *place], truth[:, *place]
        sign = 1.0 if x[-1] >= x[0] else -1.0
        if np.isfinite(x).all() and np.isfinite(value[place]):
            result[place] = np.interp(sign * value[place], np.maximum.accumulate(sign * x), y)
    return result

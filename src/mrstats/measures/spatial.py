"""Whether neighbouring areas are alike: Moran's I of all, and of each area. Arrays in, arrays out; no maps."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Moran(NamedTuple):
    """Moran's I, its mean if values lay anywhere, and how often chance gives as much likeness or unlikeness."""

    value: float
    expected: float
    p: float


class LocalMoran(NamedTuple):
    """Moran's I of each area (n,), the mean of its neighbours as deviation from all, and p; NaN without neighbours."""

    value: np.ndarray
    neighbours: np.ndarray
    p: np.ndarray


def morans_i(values: ArrayLike, weights: Any, *, permutations: int = 999, seed: int = 1) -> Moran:
    """Moran's I with p by permutation of the values over the areas.

    Parameters
    ----------
    values : array_like, shape (n,)
    weights : array_like or sparse array, shape (n, n)
        How near areas are, 0 on the diagonal; as given (`row_standardised` makes rows sum to 1).
    permutations, seed : int

    Returns
    -------
    Moran
        ``p`` = (b + 1)/(B + 1), two-sided: b permutations lie as far from their mean. NaN where all values are equal.

    Raises
    ------
    ValueError
        Fewer than three areas, a missing value, or no neighbours at all.

    Notes
    -----
    How to read it: near 1 where areas are as their neighbours, near 0 (−1/(n − 1)) where values lie as by lot, below where
    neighbours differ.

    References
    ----------
    Moran (1950), Biometrika 37:17-23. Cliff & Ord (1981). Phipson & Smyth (2010) on p.

    Examples
    --------
    >>> line = np.eye(4, k=1) + np.eye(4, k=-1)
    >>> round(morans_i([1, 2, 3, 4], line).value, 4)                  # 4/6 · (0.75 − 0.25 + 0.75)·2 / 5
    0.3333
    """
    z, w = _checked(values, weights)
    squares, total = float(z @ z), float(w.sum())
    if squares == 0:
        return Moran(np.nan, -1 / (len(z) - 1), np.nan)
    value = len(z) / total * float(z @ (w @ z)) / squares
    drawn = np.random.default_rng(seed).permuted(np.tile(z, (permutations, 1)), axis=1)
    chance = len(z) / total * (drawn * (w @ drawn.T).T).sum(axis=1) / squares
    middle = chance.mean()
    extreme = (abs(chance - middle) >= abs(value - middle) - 1e-12).sum()
    return Moran(value, -1 / (len(z) - 1), (float(extreme) + 1) / (permutations + 1))


def local_moran(values: ArrayLike, weights: Any, *, permutations: int = 999, seed: int = 1) -> LocalMoran:
    """Moran's I of each area, with p by permutation of all other areas.

    Parameters
    ----------
    values, weights, permutations, seed
        As `morans_i`.

    Returns
    -------
    LocalMoran
        ``value`` z Σwz / (Σz²/n), as in R's spdep; ``p`` two-sided, not yet adjusted for the number of areas.

    References
    ----------
    Anselin (1995), Geographical Analysis 27:93-115.

    Examples
    --------
    >>> line = np.eye(4, k=1) + np.eye(4, k=-1)
    >>> local_moran([1, 2, 3, 4], line).value.round(2).tolist()       # (−1.5)(−0.5)/1.25 …
    [0.6, 0.4, 0.4, 0.6]
    """
    z, w = _checked(values, weights)
    n, variance = len(z), float(z @ z) / len(z)
    lag = np.asarray(w @ z).ravel()
    dense = w.toarray() if hasattr(w, "toarray") else w
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(n - 1), (permutations, 1)), axis=1)
    value, p = np.full(n, np.nan), np.full(n, np.nan)
    for area in range(n):
        held = np.flatnonzero(dense[area])
        if not len(held) or variance == 0:
            continue
        others = np.delete(z, area)
        chance = others[order[:, : len(held)]] @ dense[area, held]
        middle = others.mean() * dense[area, held].sum()
        extreme = (abs(chance - middle) >= abs(lag[area] - middle) - 1e-12).sum()
        value[area], p[area] = z[area] * lag[area] / variance, (extreme + 1) / (permutations + 1)
    alone = np.asarray(dense.sum(axis=1)).ravel() == 0
    return LocalMoran(value, np.where(alone, np.nan, lag), p)


def row_standardised(weights: Any) -> np.ndarray:
    """Weights whose rows sum to 1; an area without neighbours keeps its row of 0.

    Examples
    --------
    >>> row_standardised([[0, 1, 1], [1, 0, 0], [0, 0, 0]]).tolist()
    [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    w = np.asarray(weights, float)
    total = w.sum(axis=1, keepdims=True)
    return np.divide(w, total, out=np.zeros_like(w), where=total > 0)


def _checked(values: ArrayLike, weights: Any) -> tuple[np.ndarray, Any]:
    """Deviations from the mean, and weights of the same areas."""
    x = np.asarray(values, float)
    w = weights if hasattr(weights, "toarray") else np.asarray(weights, float)
    if x.ndim != 1 or w.shape != (len(x), len(x)):
        raise ValueError(f"values {x.shape} and weights {w.shape} must be of the same areas: (n,) and (n, n).")
    if len(x) < 3:
        raise ValueError(f"{len(x)} areas are too few to tell whether neighbours are alike; three are the least.")
    if (wrong := ~np.isfinite(x)).any():
        raise ValueError(f"area {int(np.argmax(wrong))}: no value. Leave the area out, of the weights too.")
    if not float(w.sum()) > 0:
        raise ValueError("no area has a neighbour. Use a wider definition of who is near.")
    return x - x.mean(), w

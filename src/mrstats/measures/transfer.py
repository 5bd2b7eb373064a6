"""Moving counts between two divisions, and how wrong that is: arrays in, arrays out. No areas' names, no polygons.

A crosswalk is a list of pairs: pair k carries the fraction ``share[k]`` of source area ``source[k]`` to target area
``target[k]``; the shares of one source area add up to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def transfer(
    values: ArrayLike, source: ArrayLike, target: ArrayLike, share: ArrayLike, *, targets: int
) -> NDArray[np.float64]:
    """Counts of source areas on target areas.

    Parameters
    ----------
    values : array_like, shape (n, k)
        Counts of n source areas; NaN where one is not known.
    source, target : array_like of int, shape (p,)
        The two areas of each pair.
    share : array_like, shape (p,)
        Fraction of the source area's count, in (0, 1].
    targets : int
        How many target areas there are.

    Returns
    -------
    ndarray, shape (targets, k)
        Their sum is that of `values`. A target with any part of an unknown count is unknown itself: NaN, never less.

    Raises
    ------
    ValueError
        A share outside (0, 1], or shares of a source area that do not add up to 1.

    Examples
    --------
    >>> transfer([[10.0], [4.0]], [0, 0, 1], [0, 1, 1], [0.25, 0.75, 1.0], targets=2).ravel().tolist()
    [2.5, 11.5]
    """
    values, part = np.atleast_2d(np.asarray(values, float)), np.asarray(share, float)
    of, into = np.asarray(source, np.intp), np.asarray(target, np.intp)
    if ((part <= 0) | (part > 1)).any():
        raise ValueError(f"share {part[(part <= 0) | (part > 1)][0]!r} is not in (0, 1].")
    whole = np.bincount(of, part, minlength=len(values))
    if not np.allclose(whole, 1.0, rtol=0, atol=1e-9):
        wrong = int(np.argmax(np.abs(whole - 1)))
        raise ValueError(f"shares of source area {wrong} add up to {whole[wrong]:.6g}, not 1: people would be lost.")
    moved = np.zeros((targets, values.shape[1]))
    np.add.at(moved, into, part[:, None] * values[of])
    return moved


def split_spread(
    values: ArrayLike, source: ArrayLike, target: ArrayLike, share: ArrayLike, *, targets: int
) -> NDArray[np.float64]:
    """How much of each target's count hangs on how source areas were split: ``sqrt(sum v² s (1 - s))``.

    The standard error of a target's count is this times a factor of the pair of divisions and the variable, which a
    hold-out tells (`holdout_factor`). A target made of whole source areas has 0.

    Parameters
    ----------
    values, source, target, share, targets
        As in `transfer`.

    Returns
    -------
    ndarray, shape (targets, k)

    Examples
    --------
    >>> split_spread([[10.0], [4.0]], [0, 0, 1], [0, 1, 1], [0.5, 0.5, 1.0], targets=2).ravel().tolist()
    [5.0, 5.0]
    """
    values, part = np.atleast_2d(np.asarray(values, float)), np.asarray(share, float)
    squares = np.zeros((targets, values.shape[1]))
    weight = (part * (1 - part))[:, None]
    np.add.at(squares, np.asarray(target, np.intp), weight * values[np.asarray(source, np.intp)] ** 2)
    return np.sqrt(squares)


def holdout_factor(error: ArrayLike, spread: ArrayLike) -> tuple[NDArray[np.float64], int]:
    """What each target's `split_spread` is to be multiplied with, from a count that is known on both divisions.

    Parameters
    ----------
    error : array_like, shape (m, k)
        Moved minus true count of m target areas, in k years or groups; NaN where either is not known.
    spread : array_like, shape (m, k)
        Their `split_spread`.

    Returns
    -------
    factor : ndarray, shape (m,)
        The larger of the target's own ``sqrt(sum error² / sum spread²)`` and that of all targets together: an area that was
        wrong once is wrong again, and one that happened to be right is no surer than the others.
    df : int
        How many targets hold part of a split area.

    Raises
    ------
    ValueError
        No target holds part of a split area: there is nothing to learn from.

    Examples
    --------
    >>> factor, df = holdout_factor([[3.0], [-4.0], [0.0]], [[5.0], [5.0], [0.0]])
    >>> factor.round(3).tolist(), df
    ([0.707, 0.8, 0.707], 2)
    """
    e, s = np.asarray(error, float), np.asarray(spread, float)
    e2, s2 = (np.where(np.isnan(e), 0.0, part**2).sum(axis=1) for part in (e, s))
    split = s2 > 0
    if not split.any():
        raise ValueError("no target area holds part of a split one, so a hold-out tells nothing.")
    own = np.sqrt(e2 / np.where(split, s2, np.inf))
    return np.maximum(own, np.sqrt(e2[split].sum() / s2[split].sum())), int(split.sum())


def misallocated(moved: ArrayLike, true: ArrayLike) -> float:
    """Fraction of all persons that stand in a wrong area: half the absolute errors over the true total.

    Parameters
    ----------
    moved, true : array_like, shape (m,)

    Returns
    -------
    float
        0 where all is right, 1 where nobody is.

    Examples
    --------
    >>> misallocated([11.0, 9.0], [10.0, 10.0])
    0.05
    """
    truth = np.asarray(true, float)
    return float(np.abs(np.asarray(moved, float) - truth).sum() / 2 / truth.sum())

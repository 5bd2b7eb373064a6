"""New weights for the same persons: raking and linear calibration to known totals. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def check_weights(weights: ArrayLike) -> np.ndarray:
    """Weights as a float array; a ValueError names the first that is missing or negative, or says that all are 0."""
    weights = np.asarray(weights, float)
    for wrong, what in ((~np.isfinite(weights), "is missing"), (weights < 0, "is negative")):
        if wrong.any():
            raise ValueError(f"row {np.argmax(wrong)}: the weight {what} ({weights[np.argmax(wrong)]:g}).")
    if not weights.sum() > 0:
        raise ValueError("the weights sum to zero.")
    return weights


def rake(
    weights: ArrayLike,
    groups: Sequence[np.ndarray],
    margins: Sequence[ArrayLike],
    *,
    largest: float = np.inf,
    tolerance: float = 1e-11,
    iterations: int = 1000,
) -> tuple[np.ndarray, int]:
    """Weights that add up to every margin, by iterative proportional fitting.

    Parameters
    ----------
    weights : array_like, shape (n,)
    groups : list of int arrays, shape (n,)
        One a margin: each person's group, 0..k-1.
    margins : list of array_like, shape (k,)
        Population of each group; all margins have the same sum.
    largest : float
        No weight is larger: each round cuts those that are, and the margins are met again by the others.
    tolerance : float
        Largest relative deviation of a margin, and of the largest weight, when it is done.

    Returns
    -------
    weights : ndarray, shape (n,)
    iterations : int
        Rounds it took.

    Raises
    ------
    ValueError
        If margins differ in sum, one has a group nobody is in (or the other way round), or they cannot be met together.

    Examples
    --------
    >>> rake([1, 1, 1, 1], [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])], [[6, 4], [5, 5]])[0]
    array([3., 3., 2., 2.])
    """
    made = check_weights(weights)
    targets = [np.asarray(margin, float) for margin in margins]
    for place, (codes, target) in enumerate(zip(groups, targets, strict=True)):
        has = np.bincount(codes, made, minlength=len(target)) > 0
        if (has != (target > 0)).any():
            group = int(np.argmax(has != (target > 0)))
            who = "nobody (with a weight) is in it" if not has[group] else "there are persons in it"
            raise ValueError(f"margin {place}, group {group}: the population is {target[group]:g} but {who}.")
        if not np.isclose(target.sum(), targets[0].sum(), rtol=1e-9):
            raise ValueError(f"margin {place} adds up to {target.sum():g}, margin 0 to {targets[0].sum():g}.")
    for done in range(1, iterations + 1):
        made = np.minimum(made, largest)
        for codes, target in zip(groups, targets, strict=True):
            made = made * over(target, np.bincount(codes, made, minlength=len(target)))[codes]
        off = [np.bincount(c, made, minlength=len(t)) - t for c, t in zip(groups, targets, strict=True)]
        worst = [np.abs(over(o, t)).max() for o, t in zip(off, targets, strict=True)]
        if max(*worst, made.max() / largest - 1) <= tolerance:
            return made, done
    if made.max() / largest - 1 > tolerance:
        raise ValueError(f"with no weight above {largest:.4g} the margins are not met after {iterations} rounds.")
    place = int(np.argmax(worst))
    group = int(np.argmax(np.abs(over(off[place], targets[place]))))
    raise ValueError(
        f"the margins are not met after {iterations} rounds; margin {place}, group {group} is off by {max(worst):.2%}."
    )


def calibrate(
    weights: ArrayLike, x: ArrayLike, totals: ArrayLike, *, bounds: tuple[float, float] | None = None
) -> tuple[np.ndarray, int]:
    """Weights that add up to the totals of `x`, as near the old ones as can be (linear calibration, GREG).

    Parameters
    ----------
    weights : array_like, shape (n,)
    x : array_like, shape (n, m)
        Calibration variables; indicators of groups, quantities. They may overlap (two sets of indicators).
    totals : array_like, shape (m,)
        Their population totals.
    bounds : (low, high), optional
        Limits of new weight ÷ old, 0 < low < 1 < high (truncated linear); without them weights may turn negative.

    Returns
    -------
    weights : ndarray, shape (n,)
    iterations : int

    Raises
    ------
    ValueError
        If the totals cannot be met (within the bounds); it gives the worst one and the ratios reached.

    Examples
    --------
    >>> calibrate([1, 1, 1, 1], [[1, 0], [1, 1], [1, 2], [1, 3]], [4, 7])[0]
    array([0.7, 0.9, 1.1, 1.3])
    """
    old, x, totals = check_weights(weights), np.asarray(x, float), np.asarray(totals, float)
    low, high = bounds or (-np.inf, np.inf)
    if bounds and not 0 < low < 1 < high:
        raise ValueError(f"bounds={bounds} must lie on either side of 1, the lower above 0.")
    unit = np.maximum(np.abs(totals), old @ np.abs(x))
    x, goal, multiplier = x / np.where(unit > 0, unit, 1), totals / np.where(unit > 0, unit, 1), np.zeros(x.shape[1])
    for done in range(1, 101):
        free = 1 + x @ multiplier
        ratio = np.clip(free, low, high)
        short = goal - (old * ratio) @ x
        if np.abs(short).max() <= 1e-12:
            return old * ratio, done
        multiplier = multiplier + pseudo_inverse(x, old * (free == ratio)) @ short
    raise ValueError(
        f"total {int(np.abs(short).argmax())} is missed by {np.abs(short).max():.2%} at weight ratios "
        f"{ratio.min():.3g} to {ratio.max():.3g}: the totals contradict each other or the bounds are too narrow."
    )


def over(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Division where 0 / 0 is 0: a person without weight adds nothing."""
    return np.divide(top, bottom, out=np.zeros(top.shape), where=bottom != 0)


def pseudo_inverse(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Generalised inverse of X'WX; columns are brought to one scale first, so euros may stand beside indicators."""
    cross = x.T @ (x * weights[:, None])
    unit = np.sqrt(np.diag(cross))
    unit = np.where(unit > 0, unit, 1.0)
    return np.linalg.pinv(cross / np.outer(unit, unit), rcond=1e-11, hermitian=True) / np.outer(unit, unit)

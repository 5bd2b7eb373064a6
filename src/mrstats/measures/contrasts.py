"""Contrasts of two estimates from their own intervals: arrays in, arrays out. No tables, no groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import normal_quantile


def mover_difference(
    estimate_1: ArrayLike,
    lower_1: ArrayLike,
    upper_1: ArrayLike,
    estimate_2: ArrayLike,
    lower_2: ArrayLike,
    upper_2: ArrayLike,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a difference, first minus second, from the intervals of two independent estimates (MOVER).

    Parameters
    ----------
    estimate_1, lower_1, upper_1, estimate_2, lower_2, upper_2 : array_like, shape (k,)
        Estimates and their own intervals, all at the same level; they may be lopsided.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        At that level, in the estimates' unit.

    Notes
    -----
    With Wilson limits it is Newcombe's interval for proportions, with Byar limits one for rates; with symmetric
    limits it is the usual square root of the sum of squares.

    References
    ----------
    Zou & Donner (2008), Statistics in Medicine 27:1693-1702.

    Examples
    --------
    >>> lower, upper = mover_difference([5.0], [2.0], [8.0], [1.0], [-3.0], [5.0])
    >>> float(lower[0]), float(upper[0])
    (-1.0, 9.0)
    """
    e_1, l_1, u_1, e_2, l_2, u_2 = (
        np.asarray(a, float) for a in (estimate_1, lower_1, upper_1, estimate_2, lower_2, upper_2)
    )
    difference = e_1 - e_2
    lower = difference - np.hypot(e_1 - l_1, u_2 - e_2)
    upper = difference + np.hypot(u_1 - e_1, e_2 - l_2)
    return lower, upper


def mover_combination(
    weights: ArrayLike, estimate: ArrayLike, lower: ArrayLike, upper: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a weighted sum of independent estimates from their own intervals (MOVER).

    Parameters
    ----------
    weights, estimate, lower, upper : array_like, shape (..., k)
        Weights of either sign; estimates and their intervals, all at the same level. What has weight 0 does not count.

    Returns
    -------
    lower, upper : ndarray, shape (...)

    Notes
    -----
    With weights 1 and −1 it is `mover_difference`.

    References
    ----------
    Zou, Huang & Zhang (2009), Computational Statistics & Data Analysis 53:1080-1085.

    Examples
    --------
    >>> lower, upper = mover_combination([1, -1], [5.0, 1.0], [2.0, -3.0], [8.0, 5.0])
    >>> float(lower), float(upper)
    (-1.0, 9.0)
    """
    w, e, low, high = (np.asarray(a, float) for a in (weights, estimate, lower, upper))
    value = (w * e).sum(axis=-1)
    down, up = w * (e - low), w * (high - e)
    below, above = np.where(w > 0, down, up), np.where(w > 0, up, down)
    return value - np.sqrt((below**2).sum(axis=-1)), value + np.sqrt((above**2).sum(axis=-1))


def mover_ratio(
    estimate_1: ArrayLike,
    lower_1: ArrayLike,
    upper_1: ArrayLike,
    estimate_2: ArrayLike,
    lower_2: ArrayLike,
    upper_2: ArrayLike,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a ratio, first over second, from the intervals of two independent estimates (MOVER).

    Parameters
    ----------
    estimate_1, lower_1, upper_1, estimate_2, lower_2, upper_2 : array_like, shape (k,)
        Estimates and their own intervals, all at the same level and none below 0.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Lower is 0 where that of the first is 0; upper is infinite where the lower limit of the second is 0.

    References
    ----------
    Donner & Zou (2012), Statistical Methods in Medical Research 21:347-359.

    Examples
    --------
    The square root of 16² − 16·16 vanishes: the limits are 4·4 over 4·4 and the reverse.

    >>> lower, upper = mover_ratio([4.0], [4.0], [4.0], [4.0], [4.0], [4.0])
    >>> float(lower[0]), float(upper[0])
    (1.0, 1.0)
    """
    e_1, l_1, u_1, e_2, l_2, u_2 = (
        np.asarray(a, float) for a in (estimate_1, lower_1, upper_1, estimate_2, lower_2, upper_2)
    )
    with np.errstate(divide="ignore"):
        return _ratio_limit(e_1, l_1, e_2, u_2), 1 / _ratio_limit(e_2, l_2, e_1, u_1)


def _ratio_limit(e_1, lower_1, e_2, upper_2):
    """Lower limit of a ratio, in the form that survives a second of 0; that of the inverse, inverted, is the upper."""
    a, b = lower_1 * (2 * e_1 - lower_1), upper_2 * (2 * e_2 - upper_2)
    below = e_1 * e_2 + np.sqrt(np.maximum((e_1 * e_2) ** 2 - a * b, 0.0))
    return np.where(lower_1 == 0, 0.0, a / np.where(lower_1 == 0, 1.0, below))


def p_value_of_interval(
    estimate: ArrayLike, lower: ArrayLike, upper: ArrayLike, *, df: ArrayLike = np.inf, confidence: float = 0.95
) -> np.ndarray:
    """Two-sided p value against 0 that agrees with an interval: below 1 − confidence just where it leaves 0 out.

    Parameters
    ----------
    estimate, lower, upper : array_like, shape (k,)
        A difference and its interval, which may be lopsided: the side towards 0 counts.
    df : array_like
        Degrees of freedom of the interval's t, infinite for the normal distribution.
    confidence : float
        The interval's level.

    Returns
    -------
    ndarray, shape (k,)
        NaN where there is no interval; 1 where the estimate is 0.

    Examples
    --------
    >>> p_value_of_interval([2.0, 0.0], [0.0, -1.0], [3.0, 1.0]).round(4).tolist()
    [0.05, 1.0]
    """
    from scipy.special import ndtr, stdtr, stdtrit

    estimate, lower, upper, df = np.broadcast_arrays(*(np.asarray(a, float) for a in (estimate, lower, upper, df)))
    finite = np.isfinite(df) & (df > 0)
    safe = np.where(finite, df, 1.0)
    tail = (1 - confidence) / 2
    limit = np.where(finite, stdtrit(safe, 1 - tail), normal_quantile(confidence))
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.abs(estimate) / np.where(estimate > 0, estimate - lower, upper - estimate) * limit
        steps = np.where(estimate == 0, np.where(np.isnan(upper - lower), np.nan, 0.0), steps)
        return 2 * np.where(finite, stdtr(safe, -steps), ndtr(-steps))

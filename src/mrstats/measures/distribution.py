"""Means and totals of a quantity, from their sufficient statistics: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence


def mean_interval(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean with its t interval, from n, sum and sum of squares.

    Parameters
    ----------
    n, total, squares : array_like, shape (k,)
        Persons, sum of the quantity, sum of its squares.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    mean, lower, upper, standard_error : ndarray, shape (k,)
        In the quantity's unit; with one person there is a mean and no interval (NaN).

    Examples
    --------
    >>> mean, lower, upper, se = mean_interval([4], [10.0], [30.0])    # 1, 2, 3, 4
    >>> float(mean[0]), round(float(lower[0]), 4), round(float(upper[0]), 4)
    (2.5, 0.4457, 4.5543)
    """
    n, total, squares = (np.asarray(a, float) for a in (n, total, squares))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        variance = np.maximum(squares - n * mean**2, 0.0) / (n - 1)
        standard_error = np.where(n > 1, np.sqrt(variance / n), np.nan)
    half = _t_quantile(n - 1, confidence) * standard_error
    return mean, mean - half, mean + half, standard_error


def total_interval(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval of a register total seen as one year of a compound Poisson process.

    Both the number of persons and what each takes could have come out otherwise, so the variance is the sum of
    squares; for a quantity of 1 a person it is the Poisson variance of a count.

    Parameters
    ----------
    n, total, squares, confidence
        See `mean_interval`.

    Returns
    -------
    lower, upper, standard_error : ndarray, shape (k,)

    Examples
    --------
    >>> lower, upper, se = total_interval([100], [100.0], [100.0])
    >>> float(se[0])
    10.0
    """
    n, total, squares = (np.asarray(a, float) for a in (n, total, squares))
    standard_error = np.sqrt(squares)
    half = _t_quantile(n - 1, confidence) * standard_error
    return total - half, total + half, standard_error


def _t_quantile(df: np.ndarray, confidence: float) -> np.ndarray:
    from scipy.special import stdtrit

    tail = 1 - (1 - check_confidence(confidence)) / 2
    return np.where(df > 0, stdtrit(np.maximum(df, 1), tail), np.nan)

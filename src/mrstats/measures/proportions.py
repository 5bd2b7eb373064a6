"""Intervals for proportions: arrays in, arrays out. No tables, no files, no groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, check_counts, normal_quantile
from mrstats.measures.contrasts import mover_difference


def wilson_interval(count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval for a proportion.

    Parameters
    ----------
    count, n : array_like, shape (k,)
        Persons with the outcome, persons observed; ``0 <= count <= n``, ``n > 0``. Need not be whole (weights).
    confidence : float
        Level as a fraction in (0, 1), not per cent.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Bounds as fractions in [0, 1]; exactly 0 where nobody has the outcome, exactly 1 where all have.

    Raises
    ------
    ValueError
        If a count lies outside [0, n], n is not positive, or `confidence` outside (0, 1); the message names the first such row.

    Notes
    -----
    How to read it: the proportions that a two-sided score test would not reject. It holds its level also in small
    groups and never leaves [0, 1].

    References
    ----------
    Wilson (1927), JASA 22:209-212.

    Examples
    --------
    >>> lower, upper = wilson_interval([1], [10])
    >>> round(float(lower[0]), 4), round(float(upper[0]), 4)
    (0.0179, 0.4042)
    """
    count, n = check_counts(count, n)
    z = normal_quantile(confidence)
    proportion = count / n
    centre = (proportion + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(proportion * (1 - proportion) / n + z**2 / (4 * n**2))
    lower = np.where(count == 0, 0.0, centre - half)
    upper = np.where(count == n, 1.0, centre + half)
    return lower, upper


def wilson_standard_error(count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> np.ndarray:
    """Standard error that goes with the Wilson interval: its half width over z, before the ends are closed.

    Unlike ``sqrt(p(1-p)/n)`` it is never zero, and it nears that value as n grows.

    Parameters
    ----------
    count, n, confidence
        See `wilson_interval`.

    Returns
    -------
    ndarray, shape (k,)
        As a fraction.

    Examples
    --------
    >>> round(float(wilson_standard_error([0], [10])[0]), 4)
    0.0708
    """
    count, n = check_counts(count, n)
    z = normal_quantile(confidence)
    proportion = count / n
    return np.sqrt(proportion * (1 - proportion) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)


def difference_interval(
    count_1: ArrayLike, n_1: ArrayLike, count_2: ArrayLike, n_2: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Newcombe's hybrid score interval for a difference of two independent proportions, first minus second.

    Parameters
    ----------
    count_1, n_1, count_2, n_2 : array_like, shape (k,)
        Persons with the outcome and persons observed in each group.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Bounds as fractions in [-1, 1].

    Raises
    ------
    ValueError
        As `wilson_interval`.

    Notes
    -----
    How to read it: an interval that excludes 0 is a difference that chance hardly made (*säker*).

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10.

    Examples
    --------
    >>> lower, upper = difference_interval([56], [70], [48], [80])
    >>> round(float(lower[0]), 4), round(float(upper[0]), 4)
    (0.0524, 0.3339)
    """
    first = wilson_interval(count_1, n_1, confidence=confidence)
    second = wilson_interval(count_2, n_2, confidence=confidence)
    p_1, p_2 = (
        np.asarray(count_1, float) / np.asarray(n_1, float),
        np.asarray(count_2, float) / np.asarray(n_2, float),
    )
    return mover_difference(p_1, *first, p_2, *second)


__all__ = ["check_confidence", "difference_interval", "wilson_interval", "wilson_standard_error"]

"""Intervals for counts of events and rates: arrays in, arrays out. No tables, no files, no groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, check_events, normal_quantile

EXACT_BELOW = 10
"""Byar's approximation is used from this many events on; below it the exact interval (PHE's rule)."""


def byar_interval(events: ArrayLike, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Byar's interval for a Poisson count.

    Parameters
    ----------
    events : array_like, shape (k,)
        Number of events; ``>= 0``.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Bounds of the expected number of events; divide by the exposure for a rate. Lower is 0 at 0 events.

    Raises
    ------
    ValueError
        A negative count, or `confidence` outside (0, 1).

    Notes
    -----
    How to read it: how many events the same conditions could give another year.

    References
    ----------
    Breslow & Day (1987), Statistical Methods in Cancer Research II, p. 69.

    Examples
    --------
    >>> lower, upper = byar_interval([25])
    >>> round(float(lower[0]), 3), round(float(upper[0]), 3)
    (16.174, 36.906)
    """
    events = check_events(events)
    z = normal_quantile(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = events * (1 - 1 / (9 * events) - z / (3 * np.sqrt(events))) ** 3
    above = events + 1
    upper = above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3
    return np.where(events == 0, 0.0, lower), upper


def exact_poisson_interval(events: ArrayLike, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Exact (Garwood) interval for a Poisson count, through the chi-square distribution.

    Parameters
    ----------
    events : array_like, shape (k,)
        Number of events; ``>= 0``.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    lower, upper : ndarray, shape (k,)

    Raises
    ------
    ValueError
        As `byar_interval`.

    References
    ----------
    Garwood (1936), Biometrika 28:437-442.

    Examples
    --------
    >>> lower, upper = exact_poisson_interval([0, 3])
    >>> upper.round(4).tolist()
    [3.6889, 8.7673]
    """
    from scipy.special import chdtri

    events = check_events(events)
    tail = (1 - check_confidence(confidence)) / 2
    lower = np.where(events == 0, 0.0, chdtri(2 * np.maximum(events, 1e-300), 1 - tail) / 2)
    return lower, chdtri(2 * (events + 1), tail) / 2


def poisson_interval(events: ArrayLike, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Exact interval below ten events, Byar's from ten on.

    Parameters
    ----------
    events, confidence
        See `byar_interval`.

    Returns
    -------
    lower, upper : ndarray, shape (k,)

    Examples
    --------
    >>> lower, upper = poisson_interval([0, 25])
    >>> upper.round(3).tolist()
    [3.689, 36.906]
    """
    events = check_events(events)
    few = events < EXACT_BELOW
    exact, byar = (
        exact_poisson_interval(events, confidence=confidence),
        byar_interval(events, confidence=confidence),
    )
    return np.where(few, exact[0], byar[0]), np.where(few, exact[1], byar[1])

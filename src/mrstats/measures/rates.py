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
        root = 1 - 1 / (9 * events) - z / (3 * np.sqrt(events))
        lower = events * np.maximum(root, 0.0) ** 3  # one event at 99 per cent and more: the root is below 0
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


def directly_standardised_rate(
    events: ArrayLike,
    population: ArrayLike,
    standard: ArrayLike,
    *,
    method: str = "dobson",
    multiplier: float = 1.0,
    confidence: float = 0.95,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rate a group would have with the standard's mix of strata (ages, levels of education, any factor).

    Parameters
    ----------
    events, population : array_like, shape (k, strata)
        Events and persons (or person-years) of each group in each stratum.
    standard : array_like, shape (strata,) or (k, strata)
        Standard population, in the same order of strata: join by the strata's names, never by position. Only its
        proportions matter; strata where it is 0 are left out.
    method : {"dobson", "gamma"}
        Dobson's interval around `poisson_interval` of all events, or Fay and Feuer's gamma interval, which is far
        wider where a stratum with few persons has a large weight.
    multiplier : float
        Such as 100 000 for a rate per 100 000.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    rate, lower, upper, standard_error : ndarray, shape (k,)
        NaN where a group has nobody in a stratum of the standard: it cannot be standardised. Without any event Dobson's
        interval is NaN, the gamma's has an upper limit, and the standard error is that of one event where it weighs most.

    Raises
    ------
    ValueError
        Negative events, population or standard, events where nobody lives, a standard of nobody, or an unknown method;
        the message names the first row.

    Notes
    -----
    How to read it: compared with the crude rate, what remains of a difference when the mix is the same. PHE does not
    publish rates from fewer than ten events; they are returned here and the caller decides. Dobson's interval covers 95
    in 100 where the group's mix is near the standard's; where a person of one stratum weighs 45 times another it is
    only 53 with 10 events and 92 with 100, and the gamma interval, never below 95, is the one to use.

    References
    ----------
    Dobson et al. (1991), Statistics in Medicine 10:457-462. Fay & Feuer (1997), ibid. 16:791-801.

    Examples
    --------
    >>> rate, lower, upper, se = directly_standardised_rate([[5, 20]], [[1000, 500]], [3, 1], multiplier=1000)
    >>> [round(float(figure[0]), 2) for figure in (rate, lower, upper, se)]
    [13.75, 8.82, 20.41, 2.8]
    """
    if method not in ("dobson", "gamma"):
        raise ValueError(f"method={method!r} is not known; choose one of dobson, gamma.")
    tail = (1 - check_confidence(confidence)) / 2
    events, population, standard = (
        _not_negative(values, name)
        for values, name in ((events, "events"), (population, "population"), (standard, "standard"))
    )
    events, population, standard = np.broadcast_arrays(*np.atleast_2d(events, population, standard))
    _refuse((events > 0) & (population == 0), "there are events where the population is 0")
    _refuse(standard.sum(axis=1) == 0, "the standard population is 0 in every stratum")
    used = standard > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(used, standard / standard.sum(axis=1, keepdims=True) / population, 0.0)
        weight = np.where(np.isinf(weight), np.nan, weight)  # nobody to standardise
        rate, variance = (weight * events).sum(axis=1), (weight**2 * events).sum(axis=1)
        largest, count = weight.max(axis=1), np.where(used, events, 0.0).sum(axis=1)
        if method == "dobson":
            low, high = poisson_interval(count, confidence=confidence)
            step = np.sqrt(variance / count)
            lower, upper = rate + step * (low - count), rate + step * (high - count)
        else:
            lower = np.where(rate == 0, 0.0, _gamma_quantile(rate, variance, tail))
            upper = _gamma_quantile(rate + largest, variance + largest**2, 1 - tail)
    standard_error = np.where(count == 0, largest, np.sqrt(variance))
    rate, lower, upper, standard_error = (multiplier * a for a in (rate, lower, upper, standard_error))
    return rate, lower, upper, standard_error


def standardised_ratio(
    observed: ArrayLike, expected: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Observed over expected events (indirect standardisation, SMR), with the interval of `poisson_interval`.

    Parameters
    ----------
    observed, expected : array_like, shape (k,)
        Events, and those to expect had each stratum the reference's rate: ``sum(population * reference_rate)``.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    ratio, lower, upper, standard_error : ndarray, shape (k,)
        1 is as expected; times the reference's crude rate it is an indirectly standardised rate. NaN where nothing is
        expected; without any event the standard error is that of one.

    Raises
    ------
    ValueError
        Negative events; the message names the first row.

    Notes
    -----
    How to read it: each group against the reference. Two groups' ratios rest on different mixes and are not compared.

    Examples
    --------
    >>> ratio, lower, upper, se = standardised_ratio([25], [20.0])
    >>> [round(float(figure[0]), 3) for figure in (ratio, lower, upper, se)]
    [1.25, 0.809, 1.845, 0.25]
    """
    observed, expected = np.broadcast_arrays(check_events(observed), _not_negative(expected, "expected"))
    lower, upper = poisson_interval(observed, confidence=confidence)
    per = 1 / np.where(expected > 0, expected, np.nan)
    return observed * per, lower * per, upper * per, np.sqrt(np.maximum(observed, 1.0)) * per


def _gamma_quantile(mean: np.ndarray, variance: np.ndarray, tail: float) -> np.ndarray:
    from scipy.special import gammaincinv

    return gammaincinv(mean**2 / variance, tail) * variance / mean


def _not_negative(values: ArrayLike, name: str) -> np.ndarray:
    values = np.asarray(values, float)
    _refuse(values < 0, f"{name} must not be negative")
    return values


def _refuse(wrong: np.ndarray, what: str) -> None:
    """A ValueError that names the first row (and stratum) where something is wrong."""
    if wrong.any():
        place = zip(("row", "stratum"), np.argwhere(wrong)[0], strict=False)
        raise ValueError(f"{', '.join(f'{axis} {number}' for axis, number in place)}: {what}.")

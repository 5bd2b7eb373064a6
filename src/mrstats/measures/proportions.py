"""Intervals for proportions: arrays in, arrays out. No tables, no files, no groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, check_counts, normal_quantile
from mrstats.measures.contrasts import mover_difference, mover_ratio


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


def clopper_pearson_interval(
    count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Exact (Clopper–Pearson) interval for a proportion: never below its level, often well above it.

    Parameters
    ----------
    count, n, confidence
        See `wilson_interval`, also for the errors.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Bounds as fractions in [0, 1].

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26:404-413.

    Examples
    --------
    >>> lower, upper = clopper_pearson_interval([0], [10])
    >>> float(lower[0]), round(float(upper[0]), 4)
    (0.0, 0.3085)
    """
    return _beta_interval(count, n, confidence, lower_prior=(0, 1), upper_prior=(1, 0))


def jeffreys_interval(count: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Jeffreys interval for a proportion, closed at the ends: 0 where nobody has the outcome, 1 where all have.

    Parameters
    ----------
    count, n, confidence
        See `wilson_interval`, also for the errors.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Bounds as fractions in [0, 1].

    References
    ----------
    Brown, Cai & DasGupta (2001), Statistical Science 16:101-133.

    Examples
    --------
    >>> lower, upper = jeffreys_interval([0], [10])
    >>> float(lower[0]), round(float(upper[0]), 4)
    (0.0, 0.2172)
    """
    return _beta_interval(count, n, confidence, lower_prior=(0.5, 0.5), upper_prior=(0.5, 0.5))


def _beta_interval(count, n, confidence, *, lower_prior, upper_prior):
    from scipy.special import betaincinv

    count, n = check_counts(count, n)
    tail = (1 - check_confidence(confidence)) / 2
    none, every = count == 0, count == n  # the end there is 0 or 1; any legal argument will do
    lower = betaincinv(np.where(none, 1.0, count) + lower_prior[0], n - count + lower_prior[1], tail)
    upper = betaincinv(count + upper_prior[0], np.where(every, 1.0, n - count) + upper_prior[1], 1 - tail)
    return np.where(none, 0.0, lower), np.where(every, 1.0, upper)


def difference_interval(
    count_1: ArrayLike,
    n_1: ArrayLike,
    count_2: ArrayLike,
    n_2: ArrayLike,
    *,
    method: str = "newcombe",
    confidence: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval for a difference of two independent proportions, first minus second.

    Parameters
    ----------
    count_1, n_1, count_2, n_2 : array_like, shape (k,)
        Persons with the outcome and persons observed in each group.
    method : {"newcombe", "miettinen_nurminen", "mee"}
        Newcombe's hybrid of Wilson intervals; the score interval with variance times N/(N−1); the score interval
        without. Score limits are solved to 1e-10.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Bounds as fractions in [-1, 1].

    Raises
    ------
    ValueError
        As `wilson_interval`, or an unknown method.

    Notes
    -----
    How to read it: an interval that excludes 0 is a difference that chance hardly made (*säker*).

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17:873-890, method 10. Miettinen & Nurminen (1985), ibid. 4:213-226.
    Mee (1984), Biometrics 40:1175-1176.

    Examples
    --------
    >>> lower, upper = difference_interval([56], [70], [48], [80])
    >>> round(float(lower[0]), 4), round(float(upper[0]), 4)
    (0.0524, 0.3339)
    >>> lower, upper = difference_interval([56], [70], [48], [80], method="miettinen_nurminen")
    >>> round(float(lower[0]), 4), round(float(upper[0]), 4)
    (0.0528, 0.3382)
    """
    _check_method(method, ("newcombe", "miettinen_nurminen", "mee"))
    x_1, n_1, x_2, n_2 = _two_groups(count_1, n_1, count_2, n_2)
    difference = x_1 / n_1 - x_2 / n_2
    if method == "newcombe":
        first = wilson_interval(x_1, n_1, confidence=confidence)
        second = wilson_interval(x_2, n_2, confidence=confidence)
        return mover_difference(x_1 / n_1, *first, x_2 / n_2, *second)
    z2 = normal_quantile(confidence) ** 2 * _small_sample(n_1 + n_2, method)

    def rejected(delta: np.ndarray) -> np.ndarray:
        p_2 = _restricted_difference(x_1, n_1, x_2, n_2, delta)
        p_1 = np.clip(p_2 + delta, 0.0, 1.0)
        return (difference - delta) ** 2 > z2 * (p_1 * (1 - p_1) / n_1 + p_2 * (1 - p_2) / n_2)

    lower = _boundary(rejected, np.full(difference.shape, -1.0), difference)
    upper = _boundary(rejected, np.full(difference.shape, 1.0), difference)
    return lower, upper


def ratio_interval(
    count_1: ArrayLike,
    n_1: ArrayLike,
    count_2: ArrayLike,
    n_2: ArrayLike,
    *,
    method: str = "koopman",
    confidence: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval for a ratio of two independent proportions, first over second.

    Parameters
    ----------
    count_1, n_1, count_2, n_2, confidence
        See `difference_interval`, also for the errors.
    method : {"koopman", "miettinen_nurminen", "mover"}
        The score interval; the same with variance times N/(N−1); MOVER from Wilson intervals.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        Lower is 0 where nobody of the first group has the outcome, upper infinite where nobody of the second has; with
        nobody in either there is no ratio, and every ratio, (0, inf), is compatible with the counts.

    References
    ----------
    Koopman (1984), Biometrics 40:513-517. Donner & Zou (2012), Statistical Methods in Medical Research 21:347-359.

    Examples
    --------
    >>> lower, upper = ratio_interval([42], [60], [31], [65])
    >>> round(float(lower[0]), 4), round(float(upper[0]), 4)
    (1.0902, 2.0148)
    """
    _check_method(method, ("koopman", "miettinen_nurminen", "mover"))
    x_1, n_1, x_2, n_2 = _two_groups(count_1, n_1, count_2, n_2)
    if method == "mover":
        first = wilson_interval(x_1, n_1, confidence=confidence)
        second = wilson_interval(x_2, n_2, confidence=confidence)
        return mover_ratio(x_1 / n_1, *first, x_2 / n_2, *second)
    z2 = normal_quantile(confidence) ** 2 * _small_sample(n_1 + n_2, method)

    def rejected(share: np.ndarray) -> np.ndarray:
        theta = share / (1 - share)
        b = n_1 * theta + x_1 + n_2 + x_2 * theta
        root = np.sqrt(np.maximum(b**2 - 4 * (n_1 + n_2) * theta * (x_1 + x_2), 0.0))
        p_2 = np.minimum(2 * (x_1 + x_2) / (b + root), 1.0)  # likeliest p₂ where p₁ = θp₂
        p_1 = np.minimum(theta * p_2, 1.0)
        return (x_1 / n_1 - theta * x_2 / n_2) ** 2 > z2 * (p_1 * (1 - p_1) / n_1 + theta**2 * p_2 * (1 - p_2) / n_2)

    scaled = x_1 * n_2 + x_2 * n_1
    centre = np.where(scaled == 0, 0.5, x_1 * n_2 / np.where(scaled == 0, 1.0, scaled))  # of θ/(1 + θ), in [0, 1]
    lower = np.where(x_1 == 0, 0.0, _boundary(rejected, np.zeros(centre.shape), centre))
    upper = np.where(x_2 == 0, 1.0, _boundary(rejected, np.ones(centre.shape), centre))
    with np.errstate(divide="ignore"):
        return lower / (1 - lower), upper / (1 - upper)


def _check_method(method: str, known: tuple[str, ...]) -> None:
    if method not in known:
        raise ValueError(f"method={method!r} is not known; choose one of {', '.join(known)}.")


def _two_groups(count_1, n_1, count_2, n_2) -> tuple[np.ndarray, ...]:
    counts = (*check_counts(count_1, n_1), *check_counts(count_2, n_2))
    missing = 0 * sum(counts)  # NaN where any of the four is
    return tuple(a + missing for a in counts)


def _small_sample(total: np.ndarray, method: str) -> np.ndarray | float:
    """Miettinen and Nurminen's N/(N−1)."""
    return total / (total - 1) if method == "miettinen_nurminen" else 1.0


def _restricted_difference(x_1, n_1, x_2, n_2, delta):
    """Likeliest p₂ where p₁ = p₂ + δ: Miettinen and Nurminen's cubic, solved by trigonometry."""
    total = n_1 + n_2
    second = ((n_1 + 2 * n_2) * delta - total - x_1 - x_2) / (3 * total)
    first = ((n_2 * delta - total - 2 * x_2) * delta + x_1 + x_2) / total
    zeroth = x_2 * delta * (1 - delta) / total
    q = second**3 - second * first / 2 + zeroth / 2
    p = np.copysign(np.sqrt(np.maximum(second**2 - first / 3, 0.0)), q)
    cosine = np.clip(q / np.where(p == 0, 1.0, p) ** 3, -1.0, 1.0)
    root = 2 * p * np.cos((np.pi + np.arccos(cosine)) / 3) - second
    return np.clip(root, np.maximum(0.0, -delta), np.minimum(1.0, 1.0 - delta))


def _boundary(rejected: Callable[[np.ndarray], np.ndarray], outside: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Where a test begins to reject between an end and the estimate: bisection of all rows at once."""
    for _ in range(64):
        middle = (outside + inside) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            out = rejected(middle)
        outside, inside = np.where(out, middle, outside), np.where(out, inside, middle)
    return inside


__all__ = [
    "check_confidence",
    "clopper_pearson_interval",
    "difference_interval",
    "jeffreys_interval",
    "ratio_interval",
    "wilson_interval",
    "wilson_standard_error",
]

"""Influence functions: how much an estimate changes with each person's weight. From them comes every standard error.

``measures.design.design_covariance`` of weight × influence is the variance of the estimate under any design: strata,
clusters, unequal weights, domains. Arrays in, arrays out; no designs, no tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures import distribution
from mrstats.measures.distribution import entropy_term, size_and_mean, weighted_quantile


class Measure(NamedTuple):
    """An estimate of persons, and its influence function; both take ``(values, weights, **options)``."""

    estimate: Callable[..., Any]
    influence: Callable[..., np.ndarray]


def influence(
    measure: str,
    values: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    domain: ArrayLike | None = None,
    **options: Any,
) -> np.ndarray:
    """Derivative of an estimate with respect to each person's weight.

    Parameters
    ----------
    measure : str
        A name in `MEASURES`.
    values, weights : array_like, shape (n,)
        As in `mrstats.measures.distribution`.
    domain : array_like of bool, shape (n,), optional
        The estimate is that of these persons; all others have influence 0, except on a poverty line that is estimated:
        ``at_risk_of_poverty`` with a domain and no ``line`` compares the domain with the median of everybody.
    **options
        Those of the measure: ``p``, ``line``, ``share``, ``epsilon``, ``alpha``.

    Returns
    -------
    ndarray, shape (n,)
        In the estimate's unit per unit of weight; NaN where the estimate is not defined.

    Raises
    ------
    ValueError
        An unknown measure, and as the measure itself.

    Notes
    -----
    Exact for the mean, Gini, GE, Atkinson, and a poverty rate with a known line; these do not depend on the weights'
    unit. Quantiles, S80/S20 and an estimated poverty line need a density: a Gaussian kernel of bandwidth
    sd × (sum of weights)^(−1/5) as in R's convey, in whose SE the weights' unit has a small part. With other kernel
    rules it differs by 5–20 %. In a register of weights 1 the sum of weights is n.

    References
    ----------
    Deville (1999), Survey Methodology 25:193-203. Osier (2009), Survey Research Methods 3:167-195.

    Examples
    --------
    >>> influence("mean", [1.0, 2.0, 6.0]).round(4).tolist()
    [-0.6667, -0.3333, 1.0]
    """
    if measure not in MEASURES:
        raise ValueError(f"measure={measure!r} has no influence function; choose one of {', '.join(MEASURES)}.")
    x, w = distribution.check_persons(values, weights)
    inside = np.ones(len(x), bool) if domain is None else np.asarray(domain, bool)
    if inside.shape != x.shape:
        raise ValueError(f"domain {inside.shape} and values {x.shape} must be two lists of the same length.")
    result = np.zeros(len(x))
    if measure == "at_risk_of_poverty" and options.get("line") is None:
        share = options.pop("share", 0.6)
        line = share * float(weighted_quantile(x, 0.5, w))
        if np.isnan(line):  # nobody has a median
            return np.full(len(x), np.nan)
        options["line"] = line
        density = _near(x[inside], w[inside], line)[0]
        result += density * share * _quantile(x, w, p=0.5)
    result[inside] += MEASURES[measure].influence(x[inside], w[inside], **options)
    return result


def density_at(values: ArrayLike, at: float, weights: ArrayLike | None = None) -> float:
    """Density of persons' values at a point, by the kernel of `influence`; NaN where all are alike.

    Examples
    --------
    >>> round(density_at([1.0, 2.0, 3.0], 2.0), 3)
    0.33
    """
    return _near(*distribution.check_persons(values, weights), at)[0]


def _near(x: np.ndarray, w: np.ndarray, at: float) -> tuple[float, float]:
    """Density of x at a point, and mean of x near it: NaN where all are alike."""
    size = np.sum(w)
    if not size > 0:
        return float("nan"), float("nan")
    spread = np.sqrt(np.sum(w * (x - np.sum(w * x) / size) ** 2) / size)
    bandwidth = spread * size**-0.2
    if not bandwidth > 1e-12 * np.max(np.abs(x)):  # all alike, but for rounding
        return float("nan"), float("nan")
    kernel = w * np.exp(-(((at - x) / bandwidth) ** 2) / 2)
    height = np.sum(kernel)
    if not height > 0:  # nobody anywhere near
        return 0.0, at
    return float(height / (np.sqrt(2 * np.pi) * bandwidth * size)), float(np.sum(kernel * x) / height)


def _mean_of(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    x, w = distribution.check_persons(values, weights)
    return float(np.sum(w * x) / size_and_mean(x, w)[0])


def _mean(x, w):
    return (x - _mean_of(x, w)) / size_and_mean(x, w)[0]


def _quantile_of(values: ArrayLike, weights: ArrayLike | None = None, *, p: float = 0.5) -> float:
    return float(weighted_quantile(values, p, weights))


def _quantile(x, w, *, p=0.5):
    at = float(weighted_quantile(x, p, w))
    density = _near(x, w, at)[0] or float("nan")
    return (p - (x <= at)) / (density * size_and_mean(x, w)[0])


def _gini(x, w):
    size, mean = size_and_mean(x, w)
    order = np.argsort(x, kind="stable")
    below, has = np.cumsum(w[order]), np.cumsum((w * x)[order])
    larger = np.empty(len(x))  # Σ_k w_k max(x_i, x_k): right also among ties
    larger[order] = x[order] * below + (has[-1:] - has)
    return 2 * larger / (size**2 * mean) - (distribution.gini(x, w) + 1) * (1 + x / mean) / size


def _quintile_share_ratio(x, w):
    ratio = distribution.quintile_share_ratio(x, w)
    low, high = weighted_quantile(x, [0.2, 0.8], w)
    (_, near_low), (_, near_high) = _near(x, w, low), _near(x, w, high)
    bottom = x * (x <= low) - near_low * ((x <= low) - 0.2)
    top = x * (x > high) + near_high * ((x <= high) - 0.8)
    total = np.sum((w * x)[x <= low]) or float("nan")
    return (top - ratio * bottom) / total


def _at_risk_of_poverty(x, w, *, line, share=0.6):
    """With the line known; `influence` adds what an estimated one contributes."""
    return ((x < line) - distribution.at_risk_of_poverty(x, w, line=line)) / size_and_mean(x, w)[0]


def _power_mean(x, w, alpha):
    """Mean m of (x/mean)^alpha, and its influence."""
    size, mean = size_and_mean(x, w)
    y = x / mean
    m = np.sum(w * y**alpha) / size
    return m, (y**alpha + (alpha - 1) * m - alpha * m * y) / size


def _generalised_entropy(x, w, *, alpha=1.0):
    entropy = distribution.generalised_entropy(x, w, alpha=alpha)
    if alpha not in (0, 1):
        return _power_mean(x, w, alpha)[1] / (alpha * (alpha - 1))
    size, mean = size_and_mean(x, w)
    y = x / mean
    if alpha == 0:
        return (entropy_term(y, 0) - entropy + y - 1) / size
    return (entropy_term(y, 1) - entropy * y - y + 1) / size


def _atkinson(x, w, *, epsilon=1.0):
    index = distribution.atkinson(x, w, epsilon=epsilon)
    if epsilon == 1:
        return (1 - index) * _generalised_entropy(x, w, alpha=0)
    m, change = _power_mean(x, w, 1 - epsilon)
    return -(1 - index) / (m * (1 - epsilon)) * change


MEASURES = {
    "mean": Measure(_mean_of, _mean),
    "quantile": Measure(_quantile_of, _quantile),
    "gini": Measure(distribution.gini, _gini),
    "quintile_share_ratio": Measure(distribution.quintile_share_ratio, _quintile_share_ratio),
    "at_risk_of_poverty": Measure(distribution.at_risk_of_poverty, _at_risk_of_poverty),
    "generalised_entropy": Measure(distribution.generalised_entropy, _generalised_entropy),
    "atkinson": Measure(distribution.atkinson, _atkinson),
}
"""Every measure of persons with its influence function: the one table that surveys and registers share."""

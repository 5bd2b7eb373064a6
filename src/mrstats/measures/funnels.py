"""Funnel limits: where a group of its size would lie if it were as the whole. Arrays in, arrays out; no tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, normal_quantile

FAMILIES = ("binomial", "poisson", "normal")


def funnel_limits(
    centre: ArrayLike,
    size: ArrayLike,
    *,
    family: str = "binomial",
    confidence: float = 0.95,
    factor: ArrayLike = 1.0,
    between: ArrayLike = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Between which values a group of its size would lie if it were as the whole.

    Parameters
    ----------
    centre : array_like, shape (k,)
        The whole's value: a fraction (binomial), a rate per unit of `size` (poisson), or anything (normal).
    size : array_like, shape (k,)
        Persons, exposure, or the group's own standard error (normal); ``> 0``.
    family : {"binomial", "poisson", "normal"}
        Limits are exact for the first two, with interpolation between counts.
    confidence : float
        0.95 and 0.998 are the usual two.
    factor, between : array_like
        Overdispersion, from `overdispersion`: variances times `factor`, or plus `between`, and normal limits.

    Returns
    -------
    lower, upper : ndarray, shape (k,)

    Raises
    ------
    ValueError
        An unknown family, or a size that is not above 0.

    Notes
    -----
    How to read it: outside the 95 per cent limits is one group in twenty by chance alone, outside 99.8 one in five
    hundred. They test each group against the whole; they do not rank.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24:1185-1202.

    Examples
    --------
    >>> lower, upper = funnel_limits([0.5], [100])
    >>> round(float(lower[0]), 3), round(float(upper[0]), 3)
    (0.397, 0.593)
    """
    from scipy import special

    if family not in FAMILIES:
        raise ValueError(f"family={family!r} is not known; choose one of {', '.join(FAMILIES)}.")
    centre, size, factor, between = np.broadcast_arrays(
        *(np.asarray(a, float) for a in (centre, size, factor, between))
    )
    if (size <= 0).any():
        raise ValueError(f"row {int(np.argmax(size <= 0))}: size must be above 0.")
    tail = (1 - check_confidence(confidence)) / 2
    z = normal_quantile(confidence)
    variance = {"binomial": centre * (1 - centre) / size, "poisson": centre / size, "normal": size**2}[family]
    half = z * np.sqrt(factor * variance + between)
    lower, upper = centre - half, centre + half
    if family == "normal":
        return lower, upper
    ceiling = 1.0 if family == "binomial" else np.inf
    lower, upper = np.maximum(lower, 0.0), np.minimum(upper, ceiling)
    exact = (factor == 1) & (between == 0) & (centre > 0) & (centre < ceiling)
    safe = np.where(exact, centre, 0.5)

    def below(count: np.ndarray) -> np.ndarray:
        some = np.maximum(count, 0.0)
        reached = (
            special.bdtr(some, np.round(size).astype(int), safe)
            if family == "binomial"
            else special.pdtr(some, size * safe)
        )
        return np.where(count < 0, 0.0, reached)

    def quantile(p: float) -> np.ndarray:
        spread = np.sqrt(variance) * size
        low, high = np.full(centre.shape, -1.0), np.ceil(size * safe + 12 * spread + 12)
        high = np.minimum(high, np.round(size)) if family == "binomial" else high
        while (high - low > 1).any():
            middle = np.floor((low + high) / 2)
            enough = below(middle) >= p
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        step = below(high) - below(high - 1)
        return np.maximum(high - (below(high) - p) / np.where(step > 0, step, np.inf), 0.0) / size

    return np.where(exact, quantile(tail), lower), np.where(exact, quantile(1 - tail), upper)


def overdispersion(
    estimate: ArrayLike, centre: ArrayLike, se: ArrayLike, *, winsorise: float = 0.1
) -> tuple[float, float]:
    """How much more groups vary than chance makes them: a factor of the variance, and a variance between groups.

    Parameters
    ----------
    estimate, centre, se : array_like, shape (J,)
        Values, the whole's value, and the standard errors that groups would have if they were as the whole.
    winsorise : float
        This part of the z values at either end is drawn in to the next, so that a few that stand out do not hide
        themselves.

    Returns
    -------
    factor, between : float
        ``factor`` φ = mean z², at least 1; ``between`` τ² by moments, 0 unless Σz² is above J − 1. Give one of them to
        `funnel_limits`.

    References
    ----------
    Spiegelhalter (2005), Quality and Safety in Health Care 14:347-351.

    Examples
    --------
    >>> overdispersion([2.0, -2.0, 2.0, -2.0], 0.0, 1.0, winsorise=0.0)
    (4.0, 4.333333333333333)
    """
    y, c, s = np.broadcast_arrays(*(np.asarray(a, float) for a in (estimate, centre, se)))
    known = np.isfinite(y) & np.isfinite(c) & (s > 0)
    y, c, s = y[known], c[known], s[known]
    if len(y) < 2:
        return 1.0, 0.0
    z = (y - c) / s
    if winsorise:
        z = np.clip(z, *np.quantile(z, [winsorise, 1 - winsorise]))
    factor, weights = float(np.mean(z**2)), 1 / s**2
    between = (len(z) * factor - (len(z) - 1)) / (weights.sum() - (weights**2).sum() / weights.sum())
    return max(factor, 1.0), max(float(between), 0.0)


__all__ = ["funnel_limits", "overdispersion"]

"""Small areas: each area's own figure drawn towards what areas like it have, and how sure that is. Arrays in, arrays out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

METHODS = ("reml", "ml")


class SmallAreas(NamedTuple):
    """Modelled values (m,), their mean squared errors, and how much of each is the area's own figure (``reliability``).

    ``synthetic`` (m,) is what the covariates alone say; ``coefficients`` (k,) with ``coefficient_errors``; ``variance`` is
    that between areas which the covariates do not explain.
    """

    value: np.ndarray
    mse: np.ndarray
    reliability: np.ndarray
    synthetic: np.ndarray
    coefficients: np.ndarray
    coefficient_errors: np.ndarray
    variance: float


def fay_herriot(
    direct: ArrayLike, se: ArrayLike, covariates: ArrayLike | None = None, *, method: str = "reml"
) -> SmallAreas:
    """Best linear predictions of areas' true values from their own noisy figures and from covariates.

    Parameters
    ----------
    direct, se : array_like, shape (m,)
        Each area's own figure and its standard error, above 0 and taken as known.
    covariates : array_like, shape (m, k - 1), optional
        Known without error; the constant is added.
    method : {"reml", "ml"}
        How the variance between areas is estimated; REML allows for the coefficients.

    Returns
    -------
    SmallAreas
        ``mse`` by Prasad and Rao, for ML with Datta and Lahiri's correction of bias.

    Raises
    ------
    ValueError
        A standard error that is not above 0, or too few areas for the covariates.

    Notes
    -----
    How to read it: a reliability of 0.3 says that three tenths are the area's own figure and seven what areas with the
    same covariates have. Not for an area that one has reason to think differs from the rest: it is drawn in all the same.

    References
    ----------
    Fay & Herriot (1979), JASA 74:269-277; Prasad & Rao (1990), JASA 85:163-171; Datta & Lahiri (2000), Statistica Sinica
    10:613-627.

    Examples
    --------
    No more spread than chance makes: all are given the mean.

    >>> fay_herriot([1.0, 2.0, 3.0, 2.0], [1.0, 1.0, 1.0, 1.0]).value.round(6).tolist()
    [2.0, 2.0, 2.0, 2.0]
    """
    y, noise = np.asarray(direct, float), np.asarray(se, float) ** 2
    if method not in METHODS:
        raise ValueError(f"method={method!r} must be one of {', '.join(METHODS)}.")
    if not (noise > 0).all():
        raise ValueError(f"row {int(np.argmin(noise > 0))}: the standard error must be above 0.")
    x = np.ones((len(y), 1)) if covariates is None else np.column_stack([np.ones(len(y)), covariates])
    m, k = x.shape
    if m - k < 2:
        raise ValueError(f"{m} areas are too few for {k} columns.")
    variance = _variance(y, noise, x, method)
    v = variance + noise
    q = np.linalg.inv(x.T @ (x / v[:, None]))
    beta = q @ (x.T @ (y / v))
    synthetic, away = x @ beta, noise / v
    value = synthetic + (1 - away) * (y - synthetic)
    g1, g2 = variance * away, away**2 * np.einsum("ij,jk,ik->i", x, q, x)
    information = (1 / v**2).sum()
    g3 = noise**2 / v**3 * 2 / information
    bias = 0.0 if method == "reml" else -np.trace(q @ (x.T @ (x / (v**2)[:, None]))) / information
    mse = g1 + g2 + 2 * g3 - bias * away**2
    return SmallAreas(value, mse, 1 - away, synthetic, beta, np.sqrt(np.diag(q)), variance)


def _variance(y: np.ndarray, noise: np.ndarray, x: np.ndarray, method: str) -> float:
    """Variance between areas by Fisher's scoring, at least 0; halved steps keep it from leaping over the maximum."""
    variance = float(np.median(noise))
    for _ in range(500):
        v = variance + noise
        scaled = x / v[:, None]
        q = np.linalg.inv(x.T @ scaled)
        projected = y / v - scaled @ (q @ (scaled.T @ y))  # P y
        if method == "reml":
            p = np.diag(1 / v) - scaled @ q @ scaled.T
            score, information = projected @ projected - np.trace(p), (p * p).sum()
        else:
            score, information = projected @ projected - (1 / v).sum(), (1 / v**2).sum()
        step = score / information
        before, variance = variance, max(variance + step, 0.0)
        if abs(variance - before) <= 1e-14 * (variance + noise.mean()):
            break
    return variance


def benchmarked(value: ArrayLike, mse: ArrayLike, weights: ArrayLike, total: float) -> np.ndarray:
    """Modelled values moved so that their weighted mean is a given one; those least sure move most.

    Parameters
    ----------
    value, mse, weights : array_like, shape (m,)
        Weights are the areas' populations.
    total : float
        What the weighted mean must be.

    References
    ----------
    Wang, Fuller & Qu (2008), Survey Methodology 34:29-36.

    Examples
    --------
    >>> benchmarked([10.0, 20.0], [1.0, 1.0], [50, 50], 16.0).tolist()
    [11.0, 21.0]
    """
    y, error, w = (np.asarray(each, float) for each in (value, mse, weights))
    w = w / w.sum()
    share = w * error
    if not share.sum() > 0:  # all are sure: all move alike
        share = np.ones(len(y))
    return y + share / (w * share).sum() * (total - w @ y)


__all__ = ["SmallAreas", "benchmarked", "fay_herriot"]

"""Inequality along an order of groups by a logistic curve through counts: arrays in, arrays out. No tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_counts, normal_quantile

NO_FIT = "no fit: one group, or all or none have the outcome"


class Logit(NamedTuple):
    """Indices along a logistic curve, each of shape (...): see `logit_indices`."""

    slope: np.ndarray
    slope_standard_error: np.ndarray
    slope_lower: np.ndarray
    slope_upper: np.ndarray
    relative: np.ndarray
    log_relative_standard_error: np.ndarray
    relative_lower: np.ndarray
    relative_upper: np.ndarray
    coefficients: np.ndarray
    covariance: np.ndarray
    deviance: np.ndarray
    reason: np.ndarray


def logit_indices(events: ArrayLike, population: ArrayLike, *, confidence: float = 0.95) -> Logit:
    """Slope and relative index of inequality along a logistic curve through counts.

    Parameters
    ----------
    events, population : array_like, shape (..., J)
        Persons with the outcome and persons in each group, least advantaged first; a group with NaN or nobody is left
        out. ``0 <= events <= population``.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    Logit
        ``slope`` = π(1) − π(0), a fraction, and ``relative`` = π(1)/π(0), of the fitted shares at both ends, with delta
        standard errors and intervals (of the second on the log scale); ``coefficients`` (..., 2), ``covariance``
        (..., 2, 2), ``deviance`` of the fit with J − 2 degrees of freedom, ``reason``.

    Raises
    ------
    ValueError
        Counts that are not between 0 and the population.

    Notes
    -----
    How to read it: as `slope_index` and `relative_index`, but the curve never leaves 0–100 per cent. The two differ much
    where shares are high; say which was used. Each person counts once: the weights are n, not n².

    References
    ----------
    Moreno-Betancur et al. (2015), Epidemiology 26:518-527.

    Examples
    --------
    Two groups lie on the curve: 25 and 75 per cent at ranks ¼ and ¾.

    >>> made = logit_indices([25, 75], [100, 100])
    >>> round(float(made.slope), 4), round(float(made.relative), 4)
    (0.8, 9.0)
    """
    x, n = np.broadcast_arrays(np.asarray(events, float), np.asarray(population, float))
    shape, present = x.shape[:-1], np.isfinite(x) & (n > 0)
    x, n = check_counts(np.where(present, x, 0.0), np.where(present, n, 1.0))
    n = np.where(present, n, 0.0)
    share = n / np.maximum(n.sum(axis=-1, keepdims=True), 1e-300)
    rank = np.cumsum(share, axis=-1) - share / 2
    total, all_x = n.sum(axis=-1), x.sum(axis=-1)
    possible = (present.sum(axis=-1) > 1) & (all_x > 0) & (all_x < total)
    start = np.where(possible, all_x / np.maximum(total, 1.0), 0.5)
    beta = np.stack([np.log(start / (1 - start)), np.zeros(shape)], axis=-1)
    design = np.stack([np.ones(rank.shape), rank], axis=-1)
    step = np.full(beta.shape, np.inf)
    for _ in range(50):
        fitted, information = _information(beta, design, n)
        score = np.einsum("...jk,...j->...k", design, x - n * fitted)
        step = np.where(possible[..., None], _solve(information, score), 0.0)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max(initial=0.0) < 1e-12:
            break
    fitted, information = _information(beta, design, n)
    possible = possible & (np.abs(step).max(axis=-1) < 1e-8) & (np.abs(beta).max(axis=-1) < 30)
    beta = np.where(possible[..., None], beta, np.nan)
    covariance = np.linalg.pinv(np.where(possible[..., None, None], information, np.eye(2)), hermitian=True)
    covariance = np.where(possible[..., None, None], covariance, np.nan)
    bottom, top = (1 / (1 + np.exp(-beta @ np.array(end))) for end in ([1.0, 0.0], [1.0, 1.0]))
    b, t = bottom * (1 - bottom), top * (1 - top)
    slope_error = _delta(np.stack([t - b, t], axis=-1), covariance)
    log_error = _delta(np.stack([bottom - top, 1 - top], axis=-1), covariance)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(k > 0, k * np.log(k / (n * f)), 0.0) for k, f in ((x, fitted), (n - x, 1 - fitted))]
    z = normal_quantile(confidence)
    slope, relative = top - bottom, top / bottom
    return Logit(
        slope, slope_error, slope - z * slope_error, slope + z * slope_error,
        relative, log_error, relative * np.exp(-z * log_error), relative * np.exp(z * log_error),
        beta, covariance, np.where(possible, 2 * (parts[0] + parts[1]).sum(axis=-1), np.nan), np.where(possible, "", NO_FIT),
    )  # fmt: skip


def _information(beta: np.ndarray, design: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fitted = 1 / (1 + np.exp(-np.clip(np.einsum("...jk,...k->...j", design, beta), -500, 500)))
    return fitted, np.einsum("...jk,...j,...jl->...kl", design, n * fitted * (1 - fitted), design)


def _solve(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Two equations, by Cramer's rule; where they are one, no step."""
    a, b, c = matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 1, 1]
    determinant = a * c - b * b
    safe = np.where(determinant > 0, determinant, np.inf)
    first, second = vector[..., 0], vector[..., 1]
    return np.stack([(c * first - b * second) / safe, (a * second - b * first) / safe], axis=-1)


def _delta(gradient: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("...j,...jk,...k->...", gradient, covariance, gradient))


__all__ = ["Logit", "logit_indices"]

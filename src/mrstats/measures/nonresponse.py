"""How alike those who answer a survey are to those who were asked: arrays in, arrays out. No tables, no files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.regression import Fit


class Representativity(NamedTuple):
    """R-indicator, its standard error, R without correction for bias, and the corrected variance of the propensities.

    `kept` is the share of the variance that is no estimation error; partial indicators are shrunk by it.
    """

    indicator: float
    standard_error: float
    uncorrected: float
    variance: float
    kept: float


def representativity(
    fit: Fit,
    columns: ArrayLike,
    weights: ArrayLike,
    covariance: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Representativity:
    """R-indicator of Schouten, Cobben and Bethlehem: one less twice the spread of the chance to answer.

    Parameters
    ----------
    fit : Fit
        A logit of who answered, among all n who were asked, with these columns and weights; see `regression.regress`.
    columns : array_like, shape (n, k)
    weights : array_like, shape (n,)
        How many persons each stands for.
    covariance : callable, optional
        From scores (n, m) to their covariance (m, m) as the sample's design has it. Without it persons were drawn singly.

    Returns
    -------
    Representativity
        Fractions. 1: everybody is as likely to answer. 0: chances are so spread that half answer for certain and half never.

    Notes
    -----
    Whoever is as likely to answer as others is modelled to differ a little, by chance: the variance of the modelled chances
    is too large by what the coefficients are off, and too small by what the mean of the sample is off. Both are corrected.
    The correction is that of Shlomo et al. on deviations from the mean, so that a model without groups has no bias. Not below 0:
    then R is 1. The error has its three parts: who was drawn, who answered, and (where R is near 1) the square of the latter.

    References
    ----------
    Schouten, Cobben & Bethlehem (2009), Survey Methodology 35:101-113. Shlomo, Skinner & Schouten (2012), Journal of
    Statistical Planning and Inference 142:201-211.

    Examples
    --------
    Of 100 in one half 60 answer, of 100 in the other 40: chances 0.6 and 0.4, their spread 0.1.

    >>> from mrstats.measures.regression import regress
    >>> x = np.column_stack([np.ones(200), np.repeat([0.0, 1.0], 100)])
    >>> y = np.concatenate([np.arange(100) < 60, np.arange(100) < 40]).astype(float)
    >>> made = representativity(regress(y, x), x, np.ones(200))
    >>> round(made.uncorrected, 4), round(made.indicator, 4)
    (0.8, 0.8119)
    """
    x, w, p = np.asarray(columns, float), np.asarray(weights, float), fit.mean
    shares, slope = w / w.sum(), p * (1 - p)
    off = p - shares @ p
    variance = float(shares @ off**2)
    moved = slope[:, None] * x
    moved = moved - shares @ moved
    spread = moved.T @ (moved * shares[:, None])
    along = off * shares @ moved
    sigma = fit.covariance @ (x.T @ (x * (w**2 * slope)[:, None])) @ fit.covariance
    of_sample = covariance or (lambda scores: scores.T @ scores)
    drawn = of_sample(np.column_stack([shares * off, shares * (off**2 - variance)]))
    too_large = float(np.trace(spread @ sigma)) - float(drawn[0, 0])
    kept = max(1 - too_large / variance, 0.0) if variance > 0 else 0.0
    error = 4 * along @ sigma @ along + 2 * np.trace(spread @ sigma @ spread @ sigma) + drawn[1, 1]
    se = float(np.sqrt(error / variance)) if variance > 0 else float("nan")
    corrected = variance * kept
    return Representativity(1 - 2 * corrected**0.5, se, 1 - 2 * variance**0.5, corrected, kept)


def partial_representativity(
    mean: ArrayLike, weights: ArrayLike, group: ArrayLike, others: Sequence[ArrayLike], kept: float = 1.0
) -> tuple[float, float]:
    """Partial R-indicators of one factor: how much of the spread in the chance to answer lies between its groups.

    Parameters
    ----------
    mean, weights : array_like, shape (n,)
        Modelled chance to answer, and how many persons each stands for.
    group : array_like of int, shape (n,)
        The factor's groups.
    others : sequence of array_like of int, shape (n,)
        The model's other factors.
    kept : float
        Share of the variance that is no estimation error, from `representativity`.

    Returns
    -------
    unconditional, conditional : float
        Standard deviations: between the factor's groups, and within the crosses of all other factors. Large in the first and
        small in the second: the factor's part goes with that of others. Each is at most 0.5.

    References
    ----------
    Schouten, Shlomo & Skinner (2011), Journal of Official Statistics 27:231-253.

    Examples
    --------
    >>> made = partial_representativity([0.6, 0.6, 0.4, 0.4], [1, 1, 1, 1], [0, 0, 1, 1], [[0, 1, 0, 1]])
    >>> [round(part, 4) for part in made]
    [0.1, 0.1]
    """
    p, shares = np.asarray(mean, float), np.asarray(weights, float) / np.sum(weights)
    between = _means(p, shares, np.asarray(group)) - shares @ p
    cells = np.zeros(len(p), int)
    for other in others:
        cells = np.unique(np.column_stack([cells, np.asarray(other)]), axis=0, return_inverse=True)[1].ravel()
    within = p - _means(p, shares, cells)
    unconditional, conditional = (float(np.sqrt(kept * (shares @ part**2))) for part in (between, within))
    return unconditional, conditional


def _means(values: np.ndarray, shares: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The mean of each person's cell."""
    return (np.bincount(cells, shares * values) / np.maximum(np.bincount(cells, shares), 1e-300))[cells]

"""Regressions of yes or no and of numbers of times, and what they predict on average: arrays in, arrays out. No groups.

statsmodels finds the coefficients; here are each person's influence on them, so that any design gives their variance,
and average predictions with analytic derivatives.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

SETTLED = 1e-9
"""Newton's last step, in standard errors of the coefficient, below which a fit counts as found."""

MOST = 30.0
"""A linear predictor beyond this is on its way to infinity: some columns separate those with the outcome from the rest."""


SOME = 20_000
"""A logit of more persons starts from that of about so many; Newton's steps of everybody go on from there."""


class Curve(NamedTuple):
    """How the mean follows the linear predictor: mean, its derivative, and derivative ÷ variance, all of shape (n,)."""

    mean: np.ndarray
    slope: np.ndarray
    ratio: np.ndarray | float


class Fit(NamedTuple):
    """Coefficients (k,), the model's own covariance (k, k) = 1 ÷ expected information, and the fitted mean (n,).

    ``alpha`` is the overdispersion of a negative binomial (0: no more spread than a Poisson), ``settled`` whether a finite
    maximum was found.
    """

    family: str
    coefficients: np.ndarray
    covariance: np.ndarray
    mean: np.ndarray
    alpha: float
    settled: bool


def _logit(eta: np.ndarray, alpha: float) -> Curve:
    from scipy.special import expit

    mean = expit(eta)
    return Curve(mean, mean * (1 - mean), 1.0)


def _negative_binomial(eta: np.ndarray, alpha: float) -> Curve:
    mean = np.exp(eta)
    return Curve(mean, mean, 1 / (1 + alpha * mean))


def _truncated(eta: np.ndarray, alpha: float) -> Curve:
    rate = np.exp(eta)
    mean = rate / -np.expm1(-rate)
    return Curve(mean, mean * (1 + rate - mean), 1.0)


CURVES: dict[str, Callable[[np.ndarray, float], Curve]] = {
    "logit": _logit,
    "negative_binomial": _negative_binomial,
    "truncated": _truncated,
}
"""Probability of an outcome; number of times, 0 included; number of times among those who have it at least once."""


def regress(y: ArrayLike, columns: ArrayLike, *, family: str = "logit", weights: ArrayLike | None = None) -> Fit:
    """Coefficients of a regression, by statsmodels.

    Parameters
    ----------
    y : array_like, shape (n,)
        0 or 1 for ``logit``; whole numbers from 0 for ``negative_binomial``, from 1 for ``truncated``.
    columns : array_like, shape (n, k)
        The constant among them; linearly independent (see `dependent_columns`).
    family : {"logit", "negative_binomial", "truncated"}
        The last is a Poisson cut off below 1. Its mean is right whatever the spread, and `influence_on` gives an
        error that is right too.
    weights : array_like, shape (n,), optional
        Sampling weights: the estimating equations of the whole population. Newton's steps then go on from statsmodels'
        unweighted fit, since its count models take none; the overdispersion stays that of the sample.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        An unknown family, or y outside what it describes.

    Notes
    -----
    How to read it: coefficients are log odds or logs of means. Compare `average_predictions`, not these.

    References
    ----------
    Cameron & Trivedi (2013), Regression Analysis of Count Data, 2nd ed.

    Examples
    --------
    Of the first group one in four has the outcome, of the second three in four: log odds −ln 3 and ln 3.

    >>> fit = regress([1, 0, 0, 0, 1, 1, 1, 0], np.repeat([[1, 0], [1, 1]], 4, axis=0))
    >>> fit.coefficients.round(4).tolist()
    [-1.0986, 2.1972]
    """
    if family not in CURVES:
        raise ValueError(f"family={family!r} must be one of {', '.join(CURVES)}.")
    everybody, outcome = np.asarray(columns, float), np.asarray(y, float)
    _check_outcome(outcome, family)
    w = np.ones(len(outcome)) if weights is None else np.asarray(weights, float)
    first, place = _patterns(
        np.column_stack([outcome, everybody])
    )  # persons alike in all count as one with their weights
    x, seen, w = everybody[first], outcome[first], np.bincount(place, w)
    if family == "logit" and len(first) < len(place):
        beta, alpha = _by_statsmodels(seen, x, family, w)
    else:
        beta, alpha = _by_statsmodels(outcome, everybody, family)
    settled = False
    for _ in range(50):
        eta = x @ beta
        curve = CURVES[family](eta, alpha)
        information = _products(x, w * curve.slope * curve.ratio)
        score = (w * (seen - curve.mean) * curve.ratio) @ x
        covariance = np.linalg.pinv(information, hermitian=True)
        step = covariance @ score
        if not np.isfinite(step).all():
            break
        settled = bool(np.all(np.abs(step) <= SETTLED * np.sqrt(np.diag(covariance))))
        if settled:
            break
        beta = beta + np.clip(step, -2.0, 2.0)
    settled = settled and float(np.abs(eta).max()) < MOST
    return Fit(family, beta, covariance, curve.mean[place], alpha, settled)


def _patterns(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row (m,) of each pattern and everybody's pattern (n,); each row its own where few are alike."""
    each = np.arange(len(rows))
    key = rows @ np.random.default_rng(0).random(rows.shape[1])  # equal rows have equal keys, or count as two patterns
    some = key[:: 1 + len(key) // 2000]
    if len(np.unique(some)) > 0.9 * len(some):
        return each, each
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return (first, place) if np.array_equal(rows[first][place], rows) else (each, each)


def _products(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Σ w x x', some persons at a time: what fits near the processor takes half as long."""
    parts = range(0, len(x), 16_384)
    return np.sum([x[a : a + 16_384].T @ (x[a : a + 16_384] * w[a : a + 16_384, None]) for a in parts], axis=0)


def _check_outcome(y: np.ndarray, family: str) -> None:
    least = {"logit": 0.0, "negative_binomial": 0.0, "truncated": 1.0}[family]
    wrong = (y < least) | (y != np.round(y)) | ((family == "logit") & (y > 1))
    if wrong.any():
        row = int(np.argmax(wrong))
        said = "0 or 1" if family == "logit" else f"a whole number from {least:.0f}"
        raise ValueError(f"row {row}: y={y[row]:g} must be {said} for family={family!r}.")


def _by_statsmodels(y: np.ndarray, x: np.ndarray, family: str, w: np.ndarray | None = None) -> tuple[np.ndarray, float]:
    """Coefficients, and the overdispersion; where it fails `regress` finds no maximum either. Only a logit has weights."""
    from statsmodels.discrete.discrete_model import Logit, NegativeBinomial, Poisson
    from statsmodels.discrete.truncated_model import TruncatedLFPoisson
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    with warnings.catch_warnings():  # `settled` tells what these would
        warnings.simplefilter("ignore")
        try:
            if w is not None:
                return GLM(y, x, family=Binomial(), freq_weights=w).fit().params, 0.0
            if family == "logit":
                some = slice(None, None, 1 + len(y) // SOME)
                beta = Logit(y[some], x[some]).fit(disp=0, skip_hessian=True).params  # `regress` makes its own
                return np.where(np.abs(x[some] @ beta).max() < MOST, beta, 0.0), 0.0
            if family == "truncated":
                return TruncatedLFPoisson(y, x).fit(disp=0, maxiter=200).params, 0.0
            poisson = Poisson(y, x).fit(disp=0)
            mean = poisson.predict()
            alpha = float(np.sum((y - mean) ** 2 - y) / np.sum(mean**2))
            if alpha <= 0:  # the likelihood has its maximum at the edge: a Poisson
                return poisson.params, 0.0
            start = np.append(poisson.params, alpha)
            made = NegativeBinomial(y, x).fit(start_params=start, method="newton", disp=0).params
            return made[:-1], float(max(made[-1], 0.0))
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return np.zeros(x.shape[1]), 0.0


def influence_on(
    fit: Fit, y: ArrayLike, columns: ArrayLike, weights: ArrayLike | None = None, *, along: ArrayLike | None = None
) -> np.ndarray:
    """Weight × influence of each person on each coefficient, shape (n, k): what `design.design_covariance` takes.

    Parameters
    ----------
    fit, y, columns, weights
        As they were when it was fitted.
    along : array_like, shape (m, k), optional
        Influence on m figures instead, from their derivatives by the coefficients.

    Examples
    --------
    Without strata and clusters its squares add up to the robust (HC0) variance.

    >>> y, x = np.array([1, 0, 0, 0, 1.0]), np.ones((5, 1))
    >>> made = influence_on(regress(y, x), y, x)
    >>> round(float((made**2).sum()), 4)                       # 1 ÷ (n p (1 − p))
    0.8333
    """
    y, x = np.asarray(y, float), np.asarray(columns, float)
    w = 1.0 if weights is None else np.asarray(weights, float)
    ratio = 1 / (1 + fit.alpha * fit.mean) if fit.family == "negative_binomial" else 1.0
    toward = fit.covariance if along is None else fit.covariance @ np.asarray(along, float).T
    made = x @ toward
    made *= (w * (y - fit.mean) * ratio)[:, None]
    return made


class Predictions(NamedTuple):
    """Average predictions (m, d), their derivatives by the coefficients (m, d, k), and each person's prediction (m, n)."""

    mean: np.ndarray
    gradient: np.ndarray
    each: np.ndarray


def average_predictions(
    fit: Fit,
    columns: ArrayLike,
    switched: Sequence[int],
    versions: Iterable[ArrayLike],
    weights: ArrayLike | None = None,
    domains: ArrayLike | None = None,
) -> Predictions:
    """Mean predicted outcome if some columns were others: everybody in each group in turn, all else as it is.

    Parameters
    ----------
    fit : Fit
    columns : array_like, shape (n, k)
        As they were when it was fitted.
    switched : sequence of int
        Which c of them are others.
    versions : iterable of array_like, shape (c,) or (n, c)
        What these columns are in each of m cases, for all alike or person by person.
    weights : array_like, shape (n,), optional
    domains : array_like of int, shape (n,), optional
        Average within each of d domains, 0..d-1; -1 for none. Without it over everybody.

    Returns
    -------
    Predictions
        Differences of its rows are average marginal effects; their variance is gradient' × covariance × gradient.

    References
    ----------
    Graubard & Korn (1999), Biometrics 55:652-659.

    Examples
    --------
    >>> x = np.repeat([[1.0, 0.0], [1.0, 1.0]], 4, axis=0)
    >>> fit = regress([1, 0, 0, 0, 1, 1, 1, 0], x)
    >>> average_predictions(fit, x, [1], [[0], [1]]).mean.ravel().round(4).tolist()
    [0.25, 0.75]
    """
    x, at = np.asarray(columns, float), list(switched)
    shares, beta = _shares(len(x), weights, domains), fit.coefficients
    others = x @ np.where(np.isin(np.arange(len(beta)), at), 0.0, beta)
    means, gradients, each = [], [], []
    for version in versions:
        values = np.asarray(version, float)
        made = CURVES[fit.family](others + values @ beta[at], fit.alpha)
        slopes = shares * made.slope
        gradient = slopes @ x
        gradient[:, at] = slopes @ np.broadcast_to(values, (len(x), len(at)))
        means.append(shares @ made.mean)
        gradients.append(gradient)
        each.append(made.mean)
    return Predictions(np.array(means), np.array(gradients), np.array(each))


def _shares(n: int, weights: ArrayLike | None, domains: ArrayLike | None) -> np.ndarray:
    """Each person's share (d, n) of the mean of each domain."""
    w = np.ones(n) if weights is None else np.asarray(weights, float)
    if domains is None:
        return (w / w.sum())[None, :]
    codes = np.asarray(domains)
    inside = w * (codes[None, :] == np.arange(codes.max() + 1)[:, None])
    return inside / inside.sum(axis=1, keepdims=True)


def dependent_columns(columns: ArrayLike) -> dict[int, list[int]]:
    """Columns that are sums of others, each with those that make it up; empty where all are independent.

    Examples
    --------
    >>> dependent_columns([[1, 1, 0], [1, 0, 1], [1, 1, 0]])
    {2: [0, 1]}
    """
    x = np.asarray(columns, float)
    length = np.sqrt((x**2).sum(axis=0))
    gram = (x.T @ x) / np.outer(np.where(length > 0, length, 1), np.where(length > 0, length, 1))
    kept: list[int] = []
    found: dict[int, list[int]] = {}
    for j in range(x.shape[1]):
        inner = gram[np.ix_(kept, kept)]
        part = np.linalg.solve(inner, gram[kept, j]) if kept else np.zeros(0)
        if gram[j, j] - gram[kept, j] @ part > 1e-9:
            kept.append(j)
        else:
            found[j] = [kept[i] for i in np.flatnonzero(np.abs(part) > 1e-6)]
    return found

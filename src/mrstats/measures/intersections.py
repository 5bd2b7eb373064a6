"""Groups crossed with each other as random effects (MAIHDA): how much lies between them, and what is more than the sum of
the parts. Arrays in, arrays out.

Everything is in sums by stratum, so a model of a city costs no more than one of a village.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

LATENT = np.pi**2 / 3
"""Variance of a person's own chance on the scale of log odds."""


class Strata(NamedTuple):
    """A random-effects model of J strata.

    ``coefficients`` (k,), ``expected`` (J,) = columns × coefficients, ``effect`` and ``effect_error`` (J,) what the stratum
    has beside that, drawn towards 0; ``variance`` between strata and ``within`` them; ``vpc`` = variance ÷ both.
    """

    coefficients: np.ndarray
    expected: np.ndarray
    effect: np.ndarray
    effect_error: np.ndarray
    variance: float
    within: float
    vpc: float


def linear_strata(n: ArrayLike, mean: ArrayLike, squares: float, columns: ArrayLike, *, method: str = "reml") -> Strata:
    """A linear model with an effect for each stratum, from the strata's sizes and means.

    Parameters
    ----------
    n, mean : array_like, shape (J,)
        Persons (of a weighted sample, their effective number) and mean.
    squares : float
        Σ (y − mean of the stratum)² over all persons.
    columns : array_like, shape (J, k)
        Of each stratum; only the constant for the null model, the groups it is crossed from for that of main effects.
    method : {"reml", "ml"}

    References
    ----------
    Evans et al. (2018), Social Science & Medicine 203:64-73; Merlo (2018), ibid. 74-80.

    Examples
    --------
    Strata that differ no more than chance makes have no variance between them.

    >>> linear_strata([10, 10, 10], [5.0, 5.1, 4.9], 100.0, np.ones((3, 1))).vpc
    0.0
    """
    from scipy.optimize import minimize_scalar

    n, y, x = (np.asarray(each, float) for each in (n, mean, columns))
    total, k = n.sum(), x.shape[1]
    size = total - k if method == "reml" else total

    def at(ratio: float):
        w = n / (1 + n * ratio)
        inverse = np.linalg.inv(x.T @ (x * w[:, None]))
        beta = inverse @ (x.T @ (w * y))
        within = (squares + (w * (y - x @ beta) ** 2).sum()) / size
        return w, beta, within, inverse

    def deviance(log_ratio: float) -> float:
        _, _, within, inverse = at(np.exp(log_ratio))
        added = -np.linalg.slogdet(inverse)[1] if method == "reml" else 0.0
        return size * np.log(within) + np.log1p(n * np.exp(log_ratio)).sum() + added

    ends = np.log(1e-8 / n.mean()), np.log(1e4)
    best = minimize_scalar(deviance, bounds=ends, method="bounded", options={"xatol": 1e-9})
    ratio = float(np.exp(best.x)) if best.fun < deviance(ends[0]) - 1e-10 else 0.0
    w, beta, within, _ = at(ratio)
    expected = x @ beta
    effect = ratio * w * (y - expected)
    error = np.sqrt(within * ratio / (1 + n * ratio))
    return Strata(beta, expected, effect, error, ratio * within, within, ratio / (1 + ratio))


def logit_strata(
    n: ArrayLike, having: ArrayLike, columns: ArrayLike, *, points: int = 25, start: Strata | None = None
) -> Strata:
    """A logistic model with an effect for each stratum, from the strata's counts.

    Parameters
    ----------
    n, having : array_like, shape (J,)
        Persons, and those with the outcome.
    columns : array_like, shape (J, k)
        As `linear_strata`.
    points : int
        Of the adaptive Gauss–Hermite quadrature; 1 is Laplace's approximation, whose variances are some per cent too small.
    start : Strata, optional
        A fit to begin from.

    Returns
    -------
    Strata
        On the scale of log odds; ``vpc`` is latent: variance ÷ (variance + π²/3).

    References
    ----------
    As `linear_strata`; Pinheiro & Bates (1995), JCGS 4:12-35.

    Examples
    --------
    >>> made = logit_strata([50, 50, 50, 50], [10, 20, 30, 40], np.ones((4, 1)))
    >>> abs(round(float(made.coefficients[0]), 3)), 0 < made.vpc < 0.5
    (0.0, True)
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    n, k, x = (np.asarray(each, float) for each in (n, having, columns))
    nodes, node_weights = np.polynomial.hermite.hermgauss(points)

    def modes(beta: np.ndarray, sd: float) -> tuple[np.ndarray, np.ndarray]:
        """Most likely effect of each stratum in units of sd, and its error."""
        z, fixed = np.zeros(len(n)), x @ beta
        for _ in range(50):
            p = expit(fixed + sd * z)
            curve = sd**2 * n * p * (1 - p) + 1
            step = (sd * (k - n * p) - z) / curve
            z = z + np.clip(step, -2, 2)
            if np.abs(step).max() < 1e-12:
                break
        p = expit(fixed + sd * z)
        return z, 1 / np.sqrt(sd**2 * n * p * (1 - p) + 1)

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Less log likelihood, and its derivatives by Fisher's identity."""
        beta, sd = theta[:-1], theta[-1]
        mode, error = modes(beta, sd)
        z = mode[:, None] + np.sqrt(2) * error[:, None] * nodes
        eta = (x @ beta)[:, None] + sd * z
        log = k[:, None] * eta - n[:, None] * np.logaddexp(0, eta) - z**2 / 2 + nodes**2 + np.log(node_weights)
        top = log.max(axis=1, keepdims=True)
        each = np.exp(log - top)
        likelihood = (np.log(each.sum(axis=1)) + top[:, 0] + np.log(error)).sum()
        share = each / each.sum(axis=1, keepdims=True)
        residual = share * (k[:, None] - n[:, None] * expit(eta))
        slope = np.append(residual.sum(axis=1) @ x, (residual * z).sum())
        return -likelihood, -slope

    if start is None:
        rate = np.clip((k + 0.5) / (n + 1), 0.01, 0.99)
        logit = np.log(rate / (1 - rate))
        beta, *_ = np.linalg.lstsq(x * np.sqrt(n)[:, None], logit * np.sqrt(n), rcond=None)
        begin = np.append(beta, max(float(np.std(logit - x @ beta)), 0.1))
    else:
        begin = np.append(start.coefficients, max(np.sqrt(start.variance), 0.1))
    if points >= 7:  # Fisher's derivatives are those of the exact likelihood
        found = minimize(objective, begin, jac=True, method="BFGS", options={"gtol": 1e-7 * n.sum() ** 0.5}).x
    else:
        found = minimize(lambda theta: objective(theta)[0], begin, method="BFGS", options={"gtol": 1e-6}).x
    beta, sd = found[:-1], abs(float(found[-1]))
    mode, error = modes(beta, sd)
    variance = sd**2 if sd > 1e-4 else 0.0
    return Strata(beta, x @ beta, sd * mode, sd * error, variance, LATENT, variance / (variance + LATENT))


__all__ = ["LATENT", "Strata", "linear_strata", "logit_strata"]

"""Several answers as one index, and how well they go together: arrays in, arrays out. No tables, no questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence
from mrstats.measures.distribution import t_quantile


class Reliability(NamedTuple):
    """Cronbach's alpha with its limits and standard error, and for each of k parts what it adds, arrays (k,)."""

    alpha: float
    lower: float
    upper: float
    standard_error: float
    item_rest: np.ndarray
    alpha_if_dropped: np.ndarray


def cronbach_alpha(
    answers: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    variance: Callable[[np.ndarray], float] | None = None,
    df: float | None = None,
    confidence: float = 0.95,
) -> Reliability:
    """How well several questions measure one thing, by Cronbach's alpha.

    Parameters
    ----------
    answers : array_like, shape (n, k)
        k >= 2 answers of each of n persons, none missing, all turned the same way.
    weights : array_like, shape (n,), optional
    variance : callable, optional
        From scores (n,), weight × influence, to the variance that the sample's design gives. Without it persons were drawn
        singly.
    df : float, optional
        Degrees of freedom of that variance. Default: n - 1.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    Reliability
        ``item_rest``: correlation of each question with the sum of the others. ``alpha_if_dropped``: alpha of the others;
        NaN for two questions. NaN for a question that everybody answers alike, and all where they answer all of them so.

    Raises
    ------
    ValueError
        Fewer than two questions or persons, or a missing answer.

    Notes
    -----
    How to read it: the share of the index's variance that its questions have in common. From 0.7 it is usually held good
    enough to compare groups. It grows with the number of questions, and says nothing of what they measure. Limits are on the
    scale of ln(1 − alpha) with the influence of each person, and so hold for steps from 1 to 5 too; Feldt's need normal answers.

    References
    ----------
    Cronbach (1951), Psychometrika 16:297-334. Bonett (2002), J. Educ. Behav. Stat. 27:335-340. Maydeu-Olivares, Coffman &
    Hartmann (2007), Psychological Methods 12:157-176.

    Examples
    --------
    Two questions with variances 1 and 1 and covariance 0.5: alpha = 2 (1 − 2/3).

    >>> made = cronbach_alpha([[1, 1], [1, 1], [1, 1], [-1, -1], [-1, -1], [-1, -1], [1, -1], [-1, 1]])
    >>> round(made.alpha, 4), made.item_rest.round(4).tolist()
    (0.6667, [0.5, 0.5])
    """
    x = np.asarray(answers, float)
    check_confidence(confidence)
    if x.ndim != 2 or min(x.shape) < 2:
        raise ValueError(f"answers of shape {x.shape}: give two questions or more, and two persons or more.")
    if np.isnan(x).any():
        row, column = np.argwhere(np.isnan(x))[0]
        raise ValueError(f"row {row}, question {column}: the answer is missing. Leave the person out.")
    n, k = x.shape
    w = np.ones(n) if weights is None else np.asarray(weights, float)
    shares = w / w.sum()
    off = x - shares @ x
    covariances = off.T @ (off * shares[:, None])
    total, own = float(covariances.sum()), float(np.trace(covariances))
    nothing = np.full(k, np.nan)
    if not total > 1e-12 * max(own, 1e-300):
        return Reliability(float("nan"), float("nan"), float("nan"), float("nan"), nothing, nothing)
    alpha = k / (k - 1) * (1 - own / total)
    influence = -k / (k - 1) * ((off**2).sum(axis=1) / total - own * off.sum(axis=1) ** 2 / total**2)
    scores = shares * influence
    se = float(np.sqrt(variance(scores) if variance else (scores**2).sum() * n / (n - 1)))
    left = max(1 - alpha, 1e-12)
    reach = np.exp(float(t_quantile(n - 1 if df is None else df, confidence)) * se / left)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = covariances.sum(axis=0) - np.diag(covariances)
        var_rest = total - 2 * covariances.sum(axis=0) + np.diag(covariances)
        apart = np.where(np.diag(covariances) > 1e-12 * own, np.diag(covariances), np.nan)  # all alike go with nothing
        item_rest = rest / np.sqrt(apart * var_rest)
        dropped = (k - 1) / (k - 2) * (1 - (own - np.diag(covariances)) / var_rest) if k > 2 else nothing
    return Reliability(alpha, 1 - left * reach, 1 - left / reach, se, item_rest, dropped)

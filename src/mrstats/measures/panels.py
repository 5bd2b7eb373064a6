"""Difference-in-differences of areas over years, with their own levels taken away. Arrays in, arrays out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Effect(NamedTuple):
    """How changed units came to differ after the change, and whether they already did so before it.

    ``effect`` with ``se`` and limits on ``df``; for every period but the last one before the change (the base) the
    ``by_period`` difference with its ``by_period_se`` (NaN for the base); ``trend_p``: the test that those before are all 0.
    """

    effect: float
    se: float
    lower: float
    upper: float
    p: float
    df: int
    periods: np.ndarray
    by_period: np.ndarray
    by_period_se: np.ndarray
    trend_p: float


def difference_in_differences(
    value: ArrayLike,
    weight: ArrayLike,
    unit: ArrayLike,
    period: ArrayLike,
    changed: ArrayLike,
    *,
    since: int,
    confidence: float = 0.95,
) -> Effect:
    """Effect of a change that some units met in a period, from units' means before and after.

    Parameters
    ----------
    value, weight : array_like, shape (n,)
        Mean of a unit in a period, and the persons behind it.
    unit, period : array_like, shape (n,)
        Codes and numbers; every unit in every period.
    changed : array_like of bool, shape (n,)
        Whether the unit meets the change.
    since : int
        First period with the change.
    confidence : float

    Returns
    -------
    Effect

    Raises
    ------
    ValueError
        Fewer than two changed or unchanged units, no period before or after, or a unit that lacks a period.

    Notes
    -----
    How to read it: changed units' change less the others', weighted by persons. It is an effect only if both would
    otherwise have gone the same way; `by_period` before the change should be near 0, but a large `trend_p` is no proof of
    that. Least squares with a level for each unit and period; errors are clustered by unit, CR1 with G/(G − 1) ·
    (n − 1)/(n − k), k without the units' levels, which lie within clusters; t on G − 1. With fewer than ten changed units the
    interval is too narrow.

    References
    ----------
    Bertrand, Duflo & Mullainathan (2004), QJE 119:249-275. Cameron & Miller (2015), Journal of Human Resources 50:317-372.

    Examples
    --------
    >>> found = difference_in_differences(
    ...     [1, 4, 2, 5.2, 5, 6, 7, 8.2], np.ones(8), list("aabbccdd"), [0, 1] * 4, [True] * 4 + [False] * 4, since=1
    ... )
    >>> round(found.effect, 3)                                        # (3 + 3.2)/2 − (1 + 1.2)/2
    2.0
    """
    from scipy import stats

    y, w = np.asarray(value, float), np.asarray(weight, float)
    units, u = np.unique(np.asarray(unit), return_inverse=True)
    periods, t = np.unique(np.asarray(period), return_inverse=True)
    treated = np.asarray(changed, bool)
    _check(y, w, units, u, periods, t, treated, since)
    dummies = np.eye(len(periods))[t][:, 1:]
    after = (periods[t] >= since) & treated
    beta, v = _clustered(after[:, None].astype(float), dummies, y, w, u)
    df = len(units) - 1
    se = float(np.sqrt(v[0, 0]))
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * se
    p = float(2 * stats.t.sf(abs(beta[0]) / se, df)) if se > 0 else np.nan
    base = int(np.flatnonzero(periods < since)[-1])
    others = np.delete(np.arange(len(periods)), base)
    event = np.eye(len(periods))[t][:, others] * treated[:, None]
    steps, spread = _clustered(event, dummies, y, w, u)
    by_period, by_period_se = np.full(len(periods), np.nan), np.full(len(periods), np.nan)
    by_period[others], by_period_se[others] = steps, np.sqrt(np.diag(spread))
    before = periods[others] < since
    trend_p = np.nan
    if before.any() and np.linalg.matrix_rank(spread[np.ix_(before, before)]) == before.sum():
        wald = steps[before] @ np.linalg.solve(spread[np.ix_(before, before)], steps[before]) / before.sum()
        trend_p = float(stats.f.sf(wald, before.sum(), df))
    effect = float(beta[0])
    return Effect(effect, se, effect - half, effect + half, p, df, periods, by_period, by_period_se, trend_p)


def _clustered(x: np.ndarray, dummies: np.ndarray, y: np.ndarray, w: np.ndarray, unit: np.ndarray):
    """Coefficients of x and their covariance, clustered by unit, units' weighted means taken away."""
    design = np.column_stack([x, dummies])
    total = np.bincount(unit, w)

    def within(column: np.ndarray) -> np.ndarray:
        return column - (np.bincount(unit, w * column) / total)[unit]

    design = np.column_stack([within(column) for column in design.T])
    bread = np.linalg.pinv((design * w[:, None]).T @ design)
    beta = bread @ (design.T @ (w * within(y)))
    residual = within(y) - design @ beta
    scores = np.zeros((len(total), design.shape[1]))
    np.add.at(scores, unit, design * (w * residual)[:, None])
    n, k, groups = len(y), design.shape[1] + 1, len(total)
    small = groups / (groups - 1) * (n - 1) / (n - k)
    covariance = small * bread @ (scores.T @ scores) @ bread
    size = x.shape[1]
    return beta[:size], covariance[:size, :size]


def _check(y, w, units, u, periods, t, treated, since: int) -> None:
    if (wrong := ~np.isfinite(y) | ~(w > 0)).any():
        raise ValueError(
            f"unit {units[u[wrong][0]]}, period {periods[t[wrong][0]]}: no value or nobody. Leave the unit out."
        )
    if len(y) != len(units) * len(periods) or len(np.unique(u * len(periods) + t)) != len(y):
        raise ValueError("every unit must have each period once. Leave out units that lack one.")
    if not (periods < since).any() or not (periods >= since).any():
        raise ValueError(
            f"since={since}: there must be periods before it and from it on; there are {periods.tolist()}."
        )
    per_unit = np.array([treated[u == k].mean() for k in range(len(units))])
    if ((per_unit > 0) & (per_unit < 1)).any():
        raise ValueError(f"unit {units[np.argmax((per_unit > 0) & (per_unit < 1))]} is changed in some periods only.")
    for what, count in (("changed", int((per_unit == 1).sum())), ("unchanged", int((per_unit == 0).sum()))):
        if count < 2:
            raise ValueError(f"{count} {what} unit(s); two or more are needed to know chance from change.")

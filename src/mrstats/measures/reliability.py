"""How much of the difference between groups is chance: noise, shrunken values and ranks. Arrays in, arrays out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, normal_quantile
from mrstats.measures.dispersion import chance_variance
from mrstats.measures.groups import DRAWS, NO_ERROR, SEED, Groups, Measured, Options, finish, measured

GROUP_WITHOUT_ERROR = "group with standard error zero"


class Noise(NamedTuple):
    """What chance adds to the variance between groups, each of shape (...); see `between_group_noise`."""

    variance: Any
    noise: Any
    corrected: Any
    chance_share: Any
    reliability: Any
    q: Any
    q_df: Any
    q_p: Any
    reason: Any


def between_group_noise(
    estimate: ArrayLike,
    se: ArrayLike | None = None,
    population: ArrayLike | None = None,
    *,
    covariance: ArrayLike | None = None,
) -> Noise:
    """How much of the variance between groups is chance, and whether it may all be.

    Parameters
    ----------
    estimate, se, population, covariance
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Noise
        ``variance`` between groups, weighted by population; ``noise``, what chance adds to it on average, Σp(1 − p)s²;
        ``corrected`` = variance − noise, not below 0; ``chance_share`` = noise ÷ variance, at most 1 (NaN where all are
        equal); ``reliability`` = 1 − chance share; ``q`` = Σ(y − ȳ)²/s² around the mean weighted by 1/s², with ``q_df`` =
        J − 1 and the probability ``q_p`` of at least so much if the groups did not differ (NaN where an error is 0, or
        they are not independent); ``reason``.

    Notes
    -----
    How to read it: a chance share of 0.4 says that two fifths of the variance would be there if all groups had the same
    conditions; the corrected variance is unbiased before it is cut at 0.

    References
    ----------
    Cochran (1954), Biometrics 10:101-129.

    Examples
    --------
    Variance 54; 0.6·0.4·(2.25 + 4) = 1.5 of it is chance.

    >>> made = between_group_noise([30, 45], [1.5, 2.0], [1200, 800])
    >>> float(made.noise), round(float(made.chance_share), 4), round(float(made.q), 4)
    (1.5, 0.0278, 36.0)
    """
    from scipy.special import chdtrc

    options: Options = {} if covariance is None else {"covariance": covariance}

    def own(values) -> Any:
        def formula(groups: Groups) -> Measured:
            made = values(groups)
            return finish(groups, made, made, made, made, made)

        return formula

    formulas = {
        "variance": own(lambda g: g.point.variance[:, 0]),
        "noise": own(chance_variance),
        "q": own(_q),
        "q_df": own(lambda g: g.count - 1.0),
    }
    made = measured(formulas, estimate, se, population, options)
    variance, noise, q, df = (made[name].estimate for name in formulas)
    some = np.where(np.asarray(variance) > 0, variance, np.nan)
    share = np.minimum(noise / some, 1.0)
    none = np.isnan(noise) & (made["variance"].reason == "")
    reason = np.where(none, NO_ERROR, made["variance"].reason)
    reason = np.where((reason == "") & np.isnan(q) & (covariance is None), GROUP_WITHOUT_ERROR, reason)
    return Noise(
        variance, noise, np.maximum(variance - noise, 0.0), share, 1 - share, q, df, chdtrc(df, q), reason.astype(object)[()]
    )  # fmt: skip


def _q(groups: Groups) -> np.ndarray:
    usable = ~(groups.present & ~(groups.variance > 0)).any(axis=-1) & (groups.covariance is None)
    weights = np.where(
        groups.present & (groups.variance > 0), 1 / np.where(groups.variance > 0, groups.variance, 1.0), 0
    )
    return np.where(usable, _scatter(groups.estimate, weights)[1], np.nan)


def _scatter(y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted mean, Σw(y − ȳ)² and Σw²(y − ȳ)² along the last axis."""
    mean = (weights * y).sum(axis=-1) / np.maximum(weights.sum(axis=-1), 1e-300)
    apart = np.where(weights > 0, y - mean[..., None], 0.0) ** 2
    return mean, (weights * apart).sum(axis=-1), (weights**2 * apart).sum(axis=-1)


class Shrunken(NamedTuple):
    """Values drawn towards their mean, shape (..., J), and what they were drawn by; see `shrunken_values`."""

    value: np.ndarray
    standard_error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    reliability: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def shrunken_values(estimate: ArrayLike, se: ArrayLike, *, confidence: float = 0.95) -> Shrunken:
    """Each group's value drawn towards the mean by as much as it is uncertain (empirical Bayes).

    Parameters
    ----------
    estimate, se : array_like, shape (..., J)
        Values and standard errors of independent groups; a group without both is left out.
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    Shrunken
        ``value`` = mean + reliability × (estimate − mean), ``standard_error``, ``lower``, ``upper`` and ``reliability`` = τ²/(τ²
        + s²) of each group (..., J); ``mean`` and ``variance`` τ² between the groups' true values (...). NaN with fewer
        than three groups: two do not tell how groups vary. A group whose error is 0 keeps its value.

    Raises
    ------
    ValueError
        A negative standard error.

    Notes
    -----
    How to read it: the best guess of a group's value when one knows that extremes are partly luck; small groups move
    most. τ² is Fay and Herriot's moment estimate (Paule and Mandel's); the error includes that mean and τ² are estimated.
    Not for a group that one has reason to think differs from the rest: it is drawn in all the same.

    References
    ----------
    Fay & Herriot (1979), JASA 74:269-277; Datta, Rao & Smith (2005), Biometrika 92:183-196.

    Examples
    --------
    Values one apart with error 1: no more than chance makes, so all are given the mean.

    >>> shrunken_values([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]).value.tolist()
    [2.0, 2.0, 2.0]
    """
    y, s = np.broadcast_arrays(np.asarray(estimate, float), np.asarray(se, float))
    if (s < 0).any():
        raise ValueError("a standard error must not be negative.")
    z = normal_quantile(confidence)
    known = np.isfinite(y) & np.isfinite(s)
    used, m = known & (s > 0), (known & (s > 0)).sum(axis=-1)
    y_used, v = np.where(used, y, 0.0), np.where(used, s, 1.0) ** 2
    tau2 = np.zeros(m.shape)
    for _ in range(200):
        weights = np.where(used, 1 / (tau2[..., None] + v), 0.0)
        mean, scatter, slope = _scatter(y_used, weights)
        step = np.where(slope > 0, (scatter - (m - 1)) / np.where(slope > 0, slope, 1.0), 0.0)
        tau2 = np.maximum(tau2 + step, 0.0)
        if (np.abs(step) <= 1e-14 * np.maximum(tau2, 1e-300)).all() or (np.maximum(step, 0.0) == 0.0).all():
            break
    weights = np.where(used, 1 / (tau2[..., None] + v), 0.0)
    mean = _scatter(y_used, weights)[0]
    sum_w, sum_w2 = weights.sum(axis=-1), (weights**2).sum(axis=-1)
    safe = np.where(sum_w > 0, sum_w, np.nan)[..., None]
    away = v * weights  # 1 − reliability
    first, second, third = tau2[..., None] * away, away**2 / safe, v**2 * weights**3 * 2 * m[..., None] / safe**2
    bias = 2 * (m * sum_w2 - sum_w**2)[..., None] / safe**3
    mse = np.maximum(first + second + 2 * third - away**2 * bias, second)
    enough = (m >= 3)[..., None]
    value = np.where(used, mean[..., None] + (1 - away) * (y - mean[..., None]), y)
    value = np.where(enough & known, value, np.nan)
    error = np.where(enough & used, np.sqrt(mse), np.where(enough & known, 0.0, np.nan))
    reliability = np.where(enough & used, 1 - away, np.where(enough & known, 1.0, np.nan))
    few = m < 3
    return Shrunken(
        value, error, value - z * error, value + z * error, reliability,
        np.where(few, np.nan, mean), np.where(few, np.nan, tau2),
    )  # fmt: skip


def rank_intervals(
    value: ArrayLike,
    se: ArrayLike,
    *,
    favourable: bool = True,
    confidence: float = 0.95,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rank of each group, 1 = worst off, and how far up and down it may be.

    Parameters
    ----------
    value, se : array_like, shape (..., J)
        Best given shrunken (`shrunken_values`): ranks of raw values put small groups first and last. NaN has no rank.
    favourable : bool
        Whether high is good.
    confidence : float
        Level as a fraction in (0, 1).
    draws, seed : int
        Normal draws that the interval is made of.

    Returns
    -------
    rank, lower, upper : ndarray, shape (..., J)
        Equal values have equal ranks. The interval is that of each group alone, not of the whole order.

    Notes
    -----
    How to read it: "third worst, between first and ninth". Where most intervals reach over half the list, the list says
    little.

    References
    ----------
    Goldstein & Spiegelhalter (1996), JRSS A 159:385-443.

    Examples
    --------
    >>> rank, lower, upper = rank_intervals([10.0, 30.0, 20.0], [0.1, 0.1, 0.1])
    >>> rank.tolist(), upper.tolist()
    ([1.0, 3.0, 2.0], [1.0, 3.0, 2.0])
    """
    y, s = np.broadcast_arrays(np.asarray(value, float), np.asarray(se, float))
    shape = y.shape
    y, s = y.reshape(-1, shape[-1]), s.reshape(-1, shape[-1])
    known = np.isfinite(y) & np.isfinite(s)
    badness = np.where(known, y if not favourable else -y, -np.inf)
    rank = 1.0 + (badness[:, None, :] > badness[:, :, None]).sum(axis=-1)
    steps = np.random.default_rng(seed).standard_normal((draws, shape[-1]))
    tail = (1 - check_confidence(confidence)) / 2
    ends = []
    for b, e in zip(badness, np.where(known, s, 0.0), strict=True):  # a table at a time: draws × J × J is never made
        order = np.argsort(-(b + e * steps), axis=1, kind="stable")
        places = np.empty(order.shape)
        np.put_along_axis(places, order, np.arange(1.0, shape[-1] + 1)[None, :], axis=1)
        ends.append(np.quantile(places, [tail, 1 - tail], axis=0, method="inverted_cdf"))
    low, high = np.swapaxes(np.array(ends), 0, 1) if ends else (rank, rank)
    found = rank, np.minimum(low, rank), np.maximum(high, rank)
    rank, lower, upper = (np.where(known, a, np.nan).reshape(shape) for a in found)
    return rank, lower, upper


__all__ = [
    "Noise",
    "Shrunken",
    "between_group_noise",
    "rank_intervals",
    "shrunken_values",
]

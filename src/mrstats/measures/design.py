"""Sampling variance: linearised scores, clusters and replicates; arrays in, arrays out. No tables.

One mechanism: an estimate is turned into one number a person, its score (weight × influence), and the variance of a
sum of scores follows from the design. Domains are columns of scores, 0 outside, so they covary as they should.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.calibration import check_weights, over, pseudo_inverse
from mrstats.measures.checks import check_confidence

LONELY = ("adjust", "average", "certainty", "fail")
Scores = Any
"""(n, k): an ndarray, or a scipy.sparse array where each person is in a few of many domains."""


class Linearised(NamedTuple):
    """Estimates (k,) with their scores (n, k) and ``members`` (n, k), 1 for each person in the domain; both sparse."""

    estimate: np.ndarray
    scores: Scores
    members: Scores


def ratio_scores(
    y: ArrayLike, x: ArrayLike, weights: ArrayLike, domains: ArrayLike | None = None, *, size: int | None = None
) -> Linearised:
    """Ratio of weighted totals Σwy / Σwx in each domain, linearised.

    Parameters
    ----------
    y, x, weights : array_like, shape (n,)
        A row with NaN in `y` or `x` is outside every domain (item non-response treated as a domain).
    domains : array_like of int, shape (n,) or (n, m), optional
        Domain 0..k-1 of each person, -1 for none; with m columns a person is in up to m domains (a cross and its
        margins), numbered through. Without it there is one domain, everybody.
    size : int, optional
        Number of domains k, where the last may be empty.

    Returns
    -------
    Linearised
        ``estimate`` (NaN in an empty domain), ``scores`` and ``members``.

    Raises
    ------
    ValueError
        If a weight is missing or negative, all are 0, or domains are not whole numbers.

    Examples
    --------
    >>> ratio_scores([0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 3], [0, 0, 1, 1]).estimate
    array([0.5 , 0.25])
    """
    from scipy import sparse

    weights = check_weights(weights)
    y, x = np.asarray(y, float), np.asarray(x, float)
    codes = np.zeros(len(y), int) if domains is None else np.asarray(domains)
    if codes.dtype.kind not in "iu":
        raise ValueError("domains must be whole numbers, -1 for none; give missing codes a domain of their own.")
    codes = codes.reshape(len(y), -1)
    k = int(codes.max(initial=0)) + 1 if size is None else size
    rows, place = np.nonzero((codes >= 0) & ~np.isnan(y + x)[:, None])
    columns = codes[rows, place]
    y, x, w = y[rows], x[rows], weights[rows]
    below = np.bincount(columns, w * x, minlength=k)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.bincount(columns, w * y, minlength=k) / below
        scores = w * (y - ratio[columns] * x) / below[columns]
    shape = (len(weights), k)
    members = sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    return Linearised(ratio, sparse.csr_array((scores, (rows, columns)), shape=shape), members)


def mean_scores(
    y: ArrayLike, weights: ArrayLike, domains: ArrayLike | None = None, *, size: int | None = None
) -> Linearised:
    """Weighted mean of `y` in each domain, linearised: `ratio_scores` with x = 1."""
    return ratio_scores(y, np.ones(len(np.asarray(y))), weights, domains, size=size)


def total_scores(
    y: ArrayLike, weights: ArrayLike, domains: ArrayLike | None = None, *, size: int | None = None
) -> Linearised:
    """Weighted total of `y` in each domain (0 in an empty one); its scores are w·y. Parameters as `ratio_scores`."""
    y, weights = np.asarray(y, float), check_weights(weights)
    members = mean_scores(y, np.ones(len(y)), domains, size=size).members
    amounts = np.where(np.isnan(y), 0.0, weights * y)
    return Linearised(members.T @ amounts, members.multiply(amounts[:, None]).tocsr(), members)


def design_covariance(
    scores: Scores,
    strata: ArrayLike | None = None,
    psu: ArrayLike | None = None,
    *,
    fpc: ArrayLike | None = None,
    lonely: str = "adjust",
    subset: Scores | None = None,
    calibrated: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
) -> tuple[np.ndarray, Any]:
    """Covariance of k estimates from their scores: ultimate clusters, drawn with replacement within strata.

    Parameters
    ----------
    scores : ndarray or sparse array, shape (n, k) or (n,)
        Weight × influence of each person on each estimate; 0 outside a domain. Give all persons of the sample.
    strata, psu : array_like, shape (n,), optional
        Labels. A PSU lies in one stratum: the same label in two strata is two PSUs. Without `psu` each person is
        one; with neither, persons are independent (a register): n/(n-1) Σ(z - z̄)².
    fpc : array_like, shape (n,), optional
        PSUs in the population of the person's stratum; PSUs are then taken as drawn without replacement.
    lonely : {"adjust", "average", "certainty", "fail"}
        A stratum with one PSU: deviation from the mean of all PSUs; the mean variance of the other strata; none (it
        was drawn for certain); or a ValueError.
    subset : array_like of bool, shape (n,) or (n, j), optional
        Persons of the domain(s) that the degrees of freedom are for.
    calibrated : (X, design_weights, weights), optional
        Calibration variables (n, m), weights before and after: the scores are then replaced by the residuals of their
        regression on X, fitted with the design weights, times the calibrated weight.

    Returns
    -------
    covariance : ndarray, shape (k, k)
        NaN when there are not two PSUs in all. Memory is PSUs × k.
    df : float, or ndarray of shape (j,)
        PSUs less strata, counting those with somebody in the subset.

    References
    ----------
    Wolter (2007), Introduction to Variance Estimation; Deville & Särndal (1992), JASA 87:376-382.

    Examples
    --------
    >>> covariance, df = design_covariance([1.0, 2.0, 3.0, 6.0], strata=[1, 1, 2, 2], psu=[1, 2, 3, 4])
    >>> round(float(covariance[0, 0]), 6), df          # 2/1·(0.5² + 0.5²) + 2/1·(1.5² + 1.5²)
    (10.0, 2.0)
    """
    if lonely not in LONELY:
        raise ValueError(f"lonely={lonely!r} must be one of {', '.join(LONELY)}.")
    if not hasattr(scores, "tocsr"):
        scores = np.asarray(scores, float)
        scores = scores.reshape(len(scores), -1)
    cluster, stratum = _clusters(strata, psu, scores.shape[0])
    totals = _sum_by(cluster, scores)
    if calibrated is not None:
        x, design_weights, weights = (np.asarray(a, float) for a in calibrated)
        slope = pseudo_inverse(x, design_weights) @ ((x * over(design_weights, weights)[:, None]).T @ scores)
        totals = totals - _sum_by(cluster, weights[:, None] * x) @ slope
    size = np.bincount(stratum)
    centre = _sum_by(stratum, totals) / size[:, None]
    left_out = np.ones(len(size)) if fpc is None else _left_out(np.asarray(fpc, float), cluster, stratum, size)
    alone = (size == 1) & (left_out > 0)
    if alone.any() and lonely == "fail":
        raise ValueError(f"stratum {int(np.argmax(alone))} (in sorted order, from 0) has one PSU: no variance in it.")
    if lonely == "adjust":
        centre[alone] = totals.mean(axis=0)
    scale = left_out * np.where(size > 1, size / np.maximum(size - 1, 1), 1.0)
    deviations = (totals - centre[stratum]) * np.sqrt(scale)[stratum][:, None]
    covariance = deviations.T @ deviations
    if lonely == "average" and alone.any():
        covariance = covariance * len(size) / (~alone).sum() if not alone.all() else covariance * np.nan
    if len(stratum) < 2:
        covariance = covariance * np.nan
    if subset is None:
        return covariance, float(len(stratum) - len(size))
    psus, used = active_clusters(strata, psu, subset)
    return covariance, psus - used


def active_clusters(strata: ArrayLike | None, psu: ArrayLike | None, subset: Scores) -> tuple[Any, Any]:
    """PSUs and strata with somebody in the subset ((n,), or (n, j) for j domains, dense or sparse)."""
    single = np.ndim(subset) == 1
    columns = np.asarray(subset, float)[:, None] if single else subset
    cluster, stratum = _clusters(strata, psu, columns.shape[0])
    inside = (_sum_by(cluster, columns) > 0).astype(float)
    found = inside.sum(axis=0), (_sum_by(stratum, inside) > 0).sum(axis=0).astype(float)
    return (float(found[0][0]), float(found[1][0])) if single else found


def proportion_interval(
    p: ArrayLike, se: ArrayLike, df: ArrayLike, n: ArrayLike, *, method: str = "logit", confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval for a proportion from a sample with a design, and a standard error that is never 0.

    Parameters
    ----------
    p, se : array_like, shape (k,)
        Estimates and design standard errors, as fractions.
    df : array_like, shape (k,)
        Degrees of freedom of the design (or of the domain).
    n : array_like, shape (k,)
        Persons observed.
    method : {"logit", "beta", "wilson", "mean"}
        On the log-odds; Korn and Graubard's exact interval; Wilson's with the effective n; p ± t·se, which may leave
        [0, 1].
    confidence : float
        Level as a fraction in (0, 1).

    Returns
    -------
    lower, upper, standard_error : ndarray, shape (k,)
        Where nobody or everybody has the outcome se says nothing: persons then count as drawn singly, logit and mean
        give way to beta, and the standard error is the interval's half width over t. With df = 0 beta and wilson take
        all persons as one (a wide but honest interval) and the standard error is NaN.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24:193-201; Dean & Pagano (2015), J. Surv. Stat. Methodol. 3:484-503.

    Examples
    --------
    >>> lower, upper, se = proportion_interval([0.4, 0.0], [0.05, 0.0], 35, [120, 20])
    >>> lower.round(4), upper.round(4), se.round(4)
    (array([0.304, 0.   ]), array([0.5044, 0.1684]), array([0.05  , 0.0415]))
    """
    from scipy.special import betaincinv, expit, logit, stdtrit

    if method not in ("logit", "beta", "wilson", "mean"):
        raise ValueError(f"method={method!r} must be logit, beta, wilson or mean.")
    p, se, df, n = np.broadcast_arrays(*(np.asarray(a, float) for a in (p, se, df, n)))
    tail = (1 - check_confidence(confidence)) / 2
    known = df > 0
    silent = (p <= 0) | (p >= 1) | ~(se > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(known, stdtrit(np.where(known, df, 1), 1 - tail), np.nan)
        effective = np.where(silent, n, p * (1 - p) / se**2)
        ratio = np.where(n > 1, stdtrit(np.maximum(n - 1, 1), 1 - tail), t) / t
        exact_n = np.where(known, effective * np.where(silent, np.minimum(ratio, 1), ratio) ** 2, 1.0)
        yes, no = exact_n * p, exact_n * (1 - p)
        lower = np.where(p <= 0, 0.0, betaincinv(np.where(yes > 0, yes, 1), no + 1, tail))
        upper = np.where(p >= 1, 1.0, betaincinv(yes + 1, np.where(no > 0, no, 1), 1 - tail))
        if method == "wilson":
            z2 = np.where(known, t, stdtrit(1, 1 - tail)) ** 2
            m = np.where(known, effective, 1.0)
            middle = (p + z2 / (2 * m)) / (1 + z2 / m)
            half = np.sqrt(z2) / (1 + z2 / m) * np.sqrt(p * (1 - p) / m + z2 / (4 * m**2))
            lower, upper = np.where(p <= 0, 0.0, middle - half), np.where(p >= 1, 1.0, middle + half)
        elif method != "beta":
            half = t * se / np.where(method == "mean", 1.0, p * (1 - p))
            shape = expit if method == "logit" else np.asarray
            middle = logit(p) if method == "logit" else p
            lower = np.where(silent | ~known, lower, shape(middle - half))
            upper = np.where(silent | ~known, upper, shape(middle + half))
        standard_error = np.where(silent, (upper - lower) / (2 * t), se)
    return lower, upper, np.where(known, standard_error, np.nan)


def replicate_weights(
    strata: ArrayLike | None, psu: ArrayLike, *, method: str = "jkn", replicates: int = 1000, seed: int = 0
) -> tuple[np.ndarray, float, np.ndarray]:
    """Multipliers that make each replicate's weights from the full ones.

    Parameters
    ----------
    strata, psu : array_like, shape (n,)
        As `design_covariance`; ``jk1`` passes over the strata.
    method : {"jk1", "jkn", "bootstrap", "brr"}
        Leave out one PSU, of all or of its stratum; Rao and Wu's rescaled bootstrap (n_h - 1 PSUs drawn again in each
        stratum); balanced half samples, for two PSUs a stratum. Jackknives are not valid for quantiles.
    replicates, seed : int
        For the bootstrap. The draws follow the sorted labels, so the order of rows does not matter.

    Returns
    -------
    multipliers : ndarray, shape (n, R)
    scale : float
    rscales : ndarray, shape (R,)
        Factors of `replicate_covariance`.

    Raises
    ------
    ValueError
        If a stratum has too few PSUs for the method.

    Examples
    --------
    >>> multipliers, scale, rscales = replicate_weights([1, 1, 1], [1, 2, 3])
    >>> multipliers[:, 0], scale, rscales.round(3)
    (array([0. , 1.5, 1.5]), 1.0, array([0.667, 0.667, 0.667]))
    """
    cluster, stratum = _clusters(None if method == "jk1" else strata, psu, len(np.asarray(psu)))
    size = np.bincount(stratum)
    if (size < 2).any() or (method == "brr" and (size > 2).any()):
        wrong = int(np.argmax((size < 2) | (size > 2 if method == "brr" else False)))
        need = "exactly two" if method == "brr" else "at least two"
        raise ValueError(f"stratum {wrong} (sorted, from 0) has {size[wrong]} PSU; {method} needs {need} in each.")
    count, each = len(stratum), size[stratum]
    if method in ("jk1", "jkn"):
        same = stratum[:, None] == stratum
        made = np.where(same, (each / (each - 1))[:, None], 1.0)
        np.fill_diagonal(made, 0.0)
        scale, rscales = (1.0, (each - 1) / each) if method == "jkn" else ((count - 1) / count, np.ones(count))
    elif method == "bootstrap":
        rng = np.random.default_rng(seed)
        drawn = [rng.multinomial(m - 1, np.full(m, 1 / m), size=replicates).T for m in size]  # PSUs lie by stratum
        made, scale, rscales = (
            np.vstack(drawn) * (each / (each - 1))[:, None],
            1 / (replicates - 1),
            np.ones(replicates),
        )
    elif method == "brr":
        from scipy.linalg import hadamard

        halves = hadamard(1 << len(size).bit_length())[1 : len(size) + 1]
        first = np.diff(stratum, prepend=-1) != 0
        made = 1.0 + np.where(first, 1, -1)[:, None] * halves[stratum]
        scale, rscales = 1 / made.shape[1], np.ones(made.shape[1])
    else:
        raise ValueError(f"method={method!r} must be jk1, jkn, bootstrap or brr.")
    return made[cluster], scale, rscales


def replicate_covariance(
    estimates: ArrayLike, full: ArrayLike, scale: float, rscales: ArrayLike, *, mse: bool = False
) -> np.ndarray:
    """Covariance (k, k) of the estimates from their replicates (R, k).

    Deviations are from the replicates' mean, or with `mse` from the `full` estimates (k,). An estimate that some replicate
    could not make (NaN, an emptied domain) has covariance NaN: dropping that replicate would make it look surer.

    Examples
    --------
    >>> replicate_covariance([[1.0], [3.0]], [2.0], 0.5, [1, 1])
    array([[1.]])
    """
    estimates = np.asarray(estimates, float)
    deviations = estimates - (np.asarray(full, float) if mse else estimates.mean(axis=0))
    return scale * (deviations * np.asarray(rscales, float)[:, None]).T @ deviations


def _clusters(strata: ArrayLike | None, psu: ArrayLike | None, n: int) -> tuple[np.ndarray, np.ndarray]:
    """PSU of each person, 0..P-1 sorted by stratum, and stratum of each PSU, 0..H-1."""
    stratum = np.zeros(n, int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    unit = np.arange(n) if psu is None else np.unique(np.asarray(psu), return_inverse=True)[1]
    pairs, cluster = np.unique(stratum * n + unit, return_inverse=True)
    return cluster, pairs // n


def _sum_by(codes: np.ndarray, matrix: Scores) -> np.ndarray:
    from scipy import sparse

    n = len(codes)
    result = sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(int(codes.max()) + 1, n)) @ matrix
    return result.toarray() if sparse.issparse(result) else result


def _left_out(population: np.ndarray, cluster: np.ndarray, stratum: np.ndarray, size: np.ndarray) -> np.ndarray:
    """1 - n/N of each stratum."""
    largest, smallest = np.zeros(len(size)), np.full(len(size), np.inf)
    np.maximum.at(largest, stratum[cluster], population)
    np.minimum.at(smallest, stratum[cluster], population)
    if (wrong := ~((largest == smallest) & (smallest >= size))).any():
        at = int(np.argmax(wrong))
        raise ValueError(
            f"stratum {at} (sorted, from 0): {size[at]} PSUs were drawn but its population is said to be "
            f"{smallest[at]:g} to {largest[at]:g}; it must be one number, at least those drawn."
        )
    return 1 - size / largest

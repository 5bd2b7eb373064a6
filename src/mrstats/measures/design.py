"""Sampling variance: linearised scores, clusters and replicates; arrays in, arrays out. No tables.

One mechanism: an estimate is turned into one number a person, its score (weight × influence), and the variance of a
sum of scores follows from the design. Domains are columns of scores, 0 outside, so they covary as they should.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.calibration import check_weights, over, pseudo_inverse
from mrstats.measures.clusters import clusters_and_strata, left_out, membership, sum_by
from mrstats.measures.design_intervals import gini_interval, proportion_interval, woodruff_interval  # noqa: F401
from mrstats.measures.design_variances import stratum_scales

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


def design_deviations(
    scores: Scores,
    strata: ArrayLike | None = None,
    psu: ArrayLike | None = None,
    *,
    fpc: ArrayLike | None = None,
    lonely: str = "adjust",
    calibrated: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
) -> np.ndarray:
    """What each PSU adds to the errors of k estimates: the covariance is the deviations' own products, ``D.T @ D``.

    Parameters
    ----------
    scores, strata, psu, fpc, lonely, calibrated
        As `design_covariance`.

    Returns
    -------
    ndarray, shape (PSUs, k)
        PSUs sorted by stratum, the same in every call on a sample. NaN when there are not two PSUs in all.

    Examples
    --------
    >>> design_deviations([1.0, 3.0]).ravel().round(4).tolist()          # 2/1·(1² + 1²) = 4
    [-1.4142, 1.4142]
    """
    if lonely not in LONELY:
        raise ValueError(f"lonely={lonely!r} must be one of {', '.join(LONELY)}.")
    if not hasattr(scores, "tocsr"):
        scores = np.asarray(scores, float)
        scores = scores.reshape(len(scores), -1)
    cluster, stratum = clusters_and_strata(strata, psu, scores.shape[0])
    totals = sum_by(cluster, scores)
    if calibrated is not None:
        x, design_weights, weights = (np.asarray(a, float) for a in calibrated)
        slope = pseudo_inverse(x, design_weights) @ ((x * over(design_weights, weights)[:, None]).T @ scores)
        totals = totals - sum_by(cluster, weights[:, None] * x) @ slope
    size = np.bincount(stratum)
    centre = sum_by(stratum, totals) / size[:, None]
    scale, alone = stratum_scales(size, cluster, stratum, fpc, lonely)
    if lonely == "adjust":
        centre[alone] = totals.mean(axis=0)
    return (totals - centre[stratum]) * np.sqrt(scale)[stratum][:, None]


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
        NaN when there are not two PSUs in all.
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
    deviations = design_deviations(scores, strata, psu, fpc=fpc, lonely=lonely, calibrated=calibrated)
    covariance = deviations.T @ deviations
    if subset is None:
        _, stratum = clusters_and_strata(strata, psu, len(scores) if np.ndim(scores) < 2 else scores.shape[0])
        return covariance, float(len(stratum) - stratum.max() - 1)
    psus, used = active_clusters(strata, psu, subset)
    return covariance, psus - used


def active_clusters(strata: ArrayLike | None, psu: ArrayLike | None, subset: Scores) -> tuple[Any, Any]:
    """PSUs and strata with somebody in the subset ((n,), or (n, j) for j domains, dense or sparse)."""
    from scipy import sparse

    single = np.ndim(subset) == 1
    columns = np.asarray(subset, float)[:, None] if single else subset
    cluster, stratum = clusters_and_strata(strata, psu, columns.shape[0])
    inside = (membership(cluster) @ sparse.csr_array(columns)).sign()
    found = inside.sum(axis=0), (membership(stratum) @ inside).sign().sum(axis=0)
    return (float(found[0][0]), float(found[1][0])) if single else found


def satterthwaite_df(
    scores: Scores,
    strata: ArrayLike | None = None,
    psu: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    members: Scores | None = None,
    fpc: ArrayLike | None = None,
) -> np.ndarray:
    """Degrees of freedom of each estimate's variance: fewer where some strata or persons bear most of it.

    PSUs less strata are right when every PSU brings as much variance, too many otherwise. Within a stratum
    d = (tr AS)² / tr(ASAS), where A centres its PSUs and S is what each is thought to bring: as much as any other, or
    Σw² over its persons with `weights`; d is PSUs - 1 when they are alike. Over the strata's own variances V it is
    (ΣV)² / Σ(V²/(d + 2)) - 2: Welch's form, since the plain (ΣV)² / Σ(V²/d) is far too low for two PSUs a stratum.

    Parameters
    ----------
    scores, strata, psu, fpc
        As `design_covariance`. A stratum with one PSU brings nothing.
    weights : array_like, shape (n,), optional
        Give them where they differ within strata.
    members : ndarray or sparse array, shape (n, k), optional
        Persons of each domain, as in `Linearised`; PSUs without any are not counted.

    Returns
    -------
    ndarray, shape (k,)
        Never above PSUs less strata of the domain; at least 1 where these are. Where no score differs from 0 (nobody
        has the outcome) what PSUs are thought to bring stands for the variances.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2:110-114; Welch (1947), Biometrika 34:28-35; Kott (1994), JASA 89:693-696.

    Examples
    --------
    Two strata of two PSUs with variances 4 and 100: 104² / (4²/3 + 100²/3) - 2, where PSUs less strata are 2.

    >>> satterthwaite_df([1.0, 3.0, 2.0, 12.0], strata=[1, 1, 2, 2]).round(4)
    array([1.2396])
    """
    from scipy import sparse

    z = sparse.csr_array(scores if hasattr(scores, "tocsr") else np.asarray(scores, float).reshape(len(scores), -1))
    n = z.shape[0]
    cluster, stratum = clusters_and_strata(strata, psu, n)
    size = np.bincount(stratum)[:, None]
    totals = membership(cluster) @ z
    variance = sum_by(stratum, totals.power(2)) - sum_by(stratum, totals) ** 2 / size
    variance = np.maximum(variance, 0) * size / np.maximum(size - 1, 1)
    inside = sparse.csr_array(np.ones((n, 1)) if members is None else members)
    brought = membership(cluster) @ (
        inside if weights is None else inside.multiply(check_weights(weights)[:, None] ** 2)
    )
    brought = sparse.csr_array(brought).sign() if weights is None else sparse.csr_array(brought)
    psus = sum_by(stratum, brought.sign())
    first, second = sum_by(stratum, brought), sum_by(stratum, brought.power(2))
    some = np.maximum(psus, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = second * (1 - 2 / some) + (first / some) ** 2
        d = np.where(psus > 1, ((1 - 1 / some) * first) ** 2 / spread, 0.0)
        variance = np.where(variance.sum(axis=0) > 0, variance, first * (psus > 1))
        if fpc is not None:
            variance = variance * left_out(np.asarray(fpc, float), cluster, stratum, size[:, 0])[:, None]
        made = variance.sum(axis=0) ** 2 / (variance**2 / (d + 2)).sum(axis=0) - 2
    most = np.maximum(psus - 1, 0).sum(axis=0)
    return np.minimum(np.fmax(made, 1.0), most)


def design_effect(variance: ArrayLike, y: ArrayLike, weights: ArrayLike, *, replacement: bool = True) -> np.ndarray:
    """How many times larger the variance of a mean is than if the same n persons had been drawn singly and alike.

    The comparison is S²/n with S² the weighted variance (n/(n-1)); without `replacement` it shrinks by 1 - n/Σw. NaN for
    one person, or where all are alike.

    Examples
    --------
    >>> design_effect(0.125, [0, 1, 0, 1], [1, 1, 1, 1])          # S² = 1/3, S²/n = 1/12
    array(1.5)
    """
    y, weights = np.asarray(y, float), check_weights(weights)
    n = len(y)
    with np.errstate(divide="ignore", invalid="ignore"):
        singly = np.average((y - np.average(y, weights=weights)) ** 2, weights=weights) / (n - 1)
        return np.asarray(np.asarray(variance, float) / (singly * (1.0 if replacement else 1 - n / weights.sum())))


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
    cluster, stratum = clusters_and_strata(None if method == "jk1" else strata, psu, len(np.asarray(psu)))
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


def replicate_deviations(
    estimates: ArrayLike, full: ArrayLike, scale: float, rscales: ArrayLike, *, mse: bool = False
) -> np.ndarray:
    """Deviations (R, k) of estimates from their replicates, scaled so that ``D.T @ D`` is the covariance.

    They are from the replicates' mean, or with `mse` from the `full` estimates (k,). An estimate that some replicate
    could not make (NaN, an emptied domain) is NaN in all: dropping that replicate would make it look surer.

    Examples
    --------
    >>> replicate_deviations([[1.0], [3.0]], [2.0], 0.5, [1, 1]).round(4).ravel().tolist()
    [-0.7071, 0.7071]
    """
    estimates = np.asarray(estimates, float)
    deviations = estimates - (np.asarray(full, float) if mse else estimates.mean(axis=0))
    return deviations * np.sqrt(scale * np.asarray(rscales, float))[:, None]


def replicate_covariance(
    estimates: ArrayLike, full: ArrayLike, scale: float, rscales: ArrayLike, *, mse: bool = False
) -> np.ndarray:
    """Covariance (k, k) of the estimates from their replicates (R, k), as `replicate_deviations`.

    Examples
    --------
    >>> replicate_covariance([[1.0], [3.0]], [2.0], 0.5, [1, 1]).round(12)
    array([[1.]])
    """
    deviations = replicate_deviations(estimates, full, scale, rscales, mse=mse)
    return deviations.T @ deviations

"""Sampling variances of many domains at once, without their covariance: sums of squares in place of deviations. No tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.clusters import clusters_and_strata, left_out, membership, sum_by


def stratum_scales(
    size: np.ndarray, cluster: np.ndarray, stratum: np.ndarray, fpc: ArrayLike | None, lonely: str
) -> tuple[np.ndarray, np.ndarray]:
    """What each stratum's sum of squares counts for in the variance, and whether its one PSU was drawn by chance, both (H,)."""
    outside = np.ones(len(size)) if fpc is None else left_out(np.asarray(fpc, float), cluster, stratum, size)
    alone = (size == 1) & (outside > 0)
    if alone.any() and lonely == "fail":
        raise ValueError(f"stratum {int(np.argmax(alone))} (in sorted order, from 0) has one PSU: no variance in it.")
    scale = outside * np.where(size > 1, size / np.maximum(size - 1, 1), 1.0)
    if lonely == "average" and alone.any():
        scale = scale * (len(size) / (~alone).sum() if not alone.all() else np.nan)
    return (scale * np.nan if len(stratum) < 2 else scale), alone


def design_variances(
    scores: Any,
    strata: ArrayLike | None = None,
    psu: ArrayLike | None = None,
    *,
    fpc: ArrayLike | None = None,
    lonely: str = "adjust",
) -> np.ndarray:
    """Variances of k estimates: the diagonal of `mrstats.measures.design.design_covariance`, in the memory of its scores.

    Parameters
    ----------
    scores, strata, psu, fpc, lonely
        As there; scores (n, k) sparse, most persons outside most domains.

    Returns
    -------
    ndarray, shape (k,)

    Examples
    --------
    >>> from scipy import sparse
    >>> design_variances(sparse.csr_array([[1.0], [3.0]]))          # 2/1·(1² + 1²)
    array([4.])
    """
    cluster, stratum = clusters_and_strata(strata, psu, scores.shape[0])
    totals, size = membership(cluster) @ scores, np.bincount(stratum)
    scale, alone = stratum_scales(size, cluster, stratum, fpc, lonely)
    sums = sum_by(stratum, totals)
    squares = np.maximum(sum_by(stratum, totals.power(2)) - sums**2 / size[:, None], 0.0)
    if lonely == "adjust":
        squares[alone] = (sums[alone] - sums.sum(axis=0) / len(stratum)) ** 2
    return scale @ squares

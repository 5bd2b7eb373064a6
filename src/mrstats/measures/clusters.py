"""Who is in which cluster and stratum of a sample, and sums over them. Arrays in, arrays out; no variance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def clusters_and_strata(strata: ArrayLike | None, psu: ArrayLike | None, n: int) -> tuple[np.ndarray, np.ndarray]:
    """PSU of each person, 0..P-1 sorted by stratum, and stratum of each PSU, 0..H-1."""
    if strata is None and psu is None:  # a register: nothing to sort
        return np.arange(n), np.zeros(n, int)
    stratum = np.zeros(n, int) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    unit = np.arange(n) if psu is None else np.unique(np.asarray(psu), return_inverse=True)[1]
    pairs, cluster = np.unique(stratum * n + unit, return_inverse=True)
    return cluster, pairs // n


def membership(codes: np.ndarray) -> Any:
    """Sparse (groups, persons), 1 where a person has the group's code."""
    from scipy import sparse

    n = len(codes)
    return sparse.csr_array((np.ones(n), (codes, np.arange(n))), shape=(int(codes.max()) + 1, n))


def sum_by(codes: np.ndarray, matrix: Any) -> np.ndarray:
    """Sums of the matrix's rows (n, k), dense or sparse, by code."""
    alone = len(codes) > 0 and codes[0] == 0 and codes[-1] == len(codes) - 1 and (np.diff(codes) == 1).all()
    result = matrix if alone else membership(codes) @ matrix  # a register: each person a cluster, nothing to add up
    return result.toarray() if hasattr(result, "toarray") else result


def left_out(population: np.ndarray, cluster: np.ndarray, stratum: np.ndarray, size: np.ndarray) -> np.ndarray:
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

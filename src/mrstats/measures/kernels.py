"""Compiled loops over persons: order statistics in one pass, Poisson counts, replicates of the Gini. Arrays in and out.

Numba compiles a loop when it is first called and keeps it on disk; nothing is compiled by an import. Loops let go of
Python's lock, so that `side_by_side` runs them on all cores; each works on its own part, so any number of cores gives
the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit

ROUNDING = 1e-10
"""So near a step of the distribution counts as on it, as a part of the group's weight."""


def side_by_side(work: Callable[[Any], Any], parts: Iterable[Any]) -> list[Any]:
    """`work` of each part, in their order, on all cores; the first error of a part is raised."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(work, parts))


@njit(nogil=True, cache=True)
def streamed(x, w, codes, size, fractions):
    """Sums and quantiles of each group from persons sorted by value.

    Parameters
    ----------
    x, w : ndarray of float, shape (n,)
        Values, ascending, and weights above 0.
    codes : ndarray of int, shape (n,)
        Group of each, 0 … size−1.
    fractions : ndarray of float, shape (k,)
        Ascending, at most 62; 0.2 and 0.8 among them.

    Returns
    -------
    n, weight, total, ranked, bottom, top : ndarray, shape (size,)
        Persons, Σw, Σwx, Σwx(2W − w) with W the running weight, and Σwx of those at most at P20 and of those above P80
        (NaN where nobody is).
    quantiles : ndarray, shape (size, k)
    """
    count = len(fractions)
    n, weight = np.zeros(size, np.int64), np.zeros(size)
    for i in range(len(x)):
        n[codes[i]] += 1
        weight[codes[i]] += w[i]
    running, total, ranked, bottom = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
    top, quantiles = np.full(size, np.nan), np.full((size, count), np.nan)
    reached = np.zeros(size, np.int64)  # fractions whose first person has been met
    on_step = np.zeros(size, np.int64)  # bits of those that wait for the next person, to be averaged with
    low, high = np.searchsorted(fractions, 0.2), np.searchsorted(fractions, 0.8)
    for i in range(len(x)):
        group, value = codes[i], x[i]
        if on_step[group]:
            for k in range(count):
                if on_step[group] >> k & 1:
                    quantiles[group, k] = (quantiles[group, k] + value) / 2
            on_step[group] = 0
        amount, up_to = w[i] * value, running[group] + w[i]
        if reached[group] <= low or value <= quantiles[group, low]:
            bottom[group] += amount
        if reached[group] > high and value > quantiles[group, high]:
            top[group] = amount if np.isnan(top[group]) else top[group] + amount
        running[group] = up_to
        total[group] += amount
        ranked[group] += amount * (2 * up_to - w[i])
        rounding = ROUNDING * weight[group]
        while reached[group] < count:
            target = fractions[reached[group]] * weight[group]
            if up_to < target - rounding:
                break
            quantiles[group, reached[group]] = value
            if abs(up_to - target) <= rounding:
                on_step[group] |= 1 << reached[group]
            reached[group] += 1
    return n, weight, total, ranked, bottom, top, quantiles


@njit(nogil=True, cache=True)
def draws(keys, first, thresholds, counts):
    """Into `counts` (n, r): Poisson counts of replicates `first` … `first` + r − 1 (`first` even) from hashed persons.

    Each hash gives two replicates, its lower half first; a count is the number of thresholds its half reaches.
    """
    replicates = counts.shape[1]
    uniform = np.empty(replicates + 1, np.uint32)
    for i in range(len(keys)):
        for j in range(0, replicates, 2):
            z = keys[i] + np.uint64((first + j) // 2 + 1) * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
            uniform[j] = np.uint32(z & np.uint64(0xFFFFFFFF))
            uniform[j + 1] = np.uint32(z >> np.uint64(32))
        counts[i, :] = 0
        for threshold in thresholds:
            for j in range(replicates):
                counts[i, j] += np.uint8(uniform[j] >= threshold)


@njit(nogil=True, cache=True)
def replicated_ginis(x, w, counts, order, starts, result):
    """Into `result` (groups, r): the Gini of each group in each replicate; NaN among nobody or where nothing is owned.

    Persons (`x`, `w` and the rows of `counts`) are sorted by value; `order` lists them group by group, still by value,
    group g from ``starts[g]`` on. One group's replicates lie in the nearest cache while its persons go by.
    """
    replicates = counts.shape[1]
    weight, total, ranked = np.empty(replicates), np.empty(replicates), np.empty(replicates)
    for group in range(len(starts) - 1):
        weight[:], total[:], ranked[:] = 0.0, 0.0, 0.0
        end = starts[group + 1]
        for i in range(
            starts[group], end, 4
        ):  # four at a time: the three sums are fetched and put back a fourth as often
            a, b, c, d = order[i], order[min(i + 1, end - 1)], order[min(i + 2, end - 1)], order[min(i + 3, end - 1)]
            w_a, w_b, w_c, w_d = w[a], w[b] * (i + 1 < end), w[c] * (i + 2 < end), w[d] * (i + 3 < end)
            x_a, x_b, x_c, x_d = x[a], x[b], x[c], x[d]
            of_a, of_b, of_c, of_d = counts[a], counts[b], counts[c], counts[d]
            for r in range(replicates):
                held, owned, rank = weight[r], total[r], ranked[r]
                one = of_a[r] * w_a
                held += one
                owned += one * x_a
                rank += one * x_a * (2 * held - one)
                one = of_b[r] * w_b
                held += one
                owned += one * x_b
                rank += one * x_b * (2 * held - one)
                one = of_c[r] * w_c
                held += one
                owned += one * x_c
                rank += one * x_c * (2 * held - one)
                one = of_d[r] * w_d
                held += one
                owned += one * x_d
                rank += one * x_d * (2 * held - one)
                weight[r], total[r], ranked[r] = held, owned, rank
        for r in range(replicates):
            result[group, r] = ranked[r] / (weight[r] * total[r]) - 1 if total[r] > 0 else np.nan

"""Many tables of groups at once: shares, ranks, propagation of error and shared draws. Arrays in, arrays out."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, normal_quantile

DRAWS, SEED = 2000, 20241231
ONE_GROUP = "one group"
NO_GROUP = "no group"
NO_ERROR = "no standard error"
NEAR_ZERO = "too near zero for an interval"
NO_REFERENCE = "no reference group"
NO_BOUNDS = "no bounds"
OUTSIDE = "outside bounds"
ZERO_BELOW = "zero denominator"
ZERO_ABOVE = "zero numerator"
MEAN_NOT_POSITIVE = "mean not above zero"
ZERO_GROUP = "group with value zero"
NEGATIVE_GROUP = "group with value below zero"


class Options(TypedDict, total=False):
    """Keyword options that every measure takes; `mrstats.measures.inequality.difference` explains them."""

    covariance: ArrayLike
    limits: tuple[ArrayLike, ArrayLike]
    replicates: ArrayLike
    favourable: bool
    ordered: bool
    reference: int | None
    bounds: tuple[float, float] | None
    confidence: float
    draws: int
    seed: int


class Sums:
    """Sums over the groups of values (tables, draws, J), each made when first asked for; shape (tables, draws)."""

    def __init__(self, groups: Groups, values: np.ndarray) -> None:
        self.groups, self.values = groups, values
        # One matrix product gives the weighted and the unweighted sum.
        self.weights = np.stack([groups.share, groups.equal], axis=-1)
        self.mean, self.plain = self._over(values)

    def _over(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sums = values @ self.weights
        return sums[..., 0], sums[..., 1]

    def _among(self, filled: float) -> np.ndarray:
        present = self.groups.present
        return self.values if present.all() else np.where(present[:, None, :], self.values, filled)

    @cached_property
    def high(self) -> np.ndarray:
        return self._among(-np.inf).max(axis=-1)

    @cached_property
    def low(self) -> np.ndarray:
        return self._among(np.inf).min(axis=-1)

    @property
    def best(self) -> np.ndarray:
        return self.high if self.groups.favourable else self.low

    @cached_property
    def reference(self) -> np.ndarray:
        place = self.groups.reference
        if place is None:
            return np.full(self.mean.shape, np.nan)
        return np.where(self.groups.present[:, place, None], self.values[..., place], np.nan)

    @cached_property
    def from_mean(self) -> tuple[np.ndarray, np.ndarray]:
        return self._over(np.abs(self.values - self.mean[..., None]))

    @cached_property
    def from_reference(self) -> tuple[np.ndarray, np.ndarray]:
        return self._over(np.abs(self.values - self.reference[..., None]))

    @cached_property
    def variance(self) -> np.ndarray:
        return self._over((self.values - self.mean[..., None]) ** 2)[0]

    @cached_property
    def entropies(self) -> tuple[np.ndarray, np.ndarray]:
        """Theil's index and the mean log deviation; a group of value 0 adds nothing to the first."""
        zero = self.values == 0
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(self.values)
            log_mean = np.log(self.mean)
            theil = self._over(np.where(zero, 0.0, self.values * logs))[0] / self.mean - log_mean
            deviation = log_mean - self._over(np.where(self.groups.present[:, None, :], logs, 0.0))[0]
        return theil, deviation


class Groups:
    """Tables of J groups made ready: groups without a value or without people are left out, shares and ranks made anew.

    Parameters
    ----------
    estimate, variance, population : ndarray, shape (tables, J)
    options : Options
        With `covariance` (tables, J, J), `limits` (tables, J) and `replicates` (tables, draws, J).
    """

    def __init__(self, estimate: np.ndarray, variance: np.ndarray, population: np.ndarray, options: Options) -> None:
        self.present = np.isfinite(estimate) & (population > 0)
        self.count = self.present.sum(axis=-1)
        self.estimate = np.where(self.present, estimate, 0.0)
        self.variance = np.where(self.present, variance, 0.0)
        self.share, self.equal = (
            people / np.maximum(people.sum(axis=-1, keepdims=True), 1e-300)  # nobody at all: every share is 0
            for people in (np.where(self.present, population, 0.0), self.present.astype(float))
        )
        self.rank = np.cumsum(self.share, axis=-1) - self.share / 2
        self.favourable = options.get("favourable", True)
        self.ordered = options.get("ordered", False)
        self.reference = options.get("reference")
        self.bounds = options.get("bounds")
        self.confidence = check_confidence(options.get("confidence", 0.95))
        self.z = normal_quantile(self.confidence)
        self.covariance = None
        if (covariance := options.get("covariance")) is not None:
            pairs = self.present[:, :, None] & self.present[:, None, :]
            self.covariance = np.where(pairs, np.asarray(covariance, float), 0.0)
        self.limits = options.get("limits")
        self._replicates = options.get("replicates")
        self._draws, self._seed = options.get("draws", DRAWS), options.get("seed", SEED)

    @property
    def reason(self) -> np.ndarray:
        """Why a table has no measure at all."""
        return np.where(self.count == 1, ONE_GROUP, np.where(self.count == 0, NO_GROUP, "")).astype(object)

    def total(self, weights: np.ndarray) -> np.ndarray:
        """Σ weight × value, shape (tables,)."""
        return (weights * self.estimate).sum(axis=-1)

    def spread(self, gradient: np.ndarray) -> np.ndarray:
        """Standard error of what has this gradient, shape (tables,): √(g′Vg); groups with weight 0 do not count."""
        if self.covariance is not None:
            return np.sqrt(np.maximum(np.einsum("tj,tjk,tk->t", gradient, self.covariance, gradient), 0.0))
        return np.sqrt(np.where(gradient == 0, 0.0, gradient**2 * self.variance).sum(axis=-1))

    def trace(self, diagonal: np.ndarray, outer: np.ndarray) -> np.ndarray:
        """What curvature diag(d) − oo′ adds to an expected value, times two: Σ d·V − o′Vo."""
        return (diagonal * self.variance).sum(axis=-1) - self.spread(outer) ** 2

    def at(self, place: np.ndarray) -> np.ndarray:
        """Weights that pick one group of each table, shape (tables, J)."""
        return (np.arange(self.estimate.shape[-1]) == place[:, None]).astype(float)

    @property
    def first(self) -> np.ndarray:
        return self.present.argmax(axis=-1)

    @property
    def last(self) -> np.ndarray:
        return self.present.shape[-1] - 1 - self.present[:, ::-1].argmax(axis=-1)

    def extreme(self, *, highest: bool) -> np.ndarray:
        """Place of the group with the highest or lowest value; the first of several."""
        if highest:
            return np.where(self.present, self.estimate, -np.inf).argmax(axis=-1)
        return np.where(self.present, self.estimate, np.inf).argmin(axis=-1)

    @cached_property
    def point(self) -> Sums:
        return Sums(self, self.estimate[:, None, :])

    @cached_property
    def drawn(self) -> Sums:
        """Sums of draws around the values: the caller's replicates, else normal ones in pairs of opposite sign."""
        if self._replicates is not None:
            return Sums(self, np.where(self.present[:, None, :], np.asarray(self._replicates, float), 0.0))
        steps = _steps(self._draws, self.estimate.shape[-1], self._seed)
        if self.covariance is None:
            return Sums(self, self.estimate[:, None, :] + steps * np.sqrt(self.variance)[:, None, :])
        known = np.all(np.isfinite(self.covariance), axis=(1, 2), keepdims=True)
        values, vectors = np.linalg.eigh(np.where(known, self.covariance, 0.0))
        root = np.where(known, vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :], np.nan)
        return Sums(self, self.estimate[:, None, :] + steps @ root.transpose(0, 2, 1))


@lru_cache(maxsize=8)
def _steps(draws: int, j: int, seed: int) -> np.ndarray:
    """Normal numbers in pairs of opposite sign, the same for every table; not to be changed."""
    half = np.random.default_rng(seed).standard_normal((draws // 2, j))
    if len(half) > j:  # exactly uncorrelated and of spread 1: what is linear has no error of drawing
        half = np.linalg.qr(half)[0] * np.sqrt(len(half))
    return np.concatenate([half, -half])

"""Many tables of groups at once: shares, ranks, propagation of error and shared draws. Arrays in, arrays out.

One mechanism for every measure of inequality. A measure is linear in the groups' values, a ratio of two linear ones, or
a formula over a few sums of the values; each of the three has one way to its standard error and its interval.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.checks import check_confidence, normal_quantile
from mrstats.measures.contrasts import mover_combination, mover_ratio

DRAWS, SEED = 4000, 20241231
NUMBERS_AT_ONCE = 2**21
"""So many drawn values are held in memory at a time (16 MB); more tables are done in turns with the same draws."""

ONE_GROUP = "one group"
NO_GROUP = "no group"
NO_ERROR = "no standard error"
NO_REFERENCE = "no reference group"
NO_BOUNDS = "no bounds"
OUTSIDE = "outside bounds"
ZERO_BELOW = "zero denominator"
ZERO_ABOVE = "zero numerator"
MEAN_NOT_POSITIVE = "mean not above zero"
ZERO_GROUP = "group with value zero"
NEGATIVE_GROUP = "group with value below zero"


class Measured(NamedTuple):
    """A measure of each table of groups, all of shape (...).

    ``estimate`` is the measure of the figures as they are, ``corrected`` the same less what chance adds to it (equal
    where chance adds nothing), ``lower`` and ``upper`` the interval around `corrected`, ``standard_error`` that of
    `estimate`, and ``reason`` why something is NaN: empty, or a few words.
    """

    estimate: Any
    standard_error: Any
    corrected: Any
    lower: Any
    upper: Any
    reason: Any


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


Formula = Callable[["Groups"], Measured]


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
        half = np.random.default_rng(self._seed).standard_normal((self._draws // 2, self.estimate.shape[-1]))
        half /= np.sqrt((half**2).mean(axis=0))
        steps = np.concatenate([half, -half])
        if self.covariance is None:
            return Sums(self, self.estimate[:, None, :] + steps * np.sqrt(self.variance)[:, None, :])
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
        return Sums(self, self.estimate[:, None, :] + steps @ root.transpose(0, 2, 1))


def linear(groups: Groups, weights: np.ndarray, reason: ArrayLike = "") -> Measured:
    """A measure that is a weighted sum of the values: exact standard error; MOVER where the groups have limits."""
    value, se = groups.total(weights), groups.spread(weights)
    lower, upper = value - groups.z * se, value + groups.z * se
    if groups.limits is not None and groups.covariance is None:
        low, high = (np.where(weights == 0, 0.0, np.asarray(a, float)) for a in groups.limits)
        joined = mover_combination(weights, np.where(weights == 0, 0.0, groups.estimate), low, high)
        lower, upper = (np.where(np.isfinite(m), m, w) for m, w in zip(joined, (lower, upper), strict=True))
    return finish(groups, value, se, value, lower, upper, reason)


def quotient(
    groups: Groups,
    above: np.ndarray,
    below: np.ndarray,
    *,
    scale: float = 1.0,
    log: bool = False,
    reason: str = MEAN_NOT_POSITIVE,
) -> Measured:
    """A measure that is one weighted sum over another: standard error by the delta method.

    With `log` the interval is made on the log scale, or by MOVER where `above` and `below` each pick one group with
    limits; a sum below that is not above 0 leaves the measure undefined.
    """
    top, bottom = groups.total(above), groups.total(below)
    some = bottom > 0
    bottom = np.where(some, bottom, np.nan)
    value = scale * top / bottom
    se = groups.spread(scale * (above - (top / bottom)[:, None] * below) / bottom[:, None])
    why = np.where(some, "", reason)
    if not log:
        return finish(groups, value, se, value, value - groups.z * se, value + groups.z * se, why)
    positive = np.where(value > 0, value, np.nan)
    factor = np.exp(groups.z * se / positive)
    lower, upper = positive / factor, positive * factor
    picks = ((above != 0).sum(axis=-1) == 1) & ((below != 0).sum(axis=-1) == 1)
    if groups.limits is not None and groups.covariance is None and picks.all():
        ends = [
            np.where(pick != 0, np.asarray(a, float), 0.0).sum(axis=-1)
            for pick in (above, below)
            for a in groups.limits
        ]
        joined = mover_ratio(top, ends[0], ends[1], np.where(some, bottom, 0.0), ends[2], ends[3])
        lower, upper = (np.where(np.isfinite(m), m, w) for m, w in zip(joined, (lower, upper), strict=True))
    return finish(
        groups, value, se, value, lower, upper, np.where(some & ~(value > 0) & np.isnan(lower), ZERO_ABOVE, why)
    )


def drawn(
    groups: Groups,
    formula: Callable[[Sums], np.ndarray],
    *,
    kind: str = "distance",
    origin: float = 0.0,
    se: np.ndarray | None = None,
    corrected: np.ndarray | None = None,
    reason: ArrayLike = "",
) -> Measured:
    """A measure with kinks or curves: the formula on every draw gives its bias, interval and, without `se`, its error.

    Chance pushes the draws as far from the estimate as it has pushed the estimate from the truth. It adds to squares
    what does not depend on the truth, so a ``distance`` from `origin` is corrected, and its interval of draws moved
    back, on the scale of squares (simulations: on the plain scale intervals of small differences cover 70-90 per cent);
    a ``variance`` is a square already and a ``level`` may have any sign.
    """
    power = 2 if kind == "distance" else 1
    floor = -np.inf if kind == "level" else 0.0
    value, draws = formula(groups.point)[:, 0], formula(groups.drawn)
    usable = np.isfinite(draws).all(axis=1)
    draws = np.where(usable[:, None], draws, origin)
    if se is None:
        se = np.where(usable, draws.std(axis=1), np.nan)
    tail = (1 - groups.confidence) / 2
    ends = (np.quantile(draws, [tail, 1 - tail], axis=1) - origin) ** power
    point, middle = (value - origin) ** power, ((draws - origin) ** power).mean(axis=1)
    centre = 2 * point - middle if corrected is None else (corrected - origin) ** power
    centre = np.where(usable | (corrected is not None), np.maximum(centre, floor), point)
    low, high = (origin + np.maximum(end, floor) ** (1 / power) for end in ends - middle + centre)
    centre = origin + centre ** (1 / power)
    plain = centre - groups.z * se, centre + groups.z * se
    low, high = (np.where(usable, a, np.maximum(b, floor)) for a, b in zip((low, high), plain, strict=True))
    return finish(groups, value, se, centre, low, high, reason)


def positive_mean(sums: Sums) -> np.ndarray:
    """The mean, NaN where it is not above 0: nothing is relative to it there."""
    return np.where(sums.mean > 0, sums.mean, np.nan)


def mean_reason(groups: Groups) -> np.ndarray:
    """Why a measure that is relative to the mean has no value."""
    return np.where(groups.point.mean[:, 0] > 0, "", MEAN_NOT_POSITIVE)


def finish(groups: Groups, value, se, corrected, lower, upper, reason: ArrayLike = "") -> Measured:
    """One reason a table; where there is no value there is nothing, where no error no interval."""
    why = np.where(groups.reason != "", groups.reason, np.broadcast_to(np.asarray(reason, dtype=object), value.shape))
    value = np.where((groups.reason == "") & np.isfinite(value), value, np.nan)
    known = np.isfinite(value)
    se = np.where(known & np.isfinite(se), se, np.nan)
    lower, upper = (np.where(np.isfinite(se), a, np.nan) for a in (lower, upper))
    why = np.where(known & np.isnan(se) & (why == ""), NO_ERROR, why).astype(object)
    return Measured(value, se, np.where(known, corrected, np.nan), lower, upper, why)


def measured(
    formulas: dict[str, Formula],
    estimate: ArrayLike,
    se: ArrayLike | None,
    population: ArrayLike | None,
    options: Options,
) -> dict[str, Measured]:
    """Every formula of every table: inputs checked and laid out as (tables, J), results back in their shape."""
    y = np.asarray(estimate, float)
    if y.ndim == 0:
        raise ValueError("estimate needs the groups of a table along its last axis; it is a single number.")
    shape, j = y.shape[:-1], y.shape[-1]
    if unknown := set(options) - set(Options.__annotations__):
        raise TypeError(f"no option is called {sorted(unknown)[0]!r}; there are {', '.join(Options.__annotations__)}.")
    place = options.get("reference")
    if place is not None and not 0 <= place < j:
        raise ValueError(f"reference={place} is the place of a group, 0 to {j - 1}.")

    def laid(values: Any, *tail: int) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, float), (*shape, *tail)).reshape(-1, *tail)

    covariance, replicates, limits = options.get("covariance"), options.get("replicates"), options.get("limits")
    full = None if covariance is None else laid(covariance, j, j)
    draws = None
    if replicates is not None:
        draws = np.moveaxis(np.asarray(replicates, float).reshape(-1, int(np.prod(shape)), j), 0, 1)
        if full is None:
            apart = draws - draws.mean(axis=1, keepdims=True)
            full = apart.transpose(0, 2, 1) @ apart / draws.shape[1]
    errors = np.sqrt(np.diagonal(full, axis1=1, axis2=2)) if full is not None else laid(np.nan if se is None else se, j)
    people, y = laid(1.0 if population is None else population, j), laid(y, j)
    for wrong, what in ((errors < 0, "a standard error"), (people < 0, "a population")):
        if wrong.any():
            table, group = np.argwhere(wrong)[0]
            raise ValueError(f"table {table}, group {group}: {what} must not be negative.")
    ends = None if limits is None else (laid(limits[0], j), laid(limits[1], j))
    count = options.get("draws", DRAWS) if draws is None else draws.shape[1]
    step = max(1, NUMBERS_AT_ONCE // max(1, count * j))
    parts: dict[str, list[Measured]] = {name: [] for name in formulas}
    for start in range(0, max(len(y), 1), step):
        rows = slice(start, start + step)
        own: Options = {**options}
        for name, whole in (("covariance", full), ("replicates", draws)):
            if whole is not None:
                own[name] = whole[rows]  # type: ignore[literal-required]
        if ends is not None:
            own["limits"] = ends[0][rows], ends[1][rows]
        groups = Groups(y[rows], errors[rows] ** 2, people[rows], own)
        for name, formula in formulas.items():
            parts[name].append(formula(groups))
    return {
        name: Measured(*(np.concatenate(field).reshape(shape)[()] for field in zip(*made, strict=True)))
        for name, made in parts.items()
    }


def one(formula: Formula, estimate: ArrayLike, se, population, options: Options) -> Measured:
    """One measure of every table."""
    return measured({"": formula}, estimate, se, population, options)[""]

"""The three forms a measure of inequality takes: a weighted sum, one over another, or a formula over draws. Arrays only.

Each form has one way to its standard error and its interval, so that no measure has a way of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.contrasts import mover_combination, mover_ratio
from mrstats.measures.groups import DRAWS, MEAN_NOT_POSITIVE, NEAR_ZERO, NO_ERROR, ZERO_ABOVE, Groups, Options, Sums

NUMBERS_AT_ONCE = 2**19
"""So many drawn values are held at a time (4 MB, near the processor); more tables are done in turns with the same draws."""

LOOSE = 0.3
"""Coefficient of variation from which a sum is too uncertain to be divided by on the log scale."""


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


Formula = Callable[[Groups], Measured]


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

    With `log` the interval is made on the log scale, by Fieller's method where either sum's error is above `LOOSE` of
    it, or by MOVER where `above` and `below` each pick one group with limits; a sum below that is not above 0 leaves the
    measure undefined.
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
    factor = np.exp(np.minimum(groups.z * se / positive, 99.0))
    lower, upper = positive / factor, positive * factor
    errors = groups.spread(above), groups.spread(below)
    loose = np.maximum(errors[0] / np.where(top > 0, top, np.nan), errors[1] / bottom) > LOOSE
    by_fieller = _fieller(groups, top, bottom, errors, groups.spread(above + below))
    lower, upper = (np.where(loose, f, e) for f, e in zip(by_fieller, (lower, upper), strict=True))
    picks = ((above != 0).sum(axis=-1) == 1) & ((below != 0).sum(axis=-1) == 1)
    if groups.limits is not None and groups.covariance is None and picks.all():
        ends = [
            np.where(pick != 0, np.maximum(a, 0.0), 0.0).sum(axis=-1)  # no limit of a ratio is below 0
            for pick in (above, below)
            for a in groups.limits
        ]
        joined = mover_ratio(top, ends[0], ends[1], np.where(some, bottom, 0.0), ends[2], ends[3])
        lower, upper = (np.where(np.isfinite(m), m, w) for m, w in zip(joined, (lower, upper), strict=True))
    return finish(
        groups, value, se, value, lower, upper, np.where(some & ~(value > 0) & np.isnan(lower), ZERO_ABOVE, why)
    )


def _fieller(groups: Groups, top, bottom, errors, error_of_sum) -> tuple[np.ndarray, np.ndarray]:
    """Ratios above 0 that both sums allow; without upper end where the sum below may be 0."""
    z2 = groups.z**2
    var_top, var_bottom = errors[0] ** 2, errors[1] ** 2
    a, c = bottom**2 - z2 * var_bottom, top**2 - z2 * var_top
    b = top * bottom - z2 * (error_of_sum**2 - var_top - var_bottom) / 2
    root = np.sqrt(np.maximum(b**2 - a * c, 0.0))
    lower = np.where((c > 0) & (b + root > 0), c / np.where(b + root > 0, b + root, 1.0), 0.0)
    return lower, np.where(a > 0, (b + root) / np.where(a > 0, a, 1.0), np.inf)


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
    back, on the scale of squares (simulations: on the plain scale intervals of small differences cover 68-89 per cent);
    a ``variance`` is a square already and a ``level`` may have any sign.
    """
    power = 2 if kind == "distance" else 1
    floor = -np.inf if kind == "level" else 0.0
    value, draws = formula(groups.point)[:, 0], formula(groups.drawn)
    usable = np.isfinite(draws).all(axis=1)
    draws = np.where(usable[:, None], draws, origin)
    if se is None:
        se = np.where(usable, draws.std(axis=1), np.nan)
        unclear = ~usable & np.isfinite(groups.drawn.mean).all(axis=-1) & (np.asarray(reason) == "")
        reason = np.where(unclear, NEAR_ZERO, reason)
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
    errors = np.diagonal(full, axis1=1, axis2=2) if full is not None else laid(np.nan if se is None else se, j)
    people, y = laid(1.0 if population is None else population, j), laid(y, j)
    for wrong, what in ((errors < 0, "a standard error or variance"), (people < 0, "a population")):
        if wrong.any():
            table, group = np.argwhere(wrong)[0]
            raise ValueError(f"table {table}, group {group}: {what} must not be negative.")
    variances = errors**2 if full is None else errors
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
        groups = Groups(y[rows], variances[rows], people[rows], own)
        for name, formula in formulas.items():
            parts[name].append(formula(groups))
    return {
        name: Measured(*(np.concatenate(field).reshape(shape)[()] for field in zip(*made, strict=True)))
        for name, made in parts.items()
    }


def one(formula: Formula, estimate: ArrayLike, se, population, options: Options) -> Measured:
    """One measure of every table."""
    return measured({"": formula}, estimate, se, population, options)[""]

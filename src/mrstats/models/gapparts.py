"""The parts of a gap by each method, with the deviations that their errors are made of. Persons in, arrays out; no table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mrstats.measures import decomposition
from mrstats.measures.regression import average_predictions, influence_on, regress
from mrstats.models.columns import Columns, settled
from mrstats.models.persons import Persons

NOT_WANTED = np.zeros((0, 0))


class Parts(NamedTuple):
    """Values (p,) of parts, named (part, by), and their deviations (clusters, p); empty where only values are wanted."""

    named: list[tuple[str, str]]
    values: np.ndarray
    deviations: np.ndarray


class Case(NamedTuple):
    """Two groups' persons, who of them is in the first, their columns (none for cells), and the factors."""

    persons: Persons
    in_a: np.ndarray
    columns: Columns | None
    by: Sequence[str]
    method: str
    seed: int


# ---- regressions


def _linear(case: Case, weights: np.ndarray, errors: bool) -> Parts:
    """Oaxaca and Blinder: two parts, the first by factor, or three."""
    assert case.columns is not None
    x, y, k = case.columns.values, case.persons.y, case.columns.values.shape[1]
    a, b = (decomposition.side(y, x, weights, inside) for inside in (case.in_a, ~case.in_a))
    pooled = x if case.method == "neumark" else np.column_stack([x, case.in_a])
    beta, influence = decomposition.least_squares(y, pooled, weights)
    parts = decomposition.oaxaca(a, b, beta[:k])
    detailed = "endowments" if case.method == "threefold" else "explained"
    kept = [
        "difference",
        detailed,
        *(["coefficients", "interaction"] if case.method == "threefold" else ["unexplained"]),
    ]
    wanted = [(name, "", list(range(k))) for name in kept]
    wanted += [(detailed, name, case.columns.of(name)) for name in case.by]
    values = np.array([parts[name].by_column[at].sum() for name, _, at in wanted])
    deviations = NOT_WANTED
    if errors:
        of = (
            a.means_influence,
            b.means_influence,
            a.coefficients_influence,
            b.coefficients_influence,
            influence[:, :k],
        )
        scores = [
            sum(each[:, at] @ slope[at] for each, slope in zip(of, parts[name].slopes, strict=True))
            for name, _, at in wanted
        ]
        deviations = case.persons.deviations(np.column_stack(scores))
    return Parts([(name, by) for name, by, _ in wanted], values, deviations)


def _nonlinear(case: Case, weights: np.ndarray, errors: bool) -> Parts:
    """Log odds of both groups pooled, the group among the columns: what remains at the same predictions, and Yun's or
    Fairlie's parts by factor."""
    assert case.columns is not None
    x, y, k, in_a = case.columns.values, case.persons.y, case.columns.values.shape[1], case.in_a
    held = weights > 0
    with_group = np.column_stack([x, in_a])
    uneven = case.persons.sampled or not (weights == 1).all()
    fit = regress(y[held], with_group[held], weights=weights[held] if uneven else None)
    settled(fit, Columns(with_group, [*case.columns.made_of, "group"], [*case.columns.part, "group"]))
    domains = np.where(in_a, 0, 1)
    made = average_predictions(fit, with_group, [k], [[0.0]], weights, domains)
    mean, gradient = made.mean[0], made.gradient[0]
    share = [np.where(inside, weights, 0) / weights[inside].sum() for inside in (in_a, ~in_a)]
    gap, explained = share[0] @ y - share[1] @ y, mean[0] - mean[1]
    blocks = [case.columns.of(name) for name in case.by]
    beta, apart = fit.coefficients[:k], share[0] @ x - share[1] @ x
    if case.method == "yun":
        size = apart * beta
        weight = np.array([size[at].sum() for at in blocks]) / size.sum()
    else:
        paired = decomposition.fairlie(x, beta, in_a, blocks, weights, seed=case.seed)
        weight = paired.by_block / paired.by_block.sum()
    named = [("difference", ""), ("explained", ""), ("unexplained", ""), *(("explained", name) for name in case.by)]
    values = np.array([gap, explained, gap - explained, *(explained * weight)])
    if not errors:
        return Parts(named, values, NOT_WANTED)
    influence = influence_on(fit, y, with_group, weights if uneven else None)
    of_gap = share[0] * (y - share[0] @ y) - share[1] * (y - share[1] @ y)
    predicted = made.each[0]
    of_explained = (
        share[0] * (predicted - mean[0]) - share[1] * (predicted - mean[1]) + influence @ (gradient[0] - gradient[1])
    )
    if case.method == "yun":
        moved = (x - share[0] @ x) * share[0][:, None] - (x - share[1] @ x) * share[1][:, None]
        of_size = moved * beta + influence[:, :k] * apart
        total = of_size.sum(axis=1)
        of_weight = [
            (of_size[:, at].sum(axis=1) - w * total) / size.sum() for at, w in zip(blocks, weight, strict=True)
        ]
    else:
        of_block = influence[:, :k] @ paired.slopes.T
        of_weight = list((of_block - np.outer(of_block.sum(axis=1), weight)).T / paired.by_block.sum())
    details = [w * of_explained + explained * of for w, of in zip(weight, of_weight, strict=True)]
    scores = np.column_stack([of_gap, of_explained, of_gap - of_explained, *details])
    return Parts(named, values, case.persons.deviations(scores))


# ---- cells


def _cells(case: Case, weights: np.ndarray, errors: bool) -> Parts:
    """Composition and rates of the cells of all factors crossed."""
    persons = case.persons
    shape = tuple(len(persons.groups[name]) for name in case.by)
    place = np.ravel_multi_index([persons.codes[name] for name in case.by], shape)
    size = int(np.prod(shape))
    sides, of_side = [], []
    for inside in (case.in_a, ~case.in_a):
        w = np.where(inside, weights, 0.0)
        total = np.bincount(place, w, minlength=size)
        rate = np.divide(np.bincount(place, w * persons.y, minlength=size), total, out=np.zeros(size), where=total > 0)
        sides += [rate, total / w.sum()]
        of_side.append((w, total, rate))
    figure = _das_gupta if case.method == "das_gupta" else _kitagawa
    named = [("difference", ""), ("composition", ""), ("rate", "")]
    named += [("composition", name) for name in case.by] if case.method == "das_gupta" else []
    theta = np.concatenate(sides)
    values = figure(theta, shape)
    if not errors:
        return Parts(named, values, NOT_WANTED)
    slopes = _derivatives(lambda at: figure(at, shape), theta).reshape(len(values), 4, size)
    scores = np.zeros((len(persons.y), len(values)))
    for at, (w, total, rate) in enumerate(of_side):
        by_rate, by_share = slopes[:, 2 * at], slopes[:, 2 * at + 1]
        below = np.where(total > 0, total, 1.0)[place]
        scores += (w * (persons.y - rate[place]) / below)[:, None] * by_rate[:, place].T
        share = sides[2 * at + 1]
        scores += (w / w.sum())[:, None] * (by_share[:, place] - (by_share @ share)[:, None]).T
    return Parts(named, values, persons.deviations(scores))


def _kitagawa(theta: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    made = decomposition.kitagawa(*theta.reshape(4, -1))
    parts = np.array([made.composition.sum(), made.rate.sum()])
    return np.array([parts.sum(), *parts])


def _das_gupta(theta: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    parts = decomposition.das_gupta_cells(*(each.reshape(shape) for each in theta.reshape(4, -1)))
    return np.array([parts.sum(), parts[:-1].sum(), parts[-1], *parts[:-1]])


def _derivatives(figure: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """Central differences (p, t); an empty cell stays empty."""
    made = np.zeros((len(figure(theta)), len(theta)))
    for at in np.flatnonzero(theta):
        step = np.zeros(len(theta))
        step[at] = 1e-5 * theta[at]
        made[:, at] = (figure(theta + step) - figure(theta - step)) / (2 * step[at])
    return made


METHODS: dict[str, Callable[[Case, np.ndarray, bool], Parts]] = {
    **dict.fromkeys(["oaxaca", "neumark", "threefold"], _linear),
    **dict.fromkeys(["yun", "fairlie"], _nonlinear),
    **dict.fromkeys(["kitagawa", "das_gupta"], _cells),
}
LOGITS, CELLS = ("yun", "fairlie"), ("kitagawa", "das_gupta")

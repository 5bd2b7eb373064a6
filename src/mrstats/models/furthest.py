"""The search for the group furthest behind: every combination on one half of the persons, its figures from the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats import engine
from mrstats.dataset import City
from mrstats.definitions import BackgroundFactor, Indicator
from mrstats.domains import named_groups
from mrstats.measures import proportions
from mrstats.measures.contrasts import p_value_of_interval
from mrstats.measures.trend import adjust_p_values
from mrstats.models.persons import FEWEST, check_factor
from mrstats.personwise import person_hash
from mrstats.schema import UNKNOWN, UNRELIABLE, MrstatsError, UnknownNameError

RELIABLE = 50
SEARCH, CONFIRM = 0, 1

Groups = tuple[int, ...]
"""Positions of groups of one factor that are taken together."""

Combination = dict[int, Groups]
"""Position of a factor -> its groups; a factor that is not there is not looked at."""


@dataclass(frozen=True)
class Persons:
    """Sums over both halves and the cross of all factors: persons, Σw, Σw², Σwy; shape (4, 2, groups …)."""

    sums: np.ndarray
    factors: tuple[BackgroundFactor, ...]
    codes: tuple[list[str], ...]

    def of(self, combination: Combination) -> np.ndarray:
        """Sums (4, 2) of the persons in a combination."""
        part = self.sums
        for axis in range(len(self.codes)):
            if axis in combination:
                part = part.take(combination[axis], axis=axis + 2)
        return part.reshape(4, 2, -1).sum(axis=2)


def furthest_table(
    city: City,
    *,
    indicator: str,
    factors: Sequence[str],
    depth: int,
    year: int,
    minimum: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """The tree that `mrstats.furthest_behind` returns; arguments as there."""
    asked = city.indicator(indicator)
    _check(city, asked, factors, depth, minimum)
    persons = _read(city, asked, list(factors), year, seed)
    sign = 1.0 if asked.direction == "favourable" else -1.0
    search = _Search(persons, sign, minimum, confidence)
    worst = search.furthest({}, range(len(factors)), depth, sign)
    if worst is None:
        n = int(persons.of({})[0].min())
        raise MrstatsError(
            f"no combination of {', '.join(factors)} has {minimum} persons in each half of the {2 * n} or so, and "
            f"{2 * FEWEST} with the outcome and as many without it; "
            "search with fewer factors, fewer groups, or a smaller minimum."
        )
    nodes = _nodes(search, worst, depth, sign)
    return _table(search, nodes, asked, year, depth)


def _check(city: City, indicator: Indicator, factors: Sequence[str], depth: int, minimum: int) -> None:
    source = city.description.tables[indicator.table]
    if indicator.measure != "proportion" or not indicator.direction:
        what = indicator.measure if indicator.measure != "proportion" else "proportion without a direction"
        raise MrstatsError(
            f"{indicator.name!r} is a {what}; the search needs a proportion with a direction in dataset.toml."
        )
    if source.grain != "person" or not source.person:
        raise MrstatsError(
            f"table {source.name!r} has no persons with a number (person = …), so none can be kept out of the search. "
            "Search in a table of persons."
        )
    if source.cluster:
        raise MrstatsError(
            f"table {source.name!r} is a sample of clusters, whose persons are alike; such a sample is not searched yet. "
            "Use a register, or a sample of persons."
        )
    for name in factors:
        check_factor(city, indicator, "factors", name)
    if not 2 <= len(set(factors)) <= 6 or len(set(factors)) < len(factors):
        raise UnknownNameError(f"factors={list(factors)} must be two to six different factors.")
    if not 1 <= depth <= 3 or minimum < FEWEST:
        raise UnknownNameError(f"depth={depth} must be 1, 2 or 3, and minimum={minimum} at least {FEWEST}.")


def _read(city: City, indicator: Indicator, factors: list[str], year: int, seed: int) -> Persons:
    """Persons of a year by half and cross; which half is decided by a hash of the person's number."""
    sources = tuple(city.description.factors[name] for name in factors)
    source = city.description.tables[indicator.table]
    keys = engine.Keys((year,), "", sources)
    frame, by = engine.keyed_frame(city, indicator, keys, also=(source.person,))
    frame, _ = engine.with_outcome(frame, indicator)
    frame = frame.filter(nw.col("keep_") & ~nw.col("y_").is_null())
    weight = nw.col(source.weight).cast(nw.Float64) if source.weight else nw.lit(1.0)
    columns = {**by, "person_": nw.col(source.person), "y": nw.col("y_"), "w": weight}
    rows = engine.collect(frame.select(*[made.alias(name) for name, made in columns.items()])).to_pandas()
    if not len(rows):
        raise MrstatsError(f"{indicator.name!r} has no persons in {year}. Ask for a year that the table has.")
    rows = named_groups(rows, keys)
    named = tuple(city.factors[name] for name in factors)
    codes = tuple(factor.codes + [UNKNOWN] * (UNKNOWN not in factor.codes) for factor in named)
    half = (person_hash(rows["person_"].to_numpy(), seed) >> np.uint64(63)).astype(int)
    at = [half, *(pd.Index(code).get_indexer(pd.Index(rows[name])) for name, code in zip(factors, codes, strict=True))]
    shape = (2, *map(len, codes))
    place = np.ravel_multi_index(at, shape)
    w, y = rows["w"].to_numpy(float), rows["y"].to_numpy(float)
    sums = [
        np.bincount(place, v, minlength=math.prod(shape)).reshape(shape) for v in (np.ones(len(w)), w, w * w, w * y)
    ]
    return Persons(np.stack(sums), named, codes)


@dataclass(frozen=True)
class _Search:
    """All combinations, judged on the half that searches."""

    persons: Persons
    sign: float
    minimum: int
    confidence: float

    def known(self, axis: int, among: Groups | None = None, *, but: Groups = ()) -> Groups:
        """Groups of a factor that have a name: all of them or those among some, but for others."""
        codes = enumerate(self.persons.codes[axis])
        return tuple(i for i, code in codes if code != UNKNOWN and (among is None or i in among) and i not in but)

    def options(self, axis: int, among: Groups | None = None) -> list[Groups]:
        """Groups of a factor that may make a step: each, and of an ordered factor each run of neighbours."""
        known = self.known(axis, among)
        if not self.persons.factors[axis].ordered:
            return [(i,) for i in known] if len(known) > 1 else []
        runs = [known[a:b] for a in range(len(known)) for b in range(a + 1, len(known) + 1)]
        return [run for run in runs if len(run) < len(known)]

    def combinations(self, within: Combination, axes: Sequence[int], depth: int) -> Iterator[Combination]:
        """Every combination of one to `depth` further steps."""
        for size in range(1, depth + 1):
            for chosen in itertools.combinations(axes, size):
                for groups in itertools.product(*(self.options(axis, within.get(axis)) for axis in chosen)):
                    yield {**within, **dict(zip(chosen, groups, strict=True))}

    def furthest(
        self, within: Combination, axes: Sequence[int], depth: int, towards: float
    ) -> list[Combination] | None:
        """The steps to the combination furthest behind (towards = sign) or ahead: the limit of its interval decides.

        None where no combination is large enough; each step and what is left beside it must be showable.
        """
        found = list(self.combinations(within, axes, depth))
        if not found:
            return None
        sums = np.stack([self.persons.of(combination) for combination in found])
        large = (sums[:, 0] >= self.minimum).all(axis=1) & self.showable(sums)
        lower, upper, _ = self.interval(sums[:, :, SEARCH])
        limit = np.where(large, towards * (upper if towards > 0 else lower), np.inf)
        for place in np.argsort(limit, kind="stable"):
            if not np.isfinite(limit[place]):
                return None
            if (steps := self.steps(within, found[place], towards)) is not None:
                return steps
        return None

    def looked_at(self, axes: Sequence[int], depth: int) -> int:
        """Combinations that were large enough to be judged."""
        sums = np.stack([self.persons.of(c) for c in self.combinations({}, axes, depth)])
        return int((sums[:, 0] >= self.minimum).all(axis=1).sum())

    def steps(self, within: Combination, to: Combination, towards: float) -> list[Combination] | None:
        """The way to a combination, the step that brings most first, where all beside it can be shown; else None.

        What lies beside a step must be large enough without those who are not known: they are in it, but do not name it.
        """
        new = [axis for axis in to if axis not in within or to[axis] != within[axis]]
        ways = []
        for order in itertools.permutations(new):
            way, here = [], dict(within)
            for axis in order:
                step = {**here, axis: to[axis]}
                beside = {**here, axis: self.known(axis, here.get(axis), but=to[axis])}
                if not self.showable(self.persons.of(beside)[None])[0]:
                    break
                way.append(step)
                here = step
            else:
                ways.append((self.value(self.persons.of(way[0])[:, SEARCH]) * towards, way))
        return min(ways, key=lambda pair: pair[0])[1] if ways else None

    def showable(self, sums: np.ndarray) -> np.ndarray:
        """Enough persons with the outcome and without it in either half of sums (k, 4, 2).

        The half that searches must have twice as many: then it is chance's rare whim that the other has too few, and leaving
        those out does not make a biased choice of what is shown. Nor does the city's figure less the shown one lay bare a few.
        """
        n, w, _, wy = np.moveaxis(sums, 1, 0)
        mean = np.where(n > 0, w / np.where(n > 0, n, 1), 1.0)
        fewest = np.where(np.arange(2) == SEARCH, 2 * FEWEST, FEWEST)
        return ((wy / mean >= fewest) & ((w - wy) / mean >= fewest)).all(axis=1)

    def interval(self, sums: np.ndarray):
        """Wilson's limits and the value of sums (k, 4), weighted persons counting as their effective number."""
        _, w, w2, wy = sums.T
        safe = np.where(w > 0, w, 1.0)
        p, effective = wy / safe, np.where(w2 > 0, safe**2 / np.where(w2 > 0, w2, 1), 1.0)
        p = np.clip(p, 0, 1)
        lower, upper = proportions.wilson_interval(p * effective, effective, confidence=self.confidence)
        return lower, upper, p

    def value(self, sums: np.ndarray) -> float:
        """Share with the outcome of sums (4,)."""
        return float(self.interval(sums[None])[2][0])


@dataclass(frozen=True)
class _Node:
    name: str
    parent: str
    depth: int
    axis: int
    groups: Groups
    inside: Combination
    path: str


def _nodes(search: _Search, worst: list[Combination], depth: int, sign: float) -> list[_Node]:
    """The way to the furthest behind with what is left beside each step, and from the first of these the furthest ahead."""
    axes = range(len(search.persons.codes))
    nodes = [_Node("root", "", 0, -1, (), {}, "")]
    nodes += _way(search, {}, worst, "root", 0, "w", "r", "worst")
    rest = next(node for node in nodes if node.name == "r1")
    best = search.furthest(rest.inside, [a for a in axes if a != rest.axis], depth - 1, -sign) if depth > 1 else None
    if best is not None:
        nodes += _way(search, rest.inside, best, "r1", 1, "b", "s", "best")
        nodes = [node if node.name != "r1" else _Node(**{**vars(node), "path": "best"}) for node in nodes]
    return nodes


def _way(search: _Search, start: Combination, steps, parent: str, depth: int, name: str, beside: str, path: str):
    here, nodes = start, []
    for step in steps:
        depth += 1
        axis = next(axis for axis in step if here.get(axis) != step[axis])
        before = here.get(axis, tuple(range(len(search.persons.codes[axis]))))
        left = tuple(i for i in before if i not in step[axis])
        nodes.append(_Node(f"{name}{depth}", parent, depth, axis, step[axis], step, path))
        nodes.append(_Node(f"{beside}{depth}", parent, depth, axis, left, {**here, axis: left}, ""))
        parent, here = f"{name}{depth}", step
    return nodes


def _table(search: _Search, nodes: list[_Node], indicator: Indicator, year: int, depth: int) -> pd.DataFrame:
    persons = search.persons
    sums = np.stack([persons.of(node.inside) for node in nodes])
    shown = sums[:, :, CONFIRM].copy()
    shown[0] = sums[0].sum(axis=1)  # nothing was chosen there: the city's own figure
    lower, upper, value = search.interval(shown)
    p = _against_others(search, sums[:, :, CONFIRM])
    adjusted = np.concatenate([[np.nan], adjust_p_values(p[1:], method="benjamini_hochberg")])
    whole = sums.sum(axis=2)
    worse = whole[:, 3] if indicator.direction == "adverse" else whole[:, 1] - whole[:, 3]
    expected = np.concatenate([value[:1], _additive(persons, nodes[1:])])  # the root is all persons, not a half
    behind = search.sign * (value - value[0]) < 0
    n = np.round(shown[:, 0])
    table = pd.DataFrame(
        {
            "indicator": indicator.name,
            "year": year,
            "node": [node.name for node in nodes],
            "parent": [node.parent for node in nodes],
            "depth": [node.depth for node in nodes],
            "factor": [persons.factors[node.axis].name if node.parent else "" for node in nodes],
            "group": [_codes(persons, node) for node in nodes],
            "value": 100 * value,
            "lower": 100 * lower,
            "upper": 100 * upper,
            "n": n,
            "population": whole[:, 1],
            "affected": worse,
            "path": [node.path for node in nodes],
            "expected": 100 * expected,
            "p": p,
            "p_adjusted": adjusted,
        }
    )
    right_way = np.select([table["path"] == "best", table["path"] == "worst"], [~behind, behind], True)
    table["confirmed"] = (adjusted < 1 - search.confidence) & right_way
    table["searched"] = search.looked_at(range(len(persons.codes)), depth)
    table["confidence"], table["unit"] = search.confidence, indicator.unit["en"]
    table["status"] = np.where(n < RELIABLE, UNRELIABLE, "")
    return table


def _codes(persons: Persons, node: _Node) -> str:
    """Codes of a node's groups that anybody is in; not known is part of what is left, but no name for it."""
    if not node.parent:
        return ""
    anybody = [persons.of({node.axis: (i,)})[0].sum() > 0 for i in node.groups]
    codes = [persons.codes[node.axis][i] for i, some in zip(node.groups, anybody, strict=True) if some]
    return " ".join(code for code in codes if code != UNKNOWN)


def _against_others(search: _Search, sums: np.ndarray) -> np.ndarray:
    """p of each group's difference from everybody else, among the persons who were not searched."""
    others = sums[0] - sums
    result = np.full(len(sums), np.nan)
    for i in range(1, len(sums)):
        pair = np.stack([sums[i], others[i]])
        if (pair[:, 0] <= 0).any():
            continue
        _, _, share = search.interval(pair)
        n = pair[:, 1] ** 2 / pair[:, 2]
        x = share * n
        low, high = proportions.difference_interval(
            x[:1], n[:1], x[1:], n[1:], method="newcombe", confidence=search.confidence
        )
        result[i] = float(p_value_of_interval([share[0] - share[1]], low, high, confidence=search.confidence)[0])
    return result


def _additive(persons: Persons, nodes: list[_Node]) -> np.ndarray:
    """Each node's share if every factor added its own part and no more: main effects, fitted to the cells."""
    _, w, _, wy = persons.sums[:, CONFIRM]
    shape, weight = w.shape, w.ravel()
    held = weight > 0
    at = np.unravel_index(np.flatnonzero(held), shape)
    dummies = [np.eye(size)[place][:, 1:] for size, place in zip(shape, at, strict=True)]
    design = np.column_stack([np.ones(held.sum()), *dummies])
    root = np.sqrt(weight[held])
    share = wy.ravel()[held] / weight[held]
    effects = np.linalg.lstsq(design * root[:, None], share * root, rcond=None)[0]
    fitted = design @ effects
    result = np.empty(len(nodes))
    for i, node in enumerate(nodes):
        inside = np.ones(held.sum(), bool)
        for axis, groups in node.inside.items():
            inside &= np.isin(at[axis], groups)
        result[i] = np.average(fitted[inside], weights=weight[held][inside]) if inside.any() else np.nan
    return np.clip(result, 0, 1)

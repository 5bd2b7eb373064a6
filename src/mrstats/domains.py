"""The rows of a table as domains of persons, and a register's figures that need every person.

The rows of a table are domains; a person is in one domain of each level of areas and each subset of factors. Persons are
read a year at a time and never kept. Fractions and the indicator's own unit, no per cent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats import engine
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.measures import design_intervals, distribution, influence, proportions
from mrstats.personwise import map_groups, poisson_counts
from mrstats.rollup import Places
from mrstats.schema import TOTAL, UNKNOWN, DatasetError

CHUNK = 16_384
"""Persons whose replicates are drawn at once: bounds memory."""

Deviations = list[tuple[str, np.ndarray]]
"""For each sample its name and an array (columns, rows of a table), whose products are the rows' covariances."""

FIGURES = ("value", "lower", "upper", "se", "df")


@dataclass(frozen=True)
class Axes:
    """The rows of a table: year × areas of every level × groups of every factor, the total of each factor first."""

    years: tuple[int, ...]
    areas: Mapping[str, Places]
    groups: Mapping[str, Sequence[str]]

    @property
    def shape(self) -> tuple[int, ...]:
        """Areas of all levels, then each factor's groups and total."""
        return (sum(len(codes) for codes, _ in self.areas.values()), *(len(g) + 1 for g in self.groups.values()))

    @property
    def size(self) -> int:
        """Rows of a year."""
        return math.prod(self.shape)

    def places(self, persons: pd.DataFrame) -> Iterator[np.ndarray]:
        """For each level and subset of factors, the place (n,) of each person's row among a year's rows.

        `persons` has ``area_`` and a column of group codes per factor.
        """
        codes, base = pd.factorize(persons[engine.AREA])
        groups = {
            name: 1 + pd.Index(list(labels)).get_indexer(pd.Index(persons[name]))
            for name, labels in self.groups.items()
        }
        start = 0
        for areas, inside in self.areas.values():
            at = start + pd.Index(areas).get_indexer(pd.Index([inside[code] for code in base]))[codes]
            start += len(areas)
            for used in itertools.product((False, True), repeat=len(groups)):
                chosen = [group if use else np.zeros_like(at) for use, group in zip(used, groups.values(), strict=True)]
                yield np.ravel_multi_index([at, *chosen], self.shape)

    def rows_of(self, table: pd.DataFrame) -> np.ndarray:
        """Place of every row of a table, counted through years."""
        at = pd.Series(-1, index=table.index)
        start = 0
        for level, (areas, _) in self.areas.items():
            here = table["geography_level"] == level
            at[here] = start + pd.Index(areas).get_indexer(pd.Index(table.loc[here, "geography"]))
            start += len(areas)
        groups = [pd.Index([TOTAL, *labels]).get_indexer(pd.Index(table[n])) for n, labels in self.groups.items()]
        year = pd.Index(self.years).get_indexer(pd.Index(table["year"]))
        return np.ravel_multi_index([year, at.to_numpy(), *groups], (len(self.years), *self.shape))


@dataclass(frozen=True)
class Stacked:
    """The rows of several tables of the same years, one after another within each year, as one table's."""

    parts: Sequence[Axes]

    @property
    def years(self) -> tuple[int, ...]:
        """Of every table."""
        return self.parts[0].years

    @property
    def size(self) -> int:
        """Rows of a year."""
        return sum(axes.size for axes in self.parts)

    def places(self, persons: pd.DataFrame) -> Iterator[np.ndarray]:
        """As `Axes.places`, of every table."""
        start = 0
        for axes in self.parts:
            yield from (start + place for place in axes.places(persons))
            start += axes.size

    def rows_of(self, tables: Sequence[pd.DataFrame]) -> np.ndarray:
        """As `Axes.rows_of`, the tables one after another."""
        found, start = [], 0
        for axes, table in zip(self.parts, tables, strict=True):
            year, place = np.divmod(axes.rows_of(table), axes.size)
            found.append(year * self.size + start + place)
            start += axes.size
        return np.concatenate(found)


@dataclass(frozen=True)
class Made:
    """Figures by place (rows × years), and their deviations by sample: name, places, array (columns, places)."""

    figures: dict[str, np.ndarray]
    deviations: list[tuple[str, np.ndarray, np.ndarray]]

    def at(self, places: np.ndarray, scale: float) -> tuple[dict[str, np.ndarray], Deviations]:
        """Of these places only, in their order, in the table's unit; deviations NaN where a sample knows nothing."""
        figures = {name: values[places] for name, values in self.figures.items()}
        for name in ("value", "lower", "upper", "se"):
            figures[name] = figures[name] * scale
        deviations = []
        for sample, known, values in self.deviations:
            column = pd.Index(known).get_indexer(pd.Index(places))
            picked = values[:, column] * scale
            picked[:, column < 0] = np.nan
            deviations.append((sample, picked))
        return figures, deviations


def options_of(indicator: Indicator, year: int) -> dict[str, Any]:
    """The measure's options in a year: a poverty line may be one a year."""
    options = dict(indicator.options)
    line = options.get("line")
    if isinstance(line, dict):
        if str(year) not in line:
            raise DatasetError(
                f"[indicators.{indicator.name}] options: the line has no year {year}; it has {', '.join(line)}. Add it."
            )
        options["line"] = line[str(year)]
    return options


def register_figures(
    city: City,
    indicator: Indicator,
    keys: engine.Keys,
    axes: Axes | Stacked,
    *,
    confidence: float,
    replicates: int,
    seed: int,
) -> Made:
    """Quantiles, Gini, S80/S20, poverty rates, Atkinson and entropy of every row, with their year-to-year chance.

    Returns
    -------
    Made
        Standard errors are those of the linearised estimate (quantiles: exact ranks); with replicates the deviations
        are Σ (drawn − 1) × influence, of the same draws as every other estimate's.
    """
    frame, by = engine.keyed_frame(city, indicator, keys, also=_person_column(city, indicator, replicates))
    frame, _ = engine.with_outcome(frame, indicator)
    frame = frame.filter(nw.col("keep_") & ~nw.col("y_").is_null())
    columns = {**by, "year_": by["year"], "x": nw.col("y_")}
    if replicates:
        columns["person_"] = nw.col(city.description.tables[indicator.table].person)
    kernel = partial(
        _year_of_register, indicator=indicator, keys=keys, axes=axes, confidence=confidence, draws=(replicates, seed)
    )
    with engine.progress(indicator.name):
        table = map_groups(frame, "year", columns, kernel)
    size = len(axes.years) * axes.size
    place = pd.Index(axes.years).get_indexer(pd.Index(table["year"])) * axes.size + table["place"]
    figures: dict[str, np.ndarray] = {name: np.full(size, np.nan) for name in FIGURES}
    for name in FIGURES:
        figures[name][place] = table[name]
    figures["method"] = np.full(size, METHODS[indicator.measure], object)
    if indicator.measure == "at_risk_of_poverty":
        figures["count"] = np.zeros(size)
        figures["count"][place] = table["count"]
    deviations = []
    if replicates:
        drawn = table[[f"r{i}" for i in range(replicates)]].to_numpy().T
        deviations.append((sample_of(replicates, seed), np.asarray(place), drawn))
    return Made(figures, deviations)


METHODS = {
    "quantile": "woodruff",
    "gini": "linearised t",
    "quintile_share_ratio": "linearised t",
    "at_risk_of_poverty": "wilson",
    "atkinson": "linearised t",
    "generalised_entropy": "linearised t",
}


def sample_of(replicates: int, seed: int) -> str:
    """Name of the draws that all registers of residents share."""
    return f"residents, {replicates} replicates, seed {seed}"


def two_largest(city: City, indicator: Indicator, keys: engine.Keys, axes: Axes) -> np.ndarray:
    """The two largest amounts of any person in each row, shape (rows × years, 2); 0 where there is none. For protection only."""
    frame, by = engine.keyed_frame(city, indicator, keys)
    frame, _ = engine.with_outcome(frame, indicator)
    frame = frame.filter(nw.col("keep_") & ~nw.col("y_").is_null())
    size = axes.size
    table = map_groups(frame, "year", {**by, "x": nw.col("y_")}, partial(_two_largest_of_year, keys=keys, axes=axes))
    result = np.zeros((size * len(axes.years), 2))
    place = pd.Index(axes.years).get_indexer(pd.Index(table["year"])) * size + table["place"]
    result[place] = table[["largest", "second"]]
    return result


def _two_largest_of_year(rows: pd.DataFrame, *, keys, axes: Axes) -> pd.DataFrame:
    order = np.argsort(rows["x"].to_numpy(float), kind="stable")
    x, parts = rows["x"].to_numpy(float)[order], []
    for place in axes.places(named_groups(rows.iloc[order], keys)):
        held, last = np.unique(place[::-1], return_index=True)  # the last of each place is its largest
        last = len(place) - 1 - last
        without = np.delete(np.arange(len(place)), last)
        second = np.zeros(len(held))
        again, at = np.unique(place[without][::-1], return_index=True)
        second[np.searchsorted(held, again)] = x[without[len(without) - 1 - at]]
        parts.append(pd.DataFrame({"place": held, "largest": x[last], "second": second}))
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame({"place": [0], "largest": [0.0], "second": [0.0]}).iloc[:0]
    )


def _person_column(city: City, indicator: Indicator, replicates: int) -> tuple[str, ...]:
    source = city.description.tables[indicator.table]
    if replicates and not source.person:
        raise DatasetError(
            f"replicates of {indicator.name!r} need persons: [tables.{source.name}] must name person = the column of "
            "their number."
        )
    return (source.person,) if replicates else ()


def _year_of_register(
    rows: pd.DataFrame, *, indicator: Indicator, keys, axes: Axes | Stacked, confidence, draws
) -> pd.DataFrame:
    """The kernel: every domain of one year, from its persons."""
    replicates, _ = draws
    names = [f"r{i}" for i in range(replicates)]
    if not len(rows):
        return pd.DataFrame({"place": [0], **{name: [0.0] for name in (*FIGURES, "count", *names)}}).iloc[:0]
    rows = rows.sort_values(["x", *(["person_"] if replicates else [])], kind="stable", ignore_index=True)
    options = options_of(indicator, int(rows["year_"].iloc[0]))
    x, everybody = rows["x"].to_numpy(float), _Everybody.of(indicator, rows["x"].to_numpy(float), options)
    persons = rows["person_"].to_numpy() if replicates else np.zeros(0)
    parts = []
    for place in axes.places(named_groups(rows, keys)):
        order = np.argsort(place, kind="stable")
        held, starts = np.unique(place[order], return_index=True)
        found = []
        scores = np.zeros(len(x))
        outside = np.zeros(len(held))
        for i, members in enumerate(np.split(order, starts[1:])):
            figures, scores[members], outside[i] = _domain(indicator, x, members, everybody, options, confidence)
            found.append(figures)
        part = pd.DataFrame(found, columns=[*FIGURES, "count"])
        part.insert(0, "place", held)
        if replicates:
            made = _drawn(scores, np.searchsorted(held, place), len(held), persons, everybody.scores, outside, draws)
            part = pd.concat([part, pd.DataFrame(made, columns=names)], axis=1)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def named_groups(rows: pd.DataFrame, keys: engine.Keys) -> pd.DataFrame:
    """Rows with group codes in place of the pass's numbers; not filled in is *unknown*."""
    named = {}
    for factor in keys.factors:
        groups = [*engine.groups_of(factor), UNKNOWN]
        named[factor.factor.name] = np.array(groups, object)[rows[factor.factor.name].to_numpy(int)]  # EMPTY is -1
    return rows.assign(**named)


@dataclass(frozen=True)
class _Everybody:
    """What a poverty rate needs of the whole city: the line, and how it moves with each person (0 if it is given)."""

    line: float
    scores: np.ndarray

    @classmethod
    def of(cls, indicator: Indicator, x: np.ndarray, options: dict) -> _Everybody:
        if indicator.measure != "at_risk_of_poverty" or options.get("line") is not None:
            return cls(options.get("line") or np.nan, np.zeros(len(x)))
        share = options.get("share", 0.6)
        line = share * float(distribution.weighted_quantile(x, 0.5))
        return cls(line, share * influence.influence("quantile", x, p=0.5))


def _domain(indicator, x, members, everybody: _Everybody, options, confidence):
    """Figures of one domain, its persons' influence, and how the estimate moves with the poverty line."""
    mine, measure = x[members], indicator.measure
    n, nothing = len(mine), np.zeros(len(mine))
    try:
        if measure == "quantile":
            value, lower, upper, se = (
                float(f) for f in design_intervals.woodruff_interval(mine, options.get("p", 0.5), confidence=confidence)
            )
            scores = influence.influence(measure, mine, **options)
            lower, upper = (end if np.isfinite(end) else np.nan for end in (lower, upper))  # too few for that end
            return [value, lower, upper, se if se > 0 else np.nan, np.inf, n], np.nan_to_num(scores), 0.0
        if measure == "at_risk_of_poverty":
            line = everybody.line
            scores = influence.influence(measure, mine, line=line)
            density = influence.density_at(mine, line) if everybody.scores.any() else 0.0
            return _poverty(mine < line, scores, members, density, everybody.scores, confidence)
        value = influence.MEASURES[measure].estimate(mine, **options)
        scores = influence.influence(measure, mine, **options)
    except ValueError as error:
        raise DatasetError(
            f"[indicators.{indicator.name}] {measure}: {str(error).partition(': ')[2] or error} "
            f"Say which incomes count in denominator, such as `{indicator.numerator} > 0`."
        ) from None
    squares = float(scores @ scores)
    se = np.sqrt(n / (n - 1) * squares) if n > 1 and squares > 0 else np.nan
    half = distribution.t_quantile(n - 1, confidence) * se
    lower, upper = value - half, value + half
    if measure == "gini":
        _, lower, upper = design_intervals.gini_interval(mine, se=se, df=n - 1, confidence=confidence)
    return [value, lower, upper, se, n - 1, n], np.nan_to_num(scores, nan=0.0) if n else nothing, 0.0


def _poverty(poor, scores, members, density, line_scores, confidence):
    """Wilson's interval, with the n that the error of an estimated line leaves."""
    n, count = len(poor), int(poor.sum())
    p = count / n
    size = len(line_scores)
    squares = scores @ scores + 2 * density * (line_scores[members] @ scores) + density**2 * (line_scores @ line_scores)
    singly = p * (1 - p) / n
    variance = max(size / (size - 1) * squares, 0.0) if size > 1 else np.nan
    effective = n * singly / variance if density and variance > 0 and singly > 0 else n
    lower, upper = proportions.wilson_interval(effective * p, effective, confidence=confidence)
    se = proportions.wilson_standard_error(effective * p, effective, confidence=confidence)
    return [p, float(lower), float(upper), float(se), np.inf, count], scores, density


def _drawn(scores, place, size, persons, line_scores, outside, draws) -> np.ndarray:
    """Deviations (domains, replicates): Σ (drawn − 1) × influence, scaled so that their squares add up to the variance."""
    replicates, seed = draws
    result, line = np.zeros((size, replicates)), np.zeros(replicates)
    for start in range(0, len(scores), CHUNK):
        part = slice(start, start + CHUNK)
        more = poisson_counts(persons[part], replicates, seed=seed) - 1.0
        line += line_scores[part] @ more
        order = np.argsort(place[part], kind="stable")
        held, starts = np.unique(place[part][order], return_index=True)
        result[held] += np.add.reduceat((more * scores[part, None])[order], starts, axis=0)
    result += outside[:, None] * line
    return (result - result.mean(axis=1, keepdims=True)) / np.sqrt(replicates - 1)

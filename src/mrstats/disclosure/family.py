"""From a plan's requests to joint problems: one for all indicators that are about the same persons in the same year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import narwhals as nw
import pandas as pd

from mrstats import engine
from mrstats.dataset import City
from mrstats.definitions import Indicator, expressions
from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.joint import Problem, Shape, joint_problem, outcome_dimension
from mrstats.figures import area_column
from mrstats.queries import aggregate
from mrstats.request import Request
from mrstats.schema import CITY, UNKNOWN, UNPLACED, DatasetError

PLACE, OUTCOME = "geography", "outcome"


@dataclass(frozen=True)
class Family:
    """All tables of a plan about the same persons in one year, and the joint problem behind them.

    Parameters
    ----------
    indicators : tuple of str
        They share a table of persons and a denominator, so their numbers of persons are the same figures.
    year : int
    requests : tuple of Request
    problem : Problem
        Dimensions ``geography``, the background factors and ``outcome`` (``employment:yes`` …).
    sensitive : bool
        One of the indicators is.
    """

    indicators: tuple[str, ...]
    year: int
    requests: tuple[Request, ...]
    problem: Problem
    sensitive: bool


def families(city: City, requests: Iterable[Request]) -> list[Family]:
    """The joint problems of a plan, in a fixed order.

    Parameters
    ----------
    city : City
    requests : iterable of Request

    Returns
    -------
    list of Family
        Indicators on ready-made counts are left out: their source has protected them.

    Notes
    -----
    Of families about some of each other's persons (16–84, 20–64) `known.told_by_others` finds which printed numbers of persons
    bound a hidden one too closely. What the strata of a standardised figure tell is not looked into.

    Examples
    --------
    >>> from mrstats import tiny_city
    >>> from mrstats.breakdown import check_request
    >>> city = tiny_city()
    >>> family, = families(city, [check_request(city, "employment", "sex", "area")])
    >>> family.problem.position(geography="A1", sex="women", outcome="employment:yes") > 0
    True
    """
    groups: dict[tuple[str, str, int], list[Request]] = {}
    for request in sorted(set(requests), key=lambda r: r.key):
        for name in request.indicators:
            indicator = city.indicator(name)
            if city.description.tables[indicator.table].grain == "person":
                for year in request.years:
                    members = groups.setdefault((indicator.table, indicator.denominator, year), [])
                    if request not in members:
                        members.append(request)
    return [_family(city, key, members) for key, members in sorted(groups.items())]


def _family(city: City, key: tuple[str, str, int], requests: Sequence[Request]) -> Family:
    table, denominator, year = key
    names = dict.fromkeys(name for request in requests for name in request.indicators)
    indicators = [i for i in map(city.indicator, names) if (i.table, i.denominator) == (table, denominator)]
    factors = sorted({factor for request in requests for factor in request.by})
    levels = sorted({request.geography for request in requests} - {CITY})
    counted = [indicator for indicator in indicators if indicator.measure != "count"]
    cells, bases = _cells(city, indicators[0], counted, factors, levels, year)
    dimensions = [_places(city, cells[PLACE], levels, bases), *(_groups(city, name, cells) for name in factors)]
    if counted:
        dimensions.append(outcome_dimension([indicator.name for indicator in counted], cells[OUTCOME]))
    shapes = [shape for request in requests for shape in _shapes(request, counted, indicators, dimensions)]
    problem = joint_problem(cells, dimensions, shapes, value="n")
    sensitive = any(indicator.sensitive for indicator in indicators)
    return Family(tuple(i.name for i in indicators), year, tuple(requests), problem, sensitive)


def _cells(
    city: City, first: Indicator, counted: list[Indicator], factors: list[str], levels: list[str], year: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Persons by area (of each division needed), factors and outcomes; and which area column each level is made from."""
    column_of = {level: area_column(city, first, level) for level in levels}
    columns = list(dict.fromkeys(column_of.values()))
    read = {column for indicator in counted for column in expressions.column_names(indicator.numerator)}
    also = tuple(sorted(read.union(columns)))
    sources = tuple(city.description.factors[name] for name in factors)
    keys = engine.Keys((year,), columns[0] if columns else "", sources)
    together = replace(first, numerator="true", per="")
    frame, by = engine.keyed_frame(city, together, keys, also=also)
    for column in columns:
        by[f"area {column}"] = engine.keyed_frame(city, together, replace(keys, area_column=column), also=also)[1][
            engine.AREA
        ]
    keep = expressions.to_narwhals(first.denominator, where=f"[indicators.{first.name}] denominator")
    for number, indicator in enumerate(counted):
        frame, _ = engine.with_outcome(frame, replace(indicator, per=""))
        y = nw.col("y_")
        said = (
            nw.when(y.is_null()).then(nw.lit("-")).otherwise(nw.when(y != 0).then(nw.lit("1")).otherwise(nw.lit("0")))
        )
        frame = frame.with_columns(said.alias(f"outcome_{number}"))
        by[f"outcome {number}"] = nw.col(f"outcome_{number}")
    cells = aggregate(frame.with_columns(keep.alias("keep_")).filter(nw.col("keep_")), by, {"n": nw.lit(1)})
    cells = engine.named_keys(cells, keys, frame)
    cells[PLACE] = _joined(cells, [f"area {column}" for column in columns], "|") if columns else UNPLACED
    cells[OUTCOME] = _joined(cells, [f"outcome {k}" for k in range(len(counted))], "")
    return cells, {level: columns.index(column) for level, column in column_of.items()}


def _joined(cells: pd.DataFrame, columns: list[str], between: str) -> pd.Series:
    """Several columns of text as one."""
    rows = cells[columns].astype("str").itertuples(index=False, name=None)
    return pd.Series([between.join(row) for row in rows], index=cells.index, dtype="str")


def _places(city: City, held: pd.Series, levels: list[str], bases: dict[str, int]) -> Dimension:
    """Places of the cells and every level asked for; the areas in which nobody of them lives are left out."""
    atoms = sorted(set(held))
    found: dict[str, dict[str, str]] = {}
    for level in levels:
        codes = [atom.split("|")[bases[level]] for atom in atoms]
        inside = _area_of(city, level, set(codes) - {UNPLACED})
        found[level] = {atom: inside[code] for atom, code in zip(atoms, codes, strict=True)}
    return Dimension(PLACE, tuple(atoms), found)


def _area_of(city: City, level: str, used: set[str]) -> dict[str, str]:
    """The area of a level that each base area lies in; those that cannot be placed stay so."""
    for name in city.geographies:
        if city.geography.nests(name, level) and used <= city.geography.division(name).codes:
            return {**city.geography.between(name, level), UNPLACED: UNPLACED}
    raise DatasetError(f"an area among {sorted(used)[:3]} … lies in no area of level {level!r}. Check its key file.")


def _groups(city: City, name: str, cells: pd.DataFrame) -> Dimension:
    codes = city.factors[name].codes
    extra = [UNKNOWN] if UNKNOWN in set(cells[name]) - set(codes) else []
    return Dimension.flat(name, [*codes, *extra])


def _shapes(
    request: Request, counted: list[Indicator], indicators: list[Indicator], dimensions: list[Dimension]
) -> list[Shape]:
    """The tables a request prints: its cross with all margins, or one table for each factor."""
    outcome = [
        level
        for indicator in counted
        if indicator.name in request.indicators
        for level in dimensions[-1].levels
        if level in (indicator.name, f"{indicator.name}:known")
    ]
    if not outcome and not any(indicator.name in request.indicators for indicator in indicators):
        return []
    place = {} if request.geography == CITY else {PLACE: [request.geography]}
    about = {OUTCOME: outcome} if outcome else {}
    if request.crossed:
        return [{**place, **{factor: [factor] for factor in request.by}, **about}]
    return [{**place, **about}, *({factor: [factor], **about} for factor in request.by)]

"""The central verb: `break_down` turns a dataset into a table of figures with their uncertainty.

Exploring it computes live; recording it also notes the request in the edition's plan; publishing it answers from
the protected release. It knows no rule of protection.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrstats import engine
from mrstats.dataset import City
from mrstats.dataset.release import Release
from mrstats.definitions import Indicator, nearest
from mrstats.estimates import estimate
from mrstats.rollup import roll_up
from mrstats.schema import (
    CITY,
    DESCRIPTION,
    FIGURES,
    IDENTITY,
    TOTAL,
    UNKNOWN,
    UNPLACED,
    DatasetError,
    MrstatsError,
    NotPublishedError,
    UnknownNameError,
)
from mrstats.standardise import replace_figures, standard_population, standardised_figures


@dataclass(frozen=True)
class Request:
    """One call of `break_down`, as the edition's plan records it; equal calls are one request."""

    dataset: str
    indicators: tuple[str, ...]
    by: tuple[str, ...]
    geography: str
    years: tuple[int, ...]
    crossed: bool
    confidence: float
    standardise: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, spec: dict[str, Any]) -> Request:
        """A request from what TOML or JSON made of it: lists become tuples again."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in spec.items()}
        return cls(**values)

    @property
    def key(self) -> str:
        """A short name that depends on nothing but the request; the release's tables are called by it."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:10]
        return f"{'-'.join(self.indicators)[:40]}-{self.geography}-{digest}"


def mode() -> str:
    """How figures are made just now: ``explore``, ``record`` or ``publish`` (environment MRSTATS_MODE)."""
    chosen = os.environ.get("MRSTATS_MODE", "explore")
    if chosen not in ("explore", "record", "publish"):
        raise MrstatsError(f"MRSTATS_MODE={chosen!r} must be explore, record or publish.")
    return chosen


def break_down(
    city: City,
    indicator: str | Sequence[str],
    by: str | Sequence[str] = (),
    geography: str = CITY,
    years: int | Sequence[int] | None = None,
    *,
    standardise: str | Sequence[str] | None = None,
    crossed: bool = True,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Break indicators down by background factors and places.

    Parameters
    ----------
    city : City
        From `open_dataset`.
    indicator : str or list of str
        Names from the dataset's indicators.
    by : str or list of str
        Background factors; all their combinations and all margins (``_T``) are returned.
    geography : str
        A geography level; its areas, residents who cannot be placed (``_U``) and the city are returned.
    years : int or list of int, optional
        Default: the dataset's last year.
    standardise : str or list of str, optional
        Factors to hold equal: proportions and rates become what they would be if every group had the whole city's mix
        of these (directly standardised; counts stay crude). `C` where a group has nobody in a stratum of the city.
    crossed : bool
        False: every factor on its own for the city, and the areas by total only; no combinations.
    confidence : float
        Level of the intervals, as a fraction.

    Returns
    -------
    DataFrame
        One row per cell (columns in docs/vocabulary.md); proportions in per cent. A cell nobody could be in has
        status ``m``; one that rests on little ``u``; one hidden at source ``C``.

    Raises
    ------
    UnknownNameError
        An indicator, factor, level or year the dataset does not have.
    NotPublishedError
        A cross the source does not hold, or (publishing) a request outside the edition's plan.

    Notes
    -----
    How to read a row: `value` lies between `lower` and `upper` as far as chance goes; it rests on `n` persons. The
    interval of a register figure is year-to-year chance: what the same conditions could have given.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", by="sex")
    >>> table[["geography_level", "sex", "value", "n", "count"]].round(1)
      geography_level    sex  value     n  count
    0            city     _T   60.0  80.0   48.0
    1            city  women   55.0  40.0   22.0
    2            city    men   65.0  40.0   26.0
    """
    request = check_request(
        city, indicator, by, geography, years, standardise=standardise, crossed=crossed, confidence=confidence
    )
    if mode() == "publish":
        return Release.from_environment().table(request, dataset=city.key)
    table = compute(city, request)
    if mode() == "record":
        _record(request)
    return table


def check_request(
    city: City,
    indicator,
    by=(),
    geography: str = CITY,
    years=None,
    *,
    standardise=None,
    crossed: bool = True,
    confidence: float = 0.95,
) -> Request:
    """The call as a `Request`, every name checked against the dataset."""
    if not isinstance(city, City):
        raise UnknownNameError(
            f"break_down works on an opened dataset, not on {city!r}. Open it: city = mr.open_dataset(…)."
        )
    names, factors, strata = map(_names, (indicator, by, standardise))
    geography = geography or CITY
    if isinstance(years, str):
        raise UnknownNameError(
            f"years={years!r} is a text; write the number, years={years.strip() or 2024}, or a list of numbers."
        )
    if not names:
        raise UnknownNameError(f"no indicator was named. {city.name} has {', '.join(city.indicators)}.")
    for name in names:
        city.indicator(name)
    if set(strata) & set(factors):
        raise UnknownNameError(
            f"standardise={list(strata)} and by={list(factors)} share a factor; it cannot be held equal and compared."
        )
    for name in (*factors, *strata):
        if name not in city.factors:
            raise UnknownNameError(
                f"by={name!r} is not a background factor of {city.name} ({nearest(name, city.factors)})."
            )
    for name in names:
        _check_published(city, city.indicators[name], (*factors, *strata))
    if geography != CITY and geography not in city.geographies:
        raise UnknownNameError(
            f"geography={geography!r} is not a level of {city.name} ({nearest(geography, [CITY, *city.geographies])})."
        )
    known = city.description.years
    held = {city.description.tables[city.indicators[name].table].years or known for name in names}
    latest = min((years_of[-1:] for years_of in held), default=known[-1:])
    wanted = (int(years),) if isinstance(years, (int, np.integer)) else tuple(int(y) for y in years or latest)
    for year in wanted:
        if known and year not in known:
            raise UnknownNameError(f"years={year} is not in {city.name}, which has {known[0]}–{known[-1]}.")
    return Request(city.name, names, factors, geography, tuple(sorted(set(wanted))), crossed, confidence, strata)


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name or several, each once, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(dict.fromkeys(given or ()))


def compute(city: City, request: Request) -> pd.DataFrame:
    """The unprotected table of a request, straight from the dataset; publishing, a notebook may not ask for it."""
    if mode() == "publish":
        raise NotPublishedError("unprotected figures cannot be made while publishing; ask with mr.break_down.")
    parts = [_one_indicator(city, city.indicators[name], request) for name in request.indicators]
    table = pd.concat(parts, ignore_index=True)
    table.attrs["dataset"] = city.key
    return table


def _check_published(city: City, indicator: Indicator, factors: tuple[str, ...]) -> None:
    """A ready-made table holds only the crosses its publisher made; say which."""
    source = city.description.tables[indicator.table]
    held = [name for name, factor in city.description.factors.items() if indicator.table in factor.tables]
    missing = [name for name in factors if name not in held]
    if missing:
        raise NotPublishedError(
            f"{indicator.name!r} by {', '.join(missing)} is not published: table {source.name!r} holds it by "
            f"{', '.join(held) or 'no background factor'}. Choose among these, or add a table that has the cross."
        )


def _one_indicator(city: City, indicator: Indicator, request: Request) -> pd.DataFrame:
    grain = city.description.tables[indicator.table].grain
    levels = [CITY] if request.geography == CITY else [CITY, request.geography]
    column = area_column(city, indicator, request.geography)
    if request.crossed:
        cells = _cells(city, indicator, request, request.by, column)
        parts = [_figures(city, indicator, cells, request, levels, request.by)]
    else:  # one pass a factor: the finest cross of many factors would be far larger than what is asked for
        parts = []
        every = _cells(city, indicator, request, (), column) if grain == "cell" else None
        for subset in [(), *((factor,) for factor in request.by)]:
            cells = _cells(city, indicator, request, subset, "" if subset else column) if every is None else every
            part = _figures(city, indicator, cells, request, [CITY] if subset else levels, subset)
            parts.append(part[part[subset[0]] != TOTAL] if subset else part)
    return _arrange(pd.concat(parts, ignore_index=True), city, indicator, request)


def _figures(
    city: City, indicator: Indicator, cells: pd.DataFrame, request: Request, levels: list[str], subset: tuple[str, ...]
) -> pd.DataFrame:
    """Margins of cells with their figures, standardised where the request asks for it."""
    strata = list(request.standardise)
    margins = _margins(city, cells, request, levels, (*subset, *strata))
    if not strata:
        return estimate(margins, indicator, confidence=request.confidence)
    keys = ["year", "geography_level", "geography", *request.by]
    within = margins[(margins[strata] != TOTAL).all(axis=1)]
    crude = margins[(margins[strata] == TOTAL).all(axis=1)].drop(columns=strata)
    whole = within[(within["geography_level"] == CITY) & (within[list(request.by)] == TOTAL).all(axis=1)]
    figures = standardised_figures(
        within, keys, strata, standard_population(whole, strata), indicator, confidence=request.confidence
    )
    return replace_figures(estimate(crude, indicator, confidence=request.confidence), figures, keys)


def area_column(city: City, indicator: Indicator, level: str) -> str:
    """The column of the indicator's table that holds areas of `level`, or of the nearest finer level."""
    if level == CITY:
        return ""
    import narwhals as nw

    columns = nw.from_native(city.table(indicator.table)).lazy().collect_schema().names()
    found = [
        (source.column, name)
        for name, source in city.description.levels.items()
        if source.column in columns and source.column and city.geography.nests(name, level)
    ]
    if not found:
        raise NotPublishedError(
            f"{indicator.name!r} has no areas of level {level!r}: table {indicator.table!r} holds "
            f"{', '.join(n for n, s in city.description.levels.items() if s.column in columns) or 'no areas'}."
        )
    return min(found, key=lambda pair: pair[1] != level)[0]


def _cells(city: City, indicator: Indicator, request: Request, by: tuple[str, ...], column: str) -> pd.DataFrame:
    """Finest cells of a request; their areas are of the level in `attrs`, or of none."""
    by = (*by, *request.standardise)
    every = city.description.factors
    if city.description.tables[indicator.table].grain == "cell":
        # all of a published table's factors, to meet its own totals
        by = tuple(name for name, source in every.items() if indicator.table in source.tables)
    sources = tuple(every[name] for name in by)
    cells = engine.indicator_cells(city, indicator, engine.Keys(request.years, column, sources))
    missing = sorted(set(request.years) - set(cells["year"]))
    if missing:
        raise DatasetError(
            f"{indicator.name!r} has no rows for {', '.join(map(str, missing))} in table {indicator.table!r}. "
            "Deliver that year's file, or ask for the years there are."
        )
    if not column:
        return cells
    base = next(
        n
        for n, s in city.description.levels.items()
        if s.column == column and city.geography.nests(n, request.geography)
    )
    strange = sorted(set(cells[engine.AREA].unique()) - city.geography.division(base).codes - {UNPLACED})
    if strange:
        raise DatasetError(
            f"table {indicator.table!r}, column {column!r}: area code {strange[0]!r} is not in [geographies.{base}] "
            f"({len(strange)} such codes). Check the code, or the vintage of the division."
        )
    cells.attrs["level"] = base
    return cells


def _margins(
    city: City, cells: pd.DataFrame, request: Request, levels: list[str], subset: tuple[str, ...]
) -> pd.DataFrame:
    """Cells rolled up to the levels and to all subsets of some factors, every combination present."""
    areas = {}
    for level in levels:
        if level == CITY:
            areas[level] = ([city.municipality], dict.fromkeys(cells[engine.AREA].unique(), city.municipality))
        else:
            inside = {**city.geography.between(cells.attrs["level"], level), UNPLACED: UNPLACED}
            unplaced = [UNPLACED] if (cells[engine.AREA] == UNPLACED).any() else []
            areas[level] = (sorted(city.geography.division(level).codes) + unplaced, inside)
    codes = {
        name: factor.codes + ([UNKNOWN] if UNKNOWN in set(cells[name]) - set(factor.codes) else [])
        for name, factor in city.factors.items()
        if name in cells
    }
    alike = {n for n, same in engine.ALIKE.items() if cells[n].equals(cells[same])}  # added up once
    names = [name for name in (*engine.SUMS, "hidden") if name not in alike]
    rows, sums = roll_up(
        cells,
        cells[names].to_numpy(),
        years=request.years,
        areas=areas,
        groups={name: codes.pop(name) for name in subset},
        collapse=codes,
    )
    rows = rows.astype({name: "str" for name in rows if name != "year"})
    table = rows.assign(**dict(zip(names, sums.T, strict=True)), **{n: TOTAL for n in request.by if n not in subset})
    return engine.with_alike(table)


def _arrange(table: pd.DataFrame, city: City, indicator: Indicator, request: Request) -> pd.DataFrame:
    """Columns and rows in the order everyone expects: city first, areas by code, groups in print order."""
    level = city.geographies.get(request.geography)
    table["indicator"] = indicator.name
    table["vintage"] = np.where(table["geography_level"] == CITY, "", level.vintage if level else "")
    columns = [*IDENTITY, *request.by, *FIGURES, *DESCRIPTION]
    identity = [*IDENTITY, *request.by]
    table["estimate_id"] = [
        hashlib.sha256("|".join(map(str, row)).encode()).hexdigest()[:12]
        for row in table[identity].itertuples(index=False, name=None)
    ]
    ranks = [table["year"], table["geography_level"] != CITY, table["geography"] == UNPLACED, table["geography"]]
    for name in request.by:
        rank = {code: i for i, code in enumerate([TOTAL, *(group.code for group in city.factors[name].groups)])}
        ranks.append(table[name].map(rank))
    return table.iloc[np.lexsort(ranks[::-1])][columns].reset_index(drop=True)


def _record(request: Request) -> None:
    """Add the request to the plan that is being recorded (environment MRSTATS_PLAN)."""
    path = os.environ.get("MRSTATS_PLAN")
    if not path:
        raise MrstatsError(
            "MRSTATS_MODE=record needs MRSTATS_PLAN, the file to record requests in. `mrstats plan EDITION` sets both."
        )
    with Path(path).open("a", encoding="utf-8") as plan:
        plan.write(json.dumps(asdict(request), ensure_ascii=False) + "\n")

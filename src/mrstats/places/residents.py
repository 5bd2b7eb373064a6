"""Residents by area and group, counted by the engine: what the verbs about places rest on. No index, no chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from mrstats import engine
from mrstats.breakdown import check_request
from mrstats.dataset import City
from mrstats.dataset.beside import read_beside
from mrstats.definitions import Indicator
from mrstats.figures import area_column
from mrstats.measures.coarse import FEWEST
from mrstats.polygons import named
from mrstats.schema import CITY, CONFIDENTIAL, UNPLACED, DatasetError, MrstatsError, UnknownNameError


def counted(
    city: City, indicator: str, factors: Sequence[str], level: str, years: Sequence[int]
) -> tuple[pd.DataFrame, list[list[str]]]:
    """Persons of an indicator's denominator by year, area of a level and groups; and each factor's groups in their order.

    Returns
    -------
    DataFrame
        ``year``, ``area`` (``_U`` for those who cannot be placed), a column a factor, ``n`` and ``wy`` (sum of its
        numerator).
    list of list of str
        The codes of each factor that anybody has.

    Raises
    ------
    UnknownNameError, NotPublishedError
        A name that the dataset does not have, or a table without such areas.
    MrstatsError
        A sample, or counts that the source hides.
    """
    request = check_request(city, indicator, list(factors), level, list(years))
    if level == CITY:
        raise UnknownNameError(
            f"geography={level!r} is one area; ask for a level of areas: {', '.join(city.geographies)}."
        )
    asked = city.indicator(indicator)
    source = city.description.tables[asked.table]
    if source.weight:
        raise MrstatsError(
            f"{indicator!r} is from {source.name!r}, a sample with weights; how people are spread needs everybody. "
            "Use an indicator of a register."
        )
    column = area_column(city, asked, level)
    keys = engine.Keys(request.years, column, tuple(city.description.factors[name] for name in factors))
    cells = engine.indicator_cells(city, asked, keys)
    if cells["hidden"].any():
        raise MrstatsError(
            f"{indicator!r}: table {source.name!r} hides {int(cells['hidden'].sum())} counts, so an index over its areas would "
            "be wrong. Use a table without hidden counts, or larger areas."
        )
    base = next(n for n, s in city.description.levels.items() if s.column == column and city.geography.nests(n, level))
    upward = {**city.geography.between(base, level), UNPLACED: UNPLACED}
    area = cells[engine.AREA].astype(str)
    if strange := sorted(set(area) - set(upward)):
        raise MrstatsError(
            f"column {column!r}: area code {strange[0]!r} is not in [geographies.{base}]. Check the code."
        )
    cells = cells.assign(area=area.map(upward))
    rows = cells.groupby(["year", "area", *factors], observed=True)[["n", "wy"]].sum().reset_index()
    codes = []
    for name in factors:
        rows[name] = rows[name].astype(str)
        held = set(rows.loc[rows["n"] > 0, name])
        order = [code for code in city.factors[name].codes if code in held]
        codes.append(order + sorted(held - set(order)))
    return rows, codes


def matrix(
    rows: pd.DataFrame, areas: Sequence[str], factor: str, groups: Sequence[str], column: str = "n"
) -> np.ndarray:
    """A sum (areas, groups) of rows of one year, 0 where there is none."""
    wide = rows.pivot_table(index="area", columns=factor, values=column, aggfunc="sum", observed=True)
    return wide.reindex(index=list(areas), columns=list(groups)).fillna(0.0).to_numpy(float)


def at_points(
    city: City, points: pd.DataFrame, indicator: Indicator, factors: Sequence[str], year: int
) -> pd.DataFrame:
    """The engine's cells of an indicator by which of some `living_points` people live at: ``point``, a column a factor, and the sums.

    Raises
    ------
    DatasetError
        dataset.toml names no points, or not the column of this indicator's table that holds them; or persons live at a point
        that its file does not have.
    """
    spec = city.description.beside.get("points", {})
    source = city.description.tables[indicator.table]
    if spec.get("table") != source.name or not spec.get("column"):
        raise DatasetError(
            f"where the residents of {indicator.name!r} live is not known to the point: [points] in dataset.toml must name "
            f"table = {source.name!r} and column, the column of their point."
        )
    keys = engine.Keys((year,), spec["column"], tuple(city.description.factors[name] for name in factors))
    cells = engine.indicator_cells(city, indicator, keys)
    if not len(cells):
        raise DatasetError(
            f"{indicator.name!r} has no rows for {year}. Deliver that year's file, or ask for another year."
        )
    cells = cells.assign(point=cells[engine.AREA].astype(str)).drop(columns=engine.AREA)
    check_points(cells["point"], points.index)
    return cells


def living_points(city: City) -> pd.DataFrame:
    """The points where people live: ``point`` (text), ``x``, ``y``, and a column a level of areas that they name."""
    points = read_beside(city, "points")
    return points.assign(point=points["point"].astype(str)).set_index("point", drop=False)


def check_points(held: Iterable[str], known: Iterable[str]) -> None:
    """A DatasetError where persons live at a point that [points] does not have: they would be in no figure."""
    if strange := set(held) - set(known) - {UNPLACED}:
        raise DatasetError(
            f"persons live at points that [points] does not have: {named(sorted(strange))}. Deliver both anew."
        )


def hide_beside(table: pd.DataFrame, whole: Sequence[str], parts: Sequence[str] = ("n",)) -> None:
    """Hide more of the rows that make up a whole, where the whole would tell the hidden ones.

    A row that is hidden alone takes the smallest other with it. Where a hidden row has a few of a part, others that have some
    of it go too, the fewest first, until it is `FEWEST` together; if all of them are fewer, so is the whole, which is hidden.
    """
    for _, rows in table.groupby(list(whole), sort=False):
        hidden = (rows["status"] == CONFIDENTIAL).to_numpy(copy=True)
        for count in rows[list(parts)].to_numpy(float).T:
            for place in np.argsort(count, kind="stable"):
                few = (hidden & (count > 0) & (count < FEWEST)).any() and count[hidden].sum() < FEWEST
                if hidden.sum() != 1 and not few:
                    break
                hidden[place] |= count[place] > 0
        table.loc[rows.index[hidden], "status"] = CONFIDENTIAL

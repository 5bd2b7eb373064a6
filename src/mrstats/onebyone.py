"""Figures of many factors, each on its own, at several levels: counted once a factor, made all at once. No cross."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.domains import Stacked
from mrstats.estimates import estimate
from mrstats.figures import TableMaker, area_column, whole_city
from mrstats.passes import Passes
from mrstats.request import Request
from mrstats.schema import CITY


def figures_one_by_one(
    city: City, indicator: Indicator, request: Request, levels: Sequence[str], passes: Passes
) -> pd.DataFrame:
    """The figures of a request's factors, each on its own, in the areas of several levels: enough to tell what is known.

    Returns
    -------
    DataFrame
        As `indicator_table`, with ``factor`` and ``group`` for a column per factor and without ``estimate_id``.
    """
    divisions: dict[tuple[str, str], list[str]] = {}  # levels that are added up from the same areas
    for level in [level for level in levels if level != CITY] or [CITY]:
        vintage = city.geographies[level].vintage if level != CITY else ""
        divisions.setdefault((area_column(city, indicator, level), vintage), []).append(level)
    tables: list[pd.DataFrame] = []
    for (column, _), within in divisions.items():
        maker = TableMaker(city, indicator, replace(request, by=(), geography=within[0]), None, passes)
        every = [maker.cells((factor,), column) for factor in request.by]
        held = list(dict.fromkeys((CITY, *within)))
        axes = [maker.axes(cells, held, (factor,)) for cells, factor in zip(every, request.by, strict=True)]
        parts = [maker.margins(*row) for row in zip(every, axes, ((factor,) for factor in request.by), strict=True)]
        made, _ = maker.made(Stacked(axes), parts, request.by, column)
        named = [part.rename(columns={f: "group"}).assign(factor=f) for f, part in zip(request.by, parts, strict=True)]
        rows = pd.concat(named, ignore_index=True)
        whole = whole_city(rows, ("group",))
        table = estimate(rows, indicator, confidence=request.confidence, kind=maker.kind, whole=whole, figures=made)
        asked = {*within, *({CITY} & {*levels} if not tables else ())}
        tables.append(table[table["geography_level"].isin(asked)])
    return pd.concat(tables, ignore_index=True).assign(indicator=indicator.name)

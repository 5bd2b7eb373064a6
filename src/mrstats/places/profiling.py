"""The table of `mrstats.area_profile`: one area drawn on the map, what it lies in, and the city."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.dataset.beside import read_beside
from mrstats.dataset.distances import reach_name
from mrstats.definitions import Indicator
from mrstats.engine import PER_SUMS, SUMS
from mrstats.estimates import estimate
from mrstats.measures.coarse import FEWEST, coarse_share, to_nearest_ten
from mrstats.measures.contrasts import mover_difference
from mrstats.measures.nearest import is_near, nearest_distance
from mrstats.places.residents import at_points, hide_beside, living_points
from mrstats.schema import CITY, CONFIDENTIAL, PERSON_MEASURES, TOTAL, MrstatsError

PLAN_AREA = "plan_area"
SHOWN = ["value", "lower", "upper", "se", "n", "population", "difference", "difference_lower", "difference_upper"]
TOLD = ["value", "lower", "upper", "se", "difference", "difference_lower", "difference_upper"]
COLUMNS = [
    "indicator", "year", "geography_level", "geography", "factor", "group", *SHOWN, "measure", "method", "confidence",
    "unit", "status",
]  # fmt: skip
LEVELS_OF = ("proportion", "rate", "mean")
"""Measures whose difference from the city's has a meaning."""


@dataclass(frozen=True)
class Place:
    """One place of a profile: which points lie in it, and the areas of the finest level that are mostly in it."""

    level: str
    code: str
    points: pd.Series
    covered: frozenset[str]


def profile_table(
    city: City,
    *,
    polygon: str,
    indicators: Sequence[str],
    by: Sequence[str],
    beside: str,
    reach: float,
    year: int,
    confidence: float,
) -> pd.DataFrame:
    """The table that `mrstats.area_profile` returns; arguments as there, the polygon as WKT."""
    points = living_points(city)
    fine = _finest(city, points)
    inside = _inside(points, polygon)
    parts: list[pd.DataFrame] = []
    for name in indicators:
        asked = city.indicator(name)
        if asked.measure in PERSON_MEASURES or asked.measure == "share":
            raise MrstatsError(
                f"{name!r} is a {asked.measure}, which sums at points do not give. Leave it out of the profile."
            )
        for factor in [None, *by]:
            cells = at_points(city, points, asked, [factor] if factor else [], year)
            places = _places(city, points, inside, cells, fine, beside)
            parts += _rows(asked, cells, places, points[fine], factor, confidence)
    residents = city.indicator("population") if "population" in city.indicators else city.indicator(indicators[0])
    if "services" in city.description.beside:
        cells = at_points(city, points, residents, [], year)
        places = _places(city, points, inside, cells, fine, beside)
        for near, reached in _reached(city, residents, cells, points, reach):
            parts += _rows(near, reached, places, points[fine], None, confidence, secret=False)
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(year=year, confidence=confidence)[COLUMNS]
    hide_beside(table, ["indicator", "factor", "geography"])
    hidden = table["status"] == CONFIDENTIAL
    table.loc[hidden, SHOWN] = np.nan
    counts = table["measure"] == "count"
    table.loc[counts, ["value", "lower", "upper"]] = to_nearest_ten(table.loc[counts, ["value", "lower", "upper"]])
    return table.assign(n=to_nearest_ten(table["n"]), population=to_nearest_ten(table["population"]))


def _finest(city: City, points: pd.DataFrame) -> str:
    """The level of areas that points name and the others are made of."""
    named = [name for name in city.geographies if name in points]
    if not named:
        raise MrstatsError(
            f"[points] names no area of {', '.join(city.geographies)} for its points. Give the file a column of area codes."
        )
    return named[0]


def _inside(points: pd.DataFrame, polygon: str) -> pd.Series:
    import shapely

    shape = shapely.from_wkt(polygon)
    shapely.prepare(shape)
    inside = pd.Series(shapely.contains_xy(shape, points["x"], points["y"]), index=points.index)
    if not inside.any():
        west, south, east, north = (round(edge) for edge in shape.bounds)
        raise MrstatsError(
            f"nobody lives in the polygon (x {west}–{east}, y {south}–{north}): it lies outside the city (x "
            f"{round(points['x'].min())}–{round(points['x'].max())}, y {round(points['y'].min())}–{round(points['y'].max())}) "
            "or where there are no homes. Give it in EPSG:3006 (SWEREF 99 TM), and look at it on a map."
        )
    return inside


def _places(city: City, points, inside, cells, fine: str, beside: str) -> list[Place]:
    """The drawn area, the areas of another level that it touches, and the city."""
    persons = cells.groupby("point")["n"].sum().reindex(points.index).fillna(0.0)
    whole = persons.groupby(points[fine]).sum()
    part = persons.where(inside, 0.0).groupby(points[fine]).sum()
    covered = frozenset(whole.index[part > whole / 2])
    upper = points[fine].map(city.geography.between(fine, beside))
    touched = sorted(set(upper[inside]))
    everywhere = pd.Series(True, index=points.index)
    return [
        Place(PLAN_AREA, PLAN_AREA, inside, covered),
        *(Place(beside, code, upper == code, frozenset(points.loc[upper == code, fine])) for code in touched),
        Place(CITY, city.municipality, everywhere, frozenset(points[fine])),
    ]


def _rows(
    indicator: Indicator,
    cells,
    places: list[Place],
    areas: pd.Series,
    factor: str | None,
    confidence: float,
    secret=True,
) -> Iterator[pd.DataFrame]:
    """Figures of each place, group by group, and their difference from the city's."""
    sums = [name for name in (*SUMS, *PER_SUMS) if name in cells]
    groups = (
        [("", TOTAL, cells)]
        if factor is None
        else [(factor, code, part) for code, part in cells.groupby(factor, observed=True)]
    )
    for used, code, part in groups:
        at = part.groupby("point", observed=True)[[*sums, "hidden"]].sum()
        everybody = at.sum()  # those who cannot be placed are in the city's figures
        inside = [at[place.points.reindex(at.index, fill_value=False).to_numpy(bool)].sum() for place in places[:-1]]
        inside.append(everybody)
        year = int(cells["year"].iloc[0])
        here = _coarse(pd.DataFrame(inside), indicator)
        others = _less(here.iloc[-1], here, indicator)
        made, rest = (estimate(frame.assign(year=year), indicator, confidence=confidence) for frame in (here, others))
        made = made.assign(**_differences(made, rest, indicator))
        if not _counts(indicator):  # the digits of a mean of whole numbers would tell of how many it is
            made[TOLD] = made[TOLD].round(indicator.decimals)
        told = [
            _told(at, place, places[0], areas, secret and _counts(indicator), indicator.measure) for place in places
        ]
        yield made.assign(
            indicator=indicator.name,
            geography_level=[place.level for place in places],
            geography=[place.code for place in places],
            factor=used,
            group=code,
            status=[given if shown else CONFIDENTIAL for given, shown in zip(made["status"], told, strict=True)],
        )


def _coarse(sums: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Sums of places as they are told, so that figures made of them tell no more: persons and events to tens, shares in steps."""
    if not (_counts(indicator) or indicator.measure == "count"):
        return sums
    n, y = (sums[name].to_numpy(float) for name in ("n", "wy"))
    tens = np.where(n > 0, np.maximum(to_nearest_ten(n), FEWEST), 0.0)
    shares = np.where(n > 0, coarse_share(y, n) * tens / 100, 0.0)
    told = shares if indicator.measure == "proportion" else to_nearest_ten(y)
    return sums.assign(
        **dict.fromkeys(("n", "w", "w2"), tens), **dict.fromkeys(("wy", "wy2", "w2y", "w2y2", "users"), told)
    )


def _less(city: pd.Series, here: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Sums of the rest of the city; coarse ones need not add up, but nobody is less than nobody, or more than all."""
    rest = city - here
    if _counts(indicator):
        rest = rest.clip(lower=0.0)
    return rest.assign(wy=rest[["wy", "n"]].min(axis=1)) if indicator.measure == "proportion" else rest


def _differences(made: pd.DataFrame, rest: pd.DataFrame, indicator: Indicator) -> dict[str, Any]:
    """Place less city: the part of the city that lies elsewhere, times how the place differs from that part."""
    if indicator.measure not in LEVELS_OF or indicator.per:
        return dict.fromkeys(("difference", "difference_lower", "difference_upper"), np.nan)
    here, there = (frame[["value", "lower", "upper"]].to_numpy(float).T for frame in (made, rest))
    size = made["w"].to_numpy(float)
    elsewhere = np.where(size < size[-1], 1 - size / max(size[-1], 1e-300), np.nan)
    lower, upper = mover_difference(*here, *there)
    difference = elsewhere * (here[0] - there[0])
    return {"difference": difference, "difference_lower": elsewhere * lower, "difference_upper": elsewhere * upper}


def _told(at: pd.DataFrame, place: Place, drawn: Place, areas: pd.Series, yes_no: bool, measure: str) -> bool:
    """Whether a figure may leave the walls: enough persons on each side, and none to be had by subtraction.

    What is drawn is held against the areas it mostly covers: the residents of one but not of the other must be nobody, or
    enough; and small counts of areas inside must be none, or of several areas that together have enough. Where a home lies
    is no secret (`yes_no` false): of those near a service only the residents must be enough.
    """
    mine = place.points.reindex(at.index, fill_value=False).to_numpy(bool)
    if not _enough(at[mine], yes_no, measure):
        return False
    if place.level != PLAN_AREA:
        return True
    area = areas.reindex(at.index)
    covered = area.isin(drawn.covered).to_numpy(bool)
    slivers = (at[mine & ~covered], at[~mine & covered])
    if not all(part["n"].sum() == 0 or _enough(part, yes_no, measure) for part in slivers):
        return False
    count = at[covered].groupby(area[covered])["wy" if yes_no else "n"].sum()
    few = count[(count > 0) & (count < FEWEST)]
    return not len(few) or (len(few) > 1 and few.sum() >= FEWEST)


def _counts(indicator: Indicator) -> bool:
    return indicator.measure in ("proportion", "rate") and not indicator.per


def _enough(part: pd.DataFrame, yes_no: bool, measure: str) -> bool:
    """At least ten persons; of a yes and no ten of each, of an amount ten who have any of it."""
    n, yes, users = (float(part[name].sum()) for name in ("n", "wy", "users"))
    sides = (yes, n - yes) if yes_no and measure == "proportion" else (yes,) if yes_no else ()
    having = (users,) if measure in ("mean", "total", "ratio") else ()
    return min((n, *sides, *having)) >= FEWEST


def _reached(city: City, residents: Indicator, cells: pd.DataFrame, points: pd.DataFrame, reach: float) -> Iterator:
    """For each kind of service, who lives within reach of one, as an indicator and its cells."""
    services = read_beside(city, "services")
    for kind, some in services.groupby("kind"):
        near = pd.Series(is_near(nearest_distance(points[["x", "y"]], some[["x", "y"]]), reach), index=points.index)
        reached = near.reindex(cells["point"]).fillna(False).to_numpy(bool)
        y = np.where(reached, cells["w"], 0.0)
        placed = cells["point"].isin(points.index).to_numpy()
        made = cells.assign(wy=y, wy2=y, w2y=y, w2y2=y, users=y)[placed]
        yield (
            replace(
                residents,
                name=reach_name(str(kind), reach),
                measure="proportion",
                unit={"sv": "procent", "en": "per cent"},
            ),
            made,
        )

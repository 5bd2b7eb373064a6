"""Polygons of a division: what is wrong with them, and how much of each area lies in each area of another division.

Frames in, frames out, in metres (EPSG:3006); it opens no file and mends no ring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mrstats.schema import DatasetError

if TYPE_CHECKING:
    import geopandas as gpd

SWEREF_99_TM = 3006

EASTMOST = 2e6
"""No place in Sweden is so far east, and none so far south, in SWEREF 99 TM."""

LEAST = 1000.0
"""Square metres: an overlap or a gap smaller than this is two drawings of one border."""

SLIVER = 0.01
"""Share of an area: a smaller piece in a neighbour is two publishers' drawings of one border."""

NAMED = 5
"""So many areas of one kind are named; the rest is counted."""


def in_metres(frame: gpd.GeoDataFrame, what: str) -> gpd.GeoDataFrame:
    """The same polygons or points in SWEREF 99 TM; a DatasetError where nobody says in which system they are.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import Point
    >>> malmo = gpd.GeoDataFrame(geometry=[Point(13.0, 55.6)], crs=4326)
    >>> in_metres(malmo, "points").crs.to_epsg()
    3006
    """
    if getattr(frame, "crs", None) is None:
        raise DatasetError(f"{what} have no coordinate system. Export them again as SWEREF 99 TM (EPSG:3006).")
    bounds = frame.total_bounds
    if frame.crs.is_geographic and len(frame) and (np.abs(bounds) > 360).any():
        raise DatasetError(
            f"{what} say they are in degrees ({frame.crs.name}) but reach {bounds.max():.0f}. "
            "Give them the coordinate system they were drawn in."
        )
    if frame.crs.to_epsg() == SWEREF_99_TM and bounds[0] > EASTMOST and bounds[1] < EASTMOST:
        raise DatasetError(
            f"{what} have their coordinates north before east. Ask for them as GeoJSON, or turn them round."
        )
    return frame if frame.crs.to_epsg() == SWEREF_99_TM else frame.to_crs(SWEREF_99_TM)


def polygon_problems(frame: gpd.GeoDataFrame, *, filled: gpd.GeoDataFrame | None = None) -> list[str]:
    """What is wrong with the polygons of a division, one sentence for each kind, with the codes.

    Parameters
    ----------
    frame : GeoDataFrame
        Columns ``code`` and ``geometry``.
    filled : GeoDataFrame, optional
        What may lie in a gap between areas: water.

    Returns
    -------
    list of str
        Empty where all is well.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> squares = gpd.GeoDataFrame({"code": ["A", "B"]}, geometry=[box(0, 0, 100, 100), box(50, 0, 150, 100)], crs=3006)
    >>> polygon_problems(squares)
    ["polygons overlap: 'A' and 'B' (5000 m²). Draw the border between them once."]
    """
    import shapely

    codes, shapes = frame["code"].astype(str).to_numpy(), frame.geometry.to_numpy()
    found = []
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        found.append(f"areas without a polygon: {named(codes[empty])}. Draw them, or take the rows out.")
    invalid = ~empty & ~shapely.is_valid(shapes)
    if invalid.any():
        why = [
            f"{code!r} ({shapely.is_valid_reason(shape)})"
            for code, shape in zip(codes[invalid], shapes[invalid], strict=True)
        ]
        found.append(f"polygons with invalid rings: {listed(why)}. Mend them where they are drawn (make valid).")
    twice = pd.Series(codes)[pd.Series(codes).duplicated()].unique()
    if len(twice):
        found.append(f"areas with several polygons: {named(twice)}. Dissolve them by code.")
    sound = ~empty & ~invalid
    codes, shapes = codes[sound], shapes[sound]
    left, right, shared = overlapping(shapes)
    if len(left):
        pairs = [f"{codes[i]!r} and {codes[j]!r} ({a:.0f} m²)" for i, j, a in zip(left, right, shared, strict=True)]
        found.append(f"polygons overlap: {listed(pairs)}. Draw the border between them once.")
    gaps = _gaps(shapes, filled)
    if len(gaps):
        beside = [
            f"{shapely.area(gap):.0f} m² between {named(codes[shapely.dwithin(shapes, gap, 1.0)])}" for gap in gaps
        ]
        found.append(f"gaps between areas: {listed(beside)}. Close them, or say in [water] what they are.")
    return found


def named(codes) -> str:
    """The first codes, and how many more.

    Examples
    --------
    >>> named(["A", "B"])
    "'A', 'B'"
    """
    return listed([repr(str(code)) for code in codes])


def listed(texts: list[str]) -> str:
    """The first texts, and how many more."""
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more


def overlapping(shapes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of polygons that share ground, each pair once, with the square metres shared."""
    import shapely

    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = left < right
    left, right = left[once], right[once]
    shared = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    enough = shared >= LEAST
    return left[enough], right[enough], shared[enough]


def _gaps(shapes, filled) -> np.ndarray:
    """Holes in what the areas cover together, but for what fills them."""
    import shapely

    whole = shapely.get_parts(shapely.union_all(shapes))
    rings = [ring for part in whole for ring in part.interiors]
    gaps = shapely.polygons(rings) if rings else np.array([], dtype=object)
    if filled is not None and len(gaps):
        gaps = shapely.difference(gaps, shapely.union_all(filled.geometry.to_numpy()))
    return gaps[shapely.area(gaps) >= LEAST] if len(gaps) else gaps


def overlaps(
    source: gpd.GeoDataFrame, target: gpd.GeoDataFrame, *, land: gpd.GeoDataFrame | None = None
) -> pd.DataFrame:
    """How many square metres of each source area lie in each target area, and outside all of them.

    Parameters
    ----------
    source, target : GeoDataFrame
        Columns ``code`` and ``geometry``, any coordinate system; polygons without problems.
    land : GeoDataFrame, optional
        Where people can live; the rest of every polygon is left out.

    Returns
    -------
    DataFrame
        Columns ``source``, ``target`` (missing for what lies outside), ``amount``; only pieces that have any.

    Raises
    ------
    DatasetError
        No coordinate system, an invalid ring, or target areas that overlap (people would be counted in both).
    """
    import shapely

    source, target = in_metres(source, "source polygons"), in_metres(target, "target polygons")
    for frame, what in ((source, "source"), (target, "target")):
        wrong = ~shapely.is_valid(frame.geometry.to_numpy())
        if wrong.any():
            raise DatasetError(
                f"{what} polygons with invalid rings: {named(frame['code'][wrong])}. Mend them where they are drawn."
            )
    of, into = source.geometry.to_numpy(), target.geometry.to_numpy()
    i, j = shapely.STRtree(into).query(of, predicate="intersects")
    pieces = shapely.intersection(of[i], into[j])
    if land is None:
        inside, whole = shapely.area(pieces), shapely.area(of)
    else:
        ground = in_metres(land, "land polygons").geometry.to_numpy()
        if len(overlapping(ground)[0]):  # else each piece of land is counted once as it is, which is much faster
            ground = shapely.get_parts(shapely.union_all(ground))
        inside, whole = _area_within(pieces, ground), _area_within(of, ground)
    outside = whole - np.bincount(i, inside, minlength=len(of))
    double = outside < -SLIVER * whole
    if double.any():
        raise DatasetError(
            f"target polygons overlap within {named(source['code'][double])}: its people would be counted twice. "
            "Draw the borders between the target areas once."
        )
    of_codes, into_codes = source["code"].to_numpy(object), target["code"].to_numpy(object)
    found = pd.DataFrame(
        {
            "source": np.concatenate([of_codes[i], of_codes]),
            "target": np.concatenate([into_codes[j], np.full(len(of), None)]),
            "amount": np.concatenate([inside, outside]),
        }
    )
    return found[found["amount"] > 0].reset_index(drop=True)


def _area_within(shapes: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Square metres of each shape that lie on parts that do not overlap."""
    import shapely

    i, k = shapely.STRtree(ground).query(shapes, predicate="intersects")
    return np.bincount(i, shapely.area(shapely.intersection(shapes[i], ground[k])), minlength=len(shapes))

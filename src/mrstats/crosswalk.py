"""How much of each area of one division lies in each area of another, and how that is known. No counts, no files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mrstats.geography import Division
from mrstats.polygons import SLIVER, SWEREF_99_TM, in_metres, listed, named, overlaps
from mrstats.schema import UNPLACED, DatasetError
from mrstats.vintages import linked_exactly

if TYPE_CHECKING:
    import geopandas as gpd

METHODS = ("key", "union", "points", "land", "area")
"""From the surest: a key says which area it lies in; its polygon lies in one area; by where people live; by ground that
people can live on; by ground. Where an area's middle lies is no method: it put 18 per cent of Stockholm in a wrong area."""

ESTIMATED = ("points", "land", "area")
"""Methods that split an area, so that its figures in the other division are estimates."""

EDGE = 0.05
"""Share of a source area outside all target areas that is taken for two drawings of the city's border."""

COLUMNS = ["source", "target", "share", "method"]


@dataclass(frozen=True, eq=False)
class Crosswalk:
    """The way from one division to another.

    `pairs` has ``source, target, share, method``; the shares of a source area add up to 1, and `_U` stays `_U`.
    `slivers` has the pieces under one per cent that were dropped; `finer` the target areas that are parts of one source
    area; `notes` says in sentences what was done.
    """

    source: Division
    target: Division
    pairs: pd.DataFrame
    slivers: pd.DataFrame
    finer: tuple[str, ...]
    notes: tuple[str, ...]


def build_crosswalk(
    source: Division,
    target: Division,
    *,
    weights: pd.DataFrame | None = None,
    land: gpd.GeoDataFrame | None = None,
) -> Crosswalk:
    """Find the way from one division to another, area by area by the surest method there is.

    Parameters
    ----------
    source, target : Division
    weights : DataFrame, optional
        Population points: ``weight`` and the codes in columns named as the two levels, or else a geometry (GeoDataFrame)
        or ``x`` and ``y`` in EPSG:3006.
    land : GeoDataFrame, optional
        Where people can live. DeSO reach into the sea.

    Returns
    -------
    Crosswalk

    Raises
    ------
    DatasetError
        Nothing says where some areas lie; the message names them and what would help.

    Notes
    -----
    The order is exact key, nested union, population points, land, ground. Pieces under 1 per cent of an area are two
    drawings of one border and are dropped; so is what lies outside all target areas while it is under 5 per cent. More
    than that goes to `_U`: it is not in the division.

    Examples
    --------
    >>> from mrstats import tiny_city
    >>> geography = tiny_city().geography
    >>> build_crosswalk(geography.division("area"), geography.division("district")).pairs.head(2)
      source target  share method
    0     A1     D1    1.0    key
    1     A2     D1    1.0    key
    """
    keys = _keys(source, target)
    pieces = pd.DataFrame({"source": list(keys), "target": list(keys.values()), "amount": 1.0, "method": "key"})
    rest = sorted(source.codes - set(keys))
    if rest:
        measured = _best(_by_points(source, target, weights), _by_ground(source, target, land), rest)
        if lost := sorted(set(rest) - set(measured["source"])):
            raise DatasetError(
                f"nothing says where {named(lost)} of {source} lie in {target}. Give both levels polygons, "
                "population points (weights=), or a key (parent) between them."
            )
        pieces = pd.concat([pieces, measured], ignore_index=True)
    pairs, slivers, notes = _settled(pieces)
    if (pairs["target"] == UNPLACED).all():
        raise DatasetError(
            f"no area of {source} lies in any of {target}. Are both of one city, in the right coordinates?"
        )
    unplaced = pd.DataFrame([(UNPLACED, UNPLACED, 1.0, "key")], columns=COLUMNS)
    pairs = pd.concat([pairs.sort_values(["source", "target"]), unplaced], ignore_index=True)
    return Crosswalk(source, target, pairs, slivers, _finer(pairs), tuple(notes))


def _keys(source: Division, target: Division) -> dict[str, str]:
    """Source areas whose target area a key tells: the same division, a coarser level, or the log of a later vintage."""
    if (source.system, source.vintage) == (target.system, target.vintage):
        return {code: code for code in source.codes & target.codes}
    if target.level.name in source.parents:
        return {code: area for code, area in source.parents[target.level.name].items() if area in target.codes}
    for links, onward in ((target.links, True), (source.links, False)):
        here, there = ("old", "new") if onward else ("new", "old")
        if links is not None and set(links[here]) == source.codes and set(links[there]) == target.codes:
            return linked_exactly(links, onward=onward)
    return {}


def _by_ground(source: Division, target: Division, land) -> pd.DataFrame | None:
    if source.polygons is None or target.polygons is None:
        return None
    return overlaps(source.polygons, target.polygons, land=land).assign(method="area" if land is None else "land")


def _by_points(source: Division, target: Division, weights) -> pd.DataFrame | None:
    """Weight of the points of each source area in each target area; a missing target is outside all."""
    if weights is None:
        return None
    if "weight" not in weights:
        raise DatasetError(f"weights has no column 'weight'; it has {', '.join(map(str, weights.columns))}.")
    if (weights["weight"].isna() | (weights["weight"] < 0)).any():
        raise DatasetError("weights holds a missing or negative weight. How many live at a point is 0 or more.")
    codes = {side: _codes_of(weights, division) for side, division in (("source", source), ("target", target))}
    points = pd.DataFrame({**codes, "amount": weights["weight"].to_numpy(float)})
    points = points[points["amount"] > 0]
    return points.groupby(["source", "target"], dropna=False, as_index=False)["amount"].sum().assign(method="points")


def _codes_of(points: pd.DataFrame, division: Division) -> np.ndarray:
    """The area of a division that each point lies in, by its column or by its place; missing outside all."""
    import geopandas as gpd
    import shapely

    if division.level.name in points:
        codes = points[division.level.name].astype(object)
        strange = codes[codes.notna() & ~codes.isin(division.codes | {UNPLACED})].unique()
        if len(strange):
            raise DatasetError(
                f"weights, column {division.level.name!r}: {named(strange)} are not areas of {division}."
            )
        return codes.where(codes.isin(division.codes), None).to_numpy(object)
    if division.polygons is None:
        raise DatasetError(
            f"weights has no column {division.level.name!r} and {division} no polygons, so a point's area is not known. "
            "Give either."
        )
    if "geometry" in points:
        places = in_metres(gpd.GeoDataFrame(points), "weights").geometry.to_numpy()
    elif {"x", "y"} <= set(points):
        places = gpd.GeoSeries(gpd.points_from_xy(points["x"], points["y"]), crs=SWEREF_99_TM).to_numpy()
    else:
        raise DatasetError(f"weights has neither a column {division.level.name!r}, nor geometry, nor x and y.")
    polygons = in_metres(division.polygons, f"polygons of {division}")
    point, polygon = shapely.STRtree(polygons.geometry.to_numpy()).query(places, predicate="intersects")
    found = np.full(len(points), None, object)
    found[point[::-1]] = polygons["code"].to_numpy(object)[polygon[::-1]]  # on a border: the first area, every time
    return found


def _best(points: pd.DataFrame | None, ground: pd.DataFrame | None, rest: list[str]) -> pd.DataFrame:
    """The pieces of each area by the surest measure that has any of it: its ground where that (and the people on it) lies
    in one area, else its points, else its ground."""
    parts = [part[part["source"].isin(rest)] for part in (points, ground) if part is not None]
    if points is None or ground is None:
        return pd.concat(parts) if parts else pd.DataFrame(columns=["source", "target", "amount", "method"])
    by_points, by_ground = parts
    nested, lived = _inside(by_ground), _inside(by_points)
    peopled = set(by_points["source"])
    union = {code for code, area in nested.items() if code not in peopled or lived.get(code) == area}
    on_ground = union | (set(rest) - peopled)
    return pd.concat([by_points[~by_points["source"].isin(on_ground)], by_ground[by_ground["source"].isin(on_ground)]])


def _shares(pieces: pd.DataFrame) -> pd.Series:
    """Fraction of its source area that each piece is."""
    return pieces["amount"] / pieces.groupby("source")["amount"].transform("sum")


def _inside(pieces: pd.DataFrame) -> dict[str, str]:
    """The one target area that an area lies in, but for slivers."""
    whole = pieces[(_shares(pieces) > 1 - SLIVER) & pieces["target"].notna()]
    return dict(zip(whole["source"], whole["target"], strict=True))


def _settled(pieces: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Shares that add up to 1 without slivers and edges, what was dropped, and sentences on it."""
    pieces = pieces.assign(share=_shares(pieces))
    outside, ground = pieces["target"].isna(), pieces["method"].isin(["land", "area"])
    sliver = ground & ~outside & (pieces["share"] < SLIVER)
    edge = outside & (pieces["share"] < EDGE)
    left = pieces[outside & ~edge].sort_values("source")
    kept = pieces[~sliver & ~edge].copy()
    kept["share"] = kept["share"] / kept.groupby("source")["share"].transform("sum")
    whole = kept["method"].isin(["land", "area"]) & ~kept["source"].duplicated(keep=False) & kept["target"].notna()
    kept["method"] = kept["method"].mask(whole, "union")
    kept["target"] = kept["target"].astype(object).where(kept["target"].notna(), UNPLACED)
    slivers = pieces[sliver][["source", "target", "share"]].sort_values(["source", "target"], ignore_index=True)
    notes = []
    if len(slivers):
        notes.append(
            f"{len(slivers)} pieces under {SLIVER:.0%} of their area were taken for two drawings of one border and dropped."
        )
    if edge.any():
        notes.append(
            f"{edge.sum()} areas reach outside all target areas by less than {EDGE:.0%}; that was taken for the city's border."
        )
    if len(left):
        parts = [f"{code!r} ({share:.0%})" for code, share in zip(left["source"], left["share"], strict=True)]
        notes.append(
            f"{len(left)} areas lie partly outside all target areas and that part is put in {UNPLACED}: {listed(parts)}. "
            "If it is water, pass land=."
        )
    return kept[COLUMNS], slivers, notes


def _finer(pairs: pd.DataFrame) -> tuple[str, ...]:
    """Target areas that are made of half a source area or less: nobody counted there, so a figure is a guess."""
    made_of = pairs[pairs["target"] != UNPLACED].groupby("target")["share"].sum()
    return tuple(made_of.index[made_of <= 0.5].sort_values())

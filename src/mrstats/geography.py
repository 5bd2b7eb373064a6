"""Areas, levels and vintages: which area lies in which, and where. Frames in, frames out; it opens no file."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from mrstats.definitions import Level, Text, bilingual, standard_level
from mrstats.polygons import SLIVER, in_metres, listed, overlaps, polygon_problems
from mrstats.schema import CITY, DatasetError, UnknownNameError

if TYPE_CHECKING:
    import geopandas as gpd


@dataclass(frozen=True, eq=False)
class Division:
    """The areas of one level in one vintage: codes, names, the area each lies in at other levels, and where they are.

    A code says nothing alone: ``1280C1020`` of DeSO 2018 and of DeSO 2025 are two areas, so a division is known by
    `system` and `vintage` together. `areas` has the columns ``code`` and ``name``; `parents` maps a coarser level to
    ``{code: its area}``; `polygons`, where there are any, has ``code`` and ``geometry`` (EPSG:3006); `links` has the
    ``old`` and ``new`` codes of the vintage before this one and of this one (`mrstats.vintages.area_links`).
    """

    level: Level
    areas: pd.DataFrame
    parents: dict[str, dict[str, str]] = field(default_factory=dict)
    polygons: gpd.GeoDataFrame | None = None
    links: pd.DataFrame | None = None

    @property
    def codes(self) -> set[str]:
        return set(self.areas["code"])

    @property
    def vintage(self) -> str:
        return self.level.vintage

    @property
    def system(self) -> str:
        """The kind of division, the same in every vintage: *deso* of the levels deso and deso_2025."""
        return self.level.name.removesuffix(f"_{self.vintage}")

    def __str__(self) -> str:
        return f"{self.system} {self.vintage}".strip()


@dataclass(frozen=True)
class Geography:
    """All divisions of a city in one vintage each, from the city down.

    Examples
    --------
    >>> from mrstats import tiny_city
    >>> geography = tiny_city().geography
    >>> geography.between("area", "district")["A1"]
    'D1'
    """

    municipality: str
    divisions: dict[str, Division]

    def division(self, level: str) -> Division:
        """The division of a level; an UnknownNameError lists the levels there are."""
        try:
            return self.divisions[level]
        except KeyError:
            raise UnknownNameError(
                f"geography={level!r} is not a level of this city. Levels: {', '.join([CITY, *self.divisions])}."
            ) from None

    def between(self, fine: str, coarse: str) -> dict[str, str]:
        """Which area of level `coarse` each area of level `fine` lies in, exactly, by keys.

        Raises
        ------
        UnknownNameError
            The levels do not nest (two divisions of their own), or one is unknown.
        """
        if coarse == CITY:
            return dict.fromkeys(self.division(fine).codes, self.municipality)
        if fine == coarse:
            return {code: code for code in self.division(fine).codes}
        for parent, mapping in self.division(fine).parents.items():
            if parent != CITY and self.nests(parent, coarse):
                upward = self.between(parent, coarse)
                return {code: upward[area] for code, area in mapping.items()}
        raise UnknownNameError(f"{fine!r} does not nest in {coarse!r}: they are two divisions of the city.")

    def nests(self, fine: str, coarse: str) -> bool:
        """Whether every area of `fine` lies in one area of `coarse`."""
        if fine == coarse or coarse == CITY:
            return True
        return any(parent != CITY and self.nests(parent, coarse) for parent in self.division(fine).parents)


def division_from_frame(
    level: Level, frame: pd.DataFrame, *, code: str, name: str | None, parent: str | None, where: str
) -> Division:
    """A division from a key file or an attribute table.

    Parameters
    ----------
    frame : DataFrame
        One row per area, or per area of a finer level (then rows repeat and are folded).
    code, name, parent : str
        Its columns; `parent` holds the code of the area of ``level.parent`` it lies in.

    Raises
    ------
    DatasetError
        A column is missing, or one area has two parents; the message names the area.
    """
    for column in filter(None, (code, name, parent)):
        if column not in frame:
            raise DatasetError(f"{where} has no column {column!r}. Its columns: {', '.join(map(str, frame.columns))}.")
    wanted = list(dict.fromkeys(filter(None, (code, name, parent))))
    rows = frame[wanted].astype(str).drop_duplicates()
    twice = rows[code].duplicated(keep=False)
    if twice.any():
        example = rows[twice].iloc[:2].to_dict("records")
        raise DatasetError(
            f"{where}: area {rows[code][twice].iloc[0]!r} has two names or parents: {example}. Keep one."
        )
    areas = pd.DataFrame({"code": rows[code], "name": rows[name] if name else rows[code]}).reset_index(drop=True)
    parents = {level.parent: dict(zip(rows[code], rows[parent], strict=True))} if parent else {}
    return Division(level, areas.sort_values("code", ignore_index=True), parents)


def division_from_polygons(
    polygons: gpd.GeoDataFrame,
    *,
    level: str,
    code: str = "code",
    name: str = "",
    vintage: str = "",
    label: Text | str = "",
    over: Division | None = None,
) -> Division:
    """Any polygons as a division: plan areas, school catchments, a rectangle on a map.

    Parameters
    ----------
    polygons : GeoDataFrame
        One row an area, in any coordinate system it knows of.
    level : str
        What the division is called in tables, such as "school".
    code, name : str
        Its columns; without `name` the code is printed.
    vintage : str
        The year of the borders.
    label : str or dict, optional
        The word for one such area; default the standard word of `level`, else its name.
    over : Division, optional
        A division that figures are to come from: a warning names the areas of it that are cut, and how large a part.

    Returns
    -------
    Division

    Raises
    ------
    DatasetError
        A missing column, no coordinate system, invalid rings, overlaps, or a code twice; with the codes.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> plan = gpd.GeoDataFrame({"code": ["P1"]}, geometry=[box(500_000, 6_000_000, 501_000, 6_001_000)], crs=3006)
    >>> division_from_polygons(plan, level="plan", label="planområde").codes
    {'P1'}
    """
    for column in filter(None, (code, name)):
        if column not in polygons:
            raise DatasetError(
                f"the polygons of {level} have no column {column!r}; they have {', '.join(map(str, polygons))}."
            )
    text = bilingual(label or level, "label")
    words = dict.fromkeys(("label", "definite", "plural", "definite_plural"), text)
    frame = in_metres(polygons, f"the polygons of {level}").rename(columns={code: "code"})[["code", "geometry"]]
    frame = frame.assign(code=frame["code"].astype(str))
    problems = [text for text in polygon_problems(frame) if not text.startswith("gaps")]  # any polygons may lie apart
    if problems:
        raise DatasetError(f"{level}: {problems[0]}")
    try:
        made = standard_level(level, parent=CITY, vintage=vintage, words=words if label else None)
    except DatasetError:
        made = standard_level(level, parent=CITY, vintage=vintage, words=words)
    areas = pd.DataFrame({"code": frame["code"].to_numpy(), "name": polygons[name or code].astype(str).to_numpy()})
    division = Division(made, areas.sort_values("code", ignore_index=True), polygons=frame)
    if over is not None and len(cut := areas_cut(over, division)):
        parts = [f"{area!r} ({share:.0%} inside {into!r})" for area, into, share in cut.itertuples(index=False)]
        warnings.warn(
            f"{level} cuts {cut['source'].nunique()} areas of {over}: {listed(parts)}. "
            "Figures of the parts are estimates; give population points, or draw the border along whole areas.",
            stacklevel=2,
        )
    return division


def areas_cut(source: Division, target: Division) -> pd.DataFrame:
    """Areas of `source` that a border of `target` goes through: ``source``, ``target``, ``share`` of the area inside."""
    if source.polygons is None or target.polygons is None:
        without = source if source.polygons is None else target
        raise DatasetError(
            f"{without} has no polygons, so nobody can see what is cut. Give the level a file of polygons."
        )
    found = overlaps(source.polygons, target.polygons)
    found["share"] = found["amount"] / found.groupby("source")["amount"].transform("sum")
    cut = found[found["target"].notna() & found["share"].between(SLIVER, 1 - SLIVER)]
    return cut[["source", "target", "share"]].sort_values(["source", "target"], ignore_index=True)

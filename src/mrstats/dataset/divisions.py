"""The divisions of a dataset as `harmonise` takes them: keys, polygons, links to the vintage before, population points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from mrstats import sources
from mrstats.dataset.description import Description, TableSource
from mrstats.geography import Division
from mrstats.schema import DatasetError
from mrstats.vintages import area_links, rows_of_vintage, split_codes

if TYPE_CHECKING:
    from mrstats.dataset import City


def division_of(city: City, level: str) -> Division:
    """A level's areas with the area each lies in at every coarser level, their polygons, and what they were before."""
    geography = city.geography
    own = geography.division(level)
    coarser = [name for name in geography.divisions if name != level and geography.nests(level, name)]
    polygons = city.polygons(level)
    return replace(
        own,
        parents={name: geography.between(level, name) for name in coarser},
        polygons=None if polygons is None else polygons.loc[polygons["code"].isin(own.codes), ["code", "geometry"]],
        links=_links(city, own),
    )


def _links(city: City, division: Division) -> pd.DataFrame | None:
    """Pairs of areas of the vintage before and of this one, from the level's file of changes."""
    name = city.description.levels[division.level.name].changes
    if not name or city.folder is None:
        return None
    earlier = [
        other
        for other in city.geography.divisions.values()
        if other.system == division.system and other.vintage < division.vintage
    ]
    if not earlier:
        raise DatasetError(
            f"[geographies.{division.level.name}] changes = {name!r} needs a level {division.system!r} of an earlier vintage."
        )
    before = max(earlier, key=lambda other: other.vintage)
    log = sources.read_text_table(sources.find_file(city.folder, name))
    return area_links(log, before.codes, division.codes)


def points_of(city: City) -> pd.DataFrame:
    """Population points of [points] in dataset.toml: ``weight`` (residents there), codes of areas, geometry (EPSG:3006)."""
    spec = city.description.points
    if spec is None or city.folder is None:
        raise DatasetError(f'{city.name} has no population points. Add [points] with file = "…" to dataset.toml.')
    frame = sources.read_polygons(sources.find_file(city.folder, spec["file"]), layer=spec.get("layer"))
    weight = spec.get("weight", "population")
    if weight not in frame:
        raise DatasetError(
            f"[points] weight = {weight!r} is no column of {spec['file']}; it has {', '.join(map(str, frame))}."
        )
    return frame.rename(columns={weight: "weight"})


def in_vintage(frame: Any, source: TableSource, description: Description) -> Any:
    """A published table's rows without those outside their vintage's years, where its codes say which they are of."""
    if source.grain != "cell" or not isinstance(frame, pd.DataFrame):
        return frame
    for column in {level.column for level in description.levels.values() if level.column in frame}:
        if (split_codes(frame[column])["vintage"] == "").all():
            continue
        levels = [level for level in description.levels.values() if level.column == column]
        numbered = frame.reset_index(drop=True)
        parts = [
            rows_of_vintage(
                numbered,
                area=column,
                year=source.year,
                system=level.level.name.removesuffix(f"_{level.level.vintage}"),
                vintage=level.level.vintage,
            )
            for level in levels
        ]
        kept = pd.concat(parts)  # a bare code is of the first vintage of every system that shares the column
        kept = kept[~kept.index.duplicated()].sort_index()
        frame = kept.set_axis(frame.index[kept.index])
    return frame

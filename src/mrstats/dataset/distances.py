"""Distances as columns of a table of persons: metres from each one's population point to the nearest service of a kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mrstats import sources
from mrstats.measures.nearest import nearest_distance
from mrstats.schema import DatasetError

if TYPE_CHECKING:
    from mrstats.dataset import City


def with_distances(city: City, table: str, frame: Any) -> Any:
    """A table's rows with the columns of [distances], where [points] says that its persons have points.

    Indicators then count by them (``metres_to_library <= 1000``), so access to service is broken down, protected and
    published like everything else.
    """
    points, distances = city.description.points or {}, city.description.distances
    if not distances or points.get("table") != table:
        return frame
    places = city.points()
    key = points["column"]
    homes = np.column_stack([places.geometry.x, places.geometry.y])
    metres = pd.DataFrame({name: nearest_distance(homes, _services(city, name)) for name in distances})
    metres.insert(0, key, places[key].to_numpy())
    if isinstance(frame, pd.DataFrame):
        return frame.merge(metres, on=key, how="left")
    return frame.query(
        "persons", f'SELECT persons.*, {", ".join(distances)} FROM persons LEFT JOIN metres USING ("{key}")'
    )


def _services(city: City, name: str) -> np.ndarray:
    """East and north of a distance's places in EPSG:3006, shape (k, 2)."""
    spec, where = city.description.distances[name], f"[distances.{name}]"
    frame = sources.read_text_table(sources.find_file(city.folder or Path(), spec["file"]))
    for column in ("x", "y", *spec.get("where", {})):
        if column not in frame:
            raise DatasetError(f"{where} {spec['file']} has no column {column!r}; it has {', '.join(map(str, frame))}.")
    for column, value in spec.get("where", {}).items():
        frame = frame[frame[column] == str(value)]
    told = " and ".join(f"{column} is {value}" for column, value in spec.get("where", {}).items())
    if frame.empty:
        raise DatasetError(
            f"{where} finds no place in {spec['file']}{f' where {told}' if told else ''}. Correct the name."
        )
    found = frame[["x", "y"]].apply(pd.to_numeric, errors="coerce").to_numpy(float)
    if (lost := ~np.isfinite(found).all(axis=1)).any():
        row = frame.index[lost][0]
        raise DatasetError(f"{where} {spec['file']}, row {row}: no place ({lost.sum()} such rows). Locate it.")
    return found

"""Distances as columns of a table of persons: metres from each one's population point to the nearest service of a kind.

And which indicators count who is near by them, so that the same share is known again where a result about places tells it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mrstats import sources
from mrstats.measures.nearest import nearest_distance
from mrstats.schema import DatasetError

if TYPE_CHECKING:
    from mrstats.dataset import City

_NEAR = re.compile(r"(\w+)\s*<=\s*(\d+(?:\.\d+)?)")
_REACHED = re.compile(r"(?P<kind>.+)_within_(?P<reach>[\d.e+]+)_m")


def with_distances(city: City, table: str, frame: Any) -> Any:
    """A table's rows with the columns of [distances], where [points] says that its persons have points.

    Indicators then count by them (``metres_to_library <= 1000``), so access to service is broken down, protected and
    published like everything else.
    """
    points, distances = city.description.points or {}, city.description.distances
    if not distances or points.get("table") != table:
        return frame
    from mrstats.dataset.beside import read_beside

    homes, key = read_beside(city, "points"), points["column"]
    metres = pd.DataFrame({name: nearest_distance(homes[["x", "y"]], _services(city, name)) for name in distances})
    metres.insert(0, key, homes["point"].to_numpy())
    if isinstance(frame, pd.DataFrame):
        return frame.merge(metres, on=key, how="left")
    return frame.query(
        "persons", f'SELECT persons.*, {", ".join(distances)} FROM persons LEFT JOIN metres USING ("{key}")'
    )


def reach_name(kind: str, reach: float) -> str:
    """What the share of residents within reach of a kind of service is called where no indicator is asked for.

    Examples
    --------
    >>> reach_name("library", 1000.0), reached("library_within_1000_m"), reached("near_library")
    ('library_within_1000_m', ('library', 1000.0), None)
    """
    return f"{kind}_within_{reach:g}_m"


def reached(name: str) -> tuple[str, float] | None:
    """Kind of service and metres of a `reach_name`; None for any other."""
    found = _REACHED.fullmatch(name)
    return (found["kind"], float(found["reach"])) if found else None


def reach_of(city: City, indicator: str) -> str:
    """The `reach_name` that an indicator counts by, as near_library does; "" for any other, and for services of another file."""
    found = _NEAR.fullmatch(str(city.indicator(indicator).numerator).strip())
    spec = city.description.distances.get(found[1], {}) if found else {}
    services = city.description.beside.get("services", {})
    kind = spec.get("where", {}).get(services.get("kind", "kind"))
    same = spec.get("file") == services.get("file") and len(spec.get("where", {})) == 1
    return reach_name(str(kind), float(found[2])) if found and kind and same else ""


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

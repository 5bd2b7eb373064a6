"""Polygons of a division from a GeoPackage, GeoJSON or shape file, in SWEREF 99 TM."""

from __future__ import annotations

from pathlib import Path

from mrstats.schema import DatasetError

SWEREF_99_TM = 3006


def read_polygons(path: Path, *, layer: str | None = None):
    """A layer as a GeoDataFrame in EPSG:3006.

    Raises
    ------
    DatasetError
        The file or layer is missing, cannot be read, or has no coordinate system.
    """
    import geopandas as gpd

    if not path.exists():
        raise DatasetError(
            f"{path.name} is missing from {path.parent.name}/. Put the file there, or take `file` out of dataset.toml."
        )
    try:
        frame = gpd.read_file(path, layer=layer)
    except Exception as error:  # pyogrio has no common base for its errors
        raise DatasetError(f"{path.name}, layer {layer!r}, cannot be read ({error}).") from None
    if frame.crs is None:
        raise DatasetError(
            f"{path.name}, layer {layer!r}, has no coordinate system. Export it again as SWEREF 99 TM (EPSG:3006)."
        )
    return frame if frame.crs.to_epsg() == SWEREF_99_TM else frame.to_crs(SWEREF_99_TM)

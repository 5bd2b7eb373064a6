"""Areas of a division from a file: polygons (GeoPackage, GeoJSON, shape, an answer of Statistics Sweden's map service) and
key files, found by pattern."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mrstats.polygons import in_metres, named
from mrstats.schema import DatasetError
from mrstats.sources.delimited import read_text_table

if TYPE_CHECKING:
    import geopandas as gpd

TEXT = {".csv", ".tsv", ".txt"}
FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "deso": {"code": ("desokod", "deso"), "parent": ("regsokod", "regso")},
    "regso": {"code": ("regsokod", "regso"), "name": ("regsonamn",)},
}
"""What Statistics Sweden's map service calls its columns, whatever their case: they differ between vintages."""

CODES = {"deso": r"\d{4}[ABC]\d{4}", "regso": r"\d{4}R\d{3}"}
TITLE_ROWS = 20
"""A key file's heading stands under at most so many rows of title."""


def find_file(folder: Path, pattern: str) -> Path:
    """The one file of a folder that a name or a pattern such as ``koppling-deso2025-*.xlsx`` finds.

    Statistics Sweden's names carry dates, so a pattern outlives the next delivery.

    Raises
    ------
    DatasetError
        No file, or several.
    """
    found = sorted(folder.glob(pattern))
    if len(found) == 1:
        return found[0]
    if not found:
        raise DatasetError(
            f"{pattern} is missing from {folder.name}/. Put the file there, or take it out of dataset.toml."
        )
    names = ", ".join(path.name for path in found)
    raise DatasetError(f"{pattern!r} finds {len(found)} files in {folder.name}/: {names}. Keep one.")


def is_key_file(path: Path) -> bool:
    """Whether a file holds codes only, no polygons."""
    return path.suffix.lower() in TEXT | {".xlsx"}


def read_key_file(path: Path, *, columns: list[str], encoding: str = "utf-8") -> pd.DataFrame:
    """A key between divisions as text, from CSV or from Excel with rows of title above its heading.

    Raises
    ------
    DatasetError
        An Excel file has no row that holds all of `columns`.
    """
    if path.suffix.lower() in TEXT:
        return read_text_table(path, encoding=encoding)
    rows = pd.read_excel(path, header=None, dtype=str, keep_default_na=False, engine="openpyxl")
    heads = [row for row in range(min(TITLE_ROWS, len(rows))) if set(columns) <= set(rows.iloc[row])]
    if not heads:
        raise DatasetError(
            f"{path.name}: none of the first {TITLE_ROWS} rows holds the columns {', '.join(columns)}. "
            "Correct the names in dataset.toml."
        )
    table = rows.iloc[heads[0] + 1 :].set_axis([str(name) for name in rows.iloc[heads[0]]], axis=1)
    return table[table[columns[0]].str.strip() != ""].reset_index(drop=True)


def read_polygons(path: Path, *, layer: str | None = None) -> gpd.GeoDataFrame:
    """A layer as a GeoDataFrame in EPSG:3006.

    Raises
    ------
    DatasetError
        The file or layer is missing, cannot be read, has no coordinate system or another than it says.
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
    return in_metres(frame, f"the polygons of {path.name}{f', layer {layer!r},' if layer else ''}")


def read_scb_areas(path: Path, system: str, *, layer: str | None = None) -> gpd.GeoDataFrame:
    """DeSO or RegSO as Statistics Sweden's map service gives them, whatever the vintage calls its columns.

    Parameters
    ----------
    path : Path
        GeoJSON, GeoPackage or shape.
    system : {"deso", "regso"}

    Returns
    -------
    GeoDataFrame
        ``code``, ``name``, ``parent`` (RegSO of a DeSO, where the file has it), ``vintage`` ("" if it does not say) and
        ``geometry`` in EPSG:3006, by code.

    Raises
    ------
    DatasetError
        No such column, codes of another form, or areas of two vintages in one file.
    """
    frame = read_polygons(path, layer=layer)
    fields = {str(name).lower(): str(name) for name in frame}
    held = {
        word: next((fields[name] for name in names if name in fields), "") for word, names in FIELDS[system].items()
    }
    if not held["code"]:
        raise DatasetError(
            f"{path.name} has no column of {system} codes ({' or '.join(FIELDS[system]['code'])}). Its columns: "
            f"{', '.join(map(str, frame.columns))}."
        )
    codes = frame[held["code"]].astype(str)
    if (wrong := ~codes.str.fullmatch(CODES[system])).any():
        raise DatasetError(f"{path.name}, column {held['code']!r}: {named(codes[wrong])} are no {system} codes.")
    vintages = frame[fields["version"]].astype(str).str[:4] if "version" in fields else pd.Series("", index=frame.index)
    if vintages.nunique() > 1:
        raise DatasetError(
            f"{path.name} holds areas of {' and '.join(sorted(vintages.unique()))}. Ask for one vintage."
        )
    made = frame[["geometry"]].assign(code=codes, vintage=vintages)
    made["name"] = frame[held["name"]].astype(str) if held.get("name") else codes
    if held.get("parent"):
        made["parent"] = frame[held["parent"]].astype(str)
    order = [name for name in ("code", "name", "parent", "vintage", "geometry") if name in made]
    return made[order].sort_values("code", ignore_index=True)


def write_layers(path: Path, layers: Mapping[str, gpd.GeoDataFrame], *, date: str) -> None:
    """Polygons or points as layers of one GeoPackage; `date` (``2025-03-01T00:00:00.000Z``) is the only time in it, so that the
    same layers give the same bytes.

    Raises
    ------
    OSError
        The disk is full, or the file is not whole when it is looked at again.
    """
    import pyogrio

    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": date})
    try:
        for name, layer in layers.items():
            layer.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
        written = {name: pyogrio.read_info(path, layer=name)["features"] for name in layers}
    except Exception as error:  # pyogrio has no common base for its errors, and none of them is the system's own
        raise OSError(errno.EIO, f"the areas could not be written ({error})", path.name) from None
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    if written != {name: len(layer) for name, layer in layers.items()}:
        raise OSError(errno.EIO, "the areas were not written whole; the disk may be full", path.name)

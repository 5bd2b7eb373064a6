"""What a dataset holds beside its tables of residents: points where people live, services, interviews, boards' answers.

Each is a file that a section of dataset.toml names; columns that are called something else are named there. No figures.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from mrstats import sources
from mrstats.dataset import City
from mrstats.definitions import nearest
from mrstats.schema import DatasetError

COLUMNS = {
    "points": ("point",),
    "services": ("id", "kind", "name", "x", "y"),
    "interviews": ("id", "year", "theme", "group", "place", "quotation", "consent"),
    "board_answers": ("board", "principle", "theme", "status", "text"),
}
"""Columns that each of these must have; others are kept."""

NUMBERS = ("x", "y", "year")


def read_beside(city: City, name: str) -> pd.DataFrame:
    """One of `COLUMNS` as a frame, its columns called as there; points and services have ``x`` and ``y`` in EPSG:3006.

    Raises
    ------
    DatasetError
        dataset.toml has no such section, or the file lacks a column; the message names what to write.
    """
    spec: dict[str, Any] | None = city.description.beside.get(name)
    if spec is None or city.folder is None:
        raise DatasetError(
            f"{city.name} has no {name}. Put the file in the dataset's folder and write [{name}] file = … in dataset.toml; "
            f"it has the columns {', '.join(COLUMNS[name])}."
        )
    path = city.folder / spec["file"]
    if name == "interviews":
        given = {spec.get("quotation", "quotation"): "quotation_sv", spec.get("place", "place"): "district"}
        frame = sources.read_interviews(path, columns=given)
        frame = frame.rename(columns={"quotation_sv": "quotation", "district": "place"})
    elif path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        frame = sources.read_text_table(path, encoding=spec.get("encoding", "utf-8"))
    else:
        places = sources.read_polygons(path, layer=spec.get("layer"))
        where = {"x": places.geometry.x, "y": places.geometry.y}
        frame = pd.DataFrame(places.drop(columns="geometry")).assign(**where)
    if name != "interviews":
        frame = frame.rename(columns={spec[column]: column for column in COLUMNS[name] if column in spec})
    for column in COLUMNS[name]:
        if column not in frame:
            raise DatasetError(
                f"[{name}] {spec['file']} has no column {column!r}. Its columns: {', '.join(map(str, frame.columns))}. If it is "
                f'called something else, write {column} = "…".'
            )
    for column in (column for column in NUMBERS if column in frame):
        numbers = pd.to_numeric(frame[column], errors="coerce")
        if numbers.isna().any():
            row = int(numbers.isna().argmax())
            raise DatasetError(
                f"[{name}] {spec['file']}, column {column!r}, row {frame.index[row]} holds {frame[column].iloc[row]!r}, where a number "
                "should stand. Correct it."
            )
        frame[column] = numbers
    if name == "interviews":
        _check_coding(city, frame, spec.get("themes", {}))
    return frame


def _check_coding(city: City, interviews: pd.DataFrame, themes: dict[str, list[str]]) -> None:
    """Every theme is about indicators of the dataset, and every finding about a group of one of its factors."""
    for theme, named in themes.items():
        for indicator in named:
            if indicator not in city.indicators:
                raise DatasetError(
                    f"[interviews.themes] {theme} names {indicator!r}, which is no indicator "
                    f"({nearest(indicator, city.indicators)})."
                )
    for row, group in interviews["group"].items():
        factor, _, code = str(group).partition("=")
        if factor not in city.factors or code not in city.factors[factor].codes:
            raise DatasetError(
                f"[interviews] row {row}, column 'group' holds {group!r}; write factor=code with a factor of "
                f"{city.name} ({', '.join(city.factors)}) and one of its groups."
            )

"""The rows of a dataset's files: one table of numbers, truth values and texts, however they are delivered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from mrstats import sources
from mrstats.dataset.description import TableSource
from mrstats.schema import DatasetError


def read_table(source: TableSource, paths: list[Path], *, typed: Collection[str] = ()) -> Any:
    """The rows of one table as a native frame; in a text file the columns `typed` become numbers or truth values."""
    if source.format == "parquet":
        return sources.read_parquet(paths)
    frames = [read_file(source, path) for path in paths]
    if source.format == "csv":
        signs = {
            sign: path
            for frame, path in zip(frames, paths, strict=True)
            if (sign := decimal_sign(frame, source, typed, path.name))
        }
        if len(signs) > 1:
            files = ", ".join(f"{path.name} ({sign!r})" for sign, path in signs.items())
            raise DatasetError(
                f"[tables.{source.name}]: the files have different decimal signs: {files}. Deliver them alike."
            )
        source = replace(source, decimal=next(iter(signs), "."))
    frame = typed_columns(pd.concat(frames, ignore_index=True), source, typed)
    return _pivot(frame, source) if source.pivot else frame


def read_file(source: TableSource, path: Path) -> pd.DataFrame:
    """The rows of one file with their row numbers as index, before any pivot."""
    if source.format == "parquet":
        return sources.read_parquet_rows(path)
    if source.format == "scb_excel":
        frame = sources.read_scb_excel(path).frame
        return frame[frame["region"].str.startswith(source.area_prefix)]
    if source.format == "statistical":
        return sources.read_statistical(path).frame
    numeric = list(dict.fromkeys([*source.numeric, *([source.count] if source.count else [])]))
    return sources.read_delimited(
        path, encoding=source.encoding, delimiter=source.delimiter, decimal=source.decimal, numeric=numeric
    )


def typed_columns(frame: pd.DataFrame, source: TableSource, names: Collection[str]) -> pd.DataFrame:
    """The rows of a text file with some columns as numbers or truth values; other files know their types."""
    if source.format == "csv":
        decimal = decimal_sign(frame, source, names, source.files) or "."
        frame = frame.assign(**{name: _typed(frame[name], decimal) for name in names if name in frame})
    return frame


def decimal_sign(frame: pd.DataFrame, source: TableSource, names: Collection[str], where: str) -> str:
    """The decimal sign that is stated, or found in the columns that are still text; nothing where none stands in them."""
    texts = frame[[name for name in frame if name in names and pd.api.types.is_string_dtype(frame[name])]]
    return source.decimal or sources.found_decimal(texts, where=where)


def _typed(texts: pd.Series, decimal: str) -> pd.Series:
    """Numbers or truth values where every filled-in cell of a text column is one; empty is missing."""
    if not pd.api.types.is_string_dtype(texts):
        return texts
    filled = texts.mask(texts == "")
    if filled.dropna().str.lower().isin(["true", "false"]).all() and filled.notna().any():
        return filled.str.lower().map({"true": True, "false": False}).astype("boolean")
    numbers = pd.to_numeric(filled.str.replace(decimal, ".", regex=False), errors="coerce")
    return filled if numbers.isna().sum() > filled.isna().sum() else numbers


def _pivot(frame: pd.DataFrame, source: TableSource) -> pd.DataFrame:
    """One column per content, named in lower case with ``_`` for other signs."""
    names = frame[source.pivot].str.lower().str.replace(r"\W+", "_", regex=True)
    keys = [c for c in frame if c not in (source.pivot, "value", "symbol")]
    wide = frame.assign(content=names).pivot(index=keys, columns="content", values="value")
    return wide.reset_index().rename_axis(columns=None)

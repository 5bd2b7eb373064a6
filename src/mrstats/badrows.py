"""Rows that cannot be counted: refused in one sentence with file, row, column and cure. It mends nothing and counts nothing.

The engine asks on whatever it reads, with conditions it can run anywhere; only when a row is wrong are the files read
again, to say where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import narwhals as nw
import pandas as pd

from mrstats.dataset import City, TableSource, read_file, typed_columns
from mrstats.definitions import Indicator, expressions
from mrstats.schema import DatasetError

Fault = tuple[str, nw.Expr, str]
"""A column, the condition of its wrong rows, and what is wrong with them and how to mend it."""


def empty(column: str) -> nw.Expr:
    """Rows where nothing stands in a column; in a text file that is a text of no letters."""
    return nw.col(column).is_null() | (nw.col(column).cast(nw.String) == "")


def refuse(
    city: City, source: TableSource, indicators: Sequence[Indicator], frame: nw.LazyFrame, within: nw.Expr | None
) -> None:
    """A DatasetError for the first row of `frame` with a text for a number, or a weight, stratum or cluster that cannot be.

    Parameters
    ----------
    city, source, indicators
        The dataset, the indicators and their table.
    frame : narwhals LazyFrame
        The rows they rest on.
    within : narwhals expression, optional
        What chose them among the table's rows: it finds the same ones in the files.
    """
    faults = list(_faults(source, indicators, frame.collect_schema()))
    if not faults:
        return
    counts = [wrong.cast(nw.Int64).sum().alias(str(place)) for place, (_, wrong, _) in enumerate(faults)]
    found = frame.select(*counts).collect().to_pandas().iloc[0]
    for place, (column, wrong, why) in enumerate(faults):
        if found[str(place)] > 0:
            raise DatasetError(f"{first(city, source, column, wrong, within)}, {why}.")


def refuse_weightless(
    city: City,
    source: TableSource,
    indicator: Indicator,
    inside: list[nw.Expr],
    cell: pd.Series,
    *,
    within: nw.Expr | None,
) -> None:
    """A DatasetError for a cell whose persons stand for nobody: a share or mean of them is no figure."""
    condition = nw.all_horizontal(expressions.to_narwhals(indicator.denominator), *inside, ignore_nulls=False)
    raise DatasetError(
        f"{first(city, source, source.weight, condition, within)}, and the weights of {', '.join(map(str, cell))} sum to "
        "zero: correct them, or leave these persons out."
    )


def first(city: City, source: TableSource, column: str, wrong: nw.Expr, within: nw.Expr | None = None) -> str:
    """``people-2024.csv, row 6: column 'weight' holds -2.5``: where the first wrong row stands, and what it holds."""
    condition = wrong if within is None else wrong & within
    for file, rows in _readings(city, source):
        if isinstance(rows, pd.DataFrame):
            label = rows.index
            rows = rows.assign(row_=range(len(rows))).convert_dtypes(dtype_backend="pyarrow")
        else:  # rows of an engine have no number
            label, rows = None, nw.from_native(rows).lazy().with_columns(row_=nw.lit(0)).to_native()
        hit = nw.from_native(rows).lazy().filter(condition).select("row_", column).head(1).collect().to_pandas()
        if len(hit):
            value = hit[column].iloc[0]
            held = "is empty" if pd.isna(value) or value == "" else f"holds {_plain(value)!r}"
            row = "" if label is None else f"row {label[int(hit['row_'].iloc[0])]}"
            place = ", ".join(filter(None, (file, row)))
            return f"{place}: column {column!r} {held}"
    return f"table {source.sample_of or source.name!r}: column {column!r} holds a wrong value"


def _readings(city: City, source: TableSource) -> Iterator[tuple[str, Any]]:
    """The table in parts that have names: its files, or the frame that was given for them."""
    if city.folder is None or source.name in city.given or source.pivot:
        yield f"table {source.sample_of or source.name!r}", city.table(source.name)
        return
    for path in city.files(source.name):
        yield path.name, typed_columns(read_file(source, path), source, city.measured(source.name))


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _faults(source: TableSource, indicators: Sequence[Indicator], schema: nw.Schema) -> Iterator[Fault]:
    asked = [text for each in indicators for text in (each.numerator, each.denominator, each.per) if text]
    numbers = set().union(*(expressions.numbers_of(text) for text in asked))
    numbers |= {name for name in (source.weight, source.stratum_size) if name}
    point = re.escape(source.decimal) if source.decimal else "[.,]"
    known = rf"^\s*[-+]?(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?\s*$"
    sign = f"(decimal sign {source.decimal!r}) " if source.decimal else ""
    for name in sorted(number for number in numbers if schema[number] == nw.String):
        text = nw.col(name)
        cure = f"where a number {sign}should stand: correct it, or leave it empty if nobody knows"
        yield name, ~empty(name) & ~text.str.contains(known), cure
    if source.weight:
        person = "correct it, or leave the person out"
        yield source.weight, empty(source.weight), f"but every person stands for somebody: {person}"
        if schema[source.weight] != nw.String:
            yield source.weight, nw.col(source.weight) < 0, f"but nobody stands for fewer than 0 persons: {person}"
    for name, what in ((source.strata, "stratum"), (source.cluster, "cluster")):
        if name:
            yield name, empty(name), f"but everybody was drawn in a {what}: fill it in, or leave the person out"

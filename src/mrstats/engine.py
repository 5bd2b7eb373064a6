"""The pass over persons: rows of any engine become cells of sufficient statistics. No interval, no rule.

`mrstats.queries` runs it, whichever engine the rows are in. Cells hold,
for a quantity y with weight w (1 in a register): ``n`` rows, ``w`` = Σw, ``w2`` = Σw², ``wy`` = Σwy, ``wy2`` = Σwy²,
``w2y`` = Σw²y, ``w2y2`` = Σ(wy)², ``users`` = persons whose y is not 0. Every margin is a sum of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats import badrows
from mrstats.dataset import City, FactorSource, TableSource
from mrstats.definitions import Indicator, expressions
from mrstats.outcomes import amounts as amounts
from mrstats.outcomes import cell_sums, person_sums
from mrstats.outcomes import with_outcome as with_outcome
from mrstats.outcomes import with_outcomes as with_outcomes
from mrstats.queries import added_up, in_order
from mrstats.queries import collect as collect
from mrstats.queries import progress as progress
from mrstats.schema import TOTAL, TOTAL_WORDS, UNKNOWN, UNPLACED, DatasetError

SUMS = ["n", "w", "w2", "wy", "wy2", "w2y", "w2y2", "users"]
ALIKE = {"w": "n", "w2": "w", "wy2": "wy", "w2y": "wy", "w2y2": "wy2", "users": "wy"}
"""Sums that equal another where nobody is weighted and y is yes or no; they are not added up twice."""

PER_SUMS = ["wx", "wx2", "wxy"]
"""Σwx, Σwx² and Σwxy, where an indicator is divided by an amount x (`per`)."""

EMPTY, STRANGE = -1, -2
"""Numbers of rows whose background factor is not filled in, or holds a code that dataset.toml does not name."""

AREA = "area_"
"""Column of a cell's finest area code, as the table holds it."""


Located = Callable[[FactorSource, nw.Expr], str]
"""Where the first row stands that meets a condition, and what a factor's column holds there."""


@dataclass(frozen=True)
class Keys:
    """What a pass groups by: years, the area column, and background factors."""

    years: tuple[int, ...]
    area_column: str
    factors: tuple[FactorSource, ...]


def indicator_cells(city: City, indicator: Indicator, keys: Keys) -> pd.DataFrame:
    """Cells of one indicator: one row per year × area × group, with the sums of this module's head.

    Returns
    -------
    DataFrame
        Columns ``year``, ``area_`` (code as the table holds it; ``_U`` where missing or protected), one column per
        factor (group codes; for a ready-made table its own totals as ``_T``), `SUMS` and ``hidden`` (source cells without a figure).

    Raises
    ------
    DatasetError
        A column named in dataset.toml is not in the table, or a code has no group.
    """
    frame, by, sums = person_frame(city, indicator, keys, rowwise=False)
    with progress(indicator.name):
        cells = added_up(frame, by, sums, counted(city, indicator, sums))
    return checked_cells(cells, city, indicator, keys, frame, by)


def counted(city: City, indicator: Indicator, sums: Iterable[str]) -> list[str]:
    """Those of an indicator's sums that only count persons."""
    persons = city.description.tables[indicator.table].grain == "person"
    return [name for name in sums if persons and name in ("n", "users")]


def checked_cells(
    cells: pd.DataFrame, city: City, indicator: Indicator, keys: Keys, frame: nw.LazyFrame, by: dict[str, nw.Expr]
) -> pd.DataFrame:
    """What a pass added up for an indicator, its keys named and every sum there, or what is wrong with its rows."""
    asked = cells["year"].isin(keys.years or cells["year"].dropna())
    source = city.description.tables[indicator.table]
    if source.grain == "person":
        asked &= cells["n"] > 0
    if not asked.all():
        cells = cells[asked].copy()
        cells[AREA] = cells[AREA].cat.remove_unused_categories()
    cells["hidden"] = cells.get("hidden", 0.0)
    if indicator.measure == "proportion" and "wy2" in cells and (abs(cells["wy2"] - cells["wy"]) > 1e-6).any():
        raise DatasetError(
            f"[indicators.{indicator.name}] numerator {indicator.numerator!r} holds other numbers than 0 and 1, so its "
            "share is no share. Correct the column, or make a condition of it, such as `column > 0`."
        )
    chosen = _chosen(frame, source, keys)

    def located(factor: FactorSource, condition: nw.Expr) -> str:
        return badrows.first(city, source, factor.column, condition, chosen)

    named = named_keys(cells, keys, frame, located)
    if source.weight and (nobody := cells["w"].eq(0) & cells["n"].gt(0)).any():
        cell = cells[nobody].iloc[0]
        inside = [by[key].is_null() if pd.isna(cell[key]) else by[key] == cell[key] for key in by]
        badrows.refuse_weightless(city, source, indicator, inside, named[nobody].iloc[0][[*by]], within=chosen)
    columns = [*by, *SUMS, *(name for name in PER_SUMS if name in cells), "hidden"]
    return with_alike(in_order(named, list(by)))[columns]


def person_frame(
    city: City, indicator: Indicator, keys: Keys, *, rowwise: bool = True
) -> tuple[nw.LazyFrame, dict, dict]:
    """The rows an indicator rests on, with expressions for their keys and for what is added up.

    ``rowwise=False`` is for adding up at once: rows of years the dataset does not know and rows without an outcome may
    be there and add nothing, since a filter that takes hardly any row away costs DuckDB half as much again as the
    whole pass; and keys may be texts as they lie in the table, which `named_keys` reads, once a value.
    """
    frame, by = keyed_frame(city, indicator, keys, rowwise=rowwise)
    source = city.description.tables[indicator.table]
    if source.grain == "cell":
        _check_no_total_rows(frame, indicator, source, keys)
        frame, sums = cell_sums(frame, indicator, source)
    else:
        frame, sums = person_sums(frame, indicator, source, rowwise)
    return frame, by, sums


def keyed_frame(
    city: City,
    indicator: Indicator,
    keys: Keys,
    *,
    also: tuple[str, ...] = (),
    beside: Sequence[Indicator] = (),
    rowwise: bool = True,
) -> tuple[nw.LazyFrame, dict]:
    """The rows of an indicator's table in the years asked for (of a survey those who answered), and their keys.

    `also` names columns that are read beside those that the keys and the indicator need, `beside` other indicators of the
    table that are counted in the same pass; `rowwise` as in `person_frame`.
    """
    indicators = (indicator, *beside)
    source = city.description.tables[indicator.table]
    frame = city.table(source.name)
    needed = _needed(indicators, source, keys)
    _check_columns(source, needed, nw.from_native(frame).lazy().collect_schema().names())
    if isinstance(frame, pd.DataFrame):  # types that keep "not known" apart from "no": NaN < 100 is missing, not false
        wanted = {source.person, *also}.union(*needed.values()) if source.grain == "person" else set(frame)
        frame = frame[[name for name in frame if name in wanted]].convert_dtypes(dtype_backend="pyarrow")
    frame = nw.from_native(frame).lazy()
    schema = frame.collect_schema()
    # R and Polars write "not known" as NaN, which an engine would compare and add up as a number.
    read = _read_columns(indicators, source) | {factor.column for factor in keys.factors}
    floats = [name for name in sorted(read) if schema[name] in (nw.Float32, nw.Float64)]
    if floats:
        frame = frame.with_columns(*[nw.col(name).fill_nan(None) for name in floats])
    year, chosen = _year(source, schema), _chosen(frame, source, keys)
    known = source.years or city.description.years
    if chosen is not None and (rowwise or source.responded or not known or not set(known) <= set(keys.years)):
        frame = frame.filter(chosen)
    if source.grain == "person":
        badrows.refuse(city, source, indicators, frame, chosen)
    by = {"year": year, AREA: _area(source, keys.area_column, rowwise)}
    for factor in keys.factors:
        by[factor.factor.name] = _group(factor, schema, rowwise)
    return frame, by


def named_keys(cells: pd.DataFrame, keys: Keys, frame: nw.LazyFrame, located: Located | None = None) -> pd.DataFrame:
    """Years as integers, areas and groups as categories: a few hundred names, a million cells.

    `located` says in which file and row a code stands that maps to no group.
    """
    named = {factor.factor.name: _named(cells, factor, frame, located) for factor in keys.factors}
    area = cells[AREA].astype("category")
    if "" in area.cat.categories:  # a text file's word for missing
        area = area.cat.remove_categories("")
    if area.hasnans:
        area = area.cat.set_categories(sorted({*area.cat.categories, UNPLACED})).fillna(UNPLACED)
    return cells.assign(**{"year": cells["year"].astype(int), AREA: area, **named})


def with_alike(cells: pd.DataFrame) -> pd.DataFrame:
    """Every column of `SUMS`, those that equal another (`ALIKE`) filled in."""
    for name, same in ALIKE.items():
        cells[name] = cells.get(name, cells[same])
    return cells


def _read_columns(indicators: Sequence[Indicator], source: TableSource) -> set[str]:
    """Columns whose values are added up or compared."""
    return set().union(*map(expressions.columns_of, indicators)) | {
        name for name in (source.count, source.weight) if name
    }


def _year(source: TableSource, schema: nw.Schema) -> nw.Expr:
    if isinstance(source.year, int):
        return nw.lit(source.year)
    year = nw.col(source.year)
    return year if schema[source.year].is_integer() else year.cast(nw.Int64)


def _chosen(frame: nw.LazyFrame, source: TableSource, keys: Keys) -> nw.Expr | None:
    """Rows of the years asked for, in a survey of those who answered."""
    years = _any_of(_year(source, frame.collect_schema()), keys.years) if keys.years else None
    answered = nw.col(source.responded) if source.responded else None
    return answered if years is None else years if answered is None else years & answered


def _any_of(expression: nw.Expr, values: Sequence) -> nw.Expr:
    """`is_in` for few values: DuckDB walks through a list row by row, and reads the whole file where it could skip."""
    return reduce(or_, [expression == value for value in values]) if len(values) <= 40 else expression.is_in(values)


def _area(source: TableSource, column: str, rowwise: bool) -> nw.Expr:
    if not column:
        return nw.lit(UNPLACED)
    area = nw.col(column).cast(nw.String)
    if not (rowwise or source.protected):
        return area
    placed = ~badrows.empty(column)
    if source.protected:
        placed = placed & ~nw.col(source.protected)
    return nw.when(placed).then(area).otherwise(nw.lit(UNPLACED))


def _group(source: FactorSource, schema: nw.Schema, rowwise: bool = True) -> nw.Expr:
    """Number of each row's group among `groups_of`; for adding up, a text with a code for each group as it lies."""
    raw = nw.col(source.column)
    as_it_lies = not rowwise and schema[source.column] == nw.String and not source.ranges
    if as_it_lies and len(source.codes) == len(groups_of(source)):
        return raw
    text = raw.cast(nw.String)
    missing = raw.is_null() | (text == "") if schema[source.column] == nw.String else raw.is_null()
    result = nw.when(missing).then(nw.lit(EMPTY)).otherwise(nw.lit(STRANGE))
    for number, group in reversed(list(enumerate(groups_of(source)))):
        codes = [code for code, target in source.codes.items() if target == group]
        condition = _in_range(raw, group) if source.ranges else _any_of(text, codes)
        result = nw.when(condition).then(nw.lit(number)).otherwise(result)
    return result


def groups_of(source: FactorSource) -> list[str]:
    """Groups a factor's codes map to, in the order that the pass numbers them."""
    return list(source.factor.codes) if source.ranges else list(dict.fromkeys(source.codes.values()))


def _in_range(raw: nw.Expr, code: str) -> nw.Expr:
    """``"16-19"`` and ``"80+"`` as conditions on an age in years."""
    if code.endswith("+"):
        return raw >= int(code[:-1])
    low, high = code.split("-")
    return (raw >= int(low)) & (raw <= int(high))


def _needed(indicators: Sequence[Indicator], source: TableSource, keys: Keys) -> dict[str, set[str]]:
    """Columns a pass reads, by the section of dataset.toml that names them."""
    needed = {f"[indicators.{indicator.name}]": expressions.columns_of(indicator) for indicator in indicators}
    named = (
        source.protected if keys.area_column else "",
        *(source.weight, source.count, source.responded, source.strata, source.cluster, source.stratum_size),
    )
    needed[f"[tables.{source.name}]"] = {name for name in named if name}
    needed[f"[tables.{source.name}] year"] = {source.year} if isinstance(source.year, str) else set()
    needed["[geographies]"] = {keys.area_column} if keys.area_column else set()
    return needed | {f"[factors.{factor.factor.name}]": {factor.column} for factor in keys.factors}


def _check_columns(source: TableSource, needed: dict[str, set[str]], columns: list[str]) -> None:
    for where, names in needed.items():
        for name in sorted(names - set(columns)):
            raise DatasetError(
                f"{where} names the column {name!r}, which table {source.name!r} does not have. Its columns: {', '.join(columns)}."
            )


def _check_no_total_rows(frame, indicator: Indicator, source: TableSource, keys: Keys) -> None:
    """A published dimension nobody asked about is added up; that is wrong where it holds its own total."""
    schema = frame.collect_schema()
    used = expressions.columns_of(indicator)
    used |= {keys.area_column, str(source.year), source.count, "symbol", *(f.column for f in keys.factors)}
    for column in (name for name, kind in schema.items() if kind == nw.String and name not in used):
        labels = frame.select(nw.col(column)).unique().collect()[column].to_list()
        totals = sorted(label for label in labels if label is not None and label.strip().lower() in TOTAL_WORDS)
        if totals and len(labels) > 1:
            raise DatasetError(
                f"table {source.name!r}, column {column!r} holds {totals[0]!r} beside other rows: adding them up would count people twice. "
                f'Describe it under [factors] with codes = {{ "{totals[0]}" = "{TOTAL}", … }}, or take the total rows out.'
            )


def _refuse_strange(factor: FactorSource, held: str) -> None:
    raise DatasetError(
        f"{held}, which maps to no group: add it to codes in [factors.{factor.factor.name}] of dataset.toml "
        f"(groups: {', '.join(factor.factor.codes)}, or {TOTAL} for a total row)."
    )


def _named(cells: pd.DataFrame, factor: FactorSource, frame: nw.LazyFrame, located: Located | None) -> Any:
    """Group codes instead of their numbers; not filled in is a group of its own, a strange code an error."""
    column, groups, text = cells[factor.factor.name], groups_of(factor), None
    if pd.api.types.is_numeric_dtype(column):
        number = column.to_numpy()
    else:
        text = column.astype("category")
        numbers = {code: groups.index(group) for code, group in factor.codes.items()}
        known = [numbers.get(code, STRANGE if code else EMPTY) for code in text.cat.categories]
        number = np.array([*known, EMPTY])[text.cat.codes]  # missing is −1, the last
    strange = number == STRANGE
    if strange.any():
        raw = nw.col(factor.column)
        is_strange = _group(factor, frame.collect_schema()) == STRANGE
        condition = is_strange if text is None else raw == min(text[strange].unique())
        if located is not None:
            _refuse_strange(factor, located(factor, condition))
        first = frame.filter(condition).select(raw.cast(nw.String).min()).collect()[factor.column].to_list()[0]
        _refuse_strange(factor, f"column {factor.column!r} holds {first!r}")
    if (number == EMPTY).any():
        groups += [UNKNOWN] * (UNKNOWN not in groups)
        number = np.where(number == EMPTY, groups.index(UNKNOWN), number)
    return pd.Categorical.from_codes(np.asarray(number, int), categories=pd.Index(groups))

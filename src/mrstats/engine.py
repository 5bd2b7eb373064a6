"""The pass over persons: `aggregate` turns rows of any engine into cells of sufficient statistics. No interval, no rule.

Written once with narwhals: the same call takes a DuckDB relation, pandas, Polars, or a warehouse table. Cells hold,
for a quantity y with weight w (1 in a register): ``n`` rows, ``w`` = Σw, ``w2`` = Σw², ``wy`` = Σwy, ``wy2`` = Σwy²,
``w2y`` = Σw²y, ``w2y2`` = Σ(wy)². Every margin is a sum of cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pandas as pd

from mrstats.dataset import City, FactorSource, TableSource
from mrstats.definitions import Indicator, expressions
from mrstats.schema import TOTAL, TOTAL_WORDS, UNPLACED, DatasetError

SUMS = ["n", "w", "w2", "wy", "wy2", "w2y", "w2y2"]
AREA = "area_"
"""Column of a cell's finest area code, as the table holds it."""


@dataclass(frozen=True)
class Keys:
    """What a pass groups by: years, the area column, and background factors."""

    years: tuple[int, ...]
    area_column: str
    factors: tuple[FactorSource, ...]


def aggregate(frame: Any, keys: dict[str, nw.Expr], sums: dict[str, nw.Expr]) -> pd.DataFrame:
    """Group a native frame by `keys` and add up `sums`.

    Parameters
    ----------
    frame : native frame
        pandas, Polars, DuckDB relation, PySpark … or a narwhals frame.
    keys, sums : dict of str to narwhals expression
        Output column -> what it is made from.

    Returns
    -------
    DataFrame
        One row per combination of keys that occurs, sorted by the keys, so that every engine answers alike.

    Examples
    --------
    >>> rows = pd.DataFrame({"sex": ["1", "2", "2"], "age": [10, 20, 30]})
    >>> aggregate(rows, {"sex": nw.col("sex")}, {"n": nw.lit(1), "age": nw.col("age")})
      sex  n  age
    0   1  1   10
    1   2  2   50
    """
    lazy = nw.from_native(frame).lazy()
    picked = lazy.select(
        *[expression.alias(name) for name, expression in keys.items()],
        *[expression.alias(name) for name, expression in sums.items()],
    )
    if not keys:
        cells = picked.select(*[nw.col(name).sum().alias(name) for name in sums])
    else:
        cells = picked.group_by(*keys).agg(*[nw.col(name).sum().alias(name) for name in sums])
    result = cells.collect().to_pandas()
    order = list(keys)
    return result.sort_values(order, ignore_index=True) if order else result


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
    source = city.description.tables[indicator.table]
    frame = nw.from_native(_with_missing(city.table(source.name))).lazy()
    schema = frame.collect_schema()
    columns = schema.names()
    _check_columns(indicator, source, keys, columns)
    # R and Polars write "not known" as NaN, which an engine would compare and add up as a number.
    floats = [name for name in _read_columns(indicator, source) if schema[name] in (nw.Float32, nw.Float64)]
    if floats:
        frame = frame.with_columns(*[nw.col(name).fill_nan(None) for name in floats])
    year = _year(source)
    if keys.years:
        frame = frame.filter(year.is_in(list(keys.years)))
    by = {"year": year, AREA: _area(source, keys.area_column)}
    for factor in keys.factors:
        by[factor.factor.name] = _group(factor)
    if source.grain == "cell":
        _check_no_total_rows(frame, indicator, source, keys)
    make = _person_sums if source.grain == "person" else _cell_sums
    frame, sums = make(frame, indicator, source)
    cells = aggregate(frame, by, sums)
    for factor in keys.factors:
        _check_groups(cells, factor, indicator)
    for name in ("n", "w", "w2", "wy", "wy2", "w2y", "w2y2", "hidden"):
        cells[name] = cells[name].astype(float)
    cells["year"] = cells["year"].astype(int)
    return cells


def _read_columns(indicator: Indicator, source: TableSource) -> list[str]:
    """Columns whose values are added up or compared."""
    used = expressions.column_names(indicator.numerator) | expressions.column_names(indicator.denominator)
    return sorted(used | {name for name in (source.count, source.weight) if name})


def _with_missing(frame: Any) -> Any:
    """A plain pandas frame with types that keep "not known" apart from "no": NaN < 100 is missing, not false."""
    return frame.convert_dtypes(dtype_backend="pyarrow") if isinstance(frame, pd.DataFrame) else frame


def _year(source: TableSource) -> nw.Expr:
    return nw.lit(source.year) if isinstance(source.year, int) else nw.col(source.year).cast(nw.Int64)


def _area(source: TableSource, column: str) -> nw.Expr:
    if not column:
        return nw.lit(UNPLACED)
    area = nw.col(column).cast(nw.String)
    placed = ~area.is_null()
    if source.protected:
        placed = placed & ~nw.col(source.protected)
    return nw.when(placed).then(area).otherwise(nw.lit(UNPLACED))


def _group(source: FactorSource) -> nw.Expr:
    """Group code of each row; rows whose code has no group keep it after a ``?`` so that the check can name it."""
    raw = nw.col(source.column)
    if source.ranges:
        cases = [(code, _in_range(raw, code)) for code in source.factor.codes]
    else:
        text = raw.cast(nw.String)
        cases = [
            (group, text.is_in([code for code, target in source.codes.items() if target == group]))
            for group in dict.fromkeys(source.codes.values())
        ]
    result = nw.when(raw.is_null()).then(nw.lit(None)).otherwise(nw.concat_str(nw.lit("?"), raw.cast(nw.String)))
    for group, condition in reversed(cases):
        result = nw.when(condition).then(nw.lit(group)).otherwise(result)
    return result


def _in_range(raw: nw.Expr, code: str) -> nw.Expr:
    """``"16-19"`` and ``"80+"`` as conditions on an age in years."""
    if code.endswith("+"):
        return raw >= int(code[:-1])
    low, high = code.split("-")
    return (raw >= int(low)) & (raw <= int(high))


def _person_sums(frame, indicator: Indicator, source: TableSource):
    """Among the rows of the denominator: y is the numerator (true counts as 1); a missing y is no observation."""
    where = f"[indicators.{indicator.name}]"
    keep = expressions.to_narwhals(indicator.denominator, where=f"{where} denominator")
    y = expressions.to_narwhals(indicator.numerator, where=f"{where} numerator").cast(nw.Float64)
    frame = frame.with_columns(keep.alias("keep_"), y.alias("y_")).filter(nw.col("keep_") & ~nw.col("y_").is_null())
    w = nw.col(source.weight).cast(nw.Float64) if source.weight else nw.lit(1.0)
    y = nw.col("y_")
    return frame, _moments(nw.lit(1.0), w, y) | {"hidden": nw.lit(0.0)}


def _cell_sums(frame, indicator: Indicator, source: TableSource):
    """Published counts: the denominator's count is n, the numerator's is Σy; both may be filters or amounts."""

    def amount(text: str, part: str) -> nw.Expr:
        expression = expressions.to_narwhals(text, where=f"[indicators.{indicator.name}] {part}")
        if expressions.is_condition(text):
            return nw.when(expression).then(nw.col(source.count).cast(nw.Float64)).otherwise(nw.lit(0.0))
        return expression.cast(nw.Float64)

    frame = frame.with_columns(
        amount(indicator.denominator, "denominator").alias("n_"),
        amount(indicator.numerator, "numerator").alias("y_"),
    )
    missing = (nw.col("n_").is_null() | nw.col("y_").is_null()).cast(nw.Int64)
    n, y = nw.col("n_"), nw.col("y_")
    sums = {"n": n, "w": n, "w2": n, "wy": y, "wy2": y, "w2y": y, "w2y2": y, "hidden": missing}
    return frame, sums


def _moments(one: nw.Expr, w: nw.Expr, y: nw.Expr) -> dict[str, nw.Expr]:
    return {
        "n": one,
        "w": w,
        "w2": w * w,
        "wy": w * y,
        "wy2": w * y * y,
        "w2y": w * w * y,
        "w2y2": w * w * y * y,
    }


def _check_columns(indicator: Indicator, source: TableSource, keys: Keys, columns: list[str]) -> None:
    wanted = {
        f"[indicators.{indicator.name}]": expressions.column_names(indicator.numerator)
        | expressions.column_names(indicator.denominator)
    }
    wanted[f"[tables.{source.name}]"] = {c for c in (source.protected, source.weight, source.count) if c}
    if isinstance(source.year, str):
        wanted[f"[tables.{source.name}] year"] = {source.year}
    for factor in keys.factors:
        wanted[f"[factors.{factor.factor.name}]"] = {factor.column}
    for where, names in wanted.items():
        for name in sorted(names - set(columns)):
            raise DatasetError(
                f"{where} names the column {name!r}, which table {source.name!r} does not have. Its columns: {', '.join(columns)}."
            )


def _check_no_total_rows(frame, indicator: Indicator, source: TableSource, keys: Keys) -> None:
    """A published dimension nobody asked about is added up; that is wrong where it holds its own total."""
    schema = frame.collect_schema()
    used = expressions.column_names(indicator.numerator) | expressions.column_names(indicator.denominator)
    used |= {keys.area_column, str(source.year), source.count, "symbol", *(f.column for f in keys.factors)}
    for column in (name for name, kind in schema.items() if kind == nw.String and name not in used):
        labels = frame.select(nw.col(column)).unique().collect()[column].to_list()
        totals = sorted(label for label in labels if label is not None and label.strip().lower() in TOTAL_WORDS)
        if totals and len(labels) > 1:
            raise DatasetError(
                f"table {source.name!r}, column {column!r} holds {totals[0]!r} beside other rows: adding them up would count people twice. "
                f'Describe it under [factors] with codes = {{ "{totals[0]}" = "{TOTAL}", … }}, or take the total rows out.'
            )


def _check_groups(cells: pd.DataFrame, factor: FactorSource, indicator: Indicator) -> None:
    groups = cells[factor.factor.name]
    if groups.isna().any():
        lost = int(cells.loc[groups.isna(), "n"].sum())
        raise DatasetError(
            f"[factors.{factor.factor.name}] column {factor.column!r} is empty for {lost} rows of {indicator.name!r}. "
            "Give them a code of their own, such as a group 'unknown', or narrow the denominator to those who can have one."
        )
    strange = groups[groups.str.startswith("?")]
    if len(strange):
        raise DatasetError(
            f"[factors.{factor.factor.name}] column {factor.column!r} holds {strange.iloc[0][1:]!r}, which maps to no group. "
            f"Add it to codes in dataset.toml (groups: {', '.join(factor.factor.codes)}, or {TOTAL} for a total row)."
        )

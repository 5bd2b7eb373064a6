"""What is counted of a row: whether it is in the denominator, its outcome, and what each sum adds up of it. No pass, no key."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw

from mrstats.dataset import TableSource
from mrstats.definitions import Indicator, expressions
from mrstats.schema import PUBLISHED, DatasetError

OUTCOME_PARTS = {"keep_": "denominator", "y_": "numerator", "x_": "per"}
"""Columns of a person's outcome, and the parts of an indicator that they are made from."""


def person_sums(frame, indicator: Indicator, source: TableSource, rowwise: bool):
    """Among the rows of the denominator: y is the numerator (true counts as 1); a missing y is no observation."""
    frame, yes_no = with_outcome(frame, indicator)
    y = nw.col("y_")
    sums = amounts(indicator, source, yes_no)
    if rowwise or indicator.per or indicator.denominator != "true":
        frame = frame.filter(nw.col("keep_") & ~y.is_null())
        return (frame.filter(~nw.col("x_").is_null()) if indicator.per else frame), sums
    ones = {name: nw.when(~y.is_null()).then(sums[name]) for name in ("n", "w", "w2") if name in sums}
    return frame, sums | ones  # the others are missing with y


def amounts(indicator: Indicator, source: TableSource, yes_no: bool, which: str = "") -> dict[str, nw.Expr]:
    """What each sum adds up of a person; those of `ALIKE` are left out where they equal another."""
    one, y, x = nw.lit(1).cast(nw.Float64), nw.col(f"y_{which}"), nw.col(f"x_{which}")  # PostgreSQL: 1.0 is a decimal
    users = nw.when(y != 0).then(one)
    w = nw.col(source.weight).cast(nw.Float64) if source.weight else one
    sums = {"n": one, "wy": w * y if source.weight else y}
    if indicator.per:
        sums |= {"wx": w * x, "wx2": w * x * x, "wxy": w * x * y}
    if not source.weight:
        return sums | ({} if yes_no else {"wy2": y * y, "users": users})
    moments = {"w": w, "w2": w * w, "wy2": w * y * y, "w2y": w * w * y, "w2y2": w * w * y * y}
    return {**sums, **moments, "users": users}


def with_outcome(frame: nw.LazyFrame, indicator: Indicator) -> tuple[nw.LazyFrame, bool]:
    """Columns ``keep_`` (in the denominator), ``y_`` and, where the indicator has `per`, ``x_``; whether y is yes or no."""
    frame, (yes_no,) = with_outcomes(frame, {"": indicator})
    return frame, yes_no


def with_outcomes(frame: nw.LazyFrame, indicators: Mapping[str, Indicator]) -> tuple[nw.LazyFrame, list[bool]]:
    """`with_outcome` of several indicators, whose keys end the names of their columns."""
    texts = {
        f"{name}{which}": (getattr(indicator, part), f"[indicators.{indicator.name}] {part}")
        for which, indicator in indicators.items()
        for name, part in OUTCOME_PARTS.items()
        if part != "per" or indicator.per
    }
    made = {name: expressions.to_narwhals(text, where=where) for name, (text, where) in texts.items()}
    frame = frame.with_columns(**made)
    kinds, numbers = frame.collect_schema(), {}
    for name, (text, where) in texts.items():
        if name.startswith("keep_"):
            continue
        if not (kinds[name] == nw.Boolean or kinds[name].is_numeric()):
            raise DatasetError(
                f"{where} {text!r} is {kinds[name]}, not a number and not true or false. "
                "Compare it with something, or give the column a number."
            )
        # PostgreSQL makes no float of a truth value.
        value = nw.col(name).cast(nw.Int32) if kinds[name] == nw.Boolean else nw.col(name)
        numbers[name] = value.cast(nw.Float64)
    return frame.with_columns(**numbers), [kinds[f"y_{which}"] == nw.Boolean for which in indicators]


def cell_sums(frame, indicator: Indicator, source: TableSource):
    """Published counts: the denominator's count is n, the numerator's is Σy; both may be filters or amounts."""

    def amount(text: str, part: str) -> nw.Expr:
        expression = expressions.to_narwhals(text, where=f"[indicators.{indicator.name}] {part}")
        if expressions.is_condition(text):
            return nw.when(expression).then(nw.col(source.count).cast(nw.Float64)).otherwise(nw.lit(0).cast(nw.Float64))
        return expression.cast(nw.Float64)

    figures = nw.lit(1).cast(nw.Float64)  # of figures as published the rows are counted, not the persons
    if indicator.measure == PUBLISHED and expressions.is_condition(indicator.numerator):
        where = f"[indicators.{indicator.name}] numerator"
        figures = (
            nw.when(expressions.to_narwhals(indicator.numerator, where=where)).then(figures).otherwise(nw.lit(0.0))
        )
    frame = frame.with_columns(
        (figures if indicator.measure == PUBLISHED else amount(indicator.denominator, "denominator")).alias("n_"),
        amount(indicator.numerator, "numerator").alias("y_"),
    )
    missing = nw.col("n_").is_null() | nw.col("y_").is_null()
    sums = {"n": nw.col("n_"), "wy": nw.col("y_")}
    if indicator.per:
        frame = frame.with_columns(amount(indicator.per, "per").alias("x_"))
        sums["wx"], missing = nw.col("x_"), missing | nw.col("x_").is_null()
    return frame, {**sums, "hidden": missing.cast(nw.Int64)}

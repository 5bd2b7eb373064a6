"""Gaps: every group or area against the total or a reference group. Tables in, tables out; no microdata."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrstats.dataset import City, dataset_of
from mrstats.definitions import Indicator
from mrstats.measures import distribution, proportions, rates
from mrstats.measures.contrasts import mover_difference
from mrstats.schema import (
    CANNOT_EXIST,
    CITY,
    TOTAL,
    MrstatsError,
    UnknownGroupError,
    UnknownNameError,
    factor_columns,
    has_status,
    is_standardised,
)

GEOGRAPHY = "geography"
GAP_COLUMNS = [
    "factor", "reference", "reference_value", "difference", "difference_lower", "difference_upper", "disadvantage", "to_lift",
]  # fmt: skip


def gaps(
    table: pd.DataFrame,
    factor: str | Sequence[str] | None = None,
    reference: str = "total",
    *,
    city: City | None = None,
) -> pd.DataFrame:
    """Difference of every group from the total, or from a reference group, with its interval.

    Parameters
    ----------
    table : DataFrame
        From `break_down`; proportions, rates and means.
    factor : str or list of str, optional
        Factors to compare within; ``"geography"`` compares areas with the city. Default: all there are.
    reference : str
        ``"total"``, or the code of a group of `factor`.
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        One row per compared group that somebody could be in, the table's columns and `GAP_COLUMNS`: difference = group − reference in the
        indicator's unit (percentage points for proportions); `disadvantage` is positive where the group is worse off;
        `to_lift` is how many persons would have to change state for the gap to close, the reference staying where
        it is (0 where there is none to close).

    Raises
    ------
    UnknownGroupError
        The reference is missing somewhere; the message says where and which groups there are.

    Notes
    -----
    How to read it: an interval that excludes 0 is a sure difference. A group is part of the total, so it is compared
    with the rest of the residents and scaled back: y − μ = (1 − p)(y − rest), which makes the two independent. Groups
    of a register are independent of each other. Intervals: Newcombe for proportions, Byar limits joined by MOVER for
    rates, t limits joined by MOVER for means.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", by="sex")
    >>> mr.gaps(table, factor="sex", reference="men")[["sex", "difference", "to_lift"]].round(1)
         sex  difference  to_lift
    0  women       -10.0      4.0
    """
    home = dataset_of(table, city)
    if reference == "total" and is_standardised(table):
        raise MrstatsError(
            "the total of a standardised table is not made of its groups, so their difference from it has no interval "
            "here. Compare two groups: reference='…' with the code of one."
        )
    for indicator in map(home.indicator, table["indicator"].unique()):
        if indicator.measure in ("count", "total"):
            raise MrstatsError(
                f"{indicator.name!r} is a {indicator.measure}: a difference of numbers says how large the groups are, "
                "not how their conditions differ. Compare a proportion, a rate or a mean."
            )
    factors = factor_columns(table)
    wanted = _wanted(table, factors, factor)
    parts = []
    for name in wanted:
        groups = _compared(table, factors, name, reference)
        parts.append(groups)
    joined = (
        pd.concat(parts, ignore_index=True) if parts else table.iloc[:0].assign(**dict.fromkeys(GAP_COLUMNS, np.nan))
    )
    pieces = [_contrast(rows, home.indicator(str(name))) for name, rows in joined.groupby("indicator", sort=False)]
    result = pd.concat(pieces).sort_index() if pieces else joined
    result = result[[*table.columns, *GAP_COLUMNS]].reset_index(drop=True)
    result.attrs["dataset"] = home.key
    return result


def _wanted(table: pd.DataFrame, factors: list[str], factor: str | Sequence[str] | None) -> list[str]:
    areas = (table["geography_level"] != CITY).any()
    if factor is None:
        return [*factors, *([GEOGRAPHY] if areas else [])]
    names = [factor] if isinstance(factor, str) else list(factor)
    for name in names:
        if name not in (*factors, GEOGRAPHY):
            raise UnknownNameError(
                f"factor={name!r} is not in the table, which has {', '.join([*factors, GEOGRAPHY])}."
            )
    return names


def _compared(table: pd.DataFrame, factors: list[str], name: str, reference: str) -> pd.DataFrame:
    """Rows of the compared groups beside the figures of their reference (suffix ``_r``)."""
    keys = ["indicator", "year", "confidence", *(f for f in factors if f != name)]
    if name == GEOGRAPHY:
        is_group, is_reference = table["geography_level"] != CITY, table["geography_level"] == CITY
        if reference != "total":
            is_reference = table["geography"] == reference
            is_group &= ~is_reference
    else:
        keys += ["geography_level", "geography"]
        code = TOTAL if reference == "total" else reference
        is_reference, is_group = table[name] == code, ~table[name].isin([TOTAL, code])
    figures = ["value", "lower", "upper", "se", "n", "population", "count", "status"]
    if name != GEOGRAPHY:  # a group nobody could be in is not compared; an area stays an area
        is_group &= ~has_status(table["status"], CANNOT_EXIST)
    other = table.loc[is_reference, keys + figures].rename(columns={c: f"{c}_r" for c in figures})
    rows = table[is_group].merge(other, on=keys, how="left", indicator=True, validate="many_to_one")
    lost = rows["_merge"] == "left_only"
    if lost.any():
        first = rows[lost].iloc[0]
        known = table["geography"] if name == GEOGRAPHY else table[name]
        raise UnknownGroupError(
            f"reference={reference!r} is missing at geography {first['geography']!r}, year {first['year']}. "
            f"Groups there: {', '.join(sorted(set(known) - {TOTAL}))}. Choose one of them, or reference='total'."
        )
    rows = rows.drop(columns="_merge").assign(factor=name, reference=reference)
    return rows.assign(reference_value=rows["value_r"])


def _contrast(rows: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Difference and its interval for rows of one indicator."""
    confidence = float(rows["confidence"].iloc[0])
    part_of_total = (rows["reference"] == "total").to_numpy()
    group = {c: rows[c].to_numpy(float) for c in ("value", "lower", "upper", "se", "n", "count")}
    other = {c: rows[f"{c}_r"].to_numpy(float) for c in group}
    everyone = np.where(other["n"] > 0, other["n"], np.nan)
    share = np.where(part_of_total, group["n"] / everyone, 0.0)
    rest = _rest(group, other, part_of_total, indicator, confidence)
    lower, upper = mover_difference(group["value"], group["lower"], group["upper"], *rest)
    known = np.isfinite(group["value"]) & np.isfinite(other["value"])
    scale = np.where(known, 1 - share, np.nan)
    difference = np.where(known, group["value"] - other["value"], np.nan)
    sign = {"favourable": -1.0, "adverse": 1.0, "": np.nan}[indicator.direction]
    disadvantage = sign * difference
    per_person = {"proportion": 100.0, "rate": indicator.multiplier}.get(indicator.measure, np.nan)
    return rows.assign(
        difference=difference,
        difference_lower=lower * scale,
        difference_upper=upper * scale,
        disadvantage=disadvantage,
        to_lift=np.maximum(disadvantage, 0) / per_person * rows["population"].to_numpy(float),
    )


def _rest(group, other, part_of_total, indicator: Indicator, confidence: float):
    """Value and interval of what the group is compared with: the reference itself, or the total less the group."""
    own = other["value"], other["lower"], other["upper"]
    n, events = other["n"] - group["n"], other["count"] - group["count"]
    usable = part_of_total & np.isfinite(n) & (n > 0)
    safe_n = np.where(usable, n, 1.0)
    if indicator.measure == "proportion":
        x = np.where(usable & np.isfinite(events), np.clip(events, 0, safe_n), 0.0)
        lower, upper = proportions.wilson_interval(x, safe_n, confidence=confidence)
        made = 100 * x / safe_n, 100 * lower, 100 * upper
    elif indicator.measure == "rate":
        x = np.where(usable & np.isfinite(events), np.maximum(events, 0), 0.0)
        per = indicator.multiplier / safe_n
        lower, upper = rates.poisson_interval(x, confidence=confidence)
        made = x * per, lower * per, upper * per
    elif indicator.measure == "mean":
        total = other["n"] * other["value"] - group["n"] * group["value"]
        squares = _squares(other) - _squares(group)
        made = distribution.mean_interval(safe_n, total, np.where(usable, squares, np.nan), confidence=confidence)[:3]
    else:
        made = (np.full(len(n), np.nan),) * 3
    return tuple(np.where(part_of_total, np.where(usable, m, np.nan), o) for m, o in zip(made, own, strict=True))


def _squares(figures) -> np.ndarray:
    """Sum of squares given back by mean, its standard error and n."""
    n, value, se = figures["n"], figures["value"], figures["se"]
    return (n - 1) * n * np.where(np.isfinite(se), se, 0.0) ** 2 + n * value**2

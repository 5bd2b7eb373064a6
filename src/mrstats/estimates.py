"""From cells to figures: value, interval and standard error of each measure, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mrstats.definitions import Indicator
from mrstats.engine import PER_SUMS, SUMS
from mrstats.measures import distribution, proportions, rates
from mrstats.measures.checks import normal_quantile
from mrstats.schema import (
    BREAK_IN_SERIES,
    CANNOT_EXIST,
    CELLS,
    CONFIDENTIAL,
    FIGURES,
    NOT_COLLECTED,
    PER_CENT,
    PUBLISHED,
    REGISTER,
    SURVEY,
    UNRELIABLE,
)

Figures = dict[str, Any]
SPREAD_UNKNOWN = ("mean", "total", "ratio")

UNRELIABLE_CV = 0.30
UNRELIABLE_N = 50
RATE_DENOMINATOR = 30


def estimate(
    cells: pd.DataFrame,
    indicator: Indicator,
    *,
    confidence: float = 0.95,
    kind: str = REGISTER,
    whole: ArrayLike | None = None,
    figures: Figures | None = None,
) -> pd.DataFrame:
    """Add the figures of the indicator's measure to rolled-up cells.

    Parameters
    ----------
    cells : DataFrame
        The sums of `mrstats.engine` and ``hidden``; any other columns are kept.
    indicator : Indicator
        Its measure, direction, multiplier and unit.
    confidence : float
        Level of the intervals.
    kind : {"register", "survey", "cells"}
        The kind of uncertainty, first word of `method`.
    whole : array_like of int, optional
        Row of the whole city in the same year, for each row; a share is one of it.
    figures : dict, optional
        ``value lower upper se df method`` (and ``count``, ``population``) made from persons, instead of from the sums.

    Returns
    -------
    DataFrame
        Proportions and shares in per cent, rates and ratios times `multiplier`, the others in the indicator's unit.
    """
    table = cells.reset_index(drop=True)
    n, w, wy = (table[c].to_numpy(float) for c in ("n", "w", "wy"))
    measure = indicator.measure
    some = (n > 0) | (measure in ("count", "total", "share"))  # nobody is a true zero there, no gap in the figures
    if figures is None:
        sums = {name: np.where(some, table[name].to_numpy(float), 0.0) for name in table if name in (*SUMS, *PER_SUMS)}
        sums["n"] = np.where(n > 0, n, 1.0)
        if kind == CELLS and measure in SPREAD_UNKNOWN:
            sums["wy2"] = np.full(len(table), np.nan)  # a publisher's sums do not tell how persons differ
        if measure == "share":
            sums["all"], sums["all2"] = (sums[name][np.asarray(whole)] for name in ("wy", "wy2"))
        figures = MAKE[measure](sums, indicator, confidence)
    if whole is not None and measure in ("mean", "ratio"):
        figures = _with_borrowed_spread(figures, n, np.asarray(whole), confidence)
    for name in ("value", "lower", "upper", "se"):
        table[name] = np.where(some, figures[name], np.nan)
    table["df"] = np.where(some, figures["df"], np.nan)
    table["population"] = figures.get("population", w)
    # Of a sum or a mean: those who have any of it. One recipient's amount is that recipient's own.
    persons = measure in ("proportion", "rate", "count")
    users = table["users"].to_numpy(float) if kind != CELLS else np.full(len(table), np.nan)  # a sum does not tell
    table["count"] = figures.get("count", wy if persons else users)
    table["affected"] = _affected(indicator, table["population"].to_numpy(float), table["count"].to_numpy(float))
    method = np.asarray(figures["method"], object)
    table["measure"], table["method"] = measure, f"{kind} " + method
    table["confidence"], table["unit"] = confidence, indicator.unit["en"]
    table["status"] = _status(table, indicator, some, kind)
    hidden_at_source = table["hidden"].to_numpy() > 0
    if measure == PUBLISHED:
        hidden_at_source &= n == 1
        table["n"] = np.nan  # one published figure, which is no person
    table.loc[hidden_at_source, FIGURES] = np.nan
    table.loc[hidden_at_source, "status"] = CONFIDENTIAL
    return table


def _affected(indicator: Indicator, w: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Persons in the worse state; nobody knows where the indicator has no direction."""
    if indicator.measure not in ("proportion", "rate", "at_risk_of_poverty") or not indicator.direction:
        return np.full(len(w), np.nan)
    return count if indicator.direction == "adverse" else w - count


def _status(table: pd.DataFrame, indicator: Indicator, some: np.ndarray, kind: str) -> list[str]:
    value, se, n = (table[c].to_numpy(float) for c in ("value", "se", "n"))
    with np.errstate(invalid="ignore", divide="ignore"):
        wide = (se / np.abs(value) > UNRELIABLE_CV) & (value != 0)  # a true zero is judged by its n alone
    # A complete count is no estimate of something else.
    counted = indicator.measure in ("count", "total", "share", PUBLISHED) and kind != SURVEY
    silent = ~np.isfinite(se) & (
        kind != CELLS
    )  # a publisher's mean of many is no weaker because its spread is not told
    weak = some & (not counted) & (wide | (n < UNRELIABLE_N) | silent)
    codes = np.where(~some, CANNOT_EXIST, np.where(weak, UNRELIABLE, ""))
    if indicator.measure == PUBLISHED:
        codes = np.where(n > 1, NOT_COLLECTED, codes)
    if indicator.measure == "rate":
        codes = np.where(some & (n < RATE_DENOMINATOR), CONFIDENTIAL, codes)
    codes_of_rows = (CANNOT_EXIST, UNRELIABLE, NOT_COLLECTED, "")
    plain = {code: " ".join(filter(None, (code, indicator.status))) for code in codes_of_rows}
    broken = {code: " ".join(filter(None, (code, BREAK_IN_SERIES, indicator.status))) for code in codes_of_rows}
    plain[CONFIDENTIAL] = broken[CONFIDENTIAL] = CONFIDENTIAL
    status = [plain[code] for code in codes.tolist()]  # a million cells, four words
    for place in np.flatnonzero(table["year"].isin(indicator.breaks)):
        status[place] = broken[codes[place]]
    if indicator.measure == "rate":
        table.loc[codes == CONFIDENTIAL, FIGURES] = np.nan
    return status


def _proportion(sums, indicator, confidence):
    n, y = sums["n"], sums["wy"]
    lower, upper = proportions.wilson_interval(y, n, confidence=confidence)
    se = proportions.wilson_standard_error(y, n, confidence=confidence)
    return _figures(y / n, lower, upper, se, np.inf, "wilson", 100.0)


def _poisson(events, per, confidence):
    """Events times `per` with Poisson limits; no events have the error of one, never zero."""
    lower, upper = rates.poisson_interval(events, confidence=confidence)
    method = np.where(events < rates.EXACT_BELOW, "exact poisson", "byar").astype(object)
    return _figures(events, lower, upper, np.sqrt(np.maximum(events, 1.0)), np.inf, method, per)


def _rate(sums, indicator, confidence):
    below = sums["wx"] if indicator.per else sums["n"]
    with np.errstate(divide="ignore"):
        return _poisson(sums["wy"], np.where(below > 0, indicator.multiplier / below, np.nan), confidence)


def _count(sums, indicator, confidence):
    return _poisson(sums["wy"], 1.0, confidence)


def _mean(sums, indicator, confidence):
    made = distribution.mean_interval(sums["n"], sums["wy"], sums["wy2"], confidence=confidence)
    return _figures(*made, sums["n"] - 1, "t")


def _total(sums, indicator, confidence):
    y = sums["wy"]
    lower, upper, se = distribution.total_interval(sums["n"], y, sums["wy2"], confidence=confidence)
    lower = np.where(y >= 0, np.maximum(lower, 0.0), lower)  # amounts that are not negative do not add up to less
    return _figures(y, lower, upper, se, sums["n"] - 1, "compound poisson")


def _ratio(sums, indicator, confidence):
    """Σy ÷ Σx; variance of the mean of y − Rx, over the mean of x."""
    nothing = np.full(len(sums["n"]), np.nan)
    x2, xy = sums.get("wx2", nothing), sums.get("wxy", nothing)
    made = distribution.ratio_of_totals_interval(
        sums["n"], sums["wy"], sums["wx"], sums["wy2"], x2, xy, confidence=confidence
    )
    return _figures(*made, sums["n"] - 1, "t", indicator.multiplier)


def _share(sums, indicator, confidence):
    """Part of the whole city's sum: Wilson where everybody counts as one, else the linearised part of a sum."""
    y, y2, everything, squares = sums["wy"], sums["wy2"], sums["all"], sums["all2"]
    total = np.where(everything > 0, everything, np.nan)
    part = y / total
    ones = np.isclose(squares, everything, rtol=1e-12)
    safe = np.where(everything > 0, everything, 1.0)
    lower, upper = proportions.wilson_interval(np.clip(np.where(ones, y, 0), 0, safe), safe, confidence=confidence)
    se = proportions.wilson_standard_error(np.clip(np.where(ones, y, 0), 0, safe), safe, confidence=confidence)
    spread = np.sqrt(np.maximum(y2 * (1 - 2 * part) + part**2 * squares, 0.0)) / total
    half = spread * normal_quantile(confidence)
    return _figures(
        part,
        np.where(ones, lower, np.maximum(part - half, 0.0)),
        np.where(ones, upper, np.minimum(part + half, 1.0)),
        np.where(ones, se, np.where(spread > 0, spread, np.nan)),
        np.inf,
        np.where(ones, "wilson", "linearised").astype(object),
        100.0,
    )


def _with_borrowed_spread(figures: Figures, n: np.ndarray, whole: np.ndarray, confidence: float) -> Figures:
    """One person, persons all alike, or one cluster: they do not tell how persons differ, so the whole city's spread does."""
    figures = {name: np.broadcast_to(np.asarray(values), n.shape).copy() for name, values in figures.items()}
    se = figures["se"].astype(float)
    silent = (n > 0) & np.isfinite(figures["value"].astype(float)) & ~(se > 0)
    borrowed = se[whole] * np.sqrt(n[whole] / np.where(n > 0, n, 1.0))
    silent &= np.isfinite(borrowed) & (borrowed > 0)
    half = distribution.t_quantile(np.asarray(figures["df"], float)[whole], confidence) * borrowed
    for name, values in (
        ("se", borrowed),
        ("lower", figures["value"] - half),
        ("upper", figures["value"] + half),
        ("df", figures["df"][whole]),
        ("method", "borrowed t"),
    ):
        figures[name] = np.where(silent, values, figures[name])
    unknown = ~(figures["se"].astype(float) > 0)  # all of the city alike: no error of zero
    for name in ("se", "lower", "upper"):
        figures[name] = np.where(unknown, np.nan, figures[name])
    return figures


def scale_of(indicator: Indicator) -> float:
    """What a figure of `measures` is multiplied by in a table: 100 for per cent, else the indicator's own multiplier."""
    return 100.0 if indicator.measure in PER_CENT else indicator.multiplier


def _figures(value, lower, upper, se, df, method, scale=1.0) -> Figures:
    made = {"value": value * scale, "lower": lower * scale, "upper": upper * scale, "se": se * scale}
    return {**made, "df": df, "method": method}


def _published(sums, indicator, confidence):
    """As its publisher made it: several of them cannot be put together, so only a row of one has a figure."""
    nothing = np.full(len(sums["n"]), np.nan)
    made = _figures(np.where(sums["n"] == 1, sums["wy"], np.nan), nothing, nothing, nothing, np.nan, "as published")
    return made | {"count": nothing, "population": nothing}


MAKE: dict[str, Callable[..., Figures]] = {
    "proportion": _proportion,
    "rate": _rate,
    "count": _count,
    "mean": _mean,
    "total": _total,
    "ratio": _ratio,
    "share": _share,
    PUBLISHED: _published,
}

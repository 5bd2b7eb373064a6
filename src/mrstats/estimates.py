"""From cells to figures: value, interval and standard error of each measure, and how far it can be trusted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.definitions import Indicator
from mrstats.measures import distribution, proportions, rates
from mrstats.schema import CANNOT_EXIST, CONFIDENTIAL, FIGURES, UNRELIABLE

UNRELIABLE_CV = 0.30
UNRELIABLE_N = 50
RATE_DENOMINATOR = 30


def estimate(cells: pd.DataFrame, indicator: Indicator, *, confidence: float = 0.95) -> pd.DataFrame:
    """Add the figures of the indicator's measure to rolled-up cells.

    Parameters
    ----------
    cells : DataFrame
        The sums of `mrstats.engine` and ``hidden``; any other columns are kept.
    indicator : Indicator
        Its measure, direction, multiplier and unit.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        Proportions in per cent, rates per `multiplier`, means and totals in the indicator's unit.
    """
    table = cells.reset_index(drop=True)
    n, w, wy, wy2 = (table[c].to_numpy(float) for c in ("n", "w", "wy", "wy2"))
    some = (n > 0) | (indicator.measure in ("count", "total"))  # nobody is a true zero there, no gap in the figures
    safe = np.where(n > 0, n, 1.0)
    make = {"proportion": _proportion, "rate": _rate, "mean": _mean, "count": _count, "total": _total}[
        indicator.measure
    ]
    figures = make(safe, np.where(some, wy, 0.0), np.where(some, wy2, 0.0), indicator, confidence)
    for name in ("value", "lower", "upper", "se"):
        table[name] = np.where(some, figures[name], np.nan)
    table["df"] = np.where(some, figures["df"], np.nan)
    persons = indicator.measure in ("proportion", "rate", "count")
    table["population"] = w
    # Of a sum or a mean: those who have any of it. One recipient's amount is that recipient's own.
    table["count"] = wy if persons else table["users"].to_numpy(float)
    table["affected"] = _affected(indicator, w, wy)
    table["measure"], table["method"] = indicator.measure, figures["method"]
    table["confidence"], table["unit"] = confidence, indicator.unit["en"]
    table["status"] = _status(table, indicator, some)
    hidden_at_source = table["hidden"].to_numpy() > 0
    table.loc[hidden_at_source, FIGURES] = np.nan
    table.loc[hidden_at_source, "status"] = CONFIDENTIAL
    return table


def _affected(indicator: Indicator, w: np.ndarray, wy: np.ndarray) -> np.ndarray:
    """Persons in the worse state; nobody knows where the indicator has no direction."""
    if indicator.measure not in ("proportion", "rate") or not indicator.direction:
        return np.full(len(w), np.nan)
    return wy if indicator.direction == "adverse" else w - wy


def _status(table: pd.DataFrame, indicator: Indicator, some: np.ndarray) -> list[str]:
    value, se, n = (table[c].to_numpy(float) for c in ("value", "se", "n"))
    with np.errstate(invalid="ignore", divide="ignore"):
        wide = (se / np.abs(value) > UNRELIABLE_CV) & (value != 0)  # a true zero is judged by its n alone
    counted = indicator.measure in ("count", "total")  # a complete count is no estimate of something else
    weak = some & (not counted) & (wide | (n < UNRELIABLE_N) | ~np.isfinite(se))
    codes = np.where(~some, CANNOT_EXIST, np.where(weak, UNRELIABLE, ""))
    if indicator.measure == "rate":
        codes = np.where(some & (n < RATE_DENOMINATOR), CONFIDENTIAL, codes)
    status = [" ".join(filter(None, (code, indicator.status))) if code != CONFIDENTIAL else code for code in codes]
    if indicator.measure == "rate":
        table.loc[codes == CONFIDENTIAL, FIGURES] = np.nan
    return status


def _proportion(n, y, y2, indicator, confidence):
    lower, upper = proportions.wilson_interval(y, n, confidence=confidence)
    se = proportions.wilson_standard_error(y, n, confidence=confidence)
    return {
        "value": 100 * y / n,
        "lower": 100 * lower,
        "upper": 100 * upper,
        "se": 100 * se,
        "df": np.inf,
        "method": "wilson",
    }


def _rate(n, y, y2, indicator, confidence):
    lower, upper = rates.poisson_interval(y, confidence=confidence)
    per = indicator.multiplier / n
    method = np.where(y < rates.EXACT_BELOW, "exact poisson", "byar")
    se = np.sqrt(np.maximum(y, 1.0)) * per  # no events: the error of one, never zero
    return {"value": y * per, "lower": lower * per, "upper": upper * per, "se": se, "df": np.inf, "method": method}


def _mean(n, y, y2, indicator, confidence):
    value, lower, upper, se = distribution.mean_interval(n, y, y2, confidence=confidence)
    return {"value": value, "lower": lower, "upper": upper, "se": se, "df": n - 1, "method": "t"}


def _count(n, y, y2, indicator, confidence):
    lower, upper = rates.poisson_interval(y, confidence=confidence)
    method = np.where(y < rates.EXACT_BELOW, "exact poisson", "byar")
    se = np.sqrt(np.maximum(y, 1.0))
    return {"value": y, "lower": lower, "upper": upper, "se": se, "df": np.inf, "method": method}


def _total(n, y, y2, indicator, confidence):
    lower, upper, se = distribution.total_interval(n, y, y2, confidence=confidence)
    lower = np.where(y >= 0, np.maximum(lower, 0.0), lower)  # amounts that are not negative do not add up to less
    return {"value": y, "lower": lower, "upper": upper, "se": se, "df": n - 1, "method": "compound poisson"}

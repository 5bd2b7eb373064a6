"""Direct standardisation of cells: what a group's figure would be with the whole city's mix of ages, or of any factor.

Arrays of strata in, figures out; the cells come from `mrstats.engine`, the standard from the city itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.definitions import Indicator
from mrstats.measures import proportions, rates
from mrstats.schema import CONFIDENTIAL, FIGURES, MrstatsError

FEWEST_EVENTS = 10
"""A rate standardised over fewer events than this says more about chance than about the group."""


def standard_population(cells: pd.DataFrame, strata: list[str]) -> pd.Series:
    """Persons of the whole city in each stratum, all years of the call together, so that years can be compared.

    Parameters
    ----------
    cells : DataFrame
        Finest cells with the columns of `strata` and ``n``.
    strata : list of str
        The factors that are held equal.

    Returns
    -------
    Series
        Persons by stratum.
    """
    return cells.groupby(strata, sort=True)["n"].sum().loc[lambda n: n > 0]


def standardised_figures(
    cells: pd.DataFrame,
    keys: list[str],
    strata: list[str],
    standard: pd.Series,
    indicator: Indicator,
    *,
    confidence: float,
) -> pd.DataFrame:
    """Standardised value and interval for every combination of `keys`.

    Parameters
    ----------
    cells : DataFrame
        Cells with `keys`, `strata`, ``n`` and ``wy``.
    keys, strata : list of str
        What a row is about; what is held equal.
    standard : Series
        From `standard_population`.
    indicator : Indicator
        A proportion or a rate.
    confidence : float

    Returns
    -------
    DataFrame
        `keys`, ``value lower upper se df method`` and a ``status`` of ``C`` where the group has nobody in a stratum
        that the city has, or (rates) fewer than ten events: then it cannot be standardised.

    Notes
    -----
    How to read it: compared with the crude figure it shows what remains when the groups are given the same mix. The
    interval is Dobson's: that of the crude figure (Wilson's, or Byar's for a rate), moved and scaled to the
    standardised one.

    References
    ----------
    Dobson, Kuulasmaa, Eberle & Scherer (1991), Statistics in Medicine 10:457-462.
    """
    if indicator.measure not in ("proportion", "rate"):
        raise MrstatsError(
            f"{indicator.name!r} is a {indicator.measure}; only proportions and rates can be directly standardised here."
        )
    sums = cells.groupby([*keys, *strata], as_index=False)[["n", "wy"]].sum()
    wide = sums.pivot(index=keys, columns=strata, values=["n", "wy"])
    n = pd.DataFrame(wide["n"]).reindex(columns=standard.index).fillna(0.0).to_numpy(float)
    y = pd.DataFrame(wide["wy"]).reindex(columns=standard.index).fillna(0.0).to_numpy(float)
    weights = standard.to_numpy(float) / standard.sum()
    whole = (n > 0).all(axis=1)
    safe = np.where(n > 0, n, 1.0)
    value = (weights * y / safe).sum(axis=1)
    make = _proportion if indicator.measure == "proportion" else _rate
    lower, upper, se, method = make(value, y, safe, weights, confidence)
    scale = 100.0 if indicator.measure == "proportion" else indicator.multiplier
    if indicator.measure == "rate":
        whole &= y.sum(axis=1) >= FEWEST_EVENTS
    result = wide.index.to_frame(index=False)
    for name, figure in (("value", value), ("lower", lower), ("upper", upper), ("se", se)):
        result[name] = np.where(whole, scale * figure, np.nan)
    result["df"] = np.where(whole, np.inf, np.nan)
    result["method"] = method
    result["status"] = np.where(whole, "", CONFIDENTIAL)
    return result


def _proportion(value, y, n, weights, confidence):
    """Dobson's interval with Wilson's for the crude proportion; never of no width."""
    events, persons = y.sum(axis=1), n.sum(axis=1)
    crude = events / persons
    lower, upper = proportions.wilson_interval(events, persons, confidence=confidence)
    crude_se = proportions.wilson_standard_error(events, persons, confidence=confidence)
    p = y / n
    smooth = (y + 0.5) / (n + 1)  # a stratum where nobody or everybody has the outcome is not without error
    spread = np.where((p > 0) & (p < 1), p * (1 - p), smooth * (1 - smooth))
    se = np.sqrt((weights**2 * spread / n).sum(axis=1))
    factor = se / crude_se
    return (
        np.maximum(value + factor * (lower - crude), 0.0),
        np.minimum(value + factor * (upper - crude), 1.0),
        se,
        "register dobson wilson",
    )


def _rate(value, y, n, weights, confidence):
    """Dobson's interval with Byar's for the events (exact below ten)."""
    _, lower, upper, se = rates.directly_standardised_rate(y, n, weights, confidence=confidence)
    return lower, upper, se, "register dobson byar"


def replace_figures(table: pd.DataFrame, figures: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The table with its crude value, interval and method replaced by the standardised ones; counts stay crude."""
    other = table[keys].merge(figures, on=keys, how="left", validate="many_to_one")
    result = table.copy()
    known = other["method"].notna().to_numpy() & (result["status"] != CONFIDENTIAL).to_numpy()
    for name in ("value", "lower", "upper", "se", "df", "method"):
        result[name] = np.where(known, other[name].to_numpy(), result[name].to_numpy())
    gone = known & (other["status"] == CONFIDENTIAL).to_numpy()
    result.loc[gone, FIGURES] = np.nan
    result.loc[gone, "status"] = CONFIDENTIAL
    for name in ("value", "lower", "upper", "se", "df"):
        result[name] = result[name].astype(float)
    return result

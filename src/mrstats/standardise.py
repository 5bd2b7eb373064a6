"""Standardisation: what a group's figure would be with the whole city's mix of ages, or of any factor.

Rows of strata in, figures out; the standard comes from the city itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.definitions import Indicator
from mrstats.measures import design_intervals, distribution, proportions, rates
from mrstats.schema import CITY, CONFIDENTIAL, FIGURES, SURVEY, TOTAL, MrstatsError

FEWEST_EVENTS = 10
"""A rate standardised over fewer events than this says more about chance than about the group."""

STANDARDISATIONS = ("dobson", "gamma", "indirect")


def crude_rows(table: pd.DataFrame, strata: list[str], by: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of single strata, and those of all strata together."""
    within = table[(table[strata] != TOTAL).all(axis=1)]
    crude = table[(table[strata] == TOTAL).all(axis=1)]
    return within, crude.reset_index(drop=True)


def standard_population(within: pd.DataFrame, strata: list[str], by: tuple[str, ...]) -> pd.DataFrame:
    """Persons of the whole city in each stratum and how many have the outcome, all years of the call together.

    Parameters
    ----------
    within : DataFrame
        Rows of single strata with ``population`` and ``count``.
    strata, by
        The factors held equal, and the factors compared.

    Returns
    -------
    DataFrame
        ``population`` and ``count`` by stratum, those where somebody lives; years can then be compared.
    """
    whole = within[(within["geography_level"] == CITY) & (within[list(by)] == TOTAL).all(axis=1)]
    sums = whole.groupby(strata, sort=True)[["population", "count"]].sum()
    return sums[sums["population"] > 0]


def standardised(
    within: pd.DataFrame,
    deviations: list[tuple[str, np.ndarray]],
    keys: list[str],
    strata: list[str],
    standard: pd.DataFrame,
    indicator: Indicator,
    *,
    how: str,
    kind: str,
    confidence: float,
) -> tuple[pd.DataFrame, list[tuple[str, np.ndarray]]]:
    """Standardised value and interval for every combination of `keys`.

    Parameters
    ----------
    within : DataFrame
        Rows of single strata with their figures; the index is their place among the deviations' columns.
    deviations : list of (str, ndarray)
        By sample, columns as the margins' rows; they are standardised too.
    keys, strata : list of str
        What a row is about; what is held equal.
    standard : DataFrame
        From `standard_population`.
    indicator : Indicator
        A proportion or a rate per person.
    how : {"dobson", "gamma", "indirect"}
    kind : str
        The kind of uncertainty.
    confidence : float

    Returns
    -------
    DataFrame
        `keys`, ``value lower upper se df method`` and a ``status`` of ``C`` where the group has nobody in a stratum
        that the city has, or (rates) fewer than ten events: then it cannot be standardised.
    list of (str, ndarray)
        Deviations of the rows, in the DataFrame's order; none for an indirect figure.

    Notes
    -----
    How to read it: compared with the crude figure it shows what remains when the groups are given the same mix.

    References
    ----------
    Dobson, Kuulasmaa, Eberle & Scherer (1991), Statistics in Medicine 10:457-462. Fay & Feuer (1997), ibid. 16:791-801.
    """
    measure = indicator.measure
    if measure not in ("proportion", "rate") or indicator.per:
        what = f"{measure} per {indicator.per}" if indicator.per else measure
        raise MrstatsError(
            f"{indicator.name!r} is a {what}; only proportions and rates per person can be standardised."
        )
    if how == "gamma" and (measure != "rate" or kind == SURVEY):
        raise MrstatsError(
            f"{indicator.name!r} has no gamma interval, which is for rates of a register. Use standardisation='dobson'."
        )
    place = within[[*keys, *strata]].assign(place=within.index)
    wide = place.pivot(index=keys, columns=strata, values="place").reindex(columns=standard.index)
    at = pd.Index(within.index).get_indexer(wide.to_numpy().ravel()).reshape(wide.shape)
    n, population, y, value = (
        np.where(at >= 0, within[name].to_numpy(float)[at], 0.0) for name in ("n", "population", "count", "value")
    )
    scale = 100.0 if measure == "proportion" else indicator.multiplier
    share = (standard["population"] / standard["population"].sum()).to_numpy()
    whole = (n > 0).all(axis=1)
    df, moved = np.full(len(wide), np.inf), []
    if how == "indirect":
        made = _indirect(y, population, standard, measure, kind, confidence)
        whole = n.sum(axis=1) > 0
    elif kind == SURVEY:
        moved = [
            (sample, np.einsum("ijk,k->ij", values[:, wide.to_numpy(int)], share)) for sample, values in deviations
        ]
        df = np.where(at >= 0, within["df"].to_numpy(float)[at], np.nan).min(axis=1)
        made = _sampled(
            (share * np.nan_to_num(value)).sum(axis=1) / scale, moved, scale, df, n.sum(axis=1), measure, confidence
        )
    else:
        moved = [
            (sample, np.einsum("ijk,k->ij", values[:, wide.to_numpy(int)], share)) for sample, values in deviations
        ]
        safe = np.where(n > 0, n, 1.0)
        crude = (share * y / safe).sum(axis=1)
        if measure == "proportion":
            made = _proportion(crude, y, safe, share, confidence)
        else:
            made = (*rates.directly_standardised_rate(y, safe, share, method=how, confidence=confidence), _method(how))
    if measure == "rate" and kind != SURVEY:
        whole &= y.sum(axis=1) >= FEWEST_EVENTS
    result = wide.index.to_frame(index=False)
    for name, figure in zip(("value", "lower", "upper", "se"), made, strict=False):
        result[name] = np.where(whole, scale * figure, np.nan)
    result["df"] = np.where(whole, df, np.nan)
    result["method"] = f"{kind} {made[4]}"
    result["status"] = np.where(whole, "", CONFIDENTIAL)
    return result, moved


def _method(how: str) -> str:
    return "dobson byar" if how == "dobson" else how


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
    lower, upper = value + factor * (lower - crude), value + factor * (upper - crude)
    return value, np.maximum(lower, 0.0), np.minimum(upper, 1.0), se, "dobson wilson"


def _indirect(y, population, standard: pd.DataFrame, measure: str, kind: str, confidence: float):
    """The city's figure × observed over expected; the error is that of what was observed, the city's taken as known."""
    if kind == SURVEY:
        raise MrstatsError("a sample is standardised directly: standardisation='dobson'.")
    city = (standard["count"] / standard["population"]).to_numpy()
    whole = standard["count"].sum() / standard["population"].sum()
    expected, observed, persons = (population * city).sum(axis=1), y.sum(axis=1), population.sum(axis=1)
    if measure == "rate":
        ratio, lower, upper, se = rates.standardised_ratio(observed, expected, confidence=confidence)
        return whole * ratio, whole * lower, whole * upper, whole * se, "indirect byar"
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = whole * persons / np.where(expected > 0, expected, np.nan)
    safe = np.where(persons > 0, persons, 1.0)
    lower, upper = proportions.wilson_interval(observed, safe, confidence=confidence)
    se = proportions.wilson_standard_error(observed, safe, confidence=confidence)
    value = factor * observed / safe
    return value, factor * lower, np.minimum(factor * upper, 1.0), factor * se, "indirect wilson"


def _sampled(value, deviations, scale, df, n, measure, confidence):
    """A weighted mean of strata, whose error the design gives with all their covariances."""
    known = [np.nan_to_num(values) for _, values in deviations]
    se = np.sqrt(sum((values**2).sum(axis=0) for values in known)) / scale
    if measure == "proportion":
        lower, upper, se = design_intervals.proportion_interval(value, se, df, n, confidence=confidence)
        return value, lower, upper, se, "dobson taylor logit"
    half = distribution.t_quantile(df, confidence) * se
    return value, np.maximum(value - half, 0.0), value + half, se, "dobson taylor t"


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

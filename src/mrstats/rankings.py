"""Which areas differ from the city, and how sure their order is. Tables in, tables out; no microdata."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.dataset import City, dataset_of
from mrstats.definitions import Indicator
from mrstats.measures.funnels import funnel_limits, overdispersion
from mrstats.measures.reliability import between_group_noise, rank_intervals, shrunken_values
from mrstats.schema import CITY, SURVEY, UNPLACED, MrstatsError, factor_columns, is_standardised
from mrstats.summaries import enters, refuse_numbers

RANKING_COLUMNS = [
    "shrunken", "shrunken_lower", "shrunken_upper", "rank", "rank_lower", "rank_upper", "funnel_lower_95",
    "funnel_upper_95", "funnel_lower_998", "funnel_upper_998", "outside", "city_value", "reliability", "chance_share", "q",
    "q_df", "q_p", "ranking_method",
]  # fmt: skip
EXTRA_VARIATION = ("none", "multiplicative", "additive")


def ranking(table: pd.DataFrame, *, extra_variation: str = "none", city: City | None = None) -> pd.DataFrame:
    """The areas of a table with what their order is worth: shrunken values, rank intervals and funnel limits.

    Parameters
    ----------
    table : DataFrame
        From `break_down` with a geography; proportions, rates, means and other levels with a direction.
    extra_variation : {"none", "multiplicative", "additive"}
        Whether funnel limits are widened because areas always differ somewhat: by a factor of the variance, or by a
        variance between areas (Spiegelhalter). With "none" they show what chance alone would make.
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        The table's rows of areas (residents without an area left out) and `RANKING_COLUMNS`. ``shrunken``: the value drawn
        towards the areas' mean by as much as it is uncertain, with its interval. ``rank``: 1 = worst off by shrunken
        value. ``funnel_…``: between which values an area of its size would lie if it were as the city (``city_value``);
        ``outside``: "", "95" or "99.8". ``reliability`` of each area's own value; ``chance_share`` of the variance between
        areas; ``q, q_df, q_p``: the test that areas do not differ. Hidden areas have none of these and count nowhere.

    Raises
    ------
    MrstatsError
        No areas, no row of the city, numbers of people, or an indicator without a direction.

    Notes
    -----
    How to read it: the order of areas is mostly uncertain; where rank intervals are wide say so and show no list. One area
    in twenty lies outside 95 per cent by chance. Shrunken values need three areas.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", geography="area")
    >>> made = mr.ranking(table)
    >>> made["city_value"].tolist(), made["outside"].tolist()
    ([60.0, 60.0, 60.0, 60.0], ['', '', '', ''])
    """
    home = dataset_of(table, city)
    refuse_numbers(table, home)
    if extra_variation not in EXTRA_VARIATION:
        raise MrstatsError(
            f"extra_variation={extra_variation!r} is not known. Choose one of {', '.join(EXTRA_VARIATION)}."
        )
    for indicator in map(home.indicator, table["indicator"].unique()):
        if not indicator.direction:
            raise MrstatsError(
                f"{indicator.name!r} has no direction, so no area is better or worse off. Set direction in dataset.toml, or "
                "take it out of the table."
            )
    in_city = table["geography_level"] == CITY
    areas = table[~in_city & (table["geography"] != UNPLACED)]
    if not len(areas):
        raise MrstatsError("the table has no areas to rank. Pass what mr.break_down returned with a geography.")
    if not in_city.any():
        raise MrstatsError("the table has no row of the whole city to hold areas against. Keep its rows.")
    keys = ["indicator", "year", *factor_columns(table), "confidence"]
    whole = table.loc[in_city, [*keys, "value"]].rename(columns={"value": "city_value"})
    joined = areas.merge(whole, on=keys, how="left", validate="many_to_one")
    if joined.duplicated([*keys, "geography_level", "geography"]).any():
        raise MrstatsError("an area is there twice. Pass one table of mr.break_down, or drop the repeated rows.")
    parts = [
        _ranked(rows, home.indicator(str(rows["indicator"].iloc[0])), extra_variation)
        for _, rows in joined.groupby([*keys, "geography_level"], sort=False)
    ]
    result = pd.concat(parts).sort_index()[[*table.columns, *RANKING_COLUMNS]].reset_index(drop=True)
    result.attrs["dataset"] = home.key
    return result


def _ranked(rows: pd.DataFrame, indicator: Indicator, extra_variation: str) -> pd.DataFrame:
    """The columns of one comparison: areas of one level in one year."""
    confidence, shown = float(rows["confidence"].iloc[0]), enters(rows).to_numpy()
    value, se, population = (np.where(shown, rows[c].to_numpy(float), np.nan) for c in ("value", "se", "population"))
    favourable = indicator.direction != "adverse"
    shrunk = shrunken_values(value, se, confidence=confidence)
    rank = rank_intervals(shrunk.value, shrunk.standard_error, favourable=favourable, confidence=confidence)
    noise = between_group_noise(value, se, population)
    made: dict[str, np.ndarray] = {
        "shrunken": shrunk.value,
        "shrunken_lower": shrunk.lower,
        "shrunken_upper": shrunk.upper,
        **dict(zip(("rank", "rank_lower", "rank_upper"), rank, strict=True)),
        "reliability": shrunk.reliability,
    }
    for name in ("chance_share", "q", "q_df", "q_p"):
        made[name] = np.where(shown, getattr(noise, name), np.nan)
    limits, family = _limits(rows, indicator, value, se, extra_variation)
    made |= limits
    outside = np.full(len(rows), "", dtype=object)
    for name, label in (("95", "95"), ("998", "99.8")):
        beyond = (value < limits[f"funnel_lower_{name}"]) | (value > limits[f"funnel_upper_{name}"])
        outside[beyond] = label
    made["outside"] = outside
    made["city_value"] = rows["city_value"].to_numpy(float)
    variation = "" if extra_variation == "none" else f" {extra_variation}"
    made["ranking_method"] = np.where(shown, f"empirical bayes, {family} funnel{variation}", "")
    return rows.assign(**made)


def _limits(rows: pd.DataFrame, indicator: Indicator, value: np.ndarray, se: np.ndarray, extra_variation: str):
    """Funnel limits in the table's unit: of counts where the figures are counts of a register, else of their errors."""
    family, unit, size = "normal", 1.0, se
    counted = not is_standardised(rows) and not rows["method"].str.startswith(SURVEY).any()
    if counted and indicator.measure == "proportion":
        family, unit, size = "binomial", 100.0, rows["n"].to_numpy(float)
    elif counted and indicator.measure == "rate" and not indicator.per:
        family, unit, size = "poisson", indicator.multiplier, rows["n"].to_numpy(float)
    centre = rows["city_value"].to_numpy(float) / unit
    usable = np.isfinite(value) & np.isfinite(centre) & (size > 0)
    middle, amount = centre[usable], size[usable]
    spread = {"binomial": middle * (1 - middle) / amount, "poisson": middle / amount, "normal": amount**2}[family]
    factor, between = 1.0, 0.0
    if extra_variation != "none" and usable.sum() > 1:
        found = overdispersion(value[usable] / unit, middle, np.sqrt(spread))
        factor, between = (found[0], 0.0) if extra_variation == "multiplicative" else (1.0, found[1])
    limits = {}
    for name, level in (("95", 0.95), ("998", 0.998)):
        ends = funnel_limits(middle, amount, family=family, confidence=level, factor=factor, between=between)
        for side, end in zip(("lower", "upper"), ends, strict=True):
            limits[f"funnel_{side}_{name}"] = np.full(len(rows), np.nan)
            limits[f"funnel_{side}_{name}"][usable] = unit * end
    return limits, family

"""The scorecard: every indicator by every factor in one row each. Tables in, tables out; it asks for no figures itself."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.changes import change
from mrstats.comparisons import GEOGRAPHY, SIGN, gaps
from mrstats.dataset import City, dataset_of
from mrstats.definitions import Indicator
from mrstats.measures.contrasts import p_value_of_interval
from mrstats.measures.trend import adjust_p_values
from mrstats.rankings import ranking
from mrstats.schema import (
    BREAK_IN_SERIES,
    CANNOT_EXIST,
    CITY,
    CONFIDENTIAL,
    TOTAL,
    UNKNOWN,
    UNPLACED,
    UNRELIABLE,
    MrstatsError,
    UnknownNameError,
    factor_columns,
    has_status,
)

SCORECARD_COLUMNS = [
    "indicator", "factor", "year", "since", "level", "level_lower", "level_upper", "years", "levels", "gap", "gap_lower",
    "gap_upper", "gap_worst", "gap_best", "gap_change", "gap_change_lower", "gap_change_upper", "gap_direction", "p",
    "p_adjusted", "reliability", "unit", "method", "status",
]  # fmt: skip
HIGH, GOOD = (2.0, 0.05), (5.0, 0.12)
"""Half a gap's interval, in percentage points or as a part of the city's value, up to which it is of high or good reliability."""


def scorecard(table: pd.DataFrame, since: int | None = None, *, city: City | None = None) -> pd.DataFrame:
    """How far the worst-off group is from the best-off, by indicator and factor, and whether that grows or shrinks.

    Parameters
    ----------
    table : DataFrame
        From ``break_down(city, indicators, by=factors, years=…, crossed=False)``, with a geography if areas are to be a
        column too, and two years or more if the direction is to be told.
    since : int, optional
        The year the direction is told from; default: the table's first.
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        One row per indicator and factor (``"geography"`` for areas): ``level`` of the city with interval and its ``years``
        and ``levels``; ``gap`` ≥ 0 between the worst-off and the best-off group (``gap_worst``, ``gap_best``) with interval;
        ``gap_change`` of the same two groups since then, ``gap_direction`` grows, shrinks or unsure (by p adjusted for the
        whole scorecard), empty where a break in the series or a missing year allows no comparison; ``reliability`` 3
        high, 2 good, 1 low, 0 not known; ``status`` ``m`` where fewer than two groups are meaningful, ``C`` where hidden.

    Raises
    ------
    MrstatsError, UnknownNameError
        No factor and no areas; a first year that no indicator has.

    Notes
    -----
    How to read it: a group that is not known, or whose figure is unreliable, is never an end of a gap. The ends are
    chosen by the figures they are compared by, so a gap among many small groups is partly chance; areas are therefore
    compared by shrunken values (`ranking`), which chance does not widen, in both years: the areas that are furthest apart
    now would by chance alone seem to have drifted apart.

    Examples
    --------
    >>> import mrstats as mr
    >>> people = mr.tiny_city().table("persons")
    >>> city = mr.tiny_city().with_table("persons", pd.concat([people.assign(person_id=people["person_id"] + 100 * i) for i in range(9)]))
    >>> card = mr.scorecard(mr.break_down(city, "employment", by=["sex"], crossed=False))
    >>> card.loc[0, ["indicator", "factor", "gap_worst", "gap_best"]].tolist(), float(card.loc[0, "gap"].round(1))
    (['employment', 'sex', 'women', 'men'], 10.0)
    """
    home = dataset_of(table, city)
    factors = factor_columns(table)
    columns = [*factors, *([GEOGRAPHY] if (table["geography_level"] != CITY).any() else [])]
    if not columns:
        raise MrstatsError("the table has no factor and no areas: ask break_down for by=[…] with crossed=False.")
    years = sorted(table["year"].unique())
    if since is not None and since not in years:
        raise UnknownNameError(f"since={since!r} is not in the table, which has {', '.join(map(str, years))}.")
    rows = []
    for name, part in table.groupby("indicator", sort=False):
        indicator = home.indicator(str(name))
        rows += [_row(part, factor, columns, indicator, since, home) for factor in columns]
    card = pd.DataFrame(rows, columns=[name for name in SCORECARD_COLUMNS if name != "p_adjusted"])
    card["p_adjusted"] = adjust_p_values(card["p"].to_numpy(float), method="benjamini_hochberg")
    told = card["gap_change"].notna()
    sure = told & (card["p_adjusted"] < 1 - float(table["confidence"].iloc[0]))
    direction = np.where(card["gap_change"] > 0, "grows", "shrinks")
    card["gap_direction"] = np.where(sure, direction, np.where(told, "unsure", ""))
    card = card[SCORECARD_COLUMNS]
    card.attrs["dataset"] = home.key
    return card


def _row(
    table: pd.DataFrame, factor: str, columns: list[str], indicator: Indicator, since: int | None, home: City
) -> dict:
    last = int(table["year"].max())
    one_way = table
    for other in columns:
        if other not in (factor, GEOGRAPHY):
            one_way = one_way[one_way[other] == TOTAL]
    if factor != GEOGRAPHY:
        one_way = one_way[one_way["geography_level"] == CITY]
    whole = one_way[one_way["geography_level"] == CITY]
    whole = whole[whole[factor] == TOTAL].sort_values("year") if factor != GEOGRAPHY else whole.sort_values("year")
    if not (whole["year"] == last).any():
        raise MrstatsError(
            f"the table has no row of the whole city and everybody for {indicator.name!r}, which a scorecard begins with. "
            "Pass what mr.break_down returned, uncut."
        )
    now = whole[whole["year"] == last].iloc[0]
    row: dict = dict.fromkeys(SCORECARD_COLUMNS, np.nan)
    row |= {"indicator": indicator.name, "factor": factor, "year": last, "since": since or int(table["year"].min())}
    row |= {
        "level": now["value"],
        "level_lower": now["lower"],
        "level_upper": now["upper"],
        "unit": indicator.unit["en"],
    }
    row |= {"years": tuple(map(int, whole["year"])), "levels": tuple(map(float, whole["value"]))}
    row |= {"gap_worst": "", "gap_best": "", "gap_direction": "", "reliability": 0, "method": "", "status": ""}
    is_group = one_way["geography_level"] != CITY if factor == GEOGRAPHY else one_way[factor] != TOTAL
    groups = one_way[is_group & (one_way["year"] == last) & ~one_way[factor].isin([UNKNOWN, UNPLACED])]
    groups = groups[~has_status(groups["status"], CANNOT_EXIST)]
    able = groups[groups["value"].notna() & ~has_status(groups["status"], UNRELIABLE)]
    if len(able) < 2 or not indicator.direction:
        hidden = has_status(groups["status"], CONFIDENTIAL).any()
        return row | {"status": CONFIDENTIAL if hidden else CANNOT_EXIST}
    found = (
        _areas(one_way, last, home) if factor == GEOGRAPHY else _groups(one_way, able, factor, indicator, last, home)
    )
    row |= found
    if row["since"] < last and found["gap_worst"]:
        row |= _moved(one_way, factor, row, indicator, home)
    row["reliability"] = _reliability(row, indicator)
    return row


def _groups(
    one_way: pd.DataFrame, able: pd.DataFrame, factor: str, indicator: Indicator, last: int, home: City
) -> dict:
    """The gap between the worst-off and the best-off group of a factor."""
    sign = SIGN[indicator.direction]
    order = (able["value"] * sign).sort_values(kind="stable").index
    best, worst = able.loc[order[0], factor], able.loc[order[-1], factor]
    pair = one_way[(one_way["year"] == last) & one_way[factor].isin([worst, best])]
    gap = gaps(pair, factor, best, city=home).iloc[0]
    ends = sorted([sign * gap["difference_lower"], sign * gap["difference_upper"]])
    return {
        "gap": sign * gap["difference"],
        "gap_lower": ends[0],
        "gap_upper": ends[1],
        "gap_worst": worst,
        "gap_best": best,
        "method": gap["gap_method"],
    }


def _areas(one_way: pd.DataFrame, last: int, home: City) -> dict:
    """The gap between the areas whose shrunken values lie furthest apart; the best and the worst by chance are not."""
    made = ranking(one_way[one_way["year"] == last], city=home)
    made = made[made["shrunken"].notna()].sort_values("rank", kind="stable")
    if len(made) < 2:
        return {"gap_worst": "", "status": CANNOT_EXIST}
    worst, best = made["geography"].iloc[[0, -1]]
    gap, half = _shrunken_gap(made, worst, best)
    return {
        "gap": gap,
        "gap_lower": gap - half,
        "gap_upper": gap + half,
        "gap_worst": worst,
        "gap_best": best,
        "method": "shrunken",
    }


def _shrunken_gap(ranked: pd.DataFrame, worst: str, best: str) -> tuple[float, float]:
    """How far the worse-off of two areas is behind the other, by shrunken values, and half of its interval."""
    ends = ranked.set_index("geography").loc[[worst, best]]
    halves = (ends["shrunken_upper"] - ends["shrunken_lower"]) / 2
    behind = 1 if ends["rank"].iloc[0] <= ends["rank"].iloc[1] else -1
    return behind * abs(float(ends["shrunken"].diff().iloc[1])), float(np.hypot(*halves))


def _moved(one_way: pd.DataFrame, factor: str, row: dict, indicator: Indicator, home: City) -> dict:
    """How the gap of the same two groups has changed since the first year."""
    pair = one_way[one_way[factor].isin([row["gap_worst"], row["gap_best"]]) & (one_way["year"] >= row["since"])]
    years = set(pair.loc[pair["value"].notna(), "year"])
    if not {row["since"], row["year"]} <= years:
        return {}
    found = change(pair, factor, row["since"], reference=row["gap_best"], city=home)
    gap = found[(found["kind"] == "gap") & (found[factor] == row["gap_worst"])].iloc[0]
    if BREAK_IN_SERIES in str(gap["status"]).split():
        return {"status": BREAK_IN_SERIES}
    if factor == GEOGRAPHY:
        return _areas_moved(one_way, row, home)
    sign = SIGN[indicator.direction]
    ends = sorted([sign * gap["change_lower"], sign * gap["change_upper"]])
    return {
        "gap_change": sign * gap["change"],
        "gap_change_lower": ends[0],
        "gap_change_upper": ends[1],
        "p": gap["p"],
    }


def _areas_moved(one_way: pd.DataFrame, row: dict, home: City) -> dict:
    """The same of areas, by shrunken values in both years: this year's extremes were not extreme by as much before.

    The years count as independent, which is too wide for residents who stay.
    """
    before = ranking(one_way[one_way["year"] == row["since"]], city=home)
    then, half = _shrunken_gap(before, row["gap_worst"], row["gap_best"])
    moved, width = row["gap"] - then, float(np.hypot(half, (row["gap_upper"] - row["gap_lower"]) / 2))
    if not np.isfinite(width):
        return {}
    ends, level = (moved - width, moved + width), float(one_way["confidence"].iloc[0])
    p = p_value_of_interval([moved], [ends[0]], [ends[1]], confidence=level)
    return {"gap_change": moved, "gap_change_lower": ends[0], "gap_change_upper": ends[1], "p": float(p[0])}


def _reliability(row: dict, indicator: Indicator) -> int:
    """How wide the gap's interval is: in percentage points, or against the city's own value."""
    half = (row["gap_upper"] - row["gap_lower"]) / 2
    if not np.isfinite(half):
        return 0
    per_cent = indicator.measure in ("proportion", "at_risk_of_poverty")
    place = 0 if per_cent else 1
    width = half if per_cent else half / abs(row["level"]) if row["level"] else np.inf
    return 3 if width <= HIGH[place] else 2 if width <= GOOD[place] else 1

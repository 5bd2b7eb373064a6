"""`allocation`: who gets money and activities, held against need, from two tables of `break_down`. No microdata."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mrstats.breakdown import break_down
from mrstats.dataset import City
from mrstats.definitions import Indicator, nearest
from mrstats.estimates import scale_of
from mrstats.measures.checks import normal_quantile
from mrstats.measures.ranked import relative_concentration_index
from mrstats.schema import CITY, CONFIDENTIAL, TOTAL, UNKNOWN, UNPLACED, MrstatsError, UnknownNameError, has_status

AMOUNTS = ("total", "mean", "proportion", "rate", "count")
BESIDE = (UNKNOWN, UNPLACED)
INDICES = ("concentration", "need_concentration", "inequity")
COLUMNS = [
    "indicator", "need_indicator", "year", "over", "group", "place", "population", "amount", "need", "per_person",
    "per_person_lower", "per_person_upper", "per_need", "population_share", "amount_share", "need_share", "amount_to_need",
    "cumulative_population", "cumulative_amount", "cumulative_need",
    *(f"{name}{end}" for name in INDICES for end in ("", "_lower", "_upper")), "confidence", "unit", "status",
]  # fmt: skip


def allocation(
    city: City,
    indicator: str,
    over: str,
    *,
    need: str,
    order_by: str | None = None,
    year: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How a cost or an activity is shared out over groups or areas, beside the need for it.

    Parameters
    ----------
    city : City
        From `open_dataset`.
    indicator : str
        What is shared out: a total (kronor), a mean (visits), a proportion or a rate (participants).
    over : str
        A background factor or a level of areas.
    need : str
        An indicator of need. Of a proportion those who have it are the need, of a count all residents.
    order_by : str, optional
        An indicator with a direction that puts groups or areas from worst to best off. Not needed for an ordered factor,
        whose own order is taken.
    year : int, optional
        Default: the dataset's last year.
    confidence : float

    Returns
    -------
    DataFrame
        One row per group or area. ``place``: from 1, worst off (none for those not known or not placed, who are in the shares
        of the whole but on no curve). ``amount`` and ``need`` in all; ``per_person`` of the indicator's residents with
        its interval, ``per_need``; shares of the city's total in per cent; ``amount_to_need``: share of amount over
        share of need, 1 where it follows need. ``cumulative_…``, in per cent from the worst off upwards, are the curves.
        ``concentration`` of amount per person, ``need_concentration`` of need, and ``inequity``, their difference, with
        limits, are the same in every row.

    Raises
    ------
    MrstatsError, UnknownNameError
        Something without an amount or a unit, no order, or fewer than two groups; one sentence with the cure.

    Notes
    -----
    How to read it: a concentration index is below 0 where the worst off get more per person than others. That alone is
    neither fair nor unfair: need is concentrated too. ``inequity`` above 0: the better off get more than their need. It
    is no better than the measure of need. Its interval holds whatever amount and need have to do with each other, and is
    wider than it would have to be. An index is empty where one of the groups is hidden.

    References
    ----------
    Wagstaff & van Doorslaer (2000), Journal of Human Resources 35:716-733. Kakwani, Wagstaff & van Doorslaer (1997).

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.allocation(mr.tiny_city(), "visits", "district", need="population", order_by="employment")
    >>> table[["group", "place", "amount", "amount_share", "amount_to_need"]].round(2).values.tolist()
    [['D1', 1.0, 100.0, 50.0, 1.0], ['D2', 2.0, 100.0, 50.0, 1.0]]
    """
    asked = _with_amount(city, indicator, "indicator")
    _with_amount(city, need, "need")
    names = list(dict.fromkeys([indicator, need, *([order_by] if order_by else [])]))
    by, geography = _over(city, over)
    table = break_down(city, names, by=by, geography=geography, years=year, confidence=confidence)
    if not by:
        table[over] = table["geography"].where(table["geography_level"] != CITY, TOTAL)
    parts = {name: table[table["indicator"] == name].set_index(over) for name in names}
    amount, wanted = (_amounts(parts[name], city.indicator(name)) for name in (indicator, need))
    order = _order(city, over, by, parts, order_by)
    made = _shares(amount, wanted, order)
    made |= _indices(amount, wanted, order, confidence)
    result = pd.DataFrame(made).reindex(index=[*order, *(g for g in amount.index if g not in order and g != TOTAL)])
    result = result.rename_axis("group").reset_index()
    result = result.assign(
        indicator=indicator,
        need_indicator=need,
        year=int(table["year"].iloc[0]),
        over=over,
        confidence=confidence,
        unit=asked.unit[city.language],
        status=amount["status"].reindex(result["group"]).to_numpy(),
    ).reindex(columns=COLUMNS)
    result.attrs["dataset"] = city.key
    return result


def _with_amount(city: City, name: str, use: str) -> Indicator:
    found = city.indicator(name)
    if found.measure not in AMOUNTS or found.per:
        raise MrstatsError(
            f"{use}={name!r} is a {found.measure}, which has no sum over persons to share out; take one of the measures "
            f"{', '.join(AMOUNTS)}."
        )
    if not found.unit[city.language]:
        raise MrstatsError(
            f"[indicators.{name}] has no unit, so an amount of it says nothing. Write unit = … (kronor, visits)."
        )
    return found


def _over(city: City, over: str) -> tuple[tuple[str, ...], str]:
    if over in city.factors:
        return (over,), CITY
    if over in city.geographies:
        return (), over
    known = [*city.factors, *city.geographies]
    raise UnknownNameError(
        f"over={over!r} is no background factor and no level of {city.name} ({nearest(over, known)})."
    )


def _amounts(rows: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Sum over a group's persons with its standard error, and the persons."""
    population = rows["population"].astype(float)
    each = 1.0 if indicator.measure in ("total", "count") else population / scale_of(indicator)
    made = pd.DataFrame({"population": population, "amount": rows["value"] * each, "se": rows["se"] * each})
    return made.assign(status=rows["status"])


def _order(city: City, over: str, by: tuple[str, ...], parts: dict, order_by: str | None) -> list[str]:
    """Groups from worst to best off."""
    first = next(iter(parts.values()))
    nobody = first["population"] == 0
    held = [code for code in first.index if code not in (TOTAL, *BESIDE) and not nobody[code]]
    if len(held) < 2:
        raise MrstatsError(f"over={over!r} has {len(held)} group(s) with residents; sharing out takes two or more.")
    if order_by:
        ranked = city.indicator(order_by)
        if not ranked.direction:
            raise MrstatsError(f"order_by={order_by!r} has no direction, so nobody is worse off. Take one that has.")
        value = parts[order_by].loc[held, "value"].dropna()
        return [*value.sort_values(ascending=ranked.direction == "favourable", kind="stable").index]
    if by and city.factors[over].ordered:
        return [code for code in city.factors[over].codes if code in held]
    raise MrstatsError(
        f"{over!r} has no order of its own from worst to best off. Say by what: order_by = an indicator with a direction."
    )


def _shares(amount: pd.DataFrame, need: pd.DataFrame, order: list[str]) -> dict[str, Any]:
    """Amounts, shares of the city's and running sums in the order."""
    held = {"population": amount["population"], "amount": amount["amount"], "need": need["amount"]}
    share = {name: 100 * column / float(column[TOTAL]) for name, column in held.items()}
    made: dict[str, Any] = {
        "place": pd.Series(np.arange(1.0, len(order) + 1), index=order),
        **held,
        "per_person": amount["amount"] / amount["population"],
        "per_need": amount["amount"] / need["amount"].where(need["amount"] > 0),
        **{f"{name}_share": values for name, values in share.items()},
        "amount_to_need": share["amount"] / share["need"].where(share["need"] > 0),
    }
    for name, column in held.items():
        ranked = column[order] if _known(amount, need) else np.nan * column[order]
        made[f"cumulative_{name}"] = 100 * ranked.cumsum() / ranked.sum()
    return made


def _known(amount: pd.DataFrame, need: pd.DataFrame) -> bool:
    """Whether every group that has a place has its figures."""
    both = pd.concat([amount, need])
    return not has_status(both.loc[~both.index.isin(BESIDE), "status"], CONFIDENTIAL).any()


def _indices(amount: pd.DataFrame, need: pd.DataFrame, order: list[str], confidence: float) -> dict[str, Any]:
    """Concentration of amount and of need per person of the same residents, and their difference."""
    z = normal_quantile(confidence)
    each, half = amount["amount"] / amount["population"], z * amount["se"] / amount["population"]
    made: dict[str, Any] = {"per_person_lower": (each - half).clip(lower=0), "per_person_upper": each + half}
    if not _known(amount, need):
        return made
    people, found = amount.loc[order, "population"].to_numpy(float), []
    for part, name in ((amount, "concentration"), (need, "need_concentration")):
        mean, error = (part.loc[order, column].to_numpy(float) / people for column in ("amount", "se"))
        index = relative_concentration_index(mean, np.nan_to_num(error), people, confidence=confidence)
        value, se = float(index.estimate), float(index.standard_error)
        found.append((value, se))
        made |= {name: value, f"{name}_lower": value - z * se, f"{name}_upper": value + z * se}
    value = found[0][0] - found[1][0]
    widest = z * (found[0][1] + found[1][1])  # the error of a difference is never more than the sum of the two
    return made | {"inequity": value, "inequity_lower": value - widest, "inequity_upper": value + widest}

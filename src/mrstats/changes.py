"""Change over time: of levels and of gaps, their trend, and the pace towards a target. Tables in, tables out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mrstats import covariances
from mrstats.comparisons import SIGN, check_adjustment, gaps
from mrstats.dataset import City, dataset_of
from mrstats.definitions import Indicator
from mrstats.measures import distribution, trend
from mrstats.measures.contrasts import mover_difference, p_value_of_interval
from mrstats.schema import (
    BREAK_IN_SERIES,
    IDENTITY,
    MrstatsError,
    UnknownNameError,
    factor_columns,
    has_status,
)

FEWEST_YEARS = 3
"""A trend needs one year more than its two ends."""

CHANGE_COLUMNS = [
    "since", "kind", "reference", "value_since", "value", "change", "change_lower", "change_upper", "p", "p_adjusted", "sure",
    "disadvantage", "trend", "trend_lower", "trend_upper", "progress", "method", "status",
]  # fmt: skip


def change(
    table: pd.DataFrame,
    factor: str | Sequence[str] | None = None,
    since: int | None = None,
    *,
    reference: str = "total",
    target: tuple[float, int] | None = None,
    adjust: str = "benjamini_hochberg",
    city: City | None = None,
) -> pd.DataFrame:
    """Change of every level, and of every gap of a factor, from one year to the last, with a test.

    Parameters
    ----------
    table : DataFrame
        From `break_down` with two years or more.
    factor : str or list of str, optional
        Factors whose gaps are followed too (``"geography"`` for areas); without it levels only.
    since : int, optional
        The first year; default: the table's first.
    reference : str
        Of the gaps, as in `gaps`.
    target : (value, year), optional
        What levels should reach and when, in the table's unit; an indicator may say its own in dataset.toml.
    adjust : {"benjamini_hochberg", "holm"}
        How `p_adjusted` and `sure` allow for all the changes in the result: the questions of a survey, or all areas.
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        One row per group and area that both years have: identity and factors, and `CHANGE_COLUMNS`. ``kind`` is level or
        gap (then value and value_since are differences from `reference`); ``change`` in the table's unit (percentage
        points); ``sure`` where the adjusted p is below 1 − confidence; ``disadvantage`` positive where things have
        grown worse for the group; ``trend`` a year over all the years between, with its interval; ``progress`` towards
        the target: reached, on track, too slow or away. A change across a break in the series or between two vintages
        of areas is not made: no figures and status ``b``.

    Raises
    ------
    MrstatsError, UnknownNameError
        One year only, or a year that is not there.

    Notes
    -----
    How to read it: the interval says what chance could have made of the change. Where the two years' covariance is kept
    (`break_down` with replicates: the same residents are in both; surveys: two samples are independent) the interval
    has it, else the years are taken as independent, which is too wide for people who stay where they are, and
    ``method`` says so after the kind of uncertainty.

    Examples
    --------
    >>> import mrstats as mr
    >>> city = mr.tiny_city(years=[2024, 2025])
    >>> persons = city.table("persons")
    >>> persons["employed"] |= (persons["year"] == 2025) & (persons["sex"] == "2") & (persons["age"] > 20)
    >>> table = mr.break_down(city, "employment", by="sex", years=[2024, 2025])
    >>> mr.change(table)[["sex", "value_since", "value", "change", "sure"]].round(1)
         sex  value_since  value  change   sure
    0     _T         60.0   82.5    22.5   True
    1  women         55.0  100.0    45.0   True
    2    men         65.0   65.0     0.0  False
    """
    home = dataset_of(table, city)
    years = sorted(table["year"].unique())
    since = years[0] if since is None else since
    if since not in years:
        raise UnknownNameError(f"since={since!r} is not in the table, which has {', '.join(map(str, years))}.")
    if since == years[-1]:
        raise MrstatsError(f"the table ends with {since}: a change needs a later year. Ask break_down for more years.")
    check_adjustment(adjust)
    followed = table.assign(estimate_id=covariances.ids_of(table))[table["year"] >= since]
    parts = [_followed(rows, home.indicator(str(name)), target) for name, rows in _levels(followed)]
    if factor is not None:
        compared = gaps(followed, factor, reference, city=home)
        parts += [_followed(rows, home.indicator(str(name)), None) for name, rows in _gap_series(compared)]
    result = pd.concat(parts, ignore_index=True)
    result["p_adjusted"] = trend.adjust_p_values(result["p"].to_numpy(float), method=adjust)
    level = 1 - float(table["confidence"].iloc[0])
    result["sure"] = (result["p_adjusted"] < level).fillna(False)
    result = result[[*IDENTITY, *factor_columns(table), *CHANGE_COLUMNS]]
    result.attrs["dataset"] = home.key
    return result


def _levels(table: pd.DataFrame):
    """Levels of each indicator as a series: value with its interval, and the one estimate it is."""
    rows = table.assign(kind="level", reference="")
    rows["terms"] = pd.Series([[(1.0, key)] for key in table["estimate_id"]], index=rows.index, dtype=object)
    return rows.groupby("indicator", sort=False)


def _gap_series(compared: pd.DataFrame):
    """Gaps as a series: a gap is two estimates, group less reference."""
    rows = compared.assign(
        kind="gap",
        value=compared["difference"],
        lower=compared["difference_lower"],
        upper=compared["difference_upper"],
    )
    both = zip(compared["estimate_id"], compared["reference_id"], strict=True)
    rows["terms"] = pd.Series([[(1.0, key), (-1.0, other)] for key, other in both], index=rows.index, dtype=object)
    return rows.groupby("indicator", sort=False)


def _followed(rows: pd.DataFrame, indicator: Indicator, target: tuple[float, int] | None) -> pd.DataFrame:
    """The series of one indicator, one result for each group and area."""
    if target is None and rows["kind"].iloc[0] == "level" and indicator.target is not None and indicator.target_year:
        target = (indicator.target, indicator.target_year)
    keys = ["kind", "factor", "geography_level", "geography", *factor_columns(rows)]
    keys = [key for key in keys if key in rows]
    last = rows["year"].max()
    made = [_series(series.sort_values("year"), indicator, target) for _, series in rows.groupby(keys, sort=False)]
    found = [one for one in made if one is not None and one["year"] == last]
    if not found:
        raise MrstatsError(
            f"no group or area of {indicator.name!r} has both {rows['year'].min()} and {last}. Ask break_down for both years."
        )
    return pd.DataFrame(found)


def _series(series: pd.DataFrame, indicator: Indicator, target: tuple[float, int] | None) -> dict | None:
    """Change from the first year to the last, and the trend through all of them."""
    if len(series) < 2:
        return None
    first, last = series.iloc[0], series.iloc[-1]
    breaks = series.loc[has_status(series["status"], BREAK_IN_SERIES), "year"].tolist()
    breaks = [year for year in breaks if year > first["year"]]
    areas = series["vintage"].nunique() > 1
    row = {name: last[name] for name in [*IDENTITY, *factor_columns(series)]}
    row |= {"since": first["year"], "kind": last["kind"], "reference": last["reference"]}
    row |= dict.fromkeys(
        ["value_since", "value", "change", "change_lower", "change_upper", "p", "disadvantage"], np.nan
    )
    row |= {"progress": "", "method": "", "status": last["status"]}
    row |= _trend(series, breaks, areas, target, indicator)
    if breaks or areas:
        codes = dict.fromkeys([*str(last["status"]).split(), BREAK_IN_SERIES])
        return row | {"status": " ".join(codes)}
    if not np.isfinite(first["value"] + last["value"]):
        gone = first if np.isnan(first["value"]) else last
        return row | {"status": gone["status"]}
    moved = last["value"] - first["value"]
    error, how = _joint_error(first, last)
    confidence = float(last["confidence"])
    df = np.nanmin([first["df"], last["df"]]) if np.isfinite([first["df"], last["df"]]).any() else np.inf
    if error > 0:
        half = float(distribution.t_quantile(np.array(df), confidence)) * error
        lower, upper = moved - half, moved + half
    else:
        ends = [[series_row[name]] for series_row in (last, first) for name in ("value", "lower", "upper")]
        lower, upper = (float(end[0]) for end in mover_difference(*ends))
    p = float(p_value_of_interval(moved, lower, upper, df=df, confidence=confidence))
    return row | {
        "value_since": first["value"],
        "value": last["value"],
        "change": moved,
        "change_lower": lower,
        "change_upper": upper,
        "p": p,
        "disadvantage": SIGN[indicator.direction] * moved,
        "method": f"{str(last['method']).partition(' ')[0]} {how}",
    }


def _joint_error(first: pd.Series, last: pd.Series) -> tuple[float, str]:
    """Standard error of the change with all covariances, where they are kept."""
    terms = [(factor, [key]) for factor, key in last["terms"]] + [(-factor, [key]) for factor, key in first["terms"]]
    error = float(covariances.standard_error_of(*terms)[0])
    if np.isnan(error):
        return np.nan, "years taken as independent"
    return error, "joint covariance"


def _trend(series: pd.DataFrame, breaks: list[int], areas: bool, target, indicator: Indicator) -> dict:
    """Slope a year with its interval, a step allowed at each break; and the pace towards a target."""
    known = series[series["value"].notna() & (series["upper"] > series["lower"])]
    nothing = {"trend": np.nan, "trend_lower": np.nan, "trend_upper": np.nan, "progress": ""}
    if areas or len(known) < FEWEST_YEARS:
        return nothing
    years, value = known["year"].to_numpy(float), known["value"].to_numpy(float)
    confidence = float(known["confidence"].iloc[0])
    width = (known["upper"] - known["lower"]).to_numpy(float)
    se = width / (2 * float(distribution.t_quantile(np.array(1e9), confidence)))
    options: dict[str, Any] = {"breaks": breaks, "covariance": _joint_covariance(known), "confidence": confidence}
    line = trend.weighted_slope(years, value, se, **options)
    made = {"trend": line.slope, "trend_lower": line.lower, "trend_upper": line.upper, "progress": ""}
    if target is not None and target[1] > years.max() and indicator.direction:
        favourable = indicator.direction == "favourable"
        paced = trend.pace(years, value, se, target=target[0], target_year=target[1], favourable=favourable, **options)
        made["progress"] = paced.verdict
    return made


def _joint_covariance(known: pd.DataFrame) -> np.ndarray | None:
    """How the years' values vary together; None where it is not kept."""
    ids = list(dict.fromkeys(key for terms in known["terms"] for _, key in terms))
    deviations = covariances.joint_deviations(ids)
    if deviations is None or np.isnan(deviations).any():
        return None
    place = {key: i for i, key in enumerate(ids)}
    made = np.zeros((len(deviations), len(known)))
    for column, terms in enumerate(known["terms"]):
        for factor, key in terms:
            made[:, column] += factor * deviations[:, place[key]]
    return made.T @ made

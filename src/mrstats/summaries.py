"""How unequal a factor's groups are, in one number a measure, and which areas differ from the city. Tables in, tables out.

Groups of residents for whom the factor is not known, hidden cells, cells that cannot exist and residents without an
area never enter; what is left is compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mrstats import covariances
from mrstats.dataset import City, dataset_of
from mrstats.definitions import Indicator, nearest
from mrstats.measures import inequality as measures_of
from mrstats.measures.groups import Options
from mrstats.measures.reliability import between_group_noise
from mrstats.schema import (
    CANNOT_EXIST,
    CITY,
    CONFIDENTIAL,
    IDENTITY,
    SURVEY,
    TOTAL,
    UNKNOWN,
    UNPLACED,
    MrstatsError,
    UnknownGroupError,
    UnknownNameError,
    factor_columns,
    has_status,
)

GEOGRAPHY = "geography"
ADDED = [
    "factor", "measure_name", "value", "lower", "upper", "se", "method", "reason", "groups", "chance_share", "uncorrected",
    "left_out",
]  # fmt: skip
NUMBERS = ("count", "total", "share")
NO_DIRECTION = "indicator without direction"
ALL_HIDDEN = "all groups hidden"
NEEDS_DIRECTION = {
    "population_attributable_risk",
    "population_attributable_fraction",
    "mean_difference_from_best",
    "mean_difference_from_best_weighted",
    "opportunity_index",
}
NEEDS_BOUNDS = {"wagstaff_index", "erreygers_index", "opportunity_index"}
NEEDS_REFERENCE = {"mean_difference_from_reference", "mean_difference_from_reference_weighted"}


def inequality(
    table: pd.DataFrame,
    factor: str,
    measures: str | Sequence[str] | None = None,
    *,
    order: Sequence[str] | None = None,
    city: City | None = None,
) -> pd.DataFrame:
    """Summary measures of how unequal the groups of a factor are, corrected for chance.

    Parameters
    ----------
    table : DataFrame
        From `break_down`; proportions, rates, means and other levels, not numbers of people.
    factor : str
        A background factor of the table, or ``"geography"`` for the areas of each level.
    measures : str or list of str, optional
        Names of functions of `mrstats.measures.inequality`. Default: all that have a meaning here; those along an order
        only where the factor's definition is ordered, or `order` is given.
    order : list of str, optional
        Group codes from the least to the most advantaged, in place of the definition's; groups it does not name are
        left out.
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        One row a measure for each indicator, year, area and group of the table's other factors: those columns, and
        ``factor, measure_name, value, lower, upper, se, method, reason, groups, chance_share, uncorrected, left_out``. ``value`` is
        without what chance adds, ``uncorrected`` the measure of the figures as they are; ``groups`` were compared,
        ``left_out`` were hidden or empty; ``chance_share`` is the part of the variance between groups that is chance.
        Where a measure is undefined ``reason`` says why. With areas compared, ``geography_level`` is theirs.

    Raises
    ------
    UnknownNameError, UnknownGroupError
        A factor or group that the table does not have, or a measure that there is not.
    MrstatsError
        Numbers of people, measures along an order of a factor that has none, or a cell that is there twice.

    Notes
    -----
    How to read it: the sign is WHO's, most less least advantaged, turned for an adverse indicator where WHO turns it. The
    groups of a register are independent; those of a sample have the covariance of its design, where it is kept. Groups
    weigh by their people, also where a rate or ratio is divided by something else.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", by="sex")
    >>> mr.inequality(table, "sex", ["mean_difference_from_mean"])["uncorrected"].round(1).tolist()
    [5.0]
    """
    home = dataset_of(table, city)
    refuse_numbers(table, home)
    if factor != GEOGRAPHY and factor not in factor_columns(table):
        raise UnknownNameError(
            f"factor={factor!r} is not in the table, which has {', '.join([*factor_columns(table), GEOGRAPHY])}."
        )
    codes, ordered, reference = _groups(table, home, factor, order)
    chosen = _chosen(measures, factor, ordered)
    identity = [c for c in [*IDENTITY, *factor_columns(table)] if c != factor or c == GEOGRAPHY]
    parts = []
    for keys, rows in _comparable(table, factor):
        indicator = home.indicator(str(keys["indicator"]))
        names = chosen if measures is not None else _meaningful(chosen, indicator, codes, reference)
        parts.append(_measured(rows, factor, codes, indicator, names, ordered, reference, home.municipality))
    if len(table) and not parts:
        cure = "a geography" if factor == GEOGRAPHY else f"by={factor!r}"
        raise MrstatsError(
            f"the table has no groups of {factor!r} to compare, only totals. Pass what mr.break_down returned with {cure}."
        )
    made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*identity, *ADDED])
    result = made[[*identity, *ADDED]].reset_index(drop=True)
    result.attrs["dataset"] = home.key
    return result


def refuse_numbers(table: pd.DataFrame, home: City) -> None:
    """A number of people, or of crowns, says how large a group is."""
    for indicator in map(home.indicator, table["indicator"].unique()):
        if indicator.measure in NUMBERS:
            raise MrstatsError(
                f"{indicator.name!r} is a {indicator.measure}: it says how large the groups are, not how their "
                "conditions differ. Compare a proportion, a rate or a mean."
            )


def enters(table: pd.DataFrame) -> pd.Series:
    """Rows that may be compared: shown, possible, and of residents whose area is known."""
    status = table["status"]
    gone = has_status(status, CONFIDENTIAL) | has_status(status, CANNOT_EXIST) | (table[GEOGRAPHY] == UNPLACED)
    return ~gone & table["value"].notna()


def _groups(table: pd.DataFrame, home: City, factor: str, order: Sequence[str] | None):
    """Codes of the groups in order, whether it means anything, and the reference group if there is one."""
    if factor == GEOGRAPHY:
        areas = table[(table["geography_level"] != CITY) & (table[GEOGRAPHY] != UNPLACED)]
        there = list(dict.fromkeys(areas[GEOGRAPHY]))
        codes, ordered, reference = there, False, None
    else:
        definition = home.factors[factor]
        there = [code for code in dict.fromkeys(table[factor]) if code not in (TOTAL, UNKNOWN)]
        codes = [code for code in definition.codes if code in there]
        ordered, reference = definition.ordered, definition.reference
    if order is not None:
        for code in order:
            if code not in there:
                raise UnknownGroupError(
                    f"order has {code!r}, which is no group of {factor!r} in the table ({nearest(code, there)})."
                )
        codes, ordered = list(dict.fromkeys(order)), True
    return codes, ordered, reference if reference in codes else None


def _chosen(measures: str | Sequence[str] | None, factor: str, ordered: bool) -> list[str]:
    known = list(measures_of.FORMULAS)
    if measures is None:
        return [name for name in known if ordered or name not in measures_of.ORDERED]
    names = [measures] if isinstance(measures, str) else list(measures)
    for name in names:
        if name not in known:
            raise UnknownNameError(
                f"measures has {name!r}, which is not a measure of inequality ({nearest(name, known)})."
            )
        if name in measures_of.ORDERED and not ordered:
            raise MrstatsError(
                f"{name} goes along an order, and the groups of {factor!r} have none. Give order=[…] from the least to "
                "the most advantaged, or choose another measure."
            )
    return names


def _meaningful(names: list[str], indicator: Indicator, codes: list[str], reference: str | None) -> list[str]:
    """Without those that can only be undefined for this indicator and factor."""
    absent = set() if indicator.direction else NEEDS_DIRECTION
    absent = absent | (set() if _bounds(indicator) else NEEDS_BOUNDS)
    absent = absent | (set() if reference else NEEDS_REFERENCE)
    return [name for name in names if name not in absent]


def _bounds(indicator: Indicator) -> tuple[float, float] | None:
    return (0.0, 100.0) if indicator.measure in ("proportion", "at_risk_of_poverty") else None


def _comparable(table: pd.DataFrame, factor: str):
    """Rows of groups, by indicator and level of confidence; areas also by their level."""
    rows = table[table[GEOGRAPHY] != UNPLACED]
    if factor == GEOGRAPHY:
        rows = rows[rows["geography_level"] != CITY]
        by = ["indicator", "confidence", "geography_level"]
    else:
        rows = rows[~rows[factor].isin([TOTAL, UNKNOWN])]
        by = ["indicator", "confidence"]
    for values, part in rows.groupby(by, sort=False):
        yield dict(zip(by, values, strict=True)), part


def wide(rows: pd.DataFrame, keys: list[str], group: str, codes: Sequence[str], columns: Sequence[str]):
    """One row of `keys` a table, and each column as an array (tables, groups) with NaN where a group does not enter.

    Also how many cells of each table did not enter. A cell that is there twice is an error: it would count people twice.
    """
    rows = rows[rows[group].isin(codes)]
    where = rows.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    heads = rows[keys].iloc[np.unique(where, return_index=True)[1]].reset_index(drop=True)
    place = pd.Index(codes).get_indexer(pd.Index(rows[group]))
    at = where * len(codes) + place
    if len(np.unique(at)) < len(at):
        twice = rows[pd.Series(at).duplicated().to_numpy()].iloc[0]
        raise MrstatsError(
            f"{group} {twice[group]!r} is there twice for {twice['indicator']!r} in {twice['year']} at geography "
            f"{twice[GEOGRAPHY]!r}. Pass one table of mr.break_down, or drop the repeated rows."
        )
    shown = enters(rows).to_numpy()
    arrays = {}
    for column in columns:
        values = np.full(len(heads) * len(codes), np.nan)
        values[at[shown]] = rows[column].to_numpy(float)[shown]
        arrays[column] = values.reshape(len(heads), len(codes))
    return heads, arrays, np.bincount(where[~shown], minlength=len(heads))


def _measured(
    rows: pd.DataFrame,
    factor: str,
    codes: list[str],
    indicator: Indicator,
    names: list[str],
    ordered: bool,
    reference: str | None,
    municipality: str,
) -> pd.DataFrame:
    """All measures of one indicator: one vectorised pass over its years, areas and other groups."""
    codes = [code for code in codes if code in set(rows[factor])] if factor == GEOGRAPHY else codes
    keys = [c for c in [*IDENTITY, *factor_columns(rows)] if c != factor]
    heads, figures, left_out = wide(rows, keys, factor, codes, ["value", "se", "population", "lower", "upper"])
    value, se, population = (figures[name] for name in ("value", "se", "population"))
    options: Options = {
        "limits": (figures["lower"], figures["upper"]),
        "favourable": indicator.direction != "adverse",
        "ordered": ordered,
        "reference": codes.index(reference) if reference else None,
        "bounds": _bounds(indicator),
        "confidence": float(rows["confidence"].iloc[0]),
    }
    kind = str(rows["method"].mode().iloc[0]).split(" ")[0] if rows["method"].ne("").any() else ""
    if kind == SURVEY and (joint := _joint(rows, keys, factor, codes, np.isfinite(value))) is not None:
        del options["limits"]  # they are those of groups that are independent
        options["covariance"] = joint
    made = measures_of.measure_all(value, se, population, names=names, **options)
    noise = between_group_noise(value, se, population)
    groups = (np.isfinite(value) & (population > 0)).sum(axis=1)
    if factor == GEOGRAPHY:
        heads = heads.assign(geography=municipality)
    parts = []
    for number, name in enumerate(names):
        one: Any = made[name]
        reason = np.where((groups == 0) & (left_out > 0), ALL_HIDDEN, one.reason)
        undirected = name in NEEDS_DIRECTION and not indicator.direction
        fields = {
            "factor": factor,
            "measure_name": name,
            "value": one.corrected,
            "lower": one.lower,
            "upper": one.upper,
            "se": one.standard_error,
            "method": f"{kind} {_how(name, ordered, reference is not None)}".strip(),
            "reason": NO_DIRECTION if undirected else reason,
            "groups": groups,
            "chance_share": noise.chance_share,
            "uncorrected": one.estimate,
            "left_out": left_out,
        }
        part = heads.assign(**fields, _order=np.arange(len(heads)) * len(names) + number)
        if undirected:
            part[["value", "lower", "upper", "se", "uncorrected"]] = np.nan
        parts.append(part)
    if not parts:
        return heads.assign(**dict.fromkeys(ADDED, np.nan)).iloc[:0]
    return pd.concat(parts).sort_values("_order").drop(columns="_order")


def _joint(rows: pd.DataFrame, keys: list[str], factor: str, codes: list[str], shown: np.ndarray) -> np.ndarray | None:
    """Covariance (tables, groups, groups) that a sample's design gives its groups; None where it is not kept."""
    rows = rows[rows[factor].isin(codes)]
    where = rows.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    ids = np.full(shown.shape, "", object)
    ids[where, pd.Index(codes).get_indexer(pd.Index(rows[factor]))] = covariances.ids_of(rows)
    result = np.zeros((*shown.shape, shown.shape[1]))
    for table, groups in enumerate(shown):
        deviations = covariances.joint_deviations(ids[table, groups].tolist())
        if deviations is None or np.isnan(deviations).any():
            return None
        result[np.ix_([table], groups, groups)] = deviations.T @ deviations
    return result


def _how(name: str, ordered: bool, referenced: bool) -> str:
    """How the interval was made, as the last words of `method`."""
    fixed = {"difference": ordered, "ratio": ordered, "population_attributable_risk": ordered or referenced}
    if fixed.get(name, name in ("slope_index", "absolute_concentration_index", "erreygers_index")):
        return "mover"
    delta = ("relative_index", "relative_concentration_index", "wagstaff_index")
    if name in delta or (name == "population_attributable_fraction" and (ordered or referenced)):
        return "delta"
    return "draws"

"""Patterns over areas: whether they are as their neighbours, and where groups are a larger share. Tables in, tables out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.dataset import City, dataset_of
from mrstats.measures.proportions import wilson_interval
from mrstats.measures.spatial import local_moran, morans_i, row_standardised
from mrstats.measures.trend import adjust_p_values
from mrstats.schema import CITY, TOTAL, UNPLACED, MrstatsError, UnknownNameError, factor_columns

PATTERN_COLUMNS = ["moran", "moran_p", "neighbours", "local", "local_p", "pattern"]
LIKENESS = {True: "high", False: "low"}


def spatial_pattern(
    table: pd.DataFrame, *, permutations: int = 999, confidence: float = 0.95, seed: int = 1, city: City | None = None
) -> pd.DataFrame:
    """The areas of a table with whether each is as the areas it borders on: Moran's I of all and of each.

    Parameters
    ----------
    table : DataFrame
        From `break_down` with a level of areas that has polygons.
    permutations : int
        So many times are the values laid out by lot.
    confidence : float
        Areas are named a pattern where their adjusted p is under 1 − confidence.
    seed : int
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        The table's rows of areas and ``moran, moran_p`` of all of them; ``neighbours``: mean of the areas it borders on;
        ``local`` with ``local_p`` adjusted by Benjamini and Hochberg; ``pattern``: "" or such as ``high among high``. Areas
        without a figure are left out of all of it, and their columns empty.

    Raises
    ------
    MrstatsError
        No areas, no polygons, or fewer than three areas with a figure.

    Notes
    -----
    How to read it: a high Moran's I says that conditions follow larger tracts than the areas; it says nothing of why. Areas
    of few residents vary by chance and hide a pattern.

    Examples
    --------
    >>> import mrstats as mr
    >>> try:
    ...     mr.spatial_pattern(mr.break_down(mr.tiny_city(), "employment", geography="area"))
    ... except MrstatsError as error:
    ...     print(error)
    tiny has no polygons of 'area', so who borders on whom is not known. Name their file in [geographies.area].
    """
    home = dataset_of(table, city)
    areas = table[(table["geography_level"] != CITY) & (table["geography"] != UNPLACED)]
    if not len(areas):
        raise MrstatsError("the table has no areas. Pass what mr.break_down returned with a geography.")
    keys = ["indicator", "year", *factor_columns(table), "geography_level"]
    parts = [_pattern(rows, home, permutations, confidence, seed) for _, rows in areas.groupby(keys, sort=False)]
    result = pd.concat(parts).sort_index().reset_index(drop=True)
    result.attrs["dataset"] = home.key
    return result


def _pattern(rows: pd.DataFrame, city: City, permutations: int, confidence: float, seed: int) -> pd.DataFrame:
    level, shown = str(rows["geography_level"].iloc[0]), rows["value"].notna().to_numpy()
    polygons = city.polygons(level)
    if polygons is None:
        raise MrstatsError(
            f"{city.name} has no polygons of {level!r}, so who borders on whom is not known. Name their file in "
            f"[geographies.{level}]."
        )
    held = rows[shown]
    if len(held) < 3:
        raise MrstatsError(
            f"{len(held)} areas of {level!r} have a figure, too few to compare neighbours. Ask for a finer level."
        )
    weights = row_standardised(_touching(polygons.set_index("code").loc[held["geography"]]))
    value = held["value"].to_numpy(float)
    try:
        whole = morans_i(value, weights, permutations=permutations, seed=seed)
    except ValueError as error:
        raise MrstatsError(f"{held['indicator'].iloc[0]!r} by {level!r}: {error}") from None
    local = local_moran(value, weights, permutations=permutations, seed=seed)
    p = adjust_p_values(local.p, method="benjamini_hochberg")
    high, among = value > value.mean(), local.neighbours > 0
    named = [
        f"{LIKENESS[a]} among {LIKENESS[b]}" if q < 1 - confidence else ""
        for a, b, q in zip(high, among, p, strict=True)
    ]
    made = {"neighbours": local.neighbours + value.mean(), "local": local.value, "local_p": p, "pattern": named}
    columns = pd.DataFrame(made, index=held.index).reindex(rows.index).fillna({"pattern": ""})
    joined = rows.assign(moran=whole.value, moran_p=whole.p).join(columns)
    return joined[[*rows.columns, *PATTERN_COLUMNS]]


def _touching(polygons) -> np.ndarray:
    """1 where two polygons share a border or a corner, shape (n, n)."""
    left, right = polygons.sindex.query(polygons.geometry, predicate="intersects")
    near = np.zeros((len(polygons), len(polygons)))
    near[left, right] = 1.0
    np.fill_diagonal(near, 0.0)
    return near


def location_quotients(table: pd.DataFrame, factor: str) -> pd.DataFrame:
    """Each group's share of an area's residents over its share of the city's.

    Parameters
    ----------
    table : DataFrame
        From `break_down` of a count of residents by `factor` with a level of areas.
    factor : str
        A factor of the table; other factors are held apart.

    Returns
    -------
    DataFrame
        The table's rows of areas and groups (no totals) with ``quotient, quotient_lower, quotient_upper``: 1 where the group
        is as large a share as in the city. Empty where the group, its area or the city's figure is hidden or nobody lives.

    Raises
    ------
    MrstatsError, UnknownNameError
        Another measure than a count, or a factor that the table does not have.

    Notes
    -----
    How to read it: 2 = twice as large a share of the residents as in the city. Wilson's interval of the share, the city's
    share taken as known. It rests on a protected table and on nothing that the table hides.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "population", by="sex", geography="area")
    >>> mr.location_quotients(table, "sex")["quotient"].round(2).tolist()
    [1.2, 0.8, 0.8, 1.2, 1.2, 0.8, 0.8, 1.2]
    """
    factors = factor_columns(table)
    if factor not in factors:
        raise UnknownNameError(f"factor={factor!r} is not in the table; it has {', '.join(factors) or 'no factor'}.")
    if other := set(table["measure"]) - {"count"}:
        raise MrstatsError(
            f"the table holds a {sorted(other)[0]}; quotients are of a count of residents. Ask for a count."
        )
    keys = ["indicator", "year", *(name for name in factors if name != factor)]
    areas = table[(table["geography_level"] != CITY) & (table["geography"] != UNPLACED) & (table[factor] != TOTAL)]

    def beside(rows: pd.DataFrame, on: list[str]) -> np.ndarray:
        found = areas[on].merge(rows[[*on, "value"]], on=on, how="left", validate="many_to_one")
        return found["value"].to_numpy(float)

    city, all_groups = table[table["geography_level"] == CITY], table[table[factor] == TOTAL]
    residents = beside(all_groups[all_groups["geography_level"] != CITY], [*keys, "geography_level", "geography"])
    share = beside(city, [*keys, factor]) / beside(city[city[factor] == TOTAL], keys)
    count = areas["value"].to_numpy(float)
    known = (residents > 0) & np.isfinite(count) & (share > 0)
    made = {name: np.full(len(areas), np.nan) for name in ("quotient", "quotient_lower", "quotient_upper")}
    confidence = float(table["confidence"].iloc[0])
    lower, upper = wilson_interval(count[known], residents[known], confidence=confidence)
    for name, of in zip(made, (count[known] / residents[known], lower, upper), strict=True):
        made[name][known] = of / share[known]
    result = areas.assign(**made).reset_index(drop=True)
    result.attrs.update(table.attrs)
    return result

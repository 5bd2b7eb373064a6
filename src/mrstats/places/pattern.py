"""`spatial_pattern`: whether areas are as their neighbours, and which of them. Tables in, tables out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mrstats.dataset import City, dataset_of
from mrstats.measures.spatial import local_moran, morans_i, row_standardised
from mrstats.measures.trend import adjust_p_values
from mrstats.schema import CITY, UNPLACED, MrstatsError, factor_columns

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

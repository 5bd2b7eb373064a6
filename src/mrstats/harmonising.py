"""Figures of one division on another: tables in, tables out, every person kept, the error of the move in the interval."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mrstats.breakdown import mode
from mrstats.crosswalk import Crosswalk, build_crosswalk
from mrstats.dataset.release import Release, group_of
from mrstats.estimates import UNRELIABLE_CV, UNRELIABLE_N
from mrstats.geography import Division
from mrstats.measures import proportions, rates
from mrstats.measures.checks import check_confidence
from mrstats.moving import PERSONS, SHARES, Known, Move, counts_of, dimensions_of
from mrstats.polygons import named
from mrstats.schema import (
    CANNOT_EXIST,
    CITY,
    CONFIDENTIAL,
    DESCRIPTION,
    FIGURES,
    IDENTITY,
    INTERPOLATED,
    SURVEY,
    UNPLACED,
    UNRELIABLE,
    DatasetError,
    MrstatsError,
    factor_columns,
    is_standardised,
)

if TYPE_CHECKING:
    import geopandas as gpd


def harmonise(
    counts: pd.DataFrame,
    *,
    source: Division,
    target: Division,
    weights: pd.DataFrame | None = None,
    land: gpd.GeoDataFrame | None = None,
    known: Known | None = None,
    allow_finer: bool = False,
    confidence: float | None = None,
) -> pd.DataFrame:
    """Bring counts from one division of the city to another.

    Parameters
    ----------
    counts : DataFrame
        A table of `break_down` (proportions or counts of a register), or a frame with a column of area codes named
        ``geography``, ``code`` or as the source level; text columns and ``year`` stay dimensions, the other numbers are
        counts. Each area stands once in every combination; `_U` is optional. A column ``status`` follows its counts.
    source, target : Division
        From ``city.division(level)`` or `division_from_polygons`.
    weights : DataFrame, optional
        Population points, ``city.points()``: ``weight``, and the areas' codes or a place (see `build_crosswalk`).
    land : GeoDataFrame, optional
        Where people can live, for areas that points do not tell.
    known : pair of DataFrame, optional
        The same counts of another year, or others like them, on the source and on the target division, as frames or tables:
        the hold-out that measures how wrong the move is. They must not be what the weights are made of.
    allow_finer : bool
        Go on although more than half of the target areas are half a source area or less.
    confidence : float, optional
        Level of the intervals, as a fraction. Default: the table's own, or 0.95.

    Returns
    -------
    DataFrame
        One row a target area and combination, `_U` where anybody is in it. Of a table: a table, its city rows untouched,
        with values made anew from the moved counts. Of a frame: ``geography_level, geography, vintage``, the dimensions,
        each count with its ``_lower`` and ``_upper`` (missing where nobody measured the error), ``value, lower, upper`` in
        per cent if it has ``numerator`` and ``denominator``, ``method``, ``status``. ``attrs["notes"]`` says in sentences
        what was dropped.

    Raises
    ------
    DatasetError
        An area without a row or a row without an area, a code twice, or a division nobody can place; with the codes.
    MrstatsError
        A measure that cannot be moved (a median, a survey), a target finer than its source, or a hold-out that tells
        nothing.

    Warns
    -----
    UserWarning
        Target areas that are half a source area or less, and source areas that lie partly outside.

    Notes
    -----
    How to read it: `method` names the surest way there was (`mrstats.crosswalk.METHODS`). With `key` and `union` the figures
    are exact sums. The others are estimates, status ``i``: with a hold-out the interval of a figure holds chance and the error
    of the move, without one there is none (last word of `method`: holdout or unmeasured). That error depends on what is
    counted: the same points moved Stockholm's population with 0.14 per cent in a wrong area and its residents aged 80 and
    over with 1.9.

    A part of a count that is not known makes the target's count unknown; it is never taken for 0. While publishing, a table
    shows no area of a group whose own figures on the target division the release hides: the estimates would tell of them.

    Examples
    --------
    >>> import mrstats as mr
    >>> from mrstats.harmonising import harmonise
    >>> city = mr.tiny_city()
    >>> areas, districts = (city.geography.division(level) for level in ("area", "district"))
    >>> counts = pd.DataFrame({"code": ["A1", "A2", "A3", "A4"], "persons": [5, 6, 7, 8]})
    >>> harmonise(counts, source=areas, target=districts)[["geography", "persons", "method"]].values.tolist()
    [['D1', 11.0, 'key'], ['D2', 15.0, 'key']]
    """
    is_table = "estimate_id" in counts
    _check_measure(counts, is_table)
    way = build_crosswalk(source, target, weights=weights, land=land)
    _check_finer(way, allow_finer)
    confidence = confidence or (float(counts["confidence"].iloc[0]) if is_table else 0.95)
    move = Move(way, peopled=weights is not None, known=known, confidence=check_confidence(confidence))
    made = (_moved_table if is_table else _moved_frame)(counts, move)
    made.attrs = {**counts.attrs, "notes": list(way.notes)}
    return made


def _check_measure(counts: pd.DataFrame, is_table: bool) -> None:
    if not is_table:
        return
    wrong = sorted(set(counts["measure"]) - {"proportion", "count"})
    if wrong:
        raise MrstatsError(
            f"a {wrong[0]} cannot be moved between divisions: only counts of persons can. Break the indicator down on the "
            "target division, or move its numerator and denominator as counts."
        )
    if is_standardised(counts):
        raise MrstatsError(
            "standardised figures cannot be moved between divisions. Move the crude table, or standardise on the target division."
        )
    if counts["method"].str.startswith(SURVEY).any():
        raise MrstatsError(
            "figures of a survey cannot be moved: how its areas vary together is not known. Break the sample down on the "
            "target division."
        )


def _check_finer(way: Crosswalk, allow_finer: bool) -> None:
    """Refuse a target that is finer than its source, and name what is finer in one that is not."""
    if way.finer:
        said = (
            f"{len(way.finer)} of {len(way.target.codes)} areas of {way.target} are half an area of {way.source} or less "
            f"({named(way.finer)}): nobody counted there."
        )
        if len(way.finer) > len(way.target.codes) / 2 and not allow_finer:
            raise MrstatsError(f"{said} Choose a coarser target, or pass allow_finer=True and show them as estimates.")
        warnings.warn(f"{said} Their figures are estimates (status {INTERPOLATED}).", stacklevel=3)
    for note in way.notes:
        if UNPLACED in note:
            warnings.warn(note, stacklevel=3)


def _moved_frame(frame: pd.DataFrame, move: Move) -> pd.DataFrame:
    columns = counts_of(frame, move.way.source)
    if not columns:
        raise DatasetError(f"there is no count to move; the columns are {', '.join(map(str, frame))}.")
    combinations, joined, absent = move.block(
        frame, dimensions_of(frame, move.way.source, columns), move.way.source, move.sources
    )
    cube = move.cube(joined, absent, columns, len(move.sources))
    counts, spread = (move.long(made, len(columns)) for made in (move.moved(cube), move.spread(cube)))
    made = move.rows(combinations)
    for place, name in enumerate(columns):
        error, t = move.error(name, spread[:, place])
        made[name] = counts[:, place]
        made[f"{name}_lower"] = np.maximum(counts[:, place] - t * error, 0.0)
        made[f"{name}_upper"] = counts[:, place] + t * error
    if set(SHARES[1]) <= set(columns):
        above, below = SHARES[1]
        made["value"] = 100 * _share(made[above], made[below])
        error, t = _share_error(move, made, spread, columns, SHARES[1])
        made["lower"] = np.maximum(made["value"] - t * 100 * error, 0.0)
        made["upper"] = np.minimum(made["value"] + t * 100 * error, 100.0)
    made["method"], _ = move.methods(len(combinations))
    statuses = move.statuses(joined, absent, np.isnan(counts).any(axis=1))
    nobody = (made[SHARES[1][1]] == 0) if "value" in made else pd.Series(False, index=made.index)
    made["status"] = [
        " ".join(sorted(codes | ({CANNOT_EXIST} if none else set())))
        for codes, none in zip(statuses, nobody, strict=True)
    ]
    return _without_empty_rest(made, columns)


def _share(above, below) -> np.ndarray:
    below = np.asarray(below, float)
    return np.asarray(above, float) / np.where(below > 0, below, np.nan)


def _share_error(move: Move, made: pd.DataFrame, spread: np.ndarray, columns: list[str], pair: tuple[str, str]):
    """Standard error of a share from the move, and its t: from the hold-out's own share, else from its two counts as if
    their errors had nothing to do with each other, which is the wider."""
    above, below = pair
    whole = np.where(made[below] > 0, made[below], np.nan)
    joint = "/".join(pair)
    if joint in move.factors:
        error, t = move.error(joint, spread[:, columns.index(below)])
        return error / whole, t
    (a, t), (b, s) = (move.error(name, spread[:, columns.index(name)]) for name in pair)
    return np.sqrt(a**2 + (_share(made[above], made[below]) * b) ** 2) / whole, max(t, s)


def _without_empty_rest(made: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """No row of the unplaced where nobody is in any of them."""
    rest = made["geography"] == UNPLACED
    nobody = not rest.any() or (made.loc[rest, list(columns)].fillna(1) == 0).all(axis=None)
    return made[~rest].reset_index(drop=True) if nobody else made.reset_index(drop=True)


def _moved_table(table: pd.DataFrame, move: Move) -> pd.DataFrame:
    """A table of `break_down` on the target division; the rows of the city stay as they are."""
    level = move.way.source.level.name
    own = table[table["geography_level"] == level]
    if own.empty:
        raise DatasetError(
            f"the table has no rows of level {level!r}; it has {', '.join(table['geography_level'].unique())}."
        )
    dimensions = ["indicator", "year", *factor_columns(table)]
    combinations, joined, absent = move.block(own, dimensions, move.way.source, move.sources)
    columns = list(PERSONS)
    undirected = joined["affected"].isna() & joined["count"].notna()
    cube = move.cube(
        joined.assign(affected=joined["affected"].mask(undirected, 0.0)), absent, columns, len(move.sources)
    )
    counts, spread = (move.long(made, len(columns)) for made in (move.moved(cube), move.spread(cube)))
    made = move.rows(combinations).assign(**dict(zip(columns, counts.T, strict=True)))
    told = own.drop_duplicates(dimensions).set_index(dimensions)[["measure", "unit", "method"]]
    made = made.join(told, on=dimensions)
    without = joined[undirected].drop_duplicates(dimensions).set_index(dimensions).index
    made.loc[pd.MultiIndex.from_frame(made[dimensions]).isin(without), "affected"] = np.nan
    share = (made["measure"] == "proportion").to_numpy()
    made = made.assign(**_figures(made, move, spread, share))
    words, estimated = move.methods(len(combinations))
    interval = np.where(share, "wilson", np.where(made["count"] < rates.EXACT_BELOW, "exact poisson", "byar"))
    unmeasured = estimated & (not move.factors)
    kind = made["method"].str.split().str[0]
    made["method"] = kind + np.where(unmeasured, " ", " " + interval.astype(object) + " ") + words
    made["confidence"] = move.confidence
    statuses = move.statuses(joined, absent, np.isnan(counts[:, columns.index("count")]))
    made["status"] = [
        " ".join(sorted(codes | weak)) for codes, weak in zip(statuses, _weak(made, share, estimated), strict=True)
    ]
    made.loc[unmeasured, ["lower", "upper", "se"]] = np.nan  # chance alone would be too narrow to be certain by
    made["df"] = np.inf
    made["estimate_id"] = [
        _key(row) for row in made[["geography_level", "geography", *dimensions]].itertuples(index=False)
    ]
    made = _without_empty_rest(made, ["n", "population", "count"])
    made.loc[made["value"].isna(), FIGURES] = np.nan
    city = table[table["geography_level"] == CITY]
    joined = pd.concat([city, made], ignore_index=True)
    ranks = [pd.factorize(table["indicator"])[1].get_indexer(pd.Index(joined["indicator"])), joined["year"]]
    ranks += [joined["geography_level"] != CITY, joined["geography"] == UNPLACED, joined["geography"]]
    places = np.lexsort([np.unique(np.asarray(rank), return_inverse=True)[1] for rank in reversed(ranks)])  # stable
    joined = joined.iloc[places].reset_index(drop=True)[[*IDENTITY, *factor_columns(table), *FIGURES, *DESCRIPTION]]
    return _as_published(joined, move.way.target.level.name)


def _as_published(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """Publishing, hide every area of a group if the release hides one of its own figures on this division: an estimate of it,
    or the city less the estimates of the others, would tell how large it is."""
    if mode() != "publish":
        return table
    hidden, factors = Release.from_environment().hidden(level), factor_columns(table)
    told = np.array([group_of(record, factors) in hidden for record in table.to_dict("records")], bool)
    told &= (table["geography_level"] == level).to_numpy()
    table.loc[told, FIGURES] = np.nan
    table.loc[told, ["status", "method"]] = CONFIDENTIAL, ""
    return table


def _figures(made: pd.DataFrame, move: Move, spread: np.ndarray, share: np.ndarray) -> dict[str, np.ndarray]:
    """Value, interval and standard error from the moved counts: chance and the error of the move together."""
    columns, confidence = list(PERSONS), move.confidence
    y, n = made["count"].to_numpy(float), made["n"].to_numpy(float)
    some, count = ~np.isnan(y) & (n > 0), np.nan_to_num(y)
    lower, upper, se = (np.full(len(made), np.nan) for _ in range(3))
    at = some & share
    lower[at], upper[at] = proportions.wilson_interval(y[at], n[at], confidence=confidence)
    se[at] = proportions.wilson_standard_error(y[at], n[at], confidence=confidence)
    low, high = rates.poisson_interval(count, confidence=confidence)
    whole = ~share & ~np.isnan(y)
    lower[whole], upper[whole], se[whole] = low[whole], high[whole], np.sqrt(np.maximum(count, 1.0))[whole]
    value = np.where(share, _share(made["count"], made["n"]), y)
    value[share & ~some] = np.nan
    parts, t_share = _share_error(move, made, spread, columns, SHARES[0])
    counts, t_count = move.error("count", spread[:, columns.index("count")])
    error = np.nan_to_num(np.where(share, parts, counts))
    t = np.where(share, t_share, t_count)
    scale, most = np.where(share, 100.0, 1.0), np.where(share, 1.0, np.inf)
    wider = np.nan_to_num(t) * error
    return {
        "value": scale * value,
        "lower": scale * np.maximum(value - np.hypot(value - lower, wider), 0.0),
        "upper": scale * np.minimum(value + np.hypot(upper - value, wider), most),
        "se": scale * np.hypot(se, error),
    }


def _weak(made: pd.DataFrame, share: np.ndarray, estimated: np.ndarray) -> list[set[str]]:
    """``m`` where nobody can be in the cell, ``u`` where it rests on little, as `break_down` says it."""
    nobody = share & (made["n"] == 0).to_numpy()
    wide = (made["se"] > UNRELIABLE_CV * made["value"]) & (made["value"] > 0)
    little = made["value"].notna() & (share | estimated) & (wide | (made["n"] < UNRELIABLE_N))
    return [{CANNOT_EXIST} if m else {UNRELIABLE} if u else set() for m, u in zip(nobody, little, strict=True)]


def _key(row: tuple) -> str:
    """A key of its own: the covariance of the figures that it was made of is not that of the moved ones."""
    return hashlib.sha256("|".join(map(str, ("harmonised", *row))).encode()).hexdigest()[:16]

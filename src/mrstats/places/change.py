"""Before and after a change: who can reach what changes (`impact_table`), and what came of it (`effect`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mrstats.dataset import City, dataset_of
from mrstats.dataset.beside import read_beside
from mrstats.definitions import Indicator, nearest
from mrstats.measures.coarse import FEWEST, coarse_share, to_nearest_ten
from mrstats.measures.distribution import weighted_quantile
from mrstats.measures.nearest import is_near, nearest_distance
from mrstats.measures.panels import difference_in_differences
from mrstats.measures.proportions import wilson_interval
from mrstats.places.residents import at_points, hide_beside, living_points
from mrstats.schema import CITY, CONFIDENTIAL, TOTAL, UNPLACED, MrstatsError, UnknownNameError, factor_columns

CHILDREN = 17
FIGURES = [
    "n", "affected", "lost", "gained",
    "within_before", "within_before_lower", "within_before_upper", "within_after", "within_after_lower", "within_after_upper",
    "metres_before_median", "metres_before_p90", "metres_after_median", "metres_after_p90", "further",
]  # fmt: skip
PARTS = ["all", "touched", "untouched", "losing", "gaining", "keeping", "lacking"]
"""Persons of a row, exactly: they decide what is hidden and are never told."""

COLUMNS = [
    "indicator",
    "year",
    "kind",
    "geography_level",
    "geography",
    "factor",
    "group",
    *FIGURES,
    "reach",
    "who",
    "how",
    "confidence",
    "status",
]


def impact_table(
    city: City,
    *,
    indicator: str,
    close: Sequence[str],
    fee: Sequence[str],
    move: Sequence[Sequence[Any]],
    by: Sequence[str],
    geography: str,
    who: str,
    reach: float,
    year: int,
    confidence: float,
) -> pd.DataFrame:
    """The table that `mrstats.impact` returns; arguments as there, `move` a list of id, x and y."""
    points = living_points(city)
    kind, before, after = _services(read_beside(city, "services"), close, fee, move)
    _check_near(move, points)
    metres = pd.DataFrame({"before": nearest_distance(points[["x", "y"]], before[["x", "y"]])}, index=points.index)
    metres["after"] = nearest_distance(points[["x", "y"]], after[["x", "y"]]) if len(after) else np.inf
    asked = _residents(city, city.indicator(indicator), who)
    parts = []
    factors: list[str | None] = [None, *by]
    for factor in factors:
        cells = at_points(city, points, asked, [factor] if factor else [], year)
        cells = cells[cells["point"].isin(points.index)].join(metres, on="point")
        for code, part in [(TOTAL, cells)] if factor is None else _groups(cells, factor):
            row = {"factor": factor or "", "group": code, "geography_level": CITY, "geography": city.municipality}
            parts.append(row | _reached(part, reach, confidence))
        if factor is None and geography != CITY:
            for code, part in _groups(cells, _areas(city, points, geography).reindex(cells["point"]).to_numpy()):
                row = {"factor": "", "group": TOTAL, "geography_level": geography, "geography": code}
                parts.append(row | _reached(part, reach, confidence))
    table = pd.DataFrame(parts).assign(
        indicator=indicator, year=year, kind=kind, reach=f"{reach:g}", who=who, confidence=confidence
    )
    table["how"] = " ".join(way for way, named in (("close", close), ("fee", fee), ("move", move)) if named)
    hide_beside(table, ["factor", "geography_level"], PARTS)
    table.loc[table["status"] == CONFIDENTIAL, FIGURES] = np.nan
    return table[COLUMNS]


def _groups(cells: pd.DataFrame, by) -> list[tuple[str, pd.DataFrame]]:
    return [(str(code), part) for code, part in cells.groupby(by, observed=True)]


def _services(services: pd.DataFrame, close, fee, move) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Kind of the services that change, and all of that kind before and after."""
    places = {str(name): place for name, *place in move}
    named = [*close, *fee, *places]
    if not named:
        raise UnknownNameError("nothing changes: say close=, fee= or move=, with ids of services.")
    if len(set(named)) < len(named):
        raise UnknownNameError(f"{named} names a service twice; it is closed, moved, or gets a fee.")
    services = services.set_index("id")
    for name in named:
        if name not in services.index:
            raise UnknownNameError(f"there is no service {name!r} ({nearest(name, services.index)}).")
    kinds = sorted(set(services.loc[named, "kind"]))
    if len(kinds) > 1:
        raise UnknownNameError(f"services of several kinds change ({', '.join(kinds)}). Ask for one kind at a time.")
    before = services[services["kind"] == kinds[0]]
    after = before.drop(index=[*close, *fee]).astype({"x": float, "y": float})
    for name, place in places.items():
        if len(place) != 2 or not np.isfinite(np.asarray(place, float)).all():
            raise UnknownNameError(f"move={{{name!r}: {place!r}}} must be x and y in EPSG:3006, in metres.")
        after.loc[name, ["x", "y"]] = [float(place[0]), float(place[1])]
    return kinds[0], before, after


def _check_near(move: Sequence[Sequence[Any]], points: pd.DataFrame) -> None:
    """A place farther from the homes than they are from each other was given in another system than theirs."""
    low, high = points[["x", "y"]].min(), points[["x", "y"]].max()
    wide = float((high - low).max()) + 1000
    for name, x, y in move:
        if not (low["x"] - wide <= x <= high["x"] + wide and low["y"] - wide <= y <= high["y"] + wide):
            raise UnknownNameError(
                f"move={{{name!r}: {[x, y]!r}}} lies far outside the city (x {low['x']:.0f}–{high['x']:.0f}, y "
                f"{low['y']:.0f}–{high['y']:.0f}). Give x and y in EPSG:3006 (SWEREF 99 TM), in metres."
            )


def _residents(city: City, indicator: Indicator, who: str) -> Indicator:
    """The indicator's residents, or those of them who are children."""
    if who == "all":
        return indicator
    if who != "children":
        raise UnknownNameError(f"who={who!r} must be all or children (0–{CHILDREN} years).")
    ages = [s.column for s in city.description.factors.values() if s.ranges and indicator.table in s.tables]
    if not ages:
        raise MrstatsError(
            f"table {indicator.table!r} has no age in years, so children are not known. Describe one with ranges = true."
        )
    young = f"{ages[0]} <= {CHILDREN}"
    return replace(
        indicator, denominator=young if indicator.denominator == "true" else f"({indicator.denominator}) and {young}"
    )


def _areas(city: City, points: pd.DataFrame, level: str) -> pd.Series:
    for name in city.geographies:
        if name in points and city.geography.nests(name, level):
            return points[name].map(city.geography.between(name, level))
    raise MrstatsError(
        f"[points] names no areas that lie in {level!r}. Give its file a column {level!r} with their codes."
    )


def _reached(cells: pd.DataFrame, reach: float, confidence: float) -> dict[str, Any]:
    """Persons near before and after, and how far they have to go; hidden where a few of them stand alone.

    Whoever is near or not, before and after, and affected or not, is one of nobody or of at least ten. Shares are told in steps
    of ten persons, and their limits are those of what is told: else they would tell more of the counts than the tens do.
    """
    n, before, after = (cells[name].to_numpy(float) for name in ("w", "before", "after"))
    was, stays, other = is_near(before, reach), is_near(after, reach), before != after
    everybody = np.ones(len(n), bool)
    which = (everybody, other, ~other, was & ~stays, ~was & stays, was & stays, ~was & ~stays)
    parts = {name: float(n[some].sum()) for name, some in zip(PARTS, which, strict=True)}
    total, affected = parts["all"], parts["touched"]
    alone = total == 0 or any(0 < persons < FEWEST for persons in parts.values())
    told = {"n": total, "affected": affected, "lost": parts["losing"], "gained": parts["gaining"]}
    result: dict[str, Any] = parts | {name: float(to_nearest_ten(persons)) for name, persons in told.items()}
    for when, near, metres in (("before", was, before), ("after", stays, after)):
        share = float(coarse_share(n[near].sum(), total))
        some = total > 0
        tens = max(result["n"], FEWEST)
        lower, upper = wilson_interval(share * tens / 100, tens, confidence=confidence) if some else (np.nan, np.nan)
        result |= {f"within_{when}": share, f"within_{when}_lower": 100 * float(lower)}
        result[f"within_{when}_upper"] = 100 * float(upper)
        finite = bool(some) and bool(np.isfinite(metres).all())
        half, most = weighted_quantile(metres, [0.5, 0.9], n) if finite else (np.nan, np.nan)
        result[f"metres_{when}_median"], result[f"metres_{when}_p90"] = (float(to_nearest_ten(d)) for d in (half, most))
    with np.errstate(invalid="ignore"):
        away = (after - before)[other]
    further = np.average(away, weights=n[other]) if affected > 0 and np.isfinite(away).all() else np.nan
    return {**result, "further": float(to_nearest_ten(further)), "status": CONFIDENTIAL if alone else ""}


def effect(
    table: pd.DataFrame, changed: Sequence[str], since: int, *, confidence: float = 0.95, city: City | None = None
) -> pd.DataFrame:
    """What came of a change: areas that met it against all others, before and after (difference-in-differences).

    Parameters
    ----------
    table : DataFrame
        From `break_down` with a level of areas and years before and after.
    changed : list of str
        Codes of the areas that met the change.
    since : int
        The first year with it.
    confidence : float
    city : City, optional
        Only needed where several datasets are open and the table does not say which it is from.

    Returns
    -------
    DataFrame
        One row per indicator and group: ``effect, lower, upper, se, p, df`` in the table's unit; ``trend_p`` of the test
        that the areas went the same way before; ``areas`` that changed, ``others``, ``left_out`` (no figure in some year).
        And a row per year (``year``; 0 in the first): the difference since the last year before the change, for a chart.

    Raises
    ------
    MrstatsError, UnknownNameError
        An area that is not there, no year before or after, or too few areas; one sentence with the cure.

    Notes
    -----
    How to read it: so much more did the value rise in the areas that met the change. Only if they would else have gone as
    the others is it an effect. See `mrstats.measures.panels.difference_in_differences`.

    Examples
    --------
    Every year is like the others in the tiny city, so nothing came of it.

    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(years=[2022, 2023, 2024]), "employment", geography="area", years=[2022, 2023, 2024])
    >>> mr.effect(table, ["A1", "A2"], since=2024)[["year", "effect"]].round(6).abs().values.tolist()
    [[0.0, 0.0], [2022.0, 0.0], [2023.0, nan], [2024.0, 0.0]]
    """
    home = dataset_of(table, city)
    areas = table[(table["geography_level"] != CITY) & (table["geography"] != UNPLACED)]
    for code in changed:
        if code not in set(areas["geography"]):
            raise UnknownNameError(
                f"changed={code!r} is no area of the table ({nearest(code, set(areas['geography']))})."
            )
    keys = ["indicator", *factor_columns(table), "geography_level"]
    parts = []
    for names, rows in areas.groupby(keys, sort=False):
        shown = rows["value"].notna() & (rows["population"] > 0)
        whole = shown.groupby(rows["geography"]).transform("sum") == rows["year"].nunique()
        held = rows[whole]
        met = held["geography"].isin(list(changed))
        try:
            found = difference_in_differences(
                held["value"],
                held["population"],
                held["geography"],
                held["year"],
                met,
                since=since,
                confidence=confidence,
            )
        except ValueError as error:
            raise MrstatsError(f"{names[0]!r}: {error}") from None
        about = {
            **dict(zip(keys, names, strict=True)),
            "since": since,
            "areas": held.loc[met, "geography"].nunique(),
            "others": held.loc[~met, "geography"].nunique(),
            "left_out": rows["geography"].nunique() - held["geography"].nunique(),
            "df": found.df,
            "confidence": confidence,
            "unit": rows["unit"].iloc[0],
        }
        half = (found.upper - found.effect) / found.se if found.se > 0 else np.nan
        whole_effect = {name: getattr(found, name) for name in ("effect", "lower", "upper", "se", "p", "trend_p")}
        parts.append({**about, "year": 0, **whole_effect})
        for year, step, se in zip(found.periods, found.by_period, found.by_period_se, strict=True):
            ends = {"lower": step - half * se, "upper": step + half * se}
            parts.append({**about, "year": int(year), "effect": step, **ends, "se": se})
    result = pd.DataFrame(parts)
    result.attrs["dataset"] = home.key
    return result

"""Numbers of persons and shares that results tell coarsely, as bounds of the counts that a release hides. It hides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.dataset.distances import reach_name, reach_of
from mrstats.disclosure.family import OUTCOME, PLACE, Family
from mrstats.disclosure.published import LOWER, UPPER
from mrstats.measures.coarse import FEWEST, between_shares, between_tens, coarse_share, to_nearest_ten
from mrstats.schema import CITY, CONFIDENTIAL, TOTAL, UNPLACED, has_status

PERSONS = ("n", "population")
PARTS = {"affected": "", "lost": "yes", "gained": "no"}
"""Persons to tens who are some of those of a row: of all, of those near before the change, of those who were not."""

Bound = tuple[str, float, float]
"""The outcome that a number is about ("": any), the least and the most persons."""


def bounds_of_results(city: City, family: Family, hidden: np.ndarray, results: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """What results that count persons to tens tell of the counts of a family.

    Parameters
    ----------
    city : City
    family : Family
    hidden : ndarray of bool, shape (m,)
        Which of the family's cells are hidden.
    results : iterable of DataFrame
        As released: ``indicator, year`` and, where they have them, ``factor, group``, ``geography_level, geography``,
        ``n`` or ``population``, ``unplaced``, ``value`` of a share or rate; of an impact ``kind, reach, who``, ``affected``,
        ``lost``, ``gained``, ``within_before`` and ``within_after``.

    Returns
    -------
    DataFrame
        Dimensions of the family, ``lower`` and ``upper``; one row a bound of a cell.

    Notes
    -----
    The share within reach of a service is that of the family's indicator that counts by the same reach. Results about homes
    leave out those whose home is not known; a printed number of everybody then bounds the number of those. Children are some
    of everybody: what is told of them is the least of all. A number that its cell's true count would not be told as is about
    others (those with an answer, those with a home) and bounds nothing.
    """
    problem, about = family.problem, _about(city, family.indicators[0])
    codes_of = {dimension.name: set(dimension.codes) for dimension in problem.dimensions}
    near = {reach_of(city, name): name for name in family.indicators}  # "" where it is about no reach
    told: set[tuple[str | float, ...]] = set()
    for result in results:
        rows = result[~has_status(result["status"], CONFIDENTIAL)] if "status" in result else result
        for record in rows.to_dict("records"):
            name = str(record["indicator"])
            reach = reach_name(record["kind"], float(record["reach"])) if "kind" in record else name
            same = name in city.indicators and _about(city, name) == about
            if record.get("year") != family.year or not (same or reach in near):
                continue
            codes = {record["factor"]: record["group"]} if record.get("factor") and "group" in record else {}
            if record.get("geography_level", CITY) != CITY and record["geography"] != city.municipality:
                codes[PLACE] = record["geography"]
            asked = near.get(reach, name)
            for outcome, lower, upper in _bounds(city, record, asked):
                where = {OUTCOME: outcome} if outcome else {}
                if not outcome and f"{asked}:known" in codes_of.get(OUTCOME, ()):
                    where = {OUTCOME: f"{asked}:known"}
                if codes.keys() | where <= codes_of.keys():
                    told.add((*((codes | where).get(each, TOTAL) for each in codes_of), lower, upper))
            if np.isfinite(record.get("unplaced", np.nan)) and codes.keys() | {PLACE} <= codes_of.keys():
                ends = map(float, between_tens(record["unplaced"]))
                told.add((*((codes | {PLACE: UNPLACED}).get(each, TOTAL) for each in codes_of), *ends))
    bounds = pd.DataFrame(sorted(told), columns=[*codes_of, LOWER, UPPER])
    if PLACE in codes_of:
        whole = problem.places(bounds[list(codes_of)])
        known = (bounds[PLACE] == TOTAL) & (whole >= 0) & ~hidden[whole]
        rest = {
            end: problem.truth[whole[known]] - bounds.loc[known, other]
            for end, other in ((LOWER, UPPER), (UPPER, LOWER))
        }
        rest[LOWER] = rest[LOWER].clip(lower=0.0)
        bounds = pd.concat([bounds, bounds[known].assign(**{PLACE: UNPLACED}, **rest)], ignore_index=True)
    place = problem.places(bounds[list(codes_of)])
    true = problem.truth[place]
    return bounds[(place >= 0) & (bounds[LOWER] <= true) & (true <= bounds[UPPER])].drop_duplicates(ignore_index=True)


def _bounds(city: City, record: dict, asked: str) -> Iterator[Bound]:
    """What the numbers of one row are bounds of; `asked` is the indicator whose outcome its shares are about."""
    some = record.get("who", "all") != "all"  # of everybody, these are only some
    for column in PERSONS:
        if np.isfinite(record.get(column, np.nan)):
            lower, upper = _tens(record[column])
            yield "", lower, np.inf if some else upper
    for column, outcome in PARTS.items():
        if record.get(column, 0) > 0:
            yield f"{asked}:{outcome}" if outcome else "", _tens(record[column])[0], np.inf
    for least, most in _outcomes(city, record):
        fewest, all_of_them = _tens(record["n"])
        yield f"{asked}:yes", least, np.inf if some else most
        yield f"{asked}:no", max(fewest - most, 0.0), np.inf if some else max(all_of_them - least, 0.0)


def _outcomes(city: City, record: dict) -> Iterator[tuple[float, float]]:
    """The least and the most of a row's persons who have its outcome; of an impact, before the change."""
    n, value, measure = (record.get(name, np.nan) for name in ("n", "value", "measure"))
    if "within_before" in record:
        yield _share(record["within_before"], n)
        least, most = _share(record["within_after"], n)
        lost, gained = _tens(record["lost"]), _tens(record["gained"])
        yield max(least - gained[1] + lost[0], 0.0), most - gained[0] + lost[1]
    elif measure == "proportion":  # of a result about places; others tell shares to more digits, by rules of their own
        if np.isclose(coarse_share(value * n / 100, n), value):
            yield _share(value, n)
    elif measure == "rate" and record["indicator"] in city.indicators:
        events = value * n / city.indicator(record["indicator"]).multiplier
        if np.isclose(to_nearest_ten(events), events):
            yield _tens(float(to_nearest_ten(events)))


def _tens(tens: float) -> tuple[float, float]:
    """The least and the most persons of a row that is shown: nobody, or at least `FEWEST`; a number that is no ten is exact."""
    if tens % 10 or tens == 0:
        return tens, tens
    lower, upper = between_tens(tens)
    return max(float(lower), FEWEST), float(upper)


def _share(share: float, tens: float) -> tuple[float, float]:
    lower, upper = between_shares(share, tens)
    return float(lower), float(upper)


def _about(city: City, name: str) -> tuple[str, str]:
    """Whose number of persons an indicator has: its table and denominator."""
    indicator = city.indicator(name)
    return indicator.table, indicator.denominator

"""Numbers of persons that results print to tens, as bounds of the counts that a release hides. It hides nothing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.disclosure.family import OUTCOME, PLACE, Family
from mrstats.disclosure.published import LOWER, UPPER
from mrstats.schema import CITY, CONFIDENTIAL, TOTAL, UNPLACED, has_status

HALF = 5
"""A number to tens is that of at most so many persons more or fewer."""

PERSONS = ("n", "population")


def bounds_of_results(city: City, family: Family, hidden: np.ndarray, results: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """What results that count persons to tens tell of the numbers of persons of a family.

    Parameters
    ----------
    city : City
    family : Family
    hidden : ndarray of bool, shape (m,)
        Which of the family's cells are hidden.
    results : iterable of DataFrame
        As released: ``indicator, year`` and, where they have them, ``factor, group``, ``geography_level, geography``,
        ``n`` or ``population``, ``unplaced``.

    Returns
    -------
    DataFrame
        Dimensions of the family, ``lower`` and ``upper``; one row a cell that is bounded.

    Notes
    -----
    Results about homes leave out those whose home is not known; a printed number of everybody then bounds the number of
    those. A number that is not within tens of a cell's is about others (children, those with an answer) and bounds nothing.
    """
    problem, about = family.problem, _about(city, family.indicators[0])
    codes_of = {dimension.name: set(dimension.codes) for dimension in problem.dimensions}
    told: set[tuple[str | float, ...]] = set()
    for result in results:
        rows = result[~has_status(result["status"], CONFIDENTIAL)] if "status" in result else result
        for record in rows.to_dict("records"):
            name = record["indicator"]
            if record.get("year") != family.year or name not in city.indicators or _about(city, name) != about:
                continue
            codes = {record["factor"]: record["group"]} if record.get("factor") and "group" in record else {}
            if record.get("geography_level", CITY) != CITY and record["geography"] != city.municipality:
                codes[PLACE] = record["geography"]
            if f"{name}:known" in codes_of.get(OUTCOME, ()):
                codes[OUTCOME] = f"{name}:known"
            for column, where in [*((column, {}) for column in PERSONS), ("unplaced", {PLACE: UNPLACED})]:
                if np.isfinite(record.get(column, np.nan)) and codes.keys() | where <= codes_of.keys():
                    told.add((*((codes | where).get(each, TOTAL) for each in codes_of), record[column]))
    bounds = pd.DataFrame(sorted(told), columns=[*codes_of, "persons"])
    if PLACE in codes_of:
        whole = problem.places(bounds[list(codes_of)])
        known = (bounds[PLACE] == TOTAL) & (whole >= 0) & ~hidden[whole]
        rest = problem.truth[whole[known]] - bounds.loc[known, "persons"]
        bounds = pd.concat([bounds, bounds[known].assign(**{PLACE: UNPLACED, "persons": rest})], ignore_index=True)
    place, persons = problem.places(bounds[list(codes_of)]), bounds.pop("persons").to_numpy(float)
    bounds = bounds.assign(**{LOWER: np.maximum(persons - HALF, 0), UPPER: persons + HALF})
    return bounds[(place >= 0) & (np.abs(problem.truth[place] - persons) <= HALF)].drop_duplicates(ignore_index=True)


def _about(city: City, name: str) -> tuple[str, str]:
    """Whose number of persons an indicator has: its table and denominator."""
    indicator = city.indicator(name)
    return indicator.table, indicator.denominator

"""Results that need every person: searches and models. Persons in, results out; no chart, no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from mrstats.dataset import City
from mrstats.models.adjusted import adjusted_gaps, adjusted_table
from mrstats.models.asked import answered, asked_year, names, whole
from mrstats.models.crossed import intersections, intersections_table
from mrstats.models.decompose import decompose_gap, decomposed_table
from mrstats.models.furthest import furthest_table
from mrstats.models.smallareas import small_areas, small_areas_check
from mrstats.request import ResultRequest

RESULTS: dict[str, Callable[..., pd.DataFrame]] = {
    "furthest_behind": furthest_table,
    "adjusted_gaps": adjusted_table,
    "decompose_gap": decomposed_table,
    "intersections": intersections_table,
}
"""What a plan may ask for beside tables, and the callable that makes it from persons, checked by its own rules."""


def furthest_behind(
    city: City,
    indicator: str,
    factors: list[str],
    depth: int = 3,
    *,
    year: int | None = None,
    minimum: int = 100,
    confidence: float = 0.95,
    seed: int = 1,
) -> pd.DataFrame:
    """Search all combinations of groups for the one furthest behind, and confirm it among other persons.

    Parameters
    ----------
    city : City
        From `open_dataset`.
    indicator : str
        A proportion with a direction.
    factors : list of str
        Two to six background factors. Neighbouring groups of an ordered factor may be taken together.
    depth : int
        At most so many factors are combined.
    year : int, optional
        Default: the dataset's last year.
    minimum : int
        Fewest persons of a combination, in each half of the persons.
    confidence : float
        Level of the intervals, as a fraction.
    seed : int
        Which persons are searched and which confirm; the same seed gives the same halves.

    Returns
    -------
    DataFrame
        A tree, one row a node: ``node, parent, depth``; ``factor, group`` it was split by (codes joined by a space);
        ``value, lower, upper, n`` among the persons that were not searched (the root: among all); ``population`` and
        ``affected`` in the whole city; ``path`` worst, or best of those whom the first step leaves; ``expected``: its value
        if every factor only added its own part; ``p_adjusted``, ``confirmed`` of the difference from everybody else;
        ``searched``: combinations looked at.

    Raises
    ------
    UnknownNameError, MrstatsError
        An indicator or factor that cannot be searched, or too few persons; one sentence with the cure.

    Notes
    -----
    How to read it: the lowest of hundreds of groups is partly lowest by chance. So half of the persons choose it (the
    group whose interval lies furthest out, not the smallest group with the lowest value), and the other half, which had no
    part in that, give its value and its p, adjusted by Benjamini and Hochberg for the groups that are shown. Where value
    and ``expected`` differ, the combination is more than the sum of its parts. A group with fewer than ten persons who have
    the outcome, or lack it, among those who confirm, or twenty among those searched, is never a node. Persons whose group is
    not known are in what is left beside a step (nodes r and s), which is not named after them. ``confirmed`` asks of the two
    paths that they differ in their own direction.

    Examples
    --------
    >>> import mrstats as mr
    >>> people = mr.tiny_city().table("persons")
    >>> city = mr.tiny_city().with_table("persons", pd.concat([people.assign(person_id=people["person_id"] + 100 * i) for i in range(9)]))
    >>> tree = mr.furthest_behind(city, "employment", ["sex", "country_of_birth_five"], depth=1)
    >>> tree[["node", "parent", "factor", "group"]].values.tolist()
    [['root', '', '', ''], ['w1', 'root', 'sex', 'women'], ['r1', 'root', 'sex', 'men']]
    """
    numbers = {"depth": depth, "minimum": minimum, "seed": seed}
    arguments: dict[str, Any] = {
        "indicator": indicator,
        "factors": names(factors),
        "year": asked_year(city, year),
        **{name: whole(name, number) for name, number in numbers.items()},
        "confidence": float(confidence),
    }
    return answered(city, ResultRequest(city.name, "furthest_behind", arguments), furthest_table)


def compute_result(city: City, request: ResultRequest) -> pd.DataFrame:
    """The result of a request, straight from the persons."""
    from mrstats.places import RESULTS as OF_PLACES  # its verbs answer by this module
    from mrstats.surveying import RESULTS as OF_SURVEYS

    return {**RESULTS, **OF_PLACES, **OF_SURVEYS}[request.kind](city, **request.arguments)


__all__ = [
    "RESULTS",
    "adjusted_gaps",
    "compute_result",
    "decompose_gap",
    "furthest_behind",
    "intersections",
    "small_areas",
    "small_areas_check",
]

"""Where people live and what they can reach: segregation, allocation, area profiles, the impact of a change.

Tables in or persons in, tables out; no file and no chart. What needs persons goes through the publication's plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from mrstats.breakdown import check_request
from mrstats.dataset import City
from mrstats.models import _answered as answered
from mrstats.models import _whole as whole
from mrstats.places.sorting import segregation_table
from mrstats.request import ResultRequest

RESULTS: dict[str, Callable[..., pd.DataFrame]] = {"segregation": segregation_table}
"""What a plan may ask for of places that needs persons, and the callable that makes it, checked by its own rules."""


def segregation(
    city: City,
    group: str = "country_of_birth",
    geography: str = "deso",
    years: int | Sequence[int] | None = None,
    *,
    indicator: str = "population",
    against: str = "rest",
    permutations: int = 500,
    confidence: float = 0.95,
    seed: int = 1,
) -> pd.DataFrame:
    """How unevenly groups live over areas: indices, what chance alone would give, parts by level, and change.

    Parameters
    ----------
    city : City
        From `open_dataset`.
    group : str
        The background factor whose groups are compared; those for whom it is not known are a group of their own.
    geography : str
        The level of areas. Larger areas always give lower indices: compare only what is on one level.
    years : int or list of int, optional
        Default: the dataset's last year. Between years that follow in the list the change of M is divided into its parts.
    indicator : str
        Whose residents: those in the denominator of this indicator of a register.
    against : str
        ``"rest"``, or a group's code: then each group is compared with that group only.
    permutations : int
        So many times are homes drawn by lot.
    confidence : float
    seed : int

    Returns
    -------
    DataFrame
        One row per year × ``measure`` × ``group`` (``_T``: all groups at once): ``value``; ``expected`` if homes were
        drawn by lot; ``corrected`` with ``lower, upper``; ``p``. ``interaction`` is the share of group ``against`` in the
        area of a person of ``group``. ``mutual_information_part`` (``information_theory_part``) of each level add up to M
        (H); ``mutual_information_within`` with its ``share`` of the population is M inside one larger area.
        ``change_…`` from ``since`` to ``year``: ``structure``, and the composition, ``groups`` and ``areas`` (and areas
        lived in in one of the years only), add up to ``change_mutual_information``. ``population`` and ``unplaced`` (not
        in any index) are to the nearest ten.

    Raises
    ------
    UnknownNameError, UnknownGroupError, MrstatsError
        A name the dataset does not have, one group or one area only, a sample; one sentence with the cure.

    Notes
    -----
    How to read it: *dissimilarity* 0.3: 30 per cent of the group would have to live elsewhere for it to live as the rest do.
    Small areas are uneven by chance: compare ``corrected`` values (see `mrstats.measures.segregation_chance`). An index tells
    how a city is divided, not why, and not that a group chose it. Rounded to four decimals; hidden (``C``) where fewer than
    ten persons stand on a side, or fewer than ten areas hold a count below ten.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.segregation(mr.tiny_city(), "sex", "area").set_index(["measure", "group"])
    >>> table.loc[("dissimilarity", "women"), ["value", "corrected", "p"]].tolist()
    [0.2, 0.1676, 0.2455]
    """
    asked = check_request(city, indicator, group, geography, years, confidence=confidence)
    arguments = {
        "indicator": indicator,
        "group": group,
        "geography": geography,
        "years": list(asked.years),
        "against": against,
        "permutations": whole("permutations", permutations),
        "confidence": float(confidence),
        "seed": whole("seed", seed),
    }
    return answered(city, ResultRequest(city.name, "segregation", arguments))

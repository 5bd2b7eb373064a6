"""Where people live and what they can reach: segregation, allocation, area profiles, the impact of a change.

Tables in or persons in, tables out; no file and no chart. What needs persons goes through the publication's plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from mrstats.breakdown import check_request
from mrstats.dataset import City
from mrstats.models.asked import answered, whole
from mrstats.places.change import impact_table
from mrstats.places.profiling import profile_table
from mrstats.places.sorting import segregation_table
from mrstats.request import ResultRequest
from mrstats.schema import CITY, SUM_MEASURES, MrstatsError, UnknownNameError

RESULTS: dict[str, Callable[..., pd.DataFrame]] = {
    "segregation": segregation_table,
    "area_profile": profile_table,
    "impact": impact_table,
}
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
        area of a person of ``group``. ``mutual_information_part`` (``information_theory_part``) of each level: their
        values add up to M (H), each is corrected by itself; ``mutual_information_within`` with its ``share`` of the
        population is M inside one larger area.
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
    ten persons stand on a side, or fewer than ten areas hold a count below ten. Which areas: `mrstats.location_quotients`.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.segregation(mr.tiny_city(), "sex", "area").set_index(["measure", "group"])
    >>> table.loc[("dissimilarity", "women"), ["value", "corrected", "p"]].tolist()
    [0.2, 0.1676, 0.2455]
    """
    asked = check_request(city, indicator, group, geography, years, confidence=confidence)
    if whole("permutations", permutations) < 19:
        raise UnknownNameError(f"permutations={permutations} cannot tell p below 0.05; ask for 19 or more.")
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
    return answered(city, ResultRequest(city.name, "segregation", arguments), segregation_table)


def area_profile(
    city: City,
    polygon: Any,
    indicators: Sequence[str] | None = None,
    *,
    by: str | Sequence[str] = (),
    beside: str = "district",
    reach: float = 1000,
    year: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Any area drawn on the map beside the district and the city: residents, conditions, service, gaps.

    Parameters
    ----------
    city : City
        With [points] in its dataset.toml, the points where people live.
    polygon : GeoDataFrame, shapely geometry or str
        The plan area; a frame in any coordinate system, a geometry or WKT in EPSG:3006. Whoever lives at a point inside it
        is in it.
    indicators : list of str, optional
        Default: all of the points' table that sums of residents can give.
    by : str or list of str
        Background factors, each on its own.
    beside : str
        The level whose areas are shown beside it, those that it touches.
    reach : float
        Metres, as the crow flies, within which a service is near.
    year : int, optional
        Default: the dataset's last year.
    confidence : float

    Returns
    -------
    DataFrame
        One row per indicator × ``geography_level`` (``plan_area``, `beside`, ``city``) × ``factor`` and ``group`` (""
        and ``_T``: everybody): ``value, lower, upper``, and ``difference`` from the whole city with its limits (the place is
        part of the city, and that is reckoned with). Of each kind of service, ``…_within_1000_m``: the share of residents
        who live that near, no farther than `reach`. ``n`` and ``population`` are to the nearest ten, shares in steps of at
        least ten persons (0.1 per cent from some ten thousand on), means to the indicator's decimals.

    Raises
    ------
    MrstatsError, DatasetError
        A polygon where nobody lives, no points, an indicator without sums; one sentence with the cure.

    Notes
    -----
    How to read it: intervals are year-to-year chance; in a small area they are wide, and most differences are no more than
    that. Hidden (``C``) where fewer than ten persons have an outcome or lack it, or where they could be had by taking known
    areas from the drawn one.

    Examples
    --------
    >>> import mrstats as mr
    >>> try:
    ...     mr.area_profile(mr.tiny_city(), "POLYGON ((0 0, 900 0, 900 900, 0 0))", ["employment"], beside="district")
    ... except MrstatsError as error:
    ...     print(error)
    tiny has no points. Put the file in the dataset's folder and write [points] file = … in dataset.toml; it has the columns point.
    """
    points = city.description.beside.get("points", {})
    if indicators is None:
        usable = [i for i in city.indicators.values() if i.table == points.get("table") and i.measure in SUM_MEASURES]
        indicators = [i.name for i in usable if i.measure != "share"]
    asked = check_request(city, indicators, by, beside, year, confidence=confidence)
    arguments = {
        "polygon": polygon_text(polygon),
        "indicators": list(asked.indicators),
        "by": list(asked.by),
        "beside": beside,
        "reach": metres(reach),
        "year": asked.years[-1],
        "confidence": float(confidence),
    }
    return answered(city, ResultRequest(city.name, "area_profile", arguments), profile_table)


def metres(reach: float) -> float:
    """What counts as near, above 0."""
    if not 0 < reach < float("inf"):
        raise UnknownNameError(f"reach={reach!r} must be a number of metres above 0, such as 1000.")
    return float(reach)


def polygon_text(polygon: Any) -> str:
    """A drawn area as WKT in EPSG:3006, to the decimetre; a MrstatsError says what it must be."""
    import shapely

    if hasattr(polygon, "geometry") and hasattr(polygon, "crs"):
        if polygon.crs is None:
            raise MrstatsError("the polygon's frame has no coordinate system. Set it: frame.set_crs(3006).")
        polygon = polygon.to_crs(3006).geometry.union_all()
    try:
        shape = shapely.from_wkt(polygon) if isinstance(polygon, str) else polygon
        kind = shape.geom_type
    except (shapely.errors.ShapelyError, AttributeError):
        raise MrstatsError(
            f"polygon={str(polygon)[:60]!r} is no polygon. Give a GeoDataFrame, a shapely polygon, or WKT in EPSG:3006."
        ) from None
    if kind not in ("Polygon", "MultiPolygon") or shape.is_empty or not shape.is_valid:
        raise MrstatsError(
            f"the polygon is a {kind}, empty, or crosses itself. Draw it anew, or mend it: shape.buffer(0)."
        )
    return shapely.to_wkt(shape, rounding_precision=1)


def impact(
    city: City,
    *,
    close: Sequence[str] = (),
    fee: Sequence[str] = (),
    move: Mapping[str, Sequence[float]] | None = None,
    by: str | Sequence[str] = (),
    geography: str = CITY,
    who: str = "all",
    indicator: str = "population",
    reach: float = 1000,
    year: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Who is touched when services close, move or cost: persons near before and after, and their way, by group and area.

    Parameters
    ----------
    city : City
        With [points] and [services] in its dataset.toml.
    close, fee : list of str
        Ids of services that close, or that no longer are free; afterwards the nearest other (free) one of the kind counts.
    move : dict of str to (x, y)
        Ids of services and where they move, in EPSG:3006.
    by : str or list of str
        Background factors, each on its own.
    geography : str
        A level of areas to show too.
    who : {"all", "children"}
        Children: 0–17 years.
    indicator : str
        Whose residents: those in its denominator, of the table that points are for.
    reach : float
        Metres, as the crow flies, that count as near.
    year : int, optional
        Default: the dataset's last year.
    confidence : float

    Returns
    -------
    DataFrame
        One row per group and area: ``n`` residents, ``affected`` whose nearest service is another, ``lost`` and ``gained``
        a service within reach (to the nearest ten); ``within_before``, ``within_after`` in per cent with limits, in steps of
        at least ten persons (0.1 per cent from some ten thousand on; coarser of fewer); ``how`` services change: *close*,
        *fee*, *move*; ``metres_…_median`` and ``…_p90``, and how much ``further`` the affected have on average, to the nearest ten metres.

    Raises
    ------
    UnknownNameError, DatasetError, MrstatsError
        An id that is not there, services of several kinds, no points or services; one sentence with the cure.

    Notes
    -----
    How to read it: distances are as the crow flies; water and railways make them longer, most for those who walk slowest.
    Where people live is counted in full: limits are year-to-year chance in who lives where. It says who is touched, not
    how much it matters to them: ask them. Near is who lives at most `reach` metres away, as in an indicator of
    [distances]; residents without a known home are in no row. Hidden (``C``) where fewer than ten live; where one to nine are
    affected or are not, lose a service within reach, gain one, keep one or have none; and with a row that is hidden alone
    the smallest of those beside it. What came of a change is told by `mrstats.effect`.

    Examples
    --------
    Made of two thousand residents of Exempelstad: a library closes.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import mrstats as mr
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     city = mr.open_dataset(build_example_city(Path(folder) / "exempelstad", persons=2000))
    ...     table = mr.impact(city, close=["library-02"], who="children")
    >>> bool(table["within_after"].iloc[0] < table["within_before"].iloc[0]), table["kind"].tolist()
    (True, ['library'])
    """
    asked = check_request(city, indicator, by, geography, year, confidence=confidence)
    arguments = {
        "indicator": indicator,
        "close": list(close),
        "fee": list(fee),
        "move": _moves(move or {}),
        "by": list(asked.by),
        "geography": geography,
        "who": who,
        "reach": metres(reach),
        "year": asked.years[-1],
        "confidence": float(confidence),
    }
    return answered(city, ResultRequest(city.name, "impact", arguments), impact_table)


def _moves(move: Any) -> list[list[Any]]:
    """Each service with x and y, as TOML writes it."""
    try:
        return [[name, *map(float, place)] for name, place in move.items()]
    except (AttributeError, TypeError, ValueError):
        raise UnknownNameError(
            f"move={move!r} must be ids of services with x and y in EPSG:3006: {{'b1': (374000, 6163000)}}."
        ) from None

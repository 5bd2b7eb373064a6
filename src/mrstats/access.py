"""How far people live from the nearest service, by area and group. Straight lines in metres; no roads, no files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrstats import engine
from mrstats.breakdown import check_request, mode
from mrstats.dataset import City
from mrstats.estimates import UNRELIABLE_N
from mrstats.measures import distribution, proportions
from mrstats.measures.checks import check_confidence
from mrstats.measures.nearest import is_near, nearest_distance
from mrstats.places.residents import check_points
from mrstats.polygons import in_metres
from mrstats.schema import (
    CITY,
    NOT_COLLECTED,
    TOTAL,
    UNPLACED,
    UNRELIABLE,
    DatasetError,
    MrstatsError,
    NotPublishedError,
    UnknownNameError,
)

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Fractions of the residents whose distances are told."""

METHOD = "straight-line"


def distance_to_service(
    people: pd.DataFrame,
    services: pd.DataFrame,
    *,
    by: str | Sequence[str] = (),
    area: str = "",
    within: Sequence[float] = (500, 1000),
    persons: str = "weight",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How far residents live from the nearest service, by area and group.

    Parameters
    ----------
    people : DataFrame
        Where people live: a row a population point (and group), with a place (GeoDataFrame, or ``x`` and ``y`` in EPSG:3006;
        missing where nobody knows), how many live there, and the columns of `by` and `area`. From `people_at_points`, or
        ``city.points()`` for everybody together.
    services : DataFrame
        Places of one kind of service, located the same way.
    by : str or list of str
        Columns of groups; all their combinations and margins (``_T``) are returned.
    area : str, optional
        The column of area codes; without it the city only. A missing code is `_U`.
    within : list of float
        Distances in metres.
    persons : str
        The column of how many live there.
    confidence : float
        Level of the intervals of the shares, as a fraction.

    Returns
    -------
    DataFrame
        One row an area and group, the city first: ``geography_level``, ``geography``, the groups; ``n`` residents
        whose place is known, ``unplaced`` the others; ``p10`` to ``p90``: so many per cent of the former live nearer than this, in
        metres (``p50`` is the median); for each distance
        ``within_500`` with ``_lower`` and ``_upper``, in per cent; ``services``, how many there are; ``method``
        *straight-line*; ``status`` (``u``: fewer than 50 residents; ``x``: nobody whose place is known).

    Raises
    ------
    DatasetError
        No service, a service without a place, or persons below 0.
    UnknownNameError
        A column that is not there.

    Notes
    -----
    How to read it: half of the residents live nearer than ``p50`` as the crow flies; the way on foot is longer, by a third
    or so in most towns, and more where a railway or water lies between. Quantiles are those of whole residents, not of
    points: a point where 200 live counts 200 times. Everybody is counted, so the interval of a share is chance from year to
    year. Near the city's border the nearest service may be another municipality's.

    Examples
    --------
    >>> people = pd.DataFrame({"x": [0.0, 300.0, 2000.0], "y": 0.0, "weight": [60, 20, 20], "deso": ["A", "A", "B"]})
    >>> libraries = pd.DataFrame({"x": [0.0], "y": [100.0]})
    >>> made = distance_to_service(people, libraries, area="deso", within=[500])
    >>> made[["geography", "n", "p50", "within_500"]].round(0).values.tolist()
    [['city', 100.0, 100.0, 80.0], ['A', 80.0, 100.0, 100.0], ['B', 20.0, 2002.0, 0.0]]
    """
    check_confidence(confidence)
    factors = [by] if isinstance(by, str) else list(by)
    for name in [*factors, persons, *filter(None, [area])]:
        if name not in people:
            raise UnknownNameError(f"people has no column {name!r}; it has {', '.join(map(str, people.columns))}.")
    count = people[persons].to_numpy(float)
    if np.isnan(count).any() or (count < 0).any():
        raise DatasetError(f"people, column {persons!r}: how many live at a point is 0 or more, never missing.")
    if not len(services):
        raise MrstatsError("there is no service of this kind, so nobody lives near one. Check the filter on services.")
    places = _places(services, "services")
    if (lost := ~np.isfinite(places).all(axis=1)).any():
        raise DatasetError(
            f"services: row {int(np.argmax(lost)) + 1} has no place ({lost.sum()} such rows). Locate it."
        )
    far = nearest_distance(_places(people, "people"), places)
    frame = people[factors].astype(str).assign(far_=far, n_=count)
    frame["area_"] = people[area].astype(object).where(people[area].notna(), UNPLACED) if area else UNPLACED
    frame = frame[frame["n_"] > 0]
    rows = []
    for level, keys in ((CITY, []), *([(area, ["area_"])] if area else [])):
        for mask in range(2 ** len(factors)):
            used = [name for place, name in enumerate(factors) if mask >> place & 1]
            for key, part in _parts(frame, [*keys, *used]):
                told = dict(zip([*keys, *used], key, strict=True))
                identity = {"geography_level": level, "geography": told.get("area_", CITY)}
                rows.append(
                    {
                        **identity,
                        **{name: told.get(name, TOTAL) for name in factors},
                        **_figures(part, within, confidence),
                    }
                )
    made = pd.DataFrame(rows)
    order = [made["geography_level"] != CITY, made["geography"] == UNPLACED, made["geography"]]
    order += [column for name in factors for column in (made[name] != TOTAL, made[name])]
    places = np.lexsort([np.unique(np.asarray(key), return_inverse=True)[1] for key in reversed(order)])
    made["services"], made["method"] = len(services), METHOD
    made["status"] = np.select([made["n"] == 0, made["n"] < UNRELIABLE_N], [NOT_COLLECTED, UNRELIABLE], "")
    return made.iloc[places].reset_index(drop=True)


def people_at_points(
    city: City, indicator: str, by: str | Sequence[str] = (), *, year: int | None = None
) -> pd.DataFrame:
    """Where the people of an indicator live, by group: what `distance_to_service` takes.

    Parameters
    ----------
    city : City
        A dataset with [points] that its table of persons names.
    indicator : str
        Whose places are asked for: the indicator's population, such as residents aged 65 and over.
    by : str or list of str
        Background factors.
    year : int, optional
        Default: the dataset's last year.

    Returns
    -------
    GeoDataFrame
        One row a point and group with anybody: the groups, ``weight`` persons, the code of every level the point lies in,
        geometry. Residents without a place stand in a row without geometry and codes.

    Raises
    ------
    NotPublishedError
        While publishing: persons at points are no table of the edition's plan.
    DatasetError
        The dataset has no points.

    Examples
    --------
    >>> import mrstats as mr
    >>> from mrstats.schema import DatasetError
    >>> try:
    ...     mr.people_at_points(mr.tiny_city(), "employment", by="sex")
    ... except DatasetError as error:
    ...     print(error)
    tiny has no population points. Add [points] with file = "…" to dataset.toml.
    """
    if mode() == "publish":
        raise NotPublishedError(
            "persons at points cannot be asked for while publishing; ask with mr.break_down for an indicator of distance."
        )
    import geopandas as gpd

    points, spec = city.points(), city.description.points or {}
    request = check_request(city, indicator, by, years=year)
    factors = tuple(city.description.factors[name] for name in request.by)
    cells = engine.indicator_cells(city, city.indicator(indicator), engine.Keys(request.years, spec["column"], factors))
    placed = points.assign(**{engine.AREA: points[spec["column"]].astype(str)}).drop(columns=["weight", spec["column"]])
    for level in city.geographies:
        if level not in placed:
            finer = [name for name in city.geographies if name in points and city.geography.nests(name, level)]
            if finer:
                placed[level] = placed[finer[0]].map(city.geography.between(finer[0], level))
    cells = cells[[engine.AREA, *request.by, "n"]].rename(columns={"n": "weight"})
    cells[engine.AREA] = cells[engine.AREA].astype(str)
    check_points(cells[engine.AREA], placed[engine.AREA])
    return gpd.GeoDataFrame(cells.merge(placed, on=engine.AREA, how="left").drop(columns=engine.AREA), crs=points.crs)


def _places(frame: pd.DataFrame, what: str) -> np.ndarray:
    """Metres east and north, shape (rows, 2)."""
    if "geometry" in frame:
        import geopandas as gpd

        points = in_metres(gpd.GeoDataFrame(frame), what).geometry
        place = np.column_stack([points.x, points.y])  # missing or empty: NaN
    elif {"x", "y"} <= set(frame):
        place = frame[["x", "y"]].to_numpy(float)
    else:
        raise DatasetError(f"{what} has neither geometry nor x and y; it has {', '.join(map(str, frame.columns))}.")
    return place


def _parts(frame: pd.DataFrame, keys: list[str]):
    """Each combination of the keys and its rows; all rows where there is no key."""
    return frame.groupby(keys) if keys else [((), frame)]


def _figures(part: pd.DataFrame, within: Sequence[float], confidence: float) -> dict[str, float]:
    """Residents, quantiles of their distance, and the share within each distance."""
    known = part["far_"].notna().to_numpy()
    far, count = part["far_"].to_numpy(float)[known], part["n_"].to_numpy(float)[known]
    n = count.sum()
    figures = {"n": n, "unplaced": part["n_"].sum() - n}
    quantiles = distribution.weighted_quantile(far, QUANTILES, weights=count) if n else [np.nan] * len(QUANTILES)
    figures |= {f"p{100 * p:.0f}": float(metres) for p, metres in zip(QUANTILES, quantiles, strict=True)}
    for metres in within:
        near, name = count[is_near(far, metres)].sum(), f"within_{metres:g}"
        if not n:
            figures |= {name: np.nan, f"{name}_lower": np.nan, f"{name}_upper": np.nan}
            continue
        lower, upper = proportions.wilson_interval(near, n, confidence=confidence)
        figures |= {name: 100 * near / n, f"{name}_lower": 100 * float(lower), f"{name}_upper": 100 * float(upper)}
    return figures

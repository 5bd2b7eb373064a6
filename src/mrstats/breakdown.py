"""The central verb: `break_down` turns a dataset into a table of figures with their uncertainty.

Exploring it computes live; recording it also notes the request in the edition's plan; publishing it answers from
the protected release. It knows no rule of protection.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.dataset.release import Release
from mrstats.definitions import Indicator, nearest
from mrstats.figures import has_areas, indicator_table
from mrstats.onebyone import figures_one_by_one
from mrstats.passes import Passes
from mrstats.queries import progress
from mrstats.request import Request, ResultRequest
from mrstats.schema import CITY, MrstatsError, NotPublishedError, UnknownNameError
from mrstats.standardise import STANDARDISATIONS
from mrstats.survey import SurveyDesign


def mode() -> str:
    """How figures are made just now: ``explore``, ``record`` or ``publish`` (environment MRSTATS_MODE)."""
    chosen = os.environ.get("MRSTATS_MODE", "explore")
    if chosen not in ("explore", "record", "publish"):
        raise MrstatsError(f"MRSTATS_MODE={chosen!r} must be explore, record or publish.")
    return chosen


def break_down(
    city: City,
    indicator: str | Sequence[str],
    by: str | Sequence[str] = (),
    geography: str = CITY,
    years: int | Sequence[int] | None = None,
    *,
    standardise: str | Sequence[str] | None = None,
    standardisation: str = "dobson",
    design: SurveyDesign | None = None,
    replicates: int = 0,
    seed: int = 1,
    crossed: bool = True,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Break indicators down by background factors and places.

    Parameters
    ----------
    city : City
        From `open_dataset`.
    indicator : str or list of str
        Names from the dataset's indicators.
    by : str or list of str
        Background factors; all their combinations and all margins (``_T``) are returned.
    geography : str
        A geography level; its areas, residents who cannot be placed (``_U``) and the city are returned.
    years : int or list of int, optional
        Default: the dataset's last year.
    standardise : str or list of str, optional
        Factors to hold equal: proportions and rates become what they would be if every group had the whole city's mix
        of these; counts stay crude. `C` where a group has nobody in a stratum of the city.
    standardisation : {"dobson", "gamma", "indirect"}
        Directly with Dobson's interval, or (rates) the cautious gamma interval; or indirectly: the city's figure times
        what the group has over what it would have with the city's figure in every stratum. Indirectly standardised
        groups are compared with the city, not with each other.
    design : SurveyDesign, optional
        A sample of your own, from `survey_design`: its frame takes the place of the indicator's table. Without it
        dataset.toml says whether a table is a sample (`weight`, `strata`, `cluster`, `stratum_size`, `responded`).
    replicates : int
        For a register: so many Poisson bootstraps of the residents, kept under `estimate_id`, so that `gaps` and `change`
        know how figures of the same persons vary together. A sample always has its design's covariance.
    seed : int
        Of the replicates. The same seed gives the same draws on any engine, in any order of the rows.
    crossed : bool
        False: every factor on its own for the city, and the areas by total only; no combinations.
    confidence : float
        Level of the intervals, as a fraction.

    Returns
    -------
    DataFrame
        One row per cell (columns in docs/vocabulary.md); proportions in per cent. A cell nobody could be in has
        status ``m``; one that rests on little ``u``; one hidden at source ``C``.

    Raises
    ------
    UnknownNameError
        An indicator, factor, level or year the dataset does not have.
    NotPublishedError
        A cross the source does not hold, or (publishing) a request outside the edition's plan.

    Notes
    -----
    How to read a row: `value` lies between `lower` and `upper` as far as chance goes; it rests on `n` persons. The
    interval of a register figure is year-to-year chance: what the same conditions could have given.

    Examples
    --------
    >>> import mrstats as mr
    >>> table = mr.break_down(mr.tiny_city(), "employment", by="sex")
    >>> table[["geography_level", "sex", "value", "n", "count"]].round(1)
      geography_level    sex  value     n  count
    0            city     _T   60.0  80.0   48.0
    1            city  women   55.0  40.0   22.0
    2            city    men   65.0  40.0   26.0
    """
    request = check_request(
        city,
        indicator,
        by,
        geography,
        years,
        standardise=standardise,
        standardisation=standardisation,
        replicates=replicates,
        seed=seed,
        crossed=crossed,
        confidence=confidence,
    )
    if design is not None and mode() != "explore":
        raise NotPublishedError(
            "design= is for exploring: an edition's plan cannot hold a frame. Describe the sample in dataset.toml "
            "(weight, strata, cluster, stratum_size), calibrated weights in a column of its own."
        )
    if mode() == "publish":
        return Release.from_environment().table(request, dataset=city.key)
    table = compute(city, request, design=design)
    if mode() == "record":
        record(request)
    return table


def break_down_one_by_one(
    city: City, indicator: Sequence[str], by: Sequence[str], levels: Sequence[str], years: int | None = None
) -> pd.DataFrame:
    """Indicators by each of several factors on its own, in the areas of several levels: as many calls of `break_down`.

    Returns
    -------
    DataFrame
        One row per cell of the areas, with ``factor`` and ``group`` for a column per factor. A factor or level that an
        indicator's table does not hold has no rows. Live, persons are counted once a table and factor.
    """
    parts = [pd.DataFrame(columns=["indicator", "geography_level", "geography", "factor", "group", "status"])]
    for table in dict.fromkeys(city.indicator(name).table for name in indicator):
        names = [name for name in indicator if city.indicator(name).table == table]
        factors = [name for name in by if table in city.description.factors[name].tables]
        within = [level for level in levels if has_areas(city, city.indicator(names[0]), level)]
        requests = {
            (level, name): check_request(city, names, name, level, years) for level in within for name in factors
        }
        if mode() == "publish":
            release = Release.from_environment()
            for (level, name), request in requests.items():
                rows = release.table(request, dataset=city.key).rename(columns={name: "group"}).assign(factor=name)
                parts.append(rows[rows["geography_level"] == level])
        elif requests:
            together = check_request(city, names, factors, years=years)
            passes = Passes(city, [city.indicators[name] for name in names])
            with progress(table):
                parts += [figures_one_by_one(city, city.indicators[name], together, within, passes) for name in names]
        if mode() == "record":
            for request in requests.values():
                record(request)
    return pd.concat(parts, ignore_index=True)


def check_request(
    city: City,
    indicator,
    by=(),
    geography: str = CITY,
    years=None,
    *,
    standardise=None,
    standardisation: str = "dobson",
    replicates: int = 0,
    seed: int = 1,
    crossed: bool = True,
    confidence: float = 0.95,
) -> Request:
    """The call as a `Request`, every name checked against the dataset."""
    names, factors, strata = map(_names, (indicator, by, standardise))
    geography = geography or CITY
    if isinstance(years, str):
        raise UnknownNameError(
            f"years={years!r} is a text; write the number, years={years.strip() or 2024}, or a list of numbers."
        )
    if not names:
        raise UnknownNameError(f"no indicator was named. {city.name} has {', '.join(city.indicators)}.")
    for name in names:
        city.indicator(name)
    if set(strata) & set(factors):
        raise UnknownNameError(
            f"standardise={list(strata)} and by={list(factors)} share a factor; it cannot be held equal and compared."
        )
    for name in (*factors, *strata):
        if name not in city.factors:
            raise UnknownNameError(
                f"by={name!r} is not a background factor of {city.name} ({nearest(name, city.factors)})."
            )
    for name in names:
        _check_published(city, city.indicators[name], (*factors, *strata))
    if geography != CITY and geography not in city.geographies:
        raise UnknownNameError(
            f"geography={geography!r} is not a level of {city.name} ({nearest(geography, [CITY, *city.geographies])})."
        )
    known = city.description.years
    held = {city.description.tables[city.indicators[name].table].years or known for name in names}
    latest = min((years_of[-1:] for years_of in held), default=known[-1:])
    wanted = (int(years),) if isinstance(years, (int, np.integer)) else tuple(int(y) for y in years or latest)
    for year in wanted:
        if known and year not in known:
            raise UnknownNameError(f"years={year} is not in {city.name}, which has {known[0]}–{known[-1]}.")
    if standardisation not in STANDARDISATIONS:
        raise UnknownNameError(
            f"standardisation={standardisation!r} is not known; choose one of {', '.join(STANDARDISATIONS)}."
        )
    if not 0 < confidence < 1:
        raise UnknownNameError(f"confidence={confidence!r} must be a fraction between 0 and 1, such as 0.95.")
    if not (isinstance(replicates, int) and replicates >= 0 and replicates != 1):
        raise UnknownNameError(f"replicates={replicates!r} must be 0 or a number of replicates, such as 500.")
    return Request(
        city.name,
        names,
        factors,
        geography,
        tuple(sorted(set(wanted))),
        crossed,
        confidence,
        strata,
        standardisation,
        replicates,
        seed,
    )


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name or several, each once, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(dict.fromkeys(given or ()))


def compute(city: City, request: Request, *, design: SurveyDesign | None = None) -> pd.DataFrame:
    """The unprotected table of a request, straight from the dataset; publishing, a notebook may not ask for it."""
    if mode() == "publish":
        raise NotPublishedError("unprotected figures cannot be made while publishing; ask with mr.break_down.")
    parts = []
    # A large cross of many indicators at once would fill the memory; one factor at a time does not.
    large = request.crossed and (len(request.by) > 1 or request.geography != CITY)
    alone = large or design is not None
    passes = None if alone else Passes(city, [city.indicators[name] for name in request.indicators])
    for name in request.indicators:
        with progress(name):  # the pass and the figures after it: millions of rows take longer than their query
            parts.append(indicator_table(city, city.indicators[name], request, design, passes))
    table = pd.concat(parts, ignore_index=True)
    table.attrs["dataset"] = city.key
    return table


def _check_published(city: City, indicator: Indicator, factors: tuple[str, ...]) -> None:
    """A ready-made table holds only the crosses its publisher made; say which."""
    source = city.description.tables[indicator.table]
    held = [name for name, factor in city.description.factors.items() if indicator.table in factor.tables]
    missing = [name for name in factors if name not in held]
    if missing:
        raise NotPublishedError(
            f"{indicator.name!r} by {', '.join(missing)} is not published: table {source.name!r} holds it by "
            f"{', '.join(held) or 'no background factor'}. Choose among these, or add a table that has the cross."
        )


def record(request: Request | ResultRequest) -> None:
    """Add the request to the plan that is being recorded (environment MRSTATS_PLAN)."""
    path = os.environ.get("MRSTATS_PLAN")
    if not path:
        raise MrstatsError(
            "MRSTATS_MODE=record needs MRSTATS_PLAN, the file to record requests in. `mrstats plan EDITION` sets both."
        )
    with Path(path).open("a", encoding="utf-8") as plan:
        plan.write(json.dumps(asdict(request), ensure_ascii=False) + "\n")

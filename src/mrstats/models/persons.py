"""Persons of a year for a model: outcome, groups, numbers and how they were drawn; who may be shown. No model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats import badrows, engine
from mrstats.dataset import City
from mrstats.definitions import BackgroundFactor, Indicator, nearest
from mrstats.domains import named_groups
from mrstats.measures.design import Scores
from mrstats.schema import UNKNOWN, DatasetError, MrstatsError, UnknownNameError
from mrstats.survey import SurveyDesign, survey_design

FEWEST = 10
"""So many persons have the outcome, and so many lack it, in every group that is shown; and so many degrees of freedom
are left in every model."""

DESIGN = ("weight", "strata", "cluster", "stratum_size")


@dataclass(frozen=True, eq=False)
class Persons:
    """Persons with an outcome `y` (n,), their group's place (n,) among each factor's `groups`, and `numbers` (n,).

    `survey` is the whole sample and `inside` the rows of it that these persons are; a register is a sample of everybody.
    """

    indicator: Indicator
    y: np.ndarray
    codes: dict[str, np.ndarray]
    groups: dict[str, list[str]]
    numbers: dict[str, np.ndarray]
    survey: SurveyDesign
    inside: np.ndarray
    sampled: bool

    @property
    def weights(self) -> np.ndarray:
        """How many residents each person stands for."""
        return self.survey.weights[self.inside]

    @property
    def df(self) -> float:
        """Clusters less strata, among those who have these persons."""
        if self.survey.strata is None and self.survey.cluster is None:
            return float(len(self.y) - 1)
        return float(self.survey.degrees_of_freedom(self.inside))

    def only(self, chosen: np.ndarray) -> Persons:
        """Some of the persons; the sample stays whole. Groups that nobody is left in are gone."""
        inside = self.inside.copy()
        inside[np.flatnonzero(self.inside)[~chosen]] = False
        codes, groups = {}, {}
        for name, place in self.codes.items():
            held, codes[name] = np.unique(place[chosen], return_inverse=True)
            groups[name] = [self.groups[name][at] for at in held]
        numbers = {name: number[chosen] for name, number in self.numbers.items()}
        return Persons(self.indicator, self.y[chosen], codes, groups, numbers, self.survey, inside, self.sampled)

    def deviations(self, scores: np.ndarray) -> np.ndarray:
        """What each cluster adds to the errors of estimates, from these persons' scores (n, k); see `SurveyDesign`."""
        if self.inside.all():
            return self.survey.deviations(scores)
        everybody: Scores = np.zeros((len(self.inside), scores.shape[1]))
        everybody[self.inside] = scores
        return self.survey.deviations(everybody)

    def counts(self, name: str) -> pd.DataFrame:
        """By group of a factor: persons observed ``n``, ``having`` and ``lacking`` the outcome, and ``population``."""
        place, size = self.codes[name], len(self.groups[name])
        having = np.bincount(place, self.y > 0, minlength=size)
        n = np.bincount(place, minlength=size)
        population = np.bincount(place, self.weights, minlength=size)
        return pd.DataFrame(
            {"n": n, "having": having, "lacking": n - having, "population": population}, self.groups[name]
        )


def check_factor(city: City, indicator: Indicator, argument: str, name: str) -> None:
    """An UnknownNameError where a factor is not one of the indicator's table."""
    if name not in city.factors:
        raise UnknownNameError(f"{argument}={name!r} is not in {city.name} ({nearest(name, city.factors)}).")
    if indicator.table not in city.description.factors[name].tables:
        raise UnknownNameError(f"{argument}={name!r} is not a factor of table {indicator.table!r}. Leave it out.")


def read_persons(
    city: City,
    indicator: Indicator,
    factors: Sequence[str],
    year: int,
    *,
    numbers: Sequence[str] = (),
    cluster: str = "",
) -> Persons:
    """The persons an indicator rests on in a year.

    Parameters
    ----------
    city, indicator
        The indicator is a proportion or a mean of a table of persons.
    factors, numbers : list of str
        Background factors, whose *not known* is a group of its own, and columns of numbers that everybody has.
    year : int
    cluster : str
        Column of a register: persons with the same value are alike (a household). A sample has its own clusters.

    Raises
    ------
    DatasetError, MrstatsError, UnknownNameError
        One sentence with column and cure.
    """
    source = city.description.tables[indicator.table]
    if indicator.measure not in ("proportion", "mean") or source.grain != "person":
        what = indicator.measure if source.grain == "person" else "figure of a table of counts"
        raise MrstatsError(
            f"{indicator.name!r} is a {what}; a model needs a proportion or a mean of a table of persons."
        )
    if cluster and (source.weight or source.cluster):
        raise MrstatsError(
            f"cluster={cluster!r}: table {source.name!r} is a sample, whose clusters dataset.toml names. Leave cluster out."
        )
    sources = tuple(city.description.factors[name] for name in factors)
    keys = engine.Keys((year,), "", sources)
    used = {use: getattr(source, use) for use in DESIGN if getattr(source, use)} | (
        {"cluster": cluster} if cluster else {}
    )
    schema = nw.from_native(city.table(source.name)).lazy().collect_schema()
    for name in [*numbers, *([cluster] if cluster else [])]:
        if name not in schema.names():
            raise UnknownNameError(f"table {source.name!r} has no column {name!r} ({nearest(name, schema.names())}).")
    frame, by = engine.keyed_frame(city, indicator, keys, also=(*numbers, *used.values()))
    frame, _ = engine.with_outcome(frame, indicator)
    among = nw.col("keep_").fill_null(False) & ~nw.col("y_").is_null()
    if not source.weight:
        frame = frame.filter(among)
    columns = {**{name: by[name] for name in factors}, "keep_": among, "y_": nw.col("y_")}
    columns |= {f"number {name}": nw.col(name) for name in numbers} | {
        f"design {u}": nw.col(n) for u, n in used.items()
    }
    rows = engine.collect(frame.select(*[made.alias(name) for name, made in columns.items()])).to_pandas()
    inside = rows["keep_"].to_numpy(bool)
    if not inside.any():
        raise MrstatsError(f"{indicator.name!r} has no persons in {year}. Ask for a year that the table has.")
    for factor in sources:
        if (rows[factor.factor.name] == engine.STRANGE).any():
            where = badrows.first(city, source, factor.column, by[factor.factor.name] == engine.STRANGE)
            raise DatasetError(f"{where}, which no group of [factors.{factor.factor.name}] names. Add it to codes.")
    survey = _design(rows, used, source.lonely)
    rows = named_groups(rows, keys)[inside]
    codes, groups = {}, {}
    for name in factors:
        codes[name], groups[name] = _placed(city.factors[name], rows[name])
    read = {name: _numbers(rows[f"number {name}"], name, indicator) for name in numbers}
    y = rows["y_"].to_numpy(float)
    return Persons(indicator, y, codes, groups, read, survey, inside, bool(source.weight))


def _design(rows: pd.DataFrame, used: dict[str, str], lonely: str) -> SurveyDesign:
    """How the persons were drawn; of a register everybody, alone or with their cluster."""
    drawn = pd.DataFrame({name: rows[f"design {use}"] for use, name in used.items()}, index=rows.index)
    if "weight" in used:
        return survey_design(drawn, lonely=lonely or "fail", **used)  # type: ignore[arg-type]
    ones = np.ones(len(rows))
    together = pd.factorize(drawn[used["cluster"]], use_na_sentinel=False)[0] if used else None
    return SurveyDesign(drawn, ones, ones, cluster=together)


def _placed(factor: BackgroundFactor, named: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Each person's place among the groups that somebody is in, in print order, *not known* last."""
    order = [*(code for code in factor.codes if code != UNKNOWN), UNKNOWN]
    at = pd.Index(order).get_indexer(pd.Index(named))
    held, place = np.unique(at, return_inverse=True)
    return place, [order[i] for i in held]


def _numbers(column: pd.Series, name: str, indicator: Indicator) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
    if (missing := ~np.isfinite(values)).any():
        raise DatasetError(
            f"column {name!r} is no number for {missing.sum()} of the {len(values)} persons of {indicator.name!r}. "
            "Fill it in, or use a background factor made of it, where not known is a group of its own."
        )
    return values


def may_be_shown(*counts: np.ndarray) -> np.ndarray:
    """Which groups (k,) have `FEWEST` persons in every count; with them the next smallest go, so that those not shown are
    as many together and cannot be worked out from a total.

    Examples
    --------
    >>> may_be_shown(np.array([500, 40, 4])).tolist()
    [True, False, False]
    """
    least = np.min(counts, axis=0)
    shown = least >= FEWEST
    for place in np.argsort(np.where(shown, least, np.inf), kind="stable"):
        hidden = np.array([np.sum(count[~shown]) for count in counts])
        if shown.all() or (hidden >= FEWEST).all():
            break
        shown[place] = False
    return shown

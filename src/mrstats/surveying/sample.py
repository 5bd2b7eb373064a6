"""The sample of a survey: everybody who was asked, and those who answered with their weights and design. No figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats import badrows, engine
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.domains import named_groups
from mrstats.models.persons import Persons, check_factor, read_persons
from mrstats.schema import TOTAL, UNKNOWN, DatasetError, MrstatsError, UnknownGroupError, UnknownNameError
from mrstats.survey import SurveyDesign, survey_design

GROUP = "group "
"""Begins the name of a column that holds a factor's group, beside the survey's own columns."""


def response_of(city: City, survey: str) -> Indicator:
    """The share of those asked who answered a survey, as an indicator; without a name that of the only survey."""
    samples = {table.sample_of: name for name, table in city.description.tables.items() if table.sample_of}
    if not samples:
        raise DatasetError(
            f"{city.name} has no survey that says who was asked. In dataset.toml give its [tables.…] responded = the column that "
            "says who answered and design_weight = the column of the weight everybody was drawn with."
        )
    if (not survey and len(samples) > 1) or (survey and survey not in samples):
        raise UnknownNameError(f"survey={survey!r} must be one of {', '.join(samples)}, which say who was asked.")
    return city.indicators[f"{survey or next(iter(samples))}_response"]


def everybody_asked(
    city: City, response: Indicator, factors: Sequence[str], year: int, argument: str
) -> tuple[Persons, Persons]:
    """Everybody who was drawn, and those of them who could be asked, with `y` whether they answered.

    Raises
    ------
    DatasetError, UnknownNameError
        An unknown factor, or a person of whom it is not known whether he or she answered or could be asked.
    """
    for name in factors:
        check_factor(city, response, argument, name)
    drawn = replace(response, numerator="true", denominator="true")
    columns = [response.numerator, *([response.denominator] if response.denominator != "true" else [])]
    everyone = read_persons(city, drawn, factors, year, numbers=columns)
    could = everyone.numbers[columns[-1]] > 0 if len(columns) > 1 else np.ones(len(everyone.y), bool)
    if not could.any():
        raise MrstatsError(f"column {response.denominator!r} says that nobody in {year} could be asked. Correct it.")
    persons = everyone.only(could)
    return everyone, replace(persons, indicator=response, y=(persons.numbers[columns[0]] > 0).astype(float))


@dataclass(frozen=True, eq=False)
class Answers:
    """Those who answered: the survey's columns and each factor's group in `design.frame`, and how they were weighted.

    `population` has the persons of the register in each group of the factors that the weights were raked to.
    """

    design: SurveyDesign
    population: dict[str, dict[str, float]]

    def groups(self, factor: str) -> pd.Series:
        """Each person's group of a factor."""
        return self.design.frame[GROUP + factor]


def answers_of(
    city: City,
    table: str,
    factors: Sequence[str],
    year: int,
    *,
    margins: Sequence[str] = (),
    population: str = "",
    trim: float = 0.0,
) -> Answers:
    """Those who answered a survey, with its own weights or with weights raked to a register.

    Parameters
    ----------
    table : str
        The survey's.
    factors, margins : list of str
        Background factors whose groups are wanted, and those that weights are raked to, from the weights persons were drawn with.
    population : str
        An indicator of a register, whose denominator says whom the survey is about.
    trim : float
        No weight is more than so many times their mean; 0: none is cut.

    Raises
    ------
    UnknownNameError, UnknownGroupError, DatasetError
        One sentence with the column or group and the cure.
    """
    source = city.description.tables[table]
    rows = _rows(city, table, list(dict.fromkeys([*factors, *margins])), year)
    weight = (source.design_weight or source.weight) if margins else source.weight
    drawn = {use: getattr(source, use) or None for use in ("strata", "cluster", "stratum_size")}
    try:
        design = survey_design(rows, weight=weight, lonely=source.lonely or "fail", **drawn)
    except DatasetError as error:
        raise DatasetError(f"[tables.{table}] year {year}: {error}") from None
    if not margins:
        return Answers(design, {})
    held = {name: _of_register(city, population, name, year) for name in margins}
    for name, counts in held.items():
        _check_groups(rows[GROUP + name], name, counts, population)
    return Answers(design.rake({GROUP + name: counts for name, counts in held.items()}, trim=trim or None), held)


def _rows(city: City, table: str, factors: list[str], year: int) -> pd.DataFrame:
    """Those who answered in a year, with the survey's own columns and the group of each factor."""
    source = city.description.tables[table]
    first = next(indicator for indicator in city.indicators.values() if indicator.table == table)
    asked = replace(first, numerator="true", denominator=source.eligible or "true")
    for name in factors:
        check_factor(city, asked, "by or margins", name)
    columns = nw.from_native(city.table(table)).lazy().collect_schema().names()
    keys = engine.Keys((year,), "", tuple(city.description.factors[name] for name in factors))
    frame, by = engine.keyed_frame(city, asked, keys, also=tuple(columns))
    frame = frame.filter(nw.col(source.eligible)) if source.eligible else frame
    made = {**{name: nw.col(name) for name in columns}, **{GROUP + name: by[name] for name in factors}}
    rows = engine.collect(frame.select(*[each.alias(name) for name, each in made.items()])).to_pandas()
    if not len(rows):
        others = ", ".join(str(other) for other in source.years or city.description.years if other != year)
        raise MrstatsError(f"nobody answered {table!r} in {year}. Ask for a year that the table has, such as {others}.")
    for factor in keys.factors:
        if (rows[GROUP + factor.factor.name] == engine.STRANGE).any():
            where = badrows.first(city, source, factor.column, by[factor.factor.name] == engine.STRANGE)
            raise DatasetError(f"{where}, which no group of [factors.{factor.factor.name}] names. Add it to codes.")
    named = named_groups(rows[[GROUP + name for name in factors]].set_axis(factors, axis=1), keys)
    return rows.assign(**{GROUP + name: named[name].to_numpy() for name in factors})


def _of_register(city: City, population: str, factor: str, year: int) -> dict[str, float]:
    """Persons of a register in each group of a factor."""
    if not population:
        raise UnknownNameError(
            "population='' must name an indicator of a register whose denominator says whom the survey is about, such as adults."
        )
    asked = city.indicator(population)
    if city.description.tables[asked.table].weight:
        raise UnknownNameError(f"population={population!r} is from a sample; name an indicator of a register.")
    check_factor(city, asked, "margins", factor)
    cells = engine.indicator_cells(city, asked, engine.Keys((year,), "", (city.description.factors[factor],)))
    if not len(cells) or cells["hidden"].any():
        what = "hides counts" if len(cells) else "has nobody"
        raise MrstatsError(f"population={population!r} {what} by {factor} in {year}; name another register or factor.")
    counts = cells[cells[factor].astype(str) != TOTAL].groupby(cells[factor].astype(str))["n"].sum()
    return {group: float(counts[group]) for group in [*city.factors[factor].codes, UNKNOWN] if counts.get(group, 0) > 0}


def _check_groups(held: pd.Series, name: str, counts: dict[str, float], population: str) -> None:
    """Whoever answered is in a group of the register, and somebody of each such group answered."""
    if strange := sorted(set(held) - set(counts)):
        raise UnknownGroupError(
            f"margins: {int((held == strange[0]).sum())} of those who answered have {name}={strange[0]!r}, where {population} of the "
            f"register has nobody. Correct the survey's codes in [factors.{name}], or leave {name} out."
        )
    if silent := [group for group in counts if group not in set(held)]:
        raise UnknownGroupError(
            f"margins: nobody answered in {name}={silent[0]!r}, where the register has {counts[silent[0]]:.0f}. Use a factor that "
            f"takes the group together with another, or leave {name} out."
        )

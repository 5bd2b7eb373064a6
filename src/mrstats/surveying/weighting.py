"""Weights raked to a register, and what that does to the sample's shares: a report before and after. Persons in, a table out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.models.persons import may_be_shown
from mrstats.schema import CITY, CONFIDENTIAL, SURVEY
from mrstats.surveying.sample import answers_of, response_of


def rake_table(
    city: City, *, indicator: str, survey: str, margins: Sequence[str], population: str, trim: float, year: int
) -> pd.DataFrame:
    """The table that `mrstats.rake` returns; arguments as there, `trim` 0 where no weight is cut."""
    table = city.description.tables[response_of(city, survey).table].sample_of
    made = answers_of(city, table, (), year, margins=margins, population=population, trim=trim)
    design = made.design
    report = {name: row.to_dict() for name, row in design.report().iterrows()}
    before, after = report["before"], report["after"]
    parts = [_shares(made.groups(name), design.before, design.weights, made.population[name], name) for name in margins]
    rows = pd.concat(parts, ignore_index=True)
    mean = after["sum"] / after["persons"]
    cut = int((design.weights >= trim * mean * (1 - 1e-9)).sum()) if trim else 0
    return rows.assign(
        indicator=indicator, year=year, geography_level=CITY, geography=city.municipality, vintage="",
        respondents=after["persons"],
        largest_weight_before=before["max"] * before["persons"] / before["sum"], largest_weight=after["max"] / mean, trimmed=float(cut),
        design_effect_before=before["design_effect"], design_effect=after["design_effect"],
        iterations=after["rounds"], converged=True, register_of=population, unit="per cent", method=f"{SURVEY} rake",
    )[[
        "indicator", "year", "geography_level", "geography", "vintage", "factor", "group", "n", "sample_share", "before", "after",
        "register", "persons", "respondents", "largest_weight_before", "largest_weight", "trimmed", "design_effect_before",
        "design_effect", "iterations", "converged", "register_of", "unit", "method", "status",
    ]]  # fmt: skip


def _shares(groups: pd.Series, before: np.ndarray, after: np.ndarray, population: dict[str, float], name: str):
    """Each group's share of those who answered, of their weights before and after, and of the register."""
    order = pd.Index(list(population))
    place, size = order.get_indexer(pd.Index(groups)), len(order)
    n, persons = np.bincount(place, minlength=size).astype(float), np.array(list(population.values()))
    rows = pd.DataFrame(
        {
            "factor": name,
            "group": list(order),
            "n": n,
            "sample_share": 100 * n / n.sum(),
            "before": 100 * np.bincount(place, before, minlength=size) / before.sum(),
            "after": 100 * np.bincount(place, after, minlength=size) / after.sum(),
            "register": 100 * persons / persons.sum(),
            "persons": persons,
        }
    )
    hidden = ~may_be_shown(n, persons)
    rows.loc[hidden, ["n", "sample_share", "before", "after", "register", "persons"]] = np.nan
    return rows.assign(status=np.where(hidden, CONFIDENTIAL, ""))

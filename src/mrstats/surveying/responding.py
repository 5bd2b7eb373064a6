"""Who answers a survey: response rates by group, and how alike those who answer are to those asked. Persons in, tables out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.estimates import UNRELIABLE_N
from mrstats.measures.coarse import to_nearest_ten
from mrstats.measures.design import mean_scores
from mrstats.measures.design_intervals import proportion_interval
from mrstats.measures.distribution import t_quantile
from mrstats.measures.nonresponse import partial_representativity, representativity
from mrstats.measures.proportions import wilson_interval
from mrstats.measures.regression import regress
from mrstats.models.columns import check_spread, columns_of, reference_of, settled
from mrstats.models.persons import Persons, may_be_shown
from mrstats.schema import CITY, CONFIDENTIAL, SURVEY, TOTAL, UNRELIABLE
from mrstats.surveying.sample import everybody_asked, response_of


def response_table(
    city: City, *, indicator: str, survey: str, by: Sequence[str], year: int, confidence: float
) -> pd.DataFrame:
    """The table that `mrstats.response_rates` returns; arguments as there."""
    response = response_of(city, survey)
    everyone, persons = everybody_asked(city, response, by, year, "by")
    parts = [_rates(everyone, persons, None, confidence)]
    parts += [_rates(everyone, persons, name, confidence) for name in by]
    table = pd.concat(parts, ignore_index=True)
    table[list(by)] = table[list(by)].fillna(TOTAL) if by else table[[]]
    head: dict[str, Any] = {
        "indicator": indicator,
        "year": year,
        "geography_level": CITY,
        "geography": city.municipality,
        "vintage": "",
    }
    table = table.assign(
        **head, measure="proportion", method=f"{SURVEY} wilson", confidence=confidence, unit="per cent"
    )
    figures = [name for name in table if table[name].dtype == float and name != "confidence"]
    table.loc[table["status"] == CONFIDENTIAL, figures] = np.nan
    last = ["factor", "measure", "method", "confidence", "unit", "status"]
    return table[[*head, *by, *figures, *last]]


def _rates(everyone: Persons, persons: Persons, factor: str | None, confidence: float) -> pd.DataFrame:
    """Of each group of a factor, or of everybody: who answered of those who could be asked."""
    place, groups = (
        (persons.codes[factor], persons.groups[factor]) if factor else (np.zeros(len(persons.y), int), [TOTAL])
    )
    size = len(groups)
    n, answered = np.bincount(place, minlength=size), np.bincount(place, persons.y, minlength=size)
    drawn = everyone.counts(factor)["n"].reindex(groups).to_numpy() if factor else np.array([len(everyone.y)])
    made = mean_scores(persons.y, persons.weights, place, size=size)
    deviations = persons.deviations(made.scores.toarray())
    se = np.sqrt((deviations**2).sum(axis=0))
    weighted = proportion_interval(made.estimate, se, np.full(size, persons.df), n, confidence=confidence)
    lower, upper = wilson_interval(answered, n, confidence=confidence)
    shown = may_be_shown(answered, n - answered)
    return pd.DataFrame(
        {
            **({factor: groups} if factor else {}),
            "factor": factor or "",
            "value": 100 * answered / n,
            "lower": 100 * lower,
            "upper": 100 * upper,
            "n": n.astype(float),
            "answered": answered,
            "not_eligible": to_nearest_ten(drawn - n).astype(float),
            "weighted": 100 * made.estimate,
            "weighted_lower": 100 * weighted[0],
            "weighted_upper": 100 * weighted[1],
            "status": np.where(~shown, CONFIDENTIAL, np.where(n < UNRELIABLE_N, UNRELIABLE, "")),
        }
    )


def representativity_table(
    city: City, *, indicator: str, survey: str, factors: Sequence[str], year: int, confidence: float
) -> pd.DataFrame:
    """The table that `mrstats.representativity` returns; arguments as there."""
    response = response_of(city, survey)
    persons = everybody_asked(city, response, factors, year, "factors")[1]
    check_spread(persons, factors, "factors")
    made = columns_of(city, persons, factors, {name: reference_of(city, persons, name) for name in factors})
    fit = regress(persons.y, made.values, weights=persons.weights)
    settled(fit, made)

    def covariance(scores: np.ndarray) -> np.ndarray:
        deviations = persons.deviations(scores)
        return deviations.T @ deviations

    found = representativity(fit, made.values, persons.weights, covariance)
    half = float(t_quantile(persons.df, confidence)) * found.standard_error
    rate = float(persons.weights @ persons.y / persons.weights.sum())
    ends = {"lower": max(found.indicator - half, 0.0), "upper": min(found.indicator + half, 1.0)}
    rows = [
        {"factor": "", "value": found.indicator, **ends, "se": found.standard_error, "uncorrected": found.uncorrected}
    ]
    for name in factors:
        others = [persons.codes[other] for other in factors if other != name]
        between, within = partial_representativity(fit.mean, persons.weights, persons.codes[name], others, found.kept)
        rows.append({"factor": name, "unconditional": between, "conditional": within})
    few = len(persons.y) < UNRELIABLE_N
    table = pd.DataFrame(rows).assign(
        indicator=indicator, year=year, geography_level=CITY, geography=city.municipality, vintage="",
        n=float(len(persons.y)), response_rate=100 * rate, largest_bias=(1 - found.indicator) / (2 * rate),
        measure="r_indicator", method=f"{SURVEY} logit", confidence=confidence, status=UNRELIABLE if few else "",
    )  # fmt: skip
    head = ["indicator", "year", "geography_level", "geography", "vintage", "factor"]
    figures = ["value", "lower", "upper", "se", "uncorrected", "unconditional", "conditional", "n", "response_rate"]
    return table[[*head, *figures, "largest_bias", "measure", "method", "confidence", "status"]]

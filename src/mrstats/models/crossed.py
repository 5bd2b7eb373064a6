"""Intersections: groups crossed with each other, and which are worse off than the sum of their parts. Persons in, a table out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator

from mrstats.dataset import City
from mrstats.measures import proportions
from mrstats.measures.checks import normal_quantile
from mrstats.measures.distribution import t_quantile
from mrstats.measures.intersections import Strata, linear_strata, logit_strata
from mrstats.models.asked import answered, asked_year, names, whole
from mrstats.models.columns import reference_of
from mrstats.models.persons import FEWEST, Persons, check_factor, may_be_shown, read_persons
from mrstats.request import ResultRequest
from mrstats.schema import (
    CITY,
    CONFIDENTIAL,
    REGISTER,
    SURVEY,
    UNRELIABLE,
    MrstatsError,
    UnknownNameError,
)

RELIABLE = 50
SIGN = {"favourable": -1.0, "adverse": 1.0, "": np.nan}


def intersections(
    city: City,
    indicator: str,
    factors: Sequence[str],
    *,
    year: int | None = None,
    replicates: int = 200,
    seed: int = 1,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Cross groups with each other, and see which are worse or better off than the sum of their parts (MAIHDA).

    Parameters
    ----------
    city : City
        From `open_dataset`.
    indicator : str
        A proportion (logistic model) or a mean (linear).
    factors : list of str
        Two or more background factors that give ten strata or more.
    year : int, optional
        Default: the dataset's last year.
    replicates, seed : int
        Cities drawn from the model, that the intervals of `vpc` and `pcv` are made of.
    confidence : float
        Level of the intervals, as a fraction.

    Returns
    -------
    DataFrame
        One row a stratum that somebody is in: ``value, lower, upper`` as it is; ``modelled_value`` drawn towards what its
        parts add up to, which is ``expected``; ``difference`` = modelled − expected with limits; ``disadvantage``, positive
        where the stratum is worse off than its parts; ``sure`` where the interval leaves 0 out. The same in every row:
        ``vpc``, per cent of the variance between persons that lies between strata, ``vpc_main`` of it beside the parts, and
        ``pcv``, per cent of the former that the parts explain, each with limits.

    Raises
    ------
    MrstatsError, UnknownNameError, DatasetError
        Too few strata, no variance, a factor that is not there: one sentence with the cure.

    Notes
    -----
    How to read it: a low vpc says that persons of a stratum differ nearly as much as persons of the city. A pcv of 95 says
    that inequality is nearly all the sum of its parts; what is left is in the rows that are sure. Differences are drawn
    towards 0 the more, the fewer persons a stratum has, which guards against finding the extremes of chance; of twenty
    strata one may be sure by chance all the same. *Not known* is a group of its own. In a sample persons count as their
    effective number, by weight; clusters are not allowed for.

    References
    ----------
    Evans et al. (2018), Social Science & Medicine 203:64-73; Evans, Leckie & Merlo (2020), ibid. 245:112499.

    Examples
    --------
    >>> import mrstats as mr
    >>> intersections(mr.tiny_city(), "employment", ["sex", "country_of_birth_five"])
    Traceback (most recent call last):
    mrstats.schema.MrstatsError: sex × country_of_birth_five has 3 strata with somebody in them, and a model needs 10...
    """
    arguments: dict[str, Any] = {
        "indicator": indicator,
        "factors": names(factors),
        "year": asked_year(city, year),
        "replicates": whole("replicates", replicates),
        "seed": whole("seed", seed),
        "confidence": float(confidence),
    }
    return answered(city, ResultRequest(city.name, "intersections", arguments), intersections_table)


class _Sums(NamedTuple):
    """Of each stratum that somebody is in: place of its group in each factor, persons, effective persons, mean, variance,
    those with and without the outcome, residents."""

    codes: np.ndarray
    n: np.ndarray
    effective: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    having: np.ndarray
    population: np.ndarray


def intersections_table(
    city: City, *, indicator: str, factors: Sequence[str], year: int, replicates: int, seed: int, confidence: float
) -> pd.DataFrame:
    """The table that `intersections` returns; arguments as there."""
    asked = city.indicator(indicator)
    for name in factors:
        check_factor(city, asked, "factors", name)
    if len(set(factors)) < max(2, len(factors)):
        raise UnknownNameError(f"factors={list(factors)} must be two or more different factors.")
    persons = read_persons(city, asked, factors, year)
    logistic = asked.measure == "proportion"
    sums = _sums(persons, factors)
    main = _columns(city, persons, factors, sums)
    _check(sums, main, factors, persons)
    fits = _fit(sums, None, main, logistic)
    drawn = np.array([_ratios(each) for each in _simulated(sums, fits, main, logistic, replicates, seed)])
    table = _rows(persons, factors, sums, fits[1], confidence, logistic)
    table["disadvantage"] = SIGN[asked.direction] * table["difference"]
    table["sure"] = (table["difference_lower"] > 0) | (table["difference_upper"] < 0)
    table = table.assign(**_shares(np.array(_ratios(fits)), drawn, confidence))
    risk = (sums.having, sums.n - sums.having) if logistic else (sums.n,)
    hidden = ~may_be_shown(*risk)
    table["status"] = np.where(hidden, CONFIDENTIAL, np.where(sums.n < RELIABLE, UNRELIABLE, ""))
    own = [
        "value",
        "lower",
        "upper",
        "n",
        "population",
        "modelled_value",
        "modelled_lower",
        "modelled_upper",
        "expected",
    ]
    own += ["difference", "difference_lower", "difference_upper", "disadvantage"]
    table.loc[hidden, own] = np.nan
    table.loc[hidden, "sure"] = False
    about: dict[str, Any] = {
        "indicator": indicator,
        "year": year,
        "geography_level": CITY,
        "geography": city.municipality,
    }
    for at, (name, said) in enumerate({**about, "vintage": ""}.items()):
        table.insert(at, name, said)
    kind = SURVEY if persons.sampled else REGISTER
    table["factor"], table["measure"] = " × ".join(factors), asked.measure
    table["method"] = f"{kind} maihda {'logit' if logistic else 'linear'}"
    return table.assign(confidence=confidence, unit=asked.unit["en"])


def _sums(persons: Persons, factors: Sequence[str]) -> _Sums:
    shape = tuple(len(persons.groups[name]) for name in factors)
    place = np.ravel_multi_index([persons.codes[name] for name in factors], shape)
    w, y = persons.weights, persons.y
    n, sw, sw2, swy, having = (
        np.bincount(place, each, minlength=math.prod(shape)) for each in (np.ones(len(y)), w, w * w, w * y, y > 0)
    )
    held = np.flatnonzero(sw > 0)
    mean = swy[held] / sw[held]
    apart = np.bincount(place, w * (y - (swy / np.where(sw > 0, sw, 1))[place]) ** 2, minlength=math.prod(shape))[held]
    codes = np.column_stack(np.unravel_index(held, shape))
    return _Sums(codes, n[held], sw[held] ** 2 / sw2[held], mean, apart / sw[held], having[held], sw[held])


def _columns(city: City, persons: Persons, factors: Sequence[str], sums: _Sums) -> np.ndarray:
    """Constant and main effects of the strata."""
    parts = [np.ones((len(sums.n), 1))]
    for at, name in enumerate(factors):
        base = persons.groups[name].index(reference_of(city, persons, name))
        others = [place for place in np.unique(sums.codes[:, at]) if place != base]
        parts.append((sums.codes[:, [at]] == others).astype(float))
    return np.hstack(parts)


def _check(sums: _Sums, main: np.ndarray, factors: Sequence[str], persons: Persons) -> None:
    said, (strata, columns) = " × ".join(factors), main.shape
    if strata < FEWEST:
        raise MrstatsError(
            f"{said} has {strata} strata with somebody in them, and a model needs {FEWEST}. Cross more factors, or finer ones."
        )
    if strata - np.linalg.matrix_rank(main) < 3 or np.linalg.matrix_rank(main) < columns:
        raise MrstatsError(
            f"{said}: in {strata} strata the parts cannot be told from what is more than their sum, since groups of one factor "
            "go with groups of another. Leave one out, or take groups together."
        )
    if not (np.ptp(persons.y) > 0 and sums.spread.sum() > 0):
        raise MrstatsError(f"{persons.indicator.name!r} does not vary within the strata, so there is nothing to model.")


def _fit(sums: _Sums, start, main: np.ndarray, logistic: bool) -> tuple[Strata, Strata]:
    """The null model and that of main effects."""
    both = np.ones((len(sums.n), 1)), main
    if logistic:
        having = sums.effective * sums.mean
        null, full = (
            logit_strata(sums.effective, having, x, start=each)
            for x, each in zip(both, start or (None, None), strict=True)
        )
    else:
        squares = float((sums.effective * sums.spread).sum())
        null, full = (linear_strata(sums.effective, sums.mean, squares, x) for x in both)
    return null, full


def _simulated(sums: _Sums, fits: tuple[Strata, Strata], main: np.ndarray, logistic: bool, replicates: int, seed: int):
    """Both models of cities drawn from that of main effects: other chance, other effects of the strata, the same parts."""
    random, full = np.random.default_rng(seed), fits[1]
    for _ in range(replicates):
        eta = full.expected + random.normal(0, np.sqrt(full.variance), len(sums.n))
        yield _fit(_drawn(random, sums, eta, full, logistic), fits, main, logistic)


def _drawn(random: Generator, sums: _Sums, eta: np.ndarray, full: Strata, logistic: bool) -> _Sums:
    n = np.maximum(np.round(sums.effective), 1)
    if logistic:
        return sums._replace(effective=n, mean=random.binomial(n.astype(int), 1 / (1 + np.exp(-eta))) / n)
    mean = random.normal(eta, np.sqrt(full.within / n))
    df = np.maximum(n - 1, 0)
    spread = full.within * np.where(df > 0, random.chisquare(np.maximum(df, 1)), 0) / n
    return sums._replace(effective=n, mean=mean, spread=spread)


def _ratios(fits: tuple[Strata, Strata]) -> tuple[float, float, float]:
    """Variance between strata to that within them, without and with main effects; and of the second to the first."""
    null, full = fits
    left = full.variance / null.variance if null.variance > 0 else np.nan
    return null.variance / null.within, full.variance / full.within, left


def _shares(ratios: np.ndarray, drawn: np.ndarray, confidence: float) -> dict[str, float]:
    """vpc, vpc_main and pcv in per cent with limits.

    A drawn ratio is to the fitted one as that is to the true: few strata spread too little as often as too much, but
    further. No more is left beside the parts than there was.
    """
    tail = 100 * (1 - confidence) / 2
    low, high = np.nanpercentile(drawn, [tail, 100 - tail], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = (np.where(ratios > 0, ratios**2 / end, other) for end, other in ((high, 0.0), (low, high)))
    lower, upper = np.fmin(lower, ratios), np.fmax(upper, ratios)
    upper[1], upper[2] = min(upper[1], upper[0]), min(upper[2], 1.0)
    told = {}
    for name, at in (("vpc", 0), ("vpc_main", 1)):
        for end, ratio in (("", ratios[at]), ("_lower", lower[at]), ("_upper", upper[at])):
            told[name + end] = 100 * ratio / (1 + ratio) if np.isfinite(ratio) else 100.0
    for end, left in (("", ratios[2]), ("_lower", upper[2]), ("_upper", lower[2])):
        told["pcv" + end] = 100 * (1 - left)
    return told


def _rows(persons: Persons, factors, sums: _Sums, full: Strata, confidence: float, logistic: bool) -> pd.DataFrame:
    def shown(eta: np.ndarray) -> np.ndarray:
        return 100 / (1 + np.exp(-eta)) if logistic else eta

    z = normal_quantile(confidence)
    ends = [full.expected + full.effect + side * z * full.effect_error for side in (-1, 1)]
    expected = shown(full.expected)
    if logistic:
        raw = proportions.wilson_interval(sums.mean * sums.effective, sums.effective, confidence=confidence)
        value, (lower, upper) = 100 * sums.mean, (100 * raw[0], 100 * raw[1])
    else:
        df = np.maximum(sums.effective - 1, 0)
        half = t_quantile(df, confidence) * np.sqrt(sums.spread / np.where(df > 0, df, np.nan))
        value, lower, upper = sums.mean, sums.mean - half, sums.mean + half
    groups = {name: np.array(persons.groups[name], object)[sums.codes[:, at]] for at, name in enumerate(factors)}
    return pd.DataFrame(
        {
            **groups,
            "value": value,
            "lower": lower,
            "upper": upper,
            "n": sums.n,
            "population": sums.population,
            "modelled_value": shown(full.expected + full.effect),
            "modelled_lower": shown(ends[0]),
            "modelled_upper": shown(ends[1]),
            "expected": expected,
            "difference": shown(full.expected + full.effect) - expected,
            "difference_lower": shown(ends[0]) - expected,
            "difference_upper": shown(ends[1]) - expected,
        }
    )

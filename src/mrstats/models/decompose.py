"""Decompositions of a gap: how much would go with the same composition, and how much would remain. Persons in, a table out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.measures import design
from mrstats.measures.contrasts import p_value_of_interval
from mrstats.measures.distribution import t_quantile
from mrstats.models.asked import answered, asked_year, names, whole
from mrstats.models.columns import check_spread, columns_of, reference_of
from mrstats.models.gapparts import CELLS, LOGITS, METHODS, Case
from mrstats.models.persons import FEWEST, Persons, check_factor, may_be_shown, read_persons
from mrstats.request import ResultRequest
from mrstats.schema import (
    CITY,
    CONFIDENTIAL,
    REGISTER,
    SURVEY,
    MrstatsError,
    UnknownGroupError,
    UnknownNameError,
)


def decompose_gap(
    city: City,
    indicator: str,
    factor: str,
    by: str | Sequence[str],
    *,
    method: str = "oaxaca",
    year: int | None = None,
    group: str | None = None,
    reference: str | None = None,
    replicates: int = 0,
    seed: int = 1,
    cluster: str = "",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Split the gap between each group and the reference into what goes with other things and what would remain.

    Parameters
    ----------
    city : City
        From `open_dataset`.
    indicator : str
        A proportion or a mean.
    factor : str
        Whose groups are compared.
    by : str or list of str
        What their composition is described by: background factors, and (not for cells) columns of numbers such as ``"age"``.
    method : {"oaxaca", "neumark", "threefold", "yun", "fairlie", "kitagawa", "das_gupta"}
        Oaxaca and Blinder's two parts with coefficients of both groups pooled, with the group among the columns (Jann,
        the default) or without (Neumark); their three parts; the same for log odds, by Yun or Fairlie; or cells of all
        factors crossed, as one composition (Kitagawa) or one for each of up to four factors (Das Gupta).
    year : int, optional
        Default: the dataset's last year.
    group : str, optional
        Only this group is compared. Default: every group.
    reference : str, optional
        Group that the others are compared with. Default: the factor's own.
    replicates, seed : int
        0: errors from each person's influence. Else so many bootstrap samples of persons, or of a sample's clusters.
    cluster : str
        Column of a register whose persons are alike if it is the same, such as ``"household"``.
    confidence : float
        Level of the intervals, as a fraction.

    Returns
    -------
    DataFrame
        One row a part of each group's difference (group − reference): ``part`` and what it is ``by`` (empty: all
        together), ``value, lower, upper, se``, ``share`` of the difference in per cent, ``p``; ``n`` and ``reference_n``
        persons. ``explained + unexplained``, ``endowments + coefficients + interaction`` or ``composition + rate`` add up to
        ``difference``, and parts by factor to their sum.

    Raises
    ------
    MrstatsError, UnknownNameError, UnknownGroupError, DatasetError
        A group that one side lacks, columns that say the same, too few persons: named, with the cure.

    Notes
    -----
    How to read it: of a gap of 12 points with 5 *unexplained*, 5 would remain between people who are alike in what `by` names;
    the other 7 go with what the groups differ in. Neither part is a cause, and what is explained may itself be unequal
    treatment earlier in life. Only the explained part is split by factor: the unexplained one's split depends on which group
    each factor leaves out. Covariates count as drawn (Jann 2008), except in Fairlie's parts by factor, where pairs are fixed.

    Examples
    --------
    Tiny city nine times over, every third person born abroad: as many of the women as of the men, so nothing is explained.

    >>> import mrstats as mr
    >>> people = mr.tiny_city().table("persons")
    >>> people["country_of_birth"] = ["world" if number % 3 == 0 else "SE" for number in people["person_id"]]
    >>> city = mr.tiny_city().with_table("persons", pd.concat([people.assign(person_id=people["person_id"] + 100 * i) for i in range(9)]))
    >>> made = decompose_gap(city, "employment", factor="sex", by="country_of_birth_five", method="kitagawa")
    >>> made[["part", "value"]].round(1).values.tolist()
    [['difference', -10.0], ['composition', 0.0], ['rate', -10.0]]
    """
    arguments = {
        "indicator": indicator,
        "factor": factor,
        "by": names(by),
        "method": method,
        "year": asked_year(city, year),
        "group": group or "",
        "reference": reference or "",
        "replicates": whole("replicates", replicates),
        "seed": whole("seed", seed),
        "cluster": cluster,
        "confidence": float(confidence),
    }
    return answered(city, ResultRequest(city.name, "decompose_gap", arguments), decomposed_table)


def decomposed_table(
    city: City,
    *,
    indicator: str,
    factor: str,
    by: Sequence[str],
    method: str,
    year: int,
    group: str,
    reference: str,
    replicates: int,
    seed: int,
    cluster: str,
    confidence: float,
) -> pd.DataFrame:
    """The table that `decompose_gap` returns; arguments as there, empty where not given."""
    asked = city.indicator(indicator)
    _check_names(city, asked, factor, by, method)
    numbers = [name for name in by if name not in city.factors]
    factors = [factor, *(name for name in by if name in city.factors)]
    persons = read_persons(city, asked, factors, year, numbers=numbers, cluster=cluster)
    counts = persons.counts(factor)
    risk = ["having", "lacking"] if asked.measure == "proportion" else ["n"]
    shown = pd.Series(may_be_shown(*(counts[name].to_numpy() for name in risk)), counts.index)
    base = reference or reference_of(city, persons, factor)
    if base not in shown or not shown[base]:
        raise UnknownGroupError(
            f"reference={base!r} of {factor!r} has too few persons (groups that may be shown: "
            f"{', '.join(shown.index[shown])}). Choose one of these."
        )
    n = counts["n"].astype(float).to_dict()
    pieces = []
    compared = [name for name in persons.groups[factor] if name != base]
    if group and group not in compared:
        raise UnknownGroupError(f"group={group!r} of {factor!r} is not there. Choose one of {', '.join(compared)}.")
    for name in [group] if group else compared:
        head: dict[str, Any] = {factor: name, "n": n[name], "reference_n": n[base]}
        if shown[name]:
            case = _case(city, persons, factor, name, base, by, method, seed)
            piece = _rows(case, replicates, confidence, 100.0 if asked.measure == "proportion" else 1.0)
        else:
            nothing = dict.fromkeys(["value", "lower", "upper", "se", "share", "p"], np.nan)
            piece, head = pd.DataFrame([{"part": "difference", "by": "", **nothing}]), {**head, "n": np.nan}
        pieces.append(piece.assign(**head, status="" if shown[name] else CONFIDENTIAL))
    if not pieces:
        raise MrstatsError(f"{factor!r} has only {base!r} in {year}, so there is no gap. Choose another factor.")
    about: dict[str, Any] = {
        "indicator": indicator,
        "year": year,
        "geography_level": CITY,
        "geography": city.municipality,
        "vintage": "",
    }
    about |= {"factor": factor, "reference": base, "adjusted_for": ", ".join(by), "measure": asked.measure}
    about |= {"method": f"{SURVEY if persons.sampled else REGISTER} {method}", "confidence": confidence}
    table = pd.concat(pieces, ignore_index=True).assign(**about, unit=asked.unit["en"])
    identity = ["indicator", "year", "geography_level", "geography", "vintage", factor, "part", "by"]
    figures = ["value", "lower", "upper", "se", "share", "p", "n", "reference_n"]
    last = ["factor", "reference", "adjusted_for", "measure", "method", "confidence", "unit", "status"]
    return table[[*identity, *figures, *last]]


def _check_names(city: City, asked: Indicator, factor: str, by: Sequence[str], method: str) -> None:
    check_factor(city, asked, "factor", factor)
    if method not in METHODS:
        raise UnknownNameError(f"method={method!r} must be one of {', '.join(METHODS)}.")
    if not by or len(set(by)) < len(by) or factor in by:
        raise UnknownNameError(f"by={list(by)} must be one or more different names, and not {factor!r} itself.")
    if method == "das_gupta" and len(by) > 4:
        raise UnknownNameError(f"by={list(by)}: das_gupta takes up to four factors. Leave some out, or use oaxaca.")
    for name in by:
        if name in city.factors:
            check_factor(city, asked, "by", name)
        elif method in CELLS:
            raise UnknownNameError(
                f"by={name!r} is no background factor, which method={method!r} needs. Use one, or oaxaca."
            )
    if method in LOGITS and asked.measure != "proportion":
        raise UnknownNameError(
            f"method={method!r} needs a proportion; {asked.name!r} is a {asked.measure}. Use oaxaca."
        )


def _case(city: City, persons: Persons, factor: str, group: str, base: str, by, method: str, seed: int) -> Case:
    """The two groups with all that describes them; both have somebody in every group, or every cell."""
    wanted = [persons.groups[factor].index(name) for name in (group, base)]
    pair = persons.only(np.isin(persons.codes[factor], wanted))
    in_a = pair.codes[factor] == pair.groups[factor].index(group)
    crossed = [name for name in by if name in pair.codes]
    for each in [crossed] if method in CELLS else [[name] for name in crossed]:
        _check_both_sides(pair, in_a, each, factor, group, base)
    if method in CELLS:
        return Case(pair, in_a, None, by, method, seed)
    if method in LOGITS:
        check_spread(pair, crossed, "by")
    references = {name: reference_of(city, pair, name) for name in crossed}
    made = columns_of(city, pair, by, references)
    for inside, name in ((in_a, group), (~in_a, base)):
        if inside.sum() - made.values.shape[1] < FEWEST:
            raise MrstatsError(
                f"the {inside.sum()} persons with {factor}={name} are too few for {made.values.shape[1]} columns "
                f"({', '.join(by)}). Leave some out, or take groups together."
            )
    return Case(pair, in_a, made, by, method, seed)


def _check_both_sides(persons: Persons, in_a: np.ndarray, crossed: Sequence[str], factor, group, base) -> None:
    shape = tuple(len(persons.groups[name]) for name in crossed)
    if not shape:
        return
    place = np.ravel_multi_index([persons.codes[name] for name in crossed], shape)
    a, b = (np.bincount(place[inside], minlength=int(np.prod(shape))) for inside in (in_a, ~in_a))
    if (alone := (a > 0) != (b > 0)).any():
        at = int(np.argmax(alone))
        cell = zip(crossed, np.unravel_index(at, shape), strict=True)
        said = " and ".join(f"{name}={persons.groups[name][i]}" for name, i in cell)
        lacking = group if b[at] else base
        raise MrstatsError(
            f"nobody with {factor}={lacking} has {said}, so the groups cannot be compared there "
            f"({max(a[at], b[at])} persons on the other side). Take groups of {' or '.join(crossed)} together, leave one out, or "
            f"compare one group of {factor} that has them (group=…)."
        )


def _rows(case: Case, replicates: int, confidence: float, scale: float) -> pd.DataFrame:
    """The parts with their errors."""
    make, weights = METHODS[case.method], case.persons.weights
    made = make(case, weights, not replicates)
    df = case.persons.df
    if replicates:
        multipliers, factor = _replicated(case, replicates)
        each = np.array([make(case, weights * multiplier, False).values for multiplier in multipliers])
        deviations = (each - each.mean(axis=0)) * np.sqrt(factor)
    else:
        deviations = made.deviations
    se = np.sqrt((deviations**2).sum(axis=0))
    half = t_quantile(df, confidence) * se
    value = made.values
    gap = value[made.named.index(("difference", ""))]
    return pd.DataFrame(
        {
            "part": [part for part, _ in made.named],
            "by": [name for _, name in made.named],
            "value": scale * value,
            "lower": scale * (value - half),
            "upper": scale * (value + half),
            "se": scale * se,
            "share": 100 * value / gap if gap else np.full(len(value), np.nan),
            "p": p_value_of_interval(value, value - half, value + half, df=df, confidence=confidence),
        }
    )


def _replicated(case: Case, replicates: int) -> tuple[np.ndarray, float]:
    """Multipliers (replicates, n) of the weights, and what squared deviations are multiplied by."""
    survey, inside = case.persons.survey, case.persons.inside
    if survey.strata is None and survey.cluster is None:
        draws = np.random.default_rng(case.seed).poisson(1.0, (replicates, int(inside.sum())))
        return draws.astype(float), 1 / (replicates - 1)
    psu = np.arange(len(inside)) if survey.cluster is None else survey.cluster
    made, scale, _ = design.replicate_weights(
        survey.strata, psu, method="bootstrap", replicates=replicates, seed=case.seed
    )
    return made[inside].T, scale

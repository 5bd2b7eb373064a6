"""Decompositions of a gap: how much would go with the same composition, and how much would remain. Persons in, a table out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.measures import decomposition, design
from mrstats.measures.contrasts import p_value_of_interval
from mrstats.measures.distribution import t_quantile
from mrstats.measures.regression import average_predictions, influence_on, regress
from mrstats.models.asked import answered, asked_year, names, whole
from mrstats.models.columns import Columns, check_spread, columns_of, reference_of, settled, words_of
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


class _Parts(NamedTuple):
    """Values (p,) of parts, named (part, by), and their deviations (clusters, p); none where only values are wanted."""

    named: list[tuple[str, str]]
    values: np.ndarray
    deviations: np.ndarray | None


class _Case(NamedTuple):
    """Two groups' persons, who of them is in the first, their columns (none for cells), and the factors."""

    persons: Persons
    in_a: np.ndarray
    columns: Columns | None
    by: Sequence[str]
    method: str
    seed: int


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
            figures = dict.fromkeys(["value", "lower", "upper", "se", "share", "p"], np.nan)
            piece, head = pd.DataFrame([{"part": "difference", "by": "", **figures}]), {**head, "n": np.nan}
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
    about |= {"factor": factor, "reference": base, "adjusted_for": words_of(city, by), "measure": asked.measure}
    about |= {"method": f"{SURVEY if persons.sampled else REGISTER} {method}", "confidence": confidence}
    table = pd.concat(pieces, ignore_index=True).assign(**about, unit=asked.unit["en"])
    first = ["indicator", "year", "geography_level", "geography", "vintage", factor, "part", "by"]
    told = ["value", "lower", "upper", "se", "share", "p", "n", "reference_n"]
    last = ["factor", "reference", "adjusted_for", "measure", "method", "confidence", "unit", "status"]
    return table[[*first, *told, *last]]


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


def _case(city: City, persons: Persons, factor: str, group: str, base: str, by, method: str, seed: int) -> _Case:
    """The two groups with all that describes them; both have somebody in every group, or every cell."""
    wanted = [persons.groups[factor].index(name) for name in (group, base)]
    pair = persons.only(np.isin(persons.codes[factor], wanted))
    in_a = pair.codes[factor] == pair.groups[factor].index(group)
    crossed = [name for name in by if name in pair.codes]
    for each in [crossed] if method in CELLS else [[name] for name in crossed]:
        _check_both_sides(pair, in_a, each, factor, group, base)
    if method in CELLS:
        return _Case(pair, in_a, None, by, method, seed)
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
    return _Case(pair, in_a, made, by, method, seed)


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


def _rows(case: _Case, replicates: int, confidence: float, scale: float) -> pd.DataFrame:
    """The parts with their errors."""
    make, weights = METHODS[case.method], case.persons.weights
    made = make(case, weights, True)
    deviations, df = made.deviations, case.persons.df
    if replicates:
        multipliers, factor = _replicated(case, replicates)
        each = np.array([make(case, weights * multiplier, False).values for multiplier in multipliers])
        deviations = (each - each.mean(axis=0)) * np.sqrt(factor)
    assert deviations is not None  # asked for, or made of replicates
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


def _replicated(case: _Case, replicates: int) -> tuple[np.ndarray, float]:
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


# ---- regressions


def _linear(case: _Case, weights: np.ndarray, errors: bool) -> _Parts:
    """Oaxaca and Blinder: two parts, the first by factor, or three."""
    assert case.columns is not None
    x, y, k = case.columns.values, case.persons.y, case.columns.values.shape[1]
    a, b = (decomposition.side(y, x, weights, inside) for inside in (case.in_a, ~case.in_a))
    pooled = x if case.method == "neumark" else np.column_stack([x, case.in_a])
    beta, influence = decomposition.least_squares(y, pooled, weights)
    parts = decomposition.oaxaca(a, b, beta[:k])
    detailed = "endowments" if case.method == "threefold" else "explained"
    kept = [
        "difference",
        detailed,
        *(["coefficients", "interaction"] if case.method == "threefold" else ["unexplained"]),
    ]
    wanted = [(name, "", list(range(k))) for name in kept]
    wanted += [(detailed, name, case.columns.of(name)) for name in case.by]
    values = np.array([parts[name].by_column[at].sum() for name, _, at in wanted])
    deviations = None
    if errors:
        of = (
            a.means_influence,
            b.means_influence,
            a.coefficients_influence,
            b.coefficients_influence,
            influence[:, :k],
        )
        scores = [
            sum(each[:, at] @ slope[at] for each, slope in zip(of, parts[name].slopes, strict=True))
            for name, _, at in wanted
        ]
        deviations = case.persons.deviations(np.column_stack(scores))
    return _Parts([(name, by) for name, by, _ in wanted], values, deviations)


def _nonlinear(case: _Case, weights: np.ndarray, errors: bool) -> _Parts:
    """Log odds of both groups pooled, the group among the columns: what remains at the same predictions, and Yun's or
    Fairlie's parts by factor."""
    assert case.columns is not None
    x, y, k, in_a = case.columns.values, case.persons.y, case.columns.values.shape[1], case.in_a
    held = weights > 0
    with_group = np.column_stack([x, in_a])
    uneven = case.persons.sampled or not (weights == 1).all()
    fit = regress(y[held], with_group[held], weights=weights[held] if uneven else None)
    settled(fit, Columns(with_group, [*case.columns.made_of, "group"], [*case.columns.part, "group"]))
    domains = np.where(in_a, 0, 1)
    made = average_predictions(fit, with_group, [k], [[0.0]], weights, domains)
    mean, gradient = made.mean[0], made.gradient[0]
    share = [np.where(inside, weights, 0) / weights[inside].sum() for inside in (in_a, ~in_a)]
    gap, explained = share[0] @ y - share[1] @ y, mean[0] - mean[1]
    blocks = [case.columns.of(name) for name in case.by]
    beta, apart = fit.coefficients[:k], share[0] @ x - share[1] @ x
    if case.method == "yun":
        size = apart * beta
        weight = np.array([size[at].sum() for at in blocks]) / size.sum()
    else:
        paired = decomposition.fairlie(x, beta, in_a, blocks, weights, seed=case.seed)
        weight = paired.by_block / paired.by_block.sum()
    named = [("difference", ""), ("explained", ""), ("unexplained", ""), *(("explained", name) for name in case.by)]
    values = np.array([gap, explained, gap - explained, *(explained * weight)])
    if not errors:
        return _Parts(named, values, None)
    influence = influence_on(fit, y, with_group, weights if uneven else None)
    of_gap = share[0] * (y - share[0] @ y) - share[1] * (y - share[1] @ y)
    predicted = made.each[0]
    of_explained = (
        share[0] * (predicted - mean[0]) - share[1] * (predicted - mean[1]) + influence @ (gradient[0] - gradient[1])
    )
    if case.method == "yun":
        moved = (x - share[0] @ x) * share[0][:, None] - (x - share[1] @ x) * share[1][:, None]
        of_size = moved * beta + influence[:, :k] * apart
        total = of_size.sum(axis=1)
        of_weight = [
            (of_size[:, at].sum(axis=1) - w * total) / size.sum() for at, w in zip(blocks, weight, strict=True)
        ]
    else:
        of_block = influence[:, :k] @ paired.slopes.T
        of_weight = list((of_block - np.outer(of_block.sum(axis=1), weight)).T / paired.by_block.sum())
    details = [w * of_explained + explained * of for w, of in zip(weight, of_weight, strict=True)]
    scores = np.column_stack([of_gap, of_explained, of_gap - of_explained, *details])
    return _Parts(named, values, case.persons.deviations(scores))


# ---- cells


def _cells(case: _Case, weights: np.ndarray, errors: bool) -> _Parts:
    """Composition and rates of the cells of all factors crossed."""
    persons = case.persons
    shape = tuple(len(persons.groups[name]) for name in case.by)
    place = np.ravel_multi_index([persons.codes[name] for name in case.by], shape)
    size = int(np.prod(shape))
    sides, of_side = [], []
    for inside in (case.in_a, ~case.in_a):
        w = np.where(inside, weights, 0.0)
        total = np.bincount(place, w, minlength=size)
        rate = np.divide(np.bincount(place, w * persons.y, minlength=size), total, out=np.zeros(size), where=total > 0)
        sides += [rate, total / w.sum()]
        of_side.append((w, total, rate))
    figure = _das_gupta if case.method == "das_gupta" else _kitagawa
    named = [("difference", ""), ("composition", ""), ("rate", "")]
    named += [("composition", name) for name in case.by] if case.method == "das_gupta" else []
    theta = np.concatenate(sides)
    values = figure(theta, shape)
    if not errors:
        return _Parts(named, values, None)
    slopes = _derivatives(lambda at: figure(at, shape), theta).reshape(len(values), 4, size)
    scores = np.zeros((len(persons.y), len(values)))
    for at, (w, total, rate) in enumerate(of_side):
        by_rate, by_share = slopes[:, 2 * at], slopes[:, 2 * at + 1]
        below = np.where(total > 0, total, 1.0)[place]
        scores += (w * (persons.y - rate[place]) / below)[:, None] * by_rate[:, place].T
        share = sides[2 * at + 1]
        scores += (w / w.sum())[:, None] * (by_share[:, place] - (by_share @ share)[:, None]).T
    return _Parts(named, values, persons.deviations(scores))


def _kitagawa(theta: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    made = decomposition.kitagawa(*theta.reshape(4, -1))
    parts = np.array([made.composition.sum(), made.rate.sum()])
    return np.array([parts.sum(), *parts])


def _das_gupta(theta: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    parts = decomposition.das_gupta_cells(*(each.reshape(shape) for each in theta.reshape(4, -1)))
    return np.array([parts.sum(), parts[:-1].sum(), parts[-1], *parts[:-1]])


def _derivatives(figure: Callable[[np.ndarray], np.ndarray], theta: np.ndarray) -> np.ndarray:
    """Central differences (p, t); an empty cell stays empty."""
    made = np.zeros((len(figure(theta)), len(theta)))
    for at in np.flatnonzero(theta):
        step = np.zeros(len(theta))
        step[at] = 1e-5 * theta[at]
        made[:, at] = (figure(theta + step) - figure(theta - step)) / (2 * step[at])
    return made


METHODS: dict[str, Callable[[_Case, np.ndarray, bool], _Parts]] = {
    **dict.fromkeys(["oaxaca", "neumark", "threefold"], _linear),
    **dict.fromkeys(["yun", "fairlie"], _nonlinear),
    **dict.fromkeys(["kitagawa", "das_gupta"], _cells),
}
LOGITS, CELLS = ("yun", "fairlie"), ("kitagawa", "das_gupta")

"""Adjusted gaps: what would differ between groups if they were alike in what is adjusted for. Persons in, a table out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from mrstats.comparisons import SIGN
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.measures import proportions
from mrstats.measures.contrasts import p_value_of_interval
from mrstats.measures.design import mean_scores
from mrstats.measures.design_intervals import proportion_interval
from mrstats.measures.distribution import t_quantile
from mrstats.measures.regression import CURVES, average_predictions, influence_on, regress
from mrstats.measures.trend import adjust_p_values
from mrstats.models.asked import answered, asked_year, names
from mrstats.models.columns import Columns, check_spread, columns_of, dummies, reference_of, settled
from mrstats.models.persons import FEWEST, Persons, check_factor, may_be_shown, read_persons
from mrstats.request import ResultRequest
from mrstats.schema import (
    CITY,
    CONFIDENTIAL,
    REGISTER,
    SURVEY,
    TOTAL,
    UNRELIABLE,
    MrstatsError,
    UnknownGroupError,
    UnknownNameError,
)

RELIABLE = 50


def adjusted_gaps(
    city: City,
    indicator: str,
    factor: str,
    adjust_for: str | Sequence[str],
    *,
    year: int | None = None,
    reference: str | None = None,
    model: str | None = None,
    interaction: str | None = None,
    cluster: str = "",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Gaps between groups as they are, and as they would be if the groups were alike in other things.

    Parameters
    ----------
    city : City
        From `open_dataset`.
    indicator : str
        A proportion (having a service) or a mean of whole numbers (how many services).
    factor : str
        Whose groups are compared.
    adjust_for : str or list of str
        Background factors, and columns of numbers of the indicator's table, such as ``"age"``, which enter with their square.
    year : int, optional
        Default: the dataset's last year.
    reference : str, optional
        Group that the others are compared with. Default: the factor's own.
    model : {"logit", "negative_binomial", "truncated"}, optional
        Default: logit for a proportion, else negative binomial. ``"truncated"`` is for numbers that start at 1: services
        among those who have any.
    interaction : str, optional
        A background factor, such as ``"age_group"``, between whose groups the gaps may differ: the table then has them too.
    cluster : str
        Column of a register whose persons are alike if it is the same, such as ``"household"``; samples have their own.
    confidence : float
        Level of the intervals, as a fraction.

    Returns
    -------
    DataFrame
        One row a group. ``value, lower, upper`` and ``difference, difference_lower, difference_upper`` (group − reference)
        are as they are; ``adjusted_value`` and ``adjusted_difference`` with their limits what the model predicts if
        everybody were in the group, everything else as it is. ``p`` and ``p_adjusted`` (Holm) are of the adjusted
        difference; ``adjusted_for`` names what was held alike. In per cent and percentage points for a proportion.

    Raises
    ------
    MrstatsError, UnknownNameError, UnknownGroupError, DatasetError
        Separation, columns that say the same, too few persons: one sentence with the columns and the cure.

    Notes
    -----
    How to read it: the adjusted difference is the average marginal effect. It tells how access differs between people who
    are alike in what is adjusted for, not why, and not what other conditions would do. Errors are robust: the mean is
    modelled, the spread is not. In a register the residents are as they are (covariates fixed), in a sample their chance
    counts too. A group with fewer than ten persons who have the outcome, or lack it, is in the model but not in the table;
    one where nobody has it is in neither.

    Examples
    --------
    Tiny city's men born outside Europe are employed as often as its other men, so adjusting for that changes nothing.

    >>> import mrstats as mr
    >>> people = mr.tiny_city().table("persons")
    >>> city = mr.tiny_city().with_table("persons", pd.concat([people.assign(person_id=people["person_id"] + 100 * i) for i in range(9)]))
    >>> made = adjusted_gaps(city, "employment", factor="sex", adjust_for="country_of_birth_five")
    >>> made[["sex", "value", "difference", "adjusted_difference"]].round(1).values.tolist()
    [['women', 55.0, -10.0, -10.0], ['men', 65.0, 0.0, 0.0]]
    """
    arguments = {
        "indicator": indicator,
        "factor": factor,
        "adjust_for": names(adjust_for),
        "year": asked_year(city, year),
        "reference": reference or "",
        "model": model or "",
        "interaction": interaction or "",
        "cluster": cluster,
        "confidence": float(confidence),
    }
    return answered(city, ResultRequest(city.name, "adjusted_gaps", arguments), adjusted_table)


def adjusted_table(
    city: City,
    *,
    indicator: str,
    factor: str,
    adjust_for: Sequence[str],
    year: int,
    reference: str,
    model: str,
    interaction: str,
    cluster: str,
    confidence: float,
) -> pd.DataFrame:
    """The table that `adjusted_gaps` returns; arguments as there, empty where not given."""
    asked = city.indicator(indicator)
    family = _family(asked, model)
    held = [*adjust_for, *([interaction] if interaction and interaction not in adjust_for else [])]
    _check_names(city, asked, factor, held, interaction)
    factors = [factor, *(name for name in held if name in city.factors)]
    numbers = [name for name in held if name not in city.factors]
    persons = read_persons(city, asked, factors, year, numbers=numbers, cluster=cluster)
    counts = persons.counts(factor)
    estimable = (counts["having"] > 0) & ((counts["lacking"] > 0) | (family != "logit"))
    shown = pd.Series(may_be_shown(*_at_risk(counts, family)), counts.index)
    if not estimable.all():
        persons = persons.only(estimable.to_numpy()[persons.codes[factor]])
    base = reference or reference_of(city, persons, factor)
    if base not in persons.groups[factor] or not shown[base]:
        raise UnknownGroupError(
            f"reference={base!r} of {factor!r} has too few persons with {indicator} (groups that may be shown: "
            f"{', '.join(shown.index[shown])}). Choose one of these."
        )
    if family == "logit":
        check_spread(persons, [name for name in factors if name != factor], "adjust_for")
    references = {name: base if name == factor else reference_of(city, persons, name) for name in factors}
    if interaction:
        _check_cells(persons, factor, interaction)
    made = columns_of(city, persons, [factor, *held], references, (factor, interaction) if interaction else None)
    crude = _as_they_are(persons, factor, base, interaction, confidence)
    adjusted = _alike(persons, made, factor, base, interaction, references, family, confidence)
    table = _table(city, asked, persons, counts, factor, base, interaction, year, crude, adjusted)
    table["adjusted_for"] = ", ".join(held)
    table["measure"], table["method"] = asked.measure, f"{SURVEY if persons.sampled else REGISTER} {family}"
    table["confidence"], table["unit"] = confidence, asked.unit["en"]
    few = np.where(table["n"] < RELIABLE, UNRELIABLE, "")
    hidden = ~table[factor].map(shown).to_numpy(bool)
    table["status"] = np.where(hidden, CONFIDENTIAL, few)
    figures = [name for name in table if table[name].dtype == float and name != "confidence"]
    table.loc[hidden, figures] = np.nan
    adjusted_p = adjust_p_values(table["p"].to_numpy(float), method="holm")
    table.insert(table.columns.to_list().index("p") + 1, "p_adjusted", adjusted_p)
    return table


def _family(indicator: Indicator, model: str) -> str:
    usual = "logit" if indicator.measure == "proportion" else "negative_binomial"
    if model and model not in CURVES:
        raise UnknownNameError(f"model={model!r} must be one of {', '.join(CURVES)}.")
    if model and (model == "logit") != (usual == "logit"):
        raise UnknownNameError(
            f"model={model!r} does not fit {indicator.name!r}, a {indicator.measure}. Leave model out."
        )
    return model or usual


def _check_names(city: City, indicator: Indicator, factor: str, held: Sequence[str], interaction: str) -> None:
    check_factor(city, indicator, "factor", factor)
    if not held or len(set(held)) < len(held) or factor in held:
        raise UnknownNameError(
            f"adjust_for={list(held)} must be one or more different names, and not {factor!r} itself."
        )
    for name in held:
        if name in city.factors or name == interaction:
            check_factor(city, indicator, "interaction" if name == interaction else "adjust_for", name)


def _at_risk(counts: pd.DataFrame, family: str) -> list[np.ndarray]:
    """What there must be enough of: with and without; users; or persons, where everybody has at least one."""
    wanted = {"logit": ["having", "lacking"], "negative_binomial": ["having"], "truncated": ["n"]}
    return [counts[name].to_numpy() for name in wanted[family]]


def _check_cells(persons: Persons, factor: str, interaction: str) -> None:
    """Every group has enough persons in every group of the interaction: they are estimated, and shown, apart."""
    levels = len(persons.groups[interaction])
    cell = persons.codes[factor] * levels + persons.codes[interaction]
    size = levels * len(persons.groups[factor])
    having = np.bincount(cell, persons.y > 0, minlength=size)
    lacking = np.bincount(cell, persons.y == 0, minlength=size)
    few = having if persons.indicator.measure == "mean" else np.minimum(having, lacking)
    if few.min() < FEWEST:
        group, level = divmod(int(np.argmin(few)), levels)
        raise MrstatsError(
            f"interaction={interaction!r}: only {few.min():.0f} persons with {factor}={persons.groups[factor][group]} and "
            f"{interaction}={persons.groups[interaction][level]} have {persons.indicator.name}, or lack it; {FEWEST} are needed. "
            "Take groups together, or leave the interaction out."
        )


class _Figures(NamedTuple):
    """Values and differences from the reference, each with limits, and p of the differences; arrays (levels, groups)."""

    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    difference: np.ndarray
    difference_lower: np.ndarray
    difference_upper: np.ndarray
    p: np.ndarray


def _figures(
    persons: Persons, mean: np.ndarray, deviations: np.ndarray, base: int, df: float, n: np.ndarray, confidence: float
) -> _Figures:
    """From means (levels, groups) and their deviations (clusters, levels × groups)."""
    se = np.sqrt((deviations**2).sum(axis=0)).reshape(mean.shape)
    if persons.indicator.measure == "proportion":
        lower, upper, _ = proportion_interval(mean, se, np.full(mean.shape, df), n, confidence=confidence)
    else:
        factor = np.exp(t_quantile(df, confidence) * se / mean)
        lower, upper = mean / factor, mean * factor
    apart = deviations.reshape(len(deviations), *mean.shape)
    apart = apart - apart[:, :, [base]]
    half = t_quantile(df, confidence) * np.sqrt((apart**2).sum(axis=0))
    gap = mean - mean[:, [base]]
    p = p_value_of_interval(gap, gap - half, gap + half, df=df, confidence=confidence)
    p[:, base] = np.nan
    return _Figures(mean, lower, upper, gap, gap - half, gap + half, p)


def _levels(persons: Persons, interaction: str) -> list[tuple[str, np.ndarray]]:
    """Everybody, then each group of the interaction: its code and who is in it."""
    everybody = [(TOTAL, np.ones(len(persons.y), bool))]
    if not interaction:
        return everybody
    return everybody + [
        (level, persons.codes[interaction] == at) for at, level in enumerate(persons.groups[interaction])
    ]


def _numbers_in(persons: Persons, factor: str, interaction: str) -> np.ndarray:
    size = len(persons.groups[factor])
    return np.array(
        [np.bincount(persons.codes[factor][mine], minlength=size) for _, mine in _levels(persons, interaction)], float
    )


def _as_they_are(persons: Persons, factor: str, base: str, interaction: str, confidence: float) -> _Figures:
    """Means of the groups. A register's proportions have the intervals of `break_down` and `gaps`."""
    groups, place = persons.groups[factor], persons.codes[factor]
    made = [
        mean_scores(persons.y, persons.weights, np.where(mine, place, -1), size=len(groups))
        for _, mine in _levels(persons, interaction)
    ]
    mean = np.array([each.estimate for each in made])
    deviations = np.hstack([persons.deviations(each.scores.toarray()) for each in made])
    n, at = _numbers_in(persons, factor, interaction), groups.index(base)
    figures = _figures(persons, mean, deviations, at, persons.df, n, confidence)
    if persons.indicator.measure != "proportion" or persons.sampled or persons.survey.cluster is not None:
        return figures
    x = mean * n
    lower, upper = proportions.wilson_interval(x, n, confidence=confidence)
    others = (np.broadcast_to(a[:, [at]], a.shape) for a in (x, n))
    low, high = proportions.difference_interval(x, n, *others, method="newcombe", confidence=confidence)
    low[:, at] = high[:, at] = 0.0
    return figures._replace(lower=lower, upper=upper, difference_lower=low, difference_upper=high)


def _alike(persons: Persons, made: Columns, factor, base, interaction, references, family: str, confidence) -> _Figures:
    """What the model predicts with everybody in each group."""
    weights = persons.weights if persons.sampled else None
    try:
        fit = regress(persons.y, made.values, family=family, weights=weights)
    except ValueError as error:
        raise MrstatsError(f"model={family!r} does not fit {persons.indicator.name!r}: {error}") from None
    settled(fit, made)
    groups = persons.groups[factor]
    others = [group for group in groups if group != base]
    chosen = [[float(group == other) for other in others] for group in groups]
    switched, versions = made.of(factor), [np.array(one) for one in chosen]
    domains = None
    if interaction:
        switched += made.of(f"{factor}×{interaction}")
        levels = dummies(persons, interaction, references[interaction])[0]
        versions = [
            np.hstack([np.tile(one, (len(levels), 1)), (one[:, None] * levels[:, None, :]).reshape(len(levels), -1)])
            for one in versions
        ]
        domains = persons.codes[interaction]
    asked = [None] if domains is None else [None, domains]
    parts = [average_predictions(fit, made.values, switched, versions, weights, each) for each in asked]
    mean = np.hstack([part.mean for part in parts]).T
    gradient = np.concatenate([np.swapaxes(part.gradient, 0, 1) for part in parts])
    scores = influence_on(fit, persons.y, made.values, weights, along=gradient.reshape(-1, gradient.shape[2]))
    if persons.sampled:
        scores = scores + _drawn(persons, parts[0].each, mean, interaction)
    deviations = persons.deviations(scores)
    df = persons.df + 1 - made.values.shape[1]
    n = np.full(mean.shape, float(len(persons.y)))
    return _figures(persons, mean, deviations, groups.index(base), df, n, confidence)


def _drawn(persons: Persons, each: np.ndarray, mean: np.ndarray, interaction: str) -> np.ndarray:
    """Scores (n, levels × groups) of the averages because other persons might have been drawn."""
    parts = []
    for (_, mine), of_level in zip(_levels(persons, interaction), mean, strict=True):
        share = persons.weights * mine / persons.weights[mine].sum()
        parts.append((share * (each - of_level[:, None])).T)
    return np.hstack(parts)


def _table(
    city: City, asked: Indicator, persons, counts, factor, base, interaction, year, crude, adjusted
) -> pd.DataFrame:
    scale = 100.0 if asked.measure == "proportion" else 1.0
    groups = persons.groups[factor]
    levels = [code for code, _ in _levels(persons, interaction)]
    n = _numbers_in(persons, factor, interaction)
    rows = pd.DataFrame(
        {
            "indicator": asked.name,
            "year": year,
            "geography_level": CITY,
            "geography": city.municipality,
            "vintage": "",
            factor: np.tile(groups, len(levels)),
            **({interaction: np.repeat(levels, len(groups))} if interaction else {}),
            "value": scale * crude.value.ravel(),
            "lower": scale * crude.lower.ravel(),
            "upper": scale * crude.upper.ravel(),
            "n": n.ravel(),
            "factor": factor,
            "reference": base,
            "reference_value": np.repeat(scale * crude.value[:, groups.index(base)], len(groups)),
        }
    )
    rows["disadvantage"] = SIGN[asked.direction] * scale * crude.difference.ravel()
    for prefix, made in (("", crude), ("adjusted_", adjusted)):
        for name, figure in made._asdict().items():
            if name != "p" and (prefix or name.startswith("difference")):
                rows[f"{prefix}{name}"] = scale * figure.ravel()
    rows["p"] = adjusted.p.ravel()
    absent = counts.index.difference(groups, sort=False)
    if len(absent):  # nobody, or everybody, has the outcome: in no model, but in the table as hidden
        gone = pd.DataFrame({**rows.iloc[0].to_dict(), factor: absent})
        rows = pd.concat([rows, gone], ignore_index=True)
    return rows

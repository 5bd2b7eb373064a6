"""Estimates from a sample: every measure in every domain, with the error and covariance that the design gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mrstats import engine
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.domains import Axes, Made, Stacked, named_groups, options_of
from mrstats.measures import design, design_intervals, distribution, rates
from mrstats.samplerows import check_some_weight, read_numbers
from mrstats.schema import PERSON_MEASURES, DatasetError
from mrstats.survey import SurveyDesign, survey_design


class DomainEstimates(NamedTuple):
    """Estimates (k,), their deviations (columns k), degrees of freedom (k,) and persons observed n (k,).

    Deviations of PSUs or replicates are kept rather than a covariance (k, k): they join estimates of several calls.
    """

    estimate: np.ndarray
    deviations: np.ndarray
    df: np.ndarray
    n: np.ndarray

    @property
    def standard_error(self) -> np.ndarray:
        """Standard errors (k,)."""
        return np.sqrt((self.deviations**2).sum(axis=0))

    @property
    def covariance(self) -> np.ndarray:
        """Covariance (k, k)."""
        return self.deviations.T @ self.deviations


def estimate_domains(
    survey: SurveyDesign,
    values: ArrayLike,
    domains: ArrayLike | None = None,
    *,
    measure: str = "mean",
    denominator: ArrayLike | None = None,
    size: int | None = None,
    effective: bool = False,
    jointly: bool = True,
    **options,
) -> DomainEstimates:
    """Estimate a measure in every domain, with the covariance between domains that the design gives.

    Parameters
    ----------
    survey : SurveyDesign
    values : array_like, shape (n,)
        The quantity; 0 and 1 for a proportion. NaN is no answer: the person is outside every domain.
    domains : array_like of int, shape (n,) or (n, m), optional
        Domain 0..k-1 of each person, -1 for none; m columns let crosses and their margins, numbered through, be asked
        for at once. Without it, everybody.
    measure : str
        "mean", "total", "ratio" (Σwy / Σwx) or one of `mrstats.measures.influence.MEASURES`, such as "gini". A poverty
        rate without ``line=`` has the whole sample's line, whose own error is counted.
    denominator : array_like, shape (n,)
        The x of a ratio.
    size : int, optional
        Number of domains k, where the last may be empty.
    effective : bool
        Degrees of freedom by Satterthwaite: fewer than PSUs less strata where some strata or weights bear most of the
        variance, and intervals then cover as they say.
    jointly : bool
        False: each domain's own error only, in one row of deviations; many domains then need little memory.
    **options
        Given on to the measure. With replicates it is linearised over them; mean, total and ratio are made anew.

    Returns
    -------
    DomainEstimates
        Fractions, not per cent. The variance of a mean or ratio is NaN, never 0, where one PSU holds the whole domain;
        `df` are the domain's own. A difference of domains a and b has variance C[a,a] + C[b,b] - 2·C[a,b].
    """
    y, x, linear = _linearise(survey, values, domains, measure, denominator, size, options)
    estimate, scores, members = linear
    check_some_weight(survey.frame[survey.weight], survey.weight, survey.weights, members)
    if survey.replicates is None or measure not in ("mean", "total", "ratio"):
        deviations = survey.deviations(scores) if jointly else np.sqrt(survey.variances(scores))[None]
    else:  # made anew in each replicate
        multipliers, scale, rscales = survey.replicates
        above, under = (members.T @ (multipliers * (survey.weights * np.nan_to_num(a))[:, None]) for a in (y, x))
        with np.errstate(divide="ignore", invalid="ignore"):
            each = above if measure == "total" else above / under
        deviations = design.replicate_deviations(each.T, estimate, scale, rscales)
    if measure != "total":
        within_one = design.active_clusters(survey.strata, survey.cluster, members)[0] < 2
        deviations[:, within_one] = np.nan
    n = np.asarray(members.sum(axis=0)).astype(int)
    df = survey.effective_df(scores, members) if effective else survey.degrees_of_freedom(members)
    return DomainEstimates(estimate, deviations, df, n)


def _linearise(survey, values, domains, measure: str, denominator, size, options) -> tuple[Any, Any, design.Linearised]:
    """The numbers y and x of everybody, and the estimates with their scores."""
    if (measure == "ratio") != (denominator is not None):
        raise ValueError(f"measure={measure!r}: a ratio, and nothing else, has a denominator=.")
    given = {"values": values} if denominator is None else {"values": values, "denominator": denominator}
    for name, column in given.items():
        if len(np.asarray(column)) != len(survey.frame):
            raise DatasetError(
                f"{name} has {len(np.asarray(column))} rows but the survey {len(survey.frame)}; give one for each person."
            )
    columns = ((pd.Series(column), getattr(column, "name", None) or name) for name, column in given.items())
    y, *below = (read_numbers(column, name, missing=True) for column, name in columns)
    x = below[0] if below else np.ones(len(y))
    if measure == "total":
        return y, x, design.total_scores(y, survey.weights, domains, size=size)
    linear = design.ratio_scores(y, x, survey.weights, domains, size=size)
    if measure in ("mean", "ratio"):
        return y, x, linear
    estimate, scores = _by_influence(measure, y, survey.weights, linear.members, options)
    return y, x, design.Linearised(estimate, scores, linear.members)


def _by_influence(measure: str, y: np.ndarray, weights: np.ndarray, members, options: dict) -> tuple[Any, Any]:
    """Estimate of each domain, and weight × influence of everybody; the poverty line is the country's."""
    from mrstats.measures.distribution import weighted_quantile
    from mrstats.measures.influence import MEASURES, influence

    estimate, scores = np.full(members.shape[1], np.nan), np.zeros(members.shape)
    answered = np.flatnonzero(~np.isnan(y))
    y, w = y[answered], weights[answered]
    fixed = dict(options)
    if measure == "at_risk_of_poverty" and options.get("line") is None:
        fixed["line"] = fixed.pop("share", 0.6) * float(weighted_quantile(y, 0.5, w))
    for domain in np.flatnonzero(members.sum(axis=0)):
        inside = members[:, [domain]].toarray()[answered, 0] > 0
        scores[answered, domain] = w * influence(measure, y, w, domain=inside, **options)
        estimate[domain] = MEASURES[measure].estimate(y[inside], w[inside], **fixed)
    return estimate, scores


Sample = tuple[pd.DataFrame, SurveyDesign]
"""Persons with keys, ``keep_``, ``y_`` and (`per`) ``x_``, and the design whose rows ``row_`` numbers."""


def survey_figures(
    city: City,
    indicator: Indicator,
    keys: engine.Keys,
    axes: Axes | Stacked,
    *,
    confidence: float,
    read: Callable[[engine.Keys], Sample],
    drawn: str = "",
    jointly: bool = True,
) -> Made:
    """Every measure of a sample, with the error that its design gives.

    Parameters
    ----------
    read : callable
        Keys of one year -> its `Sample`.
    drawn : str
        Names the sample; by default it is one a year.
    jointly : bool
        Whether domains have their covariance.

    Returns
    -------
    Made
        With deviations of the sample's clusters (or replicates) if `jointly`.
    """
    size = axes.size
    parts, deviations = [], []
    for i, year in enumerate(axes.years):
        rows, survey = read(engine.Keys((year,), keys.area_column, keys.factors))
        found = np.stack(list(axes.places(named_groups(rows, keys))), axis=1)
        domains = np.full((len(survey.frame), found.shape[1]), -1)
        domains[rows["row_"]] = found
        y, x = (np.full(len(survey.frame), np.nan) for _ in range(2))
        among = rows["keep_"].fillna(False).astype(bool)
        y[rows["row_"]] = np.where(among, rows["y_"], np.nan)
        x[rows["row_"]] = np.where(among, rows["x_"], np.nan) if indicator.per else 1.0
        options = options_of(indicator, year)
        part, moved = _sampled(indicator, survey, y, x, domains, size, options, confidence, jointly)
        parts.append(part)
        if not jointly:
            continue
        sample = f"{city.name}/{indicator.table}/{drawn or year}"
        deviations.append((sample, np.arange(i * size, (i + 1) * size), moved))
    return Made({name: np.concatenate([part[name] for part in parts]) for name in parts[0]}, deviations)


def read_sample(
    city: City, indicators: Sequence[Indicator], keys: engine.Keys, given: SurveyDesign | None = None
) -> dict[str, Sample]:
    """A year's sample for each of several indicators of a table; `given` takes the place of the design that dataset.toml has."""
    source = city.description.tables[indicators[0].table]
    if given is not None:
        city = city.with_table(source.name, given.frame.assign(row_=np.arange(len(given.frame))))
    names = {
        "weight": source.weight,
        "strata": source.strata,
        "cluster": source.cluster,
        "stratum_size": source.stratum_size,
    }
    used = {use: name for use, name in names.items() if name} if given is None else {}
    also = ("row_",) if given is not None else ()
    frame, by = engine.keyed_frame(city, indicators[0], keys, also=also, beside=indicators[1:])
    numbered = {str(number): indicator for number, indicator in enumerate(indicators)}
    frame, _ = engine.with_outcomes(frame, numbered)
    outcomes = {
        indicator.name: [f"{name}{which}" for name in ("keep_", "y_", "x_")[: 2 + bool(indicator.per)]]
        for which, indicator in numbered.items()
    }
    columns = by | {name: nw.col(name) for made in outcomes.values() for name in made}
    columns |= {f"design {use}": nw.col(name) for use, name in used.items()}
    columns |= {"row_": nw.col("row_")} if given is not None else {}
    rows = engine.collect(frame.select(*[made.alias(name) for name, made in columns.items()])).to_pandas()
    if given is None:
        drawn = rows[[f"design {use}" for use in used]].rename(columns={f"design {use}": n for use, n in used.items()})
        try:
            given = survey_design(drawn, lonely=source.lonely or "fail", **used)  # type: ignore[arg-type]
        except DatasetError as error:
            raise DatasetError(f"[tables.{source.name}] year {keys.years[0]}: {error}") from None
        rows = rows.assign(row_=np.arange(len(rows)))
    kept = [*by, "row_"]
    return {
        name: (rows[[*kept, *made]].set_axis([*kept, *("keep_", "y_", "x_")[: len(made)]], axis=1), given)
        for name, made in outcomes.items()
    }


def _sampled(indicator: Indicator, survey: SurveyDesign, y, x, domains, size: int, options, confidence, jointly: bool):
    """Figures (size,) of one year's sample and their deviations (columns, size)."""
    measure = indicator.measure
    jointly = jointly or measure == "share"  # its error is that of a part and the whole together
    estimate = partial(estimate_domains, survey, domains=domains, size=size, effective=True, jointly=jointly)
    if measure in ("ratio", "rate"):
        found = estimate(y, measure="ratio", denominator=x)
    elif measure in ("count", "total", "share"):
        found = estimate(y, measure="total")
    elif measure in PERSON_MEASURES:
        found = estimate(y, measure=measure, **options)
    else:
        found = estimate(y)
    value, deviations, df = found.estimate, found.deviations, found.df
    how = "replicates" if survey.replicates is not None else "taylor"
    if measure == "share":
        everybody = estimate_domains(survey, y, measure="total")
        whole = everybody.estimate[0] or np.nan
        value = value / whole
        deviations = (deviations - value * everybody.deviations) / whole
    se = np.sqrt((deviations**2).sum(axis=0))
    if measure in ("proportion", "share", "at_risk_of_poverty"):
        lower, upper, se = design_intervals.proportion_interval(value, se, df, found.n, confidence=confidence)
        method = f"{how} logit"
    elif measure == "quantile":
        lower, upper, se = _woodruff(survey, y, domains, value, df, options.get("p", 0.5), confidence)
        method = f"{how} woodruff"
    else:
        half = distribution.t_quantile(df, confidence) * se
        lower, upper = value - half, value + half
        if measure == "gini":
            lower, upper = _gini_limits(survey, y, domains, se, df, confidence)
        method = f"{how} t"
        if measure in ("rate", "count", "total"):
            nobody = (value == 0) & ~(se > 0)  # no event says how few there may be: exact limits of one person's weight
            weight = survey.weights.sum() / len(survey.weights)
            each = weight if measure != "rate" else 1 / np.where(found.n > 0, found.n, np.nan)
            most = rates.exact_poisson_interval(np.zeros(1), confidence=confidence)[1][0]
            upper, se = np.where(nobody, most * each, upper), np.where(nobody, each, se)
            lower = np.where(value >= 0, np.maximum(lower, 0.0), lower)
    figures = {"value": value, "lower": lower, "upper": upper, "se": np.where(se > 0, se, np.nan), "df": df}
    total = partial(design.total_scores, weights=survey.weights, domains=domains, size=size)
    figures["population"] = total(np.where(np.isnan(y), np.nan, 1.0)).estimate
    if measure in ("proportion", "rate", "count"):
        figures["count"] = total(y).estimate
    elif measure == "at_risk_of_poverty":
        figures["count"] = np.nan_to_num(value) * figures["population"]
    return {**figures, "method": np.full(size, method, object)}, deviations


def _woodruff(survey: SurveyDesign, y, domains, quantiles, df, p: float, confidence):
    """Woodruff's limits of each domain's quantile, from the design's error of the share at or below it."""
    members = design.mean_scores(y, survey.weights, domains, size=len(quantiles)).members.tocoo()
    rows, columns = members.coords
    w = survey.weights[rows]
    below = (y[rows] <= quantiles[columns]).astype(float)
    weight = np.bincount(columns, w, minlength=len(quantiles))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.bincount(columns, w * below, minlength=len(quantiles)) / weight
        scores = w * (below - share[columns]) / weight[columns]
    error = np.sqrt(survey.variances(type(members)((scores, (rows, columns)), shape=members.shape).tocsr()))
    limits = np.full((3, len(quantiles)), np.nan)
    for domain, mine in _persons_of(members):
        options = {"se": error[domain], "df": df[domain], "confidence": confidence}
        found = design_intervals.woodruff_interval(y[mine], p, survey.weights[mine], **options)
        limits[:, domain] = [float(figure) if np.isfinite(figure) else np.nan for figure in found[1:]]
    return limits


def _gini_limits(survey: SurveyDesign, y, domains, se, df, confidence):
    """Limits of each domain's Gini: not symmetric, since a sample that missed the highest incomes has too low a one."""
    members = design.mean_scores(y, survey.weights, domains, size=len(se)).members.tocoo()
    limits = np.full((2, len(se)), np.nan)
    for domain, mine in _persons_of(members):
        options = {"se": se[domain], "df": df[domain], "confidence": confidence}
        limits[:, domain] = design_intervals.gini_interval(y[mine], survey.weights[mine], **options)[1:]
    return limits


def _persons_of(members) -> Iterator[tuple[int, np.ndarray]]:
    """Each domain that somebody is in, with the places of its persons; `members` is a sparse COO array."""
    rows, columns = members.coords
    order = np.argsort(columns, kind="stable")
    held, starts = np.unique(columns[order], return_index=True)
    yield from zip(held, np.split(rows[order], starts[1:]), strict=True) if len(held) else ()

"""How unequal groups are: the summary measures of WHO, each with its standard error. Arrays in, arrays out; no tables.

Two-group contrasts and the share to be gained are here; mean distances are made in `distances`, variance and
entropy in `dispersion`, those along an order in `ranked` and `logistic`; all have their public name here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures import dispersion, distances, logistic, ranked
from mrstats.measures.dispersion import *  # noqa: F403
from mrstats.measures.distances import *  # noqa: F403
from mrstats.measures.groups import (
    MEAN_NOT_POSITIVE,
    NO_REFERENCE,
    ZERO_BELOW,
    Formula,
    Groups,
    Measured,
    Options,
    drawn,
    finish,
    linear,
    measured,
    one,
    quotient,
)
from mrstats.measures.logistic import *  # noqa: F403
from mrstats.measures.ranked import *  # noqa: F403


def difference(
    estimate: ArrayLike,
    se: ArrayLike | None = None,
    population: ArrayLike | None = None,
    **options: Unpack[Options],
) -> Measured:
    """Difference between two groups: the ends of an order, the reference and the worst off, or the two extremes (D).

    Parameters
    ----------
    estimate : array_like, shape (..., J)
        The value of each of J groups, any unit, in as many tables as there are; NaN where a group has none, which is
        then left out and the shares and ranks of the others made anew.
    se : array_like, shape (..., J), optional
        Standard errors of independent groups, in the unit of `estimate`. Without it no error is given.
    population : array_like, shape (..., J), optional
        People in each group, or any weights that are proportional to them; default: groups of one size.
    **options
        ``covariance`` (..., J, J) of the groups, instead of `se`, where they are not independent.
        ``limits``, lower and upper, (..., J) each: the groups' own intervals at the same level, which then make those
        of differences, other weighted sums and ratios (MOVER).
        ``replicates`` (B, ..., J): replicate values of the groups, equally likely as those of a bootstrap, which give
        covariance and draws. ``favourable``: high is good (default True). ``ordered``: the groups stand in order,
        least advantaged first (default False). ``reference``: the place of a group. ``bounds``: the least and the
        largest possible value, such as (0, 100). ``confidence``: a fraction (0.95). ``draws``, ``seed``: of the
        parametric replicates (4000).

    Returns
    -------
    Measured
        ``estimate, standard_error, corrected, lower, upper, reason``, each (...). Ordered: most − least advantaged,
        reversed where the indicator is adverse. Not ordered: best − worst, or the reference against the worst off,
        in the direction that makes it positive.

    Raises
    ------
    ValueError
        A negative standard error or population, or a reference that is not the place of a group.
    TypeError
        An option that there is not.

    Notes
    -----
    How to read it: so many units lie between the two. The standard error is exact for two fixed groups. Between
    extremes chance alone makes a difference; there the draws choose their own extremes, give the error, and
    `corrected` is less what chance adds.

    References
    ----------
    WHO (2024), Health inequality monitoring: harnessing data to advance health equity; Zou & Donner (2008).

    Examples
    --------
    >>> made = difference([30, 45], [1.5, 2.0], [1200, 800], ordered=True)
    >>> float(made.estimate), float(made.standard_error)
    (15.0, 2.5)
    """
    return one(FORMULAS["difference"], estimate, se, population, options)


def ratio(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Ratio of two groups, chosen as those of `difference` (R).

    Parameters
    ----------
    estimate, se, population, **options
        See `difference`.

    Returns
    -------
    Measured
        1 where they are equal; above 1 in favour of the advantaged where the indicator is favourable. NaN with
        "zero denominator" where the group below has the value 0.

    Notes
    -----
    How to read it: so many times as large. The standard error is R times that of log R; the interval is made on the
    log scale, or from the groups' own limits.

    References
    ----------
    Donner & Zou (2012), Statistical Methods in Medical Research 21:347-359.

    Examples
    --------
    >>> float(ratio([30, 45], [1.5, 2.0], ordered=True).estimate)
    1.5
    """
    return one(FORMULAS["ratio"], estimate, se, population, options)


def population_attributable_risk(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """What everybody would gain if every group were as the reference: reference − mean (PAR).

    Parameters
    ----------
    estimate, se, population, **options
        See `difference`. The reference is the most advantaged of ordered groups, else ``reference``, else the best.

    Returns
    -------
    Measured
        Negative for an adverse indicator. 0 with a reason where the mean is already better than the reference, as
        WHO does; the standard error is that of the difference which is cut off.

    Notes
    -----
    How to read it: times the population it is the number of people. The standard error is exact for a fixed group,
    √Σ(1[k = ref] − p)²s². Where the best is chosen by its value the draws choose anew: their interval, and `corrected`.

    Examples
    --------
    The mean is (1200·30 + 800·45)/2000 = 36.

    >>> float(population_attributable_risk([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    9.0
    """
    return one(FORMULAS["population_attributable_risk"], estimate, se, population, options)


def population_attributable_fraction(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """`population_attributable_risk` in per cent of the mean (PAF).

    Parameters
    ----------
    estimate, se, population, **options
        See `population_attributable_risk`.

    Returns
    -------
    Measured
        In per cent, and so is its standard error; NaN where the mean is not above 0.

    Notes
    -----
    How to read it: so many per cent higher (favourable) or lower (adverse) if every group were as the reference.

    Examples
    --------
    >>> float(population_attributable_fraction([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    25.0
    """
    return one(FORMULAS["population_attributable_fraction"], estimate, se, population, options)


def gap_to_mean(
    estimate: ArrayLike, se: ArrayLike, population: ArrayLike, *, covariance: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Each group less the mean that it is part of.

    Parameters
    ----------
    estimate, se, population : array_like, shape (..., J)
        See `difference`.
    covariance : array_like, shape (..., J, J), optional
        Instead of `se`.

    Returns
    -------
    gap, standard_error : ndarray, shape (..., J)
        NaN for a group without a value. √Σ(1[k = j] − p)²s²: adding the two variances would be too much.

    Examples
    --------
    >>> gap, error = gap_to_mean([30, 45], [1.5, 2.0], [1200, 800])
    >>> gap.tolist(), error.tolist()
    ([-6.0, 9.0], [1.0, 1.5])
    """
    y = np.asarray(estimate, float)
    options: Options = {} if covariance is None else {"covariance": covariance}

    def one(j: int) -> Formula:
        def gap(groups: Groups) -> Measured:
            here = np.full(len(groups.estimate), j)
            made = linear(groups, groups.at(here) - groups.share)
            value = np.where(groups.present[:, j], made.estimate, np.nan)
            return finish(groups, value, made.standard_error, value, made.lower, made.upper)

        return gap

    made = measured({str(j): one(j) for j in range(y.shape[-1])}, y, se, population, options)
    gaps, errors = (np.stack([m[field] for m in made.values()], axis=-1) for field in (0, 1))
    return gaps, errors


def measure_all(
    estimate: ArrayLike,
    se: ArrayLike | None = None,
    population: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
    **options: Unpack[Options],
) -> dict[str, Measured]:
    """Many measures of many tables in one pass that shares its draws.

    Parameters
    ----------
    estimate, se, population, **options
        See `difference`.
    names : sequence of str, optional
        Names of functions of this room. Default: all, without those along an order where the groups have none.

    Returns
    -------
    dict of str to Measured
        In the order of `names`.

    Raises
    ------
    ValueError
        A name that is not a measure; the message gives those there are.

    Examples
    --------
    >>> made = measure_all([[30, 45], [20, 20]], [1.5, 2.0], [1200, 800], names=["difference", "theil_index"])
    >>> made["difference"].estimate.tolist()
    [15.0, 0.0]
    """
    chosen = list(names) if names is not None else [n for n in FORMULAS if n not in ORDERED or options.get("ordered")]
    for name in chosen:
        if name not in FORMULAS:
            raise ValueError(f"{name!r} is not a measure of inequality; there are {', '.join(FORMULAS)}.")
    return measured({name: FORMULAS[name] for name in chosen}, estimate, se, population, options)


def _ends(groups: Groups) -> tuple[np.ndarray, np.ndarray]:
    """Weights that pick the two groups compared, upper minus lower."""
    if groups.ordered:
        pair = groups.last, groups.first
        return groups.at(pair[0 if groups.favourable else 1]), groups.at(pair[1 if groups.favourable else 0])
    high, low = groups.extreme(highest=True), groups.extreme(highest=False)
    if groups.reference is not None:
        here = np.full(len(groups.estimate), groups.reference)
        high, low = (here, low) if groups.favourable else (high, here)
    return groups.at(high), groups.at(low)


def _no_reference(groups: Groups) -> np.ndarray:
    """The reason where a named reference has no value."""
    if groups.reference is None:
        return np.full(len(groups.estimate), "", dtype=object)
    return np.where(groups.present[:, groups.reference], "", NO_REFERENCE).astype(object)


def _upper_lower(sums) -> tuple[np.ndarray, np.ndarray]:
    groups = sums.groups
    if groups.reference is None:
        return sums.high, sums.low
    return (sums.reference, sums.low) if groups.favourable else (sums.high, sums.reference)


def _difference(groups: Groups) -> Measured:
    upper, lower = _ends(groups)
    if groups.ordered:
        return linear(groups, upper - lower)
    fixed = None if groups.reference is None else groups.spread(upper - lower)
    return drawn(groups, lambda s: _upper_lower(s)[0] - _upper_lower(s)[1], se=fixed, reason=_no_reference(groups))


def _ratio(groups: Groups) -> Measured:
    upper, lower = _ends(groups)
    fixed = quotient(groups, upper, lower, log=True, reason=ZERO_BELOW)
    if groups.ordered:
        return fixed

    def formula(sums):
        above, below = _upper_lower(sums)
        return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)

    reason = np.where(_no_reference(groups) == "", fixed.reason, NO_REFERENCE)
    se = None if groups.reference is None else fixed.standard_error
    return drawn(groups, formula, se=se, reason=reason, origin=1.0)


def _model(groups: Groups) -> np.ndarray:
    """Weights that pick the group everybody would be like."""
    if groups.ordered:
        return groups.at(groups.last)
    if groups.reference is not None:
        return groups.at(np.full(len(groups.estimate), groups.reference))
    return groups.at(groups.extreme(highest=groups.favourable))


def _gain(groups: Groups, *, relative: bool) -> Measured:
    weights = _model(groups) - groups.share
    made = quotient(groups, weights, groups.share, scale=100.0) if relative else linear(groups, weights)
    sign = 1.0 if groups.favourable else -1.0
    if not groups.ordered and groups.reference is None:

        def formula(sums):
            above = 100 * sign * (sums.best - sums.mean)
            return np.where(sums.mean > 0, above / sums.mean, np.nan) if relative else above / 100

        found = drawn(groups, formula, se=made.standard_error, reason=made.reason)
        low, high = (found.lower, found.upper) if sign > 0 else (-found.upper, -found.lower)
        return Measured(made.estimate, found.standard_error, sign * found.corrected, low, high, found.reason)
    opposed = (sign * made.estimate < 0) & (_no_reference(groups) == "")
    cut = [np.where(opposed, 0.0, made.estimate)]
    cut += [sign * np.maximum(sign * end, 0.0) for end in (made.lower, made.upper)]
    reason = np.where(opposed, ALREADY, np.where(_no_reference(groups) == "", made.reason, NO_REFERENCE))
    value = np.where(_no_reference(groups) == "", cut[0], np.nan)
    return finish(groups, value, made.standard_error, value, cut[1], cut[2], reason)


ALREADY = "mean better than reference"
"""There is nothing to gain: the estimate is 0."""

FORMULAS: dict[str, Formula] = {
    "difference": _difference,
    "ratio": _ratio,
    **distances.FORMULAS,
    **dispersion.FORMULAS,
    "population_attributable_risk": lambda groups: _gain(groups, relative=False),
    "population_attributable_fraction": lambda groups: _gain(groups, relative=True),
    **ranked.FORMULAS,
}
"""Every measure by its name."""

ORDERED = tuple(ranked.FORMULAS)
"""Those that have a meaning only where the groups stand in order."""

RELATIVE = (
    "ratio", "index_of_disparity", "index_of_disparity_weighted", "coefficient_of_variation", "theil_index",
    "mean_log_deviation", "opportunity_dissimilarity", "population_attributable_fraction", "relative_index",
    "relative_concentration_index",
)  # fmt: skip
"""Those that are the same in per cent and in fractions."""

__all__ = [
    "FORMULAS",
    "MEAN_NOT_POSITIVE",
    "ORDERED",
    "RELATIVE",
    "Measured",
    "difference",
    "gap_to_mean",
    "measure_all",
    "population_attributable_fraction",
    "population_attributable_risk",
    "ratio",
    *distances.__all__,
    *dispersion.__all__,
    *logistic.__all__,
    *ranked.__all__,
]

"""Mean distances between groups, from the mean, the best or a reference: arrays in, arrays out. No tables.

The bends have no derivative, so error, interval and ``corrected`` come from draws.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.groups import (
    NO_BOUNDS,
    NO_REFERENCE,
    OUTSIDE,
    Formula,
    Groups,
    Measured,
    Options,
    Sums,
    drawn,
    mean_reason,
    one,
    positive_mean,
)


def mean_difference_from_mean(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance of the groups from the population's mean, each group counting as one (MDMU).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values; 0 where all are equal.

    Notes
    -----
    How to read it: a group lies so many units from the mean, on average. Σ|y − μ|/J with μ weighted by population. The
    bend at μ has no derivative: error, interval and `corrected` come from the draws.

    Examples
    --------
    The mean is 36: the groups lie 6 below and 9 above it.

    >>> float(mean_difference_from_mean([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    7.5
    """
    return one(FORMULAS["mean_difference_from_mean"], estimate, se, population, options)


def mean_difference_from_mean_weighted(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance of people's groups from the population's mean (MDMW).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values; 0 where all are equal.

    Notes
    -----
    How to read it: a person's group lies so many units from the mean, on average. Σp|y − μ|; see the unweighted one.

    Examples
    --------
    The mean is 36: the groups lie 6 below and 9 above it. 0.6·6 + 0.4·9.

    >>> float(mean_difference_from_mean_weighted([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    7.2
    """
    return one(FORMULAS["mean_difference_from_mean_weighted"], estimate, se, population, options)


def mean_difference_from_best(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance of the groups from the best one (MDBU).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values, never negative.

    Notes
    -----
    How to read it: a group would gain so many units by being like the best, on average. The best is the highest of a
    favourable indicator, the lowest of an adverse one; the draws choose it anew, since the best is partly the luckiest.

    Examples
    --------
    >>> float(mean_difference_from_best([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    7.5
    """
    return one(FORMULAS["mean_difference_from_best"], estimate, se, population, options)


def mean_difference_from_best_weighted(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance of people's groups from the best group (MDBW).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values, never negative.

    Notes
    -----
    How to read it: a person would gain so many units by being in the best group, on average; see the unweighted one.

    Examples
    --------
    >>> float(mean_difference_from_best_weighted([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    9.0
    """
    return one(FORMULAS["mean_difference_from_best_weighted"], estimate, se, population, options)


def mean_difference_from_reference(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance of the groups from a reference group (MDRU).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values; NaN with "no reference group" where `reference` is missing or has no value.

    Notes
    -----
    How to read it: a group lies so many units from the reference, on average, the reference itself (0) counting as one.

    Examples
    --------
    >>> float(mean_difference_from_reference([30, 45], [1.5, 2.0], [1200, 800], reference=0).estimate)
    7.5
    """
    return one(FORMULAS["mean_difference_from_reference"], estimate, se, population, options)


def mean_difference_from_reference_weighted(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance of people's groups from a reference group (MDRW).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values; NaN with "no reference group" where `reference` is missing or has no value.

    Notes
    -----
    How to read it: a person's group lies so many units from the reference, on average.

    Examples
    --------
    >>> float(mean_difference_from_reference_weighted([30, 45], [1.5, 2.0], [1200, 800], reference=0).estimate)
    6.0
    """
    return one(FORMULAS["mean_difference_from_reference_weighted"], estimate, se, population, options)


def index_of_disparity(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance from the mean in per cent of it, each group counting as one (IDISU).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In per cent; NaN where the mean is not above 0.

    Notes
    -----
    How to read it: 0 is none; 20 means that a group lies 20 per cent of the mean from it, on average.

    References
    ----------
    Pearcy & Keppel (2002), Public Health Reports 117:273-280, here around the weighted mean as WHO has it.

    Examples
    --------
    7.5 of 36.

    >>> round(float(index_of_disparity([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    20.8333
    """
    return one(FORMULAS["index_of_disparity"], estimate, se, population, options)


def index_of_disparity_weighted(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean distance of people's groups from the mean in per cent of it (IDISW).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In per cent; NaN where the mean is not above 0.

    Notes
    -----
    How to read it: half of it is the per cent of all outcomes that would have to move between groups for all to be equal.

    Examples
    --------
    7.2 of 36.

    >>> float(index_of_disparity_weighted([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    20.0
    """
    return one(FORMULAS["index_of_disparity_weighted"], estimate, se, population, options)


def opportunity_dissimilarity(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Share of all outcomes that would have to move between groups for all to be equal (the D-index).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        A fraction; NaN where the mean is not above 0. The weighted index of disparity over 200.

    Notes
    -----
    How to read it: 0.1 is that a tenth of what people have would have to go to other groups. For an adverse indicator
    give its complement, so that what is shared out is an opportunity.

    References
    ----------
    Paes de Barros et al. (2009), Measuring inequality of opportunities, World Bank.

    Examples
    --------
    >>> float(opportunity_dissimilarity([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    0.1
    """
    return one(FORMULAS["opportunity_dissimilarity"], estimate, se, population, options)


def opportunity_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Coverage less what is unequally shared, μ(1 − D) (the human opportunity index, HOI).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        A fraction of the range between `bounds`, which must be given. An adverse indicator is turned to its complement.

    Notes
    -----
    How to read it: the coverage, marked down for inequality; equal to it where all groups are equal. It rises when
    anybody gains, which the D-index does not.

    References
    ----------
    Paes de Barros et al. (2009), Measuring inequality of opportunities, World Bank.

    Examples
    --------
    0.36·(1 − 0.1).

    >>> float(opportunity_index([30, 45], [1.5, 2.0], [1200, 800], bounds=(0, 100)).estimate)
    0.324
    """
    return one(FORMULAS["opportunity_index"], estimate, se, population, options)


def _reference_reason(groups: Groups) -> np.ndarray:
    return np.where(np.isnan(groups.point.reference[:, 0]), NO_REFERENCE, "")


def _opportunity(groups: Groups) -> Measured:
    if groups.bounds is None:
        return drawn(groups, lambda s: np.full(s.mean.shape, np.nan), reason=NO_BOUNDS)
    low, high = groups.bounds
    outside = (groups.present & ((groups.estimate < low) | (groups.estimate > high))).any(axis=-1)

    def formula(sums: Sums) -> np.ndarray:
        reached = sums.mean - low if groups.favourable else high - sums.mean
        return np.where(outside[:, None], np.nan, (reached - sums.from_mean[0] / 2) / (high - low))

    return drawn(groups, formula, kind="level", reason=np.where(outside, OUTSIDE, ""))


FORMULAS: dict[str, Formula] = {
    "mean_difference_from_mean": lambda g: drawn(g, lambda s: s.from_mean[1]),
    "mean_difference_from_mean_weighted": lambda g: drawn(g, lambda s: s.from_mean[0]),
    "mean_difference_from_best": lambda g: drawn(g, lambda s: np.abs(s.best - s.plain)),
    "mean_difference_from_best_weighted": lambda g: drawn(g, lambda s: np.abs(s.best - s.mean)),
    "mean_difference_from_reference": lambda g: drawn(g, lambda s: s.from_reference[1], reason=_reference_reason(g)),
    "mean_difference_from_reference_weighted": lambda g: drawn(
        g, lambda s: s.from_reference[0], reason=_reference_reason(g)
    ),
    "index_of_disparity": lambda g: drawn(g, lambda s: 100 * s.from_mean[1] / positive_mean(s), reason=mean_reason(g)),
    "index_of_disparity_weighted": lambda g: drawn(
        g, lambda s: 100 * s.from_mean[0] / positive_mean(s), reason=mean_reason(g)
    ),
    "opportunity_dissimilarity": lambda g: drawn(
        g, lambda s: s.from_mean[0] / (2 * positive_mean(s)), reason=mean_reason(g)
    ),
    "opportunity_index": _opportunity,
}

__all__ = list(FORMULAS)

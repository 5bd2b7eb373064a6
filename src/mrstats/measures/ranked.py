"""Measures of inequality along an order of groups: arrays in, arrays out. No tables.

The groups stand from the least to the most advantaged along the last axis; each stands at the middle of its share of the
population, its rank r between 0 and 1.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.groups import (
    MEAN_NOT_POSITIVE,
    NO_BOUNDS,
    OUTSIDE,
    Formula,
    Groups,
    Measured,
    Options,
    finish,
    linear,
    one,
    quotient,
)

FIT_CROSSES_ZERO = "fitted line not above zero"
MEAN_AT_BOUND = "mean at a bound"


def slope_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Slope index of inequality: from the bottom to the top of the order, along a straight line (SII).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values; negative where the most advantaged have less of it. Exact standard error.

    Notes
    -----
    How to read it: the line rises by so many units from the very least to the very most advantaged person. Least squares
    on the ranks with weights p; the error is that of the groups, carried through, not how far they lie from the line. It
    changes a little when a group is split, since its halves get ranks of their own.

    References
    ----------
    Pamuk (1985), Population Studies 39:17-31; Mackenbach & Kunst (1997), Soc. Sci. Med. 44:757-771.

    Examples
    --------
    Ranks 0.3 and 0.8: 15 over 0.5.

    >>> round(float(slope_index([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    30.0
    """
    return one(FORMULAS["slope_index"], estimate, se, population, options)


def relative_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Relative index of inequality: top of the fitted line over its bottom (RII).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        1 where there is no slope. NaN where the line is not above 0 at both ends: a ratio has no meaning there.

    Notes
    -----
    How to read it: so many times as common at the very top as at the very bottom. Error by the delta method, interval on
    the log scale.

    References
    ----------
    Mackenbach & Kunst (1997), Social Science & Medicine 44:757-771.

    Examples
    --------
    The line goes from 21 to 51.

    >>> round(float(relative_index([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    2.4286
    """
    return one(FORMULAS["relative_index"], estimate, se, population, options)


def absolute_concentration_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Absolute (generalised) concentration index, 2Σpy(r − ½) (ACI).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values; positive where the advantaged have more. Exact standard error.

    Notes
    -----
    How to read it: 0 where all are equal; an index of order and dispersion together, to follow over time.

    References
    ----------
    Wagstaff, Paci & van Doorslaer (1991), Social Science & Medicine 33:545-557.

    Examples
    --------
    2·(0.6·30·(−0.2) + 0.4·45·0.3).

    >>> round(float(absolute_concentration_index([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    3.6
    """
    return one(FORMULAS["absolute_concentration_index"], estimate, se, population, options)


def relative_concentration_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Concentration index, the absolute one over the mean (RCI).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        Between −1 and 1; NaN where the mean is not above 0. Error by the delta method.

    Notes
    -----
    How to read it: the share of all outcomes that is held too high up the order. Not for bounded indicators of different
    means: having and lacking then give different answers; see `erreygers_index`.

    References
    ----------
    Kakwani, Wagstaff & van Doorslaer (1997), Journal of Econometrics 77:87-103.

    Examples
    --------
    >>> round(float(relative_concentration_index([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    0.1
    """
    return one(FORMULAS["relative_concentration_index"], estimate, se, population, options)


def wagstaff_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Concentration index of a bounded indicator, over its largest possible value (Wagstaff).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        Between −1 and 1; NaN where `bounds` are not given or do not hold the values, or the mean is at one of them.

    Notes
    -----
    How to read it: relative to what the mean allows. Having and lacking give the same with the sign turned.

    References
    ----------
    Wagstaff (2005), Health Economics 14:429-432.

    Examples
    --------
    0.036/(0.36·0.64) = 0.15625.

    >>> round(float(wagstaff_index([30, 45], [1.5, 2.0], [1200, 800], bounds=(0, 100)).estimate), 4)
    0.1563
    """
    return one(FORMULAS["wagstaff_index"], estimate, se, population, options)


def erreygers_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Corrected concentration index of a bounded indicator, four times the absolute one (Erreygers).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        Between −1 and 1; NaN where `bounds` are not given or do not hold the values. Exact standard error.

    Notes
    -----
    How to read it: absolute differences on a scale from −1 to 1. Having and lacking give the same with the sign turned.

    References
    ----------
    Erreygers (2009), Journal of Health Economics 28:504-515.

    Examples
    --------
    >>> round(float(erreygers_index([30, 45], [1.5, 2.0], [1200, 800], bounds=(0, 100)).estimate), 4)
    0.144
    """
    return one(FORMULAS["erreygers_index"], estimate, se, population, options)


def _slope_weights(groups: Groups) -> np.ndarray:
    """Weights that make the slope of least squares on the ranks, whose mean is ½."""
    apart = groups.share * (groups.rank - 0.5)
    return apart / np.maximum((apart * (groups.rank - 0.5)).sum(axis=-1, keepdims=True), 1e-300)


def _relative(groups: Groups) -> Measured:
    half = _slope_weights(groups) / 2
    top, bottom = groups.share + half, groups.share - half
    made = quotient(groups, top, bottom, log=True, reason=FIT_CROSSES_ZERO)
    crosses = groups.total(top) <= 0
    value = np.where(crosses, np.nan, made.estimate)
    reason = np.where(crosses, FIT_CROSSES_ZERO, made.reason)
    return finish(groups, value, made.standard_error, value, made.lower, made.upper, reason)


def _concentration_weights(groups: Groups) -> np.ndarray:
    return groups.share * (2 * groups.rank - 1)


def _bounded(groups: Groups) -> tuple[float, float, np.ndarray]:
    """The bounds, and why they cannot be used."""
    if groups.bounds is None:
        return 0.0, np.nan, np.full(len(groups.estimate), NO_BOUNDS, dtype=object)
    low, high = groups.bounds
    outside = (groups.present & ((groups.estimate < low) | (groups.estimate > high))).any(axis=-1)
    return low, high, np.where(outside, OUTSIDE, "").astype(object)


def _wagstaff(groups: Groups) -> Measured:
    low, high, reason = _bounded(groups)
    weights = _concentration_weights(groups)
    index, mean = groups.total(weights) / (high - low), (groups.total(groups.share) - low) / (high - low)
    below = mean * (1 - mean)
    reason = np.where((reason == "") & ~(below > 0), MEAN_AT_BOUND, reason)
    below = np.where(reason == "", below, np.nan)
    value = index / below
    gradient = (weights - (value * (1 - 2 * mean))[:, None] * groups.share) / ((high - low) * below)[:, None]
    se = groups.spread(gradient)
    return finish(groups, value, se, value, value - groups.z * se, value + groups.z * se, reason)


def _erreygers(groups: Groups) -> Measured:
    low, high, reason = _bounded(groups)
    made = linear(groups, 4 * _concentration_weights(groups) / (high - low), reason)
    value = np.where(reason == "", made.estimate, np.nan)
    return finish(groups, value, made.standard_error, value, made.lower, made.upper, reason)


FORMULAS: dict[str, Formula] = {
    "slope_index": lambda g: linear(g, _slope_weights(g)),
    "relative_index": _relative,
    "absolute_concentration_index": lambda g: linear(g, _concentration_weights(g)),
    "relative_concentration_index": lambda g: quotient(g, _concentration_weights(g), g.share, reason=MEAN_NOT_POSITIVE),
    "wagstaff_index": _wagstaff,
    "erreygers_index": _erreygers,
}

__all__ = list(FORMULAS)

"""Variance and entropy between groups: arrays in, arrays out. No tables.

Chance alone makes groups differ, so all of these are too large in expectation; ``corrected`` is without that part.
"""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures.groups import (
    NEGATIVE_GROUP,
    ZERO_GROUP,
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


def between_group_variance(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Population-weighted variance between groups (BGV).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit squared. `corrected` is without Σp(1 − p)s², what chance adds on average, and not below 0.

    Notes
    -----
    How to read it: its square root is easier. The standard error is exact for normal groups:
    √(4(y−μ)′PVP(y−μ) + 2tr((MV)²)) with M = P − pp′; it grows with the errors squared, and is not 0 where all are equal.

    References
    ----------
    WHO, technical notes of the Health Inequality Monitor.

    Examples
    --------
    0.6·36 + 0.4·81.

    >>> float(between_group_variance([30, 45], [1.5, 2.0], [1200, 800]).estimate)
    54.0
    """
    return one(FORMULAS["between_group_variance"], estimate, se, population, options)


def between_group_standard_deviation(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Population-weighted standard deviation between groups (BGSD).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        In the unit of the values; `corrected` is the root of the corrected variance.

    Notes
    -----
    How to read it: people's groups lie about so many units from the mean. Its error comes from the draws: the root has no
    derivative at 0, just where one wants to know.

    Examples
    --------
    The root of 54.

    >>> round(float(between_group_standard_deviation([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    7.3485
    """
    return one(FORMULAS["between_group_standard_deviation"], estimate, se, population, options)


def coefficient_of_variation(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Standard deviation between groups in per cent of the mean (COV).

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
    How to read it: the same in per cent and in fractions, so that indicators can be compared. Not for bounded ones where
    the mean may be near either end: it then says which end was counted.

    Examples
    --------
    7.3485 of 36.

    >>> round(float(coefficient_of_variation([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    20.4124
    """
    return one(FORMULAS["coefficient_of_variation"], estimate, se, population, options)


def theil_index(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Theil's index between groups, times 1000 (TI).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        0 where all are equal; the standard error is times 1000, too. A group of value 0 adds nothing (the limit).

    Notes
    -----
    How to read it: sensitive to groups far above the mean; for small differences half the squared coefficient of
    variation. 1000·Σpρ ln ρ with ρ = y/μ. Delta method: gradient p(ln ρ − T)/μ.

    References
    ----------
    Theil (1967); Borrell & Talih (2011), Statistics in Medicine 30:85-101.

    Examples
    --------
    1000·(0.6·(5/6)·ln(5/6) + 0.4·1.25·ln 1.25).

    >>> round(float(theil_index([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    20.411
    """
    return one(FORMULAS["theil_index"], estimate, se, population, options)


def mean_log_deviation(
    estimate: ArrayLike, se: ArrayLike | None = None, population: ArrayLike | None = None, **options: Unpack[Options]
) -> Measured:
    """Mean log deviation between groups, times 1000 (MLD).

    Parameters
    ----------
    estimate, se, population, **options
        See `mrstats.measures.inequality.difference`.

    Returns
    -------
    Measured
        0 where all are equal; NaN where a group has the value 0: the limit is infinite and no small number takes its place.

    Notes
    -----
    How to read it: as Theil's index, but sensitive to groups far below the mean. 1000·Σp(−ln ρ); gradient p(1 − 1/ρ)/μ.

    References
    ----------
    Borrell & Talih (2011), Statistics in Medicine 30:85-101.

    Examples
    --------
    1000·(0.6·ln 1.2 − 0.4·ln 1.25).

    >>> round(float(mean_log_deviation([30, 45], [1.5, 2.0], [1200, 800]).estimate), 4)
    20.1355
    """
    return one(FORMULAS["mean_log_deviation"], estimate, se, population, options)


def chance_variance(groups: Groups) -> np.ndarray:
    """What chance adds to the variance between groups: tr((P − pp′)V) = Σp(1 − p)s² for independent ones."""
    return groups.trace(groups.share, groups.share)


def _corrected_variance(groups: Groups) -> np.ndarray:
    return np.maximum(groups.point.variance[:, 0] - chance_variance(groups), 0.0)


def _variance(groups: Groups) -> Measured:
    p, v = groups.share, groups.variance
    gap = p * (groups.estimate - groups.point.mean)
    if groups.covariance is None:  # tr((MV)²) with V diagonal
        twice = (p**2 * v).sum(axis=-1) ** 2 + ((p**2 * (1 - p) ** 2 - p**4) * v**2).sum(axis=-1)
    else:
        product = (p[:, :, None] * np.eye(p.shape[1]) - p[:, :, None] * p[:, None, :]) @ groups.covariance
        twice = np.einsum("tjk,tkj->t", product, product)
    se = np.sqrt(4 * groups.spread(gap) ** 2 + 2 * twice)
    return drawn(groups, lambda s: s.variance, kind="variance", se=se, corrected=_corrected_variance(groups))


def _deviation(groups: Groups) -> Measured:
    return drawn(groups, lambda s: np.sqrt(s.variance), corrected=np.sqrt(_corrected_variance(groups)))


def _coefficient(groups: Groups) -> Measured:
    corrected = 100 * np.sqrt(_corrected_variance(groups)) / positive_mean(groups.point)[:, 0]
    return drawn(
        groups, lambda s: 100 * np.sqrt(s.variance) / positive_mean(s), corrected=corrected, reason=mean_reason(groups)
    )


def _entropy(groups: Groups, *, log_deviation: bool) -> Measured:
    """Theil's index or the mean log deviation, which share what makes them undefined."""
    lowest = np.where(groups.present, groups.estimate, np.inf).min(axis=-1)
    mean = positive_mean(groups.point)
    forbidden = (lowest <= 0) if log_deviation else (lowest < 0)
    reason = np.where(lowest < 0, NEGATIVE_GROUP, np.where(forbidden, ZERO_GROUP, mean_reason(groups)))
    usable = groups.present & ~forbidden[:, None] & np.isfinite(mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(usable, groups.estimate / mean, 1.0)
        if log_deviation:
            gradient = groups.share / mean * (1 - 1 / ratio)
        else:
            # At value 0 the slope is without limit; an exact 0, whose error is 0, moves nothing.
            gradient = groups.share / mean * (np.log(ratio) - groups.point.entropies[0])
            gradient = np.where((ratio == 0) & (groups.variance == 0), 0.0, gradient)
    se = np.where(
        np.isfinite(gradient).all(axis=-1), groups.spread(np.where(np.isfinite(gradient), gradient, 0.0)), np.nan
    )

    def formula(sums: Sums) -> np.ndarray:
        return 1000 * np.where(forbidden[:, None], np.nan, sums.entropies[1 if log_deviation else 0])

    return drawn(groups, formula, kind="variance", se=1000 * se, reason=reason)


FORMULAS: dict[str, Formula] = {
    "between_group_variance": _variance,
    "between_group_standard_deviation": _deviation,
    "coefficient_of_variation": _coefficient,
    "theil_index": lambda g: _entropy(g, log_deviation=False),
    "mean_log_deviation": lambda g: _entropy(g, log_deviation=True),
}

__all__ = list(FORMULAS)

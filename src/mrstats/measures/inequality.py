"""How unequal groups are: the summary measures of WHO, each with its standard error. Arrays in, arrays out; no tables.

Every measure has its public name here and its room below: `two_groups`, `distances`, `dispersion`, along an order `ranked` and
`logistic`. They share the tables made ready in `groups` and the three `forms` a measure takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from mrstats.measures import dispersion, distances, ranked, two_groups
from mrstats.measures.dispersion import (
    between_group_standard_deviation,
    between_group_variance,
    coefficient_of_variation,
    mean_log_deviation,
    theil_index,
)
from mrstats.measures.distances import (
    index_of_disparity,
    index_of_disparity_weighted,
    mean_difference_from_best,
    mean_difference_from_best_weighted,
    mean_difference_from_mean,
    mean_difference_from_mean_weighted,
    mean_difference_from_reference,
    mean_difference_from_reference_weighted,
    opportunity_dissimilarity,
    opportunity_index,
)
from mrstats.measures.forms import Formula, Measured, finish, linear, measured
from mrstats.measures.groups import Groups, Options
from mrstats.measures.logistic import Logit, logit_indices
from mrstats.measures.ranked import (
    absolute_concentration_index,
    erreygers_index,
    relative_concentration_index,
    relative_index,
    slope_index,
    wagstaff_index,
)
from mrstats.measures.two_groups import (
    difference,
    population_attributable_fraction,
    population_attributable_risk,
    ratio,
)


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


_GAINS = ("population_attributable_risk", "population_attributable_fraction")
FORMULAS: dict[str, Formula] = {
    "difference": two_groups.FORMULAS["difference"],
    "ratio": two_groups.FORMULAS["ratio"],
    **distances.FORMULAS,
    **dispersion.FORMULAS,
    **{name: two_groups.FORMULAS[name] for name in _GAINS},
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
    "ORDERED",
    "RELATIVE",
    "Logit",
    "Measured",
    "absolute_concentration_index",
    "between_group_standard_deviation",
    "between_group_variance",
    "coefficient_of_variation",
    "difference",
    "erreygers_index",
    "gap_to_mean",
    "index_of_disparity",
    "index_of_disparity_weighted",
    "logit_indices",
    "mean_difference_from_best",
    "mean_difference_from_best_weighted",
    "mean_difference_from_mean",
    "mean_difference_from_mean_weighted",
    "mean_difference_from_reference",
    "mean_difference_from_reference_weighted",
    "mean_log_deviation",
    "measure_all",
    "opportunity_dissimilarity",
    "opportunity_index",
    "population_attributable_fraction",
    "population_attributable_risk",
    "ratio",
    "relative_concentration_index",
    "relative_index",
    "slope_index",
    "theil_index",
    "wagstaff_index",
]

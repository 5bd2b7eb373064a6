"""Contrasts of two estimates from their own intervals: arrays in, arrays out. No tables, no groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def mover_difference(
    estimate_1: ArrayLike,
    lower_1: ArrayLike,
    upper_1: ArrayLike,
    estimate_2: ArrayLike,
    lower_2: ArrayLike,
    upper_2: ArrayLike,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a difference, first minus second, from the intervals of two independent estimates (MOVER).

    Parameters
    ----------
    estimate_1, lower_1, upper_1, estimate_2, lower_2, upper_2 : array_like, shape (k,)
        Estimates and their own intervals, all at the same level; they may be lopsided.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        At that level, in the estimates' unit.

    Notes
    -----
    With Wilson limits it is Newcombe's interval for proportions, with Byar limits one for rates; with symmetric
    limits it is the usual square root of the sum of squares.

    References
    ----------
    Zou & Donner (2008), Statistics in Medicine 27:1693-1702.

    Examples
    --------
    >>> lower, upper = mover_difference([5.0], [2.0], [8.0], [1.0], [-3.0], [5.0])
    >>> float(lower[0]), float(upper[0])
    (-1.0, 9.0)
    """
    e_1, l_1, u_1, e_2, l_2, u_2 = (
        np.asarray(a, float) for a in (estimate_1, lower_1, upper_1, estimate_2, lower_2, upper_2)
    )
    difference = e_1 - e_2
    lower = difference - np.hypot(e_1 - l_1, u_2 - e_2)
    upper = difference + np.hypot(u_1 - e_1, e_2 - l_2)
    return lower, upper

"""Numbers of persons told coarsely, and what a reader can know from them: to tens, and shares in steps of ten persons or more.

Where a result tells so, nobody can read a count under ten off it. Arrays in, arrays out; it decides nothing about who is shown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST = 10
"""So many persons must be on either side of a figure that leaves the city's walls."""

FINEST = 0.1
"""Per cent: shares are told no finer, as they are printed."""

Between = tuple[NDArray[np.float64], NDArray[np.float64]]


def to_nearest_ten(number: ArrayLike) -> NDArray[np.float64]:
    """To the nearest ten, halves to the even one: 45 is 40 and 55 is 60."""
    return np.round(np.asarray(number, float), -1)


def between_tens(tens: ArrayLike) -> Between:
    """The least and the most whole number of persons that `to_nearest_ten` makes these of.

    Examples
    --------
    >>> [end.tolist() for end in between_tens([0, 40, 50])]
    [[0.0, 35.0, 46.0], [5.0, 45.0, 54.0]]
    """
    told = np.asarray(tens, float)
    half = np.where(np.remainder(told, 20) == 0, 5.0, 4.0)
    return np.maximum(told - half, 0.0), told + half


def share_step(persons: ArrayLike) -> NDArray[np.float64]:
    """The step in per cent that shares of so many persons are told in: 1, 2 or 5 of some power of ten, and never finer than `FINEST`.

    It is at least ten persons of the fewest that are told by the same ten: a share tells of a count no more than its tens would,
    also to somebody who knows how many they are, and one to five are never told apart from nobody.

    Examples
    --------
    >>> share_step([366_000, 10_010, 10_000, 1100, 600, 60, 10]).tolist()
    [0.1, 0.1, 0.2, 1.0, 2.0, 20.0, 100.0]
    """
    least = np.maximum(100 * FEWEST / np.maximum(between_tens(to_nearest_ten(persons))[0], FEWEST), FINEST)
    power = 10.0 ** np.floor(np.round(np.log10(least), 9))
    times = np.round(least / power, 9)
    return np.round(power * np.select([times <= 1, times <= 2, times <= 5], [1.0, 2.0, 5.0], 10.0), 9)


def coarse_share(count: ArrayLike, persons: ArrayLike) -> NDArray[np.float64]:
    """How many of some persons, in per cent, to the nearest step of `share_step`; NaN of nobody.

    Examples
    --------
    >>> coarse_share([1234, 3, 0], [10_050, 1000, 0]).tolist()
    [12.3, 0.0, nan]
    """
    y, n = np.asarray(count, float), np.asarray(persons, float)
    step = share_step(n)
    share = 100 * y / np.where(n > 0, n, np.nan)
    return np.round(np.round(np.round(share / step, 9)) * step, 9)


def between_shares(share: ArrayLike, tens: ArrayLike) -> Between:
    """The fewest and the most persons that a share of `coarse_share` can stand for, where how many it is of is told to tens.

    Examples
    --------
    >>> [end.tolist() for end in between_shares([12.3, 0.0], [10_050, 1000])]
    [[1231.0, 0.0], [1241.0, 10.0]]
    """
    told, step = np.asarray(share, float), share_step(tens)
    least, most = between_tens(tens)
    lower = np.ceil(np.round(least * (told - step / 2) / 100, 6))
    return np.maximum(lower, 0.0), np.minimum(np.floor(np.round(most * (told + step / 2) / 100, 6)), most)

"""How far each home is from the nearest place, and which are near: arrays in, arrays out. Straight lines; no roads, no tables.

The one rule of who is near: tables, profiles and impacts count by it, so that one question has one answer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def nearest_distance(homes: ArrayLike, places: ArrayLike) -> NDArray[np.float64]:
    """Distance in a straight line from each home to the nearest place.

    Parameters
    ----------
    homes : array_like, shape (n, 2)
        East and north in metres; not finite where a home is not located.
    places : array_like, shape (k, 2)
        At least one.

    Returns
    -------
    ndarray, shape (n,)
        Metres; NaN for a home that is not located.

    Raises
    ------
    ValueError
        No place, or one that is not located.

    Examples
    --------
    >>> nearest_distance([[0.0, 0.0], [np.nan, 0.0]], [[3.0, 4.0], [30.0, 40.0]]).tolist()
    [5.0, nan]
    """
    from scipy.spatial import KDTree

    here, there = np.asarray(homes, float).reshape(-1, 2), np.asarray(places, float).reshape(-1, 2)
    if not len(there) or not np.isfinite(there).all():
        raise ValueError("places must hold at least one place, each with a finite east and north.")
    known = np.isfinite(here).all(axis=1)
    far = np.full(len(here), np.nan)
    far[known] = KDTree(there).query(here[known])[0]
    return far


def is_near(metres: ArrayLike, reach: float) -> NDArray[np.bool_]:
    """Whether places are near: at most `reach` metres away. Where the distance is not known (NaN), it is not near, and belongs in no share.

    In dataset.toml the same is written ``numerator = "metres_to_library <= 1000"``, ``denominator = "metres_to_library >= 0"``.

    Examples
    --------
    >>> is_near([999.9, 1000.0, 1000.1, np.nan], 1000).tolist()
    [True, True, False, False]
    """
    return np.asarray(metres, float) <= reach

"""Input checks shared by the measures: they name the first row that is wrong. No statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def check_confidence(confidence: float) -> float:
    """The level itself, or a ValueError when it is not a fraction in (0, 1)."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence} must be a fraction between 0 and 1, such as 0.95.")
    return float(confidence)


def normal_quantile(confidence: float) -> float:
    """Two-sided standard normal quantile of a confidence level (1.96 for 0.95)."""
    from scipy.special import ndtri

    return float(ndtri(1 - (1 - check_confidence(confidence)) / 2))


def check_counts(count: ArrayLike, n: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Counts and their n as float arrays, ``0 <= count <= n`` and ``n > 0``; NaN passes through."""
    count, n = np.broadcast_arrays(np.asarray(count, float), np.asarray(n, float))
    for wrong, what in (
        (n <= 0, "n must be above 0"),
        (count < 0, "count must not be negative"),
        (count > n * (1 + 1e-12), "count must not exceed n"),
    ):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ValueError(f"row {row}: {what}; count={count.flat[row]:g}, n={n.flat[row]:g}.")
    return np.minimum(count, n), n


def check_events(events: ArrayLike) -> np.ndarray:
    """Events as a float array, none negative; NaN passes through."""
    events = np.asarray(events, float)
    if (events < 0).any():
        row = int(np.argmax(events < 0))
        raise ValueError(f"row {row}: events must not be negative; events={events.flat[row]:g}.")
    return events

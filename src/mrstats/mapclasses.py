"""Five classes with round limits, cut after rounding so that colour and printed value agree. No drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .language import EN_DASH, number

CLASSES = 5


@dataclass(frozen=True)
class Classes:
    """Five classes on round limits, for values already rounded as printed.

    `limits` are the four inner lower ends; `scale` divides large units (kronor become thousands of kronor).
    """

    limits: tuple[float, ...]
    decimals: int
    scale: float = 1.0

    def rounded(self, value: float) -> float:
        """The value as it is printed; classes are cut after rounding, so that text and colour agree."""
        return math.floor(value / self.scale * 10**self.decimals + 0.5 + 1e-9) / 10**self.decimals

    def of(self, values) -> list[int]:
        """Class numbers, 0 lowest to 4 highest."""
        from mapclassify import UserDefined

        half = 0.5 / 10**self.decimals
        rounded = [self.rounded(value) for value in values]
        bins = [limit - half for limit in self.limits] + [max(*rounded, self.limits[-1]) + 1]
        return [int(number) for number in UserDefined(rounded, bins).yb]

    def text(self, value: float, language: str) -> str:
        """A value as the map prints it."""
        return number(self.rounded(value), language, decimals=self.decimals)

    def label(self, place: int, words) -> str:
        """*40 eller mer*, *30–39*, *under 10*."""

        def write(value):
            return number(value, words.language, decimals=self.decimals)

        if place == 0:
            return words.word("map_under", limit=write(self.limits[0]))
        if place == len(self.limits):
            return words.word("map_or_more", limit=write(self.limits[-1]))
        low, high = self.limits[place - 1], self.limits[place] - 1 / 10**self.decimals
        return write(low) if math.isclose(low, high) else f"{write(low)}{EN_DASH}{write(high)}"


def round_limits(values) -> tuple[tuple[float, ...], int]:
    """Four inner limits on a round step that spread values most evenly over five classes.

    Parameters
    ----------
    values : sequence of float
        At least one finite value.

    Returns
    -------
    limits : tuple of float
        Lower ends of classes two to five, evenly spaced.
    decimals : int
        Decimals that the limits and the values need: none for steps of one or more.

    Examples
    --------
    >>> round_limits([5, 12, 18, 23, 27, 31, 36, 42])
    ((10.0, 20.0, 30.0, 40.0), 0)
    """
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    best: tuple[list[float], float] = ([], 1.0)
    score = -1.0
    power = 10.0 ** math.floor(math.log10(span / CLASSES))
    steps = [factor * power for factor in (10, 5, 2, 1) if factor * power >= span / (2 * CLASSES)]
    for step in steps:  # finer steps would leave the open end classes much wider than the others
        for start in range(math.floor(low / step), math.ceil(high / step) + 1):
            limits = [(start + place) * step for place in range(CLASSES - 1)]
            counts = [
                sum(sum(limit <= value for limit in limits) == place for value in values) for place in range(CLASSES)
            ]
            shares = [count / len(values) for count in counts if count]
            evenness = len(shares) - sum(share * share for share in shares)  # filled classes come first
            if evenness > score + 1e-9:
                best, score = (limits, step), evenness
    limits, step = best
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return tuple(round(limit, decimals) for limit in limits), decimals


def classes_of(values) -> Classes:
    """Classes for all values that are to lie on one scale, missing ones left out."""
    values = [value for value in values if not math.isnan(value)]
    if not values:
        return Classes((10.0, 20.0, 30.0, 40.0), 0)
    scale = 1000.0 if max(map(abs, values)) >= 10_000 else 1.0
    limits, decimals = round_limits([value / scale for value in values])
    limits, decimals = round_limits([Classes(limits, decimals, scale).rounded(value) for value in values])
    return Classes(limits, decimals, scale)

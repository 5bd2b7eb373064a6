"""Scales on a sheet: round ends, ticks whose labels lie apart, and small multiples side by side. No rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from . import look
from .captions import Captions
from .language import capital, number

MOST_PANELS = 9
"""Small multiples that can still be compared with each other."""

_LEAST_UPRIGHT = 8.5
"""Millimetres between the ticks of an upright axis."""


@dataclass(frozen=True)
class Axis:
    """A scale between two places on a sheet: round ends, and ticks whose labels lie apart.

    It runs from `left` to `right` in millimetres; an upright one from `left`, its foot, up to `right`, its top.
    """

    low: float
    high: float
    step: float
    left: float
    right: float
    language: str
    mirrored: bool = False

    @classmethod
    def around(
        cls, values, left: float, right: float, language: str, *, mirrored: bool = False, upright: bool = False
    ) -> Axis:
        """Round ends around all values, and zero when it is near; a mirrored axis runs as far either side of zero."""
        known = [value for value in values if not math.isnan(value)] or [0.0, 1.0]
        low, high = min(known), max(known)
        low = -high if mirrored else 0.0 if 0 <= low <= 0.35 * high else low
        for cuts in range(8 if upright else 5, 0, -1):  # fewer and fewer ticks until their labels lie apart
            step = round_step(((high - low) or abs(high) or 1.0) / cuts)
            start, stop = math.floor(low / step) * step, math.ceil(high / step) * step
            if mirrored:
                start, stop = low, high
            axis = cls(start, max(stop, start + step), step, left, right, language, mirrored)
            label = max(look.text_width(axis.tick(end), look.SMALL_SIZE) for end in (axis.low, axis.high))
            if abs(axis.x(step) - axis.x(0)) >= (_LEAST_UPRIGHT if upright else label + 2):
                break
        return axis

    def x(self, value: float) -> float:
        """The place of a value on the sheet: millimetres from its left edge, or from its top."""
        return self.left + (value - self.low) / (self.high - self.low) * (self.right - self.left)

    def tick(self, value: float) -> str:
        """A value as it stands under the axis, with as many decimals as the step has."""
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        return number(abs(value) if self.mirrored else value, self.language, decimals=decimals)

    @property
    def broken(self) -> bool:
        """Whether the axis starts above (or wholly apart from) zero."""
        return self.low > 0 or self.high < 0

    def notes(self, word) -> list[str]:
        """What has to be said of an axis without zero."""
        return [word("axis_break", start=self.tick(self.low)).rstrip(".")] if self.broken else []

    def ticks(self) -> list[float]:
        """The values that carry a grid line."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [tick * self.step for tick in range(first, last + 1)]

    def labels_width(self) -> float:
        """Millimetres that the widest label of a tick takes."""
        return max(look.text_width(self.tick(value), look.SMALL_SIZE) for value in self.ticks())

    def draw_upright(self, sheet: look.Sheet, left: float, right: float) -> None:
        """Grid lines from left to right, labels before them, and two short strokes where the axis is cut."""
        for value in self.ticks():
            y = self.x(value)
            sheet.line([left, right], [y, y], colour=look.GRID, width=look.GRID_LINE, layer=1)
            sheet.middle(left - 2, y, self.tick(value), size=look.SMALL_SIZE, colour=look.TEXT_2, align="right")
        for shift in (1.2, 2.2) if self.broken else ():
            y = self.left - shift
            sheet.line([left - 1, left + 1], [y + 0.5, y - 0.5], colour=look.TEXT_2, width=0.8)

    def draw(self, sheet: look.Sheet, top: float, bottom: float, *, grid: bool = True) -> None:
        """Grid lines from top to bottom, labels below, and two short strokes where the axis is cut."""
        for value in self.ticks():
            x = self.x(value)
            if grid:
                sheet.line([x, x], [top, bottom], colour=look.GRID, width=look.GRID_LINE, layer=1)
            sheet.text(x, bottom + 3.8, self.tick(value), size=look.SMALL_SIZE, colour=look.TEXT_2, align="center")
        for shift in (-2.4, -1.4) if self.broken else ():
            x = self.left + shift
            sheet.line([x - 0.5, x + 0.5], [bottom + 1, bottom - 1], colour=look.TEXT_2, width=0.8)


def axis_name(words: Captions, indicator) -> str:
    """What the axis measures and in which unit."""
    share, unit = words.share(indicator), indicator.unit[words.language]
    return capital(share if unit in share else f"{share}, {unit}")


def name_axis(sheet: look.Sheet, middle: float, y: float, name: str) -> None:
    """Write the axis's name about `middle`, inside the sheet."""
    half = look.text_width(name, look.SMALL_SIZE) / 2
    x = max(half, min(middle, look.COLUMN_WIDTH - half))
    sheet.text(x, y, name, size=look.SMALL_SIZE, colour=look.TEXT_2, align="center")


def panel_places(count: int, left: float, *, least: float, gap: float) -> list[tuple[int, float, float]]:
    """Tier, left and right end of each of some small multiples of equal width, in as few tiers as fit."""
    room = look.COLUMN_WIDTH - gap / 2 - left + gap
    tiers = math.ceil(count / max(1, int(room / (least + gap))))
    across = math.ceil(count / tiers)
    starts = [left + place * room / across for place in range(across)]
    return [
        (place // across, starts[place % across], starts[place % across] + room / across - gap)
        for place in range(count)
    ]


def round_step(rough: float) -> float:
    """A step near `rough` that is 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(rough))
    return power * min((1, 2, 5, 10), key=lambda factor: abs(math.log(factor * power / rough)))

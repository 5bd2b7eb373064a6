"""How a map with its legend is drawn: histogram of residents, and a locator of districts. No class limits."""

from __future__ import annotations

from dataclasses import dataclass

from . import look
from .mappanel import Panel, fill_pattern, spot_in

MAP_WIDTH, MAP_HEIGHT, LEGEND_LEFT = 112.0, 128.0, 121.0


@dataclass(frozen=True)
class LegendRow:
    """A line of the legend: swatch, label and a bar of persons or areas."""

    label: str
    fill: str
    pattern: str
    amount: float
    text: str


@dataclass(frozen=True)
class Legend:
    """The words and rows beside the map."""

    heading: str
    bars: str
    rows: tuple[LegendRow, ...]
    border: str
    whole: str


class Drawing:
    """A map laid out on a sheet of the column's width.

    Parameters
    ----------
    places : sequence of Place
        Areas in the coordinates of their boundaries, in metres.
    letters : dict
        Letter of each district on the locator; empty when the areas are the districts themselves.
    water : GeoDataFrame or None
        Named water; it is not coloured.
    legend : Legend
        Words and rows beside the map.
    """

    def __init__(self, places, letters: dict[str, str], water, legend: Legend):
        self.letters, self.legend = letters, legend
        self.panel = Panel(places, water, MAP_WIDTH, MAP_HEIGHT)
        self.height = max(self.panel.end, self._legend_height()) + look.UNDER_LAST_BASELINE
        self.sheet = look.Sheet(look.COLUMN_WIDTH, round(self.height, 2))

    def svg(self) -> str:
        """Draw everything, once; afterwards the panel counts what did not fit."""
        self.panel.draw(self.sheet)
        self._draw_legend()
        return self.sheet.svg()

    def _locator_height(self) -> float:
        return 35.0 * self.panel.bottom / MAP_WIDTH + 4 if self.letters else 0.0

    def _draw_locator(self, top: float) -> None:
        import shapely

        size = 35.0 / MAP_WIDTH

        def shrink(shape):
            return shapely.transform(shape, lambda points: points * size + (LEGEND_LEFT, top))

        for code, shape in self.panel.districts.items():
            small = shrink(shape)
            self.sheet.shape(small, fill=look.PANEL, edge=look.TEXT_2, width=0.6, layer=2)
            spot = spot_in(small, 1.0, 1.0)
            x, y = spot or (small.representative_point().x, small.representative_point().y)
            self.sheet.middle(x, y, self.letters[code], weight=look.BOLD, colour=look.BETTER, align="center")

    # Legend -------------------------------------------------------------------------------------------

    def _border_lines(self) -> list[str]:
        return look.wrap(self.legend.border, look.COLUMN_WIDTH - LEGEND_LEFT - 6.2)

    def _legend_height(self) -> float:
        return 11.0 + 9.2 * len(self.legend.rows) + 4 * len(self._border_lines()) + 7 + self._locator_height()

    def _draw_legend(self) -> None:
        sheet, left, inset = self.sheet, LEGEND_LEFT, LEGEND_LEFT + 6.2
        sheet.text(left, 3.2, self.legend.heading, weight=look.SEMIBOLD)
        sheet.text(left, 7.2, self.legend.bars, size=look.SMALL_SIZE, colour=look.TEXT_2)
        longest = max(look.text_width(row.text, look.SMALL_SIZE) for row in self.legend.rows)
        unit = (look.COLUMN_WIDTH - inset - 1.6 - longest) / max(1.0, *(row.amount for row in self.legend.rows))
        y = 10.6
        for row in self.legend.rows:
            self._draw_swatch(left, y, row)
            sheet.middle(inset, y + 2.1, row.label)
            bar = row.amount * unit
            if bar:
                sheet.box(inset, y + 5.2, bar, 1.9, fill=look.HATCH)
            sheet.middle(
                inset + bar + (1.4 if bar else 0),
                y + 6.15,
                row.text,
                size=look.SMALL_SIZE,
                colour=look.TEXT_2,
            )
            y += 9.2
        y += 1.2
        sheet.line([left, left + 4.6], [y, y], colour=look.INK, width=look.DISTRICT_LINE)
        for line in self._border_lines():
            sheet.middle(inset, y, line)
            y += 4
        if self.legend.whole:
            sheet.middle(left, y + 1.6, self.legend.whole, weight=look.SEMIBOLD)
        if self.letters:
            self._draw_locator(y + 6)

    def _draw_swatch(self, x: float, y: float, row: LegendRow) -> None:
        import shapely

        if row.pattern:
            fill_pattern(self.sheet, shapely.box(x + 0.1, y, x + 4.7, y + 4.2), row.pattern)
        else:
            self.sheet.box(x + 0.1, y, 4.6, 4.2, fill=row.fill, edge=look.AXIS)

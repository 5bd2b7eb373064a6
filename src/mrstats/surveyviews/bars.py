"""Diverging bars: a question a row, its answers either side of the middle, figures beside it. It chooses no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import look
from ..captions import HIDDEN
from ..chartdrawing import draw_arrow
from ..mappanel import fill_pattern
from ..schema import MrstatsError
from ..scorecarddrawing import MOST_HEIGHT

SIDE = ("#7A2E12", "#B5562A", "#E9B893"), ("#A9CDDF", "#3878A0", "#123A5E")
"""Worse to better, up to three answers each side of the middle."""
MIDDLE = "#F1F1EE"

_LINE, _LEGEND, _SWATCH, _GAP, _BAR, _ROW = 3.5, 4.8, 3.8, 3.6, 4.8, 6.4
_LABELS, _AIRS = (38.0, 46.0, 54.0, 62.0), (2.6, 1.0)
"""Widths that names may take, and the room above and below them together; the first that let all rows fit a page."""
_LEAST_PLOT, _HEAD_MOST, _CHANGE_HEAD_MOST = 36.0, 10.0, 27.0


@dataclass(frozen=True)
class Change:
    """A change as written, the arrow's way (``^``, ``v``, ``=`` or none) and the word, in a colour and bold where certain."""

    text: str
    way: str | None
    word: str
    colour: str | None = None


@dataclass(frozen=True)
class Bar:
    """A question: shares from the worst answer to the best with how each is written (none if hidden), cells, and its change."""

    name: str
    shares: tuple[tuple[float, str], ...]
    cells: tuple[str, ...]
    change: Change | None = None


@dataclass(frozen=True)
class Heads:
    """Words around the bars: of the two sides, of the columns of cells and of the change, and the line that sums it up."""

    sides: tuple[str, str]
    columns: tuple[str, ...]
    change: str
    sums: str


def colours_of(negative: int, neutral: int, positive: int) -> list[str]:
    """The colour of each answer from the worst to the best.

    Examples
    --------
    >>> colours_of(2, 1, 2)
    ['#B5562A', '#E9B893', '#F1F1EE', '#A9CDDF', '#3878A0']
    """
    if max(negative, positive) > len(SIDE[0]):
        raise MrstatsError(
            f"A scale of {negative + neutral + positive} answers has more than {len(SIDE[0])} either side of the middle, too many to "
            "tell apart in a chart. Use mr.table."
        )
    first = {1: 1, 2: 1, 3: 0}  # the outermost only where all are needed
    worse, better = SIDE
    bad = [worse[first[negative] + place] for place in range(negative)]
    good = [better[2 - first[positive] - place] for place in range(positive)][::-1]
    return [*bad, *[MIDDLE] * neutral, *good]


class DivergingBars:
    """Bars laid out on a sheet of the column's width, all centred on the middle of their neutral answers.

    Parameters
    ----------
    bars : sequence of Bar
    counts : (int, int, int)
        How many answers are negative, neutral and positive.
    legends : sequence of (str, sequence of str)
        Words of the answers from the worst to the best, after a lead-in where there are two sorts of questions.
    heads : Heads

    Raises
    ------
    MrstatsError
        More questions than fit a page, or more answers than colours.
    """

    def __init__(
        self,
        bars: Sequence[Bar],
        counts: tuple[int, int, int],
        legends: Sequence[tuple[str, Sequence[str]]],
        heads: Heads,
    ):
        self.bars, self.heads, self.counts = bars, heads, counts
        self.colours = colours_of(*counts)
        self._lay_out_legend(legends)
        self._lay_out_columns()
        self._lay_out_rows()
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    def _lay_out_legend(self, legends: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Places of the legend's entries; every sort of question begins a line."""
        self.entries: list[tuple[float, float, str, str]] = []
        self.leads: list[tuple[float, str]] = []
        inset = max(look.text_width(lead, look.SMALL_SIZE) for lead, _ in legends)
        inset, y = inset + 2.0 if inset else 0.0, 2.4
        for lead, texts in legends:
            x = inset
            self.leads.append((y, lead))
            for colour, text in zip(self.colours, texts, strict=True):
                width = _SWATCH + 1.4 + look.text_width(text, look.SMALL_SIZE)
                if x > inset and x + width > look.COLUMN_WIDTH:
                    x, y = inset, y + _LEGEND
                self.entries.append((x, y, colour, text))
                x += width + 3.0
            y += _LEGEND
        self.top = y - 1.2

    def _lay_out_columns(self) -> None:
        """Right edges of the columns of cells, from the right beside the changes; left edges of the changes' parts."""
        edge = look.COLUMN_WIDTH
        self.change_head = look.wrap(self.heads.change, _CHANGE_HEAD_MOST, look.SMALL_SIZE) if self.heads.change else []
        changes = [bar.change for bar in self.bars if bar.change]
        if changes:
            figures = max(look.text_width(change.text, weight=look.BOLD) for change in changes)
            words = max(look.text_width(change.word, weight=look.BOLD) for change in changes)
            head = max(look.text_width(line, look.SMALL_SIZE) for line in self.change_head)
            self.change_left = edge - max(figures + 5.0 + words, head)
            self.change_edge = self.change_left + figures
            edge = self.change_left - _GAP
        self.edges: list[float] = []
        self.column_heads = [look.wrap(head, _HEAD_MOST, look.SMALL_SIZE) for head in self.heads.columns]
        for place in reversed(range(len(self.column_heads))):
            self.edges.insert(0, edge)
            widths = [look.text_width(bar.cells[place]) for bar in self.bars]
            edge -= max(*widths, *(look.text_width(line, look.SMALL_SIZE) for line in self.column_heads[place])) + _GAP
        self.right = edge

    def _lay_out_rows(self) -> None:
        """The narrowest names with which all rows fit a page, then heights."""
        for label in _LABELS:
            self._lay_out_names(label)
            for air in _AIRS:
                self.heights = [max(_ROW, _LINE * len(name) + air) for name in self.names]
                self.bottom = self.plot_top + sum(self.heights)
                self.height = self.bottom + 4.4 + (_LINE + 1.8) * bool(self.heads.sums) + look.UNDER_LAST_BASELINE
                if self.height <= MOST_HEIGHT:
                    return
        raise MrstatsError(
            f"The chart of {len(self.bars)} questions would be {self.height:.0f} mm high; {MOST_HEIGHT:.0f} fit a page. Select fewer "
            "questions, or use mr.table."
        )

    def _lay_out_names(self, label: float) -> None:
        """Names in lines of a width, and the scale that is left beside them."""
        names = [
            " ".join(part for word in bar.name.split() for part in look.hyphenated(word, label)) for bar in self.bars
        ]
        self.names = [look.wrap(name, label) for name in names]
        self.label = max(look.text_width(line) for name in self.names for line in name)
        self.left = self.label + _GAP
        if self.right - self.left < _LEAST_PLOT:
            raise MrstatsError("The texts of the questions leave no room for the bars. Shorten them, or use mr.table.")
        beside = [self._halves(bar) for bar in self.bars if bar.shares] or [(50.0, 50.0)]
        furthest = [max(ends) for ends in zip(*beside, strict=True)]
        self.scale = (self.right - self.left) / sum(furthest)
        self.middle = self.left + furthest[0] * self.scale
        lines = max(len(self.change_head), *map(len, self.column_heads))
        self.plot_top = self.top + _LINE * lines + 1.6

    def _halves(self, bar: Bar) -> tuple[float, float]:
        """How far a bar reaches left and right of the middle, in per cent."""
        shares = [share for share, _ in bar.shares]
        negative, neutral, _ = self.counts
        left = sum(shares[:negative]) + sum(shares[negative : negative + neutral]) / 2
        return left, sum(shares) - left

    def svg(self) -> str:
        """Draw everything, once."""
        sheet, small = self.sheet, {"size": look.SMALL_SIZE, "colour": look.TEXT_2}
        for y, lead in self.leads:
            sheet.middle(0, y, lead, **small)
        for x, y, colour, text in self.entries:
            sheet.box(x + 0.2, y - 1.7, _SWATCH, 3.4, fill=colour, edge=look.AXIS)
            sheet.middle(x + _SWATCH + 1.4, y, text, **small)
        for edge, head in zip(self.edges, self.column_heads, strict=True):
            for place, line in enumerate(reversed(head)):
                sheet.text(edge, self.plot_top - 1.6 - _LINE * place, line, align="right", **small)
        for place, line in enumerate(reversed(self.change_head)):
            sheet.text(self.change_left, self.plot_top - 1.6 - _LINE * place, line, **small)
        sheet.line([self.middle] * 2, [self.plot_top - 1.0, self.bottom + 1.0], colour=look.INK, width=look.MEAN_LINE,
                   dash=(4, 2), layer=1)  # fmt: skip
        y = self.plot_top
        sheet.line([0, look.COLUMN_WIDTH], [y, y])
        for bar, name, height in zip(self.bars, self.names, self.heights, strict=True):
            self._draw_row(bar, name, y + height / 2)
            y += height
            sheet.line(
                [0, look.COLUMN_WIDTH], [y, y], colour=look.RULE if y >= self.bottom - 1e-6 else look.GRID, layer=0
            )
        negative, positive = self.heads.sides
        sheet.middle(self.middle - 2.5, self.bottom + 3.0, f"← {negative}", align="right", **small)
        sheet.middle(self.middle + 2.5, self.bottom + 3.0, f"{positive} →", **small)
        if self.heads.sums:
            sheet.middle(0, self.bottom + 3.0 + _LINE + 1.8, self.heads.sums)
        return sheet.svg()

    def _draw_row(self, bar: Bar, name: list[str], y: float) -> None:
        for place, line in enumerate(name):
            self.sheet.middle(0, y + (place - (len(name) - 1) / 2) * _LINE, line)
        for edge, text in zip(self.edges, bar.cells, strict=True):
            self.sheet.middle(edge, y, text, align="right")
        if bar.change:
            self._draw_change(bar.change, y)
        if not bar.shares:
            self._draw_hidden(y)
            return
        x = self.middle - self._halves(bar)[0] * self.scale
        for (share, text), fill in zip(bar.shares, self.colours, strict=True):
            width = share * self.scale
            if share > 0:
                self.sheet.box(x, y - _BAR / 2, width, _BAR, fill=fill, edge=look.AXIS, layer=3)
            if look.text_width(text, look.SMALL_SIZE) + 0.7 <= width:
                colour = look.text_on(fill)
                self.sheet.middle(x + width / 2, y, text, size=look.SMALL_SIZE, align="center", colour=colour)
            x += width

    def _draw_change(self, change: Change, y: float) -> None:
        certain = change.colour is not None
        style = {"weight": look.BOLD if certain else look.REGULAR}
        self.sheet.middle(self.change_edge, y, change.text, align="right", **style)
        colour = change.colour or look.TEXT_2
        if change.way == "=":
            self.sheet.middle(self.change_edge + 2.5, y, "=", align="center", colour=colour)
        elif change.word:
            draw_arrow(self.sheet, self.change_edge + 2.5, y, change.way, colour=colour)
        self.sheet.middle(self.change_edge + 5.0, y, change.word, colour=colour, **style)

    def _draw_hidden(self, y: float) -> None:
        """The room of a bar hatched, its sign on a white plate."""
        import shapely

        fill_pattern(self.sheet, shapely.box(self.left, y - _BAR / 2, self.right, y + _BAR / 2), "hidden")
        centre = (self.left + self.right) / 2
        half = look.text_width(HIDDEN, weight=look.BOLD) / 2 + 0.8
        self.sheet.box(centre - half, y - 1.8, 2 * half, 3.6, layer=5)
        self.sheet.middle(centre, y - 0.8, HIDDEN, align="center", weight=look.BOLD)

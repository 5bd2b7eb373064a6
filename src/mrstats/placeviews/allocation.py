"""How an allocation is shown: curves of amount and need over groups in order, and shares side by side. It computes none."""

from __future__ import annotations

import math

from .. import look
from ..axes import name_axis
from ..captions import Captions, lower_first
from ..display import Display, figure
from ..language import capital, number
from ..phrases import fill, hidden_in
from ..rowchart import STROKE, Block, Mark, Row, RowChart
from ..schema import UNKNOWN, UNPLACED, MrstatsError
from ..selection import masked
from ..viewparts import among, is_hidden, plain_table, written, written_interval

NEEDED = ("indicator", "need_indicator", "over", "group", "place", "amount_to_need", "cumulative_amount", "status")
_TOP, _CURVE, _LEFT, _FOOT, _TICKS = 6.6, 36.0, 11.0, 10.2, (0, 25, 50, 75, 100)
_TEXT_LEFT, _LINE = 70.0, 4.2
AMOUNT, NEED = look.GROUPS[0], look.GROUPS[1]
"""Colour and shape of what is shared out and of the need for it: neither is good or bad."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Concentration curves above with their indices; below, the shares of residents, amount and need by group."""
    words = Captions.of(data, city, language)
    found = _Allocation(masked(data, NEEDED), words)
    top = _TOP + _CURVE + _FOOT if found.has_curve else 0.0
    drawing = RowChart(
        found.blocks(),
        [words.word("allocation_axis")], [words.word("allocation_each"), words.word("allocation_to_need")],
        found.legend(), words.language, top=top,
    )  # fmt: skip
    if found.has_curve:
        _draw_curves(drawing.sheet, found)
    sentences = [
        words.word(
            "alt_allocation" if found.has_curve else "alt_allocation_rows", what=capital(found.amount), by=found.by
        )
    ]
    sentences += found.told()[:2]
    if hidden := sum(map(is_hidden, found.records)):
        sentences.append(words.word("alt_hidden", count=hidden, total=len(found.records)))
    cells = {cell for block in drawing.blocks for row in block.rows for cell in row.cells}
    notes = [words.word("allocation_read")] * found.has_curve + [
        words.word("allocation_ratio"),
        *drawing.notes(words.word),
    ]
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, found.finding(), *found.plain_titles()),
        subtitle=found.subtitle(), source=found.source(), notes=[*notes, *words.notes(cells, [])],
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_allocation_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Residents, amount per person with its interval, shares of need and amount, and amount to need."""
    words = Captions.of(data, city, language)
    found = _Allocation(masked(data, NEEDED), words)
    heads = [capital(found.by), words.word("persons"), words.word("allocation_each"),
             words.word("interval_column", level=words.confidence(found.shown) or "95"),
             words.word("allocation_need"), words.word("allocation_amount"), words.word("allocation_to_need")]  # fmt: skip
    spanners = [{"text": words.word("allocation_shares"), "first": 4, "last": 5}]
    lines = []
    for record in found.records:
        d = found.decimals
        cells = [written(record["population"], words, 0), written(record["per_person"], words, d),
                 written_interval(record["per_person_lower"], record["per_person_upper"], words, d),
                 *(written(record[f"{name}_share"], words, 1) for name in ("need", "amount")),
                 written(record["amount_to_need"], words, 2)]  # fmt: skip
        lines.append(([found.name(record), *cells], False))
    return plain_table(
        words, heads, lines, spanners=spanners, title=words.title(title, found.finding(), *found.plain_titles()),
        subtitle=found.subtitle(), source=found.source(), notes=[words.word("allocation_ratio")],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """Whether the worse or the better off get more than their need, and what share the worst off get of both."""
    found = _Allocation(masked(data, NEEDED), words)
    return found.told() + hidden_in(found.shown, words)


class _Allocation:
    """The groups or areas of an allocation, from the worst off to the best, with its words."""

    def __init__(self, shown, words: Captions):
        self.words, self.shown, self.records = words, shown, shown.to_dict("records")
        if len({(row["indicator"], row["need_indicator"], row["over"]) for row in self.records}) != 1:
            raise MrstatsError("One allocation is shown at a time. Pass what one mr.allocation returned.")
        first = self.records[0]
        self.over, self.first = first["over"], first
        self.indicator, self.need_indicator = (words.indicator(first[key]) for key in ("indicator", "need_indicator"))
        self.is_factor = self.over in words.city.factors
        self.by = lower_first(words.dimension(self.over) if self.is_factor else words.dimension("geography", self.over))
        self.amount, self.need = (
            lower_first(indicator.label[words.language]) for indicator in (self.indicator, self.need_indicator)
        )
        self.decimals = max(self.indicator.decimals, 1) if self.indicator.measure != "total" else 0
        self.ranked = [row for row in self.records if not math.isnan(row["place"])]
        ordered = [
            row for row in self.records if row["group"] not in (UNKNOWN, UNPLACED)
        ]  # those without a place are on none
        self.has_curve = len(ordered) > 1 and not any(math.isnan(row["cumulative_amount"]) for row in ordered)
        self.needs_all = self.need_indicator.measure == "count"

    def name(self, record: dict) -> str:
        if self.is_factor:
            return capital(self.words.group(self.over, record["group"]))
        return self.words.area(self.over, record["group"])

    def inside(self, record: dict) -> str:
        """A group or area inside a sentence."""
        if self.is_factor:
            return among(self.over, record["group"], self.words)
        level = self.words.city.geographies[self.over].definite[self.words.language]
        return f"{level} {self.name(record)}"

    def blocks(self) -> list[Block]:
        """Those who have a place, then those who have none."""
        rest = [row for row in self.records if row not in self.ranked]
        heading = self.words.word("allocation_from", by=self.by) if len(self.ranked) > 1 else ""
        return [Block(text, tuple(map(self.row, rows))) for text, rows in ((heading, self.ranked), ("", rest))]

    def row(self, record: dict) -> Row:
        marks = [Mark(record["population_share"], STROKE, look.HATCH)]
        if not self.needs_all:
            marks.append(Mark(record["need_share"], NEED[1], NEED[0]))
        marks.append(Mark(record["amount_share"], AMOUNT[1], AMOUNT[0]))
        cells = (
            written(record["per_person"], self.words, self.decimals),
            written(record["amount_to_need"], self.words, 2),
        )
        return Row(self.name(record), (tuple(marks),), cells)

    def legend(self) -> list[tuple[Mark, str]]:
        word = self.words.word
        need = [(Mark(0.0, NEED[1], NEED[0]), word("allocation_need_of", what=self.need))] * (not self.needs_all)
        return [(Mark(0.0, AMOUNT[1], AMOUNT[0]), word("allocation_amount_of", what=self.amount)), *need,
                (Mark(0.0, STROKE, look.HATCH), word("allocation_residents_of"))]  # fmt: skip

    def index(self, name: str) -> str:
        """An index with its interval; with another decimal where an end would look like zero."""
        value, lower, upper = (self.first[f"{name}{end}"] for end in ("", "_lower", "_upper"))
        decimals = 2 if min(abs(lower), abs(upper)) >= 0.005 else 3
        between = written_interval(lower, upper, self.words, decimals, sign=True)
        return f"{written(value, self.words, decimals, sign=True)} ({between})"

    def way(self) -> str:
        """Who certainly gets more than their need: the *worse* or the *better* off, *mixed*, or nobody."""
        lower, upper = (self.first[f"inequity_{end}"] for end in ("lower", "upper"))
        if not (lower > 0 or upper < 0):
            return ""
        worst, best = (self.ranked[place]["amount_to_need"] for place in (0, -1))
        if lower > 0:
            return "better" if worst < 1 < best else "mixed"
        return "worse" if best < 1 < worst else "mixed"

    def told(self) -> list[str]:
        language = self.words.language
        if not self.has_curve:
            return []
        worst = self.ranked[0]
        shares = {name: percent_text(worst[f"{name}_share"], language) for name in ("amount", "need", "population")}
        slots = {"what": self.amount, "needed": self.need, "who": self.inside(worst)}
        key = "allocation_share_all" if self.needs_all else "allocation_share"
        ends = {"first": self.inside(worst), "last": self.inside(self.ranked[-1])}
        way = self.way()
        share = fill(key, language, **slots, **shares)
        return [share, fill(f"allocation_{way or 'unsure'}", language, **slots, **ends)]

    def finding(self) -> str | None:
        way = self.way()
        told = way in ("worse", "better")
        return self.words.word(f"title_allocation_{way}", what=capital(self.amount)) if told else None

    def plain_titles(self) -> tuple[str, str]:
        what = capital(self.amount)
        slots = {"what": what, "need": self.need, "by": self.by}
        return self.words.word("title_allocation", **slots), what

    def subtitle(self) -> str:
        words = self.words
        slots = {
            "what": capital(self.amount),
            "unit": self.indicator.unit[words.language],
            "need": self.need,
            "by": self.by,
        }
        return words.word("allocation_subtitle", **slots, place=words.city.label, year=words.years(self.shown))

    def source(self) -> str:
        return self.words.source(self.shown, [self.indicator, self.need_indicator])


def percent_text(share: float, language: str) -> str:
    """A share in running text: whole per cent, one decimal under ten."""
    return number(share, language, decimals=1 if share < 10 else 0)


def _draw_curves(sheet: look.Sheet, found: _Allocation) -> None:
    """A square with the line of equal shares, the curve of need and that of the amount, and their indices beside it."""
    words, top, language = found.words, _TOP, found.words.language

    def x(share: float) -> float:
        return _LEFT + share / 100 * _CURVE

    def y(share: float) -> float:
        return top + (100 - share) / 100 * _CURVE

    for tick in _TICKS:
        sheet.line([x(0), x(100)], [y(tick)] * 2, colour=look.GRID, width=look.GRID_LINE, layer=1)
        small = {"size": look.SMALL_SIZE, "colour": look.TEXT_2}
        sheet.middle(x(0) - 2, y(tick), number(tick, language), align="right", **small)
        sheet.text(x(tick), y(0) + 4.0, number(tick, language), align="center", **small)
    name_axis(sheet, (x(0) + x(100)) / 2, y(0) + 8.2, words.word("allocation_order"))
    sheet.line([x(0), x(100)], [y(0), y(100)], colour=look.INK, width=look.MEAN_LINE, dash=(4, 2), layer=3)
    drawn = [("need", NEED), ("amount", AMOUNT)][found.needs_all :]
    for name, (colour, shape) in drawn:
        xs = [0.0, *(row["cumulative_population"] for row in found.ranked)]
        ys = [0.0, *(row[f"cumulative_{name}"] for row in found.ranked)]
        sheet.line([x(share) for share in xs], [y(share) for share in ys], colour=colour, width=1.8, layer=4)
        for across, up in list(zip(xs, ys, strict=True))[1:-1]:
            sheet.mark(x(across), y(up), shape=shape, fill=colour)
    sheet.text(0, 2.8, words.word("allocation_cumulative"), size=look.SMALL_SIZE, colour=look.TEXT_2)
    height = top + 5.0
    for name, (colour, shape), what in (("amount", AMOUNT, found.amount), ("need", NEED, found.need)):
        if name == "need" and found.needs_all:
            continue
        sheet.mark(_TEXT_LEFT + 1.2, height, shape=shape, fill=colour)
        for line in look.wrap(capital(what), look.COLUMN_WIDTH - _TEXT_LEFT - 4, weight=look.SEMIBOLD):
            sheet.middle(_TEXT_LEFT + 4, height, line, weight=look.SEMIBOLD, colour=colour)
            height += _LINE
        key = "concentration" if name == "amount" else "need_concentration"
        sheet.middle(
            _TEXT_LEFT + 4, height, words.word("allocation_index", index=found.index(key)), size=look.SMALL_SIZE
        )
        height += 2 * _LINE
    sheet.line([_TEXT_LEFT - 0.6, _TEXT_LEFT + 3], [height] * 2, colour=look.INK, width=look.MEAN_LINE, dash=(4, 2))
    sheet.middle(_TEXT_LEFT + 4, height, words.word("allocation_equal"), size=look.SMALL_SIZE)
    if not found.needs_all:
        height += 2 * _LINE
        text = words.word("allocation_inequity", index=found.index("inequity"))
        for line in look.wrap(text, look.COLUMN_WIDTH - _TEXT_LEFT - 1, look.LABEL_SIZE):
            sheet.middle(_TEXT_LEFT, height, line)
            height += _LINE

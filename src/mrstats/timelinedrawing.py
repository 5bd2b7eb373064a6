"""How lines over the years are drawn: bands, breaks, and labels moved apart at the line ends. It chooses no title."""

from __future__ import annotations

import math
from dataclasses import dataclass

from . import look
from .axes import Axis
from .captions import HIDDEN, Captions
from .chartdrawing import draw_arrow
from .labels import spread
from .language import capital, interval, signed
from .schema import BREAK_IN_SERIES, CITY, TOTAL, UNKNOWN, UNPLACED, UNRELIABLE, MrstatsError
from .selection import GEOGRAPHY, changes_of, codes, free_factors, is_comparable, is_shown, totals

_LEAST_HEIGHT, _TOP, _BREAK_TEXT, _YEARS, _LINE = 58.0, 7.0, 4.0, 6.5, 4.0
_LABEL_MOST, _LEADER, _INSET, _STRIP = 48.0, 5.0, 5.0, 4.4
_BAND, _SERIES_LINE, _BREAK_LINE = 0.16, 1.8, 0.8
_ARROWS = {"timeline_rises": "^", "timeline_falls": "v"}
_ARROW_ROOM = 3.4


@dataclass(frozen=True)
class Line:
    """One series: who it is about, how it is drawn, its rows by year and what is known of its change."""

    code: str
    name: str
    colour: str
    shape: str
    records: dict[int, dict]
    change: dict | None
    is_whole: bool

    @property
    def last(self) -> dict:
        """The row of the newest year."""
        return self.records[max(self.records)]

    def segments(self, years: list[int]) -> list[list[int]]:
        """Years that may be joined: not across a break, a hidden value or a year without a row."""
        found: list[list[int]] = [[]]
        for year in years:
            record = self.records.get(year)
            known = record is not None and is_shown(record)
            if not known or (record and BREAK_IN_SERIES in codes(record)):
                found.append([])
            if known:
                found[-1].append(year)
        return [segment for segment in found if segment]

    def hidden(self) -> list[int]:
        """Years whose row has no value to show."""
        return [year for year, record in self.records.items() if not is_shown(record)]


class TimelineDrawing:
    """The series of a table laid out on a sheet: axis, lines, bands, breaks, and labels at the line ends."""

    def __init__(self, table, changes, indicator, words: Captions):
        self.table, self.indicator, self.words = table, indicator, words
        self.years = sorted(int(year) for year in table["year"].unique())
        if len(self.years) < 2:
            raise MrstatsError(
                f"A timeline needs at least two years; the table holds {', '.join(map(str, self.years)) or 'none'}. "
                "Give mr.break_down years=[...], or use mr.chart for one year."
            )
        self.has_changes = changes is not None
        self.factor, self.lines, self.left_out = series(table, changes, words)
        levels = set(table["geography_level"]) - {CITY}
        self.level = levels.pop() if len(levels) == 1 else CITY
        self.groups = [line for line in self.lines if not line.is_whole]
        self.since = {f"{line.change['since']:.0f}" for line in self.lines if line.change}
        self.labels = [self._label(line) for line in self.lines]
        head = self._head()
        certain = {words.word(key) for key in ("timeline_rises", "timeline_falls", "timeline_unsure")}
        widest = max(
            [look.text_width(head, look.SMALL_SIZE)]
            + [
                look.text_width(text, weight=look.SEMIBOLD) + _ARROW_ROOM * (text in certain)
                for label in self.labels
                for text in label
            ]
        )
        self.label_left = look.COLUMN_WIDTH - widest - 0.5
        rows = sum(len(label) for label in self.labels)
        plot = max(_LEAST_HEIGHT, _LINE * rows + 2.5 * len(self.labels))
        self.top = _TOP + _BREAK_TEXT * bool(self.breaks())
        self.bottom = self.top + plot
        self.strips = [line for line in self.lines if line.hidden()]
        self.height = self.bottom + _YEARS + _STRIP * len(self.strips) + look.UNDER_LAST_BASELINE
        ends = [record[end] for line in self.lines for record in line.records.values()
                for end in ("value", "lower", "upper")]  # fmt: skip
        self.axis = Axis.around(ends, self.bottom, self.top, words.language, upright=True)
        strip_names = max((look.text_width(line.name, look.SMALL_SIZE) for line in self.strips), default=0.0)
        self.left = max(self.axis.labels_width() + 3, min(strip_names + 5, 34.0))
        self.right = self.label_left - 2 * _LEADER
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    def holds_every_known_group(self) -> bool:
        """Whether each group that the factor has is drawn, but for those for whom it is not known."""
        groups = set(self.words.group_order(self.factor)) - {TOTAL, UNKNOWN}
        return groups == {line.code for line in self.groups}

    def x(self, year: float) -> float:
        """Where a year stands."""
        first, last = self.years[0], self.years[-1]
        return self.left + _INSET + (year - first) / (last - first) * (self.right - self.left - 2 * _INSET)

    # Words at the line ends

    def _head(self) -> str:
        year = str(self.years[-1])
        if len(self.since) == 1:
            return self.words.word("timeline_head", year=year, since=next(iter(self.since)))
        return self.words.word("timeline_head_several", year=year) if self.since else year

    def _label(self, line: Line) -> list[str]:
        """Name and newest value; then, where changes are given, the change and the certainty word."""
        value = self.words.figure(line.records.get(self.years[-1]), "value", self.indicator)
        letters = self.words.letters([line.records.get(self.years[-1])]).replace(BREAK_IN_SERIES, "").strip()
        first = look.wrap(f"{line.name} {value} {letters}".strip(), _LABEL_MOST, weight=look.SEMIBOLD)
        if not self.has_changes:
            return first
        change = line.change
        if change is None:
            return [*first, self.words.word("timeline_no_change")]
        language, decimals = self.words.language, self.indicator.decimals
        text = signed(change["change"], language, decimals=decimals)
        if not math.isnan(change["change_lower"]):
            ends = (change["change_lower"], change["change_upper"])
            text += f" ({interval(*ends, language, decimals=decimals, sign=True)})"
        if len(self.since) > 1:
            text += f" {self.words.word('timeline_since', since=format(change['since'], '.0f'))}"
        return [*first, text, self.words.word(certainty(change))]

    # Drawing

    def svg(self) -> str:
        """Draw everything, once."""
        unit = capital(self.indicator.unit[self.words.language])
        self.sheet.text(0, 3.2, unit, size=look.SMALL_SIZE, colour=look.TEXT_2)
        self.sheet.text(self.label_left, 3.2, self._head(), size=look.SMALL_SIZE, colour=look.TEXT_2)
        self.axis.draw_upright(self.sheet, self.left, self.right)
        self._draw_years()
        self._draw_breaks()
        for line in self.lines:
            self._draw_line(line)
        self._draw_labels()
        self._draw_strips()
        return self.sheet.svg()

    def _draw_years(self) -> None:
        """Year labels, thinned from the newest back until they lie apart."""
        room = look.text_width("2024", look.SMALL_SIZE) + 2
        written: list[float] = []
        for year in reversed(self.years):
            x = self.x(year)
            if not written or written[-1] - x >= room:
                self.sheet.text(x, self.bottom + 4.4, str(year), size=look.SMALL_SIZE, colour=look.TEXT_2,
                                align="center")  # fmt: skip
                written.append(x)

    def breaks(self) -> list[int]:
        """Years from which some line is measured in a new way."""
        found = {year for line in self.lines for year, record in line.records.items()
                 if BREAK_IN_SERIES in codes(record) and year > self.years[0]}  # fmt: skip
        return sorted(found)

    def _draw_breaks(self) -> None:
        edge = self.left
        for year in self.breaks():
            before = max(known for known in self.years if known < year)
            x = self.x((year + before) / 2)
            self.sheet.line([x, x], [self.top - 2.2, self.bottom], colour=look.INK, width=_BREAK_LINE, dash=(1.4, 1.4))
            text = self.words.word("timeline_break", year=year)
            half = look.text_width(text, look.SMALL_SIZE) / 2
            place = max(edge + half, min(x, self.right - half))
            if place + half <= self.right + 0.1:
                self.sheet.text(place, self.top - 3.2, text, size=look.SMALL_SIZE, colour=look.TEXT_2, align="center")
                edge = place + half + 2

    def _draw_line(self, line: Line) -> None:
        sheet, alone = self.sheet, not self.groups
        for segment in line.segments(self.years):
            records = [line.records[year] for year in segment]
            xs = [self.x(year) for year in segment]
            lower, upper = ([self.axis.x(record[end]) for record in records] for end in ("lower", "upper"))
            if not line.is_whole or alone:
                if len(segment) == 1:
                    sheet.line(xs * 2, [lower[0], upper[0]], colour=line.colour, width=look.INTERVAL_LINE)
                else:
                    sheet.band(xs, lower, upper, fill=line.colour, opacity=_BAND)
                    for edge in (lower, upper):
                        sheet.line(xs, edge, colour=line.colour, width=look.RULE_LINE)
            ys = [self.axis.x(record["value"]) for record in records]
            if line.is_whole and not alone:
                sheet.line(xs, ys, colour=line.colour, width=look.MEAN_LINE, dash=(4, 2), layer=6)
                if len(segment) == 1:
                    sheet.line([xs[0] - 1.2, xs[0] + 1.2], ys * 2, colour=line.colour, width=look.MEAN_LINE, layer=6)
                continue
            sheet.line(xs, ys, colour=line.colour, width=_SERIES_LINE, layer=4)
            for x, y, record in zip(xs, ys, records, strict=True):
                weak = UNRELIABLE in codes(record)
                sheet.mark(x, y, shape=line.shape, fill=look.WHITE if weak else line.colour,
                           edge=line.colour if weak else None)  # fmt: skip

    def _draw_labels(self) -> None:
        """Labels beside the line ends, moved apart, with a thin line to the end each belongs to."""
        heights = [_LINE * len(label) + 1.5 for label in self.labels]
        ends = [self._end(line) for line in self.lines]
        order = sorted(range(len(ends)), key=lambda place: (ends[place], place))
        tops = spread([ends[place] - 2.0 for place in order], [heights[place] for place in order], self.top - 1.5,
                      self.bottom + _YEARS)  # fmt: skip
        for place, top in zip(order, tops, strict=True):
            line, label, y = self.lines[place], self.labels[place], top + 2.0
            mark = self.label_left - 3.2
            if self.years[-1] in line.records and is_shown(line.last):
                start = self.x(self.years[-1]) + 1.4
                bend = self.right + 1.0
                self.sheet.line([start, bend, mark - 2], [ends[place], ends[place], y], colour=line.colour,
                                width=look.RULE_LINE)  # fmt: skip
            if line.is_whole and self.groups:
                self.sheet.line([mark - 1.8, mark + 1.8], [y, y], colour=line.colour, width=look.MEAN_LINE, dash=(4, 2))
            else:
                self.sheet.mark(mark, y, shape=line.shape, fill=line.colour)
            names = len(label) - (2 if line.change else 1) * self.has_changes
            sure = bool(line.change and line.change["sure"])
            for step, text in enumerate(label):
                named, height = step < names, y + step * _LINE
                x = self.label_left
                if line.change and step == names + 1:
                    draw_arrow(self.sheet, x + 1.1, height, _ARROWS.get(certainty(line.change)))
                    x += _ARROW_ROOM
                self.sheet.middle(x, height, text, colour=line.colour if named else look.INK,
                                  weight=look.SEMIBOLD if named or (sure and step > names) else look.REGULAR)  # fmt: skip

    def _end(self, line: Line) -> float:
        """The height of a line's last value; a line without any is put at the foot."""
        known = [year for year, record in line.records.items() if is_shown(record)]
        return self.axis.x(line.records[max(known)]["value"]) if known else self.bottom

    def _draw_strips(self) -> None:
        for place, line in enumerate(self.strips):
            y = self.bottom + _YEARS + _STRIP * (place + 0.5)
            name = look.wrap(line.name, self.left - 5, look.SMALL_SIZE)
            text = name[0] if len(name) == 1 else f"{name[0]} …"
            self.sheet.middle(self.left - 2, y, text, size=look.SMALL_SIZE, colour=line.colour, align="right")
            for year in line.hidden():
                written = self.words.figure(line.records[year], "value", self.indicator)
                self.sheet.middle(self.x(year), y - (0.6 if written == HIDDEN else 0), written, weight=look.BOLD,
                                  align="center", colour=line.colour)  # fmt: skip

    def notes(self) -> list[str]:
        """Explanations of exactly the marks that are drawn."""
        word = self.words.word
        records = [record for line in self.lines for record in line.records.values()]
        weak = any(UNRELIABLE in codes(record) and is_shown(record) for line in self.groups or self.lines
                   for record in line.records.values())  # fmt: skip
        level = self.words.confidence(self.table)
        notes = [word("timeline_band", level=level)] * bool(level) + [word("hollow_explained")] * weak
        ways = {certainty(line.change) for line in self.lines if line.change}
        notes += [word("timeline_sure")] * bool(ways & set(_ARROWS)) + [word("timeline_chance")] * (
            "timeline_unsure" in ways
        )
        notes += [word("timeline_break_explained")] * bool(self.breaks()) + self.axis.notes(word)
        notes += [word("timeline_unknown_left_out")] * self.left_out
        cells = {self.words.figure(record, "value", self.indicator) for record in records}
        letters = self.words.letters([line.records.get(self.years[-1]) for line in self.lines])
        return notes + self.words.notes(cells, [letters.replace(BREAK_IN_SERIES, "").replace(UNRELIABLE, "")])


def series(table, changes, words: Captions) -> tuple[str, list[Line], bool]:
    """What splits the table, its lines with the whole last, and whether a group that is not known was left out."""
    factors = free_factors(table)
    levels = set(table["geography_level"]) - {CITY}
    areas = not factors and len(levels) == 1 and table[GEOGRAPHY].nunique() > 1
    by = GEOGRAPHY if areas else factors[0] if factors else ""
    base = table if areas or not (table["geography_level"] == CITY).any() else table[table["geography_level"] == CITY]
    base = totals(base, [name for name in factors if name != by])
    found: dict[str, dict[int, dict]] = {}
    for record in base.to_dict("records"):
        found.setdefault(_code(record, by), {})[int(record["year"])] = record
    left_out = bool({UNKNOWN, UNPLACED} & set(found))
    groups = [code for code in found if code not in (TOTAL, UNKNOWN, UNPLACED)]
    if len(factors) > 1 or len(groups) > len(look.GROUPS) or (not areas and base[GEOGRAPHY].nunique() > 1):
        raise MrstatsError(
            f"A timeline shows the city and at most {len(look.GROUPS)} groups of one factor, or as many areas; the table "
            f"holds {', '.join(factors) or 'no factor'}, {len(groups)} groups and {base[GEOGRAPHY].nunique()} areas. "
            f"Keep fewer, as in table[table[{by or GEOGRAPHY!r}].isin([...])], or chart one year with mr.chart."
        )
    level = next(iter(levels)) if areas else ""
    order = [code for code in (words.area_order(level) if areas else words.group_order(by) if by else [])
             if code not in (TOTAL, UNKNOWN)]  # fmt: skip
    groups.sort(key=order.index)
    stable = all(order.index(code) < len(look.GROUPS) for code in groups)  # the same colour in every figure
    known = {code: change for code, change in ({} if changes is None else _changes(changes, table, by)).items()
             if is_comparable(change, found.get(code, {}).values())}  # fmt: skip
    lines = []
    for place, code in enumerate(groups):
        colour, shape = look.GROUPS[order.index(code) if stable else place]
        name = words.area(level, code) if areas else capital(words.group(by, code))
        lines.append(Line(code, name, colour, shape, found[code], known.get(code), False))
    if TOTAL in found:
        record = next(iter(found[TOTAL].values()))
        name = words.area(record["geography_level"], record[GEOGRAPHY])
        lines.append(Line(TOTAL, name, look.INK, "o", found[TOTAL], known.get(TOTAL), True))
    return by, lines, left_out


def _code(record: dict, by: str) -> str:
    """The group or area that a row is about, or the total."""
    if by == GEOGRAPHY:
        return TOTAL if record["geography_level"] == CITY else record[GEOGRAPHY]
    return record.get(by, TOTAL) if by else TOTAL


def _changes(changes, table, by: str) -> dict[str, dict]:
    """Changes of levels up to the newest year, by group or area."""
    rows = changes_of(changes, table, by)
    if by != GEOGRAPHY:
        levels = table["geography_level"].unique()
        rows = rows[rows["geography_level"].isin([CITY] if CITY in levels else levels)]
    return {_code(record, by): record for record in rows.to_dict("records")}


def certainty(change: dict) -> str:
    """The key of the word that says what is known of a change."""
    if not change["sure"]:
        return "timeline_unsure"
    return "timeline_rises" if change["change"] > 0 else "timeline_falls"

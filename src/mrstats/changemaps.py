"""Two maps side by side: the level of each area, and its change where that is certain. It computes no change."""

from __future__ import annotations

import math
from dataclasses import dataclass

from . import look
from .axes import round_step
from .captions import Captions, lower_first
from .display import Display, figure
from .language import EN_DASH, capital, in_words, number
from .mapclasses import CLASSES, classes_of
from .mappanel import Panel, Place, fill_pattern
from .mapplaces import districts_of, place_of, records_of
from .schema import BREAK_IN_SERIES, CANNOT_EXIST, CITY, CONFIDENTIAL, NOT_COLLECTED, PER_CENT, UNPLACED
from .selection import (
    GEOGRAPHY,
    changes_of,
    codes,
    free_factors,
    holds_every_group,
    is_comparable,
    is_shown,
    latest_year,
    masked,
    only_indicator,
    only_level,
    totals,
)

_GUTTER, _TOP, _MOST_HEIGHT = 6.0, 7.0, 92.0
_SWATCH, _LEGEND, _LINE = 4.4, 12.5, 3.9
_UNSURE = 2
"""The place of an uncertain change on the two-sided scale."""


@dataclass(frozen=True)
class Steps:
    """Five steps of change about what is not certain, cut at one round limit, with their colours from left to right."""

    limit: float
    decimals: int
    colours: tuple[str, ...]

    def of(self, record: dict) -> int:
        """0 and 1 fallen, 2 not certain, 3 and 4 risen; cut as the change is printed."""
        if not record["sure"]:
            return _UNSURE
        size = math.floor(abs(record["change"]) * 10**self.decimals + 0.5 + 1e-9) / 10**self.decimals
        far = 2 if size >= self.limit - 1e-9 else 1
        return _UNSURE + far * (1 if record["change"] > 0 else -1)


def two_maps(data, changes, words: Captions, *, title, alt) -> Display | None:
    """Level and certain change of the areas of one level; None where there are no areas or no boundaries."""
    shown, moved = masked(data), masked(changes)
    shown = totals(shown, free_factors(shown))
    every = shown[(shown["geography_level"] != CITY) & (shown[GEOGRAPHY] != UNPLACED)]
    if not len(every):
        return None
    areas = latest_year(every)
    indicator, level = words.indicator(only_indicator(areas)), only_level(areas)
    polygons = words.city.polygons(level)
    if polygons is None:
        return None
    changed = changes_of(moved, areas)
    changed = changed[(changed["geography_level"] == level) & (changed[GEOGRAPHY] != UNPLACED)]
    drawing = ChangeMaps(areas, changed, polygons, level, indicator, words, every.to_dict("records"))
    svg = drawing.svg()
    return figure(
        words,
        svg,
        drawing.height,
        title=_title(areas, drawing, title),
        subtitle=words.subtitle(areas, [indicator], [lower_first(words.dimension(GEOGRAPHY, level))]),
        source=words.source(areas, [indicator], since=min(map(int, drawing.since), default=None)),
        notes=drawing.notes(),
        alt=_alt(areas, drawing, alt),
    )


class ChangeMaps:
    """Two panels on one sheet, each with its own scale and legend below; `history` are the levels of all years."""

    def __init__(self, areas, changes, polygons, level: str, indicator, words: Captions, history):
        self.level, self.indicator, self.words = level, indicator, words
        self.levels, self.changes = records_of(areas, polygons), records_of(changes, polygons)
        for code, record in self.changes.items():
            if not is_comparable(record, [level for level in history if level[GEOGRAPHY] == code]):
                record |= {"change": math.nan, "sure": False}
        self.codes = list(polygons["code"])
        self.since = {f"{record['since']:.0f}" for record in self.changes.values()}
        self.year = str(int(areas["year"].max()))
        self.classes = classes_of([record["value"] for record in self.levels.values()])
        self.steps = _steps(self.known, indicator)
        _, districts = districts_of(polygons, level, words)
        self.width = (look.COLUMN_WIDTH - _GUTTER) / 2
        self.right = self.width + _GUTTER
        shapes = list(zip(self.codes, polygons.geometry, strict=True))
        water = words.city.water()
        left = [self._level_place(code, shape, districts[code]) for code, shape in shapes]
        right = [self._change_place(code, shape, districts[code]) for code, shape in shapes]
        self.places = left + right
        self.panels = [
            Panel(places, water, self.width - 1, _MOST_HEIGHT, left=start + 0.5, top=_TOP)
            for places, start in ((left, 0.0), (right, self.right))
        ]
        self.height = self.panels[0].end + _LEGEND + look.UNDER_LAST_BASELINE
        self.sheet = look.Sheet(look.COLUMN_WIDTH, round(self.height, 2))

    @property
    def known(self) -> list[dict]:
        """Changes that are shown."""
        return [record for record in self.changes.values() if not math.isnan(record["change"])]

    def count(self, way: int) -> int:
        """How many areas have certainly risen (1) or fallen (−1)."""
        return sum(bool(record["sure"]) and record["change"] * way > 0 for record in self.known)

    @property
    def hidden(self) -> int:
        """Areas whose change is not shown."""
        return len(self.codes) - len(self.known)

    def _level_place(self, code: str, shape, district: str) -> Place:
        place = place_of(code, shape, district, self.levels.get(code), self.classes, self.level, self.words)
        return Place(code, "", shape, place.fill, place.text, place.pattern, district)

    def _change_place(self, code: str, shape, district: str) -> Place:
        record = self.changes.get(code)
        if record is None or math.isnan(record["change"]):
            pattern = self._reason(code)
            symbol = {"hidden": "..", "none": "."}.get(pattern) or self.words.word("missing")
            return Place(code, "", shape, look.WHITE, symbol, pattern, district)
        step = self.steps.of(record)
        fill = self.steps.colours[step]
        if step == _UNSURE:
            return Place(code, "", shape, fill, "", "", district, edge=look.RULE)
        text = number(abs(record["change"]), self.words.language, decimals=self.indicator.decimals)
        return Place(code, "", shape, fill, text, "", district, "^" if record["change"] > 0 else "v")

    def _reason(self, code: str) -> str:
        """The pattern of an area without a change: hidden, not collected, or not to be compared across a break."""
        status = {status for rows in (self.levels, self.changes) for status in codes(rows.get(code, {"status": ""}))}
        if CONFIDENTIAL in status:
            return "hidden"
        if NOT_COLLECTED in status:
            return "missing"
        return "none" if {CANNOT_EXIST, BREAK_IN_SERIES} & status else "hidden"

    # Drawing

    def svg(self) -> str:
        """Draw everything, once."""
        word, unit = self.words.word, self.indicator.unit[self.words.language]
        points = word("percentage_points") if self.indicator.measure in PER_CENT else unit
        if self.classes.scale > 1:
            unit = word("map_thousands", unit=unit).lower()
        self.sheet.text(0, 3.2, word("change_map_level", year=self.year, unit=unit), weight=look.BOLD)
        since = word("change_map_since", since=next(iter(self.since))) if len(self.since) == 1 else word("change_map")
        self.sheet.text(self.right, 3.2, f"{since}, {points}", weight=look.BOLD)
        for panel in self.panels:
            panel.draw(self.sheet, with_scale=panel is self.panels[0])
        top = self.panels[0].end + 0.5
        self._draw_levels(top)
        self._draw_steps(top)
        return self.sheet.svg()

    def _draw_levels(self, top: float) -> None:
        """Classes low to high, then the patterns that occur."""
        patterns = [
            p for p in ("hidden", "unreliable", "missing", "none") if any(place.pattern == p for place in self.places)
        ]
        room = self.width - (9.5 + 1.5) * len(patterns)
        width = room / CLASSES
        for place in range(CLASSES):
            x = place * width
            self.sheet.box(x + 0.2, top, width - 0.2, _SWATCH, fill=look.ORDERED[place], edge=look.AXIS)
            self._legend_text(x + width / 2, top, [self._class_label(place)])
        import shapely

        symbols = {"hidden": "..", "unreliable": "u", "missing": self.words.word("missing"), "none": "."}
        for place, pattern in enumerate(patterns):
            x = room + 1.5 + place * 11
            fill_pattern(self.sheet, shapely.box(x, top, x + 9.3, top + _SWATCH), pattern)
            self._legend_text(x + 4.65, top, [symbols[pattern]])

    def _class_label(self, place: int) -> str:
        """*< 10*, *10–19*, *≥ 40*: short enough to stand under its colour."""
        classes, language = self.classes, self.words.language
        low = number(classes.limits[max(0, place - 1)], language, decimals=classes.decimals)
        if place in (0, CLASSES - 1):
            return f"{'≥' if place else '<'} {low}"
        high = classes.limits[place] - 1 / 10**classes.decimals
        text = number(high, language, decimals=classes.decimals)
        return low if low == text else f"{low}{EN_DASH}{text}"

    def _draw_steps(self, top: float) -> None:
        word = self.words.word
        limit = number(
            self.steps.limit, self.words.language, decimals=max(0, -math.floor(math.log10(self.steps.limit)))
        )
        labels = [
            [word("change_map_fallen"), f"≥ {limit}"], [word("change_map_fallen"), f"< {limit}"],
            [word("change_map_unsure")], [word("change_map_risen"), f"< {limit}"], [word("change_map_risen"), f"≥ {limit}"],
        ]  # fmt: skip
        used = {self.steps.of(record) for record in self.known} | {_UNSURE}
        places = range(CLASSES) if len(used) > 1 else [_UNSURE]
        width = self.width / CLASSES
        for at, place in enumerate(places):
            x = self.right + at * width
            self.sheet.box(x + 0.2, top, width - 0.4, _SWATCH, fill=self.steps.colours[place], edge=look.AXIS)
            self._legend_text(x + width / 2, top, labels[place])

    def _legend_text(self, middle: float, top: float, lines: list[str]) -> None:
        for step, line in enumerate(lines):
            self.sheet.text(middle, top + _SWATCH + 3.6 + step * _LINE, line, size=look.SMALL_SIZE,
                            colour=look.TEXT_2, align="center")  # fmt: skip

    def notes(self) -> list[str]:
        """Explanations of exactly the colours and signs that are drawn."""
        word = self.words.word
        notes = [word("change_map_explained")]
        if any(panel.unvalued for panel in self.panels):
            notes.append(word("change_map_figures"))
        symbols = {place.text for place in self.places if place.pattern in ("hidden", "none", "missing")}
        shown = [record for record in self.levels.values() if is_shown(record)]
        return notes + self.words.notes(symbols, [self.words.letters(shown)])


def _steps(known: list[dict], indicator) -> Steps:
    """A round limit near the middle of the certain changes, and colours by what is better for people."""
    sizes = sorted(abs(record["change"]) for record in known if record["sure"])
    limit = round_step(sizes[len(sizes) // 2]) if sizes and sizes[len(sizes) // 2] > 0 else 1.0
    colours = {"favourable": look.WORSE_TO_BETTER, "adverse": look.WORSE_TO_BETTER[::-1]}
    return Steps(limit, indicator.decimals, colours.get(indicator.direction, look.FEWER_TO_MORE))


def _counted(drawing: ChangeMaps, count: int) -> tuple[str, str]:
    """A count in words and the name of what is counted; *at least* where some changes are not shown."""
    words, level = drawing.words, drawing.words.city.geographies[drawing.level]
    neuter = level.definite[words.language].endswith("t")
    text = in_words(count, words.language, neuter=neuter)
    least = f"{words.word('at_least')} {text}" if drawing.hidden else text
    return least, (lower_first(level.label[words.language]) if count == 1 else level.plural[words.language])


def _title(areas, drawing: ChangeMaps, given: str | None) -> str:
    words, word, indicator = drawing.words, drawing.words.word, drawing.indicator
    level = words.city.geographies[drawing.level]
    share = words.share(indicator, definite=True)
    risen, fallen = drawing.count(1), drawing.count(-1)
    findings = []
    if holds_every_group(areas) and drawing.known:
        if risen and fallen:
            (grown, name), (shrunk, _) = _counted(drawing, risen), _counted(drawing, fallen)
            findings = [word("title_change_map", share=text, risen=grown, areas=name, fallen=shrunk)
                        for text in (share, word("the_share"))]  # fmt: skip
        elif risen or fallen:
            count, name = _counted(drawing, risen or fallen)
            way = word("rose" if risen else "fell")
            findings = [word("title_change_map_one_way", share=text, count=count, areas=name, way=way)
                        for text in (share, word("the_share"))]  # fmt: skip
        elif not drawing.hidden:
            plural = level.definite_plural[words.language]
            findings = [word("title_change_map_none", share=share, areas=plural)]
    what, by = words.share(indicator), lower_first(words.dimension(GEOGRAPHY, drawing.level))
    return words.title(given, *findings, f"{what} {word('by')} {by}", what)


def _alt(areas, drawing: ChangeMaps, given: str | None) -> str:
    """What the two maps show, the largest certain rise and fall with their areas, how many, what is hidden."""
    words, word, indicator = drawing.words, drawing.words.word, drawing.indicator
    share = capital(words.share(indicator, definite=True))
    plural = words.city.geographies[drawing.level].plural[words.language]
    sentences = [word("alt_change_map", count=len(drawing.codes), areas=plural, share=share, year=drawing.year)]
    sentences.append(word("alt_change_map_counts", risen=drawing.count(1), fallen=drawing.count(-1)))
    sure = [record for record in drawing.known if record["sure"]]
    for way, key in ((1, "alt_change_map_risen"), (-1, "alt_change_map_fallen")):
        found = [record for record in sure if record["change"] * way > 0]
        if found:
            record = max(found, key=lambda record: abs(record["change"]))
            text = number(abs(record["change"]), words.language, decimals=indicator.decimals)
            sentences.append(word(key, where=words.where(record, GEOGRAPHY), change=text))
    if drawing.hidden:
        sentences.append(word("alt_hidden", count=drawing.hidden, total=len(drawing.codes)))
    return words.alt(given, [*sentences, word("alt_where")], [word("alt_change_map_how"), word("alt_classes")])

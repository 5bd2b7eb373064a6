"""How the tree of a search is drawn: boxes in columns, one for each step, and two thick paths. It chooses no title."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from . import look
from .axes import Axis
from .captions import Captions
from .language import capital, number, percent
from .schema import PER_CENT, MrstatsError
from .selection import GEOGRAPHY, is_shown

MOST_HEIGHT = 205.0
"""Millimetres that a figure may take of a page."""

_HEAD, _LINE, _PAD, _BETWEEN, _GUTTER, _MOST_BOX = 7.0, 3.9, 1.9, 2.4, 8.5, 40.0
_FIGURES, _SCALE, _FOLDED = 4.6, 4.2, 5.4
_VALUE_SIZE = 11.0
_MOST_NAMED = 2
_ORDER = {"worst": 0, "": 1, "best": 2}
_PATH_LINE, _EDGE_LINE, _END_LINE = 2.2, 0.8, 1.6


@dataclass
class Node:
    """A group of the search, its place on the sheet, and the groups it was split into."""

    record: dict | None
    label: list[str]
    children: list[Node] = field(default_factory=list)
    height: float = 0.0
    middle: float = 0.0

    @property
    def path(self) -> str:
        """*worst* or *best* on the way to one of the two ends, else nothing."""
        return self.record["path"] if self.record else ""

    def all(self) -> list[Node]:
        """This node and all below it."""
        return [self, *(node for child in self.children for node in child.all())]


class TreeDrawing:
    """The nodes of a search laid out in columns, one for each step."""

    def __init__(self, table, indicator, words: Captions):
        self.indicator, self.words = indicator, words
        self.records = table.to_dict("records")
        self.steps = int(max(record["depth"] for record in self.records))
        self.factors = list(dict.fromkeys(record["factor"] for record in self.records if record["parent"] != ""))
        self.gutter = _GUTTER
        room = look.COLUMN_WIDTH - 2 * look.EDGE - self.gutter * self.steps
        self.box = min(_MOST_BOX, room / (self.steps + 1))
        self.root = self._grow()
        for fold in (self._keep_children_of_paths, self._fold_siblings):
            if self._lay_out() > MOST_HEIGHT:
                fold(self.root)
        self.height = self._lay_out()
        if self.height > MOST_HEIGHT:
            raise MrstatsError(
                f"The tree would be {self.height:.0f} mm high; {MOST_HEIGHT:.0f} fit a page. "
                "Search with fewer factors or steps, or use mr.table."
            )
        ends = [record[end] for record in self.records for end in ("value", "lower", "upper")]
        self.axis = Axis.around(ends, _PAD, self.box - _PAD, words.language)
        self.sheet = look.Sheet(look.COLUMN_WIDTH, self.height)

    # What is drawn

    def name(self, factor: str) -> str:
        """The name of a factor, without what it adds after a comma."""
        return self.words.word("scorecard_area") if factor == GEOGRAPHY else self.words.dimension(factor).split(",")[0]

    def group(self, record: dict) -> str:
        """The groups of a node as one name."""
        if record["parent"] == "":
            return self.words.word("city_as_a_whole")
        if self._is_the_rest(record):
            return self.words.word("tree_others")
        if record["factor"] == GEOGRAPHY:
            names = [self._area(code) for code in record["group"].split()]
        else:
            names = [self.words.group(record["factor"], code) for code in record["group"].split()]
        return self.words.joined(names)

    def _is_the_rest(self, record: dict) -> bool:
        """Many groups beside one with fewer: all the others, which a box has no room to name."""
        size = len(record["group"].split())
        beside = (other for other in self.records if other["parent"] == record["parent"] and other is not record)
        return size > _MOST_NAMED and any(len(other["group"].split()) < size for other in beside)

    def _area(self, code: str) -> str:
        known = (self.words.area_order(level) for level in self.words.city.geographies)
        return next((names[code] for names in known if code in names), code)

    def same_factor(self, depth: int) -> str:
        """The one factor that a step is split by, or nothing."""
        found = {record["factor"] for record in self.records if record["depth"] == depth}
        return found.pop() if len(found) == 1 else ""

    def is_end(self, record: dict) -> bool:
        """Whether a row is where a path stops."""
        return bool(record["path"]) and not any(
            other["parent"] == record["node"] and other["path"] == record["path"] for other in self.records
        )

    def end(self, path: str) -> dict | None:
        """The group furthest behind (*worst*) or furthest ahead (*best*), if it is shown and below the root."""
        found = (row for row in self.records if row["path"] == path and row["parent"] != "" and self.is_end(row))
        return next((row for row in found if is_shown(row)), None)

    @property
    def whole(self) -> float:
        """The value of the city; not a number where it is hidden."""
        return next(record["value"] for record in self.records if record["parent"] == "")

    # Layout

    def _grow(self) -> Node:
        nodes = {}
        for record in self.records:
            text = capital(self.group(record))
            if record["parent"] != "" and not self.same_factor(int(record["depth"])):
                text = f"{capital(self.name(record['factor']))}: {self.group(record)}"
            nodes[record["node"]] = Node(record, look.wrap(text, self.box - 2 * _PAD, look.SMALL_SIZE, look.SEMIBOLD))
        roots = [record for record in self.records if record["parent"] == ""]
        lost = [record["node"] for record in self.records if record["parent"] != "" and record["parent"] not in nodes]
        if len(roots) != 1 or lost or len(nodes) != len(self.records):
            raise MrstatsError(
                f"The table is no tree: {len(roots)} roots, {len(lost)} rows without their parent, {len(nodes)} nodes in "
                f"{len(self.records)} rows. Pass what mr.furthest_behind returned, uncut."
            )
        worst_first = -1 if self.indicator.direction == "adverse" else 1
        ranked = sorted(
            self.records, key=lambda row: (not is_shown(row), worst_first * row["value"] if is_shown(row) else 0)
        )
        for record in ranked:
            if record["parent"] != "":
                nodes[record["parent"]].children.append(nodes[record["node"]])
        return nodes[roots[0]["node"]]

    def _keep_children_of_paths(self, node: Node) -> None:
        """Leave out what lies below a group that is on no path."""
        for child in node.children:
            if child.path:
                self._keep_children_of_paths(child)
            else:
                child.children = []

    def _fold_siblings(self, node: Node) -> None:
        """Say how many groups there are beside the path instead of drawing each."""
        on_path = [child for child in node.children if child.path]
        others = [child for child in node.children if not child.path]
        for child in on_path:
            self._fold_siblings(child)
        if len(others) > 1:
            text = self.words.word("tree_folded", count=len(others))
            node.children = sorted([*on_path, Node(None, [text])], key=lambda child: _ORDER[child.path])

    def _lay_out(self) -> float:
        """Give every node its height and middle; returns the height of the sheet."""
        for node in self.root.all():
            node.height = self._box_height(node)
        self._place(self.root, _HEAD)
        bottom = max(node.middle + node.height / 2 for node in self.root.all())
        return bottom + 1.0

    def _box_height(self, node: Node) -> float:
        if node.record is None:
            return _FOLDED
        height = _PAD * 1.4 + _LINE * len(node.label) + _FIGURES
        if is_shown(node.record):
            height += _SCALE
            if self._is_named(node.record):
                height += _LINE * (1 + len(self._end_words(node.record)))
        return height

    def _end_words(self, record: dict) -> list[str]:
        """*Längst efter*, or that the group may be so, in lines that fit the box."""
        text = self.words.word(f"tree_{record['path']}" if record["confirmed"] else f"tree_maybe_{record['path']}")
        return look.wrap(text, self.box - 2 * _PAD, look.SMALL_SIZE, look.BOLD)

    def _is_named(self, record: dict) -> bool:
        return self.end(record["path"]) is record if record["path"] else False

    def _place(self, node: Node, top: float) -> float:
        """Place a node and all below it from `top` down; returns where the next may start."""
        start = top
        for child in node.children:
            start = self._place(child, start)
        if node.children:
            node.middle = (node.children[0].middle + node.children[-1].middle) / 2
            rise = top - (node.middle - node.height / 2)
            if rise > 0:  # higher than all its children together
                for below in node.all():
                    below.middle += rise
                start += rise
        else:
            node.middle = top + node.height / 2
        return max(start, node.middle + node.height / 2 + _BETWEEN)

    def _left(self, depth: float) -> float:
        return look.EDGE + depth * (self.box + self.gutter)

    # Drawing

    def svg(self) -> str:
        """Draw everything, once."""
        for depth in range(1, self.steps + 1):
            factor = self.same_factor(depth)
            text = capital(self.name(factor)) if factor else self.words.word("tree_step", count=depth)
            self.sheet.text(self._left(depth), 3.2, text, weight=look.BOLD, colour=look.BETTER)
        self._draw(self.root, 0)
        return self.sheet.svg()

    def _colour(self, path: str) -> str:
        """Brick and blue for ends that are confirmed; else ink."""
        end = self.end(path) if path else None
        if end is None or not end["confirmed"]:
            return look.INK
        return look.WORSE if path == "worst" else look.BETTER

    def _draw(self, node: Node, depth: int) -> None:
        left = self._left(depth)
        right, bend = left + self.box, left + self.box + self.gutter / 2
        paths = [child.path for child in node.children if child.path]
        for child in sorted(node.children, key=lambda child: bool(child.path)):
            colour, width = (self._colour(child.path), _PATH_LINE) if child.path else (look.AXIS, _EDGE_LINE)
            shift = 0.5 * (1 if child.path == "best" else -1) if len(set(paths)) > 1 and child.path else 0.0
            xs, ys = [right, bend, bend, self._left(depth + 1)], [node.middle + shift] * 2 + [child.middle] * 2
            self.sheet.line(xs, ys, colour=colour, width=width, layer=3 if child.path else 2)
            self._draw(child, depth + 1)
        if node.record is None:
            self.sheet.middle(left + _PAD, node.middle, node.label[0], size=look.SMALL_SIZE, colour=look.TEXT_2)
        else:
            self._draw_box(node, node.record, left)

    def _draw_box(self, node: Node, record: dict, left: float) -> None:
        sheet, top = self.sheet, node.middle - node.height / 2
        named = self._is_named(record) and is_shown(record)
        colour = self._colour(record["path"]) if named else look.INK
        sheet.box(left, top, self.box, node.height, edge=colour if named else look.AXIS,
                  line=_END_LINE if named else look.RULE_LINE + 0.2, layer=4)  # fmt: skip
        y, inset = top + _PAD * 0.7, left + _PAD
        if named:
            for text in self._end_words(record):
                sheet.middle(inset, y + _LINE / 2, text, size=look.SMALL_SIZE, weight=look.BOLD, colour=colour)
                y += _LINE
        for line in node.label:
            sheet.middle(inset, y + _LINE / 2, line, size=look.SMALL_SIZE, weight=look.SEMIBOLD)
            y += _LINE
        text = self.words.figure(record, "value", self.indicator)
        if is_shown(record) and self.indicator.measure in PER_CENT:
            text = percent(record["value"], self.words.language, decimals=self.indicator.decimals)
        sheet.middle(inset, y + _FIGURES / 2, text, size=_VALUE_SIZE, weight=look.BOLD, colour=colour)
        if is_shown(record) and not math.isnan(record["n"]):
            sheet.middle(left + self.box - _PAD, y + _FIGURES / 2, f"n = {number(record['n'], self.words.language)}",
                         size=look.LEAST_SIZE, colour=look.TEXT_2, align="right")  # fmt: skip
        if is_shown(record):
            self._draw_scale(record, left, y + _FIGURES + _SCALE / 2, colour, named)
            if named:
                self._draw_distance(record, inset, y + _FIGURES + _SCALE + _LINE / 2, colour)

    def _draw_scale(self, record: dict, left: float, y: float, colour: str, named: bool) -> None:
        """The value and its interval on the common scale, a stroke for the city, and what the parts would give."""
        sheet, axis = self.sheet, self.axis
        sheet.line([left + axis.left, left + axis.right], [y, y], colour=look.RULE, width=look.GRID_LINE, layer=5)
        if not math.isnan(self.whole):
            sheet.line(
                [left + axis.x(self.whole)] * 2, [y - 1.3, y + 1.3], colour=look.INK, width=look.MEAN_LINE, layer=5
            )
        if not (math.isnan(record["lower"]) or math.isnan(record["upper"])):
            ends = [left + axis.x(record[end]) for end in ("lower", "upper")]
            sheet.line(ends, [y, y], colour=colour, width=look.INTERVAL_LINE, layer=6)
        if named and not math.isnan(record["expected"]):
            sheet.mark(
                left + axis.x(record["expected"]), y, shape="D", size=4.6, fill=look.WHITE, edge=look.TEXT_2, layer=6
            )
        sheet.mark(left + axis.x(record["value"]), y, size=4.8, fill=colour, layer=7)

    def distance(self, record: dict) -> str:
        """How far a group lies from the city, in words."""
        words = self.words
        gap = record["value"] - self.whole
        amount = number(abs(gap), words.language, decimals=self.indicator.decimals)
        points = self.indicator.measure in PER_CENT
        unit = words.word("points_short") if points else self.indicator.unit[words.language]
        return words.word("tree_above" if gap > 0 else "tree_below", amount=f"{amount}\N{NO-BREAK SPACE}{unit}")

    def _draw_distance(self, record: dict, x: float, y: float, colour: str) -> None:
        if not math.isnan(self.whole):
            self.sheet.mark(
                x + 1.0, y, shape="^" if record["value"] > self.whole else "v", size=4.2, fill=colour, layer=7
            )
            self.sheet.middle(x + 3.0, y, self.distance(record), size=look.LEAST_SIZE)

    def notes(self) -> list[str]:
        """Explanations of exactly what is drawn."""
        words, word = self.words, self.words.word
        drawn = [node.record for node in self.root.all() if node.record]
        scale = {"low": self.axis.tick(self.axis.low), "high": self.axis.tick(self.axis.high)}
        notes = [word("tree_scale", **scale)]
        if not math.isnan(self.whole):
            notes.append(word("tree_stroke", value=words.value(self.whole, self.indicator)))
        ends = [end for end in (self.end("worst"), self.end("best")) if end]
        notes += [word("tree_expected")] * any(not math.isnan(end["expected"]) for end in ends)
        searched = self.searched
        notes += [word("tree_searched", count=number(searched, words.language))] * (searched > 0)
        notes += [word("tree_confirmed")] * any(end["confirmed"] for end in ends)
        notes += [word("tree_unconfirmed")] * any(not end["confirmed"] for end in ends)
        notes += [word("points_explained")] * (bool(ends) and self.indicator.measure in PER_CENT)
        symbols = {words.figure(record, "value", self.indicator) for record in drawn if not is_shown(record)}
        return notes + words.notes(symbols, [])

    @property
    def searched(self) -> int:
        """How many groups the search looked at."""
        known = [record["searched"] for record in self.records if not math.isnan(record["searched"])]
        return int(max(known, default=0))

"""The attack on what was written: hidden figures looked for in every outlet, by the names beside them. It opens no file."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mrstats.disclosure.printed import Printed, printed_numbers, ways_to_write
from mrstats.schema import FIGURES, IDENTITY, TOTAL, DatasetError

CELL, ROW, TEXT = "cell", "row", "text"
"""Kinds of block: a cell with the names of its row and column; names and figures on one line; running text."""

SOUGHT = ("value", "lower", "upper", "n", "count", "population", "affected")
COUNTS = SOUGHT[3:]
SMALL, BESIDE = 20, 30
"""Whole numbers up to SMALL count in running text only within BESIDE characters of a name of the hidden cell."""

SENTENCE_END = re.compile(r"(?:[.!?]| ·)\s+(?=[A-ZÅÄÖ])|(?:(?<=[^\W\d_]{5})|(?<=[\d%]))[.!?]\s+(?=\d)|\n")
"""A dot in the middle parts the notes under a figure. Before a number, a full stop that no abbreviation has (ca. 12)."""
YEAR = re.compile(r"(?<![\d\u00a0,.])(?:19|20)\d\d(?!\d)")
COLUMNS = ("outlet", "kind", "where", "what")
MARKS = "\"'`=|"
"""What stands beside a code in running text."""


@dataclass(frozen=True)
class Block:
    """A piece of an outlet in which names and figures belong together.

    Parameters
    ----------
    kind : str
        cell, row or text.
    where : str
        Where a person finds it: page, sheet and cell, number of the notebook's cell.
    text : str
        What is printed; in a cell only the cell.
    labels : str
        The names of a cell's row and column.
    context : str
        Headings, captions and what else says what the block is about.
    caption : str
        Of a cell: its table's title and subtitle and the head of its first column.
    """

    kind: str
    where: str
    text: str
    labels: str = ""
    context: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Outlet:
    """One written file as an attacker reads it: its blocks, and the files in it as name and bytes."""

    name: str
    kind: str
    blocks: tuple[Block, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()


def find_leaks(
    hidden: pd.DataFrame, outlets: Iterable[Outlet], *, released: Mapping[str, bytes] | None = None
) -> pd.DataFrame:
    """Look for hidden figures in what was written.

    Parameters
    ----------
    hidden : DataFrame
        One row a hidden cell of a release table: ``indicator, year, geography`` and the background factors (codes; one
        that a row lacks is its total), ``labels`` (tuple of the names it is printed under, indicator last; each a str or
        a tuple of spellings), the true figures (any of ``value, lower, upper, n, count, population, affected``) and, if
        wanted, ``others`` (names that make a figure another cell's, such as the other groups), ``whole`` (those among them
        that a cell may have beside its own, such as the whole city's), ``ordinary`` (codes that are also words, such as
        *with*: in running text they are names only where they are written as codes) and ``tallies`` (heads of columns whose
        cells count figures, not people) and ``margins`` (what its margins openly show: places of the labels that these
        have not, column and figure; a number beside none of those labels is the margin's). Never leaves the process.
    outlets : iterable of Outlet
    released : mapping of str to bytes, optional
        The release's own tables by file name; a file of that name with other bytes is a leak, and so is a PDF's
        attachment that is none of them.

    Returns
    -------
    DataFrame
        One row a leak: ``outlet, kind, where, what`` (the figure's column, or what is wrong with a file) and the cell's
        codes. It repeats no figure. Empty where nothing was found.

    Notes
    -----
    A block leaks a cell when it prints one of its figures as mrstats writes figures (Swedish or English decimals, any
    number of them, spaces in thousands, counts also rounded to tens), names at least one of the cell's areas or groups
    itself, and the rest of its labels stand in the block or its context. In a cell no other name may stand among the
    labels; elsewhere none between the name and the figure, and in running text no end of a sentence or note. A line that
    tells only other years is about them (a cell without a year: that its title tells), and a bare year is no figure. Whole numbers
    up to 20 count in cells and on lines; in running text only beside a name, with no other number between and at most 30
    characters away; and on a line that names the indicator alone none does (an axis has ticks). A number in words counts
    up to twelve persons. A signed number is a difference: it leaks a cell whose ``differences`` (pairs of figure's column
    and signed number, as `hidden_rows` makes them from the rest of the table) hold it. A CSV with the columns of a
    release table is compared by codes: any number in a figure column of a hidden cell is a leak.

    Examples
    --------
    >>> hidden = pd.DataFrame({"indicator": ["employment"], "year": [2024], "geography": ["A1"], "value": [61.24],
    ...                        "count": [3], "labels": [("Ask", ("andel sysselsatta", "employment"))]})
    >>> page = Block("text", "page 3", "Lägst är andelen i Ask (61,2 procent).", context="Andel sysselsatta 2024")
    >>> find_leaks(hidden, [Outlet("a.pdf", "pdf", (page,))])[["outlet", "where", "what", "geography"]].values.tolist()
    [['a.pdf', 'page 3', 'value', 'A1']]
    """
    sought = _Sought(hidden)
    found: list[tuple[str, str, str, str, int]] = []
    for outlet in outlets:
        found += [(outlet.name, block.kind, block.where, what, at) for block in outlet.blocks
                  for at, what in sought.in_block(block)]  # fmt: skip
        for name, data in outlet.files:
            place = outlet.name if name == outlet.name else f"{outlet.name}: {name}"
            if released is not None and (name in released or outlet.kind == "pdf") and released.get(name) != data:
                wrong = "other bytes than the release's table" if name in released else "not a table of the release"
                found.append((place, "file", name, wrong, -1))
            found += [(place, kind, where, what, at) for kind, where, what, at in sought.in_file(name, data)]
    rows = pd.DataFrame([leak[:4] for leak in found], columns=list(COLUMNS), dtype=str)
    cells = hidden[sought.codes].astype(object).reset_index(drop=True).reindex([leak[4] for leak in found])
    return pd.concat([rows, cells.reset_index(drop=True)], axis=1).drop_duplicates(ignore_index=True)


def csv_blocks(text: str, where: str) -> list[Block]:
    """The rows of a CSV that is no table of a release: each cell with a digit, its row's words and its column's name."""
    dialect = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    lines = [line for line in csv.reader(io.StringIO(text), delimiter=dialect) if line]
    return list(cell_blocks(lines[:1], lines[1:], where, context=where))


def cell_blocks(
    header: Sequence[Sequence[str]], body: Sequence[Sequence[str]], where: str, *, context: str = "", caption: str = ""
) -> Iterator[Block]:
    """Every cell of a table that holds a digit, with the words of its row and its column's heads."""
    heads = " · ".join(text for line in header for text in line)
    about = " · ".join([caption, *(line[0] for line in header if line)])
    for number, line in enumerate(body, start=len(header) + 1):
        words = [text for place, text in enumerate(line) if not place or not re.search(r"\d", text)]
        for place, text in enumerate(line):
            if re.search(r"\d", text):
                own = [head[place] for head in header if place < len(head)]
                labels = " · ".join([*words, *own]) if place else " · ".join(words[1:])
                yield Block(
                    CELL, f"{where}, row {number}, column {place + 1}", text, labels, f"{context} · {heads}", about
                )


class _Sought:
    """Hidden cells, found by the names and by the ways of writing each of their figures."""

    def __init__(self, hidden: pd.DataFrame):
        missing = {"indicator", "year", "geography", "labels"} - set(hidden)
        if missing:
            raise DatasetError(
                f"the hidden cells lack the columns {', '.join(sorted(missing))}. Make them with hidden_rows."
            )
        given = (
            *SOUGHT,
            "labels",
            "others",
            "whole",
            "apart",
            "ordinary",
            "tallies",
            "differences",
            "open",
            "margins",
            "status",
            *(c for c in FIGURES if c not in SOUGHT),
        )
        self.codes = [str(c) for c in hidden if c not in given]
        self.factors = [name for name in self.codes if name not in IDENTITY]
        self.records: list[dict[str, Any]] = [{str(k): v for k, v in r.items()} for r in hidden.to_dict("records")]
        self.years = [str(record["year"]) for record in self.records]
        self.labels = [[_spellings(label) for label in record["labels"]] for record in self.records]
        self.own = [frozenset().union(*(labels[:-1] or labels)) for labels in self.labels]
        every = [frozenset().union(*labels) for labels in self.labels]
        others = [frozenset(map(plain_name, record.get("others") or ())) for record in self.records]
        self.others = [names - own for names, own in zip(others, every, strict=True)]
        whole = [frozenset(map(plain_name, record.get("whole") or ())) for record in self.records]
        self.elsewhere = [names - beside for names, beside in zip(self.others, whole, strict=True)]
        self.apart = [frozenset(map(plain_name, record.get("apart") or ())) for record in self.records]
        self.ordinary = frozenset(plain_name(code) for r in self.records for code in r.get("ordinary") or ())
        self.tallies = frozenset(plain_name(head) for r in self.records for head in r.get("tallies") or ())
        self.pattern = name_pattern(frozenset().union(self.tallies, *every, *others))
        self.written: dict[tuple[str, tuple[int, int]], set[tuple[int, str]]] = defaultdict(set)
        self.at: dict[tuple[str, str, str], list[int]] = defaultdict(list)
        for place, record in enumerate(self.records):
            self.at[str(record["indicator"]), str(record["year"]), str(record["geography"])].append(place)
            for field in SOUGHT:
                figure = record.get(field)
                if figure is not None and not pd.isna(figure):
                    for key in ways_to_write(float(figure), count=field in COUNTS):
                        self.written["", key].add((place, field))
            for field, difference in record.get("differences") or ():
                for key in ways_to_write(difference, count=False):
                    self.written["-" if difference < 0 else "+", key].add((place, field))
        self.open: dict[tuple[int, int], set[tuple[int, str, str]]] = defaultdict(set)
        for place, record in enumerate(self.records):
            for year, field, figure in record.get("open") or ():
                for key in ways_to_write(figure, count=field in COUNTS):
                    self.open[key].add((place, field, year))
        self.margins: dict[tuple[int, int], set[tuple[int, tuple[int, ...]]]] = defaultdict(set)
        for place, record in enumerate(self.records):
            for without, field, figure in record.get("margins") or ():
                for key in ways_to_write(figure, count=field in COUNTS):
                    self.margins[key].add((place, without))
        self.known: dict[str, frozenset[str]] = {}

    def in_block(self, block: Block) -> Iterator[tuple[int, str]]:
        """Places of the hidden cells that a block gives away, and the figure's column."""
        text, labels = unicodedata.normalize("NFC", block.text), unicodedata.normalize("NFC", block.labels)
        own_text = labels if block.kind == CELL else text
        names = [(m.start(), m.end(), plain_name(m.group())) for m in self.pattern.finditer(own_text)]
        if block.kind == TEXT:
            names = [name for name in names if name[2] not in self.ordinary or _as_code(own_text, *name[:2])]
        if not names:
            return
        here = frozenset(name for _, _, name in names)
        if block.kind == CELL and here & self.tallies:
            return
        years = set(YEAR.findall(own_text))
        if block.kind == CELL and not years:
            years = set(YEAR.findall(block.context))
        around = set(YEAR.findall(block.context)) if block.kind == ROW and not years else set()
        masked = text if block.kind == CELL else self.pattern.sub(lambda m: "\x00" * len(m.group()), text)
        found: set[tuple[int, str]] = set()
        told = 0  # where the words about a figure of a text begin: after the figure before it
        for number in printed_numbers(masked):
            about = frozenset(name for start, end, name in names if told <= start and end <= number.start)
            if not YEAR.fullmatch(text[number.start : number.end]):
                told = number.end
            if block.kind != CELL and YEAR.fullmatch(text[number.start : number.end]):
                continue
            matches = {match for key in number.readings for match in self.written.get((number.sign, key), ())} - found
            if number.spoken:
                matches = {(at, field) for at, field in matches if field in COUNTS}
            for at, field in sorted(matches):
                if (years and self.years[at] not in years) or self._of_another_year(at, field, number, around):
                    continue
                if self._of_a_margin(at, number, here, block.caption):
                    continue
                if block.kind == ROW and len(self.labels[at]) == 1 and number.small(10**9):
                    continue  # a tick of an axis beside the indicator that it measures
                if not (here & self.own[at] and self._all_named(at, here, block.context)):
                    continue
                if block.kind == CELL:
                    if here & self.elsewhere[at]:
                        continue
                elif (block.kind == TEXT and self._anothers(at, about)) or not any(
                    self._belongs(at, name, names, number, text, block.kind)
                    for name in names
                    if name[2] in self.own[at]
                ):
                    continue
                found.add((at, field))
        yield from sorted(found)

    def _all_named(self, at: int, here: frozenset[str], context: str) -> bool:
        around = self._names(context)
        return all(label & here or label & around for label in self.labels[at])

    def _names(self, text: str) -> frozenset[str]:
        """The names that a text holds."""
        if text not in self.known:
            normal = unicodedata.normalize("NFC", text)
            self.known[text] = frozenset(plain_name(m.group()) for m in self.pattern.finditer(normal))
        return self.known[text]

    def _of_another_year(self, at: int, field: str, number: Printed, around: set[str]) -> bool:
        """Whether a number is what the same cell openly shows in a year that is told around it, where its own year is not."""
        if number.sign or self.years[at] in around:
            return False
        return any((at, field, year) in self.open.get(key, ()) for key in number.readings for year in around)

    def _of_a_margin(self, at: int, number: Printed, here: frozenset[str], caption: str) -> bool:
        """Whether a number is what a margin of the cell openly shows, and what names the cell beside it is not said with it."""
        if number.sign:
            return False
        said = here | self._names(caption)
        return any(
            place == at and not any(self.labels[at][label] & said for label in without)
            for key in number.readings
            for place, without in self.margins.get(key, ())
        )

    def _anothers(self, at: int, about: frozenset[str]) -> bool:
        """Whether the names since the figure before say that this one is another cell's: a group or area in the place of the
        cell's own, or one group of a factor by which the cell is not divided."""
        if len(about & self.apart[at]) == 1:
            return True
        own = self.labels[at][:-1]
        return bool(about & self.others[at]) and not all(label & about for label in own)

    def _belongs(self, at: int, name, names, number, text: str, kind: str) -> bool:
        """Whether nothing between a name and a figure says that the figure is another's."""
        first, last = (name[1], number.start) if name[1] <= number.start else (number.end, name[0])
        if any(first <= start < last and word in self.others[at] for start, _, word in names):
            return False
        if kind != TEXT:
            return True
        if SENTENCE_END.search(text, first, last + 1):
            return False
        between = text[first:last]
        return not (number.small(SMALL) and (len(between) > BESIDE or re.search(r"\d", between)))

    def in_file(self, name: str, data: bytes) -> Iterator[tuple[str, str, str, int]]:
        """Kind, place, figure's column and hidden cell of each leak in a file of its own."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            yield "file", name, "cannot be read as text, so nobody knows what it holds", -1
            return
        first = next(csv.reader(io.StringIO(text)), [])
        if {"indicator", "year", "geography"} <= set(first):
            yield from self._in_table(name, text)
            return
        for block in csv_blocks(text, name) if name.lower().endswith(".csv") else [Block(TEXT, name, text)]:
            yield from ((block.kind, block.where, what, at) for at, what in self.in_block(block))

    def _in_table(self, name: str, text: str) -> Iterator[tuple[str, str, str, int]]:
        for number, row in enumerate(csv.DictReader(io.StringIO(text)), start=2):
            for at in self.at.get((row["indicator"], row["year"], row["geography"]), ()):
                record = self.records[at]
                named = {factor: record.get(factor, TOTAL) for factor in self.factors}
                factors = {*self.factors, *_factors_of(row)}
                if any(_code(named.get(factor)) != _code(row.get(factor)) for factor in factors):
                    continue
                for field in FIGURES:
                    if re.search(r"\d", row.get(field) or ""):
                        yield "table", f"{name}, row {number}", field, at


def _as_code(text: str, start: int, end: int) -> bool:
    """Whether a word of a text is written as a code is: in quotation marks, after an equals sign, between bars."""
    return text[max(start - 2, 0) : start].strip()[-1:] in {*MARKS} or text[end : end + 2].strip()[:1] in {*MARKS}


def _factors_of(row: Mapping[str, Any]) -> list[str]:
    columns = list(row)
    if not {"vintage", "value"} <= set(columns):
        return []
    return columns[columns.index("vintage") + 1 : columns.index("value")]


def _code(code: Any) -> str:
    return TOTAL if code is None or pd.isna(code) or code == "" else str(code)


def _spellings(label: str | Sequence[str]) -> frozenset[str]:
    return frozenset(map(plain_name, [label] if isinstance(label, str) else label))


def name_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Finds names as whole words, the longest first."""
    longest = sorted(filter(None, names), key=lambda name: (-len(name), name))
    pattern = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest)
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)" if pattern else r"(?!)", re.IGNORECASE)


def plain_name(name: str) -> str:
    """A name as it is compared: composed, in lower case, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())

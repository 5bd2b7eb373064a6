"""Tables for the page: headers, totals, status letters and notes. Every figure comes from the data."""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import look
from .captions import Captions, lower_first
from .display import Display, marks_for
from .language import capital
from .placeviews.ranks import table as ranking_table
from .schema import CITY, PER_CENT, TOTAL, MrstatsError
from .selection import (
    GEOGRAPHY,
    comparison,
    holds_every_group,
    is_shown,
    masked,
    refuse_findings,
    surely_extreme,
)
from .tablelayout import ONE_WAY, Layout, key_of, lay_out
from .views import view_of

FIGURES = ("value", "interval", "n", "population", "count", "affected", "difference", "adjusted_difference", "to_lift")
NAME_LENGTH = 24
"""A row's name is given this many characters before it has to break."""
_CELL_PADDING = 2 * 1.45
_DIGIT = 1.58
"""Millimetres: padding of a cell, and the width of an average character at the table's nine points."""


def table(data, *, rows=None, columns=None, show=None, title=None, city=None, language=None) -> Display:
    """A table of exact values.

    Parameters
    ----------
    data : DataFrame
        What `mr.break_down` or `mr.gaps` returned, or a selection of its rows; or what `mr.ranking`, `mr.segregation`,
        `mr.allocation`, `mr.area_profile`, `mr.impact`, `mr.effect` or a verb about surveys returned, whose columns are given.
    rows, columns : str, optional
        "geography", a background factor, "indicator" or "year". Without them the rows are what varies first
        in that order and the columns what varies next; one-way margins become one list of all groups.
        Factors that are neither rows nor columns are shown as totals, years as the newest.
    show : sequence of str, optional
        Figures in print order: "value", "interval", "n", "population", "count", "affected", "difference" and
        "adjusted_difference" (bring their intervals) and "to_lift". The default is value, interval and n; for gaps
        value, difference and n; for adjusted gaps both differences. Then what does not fit the page is left out:
        first the column of totals, then n, then the interval.
    title : str, optional
        At most twelve words; without it a finding that the intervals bear, else what the table shows.
    city : City, optional
        The opened dataset; found from the table when left out.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "table". How to read it: the last row is the whole, ``..`` is hidden, ``.`` cannot exist, ``–``
        is zero, and letters in the last column are explained below.

    Raises
    ------
    MrstatsError
        If nothing is left to show, two rows want the same cell, a figure is missing without a status, or the
        chosen columns do not fit the page.

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.table(mr.break_down(mr.tiny_city(), "employment", by="sex"), rows="sex").rows[-1]["cells"]
    ['Totalt', '60,0', '49,0–70,0', '80', '']
    """
    own = ranking_table if "rank_lower" in data else view.table if (view := view_of(data)) else None
    if own:
        if rows or columns or show:
            raise MrstatsError(
                "rows=, columns= and show= are for tables of mr.break_down; this one has its own columns."
            )
        return own(data, title=title, city=city, language=language)
    refuse_findings(data)
    words = Captions.of(data, city, language)
    layout = lay_out(masked(data), rows, columns, words)
    figures = _figures(layout, show, words)
    while not _fits(layout, figures, words):
        layout, figures = _narrower(layout, figures, chosen=show is not None)
    indicators = [words.indicator(name) for name in layout.data["indicator"].unique()]
    header, spanners = _header(layout, figures, indicators, words)
    lines = [_line(layout, figures, row, words) for row in layout.rows]
    letters = [_letters(layout, row, words) for row in layout.rows]
    if any(letters):
        header.append({"text": words.word("note_column"), "align": "left"})
        for line, letter in zip(lines, letters, strict=True):
            line["cells"].append(letter)
    return Display(
        "table",
        words.language,
        marks=marks_for(words.city, words.language),
        title=_title(layout, indicators, title, words),
        subtitle=_subtitle(layout, indicators, "interval" in figures, words),
        source=words.source(layout.data, indicators),
        notes=_notes(layout, figures, lines, words),
        columns=header,
        spanners=spanners,
        rows=lines,
    )


def _figures(layout: Layout, show: Sequence[str] | None, words) -> list[str]:
    """The figures to print; those that no row of the data has are left out of a default choice."""
    gaps = "difference" in layout.data
    adjusted = "adjusted_difference" in layout.data
    usual = ["value", "difference", "adjusted_difference" if adjusted else "n"] if gaps else ["value", "interval", "n"]
    chosen = list(show) if show is not None else usual
    unknown = [figure for figure in chosen if figure not in FIGURES]
    if unknown or not chosen:
        raise MrstatsError(f"show={show!r} is not known here; choose among {', '.join(FIGURES)}.")
    if "adjusted_difference" in chosen and not adjusted:
        raise MrstatsError("show asks for an adjusted difference; pass what mr.adjusted_gaps returned.")
    if "difference" in chosen and not gaps:
        raise MrstatsError("show asks for a difference, but the table has none. Pass the table through mr.gaps first.")
    for figure, ends in (("difference", "difference_interval"), ("adjusted_difference", "adjusted_interval")):
        if figure in chosen:
            chosen.insert(chosen.index(figure) + 1, ends)
    if show is None:
        counted = all(words.indicator(name).measure == "count" for name in layout.data["indicator"].unique())
        useless = {name for name in ("interval", "n", "difference_interval") if not _has(layout, name)}
        if not _has(layout, "difference"):
            useless.discard("difference_interval")  # hidden with its difference, not unknown
        if counted:
            useless |= {"interval", "n"}  # a plain count is its own n
        chosen = [figure for figure in chosen if figure not in useless]
    return chosen


def _has(layout: Layout, figure: str) -> bool:
    column = {"interval": "lower", "difference_interval": "difference_lower"}.get(figure, figure)
    return column in layout.data and bool(layout.data[column].notna().any())


def _fits(layout: Layout, figures, words) -> bool:
    """Whether the widest cells fit the column of the page side by side."""
    labels = max((_wrapped(_row_name(layout, row, words)) for row in layout.rows), default=0)
    lines = [_line(layout, figures, row, words)["cells"] for row in layout.rows]
    indicators = [words.indicator(name) for name in layout.data["indicator"].unique()]
    header, _ = _header(layout, figures, indicators, words)
    words_of = [max(len(part) for part in head["text"].split(" ")) for head in header]  # a header may break
    widest = [max(words_of[place], *(len(line[place]) for line in lines)) for place in range(1, len(header))]
    note = max(len(part) for row in layout.rows for part in _letters(layout, row, words).split(" "))
    characters = max(labels, len(header[0]["text"])) + sum(widest) + note
    return characters * _DIGIT + (len(header) + bool(note)) * _CELL_PADDING <= look.COLUMN_WIDTH


def _wrapped(name: str) -> int:
    """Characters a row's name needs at least: a long one may break between its words, figures may not."""
    return min(len(name), max(NAME_LENGTH, *(len(part) for part in re.split(r"[ -]", name))))


def _narrower(layout: Layout, figures, *, chosen: bool):
    """The same table with one thing less: names of letters, the column of totals, n, then the interval."""
    if layout.named_letters and len(figures) == 1:
        return Layout(**{**vars(layout), "named_letters": False}), figures
    if TOTAL in layout.columns and len(layout.columns) > 1:
        columns = tuple(key for key in layout.columns if key != TOTAL)
        return Layout(**{**vars(layout), "columns": columns}), figures
    for figure in ("n", "interval", "difference_interval", "adjusted_interval"):
        if not chosen and figure in figures and len(figures) > 1:
            return layout, [kept for kept in figures if kept != figure]
    raise MrstatsError(
        f"{len(layout.columns)} columns with {', '.join(figures)} do not fit {look.COLUMN_WIDTH:g} mm. "
        "Show fewer figures (show=['value']), swap rows and columns, or select fewer groups."
    )


def _line(layout: Layout, figures, row, words) -> dict:
    cells = [_row_name(layout, row, words)]
    for record in layout.records(row):
        indicator = words.indicator(record["indicator"] if record else layout.data["indicator"].iloc[0])
        cells += [words.figure(record, figure, indicator) for figure in figures]
    return {"cells": cells, "total": _is_total(layout.row_by, row)}


def _letters(layout: Layout, row, words) -> str:
    """Status letters of a line; one that holds for some shown columns only is followed by their names."""
    shown = {
        key: words.letters([record])
        for key, record in zip(layout.columns, layout.records(row), strict=True)
        if record and is_shown(record)
    }
    plain, named = [], []
    for letter in words.letters(layout.records(row)).split():
        holders = [key for key, letters in shown.items() if letter in letters.split()]
        names = [_name(layout, layout.column_by, key, words) for key in holders if key is not None]
        if len(holders) == len(shown) or not layout.named_letters:
            plain.append(letter)
        else:
            named.append(f"{letter} {', '.join(names)}")
    return "; ".join([" ".join(plain)] * bool(plain) + named)


def _is_total(name, key) -> bool:
    if name == ONE_WAY:
        return key[1] == CITY
    return key[0] == CITY if name == GEOGRAPHY else name not in ("indicator", "year") and key == TOTAL


def _row_name(layout: Layout, row, words) -> str:
    return capital(_name(layout, layout.row_by, row, words))


def _name(layout: Layout, name, key, words) -> str:
    if name == ONE_WAY:
        factor, level, code = key
        if level == CITY:
            return words.area(CITY, "")
        text = words.area(level, code) if factor == GEOGRAPHY else words.group(factor, code)
        return f"{capital(words.dimension(factor, level))}: {text}"
    if name == GEOGRAPHY:
        return words.area(*key)
    if name == "indicator":
        indicator = words.indicator(key)
        units = {words.indicator(other).unit[words.language] for other in layout.data["indicator"].unique()}
        everyone = indicator.population[words.language] == words.word("all_residents")
        who = "" if everyone else f" {indicator.population[words.language]}"
        return indicator.label[words.language] + who + (f", {indicator.unit[words.language]}" if len(units) > 1 else "")
    return str(key) if name == "year" else words.group(name, key)


def _header(layout: Layout, figures, indicators, words) -> tuple[list[dict], list[dict]]:
    """The last header row and the spanners above it; with one figure the groups themselves are the header."""
    first = words.word("group") if layout.row_by == ONE_WAY else words.dimension(layout.row_by, layout.level)
    header = [{"text": capital(first), "align": "left"}]
    if layout.column_by is None:
        return header + [_head(figure, layout, indicators, words) for figure in figures], []
    names = [capital(_name(layout, layout.column_by, key, words)) for key in layout.columns]
    if len(figures) == 1:
        return header + [{"text": name, "align": "right"} for name in names], []
    header += [_head(figure, layout, indicators, words) for _ in names for figure in figures]
    spanners = [
        {"text": name, "first": 1 + place * len(figures), "last": (place + 1) * len(figures)}
        for place, name in enumerate(names)
    ]
    return header, spanners


def _head(figure: str, layout: Layout, indicators, words) -> dict:
    measures = {indicator.measure for indicator in indicators}
    if figure == "value":
        text = words.word(f"figure_{measures.pop() if len(measures) == 1 else 'rate'}")
    elif figure in ("interval", "difference_interval", "adjusted_interval"):
        text = words.word("interval_column", level=words.confidence(layout.data) or "95")
    elif figure in ("difference", "adjusted_difference"):
        text = words.word(f"{figure}_points" if measures <= set(PER_CENT) else figure)
    else:
        text = words.word({"n": "persons", "count": "figure_count"}.get(figure, f"{figure}_column"))
    return {"text": text, "align": "right"}


def _split(layout: Layout, words) -> list[str]:
    """What the table is split by, in words, rows first."""
    if layout.row_by == ONE_WAY:
        return [lower_first(words.dimension(block.factor, block.level)) for block in comparison(layout.data).blocks]
    names = [name for name in (layout.row_by, layout.column_by) if name and name != "indicator"]
    names = [name for name in names if name != GEOGRAPHY or layout.level != CITY]
    return [lower_first(words.dimension(name, layout.level)) for name in names]


def _subtitle(layout: Layout, indicators, with_interval: bool, words) -> str:
    return words.subtitle(layout.data, indicators, _split(layout, words), with_interval=with_interval)


def _title(layout: Layout, indicators, given, words) -> str:
    split = _split(layout, words)
    what = words.share(indicators[0]) if len(indicators) == 1 else words.joined(
        [words.label(indicator) for indicator in indicators]
    )  # fmt: skip
    by = f" {words.word('by')} {words.joined(split)}" if split else f" {words.years(layout.data)}"
    return words.title(given, _finding(layout, indicators, words), what + by, what)


def _finding(layout: Layout, indicators, words) -> str | None:
    """*Andelen … är lägst i stadsområdet Österhed*, if every column of the table bears it out."""
    names = layout.row_by, layout.column_by
    if len(indicators) != 1 or ONE_WAY in names or "year" in names or "indicator" in names:
        return None
    indicator = indicators[0]
    rows = [row for row in layout.rows if not _is_total(layout.row_by, row)]
    columns = [key for key in layout.columns if key != TOTAL] if layout.column_by else [None]
    if not holds_every_group(layout.data) or (layout.column_by and len(columns) == 1):
        return None  # true of one group only
    found = []
    for column in columns:
        records = [layout.cells.get((row, column)) for row in rows]
        if any(record is None for record in records):
            return None
        found.append(surely_extreme(records, indicator.direction))
    sure = [extreme for extreme in found if extreme is not None]
    if len(sure) < len(found) or len({(key_of(row, layout.row_by), end) for row, end in sure}) != 1:
        return None
    finding = words.finding(indicator, sure[0], layout.row_by)
    if len(columns) == 1 or finding is None:
        return finding
    if len(columns) != 2 or layout.column_by == GEOGRAPHY:
        return None
    first, second = (_name(layout, layout.column_by, key, words) for key in columns)
    return words.word("title_both", finding=finding, first=first, second=second)


def _notes(layout: Layout, figures, lines, words) -> list[str]:
    used = (words.letters(layout.records(row)) for row in layout.rows)
    notes = words.notes((cell for line in lines for cell in line["cells"][1:]), used)
    indicators = [words.indicator(name) for name in layout.data["indicator"].unique()]
    if "difference" in figures and {indicator.measure for indicator in indicators} <= set(PER_CENT):
        notes.append(words.word("points_explained"))
    if "adjusted_difference" in figures:
        notes.append(words.word("adjusted_explained", covs=words.factors_named(layout.data["adjusted_for"].iloc[0])))
    if "difference" in figures and len(indicators) == 1:
        notes += filter(None, [words.comparison_note(layout.data, indicators[0])])
    return notes + (words.chance(layout.data) if "interval" in figures else [])

"""Trees of a search: from the whole city, step by step, to the groups furthest behind and furthest ahead."""

from __future__ import annotations

import math

from .captions import Captions, lower_first
from .display import Display, figure
from .language import capital, number
from .schema import CONFIDENTIAL
from .selection import GEOGRAPHY, codes, is_shown, latest_year, masked, only_indicator
from .treedrawing import TreeDrawing

NEEDED = ("indicator", "year", "node", "parent", "depth", "factor", "group", "value", "status")


def tree(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """A tree from the city to the groups that lie furthest behind and furthest ahead.

    Parameters
    ----------
    data : DataFrame
        What `mr.furthest_behind` returned for one indicator: one row for each group, with `node`, `parent`
        (empty at the root), `factor` and `group` it was split by, `value`, `path` and `confirmed`.
    title, alt, city, language
        As for `mr.chart`, which calls this.

    Returns
    -------
    Display
        Kind "figure". How to read it: each box is a group within the one before it, with its value, persons and
        interval on one scale; the stroke in every box is the city. The thick path leads to the group furthest
        behind (brick) and furthest ahead (blue). An end that is not confirmed in data of its own has no colour.

    Raises
    ------
    MrstatsError
        If the rows are no tree with one root, or too many to fit a page.
    """
    words = Captions.of(data, city, language)
    shown = latest_year(masked(data, NEEDED))
    indicator = words.indicator(only_indicator(shown))
    drawing = TreeDrawing(shown, indicator, words)
    about = shown[["indicator", "year"]].assign(vintage="", value=shown["value"])
    factors = [lower_first(drawing.name(factor)) for factor in drawing.factors]
    return figure(
        words,
        drawing.svg(),
        drawing.height,
        title=_title(drawing, factors, title),
        subtitle=words.subtitle(about, [indicator], factors),
        source=words.source(about, [indicator]),
        notes=drawing.notes(),
        alt=_alt(drawing, factors, alt),
    )


def way_to(drawing: TreeDrawing, record: dict) -> list[dict]:
    """The rows from the first step to a group."""
    by_node = {row["node"]: row for row in drawing.records}
    way: list[dict] = []
    while record["parent"] != "":
        way.insert(0, record)
        record = by_node[record["parent"]]
    return way


def among(drawing: TreeDrawing, record: dict) -> str:
    """Who a group is, inside a sentence: *bland kvinnor 20–24 år*; a factor that was cut twice is said once."""
    way = {row["factor"]: row for row in way_to(drawing, record)}
    place = way.pop(GEOGRAPHY, None)
    groups = [(factor, row["group"].split()) for factor, row in way.items()]
    parts = [drawing.words.among_groups(groups)] if groups else []
    if place is not None:
        parts.append(f"{drawing.words.word('in_area')} {drawing.group(place)}")
    return " ".join(parts)


def _title(drawing: TreeDrawing, factors: list[str], given: str | None) -> str:
    """Where the value is furthest behind, when the search was confirmed and hides no group."""
    words, indicator = drawing.words, drawing.indicator
    worst, whole = drawing.end("worst"), any(CONFIDENTIAL in codes(record) for record in drawing.records)
    findings = []
    if worst is not None and worst["confirmed"] and not whole and indicator.direction:
        extreme = words.word("highest_adverb" if indicator.direction == "adverse" else "lowest_adverb")
        where = among(drawing, worst)
        share = words.share(indicator, definite=True)
        findings.append(words.word("title_extreme", share=share, extreme=extreme, where=where))
        names = ", ".join(drawing.group(row) for row in way_to(drawing, worst))
        findings.append(f"{words.word('tree_worst')}: {names}")
    what = words.share(indicator)
    split = f"{what} {words.word('by')} {words.joined(factors)}" if factors else what
    return words.title(given, *findings, split, what)


def _alt(drawing: TreeDrawing, factors: list[str], given: str | None) -> str:
    """How many steps, the whole, the two ends with their values, how sure they are, what is hidden."""
    words, word, indicator = drawing.words, drawing.words.word, drawing.indicator
    share = capital(words.share(indicator, definite=True))
    sentences = [word("alt_tree", count=drawing.steps)]
    what = word("alt_what", share=share, year=int(drawing.records[0]["year"]))
    if factors:
        what = f"{what} {word('by')} {words.joined(factors)}"
    if not math.isnan(drawing.whole):
        what = f"{what}; {word('alt_city', value=words.value(drawing.whole, indicator, unit=True))}"
    sentences.append(f"{what}.")
    for path in ("worst", "best"):
        end = drawing.end(path)
        if end is not None:
            key = f"tree_{path}" if end["confirmed"] else f"tree_maybe_{path}"
            sentences.append(f"{word(key)}: {among(drawing, end)}, {words.value(end['value'], indicator)}.")
    if drawing.searched:
        sentences.append(f"{word('tree_searched', count=number(drawing.searched, words.language))}.")
    hidden = sum(not is_shown(record) for record in drawing.records)
    sentences += [word("alt_hidden", count=hidden, total=len(drawing.records))] * bool(hidden)
    return words.alt(given, [*sentences, word("alt_where")], [word("alt_tree_how")])

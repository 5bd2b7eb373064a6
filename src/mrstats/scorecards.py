"""Scorecards: indicators by background factor, each gap with its direction and how far it can be trusted."""

from __future__ import annotations

import math

from .captions import HIDDEN, Captions, lower_first
from .display import Display, figure
from .language import in_words
from .schema import CANNOT_EXIST, NOT_COLLECTED
from .scorecarddrawing import ScorecardDrawing
from .selection import codes, masked

_NEEDED = ("indicator", "factor", "year", "level", "gap", "gap_worst", "status")


def scorecard(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Everything at a glance: the gap of each indicator by each factor, its direction and its reliability.

    Parameters
    ----------
    data : DataFrame
        A scorecard: one row for each indicator and factor, with `level` and `levels` of the city, `gap` in the
        indicator's unit (percentage points for shares), `gap_direction`, `reliability` (3, 2, 1) and `status`.
    title, alt, city, language
        As for `mr.chart`, which calls this.

    Returns
    -------
    Display
        Kind "figure". How to read it: a cell is the difference between the groups with the best and the worst
        value; darker is more, in percentage points. A triangle says that the difference certainly grows or shrinks;
        three dots are high reliability, one is low. A hidden cell is hatched, with ``..``.

    Raises
    ------
    MrstatsError
        If there are more indicators or factors than fit a page, or a pair stands twice.
    """
    words = Captions.of(data, city, language)
    shown = masked(data, _NEEDED)
    drawing = ScorecardDrawing(shown, words)
    return figure(
        words,
        drawing.svg(),
        drawing.height,
        title=_title(drawing, title),
        subtitle=_subtitle(shown, drawing),
        source=words.source(shown, drawing.indicators, since=min(drawing.years, default=None)),
        notes=drawing.notes(),
        alt=_alt(drawing, alt),
    )


def widest(drawing: ScorecardDrawing) -> dict[str, str]:
    """The factor by which each indicator certainly differs most; only where no factor's gap is hidden."""
    found = {}
    for indicator in drawing.indicators:
        rows = [drawing.cells.get((indicator.name, factor)) for factor in drawing.factors]
        rows = [row for row in rows if row is None or not {CANNOT_EXIST, NOT_COLLECTED} & set(codes(row))]
        known = [row for row in rows if row and not math.isnan(row["gap_lower"])]
        if len(known) < 2 or len(known) < len(rows):
            continue
        ends = {row["factor"]: sorted((abs(row["gap_lower"]), abs(row["gap_upper"]))) for row in known}
        best = max(ends, key=lambda factor: ends[factor][0])
        if all(ends[best][0] > upper for factor, (_, upper) in ends.items() if factor != best):
            found[indicator.name] = best
    return found


def _title(drawing: ScorecardDrawing, given: str | None) -> str:
    words, word = drawing.words, drawing.words.word
    total = len(drawing.indicators)
    most = list(widest(drawing).values())
    counts = {factor: most.count(factor) for factor in most}
    best = max(counts, key=lambda factor: counts[factor], default="")
    finding = None
    if best and counts[best] > 1 and list(counts.values()).count(counts[best]) == 1:
        numbers = {"count": in_words(counts[best], words.language), "total": in_words(total, words.language)}
        finding = word("title_scorecard", factor=lower_first(drawing.name(best)), **numbers)
    grown = sum(record["gap_direction"] == "grows" for record in drawing.records)
    shrunk = sum(record["gap_direction"] == "shrinks" for record in drawing.records)
    moved = None
    if grown or shrunk:
        many = {0: "none", 1: "one"}.get(grown, "many")
        differences = word(f"scorecard_differences_{many}", count=in_words(grown, words.language))
        moved = word("title_scorecard_moved", grown=differences, shrunk=in_words(shrunk, words.language))
    fallback = word("title_scorecard_plain", count=in_words(total, words.language))
    if total == 1:
        fallback = word("title_scorecard_one", share=words.share(drawing.indicators[0], definite=True))
    return words.title(given, finding, moved, fallback)


def _subtitle(table, drawing: ScorecardDrawing) -> str:
    words = drawing.words
    since = {int(year) for year in table["since"].dropna()} if "since" in table else set()
    slots = {"place": words.city.label, "year": words.years(table)}
    if len(since) == 1 and since != set(table["year"]):
        return words.word("scorecard_subtitle_since", since=since.pop(), **slots)
    return words.word("scorecard_subtitle", **slots)


def _alt(drawing: ScorecardDrawing, given: str | None) -> str:
    """How many indicators and factors, the largest and smallest gap, directions, what is hidden."""
    words, word = drawing.words, drawing.words.word
    sentences = [word("alt_scorecard", count=len(drawing.indicators), factors=len(drawing.factors))]
    points = [record for record in drawing.records if drawing.in_points(record) and drawing.is_known(record)]
    for key, end in (("alt_scorecard_largest", max), ("alt_scorecard_smallest", min)):
        if len(points) > (end is min):
            record = end(points, key=lambda record: abs(record["gap"]))
            share = words.share(words.indicator(record["indicator"]), definite=True)
            by = lower_first(drawing.name(record["factor"]))
            sentences.append(word(key, share=share, factor=by, gap=drawing.gap(record)))
    grown, shrunk = (sum(record["gap_direction"] == way for record in drawing.records) for way in ("grows", "shrinks"))
    sentences.append(word("alt_scorecard_moved", grown=grown, shrunk=shrunk))
    hidden = sum(drawing.symbol(record) == HIDDEN for record in drawing.records if not drawing.is_known(record))
    if hidden:
        sentences.append(word("alt_hidden", count=hidden, total=len(drawing.records)))
    return words.alt(given, [*sentences, word("alt_where")], [word("alt_scorecard_how")])

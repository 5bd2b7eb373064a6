"""Charts of who differs: which rows, in what order, under which title and alt text. It draws nothing."""

from __future__ import annotations

import math

from . import look
from .captions import Captions, lower_first
from .chartdrawing import Drawing
from .display import Display, marks_for
from .language import capital
from .schema import CITY, CONFIDENTIAL, UNPLACED, MrstatsError, factor_columns
from .selection import (
    GEOGRAPHY,
    Block,
    Comparison,
    against_whole,
    codes,
    comparison,
    holds_every_group,
    is_shown,
    is_sure,
    latest_year,
    masked,
    only_indicator,
    surely_extreme,
    surely_widest,
)


def chart(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Dots with intervals: each group or area beside the whole, and how sure the difference is.

    Parameters
    ----------
    data : DataFrame
        What `mr.gaps` returned, or rows of `mr.break_down` (then without the column of differences), of one
        indicator. The newest year is drawn. One-way rows only: the city by each factor, areas by total, or
        one area's own profile; crosses belong in `mr.table`.
    title : str, optional
        At most twelve words; without it a finding that the intervals bear, else what the chart shows.
    alt : str, optional
        Text alternative; without it one is proposed from the numbers.
    city : City, optional
        The opened dataset; found from the table when left out.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "figure", or "text" when the source publishes no group or area. How to read it: a filled dot is a
        difference whose interval excludes zero, a hollow one may be chance; brick is worse and blue is better
        for people, the arrow says up or down. A hidden row keeps its place as ``..`` and has no mark.

    Raises
    ------
    MrstatsError
        If the table holds several indicators, crosses only, or more rows than fit a page.

    Examples
    --------
    >>> import mrstats as mr
    >>> gaps = mr.gaps(mr.break_down(mr.tiny_city(), "employment", by="sex"))
    >>> mr.chart(gaps).title
    'Andel sysselsatta efter kön'
    """
    words = Captions.of(data, city, language)
    shown = latest_year(masked(data))
    found = comparison(shown) if len(shown) else Comparison((), None)
    if not found.records:
        return _nothing_published(shown, words)
    indicator = words.indicator(only_indicator(shown))
    found = Comparison(tuple(_in_order(block, words) for block in found.blocks), found.whole)
    drawing = Drawing(shown, found, indicator, words)
    return Display(
        "figure",
        words.language,
        marks=marks_for(words.city, words.language),
        title=_title(shown, found, indicator, title, words),
        subtitle=_subtitle(shown, indicator, found, words),
        source=words.source(shown, [indicator]),
        notes=drawing.notes(),
        alt=_alt(shown, drawing, alt),
        svg=drawing.svg(),
        width_mm=look.COLUMN_WIDTH,
        height_mm=round(drawing.height, 2),
    )


def _nothing_published(shown, words) -> Display:
    """The text that stands where a chart cannot: the source holds the city's total only."""
    if len(shown) and (shown["geography_level"] != CITY).any():
        raise MrstatsError(
            f"The table holds {len(shown)} rows that cross factors or areas. A chart compares one by one. "
            "Use mr.table, or keep the rows where the other factors are totals (_T)."
        )
    names = shown["indicator"].unique() if len(shown) else []
    shares = [words.share(words.indicator(name), definite=True) for name in names]
    if shares:
        asked = bool(factor_columns(shown))  # groups were asked for, and the source has none
        first = words.word("no_breakdown" if asked else "whole_only", share=words.joined(shares))
    else:
        first = words.word("no_breakdown_unnamed")
    text = f"{first} {words.word('no_breakdown_result')}"
    return Display("text", words.language, marks=marks_for(words.city, words.language), paragraphs=[text])


def _in_order(block: Block, words) -> Block:
    """Groups in the factor's own order, areas from the highest value, hidden ones last."""
    if block.factor == GEOGRAPHY:
        order = list(words.area_order(block.level))

        def place(record):
            code = record[GEOGRAPHY]
            known = order.index(code) if code in order else len(order)
            return (
                code == UNPLACED,
                not is_shown(record),
                -record["value"] if is_shown(record) else known,
                code,
            )
    else:
        order = words.group_order(block.factor)

        def place(record):
            return order.index(record[block.factor])

    return Block(block.factor, block.level, tuple(sorted(block.records, key=place)))


def _factors(found: Comparison, words) -> list[str]:
    return [lower_first(words.dimension(block.factor, block.level)) for block in found.blocks]


def _title(table, found: Comparison, indicator, given, words) -> str:
    finding = None
    if not holds_every_group(table):
        pass  # what is true of one group only is no finding about all
    elif len(found.blocks) == 1:
        block = found.blocks[0]
        finding = words.finding(indicator, surely_extreme(block.records, indicator.direction), block.factor)
    elif (widest := surely_widest(found.blocks)) and indicator.share is not None:
        factor = lower_first(words.dimension(widest.factor, widest.level))
        finding = words.word("title_spread", share=words.share(indicator, definite=True), factor=factor)
    what, by = words.share(indicator), words.word("by")
    descriptive = f"{what} {by} {words.joined(_factors(found, words))}"
    return words.title(given, finding, descriptive, f"{what} {by} {words.word('background_factors')}", what)


def _subtitle(table, indicator, found: Comparison, words) -> str:
    has_intervals = any(not math.isnan(record["lower"]) for record in found.records)
    return words.subtitle(table, [indicator], [], with_interval=has_intervals)


def _alt(table, drawing: Drawing, given: str | None) -> str:
    """What is drawn, the whole, the two ends, what is uncertain or hidden, and where all numbers are."""
    words, found, indicator, word = drawing.words, drawing.found, drawing.indicator, drawing.words.word
    shown = [(record, block) for block in found.blocks for record in block.records if is_shown(record)]
    share = words.share(indicator, definite=True)
    what = [word("alt_what", share=capital(share), year=words.years(table))]
    what[0] = f"{what[0]} {words.only(table)}".strip()
    count, factors = len(found.records), words.joined(_factors(found, words))
    one = word("alt_comparison_one", factors=factors)
    what.append(one if count == 1 else word("alt_comparisons", count=count, factors=factors))
    if drawing.one_reference:
        name, value = next((name, value) for name, value in drawing.references if value is not None)
        what.append(f"{name} {words.value(value, indicator, unit=True)}")
    sentences = [word("alt_chart"), "; ".join(what) + "."]
    all_shown = len(shown) == len(found.records)
    said = _ends(shown, all_shown, words, indicator) if against_whole(table) else _widest_gap(shown, words, indicator)
    sentences += [said] * bool(said)
    hidden = sum(CONFIDENTIAL in codes(record) for record in found.records)
    if drawing.has_gaps:
        unsure = sum(not is_sure(record) for record, _ in shown)
        key = "alt_all_sure" if not unsure else "alt_unsure_one" if len(shown) == 1 else "alt_unsure"
        sentences.append(word(key, count=unsure, total=len(shown)))
    if hidden:
        sentences.append(word("alt_hidden", count=hidden, total=len(found.records)))
    more = [word("alt_intervals")]
    return words.alt(given, [*sentences, word("alt_where")], more + [word("alt_none_hidden")] * (not hidden))


def _ends(shown, all_shown: bool, words, indicator) -> str:
    """The highest and the lowest value and where they are."""
    rivals = [pair for pair in shown if pair[0][GEOGRAPHY] != UNPLACED]
    if len({record["value"] for record, _ in rivals}) < 2:
        return ""
    high, low = (end(rivals, key=lambda pair: pair[0]["value"]) for end in (max, min))
    return words.word(
        "alt_range" if all_shown else "alt_range_shown",
        high_where=words.where(high[0], high[1].factor),
        high=words.value(high[0]["value"], indicator),
        low_where=words.where(low[0], low[1].factor),
        low=words.value(low[0]["value"], indicator),
    )


def _widest_gap(shown, words, indicator) -> str:
    """The largest difference from a reference group, with both values."""
    rivals = [pair for pair in shown if not math.isnan(pair[0]["difference"])]
    if not rivals:
        return ""
    record, block = max(rivals, key=lambda pair: abs(pair[0]["difference"]))
    return words.word(
        "alt_gap",
        where=words.where(record, block.factor),
        value=words.value(record["value"], indicator),
        reference=words.value(record["reference_value"], indicator),
        difference=words.figure(record, "difference", indicator),
    )

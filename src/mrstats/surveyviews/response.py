"""How response rates are shown: dots with intervals by group, a table of who was asked, and sentences. It computes none."""

from __future__ import annotations

from ..captions import Captions
from ..chartdrawing import Drawing
from ..display import Display, figure
from ..language import number
from ..phrases import fill, hidden_in
from ..schema import MrstatsError
from ..selection import comparison, is_shown, masked
from ..viewparts import about, among, written, written_interval
from .parts import blocks_of, factor_names, lettered_table, lowest, one_of, row_name

NEEDED = ("indicator", "year", "factor", "value", "lower", "upper", "n", "answered", "weighted", "status")


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Each group's response rate as a dot with its interval, beside that of all."""
    words, shown, blocks = _read(data, city, language)
    factors = [factor for factor in blocks if factor]
    if not factors:
        raise MrstatsError(
            "The table holds the rate of everybody only. Ask mr.response_rates for groups: by=['sex', …]."
        )
    indicator = words.indicator(one_of(shown, "indicator"))
    drawing = Drawing(shown, comparison(shown), indicator, words)
    sentences = [words.word("alt_chart"), f"{_subtitle(shown, words)}.", *_said(shown, blocks, words)]
    return figure(
        words, drawing.svg(), drawing.height, title=_title(blocks, words, title), subtitle=_subtitle(shown, words),
        source=words.source(shown, [indicator]), notes=drawing.notes(),
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_intervals")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Who was asked and who answered, by group; the whole last."""
    words, shown, blocks = _read(data, city, language)
    level = words.word("interval_column", level=words.confidence(shown) or "95")
    heads = [words.word("group"), words.word("response_asked"), words.word("response_answered"),
             words.word("response_label"), level, words.word("response_weighted"), level]  # fmt: skip
    lines = []
    for factor, records in blocks.items():
        for record in records:
            cells = [written(record["n"], words, 0), written(record["answered"], words, 0), written(record["value"], words, 1),
                     written_interval(record["lower"], record["upper"], words, 1), written(record["weighted"], words, 1),
                     written_interval(record["weighted_lower"], record["weighted_upper"], words, 1)]  # fmt: skip
            lines.append(([row_name(factor, record, words), *cells], not factor, words.letters([record])))
    notes = [words.word("response_weighted_explained")]
    gone = shown.loc[shown["factor"] == "", "not_eligible"].max()
    notes += [words.word("response_not_eligible", n=number(gone, words.language))] if gone > 0 else []
    return lettered_table(words, heads, lines, title=_title(blocks, words, title), subtitle=_subtitle(shown, words),
                          notes=[*notes, *words.chance(shown)],
                          source=words.source(shown, [words.indicator(one_of(shown, "indicator"))]))  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How many answered, and in which group certainly fewest."""
    shown = masked(data, NEEDED)
    return _said(shown, blocks_of(shown, words), words) + hidden_in(shown, words)


def _said(shown, blocks: dict[str, list[dict]], words: Captions) -> list[str]:
    language, whole = words.language, [record for record in blocks.get("", []) if is_shown(record)]
    told = [
        fill("survey", language, n=about(each["answered"], words), value=number(each["value"], language))
        for each in whole
    ]
    if least := lowest(blocks):
        factor, record = least
        who = among(factor, record[factor], words)
        told.append(fill("nonresponse", language, among=who, value=number(record["value"], language)))
    return told


def _read(data, city, language):
    words = Captions.of(data, city, language)
    shown = masked(data, NEEDED)
    return words, shown, blocks_of(shown, words)


def _subtitle(shown, words: Captions) -> str:
    return words.subtitle(shown, [words.indicator(one_of(shown, "indicator"))], [], with_interval=True)


def _title(blocks: dict[str, list[dict]], words: Captions, given: str | None) -> str:
    factors = [factor for factor in blocks if factor]
    whole = words.word("title_response_whole")
    least = lowest(blocks)
    finding = None
    if least:
        where = f"{words.word('among')} {among(least[0], least[1][least[0]], words)}"
        share = words.word("response_share")
        finding = words.word("title_extreme", share=share, extreme=words.word("lowest_adverb"), where=where)
    split = words.word("title_response", factors=factor_names(factors, words)) if factors else whole
    return words.title(given, finding, split, whole)

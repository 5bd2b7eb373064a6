"""The chapter on data: what lies behind the figures, what is not known, what was protected. Words; it counts nothing itself."""

from __future__ import annotations

from .captions import Captions
from .dataset.release import Release
from .display import Display, marks_for
from .language import capital, number
from .methods_text import text_display


def data_notes(city, *tables, language=None) -> Display:
    """What the figures rest on: sources, years, breaks in the series, and grounds that no source holds.

    Parameters
    ----------
    city : City
        The opened dataset.
    *tables : DataFrame
        What `mr.break_down` returned; their indicators and years are spoken of. Without tables all of the city's.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "text".

    Examples
    --------
    >>> import mrstats as mr
    >>> city = mr.tiny_city()
    >>> mr.data_notes(city, mr.break_down(city, "employment")).paragraphs[0]
    'Talen kommer från Pyttebys register. De gäller 2024.'
    """
    words = Captions(city, language or city.language)
    names = dict.fromkeys(name for table in tables for name in table["indicator"]) or city.indicators
    shown = [city.indicator(name) for name in names]
    sources = list(dict.fromkeys(indicator.source[words.language].rstrip(". ") for indicator in shown))
    years = sorted({int(year) for table in tables for year in table["year"]} or city.description.years)
    span = str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}"
    paragraphs = [words.word("data_sources", sources=words.joined(sources), years=span)]
    broken = [(year, indicator) for indicator in shown for year in indicator.breaks if year in years]
    for year, indicator in broken:
        paragraphs.append(words.word("data_break", year=year, label=indicator.label[words.language]))
    if not broken and len(years) > 1:
        paragraphs.append(words.word("data_no_break"))
    grounds = [missing for missing in city.description.missing if missing.get("reason") == "not_collected"]
    if grounds:
        named = words.joined([words.ground(ground["ground"]) for ground in grounds])
        notes = [_said(ground.get("note", ""), words) for ground in grounds]
        paragraphs.append(" ".join([words.word("data_missing", grounds=named), *filter(None, notes)]))
    return text_display(city, words.language, paragraphs)


def protection(city, *, language=None) -> Display:
    """What was protected in the appendix and how much that cost, in words and numbers a resident understands.

    Parameters
    ----------
    city : City
        The opened dataset.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Publishing: kind "table", one row for the indicators about the same people, how many of their counts are shown
        and hidden. Exploring: kind "text", which says that nothing is protected yet.

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.protection(mr.tiny_city()).paragraphs[0][:33]
    'Arbetsmaterial: inget är skyddat.'
    """
    from .breakdown import mode

    words = Captions(city, language or city.language)
    if city.public:
        return text_display(city, words.language, [words.word("method_protection_public")])
    if mode() != "publish":
        return text_display(city, words.language, [words.word("protection_not_yet")])
    loss = Release.from_environment().info_loss()
    rows = []
    for indicators, part in loss.groupby("indicators", sort=False):
        labels = [city.indicator(name).label[words.language] for name in str(indicators).split(", ")]
        cells, hidden = int(part["cells"].sum()), int(part["hidden"].sum())
        first, last = int(part["year"].min()), int(part["year"].max())
        rounded = (part["method"] == "round").any()
        rows.append(
            [
                capital(words.joined(labels[:3])) + (" …" if len(labels) > 3 else ""),
                str(last) if first == last else f"{first}–{last}",
                number(cells, words.language),
                words.word("protection_rounded") if rounded else number(hidden, words.language),
                number(100 * hidden / cells if cells else 0, words.language, decimals=1),
            ]
        )
    heads = ["indicator", "protection_years", "protection_cells", "protection_hidden", "protection_share"]
    return Display(
        "table",
        words.language,
        marks=marks_for(city, words.language),
        title=words.word("protection_title"),
        subtitle=words.word("protection_subtitle"),
        source=words.word("protection_source"),
        columns=[
            {"text": words.word(head), "align": "left" if place < 2 else "right"} for place, head in enumerate(heads)
        ],
        rows=[{"cells": cells, "total": False} for cells in rows],
    )


def _said(text, words: Captions) -> str:
    return text[words.language] if isinstance(text, dict) else str(text)

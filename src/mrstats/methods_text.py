"""The chapter on method: what each indicator counts, and how each interval is made. Words only, no figures."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from .captions import Captions
from .display import Display, marks_for
from .language import capital
from .schema import CONFIDENTIAL, MrstatsError, has_status

DIFFERENCE = "difference"
"""The paragraph for tables of gaps; every other name is one of the `method` column."""


def methods(city, *tables, title=None, language=None) -> Display:
    """A table of the indicators shown: what is counted, among whom, which way is better, from which source.

    Parameters
    ----------
    city : City
        The opened dataset, whose definitions are printed.
    *tables : DataFrame
        What `mr.break_down` or `mr.gaps` returned; their indicators are listed. Without tables all of the city's.
    title : str, optional
        At most twelve words.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "table", one row an indicator, in the order of the dataset.

    Raises
    ------
    MrstatsError
        If a table holds an indicator that the dataset does not have.

    Examples
    --------
    >>> import mrstats as mr
    >>> city = mr.tiny_city()
    >>> mr.methods(city, mr.break_down(city, "employment")).rows[0]["cells"][:3]
    ['Sysselsatta', '20–64 år', 'högre']
    """
    words = Captions(city, language or city.language)
    used = dict.fromkeys(name for table in tables for name in table["indicator"])
    for name in used:
        city.indicator(name)
    shown = [indicator for name, indicator in city.indicators.items() if name in used or not tables]
    heads = [words.word("indicator"), *(words.word(f"methods_{key}") for key in ("among", "direction", "what"))]
    return Display(
        "table",
        words.language,
        marks=marks_for(city, words.language),
        title=words.title(title, words.word("methods_title")),
        subtitle=words.word("methods_subtitle", dataset=city.name),
        source=words.word("methods_made"),
        columns=[{"text": head, "align": "left"} for head in heads],
        rows=[{"cells": _cells(indicator, words), "total": False} for indicator in shown],
    )


def method_notes(city, *tables, language=None) -> Display:
    """One paragraph in plain words for each way an interval was made in the tables.

    Parameters
    ----------
    city : City
        The opened dataset; only its language and marks are used.
    *tables : DataFrame
        What `mr.break_down` or `mr.gaps` returned, with their column `method`.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "text", in the order of methods_text.toml; tables of gaps bring the paragraph on differences.

    Raises
    ------
    MrstatsError
        If a method has no text, or no table was given.

    Examples
    --------
    >>> import mrstats as mr
    >>> city = mr.tiny_city()
    >>> mr.method_notes(city, mr.break_down(city, "employment")).paragraphs[1][:35]
    '**Andelar** har Wilsons intervall. '
    """
    language = language or city.language
    used: set[str] = set()
    for table in tables:
        shown = table[~has_status(table["status"], CONFIDENTIAL) & table["value"].notna()]
        used |= {DIFFERENCE} & set(table.columns)
        for method in shown["method"].dropna().unique():
            used |= _names(method)
    if not used:
        raise MrstatsError("mr.method_notes explains the methods of tables; pass what mr.break_down returned.")
    paragraphs = [text[language] for name, text in _texts().items() if name in used]
    return text_display(city, language, paragraphs)


def text_display(city, language: str, paragraphs: list[str]) -> Display:
    """Plain paragraphs with the dataset's marks."""
    return Display("text", language, marks=marks_for(city, language), paragraphs=paragraphs)


def _names(method: str) -> set[str]:
    """The texts that explain a method: its kind of uncertainty, and each part of how, as in *register dobson wilson*."""
    kind, _, how = method.partition(" ")
    several = {name for name in _texts() if " " in name and name in how}  # names of two words, such as exact poisson
    for name in several:
        how = how.replace(name, "")
    names = {kind, *several, *how.split()}
    if not names or not names <= set(_texts()):
        raise MrstatsError(
            f"method {method!r} has no explanation for readers. Add [{method!r}] with sv and en to "
            f"methods_text.toml, which explains {', '.join(_texts())}."
        )
    return names


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("mrstats").joinpath("methods_text.toml").read_text(encoding="utf-8"))


def _cells(indicator, words: Captions) -> list[str]:
    """Name, population, direction, and what is counted with note and source; the longest text is the last."""
    language = words.language
    share, unit = words.share(indicator, definite=True), indicator.unit[language]
    what = [share if unit in share else f"{share}, {unit}", (indicator.note or {}).get(language, "")]
    what.append(f"{words.word('source')}: {indicator.source[language]}")
    better = words.word(f"direction_{indicator.direction or 'none'}")
    said = " ".join(f"{capital(text.rstrip('. '))}." for text in what if text)
    return [capital(indicator.label[language]), indicator.population[language], better, said]

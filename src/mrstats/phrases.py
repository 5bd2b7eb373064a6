"""Patterns of sentences and the figures inside them: running text, not tables. It chooses no findings."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from .captions import Captions
from .definitions import Indicator
from .language import capital, in_words, interval, number
from .moving import HOLDOUT
from .schema import CONFIDENTIAL, INTERPOLATED, PER_CENT, has_status


@cache
def patterns() -> dict[str, dict[str, str]]:
    """All patterns of sentences.toml."""
    return tomllib.loads(files("mrstats").joinpath("sentences.toml").read_text(encoding="utf-8"))


def fill(pattern: str, language: str, **slots: str) -> str:
    """A pattern of sentences.toml with its slots filled; a capital slot gets a capital first letter.

    Examples
    --------
    >>> fill("city", "sv", share="andelen sysselsatta", value="68 procent")
    'I hela staden är andelen sysselsatta 68 procent.'
    """
    every = slots | {key.capitalize(): capital(text) for key, text in slots.items()}
    return patterns()[pattern][language].format(**every)


def hidden_in(shown, captions: Captions) -> list[str]:
    """How many figures of a table are not shown, as one sentence or none."""
    hidden = int(has_status(shown["status"], CONFIDENTIAL).sum())
    if not hidden:
        return []
    if hidden == len(shown):
        return [fill("all_hidden", captions.language)]
    if hidden == 1:
        return [fill("hidden_one", captions.language)]
    text = fill("hidden", captions.language, num=in_words(hidden, captions.language))
    return [text]


def moved_in(shown, captions: Captions) -> list[str]:
    """That a table's figures come from another division of areas, and whether the error of that is known."""
    moved = shown[has_status(shown["status"], INTERPOLATED) & shown["value"].notna()]
    if moved.empty:
        return []
    areas = captions.city.geographies[moved["geography_level"].iloc[0]].definite_plural[captions.language]
    measured = moved["method"].str.endswith(HOLDOUT).all()
    error = fill("moved_holdout" if measured else "moved_unmeasured", captions.language)
    return [fill("moved", captions.language, areas=areas), error]


def area_counts(pattern: str, level, captions: Captions, **counts: int) -> str:
    """How many areas: counts up to twelve in words, all of them in figures where one is more."""
    language = captions.language
    neuter = level.definite[language].endswith("t")  # ett område, en stadsdel
    large = max(counts.values()) > 12
    said = {
        slot: number(count, language) if large else in_words(count, language, neuter=neuter)
        for slot, count in counts.items()
    }
    return fill(pattern, language, areas=level.plural[language], **said)


def counting(counts: list[int], language: str, *, neuter: bool = False) -> Callable[[int], str]:
    """Words for counts up to twelve, figures for all of them if one is more; *inga* and not *noll*."""

    def write(count: int) -> str:
        if not count:
            return patterns()["no"][language]
        return number(count, language) if max(counts) > 12 else in_words(count, language, neuter=neuter)

    return write


def ends_of(lower: float, upper: float, language: str, *, decimals: int) -> str:
    """An interval in running text, with one decimal more where it is too narrow for so few."""
    ends = interval(lower, upper, language, decimals=decimals)
    return interval(lower, upper, language, decimals=decimals + 1) if len(set(ends.split("–"))) == 1 else ends


def share_of(indicator: Indicator, captions: Captions) -> str:
    """*andelen sysselsatta*, or the indicator's label."""
    return (indicator.share or indicator.label)[captions.language]


def decimals_of(value: float, indicator: Indicator, *, difference: bool = False) -> int:
    """Whole per cent in text; one decimal under 10, or for a difference under 1."""
    if indicator.measure in PER_CENT:
        return 1 if abs(value) < (1 if difference else 10) else 0
    return indicator.decimals


def value_of(value: float, indicator: Indicator, captions: Captions) -> str:
    """A value with its unit."""
    text = number(value, captions.language, decimals=decimals_of(value, indicator))
    return f"{text}{unit_of(indicator, captions)}"


def unit_of(indicator: Indicator, captions: Captions) -> str:
    """The unit after a figure, unless the indicator's own name has said it."""
    unit = indicator.unit[captions.language]
    return "" if unit in share_of(indicator, captions) else f" {unit}"


def difference_of(difference: float, indicator: Indicator, captions: Captions) -> str:
    """The size of a difference with its unit, without a sign."""
    text = number(abs(difference), captions.language, decimals=decimals_of(difference, indicator, difference=True))
    if indicator.measure not in PER_CENT:
        return f"{text}{unit_of(indicator, captions)}"
    return f"{text} {difference_unit(indicator, captions, one=text == '1')}"


def difference_unit(indicator: Indicator, captions: Captions, *, one: bool = False) -> str:
    """Percentage points for shares, else the unit of the indicator."""
    if indicator.measure in PER_CENT:
        return patterns()["percentage_point" if one else "percentage_points"][captions.language]
    return indicator.unit[captions.language]

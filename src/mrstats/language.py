"""Swedish and English: words of the page and the way numbers are written. No statistics, no sentences."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from importlib.resources import files

from babel import Locale
from babel import dates as babel_dates
from babel import numbers as babel_numbers

LANGUAGES = ("sv", "en")
LOCALES = {"sv": "sv_SE", "en": "en_GB"}
TAGS = {"sv": "sv-SE", "en": "en-GB"}
NO_BREAK = "\u00a0"
MINUS = "\u2212"
EN_DASH = "\u2013"


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("mrstats").joinpath("words.toml").read_text(encoding="utf-8"))


@cache
def _locale(language: str) -> Locale:
    if language not in LANGUAGES:
        raise ValueError(f"language={language!r} is not spoken here; choose one of {', '.join(LANGUAGES)}.")
    return Locale.parse(LOCALES[language])


def word(key: str, language: str, **slots: object) -> str:
    """A word or short phrase of the page, with its slots filled.

    Examples
    --------
    >>> word("source", "sv"), word("source", "en")
    ('Källa', 'Source')
    """
    try:
        text = _words()[key][language]
    except KeyError:
        raise KeyError(f"words.toml has no {language!r} form of {key!r}; add it there.") from None
    return text.format(**slots) if slots else text


def number(value: float, language: str, *, decimals: int = 0) -> str:
    """A number as the language writes it: no-break space in thousands, decimal comma, U+2212.

    Examples
    --------
    >>> number(-1234.56, "sv", decimals=1)
    '−1\\xa0234,6'
    >>> number(1234.56, "en", decimals=1)
    '1,234.6'
    """
    rounded = _round_half_away(value, decimals)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text = babel_numbers.format_decimal(rounded, format=pattern, locale=_locale(language))
    return text.replace("-", MINUS)


def signed(value: float, language: str, *, decimals: int = 1) -> str:
    """A difference: always with its sign, except for zero.

    Examples
    --------
    >>> signed(2.24, "sv"), signed(-0.04, "sv"), signed(-2.26, "sv")
    ('+2,2', '0,0', '−2,3')
    """
    text = number(value, language, decimals=decimals)
    return "+" + text if _round_half_away(value, decimals) > 0 else text


def interval(lower: float, upper: float, language: str, *, decimals: int = 1, sign: bool = False) -> str:
    """An interval; with an end below zero, or `sign`, its ends carry signs and the word *till* / *to*.

    Examples
    --------
    >>> interval(69.6, 75.8, "sv")
    '69,6–75,8'
    >>> interval(-0.6, 2.4, "sv", sign=True)
    '−0,6 till +2,4'
    """
    if sign or _round_half_away(lower, decimals) < 0:
        write = signed if sign else number
        ends = (write(end, language, decimals=decimals) for end in (lower, upper))
        return f" {word('to', language)} ".join(ends)
    return EN_DASH.join(number(end, language, decimals=decimals) for end in (lower, upper))


def in_words(count: int, language: str, *, neuter: bool = False) -> str:
    """A passing count: in words up to twelve; Swedish *en* and *ett* follow the gender of what is counted.

    Examples
    --------
    >>> in_words(4, "sv"), in_words(1, "sv", neuter=True), in_words(13, "en")
    ('fyra', 'ett', '13')
    """
    words = word("numbers", language).split()
    if language == "sv" and count < 2:
        return [["ingen", "en"], ["inget", "ett"]][neuter][count]
    return words[count] if count < len(words) else number(count, language)


def percent(value: float, language: str, *, decimals: int = 1) -> str:
    """A share with its sign, for tables and drawings; running text spells the unit out.

    Examples
    --------
    >>> percent(61.04, "sv"), percent(61.04, "en")
    ('61,0\\xa0%', '61.0%')
    """
    gap = NO_BREAK if language == "sv" else ""
    return f"{number(value, language, decimals=decimals)}{gap}%"


def date(day, language: str) -> str:
    """A date in words.

    Examples
    --------
    >>> import datetime
    >>> date(datetime.date(2024, 12, 31), "sv")
    '31 december 2024'
    """
    return babel_dates.format_date(day, "d MMMM y", locale=_locale(language))


def capital(text: str) -> str:
    """The same text with a capital first letter; the rest is left alone, so LSS stays LSS.

    Examples
    --------
    >>> capital("andelen sysselsatta"), capital("LSS")
    ('Andelen sysselsatta', 'LSS')
    """
    return text[:1].upper() + text[1:]


def _round_half_away(value: float, decimals: int) -> float:
    """Schoolbook rounding, so that a reader who checks by hand agrees; binary noise is shaved off first."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written as a number; a missing figure needs its status symbol.")
    scale = 10**decimals
    steps = math.floor(abs(value) * scale + 0.5 + 1e-9)
    return math.copysign(steps / scale, value) if steps else 0.0

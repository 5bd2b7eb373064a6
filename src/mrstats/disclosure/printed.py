"""Numbers as they are printed: every number of a text with the ways it can be read, and every way to write a figure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mrstats.language import LANGUAGES, word

MOST_DECIMALS = 4
"""Numbers with more decimals are compared on this many."""

NO_BREAKS = "\u00a0\u202f\u2009"
NUMBER = re.compile(
    r"(?<![\w\u2212+])(?<!\d[,.])(?<!(?<!\w)-)"
    rf"(\d{{1,3}}(?:[{NO_BREAKS} ]\d{{3}})+(?!\d)|\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)(?:[.,](\d+))?(?!\w)"
)
SIGNED = re.compile(r"(?<!\w)[+\u2212-](?=\d)")
SPOKEN = {
    spoken: (0, number)
    for language in LANGUAGES
    for number, spoken in [*enumerate(word("numbers", language).split()), (1, "ett")]
    if number
}
"""Numbers up to twelve in words; each is a figure only before persons, since *en* is an article too."""

IN_WORDS = re.compile(
    rf"\b({'|'.join(SPOKEN)})\b(?=\s+(?:\w+\s+)?(?:person|people|invånare|resident|\x00)|\s+(?:av|of)\b)", re.IGNORECASE
)
NO_FIGURE = re.compile(
    r"\d+(?:\s?[–-]\s?\d+)?\+?\s*(?:år\b|years\b|-årig)"  # ages
    r"|\d+\s?(?:%|procents?|per cent)[\s-]*(?:intervall|osäkerhetsintervall|interval|confidence|uncertainty)"
    r"|\b(?:tabell|figur|table|figure|kapitel|chapter|sida|page)\s\d+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Printed:
    """A number in a text: where it stands, how it can be read, as pairs of decimals and digits, and how it is written.

    `sign` is ``+`` or ``-`` for a difference; `spoken` says that it stands in words.
    """

    start: int
    end: int
    readings: tuple[tuple[int, int], ...]
    sign: str = ""
    spoken: bool = False

    def small(self, limit: int) -> bool:
        """Whether it is a whole number up to a limit."""
        return all(not decimals and digits <= limit for decimals, digits in self.readings)


def printed_numbers(text: str) -> Iterator[Printed]:
    """Numbers of a text, in words up to twelve persons; ages, levels of confidence and numbers of tables are none.

    Parameters
    ----------
    text : str
        Names that stand for persons may be masked by ``\\x00``.

    Yields
    ------
    Printed
        ``61,2`` reads (1, 612). ``1,234`` reads 1234 and 1.234; ``1 234`` with an ordinary space gives three numbers.

    Examples
    --------
    >>> [number.readings for number in printed_numbers("61,2 (1\\xa0234 personer, 20–64 år)")]
    [((1, 612),), ((0, 1234),)]
    >>> [(number.sign, number.readings) for number in printed_numbers("Tre personer, −2,5 p.e.")]
    [('-', ((1, 25),)), ('', ((0, 3),))]
    """
    masked = SIGNED.sub("\x00", NO_FIGURE.sub(lambda m: "\x00" * len(m.group()), text))
    for match in NUMBER.finditer(masked):
        pieces = list(re.finditer("[^ ]+", match.group(1)))
        for first in range(len(pieces)):  # an ordinary space may part thousands, or two numbers
            for last in range(first, len(pieces)):
                rest = match.group(2) or "" if last == len(pieces) - 1 else ""
                start, end = match.start() + pieces[first].start(), match.start() + pieces[last].end()
                whole = "".join(piece.group() for piece in pieces[first : last + 1])
                signed = SIGNED.match(text, start - 1) if start else None
                sign = "" if not signed else "+" if signed.group() == "+" else "-"
                yield Printed(start, end + len(rest) + bool(rest), tuple(_readings(whole, rest)), sign)
    for match in IN_WORDS.finditer(masked):
        yield Printed(match.start(1), match.end(1), (SPOKEN[match.group(1).lower()],), spoken=True)


def _readings(whole: str, rest: str) -> Iterator[tuple[int, int]]:
    yield _reading(re.sub(rf"[{NO_BREAKS},]", "", whole), rest)
    if whole.count(",") == 1 and not rest:
        yield _reading(*whole.split(","))
    if len(rest) == 3 and whole.isdigit() and len(whole) <= 3:
        yield _reading(whole + rest, "")


def _reading(whole: str, part: str) -> tuple[int, int]:
    if len(part) > MOST_DECIMALS:
        return MOST_DECIMALS, math.floor(float(f"{whole}.{part}") * 10**MOST_DECIMALS + 0.5 + 1e-9)
    return len(part), int(whole + part)


def ways_to_write(figure: float, *, count: bool) -> set[tuple[int, int]]:
    """Decimals and digits of every way to print a figure: from none to four decimals; counts also rounded to tens. Never as a zero.

    Examples
    --------
    >>> sorted(ways_to_write(61.25, count=False))
    [(0, 61), (1, 612), (1, 613), (2, 6125), (3, 61250), (4, 612500)]
    >>> sorted(ways_to_write(128, count=True))[:2]
    [(0, 128), (0, 130)]
    >>> sorted(ways_to_write(25, count=True))[:3]
    [(0, 20), (0, 25), (0, 30)]
    """
    size = abs(figure)
    if not math.isfinite(size):
        return set()
    ways = set()
    for decimals in range(MOST_DECIMALS + 1):
        scaled = size * 10**decimals
        ways |= {(decimals, math.floor(scaled + 0.5 + 1e-9)), (decimals, round(scaled))}
    tens = {(0, 10 * math.floor(size / 10 + 0.5)), (0, 10 * round(size / 10))}  # halves up, and to the even one
    return {way for way in ways | (tens if count else set()) if way[1]}

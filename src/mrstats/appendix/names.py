"""Every name that an area, a group or an indicator is written under, in both languages. It opens no file."""

from __future__ import annotations

import re
from itertools import product

from ..dataset import City
from ..language import LANGUAGES, word
from ..schema import CITY, UNPLACED


def area_names(city: City, level: str) -> dict[str, tuple[str, ...]]:
    """Code and name of each area; those without a known one in every language."""
    if level == CITY:
        return {}
    unplaced = (UNPLACED, *(word("unplaced", language) for language in LANGUAGES))
    return {code: (code, name) for code, name in city.area_names(level).items()} | {UNPLACED: unplaced}


def group_names(city: City, factor: str) -> dict[str, tuple[str, ...]]:
    """Code of each group and what it is called in both languages, alone and inside a sentence."""
    return {
        group.code: tuple(dict.fromkeys([group.code, *group.label.values(), *group.among.values()]))
        for group in city.factors[factor].groups
    }


def ordinary_codes(city: City, factor: str) -> tuple[str, ...]:
    """Codes that are words of what their group is called, no name of its own: *with* of *with disability* alone names nobody."""
    found = []
    for group in city.factors[factor].groups:
        called = (*group.label.values(), *group.among.values())
        if group.code not in called and any(group.code in re.findall(r"[\w+-]+", name) for name in called):
            found.append(group.code)
    return tuple(found)


def indicator_names(city: City, name: str) -> tuple[str, ...]:
    """Name, label and share of an indicator, the share also as a sentence begins it (*andelen* for *andel*)."""
    indicator = city.indicator(name)
    texts = [text for text in (indicator.label, indicator.share) if text]
    said = [text[language] for text, language in product(texts, LANGUAGES) if text.get(language)]
    bare = []
    for language in LANGUAGES:
        definite, indefinite = (word(f"share_{form}", language) for form in ("definite", "indefinite"))
        bare += [indefinite + spoken.removeprefix(definite) for spoken in said if spoken.startswith(definite)]
    return tuple(dict.fromkeys([name, *said, *bare]))

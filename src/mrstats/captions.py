"""What stands around a figure: names, written figures, symbols, captions, notes. It chooses no rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import schema
from .language import EN_DASH, NO_BREAK, capital, interval, number, signed, word
from .schema import MrstatsError
from .selection import GEOGRAPHY, codes, fixed_groups

HIDDEN, CANNOT_EXIST, ZERO = "..", ".", EN_DASH
TITLE_WORDS = 12
ALT_LENGTH = (200, 400)
LETTERS = ("b", "u", "p", "i", "r")
"""Status codes that are printed as a letter beside a figure, in this order."""

_WHOLE = ("total", schema.TOTAL, schema.CITY)
_COUNTS = ("n", "population", "count", "affected", "to_lift")
_OF_GAPS = ("difference", "difference_interval", "adjusted_difference", "adjusted_interval", "to_lift")
_ENDS = {
    "interval": ("lower", "upper"),
    "difference_interval": ("difference_lower", "difference_upper"),
    "adjusted_interval": ("adjusted_difference_lower", "adjusted_difference_upper"),
}
"""Columns of a figure that is an interval."""
_MOVED = ("points", "land", "area", "holdout", "unmeasured")
"""Words of `method` that say how a figure was estimated from another division of areas."""
_NOTES = {HIDDEN: "symbol_hidden", CANNOT_EXIST: "symbol_cannot_exist", ZERO: "symbol_zero"}


@dataclass(frozen=True)
class Captions:
    """The names and phrases of one dataset in one language."""

    city: Any
    language: str

    @classmethod
    def of(cls, table, city, language: str | None) -> Captions:
        """Captions for a table; without `city` the opened dataset of the table is found."""
        if city is None:
            from .dataset import dataset_of

            city = dataset_of(table)
        return cls(city, language or city.language)

    def word(self, key: str, **slots: object) -> str:
        """A word of the page."""
        return word(key, self.language, **slots)

    # Names

    def area(self, level: str, code: str) -> str:
        """The name of an area, of the whole city or of those without a known area."""
        if level == schema.CITY:
            return self.word("city_as_a_whole")
        return self.word("unplaced") if code == schema.UNPLACED else self.area_order(level).get(code, code)

    def area_order(self, level: str) -> dict[str, str]:
        """Codes and names of a level's areas in print order."""
        return self.city.area_names(level)

    def group(self, factor: str, code: str) -> str:
        """The name of a group, or of the total."""
        if code == schema.TOTAL:
            return self.word("total")
        return self._group(factor, code).label[self.language]

    def group_order(self, factor: str) -> list[str]:
        """Codes of a factor's groups in print order, the total last."""
        return [group.code for group in self.city.factors[factor].groups] + [schema.TOTAL]

    def _group(self, factor: str, code: str):
        groups = {group.code: group for group in self.city.factors[factor].groups}
        if code not in groups:
            raise schema.UnknownGroupError(
                f"{factor}={code!r} has no name in {self.city.name}. "
                f"Groups there: {', '.join(groups)}. Add it to the factor in dataset.toml."
            )
        return groups[code]

    def dimension(self, name: str, level: str = "") -> str:
        """The name of what rows or columns stand for: a level of areas, a factor, indicator or year."""
        if name == GEOGRAPHY:
            return self.city.label if level == schema.CITY else self.city.geographies[level].label[self.language]
        if name in ("indicator", "year"):
            return self.word(name)
        return self.city.factors[name].label[self.language]

    def where(self, record: dict, *dimensions: str) -> str:
        """*bland kvinnor 25–44 år i stadsområdet Öster*: where in a sentence a row's value holds."""
        named = [name for name in dimensions if name != GEOGRAPHY and record[name] != schema.TOTAL]
        among = [self._group(name, record[name]).among[self.language] for name in named]
        parts = [f"{self.word('among')} {_one_phrase(among, self.word('people'))}"] if among else []
        if GEOGRAPHY in dimensions and record["geography_level"] != schema.CITY:
            level, code = record["geography_level"], record[GEOGRAPHY]
            definite = self.city.geographies[level].definite[self.language]
            parts.append(f"{self.word('in_area')} {definite} {self.area(level, code)}")
        return " ".join(parts)

    def among_groups(self, groups: Sequence[tuple[str, Sequence[str]]]) -> str:
        """*bland kvinnor födda i Afrika och födda i Asien*: one or several groups of each factor, inside a sentence."""
        people, phrases = self.word("people"), []
        for factor, found in groups:
            first, *others = (self._group(factor, code).among[self.language] for code in found)
            phrases.append(self.joined([first, *(other.removeprefix(people) for other in others)]))
        return f"{self.word('among')} {_one_phrase(phrases, people)}"

    def indicator(self, name: str):
        """The definition of an indicator."""
        return self.city.indicators[name]

    def label(self, indicator) -> str:
        """An indicator's label inside a sentence: *sysselsatta*; a statement in English keeps the capital of its *I*."""
        label = indicator.label[self.language]
        return label if self.language == "en" and label.startswith("I ") else lower_first(label)

    def share(self, indicator, *, definite: bool = False) -> str:
        """What an indicator measures: *andel sysselsatta*, or *andelen sysselsatta* inside a sentence."""
        if indicator.share is None:
            return self.label(indicator)
        share = indicator.share[self.language]
        start = self.word("share_definite")
        if definite or not share.startswith(start):
            return share
        return self.word("share_indefinite") + share.removeprefix(start)

    def joined(self, names: Iterable[str]) -> str:
        """*a, b och c*."""
        *first, last = names
        return f"{', '.join(first)} {self.word('and')} {last}" if first else last

    def factors_named(self, names: str) -> str:
        """*ålder, kön och utbildning* of ``"age_group, sex, education"``; a column of numbers is called as its factor is."""
        read_from = {source.column: source.factor for source in reversed(self.city.description.factors.values())}
        found = {name: self.city.factors.get(name) or read_from.get(name) for name in names.split(", ")}
        # Age in years and groups of ages are both called *ålder*, which is said once.
        said = (lower_first(factor.label[self.language]) if factor else name for name, factor in found.items())
        return self.joined(dict.fromkeys(said))

    # Figures

    def value(self, value: float, indicator, *, unit: bool = False) -> str:
        """A value as tables print it; with `unit`, as sentences do."""
        text = number(value, self.language, decimals=indicator.decimals)
        return f"{text}{NO_BREAK}{indicator.unit[self.language]}" if unit else text

    def figure(self, record: dict | None, field: str, indicator) -> str:
        """One cell: the written figure, or the symbol that says why there is none."""
        if record is None:
            return HIDDEN  # not available: the table has no such row
        status = codes(record)
        if schema.CONFIDENTIAL in status:
            return HIDDEN
        if schema.NOT_COLLECTED in status:
            return self.word("missing")
        figures = [record.get(name, math.nan) for name in _ENDS.get(field, (field,))]
        if any(figure is None or math.isnan(figure) for figure in figures):
            return self._reason(record, field, status)
        decimals = indicator.decimals
        if field in _COUNTS or (field == "value" and indicator.measure == "count"):
            return number(figures[0], self.language) if figures[0] else ZERO
        if field in ("difference", "adjusted_difference"):
            return signed(figures[0], self.language, decimals=decimals)
        if field in _ENDS:
            return interval(figures[0], figures[1], self.language, decimals=decimals, sign=field != "interval")
        return self.value(figures[0], indicator)

    def _reason(self, record: dict, field: str, status: list[str]) -> str:
        """The symbol of a figure that is absent although its row is not confidential."""
        if field in _OF_GAPS and math.isnan(record.get("difference", math.nan)):
            return HIDDEN  # the reference is hidden, so the difference would give it away
        if schema.CANNOT_EXIST in status or field != "value" or record.get("n") == 0:
            return CANNOT_EXIST
        raise MrstatsError(
            f"{record['indicator']} {record['year']} at {record[GEOGRAPHY]} has no value and no status. "
            'Give the row a status ("C" confidential, "m" cannot exist, "x" not collected).'
        )

    def letters(self, records: Iterable[dict | None]) -> str:
        """Status letters of some rows, each once; a hidden figure has its symbol and needs no letter."""
        found = {code for record in records if record and not math.isnan(record["value"]) for code in codes(record)}
        return " ".join(letter for letter in LETTERS if letter in found)

    def reference(self, records: Sequence[dict], indicator) -> tuple[str, str] | None:
        """Name, as inside a sentence, and value of what all rows are compared with; None if they differ."""
        known = [record for record in records if not math.isnan(record["reference_value"])]
        found = {(record["reference"], self.value(record["reference_value"], indicator)) for record in known}
        if len(found) != 1:
            return None
        name, value = found.pop()
        if name == schema.TARGET:
            return self.word("the_target"), value
        if name not in _WHOLE and name != self.city.municipality:
            return self.group(known[0]["factor"], name), value
        inside = {
            (record["geography_level"], record[GEOGRAPHY])
            for record in known
            if record["factor"] != GEOGRAPHY and record["geography_level"] != schema.CITY
        }
        if not inside:
            return lower_first(self.word("city_as_a_whole")), value
        one_area = len(inside) == len({record[GEOGRAPHY] for record in known}) == 1
        return (self.area(*inside.pop()), value) if one_area else None

    def comparison_note(self, gaps, indicator) -> str | None:
        """What the differences of a table are against, with its value when that is the same for all rows."""
        same = self.reference(gaps.to_dict("records"), indicator)
        if same:
            return self.word("compared_with", reference=same[0], value=same[1])
        kinds = {(name, factor) for name, factor in zip(gaps["reference"], gaps["factor"], strict=True)}
        if len(kinds) != 1 or (gaps["factor"] == GEOGRAPHY).any():
            return None
        name, factor = kinds.pop()
        group = self.word("everyone") if name in _WHOLE else self.group(factor, name)
        return self.word("compared_with_group", reference=group)

    # Captions

    def title(self, given: str | None, *proposals: str | None) -> str:
        """The given title, or the first proposal of at most twelve words, or the last one whole: half a sentence is none."""
        if given is not None:
            count = len(given.split())
            if not 1 <= count <= TITLE_WORDS:
                raise MrstatsError(
                    f"title={given!r} has {count} words. A title says the finding in 1–{TITLE_WORDS} words; "
                    "the subtitle holds unit, population and year."
                )
            return given
        fitting = [title for title in proposals if title and len(title.split()) <= TITLE_WORDS]
        return capital(fitting[0] if fitting else str(proposals[-1]))

    def only(self, table) -> str:
        """*bland kvinnor*, when the whole table is about them."""
        groups = [self._group(factor, code).among[self.language] for factor, code in fixed_groups(table).items()]
        return f"{self.word('among')} {', '.join(groups)}" if groups else ""

    def finding(self, indicator, extreme: tuple[dict, str] | None, *dimensions: str) -> str | None:
        """*Andelen sysselsatta är lägst i stadsområdet Öster*; None where nothing is sure."""
        if extreme is None or indicator.share is None or indicator.measure in ("count", "total"):
            return None
        record, end = extreme
        slots = {"extreme": self.word(f"{end}_adverb"), "where": self.where(record, *dimensions)}
        return self.word("title_extreme", share=self.share(indicator, definite=True), **slots)

    def subtitle(self, table, indicators: Sequence, by: Sequence[str], *, with_interval: bool = False) -> str:
        """What, population, split, group, unit, place and year, in that order, separated by commas."""
        parts = []
        if len(indicators) == 1:
            parts += [self.share(indicators[0]), indicators[0].population[self.language]]
        parts.append(self.only(table))
        if by:
            parts.append(f"{self.word('by')} {self.joined(by)}")
        if schema.is_standardised(table):
            parts.append(self.word("standardised"))
        units = list(dict.fromkeys(indicator.unit[self.language] for indicator in indicators))
        if len(units) == 1:
            level = self.confidence(table)
            unit = "" if len(indicators) == 1 and units[0] in self.share(indicators[0]) else units[0]
            known = with_interval and level
            parts.append(self.word("with_interval", unit=unit, level=level).strip() if known else unit)
        parts.append(f"{self.city.label} {self.years(table)}")
        return capital(", ".join(part for part in parts if part))

    def confidence(self, table) -> str:
        """The interval level in per cent, or an empty text when the table does not say one level."""
        levels = set(table["confidence"].dropna()) if "confidence" in table else set()
        return number(100 * levels.pop(), self.language) if len(levels) == 1 else ""

    def years(self, table) -> str:
        """*2024* or *2019–2024*."""
        first, last = int(table["year"].min()), int(table["year"].max())
        return str(last) if first == last else f"{first}{EN_DASH}{last}"

    def source(self, table, indicators: Sequence, *, since: int | None = None) -> str:
        """Who made the data, which register, which years (`since` where a change is shown); own processing is said."""
        last = self.years(table)
        years = last if since is None or str(since) >= last[:4] else f"{since}{EN_DASH}{last[-4:]}"
        names = dict.fromkeys(indicator.source[self.language].rstrip(". ") for indicator in indicators)
        text = f"{self.word('source')}: {'; '.join(names)} {years}. {self.word('own_processing')}"
        notes = dict.fromkeys((indicator.note or {}).get(self.language) for indicator in indicators)
        return " ".join([text, *(note for note in notes if note), *self.moved(table)])

    def ground(self, name: str) -> str:
        """A ground of discrimination that no factor measures: the name that dataset.toml or the law gives it."""
        labels = {entry.get("ground"): entry["label"] for entry in self.city.description.missing if "label" in entry}
        if name in labels:
            return labels[name][self.language] if isinstance(labels[name], dict) else str(labels[name])
        return self.called("ground", name)

    def called(self, kind: str, name: str, ending: str = "") -> str:
        """The word for a theme, principle, service or ground; one without a word is called what its file calls it."""
        try:
            return self.word(f"{kind}_{name}{ending}")
        except KeyError:
            return name.replace("_", " ")

    def moved(self, table) -> list[str]:
        """How the figures came from another division of areas, and whether the error of that is known, from `method`."""
        if not {"method", "value"} <= set(table.columns):
            return []
        used = {
            part for method in table.loc[table["value"].notna(), "method"].dropna().unique() for part in method.split()
        }
        return [self.word(f"moved_{name}") for name in _MOVED if name in used]

    def notes(self, cells: Iterable[str], letters: Iterable[str]) -> list[str]:
        """Explanations of the symbols and letters that occur, and of no others."""
        used = set(cells)
        keys = [key for symbol, key in _NOTES.items() if symbol in used]
        keys += ["symbol_missing"] if self.word("missing") in used else []
        used_letters = set(" ".join(letters).split())
        return [self.word(key) for key in keys] + [
            self.word(f"letter_{letter}") for letter in LETTERS if letter in used_letters
        ]

    def chance(self, table) -> list[str]:
        """What kind of chance the intervals show: the first word of `method`, said once for each kind."""
        shown = table.loc[table["lower"].notna(), "method"] if {"lower", "method"} <= set(table.columns) else []
        kinds = dict.fromkeys(str(method).partition(" ")[0] for method in dict.fromkeys(shown))
        return [self.word(f"chance_{kind}") for kind in kinds if kind in schema.KINDS]

    def alt_moved(self, records: Iterable[dict]) -> list[str]:
        """A sentence for who cannot see the letter, where values come from another division of areas."""
        return [self.word("alt_moved")] if schema.INTERPOLATED in self.letters(records).split() else []

    def alt(self, given: str | None, sentences: Sequence[str], more: Sequence[str]) -> str:
        """The given text alternative, or the sentences, topped up from `more` to a full description."""
        if given is not None:
            if not given.strip():
                raise MrstatsError("alt is empty. Leave it out for a proposal, or describe the main finding.")
            return given
        least, most = ALT_LENGTH
        text = ""
        for place, sentence in enumerate([*sentences, *more]):
            longer = f"{text} {sentence}".strip()
            needed = place < len(sentences) or len(text) < least
            text = longer if needed and len(longer) <= most else text
        return text


def lower_first(text: str) -> str:
    """A label inside a sentence; an abbreviation keeps its capitals.

    Examples
    --------
    >>> lower_first("Födelseland"), lower_first("LSS-insats"), lower_first("RegSO-område")
    ('födelseland', 'LSS-insats', 'RegSO-område')
    """
    abbreviated = any(letter.isupper() for letter in text.split(" ")[0][1:])
    return text if abbreviated else text[:1].lower() + text[1:]


def _one_phrase(phrases: Sequence[str], people: str) -> str:
    """Several groups as one: *kvinnor* and *personer 25–44 år* are *kvinnor 25–44 år*."""
    first = next((phrase for phrase in phrases if not phrase.startswith(people)), phrases[0])
    others = [phrase for phrase in phrases if phrase != first]
    return first + "".join(f" {o.removeprefix(people)}" if o.startswith(people) else f", {o}" for o in others)

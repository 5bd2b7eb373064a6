"""How knowledge gaps are shown: a matrix of indicators and grounds at each level, and a table of grounds. It counts no cell."""

from __future__ import annotations

from .. import look
from ..captions import CANNOT_EXIST, HIDDEN, Captions, lower_first
from ..display import Display, figure
from ..language import capital, in_words, number
from ..phrases import fill
from ..schema import CITY
from ..viewparts import plain_table
from .matrix import Matrix, MatrixRow, State

SHOWN = "published"
MOST_COLUMNS = 9
"""Grounds that a picture has room for; of more the protected ones are drawn."""

NEVER = ("not_collected", "not_collectable")
"""What no table can show, however many persons there are."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """A box for each indicator and ground at each level: shown, too few, hidden, not collected or not collectable."""
    words = Captions.of(data, city, language)
    every = data["ground"].nunique()
    data = data[data["protected"]] if every > MOST_COLUMNS and data["protected"].any() else data
    found = _Knowledge(data, words)
    drawing = Matrix(
        [(found.level(level) if len(found.levels) > 1 else "", found.rows(level)) for level in found.levels],
        [capital(found.ground(name)) for name in found.grounds],
        _states(words),
        (
            words.word("knowledge_shown_of", total=len(found.grounds)),
            words.word("knowledge_shown_of", total=len(data) // len(found.grounds)),
            [str(sum(found.at[key] == SHOWN for key in found.at if key[2] == name)) for name in found.grounds],
        ),
    )
    told = found.told()
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, found.finding(), words.word("title_knowledge")),
        subtitle=found.subtitle(), source=found.source(),
        notes=[*found.notes(), *[words.word("knowledge_others")] * (every > len(found.grounds))],
        alt=words.alt(alt, [words.word("alt_knowledge", rows=len(found.indicators), columns=len(found.grounds)), *told],
                      [words.word("alt_knowledge_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """For each ground, of how many indicators it can be shown at each level, and why not where it never can."""
    words = Captions.of(data, city, language)
    found = _Knowledge(data, words)
    heads = [words.word("knowledge_ground"), *map(found.level, found.levels), words.word("knowledge_why")]
    lines = []
    for name in found.grounds:
        cells = [words.word("knowledge_some", shown=number(found.shown(name, level), words.language),
                            total=number(len(found.indicators), words.language)) for level in found.levels]  # fmt: skip
        lines.append(([capital(found.ground(name)), *cells, found.why(name)], False))
    return plain_table(
        words, heads, lines, title=words.title(title, found.finding(), words.word("title_knowledge")),
        subtitle=found.subtitle(), source=found.source(),
        notes=[words.word("knowledge_read"), *found.notes()], texts=(len(heads) - 1,),
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How many protected grounds cannot be shown at all, and how much can be shown of the others at each level."""
    return _Knowledge(data, words).told()


class _Knowledge:
    """The indicators, grounds and levels of a table, and the state of each."""

    def __init__(self, data, words: Captions):
        self.data, self.words = data, words
        self.at = {
            (row["geography_level"], row["indicator"], row["ground"]): row["knowledge"]
            for row in data.to_dict("records")
        }
        self.levels, self.indicators, self.grounds = (
            list(dict.fromkeys(data[name])) for name in ("geography_level", "indicator", "ground")
        )
        self.factor_of = dict(zip(data["ground"], data["factor"], strict=True))
        self.protected = set(data.loc[data["protected"], "ground"])

    def ground(self, name: str) -> str:
        """A ground inside a sentence: its factor's name, or the one that dataset.toml or the law gives it."""
        factor = self.factor_of[name]
        return lower_first(self.words.dimension(factor)) if factor else self.words.ground(name)

    def level(self, level: str) -> str:
        if level == CITY:
            return self.words.word("city_as_a_whole")
        return capital(self.words.city.geographies[level].plural[self.words.language])

    def rows(self, level: str) -> list[MatrixRow]:
        made = []
        for indicator in self.indicators:
            states = tuple(self.at[level, indicator, name] for name in self.grounds)
            label = self.words.indicator(indicator).label[self.words.language]
            made.append(MatrixRow(capital(label), states, str(states.count(SHOWN))))
        return made

    def shown(self, name: str, level: str) -> int:
        return sum(self.at[level, indicator, name] == SHOWN for indicator in self.indicators)

    def never(self, names) -> list[str]:
        """Those grounds of which nothing is collected for any indicator at any level."""
        return [name for name in names if all(state in NEVER for key, state in self.at.items() if key[2] == name)]

    def why(self, name: str) -> str:
        """Why a ground is never shown: the words of dataset.toml, or that nobody collects it."""
        if not self.never([name]):
            return ""
        rows = self.data[self.data["ground"] == name]
        note = next((note for note in rows["note"] if note), "")
        return note or self.words.word(f"knowledge_{rows['knowledge'].iloc[0]}")

    def told(self) -> list[str]:
        words, language = self.words, self.words.language
        protected = [name for name in self.grounds if name in self.protected]
        never = self.never(protected)
        sentences = []
        if never:
            slots = {"num": in_words(len(never), language), "total": in_words(len(protected), language)}
            named = words.joined([self.ground(name) for name in never])
            sentences.append(fill("knowledge_never", language, named=named, **slots))
        seen = [name for name in self.grounds if name not in self.never(self.grounds)]
        for level in (self.levels[0], self.levels[-1])[: len(self.levels)]:
            if seen:
                n = sum(self.shown(name, level) for name in seen)
                slots = {"n": number(n, language), "total": number(len(seen) * len(self.indicators), language)}
                where = words.word("knowledge_in_city") if level == CITY else words.word(
                    "knowledge_in_areas", areas=words.city.geographies[level].plural[language])  # fmt: skip
                sentences.append(fill("knowledge_shown", language, where=where, **slots))
        return sentences

    def finding(self) -> str | None:
        protected = [name for name in self.grounds if name in self.protected]
        never = self.never(protected)
        if not never or len(protected) < 2:
            return None
        slots = {
            name: in_words(len(held), self.words.language) for name, held in (("num", never), ("total", protected))
        }
        return self.words.word("title_knowledge_never", **slots)

    def subtitle(self) -> str:
        return self.words.word("knowledge_subtitle", place=self.words.city.label, year=self.words.years(self.data))

    def source(self) -> str:
        return (
            self.words.source(self.data, [self.words.indicator(name) for name in self.indicators]).split(". ")[0] + "."
        )

    def notes(self) -> list[str]:
        return (
            [self.words.word("knowledge_birth")] if {"ethnicity", "country_of_birth_five"} <= set(self.grounds) else []
        )


def _states(words: Captions) -> dict[str, State]:
    def state(name: str, word: str, **look_of) -> State:
        return State(word, words.word(f"knowledge_{name}_means"), **look_of)

    return {
        SHOWN: state(SHOWN, words.word("knowledge_published"), fill=look.ORDERED[3]),
        "too_few": state("too_few", words.word("knowledge_too_few"), pattern="unreliable"),
        "hidden": state("hidden", HIDDEN, pattern="hidden"),
        "not_collected": state("not_collected", words.word("missing"), pattern="missing"),
        "not_collectable": state("not_collectable", CANNOT_EXIST, pattern="missing"),
    }

"""How the answers to several questions are shown: bars either side of the middle, a table of the sides, sentences. It computes none."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .. import look
from ..captions import HIDDEN, Captions, lower_first
from ..display import Display, figure
from ..language import capital, number, signed
from ..phrases import counting, fill, hidden_in
from ..schema import MrstatsError
from ..selection import codes, masked
from ..viewparts import written, written_interval
from .bars import Bar, Change, DivergingBars, Heads
from .parts import lettered_table, weighted_note

NEEDED = ("indicator", "year", "answer", "side", "value", "n", "response", "positive", "change", "verdict", "since", "alike",
          "compared", "raked_to", "status")  # fmt: skip
_SIDES = ("negative", "neutral", "positive")
_VERDICTS = {"better": ("^", look.BETTER), "worse": ("v", look.WORSE), "alike": ("=", None), "unsure": (None, None)}
"""Each verdict's sign and, where it is certain, its colour."""


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """Questions as bars, their negative answers left of the middle and the positive ones right."""
    words = Captions.of(data, city, language)
    found = _Answers(masked(data, NEEDED), words)
    drawing = found.drawing()
    cells = {cell for bar in drawing.bars for cell in bar.cells}
    letters = [found.letter(question) for question in found.questions]
    word = words.word
    questions = found.counted(len(found.questions))
    sentences = [word("alt_answers", questions=questions)]
    sentences += [word("alt_answers_moved", since=found.since, counts=found.counts())] * bool(
        found.since and found.shown
    )
    sentences += found.ends("alt_answers_range")
    if len(found.questions) == 1 and found.shown:
        sentences.append(word("alt_answers_one", value=number(found.shown[0]["positive"], words.language)))
    hidden = len(found.questions) - len(found.shown)
    sentences += [word("alt_hidden", count=hidden, total=len(found.questions))] * bool(hidden)
    return figure(
        words, drawing.svg(), drawing.height, title=found.title(title), subtitle=found.subtitle("answers_subtitle"),
        source=found.source(), notes=[*found.persons_notes(), *found.notes(), *words.notes(cells, letters)],
        alt=words.alt(alt, [*sentences, word("alt_where")], [word("alt_answers_how"), word("alt_answers_columns")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Questions as rows: the share on each side, and the change with its interval or, of one year, how many answered."""
    words = Captions.of(data, city, language)
    found = _Answers(masked(data, NEEDED), words)
    word, level = words.word, words.word("interval_column", level=words.confidence(found.rows) or "95")
    sides = [side for side in _SIDES if side in found.sides]
    heads = [word("battery_question"), *(capital(word(f"answers_{side}")) for side in sides)]
    spanners = [{"text": word("answers_shares"), "first": 1, "last": len(sides) + (not found.since)}]
    if found.since:
        spanners.append(
            {"text": word("answers_change_column", since=found.since), "first": len(heads), "last": len(heads) + 2}
        )
        heads += [word("change_map"), level, word("answers_verdict")]
    else:
        heads += [level, word("persons_about"), *[word("answers_response")] * found.has_response]
    lines = []
    for question in found.questions:
        row = found.first[question]
        cells = [found.name(question), *(written(found.side(question, side), words, 1) for side in sides)]
        if found.since:
            ends = written_interval(row["change_lower"], row["change_upper"], words, 1, sign=True)
            verdict = word(f"answers_{row['verdict']}") if row["verdict"] else HIDDEN
            cells += [written(row["change"], words, 1, sign=True), ends, verdict]
        else:
            ends = written_interval(row["positive_lower"], row["positive_upper"], words, 1)
            cells += [ends, *found.persons(row)]
        lines.append((cells, False, found.letter(question)))
    notes = found.notes() if found.since else [word("rounded_to_tens"), *found.persons_notes()[1:], *found.notes()]
    return lettered_table(
        words, heads, lines, spanners=spanners, texts=[len(heads) - 1] * bool(found.since), title=found.title(title), source=found.source(),
        subtitle=found.subtitle("answers_subtitle_table"), notes=[*notes, *words.chance(found.rows)],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How many questions have become better and worse; of one year, where most and fewest are positive."""
    found = _Answers(masked(data, NEEDED), words)
    raked = [fill("weighted", words.language)] * bool(found.raked_to)
    return [
        *(found.moved() if found.since else found.levels()),
        *raked,
        *hidden_in(found.rows.drop_duplicates("indicator"), words),
    ]


class _Answers:
    """The rows of one year's answers by question, each question whole."""

    def __init__(self, shown, words: Captions):
        self.rows, self.words = shown, words
        scale = shown.groupby("indicator", sort=False)["answer"].agg(tuple)
        if (
            not len(shown)
            or scale.nunique() != 1
            or shown["year"].nunique() != 1
            or shown.duplicated(["indicator", "answer"]).any()
        ):
            raise MrstatsError(
                "Answers are shown by whole questions of one year, on one scale. Pass what mr.answers returned, or select questions: "
                'table[table["indicator"].isin([...])].'
            )
        self.questions = list(scale.index)
        records = shown.to_dict("records")
        self.of = {question: [row for row in records if row["indicator"] == question] for question in self.questions}
        self.first = {question: rows[0] for question, rows in self.of.items()}
        self.shown = [row for row in self.first.values() if not math.isnan(row["value"])]
        self.answers = list(scale.iloc[0])
        self.since = int(shown["since"].max())
        self.sides = [row["side"] for row in self.of[self.questions[0]]]
        self.has_response = bool(shown["response"].notna().any())
        self.raked_to = str(shown["raked_to"].iloc[0])
        adverse = [question for question in self.questions if words.indicator(question).direction == "adverse"]
        self.marked = adverse if len(adverse) < len(self.questions) else []
        self.plain = next(question for question in self.questions if question not in self.marked)

    def name(self, question: str) -> str:
        """The question, marked where it is good to disagree and others are not so."""
        text = self.words.indicator(question).label[self.words.language]
        return self.words.word("answers_reversed", question=text) if question in self.marked else text

    def worst_first(self, question: str) -> list[dict]:
        """A question's rows from the worst answer to the best."""
        rows = self.of[question]
        return rows[::-1] if rows[0]["side"] == "positive" else rows

    def called(self, answer: int) -> str:
        """An answer in the survey's own words, or its number."""
        table = self.words.indicator(self.questions[0]).table
        spec = self.words.city.description.questions[table]
        if texts := spec.get("answers", {}).get(self.words.language):
            return texts[answer - self.answers[0]]
        if answer not in (self.answers[0], self.answers[-1]):
            return str(answer)
        return self.words.word("answers_most" if answer in spec["agree"] else "answers_least", answer=answer)

    def side(self, question: str, side: str) -> float:
        """The share on a side; NaN where the question is hidden."""
        return sum(row["value"] for row in self.of[question] if row["side"] == side)

    def persons(self, row: dict) -> list[str]:
        """How many answered and, where it is known of any question, their share of those asked."""
        response = [written(row["response"], self.words, 0)] * self.has_response
        return [written(round(row["n"], -1), self.words, 0), *response]

    def letter(self, question: str) -> str:
        """The letter of a question that few answered; one answer of few is no reason to doubt the others."""
        return self.words.letters(self.of[question]) if all(codes(row) for row in self.of[question]) else ""

    def drawing(self) -> DivergingBars:
        word = self.words.word
        legends = [("", [self.called(row["answer"]) for row in self.worst_first(self.plain)])]
        if self.marked:
            turned = [self.called(row["answer"]) for row in self.worst_first(self.marked[0])]
            legends.append((word("answers_legend_reversed"), turned))
        columns = (word("answers_persons"), *[word("answers_response")] * self.has_response)
        change = word("answers_change", since=self.since) if self.since else ""
        hidden = len(self.questions) - len(self.shown)
        parts = [self.counts()] * bool(self.shown) + [word("answers_not_shown", count=hidden)] * bool(hidden)
        sums = f"{word('answers_sum', counts=', '.join(parts))}." if self.since else ""
        sides = (word("answers_negative"), word("answers_positive"))
        counts = (self.sides.count("negative"), self.sides.count("neutral"), self.sides.count("positive"))
        return DivergingBars([self._bar(question) for question in self.questions], counts, legends,
                             Heads(sides, columns, change, sums))  # fmt: skip

    def _bar(self, question: str) -> Bar:
        row, language = self.first[question], self.words.language
        known = [] if math.isnan(row["value"]) else self.worst_first(question)
        shares = tuple((answer["value"], number(answer["value"], language)) for answer in known)
        change = None
        if self.since and not row["verdict"]:
            change = Change(HIDDEN, None, "")
        elif self.since:
            way, colour = _VERDICTS[row["verdict"]]
            change = Change(signed(row["change"], language), way, self.words.word(f"answers_{row['verdict']}"), colour)
        persons, *response = self.persons(row)
        return Bar(self.name(question), shares, (f"{persons} {self.letter(question)}".rstrip(), *response), change)

    def verdicts(self) -> dict[str, int]:
        """How many questions have each verdict."""
        found = [row["verdict"] for row in self.shown]
        return {verdict: found.count(verdict) for verdict in _VERDICTS}

    def counts(self) -> str:
        """*4 bättre, 1 sämre, 1 lika, 2 osäkra*."""
        parts = [
            f"{count} {self.words.word(f'answers_{verdict}s' if verdict == 'unsure' and count > 1 else f'answers_{verdict}')}"
            for verdict, count in self.verdicts().items()
            if count
        ]
        return ", ".join(parts)

    def counted(self, count: int, beside: Iterable[int] = ()) -> str:
        """*en fråga*, *åtta frågor*; in figures where a count beside it is so."""
        write = counting([count, *beside], self.words.language)
        return self.words.word("answers_question" if count == 1 else "answers_questions", count=write(count))

    def ends(self, key: str) -> list[str]:
        """The questions with the largest and the smallest positive share, where these are certainly apart and none is hidden."""
        if len(self.questions) < 2 or len(self.shown) < len(self.questions):
            return []
        high, low = (end(self.shown, key=lambda row: row["positive"]) for end in (max, min))
        if not low["positive_upper"] < high["positive_lower"]:
            return []
        language = self.words.language
        slots = {
            "high": self.name(high["indicator"]), "high_value": number(high["positive"], language),
            "low": self.name(low["indicator"]), "low_value": number(low["positive"], language),
        }  # fmt: skip
        return [self.words.word(key, **slots) if key.startswith("alt_") else fill(key, language, **slots)]

    def levels(self) -> list[str]:
        """Where most and fewest are positive, or between what the shares lie."""
        if found := self.ends("answers"):
            return found
        if len(self.shown) < len(self.questions):
            return []
        low, high = (number(end(row["positive"] for row in self.shown), self.words.language) for end in (min, max))
        return [fill("answers_range" if low != high else "answers_level", self.words.language, low=low, high=high)]

    def moved(self) -> list[str]:
        """How many questions have become better and worse, in how many it cannot be seen, and how many are as they were."""
        if not self.shown:
            return []
        found, language, since = self.verdicts(), self.words.language, str(self.since)
        told = {verdict: self.counted(count, found.values()) for verdict, count in found.items()}
        worse = counting(list(found.values()), language)(found["worse"])
        if not found["better"] and not found["worse"]:
            first = fill("answers_none", language, c=self.counted(len(self.shown)), y0=since)
        else:
            key = "questions" if found["unsure"] else "questions_sure"
            first = fill(key, language, a=told["better"], b=worse, c=told["unsure"], y0=since)
        return [first, *[fill("answers_alike", language, c=told["alike"])] * bool(found["alike"])]

    def title(self, given: str | None) -> str:
        word, found, since = self.words.word, self.verdicts(), self.since
        better, worse = found["better"], found["worse"]
        finding = None
        if since and better and worse:
            also = counting([better, worse], self.words.language)(worse)
            finding = word("title_answers_moved", better=self.counted(better, [worse]), worse=also, since=since)
        elif since and (better or worse):
            way = word("answers_better" if better else "answers_worse")
            finding = word("title_answers_only", moved=self.counted(better + worse), way=way, since=since)
        elif since and self.shown:
            finding = word("title_answers_none", since=since)
        return self.words.title(given, finding, word("title_answers", questions=self.counted(len(self.questions))))

    def subtitle(self, key: str) -> str:
        words = self.words
        people = words.indicator(self.questions[0]).population[words.language]
        return words.word(key, population=people, place=words.city.label, year=words.years(self.rows),
                          level=words.confidence(self.rows) or "95")  # fmt: skip

    def source(self) -> str:
        return self.words.source(self.rows, [self.words.indicator(question) for question in self.questions],
                                 since=self.since or None)  # fmt: skip

    def persons_notes(self) -> list[str]:
        return [
            self.words.word("answers_explained"),
            *[self.words.word("answers_response_explained")] * self.has_response,
        ]

    def notes(self) -> list[str]:
        """Which answers are positive, how the change was tested, what the weights were raked to."""
        word = self.words.word
        explained = word("answers_positive_explained", answers=self._positive(self.plain))
        if self.marked:
            explained += f"; {word('answers_reversed_explained', answers=self._positive(self.marked[0]))}"
        notes = [explained]
        if self.since and self.shown:
            tested = word("answers_holm", count=len(self.shown)) if len(self.shown) > 1 else word("answers_certain")
            notes += [word("points_explained"), tested]
            found, alike = self.verdicts(), self.rows["alike"].max()
            margin = number(alike, self.words.language, decimals=int(alike % 1 > 0))
            level = self.words.confidence(self.rows) or "95"
            notes += [word("answers_alike_explained", level=level, alike=margin)] * bool(found["alike"])
            notes += [word("answers_unsure_explained")] * bool(found["unsure"])
            recurring = (self.rows["compared"] == "recurring persons").any()
            notes.append(word("answers_recurring" if recurring else "answers_independent"))
        return [*notes, *weighted_note(self.raked_to, self.words)]

    def _positive(self, question: str) -> str:
        """*instämmer i stort eller instämmer helt*."""
        texts = [lower_first(self.called(row["answer"])) for row in self.of[question] if row["side"] == "positive"]
        return f" {self.words.word('answers_or')} ".join([", ".join(texts[:-1]), texts[-1]][len(texts) < 2 :])

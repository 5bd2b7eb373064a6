"""How raking is shown: each group's share before and after beside the register's, and the cost. It computes none."""

from __future__ import annotations

from .. import look
from ..captions import Captions, lower_first
from ..display import Display, figure
from ..language import capital, number
from ..phrases import fill, hidden_in
from ..rowchart import Block, Mark, Row, RowChart
from ..schema import UNKNOWN
from ..selection import masked
from ..viewparts import among, plain_table, written
from .parts import factor_names, one_of

NEEDED = ("indicator", "year", "factor", "group", "n", "sample_share", "before", "after", "register", "status")


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """A hollow dot where a group's share was, a line to the filled one where it is after raking."""
    words, shown, factors = _read(data, city, language)
    blocks = []
    for factor in factors:
        rows = []
        for record in _records(shown, factor, words):
            marks = (
                Mark(record["before"], hollow=True, colour=look.TEXT_2),
                Mark(record["after"], start=record["before"]),
            )
            cells = tuple(written(record[name], words, 1) for name in ("before", "after", "register"))
            rows.append(Row(capital(words.group(factor, record["group"])), (marks,), cells))
        blocks.append(Block(capital(words.dimension(factor)), tuple(rows)))
    heads = [words.word(f"rake_{name}") for name in ("before", "after", "register")]
    legend = [(Mark(0.0, hollow=True, colour=look.TEXT_2), heads[0]), (Mark(0.0), heads[1])]
    drawing = RowChart(blocks, [words.word("rake_axis")], heads, legend, words.language)
    sentences = [words.word("alt_rake", factors=factor_names(factors, words), count=len(shown))]
    if widest := _widest(shown):
        sentences.append(words.word("alt_rake_widest", **_ends(widest, words)))
    hidden = int(shown["before"].isna().sum())
    sentences += [words.word("alt_hidden", count=hidden, total=len(shown))] * bool(hidden)
    printed = {cell for block in blocks for row in block.rows for cell in row.cells}
    notes = [
        words.word("rake_before_explained"),
        *_cost(shown, words),
        *drawing.notes(words.word),
        *words.notes(printed, []),
    ]
    return figure(
        words, drawing.svg(), drawing.height, title=_title(factors, words, title), subtitle=_subtitle(shown, words),
        source=_source(shown, words), notes=notes,
        alt=words.alt(alt, [*sentences, words.word("alt_where")], [words.word("alt_rake_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """Shares of those who answered, before and after weighting, and in the register."""
    words, shown, factors = _read(data, city, language)
    heads = [words.word("group"), words.word("rake_respondents"),
             *(words.word(f"rake_{name}") for name in ("sample", "before", "after", "register"))]  # fmt: skip
    lines = []
    for factor in factors:
        for record in _records(shown, factor, words):
            name = f"{capital(words.dimension(factor))}: {words.group(factor, record['group'])}"
            shares = [written(record[key], words, 1) for key in ("sample_share", "before", "after", "register")]
            lines.append(([name, written(record["n"], words, 0), *shares], False))
    notes = [words.word("rake_before_explained"), *_cost(shown, words)]
    return plain_table(words, heads, lines, title=_title(factors, words, title), subtitle=_subtitle(shown, words),
                       source=_source(shown, words), notes=notes)  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """That answers are weighted, which group that changes most, and what it does not mend."""
    shown = masked(data, NEEDED)
    told = [fill("weighted", words.language)]
    if widest := _widest(shown):
        told.append(fill("weighted_widest", words.language, **_ends(widest, words)))
    factors = factor_names(list(dict.fromkeys(shown["factor"])), words)
    return [*told, fill("weighted_cost", words.language, factors=factors), *hidden_in(shown, words)]


def _read(data, city, language):
    words = Captions.of(data, city, language)
    shown = masked(data, NEEDED)
    one_of(shown, "year")
    return words, shown, list(dict.fromkeys(shown["factor"]))


def _records(shown, factor: str, words: Captions) -> list[dict]:
    order = words.group_order(factor)
    records = shown[shown["factor"] == factor].to_dict("records")
    return sorted(records, key=lambda record: order.index(record["group"]))


def _widest(shown) -> dict | None:
    """The group whose share the weights change most."""
    known = shown[shown["before"].notna() & (shown["group"] != UNKNOWN)]
    return known.loc[(known["register"] - known["before"]).abs().idxmax()].to_dict() if len(known) else None


def _ends(record: dict, words: Captions) -> dict[str, str]:
    values = {name: number(record[name], words.language) for name in ("before", "register")}
    return {"group": among(record["factor"], record["group"], words), **values}


def _cost(shown, words: Captions) -> list[str]:
    """What unequal weights cost, from any row that is shown: all say the same."""
    known = shown[shown["design_effect"].notna()]
    if known.empty:
        return []
    row, language = known.iloc[0], words.language
    largest = {name: number(row[key], language, decimals=1)
               for name, key in (("value", "largest_weight"), ("before", "largest_weight_before"))}  # fmt: skip
    counts = {"n": number(row["respondents"], language)}
    counts["effective"] = number(round(row["respondents"] / row["design_effect"], -1), language)
    cut = [words.word("rake_trimmed", n=number(row["trimmed"], language))] * bool(row["trimmed"] >= 10)
    return [words.word("rake_largest", **largest), *cut, words.word("rake_effect", **counts)]


def _subtitle(shown, words: Captions) -> str:
    whom = lower_first(words.indicator(one_of(shown, "register_of")).label[words.language])
    return words.word("rake_subtitle", population=whom, place=words.city.label, year=words.years(shown))


def _source(shown, words: Captions) -> str:
    return words.source(shown, [words.indicator(one_of(shown, name)) for name in ("indicator", "register_of")])


def _title(factors: list[str], words: Captions, given: str | None) -> str:
    split = words.word("title_rake", factors=factor_names(factors, words))
    return words.title(given, split, words.word("title_rake_plain"))

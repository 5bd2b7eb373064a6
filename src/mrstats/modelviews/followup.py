"""How the boards' answers are shown: a matrix of boards and guiding principles, and the answers as text. It judges none."""

from __future__ import annotations

from .. import look
from ..captions import Captions
from ..display import Display, figure
from ..language import capital, in_words, number
from ..phrases import fill
from ..viewparts import plain_table
from .matrix import Matrix, MatrixRow, State

NONE = "none"


def picture(data, *, title=None, alt=None, city=None, language=None) -> Display:
    """A box for each board and principle: done, under way, planned, or no answer."""
    words = Captions.of(data, city, language)
    boards, principles = (list(dict.fromkeys(data[name])) for name in ("board", "principle"))
    at = {(row["board"], row["principle"]): row["status"] for row in data.to_dict("records")}
    rows = []
    for board in boards:
        states = tuple(at[board, principle] for principle in principles)
        rows.append(MatrixRow(capital(_named(board, words)), states, str(len(states) - states.count(NONE))))
    answered = [str(sum(at[board, principle] != NONE for board in boards)) for principle in principles]
    drawing = Matrix(
        [("", rows)], [words.called("principle", name) for name in principles], _states(words),
        (words.word("follow_up_answered", total=len(principles)), words.word("follow_up_answered", total=len(boards)), answered),
    )  # fmt: skip
    sentences = [words.word("alt_follow_up", rows=len(boards), columns=len(principles)), *said(data, words)]
    return figure(
        words, drawing.svg(), drawing.height, title=words.title(title, words.word("title_follow_up")),
        subtitle=words.word("follow_up_subtitle", place=words.city.label), source=words.word("follow_up_source"),
        notes=[words.word("follow_up_read")], alt=words.alt(alt, sentences, [words.word("alt_follow_up_how")]),
    )  # fmt: skip


def table(data, *, title=None, city=None, language=None) -> Display:
    """What each board answers on each principle, in its own words."""
    words = Captions.of(data, city, language)
    heads = [words.word(f"follow_up_{name}") for name in ("board", "principle", "status", "text")]
    lines = [
        (
            [
                _named(row["board"], words),
                words.called("principle", row["principle"]),
                words.word(f"follow_up_{row['status']}"),
                row["text"],
            ],
            False,
        )
        for row in data.to_dict("records")
        if row["status"] != NONE
    ]
    return plain_table(
        words, heads, lines, title=words.title(title, words.word("title_follow_up")),
        subtitle=words.word("follow_up_subtitle", place=words.city.label), source=words.word("follow_up_source"),
        notes=[words.word("follow_up_read")], texts=(1, 2, 3),
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How many answers there are and how far they have come, and the principle that fewest answer."""
    language = words.language
    counts = data["status"].value_counts()
    total, missing = len(data), int(counts.get(NONE, 0))
    slots = {name: number(int(counts.get(name, 0)), language) for name in ("done", "under_way", "planned")}
    answered = (data["status"] != NONE).groupby(data["principle"], sort=False).sum()
    told = [fill("follow_up", language, total=number(total, language), missing=number(missing, language), **slots)]
    if answered.nunique() > 1 and (answered == answered.min()).sum() == 1:
        n, total = int(answered.min()), data["board"].nunique()
        counts = [number(n, language), number(total, language)]
        if total <= 12:
            counts = [in_words(n, language, neuter=True), in_words(total, language)]
        slots = {"principle": words.called("principle", answered.idxmin()), "n": counts[0], "total": counts[1]}
        told.append(fill("follow_up_fewest", language, **slots))
    return told


def _named(board: str, words: Captions) -> str:
    """A board in the language of the page, where ``[board_answers.boards]`` tells it; else as its file has it."""
    told = words.city.description.beside.get("board_answers", {}).get("boards", {})
    return told.get(board, {}).get(words.language, board)


def _states(words: Captions) -> dict[str, State]:
    fills = {"done": look.ORDERED[4], "under_way": look.ORDERED[3], "planned": look.ORDERED[1]}
    states = {name: State(words.word(f"follow_up_{name}"), words.word(f"follow_up_{name}_means"), fill=fill)
              for name, fill in fills.items()}  # fmt: skip
    return states | {NONE: State(words.word("follow_up_none"), words.word("follow_up_none_means"), pattern="missing")}

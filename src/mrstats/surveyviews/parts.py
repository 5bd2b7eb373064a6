"""What views of surveys have in common: rows of each factor, what they are called. It chooses no figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..captions import Captions, lower_first
from ..display import Display
from ..language import capital
from ..schema import CITY, UNKNOWN, MrstatsError
from ..selection import surely_extreme
from ..viewparts import plain_table


def blocks_of(shown, words: Captions) -> dict[str, list[dict]]:
    """The rows of each factor in print order, those of everybody under an empty name."""
    found: dict[str, list[dict]] = {}
    for factor in dict.fromkeys(shown["factor"]):
        records = shown[shown["factor"] == factor].to_dict("records")
        if factor:
            order = words.group_order(factor)
            records.sort(key=lambda record, factor=factor, order=order: order.index(record[factor]))
        found[factor] = records
    if not found:
        raise MrstatsError("The table has no rows to show. Check the selection that was made before.")
    return found


def one_of(shown, name: str) -> str:
    """The only value of a column; a table of several results is an error."""
    values = list(shown[name].unique())
    if len(values) != 1:
        raise MrstatsError(
            f"One result is shown at a time; this table holds {len(values)} of {name}. Select one of them."
        )
    return values[0]


def named(factor: str, record: dict, words: Captions) -> str:
    """What a row is called: its group, or the whole city."""
    return capital(words.group(factor, record[factor])) if factor else capital(words.area(CITY, ""))


def factor_names(factors: Sequence[str], words: Captions) -> str:
    """*kön, ålder och utbildning*."""
    return words.joined([lower_first(words.dimension(name)) for name in factors])


def weighted_note(raked_to: str, words: Captions) -> list[str]:
    """What answers are weighted by, as one note or none."""
    return [words.word("battery_raked", factors=words.factors_named(raked_to))] if raked_to else []


def lowest(blocks: dict[str, list[dict]]) -> tuple[str, dict] | None:
    """The factor and row of the group with the lowest value; None where one is hidden, since it may be lower.

    Who is not known is no group.
    """
    rows = [(factor, record) for factor, records in blocks.items() if factor for record in records]
    if not rows or any(math.isnan(record["value"]) for _, record in rows):
        return None
    known = [(factor, record) for factor, record in rows if record[factor] != UNKNOWN]
    return min(known, key=lambda pair: pair[1]["value"], default=None)


def surely_lowest(blocks: dict[str, list[dict]]) -> tuple[str, dict] | None:
    """The lowest of all groups, if it is certainly the lowest of its own factor's."""
    found = lowest(blocks)
    extreme = surely_extreme(blocks[found[0]], "favourable") if found else None
    return found if found and extreme and extreme[0] is found[1] and extreme[1] == "lowest" else None


def row_name(factor: str, record: dict, words: Captions) -> str:
    """*Kön: kvinnor*, or the whole city: what a row of a table over several factors is called."""
    return (
        f"{capital(words.dimension(factor))}: {words.group(factor, record[factor])}"
        if factor
        else named("", record, words)
    )


def lettered_table(
    words: Captions,
    heads: Sequence[str],
    lines: Sequence[tuple[list[str], bool, str]],
    *,
    notes: Sequence[str],
    **caption,
) -> Display:
    """A table of cells, whether a row is the whole (which comes last), and status letters, in a last column if there are any."""
    ordered = sorted(lines, key=lambda line: line[1])
    letters = [letter for *_, letter in ordered]
    if any(letters):
        heads = [*heads, words.word("note_column")]
        notes = [*notes, *words.notes([], letters)]
    rows = [([*cells, letter] if any(letters) else cells, whole) for cells, whole, letter in ordered]
    return plain_table(words, heads, rows, notes=notes, **caption)

"""Which rows of a table a display shows: one indicator, one year, one comparison. It draws nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .schema import (
    BREAK_IN_SERIES,
    CANNOT_EXIST,
    CITY,
    CONFIDENTIAL,
    TOTAL,
    UNKNOWN,
    UNPLACED,
    MrstatsError,
    factor_columns,
    has_status,
)

GEOGRAPHY = "geography"
_NEEDED = ("indicator", "year", "geography_level", "geography", "vintage", "value", "status")
_NEVER_HIDDEN = (
    "year",
    "since",
    "vintage",
    "confidence",
    "reference_value",
    "depth",
    "searched",
    "city_value",
    "answer",
    "alike",
)
_VERDICTS = {
    "sure": False, "confirmed": False, "outside": "", "progress": "", "path": "", "gap_direction": "",
    "gap_worst": "", "gap_best": "", "levels": (), "verdict": "",
}  # fmt: skip
"""What a row's figures say in other words or all together; it goes when they go."""

_FINDINGS = {
    "measure_name": ("inequality", "Draw the groups it was made from, mr.chart(mr.gaps(table))."),
    "node": ("furthest_behind", "Show it with mr.chart or mr.sentence."),
    "part": ("decompose_gap", "Show it with mr.chart, mr.table or mr.sentence."),
    "gap_worst": ("scorecard", "Show it with mr.chart."),
    "change": ("change", "Show it beside its levels with mr.timeline(table, changes) or, of areas, "
               "mr.map(table, changes), or in words with mr.sentence(changes)."),
}  # fmt: skip
"""The column that tells a table of findings: the verb that made it, and what shows it."""


@dataclass(frozen=True)
class Block:
    """Rows that are compared with each other: the groups of one factor, or the areas of one level."""

    factor: str
    level: str
    records: tuple[dict, ...]


@dataclass(frozen=True)
class Comparison:
    """One-way rows of an indicator and a year, in blocks, with the row of the whole if the table has it."""

    blocks: tuple[Block, ...]
    whole: dict | None

    @property
    def records(self) -> list[dict]:
        """All rows of all blocks."""
        return [record for block in self.blocks for record in block.records]


def masked(table, needed=_NEEDED):
    """A copy in which every figure of a confidential row is gone, whatever the row held."""
    absent = [column for column in needed if column not in table.columns]
    if absent:
        refuse_findings(table)
        raise MrstatsError(
            f"The table lacks the columns {', '.join(absent)}. It has {', '.join(map(str, table.columns))}. "
            "Pass what mr.break_down or mr.gaps returned."
        )
    shown = table.copy()
    shown["status"] = shown["status"].fillna("").astype(str)
    figures = [name for name in shown.select_dtypes("number").columns if name not in _NEVER_HIDDEN]
    shown[figures] = shown[figures].astype(float)
    hidden = has_status(shown["status"], CONFIDENTIAL)
    shown.loc[hidden, figures] = math.nan
    for name in _VERDICTS.keys() & set(shown.columns):
        pairs = zip(shown[name], hidden, strict=True)
        shown[name] = [_VERDICTS[name] if gone else kept for kept, gone in pairs]
    return shown


def refuse_findings(table) -> None:
    """A table of findings in the place of levels is refused by the verb that made it, with what shows it."""
    for column, (verb, shown_by) in _FINDINGS.items():
        if column in table:
            raise MrstatsError(
                f"This is what mr.{verb} returned, with a row a finding and no levels. {shown_by} "
                "As a table it is a plain DataFrame: write its name last in a cell."
            )


def change_factors(changes) -> list[str]:
    """Background factors of a table of changes: its columns between `vintage` and `since` or `value`."""
    columns = list(changes.columns)
    ends = [columns.index(name) for name in ("since", "value") if name in columns]
    return columns[columns.index("vintage") + 1 : min(ends)]


def changes_of(changes, table, by: str = ""):
    """The changes of levels up to the newest year of a table, about the same people; only the factor `by` may vary."""
    rows = changes[(changes["kind"] == "level") & (changes["year"] == table["year"].max())]
    rows = rows[rows["indicator"].isin(table["indicator"])]
    fixed = fixed_groups(table)
    for name in change_factors(changes):
        if name != by:
            rows = rows[rows[name] == fixed.get(name, TOTAL)]
    return rows


def is_comparable(change: dict, levels) -> bool:
    """Whether a change may stand beside its levels: known, none of its two ends hidden, and no break between them."""
    since, year = change["since"], change["year"]
    return not math.isnan(change["change"]) and not any(
        (level["year"] in (since, year) and not is_shown(level))
        or (since < level["year"] <= year and BREAK_IN_SERIES in codes(level))
        for level in levels
    )


def only_indicator(table) -> str:
    """The name of the table's one indicator; a table of several is an error."""
    names = list(table["indicator"].unique())
    if not names:
        raise MrstatsError("The table has no rows to show. Check the selection made before.")
    if len(names) != 1:
        raise MrstatsError(
            f"A chart, map or sentence shows one indicator; the table holds {len(names)}: {', '.join(names)}. "
            'Choose one, as in table[table["indicator"] == "..."].'
        )
    return names[0]


def only_level(areas) -> str:
    """The name of the one level that rows of areas belong to."""
    levels = list(areas["geography_level"].unique())
    if len(levels) != 1:
        raise MrstatsError(
            f"A map or funnel shows one level of areas; the table holds {', '.join(levels) or 'none'}. Choose one of them."
        )
    return levels[0]


def latest_year(table):
    """The rows of the newest year in the table."""
    return table[table["year"] == table["year"].max()]


def free_factors(table) -> list[str]:
    """Background factors that the rows differ by; a table cut to one group keeps that group in all rows."""
    compared = set(table["factor"]) if "factor" in table else set()
    return [name for name in factor_columns(table) if name in compared or table[name].nunique() > 1]


def fixed_groups(table) -> dict[str, str]:
    """The one group of each factor that the whole table is about, such as women only."""
    free = free_factors(table)
    return {
        name: table[name].iloc[0]
        for name in factor_columns(table)
        if len(table) and name not in free and table[name].iloc[0] != TOTAL
    }


def holds_every_group(table) -> bool:
    """Whether a superlative about the rows is one about the city: no group is selected or left out."""
    return not fixed_groups(table) and against_whole(table)


def against_whole(table) -> bool:
    """Whether no group is absent because the others are compared with it."""
    return "reference" not in table or bool((table["reference"] == "total").all())


def totals(table, factors):
    """Rows where each of the factors is a total."""
    return table[(table[list(factors)] == TOTAL).all(axis=1)] if len(factors) else table


def comparison(table) -> Comparison:
    """One-way rows of a table: the city by each factor, and the areas by total.

    A table that holds no row of the city but only one area is that area's own profile. Rows that cross two
    factors, or a factor and areas, are left out: they belong in a table; and so are groups that cannot exist.
    """
    factors = free_factors(table)
    in_city = table["geography_level"] == CITY
    placed = table.loc[~in_city, GEOGRAPHY]
    profile = not in_city.any() and placed.nunique() == 1 and not _compares_areas(table)
    base = table if profile else table[in_city]
    blocks = []
    for factor in factors:
        others = [name for name in factors if name != factor]
        rows = totals(base[base[factor] != TOTAL], others)
        rows = rows[rows["factor"] == factor] if "factor" in rows else rows
        rows = rows[~has_status(rows["status"], CANNOT_EXIST)]
        if len(rows):
            blocks.append(Block(factor, "", _records(rows)))
    if not profile:
        areas = totals(table[~in_city], factors)
        areas = areas[areas["factor"] == GEOGRAPHY] if "factor" in areas else areas
        blocks += [Block(GEOGRAPHY, level, _records(rows)) for level, rows in areas.groupby("geography_level")]
    whole = totals(base, factors).to_dict("records")
    return Comparison(tuple(blocks), whole[0] if whole and "difference" not in table else None)


def _compares_areas(table) -> bool:
    return "factor" in table and (table["factor"] == GEOGRAPHY).any()


def _records(rows) -> tuple[dict, ...]:
    return tuple(rows.to_dict("records"))


def is_shown(record: dict) -> bool:
    """Whether a row has a value to show."""
    return not math.isnan(record["value"])


def codes(record: dict) -> list[str]:
    """The status codes of a row."""
    return record["status"].split()


def is_sure(record: dict) -> bool:
    """Whether the interval of the difference excludes zero: a difference that chance hardly made."""
    lower, upper = record.get("difference_lower", math.nan), record.get("difference_upper", math.nan)
    return lower > 0 or upper < 0


def surely_extreme(records, direction: str) -> tuple[dict, str] | None:
    """The row that is certainly lowest or highest, worst end first, or None.

    Certain means that its interval does not meet any other row's; a hidden row may be the extreme one, so
    then nothing is certain. Residents without a known area are no area and are left out. A group that only says
    what is not known is no finding: where it is the extreme one there is none.
    """
    rivals = [record for record in records if record[GEOGRAPHY] != UNPLACED]
    if len(rivals) < 2 or any(math.isnan(record.get(end, math.nan)) for record in rivals for end in ("lower", "upper")):
        return None
    lowest, highest = min(rivals, key=lambda row: row["upper"]), max(rivals, key=lambda row: row["lower"])
    sure = {
        "lowest": all(lowest["upper"] < row["lower"] for row in rivals if row is not lowest),
        "highest": all(highest["lower"] > row["upper"] for row in rivals if row is not highest),
    }
    ends = {"lowest": lowest, "highest": highest}
    order = ("highest", "lowest") if direction == "adverse" else ("lowest", "highest")
    found = next(((ends[end], end) for end in order if sure[end]), None)
    return None if found and UNKNOWN in found[0].values() else found


def surely_widest(blocks) -> Block | None:
    """The block whose values certainly lie furthest apart, or None.

    The least that its range can be, from the intervals of its ends, must exceed the most that any other
    range can be.
    """
    if len(blocks) < 2 or any(not is_shown(record) for block in blocks for record in block.records):
        return None
    least = [_range(block, "lower", "upper") for block in blocks]
    most = [_range(block, "upper", "lower") for block in blocks]
    best = max(range(len(blocks)), key=lambda place: least[place])
    others = [most[place] for place in range(len(blocks)) if place != best]
    return blocks[best] if all(least[best] > other for other in others) else None


def _range(block: Block, high_end: str, low_end: str) -> float:
    high = max(block.records, key=lambda record: record["value"])
    low = min(block.records, key=lambda record: record["value"])
    return high.get(high_end, math.nan) - low.get(low_end, math.nan)

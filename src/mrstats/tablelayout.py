"""Which row of the data stands in which cell of a table. It writes no figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .schema import CANNOT_EXIST, CITY, TOTAL, UNPLACED, MrstatsError, factor_columns
from .selection import GEOGRAPHY, comparison, free_factors, latest_year, totals

ONE_WAY = "one_way"
"""Rows that list all groups and areas, one comparison after another."""


@dataclass(frozen=True)
class Layout:
    """Which rows of the data stand where: keys of rows and columns in print order, one record a cell."""

    data: Any
    row_by: str
    column_by: str | None
    rows: tuple
    columns: tuple
    cells: dict
    level: str
    named_letters: bool = True

    def records(self, row) -> list[dict | None]:
        """The records of a line, one for each column key."""
        return [self.cells.get((row, column)) for column in self.columns]


def lay_out(data, row_by, column_by, words) -> Layout:
    if not len(data):
        raise MrstatsError("The table has no rows to show. Check the selection made before mr.table.")
    varying = _varying(data)
    for asked in (row_by, column_by):
        if asked is not None and asked not in ("geography", "indicator", "year", *factor_columns(data)):
            raise MrstatsError(
                f"rows or columns {asked!r} is no dimension of the table. "
                f"Choose among geography, indicator, year, {', '.join(factor_columns(data))}."
            )
    if row_by is None and column_by is None and _is_one_way(data, varying):
        return _one_way_layout(data, words)
    free = [name for name in varying if name not in (row_by, column_by)]
    if row_by is None:
        row_by = free.pop(0) if free else (GEOGRAPHY if column_by != GEOGRAPHY else "indicator")
    if column_by is None:
        column_by = next((name for name in free if _crosses(data, row_by, name)), None)
    data = _reduced(data, [name for name in free if name != column_by], (row_by, column_by))
    levels = [level for level in data["geography_level"].unique() if level != CITY]
    if len(levels) > 1 and GEOGRAPHY in (row_by, column_by):
        raise MrstatsError(f"The table holds areas of several levels: {', '.join(levels)}. Choose one of them.")
    level = levels[0] if levels else CITY
    cells: dict = {}
    for record in data.to_dict("records"):
        place = (key_of(record, row_by), key_of(record, column_by))
        if place in cells:
            raise MrstatsError(
                f"Two rows of the table want the same cell, {place}. "
                "Name the dimension that tells them apart in rows= or columns=, or select one of them first."
            )
        cells[place] = record
    cells = _possible(cells, row_by, column_by)
    return Layout(
        data, row_by, column_by,
        tuple(_ordered({row for row, _ in cells}, row_by, level, words)),
        tuple(_ordered({column for _, column in cells}, column_by, level, words)),
        cells, level,
    )  # fmt: skip


def _possible(cells: dict, row_by, column_by) -> dict:
    """The cells without groups that can exist nowhere in the table, such as children in one of workers."""
    alive = [place for place, record in cells.items() if CANNOT_EXIST not in record["status"].split()]
    rows, columns = {row for row, _ in alive}, {column for _, column in alive}
    kept = (GEOGRAPHY, "indicator", "year", None)
    return {
        (row, column): record
        for (row, column), record in cells.items()
        if not alive or ((row_by in kept or row in rows) and (column_by in kept or column in columns))
    }


def _varying(data) -> list[str]:
    """Dimensions with more than one value, areas first, then indicators, factors and years."""
    several = {
        GEOGRAPHY: len(data[["geography_level", "geography"]].drop_duplicates()) > 1,
        "indicator": data["indicator"].nunique() > 1,
        **dict.fromkeys(free_factors(data), True),
        "year": data["year"].nunique() > 1,
    }
    return [name for name, varies in several.items() if varies]


def _is_one_way(data, varying) -> bool:
    """Whether several dimensions vary but never two at a time: the margins of `crossed=False`."""
    sides = [name for name in varying if name not in ("indicator", "year")]
    if len(sides) < 2 or "indicator" in varying:
        return False
    away = [(data["geography_level"] != CITY) if name == GEOGRAPHY else (data[name] != TOTAL) for name in sides]
    return bool((sum(side.astype(int) for side in away) <= 1).all())


def _one_way_layout(data, words) -> Layout:
    data = latest_year(data)
    found = comparison(data)
    cells: dict = {}
    for block in found.blocks:
        order = words.area_order(block.level) if block.factor == GEOGRAPHY else words.group_order(block.factor)
        place = {code: number for number, code in enumerate(order)}
        key = GEOGRAPHY if block.factor == GEOGRAPHY else block.factor
        for record in sorted(block.records, key=lambda row: place.get(row[key], len(place))):
            cells[((block.factor, block.level, record[key]), None)] = record
    if found.whole:
        cells[((GEOGRAPHY, CITY, ""), None)] = found.whole
    return Layout(data, ONE_WAY, None, tuple(row for row, _ in cells), (None,), cells, CITY)


def _crosses(data, one: str, other: str) -> bool:
    """Whether the data hold more than the margins of two dimensions."""
    away = [(data["geography_level"] != CITY) if name == GEOGRAPHY else (data[name] != TOTAL)
            for name in (one, other) if name not in ("indicator", "year")]  # fmt: skip
    return len(away) < 2 or bool((away[0] & away[1]).any())


def _reduced(data, unused, used):
    """The rows left when what is not shown is brought to its total, the city or the newest year."""
    factors = [name for name in unused if name not in ("indicator", "year", GEOGRAPHY)]
    data = totals(data, factors)
    if "indicator" in unused:
        names = ", ".join(data["indicator"].unique())
        raise MrstatsError(f"The table holds several indicators ({names}): use rows='indicator' or select one.")
    if GEOGRAPHY in unused:
        data = data[data["geography_level"] == CITY]
    if "year" not in used:
        data = latest_year(data)
    if not len(data):
        raise MrstatsError(
            f"No rows are left when {', '.join(unused)} are brought to their totals. "
            "Name them in rows= or columns=, or ask mr.break_down for the totals too."
        )
    return data


def key_of(record: dict, name: str | None):
    if name is None:
        return None
    return (record["geography_level"], record[GEOGRAPHY]) if name == GEOGRAPHY else record[name]


def _ordered(keys, name, level, words) -> list:
    """Keys in print order: areas and groups in their own, those without area and the whole last."""
    if name is None:
        return [None]
    if name == GEOGRAPHY:
        order = {(level, code): place for place, code in enumerate(words.area_order(level) if level != CITY else ())}
        return sorted(keys, key=lambda key: (key[0] == CITY, key[1] == UNPLACED, order.get(key, len(order)), key))
    if name == "indicator":
        return [key for key in words.city.indicators if key in keys]
    if name == "year":
        return sorted(keys)
    return [code for code in words.group_order(name) if code in keys]

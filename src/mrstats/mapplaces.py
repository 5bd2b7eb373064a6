"""The areas of a map: which row, pattern, colour and district each has. It draws nothing."""

from __future__ import annotations

from . import look
from .mapclasses import Classes
from .mappanel import Place
from .schema import CANNOT_EXIST, CITY, CONFIDENTIAL, INTERPOLATED, NOT_COLLECTED, UNRELIABLE, MrstatsError
from .selection import GEOGRAPHY, codes, is_shown

_SYMBOLS = {"hidden": "..", "none": "."}


def records_of(newest, polygons) -> dict[str, dict]:
    """Rows by area; two rows for one area, or an area without boundary, are errors."""
    records = {record[GEOGRAPHY]: record for record in newest.to_dict("records")}
    if len(records) != len(newest):
        raise MrstatsError(
            f"The table has {len(newest)} rows for {len(records)} areas: more than one group is left. "
            "Keep the totals, or the rows of one group."
        )
    unknown = sorted(set(records) - set(polygons["code"]))
    if unknown:
        raise MrstatsError(
            f"{len(unknown)} areas have no boundary, the first is {unknown[0]!r}. "
            "Check that the table and the boundaries are of the same vintage."
        )
    return records


def reference_value(newest) -> float | None:
    """The city's value as gaps carries it, when the table itself has no row of the city."""
    if "reference_value" not in newest or not (newest["reference"] == "total").all():
        return None
    values = newest["reference_value"].dropna().unique()
    return float(values[0]) if len(values) == 1 else None


def pattern_of(record: dict | None) -> str:
    """Which pattern a row's status calls for; an empty text is a plain coloured area."""
    if record is None or CONFIDENTIAL in codes(record):
        return "hidden"
    if NOT_COLLECTED in codes(record):
        return "missing"
    if not is_shown(record):
        return "none" if CANNOT_EXIST in codes(record) or record.get("n") == 0 else "hidden"
    return "unreliable" if UNRELIABLE in codes(record) else ""


def place_of(code, shape, district, record, classes: Classes, level: str, words) -> Place:
    """An area with its colour or pattern; a hidden one carries a symbol and nothing else."""
    pattern, name = pattern_of(record), words.area(level, code)
    name = "" if name == code else name
    if pattern in _SYMBOLS or pattern == "missing":
        symbol = _SYMBOLS.get(pattern) or words.word("missing")
        return Place(code, name, shape, look.WHITE, symbol, pattern, district)
    text = classes.text(record["value"], words.language)
    letters = [letter for letter in (UNRELIABLE, INTERPOLATED) if letter in codes(record)]
    text = " ".join([text, *letters])
    if pattern == "unreliable":
        return Place(code, name, shape, look.WHITE, text, pattern, district)
    return Place(code, name, shape, look.ORDERED[classes.of([record["value"]])[0]], text, pattern, district)


def districts_of(polygons, level: str, words) -> tuple[str, dict[str, str]]:
    """The highest level that the areas nest in, below the city, and each area's unit there."""
    top, units = level, {code: code for code in polygons["code"]}
    while (parent := words.city.geographies[top].parent) != CITY:
        step = words.city.parent_codes(top)
        units = {code: step[unit] for code, unit in units.items()}
        top = parent
    return top, units

"""A `Cube` written as a PC-Axis file (.px), to be loaded in a municipality's own PxWeb. The same cube gives the same bytes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from mrstats.schema import DatasetError
from mrstats.sources.cube import Cube, Dimension
from mrstats.sources.px import NIL, NOT_SHOWN, SYMBOLS
from mrstats.sources.px_text import written

MOST_DECIMALS = 6
"""PC-Axis shows no more."""
TIMES = {
    "A": r"\d{4}",
    "H": r"(\d{4})H(\d)",
    "Q": r"(\d{4})[QK](\d)",
    "M": r"(\d{4})M(\d\d)",
    "W": r"(\d{4})[WV](\d\d)",
}
"""Years, half-years, quarters, months and weeks as statistical offices code them; TIMEVAL has them without the letter."""
DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d:\d\d))?\S*")


def write_px(cube: Cube) -> bytes:
    """A Cube as the bytes of a PX file in UTF-8.

    Parameters
    ----------
    cube : Cube
        The last dimensions stand in the heading as long as they are times and metrics, the others at the side.

    Returns
    -------
    bytes
        `mrstats.sources.read_px` reads the same Cube from it, but for what the format cannot tell: a figure that is
        missing without a symbol is ``..``; a quotation mark becomes ``”``; a date is written ``20250301 00:00``.

    Raises
    ------
    DatasetError
        A cell that is no number, a symbol that the format does not have, or fewer cells than the dimensions make.

    Examples
    --------
    >>> import pandas as pd
    >>> from mrstats.sources.cube import Cube, Dimension, Note
    >>> sex = Dimension("sex", "kön", {"1": "män", "2": "kvinnor"})
    >>> cells = pd.DataFrame({"sex": ["1", "2"], "value": [61.2, float("nan")], "status": ["", ".."]})
    >>> text = write_px(Cube(cells, (sex,), "Andel", notes=(Note("Avrundat.", mandatory=True),))).decode()
    >>> print(text[text.index("NOTEX"):])
    NOTEX="Avrundat.";
    DATA=
    61.2 ".."
    ;
    <BLANKLINE>
    """
    size = int(np.prod([len(d.categories) for d in cube.dimensions]))
    if not cube.dimensions or len(cube.frame) != size:
        raise DatasetError(
            f"{cube.label!r} has {len(cube.frame)} cells where its dimensions make {size}. A PX file holds them all."
        )
    cells = [
        _cell(value, status, cube) for value, status in zip(cube.frame["value"], cube.frame["status"], strict=True)
    ]
    heading = _heading(cube.dimensions)
    lines = [*_head(cube, heading), *_dimensions(cube), *_facts(cube), *_notes(cube), *_marks(cube)]
    width = int(np.prod([len(d.categories) for d in cube.dimensions[heading:]], initial=1))
    rows = (" ".join(cells[at : at + width]) for at in range(0, len(cells), width))
    return "\n".join([*lines, "DATA=", *rows, ";", ""]).encode()


def _heading(dimensions: tuple[Dimension, ...]) -> int:
    """Where the heading begins: PC-Axis wants something on either side, and the order of cells may not change."""
    place = len(dimensions)
    while place > 1 and dimensions[place - 1].role in ("time", "metric"):
        place -= 1
    return place if place < len(dimensions) else max(place - 1, 0)


def _head(cube: Cube, heading: int) -> Iterator[str]:
    names = [d.label for d in cube.dimensions]
    if len(set(names)) < len(names):
        raise DatasetError(
            f"{cube.label!r} has two dimensions called {max(names, key=names.count)!r}. Give each a name of its own."
        )
    metric = next((d for d in cube.dimensions if d.role == "metric"), None)
    code = re.sub(r"\W", "_", cube.code)[-20:] or "TABLE"
    decimals = [unit.decimals for unit in cube.units.values() if unit.decimals is not None]
    held = max((_decimals(value) for value in cube.frame["value"].dropna()), default=0)
    yield written("CHARSET", "ANSI")
    yield written("AXIS-VERSION", "2013")
    yield written("CODEPAGE", "utf-8")
    yield written("LANGUAGE", cube.language)
    yield written("DECIMALS", min(max(held, *decimals, 0), 15) if decimals else min(held, 15))
    yield written("SHOWDECIMALS", min(min(decimals, default=held), MOST_DECIMALS))
    yield written("MATRIX", code)
    if cube.code and cube.code != code:
        yield written("TABLEID", cube.code)
    yield written("AGGREGALLOWED", cube.aggregation_allowed)
    yield written("SUBJECT-CODE", code)
    yield written("SUBJECT-AREA", cube.source or cube.label)
    yield written("TITLE", cube.label)
    yield written("CONTENTS", cube.label)
    if heading:
        yield written("STUB", names[:heading])
    yield written("HEADING", names[heading:])
    if metric:
        yield written("CONTVARIABLE", metric.label)


def _dimensions(cube: Cube) -> Iterator[str]:
    for d in cube.dimensions:
        labels = _labels(d)
        if d.code != d.label:
            yield written("VARIABLECODE", d.code, d.label)
        yield written("VALUES", labels.values(), d.label)
        yield written("CODES", d.categories, d.label)
        if d.role == "time":
            yield from _timeval(d)
        if d.role in ("geo", "time"):
            yield written("VARIABLE-TYPE", {"geo": "G", "time": "T"}[d.role], d.label)
        if d.total is not None:
            yield written("ELIMINATION", labels[d.total], d.label)
        elif d.can_be_left_out:
            yield written("ELIMINATION", True, d.label)


def _labels(dimension: Dimension) -> dict[str, str]:
    """Code to text, with the code before those that several share, since PC-Axis finds a value by its text."""
    texts = list(dimension.categories.values())
    return {code: f"{code} {text}" if texts.count(text) > 1 else text for code, text in dimension.categories.items()}


def _timeval(dimension: Dimension) -> Iterator[str]:
    for unit, pattern in TIMES.items():
        found = [re.fullmatch(pattern, code) for code in dimension.categories]
        if all(found):
            times = ",".join(f'"{"".join(m.groups()) or m[0]}"' for m in found if m)
            yield f"{written('TIMEVAL', 0, dimension.label).removesuffix('0;')}TLIST({unit}1),{times};"
            return


def _facts(cube: Cube) -> Iterator[str]:
    metric = next((d for d in cube.dimensions if d.role == "metric"), None)
    shown = min((unit.decimals for unit in cube.units.values() if unit.decimals is not None), default=None)
    common = cube.units.get("") or next(iter(cube.units.values()), None)
    yield written("UNITS", common.name if common else "")
    for code, unit in cube.units.items():
        if metric and code in metric.categories:
            name = _labels(metric)[code]
            yield written("UNITS", unit.name, name)
            if unit.decimals is not None and unit.decimals != shown:
                yield written("PRECISION", min(unit.decimals, MOST_DECIMALS), metric.label, name)
    if cube.updated:
        date = DATE.fullmatch(cube.updated)
        yield written("LAST-UPDATED", f"{date[1]}{date[2]}{date[3]} {date[4] or '00:00'}" if date else cube.updated)
    if cube.source:
        yield written("SOURCE", cube.source)
    if cube.contacts:
        yield written("CONTACT", "##".join(cube.contacts))


def _notes(cube: Cube) -> Iterator[str]:
    """Notes of one place in one statement, since readers of the format keep the last of several."""
    texts: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for note in cube.notes:
        fixed = {axis: code for axis, code in note.at.items() if code}
        if len(note.at) <= 1:
            keyword = "VALUENOTE" if fixed else "NOTE"
            keys = tuple(key for axis, code in note.at.items() for key in _names(cube, axis, code))
        else:
            keyword, keys = "CELLNOTE", tuple(_names(cube, d.code, fixed.get(d.code, "*"))[1] for d in cube.dimensions)
        texts[keyword + ("X" if note.mandatory else ""), *keys].append(re.sub(r"\s*\n\s*", "#", note.text.strip()))
    for head, parts in texts.items():
        yield written(head[0], "##".join(parts), *head[1:])


def _names(cube: Cube, axis: str, code: str) -> tuple[str, ...]:
    """Names of a dimension and of its category (none for an empty code, ``*`` for all)."""
    dimension = cube.dimension(axis)
    if code in ("", "*"):
        return (dimension.label, code) if code else (dimension.label,)
    return dimension.label, _labels(dimension)[code]


def _marks(cube: Cube) -> Iterator[str]:
    """What a status says beside the symbol: a mark on the cell."""
    axes = [d.code for d in cube.dimensions]
    marked = cube.frame[[bool(_split(status)[1]) for status in cube.frame["status"]]]
    for row in marked.to_dict("records"):
        yield written("DATANOTECELL", _split(row["status"])[1], *(row[axis] for axis in axes))


def _split(status: str) -> tuple[str, str]:
    symbol, _, mark = status.partition(" ")
    return (symbol, mark) if symbol in SYMBOLS else ("", status)


def _cell(value: float, status: str, cube: Cube) -> str:
    symbol = _split(status)[0]
    if np.isinf(value) or (symbol == NIL and value != 0) or (symbol not in ("", NIL) and not np.isnan(value)):
        raise DatasetError(
            f"{cube.label!r} has a cell {value} with the symbol {status!r}, which a PX file cannot hold. Correct the cell."
        )
    if symbol or np.isnan(value):
        return f'"{symbol or NOT_SHOWN}"'
    return format(Decimal(repr(float(value))).normalize() + 0, "f")


def _decimals(value: float) -> int:
    exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
    return max(-int(exponent), 0)

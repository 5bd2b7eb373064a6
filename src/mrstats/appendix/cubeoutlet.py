"""An open table read back as an attacker reads it: every cell under the names of its row, and every text of the file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from ..disclosure.leaks import CELL, TEXT, Block, Outlet
from ..schema import DatasetError, EditionError
from ..sources import read_px
from ..sources.cube import Cube
from ..sources.px_text import decode, statements


def read_px_file(path: Path) -> Outlet:
    """A PX file: its cells by code and name, and the texts of all its other statements, those that no reader shows too.

    Raises
    ------
    EditionError
        The file cannot be read.
    """
    try:
        cube = read_px(path)
        said = [s for s in statements(decode(path.read_bytes(), path.name), path.name) if s.keyword != "DATA"]
    except DatasetError as error:
        raise EditionError(f"{error} Build it again.") from None
    context = f"{cube.label} · {' · '.join(note.text for note in cube.notes)}"
    texts = (
        Block(TEXT, f"{s.keyword}, row {s.line}", text, context=context) for s in said for text in (*s.keys, *s.values)
    )
    return Outlet(path.name, "px", (*texts, *_cells(cube, context)))


def _cells(cube: Cube, context: str) -> Iterator[Block]:
    for record in cube.frame.to_dict("records"):
        if not math.isnan(record["value"]):
            names = [f"{record[d.code]} · {d.categories[record[d.code]]}" for d in cube.dimensions]
            where = ", ".join(f"{d.code}={record[d.code]}" for d in cube.dimensions)
            yield Block(CELL, where, f"{record['value']:.12g}", " · ".join(names), context)

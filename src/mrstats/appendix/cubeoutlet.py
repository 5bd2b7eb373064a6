"""Open tables read back as an attacker reads them: their cells by code, and every text of the files."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import pandas as pd

from ..disclosure.leaks import TEXT, Block, Outlet
from ..schema import FIGURES, DatasetError, EditionError
from ..sources import read_px
from ..sources.cube import Cube
from ..sources.px_text import decode, statements
from .opentables import CONTENTS, write_from_px


def read_px_file(path: Path) -> Outlet:
    """A PX file: its cells as a table of codes, so that any figure in a hidden cell is found, and its other texts.

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
    return Outlet(path.name, "px", tuple(texts), ((path.name, _as_release_table(cube)),))


def _as_release_table(cube: Cube) -> bytes:
    """The cells with a figure as a CSV with the columns of a release table, a line a cell."""
    rows = []
    for record in cube.frame.to_dict("records"):
        if not math.isnan(record["value"]):
            indicator, _, column = record.pop(CONTENTS).partition(".")
            figure, place = {column or "value": f"{record.pop('value'):.12g}"}, record
            rows.append({"indicator": indicator, "vintage": "", **place, **figure})
    factors = [d.code for d in cube.dimensions if d.code not in ("geography", "year", CONTENTS)]
    columns = ["indicator", "year", "geography", "vintage", *factors, *FIGURES]
    return pd.DataFrame(rows, columns=columns).to_csv(index=False, lineterminator="\n").encode()


def check_made_from_px(folder: Path) -> None:
    """Workbook and JSON-stat of the open tables must be, byte for byte, what the PX files beside them say.

    Raises
    ------
    EditionError
        One is not, or another file lies there.
    """
    with tempfile.TemporaryDirectory() as beside:
        made = {path.name: path.read_bytes() for path in write_from_px(folder, Path(beside))}
    for path in sorted(folder.glob("*")):
        if path.suffix != ".px" and made.get(path.name) != path.read_bytes():
            raise EditionError(
                f"{path.name} says something else than the PX files beside it, and may tell figures that the release hides. "
                "Nothing was published. Build it again."
            )

"""Excel files exactly as SCB's Statistikdatabasen serves them: stacked headings, footnotes, symbols."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mrstats.schema import DatasetError

SYMBOLS = {".", "..", "...", "-", "–"}
ZERO_SYMBOLS = {"-", "–"}


@dataclass(frozen=True)
class SourceTable:
    """A table with what its publisher says about it."""

    frame: pd.DataFrame
    title: str
    notes: tuple[str, ...]
    source: str
    updated: str


def read_scb_excel(path: Path) -> SourceTable:
    """An SCB download as a long table: one row a cell, one column a dimension.

    The title names the dimensions in order ("… efter region, år, födelseregion och kön"). The first of them stand
    in the leading columns (a blank there repeats the cell above), the others in the stacked heading rows (a blank
    repeats the cell to the left). Under the table stand notes, the day of update and the source.

    Returns
    -------
    SourceTable
        `frame` has the sheet's row numbers as index, one text column a dimension (name in lower case, other signs than
        letters as ``_``), ``value`` (float) and ``symbol`` (``".."`` where SCB prints one, else ``""``). A dash is a true zero.

    Raises
    ------
    DatasetError
        The file is missing, no Excel file, or its title and headings do not fit together.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    if not path.exists():
        raise DatasetError(
            f"{path.name}: the file is missing from {path.parent.name}/. The README beside its dataset.toml says where to download it."
        )
    try:
        rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError) as error:
        raise DatasetError(f"{path.name}: cannot be read as an Excel file ({error}). Download it again.") from None
    texts = [[_text(cell) for cell in row] for row in rows]
    if len(texts) < 4 or " efter " not in texts[0][0]:
        raise DatasetError(
            f"{path.name}: the first cell is not an SCB title ('… efter region, år …'). Use the file as SCB serves it."
        )
    dimensions = [_name(part) for part in re.split(r", | och ", texts[0][0].rsplit(" efter ", 1)[1])]
    first = next((i for i in range(2, len(texts)) if texts[i][0]), None)
    if first is None:
        raise DatasetError(f"{path.name}: the file holds a title and no rows.")
    leading = next((c for c in range(len(texts[2])) if any(texts[r][c] for r in range(2, first))), 0)
    headings = [_repeat(texts[r][leading:]) for r in range(2, first)]
    if leading + len(headings) != len(dimensions):
        raise DatasetError(
            f"{path.name}: the title names {len(dimensions)} dimensions ({', '.join(dimensions)}) but the sheet has "
            f"{leading} leading columns and {len(headings)} heading rows. Use the file as SCB serves it."
        )
    last = next((i for i in range(first, len(texts)) if not any(texts[i])), len(texts))
    body = pd.DataFrame(texts[first:last], index=pd.RangeIndex(first + 1, last + 1, name="row"))
    stubs = body.iloc[:, :leading].replace("", pd.NA).ffill()
    parts = []
    for column, labels in enumerate(zip(*headings, strict=True), start=leading):
        part = stubs.set_axis(dimensions[:leading], axis=1)
        part = part.assign(**dict(zip(dimensions[leading:], labels, strict=True)), text=body[column])
        parts.append(part)
    frame = pd.concat(parts)
    frame["symbol"] = frame["text"].where(frame["text"].isin(SYMBOLS - ZERO_SYMBOLS), "")
    bare = frame["text"].mask(frame["text"].isin(ZERO_SYMBOLS), "0").mask(frame["symbol"] != "")
    frame["value"] = pd.to_numeric(bare.replace("", pd.NA), errors="coerce")
    wrong = frame["value"].isna() & (frame["symbol"] == "")
    if wrong.any():
        row = wrong[wrong].index[0]
        raise DatasetError(
            f"{path.name}, row {row}: {frame['text'][wrong].iloc[0]!r} is neither a number nor one of SCB's symbols."
        )
    notes, source, updated = _footer(texts[last:])
    return SourceTable(frame.drop(columns="text"), texts[0][0], notes, source, updated)


def _text(cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _name(dimension: str) -> str:
    return re.sub(r"\W+", "_", dimension.strip().lower())


def _repeat(labels: list[str]) -> list[str]:
    filled: list[str] = []
    for label in labels:
        filled.append(label or (filled[-1] if filled else ""))
    return filled


def _footer(texts: list[list[str]]) -> tuple[tuple[str, ...], str, str]:
    lines = [row[0] for row in texts]
    end = next((i for i, line in enumerate(lines) if line == "Senaste uppdatering:"), len(lines))
    notes = tuple(line for line in lines[:end] if line)

    def after(heading: str) -> str:
        at = lines.index(heading) if heading in lines else len(lines)
        return next((line for line in lines[at + 1 :] if line and not line.endswith(":")), "")

    return notes, after("Källa:"), after("Senaste uppdatering:")

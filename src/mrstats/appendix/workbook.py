"""The tables of an appendix as one Excel file: a sheet a table, nothing the page does not show."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from pathlib import Path

from ..language import MINUS, NO_BREAK, word

DECIMAL_SIGN = {"sv": ",", "en": "."}
THOUSANDS_SIGN = {"sv": NO_BREAK, "en": ","}
TIMES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
WIDEST = 60


def write_workbook(path, tables: list[dict], *, language: str, date: datetime.date) -> Path:
    """Write table displays to an Excel file, numbered as in the appendix.

    Parameters
    ----------
    path : str or Path
        The file to write.
    tables : list of dict
        JSON of table displays, in the order of their numbers.
    language : {"sv", "en"}
        How the displays write numbers; in the sheets they are numbers again.
    date : datetime.date
        The edition's date; the file holds no other time, so that the same tables give the same bytes.

    Returns
    -------
    Path
        The file written.
    """
    from openpyxl import Workbook

    workbook = Workbook()
    contents = workbook.active
    contents.title = word("contents", language)
    for number, table in enumerate(tables, start=1):
        name = f"{word('table', language)} {number}"
        _fill(workbook.create_sheet(name), table, name, language)
        contents.append([name, table["title"]])
        contents.cell(number, 1).hyperlink = f"#'{name}'!A1"
    contents.column_dimensions["A"].width, contents.column_dimensions["B"].width = 14, 90
    buffer = io.BytesIO()
    workbook.save(buffer)
    Path(path).write_bytes(_with_fixed_times(buffer.getvalue(), date))
    return Path(path)


def printed_number(text: str, language: str) -> float | None:
    """The number that a cell prints, or None where it prints an interval, a symbol or words.

    Examples
    --------
    >>> printed_number("−1\\xa0234,6", "sv"), printed_number("1,234", "en"), printed_number("..", "sv")
    (-1234.6, 1234.0, None)
    """
    plain = text.replace(THOUSANDS_SIGN[language], "").replace(MINUS, "-").replace(DECIMAL_SIGN[language], ".")
    return float(plain) if re.fullmatch(r"[+-]?\d+(\.\d+)?", plain) else None


def _fill(sheet, table: dict, name: str, language: str) -> None:
    from openpyxl.styles import Alignment, Font

    bold, right = Font(bold=True), Alignment(horizontal="right")
    sheet.append([f"{name}. {table['title']}"])
    sheet["A1"].font = bold
    sheet.append([table["subtitle"]])
    sheet.append([])
    sheet.append(_headers(table))
    header = sheet.max_row
    for cell in sheet[header]:
        cell.font = bold
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    sheet.freeze_panes = f"B{header + 1}"
    for row in table["rows"]:
        aligned = [column["align"] for column in table["columns"]]
        sheet.append([_shown(*cell, language) for cell in zip(row["cells"], aligned, strict=True)])
        for place, cell in enumerate(sheet[sheet.max_row]):
            if row["total"]:
                cell.font = bold
            if isinstance(cell.value, float):
                decimals = len(row["cells"][place].partition(DECIMAL_SIGN[language])[2])
                cell.number_format = "#,##0" + ("." + "0" * decimals if decimals else "")
            elif place and table["columns"][place]["align"] == "right":
                cell.alignment = right
    for text in ("", table["source"], *table["notes"], *table["marks"]):
        sheet.append([text])
    for place in range(len(table["columns"])):
        longest = max((len(row["cells"][place]) for row in table["rows"]), default=0)
        letter = sheet.cell(header, place + 1).column_letter
        sheet.column_dimensions[letter].width = min(max(longest, 10), WIDEST) + 2


def _headers(table: dict) -> list[str]:
    """One header row: a spanner's word stands before that of each of its columns."""
    headers = [column["text"] for column in table["columns"]]
    for spanner in table["spanners"]:
        for place in range(spanner["first"], spanner["last"] + 1):
            headers[place] = f"{spanner['text']}: {headers[place]}"
    return headers


def _shown(text: str, align: str, language: str) -> str | float:
    value = printed_number(text, language) if align == "right" else None  # what stands left is a name, even a year
    return text if value is None else value


def _with_fixed_times(content: bytes, date: datetime.date) -> bytes:
    fixed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            part = source.read(name)
            if name == "docProps/core.xml":
                part = TIMES.sub(rb"\g<1>" + f"{date.isoformat()}T00:00:00Z".encode(), part)
            entry = zipfile.ZipInfo(name, date_time=(*date.timetuple()[:3], 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, part)
    return fixed.getvalue()

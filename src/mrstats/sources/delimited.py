"""CSV and TSV files: encoding, separator and decimal sign as stated, or found and told; a contradiction is an error."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd

from mrstats.schema import DatasetError

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
POINT = "."
OTHER_SIGN = {",": ".", ".": ","}
WINDOWS = "windows-1252"


def found_encoding(raw: bytes, name: str) -> str:
    """The encoding of a text file: UTF-8 or UTF-16 where its bytes are that, else windows-1252.

    Raises
    ------
    DatasetError
        Nothing fits, or some rows are UTF-8 and others are not (two files put together); the message names the row.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in raw[:200]:
        return "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"
    try:
        raw.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
    if re.search(rb"\xc3[\x80-\xbf]", raw):
        raise DatasetError(
            f"{name}, row {row}: the text is not utf-8, while other rows are. Save the whole file in one encoding."
        )
    try:
        raw.decode(WINDOWS)
    except UnicodeDecodeError:
        raise DatasetError(
            f"{name}, row {row}: the text is neither utf-8 nor {WINDOWS}. State its encoding in dataset.toml."
        ) from None
    return WINDOWS


def found_decimal(texts: pd.DataFrame, *, where: str) -> str:
    """The decimal sign of the columns that hold numbers: the one that stands in them, nothing where none does.

    Raises
    ------
    DatasetError
        Both signs stand in the columns, or every comma may part thousands; the message names row and column.
    """
    if not len(texts.columns):
        return ""
    stacked = texts.astype("string").stack()
    cells = stacked[stacked.str.fullmatch(r"[-+\u2212]?[\d\s]+[.,]\d+").fillna(False)]
    commas = cells[cells.str.contains(",", regex=False)]
    points = cells[cells.str.contains(".", regex=False)]
    if len(commas) and len(points):
        fewer = commas if len(commas) <= len(points) else points
        (row, column), text = fewer.index[0], fewer.iloc[0]
        raise DatasetError(
            f"{where}, row {row}: {text!r} in column {column!r} has another decimal sign than the other cells "
            f"({OTHER_SIGN[',' if fewer is commas else '.']!r}). Correct the cell, or state decimal in dataset.toml."
        )
    if len(commas) and commas.str.fullmatch(r"[-+\u2212]?[1-9]\d{0,2},\d{3}").all():
        (row, column), text = commas.index[0], commas.iloc[0]
        raise DatasetError(
            f"{where}, row {row}: {text!r} in column {column!r} may be a number with three decimals or a thousand. "
            'State decimal = "," or "." in dataset.toml.'
        )
    return "," if len(commas) else "." if len(points) else ""


def read_text_table(path: Path, *, encoding: str = "", delimiter: str = "") -> pd.DataFrame:
    """A delimited file with every cell as text; row numbers of the file are the index.

    Parameters
    ----------
    path : Path
    encoding : str
        As stated in dataset.toml; left out: found (`found_encoding`). A byte order mark is passed over.
    delimiter : str
        Left out: found in the header row (comma, semicolon or tab).

    Returns
    -------
    DataFrame of str
        Index = line number in the file, so that an error can point at it; empty cells are ``""``. ``attrs["found"]``
        tells encoding and separator in words.

    Raises
    ------
    DatasetError
        Missing or empty file, other encoding than stated, a row with more cells than the header.
    """
    if not path.exists():
        raise DatasetError(
            f"{path.name}: the file is missing from {path.parent.name}/. Put the file there or correct its name in dataset.toml."
        )
    raw = path.read_bytes()
    if not raw.strip():
        raise DatasetError(f"{path.name}: the file is empty. Deliver it again.")
    encoding = encoding or found_encoding(raw, path.name)
    try:
        text = raw.decode("utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        line = raw[: getattr(error, "start", 0)].count(b"\n") + 1
        raise DatasetError(
            f"{path.name}, row {line}: the text is not {encoding}. "
            'State the right one in dataset.toml, for example encoding = "windows-1252".'
        ) from None
    header = text.splitlines()[0]
    separator = delimiter or max(";\t,", key=header.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    names = [name.strip() for name in rows[0]]
    for name in names:
        if names.count(name) > 1:
            raise DatasetError(
                f"{path.name}, row 1: column {name!r} stands twice in the heading. Give each column a name of its own."
            )
    body, lines = [], []
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(names):
            raise DatasetError(
                f"{path.name}, row {line}: {len(row)} cells under {len(names)} headings. "
                "A decimal comma in a comma-separated file does this; save it with semicolons or quotes."
            )
        body.append([cell.strip() for cell in row] + [""] * (len(names) - len(row)))
        lines.append(line)
    if not body:
        raise DatasetError(f"{path.name}: the file holds a header and no rows. Deliver it again.")
    table = pd.DataFrame(body, columns=names, index=pd.Index(lines, name="row"), dtype=str)
    table.attrs["found"] = f"text in {encoding}, cells parted by {SEPARATORS.get(separator, repr(separator))}"
    return table


def read_delimited(
    path: Path,
    *,
    encoding: str = "",
    delimiter: str = "",
    decimal: str = "",
    numeric: list[str],
) -> pd.DataFrame:
    """A delimited file with the named columns read as numbers; the rest stays text.

    Parameters
    ----------
    path, encoding, delimiter
        See `read_text_table`.
    decimal : str
        Decimal sign of the file, ``.`` or ``,``; left out: found in the columns `numeric` (`found_decimal`).
    numeric : list of str
        Columns that must hold numbers; ``..``, ``.`` and an empty cell become missing.

    Raises
    ------
    DatasetError
        A cell that is no number: the message names column, row, text and the likely cure.
    """
    table = read_text_table(path, encoding=encoding, delimiter=delimiter)
    held = [column for column in numeric if column in table]
    decimal = decimal or found_decimal(table[held], where=path.name)
    if decimal:
        table.attrs["found"] += f", decimal sign {decimal!r}"
    return table.assign(
        **{column: to_numbers(table[column], decimal=decimal or POINT, where=path.name) for column in held}
    )


def to_numbers(texts: pd.Series, *, decimal: str, where: str) -> pd.Series:
    """Texts as floats; SCB's dots and empty cells become NaN, anything else that is no number is an error."""
    bare = texts.str.replace("[\u00a0\u202f ]", "", regex=True).str.replace("\u2212", "-", regex=False)
    missing = bare.isin(["", ".", "..", "..."])
    values = bare.mask(bare == "-", "0").mask(missing)
    other = OTHER_SIGN[decimal]
    strange = values.str.contains(other, regex=False, na=False)
    if decimal == ",":
        values = values.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(values, errors="coerce")
    wrong = ~missing & (numbers.isna() | strange)
    if wrong.any():
        row = texts.index[wrong.to_numpy()][0]
        text = texts[wrong].iloc[0]
        cure = (
            f'State decimal = "{other}" in dataset.toml.'
            if other in text
            else "Correct the cell or the column's name in dataset.toml."
        )
        raise DatasetError(
            f"{where}, row {row}: {text!r} in column {texts.name!r} is not a number with decimal sign {decimal!r}. {cure}"
        )
    return numbers

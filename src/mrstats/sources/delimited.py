"""CSV and TSV files, with encoding and decimal sign stated, never guessed silently."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mrstats.schema import DatasetError


def read_text_table(path: Path, *, encoding: str = "utf-8", delimiter: str | None = None) -> pd.DataFrame:
    """A delimited file with every cell as text; row numbers of the file are the index.

    Parameters
    ----------
    path : Path
    encoding : str
        As stated in dataset.toml; a byte order mark is passed over.
    delimiter : str, optional
        Left out: found in the header row (comma, semicolon or tab).

    Returns
    -------
    DataFrame of str
        Index = line number in the file, so that an error can point at it; empty cells are ``""``.

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
    import csv
    import io

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
    return pd.DataFrame(body, columns=names, index=pd.Index(lines, name="row"), dtype=str)


def read_delimited(
    path: Path,
    *,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    decimal: str = ".",
    numeric: list[str],
) -> pd.DataFrame:
    """A delimited file with the named columns read as numbers; the rest stays text.

    Parameters
    ----------
    path, encoding, delimiter
        See `read_text_table`.
    decimal : str
        Decimal sign of the file, ``.`` or ``,``.
    numeric : list of str
        Columns that must hold numbers; ``..``, ``.`` and an empty cell become missing.

    Raises
    ------
    DatasetError
        A cell that is no number: the message names column, row, text and the likely cure.
    """
    table = read_text_table(path, encoding=encoding, delimiter=delimiter)
    for column in numeric:
        if column not in table:
            continue
        table[column] = to_numbers(table[column], decimal=decimal, where=path.name)
    return table


def to_numbers(texts: pd.Series, *, decimal: str, where: str) -> pd.Series:
    """Texts as floats; SCB's dots and empty cells become NaN, anything else that is no number is an error."""
    bare = texts.str.replace("[\u00a0\u202f ]", "", regex=True).str.replace("\u2212", "-", regex=False)
    missing = bare.isin(["", ".", "..", "..."])
    values = bare.mask(bare == "-", "0").mask(missing)
    other = {",": ".", ".": ","}[decimal]
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

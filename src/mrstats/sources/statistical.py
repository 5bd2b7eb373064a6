"""Files of SPSS, Stata and SAS: labelled codes become groups in words, missing values keep their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from mrstats.schema import DatasetError

READERS = {
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".por": "read_por",
    ".dta": "read_dta",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}
"""Ending of a file to the function of pyreadstat that reads it."""
CATALOG = ".sas7bcat"


@dataclass(frozen=True)
class StatisticalTable:
    """A table with what the statistics program said about its columns.

    Attributes
    ----------
    frame : DataFrame
        Index = row number from 1.
    labels : dict of str to str
        Column to what it holds, in the words of the file.
    missing : dict of str to dict of str to int
        Column to the values that the file declares missing, by name, and how many rows have each.
    """

    frame: pd.DataFrame
    labels: dict[str, str] = field(default_factory=dict)
    missing: dict[str, dict[str, int]] = field(default_factory=dict)


def read_statistical(path: Path) -> StatisticalTable:
    """A file of SPSS (.sav, .zsav, .por), Stata (.dta) or SAS (.sas7bdat, .xpt).

    Parameters
    ----------
    path : Path
        A SAS catalogue with the value labels (.sas7bcat) is used where it lies beside under the same name.

    Returns
    -------
    StatisticalTable
        A column all of whose values have labels holds the labels as text; one where only some have (the ends of a
        scale) keeps its numbers. A value that is declared missing becomes its label in a column of labels, so that
        dataset.toml can make a group of it, and empty in a column of numbers, where it would be averaged. Whole numbers
        are integers, dates are dates.

    Raises
    ------
    DatasetError
        Missing, empty or unreadable file, or two values of a column with the same label.
    """
    import pyreadstat

    if not path.exists():
        raise DatasetError(f"{path.name}: the file is missing from {path.parent.name}/. Put the file there.")
    beside = path.with_suffix(CATALOG)
    more: dict[str, Any] = (
        {"user_missing": True} if path.suffix.lower() in (".sav", ".zsav", ".dta", ".sas7bdat") else {}
    )
    if path.suffix.lower() == ".sas7bdat" and beside.exists():
        more |= {"catalog_file": str(beside)}
    try:
        frame, told = getattr(pyreadstat, READERS[path.suffix.lower()])(str(path), **more)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, OSError) as error:
        raise DatasetError(
            f"{path.name}: cannot be read ({error}). Export it again from the statistics program."
        ) from None
    if not len(frame):
        raise DatasetError(f"{path.name}: the file holds no rows. Deliver it again.")
    columns, missing = {}, {}
    for name in frame.columns:
        labels = {_plain(code): str(text) for code, text in told.variable_value_labels.get(name, {}).items()}
        codes = frame[name].map(_plain) if frame[name].dtype == object or labels else frame[name]
        gone = codes.map(_is_missing(name, told)).fillna(False).astype(bool)
        if gone.any():
            missing[name] = {labels.get(code, str(code)): int((codes == code).sum()) for code in codes[gone].unique()}
        columns[name] = _column(path.name, name, codes, gone, labels)
    index = pd.RangeIndex(1, len(frame) + 1, name="row")
    known = {name: text for name, text in told.column_names_to_labels.items() if text}
    return StatisticalTable(pd.DataFrame(columns).set_axis(index), known, missing)


def _column(file: str, name: str, codes: pd.Series, gone: pd.Series, labels: dict[Any, str]) -> pd.Series:
    held = codes[~gone].dropna()
    if len(held) and held.isin(list(labels)).all():
        texts = {code: labels.get(code, str(code)) for code in codes.dropna().unique()}
        doubled = sorted(text for text in set(texts.values()) if list(texts.values()).count(text) > 1)
        if doubled:
            raise DatasetError(
                f"{file}: two values of column {name!r} have the same label {doubled[0]!r}, and would become one group. "
                "Give each its own label."
            )
        return codes.map(texts).astype("str")
    kept = codes.mask(gone)
    if kept.dtype == object:
        numbers = pd.to_numeric(kept, errors="coerce")
        kept = numbers if numbers.notna().equals(kept.notna()) else kept
    if pd.api.types.is_float_dtype(kept) and (kept.dropna() % 1 == 0).all():
        return kept.astype("Int64")
    return kept


def _plain(code: Any) -> Any:
    """A code as people write it: 1 for 1.0."""
    return int(code) if isinstance(code, float) and code.is_integer() else code


def _is_missing(name: str, told) -> Any:
    """Whether a value is declared missing: by ranges (SPSS) or as a letter (Stata and SAS)."""
    ranges = told.missing_ranges.get(name, [])
    letters = set(told.missing_user_values.get(name, []))

    def declared(code: Any) -> bool:
        within = (r for r in ranges if isinstance(code, str) == isinstance(r["lo"], str))
        return code in letters or (not pd.isna(code) and any(r["lo"] <= code <= r["hi"] for r in within))

    return declared

"""Coded interviews: findings by theme and group, in people's own words, from CSV, YAML or TOML. It counts nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mrstats.schema import DatasetError
from mrstats.sources.delimited import read_text_table

COLUMNS = ("id", "year", "theme", "indicator", "group", "district", "quotation_sv", "consent")
NEEDED = ("year", "theme", "group", "quotation_sv")
YES, NO = {"true", "yes", "ja", "1"}, {"false", "no", "nej", "0", ""}
IDENTIFYING = {
    "an identity number": r"(?<!\d)(?:\d{2})?\d{6}[-+ ]?(?:\d{4}|[A-ZÅÄÖ]\d{3})(?!\w)",
    "an e-mail address": r"[\w.+-]+@\w[\w.-]*\.\w+",
    "a telephone number": r"(?<!\d)(?:\+46|0)[ -]?\d{1,3}[ -]?(?:\d[ -]?){5,8}(?!\d)",
}
"""What in a text says who somebody is: personnummer, coordination number and what reaches a person."""


def read_interviews(
    path: Path, *, columns: Mapping[str, str] | None = None, persons: Collection[str] = ()
) -> pd.DataFrame:
    """Coded interview findings, one row a finding.

    Parameters
    ----------
    path : Path
        ``.csv`` (or ``.tsv``) with the columns below; ``.toml`` or ``.yaml`` with a list ``interviews``, each a mapping
        by column or a list ``[year, theme, group, district, quotation_sv]``.
    columns : mapping of str, optional
        What the file calls a column -> what it is called below.
    persons : collection of str, optional
        Codes of persons that no text may hold, such as the ``person_id`` of the dataset's tables.

    Returns
    -------
    DataFrame
        ``id, year, theme, indicator, group, district, quotation_sv, consent``. `group` is ``factor=code``. Without
        `consent` (missing counts as no) a quotation may be counted but never printed. A file without `id` gets I001, …

    Raises
    ------
    DatasetError
        A missing file or column, a group not written ``factor=code``, an `id` twice, or a text that says who somebody
        is. The message names row and column and never repeats the text.
    """
    frame = _rows(path, dict(columns or {})).reindex(columns=list(COLUMNS)).astype(object).fillna("")
    if not len(frame):
        raise DatasetError(f"{path.name}: the file holds no findings. Deliver it again.")
    if not frame["id"].astype(bool).any():
        frame["id"] = [f"I{number:03d}" for number in range(1, len(frame) + 1)]
    texts = frame.astype(str).apply(lambda column: column.str.strip())
    _refuse(
        path,
        texts["id"].duplicated() | (texts["id"] == ""),
        "id",
        "is missing or stands twice. Give each finding its own",
    )
    _refuse(path, ~texts["year"].str.fullmatch(r"\d{4}"), "year", "is no year. Correct the cell")
    for column in ("theme", "quotation_sv"):
        _refuse(path, texts[column] == "", column, "is empty. Fill it in, or take the finding out")
    group = texts["group"].str.fullmatch(r"\w+=\S+")
    _refuse(path, ~group, "group", "is not written factor=code, such as sex=women. Correct the cell")
    consent = texts["consent"].str.lower()
    _refuse(path, ~consent.isin(YES | NO), "consent", "is neither true nor false. Correct the cell")
    named = "|".join(re.escape(code) for code in sorted(map(str, persons), key=len, reverse=True))
    patterns = {**IDENTIFYING, **({"the code of a person": rf"(?<!\w)(?:{named})(?!\w)"} if named else {})}
    for column in ("theme", "district", "quotation_sv"):
        for what, pattern in patterns.items():
            _refuse(path, texts[column].str.contains(pattern), column, f"holds {what}. Take it out of the text")
    return texts.assign(year=texts["year"].astype(int), consent=consent.isin(YES))


def _rows(path: Path, columns: dict[str, str]) -> pd.DataFrame:
    ending = path.suffix.lower()
    if ending not in (".toml", ".yaml", ".yml"):
        frame = read_text_table(path).rename(columns=columns)
        _need(path, frame.columns)
        return frame
    if not path.exists():
        raise DatasetError(f"{path.name}: the file is missing from {path.parent.name}/. Put the file there.")
    text = path.read_text(encoding="utf-8")
    try:
        held = tomllib.loads(text) if ending == ".toml" else _yaml(text)
    except ValueError as error:
        raise DatasetError(f"{path.name}: cannot be read ({' '.join(str(error).split())}). Mend that line.") from None
    found = held.get("interviews") if isinstance(held, dict) else held
    if not isinstance(found, list):
        raise DatasetError(f"{path.name}: there is no list `interviews`. Put the findings there.")
    short = [name for name in COLUMNS if name not in ("id", "indicator", "consent")]
    rows = [one if isinstance(one, dict) else dict(zip(short, one, strict=False)) for one in found]
    frame = pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="row"), dtype=object).rename(columns=columns)
    if rows:
        _need(path, frame.columns)
    return frame


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _need(path: Path, columns: Collection[str]) -> None:
    if missing := [name for name in NEEDED if name not in columns]:
        raise DatasetError(
            f"{path.name}: column {missing[0]!r} is missing; a finding has {', '.join(COLUMNS)}. Add it."
        )
    if unknown := [str(name) for name in columns if name not in COLUMNS]:
        raise DatasetError(
            f"{path.name}: column {unknown[0]!r} is unknown; a finding has {', '.join(COLUMNS)}. Take it out."
        )


def _refuse(path: Path, wrong: pd.Series, column: str, why: str) -> None:
    if wrong.any():
        raise DatasetError(f"{path.name}, row {wrong.idxmax()}: {column!r} {why}.")

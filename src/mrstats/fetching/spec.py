"""The list of SCB's tables (tables.toml), and what its patterns find among the texts that a table really has. Asks nobody."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from mrstats.schema import TOTAL, TOTAL_WORDS, UNKNOWN, SourceError

CONTENTS = "contents"
"""What the dimension of a table's contents is called in its file."""
NOT_KNOWN = r"uppgift.*saknas|okän[dt].*"


@dataclass(frozen=True)
class Resolved:
    """What a table of the list is, once its texts are known.

    Attributes
    ----------
    kept : dict of str to list of str
        Dimension to the texts that are asked for.
    found : dict of str to str
        Name of a pattern to the text it finds, or to its column where the table is pivoted.
    groups : dict of str to dict
        Factor to text -> group code.
    columns : dict of str to str
        Factor to the dimension it is.
    """

    kept: dict[str, list[str]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)


@cache
def _list() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "tables.toml").read_text(encoding="utf-8"))


def table_list() -> list[dict[str, Any]]:
    """SCB's tables of areas that are fetched: name, ids, level, years, and patterns of their texts."""
    return _list()["table"]


def parts_of(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The ids that a table is asked for by, with their years and the file that each fills."""
    for part in spec.get("parts", [spec]):
        years = {name: part[name] for name in ("from", "to") if name in part}
        file = f"{spec['name']}-{part['ids'][0]}.csv" if "parts" in spec else f"{spec['name']}.csv"
        yield {"ids": part["ids"], "file": file, **years}


def files_of(folder: Path, spec: Mapping[str, Any]) -> list[Path]:
    """The files of a table that are there."""
    return [folder / part["file"] for part in parts_of(spec) if (folder / part["file"]).exists()]


def factor_list() -> dict[str, dict[str, Any]]:
    """Background factors of the tables: column and pattern of text -> group."""
    return _list()["factors"]


def plain(text: str) -> str:
    """A label as it is compared and written: lower case, without space around it, one kind of dash."""
    return text.strip().lower().replace("–", "-")


def column_of(label: str) -> str:
    """What a dimension's label is as the name of a column, as in SCB's own downloads."""
    return re.sub(r"\W+", "_", label.strip().lower())


def is_total(text: str) -> bool:
    """Whether a text stands for everybody.

    Examples
    --------
    >>> is_total("totalt"), is_total("totalt antal hushåll"), is_total("kvinnor")
    (True, True, False)
    """
    return text.split()[0] in TOTAL_WORDS if text else False


def resolve(spec: Mapping[str, Any], texts: Mapping[str, Sequence[str]], where: str) -> Resolved:
    """What the patterns of a table find among its texts.

    Parameters
    ----------
    spec : mapping
        One of `table_list`: ``keep`` (dimension -> pattern of the texts wanted), ``find`` (dimension -> name -> pattern of
        one text, which indicators call ``{name}``), ``factors`` (names of `factor_list`).
    texts : mapping of str to sequence of str
        Every dimension but area and time, and its texts, as `plain` makes them.
    where : str
        How an error calls the table.

    Raises
    ------
    SourceError
        A dimension or text is missing, stands for no group, or cannot be chosen among; the message names those there are.

    Examples
    --------
    >>> spec = {"name": "work", "find": {"contents": {"all": "antal( personer)? totalt"}}, "keep": {"ålder": "16-64 år"}}
    >>> made = resolve(spec, {"contents": ["antal totalt"], "ålder": ["16-64 år", "20-64 år"], "kön": ["kvinnor", "totalt"]}, "T")
    >>> made.kept, made.found
    ({'contents': ['antal totalt'], 'ålder': ['16-64 år'], 'kön': ['kvinnor', 'totalt']}, {'all': 'antal totalt'})
    >>> made.groups
    {'sex': {'kvinnor': 'women', 'totalt': '_T'}}
    """
    factors = {
        name: factor
        for name, factor in factor_list().items()
        if name in spec.get("factors", ()) or (factor.get("everywhere") and factor["column"] in texts)
    }
    find, keep = (
        {_dimension(column, texts, where): held for column, held in spec.get(part, {}).items()}
        for part in ("find", "keep")
    )
    columns = {_dimension(factor["column"], texts, where): name for name, factor in factors.items()}
    made = Resolved(columns={name: column for column, name in columns.items()})
    for column, held in texts.items():
        if column in find:
            names = {name: _the_one(pattern, held, column, where) for name, pattern in find[column].items()}
            made.found.update({name: column_of(text) for name, text in names.items()} if "pivot" in spec else names)
            made.kept[column] = list(names.values()) if column == CONTENTS else [t for t in held if not is_total(t)]
        elif column in keep:
            made.kept[column] = [text for text in held if re.fullmatch(keep[column], text)]
            if not made.kept[column]:
                raise _changed(where, f"has nothing like {keep[column]!r} in {column!r}; it has {_some(held)}")
        elif column in columns:
            made.kept[column] = list(held)
            made.groups[columns[column]] = _groups(factors[columns[column]], held, where)
        else:
            made.kept[column] = _only_choice(held, column, where)
    return made


def _dimension(pattern: str, texts: Mapping[str, Sequence[str]], where: str) -> str:
    fits = [column for column in texts if re.fullmatch(pattern, column)]
    if len(fits) != 1:
        number = f"{len(fits)} dimensions" if fits else "no dimension"
        raise _changed(where, f"has {number} like {pattern!r}; it has {', '.join(texts)}")
    return fits[0]


def _the_one(pattern: str, held: Sequence[str], column: str, where: str) -> str:
    fits = [text for text in held if re.fullmatch(pattern, text)]
    if len(fits) != 1:
        number = f"{len(fits)} texts" if fits else "nothing"
        raise _changed(where, f"has {number} like {pattern!r} in {column!r}; it has {_some(held)}")
    return fits[0]


def _groups(factor: Mapping[str, Any], held: Sequence[str], where: str) -> dict[str, str]:
    """Text -> group of every text of a factor; where the list names no groups they are the table's own texts."""
    patterns = factor.get("codes", {})
    made = {}
    for text in held:
        fits = [code for pattern, code in patterns.items() if re.fullmatch(pattern, text)]
        if not fits and is_total(text):
            fits = [TOTAL]
        if not fits and not patterns:
            fits = [UNKNOWN if re.fullmatch(NOT_KNOWN, text) else column_of(text)]
        if not fits:
            raise _changed(where, f"has {text!r} in {factor['column']!r}, which stands for none of its groups")
        made[text] = fits[0]
    return made


def _only_choice(held: Sequence[str], column: str, where: str) -> list[str]:
    """Of a dimension that the list does not name: the only text, or the one that stands for all."""
    totals = [text for text in held if is_total(text)]
    if len(held) == 1 or len(totals) == 1:
        return totals or list(held)
    raise _changed(where, f"has a dimension {column!r} that is not in the list and has no total; it has {_some(held)}")


def _changed(where: str, what: str) -> SourceError:
    return SourceError(f"{where} {what}. Its publisher has changed it; correct it in fetching/tables.toml.")


def _some(held: Sequence[str], most: int = 8) -> str:
    texts = [repr(text) for text in held]
    return ", ".join(texts) if len(texts) <= most else f"{', '.join(texts[:most])} and {len(texts) - most} more"

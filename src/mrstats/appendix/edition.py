"""Editions: a TOML file says what an appendix is called and which notebooks make it. It runs nothing."""

from __future__ import annotations

import datetime
import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ..language import LANGUAGES
from ..schema import EditionError

REQUIRED = {"title": str, "year": int, "dataset": str, "language": str, "publisher": str, "chapter": list}
OPTIONAL = {
    "subtitle": str,
    "series": str,
    "summary": str,
    "case_number": str,
    "approved_by": str,
    "protection": str,
    "date": datetime.date,
}
CHAPTER_REQUIRED = {"notebook": str}
CHAPTER_OPTIONAL = {"title": str, "parameters": dict}
TYPE_NAMES = {
    str: 'text in quotes, like "Exempelstad"',
    int: "a whole number, like 2024",
    list: "one or more [[chapter]] sections",
    dict: 'a table, like { indicator = "employment" }',
    datetime.date: "a date without quotes, like 2025-03-01",
}


@dataclass(frozen=True)
class Chapter:
    """One notebook of an edition and the parameters it is run with; `title` takes the place of its heading."""

    notebook: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True)
class Edition:
    """One appendix: what stands on its cover, which dataset and year, and its chapters in order."""

    path: Path
    title: str
    year: int
    dataset: str
    language: str
    publisher: str
    chapters: tuple[Chapter, ...]
    date: datetime.date
    subtitle: str = ""
    series: str = ""
    summary: str = ""
    case_number: str = ""
    approved_by: str = ""
    protection: str = ""

    @property
    def stem(self) -> str:
        """The file's name without its ending; names the output folder and its files."""
        return self.path.stem

    @property
    def output(self) -> Path:
        """Where its results go: ``data/processed/<stem>`` of the project it belongs to, wherever it is called from."""
        folder = self.path.resolve().parent
        project = folder.parent.parent if folder.name == "editions" else Path()
        return Path(os.path.relpath(project / "data" / "processed" / self.stem))

    def notebook_path(self, chapter: Chapter) -> Path:
        """Where a chapter's notebook lies: in the folder above the edition's."""
        return self.path.parent.parent / f"{chapter.notebook}.ipynb"

    def rule_path(self) -> Path | None:
        """The city's rules of protection, beside the edition; None for the defaults."""
        return self.path.parent / self.protection if self.protection else None

    def parameters_from_edition(self) -> dict[str, object]:
        """Parameters that every notebook which declares them is given."""
        return {"dataset": self.dataset, "year": self.year, "language": self.language}


def read_edition(path) -> Edition:
    """Read an edition file; keys and types are checked before anything else happens.

    Parameters
    ----------
    path : str or Path
        The edition, for example ``notebooks/editions/2024.toml``.

    Returns
    -------
    Edition
        Frozen. Without a `date` of its own an edition is dated the last day of its year, so that two builds
        of it are the same file.

    Raises
    ------
    EditionError
        If the file is missing or not TOML, or a key is missing, unknown or of the wrong type; the message
        names the key, the file and what is allowed.
    """
    path = Path(path)
    content = _read_toml(path)
    _check_keys(content, REQUIRED, OPTIONAL, where=str(path))
    if content["language"] not in LANGUAGES:
        raise EditionError(f"{path}: language={content['language']!r} is not spoken here. Choose {_listed(LANGUAGES)}.")
    chapters = []
    for number, section in enumerate(content.pop("chapter"), start=1):
        where = f"{path}, [[chapter]] number {number}"
        if not isinstance(section, dict):
            raise EditionError(f"{where} is not a section. Write [[chapter]] on a line of its own.")
        _check_keys(section, CHAPTER_REQUIRED, CHAPTER_OPTIONAL, where=where)
        parameters = MappingProxyType(dict(section.get("parameters", {})))
        name = section["notebook"].removesuffix(".ipynb")
        chapters.append(Chapter(name, parameters, section.get("title", "")))
    if not chapters:
        raise EditionError(f"{path} has no [[chapter]]. Add one with the name of its notebook.")
    for key in ("title", "publisher"):
        if not content[key].strip():
            raise EditionError(f"{path}: {key} is empty. A PDF without a {key} is not accessible; write one.")
    content.setdefault("date", datetime.date(content["year"], 12, 31))
    return Edition(path=path, chapters=tuple(chapters), **content)


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the nearest spelling, if any, and all known names.

    Examples
    --------
    >>> nearest("yeer", ["dataset", "year"])
    "Did you mean 'year'? Known: dataset, year."
    """
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    return f"{hint}Known: {_listed(known)}."


def _read_toml(path: Path) -> dict:
    if not path.is_file():
        raise EditionError(f"There is no edition file {path}. Editions lie in notebooks/editions/.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EditionError(f"{path} cannot be read as TOML in UTF-8: {error}. Mend that line.") from error


def _check_keys(found: dict, required: dict, optional: dict, *, where: str) -> None:
    allowed = required | optional
    for key, value in found.items():
        if key not in allowed:
            raise EditionError(f"{where}: the key {key!r} is unknown. {nearest(key, allowed)}")
        # A TOML boolean is an int, and a TOML time of day a date, to isinstance; neither is meant here.
        if type(value) is not allowed[key]:
            raise EditionError(f"{where}: {key} = {value!r} must be {TYPE_NAMES[allowed[key]]}.")
    for key in required:
        if key not in found:
            raise EditionError(f"{where}: the key {key!r} is missing; it must be {TYPE_NAMES[required[key]]}.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"

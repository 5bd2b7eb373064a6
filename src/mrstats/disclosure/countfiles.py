"""A folder of count files attacked piece by piece: one piece for all tables about the same persons in the same year."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mrstats.disclosure.audit import WIDE, Audit, audit
from mrstats.disclosure.published import LOWER, UPPER, VALUE, counts_name, read_counts, read_hierarchy
from mrstats.schema import TOTAL, DatasetError

ABOUT = ("about", "year")
"""Columns that part the persons; nothing of one piece is a sum with another."""

WIDTH = 4
"""What is asked of a hidden cell where no certificate asks for more."""


@dataclass(frozen=True)
class Piece:
    """The counts of some files about the same persons in one year.

    Parameters
    ----------
    about, year : str
        Empty where the files do not say.
    counts : DataFrame
        As `read_counts` makes it, without ``about`` and ``year``.
    base : int or None
        They are rounded to 0 or `base`.
    width : int
        Highest less lowest value that a hidden cell must leave open.
    """

    about: str
    year: str
    counts: pd.DataFrame
    base: int | None
    width: int = WIDTH

    @property
    def name(self) -> str:
        """What to call it in a report."""
        said = ", ".join(filter(None, (self.about, self.year)))
        return said or ", ".join(sorted(set(self.counts["file"])))


def count_files(places: Iterable[Path | str]) -> list[Path]:
    """The count files of some places: a file itself, of a folder its ``counts/*.csv``, or else its ``*.csv``.

    Raises
    ------
    DatasetError
        A place is not there or holds none.
    """
    found: list[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            inner = place / "counts"
            files = sorted(p for p in (inner if inner.is_dir() else place).glob("*.csv") if p.name != "hierarchy.csv")
        else:
            files = [place] if place.is_file() else []
        if not files:
            raise DatasetError(
                f"{place} is no count file and no folder of them. Name a CSV with a column value, or a release."
            )
        found += files
    return list(dict.fromkeys(found))


def beside(files: Iterable[Path], name: str) -> Path | None:
    """A file of a name beside count files or in the folder above them."""
    places = dict.fromkeys(place for file in files for place in (file.parent, file.parent.parent))
    return next((place / name for place in places if (place / name).is_file()), None)


def terms(certificate: Path | None) -> dict[str, tuple[int, int]]:
    """Base (0 if not rounded) and width of each count file, as a release's certificate says; empty without one."""
    if certificate is None:
        return {}
    try:
        told = json.loads(certificate.read_text(encoding="utf-8"))
        return {
            counts_name(family["indicators"], family["year"]): (int(family.get("base", 0)), int(family["width"]))
            for family in told.get("families", [])
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{certificate.name} cannot be read ({error!r}). Move it away, and name what it says with --base and --width."
        ) from None


def pieces(files: Iterable[Path], *, base: int | None = None, width: int | None = None) -> list[Piece]:
    """The counts of some files, parted by whom they are about, the year and how they were rounded.

    Parameters
    ----------
    files : iterable of Path
    base, width : int, optional
        Of all files, instead of what ``certificate.json`` beside them says.

    Returns
    -------
    list of Piece
    """
    files = list(files)
    told = terms(beside(files, "certificate.json")) if base is None or width is None else {}
    counts = read_counts(files)
    keys = [counts[name].replace(TOTAL, "") if name in counts else pd.Series("", index=counts.index) for name in ABOUT]
    rounded = counts["file"].map(lambda name: told.get(name, (0, WIDTH))[0] if base is None else base)
    plain = counts.drop(columns=[name for name in ABOUT if name in counts])
    found = []
    for key, rows in plain.groupby([*(column.to_numpy() for column in keys), rounded.to_numpy()], sort=True):
        about, year, own = map(str, key)
        varying = [c for c in rows if c in (VALUE, "file") or (rows[c] != TOTAL).any()]
        asked = max(told.get(name, (0, WIDTH))[1] for name in rows["file"]) if width is None else width
        found.append(Piece(about, year, rows[varying].reset_index(drop=True), int(own) or None, asked))
    return found


def audit_pieces(
    parts: Iterable[Piece],
    hierarchy: Path | str | pd.DataFrame | None = None,
    *,
    facts: pd.DataFrame | None = None,
    floor: int = 1,
    report: Callable[[str], object] | None = None,
) -> list[tuple[Piece, Audit]]:
    """Attack each piece with its sums and with what is public already.

    Parameters
    ----------
    parts : iterable of Piece
    hierarchy : path or DataFrame, optional
    facts : DataFrame, optional
        What is public already, with ``about`` and ``year``; see `mrstats.disclosure.ledger.standing`. One with a code
        that neither the piece nor the hierarchy knows says nothing about the piece.
    floor : int
        See `audit`.
    report : callable, optional
        Receives one line a piece.

    Returns
    -------
    list of (Piece, Audit)

    Notes
    -----
    Exact counts beside rounded ones about the same persons are used against the rounded ones.
    """
    structure = hierarchy if isinstance(hierarchy, pd.DataFrame) else read_hierarchy(hierarchy)
    parts, found = list(parts), []
    for piece in parts:
        exact = [other.counts.dropna(subset=[VALUE]).drop(columns="file") for other in parts
                 if piece.base and not other.base and (other.about, other.year) == (piece.about, piece.year)]  # fmt: skip
        if facts is not None and len(facts):
            known = (facts["about"] == piece.about) & (facts["year"].astype(str) == piece.year)
            exact.append(facts[known].drop(columns=list(ABOUT)))
        outside = facts_within(pd.concat(exact, ignore_index=True), piece.counts, structure) if exact else None
        own = sums_about(structure, piece.counts, outside)
        verdict = audit(piece.counts, hierarchy=own, ledger=outside, width=piece.width, floor=floor, base=piece.base)
        if report:
            report(f"{piece.name}: {', '.join(f'{n} {word}' for word, n in verdict.counts.items())}")
        found.append((piece, verdict))
    return found


def weak_cells(found: Iterable[tuple[Piece, Audit]]) -> pd.DataFrame:
    """The hidden cells that are not proven wide, with ``about`` and ``year``."""
    weak = []
    for piece, verdict in found:
        cells = verdict.cells[verdict.cells["verdict"] != WIDE]
        weak.append(cells.assign(about=piece.about, year=piece.year))
    return pd.concat(weak, ignore_index=True) if weak else pd.DataFrame()


def facts_within(facts: pd.DataFrame, counts: pd.DataFrame, structure: pd.DataFrame) -> pd.DataFrame:
    """Facts whose every code the piece or the hierarchy knows; dimensions of which only the total is left are dropped."""
    figures = [name for name in (VALUE, LOWER, UPPER) if name in facts]
    dimensions = [name for name in facts if name not in figures]
    facts = facts.fillna(dict.fromkeys(dimensions, TOTAL))
    for name in dimensions:
        rows = structure[structure["dim"] == name]
        known = {TOTAL, *rows["parent"], *rows["child"], *counts.get(name, ())}
        facts = facts[facts[name].isin(known)]
    kept = [name for name in dimensions if name in counts or (facts[name] != TOTAL).any()]
    return facts[[*kept, *figures]].drop_duplicates(ignore_index=True)


def sums_about(structure: pd.DataFrame, counts: pd.DataFrame, outside: pd.DataFrame | None = None) -> pd.DataFrame:
    """The sums that are about codes of the piece or of the facts: others only make the attack longer."""
    kept = []
    for (name, _), rows in structure.groupby(["dim", "hierarchy"], sort=False):
        used = {code for frame in (counts, outside) if frame is not None and name in frame for code in frame[name]}
        if (used - {TOTAL}) & {*rows["child"], *rows["parent"]}:
            kept.append(rows)
    return pd.concat(kept, ignore_index=True) if kept else structure.iloc[:0]

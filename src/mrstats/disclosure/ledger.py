"""The ledger: every exact or rounded count that is public already, in a chain of lines that shows when one was changed."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mrstats.disclosure.attack import ContradictionError
from mrstats.disclosure.countfiles import ABOUT, Piece, audit_pieces, count_files, pieces, sums_about, weak_cells
from mrstats.disclosure.plan import checksum
from mrstats.disclosure.published import LOWER, UPPER, VALUE, Cells, read_hierarchy
from mrstats.schema import TOTAL, DatasetError, EditionError

RELEASE, SOURCE = "release", "source"
FIRST = "0" * 64
"""What the first line holds instead of a checksum of the line before it."""

DESCRIPTION = ("edition", "date", "kind", "base", *ABOUT)
FINEST = "finest"
"""Marks the rounded counts that were rounded themselves; the others are sums of those."""


def read_ledger(path: Path | str) -> pd.DataFrame:
    """All figures of a ledger, after its chain was checked.

    Parameters
    ----------
    path : path
        ``notebooks/editions/ledger/<municipality>.jsonl``; one that is not there is empty.

    Returns
    -------
    DataFrame
        ``edition, date, kind`` (release or source), ``base`` (missing for exact counts), ``about, year``, ``finest``, the
        dimensions (one that a figure lacks is its total) and ``value``, in the order they were published.

    Raises
    ------
    DatasetError
        A line was changed, removed or cut off; the message names the first and the cure.
    """
    path, frames, previous = Path(path), [], FIRST
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    for number, line in enumerate(lines[:-1], start=1):
        content = _content(path, number, line, previous)
        rows = pd.DataFrame(content["rows"], columns=[*content["columns"], VALUE])
        finest = np.isin(np.arange(len(rows)), content.get(FINEST, []))
        frames.append(rows.assign(**{name: content[name] for name in DESCRIPTION}, finest=finest))
        previous = hashlib.sha256(line).hexdigest()
    if lines[-1]:
        raise _broken(path, len(lines), "ends in the middle")
    if not frames:
        return pd.DataFrame(columns=[*DESCRIPTION, FINEST, VALUE])
    whole = pd.concat(frames, ignore_index=True)
    dimensions = [c for c in whole if c not in (*DESCRIPTION, FINEST, VALUE)]
    whole = whole.fillna(dict.fromkeys(dimensions, TOTAL))[[*DESCRIPTION, FINEST, *dimensions, VALUE]]
    return whole.assign(value=whole[VALUE].astype(float), base=whole["base"].astype(float))


def _content(path: Path, number: int, line: bytes, previous: str) -> dict[str, Any]:
    try:
        content = json.loads(line)
        own, before = content.pop("sha256"), content["previous"]
        missing = {*DESCRIPTION, "columns", "rows"} - set(content)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _broken(path, number, "cannot be read") from None
    if before != previous:
        raise _broken(path, number, "does not follow the line before it")
    if missing or own != _digest(content):
        raise _broken(path, number, "is not what was written")
    return content


def _broken(path: Path, number: int, what: str) -> DatasetError:
    return DatasetError(
        f"the ledger {path.name} is broken: line {number} {what}. Restore the committed file; only `mrstats publish` adds to it."
    )


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def standing(ledger: pd.DataFrame) -> pd.DataFrame:
    """What a ledger tells of counts as it stands: of a corrected figure the last one. For the attack.

    Parameters
    ----------
    ledger : DataFrame
        From `read_ledger`.

    Returns
    -------
    DataFrame
        ``about, year``, dimensions and ``value``; of a count that was rounded ``value`` is missing, and ``lower`` and
        ``upper`` are what it can have been. Sums of rounded counts say no more than their parts and are left out.
    """
    told = ledger[ledger["base"].isna() | ledger[FINEST].astype(bool)]
    keys = [c for c in told if c not in ("edition", "date", "kind", "base", FINEST, VALUE)]
    rounded, base = told["base"].notna(), told["base"].fillna(0)
    zero, up = rounded & (told[VALUE] == 0), rounded & (told[VALUE] == base) & (base > 0)
    told = told.assign(
        lower=told[VALUE].mask(up, 1).astype(float),
        upper=told[VALUE].mask(zero, base - 1).astype(float),
        value=told[VALUE].mask(zero | up).astype(float),
    )
    return told.drop_duplicates([*keys, "base"], keep="last")[[*keys, VALUE, LOWER, UPPER]].reset_index(drop=True)


def append_figures(
    path: Path | str,
    parts: list[Piece],
    *,
    edition: str,
    date: datetime.date,
    kind: str = RELEASE,
    hierarchy: Path | None = None,
) -> int:
    """Add the printed counts of some pieces to a ledger, a line a piece, in one write. It checks nothing but the chain.

    Parameters
    ----------
    path : path
    parts : list of Piece
        From `countfiles.pieces`; hidden cells are left out.
    edition : str
        The edition's stem, or the name of a source.
    date : date
        When it was published.
    kind : {"release", "source"}
        A source is somebody else's publication, such as SCB's totals.
    hierarchy : path, optional
        Which code of rounded pieces is a sum of which.

    Returns
    -------
    int
        Lines added.
    """
    path = Path(path)
    read_ledger(path)
    held = path.read_bytes() if path.exists() else b""
    previous = hashlib.sha256(held.split(b"\n")[-2]).hexdigest() if held else FIRST
    structure = read_hierarchy(hierarchy)
    written = b""
    for piece in parts:
        shown = piece.counts.dropna(subset=[VALUE]).drop(columns="file").drop_duplicates()
        columns = [str(c) for c in shown if c != VALUE]
        rows = [[*codes, int(value)] for *codes, value in shown[[*columns, VALUE]].itertuples(index=False, name=None)]
        about = {"about": piece.about, "year": piece.year, "base": piece.base}
        content: dict[str, Any] = {
            "previous": previous,
            "edition": edition,
            "date": date.isoformat(),
            "kind": kind,
            **about,
        }
        content |= {"columns": columns, "rows": rows}
        if piece.base:
            own = Cells(piece.counts, sums_about(structure, piece.counts))
            content[FINEST] = np.flatnonzero(own.finest(shown)).tolist()
        line = json.dumps(content | {"sha256": _digest(content)}, ensure_ascii=False).encode()
        previous = hashlib.sha256(line).hexdigest()
        written += line + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
    return len(parts)


def append_release(
    ledger: Path | str,
    release: Path | str,
    *,
    edition: str,
    date: datetime.date,
    correction: bool = False,
    report: Callable[[str], object] | None = None,
) -> int:
    """Enter an audited release in the ledger, if it gives nothing away together with all that is public.

    Parameters
    ----------
    ledger : path
    release : path
        Folder with ``counts/``, ``hierarchy.csv`` and ``certificate.json``.
    edition : str
    date : date
    correction : bool
        Figures that differ from published ones are meant to take their place.
    report : callable, optional
        Receives one line a piece of the attack.

    Returns
    -------
    int
        Lines added; 0 where the same figures stand there already, or are public at source.

    Raises
    ------
    EditionError
        The release has no passed audit or was changed after it; the edition is published with other figures; or a hidden
        cell could be worked out or narrowed down with what is public. Nothing is written.
    """
    path, folder = Path(ledger), Path(release)
    certificate = _checked_certificate(folder)
    if certificate.get("public_at_source"):
        return 0
    known = read_ledger(path)
    parts = pieces(count_files([folder]))
    new = pd.concat([piece.counts.assign(about=piece.about, year=piece.year, base=piece.base or 0) for piece in parts])
    printed = _by_cell(new.dropna(subset=[VALUE]).drop(columns="file"))
    before = _by_cell(
        known[(known["edition"] == edition) & (known["kind"] == RELEASE)].assign(base=lambda t: t["base"].fillna(0))
    )
    if before and before == printed:
        return 0
    facts = standing(known)
    if before and not correction:
        cell = next(key for key in {**printed, **before} if printed.get(key) != before.get(key))
        raise EditionError(
            f"edition {edition} is published with other figures, the first at {dict(cell)}. Publish it with --correction "
            "if the published figures were wrong."
        )
    if correction and len(facts):
        names = [str(c) for c in facts if c not in (VALUE, LOWER, UPPER)]
        own = [_key(record, names) for record in facts.to_dict("records")]
        stands = [
            printed.get(key, value) == value or key not in printed for key, value in zip(own, facts[VALUE], strict=True)
        ]
        facts = facts[stands]
    try:
        found = audit_pieces(parts, folder / "hierarchy.csv", facts=facts, report=report)
    except ContradictionError as error:
        cure = (
            "Print again what was printed, or withdraw the correction"
            if correction
            else "If the published figures were wrong, publish with --correction"
        )
        raise EditionError(f"the release contradicts what is public: {error} {cure}.") from None
    weak = weak_cells(found)
    if len(weak):
        first = {name: code for name, code in weak.iloc[0].dropna().items() if name not in ("lower", "upper", "proof")}
        raise EditionError(
            f"together with what is public, {len(weak)} hidden cells can be worked out or narrowed down, the first {first}. "
            "A figure that was public cannot be hidden again; show it, or leave the table out."
        )
    return append_figures(path, parts, edition=edition, date=date, hierarchy=folder / "hierarchy.csv")


def _checked_certificate(folder: Path) -> dict[str, Any]:
    """The certificate of a release, if it says that the audit passed and no file was changed since."""
    path = folder / "certificate.json"
    try:
        certificate = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise EditionError(
            f"{folder} has no certificate that can be read. Build the appendix, which writes one."
        ) from None
    if certificate.get("public_at_source"):
        return certificate
    verdict = certificate.get("audit") or {}
    if not certificate.get("audited_as_one_publication") or any(
        verdict.get(k, 1) for k in ("exact", "narrow", "undecided")
    ):
        raise EditionError(
            f"the release {folder} has no passed audit. Build the appendix again; only audited figures are published."
        )
    files = certificate.get("files", {})
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*.csv")}
    changed = sorted(
        name
        for name in there | set(files)
        if not (folder / name).exists() or checksum(folder / name) != files.get(name)
    )
    if changed:
        raise EditionError(
            f"{changed[0]} of the release {folder} is not the file that was audited. Build the appendix again."
        )
    return certificate


def _by_cell(rows: pd.DataFrame) -> dict[tuple[tuple[str, Any], ...], float]:
    """Figures by whom they are about, year and codes other than totals."""
    names = [str(c) for c in rows if c not in ("edition", "date", "kind", "base", FINEST, VALUE)]
    return {_key(record, names): record[VALUE] for record in rows.to_dict("records")}


def _key(record: dict, names: list[str]) -> tuple[tuple[str, Any], ...]:
    return tuple((n, record[n]) for n in sorted(names) if isinstance(record[n], str) and record[n] not in (TOTAL, ""))

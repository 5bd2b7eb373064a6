"""Publishing: the figures of a finished appendix enter the ledger of its municipality. It builds nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ..dataset import open_dataset
from ..disclosure.ledger import append_release
from ..schema import EditionError
from .edition import Edition, read_edition
from .receipt import sha256


def ledger_path(edition: Edition, municipality: str) -> Path:
    """Where a municipality's ledger lies: ``ledger/<municipality>.jsonl`` beside its editions."""
    return edition.path.parent / "ledger" / f"{municipality}.jsonl"


def publish_edition(edition_path, *, correction: bool = False, report: Callable[[str], object] = print) -> Path:
    """Enter the figures of a built appendix in the ledger; building again never does.

    Parameters
    ----------
    edition_path : str or Path
    correction : bool
        The edition is published already and some of its figures were wrong.
    report : callable
        Receives a line a piece of the attack, and how many lines were added.

    Returns
    -------
    Path
        The ledger, to be committed.

    Raises
    ------
    EditionError
        The appendix is not built, its release is not the one on its receipt, or `append_release` refuses it.

    Examples
    --------
    >>> from mrstats.schema import EditionError
    >>> try:
    ...     publish_edition("notebooks/editions/1066.toml")
    ... except EditionError as error:
    ...     print(error)
    There is no edition file notebooks/editions/1066.toml. Editions lie in notebooks/editions/.
    """
    edition = read_edition(edition_path)
    receipt, release = edition.output / "receipt.json", edition.output / "release"
    if not receipt.is_file():
        raise EditionError(
            f"edition {edition.stem} is not built. Run `mrstats appendix {edition.stem}` and look at it first."
        )
    told = json.loads(receipt.read_text(encoding="utf-8")).get("release") or {}
    certificate = release / "certificate.json"
    if not certificate.is_file() or told.get("certificate_sha256") != sha256(certificate):
        raise EditionError(
            f"the release in {edition.output} is not the one on the appendix's receipt. Run `mrstats appendix {edition.stem}` again."
        )
    city = open_dataset(edition.dataset, language=edition.language)
    path = ledger_path(edition, city.municipality)
    added = append_release(path, release, edition=edition.stem, date=edition.date, correction=correction, report=report)
    report(f"{added} lines added to {path}." if added else "Nothing to add: the same figures are public already.")
    return path

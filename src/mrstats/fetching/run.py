"""One run of fetching: where things go, what came and what did not, and a folder that changes as a whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mrstats.schema import MrstatsError, ServiceDownError
from mrstats.sources import Web

SOURCE = {
    "scb": ("CC0 1.0", "Källa: SCB"),
    "areas": ("CC0 1.0", "Källa: SCB"),
    "kolada": ("CC BY 4.0", "Källa: Kolada (RKA)"),
}
"""Licence and the line that figures made of it must carry."""

FETCHED, NOTHING, KEPT, MISSING = "fetched", "nothing to fetch", "kept from before", "not fetched"


@dataclass(frozen=True)
class Outcome:
    """What became of one thing that was asked for."""

    name: str
    what: str
    """Where it was asked for, such as the id of a table."""
    state: str
    """``fetched``, ``nothing to fetch`` (not published for these years), ``kept from before`` or ``not fetched``."""
    size: int = 0
    """Cells or areas."""
    reason: str = ""


@dataclass(frozen=True)
class Fetched:
    """What a run brought: the description it wrote, and what became of everything asked for."""

    description: Path
    outcomes: tuple[Outcome, ...]

    @property
    def missing(self) -> tuple[Outcome, ...]:
        """What did not come; the next run asks for it again."""
        return tuple(outcome for outcome in self.outcomes if outcome.state in (KEPT, MISSING))

    def __str__(self) -> str:
        head = ("name", "asked for", "result", "cells")
        rows = [(o.name, o.what, o.state, f"{o.size:,}".replace(",", " ") if o.size else "") for o in self.outcomes]
        wide = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = ["  ".join([*map(str.ljust, row[:3], wide), row[3].rjust(wide[3])]).rstrip() for row in (head, *rows)]
        return "\n".join([*lines, *(f"{o.name}: {o.reason}" for o in self.outcomes if o.reason)])


@dataclass
class Run:
    """One run: where things are asked for, and what was written.

    Attributes
    ----------
    web : dict
        Settings of `mrstats.sources.Web`.
    files : dict of str to dict
        Name to what the manifest tells of it.
    """

    folder: Path
    municipality: str
    years: tuple[int, int]
    report: Callable[[str], object]
    progress: Callable[[str, int, int], object]
    web: dict
    files: dict[str, dict] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    label: str = ""
    """What SCB's tables call the municipality."""
    down: list[Web] = field(default_factory=list)
    """Services that did not answer: the rest of theirs is not asked for."""

    def attempt(self, name: str, what: str, web: Web, fetch: Callable[[], int], *, files: Sequence[str]) -> None:
        """Fetch one thing (`fetch` writes its `files` and tells its size); what goes wrong with it leaves the rest alone."""
        before, since = any((self.folder / file).exists() for file in files), len(web.receipts)
        try:
            if web in self.down:
                raise ServiceDownError("not asked for, since the service did not answer before.")
            size = fetch()
            self.outcomes.append(Outcome(name, what, FETCHED, size))
        except MrstatsError as error:
            if isinstance(error, ServiceDownError):
                self.down.append(web)
            else:
                web.forget(since)
            self.outcomes.append(Outcome(name, what, KEPT if before else MISSING, reason=str(error)))
            self.report(f"{name}: {error}")

    def wrote(
        self,
        name: str,
        kind: str,
        receipts: Sequence[dict],
        *,
        notes: Sequence[str] = (),
        labels: Mapping[str, dict] | None = None,
    ) -> None:
        """Note a file of the new folder for the manifest; `labels` are its texts as they are to be printed."""
        content = (self.folder / name).read_bytes()
        licence, line = SOURCE[kind]
        told = {
            "urls": sorted({receipt["url"] for receipt in receipts}),
            "fetched": max((receipt["fetched"] for receipt in receipts), default=""),
            "sha256": hashlib.sha256(content).hexdigest(),
            "licence": licence,
            "source": line,
        }
        self.files[name] = told | ({"notes": list(notes)} if notes else {}) | ({"labels": labels} if labels else {})


def check_ours(folder: Path) -> None:
    """A dataset.toml that somebody wrote by hand, or a file, is never replaced: a folder of ours has its manifest."""
    if folder.exists() and not folder.is_dir():
        raise MrstatsError(f"{folder} is a file, and would be replaced by a folder. Name another: --output.")
    if (folder / "dataset.toml").exists() and not (folder / "MANIFEST.toml").exists():
        raise MrstatsError(
            f"{folder} has a dataset.toml that mrstats fetch did not write, and it would be replaced. Name another folder: --output."
        )


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A copy of the folder to write in, which takes its place as a whole if all goes well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        new, old = beside / "new", beside / "old"
        if folder.exists():
            _copy(folder, new)
        new.mkdir(exist_ok=True)
        yield new
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _copy(folder: Path, new: Path) -> None:
    """As shutil.copytree, which tells a full disk as a list of every file instead of stopping at the first."""
    new.mkdir()
    for path in sorted(folder.rglob("*")):
        to = new / path.relative_to(folder)
        to.mkdir() if path.is_dir() else shutil.copy2(path, to)

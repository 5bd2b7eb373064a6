"""The receipt: what an appendix was made from, so that it can be made again and checked. No build time."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from .edition import Edition

PACKAGES = (
    "mrstats",
    "pandas",
    "duckdb",
    "scipy",
    "matplotlib",
    "papermill",
    "typst",
    "pypandoc_binary",
    "pikepdf",
)


def make_receipt(edition: Edition, *, data_files: list[Path], release: Path) -> dict:
    """What is known before the PDF is typeset.

    Parameters
    ----------
    edition : Edition
        The edition that is built.
    data_files : list of Path
        Files of the dataset.
    release : Path
        Folder of the protected release; need not exist.

    Returns
    -------
    dict
        `edition`, `dataset` (name and files), `notebooks`, `release` (None without a certificate),
        `versions`, `commit` (None outside a git repository).
    """
    notebooks = sorted({edition.notebook_path(chapter) for chapter in edition.chapters})
    described = ("title", "year", "language", "publisher", "case_number", "approved_by")
    return {
        "edition": {name: getattr(edition, name) for name in described}
        | {"file": edition.path.name, "date": edition.date.isoformat(), "sha256": sha256(edition.path)},
        "dataset": {"name": edition.dataset, "files": [_file(path) for path in data_files]},
        "notebooks": [_file(path) for path in notebooks],
        "release": _release(release),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def write_receipt(path, receipt: dict, outputs: list[Path]) -> Path:
    """Write the receipt with the checksums of the finished files; the PDF cannot hold its own."""
    finished = receipt | {"outputs": [_file(output) for output in outputs]}
    Path(path).write_text(json.dumps(finished, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Path(path)


def data_files(city) -> list[Path]:
    """Files that a dataset's description reads, and the description itself, in the order of their names."""
    if city.folder is None:  # a city made in memory has no files
        return []
    described = city.description
    patterns = {"dataset.toml"} | {table.files for table in described.tables.values()}
    for level in described.levels.values():
        patterns |= {level.file, level.changes}
    patterns.add((described.water or {}).get("file", ""))
    return sorted({file for pattern in patterns - {""} for file in city.folder.glob(pattern)})


def sha256(path: Path) -> str:
    """Checksum of a file's bytes, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def printed_checksum(checksum: str) -> str:
    """The first sixteen digits, in fours, as the receipt page prints them.

    Examples
    --------
    >>> printed_checksum("9b1c44e0a7d203fe" + 48 * "0")
    '9b1c 44e0 a7d2 03fe'
    """
    return " ".join(checksum[start : start + 4] for start in range(0, 16, 4))


def _file(path: Path) -> dict:
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)}


def _release(folder: Path) -> dict | None:
    certificate = folder / "certificate.json"
    if not certificate.is_file():
        return None
    return {"certificate_sha256": sha256(certificate), "tables": len(list((folder / "tables").glob("*.csv")))}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit that the working folder stands at, marked when there are changes beside it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None if answer.returncode == 0 else None

"""Fetching a city's public statistics into a dataset folder: tables, areas, and where each file came from. No statistic."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from mrstats.definitions import nearest
from mrstats.fetching.description import write_description, write_manifest
from mrstats.fetching.divisions import KEYS_PAGE, WFS, fetch_areas
from mrstats.fetching.kolada import fetch_kolada
from mrstats.fetching.run import FETCHED, Fetched, Run, check_ours, replacing
from mrstats.fetching.tables import fetch_tables
from mrstats.schema import SourceError, UnknownNameError
from mrstats.sources.pxweb import SCB

WHAT = ("scb", "areas", "kolada")


def fetch_dataset(
    what: Sequence[str],
    *,
    municipality: str,
    years: tuple[int, int],
    folder: Path | str,
    kpis: Sequence[str] = (),
    units: bool = False,
    scb: str = SCB,
    areas: str = WFS,
    keys: str = KEYS_PAGE,
    kolada: str | None = None,
    offline: bool = False,
    refresh: bool = False,
    report: Callable[[str], object] = print,
    progress: Callable[[str, int, int], object] = lambda name, done, total: None,
) -> Fetched:
    """Fetch public statistics of a Swedish municipality, and write the dataset.toml that reads them.

    Parameters
    ----------
    what : sequence of {"scb", "areas", "kolada"}
        SCB's tables by DeSO and RegSO, their areas, and Kolada's indicators of the whole municipality.
    municipality : str
        Four digits, such as ``1280``.
    years : (int, int)
        First and last.
    folder : path
        The dataset's folder. Files that this call does not fetch stay. It is replaced as a whole once everything is
        written, or not at all. A city's own key from RegSO to districts (``regso-district.csv``: regso, district, name)
        that lies in it becomes a level of its own.
    kpis : sequence of str
        Kolada's ids, such as ``N00945``.
    units : bool
        The figures of the municipality's schools and homes too.
    scb, areas, keys, kolada : str
        Addresses of the tables, the map service, the page that links the key files, and Kolada; others than the official
        ones for another installation.
    offline, refresh : bool
        Answer from the cache beside the folder (``.<folder>.cache``) only; ask anew for what is in it.
    report, progress : callable
        Receive a line for what is to be told; a table, the cells that have come and all its cells.

    Returns
    -------
    Fetched
        ``description`` is the path of ``dataset.toml``; ``outcomes`` tells of everything asked for what became of it, and
        ``missing`` what did not come and why. Beside dataset.toml lie a CSV for every table (texts as published, symbols in
        a column of their own), ``areas.gpkg``, SCB's key files, and ``MANIFEST.toml`` with address, date, checksum, licence
        and source line of every file.

    Raises
    ------
    UnknownNameError
        A source that does not exist.
    SourceError
        Nothing at all could be fetched. One table that fails does not stop the others; what has come is in the cache, so
        that the next call goes on from there.
    OSError
        The disk is full or may not be written. The folder is as it was.

    Examples
    --------
    >>> from mrstats.schema import UnknownNameError
    >>> try:
    ...     fetch_dataset(["sbc"], municipality="1280", years=(2022, 2022), folder="data/raw/malmo-scb")
    ... except UnknownNameError as error:
    ...     print(error)
    'sbc' is not to be fetched (did you mean 'scb'?).
    """
    for name in what:
        if name not in WHAT:
            raise UnknownNameError(f"{name!r} is not to be fetched ({nearest(name, WHAT)}).")
    if not re.fullmatch(r"\d{4}", municipality):
        raise UnknownNameError(f"municipality={municipality!r} must be four digits, such as 1280 for Malmö.")
    folder = Path(folder)
    check_ours(folder)
    with replacing(folder) as new:
        settings = {
            "cache": folder.with_name(f".{folder.name}.cache"),
            "offline": offline,
            "refresh": refresh,
            "report": report,
        }
        run = Run(new, municipality, years, report, progress, settings, label=_label_of(new, municipality))
        if "areas" in what:
            fetch_areas(run, areas, keys)
        if "scb" in what:
            fetch_tables(run, scb)
        if "kolada" in what:
            fetch_kolada(run, kolada, kpis, units=units)
        if not any(outcome.state == FETCHED for outcome in run.outcomes):
            reasons = [outcome.reason for outcome in run.outcomes if outcome.reason]
            raise SourceError(f"nothing could be fetched, and nothing was changed: {reasons[0]}")
        write_manifest(run)
        write_description(run, folder.name)
        write_manifest(run)  # with the checksum of what it describes
    return Fetched(folder / "dataset.toml", tuple(run.outcomes))


def _label_of(folder: Path, municipality: str) -> str:
    """What the dataset that lies in the folder calls the municipality, which must be the same."""
    path = folder / "dataset.toml"
    if not path.exists():
        return ""
    head = tomllib.loads(path.read_text(encoding="utf-8")).get("dataset", {})
    if head.get("municipality", municipality) != municipality:
        raise UnknownNameError(
            f"the folder holds municipality {head['municipality']}, not {municipality}. Name another folder with --output."
        )
    label = head.get("label", {}).get("sv", "")
    return "" if label == f"Kommun {municipality}" else label


def years_of(text: str) -> tuple[int, int]:
    """First and last year of ``2022`` or ``2015-2024``.

    Examples
    --------
    >>> years_of("2015-2024"), years_of("2022")
    ((2015, 2024), (2022, 2022))
    """
    found = re.fullmatch(r"(\d{4})(?:[-–](\d{4}))?", text.strip())
    if not found or (found[2] and found[2] < found[1]):
        raise UnknownNameError(f"years={text!r} must be a year or two, such as 2015-2024.")
    return int(found[1]), int(found[2] or found[1])

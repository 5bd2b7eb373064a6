"""Fetching a city's public statistics into a dataset folder: tables, areas, and where each file came from. No statistic."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import pandas as pd

from mrstats import sources
from mrstats.definitions import nearest
from mrstats.language import LANGUAGES
from mrstats.schema import SourceError, UnknownNameError
from mrstats.sources.pxweb import SCB
from mrstats.vintages import split_codes

WHAT = ("scb", "areas", "kolada")
WFS = "https://geodata.scb.se/geoserver/stat/wfs"
DESO = re.compile(r"\d{4}[ABC]\d{4}")
REGSO = re.compile(r"\d{4}R\d{3}")
LEVELS = {"deso": DESO, "regso": REGSO}
LAYERS = {"deso": ("2018", "2025"), "regso": ("2020", "2025")}
MANIFEST = "MANIFEST.toml"
SOURCE = {
    "scb": ("CC0 1.0", "Källa: SCB"),
    "areas": ("CC0 1.0", "Källa: SCB"),
    "kolada": ("CC BY 4.0", "Källa: Kolada (RKA)"),
}
"""Licence and the line that figures made of it must carry."""


@dataclass
class Fetching:
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
    web: dict
    files: dict[str, dict] = field(default_factory=dict)
    label: str = ""
    """What SCB's tables call the municipality."""

    def wrote(self, name: str, kind: str, receipts: Sequence[dict], *, notes: Sequence[str] = ()) -> None:
        """Note a file of the new folder for the manifest."""
        content = (self.folder / name).read_bytes()
        licence, line = SOURCE[kind]
        told = {
            "urls": sorted({receipt["url"] for receipt in receipts}),
            "fetched": max((receipt["fetched"] for receipt in receipts), default=""),
            "sha256": hashlib.sha256(content).hexdigest(),
            "licence": licence,
            "source": line,
        }
        self.files[name] = told | ({"notes": list(notes)} if notes else {})
        self.report(f"{name}: {len(content) / 1024:.0f} kB")


def fetch_dataset(
    what: Sequence[str],
    *,
    municipality: str,
    years: tuple[int, int],
    folder: Path | str,
    kpis: Sequence[str] = (),
    scb: str = SCB,
    areas: str = WFS,
    kolada: str | None = None,
    offline: bool = False,
    refresh: bool = False,
    report: Callable[[str], object] = print,
) -> Path:
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
        The dataset's folder. Files that this call does not fetch stay; nothing is changed unless all succeeds.
    kpis : sequence of str
        Kolada's ids, such as ``N00945``.
    scb, areas, kolada : str
        Base addresses; others than the official ones for another installation.
    offline, refresh : bool
        Answer from the cache beside the folder (``.<folder>.cache``) only; ask anew for what is in it.
    report : callable
        Receives a line a file.

    Returns
    -------
    Path
        ``dataset.toml``. Beside it a CSV for every table (texts as published, symbols in a column of their own),
        ``areas.gpkg``, and ``MANIFEST.toml`` with address, date, checksum, licence and source line of every file.

    Raises
    ------
    UnknownNameError
        A municipality without areas, or a source that does not exist.
    SourceError
        A service fails. What was fetched is kept in the cache, so that the next call goes on from there.

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
    with _replacing(folder) as new:
        settings = {
            "cache": folder.with_name(f".{folder.name}.cache"),
            "offline": offline,
            "refresh": refresh,
            "report": report,
        }
        run = Fetching(new, municipality, years, report, settings)
        if "areas" in what:
            _fetch_areas(run, areas)
        if "scb" in what:
            _fetch_tables(run, scb)
        if "kolada" in what:
            _fetch_kolada(run, kolada, kpis)
        _write_manifest(run)
        _write_description(run, folder.name)
    return folder / "dataset.toml"


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


def table_list() -> list[dict]:
    """SCB's tables of areas that are fetched: name, id, level, years, and what their texts mean."""
    return tomllib.loads((Path(__file__).parent / "scb.toml").read_text(encoding="utf-8"))["table"]


def _fetch_tables(run: Fetching, base: str) -> None:
    """Every table of the list that is published for some of the years."""
    client = sources.PxWeb(base, **run.web)
    first, last = run.years
    for spec in table_list():
        if spec.get("from", 0) > last or spec.get("to", 9999) < first:
            continue
        before = len(client.web.receipts)
        described = client.metadata(spec["id"])
        region, time = _role(described, "geo", "Region"), _role(described, "time", "Tid")
        codes = pd.Series(list(region.categories), dtype=str)
        run.label = run.label or region.categories.get(run.municipality, "").removeprefix(run.municipality).strip()
        bare = split_codes(codes)["code"]
        own = codes[bare.str.startswith(run.municipality) & bare.str.fullmatch(LEVELS[spec["level"]].pattern)]
        if own.empty:
            raise UnknownNameError(
                f"SCB's table {spec['id']} has no {spec['level']} of municipality {run.municipality}. Check the number; "
                f"the table has {len(codes)} areas, the first {codes.iloc[0]!r}."
            )
        wanted = [year for year in time.categories if first <= int(year[:4]) <= last]
        if not wanted:
            run.report(f"{spec['id']}: nothing is published for {first}–{last}; it has {', '.join(time.categories)}")
            continue
        chosen = {d.code: _kept(d, spec) for d in described.dimensions} | {region.code: list(own), time.code: wanted}
        cube = client.data(spec["id"], chosen)
        name = f"{spec['name']}.csv"
        _write_cube(cube, run.folder / name, spec["level"], region.code, time.code)
        run.wrote(name, "scb", client.web.receipts[before:], notes=cube.mandatory_notes)


def _kept(dimension: sources.Dimension, spec: dict) -> str | list[str]:
    """Codes of a dimension whose texts the list keeps; all where it says nothing."""
    texts = spec.get("keep", {}).get(_column(dimension))
    if texts is None:
        return "*"
    found = [code for code, label in dimension.categories.items() if label.strip().lower() in texts]
    if not found:
        raise SourceError(
            f"SCB's table {spec['id']} has none of {', '.join(texts)} in {dimension.label!r}; it has "
            f"{', '.join(list(dimension.categories.values())[:8])}. Its publisher has changed it; correct fetching/scb.toml."
        )
    return found


def _column(dimension: sources.Dimension) -> str:
    """What a dimension is called in a file: as in SCB's own downloads, the metric `contents`."""
    return "contents" if dimension.role == "metric" else re.sub(r"\W+", "_", dimension.label.strip().lower())


def _role(cube: sources.Cube, role: str, code: str) -> sources.Dimension:
    found = [d for d in cube.dimensions if d.role == role] or [d for d in cube.dimensions if d.code == code]
    if not found:
        raise SourceError(
            f"table {cube.code} has no dimension of areas or time ({', '.join(d.code for d in cube.dimensions)}). Its "
            "publisher has changed it; correct scb.toml."
        )
    return found[0]


def _write_cube(cube: sources.Cube, path: Path, level: str, region: str, time: str) -> None:
    """One row a cell: area code under its level's name, the other dimensions as texts in lower case, year, value and symbol."""
    columns = {level: cube.frame[region], "year": cube.frame[time].str[:4]}
    for dimension in cube.dimensions:
        if dimension.code not in (region, time):
            texts = {code: label.strip().lower() for code, label in dimension.categories.items()}
            columns[_column(dimension)] = cube.frame[dimension.code].map(texts)
    frame = pd.DataFrame(columns).assign(value=cube.frame["value"], symbol=cube.frame["status"])
    frame.to_csv(path, index=False, lineterminator="\n")


def _fetch_areas(run: Fetching, base: str) -> None:
    """Both vintages of DeSO and RegSO as layers of one GeoPackage."""
    web = sources.Web(**run.web)
    layers = {}
    for system, vintages in LAYERS.items():
        for vintage in vintages:
            names = f"stat:{'DeSO' if system == 'deso' else 'RegSO'}_{vintage}"
            asked = {
                "service": "WFS", "version": "2.0.0", "request": "GetFeature", "typeNames": names,
                "outputFormat": "application/json", "srsName": "EPSG:3006", "CQL_FILTER": f"kommunkod='{run.municipality}'",
            }  # fmt: skip
            answer = web.fetch(base, asked)
            _check_whole(answer, names, run.municipality)
            with tempfile.TemporaryDirectory() as beside:
                file = Path(beside, f"{names.removeprefix('stat:')}.geojson")
                file.write_bytes(answer.body)
                frame = sources.read_scb_areas(file, system)
            layers[f"{system}_{vintage}"] = frame
    path = run.folder / "areas.gpkg"
    path.unlink(missing_ok=True)
    fetched = max(receipt["fetched"] for receipt in web.receipts)
    sources.write_layers(path, layers, date=f"{fetched[:19]}.000Z")
    run.wrote(path.name, "areas", web.receipts)


def _check_whole(answer: sources.web.Answer, layer: str, municipality: str) -> None:
    """Every area that the service found has come."""
    told = answer.json()
    areas = told.get("features") if isinstance(told, dict) else None
    if areas is None:
        raise SourceError(f"{answer.url} answers without areas. The map service has changed; correct the address.")
    if not areas:
        raise UnknownNameError(f"{layer} has no areas of municipality {municipality}. Check the number.")
    found = told.get("numberMatched", told.get("totalFeatures"))
    if isinstance(found, int) and found > len(areas):
        raise SourceError(f"{answer.url} gives {len(areas)} of {found} areas. Fetch again with --refresh, or later.")


def _fetch_kolada(run: Fetching, base: str | None, kpis: Sequence[str]) -> None:
    if not kpis:
        raise UnknownNameError("Kolada has thousands of indicators: name those wanted, such as --kpi N00945.")
    client = sources.Kolada(**({"base_url": base} if base else {}), **run.web)
    frame = client.data(list(kpis), [run.municipality], list(range(run.years[0], run.years[1] + 1)))
    frame.to_csv(run.folder / "kolada.csv", index=False, lineterminator="\n")
    run.wrote("kolada.csv", "kolada", client.web.receipts)


def _write_manifest(run: Fetching) -> None:
    """The manifest of all files in the folder, those of earlier calls too."""
    path = run.folder / MANIFEST
    held = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    run.files = dict(sorted({**held, **run.files}.items()))
    lines = ["# Where each file came from. Written by `mrstats fetch`."]
    for name, told in run.files.items():
        lines += ["", f'["{name}"]', *(f"{key} = {_toml(value)}" for key, value in told.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value) -> str:
    """A value of dataset.toml or the manifest in one line; line breaks in a publisher's text become spaces."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_toml(v)}" for key, v in value.items()) + " }"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(" ".join(value.split()) if isinstance(value, str) else value, ensure_ascii=False)


def _write_description(run: Fetching, name: str) -> None:
    """dataset.toml: the head, a table for every file that is there, and the indicators and factors that rest on them."""
    label = run.label or f"Kommun {run.municipality}"
    place = Path(__file__).parent
    text = Template((place / "head.toml").read_text(encoding="utf-8"))
    held: dict[str, list[int]] = {}
    for spec in table_list():
        path = run.folder / f"{spec['name']}.csv"
        if path.exists():
            held[spec["name"]] = sorted({int(year) for year in pd.read_csv(path, usecols=["year"], dtype=str)["year"]})
    years = sorted({year for of_table in held.values() for year in of_table})
    parts = [text.substitute(municipality=run.municipality, name=name, label=label, years=years)]
    for spec in table_list():
        if spec["name"] in held:
            parts.append(
                f'[tables.{spec["name"]}]\nfiles = "{spec["name"]}.csv"\ngrain = "cell"\nyear = "year"\n'
                + (f'pivot = "{spec["pivot"]}"\n' if "pivot" in spec else 'count = "value"\n')
                + f'numeric = ["value"]\nyears = {held[spec["name"]]}\n'
            )
            parts.append(_described(spec, run.files[f"{spec['name']}.csv"].get("notes", [])))
    (run.folder / "dataset.toml").write_text("\n".join(parts), encoding="utf-8")


def _described(spec: dict, notes: Sequence[str]) -> str:
    """The list's words for a table; what its publisher says must be shown stands in the note of each indicator."""
    told = tomllib.loads(spec.get("describes", ""))
    lines = []
    for kind, entries in told.items():
        for name, entry in entries.items():
            if notes and kind == "indicators":
                own = entry.get("note", {})
                entry["note"] = {
                    language: " ".join([*filter(None, [own.get(language)]), *notes]) for language in LANGUAGES
                }
            lines += ["", f"[{kind}.{name}]", *(f"{key} = {_toml(value)}" for key, value in entry.items())]
    return "\n".join(lines)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A copy of the folder to write in, which takes its place as a whole if all goes well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        new, old = beside / "new", beside / "old"
        if folder.exists():
            shutil.copytree(folder, new)
        new.mkdir(exist_ok=True)
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)

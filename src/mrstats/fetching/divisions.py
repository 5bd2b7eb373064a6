"""DeSO and RegSO of a municipality: polygons from the map service, keys and the log of changes from SCB's page, by pattern."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

import pandas as pd

from mrstats import sources
from mrstats.fetching.run import Run
from mrstats.schema import DatasetError, SourceError, UnknownNameError

if TYPE_CHECKING:
    import geopandas as gpd

WFS = "https://geodata.scb.se/geoserver/stat/wfs"
KEYS_PAGE = "https://www.scb.se/vara-tjanster/oppna-data/oppna-geodata/demografiska-statistikomraden-deso/"
"""Where SCB links its key files and the log; their own names carry dates and are only known by pattern."""
LAYERS = {"deso": ("2018", "2025"), "regso": ("2020", "2025")}
PAIRS = {"2018": "2020", "2025": "2025"}
"""Vintage of RegSO that each vintage of DeSO lies in."""
KEY = "koppling-deso{deso}-regso{regso}*.xlsx"
LOG = "deso-historiska-forandringar*.xlsx"
LOG_HEADS = {"Tidigare DeSO": "old", "DeSO": "new", "Förändringstyp": "change"}
AREAS, CHANGES = "areas.gpkg", "deso_changes.csv"
OWN_KEY = "regso-district*"
"""The city's own key from RegSO to its districts, which no service publishes: columns regso, district and name."""


def fetch_areas(run: Run, wfs: str, page: str) -> None:
    """Keys and log first, then the polygons, whose parents the keys tell."""
    web, maps = sources.Web(**run.web), sources.Web(**run.web)
    links: dict[str, str] = {}

    def linked(pattern: str) -> str:
        if not links:
            links.update(_links(web, page))
        return _newest(links, pattern, page)

    for vintage, outer in PAIRS.items():
        pattern = KEY.format(deso=vintage, regso=outer)
        read = functools.partial(_count_key, run, vintage=vintage)
        made = _keeper(run, web, linked, pattern, read)
        run.attempt(f"key_{vintage}", pattern, web, made, files=_held(run, pattern))
    made = _keeper(run, web, linked, LOG, functools.partial(_write_changes, run), made=[CHANGES])
    run.attempt("changes", LOG, web, made, files=_held(run, LOG))
    run.attempt("areas", "DeSO and RegSO", maps, lambda: _fetch_polygons(run, maps, wfs), files=[AREAS])


def key_of(run: Run, path: Path, vintage: str) -> pd.DataFrame:
    """The municipality's rows of a key file: ``deso, regso, name``."""
    outer = PAIRS[vintage]
    names = {f"DeSO_{vintage}": "deso", f"RegSOkod_{outer}": "regso", f"RegSO_{outer}": "name"}
    key = sources.read_key_file(path, columns=list(names)).rename(columns=names)[list(names.values())]
    own = key[key["deso"].str.startswith(run.municipality)].reset_index(drop=True)
    if own.empty:
        raise UnknownNameError(f"{path.name} has no DeSO of municipality {run.municipality}. Check the number.")
    return own.assign(name=own["name"].str.removeprefix("RegSO-"))


def _count_key(run: Run, path: Path, *, vintage: str) -> int:
    return len(key_of(run, path, vintage))


def _held(run: Run, pattern: str) -> list[str]:
    return [path.name for path in run.folder.glob(pattern)]


def _keeper(
    run: Run,
    web: sources.Web,
    linked: Callable[[str], str],
    pattern: str,
    read: Callable[[Path], int],
    *,
    made: Sequence[str] = (),
):
    """Fetches the one file that a pattern finds, reads it (which may write what is `made` of it), takes older ones away."""

    def fetch() -> int:
        before = len(web.receipts)
        answer = web.fetch(linked(pattern), content="")
        if not answer.body.startswith(b"PK"):
            raise SourceError(f"{answer.url} is no Excel file ({answer.content_type}). Fetch again with --refresh.")
        name = Path(unquote(urlsplit(answer.url).path)).name
        with tempfile.TemporaryDirectory() as beside:
            path = Path(beside, name)
            path.write_bytes(answer.body)
            try:
                size = read(path)
            except DatasetError as error:
                raise SourceError(f"{answer.url}: {error}") from None
        for old in _held(run, pattern):
            (run.folder / old).unlink()
            run.files.pop(old, None)
        (run.folder / name).write_bytes(answer.body)
        for file in (name, *made):
            run.wrote(file, "areas", web.receipts[before:])
        return size

    return fetch


def _links(web: sources.Web, page: str) -> dict[str, str]:
    """Names of the Excel files that a page links, and their addresses."""
    answer = web.fetch(page, content="html")
    found = re.findall(
        r"""href\s*=\s*["']([^"']+\.xlsx)["'?#]""", answer.body.decode("utf-8", "replace"), re.IGNORECASE
    )
    return {Path(unquote(urlsplit(link).path)).name: urljoin(answer.url, link) for link in found} or {"": page}


def _newest(links: dict[str, str], pattern: str, page: str) -> str:
    """Of the files that a pattern finds the one with the latest date in its name."""
    fits = [name for name in links if re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name, re.IGNORECASE)]
    if not fits:
        others = ", ".join(sorted(filter(None, links))) or "no Excel file at all"
        raise SourceError(f"{page} links no {pattern}; it links {others}. Give the page that does, with --keys.")
    return links[max(fits, key=lambda name: re.findall(r"\d{4}-\d{2}-\d{2}", name)[-1:])]


def _write_changes(run: Run, path: Path) -> int:
    """The municipality's rows of SCB's log, as ``old, new, change``."""
    log = sources.read_key_file(path, columns=list(LOG_HEADS)).rename(columns=LOG_HEADS)[list(LOG_HEADS.values())]
    here = {side: log[side].str.startswith(run.municipality) for side in ("old", "new")}
    across = log[here["old"] ^ here["new"]]
    if len(across):
        pairs = ", ".join(f"{row.old} → {row.new}" for row in across.itertuples())
        run.report(f"{CHANGES}: {len(across)} changes over the border of the municipality are left out ({pairs}).")
    own = log[here["old"] & here["new"]]
    own.to_csv(run.folder / CHANGES, index=False, lineterminator="\n")
    return len(own)


def _fetch_polygons(run: Run, web: sources.Web, wfs: str) -> int:
    """Both vintages of DeSO and RegSO as layers of one GeoPackage; the number of areas."""
    asked = [(system, vintage) for system, vintages in LAYERS.items() for vintage in vintages]
    layers = {}
    for done, (system, vintage) in enumerate(asked):
        run.progress("areas", done, len(asked))
        layers[f"{system}_{vintage}"] = _with_parents(run, _layer(run, web, wfs, system, vintage), system, vintage)
    run.progress("areas", len(asked), len(asked))
    path = run.folder / AREAS
    fetched = max(receipt["fetched"] for receipt in web.receipts)
    path.unlink(missing_ok=True)
    sources.write_layers(path, layers, date=f"{fetched[:19]}.000Z")
    run.wrote(path.name, "areas", web.receipts)
    return sum(map(len, layers.values()))


def _layer(run: Run, web: sources.Web, wfs: str, system: str, vintage: str) -> gpd.GeoDataFrame:
    names = f"stat:{'DeSO' if system == 'deso' else 'RegSO'}_{vintage}"
    asked = {
        "service": "WFS", "version": "2.0.0", "request": "GetFeature", "typeNames": names,
        "outputFormat": "application/json", "srsName": "EPSG:3006", "CQL_FILTER": f"kommunkod='{run.municipality}'",
    }  # fmt: skip
    answer = web.fetch(wfs, asked)
    _check_whole(answer, names, run.municipality)
    with tempfile.TemporaryDirectory() as beside:
        file = Path(beside, f"{names.removeprefix('stat:')}.geojson")
        file.write_bytes(answer.body)
        return sources.read_scb_areas(file, system)


def _with_parents(run: Run, areas: gpd.GeoDataFrame, system: str, vintage: str) -> gpd.GeoDataFrame:
    """The area that each lies in, from SCB's key (DeSO) or the city's own (RegSO) where the folder holds it."""
    if system == "deso":
        held = _held(run, KEY.format(deso=vintage, regso=PAIRS[vintage]))
        key = (
            key_of(run, run.folder / held[0], vintage).rename(columns={"deso": "code", "regso": "parent"})
            if held
            else None
        )
    else:
        own = _held(run, f"{OWN_KEY}.*")
        key = district_key(run.folder / own[0]).rename(columns={"regso": "code", "district": "parent"}) if own else None
    if key is None:
        return areas
    parents = dict(zip(key["code"], key["parent"], strict=True))
    if bare := sorted(set(areas["code"]) - set(parents)):
        raise SourceError(
            f"the map of {system} {vintage} has {bare[0]} ({len(bare)} such areas), which the key does not. Fetch both again "
            "with --refresh; if it stays, one of them is of another day."
        )
    return areas.assign(parent=areas["code"].map(parents))


def district_key(path: Path) -> pd.DataFrame:
    """The city's own key from RegSO to district: ``regso, district, name``."""
    return sources.read_key_file(path, columns=["regso", "district", "name"])[["regso", "district", "name"]]


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

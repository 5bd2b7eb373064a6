"""The divisions that a fetched folder holds, as dataset.toml names them: drawn, else by SCB's keys, else by the tables' codes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from mrstats.fetching.divisions import AREAS, CHANGES, KEY, LAYERS, OWN_KEY, PAIRS
from mrstats.fetching.kolada import UNIT_NAMES
from mrstats.vintages import YEARS, rows_of_vintage

AREA_TYPES, CODES = "area_types_{vintage}.csv", "{system}_{vintage}.csv"

Level = tuple[str, dict[str, Any]]


@cache
def words() -> dict[str, Any]:
    """Words for the later vintages, names of the types of area, and the grounds that SCB's tables are not about."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def in_vintages(rows: pd.DataFrame, system: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """A table's rows of each vintage of its division, in that vintage's years, with bare codes."""
    rows = rows.astype({"year": int})
    for vintage in LAYERS[system]:
        own = rows_of_vintage(rows, area=system, year="year", system=system, vintage=vintage)
        yield vintage, own[own["year"].between(*YEARS[system, vintage])]


def write_area_types(folder: Path, types: pd.DataFrame) -> None:
    """The type of every RegSO in the last year of each vintage, as a key: ``code, type, year``; none where some have no type."""
    for vintage, own in in_vintages(types, "regso"):
        last = own[own["year"] == own["year"].max()]
        made = pd.DataFrame({"code": last["regso"], "type": last["value"].str.removesuffix(".0"), "year": last["year"]})
        path = folder / AREA_TYPES.format(vintage=vintage)
        path.unlink(missing_ok=True)
        if len(made) and made["type"].isin(list("12345")).all():
            made.sort_values("code").to_csv(path, index=False, lineterminator="\n")


def levels_of(
    folder: Path, municipality: str, codes: Mapping[tuple[str, str], set[str]], *, units: bool
) -> Iterator[Level]:
    """Every division of the folder.

    Parameters
    ----------
    folder : Path
    municipality : str
    codes : mapping of (str, str) to set of str
        System and vintage to the areas that the tables are about.
    units : bool
        Whether Kolada's schools and homes are among the tables.
    """
    drawn = (folder / AREAS).exists()
    district = next(iter(folder.glob(f"{OWN_KEY}.*")), None) if drawn else None
    for vintage, outer in PAIRS.items():
        names = [system if v < "2025" else f"{system}_{v}" for system, v in (("deso", vintage), ("regso", outer))]
        key = KEY.format(deso=vintage, regso=outer)
        if drawn:
            found = list(_drawn(vintage, outer, names[1], district is not None))
        elif list(folder.glob(key)):
            found = list(_by_key(key, municipality, vintage, outer, names[1]))
        else:
            found = list(_by_codes(folder, codes, vintage, outer))
        for (system, v, entry), name in zip(found, names, strict=True):
            changes = system == "deso" and v == "2025" and drawn and (folder / CHANGES).exists()
            more = {"vintage": int(v)} | ({"changes": CHANGES} if changes else {})
            if entry:
                yield name, {**words().get(name, {}), "column": system, **entry, **more}
        if found[1][2]:
            yield from _area_types(folder, names[1], outer)
    if district:
        yield "district", {"file": district.name, "code": "district", "name": "name"}
    if units:
        yield "unit", {"column": "unit", "file": UNIT_NAMES, "code": "unit", "name": "name"}


def _drawn(vintage: str, outer: str, parent: str, district: bool):
    """DeSO in RegSO, and these in the city's districts, as layers of the GeoPackage."""
    deso = {"file": AREAS, "layer": f"deso_{vintage}", "code": "code", "parent": parent, "parent_code": "parent"}
    regso = {"file": AREAS, "layer": f"regso_{outer}", "code": "code", "name": "name"}
    yield "deso", vintage, deso
    yield "regso", outer, regso | ({"parent": "district", "parent_code": "parent"} if district else {})


def _by_key(key: str, municipality: str, vintage: str, outer: str, parent: str):
    """DeSO in RegSO without a map."""
    own = {"file": key, "prefix": municipality}
    yield "deso", vintage, {**own, "code": f"DeSO_{vintage}", "parent": parent, "parent_code": f"RegSOkod_{outer}"}
    yield "regso", outer, {**own, "code": f"RegSOkod_{outer}", "name": f"RegSO_{outer}", "strip": "RegSO-"}


def _by_codes(folder: Path, codes: Mapping[tuple[str, str], set[str]], vintage: str, outer: str):
    """Areas of which only the codes are known, from the tables themselves."""
    for system, v in (("deso", vintage), ("regso", outer)):
        path = folder / CODES.format(system=system, vintage=v)
        path.unlink(missing_ok=True)
        if held := sorted(codes.get((system, v), ())):
            pd.DataFrame({"code": held}).to_csv(path, index=False, lineterminator="\n")
        yield system, v, {"file": path.name, "code": "code"} if held else {}


def _area_types(folder: Path, regso: str, vintage: str) -> Iterator[Level]:
    """The level of SCB's types of area, where every RegSO of the vintage has one."""
    path = folder / AREA_TYPES.format(vintage=vintage)
    if path.exists():
        name = regso.replace("regso", "area_type")
        own = {"of": regso, "file": path.name, "code": "type", "match": "code = {code}"}
        year = int(pd.read_csv(path)["year"].iloc[0])
        yield name, {**words().get(name, {}), **own, "vintage": year, "names": words()["area_type_names"]}

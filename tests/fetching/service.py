"""SCB's services as a local one: every table of the list, polygons, key files and the log. All of it is constructed.

No answer of these tables could be recorded. Where SCB's Excel download of a table is beside the project the cells are its
figures for Malmö in the shape that the service is documented to give; the other tables hold made-up figures in the shape that
sources.md and the list describe, and say so in their label. Polygons are drawn at random inside Malmö's land.
"""

from __future__ import annotations

import functools
import io
import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from made_city import SHARED
from mrstats.fetching.spec import parts_of, table_list
from mrstats.sources import Cube, Dimension, read_scb_excel
from sources.replay import Reply, pxweb_table

DATA = SHARED / "data"
CONFIG = {
    "apiVersion": "2",
    "maxDataCells": 150_000,
    "maxCallsPerTimeWindow": 5000,
    "timeWindow": 1,
    "languages": [{"id": "sv"}],
}
EXCEL = {
    "labour": "000007A8", "economic_standard": "000006TA", "education": "000005MO", "age": "000005FF", "birth": "000005FB",
    "background": "000005FE", "households": "000005F8", "net_income": "000005FM", "dwellings": "000006OC",
    "building_type": "000005LO",
}  # fmt: skip
RENAMED = {"tabellinnehåll": ("ContentsCode", "metric"), "år": ("Tid", "time"), "region": ("Region", "geo")}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE = "/oppna-geodata/deso/"
KEY_2018, KEY_2025 = "koppling-deso2018-regso2020_2026-03-25.xlsx", "koppling-deso2025-regso2025_2026-03-25.xlsx"
LOG = "deso-historiska-forandringar-2025-09-19.xlsx"


@functools.cache
def key(vintage: str) -> pd.DataFrame:
    """Malmö's rows of SCB's key, by the vintage of DeSO: ``deso, regso, name``."""
    file, columns = {
        "2018": ("koppling_deso2018_regso2020.csv", ["DeSO_2018", "RegSOkod_2020", "RegSO_2020"]),
        "2025": ("koppling_deso2025_regso2025.csv", ["deso_2025", "regso_2025", "regso_namn"]),
    }[vintage]
    rows = pd.read_csv(DATA / "sverige" / file, dtype=str)[columns].set_axis(["deso", "regso", "name"], axis=1)
    rows = rows[rows["deso"].str.startswith("1280")]
    return rows.assign(name=rows["name"].str.removeprefix("RegSO-")).sort_values("deso", ignore_index=True)


def areas_of(level: str, vintage: str) -> list[str]:
    return sorted(set(key(vintage)[level]))


@functools.cache
def excel(name: str) -> pd.DataFrame:
    """SCB's own figures for Malmö in long form, by the level that the list fetches."""
    (path,) = (DATA / "sverige" / "scb_deso_xlsx").glob(f"*{EXCEL[name]}*.xlsx")
    frame = read_scb_excel(path).frame
    frame = frame[frame["region"].str.startswith("1280")]
    if name == "labour":  # the download is of both sexes together; that each is half of them is made up
        halves = [frame.assign(kön=sex, value=frame["value"] // 2) for sex in ("män", "kvinnor")]
        frame = pd.concat([frame, *halves], ignore_index=True)
    if name == "birth":  # delivered by DeSO, fetched by RegSO
        frame = frame.assign(region=frame["region"].map(dict(key("2018")[["deso", "regso"]].values)))
        keys = [column for column in frame if column not in ("value", "symbol")]
        frame = frame.groupby(keys, sort=False, as_index=False)["value"].sum().assign(symbol="")
    return frame


def cube_of(frame: pd.DataFrame, code: str, label: str) -> Cube:
    """A long table (region, år, other dimensions as texts, value, symbol) as the service's."""
    dimensions, columns = [], {}
    for name in (name for name in frame if name not in ("value", "symbol")):
        there, role = RENAMED.get(name, (name.capitalize(), ""))
        texts = list(dict.fromkeys(frame[name]))
        codes = texts if role in ("geo", "time") else [f"c{k}" for k in range(len(texts))]
        if role == "geo":  # the municipality itself is in the real tables too
            texts, codes = [*texts, "1280 Malmö"], [*codes, "1280"]
        columns[there] = frame[name].map(dict(zip(texts, codes, strict=True)))
        dimensions.append(Dimension(there, name.replace("_", " "), dict(zip(codes, texts, strict=True)), role))
    index = pd.MultiIndex.from_product([list(d.categories) for d in dimensions], names=[d.code for d in dimensions])
    cells = pd.DataFrame(columns).assign(value=frame["value"].astype(float), status=frame["symbol"])
    cells = cells.set_index([d.code for d in dimensions]).reindex(index).reset_index().fillna({"status": ""})
    return Cube(cells, tuple(dimensions), label, source="SCB", updated="2026-01-01", code=code)


def with_later_codes(frame: pd.DataFrame, level: str) -> pd.DataFrame:
    """As in the real tables later areas stand in the same variable with a suffix, and cells outside their years are 0."""
    mark = {"deso": "DeSO", "regso": "RegSO"}[level]
    later = pd.DataFrame({"region": [f"{code}_{mark}2025" for code in areas_of(level, "2025")]})
    later = later.merge(frame.drop(columns=["region", "value"]).drop_duplicates(), how="cross").assign(value=0.0)
    return pd.concat([frame, later[list(frame)]], ignore_index=True)


def crossed(regions: list[str], year: str, **texts: list[str]) -> pd.DataFrame:
    """Every combination, with a made-up figure of its own in each."""
    index = pd.MultiIndex.from_product([regions, [year], *texts.values()], names=["region", "år", *texts])
    return index.to_frame(index=False).assign(value=10.0 + np.arange(len(index)) % 90, symbol="")


def made_up(name: str) -> pd.DataFrame:
    """Made-up figures of 2022 in the documented shape of a table that nobody has a file of."""
    deso, regso = areas_of("deso", "2018"), areas_of("regso", "2018")
    sex = ["kvinnor", "män", "totalt"]
    if name == "socioeconomic_index":  # the types are SCB's own
        types = pd.read_csv(DATA / "malmo" / "malmo_koppling_deso2018_regso2020_omradestyp.csv")
        types = types.drop_duplicates("RegSOkod_2020").set_index("RegSOkod_2020")["omradestyp_2022"]
        rows = [
            {"region": code, "år": "2022", "tabellinnehåll": text, "value": value, "symbol": ""}
            for code in regso
            for text, value in (("Socioekonomiskt index", 30.0 - 5 * types[code]), ("Områdestyp", types[code]))
        ]
        return pd.DataFrame(rows)
    if name == "lowest_quarter":
        rows = crossed(deso, "2022", tabellinnehåll=["Kvartil 1, procent", "Kvartil 4, procent", "Antal personer"])
        return rows.assign(value=rows["value"].where(rows["tabellinnehåll"] != "Antal personer", 1500.0))
    if name == "self_sufficiency":
        return crossed(
            regso, "2022", tabellinnehåll=["Andel självförsörjande"], kön=sex, ålder=["20-64 år", "20-65 år"]
        )
    if name == "cars":
        return crossed(deso, "2022", status=["i trafik", "avställda", "totalt"])
    if name == "tenure":
        return crossed(deso, "2022", upplåtelseform=["äganderätt", "bostadsrätt", "hyresrätt", "uppgift saknas"])
    texts = {
        "industry": {"näringsgren_SNI_2007": ["tillverkning", "vård och omsorg", "uppgift saknas", "totalt"]},
        "sector": {"sektor": ["statlig förvaltning", "kommunal förvaltning", "totalt"]},
        "citizenship": {"medborgarskap": ["Sverige", "Norden utom Sverige", "övriga länder", "totalt"]},
    }[name]
    more = {} if name == "citizenship" else {"tabellinnehåll": ["antal sysselsatta"]}
    return crossed(regso, "2022", **texts, kön=sex, **more)


@functools.cache
def cubes() -> dict[str, Cube]:
    """The service's tables of 2022 by id."""
    made = {}
    for spec in table_list():
        part = next((part for part in parts_of(spec) if part.get("from", 0) <= 2022 <= part.get("to", 9999)), None)
        if part is None:
            continue
        known = spec["name"] in EXCEL
        rows = with_later_codes(excel(spec["name"]) if known else made_up(spec["name"]), spec["level"])
        code = part["ids"][-1]
        made[code] = cube_of(
            rows, code, f"{spec['name']} ({'figures of SCB' if known else 'made up'}, constructed answer)"
        )
    return made


@functools.cache
def drawn(vintage: str) -> gpd.GeoDataFrame:
    """Malmö's land cut at random into as many pieces as there are DeSO, those of a RegSO side by side."""
    land = gpd.read_file(DATA / "malmo" / "malmo_delomraden_epsg3008.gpkg").to_crs(3006).union_all().buffer(5)
    land = max(shapely.get_parts(land), key=lambda part: part.area)
    rows = key(vintage).sort_values(["regso", "deso"], ignore_index=True)
    random = np.random.default_rng(1280)
    west, south, east, north = land.bounds
    points = random.uniform((west, south), (east, north), (len(rows) * 6, 2))
    points = points[shapely.contains_xy(land, points)][: len(rows)]
    cells = gpd.GeoDataFrame(
        geometry=shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=land)), crs=3006
    )
    cells = gpd.GeoDataFrame(geometry=cells.intersection(land), crs=3006)
    order = cells.geometry.centroid.to_frame("geometry").hilbert_distance().argsort()
    return gpd.GeoDataFrame(rows, geometry=cells.geometry.iloc[order].to_numpy(), crs=3006)


@functools.cache
def polygons(system: str, vintage: str) -> dict:
    """A layer as the map service answers it, with the fields of sources.md."""
    of_deso = "2018" if vintage == "2020" else vintage
    frame = drawn(of_deso)
    if system == "regso":
        frame = frame.dissolve(["regso", "name"], as_index=False)[["regso", "name", "geometry"]]
    frame = frame.rename(columns={"deso": "desokod", "regso": "regsokod"})
    frame = frame.drop(columns="name") if system == "deso" else frame.rename(columns={"name": "regsonamn"})
    told = json.loads(frame.assign(kommunkod="1280", version=f"{vintage}_v1").to_json(to_wgs84=False))
    return told | {"numberMatched": len(frame), "totalFeatures": len(frame)}


def answer_areas(call) -> dict:
    asked = dict(call.query)
    assert asked["CQL_FILTER"] == "kommunkod='1280'"
    return polygons(*asked["typeNames"].removeprefix("stat:").lower().split("_"))


def workbook(title: str, heads: list[str], rows) -> Reply:
    """An Excel file as SCB serves its keys: a title, an empty row, the headings, the rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in ([title], [], heads, *rows):
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return Reply(file.getvalue(), content_type=XLSX)


@functools.cache
def key_files() -> dict[str, Reply]:
    """SCB's two keys and its log of changes, with rows of a neighbour and one over the border."""
    log = pd.read_csv(DATA / "malmo" / "malmo_deso_forandringar_2018_2025.csv", dtype=str)
    rows = [("1280", "Malmö", *row) for row in log.itertuples(index=False)]
    rows += [("1281", "Lund", "1281C1010", "1281C1011", "Upphör; till nybildad", "2025-01-01")]
    rows += [("1280", "Malmö", "1280C2720", "1281C1012", "Minskas och ger del", "2025-01-01")]
    heads = ["Kommun", "Kommunnamn", "Tidigare DeSO", "DeSO", "Förändringstyp", "Datum för förändring"]
    made = {LOG: workbook("Historiska förändringar i DeSO", heads, rows)}
    for name, vintage, outer in ((KEY_2018, "2018", "2020"), (KEY_2025, "2025", "2025")):
        heads = ["Kommun", "Kommunnamn", f"DeSO_{vintage}", f"RegSO_{outer}", f"RegSOkod_{outer}"]
        rows = [("1280", "Malmö", row.deso, row.name, row.regso) for row in key(vintage).itertuples(index=False)]
        made[name] = workbook("Koppling", heads, [*rows, ("1281", "Lund", "1281C1010", "Lund", "1281R001")])
    return made


def page(*names: str) -> Reply:
    """SCB's page about DeSO, as far as it links files."""
    links = "".join(f'<li><a class="file" href="/contentassets/923c/{name}?v=1">{name}</a></li>' for name in names)
    return Reply(f"<html><body><ul>{links}</ul></body></html>", content_type="text/html; charset=utf-8")


def malmo_routes() -> dict:
    """Everything of SCB that `fetch public` asks for, for Malmö and 2022."""
    if not DATA.exists():
        pytest.skip("../shared/data is not beside the project")
    routes = {"GET /v2/config": CONFIG, "GET /wfs": answer_areas, f"GET {PAGE}": page(KEY_2018, KEY_2025, LOG)}
    for cube in cubes().values():
        routes |= pxweb_table("/v2", cube)
    return routes | {f"GET /contentassets/923c/{name}": reply for name, reply in key_files().items()}


def only(monkeypatch, *names: str) -> None:
    """Fetch no other tables than these, so that a test of something else is quick."""
    listed = [spec for spec in table_list() if spec["name"] in names]
    for room in ("tables", "description"):
        monkeypatch.setattr(f"mrstats.fetching.{room}.table_list", lambda: listed)


def addresses(server) -> dict[str, str]:
    return {"scb": f"{server.url}/v2", "areas": f"{server.url}/wfs", "keys": f"{server.url}{PAGE}"}

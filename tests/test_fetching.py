"""`mrstats fetch` against a local service: constructed tables with SCB's own figures for Malmö, and one that misbehaves."""

import json
import shutil
import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pdfplumber
import pytest
from shapely.geometry import box

import mrstats as mr
from made_city import ROOT, SHARED
from mrstats.appendix import build_appendix
from mrstats.appendix.planning import record_plan
from mrstats.fetching import fetch_dataset, table_list
from mrstats.schema import DatasetError, MrstatsError, SourceError, UnknownNameError
from mrstats.sources import Cube, Dimension, Note, read_scb_excel
from sources.replay import ReplayServer, pxweb_table, unavailable

CONFIG = {
    "apiVersion": "2",
    "maxDataCells": 150_000,
    "maxCallsPerTimeWindow": 500,
    "timeWindow": 1,
    "languages": [{"id": "sv"}],
}
EXCEL = {"labour": "000007A8", "economic_standard": "000006TA", "education": "000005MO", "age": "000005FF"}
RENAMED = {"tabellinnehåll": ("ContentsCode", "metric"), "år": ("Tid", "time"), "region": ("Region", "geo")}


def constructed(spec, folder):
    """SCB's Excel file for Malmö as the service's table: constructed, since no answer of these tables was to be had.

    As in the real tables later areas stand in the same variable with a suffix, and cells outside their years are 0.
    """
    (path,) = folder.glob(f"*{EXCEL[spec['name']]}*.xlsx")
    frame = read_scb_excel(path).frame
    frame = frame[frame["region"].str.startswith("1280")]
    later = frame.assign(region=frame["region"] + "_DeSO2025", value=0.0, symbol="")
    frame = pd.concat([frame, later], ignore_index=True)
    names = [name for name in frame if name not in ("value", "symbol")]
    dimensions, columns = [], {}
    for name in names:
        code, role = RENAMED.get(name, (name.capitalize(), ""))
        texts = list(dict.fromkeys(frame[name]))
        codes = texts if role in ("geo", "time") else [f"c{k}" for k in range(len(texts))]
        columns[code] = frame[name].map(dict(zip(texts, codes, strict=True)))
        dimensions.append(Dimension(code, name.replace("_", " "), dict(zip(codes, texts, strict=True)), role))
    index = pd.MultiIndex.from_product([list(d.categories) for d in dimensions], names=[d.code for d in dimensions])
    cells = pd.DataFrame(columns).assign(value=frame["value"], status=frame["symbol"])
    cells = cells.set_index([d.code for d in dimensions]).reindex(index).reset_index().fillna({"status": ""})
    return Cube(cells, tuple(dimensions), f"{spec['name']} (constructed)", source="SCB", code=spec["id"])


def areas_of(system, vintage):
    """Constructed polygons: unit squares with Malmö's real codes and names."""
    key = pd.read_csv(SHARED / "data" / "sverige" / "koppling_deso2018_regso2020.csv", dtype=str)
    key = key[key["DeSO_2018"].str.startswith("1280")].reset_index(drop=True)
    if system == "regso":
        key = key.drop_duplicates("RegSOkod_2020").reset_index(drop=True)
    squares = [box(370_000 + 100 * k, 6_160_000, 370_100 + 100 * k, 6_160_100) for k in range(len(key))]
    told = {"kommunkod": "1280", "version": f"{vintage}_v1", "regsokod": key["RegSOkod_2020"]}
    told |= (
        {"desokod": key["DeSO_2018"]}
        if system == "deso"
        else {"regsonamn": key["RegSO_2020"].str.removeprefix("RegSO-")}
    )
    return json.loads(gpd.GeoDataFrame(told, geometry=squares, crs=3006).to_json(to_wgs84=False))


@pytest.fixture(scope="module")
def service():
    folder = SHARED / "data" / "sverige" / "scb_deso_xlsx"
    if not folder.exists():
        pytest.skip("SCB's files are not beside the project")
    routes = {"GET /v2/config": CONFIG}
    for spec in table_list():
        if spec["name"] in EXCEL:
            routes |= pxweb_table("/v2", constructed(spec, folder))

    def areas(call):
        asked = dict(call.query)
        assert asked["CQL_FILTER"] == "kommunkod='1280'"
        system, vintage = asked["typeNames"].removeprefix("stat:").lower().split("_")
        return areas_of(system, vintage)

    routes["GET /wfs"] = areas
    with ReplayServer(routes) as server:
        yield server


def fetched(service, folder, what=("areas", "scb"), **more):
    asked = {"municipality": "1280", "years": (2022, 2022), "folder": folder, "report": lambda line: None}
    addresses = {"scb": f"{service.url}/v2", "areas": f"{service.url}/wfs"}
    return fetch_dataset(what, **{**asked, **addresses, **more})


@pytest.fixture(scope="module")
def folder(service, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw") / "malmo-scb"
    listed = table_list()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mrstats.fetching.table_list", lambda: [spec for spec in listed if spec["name"] in EXCEL])
        fetched(service, folder)
    return folder


def test_a_fetched_dataset_has_no_faults_and_the_real_figures(folder):
    assert mr.check_dataset(folder) == []
    city = mr.open_dataset(folder)
    assert (city.public, city.municipality) == (True, "1280")
    people = mr.break_down(city, "population", geography="regso", years=2022)
    assert people.loc[people["geography_level"] == "city", "value"].tolist() == [357_377]
    assert (people["geography_level"] == "regso").sum() == 91
    work = mr.break_down(city, "employment", geography="deso", years=2022)
    assert (work["geography_level"] == "deso").sum() == 192
    labour = pd.read_csv(folder / "labour.csv")
    assert labour["deso"].str.endswith("_DeSO2025").sum() == len(labour) / 2  # delivered as published; read by vintage


def test_the_manifest_tells_where_each_file_came_from(folder):
    told = tomllib.loads((folder / "MANIFEST.toml").read_text(encoding="utf-8"))
    assert set(told) == {"areas.gpkg", *(f"{name}.csv" for name in EXCEL)}
    for name, entry in told.items():
        assert entry["source"] == "Källa: SCB"
        assert entry["licence"] == "CC0 1.0"
        assert len(entry["sha256"]) == 64
        assert all(url.startswith("http://127.0.0.1") for url in entry["urls"]), name


def test_the_same_again_without_the_service_gives_the_same_bytes(service, folder):
    before = {path.name: path.read_bytes() for path in folder.glob("*.*") if path.suffix in (".csv", ".toml")}
    calls = len(service.calls)
    with pytest.MonkeyPatch.context() as patch:
        listed = table_list()
        patch.setattr("mrstats.fetching.table_list", lambda: [spec for spec in listed if spec["name"] in EXCEL])
        fetched(service, folder, offline=True)
    assert len(service.calls) == calls
    assert {name: (folder / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"municipality": "9999"}, MrstatsError, r"9999"),
        ({"municipality": "Malmö"}, UnknownNameError, "four digits"),
        ({"what": ["kolada"]}, UnknownNameError, "--kpi"),
        ({"offline": True}, SourceError, "offline"),
    ],
)
def test_what_cannot_be_fetched_is_said_and_nothing_is_left(service, tmp_path, more, error, words):
    with pytest.raises(error, match=words):
        fetched(service, tmp_path / "new", **{"what": ["scb"], **more})
    assert not (tmp_path / "new").exists()


def test_a_service_that_fails_changes_nothing(service, folder, tmp_path):
    before = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    held = dict(service.routes)
    service.routes = {"GET /v2/config": CONFIG, "GET /v2/*": unavailable(), "POST /v2/*": unavailable()}
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mrstats.sources.web.time.sleep", lambda seconds: None)
            with pytest.raises(SourceError):
                fetched(service, folder, what=["scb"], refresh=True)
    finally:
        service.routes = held
    assert {path.name: path.read_bytes() for path in folder.glob("*.csv")} == before
    assert not list(folder.parent.glob(f".{folder.name}-*"))


KEYS = {
    ("deso", "2018"): ("koppling_deso2018_regso2020.csv", "DeSO_2018"),
    ("deso", "2025"): ("koppling_deso2025_regso2025.csv", "deso_2025"),
    ("regso", "2020"): ("koppling_deso2018_regso2020.csv", "RegSOkod_2020"),
    ("regso", "2025"): ("koppling_deso2025_regso2025.csv", "regso_2025"),
}
MARK = {"deso": "DeSO", "regso": "RegSO"}


def codes_of(system, vintage):
    """Malmö's real codes in a vintage."""
    file, column = KEYS[system, vintage]
    codes = pd.read_csv(SHARED / "data" / "sverige" / file, dtype=str)[column]
    return sorted(set(codes[codes.str.startswith("1280")]))


def in_two_vintages(spec, texts, *, notes=()):
    """Constructed: 10 in every cell of a code's own years, and 999 outside them, which would show if it entered."""
    first, later = (
        codes_of(spec["level"], vintage)
        for vintage in {"deso": ("2018", "2025"), "regso": ("2020", "2025")}[spec["level"]]
    )
    regions = [*first, *(f"{code}_{MARK[spec['level']]}2025" for code in later)]
    dimensions = [Dimension("Region", "region", {code: code for code in regions}, "geo")]
    dimensions += [
        Dimension(f"D{k}", label, {f"c{i}": text for i, text in enumerate(held)})
        for k, (label, held) in enumerate(texts.items())
    ]
    dimensions.append(Dimension("Tid", "år", {year: year for year in ("2023", "2024")}, "time"))
    index = pd.MultiIndex.from_product([list(d.categories) for d in dimensions], names=[d.code for d in dimensions])
    frame = index.to_frame(index=False)
    own = frame["Region"].str.contains("_") == (frame["Tid"] == "2024")
    frame = frame.assign(value=own.map({True: 10.0, False: 999.0}), status="")
    return Cube(
        frame, tuple(dimensions), "constructed", source="SCB", updated="2026-01-01", code=spec["id"], notes=notes
    )


@pytest.fixture(scope="module")
def two_vintages(shared_keys, tmp_path_factory):
    """A dataset of 2023 and 2024 in which areas of both levels changed vintage between the years."""
    recorded = json.loads((SHARED / "data" / "pxweb" / "scb_v2_TAB6471_data.json").read_text(encoding="utf-8"))
    must = (Note(recorded["note"][0], mandatory=True), Note("Only told."))  # SCB's own words, line breaks and all
    specs = {spec["name"]: spec for spec in table_list() if spec["name"] in ("age", "birth")}
    sex = {"kön": ["totalt"]}
    tables = [
        in_two_vintages(specs["age"], {"ålder": specs["age"]["keep"]["ålder"], **sex}, notes=must),
        in_two_vintages(specs["birth"], {"födelseregion": specs["birth"]["keep"]["födelseregion"], **sex}),
    ]

    def areas(call):
        system, vintage = dict(call.query)["typeNames"].removeprefix("stat:").lower().split("_")
        key = pd.read_csv(SHARED / "data" / "sverige" / KEYS[system, vintage][0], dtype=str)
        names = key[
            ["DeSO_2018", "RegSOkod_2020", "RegSO_2020"]
            if vintage < "2025"
            else ["deso_2025", "regso_2025", "regso_namn"]
        ]
        key = names.set_axis(["desokod", "regsokod", "regsonamn"], axis=1)
        key = key[key["desokod"].str.startswith("1280")].drop_duplicates(f"{system}kod").reset_index(drop=True)
        told = key.drop(columns="regsonamn" if system == "deso" else "desokod").assign(version=f"{vintage}_v1")
        squares = [box(370_000 + 100 * k, 6_160_000, 370_100 + 100 * k, 6_160_100) for k in range(len(told))]
        return json.loads(gpd.GeoDataFrame(told, geometry=squares, crs=3006).to_json(to_wgs84=False))

    routes = {"GET /v2/config": CONFIG, "GET /wfs": areas}
    for cube in tables:
        routes |= pxweb_table("/v2", cube)
    folder = tmp_path_factory.mktemp("raw") / "two"
    with ReplayServer(routes) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("mrstats.fetching.table_list", lambda: list(specs.values()))
        for _ in range(2):  # the second call reads what the first has written
            fetched(server, folder, years=(2023, 2024))
    return folder


@pytest.fixture(scope="module")
def shared_keys():
    if not (SHARED / "data" / "pxweb").exists():
        pytest.skip("../shared/data is not beside the project")


def test_years_of_two_vintages_stand_on_their_own_areas(two_vintages):
    assert mr.check_dataset(two_vintages) == []
    city = mr.open_dataset(two_vintages)
    whole = mr.break_down(city, "population", years=[2023, 2024])
    assert whole["value"].tolist() == [192 * 10, 209 * 10]  # Malmö's DeSO of 2018 and of 2025
    for indicator, level, year, areas in (
        ("population", "deso", 2023, 192),
        ("population", "deso_2025", 2024, 209),
        ("population_by_birth", "regso", 2023, 91),
        ("population_by_birth", "regso_2025", 2024, 91),
    ):
        table = mr.break_down(city, indicator, geography=level, years=year)
        own = table[table["geography_level"] == level]
        assert len(own) == areas
        assert own["value"].sum() == areas * 10


@pytest.mark.parametrize(
    ("indicator", "level", "year", "words"),
    [
        ("population", "deso", 2024, "2024 is not on deso 2018. Ask for deso_2025"),
        ("population", "regso_2025", 2023, "2023 is not on deso 2025. Ask for deso in that year"),
        ("population_by_birth", "regso", 2024, "2024 is not on regso 2020. Ask for regso_2025"),
    ],
)
def test_a_year_is_refused_on_areas_of_another_vintage_even_if_the_codes_are_the_same(
    two_vintages, indicator, level, year, words
):
    with pytest.raises(DatasetError, match=words):
        mr.break_down(mr.open_dataset(two_vintages), indicator, geography=level, years=year)


def test_what_the_publisher_says_must_be_shown_stands_in_the_notes_of_its_indicators(two_vintages):
    note = mr.open_dataset(two_vintages).indicators["population"].note
    for language in ("sv", "en"):
        assert "Cell Key Method (CKM)" in note[language]
        assert "Only told." not in note[language]
    assert note["sv"].startswith("Personer som inte kan placeras")  # the list's own words come first
    assert "Cell Key" not in mr.open_dataset(two_vintages).indicators["population_by_birth"].note["sv"]
    told = tomllib.loads((two_vintages / "MANIFEST.toml").read_text(encoding="utf-8"))
    assert "\r" not in told["age.csv"]["notes"][0]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ({"type": "FeatureCollection", "features": []}, UnknownNameError, "no areas of municipality 1280"),
        ({"type": "FeatureCollection", "numberMatched": 192, "features": [{}]}, SourceError, "1 of 192 areas"),
        ({"exceptions": []}, SourceError, "without areas"),
    ],
)
def test_a_map_service_that_gives_less_than_it_found_is_not_believed(tmp_path, answer, error, words):
    with ReplayServer({"GET /wfs": answer}) as server, pytest.raises(error, match=words):
        fetched(server, tmp_path / "new", what=["areas"])
    assert not (tmp_path / "new").exists()


def test_kolada_by_sex_and_year_is_a_table_of_its_own(tmp_path):
    """Constructed pages of the documented shape."""
    figures = [
        {"gender": gender, "value": value, "status": "", "count": 1} for gender, value in (("K", 83.0), ("M", 80.0))
    ]
    routes = {
        "GET /v3/kpi": {"values": [{"id": "N15428", "title": "Behöriga", "description": ""}]},
        "GET /v3/data/kpi/N15428/municipality/1280/year/2022": {
            "values": [{"kpi": "N15428", "municipality": "1280", "period": 2022, "values": figures}]
        },
    }
    with ReplayServer(routes) as server:
        fetched(server, tmp_path / "new", what=["kolada"], kpis=["N15428"], kolada=f"{server.url}/v3")
    table = pd.read_csv(tmp_path / "new" / "kolada.csv")
    assert table[["kpi", "year", "gender", "value"]].values.tolist() == [
        ["N15428", 2022, "K", 83.0],
        ["N15428", 2022, "M", 80.0],
    ]
    told = tomllib.loads((tmp_path / "new" / "MANIFEST.toml").read_text(encoding="utf-8"))["kolada.csv"]
    assert (told["licence"], told["source"]) == ("CC BY 4.0", "Källa: Kolada (RKA)")


@pytest.mark.build
def test_the_appendix_is_built_from_the_fetched_tables(folder, tmp_path, monkeypatch):
    """All the way: fetched, checked, recorded, set. The polygons are constructed, the figures SCB's."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copytree(folder, tmp_path / "data" / "raw" / "malmo-scb")
    monkeypatch.chdir(tmp_path)
    record_plan(Path("notebooks/editions/2022-malmo-scb.toml"))
    lines = []
    pdf = build_appendix("notebooks/editions/2022-malmo-scb.toml", report=lines.append)
    with pdfplumber.open(pdf) as pages:
        text = "\n".join(page.extract_text() for page in pages.pages)
    assert "SCB" in text
    assert "Rosengård" in text or "Herrgården" in text
    table = next((pdf.parent / "release" / "tables").glob("employment-regso-*.csv"))
    rows = pd.read_csv(table, dtype={"geography": str})
    assert (rows["geography_level"] == "regso").sum() == 91
    assert rows.loc[rows["geography_level"] == "city", "count"].iloc[0] == 169_004

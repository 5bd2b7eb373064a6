"""Areas: polygons, SCB's keys and log found by pattern, the city's own key, and what is left where one of them fails."""

import hashlib
import re
import tomllib

import geopandas as gpd
import pandas as pd
import pytest

import mrstats as mr
from fetching.service import (
    KEY_2018,
    KEY_2025,
    LOG,
    PAGE,
    addresses,
    key,
    key_files,
    malmo_routes,
    only,
    page,
    workbook,
)
from mrstats.fetching import fetch_dataset
from mrstats.schema import SourceError
from sources.replay import ReplayServer, Reply, refused

FILES = "/contentassets/923c"


@pytest.fixture
def server():
    with ReplayServer(malmo_routes()) as server:
        yield server


def fetched(server, folder, what=("areas",), lines=None, **more):
    report = (lambda line: None) if lines is None else lines.append
    asked = {"municipality": "1280", "years": (2022, 2022), "folder": folder, "report": report}
    return fetch_dataset(what, **{**asked, **addresses(server), **more})


def test_keys_and_log_come_under_their_own_names_and_the_levels_rest_on_them(server, tmp_path):
    lines = []
    made = fetched(server, tmp_path / "new", lines=lines)
    assert made.missing == ()
    assert {o.name: o.size for o in made.outcomes} == {"key_2018": 192, "key_2025": 209, "changes": 49, "areas": 583}
    for name in (KEY_2018, KEY_2025, LOG):  # byte for byte
        assert (tmp_path / "new" / name).read_bytes() == key_files()[name].content()
    told = tomllib.loads((tmp_path / "new" / "MANIFEST.toml").read_text(encoding="utf-8"))
    assert set(told.pop("dataset.toml")) == {"sha256"}  # ours, from nowhere else
    assert set(told) == {KEY_2018, KEY_2025, LOG, "deso_changes.csv", "areas.gpkg"}
    for name, entry in told.items():
        assert entry["sha256"] == hashlib.sha256((tmp_path / "new" / name).read_bytes()).hexdigest()
        assert (entry["licence"], entry["source"]) == ("CC0 1.0", "Källa: SCB")
    city = mr.open_dataset(tmp_path / "new")
    assert city.parent_codes("deso") == dict(key("2018")[["deso", "regso"]].values)
    assert city.parent_codes("deso_2025") == dict(key("2025")[["deso", "regso"]].values)
    links = city.division("deso_2025").links
    gone, new = set(links["old"]) - set(links["new"]), set(links["new"]) - set(links["old"])
    assert (len(gone), len(new)) == (9, 26)  # sources.md: 9 codes vanish, 26 are new
    assert any("1280C2720 → 1281C1012" in line for line in lines)  # what goes over the border is told, not dropped


def test_the_newest_of_several_files_is_taken_and_takes_the_place_of_older_ones(server, tmp_path):
    fetched(server, tmp_path / "new")
    newer = KEY_2018.replace("2026-03-25", "2027-01-02")
    server.routes |= {
        f"GET {PAGE}": page(newer, KEY_2018, KEY_2025, LOG),
        f"GET {FILES}/{newer}": key_files()[KEY_2018],
    }
    made = fetched(server, tmp_path / "new", refresh=True)
    assert made.missing == ()
    assert [path.name for path in (tmp_path / "new").glob("koppling-deso2018*")] == [newer]
    told = (tmp_path / "new" / "MANIFEST.toml").read_text(encoding="utf-8")
    assert newer in told
    assert KEY_2018 not in told


FAULTS = {
    "page gone": ({f"GET {PAGE}": refused("gone", status=404)}, ["key_2018", "key_2025", "changes"], "answers 404"),
    "no link": (
        {f"GET {PAGE}": page(KEY_2018, "annat.xlsx", LOG)},
        ["key_2025"],
        "links no koppling-deso2025-regso2025.*; it links annat.xlsx, deso-hist.*--keys",
    ),
    "no file": ({f"GET {FILES}/{LOG}": refused("gone", status=404)}, ["changes"], "answers 404"),
    "no Excel": ({f"GET {FILES}/{LOG}": Reply("<html>", content_type="text/html")}, ["changes"], "is no Excel file"),
    "other columns": (
        {f"GET {FILES}/{LOG}": workbook("Log", ["Gammal kod", "Ny kod"], [("1280C1010", "1280C1011")])},
        ["changes"],
        "none of the first 20 rows holds the columns Tidigare DeSO, DeSO, Förändringstyp",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_that_does_not_come_leaves_the_rest(server, tmp_path, fault):
    routes, missing, says = FAULTS[fault]
    server.routes |= routes
    made = fetched(server, tmp_path / "new")
    assert [outcome.name for outcome in made.missing] == missing
    assert re.search(says, made.missing[0].reason), made.missing[0].reason
    assert mr.check_dataset(tmp_path / "new") == []
    assert mr.open_dataset(tmp_path / "new").parent_codes("deso") == dict(key("2018")[["deso", "regso"]].values)


def test_without_the_map_the_levels_come_from_the_keys(server, tmp_path, monkeypatch):
    """Tables stand on their areas all the same; the appendix says that it has no map."""
    only(monkeypatch, "labour")
    server.routes |= {"GET /wfs": refused("down", status=500)}
    made = fetched(server, tmp_path / "new", what=["areas", "scb"])
    assert [outcome.name for outcome in made.missing] == ["areas"]
    assert mr.check_dataset(tmp_path / "new") == []
    city = mr.open_dataset(tmp_path / "new")
    work = mr.break_down(city, "employment", geography="regso", years=2022)
    assert (work["geography_level"] == "regso").sum() == 91
    assert work.loc[work["geography_level"] == "city", "count"].tolist() == [169_004]
    assert "Holma" in city.area_names("regso").values()


def test_a_map_of_another_day_than_the_key_is_not_believed(server, tmp_path):
    rows = [("1280", "Malmö", row.deso, row.name, row.regso) for row in key("2018").iloc[1:].itertuples(index=False)]
    short = workbook("Koppling", ["Kommun", "Kommunnamn", "DeSO_2018", "RegSO_2020", "RegSOkod_2020"], rows)
    server.routes |= {f"GET {FILES}/{KEY_2018}": short}
    made = fetched(server, tmp_path / "new")
    (missing,) = made.missing
    assert missing.name == "areas"
    assert (
        f"the map of deso 2018 has {key('2018')['deso'].iloc[0]} (1 such areas), which the key does not"
        in missing.reason
    )


def test_a_citys_own_key_makes_districts(server, tmp_path, monkeypatch):
    """DeSO to RegSO by SCB's key, RegSO to district by the city's, which no service publishes."""
    only(monkeypatch, "age")
    regso = sorted(set(key("2018")["regso"]))
    own = pd.DataFrame({"regso": regso, "district": ["N" if k % 2 else "S" for k in range(91)]})
    own["name"] = own["district"].map({"N": "Norr", "S": "Söder"})
    (tmp_path / "new").mkdir()
    own.to_csv(tmp_path / "new" / "regso-district.csv", index=False)
    fetched(server, tmp_path / "new", what=["areas", "scb"])
    assert mr.check_dataset(tmp_path / "new") == []
    city = mr.open_dataset(tmp_path / "new")
    assert city.area_names("district") == {"N": "Norr", "S": "Söder", **city.area_names("city")}
    people = mr.break_down(city, "population", geography="district", years=2022)
    by_regso = mr.break_down(city, "population", geography="regso", years=2022).set_index("geography")["value"]
    north = by_regso[own.loc[own["district"] == "N", "regso"]].sum()
    assert people.set_index("geography")["value"].to_dict() == {"1280": 357_377, "N": north, "S": 357_377 - north}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"type": "FeatureCollection", "features": []}, "no areas of municipality 1280"),
        ({"type": "FeatureCollection", "numberMatched": 192, "features": [{}]}, "1 of 192 areas"),
        ({"exceptions": []}, "without areas"),
    ],
)
def test_a_map_service_that_gives_less_than_it_found_is_not_believed(tmp_path, answer, words):
    with ReplayServer({"GET /wfs": answer}) as server, pytest.raises(SourceError, match="nothing could be fetched"):
        fetched(server, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with ReplayServer(malmo_routes() | {"GET /wfs": answer}) as server:
        made = fetched(server, tmp_path / "other")
    assert words in made.missing[0].reason


def test_the_polygons_are_those_of_the_service(server, tmp_path):
    fetched(server, tmp_path / "new")
    frame = gpd.read_file(tmp_path / "new" / "areas.gpkg", layer="deso_2018")
    assert (len(frame), str(frame.crs)) == (192, "EPSG:3006")

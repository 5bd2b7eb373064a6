"""Years of two vintages of DeSO and RegSO in one fetched dataset: each stands on its own areas."""

import json
import tomllib

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from fetching.service import DATA, addresses, areas_of, crossed, cube_of, malmo_routes, only
from mrstats.fetching import fetch_dataset
from mrstats.fetching.spec import table_list
from mrstats.schema import DatasetError
from mrstats.sources import Cube, Dimension, Note
from sources.replay import ReplayServer, pxweb_table

MARK = {"deso": "DeSO", "regso": "RegSO"}
BIRTH = ["sverige", "europa utom sverige", "övriga världen inkl. uppgift saknas", "totalt"]


def in_two_vintages(spec, texts, *, notes=()):
    """Constructed: 10 in every cell of a code's own years, and 999 outside them, which would show if it entered."""
    first, later = (areas_of(spec["level"], vintage) for vintage in ("2018", "2025"))
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
        frame, tuple(dimensions), "constructed", source="SCB", updated="2026-01-01", code=spec["ids"][0], notes=notes
    )


@pytest.fixture(scope="module")
def two_vintages(tmp_path_factory):
    malmo_routes()  # or skip
    """A dataset of 2023 and 2024 in which areas of both levels changed vintage between the years."""
    recorded = json.loads((DATA / "pxweb" / "scb_v2_TAB6471_data.json").read_text(encoding="utf-8"))
    must = (Note(recorded["note"][0], mandatory=True), Note("Only told."))  # SCB's own words, line breaks and all
    specs = {spec["name"]: spec for spec in table_list() if spec["name"] in ("age", "birth")}
    sex = {"kön": ["totalt"]}
    tables = [
        in_two_vintages(
            specs["age"],
            {"ålder": ["totalt", "0-4 år", "5-9 år", "10-14 år", "15-19 år", "20-24 år"], **sex},
            notes=must,
        ),
        in_two_vintages(specs["birth"], {"födelseregion": BIRTH, **sex}),
    ]

    routes = {route: answer for route, answer in malmo_routes().items() if "/tables/" not in route}
    for cube in tables:
        routes |= pxweb_table("/v2", cube)
    folder = tmp_path_factory.mktemp("raw") / "two"
    with ReplayServer(routes) as server, pytest.MonkeyPatch.context() as patch:
        for room in ("tables", "description"):
            patch.setattr(f"mrstats.fetching.{room}.table_list", lambda: list(specs.values()))
        asked = {"municipality": "1280", "years": (2023, 2024), "folder": folder, "report": lambda line: None}
        for _ in range(2):  # the second call reads what the first has written
            assert fetch_dataset(["areas", "scb"], **asked, **addresses(server)).missing == ()
    return folder


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


def test_a_table_of_two_ids_is_one_and_types_of_area_are_of_their_own_vintage(tmp_path, monkeypatch):
    """Constructed: dwellings of 2023 by the table that ended, of 2024 by the one that followed, which has later codes only."""
    routes = {route: answer for route, answer in malmo_routes().items() if "/tables/" not in route}
    only(monkeypatch, "dwellings", "socioeconomic_index")
    tenure = ["hyresrätt", "bostadsrätt", "äganderätt", "uppgift saknas"]
    later = {level: [f"{code}_{MARK[level]}2025" for code in areas_of(level, "2025")] for level in MARK}
    for code, rows in (
        ("TAB6258", crossed(areas_of("deso", "2018"), "2023", upplåtelseform=tenure)),
        ("TAB6638", crossed(later["deso"], "2024", upplåtelseform=tenure)),
        ("TAB6586", crossed(later["regso"], "2024", tabellinnehåll=["Index", "Områdestyp"])),
    ):
        kinds = rows.get("tabellinnehåll", pd.Series("", index=rows.index)) == "Områdestyp"
        rows["value"] = rows["value"].mask(kinds, 1 + rows.index.to_series() // 2 % 5)
        routes |= pxweb_table("/v2", cube_of(rows, code, "made up"))
    asked = {"municipality": "1280", "years": (2023, 2024), "folder": tmp_path / "new", "report": lambda line: None}
    with ReplayServer(routes) as server:
        made = fetch_dataset(["areas", "scb"], **asked, **addresses(server))
    assert made.missing == ()
    assert mr.check_dataset(tmp_path / "new") == []
    city = mr.open_dataset(tmp_path / "new")
    for level, year, areas in (("deso", 2023, 192), ("deso_2025", 2024, 209)):
        table = mr.break_down(city, "dwellings", by="tenure", geography=level, years=year)
        assert ((table["geography_level"] == level) & (table["tenure"] == "_T")).sum() == areas
        own = table[(table["geography_level"] == level) & (table["tenure"] != "_T")]
        assert own["value"].tolist() == pytest.approx((10.0 + np.arange(areas * 4) % 90).tolist())
    assert "area_type" not in city.geographies  # no type of 2020's areas was fetched
    types = pd.Series(city.geography.between("regso_2025", "area_type_2025"))
    assert types.value_counts().to_dict() == {"1": 19, "2": 18, "3": 18, "4": 18, "5": 18}  # 91 in turn

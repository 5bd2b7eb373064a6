"""Every table of sources.md as a dataset: SCB's own figures for Malmö, and texts that a publisher has changed."""

import dataclasses
import json
import tomllib

import pandas as pd
import pytest

import mrstats as mr
from fetching.service import CONFIG, DATA, EXCEL, addresses, crossed, cube_of, cubes, malmo_routes
from mrstats.fetching import fetch_dataset
from mrstats.fetching.spec import factor_list, parts_of, resolve, table_list
from mrstats.schema import NotPublishedError, SourceError
from mrstats.sources import Note, write_jsonstat
from sources.replay import ReplayServer, pxweb_table, refused

LISTED = {  # sources.md 1b, by topic
    "TAB6574", "TAB6571", "TAB6572", "TAB6569", "TAB6568", "TAB6534", "TAB5956", "TAB6683", "TAB6684", "TAB6685", "TAB6680",
    "TAB6681", "TAB6682", "TAB6638", "TAB6258", "TAB6065", "TAB6253", "TAB6586", "TAB6766",
}  # fmt: skip


@pytest.fixture(scope="module")
def malmo(tmp_path_factory):
    """Everything that `fetch public` brings for Malmö in 2022, the lines it told, and its progress."""
    folder, lines, bars = tmp_path_factory.mktemp("raw") / "malmo-scb", [], []
    routes = malmo_routes()
    other = dataclasses.replace(cubes()["TAB6569"], frame=cubes()["TAB6569"].frame[:0])
    words = {"sverige": "Sweden", "norden utom sverige": "Nordic countries except Sweden", "totalt": "total"}
    english = [
        dataclasses.replace(d, categories={c: words.get(t.lower(), t) for c, t in d.categories.items()})
        for d in other.dimensions
    ]
    routes["GET /v2/tables/TAB6569/metadata?lang=en"] = write_jsonstat(
        dataclasses.replace(other, dimensions=tuple(english))
    )
    routes["GET /v2/tables/TAB6681/metadata?lang=en"] = refused("Unsupported language", status=400)
    with ReplayServer(routes) as server:
        made = fetch_dataset(
            ["areas", "scb"], municipality="1280", years=(2022, 2022), folder=folder, report=lines.append,
            progress=lambda *bar: bars.append(bar), **addresses(server),
        )  # fmt: skip
    return folder, made, bars


@pytest.fixture(scope="module")
def city(malmo):
    return mr.open_dataset(malmo[0])


def test_every_table_of_the_list_is_asked_for():
    assert {code for spec in table_list() for part in parts_of(spec) for code in part["ids"]} >= LISTED


def test_every_table_published_for_the_year_comes_and_the_dataset_has_no_faults(malmo):
    folder, made, _ = malmo
    assert made.missing == ()
    states = {outcome.what: outcome.state for outcome in made.outcomes}
    assert [what for what, state in states.items() if state != "fetched"] == [
        "TAB6534",
        "TAB6638",
        "TAB6589",
        "TAB6766",
    ]
    assert mr.check_dataset(folder) == []
    assert str(made).count("nothing to fetch") == 4
    assert "TAB6534 is published for 2024–." in str(made)


COUNTS = {  # indicator, factor, group -> column of SCB's figures by DeSO, taken from the downloads by other hands
    ("population", "age_group_5", "_T"): "folkmangd_alder_2022__totalt",
    ("population", "age_group_5", "5-9"): "folkmangd_alder_2022__5-9",
    ("population_by_background", "background", "foreign"): "utlandsk_bakgrund_2022__utlandsk",
    ("population_by_building_type", "building_type", "flats"): "hustyp_2022__flerbostadshus",
    ("population_by_building_type", "building_type", "special"): "hustyp_2022__special",
    ("dwellings", "tenure", "rented"): "upplatelseform_2022__hyresratt",
    ("dwellings", "tenure", "owned"): "upplatelseform_2022__aganderatt",
    ("households", "household", "single_children"): "hushallstyp_2022__ensamstaende_barn",
}


@pytest.fixture(scope="module")
def published():
    if not DATA.exists():
        pytest.skip("../shared/data is not beside the project")
    return pd.read_csv(DATA / "malmo" / "malmo_deso2018_scb_indikatorer.csv", dtype={"deso": str}).set_index("deso")


@pytest.mark.parametrize("asked", COUNTS, ids=lambda asked: ".".join(asked))
def test_counts_of_every_deso_are_scbs_own(city, published, asked):
    indicator, factor, group = asked
    table = mr.break_down(city, indicator, by=factor, geography="deso", years=2022)
    own = table[(table["geography_level"] == "deso") & (table[factor] == group)].set_index("geography")["value"]
    assert own.to_dict() == published[COUNTS[asked]].to_dict()


def test_mean_income_of_the_city_is_that_of_its_people(city, published):
    mean = (published["nettoinkomst_2022__medel_tkr"] * published["nettoinkomst_2022__antal"]).sum()
    table = mr.break_down(city, "mean_net_income", geography="deso", years=2022)
    whole = table[table["geography_level"] == "city"].iloc[0]
    assert whole["value"] == pytest.approx(mean / published["nettoinkomst_2022__antal"].sum())
    assert whole["status"] == ""  # of 267 346 people; that nobody tells its spread is in the missing interval
    assert pd.isna(whole[["lower", "upper", "se", "count"]]).all()


def test_medians_are_shown_where_they_are_published_and_nowhere_else(city, published):
    table = mr.break_down(city, "median_net_income", geography="deso", years=2022).set_index("geography")
    assert table.loc["1280", "status"] == "x"
    assert pd.isna(table.loc["1280", "value"])
    own = table[table["geography_level"] == "deso"]["value"]
    assert own.to_dict() == published["nettoinkomst_2022__median_tkr"].to_dict()
    by_regso = mr.break_down(city, "median_net_income", geography="regso", years=2022)
    assert set(by_regso["status"]) == {"x"}
    assert by_regso["value"].isna().all()


def test_the_types_of_area_are_a_level_and_hold_the_people_that_scb_counts_there(city):
    table = mr.break_down(city, "population", geography="area_type", years=2022).set_index("geography")["value"]
    assert round((table["1"] + table["2"]) / table["1280"], 3) == 0.286  # sources.md 3c: 28.6 per cent in types 1-2
    members = city.geography.between("regso", "area_type")
    assert pd.Series(members).value_counts().to_dict() == {"1": 21, "2": 9, "3": 25, "4": 31, "5": 5}  # the same page


def test_a_factor_without_groups_of_its_own_has_the_tables_texts(city):
    assert [group.label for group in city.factors["citizenship"].groups][:2] == [
        {"sv": "Sverige", "en": "Sweden"},
        {"sv": "Norden utom Sverige", "en": "Nordic countries except Sweden"},
    ]
    assert (
        city.factors["industry"].group("tillverkning").label["en"] == "tillverkning"
    )  # the service had no English of it
    table = mr.break_down(city, "employed_by_industry", by="industry", years=2022)
    assert set(table["industry"]) == {"_T", "tillverkning", "vård_och_omsorg", "unknown"}
    with pytest.raises(NotPublishedError, match="holds it by no background factor"):
        mr.break_down(city, "low_economic_standard", by="sex", years=2022)  # SCB's table is of both sexes together


def test_the_bar_of_a_table_goes_from_nothing_to_all_its_cells(malmo):
    _, made, bars = malmo
    own = [(done, total) for name, done, total in bars if name == "TAB6574"]
    cells = 401 * 6  # the DeSO of both vintages by six ages
    assert own == [(0, cells), (cells, cells)]
    assert {o.what: o.size for o in made.outcomes}["TAB6574"] == cells
    assert [(done, total) for name, done, total in bars if name == "areas"] == [(k, 4) for k in range(5)]


def test_symbols_units_and_what_must_be_shown_are_kept(tmp_path):
    """Constructed: two of SCB's symbols, one beside a value, and the note of its register of the population."""
    if not DATA.exists():
        pytest.skip("../shared/data is not beside the project")
    rows = crossed(
        ["1280C1010", "1280C1020", "1280C1030"], "2022", hushållstyp=["ensamstående med barn", "övriga hushåll"]
    )
    rows["symbol"] = ["..", "", "-", "", "p", ""]
    rows["value"] = rows["value"].mask(rows["symbol"] == "..").mask(rows["symbol"] == "-", 0.0)
    words = json.loads((DATA / "pxweb" / "scb_v2_TAB6471_data.json").read_text(encoding="utf-8"))["note"][0]
    cube = cube_of(rows, "TAB6568", "made up")
    cube = dataclasses.replace(cube, notes=(Note(words, mandatory=True), Note("Only told.")))
    asked = {"municipality": "1280", "years": (2022, 2022), "folder": tmp_path / "new", "report": lambda line: None}
    with ReplayServer({"GET /v2/config": CONFIG} | pxweb_table("/v2", cube)) as server:
        fetch_dataset(["scb"], **asked, **addresses(server))
    held = pd.read_csv(tmp_path / "new" / "households.csv", keep_default_na=False)
    assert held["symbol"].tolist() == ["..", "", "-", "", "p", ""]
    assert held["value"].tolist()[:3] == ["", "11.0", "0.0"]
    told = tomllib.loads((tmp_path / "new" / "dataset.toml").read_text(encoding="utf-8"))
    assert "Cell Key Method (CKM)" in told["indicators"]["households"]["note"]["sv"]
    assert "Only told." not in told["indicators"]["households"]["note"]["sv"]
    assert told["indicators"]["households"]["unit"]["sv"] == "antal"


SPECS = {spec["name"]: spec for spec in table_list()}
WORK = {"contents": ["antal sysselsatta", "antal totalt"], "ålder": ["16-64 år"]}


@pytest.mark.parametrize(
    ("name", "texts", "says"),
    [
        (
            "labour",
            WORK | {"contents": ["antal totalt"]},
            "nothing like 'antal sysselsatta' in 'contents'; it has 'antal totalt'",
        ),
        ("labour", WORK | {"ålder": ["20-64 år"]}, "nothing like '16-64 år' in 'ålder'; it has '20-64 år'"),
        ("labour", {"contents": WORK["contents"]}, "no dimension like 'ålder'; it has contents"),
        (
            "labour",
            WORK | {"bransch": ["a", "b"]},
            "a dimension 'bransch' that is not in the list and has no total; it has 'a', 'b'",
        ),
        ("labour", WORK | {"kön": ["män", "okänt"]}, "'okänt' in 'kön', which stands for none of its groups"),
        ("age", {"ålder": ["0-4 år", "0-17 år"]}, "'0-17 år' in 'ålder', which stands for none of its groups"),
        (
            "lowest_quarter",
            {"contents": ["Kvartil 1, procent".lower(), "kvartil 1, antal", "antal personer"]},
            "2 texts like .* in 'contents'",
        ),
        (
            "industry",
            {"contents": ["antal sysselsatta"], "yrke": ["a"]},
            "no dimension like .*näringsgren.*; it has contents, yrke",
        ),
    ],
)
def test_what_a_publisher_has_changed_is_named_with_what_is_there(name, texts, says):
    with pytest.raises(SourceError, match=says + ".*Its publisher has changed it; correct it in fetching/tables.toml"):
        resolve(SPECS[name], texts, "SCB's table T")


def test_the_list_holds_only_groups_and_tables_that_exist():
    for spec in table_list():
        assert set(spec.get("factors", ())) <= set(factor_list()), spec["name"]
        assert spec["level"] in ("deso", "regso")
    assert set(EXCEL) <= set(SPECS)

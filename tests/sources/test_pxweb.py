"""PxWeb: SCB's recorded responses replayed byte for byte, and constructed tables of the shape of its DeSO tables."""

import json

import numpy as np
import pandas as pd
import pytest

from mrstats.schema import SourceError, UnknownNameError
from mrstats.sources import Cube, Dimension, Note, PxWeb, PxWebV1, Unit, read_jsonstat, write_jsonstat
from sources.replay import InTurn, ReplayServer, moved, part_of, pxweb_table, refused, unavailable

CONFIG = {"maxDataCells": 20, "maxCallsPerTimeWindow": 100, "timeWindow": 1, "defaultLanguage": "sv"}
AREAS = ["1280", "1280C1010", "1280C1020", "1281", "1280C1010_DeSO2025", "1280C1020_DeSO2025"]
YEARS = ["2022", "2023", "2024"]


def deso_table() -> Cube:
    """Constructed: both vintages in one variable, null outside a code's years, a hidden cell and a mandatory note.

    The value is 1000 · place of the area + 10 · place of the year + place of the sex, so that a cell out of place shows.
    """
    dimensions = (
        Dimension("Region", "region", {code: code for code in AREAS}, "geo"),
        Dimension("Kon", "kön", {"1": "män", "2": "kvinnor", "T": "totalt"}, total="T", can_be_left_out=True),
        Dimension("ContentsCode", "tabellinnehåll", {"N1": "Antal"}, "metric"),
        Dimension("Tid", "år", {year: year for year in YEARS}, "time"),
    )
    rows = []
    for a, area in enumerate(AREAS):
        for s, sex in enumerate(["1", "2", "T"]):
            for y, year in enumerate(YEARS):
                lives = "C" not in area or ("_" in area) == (year >= "2024")
                hidden = (area, sex, year) == ("1280C1010", "2", "2022")
                value = np.nan if hidden or not lives else 1000 * a + 10 * y + s
                rows.append((area, sex, "N1", year, value, ".." if hidden else ""))
    frame = pd.DataFrame(rows, columns=["Region", "Kon", "ContentsCode", "Tid", "value", "status"])
    return Cube(
        frame,
        dimensions,
        "Persons, constructed",
        source="SCB",
        updated="2026-02-20T07:00:00Z",
        notes=(Note("Sums are uncertain.", mandatory=True), Note("of one area", at={"Region": "1280C1010"})),
        units={"N1": Unit("antal", 0)},
        aggregation_allowed=False,
        code="TAB9999",
    )


EVERYTHING = {"Region": "*", "Kon": "*", "ContentsCode": "*", "Tid": "*"}


@pytest.fixture
def server():
    with ReplayServer({"GET /v2/config": CONFIG, **pxweb_table("/v2", deso_table())}) as server:
        yield server


def client(server, **options):
    return PxWeb(f"{server.url}/v2", **{"first_wait": 0.01, "tries": 3} | options)


def data_calls(server):
    return [call for call in server.calls if call.path.endswith("/data")]


@pytest.fixture
def scb(shared):
    """SCB as it was recorded: config, search, description, cells and a code list, byte for byte."""
    folder = shared("data", "pxweb")
    routes = {
        "GET /api/v2/config": folder / "scb_v2_config.json",
        "GET /api/v2/tables?lang=sv&query=befolkning&pageSize=100&pageNumber=1": folder / "scb_v2_search.json",
        "GET /api/v2/tables/TAB6471/metadata?lang=sv": folder / "scb_v2_TAB6471_metadata.json",
        "POST /api/v2/tables/TAB6471/data?lang=sv&outputFormat=json-stat2": folder / "scb_v2_TAB6471_data.json",
        "GET /api/v2/codelists/agg_Ålder10årJ?lang=sv": folder / "scb_v2_codelist_agg_Alder10arJ.json",
    }
    with ReplayServer(routes) as server:
        yield server


def test_scbs_recorded_table_comes_whole(scb, shared, tmp_path):
    recorded = json.loads(shared("data", "pxweb", "scb_v2_TAB6471_data.json").read_text(encoding="utf-8"))
    index = {code: list(d["category"]["index"]) for code, d in recorded["dimension"].items()}
    selection = {"Region": index["Region"], "Alder": index["Alder"], "Kon": "*", "ContentsCode": "*", "Tid": "TOP(4)"}
    people = PxWeb(f"{scb.url}/api/v2", cache=tmp_path).data("TAB6471", selection)
    assert people.frame["value"].tolist() == recorded["value"]
    assert write_jsonstat(people) == recorded
    asked = {entry["variableCode"]: entry["valueCodes"] for entry in data_calls(scb)[0].body["selection"]}
    assert asked["Tid"] == ["2026M01", "2026M02", "2026M03", "2026M04"]
    calls = len(scb.calls)
    assert calls == 3  # config, description, cells
    again = PxWeb(f"{scb.url}/api/v2", cache=tmp_path, offline=True).data("TAB6471", selection)
    assert again.frame.equals(people.frame)
    assert len(scb.calls) == calls


def test_scbs_limits_are_read_and_obeyed(scb):
    service = PxWeb(f"{scb.url}/api/v2")
    assert service.config()["maxDataCells"] == 150_000
    assert (service.web.calls, service.web.seconds) == (3, 1)


def test_scbs_search_and_code_list(scb):
    service = PxWeb(f"{scb.url}/api/v2")
    found = service.search("befolkning")
    assert len(found) == 10
    assert found.loc[0, ["table", "first_period", "last_period"]].tolist() == ["TAB4552", "1960", "2024"]
    ages = service.codelist("agg_Ålder10årJ")
    assert (ages.kind, ages.label, ages.can_be_left_out) == ("Aggregation", "10-årsklasser", False)
    assert ages.labels["-9"] == "0-9 år"
    assert sorted(map(int, ages.members["-9"])) == list(range(10))


def test_a_code_list_of_the_specification_is_read(server, shared):
    server.routes["GET /v2/codelists/nuts"] = shared(
        "data", "pxweb", "spec_codelists-agg_RegionNUTS2_2008-response.json"
    )
    nuts = client(server).codelist("nuts")
    assert nuts.labels["SE11"] == "Stockholm"
    assert nuts.members["SE11"] == ("01",)


def test_many_calls_are_one_table_in_the_publishers_order(server):
    lines = []
    cube = client(server, report=lines.append).data("TAB9999", EVERYTHING)
    whole = deso_table()
    assert cube.frame.equals(whole.frame)
    assert write_jsonstat(cube) == write_jsonstat(whole)
    # 6 x 3 x 1 x 3 = 54 cells, 20 at most: the six areas two at a time
    sizes = [[len(entry["valueCodes"]) for entry in call.body["selection"]] for call in data_calls(server)]
    assert sizes == [[2, 3, 1, 3]] * 3
    assert lines == []


@pytest.mark.parametrize("most", [1, 2, 5, 7, 54])
def test_no_call_asks_for_more_cells_than_allowed(server, most):
    server.routes["GET /v2/config"] = CONFIG | {"maxDataCells": most, "maxCallsPerTimeWindow": 1000}
    assert client(server).data("TAB9999", EVERYTHING).frame.equals(deso_table().frame)
    cells = [np.prod([len(e["valueCodes"]) for e in call.body["selection"]]) for call in data_calls(server)]
    assert max(cells) <= most
    assert sum(cells) == 54


def test_parts_that_come_in_another_order_are_put_right(server):
    def turned(call):
        asked = {entry["variableCode"]: entry["valueCodes"] for entry in call.body["selection"]}
        told = write_jsonstat(part_of(deso_table(), asked))
        areas = told["dimension"]["Region"]["category"]["index"]
        told["dimension"]["Region"]["category"]["index"] = {code: place for place, code in enumerate(reversed(areas))}
        cells = np.array(told["value"], dtype=object).reshape(told["size"])[::-1]
        at = np.arange(cells.size).reshape(told["size"])[::-1].ravel().tolist()
        told["status"] = {str(at.index(int(place))): mark for place, mark in told.get("status", {}).items()}
        return told | {"value": cells.ravel().tolist()}

    server.routes["POST /v2/tables/TAB9999/data"] = turned
    assert client(server).data("TAB9999", EVERYTHING).frame.equals(deso_table().frame)


def test_symbols_notes_and_the_other_vintage_survive(server):
    cube = client(server).data("TAB9999", {"Region": "1280C*", "Kon": "2", "ContentsCode": "*", "Tid": "*"})
    cells = cube.frame.set_index(["Region", "Tid"])
    assert cells.loc[("1280C1010", "2022"), "status"] == ".."
    assert cells["value"].isna()["1280C1010"].tolist() == [True, False, True]
    assert cells["value"].isna()["1280C1010_DeSO2025"].tolist() == [True, True, False]
    assert cube.mandatory_notes == ("Sums are uncertain.",)
    assert (cube.units["N1"], cube.aggregation_allowed) == (Unit("antal", 0), False)


def test_a_variable_may_be_left_out_only_where_the_publisher_says_so(server):
    cube = client(server).data("TAB9999", {"Region": "1280", "ContentsCode": "N1", "Tid": "TOP(1)"})
    assert cube.frame[["Kon", "value"]].values.tolist() == [["T", 22.0]]
    assert "Kon" not in [entry["variableCode"] for entry in data_calls(server)[0].body["selection"]]
    with pytest.raises(
        UnknownNameError,
        match=r"nothing is selected of ContentsCode \(N1\); Tid \(2022, 2023, 2024\)\. Select codes of each",
    ):
        client(server).data("TAB9999", {"Region": "1280"})


def test_no_selection_never_becomes_the_services_own(server):
    cube = deso_table()
    free = [Dimension(d.code, d.label, d.categories, d.role, can_be_left_out=True) for d in cube.dimensions]
    server.routes |= pxweb_table("/v2", Cube(cube.frame, tuple(free), cube.label, code="TAB1"))
    with pytest.raises(UnknownNameError, match="nothing is selected of Region"):
        client(server).data("TAB1", {})
    assert data_calls(server) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"Regoin": "*"}, "TAB9999 has no variable 'Regoin'; did you mean 'Region'"),
        ({"Region": "1290*"}, r"'1290\*' selects no code of Region in TAB9999"),
        ({"Tid": []}, "no code of Tid in TAB9999 is selected"),
    ],
)
def test_a_selection_that_does_not_fit_is_named_before_anything_is_asked(server, change, says):
    with pytest.raises(UnknownNameError, match=says):
        client(server).data("TAB9999", EVERYTHING | change)
    assert data_calls(server) == []


def test_codes_may_come_from_a_code_list(server):
    """Constructed: vs_DeSO2025 holds the codes of one vintage, agg_half groups them."""
    half = Dimension("Region", "region", {"west": "Väst", "east": "Öst"}, "geo")
    cube = deso_table()
    frame = cube.frame[cube.frame["Region"].isin(AREAS[:2])].reset_index(drop=True)
    frame["Region"] = frame["Region"].map({AREAS[0]: "west", AREAS[1]: "east"}).astype(str)
    grouped = Cube(frame, (half, *cube.dimensions[1:]), cube.label, updated=cube.updated, code=cube.code)
    listed = {"extension": {"codelists": [{"id": "agg_half", "label": "halves", "type": "Aggregation"}]}}
    region = Dimension("Region", "region", cube.dimensions[0].categories, "geo", details=listed)
    whole = Cube(cube.frame, (region, *cube.dimensions[1:]), cube.label, updated=cube.updated, code=cube.code)
    values = [{"code": c, "label": label, "valueMap": ["1280"]} for c, label in half.categories.items()]
    server.routes |= pxweb_table("/v2", whole, codelists={"agg_half": grouped})
    server.routes["GET /v2/codelists/agg_half"] = {
        "id": "agg_half", "label": "halves", "type": "Aggregation", "values": values,
    }  # fmt: skip
    service = client(server)
    got = service.data("TAB9999", EVERYTHING | {"Region": "*st"}, codelists={"Region": "agg_half"})
    assert list(got.dimension("Region").categories.items()) == [("west", "Väst"), ("east", "Öst")]
    assert data_calls(server)[0].body["selection"][0]["codelist"] == "agg_half"
    with pytest.raises(UnknownNameError, match="Region has no code list 'agg_helf'; did you mean 'agg_half'"):
        service.data("TAB9999", EVERYTHING, codelists={"Region": "agg_helf"})
    with pytest.raises(UnknownNameError, match="Region has a code list and no selection"):
        service.data("TAB9999", {"Tid": "*"}, codelists={"Region": "agg_half"})


def changed(call, **changes):
    asked = {entry["variableCode"]: entry["valueCodes"] for entry in call.body["selection"]}
    return write_jsonstat(part_of(deso_table(), asked)) | changes


def renamed(call):
    told = changed(call)
    told["dimension"]["Kon"]["category"]["label"]["1"] = "something else"
    return told


def shrunk(call):
    told = changed(call)
    return write_jsonstat(
        part_of(read_jsonstat(told), {c: list(i["category"]["index"])[:2] for c, i in told["dimension"].items()})
    )


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (
            lambda call: changed(call, updated="2026-03-01T07:00:00Z"),
            "updated 2026-03-01T07:00:00Z, before that 2026-02-20",
        ),
        (renamed, "Kon 1 is called something else"),
        (shrunk, "Kon came without T"),
        (lambda call: write_jsonstat(deso_table()), "Region came with 1280, .*, not asked for"),
        (lambda call: changed(call, value=[], status={}), "a call came without cells"),
    ],
    ids=["updated", "renamed", "shrunk", "default selection", "empty"],
)
def test_a_table_that_changes_between_calls_is_an_error(server, second, says):
    server.routes["POST /v2/tables/TAB9999/data"] = InTurn(changed, second)
    with pytest.raises(SourceError, match=f"TAB9999 was changed while it was fetched: .*{says}.*refresh=True"):
        client(server).data("TAB9999", EVERYTHING)


def test_a_new_description_makes_old_cells_in_the_cache_unused(server, tmp_path):
    client(server, cache=tmp_path).data("TAB9999", EVERYTHING)
    newer = deso_table()
    newer.frame["value"] += 1
    newer = Cube(newer.frame, newer.dimensions, newer.label, updated="2026-03-01T07:00:00Z", code="TAB9999")
    server.routes |= pxweb_table("/v2", newer)
    old = client(server, cache=tmp_path).data("TAB9999", EVERYTHING)
    assert old.frame.equals(deso_table().frame)  # the same cache, the same figures
    client(server, cache=tmp_path, refresh=True).metadata("TAB9999")
    mixed = client(server, cache=tmp_path).data("TAB9999", EVERYTHING)
    assert mixed.frame.equals(newer.frame)


def test_a_fetch_that_was_cut_off_goes_on_where_it_stopped(server, tmp_path):
    whole = server.routes["POST /v2/tables/TAB9999/data"]
    server.routes["POST /v2/tables/TAB9999/data"] = InTurn(whole, unavailable())
    with pytest.raises(SourceError, match="is busy"):
        client(server, cache=tmp_path).data("TAB9999", EVERYTHING)
    with pytest.raises(SourceError, match=r"/data\?lang=sv.* with the selection .*1280C1020.* is not in the cache"):
        client(server, cache=tmp_path, offline=True).data("TAB9999", EVERYTHING)
    server.routes["POST /v2/tables/TAB9999/data"] = whole
    server.calls.clear()
    assert client(server, cache=tmp_path).data("TAB9999", EVERYTHING).frame.equals(deso_table().frame)
    assert len(data_calls(server)) == 2


def test_search_reads_every_page(server):
    page = {"pageSize": 1, "totalElements": 2, "totalPages": 2}
    for number in (1, 2):
        server.routes[f"GET /v2/tables?lang=sv&query=deso&pageSize=100&pageNumber={number}"] = {
            "tables": [{"id": f"TAB{number}", "label": f"Table {number}"}],
            "page": page | {"pageNumber": number},
        }
    assert client(server).search("deso")["table"].tolist() == ["TAB1", "TAB2"]


def test_what_the_service_refuses_is_told_in_its_own_words(server):
    server.routes["POST /v2/tables/TAB9999/data"] = refused("Too many cells selected", "54 > 20", 403)
    with pytest.raises(SourceError, match=r"answers 403 \(Too many cells selected: 54 > 20\)"):
        client(server).data("TAB9999", EVERYTHING)
    with pytest.raises(SourceError, match=r"answers 404 .*Check the base address and the name of the table"):
        client(server).metadata("TAB1")


def test_an_installation_without_limits_is_named(server):
    server.routes["GET /v2/config"] = {"apiVersion": "?"}
    with pytest.raises(SourceError, match=r"/v2/config names no limits. Check the base address; PxWebV1"):
        client(server).config()
    server.routes["GET /v2/config"] = moved("/v2/config")
    with pytest.raises(SourceError, match="sends in a circle"):
        client(server).config()


def old_service(cube: Cube):
    """Constructed: a table as version 1 describes and serves it, with the byte order mark that old ones send."""
    mark = b"\xef\xbb\xbf"
    variables = [
        {"code": d.code, "text": d.label, "values": list(d.categories), "valueTexts": list(d.categories.values())}
        | ({"time": True} if d.role == "time" else {})
        | ({"elimination": True} if d.can_be_left_out else {})
        for d in cube.dimensions
    ]

    def data(call):
        assert call.body["response"] == {"format": "json-stat2"}
        asked = {entry["code"]: entry["selection"]["values"] for entry in call.body["query"]}
        assert {entry["selection"]["filter"] for entry in call.body["query"]} == {"item"}
        told = write_jsonstat(part_of(cube, asked))
        told["extension"]["px"].pop("tableid", None)
        return mark + json.dumps(told).encode()

    return {
        "GET /sv/ssd/BE/People": mark + json.dumps({"title": cube.label, "variables": variables}).encode(),
        "POST /sv/ssd/BE/People": data,
        "GET /sv/ssd/BE": [{"id": "People", "type": "t", "text": "People"}],
    }


def test_an_old_installation_gives_the_same_table():
    with ReplayServer(old_service(deso_table())) as server:
        service = PxWebV1(f"{server.url}/sv/ssd", max_cells=20)
        cube = service.data("BE/People", {"Region": "*", "Kon": "*", "ContentsCode": "*", "Tid": "*"})
        assert cube.frame.equals(deso_table().frame)
        assert (cube.code, cube.language) == ("BE/People", "sv")
        assert len([call for call in server.calls if call.method == "POST"]) == 3
        newest = service.data("BE/People", {"Region": "1280", "ContentsCode": "*", "Tid": "TOP(1)"})
        assert newest.frame["Tid"].tolist() == ["2024"]
        with pytest.raises(UnknownNameError, match="nothing is selected of Region"):
            service.data("BE/People", {"ContentsCode": "*", "Tid": "*"})
        with pytest.raises(SourceError, match="is a folder, not a table: it holds People"):
            service.metadata("BE")


def test_an_old_table_updated_between_calls_is_an_error():
    whole = old_service(deso_table())
    newer = deso_table()
    newer = Cube(newer.frame, newer.dimensions, newer.label, updated="2026-03-01T07:00:00Z")
    key = "POST /sv/ssd/BE/People"
    with ReplayServer(whole | {key: InTurn(whole[key], old_service(newer)[key])}) as server:
        service = PxWebV1(f"{server.url}/sv/ssd", max_cells=20)
        with pytest.raises(SourceError, match="was changed while it was fetched: updated 2026-03-01"):
            service.data("BE/People", EVERYTHING)

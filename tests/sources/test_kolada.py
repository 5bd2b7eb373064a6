"""Kolada: constructed pages of the documented shape, since no recorded answer of version 3 is to be had."""

import math

import pytest

from mrstats.schema import SourceError, UnknownNameError
from mrstats.sources import Kolada
from sources.replay import ReplayServer

KPIS = [
    {
        "id": "N15428",
        "title": "Elever i åk 9, behöriga",
        "description": "Andel (%)",
        "is_divided_by_gender": 1,
        "has_ou_data": True,
    },
    {"id": "N00945", "title": "Jämställdhetsindex", "description": "", "is_divided_by_gender": 0, "has_ou_data": False},
]


def figures(kpi, place, code, year, *values):
    return {"kpi": kpi, place: code, "period": year, "values": list(values)}


def figure(gender, value, status="", count=1):
    return {"gender": gender, "value": value, "status": status, "count": count}


@pytest.fixture
def server():
    with ReplayServer({"GET /v3/kpi": {"values": KPIS, "count": 2}}) as server:
        yield server


def client(server, **options):
    return Kolada(f"{server.url}/v3", **{"first_wait": 0.01, "tries": 2} | options)


def asked(server):
    return [call.path for call in server.calls if "data" in call.path]


def test_a_key_figure_by_sex_and_year(server):
    both = [
        figures(
            "N15428", "municipality", "1280", 2023, figure("T", 81.5), figure("F", 83.0), figure("M", None, "Missing")
        ),
        figures("N15428", "municipality", "1280", 2022, figure("K", 82.25, None)),
    ]
    server.routes["GET /v3/data/kpi/N15428/municipality/1280/year/2022,2023"] = {"values": both, "count": 2}
    table = client(server).data("N15428", ["1280"], [2022, 2023])
    assert list(table.columns) == ["kpi", "title", "municipality", "year", "gender", "value", "status", "count"]
    assert table["gender"].tolist() == ["K", "K", "M", "T"]  # F is K
    assert table["year"].tolist() == [2022, 2023, 2023, 2023]
    assert table["value"].tolist()[:2] == [82.25, 83.0]
    assert math.isnan(table["value"][2])
    assert table["status"].tolist() == ["", "", "Missing", ""]
    assert set(table["title"]) == {"Elever i åk 9, behöriga"}


def test_single_schools(server):
    rows = [figures("N15428", "ou", "V15E128000101", 2023, figure("T", 70, count=3))]
    server.routes["GET /v3/oudata/kpi/N15428/ou/V15E128000101/year/2023"] = {"values": rows}
    table = client(server).unit_data(["N15428"], ["V15E128000101"], [2023])
    assert table[["unit", "year", "value", "count"]].values.tolist() == [["V15E128000101", 2023, 70.0, 3]]


def test_no_part_of_an_address_holds_more_than_25_ids(server):
    codes = [f"{code:04d}" for code in range(1, 61)]

    def answered(call):
        its = call.path.split("/")[6].split(",")
        return {"values": [figures("N15428", "municipality", code, 2023, figure("T", int(code))) for code in its]}

    server.routes["GET /v3/data/*"] = answered
    table = client(server).data(["N15428"], codes, [2023])
    assert [len(path.split("/")[6].split(",")) for path in asked(server)] == [25, 25, 10]
    assert table["municipality"].tolist() == codes
    assert table["value"].tolist() == list(range(1, 61))


def page(number, following):
    return {"values": [figures("N15428", "municipality", "1280", 2020 + number, figure("T", number))], **following}


@pytest.mark.parametrize("name", ["next_url", "next_page"])
@pytest.mark.parametrize("absolute", [True, False])
def test_every_page_is_read_once_however_its_link_is_called(server, name, absolute):
    path = "/v3/data/kpi/N15428/municipality/1280/year/2021,2022,2023"
    link = f"{server.url if absolute else ''}{path}?per_page=5000&page="
    both = {"next_url": f"{link}2", "next_page": f"{link}2"}
    server.routes[f"GET {path}?per_page=5000"] = page(1, both)
    server.routes[f"GET {path}?per_page=5000&page=2"] = page(2, {name: f"{link}3"})
    server.routes[f"GET {path}?per_page=5000&page=3"] = page(3, {name: None})
    table = client(server).data(["N15428"], ["1280"], [2021, 2022, 2023])
    assert table["value"].tolist() == [1, 2, 3]
    assert len(asked(server)) == 3


def test_pages_that_go_in_a_circle_are_an_error(server):
    path = "/v3/data/kpi/N15428/municipality/1280/year/2021"
    server.routes[f"GET {path}?per_page=5000"] = page(1, {"next_url": f"{path}?per_page=5000&page=2"})
    server.routes[f"GET {path}?per_page=5000&page=2"] = page(2, {"next_url": f"{path}?per_page=5000&page=2"})
    with pytest.raises(SourceError, match="named as the next page twice"):
        client(server).data(["N15428"], ["1280"], [2021])


def test_key_figures_are_found_by_words(server, tmp_path):
    kolada = client(server, cache=tmp_path)
    assert kolada.kpis("elever ÅK")["kpi"].tolist() == ["N15428"]
    assert len(kolada.kpis()) == 2
    assert kolada.kpis("häst").empty
    assert client(server, cache=tmp_path, offline=True).kpis("n00945")["title"].tolist() == ["Jämställdhetsindex"]
    assert len(server.calls) == 1


def test_a_figure_that_was_withdrawn_has_no_value(server):
    row = figures("N15428", "municipality", "1280", 2023, figure("T", 81.5) | {"isdeleted": True})
    server.routes["GET /v3/data/*"] = {"values": [row]}
    table = client(server).data(["N15428"], ["1280"], [2023])
    assert table["value"].isna().all()
    assert table["status"].tolist() == ["deleted"]


def test_nothing_published_is_an_empty_table(server):
    server.routes["GET /v3/data/*"] = {"values": [], "count": 0}
    lines = []
    table = client(server, report=lines.append).data(["N15428"], ["1280"], [1990])
    assert lines[-1] == "Kolada has no figures of N15428 for 1280 in those years."
    assert len(table) == 0
    assert table["value"].dtype == float


def test_what_is_wrong_is_named(server):
    with pytest.raises(UnknownNameError, match="Kolada has no KPI 'N15429'; did you mean 'N15428'"):
        client(server).data(["N15429"], ["1280"], [2023])
    with pytest.raises(UnknownNameError, match="no years are named"):
        client(server).data(["N15428"], ["1280"], [])
    with pytest.raises(UnknownNameError, match="no unit codes are named"):
        client(server).unit_data(["N15428"], [], [2023])
    server.routes["GET /v3/data/*"] = {"values": [figures("N15428", "municipality", "1280", 2023, figure("X", 1))]}
    with pytest.raises(SourceError, match="N15428 for gender 'X'"):
        client(server).data(["N15428"], ["1280"], [2023])
    server.routes["GET /v3/data/*"] = {"message": "moved"}
    with pytest.raises(SourceError, match=r"answers without values\. Check the base address"):
        client(server).data(["N15428"], ["1280"], [2023])

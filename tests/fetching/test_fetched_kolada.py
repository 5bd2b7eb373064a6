"""Kolada as a table of the dataset: constructed pages of the documented shape."""

import tomllib

import pytest

import mrstats as mr
from mrstats.fetching import fetch_dataset
from mrstats.schema import SourceError, UnknownNameError
from sources.replay import ReplayServer, refused

KPIS = [
    {
        "id": "N15428",
        "title": "Elever i åk 9, behöriga, kommunala skolor, andel (%)",
        "description": "Antal elever delat med alla.",
    },
    {"id": "N00945", "title": "Jämställdhetsindex", "description": ""},
    {"id": "N07900", "title": "Kostnad, kr/inv", "description": ""},
]
KPIS[0] |= {"is_divided_by_gender": 1, "has_ou_data": True}


def entry(kpi, place, code, year, **values):
    figures = [
        {"gender": g, "value": v, "status": "" if v is not None else "Private", "count": 1} for g, v in values.items()
    ]
    return {"kpi": kpi, place: code, "period": year, "values": figures}


ROUTES = {
    "GET /v3/kpi": {"values": KPIS},
    "GET /v3/ou": {"values": [{"id": f"V15E{k}", "title": f"Skola {k}", "municipality": "1280"} for k in range(3)]},
    "GET /v3/data/kpi/N15428,N00945/municipality/1280/year/2021,2022": {
        "values": [
            entry("N15428", "municipality", "1280", 2022, T=81.5, K=83.0, M=80.0),
            entry("N15428", "municipality", "1280", 2021, T=80.0, K=82.0, M=None),
            entry("N00945", "municipality", "1280", 2022, T=120.0),
        ]
    },
    "GET /v3/oudata/kpi/N15428/ou/V15E0,V15E1,V15E2/year/2021,2022": {
        "values": [
            entry("N15428", "ou", "V15E0", 2022, T=71.0, K=70.0, M=72.0),
            entry("N15428", "ou", "V15E1", 2022, T=90.0),
        ]
    },
}


@pytest.fixture
def server():
    with ReplayServer(ROUTES) as server:
        yield server


def fetched(server, folder, *kpis, **more):
    asked = {"municipality": "1280", "years": (2021, 2022), "folder": folder, "report": lambda line: None}
    return fetch_dataset(["kolada"], kpis=kpis, kolada=f"{server.url}/v3", **asked, **more)


def test_key_figures_are_indicators_by_sex_and_year(server, tmp_path):
    made = fetched(server, tmp_path / "new", "N15428", "N00945")
    assert [(o.name, o.state, o.size) for o in made.outcomes] == [("kolada", "fetched", 7)]
    assert mr.check_dataset(tmp_path / "new") == []
    city = mr.open_dataset(tmp_path / "new")
    table = mr.break_down(city, "N15428", by="sex", years=[2021, 2022]).set_index(["year", "sex"])
    assert table["value"].dropna().to_dict() == {
        (2021, "_T"): 80.0, (2021, "women"): 82.0, (2022, "_T"): 81.5, (2022, "women"): 83.0, (2022, "men"): 80.0,
    }  # fmt: skip
    assert table.loc[(2021, "men"), "status"] == "C"  # Private
    assert set(table.loc[2022, "method"]) == {"cells as published"}
    assert table[["lower", "upper", "se", "n"]].isna().all(axis=None)
    told = city.indicators["N15428"]
    assert (told.unit["sv"], told.label["sv"]) == ("procent", KPIS[0]["title"])
    assert told.note["sv"] == "Antal elever delat med alla."
    assert told.source["sv"] == "Kolada (RKA), N15428"
    manifest = tomllib.loads((tmp_path / "new" / "MANIFEST.toml").read_text(encoding="utf-8"))["kolada.csv"]
    assert (manifest["licence"], manifest["source"]) == ("CC BY 4.0", "Källa: Kolada (RKA)")


def test_units_are_a_level_whose_figures_are_never_put_together(server, tmp_path):
    made = fetched(server, tmp_path / "new", "N15428", "N00945", units=True)
    assert [(o.name, o.size) for o in made.outcomes] == [("kolada", 7), ("kolada_units", 4)]
    assert mr.check_dataset(tmp_path / "new") == []
    city = mr.open_dataset(tmp_path / "new")
    assert city.area_names("unit") == {"V15E0": "Skola 0", "V15E1": "Skola 1", **city.area_names("city")}
    table = mr.break_down(city, "N15428_units", by="sex", geography="unit", years=2022).set_index(["geography", "sex"])
    assert table["value"].dropna().to_dict() == {
        ("V15E0", "_T"): 71.0, ("V15E0", "women"): 70.0, ("V15E0", "men"): 72.0, ("V15E1", "_T"): 90.0,
    }  # fmt: skip
    assert set(table.loc["1280", "status"]) == {"x"}  # a school's figure is not the city's, though it be the only one


def test_a_key_figure_that_does_not_exist_or_has_nothing_stops_no_other(server, tmp_path):
    server.routes["GET /v3/data/kpi/N15428,N07900/municipality/1280/year/2021,2022"] = {
        "values": [entry("N15428", "municipality", "1280", 2022, T=81.5)]
    }
    made = fetched(server, tmp_path / "new", "N15428", "N07900", "N15429")
    assert [outcome.name for outcome in made.missing] == ["N15429", "N07900"]
    assert "Kolada has no KPI 'N15429'; did you mean 'N15428'?" in made.missing[0].reason
    assert "no figures of N07900 for 1280 in 2021–2022" in made.missing[1].reason
    assert list(mr.open_dataset(tmp_path / "new").indicators) == ["N15428"]


def test_kolada_beside_scbs_tables_leaves_them(server, tmp_path):
    fetched(server, tmp_path / "new", "N15428", "N00945")
    before = (tmp_path / "new" / "kolada.csv").read_bytes()
    server.routes = {"GET /v3/kpi": refused("gone", status=404)}
    with pytest.raises(SourceError, match="nothing could be fetched"):
        fetched(server, tmp_path / "new", "N15428", refresh=True)
    assert (tmp_path / "new" / "kolada.csv").read_bytes() == before


def test_kolada_without_a_name_is_refused(server, tmp_path):
    with pytest.raises(UnknownNameError, match="--kpi"):
        fetched(server, tmp_path / "new")
    assert not (tmp_path / "new").exists()

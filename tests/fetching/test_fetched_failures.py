"""Tables that do not come: the others do, the run says which and why, and the next run brings what is missing."""

import copy
import dataclasses
import os
import select

import pandas as pd
import pytest
from typer.testing import CliRunner

import mrstats as mr
from fetching.service import addresses, cubes, malmo_routes, only
from mrstats.cli import app
from mrstats.fetching import fetch_dataset
from mrstats.schema import MrstatsError, SourceError
from mrstats.sources import write_jsonstat
from sources.replay import InTurn, ReplayServer, Reply, cut_text, pxweb_table, refused, unavailable

FEW = ("labour", "education", "households", "cars")


@pytest.fixture
def server(monkeypatch):
    only(monkeypatch, *FEW)
    with ReplayServer(malmo_routes()) as server:
        yield server


def fetched(server, folder, what=("scb",), **more):
    asked = {"municipality": "1280", "years": (2022, 2022), "folder": folder, "report": lambda line: None}
    return fetch_dataset(what, **{**asked, **addresses(server), **more})


def without(code, change):
    """The description of a table with something changed in it."""
    told = copy.deepcopy(write_jsonstat(cubes()[code]))
    told = {**told, "value": [], "status": {}}
    change(told)
    return told


def renamed(told):
    labels = told["dimension"]["Hushållstyp"]["category"]["label"]
    labels[next(iter(labels))] = "par med barn"


def elsewhere(told):
    category = told["dimension"]["Region"]["category"]
    codes = {code: f"0180{code[4:]}" for code in category["index"]} if isinstance(category["index"], dict) else None
    category["index"] = (
        {codes[c]: k for c, k in category["index"].items()} if codes else [f"0180{c[4:]}" for c in category["index"]]
    )
    category["label"] = {f"0180{c[4:]}": text for c, text in category["label"].items()}


def another_year(told):
    told["dimension"]["Tid"]["category"] = {"index": ["2019"], "label": {"2019": "2019"}}


def later():
    return dataclasses.replace(cubes()["TAB6568"], updated="2026-02-02")


TABLE, DATA = "GET /v2/tables/TAB6568/metadata", "POST /v2/tables/TAB6568/data"
FAULTS = {
    "gone": ({TABLE: refused("Non-existent table", status=404)}, "answers 404"),
    "forbidden": ({DATA: refused("Too many cells selected", status=403)}, "answers 403.*Too many cells selected"),
    "refused": (
        {DATA: refused("Illegal selection expression", "Region")},
        "answers 400.*Illegal selection expression: Region",
    ),
    "half": ({DATA: cut_text(Reply({"a": list(range(99))}))}, "JSON that is not whole"),
    "page": ({TABLE: Reply("<html>", content_type="text/html")}, "answers with text/html instead of json"),
    "renamed": (
        {TABLE: lambda call: without("TAB6568", renamed)},
        "'par med barn' in 'hushållstyp', which stands for none",
    ),
    "no municipality": ({TABLE: lambda call: without("TAB6568", elsewhere)}, "has no deso of municipality 1280"),
    "no year": ({TABLE: lambda call: without("TAB6568", another_year)}, "has nothing for 2022–2022; it has 2019"),
    "changed between calls": (
        {DATA: lambda call: pxweb_table("/v2", later())[DATA](call)},
        "was changed while it was fetched",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_table_that_fails_stops_none_of_the_others_and_comes_the_next_time(server, tmp_path, fault):
    routes, says = FAULTS[fault]
    held = dict(server.routes)
    server.routes |= routes
    made = fetched(server, tmp_path / "new")
    (missing,) = made.missing
    assert (missing.name, missing.what, missing.state) == ("households", "TAB6568", "not fetched")
    assert pd.Series([missing.reason]).str.contains(says).all(), missing.reason
    assert f"households: {missing.reason}" in str(made)
    city = mr.open_dataset(tmp_path / "new")
    assert set(city.indicators) == {"employment", "higher_education", "cars"}
    assert mr.break_down(city, "employment", years=2022)["count"].tolist() == [169_004]

    now = pxweb_table("/v2", later()) if fault == "changed between calls" else {}
    server.routes, calls = held | now, len(server.calls)
    again = fetched(server, tmp_path / "new")
    assert again.missing == ()
    assert mr.break_down(mr.open_dataset(tmp_path / "new"), "households", years=2022)["value"].tolist() == [167_871]
    asked = {call.path for call in server.calls[calls:]}
    assert asked <= {"/v2/tables/TAB6568/metadata", "/v2/tables/TAB6568/data"}  # all else is in the cache


def test_what_an_earlier_run_brought_stays_where_a_table_fails(server, tmp_path):
    fetched(server, tmp_path / "new")
    before = (tmp_path / "new" / "households.csv").read_bytes()
    server.routes |= {TABLE: refused("Non-existent table", status=404)}
    made = fetched(server, tmp_path / "new", refresh=True)
    assert [(outcome.name, outcome.state) for outcome in made.missing] == [("households", "kept from before")]
    assert (tmp_path / "new" / "households.csv").read_bytes() == before
    assert (
        mr.check_dataset(tmp_path / "new") == []
    )  # its areas are known by the tables' codes, since no others were asked for
    table = mr.break_down(mr.open_dataset(tmp_path / "new"), "households", geography="deso", years=2022)
    assert (table["geography_level"] == "deso").sum() == 192
    assert mr.break_down(mr.open_dataset(tmp_path / "new"), "households", years=2022)["value"].tolist() == [167_871]


def test_a_service_that_is_down_is_not_asked_for_the_rest(server, tmp_path, monkeypatch):
    monkeypatch.setattr("mrstats.sources.web.time.sleep", lambda seconds: None)
    server.routes |= {"GET /v2/tables/TAB5956/metadata": unavailable()}
    server.routes = {route: answer for route, answer in server.routes.items() if "TAB6568" not in route}
    made = fetched(server, tmp_path / "new")
    states = {outcome.name: outcome.reason for outcome in made.missing}
    assert list(states) == ["education", "households", "cars"]
    assert "is busy (503), 5 times" in states["education"]
    assert states["cars"].startswith("not asked for, since")
    assert not [call for call in server.calls if "TAB6091" in call.path or "TAB6568" in call.path]


def test_where_nothing_comes_nothing_is_changed(server, tmp_path):
    fetched(server, tmp_path / "new")
    before = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    server.routes = {"GET /v2/config": server.routes["GET /v2/config"]}
    with pytest.raises(SourceError, match=r"nothing could be fetched, and nothing was changed: .*TAB6680.*404"):
        fetched(server, tmp_path / "new", refresh=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".new.cache", "new"]


def test_another_municipality_does_not_enter_the_folder(server, tmp_path):
    fetched(server, tmp_path / "new")
    with pytest.raises(mr.schema.UnknownNameError, match="holds municipality 1280, not 0180"):
        fetched(server, tmp_path / "new", municipality="0180")


def test_the_command_prints_what_came_and_what_did_not_and_ends_with_1(server, tmp_path):
    asked = ["fetch", "scb", "--municipality", "1280", "--years", "2022", "--output", str(tmp_path / "new")]
    asked += ["--scb", addresses(server)["scb"]]
    server.routes |= {TABLE: InTurn(refused("Non-existent table", status=404), server.routes[TABLE])}
    first = CliRunner().invoke(app, asked)
    assert first.exit_code == 1
    rows = [line.split() for line in first.stdout.splitlines()]
    assert ["labour", "TAB6680", "fetched", "2", "406"] in rows
    assert ["households", "TAB6568", "not", "fetched"] in rows
    assert "mrstats: households did not come. The same call again asks for what is missing." in first.stderr
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 0
    assert ["households", "TAB6568", "fetched", "2", "005"] in [line.split() for line in again.stdout.splitlines()]


def test_help_says_what_is_fetched_and_what_happens_when_something_is_not():
    text = " ".join(CliRunner().invoke(app, ["fetch", "--help"]).stdout.split())
    for words in ("DeSO and RegSO", "stops none of the others", "exit code is 1", "--kpi", "--units", "--keys", "1280"):
        assert words in text


def test_on_a_terminal_every_table_has_a_bar_of_its_cells_and_elsewhere_a_line(monkeypatch, capfd):
    from mrstats.cli import _Bars

    main, terminal = os.openpty()
    with open(terminal, "w", encoding="utf-8") as screen, monkeypatch.context() as patch:
        patch.setattr("sys.stderr", screen)
        with _Bars() as bars:
            for done in (0, 200, 401):
                bars.show("TAB6574", done, 401)
            bars.tell("TAB6571: answers 404")
            bars.show("TAB6572", 0, 91)
        screen.flush()
        shown = ""
        while select.select([main], [], [], 0.2)[0]:
            shown += os.read(main, 10_000).decode().replace("\r\n", "\n")
    os.close(main)
    for part in ("TAB6574", "0/401", "200/401", "401/401", "TAB6571: answers 404\n", "0/91"):
        assert part in shown
    assert shown.endswith(("\n", "\x1b[?25h"))  # the cursor is back
    with _Bars() as bars:
        for done in (0, 200, 401):
            bars.show("TAB6574", done, 401)
    assert capfd.readouterr().err == "TAB6574: 401 of 401\n"


def test_what_somebody_else_wrote_is_never_replaced(server, tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "dataset.toml").write_text("[dataset]", encoding="utf-8")
    with pytest.raises(MrstatsError, match="file is a file, and would be replaced by a folder"):
        fetched(server, tmp_path / "file")
    with pytest.raises(MrstatsError, match="that mrstats fetch did not write"):
        fetched(server, tmp_path / "own")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
    assert [(path.name, path.read_text(encoding="utf-8")) for path in (tmp_path / "own").iterdir()] == [
        ("dataset.toml", "[dataset]")
    ]
    (tmp_path / "own" / "dataset.toml").unlink()  # an empty folder is free
    assert fetched(server, tmp_path / "own").description.exists()
    assert fetched(server, tmp_path / "own").description.exists()  # and then ours


def test_what_somebody_changed_in_a_description_is_kept_beside_the_new_one(server, tmp_path):
    said: list[str] = []
    path = fetched(server, tmp_path / "ours").description
    written = path.read_bytes()
    mine = written + b"\n# goals of the council\n"
    for number in (1, 2):
        path.write_bytes(mine)
        fetched(server, tmp_path / "ours", report=said.append)
        assert path.read_bytes() == written
        assert (tmp_path / "ours" / f"dataset.edited-{number}.toml").read_bytes() == mine
        assert any(f"dataset.edited-{number}.toml" in line for line in said)
    fetched(server, tmp_path / "ours")
    assert len(list((tmp_path / "ours").glob("dataset.edited-*"))) == 2

"""SCB's Excel files: a made one with everything that is odd in them, and Malmö's real ones where they are at hand."""

import shutil

import openpyxl
import pytest

import mrstats as mr
from made_city import ROOT
from mrstats.schema import DatasetError, NotPublishedError, UnknownNameError
from mrstats.sources.scb_excel import read_scb_excel

FOOTER = [
    [],
    ["Från och med 2022 ingår inte längre …"],
    [],
    ["Senaste uppdatering:"],
    ["20240301 08:00"],
    [],
    ["Källa:"],
    ["SCB"],
    [],
    ["Kontaktperson:"],
    ["Statistikservice, SCB"],
    [],
    ["Databas:"],
    ["Statistikdatabasen"],
    [],
    ["Intern referenskod:"],
    ["000009ZZ"],
]


def workbook(path, title, rows, footer=FOOTER):
    book = openpyxl.Workbook()
    for row in [[title], [], *rows, *footer]:
        book.active.append(row)
    book.save(path)
    return path


@pytest.fixture
def stacked(tmp_path):
    return workbook(
        tmp_path / "stacked.xlsx",
        "Folkmängden per region efter region, år, ålder och kön",
        [
            [None, "2022", None, None, None],
            [None, "0-4 år", None, "totalt", None],
            [None, "kvinnor", "män", "kvinnor", "män"],
            ["1280C1010", 12, 15, 400, 410],
            ["1280C1020", "..", "-", 300, 310],
        ],
    )


def test_stacked_headings_become_one_row_a_cell(stacked):
    table = read_scb_excel(stacked)
    frame = table.frame
    assert {"region", "år", "ålder", "kön", "value", "symbol"} <= set(frame.columns)
    assert len(frame) == 8
    cells = frame.set_index(["region", "år", "ålder", "kön"])["value"]
    assert cells["1280C1010", "2022", "0-4 år", "män"] == 15
    assert cells["1280C1020", "2022", "totalt", "kvinnor"] == 300


def test_two_dots_are_missing_and_a_dash_is_a_true_zero(stacked):
    cells = read_scb_excel(stacked).frame.set_index(["region", "ålder", "kön"])
    assert cells["value"].isna().sum() == 1
    assert cells.loc[("1280C1020", "0-4 år", "kvinnor"), "symbol"] == ".."
    assert cells.loc[("1280C1020", "0-4 år", "män"), "value"] == 0
    assert cells.loc[("1280C1020", "0-4 år", "män"), "symbol"] == ""


def test_row_numbers_are_those_of_the_sheet(stacked):
    frame = read_scb_excel(stacked).frame
    assert set(frame.index[frame["region"] == "1280C1010"]) == {6}
    assert set(frame.index[frame["region"] == "1280C1020"]) == {7}


def test_title_notes_and_source_are_kept(stacked):
    table = read_scb_excel(stacked)
    assert table.title.startswith("Folkmängden per region efter")
    assert table.source == "SCB"
    assert "2024" in table.updated
    assert any("Från och med 2022" in note for note in table.notes)
    assert not table.frame["region"].str.contains("SCB|Källa|Databas").any()


def test_region_in_the_second_column_with_blank_repeats(tmp_path):
    path = workbook(
        tmp_path / "second.xlsx",
        "Folkmängden per region efter år, region och kön",
        [
            [None, None, "totalt"],
            ["2022", "1280C1010", 5],
            [None, "1280C1020", 7],
            ["2023", "1280C1010", 6],
            [None, "1280C1020", 8],
        ],
    )
    cells = read_scb_excel(path).frame.set_index(["år", "region"])["value"]
    assert cells.to_dict() == {
        ("2022", "1280C1010"): 5,
        ("2022", "1280C1020"): 7,
        ("2023", "1280C1010"): 6,
        ("2023", "1280C1020"): 8,
    }


def test_a_missing_file_and_one_that_is_no_excel_are_named(tmp_path):
    (tmp_path / "text.xlsx").write_text("region;value\n")
    for name in ("nowhere.xlsx", "text.xlsx"):
        with pytest.raises(DatasetError, match=name.replace(".", r"\.")):
            read_scb_excel(tmp_path / name)


def test_a_sheet_without_scbs_title_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"plain\.xlsx"):
        read_scb_excel(workbook(tmp_path / "plain.xlsx", "region", [["1280C1010", 5]], footer=[]))


def test_a_hidden_symbol_hides_the_sums_of_a_dataset(tmp_path):
    workbook(
        tmp_path / "t_000009ZZ_.xlsx",
        "Folkmängden per region efter region, år och kön",
        [
            [None, "2022", None],
            [None, "kvinnor", "män"],
            ["1280C1010", 12, 15],
            ["1280C1020", "..", 20],
            ["1281C1010", 99, 99],
        ],
    )
    (tmp_path / "key.csv").write_text("deso,regso\n1280C1010,1280R001\n1280C1020,1280R002\n", encoding="utf-8")
    (tmp_path / "dataset.toml").write_text(
        """
[dataset]
name = "scbtest"
label = "Malmö"
municipality = "1280"
public = true
years = [2022]
[tables.people]
files = "*000009ZZ*.xlsx"
grain = "cell"
year = "år"
count = "value"
area_prefix = "1280"
[factors.sex]
table = "people"
column = "kön"
codes = { "kvinnor" = "women", "män" = "men" }
[geographies.deso]
column = "region"
file = "key.csv"
code = "deso"
[indicators.population]
table = "people"
measure = "count"
label = "Befolkning"
population = "alla"
share = "antalet"
unit = "personer"
source = "SCB"
""",
        encoding="utf-8",
    )
    table = mr.break_down(mr.open_dataset(tmp_path), "population", by="sex", geography="deso").set_index(
        ["geography", "sex"]
    )
    assert table.loc[("1280C1010", "_T"), "value"] == 27  # the neighbour municipality's row is not in it
    assert table.loc[("1280", "men"), "value"] == 35
    for key in [("1280C1020", "women"), ("1280C1020", "_T"), ("1280", "women"), ("1280", "_T")]:
        assert "C" in table.loc[key, "status"].split()
        assert table.loc[[key], "value"].isna().all()


@pytest.fixture(scope="module")
def malmo(tmp_path_factory):
    from made_city import SHARED

    source = SHARED / "data" / "sverige"
    if not source.exists():
        pytest.skip("../shared/data/sverige is not beside the project")
    folder = tmp_path_factory.mktemp("raw") / "malmo"
    folder.mkdir()
    shutil.copy(ROOT / "data" / "raw" / "malmo" / "dataset.toml", folder)
    for path in [*source.glob("*.csv"), *(source / "scb_deso_xlsx").glob("*.xlsx")]:
        if path.suffix == ".csv" or any(code in path.name for code in ("7A8", "5FC", "5FF", "6TA", "5MO", "5FB")):
            shutil.copy(path, folder)
    return mr.open_dataset(folder)


def test_malmos_population_is_the_known_one(malmo):
    table = mr.break_down(malmo, "population", geography="deso", years=2022)
    assert table.loc[table["geography_level"] == "city", "value"].tolist() == [357_377]
    areas = table[table["geography_level"] == "deso"]
    assert len(areas) == 192
    assert areas["value"].sum() == 357_377
    assert mr.break_down(malmo, "population_2023", years=2023)["value"].tolist() == [362_133]


def test_malmos_deso_make_91_regso(malmo):
    table = mr.break_down(malmo, "population", geography="regso", years=2022)
    areas = table[table["geography_level"] == "regso"]
    assert len(areas) == 91
    assert areas["value"].sum() == 357_377
    assert areas["geography"].str.fullmatch(r"1280R\d{3}").all()


def test_a_cross_scb_does_not_publish_lists_what_it_does(malmo):
    with pytest.raises(NotPublishedError) as caught:
        mr.break_down(malmo, "population_by_birth", by=["country_of_birth_deso", "age_group_5"], years=2022)
    asked, held = str(caught.value).split("holds it by")
    assert "age_group_5" in asked
    assert "country_of_birth_deso" in held


def test_a_factor_that_none_of_the_files_holds_lists_those_there_are(malmo):
    with pytest.raises(UnknownNameError, match=r"sex.*country_of_birth_deso|sex.*age_group_5"):
        mr.break_down(malmo, "employment", by="sex", years=2022)

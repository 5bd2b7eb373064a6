"""One table, two vintages: rows kept by vintage and year, never by value; what changed between two code lists."""

import pandas as pd
import pytest

import mrstats as mr
from mrstats.dataset import open_dataset
from mrstats.dataset.description import describe
from mrstats.dataset.divisions import in_vintage
from mrstats.schema import DatasetError
from mrstats.vintages import area_changes, area_links, linked_exactly, rows_of_vintage, split_codes, strange_code

MIXED = pd.DataFrame(
    {
        "region": ["1280C1020", "1280C1020", "1280C1020_DeSO2025", "1280C1020_DeSO2025", "1280R001_RegSO2025"],
        "year": ["2023", "2024", "2023", "2024", "2024"],
        "value": [1439, 0, None, 0, 5],
    }
)


def test_a_suffix_is_read_whatever_its_case_and_a_bare_code_has_none():
    made = split_codes(pd.Series(["1280C1020_deso2025", "1280R001_RegSO2025", "1280C1020", "A_B"]))
    assert made.values.tolist() == [
        ["1280C1020", "deso", "2025"], ["1280R001", "regso", "2025"], ["1280C1020", "", ""], ["A_B", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("system", "vintage", "kept"),
    [("deso", "2018", [0]), ("deso", "2025", [3]), ("regso", "2025", [4]), ("regso", "2020", [0])],
)
def test_rows_are_kept_by_vintage_and_year_never_by_value(system, vintage, kept):
    made = rows_of_vintage(MIXED, area="region", year="year", system=system, vintage=vintage)
    assert made.index.tolist() == kept  # the 0 of 2024 is a figure in the new vintage, and no area in the old
    assert not made["region"].str.contains("_").any()


def test_a_table_of_one_vintage_keeps_every_row():
    plain = MIXED[:2]
    assert len(rows_of_vintage(plain, area="region", year=2030, system="deso", vintage="2025")) == 2


LOG = pd.DataFrame(
    [("A1", "A11"), ("A1", "A12"), ("B1", "C1"), ("D1", "D9"), ("C1", "C1"), ("E1", "E1")], columns=["old", "new"]
).assign(change=["Upphör; till nybildad"] * 2 + ["Upphör; till befintlig", "Kodändrad", "Utvidgas", "Utvidgas"])


def test_each_area_is_unchanged_moved_split_merged_recoded_or_new():
    made = area_changes(LOG, ["A1", "B1", "C1", "D1", "E1", "F1"], ["A11", "A12", "C1", "D9", "E1", "F1"])
    assert dict(zip(made["code"], made["change"], strict=True)) == {
        "A1": "split", "A11": "new", "A12": "new", "B1": "merged", "C1": "moved", "D1": "recoded", "D9": "recoded",
        "E1": "moved", "F1": "unchanged",
    }  # fmt: skip
    ground = dict(zip(made["code"], made["ground"], strict=True))
    assert ground["C1"]  # it took B1 in
    assert not ground["E1"]  # it only grew, and nobody moved


def test_an_area_with_one_link_carries_its_people_over_exactly():
    links = area_links(LOG, ["A1", "B1", "C1", "D1", "E1", "F1"], ["A11", "A12", "C1", "D9", "E1", "F1"])
    assert linked_exactly(links, onward=True) == {"B1": "C1", "C1": "C1", "D1": "D9", "E1": "E1", "F1": "F1"}
    assert set(linked_exactly(links, onward=False)) == {"A11", "A12", "D9", "E1", "F1"}  # C1 is of B1 and C1


def test_a_log_that_does_not_fit_its_code_lists_is_told():
    with pytest.raises(DatasetError, match=r"the change log names 'A1' \(1 such codes\)"):
        area_changes(LOG[:2], ["B1"], ["A11", "A12", "B1"])
    with pytest.raises(DatasetError, match="does not say what became of 'Z1'"):
        area_changes(LOG[:2], ["A1", "Z1"], ["A11", "A12"])
    with pytest.raises(DatasetError, match="the change log lacks old, new"):
        area_changes(pd.DataFrame({"change": []}), ["A1"], ["A1"])


def test_a_strange_code_is_explained():
    codes = {"0114C1010"}
    assert strange_code("114C1010", codes, "deso").startswith("has lost its leading zero ('0114C1010'")
    assert strange_code("0114C1010", {"114C1010"}, "deso").startswith("has lost its leading zero in [geographies.deso]")
    assert strange_code("0114C1010_DeSO2025", codes, "deso").startswith("is of deso 2025, not of [geographies.deso]")
    assert strange_code("0114C1090", codes, "deso") == (
        "is not in [geographies.deso]. Correct the code, or check the division's vintage."
    )


TOML = """
[dataset]
name = "made"
label = "Påhittstad"
municipality = "1280"
synthetic = true
years = [2023, 2024]
[tables.people]
files = "people-*.csv"
grain = "cell"
year = "year"
count = "persons"
[geographies.deso]
file = "key-2018*.csv"
column = "region"
vintage = 2018
[geographies.deso_2025]
file = "key-2025*.csv"
column = "region"
vintage = 2025
changes = "log.csv"
[indicators.population]
table = "people"
measure = "count"
label = "befolkning"
population = "alla"
share = "antalet"
unit = "personer"
source = "register"
"""
FILES = {
    "key-2018_2026-03-25.csv": "code\n1280C1010\n1280C1020\n",
    "key-2025_2026-03-25.csv": "code\n1280C1010\n1280C1021\n1280C1022\n",
    "log.csv": "old,new,change\n1280C1020,1280C1021,split\n1280C1020,1280C1022,split\n",
    "people-1.csv": "region,year,persons\n1280C1010,2023,10\n1280C1020,2023,20\n1280C1010,2024,0\n1280C1020,2024,0\n"
    + "1280C1010_DeSO2025,2023,0\n1280C1010_DeSO2025,2024,11\n1280C1021_DeSO2025,2024,12\n1280C1022_DeSO2025,2024,0\n",
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "made"
    folder.mkdir()
    for name, text in {"dataset.toml": TOML, **FILES}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_table_of_two_vintages_is_read_by_each_in_its_own_years(folder):
    assert mr.check_dataset(folder) == []
    city = open_dataset(folder)
    old = mr.break_down(city, "population", geography="deso", years=2023)
    new = mr.break_down(city, "population", geography="deso_2025", years=2024)
    for table, expected in (
        (old, {"1280C1010": 10, "1280C1020": 20}),
        (new, {"1280C1010": 11, "1280C1021": 12, "1280C1022": 0}),
    ):
        areas = table[table["geography_level"] != "city"]
        assert dict(zip(areas["geography"], areas["value"], strict=True)) == expected
    with pytest.raises(DatasetError, match=r"2024 is not on deso 2018. Ask for deso_2025 in that year"):
        mr.break_down(city, "population", geography="deso", years=2024)


def test_a_division_of_a_dataset_knows_its_links_and_its_keys(folder, tiny):
    city = open_dataset(folder)
    assert city.division("deso").links is None
    links = city.division("deso_2025").links
    assert links[["old", "new"]].values.tolist() == [
        ["1280C1010", "1280C1010"], ["1280C1020", "1280C1021"], ["1280C1020", "1280C1022"],
    ]  # fmt: skip
    assert tiny.division("area").parents["district"]["A1"] == "D1"


def test_a_key_file_is_found_by_pattern_and_two_are_told(folder):
    (folder / "key-2018_2027-01-01.csv").write_text("code\n1280C1010\n", encoding="utf-8")
    found = mr.check_dataset(folder)
    assert "finds 2 files in made/: key-2018_2026-03-25.csv, key-2018_2027-01-01.csv. Keep one." in str(found[0])


def test_a_column_that_two_systems_share_holds_each_row_once():
    """A bare code is of the first vintage of DeSO and of RegSO alike; counted for both it would be people counted twice."""
    levels = {"deso": {"column": "region", "vintage": 2018}, "regso": {"column": "region", "vintage": 2020}}
    tables = {"people": {"files": "people.csv", "grain": "cell", "year": "year", "count": "persons"}}
    described = describe(
        {"dataset": {"name": "a", "label": "a", "municipality": "1280"}, "tables": tables, "geographies": levels}
    )
    frame = pd.DataFrame(
        {"region": ["1280C1020", "1280R001", "1280C1020_DeSO2025"], "year": 2023, "persons": [5, 7, 0]}
    )
    frame.index = [4, 4, 5]  # two cells of one row of a spreadsheet
    kept = in_vintage(frame, described.tables["people"], described)
    assert kept["persons"].tolist() == [5, 7]
    assert kept.index.tolist() == [4, 4]

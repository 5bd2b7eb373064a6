"""Open tables: what a release shows and hides, in the shape a PxWeb and a spreadsheet take, and read back the same."""

from __future__ import annotations

import datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest

import mrstats as mr
from mrstats.appendix.opentables import release_cubes, write_open_tables
from mrstats.breakdown import check_request
from mrstats.dataset.release import read_release_table
from mrstats.disclosure import ProtectionRule, write_release
from mrstats.sources import read_jsonstat, read_px
from mrstats.sources.cube import Unit

DATE = datetime.date(2025, 3, 1)
RULE = ProtectionRule(method="suppress", min_count=25, min_count_sensitive=25)
"""Strict enough to hide the 22 employed women and, with them, the men: the total is shown."""


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The release of three requests of the hundred persons: a factor, two factors one at a time, and a count by area."""
    tiny = mr.tiny_city()
    asked = (
        check_request(tiny, "employment", by=["sex"]),
        check_request(tiny, "visits", by=["sex", "country_of_birth_five"], geography="district", crossed=False),
        check_request(tiny, "population", by=["sex"], geography="district"),
    )
    folder = tmp_path_factory.mktemp("open")
    return tiny, [r.key for r in asked], write_release(tiny, asked, folder / "release", rule=RULE), folder


def test_what_is_hidden_has_no_value_and_its_symbol_and_what_is_shown_is_as_printed(released):
    tiny, keys, release, _ = released
    cube = release_cubes(tiny, release, language="sv", date=DATE)[keys[0]]
    assert [d.code for d in cube.dimensions] == ["geography", "sex", "contents", "year"]
    assert cube.dimension("sex").total == "_T"
    assert cube.units["employment"] == Unit("procent", 1)
    assert cube.units["employment.n"] == Unit("personer", 0)
    hidden = cube.frame["sex"] != "_T"
    assert cube.frame.loc[hidden, "value"].isna().all()
    assert set(cube.frame.loc[hidden, "status"]) == {".."}
    # 48 of 80 are employed; Wilson's interval of that is 0.490–0.700
    assert cube.frame.loc[~hidden, "value"].tolist() == [60.0, 49.0, 70.0, 80.0]
    said = cube.mandatory_notes
    assert said[0] == "Syntetiska exempeldata"
    assert said[1].startswith(".. = visas inte")
    assert any("slumpen från år till år" in note for note in said)
    assert cube.updated == "2025-03-01"


def test_factors_one_at_a_time_become_a_table_each_and_no_cell_is_made_up(released):
    tiny, keys, release, _ = released
    cubes = release_cubes(tiny, release, language="sv", date=DATE)
    parts = [cube for name, cube in cubes.items() if name.startswith(keys[1])]
    assert [cube.dimensions[1].code for cube in parts] == ["contents", "sex", "country_of_birth_five"]
    assert not any((cube.frame["status"] == "...").any() for cube in parts)
    table = read_release_table(release.folder / "tables" / f"{keys[1]}.csv", dataset=tiny.key)
    values = [cube.frame[cube.frame["contents"] == "visits"] for cube in parts]
    assert sum(map(len, values)) == len(table) + 2  # the city's total stands in all three


def test_a_count_has_no_interval_and_may_be_added_where_nothing_is_hidden(released, tmp_path):
    tiny, _, hiding, _ = released
    request = check_request(tiny, "population", by=["sex"], geography="district")
    open_release = write_release(tiny, (request,), tmp_path / "release")
    cube = release_cubes(tiny, open_release, language="en", date=DATE)[request.key]
    assert list(cube.dimension("contents").categories) == ["population"]
    assert cube.dimension("geography").total == tiny.municipality
    assert cube.units["population"].decimals == 0
    assert cube.frame.loc[0, ["geography", "sex", "value"]].tolist() == [tiny.municipality, "women", 50.0]
    assert cube.aggregation_allowed
    assert not release_cubes(tiny, hiding, language="en", date=DATE)[request.key].aggregation_allowed
    assert cube.language == "en"


def test_each_file_reads_back_as_the_release_and_two_writings_are_the_same_bytes(released):
    tiny, _, release, folder = released
    written = write_open_tables(tiny, release, folder / "tables", language="sv", date=DATE)
    again = write_open_tables(tiny, release, folder / "again", language="sv", date=DATE)
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]
    cubes = release_cubes(tiny, release, language="sv", date=DATE)
    assert [path.name for path in written] == [
        *(f"{key}.px" for key in cubes),
        *(f"{key}.json" for key in cubes),
        "tables.xlsx",
    ]
    for path, cube in zip(written, cubes.values(), strict=False):
        read = read_px(path)
        pd.testing.assert_frame_equal(read.frame, cube.frame, check_dtype=False)
        assert (read.dimensions, read.units, read.label, read.code) == (
            cube.dimensions,
            cube.units,
            cube.label,
            cube.code,
        )
        assert read.mandatory_notes == cube.mandatory_notes
        stat = read_jsonstat(path.with_suffix(".json").read_text(encoding="utf-8"), where="the written file")
        pd.testing.assert_frame_equal(stat.frame, read.frame, check_dtype=False)
        assert (stat.label, stat.mandatory_notes) == (read.label, read.mandatory_notes)


def test_every_figure_that_is_shown_is_the_release_tables(released):
    tiny, keys, release, _ = released
    for key in (keys[0], keys[2]):
        cube = release_cubes(tiny, release, language="sv", date=DATE)[key]
        table = read_release_table(release.folder / "tables" / f"{key}.csv", dataset=tiny.key)
        told = table.set_index(["geography", "sex"])["value"]
        values = cube.frame[cube.frame["contents"] == table["indicator"].iloc[0]].set_index(["geography", "sex"])[
            "value"
        ]
        np.testing.assert_allclose(values, told[values.index], atol=0.05)


def test_the_workbook_has_an_index_and_a_sheet_a_table(released):
    tiny, _, release, folder = released
    path = folder / "tables" / "tables.xlsx"
    if not path.exists():
        write_open_tables(tiny, release, folder / "tables", language="sv", date=DATE)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Innehåll", *(f"Tabell {i}" for i in range(1, 6))]
    assert not any(sheet.merged_cells.ranges for sheet in book)
    sheet = book["Tabell 1"]
    assert sheet["A1"].value == "Tabell 1. " + book["Innehåll"]["B1"].value
    assert sheet.freeze_panes == "B5"
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert rows[0][:4] == ("Pytteby", "Kön", "År", "Andel sysselsatta")
    assert ("Hela staden", "Kvinnor", "2024", "..", "..", "..", "..", None) in [
        tuple(str(v).capitalize() if i == 1 else v for i, v in enumerate(row)) for row in rows
    ]
    assert ("Hela staden", "Totalt", "2024", 60, 49, 70, 80, None) in rows
    assert any(str(row[0]).startswith(".. = visas inte") for row in rows)

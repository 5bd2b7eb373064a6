"""JSON-stat: six recorded responses without loss, every form the standard allows, and what is wrong named."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mrstats.schema import DatasetError
from mrstats.sources import Unit, read_jsonstat, write_jsonstat

RECORDED = [
    "scb_v2_TAB6471_data.json",
    "scb_v2_TAB6471_metadata.json",
    "ref_MetadataById_tab001_js2.json",
    "ref_MetadataById_tab003_js2.json",
    "ref_MetadataById_tab004_js2.json",
]
DRAFT = "spec_dataset-meta.json"
"""An example of the draft specification: notes in the extension, and a size that is not that of its categories."""


def small(**changes):
    """Two areas by three years, constructed."""
    return {
        "version": "2.0",
        "class": "dataset",
        "label": "Persons",
        "role": {"time": ["Tid"]},
        "id": ["Region", "Tid"],
        "size": [2, 3],
        "dimension": {
            "Region": {"label": "region", "category": {"index": {"B": 1, "A": 0}, "label": {"A": "Aby", "B": "Bby"}}},
            "Tid": {"label": "year", "category": {"index": ["2022", "2023", "2024"]}},
        },
        "value": [1, 2, None, 4, 5.5, 6],
    } | changes


def texts(found, path=()):
    """Every leaf of an object with its path."""
    if isinstance(found, dict | list) and found:
        for key, entry in found.items() if isinstance(found, dict) else enumerate(found):
            yield from texts(entry, (*path, key))
    else:
        yield path, found


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_response_is_written_back_key_for_key(name, shared):
    recorded = json.loads(shared("data", "pxweb", name).read_text(encoding="utf-8"))
    assert write_jsonstat(read_jsonstat(recorded, where=name)) == recorded


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_recorded_response_says_stands_in_the_cube(name, shared):
    recorded = json.loads(shared("data", "pxweb", name).read_text(encoding="utf-8"))
    cube = read_jsonstat(recorded)
    px = recorded["extension"]["px"]
    assert [d.code for d in cube.dimensions] == recorded["id"]
    assert [len(d.categories) for d in cube.dimensions] == recorded["size"]
    assert (cube.label, cube.source, cube.updated) == (recorded["label"], recorded["source"], recorded["updated"])
    assert (cube.code, cube.language, cube.aggregation_allowed) == (px["tableid"], px["language"], px["aggregallowed"])
    for dimension in cube.dimensions:
        told = recorded["dimension"][dimension.code]
        assert dimension.categories == told["category"]["label"]
        assert dimension.total == told["extension"].get("eliminationValueCode")
        assert dimension.can_be_left_out == told["extension"]["elimination"]
        assert {n.text for n in cube.notes if n.at == {dimension.code: ""}} == set(told.get("note", []))
        for code, unit in told["category"].get("unit", {}).items():
            assert (cube.units[code].name, cube.units[code].decimals) == (unit["base"], unit["decimals"])
    assert [n.text for n in cube.notes if not n.at] == recorded.get("note", [])
    must = recorded["extension"].get("noteMandatory", {})
    assert [n.mandatory for n in cube.notes if not n.at] == [
        str(i) in must for i in range(len(recorded.get("note", [])))
    ]
    assert len(cube.contacts) == len(recorded["extension"]["contact"])


def test_the_draft_specification_is_read_without_loss(shared):
    recorded = json.loads(shared("data", "pxweb", DRAFT).read_text(encoding="utf-8"))
    cube = read_jsonstat(recorded, where=DRAFT)
    written = write_jsonstat(cube)
    kept = dict(texts(written))
    notes = {note.text for note in cube.notes if note.mandatory}
    for path, leaf in texts(recorded):
        if "note" in path or "valueNote" in path:
            assert path[-1] != "text" or leaf in notes
        elif path[0] != "size":
            assert kept[path] == leaf, path
    assert len(cube.notes) == 12
    assert ("Region", "0140") in [tuple(*note.at.items()) for note in cube.notes if note.at]
    assert write_jsonstat(read_jsonstat(written)) == written


def test_the_protection_of_the_population_register_must_be_told(shared):
    cube = read_jsonstat(shared("data", "pxweb", RECORDED[0]).read_bytes())
    assert len(cube.frame) == 21 * 11 * 3 * 4 == 2772
    assert any("Cell Key Method" in note for note in cube.mandatory_notes)
    assert len(cube.mandatory_notes) == 5  # four of the table, one of age
    assert not cube.aggregation_allowed
    assert cube.frame["value"].tolist()[:2] == [245284, 247245]  # as the file's list of numbers begins


def test_dense_and_sparse_cells_are_the_same_table():
    dense = read_jsonstat(small())
    sparse = read_jsonstat(small(value={"0": 1, "1": 2, "3": 4, "4": 5.5, "5": 6}))
    assert dense.frame.equals(sparse.frame)
    assert dense.frame["Region"].tolist() == ["A", "A", "A", "B", "B", "B"]
    assert math.isnan(dense.frame["value"][2])
    assert dense.frame["status"].tolist() == [""] * 6


@pytest.mark.parametrize(
    ("status", "marks"),
    [
        ({"2": "..", "4": "p"}, ["", "", "..", "", "p", ""]),
        ([None, "", "..", None, "p", ""], ["", "", "..", "", "p", ""]),
        ("p", ["p"] * 6),
        (None, [""] * 6),
    ],
)
def test_status_in_every_form_stands_beside_the_value(status, marks):
    frame = read_jsonstat(small(status=status)).frame
    assert frame["status"].tolist() == marks
    assert frame["value"][4] == 5.5


def test_a_dash_is_a_true_zero_and_dots_are_not():
    marks = {"0": "-", "1": "..", "2": ".", "3": "...", "4": "-"}
    frame = read_jsonstat(small(value=[None, None, None, None, 7, None], status=marks)).frame
    assert frame["value"][0] == 0
    assert frame["value"][1:4].isna().all()
    assert frame["value"][4] == 7  # the publisher's number, whatever stands beside it
    assert math.isnan(frame["value"][5])


def test_cells_of_the_other_vintage_stay_missing():
    """Constructed as SCB serves DeSO: bare codes to 2023, suffixed ones from 2024, null in the others' years."""
    area = {"index": ["1280C1020", "1280C1020_DeSO2025"]}
    told = small(value=[10, 11, None, None, None, 12])
    told["dimension"]["Region"] = {"label": "region", "category": area}
    frame = read_jsonstat(told).frame.set_index(["Region", "Tid"])["value"]
    assert math.isnan(frame["1280C1020", "2024"])
    assert frame["1280C1020_DeSO2025"].isna().tolist() == [True, True, False]
    assert frame.sum() == 33


def test_notes_of_table_dimension_category_and_cell_come_back():
    told = small(note=["one", "two"], extension={"noteMandatory": {"1": True}})
    told["dimension"]["Tid"] |= {"note": "of years", "extension": {"noteMandatory": {"0": True}}}
    told["dimension"]["Region"]["category"]["note"] = {"B": ["of B"]}
    told["dimension"]["Region"]["extension"] = {"categoryNoteMandatory": {"B": {"0": True}}}
    told["extension"]["cellNote"] = [{"at": {"Region": "B", "Tid": "2024"}, "text": "of a cell", "mandatory": False}]
    cube = read_jsonstat(told)
    assert [(note.text, note.mandatory, note.at) for note in cube.notes] == [
        ("one", False, {}),
        ("two", True, {}),
        ("of B", True, {"Region": "B"}),
        ("of years", True, {"Tid": ""}),
        ("of a cell", False, {"Region": "B", "Tid": "2024"}),
    ]
    assert read_jsonstat(write_jsonstat(cube)).notes == cube.notes


def test_a_table_of_one_metric_without_a_dimension_keeps_its_unit():
    told = small(extension={"px": {"units": "persons", "decimals": 1}})
    cube = read_jsonstat(told)
    assert (cube.units[""].name, cube.units[""].decimals) == ("persons", 1)
    assert read_jsonstat(write_jsonstat(cube)).units == cube.units


def test_units_tell_which_dimension_is_the_metric():
    told = small()
    told["dimension"]["Region"]["category"]["unit"] = {"A": {"base": "persons", "decimals": 0, "symbol": "p"}}
    cube = read_jsonstat(told)
    assert cube.dimension("Region").role == "metric"
    assert (
        write_jsonstat(cube)["dimension"]["Region"]["category"]["unit"]
        == told["dimension"]["Region"]["category"]["unit"]
    )
    with pytest.raises(DatasetError, match="a unit for 'C', which is no category of a metric dimension"):
        write_jsonstat(replace(cube, units={"C": Unit("persons")}))


def test_contacts_are_those_of_the_cube():
    contact = {"name": "Service", "organization": "SCB", "phone": "", "mail": "a@scb.se"}
    cube = read_jsonstat(small(extension={"contact": [contact]}))
    assert cube.contacts == ("Service, SCB, a@scb.se",)
    assert write_jsonstat(cube)["extension"]["contact"] == [contact]
    ours = write_jsonstat(replace(cube, contacts=("The city",)))
    assert read_jsonstat(ours).contacts == ("The city",)


def test_a_lone_category_needs_no_index():
    told = small(size=[1, 3], value=[1, 2, 3])
    told["dimension"]["Region"] = {"category": {"label": {"A": "Aby"}}}
    assert read_jsonstat(told).dimension("Region").categories == {"A": "Aby"}


def test_what_was_handed_over_is_left_as_it_was():
    told = small(note=["one"])
    before = json.dumps(told)
    read_jsonstat(told)
    assert json.dumps(told) == before


@given(
    st.lists(st.sampled_from([None, 0, 1, 12.5, -3]), min_size=6, max_size=6),
    st.lists(st.sampled_from(["", "..", ".", "-", "p"]), min_size=6, max_size=6),
)
def test_written_and_read_again_is_the_same_cube(value, status):
    cube = read_jsonstat(small(value=value, status=status))
    again = read_jsonstat(json.dumps(write_jsonstat(cube), allow_nan=False))
    assert again.frame.equals(cube.frame)
    assert again.dimensions == tuple(cube.dimensions)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ('{"version": "2.0", "class": "dat', "where.json: the text is not whole JSON"),
        ({"class": "collection", "version": "2.0"}, "no JSON-stat 2.0 dataset"),
        ([], "no JSON-stat 2.0 dataset"),
        ({"class": "dataset", "version": "1.3"}, "no JSON-stat 2.0 dataset"),
        ({"class": "dataset", "version": "2.0", "id": []}, "no 'size'"),
        (small(id=["Region", "Year"]), "do not name the same dimensions"),
        (small(size=[2, 4]), "Tid has 3 categories where size says 4"),
        (small(value=[1, 2]), "value has 2 entries for 6 cells"),
        (small(value={"6": 1}), "value has a cell '6', but there are 6 cells"),
        (small(status={"x": ".."}), "status has a cell 'x'"),
        (small(value=[1, 2, "..", 4, 5, 6]), "a cell is no number"),
    ],
)
def test_what_is_wrong_is_named(told, says):
    with pytest.raises(DatasetError, match=says):
        read_jsonstat(told if isinstance(told, str) else json.dumps(told), where="where.json")


def test_categories_with_a_hole_are_refused():
    told = small()
    told["dimension"]["Region"]["category"]["index"] = {"A": 0, "B": 2}
    with pytest.raises(DatasetError, match="the categories of Region do not stand in one order"):
        read_jsonstat(told)


def test_rows_in_another_order_are_not_written():
    cube = read_jsonstat(small())
    cube.frame.loc[0, "Region"] = "B"
    with pytest.raises(DatasetError, match="not the cells of Region, Tid in their order"):
        write_jsonstat(cube)


def test_whole_numbers_are_written_whole():
    assert [type(value) for value in write_jsonstat(read_jsonstat(small()))["value"]] == [
        int,
        int,
        type(None),
        int,
        float,
        int,
    ]

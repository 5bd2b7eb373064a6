"""Areas from files: key files with titles, map-service answers of either vintage, wrong and missing coordinate systems.

The map-service answers are made from their documented columns (design/sources.md); none was recorded.
"""

import json

import geopandas as gpd
import openpyxl
import pytest
from shapely import box

from mrstats.schema import DatasetError
from mrstats.sources import find_file, read_key_file, read_polygons, read_scb_areas

CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3006"}}


def answer(tmp_path, rows, *, crs=CRS, east=373_000, north=6_163_000):
    """A WFS answer as GeoJSON: one square of 100 m a row, easting first."""
    features = [
        {
            "type": "Feature",
            "properties": row,
            "geometry": json.loads(
                json.dumps(box(east + 100 * i, north, east + 100 * i + 100, north + 100).__geo_interface__)
            ),
        }
        for i, row in enumerate(rows)
    ]
    text = {"type": "FeatureCollection", "features": features} | ({"crs": crs} if crs else {})
    path = tmp_path / "deso.geojson"
    path.write_text(json.dumps(text), encoding="utf-8")
    return path


def test_both_vintages_of_the_map_service_are_read_alike(tmp_path):
    new = {"desokod": "1280C1020", "regsokod": "1280R073", "kommunkod": "1280", "version": "2025_v2"}
    made = read_scb_areas(answer(tmp_path, [new]), "deso")
    assert made.drop(columns="geometry").values.tolist() == [["1280C1020", "1280C1020", "1280R073", "2025"]]
    assert made.crs.to_epsg() == 3006
    assert made.total_bounds.tolist() == [373_000, 6_163_000, 373_100, 6_163_100]
    old = read_scb_areas(answer(tmp_path, [{"Deso": "1280C1020", "kommun": "1280", "kommunnamn": "Malmö"}]), "deso")
    assert old.drop(columns="geometry").values.tolist() == [["1280C1020", "1280C1020", ""]]
    regso = read_scb_areas(
        answer(tmp_path, [{"regsokod": "1280R001", "regsonamn": "Almvik", "version": "2020_v1"}]), "regso"
    )
    assert regso.drop(columns="geometry").values.tolist() == [["1280R001", "Almvik", "2020"]]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"kod": "1280C1020"}], r"has no column of deso codes \(desokod or deso\). Its columns: kod, geometry"),
        ([{"desokod": "114C1020"}], "'114C1020' are no deso codes"),
        (
            [{"desokod": f"1280C10{i}0", "version": v} for i, v in ((1, "2018"), (2, "2025_v2"))],
            "areas of 2018 and 2025. Ask for one",
        ),
    ],
)
def test_an_answer_that_is_none_is_told(tmp_path, rows, message):
    with pytest.raises(DatasetError, match=message):
        read_scb_areas(answer(tmp_path, rows), "deso")


def test_metres_that_say_they_are_degrees_and_axes_the_wrong_way_round_are_told(tmp_path):
    with pytest.raises(DatasetError, match="say they are in degrees"):
        read_polygons(answer(tmp_path, [{"desokod": "1280C1020"}], crs=None))
    with pytest.raises(DatasetError, match="north before east"):
        read_polygons(answer(tmp_path, [{"desokod": "1280C1020"}], east=6_163_000, north=373_000))


def test_polygons_without_a_coordinate_system_are_told(tmp_path):
    path = tmp_path / "areas.shp"
    gpd.GeoDataFrame({"code": ["A"]}, geometry=[box(0, 0, 1, 1)], crs=3006).to_file(path)
    path.with_suffix(".prj").unlink()
    with pytest.raises(DatasetError, match=r"the polygons of areas\.shp have no coordinate system"):
        read_polygons(path)


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
def test_the_citys_own_file_is_read_whatever_its_form(tmp_path, suffix):
    path = tmp_path / f"areas.{suffix}"
    drawn = gpd.GeoDataFrame({"kod": ["A"]}, geometry=[box(373_000, 6_163_000, 374_000, 6_164_000)], crs=3006)
    (drawn.to_crs(4326) if suffix == "geojson" else drawn.to_crs(3008)).to_file(path)
    made = read_polygons(path)
    assert made["kod"].tolist() == ["A"]
    assert made.total_bounds == pytest.approx([373_000, 6_163_000, 374_000, 6_164_000], abs=0.5)


def test_a_key_file_in_excel_is_read_below_its_title(tmp_path):
    book = openpyxl.Workbook()
    titles = [["Koppling DeSO 2025"], ["Uppdaterad 2026-03-25"]]
    for row in (*titles, ["Kommun", "DeSO_2025", "RegSOkod_2025"], ["0114", "0114C1010", "0114R001"]):
        book.active.append(row)
    path = tmp_path / "koppling-deso2025-regso2025_2026-03-25.xlsx"
    book.save(path)
    found = find_file(tmp_path, "koppling-deso2025-*.xlsx")
    assert read_key_file(found, columns=["DeSO_2025", "RegSOkod_2025"]).values.tolist() == [
        ["0114", "0114C1010", "0114R001"]
    ]
    with pytest.raises(DatasetError, match="none of the first 20 rows holds the columns DeSO_2018"):
        read_key_file(found, columns=["DeSO_2018"])
    with pytest.raises(DatasetError, match="is missing from"):
        find_file(tmp_path, "koppling-deso2018-*.xlsx")

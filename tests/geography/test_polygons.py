"""What is wrong with polygons, told by code; and how `mrstats check` says it."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Polygon, box

import mrstats as mr
from mrstats.geography import Division
from mrstats.polygons import overlaps, polygon_problems
from mrstats.schema import DatasetError

EAST, NORTH = 400_000, 6_160_000
CLIPPED = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])


def frame(shapes):
    drawn = gpd.GeoDataFrame({"code": [code for code, _ in shapes]}, geometry=[shape for _, shape in shapes], crs=3006)
    return drawn.assign(geometry=drawn.translate(EAST, NORTH))


def ring():
    """Four areas around an empty square of 100 m."""
    return [
        ("N", box(0, 200, 300, 300)),
        ("S", box(0, 0, 300, 100)),
        ("W", box(0, 100, 100, 200)),
        ("E", box(200, 100, 300, 200)),
    ]


def test_good_polygons_have_no_problem():
    assert polygon_problems(frame([("A", box(0, 0, 100, 100)), ("B", box(100, 0, 200, 100))])) == []


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([("A", box(0, 0, 100, 100)), ("B", box(80, 0, 200, 100))],
         "polygons overlap: 'A' and 'B' (2000 m²). Draw the border between them once."),
        ([("A", CLIPPED)],
         "polygons with invalid rings: 'A' (Self-intersection[400050 6160050]). Mend them where they are drawn (make valid)."),
        ([("A", box(0, 0, 100, 100)), ("B", None)], "areas without a polygon: 'B'. Draw them, or take the rows out."),
        ([("A", box(0, 0, 100, 100)), ("A", box(100, 0, 200, 100))], "areas with several polygons: 'A'. Dissolve them by code."),
        (ring(), "gaps between areas: 10000 m² between 'N', 'S', 'W', 'E'. Close them, or say in [water] what they are."),
    ],
)  # fmt: skip
def test_each_problem_is_one_sentence_with_the_codes(shapes, message):
    assert polygon_problems(frame(shapes)) == [message]


def test_water_is_no_gap_and_two_drawings_of_a_border_are_no_overlap():
    assert polygon_problems(frame(ring()), filled=frame([("lake", box(90, 90, 210, 210))])) == []
    assert polygon_problems(frame([("A", box(0, 0, 100, 100)), ("B", box(99, 0, 200, 100))])) == []  # 100 m²


def test_many_problems_of_one_kind_are_counted_after_the_first():
    rows = [(f"A{i}", None) for i in range(9)]
    assert polygon_problems(frame(rows)) == [
        "areas without a polygon: 'A0', 'A1', 'A2', 'A3', 'A4' and 4 more. Draw them, or take the rows out."
    ]


def test_ground_is_measured_whatever_the_coordinate_systems():
    source, target = frame([("A", box(0, 0, 1000, 1000))]), frame([("B", box(250, 0, 2000, 1000))])
    made = overlaps(source.to_crs(4326), target.to_crs(3008)).set_index("target")["amount"]
    assert made["B"] == pytest.approx(750_000, rel=1e-4)
    assert made[made.index.isna()].tolist() == pytest.approx([250_000], rel=1e-3)


def test_land_drawn_twice_is_counted_once():
    source = frame([("A", box(0, 0, 1000, 1000))])
    land = frame([("x", box(0, 0, 600, 1000)), ("y", box(400, 0, 800, 1000))])
    assert overlaps(source, source.assign(code="B"), land=land)["amount"].tolist() == pytest.approx([800_000])


TOML = """
[dataset]
name = "made"
label = "Påhittstad"
municipality = "9990"
synthetic = true
years = [2024]
[tables.people]
files = "people.csv"
grain = "cell"
year = "year"
count = "persons"
[geographies.deso]
column = "area"
file = "key.csv"
polygons = "areas.gpkg"
vintage = 2024
[indicators.population]
table = "people"
measure = "count"
label = "befolkning"
population = "alla"
share = "antalet"
unit = "personer"
source = "register"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "dataset.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "key.csv").write_text("code\n0114C1010\n0114C1020\n0114C1030\n", encoding="utf-8")
    (tmp_path / "people.csv").write_text("area,year,persons\n0114C1010,2024,5\n114C1020,2024,6\n", encoding="utf-8")
    shapes = [
        ("0114C1010", box(0, 0, 100, 100)),
        ("0114C1020", box(50, 0, 200, 100)),
        ("0114C1090", box(300, 0, 400, 100)),
    ]
    frame(shapes).to_file(tmp_path / "areas.gpkg")
    return tmp_path


def test_check_tells_polygons_codes_and_lost_zeros(folder):
    assert [str(problem) for problem in mr.check_dataset(folder)] == [
        "areas.gpkg: areas of [geographies.deso] without a polygon: '0114C1030'. Draw them, or correct the key.",
        "areas.gpkg: polygons that are no area of [geographies.deso]: '0114C1090'. Correct the key, or take them out.",
        "areas.gpkg: [geographies.deso] polygons overlap: '0114C1010' and '0114C1020' (5000 m²). Draw the border between them once.",
        "people.csv, row 3: area code '114C1020' in column 'area' has lost its leading zero ('0114C1020' in [geographies.deso]). "
        "Deliver the column as text.",
    ]


def test_a_division_takes_its_polygons_from_beside_its_key(folder):
    division = mr.open_dataset(folder).division("deso")
    assert isinstance(division, Division)
    assert sorted(division.polygons["code"]) == ["0114C1010", "0114C1020"]
    assert division.vintage == "2024"


def test_a_break_down_says_that_a_code_lost_its_zero(folder):
    with pytest.raises(DatasetError, match=r"area code '114C1020' has lost its leading zero"):
        mr.break_down(mr.open_dataset(folder), "population", geography="deso", years=2024)


def test_the_example_citys_figures_come_out_right_in_its_second_division(built):
    from mrstats.harmonising import harmonise

    city = mr.open_dataset(built.folder)
    levels = ("deso", "service_area")
    fine, true = (mr.break_down(city, "employment", by="sex", geography=level, years=[2023, 2024]) for level in levels)
    known = tuple(
        table.loc[
            (table["geography_level"] == level) & (table["year"] == 2023), ["geography", "sex", "count", "population"]
        ]
        for level, table in zip(levels, (fine, true), strict=True)
    )
    now = fine[fine["year"] == 2024]
    made = harmonise(
        now, source=city.division("deso"), target=city.division("service_area"), weights=city.points(), known=known
    )
    keys = ["geography_level", "geography", "sex"]
    both = made.merge(true[true["year"] == 2024], on=keys, suffixes=("", "_true"))
    assert len(both) == len(made) == 3 * (1 + 14 + 1)
    assert ((both["value_true"] >= both["lower"]) & (both["value_true"] <= both["upper"])).mean() > 0.95
    areas = made[(made["geography_level"] == "service_area") & (made["sex"] == "_T")]
    assert areas["count"].sum() == pytest.approx(made.loc[made["geography_level"] == "city", "count"].iloc[0])
    assert set(areas["status"][areas["geography"] != "_U"]) == {"i"}
    assert pd.Series(areas["method"]).str.contains("points holdout").sum() == 14

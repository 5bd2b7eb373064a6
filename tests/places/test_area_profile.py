"""`mr.area_profile`: figures by a mask of persons, the difference from the city, what is hidden, what is refused."""

import numpy as np
import pandas as pd
import pytest
import shapely

import mrstats as mr
from mrstats.dataset.beside import read_beside
from mrstats.measures.proportions import difference_interval, wilson_interval
from mrstats.places import profiling
from mrstats.places.residents import hide_beside
from mrstats.schema import DatasetError, MrstatsError, UnknownNameError

INDICATORS = ["population", "employment", "income"]


@pytest.fixture(scope="module")
def circle(points):
    return shapely.Point(points["x"].mean(), points["y"].mean()).buffer(2600)


@pytest.fixture(scope="module")
def profile(small, circle):
    return mr.area_profile(small, circle, INDICATORS, by="sex", year=2024)


def here(profile, indicator, level="plan_area", group="_T"):
    rows = profile[
        (profile["indicator"] == indicator) & (profile["geography_level"] == level) & (profile["group"] == group)
    ]
    return rows.iloc[0]


def told(share, persons):
    """A share in per cent as results about places tell it: in steps of at least ten persons, no finer than 0.1."""
    tens = round(persons, -1)
    least = max(1000 / (tens - (4 if tens % 20 else 5)), 0.1)
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if step >= least)
    return round(100 * share / step) * step


def test_figures_are_those_of_the_persons_inside(profile, residents, circle):
    inside = shapely.contains_xy(circle, residents["x"].fillna(0), residents["y"].fillna(0))
    adult = residents["age"].between(20, 64)
    for group, mask in (("_T", True), ("women", residents["sex"] == "2")):
        held = residents[inside & adult & mask]
        row = here(profile, "employment", group=group)
        share = told(held["employed"].mean(), len(held))
        assert row["value"] == pytest.approx(share)
        assert row["n"] == round(len(held), -1)
        assert (row["lower"], row["upper"]) == pytest.approx(
            [100 * x for x in wilson_interval(share * row["n"] / 100, row["n"])]
        )
    assert here(profile, "income")["value"] == round(
        residents.loc[inside & (residents["age"] >= 20), "disposable_income"].mean()
    )
    assert here(profile, "population")["value"] == round(inside.sum(), -1)
    assert here(profile, "population", "city")["value"] == round(len(residents), -1)


def test_a_mean_of_whole_numbers_has_no_digits_that_tell_of_how_many_it_is(small, residents, circle):
    inside = shapely.contains_xy(circle, residents["x"].fillna(0), residents["y"].fillna(0))
    row = here(mr.area_profile(small, circle, ["library_visits"], year=2024), "library_visits")
    assert row["value"] == round(residents.loc[inside, "library_visits"].mean(), 2)
    assert row["lower"] == round(row["lower"], 2)


def test_the_difference_reckons_with_the_place_being_part_of_the_city(profile, residents, circle):
    inside = shapely.contains_xy(circle, residents["x"].fillna(0), residents["y"].fillna(0))
    adult = residents["age"].between(20, 64)
    a, everybody = residents[inside & adult]["employed"], residents[adult]["employed"]
    (share, n), (whole, size) = ((told(y.mean(), len(y)), round(len(y), -1)) for y in (a, everybody))
    row = here(profile, "employment")
    assert row["difference"] == pytest.approx(share - whole)
    y, rest, elsewhere = share * n / 100, (whole * size - share * n) / 100, (size - n) / size
    expected = [100 * elsewhere * float(x) for x in difference_interval(y, n, rest, size - n, method="newcombe")]
    assert [row["difference_lower"], row["difference_upper"]] == pytest.approx(expected)
    assert np.isnan(here(profile, "employment", "city")["difference"])
    assert np.isnan(here(profile, "population")["difference"])


def test_service_within_reach_is_counted_from_where_people_live(profile, small_folder, residents, circle):
    services = pd.read_csv(small_folder / "service_points.csv").query("kind == 'library'")
    placed = residents[residents["x"].notna()]
    inside = placed[shapely.contains_xy(circle, placed["x"], placed["y"])]
    apart = np.hypot(*(inside[axis].to_numpy()[:, None] - services[axis].to_numpy()[None] for axis in ("x", "y")))
    share = (apart.min(axis=1) <= 1000).mean()
    assert here(profile, "library_within_1000_m")["value"] == pytest.approx(told(share, len(inside)))


def test_any_form_of_the_same_area_gives_the_same(small, circle, profile):
    import geopandas as gpd

    frame = gpd.GeoDataFrame(geometry=[circle], crs=3006).to_crs(4326)
    for form in (circle.wkt, frame):
        pd.testing.assert_frame_equal(mr.area_profile(small, form, INDICATORS, by="sex", year=2024), profile)


def test_a_whole_district_by_its_border_is_that_district(small):
    polygons = small.polygons("district")
    code, shape = polygons.loc[0, ["code", "geometry"]]
    profile = mr.area_profile(small, shape, ["employment"], year=2024)
    table = mr.break_down(small, "employment", geography="district", years=2024).set_index("geography")
    share = told(table.loc[code, "value"] / 100, table.loc[code, "n"])
    assert here(profile, "employment", "district")["value"] == pytest.approx(share)
    assert here(profile, "employment")["value"] == pytest.approx(share)


def test_an_area_less_a_few_homes_is_hidden_since_the_few_could_be_had_by_subtraction(small, points):
    shape = small.polygons("district").loc[0, "geometry"]
    inside = points[shapely.contains_xy(shape, points["x"], points["y"])]
    home = inside[inside["population"] > 0].iloc[0]
    pierced = shape.difference(shapely.Point(home["x"], home["y"]).buffer(5))
    profile = mr.area_profile(small, pierced, ["employment"], year=2024)
    row = here(profile, "employment")
    assert row["status"] == "C"
    assert np.isnan(row["value"])
    assert here(profile, "employment", "district")["status"] == ""


def test_a_place_of_a_few_persons_is_hidden(small, points):
    home = points[points["population"].between(1, 5)].iloc[0]
    profile = mr.area_profile(small, shapely.Point(home["x"], home["y"]).buffer(3), ["employment"], year=2024)
    drawn = profile[profile["geography_level"] == "plan_area"]
    assert set(drawn["status"]) == {"C"}
    assert drawn[["value", "lower", "n", "population", "difference"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("polygon", "error", "words"),
    [
        (
            shapely.box(0, 0, 9, 9),
            MrstatsError,
            r"nobody lives in the polygon \(x 0–9, y 0–9\): it lies outside the city",
        ),
        ("POLYGON ((0 0, 1", MrstatsError, "is no polygon. Give a GeoDataFrame"),
        (shapely.Point(1, 1), MrstatsError, "the polygon is a Point"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), MrstatsError, "crosses itself"),
    ],
)
def test_a_polygon_that_cannot_be_is_refused(small, polygon, error, words):
    with pytest.raises(error, match=words):
        mr.area_profile(small, polygon, ["employment"])


def test_what_the_dataset_does_not_have_is_named(small, circle):
    with pytest.raises(UnknownNameError, match="'parish' is not a level"):
        mr.area_profile(small, circle, ["employment"], beside="parish")
    with pytest.raises(UnknownNameError, match="reach=0 must be a number of metres above 0"):
        mr.area_profile(small, circle, ["employment"], reach=0)
    with pytest.raises(
        DatasetError, match=r"residents of 'q01' live is not known to the point: \[points\] .* table = 'survey'"
    ):
        mr.area_profile(small, circle, ["q01"], year=2024)
    with pytest.raises(DatasetError, match=r"tiny has no points. Put the file .* write \[points\]"):
        mr.area_profile(mr.tiny_city(), circle, ["employment"])
    with pytest.raises(DatasetError, match="tiny has no services"):
        read_beside(mr.tiny_city(), "services")


def is_told(counts, drawn):
    """Whether a figure of what is drawn is shown: points with area, persons, and how many of them have the outcome."""
    at = pd.DataFrame(counts, columns=["point", "area", "n", "wy"]).set_index("point")
    inside = pd.Series(at.index.isin(drawn), index=at.index)
    part = at["n"].where(inside, 0).groupby(at["area"]).sum()
    covered = frozenset(part.index[part > at.groupby("area")["n"].sum() / 2])
    place = profiling.Place(profiling.PLAN_AREA, "drawn", inside, covered)
    return profiling._told(at.assign(users=at["wy"]), place, place, at["area"], True, "proportion")


@pytest.mark.parametrize(
    ("counts", "drawn", "shown"),
    [
        ([("p", "A", 100, 50), ("q", "B", 100, 50)], "p", True),
        ([("p", "A", 100, 50), ("q", "A", 20, 3)], "p", False),  # the area less the drawn one: three
        ([("p", "A", 100, 50), ("q", "A", 40, 15)], "p", True),
        ([("p", "A", 100, 50), ("q", "B", 100, 50), ("r", "B", 900, 90)], "pq", True),  # 100 of B is enough on its own
        ([("p", "A", 100, 50), ("q", "B", 12, 3), ("r", "B", 900, 90)], "pq", False),  # 12 of B: the drawn one less A
        ([("p", "A", 100, 50), ("q", "B", 100, 4)], "pq", False),  # A is public, so B's four could be had
        ([("p", "A", 100, 50), ("q", "B", 100, 4), ("r", "C", 100, 3)], "pqr", False),  # seven of two areas
        ([("p", "A", 100, 50), ("q", "B", 100, 6), ("r", "C", 100, 6)], "pqr", True),
        ([("p", "A", 100, 9)], "p", False),
        ([("p", "A", 100, 91)], "p", False),
        ([("p", "A", 0, 0), ("q", "B", 50, 20)], "p", False),
    ],
)
def test_what_could_be_had_by_subtraction_is_not_shown(counts, drawn, shown):
    assert is_told(counts, list(drawn)) == shown


def test_a_group_that_is_hidden_alone_takes_the_smallest_other_with_it():
    rows = [("e", "sex", "A", "a", "C", 5.0), ("e", "sex", "A", "b", "", 40.0), ("e", "sex", "A", "c", "", 30.0)]
    rows += [("e", "sex", "B", "a", "", 5.0), ("e", "", "A", "_T", "C", 75.0)]
    table = pd.DataFrame(rows, columns=["indicator", "factor", "geography", "group", "status", "n"])
    hide_beside(table, ["indicator", "factor", "geography"])
    assert table["status"].tolist() == ["C", "", "C", "", "C"]

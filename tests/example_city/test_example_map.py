"""The map: nesting, the second division, the later vintage, water and population points."""

import numpy as np
import pandas as pd
import pytest
import shapely

COUNTS = {"district": 5, "regso": 30, "deso": 180, "deso_2025": 188, "service_area": 14}


@pytest.mark.parametrize(("level", "count"), COUNTS.items())
def test_areas_are_whole_valid_and_cover_the_city_without_overlap(built, level, count):
    layer = built.layer(level)
    assert len(layer) == count
    assert layer["code"].is_unique
    assert layer.is_valid.all()
    assert (layer.geom_type == "Polygon").all()
    assert not any(len(polygon.interiors) for polygon in layer.geometry)
    assert shapely.coverage_is_valid(layer.geometry.values)
    # No slivers: the thinnest area still holds a circle of thirty metres' radius.
    assert (~layer.buffer(-30).is_empty).all()


def test_all_divisions_have_exactly_the_same_outline(built):
    outlines = [shapely.coverage_union_all(built.layer(level).geometry.values) for level in COUNTS]
    assert all(outline.equals(outlines[0]) for outline in outlines[1:])
    width, height = np.diff(np.reshape(outlines[0].bounds, (2, 2)), axis=0)[0] / 1000
    assert 14 < width < 16
    assert 11 < height < 13


@pytest.mark.parametrize(("lower", "upper"), [("deso", "regso"), ("regso", "district"), ("deso_2025", "regso")])
def test_each_area_is_the_exact_union_of_its_parts(built, lower, upper):
    parts, wholes = built.layer(lower), built.layer(upper).set_index("code")
    assert set(parts["parent"]) == set(wholes.index)
    for code, group in parts.groupby("parent"):
        union = shapely.coverage_union_all(group.geometry.values)
        assert union.equals(wholes.geometry[code]), code


def test_codes_are_of_the_agreed_form(built):
    assert built.layer("deso")["code"].str.fullmatch(r"9980[ABC]\d{4}").all()
    assert built.layer("deso_2025")["code"].str.fullmatch(r"9980[ABC]\d{4}").all()
    assert built.layer("regso")["code"].tolist() == [f"9980R{i:03d}" for i in range(1, 31)]
    assert built.layer("district")["name"].tolist() == [
        "Kustvik",
        "Mittköping",
        "Norrgärde",
        "Österhed",
        "Söderlunda",
    ]
    assert built.layer("regso")["name"].is_unique
    assert built.layer("service_area")["name"].is_unique


def test_service_areas_do_not_nest_in_the_districts_nor_the_regso(built):
    service = built.layer("service_area")
    for level, least in (("district", 10), ("regso", 14)):
        areas = built.layer(level)
        cut = 0
        for polygon in service.geometry:
            inside = areas.intersection(polygon).area / areas.area
            cut += bool(((inside > 0.02) & (inside < 0.98)).any())
        assert cut >= least, level


def test_the_centre_is_denser_and_its_areas_smaller(built):
    deso, districts = built.layer("deso"), built.layer("district").set_index("name")
    middle = districts.geometry["Mittköping"].centroid
    near = deso.centroid.distance(middle) < 1500
    far = deso.centroid.distance(middle) > 6000
    assert deso.area[far].median() > 8 * deso.area[near].median()


def test_the_vintage_of_2025_keeps_splits_and_moves_as_the_key_says(built):
    old, new = (built.layer(level).set_index("code").geometry for level in ("deso", "deso_2025"))
    changes = pd.read_csv(built.folder / "deso_changes_2018_2025.csv")
    kinds = changes.groupby("old")["change"].first().value_counts()
    assert kinds["split"] == 8
    assert kinds["moved"] == 6
    assert kinds["unchanged"] == 166
    assert len(set(old.index) & set(new.index)) == 172
    for row in changes.itertuples():
        if row.change == "unchanged":
            assert row.old == row.new
            assert old[row.old].equals(new[row.new])
        else:
            assert old[row.old].intersection(new[row.new]).area > 1000
    for code, parts in changes[changes["change"] == "split"].groupby("old"):
        assert len(parts) == 2
        assert shapely.union_all(new[parts["new"]].values).equals(old[code])
        assert not set(parts["new"]) & set(old.index)


def test_population_points_lie_in_the_areas_they_name_and_hold_everyone_who_is_placed(built):
    points = built.layer("points")
    assert 2500 <= len(points) <= 4000
    for level in ("deso", "deso_2025", "service_area"):
        areas = built.layer(level).set_index("code").geometry
        assert points.geometry.within(areas.reindex(points[level]).set_axis(points.index)).all(), level
    persons = built.persons(2024, columns=["point_id"])["point_id"].dropna()
    counted = persons.value_counts().reindex(points["point_id"], fill_value=0)
    assert (counted.to_numpy() == points["population"].to_numpy()).all()
    assert points.groupby("deso")["population"].sum().between(600, 4500).all()


def test_water_touches_the_city_and_never_covers_it(built):
    water, city = built.layer("water").set_index("name"), built.layer("district").union_all()
    assert list(water.index) == ["Havet", "Hamnbassängen", "Heddammen"]
    assert water.is_valid.all()
    assert (water.geom_type == "Polygon").all()
    assert (water.intersection(city).area < 500).all()  # square metres, from rounding to decimetres
    assert (water.distance(city) < 0.2).all()
    assert water.geometry["Havet"].distance(water.geometry["Hamnbassängen"]) < 1

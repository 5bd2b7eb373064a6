"""One rule for who is near, whoever asks; and attacks on the numbers that impacts and profiles tell coarsely."""

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely

import mrstats as mr
from made_city import indicator, toml, write_dataset
from mrstats.access import distance_to_service
from mrstats.breakdown import check_request
from mrstats.dataset.distances import reach_of
from mrstats.disclosure.approximate import bounds_of_results
from mrstats.disclosure.family import families
from mrstats.disclosure.release import write_release
from mrstats.disclosure.rules import ProtectionRule
from mrstats.example_city import build_example_city
from mrstats.measures.coarse import between_shares, between_tens, coarse_share
from mrstats.places.residents import hide_beside
from mrstats.schema import DatasetError, EditionError

CLOSED = "library-02"
SUPPRESS = ProtectionRule(method="suppress")
PLACES = """
[points]
file = "points.csv"
table = "people"
column = "home"
point = "id"
[services]
file = "services.csv"
[distances.metres_to_library]
file = "services.csv"
where = { kind = "library" }
"""
NEAR = indicator(
    "near",
    "proportion",
    numerator="metres_to_library <= 1000",
    denominator="metres_to_library >= 0",
    more='direction = "favourable"',
)
# Homes on a line: 1 has exactly 1 000 m to library l1, 2 has a decimetre more, 3 has 500 m to library l2.
POINTS = pd.DataFrame({"id": [1, 2, 3], "x": [0.0, 2000.1, 9000.0], "y": 0.0, "area": ["A1", "A1", "A2"]})
SERVICES = pd.DataFrame(
    {"id": ["l1", "l2"], "kind": "library", "name": ["Ett", "Två"], "x": [1000.0, 9500.0], "y": 0.0}
)


def town(folder, rows, *, points=POINTS):
    """A dataset of persons by home and age: (home or None, age, how many)."""
    people = pd.DataFrame([(home, age) for home, age, many in rows for _ in range(many)], columns=["home", "age"])
    people = people.assign(home=people["home"].astype("Int64"), year=2024, person_id=np.arange(len(people)), sex="1")
    area = people["home"].map(points.set_index("id")["area"])
    people = people.assign(area=area.astype(object).where(area.notna(), None), education="3", protected_identity=False)
    description = toml(indicators=NEAR + indicator("population", "count")) + PLACES
    write_dataset(folder, people, description.replace("2023, 2024", "2024"))
    points.to_csv(folder / "points.csv", index=False)
    SERVICES.to_csv(folder / "services.csv", index=False)
    return mr.open_dataset(folder)


def at(table, level, code, **more):
    rows = table[(table["geography_level"] == level) & (table["geography"] == code)]
    for name, value in more.items():
        rows = rows[rows[name] == value]
    (row,) = rows.to_dict("records")
    return row


# One rule


def test_whoever_asks_the_same_persons_are_near_also_at_the_border(tmp_path):
    """200 live in A1, 60 of them exactly 1 000 m from a library; the 50 of A2 live nearer; of 5 nobody knows the home."""
    city = town(tmp_path / "town", [(1, 40, 60), (2, 40, 140), (3, 40, 50), (None, 40, 5)])
    table = mr.break_down(city, "near", geography="area")
    impact = mr.impact(city, close=["l2"], geography="area")
    drawn = shapely.box(-100, -100, 2500, 100)
    profile = mr.area_profile(city, drawn, ["near"], beside="area")
    points = city_points(city)
    access = distance_to_service(points, SERVICES, area="area", within=[1000]).set_index("geography")
    for level, code, n, share in (("area", "A1", 200, 30.0), ("area", "A2", 50, 100.0), ("city", "9990", 250, 44.0)):
        assert at(table, level, code)["n"] == at(impact, level, code)["n"] == n
        assert at(table, level, code)["value"] == pytest.approx(share)
        assert access.loc["city" if level == "city" else code, ["n", "within_1000"]].tolist() == [
            n,
            pytest.approx(share),
        ]
    assert [at(impact, "area", code)["within_before"] for code in ("A1", "A2")] == [30, 100]
    assert at(impact, "city", "9990")["within_before"] == 45  # in steps of five per cent of 250
    for name in ("near", "library_within_1000_m"):
        assert at(profile, "area", "A1", indicator=name)["value"] == 30
        assert at(profile, "plan_area", "plan_area", indicator=name)["value"] == 30
    assert at(profile, "city", "9990", indicator="library_within_1000_m")["value"] == 45


def city_points(city):
    frame = pd.read_csv(city.folder / "points.csv")
    people = pd.read_parquet(city.folder / "people-2024.parquet")
    return frame.assign(weight=frame["id"].map(people["home"].value_counts()))


def test_in_exempelstad_a_table_an_impact_and_a_profile_tell_the_same_share(small, points):
    table = mr.break_down(small, "near_library", geography="district", years=2024)
    impact = mr.impact(small, close=[CLOSED], geography="district", year=2024)
    circle = shapely.Point(points["x"].mean(), points["y"].mean()).buffer(2600)
    profile = mr.area_profile(small, circle, ["near_library"], year=2024)
    for row in table.to_dict("records"):
        other = at(impact, row["geography_level"], row["geography"])
        step = 0.1 if row["n"] > 10_010 else 0.2
        assert row["n"] > 5010
        assert other["n"] == round(row["n"], -1)
        assert other["within_before"] == pytest.approx(round(row["value"] / step) * step)
    beside = profile[profile["geography_level"] != "plan_area"]
    assert len(beside) > 4
    for row in beside[beside["indicator"].isin(["near_library", "library_within_1000_m"])].to_dict("records"):
        assert row["value"] == pytest.approx(at(impact, row["geography_level"], row["geography"])["within_before"])


def test_a_home_that_points_do_not_have_is_named(tmp_path):
    city = town(tmp_path / "town", [(1, 40, 60), (3, 40, 50)])
    POINTS.iloc[:2].to_csv(city.folder / "points.csv", index=False)
    with pytest.raises(
        DatasetError, match=r"persons live at points that \[points\] does not have: '3'. Deliver both anew"
    ):
        mr.impact(mr.open_dataset(city.folder), close=["l2"])


def test_an_indicator_is_known_by_the_reach_it_counts_by(small):
    assert reach_of(small, "near_library") == "library_within_1000_m"
    assert reach_of(small, "employment") == ""


# Attacks


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Two thousand residents: many areas where a few are near, or are not."""
    return mr.open_dataset(build_example_city(tmp_path_factory.mktemp("few") / "exempelstad", persons=2000))


@pytest.fixture(scope="module")
def touched(few):
    return {
        who: mr.impact(
            few, close=[CLOSED], by=["country_of_birth_five", "education"], geography="regso", who=who, year=2024
        )
        for who in ("all", "children")
    }


@pytest.fixture(scope="module")
def persons(few):
    """Who lives where, how far it is to a library before and after, by hand."""
    import geopandas as gpd

    homes = gpd.read_file(few.folder / "areas.gpkg", layer="points")
    regso = few.geography.between("deso", "regso")
    rows = pd.read_parquet(few.folder / "persons-2024.parquet").merge(homes[["point_id", "geometry"]], on="point_id")
    place, services = gpd.GeoSeries(rows.pop("geometry")), pd.read_csv(few.folder / "service_points.csv")
    for when, kept in (("before", True), ("after", services["id"] != CLOSED)):
        some = services[(services["kind"] == "library") & kept]
        apart = [np.hypot(place.x - x, place.y - y) for x, y in zip(some["x"], some["y"], strict=True)]
        rows[when] = np.min(apart, axis=0)
    return rows.assign(regso=rows["deso"].map(regso))


def shown(table):
    return table[table["status"] == ""]


def test_every_part_of_a_row_that_is_shown_is_nobody_or_ten(touched, persons):
    """A table tells exactly who was near; less those who lost it, the few who still are would be told."""
    areas = shown(touched["all"]).query("geography_level == 'regso'")
    assert 5 < len(areas) < (touched["all"]["geography_level"] == "regso").sum()
    for code in areas["geography"]:
        held = persons[persons["regso"] == code]
        was, stays, other = held["before"] <= 1000, held["after"] <= 1000, held["before"] != held["after"]
        parts = [other, ~other, was & stays, was & ~stays, ~was & stays, ~was & ~stays]
        assert all(part.sum() == 0 or part.sum() >= 10 for part in parts)


def test_a_share_times_its_persons_leaves_the_count_open(touched, persons):
    """Whoever knows exactly how many live in an area still finds six counts or more, and none of one to four alone."""
    for row in shown(touched["all"]).query("geography_level == 'regso'").to_dict("records"):
        n = int((persons["regso"] == row["geography"]).sum())
        for name in ("within_before", "within_after"):
            found = np.flatnonzero(np.isclose(coarse_share(np.arange(n + 1), n), row[name]))
            assert len(found) >= 6
            assert found[0] == 0 or found[0] > 4


def test_no_row_is_hidden_alone_among_those_that_add_up(touched):
    for table in touched.values():
        parts = table[table["geography_level"].ne("city") | table["factor"].ne("")]
        hidden = parts["status"].eq("C").groupby([parts["factor"], parts["geography_level"]]).sum()
        assert hidden.max() > 1
        assert (hidden != 1).all()


def test_what_the_city_tells_of_its_hidden_rows_leaves_each_of_them_open(touched):
    """The city's number less those of the rows that are shown is that of the hidden ones together."""
    pairs = 0
    for table in touched.values():
        city = table[(table["geography_level"] == "city") & (table["factor"] == "")].iloc[0]
        parts = table[table["geography_level"].ne("city") | table["factor"].ne("")]
        for (_, rows), name in itertools.product(
            parts.groupby(["factor", "geography_level"]), ("n", "affected", "lost")
        ):
            hidden = rows["status"].eq("C")
            if city["status"] == "" and hidden.any() and city[name] > 0:
                most = between_tens(city[name])[1] - between_tens(rows.loc[~hidden, name])[0].sum()
                assert hidden.sum() > 1
                assert most >= 10
                pairs += 1
    assert pairs > 5


def test_a_few_of_a_part_take_others_that_have_some_of_it_with_them():
    """Three of A are affected, and none of B, which is the smallest: C's twenty go too, or the city's 123 would tell the three."""
    rows = [("A", "C", 40, 3), ("B", "", 20, 0), ("C", "", 60, 20), ("D", "", 80, 100)]
    table = pd.DataFrame(rows, columns=["geography", "status", "n", "affected"]).assign(factor="")
    hide_beside(table, ["factor"], ["n", "affected"])
    assert table["status"].tolist() == ["C", "C", "C", ""]
    all_few = table.assign(status=["C", "", "", ""], affected=[3, 0, 0, 0])
    hide_beside(all_few, ["factor"], ["n", "affected"])
    assert all_few["status"].tolist() == ["C", "C", "", ""]  # the city's three are hidden, too


def test_rows_that_differ_by_some_persons_leave_them_open(few, touched):
    """Adults are all less children; those between two reaches are the ones less the others."""
    keys = ["factor", "group", "geography_level", "geography"]
    nearer = mr.impact(few, close=[CLOSED], geography="regso", year=2024, reach=900)
    pairs = shown(touched["all"]).merge(shown(touched["children"]), on=keys)
    assert len(pairs) > 5
    for name in ("n", "affected", "lost"):
        both = pairs[(pairs[f"{name}_x"] > 0) & (pairs[f"{name}_y"] > 0)]
        assert_open(between_tens(both[f"{name}_x"]), between_tens(both[f"{name}_y"]))
    pairs = shown(touched["all"]).merge(shown(nearer), on=keys)
    assert len(pairs) > 5
    assert_open(*(between_shares(pairs[f"within_before_{side}"], pairs[f"n_{side}"]) for side in "xy"))


def assert_open(more, fewer):
    """What the first hold more than the second, never below nobody, has five values or more."""
    least, most = np.maximum(more[0] - fewer[1], 0), more[1] - fewer[0]
    assert len(least)
    assert (most - least >= 4).all()


def test_what_is_told_joins_the_audit_of_the_indicator_that_counts_by_the_same_reach(small):
    (family,) = families(small, [check_request(small, "near_library", (), "district", 2024)])
    hidden = np.zeros(len(family.problem.keys), bool)
    impact = mr.impact(small, close=[CLOSED], geography="district", year=2024)
    bounds = bounds_of_results(small, family, hidden, [impact])
    truth = family.problem.truth[family.problem.places(bounds[["geography", "outcome"]])]
    assert ((bounds["lower"] <= truth) & (truth <= bounds["upper"])).all()
    for row in impact.query("geography_level == 'district'").to_dict("records"):
        of = bounds[bounds["geography"] == row["geography"]].set_index("outcome")
        near = of.loc[["near_library:yes"], ["lower", "upper"]].to_numpy().tolist()
        assert [float(end) for end in between_shares(row["within_before"], row["n"])] in near
        assert [float(end) for end in between_tens(row["n"])] in of.loc[["_T"], ["lower", "upper"]].to_numpy().tolist()
        if row["lost"]:
            assert [float(between_tens(row["lost"])[0]), np.inf] in near


def test_what_is_told_of_children_is_the_least_of_all(small):
    (family,) = families(small, [check_request(small, "near_library", (), "district", 2024)])
    children = mr.impact(small, close=[CLOSED], geography="district", who="children", year=2024)
    bounds = bounds_of_results(small, family, np.zeros(len(family.problem.keys), bool), [children])
    assert {"_T", "near_library:yes", "near_library:no"} <= set(bounds["outcome"])
    assert np.isinf(bounds["upper"]).all()
    assert (bounds["lower"] > 100).any()


def told(**more):
    """A row of an impact in A2, as told."""
    row = {"indicator": "population", "year": 2024, "kind": "library", "geography_level": "area", "geography": "A2",
           "factor": "", "group": "_T", "n": 50.0, "affected": 0.0, "lost": 0.0, "gained": 0.0, "within_before": 0.0,
           "within_after": 0.0, "reach": "1000", "who": "all", "status": ""}  # fmt: skip
    return pd.DataFrame([row | more])


def test_a_release_is_not_written_where_an_impact_narrows_a_hidden_number(tmp_path):
    """Near are 4 of A1, 12 of the 48 of A2 and 90 of A3: the table hides the 4 and, so that they stay hidden, the 12.

    About 50 and 0 per cent in steps of 50 are 13 at most; who says that about ten of them lose their library says that they
    are 10 to 13, so that A1's are known, too. `mr.impact` hides such a row: two would be left.
    """
    homes = pd.DataFrame(
        {"id": range(1, 7), "x": [0.0, 3000.0] * 3, "y": 0.0, "area": ["A1", "A1", "A2", "A2", "A3", "A3"]}
    )
    many = zip(homes["id"], (4, 80, 12, 36, 90, 95), strict=True)
    city = town(tmp_path / "town", [(home, 40, persons) for home, persons in many], points=homes)
    asked = (check_request(city, "near", (), "area", 2024),)
    harmless, narrow = told(), told(affected=10.0, lost=10.0)
    write_release(city, asked, tmp_path / "first", rule=SUPPRESS, results={"a": lambda: harmless})
    with pytest.raises(EditionError, match=r"audit of near-2024\.csv failed.*to tens"):
        write_release(city, asked, tmp_path / "second", rule=SUPPRESS, results={"a": lambda: narrow})

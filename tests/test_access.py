"""How far people live from a service: by hand, by group, and with those nobody can place."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from mrstats.access import distance_to_service, people_at_points
from mrstats.breakdown import check_request
from mrstats.disclosure.release import write_release
from mrstats.disclosure.rules import ProtectionRule
from mrstats.example_city import build_example_city
from mrstats.measures.nearest import nearest_distance
from mrstats.schema import DatasetError, MrstatsError, NotPublishedError, UnknownNameError

# On a line: 10 women at 0 m, 30 men at 400 m, 60 women at 1 000 m; a library at 100 m and one at 1 300 m.
PEOPLE = pd.DataFrame(
    {
        "x": [0.0, 400.0, 1000.0],
        "y": 0.0,
        "weight": [10, 30, 60],
        "sex": ["women", "men", "women"],
        "deso": ["A", "A", "B"],
    }
)
LIBRARIES = pd.DataFrame({"x": [100.0, 1300.0], "y": 0.0})


def rows(table):
    return table.set_index(["geography", "sex"] if "sex" in table else "geography")


def test_distances_are_those_of_residents_not_of_points():
    assert nearest_distance(PEOPLE[["x", "y"]], LIBRARIES).tolist() == [100, 300, 300]
    made = rows(distance_to_service(PEOPLE, LIBRARIES, within=[200, 300]))
    assert made.loc["city", ["n", "p10", "p50", "within_200", "within_300"]].tolist() == [100, 200, 300, 10, 100]
    # Ten of a hundred: Wilson's interval by R's prop.test (5.52, 17.44).
    assert made.loc["city", ["within_200_lower", "within_200_upper"]].tolist() == pytest.approx([5.52, 17.44], abs=0.01)


def test_groups_and_areas_have_all_their_margins():
    made = rows(distance_to_service(PEOPLE, LIBRARIES, by="sex", area="deso", within=[200]))
    assert made["n"].to_dict() == {
        ("city", "_T"): 100, ("city", "men"): 30, ("city", "women"): 70,
        ("A", "_T"): 40, ("A", "men"): 30, ("A", "women"): 10, ("B", "_T"): 60, ("B", "women"): 60,
    }  # fmt: skip
    assert made.loc[("city", "women"), "within_200"] == pytest.approx(100 * 10 / 70)
    assert made.loc[("A", "_T"), "status"] == "u"  # forty residents
    assert set(made["method"]) == {"straight-line"}


def test_those_without_a_place_are_counted_apart():
    people = pd.concat([PEOPLE, pd.DataFrame({"weight": [5], "sex": ["men"]})], ignore_index=True)
    made = rows(distance_to_service(people, LIBRARIES, area="deso"))
    assert made.loc["city", ["n", "unplaced"]].tolist() == [100, 5]
    assert made.loc["_U", ["n", "unplaced", "status"]].tolist() == [0, 5, "x"]
    assert np.isnan(made.loc["_U", "p50"])
    assert made.index[-1] == "_U"


def test_the_order_of_points_and_their_splitting_do_not_matter():
    split = pd.concat([PEOPLE.assign(weight=PEOPLE["weight"] / 2)] * 2).sample(frac=1, random_state=3)
    options = {"by": "sex", "area": "deso"}
    pd.testing.assert_frame_equal(
        distance_to_service(PEOPLE, LIBRARIES, **options),
        distance_to_service(split, LIBRARIES, **options),
        check_dtype=False,
    )


def test_bad_input_is_told():
    with pytest.raises(MrstatsError, match="there is no service of this kind"):
        distance_to_service(PEOPLE, LIBRARIES[:0])
    with pytest.raises(DatasetError, match=r"services: row 2 has no place \(1 such rows\)"):
        distance_to_service(PEOPLE, LIBRARIES.assign(x=[1, np.nan]))
    with pytest.raises(DatasetError, match="0 or more, never missing"):
        distance_to_service(PEOPLE.assign(weight=-1), LIBRARIES)
    with pytest.raises(UnknownNameError, match="people has no column 'age'"):
        distance_to_service(PEOPLE, LIBRARIES, by="age")


def test_a_registers_people_stand_at_their_points(built):
    city = mr.open_dataset(built.folder)
    people = people_at_points(city, "population", by="sex", year=2024)
    total = mr.break_down(city, "population", by="sex", years=2024).set_index("sex")["value"]
    assert people["weight"].sum() == total["_T"]
    assert people.groupby("sex")["weight"].sum().to_dict() == {"men": total["men"], "women": total["women"]}
    district = mr.break_down(city, "population", geography="district", years=2024).set_index("geography")["value"]
    assert people.groupby("district")["weight"].sum().to_dict() == district.drop(["_U", city.municipality]).to_dict()
    assert people.loc[people.geometry.isna(), "weight"].sum() == district["_U"]


def test_persons_at_points_are_not_published(built, monkeypatch):
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    with pytest.raises(NotPublishedError, match="while publishing"):
        people_at_points(mr.open_dataset(built.folder), "population")


@pytest.fixture
def near_city(tmp_path):
    """A small Exempelstad of one's own: a distance is among its columns, and an indicator counts by it."""
    return mr.open_dataset(build_example_city(tmp_path / "exempelstad", persons=3000))


def test_a_distance_is_a_column_that_indicators_count_by(near_city):
    table = mr.break_down(near_city, "near_library", by="sex", geography="district", years=2024)
    services = pd.read_csv(near_city.folder / "service_points.csv").query("kind == 'library'")
    people = people_at_points(near_city, "population", by="sex", year=2024)
    apart = distance_to_service(people, services, by="sex", area="district", within=[1000])
    both = table.assign(geography=table["geography"].replace(near_city.municipality, "city")).merge(
        apart, on=["geography", "sex"]
    )
    assert len(both) == len(table) == 3 * 6  # those without a place are in neither share
    assert both["value"].to_numpy() == pytest.approx(both["within_1000"].to_numpy())
    assert (both["n_x"] == both["n_y"]).all()
    assert (both["lower"] < both["value"]).all()


def test_check_knows_a_column_of_distance_and_tells_a_service_that_is_not_there(near_city):
    assert mr.check_dataset(near_city) == []
    path = near_city.folder / "dataset.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('kind = "library" }', 'kind = "librarry" }'), encoding="utf-8"
    )
    message = r"\[distances.metres_to_library\] finds no place in service_points.csv where kind is librarry"
    with pytest.raises(DatasetError, match=message):
        mr.break_down(mr.open_dataset(near_city.folder), "near_library", years=2024)


def test_a_release_has_one_file_of_sums_for_those_with_and_without_a_known_home(near_city, tmp_path):
    asked = [("near_library", "regso"), ("population", "regso"), ("population", "district")]
    requests = tuple(check_request(near_city, name, geography=level, years=2024) for name, level in asked)
    folder = tmp_path / "release"
    write_release(near_city, requests, folder, rule=ProtectionRule(method="suppress"))
    sums = pd.read_csv(folder / "hierarchy.csv", dtype=str)
    city = sums[(sums["dim"] == "geography") & (sums["parent"] == "_T")]
    counts = {path.stem: pd.read_csv(path, dtype=str) for path in (folder / "counts").glob("*.csv")}
    assert "_U" not in set(counts["near_library-2024"]["geography"])
    # In the one that has unplaced persons the city is the sum of the areas of each level and these.
    placed = counts["population-2024"].set_index("geography")["value"].astype(int)
    assert placed["_U"] > 0
    assert {placed[list(parts["child"])].sum() for _, parts in city.groupby("hierarchy")} == {placed["_T"]}

"""Counts from one division to another: by hand, as properties of random tilings, and with everything that can be wrong."""

import itertools
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon, box

import mrstats as mr
from mrstats.crosswalk import build_crosswalk
from mrstats.dataset.release import write_release_table
from mrstats.definitions import standard_level
from mrstats.geography import Division, areas_cut, division_from_polygons
from mrstats.harmonising import harmonise
from mrstats.measures.proportions import wilson_interval
from mrstats.measures.transfer import holdout_factor, split_spread, transfer
from mrstats.schema import DatasetError, MrstatsError

EAST, NORTH = 400_000, 6_160_000


def rectangle(left, bottom, right, top):
    """A rectangle in metres from a corner in Malmö."""
    return box(EAST + left, NORTH + bottom, EAST + right, NORTH + top)


def division(level, shapes, *, vintage="2024", crs=3006, **more):
    """A division from ``{code: shape}``."""
    polygons = gpd.GeoDataFrame({"code": list(shapes)}, geometry=list(shapes.values()), crs=crs)
    names = pd.DataFrame({"code": sorted(shapes), "name": sorted(shapes)})
    return Division(standard_level(level, parent="city", vintage=vintage), names, polygons=polygons, **more)


def strips(level, cuts, **more):
    """A kilometre-long strip of land cut at some metres into areas 1, 2, …"""
    edges = [0, *cuts, 1000]
    shapes = {
        f"{level[0].upper()}{i}": rectangle(a, 0, b, 100) for i, (a, b) in enumerate(itertools.pairwise(edges), 1)
    }
    return division(level, shapes, **more)


# Two source areas of 500 m, three targets cut at 250 m and 600 m: S2 is split 1 : 4.
SOURCE, TARGET = strips("stadsdel", [500]), strips("deso", [250, 600])
COUNTS = pd.DataFrame({"code": ["S1", "S2"], "persons": [100.0, 50.0]})


def by_area(table, column="persons"):
    return table.set_index("geography")[column].to_dict()


@pytest.mark.filterwarnings("ignore:.*are half an area:UserWarning")
def test_by_ground_an_area_is_divided_as_its_ground():
    made = harmonise(COUNTS, source=SOURCE, target=TARGET)
    assert by_area(made) == pytest.approx({"D1": 50, "D2": 50 + 10, "D3": 40})
    assert set(made["method"]) == {"area unmeasured"}
    assert set(made["status"]) == {"i"}
    assert made["persons_lower"].isna().all()


def test_by_land_the_water_is_no_ones_home():
    # Land only east of 300 m and west of 600 m: S1 lies on 200 m of it, all in D2; S2 on 100 m, all in D2.
    land = gpd.GeoDataFrame(geometry=[rectangle(300, 0, 600, 100)], crs=3006)
    made = harmonise(COUNTS, source=SOURCE, target=TARGET, land=land)
    assert by_area(made)["D2"] == pytest.approx(150)
    assert made.set_index("geography").loc["D1", "status"] == "x"  # nothing reaches it: not known, never 0


@pytest.mark.filterwarnings("ignore:.*are half an area:UserWarning")
@pytest.mark.parametrize("form", ["places", "geometry", "codes"])
def test_by_points_an_area_is_divided_as_its_people(form):
    # 90 of S1's hundred live west of 250 m; all of S2's live east of 600 m.
    x, weight = np.array([100.0, 300.0, 800.0]), [90, 10, 70]
    points = pd.DataFrame({"x": EAST + x, "y": NORTH + 50.0, "weight": weight})
    if form == "geometry":
        points = gpd.GeoDataFrame(
            points[["weight"]], geometry=gpd.points_from_xy(points["x"], points["y"]), crs=3006
        ).to_crs(4326)
    if form == "codes":
        points = pd.DataFrame({"stadsdel": ["S1", "S1", "S2"], "deso": ["D1", "D2", "D3"], "weight": weight})
    made = harmonise(COUNTS, source=SOURCE, target=TARGET, weights=points)
    assert by_area(made) == pytest.approx({"D1": 90, "D2": 10, "D3": 50})
    assert set(made["method"]) == {"points unmeasured"}


def test_whole_areas_are_added_up_exactly_and_need_no_estimate():
    fine, coarse = strips("deso", [100, 300, 700]), strips("regso", [300])
    counts = pd.DataFrame({"code": ["D1", "D2", "D3", "D4"], "persons": [1, 2, 3, 4]})
    made = harmonise(counts, source=fine, target=coarse)
    assert by_area(made) == {"R1": 3, "R2": 7}
    assert made[["method", "status"]].values.tolist() == [["union", ""]] * 2
    assert (made["persons_lower"] == made["persons"]).all()


def test_a_sliver_is_dropped_and_told():
    # The second publisher's border is 4 metres off: 0.8 per cent of S1.
    made = harmonise(COUNTS, source=SOURCE, target=strips("regso", [496]))
    assert by_area(made) == {"R1": 100, "R2": 50}
    assert made.attrs["notes"] == [
        "1 pieces under 1% of their area were taken for two drawings of one border and dropped."
    ]
    way = build_crosswalk(SOURCE, strips("regso", [496]))
    assert way.slivers.round(3).values.tolist() == [["S1", "R2", 0.008]]


def test_the_same_code_of_another_vintage_is_another_area():
    before, after = strips("deso", [500], vintage="2018"), strips("deso_2025", [600], vintage="2025")
    assert (before.system, before.vintage) == ("deso", "2018")
    assert (after.system, after.vintage) == ("deso", "2025")
    made = harmonise(COUNTS.replace({"S1": "D1", "S2": "D2"}), source=before, target=after)
    assert by_area(made) == pytest.approx({"D1": 110, "D2": 40})


def test_those_who_cannot_be_placed_stay_so_and_a_part_outside_joins_them():
    counts = pd.concat([COUNTS, pd.DataFrame({"code": ["_U"], "persons": [7.0]})])
    half = division("regso", {"R1": rectangle(0, 0, 750, 100)})
    with pytest.warns(
        UserWarning, match=r"1 areas lie partly outside all target areas .* 'S2' \(50%\)\. If it is water"
    ):
        made = harmonise(counts, source=SOURCE, target=half)
    assert by_area(made) == pytest.approx({"R1": 125, "_U": 32})


def test_a_hidden_count_hides_every_count_it_is_part_of():
    fine, coarse = strips("deso", [100, 300, 700]), strips("regso", [300])
    counts = pd.DataFrame(
        {"code": ["D1", "D2", "D3", "D4"], "persons": [1, np.nan, 3, 4], "status": ["p", "C", "u", ""]}
    )
    made = harmonise(counts, source=fine, target=coarse).set_index("geography")
    assert np.isnan(made.loc["R1", "persons"])
    assert made.loc["R1", "status"] == "C p"
    assert made.loc["R2", ["persons", "status"]].tolist() == [7, ""]  # a weak part does not make a weak sum


def test_dimensions_are_moved_apart_and_shares_made_anew():
    counts = pd.DataFrame(
        {
            "year": [2023, 2023, 2024, 2024],
            "code": ["S1", "S2", "S1", "S2"],
            "numerator": [10, 30, 20, 30],
            "denominator": [100, 50, 100, 50],
        }
    )
    made = harmonise(counts, source=SOURCE, target=strips("regso", [600])).set_index(["year", "geography"])
    # R1 = S1 and a fifth of S2: (10 + 6) / (100 + 10).
    assert made.loc[(2023, "R1"), "value"] == pytest.approx(100 * 16 / 110)
    assert made.loc[(2024, "R2"), "value"] == pytest.approx(60)
    assert made.loc[(2024, "R2"), "lower":"upper"].isna().all()


def test_a_hold_out_widens_the_interval_of_what_is_split_and_of_nothing_else():
    source, target = strips("stadsdel", [500, 800]), strips("regso", [600, 800])
    counts = pd.DataFrame({"code": ["S1", "S2", "S3"], "persons": [100, 90, 50]})
    truth = pd.DataFrame({"code": ["R1", "R2", "R3"], "persons": [110, 80, 50]})
    made = harmonise(counts, source=source, target=target, known=(counts, truth)).set_index("geography")
    # S2 gives a third: moved 130 and 60, true 110 and 80. sqrt(90² · 1/3 · 2/3) = 42.4; 20 / 42.4 = 0.471; t with 2 df = 4.303.
    assert made["persons"].tolist() == pytest.approx([130, 60, 50])
    assert (made["persons"] - made["persons_lower"]).tolist() == pytest.approx([4.3027 * 20, 60, 0], rel=1e-3)
    assert made["method"].tolist() == ["area holdout", "area holdout", "union"]


def test_a_count_without_a_hold_out_of_its_own_has_that_of_the_worst():
    counts = pd.DataFrame({"code": ["S1", "S2"], "persons": [100, 50], "old": [10, 5]})
    truth = pd.DataFrame({"code": ["R1", "R2"], "persons": [115, 35]})
    made = harmonise(counts, source=SOURCE, target=strips("regso", [600]), known=(counts[["code", "persons"]], truth))
    wide = made["persons_upper"] - made["persons"]
    assert (made["old_upper"] - made["old"]).tolist() == pytest.approx((wide / 10).tolist())


def test_a_table_by_key_is_the_table_of_the_coarser_level(tiny):
    fine = mr.break_down(tiny, ["employment", "population"], by="sex", geography="area")
    coarse = mr.break_down(tiny, ["employment", "population"], by="sex", geography="district")
    made = harmonise(fine, source=tiny.division("area"), target=tiny.division("district"))
    assert list(made.columns) == list(coarse.columns)
    keys = ["indicator", "geography_level", "geography", "sex"]  # in the same order of rows, too
    figures = [*keys, "value", "lower", "upper", "se", "n", "population", "count", "affected", "unit", "status"]
    pd.testing.assert_frame_equal(made[figures], coarse[figures])
    assert set(made["method"]) == {"register wilson", "register wilson key", "register byar", "register byar key"}
    assert mr.method_notes(tiny, made).paragraphs  # every word of it is explained to readers
    assert mr.table(made).rows


COUNTED = ["geography", "n", "population", "count", "affected"]


def test_a_table_is_a_hold_out_as_its_counts_are(built):
    city = mr.open_dataset(built.folder)
    source, target = city.division("regso"), city.division("service_area")
    options = {"source": source, "target": target, "weights": city.points()}
    levels = mr.break_down(city, "low_economic_standard", geography="regso", years=2024)
    known = [
        mr.break_down(city, "low_economic_standard", geography=level, years=2023) for level in ("regso", "service_area")
    ]
    made = harmonise(levels, **options, known=known)
    frames = [table.loc[table["geography_level"] != "city", COUNTED] for table in known]
    pd.testing.assert_frame_equal(made, harmonise(levels, **options, known=frames))
    # The truth of 2024, which the move has not seen: an interval of chance alone would miss three of 14 areas.
    true = mr.break_down(city, "low_economic_standard", geography="service_area", years=2024)["value"]
    moved = made["status"] == "i"
    assert moved.sum() == 14
    chance = 100 * np.array(wilson_interval(made["count"].to_numpy(), made["n"].to_numpy()))
    covered = [
        int(((low <= true) & (true <= high))[moved].sum()) for low, high in ((made["lower"], made["upper"]), chance)
    ]
    assert covered == [14, 11]


def test_nothing_is_certain_of_a_move_that_nobody_measured(built):
    city = mr.open_dataset(built.folder)
    levels = mr.break_down(city, "low_economic_standard", geography="regso", years=2024)
    division = {"source": city.division("regso"), "target": city.division("service_area")}
    made = harmonise(levels, **division, weights=city.points())
    moved = made["status"] == "i"
    assert made.loc[moved, "value"].notna().all()
    assert made.loc[moved, ["lower", "upper", "se"]].isna().all(axis=None)
    assert set(made.loc[moved, "method"]) == {"register points unmeasured"}
    compared = mr.gaps(made)
    moved = compared["status"] == "i"
    assert compared.loc[moved, "difference"].notna().all()
    assert compared.loc[moved, ["difference_lower", "p"]].isna().all(axis=None)
    for table in (made, compared):
        (said,) = mr.sentence(table, "areas").paragraphs
        assert "säkert" not in said
        assert "Hur fel omräkningen kan vara är inte mätt." in said
        assert "Därför visas inget osäkerhetsintervall." in mr.chart(table).source
        assert "slumpen" not in mr.chart(table).alt


def test_publishing_hides_the_estimates_of_a_group_that_the_release_hides_somewhere(tiny, tmp_path, monkeypatch):
    fine = mr.break_down(tiny, "employment", by="sex", geography="area")
    coarse = mr.break_down(tiny, "employment", by="sex", geography="district")
    hidden = (coarse["geography"] == "D1") & (coarse["sex"] == "women")
    assert hidden.sum() == 1
    (tmp_path / "tables").mkdir()
    (tmp_path / "certificate.json").write_text("{}", encoding="utf-8")
    write_release_table(coarse.assign(status=np.where(hidden, "C", "")), tmp_path / "tables" / "employment.csv")
    divisions = {"source": tiny.division("area"), "target": tiny.division("district")}
    assert not (harmonise(fine, **divisions)["status"] == "C").any()  # exploring, all is shown
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(tmp_path))
    made = harmonise(fine, **divisions)
    gone = (made["geography_level"] == "district") & (made["sex"] == "women")
    # Not D1 alone: the city less D2 would tell it.
    assert set(made.loc[gone, "geography"]) == {"D1", "D2"}
    assert (made["status"] == "C").tolist() == gone.tolist()
    assert made.loc[gone, ["value", "lower", "upper", "se", "n", "count"]].isna().all(axis=None)
    assert (made.loc[gone, "method"] == "").all()
    assert made.loc[~gone, "value"].notna().all()


def test_what_is_no_count_is_not_moved(tiny):
    areas, districts = tiny.division("area"), tiny.division("district")
    with pytest.raises(MrstatsError, match="a mean cannot be moved between divisions: only counts of persons can"):
        harmonise(mr.break_down(tiny, "visits", geography="area"), source=areas, target=districts)
    table = mr.break_down(tiny, "employment", geography="area", standardise="sex")
    with pytest.raises(MrstatsError, match="standardised figures cannot be moved"):
        harmonise(table, source=areas, target=districts)


def test_a_table_keeps_its_own_confidence(tiny):
    fine = mr.break_down(tiny, "employment", geography="area", confidence=0.8)
    made = harmonise(fine, source=tiny.division("area"), target=tiny.division("district"))
    coarse = mr.break_down(tiny, "employment", geography="district", confidence=0.8)
    assert made[["lower", "confidence"]].to_numpy() == pytest.approx(coarse[["lower", "confidence"]].to_numpy())


def test_a_hold_out_that_does_not_fit_is_told():
    target = strips("regso", [600])
    truth = pd.DataFrame({"code": ["R1", "R2"], "persons": [115, 35]})
    for known, message in (
        ((COUNTS, truth.rename(columns={"persons": "old"})), "known= has no count that both frames hold"),
        ((COUNTS.assign(year=2023), truth), "known= has year on the source division only"),
        ((COUNTS.assign(year=2023), truth.assign(year=2022)), "known= has other year on the source than on the target"),
    ):
        with pytest.raises(DatasetError, match=message):
            harmonise(COUNTS, source=SOURCE, target=target, known=known)


def test_a_hold_out_learns_nothing_from_what_is_not_known():
    error, spread = np.array([[3.0, np.nan], [np.nan, np.nan]]), np.array([[5.0, 9.0], [5.0, 5.0]])
    factor, df = holdout_factor(error, spread)
    assert factor.tolist() == pytest.approx([0.6, 0.6])
    assert df == 1


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (COUNTS.replace("S2", "S9"), r"area code 'S9' is not in \[geographies.stadsdel\]"),
        (COUNTS[:1], "areas without a row: 'S2'. Give them one: 0 where nobody is"),
        (pd.concat([COUNTS, COUNTS[:1]]), "area 'S1' stands twice in one combination of nothing"),
        (COUNTS.assign(persons=[-1.0, 2.0]), r"a count is below 0 \(-1\)"),
        (
            COUNTS.rename(columns={"code": "omr"}),
            "no column of areas: 'geography', 'stadsdel' or 'code'. They have omr, persons",
        ),
        (COUNTS[["code"]], "there is no count to move"),
    ],
)
def test_bad_counts_are_told_with_their_codes(counts, message):
    with pytest.raises(DatasetError, match=message):
        harmonise(counts, source=SOURCE, target=strips("regso", [600]))


def test_a_code_that_lost_its_leading_zero_is_told():
    here = division("deso", {"0114C1010": rectangle(0, 0, 1000, 100)})
    with pytest.raises(
        DatasetError, match=r"'114C1010' has lost its leading zero \('0114C1010' in \[geographies.deso\]\)"
    ):
        harmonise(pd.DataFrame({"code": ["114C1010"], "persons": [3]}), source=here, target=strips("regso", []))


BOW_TIE = Polygon([(EAST, NORTH), (EAST + 500, NORTH + 100), (EAST + 500, NORTH), (EAST, NORTH + 100)])


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (SOURCE, division("regso", {"R1": BOW_TIE}), "target polygons with invalid rings: 'R1'"),
        (division("stadsdel", {"S1": BOW_TIE, "S2": rectangle(500, 0, 1000, 100)}), TARGET, "source polygons with invalid rings: 'S1'"),
        (SOURCE, division("regso", {"R1": rectangle(0, 0, 800, 100), "R2": rectangle(300, 0, 1000, 100)}), "overlap within 'S1', 'S2'"),
        (SOURCE, division("regso", {"R1": rectangle(0, 0, 1000, 100)}, crs=None), "target polygons have no coordinate system"),
        (SOURCE, division("regso", {"R1": rectangle(0, 0, 1000, 100)}, crs=4326), "say they are in degrees"),
        (SOURCE, Division(TARGET.level, TARGET.areas), "nothing says where 'S1', 'S2' of stadsdel 2024 lie in deso 2024"),
        (SOURCE, division("regso", {"R1": rectangle(5000, 0, 6000, 100)}), "no area of stadsdel 2024 lies in any of regso 2024"),
    ],
)  # fmt: skip
def test_bad_polygons_are_told_with_their_codes(source, target, message):
    with pytest.raises(DatasetError, match=message):
        harmonise(COUNTS, source=source, target=target)


def test_any_polygon_is_a_division_and_tells_what_it_cuts():
    plan = gpd.GeoDataFrame({"plan": ["P1"]}, geometry=[rectangle(0, 0, 600, 100)], crs=3006).to_crs(4326)
    with pytest.warns(UserWarning, match=r"plan cuts 1 areas of stadsdel 2024: 'S2' \(20% inside 'P1'\)"):
        made = division_from_polygons(plan, level="plan", code="plan", label="planområde", over=SOURCE)
    assert areas_cut(SOURCE, made)["share"].tolist() == pytest.approx([0.2], rel=1e-3)
    shapes = [rectangle(0, 0, 600, 100), rectangle(400, 0, 900, 100)]
    two = gpd.GeoDataFrame({"code": ["P1", "P2"]}, geometry=shapes, crs=3006)
    with pytest.raises(DatasetError, match=r"plan: polygons overlap: 'P1' and 'P2' \(20000 m²\)"):
        division_from_polygons(two, level="plan", label="planområde")


cuts = st.lists(st.integers(1, 99), unique=True, min_size=0, max_size=6).map(
    lambda places: [10 * p for p in sorted(places)]
)


@settings(max_examples=30, deadline=None)
@given(cuts, cuts, st.randoms(use_true_random=False))
def test_on_any_tilings_everybody_is_kept_whatever_the_order(first, second, random):
    source, target = strips("stadsdel", first), strips("deso", second)
    counts = pd.DataFrame({"code": sorted(source.codes)})
    counts["persons"] = [random.randrange(0, 2000) for _ in counts["code"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = harmonise(counts, source=source, target=target, allow_finer=True)
        order = random.sample(range(len(counts)), len(counts))
        turned = Division(source.level, source.areas, polygons=source.polygons.iloc[order])
        again = harmonise(counts.iloc[order], source=turned, target=target, allow_finer=True)
        itself = harmonise(counts, source=source, target=source)
    assert made["persons"].sum() == pytest.approx(counts["persons"].sum())
    assert (made["persons"].dropna() >= 0).all()
    pd.testing.assert_frame_equal(made, again)
    assert itself["persons"].tolist() == counts["persons"].tolist()
    assert set(itself["method"]) == {"key"}


@settings(max_examples=15, deadline=None)
@given(cuts, st.integers(0, 2**32 - 1))
def test_going_down_and_up_again_changes_nothing(places, seed):
    coarse = strips("regso", places)
    fine = strips("deso", sorted({*places, *range(50, 1000, 50)}))
    counts = pd.DataFrame({"code": sorted(coarse.codes)})
    counts["persons"] = np.random.default_rng(seed).integers(0, 900, len(counts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        down = harmonise(counts, source=coarse, target=fine, allow_finer=True)
        up = harmonise(down[["geography", "persons"]], source=fine, target=coarse, allow_finer=True)
    assert up.set_index("geography")["persons"].to_dict() == pytest.approx(
        counts.set_index("code")["persons"].to_dict()
    )


def tiling(level, seed, areas):
    """A square kilometre in that many areas, drawn by chance."""
    places = np.random.default_rng(seed).uniform(0, 1000, (areas, 2)) + np.array([EAST, NORTH])
    square = rectangle(0, 0, 1000, 1000)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(places), extend_to=square))
    return division(
        level, {f"{level[0].upper()}{i}": cell for i, cell in enumerate(shapely.intersection(cells, square), 1)}
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 25), st.integers(2, 25), st.booleans())
def test_on_a_random_map_everybody_is_kept_and_whole_areas_add_up(seed, first, second, with_points):
    source, target = tiling("stadsdel", seed, first), tiling("deso", seed + 1, second)
    rng = np.random.default_rng(seed)
    counts = pd.DataFrame({"code": sorted(source.codes), "persons": rng.integers(0, 900, first)})
    places = pd.DataFrame(rng.uniform(0, 1000, (300, 2)) + np.array([EAST, NORTH]), columns=["x", "y"]).assign(weight=1)
    groups = rng.integers(0, 3, first)
    grouped = source.polygons.assign(
        code=[f"R{groups[int(code[1:]) - 1]}" for code in source.polygons["code"]]
    ).dissolve("code")
    whole = division("regso", grouped.geometry.to_dict())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"allow_finer": True, "weights": places if with_points else None}
        made = harmonise(counts, source=source, target=target, **options)
        up = harmonise(counts, source=source, target=whole, **options)
    assert made["persons"].sum() == pytest.approx(counts["persons"].sum())
    assert (made["persons"] >= 0).all()
    true = counts["persons"].groupby([f"R{groups[int(code[1:]) - 1]}" for code in counts["code"]]).sum()
    assert up.set_index("geography")["persons"].to_dict() == pytest.approx(true.to_dict())
    assert set(up["method"]) == {"union"}


def test_nobody_has_no_share_and_the_status_says_so():
    counts = pd.DataFrame({"code": ["S1", "S2"], "numerator": [0, 5], "denominator": [0, 50]})
    made = harmonise(counts, source=SOURCE, target=strips("regso", [500]))
    assert made["status"].tolist() == ["m", ""]
    assert made["value"].tolist() == pytest.approx([np.nan, 10], nan_ok=True)


def test_shares_that_lose_people_are_refused():
    with pytest.raises(ValueError, match=r"shares of source area 0 add up to 0\.9, not 1"):
        transfer([[1.0]], [0, 0], [0, 1], [0.5, 0.4], targets=2)
    with pytest.raises(ValueError, match="is not in"):
        transfer([[1.0]], [0], [0], [1.5], targets=1)


def test_a_whole_area_has_no_spread_and_a_hold_out_of_such_tells_nothing():
    assert split_spread([[10.0]], [0], [0], [1.0], targets=1).tolist() == [[0.0]]
    with pytest.raises(ValueError, match="a hold-out tells nothing"):
        holdout_factor([[1.0]], [[0.0]])

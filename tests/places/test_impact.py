"""`mr.impact` by a distance matrix and masks of persons; `mr.effect` against statsmodels and a planted change."""

import shutil

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.proportion import proportion_confint

import mrstats as mr
from mrstats.measures.panels import difference_in_differences
from mrstats.schema import MrstatsError, UnknownNameError

CLOSED = "library-02"


@pytest.fixture(scope="module")
def libraries(small_folder):
    return pd.read_csv(small_folder / "service_points.csv").query("kind == 'library'").set_index("id")


def metres(persons, services):
    return np.hypot(*(persons[axis].to_numpy()[:, None] - services[axis].to_numpy()[None] for axis in ("x", "y"))).min(
        axis=1
    )


@pytest.fixture(scope="module")
def table(small):
    return mr.impact(small, close=[CLOSED], by="sex", geography="district", year=2024)


def test_who_is_near_before_and_after_is_counted_person_by_person(table, residents, libraries):
    placed = residents[residents["x"].notna()]
    for group, held in (("_T", placed), ("women", placed[placed["sex"] == "2"])):
        row = table[(table["group"] == group) & (table["geography_level"] == "city")].iloc[0]
        before, after = metres(held, libraries), metres(held, libraries.drop(index=CLOSED))
        assert row["n"] == round(len(held), -1)
        assert row["affected"] == round((before != after).sum(), -1)
        assert row["lost"] == round(((before <= 1000) & (after > 1000)).sum(), -1)
        assert row["gained"] == 0
        assert row["n"] >= 10_000  # shares of so many are told to 0.1
        for when, far in (("before", before), ("after", after)):
            share = round(1000 * (far <= 1000).mean()) / 10
            assert row[f"within_{when}"] == pytest.approx(share)
            limits = [100 * end for end in proportion_confint(share * row["n"] / 100, row["n"], method="wilson")]
            assert row[[f"within_{when}_lower", f"within_{when}_upper"]].tolist() == pytest.approx(limits)
        assert row["metres_before_median"] == round(np.quantile(before, 0.5, method="inverted_cdf"), -1)
        assert row["metres_after_p90"] == round(np.quantile(after, 0.9, method="inverted_cdf"), -1)
        assert row["further"] == round((after - before)[before != after].mean(), -1)


def test_areas_add_up_to_the_city(table):
    city = table[(table["geography_level"] == "city") & (table["group"] == "_T")].iloc[0]
    districts = table[table["geography_level"] == "district"]
    assert len(districts) == 5
    assert districts["n"].sum() == pytest.approx(city["n"], abs=30)


def test_children_are_those_under_eighteen(small, residents, libraries):
    row = mr.impact(small, close=[CLOSED], who="children", year=2024).iloc[0]
    held = residents[residents["x"].notna() & (residents["age"] <= 17)]
    assert row["n"] == round(len(held), -1)
    share = 100 * (metres(held, libraries.drop(index=CLOSED)) <= 1000).mean()
    assert 5000 <= row["n"] < 10_000  # told in steps of 0.2: ten persons of 5 000
    assert row["within_after"] == pytest.approx(round(share / 0.2) * 0.2)


def test_a_fee_counts_as_a_closing_for_those_who_need_it_free(small, table):
    fee = mr.impact(small, fee=[CLOSED], by="sex", geography="district", year=2024)
    pd.testing.assert_frame_equal(fee, table.assign(how="fee"))
    assert "till närmaste bibliotek utan avgift" in str(mr.sentence(fee))  # the library itself is still there


def test_one_id_is_a_list_of_one(small):
    one = mr.impact(small, close=CLOSED, year=2024)
    pd.testing.assert_frame_equal(one, mr.impact(small, close=[CLOSED], year=2024))


def test_the_sentence_says_of_whom_it_counts(small):
    assert "invånare (20–64 år)" in str(mr.sentence(mr.impact(small, close=CLOSED, indicator="employment")))
    assert "invånare." in str(mr.sentence(mr.impact(small, close=CLOSED)))


def test_places_in_whole_metres_move_as_others_do(small, small_folder, libraries, tmp_path):
    folder = shutil.copytree(small_folder, tmp_path / "whole")
    services = pd.read_csv(folder / "service_points.csv").round({"x": 0, "y": 0}).astype({"x": int, "y": int})
    services.to_csv(folder / "service_points.csv", index=False)
    x, y = libraries.loc[CLOSED, ["x", "y"]] + 1500.5
    whole, exact = (
        mr.impact(city, move={CLOSED: (x, y)}, year=2024).iloc[0] for city in (mr.open_dataset(folder), small)
    )
    assert whole["metres_after_median"] == pytest.approx(exact["metres_after_median"], abs=10)  # half a metre off


def test_moving_to_where_it_is_changes_nothing_and_back_turns_the_signs(small, libraries):
    place = libraries.loc[CLOSED, ["x", "y"]].tolist()
    still = mr.impact(small, move={CLOSED: place}, year=2024).iloc[0]
    assert (still["affected"], still["lost"], still["gained"]) == (0, 0, 0)
    assert still["within_before"] == still["within_after"]
    away = mr.impact(small, move={CLOSED: [place[0] + 1500, place[1]]}, year=2024).iloc[0]
    assert away["affected"] > 0


def test_closing_the_last_of_a_kind_leaves_no_distance(small, libraries):
    row = mr.impact(small, close=list(libraries.index), year=2024).iloc[0]
    assert row["within_after"] == 0
    assert np.isnan(row["metres_after_median"])
    assert np.isnan(row["further"])
    assert row["affected"] == row["n"]
    assert "Efter förslaget har staden inte längre bibliotek." in str(
        mr.sentence(mr.impact(small, close=list(libraries.index)))
    )
    assert (
        mr.table(mr.impact(small, close=list(libraries.index))).title
        == "Efter förslaget har staden inte längre bibliotek"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "nothing changes: say close="),
        ({"close": ["library-99"]}, "there is no service 'library-99'"),
        ({"close": ["library-01", "preschool-01"]}, "services of several kinds change"),
        ({"close": ["library-01"], "fee": ["library-01"]}, "names a service twice"),
        ({"move": {"library-01": [1.0]}}, "must be x and y in EPSG:3006"),
        ({"move": {"library-01": (13.0, 55.6)}}, r"\[13.0, 55.6\]} lies far outside the city \(x 310116–324974"),
        ({"move": {"library-01": "13, 55"}}, "must be ids of services with x and y"),
        ({"move": ["library-01"]}, "must be ids of services with x and y"),
        ({"close": ["library-01"], "who": "elderly"}, "who='elderly' must be all or children"),
    ],
)
def test_a_change_that_cannot_be_is_refused(small, options, words):
    with pytest.raises(UnknownNameError, match=words):
        mr.impact(small, year=2024, **options)


def panel(seed=1, size=24, effect=3.0):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([(u, t) for u in range(size) for t in range(2019, 2025)], columns=["unit", "period"])
    rows["changed"] = rows["unit"] < 10
    rows["weight"] = rng.integers(50, 400, size)[rows["unit"]]
    level, drift = rng.normal(50, 8, size), rng.normal(0, 0.4, size)
    rows["value"] = level[rows["unit"]] + drift[rows["unit"]] * (rows["period"] - 2019) + rng.normal(0, 1, len(rows))
    rows["value"] += effect * (rows["changed"] & (rows["period"] >= 2022))
    return rows


def test_the_effect_and_its_clustered_error_are_those_of_statsmodels():
    rows = panel()
    found = difference_in_differences(*(rows[c] for c in ("value", "weight", "unit", "period", "changed")), since=2022)
    rows["post"] = (rows["changed"] & (rows["period"] >= 2022)).astype(float)
    fit = smf.wls("value ~ post + C(unit) + C(period)", rows, weights=rows["weight"]).fit(
        cov_type="cluster", cov_kwds={"groups": rows["unit"]}
    )
    n, all_k, k = len(rows), len(fit.params), 1 + 5 + 1
    assert found.effect == pytest.approx(fit.params["post"])
    assert found.se == pytest.approx(fit.bse["post"] * np.sqrt((n - all_k) / (n - k)))  # units' levels nest in clusters
    assert found.df == 23
    assert np.isnan(found.by_period[2])
    for year in (2019, 2024):
        pair = rows[rows["period"].isin([year, 2021])]
        change = pair.pivot(index="unit", columns="period", values="value").diff(axis=1).iloc[:, 1]
        change = change if year > 2021 else -change
        weight, met = rows.groupby("unit")["weight"].first(), rows.groupby("unit")["changed"].first()
        by_hand = np.average(change[met], weights=weight[met]) - np.average(change[~met], weights=weight[~met])
        assert found.by_period[list(found.periods).index(year)] == pytest.approx(by_hand)


def test_intervals_hold_the_planted_effect_and_chance_is_seldom_called_one():
    held, called = 0, 0
    for seed in range(200):
        rows = panel(seed, effect=3.0)
        found = difference_in_differences(
            *(rows[c] for c in ("value", "weight", "unit", "period", "changed")), since=2022
        )
        held += found.lower <= 3 <= found.upper
        called += found.trend_p < 0.05
    assert 178 <= held <= 198
    assert called <= 24  # a Wald test of few clusters calls a little too often


def test_the_verb_reads_a_table_and_names_what_it_left_out(tiny):
    rows = panel()
    table = pd.DataFrame(
        {
            "indicator": "employment", "year": rows["period"], "geography_level": "area", "geography": "A" + rows["unit"].astype(str),
            "vintage": "", "value": rows["value"], "population": rows["weight"].astype(float), "unit": "per cent",
        }
    )  # fmt: skip
    table.loc[(table["geography"] == "A20") & (table["year"] == 2020), "value"] = np.nan
    made = mr.effect(table, [f"A{i}" for i in range(10)], 2022, city=tiny)
    rest = rows[rows["unit"] != 20]
    found = difference_in_differences(*(rest[c] for c in ("value", "weight", "unit", "period", "changed")), since=2022)
    whole = made.iloc[0]
    assert whole[["effect", "lower", "upper", "p"]].tolist() == pytest.approx(
        [found.effect, found.lower, found.upper, found.p]
    )
    assert whole[["areas", "others", "left_out"]].tolist() == [10, 13, 1]
    assert made["year"].tolist() == [0, *range(2019, 2025)]
    with pytest.raises(UnknownNameError, match="changed='B1' is no area of the table"):
        mr.effect(table, ["B1"], 2022, city=tiny)
    with pytest.raises(MrstatsError, match="since=2030: there must be periods before it"):
        mr.effect(table, ["A1", "A2"], 2030, city=tiny)
    with pytest.raises(MrstatsError, match=r"1 changed unit\(s\); two or more"):
        mr.effect(table, ["A1"], 2022, city=tiny)

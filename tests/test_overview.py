"""`mr.scorecard` by hand: the ends of gaps, their intervals and direction, classes of reliability, and what has no gap."""

import math

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import INDICATORS, indicator, made_city, toml
from mrstats.breakdown import check_request, compute
from mrstats.disclosure.small_cells import hide_small_cells
from mrstats.schema import MrstatsError, UnknownNameError
from test_comparisons import Z, mover, newcombe, one, wilson

# education -> persons and how many of them are employed, by year; women have the first half of each number
WORK = {
    2023: {"1": (400, 200), "3": (800, 600), "6": (1000, 830), "US": (60, 6)},
    2024: {"1": (400, 240), "3": (800, 640), "6": (1000, 830), "US": (60, 6)},
}


def persons(work=WORK, areas=("A1", "A2")):
    """The same persons each year, employed from the first on; half of every group are women."""
    parts = []
    for year, groups in work.items():
        number = 0
        for education, (n, employed) in groups.items():
            rows = pd.DataFrame({"person_id": np.arange(number, number + n), "education": education})
            parts.append(rows.assign(year=year, employed=rows.index < employed))
            number += n
    people = pd.concat(parts, ignore_index=True)
    numbers = people["person_id"].to_numpy()
    return people.assign(
        sex=np.where(numbers % 2 == 0, "2", "1"),
        area=np.asarray(areas)[numbers // 2 % len(areas)],
        age=40,
        protected_identity=False,
        income=100.0 + numbers % 7,
        events=0,
    )


def card_of(people, indicators="employment", by="education", since=None, description=None, **options):
    options = {"years": [2023, 2024], "crossed": False} | options
    return mr.scorecard(mr.break_down(made_city(people, description), indicators, by=by, **options), since)


@pytest.fixture(scope="module")
def card():
    return card_of(persons())


def test_the_gap_is_between_the_worst_off_and_the_best_off_group_that_is_known(card):
    row = one(card, factor="education")
    assert (row["gap_worst"], row["gap_best"]) == ("lower", "post_long"), "unknown education has 10 per cent"
    assert row["gap"] == pytest.approx(83 - 60)
    low, high = newcombe(830, 1000, 240, 400)
    assert [row["gap_lower"], row["gap_upper"]] == pytest.approx([100 * low, 100 * high])
    assert (row["unit"], row["status"]) == ("enhet", "")


def test_the_level_is_the_citys_with_all_its_years(card):
    row = one(card, factor="education")
    employed, n = 240 + 640 + 830 + 6, 2260
    low, high = wilson(employed, n)
    assert [row["level"], row["level_lower"], row["level_upper"]] == pytest.approx([100 * employed / n, 100 * low, 100 * high])  # fmt: skip
    assert row["years"] == (2023, 2024)
    assert row["levels"] == pytest.approx((100 * 1636 / n, 100 * 1716 / n))
    assert (row["since"], row["year"]) == (2023, 2024)


def test_the_gap_of_the_same_two_groups_has_shrunk_by_the_difference_of_the_years(card):
    row = one(card, factor="education")
    assert row["gap_change"] == pytest.approx((83 - 60) - (83 - 50))
    now, then = newcombe(830, 1000, 240, 400), newcombe(830, 1000, 200, 400)
    ends = mover(0.23, *now, 0.33, *then)
    assert [row["gap_change_lower"], row["gap_change_upper"]] == pytest.approx([100 * end for end in ends])
    assert row["gap_direction"] == "shrinks"


def test_where_high_is_bad_the_group_with_the_highest_share_is_worst_off():
    workless = indicator("workless", "proportion", numerator="not employed", more='direction = "adverse"')
    description = toml(indicators=INDICATORS + workless)
    both = card_of(persons(), ["employment", "workless"], description=description)
    good, bad = (one(both, indicator=name) for name in ("employment", "workless"))
    assert bad["level"] == pytest.approx(100 - good["level"])
    for name in ("gap_worst", "gap_best", "gap_direction", "reliability"):
        assert bad[name] == good[name]
    for name in ("gap", "gap_lower", "gap_upper", "gap_change", "gap_change_lower", "gap_change_upper"):
        assert bad[name] == pytest.approx(good[name])


def test_the_same_persons_tell_the_direction_for_surer_with_replicates():
    """Of 400 with lower education 12 have gained work and nobody else: an error of √(0.03 · 0.97 / 400)."""
    few = {2023: WORK[2023], 2024: WORK[2023] | {"1": (400, 212)}}
    plain, joint = card_of(persons(few)), card_of(persons(few), replicates=800)
    assert one(plain, factor="education")["gap_direction"] == "unsure"
    row = one(joint, factor="education")
    assert row["gap_change"] == pytest.approx(-3)
    error = 100 * math.sqrt(0.03 * 0.97 / 400)
    assert (row["gap_change_upper"] - row["gap_change_lower"]) / (2 * Z) == pytest.approx(error, rel=0.1)
    assert row["gap_direction"] == "shrinks"


def test_a_gap_that_widens_grows():
    assert one(card_of(persons({2023: WORK[2024], 2024: WORK[2023]})), factor="education")["gap_direction"] == "grows"


def test_p_is_adjusted_over_the_whole_card():
    people = persons({2023: WORK[2023], 2024: WORK[2023] | {"1": (400, 236)}})
    told = 'direction = "favourable"'
    asked = [indicator(f"q{i}", "proportion", numerator=f"income == {100 + i}", more=told) for i in range(7)]
    description = toml(indicators=INDICATORS + "".join(asked))
    alone = one(card_of(people), factor="education")
    assert alone["gap_direction"] == "shrinks"
    full = card_of(people, ["employment", *(f"q{i}" for i in range(7))], ["education", "sex"], description=description)
    assert len(full) == 16
    row = one(full, indicator="employment", factor="education")
    assert row["p"] == pytest.approx(alone["p"])
    p = full["p"].sort_values()
    adjusted = np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]  # Benjamini and Hochberg 1995
    assert full.loc[p.index, "p_adjusted"].tolist() == pytest.approx(adjusted.tolist())
    assert row["gap_direction"] == "unsure"
    assert full["gap_direction"].tolist() == [
        ("shrinks" if row["gap_change"] < 0 else "grows") if row["p_adjusted"] < 0.05 else "unsure"
        for _, row in full.iterrows()
    ]


@pytest.mark.parametrize(("n", "reliability"), [(5000, 3), (2000, 2), (800, 2), (700, 1), (60, 1)])
def test_reliability_is_half_the_gaps_interval_in_percentage_points(n, reliability):
    """Two groups at 40 and 60 per cent: 1.96 · √(2 · 0.24 / n) is 1.9, 3.0, 4.8, 5.1 and 17.5 percentage points."""
    work = {2024: {"1": (n, n * 4 // 10), "6": (n, n * 6 // 10)}}
    half = 196 * math.sqrt(0.48 / n)
    assert (half <= 2) + (half <= 5) + 1 == reliability
    assert one(card_of(persons(work), years=2024), factor="education")["reliability"] == reliability


@pytest.mark.parametrize(("spread", "reliability"), [(40, 3), (80, 2), (200, 1)])
def test_reliability_of_other_units_is_against_the_level(spread, reliability):
    """Two groups of 200 at a mean of 100 ± spread: 1.96 · spread · √(2/200) is 7.8 … of the city's 200, 4 to 20 per cent."""
    people = persons({2024: {"1": (200, 0), "6": (200, 0)}})
    sign = np.where(people["person_id"] // 2 % 2 == 0, 1, -1)
    people["income"] = 200 + 10 * (people["education"] == "6") + spread * sign
    half = 1.96 * spread * math.sqrt(2 / 200) / 205
    assert (half <= 0.05) + (half <= 0.12) + 1 == reliability
    row = one(card_of(people, "income_mean", years=2024), factor="education")
    assert (row["gap"], row["gap_worst"]) == (pytest.approx(10), "lower")
    assert row["reliability"] == reliability


def test_one_year_has_no_direction():
    row = one(card_of(persons(), years=2024), factor="education")
    assert row["gap"] == pytest.approx(23)
    assert row["gap_direction"] == ""
    assert row[["gap_change", "gap_change_lower", "gap_change_upper", "p", "p_adjusted"]].isna().all()


def by_area(shares, n):
    """Persons of 2024 in four areas of n with these shares employed."""
    parts = [
        pd.DataFrame({"education": "3", "area": f"A{i}", "employed": np.arange(n) < round(share * n)})
        for i, share in enumerate(shares, start=1)
    ]
    people = pd.concat(parts, ignore_index=True)
    return people.assign(year=2024, person_id=people.index, sex="1", age=40, protected_identity=False, income=1.0, events=0)  # fmt: skip


def test_areas_are_compared_by_shrunken_values():
    card = card_of(by_area([0.5, 0.6, 0.7, 0.65], 200), by="sex", geography="area", years=2024)
    row = one(card, factor="geography")
    assert (row["gap_worst"], row["gap_best"], row["method"]) == ("A1", "A3", "shrunken")
    assert 5 < row["gap"] < 20
    table = mr.break_down(made_city(by_area([0.5, 0.6, 0.7, 0.65], 200)), "employment", geography="area", years=2024)
    ranked = mr.ranking(table).set_index("geography")
    assert row["gap"] == pytest.approx(ranked.loc["A3", "shrunken"] - ranked.loc["A1", "shrunken"])
    halves = (ranked["shrunken_upper"] - ranked["shrunken_lower"])[["A1", "A3"]] / 2
    assert (row["gap_upper"] - row["gap_lower"]) / 2 == pytest.approx(math.hypot(*halves))


def test_areas_that_differ_by_chance_only_have_no_gap_to_speak_of():
    card = card_of(by_area([0.58, 0.60, 0.62, 0.60], 100), by="sex", geography="area", years=2024)
    assert one(card, factor="geography")["gap"] < 0.5


def test_residents_without_an_area_are_no_end():
    people = by_area([0.55, 0.6, 0.7, 0.65], 200)
    lost = pd.concat([people, people.assign(area=None, employed=False, person_id=people.index + 10_000)])
    row = one(card_of(lost, by="sex", geography="area", years=2024), factor="geography")
    assert (row["gap_worst"], row["gap_best"]) == ("A1", "A3")


def test_the_direction_of_areas_is_of_the_same_two_areas():
    first = by_area([0.3, 0.6, 0.7, 0.65], 800).assign(year=2023)
    both = pd.concat([first, by_area([0.5, 0.6, 0.7, 0.65], 800)])
    row = one(card_of(both, by="sex", geography="area"), factor="geography")
    assert (row["gap_worst"], row["gap_best"]) == ("A1", "A3")
    ranked = {
        year: mr.ranking(mr.break_down(made_city(both), "employment", geography="area", years=year)).set_index(
            "geography"
        )
        for year in (2023, 2024)
    }
    now, then = (ranked[year].loc["A3", "shrunken"] - ranked[year].loc["A1", "shrunken"] for year in (2024, 2023))
    assert row["gap_change"] == pytest.approx(now - then)
    assert row["gap_change"] == pytest.approx(20 - 40, abs=1), "areas of 800 shrink little"
    halves = [
        (ranked[year].loc[area, "shrunken_upper"] - ranked[year].loc[area, "shrunken_lower"]) / 2
        for year in (2023, 2024)
        for area in ("A1", "A3")
    ]
    assert (row["gap_change_upper"] - row["gap_change_lower"]) / 2 == pytest.approx(math.hypot(*halves))
    assert row["gap_direction"] == "shrinks"


def test_an_area_that_was_hidden_the_first_year_has_no_direction():
    both = pd.concat([by_area([0.3, 0.6, 0.7, 0.65], 800).assign(year=2023), by_area([0.5, 0.6, 0.7, 0.65], 800)])
    table = mr.break_down(made_city(both), "employment", geography="area", years=[2023, 2024])
    hide = (table["geography"] == "A1") & (table["year"] == 2023)
    table.loc[hide, ["value", "lower", "upper", "se", "n", "population", "count", "affected"]] = np.nan
    table.loc[hide, "status"] = "C"
    row = one(mr.scorecard(table), factor="geography")
    assert row["gap_worst"] == "A1"
    assert (row["gap_direction"], row["status"]) == ("", "")
    assert np.isnan(row["gap_change"])


@pytest.mark.slow
def test_areas_that_are_furthest_apart_this_year_rarely_seem_to_have_drifted_apart():
    """Four areas of 60 that stay as they are, other persons each year: the ends are this year's extremes, not last year's.

    By their own values 6 of these 80 cities would be told to grow apart, where 2 is what an interval of 95 per cent allows.
    """
    directions = []
    for seed in range(80):
        random = np.random.default_rng(seed)
        share = dict(zip(["A1", "A2", "A3", "A4"], random.normal(0.6, 0.03, 4), strict=True))
        years = [by_area([0, 0, 0, 0], 60).assign(year=year) for year in (2023, 2024)]
        drawn = [rows.assign(employed=random.random(len(rows)) < rows["area"].map(share)) for rows in years]
        people = pd.concat(drawn, ignore_index=True)
        row = one(card_of(people.assign(person_id=people.index), by="sex", geography="area"), factor="geography")
        directions.append(row["gap_direction"])
    assert directions.count("grows") <= 3


def test_two_factors_and_areas_are_a_row_each_and_crosses_do_not_disturb():
    people = persons(areas=("A1", "A2", "A3", "A4"))
    plain = card_of(people, by=["sex", "education"], geography="area")
    assert plain["factor"].tolist() == ["sex", "education", "geography"]
    crossed = card_of(people, by=["sex", "education"], geography="area", crossed=True)
    pd.testing.assert_frame_equal(plain, crossed)


def test_a_break_in_the_series_gives_no_direction():
    own = indicator("broken", "proportion", numerator="employed", more='direction = "favourable"\nbreaks = [2024]')
    row = one(card_of(persons(), "broken", description=toml(indicators=own)), factor="education")
    assert row["gap"] == pytest.approx(23)
    assert (row["status"], row["gap_direction"]) == ("b", "")
    assert np.isnan(row["gap_change"])


def test_a_group_of_few_is_no_end_and_one_group_that_is_left_has_no_gap():
    small = WORK[2024] | {"5": (30, 0)}
    assert one(card_of(persons({2024: small}), years=2024), factor="education")["gap_worst"] == "lower"
    row = one(card_of(persons({2024: {"1": (400, 200), "5": (30, 0)}}), years=2024), factor="education")
    assert (row["status"], row["reliability"], row["gap_worst"]) == ("m", 0, "")
    assert np.isnan(row["gap"])
    assert row["level"] == pytest.approx(100 * 200 / 430)


def test_where_protection_hides_the_groups_the_gap_is_confidential():
    city = made_city(persons({2024: {"1": (2, 1), "6": (398, 300)}}))
    table = hide_small_cells(compute(city, check_request(city, "employment", "education", "city", 2024, crossed=False)))
    assert table["status"].str.contains("C").any()
    row = one(mr.scorecard(table, city=city), factor="education")
    assert row["status"] == "C"
    assert np.isnan(row["gap"])
    assert row["gap_worst"] == ""


def test_a_group_that_is_hidden_is_no_end_of_the_gap_between_the_others():
    table = mr.break_down(made_city(persons()), "employment", by="education", years=[2023, 2024], crossed=False)
    figures = ["value", "lower", "upper", "se", "n", "population", "count", "affected"]
    hidden = table.copy()
    hidden.loc[hidden["education"] == "lower", figures] = np.nan
    hidden.loc[hidden["education"] == "lower", "status"] = "C"
    row = one(mr.scorecard(hidden), factor="education")
    assert (row["gap_worst"], row["gap_best"]) == ("upper", "post_long")
    assert row["gap"] == pytest.approx(3)
    then = hidden["education"].eq("upper") & hidden["year"].eq(2023)
    hidden.loc[then, figures] = np.nan
    assert one(mr.scorecard(hidden), factor="education")["gap_direction"] == "", "hidden in the first year"


def test_an_indicator_without_direction_has_a_level_and_no_gap():
    own = indicator("neutral", "proportion", numerator="employed")
    for geography in (None, "area"):
        card = card_of(persons(), "neutral", geography=geography, description=toml(indicators=own))
        assert card["gap"].isna().all()
        assert (card["gap_worst"] == "").all()
        assert card["level"].tolist() == pytest.approx([100 * 1716 / 2260] * len(card))
        assert (card["gap_direction"] == "").all()


def test_indicators_keep_their_own_years():
    """One is made for 2024 only, the other for both: each tells its direction from its own first year."""
    table = mr.break_down(made_city(persons()), ["employment", "income_mean"], by="sex", years=[2023, 2024], crossed=False)  # fmt: skip
    table = table[(table["indicator"] == "employment") | (table["year"] == 2024)]
    card = mr.scorecard(table)
    assert card["since"].tolist() == [2023, 2024]
    assert one(card, indicator="income_mean")["gap_direction"] == ""
    assert one(card, indicator="employment")["gap_direction"] != ""
    told = mr.scorecard(table, since=2023)
    assert one(told, indicator="income_mean")["gap_direction"] == "", "the first year is missing"


def test_the_direction_is_told_from_the_year_asked_for():
    three = {2022: WORK[2024], 2023: WORK[2023], 2024: WORK[2024]}
    described = toml().replace("years = [2023, 2024]", "years = [2022, 2023, 2024]")
    options = {"description": described, "years": [2022, 2023, 2024]}
    from_first = one(card_of(persons(three), **options), factor="education")
    assert (from_first["since"], from_first["gap_direction"]) == (2022, "unsure")
    assert from_first["gap_change"] == pytest.approx(0)
    later = one(card_of(persons(three), since=2023, **options), factor="education")
    assert (later["since"], later["gap_direction"]) == (2023, "shrinks")
    assert later["gap_change"] == pytest.approx(-10)
    assert len(later["levels"]) == 3


def test_a_year_that_no_indicator_has_is_refused():
    with pytest.raises(UnknownNameError, match=r"since=1999 .*2023, 2024"):
        card_of(persons(), since=1999)


def test_a_table_without_factor_and_areas_is_refused():
    table = mr.break_down(made_city(persons()), "employment")
    with pytest.raises(MrstatsError, match="by="):
        mr.scorecard(table)


def test_the_table_stays_as_it_was_and_the_order_of_its_rows_does_not_matter():
    people = persons(areas=("A1", "A2", "A3", "A4"))
    people["employed"] &= (people["area"] != "A2") | (people["person_id"] % 3 > 0)
    people["income"] += people["sex"].astype(int) + people["area"].str[1].astype(int) * (people["person_id"] % 5)
    names = ["employment", "income_mean"]
    options = {"by": ["sex", "education"], "geography": "area", "years": [2023, 2024], "crossed": False}
    table = mr.break_down(made_city(people), names, **options)
    before = table.copy()
    card = mr.scorecard(table)
    pd.testing.assert_frame_equal(table, before)
    shuffled = table.sample(frac=1, random_state=3)
    shuffled = pd.concat([shuffled[shuffled["indicator"] == name] for name in names])
    shuffled.attrs = table.attrs
    again = mr.scorecard(shuffled)
    assert again.attrs["dataset"] == card.attrs["dataset"]
    pd.testing.assert_frame_equal(card, again)

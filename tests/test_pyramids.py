"""Pyramids: that a bar's area is the share, that hidden cells leave a gap, and what may be claimed."""

import re

import pytest

from display_fixtures import NAN, by_district_and_sex, factor, frame, make_city, row
from mrstats import look
from mrstats.pyramids import pyramid
from mrstats.schema import MrstatsError

COUNTS = {  # women and men 20–39 and 40–64
    "9980": (4000, 4100, 6000, 5900),
    "S1": (1200, 1300, 2700, 2600),
    "S4": (2800, 2800, 3300, 3300),
}
NUMBER = r"-?[\d.]+"
WOMEN, MEN = (colour.lower() for colour, _ in look.GROUPS[:2])


@pytest.fixture
def city():
    return make_city(polygons=False)


def residents(counts=COUNTS):
    rows = []
    for code, (young_women, young_men, older_women, older_men) in counts.items():
        cells = {("women", "20-39"): young_women, ("men", "20-39"): young_men,
                 ("women", "40-64"): older_women, ("men", "40-64"): older_men}  # fmt: skip
        cells |= {(sex, "_T"): cells[sex, "20-39"] + cells[sex, "40-64"] for sex in ("women", "men")}
        cells |= {("_T", age): cells["women", age] + cells["men", age] for age in ("20-39", "40-64", "_T")}
        area = ("city" if code == "9980" else "district", code)
        rows += [row(float(n), NAN, NAN, n, indicator="residents", area=area, sex=sex, age_group=age)
                 for (sex, age), n in cells.items()]  # fmt: skip
    return frame(*rows).drop(columns="country_of_birth")


def texts(display):
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def bars(display, colour):
    """Width and height in millimetres of the bars of one sex, the legend's box left out."""
    found = []
    for path, style in re.findall(r'<path d="([^"]*)"[^>]*style="([^"]*)"', display.svg):
        points = [(float(x), float(y)) for x, y in re.findall(rf"[ML] ({NUMBER}) ({NUMBER})", path)]
        if f"stroke: {colour}" in style and "z" in path:
            width, height = (max(axis) - min(axis) for axis in zip(*points, strict=True))
            found.append((width * look.POINT, height * look.POINT))
    return found[1:]


def test_the_area_of_a_bar_is_the_share_of_the_areas_residents(city):
    display = pyramid(residents(), city=city)
    for colour, place in ((WOMEN, 0), (MEN, 1)):
        expected = [COUNTS[code][place + age] / sum(COUNTS[code]) for code in ("S1", "S4") for age in (2, 0)]
        drawn = [(width + 0.15) * (height + 0.4) for width, height in bars(display, colour)]
        assert len(drawn) == 4
        scale = drawn[0] / expected[0]
        assert drawn == pytest.approx([scale * share for share in expected], rel=0.01)


def test_age_groups_are_as_high_as_they_are_wide(city):
    (_, older), (_, young), *_ = bars(pyramid(residents(), city=city), WOMEN)
    assert (older + 0.4) / (young + 0.4) == pytest.approx(25 / 20, rel=0.01)


def test_ages_of_a_few_years_have_thin_bars_and_labels_that_stand_apart():
    ages = {"20-23": 400, "24-28": 500, "29-68": 4000}  # 4, 5 and 40 years
    uneven = make_city(polygons=False)
    uneven.factors = {**uneven.factors, "age_group": factor("age_group", "Ålder", "Age", [(a, a, "") for a in ages])}
    rows = [
        row(float(n), NAN, NAN, n, indicator="residents", area=("city", "9980"), sex=sex, age_group=age)
        for age, both in {**ages, "_T": sum(ages.values())}.items()
        for sex, n in (("women", both // 2), ("men", both // 2), ("_T", both))
    ]
    display = pyramid(frame(*rows).drop(columns="country_of_birth"), city=uneven)
    heights = [height + 0.4 for _, height in bars(display, WOMEN)]
    assert heights == pytest.approx([40 * 0.55, 5 * 0.55, 2.2], abs=0.02)
    labels = re.findall(
        rf'<text[^>]*(?: x="|translate\(){NUMBER}(?:" y="| )({NUMBER})[^>]*>([^<]*)</text>', display.svg
    )
    lines = {text: float(y) * look.POINT for y, text in labels}
    assert lines["24-28"] - lines["29-68"] >= 3.89
    assert lines["20-23"] - lines["24-28"] >= 3.89
    assert display.height_mm == pytest.approx(6.4 + 12.6 + 49 * 0.55 + 6.0)


def test_each_area_has_the_citys_outline_and_a_pyramid_of_the_city_has_none(city):
    def outlines(display):
        width = f"stroke-width: {look.DISTRICT_LINE}"
        return len([1 for path in re.findall(r"<path[^>]*>", display.svg) if width in path])

    assert outlines(pyramid(residents(), city=city)) == 2 * 2 + 1, "left and right in each panel, and the legend"
    alone = residents()[lambda data: data["geography_level"] == "city"]
    display = pyramid(alone, city=city)
    assert outlines(display) == 0
    assert "Hela staden" in texts(display)
    assert "varje område" not in display.subtitle


def test_a_hidden_cell_is_a_gap_with_two_dots(city):
    data = residents()
    hide = (data["geography"] == "S1") & (data["age_group"] == "20-39") & (data["sex"] == "women")
    data.loc[hide, "status"] = "C"
    emptied = data.copy()
    emptied.loc[hide, ["value", "n", "population"]] = NAN
    display = pyramid(data, city=city)
    assert display.svg == pyramid(emptied, city=city).svg
    assert texts(display).count("..") == 1
    assert len(bars(display, WOMEN)) == 3
    assert len(bars(display, MEN)) == 4
    assert any(note.startswith("..") for note in display.notes)
    assert "1 av 8 värden visas inte" in display.alt
    assert display.title == "Invånare efter ålder, kön och stadsområde", (
        "with a hidden cell nothing is highest for sure"
    )


def test_a_hidden_total_hides_the_whole_pyramid(city):
    data = residents()
    data.loc[(data["geography"] == "S1") & (data["age_group"] == "_T") & (data["sex"] == "_T"), "status"] = "C"
    assert texts(pyramid(data, city=city)).count("..") == 4


def test_the_title_is_a_finding_only_when_the_counts_bear_it(city):
    display = pyramid(residents(), city=city)
    assert display.title == "Andelen i åldern 40–64 år är högst i stadsområdet Kustvik"
    assert "67,9 procent, i hela staden 59,5" in display.alt
    small = {code: tuple(number // 100 for number in numbers) for code, numbers in COUNTS.items()}
    assert pyramid(residents(small), city=city).title == "Invånare efter ålder, kön och stadsområde"


def test_two_areas_that_are_alike_at_the_top_make_no_finding(city):
    counts = {"9980": (5200, 5400, 8700, 8500), "S1": (1200, 1300, 2700, 2600),
              "S4": (2800, 2800, 3300, 3300), "S5": (1200, 1300, 2700, 2600)}  # fmt: skip
    assert pyramid(residents(counts), city=city).title == "Andelen i åldern 20–39 år är högst i stadsområdet Österhed"
    counts["S4"] = counts["S1"]
    counts["S2"] = (900, 900, 600, 600)
    counts["S3"] = (900, 900, 600, 600)
    assert pyramid(residents(counts), city=city).title == "Invånare efter ålder, kön och stadsområde"


def test_residents_without_an_area_are_named_and_have_no_pyramid(city):
    display = pyramid(residents({**COUNTS, "_U": (5, 6, 7, 8)}), city=city)
    assert display.svg == pyramid(residents(), city=city).svg
    assert any(note.startswith("Invånare utan känt område") for note in display.notes)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_texts_stay_on_the_sheet_and_alt_keeps_its_length(city, language):
    for data in (residents(), residents()[lambda table: table["geography_level"] == "city"]):
        display = pyramid(data, city=city, language=language)
        assert 200 <= len(display.alt) <= 400
        assert "<image" not in display.svg
        assert display.svg == pyramid(data, city=city, language=language).svg
        for x, y in re.findall(rf'<text[^>]*(?: x="|translate\()({NUMBER})(?:" y="| )({NUMBER})', display.svg):
            assert 0 <= float(x) * look.POINT <= 156
            assert 0 < float(y) * look.POINT < display.height_mm


def test_what_is_no_count_by_sex_and_age_is_refused(city):
    with pytest.raises(MrstatsError, match=r"count by sex and one age factor.*employment \(proportion\)"):
        pyramid(by_district_and_sex(), city=city)
    with pytest.raises(MrstatsError, match="count by sex and one age factor"):
        pyramid(residents().drop(columns="sex"), city=city)
    with pytest.raises(MrstatsError, match="two sexes"):
        pyramid(residents()[lambda data: data["sex"] != "men"], city=city)


def test_an_open_last_group_is_spread_and_that_is_said(city):
    data = residents().replace({"age_group": {"40-64": "80+"}})
    from display_fixtures import factor

    ages = factor("age_group", "Ålder", "Age", [("20-39", "20–39 år", ""), ("80+", "80 år och äldre", "")])
    city.factors = {**city.factors, "age_group": ages}
    display = pyramid(data, city=city)
    assert "80 år och äldre är fördelade på 20 åldersår" in display.notes
    (_, older), (_, young), *_ = bars(display, WOMEN)
    assert older == pytest.approx(young, abs=0.02)

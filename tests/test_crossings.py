"""Small multiples: which row stands in which panel, that all share one scale, and what a hidden row leaves."""

import re

import pytest

from display_fixtures import DISTRICTS, NAN, by_district_and_sex, factor, frame, gap, make_city, row
from mrstats import look
from mrstats.charts import chart
from mrstats.schema import MrstatsError

BIRTH = ("SE", "nordic", "africa")
NUMBER = r"-?[\d.]+"


@pytest.fixture
def city():
    return make_city(polygons=False)


def crossed(*, areas=(), value=lambda sex, born, area: 60.0, width=1.0):
    """Sex by country of birth, in the city and some areas, with every margin."""
    rows = []
    for area in (("city", "9980"), *areas):
        for sex in ("_T", "women", "men"):
            for born in ("_T", *BIRTH):
                middle = value(sex, born, area[1])
                rows.append(row(middle, middle - width, middle + width, 900, area=area, sex=sex, country_of_birth=born))
    return frame(*rows).drop(columns="age_group")


def texts(display):
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def places(display):
    """Every text with its place in millimetres."""
    found = re.findall(
        rf'<text[^>]*(?: x="|translate\()({NUMBER})(?:" y="| )({NUMBER})[^>]*>([^<]*)</text>', display.svg
    )
    return [(float(x) * look.POINT, float(y) * look.POINT, text) for x, y, text in found]


def marks(display):
    """Places of the dots, in millimetres, in drawing order."""
    found = re.findall(rf'<use xlink:href="#\w+" x="({NUMBER})" y="({NUMBER})"', display.svg)
    return [(float(x) * look.POINT, float(y) * look.POINT) for x, y in found]


def test_a_factor_and_areas_become_a_panel_for_each_area_the_city_first(city):
    written = texts(chart(by_district_and_sex(), city=city))
    titles = [text for text in written if text in ("Hela staden", *DISTRICTS.values())]
    assert titles == ["Hela staden", *DISTRICTS.values()]
    assert "Hela staden, alla grupper 71,4" in written
    assert written.count("Kvinnor") == 1


def test_two_factors_have_the_first_as_rows_and_the_second_as_panels(city):
    written = texts(chart(crossed(), city=city))
    order = [text for text in written if text in ("Totalt", "Kvinnor", "Män", "Sverige", "Afrika")]
    assert order == ["Kvinnor", "Män", "Totalt", "Sverige", "Afrika"], "rows, then panels from the total on"


def test_every_mark_stands_at_its_value_on_one_scale(city):
    figures = {"SE": 72.0, "nordic": 64.0, "africa": 51.0, "_T": 66.0}
    data = crossed(value=lambda sex, born, area: figures[born] + (2 if sex == "men" else 0), width=0.5)
    display = chart(data, city=city)
    ticks = [(x, float(text)) for x, _, text in places(display) if re.fullmatch(r"\d+", text)]
    labels = [value for _, value in ticks]
    panel = labels[: labels.index(labels[0], 1)]
    assert labels == panel * 4, "the same ticks in each of the four panels"
    got = []
    for number in range(4):
        (left, low), *_, (right, high) = ticks[number * len(panel) : (number + 1) * len(panel)]
        inside = [x for x, _ in marks(display) if left - 1 <= x <= right + 1]
        got.append(sorted(low + (x - left) / (right - left) * (high - low) for x in inside))
    expected = [sorted((figures[born], figures[born] + 2)) for born in ("_T", *BIRTH)]
    assert [pytest.approx(pair, abs=0.1) for pair in expected] == got


def test_three_dimensions_draw_the_factor_with_fewest_groups_as_marks(city):
    display = chart(crossed(areas=[("district", "S1"), ("district", "S4")]), city=city)
    written = texts(display)
    assert written.count("Kvinnor") == 1, "the legend, not a row"
    assert len(marks(display)) == 3 * 3 * 2 + 2
    for colour, _ in look.GROUPS[:2]:
        assert colour.lower() in display.svg
    assert display.title == "Andel sysselsatta efter födelseland, kön och stadsområde"


def test_hidden_rows_are_two_dots_and_nothing_of_what_they_hold(city):
    data = by_district_and_sex()
    hide = (data["geography"] == "S2") & (data["sex"] == "men")
    data.loc[hide, "status"] = "C"
    emptied = data.copy()
    emptied.loc[hide, ["value", "lower", "upper", "n"]] = NAN
    display = chart(data, city=city)
    assert display.svg == chart(emptied, city=city).svg
    assert texts(display).count("..") == 1
    assert len(marks(display)) == len(marks(chart(by_district_and_sex(), city=city))) - 1
    assert "74,9" not in display.as_html() + display.alt
    assert any(note.startswith("..") for note in display.notes)
    assert "1 av 12 värden visas inte" in display.alt


def against_inside(*, sure=True):
    """Women and men against both, in each of two districts and the city."""
    rows = []
    for place, area in enumerate((("city", "9980"), ("district", "S1"), ("district", "S4"))):
        for sex, difference in (("women", -5.0), ("men", 5.0)):
            far = 1.0 if sure else 9.0
            value = row(60 + place + difference, 50, 70, 900, area=area, sex=sex)
            rows.append(gap(value, factor="sex", difference=difference, low=difference - far, high=difference + far,
                            reference_value=60.0 + place))  # fmt: skip
    return frame(*rows).drop(columns=["country_of_birth", "age_group"])


def test_colours_come_only_with_sure_differences(city):
    sure, unsure = (chart(against_inside(sure=sure), city=city) for sure in (True, False))
    for colour in (look.WORSE, look.BETTER):
        assert colour.lower() in sure.svg
        assert colour.lower() not in unsure.svg
        assert colour.lower() not in chart(by_district_and_sex(), city=city).svg
    assert any("röd sämre" in note for note in sure.notes)
    assert not any("röd sämre" in note for note in unsure.notes)
    assert "Alla skillnader" in sure.alt
    assert "6 av 6 skillnader kan bero på slumpen" in unsure.alt
    assert "Alla grupper i samma ruta" in texts(sure)


def test_areas_against_the_city_bring_the_citys_panel_without_intervals(city):
    rows = [
        gap(row(value, value - 1, value + 1, 900, sex=sex, area=("district", code)), factor="geography",
            difference=value - whole, low=value - whole - 2, high=value - whole + 2, reference_value=whole)
        for code, shift in (("S1", 6.0), ("S4", -6.0))
        for sex, whole in (("women", 60.0), ("men", 66.0))
        for value in [whole + shift]
    ]  # fmt: skip
    display = chart(frame(*rows).drop(columns=["country_of_birth", "age_group"]), city=city)
    written = texts(display)
    assert written.index("Hela staden") < written.index("Kustvik") < written.index("Österhed")
    assert "Samma rad i rutan Hela staden" in written
    assert len(marks(display)) == 6


def test_a_reference_group_has_its_panel_among_the_others(city):
    rows = [gap(row(55.0, 54, 56, 900, sex=sex, country_of_birth=born), factor="country_of_birth", difference=-9.0,
                low=-11, high=-7, reference_value=64.0) | {"reference": "SE"}
            for born in ("africa", "nordic") for sex in ("women", "men")]  # fmt: skip
    display = chart(frame(*rows).drop(columns="age_group"), city=city)
    written = texts(display)
    assert [text for text in written if text in ("Totalt", "Sverige", "Norden utom Sverige", "Afrika")] == [
        "Sverige", "Norden utom Sverige", "Afrika"]  # fmt: skip
    assert "Samma rad i rutan Sverige" in written
    assert len(marks(display)) == 6


def test_many_areas_are_rows_and_the_groups_panels(city):
    rows = [row(50.0 + place, 49, 90, 100, area=("regso", f"R{place:02}"), sex=sex)
            for place in range(1, 31) for sex in ("women", "men", "_T")]  # fmt: skip
    rows += [row(60.0, 59, 61, 4000, sex=sex) for sex in ("women", "men", "_T")]
    data = frame(*rows).drop(columns=["country_of_birth", "age_group"])
    written = texts(chart(data, city=city))
    assert {"Totalt", "Kvinnor", "Män"} <= set(written)
    names = [city.area_names("regso")[f"R{place:02}"] for place in range(30, 0, -1)]
    assert [text for text in written if text in names] == names, "from the highest value down"


def test_more_than_nine_panels_are_refused_with_a_cure(city):
    rows = [row(50.0, 49, 51, 100, area=("regso", f"R{place:02}"), sex=sex, country_of_birth=born)
            for place in range(1, 13) for sex in ("women", "men") for born in BIRTH]  # fmt: skip
    data = frame(*rows, row(50.0, 49, 51, 100)).drop(columns="age_group")
    chart(data, city=city)  # areas are rows, countries of birth panels
    codes = [f"g{place}" for place in range(12)]
    born = factor("country_of_birth", "Födelseland", "Country of birth", [(code, code, "") for code in codes])
    city.factors = {**city.factors, "country_of_birth": born}
    many = [record | {"country_of_birth": code} for record in data.to_dict("records")[::3] for code in codes]
    with pytest.raises(MrstatsError, match=r"panels.*crossed=False.*mr\.table"):
        chart(frame(*many), city=city)


def test_a_sure_extreme_is_named_with_both_its_groups(city):
    def value(sex, born, area):
        return 40.0 if (sex, born) == ("women", "africa") else 60.0

    assert chart(crossed(value=value), city=city).title == "Andelen sysselsatta är lägst bland kvinnor födda i Afrika"
    assert chart(crossed(value=value, width=15), city=city).title == "Andel sysselsatta efter kön och födelseland"


def test_residents_without_an_area_have_no_panel_and_that_is_said(city):
    display = chart(by_district_and_sex(), city=city)
    assert "Utan känt område" not in texts(display)
    assert any(note.startswith("Invånare utan känt område") for note in display.notes)
    placed = by_district_and_sex().query("geography != '_U'")
    assert not any(note.startswith("Invånare utan") for note in chart(placed, city=city).notes)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_texts_stay_on_the_sheet_and_alt_keeps_its_length(city, language):
    for data in (by_district_and_sex(), crossed(), against_inside()):
        display = chart(data, city=city, language=language)
        assert 200 <= len(display.alt) <= 400
        assert display.svg == chart(data, city=city, language=language).svg
        assert "<image" not in display.svg
        for x, y, text in places(display):
            assert 0 <= x <= 156, text
            assert 0 < y < display.height_mm, text


def test_margins_alone_stay_one_list(city):
    data = crossed()
    one_way = data[(data["sex"] == "_T") | (data["country_of_birth"] == "_T")]
    assert "Procent" in texts(chart(one_way, city=city)), "the column of values belongs to the list"

"""Maps: classes, patterns, labels, legend, and what a hidden area may not tell."""

import re

import pytest
import shapely

from display_fixtures import by_area, by_district_and_sex, frame, make_city, row
from mrstats import look, mappanel
from mrstats.mapclasses import Classes, classes_of, round_limits
from mrstats.maps import choropleth
from mrstats.schema import MrstatsError


@pytest.fixture(scope="module")
def city():
    return make_city()


@pytest.fixture(scope="module")
def drawn(city):
    return choropleth(by_area(), city=city)


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def test_limits_are_round_and_values_are_cut_after_rounding():
    assert round_limits([5, 12, 18, 23, 27, 31, 36, 42]) == ((10.0, 20.0, 30.0, 40.0), 0)
    classes = Classes((10.0, 20.0, 30.0, 40.0), 0)
    assert classes.of([9.4, 9.5, 19.4, 39.6, 99.0]) == [0, 1, 1, 4, 4]
    assert classes.text(9.5, "sv") == "10"


def test_small_values_get_the_decimals_that_their_classes_need():
    limits, decimals = round_limits([0.4, 0.9, 1.3, 1.8, 2.4])
    assert decimals == 1
    assert limits == (0.5, 1.0, 1.5, 2.0)
    assert Classes(limits, decimals).text(1.26, "sv") == "1,3"


def test_large_values_are_printed_in_thousands():
    classes = classes_of([180_000.0, 220_000.0, 260_000.0, 300_000.0, 340_000.0, float("nan")])
    assert classes.scale == 1000
    assert classes.text(221_400, "sv") == "221"


def test_equal_values_can_be_drawn():
    assert set(classes_of([20.0, 20.0]).of([20.0])) <= set(range(5))


def test_class_words(city):
    from mrstats.captions import Captions

    words, classes = Captions(city, "sv"), Classes((10.0, 20.0, 30.0, 40.0), 0)
    assert [classes.label(place, words) for place in range(5)] == [
        "under 10",
        "10–19",
        "20–29",
        "30–39",
        "40 eller mer",
    ]


def test_legend_adds_up_persons_by_class(drawn):
    # 30 areas of 900, 1 000 … 3 800 persons; 7 and 8 are hidden, 21 (2 900) is unreliable
    data = by_area()
    plain = data[(data["geography_level"] == "regso") & (data["status"] == "")]
    most = plain.loc[(plain["value"] + 0.5).astype(int) >= 40, "population"].sum()
    written = [text.replace("\xa0", " ") for text in texts(drawn)]
    assert f"{most:,.0f}".replace(",", " ") in written
    assert "2 900" in written
    assert "u osäkert värde" in written
    assert "2 områden" in written
    assert ".. visas inte" in written
    assert "Hela staden 23,4" in written


def test_hidden_areas_tell_nothing(city, drawn):
    data = by_area()
    hidden = data["geography"].isin(["R07", "R08"])
    data.loc[hidden, ["value", "lower", "upper", "n", "population"]] = [87.3, 81.1, 92.9, 4321.0, 98_765.0]
    display = choropleth(data, city=city)
    assert display.svg == drawn.svg
    assert display.alt == drawn.alt
    for name in ("Station", "Kvarnby"):
        assert name not in texts(drawn)
    assert "2 av 30 värden visas inte" in drawn.alt


def test_value_text_has_contrast_on_its_fill():
    for fill in (*look.ORDERED, look.WHITE):
        assert look.contrast(look.text_on(fill), fill) >= 4.5


def test_labels_lie_inside_their_areas():
    room = shapely.Polygon([(0, 0), (30, 0), (30, 4), (4, 4), (4, 30), (0, 30)])
    x, y = mappanel.spot_in(room, 10.0, 2.0)
    assert room.contains(shapely.box(x - 5, y - 1, x + 5, y + 1))
    assert mappanel.spot_in(room, 12.0, 8.0) is None


def test_one_shape_for_each_pattern_and_no_bitmap(drawn):
    assert "<pattern" not in drawn.svg
    assert "<image" not in drawn.svg
    assert "clip-path=" not in drawn.svg
    hatch = re.findall(rf'<path d="[^"]*" style="fill: none; stroke: {look.HATCH.lower()}', drawn.svg)
    assert len(hatch) == 2, "the map's hidden areas and the legend's swatch"


def test_map_is_the_same_every_time(city, drawn):
    assert choropleth(by_area(), city=city).svg == drawn.svg


def test_locator_explains_its_letters(drawn):
    assert {"K", "M", "N", "Ö", "S"} <= set(texts(drawn))
    assert "K Kustvik, M Mittköping, N Norrgärde, Ö Österhed, S Söderlunda" in drawn.notes


def test_names_that_do_not_fit_are_said_to_be_elsewhere(drawn):
    assert any(note.startswith("Namn") for note in drawn.notes)
    assert {"N", "0", "2 km", "Havet"} <= set(texts(drawn))


def test_districts_need_no_locator_and_carry_their_finding(city):
    display = choropleth(by_district_and_sex(), city=city)
    assert display.title == "Andelen sysselsatta är lägst i stadsområdet Österhed"
    assert "Österhed" in texts(display)
    assert "K" not in texts(display)


def test_alt_text_has_ends_and_length(city, drawn):
    assert 200 <= len(drawn.alt) <= 400
    for part in ("Karta med 30 delområden", "hela staden 23,4 procent", "42,1", "3,5"):
        assert part in drawn.alt.replace("\xa0", " "), part
    assert 200 <= len(choropleth(by_area(), city=city, language="en").alt) <= 400


def test_a_group_can_be_mapped_alone(city):
    women = by_district_and_sex().query("sex == 'women'")
    display = choropleth(women, city=city)
    assert "bland kvinnor" in display.subtitle
    assert "62" in texts(display)


def test_no_boundaries_and_no_areas_become_sentences(city):
    display = choropleth(by_area(), city=make_city(polygons=False))
    assert display.kind == "text"
    assert "gränser" in display.paragraphs[0]
    display = choropleth(frame(row(23.4, 22.9, 23.9, 75_000, indicator="low_income")), city=city)
    assert display.kind == "text"
    assert "ingen karta" in display.paragraphs[0]


def test_an_area_without_boundary_is_an_error(city):
    data = by_area()
    data.loc[3, "geography"] = "R99"
    with pytest.raises(MrstatsError, match=r"'R99'.*vintage"):
        choropleth(data, city=city)


def test_two_levels_are_refused(city):
    data = frame(*by_area().to_dict("records"), row(20.0, 18, 22, 900, indicator="low_income", area=("district", "S1")))
    with pytest.raises(MrstatsError, match="one level"):
        choropleth(data, city=city)


def test_polygons_without_a_row_are_hidden(city):
    display = choropleth(by_area().iloc[3:], city=city)
    assert "5 områden" in texts(display)


def test_areas_that_are_all_alike_have_no_highest_and_no_lowest(city):
    alt = choropleth(by_area().assign(value=57.0), city=city).alt
    assert "Alla värden som visas är 57,0." in alt
    assert "Högst" not in alt

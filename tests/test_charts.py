"""Charts: what is drawn, what is said, and that a hidden row leaves only its name."""

import itertools
import re

import numpy as np
import pytest

from display_fixtures import NAN, by_district_and_sex, frame, gap, gaps_one_way, make_city, row
from mrstats import look
from mrstats.charts import chart
from mrstats.schema import MrstatsError


@pytest.fixture
def city():
    return make_city(polygons=False)


def districts_or_sexes():
    """The margins of the table by district and sex: no row crosses the two."""
    data = by_district_and_sex()
    return data[(data["sex"] == "_T") | (data["geography_level"] == "city")]


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def test_chart_writes_values_counts_and_signed_gaps(city):
    written = texts(chart(gaps_one_way(), city=city))
    for text in (
        "Kön",
        "Kvinnor",
        "69,2",
        "4\xa0210",
        "−2,2",
        "+2,5",
        "Hela staden 71,4",
        "Procent",
        "Skillnad, p.e.",
    ):
        assert text in written, text


def test_hidden_row_is_two_dots_without_a_mark(city):
    data = gaps_one_way()
    hidden = data["country_of_birth"] == "asia"
    figures = ["value", "lower", "upper", "n", "difference", "difference_lower", "difference_upper"]
    data.loc[hidden, figures] = [13.7, 11.1, 16.9, 17.0, -57.7, -60.3, -54.5]
    display = chart(data, city=city)
    assert display.svg == chart(gaps_one_way(), city=city).svg, "what a confidential row holds cannot matter"
    assert texts(display).count("..") == 3
    everywhere = display.svg + display.as_html() + display.alt + display.as_text()
    assert not [figure for figure in ("13,7", "57,7", "11,1", "16,9", "60,3") if figure in everywhere]


def test_colours_and_arrows_mean_worse_and_better_for_people(city):
    def colours(favourable):
        data = frame(
            gap(row(60.0, 58.0, 62.0, 900, sex="women"), factor="sex", difference=-11.4, low=-13, high=-9,
                favourable=favourable)
        )  # fmt: skip
        return set(re.findall(r"#[0-9a-f]{6}", chart(data, city=city).svg))

    assert look.WORSE.lower() in colours(True)
    assert look.WORSE.lower() not in colours(False)


def test_unsure_and_unreliable_rows_stay_ink_and_hollow(city):
    data = gaps_one_way().query("country_of_birth in ('nordic', 'africa')")
    svg = chart(data, city=city).svg
    assert look.WORSE.lower() not in svg
    assert svg.count("#ffffff") >= 2


def test_breakdown_without_gaps_has_no_gap_column_and_no_judging_colour(city):
    display = chart(districts_or_sexes(), city=city)
    written = texts(display)
    assert "Skillnad, p.e." not in written
    assert "Hela staden 71,4" in written
    assert look.WORSE.lower() not in display.svg
    names = [text for text in written if text in ("Kustvik", "Söderlunda", "Mittköping", "Norrgärde", "Österhed")]
    assert names == ["Kustvik", "Söderlunda", "Mittköping", "Norrgärde", "Österhed"], "areas by value"


def test_axis_that_starts_above_zero_says_so(city):
    assert any(note == "Axeln börjar vid\N{NO-BREAK SPACE}40" for note in chart(gaps_one_way(), city=city).notes)
    low = frame(row(4.0, 3.0, 5.0, 900, sex="women"), row(9.0, 8.0, 10.0, 900, sex="men"), row(6.5, 6.0, 7.0, 1800))
    assert not any(note.startswith("Axeln") for note in chart(low, city=city).notes)


def test_drawing_is_the_same_every_time_and_without_bitmap_or_date(city):
    first, second = (chart(gaps_one_way(), city=city).svg for _ in range(2))
    assert first == second
    assert "<image" not in first
    assert "<metadata" not in first
    assert "202" not in re.sub(r"<text.*?</text>", "", first)
    assert first.startswith("<svg")
    assert "Source Sans Pro" in first


def test_height_grows_by_the_row(city):
    data = gaps_one_way()
    tall, short = chart(data, city=city), chart(data[data["country_of_birth"] != "asia"], city=city)
    assert tall.height_mm - short.height_mm == pytest.approx(4.7)
    assert tall.width_mm == 156.0


def test_no_text_leaves_the_sheet(city):
    for data in (gaps_one_way(), by_district_and_sex()):
        display = chart(data, city=city, language="en")
        for x, y in re.findall(r'<text[^>]*transform="translate\(([\d.-]+) ([\d.-]+)\)', display.svg):
            assert -0.01 <= float(x) * look.POINT <= 156
            assert 0 < float(y) * look.POINT < display.height_mm


def test_more_rows_than_a_page_are_refused(city):
    rows = [row(50.0, 45, 55, 100, area=("regso", f"R{place:02}")) for place in range(1, 31)]
    rows += [row(50.0, 45, 55, 100, area=("district", f"S{place}")) for place in range(1, 6)]
    rows += [row(50.0, 45, 55, 100, area=("other", f"X{place}")) for place in range(10)]
    city.geographies["other"] = city.geographies["district"]
    with pytest.raises(MrstatsError, match=r"45 rows.*42.*mr\.map"):
        chart(frame(*rows, row(50.0, 48, 52, 4000)), city=city)


def test_alt_text_has_the_city_two_numbers_and_the_uncertain(city):
    alt = chart(gaps_one_way(), city=city).alt
    assert 200 <= len(alt) <= 400
    for part in (
        "Punktdiagram",
        "hela staden 71,4",
        "bland 20–39-åringar, 78,6",
        "personer födda i Afrika, 58,9",
    ):
        assert part in alt.replace("\xa0", " "), part
    assert "2 av 7 skillnader kan bero på slumpen" in alt
    assert "1 av 8 värden visas inte" in alt


@pytest.mark.parametrize("language", ["sv", "en"])
def test_alt_text_keeps_its_length(city, language):
    for data in (gaps_one_way(), by_district_and_sex(), gaps_one_way().iloc[:1]):
        assert 200 <= len(chart(data, city=city, language=language).alt) <= 400


def test_own_alt_text_wins_and_an_empty_one_is_refused(city):
    assert chart(gaps_one_way(), city=city, alt="Egen text.").alt == "Egen text."
    with pytest.raises(MrstatsError, match="alt is empty"):
        chart(gaps_one_way(), city=city, alt="  ")


def test_indicator_without_groups_becomes_a_sentence(city):
    for data in (frame(row(71.4, 70.3, 72.5, 7900)), gaps_one_way().iloc[:0]):
        display = chart(data, city=city)
        assert display.kind == "text"
        assert "inte" in display.paragraphs[0]
        assert "inga skillnader" not in display.paragraphs[0].lower()
    assert "andelen sysselsatta" in chart(frame(row(71.4, 70.3, 72.5, 7900)), city=city).paragraphs[0]
    unasked = frame(row(71.4, 70.3, 72.5, 7900)).drop(columns=["sex", "country_of_birth", "age_group"])
    assert chart(unasked, city=city).paragraphs[0].startswith("Här visas andelen sysselsatta bara för")


def test_means_have_no_per_cent(city):
    data = frame(
        *(
            gap(
                row(value, value - 2000, value + 2000, 900, indicator="income", sex=sex),
                factor="sex",
                difference=value - 220_000,
                low=value - 223_000,
                high=value - 217_000,
                reference_value=220_000.0,
            )
            for sex, value in (("women", 210_400), ("men", 229_600))
        )
    )
    display = chart(data, city=city)
    written = texts(display)
    assert {"Medelvärde", "Skillnad", "210\xa0400", "−9\xa0600", "Hela staden 220\xa0000"} <= set(written)
    everything = display.svg + display.subtitle + " ".join(display.notes) + display.alt
    assert "rocent med" not in everything.replace("95 procents", "")
    assert "p.e." not in everything


def test_own_profile_of_an_area_is_compared_with_the_area(city):
    data = by_district_and_sex()
    display = chart(data[data["geography"] == "S4"], city=city)
    assert "Österhed 64,0" in texts(display)


def test_reference_groups_differ_by_block(city):
    women = gap(row(69.2, 67.6, 70.7, 4210, sex="women"), factor="sex", difference=-4.7, low=-6, high=-3,
                reference_value=73.9) | {"reference": "men"}  # fmt: skip
    born = row(60.0, 55.0, 65.0, 400, country_of_birth="asia")
    asia = gap(born, factor="country_of_birth", difference=-13.6, low=-19, high=-8, reference_value=73.6)
    asia |= {"reference": "SE"}
    written = texts(chart(frame(women, asia), city=city))
    assert "mot män 73,9" in written
    assert "mot Sverige 73,6" in written


def test_the_newest_year_is_drawn_and_other_indicators_are_refused(city):
    old = by_district_and_sex().assign(year=2019, value=1.0)
    both = frame(*old.to_dict("records"), *by_district_and_sex().to_dict("records"))
    assert chart(both, city=city).svg == chart(by_district_and_sex(), city=city).svg
    mixed = by_district_and_sex()
    mixed.loc[0, "indicator"] = "low_income"
    with pytest.raises(MrstatsError, match="holds 2"):
        chart(mixed, city=city)


def test_spread_is_claimed_only_when_the_intervals_bear_it(city):
    def data(low_end):
        return frame(
            row(70.0, 69.0, 71.0, 900, sex="women"),
            row(72.0, 71.0, 73.0, 900, sex="men"),
            row(50.0, 49.0, low_end, 900, country_of_birth="asia"),
            row(80.0, 79.0, 81.0, 900, country_of_birth="SE"),
            row(71.0, 70.0, 72.0, 1800),
        )  # fmt: skip

    # sex can at most span 73 − 69 = 4; country of birth spans at least 79 − 51 = 28, or 79 − 76 = 3
    assert chart(data(51.0), city=city).title == "Andelen sysselsatta skiljer sig mest efter födelseland"
    assert chart(data(76.0), city=city).title == "Andel sysselsatta efter kön och födelseland"


def test_all_hidden_is_still_a_figure(city):
    data = by_district_and_sex()
    data["status"] = "C"
    display = chart(data, city=city)
    assert display.kind == "figure"
    assert np.isfinite(display.height_mm)
    assert NAN not in texts(display)
    assert "nan" not in display.svg.lower().replace("dominant", "")


def test_long_axis_numbers_do_not_run_into_each_other(city):
    data = frame(
        row(236_628, 230_000, 243_000, 800, indicator="income", education="low"),
        row(351_665, 350_000, 353_000, 800, indicator="income", education="high"),
        row(298_525, 298_000, 299_000, 1600, indicator="income"),
    ).drop(columns=["sex", "age_group", "country_of_birth"])
    data.insert(5, "education", data.pop("education").fillna("_T"))
    display = chart(data, city=city)
    places = r'<text[^>]*(?: x="|translate\()([\d.]+)[^>]*>(\d00\xa0000)</text>'
    ticks = sorted((float(x) * look.POINT, text) for x, text in re.findall(places, display.svg))
    assert len(ticks) >= 2
    for (left, text), (right, _) in itertools.pairwise(ticks):
        assert right - left > look.text_width(text, look.SMALL_SIZE)
    assert "eftergymnasial, tre år" in display.svg.lower(), "a long name is broken, not cut"


def test_profile_of_one_area_is_not_labelled_as_the_city(city):
    women = row(61.5, 57.9, 65.0, 740, sex="women", area=("district", "S4"))
    women = gap(women, factor="sex", difference=-2.5, low=-4, high=-1, reference_value=64.0)
    written = texts(chart(frame(women), city=city))
    assert "Österhed 64,0" in written
    assert not any("Hela staden" in text for text in written)


def test_superlatives_need_every_group_in_the_rows(city):
    groups = (("africa", 45.0), ("asia", 60.0), ("nordic", 80.0))
    data = frame(
        *(
            gap(
                row(value, value - 1, value + 1, 900, country_of_birth=code),
                factor="country_of_birth",
                difference=value - 30.0,
                low=value - 32.0,
                high=value - 28.0,
                reference_value=30.0,
            )
            | {"reference": "SE"}
            for code, value in groups
        )
    )
    display = chart(data, city=city)
    assert display.title == "Andel sysselsatta efter födelseland", "those born in Sweden, 30.0, are the lowest"
    assert "lägst" not in display.alt
    assert "Störst är skillnaden bland personer födda i Norden: 80,0 mot 30,0, alltså +50,0." in display.alt


def test_areas_whose_total_equals_the_citys_do_not_hide_the_citys_line(city):
    data = gaps_one_way()
    inside = gap(
        row(80.0, 70.0, 88.0, 90, sex="women", area=("district", "S1")),
        factor="sex",
        difference=8.6,
        low=2.0,
        high=15.0,
    )
    display = chart(frame(*data.to_dict("records"), inside), city=city)
    assert "Hela staden 71,4" in texts(display)

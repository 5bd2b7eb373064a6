"""Tables: layout, symbols, notes, hidden cells. Expected texts are worked by hand from the fixture."""

import json

import pandas as pd
import pytest

import mrstats as mr
from display_fixtures import NAN, by_area, by_district_and_sex, frame, gap, gaps_one_way, make_city, row
from mrstats.schema import MrstatsError
from mrstats.tables import table


@pytest.fixture
def city():
    return make_city(polygons=False)


def cells(display) -> dict[str, list[str]]:
    return {row["cells"][0]: row["cells"][1:] for row in display.rows}


def test_districts_by_sex_are_the_table_of_the_design(city):
    display = table(by_district_and_sex(), city=city)
    assert [column["text"] for column in display.columns] == [
        "Stadsområde", "Andel", "95 %-intervall", "Personer", "Andel", "95 %-intervall", "Personer", "Not"
    ]  # fmt: skip
    assert [column["align"] for column in display.columns] == ["left", *["right"] * 6, "left"]
    assert display.spanners == [
        {"text": "Kvinnor", "first": 1, "last": 3},
        {"text": "Män", "first": 4, "last": 6},
    ]
    assert cells(display)["Kustvik"] == ["72,8", "69,6–75,8", "840", "77,1", "73,8–80,1", "710", ""]
    assert list(cells(display))[-2:] == ["Utan känt område", "Hela staden"]
    assert [row["total"] for row in display.rows] == [False] * 6 + [True]
    assert cells(display)["Hela staden"][:3] == ["69,2", "67,6–70,7", "4\xa0210"]
    assert display.subtitle == (
        "Andel sysselsatta, 20–64 år, efter stadsområde och kön, procent med 95 procents "
        "osäkerhetsintervall, Exempelstad 2024"
    )
    assert display.source == "Källa: Exempelstads register 2024. Egen bearbetning."


def test_status_letters_are_explained_only_if_used(city):
    display = table(by_district_and_sex(), city=city)
    assert cells(display)["Österhed"][-1] == "b kvinnor", "the break holds for women only"
    assert cells(display)["Utan känt område"][-1] == "u", "the only figure shown in the row"
    chance = "Intervallet visar slumpen från år till år, eftersom alla är med"
    assert [note.split(" = ")[0] for note in display.notes] == ["..", "b", "u", chance]
    plain = table(by_district_and_sex().query("geography_level == 'city'"), city=city)
    assert plain.notes == [chance]
    assert plain.columns[-1]["text"] == "Personer"


def test_hidden_cell_leaves_no_trace_even_if_the_row_holds_figures(city):
    data = by_district_and_sex()
    hidden = (data["geography"] == "S3") & (data["sex"] == "women")
    data.loc[hidden, ["value", "lower", "upper", "n", "population"]] = [11.9, 10.7, 12.3, 1357.0, 1357.0]
    data.loc[hidden, "status"] = "C"
    display = table(data, city=city, show=["value", "interval", "n"])
    assert cells(display)["Norrgärde"][:3] == ["..", "..", ".."]
    everywhere = json.dumps(display.as_json(), ensure_ascii=False) + display.as_html() + display.as_text()
    assert not [figure for figure in ("11,9", "10,7", "12,3", "357") if figure in everywhere]


def test_a_hidden_area_takes_the_superlative_out_of_the_title(city):
    data = by_district_and_sex()
    assert table(data, city=city).title == (
        "Andelen sysselsatta är lägst i stadsområdet Österhed, bland både kvinnor och män"
    )
    data.loc[data["geography"] == "S1", "status"] = "C"
    assert table(data, city=city).title == "Andel sysselsatta efter stadsområde och kön"


def test_title_claims_nothing_when_intervals_meet(city):
    data = by_district_and_sex()
    data.loc[(data["geography"] == "S4") & (data["sex"] == "men"), "upper"] = 70.6  # Norrgärde's men start at 70.5
    assert table(data, city=city).title == "Andel sysselsatta efter stadsområde och kön"


def test_every_symbol_and_its_note(city):
    data = frame(
        row(50.0, 45.0, 55.0, 100, area=("district", "S1")),
        row(NAN, NAN, NAN, NAN, status="C", area=("district", "S2")),
        row(NAN, NAN, NAN, 0, status="m", area=("district", "S3")),
        row(NAN, NAN, NAN, NAN, status="x", area=("district", "S4")),
        row(0.0, 0.0, 3.7, 100, status="p i r", area=("district", "S5")),
    )
    display = table(data, city=city)
    assert cells(display) == {
        "Kustvik": ["50,0", "45,0–55,0", "100", ""],
        "Mittköping": ["..", "..", "..", ""],
        "Norrgärde": [".", ".", "–", ""],
        "Österhed": ["saknas", "saknas", "saknas", ""],
        "Söderlunda": ["0,0", "0,0–3,7", "100", "p i r"],
    }
    assert [note.split(" = ")[0] for note in display.notes] == [
        *("..", ".", "–", "saknas", "p", "i", "r"),
        "Intervallet visar slumpen från år till år, eftersom alla är med",
    ]


def test_zero_count_is_a_dash_and_zero_per_cent_is_not(city):
    counts = frame(
        row(0, NAN, NAN, NAN, indicator="residents", area=("district", "S1")),
        row(1234, NAN, NAN, NAN, indicator="residents", area=("district", "S2")),
    )
    display = table(counts, city=city)
    assert cells(display) == {"Kustvik": ["–"], "Mittköping": ["1\xa0234"]}
    assert display.notes == ["– = noll"]
    assert display.columns[1]["text"] == "Antal"


def test_value_without_status_is_an_error_that_says_where(city):
    data = frame(row(NAN, NAN, NAN, 40, area=("district", "S1")), row(50.0, 45.0, 55.0, 100, area=("district", "S2")))
    with pytest.raises(MrstatsError, match="employment 2024 at S1 has no value and no status"):
        table(data, city=city)


def test_gaps_have_signs_and_intervals_with_the_word(city):
    display = table(gaps_one_way(), city=city)
    assert [column["text"] for column in display.columns] == [
        "Grupp", "Andel", "Skillnad, p.e.", "95 %-intervall", "Personer", "Not"
    ]  # fmt: skip
    assert cells(display)["Kön: kvinnor"] == ["69,2", "−2,2", "−3,0 till −1,4", "4\xa0210", ""]
    assert cells(display)["Kön: män"][1:3] == ["+2,5", "+1,6 till +3,4"]
    assert cells(display)["Födelseland: Asien"] == ["..", "..", "..", "..", ""]
    assert "Skillnaden är mot hela staden, 71,4." in display.notes
    assert "p.e. = procentenheter" in display.notes


def test_difference_of_a_hidden_reference_is_hidden(city):
    data = gaps_one_way().iloc[:2].copy()
    data[["reference_value", "difference", "difference_lower", "difference_upper"]] = NAN
    assert cells(table(data, city=city))["Kvinnor"] == ["69,2", "..", "..", "4\xa0210"]


def test_one_figure_needs_no_spanner(city):
    display = table(by_district_and_sex(), city=city, show=["value"])
    assert [column["text"] for column in display.columns] == [
        "Stadsområde",
        "Kvinnor",
        "Män",
        "Totalt",
        "Not",
    ]
    assert display.spanners == []


def test_rows_and_columns_can_be_swapped(city):
    display = table(by_district_and_sex(), city=city, rows="sex", columns="geography", show=["value"])
    assert cells(display)["Kvinnor"] == ["72,8", "70,3", "69,9", "61,5", "72,6", "..", "69,2", "b Österhed"]
    assert [row["total"] for row in display.rows] == [False, False, True]


def test_years_and_indicators_can_be_rows(city):
    data = frame(
        *(row(60.0 + year - 2020, 58.0, 66.0, 900, year=year) for year in (2022, 2024)),
        *(row(210_400, 208_000, 212_800, 900, year=year, indicator="income") for year in (2022, 2024)),
    )
    years = table(data[data["indicator"] == "employment"], city=city, rows="year")
    assert cells(years) == {"2022": ["62,0", "58,0–66,0", "900"], "2024": ["64,0", "58,0–66,0", "900"]}
    assert years.columns[0]["text"] == "År"
    assert years.subtitle.endswith("Exempelstad 2022–2024")
    indicators = table(data, city=city, rows="indicator", columns="year", show=["value"])
    assert cells(indicators) == {
        "Sysselsatta 20–64 år, procent": ["62,0", "64,0"],
        "Medelinkomst 20–64 år, kronor": ["210\xa0400", "210\xa0400"],
    }


def test_english_table(city):
    display = table(by_district_and_sex(), city=city, language="en")
    assert display.columns[2]["text"] == "95% interval"
    assert cells(display)["The whole city"][:3] == ["69.2", "67.6–70.7", "4,210"]
    assert display.notes[0].startswith(".. = not shown")


def test_too_wide_a_choice_is_an_error_with_a_cure(city):
    with pytest.raises(MrstatsError, match=r"156 mm.*fewer figures"):
        table(by_district_and_sex(), city=city, rows="sex", columns="geography", show=["value", "interval", "n"])


def test_a_long_title_is_refused(city):
    with pytest.raises(MrstatsError, match="13 words"):
        table(by_district_and_sex(), city=city, title="a b c d e f g h i j k l m")


@pytest.mark.parametrize("data", [by_district_and_sex(), gaps_one_way(), by_area()])
def test_proposed_titles_are_short_and_start_with_a_capital(city, data):
    title = table(data, city=city).title
    assert len(title.split()) <= 12
    assert title[0].isupper()


def test_unknown_names_are_refused(city):
    with pytest.raises(MrstatsError, match=r"'colour' is no dimension.*sex"):
        table(by_district_and_sex(), city=city, rows="colour")
    with pytest.raises(MrstatsError, match=r"value, interval, n"):
        table(by_district_and_sex(), city=city, show=["median"])
    with pytest.raises(MrstatsError, match=r"mr\.gaps first"):
        table(by_district_and_sex(), city=city, show=["difference"])


def test_two_rows_for_one_cell_are_refused(city):
    data = pd.concat([by_district_and_sex()] * 2, ignore_index=True)
    with pytest.raises(MrstatsError, match="want the same cell"):
        table(data, city=city)


def test_input_is_not_changed(city):
    data = by_district_and_sex()
    before = data.copy()
    table(data, city=city)
    pd.testing.assert_frame_equal(data, before)


def test_groups_that_cannot_exist_are_left_out_but_areas_are_not(city):
    data = by_district_and_sex()
    data.loc[data["sex"] == "men", "status"] = "m"
    data.loc[data["sex"] == "men", ["value", "lower", "upper", "n"]] = [NAN, NAN, NAN, 0.0]
    empty = (data["geography"] == "S1") & (data["sex"] != "men")
    data.loc[empty, "status"] = "m"
    data.loc[empty, ["value", "lower", "upper", "n"]] = [NAN, NAN, NAN, 0.0]
    display = table(data, city=city)
    assert [spanner["text"] for spanner in display.spanners] == ["Kvinnor", "Totalt"]
    assert cells(display)["Kustvik"][:3] == [".", ".", "–"]


def test_a_table_of_one_group_claims_nothing_about_all(city):
    women = by_district_and_sex().query("sex == 'women' and geography != '_U'")
    display = table(women, city=city)
    assert display.title == "Andel sysselsatta efter stadsområde"
    assert "bland kvinnor" in display.subtitle


def test_gaps_within_areas_say_what_they_are_against(city):
    data = frame(
        *(
            gap(
                row(60.0, 58.0, 62.0, 900, sex="women", area=("district", code)),
                factor="sex",
                difference=-value,
                low=-value - 2,
                high=-value + 2,
                reference_value=60.0 + value,
            )
            | {"reference": "men"}
            for code, value in (("S1", 3.0), ("S2", 5.0))
        )
    )  # fmt: skip
    display = table(data, city=city)
    assert "Skillnaden är mot män i samma område." in display.notes
    one_area = table(data[data["geography"] == "S1"], city=city, rows="sex")
    assert "Skillnaden är mot män, 63,0." in one_area.notes


@pytest.mark.parametrize("verb", [mr.table, mr.chart, mr.timeline, mr.map, mr.pyramid, mr.sentence])
def test_findings_in_the_place_of_levels_are_named_with_what_shows_them(verb):
    levels = mr.break_down(mr.tiny_city(), "employment", by="sex")
    with pytest.raises(MrstatsError, match=r"what mr\.inequality returned.*mr\.chart\(mr\.gaps\(table\)\)"):
        verb(mr.inequality(levels, factor="sex"))


def test_changes_are_no_table_of_levels():
    rows = pd.DataFrame({"indicator": ["employment"], "change": [1.0], "kind": ["level"]})
    with pytest.raises(MrstatsError, match=r"what mr\.change returned.*mr\.timeline\(table, changes\)"):
        mr.table(rows)

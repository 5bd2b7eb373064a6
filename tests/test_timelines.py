"""Timelines: where lines break, what stands at their ends, and what the title may say."""

import re

import pytest

import mrstats as mr
from display_fixtures import by_district_and_sex, frame, make_city, row
from finding_fixtures import LEVELS, YEARS, by_year, change, changes_by_birth
from mrstats import look
from mrstats.schema import MrstatsError
from mrstats.timelines import timeline

PLUM = look.GROUPS[0][0].lower()


@pytest.fixture(scope="module")
def city():
    return make_city(polygons=False)


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def series(display, colour) -> list[int]:
    """Points of each thick line of a colour."""
    paths = re.findall(r'<path d="([^"]*)"[^>]*style="([^"]*)"', display.svg)
    thick = [d for d, style in paths if f"stroke: {colour}" in style and "stroke-width: 1.8" in style]
    return [len(re.findall(r"[ML]", d)) for d in thick]


def test_it_is_public():
    assert mr.timeline.__wrapped__ is timeline


def test_a_break_parts_the_line_and_is_named(city):
    display = timeline(by_year(), city=city)
    assert series(display, PLUM) == [3, 3], "2019–2021 and 2022–2024"
    assert "Tidsseriebrott 2022" in texts(display)
    assert any(note.startswith("Prickad lodrät linje") for note in display.notes)
    whole = timeline(by_year(breaks=()), city=city)
    assert series(whole, PLUM) == [6]
    assert not any("Tidsseriebrott" in text for text in texts(whole))


def test_a_break_in_the_first_year_has_nothing_to_part(city):
    display = timeline(by_year(breaks=(2019,)), city=city)
    assert series(display, PLUM) == [6]
    assert not any("Tidsseriebrott" in text for text in texts(display))


def test_a_hidden_year_is_a_gap_with_its_sign_below(city):
    display = timeline(by_year(hide=[("SE", 2021)], breaks=()), city=city)
    assert series(display, PLUM) == [2, 3]
    assert texts(display).count("..") == 1
    assert "1 av 30 värden visas inte" in display.alt


def test_a_year_that_was_not_asked_for_does_not_part_the_line_where_no_line_has_it(city):
    data = by_year(breaks=())
    assert series(timeline(data[data["year"] != 2021], city=city), PLUM) == [5]


def test_line_ends_say_value_change_and_certainty(city):
    written = texts(timeline(by_year(), changes_by_birth(), city=city))
    for text in ("Sverige 83,4", "+1,8 (+0,7 till +2,9)", "ökar", "Afrika 52,3", "+1,4 (−2,2 till +5,0)",
                 "ingen säker förändring", "2024, förändring sedan 2022", "Hela staden 76,2"):  # fmt: skip
        assert text in written, text
    assert written.count("ökar") == 2
    assert written.count("ingen säker förändring") == 3


def test_without_changes_nothing_is_said_of_change(city):
    display = timeline(by_year(), city=city)
    assert not {"ökar", "minskar", "ingen säker förändring"} & set(texts(display))
    assert display.title == "Andel sysselsatta efter födelseland 2019–2024"


def test_title_is_what_the_changes_bear(city):
    def title(**sure):
        data = changes_by_birth()
        for code, (moved, is_sure) in sure.items():
            chosen = data["country_of_birth"] == code
            data.loc[chosen, "change"], data.loc[chosen, "sure"] = moved, is_sure
        return timeline(by_year(), data, city=city).title

    assert title() == "Andelen sysselsatta har ökat säkert bara bland personer födda i Sverige"
    assert title(SE=(1.8, False)) == "Ingen säker förändring av andelen sysselsatta sedan 2022"
    assert title(asia=(0.8, True)) == "Andelen sysselsatta har ökat säkert i 2 av 4 grupper"
    everyone = dict.fromkeys(("nordic", "africa", "asia"), (-1.0, True)) | {"SE": (-1.8, True)}
    assert title(**everyone) == "Andelen sysselsatta har minskat i alla grupper sedan 2022"
    assert title(asia=(-0.8, True)) == "Andel sysselsatta efter födelseland 2019–2024", "both ways: no one finding"


def test_title_says_nothing_of_all_when_a_group_is_hidden_or_left_out(city):
    plain = "Andel sysselsatta efter födelseland 2019–2024"
    assert timeline(by_year(hide=[("africa", 2024)]), changes_by_birth(), city=city).title == plain
    three = by_year()[lambda data: data["country_of_birth"] != "asia"]
    assert timeline(three, changes_by_birth(), city=city).title == plain


def test_the_city_alone(city):
    data = by_year()[lambda table: table["country_of_birth"] == "_T"]
    display = timeline(data, changes_by_birth(), city=city)
    assert display.title == "Andelen sysselsatta har ökat sedan 2022"
    assert series(display, look.INK.lower()) == [3, 3]
    assert "efter" not in display.subtitle


def test_a_change_that_would_give_a_hidden_level_away_is_not_shown(city):
    for year in (2022, 2024):
        written = texts(timeline(by_year(hide=[("SE", year)]), changes_by_birth(), city=city))
        assert "+1,8 (+0,7 till +2,9)" not in written
        assert "förändringen visas inte" in written


def test_the_city_is_dashed_among_groups(city):
    styles = re.findall(r'style="([^"]*)"', timeline(by_year(), city=city).svg)
    dashed = [style for style in styles if "stroke-dasharray" in style and f"stroke: {look.INK.lower()}" in style]
    assert len([style for style in dashed if "stroke-width: 0.9" in style]) == 3, "two sides of the break and the label"


def test_groups_that_are_not_known_are_left_out_and_it_is_said(city):
    from display_fixtures import factor

    groups = [(code, code, "") for code in ("SE", "nordic", "africa", "asia", "unknown")]
    own = make_city(polygons=False)
    own.factors = {**own.factors, "country_of_birth": factor("country_of_birth", "Födelseland", "Country", groups)}
    levels = LEVELS | {"unknown": ((50.0,) * 6, 5.0)}
    display = timeline(by_year(levels), city=own)
    assert not any(text.startswith("Unknown") for text in texts(display))
    assert any(note.startswith("Invånare utan känd uppgift") for note in display.notes)


def test_areas_are_lines_when_there_are_at_most_four(city):
    rows = [row(60.0 + place, 59.0, 63.0, 900, year=year, area=("district", f"S{place}")) for place in (1, 2, 3)
            for year in YEARS]  # fmt: skip
    data = frame(*rows).drop(columns=["sex", "age_group", "country_of_birth"])
    written = texts(timeline(data, city=city))
    assert {"Kustvik 61,0", "Mittköping 62,0", "Norrgärde 63,0"} <= set(written)


def test_what_is_no_timeline_is_refused(city):
    with pytest.raises(MrstatsError, match=r"at least two years; the table holds 2024\."):
        timeline(by_district_and_sex(), city=city)
    two = by_year().assign(sex=["women", "men"] * 15)[
        ["indicator", "year", "geography_level", "geography", "vintage", "sex", *by_year().columns[5:]]
    ]
    with pytest.raises(MrstatsError, match="sex, country_of_birth"):
        timeline(two, city=city)
    areas = [row(60.0, 59.0, 61.0, 900, year=year, area=("district", f"S{place}")) for place in range(1, 6)
             for year in (2023, 2024)]  # fmt: skip
    with pytest.raises(MrstatsError, match="5 areas"):
        timeline(frame(*areas), city=city)


def test_weak_values_are_hollow_and_explained(city):
    display = timeline(by_year(weak=[("africa", 2022)], breaks=()), city=city)
    assert "Ofylld punkt = låg tillförlitlighet" in display.notes
    assert "Ofylld punkt = låg tillförlitlighet" not in timeline(by_year(breaks=()), city=city).notes


def test_same_group_has_the_same_colour_when_others_are_absent(city):
    data = by_year()[lambda table: table["country_of_birth"].isin(["asia", "_T"])]
    assert look.GROUPS[3][0].lower() in timeline(data, city=city).svg
    assert PLUM not in timeline(data, city=city).svg


def test_changes_since_different_years_are_not_summed_up(city):
    data = changes_by_birth()
    data.loc[0, "since"] = 2019
    display = timeline(by_year(breaks=()), data, city=city)
    assert "2024, säker förändring" in texts(display)
    assert "+1,8 (+0,7 till +2,9) sedan 2019" in texts(display)
    assert "+0,2 (−1,5 till +1,9) sedan 2022" in texts(display)
    assert display.title == "Andel sysselsatta efter födelseland 2019–2024"


def test_a_change_of_another_factor_is_not_used(city):
    other = frame(change(70.0, 80.0, 9.0, 11.0, sure=True, country_of_birth="_T", sex="women"))
    display = timeline(by_year(), other, city=city)
    assert "ökar" not in texts(display)


def test_a_change_that_is_missing_is_said_and_never_counted(city):
    data = changes_by_birth().astype({"sure": object})
    data.loc[data["country_of_birth"] == "SE", ["change", "change_lower", "change_upper", "sure"]] = float("nan")
    display = timeline(by_year(), data, city=city)
    assert "förändringen visas inte" in texts(display)
    assert display.title == "Andel sysselsatta efter födelseland 2019–2024"
    assert "3 av 3 förändringar kan bero på slumpen" in display.alt


def test_a_change_across_a_break_is_not_shown(city):
    display = timeline(by_year(breaks=(2023,)), changes_by_birth(), city=city)
    assert "+1,8 (+0,7 till +2,9)" not in texts(display)
    assert "har ökat" not in display.title
    same_year = timeline(by_year(breaks=(2022,)), changes_by_birth(), city=city)
    assert "+1,8 (+0,7 till +2,9)" in texts(same_year), "since the first year of the new way"


def test_a_finding_of_one_area_names_the_area(city):
    data = by_year().assign(geography_level="district", geography="S4")
    moved = changes_by_birth().assign(geography_level="district", geography="S4")
    alone = data["country_of_birth"] == "_T"
    display = timeline(data[alone], moved, city=city)
    assert display.title == "Andelen sysselsatta har ökat sedan 2022 i stadsområdet Österhed"
    assert "Österhed 76,2" in texts(display)
    assert "Hela staden" not in " ".join([*texts(display), display.alt])
    assert timeline(data, moved, city=city).title.endswith("i stadsområdet Österhed")

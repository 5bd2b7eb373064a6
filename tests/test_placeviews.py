"""Pictures, tables and sentences of results about places: what is drawn, what is said, and what is hidden."""

import re
from functools import cache

import pytest

from display_fixtures import make_city
from mrstats import look
from mrstats.charts import chart
from mrstats.maps import choropleth
from mrstats.rowchart import Block, Mark, Row, RowChart
from mrstats.schema import MrstatsError
from mrstats.sentences import sentence
from mrstats.tables import table
from mrstats.views import view_of
from places_fixtures import came_of, divided, profiled, quotients, shared, touched


@cache
def city():
    return make_city()


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def said(data, **options) -> str:
    return " ".join(sentence(data, city=city(), **options).paragraphs)


def changes(data):
    return data[data["since"] < data["year"]]


RESULTS = {
    "segregation": divided(),
    "allocation": shared(),
    "profile": profiled(),
    "impact": touched(),
    "effect": came_of(),
}
HIDDEN = {
    "segregation": (divided, "nordic"),
    "allocation": (shared, "low"),
    "profile": (profiled, "employment"),
    "impact": (touched, "women"),
}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", RESULTS)
def test_a_table_has_a_name_in_each_row_and_as_many_cells_as_heads(name, language):
    display = table(RESULTS[name], city=city(), language=language)
    assert display.kind == "table"
    assert {len(row["cells"]) for row in display.rows} == {len(display.columns)}
    assert all(row["cells"][0] for row in display.rows)
    assert [column["align"] for column in display.columns] == ["left", *["right"] * (len(display.columns) - 1)]
    assert not re.search(r"\bnan\b|_T|[{}]", display.as_text())


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", RESULTS)
def test_a_sentence_begins_with_a_capital_and_ends_with_a_stop(name, language):
    text = said(RESULTS[name], language=language)
    assert text[0].isupper()
    assert text.endswith(".")
    assert not re.search(r"[{}]|\bnan\b|_T", text)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_hidden_row_is_in_no_table_and_no_sentence(name):
    """Whatever a hidden row holds, nothing that is written or said changes."""
    make, hidden = HIDDEN[name]
    data = make(hide=(hidden,))
    other = data.copy()
    gone = other["status"] == "C"
    assert gone.any()
    figures = set(data.select_dtypes("number").columns) - {"year", "since", "confidence"}
    for column in figures:
        other[column] = other[column].astype(float)
        other.loc[gone, column] = 77.77
    tables = [table(frame, city=city()) for frame in (data, other)]
    assert tables[0].as_json() == tables[1].as_json()
    assert any(".." in row["cells"] for row in tables[0].rows)
    assert any(note.startswith("..") for note in tables[0].notes)
    assert said(data) == said(other)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_result_that_is_hidden_as_a_whole_is_still_a_picture_a_table_and_a_sentence(name):
    data = RESULTS[name].assign(status="C")
    figures = [column for column in data if data[column].dtype == float and column != "confidence"]
    data[figures] = float("nan")
    assert chart(data, city=city()).kind == "figure"
    assert not [cell for row in table(data, city=city()).rows for cell in row["cells"][1:] if re.search(r"\d", cell)]
    assert said(data) == "Uppgifterna visas inte, för att skydda enskilda personer."


# Segregation


def test_the_highest_index_is_put_in_words_with_what_chance_gives():
    text = said(divided())
    assert "För att personer födda i Sverige skulle bo lika spritt som övriga invånare skulle 22 procent" in text
    assert "slumpen ensam ger (3 procent)" in text
    assert "har minskat från 30,0 till 22,0 sedan 2019" in text


def test_an_index_that_may_be_chance_is_not_called_uneven():
    data = divided()
    data = data[(data["year"] == 2024) & (data["group"] != "_T")].assign(lower=-0.01)
    assert said(data) == "Att personer födda i Sverige bor ojämnt spritt kan bero på slumpen."


def test_a_change_whose_intervals_meet_is_unsure_and_no_title_tells_it():
    data = divided()
    data.loc[data["year"] == 2019, "lower"] = 0.0
    assert "är inte statistiskt säkerställd" in said(data)
    assert chart(data, city=city()).title == "Så ojämnt bor grupperna efter födelseland"
    assert (
        chart(divided(), city=city()).title
        == "Boendesegregationen efter födelseland har minskat i alla grupper sedan 2019"
    )


def test_the_parts_of_a_change_are_bars_with_their_signs():
    display = chart(changes(divided()), city=city())
    assert {"−13,5", "−12,4", "+1,1", "−2,2", "Hela förändringen", "Hur grupperna bor"} <= set(texts(display))
    assert "Områden som är nya eller tömda" not in texts(display)  # it is nothing


def test_one_year_has_one_dot_and_no_line_between():
    data = divided()
    display = chart(data[(data["year"] == 2024) & (data["group"] != "_T")], city=city())
    assert "2019" not in texts(display)
    assert {"22,0", "8,0", "20,0", "16,0"} <= set(texts(display))


# Allocation


def test_shares_of_need_and_amount_are_put_in_words():
    text = said(shared())
    assert text == (
        "När det gäller medelinkomst går 40 procent till personer med förgymnasial utbildning, med 50 procent av behovet. "
        "Sett över alla grupper går mer till de bäst ställda än deras del av behovet."
    )
    assert "går inte att säga säkert" in said(shared(inequity=0.01))


def test_an_index_against_its_own_ends_is_called_no_way():
    """Below zero, but the worst off get 0.8 of their need: neither sentence nor title says that they get more."""
    data = shared(inequity=-0.04)
    assert "går inte åt ett håll" in said(data)
    assert chart(data, city=city()).title == "Medelinkomst och behov efter utbildning"
    turned = data.assign(amount_to_need=[1.2, 0.8])
    assert "mer till de sämst ställda" in said(turned)
    assert chart(turned, city=city()).title == "Medelinkomst: mer till de sämst ställda än behovet visar"


def test_curves_are_drawn_only_where_no_group_is_hidden():
    assert "Ackumulerad andel, procent" in texts(chart(shared(), city=city()))
    hidden = chart(shared(hide=("low",)), city=city())
    assert "Ackumulerad andel, procent" not in texts(hidden)
    assert hidden.title == "Medelinkomst och behov efter utbildning"


def test_amount_and_need_have_colours_of_groups_and_none_of_better_or_worse():
    svg = chart(shared(), city=city()).svg.lower()
    assert look.GROUPS[0][0].lower() in svg
    assert look.WORSE.lower() not in svg


# Profile


def test_a_profile_counts_what_is_certainly_worse_and_better():
    text = said(profiled())
    assert text.startswith("Av två villkor är ett säkert sämre i planområdet än i hela staden och inget säkert bättre.")
    assert "I ett kan skillnaden bero på slumpen." in text
    assert "Störst är skillnaden i andelen sysselsatta: 60 procent, mot 70 procent i hela staden." in text


def test_a_condition_alone_is_told_by_its_level():
    data = profiled()
    assert said(data[data["indicator"] == "employment"]) == (
        "I planområdet är andelen sysselsatta 60 procent, mot 70 procent i hela staden."
    )
    assert "kan bero på slumpen" in said(data[data["indicator"] == "low_income"])


def test_colour_says_better_or_worse_only_of_conditions_and_services_have_their_own_heading():
    display = chart(profiled(), city=city())
    assert display.svg.lower().count(f"fill: {look.WORSE.lower()}") == chart(
        profiled()[profiled()["indicator"] != "library_within_1000_m"], city=city()
    ).svg.lower().count(f"fill: {look.WORSE.lower()}")
    assert "Bor inom 1\N{NO-BREAK SPACE}000 meter från" in texts(display)
    assert "Bibliotek" in texts(display)


def test_the_title_of_a_profile_is_what_is_certain():
    assert chart(profiled(), city=city()).title == "Sysselsatta skiljer sig mest från hela staden"
    assert table(profiled(), city=city()).title == "Planområdet skiljer sig säkert från staden i ett av två villkor"
    hidden = profiled(hide=("low_income",))
    assert chart(hidden, city=city()).title == "Planområdet jämfört med hela staden"
    data = profiled()
    data.loc[data["status"].eq("C") | data["indicator"].eq("low_income"), "difference_upper"] = 12.0
    assert chart(data, city=city()).title == "Planområdet jämfört med hela staden"


def test_other_units_than_per_cent_are_in_the_table_only():
    data = profiled()
    data.loc[data["indicator"] == "low_income", "measure"] = "rate"
    assert any("andra enheter" in note for note in chart(data, city=city()).notes)
    assert "Låg ekonomisk standard" not in texts(chart(data, city=city()))
    assert any(row["cells"][0].startswith("Låg ekonomisk standard") for row in table(data, city=city()).rows)


# Impact


def test_who_is_touched_is_put_in_words():
    assert said(touched()) == (
        "Förslaget berör omkring 1\N{NO-BREAK SPACE}200 invånare. "
        "De som berörs får i genomsnitt 900 meter längre till närmaste bibliotek. "
        "Omkring 300 har inte längre bibliotek inom 1\N{NO-BREAK SPACE}000 meter."
    )
    assert "barn 0–17 år" in said(touched(who="children"))
    assert said(touched(affected=0.0)) == "Förslaget ger ingen en annan väg till närmaste bibliotek."


@pytest.mark.parametrize("make", [touched, profiled])
def test_steps_of_shares_are_noted_where_they_are_wider_than_what_is_printed(make):
    few = make()
    for display in (chart(few, city=city()), table(few, city=city())):
        assert any(note.startswith("Andelar av färre än 10 000 personer") for note in display.notes)
    for display in (chart(few.assign(n=20_000.0), city=city()), table(few.assign(n=20_000.0), city=city())):
        assert not any(note.startswith("Andelar av färre") for note in display.notes)


def test_where_nobody_is_touched_there_is_a_dash_and_no_longer_way():
    rows = {row["cells"][0]: row["cells"] for row in table(touched(), city=city()).rows}
    assert rows["Mittköping"][2] == "–"
    assert rows["Mittköping"][-1] == "."
    assert rows["Hela staden"][-1] == "+900"
    assert [row["total"] for row in table(touched(), city=city()).rows] == [False] * 4 + [True]


def test_a_kind_of_service_without_a_name_is_called_what_its_file_calls_it():
    assert "närmaste swimming pool" in said(touched().assign(kind="swimming_pool"))


def test_two_changes_in_one_table_are_refused():
    data = touched()
    with pytest.raises(MrstatsError, match="One change is shown at a time; the table holds 2"):
        chart(type(data)(data.to_dict("records") + data.assign(reach="500").to_dict("records")), city=city())


# Effect


def test_areas_that_went_apart_before_tell_nothing():
    apart = came_of(trend_p=0.01)
    assert said(apart).startswith("Områdena utvecklades olika redan före 2022. Därför går det inte att säga")
    assert chart(apart, city=city()).title == "Områdena utvecklades olika redan före förändringen"


def test_a_certain_effect_is_told_with_its_size_and_an_unsure_one_without():
    assert said(came_of()).startswith(
        "Sedan 2022 har andelen sysselsatta ökat 2 procentenheter mer i områdena med förändringen än i övriga."
    )
    assert "mindre i områdena" in said(came_of(effect=-2.0))
    unsure = said(came_of(effect=0.5))
    assert "ingen säker skillnad" in unsure
    assert "0,5" not in unsure


def test_the_year_that_is_counted_from_has_no_interval():
    rows = {row["cells"][0]: row["cells"] for row in table(came_of(), city=city()).rows}
    assert rows["2021"][1:] == ["0,0", "."]
    assert rows["Alla år efter mot alla före"][1:] == ["+2,0", "+1,0 till +3,0"]


def test_too_few_years_to_test_are_said_to_be_so():
    assert "går inte att pröva" in said(came_of(trend_p=float("nan")))


# Quotients, and what is common


def test_a_map_of_quotients_is_of_one_group_and_says_whose():
    display = choropleth(quotients(), city=city())
    assert display.title.startswith("Andel personer födda i Afrika jämfört med hela staden")
    assert {"0,4", "1,7"} & set(texts(display))
    two = quotients().to_dict("records") + quotients(group="asia").to_dict("records")
    with pytest.raises(MrstatsError, match="of one group; the table holds 2"):
        choropleth(type(quotients())(two), city=city())


def test_each_result_finds_its_view_and_a_table_of_levels_none():
    from display_fixtures import by_area, gaps_one_way

    views = [view_of(data) for data in RESULTS.values()]
    assert [view.__name__.rpartition(".")[2] for view in views] == list(RESULTS)
    assert view_of(by_area()) is None
    assert view_of(gaps_one_way()) is None


@pytest.mark.parametrize("name", RESULTS)
def test_an_empty_result_is_refused_with_a_sentence(name):
    with pytest.raises(MrstatsError):
        chart(RESULTS[name].iloc[:0], city=city())


def test_own_columns_of_a_result_are_not_chosen():
    with pytest.raises(MrstatsError, match="this one has its own columns"):
        table(touched(), city=city(), rows="group")


def test_a_long_name_stays_on_its_line_where_the_plot_has_room_and_wraps_where_it_has_not():
    name = "Hänger samman med det som jämförs"
    short, long = (Block("", (Row(text, ((Mark(1.0),),), ("1",)),)) for text in ("Skillnad", name))
    assert (
        RowChart([long], ["Procent"], ["Tal"], [], "sv").height
        == RowChart([short], ["Procent"], ["Tal"], [], "sv").height
    )
    wide = Row(name, ((Mark(1.0),),), ("9" * 12,) * 2)
    assert name in RowChart([long], ["Procent"], ["Tal"], [], "sv").svg()
    assert name not in RowChart([Block("", (wide,))], ["Procent"], ["Tal"] * 2, [], "sv").svg()


def test_a_chart_of_rows_must_fit_its_page():
    rows = tuple(Row(f"Område {number}", ((Mark(1.0),),), ("1",)) for number in range(41))
    with pytest.raises(MrstatsError, match="41 rows"):
        RowChart([Block("", rows)], ["Procent"], ["Tal"], [], "sv")
    chart_of_one = RowChart([Block("", rows[:1])], ["Procent"], ["Tal"], [], "sv")
    assert "Område 0" in chart_of_one.svg()
    long = Row("Område", ((Mark(1.0),),), tuple("9" * 12 for _ in range(6)))
    with pytest.raises(MrstatsError, match="no room for the chart"):
        RowChart([Block("", (long,))], ["Procent"], ["Tal"] * 6, [], "sv")


def test_names_wrap_before_the_scales_get_too_narrow():
    """Longer heads, as another language has them, take their room from the names."""
    name = "Income group 2 (second lowest)"
    row = Row(name, ((Mark(1.0),), (Mark(2.0),)), ("65,530", "23,930"))
    heads = ["Affected, about", "No longer within 1,000 metres"]
    short, long = (RowChart([Block("", (row,))], ["Per cent", "Metres"], few, [], "en") for few in (["", ""], heads))
    assert name in short.svg()
    assert name not in long.svg()
    assert all(name.split(" (")[0] in chart.svg() for chart in (short, long))
    assert all(right - left >= 24 for left, right in long.plots)


def test_the_text_of_a_profile_names_the_condition_that_its_title_names():
    drawn = chart(profiled(), city=city())  # the library differs more, and is no condition
    assert "Störst är skillnaden i Sysselsatta: 60,0 procent, hela staden 70,0." in drawn.alt

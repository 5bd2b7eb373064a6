"""Pictures, tables and sentences of results about surveys: what is drawn, what is said, and what is hidden."""

import re

import numpy as np
import pytest

import mrstats as mr
from mrstats.schema import MrstatsError
from mrstats.views import view_of
from survey_fixtures import city_of, register_of, small_sample

QUESTIONS = ["safe", "calm", "afraid"]
RAKED = {"margins": ["sex"], "population": "adults"}
NAMES = ["response", "rake", "representativity", "battery", "whole battery", "index", "parts"]


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    margins = {"sex": {"man": 1700, "woman": 1500}, "region": {"North": 1000, "South": 2200}}
    return city_of(small_sample(), register_of(margins), tmp_path_factory.mktemp("survey"), design_weight="drawn")


@pytest.fixture(scope="module")
def results(city):
    index = mr.index(city, QUESTIONS, ["sex", "region"], name="Trygghet", **RAKED)
    return {
        "response": mr.response_rates(city, ["sex", "region"]),
        "rake": mr.rake(city, ["sex", "region"], population="adults"),
        "representativity": mr.representativity(city, ["sex", "region"]),
        "battery": mr.battery(city, QUESTIONS, "sex", **RAKED),
        "whole battery": mr.battery(city, QUESTIONS),
        "index": index,
        "parts": index[index["factor"] == ""],
    }


def said(data, city, **options):
    return " ".join(mr.sentence(data, city=city, **options).paragraphs)


def figures_of(data):
    return [name for name in data.select_dtypes("number").columns if name not in ("year", "confidence")]


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_each_result_is_a_picture_a_table_and_a_sentence(results, city, name, language):
    data, options = results[name], {"city": city, "language": language}
    table, picture, text = mr.table(data, **options), mr.chart(data, **options), said(data, **options)
    assert {len(row["cells"]) for row in table.rows} == {len(table.columns)}
    assert all(row["cells"][0] for row in table.rows)
    assert 150 < len(picture.alt) <= 400
    assert text[0].isupper()
    assert text.endswith(".")
    for shown in (table.as_text(), picture.as_text(), picture.svg, text):
        assert not re.search(r"\bnan\b|_T\b|[{}]", re.sub(r"<style.*?</style>", "", shown, flags=re.DOTALL))
    assert len(table.title.split()) <= 12


@pytest.mark.parametrize("name", NAMES)
def test_a_hidden_row_is_in_no_table_no_sentence_and_no_picture(results, city, name):
    """Whatever a hidden row holds, nothing that is written, said or drawn changes."""
    data = results[name].copy()
    last = data["factor"].iloc[-1]
    gone = (data["factor"] == last) & ((last != "") | (np.arange(len(data)) >= len(data) - 2))
    data.loc[gone, "status"] = "C"
    other = data.copy()
    for column in figures_of(data):
        data[column], other[column] = data[column].astype(float), other[column].astype(float)
        data.loc[gone, column] = np.nan
        other.loc[gone, column] = 77.77
    for show in (mr.table, mr.chart, mr.sentence):
        made = [show(frame, city=city) for frame in (data, other)]
        assert made[0].as_json() == made[1].as_json()
    assert any(".." in row["cells"] for row in mr.table(data, city=city).rows)
    assert any(note.startswith("..") for note in mr.table(data, city=city).notes)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_hidden_as_a_whole_shows_no_figure(results, city, name):
    data = results[name].assign(status="C")
    data[figures_of(data)] = np.nan
    picture, table = mr.chart(data, city=city), mr.table(data, city=city)
    assert picture.kind == "figure"
    assert not [cell for row in table.rows for cell in row["cells"][1:] if re.search(r"\d", cell)]
    assert said(data, city).endswith("Uppgifterna visas inte, för att skydda enskilda personer.")
    assert not re.search(r"\d", said(data, city))
    for title in (picture.title, table.title):
        assert "lägst" not in title
        assert "mest" not in title


def test_who_answered_is_said_with_the_group_that_answered_least(results, city):
    text = said(results["response"], city)
    assert text.startswith("Enkäten besvarades av 100 personer. Svarsfrekvensen var 63 procent. ")
    assert "Lägst var svarsfrekvensen bland män (50 procent)." in text
    assert mr.chart(results["response"], city=city).title == "Svarsfrekvensen är lägst bland män"
    cells = mr.table(results["response"], city=city).rows[-1]["cells"]
    assert cells[:4] == ["Hela staden", "160", "100", "62,5"]


def test_weights_are_said_to_mend_what_they_mend_and_nothing_else(results, city):
    text = said(results["rake"], city)
    assert text.startswith("Svaren är viktade för att bättre spegla befolkningen. Före viktningen är ")
    assert text.endswith("Viktningen rättar det som hänger samman med kön och område, och inget annat.")
    effect = results["rake"]["design_effect"].iloc[0]
    noted = " ".join(mr.table(results["rake"], city=city).notes)
    assert f"100 svar är lika säkra som {round(100 / effect, -1):.0f} svar" in noted


def test_how_alike_is_said_on_a_scale_that_is_explained(results, city):
    value = results["representativity"]["value"].iloc[0]
    assert f"når enkäten {value:.2f}".replace(".", ",") in said(results["representativity"], city)
    assert "mest efter kön" in said(results["representativity"], city)


def test_a_battery_says_ends_only_where_they_are_certainly_apart(results, city):
    data = results["whole battery"].copy()
    data[["value", "lower", "upper"]] = np.array([[60.0, 55, 65], [50.0, 45, 56], [30.0, 25, 35]])
    assert said(data, city).startswith(
        "Flest instämmer i ”Jag är trygg” (60 procent) och minst i ”Jag är rädd” (30 procent)."
    )
    data[["lower", "upper"]] = np.array([[20.0, 90], [20.0, 90], [20.0, 90]])
    assert said(data, city) == "Mellan 30 och 60 procent instämmer i påståendena."
    assert "viktade efter kön" in " ".join(mr.table(results["battery"], city=city).notes)


def test_an_index_names_a_group_only_where_it_is_certainly_lowest(results, city):
    data = results["index"].copy()
    rows = data["indicator"] == ""
    data.loc[rows, "value"] = [60.0, 50.0, 70.0, 55.0, 65.0]
    data.loc[rows, "lower"], data.loc[rows, "upper"] = data.loc[rows, "value"] - 3, data.loc[rows, "value"] + 3
    first = data["sex"][rows].iloc[1]
    who = {"women": "kvinnor", "men": "män"}[first]
    assert f"Lägst är index bland {who}: 50." in said(data, city)
    data.loc[rows & (data["factor"] == "sex"), ["lower", "upper"]] = [40.0, 80.0]
    assert "Lägst" not in said(data, city)  # the region's lowest is not the lowest of all
    assert "lägst" not in mr.chart(data, city=city).title


def test_many_groups_have_a_row_each_and_few_a_mark_each(results, city):
    assert mr.chart(results["battery"], city=city).svg.count(">Kvinnor<") >= 1
    two = mr.battery(city, QUESTIONS, ["sex", "region"])
    with pytest.raises(MrstatsError, match="one factor and year at a time; this table has sex, region"):
        mr.chart(two, city=city)
    only = two[two["factor"].isin(["", "region"])]
    assert len(mr.table(only, city=city).rows) == 3


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_no_wider_than_the_page_takes(results, city, name):
    columns = [column["text"] for column in mr.table(results[name], city=city).columns]
    assert len([text for text in columns if text != "Not"]) <= 7


def test_a_figure_of_few_has_a_letter_and_a_hollow_mark(results, city):
    men = mr.table(results["battery"], city=city)  # forty answered
    assert men.columns[-1]["text"] == "Not"
    assert {row["cells"][-1] for row in men.rows} == {"u män"}
    assert any(note.startswith("u = ") for note in men.notes)
    assert any("ofylld" in note.lower() for note in mr.chart(results["battery"], city=city).notes)
    assert not any("ofylld" in note.lower() for note in men.notes)


def test_each_result_finds_its_view_and_a_table_of_levels_none(results, city):
    assert len({view_of(results[name]) for name in ("response", "rake", "representativity", "battery", "index")}) == 5
    assert view_of(mr.break_down(city, "safe", by="sex")) is None
    with pytest.raises(MrstatsError, match="rows=, columns= and show="):
        mr.table(results["rake"], show=["value"], city=city)
    for name in ("response", "rake", "battery", "index", "representativity"):
        with pytest.raises(MrstatsError):
            mr.table(results[name].iloc[:0], city=city)

"""Opening a dataset folder: every mistake in dataset.toml and each kind of bad input is one clear sentence."""

import pandas as pd
import pytest

import mrstats as mr
from made_city import CELL_TABLE, FACTORS, PERSON_TABLE, indicator, made_city, random_people, toml, write_dataset
from mrstats.dataset import dataset_of
from mrstats.schema import DatasetError, MrstatsError, UnknownNameError


@pytest.fixture(scope="module")
def people():
    return random_people(1, 60)


def opened(tmp_path, people, text):
    return mr.open_dataset(write_dataset(tmp_path / "made", people, text))


def test_an_opened_dataset_knows_its_definitions(tmp_path, people):
    city = opened(tmp_path, people, toml())
    assert (city.name, city.label, city.municipality, city.synthetic, city.public) == (
        "made",
        "Påhittstad",
        "9990",
        True,
        False,
    )
    assert list(city.indicators) == ["employment", "low", "crime", "income_mean", "income_total", "population"]
    assert list(city.factors) == ["sex", "education", "age_group"]
    assert {"area", "district"} <= set(city.geographies)
    assert city.area_names("area")["A2"] == "Björk"
    assert city.parent_codes("area")["A3"] == "D2"
    assert city.polygons("area") is None
    assert city.water() is None


def test_the_language_picks_the_words(people):
    text = toml().replace('label = "Påhittstad"', 'label = { sv = "Påhittstad", en = "Inventedton" }')
    assert made_city(people, text).label == "Påhittstad"
    assert made_city(people, text, language="en").label == "Inventedton"


def test_a_dataset_is_found_by_name_in_data_raw(tmp_path, people, monkeypatch):
    write_dataset(tmp_path / "data" / "raw" / "made", people)
    monkeypatch.chdir(tmp_path)
    assert mr.open_dataset("made").name == "made"


def test_no_such_dataset_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError, match=r"nowhere.*data/raw"):
        mr.open_dataset("nowhere")


def test_a_folder_without_a_description_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"dataset\.toml"):
        mr.open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('grain = "person"', 'grian = "person"', ["[tables.people]", "grian", "grain"]),
        ('grain = "person"', 'grain = "household"', ["[tables.people]", "household", "person", "cell"]),
        ('grain = "person"\n', "", ["[tables.people]", "grain"]),
        ('files = "people-*.parquet"\n', "", ["[tables.people]", "files"]),
        ('municipality = "9990"\n', "", ["[dataset]", "municipality"]),
        ("synthetic = true", "syntetic = true", ["[dataset]", "syntetic", "synthetic"]),
        ('[factors.sex]\ntable = "people"', '[factors.sex]\ntable = "peple"', ["[factors.sex]", "peple", "people"]),
        ("[factors.sex]", "[factors.sexx]", ["sexx", "sex"]),
        ('column = "sex"\n', "", ["[factors.sex]", "column"]),
        ('codes = { "1" = "men", "2" = "women" }\n', "", ["[factors.sex]", "codes"]),
        ('"1" = "men"', '"1" = "man"', ["sex", "'man'", "men"]),
        (
            '[indicators.crime]\ntable = "people"',
            '[indicators.crime]\ntable = "persons"',
            ["[indicators.crime]", "persons", "people"],
        ),
        ('measure = "rate"', 'measure = "procent"', ["[indicators.crime]", "procent", "rate"]),
        ("numerator = 'events'", "numerater = 'events'", ["[indicators.crime]", "numerater", "numerator"]),
        ("[factors.sex]", "[factor.sex]", ["factor", "factors"]),
    ],
)
def test_a_mistake_in_the_description_names_section_key_and_nearest_spelling(tmp_path, people, old, new, words):
    text = toml()
    assert old in text
    with pytest.raises(MrstatsError) as caught:
        opened(tmp_path, people, text.replace(old, new))
    for word in words:
        assert word in str(caught.value), str(caught.value)


OWN = """
[factors.tenure]
table = "people"
column = "sex"
label = "upplåtelseform"
codes = { "1" = "rented", "2" = "owned" }
groups = [ { code = "rented", label = "hyresrätt" }, { code = "owned", label = "äganderätt", among = "personer i äganderätt" } ]
"""


def test_a_factor_of_the_citys_own_may_be_named_in_one_language(tmp_path, people):
    factor = opened(tmp_path, people, toml(factors=FACTORS + OWN)).factors["tenure"]
    assert factor.label == {"sv": "upplåtelseform", "en": "upplåtelseform"}
    assert factor.group("owned").among["en"] == "personer i äganderätt"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('label = "upplåtelseform"\n', "", "[factors.tenure] lacks 'label'"),
        ('label = "upplåtelseform"', 'label = { se = "form" }', "[factors.tenure] label must be a text or { sv"),
        (', label = "hyresrätt"', "", "[factors.tenure] groups: number 1 lacks 'label'"),
        ('"äganderätt"', "{ sv = 1 }", "[factors.tenure] groups, 'owned': label must be a text or { sv"),
        ('code = "owned", ', "", "[factors.tenure] groups: number 2 lacks 'code'"),
    ],
)
def test_a_factor_without_words_is_refused_when_it_is_read(tmp_path, people, old, new, words):
    assert old in OWN
    with pytest.raises(DatasetError) as caught:
        opened(tmp_path, people, toml(factors=FACTORS + OWN.replace(old, new)))
    assert words in str(caught.value)


def test_an_unknown_parent_level_is_told_before_any_figure_is_made(tmp_path, people):
    folder = write_dataset(tmp_path / "made", people, toml().replace('parent = "district"', 'parent = "distrikt"'))
    messages = [problem.message for problem in mr.check_dataset(folder)]
    assert any("distrikt" in message and "district" in message for message in messages), messages


def test_broken_toml_is_told_with_its_file(tmp_path, people):
    with pytest.raises(DatasetError, match=r"dataset\.toml"):
        opened(tmp_path, people, toml() + "[indicators.")


def test_an_unknown_language_is_told(people):
    with pytest.raises(MrstatsError, match=r"fi.*sv.*en"):
        made_city(people, language="fi")


def test_a_share_without_a_numerator_is_refused_not_a_hundred_per_cent(tmp_path, people):
    with pytest.raises(MrstatsError, match="numerator"):
        opened(tmp_path, people, toml(indicators=indicator("employment", "proportion")))


def test_the_table_finds_its_dataset(people):
    city = made_city(people)
    assert dataset_of(mr.break_down(city, "population")) is city
    lost = mr.break_down(city, "population")
    lost.attrs.clear()
    assert dataset_of(lost, city) is city
    mr.tiny_city()
    with pytest.raises(UnknownNameError, match="city="):
        dataset_of(lost)


# Bad input, met when the figures are asked for


SEX_ONLY = FACTORS.split("[factors.education]")[0]
SMALL = PERSON_TABLE.replace(".parquet", ".csv").replace('protected = "protected_identity"\n', "")
FIGURES = indicator("income", "mean", numerator="income") + indicator("population", "count")
ROWS = ["year,person_id,sex,area,income", *(f"2024,{i},{1 + i % 2},A{1 + i % 4},{100 + i}" for i in range(8))]


def folder_of(
    tmp_path,
    rows=ROWS,
    *,
    table=SMALL + 'numeric = ["income"]\n',
    encoding="utf-8",
    factors=SEX_ONLY,
    indicators=FIGURES,
):
    text = toml(table, factors=factors, indicators=indicators).replace("years = [2023, 2024]", "years = [2024]")
    folder = write_dataset(tmp_path / "made", random_people(1, 0), text)
    (folder / "people-2024.csv").write_bytes(("\n".join(rows) + "\n").encode(encoding))
    return folder


def refusal(folder, name="income"):
    with pytest.raises(DatasetError) as caught:
        mr.break_down(mr.open_dataset(folder), name, by="sex", geography="area")
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_small_folder_itself_is_well(tmp_path):
    table = mr.break_down(mr.open_dataset(folder_of(tmp_path)), "income")
    assert table["value"].tolist() == [103.5]


def test_a_missing_file_is_named_with_its_pattern(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "people-2024.csv").unlink()
    assert "people-*.csv" in refusal(folder)


def test_another_encoding_than_stated_is_named_with_row_and_cure(tmp_path):
    rows = [row + (",ort" if i == 0 else ",Malmö" if i == 3 else ",Lund") for i, row in enumerate(ROWS)]
    message = refusal(folder_of(tmp_path, rows, table=SMALL + 'encoding = "utf-8"\n', encoding="latin-1"))
    for part in ("people-2024.csv", "row 4", "utf-8", "encoding"):
        assert part in message


def test_a_decimal_comma_against_what_is_stated_is_named_with_column_row_and_cure(tmp_path):
    rows = [row.replace(",", ";") for row in ROWS]
    rows[5] = rows[5] + ",5"
    message = refusal(folder_of(tmp_path, rows, table=SMALL + 'numeric = ["income"]\ndecimal = "."\n'))
    for part in ("people-2024.csv", "'income'", "row 6", "104,5", "decimal"):
        assert part in message


def test_a_stated_decimal_comma_is_read(tmp_path):
    rows = [row.replace(",", ";") for row in ROWS]
    rows[1] = rows[1] + ",5"
    folder = folder_of(tmp_path, rows, table=SMALL + 'numeric = ["income"]\ndecimal = ","\n')
    assert mr.break_down(mr.open_dataset(folder), "income")["value"].tolist() == pytest.approx([103.5 + 0.5 / 8])


@pytest.mark.parametrize("table", [SMALL, SMALL + 'numeric = ["income"]\n'])
@pytest.mark.parametrize("encoding", ["windows-1252", "utf-16", "utf-8"])
def test_a_text_file_as_a_spreadsheet_saves_it_needs_no_statement(tmp_path, table, encoding):
    rows = [row.replace(",", "\t") + ("\tort" if i == 0 else ",5\tMalmö") for i, row in enumerate(ROWS)]
    folder = folder_of(tmp_path, rows, table=table, encoding=encoding)
    assert mr.break_down(mr.open_dataset(folder), "income")["value"].tolist() == [104.0]


def test_a_comma_that_may_part_thousands_is_asked_about(tmp_path):
    rows = [row.replace(",", ";") + ("" if i == 0 else ",250") for i, row in enumerate(ROWS)]
    message = refusal(folder_of(tmp_path, rows))
    for part in ("people-2024.csv, row 2", "'100,250'", "'income'", "three decimals or a thousand", "decimal ="):
        assert part in message
    rows[1] = rows[1].replace("100,250", "0,250")
    assert mr.break_down(mr.open_dataset(folder_of(tmp_path, rows)), "income")["value"].iloc[0] < 100


def test_two_files_of_one_table_with_different_decimal_signs_are_named(tmp_path):
    rows = [row.replace(",", ";") + ("" if i == 0 else ",5") for i, row in enumerate(ROWS)]
    folder = folder_of(tmp_path, rows, table=SMALL)
    (folder / "people-2023.csv").write_text("\n".join(rows).replace(",", ".").replace("2024", "2023"), encoding="utf-8")
    message = refusal(folder)
    assert "people-2023.csv ('.')" in message
    assert "people-2024.csv (',')" in message


def test_a_survey_from_spss_is_opened_by_its_labels(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat")
    frame = pd.DataFrame(
        {"year": 2024.0, "person_id": range(8), "sex": [1.0, 2.0] * 4, "area": [f"A{1 + i % 4}" for i in range(8)],
         "income": [100.0 + i for i in range(8)]}
    )  # fmt: skip
    factors = SEX_ONLY.replace('"1" =', '"man" =').replace('"2" =', '"kvinna" =')
    folder = folder_of(tmp_path, table=SMALL.replace("people-*.csv", "people.sav"), factors=factors)
    pyreadstat.write_sav(frame, folder / "people.sav", variable_value_labels={"sex": {1.0: "man", 2.0: "kvinna"}})
    table = mr.break_down(mr.open_dataset(folder), "income", by="sex", geography="area")
    assert table.loc[table["geography"] == "A1", "value"].notna().any()
    assert dict(table[table["geography_level"] == "city"][["sex", "value"]].values)["_T"] == 103.5
    assert mr.check_dataset(folder) == []


@pytest.mark.parametrize("content", [b"", b"year,person_id,sex,area,income\n"])
def test_an_empty_file_is_named(tmp_path, content):
    folder = folder_of(tmp_path)
    (folder / "people-2024.csv").write_bytes(content)
    assert "people-2024.csv" in refusal(folder)


def test_a_row_with_a_cell_too_many_is_named(tmp_path):
    message = refusal(folder_of(tmp_path, [*ROWS, "2024,99,1,A1,100,5"]))
    assert "people-2024.csv, row 10" in message


def test_a_byte_order_mark_is_passed_over(tmp_path):
    folder = folder_of(tmp_path, encoding="utf-8-sig")
    assert mr.break_down(mr.open_dataset(folder), "income")["value"].tolist() == [103.5]


def test_a_total_row_inside_a_ready_made_table_is_refused(tmp_path):
    rows = ["year,sex,area,persons", "2024,1,A1,10", "2024,2,A1,20", "2024,totalt,A1,30"]
    folder = folder_of(tmp_path, rows, table=CELL_TABLE, indicators=indicator("population", "count"))
    message = refusal(folder, "population")
    assert "totalt" in message
    assert "sex" in message


def test_a_symbol_hides_the_sum_it_is_part_of(tmp_path):
    rows = [
        "year,sex,area,persons",
        "2024,1,A1,10",
        "2024,2,A1,20",
        "2024,1,A2,..",
        "2024,2,A2,40",
        "2024,1,A3,50",
        "2024,2,A3,60",
    ]
    folder = folder_of(tmp_path, rows, table=CELL_TABLE, indicators=indicator("population", "count"))
    table = mr.break_down(mr.open_dataset(folder), "population", by="sex", geography="area").set_index(
        ["geography", "sex"]
    )
    assert table.loc[("A1", "_T"), "value"] == 30
    assert table.loc[("A2", "women"), "value"] == 40
    for key in [("A2", "men"), ("A2", "_T"), ("9990", "men"), ("9990", "_T")]:
        assert "C" in table.loc[key, "status"].split()
        assert table.loc[[key], ["value", "n", "population", "count"]].isna().all(axis=None)
    assert table.loc[("9990", "women"), "value"] == 120


QUESTIONS = """
[questions.people]
file = "questions.csv"
agree = [4, 5]
population = "alla"
source = "enkät"
"""


def with_questions(folder, people, text="question,sv,en,direction\nq1,Jag är trygg.,I am safe.,favourable\n"):
    answers = people.assign(q1=[1, 4, 5, None] * (len(people) // 4))
    write_dataset(folder, answers, toml() + QUESTIONS)
    if text is not None:
        (folder / "questions.csv").write_text(text, encoding="utf-8")
    return answers, folder


def test_each_question_is_the_share_who_agree_among_those_who_answered(tmp_path, people):
    answers, folder = with_questions(tmp_path / "made", people)
    city = mr.open_dataset(folder)
    assert city.indicator("q1").label == {"sv": "Jag är trygg", "en": "I am safe"}
    found = mr.break_down(city, "q1").iloc[0]
    year = answers[answers["year"] == 2024]
    assert found["n"] == year["q1"].notna().sum()
    assert found["value"] == pytest.approx(100 * (year["q1"] >= 4).sum() / year["q1"].notna().sum())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["[questions.people]", "questions.csv", "folder"]),
        ("question,sv,direction\nq1,Ja,adverse\n", ["questions.csv", "en", "sv"]),
        ("question,sv,en,direction\nq1,Ja,Yes,good\n", ["q1", "direction", "favourable"]),
    ],
)
def test_a_faulty_list_of_questions_is_one_sentence(tmp_path, people, text, words):
    _, folder = with_questions(tmp_path / "made", people, text)
    with pytest.raises(DatasetError) as caught:
        mr.open_dataset(folder)
    assert all(word in str(caught.value) for word in words)

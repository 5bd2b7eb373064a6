"""`mrstats.check_dataset`: every problem with file, row and what to do; nothing for a good folder."""

import pytest

import mrstats as mr
from made_city import CELL_TABLE, FACTORS, PERSON_TABLE, indicator, random_people, toml, write_dataset

SEX_ONLY = FACTORS.split("[factors.education]")[0]
PEOPLE = (
    PERSON_TABLE.replace(".parquet", ".csv").replace('protected = "protected_identity"\n', "")
    + 'numeric = ["income"]\n'
)
ROWS = ["year,person_id,sex,area,income", *(f"2024,{i},{1 + i % 2},A{1 + i % 4},{100 + i}" for i in range(8))]
CELLS = ["year,sex,area,persons", "2024,1,A1,10", "2024,2,A1,20", "2024,1,A2,30"]


def folder_of(tmp_path, rows=ROWS, *, table=PEOPLE, encoding="utf-8", change=("", "")):
    one = indicator("population", "count") if table == CELL_TABLE else indicator("income", "mean", numerator="income")
    text = toml(table, factors=SEX_ONLY, indicators=one).replace("years = [2023, 2024]", "years = [2024]")
    folder = write_dataset(tmp_path / "made", random_people(1, 0), text.replace(*change))
    (folder / "people-2024.csv").write_bytes(("\n".join(rows) + "\n").encode(encoding))
    return folder


def with_row(number, text, rows=ROWS):
    """The same file with the text of one row (as a spreadsheet counts them) changed."""
    return [text if place == number else row for place, row in enumerate(rows, 1)]


def only_problem(folder):
    problems = mr.check_dataset(folder)
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert "\n" not in str(problems[0])
    return problems[0]


def test_a_good_folder_has_no_problem(tmp_path, tiny):
    assert mr.check_dataset(folder_of(tmp_path)) == []
    assert mr.check_dataset(folder_of(tmp_path / "cells", CELLS, table=CELL_TABLE)) == []


@pytest.mark.parametrize(
    ("rows", "row", "words"),
    [
        ([*ROWS, "2024,3,2,A1,120"], 10, ["person_id=3", "twice"]),
        (with_row(4, "2024,2,1,B9,102"), 4, ["'B9'", "'area'", "[geographies.area]"]),
        (with_row(4, "2024,2,7,A3,102"), 4, ["'7'", "'sex'", "[factors.sex]"]),
        (with_row(4, "2024,2,totalt,A3,102"), 4, ["totalt", "total row"]),
        (with_row(4, "2024,2,1,Totalt,102"), 4, ["Totalt", "total row"]),
        (with_row(4, ",2,1,A3,102"), 4, ["year"]),
        (with_row(4, "n/a,2,1,A3,102"), 4, ["year", "n/a"]),
        (with_row(4, "2024,2,1,A3,hundra"), 4, ["income", "hundra"]),
    ],
    ids=[
        "person twice",
        "unknown area",
        "unknown code",
        "total row",
        "total area",
        "no year",
        "strange year",
        "no number",
    ],
)
def test_one_bad_row_is_one_problem_with_its_row(tmp_path, rows, row, words):
    problem = only_problem(folder_of(tmp_path, rows))
    assert problem.file == "people-2024.csv"
    assert problem.row == row or f"row {row}" in problem.message
    for word in words:
        assert word in problem.message, problem.message


@pytest.mark.parametrize(
    ("rows", "row", "words"),
    [
        ([*CELLS, "2024,2,A1,21"], 5, ["cell", "twice"]),
        (with_row(3, "2024,2,A1,-20", CELLS), 3, ["-20"]),
        (with_row(3, "2024,båda könen,A1,20", CELLS), 3, ["båda könen", "total row"]),
    ],
    ids=["cell twice", "negative count", "total row"],
)
def test_one_bad_cell_is_one_problem_with_its_row(tmp_path, rows, row, words):
    problem = only_problem(folder_of(tmp_path, rows, table=CELL_TABLE))
    assert (problem.file, problem.row) == ("people-2024.csv", row)
    for word in words:
        assert word in problem.message, problem.message


def test_a_missing_year_is_told(tmp_path):
    problem = only_problem(folder_of(tmp_path, change=("years = [2024]", "years = [2023, 2024]")))
    assert "2023" in problem.message


def test_a_missing_column_is_told_with_those_there_are(tmp_path):
    problem = only_problem(folder_of(tmp_path, change=('column = "sex"', 'column = "kön"')))
    assert "kön" in problem.message
    assert "person_id" in problem.message


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (b"year,person_id,sex,area,income\n", "rows")])
def test_an_empty_file_is_one_problem(tmp_path, content, word):
    folder = folder_of(tmp_path)
    (folder / "people-2024.csv").write_bytes(content)
    assert word in str(only_problem(folder))


def test_a_missing_file_is_one_problem(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "people-2024.csv").unlink()
    assert "people-*.csv" in str(only_problem(folder))


def test_another_encoding_than_stated_is_one_problem(tmp_path):
    rows = [row + (",ort" if i == 0 else ",Malmö") for i, row in enumerate(ROWS)]
    stated = PEOPLE + 'encoding = "utf-8"\n'
    problem = only_problem(folder_of(tmp_path, rows, table=stated, encoding="latin-1"))
    assert "utf-8" in str(problem)
    assert "people-2024.csv" in str(problem)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("latin-1", "windows-1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
    ],
)
def test_what_was_found_in_a_text_file_is_told(tmp_path, encoding, said):
    rows = [row.replace(",", ";") + (";ort" if i == 0 else ",5;Malmö") for i, row in enumerate(ROWS)]
    lines = []
    assert mr.check_dataset(folder_of(tmp_path, rows, encoding=encoding), report=lines.append) == []
    assert lines == [f"people-2024.csv: text in {said}, cells parted by semicolon, decimal sign ','."]


def test_rows_in_two_encodings_and_two_decimal_signs_are_problems(tmp_path):
    rows = [row + (",ort" if i == 0 else ",Malmö") for i, row in enumerate(ROWS)]
    folder = folder_of(tmp_path, rows)
    path = folder / "people-2024.csv"
    path.write_bytes(path.read_bytes() + "2024,99,1,A1,100,Lomma å\n".encode("latin-1"))
    problem = only_problem(folder)
    assert (problem.row, "other rows are" in problem.message) == (10, True)
    rows = [row.replace(",", ";") + (",5" if i in (2, 3) else ".5" if i == 5 else "") for i, row in enumerate(ROWS)]
    problem = only_problem(folder_of(tmp_path, rows))
    assert problem.row == 6
    assert "'104.5' in column 'income' has another decimal sign" in problem.message


def test_a_mistake_in_an_expression_is_listed(tmp_path):
    problem = only_problem(folder_of(tmp_path, change=("numerator = 'income'", "numerator = 'max(income, 0)'")))
    assert "[indicators.income]" in problem.message
    assert "numerator" in problem.message


def test_a_misspelt_column_in_an_expression_is_listed(tmp_path):
    problem = only_problem(folder_of(tmp_path, change=("numerator = 'income'", "numerator = 'incom'")))
    assert "incom" in problem.message


def test_all_problems_are_listed_not_only_the_first(tmp_path):
    rows = with_row(4, "2024,2,7,A3,102", with_row(6, "2024,4,1,B9,104", [*ROWS, "2024,0,1,A1,100"]))
    problems = mr.check_dataset(folder_of(tmp_path, rows))
    assert sorted(problem.row for problem in problems) == [4, 6, 10]


def test_many_alike_are_counted_not_repeated(tmp_path):
    rows = [ROWS[0], *(f"2024,{i},1,B9,100" for i in range(500))]
    problems = mr.check_dataset(folder_of(tmp_path, rows))
    assert 1 < len(problems) < 20
    assert any("more" in problem.message for problem in problems)


def test_an_area_in_no_parent_is_told(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "areas.csv").write_text(
        "code,name,parent\nA1,Ask,D1\nA2,Björk,D1\nA3,Ceder,D9\nA4,Druva,D2\n", encoding="utf-8"
    )
    problem = only_problem(folder)
    assert "A3" in problem.message
    assert "D9" in problem.message


def test_a_folder_that_is_not_there_is_a_problem_not_a_crash(tmp_path):
    problem = only_problem(tmp_path / "nowhere")
    assert "nowhere" in problem.message


def test_a_description_with_a_mistake_is_a_problem_not_a_crash(tmp_path):
    folder = folder_of(tmp_path, change=('grain = "person"', 'grian = "person"'))
    assert "grian" in only_problem(folder).message


def test_a_text_that_an_indicator_asks_for_and_no_row_holds_is_told(tmp_path):
    """A publisher writes 'In work' where it wrote 'in work': the share would be 0, and no one the wiser."""
    people = random_people(3, 50).assign(kind="In work")
    text = toml(
        indicators=indicator("work", "proportion", numerator='kind == "in work"', more='direction = "favourable"')
    )
    problems = mr.check_dataset(write_dataset(tmp_path / "made", people, text))
    assert ["compares column 'kind' with 'in work', which no row holds" in str(problem) for problem in problems] == [
        True
    ]
    right = write_dataset(tmp_path / "right", people.assign(kind="in work"), text)
    assert mr.check_dataset(right) == []

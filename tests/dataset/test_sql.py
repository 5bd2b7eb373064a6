"""A table of persons in a database: the same figures as from a file, and no password anywhere."""

import duckdb
import pytest

import mrstats as mr
from made_city import FACTORS, PERSON_TABLE, indicator, random_people, toml, write_dataset
from mrstats.schema import DatasetError

pytest.importorskip("ibis", reason="ibis is not installed (extra `sql`)")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ibis against newer DuckDB and Python

INDICATORS = indicator("income", "mean", numerator="income") + indicator("population", "count")
BY_FILE = toml(PERSON_TABLE, factors=FACTORS, indicators=INDICATORS)
FILES = next(line for line in PERSON_TABLE.splitlines() if line.startswith("files"))


def folder_of(tmp_path, database, table="persons"):
    people = random_people(7, 400)
    text = BY_FILE.replace(FILES, f'sql = "{table}"\ndatabase = "{database}"')
    folder = write_dataset(tmp_path / "made", people, text)
    return folder, people


def in_duckdb(folder, people):
    with duckdb.connect(str(folder / "city.duckdb")) as connection:
        connection.register("frame", people)
        connection.execute("CREATE TABLE persons AS SELECT * FROM frame")


def test_the_figures_are_those_of_the_file(tmp_path):
    folder, people = folder_of(tmp_path, "duckdb://city.duckdb")
    in_duckdb(folder, people)
    city = mr.open_dataset(folder)
    asked = {"by": "sex", "geography": "area"}
    table = mr.break_down(city, "income", **asked)
    other = mr.break_down(mr.open_dataset(write_dataset(tmp_path / "files", people, BY_FILE)), "income", **asked)
    assert table[["geography", "sex"]].values.tolist() == other[["geography", "sex"]].values.tolist()
    assert table["value"].tolist() == pytest.approx(other["value"].tolist(), nan_ok=True)
    assert table["lower"].tolist() == pytest.approx(other["lower"].tolist(), nan_ok=True)
    assert mr.check_dataset(folder) == []


def test_the_address_may_stand_in_an_environment_variable(tmp_path, monkeypatch):
    folder, people = folder_of(tmp_path, "$MADE_DATABASE")
    in_duckdb(folder, people)
    with pytest.raises(DatasetError, match="environment variable MADE_DATABASE is not set"):
        mr.break_down(mr.open_dataset(folder), "population")
    monkeypatch.setenv("MADE_DATABASE", "duckdb://city.duckdb")
    assert mr.break_down(mr.open_dataset(folder), "population", years=[2024])["value"].iloc[0] > 0
    monkeypatch.setenv("MADE_DATABASE", "nosuch://user:secret@host/name")
    (problem,) = mr.check_dataset(folder)
    assert "secret" not in str(problem)
    assert "'$MADE_DATABASE'" in str(problem)


@pytest.mark.parametrize(
    ("database", "table", "message"),
    [
        ("postgres://city:secret@host/name", "persons", "database holds a password"),
        ("sqlite://city.sqlite", "persons", "SQLite has no truth values"),
        ("duckdb://nowhere.duckdb", "persons", r"there is no file nowhere\.duckdb in made/"),
        ("duckdb://city.duckdb", "people", "table 'people' cannot be opened"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence(tmp_path, database, table, message):
    folder, people = folder_of(tmp_path, database, table)
    in_duckdb(folder, people)
    with pytest.raises(DatasetError, match=message) as refused:
        mr.break_down(mr.open_dataset(folder), "population")
    assert "secret" not in str(refused.value)


def test_a_column_that_the_database_lacks_is_listed(tmp_path):
    folder, people = folder_of(tmp_path, "duckdb://city.duckdb")
    in_duckdb(folder, people.drop(columns="income"))
    (problem,) = mr.check_dataset(folder)
    assert "column 'income' is missing" in problem.message


def test_files_and_sql_are_one_too_many(tmp_path):
    folder, _ = folder_of(tmp_path, "duckdb://city.duckdb")
    path = folder / "dataset.toml"
    path.write_text(path.read_text().replace('sql = "persons"', f'sql = "persons"\n{FILES}'))
    with pytest.raises(DatasetError, match="both files and sql"):
        mr.open_dataset(folder)

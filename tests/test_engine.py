"""Cells: the same from pandas and DuckDB, unplaced residents apart, strange codes named."""

import os
import signal
import threading
import time

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from made_city import made_city, random_people
from mrstats.engine import Keys, indicator_cells
from mrstats.queries import aggregate, progress
from mrstats.schema import DatasetError


@pytest.fixture(scope="module")
def rows():
    return pd.DataFrame(
        {"sex": ["2", "1", "2", "1", "2"], "area": ["B", "A", "A", "A", "A"], "age": [10, 20, 30, 40, 50]}
    )


KEYS = {"sex": nw.col("sex"), "area": nw.col("area")}
SUMS = {"n": nw.lit(1), "age": nw.col("age"), "squares": nw.col("age") * nw.col("age")}


def test_sums_by_hand_sorted_by_the_keys(rows):
    cells = aggregate(rows, KEYS, SUMS)
    assert cells.values.tolist() == [["1", "A", 2, 60, 2000], ["2", "A", 2, 80, 3400], ["2", "B", 1, 10, 100]]


def test_a_duckdb_relation_gives_the_same_cells(rows):
    relation = duckdb.from_df(rows)
    pd.testing.assert_frame_equal(aggregate(relation, KEYS, SUMS), aggregate(rows, KEYS, SUMS), check_dtype=False)


def test_row_order_does_not_matter(rows):
    pd.testing.assert_frame_equal(aggregate(rows.iloc[::-1], KEYS, SUMS), aggregate(rows, KEYS, SUMS))


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_cells_of_an_indicator_equal_a_plain_groupby(engine):
    people = random_people(2, 400)
    city = made_city(people)
    if engine == "duckdb":
        city = made_city(duckdb.from_df(people))
    keys = Keys((2023, 2024), "area", (city.description.factors["sex"],))
    cells = indicator_cells(city, city.indicators["employment"], keys)
    placed = people["area"].where(~people["protected_identity"]).fillna("_U")
    work = people.assign(area_=placed, sex=people["sex"].map({"1": "men", "2": "women"}))
    work = work[work["age"].between(20, 64)]
    expected = work.groupby(["year", "area_", "sex"])["employed"].agg(["size", "sum"])
    found = cells.set_index(["year", "area_", "sex"]).sort_index()
    assert found["n"].tolist() == expected["size"].tolist()
    y = [column for column in found.columns if found[column].tolist() == expected["sum"].tolist()]
    assert y, f"no column holds Σy; columns {list(found.columns)}"


def test_protected_identity_is_unplaced_but_counted():
    people = random_people(2, 300).assign(year=2024, area="A1", protected_identity=np.arange(300) < 7)
    cells = indicator_cells(made_city(people), made_city(people).indicators["population"], Keys((2024,), "area", ()))
    assert cells.set_index("area_")["n"].to_dict() == {"A1": 293, "_U": 7}


def test_a_missing_column_is_named_with_those_there_are():
    people = random_people(2, 50).drop(columns="employed")
    city = made_city(people)
    with pytest.raises(DatasetError, match=r"employed.*person_id"):
        indicator_cells(city, city.indicators["employment"], Keys((2024,), "area", ()))


def test_an_empty_background_factor_is_a_group_of_its_own_never_dropped():
    people = random_people(2, 50)
    people.loc[people.index[:3], "sex"] = None
    city = made_city(people)
    cells = indicator_cells(
        city,
        city.indicators["population"],
        Keys((2023, 2024), "area", (city.description.factors["sex"],)),
    )
    assert cells.loc[cells["sex"] == "unknown", "n"].sum() == 3
    assert cells["n"].sum() == len(people)


def test_an_age_that_is_nan_is_unknown_and_no_old_age_on_any_engine():
    people = random_people(2, 60).assign(year=2024)
    people["age"] = people["age"].astype(float)
    people.loc[people.index[:4], "age"] = np.nan
    for frame in (people, duckdb.from_arrow(pa.Table.from_pandas(people.drop(columns="age"), preserve_index=False)
        .append_column("age", pa.array(people["age"].to_numpy(), from_pandas=False)))):  # fmt: skip
        city = made_city(people).with_table("people", frame)
        keys = Keys((2024,), "", (city.description.factors["age_group"],))
        cells = indicator_cells(city, city.indicators["population"], keys).set_index("age_group")["n"]
        assert cells["unknown"] == 4
        assert cells.sum() == 60


def test_years_nobody_asked_for_and_persons_without_an_outcome_make_no_cells():
    people = random_people(2, 200)
    people.loc[people.index[:9], "year"] = 2019  # the dataset says 2023 and 2024
    people.loc[people.index[9:19], "income"] = np.nan
    odd = people.index[9]
    people.loc[odd, "sex"] = "9"  # of no group, but not among those who have an income
    city = made_city(people)
    sex = (city.description.factors["sex"],)
    for frame in (people, duckdb.from_df(people)):
        for years in ((2023, 2024), (2024,)):
            cells = indicator_cells(
                city.with_table("people", frame), city.indicators["income_mean"], Keys(years, "area", sex)
            )
            known = people[people["year"].isin(years) & people["income"].notna()]
            assert cells["n"].min() > 0
            assert cells.groupby("year")["n"].sum().to_dict() == known.groupby("year").size().to_dict()
            assert cells["users"].sum() == (known["income"] != 0).sum()


def test_a_text_of_no_letters_is_missing():
    people = random_people(2, 60).assign(year=2024, protected_identity=False, area=["", "A1", "A2"] * 20)
    people["sex"], people["education"] = ["", "1", "2"] * 20, ["", "1", "2", "3"] * 15
    for frame in (people, duckdb.from_df(people)):
        city = made_city(people).with_table("people", frame)
        keys = Keys((2024,), "area", (city.description.factors["sex"], city.description.factors["education"]))
        cells = indicator_cells(city, city.indicators["population"], keys)
        assert cells.groupby("area_", observed=True)["n"].sum().to_dict() == {"A1": 20, "A2": 20, "_U": 20}
        assert cells.groupby("sex", observed=True)["n"].sum().to_dict() == {"men": 20, "women": 20, "unknown": 20}
        assert cells.groupby("education", observed=True)["n"].sum()["unknown"] == 15


def test_an_area_called_as_the_unplaced_are_is_one_cell_with_them():
    people = random_people(2, 60).assign(year=2024, protected_identity=False)
    people["area"] = ["_U", None, "A1"] * 20
    cells = indicator_cells(made_city(people), made_city(people).indicators["population"], Keys((2024,), "area", ()))
    assert cells.set_index("area_")["n"].to_dict() == {"A1": 20, "_U": 40}


def test_a_share_of_other_numbers_than_0_and_1_is_refused():
    people = random_people(2, 50)
    people["employed"] = people["employed"].astype(int)
    people.loc[people["age"].between(20, 64).idxmax(), "employed"] = 7
    city = made_city(people)
    with pytest.raises(DatasetError, match="other numbers than 0 and 1"):
        indicator_cells(city, city.indicators["employment"], Keys((2023, 2024), "", ()))


def test_ctrl_c_ends_a_query_and_the_connection_lives_on():
    connection = duckdb.connect()
    endless = connection.sql("SELECT i % 7 AS g, sin(i) AS x FROM range(400_000_000_000) t(i)")
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        aggregate(endless, {"g": nw.col("g")}, {"x": nw.col("x")})
    assert time.monotonic() - start < 20
    assert connection.sql("SELECT 1").fetchall() == [(1,)]


def test_a_long_pass_tells_how_long_and_wipes_its_line(capsys):
    with progress("employment", after=0.05):
        time.sleep(0.3)
    told = capsys.readouterr().err
    assert "employment: 0 s" in told
    assert told.endswith("\r")


def test_a_short_pass_says_nothing(capsys):
    with progress("employment"):
        pass
    assert capsys.readouterr().err == ""


def test_progress_inside_progress_is_one_line(capsys):
    with progress("outer", after=0.05), progress("inner", after=0.05):
        time.sleep(0.3)
    told = capsys.readouterr().err
    assert "outer" in told
    assert "inner" not in told

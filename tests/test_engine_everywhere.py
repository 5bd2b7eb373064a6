"""The same cells from every engine: pandas, Arrow, DuckDB and Polars always; Spark and PostgreSQL where they are."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import mrstats as mr
from made_city import indicator, made_city, random_people, toml
from mrstats import covariances
from mrstats.engine import SUMS, Keys, indicator_cells
from mrstats.personwise import distribution_table, map_groups, replicate_cells
from mrstats.schema import DatasetError, UnknownNameError

FACTORS = ("sex", "education", "age_group")
INDICATORS = ("employment", "low", "crime", "income_mean", "income_total", "population")


@pytest.fixture(scope="module")
def people():
    """Incomes are not whole numbers, so that the order of adding up shows."""
    people = random_people(3, 3000)
    return people.assign(income=people["income"] * 1.2345678)


@pytest.fixture(scope="module")
def arrow(people):
    """Unknown income is NaN here, as R and Polars write it, not missing."""
    table = pa.Table.from_pandas(people.drop(columns="income"), preserve_index=False)
    return table.append_column("income", pa.array(people["income"].to_numpy(), from_pandas=False))


@pytest.fixture(scope="module")
def spark(arrow):
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed (extra `spark`)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none on the PATH")
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.log.level": "ERROR",
        "spark.sql.codegen.wholeStage": "false",  # compiling costs more than a few thousand rows
    }
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # read when the session starts
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield session.createDataFrame(arrow).repartition(2).cache()
    session.stop()


@pytest.fixture(scope="module")
def postgres(arrow, tmp_path_factory):
    """A server of its own on a socket in a temporary folder; stopped when the tests are done."""
    if importlib.util.find_spec("ibis") is None:
        pytest.skip("ibis is not installed (extra `sql`)")
    places = [os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
    programs = {name: shutil.which(name, path=os.pathsep.join(places)) for name in ("initdb", "pg_ctl")}
    if not all(programs.values()):
        pytest.skip("there is no PostgreSQL server here (no initdb or pg_ctl)")
    import ibis

    folder = Path(subprocess.check_output(["mktemp", "-d", "--tmpdir", "mrstats-pg-XXXXXX"], text=True).strip())
    owner = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            shutil.chown(folder, "postgres")
        except LookupError:
            pytest.skip("PostgreSQL does not run as root, and there is no user `postgres`")
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    control = [programs["pg_ctl"], "-D", str(folder / "data"), "-w", "-l", str(folder / "log")]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **owner}
    subprocess.run([programs["initdb"], "-D", str(folder / "data"), "-A", "trust", "-U", "city", "--no-sync"], **quiet)
    subprocess.run([*control, "-o", options, "start"], **quiet)
    try:
        connection = ibis.postgres.connect(user="city", host=str(folder), database="postgres")
        yield connection.create_table("people", arrow)
        connection.disconnect()
    finally:
        subprocess.run([*control, "-m", "fast", "stop"], **quiet)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["arrow", "duckdb", "parquet", "polars", "polars_lazy", "spark", "postgres"])
def frame(request, arrow, tmp_path):
    match request.param:
        case "arrow":
            return arrow
        case "duckdb":
            return duckdb.from_arrow(arrow)
        case "parquet":
            pl.from_arrow(arrow).write_parquet(tmp_path / "people.parquet")
            from mrstats.sources import read_parquet

            return read_parquet([tmp_path / "people.parquet"])
        case "polars":
            return pl.from_arrow(arrow)
        case "polars_lazy":
            return pl.from_arrow(arrow).lazy()
        case engine:
            return request.getfixturevalue(engine)


def cells_of(city, indicator):
    factors = tuple(city.description.factors[name] for name in FACTORS)
    return indicator_cells(city, city.indicators[indicator], Keys((2023, 2024), "area", factors))


@pytest.mark.filterwarnings("ignore::FutureWarning:pyspark", "ignore::UserWarning:pyspark")
def test_cells_are_those_of_pandas(people, frame):
    city = made_city(people)
    elsewhere = city.with_table("people", frame)
    for name in INDICATORS:
        expected, found = cells_of(city, name), cells_of(elsewhere, name)
        keys = ["year", "area_", *FACTORS]
        pd.testing.assert_frame_equal(found[keys], expected[keys])
        for column in [*SUMS, "hidden"]:
            np.testing.assert_allclose(found[column], expected[column], rtol=1e-12, atol=0, err_msg=f"{name} {column}")


@pytest.mark.filterwarnings("ignore::FutureWarning:pyspark", "ignore::UserWarning:pyspark")
def test_a_missing_income_is_no_observation_anywhere(people, frame):
    city = made_city(people).with_table("people", frame)
    row = mr.break_down(city, "low", years=[2023, 2024])
    known = people.dropna(subset="income")
    assert row["n"].tolist() == [(known["year"] == year).sum() for year in (2023, 2024)]
    poor = known[known["income"] < 100].groupby("year").size()
    assert row["count"].tolist() == poor.tolist()


@pytest.mark.filterwarnings("ignore::FutureWarning:pyspark", "ignore::UserWarning:pyspark")
def test_one_kernel_runs_on_every_engine(people, frame):
    columns = {"year": nw.col("year"), "sex": nw.col("sex"), "x": nw.col("income").fill_nan(None)}

    def kernel(rows):
        return distribution_table(rows, sets=[(), ("sex",)], p=[0.5])

    plain = people[["year", "sex", "income"]]
    expected = map_groups(plain, "year", {**columns, "x": nw.col("income")}, kernel)
    found = map_groups(frame, "year", columns, kernel)
    keys = ["year", "sex", "n"]
    assert found[keys].astype(str).values.tolist() == expected[keys].astype(str).values.tolist()
    for name in ("p50", "gini", "quintile_share_ratio"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12)


@pytest.mark.filterwarnings("ignore::FutureWarning:pyspark", "ignore::UserWarning:pyspark")
def test_replicates_do_not_depend_on_the_engine(people, frame):
    city = made_city(people)
    keys = Keys((2023, 2024), "", (city.description.factors["sex"],))
    expected = replicate_cells(city, city.indicators["income_mean"], keys, replicates=20)
    elsewhere = city.with_table("people", frame)
    found = replicate_cells(elsewhere, city.indicators["income_mean"], keys, replicates=20)
    pd.testing.assert_frame_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-12)


@pytest.mark.filterwarnings("ignore::FutureWarning:pyspark", "ignore::UserWarning:pyspark")
def test_figures_that_need_persons_and_their_replicates_do_not_depend_on_the_engine(people, frame):
    text = toml(
        indicators=indicator("median", "quantile", numerator="income")
        + indicator("gini", "gini", numerator="income", denominator="income > 0")
        + indicator("risk", "at_risk_of_poverty", numerator="income")
    )
    city = made_city(people, text)
    for name in ("median", "gini", "risk"):
        options = {"by": "sex", "years": [2023, 2024], "replicates": 10}
        expected = mr.break_down(city, name, **options)
        ids = expected["estimate_id"].tolist()
        drawn = covariances.joint_deviations(ids)
        found = mr.break_down(city.with_table("people", frame), name, **options)
        pd.testing.assert_frame_equal(found, expected, rtol=1e-12, check_dtype=False)
        np.testing.assert_allclose(covariances.joint_deviations(ids), drawn, rtol=1e-9, atol=1e-12)


def test_a_strange_code_is_named_wherever_the_rows_are(people):
    odd = people.assign(sex=people["sex"].where(people.index != 5, "9"))
    city = made_city(people).with_table("people", pl.from_pandas(odd))
    with pytest.raises(DatasetError, match=r"sex.*'9'"):
        cells_of(city, "population")


def test_a_table_that_the_dataset_does_not_have_cannot_be_replaced(people):
    with pytest.raises(UnknownNameError, match="people"):
        made_city(people).with_table("poeple", people)


def test_an_outcome_of_text_is_refused_with_its_name(people):
    description = toml(indicators=indicator("wrong", "mean", numerator="sex"))
    city = made_city(people, description)
    with pytest.raises(DatasetError, match=r"\[indicators.wrong\].*'sex'.*not a number"):
        indicator_cells(city, city.indicators["wrong"], Keys((2023,), "", ()))


def test_categories_and_whole_numbers_as_codes_do_as_well(people):
    coded = people.assign(sex=people["sex"].astype(int), area=people["area"].astype("category"))
    pd.testing.assert_frame_equal(cells_of(made_city(coded), "low"), cells_of(made_city(people), "low"))

"""Bad input is one sentence with column, row and cure, through a survey's frame and through a dataset folder alike.

Rows of a file are counted as a spreadsheet does: the header is row 1. Rows of a frame are its labels.
"""

import re
import time

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import FACTORS, PERSON_TABLE, indicator, made_city, toml, write_dataset
from mrstats.sampled import estimate_domains
from mrstats.schema import DatasetError, MrstatsError

SAMPLE = PERSON_TABLE.replace('protected = "protected_identity"\n', "")
WEIGHTED = SAMPLE + 'weight = "weight"\nstrata = "stratum"\ncluster = "psu"\n'
SEX = FACTORS.split("[factors.education]")[0]
INDICATORS = indicator("income", "mean", numerator="income") + indicator("population", "count")


def people(size=24):
    """One year: every second a woman, three persons to a cluster and four clusters to a stratum."""
    place = np.arange(size)
    return pd.DataFrame(
        {
            "year": 2024,
            "person_id": place,
            "sex": np.where(place % 2, "2", "1"),
            "area": [f"A{1 + i % 4}" for i in place],
            "income": 100.0 + place,
            "weight": 1.0 + place % 3,
            "stratum": place // 12,
            "psu": place // 3,
        }
    )


def written(folder, frame, *, table=WEIGHTED, kind="csv", factors=SEX):
    text = toml(table.replace("parquet", kind), factors=factors, indicators=INDICATORS)
    return mr.open_dataset(
        write_dataset(folder, frame, text.replace("years = [2023, 2024]", "years = [2024]"), kind=kind)
    )


def through_folder(folder, frame, **options):
    return mr.break_down(written(folder, frame, **options), "income", by="sex")


def through_design(frame):
    """What a survey's frame is asked for: a design, and the mean of each sex."""
    design = mr.survey_design(frame, weight="weight", strata="stratum", cluster="psu")
    return estimate_domains(design, frame["income"], frame["sex"].eq("2").astype(int))


def one_sentence(call, *patterns):
    with pytest.raises(DatasetError) as caught:
        call()
    message = str(caught.value)
    for pattern in patterns:
        assert re.search(pattern, message, re.IGNORECASE), message
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 400, message
    return message


def changed(column, row, value):
    frame = people().astype({column: object})
    frame.loc[row, column] = value
    return frame


CURE = r"correct|leave|give|declare|add|write|rename|remove|say"
BAD = {
    "negative weight": (changed("weight", 4, -2.5), ["'weight'", "-2.5"]),
    "missing weight": (changed("weight", 4, None), ["'weight'", "empty|missing"]),
    "weight that is no number": (changed("weight", 4, "tung"), ["'weight'", "'tung'"]),
    "stratum missing": (changed("stratum", 4, None), ["'stratum'", "empty|missing"]),
    "stratum without a PSU": (changed("psu", 4, None), ["'psu'", "empty|missing"]),
    "PSU of no letters": (changed("psu", 4, ""), ["'psu'", "empty"]),
    "outcome that is no number": (changed("income", 4, "hundra"), ["'income'", "'hundra'"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_of_a_frame(case):
    frame, words = BAD[case]
    one_sentence(lambda: through_design(frame), *words, "row 4", CURE)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_of_a_folder(case, tmp_path):
    frame, words = BAD[case]
    # five rows above it and a header: a spreadsheet shows it in row 6
    one_sentence(lambda: through_folder(tmp_path, frame), *words, "row 6", "people-2024.csv", CURE)


@pytest.mark.parametrize("numerator", ["income < 105", "income / 2", "2 * income + 1"])
def test_a_text_among_numbers_is_named_wherever_it_is_counted_with(tmp_path, numerator):
    measure = "proportion" if "<" in numerator else "mean"
    asked = indicator("income", measure, numerator=numerator)
    frame = changed("income", 4, "1O4")  # a letter O

    def ask():
        text = toml(SAMPLE.replace("parquet", "csv"), factors=SEX, indicators=asked).replace("[2023, 2024]", "[2024]")
        return mr.break_down(mr.open_dataset(write_dataset(tmp_path, frame, text, kind="csv")), "income")

    one_sentence(ask, "people-2024.csv, row 6", "'income'", "'1O4'", CURE)


def test_rows_of_parquet_are_counted_from_one_and_frames_go_by_their_labels(tmp_path):
    frame = people().astype({"weight": float})
    frame.loc[4, "weight"] = -2.5
    one_sentence(lambda: through_folder(tmp_path, frame, kind="parquet"), "people-2024.parquet, row 5", "-2.5", CURE)
    city = made_city(frame.set_index("person_id", drop=False).rename_axis(None), memory_toml())
    one_sentence(lambda: mr.break_down(city, "income", by="sex"), "row 4", "'weight'", "-2.5", CURE)
    duckdb = pytest.importorskip("duckdb")
    engine = made_city(duckdb.from_df(frame), memory_toml())
    one_sentence(lambda: mr.break_down(engine, "income", by="sex"), "table 'people'", "'weight'", "-2.5", CURE)


def memory_toml():
    return toml(WEIGHTED, factors=SEX, indicators=INDICATORS)


def test_a_frame_given_for_a_table_is_searched_instead_of_the_files(tmp_path):
    city = written(tmp_path, people())
    elsewhere = city.with_table("people", changed("weight", 7, None).astype({"weight": float}))
    one_sentence(
        lambda: mr.break_down(elsewhere, "income", by="sex"), "table 'people', row 7", "'weight'", "empty", CURE
    )


def test_who_did_not_answer_needs_no_weight_and_rows_of_other_years_are_not_asked(tmp_path):
    frame = people().assign(answered=lambda f: f["person_id"] != 4)
    frame.loc[4, "weight"] = None
    responded = WEIGHTED + 'responded = "answered"\n'
    table = through_folder(tmp_path / "one", frame, table=responded).set_index("sex")
    assert table.loc["_T", "n"] == 23
    frame.loc[9, "weight"] = -1
    # the first wrong row is the second person without a usable weight, not the one who did not answer
    one_sentence(lambda: through_folder(tmp_path / "two", frame, table=responded), "row 11", "-1", CURE)


# ---- weights that sum to zero


def weightless_women():
    frame = people()
    return frame.assign(weight=frame["weight"].where(frame["sex"] == "1", 0.0))


def test_weights_that_sum_to_zero_in_a_cell_of_a_frame():
    one_sentence(lambda: through_design(weightless_women()), "'weight'", "row 1", "sums? to zero", CURE)


def test_weights_that_sum_to_zero_in_a_cell_of_a_folder(tmp_path):
    one_sentence(
        lambda: through_folder(tmp_path, weightless_women()), "'weight'", "women", "row 3", "sums? to zero", CURE
    )


def test_weights_that_are_all_zero(tmp_path):
    nothing = people().assign(weight=0)
    one_sentence(lambda: through_design(nothing), "'weight'", "sums? to zero", CURE)
    one_sentence(lambda: through_folder(tmp_path, nothing), "'weight'", "sums? to zero", CURE)


# ---- no code


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_persons_without_a_code_are_a_group_of_their_own_never_dropped(tmp_path, kind):
    frame = people()
    frame.loc[[1, 4, 6], "sex"] = None
    city = written(tmp_path, frame, table=SAMPLE, kind=kind)
    table = mr.break_down(city, "population", by="sex").set_index("sex")
    assert table["value"].to_dict() == {"_T": 24, "women": 11, "men": 10, "unknown": 3}
    assert "Uppgift saknas      3" in mr.table(mr.break_down(city, "population", by="sex")).as_text()


@pytest.mark.parametrize("code", [None, np.nan, pd.NA, ""])
def test_a_margin_names_the_row_that_has_no_code(code):
    frame = people().astype({"sex": object})
    frame.loc[4, "sex"] = code
    design = mr.survey_design(frame, weight="weight")
    with pytest.raises(MrstatsError, match=r"'sex', row 4 .*unknown") as caught:
        design.rake({"sex": {"1": 30, "2": 30}})
    assert "\n" not in str(caught.value)
    raked = design.rake({"sex": {"1": 30, "2": 30, "unknown": 3}})
    assert raked.weights[4] == pytest.approx(3)


# ---- categories


@pytest.mark.parametrize("categories", [["2", "1"], ["9", "2", "7", "1"]])
def test_categories_in_any_order_and_unused_ones_change_nothing(tmp_path, categories):
    frame = people()
    mixed = frame.sample(frac=1, random_state=3)
    for column, labels in (("sex", categories), ("area", ["A3", "A1", "A9", "A4", "A2"])):
        mixed[column] = pd.Categorical(mixed[column], categories=labels)
    options = {"table": SAMPLE, "kind": "parquet"}
    expected = through_folder(tmp_path / "plain", frame, **options)
    pd.testing.assert_frame_equal(through_folder(tmp_path / "mixed", mixed, **options), expected)


def test_strata_that_are_categories_in_any_order_change_nothing():
    frame = people()
    mixed = frame.assign(
        stratum=pd.Categorical(frame["stratum"], categories=[1, 7, 0]),
        psu=pd.Categorical(frame["psu"].astype(str), categories=[*map(str, range(9, -1, -1))]),
    )
    order = np.random.default_rng(2).permutation(len(frame))
    expected, made = through_design(frame), through_design(mixed.iloc[order])
    assert made.estimate == pytest.approx(expected.estimate)
    assert made.covariance == pytest.approx(expected.covariance)
    assert made.df.tolist() == expected.df.tolist()


# ---- columns twice


def test_a_column_that_occurs_twice_in_a_frame():
    for column in ("weight", "stratum", "psu"):
        twice = pd.concat([people(), people()[[column]]], axis=1)
        one_sentence(lambda frame=twice: through_design(frame), f"'{column}'", "twice", CURE)


@pytest.mark.parametrize("column", ["sex", "income", "weight", "area"])
def test_a_column_that_occurs_twice_in_a_file(tmp_path, column):
    city = written(tmp_path, people())
    file = tmp_path / "people-2024.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([f"{header},{column}", *(f"{row},1" for row in rows)]) + "\n", encoding="utf-8")
    del city

    def ask():
        return mr.break_down(mr.open_dataset(tmp_path), "income", by="sex")

    one_sentence(ask, f"'{column}'", "twice", "people-2024.csv", "row 1", CURE)


# ---- ten thousand codes


def test_ten_thousand_codes_that_are_not_declared_are_one_short_sentence(tmp_path):
    many = people(10_000)
    many["sex"] = [f"K{i}" for i in range(len(many))]
    start = time.monotonic()
    message = one_sentence(lambda: through_folder(tmp_path, many, table=SAMPLE), "'sex'", "K0", "row 2", CURE)
    assert message.count("'K") < 10
    assert time.monotonic() - start < 10


def test_ten_thousand_codes_that_are_declared_are_recoded(tmp_path):
    many = people(20_000)
    many["sex"] = [f"K{i % 10_000}" for i in range(len(many))]
    codes = ", ".join(f'K{i} = "{"women" if i % 2 else "men"}"' for i in range(10_000))
    factors = f'[factors.sex]\ntable = "people"\ncolumn = "sex"\ncodes = {{ {codes} }}\n'
    start = time.monotonic()
    table = through_folder(tmp_path, many, table=SAMPLE, factors=factors).set_index("sex")
    assert table["n"].to_dict() == {"_T": 20_000, "women": 10_000, "men": 10_000}
    assert time.monotonic() - start < 30


def test_ten_thousand_strata_and_groups_of_a_frame():
    many = people(20_000)
    many["sex"] = [f"K{i // 2}" for i in range(len(many))]
    start = time.monotonic()
    design = mr.survey_design(many, weight="weight", strata="sex")
    assert design.degrees_of_freedom() == 10_000
    lonely = many.assign(sex=[f"K{i}" for i in range(len(many))])
    one_sentence(lambda: mr.survey_design(lonely, weight="weight", strata="sex"), "'sex'", "row 0", "'K0'", "lonely=")
    with pytest.raises(MrstatsError, match=r"'sex', row 0 holds 'K0'") as caught:
        design.rake({"sex": {f"L{i}": 1.0 for i in range(10_000)}})
    assert len(str(caught.value)) < 400
    assert time.monotonic() - start < 10


def test_good_input_is_accepted(tmp_path):
    made = through_design(people())
    women = people().query("sex == '2'")
    assert made.estimate[1] == pytest.approx(np.average(women["income"], weights=women["weight"]))
    table = through_folder(tmp_path, people(), table=SAMPLE).set_index("sex")
    assert table.loc["women", "value"] == pytest.approx(women["income"].mean())

"""The truth is in the data: stated coefficients, gaps and effects are found again by other means.

The terms are read here anew, with pandas on the files: a slip of the generator cannot hide.
Even persons come from 2024 and odd ones from 2019, so that nobody counts twice and the years still differ.
"""

import tomllib

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import mrstats as mr

SUN = {
    "1": "lower", "2": "lower", "3": "upper", "4": "upper",
    "5": "post_short", "6": "post_long", "7": "post_long",
}  # fmt: skip
LOGITS = [
    "disability", "employed", "eligible_upper_secondary", "long_term_income_support", "home_care",
    "crime_victim",
]  # fmt: skip


@pytest.fixture(scope="module")
def truth(built) -> dict:
    return tomllib.loads((built.folder / "truth.toml").read_text(encoding="utf-8"))


def with_words(persons: pd.DataFrame, region_of_deso: pd.DataFrame) -> pd.DataFrame:
    """Rows of placed residents with the words the terms use."""
    persons = persons.assign(
        level=persons["education"].astype(object).map(SUN | {"US": "unknown"}),
        district=persons["deso"].astype(object).map(region_of_deso["district"]),
    )
    return persons[persons["district"].notna()]


@pytest.fixture(scope="module")
def residents(built, region_of_deso) -> pd.DataFrame:
    persons = built.persons(2019, 2024)
    alone = persons.groupby(["year", "household"])["person_id"].transform("size") == 1
    persons = persons.assign(alone=alone)
    chosen = (persons["person_id"] % 2 == 0) == (persons["year"] == 2024)
    return with_words(persons[chosen], region_of_deso).reset_index(drop=True)


def column_of(term: str, rows: pd.DataFrame) -> np.ndarray:
    """The column of a model matrix that a term stands for."""
    column = np.ones(len(rows))
    for condition in term.split(":") if term != "intercept" else []:
        match condition.split("="):
            case ["years_since_2019"]:
                column *= rows["year"] - 2019
            case ["age_decades"]:
                column *= rows["age"] / 10
            case ["decades_over_65"]:
                column *= (rows["age"] - 65) / 10
            case ["age", group]:
                low, _, high = group.rstrip("+").partition("-")
                column *= rows["age"].between(int(low), int(high or 130))
            case ["sex", "women"]:
                column *= rows["sex"] == "2"
            case ["education", group]:
                column *= rows["level"] == group
            case ["employed", "no"]:
                column *= ~rows["employed"]
            case ["household", "alone"]:
                column *= rows["alone"]
            case ["country_of_birth", "outside_nordic"]:
                column *= ~rows["country_of_birth"].isin(["SE", "nordic"])
            case [factor, group]:
                assert (rows[factor] == group).any(), condition
                column *= rows[factor] == group
            case _:
                raise AssertionError(f"unknown condition {condition}")
    return column


def fit_binomial(matrix: np.ndarray, successes: np.ndarray, trials: int = 1):
    """Maximum likelihood by Newton's method: coefficients and standard errors."""
    beta = np.zeros(matrix.shape[1])
    for _ in range(30):
        p = expit(matrix @ beta)
        information = matrix.T @ (matrix * (trials * p * (1 - p))[:, None])
        step = np.linalg.solve(information, matrix.T @ (successes - trials * p))
        beta += step
        if np.abs(step).max() < 1e-8:
            return beta, np.sqrt(np.diag(np.linalg.inv(information)))
    raise AssertionError("the fit did not settle")


def assert_recovered(terms: dict, rows: pd.DataFrame, successes, trials: int = 1):
    matrix = np.column_stack([column_of(term, rows) for term in terms])
    usable = matrix.sum(axis=0) > 40  # too few persons of a group say nothing about its coefficient
    beta, error = fit_binomial(matrix[:, usable], np.asarray(successes, dtype=float), trials)
    stated = np.array(list(terms.values()))[usable]
    away = pd.Series((beta - stated) / error, index=np.array(list(terms))[usable])
    assert away.abs().max() < 4, away
    assert (away**2).mean() < 2.5, away


@pytest.mark.parametrize("outcome", LOGITS)
def test_logistic_regression_finds_the_stated_coefficients(residents, truth, outcome):
    model = truth["outcomes"][outcome]
    rows = residents.query(model["population"])
    happened = rows[outcome] == "with" if outcome == "disability" else rows[outcome]
    assert_recovered(model["terms"], rows, happened)


def test_low_income_gives_fewer_services_as_stated(residents, truth):
    rows = residents[residents["home_care"]]
    terms = truth["outcomes"]["home_care_services"]["terms"]
    assert terms["income_quintile=Q1"] < terms["income_quintile=Q2"] < 0
    assert_recovered(terms, rows, rows["home_care_services"] - 1, trials=7)


def test_library_visits_have_the_stated_mean_in_every_group(residents, truth, built):
    points = built.layer("points").set_index("point_id").geometry
    services = pd.read_csv(built.folder / "service_points.csv").query("kind == 'library'")
    apart = [np.hypot(points.x - library.x, points.y - library.y) for library in services.itertuples()]
    near = (np.min(apart, axis=0) <= 1000)[points.index.get_indexer(residents["point_id"])]
    rows = residents.assign(library_within_1_km=np.where(near, "yes", "no"))
    terms = truth["outcomes"]["library_visits"]["terms"]
    columns = {term: column_of(term, rows) for term in terms}
    expected = np.exp(sum(value * columns[term] for term, value in terms.items()))
    for term, column in columns.items():
        excess = (rows["library_visits"] / expected)[column == 1] - 1
        assert abs(excess.mean()) < 4 * excess.std() / np.sqrt(len(excess)), term


def test_low_economic_standard_is_the_stated_share_of_the_national_median(built, truth):
    for year in (2019, 2024):
        persons = built.persons(year, columns=["disposable_income", "low_economic_standard"])
        line = 0.6 * truth["national"]["median_income"][str(year)]
        assert (persons["low_economic_standard"] == (persons["disposable_income"] < line)).all()


def test_low_economic_standard_differs_between_areas_and_is_most_common_in_osterhed(built, region_of_deso):
    persons = with_words(built.persons(2024), region_of_deso)
    by_regso = persons.groupby(persons["deso"].astype(object).map(region_of_deso["regso"]))[
        "low_economic_standard"
    ].mean()
    assert by_regso.min() < 0.07
    assert 0.38 < by_regso.max() < 0.47
    by_district = persons.groupby("district")["low_economic_standard"].mean()
    assert by_district.idxmax() == "Österhed"
    assert region_of_deso.set_index("regso")["district"][by_regso.idxmax()].iloc[0] == "Österhed"


def test_people_live_apart_by_country_of_birth(built, region_of_deso):
    persons = with_words(built.persons(2024), region_of_deso)
    abroad = (persons["country_of_birth"] != "SE").groupby(persons["deso"].astype(object)).agg(["sum", "size"])
    here, there = abroad["sum"], abroad["size"] - abroad["sum"]
    dissimilarity = 0.5 * (here / here.sum() - there / there.sum()).abs().sum()
    assert 0.15 < dissimilarity < 0.40


def test_employment_rises_and_most_for_the_post_secondary(built):
    persons = built.persons(2019, 2024, columns=["year", "age", "employed", "education"])
    persons = persons[persons["age"].between(20, 64)]
    city = persons.groupby("year")["employed"].mean()
    assert 0.005 < city[2024] - city[2019] < 0.05
    post = persons["education"].isin(["5", "6", "7"])
    logits = persons.groupby([post, "year"])["employed"].mean().pipe(lambda p: np.log(p / (1 - p))).unstack()
    rise = logits[2024] - logits[2019]
    assert rise[True] > rise[False]


@pytest.fixture(scope="module")
def answers(built) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(built.folder / f"survey-{year}.parquet") for year in (2023, 2024)])


def test_the_sample_is_stratified_and_its_weights_add_up(answers, built, region_of_deso):
    assert answers.groupby("year").size().tolist() == [6000, 6000]
    assert not answers.duplicated(["year", "person_id"]).any()
    for year, drawn in answers.groupby("year"):
        frame = with_words(built.persons(year), region_of_deso).query("age >= 18")
        assert drawn["person_id"].isin(frame["person_id"]).all()
        strata = drawn.groupby("stratum", observed=True).agg(
            size=("stratum_size", "first"), design=("design_weight", "sum"), weight=("weight", "sum")
        )
        assert len(strata) == 25
        assert strata["size"].sum() == len(frame)
        assert strata["design"].to_numpy() == pytest.approx(strata["size"].to_numpy())
        assert strata["weight"].to_numpy() == pytest.approx(strata["size"].to_numpy())
        assert (drawn["weight"].isna() == ~drawn["responded"]).all()


def test_some_answer_less_often_than_others(answers):
    assert 0.40 < answers["responded"].mean() < 0.50
    young = answers["age"] < 30
    outside = ~answers["country_of_birth"].isin(["SE", "nordic"])
    for few in (young, outside):
        assert answers.loc[few, "responded"].mean() < answers.loc[~few, "responded"].mean() - 0.05


def test_answers_are_one_to_five_and_missing_where_nobody_answered(answers):
    questions = answers.filter(regex=r"^q\d\d$")
    assert questions.shape[1] == 21
    assert questions[~answers["responded"]].isna().all(axis=None)
    assert set(np.unique(questions.stack().dropna())) == {1, 2, 3, 4, 5}
    assert 0.01 < questions[answers["responded"]].isna().mean().mean() < 0.03


def test_seventeen_questions_improve_two_worsen_and_two_stay(answers, built, truth):
    direction = pd.read_csv(built.folder / "questions.csv").set_index("question")["direction"]
    stated = {name: question["change"] for name, question in truth["survey"]["questions"].items()}
    assert sorted(np.sign(list(stated.values())).tolist()) == [-1] * 2 + [0] * 2 + [1] * 17
    assert list(direction.index) == list(stated)
    replied = answers[answers["responded"]]
    for name, change in stated.items():
        sign = 1 if direction[name] == "favourable" else -1
        mean = _weighted_means(replied, name)
        difference = sign * (mean.loc[2024, "mean"] - mean.loc[2023, "mean"])
        error = np.hypot(mean.loc[2024, "error"], mean.loc[2023, "error"])
        if change == 0:
            assert abs(difference) < 3.5 * error, name
        else:
            assert np.sign(change) * difference > 2.5 * error, name


def test_a_chart_of_answers_says_the_same_of_all_21_questions(built, truth):
    city = mr.open_dataset(built.folder)
    rows = mr.answers(city, "survey", since=2023).drop_duplicates("indicator").set_index("indicator")
    stated = {name: np.sign(question["change"]) for name, question in truth["survey"]["questions"].items()}
    says = rows["verdict"].map({"better": 1, "worse": -1, "unsure": 0, "alike": 0})
    assert says.to_dict() == stated
    assert len(mr.chart(mr.answers(city, ["q17"]), city=city).alt) >= 200


def _weighted_means(replied: pd.DataFrame, question: str) -> pd.DataFrame:
    """Weighted mean per year with its standard error (weights as if drawn with replacement)."""
    rows = replied[["year", "weight", question]].dropna()
    result = {}
    for year, group in rows.groupby("year"):
        weight, answer = group["weight"].to_numpy(), group[question].to_numpy(dtype=float)
        mean = np.average(answer, weights=weight)
        result[year] = (mean, np.sqrt((weight**2 * (answer - mean) ** 2).sum()) / weight.sum())
    return pd.DataFrame(result, index=["mean", "error"]).T

"""Batteries beside `break_down`, indices counted in numpy, and what is hidden or refused."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from mrstats.measures.scales import cronbach_alpha
from mrstats.schema import DatasetError, UnknownNameError
from survey_fixtures import MARGINS, city_of, register_of, small_sample

QUESTIONS = ["safe", "calm", "afraid"]


def small(tmp_path, people=None, **questions):
    people = small_sample() if people is None else people
    return city_of(people, register_of(MARGINS), tmp_path, design_weight="drawn", **questions)


def points(people):
    """Answers from 0 to 100, 100 best, of those who answered."""
    answers = people.loc[people["answered"], QUESTIONS].astype(float)
    made = 25 * (answers - 1)
    return made.assign(afraid=100 - made["afraid"])


def test_a_battery_without_margins_is_what_break_down_gives(tmp_path):
    city = small(tmp_path)
    table = mr.battery(city, QUESTIONS, ["sex", "region"]).set_index(["indicator", "sex", "region"])
    beside = mr.break_down(city, QUESTIONS, by=["sex", "region"], crossed=False).set_index(
        ["indicator", "sex", "region"]
    )
    assert len(table) == 3 * 5
    for name in ("value", "lower", "upper", "se", "df", "n"):
        assert table[name].to_dict() == pytest.approx(beside[name].reindex(table.index).to_dict()), name


def test_an_index_is_the_mean_of_what_was_answered_by_hand(tmp_path):
    people = small_sample()
    people.loc[0, "safe"] = pd.NA  # two of three answered: in the index, not in alpha
    people.loc[1, ["safe", "calm"]] = pd.NA  # one of three: not in the index
    table = mr.index(small(tmp_path, people), QUESTIONS, "sex", name="Trygghet")
    scores, weights = points(people), people.loc[people["answered"], "drawn"]
    whole = scores.mean(axis=1).where(scores.notna().sum(axis=1) >= 2)
    known = whole.notna()
    first = table.iloc[0]
    assert first["value"] == pytest.approx(np.average(whole[known], weights=weights[known]))
    assert (first["n"], first["index"], first["indicator"]) == (99, "Trygghet", "")
    complete = scores.notna().all(axis=1)
    made = cronbach_alpha(scores[complete].to_numpy(), weights[complete].to_numpy())
    assert first["alpha"] == pytest.approx(made.alpha)
    assert first["alpha_lower"] == pytest.approx(
        made.lower, abs=0.003
    )  # the design's variance: n/(n - 1) about its mean
    parts = table[(table["sex"] == "_T") & (table["indicator"] != "")].set_index("indicator")
    assert parts["item_rest"].to_numpy() == pytest.approx(made.item_rest)
    assert parts["alpha_if_dropped"].to_numpy() == pytest.approx(made.alpha_if_dropped)
    held = scores["afraid"].notna()
    assert parts.loc["afraid", "value"] == pytest.approx(np.average(scores["afraid"][held], weights=weights[held]))
    women = table[(table["sex"] == "women") & (table["indicator"] == "")].iloc[0]
    mine = complete & (people.loc[people["answered"], "sex"] == "woman")
    assert women["alpha"] == pytest.approx(cronbach_alpha(scores[mine].to_numpy(), weights[mine].to_numpy()).alpha)


def test_the_limits_of_an_index_are_those_of_a_mean(tmp_path):
    people = small_sample()
    first = mr.index(small(tmp_path, people), QUESTIONS).iloc[0]
    whole, w = points(people).mean(axis=1), people.loc[people["answered"], "drawn"]
    scores = (w * (whole - np.average(whole, weights=w)) / w.sum()).to_numpy()
    se = np.sqrt(100 / 99 * ((scores - scores.mean()) ** 2).sum())
    assert first["se"] == pytest.approx(se)
    assert first["lower"] < first["value"] - 1.95 * se
    assert first["upper"] > first["value"] + 1.95 * se


def test_groups_of_few_are_hidden_with_the_next_smallest(tmp_path):
    people = small_sample()
    people["region"] = np.select([people.index < 8, people.index < 35], ["West", "North"], "South")
    index = mr.index(small(tmp_path, people), QUESTIONS, "region")
    hidden = index[index["status"] == "C"]
    assert set(hidden["region"]) == {"West", "North"}
    assert len(hidden) == 2 * 4
    assert hidden[["value", "n", "alpha", "item_rest", "alpha_if_dropped"]].isna().all(axis=None)
    people["safe"] = pd.array(np.where(people.index < 36, 1, 5), "Int64")  # of the men who answered four agree
    people["safe"] = people["safe"].where(people["answered"])
    battery = mr.battery(small(tmp_path, people), ["safe"], "sex")
    assert battery["status"].tolist() == ["", "C", "C"]
    assert battery.loc[1:, ["value", "lower", "upper", "se", "n"]].isna().all(axis=None)


def test_of_three_answers_the_mean_is_hidden_where_it_would_tell_a_rare_one(tmp_path):
    """With everybody's weight alike, n, the share who agree and the mean of a question give each of its three answers."""
    people = small_sample().assign(drawn=10.0)
    answered = np.flatnonzero(people["answered"])
    for name, rare in (("safe", 4), ("calm", 20), ("afraid", 20)):  # so many men in the middle, and so many women
        answer = np.ones(len(people))
        answer[answered[:40]] = np.repeat([1, 2, 3], [20, rare, 20 - rare])
        answer[answered[40:]] = np.repeat([1, 2, 3], [20, 20, 20])
        people[name] = pd.array(np.where(people["answered"], answer, np.nan), "Int64")
    city = small(tmp_path, people, scale="[1, 3]", agree="[3]")
    agree = mr.battery(city, ["safe"], "sex").set_index("sex")
    assert (agree["status"] != "C").all()
    index = mr.index(city, QUESTIONS, "sex")
    mean = index[index["indicator"] == "safe"].set_index("sex")
    everybody = agree.loc["_T", "n"] * (mean.loc["_T", "value"] - agree.loc["_T", "value"]) / 50
    assert everybody == pytest.approx(24)  # the attack: in the middle of 0, 50 and 100 points
    assert index.loc[index["sex"] != "_T", "value"].isna().all()  # men's, and women's as the difference from all


def test_answers_all_alike_have_no_alpha(tmp_path):
    people = small_sample()
    for name in QUESTIONS:
        people[name] = pd.array(np.where(people["answered"], 3, pd.NA), "Int64")
    first = mr.index(small(tmp_path, people), QUESTIONS).iloc[0]
    assert first["value"] == pytest.approx(50.0)
    assert np.isnan(first["alpha"])


@pytest.mark.parametrize(
    ("questions", "says"),
    [
        (["safe"], "2 or more different questions"),
        (["safe", "safe"], "2 or more different questions"),
        (["safe", "adults"], "'adults' is no question of a survey"),
        (["safe", "people_response"], "'people_response' is no question"),
        (["safe", "clam"], "did you mean 'calm'"),
    ],
)
def test_what_is_no_question_is_named(tmp_path, questions, says):
    with pytest.raises(UnknownNameError, match=says):
        mr.index(small(tmp_path), questions)


def test_answers_outside_the_scale_and_years_without_answers_are_named(tmp_path):
    people = small_sample()
    people.loc[3, "calm"] = 9
    with pytest.raises(DatasetError, match=r"column 'calm' holds .*9.*, which is not within scale = \[1, 5\]"):
        mr.index(small(tmp_path, people), QUESTIONS)
    with pytest.raises(Exception, match="nobody answered 'people' in 2023"):
        mr.battery(small(tmp_path), QUESTIONS, year=2023)
    with pytest.raises(UnknownNameError, match=r"trim=3.0 is for raked weights; name margins"):
        mr.battery(small(tmp_path), ["safe"], trim=3.0)
    with pytest.raises(UnknownNameError, match="confidence=95"):
        mr.battery(small(tmp_path), QUESTIONS, confidence=95)

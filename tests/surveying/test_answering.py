"""Answers held to shares by hand, to R's survey package, to `mr.change`, and to who tries to work out a hidden one."""

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import reference
from mrstats.measures.distribution import t_quantile
from mrstats.schema import DatasetError, UnknownNameError
from mrstats.surveying.answering import _verdict
from survey_fixtures import city_with, people_of, sample_of_r

R = reference("03_survey")


def test_shares_sides_and_response_by_hand(tmp_path):
    people = people_of([10, 20, 10, 30, 30], silent=100)
    people.loc[people["safe"] == 1, "weight"] = 3.0
    table = mr.answers(city_with(people, tmp_path), ["safe"])
    assert table["answer"].tolist() == [1, 2, 3, 4, 5]
    assert table["side"].tolist() == ["negative", "negative", "neutral", "positive", "positive"]
    assert table["value"].tolist() == pytest.approx([25.0, 20 / 1.2, 10 / 1.2, 25.0, 25.0])  # of 3·10 + 90 = 120
    assert table["positive"].tolist() == pytest.approx([50.0] * 5)
    assert (table["n"] == 100).all()
    assert (table["response"] == 50.0).all()
    assert (table["verdict"] == "").all()
    assert table[["change", "p", "p_adjusted"]].isna().all(axis=None)
    assert (table["compared"] == "").all()


def test_of_an_adverse_question_to_disagree_is_positive(tmp_path):
    table = mr.answers(
        city_with(people_of([10, 20, 10, 30, 30]), tmp_path, questions="safe,Rädd,Afraid,adverse"), ["safe"]
    )
    assert table["side"].tolist() == ["positive", "positive", "neutral", "negative", "negative"]
    assert table["positive"].iloc[0] == pytest.approx(30.0)
    assert table["response"].isna().all()  # nobody did not answer: fewer than ten


@pytest.mark.parametrize(
    ("scale", "agree", "sides"),
    [
        ("[1, 3]", "[3]", "-0+"),
        ("[1, 4]", "[3, 4]", "--++"),
        ("[1, 4]", "[1, 2]", "++--"),
        ("[1, 5]", "[3, 4, 5]", "--+++"),
        ("[0, 6]", "[5, 6]", "--000++"),
    ],
)
def test_each_scale_has_its_sides(tmp_path, scale, agree, sides):
    people = people_of([10] * len(sides))
    people["safe"] += int(scale[1]) - 1
    table = mr.answers(city_with(people, tmp_path, scale=scale, agree=agree), ["safe"])
    signs = {"negative": "-", "neutral": "0", "positive": "+"}
    assert "".join(table["side"].map(signs)) == sides


def r_city(tmp_path, people):
    people = people.assign(poor_health=pd.array(people["poor_health"], "Int64"))
    return city_with(
        people, tmp_path, scale="[0, 1]", agree="[1]", more='cluster = "psu"', questions="poor_health,Sjuk,Ill,adverse"
    )


def test_a_question_of_two_answers_has_the_estimates_errors_and_limits_of_r(tmp_path):
    theirs = R["total"]
    well, ill = mr.answers(r_city(tmp_path, sample_of_r()), ["poor_health"]).to_dict("records")
    assert (well["side"], ill["side"]) == ("positive", "negative")
    assert ill["value"] == pytest.approx(100 * theirs["poor_health"]["est"], rel=1e-10)
    assert ill["se"] == pytest.approx(100 * theirs["poor_health"]["se"], rel=1e-10)
    assert well["positive"] == pytest.approx(100 - ill["value"])
    lower, upper = theirs["poor_health_ci"]["logit"]
    assert (ill["lower"], ill["upper"]) == pytest.approx(
        (100 * lower, 100 * upper), abs=0.15
    )  # Satterthwaite's df, not 35
    assert (well["positive_lower"], well["positive_upper"]) == pytest.approx((100 - ill["upper"], 100 - ill["lower"]))


def test_raked_answers_have_the_errors_of_r(tmp_path):
    raked = {"margins": ["sex", "region"], "population": "adults"}
    ill = mr.answers(r_city(tmp_path, sample_of_r()), ["poor_health"], **raked).iloc[1]
    theirs = R["calibration"]["raked_calibrate"]["poor_health"]
    assert (ill["value"], ill["se"]) == pytest.approx((100 * theirs["est"], 100 * theirs["se"]), rel=1e-8)
    assert ill["raked_to"] == "sex, region"
    assert ill["method"] == "survey raked taylor logit"


def two_years(people, earlier):
    return pd.concat([people.assign(year=2024), earlier.assign(year=2023)], ignore_index=True)


def test_a_change_between_independent_samples_has_both_errors_of_r(tmp_path):
    people = sample_of_r()
    earlier = people.assign(poor_health=1 - people["poor_health"], id=people["id"] + 10_000)
    row = mr.answers(r_city(tmp_path, two_years(people, earlier)), ["poor_health"], since=2023).iloc[0]
    p, se = R["total"]["poor_health"]["est"], R["total"]["poor_health"]["se"]
    assert row["change"] == pytest.approx(100 * ((1 - p) - p))
    half = 100 * t_quantile(row["df"], 0.95) * se * np.sqrt(2)
    assert (row["change_lower"], row["change_upper"]) == pytest.approx((row["change"] - half, row["change"] + half))
    assert row["compared"] == "independent samples"


def test_clusters_that_the_same_persons_are_in_vary_together(tmp_path):
    """Whoever was ill is well and the other way about: every unit's deviation is turned, and the error is twice R's."""
    people = sample_of_r()
    turned = people.assign(poor_health=1 - people["poor_health"])
    row = mr.answers(r_city(tmp_path, two_years(people, turned)), ["poor_health"], since=2023).iloc[0]
    half = 100 * t_quantile(row["df"], 0.95) * 2 * R["total"]["poor_health"]["se"]
    assert row["change_upper"] - row["change"] == pytest.approx(half)
    assert row["compared"] == "recurring persons"


def test_persons_without_a_number_recur_in_no_year(tmp_path):
    people = two_years(people_of([20, 30, 20, 40, 40]), people_of([30, 40, 30, 30, 20], first=1000))
    apart = mr.answers(city_with(people, tmp_path), ["safe"], since=2023)
    people["id"] = people["id"].astype(float).where(people["id"] > 1)
    people.loc[people["id"] == 1000, "id"] = np.nan
    pd.testing.assert_frame_equal(mr.answers(city_with(people, tmp_path), ["safe"], since=2023), apart)


def test_a_change_is_that_of_mr_change_where_nobody_recurs(tmp_path):
    people = two_years(people_of([20, 30, 20, 40, 40]), people_of([30, 40, 30, 30, 20], first=1000))
    city = city_with(people, tmp_path)
    row = mr.answers(city, ["safe"], since=2023).iloc[0]
    beside = mr.change(mr.break_down(city, "safe", years=[2023, 2024]), adjust="holm").iloc[0]
    for name in ("change", "change_lower", "change_upper", "p", "p_adjusted"):
        assert row[name] == pytest.approx(beside[name]), name


def test_persons_who_answer_both_years_are_compared_with_themselves(tmp_path):
    """Of 100 persons 15 become positive and 5 no longer are: the mean of 100 differences, by hand."""
    before = people_of([20, 20, 20, 20, 20])  # 40 positive
    now = before.copy()
    now.loc[0:14, "safe"] = 5
    now.loc[95:99, "safe"] = 1
    city = city_with(two_years(now.sample(frac=1, random_state=1), before), tmp_path)
    row = mr.answers(city, ["safe"], since=2023).iloc[0]
    se = 100 * np.sqrt((20 - 100 * 0.1**2) / 99 / 100)
    assert row["change"] == pytest.approx(10.0)
    assert (row["change_upper"] - row["change_lower"]) / 2 == pytest.approx(t_quantile(row["df"], 0.95) * se, rel=1e-6)
    assert row["compared"] == "recurring persons"
    apart = city_with(two_years(now, before.assign(id=before["id"] + 500)), tmp_path)
    alone = mr.answers(apart, ["safe"], since=2023).iloc[0]
    assert alone["change_upper"] - alone["change_lower"] > row["change_upper"] - row["change_lower"]


def test_the_same_answers_from_the_same_persons_are_no_change_at_all(tmp_path):
    people = people_of([20, 20, 20, 20, 20])
    row = mr.answers(city_with(two_years(people, people), tmp_path), ["safe"], since=2023).iloc[0]
    assert (row["change"], row["change_lower"], row["change_upper"]) == pytest.approx((0, 0, 0), abs=1e-5)
    assert row["verdict"] == "alike"


def test_p_is_adjusted_over_the_questions_by_holm(tmp_path):
    changed = [[20, 30, 20, 40, 40], [20, 30, 20, 42, 38], [10, 30, 20, 45, 45]]
    earlier = [[25, 35, 20, 40, 30], [30, 30, 20, 35, 35], [40, 30, 30, 25, 25]]
    names = ["one", "two", "three"]

    def year(rows, **options):
        frames = [people_of(row, question=name, **options) for row, name in zip(rows, names, strict=True)]
        return pd.concat(
            [frames[0], *[frame[[name]] for frame, name in zip(frames[1:], names[1:], strict=True)]], axis=1
        )

    people = two_years(year(changed), year(earlier, first=1000))
    city = city_with(people, tmp_path, questions="\n".join(f"{name},Sv,En,favourable" for name in names))
    rows = mr.answers(city, names, since=2023).drop_duplicates("indicator")
    p = rows["p"].to_numpy()
    order = np.argsort(p)
    by_hand = np.minimum(np.maximum.accumulate(p[order] * [3, 2, 1]), 1)
    assert rows["p_adjusted"].to_numpy()[order] == pytest.approx(by_hand)
    assert rows["verdict"].tolist() == ["unsure", "unsure", "better"]


@pytest.mark.parametrize(
    ("change", "p", "says"),
    [
        ((3.0, 1.0, 5.0), 0.01, "better"),
        ((-3.0, -5.0, -1.0), 0.01, "worse"),
        ((3.0, 1.0, 5.0), 0.06, "unsure"),  # alone it would be certain, among many it is not
        ((0.1, -1.5, 1.7), 0.9, "alike"),
        ((0.6, -1.0, 2.2), 0.4, "unsure"),
        ((1.0, 0.5, 1.5), 0.001, "better"),  # certain and small: what is certain is said
        ((np.nan, np.nan, np.nan), np.nan, ""),
    ],
)
def test_the_verdict_is_what_is_certain_first(change, p, says):
    assert _verdict(dict(zip(("change", "change_lower", "change_upper"), change, strict=True)), p, 0.05, 2.0) == says


# Who tries to work out a hidden answer


def printed(table):
    return table[["value", "lower", "upper", "se", "df", "n", "response", "positive", "change", "p", "p_adjusted"]]


@pytest.mark.parametrize(
    "counts", [[1, 40, 20, 40, 40], [40, 9, 20, 40, 40], [30, 30, 5, 40, 40], [40, 40, 40, 40, 3], [0, 0, 0, 60, 40]]
)
def test_a_question_with_an_answer_of_few_vanishes_whole(tmp_path, counts):
    table = mr.answers(city_with(people_of(counts, silent=60), tmp_path), ["safe"])
    assert (table["status"] == "C").all()
    assert (table["verdict"] == "").all()
    assert printed(table).isna().all(axis=None)


def test_an_answer_nobody_gave_or_ten_gave_is_shown(tmp_path):
    table = mr.answers(city_with(people_of([0, 10, 20, 40, 40], silent=60), tmp_path), ["safe"])
    assert table["value"].notna().all()
    assert table["value"].iloc[0] == 0
    assert table["upper"].iloc[0] > 0


@pytest.mark.parametrize("year", [2023, 2024])
def test_few_in_either_year_hide_the_question_and_its_change(tmp_path, year):
    plenty, few = [20, 30, 20, 40, 40], [3, 30, 20, 40, 40]
    rows = [people_of(few if year == when else plenty, first=when).assign(year=when) for when in (2024, 2023)]
    city = city_with(pd.concat(rows, ignore_index=True), tmp_path)
    table = mr.answers(city, ["safe"], since=2023)
    assert (table["status"] == "C").all()
    assert printed(table).isna().all(axis=None)


@pytest.mark.parametrize("hidden", [[3, 27, 30, 30, 30], [5, 4, 31, 40, 40], [31, 24, 5, 30, 30]])
def test_all_that_is_printed_of_a_hidden_question_leaves_its_answers_wide(tmp_path, hidden):
    """The attacker knows n, the positive share and the mean of every other table, and that all persons weigh the same."""
    from scipy.optimize import linprog

    people = people_of(hidden, silent=60).assign(calm=lambda rows: rows["safe"])
    city = city_with(people, tmp_path, questions="safe,Sv,En,favourable\ncalm,Sv,En,favourable")
    told = [mr.answers(city, ["safe"]), mr.battery(city, ["safe"], "sex"), mr.index(city, ["safe", "calm"])]
    assert told[0]["status"].eq("C").all()
    n, agree = told[1]["n"].iloc[0], told[1]["value"].iloc[0] / 100
    assert (n, agree) == (sum(hidden), pytest.approx(sum(hidden[3:]) / sum(hidden)))  # so much is public
    mean = told[2].loc[told[2]["indicator"] == "safe", "value"].iloc[0]  # in points from 0 to 100
    assert mean == pytest.approx(25 * np.dot(hidden, range(5)) / n)
    equations, sums = [[1] * 5, [0, 0, 0, 1, 1], [0, 25, 50, 75, 100]], [n, agree * n, mean * n]
    for place in np.flatnonzero(np.array(hidden) < 10):
        aim = np.eye(5)[place]
        least, most = (linprog(sign * aim, A_eq=equations, b_eq=sums, bounds=(0, None)) for sign in (1, -1))
        assert -most.fun - least.fun >= 10


def test_no_release_prints_a_change_whose_earlier_year_a_table_hides(tmp_path):
    from mrstats.breakdown import check_request
    from mrstats.disclosure import ProtectionRule, write_release

    few = people_of([20, 30, 20, 40, 40], first=1000).assign(year=2023)
    few.loc[few["safe"].eq(5).to_numpy().nonzero()[0][:3], "sex"] = "woman"  # three women, in the earlier year only
    city = city_with(two_years(people_of([20, 30, 20, 40, 40]), few), tmp_path)
    request = check_request(city, "safe", "sex", years=[2023])
    made = {"whole": lambda: mr.answers(city, ["safe"], since=2023), "now": lambda: mr.answers(city, ["safe"])}
    release = write_release(
        city, (request,), tmp_path / "release", rule=ProtectionRule(method="suppress"), results=made
    )
    whole, now = (pd.read_json(release.folder / "results" / f"{name}.json") for name in ("whole", "now"))
    assert whole[["value", "positive", "change", "n"]].isna().all(axis=None)
    assert (whole["verdict"] == "").all()
    assert now["value"].notna().all()


@pytest.mark.parametrize(
    ("options", "asked", "error", "says"),
    [
        ({}, {"since": 2024}, UnknownNameError, "since=2024 must be an earlier year than 2024"),
        ({}, {"since": "2023"}, UnknownNameError, "since='2023' must be a whole number"),
        ({}, {"since": 2022}, Exception, "nobody answered 'people' in 2022"),
        ({}, {"alike": -1}, UnknownNameError, "alike=-1 must be percentage points"),
        ({"questions": "safe,Sv,En,"}, {}, DatasetError, "question 'safe' has no direction"),
        ({"agree": "[3]"}, {}, DatasetError, r"agree = \[3\] must be the last or the first answers"),
        ({"agree": "[1, 2, 3, 4, 5]"}, {}, DatasetError, "not all of them"),
    ],
)
def test_what_cannot_be_asked_is_named(tmp_path, options, asked, error, says):
    with pytest.raises(error, match=says):
        mr.answers(city_with(people_of([20, 20, 20, 20, 20]), tmp_path, **options), ["safe"], **asked)


def test_the_name_of_a_survey_stands_for_all_of_its_questions(tmp_path):
    people = people_of([20, 20, 20, 20, 20]).assign(calm=lambda rows: rows["safe"])
    city = city_with(people, tmp_path, questions="safe,Sv,En,favourable\ncalm,Sv,En,adverse")
    pd.testing.assert_frame_equal(mr.answers(city, "people"), mr.answers(city, ["safe", "calm"]))


def test_half_an_answer_is_none(tmp_path):
    people = people_of([20, 20, 20, 20, 20])
    people["safe"] = people["safe"].astype(float)
    people.loc[3, "safe"] = 1.5
    with pytest.raises(DatasetError, match=r"column 'safe' holds .*1\.5.*, which is not within scale"):
        mr.answers(city_with(people, tmp_path), ["safe"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ('answers.sv = ["nej", "ja"]', r"answers\.sv = \['nej', 'ja'\] must be a list of 5 words"),
        ('answers.no = ["a", "b", "c", "d", "e"]', r"answers\.no = .* in sv or en"),
        ('answers = "a b c d e"', "answers = 'a b c d e' must be"),
    ],
)
def test_words_of_answers_are_one_for_each(tmp_path, words, says):
    with pytest.raises(DatasetError, match=says):
        city_with(people_of([20] * 5), tmp_path, agree=f"[4, 5]\n{words}")

"""What the figures cannot see: knowledge of each ground, voices beside figures, boards' answers; made by hand."""

import pandas as pd
import pytest

import mrstats as mr
from made_city import made_city, random_people, toml, write_dataset
from mrstats.breakdown import break_down_one_by_one
from mrstats.schema import DatasetError, NotPublishedError, UnknownNameError

MORE = """
[[missing]]
ground = "religion"
reason = "not_collected"
note = "finns inte i registren"
[[missing]]
ground = "undocumented"
reason = "not_collectable"
note = { sv = "inte folkbokförda", en = "not registered" }
[interviews]
file = "interviews.csv"
place = "district"
quotation = "said"
[interviews.themes]
work = ["employment", "low"]
[board_answers]
file = "answers.csv"
"""
INTERVIEWS = """id,year,theme,group,district,said,consent
I1,2023,work,sex=women,Norr,Det går bra.,True
I2,2024,work,education=lower,Söder,Jag vill arbeta mer.,False
I3,2024,housing,sex=men,Norr,Vi bor trångt.,True
"""
ANSWERS = """board,principle,theme,status,text
skolnämnden,person_centre,work,done,Klart.
skolnämnden,transparent,work,none,Inget svar.
parknämnden,person_centre,work,planned,Sedan.
"""


@pytest.fixture
def folder(tmp_path):
    folder = write_dataset(tmp_path / "made", random_people(4, 3000), toml() + MORE)
    (folder / "interviews.csv").write_text(INTERVIEWS, encoding="utf-8")
    (folder / "answers.csv").write_text(ANSWERS, encoding="utf-8")
    return folder


@pytest.fixture
def city(folder):
    return mr.open_dataset(folder)


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return mr.open_dataset(folder)


def test_every_ground_and_other_factor_has_a_row_at_every_level(city):
    table = mr.knowledge_gaps(city, ["employment", "low"], ["city", "area"])
    assert table.groupby(["indicator", "geography_level"]).size().tolist() == [9] * 4  # seven, education, undocumented
    at = table.set_index(["indicator", "geography_level", "ground"])
    assert at.loc[("employment", "city", "sex"), ["knowledge", "cells", "shown"]].tolist() == ["published", 2, 2]
    assert at.loc[("employment", "area", "sex"), "cells"] == 8
    assert at.loc[("employment", "city", "religion"), ["knowledge", "note"]].tolist() == [
        "not_collected",
        "finns inte i registren",
    ]
    assert at.loc[("employment", "city", "undocumented"), ["knowledge", "note", "protected"]].tolist() == [
        "not_collectable",
        "inte folkbokförda",
        False,
    ]
    assert at.loc[("employment", "city", "disability"), "knowledge"] == "not_collected"  # no such factor in its table
    assert at.loc[("employment", "city", "education"), "protected"] == False  # noqa: E712
    assert (table["shown"] + table["too_few"] + table["hidden"] == table["cells"]).all()


def test_few_persons_are_too_few(tmp_path):
    city = mr.open_dataset(write_dataset(tmp_path / "made", random_people(4, 300)))
    table = mr.knowledge_gaps(city, ["employment"], "area").set_index("ground")
    assert table.loc["age", "knowledge"] == "too_few"


def test_publishing_hidden_is_told_from_too_few(monkeypatch):
    from mrstats.appendix.planning import PublicationPlan, protect
    from mrstats.breakdown import check_request
    from mrstats.disclosure import Plan, ProtectionRule

    city = made_city(random_people(9, 260))
    requests = tuple(
        check_request(city, ["employment"], [name], "city", 2024) for name in ("sex", "education", "age_group")
    )
    release = protect(PublicationPlan(None, city, Plan(requests, {}), ProtectionRule(method="suppress")))
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(release.folder))
    table = mr.knowledge_gaps(city, ["employment"], year=2024)
    shown = mr.break_down(city, ["employment"], by="age_group", years=2024)
    hidden = shown[shown["age_group"] != "_T"]["status"].str.contains("C").sum()
    assert hidden
    assert table.set_index("ground").loc["age", "hidden"] == hidden


def test_an_unknown_reason_is_refused(folder):
    with pytest.raises(DatasetError, match=r"\[\[missing\]\] 'undocumented' has reason = 'never'"):
        mr.knowledge_gaps(change(folder, "dataset.toml", '"not_collectable"', '"never"'), ["low"])


def test_a_finding_stands_beside_the_figures_of_its_theme_and_group(city):
    table = mr.voices(city)
    assert table[["id", "indicator"]].values.tolist() == [
        ["I1", "employment"],
        ["I1", "low"],
        ["I2", "employment"],
        ["I2", "low"],
        ["I3", ""],
    ]
    women = mr.break_down(city, "employment", by="sex").set_index("sex")
    first = table.iloc[0]
    assert first[["value", "lower", "city_value"]].tolist() == [
        *women.loc["women", ["value", "lower"]],
        women.loc["_T", "value"],
    ]
    assert first["figure_year"] == 2024
    assert table.loc[table["id"] == "I3", "value"].isna().all()
    chosen = mr.voices(city, measured=["low"])
    assert chosen[["id", "indicator"]].equals(table[["id", "indicator"]])  # every finding is there,
    assert chosen.loc[chosen["value"].notna(), "indicator"].unique().tolist() == [
        "low"
    ]  # beside figures of one indicator
    assert mr.voices(city, ["low"])["id"].tolist() == ["I1", "I2", "I3"]  # no indicator measures the theme of the last


def test_nobody_is_quoted_who_did_not_agree(city):
    quoted = mr.voices(city).drop_duplicates("id").set_index("id")["quotation"].to_dict()
    assert quoted == {"I1": "Det går bra.", "I2": "", "I3": "Vi bor trångt."}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sex=women", "sex=woman", "row 2, column 'group' holds 'sex=woman'; write factor=code"),
        ("sex=women", "women", "row 2: 'group' is not written factor=code"),
        (",True", ",kanske", "row 2: 'consent' is neither true nor false"),
        ("I1,2023", "I1,nyss", "row 2: 'year' is no year"),
        ("theme,", "tema,", "interviews.csv: column 'theme' is missing"),
    ],
)
def test_a_finding_that_cannot_be_read_is_named(folder, old, new, words):
    with pytest.raises(DatasetError, match=words):
        mr.voices(change(folder, "interviews.csv", old, new))


def test_a_theme_of_no_indicator_and_a_name_that_is_none_are_refused(folder, city):
    with pytest.raises(UnknownNameError, match="no indicator 'lowe'"):
        mr.voices(city, ["lowe"])
    with pytest.raises(UnknownNameError, match="lowe"):
        mr.voices(city, measured=["lowe"])
    with pytest.raises(DatasetError, match=r"\[interviews.themes\] work names 'lowest', which is no indicator"):
        mr.voices(change(folder, "dataset.toml", '"low"', '"lowest"'))


def test_a_board_that_has_not_answered_has_a_row(city):
    table = mr.follow_up(city)
    assert table[["board", "principle", "status"]].values.tolist() == [
        ["skolnämnden", "person_centre", "done"],
        ["skolnämnden", "transparent", "none"],
        ["parknämnden", "person_centre", "planned"],
        ["parknämnden", "transparent", "none"],
    ]
    assert table["board_answered"].tolist() == [50, 50, 50, 50]
    assert table["principle_answered"].tolist() == [100, 0, 100, 0]


def test_a_board_is_called_what_the_dataset_calls_it_in_the_language_of_the_page(folder):
    named = '[board_answers]\nboards = { "skolnämnden" = { en = "school board" } }'
    table = mr.follow_up(change(folder, "dataset.toml", "[board_answers]", named))
    assert table["board"].unique().tolist() == ["skolnämnden", "parknämnden"]
    called = {
        language: list(dict.fromkeys(row["cells"][0] for row in mr.table(table, language=language).rows))
        for language in ("sv", "en")
    }
    assert called == {"sv": ["skolnämnden", "parknämnden"], "en": ["school board", "parknämnden"]}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("planned", "soon", "row 4, column 'status' holds 'soon'; it is one of done, under_way"),
        ("skolnämnden,transparent", "skolnämnden,person_centre", "row 3: skolnämnden answers twice on 'person_centre'"),
    ],
)
def test_an_answer_that_cannot_be_is_named(folder, old, new, words):
    with pytest.raises(DatasetError, match=words):
        mr.follow_up(change(folder, "answers.csv", old, new))


def test_the_example_city_has_all_three(small):
    assert set(mr.knowledge_gaps(small, ["employment"])["knowledge"]) == {
        "published",
        "not_collected",
        "not_collectable",
    }
    assert mr.follow_up(small).groupby("board").size().eq(4).all()
    table = mr.voices(small, ["home_care"])
    assert set(table["theme"]) == {"home_care", "housing"}  # housing has no indicator
    assert table.loc[table["theme"] == "home_care", "value"].notna().all()


def test_checking_the_dataset_names_what_lies_beside_its_tables(folder, small):
    assert mr.check_dataset(mr.open_dataset(folder)) == []
    assert mr.check_dataset(small) == []
    (problem,) = mr.check_dataset(change(folder, "answers.csv", "board,", "nämnd,"))
    assert str(problem).startswith("answers.csv: [board_answers] answers.csv has no column 'board'")
    (folder / "interviews.csv").unlink()
    assert [p.file for p in mr.check_dataset(folder)] == ["interviews.csv", "answers.csv"]


def test_factors_one_by_one_are_as_many_tables_of_break_down():
    city = made_city(random_people(4, 500))
    levels, names = ["city", "district", "area"], ["employment", "low"]
    table = break_down_one_by_one(city, names, ["sex", "education"], levels).set_index(
        ["factor", "indicator", "geography_level", "geography", "group"]
    )
    rows = 0
    for level in levels:
        for factor in ("sex", "education"):
            alone = mr.break_down(city, names, by=factor, geography=level)
            alone = alone[alone["geography_level"] == level]
            places = pd.MultiIndex.from_frame(alone[["indicator", "geography_level", "geography", factor]])
            together = table.loc[factor].loc[places]
            for name in ("value", "lower", "upper", "n", "count", "status"):
                assert together[name].tolist() == pytest.approx(alone[name].tolist(), nan_ok=True)
            rows += len(alone)
    assert rows == len(table)


def test_publishing_a_table_outside_the_plan_is_an_error_not_a_gap(monkeypatch, tmp_path):
    city = made_city(random_people(9, 260))
    (tmp_path / "certificate.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(tmp_path))
    with pytest.raises(NotPublishedError, match="not in the edition's plan"):
        mr.knowledge_gaps(city, ["employment"], year=2024)


def test_a_check_of_the_dataset_reads_how_interviews_are_coded(folder):
    assert mr.check_dataset(folder) == []
    change(folder, "interviews.csv", "sex=women", "kön=kvinnor")
    (problem,) = mr.check_dataset(folder)
    assert (problem.file, "row 2, column 'group' holds 'kön=kvinnor'" in problem.message) == ("interviews.csv", True)

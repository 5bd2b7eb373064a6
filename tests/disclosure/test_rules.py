"""Rules: what the file may say, which figures each rule forbids (by hand), and which method follows."""

import numpy as np
import pandas as pd
import pytest

from cubes import areas, city_cube, cube, small
from mrstats.disclosure.audit import audit
from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.joint import joint_problem
from mrstats.disclosure.primary import forbidden_sums, groups_at_risk, quantile_is_safe, reasons, slivers
from mrstats.disclosure.protect import protect_counts
from mrstats.disclosure.rules import ProtectionRule, read_rule
from mrstats.schema import DatasetError, EditionError


def written(tmp_path, text):
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    return read_rule(tmp_path / "rules.toml")


def test_a_file_changes_what_it_says_and_nothing_else(tmp_path):
    rule = written(tmp_path, 'min_count = 4\ngroup_share = 1\nmethod = "round"\nmin_width = 2\nsingletons = false\n')
    assert rule == ProtectionRule(min_count=4, group_share=1, method="round", min_width=2, singletons=False)
    assert written(tmp_path, "") == ProtectionRule()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min_cuont = 5", r"rules\.toml: 'min_cuont' is not a rule \(did you mean 'min_count'\?\)"),
        ("min_count = 1", "min_count = 1; it must lie from 2 to 1000"),
        ("min_count = true", "min_count = True must be like 5"),
        ('min_count = "5"', "min_count = '5' must be like 5"),
        ("min_count = 4.5", r"min_count = 4\.5 must be like 5"),
        ("min_width = 1.5", "must be a whole number"),
        ("singletons = 1", "singletons = 1 must be like True"),
        ("group_share = 95", "group_share = 95; it must lie from 0.5 to 1"),
        ('method = "hide"', "method = 'hide'; it must be auto"),
        ("min_count", r"rules\.toml cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_is_named(tmp_path, text, message):
    with pytest.raises(EditionError, match=message):
        written(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EditionError, match=r"rules\.toml"):
        read_rule(tmp_path / "rules.toml")


def test_the_width_follows_the_smallest_count_unless_it_is_given():
    assert (ProtectionRule().width(), ProtectionRule().width(sensitive=True)) == (4, 9)
    assert ProtectionRule(min_width=3).width(sensitive=True) == 3
    assert ProtectionRule(min_count=12).least(sensitive=True) == 12


def with_outcome(rows):
    """Groups with (persons without, persons with) the outcome."""
    cells = [(g, o, v) for g, pair in rows.items() for o, v in zip(("no", "yes"), pair, strict=True)]
    frame = pd.DataFrame(cells, columns=["group", "outcome", "value"])
    dimensions = [Dimension.flat("group", rows), Dimension.flat("outcome", ("no", "yes"))]
    return joint_problem(frame, dimensions, [{"group": ["group"], "outcome": ["outcome"]}])


def test_each_hidden_cell_knows_its_rule():
    problem = with_outcome({"a": (3, 37), "b": (12, 8), "c": (50, 0), "d": (60, 60)})
    why = reasons(problem, rates=True)
    assert {k: why[problem.position(**dict(zip(("group", "outcome"), k, strict=True)))] for k in
            [("a", "no"), ("a", "yes"), ("b", "no"), ("b", "_T"), ("c", "yes"), ("c", "no"), ("d", "yes")]} == {
        ("a", "no"): "small count",
        ("a", "yes"): "",  # 37 of 40
        ("b", "no"): "small denominator",  # of 20
        ("b", "_T"): "",  # 20 persons may be counted, their share may not
        ("c", "yes"): "",  # a zero is no one
        ("c", "no"): "",
        ("d", "yes"): "",
    }  # fmt: skip
    assert set(reasons(problem, sensitive=True).tolist()) == {"", "small count"}
    assert (reasons(problem, sensitive=True) != "").sum() == 2  # 3 and 8 are below ten
    assert not (reasons(problem) != "")[problem.position(group="b", outcome="yes")]


def test_in_a_survey_those_who_answered_are_counted():
    problem = with_outcome({"a": (300, 3700), "b": (1200, 800)})
    observed = problem.truth // 100  # 3 answered for the 300
    assert np.flatnonzero(reasons(problem, observed=observed) == "few respondents").tolist() == [
        problem.position(group="a", outcome="no")
    ]


def test_a_group_of_one_mind_is_at_risk():
    problem = with_outcome(
        {"all": (0, 40), "but_one": (1, 14), "most": (1, 19), "many": (6, 94), "mixed": (50, 50), "few": (0, 3)}
    )
    found = groups_at_risk(problem)
    # 40 of 40; 14 of 15 is all but one; 19 of 20 is 95 %; 94 % is not; 3 of 3 are hidden as few anyway
    assert found[["group", "outcome", "n", "count"]].to_numpy().tolist() == [
        ["all", "yes", 40, 40], ["but_one", "yes", 15, 14], ["most", "yes", 20, 19],
    ]  # fmt: skip
    assert found["share"].tolist() == pytest.approx([1, 14 / 15, 0.95])
    assert groups_at_risk(problem, sensitive=False).empty
    assert len(groups_at_risk(problem, ProtectionRule(group_share=0.9))) == 4


def test_sums_that_tell_of_one_or_two_persons():
    # 85 + 10 = 95 > 90 % of 100 · 60 + 25 = 85 leaves 15, more than 6 · 80 + 9.9 leaves 10.1, more than 8
    # · 50 + 46: 96 · 40 + 38 = 78 · nobody
    found = forbidden_sums(
        [100, 100, 100, 100, 100, 0], [30, 30, 30, 30, 9, 0], [85, 60, 80, 50, 40, 0], [10, 25, 9.9, 46, 38, 0]
    )
    assert found.tolist() == ["dominance", "", "", "dominance", "few contributors", ""]
    # p %: 60 + 35 leaves 5, less than 10 % of 60; with one person's dominance alone it would pass
    one = ProtectionRule(dominance_persons=1, dominance_share=0.9)
    assert forbidden_sums(100, 30, 60, 35, rule=one).tolist() == "p per cent"
    with pytest.raises(ValueError, match="row 1: largest=5 and second=6"):
        forbidden_sums([100, 100], 30, [60, 5], [35, 6])
    with pytest.raises(ValueError, match="cannot be parts of total=100"):
        forbidden_sums(100, 30, 90, 20)


def test_ten_persons_on_each_side_of_a_quantile():
    assert quantile_is_safe([20, 19], 0.5).tolist() == [True, False]
    assert quantile_is_safe([100, 99], 0.9).tolist() == [True, False]
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_is_safe(100, 50)


# ---- the method that follows
def calm():
    """Twelve areas of plenty and one small count."""
    values = np.random.default_rng(1).integers(20, 60, (12, 2, 3))
    values[3, 1, 2] = 3
    return cube(values)


def test_auto_suppresses_where_little_is_hidden_and_rounds_where_much_would_be():
    kept = protect_counts(calm())
    assert kept.method == "suppress"
    assert 0 < kept.info_loss()["hidden_share"] <= 0.1
    assert kept.info_loss()["mean_change"] == 0
    rounded = protect_counts(city_cube(18))
    assert rounded.method == "round"
    assert rounded.info_loss()["hidden"] == 0
    assert 0 < rounded.info_loss()["mean_change"] < 1.2
    assert protect_counts(calm(), ProtectionRule(max_dimensions=2)).method == "round"
    assert protect_counts(calm(), ProtectionRule(max_hidden_share=0)).method == "round"


def test_what_leaves_holds_no_hidden_count_and_says_no_reason():
    kept = protect_counts(calm(), ProtectionRule(method="suppress"))
    frame = kept.frame()
    assert frame["value"].isna().sum() == kept.hidden.sum() > 1
    assert list(frame) == ["area", "sex", "birth", "value"]
    assert kept.why(area="A003", sex="women", birth="world") == "small count"
    assert set(kept.reason[kept.hidden].tolist()) == {"small count", "beside a hidden one"}
    assert kept.why() == ""
    assert audit(frame.astype({"value": float}).assign(file="t"), hierarchy=kept.problem.hierarchy()).passed


def test_the_certificate_holds_no_seed():
    seed = 0x1234_5678_9ABC_DEF0_1234_5678_9ABC_DEF0
    told = protect_counts(calm(), seed=seed).certificate
    assert told["method"] == "suppress"
    assert told["least_width"] >= 4
    assert len(told["seed_sha256"]) == 64
    assert str(seed) not in str(told)
    # a short seed's hash would give it away
    assert protect_counts(calm(), seed=7).certificate["seed_sha256"] is None


def test_a_sensitive_family_is_rounded_to_ten_and_hidden_wider():
    rounded = protect_counts(city_cube(18), sensitive=True)
    printed = rounded.values
    assert not ((printed > 0) & (printed < 10)).any()
    kept = protect_counts(calm(), ProtectionRule(method="suppress"), sensitive=True)
    assert kept.certificate["least_width"] >= 9


def test_what_cannot_be_hidden_is_never_printed():
    lone = joint_problem(pd.DataFrame({"area": ["A000"], "value": [2]}), [areas(1)], [{"area": ["area"]}])
    public = np.zeros(len(lone.keys), bool)
    public[lone.position()] = True
    with pytest.raises(DatasetError, match="cannot be hidden safely"):
        protect_counts(lone, ProtectionRule(method="suppress"), public=public)
    assert protect_counts(lone, public=public).method == "round"


def test_a_small_count_that_is_public_already_stays_open():
    problem = calm()
    public = small(problem)
    kept = protect_counts(problem, public=public)
    assert not kept.hidden.any()
    assert kept.why(area="A003", sex="women", birth="world") == "given by the ledger"


def test_protecting_does_not_depend_on_the_order_of_rows():
    problem = calm()
    shuffled = pd.DataFrame({d.name: np.array(d.atoms)[problem.inner[:, i]] for i, d in enumerate(problem.dimensions)})
    shuffled = shuffled.assign(value=problem.values).sample(frac=1, random_state=1)
    again = joint_problem(shuffled, problem.dimensions, problem.shapes)
    assert (protect_counts(again).hidden == protect_counts(problem).hidden).all()


def crossing(sliver, *, with_areas=False):
    """District D of areas a, b, c; ward W of a and b inside it: D − W is area c, which no table shows."""
    atoms = ("a", "b", "c", "d")
    levels = {"district": dict(zip(atoms, "DDDE", strict=True)), "ward": dict(zip(atoms, "WWVV", strict=True))}
    if with_areas:
        levels["area"] = {atom: atom for atom in atoms}
    people = pd.DataFrame({"area": atoms, "value": [40, 50, sliver, 60]})
    return joint_problem(people, [Dimension("area", atoms, levels)], [{"area": list(levels)}])


def test_a_sliver_between_two_divisions_is_found():
    # 93 in D less 90 in W leaves 3; 63 in V less 60 in E is the same three persons from the other side
    found = slivers(crossing(3))
    assert found[["area", "less", "value"]].to_numpy().tolist() == [["D", "W", 3], ["V", "E", 3]]
    assert slivers(crossing(5)).empty
    assert len(slivers(crossing(5), sensitive=True)) == 2
    assert slivers(crossing(3, with_areas=True)).empty  # then the three are a cell, and hidden as one
    assert not (crossing(3).truth < 5).any()  # nothing small is printed


def test_slivers_are_rounded_away_and_never_printed():
    assert protect_counts(crossing(3)).method == "round"
    assert protect_counts(crossing(7)).method == "suppress"
    with pytest.raises(DatasetError, match=r"leave 2 small areas, the first \{'area': 'D', 'less': 'W'\}"):
        protect_counts(crossing(3), ProtectionRule(method="suppress"))
    printed = protect_counts(crossing(3)).frame().set_index("area")["value"]
    assert printed["D"] - printed["W"] in (0, 5)

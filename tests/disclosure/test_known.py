"""Families tell of each other, earlier editions of this one: what is public is reckoned with when a release is made."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest

from made_city import EDUCATION, INDICATORS, SEX, indicator, made_city, random_people, toml
from mrstats.breakdown import check_request
from mrstats.disclosure.countfiles import count_files, pieces
from mrstats.disclosure.family import families
from mrstats.disclosure.known import nested
from mrstats.disclosure.ledger import append_figures, append_release, read_ledger, standing
from mrstats.disclosure.published import read_counts
from mrstats.disclosure.release import write_release
from mrstats.disclosure.rules import ProtectionRule
from mrstats.schema import EditionError

DAY = datetime.date(2025, 3, 1)
SUPPRESS, ROUND = ProtectionRule(method="suppress"), ProtectionRule(method="round")


@pytest.fixture(scope="module")
def people():
    return random_people(5, 900)


def released(city, folder, years, rule, *, by=("sex", "education"), facts=None):
    asked = (check_request(city, "employment", list(by), "area", years),)
    return write_release(city, asked, folder, rule=rule, facts=facts)


def counts_in(folder, year):
    (path,) = (path for path in count_files([folder]) if str(year) in path.name)
    return read_counts([path])


def test_a_count_of_more_persons_is_hidden_where_it_bounds_a_hidden_one_too_closely(tmp_path):
    """In A1 live 7 men, 3 of them of working age. 7 may be printed, 3 not; but who sees 7 knows that it is 1 to 7, which
    is 6 wide, and a sensitive count must be 9 wide."""
    rows = [("A1", "1", 30, 3), ("A1", "1", 70, 4), ("A1", "2", 30, 60), ("A1", "2", 70, 40)]
    rows += [("A2", sex, age, 50) for sex in "12" for age in (30, 70)]
    people = pd.DataFrame(
        [(area, sex, age) for area, sex, age, many in rows for _ in range(many)], columns=["area", "sex", "age"]
    )
    people = people.assign(year=2024, person_id=np.arange(len(people)), education="3", income=200.0, events=0)
    people = people.assign(protected_identity=False, employed=np.arange(len(people)) % 2 == 0)
    poor = indicator("poor", "proportion", numerator="employed", denominator="age >= 20 and age <= 64",
                     more='direction = "favourable"\nsensitive = true')  # fmt: skip
    city = made_city(people, toml(indicators=INDICATORS + poor))
    men = {"geography": "A1", "sex": "men"}

    def printed(requests, name):
        folder = tmp_path / f"{name}-{len(requests)}"
        write_release(city, requests, folder, rule=SUPPRESS)
        frame = read_counts([path for path in count_files([folder]) if path.name.startswith("population")])
        (value,) = frame.loc[(frame[list(men)] == list(men.values())).all(axis=1), "value"]
        return value

    everybody = check_request(city, "population", "sex", "area", 2024)
    assert printed((everybody,), "alone") == 7
    assert np.isnan(printed((everybody, check_request(city, "poor", "sex", "area", 2024)), "both"))


@pytest.mark.parametrize("rule", [SUPPRESS, ROUND], ids=["suppress", "round"])
def test_next_years_edition_shows_the_same_figures_of_an_earlier_year(people, tmp_path, rule):
    city = made_city(people)
    first = released(city, tmp_path / "first", [2023], rule)
    second = released(city, tmp_path / "second", [2023, 2024], rule)
    pd.testing.assert_frame_equal(counts_in(first.folder, 2023), counts_in(second.folder, 2023))
    ledger = tmp_path / "l.jsonl"
    assert append_release(ledger, first.folder, edition="2023", date=DAY) == 1
    assert append_release(ledger, second.folder, edition="2024", date=DAY) == 2
    third = released(city, tmp_path / "third", [2023, 2024], rule, facts=standing(read_ledger(ledger)))
    pd.testing.assert_frame_equal(counts_in(second.folder, 2024), counts_in(third.folder, 2024))


def test_a_count_that_is_public_is_printed_and_hidden_ones_are_hidden_around_it(people, tmp_path):
    city = made_city(people)
    alone = counts_in(released(city, tmp_path / "alone", [2024], SUPPRESS).folder, 2024)
    kept = people[(people["year"] == 2024) & people["age"].between(20, 64) & ~people["protected_identity"]]
    true = kept.assign(sex=kept["sex"].map(SEX), education=kept["education"].map(EDUCATION))
    true = true.groupby(["area", "education", "sex"], as_index=False).size().rename(columns={"area": "geography"})
    hidden = alone[(alone["outcome"] == "_T") & alone["value"].isna()].merge(true[true["size"] >= 10])
    own, true = hidden.iloc[0][["geography", "education", "sex", "outcome"]].to_dict(), int(hidden["size"].iloc[0])

    def at(frame):
        return frame.loc[(frame[list(own)] == list(own.values())).all(axis=1), "value"].iloc[0]

    facts = pd.DataFrame(
        [own | {"about": alone["about"].iloc[0], "year": "2024", "value": true, "lower": true, "upper": true}]
    )
    release = released(city, tmp_path / "known", [2024], SUPPRESS, facts=facts)
    assert at(counts_in(release.folder, 2024)) == true
    assert json.loads((release.folder / "certificate.json").read_text())["audit"]["narrow"] == 0


def test_a_public_count_of_other_tables_that_tells_a_hidden_one_stops_the_release(people, tmp_path):
    """Of 3 hidden men in A4 a source tells that 2 have one education and 1 another: it adds up."""
    few = people[~((people["area"] == "A4") & (people["sex"] == "1") & (people["year"] == 2024))]
    men = few[few["year"] == 2024].head(3).assign(area="A4", sex="1", age=30, employed=True, protected_identity=False)
    city = made_city(pd.concat([few, men.assign(education=["1", "1", "3"], person_id=[9001, 9002, 9003])]))
    about = counts_in(released(city, tmp_path / "alone", [2024], SUPPRESS, by=["sex"]).folder, 2024)["about"].iloc[0]
    told = pd.DataFrame(
        {"education": ["lower", "upper", "post_short", "post_long", "unknown"], "value": [2.0, 1, 0, 0, 0]}
    )
    facts = told.assign(about=about, year="2024", geography="A4", sex="men", outcome="employment:yes")
    facts = facts.assign(lower=facts["value"], upper=facts["value"])
    with pytest.raises(EditionError, match=r"together with what is public failed.*leave that year out"):
        released(city, tmp_path / "known", [2024], SUPPRESS, by=["sex"], facts=facts)


def test_rounded_counts_of_an_earlier_edition_are_used_against_exact_ones(people, tmp_path):
    """A count of 1 to 4 that was printed as 0 or 5 cannot be hidden among 1 to 5: it is known to be 1 to 4."""
    city = made_city(people)
    ledger = tmp_path / "l.jsonl"
    append_release(ledger, released(city, tmp_path / "rounded", [2024], ROUND).folder, edition="2024", date=DAY)
    known = standing(read_ledger(ledger))
    assert set(known.loc[known["value"].isna(), ["lower", "upper"]].itertuples(index=False, name=None)) == {
        (0, 4),
        (1, 5),
    }
    exact = released(city, tmp_path / "exact", [2024], SUPPRESS)
    with pytest.raises(EditionError, match="can be worked out or narrowed down"):
        append_release(ledger, exact.folder, edition="2025", date=DAY)
    kept = released(city, tmp_path / "auto", [2024], ProtectionRule(max_hidden_share=0.9), facts=known)
    pd.testing.assert_frame_equal(counts_in(kept.folder, 2024), counts_in(tmp_path / "rounded", 2024))


def test_sums_of_rounded_counts_are_no_bounds(tmp_path):
    """Two districts of rounded areas: 5 of a district may be two areas of 3, so it bounds nothing."""
    path = tmp_path / "t-2024.csv"
    pd.DataFrame({"about": "all", "year": 2024, "place": ["_T", "D1", "A1", "A2"], "value": [5, 5, 5, 0]}).to_csv(
        path, index=False
    )
    (tmp_path / "hierarchy.csv").write_text("dim,hierarchy,parent,child\nplace,d,_T,D1\nplace,a,D1,A1\nplace,a,D1,A2\n")
    parts = pieces([path], base=5)
    append_figures(tmp_path / "l.jsonl", parts, edition="x", date=DAY, hierarchy=tmp_path / "hierarchy.csv")
    known = standing(read_ledger(tmp_path / "l.jsonl"))
    assert known[["place", "lower", "upper"]].values.tolist() == [["A1", 1, 5], ["A2", 0, 4]]


def test_which_families_are_about_some_of_anothers_persons_is_read_from_the_persons(people):
    """Working age is among everybody, and not the reverse; on a pandas frame, whose conditions pyarrow may answer."""
    city = made_city(people)
    found = families(city, [check_request(city, name, "sex", "area", 2024) for name in ("employment", "population")])
    names = [family.indicators[0] for family in found]
    assert [(names[a], names[b]) for a, b in nested(city, found)] == [("employment", "population")]

"""The release: what is written, that codes stay text, and that publishing answers from nothing else."""

import csv
import hashlib
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import indicator, made_city, random_people, toml
from mrstats import schema
from mrstats.breakdown import check_request, compute
from mrstats.dataset.release import Release, read_release_table, write_release_table
from mrstats.disclosure.protect import Protected
from mrstats.disclosure.publication import protect_publication, protected_table
from mrstats.disclosure.release import _beside_tables, write_release
from mrstats.disclosure.rules import ProtectionRule
from mrstats.figures import largest_amounts
from mrstats.schema import FIGURES


@pytest.fixture(scope="module")
def city():
    return made_city(random_people(5, 900))


@pytest.fixture(scope="module")
def requests(city):
    return (
        check_request(city, "employment", ["sex", "education"], "area", 2024),
        check_request(city, "income_mean", "sex", "city", [2023, 2024]),
    )


@pytest.fixture(scope="module")
def folder(city, requests, tmp_path_factory):
    folder = tmp_path_factory.mktemp("2024") / "release"
    write_release(city, requests, folder)
    return folder


def of_method(city, requests, folder, method):
    write_release(city, requests, folder, rule=ProtectionRule(method=method))
    return folder


@pytest.fixture(scope="module")
def suppressed(city, requests, tmp_path_factory):
    return of_method(city, requests, tmp_path_factory.mktemp("suppressed") / "release", "suppress")


@pytest.fixture(scope="module")
def rounded(city, requests, tmp_path_factory):
    return of_method(city, requests, tmp_path_factory.mktemp("rounded") / "release", "round")


def small(table):
    """Rows with 1 to 4 persons in them, with the outcome, or without it."""
    rest = table["n"] - table["count"]
    return np.logical_or.reduce([table[part].between(1, 4) for part in ("n", "count")] + [rest.between(1, 4)])


def test_a_suppressed_release_hides_every_small_row_and_changes_no_other(city, requests, suppressed):
    released, true = Release(suppressed).table(requests[0]), compute(city, requests[0])
    hidden = schema.has_status(released["status"], "C")
    assert hidden[small(true)].all()
    assert 0 < hidden.mean() < 1
    assert released.loc[hidden, FIGURES].isna().all().all()
    assert (released.loc[hidden, "method"] == "").all()
    pd.testing.assert_frame_equal(
        released.loc[~hidden, FIGURES], true.loc[~hidden.to_numpy(), FIGURES], rtol=1e-9, check_dtype=False
    )


def test_a_rounded_release_has_no_small_count_adds_up_and_its_intervals_hold_the_true_share(city, requests, rounded):
    released, true = Release(rounded).table(requests[0]), compute(city, requests[0])
    shown = released["value"].notna()
    assert not small(released[shown]).any()
    assert schema.has_status(released["status"], "r")[shown].all()
    for area, rows in released[shown].groupby("geography"):
        whole = rows[(rows["sex"] == "_T") & (rows["education"] == "_T")]
        parts = rows[(rows["sex"] != "_T") & (rows["education"] == "_T")]
        if len(parts) == 2:
            assert whole["n"].iloc[0] == parts["n"].sum(), area
            assert whole["count"].iloc[0] == parts["count"].sum(), area
    both = shown & true["value"].notna()
    assert released.loc[both, "value"].tolist() == pytest.approx(
        (100 * released["count"] / released["n"])[both].tolist()
    )
    assert (released["lower"] <= true["lower"] + 1e-9)[both].all()
    assert (released["upper"] >= true["upper"] - 1e-9)[both].all()


def test_a_mean_of_few_persons_is_hidden_and_no_sum_gives_it_back(city):
    request = check_request(city, "income_mean", ["sex", "education"], "area", 2024)
    table = compute(city, request)
    publication = protect_publication(city, [request], ProtectionRule(method="suppress"))
    released = protected_table(city, table, request, publication)
    hidden = schema.has_status(released["status"], "C")
    few = table["n"].between(1, 9)
    assert few.any()
    assert hidden[few].all()
    for _, rows in released.groupby(["geography", "education"]):
        parts = hidden[rows.index[rows["sex"] != "_T"]]
        if not hidden[rows.index[rows["sex"] == "_T"]].any() and (rows["n"].fillna(1) > 0).all():
            assert parts.sum() != 1


def sensitive_city(everybody):
    """In area A3 all women but two, or all of them, have the sensitive outcome."""
    people = random_people(5, 3000).assign(year=2024)
    women = people.index[(people["sex"] == "2") & (people["area"] == "A3") & ~people["protected_identity"]]
    people["hurt"] = np.random.default_rng(1).random(len(people)) < 0.3
    people.loc[women, "hurt"] = True
    if not everybody:
        people.loc[women[:2], "hurt"] = False
    more = indicator("hurt", "proportion", numerator="hurt", more='direction = "adverse"\nsensitive = true')
    return made_city(people, toml(indicators=more).replace("[2023, 2024]", "[2024]"))


def test_a_group_that_nearly_all_have_a_sensitive_outcome_is_withdrawn():
    city = sensitive_city(everybody=False)
    request = check_request(city, "hurt", "sex", "area", 2024)
    publication = protect_publication(city, [request], ProtectionRule(method="suppress"))
    released = protected_table(city, compute(city, request), request, publication).set_index(["geography", "sex"])
    assert released.loc[("A3", "women"), "status"] == "C"
    why = publication.why("A3", "women", indicator="hurt", year=2024)
    assert why in ("all of a group alike", "small count")


def test_a_group_that_all_have_a_sensitive_outcome_must_be_merged():
    city = sensitive_city(everybody=True)
    request = check_request(city, "hurt", "sex", "area", 2024)
    with pytest.raises(schema.DatasetError, match=r"A3.*women.*Merge the group"):
        protect_publication(city, [request], ProtectionRule(method="suppress"))


@pytest.mark.parametrize("crossed", [True, False])
@pytest.mark.parametrize("name", ["income_mean", "income_total"])
def test_a_sum_that_one_person_dominates_is_hidden(name, crossed):
    people = random_people(5, 900)
    rich = people.index[(people["year"] == 2024) & (people["area"] == "A3") & people["income"].notna()][0]
    people.loc[rich, "income"] = 1e7
    city = made_city(people)
    request = check_request(city, name, ["sex"], "area", 2024, crossed=crossed)
    publication = protect_publication(city, [request], ProtectionRule(method="suppress"))
    released = protected_table(city, compute(city, request), request, publication).set_index(["geography", "sex"])
    assert released.loc[("A3", "_T"), "status"] == "C"
    plain = made_city(random_people(5, 900))
    request = check_request(plain, name, ["sex"], "area", 2024, crossed=crossed)
    publication = protect_publication(plain, [request], ProtectionRule(method="suppress"))
    found = protected_table(plain, compute(plain, request), request, publication).set_index(["geography", "sex"])
    assert found.loc[("A3", "_T"), "status"] != "C"


def test_the_two_largest_amounts_are_those_of_a_mask(city):
    people = random_people(5, 900)
    request = check_request(city, "income_total", ["sex"], "area", [2023, 2024])
    table = compute(city, request).set_index("estimate_id")
    found = largest_amounts(city, city.indicator("income_total"), request)
    for key, row in table.iterrows():
        mine = people[(people["year"] == row["year"]) & people["income"].notna()]
        mine = mine if row["sex"] == "_T" else mine[mine["sex"] == {"men": "1", "women": "2"}[row["sex"]]]
        if row["geography_level"] == "area":
            placed = mine["area"].notna() & ~mine["protected_identity"]
            mine = mine[mine["area"].where(placed, "_U") == row["geography"]]
        top = [*mine["income"].nlargest(2), 0.0, 0.0][:2]
        assert found.loc[key].tolist() == pytest.approx(top)


def test_years_of_one_family_have_one_method(city):
    request = check_request(city, "employment", ["sex", "education"], "area", [2023, 2024])
    publication = protect_publication(city, [request])
    assert len({protected.method for _, protected in publication.families}) == 1


def test_why_and_how_much_are_for_the_citys_own_eyes(city, requests, suppressed):
    publication = protect_publication(city, requests, ProtectionRule(method="suppress"))
    true = compute(city, requests[0])
    row = true[
        small(true) & (true["geography_level"] == "area") & (true["sex"] != "_T") & (true["education"] != "_T")
    ].iloc[0]
    why = publication.why(row["geography"], row["sex"], row["education"], indicator="employment", year=2024)
    assert why == "small count"
    shown = Release(suppressed).table(requests[0]).query("value == value and sex != '_T' and education != '_T'").iloc[0]
    where = shown["geography"] if shown["geography_level"] == "area" else "_T"
    assert publication.why(where, shown["sex"], shown["education"], indicator="employment", year=2024) == ""
    loss = publication.info_loss().set_index("indicators").loc["employment"]
    assert 0 < loss["hidden_share"] < 1
    assert loss["changed_share"] == 0
    assert "small count" not in (suppressed / "certificate.json").read_text(encoding="utf-8")


def test_the_seed_is_in_no_file(city, requests, suppressed):
    from mrstats.disclosure.family import families
    from mrstats.disclosure.publication import _seed

    made = families(city, requests)
    years = {family.year for family in made}
    seeds = [str(_seed(f for f in made if f.year == year)) for year in years]
    hashes = [hashlib.sha256(seed.encode()).hexdigest() for seed in seeds]
    assert all(value in (suppressed / "certificate.json").read_text(encoding="utf-8") for value in hashes)
    for path in suppressed.rglob("*.*"):
        assert not any(seed in path.read_text(encoding="utf-8") for seed in seeds)


def test_no_file_of_the_release_holds_a_small_count(folder):
    numbers = []
    for path in sorted((folder / "counts").glob("*employment*.csv")):
        with path.open(encoding="utf-8") as file:
            numbers += [float(row["value"]) for row in csv.DictReader(file) if row["value"] not in ("", "..")]
    assert len(numbers) > 20
    assert not [number for number in numbers if 0 < number < 5]


def test_codes_stay_text_through_the_csv(city, requests, tmp_path):
    table = compute(city, requests[0]).assign(geography="0080", vintage="2018")
    write_release_table(table, tmp_path / "t.csv")
    back = read_release_table(tmp_path / "t.csv", dataset="made")
    assert set(back["geography"]) == {"0080"}
    assert set(back["vintage"]) == {"2018"}
    assert set(back["sex"]) == {"_T", "women", "men"}
    assert pd.api.types.is_integer_dtype(back["year"])
    assert back["value"].tolist() == pytest.approx(table["value"].tolist(), rel=1e-10, nan_ok=True)
    assert back["status"].tolist() == table["status"].tolist()
    assert back.attrs["dataset"] == "made"


def test_a_group_called_na_is_no_missing_value(city, requests, tmp_path):
    table = compute(city, requests[0]).assign(sex="NA")
    write_release_table(table, tmp_path / "t.csv")
    assert set(read_release_table(tmp_path / "t.csv", dataset="made")["sex"]) == {"NA"}


def test_the_same_requests_give_the_same_bytes(city, requests, folder, tmp_path):
    write_release(city, requests[::-1], tmp_path / "again")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.csv"))
    assert len(files) >= 4
    for path in files:
        assert (tmp_path / "again" / path).read_bytes() == (folder / path).read_bytes()


def test_the_certificate_names_rule_and_checksums(folder):
    certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    assert certificate["rule"]["min_count"] == 5
    assert certificate["audited_as_one_publication"] is True
    assert {certificate["audit"][name] for name in ("exact", "narrow", "undecided")} == {0}
    for name, checksum in certificate["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*.csv")}
    assert on_disk == set(certificate["files"])


def test_a_folder_that_holds_something_is_left_alone(city, requests, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(schema.MrstatsError):
        write_release(city, requests, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_public_figures_are_released_unhidden(requests, tmp_path):
    from made_city import toml

    public = made_city(random_people(5, 900), toml().replace("synthetic = true", "synthetic = true\npublic = true"))
    release = write_release(public, requests[:1], tmp_path / "release")
    status = release.table(requests[0])["status"]
    assert not schema.has_status(status, "C").any()
    assert schema.has_status(status, "s").any()


def test_publish_mode_answers_from_the_release_only(city, requests, folder, monkeypatch):
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(folder))
    empty = made_city(random_people(1, 900).assign(employed=False))  # other persons, the same dataset name
    table = mr.break_down(empty, "employment", by=["sex", "education"], geography="area", years=2024)
    pd.testing.assert_frame_equal(table, Release(folder).table(requests[0]))
    assert table["value"].max() > 0
    assert table.attrs["dataset"] == city.key


def test_a_request_outside_the_plan_prints_the_lines_to_add(city, folder, monkeypatch):
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    monkeypatch.setenv("MRSTATS_RELEASE", str(folder))
    with pytest.raises(schema.NotPublishedError) as caught:
        mr.break_down(city, "employment", by="sex", geography="district")
    message = str(caught.value)
    for line in (
        "[[request]]",
        'dataset = "made"',
        'indicators = ["employment"]',
        'by = ["sex"]',
        'geography = "district"',
        "years = [2024]",
    ):
        assert line in message


def test_publish_mode_without_a_release_is_told(city, tmp_path, monkeypatch):
    monkeypatch.setenv("MRSTATS_MODE", "publish")
    with pytest.raises(schema.MrstatsError, match="MRSTATS_RELEASE"):
        mr.break_down(city, "employment")


@pytest.mark.parametrize("method", ["suppressed", "rounded"])
def test_an_outside_attacker_reads_the_released_counts_and_finds_nothing(shared, request, method):
    tool, folder = shared("tools", "attack_tables.py"), request.getfixturevalue(method)
    files = sorted(str(path) for path in (folder / "counts").glob("*.csv"))
    assert len(files) == 3
    options = ["--total", "_T", "--hierarchy", str(folder / "hierarchy.csv"), "--integer", "--rule", "1,1000000"]
    done = subprocess.run(
        [sys.executable, str(tool), *files, *options], capture_output=True, text=True, check=False, timeout=60
    )
    report = json.loads(done.stdout)
    assert (report["hidden"] > 0) == (method == "suppressed")
    assert (report["exact"], report["narrow"], report["undecided"]) == (0, 0, 0), report["examples"]


@pytest.mark.parametrize(
    ("method", "words"),
    [("suppress", "a witness changes a printed cell"), ("round", "holds a hidden number or one of 1 to 4")],
)
def test_a_true_count_that_slips_into_a_file_stops_the_release(city, requests, tmp_path, monkeypatch, method, words):
    """The audit reads what was written."""
    honest = Protected.frame
    monkeypatch.setattr(Protected, "frame", lambda self: honest(self).assign(value=self.problem.truth))
    with pytest.raises(schema.MrstatsError, match=words):
        write_release(city, requests, tmp_path / "leaky", rule=ProtectionRule(method=method))


@pytest.mark.parametrize(("hides", "withdrawn"), [("city", True), ("area", False), ("nothing", False)])
def test_a_search_goes_with_the_figure_of_the_city_that_a_table_hides(city, hides, withdrawn):
    table = compute(city, check_request(city, "employment", (), "area", 2024))
    here = table["geography_level"] == hides
    protected = table.assign(status=np.where(here, schema.CONFIDENTIAL, table["status"]))
    search = pd.DataFrame(
        {"indicator": "employment", "year": 2024, "factor": ["", "sex"], "value": [60.0, 40.0], "n": [100.0, 20.0],
         "path": ["", "worst"], "confirmed": [False, True], "status": ""}
    )  # fmt: skip
    released = _beside_tables(search, [(protected, table)])
    assert released[["value", "n"]].isna().all().all() == withdrawn
    assert (released["status"] == schema.CONFIDENTIAL).all() == withdrawn
    assert (released["path"] == "worst").any() != withdrawn

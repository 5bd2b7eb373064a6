"""The release: what is written, that codes stay text, and that publishing answers from nothing else."""

import csv
import hashlib
import json
import subprocess
import sys

import pandas as pd
import pytest

import mrstats as mr
from made_city import made_city, random_people
from mrstats import schema
from mrstats.breakdown import check_request, compute
from mrstats.dataset.release import Release, read_release_table, write_release_table
from mrstats.disclosure.release import write_release
from mrstats.disclosure.small_cells import hide_small_cells


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


def test_a_release_holds_the_protected_table_of_each_request(city, requests, folder):
    released = Release(folder).table(requests[0])
    protected = hide_small_cells(compute(city, requests[0]))
    assert schema.has_status(released["status"], "C").sum() > 0
    assert released["status"].tolist() == protected["status"].tolist()
    pd.testing.assert_frame_equal(
        released[["value", "lower", "upper", "n", "count"]].reset_index(drop=True),
        protected[["value", "lower", "upper", "n", "count"]].reset_index(drop=True),
        rtol=1e-9,
    )


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
    assert certificate["audited_as_one_publication"] is False
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


@pytest.mark.parametrize("kind", ["population", "count"])
def test_an_attacker_reads_the_released_counts_and_finds_nothing_exact(shared, folder, kind):
    tool = shared("tools", "attack_tables.py")
    files = [str(path) for path in (folder / "counts").glob(f"employment-*-{kind}.csv")]
    assert len(files) == 1
    done = subprocess.run(
        [sys.executable, str(tool), *files, "--hierarchy", str(folder / "hierarchy.csv"), "--width", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    report = json.loads(done.stdout)
    assert report["hidden"] > 0
    assert report["exact"] == 0, report["examples"]

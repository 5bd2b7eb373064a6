"""The command line from outside: exit codes, one clear line, and nothing touched when something is wrong."""

import json
import subprocess
import sys

import pytest

from made_city import random_people, write_dataset


def mrstats(*arguments, folder):
    return subprocess.run(
        [sys.executable, "-m", "mrstats.cli", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_help_lists_the_commands(tmp_path):
    done = mrstats("--help", folder=tmp_path)
    assert done.returncode == 0
    for command in ("example", "check", "plan", "appendix", "audit", "publish", "clean"):
        assert command in done.stdout


def test_a_good_dataset_passes(tmp_path):
    write_dataset(tmp_path / "made", random_people(1, 60))
    done = mrstats("check", "made", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no problems" in done.stdout


def test_a_bad_dataset_is_listed_on_stdout_with_exit_code_2(tmp_path):
    people = random_people(1, 60)
    people.loc[people.index[5], ["area", "protected_identity"]] = ["B9", False]
    people.loc[people.index[7], "sex"] = "9"
    write_dataset(tmp_path / "made", people)
    done = mrstats("check", "made", folder=tmp_path)
    assert done.returncode == 2
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 2
    assert all(line.startswith("people-20") and ", row " in line for line in lines)
    assert "B9" in done.stdout
    assert "'9'" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_dataset_that_is_not_there_is_exit_code_2(tmp_path):
    done = mrstats("check", "nowhere", folder=tmp_path)
    assert done.returncode == 2
    assert "nowhere" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["appendix", "plan"])
def test_an_unknown_edition_is_one_line_with_exit_code_2(tmp_path, command):
    (tmp_path / "notebooks" / "editions").mkdir(parents=True)
    done = mrstats(command, "1999", folder=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "1999" in done.stderr


def test_without_an_edition_it_says_where_to_work(tmp_path):
    done = mrstats("appendix", folder=tmp_path)
    assert done.returncode == 2
    assert "notebooks/editions" in done.stderr.replace("\\", "/")


EDITION = """
title = "Prov"
year = 2024
dataset = "made"
language = "sv"
publisher = "Påhittstad"
date = 2025-03-01
[[chapter]]
notebook = "10_nothing"
"""


def test_a_failing_appendix_touches_no_output(tmp_path):
    write_dataset(tmp_path / "data" / "raw" / "made", random_people(1, 60))
    editions = tmp_path / "notebooks" / "editions"
    editions.mkdir(parents=True)
    (editions / "2024.toml").write_text(EDITION, encoding="utf-8")  # its notebook is not there
    output = tmp_path / "data" / "processed" / "2024"
    output.mkdir(parents=True)
    (output / "appendix-2024.pdf").write_bytes(b"last year's good one")
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    done = mrstats("appendix", "2024", folder=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "10_nothing" in done.stderr
    assert (output / "appendix-2024.pdf").read_bytes() == b"last year's good one"
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_a_misspelt_key_of_an_edition_is_told(tmp_path):
    editions = tmp_path / "notebooks" / "editions"
    editions.mkdir(parents=True)
    (editions / "2024.toml").write_text(EDITION.replace("publisher", "publsher"), encoding="utf-8")
    done = mrstats("appendix", "2024", folder=tmp_path)
    assert done.returncode == 2
    assert "publsher" in done.stderr
    assert "publisher" in done.stderr


def test_clean_empties_processed_and_keeps_the_rest(tmp_path):
    processed = tmp_path / "data" / "processed"
    (processed / "2024").mkdir(parents=True)
    (processed / "2024" / "receipt.json").write_text("{}")
    (processed / ".gitkeep").write_text("")
    (tmp_path / "data" / "raw").mkdir()
    done = mrstats("clean", folder=tmp_path)
    assert done.returncode == 0
    assert [path.name for path in processed.iterdir()] == [".gitkeep"]
    assert (tmp_path / "data" / "raw").exists()


def test_an_edition_is_found_from_a_folder_below_the_project(tmp_path, monkeypatch):
    from mrstats.cli import _edition

    (tmp_path / "notebooks" / "editions").mkdir(parents=True)
    (tmp_path / "notebooks" / "editions" / "2024.toml").touch()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert _edition(None).resolve() == tmp_path / "notebooks" / "editions" / "2024.toml"
    assert _edition("2024").resolve() == _edition(None).resolve()


def test_audit_tells_safe_from_unsafe_and_from_what_it_cannot_read(tmp_path):
    def table(name, men, women):
        (tmp_path / name).write_text(f"sex,value\n_T,20\nmen,{men}\nwomen,{women}\n")
        return mrstats("audit", name, folder=tmp_path)

    safe, open_, odd = table("a.csv", "", ""), table("b.csv", "", "17"), mrstats("audit", "c.csv", folder=tmp_path)
    assert (safe.returncode, open_.returncode, odd.returncode) == (0, 1, 2)
    assert "exact: sex=men is 3" in open_.stdout
    assert "c.csv is no count file" in odd.stderr
    as_json = json.loads(mrstats("audit", "--json", "b.csv", folder=tmp_path).stdout)
    assert (as_json["passed"], as_json["exact"]) == (False, 1)


def test_publish_wants_a_built_edition(tmp_path):
    done = mrstats("publish", "1066", folder=tmp_path)
    assert done.returncode == 2
    assert "1066" in done.stderr


def test_clean_can_take_only_what_is_not_protected(tmp_path):
    made = tmp_path / "data" / "processed" / "2024"
    for place in (
        made / "notebooks" / "10_city.failed.ipynb",
        made / "receipt.json",
        made.parent / "cells" / "a.parquet",
    ):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x")
    assert mrstats("clean", "--unprotected", folder=tmp_path).returncode == 0
    assert sorted(p.name for p in made.parent.rglob("*") if p.is_file()) == ["receipt.json"]

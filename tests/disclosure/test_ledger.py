"""The ledger: what is public already is used against a release, and nobody changes it unseen."""

import datetime
import json
import shutil

import pandas as pd
import pytest

from made_city import made_city, random_people
from mrstats.breakdown import check_request
from mrstats.disclosure.countfiles import audit_pieces, count_files, pieces, weak_cells
from mrstats.disclosure.ledger import SOURCE, append_figures, append_release, read_ledger, standing
from mrstats.disclosure.release import write_release
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.verdicts import verdict_json
from mrstats.schema import DatasetError, EditionError

DAY = datetime.date(2025, 3, 1)


@pytest.fixture(scope="module")
def city():
    return made_city(random_people(5, 900))


@pytest.fixture(scope="module")
def release(city, tmp_path_factory):
    folder = tmp_path_factory.mktemp("edition") / "release"
    asked = (check_request(city, "employment", ["sex", "education"], "area", [2023, 2024]),)
    return write_release(city, asked, folder, rule=ProtectionRule(method="suppress"))


def counts_of(folder, name, **columns):
    path = folder / f"{name}.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def test_what_is_public_is_used_against_a_hidden_cell(tmp_path):
    """20 persons, men and women hidden: 1 to 19 each. Once 17 women are public, the men are 3."""
    table = counts_of(tmp_path, "t", about="adults", year=2024, sex=["_T", "men", "women"], value=[20, None, None])
    alone = audit_pieces(pieces([table]))
    assert [verdict.counts["exact"] for _, verdict in alone] == [0]
    public = pd.DataFrame({"about": ["adults"], "year": ["2024"], "sex": ["women"], "value": [17.0]})
    together = audit_pieces(pieces([table]), facts=public)
    assert weak_cells(together).set_index("sex").loc["men", ["lower", "upper"]].tolist() == [3, 3]
    assert not json.loads(verdict_json(together))["passed"]
    of_others = public.assign(about="children")
    assert not len(weak_cells(audit_pieces(pieces([table]), facts=of_others)))


def test_an_empty_ledger_and_its_first_edition(release, tmp_path):
    path = tmp_path / "9980.jsonl"
    assert len(read_ledger(path)) == 0
    added = append_release(path, release.folder, edition="2024", date=DAY)
    assert added == len(path.read_bytes().splitlines()) > 0
    shown = pd.concat([pd.read_csv(file)["value"].dropna() for file in count_files([release.folder])])
    assert sorted(read_ledger(path)["value"]) == sorted(shown)


def test_publishing_the_same_again_adds_nothing(release, tmp_path):
    path = tmp_path / "9980.jsonl"
    append_release(path, release.folder, edition="2024", date=DAY)
    before = path.read_bytes()
    assert append_release(path, release.folder, edition="2024", date=DAY) == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda lines: [lines[0].replace(b'"edition": "2024"', b'"edition": "2023"'), *lines[1:]],
            "line 1 is not what",
        ),
        (lambda lines: lines[1:], "line 1 does not follow"),
        (lambda lines: [*lines[:-2], lines[-2][:-20], b""], "cannot be read"),
        (lambda lines: lines[:-1], "ends in the middle"),
        (lambda lines: [lines[0], *lines], "line 2 does not follow"),
    ],
)
def test_a_changed_line_is_seen(release, tmp_path, change, says):
    path = tmp_path / "9980.jsonl"
    append_release(path, release.folder, edition="2024", date=DAY)
    path.write_bytes(b"\n".join(change(path.read_bytes().split(b"\n"))))
    with pytest.raises(DatasetError, match=says):
        read_ledger(path)
    with pytest.raises(DatasetError, match="Restore the committed file"):
        append_release(path, release.folder, edition="2025", date=DAY)


def hidden_and_true(city, release):
    """The first hidden count with its codes, and the number that it hides."""
    counts = pd.concat([pd.read_csv(file, dtype=str) for file in count_files([release.folder])])
    cell = counts[counts["value"].isna() & ~counts["outcome"].ne("_T")].iloc[0]
    (_, true), *_ = release.withheld
    row = true[
        (true["geography"].eq(cell["geography"])) | (cell["geography"] == "_T") & true["geography_level"].eq("city")
    ]
    row = row[row["year"].astype(str) == cell["year"]]
    for factor in ("sex", "education"):
        row = row[row[factor] == cell[factor]]
    return cell, float(row["n"].iloc[0])


def test_a_hidden_figure_that_a_source_has_published_stops_the_edition(city, release, tmp_path):
    cell, true = hidden_and_true(city, release)
    codes = {name: code for name, code in cell.items() if name not in ("value", "outcome")}
    source = counts_of(tmp_path, "source", **{name: [code] for name, code in codes.items()}, value=[true])
    path = tmp_path / "9980.jsonl"
    append_figures(path, pieces([source]), edition="scb", date=DAY, kind=SOURCE)
    before = path.read_bytes()
    assert standing(read_ledger(path))["value"].tolist() == [true]
    with pytest.raises(EditionError, match=r"together with what is public, \d+ hidden cells"):
        append_release(path, release.folder, edition="2024", date=DAY)
    assert path.read_bytes() == before


def test_a_release_changed_after_its_audit_is_not_published(city, tmp_path):
    asked = (check_request(city, "employment", ["sex"], "city", 2024),)
    made = write_release(city, asked, tmp_path / "release", rule=ProtectionRule(method="suppress"))
    file = count_files([made.folder])[0]
    file.write_text(file.read_text().replace("900", "901"))
    file.write_text(file.read_text() + "\n")
    with pytest.raises(EditionError, match="not the file that was audited"):
        append_release(tmp_path / "l.jsonl", made.folder, edition="2024", date=DAY)
    assert not (tmp_path / "l.jsonl").exists()


def test_other_figures_need_the_word_correction(city, release, tmp_path):
    path = tmp_path / "9980.jsonl"
    append_release(path, release.folder, edition="2024", date=DAY)
    asked = (check_request(city, "employment", ["sex"], "area", 2024),)
    known = standing(read_ledger(path))
    fewer = write_release(city, asked, tmp_path / "release", rule=ProtectionRule(method="suppress"), facts=known)
    with pytest.raises(EditionError, match="--correction"):
        append_release(path, fewer.folder, edition="2024", date=DAY)
    assert append_release(path, fewer.folder, edition="2024", date=DAY, correction=True) > 0


def test_a_sensitive_family_is_asked_for_its_own_width(tmp_path):
    """8 persons, men and women hidden: each is 1 to 7, which is 6 wide. Enough for 4 and not for 9."""
    table = counts_of(
        tmp_path, "poor-2024", about="adults", year=2024, sex=["_T", "men", "women"], value=[8, None, None]
    )
    assert pieces([table])[0].width == 4
    assert not len(weak_cells(audit_pieces(pieces([table]))))
    told = {"families": [{"indicators": ["poor"], "year": 2024, "method": "suppress", "width": 9}]}
    (tmp_path / "certificate.json").write_text(json.dumps(told))
    assert pieces([table])[0].width == 9
    assert len(weak_cells(audit_pieces(pieces([table])))) == 2
    assert pieces([table], width=4)[0].width == 4


def test_publishing_asks_what_the_certificate_says_of_a_sensitive_family(release, tmp_path):
    """A width that no cell can have: the certificate of each family is heard."""
    folder = tmp_path / "release"
    shutil.copytree(release.folder, folder)
    certificate = json.loads((folder / "certificate.json").read_text())
    for family in certificate["families"]:
        assert family["width"] == 4
        family["width"] = 1000
    (folder / "certificate.json").write_text(json.dumps(certificate))
    with pytest.raises(EditionError, match=r"\d+ hidden cells can be worked out or narrowed down"):
        append_release(tmp_path / "l.jsonl", folder, edition="2024", date=DAY)
    assert not (tmp_path / "l.jsonl").exists()

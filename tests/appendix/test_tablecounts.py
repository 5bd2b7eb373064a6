"""Counts that tables print join the attack: sums that no name tells, in notebook, workbook and PDF."""

from __future__ import annotations

import appendix_material as material
import openpyxl
import pytest

import mrstats as mr
from mrstats.appendix import build_appendix
from mrstats.appendix.hidden import attack_written
from mrstats.appendix.outlets import display_blocks
from mrstats.appendix.tablecounts import attack_counts
from mrstats.breakdown import check_request
from mrstats.disclosure import ProtectionRule, write_release
from mrstats.disclosure.leaks import Outlet
from mrstats.schema import EditionError

RULE = ProtectionRule(method="suppress", min_count=8, min_count_sensitive=8)
"""Hides the 7 of 20 born elsewhere who do not work, and with them their 13, and the 35 and 25 of 60 born in Sweden."""

SUBTITLE = "Andel sysselsatta, 20–64 år, efter kön och födelseland, Pytteby 2024"
GIVING = {
    "kind": "table",
    "language": "sv",
    "marks": [],
    "title": "Sysselsatta efter kön och födelseland",
    "subtitle": SUBTITLE,
    "source": "Källa: registret.",
    "notes": [],
    "columns": [{"text": text, "align": "right"} for text in ("Födelseland", "Antal", "Antal")],
    "spanners": [{"text": "Kvinnor", "first": 1, "last": 1}, {"text": "Män", "first": 2, "last": 2}],
    "rows": [{"cells": ["Sverige", "22", "13"], "total": False}],
}
"""22 and 13 are no hidden figures; together they are the 35 that the release hides."""

MARKDOWN = "## Sysselsatta 2024 efter kön\n\n| Födelseland | Kvinnor: Antal | Män: Antal |\n|---|---|---|\n| Sverige | 22 | 13 |"


def protecting(edition, city, folder, *, rule=RULE):
    tiny = mr.tiny_city()
    requests = (check_request(tiny, "employment", by=[by]) for by in ("sex", "country_of_birth_five"))
    return write_release(tiny, tuple(requests), folder / "release", rule=rule)


def build(folder, *cells):
    material.notebook(folder / "notebooks" / "10_work.ipynb", ["# Arbete", material.TEXT, *cells])
    lines: list[str] = []
    built = build_appendix(
        material.edition(folder, "10_work"),
        output=folder / "out",
        city=mr.tiny_city(),
        prepare=protecting,
        report=lines.append,
    )
    return built, lines


def shown(
    *rows, columns=("Kön", "Personer"), title="Sysselsatta", subtitle="Andel sysselsatta, 20–64 år, Pytteby 2024"
):
    columns = [{"text": text, "align": "right"} for text in columns]
    return GIVING | {
        "title": title,
        "subtitle": subtitle,
        "columns": columns,
        "spanners": [],
        "rows": [{"cells": list(cells), "total": False} for cells in rows],
    }


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    return protecting(None, None, tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def rounded(tmp_path_factory):
    return protecting(None, None, tmp_path_factory.mktemp("rounded"), rule=ProtectionRule(method="round", min_count=8))


def attacked(release, *tables):
    blocks = tuple(block for table in tables for block in display_blocks(table, "cell 2"))
    return attack_counts(mr.tiny_city(), release, [Outlet("10_work.ipynb", "notebook", blocks)])


@pytest.mark.parametrize(
    ("planted", "where"),
    [
        (GIVING, r"10_work\.ipynb, cell \d+, table, row 3, column 2"),
        (MARKDOWN, r"\.pdf, page \d+, table row 2, cell 2"),
    ],
)
def test_counts_that_together_give_a_hidden_one_stop_the_appendix(tmp_path, planted, where):
    with pytest.raises(
        EditionError, match=where + r".*not in the release.*hidden counts.*SE, employment.*Nothing was published"
    ) as stopped:
        build(tmp_path, planted)
    assert "35" not in str(stopped.value)
    assert not list(tmp_path.rglob("*.pdf"))


def test_an_honest_appendix_tells_how_many_counts_were_attacked_and_a_planted_sheet_is_found(tmp_path):
    city = mr.tiny_city()
    columns = [{"text": text, "align": "right"} for text in ("Födelseland", "Personer", "Personer")]
    rows = [{"cells": ["Totalt", "40", "40"], "total": True}]
    built, lines = build(tmp_path, GIVING | {"columns": columns, "rows": rows})
    assert lines[-1].endswith("none found; 6 counts in tables attacked")
    (tmp_path / "again").mkdir()
    again = protecting(None, None, tmp_path / "again")
    attack_written(city, again, built.parent)
    (path,) = built.parent.glob("*.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book.create_sheet("Extra")
    for line in (["Sysselsatta 2024"], ["Födelseland", "Kvinnor: Antal", "Män: Antal"], ["Sverige", 22, 13]):
        sheet.append(line)
    book.save(path)
    with pytest.raises(EditionError, match=r"\.xlsx, sheet Extra, cell B3 .*not in the release"):
        attack_written(city, again, built.parent)


def test_a_count_must_be_the_releases(release):
    with pytest.raises(EditionError, match="row 4, column 2 prints another count than the release's for men"):
        attacked(release, shown(["Kvinnor", "40"], ["Män", "41"]))
    with pytest.raises(EditionError, match=r"prints a count that the release hides for SE, employment:yes"):
        attacked(release, shown(["Sverige", "35"], columns=["Födelseland", "Antal"]))
    with pytest.raises(EditionError, match=r"below 8 that is not in the release"):
        attacked(release, shown(["Ask", "6"], columns=["Område", "Antal"], subtitle="Andel sysselsatta kvinnor 2024"))
    with pytest.raises(EditionError, match=r"cannot be right beside the release and beside one another"):
        attacked(release, shown(["Ask", "50"], ["Björk", "50"], columns=["Område", "Personer"]))


def test_a_rounded_release_wants_its_rounded_counts(rounded):
    assert attacked(rounded, shown(["Övriga världen", "8"], columns=["Födelseland", "Berörda"])).placed == 1
    with pytest.raises(EditionError, match="another count than the release's for world, employment:no"):
        attacked(rounded, shown(["Övriga världen", "7"], columns=["Födelseland", "Berörda"]))


def test_a_caption_names_a_group_that_holds_for_the_whole_table_but_not_one_of_its_rows(release):
    about = "Andel sysselsatta, 20–64 år, bland kvinnor, Pytteby 2024"
    assert attacked(release, shown(["Hela staden", "40"], columns=["Område", "Personer"], subtitle=about)).placed == 1
    finding = shown(["Kvinnor", "40"], ["Män", "40"], ["Totalt", "80"], title="Andelen är lägst bland kvinnor")
    assert attacked(release, finding).placed == 3
    assert attacked(release, shown(["1", "40"], columns=["Nr", "Kvinnor: Personer"], subtitle=about)).unplaced == 1


def test_a_count_that_cannot_be_placed_is_counted_and_not_guessed(release):
    odd = shown(["Kvinnor 20–24 år", "9"], ["Män 20–24 år", "7"])
    years = shown(["Kvinnor", "40"], subtitle="Andel sysselsatta, 20–64 år, 2019–2024")
    found = attacked(release, odd, years)
    assert (found.placed, found.unplaced, found.tables) == (0, 3, 2)
    assert str(found).endswith("3 figures of 2 tables could not be placed")
    assert attacked(release, shown(["Kvinnor", "12"], columns=["Kön", "Antal tal"])).unplaced == 0


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_count_of_a_table_that_mrstats_makes_is_placed(release, language):
    city = mr.tiny_city()
    rows = mr.break_down(city, "employment", by="sex")
    table = mr.table(rows, show=["n", "count", "affected"], language=language)
    found = attacked(release, table.as_json())
    assert (found.placed, found.unplaced) == (9, 0)

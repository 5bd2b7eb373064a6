"""Editions: what a file may say, and what it is told when it says something else."""

import datetime

import appendix_material as material
import pytest

from mrstats.appendix import read_edition
from mrstats.schema import EditionError


def refused(folder, text, chapters=("10_work",)):
    with pytest.raises(EditionError) as error:
        read_edition(material.edition(folder, *chapters, text=text))
    return str(error.value)


def test_an_edition_knows_its_notebooks_and_its_output(tmp_path):
    edition = read_edition(material.edition(tmp_path, ("10_work", "indicator = 'employment'")))
    assert edition.stem == "2024"
    assert edition.date == datetime.date(2025, 3, 1)
    assert edition.notebook_path(edition.chapters[0]) == tmp_path / "notebooks" / "10_work.ipynb"
    assert edition.chapters[0].parameters == {"indicator": "employment"}


def test_an_edition_without_a_date_is_dated_the_last_day_of_its_year(tmp_path):
    text = material.EDITION.replace("date = 2025-03-01\n", "")
    assert read_edition(material.edition(tmp_path, "10_work", text=text)).date == datetime.date(2024, 12, 31)


def test_an_unknown_key_is_named_with_its_file_and_the_nearest_spelling(tmp_path):
    message = refused(tmp_path, material.EDITION.replace("publisher =", "publisger ="))
    assert "2024.toml" in message
    assert "'publisger' is unknown" in message
    assert "Did you mean 'publisher'?" in message
    assert "case_number" in message


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("year = 2024", 'year = "2024"', "year = '2024' must be a whole number"),
        ("year = 2024", "year = true", "year = True must be a whole number"),
        ("date = 2025-03-01", 'date = "2025-03-01"', "must be a date without quotes"),
        ('language = "sv"', 'language = "fi"', "language='fi' is not spoken here. Choose sv, en"),
        ('dataset = "exempelstad"\n', "", "the key 'dataset' is missing"),
        ('title = "', "title = ", "cannot be read as TOML"),
    ],
)
def test_a_wrong_value_is_told_what_it_must_be(tmp_path, right, wrong, told):
    assert told in refused(tmp_path, material.EDITION.replace(right, wrong))


def test_an_edition_needs_a_chapter_and_a_chapter_only_known_keys(tmp_path):
    assert "the key 'chapter' is missing" in refused(tmp_path, material.EDITION, chapters=())
    extra = material.EDITION + '[[chapter]]\nnotebook = "10_work"\nparameter = { year = 2024 }\n'
    assert "[[chapter]] number 1: the key 'parameter' is unknown. Did you mean 'parameters'?" in refused(
        tmp_path, extra, chapters=()
    )


def test_a_missing_edition_says_where_editions_lie(tmp_path):
    with pytest.raises(EditionError, match=r"There is no edition file .*2031\.toml"):
        read_edition(tmp_path / "2031.toml")

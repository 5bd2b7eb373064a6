"""Coded interviews in three kinds of file, and texts that would say who somebody is."""

from importlib.resources import files

import pytest

from mrstats.example_city.voices import written
from mrstats.schema import DatasetError
from mrstats.sources import read_interviews

CSV = """id;year;theme;group;district;quotation_sv;consent
A1;2024;safety;sex=women;Ask;"Jag går hem, men tar gatan där det är ljust.";ja
A2;2023;health;disability=with;Björk;Badet fick en ramp.;
"""
YAML = """
- {year: 2024, theme: safety, group: sex=women, indicator: employment, quotation_sv: Det är bra här., consent: true}
- {year: 2024, theme: work, group: age_group=16-19, quotation_sv: Sommarjobbet gav mitt första intyg.}
"""


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_example_citys_own_file_is_read(tmp_path):
    path = tmp_path / "voices.toml"
    path.write_bytes(files("mrstats.example_city").joinpath("voices.toml").read_bytes())
    frame = read_interviews(path)
    assert len(frame) == len(written()["interviews"])
    assert frame.iloc[0][["id", "year", "theme", "group", "district"]].tolist() == [
        "I001", 2023, "safety", "sex=women", "Mittköping",
    ]  # fmt: skip
    assert not frame["consent"].any()  # nobody is asked in that file, so nothing of it may be quoted


def test_a_csv_and_a_yaml_file_say_the_same_things(file):
    frame = read_interviews(file("a.csv", CSV))
    assert frame["consent"].tolist() == [True, False]
    assert frame.iloc[0]["quotation_sv"].startswith("Jag går hem, men")
    frame = read_interviews(file("a.yaml", YAML))
    assert frame[["id", "indicator", "consent"]].values.tolist() == [["I001", "employment", True], ["I002", "", False]]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Jag heter 19850712-1234.", "an identity number"),
        ("850712-123X säger de, 8507121234 är mitt.", "an identity number"),
        ("Mitt samordningsnummer är 850772-1234.", "an identity number"),
        ("Ring mig på 070-123 45 67.", "a telephone number"),
        ("Skriv till eva.ask@example.se gärna.", "an e-mail address"),
        ("I registret är jag P00017.", "the code of a person"),
    ],
)
def test_a_text_that_says_who_somebody_is_is_refused_and_not_repeated(file, text, what):
    path = file("a.csv", CSV.replace("Badet fick en ramp.", text))
    with pytest.raises(DatasetError, match=rf"a\.csv, row 3: 'quotation_sv' holds {what}") as refused:
        read_interviews(path, persons=["P00016", "P00017"])
    assert not any(part in str(refused.value) for part in ("1985", "8507", "123 45", "eva", "P0001"))


@pytest.mark.parametrize("text", ["Vi är 12 000 i kön, och 2024 var värst.", "Buss 33 går 07.45.", "Jag är 85 år."])
def test_ordinary_numbers_are_nobodys(file, text):
    assert read_interviews(file("a.csv", CSV.replace("Badet fick en ramp.", text)))["quotation_sv"].iloc[1] == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sex=women", "women", "row 2: 'group' is not written factor=code"),
        ("A2;", "A1;", "row 3: 'id' is missing or stands twice"),
        ("2023;", "i fjol;", "row 3: 'year' is no year"),
        ("Badet fick en ramp.", "", "row 3: 'quotation_sv' is empty"),
        (";ja", ";kanske", "row 2: 'consent' is neither true nor false"),
        ("quotation_sv", "citat", "column 'quotation_sv' is missing"),
        ("district", "ort", "column 'ort' is unknown"),
    ],
)
def test_a_mistake_is_named_with_its_row(file, old, new, message):
    with pytest.raises(DatasetError, match=message):
        read_interviews(file("a.csv", CSV.replace(old, new)))


def test_files_that_cannot_be_read(file, tmp_path):
    for name, text, message in (
        ("a.toml", "interviews = [", "cannot be read"),
        ("a.yaml", "a: [1,", "cannot be read"),
        ("b.yaml", "themes: []", "no list `interviews`"),
        ("c.yaml", "[]", "holds no findings"),
    ):
        with pytest.raises(DatasetError, match=message):
            read_interviews(file(name, text))
    with pytest.raises(DatasetError, match="the file is missing"):
        read_interviews(tmp_path / "nowhere.toml")

"""Standard factors and levels, and mistakes in an indicator."""

import csv

import pytest

from mrstats.definitions import _standard, bilingual, nearest, read_indicator, standard_factor, standard_level
from mrstats.schema import MrstatsError

NAMES = list(_standard("factors.toml"))
SPEC = {
    "table": "people",
    "measure": "proportion",
    "numerator": "employed",
    "label": "Sysselsatta",
    "population": "alla",
    "unit": "procent",
    "source": "register",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_standard_factor_speaks_both_languages(name):
    factor = standard_factor(name)
    assert factor.codes
    assert len(factor.codes) == len(set(factor.codes))
    for text in [
        factor.label,
        *(group.label for group in factor.groups),
        *(group.among for group in factor.groups),
    ]:
        assert text["sv"].strip()
        assert text["en"].strip()
    assert factor.reference in ["", *factor.codes]
    assert [group.order for group in factor.groups] == sorted(group.order for group in factor.groups)
    assert not {"_T", "_U"} & set(factor.codes)


def test_a_selection_keeps_the_standard_order():
    assert standard_factor("education", codes=["post_long", "lower"]).codes == ["lower", "post_long"]


def test_a_group_is_found_by_code_and_a_missing_one_lists_them():
    assert standard_factor("sex").group("women").label["sv"] == "kvinnor"
    with pytest.raises(KeyError, match="women"):
        standard_factor("sex").group("woman")


def test_a_misspelt_factor_is_told_with_the_nearest():
    with pytest.raises(MrstatsError, match="education"):
        standard_factor("educaton")


def test_the_standard_factors_are_those_of_the_classifications(shared):
    with shared("design", "classifications.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    factor = next(column for column in rows[0] if column in ("factor", "background_factor", "classification"))
    listed = {row[factor] for row in rows}
    assert len(listed & set(NAMES)) >= len(NAMES) - 6


@pytest.mark.parametrize("name", ["district", "regso", "deso", "service_area"])
def test_a_standard_level_has_its_four_forms(name):
    level = standard_level(name, parent="city", vintage="2018")
    for text in (level.label, level.definite, level.plural, level.definite_plural):
        assert text["sv"]
        assert text["en"]


def test_a_level_of_ones_own_needs_words():
    with pytest.raises(MrstatsError, match="quarter"):
        standard_level("quarter", parent="city", vintage="")


def test_an_indicator_is_read_with_one_string_for_both_languages():
    indicator = read_indicator("employment", SPEC)
    assert indicator.label == {"sv": "Sysselsatta", "en": "Sysselsatta"}
    assert (indicator.measure, indicator.direction, indicator.sensitive) == ("proportion", "", False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"numeratr": "x"}, ["numeratr", "numerator"]),
        ({"measure": "procent"}, ["procent", "proportion"]),
        ({"direction": "good"}, ["good", "favourable"]),
        ({"label": None}, ["label"]),
        ({"unit": None}, ["unit"]),
        ({"label": {"sv": "bara"}}, ["label", "en"]),
    ],
)
def test_a_mistake_in_an_indicator_names_section_key_and_cure(change, words):
    spec = {key: value for key, value in {**SPEC, **change}.items() if value is not None}
    with pytest.raises(MrstatsError) as caught:
        read_indicator("employment", spec)
    for word in ["indicators.employment", *words]:
        assert word in str(caught.value)


def test_texts_are_bilingual():
    assert bilingual("samma", "x") == {"sv": "samma", "en": "samma"}
    assert bilingual({"sv": "kön", "en": "sex"}, "x") == {"sv": "kön", "en": "sex"}
    with pytest.raises(MrstatsError, match="where"):
        bilingual(3, "where")


def test_the_nearest_spelling_or_all_there_are():
    assert "employment" in nearest("emploiment", ["employment", "crime"])
    far = nearest("zzz", ["employment", "crime"])
    assert "employment" in far
    assert "crime" in far


def test_persons_are_counted_in_whole_numbers_unless_it_is_said_otherwise():
    spec = {**SPEC, "measure": "count"}
    spec.pop("decimals", None)
    assert read_indicator("population", spec).decimals == 0
    assert read_indicator("population", {**spec, "decimals": 1}).decimals == 1


def test_all_that_a_section_lacks_is_told_at_once():
    with pytest.raises(
        MrstatsError, match=r"\[indicators.cost\] lacks .*'population', .*'unit'.*\. Write it in the section\."
    ):
        read_indicator("cost", {key: value for key, value in SPEC.items() if key not in ("population", "unit")})

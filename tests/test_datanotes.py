"""What a chapter says of its data: sources, years, breaks, and what nobody collects."""

from dataclasses import replace

import mrstats as mr


def without(*missing):
    """The tiny city with these grounds as what it does not hold."""
    city = mr.tiny_city()
    city.description = replace(city.description, missing=missing)
    return city


def test_a_ground_is_called_what_the_file_calls_it_else_what_the_law_does():
    city = without(
        {"ground": "religion", "reason": "not_collected"},
        {"ground": "shoe_size", "reason": "not_collected"},
        {"ground": "ethnicity", "reason": "not_collected", "label": {"sv": "ursprung", "en": "origin"}},
        {"ground": "disability", "reason": "not_collectable"},
    )
    swedish, english = (mr.data_notes(city, language=language).paragraphs[-1] for language in ("sv", "en"))
    assert "Uppgifter om religion eller annan trosuppfattning, shoe size och ursprung finns inte" in swedish
    assert "religion or other belief" in english
    assert "origin" in english
    assert "disability" not in english  # it says what is not collected, not what cannot be


def test_a_city_that_lacks_nothing_says_nothing_of_it():
    assert not any("finns inte i de register" in text for text in mr.data_notes(without()).paragraphs)

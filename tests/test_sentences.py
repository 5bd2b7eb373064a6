"""Sentences: worked by hand from the patterns of the words page; never more than the table shows."""

import re

import numpy as np
import pandas as pd
import pytest

import mrstats as mr
from made_city import made_city, random_people, toml
from mrstats import schema
from mrstats.disclosure.small_cells import hide_small_cells

WORDS = """
share = { sv = "andelen sysselsatta", en = "the share in employment" }
verb = { sv = "är", en = "are" }
rest = { sv = "sysselsatta", en = "employed" }
inf = { sv = "vara sysselsatta", en = "be employed" }
to = { sv = "att vara sysselsatt", en = "to be employed" }
pred = "are employed"
unit = { sv = "procent", en = "per cent" }
"""


def workers(women, men, *, areas=("A1",)):
    """A city of adults: (employed, all) women and men in each area."""
    frames = []
    for area in areas:
        for code, (employed, size) in (("2", women), ("1", men)):
            part = random_people(1, size).assign(year=2024, age=30, sex=code, area=area, protected_identity=False)
            frames.append(part.assign(employed=np.arange(size) < employed))
    people = pd.concat(frames, ignore_index=True)
    return people.assign(person_id=range(len(people)))


def city_of(people, language="sv"):
    text = toml()
    for line in ('share = "andelen"', 'unit = "enhet"'):
        text = text.replace(line, "", 1)
    return made_city(
        people, text.replace('direction = "favourable"', 'direction = "favourable"' + WORDS, 1), language=language
    )


def said(display):
    return " ".join(display.paragraphs).replace("\N{NO-BREAK SPACE}", " ")


def gaps_of(city, **options):
    return mr.gaps(mr.break_down(city, "employment", by="sex"), factor="sex", city=city, **options)


def test_the_level_of_the_city_by_hand(tiny, tiny_en):
    # 48 of 80: 60 per cent; Wilson 49,0–70,0
    assert said(mr.sentence(mr.break_down(tiny, "employment"), city=tiny)) == (
        "I hela staden är andelen sysselsatta 60 procent. Osäkerhetsintervallet är 49–70 procent."
    )
    assert said(mr.sentence(mr.break_down(tiny_en, "employment"), city=tiny_en)) == (
        "In the city as a whole, the share in employment is 60 per cent. The uncertainty interval is 49–70 per cent."
    )


def test_a_sure_difference_is_told_with_its_group_and_interval():
    # 400 of 1 000 women, 800 of 1 000 men: −40 percentage points
    text = said(mr.sentence(gaps_of(city := city_of(workers((400, 1000), (800, 1000))), reference="men"), city=city))
    assert text.startswith("Bland kvinnor är andelen sysselsatta 40 procentenheter lägre än bland män.")
    assert "osäkerhetsintervall" in text
    assert "36–44 procentenheter" in text  # Newcombe for 40 % and 80 % of 1 000: 35,9–43,8


def test_the_same_in_english():
    city = city_of(workers((400, 1000), (800, 1000)), "en")
    text = said(mr.sentence(gaps_of(city, reference="men"), city=city))
    assert text.startswith("Among women, the share in employment is 40 percentage points lower than among men.")


def test_a_difference_from_the_total_names_the_whole_city():
    # total 60 per cent, women 40: 20 percentage points
    city = city_of(workers((400, 1000), (800, 1000)))
    text = said(mr.sentence(gaps_of(city), city=city))
    assert "Bland kvinnor är andelen sysselsatta 20 procentenheter lägre än i hela staden." in text


@pytest.mark.parametrize(
    ("language", "never"),
    [
        ("sv", r"procentenhet|ingen skillnad|lika|högre|lägre"),
        ("en", r"percentage point|no difference|same|higher|lower"),
    ],
)
def test_what_may_be_chance_is_never_called_a_difference(language, never):
    # 11 of 20 women and 13 of 20 men: the interval holds 0
    city = city_of(workers((22, 40), (26, 40)), language)
    text = said(mr.sentence(gaps_of(city, reference="men"), city=city))
    assert not re.search(never, text), text
    assert ("inte statistiskt säkerställd" if language == "sv" else "not statistically significant") in text


def test_a_hidden_group_is_never_named():
    # Women: 3 without work. Both cells are hidden, so neither group may be told anything about.
    city = city_of(workers((997, 1000), (600, 1000)))
    table = hide_small_cells(mr.break_down(city, "employment", by="sex"))
    assert schema.has_status(table["status"], "C").sum() == 2
    text = said(mr.sentence(mr.gaps(table, factor="sex", city=city), city=city))
    for word in ("kvinnor", "män", "99,7", "100 procent", "60 procent"):
        assert word not in text
    assert "för att skydda enskilda personer" in text


def test_a_hidden_area_is_never_named():
    people = pd.concat(
        [workers((n, 300), (n, 300), areas=[area]) for area, n in (("A1", 20), ("A2", 100), ("A3", 160), ("A4", 280))]
    )
    people["person_id"] = range(len(people))
    city = city_of(people)
    table = mr.break_down(city, "employment", geography="area")
    hide = table["geography"].isin(["A1", "A4"])
    table.loc[hide, schema.FIGURES] = np.nan
    table.loc[hide, "status"] = "C"
    text = said(mr.sentence(mr.gaps(table, factor="geography", city=city), city=city))
    assert "Ask" not in text
    assert "Druva" not in text
    assert "Två uppgifter visas inte" in text


def test_highest_and_lowest_area_where_both_are_sure():
    people = pd.concat(
        [workers((n, 300), (n, 300), areas=[area]) for area, n in (("A1", 20), ("A2", 150), ("A3", 150), ("A4", 280))]
    )
    people["person_id"] = range(len(people))
    city = city_of(people)
    text = said(
        mr.sentence(
            mr.gaps(mr.break_down(city, "employment", geography="area"), factor="geography", city=city), city=city
        )
    )
    # 560 of 600 in Druva, 40 of 600 in Ask
    assert "Högst är andelen sysselsatta i" in text
    assert re.search(r"Druva \(93 procent\) och lägst i .*Ask \(6,7 procent\)", text)


def test_a_small_number_of_areas_is_in_words_with_its_gender():
    people = pd.concat(
        [workers((n, 300), (n, 300), areas=[area]) for area, n in (("A1", 20), ("A2", 150), ("A3", 150), ("A4", 280))]
    )
    people["person_id"] = range(len(people))
    city = city_of(people)
    text = said(
        mr.sentence(
            mr.gaps(mr.break_down(city, "employment", geography="area"), factor="geography", city=city), city=city
        )
    )
    # 'område' is neuter: ett område under, ett över
    assert "Av fyra områden ligger ett säkert under hela stadens nivå och ett säkert över." in text


@pytest.mark.parametrize(
    ("employed", "expected"), [(7, "3,5 procent"), (19, "9,5 procent"), (21, "11 procent"), (20, "10 procent")]
)
def test_per_cent_is_whole_in_text_with_one_decimal_under_ten(employed, expected):
    city = city_of(workers((employed, 200), (0, 0)))
    first = said(mr.sentence(mr.break_down(city, "employment"), city=city)).split(". ")[0]
    assert first == f"I hela staden är andelen sysselsatta {expected}"


def test_asking_about_groups_that_are_not_there_says_so(tiny):
    text = said(mr.sentence(mr.break_down(tiny, "employment"), "groups", city=tiny))
    assert text.startswith("Underlaget visar inte andelen sysselsatta efter bakgrundsfaktorer.")


def test_a_wholly_hidden_table_says_only_that(tiny):
    table = mr.break_down(tiny, "employment")
    table[schema.FIGURES] = np.nan
    table["status"] = "C"
    text = said(mr.sentence(table, city=tiny))
    assert not re.search(r"\d", text)
    assert "skydda enskilda personer" in text


@pytest.mark.parametrize("language", ["sv", "en"])
def test_sentences_begin_with_a_capital_and_end_with_a_stop(language):
    city = city_of(workers((400, 1000), (800, 1000), areas=["A1", "A2"]), language)
    table = mr.break_down(city, "employment", by="sex", geography="area", crossed=False)
    for about in ("level", "groups", "areas"):
        for paragraph in mr.sentence(
            mr.gaps(table, city=city) if about != "level" else table, about, city=city
        ).paragraphs:
            assert paragraph[0].isupper()
            assert paragraph.endswith(".")
            assert not re.search(r"[.!?] [a-zåäö]", paragraph)
            assert not re.search(r"[{}]|nan|None|_T", paragraph)


def test_swedish_keeps_the_verb_second():
    city = city_of(workers((400, 1000), (800, 1000)))
    for table in (mr.break_down(city, "employment"), gaps_of(city), gaps_of(city, reference="men")):
        first = said(mr.sentence(table, city=city)).split(". ")[0]
        assert re.match(r"(I hela staden|Bland (kvinnor|män)) är ", first), first


def test_in_brief_takes_the_first_sentences_once_with_the_figure_in_bold():
    city = city_of(workers((400, 1000), (800, 1000)))
    level, gap = (
        mr.sentence(mr.break_down(city, "employment"), city=city),
        mr.sentence(gaps_of(city, reference="men"), city=city),
    )
    points = [point.replace("\N{NO-BREAK SPACE}", " ") for point in mr.in_brief(level, gap, level).points]
    assert points == [
        "I hela staden är andelen sysselsatta **60 procent**.",
        "Bland kvinnor är andelen sysselsatta **40 procentenheter** lägre än bland män.",
    ]


def test_in_brief_has_at_most_four_points():
    city = city_of(workers((400, 1000), (800, 1000)))
    texts = [
        mr.sentence(mr.break_down(city_of(workers((n, 1000), (800, 1000))), "employment"), city=city)
        for n in range(100, 700, 100)
    ]
    try:
        points = mr.in_brief(*texts).points
    except schema.MrstatsError:
        return
    assert 1 <= len(points) <= 4
    assert all(point.count("**") in (0, 2) for point in points)


def test_a_combination_is_not_compared_with_the_whole_city():
    table = mr.break_down(mr.tiny_city(), "employment", by=["sex", "country_of_birth_five"])
    gaps = mr.gaps(table, factor="country_of_birth_five")
    only_women = gaps[gaps["sex"] == "women"]
    with pytest.raises(schema.MrstatsError, match="combinations"):
        mr.sentence(only_women)
    whole = mr.gaps(mr.break_down(mr.tiny_city(), "employment", by="country_of_birth_five"))
    assert said(mr.sentence(gaps)) == said(mr.sentence(whole))

"""Sentences of change, ranking and search: worked by hand from the patterns of the words page."""

import re

import pytest

import mrstats as mr
from display_fixtures import NAN, frame, make_city
from finding_fixtures import change, changes_by_area, changes_by_birth, ranking, thirty_areas, tree_table
from mrstats.schema import MrstatsError


@pytest.fixture(scope="module")
def city():
    own = make_city(polygons=False)
    for factor in own.factors.values():
        groups = {group.code: group for group in factor.groups}
        factor.group = groups.__getitem__
    return own


def said(*args, **options) -> str:
    return " ".join(mr.sentence(*args, **options).paragraphs).replace("\N{NO-BREAK SPACE}", " ")


def city_change(since, value, *, sure, **options):
    return frame(change(since, value, -1.0, 1.0, sure=sure, since=2019, sex="_T", **options))


def test_a_sure_change_is_told_with_both_values(city):
    assert said(city_change(58.2, 61.4, sure=True), city=city) == (
        "Andelen sysselsatta har ökat från 58 till 61 procent mellan 2019 och 2024."
    )
    assert said(city_change(61.4, 58.2, sure=True), city=city, language="en") == (
        "The share in employment has fallen from 61 to 58 per cent between 2019 and 2024."
    )


def test_two_values_that_round_alike_get_a_decimal(city):
    assert "från 60,6 till 61,4 procent" in said(city_change(60.6, 61.4, sure=True), city=city)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_an_unsure_change_is_never_called_unchanged(city, language):
    text = said(city_change(58.2, 61.4, sure=False), city=city, language=language)
    assert not re.search(r"oförändrad|lika|ökat|minskat|unchanged|same|risen|fallen|\b61\b", text)
    assert ("inte statistiskt säkerställd" if language == "sv" else "not statistically significant") in text


def test_a_trend_is_told_only_where_it_is_sure_and_goes_the_same_way(city):
    def text(trend, low, high):
        data = city_change(58.2, 61.4, sure=True).assign(trend=trend, trend_lower=low, trend_upper=high)
        return said(data, city=city)

    assert text(0.64, 0.4, 0.9).endswith("Sedan 2019 har andelen ökat med i genomsnitt 0,6 procentenheter per år.")
    assert "per år" not in text(0.64, -0.1, 1.3)
    assert "per år" not in text(-0.64, -0.9, -0.4)
    assert "per år" not in text(NAN, NAN, NAN)


def test_target_and_pace(city):
    def text(progress, **options):
        return said(city_change(58.2, 61.4, sure=True, progress=progress), city=city, **options)

    assert "Målet för 2030 är 75 procent. År 2024 var nivån 61 procent." in text("too slow", target=(75.0, 2030))
    assert "i samma takt nås målet inte till 2030." in text("too slow", target=(75.0, 2030))
    assert "i samma takt nås målet till 2030." in text("on track", target=(75.0, 2030))
    assert "i samma takt nås målet inte i tid." in text("too slow")
    assert "Utvecklingen går inte mot målet." in text("away")
    assert "målet" not in text("").lower()
    assert "will not be reached by 2030." in text("too slow", target=(75.0, 2030), language="en")


def gap_change(before, after, *, sure, reference="men", group="women"):
    return change(before, after, -1.0, 1.0, sure=sure, since=2019, kind="gap", reference=reference, sex=group)


def test_a_difference_has_grown_or_shrunk_in_size_whatever_its_sign(city):
    for before, after, expected in (
        (-6.0, -3.9, "minskat med 2 procentenheter"),
        (-3.9, -6.0, "ökat med 2 procentenheter"),
        (6.0, 3.9, "minskat med 2 procentenheter"),
    ):
        text = said(frame(gap_change(before, after, sure=True)), city=city)
        assert text == f"Skillnaden mellan kvinnor och män har {expected} sedan 2019."
    assert said(frame(gap_change(-2.0, 3.0, sure=True)), city=city) == (
        "Skillnaden mellan kvinnor och män har bytt håll sedan 2019."
    )
    assert "mellan kvinnor och hela staden" in said(
        frame(gap_change(-6.0, -3.9, sure=True, reference="total")), city=city
    )


def test_unsure_changes_of_differences_are_said_to_be_unsure(city):
    one = said(frame(gap_change(-6.0, -3.9, sure=False)), city=city)
    assert one == "Förändringen av skillnaden mellan kvinnor och män sedan 2019 är inte statistiskt säkerställd."
    two = frame(gap_change(-6.0, -3.9, sure=False, reference="total"),
                gap_change(6.0, 3.9, sure=False, reference="total", group="men"))  # fmt: skip
    assert said(two, city=city) == "Inga förändringar av skillnaderna sedan 2019 är statistiskt säkerställda."


def test_level_groups_and_areas_can_be_asked_for(city):
    data = frame(
        *city_change(58.2, 61.4, sure=True).to_dict("records"),
        gap_change(-6.0, -3.9, sure=True),
        *(
            change(60.0, 60.0 + moved, 0, 0, sure=sure, since=2019, sex="_T", area=("district", f"S{place}"))
            for place, (moved, sure) in enumerate([(2, True), (3, True), (-1, True), (0.5, False)], 1)
        ),
    )
    level, groups, areas = (said(data, about, city=city) for about in ("level", "groups", "areas"))
    assert level.startswith("Andelen sysselsatta har ökat")
    assert "Skillnaden" not in level
    assert groups.startswith("Skillnaden mellan kvinnor och män")
    assert areas == "Andelen sysselsatta har sedan 2019 säkert ökat i två stadsområden och minskat i ett stadsområde."
    everything = said(data, city=city)
    assert everything.startswith(f"{level} {groups} Andelen har sedan 2019")
    with pytest.raises(MrstatsError, match="'money' is nothing a sentence can say"):
        said(data, "money", city=city)


def test_groups_without_differences_are_counted(city):
    text = said(changes_by_birth(), "groups", city=city)
    assert text == "Andelen sysselsatta har sedan 2022 säkert ökat i en grupp."


def test_no_sure_change_of_areas_names_none(city):
    text = said(changes_by_area({99: 1.0}), "areas", city=city)
    assert text == "Sedan 2020 är inga förändringar i delområdena statistiskt säkerställda."


def test_a_hidden_change_is_never_told(city):
    data = city_change(58.2, 61.4, sure=True, status="C")
    text = said(data, city=city)
    assert not re.search(r"\d", text.replace("2019", ""))
    assert text == "Uppgifterna visas inte, för att skydda enskilda personer."
    gaps = frame(gap_change(-6.0, -3.9, sure=True) | {"status": "C"}, gap_change(6.0, 3.0, sure=False, group="men"))
    assert "kvinnor" not in said(gaps, city=city).replace("mellan män", "")


def test_several_questions_are_counted_better_worse_and_unsure(city):
    def answer(name, moved, sure, favourable):
        return change(
            60.0, 60.0 + moved, 0, 0, sure=sure, since=2023, indicator=name, favourable=favourable, sex="_T"
        ) | {"method": "survey independent"}

    rows = [answer("employment", 3, True, True), answer("low_income", 3, True, False), answer("income", 3, False, True)]
    text = said(frame(*rows), city=city)
    assert text == "Jämfört med 2023 har en fråga fått bättre resultat och en sämre. I en fråga är förändringen osäker."
    sure = said(frame(*rows[:2]).assign(method="register independent"), city=city)
    assert sure == "Jämfört med 2023 har en indikator fått bättre resultat och en sämre."
    neither = said(frame(*rows, answer("residents", 3, True, True)), city=city)
    assert neither == text, "an indicator without a better way is neither"


def ranked(rows, *, q_p=0.001, ranks=None, hide=()):
    data = ranking(rows, hide=hide).assign(q_p=q_p)
    if ranks:
        data[["rank", "rank_lower", "rank_upper"]] = ranks
    return data


FIVE = [("R01", 40.0, 900), ("R02", 25.0, 900), ("R03", 20.0, 900), ("R04", 15.0, 900), ("R05", 5.0, 900)]


def test_ends_of_a_ranking_where_no_other_may_have_their_place(city):
    apart = [(1, 1, 1), (2, 2, 3), (3, 2, 4), (4, 3, 4), (5, 5, 5)]
    text = said(ranked(FIVE, ranks=apart), city=city)
    # sd 1.33: 40, 25 and 15, 5 lie beyond 3.09 sd (4.1) of 19.7
    assert text == (
        "Skillnaderna mellan delområdena är större än slumpen kan förklara. Högst är andelen med låg ekonomisk standard i "
        "delområdet Sandnäs (40 procent) och lägst i delområdet Udden (5,0 procent). "
        "Av fem delområden ligger två under och två över det som slumpen kan ge i 998 fall av 1 000."
    )
    turned = [(5, 5, 5), (4, 3, 4), (3, 2, 4), (2, 2, 3), (1, 1, 1)]
    assert said(ranked(FIVE, ranks=turned), city=city) == text, "rank 1 may be the highest or the lowest"


def test_a_ranking_whose_lowest_may_be_another_says_how_many(city):
    overlapping = [(1, 1, 1), (2, 2, 3), (3, 2, 5), (4, 3, 5), (5, 3, 5)]
    text = said(ranked(FIVE, ranks=overlapping), city=city)
    assert "Rangordningen är osäker. Tre delområden kan ha den lägsta nivån." in text
    assert "Udden" not in text


@pytest.mark.parametrize("p", [0.05, 0.4])
def test_a_spread_that_chance_may_explain_names_no_area(city, p):
    text = said(ranked(FIVE, q_p=p), city=city)
    assert text == "Skillnaderna mellan delområdena kan bero på slumpen."


def test_a_hidden_area_may_be_the_first_so_no_end_is_named(city):
    apart = [(1, 1, 1), (2, 2, 3), (3, 2, 4), (4, 3, 4), (5, 5, 5)]
    text = said(ranked(FIVE, ranks=apart, hide=("R03",)), city=city)
    assert "Sandnäs" not in text
    assert "Udden" not in text
    assert "En uppgift visas inte" in text


def test_more_than_twelve_areas_are_counted_in_figures(city):
    assert "Av 30 delområden ligger 4 under och 5 över det som slumpen kan ge i 998 fall av 1 000." in said(
        ranking(thirty_areas()), city=city
    )


def test_the_group_furthest_behind_is_named_only_when_confirmed(city):
    assert said(tree_table(), city=city) == (
        "Lägst är andelen sysselsatta bland kvinnor födda i Afrika och födda i Asien, 20–39-åringar: 41 procent, mot 71 procent "
        "i hela staden. Vi sökte bland 240 grupper. Resultatet är bekräftat i en del av materialet som inte användes i sökningen."
    )
    text = said(tree_table(confirmed=False), city=city)
    assert text == "Vi sökte bland 240 grupper. Vilken grupp som ligger längst efter gick inte att bekräfta."
    assert "kvinnor" not in said(tree_table(hide=("aw2",)), city=city)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_sentences_have_capitals_stops_and_no_holes(city, language):
    tables = (city_change(58.2, 61.4, sure=True), frame(gap_change(-6.0, -3.9, sure=True)), changes_by_area(),
              ranked(FIVE, ranks=[(1, 1, 1), (2, 2, 3), (3, 2, 4), (4, 3, 4), (5, 5, 5)]), tree_table())  # fmt: skip
    for data in tables:
        text = said(data, city=city, language=language)
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"[.!?] [a-zåäö]|[{}]|nan|None|_T|  ", text)
        assert not re.search(r"beror på|leder till|påverkar|effekt|tack vare|because|caused|leads to", text)


def test_all_the_sentences_together_are_plain(city):
    # LIX: words a sentence and per cent of words over six letters; the words page asks for at most 45
    data = frame(*city_change(58.2, 61.4, sure=True, progress="too slow").to_dict("records"),
                 gap_change(-6.0, -3.9, sure=True)).assign(trend=0.6, trend_lower=0.4, trend_upper=0.8)  # fmt: skip
    apart = [(1, 1, 1), (2, 2, 3), (3, 2, 4), (4, 3, 4), (5, 5, 5)]
    text = " ".join([said(data, city=city, target=(75.0, 2030)), said(ranked(FIVE, ranks=apart), city=city),
                     said(ranked(FIVE, q_p=0.5), city=city), said(tree_table(), city=city)])  # fmt: skip
    words = re.findall(r"[\wåäö]+(?:[-–:.,][\wåäö]+)*", text)
    long = [word for word in words if sum(letter.isalpha() for letter in word) > 6]
    sentences = len(re.findall(r"[.!?:](?= |$)", text))
    assert len(words) >= 100
    assert len(words) / sentences + 100 * len(long) / len(words) <= 45


def test_nothing_to_say_is_nothing_said_and_no_point_in_brief(city):
    data = frame(change(NAN, NAN, NAN, NAN, sure=False, since=2019, sex="_T"))
    nothing = mr.sentence(data, city=city)
    assert nothing.paragraphs == [""]
    told = mr.sentence(city_change(58.2, 61.4, sure=True), city=city)
    assert mr.in_brief(nothing, told).points == [
        "Andelen sysselsatta har ökat från 58 till **61 procent** mellan 2019 och 2024."
    ]

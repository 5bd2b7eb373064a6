"""Trees: what is confirmed is coloured and named, what does not fit is folded, and a cut table is refused."""

import itertools
import re

import pytest

from display_fixtures import frame, make_city
from finding_fixtures import node, tree_table
from mrstats import look
from mrstats.captions import Captions
from mrstats.charts import chart
from mrstats.schema import MrstatsError
from mrstats.treedrawing import TreeDrawing


@pytest.fixture(scope="module")
def city():
    return make_city(polygons=False)


def texts(display) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", display.svg)


def drawing(data, city):
    return TreeDrawing(data, city.indicators["employment"], Captions(city, "sv"))


def test_boxes_hold_group_value_and_persons(city):
    written = texts(chart(tree_table(), city=city))
    for text in ("Hela staden", "71,4\xa0%", "n = 7\xa0900", "Afrika och Asien", "Kvinnor", "20–39 år", "41,2\xa0%", "Födelseland",
                 "Kön", "Ålder"):  # fmt: skip
        assert text in written, text
    # 71.4 − 41.2 and 86.1 − 71.4
    assert "30,2\xa0p.e. under staden" in written
    assert "14,7\xa0p.e. över staden" in written


def test_only_what_is_confirmed_is_coloured_and_called_furthest(city):
    sure, unsure = chart(tree_table(), city=city), chart(tree_table(confirmed=False), city=city)
    assert look.WORSE.lower() in sure.svg
    assert {"Längst efter", "Längst fram"} <= set(texts(sure))
    assert look.WORSE.lower() not in unsure.svg
    assert "Längst efter" not in " ".join(texts(unsure))
    assert "Kan vara längst efter" in " ".join(texts(unsure))
    assert unsure.title == "Andel sysselsatta efter födelseland, kön och ålder"
    assert "Längst efter" not in unsure.alt
    assert any("inte bekräftad" in note for note in unsure.notes)


def test_title_names_the_confirmed_group_unless_another_is_hidden(city):
    assert chart(tree_table(), city=city).title == "Längst efter: Afrika och Asien, kvinnor, 20–39 år"
    narrow = tree_table()
    narrow.loc[narrow["node"] == "a", "group"] = "africa"
    assert chart(narrow, city=city).title == (
        "Andelen sysselsatta är lägst bland kvinnor födda i Afrika, 20–39-åringar"
    )
    assert chart(tree_table(hide=("aw2",)), city=city).title == "Andel sysselsatta efter födelseland, kön och ålder"


def test_worst_stands_first_among_siblings_whichever_way_is_better(city):
    first = [child.record["node"] for child in drawing(tree_table(), city).root.children]
    assert first == ["a", "b"]
    adverse = tree_table().assign(indicator="low_income")
    found = TreeDrawing(adverse, city.indicators["low_income"], Captions(city, "sv"))
    assert [child.record["node"] for child in found.root.children] == ["b", "a"]


def test_boxes_of_a_step_do_not_overlap(city):
    root = drawing(tree_table(), city).root
    steps: dict = {}

    def collect(branch, depth):
        steps.setdefault(depth, []).append((branch.middle - branch.height / 2, branch.middle + branch.height / 2))
        for child in branch.children:
            collect(child, depth + 1)

    collect(root, 0)
    assert [len(boxes) for boxes in steps.values()] == [1, 2, 4, 4]
    for boxes in steps.values():
        boxes.sort()
        assert all(above[1] < below[0] for above, below in itertools.pairwise(boxes))


def test_more_groups_than_a_page_are_folded_beside_the_path(city):
    extra = [node(f"x{place}", "0", 1, "country_of_birth", "SE", 70.0, 900) for place in range(14)]
    extra += [node("xx", "x0", 2, "sex", "women", 70.0, 900)]
    display = chart(frame(*tree_table().to_dict("records"), *extra), city=city)
    assert "14 grupper till" in texts(display)
    assert display.height_mm <= 205
    assert "41,2\xa0%" in texts(display)


def test_steps_of_several_factors_say_which(city):
    data = tree_table()
    data.loc[data["node"].isin(["bw", "bm"]), ["factor", "group"]] = ["education", "high"]
    written = texts(chart(data, city=city))
    assert "Steg 2" in written
    assert "Kön: kvinnor" in written


def test_the_root_alone_is_a_figure(city):
    display = chart(tree_table().iloc[:1], city=city)
    assert display.title == "Andel sysselsatta"
    assert 200 <= len(display.alt) <= 400


def test_a_diamond_stands_for_what_the_factors_add_up_to(city):
    note = "Romb = vad faktorerna var för sig skulle ge tillsammans"
    assert note in chart(tree_table(), city=city).notes
    assert note not in chart(tree_table().assign(expected=float("nan")), city=city).notes


def test_what_is_no_tree_is_refused(city):
    with pytest.raises(MrstatsError, match=r"no tree: 1 roots, 2 rows without their parent"):
        chart(tree_table()[lambda data: data["node"] != "aw"], city=city)
    with pytest.raises(MrstatsError, match=r"no tree: 0 roots"):
        chart(tree_table().iloc[1:], city=city)
    with pytest.raises(MrstatsError, match=r"12 rows"):
        chart(frame(*tree_table().to_dict("records"), tree_table().iloc[1].to_dict()), city=city)

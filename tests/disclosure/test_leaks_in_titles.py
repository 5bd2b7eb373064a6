"""Which year a cell is about, ticks of an axis, differences and numbers in words."""

import pandas as pd
import pytest

from care_fixtures import care_city, care_people
from mrstats.appendix.names import ordinary_codes
from mrstats.disclosure.leaks import CELL, ROW, TEXT, Block, Outlet, find_leaks

HIDDEN = pd.DataFrame(
    {
        "indicator": ["employment"],
        "year": [2021],
        "geography": ["9980"],
        "value": [60.04],
        "labels": [("Andel sysselsatta",)],
    }
)


def found(*blocks):
    return len(find_leaks(HIDDEN, [Outlet("a.pdf", "pdf", blocks)]))


def test_a_cell_without_a_year_is_about_the_year_of_its_title():
    def cell(labels, title):
        return Block(CELL, "page 1", "60,0", labels, f"Andel sysselsatta {title}")

    assert found(cell("Andel sysselsatta", "2021")) == 1
    assert found(cell("Andel sysselsatta", "2024")) == 0
    assert found(cell("Andel sysselsatta · 2021", "2024")) == 1
    assert found(cell("Andel sysselsatta", "2021–2024")) == 1
    assert found(cell("Andel sysselsatta", "")) == 1


def test_a_line_without_a_year_tells_the_open_figure_of_the_year_around_it():
    """59,96 in 2024 is open and 60,04 in 2021 is hidden: '60,0' in a drawing of 2024 is the former, and only that one."""

    def line(text, around, shown=(("2024", "value", 59.96),), kind=ROW):
        block = Block(kind, "page 1", f"Andel sysselsatta  {text}", context=f"Andel sysselsatta {around}")
        return len(find_leaks(HIDDEN.assign(open=[shown]), [Outlet("a.pdf", "pdf", (block,))]))

    assert line("60,0", "2019 och 2024") == 0
    assert line("60,0", "2024", shown=()) == 1  # nothing open is written so
    assert line("60,0", "2024", shown=(("2022", "value", 59.96),)) == 1
    assert line("60,0", "2024", shown=(("2024", "upper", 59.96),)) == 1
    assert line("60,04", "2024") == 1
    assert line("60,0", "2021 och 2024") == 1
    assert line("2021  60,0", "2024") == 1
    assert line("60,0", "") == 1
    assert line("60,0.", "2024", kind=TEXT) == 1


def test_a_cell_that_counts_figures_tells_of_nobody():
    def cell(head):
        block = Block(CELL, "page 1", "540", f"Utsatta för brott · {head}", "Utsatta för brott 2020")
        hidden = HIDDEN.assign(
            year=2020, value=None, count=538, labels=[("Utsatta för brott",)], tallies=[("Antal tal",)]
        )
        return len(find_leaks(hidden, [Outlet("a.pdf", "pdf", (block,))]))

    assert cell("Antal tal") == 0
    assert cell("Antal") == 1


def test_an_open_figure_of_a_margin_is_no_leak_of_a_cell_that_the_page_names_elsewhere():
    """Women in Ask are hidden, 61,24; women in the city are open, 61,2; the page also speaks of Ask."""
    labels = ("Ask", "Kvinnor", "Andel sysselsatta")

    def leaks(block, figure=61.2, column="value"):
        hidden = HIDDEN.assign(year=2024, value=61.24, labels=[labels], margins=[(((0,), column, figure),)])
        return len(find_leaks(hidden, [Outlet("a.pdf", "pdf", (block,))]))

    page = "Andel sysselsatta 2024. I Ask är den lägre."
    assert leaks(Block(CELL, "page 1", "61,2", "Kvinnor", page)) == 0
    assert leaks(Block(CELL, "page 1", "61,2", "Kvinnor", page), figure=58.0) == 1
    assert leaks(Block(CELL, "page 1", "61,24", "Kvinnor", page)) == 1  # written as the margin is not
    assert leaks(Block(CELL, "page 1", "61,2", "Kvinnor · Ask", page)) == 1
    assert leaks(Block(CELL, "page 1", "61,2", "Kvinnor", page, caption="Andel sysselsatta i Ask")) == 1
    assert leaks(Block(TEXT, "page 1", "Bland kvinnor i Ask är andelen 61,2.", context=page)) == 1
    assert leaks(Block(TEXT, "page 1", "Bland kvinnor är andelen 61,2.", context=page)) == 0


def test_a_tick_beside_the_name_of_an_axis_is_no_figure():
    assert found(Block(ROW, "page 1", "60  Andel sysselsatta, procent")) == 0
    assert found(Block(ROW, "page 1", "60,0  Andel sysselsatta, procent")) == 1


def in_text(text, *, count, differences=()):
    hidden = pd.DataFrame(
        {
            "indicator": ["employment"],
            "year": [2024],
            "geography": ["A1"],
            "count": [count],
            "labels": [("Ask", ("Andel sysselsatta", "sysselsatta", "employed"))],
            "differences": [differences],
        }
    )
    return len(find_leaks(hidden, [Outlet("a.pdf", "pdf", (Block(TEXT, "page 1", text),))]))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("I Ask är tre personer sysselsatta.", 3),
        ("Tolv sysselsatta i Ask.", 12),
        ("I Ask är bara en person sysselsatt eller sysselsatta.", 1),
        ("In Ask twelve people are employed.", 12),
        ("Sju av dem i Ask är sysselsatta.", 7),
    ],
)
def test_a_count_in_words_is_a_figure(text, count):
    assert in_text(text, count=count) == 1
    assert in_text(text, count=count + 1) == 0


def test_an_article_and_a_number_of_areas_are_no_count():
    assert in_text("I Ask är en stor del sysselsatta.", count=1) == 0
    assert in_text("I två områden, Ask och Ek, är fler sysselsatta.", count=2) == 0


def test_a_signed_number_is_a_difference_of_the_cell_it_is_said_of():
    gap = (("count", -3.0),)
    assert in_text("Antalet sysselsatta i Ask ändrades med −3.", count=40, differences=gap) == 1
    assert in_text("Antalet sysselsatta i Ask ändrades med -3.", count=40, differences=gap) == 1
    assert in_text("Antalet sysselsatta i Ask ändrades med +3.", count=40, differences=gap) == 0
    assert in_text("Antalet sysselsatta i Ask ändrades med −40.", count=40, differences=gap) == 0
    assert in_text("Antalet sysselsatta ändrades med −3.", count=40, differences=gap) == 0


@pytest.mark.parametrize("count", [20, 80])
def test_a_figure_of_the_note_before_is_not_of_the_area_that_the_next_note_names(count):
    notes = "Sysselsatta: 80 år och äldre är fördelade på 20 åldersår{}Ask ingår i hela staden"
    assert in_text(notes.format(" · "), count=count) == 0
    assert in_text("Sysselsatta: " + f"{count} åldersår, Ask ingår i hela staden", count=count) == 1


def of_groups(text, labels, *, apart=()):
    """A hidden share of 7,4 in Ask, of everybody or of women; men and women are named elsewhere."""
    hidden = pd.DataFrame(
        {"indicator": ["low"], "year": [2024], "geography": ["A1"], "value": [7.4], "labels": [labels],
         "others": [("män", "kvinnor", "Björk")], "apart": [apart]}
    )  # fmt: skip
    return len(find_leaks(hidden, [Outlet("a.pdf", "pdf", (Block(TEXT, "page 1", text),))]))


def test_a_figure_of_a_text_is_of_those_named_since_the_figure_before():
    """'Highest among women in Björk, 54,1, and lowest among men in Ask, 7,4' tells of men, not of everybody in Ask."""
    told = "Andel låg är högst bland kvinnor i Björk, 54,1, och lägst bland män i Ask, 7,4."
    everybody, women = ("Ask", "Andel låg"), ("Ask", "kvinnor", "Andel låg")
    sexes = ("män", "kvinnor")
    assert of_groups(told, everybody, apart=sexes) == 0
    assert of_groups(told, women) == 0
    assert of_groups("Andel låg i Ask är 7,4.", everybody, apart=sexes) == 1
    assert of_groups("Andel låg bland män och kvinnor i Ask är 7,4.", everybody, apart=sexes) == 1
    assert of_groups("Andel låg bland kvinnor i Ask är 7,4.", women) == 1
    assert of_groups("Andel låg är 54,1 i Björk. Bland kvinnor i Ask är den 7,4.", women) == 1


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (TEXT, "Share who agree with 4 statements, employed", 0),
        (TEXT, "Employed people with disability: 4 per cent.", 1),
        (TEXT, 'employed[employed["disability"] == "with"]  # 4', 1),
        (TEXT, "employed, disability=with, 4", 1),
        (TEXT, "| employed | with | 4 |", 1),
        (ROW, "employed with 4", 1),
    ],
)
def test_a_code_that_is_an_ordinary_word_names_nobody_in_running_text_unless_written_as_a_code(kind, text, told):
    hidden = pd.DataFrame(
        {"indicator": ["employment"], "year": [2024], "geography": ["9980"], "disability": ["with"], "lower": [4.0],
         "labels": [(("with", "with disability", "people with disability"), "employed")], "ordinary": [("with",)]}
    )  # fmt: skip
    assert len(find_leaks(hidden, [Outlet("a.pdf", "pdf", (Block(kind, "page 1", text),))])) == told


def test_codes_that_are_ordinary_words_are_found_in_what_groups_are_called():
    city = care_city(care_people())
    assert ordinary_codes(city, "disability") == ("with", "without")
    assert ordinary_codes(city, "sex") == ()  # women are called women


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Lägst är andelen sysselsatta i Ask, 6,8. 23 av 72 värden visas inte.", 0),
        ("Flest är sysselsatta i stadsdelen Ask i Österhed. 23 värden visas inte.", 0),
        ("Sysselsatta i Ask: ca. 23 personer.", 1),
        ("Sysselsatta i Ask, t.ex. 23 personer.", 1),
        ("Sysselsatta i Ask: 23 personer.", 1),
    ],
)
def test_a_sentence_that_begins_with_a_number_is_another(text, leaks):
    assert in_text(text, count=23) == leaks

"""Which year a cell is about, and ticks beside the name of what an axis measures."""

import pandas as pd

from mrstats.disclosure.leaks import CELL, ROW, Block, Outlet, find_leaks

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


def test_a_tick_beside_the_name_of_an_axis_is_no_figure():
    assert found(Block(ROW, "page 1", "60  Andel sysselsatta, procent")) == 0
    assert found(Block(ROW, "page 1", "60,0  Andel sysselsatta, procent")) == 1

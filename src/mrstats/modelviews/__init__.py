"""How results of models and of what is known are shown: each as a table, a picture where one helps, and sentences.

Every module shows what one verb returns; `view_of` finds it by its columns. It computes no figure.
"""

from __future__ import annotations

from types import ModuleType

from .. import placeviews
from . import followup, intersections, knowledge, parts, smallareas, voices

_VIEWS: dict[tuple[str, ...], ModuleType] = {
    ("vpc", "expected"): intersections,
    ("part", "by"): parts,
    ("modelled_value", "reliability"): smallareas,
    ("ground", "knowledge"): knowledge,
    ("theme", "quotation"): voices,
    ("board", "principle"): followup,
}
"""The columns that tell a result, and the module that shows it."""


def view_of(table) -> ModuleType | None:
    """The module that shows a table, with `picture`, `table` and `said`; None where it is no result of its own kind."""
    own = next((view for columns, view in _VIEWS.items() if set(columns) <= set(table.columns)), None)
    return own or placeviews.view_of(table)

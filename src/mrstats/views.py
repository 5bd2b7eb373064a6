"""Which module shows a result that is no table of levels. It draws nothing."""

from __future__ import annotations

from types import ModuleType

from . import placeviews, surveyviews


def view_of(table) -> ModuleType | None:
    """The module that shows a table by its columns, with `picture`, `table` and `said`; None where levels are shown."""
    return placeviews.view_of(table) or surveyviews.view_of(table)

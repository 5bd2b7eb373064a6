"""Which module shows a result that is no table of levels. It draws nothing."""

from __future__ import annotations

from types import ModuleType

from . import modelviews, placeviews, surveyviews

VIEWS = {**modelviews.VIEWS, **surveyviews.VIEWS, **placeviews.VIEWS}
"""The columns that tell a result, and the module that shows it; the first that fits."""


def view_of(table) -> ModuleType | None:
    """The module that shows a table by its columns, with `picture`, `table` and `said`; None where levels are shown."""
    return next((view for columns, view in VIEWS.items() if set(columns) <= set(table.columns)), None)

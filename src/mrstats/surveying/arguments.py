"""Arguments of the verbs about surveys as a plan writes them, with what they default to. No data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mrstats.dataset import City
from mrstats.models.asked import names, whole
from mrstats.schema import UnknownNameError


def year_of(city: City, table: str, year: int | None) -> int:
    """The year itself, or the last that a table has."""
    years = city.description.tables[table].years or city.description.years or (0,)
    return whole("year", years[-1] if year is None else year)


def raking(margins: str | Sequence[str], population: str, trim: float | None) -> dict[str, Any]:
    """How weights are raked, as a plan writes it."""
    chosen = names(margins)
    given = {"population": population, "trim": trim}
    if not chosen and (lone := [name for name, value in given.items() if value]):
        raise UnknownNameError(
            f"{lone[0]}={given[lone[0]]!r} is for raked weights; name margins=[…] too, such as ['sex']."
        )
    return {"margins": chosen, "population": population, "trim": 0.0 if trim is None else float(trim)}


def level(confidence: float) -> float:
    """A level of confidence, as a plan writes it."""
    if not 0 < confidence < 1:
        raise UnknownNameError(f"confidence={confidence!r} must be a fraction between 0 and 1, such as 0.95.")
    return float(confidence)

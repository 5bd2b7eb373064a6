"""A statistical table with everything its publisher says about it: what JSON-stat and PX files hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Note:
    """A publisher's note on a whole table, on a dimension, on one of its categories, or on one cell."""

    text: str
    mandatory: bool = False
    """It must be shown wherever the figures are shown."""
    at: dict[str, str] = field(default_factory=dict)
    """Dimension to category that the note is about; an empty category is the whole dimension, no entry the whole table."""


@dataclass(frozen=True)
class Dimension:
    """One dimension of a cube and its categories, in the publisher's order."""

    code: str
    label: str
    categories: dict[str, str]
    """Code to label."""
    role: str = ""
    """``time``, ``metric``, ``geo`` or nothing."""
    total: str | None = None
    """The category that is the sum over the others, where the publisher names one."""
    can_be_left_out: bool = False
    """A selection may leave the dimension out (PxWeb's *elimination*)."""
    details: dict[str, Any] = field(default_factory=dict)
    """What the publisher says beyond this, under the publisher's own keys."""


@dataclass(frozen=True)
class Unit:
    """What a metric is measured in, and with how many decimals it is published."""

    name: str
    decimals: int | None = None


@dataclass(frozen=True)
class Cube:
    """A published table: cells, dimensions, notes.

    Attributes
    ----------
    frame : DataFrame
        One row a cell in the order of the dimensions (the last varies fastest): a text column of category codes for each
        dimension, under its code, then ``value`` (float, NaN where nothing is printed) and ``status`` (the publisher's
        symbol such as ``".."``, ``""`` if none; a cell may have both value and symbol). No rows: a description without cells.
    units : dict of str to Unit
        By category of the metric dimension; under ``""`` where the table has one metric and no dimension for it.
    updated : str
        As the publisher writes it.
    aggregation_allowed : bool
        False where the publisher says that sums of cells are not to be trusted.
    """

    frame: pd.DataFrame
    dimensions: tuple[Dimension, ...]
    label: str
    source: str = ""
    updated: str = ""
    notes: tuple[Note, ...] = ()
    units: dict[str, Unit] = field(default_factory=dict)
    contacts: tuple[str, ...] = ()
    aggregation_allowed: bool = True
    language: str = "sv"
    code: str = ""
    """The publisher's name for the table, such as ``TAB6471``."""
    details: dict[str, Any] = field(default_factory=dict)
    """What the publisher says beyond this, under the publisher's own keys."""

    def dimension(self, code: str) -> Dimension:
        """The dimension of that code; a KeyError names those there are."""
        for dimension in self.dimensions:
            if dimension.code == code:
                return dimension
        raise KeyError(f"no dimension {code!r}; there are {', '.join(d.code for d in self.dimensions)}")

    @property
    def mandatory_notes(self) -> tuple[str, ...]:
        """What must stand under every table made of these figures."""
        return tuple(note.text for note in self.notes if note.mandatory)

"""Areas, levels and vintages: which area lies in which. Frames in, frames out; it opens no file."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from mrstats.definitions import Level
from mrstats.schema import CITY, DatasetError, UnknownNameError


@dataclass(frozen=True)
class Division:
    """The areas of one level: codes, names, and the area each lies in at other levels.

    `areas` has the columns ``code`` and ``name``; `parents` maps a coarser level to ``{code: its area}``.
    """

    level: Level
    areas: pd.DataFrame
    parents: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def codes(self) -> set[str]:
        return set(self.areas["code"])


@dataclass(frozen=True)
class Geography:
    """All divisions of a city in one vintage each, from the city down.

    Examples
    --------
    >>> from mrstats import tiny_city
    >>> geography = tiny_city().geography
    >>> geography.between("area", "district")["A1"]
    'D1'
    """

    municipality: str
    divisions: dict[str, Division]

    def division(self, level: str) -> Division:
        """The division of a level; an UnknownNameError lists the levels there are."""
        try:
            return self.divisions[level]
        except KeyError:
            raise UnknownNameError(
                f"geography={level!r} is not a level of this city. Levels: {', '.join([CITY, *self.divisions])}."
            ) from None

    def between(self, fine: str, coarse: str) -> dict[str, str]:
        """Which area of level `coarse` each area of level `fine` lies in, exactly, by keys.

        Raises
        ------
        UnknownNameError
            The levels do not nest (two divisions of their own), or one is unknown.
        """
        if coarse == CITY:
            return dict.fromkeys(self.division(fine).codes, self.municipality)
        if fine == coarse:
            return {code: code for code in self.division(fine).codes}
        for parent, mapping in self.division(fine).parents.items():
            if parent != CITY and self.nests(parent, coarse):
                upward = self.between(parent, coarse)
                return {code: upward[area] for code, area in mapping.items()}
        raise UnknownNameError(f"{fine!r} does not nest in {coarse!r}: they are two divisions of the city.")

    def nests(self, fine: str, coarse: str) -> bool:
        """Whether every area of `fine` lies in one area of `coarse`."""
        if fine == coarse or coarse == CITY:
            return True
        return any(parent != CITY and self.nests(parent, coarse) for parent in self.division(fine).parents)


def division_from_frame(
    level: Level, frame: pd.DataFrame, *, code: str, name: str | None, parent: str | None, where: str
) -> Division:
    """A division from a key file or an attribute table.

    Parameters
    ----------
    frame : DataFrame
        One row per area, or per area of a finer level (then rows repeat and are folded).
    code, name, parent : str
        Its columns; `parent` holds the code of the area of ``level.parent`` it lies in.

    Raises
    ------
    DatasetError
        A column is missing, or one area has two parents; the message names the area.
    """
    for column in filter(None, (code, name, parent)):
        if column not in frame:
            raise DatasetError(f"{where} has no column {column!r}. Its columns: {', '.join(map(str, frame.columns))}.")
    wanted = list(dict.fromkeys(filter(None, (code, name, parent))))
    rows = frame[wanted].astype(str).drop_duplicates()
    twice = rows[code].duplicated(keep=False)
    if twice.any():
        example = rows[twice].iloc[:2].to_dict("records")
        raise DatasetError(
            f"{where}: area {rows[code][twice].iloc[0]!r} has two names or parents: {example}. Keep one."
        )
    areas = pd.DataFrame({"code": rows[code], "name": rows[name] if name else rows[code]}).reset_index(drop=True)
    parents = {level.parent: dict(zip(rows[code], rows[parent], strict=True))} if parent else {}
    return Division(level, areas.sort_values("code", ignore_index=True), parents)

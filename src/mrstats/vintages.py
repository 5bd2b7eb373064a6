"""Vintages of a division: which area a code means, which rows of a table are of which vintage, and what changed between two."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from mrstats.definitions import Level
from mrstats.schema import DatasetError

YEARS = {
    ("deso", "2018"): (0, 2023),
    ("deso", "2025"): (2024, 9999),
    ("regso", "2020"): (0, 2023),
    ("regso", "2025"): (2024, 9999),
}
"""First and last year that Statistics Sweden publishes on a vintage of DeSO and RegSO."""

FIRST = {"deso": "2018", "regso": "2020"}
"""The vintage of a bare code in a table that marks later ones with a suffix."""

SUFFIX = re.compile(r"^(?P<code>.+)_(?P<system>DeSO|RegSO)(?P<vintage>\d{4})$", re.IGNORECASE)
LOG_COLUMNS = {"tidigare_deso": "old", "deso": "new", "forandringstyp": "change"}
OUTWARDS = "utvidgas"
"""What the change log says of an area that only grew: into the sea, or over ground that no other area gave."""


def split_codes(codes: pd.Series) -> pd.DataFrame:
    """Codes as a publisher writes them, apart: the bare code, the system and the vintage its suffix names.

    Parameters
    ----------
    codes : Series of str

    Returns
    -------
    DataFrame
        Columns ``code``, ``system`` (lower case, "" without a suffix), ``vintage`` ("" without one); same index.

    Examples
    --------
    >>> split_codes(pd.Series(["1280C1020", "1280C1020_DeSO2025"])).values.tolist()
    [['1280C1020', '', ''], ['1280C1020', 'deso', '2025']]
    """
    texts = codes.astype(str)
    parts = texts.str.extract(SUFFIX.pattern, flags=re.IGNORECASE)
    return pd.DataFrame(
        {
            "code": parts["code"].fillna(texts),
            "system": parts["system"].fillna("").str.lower(),
            "vintage": parts["vintage"].fillna(""),
        }
    )


def rows_of_vintage(frame: pd.DataFrame, *, area: str, year: str | int, system: str, vintage: str) -> pd.DataFrame:
    """The rows of a table that are of one vintage of a division, with bare codes.

    A table of Statistics Sweden holds DeSO 2018 as ``1280C1020`` and DeSO 2025 as ``1280C1020_DeSO2025``, each in every
    year; outside its own years a cell is empty in one table and 0 in the next. A row is therefore kept by its code's
    vintage and its year, never by its value.

    Parameters
    ----------
    frame : DataFrame
    area : str
        The column of area codes.
    year : str or int
        The column of years, or the year that all rows are of.
    system, vintage : str
        Such as "deso", "2025".

    Returns
    -------
    DataFrame
        The rows kept, their codes bare; a system whose years nobody has told keeps all years. Codes of another system
        or level are left to the caller's own check.

    Examples
    --------
    >>> mixed = pd.DataFrame({"region": ["1280C1020", "1280C1020", "1280C1020_DeSO2025"], "year": [2023, 2024, 2024]})
    >>> mixed["value"] = [1439, 0, 0]
    >>> rows_of_vintage(mixed, area="region", year="year", system="deso", vintage="2018")
          region  year  value
    0  1280C1020  2023   1439
    >>> rows_of_vintage(mixed, area="region", year="year", system="deso", vintage="2025")
          region  year  value
    2  1280C1020  2024      0
    """
    parts = split_codes(frame[area])
    marked = parts["vintage"] != ""
    own = (parts["system"] == system) & (parts["vintage"] == vintage)
    if not marked.any() or vintage == FIRST.get(system):
        own = own | ~marked
    first, last = YEARS.get((system, vintage), (0, 9999))
    years = pd.to_numeric(frame[year], errors="coerce") if isinstance(year, str) else pd.Series(year, index=frame.index)
    timely = years.between(first, last) | years.isna()  # a year that is no number is for the checks to tell
    return frame.assign(**{area: parts["code"]})[own & timely if marked.any() else own]


def outside_vintage(level: Level, others: Iterable[Level], years: Iterable[int]) -> str:
    """Why some years of a published column are not on a level's vintage, where `others` share the column; else "".

    Examples
    --------
    >>> from mrstats.definitions import standard_level
    >>> first, second = (standard_level(name, parent="city", vintage=name[-4:]) for name in ("regso_2020", "regso_2025"))
    >>> outside_vintage(first, [first, second], [2023]), outside_vintage(first, [first], [2024])
    ('', '')
    >>> outside_vintage(first, [first, second], [2023, 2024])
    '2024 is not on regso 2020. Ask for regso_2025 in that year.'
    """
    system = _system(level)
    rivals = [other for other in others if _system(other) == system and other.vintage != level.vintage]
    for year in years if rivals else ():
        if not _published(level, year):
            right = [other.name for other in rivals if _published(other, year)]
            cure = f"Ask for {' or '.join(right)} in that year." if right else "Ask for other years."
            return f"{year} is not on {system} {level.vintage}. {cure}"
    return ""


def _published(level: Level, year: int) -> bool:
    """Whether a year is on the level's vintage; a system whose years nobody has told has them all."""
    first, last = YEARS.get((_system(level), level.vintage), (0, 9999))
    return first <= year <= last


def _system(level: Level) -> str:
    """*deso* of the levels deso and deso_2025."""
    return level.name.removesuffix(f"_{level.vintage}")


def area_changes(log: pd.DataFrame, before, after) -> pd.DataFrame:
    """What became of every area between two vintages.

    Parameters
    ----------
    log : DataFrame
        One row for each old and new area that have to do with each other: ``old, new, change``, or Statistics Sweden's
        ``tidigare_deso, deso, forandringstyp``. Areas that are not in it did not change.
    before, after : iterable of str
        All codes of the earlier and the later vintage.

    Returns
    -------
    DataFrame
        One row an area, by code: ``code``; ``change``: unchanged, moved (same code, another border), recoded (same area,
        another code), split, merged, new; ``ground``: whether ground came from or went to another area (a border that only
        moved out to sea moves nobody); ``linked``: codes of the other vintage it has to do with, joined by a space.

    Raises
    ------
    DatasetError
        The log names an area that neither list has, or does not say what became of one that is gone.

    Examples
    --------
    >>> log = pd.DataFrame({"old": ["A10", "A10", "B10"], "new": ["A11", "A12", "B10"], "change": ["split", "split", "Utvidgas"]})
    >>> area_changes(log, ["A10", "B10", "C10"], ["A11", "A12", "B10", "C10"])
      code     change  ground   linked
    0  A10      split    True  A11 A12
    1  A11        new    True      A10
    2  A12        new    True      A10
    3  B10      moved   False      B10
    4  C10  unchanged   False      C10
    """
    before, after = set(map(str, before)), set(map(str, after))
    links = area_links(log, before, after)
    successors, predecessors = (links.groupby(a)[b].agg(set).to_dict() for a, b in (("old", "new"), ("new", "old")))
    logged = set(links["old"][links["change"] != ""]) | set(links["new"][links["change"] != ""])
    traded = links[(links["change"] != "") & ~links["change"].str.lower().str.startswith(OUTWARDS)]
    ground = set(traded["old"]) | set(traded["new"])
    rows = []
    for code in sorted(before | after):
        linked = successors.get(code, set()) if code in before else predecessors.get(code, set())
        alone = len(linked) == 1
        if code in before and code in after:
            change = "moved" if code in logged else "unchanged"
            linked = successors.get(code, set()) | predecessors.get(code, set())
        elif alone and len(_back(linked, successors if code in after else predecessors)) == 1:
            change = "recoded"
        elif code in after:
            change = "new"
        else:
            change = "merged" if alone else "split"
        rows.append((code, change, code in ground, " ".join(sorted(linked))))
    return pd.DataFrame(rows, columns=["code", "change", "ground", "linked"])


def _back(linked: set[str], onward: dict) -> set[str]:
    """What a single linked area is linked with in its turn."""
    return onward.get(next(iter(linked)), set())


def area_links(log: pd.DataFrame, before, after) -> pd.DataFrame:
    """Every pair of areas of two vintages that have people in common: ``old, new, change`` ("" where not in the log).

    An area that kept its code is linked with itself. One with a single link carries its people over exactly.
    """
    before, after = set(map(str, before)), set(map(str, after))
    named = log.rename(columns=LOG_COLUMNS)
    missing = [name for name in ("old", "new", "change") if name not in named]
    if missing:
        raise DatasetError(
            f"the change log lacks {', '.join(missing)}; its columns are {', '.join(map(str, log.columns))}. "
            f"Name them old, new, change (or {', '.join(LOG_COLUMNS)})."
        )
    named = named[["old", "new", "change"]].astype(str).replace({"change": {"unchanged": ""}})
    strange = sorted((set(named["old"]) - before) | (set(named["new"]) - after))
    if strange:
        raise DatasetError(
            f"the change log names {strange[0]!r} ({len(strange)} such codes), which is in neither list of areas. "
            "Take the log's rows of this municipality, and both vintages' code lists."
        )
    kept = sorted((before & after) - set(named["old"][named["old"] == named["new"]]))
    same = pd.DataFrame({"old": kept, "new": kept, "change": ""})
    links = pd.concat([named, same], ignore_index=True).drop_duplicates(["old", "new"])
    lost = sorted((before - set(links["old"])) | (after - set(links["new"])))
    if lost:
        raise DatasetError(
            f"the change log does not say what became of {lost[0]!r} ({len(lost)} such codes), in one vintage only. "
            "Take the whole log."
        )
    return links.sort_values(["old", "new"], ignore_index=True)


def linked_exactly(links: pd.DataFrame, *, onward: bool) -> dict[str, str]:
    """The one area of the other vintage that an area's people are in, for the areas that have only one.

    Parameters
    ----------
    links : DataFrame
        From `area_links`.
    onward : bool
        From old to new; else from new to old. A border that only moved out to sea is no obstacle.
    """
    here, there = ("old", "new") if onward else ("new", "old")
    alone = links.groupby(here)[there].nunique()
    only = links[links[here].map(alone) == 1]
    return dict(zip(only[here], only[there], strict=True))


def lost_zero(code: str, codes) -> str:
    """The code of a division that a code is once its leading zero is back, or "".

    Examples
    --------
    >>> lost_zero("114C1010", {"0114C1010"})
    '0114C1010'
    """
    whole = f"0{code}"
    return whole if whole in codes else ""


def strange_code(code: str, codes, level: str) -> str:
    """Why a code is none of a division's, and what to do: the end of a sentence that begins with the code.

    Examples
    --------
    >>> strange_code("114C1010", {"0114C1010"}, "deso")
    "has lost its leading zero ('0114C1010' in [geographies.deso]). Deliver the column as text."
    """
    whole = lost_zero(str(code), codes)
    if whole:
        return f"has lost its leading zero ({whole!r} in [geographies.{level}]). Deliver the column as text."
    if str(code).startswith("0") and str(code)[1:] in codes:
        return f"has lost its leading zero in [geographies.{level}] ({str(code)[1:]!r}). Deliver the key file's codes as text."
    bare = split_codes(pd.Series([str(code)])).iloc[0]
    if bare["vintage"]:
        own = f"is of {bare['system']} {bare['vintage']}, not of [geographies.{level}]"
        return f"{own}. Give the level that vintage, or a level of its own."
    return f"is not in [geographies.{level}]. Correct the code, or check the division's vintage."

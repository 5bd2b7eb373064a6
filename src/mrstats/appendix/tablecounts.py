"""Counts that written tables print, placed at the codes their heads and captions name, and attacked with the release."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from ..dataset import City
from ..definitions import Indicator
from ..disclosure.attack import ContradictionError
from ..disclosure.countfiles import ABOUT, Piece, audit_pieces, count_files, pieces, weak_cells
from ..disclosure.family import OUTCOME, PLACE
from ..disclosure.leaks import CELL, YEAR, Block, Outlet, name_pattern, plain_name
from ..disclosure.published import VALUE, read_hierarchy
from ..disclosure.release import ProtectedRelease
from ..language import LANGUAGES, word
from ..schema import MEASURES, TOTAL, UNKNOWN, UNPLACED, EditionError
from .names import area_names, group_names, indicator_names

FIGURE, INDICATOR, YEAR_OF, LABEL, WHOLE = "figure", "indicator", "year", "label", "whole"
"""What a head can be beside a code of a dimension."""

COUNTED = {"persons": "n", "figure_count": "count", "population_column": "population", "affected_column": "affected"}
WHOLE_NUMBER = re.compile(r"\d{1,3}(?:[\u00a0\u202f\u2009 ,]\d{3})+|\d+")
MARKS = re.compile(r"[.–]{1,2}|[a-z](?: [a-z])*")
"""Symbols and status letters, which stand in a row beside its figures."""

CURE = "Nothing was published. Make the table with mr.table from what mr.break_down returned, or say in its heads whom it is about."


@dataclass(frozen=True)
class Count:
    """A count that a cell prints; without codes where its heads and caption do not tell them."""

    outlet: str
    where: str
    caption: str
    value: int
    codes: dict[str, str] | None = None


@dataclass(frozen=True)
class Attacked:
    """How much was looked at in a finished appendix.

    Parameters
    ----------
    hidden : int
        Hidden cells whose figures were looked for.
    placed : int
        Counts of tables that were attacked together with the release.
    unplaced, tables : int
        Counts whose codes could not be told, and in how many tables they stand.
    """

    hidden: int = 0
    placed: int = 0
    unplaced: int = 0
    tables: int = 0

    def __str__(self) -> str:
        said = (
            f"{self.hidden} hidden figures looked for in all files: none found; {self.placed} counts in tables attacked"
        )
        return said + (f", {self.unplaced} figures of {self.tables} tables could not be placed" * bool(self.unplaced))


def attack_counts(city: City, release: ProtectedRelease, outlets: Iterable[Outlet]) -> Attacked:
    """Attack the written release with every count that the written tables print.

    Parameters
    ----------
    city : City
    release : ProtectedRelease
        Its files are read; nothing that it withheld is.
    outlets : iterable of Outlet

    Returns
    -------
    Attacked

    Raises
    ------
    EditionError
        A printed count differs from the release's, is one that it hides, is small and not the release's, or makes hidden
        ones exact or narrow. It names file, table and row, never the figure.

    Notes
    -----
    A count is a whole number under *Personer*, *Antal*, *Befolkning* or *Berörda* (or the value of an indicator that
    counts). Whom it is about is said by the heads of its row and column; what they leave out, by the caption: a group or
    area named there holds for the whole table unless the table is split by that dimension. Where that leaves two answers
    none is chosen. A count of ready-made tables, which their source has protected, is left out, and so are numbers to tens
    (*Personer, ca*): they are those of the release's results, which are attacked with it (`disclosure.approximate`).
    """
    parts = pieces(count_files([release.folder])) if release.publication.families else []
    names = _Names(city, {str(name) for piece in parts for name in piece.counts})
    found = [count for outlet in outlets for block in outlet.blocks if (count := names.count(outlet.name, block))]
    placed = [count for count in found if count.codes is not None]
    unplaced = [count for count in found if count.codes is None]
    facts = _facts(city, placed, parts)
    beside = [_not_released(facts, piece) for piece in parts]
    about = {(piece.about, piece.year) for piece in parts}
    alone = facts[[key not in about for key in zip(facts["about"], facts["year"], strict=True)]]
    _refuse_small(pd.concat([*beside, alone]), release)
    for piece, own in zip(parts, beside, strict=True):
        if len(own):
            _attack(city, piece, own, release.folder / "hierarchy.csv")
    tables = {(count.outlet, count.caption) for count in unplaced}
    return Attacked(placed=len(placed), unplaced=len(unplaced), tables=len(tables))


def _facts(city: City, placed: list[Count], parts: list[Piece]) -> pd.DataFrame:
    """The placed counts as rows of count files, with where they stand."""
    known = {(p.about, p.year, code) for p in parts if OUTCOME in p.counts for code in p.counts[OUTCOME].unique()}
    rows: list[dict[str, Any]] = []
    for count in placed:
        codes = dict(count.codes or {})
        indicator, figure = city.indicator(codes.pop(INDICATOR)), codes.pop(FIGURE)
        about = f"{indicator.table}: {indicator.denominator}"
        outcome = f"{indicator.name}:known" if (about, codes["year"], f"{indicator.name}:known") in known else TOTAL
        if figure == "count" or (figure == "affected" and indicator.direction == "adverse"):
            outcome = f"{indicator.name}:yes"
        elif figure == "affected":
            outcome = f"{indicator.name}:no"
        where = {"where": f"{count.outlet}, {count.where}", "sensitive": indicator.sensitive}
        rows.append({"about": about, OUTCOME: outcome, **codes, VALUE: float(count.value), **where})
    frame = pd.DataFrame(rows, columns=None if rows else [*ABOUT, OUTCOME, VALUE, "where", "sensitive"])
    return frame.fillna({c: TOTAL for c in frame if c not in (VALUE, "where", "sensitive")})


def _not_released(facts: pd.DataFrame, piece: Piece) -> pd.DataFrame:
    """Facts about a piece's persons that it does not hold; those it holds must be the same."""
    own = facts[(facts["about"] == piece.about) & (facts["year"] == piece.year)]
    dimensions = [str(name) for name in piece.counts if name not in (VALUE, "file")]
    own = own.assign(**{name: TOTAL for name in dimensions if name not in own})
    others = [name for name in own if name not in (*dimensions, *ABOUT, VALUE, "where", "sensitive")]
    inside = (own[others] == TOTAL).all(axis=1)
    released = piece.counts.drop(columns="file").rename(columns={VALUE: "released"}).assign(held=True)
    both = (
        own[inside].merge(released, on=dimensions, how="left")
        if dimensions
        else own[inside].merge(released, how="cross")
    )
    held = both["held"].notna()
    hidden, wrong = held & both["released"].isna(), held & both["released"].notna() & (both["released"] != both[VALUE])
    for rows, what in (
        (both[hidden], "a count that the release hides"),
        (both[wrong], "another count than the release's"),
    ):
        if len(rows):
            raise EditionError(f"{rows['where'].iloc[0]} prints {what} for {_said(rows.iloc[0], dimensions)}. {CURE}")
    return pd.concat([both.loc[~held, own.columns], own[~inside]])


def _refuse_small(beside: pd.DataFrame, release: ProtectedRelease) -> None:
    """A count that is not the release's must not be one that the rules would hide."""
    rule = release.publication.rule
    for _, row in beside.iterrows():
        least = rule.least(sensitive=bool(row["sensitive"]))
        if 0 < row[VALUE] < least:
            raise EditionError(f"{row['where']} prints a count below {least} that is not in the release. {CURE}")


def _attack(city: City, piece: Piece, own: pd.DataFrame, hierarchy: Path) -> None:
    structure = _with_codes(city, read_hierarchy(hierarchy), piece, own)
    try:
        found = audit_pieces([piece], structure, facts=own.drop(columns=["where", "sensitive"]))
    except ContradictionError:
        raise EditionError(
            f"{own['where'].iloc[0]} and {len(own) - 1} more cells print counts of {piece.name} that cannot be "
            f"right beside the release and beside one another. {CURE}"
        ) from None
    weak = weak_cells(found)
    if len(weak):
        codes = _said(weak.iloc[0], [str(name) for name in weak if name in piece.counts])
        raise EditionError(
            f"{own['where'].iloc[0]} prints a count of {piece.name} that is not in the release; with all {len(own)} of that "
            f"kind {len(weak)} hidden counts can be worked out or narrowed down, the first of {codes}. {CURE}"
        )


def _with_codes(city: City, structure: pd.DataFrame, piece: Piece, own: pd.DataFrame) -> pd.DataFrame:
    """The written sums, and those of factors and divisions that only the printed counts have."""
    rows = []
    for name in city.factors.keys() & set(own):
        if name not in set(structure["dim"]) and (own[name] != TOTAL).any():
            rows += [(name, name, TOTAL, code) for code in dict.fromkeys([*city.factors[name].codes, UNKNOWN])]
    places = structure[structure["dim"] == PLACE]
    lacking = set(own.get(PLACE, ())) - {TOTAL, UNPLACED, *places["child"], *piece.counts.get(PLACE, ())}
    between, known = city.geography, [level for level in city.geographies if level in set(places["hierarchy"])]
    for level in city.geographies:
        codes = city.geography.division(level).codes
        if not lacking & set(codes):
            continue
        coarser = next((other for other in known if between.nests(level, other)), None)
        if coarser:
            rows += [(PLACE, level, parent, code) for code, parent in between.between(level, coarser).items()]
            continue
        rows += [(PLACE, level, TOTAL, code) for code in (*sorted(codes), UNPLACED)]
        for finer in (other for other in known if between.nests(other, level)):
            rows += [(PLACE, level, parent, code) for code, parent in between.between(finer, level).items()]
    return pd.concat([structure, pd.DataFrame(rows, columns=structure.columns)], ignore_index=True)


def _said(row: pd.Series, dimensions: Iterable[str]) -> str:
    return ", ".join(str(row[name]) for name in dimensions if row[name] != TOTAL) or "the whole city"


class _Names:
    """What heads and captions can say, in both languages; `released` are the dimensions that the release is split by."""

    def __init__(self, city: City, released: set[str]):
        self.city, self.released = city, released
        self.heads: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self.labels: dict[str, set[str]] = defaultdict(set)
        spoken: set[str] = set()
        for level in city.geographies:
            named = area_names(city, level)
            spoken |= {name for names in named.values() for name in names} - set(named)
            self._add(PLACE, level, named, city.geographies[level].label)
        for factor, described in city.factors.items():
            spoken |= {name for group in described.groups for name in (*group.label.values(), *group.among.values())}
            self._add(factor, factor, group_names(city, factor), described.label)
        for name in city.indicators:
            spellings = list(self._spellings(name))
            spoken |= {*spellings, *city.indicator(name).population.values()} - {name}
            for spelling in spellings:
                self.heads[plain_name(spelling)].add((INDICATOR, name, ""))
        for language in LANGUAGES:
            for key in (INDICATOR, YEAR_OF, "group"):
                self.heads[plain_name(word(key, language))].add((LABEL, "", ""))
            for text in (TOTAL, word("total", language), word("city_as_a_whole", language), city.label):
                self.heads[plain_name(text)].add((WHOLE, "", ""))
            for measure in {*MEASURES} - {"count"}:
                self.heads[plain_name(word(f"figure_{measure}", language))].add((FIGURE, "value", ""))
            for key, figure in COUNTED.items():
                self.heads[plain_name(word(key, language))].add((FIGURE, figure, ""))
        self.spoken = name_pattern(spoken)
        self.dimensions = name_pattern({label for labels in self.labels.values() for label in labels})

    def _add(self, dimension: str, level: str, names: dict[str, tuple[str, ...]], label: dict[str, str]) -> None:
        for code, spellings in names.items():
            for spelling in spellings:
                self.heads[plain_name(spelling)].add((dimension, code, level))
        for text in map(plain_name, label.values()):
            self.labels[level].add(text)
            self.heads[text].add((LABEL, "", level))

    def _spellings(self, name: str) -> Iterator[str]:
        """An indicator as texts call it, and as a row's head does: with its population and unit."""
        yield from indicator_names(self.city, name)
        indicator = self.city.indicator(name)
        for language in LANGUAGES:
            who, unit = indicator.population.get(language, ""), indicator.unit.get(language, "")
            yield from (f"{indicator.label[language]}{a}{b}" for a, b in product(("", f" {who}"), ("", f", {unit}")))

    def count(self, outlet: str, block: Block) -> Count | None:
        """The count that a cell prints, if it prints one of persons whom nobody else has protected."""
        if block.kind != CELL or not WHOLE_NUMBER.fullmatch(block.text.strip()):
            return None
        heads = [part for piece in block.labels.split(" · ") for part in self._parts(piece)]
        meanings = {head: self._meanings(head) for head in heads if not MARKS.fullmatch(head)}
        figures = {code for found in meanings.values() for kind, code, _ in found if kind == FIGURE}
        counted, caption = figures & set(COUNTED.values()), plain_name(block.caption)
        said = [self.heads[plain_name(match.group())] for match in self.spoken.finditer(caption)]
        told = _codes_of(INDICATOR, meanings.values()) or _codes_of(INDICATOR, said)
        indicators = [self.city.indicator(name) for name in sorted(told)]
        all_count = bool(indicators) and all(indicator.measure == "count" for indicator in indicators)
        if not counted and not (all_count and all(meanings.values())):
            return None
        if indicators and all(self.city.description.tables[i.table].grain != "person" for i in indicators):
            return None
        figure = "n" if all_count else counted.pop() if len(counted) == 1 else ""
        years = _codes_of(YEAR_OF, meanings.values()) or set(YEAR.findall(caption))
        codes = None
        if self._is_one(indicators, figure) and len(years) == 1 and all(meanings.values()):
            codes = self._codes(meanings, caption, said, {plain_name(t) for t in indicators[0].population.values()})
        if codes is not None:
            codes = {INDICATOR: indicators[0].name, FIGURE: figure, YEAR_OF: years.pop(), **codes}
        return Count(outlet, block.where, block.caption, int(re.sub(r"\D", "", block.text)), codes)

    def _parts(self, piece: str) -> list[str]:
        whole = plain_name(piece)
        return [whole] if whole in self.heads else [part for part in whole.split(": ") if part]

    def _meanings(self, head: str) -> set[tuple[str, str, str]]:
        return {(YEAR_OF, head, "")} if YEAR.fullmatch(head) else self.heads.get(head, set())

    def _is_one(self, indicators: list[Indicator], figure: str) -> bool:
        """Whether the indicators and the figure's head tell which persons are counted."""
        if len({(indicator.table, indicator.denominator) for indicator in indicators}) != 1 or not figure:
            return False
        one = indicators[0]
        if figure == "n":
            return True
        weighted = self.city.description.tables[one.table].weight
        return not weighted and (figure == "population" or (len(indicators) == 1 and one.measure == "proportion"))

    def _codes(self, meanings, caption: str, said, population: set[str]) -> dict[str, str] | None:
        """Codes of areas and groups; None where the heads and the caption leave two answers."""
        labels = {plain_name(match.group()) for match in self.dimensions.finditer(caption)} | set(meanings)
        codes: dict[str, str] = {}
        for found in meanings.values():
            if (WHOLE, "", "") not in found and not self._add_code(codes, found, labels):
                return None
        of_heads, whole = set(codes), bool({WHOLE} & {kind for found in meanings.values() for kind, _, _ in found})
        everyone = [self.heads[text] for text in population if text in self.heads]
        for found in said:
            own = {meaning for meaning in found if meaning[2] and meaning[0] not in (LABEL, *of_heads)}
            if not own or found in everyone or len(own) < len({m for m in found if m[2] and m[0] != LABEL}):
                continue  # a finding about one of the table's rows, or the population of the indicator itself
            if any(self.labels[level] & labels for _, _, level in own):
                if whole:
                    continue
                return None
            if not self._add_code(codes, own, labels):
                return None
        return codes

    def _add_code(self, codes: dict[str, str], found, labels: set[str]) -> bool:
        """Note the code that a name stands for; whether there is at most one."""
        own = {meaning for meaning in found if meaning[2] and meaning[0] != LABEL}
        for better in (lambda m: m[0] in self.released, lambda m: bool(self.labels[m[2]] & labels)):
            own = {meaning for meaning in own if better(meaning)} or own
        choices = {(dimension, code) for dimension, code, _ in own}
        if len(choices) > 1 or any(codes.get(dimension, code) != code for dimension, code in choices):
            return False
        codes.update(choices)
        return True


def _codes_of(kind: str, meanings: Iterable[set[tuple[str, str, str]]]) -> set[str]:
    return {code for found in meanings for one, code, _ in found if one == kind}

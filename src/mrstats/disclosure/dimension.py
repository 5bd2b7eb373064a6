"""One way of dividing people (a background factor, places, an outcome) and its levels. No counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mrstats.schema import TOTAL, DatasetError


@dataclass(frozen=True)
class Dimension:
    """A division of people into atoms, and the levels its codes are published at.

    A level is a partition: every atom lies in one of its codes. Levels need not nest (two divisions of a city).

    Parameters
    ----------
    name : str
    atoms : tuple of str
        The finest parts.
    levels : dict of str to dict
        Level -> (atom -> code). The total of everything (``_T``) is there without being named.

    Raises
    ------
    DatasetError
        An atom has no code at a level, or one code means different atoms at two levels.

    Examples
    --------
    >>> area = Dimension("area", ("A1", "A2", "A3"), {"area": {a: a for a in ("A1", "A2", "A3")},
    ...     "district": {"A1": "D1", "A2": "D1", "A3": "D2"}})
    >>> area.codes
    ('_T', 'A1', 'A2', 'A3', 'D1', 'D2')
    >>> area.relations(("area", "district"))
    [('area', 'D1', ('A1', 'A2')), ('area', 'D2', ('A3',)), ('district', '_T', ('D1', 'D2'))]
    """

    name: str
    atoms: tuple[str, ...]
    levels: Mapping[str, Mapping[str, str]]

    def __post_init__(self) -> None:
        inside: dict[str, frozenset[str]] = {}
        for level, codes in self.levels.items():
            lost = [atom for atom in self.atoms if atom not in codes]
            if lost:
                raise DatasetError(f"{self.name}: {lost[0]!r} has no code at level {level!r}. Give it one, or `_U`.")
            parts: dict[str, set[str]] = {}
            for atom in self.atoms:
                parts.setdefault(codes[atom], set()).add(atom)
            for code, part in parts.items():
                if code == TOTAL or inside.setdefault(code, frozenset(part)) != part:
                    raise DatasetError(
                        f"{self.name}: code {code!r} at level {level!r} means other people elsewhere. Name it otherwise."
                    )

    @classmethod
    def flat(cls, name: str, codes: Iterable[str]) -> Dimension:
        """A dimension with one level, called like itself."""
        codes = tuple(codes)
        return cls(name, codes, {name: {code: code for code in codes}})

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The total, then the codes of each level in sorted order."""
        return tuple(
            dict.fromkeys([TOTAL, *(c for level in self.levels.values() for c in sorted(set(level.values())))])
        )

    @cached_property
    def membership(self) -> np.ndarray:
        """Which atoms lie in which code, shape (codes, atoms)."""
        inside = np.zeros((len(self.codes), len(self.atoms)), bool)
        for level in (TOTAL, *self.levels):
            inside[self.code_of(level), np.arange(len(self.atoms))] = True
        return inside

    def code_of(self, level: str) -> np.ndarray:
        """Position among `codes` of each atom's code at a level, shape (atoms,)."""
        return self._code_of[level]

    @cached_property
    def _code_of(self) -> dict[str, np.ndarray]:
        place = {code: i for i, code in enumerate(self.codes)}
        found = {TOTAL: np.zeros(len(self.atoms), int)}
        for level, codes in self.levels.items():
            found[level] = np.array([place[codes[atom]] for atom in self.atoms], int)
        for places in found.values():
            places.setflags(write=False)  # every caller is given the same array
        return found

    def with_atoms(self) -> Dimension:
        """The same, and a code of its own (last) for every atom where one of them has none at any level."""
        if set(range(len(self.atoms))) <= set(self.membership[self.membership.sum(axis=1) == 1].argmax(axis=1)):
            return self
        return Dimension(self.name, self.atoms, {**self.levels, "atom": {a: f"{a} (atom)" for a in self.atoms}})

    def keep(self, levels: Iterable[str]) -> tuple[Dimension, np.ndarray]:
        """The dimension with some of its levels, atoms that no longer differ made one; and each old atom's new place."""
        wanted = [level for level in self.levels if level in set(levels)]
        unknown = set(levels) - {TOTAL, *self.levels}
        if unknown:
            raise DatasetError(
                f"{self.name} has no level {sorted(unknown)[0]!r}. Its levels: {', '.join([TOTAL, *self.levels])}."
            )
        signature = [tuple(self.levels[level][atom] for level in wanted) for atom in self.atoms]
        new = sorted(set(signature))
        names = ["|".join(dict.fromkeys(codes)) or TOTAL for codes in new]
        place = {codes: i for i, codes in enumerate(new)}
        levels_kept = {
            level: {name: codes[k] for name, codes in zip(names, new, strict=True)} for k, level in enumerate(wanted)
        }
        return Dimension(self.name, tuple(names), levels_kept), np.array([place[s] for s in signature], int)

    def relations(self, levels: Iterable[str]) -> list[tuple[str, str, tuple[str, ...]]]:
        """Sums an attacker knows: (level of the parts, the whole, its parts), each whole at the next finer levels only."""
        levels = [TOTAL, *(level for level in self.levels if level in set(levels))]
        parent = {(fine, coarse): self.parents(fine, coarse) for fine in levels for coarse in levels if fine != coarse}
        nests = {pair: bool((places[self.code_of(pair[0])] >= 0).all()) for pair, places in parent.items()}
        found = []
        for (fine, coarse), places in parent.items():
            between = any(
                nests[fine, middle] and nests[middle, coarse] and not (nests[middle, fine] or nests[coarse, middle])
                for middle in levels
                if middle not in (fine, coarse)
            )
            backwards = nests[coarse, fine] and not (nests[fine, coarse] and levels.index(fine) < levels.index(coarse))
            if fine == TOTAL or between or backwards:
                continue
            parts: dict[int, list[str]] = {}
            for code in np.unique(self.code_of(fine)):
                if places[code] >= 0:
                    parts.setdefault(int(places[code]), []).append(self.codes[code])
            found += [
                (fine, self.codes[whole], tuple(sorted(part)))
                for whole, part in parts.items()
                if part != [self.codes[whole]]
            ]
        return sorted(found, key=lambda row: (levels.index(row[0]), row[1]))

    def parents(self, fine: str, coarse: str) -> np.ndarray:
        """For each code, the code of level `coarse` it is a part of, where that one is made of whole `fine` codes; else −1.

        Shape (codes,); −1 also for codes that are not of level `fine`.
        """
        below, above = self.code_of(fine), self.code_of(coarse)
        result = np.full(len(self.codes), -1)
        result[below] = above
        cut = np.unique(above[result[below] != above])  # codes of `coarse` that share a `fine` code with another
        straddling = np.unique(below[np.isin(above, cut)])
        spoiled = np.unique(above[np.isin(below, straddling)])
        members = np.unique(below)
        result[members[np.isin(result[members], spoiled)]] = -1
        return result

"""One inner table for many published tables: what they all add up from, and the sums that tie them together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from mrstats.disclosure.dimension import Dimension
from mrstats.disclosure.published import positions
from mrstats.schema import TOTAL, DatasetError

Shape = Mapping[str, Sequence[str]]
"""A published table: dimension -> the levels it shows; its totals too. A dimension it lacks is there as a total."""


@dataclass(frozen=True)
class Problem:
    """The counts behind a family of tables, protected together.

    The inner table holds persons at the finest cross that the tables use together, occupied cells only. Every
    published cell is a sum of inner cells, so whatever is done to the inner table keeps all tables in step.

    Parameters
    ----------
    dimensions : tuple of Dimension
    inner : ndarray of int, shape (k, d)
        Atoms of each occupied inner cell, one row per cell, sorted.
    values : ndarray of int, shape (k,)
        Persons in them.
    shapes : tuple of dict
        The published tables.
    """

    dimensions: tuple[Dimension, ...]
    inner: np.ndarray
    values: np.ndarray
    shapes: tuple[Shape, ...]

    @cached_property
    def size(self) -> tuple[int, ...]:
        """Codes per dimension."""
        return tuple(len(dimension.codes) for dimension in self.dimensions)

    @cached_property
    def combinations(self) -> list[tuple[str, ...]]:
        """Every combination of levels that some table shows, one level per dimension."""
        found = {
            combination: None
            for shape in self.shapes
            for combination in itertools.product(*((TOTAL, *shape.get(d.name, ())) for d in self.dimensions))
        }
        return list(found)

    @cached_property
    def codes_at(self) -> dict[tuple[int, str], np.ndarray]:
        """Code of each atom, by dimension and level."""
        return {(i, level): d.code_of(level) for i, d in enumerate(self.dimensions) for level in (TOTAL, *d.levels)}

    def keys_of(self, combination: tuple[str, ...], atoms: np.ndarray) -> np.ndarray:
        """Keys of the cells that some inner cells lie in at one combination of levels; atoms have shape (…, d)."""
        codes = [self.codes_at[i, level][atoms[..., i]] for i, level in enumerate(combination)]
        return np.ravel_multi_index(codes, self.size)

    @cached_property
    def keys(self) -> np.ndarray:
        """All published cells, sorted, shape (m,): positions in the full cross of codes."""
        parts = []
        for combination in self.combinations:
            codes = [np.unique(self.codes_at[i, level]) for i, level in enumerate(combination)]
            parts.append(np.ravel_multi_index(np.ix_(*codes), self.size).ravel())
        return np.unique(np.concatenate(parts))

    def cells_of(self, atoms: np.ndarray) -> np.ndarray:
        """Positions of the published cells that inner cells lie in, shape (k, combinations); atoms have shape (k, d).

        A cell that two combinations share (a code may stand at two levels) is named once; the other place says −1.
        """
        columns: list[np.ndarray] = []
        codes = {at: set(held.tolist()) for at, held in self.codes_at.items()}
        for number, levels in enumerate(self.combinations):
            column = np.searchsorted(self.keys, self.keys_of(levels, atoms)).astype(np.int32)
            for earlier, others in zip(columns, self.combinations[:number], strict=True):
                if all(codes[i, a] & codes[i, b] for i, (a, b) in enumerate(zip(levels, others, strict=True))):
                    column[column == earlier] = -1
            columns.append(column)
        return np.column_stack(columns)

    @cached_property
    def upward(self) -> np.ndarray:
        """For each inner cell the published cells it is in, as `cells_of` gives them."""
        return self.cells_of(self.inner)

    def add_up(self, values: np.ndarray) -> np.ndarray:
        """Published cells from inner values, shape (m,)."""
        total = np.zeros(len(self.keys) + 1, np.int64)
        for column in self.upward.T:
            total += np.bincount(column + 1, values, len(total)).astype(np.int64)
        return total[1:]

    @cached_property
    def truth(self) -> np.ndarray:
        """The published cells' true counts, shape (m,)."""
        return self.add_up(self.values)

    def counts_at(self, codes: np.ndarray) -> np.ndarray:
        """True counts of cells given by their codes, shape (c, d); 0 where no table shows one."""
        keys = np.ravel_multi_index(tuple(codes.T), self.size)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.truth[at], 0)

    @cached_property
    def codes(self) -> np.ndarray:
        """Codes of each published cell, shape (m, d)."""
        return np.column_stack(np.unravel_index(self.keys, self.size))

    @cached_property
    def lines(self) -> sparse.csr_array:
        """Additive lines: +1 for the parts, −1 for their total, shape (lines, m); all are zero on counts that add up."""
        strides = np.array([int(np.prod(self.size[i + 1 :], dtype=np.int64)) for i in range(len(self.size))])
        rows, columns, signs, count = [], [], [], 0
        combinations = set(self.combinations)
        for combination in self.combinations:
            cells = np.flatnonzero(self._at(combination))
            for i, dimension in enumerate(self.dimensions):
                coarser = [(*combination[:i], level, *combination[i + 1 :]) for level in (TOTAL, *dimension.levels)]
                for other in coarser:
                    if other == combination or other not in combinations or combination[i] == TOTAL:
                        continue
                    parent = dimension.parents(combination[i], other[i])[self.codes[cells, i]]
                    inside = cells[parent >= 0]
                    whole = self.keys[inside] + (parent[parent >= 0] - self.codes[inside, i]) * strides[i]
                    wholes, line = np.unique(whole, return_inverse=True)
                    totals = np.searchsorted(self.keys, wholes)
                    alike = np.bincount(line, minlength=len(wholes)) == 1
                    keep = ~(alike & np.isin(totals, inside))[line]
                    rows += [count + line[keep], count + np.unique(line[keep])]
                    columns += [inside[keep], totals[np.unique(line[keep])]]
                    signs += [np.ones(keep.sum()), -np.ones(len(np.unique(line[keep])))]
                    count += len(wholes)
        if not rows:
            return sparse.csr_array((0, len(self.keys)))
        matrix = sparse.csr_array(
            (np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns))), shape=(count, len(self.keys))
        )
        return matrix[np.diff(matrix.indptr) > 1]

    def _at(self, combination: tuple[str, ...]) -> np.ndarray:
        """Which published cells stand at one combination of levels."""
        inside = np.ones(len(self.keys), bool)
        for i, level in enumerate(combination):
            inside &= np.isin(self.codes[:, i], self.codes_at[i, level])
        return inside

    def frame(self, values: np.ndarray | None = None, *, hidden: np.ndarray | None = None) -> pd.DataFrame:
        """Published cells with their codes in words and a column ``value``; hidden ones are missing.

        Parameters
        ----------
        values : ndarray, shape (m,), optional
            Default: the true counts.
        hidden : ndarray of bool, shape (m,), optional
        """
        columns = {d.name: np.array(d.codes, object)[self.codes[:, i]] for i, d in enumerate(self.dimensions)}
        value = pd.Series(self.truth if values is None else values, dtype="Int64")
        return pd.DataFrame(columns).assign(value=value if hidden is None else value.mask(hidden))

    def hierarchy(self) -> pd.DataFrame:
        """Which code is a sum of which: columns ``dim``, ``hierarchy``, ``parent``, ``child``.

        Where divisions cross, the pieces that both are made of stand there as ``… (atom)``, though no table prints them.
        """
        rows = [
            (d.name, level, whole, part)
            for d in (dimension.with_atoms() for dimension in self.dimensions)
            for level, whole, parts in d.relations(d.levels)
            for part in parts
        ]
        return pd.DataFrame(rows, columns=["dim", "hierarchy", "parent", "child"])

    def places(self, frame: pd.DataFrame) -> np.ndarray:
        """Where each row's cell stands among the published ones, −1 where no table shows it.

        Parameters
        ----------
        frame : DataFrame
            Columns of codes only; a dimension it lacks is its total.
        """
        names = {d.name for d in self.dimensions}
        codes = [positions(frame, d.name, d.codes) for d in self.dimensions]
        lost = np.zeros(len(frame), bool)
        for column in [at < 0 for at in codes] + [(frame[c] != TOTAL).to_numpy() for c in frame if c not in names]:
            lost |= column
        keys = np.zeros(len(frame), int)
        if codes:
            keys = np.ravel_multi_index([np.maximum(at, 0) for at in codes], self.size)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(lost | (self.keys[at] != keys), -1, at)

    def position(self, **codes: str) -> int:
        """Where a cell stands among the published ones; dimensions not named are totals.

        Raises
        ------
        DatasetError
            No table shows that cell.
        """
        unknown = [name for name in codes if name not in {d.name for d in self.dimensions}]
        names = [codes.get(d.name, TOTAL) for d in self.dimensions]
        if not unknown and all(name in d.codes for name, d in zip(names, self.dimensions, strict=True)):
            at = [d.codes.index(name) for name, d in zip(names, self.dimensions, strict=True)]
            key = np.ravel_multi_index(at, self.size)
            place = int(np.searchsorted(self.keys, key))
            if place < len(self.keys) and self.keys[place] == key:
                return place
        raise DatasetError(
            f"no published table holds the cell {codes}. Dimensions: {[d.name for d in self.dimensions]}."
        )


def joint_problem(
    cells: pd.DataFrame, dimensions: Sequence[Dimension], shapes: Sequence[Shape], *, value: str = "value"
) -> Problem:
    """The joint problem of several tables.

    Parameters
    ----------
    cells : DataFrame
        Persons: one column per dimension (its atoms) and `value`, whole counts. Rows that are alike are added up.
    dimensions : list of Dimension
    shapes : list of dict
        The tables: dimension -> its levels.
    value : str

    Returns
    -------
    Problem
        Dimensions that no table uses are summed away, and so are differences that no level shows.

    Raises
    ------
    DatasetError
        A count is negative or not whole, an atom or a level is unknown, or a shape names no dimension there is.

    Examples
    --------
    >>> cells = pd.DataFrame({"area": ["A1", "A1", "A2"], "sex": ["men", "women", "men"], "value": [7, 9, 20]})
    >>> problem = joint_problem(cells, [Dimension.flat("area", ["A1", "A2"]), Dimension.flat("sex", ["men", "women"])],
    ...     [{"area": ["area"], "sex": ["sex"]}])
    >>> problem.frame().query("sex == '_T'")["value"].tolist()
    [36, 16, 20]
    """
    counts = cells[value].to_numpy(float)
    wrong = ~((counts >= 0) & (counts == np.round(counts)))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DatasetError(f"cell {cells.iloc[row].to_dict()}: a count must be whole and not negative.")
    names = [dimension.name for dimension in dimensions]
    strange = sorted({name for shape in shapes for name in shape} - set(names))
    if strange:
        raise DatasetError(
            f"a table is broken down by {strange[0]!r}, which is no dimension. Dimensions: {', '.join(names)}."
        )
    kept, columns = [], []
    for dimension in dimensions:
        levels = {level for shape in shapes for level in shape.get(dimension.name, ())} - {TOTAL}
        smaller, place = dimension.keep(levels)
        at = pd.Index(dimension.atoms).get_indexer(pd.Index(cells[dimension.name]))
        if (at < 0).any():
            raise DatasetError(
                f"{dimension.name}: {cells[dimension.name].iloc[int(np.argmax(at < 0))]!r} is no code of it."
            )
        if levels:
            kept.append(smaller)
            columns.append(place[at])
    atoms = np.column_stack(columns) if columns else np.zeros((len(cells), 0), int)
    inner, where = np.unique(atoms, axis=0, return_inverse=True)
    values = np.bincount(where.ravel(), counts, len(inner)).astype(np.int64)
    tables = [{name: tuple(level for level in levels if level != TOTAL) for name, levels in s.items()} for s in shapes]
    return Problem(tuple(kept), inner[values > 0], values[values > 0], tuple(tables))


def outcome_dimension(indicators: Sequence[str], held: Iterable[str] | None = None) -> Dimension:
    """With and without each of some outcomes of the same persons, as one dimension called ``outcome``.

    The atoms are what the persons have together ("10": the first, not the second; "-": it is not known); each indicator is
    a level with two or three codes. A table of one indicator is ``{..., "outcome": [indicator]}``; its total is the persons
    it is about. Where an outcome of somebody is not known, a level ``<indicator>:known`` parts those of whom it is.
    `held` are the atoms that occur; all without a "-" if not given.

    Examples
    --------
    >>> outcome_dimension(["employment"]).codes
    ('_T', 'employment:no', 'employment:yes')
    """
    every = map("".join, itertools.product("10", repeat=len(indicators)))
    atoms = tuple(every if held is None else sorted(set(held)))
    words = {"1": "yes", "0": "no", "-": "not known"}
    levels: dict[str, dict[str, str]] = {}
    for k, name in enumerate(indicators):
        levels[name] = {atom: f"{name}:{words[atom[k]]}" for atom in atoms}
        if any(atom[k] == "-" for atom in atoms):
            known = {atom: f"{name}:{'not known' if atom[k] == '-' else 'known'}" for atom in atoms}
            levels[f"{name}:known"] = known
    return Dimension("outcome", atoms, levels)

"""Reading what was written: counts, hierarchy and ledger, as an outsider would. It knows nothing that is not on file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.schema import TOTAL, TOTAL_WORDS, DatasetError

HIDDEN_SIGNS = {"", ".", "..", "...", "x", ":", "c", "*", "na", "nan", "<na>", "none"}
VALUE = "value"
LOWER, UPPER = "lower", "upper"


def read_counts(paths: Iterable[Path | str]) -> pd.DataFrame:
    """Counts from CSV files, all cells in one table.

    Parameters
    ----------
    paths : iterable of path
        Each file has its dimensions as columns and ``value``; a blank or ``..`` is hidden. Other columns about the
        figures (``lower, upper, primary, truth``) are not read. Total rows are called ``Total`` or ``_T``.

    Returns
    -------
    DataFrame
        The dimensions of all files (one that a file lacks is its total), ``value`` (missing = hidden), ``file``.

    Raises
    ------
    DatasetError
        A file has no column ``value`` or a value is not a number; the message names file and row.
    """
    frames = []
    for path in map(Path, paths):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        frame = frame.rename(columns=str.strip)
        if VALUE not in frame:
            raise DatasetError(f"{path.name} has no column {VALUE!r}; it has {', '.join(map(str, frame.columns))}.")
        text = frame[VALUE].str.strip().str.replace("[\u00a0 ]", "", regex=True).str.replace(",", ".")
        hidden = text.str.lower().isin(HIDDEN_SIGNS)
        number = pd.to_numeric(text.where(~hidden, None), errors="coerce").astype(float)
        wrong = number.isna() & ~hidden
        if wrong.any():
            raise DatasetError(
                f"{path.name}, row {int(wrong.argmax()) + 2}: {frame[VALUE][wrong.argmax()]!r} is no number. Leave it blank if hidden."
            )
        dimensions = [c for c in frame if c not in (VALUE, "lower", "upper", "primary", "truth")]
        codes = frame[dimensions].apply(lambda column: column.str.strip().map(_total))
        frames.append(codes.assign(**{VALUE: number, "file": path.name}))
    return union(frames)


def counts_name(indicators: Sequence[str], year: int) -> str:
    """What a release calls the file with the counts behind some indicators; its certificate tells of them by the same."""
    return f"{'-'.join(indicators)[:60]}-{year}.csv"


def union(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Cells of several tables in one: a dimension that a table lacks is its total."""
    if not frames:
        raise DatasetError("no table was given. Name at least one file of counts.")
    dimensions = list(dict.fromkeys(str(c) for frame in frames for c in frame if c not in (VALUE, "file")))
    whole = pd.concat(frames, ignore_index=True)[[*dimensions, VALUE, "file"]]
    return whole.fillna(dict.fromkeys(dimensions, TOTAL))


def positions(frame: pd.DataFrame, name: str, codes: Sequence[str]) -> np.ndarray:
    """Where each row's code stands among some codes, −1 if it does not; a dimension the frame lacks is its total."""
    column = frame[name] if name in frame else pd.Series(TOTAL, index=frame.index)
    return pd.Index(list(codes)).get_indexer(pd.Index(column))


def _total(code: str) -> str:
    return TOTAL if not code or code == TOTAL or code.lower() in TOTAL_WORDS else code


def read_hierarchy(path: Path | str | None) -> pd.DataFrame:
    """Which code is a sum of which: columns ``dim``, ``hierarchy``, ``parent``, ``child``; empty without a file."""
    columns = ["dim", "hierarchy", "parent", "child"]
    if path is None:
        return pd.DataFrame(columns=columns, dtype=str)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig").rename(columns=str.strip)
    if not {"dim", "parent", "child"} <= set(frame):
        raise DatasetError(
            f"{Path(path).name} must have the columns dim, parent and child; it has {', '.join(map(str, frame.columns))}."
        )
    frame = frame.assign(hierarchy=frame.get("hierarchy", ""))[columns]
    return frame.assign(parent=frame["parent"].map(_total)).drop_duplicates(ignore_index=True)


class Cells:
    """All cells an attacker can speak of: a key each, the bounds known from outside, and the sums between them.

    Parameters
    ----------
    counts : DataFrame
        From `read_counts`.
    hierarchy : DataFrame
        From `read_hierarchy`; a dimension it does not name is flat.
    """

    LIMIT = 250_000
    """Up to so many combinations of codes, cells that no file mentions are reckoned with as well."""

    def __init__(self, counts: pd.DataFrame, hierarchy: pd.DataFrame):
        self.dimensions = [str(c) for c in counts if c not in (VALUE, "file")]
        self.codes: list[list[str]] = []
        relations = []
        for name in self.dimensions:
            known = hierarchy[hierarchy["dim"] == name]
            codes = list(dict.fromkeys([TOTAL, *counts[name], *known["parent"], *known["child"]]))
            self.codes.append(codes)
            place = {code: i for i, code in enumerate(codes)}
            if len(known):
                groups = known.groupby(["parent", "hierarchy"], sort=False)["child"]
                relations.append([(place[p], np.array([place[c] for c in part])) for (p, _), part in groups])
                loose = set(codes) - set(known["parent"]) - set(known["child"]) - {TOTAL}
                if loose:
                    raise DatasetError(
                        f"{name}: code {sorted(loose)[0]!r} is in a table and not in the hierarchy. Say what it is part of."
                    )
            else:
                relations.append([(0, np.arange(1, len(codes)))] if len(codes) > 1 else [])
        self.wholes = [[whole for whole, _ in of_dimension] for of_dimension in relations]
        self.size = [len(codes) for codes in self.codes]
        full = int(np.prod(self.size, dtype=float))
        given = self.key(counts)
        self.keys = np.arange(full) if full <= self.LIMIT else np.unique(given)
        self.lines = self._lines(relations, expand=full > self.LIMIT)

    def find(self, frame: pd.DataFrame) -> np.ndarray:
        """Where the cells of some rows stand among `keys`."""
        return np.searchsorted(self.keys, self.key(frame))

    def finest(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows stand at codes that are no sum of others, in every dimension."""
        at = [positions(frame, name, codes) for name, codes in zip(self.dimensions, self.codes, strict=True)]
        return np.all([~np.isin(codes, whole) for codes, whole in zip(at, self.wholes, strict=True)], axis=0)

    def key(self, frame: pd.DataFrame) -> np.ndarray:
        """A number for each row's combination of codes.

        Raises
        ------
        DatasetError
            A code that no table and no hierarchy knows.
        """
        columns = []
        for name, codes in zip(self.dimensions, self.codes, strict=True):
            at = positions(frame, name, codes)
            if (at < 0).any():
                raise DatasetError(f"{name}: code {frame[name].iloc[int((at < 0).argmax())]!r} is in no table.")
            columns.append(at)
        return np.ravel_multi_index(columns, self.size) if columns else np.zeros(len(frame), int)

    def _lines(self, relations, *, expand: bool):
        """Sums as a sparse matrix, +1 for the parts and −1 for the whole."""
        from scipy import sparse

        strides = [int(np.prod(self.size[i + 1 :], dtype=np.int64)) for i in range(len(self.size))]
        wholes, parts = [], []
        for d, of_dimension in enumerate(relations):
            at = self.keys // strides[d] % self.size[d]
            for whole, children in of_dimension:
                above = self.keys[at == whole]
                below = above[:, None] + (children - whole) * strides[d]
                if expand:
                    seen = np.isin(below, self.keys).any(axis=1)
                    above, below = above[seen], below[seen]
                wholes.append(above)
                parts.append(below)
        if expand and parts:
            self.keys = np.unique(np.concatenate([self.keys, *(part.ravel() for part in parts)]))
        count, rows, columns, signs = 0, [], [], []
        for above, below in zip(wholes, parts, strict=True):
            line = count + np.arange(len(above))
            rows += [line, np.repeat(line, below.shape[1])]
            columns += [np.searchsorted(self.keys, above), np.searchsorted(self.keys, below.ravel())]
            signs += [-np.ones(len(above)), np.ones(below.size)]
            count += len(above)
        if not count:
            return sparse.csr_array((0, len(self.keys)))
        places = np.concatenate(rows), np.concatenate(columns)
        return sparse.csr_array((np.concatenate(signs), places), shape=(count, len(self.keys)))

    def words(self, places: np.ndarray) -> pd.DataFrame:
        """The codes of some cells."""
        at = np.unravel_index(self.keys[places], self.size) if self.size else []
        return pd.DataFrame(
            {n: np.array(c, object)[i] for n, c, i in zip(self.dimensions, self.codes, at, strict=True)}
        )

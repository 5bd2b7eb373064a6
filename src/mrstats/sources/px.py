"""PC-Axis files (.px) with everything their publisher says in them, read into a `Cube`. `mrstats.sources.px_writer` writes them.

What a Cube has no room for becomes an optional note ``KEYWORD: text``, so that nothing of a file is lost but `IGNORED`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.schema import DatasetError
from mrstats.sources.cube import Cube, Dimension, Note, Unit
from mrstats.sources.px_text import Statement, decode, statements

SYMBOLS = (".", "..", "...", "....", ".....", "......", ".......", "-")
"""What stands in DATA for no figure: DATASYMBOL1 to 6, DATASYMBOLSUM, and DATASYMBOLNIL, a true zero."""
NIL, NOT_SHOWN = "-", ".."
SYMBOL_WORDS = dict(
    zip((*(f"DATASYMBOL{i}" for i in range(1, 7)), "DATASYMBOLSUM", "DATASYMBOLNIL"), SYMBOLS, strict=True)
)
OWN_LOOK = {*zip(SYMBOL_WORDS, SYMBOLS, strict=True), ("DATASYMBOLSUM", "*")}

NOTES = ("NOTE", "VALUENOTE", "CELLNOTE")
"""With an X at the end they must be shown wherever the figures are."""
OF_CELLS = ("CELLNOTE", "CELLNOTEX", "DATANOTECELL")
OF_CONTENTS = {
    "UNITS",
    "LAST-UPDATED",
    "CONTACT",
    "STOCKFA",
    "CFPRICES",
    "DAYADJ",
    "SEASADJ",
    "BASEPERIOD",
    "REFPERIOD",
}
HELD = {
    "LANGUAGE", "LANGUAGES", "TITLE", "DESCRIPTION", "CONTENTS", "STUB", "HEADING", "CONTVARIABLE", "VALUES", "CODES",
    "VARIABLECODE", "TIMEVAL", "VARIABLE-TYPE", "MAP", "ELIMINATION", "UNITS", "DECIMALS", "SHOWDECIMALS", "PRECISION",
    "LAST-UPDATED", "CONTACT", "SOURCE", "MATRIX", "TABLEID", "AGGREGALLOWED", "KEYS", "DATANOTECELL", "DATA",
}  # fmt: skip
IGNORED = {
    **dict.fromkeys(("CHARSET", "AXIS-VERSION", "CODEPAGE"), "how the file is written"),
    **dict.fromkeys(("CREATION-DATE", "DATABASE", "DIRECTORY-PATH", "INFOFILE"), "where the publisher keeps the file"),
    **dict.fromkeys(("SUBJECT-AREA", "SUBJECT-CODE"), "the publisher's shelf"),
    **dict.fromkeys(
        ("PRESTEXT", "DOUBLECOLUMN", "AUTOPEN", "DESCRIPTIONDEFAULT", "CONFIDENTIAL"), "how PxWeb shows the table"
    ),
    **dict.fromkeys(("DOMAIN", "HIERARCHYLEVELS"), "the name of a value set that is not in the file"),
    **dict.fromkeys(("STOCKFA", "COPYRIGHT"), "a code for PxWeb's own calculations and licence line"),
    "DATANOTESUM": "the mark PxWeb sets at its own sums",
}
"""Keywords that say nothing about the figures, and why."""


def read_px(path: Path, *, language: str = "") -> Cube:
    """A PX file as a Cube.

    Parameters
    ----------
    path : Path
    language : str
        One of the file's languages, such as ``"sv"``; left out: the file's own first one. What is not said in it is
        taken from the first.

    Returns
    -------
    Cube
        A cell's `status` holds the symbol as it stands in DATA (``"."`` to ``"......"``; ``"-"`` is a true zero and has
        the value 0) and after it the file's mark for the cell (DATANOTECELL). A ``#`` in a note is a new line, two part
        notes. A symbol that the file gives a look of its own (DATASYMBOL2) is told in a note.

    Raises
    ------
    DatasetError
        The file is missing, cut off, or its parts do not fit together; the message names row or keyword.
    """
    if not path.exists():
        raise DatasetError(f"{path.name}: the file is missing from {path.parent.name}/. Put the file there.")
    return _Reader(list(statements(decode(path.read_bytes(), path.name), path.name)), path.name, language).cube()


class _Reader:
    """Statements by keyword and place: dimension and category instead of the names that each language has for them."""

    def __init__(self, given: list[Statement], name: str, language: str):
        self.name = name
        first = next((s.values[0] for s in given if s.keyword == "LANGUAGE"), "sv")
        listed = next((s.values for s in given if s.keyword == "LANGUAGES"), (first,))
        self.language = language or first
        if self.language not in {first, *listed}:
            raise DatasetError(f"{name} has no language {language!r}; it has {', '.join(listed)}.")
        self.order = list(dict.fromkeys((self.language, first)))
        self.said: dict[tuple[str, str, tuple[str, ...]], list[tuple[str, ...]]] = defaultdict(list)
        for s in given:
            self.said[s.language or first, s.keyword, s.keys].append(s.values)
        self.names = {spoken: self._axes(spoken) for spoken in self.order}
        if not self.names[self.language]:
            raise DatasetError(f"{name} has neither STUB nor HEADING in {self.language!r}. Deliver it again.")
        self.labels = {
            spoken: [self._need(spoken, "VALUES", axis) for axis in self.names[spoken]] for spoken in self.order
        }
        shapes = {tuple(map(len, labels)) for labels in self.labels.values()}
        if len(shapes) > 1:
            raise DatasetError(
                f"{name}: the languages {' and '.join(self.order)} do not have the same number of variables and values. "
                "Deliver it again."
            )
        self.axes = range(len(self.names[self.language]))
        self.codes = [self._codes(axis) for axis in self.axes]
        self.ids = [self._of(axis, "VARIABLECODE", self.names[self.language][axis])[0] for axis in self.axes]
        contents = {values[0][0] for (_, word, _), values in self.said.items() if word == "CONTVARIABLE"}
        self.metric = next((a for a in self.axes for names in self.names.values() if names[a] in contents), None)
        self.placed: dict[tuple[str, tuple[str, ...]], dict[str, list[tuple[str, ...]]]] = {}
        for (spoken, keyword, keys), values in self.said.items():
            if spoken in self.order:
                held = self.placed.setdefault((keyword, self._place(spoken, keyword, keys)), {})
                held[spoken] = held.get(spoken, []) + values

    def _axes(self, spoken: str) -> tuple[str, ...]:
        return tuple(
            a for word in ("STUB", "HEADING") for values in self.said.get((spoken, word, ()), ()) for a in values
        )

    def _need(self, spoken: str, keyword: str, axis: str) -> tuple[str, ...]:
        found = self.said.get((spoken, keyword, (axis,)))
        if not found:
            raise DatasetError(f'{self.name} lacks {keyword}("{axis}"), which STUB or HEADING names. Deliver it again.')
        return found[0]

    def _codes(self, axis: int) -> tuple[str, ...]:
        variable, labels = self.names[self.language][axis], self.labels[self.language][axis]
        times = self._of(axis, "TIMEVAL")[1:]  # the first says which unit; a range of times says no more than VALUES
        codes = self._of(axis, "CODES") or (times if len(times) == len(labels) else labels)
        if len(codes) != len(labels):
            raise DatasetError(
                f'{self.name}: CODES("{variable}") has {len(codes)} codes for {len(labels)} values. Deliver it again.'
            )
        if len(set(codes)) < len(codes):
            twice = next(code for code in codes if codes.count(code) > 1)
            raise DatasetError(
                f'{self.name}: {twice!r} stands twice in the codes of "{variable}". Give each value its own.'
            )
        return codes

    def _of(self, axis: int, keyword: str, *otherwise: str) -> tuple[str, ...]:
        for spoken in self.order:
            if found := self.said.get((spoken, keyword, (self.names[spoken][axis],))):
                return found[0]
        return otherwise

    def _table(self, keyword: str, otherwise: str) -> str:
        found = (self.said.get((spoken, keyword, ())) for spoken in self.order)
        return next((values[0][0] for values in found if values), otherwise)

    def _place(self, spoken: str, keyword: str, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The keys as codes: of dimension and category, or for cells one category or ``*`` a dimension."""
        names = self.names[spoken]
        if keyword in OF_CELLS and len(keys) == len(names):
            codes = [self._category(spoken, axis, key) for axis, key in enumerate(keys)]
        elif len(keys) == 1 and keyword in OF_CONTENTS and self.metric is not None:
            codes = [self.ids[self.metric], self._category(spoken, self.metric, keys[0])]
        elif keys and keys[0] in names:
            axis = names.index(keys[0])
            codes = [self.ids[axis], *(self._category(spoken, axis, key) for key in keys[1:])]
        else:
            codes = list(keys)
        return tuple(codes)

    def _category(self, spoken: str, axis: int, key: str) -> str:
        labels, codes = self.labels[spoken][axis], self.codes[axis]
        if key == "*" or (key not in labels and key not in codes):
            return key
        return codes[labels.index(key)] if key in labels else key

    def cube(self) -> Cube:
        frame = self._frame()
        self._mark_cells(frame)
        updated = [
            texts[0][0] for (word, _), said in self.placed.items() if word == "LAST-UPDATED" for texts in said.values()
        ]
        contacts = [self._pick(said)[0][0] for (word, _), said in self.placed.items() if word == "CONTACT"]
        return Cube(
            frame,
            tuple(self._dimension(axis) for axis in self.axes),
            label=self._table("TITLE", "") or self._table("DESCRIPTION", "") or self._table("CONTENTS", ""),
            source=self._table("SOURCE", ""),
            updated=max(updated, default=""),
            notes=tuple(self._notes()),
            units=self._units(),
            contacts=tuple(dict.fromkeys(person for text in contacts for person in _persons(text))),
            aggregation_allowed=self._table("AGGREGALLOWED", "YES").upper() != "NO",
            language=self.language,
            code=self._table("TABLEID", "") or self._table("MATRIX", ""),
        )

    def _pick(self, said: dict[str, list[tuple[str, ...]]]) -> list[tuple[str, ...]]:
        return next(said[spoken] for spoken in self.order if spoken in said)

    def _dimension(self, axis: int) -> Dimension:
        codes, labels = self.codes[axis], self.labels[self.language][axis]
        kind = self._of(axis, "VARIABLE-TYPE", "")[0].upper()
        if axis == self.metric:
            role = "metric"
        elif kind == "T" or self._of(axis, "TIMEVAL"):
            role = "time"
        else:
            role = "geo" if kind == "G" or self._of(axis, "MAP") else ""
        left_out = self._of(axis, "ELIMINATION", "NO")[0]
        total = None
        if left_out.upper() not in ("YES", "NO"):
            total = next(
                (
                    self._category(spoken, axis, left_out)
                    for spoken in self.order
                    if left_out in self.labels[spoken][axis]
                ),
                left_out,
            )
            if total not in codes:
                raise DatasetError(
                    f'{self.name}: ELIMINATION("{self.names[self.language][axis]}")="{left_out}" is none of its values. Correct that line.'
                )
        return Dimension(
            self.ids[axis],
            self.names[self.language][axis],
            dict(zip(codes, labels, strict=True)),
            role=role,
            total=total,
            can_be_left_out=left_out.upper() != "NO",
        )

    def _units(self) -> dict[str, Unit]:
        shown = int(self._table("SHOWDECIMALS", "") or self._table("DECIMALS", "0"))
        if self.metric is None:
            return {"": Unit(self._table("UNITS", ""), shown)}
        units, metric = {}, self.ids[self.metric]
        for code in self.codes[self.metric]:
            said, exact = self.placed.get(("UNITS", (metric, code))), self.placed.get(("PRECISION", (metric, code)))
            name = self._pick(said)[0][0] if said else self._table("UNITS", "")
            units[code] = Unit(name, int(self._pick(exact)[0][0]) if exact else shown)
        return units

    def _notes(self) -> Iterator[Note]:
        for (keyword, place), said in self.placed.items():
            plain = keyword.removesuffix("X")
            texts = [text for values in self._pick(said) for value in values for text in value.split("##") if text]
            if keyword in SYMBOL_WORDS:
                texts = [f"{SYMBOL_WORDS[keyword]} = {text}" for text in texts if (keyword, text) not in OWN_LOOK]
            elif plain not in NOTES and (keyword not in HELD or self._is_astray(keyword, place)):
                texts = [] if keyword in IGNORED else [f"{keyword}: {text}" for text in texts if text not in ("NO", "")]
            elif plain not in NOTES:
                continue
            at, strange = self._at(keyword, place)
            for text in texts:
                yield Note(
                    ": ".join([*strange, text.replace("#", "\n")]), mandatory=keyword in {f"{n}X" for n in NOTES}, at=at
                )

    def _is_astray(self, keyword: str, place: tuple[str, ...]) -> bool:
        """Decimals of what is no content: the Cube keeps them by content alone."""
        return keyword == "PRECISION" and (self.metric is None or place[0] != self.ids[self.metric])

    def _at(self, keyword: str, place: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Where a note belongs; keys that name nothing in the table go before its text instead."""
        if keyword in OF_CELLS:
            at = {axis: code for axis, code in zip(self.ids, place, strict=False) if code != "*"}
            known = len(place) == len(self.ids)
        else:
            at = {place[0]: place[1] if len(place) > 1 else ""} if place else {}
            known = len(place) <= 2
        codes = dict(zip(self.ids, self.codes, strict=True))
        known = (
            known and all(code in ("", *codes.get(axis, ())) for axis, code in at.items()) and at.keys() <= codes.keys()
        )
        return (at, ()) if known else ({}, place)

    def _frame(self) -> pd.DataFrame:
        frame = pd.MultiIndex.from_product(self.codes, names=self.ids).to_frame(index=False)
        tokens = re.findall(r'"[^"]*"|[^\s,;"]+', self._table("DATA", ""))
        keyed = [axis for axis in self.axes if self._of(axis, "KEYS")]
        texts = self._unpacked(tokens, keyed) if keyed else [token.strip('"') for token in tokens]
        if len(texts) != len(frame):
            sizes = " × ".join(str(len(codes)) for codes in self.codes)
            raise DatasetError(
                f"{self.name}: DATA holds {len(texts)} cells where the variables make {sizes} = {len(frame)}. Deliver it again."
            )
        column = pd.Series(texts, dtype=object)
        status = column.where(column.isin(SYMBOLS), "")
        values = pd.to_numeric(column.mask(status != "", None).mask(column == NIL, "0"), errors="coerce").astype(float)
        wrong = values.isna() & (status == "") | np.isinf(values)
        if wrong.any():
            first = int(wrong.to_numpy().argmax())
            cell = frame.iloc[first].to_dict()
            raise DatasetError(
                f"{self.name}: {column.iloc[first]!r} in DATA, at {', '.join(f'{k}={v}' for k, v in cell.items())}, is neither "
                "a number nor a symbol. Deliver it again."
            )
        return frame.assign(value=values, status=status.astype(str))

    def _unpacked(self, tokens: list[str], keyed: list[int]) -> list[str]:
        """The cells of a file with KEYS, whose lines of nothing but zeros are left out."""
        if keyed != list(range(len(keyed))):
            raise DatasetError(
                f"{self.name}: KEYS names other variables than the first ones. Deliver the file without KEYS."
            )
        width = int(np.prod([len(codes) for codes in self.codes[len(keyed) :]], initial=1))
        rows, step = {}, len(keyed) + width
        for start in range(0, len(tokens), step):
            line = [token.strip('"') for token in tokens[start : start + step]]
            key = tuple(self._category(self.language, axis, text) for axis, text in zip(keyed, line, strict=False))
            rows[key] = line[len(keyed) :]
        wanted = list(pd.MultiIndex.from_product([self.codes[axis] for axis in keyed]))
        wanted = [key if isinstance(key, tuple) else (key,) for key in wanted]
        if strange := sorted(set(rows) - set(wanted)):
            raise DatasetError(
                f"{self.name}: DATA has a line for {', '.join(strange[0])}, which VALUES does not name. Deliver it again."
            )
        return [text for key in wanted for text in rows.get(key, ["0"] * width)]

    def _mark_cells(self, frame: pd.DataFrame) -> None:
        for (keyword, place), said in self.placed.items():
            if keyword == "DATANOTECELL":
                here = np.ones(len(frame), bool)
                for axis, code in zip(self.ids, place, strict=False):
                    here &= (frame[axis] == code).to_numpy() if code != "*" else True
                mark = self._pick(said)[0][0]
                frame.loc[here, "status"] = [f"{symbol} {mark}".strip() for symbol in frame.loc[here, "status"]]


def _persons(text: str) -> list[str]:
    """Contacts one by one: parted by ``||``, or by ``##``; their lines become one."""
    persons = text.split("||") if "||" in text else text.split("##")
    lines = [[line.strip(" ,") for line in person.split("#") if line.strip(" ,")] for person in persons]
    return [", ".join(person) for person in lines if person]

"""JSON-stat 2.0 as PxWeb and Eurostat serve it, read and written with its symbols, notes, units and contacts."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mrstats.schema import DatasetError
from mrstats.sources.cube import Cube, Dimension, Note, Unit
from mrstats.sources.scb_excel import ZERO_SYMBOLS

ROLES = ("time", "geo", "metric")


def read_jsonstat(source: str | bytes | Mapping[str, Any], *, where: str = "JSON-stat") -> Cube:
    """A JSON-stat 2.0 dataset, or the description of one without cells, as a cube.

    Parameters
    ----------
    source : str, bytes or mapping
        The text, or the object it was parsed to (left as it is).
    where : str
        File or address that an error names.

    Returns
    -------
    Cube
        An empty cell stays NaN, with its symbol where there is one; a dash is a true zero; a symbol beside a value leaves
        the value. What a cube has no place for stands in `details` of the cube and of its dimensions.

    Raises
    ------
    DatasetError
        The text is no JSON-stat 2.0 dataset, or its cells do not fit its dimensions; the message says which and where.

    Examples
    --------
    >>> cube = read_jsonstat({"version": "2.0", "class": "dataset", "label": "People", "id": ["sex"], "size": [3],
    ...     "dimension": {"sex": {"label": "sex", "category": {"index": ["men", "women", "all"]}}},
    ...     "value": {"0": 5, "2": 9}, "status": {"1": ".."}})
    >>> cube.frame
         sex  value status
    0    men    5.0
    1  women    NaN     ..
    2    all    9.0
    """
    data = _parsed(source, where)
    extension = data.pop("extension", {})
    px = extension.pop("px", {})
    roles = {code: role for role, codes in data.pop("role", {}).items() for code in codes}
    described = data.pop("dimension")
    codes, sizes = data.pop("id"), data.pop("size")
    if len(codes) != len(sizes) or set(codes) - set(described):
        raise DatasetError(f"{where}: id, size and dimension do not name the same dimensions. Fetch it again.")
    notes = _take_notes(data, extension, {})
    dimensions: list[Dimension] = []
    units: dict[str, Unit] = {}
    values = data.pop("value", [])
    for code, size in zip(codes, sizes, strict=True):
        dimension, its_units, its_notes = _dimension(code, described[code], roles.get(code, ""), where)
        if values and len(dimension.categories) != size:  # a description without cells may be a cut one
            raise DatasetError(
                f"{where}: {code} has {len(dimension.categories)} categories where size says {size}. Fetch it again."
            )
        dimensions.append(dimension)
        units |= its_units
        notes += its_notes
    notes += [Note(cell["text"], cell["mandatory"], cell["at"]) for cell in extension.pop("cellNote", [])]
    if "units" in px:
        units[""] = Unit(px.pop("units"), px.pop("decimals", None))
    told = {
        "label": data.pop("label", ""),
        "source": data.pop("source", ""),
        "updated": data.pop("updated", ""),
        "aggregation_allowed": px.pop("aggregallowed", True),
        "language": px.pop("language", ""),
        "code": px.pop("tableid", "") or px.get("matrix", ""),
    }
    contacts = tuple(_contact(contact) for contact in extension.get("contact", []))
    frame = _frame(dimensions, values, data.pop("status", None), where)
    del data["version"], data["class"]
    details = data | _kept(extension=extension | _kept(px=px))
    return Cube(frame, tuple(dimensions), notes=tuple(notes), units=units, contacts=contacts, details=details, **told)


def write_jsonstat(cube: Cube) -> dict[str, Any]:
    """A cube as a JSON-stat 2.0 dataset, in the words that PxWeb uses; `read_jsonstat` gives the cube back.

    Returns
    -------
    dict
        Ready for `json.dumps`; a cell without value is null, with its symbol in ``status``.

    Raises
    ------
    DatasetError
        The rows are not the cells of the dimensions in their order, or a unit belongs to no metric.

    Examples
    --------
    >>> from mrstats.sources import Cube, Dimension
    >>> frame = pd.DataFrame({"sex": ["men", "women"], "value": [5.0, np.nan], "status": ["", ".."]})
    >>> written = write_jsonstat(Cube(frame, (Dimension("sex", "Sex", {"men": "Men", "women": "Women"}),), "People"))
    >>> written["value"], written["status"]
    ([5, None], {'1': '..'})
    """
    cells = cube.frame[[d.code for d in cube.dimensions]].astype(str).reset_index(drop=True)
    if len(cells) and not cells.equals(_cells(cube.dimensions)):
        raise DatasetError(
            f"{cube.label or cube.code}: the rows are not the cells of {', '.join(d.code for d in cube.dimensions)} "
            "in their order. Sort them by the dimensions, one row a cell."
        )
    measured = {code for dimension in cube.dimensions if dimension.role == "metric" for code in dimension.categories}
    if strange := sorted(cube.units.keys() - measured - {""}):
        raise DatasetError(
            f"{cube.label or cube.code}: there is a unit for {strange[0]!r}, which is no category of a metric dimension. "
            'Give the dimension role="metric".'
        )
    status = {str(row): symbol for row, symbol in enumerate(cube.frame["status"]) if symbol}
    everywhere = [note for note in cube.notes if not note.at]
    on_cells = [note for note in cube.notes if len(note.at) > 1]
    px = {"aggregallowed": cube.aggregation_allowed} | _kept(tableid=cube.code, language=cube.language)
    if "" in cube.units:
        px |= {"units": cube.units[""].name} | _decimals(cube.units[""])
    written: dict[str, Any] = {
        "version": "2.0",
        "class": "dataset",
        "label": cube.label,
        **_kept(source=cube.source, updated=cube.updated, note=[note.text for note in everywhere]),
        **_kept(role=_kept(**{role: [d.code for d in cube.dimensions if d.role == role] for role in ROLES})),
        "id": [d.code for d in cube.dimensions],
        "size": [len(d.categories) for d in cube.dimensions],
        "dimension": {d.code: _written_dimension(d, cube) for d in cube.dimensions},
        "extension": _kept(
            noteMandatory=_mandatory(everywhere),
            cellNote=[{"at": n.at, "text": n.text, "mandatory": n.mandatory} for n in on_cells],
        )
        | {"px": px},
        "value": [_number(value) for value in cube.frame["value"].tolist()],
        **_kept(status=status),
    }
    written = merged(written, cube.details)
    if tuple(_contact(contact) for contact in written["extension"].get("contact", [])) != cube.contacts:
        written["extension"]["contact"] = [{"raw": text} for text in cube.contacts]
    return written


def _parsed(source: str | bytes | Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        data = json.loads(source) if isinstance(source, str | bytes) else copy.deepcopy(dict(source))
    except ValueError as error:  # also bytes that are no UTF-8
        raise DatasetError(f"{where}: the text is not whole JSON ({error}). Fetch it again.") from None
    if not isinstance(data, dict) or data.get("class") != "dataset" or not str(data.get("version")).startswith("2"):
        raise DatasetError(f"{where}: this is no JSON-stat 2.0 dataset. Ask for the format json-stat2.")
    for key in ("id", "size", "dimension"):
        if key not in data:
            raise DatasetError(f"{where}: the dataset has no {key!r}. Ask for the format json-stat2.")
    return data


def _dimension(code, told, role, where) -> tuple[Dimension, dict[str, Unit], list[Note]]:
    category, extension = told.pop("category", {}), told.pop("extension", {})
    labels = category.pop("label", {})
    index = category.pop("index", None) or list(labels)  # a lone category may have a label only
    order = sorted(index, key=index.__getitem__) if isinstance(index, dict) else list(index)
    positions = [index[c] for c in order] if isinstance(index, dict) else list(range(len(order)))
    if positions != list(range(len(order))) or len(set(order)) < len(order):
        raise DatasetError(f"{where}: the categories of {code} do not stand in one order. Fetch it again.")
    units = {}
    for metric, unit in category.get("unit", {}).items():
        units[metric] = Unit(unit.pop("base", ""), unit.pop("decimals", None))
    role = role or ("metric" if units else "")
    rest = {metric: unit for metric, unit in category.pop("unit", {}).items() if unit}
    notes = _take_notes(told, extension, {code: ""})
    must = extension.pop("categoryNoteMandatory", {})
    for value, texts in category.pop("note", {}).items():
        notes += _notes(texts, must.get(value, {}), {code: value})
    for value, draft in extension.pop("valueNote", {}).items():  # how drafts of the API wrote them
        notes += [Note(note["text"], note["mandatory"], {code: value}) for note in draft]
    dimension = Dimension(
        code,
        told.pop("label", code),
        {c: labels.get(c, c) for c in order},
        role,
        total=extension.pop("eliminationValueCode", None),
        can_be_left_out=extension.pop("elimination", False),
        details=told | _kept(extension=extension, category=category | _kept(unit=rest)),
    )
    return dimension, units, notes


def _take_notes(told: dict, extension: dict, at: dict[str, str]) -> list[Note]:
    """The notes of a table or dimension, taken out of it; drafts of the API wrote them in the extension."""
    notes = _notes(told.pop("note", []), extension.pop("noteMandatory", {}), at)
    return notes + [Note(note["text"], note["mandatory"], at) for note in extension.pop("note", [])]


def _notes(texts: list[str] | str, mandatory: dict[str, bool], at: dict[str, str]) -> list[Note]:
    texts = [texts] if isinstance(texts, str) else texts
    return [Note(text, bool(mandatory.get(str(place))), at) for place, text in enumerate(texts)]


def _contact(contact: Mapping[str, str]) -> str:
    """A contact in one line: as the publisher writes it, else its parts."""
    parts = [contact.get(key, "") for key in ("name", "organization", "phone", "mail")]
    return contact.get("raw", "").strip() or ", ".join(part for part in parts if part)


def _cells(dimensions: Iterable[Dimension]) -> pd.DataFrame:
    """One row a cell, the last dimension fastest."""
    codes = {dimension.code: np.array(list(dimension.categories), dtype=object) for dimension in dimensions}
    sizes = [len(of) for of in codes.values()]
    places = np.unravel_index(np.arange(math.prod(sizes)), sizes) if sizes else []
    return pd.DataFrame(
        {code: pd.Series(of[at], dtype=str) for (code, of), at in zip(codes.items(), places, strict=True)}
    )


def _frame(dimensions: list[Dimension], values, status, where: str) -> pd.DataFrame:
    count = math.prod(len(dimension.categories) for dimension in dimensions)
    if isinstance(values, list) and not values and count:
        frame = _cells([]).reindex(columns=[d.code for d in dimensions]).astype(str)
        return frame.assign(value=pd.Series(dtype=float), status=pd.Series(dtype=str))
    numbers = _spread(values, count, None, "value", where)
    try:
        value = np.array(numbers, dtype=float)
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{where}: a cell is no number ({error}). Fetch it again.") from None
    status = [status] * count if isinstance(status, str) else _spread(status or {}, count, "", "status", where)
    symbol = pd.Series([mark or "" for mark in status], dtype=str)
    value[np.isnan(value) & symbol.isin(ZERO_SYMBOLS).to_numpy()] = 0.0
    return _cells(dimensions).assign(value=value, status=symbol)


def _spread(given, count: int, empty, what: str, where: str) -> list:
    """One entry a cell from a list, or from an object of cell numbers that leaves the empty ones out."""
    if isinstance(given, dict):
        spread = [empty] * count
        for place, entry in given.items():
            if not place.isdigit() or int(place) >= count:
                raise DatasetError(
                    f"{where}: {what} has a cell {place!r}, but there are {count} cells. Fetch it again."
                )
            spread[int(place)] = entry
        return spread
    if len(given) != count:
        raise DatasetError(f"{where}: {what} has {len(given)} entries for {count} cells. Fetch it again.")
    return given


def _written_dimension(dimension: Dimension, cube: Cube) -> dict[str, Any]:
    at = [note for note in cube.notes if list(note.at) == [dimension.code]]
    whole = [note for note in at if not note.at[dimension.code]]
    of = {c: [n for n in at if n.at[dimension.code] == c] for c in dimension.categories}
    of = {code: notes for code, notes in of.items() if notes}
    units = cube.units if dimension.role == "metric" else {}
    told = {
        "label": dimension.label,
        **_kept(note=[note.text for note in whole]),
        "category": {
            "index": {code: place for place, code in enumerate(dimension.categories)},
            "label": dict(dimension.categories),
            **_kept(unit={c: {"base": u.name} | _decimals(u) for c, u in units.items() if c}),
            **_kept(note={code: [note.text for note in notes] for code, notes in of.items()}),
        },
        "extension": {"elimination": dimension.can_be_left_out}
        | _kept(
            eliminationValueCode=dimension.total,
            noteMandatory=_mandatory(whole),
            categoryNoteMandatory=_kept(**{code: _mandatory(notes) for code, notes in of.items()}),
        ),
    }
    return merged(told, dimension.details)


def _mandatory(notes: list[Note]) -> dict[str, bool]:
    return {str(place): True for place, note in enumerate(notes) if note.mandatory}


def _decimals(unit: Unit) -> dict[str, int]:
    return {} if unit.decimals is None else {"decimals": unit.decimals}


def _number(value: float) -> float | int | None:
    return None if math.isnan(value) else int(value) if value.is_integer() else value


def _kept(**entries) -> dict[str, Any]:
    """Those entries that say something."""
    return {key: entry for key, entry in entries.items() if entry}


def merged(ours: dict[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Both, object in object; where both say something, ours."""
    both = {**theirs, **ours}
    return both | {
        key: merged(ours[key], theirs[key])
        for key in ours.keys() & theirs.keys()
        if isinstance(ours[key], dict) and isinstance(theirs[key], Mapping)
    }

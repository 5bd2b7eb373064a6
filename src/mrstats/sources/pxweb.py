"""Clients of PxWeb, the service of SCB and many others: tables found, described and fetched within the service's limits."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mrstats.definitions import nearest
from mrstats.schema import SourceError, UnknownNameError
from mrstats.sources.code_selection import select_codes
from mrstats.sources.cube import Cube, Dimension
from mrstats.sources.jsonstat import merged, read_jsonstat
from mrstats.sources.web import Web

SCB = "https://statistikdatabasen.scb.se/api/v2"
OLD_MAX_CELLS = 100_000
"""What SCB's page on its old service allows at once; the old service has no place to ask."""

Selection = Mapping[str, str | int | Iterable[str | int]]
Progress = Callable[[str, int, int], object] | None


@dataclass(frozen=True)
class CodeList:
    """Another set of codes for a variable: a choice among its own, or groups of them."""

    code: str
    label: str
    kind: str
    """``Valueset`` or ``Aggregation``."""
    labels: dict[str, str]
    members: dict[str, tuple[str, ...]]
    """The variable's own codes that each code stands for."""
    can_be_left_out: bool


class _Installation:
    """What both versions of the service have in common; they differ in how a table is described and asked for."""

    def __init__(self, base_url: str, *, language: str, max_cells: int | None, progress: Progress = None, **connection):
        self.base_url = base_url.rstrip("/")
        self.language, self.progress = language, progress or (lambda table, done, total: None)
        self.web = Web(**connection)
        self._max_cells = max_cells

    def metadata(self, table: str) -> Cube:
        """The table's dimensions, notes and units, as a cube without cells."""
        raise NotImplementedError

    def _part(self, table: str, selection: dict[str, list[str]], codelists: Mapping[str, str], edition: str) -> Cube:
        raise NotImplementedError

    def _choices(self, dimension: Dimension, codelists: Mapping[str, str]) -> list[str]:
        return list(dimension.categories)

    def _fetch(
        self,
        table: str,
        selection: Selection,
        codelists: Mapping[str, str],
        max_cells: int,
        described: Cube | None = None,
    ) -> Cube:
        described = described or self.metadata(table)
        _check_selection(table, described, selection, codelists)
        chosen = {
            dimension.code: select_codes(
                selection[dimension.code],
                self._choices(dimension, codelists),
                time=dimension.role == "time",
                what=f"{dimension.code} in {table}",
            )
            for dimension in described.dimensions
            if dimension.code in selection
        }
        parts = _split(chosen, max_cells)
        total = math.prod(map(len, chosen.values()))
        self.progress(table, 0, total)
        cubes: list[Cube] = []
        for part in parts:
            cube = self._part(table, part, codelists, described.updated)
            _check_unchanged(table, described, part, cube, cubes[:1])
            cubes.append(cube)
            self.progress(table, sum(len(cube.frame) for cube in cubes), total)
        whole = _joined(cubes, chosen)
        return replace(whole, language=whole.language or self.language, code=whole.code or table)


class PxWeb(_Installation):
    """A PxWeb installation of version 2, such as SCB's or SSB's.

    Parameters
    ----------
    base_url : str
        Address up to and with ``/v2``.
    language : str
        Of labels and notes, as the installation's `config` names it.
    progress : callable, optional
        Receives the table, the cells that have come and all its cells, before the first call and after each.
    **connection
        ``cache, offline, refresh, report`` and the other parameters of `mrstats.sources.web.Web`.

    Examples
    --------
    >>> scb = PxWeb(cache="data/raw/scb")
    >>> people = scb.data("TAB6574", {"Region": "1280*", "Kon": "*", "Alder": "*", "ContentsCode": "*", "Tid": "TOP(3)"})
    ... # doctest: +SKIP
    """

    def __init__(self, base_url: str = SCB, *, language: str = "sv", **connection):
        super().__init__(base_url, language=language, max_cells=None, **connection)

    def config(self) -> dict[str, Any]:
        """What the service says about itself; its limit of calls is kept from then on.

        Raises
        ------
        SourceError
            It says no limits: an installation of version 1, or a wrong address.
        """
        return self._config

    @functools.cached_property
    def _config(self) -> dict[str, Any]:
        config = self._json("/config")
        try:
            self.web.limit(config["maxCallsPerTimeWindow"], config["timeWindow"])
            self._max_cells = max(1, config["maxDataCells"])
        except (KeyError, TypeError):
            raise SourceError(
                f"{self.base_url}/config names no limits. Check the base address; PxWebV1 reads old installations."
            ) from None
        return config

    def search(self, text: str) -> pd.DataFrame:
        """The tables that the service finds for a text.

        Returns
        -------
        DataFrame
            One row a table: ``table, label, first_period, last_period, updated, variables, source``.
        """
        self.config()
        found: list[dict[str, Any]] = []
        number, last = 1, 1
        while number <= last:
            page = self._json("/tables", query=text, pageSize=100, pageNumber=number)
            found += page["tables"]
            number, last = number + 1, page["page"]["totalPages"]
        columns = {
            "table": "id", "label": "label", "first_period": "firstPeriod", "last_period": "lastPeriod",
            "updated": "updated", "variables": "variableNames", "source": "source",
        }  # fmt: skip
        rows = [{ours: table.get(theirs) for ours, theirs in columns.items()} for table in found]
        return pd.DataFrame(rows, columns=list(columns))

    def metadata(self, table: str) -> Cube:
        """The table's dimensions, notes and units, as a cube without cells."""
        self.config()
        answer = self.web.fetch(f"{self.base_url}/tables/{table}/metadata", {"lang": self.language})
        return read_jsonstat(answer.body, where=answer.url)

    def codelist(self, code: str) -> CodeList:
        """A code list of some variable, by the name that `metadata` gives under the dimension's ``codelists``."""
        self.config()
        told = self._json(f"/codelists/{code}")
        values = told["values"]
        return CodeList(
            told["id"],
            told["label"],
            told["type"],
            {value["code"]: value.get("label", value.get("value", value["code"])) for value in values},
            {value["code"]: tuple(value.get("valueMap", ())) for value in values},
            told.get("elimination", False),
        )

    def data(
        self,
        table: str,
        selection: Selection,
        *,
        codelists: Mapping[str, str] | None = None,
        described: Cube | None = None,
    ) -> Cube:
        """The selected cells of a table, in as many calls as the service's limits ask for.

        Parameters
        ----------
        table : str
            Such as ``"TAB6574"``.
        selection : mapping of str to str or iterable of str
            Variable to codes or selection expressions (`mrstats.sources.code_selection.select_codes`). A variable may be left
            out only where the publisher allows it.
        codelists : mapping of str to str, optional
            Variable to the code list its codes are taken from.
        described : Cube, optional
            What `metadata` has just said of the table, so that it is not asked again.

        Returns
        -------
        Cube
            Cells in the publisher's order of codes, however many calls they came in.

        Raises
        ------
        UnknownNameError
            A variable, code or code list that the table does not have, or a variable nothing is selected of.
        SourceError
            The service fails, or the table was changed between the calls.
        """
        self.config()
        assert self._max_cells is not None
        return self._fetch(table, selection, codelists or {}, self._max_cells, described)

    def _json(self, path: str, **params) -> Any:
        return self.web.fetch(f"{self.base_url}{path}", {"lang": self.language, **params}).json()

    def _choices(self, dimension: Dimension, codelists: Mapping[str, str]) -> list[str]:
        if dimension.code not in codelists:
            return list(dimension.categories)
        asked = codelists[dimension.code]
        there = [known["id"] for known in dimension.details.get("extension", {}).get("codelists", [])]
        if there and asked not in there:
            raise UnknownNameError(f"{dimension.code} has no code list {asked!r}; {nearest(asked, there)}.")
        return list(self.codelist(asked).labels)

    def _part(self, table: str, selection: dict[str, list[str]], codelists: Mapping[str, str], edition: str) -> Cube:
        asked = [
            {"variableCode": code, "valueCodes": codes} | ({"codelist": codelists[code]} if code in codelists else {})
            for code, codes in selection.items()
        ]
        answer = self.web.fetch(
            f"{self.base_url}/tables/{table}/data",
            {"lang": self.language, "outputFormat": "json-stat2"},
            body={"selection": asked},
            edition=edition,
        )
        return read_jsonstat(answer.body, where=answer.url)


class PxWebV1(_Installation):
    """A PxWeb installation of version 1, which cities and authorities outside SCB still run.

    Parameters
    ----------
    base_url : str
        Address of the database with its language, such as ``https://api.scb.se/OV0104/v1/doris/sv/ssd``.
    language : str
        What that language is called.
    max_cells : int
        Most cells at once. The service does not tell; nor how often it may be asked (``calls``, ``seconds``).
    **connection
        ``cache, offline, refresh, report`` and the other parameters of `mrstats.sources.web.Web`.
    """

    def __init__(self, base_url: str, *, language: str = "sv", max_cells: int = OLD_MAX_CELLS, **connection):
        super().__init__(base_url, language=language, max_cells=max_cells, **connection)

    def metadata(self, table: str) -> Cube:
        """The table's dimensions, as a cube without cells; `table` is its path under the base address."""
        answer = self.web.fetch(f"{self.base_url}/{table}")
        told = answer.json()
        if not isinstance(told, dict) or "variables" not in told:
            inside = ", ".join(str(entry.get("id")) for entry in told) if isinstance(told, list) else "no variables"
            raise SourceError(f"{answer.url} is a folder, not a table: it holds {inside}. Write the path to a table.")
        dimensions = tuple(
            Dimension(
                variable["code"],
                variable.get("text", variable["code"]),
                dict(zip(variable["values"], variable.get("valueTexts", variable["values"]), strict=True)),
                "time" if variable.get("time") else "",
                can_be_left_out=variable.get("elimination", False),
            )
            for variable in told["variables"]
        )
        frame = pd.DataFrame(columns=[*(d.code for d in dimensions), "value", "status"])
        return Cube(frame, dimensions, told.get("title", ""), language=self.language, code=table)

    def data(self, table: str, selection: Selection) -> Cube:
        """The selected cells of a table; see `PxWeb.data`. `table` is its path under the base address."""
        assert self._max_cells is not None
        return self._fetch(table, selection, {}, self._max_cells)

    def _part(self, table: str, selection: dict[str, list[str]], codelists: Mapping[str, str], edition: str) -> Cube:
        query = [{"code": code, "selection": {"filter": "item", "values": codes}} for code, codes in selection.items()]
        body = {"query": query, "response": {"format": "json-stat2"}}
        answer = self.web.fetch(f"{self.base_url}/{table}", body=body)
        return read_jsonstat(answer.body, where=answer.url)


def _check_selection(table: str, described: Cube, selection: Selection, codelists: Mapping[str, str]) -> None:
    """A variable left out by mistake would silently become the service's own choice."""
    known = [dimension.code for dimension in described.dimensions]
    for code in [*selection, *codelists]:
        if code not in known:
            raise UnknownNameError(f"{table} has no variable {code!r}; {nearest(code, known)}.")
    for code in codelists:
        if code not in selection:
            raise UnknownNameError(
                f"{table}: {code} has a code list and no selection. Select its codes, or '*' for all."
            )
    open_ones = [d for d in described.dimensions if d.code not in selection]
    needed = [d for d in open_ones if not d.can_be_left_out or not selection]
    if needed:
        codes = "; ".join(f"{d.code} ({_some(d.categories)})" for d in needed)
        raise UnknownNameError(f"{table}: nothing is selected of {codes}. Select codes of each, or '*' for all.")


def _some(codes: Iterable[str]) -> str:
    codes = list(codes)
    return ", ".join(codes) if len(codes) <= 8 else f"{', '.join(codes[:6])} … {codes[-1]}, {len(codes)} codes"


def _split(selection: dict[str, list[str]], most: int) -> list[dict[str, list[str]]]:
    """The selection cut over its largest dimension, until no part holds more cells than the service gives at once."""
    cells = math.prod(len(codes) for codes in selection.values())
    if cells <= most:
        return [selection]
    largest = max(selection, key=lambda code: len(selection[code]))
    codes = selection[largest]
    width = max(1, most * len(codes) // cells)
    pieces = [{**selection, largest: codes[start : start + width]} for start in range(0, len(codes), width)]
    return [part for piece in pieces for part in _split(piece, most)]


def _check_unchanged(table: str, described: Cube, asked: dict[str, list[str]], cube: Cube, first: list[Cube]) -> None:
    """Every part holds the codes asked for, with one day of update and one set of labels."""
    changes = []
    there = {dimension.code: dimension for dimension in cube.dimensions}
    for code, codes in asked.items():
        given = set(there[code].categories) if code in there else set()
        if given != set(codes):
            lost, new = sorted(set(codes) - given), sorted(given - set(codes))
            changes += [f"{code} came without {_some(lost)}"] if lost else []
            changes += [f"{code} came with {_some(new)}, not asked for"] if new else []
    for code, dimension in there.items():
        if code not in asked and len(dimension.categories) > 1:
            changes.append(f"{code} came with {len(dimension.categories)} categories though it was left out")
    if not len(cube.frame):
        changes.append("a call came without cells")
    day = described.updated or (first[0].updated if first else cube.updated)
    if cube.updated > day or (not described.updated and cube.updated != day):
        changes.append(f"updated {cube.updated}, before that {day}")
    for before in first:
        for dimension in before.dimensions:
            same = there[dimension.code].categories if dimension.code in there else {}
            renamed = [c for c, label in dimension.categories.items() if same.get(c, label) != label]
            if renamed:
                changes.append(f"{dimension.code} {renamed[0]} is called something else")
    if changes:
        raise SourceError(
            f"{table} was changed while it was fetched: {'; '.join(changes)}. Fetch it again with refresh=True."
        )


def _joined(cubes: list[Cube], chosen: dict[str, list[str]]) -> Cube:
    """The parts as one cube, its codes in the publisher's order."""
    first = cubes[0]
    dimensions = []
    for place, dimension in enumerate(first.dimensions):
        same = [cube.dimensions[place] for cube in cubes]
        labels = {code: label for d in same for code, label in d.categories.items()}
        order = chosen.get(dimension.code, list(labels))
        details = functools.reduce(merged, [d.details for d in same])
        dimensions.append(replace(dimension, categories={c: labels[c] for c in order}, details=details))
    frame = pd.concat([cube.frame for cube in cubes], ignore_index=True)
    places = [
        pd.Index(list(dimension.categories)).get_indexer(pd.Index(frame[dimension.code])) for dimension in dimensions
    ]
    row = np.ravel_multi_index(places, [len(dimension.categories) for dimension in dimensions])
    frame = frame.iloc[np.argsort(row, kind="stable")].reset_index(drop=True)
    notes = [note for cube in cubes for note in cube.notes]
    return replace(
        first,
        frame=frame,
        dimensions=tuple(dimensions),
        updated=max(cube.updated for cube in cubes),
        notes=tuple(note for place, note in enumerate(notes) if note not in notes[:place]),
        units={metric: unit for cube in cubes for metric, unit in cube.units.items()},
        aggregation_allowed=all(cube.aggregation_allowed for cube in cubes),
    )

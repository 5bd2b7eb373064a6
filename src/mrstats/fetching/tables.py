"""SCB's tables by DeSO and RegSO, each described by the service before it is asked for, as CSV of what is published."""

from __future__ import annotations

import dataclasses
import functools
import re

import pandas as pd

from mrstats import sources
from mrstats.fetching.run import NOTHING, Outcome, Run
from mrstats.fetching.spec import CONTENTS, Resolved, column_of, factor_list, parts_of, plain, resolve, table_list
from mrstats.language import LANGUAGES
from mrstats.schema import ServiceDownError, SourceError, UnknownNameError
from mrstats.vintages import split_codes

LEVELS = {"deso": re.compile(r"\d{4}[ABC]\d{4}"), "regso": re.compile(r"\d{4}R\d{3}")}


def fetch_tables(run: Run, base: str) -> None:
    """Every table of the list that is published for some of the years."""
    client, english = (sources.PxWeb(base, language=code, progress=run.progress, **run.web) for code in LANGUAGES)
    first, last = run.years
    for spec in table_list():
        for part in parts_of(spec):
            what = " or ".join(part["ids"])
            if part.get("from", 0) > last or part.get("to", 9999) < first:
                years = f"{part.get('from', '')}–{part.get('to', '')}"
                run.outcomes.append(Outcome(spec["name"], what, NOTHING, reason=f"{what} is published for {years}."))
                continue
            fetch = functools.partial(_fetch_table, run, client, english, spec, part)
            run.attempt(spec["name"], what, client.web, fetch, files=[part["file"]])


def _fetch_table(run: Run, client: sources.PxWeb, english: sources.PxWeb, spec: dict, part: dict) -> int:
    """Describe, select, ask, write; the number of cells."""
    before = len(client.web.receipts)
    described, known = _described(client, spec, part["ids"])
    region, time = _role(described, "geo", "Region"), _role(described, "time", "Tid")
    codes = pd.Series(list(region.categories), dtype=str)
    run.label = run.label or region.categories.get(run.municipality, "").removeprefix(run.municipality).strip()
    bare = split_codes(codes)["code"]
    own = codes[bare.str.startswith(run.municipality) & bare.str.fullmatch(LEVELS[spec["level"]].pattern)]
    if own.empty:
        raise UnknownNameError(
            f"SCB's table {described.code} has no {spec['level']} of municipality {run.municipality}. Check the number; "
            f"the table has {len(codes)} areas, the first {codes.iloc[0]!r}."
        )
    wanted = [year for year in time.categories if run.years[0] <= int(year[:4]) <= run.years[1]]
    if not wanted:
        raise SourceError(
            f"SCB's table {described.code} has nothing for {run.years[0]}–{run.years[1]}; it has "
            f"{', '.join(time.categories)}. Ask for those years."
        )
    chosen = {
        d.code: [code for code, label in d.categories.items() if plain(label) in known.kept[_column(d)]]
        for d in described.dimensions
        if d not in (region, time)
    }
    chosen |= {region.code: list(own), time.code: wanted}
    cube = client.data(described.code, chosen, described=described)
    _write_cube(cube, run.folder / part["file"], spec["level"], region.code, time.code)
    receipts, labels = client.web.receipts[before:], _labels(described, english, known)
    run.wrote(part["file"], "scb", receipts, notes=cube.mandatory_notes, labels=labels)
    return len(cube.frame)


def _labels(described: sources.Cube, english: sources.PxWeb, known: Resolved) -> dict[str, dict[str, str]]:
    """How a publisher writes the groups that the list has no words for, in both languages where it has both."""
    made: dict[str, dict[str, str]] = {}
    for name, column in known.columns.items():
        if "codes" in factor_list()[name]:
            continue
        (own,) = [dimension for dimension in described.dimensions if _column(dimension) == column]
        try:
            other = {d.code: d.categories for d in english.metadata(described.code).dimensions}.get(own.code, {})
        except SourceError:  # an installation in one language
            other = {}
        made |= {plain(label): {"sv": label, "en": other.get(code, label)} for code, label in own.categories.items()}
    return made


def _described(client: sources.PxWeb, spec: dict, ids: list[str]) -> tuple[sources.Cube, Resolved]:
    """The first of the ids whose description is what the list says."""
    troubles = []
    for code in ids:
        try:
            cube = dataclasses.replace(client.metadata(code), code=code)
            outer = (_role(cube, "geo", "Region"), _role(cube, "time", "Tid"))
            texts = {_column(d): [*map(plain, d.categories.values())] for d in cube.dimensions if d not in outer}
            return cube, resolve(spec, texts, f"SCB's table {code}")
        except ServiceDownError:
            raise
        except SourceError as error:
            troubles.append(str(error))
    raise SourceError(" ".join(troubles))


def _column(dimension: sources.Dimension) -> str:
    metric = dimension.role == "metric" or dimension.code == "ContentsCode"
    return CONTENTS if metric else column_of(dimension.label)


def _role(cube: sources.Cube, role: str, code: str) -> sources.Dimension:
    found = [d for d in cube.dimensions if d.role == role] or [d for d in cube.dimensions if d.code == code]
    if not found:
        raise SourceError(
            f"SCB's table {cube.code} has no dimension of areas or time ({', '.join(d.code for d in cube.dimensions)}). Its "
            "publisher has changed it; correct it in fetching/tables.toml."
        )
    return found[0]


def _write_cube(cube: sources.Cube, path, level: str, region: str, time: str) -> None:
    """One row a cell: area code under its level's name, the other dimensions as texts in lower case, year, value and symbol."""
    columns = {level: cube.frame[region], "year": cube.frame[time].str[:4]}
    for dimension in cube.dimensions:
        if dimension.code not in (region, time):
            texts = {code: plain(label) for code, label in dimension.categories.items()}
            columns[_column(dimension)] = cube.frame[dimension.code].map(texts)
    frame = pd.DataFrame(columns).assign(value=cube.frame["value"], symbol=cube.frame["status"])
    frame.to_csv(path, index=False, lineterminator="\n")

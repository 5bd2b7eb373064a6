"""Kolada's key figures of a municipality, and of its schools and homes, as tables that the dataset reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from mrstats import sources
from mrstats.fetching.run import MISSING, Outcome, Run
from mrstats.schema import UnknownNameError
from mrstats.sources.code_selection import nearest_code

TABLE, UNITS, UNIT_NAMES = "kolada", "kolada_units", "kolada_unit_names.csv"
GENDERS = {"T": "totalt", "K": "kvinnor", "M": "män"}
UNIT_OF_TITLE = {"%": {"sv": "procent", "en": "per cent"}}
POPULATION = {
    TABLE: {"sv": "hela kommunen", "en": "the whole municipality"},
    UNITS: {"sv": "kommunens enheter", "en": "the municipality's units"},
}


def fetch_kolada(run: Run, base: str | None, kpis: Sequence[str], *, units: bool) -> None:
    """The figures asked for by sex and year, and what Kolada says they are; with `units` those of every unit too."""
    if not kpis:
        raise UnknownNameError("Kolada has thousands of indicators: name those wanted, such as --kpi N00945.")
    client = sources.Kolada(**({"base_url": base} if base else {}), **run.web)
    asked: list[str] = []  # those that Kolada has, known once it has been asked

    def municipality() -> int:
        known = client.kpis().set_index("kpi")
        for kpi in dict.fromkeys(kpis):
            if kpi in known.index:
                asked.append(kpi)
            else:
                why = f"Kolada has no KPI {kpi!r}; {nearest_code(kpi, list(known.index))}."
                run.outcomes.append(Outcome(kpi, "Kolada", MISSING, reason=why))
        if not asked:
            raise UnknownNameError(f"Kolada has none of {', '.join(kpis)}. Look them up at kolada.se.")
        return _write(run, client, TABLE, client.data(asked, [run.municipality], _years(run)), asked)

    def of_units() -> int:
        known = client.kpis()
        by_unit = set(known["kpi"][known["by_unit"].eq(True)])
        divided = [kpi for kpi in asked if kpi in by_unit]
        if not divided:
            raise UnknownNameError(f"Kolada has none of {', '.join(asked)} by unit. Leave --units out.")
        names = client.units(run.municipality)
        figures = client.unit_data(divided, list(names["unit"]), _years(run))
        names = names[names["unit"].isin(set(figures["unit"]))]
        size = _write(run, client, UNITS, figures, divided)
        names.to_csv(run.folder / UNIT_NAMES, index=False, lineterminator="\n")
        run.wrote(UNIT_NAMES, "kolada", client.web.receipts)
        return size

    run.attempt(TABLE, "Kolada", client.web, municipality, files=[f"{TABLE}.csv"])
    if units:
        run.attempt(UNITS, "Kolada", client.web, of_units, files=[f"{UNITS}.csv"])


def _years(run: Run) -> list[int]:
    return list(range(run.years[0], run.years[1] + 1))


def _write(run: Run, client: sources.Kolada, table: str, figures: pd.DataFrame, kpis: Sequence[str]) -> int:
    """Figures as published, one row each; a KPI without any is told, and what Kolada says of the others is noted."""
    for kpi in sorted(set(kpis) - set(figures["kpi"])):
        why = f"Kolada has no figures of {kpi} for {run.municipality} in {run.years[0]}–{run.years[1]}."
        run.outcomes.append(Outcome(kpi, "Kolada", MISSING, reason=why))
    if figures.empty:
        raise UnknownNameError(f"Kolada has no figures for {run.municipality} in {run.years[0]}–{run.years[1]}.")
    place = "unit" if table == UNITS else "municipality"
    rows = figures.assign(kön=figures["gender"].map(GENDERS), symbol=figures["status"])
    rows[["kpi", "title", place, "year", "kön", "value", "symbol"]].to_csv(
        run.folder / f"{table}.csv", index=False, lineterminator="\n"
    )
    known = client.kpis().set_index("kpi")["description"]
    notes = [f"{kpi}: {known[kpi]}" for kpi in kpis if known[kpi]]
    run.wrote(f"{table}.csv", "kolada", client.web.receipts, notes=notes)
    return len(figures)


def kolada_indicators(rows: pd.DataFrame, table: str, notes: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An indicator for every KPI of a table, in Kolada's own words."""
    told = dict(note.split(": ", 1) for note in notes)
    for kpi, title in rows.drop_duplicates("kpi")[["kpi", "title"]].itertuples(index=False):
        measured = (re.findall(r"\(([^()]+)\)\s*$", title) or [""])[0]
        unit = UNIT_OF_TITLE.get(measured, dict.fromkeys(("sv", "en"), measured or "enligt titeln"))
        indicator: dict[str, Any] = {
            "table": table,
            "measure": "published",
            "numerator": f'kpi == "{kpi}"',
            "label": dict.fromkeys(("sv", "en"), title),
            "population": POPULATION[table],
            "unit": unit,
            "source": {"sv": f"Kolada (RKA), {kpi}", "en": f"Kolada (RKA), {kpi}"},
        }
        if kpi in told:
            indicator["note"] = dict.fromkeys(("sv", "en"), told[kpi])
        yield (f"{kpi}_units" if table == UNITS else kpi), indicator

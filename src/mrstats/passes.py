"""Passes over persons that several indicators of a table share: all are counted at once, each read as if alone. No figure."""

from __future__ import annotations

from collections.abc import Sequence

import narwhals as nw
import pandas as pd

from mrstats import engine
from mrstats.dataset import City, TableSource
from mrstats.definitions import Indicator
from mrstats.queries import added_up, progress
from mrstats.sampled import Sample, read_sample


class Passes:
    """What a call has read of a city's persons: one pass for all its indicators of a table, made when one of them asks."""

    def __init__(self, city: City, indicators: Sequence[Indicator]):
        self.city = city
        self._of_table: dict[str, list[Indicator]] = {}
        for indicator in indicators:
            self._of_table.setdefault(indicator.table, []).append(indicator)
        self._cells: dict[tuple, dict[str, pd.DataFrame]] = {}
        self._samples: dict[tuple, dict[str, Sample]] = {}

    def cells(self, indicator: Indicator, keys: engine.Keys) -> pd.DataFrame:
        """As `mrstats.engine.indicator_cells`."""
        key = _key(indicator, keys)
        together = self._of_table[indicator.table]
        if len(together) == 1 or self.city.description.tables[indicator.table].grain != "person":
            together, key = [indicator], (*key, indicator.name)
        if key not in self._cells:
            self._cells[key] = _cells_of(self.city, together, keys)
        return self._cells[key][indicator.name].copy(deep=False)

    def sample(self, indicator: Indicator, keys: engine.Keys) -> Sample:
        """Persons of a year's sample with their keys and outcome, and their design."""
        key = _key(indicator, keys)
        if key not in self._samples:
            self._samples[key] = read_sample(self.city, self._of_table[indicator.table], keys)
        return self._samples[key][indicator.name]


def _key(indicator: Indicator, keys: engine.Keys) -> tuple:
    return indicator.table, keys.years, keys.area_column, *(factor.factor.name for factor in keys.factors)


def _cells_of(city: City, indicators: Sequence[Indicator], keys: engine.Keys) -> dict[str, pd.DataFrame]:
    """Cells of each of several indicators of a table of persons, from one pass over it."""
    if len(indicators) == 1:
        return {indicators[0].name: engine.indicator_cells(city, indicators[0], keys)}
    source = city.description.tables[indicators[0].table]
    frame, by = engine.keyed_frame(city, indicators[0], keys, beside=indicators[1:], rowwise=False)
    numbered = {f" {number}": indicator for number, indicator in enumerate(indicators)}
    frame, yes_no = engine.with_outcomes(frame, numbered)
    made = {
        which: _amounts_beside(indicator, source, answer, which)
        for (which, indicator), answer in zip(numbered.items(), yes_no, strict=True)
    }
    sums = {f"{name}{which}": amount for which, amounts in made.items() for name, amount in amounts.items()}
    counted = [
        f"{name}{which}" for which, amounts in made.items() for name in engine.counted(city, indicators[0], amounts)
    ]
    with progress(source.name):
        cells = added_up(frame, by, sums, counted)
    tables = {}
    for indicator, (which, amounts) in zip(indicators, made.items(), strict=True):
        own = cells[[*by, *(f"{name}{which}" for name in amounts)]].set_axis([*by, *amounts], axis=1)
        tables[indicator.name] = engine.checked_cells(own, city, indicator, keys, frame, by)
    return tables


def _amounts_beside(indicator: Indicator, source: TableSource, yes_no: bool, which: str) -> dict[str, nw.Expr]:
    """What is added up where the rows of other indicators lie among an indicator's own; `which` tells its columns."""
    known = [~nw.col(f"{name}{which}").is_null() for name in ("y_", "x_")[: 1 + bool(indicator.per)]]
    counts = nw.all_horizontal(nw.col(f"keep_{which}"), *known, ignore_nulls=False)
    amounts = engine.amounts(indicator, source, yes_no, which)
    return {name: nw.when(counts).then(amount) for name, amount in amounts.items()}

"""Made-up persons for timing: evenly spread, so that almost every cell is occupied. They resemble no city."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mrstats.dataset import City
from mrstats.dataset.description import describe
from mrstats.sources import read_parquet

YEARS = range(2015, 2025)
FACTORS = {
    "sex": ["1", "2"],
    "education": ["1", "2", "3", "4"],
    "born": ["SE", "N", "EU", "E", "W"],
}
AGES = ["0-15", "16-29", "30-44", "45-64", "65+"]
DESO = [f"9980C{1000 + i}" for i in range(180)]
COLUMNS = ["sex", "age", "education", "born"]

TEXT = ["label", "population", "share", "unit", "source"]
DESCRIPTION = """
[dataset]
name = "bench"
label = "Mätstad"
municipality = "9980"
synthetic = true
years = {years}
[tables.persons]
files = "none"
grain = "person"
year = "year"
person = "person_id"
[indicators.income]
table = "persons"
measure = "mean"
numerator = "income"
"""


def write_persons(path: Path, persons: int, years: int) -> Path:
    """`persons` rows over so many years as one Parquet file."""
    random = np.random.default_rng(1)
    size = persons // years
    with pq.ParquetWriter(path, _year(random, 1, 2024).schema) as writer:
        for year in list(YEARS)[-years:]:
            for start in range(0, size, 1_000_000):
                writer.write_table(_year(random, min(1_000_000, size - start), year, start), row_group_size=122_880)
    return path


def _year(random: np.random.Generator, size: int, year: int, first: int = 0) -> pa.Table:
    def drawn(codes: list[str]) -> pa.Array:
        return pa.array(codes).take(pa.array(random.integers(0, len(codes), size)))

    columns = {"year": np.full(size, year, np.int16), "person_id": np.arange(first, first + size), "deso": drawn(DESO)}
    columns |= {name: drawn(codes) for name, codes in FACTORS.items()}
    columns["age"] = random.integers(0, 100, size).astype(np.int16)
    columns["income"] = np.round(random.gamma(3, 80, size), 1)
    return pa.table(columns)


def bench_city(path: Path, years: int) -> City:
    """A city over that file."""
    parts = [DESCRIPTION.format(years=list(YEARS)[-years:]), *(f'{name} = "{name}"\n' for name in TEXT)]
    for name, codes in [*FACTORS.items(), ("age", AGES)]:
        how = "ranges = true" if name == "age" else "codes = { " + ", ".join(f'{c} = "{c}"' for c in codes) + " }"
        groups = "\n".join(f'[[factors.{name}.groups]]\ncode = "{c}"\nlabel = "{c}"\namong = "{c}"' for c in codes)
        parts.append(f'[factors.{name}]\ntable = "persons"\ncolumn = "{name}"\nlabel = "{name}"\n{how}\n{groups}\n')
    return City(describe(tomllib.loads("".join(parts))), None, language="sv", frames={"persons": read_parquet([path])})


def hierarchy() -> dict[str, tuple[list[str], dict[str, str]]]:
    """City < 5 districts < 30 RegSO < 180 DeSO."""
    inside = {
        "city": dict.fromkeys(DESO, "9980"),
        "district": {code: f"D{i // 36}" for i, code in enumerate(DESO)},
        "regso": {code: f"R{i // 6:02}" for i, code in enumerate(DESO)},
        "deso": {code: code for code in DESO},
    }
    return {level: (sorted(set(upward.values())), upward) for level, upward in inside.items()}

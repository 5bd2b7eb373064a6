"""Numbers from outside, and made-up cities in memory or on disk, for the tests of the core rooms."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.dataset.description import describe

ROOT = Path(__file__).parents[1]
SHARED = ROOT / ".." / "shared"

DATASET = """
[dataset]
name = "made"
label = "Påhittstad"
municipality = "9990"
synthetic = true
years = [2023, 2024]
"""
PERSON_TABLE = """
[tables.people]
files = "people-*.parquet"
grain = "person"
year = "year"
person = "person_id"
protected = "protected_identity"
"""
CELL_TABLE = """
[tables.people]
files = "people-*.csv"
grain = "cell"
year = "year"
count = "persons"
"""
FACTORS = """
[factors.sex]
table = "people"
column = "sex"
codes = { "1" = "men", "2" = "women" }
[factors.education]
table = "people"
column = "education"
codes = { "1" = "lower", "2" = "lower", "3" = "upper", "5" = "post_short", "6" = "post_long", US = "unknown" }
"""
AGE = """
[factors.age_group]
table = "people"
column = "age"
ranges = true
"""
AREAS = """
[geographies.area]
label = "område"
definite = "området"
plural = "områden"
definite_plural = "områdena"
file = "areas.csv"
column = "area"
code = "code"
name = "name"
parent = "district"
parent_code = "parent"
[geographies.district]
file = "districts.csv"
code = "code"
name = "name"
"""


def indicator(name: str, measure: str, *, numerator: str = "", denominator: str = "", more: str = "") -> str:
    """One section of a dataset.toml."""
    parts = [f'[indicators.{name}]\ntable = "people"\nmeasure = "{measure}"\nlabel = "{name}"']
    parts += ['population = "alla"', 'share = "andelen"', 'unit = "enhet"', 'source = "register"']
    parts += [f"numerator = '{numerator}'"] if numerator else []
    parts += [f"denominator = '{denominator}'"] if denominator else []
    return "\n".join([*parts, more, ""])


WORK = "age >= 20 and age <= 64"
INDICATORS = "".join(
    [
        indicator(
            "employment",
            "proportion",
            numerator="employed",
            denominator=WORK,
            more='direction = "favourable"',
        ),
        indicator("low", "proportion", numerator="income < 100", more='direction = "adverse"'),
        indicator("crime", "rate", numerator="events", more='multiplier = 1000\ndirection = "adverse"'),
        indicator("income_mean", "mean", numerator="income", more='direction = "favourable"'),
        indicator("income_total", "total", numerator="income"),
        indicator("population", "count"),
    ]
)
AREA_FRAME = pd.DataFrame(
    {
        "code": ["A1", "A2", "A3", "A4"],
        "name": ["Ask", "Björk", "Ceder", "Druva"],
        "parent": ["D1", "D1", "D2", "D2"],
    }
)
DISTRICT_FRAME = pd.DataFrame({"code": ["D1", "D2"], "name": ["Norr", "Söder"]})
DISTRICT_OF = dict(zip(AREA_FRAME["code"], AREA_FRAME["parent"], strict=True))
SEX = {"1": "men", "2": "women"}
EDUCATION = {"1": "lower", "2": "lower", "3": "upper", "5": "post_short", "6": "post_long", "US": "unknown"}


def toml(
    table: str = PERSON_TABLE,
    *,
    factors: str = FACTORS + AGE,
    indicators: str = INDICATORS,
    areas: str = AREAS,
) -> str:
    return DATASET + table + factors + areas + indicators


def random_people(seed: int = 1, size: int = 600) -> pd.DataFrame:
    """Persons of two years, some without an area, some with protected identity, some with no income known."""
    random = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "year": random.choice([2023, 2024], size),
            "person_id": np.arange(size),
            "sex": random.choice(["1", "2"], size),
            "education": random.choice(list(EDUCATION), size, p=[0.1, 0.1, 0.3, 0.2, 0.25, 0.05]),
            "age": random.integers(0, 95, size),
            "area": random.choice(["A1", "A2", "A3", "A4"], size, p=[0.5, 0.3, 0.15, 0.05]),
            "protected_identity": random.random(size) < 0.03,
            "income": random.gamma(3, 80, size).round(),
            "events": random.poisson(0.08, size),
        }
    )
    people["employed"] = random.random(size) < np.where(people["sex"] == "1", 0.8, 0.65)
    people["area"] = people["area"].where(random.random(size) > 0.04, None)
    people["income"] = people["income"].where(random.random(size) > 0.05)
    return people


def made_city(people: pd.DataFrame, description: str | None = None, *, language: str = "sv") -> City:
    """A city in memory, built as `mrstats.tiny` builds its own."""
    areas = {"area": AREA_FRAME, "district": DISTRICT_FRAME}
    return City(
        describe(tomllib.loads(description or toml())),
        None,
        language=language,
        frames={"people": people},
        areas=areas,
    )


def write_dataset(folder: Path, people: pd.DataFrame, description: str | None = None, *, kind: str = "parquet") -> Path:
    """The same city as a dataset folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.toml").write_text(description or toml(), encoding="utf-8")
    AREA_FRAME.to_csv(folder / "areas.csv", index=False)
    DISTRICT_FRAME.to_csv(folder / "districts.csv", index=False)
    for year, part in people.groupby("year"):
        file = folder / f"people-{year}.{kind}"
        part.to_parquet(file, index=False) if kind == "parquet" else part.to_csv(file, index=False)
    return folder


def reference(folder: str) -> dict:
    """The expected values of a folder in tests/reference; its README says where they come from."""
    return json.loads((Path(__file__).parent / "reference" / folder / "expected.json").read_text(encoding="utf-8"))

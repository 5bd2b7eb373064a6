"""Surveys for the tests: R's own sample beside a register with its margins, and a small one whose answers can be counted."""

import tomllib

import numpy as np
import pandas as pd

from made_city import DATASET, ROOT, indicator
from mrstats.dataset import City
from mrstats.dataset.description import describe

TABLES = """
[tables.register]
files = "none"
grain = "person"
year = "year"
person = "id"
[tables.people]
files = "none"
grain = "person"
year = "year"
person = "id"
weight = "weight"
design_weight = "{design_weight}"
responded = "answered"
strata = "stratum"
{more}
"""
FACTORS = """
[factors.sex]
table = ["register", "people"]
column = "sex"
codes = { man = "men", woman = "women" }
[factors.region]
table = ["register", "people"]
column = "region"
codes = { North = "North", South = "South", East = "East", West = "West" }
label = { sv = "Område", en = "Area" }
groups = [
  { code = "North", label = { sv = "norr", en = "North" } }, { code = "South", label = { sv = "söder", en = "South" } },
  { code = "East", label = { sv = "öster", en = "East" } }, { code = "West", label = { sv = "väster", en = "West" } },
]
"""
QUESTIONS = """
[questions.people]
file = "questions.csv"
agree = [4, 5]
scale = [1, 5]
population = "alla"
source = "Enkät"
"""
ADULTS = indicator("adults", "count").replace('table = "people"', 'table = "register"')
CSV = """question,sv,en,direction
safe,Jag är trygg,I am safe,favourable
calm,Det är lugnt,It is calm,favourable
afraid,Jag är rädd,I am afraid,adverse
"""
MARGINS = {
    variable: dict(zip(margin["level"], margin["population"], strict=True))
    for variable, margin in pd.read_csv(ROOT / "tests" / "reference" / "03_survey" / "margins.csv").groupby("variable")
}


def city_of(
    people, register, folder, *, more="", design_weight="weight", indicators="", scale="[1, 5]", agree="[4, 5]"
):
    """A city in memory with a survey and a register, whose questions are read from a folder."""
    (folder / "questions.csv").write_text(CSV, encoding="utf-8")
    tables = TABLES.format(more=more, design_weight=design_weight)
    questions = QUESTIONS.replace("[1, 5]", scale).replace("[4, 5]", agree)
    toml = DATASET + tables + FACTORS + questions + ADULTS + indicators
    frames = {"people": people, "register": register}
    return City(describe(tomllib.loads(toml), folder), None, language="sv", frames=frames)


def register_of(margins):
    """A person for each of a population, whose sex and region add up to the margins."""
    columns = {name: np.repeat(list(totals), list(totals.values())) for name, totals in margins.items()}
    return pd.DataFrame(columns).assign(year=2024).rename_axis("id").reset_index()


def sample_of_r():
    """R's sample, where everybody has answered."""
    return pd.read_csv(ROOT / "tests" / "reference" / "03_survey" / "persons.csv").assign(year=2024, answered=True)


def small_sample():
    """Eighty men and eighty women asked; 40 and 60 answered, and could: ten men and no woman had moved away."""
    n = 160
    place = np.arange(n)
    people = pd.DataFrame(
        {
            "id": place,
            "year": 2024,
            "sex": np.where(place < 80, "man", "woman"),
            "region": np.where(place % 2, "North", "South"),
            "stratum": 1,
            "answered": np.where(place < 80, place < 40, place < 140),
            "could": ~((place >= 70) & (place < 80)),
            "drawn": np.where(place % 2, 10.0, 30.0),
        }
    )
    people["weight"] = people["drawn"].where(people["answered"])
    random = np.random.default_rng(1)
    view = random.integers(1, 6, n)
    for name, direction in (("safe", 1), ("calm", 1), ("afraid", -1)):
        answer = np.clip(view + random.integers(-1, 2, n), 1, 5)
        people[name] = pd.array(np.where(direction > 0, answer, 6 - answer), "Int64")
        people[name] = people[name].where(people["answered"])
    return people


def city_with(people, folder, *, scale="[1, 5]", agree="[4, 5]", more="", questions="safe,Trygg,Safe,favourable"):
    """A city whose survey has the questions of some lines of CSV."""
    (folder / "questions.csv").write_text(f"question,sv,en,direction\n{questions}\n", encoding="utf-8")
    asked = f'[questions.people]\nfile = "questions.csv"\nagree = {agree}\nscale = {scale}\npopulation = "alla"\nsource = "Enkät"\n'
    tables = TABLES.format(more=more, design_weight="weight")
    toml = tomllib.loads(DATASET + tables + FACTORS + asked + ADULTS)
    return City(
        describe(toml, folder), None, language="sv", frames={"people": people, "register": register_of(MARGINS)}
    )


def people_of(counts, *, year=2024, weight=1.0, first=0, silent=0, question="safe"):
    """So many persons with each answer from 1 on, and some who did not answer the survey."""
    answer = np.repeat(np.arange(1, len(counts) + 1), counts)
    n = len(answer) + silent
    given = pd.array([*answer, *[pd.NA] * silent], "Int64")
    frame = pd.DataFrame({"id": first + np.arange(n), "year": year, "sex": "man", "region": "North", "stratum": 1})
    return frame.assign(answered=np.arange(n) < len(answer), weight=weight, **{question: given})

"""A city of a hundred persons that one can check by hand, for examples and tests. No files."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

import pandas as pd

from mrstats.dataset import City
from mrstats.dataset.description import describe

DESCRIPTION = """
[dataset]
name = "tiny"
label = "Pytteby"
municipality = "9999"
synthetic = true
years = [2024]
[tables.persons]
files = "none"
grain = "person"
year = "year"
person = "person_id"
[factors.sex]
table = "persons"
column = "sex"
codes = { "1" = "men", "2" = "women" }
[factors.country_of_birth_five]
table = "persons"
column = "country_of_birth"
codes = { SE = "SE", world = "world" }
[geographies.area]
label = { sv = "område", en = "area" }
definite = { sv = "området", en = "the area" }
plural = { sv = "områden", en = "areas" }
definite_plural = { sv = "områdena", en = "the areas" }
column = "area"
name = "name"
parent = "district"
parent_code = "parent"
[geographies.district]
name = "name"
[indicators.employment]
table = "persons"
measure = "proportion"
numerator = "employed"
denominator = "age >= 20 and age <= 64"
direction = "favourable"
label = { sv = "Sysselsatta", en = "Employed" }
population = { sv = "20–64 år", en = "aged 20–64" }
share = { sv = "andelen sysselsatta", en = "the share in employment" }
verb = { sv = "är", en = "are" }
rest = { sv = "sysselsatta", en = "employed" }
inf = { sv = "vara sysselsatta", en = "be employed" }
to = { sv = "att vara sysselsatt", en = "to be employed" }
pred = "are employed"
unit = { sv = "procent", en = "per cent" }
source = { sv = "Pyttebys register", en = "Pytteby's register" }
[indicators.visits]
table = "persons"
measure = "mean"
numerator = "visits"
label = { sv = "Biblioteksbesök", en = "Library visits" }
population = { sv = "alla invånare", en = "all residents" }
share = { sv = "antalet biblioteksbesök per invånare", en = "library visits per resident" }
unit = { sv = "besök per invånare", en = "visits per resident" }
source = { sv = "Pyttebys bibliotek", en = "Pytteby's library" }
[indicators.population]
table = "persons"
measure = "count"
label = { sv = "Befolkning", en = "Population" }
population = { sv = "alla invånare", en = "all residents" }
share = { sv = "antalet invånare", en = "the number of residents" }
unit = { sv = "personer", en = "people" }
decimals = 0
source = { sv = "Pyttebys register", en = "Pytteby's register" }
"""


def tiny_city(*, language: str = "sv", years: Sequence[int] = (2024,)) -> City:
    """A hundred made-up persons in memory, the same every time.

    Persons 0–99. Even numbers are women. Every fifth is a child of 10, the others are 40. Of each twenty women of
    working age the first 11 are employed, of each twenty men the first 13. Areas A1–A4 take five persons each in turn, 25 in all; A1 and A2
    make district D1, A3 and A4 district D2. Every fourth person is born outside Europe, the rest in Sweden. Person i
    visits the library i // 20 times.

    Parameters
    ----------
    language : {"sv", "en"}
    years : list of int
        The same persons in every year.

    Returns
    -------
    City

    Examples
    --------
    >>> tiny_city().name
    'tiny'
    """
    number = pd.RangeIndex(100)
    woman, child = number % 2 == 0, number % 5 == 0
    persons = pd.DataFrame(
        {"year": 2024, "person_id": number, "sex": "1", "age": 40, "area": "A1", "country_of_birth": "SE"}
    )
    persons.loc[woman, "sex"] = "2"
    persons.loc[child, "age"] = 10
    persons["area"] = pd.Series(number // 5 % 4).map({0: "A1", 1: "A2", 2: "A3", 3: "A4"})
    persons.loc[number % 4 == 3, "country_of_birth"] = "world"
    order = persons.assign(adult=~child).groupby("sex")["adult"].cumsum()
    persons["employed"] = ~child & ((order - 1) % 20 < persons["sex"].map({"2": 11, "1": 13}))
    persons["visits"] = number // 20
    persons = pd.concat([persons.assign(year=year) for year in years], ignore_index=True)
    areas = pd.DataFrame(
        {
            "code": ["A1", "A2", "A3", "A4"],
            "name": ["Ask", "Björk", "Ceder", "Druva"],
            "parent": ["D1", "D1", "D2", "D2"],
        }
    )
    districts = pd.DataFrame({"code": ["D1", "D2"], "name": ["Norr", "Söder"]})
    description = describe(tomllib.loads(DESCRIPTION.replace("[2024]", str(list(years)))))
    return City(
        description,
        None,
        language=language,
        frames={"persons": persons},
        areas={"area": areas, "district": districts},
    )

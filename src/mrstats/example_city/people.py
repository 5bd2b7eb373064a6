"""Who lives in Exempelstad, year by year: persons in households at places. No outcomes, no files.

Each year people grow a year older, die, are born, leave their parents, move in together, move within
the city, leave it and arrive. Sex, year of birth and country of birth never change.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from mrstats.example_city.areas import regso_places

BIRTH = (
    "SE", "nordic", "eu", "europe", "africa", "asia", "north_america", "south_america", "oceania", "unknown",
)  # fmt: skip
# Shares of the groups after the first among those born abroad.
ABROAD = np.array([0.09, 0.18, 0.22, 0.10, 0.32, 0.02, 0.035, 0.005, 0.03])
EDUCATION = ("1", "2", "3", "4", "5", "6", "7", "US")
LATENT = ("employed", "income", "long_term_income_support", "home_care", "home_care_services", "crime_victim")

# Kinds of household: share, youngest and oldest reference adult, adults, children on average.
KINDS = np.array([
    (0.16, 18, 36, 1, 0.0), (0.21, 25, 74, 1, 0.0), (0.12, 60, 99, 1, 0.0), (0.09, 19, 42, 2, 0.0),
    (0.18, 25, 57, 2, 1.75), (0.10, 41, 73, 2, 0.0), (0.08, 58, 95, 2, 0.0), (0.04, 23, 56, 1, 1.5),
])  # fmt: skip
# How the reference adults' ages lie between youngest and oldest (beta distributions: no age begins abruptly).
AGE_SHAPE = np.array([
    (1.4, 1.9), (1.3, 1.5), (1.5, 1.9), (1.5, 1.5), (1.6, 1.7), (1.5, 1.5), (1.5, 2.1), (1.5, 1.6),
])  # fmt: skip
# How much more often each kind arrives than lives here.
ARRIVING = np.array([3.0, 0.8, 0.10, 2.0, 0.8, 0.3, 0.10, 0.7])
GROWTH = 1.01
PROTECTED, UNPLACED = 0.0015, 0.004  # shares of households


@cache
def truth() -> dict:
    """The stated model, as in `truth.toml`."""
    return tomllib.loads(files("mrstats.example_city").joinpath("truth.toml").read_text(encoding="utf-8"))


@dataclass
class Places:
    """What people need to know of the map: population points by index, and the conditions there."""

    chance: np.ndarray  # share of the people who live at each point, shape (points,)
    regso: np.ndarray  # index of the RegSO of each point
    villas: np.ndarray  # how far the homes at each point are houses for families, 0 to 1
    deprivation: np.ndarray  # of each point: as stated for its RegSO, and the deviation of its DeSO
    abroad_odds: np.ndarray  # odds that an adult settling at each point was born abroad

    @classmethod
    def of(cls, points, rng: np.random.Generator) -> Places:
        stated = [truth()["places"][place["name"]] for place in regso_places()]
        regso = points["regso"].to_numpy()
        deso = np.unique(points["deso"].to_numpy(dtype=str), return_inverse=True)[1]
        deviation = rng.normal(0, truth()["deso_spread"], deso.max() + 1)[deso]
        born_abroad = np.array([place["born_abroad"] for place in stated])[regso]
        return cls(
            chance=points["weight"].to_numpy() / points["weight"].sum(),
            regso=regso,
            villas=1 - np.array([place["density"] for place in regso_places()])[regso],
            deprivation=np.array([place["deprivation"] for place in stated])[regso] + deviation,
            abroad_odds=born_abroad / (1 - born_abroad) * np.exp(deviation),
        )


@dataclass
class People:
    """The residents of one moment: an array per trait, an entry per person; households apart."""

    person: dict[str, np.ndarray]
    household: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.person["id"])

    def at(self, trait: str) -> np.ndarray:
        """A trait of each person's household."""
        return self.household[trait][self.person["household"]]

    def keep(self, staying: np.ndarray) -> None:
        self.person = {name: values[staying] for name, values in self.person.items()}

    def add(self, person: dict, household: dict | None = None) -> None:
        self.person = {name: np.concatenate([values, person[name]]) for name, values in self.person.items()}
        if household is not None:
            self.household = {
                name: np.concatenate([values, household[name]]) for name, values in self.household.items()
            }


def settle(rng: np.random.Generator, places: Places, *, persons: int, year: int) -> People:
    """The residents of the first year, `persons` of them."""
    mean_size = (KINDS[:, 0] * KINDS[:, 3:].sum(axis=1)).sum() / KINDS[:, 0].sum()
    enough = int(persons / mean_size * 1.1) + 20
    people = People(*_households(rng, places, enough, year, first_person=1, first_household=0))
    people.keep(np.arange(len(people)) < persons)
    return people


def next_year(rng: np.random.Generator, places: Places, people: People, *, year: int, target: int) -> None:
    """Live one year, in place; arrivals fill up to `target` persons."""
    person = people.person
    last_id, age = person["id"].max(), year - person["born"]
    oldest = np.zeros(len(people.household["point"]), dtype=np.int16)
    np.maximum.at(oldest, person["household"], age)
    chance = np.array([0.10, 0.042, 0.012])[np.searchsorted([30, 58], oldest, side="right")]
    leaving = rng.random(len(oldest)) < chance
    dies = rng.random(len(age)) < np.exp(-10.6 + 0.097 * age)
    people.keep(~dies & ~leaving[person["household"]])
    _leave_parents(rng, places, people, year)
    _move_in_together(rng, people, year)
    last_id = _give_birth(rng, people, year, last_id)
    _move_within(rng, places, people)
    missing = max(target - len(people), 0)
    person, household = _households(
        rng, places, missing // 2 + 50, year, last_id + 1, len(people.household["point"]), arriving=True
    )
    person = {name: values[:missing] for name, values in person.items()}
    people.add(person, household)
    _live_on(rng, people)


def _households(rng, places, count, year, first_person, first_household, *, arriving=False):
    """New households and the persons in them, in household order."""
    point = _choose_points(rng, places, count)
    deprivation = places.deprivation[point]
    families = np.exp(np.outer(places.villas[point], [-1.8, -1.0, -0.4, -1.0, 1.3, 1.1, 1.1, 0.2]))
    kind = _draw(rng, KINDS[:, 0] * (ARRIVING if arriving else 1.0) * families)
    low, high = KINDS[kind, 1], KINDS[kind, 2]
    skew = rng.beta(AGE_SHAPE[kind, 0], AGE_SHAPE[kind, 1])
    age = np.floor(low + (high - low) * skew)
    partner = KINDS[kind, 3] == 2
    children = np.where(KINDS[kind, 4] > 0, 1 + rng.binomial(4, np.maximum(KINDS[kind, 4] - 1, 0) / 4), 0)
    odds = places.abroad_odds[point] * (1.5 if arriving else 1.0)
    odds *= np.where(age >= 65, 0.55, np.where(age < 45, 1.15, 1.0))
    birth = _births(rng, odds / (1 + odds), deprivation)
    single_parent, lives_alone = rng.random(count) < 0.8, rng.random(count) < np.where(kind == 2, 0.66, 0.48)
    sex = np.where(kind == 7, single_parent, lives_alone).astype(np.int8)
    other_birth = np.where(rng.random(count) < 0.78, birth, _births(rng, odds / (1 + odds), deprivation))
    person = _members(rng, age, sex, birth, other_birth, partner, children, deprivation, year=year, arriving=arriving)
    person["id"] = np.arange(first_person, first_person + len(person["home"]), dtype=np.int32)
    person["household"] = (person.pop("home") + first_household).astype(np.int32)
    return person, _new_homes(rng, point)


def _members(rng, age, sex, birth, other_birth, partner, children, deprivation, *, year: int, arriving: bool) -> dict:
    """The persons of new households, from the reference adult of each; `home` numbers the household."""
    size = 1 + partner + children
    home = np.repeat(np.arange(len(size)), size)
    n = len(home)
    # Within a household: the reference adult is 0, then comes the partner, then the children.
    order = np.arange(n) - np.repeat(np.cumsum(size) - size, size)
    child = order > partner[home]
    other = (order == 1) & partner[home]
    mother = np.where(partner[home] & (sex[home] == 0), age[home] - 2, age[home])
    youngest, eldest = np.clip(mother - 42, 0, 17), np.clip(mother - 20, 1, 24)
    child_age = np.floor(youngest + (eldest - youngest) * rng.random(n))
    partner_age = np.maximum(age[home] + rng.integers(-5, 4, n), 18)
    ages = np.where(child, child_age, np.where(other, partner_age, age[home]))
    same_sex = rng.random(len(size)) < 0.02
    girl = rng.random(n) < 0.486
    sexes = np.where(child, girl, np.where(other & ~same_sex[home], 1 - sex[home], sex[home]))
    born_here = rng.random(n) < (0.3 if arriving else 0.85)
    births = np.where(child & born_here, 0, np.where(other, other_birth[home], birth[home]))
    return _new_persons(rng, births, sexes, year - ages, deprivation[home]) | {"home": home, "child": child}


def _new_homes(rng, point: np.ndarray) -> dict:
    return {
        "point": point.astype(np.int32),
        "unplaced": rng.random(len(point)) < UNPLACED,
        "protected": rng.random(len(point)) < PROTECTED,
    }


def _new_persons(rng, birth, sex, born, deprivation) -> dict:
    """Traits that a person keeps for life, and the luck that drifts slowly."""
    n = len(birth)
    ability = rng.normal(0.15 - 0.45 * deprivation, 1.0) + 0.012 * np.clip(born - 1955, -30, 30)
    ability += np.array([0, 0, 0.15, -0.1, -0.55, -0.25, 0.4, 0.1, 0.3, -0.4])[birth] + 0.15 * sex
    school = np.searchsorted([-1.75, -1.05, -0.55, 0.30, 0.72, 2.35], ability)
    unknown = rng.random(n) < np.where(birth == 0, 0.006, np.where(birth == 9, 0.4, 0.06))
    return {
        "sex": sex.astype(np.int8),
        "born": born.astype(np.int16),
        "birth": birth.astype(np.int8),
        "school": np.where(unknown, 7, school).astype(np.int8),
        "health": rng.random(n).astype(np.float32),
        "reader": rng.gamma(truth()["outcomes"]["library_visits"]["shape"], size=n).astype(np.float32),
        "luck": rng.normal(size=(n, len(LATENT))).astype(np.float32),
    }


def _births(rng, abroad: np.ndarray, deprivation: np.ndarray) -> np.ndarray:
    """Country-of-birth group: 0 with probability 1 - abroad, else one of the nine others."""
    share = ABROAD * np.exp(np.outer(deprivation, [-0.4, -0.3, 0.1, 0.5, 0.4, -0.7, 0.0, -0.7, 0.3]))
    group = 1 + _draw(rng, share)
    return np.where(rng.random(len(abroad)) < abroad, group, 0).astype(np.int8)


def _draw(rng, share: np.ndarray) -> np.ndarray:
    """A column for each row, with chances in proportion to the row's shares."""
    edges = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
    return (rng.random((len(share), 1)) > edges).sum(axis=1).clip(0, share.shape[1] - 1)


def _choose_points(rng, places: Places, count: int) -> np.ndarray:
    return rng.choice(len(places.chance), count, p=places.chance)


def _leave_parents(rng, places: Places, people: People, year: int) -> None:
    """From 19 on, one grown child in four a year finds a home."""
    age = year - people.person["born"]
    grown = np.flatnonzero(people.person["child"] & (age >= 19) & (rng.random(len(age)) < 0.27))
    homes = _new_homes(rng, _choose_points(rng, places, len(grown)))
    people.person["household"][grown] = len(people.household["point"]) + np.arange(len(grown))
    people.person["child"][grown] = False
    people.household = {name: np.concatenate([values, homes[name]]) for name, values in people.household.items()}


def _move_in_together(rng, people: People, year: int) -> None:
    """Some who live alone, 21-45, find each other: of like age, one moves to the other's home."""
    person = people.person
    age = year - person["born"]
    size = np.bincount(person["household"], minlength=len(people.household["point"]))
    free = (size[person["household"]] == 1) & (age >= 21) & (age <= 45) & (rng.random(len(age)) < 0.11)
    abroad = person["birth"] > 0
    women, men = (
        rows[np.lexsort((age[rows], abroad[rows]))]
        for rows in (np.flatnonzero(free & (person["sex"] == s)) for s in (1, 0))
    )
    pairs = min(len(women), len(men))
    person["household"][women[:pairs]] = person["household"][men[:pairs]]


def _give_birth(rng, people: People, year: int, last_id: int) -> int:
    person = people.person
    age = year - person["born"]
    adults = np.bincount(person["household"], (~person["child"]).astype(float), len(people.household["point"]))
    chance = 0.20 * np.exp(-(((age - 31) / 5.6) ** 2)) * np.where(adults[person["household"]] >= 2, 1.0, 0.25)
    fertile = (person["sex"] == 1) & ~person["child"] & (age >= 18) & (age <= 45)
    mother = np.flatnonzero(fertile & (rng.random(len(age)) < chance))
    n = len(mother)
    baby = _new_persons(rng, np.zeros(n, np.int8), rng.random(n) < 0.486, np.full(n, year), np.zeros(n))
    baby |= {
        "id": np.arange(last_id + 1, last_id + 1 + n, dtype=np.int32),
        "household": person["household"][mother],
        "child": np.ones(n, dtype=bool),
    }
    people.add(baby)
    return last_id + n


def _move_within(rng, places: Places, people: People) -> None:
    """Nine households in a hundred move, more often to a place of like conditions."""
    point = people.household["point"]
    movers = np.flatnonzero(rng.random(len(point)) < 0.09)
    origin = places.regso[point[movers]]
    for regso, name in enumerate(place["name"] for place in regso_places()):
        rows = movers[origin == regso]
        unlike = np.abs(places.deprivation - truth()["places"][name]["deprivation"])
        pull = places.chance * np.exp(-2.0 * unlike)
        point[rows] = rng.choice(len(pull), len(rows), p=pull / pull.sum())
    people.household["unplaced"][movers] = rng.random(len(movers)) < UNPLACED


def _live_on(rng, people: People) -> None:
    """Luck drifts: correlated with last year's by the stated persistence, and still standard normal."""
    outcomes = truth()["outcomes"] | {"income": truth()["income"]["earnings"]}
    keep = np.array([outcomes[name]["persistence"] for name in LATENT], dtype=np.float32)
    fresh = rng.standard_normal((len(people), len(LATENT)), dtype=np.float32)
    people.person["luck"] = keep * people.person["luck"] + np.sqrt(1 - keep**2) * fresh

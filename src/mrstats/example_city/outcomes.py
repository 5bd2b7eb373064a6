"""What people get and have: outcomes of a year, drawn from the stated model in `truth.toml`. No files."""

from __future__ import annotations

import numpy as np

from mrstats.example_city.areas import regso_places
from mrstats.example_city.people import BIRTH, LATENT, People, Places, truth
from mrstats.example_city.tiling import drawing

LEVELS = ("lower", "upper", "post_short", "post_long", "unknown", "none")
LEVEL_OF_EDUCATION = np.array(
    [0, 0, 1, 1, 2, 3, 3, 4, 5], dtype=np.int8
)  # place in LEVELS of each place in EDUCATION, and of -1
HIGHEST_AT_AGE = (
    (16, 1),
    (19, 3),
    (22, 4),
    (25, 5),
    (28, 6),
)  # from this age, at most this place in EDUCATION
QUINTILES = ("Q1", "Q2", "Q3", "Q4", "Q5")
HOME_CARE_UNIT_COST = 46_000  # kronor a year and service, 2019
NORDIC = (0, 1)  # places in BIRTH


def predictor(terms: dict[str, float], factors: dict, count: int) -> np.ndarray:
    """The linear predictor of a stated model.

    Parameters
    ----------
    terms : dict
        Term -> coefficient, in the notation of `truth.toml`.
    factors : dict
        Name -> number, array of numbers, or (array of places, groups); "age" in whole years.
    count : int
        Number of persons.

    Returns
    -------
    ndarray, shape (count,)

    Examples
    --------
    >>> terms = {"intercept": 1.0, "sex=women:age=65+": 0.5, "years_since_2019": 0.1}
    >>> sex = (np.array([1, 0]), ("men", "women"))
    >>> predictor(terms, {"sex": sex, "age": np.array([70, 70]), "years_since_2019": 2}, 2).round(3).tolist()
    [1.7, 1.2]
    """
    total = np.zeros(count)
    for term, coefficient in terms.items():
        value = np.float64(coefficient)
        for condition in term.split(":") if term != "intercept" else []:
            value = value * _condition(condition, factors)
        total += value
    return total


def _condition(condition: str, factors: dict):
    """One condition of a term as an array of true and false, or the number it names."""
    name, _, group = condition.partition("=")
    if not group:
        return factors[name]
    if name == "age":
        low, _, high = group.rstrip("+").partition("-")
        return (factors["age"] >= int(low)) & (factors["age"] <= int(high or 200))
    places, groups = factors[name]
    if group == "outside_nordic":
        return ~np.isin(places, NORDIC)
    return places == groups.index(group)


def education_now(school: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Place in EDUCATION reached at this age by those who will end at `school`; -1 below 16."""
    highest = np.full(len(age), -1)
    for from_age, place in HIGHEST_AT_AGE:
        highest[age >= from_age] = place
    return np.where((school == 7) & (age >= 19), 7, np.minimum(school, highest)).astype(np.int8)


def year_of(rng: np.random.Generator, people: People, places: Places, near_library: np.ndarray, *, year: int) -> dict:
    """Everything the register holds of a year's residents, besides where they live.

    Parameters
    ----------
    rng : numpy.random.Generator
    people : People
        Residents on 31 December.
    places : Places
        The population points where they live.
    near_library : ndarray of bool, shape (points,)
        Whether a library lies within one kilometre of each population point.
    year : int

    Returns
    -------
    dict
        Column -> array, one entry per person. `education`, `country_of_birth` and `income_quintile` are
        places in EDUCATION, BIRTH and QUINTILES; `factors` holds what the model's terms were read from.
    """
    from scipy.special import expit, ndtr

    person, count, outcomes = people.person, len(people), truth()["outcomes"]
    age = (year - person["born"]).astype(np.int16)
    point = people.at("point")
    education = education_now(person["school"], age)
    at_home = np.bincount(person["household"])[person["household"]]
    factors = {
        "age": age,
        "sex": (person["sex"], ("men", "women")),
        "country_of_birth": (person["birth"], BIRTH),
        "education": (LEVEL_OF_EDUCATION[education], LEVELS),
        "district": (district_of_regso()[places.regso[point]], [d["name"] for d in drawing()["districts"]]),
        "household": ((at_home == 1).astype(np.int8), ("with others", "alone")),
        "library_within_1_km": (near_library[point].astype(np.int8), ("no", "yes")),
        "years_since_2019": year - 2019,
        "age_decades": age / 10,
        "decades_over_65": (age - 65) / 10,
    }

    def chance(outcome: str) -> np.ndarray:
        return expit(predictor(outcomes[outcome]["terms"], factors, count))

    def luck(outcome: str) -> np.ndarray:
        return ndtr(person["luck"][:, LATENT.index(outcome)])

    disability = person["health"] < chance("disability")
    factors["disability"] = (disability.astype(np.int8), ("without", "with"))
    employed = (luck("employed") < chance("employed")) & (age >= 16) & (age <= 74)
    factors["employed"] = (employed.astype(np.int8), ("no", "yes"))
    income = _income(rng, people, factors, places.deprivation[point], year=year)
    quintile = np.searchsorted(np.quantile(income, [0.2, 0.4, 0.6, 0.8]), income, side="left").astype(np.int8)
    factors["income_quintile"] = (quintile, QUINTILES)
    home_care = (luck("home_care") < chance("home_care")) & (age >= 65)
    support = (luck("long_term_income_support") < chance("long_term_income_support")) & (age >= 18) & (age <= 64)
    further = _binomial(luck("home_care_services"), chance("home_care_services"), 7)
    services = np.where(home_care, 1 + further, 0)
    price = HOME_CARE_UNIT_COST * truth()["income"]["growth"] ** (year - 2019)
    national = truth()["national"]
    visits = np.exp(predictor(outcomes["library_visits"]["terms"], factors, count)) * person["reader"]
    return {
        "sex": person["sex"],
        "age": age,
        "education": education,
        "country_of_birth": person["birth"],
        "disposable_income": income,
        "income_quintile": quintile,
        "disability": disability,
        "employed": employed,
        "eligible_upper_secondary": (rng.random(count) < chance("eligible_upper_secondary")) & (age == 16),
        "home_care": home_care,
        "home_care_services": services.astype(np.int8),
        "long_term_income_support": support,
        "library_visits": rng.poisson(visits / outcomes["library_visits"]["shape"]).astype(np.int16),
        "crime_victim": (luck("crime_victim") < chance("crime_victim")) & (age >= 16),
        "cost_home_care": np.round(services * price * np.exp(rng.normal(0, 0.25, count))).astype(np.int32),
        "low_economic_standard": income < national["low_standard_share"] * national["median_income"][str(year)],
        "factors": factors,
    }


def district_of_regso() -> np.ndarray:
    """Index of the district of each RegSO, shape (30,)."""
    return np.array([place["district"] for place in regso_places()])


def _binomial(uniform: np.ndarray, probability: np.ndarray, trials: int) -> np.ndarray:
    """The binomial number at a uniform quantile, so that persistent luck gives a persistent number."""
    term = (1 - probability) ** trials
    cumulative, number = term.copy(), np.zeros(len(uniform), dtype=np.int8)
    for k in range(trials):
        number += uniform > cumulative
        term = term * (trials - k) / (k + 1) * probability / (1 - probability)
        cumulative += term
    return number


def _income(rng, people: People, factors: dict, deprivation: np.ndarray, *, year: int) -> np.ndarray:
    """Disposable income per consumption unit, whole kronor: the same for all in a household."""
    stated, person = truth()["income"], people.person
    age, home = factors["age"], person["household"]
    level, employed = factors["education"][0], factors["employed"][0] == 1
    luck = person["luck"][:, LATENT.index("income")]
    young, early = (age <= 24), (age >= 25) & (age <= 34)
    earnings, benefits, pension = stated["earnings"], stated["benefits"], stated["pension"]
    schooling, pension_schooling = (
        np.array([part.get(name, 0.0) for name in LEVELS])[level] for part in (earnings, pension)
    )
    from_work = (
        schooling
        + earnings["women"] * (person["sex"] == 1)
        + earnings["16-24"] * young
        + earnings["25-34"] * early
        + earnings["spread"] * luck
    )
    from_pension = (
        pension_schooling + pension["outside_nordic"] * ~np.isin(person["birth"], NORDIC) + pension["spread"] * luck
    )
    own = np.where(
        employed,
        earnings["median"] * np.exp(from_work),
        np.where(
            age >= 65,
            pension["median"] * np.exp(from_pension),
            benefits["median"] * np.exp(benefits["16-24"] * young + benefits["spread"] * luck),
        ),
    )
    minor = age < 20
    # Those under 20 who live with their parents bring the child allowance; what they earn stays their own.
    own = np.where(person["child"] & minor, stated["child_allowance"], own)
    homes = len(people.household["point"])
    children = np.bincount(home, person["child"] & minor, homes)
    adults = np.bincount(home, minlength=homes) - children
    unit = stated["consumption_units"]
    units = (
        np.where(adults >= 2, unit["couple"] + unit["further_adult"] * (adults - 2), unit["single"])
        + np.where(children >= 1, unit["first_child"] + unit["further_child"] * (children - 1), 0.0)
    )  # fmt: skip
    shared = np.bincount(home, own, homes) / np.maximum(units, 1)
    shared *= np.exp(rng.normal(0, stated["household_spread"], homes)) * stated["growth"] ** (year - 2019)
    return np.round(shared[home] * np.exp(stated["area_shift"] * deprivation)).astype(np.int32)

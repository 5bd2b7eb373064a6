"""Made-up persons whose outcomes follow a stated model, for the tests of models."""

import numpy as np
import pandas as pd
from scipy.special import expit

from made_city import AGE, FACTORS, indicator, made_city, toml

DISABILITY = """
[factors.disability]
table = "people"
column = "disability"
codes = { with = "with", without = "without" }
"""
PARTS = [
    indicator("care", "proportion", numerator="care", more='direction = "favourable"'),
    indicator("visits", "mean", numerator="visits"),
    indicator("services", "mean", numerator="services", denominator="care"),
    indicator("pay", "mean", numerator="pay", more='direction = "favourable"'),
    indicator("crime", "rate", numerator="visits", more="multiplier = 1000"),
]
FACTOR_PARTS = FACTORS + DISABILITY + AGE
DESCRIPTION = toml(factors=FACTOR_PARTS, indicators="".join(PARTS))
SCHOOL = {"1": "lower", "3": "upper", "5": "post_short", "6": "post_long", "US": "unknown"}


def care_people(seed=1, size=4000, *, women=-0.6, unknown=0.05):
    """Care by log odds −0.8 + women, 0.03 a year over 65, 1.0 with a disability, −0.5 with lower education; women are older."""
    random = np.random.default_rng(seed)
    sex = random.choice(["1", "2"], size)
    level = random.choice(list(SCHOOL), size, p=[0.2, 0.3, 0.2, 0.3 - unknown, unknown])
    age = random.integers(65, 90, size) + 5 * (sex == "2")
    rows = pd.DataFrame({"year": 2024, "person_id": np.arange(size), "sex": sex, "education": level, "age": age})
    rows["disability"] = np.where(random.random(size) < 0.3, "with", "without")
    rows["area"], rows["protected_identity"] = random.choice(["A1", "A2", "A3", "A4"], size), False
    rows["eta"] = eta_of(rows, women)
    rows["care"] = random.random(size) < expit(rows["eta"])
    mean = np.exp(0.3 + 0.4 * (sex == "2") - 0.3 * (level == "1"))
    rows["visits"] = random.poisson(mean * random.gamma(2, 0.5, size))
    rows["services"] = 1 + random.binomial(7, expit(-1.2 - 0.6 * (level == "1") + 0.5 * (rows["disability"] == "with")))
    rows["pay"] = 20 + 4 * (sex == "1") + 3 * (level == "6") + random.normal(0, 3, size)
    return rows


def eta_of(rows, women=-0.6):
    eta = -0.8 + women * (rows["sex"] == "2") + 0.03 * (rows["age"] - 65)
    return eta + 1.0 * (rows["disability"] == "with") - 0.5 * (rows["education"] == "1")


def care_city(rows, description=DESCRIPTION):
    return made_city(rows, description)

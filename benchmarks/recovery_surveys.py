"""Surveys of Exempelstad beside the truth: who answers, how alike they are, and what raking mends; part of docs/recovery.md.

The stated chance to answer and the stated views give the truth of all adults. For coverage the survey is drawn, answered
and asked anew among the same residents.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

import mrstats as mr
from benchmarks.recovery import FIVE, SUN, YEAR, factors_of, line, residents
from mrstats.dataset import City
from mrstats.example_city.areas import district_codes
from mrstats.example_city.outcomes import LEVELS, predictor
from mrstats.example_city.people import truth
from mrstats.example_city.survey import draw_survey
from mrstats.measures.scales import cronbach_alpha

REDRAWN = 100
QUESTIONS = ["q04", "q05", "q06", "q07"]
MODEL = ["age_group", "country_of_birth_five", "education"]
MARGINS = ["sex", *MODEL, "disability"]
RAKED = {"margins": MARGINS, "population": "adults", "year": YEAR}


class _Truth:
    """What the stated models say of the adults who may be drawn."""

    def __init__(self, city: City, rows: pd.DataFrame, year: int = YEAR):
        self.rows = rows[rows["age"] >= 18].reset_index(drop=True)
        codes = district_codes()
        held = self.rows["deso"].map(city.parent_codes("deso", "district"))
        named = [city.area_names("district")[code] for code in codes]
        self.factors = factors_of(city, self.rows) | {"district": (held.map(codes.index).to_numpy(), named)}
        self.city, stated = city, truth()["survey"]
        count = len(self.rows)
        self.chance = expit(predictor(stated["response"], self.factors, count))
        self.shift = shift = predictor(stated["view"], self.factors, count)
        self.means = {
            name: question["mean"] + question["change"] * (year >= 2024)
            for name, question in stated["questions"].items()
        }
        means = {name: self.means[name] for name in QUESTIONS}
        self.agree = {name: 100 * norm.sf(stated["cuts"][2] - mean - shift) for name, mean in means.items()}
        random = np.random.default_rng(11)
        common = shift + 0.6 * random.normal(size=count)
        views = [mean + common + 0.8 * random.normal(size=count) for mean in means.values()]
        self.alpha = cronbach_alpha(np.column_stack([np.searchsorted(stated["cuts"], view) for view in views])).alpha

    def shares(self, question: str) -> np.ndarray:
        """Per cent who give each answer from 1 to 5."""
        below = [norm.cdf(cut - self.means[question] - self.shift).mean() for cut in truth()["survey"]["cuts"]]
        shares = 100 * np.diff([0.0, *below, 1.0])
        return shares[::-1] if self.city.indicators[question].direction == "adverse" else shares

    def spread(self) -> float:
        """Standard deviation of the chance to answer between the crosses of the modelled factors."""
        ages = pd.cut(self.rows["age"], [0, 19, 24, 44, 64, 79, 200])
        school = self.rows["education"].map(SUN).fillna(4).astype(int).map(lambda place: [*LEVELS, "unknown"][place])
        cells = [ages, self.rows["country_of_birth"].map(FIVE), school]
        means = pd.Series(self.chance).groupby([cell.to_numpy() for cell in cells]).transform("mean")
        return float(means.std(ddof=0))

    def drawn_anew(self, random: np.random.Generator) -> City:
        """The city with another survey."""
        register = {"factors": self.factors, "age": self.rows["age"].to_numpy()}
        answers = draw_survey(random, register, np.ones(len(self.rows), bool), district_codes(), year=YEAR)
        background = ["person_id", "sex", "age", "education", "country_of_birth", "disability", "deso"]
        frame = self.rows.loc[answers.pop("row"), background].reset_index(drop=True).assign(year=YEAR)
        made = {name: pd.Series(values) for name, values in answers.items()}
        made |= {
            name: pd.array(np.where(column < 0, None, column), "Int64")
            for name, column in made.items()
            if name[0] == "q"
        }
        frames = {"survey": frame.assign(**made)}
        return City(self.city.description, self.city.folder, language="en", frames=frames)


def survey_rows(city: City, rows: pd.DataFrame) -> Iterator[str]:
    """Rows of the table of truth and estimate, and how often intervals cover."""
    known = _Truth(city, rows)
    yield from _estimates(city, known)
    yield from _answers(city, known, _Truth(city, residents(city, YEAR - 1), YEAR - 1))
    random, hits = (
        np.random.default_rng(12),
        dict.fromkeys(("rate", "rate of women", "R", "raked", "unraked", "alpha"), 0),
    )
    women = (known.rows["sex"] == "2").to_numpy()
    off = []
    for _ in range(REDRAWN):
        again = known.drawn_anew(random)
        rates = mr.response_rates(again, "sex", year=YEAR).set_index("sex")
        for name, group, true in (("rate", "_T", known.chance), ("rate of women", "women", known.chance[women])):
            hits[name] += rates["weighted_lower"][group] < 100 * true.mean() < rates["weighted_upper"][group]
        alike = mr.representativity(again, MODEL, year=YEAR).iloc[0]
        off.append(alike["value"] - (1 - 2 * known.spread()))
        hits["R"] += alike["lower"] < 1 - 2 * known.spread() < alike["upper"]
        for name, options in (("raked", RAKED), ("unraked", {"year": YEAR})):
            found = mr.battery(again, QUESTIONS[:1], **options).iloc[0]
            hits[name] += found["lower"] < known.agree[QUESTIONS[0]].mean() < found["upper"]
        index = mr.index(again, QUESTIONS, year=YEAR).iloc[0]
        hits["alpha"] += index["alpha_lower"] < known.alpha < index["alpha_upper"]
    what = {
        "rate": "response rate, weighted",
        "rate of women": "response rate among women, weighted",
        "R": "R-indicator",
        "raked": "agree with q04, raked",
        "unraked": "agree with q04, weighted by stratum only (those who answer differ)",
        "alpha": "alpha of four questions",
    }
    for name, hit in hits.items():
        yield f"| survey | {what[name]}: intervals that cover, of {REDRAWN} | {0.95 * REDRAWN:.0f} | {hit} | | |"
    yield f"| survey | R-indicator: mean error over {REDRAWN} surveys | 0 | {np.mean(off):.4f} | | |"


def _estimates(city: City, known: _Truth) -> Iterator[str]:
    """The city's own survey."""
    rates = mr.response_rates(city, "country_of_birth_five", year=YEAR).set_index("country_of_birth_five")
    born = known.rows["country_of_birth"].map(FIVE).to_numpy()
    for group in rates.index:
        row, among = rates.loc[group], (born == group) | (group == "_T")
        limits = row["weighted"], row["weighted_lower"], row["weighted_upper"]
        yield line("survey", f"response rate, born {group}, per cent", 100 * known.chance[among].mean(), *limits)
    alike = mr.representativity(city, MODEL, year=YEAR).iloc[0]
    limits = alike["value"], alike["lower"], alike["upper"]
    yield line("survey", "R-indicator by age, country of birth, education", 1 - 2 * known.spread(), *limits, decimals=3)
    for name, options in (("raked", RAKED), ("by stratum", {"year": YEAR})):
        table = mr.battery(city, QUESTIONS, **options)
        for row in table.itertuples():
            limits = row.value, row.lower, row.upper
            yield line(
                "survey", f"agree with {row.indicator}, {name}, per cent", known.agree[row.indicator].mean(), *limits
            )
    index = mr.index(city, QUESTIONS, year=YEAR).iloc[0]
    limits = index["alpha"], index["alpha_lower"], index["alpha_upper"]
    yield line("survey", f"alpha of {', '.join(QUESTIONS)}", known.alpha, *limits, decimals=3)


def _answers(city: City, known: _Truth, before: _Truth) -> Iterator[str]:
    """Every answer to every question, and the change of the positive share, raked in both years."""
    shares, changes = [], []
    for question, rows in mr.answers(city, "survey", since=YEAR - 1, **RAKED).groupby("indicator"):
        now, row, positive = known.shares(str(question)), rows.iloc[0], (rows["side"] == "positive").to_numpy()
        moved = float((now - before.shares(str(question)))[positive].sum())
        shares += list((rows["lower"] <= now) & (now <= rows["upper"]))
        changes.append(row["change_lower"] <= moved <= row["change_upper"])
        if question == QUESTIONS[0]:
            for true, each in zip(now, rows.itertuples(), strict=True):
                limits = each.value, each.lower, each.upper
                yield line("survey", f"answer {each.answer} to {question}, raked, per cent", true, *limits)
        if question in QUESTIONS:
            limits = row["change"], row["change_lower"], row["change_upper"]
            yield line("survey", f"positive answers to {question} since {YEAR - 1}, raked, points", moved, *limits)
    for what, inside in (("shares of answers", shares), ("changes of the positive share", changes)):
        yield f"| survey | {what}, raked: intervals that cover, of {len(inside)} | {0.95 * len(inside):.0f} | {sum(inside)} | | |"

"""What everybody answered: the share of each answer, which side it is on, and how the positive share has changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.estimates import UNRELIABLE_CV, UNRELIABLE_N
from mrstats.measures.contrasts import p_value_of_interval
from mrstats.measures.design import clusters_and_strata
from mrstats.measures.design_intervals import proportion_interval
from mrstats.measures.distribution import t_quantile
from mrstats.measures.trend import adjust_p_values
from mrstats.models.persons import FEWEST
from mrstats.sampled import DomainEstimates, estimate_domains
from mrstats.schema import CONFIDENTIAL, SURVEY, UNRELIABLE, DatasetError
from mrstats.surveying.asking import finished, given_answers, questions_of, scale_of
from mrstats.surveying.sample import Answers, answers_of, everybody_asked, response_of

NEGATIVE, NEUTRAL, POSITIVE = "negative", "neutral", "positive"
BETTER, WORSE, ALIKE, UNSURE = "better", "worse", "alike", "unsure"
INDEPENDENT, RECURRING = "independent samples", "recurring persons"


def answers_table(
    city: City,
    *,
    questions: Sequence[str],
    since: int,
    margins: Sequence[str],
    population: str,
    trim: float,
    year: int,
    confidence: float,
    alike: float,
) -> pd.DataFrame:
    """The table that `mrstats.answers` returns; arguments as there, `since` 0 where no earlier year is compared."""
    asked = questions_of(city, questions)
    table = asked[0].table
    samples = [
        answers_of(city, table, (), when, margins=margins, population=population, trim=trim)
        for when in (year, since)
        if when
    ]
    held = [_Held.of(city, indicator, samples) for indicator in asked]
    recurring = _recurring(city, table, samples) if since else None
    changes = [_change(each, recurring, confidence) for each in held]
    adjusted = adjust_p_values([change["p"] for change in changes], method="holm")
    could = _could_be_asked(city, table, year)
    compared = "" if recurring is None else RECURRING if len(recurring[0]) else INDEPENDENT
    told: dict[str, Any] = {"since": since, "alike": alike, "compared": compared, "factor": "", "measure": "proportion"}
    parts = []
    for each, change, p in zip(held, changes, adjusted, strict=True):
        said: dict[str, Any] = {**change, "p_adjusted": p, "verdict": _verdict(change, p, 1 - confidence, alike)}
        part = _shares(each, could, confidence).assign(**said, **told)
        parts.append(part if each.may_be_shown else _hidden(part))
    method = f"{SURVEY} {'raked ' if margins else ''}taylor logit"
    return finished(city, parts, (), year, margins, method=method, unit="per cent", confidence=confidence)


def _hidden(part: pd.DataFrame) -> pd.DataFrame:
    """A question without any of its figures, nor what they would say."""
    figures = {str(name): np.nan for name in part if part[name].dtype == float}
    return part.assign(**figures, verdict="", status=CONFIDENTIAL)


class _Held(NamedTuple):
    """A question, the side of each answer of its scale, and what each person of each year's sample answered."""

    indicator: Indicator
    sides: dict[int, str]
    samples: list[Answers]
    given: list[np.ndarray]

    @classmethod
    def of(cls, city: City, indicator: Indicator, samples: list[Answers]) -> _Held:
        given = [given_answers(city, sample.design.frame, indicator) for sample in samples]
        return cls(indicator, _sides(city, indicator), samples, given)

    def share(self, year: int, chosen: Sequence[int]) -> DomainEstimates:
        """The share who gave one of some answers in a year (its place among the samples), of those who answered."""
        given = self.given[year]
        y = np.where(np.isnan(given), np.nan, np.isin(given, chosen))
        return estimate_domains(self.samples[year].design, y, effective=True)

    def on(self, side: str) -> list[int]:
        """The answers on a side."""
        return [answer for answer, its in self.sides.items() if its == side]

    @property
    def may_be_shown(self) -> bool:
        """Whether no answer of any year is that of 1–9 persons, and both sides have as many as a battery asks for."""
        for given in self.given:
            counts = {answer: int((given == answer).sum()) for answer in self.sides}
            n = sum(counts.values())
            sums = [sum(counts[answer] for answer in self.on(side)) for side in (POSITIVE, NEGATIVE)]
            if any(0 < count < FEWEST for count in counts.values()) or any(min(k, n - k) < FEWEST for k in sums):
                return False
        return True


def _sides(city: City, indicator: Indicator) -> dict[int, str]:
    """Which side each answer is on: agreeing and, mirrored in the scale's middle, disagreeing are good or bad for people."""
    spec = city.description.questions[indicator.table]
    low, high = scale_of(city, indicator)
    scale, agree = list(range(low, high + 1)), sorted(spec["agree"])
    if not 0 < len(agree) < len(scale) or agree not in (scale[: len(agree)], scale[-len(agree) :]):
        raise DatasetError(
            f"[questions.{indicator.table}] agree = {agree} must be the last or the first answers of scale = [{low}, {high}], "
            "not all of them, so that the others can be told to disagree or lie between."
        )
    if indicator.direction not in ("favourable", "adverse"):
        raise DatasetError(
            f"question {indicator.name!r} has no direction. Write favourable or adverse in the file of [questions.{indicator.table}]: "
            "whether it is good for people to agree."
        )
    good, bad = (POSITIVE, NEGATIVE) if indicator.direction == "favourable" else (NEGATIVE, POSITIVE)
    disagree = {low + high - answer for answer in agree} - set(agree)
    return {answer: good if answer in agree else bad if answer in disagree else NEUTRAL for answer in scale}


def _could_be_asked(city: City, table: str, year: int) -> int | None:
    """How many could be asked; None where the survey does not say who was."""
    if table not in {source.sample_of for source in city.description.tables.values()}:
        return None
    return len(everybody_asked(city, response_of(city, table), (), year, "by")[1].y)


def _shares(held: _Held, could: int | None, confidence: float) -> pd.DataFrame:
    """Each answer's share this year, a row an answer, with the positive share and the response rate in every row."""
    made = [held.share(0, [answer]) for answer in held.sides] + [held.share(0, held.on(POSITIVE))]
    estimate, se, df, n = (
        np.array([np.asarray(figures).item() for figures in column])
        for column in zip(*((m.estimate, m.standard_error, m.df, m.n) for m in made), strict=True)
    )
    lower, upper, se = proportion_interval(estimate, se, df, n, confidence=confidence)
    per_cent: Any = [100 * figures for figures in (estimate, lower, upper, se)]
    persons = int(n[-1])
    known = could is not None and could - persons >= FEWEST
    rows = pd.DataFrame(
        {"answer": list(held.sides), "side": list(held.sides.values())}
        | {name: figures[:-1] for name, figures in zip(("value", "lower", "upper", "se"), per_cent, strict=True)}
        | {"df": df[:-1], "n": float(persons), "response": 100 * persons / could if known and could else np.nan}
        | {
            name: figures[-1]
            for name, figures in zip(("positive", "positive_lower", "positive_upper"), per_cent, strict=False)
        }
    )
    weak = (persons < UNRELIABLE_N) | (rows["se"] > UNRELIABLE_CV * rows["value"]) & (rows["value"] > 0)
    return rows.assign(indicator=held.indicator.name, status=np.where(weak, UNRELIABLE, ""))


def _change(held: _Held, recurring: tuple[np.ndarray, np.ndarray] | None, confidence: float) -> dict[str, float]:
    """The positive share's change in percentage points, with limits and p; missing where one year did not ask or is hidden."""
    nothing = dict.fromkeys(("change", "change_lower", "change_upper", "p"), np.nan)
    if recurring is None or not held.may_be_shown:
        return nothing
    now, then = (held.share(year, held.on(POSITIVE)) for year in (0, 1))
    moved = 100 * float(now.estimate[0] - then.estimate[0])
    here, there = (made.deviations[place, 0] for made, place in zip((now, then), recurring, strict=True))
    variance = float(now.covariance[0, 0] + then.covariance[0, 0] - 2 * here @ there)
    df = float(min(now.df[0], then.df[0]))
    half = 100 * float(t_quantile(df, confidence)) * np.sqrt(max(variance, 0.0))
    p = float(p_value_of_interval(moved, moved - half, moved + half, df=df, confidence=confidence))
    return {"change": moved, "change_lower": moved - half, "change_upper": moved + half, "p": p}


def _recurring(city: City, table: str, samples: list[Answers]) -> tuple[np.ndarray, np.ndarray]:
    """Places of the sampling units that both years have, among each year's deviations; none where no person is in both."""
    source, nobody = city.description.tables[table], (np.array([], int), np.array([], int))
    frames = [sample.design.frame for sample in samples]
    if not source.person or not set(frames[0][source.person].dropna()) & set(frames[1][source.person].dropna()):
        return nobody
    columns = [name for name in (source.strata, source.cluster) if name] if source.cluster else [source.person]
    units = []
    for sample, frame in zip(samples, frames, strict=True):
        place, _ = clusters_and_strata(sample.design.strata, sample.design.cluster, len(frame))
        named = frame[columns].astype("string").groupby(place).first()
        label = reduce(lambda one, other: one + ":" + other, (named[name] for name in columns))
        units.append(pd.Series(label.index, index=label)[(label.notna() & ~label.duplicated(keep=False)).to_numpy()])
    both = pd.concat(units, axis=1, join="inner").to_numpy(int)
    return both[:, 0], both[:, 1]


def _verdict(change: dict[str, float], p: float, level: float, alike: float) -> str:
    """What a change is called: what is certain first, then what is too small to matter."""
    if np.isnan(change["change"]):
        return ""
    if p < level:
        return BETTER if change["change"] > 0 else WORSE
    return ALIKE if -alike <= change["change_lower"] and change["change_upper"] <= alike else UNSURE

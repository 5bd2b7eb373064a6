"""What those who answered said: several questions beside each other, and as one index with its reliability, by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from mrstats import engine
from mrstats.dataset import City
from mrstats.definitions import Indicator
from mrstats.estimates import UNRELIABLE_CV, UNRELIABLE_N
from mrstats.measures.design_intervals import proportion_interval
from mrstats.measures.distribution import t_quantile
from mrstats.measures.scales import Reliability, cronbach_alpha
from mrstats.models.asked import names
from mrstats.models.persons import FEWEST, may_be_shown
from mrstats.sampled import estimate_domains
from mrstats.schema import (
    CITY,
    CONFIDENTIAL,
    SURVEY,
    TOTAL,
    UNKNOWN,
    UNRELIABLE,
    DatasetError,
    MrstatsError,
    UnknownNameError,
)
from mrstats.surveying.sample import Answers, answers_of

HEAD = ["indicator", "year", "geography_level", "geography", "vintage"]
FEW_ANSWERS = 3
TAIL = ["raked_to", "factor", "measure", "method", "confidence", "unit", "status"]


def names_of(city: City, questions: str | Sequence[str]) -> list[str]:
    """The questions by name; the name of a survey stands for all of its."""
    chosen = names(questions)
    if len(chosen) == 1 and chosen[0] in city.description.questions:
        return list(city.description.questions[chosen[0]]["names"])
    return chosen


def questions_of(city: City, questions: Sequence[str], fewest: int = 1) -> list[Indicator]:
    """The questions as indicators of one survey; an error names what is none."""
    if len(questions) < fewest or len(set(questions)) < len(questions):
        raise UnknownNameError(f"questions={list(questions)} must be {fewest} or more different questions of a survey.")
    asked = [city.indicator(name) for name in questions]
    for indicator in asked:
        source = city.description.tables[indicator.table]
        if indicator.measure != "proportion" or not source.weight or source.sample_of:
            raise UnknownNameError(f"{indicator.name!r} is no question of a survey. Take one of [questions.…].")
    if len({indicator.table for indicator in asked}) > 1:
        raise UnknownNameError(f"questions={list(questions)} are of different surveys. Take those of one.")
    return asked


def battery_table(
    city: City,
    *,
    questions: Sequence[str],
    by: Sequence[str],
    margins: Sequence[str],
    population: str,
    trim: float,
    year: int,
    confidence: float,
) -> pd.DataFrame:
    """The table that `mrstats.battery` returns; arguments as there."""
    asked = questions_of(city, questions)
    answers = answers_of(city, asked[0].table, by, year, margins=margins, population=population, trim=trim)
    parts = []
    for indicator in asked:
        y = _outcome(answers.design.frame, indicator)
        for domains in _domains(city, answers, by):
            made = estimate_domains(answers.design, y, domains.place, size=len(domains.groups), effective=True)
            se = made.standard_error
            lower, upper, se = proportion_interval(made.estimate, se, made.df, made.n, confidence=confidence)
            figures = {"value": 100 * made.estimate, "lower": 100 * lower, "upper": 100 * upper, "se": 100 * se}
            having = np.bincount(domains.place[(y > 0)], minlength=len(domains.groups))
            part = domains.rows({**figures, "df": made.df, "n": made.n.astype(float)}, [having, made.n - having])
            parts.append(part.assign(indicator=indicator.name))
    told = {
        "measure": "proportion",
        "method": f"{SURVEY} {'raked ' if margins else ''}taylor logit",
        "unit": "per cent",
    }
    return finished(city, parts, by, year, margins, **told, confidence=confidence)


def index_table(
    city: City,
    *,
    questions: Sequence[str],
    name: str,
    by: Sequence[str],
    margins: Sequence[str],
    population: str,
    trim: float,
    year: int,
    confidence: float,
) -> pd.DataFrame:
    """The table that `mrstats.index` returns; arguments as there."""
    asked = questions_of(city, questions, fewest=2)
    answers = answers_of(city, asked[0].table, by, year, margins=margins, population=population, trim=trim)
    scores = np.column_stack([_score(city, answers.design.frame, indicator) for indicator in asked])
    answered = (~np.isnan(scores)).sum(axis=1)
    known = np.where(np.isnan(scores), 0.0, scores).sum(axis=1) / np.maximum(answered, 1)
    whole = np.where(2 * answered >= len(asked), known, np.nan)
    parts = []
    for domains in _domains(city, answers, by):
        found = _reliability(answers, scores, domains, confidence)
        alphas = {"alpha": [each.alpha for each in found], "alpha_lower": [each.lower for each in found],
                  "alpha_upper": [each.upper for each in found]}  # fmt: skip
        index = _mean(answers, whole, domains, confidence)
        told_all = [_rarest_answer(city, answers, each, domains) for each in asked]
        counts = [index["n"], *(np.minimum(index["n"], rarest) for rarest in told_all)]
        parts.append(domains.rows({**index, **alphas}, counts).assign(indicator=""))
        for place, indicator in enumerate(asked):
            adds = {"item_rest": [each.item_rest[place] for each in found],
                    "alpha_if_dropped": [each.alpha_if_dropped[place] for each in found]}  # fmt: skip
            own = _mean(answers, scores[:, place], domains, confidence)
            part = domains.rows({**own, **adds}, [*counts, own["n"]])
            parts.append(part.assign(indicator=indicator.name))
    told = {"measure": "mean", "method": f"{SURVEY} {'raked ' if margins else ''}taylor t", "unit": "points"}
    return finished(city, parts, by, year, margins, **told, confidence=confidence).assign(index=name)


class _Domains(NamedTuple):
    """The groups of a factor (or everybody) and each person's place among them."""

    factor: str
    groups: list[str]
    place: np.ndarray

    def rows(self, figures: dict, counts: list[np.ndarray]) -> pd.DataFrame:
        """A row a group, without figures where too few stand behind it in any of the counts."""
        made = pd.DataFrame({**({self.factor: self.groups} if self.factor else {}), **figures}).assign(
            factor=self.factor
        )
        n, se, value = (np.asarray(figures[name], float) for name in ("n", "se", "value"))
        weak = (n < UNRELIABLE_N) | (se > UNRELIABLE_CV * np.abs(value)) & (value != 0)
        shown = may_be_shown(*counts)
        made.loc[~shown, list(figures)] = np.nan
        return made.assign(status=np.where(~shown, CONFIDENTIAL, np.where(weak, UNRELIABLE, "")))


def _domains(city: City, answers: Answers, by: Sequence[str]) -> Iterator[_Domains]:
    yield _Domains("", [TOTAL], np.zeros(len(answers.design.frame), int))
    for factor in by:
        held = set(answers.groups(factor))
        order = [code for code in [*city.factors[factor].codes, UNKNOWN] if code in held]
        yield _Domains(
            factor,
            list(dict.fromkeys(order)),
            pd.Index(dict.fromkeys(order)).get_indexer(pd.Index(answers.groups(factor))),
        )


def _outcome(frame: pd.DataFrame, indicator: Indicator) -> np.ndarray:
    """Whether each person gave the answer that an indicator counts; NaN where the question was not answered."""
    read = nw.from_native(frame.convert_dtypes(dtype_backend="pyarrow")).lazy()
    rows = engine.collect(engine.with_outcome(read, indicator)[0].select("keep_", "y_")).to_pandas()
    return np.where(rows["keep_"].fillna(False).astype(bool), rows["y_"].to_numpy(float, na_value=np.nan), np.nan)


def scale_of(city: City, indicator: Indicator) -> tuple[int, int]:
    """The lowest and the highest answer to a question."""
    spec = city.description.questions.get(indicator.table, {})
    if "scale" not in spec:
        raise DatasetError(
            f"[questions.{indicator.table}] lacks 'scale', the lowest and the highest answer, such as [1, 5]."
        )
    return spec["scale"][0], spec["scale"][1]


def given_answers(city: City, frame: pd.DataFrame, indicator: Indicator) -> np.ndarray:
    """Each person's answer, a number of the scale; NaN where there is none."""
    low, high = scale_of(city, indicator)
    if indicator.name not in frame:
        raise UnknownNameError(
            f"{indicator.name!r} is no question of [questions.{indicator.table}] with a column of its own."
        )
    answers = pd.to_numeric(frame[indicator.name], errors="coerce").to_numpy(float, na_value=np.nan)
    wrong = (
        (answers < low)
        | (answers > high)
        | (answers % 1 > 0)
        | (np.isnan(answers) & frame[indicator.name].notna().to_numpy())
    )
    if wrong.any():
        raise DatasetError(
            f"column {indicator.name!r} holds {frame[indicator.name].iloc[int(np.argmax(wrong))]!r}, which is not within scale = "
            f"[{low}, {high}] of [questions.{indicator.table}]. Leave the cell empty where there is no answer."
        )
    return answers


def _score(city: City, frame: pd.DataFrame, indicator: Indicator) -> np.ndarray:
    """Answers as points from 0 to 100, where 100 is best; NaN where there is none."""
    low, high = scale_of(city, indicator)
    points = 100 * (given_answers(city, frame, indicator) - low) / (high - low)
    return 100 - points if indicator.direction == "adverse" else points


def _rarest_answer(city: City, answers: Answers, indicator: Indicator, domains: _Domains) -> np.ndarray:
    """Persons of each group behind the rarest answer that anybody gave, where a mean and the share who agree tell them all.

    They do with three answers or fewer; with more there is no such bound, and it is without end.
    """
    low, high = scale_of(city, indicator)
    rarest = np.full(len(domains.groups), np.inf)
    given = given_answers(city, answers.design.frame, indicator)
    for answer in range(low, high + 1) if high - low < FEW_ANSWERS else ():
        persons = np.bincount(domains.place[given == answer], minlength=len(domains.groups))
        rarest = np.where(persons > 0, np.minimum(rarest, persons), rarest)
    return rarest


def _mean(answers: Answers, values: np.ndarray, domains: _Domains, confidence: float) -> dict[str, np.ndarray]:
    """The mean of each group with limits of Student's t."""
    made = estimate_domains(answers.design, values, domains.place, size=len(domains.groups), effective=True)
    half = t_quantile(made.df, confidence) * made.standard_error
    lower, upper = np.maximum(made.estimate - half, 0.0), np.minimum(made.estimate + half, 100.0)
    figures = {"value": made.estimate, "lower": lower, "upper": upper, "se": made.standard_error, "df": made.df}
    return {**figures, "n": made.n.astype(float)}


def _reliability(answers: Answers, scores: np.ndarray, domains: _Domains, confidence: float) -> list[Reliability]:
    """Alpha in each group, among those who answered every question."""
    complete, found = ~np.isnan(scores).any(axis=1), []
    for place in range(len(domains.groups)):
        inside = complete & (domains.place == place)
        if inside.sum() < FEWEST:
            nothing = np.full(scores.shape[1], np.nan)
            found.append(Reliability(np.nan, np.nan, np.nan, np.nan, nothing, nothing))
            continue

        def variance(each: np.ndarray, inside: np.ndarray = inside) -> float:
            everybody = np.zeros((len(inside), 1))
            everybody[inside, 0] = each
            return float(answers.design.covariance(everybody)[0, 0])

        df = float(answers.design.degrees_of_freedom(inside))
        given: dict[str, Any] = {"variance": variance, "df": df, "confidence": confidence}
        found.append(cronbach_alpha(scores[inside], answers.design.weights[inside], **given))
    return found


def finished(
    city: City, parts: list[pd.DataFrame], by: Sequence[str], year: int, margins: Sequence[str], **told
) -> pd.DataFrame:
    """All rows in one table of the standard columns."""
    table = pd.concat(parts, ignore_index=True)
    if (table["n"] == 0).all():
        raise MrstatsError(f"nobody answered these questions in {year}. Ask for a year in which they were asked.")
    table[list(by)] = table[list(by)].fillna(TOTAL) if by else table[[]]
    place: dict[str, Any] = {"year": year, "geography_level": CITY, "geography": city.municipality, "vintage": ""}
    table = table.assign(**place, raked_to=", ".join(margins), **told)
    figures = [name for name in table if name not in {*HEAD, *TAIL, *by}]
    return table[[*HEAD, *by, *figures, *TAIL]]

"""Surveys: who answers, what weights do about it, and what those who answered said. Persons in, tables out; no chart, no file.

Every verb goes through the publication's plan: it is computed in the protected run, hides groups of few persons by its own
rules, and is shown from the release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from mrstats.dataset import City
from mrstats.models.asked import answered, names, whole
from mrstats.request import ResultRequest
from mrstats.schema import UnknownNameError
from mrstats.surveying.answering import answers_table
from mrstats.surveying.asking import battery_table, index_table, questions_of
from mrstats.surveying.responding import representativity_table, response_table
from mrstats.surveying.sample import response_of, year_of
from mrstats.surveying.weighting import rake_table

RESULTS: dict[str, Callable[..., pd.DataFrame]] = {
    "response_rates": response_table,
    "rake": rake_table,
    "representativity": representativity_table,
    "battery": battery_table,
    "answers": answers_table,
    "index": index_table,
}
"""What a plan may ask for of surveys, and the callable that makes it, checked by its own rules."""


def response_rates(
    city: City,
    by: str | Sequence[str] = (),
    *,
    survey: str = "",
    year: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How many of those asked answered a survey, in all and by group.

    Parameters
    ----------
    city : City
        Whose survey's [tables.…] names ``responded`` and ``design_weight``, and ``eligible`` where some could not be asked.
    by : str or list of str
        Background factors, each on its own.
    survey : str
        Its table. Default: the only one.
    year : int, optional
        Default: the survey's last year.
    confidence : float

    Returns
    -------
    DataFrame
        One row a group, the whole first: ``value, lower, upper`` the share of those who could be asked (``n``) that
        ``answered``, Wilson's interval; ``weighted`` with limits: the same if everybody had been asked, by the weights they were
        drawn with and the design. ``not_eligible``: drawn but could not be asked, to the nearest ten; not in ``n``.

    Raises
    ------
    DatasetError, UnknownNameError
        A survey that does not say who was asked, an unknown factor, or a person of whom it is not known whether he or she
        answered; one sentence with the cure.

    Notes
    -----
    How to read it: where fewer answer, less is known of how people live, and what is known may be of those who manage best. A
    high rate is no proof of a good survey; see `mrstats.representativity`. Hidden (``C``) where fewer than ten answered, or did not.

    Examples
    --------
    Made of six thousand residents of Exempelstad.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import mrstats as mr
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     city = mr.open_dataset(build_example_city(Path(folder) / "exempelstad", persons=6000))
    ...     table = mr.response_rates(city, "sex")
    >>> table["sex"].tolist(), bool((table["n"].iloc[1:].sum() == table["n"].iloc[0]))
    (['_T', 'women', 'men'], True)
    """
    response = response_of(city, survey)
    arguments = {
        "indicator": response.name,
        "survey": survey,
        "by": names(by),
        "year": year_of(city, response.table, year),
        "confidence": _level(confidence),
    }
    return answered(city, ResultRequest(city.name, "response_rates", arguments), response_table)


def rake(
    city: City,
    margins: str | Sequence[str],
    *,
    population: str,
    survey: str = "",
    year: int | None = None,
    trim: float | None = None,
) -> pd.DataFrame:
    """What raking a survey's weights to a register does: each group's share before and after, and the cost in precision.

    Parameters
    ----------
    city : City
    margins : list of str
        Background factors that both the survey and the register have.
    population : str
        An indicator of the register whose denominator says whom the survey is about, such as ``adults``.
    survey : str
    year : int, optional
        Default: the survey's last year.
    trim : float, optional
        No weight is more than so many times their mean.

    Returns
    -------
    DataFrame
        One row a group of each factor: ``sample_share`` of those who answered, ``before`` by the weights they were drawn with,
        ``after`` raking, and in the ``register`` (per cent). The same in every row: ``respondents``; ``largest_weight`` (in
        times of the mean) and Kish's ``design_effect`` 1 + cv², before and after; how many weights were ``trimmed``; in how many
        ``iterations`` it ``converged`` (else it is an error).

    Raises
    ------
    UnknownNameError, UnknownGroupError, DatasetError
        A group of the register in which nobody answered, one that the register has not, or margins that cannot be met; one sentence
        with the column, the group and the cure.

    Notes
    -----
    How to read it: raking mends what goes with these factors, and nothing else. Give the same `margins` and `population` to
    `mrstats.battery` and `mrstats.index`: their intervals then count with it. A design effect of 1.5 means that 1500 answers tell
    as much as 1000 without unequal weights. Hidden (``C``) where fewer than ten answered.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mrstats as mr
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     city = mr.open_dataset(build_example_city(Path(folder) / "exempelstad", persons=6000))
    ...     table = mr.rake(city, ["sex", "disability"], population="adults")
    >>> bool((table["after"] - table["register"]).abs().max() < 1e-6), table["factor"].unique().tolist()
    (True, ['sex', 'disability'])
    """
    response = response_of(city, survey)
    arguments = {
        "indicator": response.name,
        "survey": survey,
        **_weighting(margins, population, trim),
        "year": year_of(city, response.table, year),
    }
    if not arguments["margins"]:
        raise UnknownNameError("margins=[] must name one background factor or more, such as ['sex', 'age_group'].")
    return answered(city, ResultRequest(city.name, "rake", arguments), rake_table)


def representativity(
    city: City,
    factors: str | Sequence[str],
    *,
    survey: str = "",
    year: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """How alike those who answered are to those who were asked: the R-indicator, and each factor's part in it.

    Parameters
    ----------
    city : City
    factors : list of str
        Background factors that the chance to answer is modelled from.
    survey : str
    year : int, optional
    confidence : float

    Returns
    -------
    DataFrame
        First the whole: ``value`` R with ``lower, upper`` and ``se``, corrected for bias, and ``uncorrected``. Then a row a
        ``factor``: ``unconditional``, the spread of the chance to answer between its groups, and ``conditional``, the spread
        that is left when all other factors are alike. In all rows ``response_rate`` (weighted, per cent) and ``largest_bias``: so
        many standard deviations may a mean be off, at most, by who answers.

    Raises
    ------
    MrstatsError, DatasetError, UnknownNameError
        A group where nobody or everybody answered, or factors that say the same; one sentence with the cure.

    Notes
    -----
    How to read it: 1 means that everybody was as likely to answer, as far as these factors show; compare only with the same
    factors. See `mrstats.measures.nonresponse.representativity`. An R near 1 does not show that those who answered think as others do.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mrstats as mr
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     city = mr.open_dataset(build_example_city(Path(folder) / "exempelstad", persons=6000))
    ...     table = mr.representativity(city, ["sex", "disability"])
    >>> table["factor"].tolist(), bool(0 < table["lower"].iloc[0] < table["value"].iloc[0] <= 1)
    (['', 'sex', 'disability'], True)
    """
    response = response_of(city, survey)
    chosen = names(factors)
    if not chosen or len(set(chosen)) < len(chosen):
        raise UnknownNameError(f"factors={chosen} must be one or more different background factors.")
    arguments = {
        "indicator": response.name,
        "survey": survey,
        "factors": chosen,
        "year": year_of(city, response.table, year),
        "confidence": _level(confidence),
    }
    return answered(city, ResultRequest(city.name, "representativity", arguments), representativity_table)


def battery(
    city: City,
    questions: Sequence[str],
    by: str | Sequence[str] = (),
    *,
    margins: str | Sequence[str] = (),
    population: str = "",
    trim: float | None = None,
    year: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Several questions of a survey beside each other: the share that agrees with each, in all and by group.

    Parameters
    ----------
    city : City
    questions : list of str
        Of one survey; dataset.toml's ``agree`` says which answers count.
    by : str or list of str
        Background factors, each on its own.
    margins, population, trim
        As in `rake`: the weights are raked. Without margins the survey's own ``weight`` is used.
    year : int, optional
    confidence : float

    Returns
    -------
    DataFrame
        As `mrstats.break_down`, one row per question and group: ``value, lower, upper`` in per cent, ``n`` who answered it;
        ``raked_to``: in words, what the weights were raked to.

    Raises
    ------
    UnknownNameError, UnknownGroupError, DatasetError
        What is no question of the survey, or margins that do not fit; one sentence with the cure.

    Notes
    -----
    How to read it: limits are chance in who was drawn, and count with the raking. Hidden (``C``) where fewer than ten agree or
    do not, with the next smallest group.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mrstats as mr
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     city = mr.open_dataset(build_example_city(Path(folder) / "exempelstad", persons=6000))
    ...     table = mr.battery(city, ["q04", "q06"], "sex")
    >>> table[["indicator", "sex"]].values.tolist()[:3]
    [['q04', '_T'], ['q04', 'women'], ['q04', 'men']]
    """
    table = questions_of(city, names(questions))[0].table
    arguments = {
        "questions": names(questions),
        "by": names(by),
        **_weighting(margins, population, trim),
        "year": year_of(city, table, year),
        "confidence": _level(confidence),
    }
    return answered(city, ResultRequest(city.name, "battery", arguments), battery_table)


def answers(
    city: City,
    questions: Sequence[str],
    *,
    since: int | None = None,
    margins: str | Sequence[str] = (),
    population: str = "",
    trim: float | None = None,
    year: int | None = None,
    confidence: float = 0.95,
    alike: float = 2.0,
) -> pd.DataFrame:
    """What everybody answered to several questions, answer by answer, and whether more are positive than in an earlier year.

    Parameters
    ----------
    city : City
    questions : list of str
        Of one survey, whose [questions.…] has a ``scale``; each is favourable or adverse.
    since : int, optional
        An earlier year of the survey.
    margins, population, trim
        As in `rake`, in both years.
    year : int, optional
    confidence : float
    alike : float
        A change whose whole interval lies within so many percentage points either side of 0 is none that matters.

    Returns
    -------
    DataFrame
        One row per question and ``answer``, in the scale's order, with its ``side``: *positive* where it is good for people
        (to agree, or of an adverse question to disagree), *negative* or *neutral*. ``value, lower, upper`` in per cent of
        the ``n`` who answered the question; ``response``: these in per cent of all who could be asked. The same in every row of a
        question: ``positive`` share with limits, its ``change`` in percentage points from ``since`` with limits, ``p``,
        ``p_adjusted`` (Holm's, over the questions) and the ``verdict``: *better* or *worse* where the adjusted p is below
        1 − confidence, else *alike* or *unsure*. ``compared``: whether persons who answered both years are *independent samples*
        or *recurring persons*, whose answers vary together.

    Raises
    ------
    UnknownNameError, UnknownGroupError, DatasetError
        What is no question of the survey, a question without a direction, or a year without answers; one sentence with the cure.

    Notes
    -----
    How to read it: limits are chance in who was drawn. *Unsure* is not *alike*: nobody can see whether it has changed. A question
    is hidden whole (``C``) where 1–9 persons gave one of its answers in either year, or fewer than ten agree or do not: shares
    add up, so one answer alone cannot be hidden. ``response`` is missing where fewer than ten did not answer.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mrstats as mr
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     city = mr.open_dataset(build_example_city(Path(folder) / "exempelstad", persons=6000))
    ...     table = mr.answers(city, ["q04", "q17"], since=2023)
    >>> table.pivot(index="indicator", columns="answer", values="side").loc["q17"].tolist()
    ['positive', 'positive', 'neutral', 'negative', 'negative']
    >>> table.groupby("indicator")["value"].sum().round(6).tolist()
    [100.0, 100.0]
    """
    table = questions_of(city, names(questions))[0].table
    chosen = year_of(city, table, year)
    if since is not None and not whole("since", since) < chosen:
        raise UnknownNameError(f"since={since} must be an earlier year than {chosen}.")
    if not alike >= 0:
        raise UnknownNameError(f"alike={alike!r} must be percentage points, such as 2, or 0 where any change matters.")
    arguments = {
        "questions": names(questions),
        "since": whole("since", since or 0),
        **_weighting(margins, population, trim),
        "year": chosen,
        "confidence": _level(confidence),
        "alike": float(alike),
    }
    return answered(city, ResultRequest(city.name, "answers", arguments), answers_table)


def index(
    city: City,
    questions: Sequence[str],
    by: str | Sequence[str] = (),
    *,
    name: str = "",
    margins: str | Sequence[str] = (),
    population: str = "",
    trim: float | None = None,
    year: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Several questions as one index from 0 to 100, with its parts and how well they go together, in all and by group.

    Parameters
    ----------
    city : City
    questions : list of str
        Two or more of one survey, whose [questions.…] has a ``scale``; those with an adverse direction are turned.
    by : str or list of str
        Background factors, each on its own.
    name : str
        What the index is called where it is shown.
    margins, population, trim
        As in `rake`.
    year : int, optional
    confidence : float

    Returns
    -------
    DataFrame
        One row per group and part: the index (``indicator`` empty) and each question, ``value, lower, upper`` in points, 100 best.
        The index has Cronbach's ``alpha`` with limits; a question ``item_rest``, its correlation with the others, and
        ``alpha_if_dropped``.

    Raises
    ------
    UnknownNameError, DatasetError
        Fewer than two questions, none of one scale, or an answer outside it; one sentence with the cure.

    Notes
    -----
    How to read it: see `mrstats.measures.scales.cronbach_alpha`. A person's index is the mean of the questions he or she answered, if
    they are half or more; alpha is of those who answered all. Compare groups only where alpha is fair in each. Hidden (``C``)
    where fewer than ten answered.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import mrstats as mr
    >>> from mrstats.example_city import build_example_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     city = mr.open_dataset(build_example_city(Path(folder) / "exempelstad", persons=6000))
    ...     table = mr.index(city, ["q04", "q05", "q06", "q07"], name="Trygghet")
    >>> table["indicator"].tolist(), bool(0 < table["alpha"].iloc[0] < 1)
    (['', 'q04', 'q05', 'q06', 'q07'], True)
    """
    table = questions_of(city, names(questions), fewest=2)[0].table
    arguments = {
        "questions": names(questions),
        "name": name,
        "by": names(by),
        **_weighting(margins, population, trim),
        "year": year_of(city, table, year),
        "confidence": _level(confidence),
    }
    return answered(city, ResultRequest(city.name, "index", arguments), index_table)


def _weighting(margins: str | Sequence[str], population: str, trim: float | None) -> dict[str, Any]:
    """How weights are raked, as a plan writes it."""
    return {"margins": names(margins), "population": population, "trim": 0.0 if trim is None else float(trim)}


def _level(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise UnknownNameError(f"confidence={confidence!r} must be a fraction between 0 and 1, such as 0.95.")
    return float(confidence)

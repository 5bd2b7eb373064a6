"""What those who answered a survey said, question by question: the verbs. No statistic; they answer as `mrstats.surveying` does."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from mrstats.dataset import City
from mrstats.models.asked import answered, names, whole
from mrstats.request import ResultRequest
from mrstats.schema import UnknownNameError
from mrstats.surveying.answering import answers_table
from mrstats.surveying.arguments import level, raking, year_of
from mrstats.surveying.asking import battery_table, index_table, names_of, questions_of


def battery(
    city: City,
    questions: str | Sequence[str],
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
    questions : list of str, or a survey's name for all of its
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
        ``raked_to`` names what the weights were raked to.

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
    table = questions_of(city, names_of(city, questions))[0].table
    arguments = {
        "questions": names_of(city, questions),
        "by": names(by),
        **raking(margins, population, trim),
        "year": year_of(city, table, year),
        "confidence": level(confidence),
    }
    return answered(city, ResultRequest(city.name, "battery", arguments), battery_table)


def answers(
    city: City,
    questions: str | Sequence[str],
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
    questions : list of str, or a survey's name for all of its
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
    table = questions_of(city, names_of(city, questions))[0].table
    chosen = year_of(city, table, year)
    if since is not None and not whole("since", since) < chosen:
        raise UnknownNameError(f"since={since} must be an earlier year than {chosen}.")
    if not alike >= 0:
        raise UnknownNameError(f"alike={alike!r} must be percentage points, such as 2, or 0 where any change matters.")
    arguments = {
        "questions": names_of(city, questions),
        "since": whole("since", since or 0),
        **raking(margins, population, trim),
        "year": chosen,
        "confidence": level(confidence),
        "alike": float(alike),
    }
    return answered(city, ResultRequest(city.name, "answers", arguments), answers_table)


def index(
    city: City,
    questions: str | Sequence[str],
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
    questions : list of str, or a survey's name for all of its
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
    table = questions_of(city, names_of(city, questions), fewest=2)[0].table
    arguments = {
        "questions": names_of(city, questions),
        "name": name,
        "by": names(by),
        **raking(margins, population, trim),
        "year": year_of(city, table, year),
        "confidence": level(confidence),
    }
    return answered(city, ResultRequest(city.name, "index", arguments), index_table)

"""Surveys: who answers, what weights do about it, and what those who answered said. Persons in, tables out; no chart, no file.

Every verb goes through the publication's plan: it is computed in the protected run, hides groups of few persons by its own
rules, and is shown from the release.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from mrstats.dataset import City
from mrstats.models.asked import answered, names
from mrstats.request import ResultRequest
from mrstats.schema import UnknownNameError
from mrstats.surveying.answering import answers_table
from mrstats.surveying.arguments import level, raking, year_of
from mrstats.surveying.asking import battery_table, index_table
from mrstats.surveying.responding import representativity_table, response_table
from mrstats.surveying.sample import response_of
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
        "confidence": level(confidence),
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
    if not names(margins):
        raise UnknownNameError("margins=[] must name one background factor or more, such as ['sex', 'age_group'].")
    response = response_of(city, survey)
    arguments = {
        "indicator": response.name,
        "survey": survey,
        **raking(margins, population, trim),
        "year": year_of(city, response.table, year),
    }
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
        "confidence": level(confidence),
    }
    return answered(city, ResultRequest(city.name, "representativity", arguments), representativity_table)

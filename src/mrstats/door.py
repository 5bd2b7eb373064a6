"""How the public verbs are called: an argument that cannot be meant is one sentence, whichever verb it is. No statistic."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import cache, wraps
from numbers import Integral, Real
from os import PathLike
from typing import Any

from .language import LANGUAGES
from .schema import UnknownNameError

TABLES = {"table", "data", "tables", "counts", "changes", "covariates", "people", "services", "frame"}
"""Parameters that are a DataFrame, in every verb that has one of them."""


MADE_BY = {"Division": "city.division", "PublicationPlan": "mr.publication_plan"}
"""Kinds of parameter that are easily given by name, and what makes them."""


@cache
def checked(public: str, verb: Callable[..., Any]) -> Callable[..., Any]:
    """A verb by its public name, its arguments looked at first: what is opened, a table, a number, one name for a list.

    Examples
    --------
    >>> import mrstats as mr
    >>> try:
    ...     mr.answers("malmo", "q1")
    ... except mr.MrstatsError as error:
    ...     print(error)
    answers works on an opened dataset, not on 'malmo'. Open it: city = mr.open_dataset(…).
    """
    signature = inspect.signature(verb)

    @wraps(verb)
    def called(*given: Any, **named: Any) -> Any:
        try:
            bound = signature.bind(*given, **named)
        except TypeError:
            return verb(*given, **named)  # Python says best what is missing or unknown
        for name, value in bound.arguments.items():
            parameter = signature.parameters[name]
            if value is not None or parameter.default is not None:
                bound.arguments[name] = _meant(public, parameter, value)
        return verb(*bound.args, **bound.kwargs)

    return called


def _meant(verb: str, parameter: inspect.Parameter, value: Any) -> Any:
    """The value as the verb takes it; an UnknownNameError says what it must be."""
    name, kind = parameter.name, str(parameter.annotation).removesuffix(" | None")
    if name == "city" and parameter.default is parameter.empty:
        from .dataset import City

        if not isinstance(value, City):
            raise UnknownNameError(
                f"{verb} works on an opened dataset, not on {_told(value)}. Open it: city = mr.open_dataset(…)."
            )
    elif name in TABLES:
        from pandas import DataFrame

        for one in value if parameter.kind is parameter.VAR_POSITIONAL else [value]:
            if not isinstance(one, DataFrame):
                raise UnknownNameError(f"{verb} takes a table for {name}, not {_told(one)}. Pass the DataFrame itself.")
    elif name == "language" and value not in LANGUAGES:
        raise UnknownNameError(f"language={value!r} is not one of {', '.join(LANGUAGES)}.")
    elif kind == "str | Path" and not isinstance(value, str | PathLike):
        raise UnknownNameError(f"{name}={value!r} must be a name or the path of a folder.")
    elif kind in MADE_BY and isinstance(value, str):
        raise UnknownNameError(f"{name}={value!r} is only a name; pass what it names: {MADE_BY[kind]}({value!r}).")
    elif kind == "tuple[float, int]" and not (isinstance(value, tuple | list) and len(value) == 2):
        raise UnknownNameError(f"{name}={value!r} must be a level and its year, such as (80, 2030).")
    elif kind == "int" and not isinstance(value, Integral):
        raise UnknownNameError(f"{name}={value!r} must be a whole number, without quotes or decimals.")
    elif kind == "float" and not isinstance(value, Real):
        raise UnknownNameError(f"{name}={value!r} must be a number, without quotes or a unit.")
    if name == "confidence" and not 0 < value < 1:
        raise UnknownNameError(f"confidence={value!r} must be a fraction between 0 and 1, such as 0.95.")
    if kind not in ("str", "str | Sequence[str]", "Sequence[str]", "list[str]"):
        return value
    if value is None and parameter.default is not parameter.empty:
        return value  # as if it were not given
    return _names(name, kind, value)


def _names(name: str, kind: str, value: Any) -> Any:
    """One name, or several where the verb takes a list; one alone is a list of one."""
    if isinstance(value, str):
        return [value] if kind in ("Sequence[str]", "list[str]") else value
    several = list(value) if isinstance(value, Iterable) and kind != "str" else [value]
    if kind == "str" or not all(isinstance(one, str) for one in several):
        raise UnknownNameError(
            f"{name}={value!r} must be {'one name' if kind == 'str' else 'a name or a list of names'}."
        )
    return several


def _told(value: Any) -> str:
    """A value in few words: a long or many-lined one by its kind."""
    text = repr(value)
    return text if len(text) <= 40 and "\n" not in text else f"a {type(value).__name__}"

"""What a PxWeb selection expression stands for: codes of one variable, found before anything is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mrstats.definitions import nearest
from mrstats.schema import UnknownNameError

CALL = re.compile(r"(TOP|BOTTOM|RANGE|FROM|TO)\((.*)\)", re.IGNORECASE)


def select_codes(
    expressions: str | int | Iterable[str | int],
    codes: Sequence[str],
    *,
    time: bool = False,
    what: str = "the variable",
) -> list[str]:
    """The codes that one or several expressions stand for, in the publisher's order and each once.

    Parameters
    ----------
    expressions : str, int or iterable of them
        A code, ``*``, ``12*``, ``*12``, ``*12*``, ``?`` for one sign, ``TOP(n)``, ``BOTTOM(n)``, both with a second number
        to pass over, ``RANGE(a,b)``, ``FROM(a)``, ``TO(a)``. Upper and lower case are the same. What is a code as it
        stands is that code.
    codes : sequence of str
        All codes in the publisher's order.
    time : bool
        ``TOP`` of a time variable is the newest; of others the first.
    what : str
        How an error calls the variable.

    Raises
    ------
    UnknownNameError
        An expression stands for no code, or is none.

    Examples
    --------
    >>> select_codes("128?", ["00", "12", "1280", "1281"])
    ['1280', '1281']
    >>> select_codes("TOP(2)", ["2021", "2022", "2023"], time=True)
    ['2022', '2023']
    >>> select_codes(["TOP(1,1)", "from(1280)"], ["00", "12", "1280", "1281"])
    ['12', '1280', '1281']
    """
    asked = [expressions] if isinstance(expressions, str | int) else list(expressions)
    texts = {str(expression).strip() for expression in asked}
    chosen = texts & set(codes)
    for expression in sorted(texts - chosen):
        chosen |= set(_stands_for(expression, codes, time, what))
    if not chosen:
        raise UnknownNameError(f"no code of {what} is selected. Name at least one, or '*' for all.")
    return [code for code in codes if code in chosen]


def _stands_for(expression: str, codes: Sequence[str], time: bool, what: str) -> list[str]:
    call = CALL.fullmatch(expression)
    ordered = sorted(codes) if time else list(codes)
    if call:
        word, inside = call[1].upper(), [part.strip() for part in call[2].split(",")]
        found = (
            _counted(word, inside, ordered, time)
            if word in ("TOP", "BOTTOM")
            else _between(word, inside, ordered, what)
        )
    else:
        found = _alike(expression, codes)
    if not found:
        raise UnknownNameError(f"{expression!r} selects no code of {what}; {nearest_code(expression, codes)}.")
    return found


def _counted(word: str, inside: list[str], ordered: list[str], time: bool) -> list[str]:
    if len(inside) > 2 or not all(part.isdigit() for part in inside):
        return []
    count, passed = int(inside[0]), int(inside[1]) if len(inside) == 2 else 0
    from_the_end = (word == "TOP") == time
    return (ordered[::-1] if from_the_end else ordered)[passed : passed + count]


def _between(word: str, inside: list[str], ordered: list[str], what: str) -> list[str]:
    if len(inside) != (2 if word == "RANGE" else 1):
        return []
    places = []
    for code in inside:
        same = [place for place, known in enumerate(ordered) if known.casefold() == code.casefold()]
        if not same:
            raise UnknownNameError(f"{code!r} in {word} is no code of {what}; {nearest_code(code, ordered)}.")
        places.append(same[0])
    first, last = {"RANGE": (places[0], places[-1]), "FROM": (places[0], len(ordered)), "TO": (0, places[0])}[word]
    return ordered[first : last + 1]


def _alike(expression: str, codes: Sequence[str]) -> list[str]:
    """Codes with the signs of the expression; a star stands for any signs at its ends only."""
    middle = expression.strip("*")
    if "*" in middle:
        return []
    body = re.escape(middle).replace(r"\?", ".")
    before, after = (".*" if end else "" for end in (expression.startswith("*"), expression.endswith("*")))
    pattern = re.compile(f"{before}{body}{after}", re.IGNORECASE | re.DOTALL)
    return [code for code in codes if pattern.fullmatch(code)]


def nearest_code(expression: str, codes: Sequence[str]) -> str:
    """The spelling meant, or the first codes there are."""
    if len(codes) <= 12:
        return nearest(expression.strip("*?"), codes)
    return f"its {len(codes)} codes begin {', '.join(codes[:5])}"

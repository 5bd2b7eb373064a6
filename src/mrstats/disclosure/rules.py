"""The city's rules for what may be printed, as a frozen definition read from TOML. They hide nothing themselves."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mrstats.definitions import nearest
from mrstats.schema import EditionError

METHODS = ("auto", "suppress", "round", "cellkey")


@dataclass(frozen=True)
class ProtectionRule:
    """What may be printed.

    Parameters
    ----------
    min_count, min_count_sensitive : int
        A count of 1 to one less than this, with the outcome or without it, is never printed; the second for
        indicators marked as sensitive (income support, health).
    min_width : int, optional
        Highest less lowest value that a hidden count must leave open. Default: the smallest count less one.
    group_share : float
        A group is at risk when this share of it, or all but one, has the same sensitive outcome.
    min_denominator : int
        A rate on fewer persons is not printed.
    min_contributors : int
        A sum or mean of fewer persons is not printed.
    dominance_persons, dominance_share : int, float
        Nor one of which so few persons (1 or 2) have more than this share.
    prior_percent : float
        Nor one from which the second largest can tell the largest to within so many per cent (the p % rule).
    quantile_side : int
        So many persons must lie on each side of a quantile.
    method : str
        auto, suppress, round or cellkey.
    max_hidden_share, max_dimensions : float, int
        `auto` rounds where suppression would hide a larger share of the cells, or a table has more dimensions.
    singletons : bool
        Protect against a person who is alone in a cell and knows it.

    Examples
    --------
    >>> rule = ProtectionRule()
    >>> rule.least(sensitive=True), rule.width(sensitive=True), rule.width()
    (10, 9, 4)
    """

    min_count: int = 5
    min_count_sensitive: int = 10
    min_width: int | None = None
    group_share: float = 0.95
    min_denominator: int = 30
    min_contributors: int = 10
    dominance_persons: int = 2
    dominance_share: float = 0.9
    prior_percent: float = 10.0
    quantile_side: int = 10
    method: str = "auto"
    max_hidden_share: float = 0.1
    max_dimensions: int = 4
    singletons: bool = True

    def __post_init__(self) -> None:
        for name, low, high in (
            ("min_count", 2, 1000),
            ("min_count_sensitive", 2, 1000),
            ("min_width", 0, 1000),
            ("group_share", 0.5, 1),
            ("min_denominator", 1, 100_000),
            ("min_contributors", 3, 1000),
            ("dominance_persons", 1, 2),
            ("dominance_share", 0, 1),
            ("prior_percent", 0, 100),
            ("quantile_side", 1, 1000),
            ("max_hidden_share", 0, 1),
            ("max_dimensions", 0, 100),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise EditionError(f"the protection rule says {name} = {value}; it must lie from {low} to {high}.")
        if self.method not in METHODS:
            raise EditionError(f"the protection rule says method = {self.method!r}; it must be {', '.join(METHODS)}.")

    def least(self, *, sensitive: bool = False) -> int:
        """The smallest count that may be printed, apart from zero."""
        return max(self.min_count, self.min_count_sensitive) if sensitive else self.min_count

    def width(self, *, sensitive: bool = False) -> int:
        """Highest less lowest value that a hidden count must leave open."""
        return self.least(sensitive=sensitive) - 1 if self.min_width is None else self.min_width


def read_rule(path: Path | str) -> ProtectionRule:
    """The rule in a TOML file; what the file does not say stays as it is by default.

    Parameters
    ----------
    path : path
        A file such as ``min_count = 5`` and ``method = "suppress"``, one line each.

    Returns
    -------
    ProtectionRule

    Raises
    ------
    EditionError
        There is no such file, it cannot be read, a name in it is unknown, or a value is of the wrong kind or size.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
    ...     print("min_count = 4", file=file, flush=True)
    ...     read_rule(file.name).min_count
    4
    """
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EditionError(f"there is no file of rules {path.name}. Write one, or leave `protection` out.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EditionError(f"the rules {path.name} cannot be read ({error}).") from None
    defaults = {field.name: field.default for field in fields(ProtectionRule)}
    for name, value in raw.items():
        if name not in defaults:
            raise EditionError(f"{path.name}: {name!r} is not a rule ({nearest(name, defaults)}).")
        if not _alike(value, defaults[name]):
            kind = "a whole number" if defaults[name] is None else f"like {defaults[name]!r}"
            raise EditionError(f"{path.name}: {name} = {value!r} must be {kind}.")
    return ProtectionRule(**raw)


def _alike(value: Any, default: Any) -> bool:
    """Whether a value is of its default's kind; a whole number will do for a fraction, never true or false for either."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    kinds = (int, float) if isinstance(default, float) else int if default is None else type(default)
    return isinstance(value, kinds)

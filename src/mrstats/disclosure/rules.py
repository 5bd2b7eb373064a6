"""The city's rules for what may be printed, as frozen definitions. They hide nothing themselves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProtectionRule:
    """What may be printed.

    Parameters
    ----------
    min_count : int
        A count of 1 to ``min_count − 1`` persons, with the outcome or without it, is never printed.
    """

    min_count: int = 5

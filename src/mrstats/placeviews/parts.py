"""What views of places have in common: names of services, distances, and shares told in steps. It chooses no rows."""

from __future__ import annotations

from collections.abc import Sequence

from ..captions import Captions
from ..language import number
from ..measures.coarse import FINEST, share_step
from ..schema import CITY
from ..viewparts import is_hidden


def service(kind: str, words: Captions, *, plural: bool = False) -> str:
    """The name of a kind of service."""
    return words.called("service", kind, "s" if plural else "")


def metres(reach: float, words: Captions) -> str:
    """*1 000 meter*."""
    return words.word("metres", number=number(reach, words.language))


def in_steps(records: Sequence[dict], words: Captions) -> list[str]:
    """The note that some shares are told in steps wider than they are printed."""
    wide = any(share_step(record["n"]) > FINEST for record in records if not is_hidden(record))
    return [words.word("shares_in_steps")] * wide


def in_city(record: dict) -> bool:
    """Whether a row is about the whole city."""
    return record["geography_level"] == CITY

"""Location quotients for a map: one group's share of each area over its share of the city, as a table and in words."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from ..captions import Captions
from ..language import word
from ..schema import TOTAL, MrstatsError, factor_columns
from ..viewparts import among


@dataclass(frozen=True)
class QuotientWords(Captions):
    """The words of a dataset, with quotients of one group in the place of the residents that they are made of."""

    group_name: str = ""
    """Whose share it is, as inside a sentence."""

    def indicator(self, name: str):
        """The definition of the count of residents, told as a quotient."""
        label = self.city.indicators[name].label
        made = {"unit": {language: word("quotient_unit", language) for language in label},
                "share": {language: word("quotient_share", language, among=self.group_name) for language in label}}  # fmt: skip
        return SimpleNamespace(
            **vars(self.city.indicators[name]) | {"measure": "ratio", "direction": "", "decimals": 1, **made}
        )

    def only(self, table) -> str:
        """Nothing: the name of the quotient says whose it is."""
        return ""


def for_map(data, words: Captions):
    """The table with quotients as its values, and the words to tell them; of one group only.

    Raises
    ------
    MrstatsError
        If the table holds several groups.
    """
    pairs = {(name, code) for name in factor_columns(data) for code in data[name].unique() if code != TOTAL}
    if len(pairs) != 1:
        raise MrstatsError(
            f"A map shows the quotients of one group; the table holds {len(pairs)}. Select one, as in "
            f"table[table[{next(iter(factor_columns(data)), 'factor')!r}] == …]."
        )
    value = {"value": data["quotient"], "lower": data["quotient_lower"], "upper": data["quotient_upper"]}
    name = among(*pairs.pop(), words)
    return data.assign(**value, method=""), QuotientWords(words.city, words.language, name)

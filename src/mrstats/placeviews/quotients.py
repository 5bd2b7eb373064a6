"""Location quotients: a group's share of each area over its share of the city, for a map, as a table and in words."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from ..captions import Captions, lower_first
from ..display import Display
from ..language import capital, number, word
from ..phrases import fill
from ..schema import CITY, CONFIDENTIAL, TOTAL, UNPLACED, MrstatsError, factor_columns, has_status
from ..selection import GEOGRAPHY, latest_year, masked, only_indicator, only_level
from ..viewparts import among, plain_table, written, written_interval

_DECIMALS = 2


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


def picture(data, **options) -> Display:
    """Refused: quotients are of areas, and one group's are shown on a map."""
    raise MrstatsError(
        "Quotients are shown on a map, of one group: mr.map(…). Show all of them with mr.table or mr.sentence."
    )


def table(data, *, title=None, city=None, language=None) -> Display:
    """Each group's quotient in each area of one level, in the newest year."""
    words = Captions.of(data, city, language)
    shown, level = _areas(data)
    groups = _groups(shown)
    order = list(words.area_order(level))
    alone = len(groups) == 1
    lines = []
    for code in sorted(shown[GEOGRAPHY].unique(), key=order.index):
        for factor, group in groups:
            row = shown[(shown[GEOGRAPHY] == code) & (shown[factor] == group)].iloc[0]
            name = words.area(level, code) if alone else f"{words.area(level, code)}: {words.group(factor, group)}"
            ends = written_interval(row["quotient_lower"], row["quotient_upper"], words, _DECIMALS)
            lines.append(([capital(name), written(row["quotient"], words, _DECIMALS), ends], False))
    indicator = words.indicator(only_indicator(shown))
    factor, group = groups[0]
    by = [lower_first(words.dimension(GEOGRAPHY, level)), words.dimension(factor).lower()]
    interval = words.word("interval_column", level=words.confidence(shown) or "95")
    one, several = {"among": among(factor, group, words)}, {"by": by[1]}
    told = words.word("title_quotients_one", **one) if alone else words.word("title_quotients", **several)
    subtitle = words.word("quotient_subtitle", by=words.joined(by), place=words.city.label, year=words.years(shown))
    return plain_table(
        words, [capital(by[0]), words.word("quotient"), interval], lines, title=words.title(title, told), subtitle=subtitle,
        source=words.source(shown, [indicator]), notes=[words.word("quotient_read")],
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """Of each group: in how many areas its share is certainly larger than in the city, and in how many smaller."""
    shown, level = _areas(data)
    sentences = []
    for factor, group in _groups(shown):
        rows = shown[shown[factor] == group]
        known = rows[np.isfinite(rows["quotient"])]
        more, less = int((known["quotient_lower"] > 1).sum()), int((known["quotient_upper"] < 1).sum())
        many = {"more": more, "less": less, "all": len(known)}
        slots = {name: number(count, words.language) for name, count in many.items()}
        areas = words.city.geographies[level].plural[words.language]
        if len(known):
            sentences.append(fill("quotients", words.language, among=among(factor, group, words), areas=areas, **slots))
    return sentences


def _areas(data):
    """The rows of areas in the newest year, and their level; a hidden row tells nothing."""
    made = ["quotient", "quotient_lower", "quotient_upper"]
    shown = latest_year(masked(data))
    shown = shown[(shown["geography_level"] != CITY) & (shown[GEOGRAPHY] != UNPLACED)]
    only_indicator(shown)
    return shown.assign(
        **{name: shown[name].mask(has_status(shown["status"], CONFIDENTIAL)) for name in made}
    ), only_level(shown)


def _groups(shown) -> list[tuple[str, str]]:
    """Each factor and group of which there are quotients, one factor at a time."""
    divided = [name for name in factor_columns(shown) if (shown[name].dropna() != TOTAL).any()]
    if len(divided) != 1:
        raise MrstatsError(
            f"Quotients are shown of one factor; the table is divided by {', '.join(divided) or 'none'}. Select one."
        )
    return [(divided[0], str(code)) for code in shown[divided[0]].unique() if code != TOTAL]

"""How voices are shown: what residents have said on each theme, beside the figures of those who said it. It chooses quotations by order."""

from __future__ import annotations

from typing import Any

from ..captions import HIDDEN, Captions
from ..display import Display
from ..language import EN_DASH, capital, in_words, number
from ..phrases import fill
from ..schema import CONFIDENTIAL, MrstatsError
from ..selection import codes
from ..viewparts import among, plain_table


def picture(data, **options) -> Display:
    """Refused: what people say is read."""
    raise MrstatsError("What residents say is read, not drawn. Show it with mr.table or mr.sentence.")


def table(data, *, title=None, city=None, language=None) -> Display:
    """Of each theme one quotation, and one figure of the speaker's group beside the whole city's; themes without any, last."""
    words = Captions.of(data, city, language)
    compared = bool(data["value"].notna().any() or (data["status"] != "").any())
    columns = ("theme", "quotation", "figure", *(("group_value", "city_value") if compared else ()))
    lines = []
    for theme, rows in _themes(data):
        quoted = rows[rows["quotation"] != ""]
        known = quoted[(quoted["indicator"] != "") & quoted["value"].notna()]
        row = (known if len(known) else quoted if len(quoted) else rows).iloc[0].to_dict()
        said_by = f"{EN_DASH} {capital(among(row['factor'], row['group'], words))}"
        quotation = f"{words.word('quoted', text=row['quotation'])} {said_by}" if row["quotation"] else EN_DASH
        cells = [capital(words.called("theme", theme)), quotation, *_figures(row, words)]
        lines.append((cells[: len(columns)], False))
    return plain_table(
        words, [words.word(f"voices_{name}") for name in columns], lines, title=words.title(title, words.word("title_voices")),
        subtitle=words.word("voices_subtitle" if compared else "voices_subtitle_alone", place=words.city.label, year=words.years(data)),
        source=words.word("voices_source"), notes=[words.word("voices_read")], texts=(1, 2),
    )  # fmt: skip


def said(data, words: Captions) -> list[str]:
    """How many have spoken on how many themes, and the themes that no indicator measures."""
    language = words.language
    themes = [theme for theme, _ in _themes(data)]
    unmeasured = [words.called("theme", theme) for theme, rows in _themes(data) if (rows["indicator"] == "").all()]
    told = [fill("voices", language, n=number(data["id"].nunique(), language), themes=in_words(len(themes), language))]
    if unmeasured:
        told.append(fill("voices_unmeasured", language, themes=words.joined(unmeasured)))
    return told


def _themes(data) -> list[tuple[str, Any]]:
    """Themes that some indicator measures, then those that none does."""
    found = list(data.groupby("theme", sort=False))
    return sorted(found, key=lambda pair: bool((pair[1]["indicator"] == "").all()))


def _figures(row: dict, words: Captions) -> list[str]:
    if not row["indicator"]:
        return [words.word("voices_no_indicator"), "", ""]
    indicator = words.indicator(row["indicator"])
    texts = []
    for name in ("value", "city_value"):
        hidden = CONFIDENTIAL in codes(row) and name == "value"
        unknown = "" if row["status"] == "" else HIDDEN  # not asked for, else not shown
        texts.append(HIDDEN if hidden else unknown if row[name] != row[name] else words.value(row[name], indicator))
    label = indicator.label[words.language]
    return [f"{label}, {indicator.unit[words.language]}" if any(texts) else label, *texts]

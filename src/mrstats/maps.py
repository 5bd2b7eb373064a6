"""Maps of where: five classes with round limits, and the persons who live in each. It draws nothing."""

from __future__ import annotations

import math

from . import look
from .captions import Captions, lower_first
from .changemaps import two_maps
from .display import Display, figure, marks_for
from .language import EN_DASH, capital, number
from .mapclasses import CLASSES, Classes, classes_of
from .mapdrawing import Drawing, Legend, LegendRow
from .mapplaces import districts_of, pattern_of, place_of, records_of, reference_value
from .placeviews.quotients import for_map
from .schema import CITY, UNPLACED, MrstatsError
from .selection import (
    GEOGRAPHY,
    free_factors,
    holds_every_group,
    is_shown,
    latest_year,
    masked,
    only_indicator,
    only_level,
    refuse_findings,
    surely_extreme,
    totals,
)
from .views import view_of

_PATTERNS = {
    "hidden": "map_hidden",
    "unreliable": "map_unreliable",
    "missing": "map_missing",
    "none": "map_cannot_exist",
}


def choropleth(data, changes=None, *, title=None, alt=None, city=None, language=None) -> Display:
    """A map of the areas of one level, coloured by value in five classes with round limits.

    Parameters
    ----------
    data : DataFrame
        Rows of `mr.break_down` or `mr.gaps` for one indicator and the areas of one level, or of
        `mr.location_quotients` for one group; the row of the
        city is used for the legend. Factors are shown as totals unless the table is cut to one group. The
        newest year is drawn; the limits are those of all years in the table.
    changes : DataFrame, optional
        What `mr.change` returned for the same areas: then two maps stand side by side, the level and the change,
        with colour only where the change is certain.
    title : str, optional
        At most twelve words; without it a finding that the intervals bear, else what the map shows.
    alt : str, optional
        Text alternative; without it one is proposed from the numbers.
    city : City, optional
        The opened dataset; found from the table when left out.
    language : str, optional
        "sv" or "en" instead of the dataset's own.

    Returns
    -------
    Display
        Kind "figure", or "text" when the dataset has no boundaries at that level. How to read it: darker is
        more; hatched areas are hidden (``..``), dotted ones have an unreliable value (u); the bars of the
        legend are the persons who live in the areas of each class. The letter i marks a value that
        `harmonise` brought from another division. Residents without a known area are on no
        map.

    Raises
    ------
    MrstatsError
        If the table holds several indicators or levels, or an area that the boundaries do not have.

    Examples
    --------
    >>> import mrstats as mr
    >>> mr.map(mr.break_down(mr.tiny_city(), "employment", geography="district"))
    Kartan kan inte visas, för uppgifterna om Pytteby saknar gränser för stadsområden.
    """
    if view_of(data) and "estimate_id" not in data:
        raise MrstatsError("This result has no levels of areas to map. Show it with mr.chart, mr.table or mr.sentence.")
    refuse_findings(data)
    words = Captions.of(data, city, language)
    if "quotient" in data:
        data, words = for_map(data, words)
    if changes is not None and (whole := two_maps(data, changes, words, title=title, alt=alt)):
        return whole
    shown = masked(data)
    shown = totals(shown, free_factors(shown))
    shown = shown[shown["factor"] == GEOGRAPHY] if "factor" in shown else shown
    areas = shown[(shown["geography_level"] != CITY) & (shown[GEOGRAPHY] != UNPLACED)]
    if not len(areas):
        _refuse_split(data)
        return _no_values(data, words)
    indicator = words.indicator(only_indicator(areas))
    level = only_level(areas)
    polygons = words.city.polygons(level)
    if polygons is None:
        return _no_boundaries(level, words)
    newest = latest_year(areas)
    records = records_of(newest, polygons)
    classes = classes_of(areas["value"])
    whole = latest_year(shown[shown["geography_level"] == CITY]).to_dict("records")
    whole_value = whole[0]["value"] if whole and is_shown(whole[0]) else reference_value(newest)
    top, districts = districts_of(polygons, level, words)
    names = {} if top == level else {code: words.area(top, code) for code in sorted(set(districts.values()))}
    letters = dict(zip(names, _short(names), strict=True))
    places = [
        place_of(code, shape, districts[code], records.get(code), classes, level, words)
        for code, shape in zip(polygons["code"], polygons.geometry, strict=True)
    ]
    legend = Legend(
        heading=_legend_heading(classes, indicator, words),
        bars=words.word("map_bars" if _weight(records) else "map_bars_areas"),
        rows=tuple(_legend_rows(records, polygons, classes, words)),
        border=words.word("map_border", level=lower_first(words.dimension(GEOGRAPHY, top))),
        whole="" if whole_value is None
        else f"{words.word('city_as_a_whole')} {words.value(whole_value, indicator)}",
    )  # fmt: skip
    drawing = Drawing(places, letters, words.city.water(), legend)
    svg = drawing.svg()
    return figure(
        words,
        svg,
        drawing.height,
        title=_title(newest, level, indicator, title, words),
        subtitle=_subtitle(newest, indicator, level, words),
        source=words.source(newest, [indicator]),
        notes=_notes(places, drawing, names, letters, records, words),
        alt=_alt(newest, records, polygons, level, indicator, whole_value, alt, words),
    )


def _no_values(data, words) -> Display:
    names = data["indicator"].unique() if len(data) else []
    share = words.joined([words.share(words.indicator(name), definite=True) for name in names]) if len(names) else ""
    text = words.word("no_area_values", share=share) if share else words.word("no_breakdown_unnamed")
    return Display("text", words.language, marks=marks_for(words.city, words.language), paragraphs=[text])


def _refuse_split(data) -> None:
    """Areas that are only there for each of several groups, or compared group by group, are on no map."""
    if (~data[GEOGRAPHY].isin([UNPLACED]) & (data["geography_level"] != CITY)).any():
        raise MrstatsError(
            f"A map shows the areas' totals or one group; this table's areas are split by {', '.join(free_factors(data))}"
            ' or compare groups. Select one, as in table[table["sex"] == "women"], or compare the areas: '
            'mr.gaps(table, factor="geography").'
        )


def _no_boundaries(level: str, words) -> Display:
    plural = words.city.geographies[level].plural[words.language]
    text = words.word("no_boundaries", place=words.city.label, areas=plural)
    return Display("text", words.language, marks=marks_for(words.city, words.language), paragraphs=[text])


# Legend -----------------------------------------------------------------------------------------------


def _weight(records) -> str:
    """What the legend's bars count: residents where the table has them, else areas."""
    for column in ("population", "n"):
        if any(not math.isnan(record.get(column, math.nan)) for record in records.values()):
            return column
    return ""


def _legend_rows(records, polygons, classes: Classes, words) -> list[LegendRow]:
    """Classes high to low with the persons who live there, then patterns; no figure of a hidden area."""
    weight = _weight(records)
    in_class: dict[object, list[dict | None]] = {}
    for code in polygons["code"]:
        record = records.get(code)
        pattern = pattern_of(record)
        key = pattern or classes.of([record["value"]])[0]
        in_class.setdefault(key, []).append(record)
    lines = [
        (classes.label(place, words), look.ORDERED[place], "", in_class.get(place, []))
        for place in reversed(range(CLASSES))
    ]
    lines += [
        (words.word(key), look.WHITE, pattern, in_class[pattern])
        for pattern, key in _PATTERNS.items()
        if pattern in in_class
    ]
    return [_legend_row(*line, weight, words) for line in lines]


def _legend_row(label, fill, pattern, members, weight, words) -> LegendRow:
    if pattern not in ("", "unreliable") or not weight:
        count = len(members)
        text = words.word("map_area_one") if count == 1 else words.word("map_area_count", count=count)
        return LegendRow(label, fill, pattern, 0.0 if weight else float(count), text if count else EN_DASH)
    amount = sum(member[weight] for member in members if not math.isnan(member.get(weight, math.nan)))
    return LegendRow(label, fill, pattern, amount, number(amount, words.language) if amount else EN_DASH)


def _legend_heading(classes: Classes, indicator, words) -> str:
    unit = indicator.unit[words.language]
    return words.word("map_thousands", unit=unit) if classes.scale > 1 else capital(unit)


def _short(names: dict[str, str]) -> list[str]:
    """The shortest beginnings that tell the names apart, else numbers."""
    for length in (1, 2, 3):
        beginnings = [name[:length] for name in names.values()]
        if len(set(beginnings)) == len(beginnings):
            return beginnings
    return [str(place) for place in range(1, len(names) + 1)]


# Words around the drawing -----------------------------------------------------------------------------


def _title(newest, level: str, indicator, given, words) -> str:
    extreme = surely_extreme(newest.to_dict("records"), indicator.direction)
    finding = None if not holds_every_group(newest) else words.finding(indicator, extreme, GEOGRAPHY)
    what = words.share(indicator)
    by = lower_first(words.dimension(GEOGRAPHY, level))
    return words.title(given, finding, f"{what} {words.word('by')} {by}", what)


def _subtitle(newest, indicator, level: str, words) -> str:
    return words.subtitle(newest, [indicator], [lower_first(words.dimension(GEOGRAPHY, level))])


def _notes(places, drawing: Drawing, names, letters, records, words) -> list[str]:
    notes = [words.word("map_classes").rstrip(".")]
    if letters:
        notes.append(", ".join(f"{letters[code]} {name}" for code, name in names.items()))
    if drawing.panel.unvalued or drawing.panel.unnamed:
        notes.append(words.word("map_names_and_values" if drawing.panel.unvalued else "map_names").rstrip("."))
    symbols = {place.text for place in places if place.pattern in ("hidden", "none", "missing")}
    shown = [record for record in records.values() if is_shown(record)]
    return notes + words.notes(symbols, [words.letters(shown)])


def _alt(newest, records, polygons, level, indicator, whole_value, given, words) -> str:
    """What is drawn, the whole, the two ends, what is hidden, and where all numbers are."""
    word = words.word
    plural = words.city.geographies[level].plural[words.language]
    shown = [record for record in records.values() if is_shown(record)]
    what = [word("alt_what", share=capital(words.share(indicator, definite=True)), year=words.years(newest))]
    what[0] = f"{what[0]} {words.only(newest)}".strip()
    if whole_value is not None:
        what.append(word("alt_city", value=words.value(whole_value, indicator, unit=True)))
    sentences = [word("alt_map", count=len(polygons), areas=plural), ", ".join(what) + "."]
    if len(shown) > 1:
        high, low = (end(shown, key=lambda record: record["value"]) for end in (max, min))
        most, least = (words.value(record["value"], indicator) for record in (high, low))
        where = {"high_where": words.where(high, GEOGRAPHY), "low_where": words.where(low, GEOGRAPHY)}
        key = "alt_range" if len(shown) == len(polygons) else "alt_range_shown"
        sentences.append(
            word(key, high=most, low=least, **where) if most != least else word("alt_all_alike", value=most)
        )
    sentences += words.alt_moved(shown)
    hidden = sum(pattern_of(records.get(code)) == "hidden" for code in polygons["code"])
    sentences.append(word("alt_hidden", count=hidden, total=len(polygons)) if hidden else word("alt_none_hidden"))
    return words.alt(given, [*sentences, word("alt_where")], [word("alt_classes")])

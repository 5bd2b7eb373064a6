"""What the words mean: indicators, background factors and geography levels as frozen definitions. No figures."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

from mrstats.language import LANGUAGES
from mrstats.schema import MEASURES, UNKNOWN, DatasetError

Text = dict[str, str]
NOT_KNOWN = {"sv": "uppgift saknas", "en": "not known"}
AMONG_NOT_KNOWN = {"sv": "personer utan uppgift", "en": "people for whom it is not known"}
DIRECTIONS = ("favourable", "adverse", "")


@dataclass(frozen=True)
class Group:
    """One group of a background factor; `among` follows *bland* / *among* in a sentence."""

    code: str
    label: Text
    among: Text
    order: int
    implicit: bool = False


@dataclass(frozen=True)
class BackgroundFactor:
    """A property residents are grouped by, with its groups in print order and its reference group."""

    name: str
    label: Text
    groups: tuple[Group, ...]
    reference: str
    ordered: bool

    @property
    def codes(self) -> list[str]:
        """Codes of the described groups; *not known* is not among them unless it was described."""
        return [group.code for group in self.groups if not group.implicit]

    def group(self, code: str) -> Group:
        """The group with this code; a KeyError names the codes there are."""
        for group in self.groups:
            if group.code == code:
                return group
        raise KeyError(f"factor {self.name!r} has no group {code!r}; it has {', '.join(self.codes)}")


@dataclass(frozen=True)
class Level:
    """A geography level in words: *stadsområde, stadsområdet, stadsområden, stadsområdena*."""

    name: str
    label: Text
    definite: Text
    plural: Text
    definite_plural: Text
    parent: str
    vintage: str


@dataclass(frozen=True)
class Indicator:
    """One statistic of the city: what is counted among whom, which way is better, and how to say it.

    `per` is the amount a ratio or a rate is divided by (else persons); `options` are those of a measure of persons, such
    as ``p`` of a quantile. `breaks` are the years from which it is measured in a new way, `target` what is to be reached in
    `target_year`. `share, verb, rest, inf, to, pred` are the six phrases that sentences are built from.
    """

    name: str
    table: str
    measure: str
    numerator: str
    denominator: str
    label: Text
    population: Text
    unit: Text
    source: Text
    direction: str = ""
    per: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    multiplier: float = 1.0
    decimals: int = 1
    share: Text | None = None
    verb: Text | None = None
    rest: Text | None = None
    inf: Text | None = None
    to: Text | None = None
    pred: Text | None = None
    note: Text | None = None
    status: str = ""
    breaks: tuple[int, ...] = ()
    target: float | None = None
    target_year: int | None = None
    goal: int | None = None
    right: Text | None = None
    ground: str = ""
    board: Text | None = None
    sensitive: bool = False


@cache
def _standard(file: str) -> dict[str, Any]:
    return tomllib.loads(files("mrstats.definitions").joinpath(file).read_text(encoding="utf-8"))


def standard_factor(name: str, *, codes: list[str] | None = None) -> BackgroundFactor:
    """A background factor that comes with the package, in Swedish and English.

    Parameters
    ----------
    name : str
        One of ``definitions/factors.toml``: sex, age_group, education, country_of_birth …
    codes : list of str, optional
        Keep only these groups (a source that publishes some of them); order stays the standard one.

    Returns
    -------
    BackgroundFactor

    Examples
    --------
    >>> standard_factor("sex").codes
    ['women', 'men']
    """
    known = _standard("factors.toml")
    if name not in known:
        raise DatasetError(
            f"factor {name!r} is not a standard one ({nearest(name, known)}). Give it a label and groups in dataset.toml."
        )
    return read_factor(name, known[name], codes=codes)


def read_factor(name: str, spec: dict[str, Any], *, codes: list[str] | None = None) -> BackgroundFactor:
    """A background factor from its TOML description (label, ordered, reference, groups); mistakes name the key."""
    where = f"[factors.{name}]"
    if "label" not in spec:
        raise DatasetError(f"{where} lacks 'label'.")
    for number, group in enumerate(spec["groups"], start=1):
        for key in ("code", "label"):
            if key not in group:
                raise DatasetError(f"{where} groups: number {number} lacks {key!r}.")
    groups = tuple(
        Group(
            g["code"],
            bilingual(g["label"], f"{where} groups, {g['code']!r}: label"),
            bilingual(g.get("among", g["label"]), f"{where} groups, {g['code']!r}: among"),
            order,
        )
        for order, g in enumerate(spec["groups"], start=1)
        if codes is None or g["code"] in codes
    )
    if codes is not None and (strange := sorted(set(codes) - {g.code for g in groups} - {UNKNOWN})):
        raise DatasetError(
            f"factor {name!r}: codes maps to {strange}, which are not groups of it. "
            f"Its groups are {', '.join(g['code'] for g in spec['groups'])}."
        )
    if all(group.code != UNKNOWN for group in groups):  # for rows where the factor is not filled in
        groups += (Group(UNKNOWN, NOT_KNOWN, AMONG_NOT_KNOWN, len(groups) + 1, implicit=True),)
    return BackgroundFactor(
        name, bilingual(spec["label"], f"{where} label"), groups, spec.get("reference", ""), spec.get("ordered", False)
    )


def standard_level(name: str, *, parent: str, vintage: str, words: dict[str, Text] | None = None) -> Level:
    """A geography level; its words come with the package, or from `words` for a level of the city's own."""
    known = {**_standard("levels.toml"), **({name: words} if words else {})}
    base = name if name in known else name.split("_")[0]
    if base not in known:
        raise DatasetError(
            f"geography level {name!r} is not a standard one ({nearest(name, known)}). "
            "Give label, definite, plural and definite_plural in dataset.toml."
        )
    return Level(name, parent=parent, vintage=vintage, **known[base])


TEXTS = {
    "label",
    "population",
    "unit",
    "source",
    "share",
    "verb",
    "rest",
    "inf",
    "to",
    "pred",
    "note",
    "right",
    "board",
}
REQUIRED = ("table", "measure", "label", "population", "unit", "source")
OPTIONS = {
    "quantile": {"p"},
    "at_risk_of_poverty": {"line", "share"},
    "atkinson": {"epsilon"},
    "generalised_entropy": {"alpha"},
}
"""What a measure of persons may be told in `options`."""


def read_indicator(name: str, spec: dict[str, Any]) -> Indicator:
    """An indicator from its section of a dataset.toml; every mistake names the key and the cure."""
    where = f"[indicators.{name}]"
    from mrstats.definitions import expressions  # here, so that reading words does not load the engine

    known = {f.name for f in fields(Indicator)} - {"name"}
    for key in spec:
        if key not in known:
            raise DatasetError(f"{where} has an unknown key {key!r} ({nearest(key, known)}).")
    if lacking := [repr(key) for key in REQUIRED if key not in spec]:
        raise DatasetError(f"{where} lacks {', '.join(lacking)}. Write it in the section.")
    values = {
        **spec,
        "numerator": spec.get("numerator", "true"),
        "denominator": spec.get("denominator", "true"),
    }
    if values.get("measure") == "count":
        values.setdefault("decimals", 0)  # persons are whole
    for key in TEXTS & values.keys():
        values[key] = bilingual(values[key], f"{where} {key}")
    if values["measure"] not in MEASURES:
        raise DatasetError(f"{where} measure={values['measure']!r} is not one of {', '.join(MEASURES)}.")
    if "numerator" not in spec and values["measure"] != "count":
        raise DatasetError(f"{where} lacks 'numerator': a {values['measure']} needs to say what is counted.")
    if values["measure"] == "ratio" and not spec.get("per"):
        raise DatasetError(f"{where} lacks 'per': a ratio needs the amount it is divided by.")
    if spec.get("per") and values["measure"] not in ("ratio", "rate"):
        raise DatasetError(f"{where} has 'per', which only a ratio or a rate is divided by. Take it out.")
    for key in ("numerator", "denominator", *(["per"] if spec.get("per") else [])):
        expressions.parse(values[key], where=f"{where} {key}")
    _check_options(values.get("options", {}), values["measure"], where)
    values["breaks"] = tuple(spec.get("breaks", ()))
    if not all(type(year) is int for year in values["breaks"]):
        raise DatasetError(f"{where} breaks = {spec['breaks']!r} must be a list of years, such as [2020].")
    if ("target" in spec) != ("target_year" in spec):
        raise DatasetError(f"{where} has only one of target and target_year. A target needs its year.")
    if values.get("direction", "") not in DIRECTIONS:
        raise DatasetError(f"{where} direction={values['direction']!r} must be favourable, adverse or left out.")
    return Indicator(name=name, **values)


def _check_options(options: Any, measure: str, where: str) -> None:
    """Options are numbers that the measure knows; a poverty line may be one a year."""
    known = OPTIONS.get(measure, set())
    for key, value in options.items():
        if key not in known:
            has = f"it has {', '.join(sorted(known))}" if known else "it has none"
            raise DatasetError(f"{where} options: a {measure} has no option {key!r}; {has}.")
        numbers = list(value.values()) if key == "line" and isinstance(value, dict) else [value]
        if not numbers or not all(type(number) in (int, float) for number in numbers):
            raise DatasetError(f"{where} options: {key} = {value!r} must be a number.")
        if key in ("p", "share") and not 0 < value < 1:
            raise DatasetError(f"{where} options: {key} = {value!r} must be a fraction between 0 and 1, such as 0.5.")


def bilingual(value: Any, where: str) -> Text:
    """A text in both languages; one string serves for both."""
    if isinstance(value, str):
        return dict.fromkeys(LANGUAGES, value)
    if isinstance(value, dict) and set(value) == set(LANGUAGES) and all(isinstance(v, str) for v in value.values()):
        return value
    raise DatasetError(f'{where} must be a text or {{ sv = "…", en = "…" }}; it is {value!r}.')


MANY, FEW = 40, 12
"""An error message lists all names up to MANY, of more than that the first FEW: nobody reads 180 area codes."""


def nearest(name: str, known) -> str:
    """The spelling most like `name`, or the names there are; for error messages.

    Examples
    --------
    >>> nearest("Q", ["area_1", "area_2"])
    'there are area_1, area_2'
    >>> nearest("Q", [f"area_{i:03}" for i in range(180)])[-21:]
    'area_011 and 168 more'
    """
    known = sorted(known)
    if close := difflib.get_close_matches(name, known, n=1):
        return f"did you mean {close[0]!r}?"
    more = f" and {len(known) - FEW} more" if len(known) > MANY else ""
    return f"there are {', '.join(known[:FEW] if more else known)}{more}"

"""Kolada, the municipalities' key figures: by sex and year, for municipalities and for single schools or homes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

import pandas as pd

from mrstats.schema import SourceError, UnknownNameError
from mrstats.sources.code_selection import nearest_code
from mrstats.sources.web import Web

KOLADA = "https://api.kolada.se/v3"
IDS_AT_ONCE = 25
"""Most ids in one part of an address."""
ROWS_AT_ONCE = 5000
NEXT = ("next_url", "next_page")
"""How the versions of the service call the address of the page that follows."""
GENDERS = {"T": "T", "K": "K", "M": "M", "F": "K"}
"""All, women, men; the description of the service also writes women as F."""


class Kolada:
    """Kolada's service, version 3. Licence CC BY; the source line is "Källa: Kolada (RKA)".

    Parameters
    ----------
    base_url : str
    **connection
        ``cache, offline, refresh, report`` and the other parameters of `mrstats.sources.web.Web`.

    Examples
    --------
    >>> kolada = Kolada(cache="data/raw/kolada")
    >>> kolada.data(["N15428"], ["1280"], [2022, 2023])  # doctest: +SKIP
    """

    def __init__(self, base_url: str = KOLADA, **connection):
        self.base_url = base_url.rstrip("/")
        self.web = Web(**connection)

    def kpis(self, search: str = "") -> pd.DataFrame:
        """The key figures whose id, title or description holds every word of `search`.

        Returns
        -------
        DataFrame
            ``kpi, title, description, by_gender, by_unit``.
        """
        text = self._kpis[["kpi", "title", "description"]].agg(" ".join, axis=1).str.casefold()
        words = search.casefold().split()
        wanted = text.map(lambda told: all(word in told for word in words)).astype(bool)
        return self._kpis[wanted].reset_index(drop=True)

    def data(self, kpis: Iterable[str], municipalities: Iterable[str], years: Iterable[int]) -> pd.DataFrame:
        """Key figures of municipalities and regions.

        Parameters
        ----------
        kpis : iterable of str
            Such as ``["N15428"]``.
        municipalities : iterable of str
            Four-digit codes: ``"1280"`` Malmö, ``"0012"`` a region, ``"0000"`` the country. The figure of a *group* of
            municipalities is Kolada's unweighted mean of its members.
        years : iterable of int

        Returns
        -------
        DataFrame
            One row a figure: ``kpi, title, municipality, year, gender`` (``T`` all, ``K`` women, ``M`` men), ``value`` (NaN
            where none is published), ``status`` (Kolada's reason, else ``""``), ``count``. A pair of KPI and municipality
            without any figure has no row, and a line in `report`.

        Raises
        ------
        UnknownNameError
            A KPI that Kolada does not have, or a list that is empty.
        SourceError
            The service fails or its pages go in a circle.
        """
        return self._figures("data", "municipality", "municipality", kpis, municipalities, years)

    def unit_data(self, kpis: Iterable[str], units: Iterable[str], years: Iterable[int]) -> pd.DataFrame:
        """Key figures of single schools, preschools or homes: as `data`, with ``unit`` in the place of ``municipality``."""
        return self._figures("oudata", "ou", "unit", kpis, units, years)

    def units(self, municipality: str) -> pd.DataFrame:
        """The schools, preschools and homes of a municipality: ``unit, name``."""
        rows = list(self._values(f"/ou?municipality={municipality}"))
        if not rows or not {"id", "title"} <= set(rows[0]):
            held = f"units with {', '.join(rows[0])} only" if rows else "no units"
            raise SourceError(f"Kolada gives {held} for municipality {municipality!r}. Check the number.")
        named = {str(row["id"]): str(row["title"]) for row in rows}
        return pd.DataFrame(sorted(named.items()), columns=["unit", "name"])

    @functools.cached_property
    def _kpis(self) -> pd.DataFrame:
        columns = {
            "kpi": "id", "title": "title", "description": "description",
            "by_gender": "is_divided_by_gender", "by_unit": "has_ou_data",
        }  # fmt: skip
        rows = [{ours: kpi.get(theirs) for ours, theirs in columns.items()} for kpi in self._values("/kpi")]
        frame = pd.DataFrame(rows, columns=list(columns))
        return frame.assign(**{name: frame[name].fillna("").astype(str) for name in ("kpi", "title", "description")})

    def _figures(self, kind: str, place: str, column: str, kpis, places, years) -> pd.DataFrame:
        lists = {"kpi": _ids(kpis, "kpis"), place: _ids(places, f"{column} codes"), "year": _ids(years, "years")}
        titles = dict(zip(self._kpis["kpi"], self._kpis["title"], strict=True))
        for kpi in lists["kpi"]:
            if kpi not in titles:
                raise UnknownNameError(f"Kolada has no KPI {kpi!r}; {nearest_code(kpi, list(titles))}.")
        rows = [
            {
                "kpi": entry["kpi"],
                "title": titles[entry["kpi"]],
                column: entry[place],
                "year": int(entry["period"]),
                **self._figure(entry, figure),
            }
            for path in _paths(kind, lists)
            for entry in self._values(path)
            for figure in entry["values"]
        ]
        columns = ["kpi", "title", column, "year", "gender", "value", "status", "count"]
        frame = pd.DataFrame(rows, columns=columns).astype({"value": float, "count": "Int64", "year": int})
        given = set(zip(frame["kpi"], frame[column], strict=True))
        for pair in itertools.product(lists["kpi"], lists[place]):
            if pair not in given:
                self.web.report(f"Kolada has no figures of {' for '.join(pair)} in those years.")
        return frame.sort_values(["kpi", column, "year", "gender"], ignore_index=True)

    def _figure(self, entry: dict[str, Any], figure: dict[str, Any]) -> dict[str, Any]:
        if figure["gender"] not in GENDERS:
            raise SourceError(
                f"Kolada gives {entry['kpi']} for gender {figure['gender']!r}, which is none of {', '.join(GENDERS)}. "
                "Add it to GENDERS once its meaning is known."
            )
        gone = bool(figure.get("isdeleted") or figure.get("is_deleted"))
        return {
            "gender": GENDERS[figure["gender"]],
            "value": None if gone else figure["value"],
            "status": figure.get("status") or ("deleted" if gone else ""),
            "count": figure.get("count"),
        }

    def _values(self, path: str) -> Iterator[dict[str, Any]]:
        """The values of all pages."""
        address = f"{self.base_url}{path}"
        params: dict[str, int] | None = {"per_page": ROWS_AT_ONCE}
        seen = set()
        while address:
            answer = self.web.fetch(address, params)
            if answer.url in seen:
                raise SourceError(
                    f"{answer.url} is named as the next page twice, so the answer may not be whole. Ask for fewer years."
                )
            seen.add(answer.url)
            page = answer.json()
            if not isinstance(page, dict) or "values" not in page:
                raise SourceError(f"{answer.url} answers without values. Check the base address: version 3 is read.")
            yield from page["values"]
            following = next((page[name] for name in NEXT if page.get(name)), "")
            address, params = urljoin(answer.url, following) if following else "", None
            self.web.report(f"{path:.60}: {len(page['values'])} values")


def _ids(given: Iterable[str | int], what: str) -> list[str]:
    ids = list(dict.fromkeys(map(str, [given] if isinstance(given, str | int) else given)))
    if not ids:
        raise UnknownNameError(f"no {what} are named. Name at least one.")
    return ids


def _paths(kind: str, lists: dict[str, list[str]]) -> Iterator[str]:
    """Addresses that together ask for everything, none with more ids than the service takes."""
    paths = [f"/{kind}"]
    for name, ids in lists.items():
        pieces = [",".join(ids[start : start + IDS_AT_ONCE]) for start in range(0, len(ids), IDS_AT_ONCE)]
        paths = [f"{path}/{name}/{piece}" for path in paths for piece in pieces]
    yield from paths

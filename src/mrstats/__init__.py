"""Disaggregated inequality statistics for cities: how conditions differ, how sure that is, and no one recognisable.

The names a notebook uses are here; each is loaded when it is first asked for, so that ``import mrstats`` is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "open_dataset": "dataset",
    "City": "dataset",
    "check_dataset": "dataset.checks",
    "tiny_city": "tiny",
    "MrstatsError": "schema",
    "break_down": "breakdown",
    "gaps": "comparisons",
    "change": "changes",
    "scorecard": "overview",
    "furthest_behind": "models",
    "adjusted_gaps": "models.adjusted",
    "decompose_gap": "models.decompose",
    "intersections": "models.crossed",
    "small_areas": "models.smallareas",
    "small_areas_check": "models.smallareas",
    "inequality": "summaries",
    "ranking": "rankings",
    "segregation": "places",
    "location_quotients": "places.pattern",
    "spatial_pattern": "places.pattern",
    "area_profile": "places",
    "allocation": "places.allocating",
    "impact": "places",
    "effect": "places.change",
    "knowledge_gaps": "places.knowledge",
    "voices": "places.knowledge",
    "follow_up": "places.knowledge",
    "harmonise": "harmonising",
    "division_from_polygons": "geography",
    "distance_to_service": "access",
    "people_at_points": "access",
    "survey_design": "survey",
    "response_rates": "surveying",
    "rake": "surveying",
    "representativity": "surveying",
    "battery": "surveying.questions",
    "answers": "surveying.questions",
    "index": "surveying.questions",
    "table": "tables",
    "chart": "charts",
    "map": "maps",
    "pyramid": "pyramids",
    "timeline": "timelines",
    "methods": "methods_text",
    "method_notes": "methods_text",
    "data_notes": "datanotes",
    "protection": "datanotes",
    "publication_plan": "appendix.planning",
    "protect": "appendix.planning",
    "audit": "appendix.planning",
    "sentence": "sentences",
    "in_brief": "sentences",
    "build_appendix": "appendix",
    "measures": "measures",
}
_RENAMED = {"map": "choropleth"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # 30 ms, and hardly ever asked for

        return version("mrstats")
    if name not in _PUBLIC:
        raise AttributeError(f"mrstats has no {name!r}; it has {', '.join(sorted(_PUBLIC))}")
    module = import_module(f"mrstats.{_PUBLIC[name]}")
    if name == "measures":
        return module
    found = getattr(module, _RENAMED.get(name, name))
    return found if isinstance(found, type) else import_module("mrstats.door").checked(name, found)


def __dir__() -> list[str]:
    return sorted([*_PUBLIC, "__version__"])

"""How results about places are shown: each as a picture, a table and sentences. It computes no figure.

Every module shows what one verb of `mrstats.places` returns; `mrstats.views` finds it by its columns.
"""

from __future__ import annotations

from types import ModuleType

from . import allocation, effect, impact, profile, quotients, segregation

VIEWS: dict[tuple[str, ...], ModuleType] = {
    ("corrected", "measure"): segregation,
    ("amount_to_need",): allocation,
    ("within_before",): impact,
    ("trend_p",): effect,
    ("quotient",): quotients,
    ("group", "difference", "geography_level"): profile,
}
"""The columns that tell a result, and the module that shows it."""

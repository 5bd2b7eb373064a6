"""How results of models and of what is known are shown: each as a table, a picture where one helps, and sentences.

Every module shows what one verb returns; `mrstats.views` finds it by its columns. It computes no figure.
"""

from __future__ import annotations

from types import ModuleType

from . import followup, intersections, knowledge, parts, smallareas, voices

VIEWS: dict[tuple[str, ...], ModuleType] = {
    ("vpc", "expected"): intersections,
    ("part", "by"): parts,
    ("modelled_value", "reliability"): smallareas,
    ("ground", "knowledge"): knowledge,
    ("theme", "quotation"): voices,
    ("board", "principle"): followup,
}
"""The columns that tell a result, and the module that shows it."""

"""How results about surveys are shown: each as a picture, a table and sentences. It computes no figure.

Every module shows what one verb of `mrstats.surveying` returns; `mrstats.views` finds it by its columns.
"""

from __future__ import annotations

from types import ModuleType

from . import answers, battery, index, response, similarity, weighting

VIEWS: dict[tuple[str, ...], ModuleType] = {
    ("answered", "weighted"): response,
    ("sample_share", "register"): weighting,
    ("unconditional", "conditional"): similarity,
    ("raked_to", "alpha"): index,
    ("raked_to", "side"): answers,
    ("raked_to",): battery,
}
"""The columns that tell a result, and the module that shows it."""

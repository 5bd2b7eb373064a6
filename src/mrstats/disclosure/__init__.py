"""Protection: which figures may leave, and the release they leave in. It writes releases; it shows nothing."""

from mrstats.disclosure.audit import audit
from mrstats.disclosure.family import families
from mrstats.disclosure.plan import Plan, read_plan, write_plan
from mrstats.disclosure.protect import protect_counts
from mrstats.disclosure.release import write_release
from mrstats.disclosure.rules import ProtectionRule, read_rule
from mrstats.disclosure.small_cells import hide_small_cells

__all__ = [
    "Plan",
    "ProtectionRule",
    "audit",
    "families",
    "hide_small_cells",
    "protect_counts",
    "read_plan",
    "read_rule",
    "write_plan",
    "write_release",
]

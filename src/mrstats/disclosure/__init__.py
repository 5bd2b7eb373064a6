"""Protection: which figures may leave, and the release they leave in. It writes releases; it shows nothing."""

from mrstats.disclosure.plan import Plan, read_plan, write_plan
from mrstats.disclosure.release import write_release
from mrstats.disclosure.rules import ProtectionRule
from mrstats.disclosure.small_cells import hide_small_cells

__all__ = ["Plan", "ProtectionRule", "hide_small_cells", "read_plan", "write_plan", "write_release"]

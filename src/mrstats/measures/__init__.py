"""Pure statistics: arrays in, arrays out, fractions not per cent. No tables, no files, no groups."""

from mrstats.measures import contrasts, distribution, influence, proportions, rates

__all__ = ["contrasts", "distribution", "influence", "proportions", "rates"]

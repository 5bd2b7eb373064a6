"""Pure statistics: arrays in, arrays out, fractions not per cent. No tables, no files, no groups."""

from mrstats.measures import (
    contrasts,
    distribution,
    funnels,
    inequality,
    influence,
    proportions,
    rates,
    reliability,
    segregation,
    spatial,
    trend,
)

__all__ = [
    "contrasts",
    "distribution",
    "funnels",
    "inequality",
    "influence",
    "proportions",
    "rates",
    "reliability",
    "segregation",
    "spatial",
    "trend",
]

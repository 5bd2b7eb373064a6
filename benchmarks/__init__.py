"""Timings of the pass over persons against what else one would write. Not part of the package."""

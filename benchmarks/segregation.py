"""`python -m benchmarks.segregation`: 500 permutations of D on 180 areas, and the first call of an index."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import numpy as np

from mrstats.measures.segregation import dissimilarity
from mrstats.measures.segregation_chance import permuted_counts

FIRST = """
import time
from mrstats.measures import segregation
start = time.perf_counter()
for name, index in segregation.ALL_GROUPS.items():
    index([[3, 7], [6, 4]])
print(time.perf_counter() - start)
"""


def main() -> None:
    """Print both in milliseconds."""
    rng = np.random.default_rng(1)
    homes = rng.integers(1200, 2900, 180)
    own = rng.binomial(homes, rng.beta(3, 8, 180))
    counts, taken = np.stack([own, homes - own], axis=1), []
    for _ in range(21):
        start = time.perf_counter()
        drawn = permuted_counts(counts, 500)
        dissimilarity(drawn[:, :, 0], drawn[:, :, 1])
        taken.append(time.perf_counter() - start)
    print(
        f"500 permutations of D, 180 areas: median {1000 * statistics.median(taken):.1f} ms, best {1000 * min(taken):.1f} ms"
    )
    first = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True).stdout
    print(f"first call of every index of many groups, after import: {1000 * float(first):.1f} ms")


if __name__ == "__main__":
    main()

"""Time of a logit with average marginal effects beside statsmodels' fit alone. `python -m benchmarks.adjusted`.

360 000 persons, 12 columns; one factor of five groups; the other columns yes or no, or one of them a number that hardly
two persons share. Ours is the fit, everybody's influence on it, the predictions of the
five groups with their derivatives, and the covariance of their differences.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from statsmodels.discrete.discrete_model import Logit

from mrstats.measures.design import design_deviations
from mrstats.measures.regression import average_predictions, influence_on, regress

PERSONS, COLUMNS, GROUPS, ROUNDS = 360_000, 12, 5, 9


def made_up(random: np.random.Generator, *, number: bool = False) -> tuple[np.ndarray, np.ndarray]:
    group = random.integers(0, GROUPS, PERSONS)
    drawn = random.random((PERSONS, COLUMNS - GROUPS))
    others = np.column_stack([drawn[:, : int(number)], drawn[:, int(number) :] < 0.3])
    x = np.asfortranarray(np.column_stack([np.ones(PERSONS), group[:, None] == range(1, GROUPS), others]).astype(float))
    y = random.random(PERSONS) < 1 / (1 + np.exp(-(x @ np.append(-1, random.normal(0, 0.4, COLUMNS - 1)))))
    return y.astype(float), x


def effects(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Standard errors of the average marginal effects, robust as mrstats gives them."""
    fit = regress(y, x)
    made = average_predictions(fit, x, range(1, GROUPS), np.eye(GROUPS)[:, 1:])
    deviations = design_deviations(influence_on(fit, y, x, along=made.gradient[1:, 0] - made.gradient[0, 0]))
    return np.sqrt((deviations**2).sum(axis=0))


def compared(y: np.ndarray, x: np.ndarray) -> float:
    """Ratio of ours to the fit alone, the median of rounds in turn, so that none has the quiet minute."""
    cases = {"statsmodels: fit": lambda: Logit(y, x).fit(disp=0), "mrstats: fit and effects": lambda: effects(y, x)}
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, run in cases.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    for name, seconds in taken.items():
        print(f"  {name:<26} {statistics.median(seconds):.3f} s")
    return statistics.median(b / a for a, b in zip(*taken.values(), strict=True))


def main() -> None:
    for number in (False, True):
        print("one column a number" if number else "columns of yes and no")
        ratio = compared(*made_up(np.random.default_rng(1), number=number))
        print(f"  logit with average marginal effects over the fit alone: {ratio:.2f} (target ≤ 1.5)")


if __name__ == "__main__":
    main()

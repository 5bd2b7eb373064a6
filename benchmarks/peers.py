"""How wrong the intervals of a trusted package are: its formulas typed again, on our own data. `python -m benchmarks.peers`.

The formulas are those found in healthequal 1.0.1 (R) by reading and running it; none of its code is here. The table that
is printed stands in docs/methods.md under *Where others differ*.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mrstats.measures.inequality import logit_indices, mean_difference_from_mean, measure_all

FOLDER = Path(__file__).parents[1] / "tests" / "reference" / "05_group_inequality"
Z = 1.959963984540054


def table(name: str) -> tuple[pd.DataFrame, dict]:
    frame = pd.read_csv(FOLDER / f"{name}.csv")
    first = frame.iloc[0]
    return frame, {"ordered": bool(first["ordered"]), "favourable": bool(first["favourable"])}


def ours(name: str, measure: str):
    frame, options = table(name)
    return measure_all(frame["est"], frame["se"], frame["population"], names=[measure], **options)[measure]


def interval(value: float, error: float) -> str:
    return f"{value:.4g} [{value - Z * error:.4g}, {value + Z * error:.4g}]"


def written(made) -> str:
    return f"{float(made.corrected):.4g} [{float(made.lower):.4g}, {float(made.upper):.4g}]"


def logistic(events: np.ndarray, n: np.ndarray, weights: np.ndarray) -> float:
    """Rise of a logistic curve over ranks by population, every group's likelihood times its weight."""
    share = n / n.sum()
    design = np.column_stack([np.ones(len(n)), np.cumsum(share) - share / 2])
    beta = np.zeros(2)
    for _ in range(100):
        fitted = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (weights * n * fitted * (1 - fitted))[:, None])
        beta = beta + np.linalg.pinv(information) @ design.T @ (weights * (events - n * fitted))
    ends = 1 / (1 + np.exp(-np.array([[1, 0], [1, 1]]) @ beta))
    return float(ends[1] - ends[0])


def unscaled(name: str, measure: str, scale: float) -> tuple[str, str, str]:
    """A measure given times `scale` whose error is not."""
    made = ours(name, measure)
    value, error = float(made.estimate), float(made.standard_error)
    return f"{measure}, {name[0]}", interval(value, error / scale), written(made)


def squared_population() -> tuple[str, str, str]:
    n, share = np.array([1000.0, 100, 5000, 100, 1000]), np.array([0.30, 0.50, 0.55, 0.60, 0.90])
    peer, right = 100 * logistic(share * n, n, n), 100 * float(logit_indices(share * n, n).slope)
    return "slope index, logistic, groups of 1000, 100, 5000, 100, 1000", f"{peer:.2f}", f"{right:.2f}"


def without_population(name: str) -> tuple[str, str, str]:
    frame, _ = table(name)
    guessed = 100.0 if frame["est"].max() <= 100 else 1000.0
    events = np.round(frame["est"].to_numpy() / guessed)  # of one person a group: nobody or everybody
    everybody = events.min() == events.max()
    peer = 0.0 if everybody else guessed * logistic(events, np.ones(len(events)), np.ones(len(events)))
    scale = float(frame["scale"].iloc[0])
    right = scale * float(logit_indices(frame["est"] / scale, np.ones(len(frame))).slope)
    return f"slope index, logistic, no population given, {name[0]}", f"{peer:.2f}", f"{right:.2f}"


def guessed_scale(name: str) -> tuple[str, str, str]:
    frame, _ = table(name)
    n, scale = frame["population"].to_numpy(float), float(frame["scale"].iloc[0])
    peer = 100 * logistic(frame["est"].to_numpy() / 100 * n, n, np.ones(len(n)))
    right = scale * float(logit_indices(frame["est"] / scale * n, n).slope)
    return f"slope index, logistic, per 1000 taken as per cent, {name[0]}", f"{peer:.2f}", f"{right:.2f}"


def residual_error(name: str) -> tuple[str, str, str]:
    """Error of a slope from how far five points lie from a line, as if each group were one person."""
    frame, _ = table(name)
    n = frame["population"].to_numpy(float)
    share = n / n.sum()
    design = np.column_stack([np.ones(len(n)), np.cumsum(share) - share / 2])
    inverse = np.linalg.inv(design.T @ (design * share[:, None]))
    beta = inverse @ design.T @ (share * frame["est"])
    left = share * (frame["est"] - design @ beta) ** 2
    error = float(np.sqrt(left.sum() / (len(n) - 2) * inverse[1, 1]))
    return f"slope index, straight line, {name[0]}", interval(float(beta[1]), error), written(ours(name, "slope_index"))


def coverage() -> tuple[str, str, str]:
    """Twelve areas that hardly differ: how often a 95 per cent interval of the mean distance holds the true one."""
    random = np.random.default_rng(2)
    truth, error, n = np.array([70, 71, 72, 73, 74, 75] * 2, float), np.full(12, 3.0), np.full(12, 100.0)
    real = float(mean_difference_from_mean(truth, error, n).estimate)
    y = truth + error * random.standard_normal((1000, 12))
    draws = y[:, None, :] + error * random.standard_normal((100, 12))  # a hundred, the same for every table
    found = np.quantile(np.abs(draws - draws.mean(axis=2, keepdims=True)).mean(axis=2), [0.025, 0.975], axis=1)
    made = mean_difference_from_mean(y, error, n)
    held = [((low <= real) & (real <= high)).mean() for low, high in (found, (made.lower, made.upper))]
    return "mean distance of twelve areas: coverage of 95 per cent", *(f"{100 * share:.0f} per cent" for share in held)


def rows() -> list[tuple[str, str, str]]:
    a, b = "A_ordered_adverse", "B_ordered_favourable"
    return [
        unscaled(a, "theil_index", 1000),
        unscaled(b, "theil_index", 1000),
        unscaled(a, "mean_log_deviation", 1000),
        unscaled(a, "population_attributable_fraction", 100),
        squared_population(),
        without_population(b),
        guessed_scale(a),
        residual_error(b),
        coverage(),
    ]


def main() -> None:
    print("| measure, table | theirs | ours |\n|---|---|---|")
    for row in rows():
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()

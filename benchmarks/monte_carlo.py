"""Write tests/reference/inequality_monte_carlo.csv: how much each measure really varies. `python -m benchmarks.monte_carlo`.

The formulas are typed here a second time, from WHO's technical notes, and use nothing of the package: the tests hold the
package's standard errors to these standard deviations.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "reference" / "05_group_inequality"
STORED = ROOT / "tests" / "reference" / "inequality_monte_carlo.csv"
DRAWS, SEED = 200_000, 5


def measures(
    y: np.ndarray, n: np.ndarray, chosen: np.ndarray, scale: float, *, ordered: bool, favourable: bool
) -> dict:
    """Every measure of rows of group values (draws, J); `chosen` says which groups are lowest and highest."""
    p = n / n.sum()
    rank = np.cumsum(p) - p / 2
    mean = y @ p
    low, high = (np.take_along_axis(y, chosen[:, i : i + 1], axis=1)[:, 0] for i in (0, 1))
    best = high if favourable else low
    top, bottom = (y[:, -1], y[:, 0]) if ordered else (high, low)
    if ordered and not favourable:
        top, bottom = bottom, top
    model = y[:, -1] if ordered else best
    spread = np.abs(y - mean[:, None])
    away = np.abs(y - y[:, [0]])
    variance = (y - mean[:, None]) ** 2 @ p
    gain = model - mean  # before WHO's cut at 0
    ratio = y / mean[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(ratio)
        quotient = np.where(bottom > 0, top / bottom, np.nan)
    made = {
        "difference": top - bottom,
        "ratio": quotient,
        "mean_difference_from_mean": spread.mean(axis=1),
        "mean_difference_from_mean_weighted": spread @ p,
        "mean_difference_from_best": np.abs(y - best[:, None]).mean(axis=1),
        "mean_difference_from_best_weighted": np.abs(y - best[:, None]) @ p,
        "mean_difference_from_reference": away.mean(axis=1),
        "mean_difference_from_reference_weighted": away @ p,
        "index_of_disparity": 100 * spread.mean(axis=1) / mean,
        "index_of_disparity_weighted": 100 * spread @ p / mean,
        "opportunity_dissimilarity": spread @ p / (2 * mean),
        "opportunity_index": ((mean if favourable else scale - mean) - spread @ p / 2) / scale,
        "between_group_variance": variance,
        "between_group_standard_deviation": np.sqrt(variance),
        "coefficient_of_variation": 100 * np.sqrt(variance) / mean,
        "theil_index": 1000 * np.where(ratio == 0, 0, ratio * logs) @ p,
        "mean_log_deviation": -1000 * logs @ p,
        "population_attributable_risk": gain,
        "population_attributable_fraction": 100 * gain / mean,
    }
    if not ordered:  # no group is named as the reference there
        del made["mean_difference_from_reference"], made["mean_difference_from_reference_weighted"]
    else:
        centred = p * (rank - p @ rank)
        slope = y @ centred / (centred @ rank)
        start = mean - slope * (p @ rank)
        concentration = 2 * (y @ (p * rank)) - mean
        made |= {
            "slope_index": slope,
            "relative_index": (start + slope) / start,
            "absolute_concentration_index": concentration,
            "relative_concentration_index": concentration / mean,
            "wagstaff_index": concentration / mean / (1 - mean / scale),
            "erreygers_index": 4 * concentration / scale,
        }
    return made


def simulate(table: str, draws: int = DRAWS, seed: int = SEED) -> pd.DataFrame:
    """Standard deviation of each measure of one table, extremes chosen anew in every draw (`sd`) or kept (`sd_fixed`)."""
    frame = pd.read_csv(FOLDER / f"{table}.csv").dropna(subset=["est"])
    est, se, n = (frame[c].to_numpy(float) for c in ("est", "se", "population"))
    first = frame.iloc[0]
    options = {"ordered": bool(first["ordered"]), "favourable": bool(first["favourable"])}
    y = est + se * np.random.default_rng(seed).standard_normal((draws, len(est)))
    anew = np.stack([y.argmin(axis=1), y.argmax(axis=1)], axis=1)
    kept = np.tile([est.argmin(), est.argmax()], (draws, 1))
    scale = float(first["scale"])
    by_draw, by_estimate = (measures(y, n, chosen, scale, **options) for chosen in (anew, kept))
    rows = []
    for name, values in by_draw.items():
        usable = np.isfinite(values).all()  # a draw without a meaning: a group may be 0, so there is no spread to state
        rows.append(
            {
                "table": table,
                "measure": name,
                "mean": values.mean() if usable else np.nan,
                "sd": values.std() if usable else np.nan,
                "sd_fixed": by_estimate[name].std() if np.isfinite(by_estimate[name]).all() else np.nan,
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    tables = sorted(path.stem for path in FOLDER.glob("*.csv"))
    made = pd.concat([simulate(table) for table in tables], ignore_index=True)
    made.to_csv(STORED, index=False, float_format="%.8g")
    from mrstats.measures.inequality import measure_all  # only to print ours beside

    for table, rows in made.groupby("table"):
        frame = pd.read_csv(FOLDER / f"{table}.csv")
        first = frame.iloc[0]
        ours = measure_all(
            frame["est"], frame["se"], frame["population"], names=list(rows["measure"]), reference=0 if first["ordered"] else None,
            ordered=bool(first["ordered"]), favourable=bool(first["favourable"]), bounds=(0, float(first["scale"])),
        )  # fmt: skip
        print(f"\n{table}: standard error ÷ standard deviation of {DRAWS:,} draws (extremes kept)")
        for _, row in rows.iterrows():
            if row["sd_fixed"] > 0:
                error = float(ours[row["measure"]].standard_error)
                print(f"  {row['measure']:42s} {error:10.4f} {error / row['sd']:7.3f} ({error / row['sd_fixed']:.3f})")


if __name__ == "__main__":
    main()

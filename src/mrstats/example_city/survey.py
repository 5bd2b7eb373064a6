"""A survey of Exempelstad's adults: who was drawn, who answered and what. No estimates, no files."""

from __future__ import annotations

import numpy as np

from mrstats.example_city.outcomes import predictor
from mrstats.example_city.people import truth
from mrstats.example_city.voices import written


def questions():
    """The 21 questions as a frame; `direction` says whether a high answer is good (favourable) or not."""
    import pandas as pd

    frame = pd.DataFrame(written()["questions"], columns=["theme", "direction", "sv", "en"])
    frame.insert(0, "question", list(truth()["survey"]["questions"]))
    return frame[["question", "sv", "en", "theme", "direction"]]


def age_group_of(age: np.ndarray) -> np.ndarray:
    """Place among the survey's age groups."""
    starts = [int(group.rstrip("+").split("-")[0]) for group in truth()["survey"]["age_groups"]]
    return np.searchsorted(starts, age, side="right") - 1


def draw_survey(
    rng: np.random.Generator, register: dict, frame: np.ndarray, district_codes: list[str], *, year: int
) -> dict:
    """Draw a stratified sample, let people answer or not, and weight those who did.

    Parameters
    ----------
    rng : numpy.random.Generator
    register : dict
        The year's columns, as from `outcomes.year_of`.
    frame : ndarray of bool, shape (persons,)
        Who may be drawn: adults with a known place and without protected identity.
    district_codes : list of str
        Codes of the districts, to name the strata.
    year : int

    Returns
    -------
    dict
        `row` (places in the register) and the survey's own columns. Strata are district x age group, drawn
        equally; the design weight is stratum size over drawn, the weight stratum size over answered.
    """
    from scipy.special import expit

    stated, factors = truth()["survey"], register["factors"]
    groups = stated["age_groups"]
    stratum = factors["district"][0] * len(groups) + age_group_of(register["age"])
    strata = len(district_codes) * len(groups)
    eligible = np.flatnonzero(frame)
    eligible = eligible[np.lexsort((rng.random(len(eligible)), stratum[eligible]))]
    size = np.bincount(stratum[eligible], minlength=strata)
    place = np.arange(len(eligible)) - np.repeat(np.cumsum(size) - size, size)
    drawn_each = np.minimum(stated["drawn"] // strata, np.maximum(size // 2, 1))
    row = np.sort(eligible[place < drawn_each[stratum[eligible]]])
    of = stratum[row]
    drawn = np.bincount(of, minlength=strata)
    here = {name: _rows(values, row) for name, values in factors.items()}
    responded = rng.random(len(row)) < expit(predictor(stated["response"], here, len(row)))
    answered = np.bincount(of[responded], minlength=strata)
    names = np.array([f"{district}:{group}" for district in district_codes for group in groups])
    columns = {
        "row": row,
        "responded": responded,
        "stratum": names[of],
        "stratum_size": size[of].astype(np.int32),
        "design_weight": size[of] / drawn[of],
        "weight": np.where(responded, size[of] / np.maximum(answered[of], 1), np.nan),
    }
    return columns | _answers(rng, here, responded, year=year)


def _rows(values, row: np.ndarray):
    if isinstance(values, tuple):
        return values[0][row], values[1]
    return values[row] if np.ndim(values) else values


def _answers(rng, factors: dict, responded: np.ndarray, *, year: int) -> dict:
    """Answers 1-5 by question; -1 where there is none."""
    stated, count = truth()["survey"], len(responded)
    common = predictor(stated["view"], factors, count) + 0.6 * rng.normal(size=count)
    answers = {}
    directions = [direction for _, direction, *_ in written()["questions"]]
    for (name, question), direction in zip(stated["questions"].items(), directions, strict=True):
        view = question["mean"] + question["change"] * (year >= 2024) + common + 0.8 * rng.normal(size=count)
        answer = 1 + np.searchsorted(stated["cuts"], view)
        answer = 6 - answer if direction == "adverse" else answer
        silent = ~responded | (rng.random(count) < stated["item_missing"])
        answers[name] = np.where(silent, -1, answer).astype(np.int8)
    return answers

"""Coded interviews and the boards' coded answers: invented words of `voices.toml`, in tables. No figures."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import numpy as np

STATUSES = ("done", "under_way", "planned", "none")
STATUS_SHARES = (0.22, 0.36, 0.22, 0.20)
NO_ANSWER = "Nämnden har inte svarat på frågan."
CONSENT_SHARE = 0.85


@cache
def written() -> dict:
    """Everything written by hand: interviews, questions, boards and their answers."""
    return tomllib.loads(files("mrstats.example_city").joinpath("voices.toml").read_text(encoding="utf-8"))


def interviews(rng: np.random.Generator):
    """Coded interview findings: id, year, theme, group, district, quotation_sv, consent.

    `group` is written ``factor=code``. Without `consent` a quotation may be counted but never printed.
    """
    import pandas as pd

    frame = pd.DataFrame(written()["interviews"], columns=["year", "theme", "group", "district", "quotation_sv"])
    frame = frame.sort_values("year", kind="stable", ignore_index=True)
    frame.insert(0, "id", [f"I{number:03d}" for number in range(1, len(frame) + 1)])
    frame["consent"] = rng.random(len(frame)) < CONSENT_SHARE
    return frame


def board_answers(rng: np.random.Generator):
    """What each board answered on each guiding principle: board, principle, theme, status, text_sv."""
    import pandas as pd

    rows = []
    for board, service in written()["boards"]:
        for principle, answer in written()["answers"].items():
            status = STATUSES[rng.choice(len(STATUSES), p=STATUS_SHARES)]
            theme = answer["themes"][rng.integers(len(answer["themes"]))]
            text = NO_ANSWER if status == "none" else answer[status].format(service=service)
            rows.append((board, principle, theme, status, text))
    return pd.DataFrame(rows, columns=["board", "principle", "theme", "status", "text_sv"])

"""Sampling designs: who was drawn how, with which weight, and what that does to the variance. No cells, no displays.

A `SurveyDesign` holds the whole sample; a domain is a column of codes, never a smaller design, since the persons outside
it say how many clusters there were.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from mrstats.measures import calibration, design
from mrstats.measures.design_variances import design_variances
from mrstats.samplerows import find_column, first_wrong, read_labels, read_numbers, read_weights
from mrstats.schema import UNKNOWN, DatasetError, UnknownGroupError


@dataclass(frozen=True, eq=False)
class SurveyDesign:
    """A sample with its design; made by `survey_design`, never changed. Every array follows the rows of `frame`.

    `weights` are those of now, `before` those delivered; `strata`, `cluster` are codes and `stratum_size` the PSUs in the
    population of the person's stratum; `replicates` are multipliers (n, R), scale and rscales (R,); `basis` (n, m) are
    the variables the weights were calibrated to, in `rounds` rounds; `weight` is the column of the delivered weights.
    """

    frame: pd.DataFrame
    weights: np.ndarray
    before: np.ndarray
    strata: np.ndarray | None = None
    cluster: np.ndarray | None = None
    stratum_size: np.ndarray | None = None
    lonely: str = "fail"
    replicates: tuple[np.ndarray, float, np.ndarray] | None = None
    basis: np.ndarray | None = None
    rounds: int = 0
    weight: str = "weight"

    def rake(self, margins: Mapping[str, Mapping[Any, float]], *, trim: float | None = None) -> SurveyDesign:
        """A design whose weights add up to the population of every group of several factors.

        Parameters
        ----------
        margins : dict of str to dict
            Column -> group -> population. Every group in the column is named, and the margins have the same sum. Persons
            without a code are the group ``"unknown"``.
        trim : float, optional
            No weight is more than so many times their mean; the margins are met by the others. Less chance, more bias.

        Returns
        -------
        SurveyDesign
            Its variances are those of calibrated weights; replicate weights are raked one by one.

        Raises
        ------
        DatasetError, UnknownGroupError, UnknownNameError
            If a column, group or sum does not fit, or the margins cannot be met together.

        Examples
        --------
        >>> frame = pd.DataFrame({"sex": ["m", "m", "w", "w"], "area": ["N", "S", "N", "S"], "weight": 1.0})
        >>> raked = survey_design(frame, weight="weight").rake({"sex": {"m": 6, "w": 4}, "area": {"N": 5, "S": 5}})
        >>> raked.weights
        array([3., 3., 2., 2.])
        """
        groups = [self._codes(column, totals) for column, totals in margins.items()]
        targets = [np.array(list(totals.values()), float) for totals in margins.values()]
        basis = np.column_stack([np.eye(len(t))[codes] for codes, t in zip(groups, targets, strict=True)])
        if trim is not None and not trim > 1:
            raise DatasetError(f"trim={trim} must be above 1: the largest weight in times of their mean, such as 5.")
        largest = np.inf if trim is None else trim * targets[0].sum() / len(self.frame)
        names = [f"{column}={group}" for column, totals in margins.items() for group in totals]
        starts = np.cumsum([0, *map(len, targets)])

        def named(found: re.Match) -> str:
            place, group = found["margin"], found["group"]
            return list(margins)[int(place)] if group is None else names[starts[int(place)] + int(group)]

        def make(w: np.ndarray) -> tuple[np.ndarray, int]:
            try:
                return calibration.rake(w, groups, targets, largest=largest)
            except ValueError as error:
                said = re.sub(r"margin (?P<margin>\d+)(?:, group (?P<group>\d+))?", named, str(error))
                cure = "Take groups together" + (
                    ", leave a margin out, or raise trim." if trim else ", or leave a margin out."
                )
                cure = "Give margins of the same persons." if "adds up" in said else cure
                raise ValueError(f"{said} {cure}") from None

        return self._calibrated(make, basis, "rake", list(margins))

    def calibrate(
        self, totals: Mapping[str, float | Mapping[Any, float]], *, bounds: tuple[float, float] | None = None
    ) -> SurveyDesign:
        """A design whose weights add up to known totals, moved as little as possible (linear calibration, GREG).

        Parameters
        ----------
        totals : dict of str to float or dict
            Column -> its population total (a quantity) or group -> population (a factor).
        bounds : (low, high), optional
            Limits of new weight ÷ old, such as (0.3, 3).

        Returns
        -------
        SurveyDesign

        Raises
        ------
        DatasetError, UnknownGroupError, UnknownNameError
            If a column or group does not fit, or the totals cannot be met within the bounds.
        """
        columns, goals, names = [], [], []
        for column, total in totals.items():
            if isinstance(total, Mapping):
                columns.append(np.eye(len(total))[self._codes(column, total)])
                goals += [float(value) for value in total.values()]
                names += [f"{column}={group}" for group in total]
            else:
                columns.append(read_numbers(find_column(self.frame, column, "calibrate"), column)[:, None])
                goals.append(float(total))
                names.append(column)
        basis = np.hstack(columns)
        return self._calibrated(
            lambda w: calibration.calibrate(w, basis, goals, bounds=bounds), basis, "calibrate", names
        )

    def report(self) -> pd.DataFrame:
        """Weights before and after calibration: persons, sum, min, max, cv, design effect 1 + cv², rounds it took."""
        rows = {}
        for name, weights, rounds in (("before", self.before, 0), ("after", self.weights, self.rounds)):
            cv = weights.std() / weights.mean()
            rows[name] = [len(weights), weights.sum(), weights.min(), weights.max(), cv, 1 + cv**2, rounds]
        columns = ["persons", "sum", "min", "max", "cv", "design_effect", "rounds"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    def deviations(self, scores: design.Scores) -> np.ndarray:
        """Deviations (PSUs or replicates, k) of estimates from their scores (n, k), weight × influence, 0 outside a domain.

        With replicates they are those of the linearised estimates.
        """
        if self.replicates is not None:
            multipliers, scale, rscales = self.replicates
            return design.replicate_deviations(multipliers.T @ scores, scores.sum(axis=0), scale, rscales)
        calibrated = None if self.basis is None else (self.basis, self.before, self.weights)
        options: dict[str, Any] = {"fpc": self.stratum_size, "calibrated": calibrated}
        return design.design_deviations(scores, self.strata, self.cluster, lonely=self.lonely, **options)

    def variances(self, scores: design.Scores) -> np.ndarray:
        """Variances (k,) of estimates from their sparse scores (n, k), as `deviations`."""
        if self.replicates is not None or self.basis is not None:
            return (self.deviations(scores) ** 2).sum(axis=0)
        return design_variances(scores, self.strata, self.cluster, fpc=self.stratum_size, lonely=self.lonely)

    def covariance(self, scores: design.Scores) -> np.ndarray:
        """Covariance (k, k) of estimates from their scores, as `deviations`."""
        deviations = self.deviations(scores)
        return deviations.T @ deviations

    def degrees_of_freedom(self, mask: design.Scores | None = None) -> Any:
        """PSUs less strata, in all or with somebody in the mask ((n,), or (n, k) for k domains).

        Delivered replicates without strata and clusters have R - 1.
        """
        if self.replicates is not None and self.strata is None and self.cluster is None:
            df = float(len(self.replicates[2]) - 1)
            return df if mask is None or np.ndim(mask) == 1 else np.full(mask.shape[1], df)
        everybody = np.ones(len(self.frame))
        psus, strata = design.active_clusters(self.strata, self.cluster, everybody if mask is None else mask)
        return psus - strata

    def effective_df(self, scores: design.Scores, members: design.Scores) -> np.ndarray:
        """Satterthwaite's degrees of freedom (k,) of the variances that scores and members (n, k) give."""
        if self.replicates is not None and self.strata is None and self.cluster is None:
            return self.degrees_of_freedom(members)
        return design.satterthwaite_df(
            scores, self.strata, self.cluster, weights=self.weights, members=members, fpc=self.stratum_size
        )

    def _codes(self, column: str, totals: Mapping[Any, float]) -> np.ndarray:
        values = find_column(self.frame, column, "a margin")
        empty = (values.isna() | values.eq("").fillna(False)).to_numpy(bool)
        codes = pd.Index(list(totals)).get_indexer(pd.Index(values.astype(object).mask(empty, UNKNOWN)))
        if (codes < 0).any():
            held = [*map(repr, list(totals)[:5]), *([f"… {len(totals)} in all"] if len(totals) > 5 else [])]
            group = f" as {UNKNOWN!r}" if empty[np.argmax(codes < 0)] else ""
            raise UnknownGroupError(
                f"{first_wrong(values, column, codes < 0)}, which the margin does not have ({', '.join(held)}): "
                f"give its population too{group}, or put the person in one of these groups."
            )
        return codes

    def _calibrated(self, make, basis: np.ndarray, verb: str, names: list[str]) -> SurveyDesign:
        if self.basis is not None:
            raise DatasetError(
                f"{verb}: the weights are calibrated already; give all margins in one call to the first."
            )
        try:
            weights, rounds = make(self.weights)
            replicates = self.replicates
            if replicates is not None:
                each = [make(self.weights * multiplier)[0] for multiplier in replicates[0].T]
                replicates = (calibration.over(np.column_stack(each), weights[:, None]), *replicates[1:])
        except ValueError as error:
            numbered = "" if verb == "rake" else " (totals numbered from 0)"
            raise DatasetError(f"{verb} to {', '.join(names)}{numbered}: {error}") from None
        return replace(self, weights=weights, basis=basis, rounds=rounds, replicates=replicates)


def survey_design(
    frame: pd.DataFrame,
    *,
    weight: str,
    strata: str | None = None,
    cluster: str | None = None,
    stratum_size: str | None = None,
    replicates: str | Sequence[str] | None = None,
    replicate_scale: float | None = None,
    lonely: str = "fail",
) -> SurveyDesign:
    """Describe how the persons of a sample were drawn.

    Parameters
    ----------
    frame : DataFrame
        One row a person, all who answered.
    weight : str
        Column: how many persons of the population each stands for.
    strata, cluster : str, optional
        Columns: stratum, and primary sampling unit (the person, if none is given).
    stratum_size : str, optional
        Column: PSUs (or persons) in the population of the stratum; variances then shrink by the share drawn.
    replicates : {"jk1", "jkn", "bootstrap", "brr"} or list of str, optional
        Replicates to make, or the columns of replicate weights that came with the file.
    replicate_scale : float, optional
        Needed with delivered columns, R of them: (R-1)/R for JK1, 1/R for BRR, 1/(R-1) for most bootstraps.
    lonely : {"fail", "adjust", "average", "certainty"}
        What a stratum with one PSU does: an error, or a variance as in `mrstats.measures.design.design_covariance`.

    Returns
    -------
    SurveyDesign

    Raises
    ------
    DatasetError, UnknownNameError
        One sentence naming column, row and cure.

    Examples
    --------
    >>> frame = pd.DataFrame({"answer": [1, 0, 1, 1], "weight": [10.0, 20.0, 10.0, 20.0], "area": ["N", "N", "S", "S"]})
    >>> from mrstats.sampled import estimate_domains
    >>> result = estimate_domains(survey_design(frame, weight="weight", strata="area"), frame["answer"])
    >>> result.estimate.round(4), result.df, result.n
    (array([0.6667]), array([2.]), array([4]))
    """
    doubled = frame.columns[frame.columns.duplicated()]
    if len(doubled):
        raise DatasetError(f"column {doubled[0]!r} occurs twice in the survey's frame; rename or drop one of them.")
    weights = read_weights(frame, weight)
    stratum = None if strata is None else read_labels(frame, strata, "stratum")
    psu = None if cluster is None else read_labels(frame, cluster, "cluster")
    size = (
        None if stratum_size is None else read_numbers(find_column(frame, stratum_size, "stratum_size"), stratum_size)
    )
    result = SurveyDesign(frame, weights, weights, stratum, psu, size, lonely, weight=weight)
    _check_lonely(result, strata)
    try:
        result.covariance(np.zeros((len(frame), 1)))
        if isinstance(replicates, str):
            units = np.arange(len(frame)) if psu is None else psu
            return replace(result, replicates=design.replicate_weights(stratum, units, method=replicates))
    except ValueError as error:
        names = f"strata={strata!r}, cluster={cluster!r}, stratum_size={stratum_size!r}"
        raise DatasetError(f"survey_design with {names}: {error}") from None
    if replicates is None:
        return result
    if replicate_scale is None:
        raise DatasetError(
            f"replicates={replicates[0]!r}, … need replicate_scale=, see the survey's own documentation: with R columns "
            "(R-1)/R for JK1, 1/R for BRR, 1/(R-1) for most bootstraps."
        )
    delivered = np.column_stack([read_weights(frame, name) for name in replicates])
    multipliers = calibration.over(delivered, weights[:, None])
    return replace(result, replicates=(multipliers, replicate_scale, np.ones(len(replicates))))


def _check_lonely(survey: SurveyDesign, name: str | None) -> None:
    """Every stratum has two clusters, unless the user said what else to do."""
    strata = np.zeros(len(survey.frame), int) if survey.strata is None else survey.strata
    cluster = np.arange(len(strata)) if survey.cluster is None else survey.cluster
    lonely = pd.Series(cluster).groupby(strata).nunique() < 2
    if survey.stratum_size is not None:  # the only one there is was drawn for certain
        lonely &= pd.Series(survey.stratum_size).groupby(strata).max() > 1
    if survey.lonely == "fail" and lonely.any():
        where = "the whole sample" if name is None else first_wrong(survey.frame[name], name, strata == lonely.idxmax())
        raise DatasetError(
            f"{where}, and there is one cluster in it, which says nothing of its variance: join the stratum with one like it, "
            "or say lonely='adjust'."
        )

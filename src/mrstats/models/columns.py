"""Background factors as columns of a regression: reference groups, *not known* as its own group, and what cannot be fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mrstats.dataset import City
from mrstats.measures.regression import dependent_columns
from mrstats.models.persons import FEWEST, Persons
from mrstats.schema import MrstatsError, UnknownGroupError


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns (n, k) of a regression, constant first; `made_of` names each in words and `part` says of which name it is."""

    values: np.ndarray
    made_of: list[str]
    part: list[str]

    def of(self, name: str) -> list[int]:
        """Places of the columns that a factor or number became."""
        return [at for at, part in enumerate(self.part) if part == name]


def reference_of(city: City, persons: Persons, name: str) -> str:
    """A factor's reference group, or its largest where it has none that somebody is in."""
    groups = persons.groups[name]
    if not groups:
        raise UnknownGroupError(
            f"no group of {name!r} has enough persons both with and without what is asked about, so nothing can be compared. "
            "Look at the numbers with mr.break_down, or take groups together."
        )
    said = city.factors[name].reference
    return said if said in groups else groups[int(np.argmax(np.bincount(persons.codes[name])))]


def dummies(persons: Persons, name: str, reference: str) -> tuple[np.ndarray, list[str]]:
    """A column for each group but the reference, and their codes."""
    groups = persons.groups[name]
    others = [at for at, code in enumerate(groups) if code != reference]
    return (persons.codes[name][:, None] == others).astype(float), [groups[at] for at in others]


def columns_of(
    city: City,
    persons: Persons,
    names: Sequence[str],
    references: dict[str, str],
    crossed: tuple[str, str] | None = None,
) -> Columns:
    """Columns of factors and numbers, and of two factors crossed; a number enters with its square, both in standard units.

    Raises
    ------
    MrstatsError
        Columns that say the same, or too few persons for so many; the names and the cure.
    """
    values, made_of, part = [np.ones((len(persons.y), 1))], ["constant"], [""]
    blocks: dict[str, tuple[np.ndarray, list[str]]] = {}
    for name in names:
        if name in persons.codes:
            blocks[name] = dummies(persons, name, references[name])
            said = [f"{name}={group}" for group in blocks[name][1]]
        else:
            block, said = _powers(persons.numbers[name], name)
            blocks[name] = block, said
        values.append(blocks[name][0])
        made_of += said
        part += [name] * len(said)
    if crossed:
        (first, groups), (second, levels) = (blocks[name] for name in crossed)
        values.append((first[:, :, None] * second[:, None, :]).reshape(len(first), -1))
        made_of += [f"{crossed[0]}={group} × {crossed[1]}={level}" for group in groups for level in levels]
        part += ["×".join(crossed)] * (len(groups) * len(levels))
    made = Columns(np.asfortranarray(np.hstack(values)), made_of, part)
    _check(made, persons)
    return made


def _powers(number: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    spread = number.std()
    if not spread > 0:
        raise MrstatsError(f"{name!r} is {number[0]:g} for everybody, so nothing can be adjusted for it. Leave it out.")
    z = (number - number.mean()) / spread
    if len(np.unique(number[:10_000])) == 2 and len(np.unique(number)) == 2:
        return z[:, None], [name]
    return np.column_stack([z, z**2]), [name, f"{name}²"]


def _check(made: Columns, persons: Persons) -> None:
    n, k = made.values.shape
    if min(n - k, persons.df + 1 - k) < FEWEST:
        raise MrstatsError(
            f"{int(persons.df + 1)} persons (in a sample, clusters less strata) are too few for {k} columns "
            f"({', '.join(dict.fromkeys(part for part in made.part if part))}). Leave some out, or take groups together."
        )
    for at, others in dependent_columns(made.values).items():
        if not others:
            raise MrstatsError(f"nobody is in {made.made_of[at]}. Leave it out, or take it with another group.")
        same = ", ".join(made.made_of[other] for other in others)
        raise MrstatsError(
            f"{made.made_of[at]} says what {same} say already, so their parts cannot be told apart. "
            f"Leave {made.part[at] or 'one of them'} out, or take groups together."
        )


def check_spread(persons: Persons, names: Sequence[str], argument: str) -> None:
    """Every group has somebody with the outcome and somebody without it; else a model has no finite answer."""
    for name in names:
        for group, count in persons.counts(name).iterrows():
            if not (count["having"] and (count["lacking"] or persons.indicator.measure == "mean")):
                what = "none" if not count["having"] else "every one"
                raise MrstatsError(
                    f"{argument}: {what} of the {count['n']:.0f} persons with {name}={group} has {persons.indicator.name}, so "
                    f"the model has no finite answer. Take the group together with another, or leave {name} out."
                )


def settled(fit, made: Columns) -> None:
    """An error where a regression found no finite maximum, with the columns that run away."""
    if not fit.settled:
        size = np.abs(fit.coefficients) * made.values.std(axis=0)
        worst = [made.made_of[at] for at in np.argsort(-np.nan_to_num(size, nan=np.inf))[:3] if at]
        raise MrstatsError(
            f"the model has no finite answer: some combination of groups has the outcome always or never (look at "
            f"{', '.join(worst)}). Take groups together, or leave one of these out."
        )

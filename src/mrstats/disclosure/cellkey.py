"""Noise by cell keys: the same persons get the same noise in every table. For those who must match such a source.

Tables no longer add up exactly, and 1 to 4 are printed: it blurs counts, it hides none.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

KEYS = 2**32


def record_keys(persons: Iterable[str], secret: bytes) -> np.ndarray:
    """A whole number below 2³² for each person, which no one without the secret can tell.

    Parameters
    ----------
    persons : iterable of str
        Person ids; the same id has the same key in every year and table.
    secret : bytes
        At least 16 bytes; never published.

    Returns
    -------
    ndarray of uint64, shape (k,)

    Examples
    --------
    >>> record_keys(["a", "b", "a"], b"sixteen bytes or more").argsort(kind="stable").tolist() in ([0, 2, 1], [1, 0, 2])
    True
    """
    if len(secret) < 16:
        raise ValueError(f"the secret has {len(secret)} bytes; take at least 16, such as secrets.token_bytes(32).")
    digests = (hmac.new(secret, str(person).encode(), hashlib.sha256).digest()[:4] for person in persons)
    return np.frombuffer(b"".join(digests), ">u4").astype(np.uint64)


def noise_distribution(count: int, *, largest: int = 2, variance: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """What may be added to a count, and how likely each is: no bias, the variance asked for, never below zero.

    Of all such distributions the one of largest entropy, which gives an attacker the least to go by.

    Parameters
    ----------
    count : int
    largest : int
        Most that is added or taken away.
    variance : float
        Of the noise; for small counts less, where zero stands in the way.

    Returns
    -------
    change, probability : ndarray, shape (c,)

    References
    ----------
    Marley & Leaver (2011), A method for confidentialising user-defined tables. Giessing (2016), Computational issues
    in the design of transition probabilities, Privacy in Statistical Databases.

    Examples
    --------
    >>> change, probability = noise_distribution(10)
    >>> change.tolist(), round(float(probability @ change**2), 6)
    ([-2, -1, 0, 1, 2], 1.0)
    """
    if count < 0 or largest < 1 or not 0 < variance < largest**2:
        raise ValueError(
            f"count={count}, largest={largest}, variance={variance}: the variance must lie below largest²."
        )
    if count == 0:
        return np.array([0]), np.array([1.0])
    from scipy.optimize import minimize

    change = np.arange(-min(count, largest), largest + 1)
    wanted = min(variance, 0.9 * min(count, largest) * largest)  # with no bias more is not possible
    said = np.stack([change, change**2]) / largest ** np.array(
        [[1.0], [2.0]]
    )  # of like size, so that the search converges
    meant = np.array([0.0, wanted / largest**2])

    def probability(tilt: np.ndarray) -> np.ndarray:
        weight = tilt @ said
        weight = np.exp(weight - weight.max())
        return weight / weight.sum()

    def dual(tilt: np.ndarray) -> float:
        weight = tilt @ said
        return float(np.log(np.exp(weight - weight.max()).sum()) + weight.max() - tilt @ meant)

    def slope(tilt: np.ndarray) -> np.ndarray:
        return said @ probability(tilt) - meant

    def curvature(tilt: np.ndarray) -> np.ndarray:
        p = probability(tilt)
        return (said * p) @ said.T - np.outer(said @ p, said @ p)

    # The largest entropy is the least of a convex function of two numbers, wherever it starts.
    found = minimize(dual, [0.0, -0.3], jac=slope, hess=curvature, method="trust-exact", options={"gtol": 1e-12}).x
    for _ in range(5):  # the last digits, which the search gives up too early
        found = found - np.linalg.solve(curvature(found), slope(found))
    return change, probability(found)


def cell_key_noise(counts: ArrayLike, keys: ArrayLike, *, largest: int = 2, variance: float = 1.0) -> np.ndarray:
    """Counts with the noise that their persons' keys say.

    Parameters
    ----------
    counts : array_like of int, shape (k,)
        True counts.
    keys : array_like of int, shape (k,)
        Sum of the record keys of the persons in each cell. Two cells with the same persons get the same noise.
    largest, variance
        See `noise_distribution`.

    Returns
    -------
    ndarray of int, shape (k,)
        Zeros stay zeros, nothing is negative.

    Examples
    --------
    >>> cell_key_noise([0, 7, 7], [0, 123, 123]).tolist()[0]
    0
    """
    true = np.asarray(counts, np.int64)
    if (true < 0).any():
        raise ValueError(f"row {int(np.argmax(true < 0))}: a count must not be negative.")
    place = (np.asarray(keys).astype(np.uint64) % KEYS).astype(float) / KEYS
    capped = np.minimum(true, largest)  # larger counts all have the same distribution
    noise = np.zeros(true.shape, np.int64)
    for count in np.unique(capped):
        change, probability = noise_distribution(int(count), largest=largest, variance=variance)
        here = capped == count
        at = np.searchsorted(np.cumsum(probability), place[here], side="right")
        noise[here] = change[np.minimum(at, len(change) - 1)]
    return true + noise

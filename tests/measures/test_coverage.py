"""Do intervals cover as they say? Exactly, by summing probabilities, where one can; else in 2 000 seeded draws a point.

Exact intervals and Byar's hold 95 per cent at every point, the others 94 to 96 on average over a grid with small groups;
each prints its average and its worst point (pytest -s). What falls short of that is held to what it does, and says why.
"""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri, stdtrit
from scipy.stats import binom, poisson

from mrstats.measures import design, distribution, proportions, rates
from mrstats.measures.influence import influence

pytestmark = pytest.mark.slow
DRAWS = 2000


def summary(name, covered, points):
    covered = np.array(covered)
    worst = int(np.argmin(covered))
    print(f"{name}: average {covered.mean():.4f}, worst {covered[worst]:.4f} at {points[worst]}")
    return covered.mean(), covered[worst]


def holds(lower, upper, truth):
    """How often an interval holds the truth; rounding does not put it outside."""
    return np.mean((lower <= truth + 1e-12) & (truth - 1e-12 <= upper))


# ---- one count, by summing probabilities

SHARES = [(n, p) for n in (5, 10, 20, 50, 200, 1000) for p in np.linspace(0.01, 0.99, 99)]
COUNTS = np.concatenate([np.linspace(0.05, 12, 240), np.linspace(12.5, 150, 276)])


def exact_cover_of_share(interval):
    for n, p in SHARES:
        x = np.arange(n + 1)
        lower, upper = interval(x, np.full(n + 1, n))
        yield binom.pmf(x, n, p)[(lower <= p) & (p <= upper)].sum()


def exact_cover_of_count(interval):
    x = np.arange(400)
    lower, upper = interval(x)
    for mean in COUNTS:
        yield poisson.pmf(x, mean)[(lower <= mean) & (mean <= upper)].sum()


@pytest.mark.parametrize("name", ["clopper_pearson", "wilson", "jeffreys"])
def test_one_share(name):
    interval = getattr(proportions, f"{name}_interval")
    average, worst = summary(name, list(exact_cover_of_share(interval)), SHARES)
    if name == "clopper_pearson":
        assert worst >= 0.95
    else:
        assert 0.94 <= average <= 0.96


@pytest.mark.parametrize("name", ["exact_poisson", "byar", "poisson"])
def test_one_count(name):
    _, worst = summary(name, list(exact_cover_of_count(getattr(rates, f"{name}_interval"))), COUNTS)
    assert worst >= 0.95


# ---- two shares, by summing probabilities over all pairs of counts

SIZES = [(10, 10), (15, 60), (60, 15), (100, 100), (40, 400)]
PAIRS = [(n, m, p, q) for n, m in SIZES for p in np.linspace(0.05, 0.95, 19) for q in np.linspace(0.05, 0.95, 19)]


@pytest.mark.parametrize(
    ("interval", "method"),
    [
        ("difference", "newcombe"),
        ("difference", "miettinen_nurminen"),
        ("difference", "mee"),
        ("ratio", "koopman"),
        ("ratio", "miettinen_nurminen"),
        ("ratio", "mover"),
    ],
)
def test_two_shares(interval, method):
    made = {}
    for n, m in SIZES:
        x, y = (counts.ravel() for counts in np.indices((n + 1, m + 1)))
        made[n, m] = getattr(proportions, f"{interval}_interval")(
            x, np.full(x.size, n), y, np.full(x.size, m), method=method
        )
    covered = []
    for n, m, p, q in PAIRS:
        lower, upper = made[n, m]
        truth = p - q if interval == "difference" else p / q
        chance = np.outer(binom.pmf(np.arange(n + 1), n, p), binom.pmf(np.arange(m + 1), m, q)).ravel()
        covered.append(chance[(lower <= truth + 1e-12) & (truth - 1e-12 <= upper)].sum())
    average, _ = summary(f"{interval}, {method}", covered, PAIRS)
    assert 0.94 <= average <= 0.96


# ---- amounts of persons drawn singly

AMOUNTS = {  # how they are drawn, and their mean
    "normal": (lambda rng, shape: rng.normal(2, 1, shape), 2.0),
    "skewed": (lambda rng, shape: rng.gamma(2, 1, shape), 2.0),
    "very skewed": (lambda rng, shape: rng.exponential(1, shape), 1.0),
}


def cover_of_means(points):
    rng = np.random.default_rng(1)
    for kind, n in points:
        draw, truth = AMOUNTS[kind]
        y = draw(rng, (DRAWS, n))
        _, lower, upper, _ = distribution.mean_interval(np.full(DRAWS, n), y.sum(axis=1), (y**2).sum(axis=1))
        yield holds(lower, upper, truth)


def cover_of_ratios(points):
    """Costs over hours: what a person costs for each of the hours differs, and so do the hours."""
    rng = np.random.default_rng(2)
    for spread, n in points:
        x = rng.gamma(4, 0.5, (DRAWS, n))
        y = 3 * x * rng.gamma(1 / spread**2, spread**2, (DRAWS, n))
        sums = [a.sum(axis=1) for a in (y, x, y**2, x**2, x * y)]
        _, lower, upper, _ = distribution.ratio_of_totals_interval(np.full(DRAWS, n), *sums)
        yield holds(lower, upper, 3.0)


MEANS = [(kind, n) for kind in AMOUNTS for n in (50, 100, 300, 1000)] + [("normal", n) for n in (2, 5, 10, 30)]
RATIOS = [(spread, n) for spread in (0.35, 0.7, 1.4) for n in (50, 100, 300, 1000, 3000)]


def test_means():
    average, _ = summary("mean, t", list(cover_of_means(MEANS)), MEANS)
    assert 0.94 <= average <= 0.96


def test_ratios_of_totals():
    average, _ = summary("ratio of totals, t", list(cover_of_ratios(RATIOS)), RATIOS)
    assert 0.94 <= average <= 0.96


def test_few_skewed_amounts_are_covered_too_seldom_which_is_why_n_below_50_is_marked():
    """A t interval lies around the mean, while the mean and its error rise together where amounts are skewed.

    To shift it one needs third powers, which cells do not carry; `UNRELIABLE_N` marks these rows u instead.
    """
    means = [(kind, n) for kind in ("skewed", "very skewed") for n in (5, 10, 30)]
    ratios = [(spread, n) for spread in (0.35, 0.7, 1.4) for n in (10, 30)]
    for name, cover, points in (("mean", cover_of_means, means), ("ratio of totals", cover_of_ratios, ratios)):
        average, worst = summary(f"{name}, t, under 50 persons", list(cover(points)), points)
        assert 0.90 <= average < 0.94
        assert worst >= 0.80


TOTALS = [(kind, persons) for kind in ("one each", "skewed", "very skewed") for persons in (10, 30, 100, 1000)]


def test_totals_of_a_compound_poisson_process():
    rng, covered = np.random.default_rng(3), []
    for kind, persons in TOTALS:
        draw, mean = AMOUNTS.get(kind, (lambda rng, shape: np.ones(shape), 1.0))
        n = rng.poisson(persons, DRAWS)
        amounts = np.split(draw(rng, n.sum()), np.cumsum(n)[:-1])
        sums = np.array([(y.sum(), (y**2).sum()) for y in amounts]).T
        lower, upper, _ = distribution.total_interval(n, *sums)
        covered.append(holds(lower, upper, persons * mean))
    average, _ = summary("total", covered, TOTALS)
    assert 0.94 <= average <= 0.96


# ---- standardised rates

STANDARD = np.array([5.0, 4, 3, 2, 1])
MIXES = {
    "alike": [1, 1, 1, 1, 1],
    "standard": [5, 4, 3, 2, 1],
    "older": [1, 2, 3, 4, 5],
    "hardly any young": [1, 1, 1, 9, 9],
}


def cover_of_rates(method, points, draws=20_000):
    rng = np.random.default_rng(4)
    for mix, total in points:
        population = np.array(MIXES[mix], float)
        expected = population * [1, 2, 3, 4, 5]
        expected *= total / expected.sum()
        truth = (STANDARD * expected / population).sum() / STANDARD.sum()
        made = rates.directly_standardised_rate(rng.poisson(expected, (draws, 5)), population, STANDARD, method=method)
        yield holds(made[1], made[2], truth)


def test_standardised_rates_with_dobsons_interval():
    points = [(mix, total) for mix in ("alike", "standard", "older") for total in (10, 30, 100, 1000)]
    average, _ = summary("standardised rate, dobson", list(cover_of_rates("dobson", points)), points)
    assert 0.94 <= average <= 0.96


def test_standardised_rates_with_the_gamma_interval_hold_everywhere():
    points = [(mix, total) for mix in MIXES for total in (10, 30, 100, 1000)]
    _, worst = summary("standardised rate, gamma", list(cover_of_rates("gamma", points)), points)
    assert worst >= 0.95


def test_dobson_fails_where_a_stratum_of_few_persons_weighs_much_and_gamma_is_the_remedy():
    """Dobson's width comes from the events that were seen; that none was seen where one weighs most does not widen it."""
    points = [("hardly any young", total) for total in (10, 30, 100, 1000)]
    dobson = list(cover_of_rates("dobson", points))
    summary("standardised rate, dobson, few young", dobson, points)
    assert dobson[0] < 0.7
    assert dobson[1] < 0.9
    assert dobson[3] >= 0.94


# ---- quantiles of a register


def test_quantiles_of_persons_drawn_singly_by_summing_probabilities():
    covered, points = [], [(n, p) for n in (15, 50, 200, 1000) for p in (0.1, 0.25, 0.5, 0.75, 0.9)]
    for n, p in points:
        _, lower, upper, _ = design.woodruff_interval(np.arange(1, n + 1), p)
        # The quantile lies between the two values when at least `lower` and fewer than `upper` persons are below it.
        below = np.arange(n + 1)
        covered.append(binom.pmf(below, n, p)[(below >= lower) & (below < upper)].sum())
    _, worst = summary("quantile, register", covered, points)
    assert worst >= 0.95


# ---- samples with a design

DESIGNS = [
    (clusters, size, within, kind)
    for clusters, size in ((12, 8), (30, 1), (30, 10), (60, 8))
    for within in (0.0, 0.1)
    for kind in ("alike", "strata", "persons")
    if size > 1 or not within
]
"""PSUs in two strata, persons a PSU, correlation within it, and where weights are 1 and 3: nowhere, strata, persons."""


def sample(rng, clusters, size, within, kind):
    """Strata, PSUs, weights, and a normal variable for each person in each draw, correlated within PSUs."""
    psu, number = np.divmod(np.arange(clusters * size), size)
    strata = psu % 2
    heavy = {"alike": False, "strata": strata == 1, "persons": (psu // 2 + number) % 2 == 1}[kind]
    weights = np.where(heavy, 3.0, np.ones(len(psu)))
    common = np.repeat(rng.normal(size=(clusters, DRAWS)), size, axis=0)
    own = rng.normal(size=(clusters * size, DRAWS))
    return strata, psu, weights, np.sqrt(within) * common + np.sqrt(1 - within) * own


def linearised(strata, psu, weights, scores, kind):
    """Standard error, and degrees of freedom, of each draw."""
    covariance, _ = design.design_covariance(scores, strata, psu)
    df = design.satterthwaite_df(scores, strata, psu, weights=weights if kind == "persons" else None)
    return np.sqrt(np.diag(covariance)), df


def mean_of(strata, psu, weights, y, kind):
    estimate = weights @ y / weights.sum()
    return (estimate, *linearised(strata, psu, weights, weights[:, None] * (y - estimate) / weights.sum(), kind))


def test_means_of_a_sample():
    rng, covered = np.random.default_rng(5), []
    for clusters, size, within, kind in DESIGNS:
        strata, psu, weights, e = sample(rng, clusters, size, within, kind)
        estimate, se, df = mean_of(strata, psu, weights, np.exp(0.5 * e), kind)
        half = stdtrit(df, 0.975) * se
        covered.append(holds(estimate - half, estimate + half, np.exp(0.125)))
    average, _ = summary("mean of a sample, t", covered, DESIGNS)
    assert 0.94 <= average <= 0.96


@pytest.fixture(scope="module")
def shares():
    """Estimates of shares 0.1, 0.3 and 0.5 from every design."""
    rng, found = np.random.default_rng(6), {}
    for clusters, size, within, kind in DESIGNS:
        strata, psu, weights, e = sample(rng, clusters, size, within, kind)
        for p in (0.1, 0.3, 0.5):
            y = (e < ndtri(p)).astype(float)
            found[p, clusters, size, within, kind] = mean_of(strata, psu, weights, y, kind)
    return found


@pytest.mark.parametrize(
    ("method", "truncate", "bar"),
    [
        ("logit", False, (0.94, 0.96)),
        ("wilson", False, (0.94, 0.96)),
        ("wilson", True, (0.95, 0.97)),
        ("beta", True, (0.95, 1.0)),
    ],
)
def test_shares_of_a_sample(shares, method, truncate, bar):
    """With `truncate` an estimated variance below that of persons drawn singly is not believed.

    That is right only by half, as some are truly smaller, so Wilson's is then a little wider than it need be: 96.3 on
    average, above the 96 of the others. Korn and Graubard's is meant never to cover too seldom: a single point of 2 000
    draws is known to ± 1, so none may lie below 94.
    """
    covered = []
    for (p, clusters, size, *_), (estimate, se, df) in shares.items():
        lower, upper, _ = design.proportion_interval(
            estimate, se, df, clusters * size, method=method, truncate=truncate
        )
        covered.append(holds(lower, upper, p))
    average, worst = summary(f"share of a sample, {method}{', truncated' * truncate}", covered, list(shares))
    assert bar[0] <= average <= bar[1]
    if method == "beta":
        assert worst >= 0.94


def test_quantiles_of_a_sample():
    rng, fractions = np.random.default_rng(7), np.array([0.1, 0.5, 0.9])
    covered, points = [], [(p, *point) for point in DESIGNS for p in fractions]
    for clusters, size, within, kind in DESIGNS:
        strata, psu, weights, e = sample(rng, clusters, size, within, kind)
        quantiles = np.array([distribution.weighted_quantile(x, fractions, weights) for x in e.T])
        errors = [mean_of(strata, psu, weights, (e <= q).astype(float), kind)[1:] for q in quantiles.T]
        se, df = np.transpose(errors, (1, 2, 0))
        limits = [design.woodruff_interval(x, fractions, weights, se=se[i], df=df[i])[1:3] for i, x in enumerate(e.T)]
        covered += [holds(*np.array(limits)[:, :, at].T, ndtri(p)) for at, p in enumerate(fractions)]
    average, _ = summary("quantile of a sample, woodruff", covered, points)
    assert 0.94 <= average <= 0.96


def cover_of_gini(spread, points):
    """Of `gini_interval`, and of gini ± t·se. The spread of lognormal incomes gives their Gini, 2Φ(spread/√2) - 1."""
    rng = np.random.default_rng(8)
    truth = 2 * ndtr(spread / np.sqrt(2)) - 1
    for clusters, size, within, kind in points:
        strata, psu, weights, e = sample(rng, clusters, size, within, kind)
        incomes = np.exp(spread * e).T
        scores = weights[:, None] * np.array([influence("gini", x, weights) for x in incomes]).T
        se, df = linearised(strata, psu, weights, scores, kind)
        made = np.array([design.gini_interval(x, weights, se=se[i], df=df[i]) for i, x in enumerate(incomes)])
        half = stdtrit(df, 0.975) * se
        yield holds(made[:, 1], made[:, 2], truth), holds(made[:, 0] - half, made[:, 0] + half, truth)


def test_gini():
    """At 0.17 (wages) and 0.30 (disposable incomes); more persons are needed than for a mean.

    Few samples of 30 to 100 persons hold the highest incomes, so most have too small an error: they fall short of the
    bar and are held to 92.
    """
    large = [point for point in DESIGNS if point[0] * point[1] >= 300]
    small = [point for point in DESIGNS if point[0] * point[1] < 300]
    for name, points, bar in (("300 persons or more", large, 0.94), ("30 to 96 persons", small, 0.92)):
        covered = np.array([pair for spread in (0.31, 0.55) for pair in cover_of_gini(spread, points)])
        average, _ = summary(f"gini, {name}", covered[:, 0], points * 2)
        plain, _ = summary(f"gini ± t·se, {name}", covered[:, 1], points * 2)
        assert bar <= average <= 0.96
        assert average > plain + (0.0 if bar == 0.94 else 0.02)


def test_gini_of_very_unequal_incomes_is_covered_too_seldom():
    """Lognormal incomes of Gini 0.43: the few highest decide, and no interval sees those a sample has missed."""
    points = [point for point in DESIGNS if point[0] * point[1] >= 300 and point[3] != "strata"]
    average, worst = summary("gini 0.43", [pair[0] for pair in cover_of_gini(0.8, points)], points)
    assert 0.92 <= average < 0.95
    assert worst >= 0.90

"""Permutation tests of a pooled effect and of moderators, exact where that is feasible."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks, heterogeneity, seeds
from ..blocks import Progress, Ticker
from ..pooling import TESTS
from ..results import Result, frozen
from . import arrangements
from .moderators import design as make_design
from .permuted_fits import row_statistics, sign_statistics

#: With at most this many distinct rearrangements all of them are tried.
EXACT_LIMIT = 2**16
RANDOM_ITERATIONS = 10_000
#: A statistic this little below the observed one counts as equal to it: rounding.
TOLERANCE = 1.5e-8
#: The shares at which ``PermutationTest.quantiles`` are given.
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, repr=False, eq=False)
class PermutationTest(Result):
    """p values from rearranged data; p coefficients, one where there are no moderators.

    Attributes
    ----------
    names : tuple of str, length p
        The coefficients, "intercept" first.
    statistic : ndarray, shape (p,)
        Observed test statistics, estimate over standard error.
    p_value : ndarray, shape (p,)
        Share of the rearrangements, the observed one among them, whose statistic is at least as
        far from zero.
    p_se : ndarray, shape (p,)
        Standard error of ``p_value`` from drawing at random; 0 where exact.
    critical : ndarray, shape (p,)
        The ``level`` quantile of the distance from zero.
    quantiles : ndarray, shape (p, 7)
        Of the rearranged statistics, at ``permutation.QUANTILES``: smallest, 5, 25, 50, 75 and
        95 per cent, largest.
    q_moderators, q_moderators_p : float
        The test of all moderators together, with its share; ``nan`` without moderators.
    iterations : int
        Number of rearrangements, the observed one included.
    exact : bool
        Whether these are all there are.
    k : int
    level : float
    tau2_method, test : str
    """

    _shown: ClassVar = (
        *("k", "iterations", "exact", "q_moderators", "q_moderators_p", "tau2_method", "test"),
    )
    _rows: ClassVar = ("names", "statistic", "p_value", "p_se", "critical")

    names: tuple[str, ...]
    statistic: np.ndarray
    p_value: np.ndarray
    p_se: np.ndarray
    critical: np.ndarray
    quantiles: np.ndarray
    q_moderators: float
    q_moderators_p: float
    iterations: int
    exact: bool
    k: int
    level: float
    tau2_method: str
    test: str


def permutation_test(
    y,
    v,
    X=None,
    *,
    names=None,
    iterations: int | None = None,
    tau2: str = "REML",
    test: str = "z",
    seed: int = 0,
    level: float = 0.95,
    progress: Progress | None = None,
) -> PermutationTest:
    """Test a pooled effect by flipping signs, or moderators by permuting their rows.

    Without moderators the null hypothesis is that effects are symmetric about zero, so every
    pattern of signs was as likely; with moderators that they are exchangeable, so that every
    order of the rows of ``X`` was as likely. The model is fitted anew to each rearrangement.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances.
    X : array_like, shape (k,) or (k, m), optional
        Moderators; an intercept is added.
    names : sequence of str, optional
        One name per moderator.
    iterations : int, optional
        How many rearrangements to draw; where not given 10 000. All distinct ones are tried
        instead where there are no more than this (where not given: than 2**16).
    tau2, test : str
        As for ``meta_regression``. They choose the statistic that is rearranged, and with it the
        power, not the level: what is rare is told by the rearrangements, not by a normal or t
        distribution. So the default is the plain "z", which needs no variance factor.
    seed : int
        Of the random draws.
    level : float
        Share for ``critical``, between 0 and 1.
    progress : callable, optional
        As for ``pool_many``.

    Raises
    ------
    ValueError
        What ``meta_regression`` refuses, or fewer than two iterations.

    Notes
    -----
    With all rearrangements tried (``exact``) the test is exact: under its null hypothesis p is at
    most a with a chance of at most a, whatever the distribution of the effects. With random draws
    the same holds over data and draws together, because the observed data count among them, but
    p itself depends on the seed, by ``p_se``. A statistic of 0/0, as of equal effects with
    "hksj", is 0: no evidence.

    The smallest p value there can be is 2 / 2**k for signs (both directions count) and 1 over
    the number of distinct orders of the rows for moderators, or 2 over it where each order has
    its reverse: 2/20 for six effects in two groups of three, 1/15 in groups of two and four.
    Sources: Follmann & Proschan (1999); Higgins & Thompson (2004); Phipson & Smyth
    (2010) for counting the observed data among the draws.
    """
    y, v = checks.effects(y, v)
    checks.choice("tau2", tau2, heterogeneity.METHODS)
    checks.choice("test", test, TESTS)
    level = checks.level(level)
    limit, draws = _limits(iterations)
    seed = seeds.seed(seed)
    made = make_design(X, y.size, names=names)
    labels, several = made.names, len(made.names) > 1
    ties = arrangements.row_labels(made.matrix)
    count = arrangements.row_count(ties) if several else arrangements.sign_count(y.size)
    exact = count <= limit
    total = count if exact else draws
    if several:
        orders = arrangements.all_orders(ties)
        if not exact:
            orders = arrangements.random_orders(y.size, draws, seed)
        blocks = row_statistics(y, v, made.matrix, tau2, test, orders)
    else:
        signs = arrangements.all_signs(y.size)
        if not exact:
            signs = arrangements.random_signs(y.size, draws, seed)
        blocks = sign_statistics(y, v, tau2, test, signs, mirror=exact)
    values = _collect(blocks, total, progress)
    p_value, observed = _shares(values)
    single = values[:-1]
    return PermutationTest(
        names=labels,
        statistic=frozen(observed[:-1]),
        p_value=frozen(p_value[:-1]),
        p_se=frozen(np.zeros(len(labels)) if exact else _p_se(p_value[:-1], total)),
        critical=frozen(_quantiles(np.abs(single), (level,))[:, 0]),
        quantiles=frozen(_quantiles(single, QUANTILES)),
        q_moderators=float(observed[-1]) if several else float("nan"),
        q_moderators_p=float(p_value[-1]) if several else float("nan"),
        iterations=total,
        exact=exact,
        k=y.size,
        level=level,
        tau2_method=tau2,
        test=test,
    )


def _limits(iterations):
    """Up to how many rearrangements to try all, and how many to draw otherwise."""
    if iterations is None:
        return EXACT_LIMIT, RANDOM_ITERATIONS
    count = seeds.whole_number("iterations", iterations, 2)
    return count, count


def _collect(blocks: Iterator[np.ndarray], total: int, progress) -> np.ndarray:
    """Statistics of all blocks, shape (p + 1, total): the coefficients, then the omnibus test."""
    parts, done, tick = [], 0, Ticker("rearrangements", total, progress)
    for block in blocks:
        parts.append(block)
        done += block.shape[1]
        tick(done)
    return np.concatenate(parts, axis=1)


def _shares(values):
    """Share of rearrangements at least as far from zero as the first, and the first."""
    distance = np.abs(values)
    return (distance >= distance[:, :1] - TOLERANCE).mean(axis=1), values[:, 0]


def _quantiles(values, shares):
    """Quantiles of every row, interpolated as ``numpy.quantile`` does; infinite ones stay so."""
    values = np.sort(values, axis=1)
    at = np.array(shares) * (values.shape[1] - 1)
    low, part = np.floor(at).astype(int), at % 1
    a, b = values[:, low], values[:, np.ceil(at).astype(int)]
    with np.errstate(invalid="ignore"):
        return np.where(a == b, a, (1 - part) * a + part * b)


def _p_se(p_value, total):
    return np.sqrt(p_value * (1 - p_value) / total)

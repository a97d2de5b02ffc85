"""The tau squared of highest likelihood at a given mean, and the peaks of the profile of tau
squared: every local maximum that could count is followed."""

import numpy as np

from ..roots import bracketed_newton
from .likelihood import Rows, taken, total_terms, total_values
from .mean_search import profile_terms
from .profile_grid import tau_grid
from .terms import Terms

#: From one point of the fine grid to the next t grows by this factor at most.
FACTOR = 1.5
#: Log-likelihood that the highest point between two of a grid may lie above them, at most; and
#: that as a share of the fall to their neighbours, where a parabola would give an eighth.
MARGIN, SHARE = 0.02, 0.25


def fine_grid(rows: Rows, last: float = 0.0) -> np.ndarray:
    """Values of t for one set, (T,): 0, and on beyond any plausible spread, or to ``last``."""
    t = tau_grid(rows).reshape(-1)
    first, last = t[1], max(t[-1], last)
    points = int(np.ceil(np.log(last / first) / np.log(FACTOR))) + 1
    return np.append(0.0, np.geomspace(first, last, points))


def maybe_highest(values, height) -> np.ndarray:
    """Which points of a grid (T, B) may have a peak beside them that reaches ``height`` (B,)."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    before, after = padded[:-2], padded[2:]
    fall = values - np.minimum(before, after)
    peak = (values >= before) & (values >= after)
    return peak & (values + SHARE * fall + MARGIN >= height)


def best_t(rows: Rows, member, mu) -> tuple[np.ndarray, Terms]:
    """At every mu, (B,), the best t, and the terms there; ``rows`` and ``member`` are one set."""

    def slope(mu, t):
        terms = total_terms(rows, member, mu, t)
        return terms.t, terms.tt

    # far from all effects the best t grows as their distance squared, and it may be a multiple
    grid = fine_grid(rows, 16 * float(np.abs(mu).max()) ** 2)
    while (slope(mu, np.full(mu.shape, grid[-1]))[0] > 0).any():
        grid = np.append(grid, grid[-1] * FACTOR ** np.arange(1, 5))
    values = total_values(rows, member, np.broadcast_to(mu, (grid.size, mu.size)), grid[:, None])
    point, column = np.nonzero(maybe_highest(values, values.max(axis=0)))
    low, high = grid[np.maximum(point - 1, 0)], grid[np.minimum(point + 1, grid.size - 1)]
    at_zero = (point == 0) & (slope(mu, np.zeros(mu.shape))[0] <= 0)[column]
    high, start = np.where(at_zero, 0.0, high), np.where(at_zero, 0.0, grid[point])
    t = bracketed_newton(lambda x: slope(mu[column], x), low, high, start, relative=1e-10)
    values = total_values(rows, member, mu[column], t)
    order = np.lexsort((values, column))
    best = order[np.searchsorted(column[order], np.arange(mu.size), "right") - 1]
    return t[best], total_terms(rows, member, mu, t[best])


def profile_peaks(rows: Rows, member, low, high) -> np.ndarray:
    """Where the profile of t is highest between ``low`` and ``high``, at which it rises and
    falls; all (B,)."""

    def slope(t):
        _, terms = profile_terms(rows, taken(member, np.arange(t.size)), t)
        return terms.t, terms.tt - terms.mt**2 / terms.mm

    return bracketed_newton(slope, low, high, 0.5 * (low + high), relative=1e-10)

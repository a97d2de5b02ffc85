"""The global maximum of the likelihood of reports, for one set of reports or thousands at once.

At every tau squared t of a grid the best mu is found, which gives the profile of t; where the
slope of the profile falls through zero there is a mode, and the highest mode wins. Nothing here
is random and nothing depends on the order of the reports.
"""

from typing import NamedTuple

import numpy as np

from ..checks import NoMaximum
from .likelihood import Rows, taken, total_terms
from .mean_search import best_mu, profile_terms
from .newton import highest_in_x, settle
from .profile_grid import Surface, lattice, longer, surface, tau_grid
from .tau_search import fine_grid, profile_peaks

__all__ = ["UNBOUNDED", "NoMaximum", "best_mu", "maximise"]

#: Log-likelihood by which the grid may seem higher than the peak: its mu is rough.
SLACK = 1e-5
#: Sets that are searched in one go, at most: with many reports fewer, to bound the memory.
CHUNK, CELLS = 64, 40_000

UNBOUNDED = (
    "the likelihood has no maximum that could be reported: every report bounds the observed effect "
    "on one side only, so mean and spread can grow together without end and still fit; at least "
    "one number or one two-sided 'not significant' is needed"
)


class Peaks(NamedTuple):
    """The global maximum of every set: mu, t, log-likelihood, and about its second derivative in
    mu; each (S,)."""

    mu: np.ndarray
    t: np.ndarray
    value: np.ndarray
    mm: np.ndarray


def maximise(rows: Rows, member) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Global maximum for every set: mu, t and the log-likelihood, each (B,).

    ``member`` is (k, B) of 1 and 0; every set must hold an anchored report (``Rows.anchored``).
    """
    parts = [peaks[:3] for _, _, peaks in summits(rows, member)]
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def summits(rows: Rows, member, reach: float = 6.0):
    """For every chunk of sets its columns, its profile on a grid of t that goes on to ``reach``
    times the usual end, and its peaks."""
    sets = max(member.shape[1], rows.v.shape[1])
    grid, shared = tau_grid(rows), None
    if grid.ndim == 1:
        grid = grid[:, None]
    grid = longer(grid, reach)
    if rows.mixed:
        shared = lattice(rows, grid[:, 0])
    chunk = max(1, min(CHUNK, CELLS // rows.owner.size))
    for begin in range(0, sets, chunk):
        columns = np.arange(begin, min(begin + chunk, sets))
        some, part = rows.take(columns), taken(member, columns)
        t = grid[:, columns] if grid.shape[1] == sets else np.repeat(grid, columns.size, axis=1)
        seen = surface(some, part, t, shared)
        yield columns, seen, _peaks(some, part, seen)


def _peaks(rows: Rows, member, seen: Surface) -> Peaks:
    """The highest mode of every set; one that is in doubt is searched for the safe way."""
    sets = np.arange(seen.mu.shape[1])
    rising = seen.slope[-1] > 0
    which, found = _modes(rows, member, seen, rising)
    s, value = found.slopes, np.where(np.isnan(found.value), -np.inf, found.value)
    sound = found.done & (s.mm < 0) & (s.stays | ((s.gg < 0) & (s.mm * s.gg > s.mg**2)))
    begin = np.searchsorted(which, sets)
    best = np.maximum.reduceat(value, begin)
    # the profile rises at its end, a mode was not reached, or the grid was higher than them all
    doubtful = rising | ~np.logical_and.reduceat(sound, begin) | (best < seen.top - SLACK)
    highest = np.flatnonzero(value >= best[which])
    # of equal ones the one at the smallest t, which comes first
    highest = highest[np.searchsorted(which[highest], sets)]
    peaks = np.array([found.mu, found.t, value, s.mm])[:, highest]
    if doubtful.any():
        again = np.flatnonzero(doubtful)
        peaks[:, again] = _safe_peaks(rows.take(again), taken(member, again))
    return Peaks(*peaks)


def _modes(rows: Rows, member, seen: Surface, rising):
    """Every mode between neighbouring points of the grid, and at t = 0: whose it is, in the order
    of the sets and of t, and where. A set that rises to the end of the grid has one at least."""
    falls = np.concatenate(
        [(seen.slope[:1] <= 0) | rising, (seen.slope[:-1] > 0) & (seen.slope[1:] <= 0)]
    )
    which, point = np.nonzero(falls.T)
    before, after = np.maximum(point - 1, 0), np.maximum(point, 1)
    # a slope of the grid is that of a rough mu: the mode may lie just beyond
    low, high = np.maximum(before - 1, 0), np.minimum(after + 1, len(seen.t) - 1)
    left, right = seen.slope[before, which], seen.slope[point, which]
    with np.errstate(all="ignore"):
        share = np.where(point > 0, left / (left - right), 0.0)
        unit = np.abs(seen.mm[point, which]) ** -0.5
    mu, t = (
        array[before, which] + share * (array[after, which] - array[before, which])
        for array in (seen.mu, seen.t)
    )
    return which, settle(
        rows.take(which), taken(member, which), mu, t, seen.t[low, which], seen.t[high, which],
        seen.scale[which], unit, _summit,
    )  # fmt: skip


def _summit(s, _):
    """Both slopes vanish."""
    g, mg, gg = highest_in_x(s)
    return (s.m, s.mm, mg), (g, mg, gg)


def _safe_peaks(rows: Rows, member) -> Peaks:
    """The slow and safe search: every fall of the slope of the profile is followed along
    the profile itself, with mu at its best for every t, and the grid grows while the profile
    rises at its end."""
    sets = max(member.shape[1], rows.v.shape[1])
    parts = [_safe_peak(rows.take([s]), taken(member, [s])) for s in range(sets)]
    return Peaks(*map(np.array, zip(*parts, strict=True)))


def _safe_peak(rows: Rows, member) -> tuple[float, float, float, float]:
    grid = fine_grid(rows)
    for _ in range(20):
        slope = profile_terms(rows, member, grid)[1].t
        if slope[-1] <= 0:
            break
        grid = np.append(grid, grid[-1] * np.array([4.0, 16.0, 64.0]))
    else:
        raise NoMaximum("the likelihood keeps rising with the spread, far beyond any real one")
    point = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
    t = profile_peaks(rows, member, grid[point], grid[point + 1]) if point.size else np.zeros(0)
    t = np.append(t, 0.0) if slope[0] <= 0 else t
    mu = best_mu(rows, member, t)
    terms = total_terms(rows, member, mu, t)
    best = int(terms.value.argmax())
    return mu[best], t[best], terms.value[best], terms.mm[best]

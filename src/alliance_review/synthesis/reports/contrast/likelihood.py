"""The likelihood of reports with a mean for every level and one variance: its maximum and limits.

Given the variance t the levels have nothing to do with one another, so the profile of t is the sum
of their profiles. It is looked at on a grid; Newton's method climbs from every peak of it.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..climbs import Climb, Landscape, Points, ascend
from ..edges import Search, limits
from ..likelihood import Rows, total_terms
from ..maximum import best_mu

GRID_POINTS = 40
STARTS = 6


class Profile(NamedTuple):
    """Along a grid of t (T,): the best means (T, g), minus the second derivatives there (T, g), the
    log-likelihood (T,) and its slope."""

    t: np.ndarray
    mu: np.ndarray
    curve: np.ndarray
    value: np.ndarray
    slope: np.ndarray


class Levels(Landscape):
    """The likelihood in (mean of every level, t); in frame j + 1 the mean of the first level of
    pair j is replaced by its difference from the second."""

    def __init__(self, rows: list[Rows]):
        self.rows = rows
        self.members = [np.ones((part.first.size, 1)) for part in rows]
        count = len(rows)
        self.pairs = list(combinations(range(count), 2))
        self.frames = np.tile(np.eye(count + 1), (1 + len(self.pairs), 1, 1))
        for frame, (first, second) in zip(self.frames[1:], self.pairs, strict=True):
            frame[first, second] = 1.0
        self.low = np.append(np.full(count, -np.inf), 0.0)
        v = np.concatenate([part.v[:, 0] for part in rows])
        self.smallest, self.largest = float(v.min()), float(v.max())
        #: Variances that matter: to the means of the levels, and to t.
        self.size = 1 / float((1 / v).mean())
        self.sizes = np.array([np.exp(np.log(part.v).mean()) for part in rows] + [self.size])
        #: Values of t from which other climbs begin.
        self.spreads = np.array([0.0, self.size])

    def evaluate(self, theta) -> Points:
        """At parameters (B, d)."""
        sets, last = len(theta), len(self.rows)
        value, score, bend = np.zeros(sets), np.zeros((sets, last + 1)), None
        bend = np.zeros((sets, last + 1, last + 1))
        t = np.maximum(theta[:, last], 0.0)
        for g, (rows, member) in enumerate(zip(self.rows, self.members, strict=True)):
            terms = total_terms(rows, member, theta[:, g], t)
            value += terms.value
            score[:, g] = terms.m
            score[:, last] += terms.t
            bend[:, g, g] = terms.mm
            bend[:, g, last] = bend[:, last, g] = terms.mt
            bend[:, last, last] += terms.tt
        return Points(value, score, bend)

    def scales(self, y, frame):
        """Standard deviations for means, what is added to for variances."""
        scale = np.sqrt(y[:, -1:] + self.sizes)
        scale[:, -1] = y[:, -1] + self.size
        return scale

    def curved(self, y, frame):
        """The variance."""
        return np.broadcast_to(np.arange(y.shape[1]) == y.shape[1] - 1, y.shape)

    def starts(self, y, frame, fixed):
        """Also with other values of t, where that is not what is held."""
        others = [y.copy() for _ in self.spreads]
        for part, t in zip(others, self.spreads, strict=True):
            part[:, -1] = np.where(fixed == y.shape[1] - 1, y[:, -1], t)
        return [y, *others]

    def profile(self, t) -> Profile:
        """The profile at every t."""
        mu = np.stack(
            [best_mu(*part, t) for part in zip(self.rows, self.members, strict=True)], axis=1
        )
        points = self.evaluate(np.column_stack([mu, t]))
        curve = -np.einsum("bii->bi", points.bend)[:, :-1]
        return Profile(t, mu, np.maximum(curve, 0.0), points.value, points.score[:, -1])


def look(land: Levels, middles) -> Profile:
    """The profile on a grid from 0 to where it falls; ``middles`` are about where reports lie."""
    top = max(land.largest, 4 * float(np.ptp(middles)) ** 2)
    grid = np.geomspace(0.03 * land.smallest, top, GRID_POINTS - 1)
    seen = land.profile(np.append(0.0, grid))
    while seen.slope[-1] > 0:
        grid = np.append(grid, 4 * grid[-1])
        seen = land.profile(np.append(0.0, grid))
    return seen


def maximum(land: Levels, seen: Profile) -> Climb:
    """The global maximum over all means and t; arrays with a first axis of length 1."""
    padded = np.pad(seen.value, 1, constant_values=-np.inf)
    peaks = (seen.value >= padded[:-2]) & (seen.value > padded[2:])
    start = np.column_stack([seen.mu, seen.t])[peaks]
    found = ascend(land, start, np.zeros(len(start), dtype=int), np.ones(start.shape, dtype=bool))
    return found.at([int(found.points.value.argmax())])


class Limits(NamedTuple):
    """Lower and upper limits: of every mean (g, 2), of every difference (pairs, 2), of t (2,)."""

    mean: np.ndarray
    difference: np.ndarray
    t: np.ndarray


def limits_around(land: Levels, seen: Profile, best: Climb, floor: float) -> Limits:
    """Profile-likelihood limits at ``floor``."""
    count, peak = len(land.rows), best.y[0]
    # a coordinate and a frame for every quantity, each pushed to either side
    asked = [(g, 0) for g in range(count)]
    asked += [(pair[0], j + 1) for j, pair in enumerate(land.pairs)]
    asked += [(count, 0)]
    search = Search(
        np.repeat([fixed for fixed, _ in asked], 2),
        np.repeat([frame for _, frame in asked], 2),
        np.tile([-1.0, 1.0], len(asked)),
    )
    inside = np.flatnonzero(seen.value >= floor)
    # the likelihood may have several modes in t: begin from all over the region
    even = np.searchsorted(seen.t[inside], seen.t[inside[-1]] * np.linspace(0, 1, STARTS) ** 2)
    some = inside[np.unique([*even, *np.linspace(0, inside.size - 1, STARTS).astype(int)])]
    land.spreads = seen.t[some]
    theta = np.vstack([peak, np.column_stack([seen.mu, seen.t])[some]])
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 1 / seen.curve[some]
    places = np.empty((len(theta), search.sign.size, count + 1))
    for i, (fixed, frame, sign) in enumerate(zip(*search, strict=True)):
        places[:, i] = np.linalg.solve(land.frames[frame], theta.T).T
        if fixed < count:
            # as far as parabolas in the means reach, and less: the grid is no proof
            moved = list(land.pairs[frame - 1]) if frame else [fixed]
            both = spread[:, moved].sum(axis=1)
            room = 0.9 * np.sqrt(2 * (seen.value[some] - floor) * both)
            room = sign * np.where(np.isfinite(room), room, 0.0)
            places[1:, i, fixed] += room
            if frame:
                second = moved[1]
                places[1:, i, second] -= room * np.nan_to_num(spread[:, second] / both)
    # t may be 0 where 0 is above the floor
    positive = (places[..., -1] > 0).all(axis=0)
    left = np.flatnonzero((search.fixed < count) | (search.sign > 0) | positive)
    ends = np.zeros(search.sign.size)
    ends[left] = limits(land, search.at(left), places[:, left], peak, floor)
    ends = ends.reshape(-1, 2)
    return Limits(ends[:count], ends[count:-1], ends[-1])

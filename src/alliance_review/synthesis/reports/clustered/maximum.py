"""Maximum and profile-likelihood limits for several reports of one sample.

The likelihood is looked at on a coarse grid of the total variance and of its share between
samples. Newton's method with exact derivatives climbs from every peak of the grid along the total,
all at once; the highest wins. Nothing is random and nothing depends on the order of the reports.
"""

from typing import NamedTuple

import numpy as np

from ..climbs import Climb, Landscape, Points, ascend
from ..edges import Search, limits
from .cases import Data
from .likelihood import evaluate

SHARES = np.array([0.0, 0.5, 1.0])
#: Ratio of neighbouring total variances of the grid.
RATIO = 4.0
#: Limits, lower and upper: of the mean, the variance between, that within, and both (frame 1).
LIMITS = Search(
    np.array([0, 0, 1, 1, 2, 2, 2, 2]),
    np.array([0, 0, 0, 0, 0, 0, 1, 1]),
    np.tile([-1.0, 1.0], 4),
)


class Grid(NamedTuple):
    """Places (mu, between, within) of a grid, (T, S, 3) by total variance and share, with the
    log-likelihood there (T, S) and its second derivative in mu."""

    theta: np.ndarray
    value: np.ndarray
    bend: np.ndarray


class Samples(Landscape):
    """The likelihood in (mu, between, within), or (mu, between, between + within) in frame 1."""

    frames = np.array([np.eye(3), [[1, 0, 0], [0, 1, 0], [0, -1, 1]]])
    low = np.array([-np.inf, 0.0, 0.0])

    def __init__(self, data: Data):
        self.data = data
        #: Variances that matter: one over the mean precision of the reports, and the usual one.
        self.size = 1 / float(data.precision.mean())
        self.usual = float(np.exp(-np.log(data.precision).mean()))

    def evaluate(self, theta) -> Points:
        """At parameters (B, d)."""
        theta = np.maximum(theta, self.low)  # a difference of variances may be rounded below 0
        return evaluate(self.data, theta)

    def scales(self, y, frame):
        """Standard deviations for means, what is added to for variances."""
        scale = y + self.size
        scale[:, 0] = np.sqrt(y[:, 2] + np.where(frame == 1, 0.0, y[:, 1]) + self.usual)
        apart = y[:, 2] - y[:, 1] + self.size
        scale[:, 1] = np.where(frame == 1, np.minimum(scale[:, 1], apart), scale[:, 1])
        return scale

    def curved(self, y, frame):
        """Variances, but for a part of a held total."""
        return (np.arange(3) == 2) | ((np.arange(3) == 1) & (frame[:, None] == 0))

    def high(self, y, frame):
        """A part is no more than the total."""
        high = np.full(y.shape, np.inf)
        high[:, 1] = np.where(frame == 1, y[:, 2], np.inf)
        return high

    def tied(self, y, frame, fixed, score):
        """The part that is all of a held total."""
        tied = np.zeros(y.shape, dtype=bool)
        tied[:, 1] = (frame == 1) & (fixed == 2) & (y[:, 1] >= y[:, 2]) & (score[:, 1] > 0)
        return tied

    def held(self, y, frame, fixed, values):
        """The share of a total that lies between samples is kept."""
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(y[:, 2] > 0, y[:, 1] / y[:, 2], 0.0)
        y = super().held(y, frame, fixed, values)
        y[:, 1] = np.where(frame == 1, np.clip(share, 0, 1) * y[:, 2], y[:, 1])
        return y

    def starts(self, y, frame, fixed):
        """Also with no variance between samples, with half of it, and with no other."""
        none, half, full = y.copy(), y.copy(), y.copy()
        whole = np.where(fixed == 0, y[:, 1] + y[:, 2], y[:, 1:].max(axis=1))
        whole = np.maximum(whole, self.size)
        for rows, share in ((none, 0.0), (half, 0.5), (full, 1.0)):
            between = np.where(frame == 1, share * rows[:, 2], share * whole)
            within = np.where(fixed == 0, (1 - share) * whole, share * whole)
            rows[:, 1] = np.where(fixed == 1, rows[:, 1], between)
            rows[:, 2] = np.where(fixed == 2, rows[:, 2], within)
        return [y, none, half, full]


def look(land: Samples) -> Grid:
    """The coarse grid, at every place with its best mean."""
    data = land.data
    top = max(data.largest, 4 * float(np.ptp(data.pulls)) ** 2)
    count = 1 + int(np.ceil(np.log(8 * top / land.size) / np.log(RATIO)))
    total = np.append(0.0, np.geomspace(land.size / 8, top, count))
    theta = np.zeros((total.size, SHARES.size, 3))
    theta[..., 1] = total[:, None] * SHARES
    theta[..., 2] = total[:, None] - theta[..., 1]
    weight = 1 / (1 / data.precision + total[:, None])
    theta[..., 0] = ((weight * data.pulls).sum(axis=1) / weight.sum(axis=1))[:, None]
    flat = theta.reshape(-1, 3)
    if data.order.size > data.first.size:
        # a mean over sizes need not be concave in mu: begin from three sides, go on from the best
        tries = [flat.copy() for _ in range(3)]
        for part, at in zip(tries[1:], np.quantile(data.pulls, [0.1, 0.9]), strict=True):
            part[:, 0] = at
        every = np.concatenate(tries)
        value, _ = _improve(data, every)
        best = value.reshape(3, -1).argmax(axis=0)
        flat = every.reshape(3, -1, 3)[best, np.arange(len(flat))]
    else:
        _improve(data, flat)
    value, bend = _improve(data, flat)
    shape = theta.shape[:2]
    return Grid(flat.reshape(theta.shape), value.reshape(shape), bend.reshape(shape))


def _improve(data, theta):
    """Move every mean towards its best, in place; the log-likelihood expected there, and its second
    derivative in mu."""
    value, score, bend = evaluate(data, theta, rough=True)
    curve = np.minimum(bend[:, 0, 0], -1e-3 / (data.largest + theta[:, 1:].sum(axis=1)))
    step = -score[:, 0] / curve
    theta[:, 0] += step
    return value + 0.5 * score[:, 0] * step, curve


def maximum(land: Samples, view: Grid) -> Climb:
    """The global maximum over (mu, between, within); arrays with a first axis of length 1."""
    padded = np.pad(view.value, ((1, 1), (0, 0)), constant_values=-np.inf)
    start = view.theta[(view.value >= padded[:-2]) & (view.value > padded[2:])]
    frame, free = np.zeros(len(start), dtype=int), np.ones(start.shape, dtype=bool)
    found = ascend(land, start, frame, free)
    return found.at([int(found.points.value.argmax())])


def limits_around(land: Samples, view: Grid, best: Climb, floor: float) -> np.ndarray:
    """Lower and upper profile-likelihood limits, (4, 2), in the order of ``LIMITS``."""
    places = _places(land, view, best, floor)
    # a variance may be 0 where a place with it at 0 is above the floor
    left = np.flatnonzero((LIMITS.sign > 0) | (LIMITS.fixed == 0) | (LIMITS.pushed(places[0]) > 0))
    ends = np.zeros(8)
    ends[left] = limits(land, LIMITS.at(left), places[:, left], best.y[0], floor)
    # both together may be all that either of them may be
    farthest = max(ends[3], ends[5])
    if ends[7] < farthest:
        share = 1.0 if ends[3] > ends[5] else 0.0
        place = np.array([[[best.y[0, 0], share * farthest, farthest]]])
        ends[7] = max(farthest, limits(land, LIMITS.at([7]), place, best.y[0], floor)[0])
    return ends.reshape(4, 2)


def _places(land, view, best, floor):
    """Where every search begins, (S, 8, 3): at the farthest place known to be above the floor, and
    with the variance shared in other ways."""
    inside = view.value >= floor
    with np.errstate(invalid="ignore"):
        # how far the mean can go there; the coarse grid is no proof, so stay inside of it
        room = np.where(inside, 0.9 * np.sqrt(2 * (view.value - floor) / -view.bend), 0.0)
    start = np.empty((8, 3))
    for i, (fixed, frame, sign) in enumerate(zip(*LIMITS, strict=True)):
        theta = np.concatenate([best.y, view.theta[inside]])
        if frame == 1:
            theta[:, 2] += theta[:, 1]
        if fixed == 0:
            theta[1:, 0] += sign * room[inside]
        start[i] = theta[np.argmax(sign * theta[:, fixed])]
    places = np.stack(land.starts(start, LIMITS.frame, LIMITS.fixed))
    # the mean goes farthest at another total variance for every share
    for column in np.flatnonzero(inside.any(axis=0)):
        for i in np.flatnonzero(LIMITS.fixed == 0):
            theta = view.theta[inside[:, column], column].copy()
            theta[:, 0] += LIMITS.sign[i] * room[inside[:, column], column]
            places[1 + column, i] = theta[np.argmax(LIMITS.sign[i] * theta[:, 0])]
    return places

"""The global maximum of the multilevel likelihood over both variances, zero included.

The likelihood is looked at on a grid. Newton's method with exact derivatives climbs from every
peak of the grid, from where the slope of the profile changes sign, and along both edges; the
highest wins. All climb at once, and nothing is random.
"""

from typing import NamedTuple

import numpy as np

from .climb import Peaks, climb, separate
from .likelihood import CHUNK, Data, evaluate, surface, within

#: Step of the grid in log(tau2 + smallest variance); the likelihood bends on a scale of 1.
GRID_STEP = 0.7
INSEPARABLE = (
    "the variance between clusters and the variance within them cannot be told apart with these "
    "clusters and moderators"
)


class Grid(NamedTuple):
    """Log-likelihoods (A, B) on a grid of the variances between (A,) and within (B,)."""

    between: np.ndarray
    within: np.ndarray
    value: np.ndarray


def _axis(smallest: float, largest: float) -> np.ndarray:
    span = np.log1p(largest / smallest)
    return smallest * np.expm1(np.linspace(0, 1, 2 + int(np.ceil(span / GRID_STEP))) * span)


def look(data: Data, between: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Log-likelihoods at all pairs of the two variances, in pieces that fit the memory."""
    step = max(1, CHUNK // max(data.z.size, between.size * data.starts.size))
    pieces = (across[i : i + step] for i in range(0, across.size, step))
    return np.concatenate([surface(data, within(data, t), between) for t in pieces], axis=1)


def grid(data: Data) -> Grid:
    """A grid from 0 to beyond every peak, even in log(tau2 + smallest variance)."""
    k, p = data.v.size, len(data.z) - 1
    largest = max(data.v.max(), 4 * np.ptp(data.z[-1]) ** 2) * k / (k - p)
    between = _axis(1 / within(data, np.zeros(1)).c.max(), largest)
    across = _axis((1 - data.rho) * data.v.min(), largest)
    return Grid(between, across, look(data, between, across))


def _higher_than_neighbours(value: np.ndarray) -> np.ndarray:
    """Places (n, 2) where no neighbour is higher."""
    padded = np.pad(value, 1, constant_values=-np.inf)
    rows, columns = value.shape
    near = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    return np.argwhere(value >= np.max(near, axis=0))


def _refined(value, places, axes) -> np.ndarray:
    """Better guesses (n, 2) of peaks than points of the grid: by parabolas through three."""
    guesses = []
    for which, axis in enumerate(axes):
        at = places[:, which]
        below, above = np.maximum(at - 1, 0), np.minimum(at + 1, axis.size - 1)
        rows = [[i, places[:, 1]] if which == 0 else [places[:, 0], i] for i in (below, at, above)]
        low, middle, high = (value[tuple(r)] for r in rows)
        bend = 2 * middle - low - high
        inner = (below < at) & (at < above) & (bend > 0)
        shift = np.where(inner, 0.5 * (high - low) / np.where(inner, bend, 1.0), 0.0)
        shift = np.clip(shift, -1, 1)
        side = np.where(shift > 0, above, below)
        guesses.append(axis[at] + np.abs(shift) * (axis[side] - axis[at]))
    return np.stack(guesses, axis=1)


def _ridge(data, view) -> np.ndarray:
    """Points (n, 2) near the modes of the profile of the variance between clusters.

    The profile has a mode where its slope falls through zero, and at 0 where it starts out
    falling. Modes may follow each other along a ridge that the grid meets at odd places, so the
    heights of the grid do not show all of them.
    """
    rows = np.arange(view.between.size)
    places = np.stack([rows, view.value.argmax(axis=1)], axis=1)
    start = _refined(view.value, places, (view.between, view.within))
    start[:, 0] = view.between
    near = climb(data, start, np.broadcast_to([False, True], start.shape), steps=1)
    bend = near.points.observed
    # what the slope will be after the next step along the other variance
    left = np.where((near.tau2[:, 1] > 0) & (bend[:, 1, 1] > 0), near.points.score[:, 1], 0.0)
    slope = near.points.score[:, 0] - left * bend[:, 0, 1] / np.where(left, bend[:, 1, 1], 1.0)
    rising = np.concatenate([[True], slope > 0, [False]])
    falls = np.flatnonzero(rising[:-1] & ~rising[1:])  # between rows falls - 1 and falls
    return near.tau2[np.unique(np.clip([falls - 1, falls], 0, rows[-1]))]


def maxima(data: Data, view: Grid) -> tuple[Peaks, Peaks, Peaks]:
    """The global maximum, that with no variance between, and that with none within."""
    starts = []
    for rows, columns in ((None, None), (1, None), (None, 1)):
        part, axes = view.value[:rows, :columns], (view.between[:rows], view.within[:columns])
        starts.append(_refined(part, _higher_than_neighbours(part), axes))
    starts[0] = np.concatenate([starts[0], _ridge(data, view)])
    count = np.cumsum([0, *map(len, starts)])
    free = np.repeat([[True, True], [False, True], [True, False]], np.diff(count), axis=0)
    found = climb(data, np.concatenate(starts), free)
    return tuple(found.best(np.arange(a, count[-1] if a == 0 else b))
                 for a, b in zip(count[:-1], count[1:], strict=True))  # fmt: skip


def profile(data: Data, view: Grid, which: int, values: np.ndarray):
    """Log-likelihood, highest over the other variance, at values of one; and its slope there."""
    if which == 0:
        seen, axes = look(data, values, view.within), (values, view.within)
    else:
        seen, axes = look(data, view.between, values), (view.between, values)
    line = seen if which == 0 else seen.T
    padded = np.pad(line, ((0, 0), (1, 1)), constant_values=-np.inf)
    places = np.argwhere((line >= padded[:, :-2]) & (line >= padded[:, 2:]))
    owner = places[:, 0]
    places = places if which == 0 else places[:, ::-1]
    start = _refined(seen, places, axes)
    start[:, which] = values[owner]
    free = np.ones(start.shape, dtype=bool)
    free[:, which] = False
    points = climb(data, start, free).points
    order = np.lexsort((points.value, owner))
    last = order[np.append(np.diff(owner[order]) > 0, True)]  # the highest of each value
    return points.value[last], points.score[last, which]  # by the envelope theorem


def refuse_inseparable(data: Data) -> None:
    """Raise ValueError where the design leaves one variance, or their difference, unknown."""
    size = float(np.median(data.v))
    fisher = evaluate(data, np.full((1, 2), size)).fisher
    # with all sampling variances equal and no moderators the diagonal would be above 1
    if (np.diag(fisher[0]) * size**2 < 1e-9).any() or separate(fisher)[0] < 1e-9:
        raise ValueError(INSEPARABLE)

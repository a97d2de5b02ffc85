"""The global maximum of the multilevel likelihood over both variances, zero included.

The likelihood is looked at on a grid. Newton's method with exact derivatives climbs from every
peak of the grid, from where the slope of the profile changes sign, and along both edges; the
highest wins. All climb at once, and nothing is random.
"""

from typing import NamedTuple

import numpy as np

from ..peaks import peaks
from .climb import Peaks, climb, separate
from .derivatives import Points, evaluate
from .likelihood import CHUNK, Data, residual, surface, within

#: Step of the grid in log(tau2 + smallest variance); the likelihood bends on a scale of 1.
GRID_STEP = 0.7
INSEPARABLE = (
    "the variance between clusters and the variance within them cannot be told apart with these "
    "clusters and moderators"
)


class Grid(NamedTuple):
    """Log-likelihoods (A, B) on a grid of the variances between (A,) and within (B,).

    ``q`` is the weighted sum of squared residuals with both variances 0.
    """

    between: np.ndarray
    within: np.ndarray
    value: np.ndarray
    q: float


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
    none = within(data, np.zeros(1))
    between = _axis(1 / none.c.max(), largest)
    across = _axis((1 - data.rho) * data.v.min(), largest)
    return Grid(between, across, look(data, between, across), float(residual(none)[0]))


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


def _falls(points: Points, inside: np.ndarray) -> np.ndarray:
    """Rows of the grid (n,) near the modes of the profile of the variance between clusters.

    ``points`` lie on the ridge: at every variance between, where the one within is about best.
    The profile has a mode where its slope falls through zero, and at 0 where it starts out
    falling. Modes may follow each other along a ridge that the grid meets at odd places, so the
    heights of the grid do not show all of them.
    """
    bend, score = points.observed, points.score
    # what the slope will be after a step along the other variance
    curve = bend[:, 1, 1]
    step = np.where(curve > 0, score[:, 1] / np.where(curve > 0, curve, 1.0), 0.0)
    slope = score[:, 0] - bend[:, 0, 1] * np.maximum(step, -inside)
    rising = np.concatenate([[True], slope > 0, [False]])
    falls = np.flatnonzero(rising[:-1] & ~rising[1:])  # between rows falls - 1 and falls
    return np.unique(np.clip([falls - 1, falls], 0, len(inside) - 1))


def maxima(data: Data, view: Grid) -> tuple[Peaks, Peaks, Peaks]:
    """The global maximum, that with no variance between, and that with none within.

    Raises
    ------
    ValueError
        The design leaves one variance, or their difference, unknown.
    """
    value, rows = view.value, np.arange(view.between.size)
    ridge = np.stack([rows, value.argmax(axis=1)], axis=1)
    # on an edge, places have one neighbour across it, so that these are refined along it alone
    edges = [peaks(value[:1]), peaks(value[:, :1])]
    places = [ridge, peaks(value), *edges]
    start = _refined(value, np.concatenate(places), (view.between, view.within))
    start[rows, 0] = view.between
    first = [[0, view.within[1]], [view.between[1], 0]]  # the first steps along the edges
    family = np.append(np.repeat([0, 0, 1, 2], [len(some) for some in places]), [1, 2])
    # one pass over the effects for all that is to be known before the climb
    middle = np.full((1, 2), np.sort(data.v)[data.v.size // 2])
    start = np.concatenate([start, first, middle])
    points = evaluate(data, start)
    _refuse_inseparable(points.fisher[-1], middle[0, 0])
    chosen = family >= 0
    chosen[rows] = False
    chosen[_falls(points.at(rows), start[rows, 1])] = True
    # where the likelihood falls at the first step, a peak may lie before it
    chosen[-2:] = points.score[(-3, -2), (1, 0)] < 0
    chosen = np.flatnonzero(chosen)
    family = family[chosen]
    free = np.array([[True, True], [False, True], [True, False]])[family]
    found = climb(data, start[chosen], free, family, points.at(chosen))
    # the highest peak may be one on an edge
    of_each = family >= 0, family == 1, family == 2
    return tuple(found.best(np.flatnonzero(among)) for among in of_each)


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
    points = climb(data, start, free, owner).points
    order = np.lexsort((points.value, owner))
    last = order[np.append(np.diff(owner[order]) > 0, True)]  # the highest of each value
    return points.value[last], points.score[last, which]  # by the envelope theorem


def _refuse_inseparable(fisher: np.ndarray, size: float) -> None:
    """Raise ValueError where the information (2, 2) at variances of ``size`` is singular."""
    # with all sampling variances equal and no moderators the diagonal would be above 1
    if (np.diag(fisher) * size**2 < 1e-9).any() or separate(fisher[None])[0] < 1e-9:
        raise ValueError(INSEPARABLE)

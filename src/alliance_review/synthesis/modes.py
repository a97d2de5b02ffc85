"""The global maximum of the likelihood of tau squared, for one set of effects or many at once.

The likelihood can have two modes (see ``likelihood_maximum``). Shapes as in ``sums``.
"""

import math

import numpy as np

from .roots import bracketed_newton, bracketed_newton_single
from .sums import dot, total, weights
from .tau_likelihood import log_likelihood, score, score_from

#: Between two neighbouring points of a grid of tau squared no weight changes by a larger factor.
GRID_FACTOR = 1.25
_LOG_FACTOR = math.log(GRID_FACTOR)


def upper_limit(y, v, member):
    """A tau squared above which neither likelihood can rise, shape (B,).

    With s2 the sample variance of the k effects, sum(w**2 r**2) <= max(w)**2 (k - 1) s2, while
    sum(w) - sum(w**2)/sum(w) >= (k - 1) min(w). So the score is negative once
    (t + min v)**2 > s2 (t + max v), and that holds from here on.
    """
    if member is None:
        size, top = y.shape[0], v.max(axis=0)
        centred = y - y.sum(axis=0) / size
        s2 = dot(centred, centred) / (size - 1)
    else:
        size, top = total(member), (member * v).max(axis=0)
        centred = member * (y - dot(member, y) / size)
        s2 = dot(centred, centred) / np.maximum(size - 1, 1)
    return 0.5 * (s2 + np.sqrt(s2 * s2 + 4 * s2 * top))


def grid(y, v, member):
    """Values of tau squared from 0 to beyond ``upper_limit``, shape (points, 1) where all sets
    share their variances, otherwise (points, B).

    They rise as min(v) (f**j - 1), so that from one point to the next no weight changes by more
    than the factor f: two modes would have to lie closer than that to be taken for one.
    """
    top = upper_limit(y, v, member)
    shared = v.shape[1] == 1
    present = v if shared or member is None else np.where(member > 0, v, np.inf)
    low = present.min(axis=0)
    return grid_steps(float((np.max(top) / low if shared else top / low).max()))[:, None] * low


_STEPS = np.expm1(_LOG_FACTOR * np.arange(200))
_STEPS.flags.writeable = False


def grid_steps(reach: float) -> np.ndarray:
    """f**j - 1 for j = 0, 1, ... until it is beyond ``reach``, with f = ``GRID_FACTOR``."""
    points = math.ceil(math.log1p(reach) / _LOG_FACTOR) + 2
    if points <= _STEPS.size:
        return _STEPS[:points]
    return np.expm1(_LOG_FACTOR * np.arange(points))


def scores_on_grid(y, v, member, tau2, *, restricted: bool):
    """The score at every point of ``grid``, (points, B).

    Where all sets share their variances, the sums of all sets at all points are one product.
    """
    if v.shape[1] > 1:
        return np.stack([_score_alone(y, v, member, t, restricted) for t in tau2])
    w = 1 / (v[:, 0] + tau2)  # (points, k)
    w2 = w * w
    if y.shape[1] == 1 and member is not None:
        z = y[:, 0]
        parts = np.concatenate([w, w2, w * z, w2 * z, w2 * (z * z)])
        return score_from(*np.split(parts @ member, 5), restricted)
    my = y if member is None else member * y
    if member is None:
        s0, s2 = w.sum(axis=1, keepdims=True), w2.sum(axis=1, keepdims=True)
    else:
        s0, s2 = w @ member, w2 @ member
    return score_from(s0, s2, w @ my, w2 @ my, w2 @ (my * y), restricted)


def _score_alone(y, v, member, tau2, restricted):
    w = weights(v, member, tau2)
    s0 = total(w)
    u = w * (y - dot(w, y) / s0)
    value = dot(u, u) - s0
    return value + dot(w, w) / s0 if restricted else value


def likelihood_maximum(y, v, member, *, restricted: bool):
    """Global maximum of the likelihood over tau squared >= 0, shape (B,), or a number.

    The likelihood can have two modes, on real data too. A fall of the score from positive to
    negative between two grid points brackets a mode; zero is a mode where the score starts out
    negative. Every mode is found, and the highest wins.
    """
    if y.ndim == 1:
        return _single_maximum(y, v, restricted)
    tau2 = grid(y, v, member)
    scores = scores_on_grid(y, v, member, tau2, restricted=restricted)
    falls = (scores[:-1] > 0) & (scores[1:] <= 0)
    modes = falls.sum(axis=0)
    best = np.zeros(scores.shape[1])
    found = np.flatnonzero(modes)
    if not found.size:
        return best
    points = falls.argmax(axis=0)
    best[found] = _mode(y, v, member, tau2, scores, found, points[found], restricted)
    several = np.flatnonzero(modes + (scores[0] <= 0) > 1)
    if several.size:
        best[several] = _highest(y, v, member, tau2, scores, falls, several, best, restricted)
    return best


def _single_maximum(y, v, restricted) -> float:
    """The same for one set, in as few and as small steps as it takes: see ``_single_score``."""
    y = y - y.sum() / y.size
    powers = np.empty((y.size, 3))
    powers[:, 0], powers[:, 1], powers[:, 2] = 1, y, y * y
    s2, low, high = float(powers[:, 2].sum()) / (y.size - 1), float(v.min()), float(v.max())
    tau2 = low * grid_steps(0.5 * (s2 + math.sqrt(s2 * s2 + 4 * s2 * high)) / low)
    w = 1 / (v + tau2[:, None])
    s0, sy, _ = (w @ powers).T
    squares, s2y, s2yy = (w * w @ powers).T
    scores = score_from(s0, squares, sy, s2y, s2yy, restricted)
    function = _single_score(v, powers, restricted)
    found = [0.0] if scores[0] <= 0 else []
    for i in np.flatnonzero((scores[:-1] > 0) & (scores[1:] <= 0)):
        low, high, left, right = *tau2[i : i + 2].tolist(), *scores[i : i + 2].tolist()
        start = low + (high - low) * left / (left - right)
        found.append(bracketed_newton_single(function, low, high, start))
    if len(found) == 1:
        return found[0]
    values = [log_likelihood(y, v, None, t, restricted=restricted) for t in found]
    return found[int(np.argmax(values))]


def _single_score(v, powers, restricted):
    """``score`` for one set in plain numbers, from three small products instead of a dozen sums.

    ``powers`` holds 1, y and y**2 in its columns, y measured from the mean of the effects, so
    that subtracting the weighted mean afterwards costs no digits.
    """

    def function(tau2: float) -> tuple[float, float]:
        w = 1 / (v + tau2)
        w2 = w * w
        s0, sy, _ = (w @ powers).tolist()
        s2, s2y, s2yy = (w2 @ powers).tolist()
        s3, s3y, s3yy = ((w2 * w) @ powers).tolist()
        mean = sy / s0
        squares = s2yy - mean * (2 * s2y - mean * s2)
        cubes = s3yy - mean * (2 * s3y - mean * s3)
        slope = -2 * (cubes - (s2y - mean * s2) ** 2 / s0)
        if not restricted:
            return squares - s0, slope + s2
        h = s2 / s0
        return squares - (s0 - h), slope + s2 - 2 * s3 / s0 + h * h

    return function


def _columns(array, columns):
    return array if array is None or array.shape[1] == 1 else array[:, columns]


def _mode(y, v, member, tau2, scores, columns, points, restricted):
    """The mode between grid points ``points`` and the next, for the given columns."""
    at = (0,) if tau2.shape[1] == 1 else columns
    low, high = tau2[points, at], tau2[points + 1, at]
    left, right = scores[points, columns], scores[points + 1, columns]
    start = low + (high - low) * left / (left - right)

    def narrow(left):
        inner = columns[left]
        yc, vc, mc = (_columns(a, inner) for a in (y, v, member))
        return lambda t: score(yc, vc, mc, t, restricted=restricted)

    every = np.arange(columns.size)
    return bracketed_newton(narrow(every), low, high, start, narrow=narrow)


def _highest(y, v, member, tau2, scores, falls, columns, first, restricted):
    """The best of all modes for the few columns that have several, zero among them."""
    yc, vc, mc = (_columns(a, columns) for a in (y, v, member))
    falls, scores = falls[:, columns], scores[:, columns]
    tau2 = tau2 if tau2.shape[1] == 1 else tau2[:, columns]
    best, value = np.zeros(columns.size), np.full(columns.size, -np.inf)

    def consider(candidates, where):
        new = log_likelihood(
            _columns(yc, where), _columns(vc, where), _columns(mc, where), candidates,
            restricted=restricted,
        )  # fmt: skip
        better = new > value[where]
        best[where[better]], value[where[better]] = candidates[better], new[better]

    consider(first[columns], np.arange(columns.size))
    zero = np.flatnonzero(scores[0] <= 0)
    consider(np.zeros(zero.size), zero)
    for order in range(1, int(falls.sum(axis=0).max())):
        where = np.flatnonzero(falls.sum(axis=0) > order)
        points = (np.cumsum(falls[:, where], axis=0) > order).argmax(axis=0)
        consider(_mode(yc, vc, mc, tau2, scores, where, points, restricted), where)
    return best

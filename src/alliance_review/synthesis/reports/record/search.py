"""The highest points of many records at once: from a lattice, by Newton's method in mean and t.

Every local maximum of the lattice that comes near the highest is a place to begin, so that several
modes are found. What does not settle, or runs off, is told, and left to a search for one record.
"""

import numpy as np

from ..newton import highest_in_x, slopes_in_x
from .landscape import FAR
from .sets import RecordSets

#: Most records looked at in one go, cells (reports times starts), and sizes of studies with a
#: range of them: more would leave the cache.
SETS, CELLS, SIZES = 250, 16_000, 1000
#: Log-likelihood by which a mode may seem lower on the lattice than the highest, and yet be it.
NEAR = 3.0
ROUNDS, SHORT = 40, 1e-5


def highest_values(sets: RecordSets, weights, middle: float) -> tuple[np.ndarray, np.ndarray]:
    """Greatest log-likelihood of every record at every weight, and whether it is sure, (W, B).

    ``middle`` is a mean around which most of the highest points lie.
    """
    weights, count = np.asarray(weights, dtype=float), sets.disfavoured.size
    lattice = _lattice(sets, middle)
    # tables are kept for every size there is: where sizes vary there are many
    varying = np.count_nonzero(np.ptp(sets.v, axis=1))
    together = min(SETS, max(10, SIZES // max(varying, 1)))
    value, sure = np.full((weights.size, count), -np.inf), np.ones((weights.size, count), bool)
    for begin in range(0, count, together):
        columns = np.arange(begin, min(begin + together, count))
        some = sets.take(columns)
        starts = [_starts(part, lattice[0]) for part in some.on_lattice(*lattice, weights)]
        which = np.repeat(np.arange(weights.size), [part[0].size for part in starts])
        column, mean, j = np.concatenate(starts, axis=1)
        column, j = column.astype(int), j.astype(int)
        size = max(1, CELLS // len(sets.z))
        for first in range(0, which.size, size):
            span = slice(first, first + size)
            found, settled = _climb(
                some.take(column[span], weights[which[span]]),
                mean[span],
                lattice[1][j[span]],
            )
            at = which[span], columns[column[span]]
            np.maximum.at(value, at, np.where(settled, found, -np.inf))
            np.logical_and.at(sure, at, settled)
    return value, sure


def _lattice(sets: RecordSets, middle):
    """Means and values of t out to ``FAR``: the means closest around ``middle``, half a step of the
    narrowest peak there can be."""
    width = (1 / sets.v).sum(axis=0).max() ** -0.5
    away = 6 * width * np.sinh(np.arange(0.0, np.arcsinh(1 / (6 * width)), 1 / 12))
    away = np.append(away, np.geomspace(1.0, FAR + abs(middle), 8))
    mu = np.unique(np.clip(np.concatenate([middle - away, middle + away]), -FAR, FAR))
    least = 0.1 * sets.v.min()
    t = np.geomspace(least, 1.0, max(2, int(np.ceil(np.log2(1 / least))) + 1))
    return mu, np.concatenate([[0.0], t, np.geomspace(4.0, FAR**2, 4)])


def _starts(value, mu):
    """Where to begin on a lattice (B, M, T): set, mean and place of t, (3, S).

    Of every set that with t = 0, the local maxima of the profile of t, and all of the lattice, as
    far as they come near the highest point: often the same peak twice, which does no harm.
    """
    at, profile = _refined(value, mu)
    near = profile >= profile.max(axis=1, keepdims=True) - NEAR
    first = near[:, 0].copy()
    near[:, :-1] &= profile[:, :-1] >= profile[:, 1:]
    near[:, 1:] &= profile[:, 1:] >= profile[:, :-1]
    near[:, 0] = first
    column, j = np.nonzero(near)
    which, i, k = np.nonzero(value >= value.max(axis=(1, 2), keepdims=True) - NEAR)
    here, highest = value[which, i, k], np.ones(which.size, dtype=bool)
    for beside in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
        x, y = np.clip(i + beside[0], 0, mu.size - 1), np.clip(k + beside[1], 0, near.shape[1] - 1)
        highest &= here >= value[which, x, y]
    parts = (column, at[column, j], j), (which[highest], mu[i[highest]], k[highest])
    return np.concatenate(parts, axis=1)


def _refined(value, mu):
    """The best mean at every t, (B, T), and its value: by parabolas, as the lattice is a rough one
    that hides a mode which is hardly higher than another."""
    i = np.clip(value.argmax(axis=1), 1, mu.size - 2)
    y0, y, y2 = (np.take_along_axis(value, i[:, None] + k, axis=1)[:, 0] for k in (-1, 0, 1))
    before, after = mu[i] - mu[i - 1], mu[i + 1] - mu[i]
    left, right = (y - y0) / before, (y2 - y) / after
    bend = (right - left) / (before + after)
    slope = (left * after + right * before) / (before + after)
    with np.errstate(divide="ignore", invalid="ignore"):
        move = np.where(bend < 0, -0.5 * slope / bend, 0.0)
    move = np.clip(move, -before, after)
    return mu[i] + move, y + move * (slope + bend * move)


def _climb(sets: RecordSets, mu, t):
    """The peak uphill from a start for every column: its value, and whether it is one, (S,)."""
    value, settled = np.full(mu.size, -np.inf), np.zeros(mu.size, dtype=bool)
    left, scale = np.arange(mu.size), 1 / (1 / sets.v).mean(axis=0)
    base, highest = np.stack([mu, t]), np.full(mu.size, -np.inf)
    with np.errstate(all="ignore"):
        for _ in range(ROUNDS):
            s = slopes_in_x(sets.terms(mu, t), t, scale)
            lower = ~(s.value >= highest - 1e-9)
            step, in_x, sound = _step(s, t, scale)
            new = np.maximum(t + (t + scale) * np.expm1(in_x), 0.0)
            done = ~lower & sound
            value[left[done]] = (s.value + 0.5 * (s.m * step + s.g * in_x))[done]
            settled[left[done]] = True
            # downhill the step was too long: a quarter of it
            base = np.where(lower, base, np.stack([mu, t]))
            mu = np.where(lower, 0.75 * base[0] + 0.25 * mu, mu + step)
            t = np.where(lower, 0.75 * base[1] + 0.25 * t, new)
            highest = np.where(lower, highest, s.value)
            keep = ~done & (np.abs(mu) < FAR) & (t < FAR**2)
            if not keep.any():
                break
            if np.count_nonzero(keep) < 0.8 * keep.size:
                sets, base = sets.take(np.flatnonzero(keep)), base[:, keep]
                left, scale, mu, t, highest = (a[keep] for a in (left, scale, mu, t, highest))
    return value, settled


def _step(s, t, scale):
    """The next step in mu and in x = log(t + scale), and whether it is the last one, at a peak."""
    g, mg, gg = highest_in_x(s)
    mm = -np.abs(s.mm)
    det = mm * gg - mg * mg
    bent = det > 0
    step = np.where(bent, (mg * g - gg * s.m) / det, -s.m / mm)
    in_x = np.where(bent, (mg * s.m - mm * g) / det, -g / gg)
    held = (t <= 0) & (in_x <= 0)
    step, in_x = np.where(held, -s.m / mm, step), np.where(held, 0.0, in_x)
    small = (np.abs(step) <= SHORT / np.sqrt(-mm)) & (np.abs(in_x) <= SHORT)
    peak = (s.mm < 0) & (s.stays | ((s.gg < 0) & bent))
    # along a ridge both must be cut by the same share; t ends at 0
    room = np.where(in_x < 0, np.minimum(np.log1p(t / scale), 1.5), 1.5)
    share = np.minimum(3 * np.sqrt(scale + t) / np.abs(step), room / np.abs(in_x))
    share = np.where(share < 1, share, 1.0)
    return share * step, share * in_x, small & peak

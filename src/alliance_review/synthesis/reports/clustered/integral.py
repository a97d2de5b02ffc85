"""Reports that are independent given one normal factor: their joint probability and derivatives.

Row i of a problem is normal around M + l_i x with standard deviation d_i, given a standard normal
x; its report is a number or an interval. The joint probability is the integral over x of the normal
density times the product of the rows, each of which is log-concave in x: so the integrand has one
peak and falls off at least as fast as the density of x.

The integral is a trapezoidal sum between the two places where the integrand has fallen by
exp(-DROP) from its peak. The sum of a smooth function that vanishes at both ends is right to the
last digit once the step is small against the scale on which it bends (Trefethen & Weideman 2014),
so the nodes are spread by the scale found at either end: even where both agree, and by a geometric
progression where one end is an edge far sharper than the other.
"""

from typing import NamedTuple

import numpy as np

from ...roots import bracketed_newton
from .rows import LOG_ROOT_2PI, Rows, kinds, ratios

#: Fall of the log integrand at which the sum begins and ends.
DROP = 32.0
#: Step of the sum, in units of the scale on which the integrand bends.
STEP, ROUGH_STEP = 0.4, 0.9
#: Sums of this many nodes; the next longer one is taken.
NODES = (14, 21, 32, 48, 72, 108, 162, 243, 365, 548, 822)
#: Numbers per array: what a processor cache holds.
CHUNK = 1 << 15


class Moments(NamedTuple):
    """Logarithm of L, and derivatives of L over L; one entry a problem.

    With D the sum of the derivatives in the mean of every row and E that of the second ones:
    ``d`` is DL/L, ``dd`` DDL/L, ``e`` EL/L and so on. As L is a normal probability, half of dd is
    also its derivative in a covariance common to all rows, half of e that in their variances.
    """

    value: np.ndarray
    d: np.ndarray
    dd: np.ndarray
    e: np.ndarray
    ddd: np.ndarray
    de: np.ndarray
    dddd: np.ndarray
    dde: np.ndarray
    ee: np.ndarray


def integrals(rows: Rows, starts: np.ndarray, *, rough: bool = False) -> Moments:
    """Joint probabilities of problems whose rows begin at ``starts``, and their derivatives.

    Parameters
    ----------
    rows : Rows
    starts : ndarray of int, shape (P,)
        First row of every problem.
    rough : bool
        To some three digits, with ``d``, ``dd`` and ``e`` but no further derivatives (0).

    Returns
    -------
    Moments
        Arrays of shape (P,), right to some ten digits.
    """
    size = np.diff(np.append(starts, rows.low.size))
    owner = np.repeat(np.arange(starts.size), size)
    low, high, ratio, length = _ranges(rows, starts, owner)
    out = np.empty((len(Moments._fields), starts.size))
    step = ROUGH_STEP if rough else STEP
    wanted = np.minimum(np.searchsorted(NODES, length / step), len(NODES) - 1)
    for which in np.unique(wanted):
        places = np.flatnonzero(wanted == which)
        nodes = NODES[which]
        count = max(1, int(CHUNK * places.size / (nodes * size[places].sum())))
        for i in range(0, places.size, count):
            some = places[i : i + count]
            chosen = np.zeros(starts.size, dtype=bool)
            chosen[some] = True
            ends = np.cumsum(size[some])
            out[:, some] = _sums(
                rows.at(chosen[owner]), ends - size[some],
                np.repeat(np.arange(some.size), size[some]),
                low[some], high[some], ratio[some], nodes, rough,
            )  # fmt: skip
    return Moments(*out)


def _ranges(rows, starts, owner):
    """Where the integrand begins and ends, the log ratio of the scales there, and the length of
    the way between them in units of the scale."""
    sorted_rows = kinds(rows)
    mean, loading = rows.mean[:, None], rows.loading[:, None]
    powers = np.stack([np.ones(rows.sd.size), rows.loading, rows.loading**2])
    factors = (rows.times * powers)[..., None]

    def slopes(x):
        """Log integrand (P, N) at x, and its first two derivatives."""
        terms = ratios(sorted_rows, mean + loading * x[owner], 2)
        terms[2] -= terms[1] * terms[1]
        terms *= factors
        value, first, second = np.add.reduceat(terms, starts, axis=1)
        return value - 0.5 * x * x, first - x, second - 1

    def climb(x):
        _, first, second = slopes(x[:, None])
        return first[:, 0], second[:, 0]

    # the density of x pulls to 0, a row to its middle or just inside its one end
    low, high = (
        np.where(np.isfinite(a), a, b)
        for a, b in ((rows.low, rows.high - 9 * rows.sd), (rows.high, rows.low + 9 * rows.sd))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        pulls = [np.nan_to_num((end - rows.mean) / rows.loading) for end in (low, high)]
    low = np.minimum(np.minimum.reduceat(np.minimum(*pulls), starts), 0.0)
    high = np.maximum(np.maximum.reduceat(np.maximum(*pulls), starts), 0.0)
    # and the second derivative is below -1: the peak lies between 0 and the slope there
    slope, _ = climb(np.zeros(starts.size))
    low, high = np.clip(slope, low, 0.0), np.clip(slope, 0.0, high)
    sharpest = 1 + np.add.reduceat(rows.times * (rows.loading / rows.sd) ** 2, starts)
    peak = bracketed_newton(
        climb, low, high, np.zeros(starts.size), relative=0.0, absolute=0.05 / np.sqrt(sharpest)
    )
    top, _, bend = slopes(peak[:, None])
    side = np.array([-1.0, 1.0])

    def excess(distance):
        x = peak[:, None] + side * distance.reshape(-1, 2)
        value, first, _ = slopes(x)
        return (value - top + DROP).ravel(), (side * first).ravel()

    far = np.full((starts.size, 2), np.sqrt(2 * DROP) + 0.5)
    guess = np.minimum(np.sqrt(-2 * DROP / bend), far)
    distance = bracketed_newton(
        excess, np.zeros(far.size), far.ravel(), guess.ravel(), relative=0.02, iterations=40
    )
    left, slope = excess(distance)
    scale = (np.sqrt(2 * (DROP - left)) / np.abs(slope)).reshape(-1, 2)
    ends = peak[:, None] + side * distance.reshape(-1, 2)
    ratio = np.log(scale[:, 1] / scale[:, 0])
    ratio = np.where(np.abs(ratio) < 1e-6, 1e-6, ratio)
    length = (ends[:, 1] - ends[:, 0]) * ratio / (scale[:, 0] * np.expm1(ratio))
    return ends[:, 0], ends[:, 1], ratio, length


def _sums(rows, starts, owner, low, high, ratio, nodes, rough):
    """The moments of some problems from sums over so many nodes."""
    ratio, width = ratio[:, None], (high - low)[:, None]
    way = np.linspace(0.0, 1.0, nodes)
    x = low[:, None] + width * np.expm1(ratio * way) / np.expm1(ratio)
    log_step = np.log(width * ratio / np.expm1(ratio) / (nodes - 1)) + ratio * way
    mean, times = rows.mean[:, None] + rows.loading[:, None] * x[owner], rows.times[:, None]
    value, r1, r2, *more = ratios(kinds(rows), mean, 2 if rough else 4)
    square = r1 * r1
    # log P, its first two derivatives and P''/P; then what those need for more
    parts = [value, r1, r2 - square, r2]
    if not rough:
        r3, r4 = more
        parts += [
            r3 + r1 * (2 * square - 3 * r2),
            r4 - 4 * r1 * r3 - 3 * r2 * r2 + 6 * square * (2 * r2 - square),
            r3 - r1 * r2,
            r4 - 2 * r1 * r3 - r2 * r2 + 2 * square * r2,
            r4 - r2 * r2,
        ]
    log_p, k1, k2, e, *more = np.add.reduceat(times * np.stack(parts), starts, axis=1)
    log_p += log_step - 0.5 * x * x - LOG_ROOT_2PI
    top = log_p.max(axis=1, keepdims=True)
    weight = np.exp(log_p - top)
    total = weight.sum(axis=1)
    weight /= total[:, None]
    dd = k1 * k1 + k2
    derivatives = [k1, dd, e]
    if not rough:
        k3, k4, e1, e2, own = more
        derivatives += [
            k1 * (dd + 2 * k2) + k3,
            k1 * e + e1,
            k1 * k1 * (dd + 5 * k2) + 4 * k1 * k3 + 3 * k2 * k2 + k4,
            dd * e + 2 * k1 * e1 + e2,
            e * e + own,
        ]
    out = np.zeros((len(Moments._fields), total.size))
    out[0] = top[:, 0] + np.log(total)
    for target, part in zip(out[1:], derivatives, strict=False):
        target[:] = (weight * part).sum(axis=1)
    return out

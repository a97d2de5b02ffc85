"""Log-likelihood of observed effects, numbers or intervals, and its derivatives.

The observed effect is normal around mu with variance s2 = v + t, where t = tau squared. A number
contributes the density, an interval the probability of its inside (interval-censored data).

With the density phi and the ends a < b of an interval in standard deviations from mu, all
derivatives follow from ``f_j = (b**j phi(b) - a**j phi(a)) / P``, where P is the probability:
m = -f0/s, mm = -(f1 + f0**2)/s2, t = -f1/(2 s2), mt = (f0 - f2 - f0 f1)/(2 s s2) and
tt = (3 f1 - f3 - f1**2)/(4 s2**2). An interval above mu is first turned round, so that its
probability is always taken in the lower tail, where log Phi keeps all digits; turning it round
changes the sign of f0 and f2 alone.

The probability of an interval that is narrow against s is a difference of two numbers that are all
but equal. It is taken as density times width instead: see ``narrow_terms``.
"""

from typing import NamedTuple

import numpy as np

from ..distributions import log_ndtr

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)
#: What is asked for: the value alone, with the derivatives in mu, or with all of them.
VALUE, IN_MU, ALL = 1, 3, 6
#: An interval is narrow where half its width, in s, times its distance in s (or 1) is below this.
NARROW = 0.02


class Terms(NamedTuple):
    """Log-likelihood and its derivatives in mu (m) and t; sums (B,) or, per report, (k, B).

    What was not asked for is None.
    """

    value: np.ndarray
    m: np.ndarray | None = None
    mm: np.ndarray | None = None
    t: np.ndarray | None = None
    mt: np.ndarray | None = None
    tt: np.ndarray | None = None


def number_terms(out, z, s2, mu) -> None:
    """Of numbers ``z``, into ``out`` (asked, rows, B); ``z`` is (rows, 1) or (rows, B)."""
    apart, inverse = z - mu, 1 / s2
    d = apart * inverse
    out[0] = -0.5 * (np.log(s2) + apart * d) - LOG_ROOT_2PI
    if len(out) == VALUE:
        return
    out[1] = d
    np.negative(inverse, out=out[2])
    if len(out) == IN_MU:
        return
    d2 = d * d
    np.multiply(0.5, d2 - inverse, out=out[3])
    np.multiply(d, out[2], out=out[4])
    np.multiply(inverse, 0.5 * inverse - d2, out=out[5])


def narrow_terms(asked, middle, half, s2, mu) -> np.ndarray:
    """Of intervals ``middle`` -/+ ``half`` that are narrow against s: (asked, C), all arrays (C,).

    With c the distance of the middle and r the half-width, both in s, the density at the middle
    times the width is to be multiplied by the mean of exp(-c r u - r**2 u**2 / 2) over u from -1
    to 1. Its log is (a - q)/6 - a**2/180 - a q/45 + q**2/90 with a = (c r)**2, q = r**2, but for
    terms of the third order: 2e-14 at most.
    """
    out = np.empty((asked, s2.size))
    number_terms(out, middle, s2, mu)
    d, w = middle - mu, 1 / s2
    q = half * half * w
    e = d * d * w
    # orders one and two in q, as polynomials in e = c**2
    one, two = (e - 1) / 6, 1 / 90 - e * (1 / 45 + e / 180)
    out[0] += np.log(2 * half) + q * (one + q * two)
    if asked == VALUE:
        return out
    # in e, and then in mu: e has the slope -2 d w and the second derivative 2 w
    in_e, in_ee = q * (1 / 6 - q * (1 / 45 + e / 90)), -q * q / 90
    slope = -2 * d * w
    out[1] += in_e * slope
    out[2] += 2 * w * in_e + in_ee * slope * slope
    if asked == IN_MU:
        return out
    # in w: the terms are of degrees 2, 1 (first order) and 4, 3, 2 (second) in w
    e2 = e * e
    w_1 = q * (e / 3 - 1 / 6 - q * (e2 / 45 + e / 15 - 1 / 45))
    w_2 = q * (e / 3 - q * (e2 / 15 + 2 * e / 15 - 1 / 45))
    mixed = q * (1 / 3 - q * (2 * e / 45 + 1 / 15))
    # w = 1 / (v + t) has the slope -w**2 in t
    out[3] -= w * w_1
    out[4] -= w * mixed * slope
    out[5] += w * w * (w_2 + 2 * w_1)
    return out


def interval_terms(out, bound, side, middle, half, s2, mu) -> None:
    """Of intervals, into ``out`` (asked, rows, B).

    First come the open ones: all below ``bound`` (``side`` 1) or all above it (-1). Then those
    with two ends, at ``middle`` -/+ ``half``.
    """
    opened, over_s = bound.shape[0], 1 / np.sqrt(s2)
    near = (bound - mu) * side * over_s[:opened]
    centre, reach = (middle - mu) * over_s[opened:], half * over_s[opened:]
    # far out in the tails powers of next to nothing and of very much meet
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        _wide_terms(out, near, side, centre, reach, over_s)
    if reach.size and reach.min() < NARROW:
        row, column = np.nonzero(reach * np.maximum(np.abs(centre), 1) < NARROW)
        middle, half, mu = (
            np.broadcast_to(array, reach.shape)[row, column] for array in (middle, half, mu)
        )
        some = narrow_terms(len(out), middle, half, s2[opened + row, column], mu)
        out[:, opened + row, column] = some


def _wide_terms(out, near, side, centre, reach, over_s) -> None:
    """Of open intervals that end ``near`` in s, and of those with two ends in s."""
    opened, every = near.shape[0], over_s.shape[0]
    # the nearer end of every interval, then the farther one of those that have two
    x = np.empty((every + centre.shape[0], over_s.shape[1]))
    x[:opened] = near
    if every > opened:
        off = np.abs(centre)
        np.subtract(reach, off, out=x[opened:every])
        np.negative(reach + off, out=x[every:])
    logs = log_ndtr(x)
    value = logs[:every]
    if every > opened:
        value[opened:] += np.log1p(-np.exp(logs[every:] - value[opened:]))
        logs[every:] = value[opened:]
    out[0] = value
    if len(out) == VALUE:
        return
    # f_j at the nearer ends; then the farther ends are taken off
    f = np.empty((2 if len(out) == IN_MU else 4, *x.shape))
    logs += LOG_ROOT_2PI
    np.exp(-0.5 * x * x - logs, out=f[0])
    for j in range(1, len(f)):
        np.multiply(f[j - 1], x, out=f[j])
    turn = np.empty_like(over_s)
    np.multiply(side, -over_s[:opened], out=turn[:opened])
    if every > opened:
        f[:, opened:every] -= f[:, every:]
        np.copysign(over_s[opened:], centre, out=turn[opened:])
    f0, f1 = f[:2, :every]
    inverse = over_s * over_s
    np.multiply(f0, turn, out=out[1])
    np.multiply(f1 + f0 * f0, -inverse, out=out[2])
    if len(out) == IN_MU:
        return
    f2, f3 = f[2:, :every]
    square = -0.5 * inverse
    np.multiply(f1, square, out=out[3])
    np.multiply((f0 * (1 - f1) - f2) * turn, square, out=out[4])
    np.multiply((f1 * (3 - f1) - f3) * square, square, out=out[5])

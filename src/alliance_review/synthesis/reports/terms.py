"""Log-likelihood of one observed effect, a number or an interval, and its derivatives.

The observed effect is normal around mu with variance v + t, where t = tau squared. A number
contributes the density, an interval the probability of its inside (interval-censored data).
Arrays are (m, 1) for the effects, (B,) for the points (mu, t), and (m, B) for what is returned.
"""

from typing import NamedTuple

import numpy as np

from ..distributions import log_ndtr, ndtr

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)
#: What is asked for: the value alone, with the derivatives in mu, or with all of them.
VALUE, IN_MU, ALL = 1, 3, 6


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


def log_probability(a, b):
    """log(Phi(b) - Phi(a)) for a < b, without loss in either tail."""
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    below = ndtr(a)
    outside = below + ndtr(-b)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.log1p(-outside)
        # the rarer cases have their own, slower formulas
        narrow = (outside >= 0.5) & (b > 0)
        if narrow.any():
            result[narrow] = np.log(ndtr(b[narrow]) - below[narrow])
        tail = b <= 0
        if tail.any():
            log_b = log_ndtr(b[tail])
            result[tail] = log_b + np.log(-np.expm1(log_ndtr(a[tail]) - log_b))
    return result


def exact_terms(z, _, v, mu, t, asked) -> Terms:
    """Of numbers ``z``."""
    s2 = v + t
    d = (z - mu) / s2
    d2 = d * d
    value = -0.5 * (np.log(s2) + d2 * s2) - LOG_ROOT_2PI
    if asked == VALUE:
        return Terms(value)
    inverse = 1 / s2
    mm = np.broadcast_to(-inverse, d.shape)
    if asked == IN_MU:
        return Terms(value, d, mm)
    return Terms(
        value,
        d,
        mm,
        t=0.5 * (d2 - inverse),
        mt=-d * inverse,
        tt=0.5 * inverse * inverse - d2 * inverse,
    )


def open_terms(low, high, v, mu, t, asked) -> Terms:
    """Of intervals with one open end: ``low`` or ``high`` is infinite, the other is not."""
    side = np.where(np.isfinite(low), -1.0, 1.0)
    bound = np.where(np.isfinite(low), low, high)
    s2 = v + t
    s = np.sqrt(s2)
    u = (bound - mu) / s
    inside = side * u
    with np.errstate(divide="ignore"):  # log1p has all digits near 0, but only there
        value = np.where(inside > 0, np.log1p(-ndtr(-inside)), log_ndtr(inside))
    if asked == VALUE:
        return Terms(value)
    at_bound = side * np.exp(-0.5 * u * u - LOG_ROOT_2PI - value)
    return _from_flows(value, _flows(at_bound, u, None, None, asked), s, s2, asked)


def interval_terms(low, high, v, mu, t, asked) -> Terms:
    """Of any intervals."""
    s2 = v + t
    s = np.sqrt(s2)
    a, b = (low - mu) / s, (high - mu) / s
    value = log_probability(a, b)
    if asked == VALUE:
        return Terms(value)
    # the density at each end over the probability; nothing flows through an open end
    at_a, at_b = (np.exp(-0.5 * x * x - LOG_ROOT_2PI - value) for x in (a, b))
    a, b = np.where(np.isfinite(low), a, 0.0), np.where(np.isfinite(high), b, 0.0)
    return _from_flows(value, _flows(at_b, b, at_a, a, asked), s, s2, asked)


def _flows(at_b, b, at_a, a, asked):
    """b**j phi(b) - a**j phi(a), over the probability, for j = 0, 1, ...; ``a`` may be None."""
    flows = []
    for last in range(1, (2 if asked == IN_MU else 4) + 1):
        flows.append(at_b if a is None else at_b - at_a)
        if last < 4:
            at_b, at_a = at_b * b, None if a is None else at_a * a
    return flows


def _from_flows(value, flows, s, s2, asked) -> Terms:
    f0, f1 = flows[:2]
    m, mm = -f0 / s, -(f1 + f0 * f0) / s2
    if asked == IN_MU:
        return Terms(value, m, mm)
    f2, f3 = flows[2:]
    return Terms(
        value,
        m,
        mm,
        t=-0.5 * f1 / s2,
        mt=0.5 * (f0 - f2 - f0 * f1) / (s2 * s),
        tt=0.25 * (3 * f1 - f3 - f1 * f1) / (s2 * s2),
    )

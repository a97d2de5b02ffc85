"""Highest point and profile limits of any log-likelihood of a mean and tau squared.

For likelihoods of reports that are not those of ``pool_reports``: they may have several peaks, or
none. Everything begins on a lattice, so that nothing is found only because a search started near
it. Newton's method in both directions then ends it; what it finds is checked against the lattice,
and where it fails, or finds too little, a slow search does it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...checks import NoMaximum
from ...roots import bracketed_newton
from ..likelihood import Rows
from ..terms import Terms

#: A mean or a tau beyond this is none: Fisher z = 10 is a correlation that rounds to 1.
FAR = 10.0
RUNS_OFF = (
    "the likelihood has no maximum that could be reported: it keeps rising while mean and spread "
    f"run off beyond a Fisher z of {FAR:g}; the reports do not hold the mean under this assumption"
)


@dataclass(frozen=True)
class Landscape:
    """A log-likelihood over (mu, t), and where to look for it.

    ``values`` and ``terms`` take mu and t of shape (B,); ``mu`` and ``t`` are rising lattices,
    that of t from 0. ``concave``: in mu at every t, so that one peak in mu is all there is, and
    the search for it begins at ``start``, a function of t.
    """

    values: Callable[[np.ndarray, np.ndarray], np.ndarray]
    terms: Callable[[np.ndarray, np.ndarray], Terms]
    mu: np.ndarray
    t: np.ndarray
    concave: bool
    start: Callable[[np.ndarray], np.ndarray] = np.zeros_like


@dataclass(frozen=True)
class Peak:
    """The highest point, and the profile of t on its lattice: t, the best mu, the value and its
    second derivative in mu."""

    mu: float
    t: float
    value: float
    profile: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def lattices(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Means and values of t that surround all reports, out to ``FAR``."""
    with np.errstate(invalid="ignore"):
        at = 0.5 * (rows.low + rows.high)
    ends = np.where(np.isfinite(rows.low), rows.low, rows.high)
    # of an interval its middle, of an open one the end it has
    at = np.where(np.isfinite(at), at, np.where(np.isfinite(ends), ends, 0.0))[:, 0]
    at = np.clip(at, -FAR, FAR)
    reach = np.geomspace(0.25 * rows.v.min() ** 0.5, 2 * FAR, 9)
    even = np.linspace(at.min(), at.max(), 17)
    mu = np.concatenate([at, even, at.min() - reach, at.max() + reach])
    top = max(rows.v.max(), 4 * (at.max() - at.min()) ** 2)
    t = np.append(0.0, np.geomspace(0.03 * rows.v.min(), min(top, FAR**2), 27))
    return np.unique(np.clip(mu, -FAR, FAR)), t


def best_mu(landscape: Landscape, t, step: float = 1e-9) -> np.ndarray:
    """The mean of highest likelihood at every t, found when a step is below ``step`` standard
    errors of the largest study; the end of the lattice where it lies beyond."""
    mu, t = landscape.mu, np.asarray(t, dtype=float)
    step = step * (landscape.t[1] / 0.03) ** 0.5
    if landscape.concave:
        found = _climb(landscape, t, step)
        if found is not None:
            return found
        low, start, high = mu[0], landscape.start(t), mu[-1]
    else:
        pairs = np.repeat(mu, t.size), np.tile(t, mu.size)
        best = landscape.values(*pairs).reshape(mu.size, t.size).argmax(axis=0)
        low, start = mu[np.maximum(best - 1, 0)], mu[best]
        high = mu[np.minimum(best + 1, mu.size - 1)]

    def slope(x):
        terms = landscape.terms(x, t)
        return terms.m, terms.mm

    # a slope that keeps its sign leads to the end of the bracket
    start = np.broadcast_to(start, t.shape)
    return bracketed_newton(slope, low, high, start, relative=0.0, absolute=step)


def _climb(landscape, t, step):
    """Newton's method with steps of bounded length up a concave slope; None if it takes long."""
    mu = landscape.start(t)
    longest = 0.1 + 2 * np.sqrt(landscape.t[1] / 0.03 + t)
    for _ in range(20):
        terms = landscape.terms(mu, t)
        move = np.clip(-terms.m / terms.mm, -longest, longest)
        mu = mu + move
        if not (np.abs(mu) < FAR).all():
            break
        if (np.abs(move) <= step).all():
            return mu
    return None


def highest(landscape: Landscape) -> Peak:
    """The highest point of all.

    Raises
    ------
    NoMaximum
        The likelihood still rises where mean or tau pass ``FAR``.
    """
    t = landscape.t
    while True:
        mu = best_mu(landscape, t, 1e-3)
        terms = landscape.terms(mu, t)
        if terms.t[-1] <= 0 or t[-1] >= FAR**2:
            break
        t = np.append(t, np.minimum(t[-1] * np.array([3.0, 9.0]), FAR**2))
    top = int(terms.value.argmax())
    if np.abs(mu[top]) > 0.999 * FAR or (top == t.size - 1 and terms.t[top] > 0):
        raise NoMaximum(RUNS_OFF)
    peaks = []
    if terms.t[0] <= 0:
        mean = best_mu(landscape, t[:1])
        peaks.append((mean[0], 0.0, landscape.values(mean, t[:1])[0]))
    for i in np.flatnonzero((terms.t[:-1] > 0) & (terms.t[1:] <= 0)):
        share = terms.t[i] / (terms.t[i] - terms.t[i + 1])
        start = mu[i] + share * (mu[i + 1] - mu[i]), t[i] + share * (t[i + 1] - t[i])
        peaks.append(_peak(landscape, *start, t[i], t[i + 1]))
    mean, at, value = max(peaks, key=lambda peak: peak[2], default=(0.0, 0.0, -np.inf))
    if value < terms.value[top] - 1e-5:  # what is higher lies where nothing ends the rise
        raise NoMaximum(RUNS_OFF)
    return Peak(float(mean), float(at), float(value), (t, mu, terms.value, terms.mm))


def _peak(landscape, mu, start, low, high):
    """The peak with t between low and high: by Newton's method, or by the profile of t."""

    def system(terms):
        return terms.m, terms.t, terms.mm, terms.mt, terms.mt, terms.tt

    mean, t, terms = newton(landscape, system, mu, start)
    if terms is not None and low <= t <= high and terms.mm < 0 < terms.mm * terms.tt - terms.mt**2:
        return mean, t, terms.value

    def slope(x):
        terms = landscape.terms(best_mu(landscape, x), x)
        with np.errstate(divide="ignore", invalid="ignore"):
            return terms.t, terms.tt - terms.mt**2 / terms.mm

    at = bracketed_newton(slope, low, high, np.array([0.5 * (low + high)]))
    mean = best_mu(landscape, at)
    return mean[0], at[0], landscape.values(mean, at)[0]


def newton(landscape: Landscape, system, mu: float, t: float):
    """Newton's method for two equations in mu and t > 0.

    ``system`` takes the terms at a point and gives both equations, then their derivatives row by
    row. Returns mu, t and the terms there; None in their place where it did not settle.
    """
    for _ in range(20):
        terms = Terms(*(part[0] for part in landscape.terms(np.array([mu]), np.array([t]))))
        f, g, a, b, c, d = system(terms)
        det = a * d - b * c
        if not np.isfinite(det) or det == 0:
            break
        step_mu, step_t = (b * g - d * f) / det, (c * f - a * g) / det
        if max(abs(mu + step_mu), t + step_t) > 4 * FAR**2:
            break
        small = abs(step_mu) <= 1e-9 and abs(step_t) <= 1e-8 * t
        if t + step_t < 0:  # it wants to pass 0: from a tenth of the least t on there is no sense
            if t < 0.01 * landscape.t[1]:
                break
            step_mu, step_t = 0.9 * t / -step_t * step_mu, -0.9 * t
        mu, t = mu + step_mu, t + step_t
        if small:
            return mu, t, terms
    return mu, t, None


def t_limits(landscape: Landscape, peak: Peak, floor: float) -> tuple[float, float]:
    """Lowest and highest t whose profile reaches ``floor``; infinite beyond ``FAR``."""
    t, mu, value = (np.append(part, one) for part, one in
                    zip(peak.profile[:3], (peak.t, peak.mu, peak.value), strict=True))  # fmt: skip
    order = np.argsort(t, kind="stable")
    t, mu, value = t[order], mu[order], value[order]
    while value[-1] >= floor and t[-1] < FAR**2:
        t = np.append(t, min(3 * t[-1], FAR**2))
        mu = np.append(mu, best_mu(landscape, t[-1:], 1e-3))
        value = np.append(value, landscape.values(mu[-1:], t[-1:]))
    inside = np.flatnonzero(value >= floor)
    first, last = int(inside[0]), int(inside[-1])
    low, high = 0.0, np.inf
    fallen = np.sqrt(np.maximum(peak.value - value, 0.0))
    depth = (peak.value - floor) ** 0.5

    def between(i, j):
        # the root of the fall grows almost in proportion to the distance
        share = np.clip((depth - fallen[i]) / max(fallen[j] - fallen[i], 1e-12), 0.01, 0.99)
        start = mu[i] + share * (mu[j] - mu[i]), t[i] + share * (t[j] - t[i])
        return _t_limit(landscape, *start, t[i], t[j], floor)

    if first > 0:
        low = between(first, first - 1)
    if last < t.size - 1:
        high = between(last, last + 1)
    return low, high


def _t_limit(landscape, mu, start, inner, outer, floor) -> float:
    """Where the profile of t falls to ``floor``, between a t that reaches it and one that fails."""

    def system(terms):
        return terms.value - floor, terms.m, terms.m, terms.t, terms.mm, terms.mt

    _, t, terms = newton(landscape, system, mu, start)
    if terms is not None and terms.mm < 0 and min(inner, outer) <= t <= max(inner, outer):
        return float(t)
    sign = 1.0 if outer > inner else -1.0

    def excess(x):
        terms = landscape.terms(best_mu(landscape, sign * x), sign * x)
        return terms.value - floor, sign * terms.t

    start = np.array([0.5 * sign * (inner + outer)])
    return sign * float(bracketed_newton(excess, sign * inner, sign * outer, start)[0])

"""Profile limits of the mean of any ``Landscape``: how far it may go before all t fail."""

import numpy as np

from ...roots import bracketed_newton
from .landscape import FAR, Landscape, Peak, newton


def mu_limits(
    landscape: Landscape, peak: Peak, floor: float, t_range: tuple[float, float]
) -> tuple[float, float]:
    """Lowest and highest mean whose profile reaches ``floor``; infinite beyond ``FAR``.

    ``t_range`` are the limits of t at the same floor: no other t reaches it. Newton's method in mu
    and t, with t = 0 tried as well; what it finds must be the end: no t of a lattice may reach the
    floor there, nor, where the likelihood may have several peaks in mu, at any mean beyond.
    Otherwise all means out to ``FAR`` are searched.
    """
    lattice = _inside(landscape, t_range)
    ends = []
    for side in (-1.0, 1.0):
        start = _start(landscape, peak, side, floor)
        for inside in (True, False):
            found = _by_newton(landscape, peak, side, *start, floor, inside)
            if found is not None and _is_end(landscape, lattice, side, found, floor):
                break
        else:
            half = min(max(side * (start[0] - peak.mu), 1e-3), FAR / 4)
            found = _by_search(landscape, lattice, peak, side, half, floor)
        ends.append(found)
    return ends[0], ends[1]


def _start(landscape, peak, side, floor):
    """Where the parabolas at the best means of the lattice of t reach farthest: mu and t."""
    own = landscape.terms(np.array([peak.mu]), np.array([peak.t])).mm
    at = (peak.t, peak.mu, peak.value, own)
    t, mu, value, mm = (np.append(*pair) for pair in zip(peak.profile, at, strict=True))
    room = np.sqrt(2 * np.maximum(value - floor, 0.0) / np.maximum(-mm, 1e-6))
    edge = np.where(value > floor, side * mu + room, -np.inf)
    best = int(edge.argmax())
    return side * min(edge[best], side * peak.mu + FAR / 4), max(t[best], landscape.t[1])


def _inside(landscape, t_range):
    """A lattice of t from one limit to the other; where there is none above, to where the best t
    for a mean of ``FAR`` lies."""
    low, high = t_range
    t = np.append(landscape.t, np.geomspace(3 * landscape.t[-1], 4 * FAR**2, 5))
    if np.isinf(high):
        return t[t >= low] if low > 0 else t
    t = t[(t > low) & (t < high)]
    if t.size < 6:
        t = np.append(t, low + (high - low) * np.array([0.07, 0.2, 0.4, 0.6, 0.8]))
    return np.unique(np.concatenate([[low], t, [high]]))


def _by_newton(landscape, peak, side, mu, t, floor, inside):
    """The limit with t > 0, or else with t = 0; None where there is none of the kind."""

    def free(terms):
        return terms.value - floor, terms.t, terms.m, terms.t, terms.mt, terms.tt

    def held(terms):  # the second equation holds t where it is
        return terms.value - floor, 0.0, terms.m, 0.0, 0.0, 1.0

    found, _, terms = newton(landscape, free if inside else held, mu, t if inside else 0.0)
    if terms is None or (terms.tt >= 0 if inside else terms.t > 0):
        return None
    return float(found) if side * (found - peak.mu) > 0 > side * terms.m else None


def _is_end(landscape, t, side, mean, floor) -> bool:
    means = np.array([mean])
    if not landscape.concave:
        beyond = side * np.geomspace(0.02, FAR + abs(mean), 12) + mean
        means = np.append(means, beyond[np.abs(beyond) <= FAR])
    value = landscape.values(np.repeat(means, t.size), np.tile(t, means.size))
    return bool((value <= floor + 1e-7).all())


def best_t(landscape: Landscape, t, mu) -> tuple[np.ndarray, np.ndarray]:
    """At every mean the t of highest likelihood within a lattice, and that likelihood."""
    pairs = np.tile(mu, t.size), np.repeat(t, mu.size)
    best = landscape.values(*pairs).reshape(t.size, mu.size).argmax(axis=0)

    def slope(x):
        terms = landscape.terms(mu, x)
        return terms.t, terms.tt

    low, high = t[np.maximum(best - 1, 0)], t[np.minimum(best + 1, t.size - 1)]
    # a slope that keeps its sign leads to the end of the bracket, but slowly so to that below
    at_end = (best == 0) & (slope(np.full(mu.shape, t[0]))[0] <= 0)
    high, start = np.where(at_end, t[0], high), np.where(at_end, t[0], t[best])
    found = bracketed_newton(slope, low, high, start, relative=1e-8)
    return found, landscape.values(mu, found)


def _by_search(landscape, lattice, peak, side, half, floor) -> float:
    steps = half * np.array([0.5, 1.0, 1.6, 2.5, 4.0])
    steps = np.append(steps, np.geomspace(1.6 * steps[-1], 2 * FAR, 8))
    last = FAR - side * peak.mu
    steps = np.append(steps[steps < last], last)
    inside = np.zeros(steps.size, dtype=bool)

    def reaches(mu):
        return best_t(landscape, lattice, mu)[1] >= floor

    block = 2 if landscape.concave else steps.size
    for i in range(0, steps.size, block):
        inside[i : i + block] = reaches(peak.mu + side * steps[i : i + block])
        if landscape.concave and not inside[i : i + block].all():
            break
    if inside[-1]:
        return side * np.inf
    outer = np.flatnonzero(inside)
    near = steps[outer[-1]] if outer.size else 0.0
    far = steps[outer[-1] + 1 if outer.size else 0]

    def excess(distance):
        mu = peak.mu + side * distance
        t, value = best_t(landscape, lattice, mu)
        return value - floor, side * landscape.terms(mu, t).m

    start = np.array([0.5 * (near + far)])
    found = bracketed_newton(excess, near, far, start, relative=0.0, absolute=1e-9)
    return float(peak.mu + side * found[0])

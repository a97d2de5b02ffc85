"""Profile-likelihood limits of one set by the slow and safe way, for the few hard ones.

All (mu, t) whose log-likelihood is at least ``floor`` form a region; the interval for t runs
between its lowest and highest t, the interval for mu between its lowest and highest mu. Where
the region is in two pieces, the intervals hold both. Every search here is bracketed. What
``limits_of_sets`` finds and verifies need not come here.
"""

import numpy as np

from ..roots import bracketed_newton
from .likelihood import Rows, total_terms, total_values
from .mean_search import best_mu, mu_limits, profile_terms
from .tau_search import best_t, fine_grid, profile_peaks

POINTS = 17
ROUGH = 1e-4


def t_limits(rows: Rows, member, t_best: float, floor: float) -> tuple[float, float]:
    """Lowest and highest t = tau squared whose profile reaches ``floor``."""
    t = fine_grid(rows, 4 * t_best)
    value, slope = _profile(rows, member, t)
    while value[-1] >= floor:
        t = np.append(t, 4 * t[-1])
        more = _profile(rows, member, t[-1:])
        value, slope = np.append(value, more[0]), np.append(slope, more[1])
    # the region may go on in a piece of its own between two points outside
    outside = np.maximum(value[:-1], value[1:]) < floor
    hidden = np.flatnonzero(outside & (slope[:-1] > 0) & (slope[1:] <= 0))
    if hidden.size:
        more = profile_peaks(rows, member, t[hidden], t[hidden + 1])
        t, value = np.append(t, more), np.append(value, _profile(rows, member, more)[0])
    # the maximum itself is inside, whatever the rounding
    t, value = np.append(t, t_best), np.append(value, np.inf)
    order = np.argsort(t, kind="stable")
    t, inside = t[order], np.flatnonzero(value[order] >= floor)

    def end(side, near, far):
        def excess(x):  # to the left read from high to low, so that it falls through zero
            value, slope = _profile(rows, member, side * x)
            return value - floor, side * slope

        near, far = side * t[[near]], side * t[[far]]
        return float(side * bracketed_newton(excess, near, far, near, relative=1e-9)[0])

    first, last = int(inside[0]), int(inside[-1])
    return end(-1.0, first, first - 1) if first else 0.0, end(1.0, last, last + 1)


def _profile(rows, member, t):
    """The profile of t and its slope, (B,) each."""
    terms = profile_terms(rows, member, t, relative=1e-8)[1]
    return terms.value, terms.t


def mu_limits_of_region(
    rows: Rows, member, t_best: float, t_range, floor: float
) -> tuple[float, float]:
    """Lowest and highest mu whose profile reaches ``floor``; ``t_range`` from ``t_limits``.

    How far mu may go at a given t can have several peaks along t. The farthest of many t is
    where the search begins; from there mu goes on as long as any t at all reaches the floor.
    """
    low, high = t_range
    t = fine_grid(rows, high)
    even = np.linspace(low**0.5, high**0.5, POINTS) ** 2
    t = np.unique(np.concatenate([even, t[(t > low) & (t < high)], [t_best]]))
    side = np.array([-1.0, 1.0])
    centre, distance = _edge(rows, member, np.tile(t, 2), np.repeat(side, t.size), floor)
    # a little inside, since the edge is rough
    centre, distance = centre.reshape(2, -1), distance.reshape(2, -1)
    edge = side[:, None] * centre + (1 - 2 * ROUGH) * distance
    best = np.arange(2), np.nanargmax(edge, axis=1)
    start, reach = side * edge[best], distance[best]

    def excess(further):
        mu = start + side * further
        terms = best_t(rows, member, mu)[1]
        return terms.value - floor, side * terms.m

    near, far = np.zeros(2), 8 * ROUGH * reach
    while True:
        inside = excess(far)[0] >= 0
        if not inside.any():
            break
        near, far = np.where(inside, far, near), np.where(inside, 4 * far, far)
    found = bracketed_newton(
        excess, near, far, near + 2 * ROUGH * reach, relative=1e-9, absolute=1e-12 * reach
    )
    lowest, highest = start + side * found
    return float(lowest), float(highest)


def _edge(rows, member, t, side, floor):
    """The best mu at t, and how far from it on the given side the likelihood falls to ``floor``;
    ``nan`` where it does not reach ``floor`` at all."""
    # both sides have one centre
    each, which = np.unique(t, return_inverse=True)
    centre = best_mu(rows, member, each, relative=ROUGH)[which]

    def excess(distance):
        terms = total_terms(rows, member, centre + side * distance, t, only_mu=True)
        return terms.value - floor, side * terms.m

    peak = total_terms(rows, member, centre, t, only_mu=True)
    height, near = peak.value - floor, np.zeros(t.shape)
    reached = height >= 0
    if rows.mixed:  # not concave in mu: begin beyond every other peak that reaches the floor
        low, high = mu_limits(rows, member, t)
        outer = np.where(side > 0, high - centre, centre - low)
        tries = np.linspace(0, 1, 41)[:, None] * outer
        reach = total_values(rows, member, centre + side * tries, t) >= floor
        reach[0] = True
        last = reach.shape[0] - 1 - reach[::-1].argmax(axis=0)
        near = tries[last, np.arange(t.size)]
    longest = 8 * np.sqrt(rows.v.max() + t)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        guess = np.sqrt(np.maximum(height, 0.0) / np.maximum(-0.5 * peak.mm, 0.0))
    step = np.where(guess > 0, np.minimum(guess, longest), np.sqrt(rows.v.min() + t))
    far = near + 1.5 * step
    while True:
        open_end = reached & (excess(far)[0] >= 0)
        if not open_end.any():
            break
        near, step = np.where(open_end, far, near), 2 * step
        far = np.where(open_end, far + step, far)
    # nothing to search for where the floor is not reached: a bracket without width ends at once
    far = np.where(reached, far, near)
    start = near + 0.67 * (far - near)
    # where the floor is all but the peak the distance is next to nothing: no digits of that
    absolute = 0.01 * ROUGH * np.sqrt(rows.v.min())
    distance = bracketed_newton(excess, near, far, start, relative=ROUGH, absolute=absolute)
    return centre, np.where(reached, distance, np.nan)

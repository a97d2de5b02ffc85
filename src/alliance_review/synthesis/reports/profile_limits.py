"""Profile-likelihood limits: how far mu and t may move before the likelihood falls too low.

All (mu, t) whose log-likelihood is at least ``floor`` form a region; the interval for t runs
between its lowest and highest t, the interval for mu between its lowest and highest mu. Where
the region is in two pieces, the intervals hold both.
"""

import numpy as np

from ..roots import bracketed_newton
from .likelihood import Rows, total_terms, total_values
from .maximum import best_mu, mu_limits, profile_terms, tau_grid

POINTS = 17
ROUGH = 1e-4


def t_limits(rows: Rows, member, t_best: float, floor: float) -> tuple[float, float]:
    """Lowest and highest t = tau squared whose profile reaches ``floor``."""
    t = np.append(tau_grid(rows), t_best)
    mu, terms = profile_terms(rows, member, t, relative=1e-6)
    value = terms.value
    value[-1] = np.inf  # the maximum itself, whatever the rounding
    top = t[-2]
    while value[t.argmax()] >= floor:
        top *= 4
        t = np.append(t, top)
        value = np.append(value, profile_terms(rows, member, t[-1:])[1].value)
    order = np.argsort(t, kind="stable")
    t, inside = t[order], np.flatnonzero(value[order] >= floor)
    first, last = int(inside[0]), int(inside[-1])
    # with known n each search for mu begins where the last one ended
    current = None if rows.mixed else mu[-1:]

    def above(x):
        nonlocal current
        at, terms = profile_terms(rows, member, x, current, relative=1e-8)
        current = None if rows.mixed else at
        return terms.value - floor, terms.t

    def below(x):  # read from high to low, so that it falls through zero
        excess, slope = above(-x)
        return excess, -slope

    accuracy = {"relative": 1e-9}
    high = bracketed_newton(above, t[[last]], t[[last + 1]], t[[last]], **accuracy)[0]
    if first == 0:
        return 0.0, float(high)
    low = -bracketed_newton(below, -t[[first]], -t[[first - 1]], -t[[first]], **accuracy)[0]
    return float(low), float(high)


def mu_limits_of_region(rows: Rows, member, t_range, floor: float) -> tuple[float, float]:
    """Lowest and highest mu whose profile reaches ``floor``; ``t_range`` from ``t_limits``."""
    # the ends of the range have almost no room for mu, so the extremes lie between them
    t = np.linspace(t_range[0] ** 0.5, t_range[1] ** 0.5, POINTS) ** 2
    side = np.repeat([-1.0, 1.0], t.size)
    edge = _edge(rows, member, np.tile(t, 2), side, floor, ROUGH)
    ends = []
    for direction, row in zip((-1.0, 1.0), edge.reshape(2, -1), strict=True):
        best = int(np.nanargmax(direction * row))
        low, high = t[max(best - 1, 0)], t[min(best + 1, t.size - 1)]
        ends.append(_extreme(rows, member, direction, row[best], t[best], low, high, floor))
    return ends[0], ends[1]


def _edge(rows, member, t, side, floor, relative=1e-10):
    """Where the likelihood at t falls to ``floor`` on the given side of its best mu; ``nan``
    where it does not reach ``floor`` at all."""
    member = np.broadcast_to(member, (member.shape[0], t.size))
    # both sides have one centre
    each, which = np.unique(t, return_inverse=True)
    centre = best_mu(rows, member[:, : each.size], each, relative=relative)[which]

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
    with np.errstate(divide="ignore", invalid="ignore"):
        guess = np.sqrt(np.maximum(height, 0.0) / np.maximum(-0.5 * peak.mm, 0.0))
    step = np.where(np.isfinite(guess) & (guess > 0), guess, np.sqrt(rows.v.min() + t))
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
    accuracy = {"relative": relative, "absolute": 0.01 * relative * np.sqrt(rows.v.min())}
    distance = bracketed_newton(excess, near, far, start, iterations=80, **accuracy)
    return np.where(reached, centre + side * distance, np.nan)


def _extreme(rows, member, side, mu, t, low, high, floor) -> float:
    """Follow the edge of the region to its farthest mu, for t between low and high."""
    if t == 0 and total_terms(rows, member, mu, np.zeros(1)).t[0] <= 0:
        # the edge is farthest at the boundary tau = 0
        return float(_edge(rows, member, np.zeros(1), np.array([side]), floor)[0])
    at, x = np.array([mu]), np.array([t])
    for _ in range(12):
        terms = total_terms(rows, member, at, x)
        det = terms.m * terms.tt - terms.t * terms.mt
        excess = terms.value - floor
        with np.errstate(divide="ignore", invalid="ignore"):
            step_mu = (terms.t * terms.t - excess * terms.tt) / det
            step_t = (terms.mt * excess - terms.m * terms.t) / det
        at, x = at + step_mu, x + step_t
        if not (low <= x[0] <= high):
            break
        if abs(step_mu[0]) <= 1e-9 * (abs(at[0]) + abs(mu)) and abs(step_t[0]) <= 1e-7 * x[0]:
            lost = side * (mu - at[0]) / np.sqrt(rows.v.min() + t)
            farthest = lost <= 10 * ROUGH and terms.tt[0] < 0
            if farthest:
                return float(at[0])
            break

    def slope(value):
        edge = _edge(rows, member, value, np.array([side]), floor)
        return total_terms(rows, member, edge, value).t, np.full(1, np.nan)

    root = bracketed_newton(slope, np.array([low]), np.array([high]), np.array([t]))
    found = float(_edge(rows, member, root, np.array([side]), floor)[0])
    # at the very end of the range the edge may not exist; the best point seen stands then
    other = float(_edge(rows, member, np.array([t]), np.array([side]), floor)[0])
    return side * float(np.nanmax(side * np.array([found, other])))

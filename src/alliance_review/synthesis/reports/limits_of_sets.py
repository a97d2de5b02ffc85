"""Profile-likelihood limits of many sets at once: all ends of all sets by one Newton iteration.

All (mu, t) whose log-likelihood is at least ``floor`` form the region of a set; its ends in mu
and in t are the limits. An end in mu has l = floor and dl/dt = 0 (or t = 0, where the likelihood
falls with t); an end in t has l = floor and dl/dmu = 0. The profile on the grid says where to
begin. Every end is then verified; a set with one that fails is left to ``profile_limits``.
"""

import numpy as np

from .likelihood import Rows, taken, total_values
from .maximum import Peaks
from .newton import Found, Slopes, highest_in_x, settle
from .profile_grid import Surface
from .tau_search import maybe_highest

#: Log-likelihood by which a point of the grid may exceed the floor outside an end: rounding.
SLACK = 1e-8
#: And by which an end may be off the floor before the last step, far more than it ever is.
NEAR = 1e-3


def limits_of_sets(rows: Rows, member, seen: Surface, peaks: Peaks, floor):
    """Ends (4, S) of every region - lowest and highest mu, lowest and highest t - and whether
    each set's are verified, (S,)."""
    sets = floor.size
    with np.errstate(all="ignore"):
        inside, unit = seen.value >= floor, 1 / np.sqrt(-peaks.mm)
        low, high, ready = _starts_in_t(seen, peaks, floor, inside)
        starts = [*_starts_in_mu(seen, peaks, floor, inside), low, high]
    mu, t = np.concatenate(starts, axis=1)
    column = np.arange(4 * sets) % sets
    for_mu, floors = np.arange(4 * sets) < 2 * sets, floor[column]

    def equations(s, at):
        in_mu, highest = for_mu[at], (s.m, s.mm, s.mg)
        second = (np.where(in_mu, *pair) for pair in zip(highest_in_x(s), highest, strict=True))
        return (s.value - floors[at], s.m, s.g), tuple(second)

    found = settle(
        rows.take(column), taken(member, column), mu, t, np.zeros(4 * sets),
        np.full(4 * sets, np.inf), seen.scale[column], unit[column], equations,
    )  # fmt: skip
    ends, good = _ends(found, peaks, floor, inside[0])
    good &= ready & (seen.second < floor)
    at = found.t[: 2 * sets].reshape(2, sets)
    return ends, _nothing_beyond(rows, member, seen, floor, ends, at, good)


def _starts_in_mu(seen: Surface, peaks: Peaks, floor, inside):
    """Where the search for the lowest and the highest mu begins, as arrays (mu, t) of (2, S).

    At every t inside, the parabola at the best mu shows how far mu may go; the farthest counts.
    """
    columns = np.arange(floor.size)
    room = np.sqrt(np.where(inside, -2 * (seen.value - floor) / seen.mm, np.nan))
    room_at_peak = np.sqrt(-2 * (peaks.value - floor) / peaks.mm)
    for side in (-1.0, 1.0):
        edge = np.where(inside, side * seen.mu + room, -np.inf)
        at_peak, best = side * peaks.mu + room_at_peak, edge.argmax(axis=0)
        farthest = edge[best, columns]
        farther = farthest > at_peak
        mu = side * np.where(farther, farthest, at_peak)
        yield np.array([mu, np.where(farther, seen.t[best, columns], peaks.t)])


def _starts_in_t(seen: Surface, peaks: Peaks, floor, inside):
    """The same for the lowest and the highest t; and whether the grid reaches beyond, (S,)."""
    points, columns = len(seen.t), np.arange(floor.size)
    depth, fallen = np.sqrt(peaks.value - floor), np.sqrt(np.maximum(peaks.value - seen.value, 0))
    x, x_peak = np.log(seen.t + seen.scale), np.log(peaks.t + seen.scale)

    def between(near, outer, from_grid):
        """On the way from the last point inside, or the peak, to the first outside: where the
        root of the fall reaches its depth. It grows almost in proportion to the distance."""
        fallen_near = np.where(from_grid, fallen[near, columns], 0.0)
        x_near = np.where(from_grid, x[near, columns], x_peak)
        mu_near = np.where(from_grid, seen.mu[near, columns], peaks.mu)
        share = (depth - fallen_near) / (fallen[outer, columns] - fallen_near)
        share = np.minimum(np.maximum(share, 0.0), 1.0)
        mu = mu_near + share * (seen.mu[outer, columns] - mu_near)
        return np.array([mu, np.exp(x_near + share * (x[outer, columns] - x_near)) - seen.scale])

    place = np.arange(points)[:, None]
    above = np.where(seen.t > peaks.t, place, points).min(axis=0)
    last = np.where(inside, place, -1).max(axis=0)
    first = np.where(inside, place, points).min(axis=0)
    outer = np.maximum(last + 1, above)
    high = between(last, np.minimum(outer, points - 1), last >= above)
    nearest = np.minimum(first, points - 1)
    low = between(nearest, np.maximum(np.minimum(first, above) - 1, 0), first < above)
    # where t = 0 is inside there is no lower end to be searched for
    return np.where(inside[0], high, low), high, outer < points


def _ends(found: Found, peaks: Peaks, floor, zero_inside):
    """The four ends, and whether each is what it should be: reached, on its own side of the peak,
    and the farthest of its surroundings."""
    sets = zero_inside.size
    mu_low, mu_high = found.mu.reshape(4, sets)[:2]
    t_low, t_high = found.t.reshape(4, sets)[2:]
    t_low = np.where(zero_inside, 0.0, t_low)
    s = Slopes(*(array.reshape(4, sets) for array in found.slopes))
    # where the likelihood is all but flat no step is long: the floor itself must be near
    good = (found.done.reshape(4, sets) & (np.abs(s.value - floor) < NEAR)).all(axis=0)
    good &= (mu_low < peaks.mu) & (s.m[0] > 0) & (s.m[1] < 0) & (mu_high > peaks.mu)
    good &= ((s.gg[:2] < 0) | s.stays[:2]).all(axis=0) & (s.mm[2:] < 0).all(axis=0)
    good &= (t_low <= peaks.t) & (t_high > peaks.t) & (s.g[3] < 0) & (zero_inside | (s.g[2] > 0))
    return np.array([mu_low, mu_high, t_low, t_high]), good


def _nothing_beyond(rows, member, seen: Surface, floor, ends, at, good):
    """Of the sets that are good so far, those whose region does not go on beyond its ends: not at
    the best mu of any t, and at no t at all at the ends in mu, which were found at t = ``at``.

    Where a peak between the points of the grid might reach the floor a set is left as well.
    """
    mu_low, mu_high, t_low, t_high = ends
    outside = (seen.t < t_low) | (seen.t > t_high)
    beyond = outside | (seen.mu < mu_low) | (seen.mu > mu_high)
    hidden = outside & maybe_highest(seen.value, floor)
    good = good & ~(hidden | (beyond & (seen.value > floor + SLACK))).any(axis=0)
    looked = seen.value > floor - 1
    point, column = np.nonzero(looked & good)
    some, part, t = rows.take(column), taken(member, column), seen.t[point, column]
    around = np.concatenate([seen.t[:1], seen.t, seen.t[-1:]])
    for mu, found in zip(ends[:2], at, strict=True):
        # where the best mu is far below the floor it says enough
        values = seen.value.copy()
        values[point, column] = total_values(some, part, mu[column], t)
        known = (around[:-2] <= found) & (found <= around[2:])
        doubtful = (values > floor + SLACK) | (maybe_highest(values, floor) & ~known)
        good &= ~(doubtful & looked).any(axis=0)
    return good

"""The global maximum of the likelihood of reports, for one set of reports or thousands at once.

At every tau squared t of a grid the best mu is found, which gives the profile of t; where the
slope of the profile falls through zero there is a mode, and the highest mode wins. Nothing here
is random and nothing depends on the order of the reports.
"""

import numpy as np

from ..checks import NoMaximum
from ..roots import bracketed_newton
from .likelihood import Rows, report_values, total_terms, total_values
from .terms import Terms

GRID_POINTS = 28
CHUNK = 64
MANY = 200


UNBOUNDED = (
    "the likelihood has no maximum that could be reported: every report bounds the observed effect "
    "on one side only, so mean and spread can grow together without end and still fit; at least "
    "one number or one two-sided 'not significant' is needed"
)


def pulls(rows: Rows) -> np.ndarray:
    """Where each row pulls mu to: its value, its middle, or the one bound it has; shape (m,)."""
    low, high = rows.low[:, 0], rows.high[:, 0]
    with np.errstate(invalid="ignore"):
        middle = 0.5 * (low + high)
    one_bound = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    return np.where(np.isfinite(middle), middle, one_bound)


def best_mu(rows: Rows, member, t, start=None, around=None, relative=1e-11) -> np.ndarray:
    """The mu of highest likelihood at given t, shape (B,), to ``relative`` of a standard error.

    With known n the likelihood is concave in mu and there is one. With ranges of n it may not
    be; then the best of a grid of mu is followed to its own peak. ``around`` gives three values
    of mu of which the middle one is the best, where they are known.
    """
    t = np.asarray(t, dtype=float)
    low, high = mu_limits(rows, member, t) if around is None else (around[0], around[2])
    if around is not None:
        start = around[1]
    elif rows.mixed and start is None:
        low, start, high = _best_of_grid(rows, member, t, low, high)
    elif start is None:
        at, weight = pulls(rows)[rows.first, None], member / (rows.v[rows.first] + t)
        start = (weight * at).sum(axis=0) / weight.sum(axis=0)

    def slope_of(columns):
        some = member if member.shape[1] == 1 else member[:, columns]
        at = t[columns]

        def slope(mu):
            terms = total_terms(rows, some, mu, at, only_mu=True)
            return terms.m, terms.mm

        return slope

    accuracy = {"relative": 0.0, "absolute": relative * np.sqrt(rows.v.min())}
    # among many points those already found are dropped; among few that costs more than it saves
    narrow = slope_of if t.size > MANY else None
    start = np.clip(start, low, high)
    return bracketed_newton(
        slope_of(slice(None)), low, high, start, iterations=80, narrow=narrow, **accuracy
    )


def mu_limits(rows: Rows, member, t):
    """Two values of mu between which the likelihood has its maxima in mu, each (B,).

    A number pulls towards itself, a bounded interval towards its middle, an open one towards its
    open side without end; so only on an open side must the limit be searched for.
    """
    at = pulls(rows)
    owned = (np.broadcast_to(member, (member.shape[0], t.size)) > 0)[rows.owner]
    limits = []
    for side, open_end in ((-1, rows.low), (1, rows.high)):
        far = np.where(owned, side * at[:, None], -np.inf).max(axis=0)
        if np.isinf(open_end).any():
            step = np.sqrt(rows.v.max() + t)
            for _ in range(60):
                pulled = side * total_terms(rows, member, side * far, t, only_mu=True).m > 0
                if not pulled.any():
                    break
                far, step = np.where(pulled, far + step, far), 2 * step
        limits.append(side * far)
    return limits


def _best_of_grid(rows, member, t, low, high, points: int = 17):
    near = np.broadcast_to(pulls(rows)[rows.first, None], (rows.first.size, t.size))
    even = low + np.linspace(0, 1, points)[:, None] * (high - low)
    tries = np.sort(np.concatenate([even, np.clip(near, low, high)]), axis=0)
    values = total_values(rows, member, tries, t)
    best, columns = values.argmax(axis=0), np.arange(t.size)
    before, after = np.maximum(best - 1, 0), np.minimum(best + 1, tries.shape[0] - 1)
    return tries[before, columns], tries[best, columns], tries[after, columns]


def profile_terms(rows: Rows, member, t, start=None, relative=1e-11) -> tuple[np.ndarray, Terms]:
    """Best mu at every t, and the terms there."""
    mu = best_mu(rows, member, t, start, relative=relative)
    return mu, total_terms(rows, member, mu, t)


def tau_grid(rows: Rows) -> np.ndarray:
    """Values of t from 0 to beyond the largest plausible spread, (points,); same for all sets."""
    at = pulls(rows)
    top = max(rows.v.max(), 4 * (at.max() - at.min()) ** 2)
    return np.append(0.0, np.geomspace(0.03 * rows.v.min(), top, GRID_POINTS - 1))


def maximise(rows: Rows, member) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Global maximum for every set: mu, t and the log-likelihood, each (B,).

    ``member`` is (k, B) of 1 and 0; every set must hold an anchored report (``Rows.anchored``).
    """
    grid = tau_grid(rows)
    for _ in range(20):
        # one set with known n needs no table to find its only peak in mu
        table = _table(rows, grid) if rows.mixed or member.shape[1] > 1 else None
        parts = [
            _maximise_chunk(rows, member[:, i : i + CHUNK], grid, table)
            for i in range(0, member.shape[1], CHUNK)
        ]
        if all(part is not None for part in parts):
            return tuple(map(np.concatenate, zip(*parts, strict=True)))
        grid = np.append(grid, grid[-1] * np.array([4.0, 16.0, 64.0]))
    raise NoMaximum("the likelihood keeps rising with the spread, far beyond any real one")


def _table(rows: Rows, grid):
    """Log-likelihood of every report on a lattice of mu and t: shared by all sets, since a set's
    own values are sums over its reports. Returns the values of mu (J,) and a (k, J, T) array."""
    at = pulls(rows)
    reach = np.sqrt(rows.v.max() + grid[-1]) * np.geomspace(1 / 64, 8, 10)
    even = np.linspace(at.min(), at.max(), 17)
    mu = np.unique(np.concatenate([at, even, at.min() - reach, at.max() + reach]))
    values = report_values(rows, np.repeat(mu, grid.size), np.tile(grid, mu.size))
    return mu, values.reshape(-1, mu.size, grid.size)


def _maximise_chunk(rows, member, grid, table):
    """``maximise`` for a few sets; None where a profile still rises at the end of the grid."""
    sets = member.shape[1]
    # every set meets every t: column number = set * points + point
    wide, t = np.repeat(member, grid.size, axis=1), np.tile(grid, sets)
    around = None
    if table is not None:
        values = np.einsum("kb,kjt->jbt", member, table[1]).reshape(table[0].size, -1)
        best = values.argmax(axis=0)
        last = table[0].size - 1
        if not ((best == 0) | (best == last)).any():
            around = table[0][best - 1], table[0][best], table[0][best + 1]
    mu = best_mu(rows, wide, t, around=around, relative=1e-4)
    terms = total_terms(rows, wide, mu, t)
    slope = terms.t.reshape(sets, -1).T
    if not (slope[-1] <= 0).all():
        return None
    mu, falls = mu.reshape(sets, -1).T, (slope[:-1] > 0) & (slope[1:] <= 0)
    at_zero = terms.value.reshape(sets, -1)[:, 0]
    if (slope[0] <= 0).any():
        mu[0] = best_mu(rows, member, np.zeros(sets))
        at_zero = total_values(rows, member, mu[0], np.zeros(sets))
    best_at, best_t, best = mu[0].copy(), np.zeros(sets), np.where(slope[0] <= 0, at_zero, -np.inf)
    for order in range(int(falls.sum(axis=0).max(initial=0))):
        columns = np.flatnonzero(falls.sum(axis=0) > order)
        point = (np.cumsum(falls[:, columns], axis=0) > order).argmax(axis=0)
        found = _refine(rows, member[:, columns], grid[point], grid[point + 1], mu[point, columns])
        better = found[2] > best[columns]
        for target, value in zip((best_at, best_t, best), found, strict=True):
            target[columns[better]] = value[better]
    return best_at, best_t, best


def _refine(rows, member, low, high, mu):
    """The mode of the profile of t between low and high, for every set: mu, t, value."""
    t = 0.5 * (low + high)
    mu, t, done = _newton_in_both(rows, member, mu, t, low, high)
    if not done.all():
        left = np.flatnonzero(~done)
        found = _nested(rows, member[:, left], low[left], high[left], mu[left])
        mu[left], t[left] = found
    return mu, t, total_values(rows, member, mu, t)


def _newton_in_both(rows, member, mu, t, low, high):
    """Newton's method in mu and t at once: fast, but only ``done`` where it ends at a maximum
    inside the bracket."""
    start, done = mu, np.zeros(t.shape, dtype=bool)
    scale = np.sqrt(rows.v.min())
    for _ in range(15):
        terms = total_terms(rows, member, mu, t)
        det = terms.mm * terms.tt - terms.mt**2
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step_mu = (terms.mt * terms.t - terms.tt * terms.m) / det
            step_t = (terms.mt * terms.m - terms.mm * terms.t) / det
        peak = (det > 0) & (terms.mm < 0)
        small = (np.abs(step_mu) <= 1e-8 * scale) & (np.abs(step_t) <= 1e-8 * t)
        inside = (t + step_t >= low) & (t + step_t <= high)
        done = peak & small & inside
        mu = np.where(peak & inside, mu + step_mu, mu)
        t = np.where(peak & inside, t + step_t, 0.5 * (t + np.where(terms.t > 0, high, low)))
        if done.all():
            break
    return np.where(done, mu, start), t, done


def _nested(rows, member, low, high, mu):
    """The same by the profile of t alone, which cannot miss: a mode lies inside the bracket."""
    current = [None if rows.mixed else mu]

    def slope(t):
        at, terms = profile_terms(rows, member, t, current[0])
        current[0] = None if rows.mixed else at
        return terms.t, terms.tt - terms.mt**2 / terms.mm

    t = bracketed_newton(slope, low, high, 0.5 * (low + high), relative=1e-9)
    return best_mu(rows, member, t, current[0]), t

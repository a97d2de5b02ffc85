"""The mean of highest likelihood at a given spread, for many points and sets at once."""

import numpy as np

from ..checks import NoMaximum
from .likelihood import Rows, taken, total_terms, total_values
from .terms import ALL, Terms

#: Rounds in all, and those after which brackets are halved whatever Newton's method says.
ROUNDS, HALVING = 240, 40
#: From so many columns on those already found are dropped; among few that costs more than it saves.
MANY = 200

NO_DIGITS = (
    "the best mean cannot be told: reports contradict one another by so many of their standard "
    "errors that the likelihood has no digits left"
)


def best_mu(rows: Rows, member, t, start=None, *, relative=1e-11) -> np.ndarray:
    """The mu of highest likelihood at given t, shape (B,), to ``relative`` of a standard error.

    With known n the likelihood is concave in mu and there is one. With ranges of n it may not
    be; then, without a start, the best of a grid of mu is followed to its own peak.
    """
    mu, _, step = climb(rows, member, t, start, relative=relative)
    return mu + step


def profile_terms(rows: Rows, member, t, start=None, *, relative=1e-11) -> tuple[np.ndarray, Terms]:
    """Best mu at every t, and the terms there."""
    return climb(rows, member, t, start, relative=relative)[:2]


def climb(rows: Rows, member, t, start=None, low=-np.inf, high=np.inf, *, relative=1e-11):
    """Newton's method in mu at given t, from ``start`` and never out of ``low`` to ``high``.

    Returns mu, the terms there, and the step to the maximum that is left, all of shape (B,): at
    most ``relative`` of a standard error, so that the terms may be moved to the maximum by their
    own derivatives. NoMaximum where that is not reached: only where the digits give out.
    """
    t = np.asarray(t, dtype=float)
    if start is None and rows.mixed:
        low, start, high = _best_of_grid(rows, member, t)
    elif start is None:
        start = pulled(rows, member, t)
    blank = np.zeros(t.shape)
    mu, low, high, previous = blank + start, blank + low, blank + high, np.inf
    longest = 4 * np.sqrt(rows.v.max(axis=0) + t)
    # the digits that mu can have at all
    rounding = 1e-15 * np.abs(rows.pulls).max(axis=0) + blank
    # no report curves more than a number; where the digits have given out it may seem so
    bent = member.sum(axis=0) / (rows.v.min(axis=0) + t)
    columns, found = np.arange(t.size), np.empty((2 + ALL, t.size))
    with np.errstate(all="ignore"):
        for last in range(ROUNDS - 1, -1, -1):
            terms = total_terms(rows, member, mu, t)
            halve = ROUNDS - last > HALVING
            step, new, done = _step(
                terms, mu, low, high, previous, longest, bent, relative, rounding, halve
            )
            ended = last == 0 or done.all()
            few = not ended and t.size > MANY and np.count_nonzero(done) > 0.3 * t.size
            if ended or few:
                found[:, columns] = mu, step, *terms
            if ended:
                break
            # what is as long as it may be says nothing of how far the way still is
            longest = np.where(np.abs(new - mu) < 0.99 * longest, longest, 2 * longest)
            previous, mu = np.where(new == mu + step, np.abs(step), np.inf), new
            if few:
                keep = np.flatnonzero(~done)
                rows, member, columns = rows.take(keep), taken(member, keep), columns[keep]
                t, mu, low, high, previous, longest, bent, rounding = (
                    array[keep] for array in (t, mu, low, high, previous, longest, bent, rounding)
                )
    if not done.all():
        raise NoMaximum(NO_DIGITS)
    return found[0], Terms(*found[2:]), found[1]


def _step(terms, mu, low, high, previous, longest, bent, relative, rounding, halve):
    """Newton's step, where it leads to, and whether it is short enough to end; ``low`` and
    ``high`` close in on the way."""
    rises, m = terms.m > 0, terms.m
    curvature = np.minimum(np.maximum(-terms.mm, 0.0), bent)
    low[rises], high[~rises] = mu[rises], mu[~rises]
    step = np.where(m == 0, 0.0, np.minimum(np.maximum(m / curvature, -longest), longest))
    done = (step * step * curvature <= relative**2) & ((curvature > 0) | (m == 0))
    rounding = rounding + 1e-15 * np.abs(mu)
    done |= (np.abs(step) <= rounding) | (high - low <= rounding)
    new, middle = mu + step, 0.5 * (low + high)
    # a step out of the bracket, or none shorter than the last: halve the bracket where it is one
    astray = (new < low) | (new > high) | (np.abs(step) > 0.75 * previous)
    if halve:  # and where it is none, look for its other end
        new = np.where(done, mu, np.where(rises, mu + longest, mu - longest))
    return step, np.where((astray | halve) & np.isfinite(middle) & ~done, middle, new), done


def pulled(rows: Rows, member, t):
    """Mean of what the reports pull to, weighted by 1/(v + t); of the shape of ``t``, whose last
    axis is that of the sets."""
    at, v = rows.pulls[rows.first], rows.v[rows.first]
    if t.ndim == 2:
        at, v, member = at[:, None], v[:, None], member[:, None]
    weight = member / (v + t)
    return (weight * at).sum(axis=0) / weight.sum(axis=0)


def mu_limits(rows: Rows, member, t):
    """Two values of mu between which the likelihood has its maxima in mu, each (B,).

    A number pulls towards itself, a bounded interval towards its middle, an open one towards its
    open side without end; so only on an open side must the limit be searched for.
    """
    at = rows.pulls
    owned = (np.broadcast_to(member, (member.shape[0], t.size)) > 0)[rows.owner]
    limits = []
    for side, open_end in ((-1, rows.low), (1, rows.high)):
        far = np.where(owned, side * at, -np.inf).max(axis=0)
        if np.isinf(open_end).any():
            step = np.sqrt(rows.v.max() + t)
            for _ in range(60):
                pulls_on = side * total_terms(rows, member, side * far, t, only_mu=True).m > 0
                if not pulls_on.any():
                    break
                far, step = np.where(pulls_on, far + step, far), 2 * step
        limits.append(side * far)
    return limits


def _best_of_grid(rows, member, t, points: int = 17):
    low, high = mu_limits(rows, member, t)
    near = np.broadcast_to(rows.pulls[rows.first], (rows.first.size, t.size))
    even = low + np.linspace(0, 1, points)[:, None] * (high - low)
    tries = np.sort(np.concatenate([even, np.clip(near, low, high)]), axis=0)
    values = total_values(rows, member, tries, t)
    best = np.take_along_axis(tries, values.argmax(axis=0)[None], axis=0)[0]
    # neighbours of truly another mu: several reports may pull to the same one, but for rounding
    apart = 1e-6 * (high - low)
    before = np.where(tries < best - apart, tries, -np.inf).max(axis=0)
    after = np.where(tries > best + apart, tries, np.inf).min(axis=0)
    return before, best, after

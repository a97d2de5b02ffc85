"""Integrals over the mean: of the likelihood of reports, with or without a prior, at given tau.

As a function of the mean the likelihood is entire, and it falls at least as fast as a normal
density. For such functions the error of the trapezoidal rule falls exponentially with the number
of nodes (Trefethen & Weideman 2014); what is left of it is the Fourier transform of the function
beyond the lattice's reach, and that is measured: see ``resolved``.
"""

from collections.abc import Callable, Iterator

import numpy as np

from .likelihood import Rows

#: Log of the height, against the highest, below which a function counts as nothing.
DEPTH = 34.0
SCAN = 33  # points of one look
ENOUGH = 10  # of them above the depth: the place is known well enough
ROUNDS = 60
RESOLVED = 1e-12
#: Enough for sums, for which the frequencies that matter are twice as high.
SUMMED = 1e-6
MOST_POINTS = 2**15


def first_ends(rows: Rows, t, mean: float = 0.0, precision: float = 0.0):
    """Where to begin the search for the mass: two arrays (B,), not necessarily around it.

    ``mean`` and ``precision`` (one over the variance) are those of a normal prior.
    """
    low, high, v = (a[rows.first] for a in (rows.low, rows.high, rows.v))
    weight = 1 / (v + t)
    centre = (weight * np.clip(0.0, low, high)).sum(axis=0) + precision * mean
    holding = weight[rows.anchored].sum(axis=0) + precision
    holding = np.where(holding > 0, holding, weight.max(axis=0))
    centre = centre / (weight.sum(axis=0) + precision)
    return centre - 12 / np.sqrt(holding), centre + 12 / np.sqrt(holding)


def span(log_value: Callable, t, low, high, depth: float = DEPTH):
    """The ends of the mass in the mean, and its integral to a few digits.

    Parameters
    ----------
    log_value : callable
        Takes means (P, B) and tau squared (B,), returns the log of the function, (P, B).
    t, low, high : ndarray, shape (B,)
        Tau squared, and where to begin.
    depth : float
        How far below the highest value, in logs, the function is followed.

    Returns
    -------
    low, high, log_integral : ndarray, shape (B,)
        A log-concave function is below ``depth`` outside of these ends, with certainty.
    """
    low, high, log_integral = low.copy(), high.copy(), np.empty(t.size)
    # places known to lie on either side of the mass: a look that has lost it goes no farther
    floor, roof = np.full(t.size, -np.inf), np.full(t.size, np.inf)
    share = np.linspace(0, 1, SCAN)[:, None]
    left = np.arange(t.size)
    for _ in range(ROUNDS):
        a, width = low[left], high[left] - low[left]
        value = log_value(a + share * width, t[left])
        top = value.max(axis=0)
        inside = value >= top - depth
        first, last = inside.argmax(axis=0), SCAN - 1 - inside[::-1].argmax(axis=0)
        unit = width / (SCAN - 1)
        log_integral[left] = top + np.log(np.exp(value - top).sum(axis=0) * unit)
        floor[left] = np.where(first > 0, a + (first - 1) * unit, floor[left])
        roof[left] = np.where(last < SCAN - 1, a + (last + 1) * unit, roof[left])
        low[left] = np.maximum(a - 2 * width, floor[left])
        high[left] = np.minimum(a + 3 * width, roof[left])
        far = (low[left] > floor[left]) | (high[left] < roof[left])
        left = left[far | (last - first < ENOUGH)]
        if not left.size:
            return low, high, log_integral
    raise ValueError("the likelihood does not fall towards both ends of the mean")


def lattices(
    evaluate: Callable, t, low, high, points: int, limit: float | None = None
) -> Iterator[tuple]:
    """Evaluate functions of the mean on lattices fine enough for the first of them.

    Parameters
    ----------
    evaluate : callable
        Takes means (P, B) and tau squared (B,), returns (A, P, B); the first of the A is a log.
    t, low, high : ndarray, shape (B,)
        Tau squared, and the ends of the mass at each.
    points : int
        To begin with.
    limit : float, optional
        See ``resolved``; ``RESOLVED`` where it is not given.

    Yields
    ------
    columns, mu, values : ndarray
        Positions in ``t`` of C columns; their means (P, C) and values (A, P, C).
    """
    left = np.arange(t.size)
    while left.size:
        if points > MOST_POINTS:
            raise ValueError("the likelihood could not be integrated over the mean")
        share = np.linspace(0, 1, points)[:, None]
        mu = low[left] + share * (high[left] - low[left])
        values = evaluate(mu, t[left])
        fine = resolved(values[0], RESOLVED if limit is None else limit)
        if fine.all():
            yield left, mu, values
            return
        if fine.any():
            yield left[fine], mu[:, fine], values[:, :, fine]
        left, points = left[~fine], 2 * points - 1


def resolved(log_value, limit: float) -> np.ndarray:
    """Which columns (P, B) of equally spaced log values are known at all places in between.

    The sum with alternating signs is the Fourier transform at the highest frequency that a
    lattice carries; the same of the first moment rules out that it is 0 there by chance.
    """
    top = log_value.max(axis=0)
    p = np.exp(log_value - top)
    p /= p.sum(axis=0)
    place = np.arange(p.shape[0], dtype=float)[:, None]
    place = place - (place * p).sum(axis=0)
    moment = place * p
    spread = np.sqrt((place * moment).sum(axis=0))
    # logs are known to the last digits only, which limits what can be asked of their powers
    limit = np.maximum(limit, 8 * np.finfo(float).eps * np.abs(top))
    odd = np.abs(p[::2].sum(axis=0) - p[1::2].sum(axis=0))
    odd_moment = np.abs(moment[::2].sum(axis=0) - moment[1::2].sum(axis=0))
    return (odd < limit) & (odd_moment < limit * np.maximum(spread, 1))


#: Standard deviation, in steps, of the normals that a function on a lattice is taken apart into.
KERNEL = 1.25
MARGIN = 16


def as_normals(p) -> np.ndarray:
    """Weights of normals on a lattice whose sum goes through the values ``p`` (P, B) times step.

    The normals have standard deviation ``KERNEL`` steps and stand on the lattice, ``MARGIN`` steps
    beyond both its ends included: the answer is (P + 2 MARGIN, B). In between, too, the sum
    is the function, as far as the function is ``resolved``. Weights may be below 0.
    """
    size = p.shape[0] + 2 * MARGIN
    away = np.minimum(np.arange(size), size - np.arange(size))
    kernel = np.exp(-0.5 * (away / KERNEL) ** 2) / (KERNEL * np.sqrt(2 * np.pi))
    padded = np.zeros((size, p.shape[1]))
    padded[MARGIN:-MARGIN] = p
    spectrum = np.fft.rfft(padded, axis=0) / np.fft.rfft(kernel)[:, None].real
    return np.fft.irfft(spectrum, size, axis=0)

"""The profile of tau squared on a grid: at every t the best mu, for all sets at once."""

from typing import NamedTuple

import numpy as np

from .likelihood import Rows, report_values, taken
from .mean_search import climb, pulled

GRID_POINTS = 28
#: How far mu may be from its best on the grid, in standard errors; see ``climb``.
ROUGH = 0.02


class Surface(NamedTuple):
    """The profile of t = tau squared for S sets, (T, S).

    ``value`` is the highest log-likelihood at t, ``mu`` where it is, ``mm`` its second derivative
    in mu and ``slope`` the slope of the profile. ``top`` (S,) is the highest value seen anywhere.
    ``second`` (S,) is that of the highest second peak in mu that was seen at any t, -inf where
    there is none. ``scale`` (S,) is the geometric mean of the sampling variances: what ``newton``
    adds to t.
    """

    t: np.ndarray
    mu: np.ndarray
    value: np.ndarray
    mm: np.ndarray
    slope: np.ndarray
    top: np.ndarray
    second: np.ndarray
    scale: np.ndarray


class Lattice(NamedTuple):
    """Log-likelihood of every report at J values of mu and some of t: ``values`` is (k, J, T). All
    sets share it, since a set's own values are sums over its reports."""

    mu: np.ndarray
    values: np.ndarray


def tau_grid(rows: Rows) -> np.ndarray:
    """Values of t from 0 to beyond the largest plausible spread: (points,), the same for all sets;
    or (points, B) where each set has bounds of its own."""
    at = rows.pulls
    low, high = rows.v.min(axis=0), rows.v.max(axis=0)
    top = np.maximum(high, 4 * (at.max(axis=0) - at.min(axis=0)) ** 2)
    steps = np.linspace(0, 1, GRID_POINTS - 1)[:, None]
    grid = 0.03 * low * np.exp(steps * np.log(top / (0.03 * low)))
    grid = np.concatenate([np.zeros((1, grid.shape[1])), grid])
    return grid[:, 0] if rows.v.shape[1] == 1 else grid


def longer(t, factor: float):
    """The grid with further points, up to ``factor`` times its end."""
    count = int(np.ceil(np.log(factor) / np.log(6)))
    more = np.exp(np.log(factor) * np.arange(1, count + 1) / max(count, 1))
    return np.concatenate([t, t[-1:] * more[:, None]])


def lattice(rows: Rows, t) -> Lattice:
    """The lattice of reports that all sets share, on every third point of a grid of t, (T,)."""
    t = t[::3]
    last = np.append(rows.first[1:], rows.owner.size) - 1
    at = rows.pulls[np.append(rows.first, last), 0]
    reach = np.sqrt(rows.v.max() + t[-1]) * np.geomspace(1 / 64, 4, 5)
    even = np.linspace(at.min(), at.max(), 13)
    mu = np.unique(np.concatenate([at, even, at.min() - reach, at.max() + reach]))
    values = report_values(rows, np.repeat(mu, t.size), np.tile(t, mu.size))
    return Lattice(mu, values.reshape(-1, mu.size, t.size))


def surface(rows: Rows, member, t, shared: Lattice | None) -> Surface:
    """The profile on the grid ``t``, (T, S). The lattice is needed where a range of n leaves it
    open whether mu has one peak only."""
    sets = t.shape[1]
    column = np.arange(t.size) % sets
    mu, terms, step = climb(
        rows.take(column), taken(member, column), t.ravel(), pulled(rows, member, t).ravel(),
        relative=ROUGH,
    )  # fmt: skip
    value, slope = terms.value + 0.5 * terms.m * step, terms.t + terms.mt * step
    mu, value, mm, slope = (a.reshape(t.shape) for a in (mu + step, value, terms.mm, slope))
    top, second = value.max(axis=0), np.full(sets, -np.inf)
    if shared is not None:
        highest, second = _peaks_of_lattice(shared, member)
        top = np.maximum(top, highest)
    weight = member / member.sum(axis=0)
    scale = np.exp((weight * np.log(rows.v[rows.first])).sum(axis=0)) + np.zeros(sets)
    return Surface(t, mu, value, mm, slope, top, second, scale)


def _peaks_of_lattice(shared: Lattice, member):
    """The highest value of every set, and its highest that is a second peak in mu at any t."""
    reports, points, spreads = shared.values.shape
    values = (member.T @ shared.values.reshape(reports, -1)).reshape(-1, points, spreads)
    peak, rises = np.ones(values.shape, dtype=bool), values[:, 1:] > values[:, :-1]
    peak[:, 1:] &= rises
    peak[:, :-1] &= ~rises
    highest = values.max(axis=1)
    several = np.count_nonzero(peak, axis=1) > 1
    if not several.any():
        return highest.max(axis=1), np.full(len(values), -np.inf)
    np.put_along_axis(peak, values.argmax(axis=1)[:, None], False, axis=1)
    return highest.max(axis=1), np.where(peak, values, -np.inf).max(axis=(1, 2))

"""Pooling of reports by restricted likelihood: tau from it, the mean at that tau."""

import numpy as np

from ..checks import NoMaximum
from ..distributions import chi2_upper, quantile
from ..results import read_only
from ..roots import bracketed_newton
from .likelihood import Rows, report_terms, total_terms, total_values
from .maximum import UNBOUNDED, best_mu
from .mean_nodes import DEPTH, first_ends, span
from .restricted_likelihood import Restricted, endless_spread, restricted_terms
from .results import PooledReports

POINTS = 33
SPACING = 0.15
FARTHEST = 1e10  # of t, in units of the largest plausible one

RISING = (
    "the restricted likelihood has no maximum: only one report holds the mean from both sides, and "
    "the words of the others fit an endless spread best; a second number or two-sided 'not "
    "significant' is needed"
)


def pool_rows_restricted(rows: Rows, *, level: float) -> PooledReports:
    """``pool_reports`` by restricted likelihood, for reports already taken apart.

    Tau maximises the restricted likelihood, globally over tau >= 0, and its interval is the
    profile of it. The mean is the maximum of l(mu, tau) at that tau, and its interval are all mu
    with 2 (max l - l) up to the chi-square quantile at that tau. ``log_likelihood`` is the
    maximum of the restricted one. With numbers alone everything is that of
    ``pool(y, v, tau2="REML", test="z")``.

    Parameters
    ----------
    rows : Rows
        Of at least two reports.
    level : float
        Of all three intervals, between 0 and 1.

    Returns
    -------
    PooledReports
        ``tau_ci_high`` is ``inf`` where only one report holds the mean from both sides and no
        spread is too large for the words of the others.

    Raises
    ------
    NoMaximum
        (A ValueError.) No report holds the mean from both sides, so that the integral is infinite
        or grows with tau without end; or only one does and an endless spread fits best.

    References
    ----------
    Harville DA (1974). Bayesian inference for variance components using only error contrasts.
    Biometrika 61, 383-385.
    """
    if not rows.anchored.any():
        raise NoMaximum(UNBOUNDED)
    limit = endless_spread(rows)
    t, terms = _grid(rows)
    best, value = _highest(rows, t, terms)
    if not value > limit:
        raise NoMaximum(RISING)
    drop = 0.5 * chi2_upper(1 - level, 1)
    t_low, t_high = _t_limits(rows, t, terms, best, value, value - drop, limit)
    member, at = np.ones((rows.first.size, 1)), np.array([best])
    mu = best_mu(rows, member, at)
    information = np.maximum(-report_terms(rows, mu, at).mm[:, 0], 0.0)
    se = information.sum() ** -0.5
    low, high = _mu_limits(rows, member, at, mu, drop)
    spread = float(quantile(level, np.inf)) * (best + se**2) ** 0.5
    return PooledReports(
        estimate=float(mu[0]),
        se=float(se),
        ci_low=low,
        ci_high=high,
        tau=best**0.5,
        tau_ci_low=t_low**0.5,
        tau_ci_high=t_high**0.5,
        prediction_low=float(mu[0] - spread),
        prediction_high=float(mu[0] + spread),
        log_likelihood=value,
        k=rows.first.size,
        k_exact=int(rows.exact[rows.first].sum()),
        weights=read_only(information / information.sum()),
        level=level,
        estimator="REML",
    )


def _grid(rows: Rows) -> tuple[np.ndarray, Restricted]:
    """Values of t from 0 to where the restricted likelihood falls, and its terms there.

    They rise as min(v) sinh(x)**2: from one to the next no variance v + t changes much.
    """
    near, least = np.clip(0.0, rows.low, rows.high), rows.v.min()
    top = max(rows.v.max(), 4 * (near.max() - near.min()) ** 2)
    end = np.arcsinh(np.sqrt(top / least))
    t = least * np.sinh(np.linspace(0, end, int(np.ceil(end / SPACING)) + 1)) ** 2
    terms = restricted_terms(rows, t)
    while terms.slope[-1] > 0 and t[-1] < FARTHEST * top:
        more = t[-1] * np.array([2.0, 4.0])
        t, terms = np.append(t, more), _joined(terms, restricted_terms(rows, more))
    return t, terms


def _joined(first: Restricted, second: Restricted, place=None) -> Restricted:
    """The second after the first, or before the given places in it."""
    place = np.full(second.value.size, first.value.size) if place is None else place
    return Restricted(*(np.insert(a, place, b) for a, b in zip(first, second, strict=True)))


def _between(terms: Restricted, points):
    """Ends of the mass in mu that hold for any t between grid points ``points`` and the next."""
    low = np.minimum(terms.low[points], terms.low[points + 1])
    return low, np.maximum(terms.high[points], terms.high[points + 1])


def _highest(rows: Rows, t, terms: Restricted) -> tuple[float, float]:
    """The best t and the restricted log-likelihood there: two modes are possible."""
    places, values = [], []
    if terms.slope[0] <= 0:
        places, values = [0.0], [terms.value[0]]
    falls = np.flatnonzero((terms.slope[:-1] > 0) & (terms.slope[1:] <= 0))
    if falls.size:
        ends, (left, right) = _between(terms, falls), (terms.slope[falls], terms.slope[falls + 1])
        start = t[falls] + (t[falls + 1] - t[falls]) * left / (left - right)
        found = bracketed_newton(
            lambda x: restricted_terms(rows, x, ends)[1:3], t[falls], t[falls + 1], start
        )
        places = np.append(places, found)
        values = np.append(values, restricted_terms(rows, found, ends).value)
    if not len(places):
        raise NoMaximum(RISING)
    best = int(np.argmax(values))
    return float(places[best]), float(values[best])


def _t_limits(rows, t, terms, best, value, floor, limit) -> tuple[float, float]:
    """Lowest and highest t whose restricted log-likelihood reaches ``floor``."""
    # no end above where even an endless spread reaches it, or comes closer than can be told
    farthest = np.inf if limit == -np.inf else FARTHEST * t[-1]
    while terms.value[-1] >= floor > limit and t[-1] < farthest:
        more = t[-1:] * 4
        t, terms = np.append(t, more), _joined(terms, restricted_terms(rows, more))
    # the maximum itself is a point of the grid from here on
    cell = np.searchsorted(t, [best], "right") - 1
    own = Restricted(np.array([value]), np.zeros(1), np.zeros(1), *_between(terms, cell))
    t, terms = np.insert(t, cell + 1, best), _joined(terms, own, cell + 1)
    inside = np.flatnonzero(terms.value >= floor)
    low, high, cells = 0.0, np.inf, []
    if inside[0] > 0:
        cells.append((-1.0, inside[0] - 1))
    if terms.value[-1] < floor and limit < floor:
        cells.append((1.0, inside[-1]))
    if cells:
        side, cell = (np.array(part) for part in zip(*cells, strict=True))
        ends = _between(terms, cell)

        def above(x):  # to the left read from high to low, so that it falls through zero
            found = restricted_terms(rows, side * x, ends)
            return found.value - floor, side * found.slope

        bracket = np.sort(side * t[[cell, cell + 1]], axis=0)
        for x in side * bracketed_newton(above, *bracket, bracket.mean(axis=0)):
            low, high = (float(x), high) if x < best else (low, float(x))
    return low, high


def _mu_limits(rows, member, t, mu, drop) -> tuple[float, float]:
    """Lowest and highest mu at tau squared ``t`` with a log-likelihood within ``drop`` of that at
    the best, ``mu``; all three (1,)."""

    def value(at, x):
        return total_values(rows, member, at, x[None])

    floor = value(mu[None], t)[0] - drop
    low, high, _ = span(value, t, *first_ends(rows, t), depth=max(DEPTH, drop + 2))
    lattice = np.linspace(low[0], high[0], POINTS)
    inside = lattice[value(lattice[:, None], t)[:, 0] >= floor]
    unit, side = lattice[1] - lattice[0], np.array([-1.0, 1.0])
    # the outermost point inside, of the lattice or the best itself, and the next one out
    edge = np.array([np.append(inside, mu).min(), np.append(inside, mu).max()])
    near = side * (edge - mu)

    def excess(distance):
        terms = total_terms(rows, member, mu + side * distance, np.repeat(t, 2), only_mu=True)
        return terms.value - floor, side * terms.m

    accuracy = {"relative": 1e-10, "absolute": 1e-12 * np.sqrt(rows.v.min())}
    distance = bracketed_newton(excess, near, near + unit, near + 0.5 * unit, **accuracy)
    ends = mu + side * distance
    return float(ends[0]), float(ends[1])

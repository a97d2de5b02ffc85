"""Log-likelihood of a random-effects model when some effects are known only as intervals.

A number z contributes the normal density with mean mu and variance v + t, where t = tau squared;
an interval contributes the normal probability of its inside (interval-censored data). Reports
with a range of n contribute the mean of that over n. Derivatives in mu and t are exact.

For known n the log-likelihood is concave in mu at every t: normal densities are log-concave, and
so are the probabilities of intervals under them (Prekopa 1973).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..distributions import log_ndtr, ndtr
from .n_ranges import gauss_sizes
from .report import Report, interval_at, n_range

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Rows:
    """Reports taken apart: one row per report and possible n (see ``n_ranges``).

    ``low`` equals ``high`` in an exact row. ``owner`` is the position of the report, ascending;
    ``first`` the first row of each report; ``log_share`` the log of the row's weight in its report.
    """

    low: np.ndarray
    high: np.ndarray
    v: np.ndarray
    owner: np.ndarray
    first: np.ndarray
    log_share: np.ndarray
    exact: np.ndarray

    @property
    def mixed(self) -> bool:
        """Whether any report has more than one possible n."""
        return self.owner.size > self.first.size

    @property
    def anchored(self) -> np.ndarray:
        """Per report: does it hold mu from both sides (a number, or a bounded interval)?"""
        return (np.isfinite(self.low) & np.isfinite(self.high))[self.first, 0]


def rows_of(reports: list[Report]) -> Rows:
    """Take reports apart into rows."""
    rules = [gauss_sizes(*n_range(report)) for report in reports]
    bounds = [interval_at(report, n) for report, (n, _) in zip(reports, rules, strict=True)]
    return make_rows(
        [low for low, _ in bounds],
        [high for _, high in bounds],
        [1 / (n - 3.0) for n, _ in rules],
        [share for _, share in rules],
    )


def make_rows(lows, highs, variances, shares) -> Rows:
    """Rows from one array per report of lower bounds, upper bounds, variances and weights."""
    counts = np.array([len(part) for part in variances])
    low, high = np.concatenate(lows), np.concatenate(highs)
    return Rows(
        low=low[:, None],
        high=high[:, None],
        v=np.concatenate(variances)[:, None],
        owner=np.repeat(np.arange(counts.size), counts),
        first=np.concatenate([[0], np.cumsum(counts)[:-1]]),
        log_share=np.log(np.concatenate(shares))[:, None],
        exact=low == high,
    )


class Terms(NamedTuple):
    """Log-likelihood and its derivatives in mu (m) and t; sums (B,) or, per report, (k, B).

    The derivatives in t are None where only those in mu were asked for.
    """

    value: np.ndarray
    m: np.ndarray
    mm: np.ndarray
    t: np.ndarray | None = None
    mt: np.ndarray | None = None
    tt: np.ndarray | None = None


def log_probability(a, b):
    """log(Phi(b) - Phi(a)) for a < b, without loss in either tail."""
    flip = a > 0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_b = log_ndtr(b)
        tail = log_b + np.log(-np.expm1(log_ndtr(a) - log_b))
        below, above = ndtr(a), ndtr(-b)
        outside = below + above
        middle = np.where(outside < 0.5, np.log1p(-outside), np.log(ndtr(b) - below))
    return np.where(b > 0, middle, tail)


def _exact_terms(z, v, mu, t, only_mu) -> Terms:
    s2 = v + t
    d = (z - mu) / s2
    d2, inverse = d * d, 1 / s2
    terms = Terms(
        value=-0.5 * (np.log(s2) + d2 * s2) - LOG_ROOT_2PI,
        m=d,
        mm=np.broadcast_to(-inverse, d.shape),
    )
    if only_mu:
        return terms
    return terms._replace(
        t=0.5 * (d2 - inverse),
        mt=-d * inverse,
        tt=0.5 * inverse * inverse - d2 * inverse,
    )


def _interval_terms(low, high, v, mu, t, only_mu) -> Terms:
    s2 = v + t
    s = np.sqrt(s2)
    a, b = (low - mu) / s, (high - mu) / s
    value = log_probability(a, b)
    # the density at each end over the probability; nothing flows through an open end
    a, b = np.where(np.isfinite(low), a, 0.0), np.where(np.isfinite(high), b, 0.0)
    at_a = np.exp(np.where(np.isfinite(low), -0.5 * a * a, -np.inf) - LOG_ROOT_2PI - value)
    at_b = np.exp(np.where(np.isfinite(high), -0.5 * b * b, -np.inf) - LOG_ROOT_2PI - value)
    flows = []
    for _ in range(2 if only_mu else 4):  # b**j phi(b) - a**j phi(a), over the probability
        flows.append(at_b - at_a)
        at_a, at_b = at_a * a, at_b * b
    f0, f1 = flows[:2]
    terms = Terms(value=value, m=-f0 / s, mm=-(f1 + f0 * f0) / s2)
    if only_mu:
        return terms
    f2, f3 = flows[2:]
    return terms._replace(
        t=-0.5 * f1 / s2,
        mt=0.5 * (f0 - f2 - f0 * f1) / (s2 * s),
        tt=0.25 * (3 * f1 - f3 - f1 * f1) / (s2 * s2),
    )


def report_terms(rows: Rows, mu, t, *, only_mu: bool = False) -> Terms:
    """Terms of every report, shape (k, B), at the B points (mu, t)."""
    exact, words = rows.exact, ~rows.exact
    if exact.all():
        terms = _exact_terms(rows.low, rows.v, mu, t, only_mu)
    elif words.all():
        terms = _interval_terms(rows.low, rows.high, rows.v, mu, t, only_mu)
    else:
        numbers = _exact_terms(rows.low[exact], rows.v[exact], mu, t, only_mu)
        bounds = rows.low[words], rows.high[words], rows.v[words]
        intervals = _interval_terms(*bounds, mu, t, only_mu)
        terms = Terms(*map(lambda *two: _joined(rows, *two), numbers, intervals))
    return _mean_over_n(rows, terms) if rows.mixed else terms


def _joined(rows: Rows, number, interval):
    if number is None:
        return None
    both = np.empty((rows.owner.size, number.shape[1]))
    both[rows.exact], both[~rows.exact] = number, interval
    return both


def _mean_over_n(rows: Rows, terms: Terms) -> Terms:
    def total(array):
        return np.add.reduceat(array, rows.first, axis=0)

    logs = terms.value + rows.log_share
    top = np.maximum.reduceat(logs, rows.first, axis=0)
    share = np.exp(logs - top[rows.owner])
    mass = total(share)
    share = share / mass[rows.owner]
    m = total(share * terms.m)
    mean = Terms(value=top + np.log(mass), m=m, mm=total(share * (terms.mm + terms.m**2)) - m * m)
    if terms.t is None:
        return mean
    t = total(share * terms.t)
    return mean._replace(
        t=t,
        mt=total(share * (terms.mt + terms.m * terms.t)) - m * t,
        tt=total(share * (terms.tt + terms.t**2)) - t * t,
    )


def total_terms(rows: Rows, member, mu, t, *, only_mu: bool = False) -> Terms:
    """Sum over the reports of each set; ``member`` (k, 1) or (k, B) of 1 and 0."""
    parts = report_terms(rows, mu, t, only_mu=only_mu)
    return Terms(*(None if part is None else (member * part).sum(axis=0) for part in parts))

"""Log-likelihood of a random-effects model when some effects are known only as intervals.

A number z contributes the normal density with mean mu and variance v + t, where t = tau squared;
an interval contributes the normal probability of its inside (interval-censored data). Reports
with a range of n contribute the mean of that over n. Derivatives in mu and t are exact.

For known n the log-likelihood is concave in mu at every t: normal densities are log-concave, and
so are the probabilities of intervals under them (Prekopa 1973).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .n_ranges import gauss_sizes
from .report import Report, interval_at, n_range
from .terms import ALL, IN_MU, VALUE, Terms, exact_terms, interval_terms, open_terms

#: Most points (mu, t) that are looked at in one go.
COLUMNS = 2048


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

    @cached_property
    def groups(self) -> list[tuple]:
        """Rows that share a formula: its function, their places, ``low``, ``high`` and ``v``."""
        ends = np.isfinite(self.low[:, 0]).astype(int) + np.isfinite(self.high[:, 0])
        kinds = (
            (exact_terms, self.exact),
            (open_terms, ends == 1),
            (interval_terms, ~self.exact & (ends != 1)),
        )
        places = [(kind, np.flatnonzero(chosen)) for kind, chosen in kinds if chosen.any()]
        return [(kind, at, self.low[at], self.high[at], self.v[at]) for kind, at in places]

    @cached_property
    def mixed(self) -> bool:
        """Whether any report has more than one possible n."""
        return self.owner.size > self.first.size

    @cached_property
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


def report_terms(rows: Rows, mu, t, *, only_mu: bool = False) -> Terms:
    """Terms of every report, shape (k, B), at the B points (mu, t)."""
    return _report_terms(rows, mu, t, IN_MU if only_mu else ALL)


def report_values(rows: Rows, mu, t) -> np.ndarray:
    """Log-likelihood of every report, shape (k, B), at the B points (mu, t)."""
    return _report_terms(rows, mu, t, VALUE).value


def _report_terms(rows: Rows, mu, t, asked) -> Terms:
    parts = [kind(low, high, v, mu, t, asked) for kind, _, low, high, v in rows.groups]
    terms = parts[0] if len(parts) == 1 else _joined(rows, parts, asked)
    return _mean_over_n(rows, terms) if rows.mixed else terms


def _joined(rows: Rows, parts, asked) -> Terms:
    joined = np.empty((asked, rows.owner.size, parts[0].value.shape[1]))
    for (_, place, *_), part in zip(rows.groups, parts, strict=True):
        for target, array in zip(joined, part, strict=False):
            target[place] = array
    return Terms(*joined)


def _mean_over_n(rows: Rows, terms: Terms) -> Terms:
    def total(array):
        return np.add.reduceat(array, rows.first, axis=0)

    logs = terms.value + rows.log_share
    top = np.maximum.reduceat(logs, rows.first, axis=0)
    share = np.exp(logs - top[rows.owner])
    mass = total(share)
    value = top + np.log(mass)
    if terms.m is None:
        return Terms(value)
    share = share / mass[rows.owner]
    m = total(share * terms.m)
    mean = Terms(value, m=m, mm=total(share * (terms.mm + terms.m**2)) - m * m)
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


def total_values(rows: Rows, member, mu, t) -> np.ndarray:
    """Log-likelihood of each set at P points for each: ``mu`` is (P, B) or (B,), ``t`` is (P, 1),
    (P, B) or (B,); the answer (P, B) or (B,)."""
    mu, t = np.broadcast_arrays(mu, t)
    if mu.ndim == 1:
        return (member * report_values(rows, mu, t)).sum(axis=0)
    points, sets = mu.shape
    values, step = np.empty(mu.shape), max(1, COLUMNS // sets)
    # many points in one call, but no more than the processor's cache holds
    for i in range(0, points, step):
        part = mu[i : i + step]
        each = report_values(rows, part.ravel(), t[i : i + step].ravel())
        each = each.reshape(-1, *part.shape)
        values[i : i + step] = (member[:, None, :] * each).sum(axis=0)
    return values

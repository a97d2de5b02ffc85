"""Log-likelihood of a random-effects model when some effects are known only as intervals.

A number z contributes the normal density with mean mu and variance v + t, where t = tau squared;
an interval contributes the normal probability of its inside (interval-censored data). Reports
with a range of n contribute the mean of that over n. Derivatives in mu and t are exact.

For known n the log-likelihood is concave in mu at every t: normal densities are log-concave, and
so are the probabilities of intervals under them (Prekopa 1973).
"""

import numpy as np

from .rows import Rows, make_rows, rows_of
from .terms import ALL, IN_MU, VALUE, Terms, interval_terms, number_terms

__all__ = [
    "COLUMNS", "Rows", "make_rows", "report_terms", "report_values", "rows_of", "total_terms",
    "total_values",
]  # fmt: skip

#: Most points (mu, t) that are looked at in one go.
COLUMNS = 2048


def report_terms(rows: Rows, mu, t, *, only_mu: bool = False) -> Terms:
    """Terms of every report, shape (k, B), at the B points (mu, t)."""
    return Terms(*_folded(rows, mu, t, IN_MU if only_mu else ALL)[:, rows.plan.places])


def report_values(rows: Rows, mu, t) -> np.ndarray:
    """Log-likelihood of every report, shape (k, B), at the B points (mu, t)."""
    return _folded(rows, mu, t, VALUE)[0, rows.plan.places]


def _folded(rows: Rows, mu, t, asked) -> np.ndarray:
    """Terms (asked, m, B) in the order of the plan, each report in the first of its places."""
    plan, mu, t = rows.plan, np.asarray(mu, dtype=float), np.asarray(t, dtype=float)
    if mu.shape != t.shape or mu.ndim == 0:
        mu, t = np.broadcast_arrays(np.atleast_1d(mu), t)
    out = np.empty((asked, plan.v.shape[0], mu.size))
    s2 = plan.v + t
    numbers = plan.z.shape[0]
    if numbers:
        number_terms(out[:, :numbers], plan.z, s2[:numbers], mu)
    if numbers < len(s2):
        interval_terms(
            out[:, numbers:], plan.bound, plan.side, plan.middle, plan.half, s2[numbers:], mu
        )
    if rows.mixed:
        _take_means(out, plan)
    return out


def _take_means(out, plan) -> None:
    """Put the mean over n of every report with a range of n into the first of its places; the
    others become zero."""

    def total(array):
        return np.add.reduceat(array, plan.mixed_first, axis=-2)

    parts = out[:, plan.mixed]
    logs = parts[0] + plan.log_share
    top = np.maximum.reduceat(logs, plan.mixed_first, axis=0)
    share = np.exp(logs - top[plan.mixed_owner])
    mass = total(share)
    out[:, plan.mixed] = 0.0
    into = plan.mixed[plan.mixed_first]
    out[0, into] = top + np.log(mass)
    if len(out) == VALUE:
        return
    share /= mass[plan.mixed_owner]
    m, mm = parts[1:3]
    mm += m * m
    if len(out) == ALL:
        t, mt, tt = parts[3:]
        mt += m * t
        tt += t * t
    mean = total(share * parts[1:])
    mean[1] -= mean[0] * mean[0]
    if len(out) == ALL:
        mean[3] -= mean[0] * mean[2]
        mean[4] -= mean[2] * mean[2]
    out[1:, into] = mean


def total_terms(rows: Rows, member, mu, t, *, only_mu: bool = False) -> Terms:
    """Sum over the reports of each set; ``member`` (k, 1) or (k, B) of 1 and 0."""
    return Terms(*_summed(rows, member, _folded(rows, mu, t, IN_MU if only_mu else ALL)))


def _summed(rows: Rows, member, out) -> np.ndarray:
    weight = member[rows.plan.owner]
    if weight.shape[1] == 1:
        return weight[:, 0] @ out
    return np.einsum("mb,amb->ab", weight, out)


def total_values(rows: Rows, member, mu, t) -> np.ndarray:
    """Log-likelihood of each set at P points for each: ``mu`` is (P, B) or (B,), ``t`` is (P, 1),
    (P, B) or (B,); the answer (P, B) or (B,)."""
    mu, t = np.broadcast_arrays(mu, t)
    if mu.ndim == 1:
        return _summed(rows, member, _folded(rows, mu, t, VALUE))[0]
    points, sets = mu.shape
    values, step = np.empty(mu.shape), max(1, COLUMNS // sets)
    # many points in one call, but no more than the processor's cache holds
    for i in range(0, points, step):
        part = mu[i : i + step]
        column = np.tile(np.arange(sets), len(part))
        found = total_values(
            rows.take(column), taken(member, column), part.ravel(), t[i : i + step].ravel()
        )
        values[i : i + step] = found.reshape(part.shape)
    return values


def taken(array, columns):
    """Columns of an array (m, B); a single one (m, 1) serves for all."""
    return array if array.shape[1] == 1 else array[:, columns]

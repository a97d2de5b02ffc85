"""Restricted likelihood of tau when some effects are known only as intervals.

For numbers the restricted likelihood is the likelihood of tau after the mean is integrated out
with a flat prior (Harville 1974). The same integral exists for intervals:

    L_R(t) = integral over mu of exp(l(mu, t)),  t = tau squared,

wherever a report holds the mean from both sides. Its derivatives are moments of those of l over
mu, which is distributed in proportion to exp(l): (log L_R)' = E[l_t] and
(log L_R)'' = E[l_tt] + var(l_t).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from .likelihood import Rows, total_terms, total_values
from .mean_nodes import SUMMED, first_ends, lattices, span

POINTS = 41


class Restricted(NamedTuple):
    """Log of the restricted likelihood and its first two derivatives in t, (B,) each; and the
    ends of the mass in mu."""

    value: np.ndarray
    slope: np.ndarray
    curvature: np.ndarray
    low: np.ndarray
    high: np.ndarray


def restricted_terms(rows: Rows, t, ends=None) -> Restricted:
    """Restricted log-likelihood at tau squared ``t`` (B,); with numbers alone it is that of
    ``tau_likelihood``, normal constants included and 0.5 log k left out.

    ``ends`` gives the ends of the mass in mu where they are known.
    """
    t = np.asarray(t, dtype=float)
    member = np.ones((rows.first.size, 1))
    if ends is None:
        ends = span(
            lambda mu, at: total_values(rows, member, mu, at[None]), t, *first_ends(rows, t)
        )[:2]

    def evaluate(mu, at):
        points = mu.ravel(), np.broadcast_to(at, mu.shape).ravel()
        terms = total_terms(rows, member, *points)
        return np.stack([terms.value, terms.t, terms.tt]).reshape(3, *mu.shape)

    found = np.empty((3, t.size))
    grids = lattices(evaluate, t, *ends, POINTS, limit=SUMMED)
    for columns, mu, (value, slope, curvature) in grids:
        top = value.max(axis=0)
        weight = np.exp(value - top)
        total = weight.sum(axis=0)
        weight /= total
        mean = (weight * slope).sum(axis=0)
        found[0, columns] = top + np.log(total * (mu[1] - mu[0]))
        found[1, columns] = mean
        found[2, columns] = (weight * (curvature + (slope - mean) ** 2)).sum(axis=0)
    return Restricted(*found, *ends)


def endless_spread(rows: Rows) -> float:
    """Log of what the restricted likelihood tends to as tau grows without end.

    In units of tau the reports then stand at one place, and what is left is the integral of
    f(u)**a Phi(u)**p (1 - Phi(u))**q, f the normal density, times tau**(1 - a): nothing for two
    and more reports that hold the mean from both sides, and a beta function for one (a = 1).
    """
    if rows.anchored.sum() > 1:
        return -np.inf
    own = rows.anchored[rows.owner]
    width = np.where(rows.exact, 1.0, rows.high[:, 0] - rows.low[:, 0])[own]
    above = int(np.isfinite(rows.low[rows.first, 0]).sum()) - 1
    below = rows.first.size - 1 - above
    beta = gammaln(above + 1) + gammaln(below + 1) - gammaln(above + below + 2)
    return float(np.log(np.exp(rows.log_share[own, 0]) @ width) + beta)

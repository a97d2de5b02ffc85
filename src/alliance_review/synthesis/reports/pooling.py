"""Pooling every report: numbers as numbers, words as the intervals they are."""

from collections.abc import Iterable, Sequence

import numpy as np

from .. import checks
from ..distributions import chi2_upper, quantile
from ..results import read_only
from ..roots import bracketed_newton
from .likelihood import Rows, report_terms, rows_of, total_terms, total_values
from .maximum import UNBOUNDED, NoMaximum, maximise, tau_grid
from .profile_limits import mu_limits_of_region, t_limits
from .report import Report
from .results import PooledReports, Profile


def checked_reports(reports: Sequence[Report], minimum: int = 2) -> list[Report]:
    """The reports as a list, or ValueError: not reports, or too few of them."""
    if not isinstance(reports, Iterable):
        raise ValueError(f"reports must be a list of Report, not {type(reports).__name__}")
    reports = list(reports)
    for position, report in enumerate(reports):
        if not isinstance(report, Report):
            raise ValueError(f"number {position + 1} is not a Report but {type(report).__name__}")
    if len(reports) < minimum:
        raise ValueError(f"at least {minimum} reports are needed, {len(reports)} given")
    return reports


def pool_reports(reports: Sequence[Report], *, level: float = 0.95) -> PooledReports:
    """Pool reports by maximum likelihood over the mean and tau >= 0.

    True effects are normal with mean mu and standard deviation tau; the observed Fisher z of a
    study is normal around its true effect with variance 1/(n - 3). A number contributes the
    density of its value, a worded result the probability of its interval. With numbers alone
    this is ordinary random-effects maximum likelihood.

    Parameters
    ----------
    reports : sequence of Report
        At least two.
    level : float
        Of all three intervals, between 0 and 1.

    Returns
    -------
    PooledReports

    Raises
    ------
    NoMaximum
        (A ValueError.) No report holds the mean from both sides, so that nothing can be said.
    ValueError
        No list, fewer than two reports, something that is not a Report, a level outside 0 to 1.

    Notes
    -----
    Interval-censored likelihood as in Tobin (1958) and Turnbull (1976); profile likelihood for
    random effects as in Hardy & Thompson (1996). The maximum is global: see ``maximum``.
    """
    reports = checked_reports(reports)
    return pool_rows(rows_of(reports), level=checks.level(level))


def pool_rows(rows: Rows, *, level: float) -> PooledReports:
    """``pool_reports`` for reports already taken apart."""
    if not rows.anchored.any():
        raise NoMaximum(UNBOUNDED)
    k = rows.first.size
    member = np.ones((k, 1))
    mu, t, value = maximise(rows, member)
    information = np.maximum(-report_terms(rows, mu, t).mm[:, 0], 0.0)
    se = information.sum() ** -0.5
    floor = value[0] - 0.5 * chi2_upper(1 - level, 1)
    t_range = t_limits(rows, member, float(t[0]), floor)
    low, high = mu_limits_of_region(rows, member, t_range, floor)
    spread = float(quantile(level, np.inf)) * (t[0] + se**2) ** 0.5
    weights = information / information.sum()
    return PooledReports(
        estimate=float(mu[0]),
        se=float(se),
        ci_low=low,
        ci_high=high,
        tau=float(t[0] ** 0.5),
        tau_ci_low=t_range[0] ** 0.5,
        tau_ci_high=t_range[1] ** 0.5,
        prediction_low=float(mu[0] - spread),
        prediction_high=float(mu[0] + spread),
        log_likelihood=float(value[0]),
        k=k,
        k_exact=int(rows.exact[rows.first].sum()),
        weights=read_only(weights),
        level=level,
    )


def profile(reports: Sequence[Report], mu_grid) -> Profile:
    """Profile log-likelihood of the mean: at every mean of a grid the best tau >= 0.

    Means with a deviance of at most the chi-square quantile (one degree of freedom) make up the
    interval of ``pool_reports``.

    Parameters
    ----------
    reports : sequence of Report
        At least two.
    mu_grid : float or array_like, shape (B,)
        Means on the Fisher z scale, in any order.

    Returns
    -------
    Profile

    Raises
    ------
    NoMaximum
        (A ValueError.) No report holds the mean from both sides.
    ValueError
        As ``pool_reports``; a grid that is empty, not one row, or not of finite numbers.

    References
    ----------
    Hardy & Thompson (1996): the profile likelihood of a random-effects mean.
    """
    rows = rows_of(checked_reports(reports))
    mu = _checked_means(mu_grid)
    if not rows.anchored.any():
        raise NoMaximum(UNBOUNDED)
    member = np.ones((rows.first.size, 1))
    t, value = _best_t(rows, member, mu)
    deviance = np.maximum(2 * (maximise(rows, member)[2][0] - value), 0.0)
    return Profile(*map(read_only, (mu, np.sqrt(t), value, deviance)))


def _checked_means(mu_grid) -> np.ndarray:
    refusal = "the grid of means must be one row of finite numbers"
    try:
        # a copy: the result makes its own read-only, not the caller's
        mu = np.array(mu_grid, dtype=float, ndmin=1)
    except (TypeError, ValueError):
        raise ValueError(refusal) from None
    if mu.ndim != 1 or mu.size == 0 or not np.isfinite(mu).all():
        raise ValueError(refusal)
    return mu


def _best_t(rows: Rows, member, mu):
    """At every mu the best t and the log-likelihood, from the best point of a grid of t."""
    grid = np.concatenate([tau_grid(rows), tau_grid(rows)[-1] * np.geomspace(4, 4**6, 6)])
    # beyond the grid no t is better: far from all effects the best t grows as their distance**2
    grid = np.append(grid, np.maximum(grid[-1] * 4, 4 * np.abs(mu).max() ** 2))
    values = total_values(rows, member, np.broadcast_to(mu, (grid.size, mu.size)), grid[:, None])
    best = values.argmax(axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, grid.size - 1)]

    def slope(t):
        terms = total_terms(rows, member, mu, t)
        return terms.t, terms.tt

    at_zero = (best == 0) & (slope(np.zeros(mu.shape))[0] <= 0)
    high, start = np.where(at_zero, 0.0, high), np.where(at_zero, 0.0, grid[best])
    t = bracketed_newton(slope, low, high, start, relative=1e-10)
    return t, total_values(rows, member, mu, t)

"""Pooling every report: numbers as numbers, words as the intervals they are."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .. import checks
from ..distributions import chi2_upper, quantile
from ..roots import bracketed_newton
from .likelihood import Rows, report_terms, rows_of, total_terms
from .maximum import UNBOUNDED, NoMaximum, maximise, tau_grid
from .profile_limits import mu_limits_of_region, t_limits
from .report import Report


@dataclass(frozen=True)
class PooledReports:
    """Maximum-likelihood pooling of reports, on the Fisher z scale.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        Mean of the true effects with its profile-likelihood interval.
    se : float
        One over the root of the observed information about the mean at the maximum, tau given;
        with numbers alone the usual standard error. Used for the prediction interval only.
    tau, tau_ci_low, tau_ci_high : float
        Standard deviation of the true effects with its profile-likelihood interval; the lower
        limit is 0 where tau = 0 is not ruled out.
    prediction_low, prediction_high : float
        estimate -/+ the normal quantile times sqrt(tau**2 + se**2), as ``pool`` with
        ``test="z"``: where the true effect of a new setting is expected.
    log_likelihood : float
        At the maximum, normal constants included.
    k, k_exact : int
        Number of reports, and of those with a number.
    weights : ndarray, shape (k,)
        Share of each report in the observed information about the mean; they sum to 1. With
        numbers alone the usual inverse-variance weights.
    level : float
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    tau: float
    tau_ci_low: float
    tau_ci_high: float
    prediction_low: float
    prediction_high: float
    log_likelihood: float
    k: int
    k_exact: int
    weights: np.ndarray
    level: float

    def to_dict(self) -> dict:
        """Plain values."""
        return checks.plain({f.name: getattr(self, f.name) for f in fields(self)})


def checked_reports(reports: Sequence[Report], minimum: int = 2) -> list[Report]:
    """The reports as a list, or ValueError: not reports, or too few of them."""
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
        Of all three intervals.

    Raises
    ------
    NoMaximum
        (A ValueError.) No report holds the mean from both sides, so that nothing can be said.
    ValueError
        Fewer than two reports, something that is not a Report, a level outside 0 to 1.

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
    weights.flags.writeable = False
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
        weights=weights,
        level=level,
    )


@dataclass(frozen=True)
class Profile:
    """Profile of the mean: at every ``mu`` the best ``tau``, the ``log_likelihood`` there, and
    the ``deviance``, twice its distance from the maximum; arrays of one shape."""

    mu: np.ndarray
    tau: np.ndarray
    log_likelihood: np.ndarray
    deviance: np.ndarray

    def to_dict(self) -> dict:
        """Plain values."""
        return checks.plain({f.name: getattr(self, f.name) for f in fields(self)})


def profile(reports: Sequence[Report], mu_grid) -> Profile:
    """Profile log-likelihood of the mean on a grid of Fisher z, shape (B,).

    Raises as ``pool_reports``, and ValueError for a grid that is empty or not finite.
    """
    rows = rows_of(checked_reports(reports))
    mu = np.atleast_1d(np.asarray(mu_grid, dtype=float))
    if mu.ndim != 1 or mu.size == 0 or not np.isfinite(mu).all():
        raise ValueError("the grid of means must be one row of finite numbers")
    if not rows.anchored.any():
        raise NoMaximum(UNBOUNDED)
    member = np.ones((rows.first.size, 1))
    t, value = _best_t(rows, member, mu)
    deviance = np.maximum(2 * (maximise(rows, member)[2][0] - value), 0.0)
    return Profile(mu=mu, tau=np.sqrt(t), log_likelihood=value, deviance=deviance)


def _best_t(rows: Rows, member, mu):
    """At every mu the best t and the log-likelihood, from the best point of a grid of t."""
    grid = np.concatenate([tau_grid(rows), tau_grid(rows)[-1] * np.geomspace(4, 4**6, 6)])
    # beyond the grid no t is better: far from all effects the best t grows as their distance**2
    grid = np.append(grid, np.maximum(grid[-1] * 4, 4 * np.abs(mu).max() ** 2))
    values = np.stack([total_terms(rows, member, mu, t, only_mu=True).value for t in grid])
    best = values.argmax(axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, grid.size - 1)]

    def slope(t):
        terms = total_terms(rows, member, mu, t)
        return terms.t, terms.tt

    at_zero = (best == 0) & (slope(np.zeros(mu.shape))[0] <= 0)
    high, start = np.where(at_zero, 0.0, high), np.where(at_zero, 0.0, grid[best])
    t = bracketed_newton(slope, low, high, start, relative=1e-10)
    return t, total_terms(rows, member, mu, t, only_mu=True).value

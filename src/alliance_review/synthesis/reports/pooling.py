"""Pooling every report: numbers as numbers, words as the intervals they are."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .. import checks
from ..distributions import quantile
from ..results import read_only
from .fits import Fits, fit_sets
from .likelihood import Rows, report_terms, rows_of
from .maximum import UNBOUNDED, NoMaximum, maximise
from .report import Report
from .results import PooledReports, Profile
from .tau_search import best_t

ESTIMATORS = ("ML", "REML")


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


def pool_reports(
    reports: Sequence[Report], *, level: float = 0.95, estimator: str = "ML"
) -> PooledReports:
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
    estimator : {"ML", "REML"}
        Maximum likelihood, or the restricted likelihood of tau: the mean integrated out.

    Returns
    -------
    PooledReports

    Raises
    ------
    NoMaximum
        (A ValueError.) No report holds the mean from both sides, so that nothing can be said.
    ValueError
        No list, fewer than two reports, something that is not a Report, a level outside 0 to 1,
        an estimator of another name.

    Notes
    -----
    Interval-censored likelihood as in Tobin (1958) and Turnbull (1976); profile likelihood for
    random effects as in Hardy & Thompson (1996). The maximum is global: see ``maximum``.
    """
    reports, level = checked_reports(reports), checks.level(level)
    return pooling_of(estimator)(rows_of(reports), level=level)


def pooling_of(estimator: str) -> Callable[..., PooledReports]:
    """The function that pools rows by the estimator of that name."""
    if checks.choice("the estimator", estimator, ESTIMATORS) == "ML":
        return pool_rows
    # restricted likelihood builds on this module
    from .restricted import pool_rows_restricted

    return pool_rows_restricted


def pool_rows(rows: Rows, *, level: float) -> PooledReports:
    """``pool_reports`` by maximum likelihood for reports already taken apart."""
    if not rows.anchored.any():
        raise NoMaximum(UNBOUNDED)
    (result,) = pool_members(rows, np.ones((rows.first.size, 1)), level=level)
    return result


def pool_members(rows: Rows, member, *, level: float) -> list[PooledReports]:
    """Pool every set of reports, a column of ``member`` (k, S); each must hold an anchored one."""
    fits = fit_sets(rows, member, level)
    information = member * np.maximum(-report_terms(rows, fits.mu, fits.t, only_mu=True).mm, 0.0)
    exact, reach = rows.exact[rows.first], float(quantile(level, np.inf))
    results = []
    for s, fit in enumerate(zip(*(array.tolist() for array in fits), strict=True)):
        fit = Fits(*fit)
        inside = member[:, s] > 0
        each, total = information[inside, s], float(information[:, s].sum())
        spread = reach * (fit.t + 1 / total) ** 0.5
        results.append(
            PooledReports(
                estimate=fit.mu,
                se=total**-0.5,
                ci_low=fit.mu_low,
                ci_high=fit.mu_high,
                tau=fit.t**0.5,
                tau_ci_low=fit.t_low**0.5,
                tau_ci_high=fit.t_high**0.5,
                prediction_low=fit.mu - spread,
                prediction_high=fit.mu + spread,
                log_likelihood=fit.value,
                k=each.size,
                k_exact=int(np.count_nonzero(exact & inside)),
                weights=read_only(each / total),
                level=level,
                estimator="ML",
            )
        )
    return results


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
    t, terms = best_t(rows, member, mu)
    value = terms.value
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

"""Reports left out: one at a time, and every subset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..blocks import BLOCK, Progress, blocks
from ..results import Result, read_only
from ..sensitivity import subset_members
from .fits import Fits, fit_sets
from .pooling import checked_reports, pool_members, pooling_of
from .report import Report
from .results import PooledReports
from .rows import rows_of

MAX_SUBSET_REPORTS = 16


def leave_one_out_reports(
    reports: Sequence[Report], *, level: float = 0.95, estimator: str = "ML"
) -> tuple[PooledReports | None, ...]:
    """Pool k times, the i-th time without report i.

    Parameters
    ----------
    reports : sequence of Report
        At least three.
    level : float
        Of all intervals, between 0 and 1.
    estimator : {"ML", "REML"}
        As for ``pool_reports``.

    Returns
    -------
    tuple of PooledReports or None, length k
        None where nothing is left that holds the mean from both sides (see ``NoMaximum``).

    Raises
    ------
    ValueError
        No list, fewer than three reports, something that is not a Report, a level outside 0 to 1,
        an estimator of another name.

    References
    ----------
    Viechtbauer & Cheung (2010): what each study does to a meta-analysis, by leaving it out.
    """
    reports, level = checked_reports(reports, minimum=3), checks.level(level)
    pool_rows, rows = pooling_of(estimator), rows_of(reports)
    every = np.arange(len(reports))
    held = [i for i in every if np.delete(rows.anchored, i).any()]
    if estimator == "ML":
        member = 1.0 - np.eye(len(reports))[:, held]
        found = pool_members(rows, member, level=level) if held else []
    else:
        found = [pool_rows(rows.only(np.delete(every, i)), level=level) for i in held]
    left_out = dict(zip(held, found, strict=True))
    return tuple(left_out.get(i) for i in every)


@dataclass(frozen=True, repr=False, eq=False)
class ReportSubsets(Result):
    """Every non-empty subset of reports, in the order of ``sensitivity.subsets``.

    Attributes
    ----------
    members : ndarray of bool, shape (B, k)
        Whether each report takes part.
    estimate, ci_low, ci_high : ndarray, shape (B,)
        Mean of the true effects, Fisher z, with its profile-likelihood interval; like the rest
        ``nan`` where the likelihood has no maximum. The limits, those of tau as well, are ``nan``
        where no intervals were asked for.
    tau, tau_ci_low, tau_ci_high : ndarray, shape (B,)
        Standard deviation of the true effects, Fisher z.
    log_likelihood : ndarray, shape (B,)
        At the maximum, normal constants included.
    k : ndarray of int, shape (B,)
        Number of reports in the subset.
    level : float
        Of the intervals.
    """

    members: np.ndarray
    estimate: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    tau: np.ndarray
    tau_ci_low: np.ndarray
    tau_ci_high: np.ndarray
    log_likelihood: np.ndarray
    k: np.ndarray
    level: float

    _shown: ClassVar = ("level",)
    _rows: ClassVar = (
        "k", "estimate", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high",
        "log_likelihood", "members",
    )  # fmt: skip


def report_subsets(
    reports: Sequence[Report],
    *,
    intervals: bool = False,
    level: float = 0.95,
    progress: Progress | None = None,
) -> ReportSubsets:
    """Mean and tau of every non-empty subset of the reports, 2**k - 1 in all.

    Row c - 1 is the subset whose binary code is c, with the lowest bit for the first report. A
    subset of a single report is fitted too: its tau is 0.

    Parameters
    ----------
    reports : sequence of Report
        Two to 16.
    intervals : bool
        Whether the profile-likelihood limits of mean and tau are wanted.
    level : float
        Of the intervals, between 0 and 1.
    progress : callable, optional
        Called with the number of subsets done and the number of all that have a maximum. Without
        it a run of more than two seconds, from 12 reports on, says how far it is on the standard
        error stream.

    Returns
    -------
    ReportSubsets

    Raises
    ------
    ValueError
        No list, fewer than two reports or more than 16, something that is not a Report, a level
        outside 0 to 1.

    References
    ----------
    Olkin, Dahabreh & Trikalinos (2012): all subsets of the studies of a meta-analysis.
    """
    reports, level = checked_reports(reports), checks.level(level)
    if len(reports) > MAX_SUBSET_REPORTS:
        raise ValueError(
            f"every subset of {len(reports)} reports is too many; {MAX_SUBSET_REPORTS} at most"
        )
    rows = rows_of(reports)
    members = subset_members(len(reports))
    held = np.flatnonzero(members[:, rows.anchored].any(axis=1))
    found = np.full((len(Fits._fields), members.shape[0]), np.nan)
    if held.size <= BLOCK:
        progress = progress or _quiet
    for block in blocks(held.size, "subsets of reports", progress):
        part = held[block]
        found[:, part] = fit_sets(rows, members[part].T.astype(float), level if intervals else None)
    fits = Fits(*found)
    return ReportSubsets(
        members=read_only(members),
        estimate=read_only(fits.mu),
        ci_low=read_only(fits.mu_low),
        ci_high=read_only(fits.mu_high),
        tau=read_only(np.sqrt(fits.t)),
        tau_ci_low=read_only(np.sqrt(fits.t_low)),
        tau_ci_high=read_only(np.sqrt(fits.t_high)),
        log_likelihood=read_only(fits.value),
        k=read_only(members.sum(axis=1)),
        level=level,
    )


def _quiet(done, total):
    """A run of a single block has nothing to tell before it ends."""

"""Reports left out: one at a time, and every subset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..blocks import BLOCK, Progress, blocks
from ..results import Result, read_only
from ..sensitivity import subset_members
from .likelihood import rows_of
from .maximum import NoMaximum, maximise
from .pooling import checked_reports, pool_reports
from .report import Report
from .results import PooledReports

MAX_SUBSET_REPORTS = 14


def leave_one_out_reports(
    reports: Sequence[Report], *, level: float = 0.95
) -> tuple[PooledReports | None, ...]:
    """Pool k times, the i-th time without report i.

    Parameters
    ----------
    reports : sequence of Report
        At least three.
    level : float
        Of all intervals, between 0 and 1.

    Returns
    -------
    tuple of PooledReports or None, length k
        None where nothing is left that holds the mean from both sides (see ``NoMaximum``).

    Raises
    ------
    ValueError
        No list, fewer than three reports, something that is not a Report, a level outside 0 to 1.

    References
    ----------
    Viechtbauer & Cheung (2010): what each study does to a meta-analysis, by leaving it out.
    """
    reports, level = checked_reports(reports, minimum=3), checks.level(level)
    return tuple(_or_none(reports[:i] + reports[i + 1 :], level) for i in range(len(reports)))


def _or_none(reports, level):
    try:
        return pool_reports(reports, level=level)
    except NoMaximum:
        return None


@dataclass(frozen=True, repr=False, eq=False)
class ReportSubsets(Result):
    """Every non-empty subset of reports, in the order of ``sensitivity.subsets``.

    Attributes
    ----------
    members : ndarray of bool, shape (B, k)
        Whether each report takes part.
    estimate : ndarray, shape (B,)
        Mean of the true effects, Fisher z; like the next two ``nan`` where the likelihood has no
        maximum.
    tau : ndarray, shape (B,)
        Standard deviation of the true effects, Fisher z.
    log_likelihood : ndarray, shape (B,)
        At the maximum, normal constants included.
    k : ndarray of int, shape (B,)
        Number of reports in the subset.
    """

    members: np.ndarray
    estimate: np.ndarray
    tau: np.ndarray
    log_likelihood: np.ndarray
    k: np.ndarray

    _rows: ClassVar = ("k", "estimate", "tau", "log_likelihood", "members")


def report_subsets(
    reports: Sequence[Report], *, progress: Progress | None = None
) -> ReportSubsets:
    """Mean and tau of every non-empty subset of the reports, 2**k - 1 in all.

    Row c - 1 is the subset whose binary code is c, with the lowest bit for the first report. A
    subset of a single report is fitted too: its tau is 0.

    Parameters
    ----------
    reports : sequence of Report
        Two to 14.
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
        No list, fewer than two reports or more than 14, something that is not a Report.

    References
    ----------
    Olkin, Dahabreh & Trikalinos (2012): all subsets of the studies of a meta-analysis.
    """
    reports = checked_reports(reports)
    if len(reports) > MAX_SUBSET_REPORTS:
        raise ValueError(
            f"every subset of {len(reports)} reports is too many; {MAX_SUBSET_REPORTS} at most"
        )
    rows = rows_of(reports)
    members = subset_members(len(reports))
    held = np.flatnonzero(members[:, rows.anchored].any(axis=1))
    estimate, t, value = (np.full(members.shape[0], np.nan) for _ in range(3))
    if held.size <= BLOCK:
        progress = progress or _quiet
    for block in blocks(held.size, "subsets of reports", progress):
        part = held[block]
        estimate[part], t[part], value[part] = maximise(rows, members[part].T.astype(float))
    arrays = members, estimate, np.sqrt(t), value, members.sum(axis=1)
    return ReportSubsets(*map(read_only, arrays))


def _quiet(done, total):
    """A run of a single block has nothing to tell before it ends."""

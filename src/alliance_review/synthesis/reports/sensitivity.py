"""Reports left out: one at a time, and every subset."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .. import checks
from ..sensitivity import subset_members
from .likelihood import rows_of
from .maximum import NoMaximum, maximise
from .pooling import PooledReports, checked_reports, pool_reports
from .report import Report

MAX_SUBSET_REPORTS = 14


def leave_one_out_reports(
    reports: Sequence[Report], *, level: float = 0.95
) -> tuple[PooledReports | None, ...]:
    """Pool k times, the i-th time without report i; None where nothing is left that holds the
    mean (see ``NoMaximum``). At least three reports, ValueError otherwise."""
    reports = checked_reports(reports, minimum=3)
    return tuple(_or_none(reports[:i] + reports[i + 1 :], level) for i in range(len(reports)))


def _or_none(reports, level):
    try:
        return pool_reports(reports, level=level)
    except NoMaximum:
        return None


@dataclass(frozen=True)
class ReportSubsets:
    """Every non-empty subset of reports, in the order of ``sensitivity.subsets``.

    ``members`` (B, k) is true where a report takes part; ``estimate``, ``tau`` and
    ``log_likelihood`` (B,) are ``nan`` where the likelihood has no maximum; ``k`` (B,).
    """

    members: np.ndarray
    estimate: np.ndarray
    tau: np.ndarray
    log_likelihood: np.ndarray
    k: np.ndarray

    def to_dict(self) -> dict:
        """Plain values; ``nan`` becomes None."""
        return checks.plain({f.name: getattr(self, f.name) for f in fields(self)})


def report_subsets(reports: Sequence[Report]) -> ReportSubsets:
    """Mean and tau of every non-empty subset, 2**k - 1 in all; k at most 12.

    Row c - 1 is the subset whose binary code is c, with the lowest bit for the first report.
    """
    reports = checked_reports(reports)
    if len(reports) > MAX_SUBSET_REPORTS:
        raise ValueError(
            f"every subset of {len(reports)} reports is too many; {MAX_SUBSET_REPORTS} at most"
        )
    rows = rows_of(reports)
    members = subset_members(len(reports))
    held = members[:, rows.anchored].any(axis=1)
    estimate, t, value = (np.full(members.shape[0], np.nan) for _ in range(3))
    if held.any():
        found = maximise(rows, members[held].T.astype(float))
        estimate[held], t[held], value[held] = found
    return ReportSubsets(members, estimate, np.sqrt(t), value, members.sum(axis=1))

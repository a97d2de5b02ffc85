"""Statistics of the review: arrays or reports in, frozen results out.

No file is read here, nothing is drawn, and nothing here knows what the review is about. Effects
are on one scale throughout, in this review Fisher z; readers see r = tanh(z).
"""

from .crosscheck import by_statsmodels
from .maximum import NoMaximum
from .pooling import Pooled, pool
from .report_pooling import PooledReports, Profile, pool_reports, profile
from .report_sensitivity import ReportSubsets, leave_one_out_reports, report_subsets
from .reports import Report, critical_z, report_bounds
from .sensitivity import PooledSets, cumulative, leave_one_out, subsets
from .small_study import (
    EggerTest,
    RankTest,
    TrimAndFill,
    egger_test,
    rank_test,
    trim_and_fill,
)
from .tau_intervals import TauInterval, tau2_interval

__all__ = [
    "EggerTest",
    "NoMaximum",
    "Pooled",
    "PooledReports",
    "PooledSets",
    "Profile",
    "RankTest",
    "Report",
    "ReportSubsets",
    "TauInterval",
    "TrimAndFill",
    "by_statsmodels",
    "critical_z",
    "cumulative",
    "egger_test",
    "leave_one_out",
    "leave_one_out_reports",
    "pool",
    "pool_reports",
    "profile",
    "rank_test",
    "report_bounds",
    "report_subsets",
    "subsets",
    "tau2_interval",
    "trim_and_fill",
]

"""Profile limits of Student's t: of one pool, and whether they lie above zero in many.

The plain profile interval takes its critical value from the normal distribution and is too narrow
when few samples differ in their true effects. At ``pools.t_level`` it is that of Student's t with
one degree of freedom less than there are samples.

With few samples these limits err on the wide side: the deviance has its maximum over the spread
taken already, and for k normal values of unknown variance the deviance that answers to a quantile
t is ``k log(1 + t**2 / (k - 1))``, 7.0 at k = 3, 4.8 at 7 and 4.4 at 11, where ``t**2`` is 18.5,
6.0 and 5.0. An interval that they put above zero is above it by either reckoning; one that holds
zero by them, with fewer than about eight samples, need not by the other.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from alliance_review.analysis.pools import all_reports, t_level
from alliance_review.synthesis import Report
from alliance_review.synthesis.reports.fits import fit_sets
from alliance_review.synthesis.reports.likelihood import report_values
from alliance_review.synthesis.reports.rows import rows_of

LEVEL = 0.95
#: Samples below which there are no t limits: with one degree of freedom the quantile is 12.7.
FEWEST = 3
#: Spreads at which the likelihood of a mean of zero is looked up; its maximum lies between two.
TAUS = np.concatenate([[0.0], np.geomspace(1e-3, 10.0, 400)])
#: Deviances this near to the critical value are too near for that grid.
NEAR = 0.01
#: Sets at once, so that sets by spreads stays small.
AT_ONCE = 512


def t_limits(reports: Sequence[Report]) -> dict:
    """``t_low`` and ``t_high`` in r; None with fewer than three reports or without a maximum."""
    fit = None
    if len(reports) >= FEWEST:
        fit = all_reports(reports, t_level(LEVEL, len(reports) - 1))
    return {"t_low": None if fit is None else fit["r_low"],
            "t_high": None if fit is None else fit["r_high"]}  # fmt: skip


def members_of(sets: Sequence[Sequence[Report]]) -> tuple[list[Report], np.ndarray]:
    """All reports of some sets, and which are in each set, (k, S).

    A report that a set holds twice, as two samples may say the same, counts as two reports.
    """
    places: dict[tuple[Report, int], int] = {}
    inside = []
    for reports in sets:
        seen: Counter = Counter()
        here = []
        for report in reports:
            here.append(places.setdefault((report, seen[report]), len(places)))
            seen[report] += 1
        inside.append(here)
    member = np.zeros((len(places), len(inside)), dtype=bool)
    for column, here in enumerate(inside):
        member[here, column] = True
    return [report for report, _ in places], member


def above_zero_t(reports: Sequence[Report], member: np.ndarray) -> np.ndarray:
    """Whether the t interval of each set of reports lies above zero.

    It does where the estimate is positive and the profile deviance of a mean of zero exceeds the
    squared quantile of t, which needs no limits.

    Parameters
    ----------
    reports : sequence of Report, length k
    member : ndarray of bool, shape (k, S)
        Which reports are in each set: three or more, and one that holds the mean from both sides.

    Returns
    -------
    ndarray of bool, shape (S,)
    """
    rows, count = rows_of(list(reports)), member.sum(axis=0)
    if (count < FEWEST).any():
        raise ValueError(f"t limits need {FEWEST} reports in every set")
    fits = fit_sets(rows, member.astype(float), None)
    at_zero = report_values(rows, np.zeros(TAUS.size), TAUS**2)
    best = np.concatenate([
        (member[:, start : start + AT_ONCE].T.astype(float) @ at_zero).max(axis=1)
        for start in range(0, member.shape[1], AT_ONCE)
    ])  # fmt: skip
    deviance, critical = 2 * (fits.value - best), stdtrit(count - 1, 0.5 + LEVEL / 2) ** 2
    above = (fits.mu > 0) & (deviance > critical)
    for place in np.flatnonzero((fits.mu > 0) & (np.abs(deviance - critical) < NEAR)):
        inside = [report for report, there in zip(reports, member[:, place], strict=True) if there]
        above[place] = all_reports(inside, t_level(LEVEL, len(inside) - 1))["r_low"] > 0
    return above

"""Likelihood of reports given that they are in the record, with disfavoured results rarer in it."""

from collections.abc import Sequence

import numpy as np

from ..likelihood import Rows, make_rows, report_values, total_terms, total_values
from ..n_ranges import gauss_sizes
from ..report import Report, interval_at, n_range
from ..terms import Terms
from .kinds import NEGATIVE, NOT, POSITIVE, insignificant, kind_of, observed_class
from .landscape import Landscape, lattices


class Record:
    """Reports, what each says, and the chance of each to be in the record at all.

    ``weight`` is the chance of a disfavoured result relative to a favoured one; ``selection`` is
    "two-sided" (what is not significant is disfavoured) or "positive" (everything but a
    significant positive result is).
    """

    def __init__(self, reports: Sequence[Report], weight: float, selection: str):
        (self.said, favour), (self.recorded, self.chance) = _parts(reports, weight, selection)
        self.constant = favour.sum() - self.chance.sum()
        self.member = np.ones((len(reports), 1))
        self.selects = weight < 1

    def values(self, mu, t) -> np.ndarray:
        """Log-likelihood at (B,) points."""
        parts = (total_values(rows, self.member, mu, t) for rows in (self.said, self.recorded))
        return np.subtract(*parts) + self.constant

    def terms(self, mu, t) -> Terms:
        """Log-likelihood and derivatives at (B,) points."""
        parts = (total_terms(rows, self.member, mu, t) for rows in (self.said, self.recorded))
        found = Terms(*(a - b for a, b in zip(*parts, strict=True)))
        return found._replace(value=found.value + self.constant)

    def in_record(self, mu: float, t: float) -> np.ndarray:
        """Chance of each report's study to be in the record, (k,)."""
        value = report_values(self.recorded, np.array([mu]), np.array([t]))[:, 0]
        return np.exp(value + self.chance)

    @property
    def landscape(self) -> Landscape:
        """Where to search: being in the record is not log-concave in the mean."""
        mu, t = lattices(self.said)
        concave = not (self.selects or self.said.mixed)
        return Landscape(self.values, self.terms, mu, t[::2], concave=concave)


def disfavoured(reports: Sequence[Report], selection: str) -> int:
    """Number of reports of the disfavoured kind; a direction alone is not counted."""
    kinds = [observed_class(report) for report in reports]
    return kinds.count(NOT) + (kinds.count(NEGATIVE) if selection == "positive" else 0)


def _pieces(report, n, weight, selection):
    """The z axis in pieces of one weight, for every size: (low, high, weight, kinds in it)."""
    low, high = insignificant(report, n)
    infinite = np.full(n.shape, np.inf)
    if weight == 1:
        return [(-infinite, infinite, 1.0, (POSITIVE, NOT, NEGATIVE))]
    above = (high, infinite, 1.0, (POSITIVE,))
    if selection == "positive":
        return [(-infinite, high, weight, (NOT, NEGATIVE)), above]
    return [(-infinite, low, 1.0, (NEGATIVE,)), (low, high, weight, (NOT,)), above]


def _parts(reports, weight, selection):
    """What was reported, and being in the record at all: for each the rows, with weights as
    shares, and a factor (in logs) for every report of one row, which has no share."""
    said, recorded = [], []
    for report in reports:
        n, share = gauss_sizes(*n_range(report))
        v, (start, end) = 1 / (n - 3), interval_at(report, n)
        own, whole = [], []
        for low, high, w, kinds in _pieces(report, n, weight, selection):
            a, b = np.maximum(start, low), np.minimum(end, high)
            inside = a < b
            if report.form == "exact":
                a, b = start, end
                inside = np.isin(kind_of(report.z, *insignificant(report, n)), kinds)
            own.append((a[inside], b[inside], v[inside], w * share[inside]))
            there = low < high  # a one-tailed test has nothing beyond its open side
            whole.append((low[there], high[there], v[there], w * share[there]))
        for collected, part in ((said, own), (recorded, whole)):
            collected.append([np.concatenate(array) for array in zip(*part, strict=True)])
    return [_with_factors(collected) for collected in (said, recorded)]


def _with_factors(parts) -> tuple[Rows, np.ndarray]:
    single = [share.size == 1 for *_, share in parts]
    factor = [np.log(share[0]) if one else 0.0 for one, (*_, share) in zip(single, parts,
                                                                        strict=True)]  # fmt: skip
    for one, part in zip(single, parts, strict=True):
        part[3] = np.ones(1) if one else part[3]
    return make_rows(*zip(*parts, strict=True)), np.array(factor)

"""Reports taken apart into the rows that the likelihood is summed over."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .n_ranges import gauss_sizes
from .report import Report, intervals, n_range

#: Stands for an open end that is open on both sides: nothing reaches it, yet its square is finite.
FAR = 1e100


class Plan(NamedTuple):
    """Rows in the order of their formulas: numbers, open intervals, intervals with two ends.

    ``owner`` is the report of each row, ``places`` the first row of each report. Arrays of bounds
    and of ``v`` are (rows, 1) or (rows, B); see ``terms`` for their meaning. ``mixed`` are the
    places of the rows of reports with several sizes, report after report: with ``mixed_first``,
    where each report begins among them, ``mixed_owner``, its number, and ``log_share``.
    """

    v: np.ndarray
    z: np.ndarray
    bound: np.ndarray
    side: np.ndarray
    middle: np.ndarray
    half: np.ndarray
    owner: np.ndarray
    places: np.ndarray
    mixed: np.ndarray
    mixed_first: np.ndarray
    mixed_owner: np.ndarray
    log_share: np.ndarray

    def take(self, columns) -> "Plan":
        """The plan of some columns of bounds."""
        some = {
            name: getattr(self, name)[:, columns] for name in ("v", "z", "bound", "middle", "half")
        }
        return self._replace(**some)


@dataclass(frozen=True)
class Rows:
    """Reports taken apart: one row per report and possible n (see ``n_ranges``).

    ``low``, ``high`` and ``v`` are (m, 1); or (m, B) where every column is a set with bounds of
    its own, of the same forms. ``low`` equals ``high`` in an ``exact`` row. ``owner`` is the
    position of the report, ascending; ``first`` the first row of each report; ``log_share`` the
    log of the row's weight in its report.
    """

    low: np.ndarray
    high: np.ndarray
    v: np.ndarray
    owner: np.ndarray
    first: np.ndarray
    log_share: np.ndarray
    exact: np.ndarray

    @cached_property
    def plan(self) -> Plan:
        """The rows sorted by their formula."""
        return _planned(self)

    @cached_property
    def mixed(self) -> bool:
        """Whether any report has more than one possible n."""
        return self.owner.size > self.first.size

    @cached_property
    def anchored(self) -> np.ndarray:
        """Per report: does it hold mu from both sides (a number, or a bounded interval)?"""
        return (np.isfinite(self.low) & np.isfinite(self.high))[self.first, 0]

    @cached_property
    def pulls(self) -> np.ndarray:
        """Where each row pulls mu to: its value, its middle, or the one bound it has; (m, 1) or
        (m, B)."""
        with np.errstate(invalid="ignore"):
            middle = 0.5 * (self.low + self.high)
        one = np.where(np.isfinite(self.low), self.low, self.high)
        return np.where(np.isfinite(middle), middle, np.where(np.isfinite(one), one, 0.0))

    def take(self, columns) -> "Rows":
        """The rows of some columns; where all share one column, the same rows."""
        if self.v.shape[1] == 1:
            return self
        low, high, v = (array[:, columns] for array in (self.low, self.high, self.v))
        some = replace(self, low=low, high=high, v=v)
        # sorted once, a plan serves every choice of columns
        some.__dict__["plan"] = self.plan.take(columns)
        return some

    def only(self, reports) -> "Rows":
        """The rows of some reports, given by their positions, ascending."""
        chosen = np.flatnonzero(np.isin(self.owner, reports))
        owner = np.searchsorted(reports, self.owner[chosen])
        parts = (a[chosen] for a in (self.low, self.high, self.v))
        first = np.searchsorted(owner, np.arange(len(reports)))
        return Rows(*parts, owner, first, self.log_share[chosen], self.exact[chosen])


def _planned(rows: Rows) -> Plan:
    low_end, high_end = np.isfinite(rows.low[:, 0]), np.isfinite(rows.high[:, 0])
    both = low_end & high_end & ~rows.exact
    order = np.argsort(np.where(rows.exact, 0, np.where(both, 2, 1)), kind="stable")
    numbers, bounded = np.count_nonzero(rows.exact), np.count_nonzero(both)
    opened, two = order[numbers : order.size - bounded], order[order.size - bounded :]
    bound = np.where(low_end[opened, None], rows.low[opened], rows.high[opened])
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    several = mixed_first = mixed_owner = order[:0]
    if rows.mixed:
        several = np.flatnonzero(np.bincount(rows.owner)[rows.owner] > 1)
        _, mixed_first, mixed_owner = np.unique(
            rows.owner[several], return_index=True, return_inverse=True
        )
    return Plan(
        v=rows.v[order],
        z=rows.low[order[:numbers]],
        bound=np.minimum(bound, FAR),
        side=np.where(low_end[opened, None], -1.0, 1.0),
        middle=0.5 * (rows.low[two] + rows.high[two]),
        half=0.5 * (rows.high[two] - rows.low[two]),
        owner=rows.owner[order],
        places=place[rows.first],
        mixed=place[several],
        mixed_first=mixed_first,
        mixed_owner=mixed_owner,
        log_share=rows.log_share[several],
    )


def rows_of(reports: list[Report]) -> Rows:
    """Take reports apart into rows."""
    sizes, shares = zip(*(gauss_sizes(*n_range(report)) for report in reports), strict=True)
    counts = np.array([part.size for part in sizes])
    n, share = np.concatenate(sizes), np.concatenate(shares)
    low, high = intervals(reports, np.repeat(np.arange(counts.size), counts), n)
    return _rows(low, high, 1 / (n - 3.0), share, counts)


def make_rows(lows, highs, variances, shares) -> Rows:
    """Rows from one array per report of lower bounds, upper bounds, variances and weights."""
    counts = np.array([len(part) for part in variances])
    return _rows(*map(np.concatenate, (lows, highs, variances, shares)), counts)


def _rows(low, high, v, share, counts) -> Rows:
    return Rows(
        low=low[:, None],
        high=high[:, None],
        v=v[:, None],
        owner=np.repeat(np.arange(counts.size), counts),
        first=np.cumsum(counts) - counts,
        log_share=np.log(share)[:, None],
        exact=low == high,
    )

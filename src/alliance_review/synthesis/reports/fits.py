"""Estimates and profile intervals of many sets of reports: the fast way, verified, or the safe."""

from typing import NamedTuple

import numpy as np

from ..distributions import chi2_upper
from .likelihood import Rows, taken
from .limits_of_sets import limits_of_sets
from .maximum import summits
from .profile_limits import mu_limits_of_region, t_limits


class Fits(NamedTuple):
    """Of S sets, each (S,): mean, t = tau squared, log-likelihood; then the limits of mean and t,
    nan where none were asked for."""

    mu: np.ndarray
    t: np.ndarray
    value: np.ndarray
    mu_low: np.ndarray
    mu_high: np.ndarray
    t_low: np.ndarray
    t_high: np.ndarray


def fit_sets(rows: Rows, member, level: float | None) -> Fits:
    """Fit every set, with intervals at ``level`` or, where that is None, without.

    ``member`` is (k, S) or (k, 1) of 1 and 0; every set must hold an anchored report.
    """
    drop = 0.0 if level is None else 0.5 * chi2_upper(1 - level, 1)
    parts = []
    for columns, seen, peaks in summits(rows, member, _reach(rows, member, drop)):
        some, part = rows.take(columns), taken(member, columns)
        ends = np.full((4, columns.size), np.nan)
        if level is not None:
            floor = peaks.value - drop
            ends, good = limits_of_sets(some, part, seen, peaks, floor)
            for s in np.flatnonzero(~good):
                ends[:, s] = _safe_limits(some.take([s]), taken(part, [s]), peaks.t[s], floor[s])
        parts.append(np.concatenate([peaks[:3], ends]))
    return Fits(*np.concatenate(parts, axis=1))


def _reach(rows: Rows, member, drop: float) -> float:
    """How far the grid of t must go on so that the profile falls by ``drop``: far out it falls by
    half the log of t for each report that anchors the mean."""
    anchors = member[rows.anchored].sum(axis=0).min()
    # what lies farther than this is left to the safe way
    return 6.0 * float(np.exp(min(2 * drop / max(anchors, 1.0), 12.0)))


def _safe_limits(rows: Rows, member, t_best, floor):
    """The limits of one set by the slow and safe way."""
    rows, member = rows.only(np.flatnonzero(member[:, 0])), np.ones((int(member.sum()), 1))
    t_best, floor = float(t_best), float(floor)
    t_range = t_limits(rows, member, t_best, floor)
    return *mu_limits_of_region(rows, member, t_best, t_range, floor), *t_range

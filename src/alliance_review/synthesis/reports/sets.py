"""Many sets of reports pooled in one call: simulated reviews, permutations, what-if sets."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..blocks import Progress, blocks
from ..results import Result, read_only
from .fits import Fits, fit_sets
from .likelihood import total_terms
from .report import LARGEST_N
from .rows import Rows

#: What is found for every set, in the order of the result.
FOUND = (
    "estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high", "log_likelihood",
)  # fmt: skip
#: A bound beyond this is no Fisher z at all: infinity is what was meant.
FARTHEST = 1e3
#: Kinds of report: a number, open below or above, two ends; and nothing that could be told.
KINDS = NUMBER, BELOW, ABOVE, BOTH, NOTHING = range(5)


@dataclass(frozen=True, repr=False, eq=False)
class PooledReportSets(Result):
    """Many sets of reports, each pooled by maximum likelihood; arrays of shape (B,), Fisher z.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, tau, tau_ci_low, tau_ci_high, log_likelihood : ndarray
        As in ``PooledReports``; ``nan`` where the likelihood of a set has no maximum. The limits
        are ``nan`` as well where no intervals were asked for.
    k, k_exact : ndarray of int
        Number of reports in each set, and of those with a number.
    level : float
        Of the intervals.
    """

    estimate: np.ndarray
    se: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    tau: np.ndarray
    tau_ci_low: np.ndarray
    tau_ci_high: np.ndarray
    log_likelihood: np.ndarray
    k: np.ndarray
    k_exact: np.ndarray
    level: float

    _shown: ClassVar = ("level",)
    _rows: ClassVar = ("k", "k_exact", *FOUND)


def pool_report_sets(
    low, high, n, *, level: float = 0.95, intervals: bool = True, progress: Progress | None = None
) -> PooledReportSets:
    """Pool every column of reports, as ``pool_reports`` would one by one.

    Parameters
    ----------
    low, high : array_like, shape (k, B)
        Bounds of the observed Fisher z of report i in set b: equal for a number, -inf or inf for
        an open end, both nan where the set has no such report.
    n : array_like, shape (k,) or (k, B)
        Sample sizes, whole numbers from 4 to 1e10; the sampling variance is 1/(n - 3).
    level : float
        Of the intervals, between 0 and 1.
    intervals : bool
        Whether the profile-likelihood limits are wanted.
    progress : callable, optional
        Told (done, B) after every block; without one, a run of more than two seconds says on the
        standard error stream how far it is.

    Returns
    -------
    PooledReportSets
        ``nan`` for a set without a report that holds the mean from both sides.

    Notes
    -----
    Where wide intervals leave the likelihood all but flat at its maximum, ``estimate`` is a point
    of that plateau and ``se``, from the curvature there, can be of any size, ``inf`` included.
    The limits do not depend on it: they are where the profile likelihood has fallen.

    Raises
    ------
    ValueError
        What is no number, shapes that do not fit, bounds in the wrong order or beyond 20 for a
        number, a size that is not such a whole number, a level outside 0 to 1.
    """
    level = checks.level(level)
    low, high, n = _checked(low, high, n)
    there = ~np.isnan(low)
    count = low.shape[1]
    found = {name: np.full(count, np.nan) for name in FOUND}
    kinds = _kinds(low, high)
    key = _signatures(kinds)
    order = np.argsort(key, kind="stable")
    for block in blocks(count, "sets of reports", progress):
        part = order[block]
        for alike in np.split(part, np.flatnonzero(np.diff(key[part])) + 1):
            rows = _rows_of_sets(kinds[:, alike], low[:, alike], high[:, alike], n[:, alike])
            if rows is None:
                continue
            member = np.ones((rows.first.size, 1))
            fits = fit_sets(rows, member, level if intervals else None)
            information = -total_terms(rows, member, fits.mu, fits.t, only_mu=True).mm
            for name, array in _named(fits, information).items():
                found[name][alike] = array
    return PooledReportSets(
        **{name: read_only(array) for name, array in found.items()},
        k=read_only(there.sum(axis=0)),
        k_exact=read_only((low == high).sum(axis=0)),
        level=level,
    )


def _kinds(low, high):
    """What each report is, (k, B): a number of ``KINDS``."""
    low_end, high_end = np.isfinite(low), np.isfinite(high)
    kinds = np.where(low_end, np.where(high_end, BOTH, ABOVE), np.where(high_end, BELOW, NOTHING))
    return np.where(low == high, NUMBER, kinds)


def _signatures(kinds):
    """A number for every set that is the same where all kinds are as frequent, (B,)."""
    base = kinds.shape[0] + 1
    return sum((kinds == kind).sum(axis=0) * base**place for place, kind in enumerate(KINDS))


def _rows_of_sets(kinds, low, high, n) -> Rows | None:
    """Sets with the same number of reports of every kind as columns: row by row of one kind, for
    the order of reports means nothing. None where none of them holds the mean."""
    size = np.count_nonzero(kinds[:, 0] != NOTHING)
    order = np.argsort(kinds, axis=0, kind="stable")[:size]
    kind = np.take_along_axis(kinds, order, axis=0)[:, 0]
    if not np.isin(kind, (NUMBER, BOTH)).any():
        return None
    low, high, n = (np.take_along_axis(array, order, axis=0) for array in (low, high, n))
    each = np.arange(size)
    return Rows(low, high, 1 / (n - 3), each, each, np.zeros((size, 1)), kind == NUMBER)


def _named(fits: Fits, information) -> dict[str, np.ndarray]:
    with np.errstate(divide="ignore"):
        se = np.maximum(information, 0.0) ** -0.5
    return {
        "estimate": fits.mu,
        "se": se,
        "ci_low": fits.mu_low,
        "ci_high": fits.mu_high,
        "tau": np.sqrt(fits.t),
        "tau_ci_low": np.sqrt(fits.t_low),
        "tau_ci_high": np.sqrt(fits.t_high),
        "log_likelihood": fits.value,
    }


def _checked(low, high, n):
    """Bounds (k, B) and sizes (k, B) as floats, or ValueError."""
    low, high, n = (checks.floats(*pair) for pair in (("low", low), ("high", high), ("n", n)))
    if low.ndim != 2 or low.shape != high.shape or not low.size:
        raise ValueError(f"low and high must be of one shape (k, B), not {low.shape}, {high.shape}")
    n = n[:, None] if n.ndim == 1 else n
    if n.shape not in ((low.shape[0], 1), low.shape):
        raise ValueError(f"n of shape {n.shape} does not fit reports of shape {low.shape}")
    n = np.broadcast_to(n, low.shape)
    missing = np.isnan(low)
    far = [np.isfinite(ends) & (np.abs(ends) > FARTHEST) for ends in (low, high)]
    far, fits = far[0] | far[1], (n >= 4) & (n == np.floor(n)) & (n <= LARGEST_N)
    rules = [
        (missing != np.isnan(high), "low and high are both nan where there is no report, or none"),
        (low > high, "low must not lie above high"),
        ((low == high) & ~(np.abs(low) <= 20), "a number must be a Fisher z between -20 and 20"),
        (far, f"a bound must be a Fisher z, not beyond {FARTHEST:g}, or infinite"),
        (~missing & ~fits, f"n must be whole, from 4 on, and not above {LARGEST_N:g}"),
    ]
    for wrong, rule in rules:
        if wrong.any():
            i, b = np.argwhere(wrong)[0]
            raise ValueError(f"{rule}; report {i + 1} of set {b + 1} breaks this")
    return low, high, n

"""How much each report tells about the mean, and what the fit owes to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...results import Result, read_only
from ..likelihood import Rows, make_rows, report_terms, report_values, rows_of
from ..maximum import maximise
from ..n_ranges import gauss_sizes
from ..pooling import checked_reports, pool_reports
from ..report import Report, n_range
from ..results import PooledReports
from .kinds import insignificant


@dataclass(frozen=True, repr=False, eq=False)
class ReportInformation(Result):
    """Information of each report about the mean of true effects, and its influence (Fisher z).

    Attributes
    ----------
    information : ndarray, shape (k,)
        Observed information -d2 log-likelihood / d mu2 of each report at the fit, tau held; for a
        number 1 / (v + tau**2). It can be below 0 for a report with a range of n.
    share : ndarray, shape (k,)
        Of the total, negative information counted as none; they sum to 1. These are the
        ``weights`` of ``pool_reports``.
    equivalent_n : ndarray, shape (k,)
        Size of the sample whose printed number would carry the same information at this tau:
        3 + 1 / (1 / information - tau**2). Of a number with known n its own n; of words less, down
        to 3, which is no information.
    efficiency : ndarray, shape (k,)
        ``information`` over that of a number from the same study, 1 / (v + tau**2) (its mean over
        a range of n): what the words kept. 1 for a number.
    information_spread : ndarray, shape (k,)
        The part of each report in the information about the mean that is left when tau is
        estimated too: its second derivative along the path on which tau follows the mean. They sum
        to ``total_spread``; one report may have less than none.
    expected_words : ndarray, shape (k,)
        Before looking: Fisher information of "significant and positive", "not significant" or
        "significant and negative" about the mean, in a study of this n and this test, at the fit.
    expected_efficiency : ndarray, shape (k,)
        ``expected_words`` over the information of a number from the same study.
    shift, shift_se, shift_tau : ndarray, shape (k,)
        What leaving the report out does to the estimate (Fisher z), the same over ``se``, and to
        tau: fit without it less fit with all, both by maximum likelihood. ``nan`` where nothing
        holds the mean without it, and for k = 2.
    deviance : ndarray, shape (k,)
        Twice the log-likelihood of all reports that is lost at the fit without this one
        (likelihood displacement): 0 or more; infinite where all reports cannot be so.
    total, total_spread : float
        Information about the mean with tau held, and with tau estimated.
    se, se_spread : float
        One over the root of each. The first is that of ``pool_reports``.
    estimate, tau : float
        Where the information was taken.
    k, k_exact : int
    """

    information: np.ndarray
    share: np.ndarray
    equivalent_n: np.ndarray
    efficiency: np.ndarray
    information_spread: np.ndarray
    expected_words: np.ndarray
    expected_efficiency: np.ndarray
    shift: np.ndarray
    shift_se: np.ndarray
    shift_tau: np.ndarray
    deviance: np.ndarray
    total: float
    total_spread: float
    se: float
    se_spread: float
    estimate: float
    tau: float
    k: int
    k_exact: int

    _shown: ClassVar = (
        "total", "total_spread", "se", "se_spread", "estimate", "tau", "k", "k_exact",
    )  # fmt: skip
    _rows: ClassVar = (
        "information", "share", "equivalent_n", "efficiency", "information_spread",
        "expected_words", "expected_efficiency", "shift", "shift_se", "shift_tau", "deviance",
    )  # fmt: skip


def report_information(
    reports: Sequence[Report], fit: PooledReports | None = None
) -> ReportInformation:
    """Information and influence of every report.

    Parameters
    ----------
    reports : sequence of Report
        At least two.
    fit : PooledReports, optional
        Whose ``estimate`` and ``tau`` the information is taken at; not given,
        ``pool_reports(reports)``. Influence is always that on the maximum-likelihood fit.

    Returns
    -------
    ReportInformation

    Raises
    ------
    NoMaximum
        (A ValueError.) No report holds the mean from both sides.
    ValueError
        As ``pool_reports``.

    Notes
    -----
    For an interval under a normal density of variance s2 = v + tau**2 the information is
    (s2 - w) / s2**2, with w the variance of what is left inside the interval: it lies between 0
    (nothing is ruled out) and 1 / s2 (a point). So words never count for more than the number.
    With a range of n, uncertainty about n is taken off as well.

    The information is that of a fit: words that contradict the mean weigh more than words that
    everyone expected. And with tau held it flatters the words, because intervals that are open on
    one side trade mean against spread; ``total_spread`` says what is left. Neither says anything
    about results that were not reported at all.

    References
    ----------
    Cook (1986): likelihood displacement as a measure of influence.
    """
    reports = checked_reports(reports)
    fit = pool_reports(reports) if fit is None else fit
    rows, mean, t = rows_of(reports), float(fit.estimate), float(fit.tau) ** 2
    terms = report_terms(rows, np.array([mean]), np.array([t]))
    information = -terms.mm[:, 0]
    held = np.maximum(information, 0.0)
    number = np.array([_of_number(report, t) for report in reports])
    words = np.array([_expected_words(report, mean, t) for report in reports])
    slope = -terms.mt.sum() / terms.tt.sum() if t > 0 and terms.tt.sum() < 0 else 0.0
    along = -(terms.mm + 2 * slope * terms.mt + slope**2 * terms.tt)[:, 0]
    total, total_spread = float(held.sum()), float(along.sum())
    influence = _left_out(rows)
    arrays = {
        "information": information,
        "share": held / total,
        "equivalent_n": _equivalent_n(reports, held, t),
        "efficiency": information / number,
        "information_spread": along,
        "expected_words": words,
        "expected_efficiency": words / number,
        **influence,
        "shift_se": influence["shift"] * total**0.5,
    }
    return ReportInformation(
        **{name: read_only(array) for name, array in arrays.items()},
        total=total,
        total_spread=total_spread,
        se=total**-0.5,
        se_spread=total_spread**-0.5 if total_spread > 0 else float("inf"),
        estimate=mean,
        tau=float(fit.tau),
        k=len(reports),
        k_exact=int(rows.exact[rows.first].sum()),
    )


def _of_number(report, t) -> float:
    n, share = gauss_sizes(*n_range(report))
    return float(share @ (1 / (1 / (n - 3) + t)))


def _equivalent_n(reports, information, t):
    """3 + 1 / (1 / information - t), and exactly n where it must be."""
    with np.errstate(divide="ignore"):
        n = 3 + 1 / (1 / information - t)
    for i, report in enumerate(reports):
        low, high = n_range(report)
        # a number is its own equivalent, and rounding must not carry words beyond their study
        n[i] = high if report.form == "exact" and low == high else min(n[i], high)
    return n


def _expected_words(report, mean, t) -> float:
    """Sum over the kinds of probability times squared score, of this study's own test."""
    n, share = gauss_sizes(*n_range(report))
    low, high = insignificant(report, n)
    infinite = np.full(n.shape, np.inf)
    ends = [(-infinite, low), (low, high), (high, infinite)]
    ends = [(a, b) for a, b in ends if (b > a).all()]  # a one-tailed test has only two kinds
    rows = make_rows(*zip(*[(a, b, 1 / (n - 3), share) for a, b in ends], strict=True))
    terms = report_terms(rows, np.array([mean]), np.array([t]), only_mu=True)
    return float((np.exp(terms.value) * terms.m**2).sum())


def _left_out(rows: Rows) -> dict[str, np.ndarray]:
    """Fits without each report in turn against the fit of all."""
    k = rows.first.size
    mean, t, value = maximise(rows, np.ones((k, 1)))
    out = {name: np.full(k, np.nan) for name in ("shift", "shift_tau", "deviance")}
    members = 1.0 - np.eye(k)
    fits = np.flatnonzero((members * rows.anchored[:, None]).sum(axis=0) > 0)
    if k < 3 or fits.size == 0:
        return out
    left_mean, left_t, _ = maximise(rows, members[:, fits])
    lost = value - report_values(rows, left_mean, left_t).sum(axis=0)
    out["shift"][fits] = left_mean - mean
    out["shift_tau"][fits] = np.sqrt(left_t) - np.sqrt(t)
    out["deviance"][fits] = np.maximum(2 * lost, 0.0)
    return out

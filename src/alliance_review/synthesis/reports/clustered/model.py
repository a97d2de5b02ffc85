"""Pooling several reports of one sample: numbers and words, nested in samples."""

from collections.abc import Sequence

import numpy as np

from ... import checks
from ...checks import NoMaximum
from ...distributions import chi2_upper, quantile
from ...multilevel.clusters import clusters, sampling_correlation
from ..maximum import UNBOUNDED
from ..pooling import checked_reports, pool_reports
from ..report import Report, report_bounds
from .cases import take_apart
from .maximum import Samples, limits_around, look, maximum
from .result import ThreeLevelReports

ONE_EACH = (
    "every sample has one report: only the sum of both variances can be known, and all of it is "
    "put between the samples"
)


def three_level_reports(
    reports: Sequence[Report], cluster, *, rho: float = 0.0, level: float = 0.95
) -> ThreeLevelReports:
    """Pool reports of which several may come from one sample, by maximum likelihood.

    The observed Fisher z of report i of sample j is z_ij = mu + u_j + w_ij + e_ij with
    u_j ~ N(0, tau_between**2), w_ij ~ N(0, tau_within**2) and sampling errors e_ij of variance
    v_ij = 1/(n_ij - 3) that correlate by rho within a sample. A sample contributes the normal
    density of its numbers times the probability that, given those, the results known in words lie
    in their intervals.

    Parameters
    ----------
    reports : sequence of Report
        At least two. Reports of one sample that have the same range of n share one unknown n;
        different ranges are averaged over separately.
    cluster : sequence of hashable, length k
        The sample of each report, in any order; at least two samples.
    rho : float
        Sampling correlation of the reports of one sample, from 0 to below 1.
    level : float
        Of all intervals, between 0 and 1.

    Returns
    -------
    ThreeLevelReports

    Raises
    ------
    NoMaximum
        (A ValueError.) No report holds the mean from both sides, so that nothing can be said.
    ValueError
        As ``pool_reports``; labels that are missing or not hashable, or of another number; a single
        sample; rho outside 0 to 1; a sample with many different ranges of n.

    Notes
    -----
    With numbers alone this is ``three_level`` with ``method="ML"``; with one report a sample it is
    ``pool_reports``, all variance put between the samples. With few samples of several reports
    the two variances are barely told apart: their intervals say so. The probability of the
    intervals of a sample is an integral over what its reports share, by a sum that is right to ten
    digits; likelihoods and intervals are as of ``pool_reports``, the maximum is global.

    References
    ----------
    Konstantopoulos (2011) and Van den Noortgate et al. (2013): the three-level model. Pustejovsky &
    Tipton (2022): correlated sampling errors within it. Tobin (1958) and Turnbull (1976): results
    known as intervals. Hardy & Thompson (1996): profile likelihood in meta-analysis.
    """
    reports, level = checked_reports(reports), checks.level(level)
    groups = clusters(cluster, len(reports))
    rho = sampling_correlation(rho, groups.size)
    if rho < 0:
        raise ValueError(f"rho must lie between 0 and 1, not {rho!r}")
    if not any(np.isfinite(report_bounds(report)).all() for report in reports):
        raise NoMaximum(UNBOUNDED)
    counts = {
        "k": len(reports),
        "k_exact": sum(report.form == "exact" for report in reports),
        "clusters": groups.size.size,
        "rho": rho,
        "level": level,
    }
    if groups.size.max() == 1:
        return _one_each(reports, level, counts)
    land = Samples(take_apart(reports, groups, rho))
    view = look(land)
    best = maximum(land, view)
    (mu, between, within), value = best.y[0].tolist(), float(best.points.value[0])
    floor = value - 0.5 * chi2_upper(1 - level, 1)
    ends = limits_around(land, view, best, floor)
    se = float(-best.points.bend[0, 0, 0]) ** -0.5
    half = float(quantile(level, np.inf)) * (between + within + se**2) ** 0.5
    (low, high), *taus = ends[0].tolist(), *np.sqrt(ends[1:]).tolist()
    return ThreeLevelReports(
        mu, se, low, high,
        between**0.5, *taus[0],
        within**0.5, *taus[1],
        (between + within) ** 0.5, *taus[2],
        between / (between + within) if between + within > 0 else float("nan"),
        mu - half, mu + half, value, **counts, warning="",
    )  # fmt: skip


def _one_each(reports, level, counts) -> ThreeLevelReports:
    """Either variance may be anything up to the highest total."""
    fit = pool_reports(reports, level=level)
    tau = fit.tau, fit.tau_ci_low, fit.tau_ci_high
    return ThreeLevelReports(
        fit.estimate, fit.se, fit.ci_low, fit.ci_high,
        fit.tau, 0.0, fit.tau_ci_high,
        0.0, 0.0, fit.tau_ci_high,
        *tau,
        1.0 if fit.tau > 0 else float("nan"),
        fit.prediction_low, fit.prediction_high, fit.log_likelihood, **counts, warning=ONE_EACH,
    )  # fmt: skip

"""Pooling of reports when larger significant results are printed as numbers more readily."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ... import checks
from ...results import Result
from ..pooling import checked_reports
from ..report import Report
from .settings import columns_of
from .tilted_fits import FIELDS, counts, fit_tilts

STEEPEST = 20.0


@dataclass(frozen=True, repr=False, eq=False)
class TiltedReports(Result):
    """Pooling of reports whose printing depends on size, on the Fisher z scale.

    The first ten are numbers, or arrays with one entry for each tilt that was asked for.

    Attributes
    ----------
    tilt : float or ndarray
        Rise of the log odds of printing per standard error beyond the critical value.
    estimate, ci_low, ci_high : float or ndarray
        Mean of the true effects with its profile-likelihood interval.
    se : float or ndarray
        One over the root of the observed information about the mean, tau held.
    tau, tau_ci_low, tau_ci_high : float or ndarray
        Standard deviation of the true effects with its profile-likelihood interval.
    log_likelihood : float or ndarray
        At the maximum, printing included, less that of printing regardless of size: at tilt 0
        that of ``pool_reports``. Twice the difference between two tilts is a deviance.
    chance : float or ndarray
        Fitted chance of printing of a result just significant.
    problem : str or tuple of str
        Why there is no estimate; empty where there is one.
    numbers, words : int
        Significant results that were printed, and that were put in words.
    k, k_exact : int
    level : float
    """

    tilt: float | np.ndarray
    estimate: float | np.ndarray
    se: float | np.ndarray
    ci_low: float | np.ndarray
    ci_high: float | np.ndarray
    tau: float | np.ndarray
    tau_ci_low: float | np.ndarray
    tau_ci_high: float | np.ndarray
    log_likelihood: float | np.ndarray
    chance: float | np.ndarray
    problem: str | tuple[str, ...]
    numbers: int
    words: int
    k: int
    k_exact: int
    level: float

    _shown: ClassVar = (
        "tilt", "estimate", "se", ("ci_low", "ci_high"), "tau", ("tau_ci_low", "tau_ci_high"),
        "log_likelihood", "chance", "problem", "numbers", "words", "k", "k_exact", "level",
    )  # fmt: skip

    @property
    def _rows(self) -> tuple[str, ...]:
        """With several tilts the frame has one line for each."""
        return ("tilt", *FIELDS, "problem") if isinstance(self.tilt, np.ndarray) else ()


def pool_reports_tilted(reports: Sequence[Report], tilt, *, level: float = 0.95) -> TiltedReports:
    """Pool reports when a significant result is the likelier to be printed the larger it is.

    ``pool_reports`` takes it that, given significance and its direction, whether a result is
    printed as a number does not depend on its size (coarsening at random). Here the chance is
    p = 1 / (1 + exp(-(a + tilt * x))) with x = (abs(z) - critical value) * sqrt(n - 3), in
    standard errors of the study. A significant number contributes p(z) f(z), significant words the
    integral of (1 - p) f over their interval. The intercept a is estimated along with mean and tau.
    Results that are not significant are printed with a chance of their own that does not depend on
    size, so that it cancels; a report of a direction alone is taken as it is.

    Parameters
    ----------
    reports : sequence of Report
        At least two.
    tilt : float or sequence of float
        Between -20 and 20; 0 equals ``pool_reports``, above 0 larger results are printed more
        readily, so that words stand for smaller ones. It is not estimated: read the estimates over
        several tilts as a curve, and their ``log_likelihood`` as how well each fits.
    level : float
        Of the intervals.

    Raises
    ------
    NoMaximum
        (A ValueError.) For a single tilt, where nothing holds the mean from both sides; for
        several the entry is ``nan`` and ``problem`` says why.
    ValueError
        As ``pool_reports``; a tilt that is no number between -20 and 20.

    Notes
    -----
    What it can correct: numbers that were printed because they were large, at an assumed rate.
    What it cannot: studies that are missing altogether (``pool_reports_selected``); printing that
    depends on something else than the observed size; p values pushed across the threshold. Where
    every significant result is a number, or none is, printing tells nothing, and the answer is that
    of ``pool_reports`` at every tilt: ``numbers`` and ``words`` show it. The tilt is per standard
    error, so that in a large study a small correlation counts as far beyond. With a range of n, x
    of a number is its mean over the sizes.

    References
    ----------
    Heitjan & Rubin (1991), coarsening at random; Copas & Li (1997), sensitivity analysis over a
    selection parameter that the data hardly determine.
    """
    reports, level = checked_reports(reports), checks.level(level)
    tilts, single = _checked_tilts(tilt)
    fits = fit_tilts(reports, tilts, level)
    columns = columns_of(fits, FIELDS, "tilt", tilts, single=single)
    numbers, words = counts(reports)
    return TiltedReports(
        **columns,
        numbers=numbers,
        words=words,
        k=len(reports),
        k_exact=sum(report.form == "exact" for report in reports),
        level=level,
    )


def _checked_tilts(tilt):
    tilts = np.array(checks.floats("tilts", tilt), dtype=float)
    if tilts.ndim > 1 or tilts.size == 0 or not (np.abs(tilts) <= STEEPEST).all():
        raise ValueError(f"a tilt must lie between -{STEEPEST:g} and {STEEPEST:g}, not {tilt!r}")
    return np.atleast_1d(tilts), tilts.ndim == 0

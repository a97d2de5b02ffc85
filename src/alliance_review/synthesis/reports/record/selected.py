"""Studies never published: results that are not significant enter the record less often."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ... import checks
from ...checks import NoMaximum
from ...distributions import chi2_upper
from ...results import Result
from ..maximum import UNBOUNDED
from ..pooling import checked_reports
from ..report import Report
from .landscape import highest, t_limits
from .mean_limits import mu_limits
from .recorded import Record, disfavoured
from .settings import columns_of

SELECTIONS = ("two-sided", "positive")
FIELDS = (
    "estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high", "log_likelihood",
    "unseen", "unseen_counted",
)  # fmt: skip


@dataclass(frozen=True, repr=False, eq=False)
class SelectedReports(Result):
    """Pooling of reports under a fixed chance of publication, on the Fisher z scale.

    All but the last five are numbers, or arrays with one entry for each weight that was asked for.

    Attributes
    ----------
    weight : float or ndarray
        Chance of a disfavoured result to enter the record, relative to a favoured one.
    estimate, ci_low, ci_high : float or ndarray
        Mean of the true effects of all studies, seen or not, with its profile-likelihood interval;
        a limit is infinite where the likelihood never falls far enough.
    se : float or ndarray
        One over the root of the observed information about the mean, tau held.
    tau, tau_ci_low, tau_ci_high : float or ndarray
        Standard deviation of the true effects with its profile-likelihood interval.
    log_likelihood : float or ndarray
        At the maximum, of what each report says given that it is in the record.
    unseen : float or ndarray
        Studies that were made and are not in the record, as the fit has it: the sum over the
        reports of 1 / P(in the record) - 1, if every favoured result is in the record. 0 for
        weight 1.
    unseen_counted : float or ndarray
        The same from the count of disfavoured reports alone: count * (1 / weight - 1).
    problem : str or tuple of str
        Why there is no estimate; empty where there is one.
    selection : str
    disfavoured : int
        Reports of the kind that enters less often; a direction alone is not counted.
    k, k_exact : int
    level : float
    """

    weight: float | np.ndarray
    estimate: float | np.ndarray
    se: float | np.ndarray
    ci_low: float | np.ndarray
    ci_high: float | np.ndarray
    tau: float | np.ndarray
    tau_ci_low: float | np.ndarray
    tau_ci_high: float | np.ndarray
    log_likelihood: float | np.ndarray
    unseen: float | np.ndarray
    unseen_counted: float | np.ndarray
    problem: str | tuple[str, ...]
    selection: str
    disfavoured: int
    k: int
    k_exact: int
    level: float

    _shown: ClassVar = (
        "weight", "estimate", "se", ("ci_low", "ci_high"), "tau", ("tau_ci_low", "tau_ci_high"),
        "log_likelihood", "unseen", "unseen_counted", "problem", "selection", "disfavoured", "k",
        "k_exact", "level",
    )  # fmt: skip

    @property
    def _rows(self) -> tuple[str, ...]:
        """With several weights the frame has one line for each."""
        several = isinstance(self.weight, np.ndarray)
        return ("weight", *FIELDS, "problem") if several else ()


def pool_reports_selected(
    reports: Sequence[Report], weight, *, selection: str = "two-sided", level: float = 0.95
) -> SelectedReports:
    """Pool reports when disfavoured results entered the record with relative chance ``weight``.

    The likelihood of each report is divided by the chance that a study of its size is in the
    record at all: P(favoured) + weight * P(disfavoured), both under the same mean and tau and with
    the study's own critical values. With numbers alone this is the step selection model with that
    fixed weight (and the t test's critical value in place of the normal one).

    Parameters
    ----------
    reports : sequence of Report
        At least two.
    weight : float or sequence of float
        Above 0 and at most 1; 1 is no selection, and equals ``pool_reports``. It is fixed, not
        estimated: ``log_likelihood`` over several weights says how well each fits, but a dozen
        reports say little, and small studies that differ for another reason look the same.
    selection : {"two-sided", "positive"}
        "two-sided": what is not significant is disfavoured, whatever its direction. "positive":
        everything but a significant positive result, a significant negative one included.
    level : float
        Of the intervals.

    Raises
    ------
    NoMaximum
        (A ValueError.) For a single weight, where nothing holds the mean from both sides or the
        likelihood rises without end; for several weights the entry is ``nan`` and ``problem`` says
        why.
    ValueError
        As ``pool_reports``; a weight that is not above 0 and at most 1, an unknown selection.

    Notes
    -----
    What it can correct: whole studies missing because of what they found, at an assumed rate. What
    it cannot: it does not know the rate; it takes the rate as the same for all sizes, a step at
    the critical value and no other; it does not touch numbers printed more readily than words
    (``pool_reports_tilted``), outcomes chosen within a study after looking, or p values pushed
    across the threshold. Where all reports are significant a small weight leaves only the sizes of
    the numbers, and the mean may be anything: see the interval. With a range of n the sizes are
    taken as equally likely before selection.

    References
    ----------
    Hedges (1992); Vevea & Woods (2005), selection with weights that are fixed beforehand.
    """
    reports, level = checked_reports(reports), checks.level(level)
    checks.choice("selection", selection, SELECTIONS)
    weights, single = checked_weights(weight)
    fits = [_fit(reports, float(w), selection, level) for w in weights]
    columns = columns_of(fits, FIELDS, "weight", weights, single=single)
    return SelectedReports(
        **columns,
        selection=selection,
        disfavoured=disfavoured(reports, selection),
        k=len(reports),
        k_exact=sum(report.form == "exact" for report in reports),
        level=level,
    )


def checked_weights(weight) -> tuple[np.ndarray, bool]:
    """Weights as an array (W,), and whether a single one was given; ValueError if they are none."""
    weights = np.array(checks.floats("weights", weight), dtype=float)
    if weights.ndim > 1 or weights.size == 0 or not ((weights > 0) & (weights <= 1)).all():
        raise ValueError(f"a weight must lie above 0 and not above 1, not {weight!r}")
    return np.atleast_1d(weights), weights.ndim == 0


def _fit(reports, weight, selection, level) -> dict:
    record = Record(reports, weight, selection)
    out = dict.fromkeys(FIELDS, float("nan"))
    if not record.said.anchored.any():
        return out | {"problem": UNBOUNDED}
    landscape = record.landscape
    try:
        peak = highest(landscape)
    except NoMaximum as reason:
        return out | {"problem": str(reason)}
    floor = peak.value - 0.5 * chi2_upper(1 - level, 1)
    t_low, t_high = t_limits(landscape, peak, floor)
    low, high = mu_limits(landscape, peak, floor, (t_low, t_high))
    information = -record.terms(np.array([peak.mu]), np.array([peak.t])).mm[0]
    return {
        "estimate": peak.mu,
        "se": float(information) ** -0.5,
        "ci_low": low,
        "ci_high": high,
        "tau": peak.t**0.5,
        "tau_ci_low": t_low**0.5,
        "tau_ci_high": t_high**0.5,
        "log_likelihood": peak.value,
        "unseen": max(0.0, float((1 / record.in_record(peak.mu, peak.t) - 1).sum())),
        "unseen_counted": disfavoured(reports, selection) * (1 / weight - 1),
        "problem": "",
    }

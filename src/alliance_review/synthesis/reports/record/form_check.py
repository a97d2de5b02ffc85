"""Do the forms of the reports fit the model? Predicted against observed kinds of results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...results import Result, read_only
from ...seeds import seed as checked_seed
from ...seeds import whole_number
from ..n_ranges import gauss_sizes
from ..pooling import checked_reports, pool_reports
from ..report import Report, n_range
from ..results import PooledReports
from .form_draws import drawn_figures, figures
from .kinds import (
    CLASSES,
    class_probability,
    count_p,
    insignificant,
    observed_class,
    place_in_kind,
)


@dataclass(frozen=True, repr=False, eq=False)
class FormCheck(Result):
    """Predicted against observed kinds of results, under a fitted mean and tau (Fisher z).

    Attributes
    ----------
    classes : tuple of str
        Significant positive, not significant, significant negative: the order of the next three.
    observed : ndarray of int, shape (3,)
        Reports of each kind; numbers are judged by their own value.
    predicted : ndarray, shape (3,)
        Sum over the reports of the probability of each kind.
    p_value : ndarray, shape (3,)
        Two-sided, of the observed count in its exact distribution (Poisson-binomial) with the
        fitted values taken as known. They were fitted to the same reports, which draws the counts
        together: these p values are too large.
    chi_square, chi_square_p : float
        Sum of (observed - predicted)**2 / predicted over the kinds; p value by the bootstrap.
    deviance, deviance_p : float
        -2 times the sum of the log probabilities of the kind that each report is of: large where
        kinds turn up in the wrong studies, even if the counts are right. p value by the bootstrap.
    position_mean, position_p : float
        Mean place of the significant numbers in their class (see ``position``), and its two-sided
        p value by the bootstrap; ``nan`` without any. Above 0.5: printed results are larger than
        the model and printing regardless of size would have it.
    probability : ndarray, shape (k, 3)
        Of each kind, for every report.
    observed_class : ndarray of int, shape (k,)
        Place in ``classes``; -1 for a report of a direction alone, which is not counted.
    residual : ndarray, shape (k,)
        (z - mean) / sqrt(v + tau**2) of numbers; ``nan`` for words.
    position : ndarray, shape (k,)
        Of numbers: the model's probability of a value nearer to 0 (significant) or lower (not
        significant) among results of the same kind; uniform on 0 to 1 if the model holds and
        printing does not depend on size within the kind. ``nan`` for words.
    draws, draws_used, seed : int
        Of the bootstrap; a draw that has no maximum is not used.
    estimate, tau : float
        Mean and standard deviation of the true effects that were checked.
    k, k_judged : int
        Reports, and those that say whether they are significant.
    """

    classes: tuple[str, ...]
    observed: np.ndarray
    predicted: np.ndarray
    p_value: np.ndarray
    chi_square: float
    chi_square_p: float
    deviance: float
    deviance_p: float
    position_mean: float
    position_p: float
    probability: np.ndarray
    observed_class: np.ndarray
    residual: np.ndarray
    position: np.ndarray
    draws: int
    draws_used: int
    seed: int
    estimate: float
    tau: float
    k: int
    k_judged: int

    _shown: ClassVar = (
        "observed", "predicted", "p_value", "chi_square", "chi_square_p", "deviance", "deviance_p",
        "position_mean", "position_p", "draws_used", "estimate", "tau", "k", "k_judged",
    )  # fmt: skip
    _rows: ClassVar = ("observed_class", "probability", "residual", "position")


def check_forms(
    reports: Sequence[Report], fit: PooledReports | None = None, *, draws: int = 400, seed: int = 1
) -> FormCheck:
    """Compare the kinds of results that a fit predicts with those that were reported.

    With mean mu and tau, the observed Fisher z of a study is normal with variance
    1/(n - 3) + tau**2; what lies beyond the critical values of the study's own test (its n, alpha
    and tails) is significant. A range of n is averaged over.

    Parameters
    ----------
    reports : sequence of Report
        At least two.
    fit : PooledReports, optional
        Whose ``estimate`` and ``tau`` are checked; not given, ``pool_reports(reports)``.
    draws : int
        Simulated sets of reports for the bootstrap: same sizes and tests, values drawn from the
        fit, a number where there was one and words where there were, fitted anew each time by
        maximum likelihood. Where n has a range, each draw has one of the sizes.
    seed : int
        From 0 on; the same seed gives the same p values.

    Raises
    ------
    NoMaximum
        (A ValueError.) Without ``fit``, where there is none.
    ValueError
        As ``pool_reports``; draws or a seed that are no such whole number.

    Notes
    -----
    What it can detect: significance in the wrong studies (a small one significant, a very large
    one not), a spread of the numbers that the words contradict, numbers that are large for
    significant results. What it cannot: the counts are what the mean was fitted to, so that they
    agree almost by themselves; studies that were never published; and, with ten or twenty reports,
    anything but a gross misfit. A large p value is no proof that the model holds.

    References
    ----------
    Ioannidis & Trikalinos (2007), expected against observed significant results, for numbers.
    """
    reports = checked_reports(reports)
    fit = pool_reports(reports) if fit is None else fit
    draws, seed = whole_number("draws", draws), checked_seed(seed)
    mean, t = float(fit.estimate), float(fit.tau) ** 2
    kinds = np.array([observed_class(report) for report in reports])
    probability = class_probability(reports, mean, t)
    residual, position = np.array([_of_number(report, mean, t) for report in reports]).T
    judged = kinds >= 0
    observed = np.bincount(kinds[judged], minlength=3)
    found = figures(kinds[:, None], probability.T[:, :, None], position[:, None])[:, 0]
    simulated = drawn_figures(reports, mean, t, draws, np.random.default_rng(seed))
    p = [_share_above(value, drawn) for value, drawn in zip(found, simulated, strict=True)]
    other = _share_above(-found[2], -simulated[2])
    exact = [count_p(int(n), share) for n, share in zip(observed, probability[judged].T,
                                                        strict=True)]  # fmt: skip
    return FormCheck(
        classes=CLASSES,
        observed=read_only(observed),
        predicted=read_only(probability[judged].sum(axis=0)),
        p_value=read_only(np.array(exact)),
        chi_square=float(found[0]),
        chi_square_p=p[0],
        deviance=float(found[1]),
        deviance_p=p[1],
        position_mean=float(found[2]),
        position_p=min(1.0, 2 * min(p[2], other)) if np.isfinite(found[2]) else float("nan"),
        probability=read_only(probability),
        observed_class=read_only(kinds),
        residual=read_only(residual),
        position=read_only(position),
        draws=draws,
        draws_used=int(np.isfinite(simulated[1]).sum()),
        seed=seed,
        estimate=mean,
        tau=float(fit.tau),
        k=len(reports),
        k_judged=int(judged.sum()),
    )


def _of_number(report, mean, t) -> tuple[float, float]:
    """Standardised residual and place in its kind; over a range of n the mean of both."""
    if report.form != "exact":
        return np.nan, np.nan
    n, share = gauss_sizes(*n_range(report))
    v = 1 / (n - 3)
    residual = (report.z - mean) / np.sqrt(v + t)
    place = place_in_kind(np.full(n.shape, report.z), *insignificant(report, n), v, mean, t)
    return float(share @ residual), float(share @ place)


def _share_above(value: float, drawn) -> float:
    """Bootstrap p value: share of draws at least as large, the reports at hand counted as one."""
    drawn = drawn[np.isfinite(drawn)]
    return float((1 + (drawn >= value - 1e-9).sum()) / (1 + drawn.size))

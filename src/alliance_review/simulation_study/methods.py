"""The methods compared: what each makes of the reports of B reviews at once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr

from alliance_review import synthesis
from alliance_review.analysis.pools import t_level
from alliance_review.synthesis import NoMaximum, Report, critical_z

from .regimes import READ_ALPHA, Told


class Answers(NamedTuple):
    """What a method says of B reviews; nan where it says nothing.

    ``estimate`` with its interval ``low`` to ``high``, ``tau`` with its interval, all on Fisher z;
    ``verdict`` 1 or -1 where the method finds an association in that direction, 0 where it finds
    none, nan where it has no answer.
    """

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    tau: np.ndarray
    tau_low: np.ndarray
    tau_high: np.ndarray
    verdict: np.ndarray


def _blank(reviews: int) -> Answers:
    return Answers(*np.full((7, reviews), np.nan))


def _fill(answers: Answers, columns, found) -> None:
    """Put the results of some reviews in their places, with what their intervals say of 0."""
    low, high = np.asarray(found.ci_low), np.asarray(found.ci_high)
    answers.estimate[columns], answers.low[columns], answers.high[columns] = (
        found.estimate, low, high)  # fmt: skip
    verdict = (low > 0).astype(float) - (high < 0)
    answers.verdict[columns] = np.where(np.isnan(found.estimate), np.nan, verdict)


def every_report(told: Told, level: float, *, wide: bool = False) -> Answers:
    """``pool_report_sets``; with ``wide`` the limits of Student's t in place of the normal.

    The deviance at the limits is then t**2 of k - 1 degrees of freedom, k the number of reports,
    in place of the quantile of chi-square. With two reports that is no longer a level below 1 in
    floating-point numbers, so three are needed.
    """
    answers = _blank(told.n.shape[1])
    k = (~np.isnan(told.low)).sum(axis=0)
    for size in np.unique(k[k >= (3 if wide else 2)]):
        columns = np.flatnonzero(k == size)
        asked = t_level(level, int(size) - 1) if wide else level
        parts = (np.ascontiguousarray(array[:, columns]) for array in told)
        found = synthesis.pool_report_sets(*parts, level=asked, progress=_quiet)
        _fill(answers, columns, found)
        answers.tau[columns] = found.tau
        answers.tau_low[columns], answers.tau_high[columns] = found.tau_ci_low, found.tau_ci_high
    return answers


def every_report_wide(told: Told, level: float) -> Answers:
    """``every_report`` with the limits of Student's t."""
    return every_report(told, level, wide=True)


def pooled_numbers(told: Told, use, y, level: float, **options) -> Answers:
    """``pool_many`` of the values ``y`` where ``use`` is true; no answer below two of them."""
    answers = _blank(told.n.shape[1])
    first = np.argsort(~use, axis=0, kind="stable")
    count = use.sum(axis=0)
    for size in np.unique(count[count >= 2]):
        columns = np.flatnonzero(count == size)
        rows = first[:size, columns]
        v = 1 / (told.n[rows, columns] - 3.0)
        found = synthesis.pool_many(y[rows, columns], v, level=level, progress=_quiet, **options)
        _fill(answers, columns, found)
        answers.tau[columns] = np.sqrt(found.tau2)
    return answers


def printed_dl(told: Told, level: float) -> Answers:
    """Printed numbers only: DerSimonian-Laird, normal limits."""
    return pooled_numbers(told, told.number, told.low, level, tau2="DL", test="z")


def printed_reml(told: Told, level: float) -> Answers:
    """Printed numbers only: restricted likelihood, Hartung-Knapp limits."""
    return pooled_numbers(told, told.number, told.low, level, tau2="REML", test="hksj")


def nulls_as_zero(told: Told, level: float) -> Answers:
    """Numbers, and 0 for each "not significant"; significant results in words are left out."""
    y = np.where(told.number, told.low, 0.0)
    return pooled_numbers(told, told.number | told.null, y, level, tau2="REML", test="hksj")


def vote_count(told: Told, level: float) -> Answers:
    """The most frequent of "significant, positive", "not significant", "significant, negative".

    A number counts by its own test. A tie finds no association.
    """
    critical = critical_z(told.n, READ_ALPHA)
    beyond = np.where(told.number, np.abs(told.low) >= critical, ~told.null)
    sign = np.where(beyond, told.sign, 0)
    reported = ~np.isnan(told.low)
    plus, minus = ((reported & (sign == s)).sum(axis=0) for s in (1, -1))
    neither = reported.sum(axis=0) - plus - minus
    verdict = (plus > np.maximum(neither, minus)).astype(float) - (
        minus > np.maximum(neither, plus)
    )
    answers = _blank(told.n.shape[1])
    return answers._replace(verdict=np.where(reported.any(axis=0), verdict, np.nan))


def sign_test(told: Told, level: float) -> Answers:
    """Exact two-sided test that half of the known directions are positive.

    The direction of a result in the words "not significant" is unknown; it is left out.
    """
    plus, minus = ((told.sign == s).sum(axis=0) for s in (1, -1))
    known = plus + minus
    p = np.minimum(1.0, 2 * bdtr(np.minimum(plus, minus), known, 0.5))
    verdict = np.where(p <= 1 - level, np.sign(plus - minus), 0).astype(float)
    return _blank(told.n.shape[1])._replace(verdict=np.where(known > 0, verdict, np.nan))


def reports_of(told: Told, b: int) -> list[Report]:
    """The reports of review ``b``, as the review itself would write them."""
    made = []
    for low, high, n in zip(told.low[:, b], told.high[:, b], told.n[:, b], strict=True):
        if low == high:
            made.append(Report("exact", int(n), z=float(low)))
        elif np.isfinite(low) and np.isfinite(high):
            made.append(Report("null", int(n), alpha=READ_ALPHA))
        elif not np.isnan(low):
            sign = 1 if np.isfinite(low) else -1
            made.append(Report("significant", int(n), sign=sign, alpha=READ_ALPHA))
    return made


def one_by_one(told: Told, pool: Callable, names: tuple[str, str, str]) -> Answers:
    """Pool review after review; ``names`` are those of the estimate, tau and its interval."""
    answers = _blank(told.n.shape[1])
    estimate, tau, tau_limit = names
    for b in range(told.n.shape[1]):
        reports = reports_of(told, b)
        try:
            found = pool(reports) if len(reports) > 1 else None
        except NoMaximum:
            found = None
        if found is None:
            continue
        fields = (estimate, "ci_low", "ci_high", tau, f"{tau_limit}_low", f"{tau_limit}_high")
        for array, name in zip(answers, fields, strict=False):
            array[b] = getattr(found, name)
        answers.verdict[b] = float(found.ci_low > 0) - float(found.ci_high < 0)
    return answers


def every_report_reml(told: Told, level: float) -> Answers:
    """``pool_reports`` with the restricted likelihood of tau."""

    def pool(reports):
        return synthesis.pool_reports(reports, level=level, estimator="REML")

    return one_by_one(told, pool, ("estimate", "tau", "tau_ci"))


def every_report_bayes(
    told: Told, level: float, *, mean_prior: Sequence, tau_prior: Sequence
) -> Answers:
    """``bayesian_reports`` with the priors of the design: posterior mean, credible interval."""
    priors = {"mean_prior": tuple(mean_prior), "tau_prior": tuple(tau_prior)}

    def pool(reports):
        return synthesis.bayesian_reports(reports, level=level, **priors)

    return one_by_one(told, pool, ("estimate", "tau_mean", "tau_ci"))


def _quiet(done, total):
    """One task of thousands has nothing to tell."""


METHODS: dict[str, Callable[[Told, float], Answers]] = {
    "every_report": every_report,
    "every_report_wide": every_report_wide,
    "printed_reml": printed_reml,
    "printed_dl": printed_dl,
    "nulls_as_zero": nulls_as_zero,
    "vote_count": vote_count,
    "sign_test": sign_test,
}
"""Every method by name, in the order of the results."""

SLOW_METHODS: dict[str, Callable[..., Answers]] = {
    "every_report_reml": every_report_reml,
    "every_report_bayes": every_report_bayes,
}
"""Methods that pool one review at a time: for part of the reviews of a few ways of telling.
Besides the level they take what ``Design.options`` holds for them."""

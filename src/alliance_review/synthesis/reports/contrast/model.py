"""Moderators by reports: a mean for every level, one spread, and the differences of the levels."""

from collections.abc import Mapping, Sequence

import numpy as np

from ... import checks
from ...checks import NoMaximum
from ...distributions import chi2_tail, chi2_upper
from ...results import frozen, read_only
from ..likelihood import rows_of
from ..pooling import checked_reports, pool_reports
from ..report import Report, report_bounds
from .likelihood import Levels, limits_around, look, maximum
from .result import ReportContrast


def contrast_reports(
    groups: Mapping[str, Sequence[Report]], *, level: float = 0.95
) -> ReportContrast:
    """Pool reports by level of a moderator, with one spread for all, and compare the levels.

    The true effects of level g are normal with mean mu_g and standard deviation tau, the same in
    every level; reports contribute to the likelihood as in ``pool_reports``.

    Parameters
    ----------
    groups : mapping of text to sequence of Report
        The reports of every level, at least one each; in all at least one more than levels.
    level : float
        Of all intervals, between 0 and 1.

    Returns
    -------
    ReportContrast

    Raises
    ------
    NoMaximum
        (A ValueError.) No report of a level holds its mean from both sides; the level is named.
    ValueError
        No mapping, a level without a name or without reports, something that is not a Report, no
        more reports than levels, a level of confidence outside 0 to 1.

    Notes
    -----
    With numbers alone this is the meta-regression on the levels by maximum likelihood; with one
    level it is ``pool_reports``. All intervals are of the profile likelihood; for a difference all
    means and tau are at their best at every difference. The test is that of the likelihood
    ratio. A common tau is an assumption: with few reports a level its own could not be told.

    References
    ----------
    Tobin (1958) and Turnbull (1976): results known as intervals. Hardy & Thompson (1996): profile
    likelihood in meta-analysis. Wilks (1938): the likelihood-ratio test.
    """
    level = checks.level(level)
    groups = _checked_groups(groups)
    every = [report for reports in groups.values() for report in reports]
    counts = {
        "levels": tuple(groups),
        "k": read_only(np.array([len(reports) for reports in groups.values()])),
        "k_exact": read_only(np.array([sum(report.form == "exact" for report in reports)
                                       for reports in groups.values()])),
        "level": level,
    }  # fmt: skip
    if len(groups) == 1:
        return _one_level(every, level, counts)
    equal = pool_reports(every, level=level).log_likelihood
    land = Levels([rows_of(reports) for reports in groups.values()])
    seen = look(land, _middles(every))
    best = maximum(land, seen)
    theta, value = best.y[0], float(best.points.value[0])
    ends = limits_around(land, seen, best, value - 0.5 * chi2_upper(1 - level, 1))
    names, df = tuple(groups), len(groups) - 1
    statistic = max(2 * (value - equal), 0.0)
    first, second = zip(*land.pairs, strict=True)
    return ReportContrast(
        estimate=frozen(theta[:-1]),
        ci_low=frozen(ends.mean[:, 0]),
        ci_high=frozen(ends.mean[:, 1]),
        tau=float(theta[-1] ** 0.5),
        tau_ci_low=float(ends.t[0] ** 0.5),
        tau_ci_high=float(ends.t[1] ** 0.5),
        statistic=statistic,
        df=df,
        p_value=float(chi2_tail(statistic, df)),
        first=tuple(names[i] for i in first),
        second=tuple(names[i] for i in second),
        difference=frozen(theta[list(first)] - theta[list(second)]),
        difference_ci_low=frozen(ends.difference[:, 0]),
        difference_ci_high=frozen(ends.difference[:, 1]),
        log_likelihood=value,
        log_likelihood_equal=equal,
        **counts,
    )


def _one_level(reports, level, counts) -> ReportContrast:
    fit = pool_reports(reports, level=level)
    none = frozen([])
    return ReportContrast(
        estimate=frozen([fit.estimate]), ci_low=frozen([fit.ci_low]), ci_high=frozen([fit.ci_high]),
        tau=fit.tau, tau_ci_low=fit.tau_ci_low, tau_ci_high=fit.tau_ci_high,
        statistic=0.0, df=0, p_value=1.0, first=(), second=(), difference=none,
        difference_ci_low=none, difference_ci_high=none, log_likelihood=fit.log_likelihood,
        log_likelihood_equal=fit.log_likelihood, **counts,
    )  # fmt: skip


def _checked_groups(groups) -> dict[str, list[Report]]:
    if not isinstance(groups, Mapping):
        raise ValueError(
            f"groups must map the name of a level to its reports, not {type(groups).__name__}"
        )
    if not groups:
        raise ValueError("at least one level is needed, none given")
    checked = {}
    for name, reports in groups.items():
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"the name of a level must be text, not {name!r}")
        try:
            checked[name] = checked_reports(reports, minimum=1)
        except ValueError as error:
            raise ValueError(f"level {name!r}: {error}") from None
    total = sum(map(len, checked.values()))
    if total < len(checked) + 1:
        raise ValueError(
            f"{len(checked)} means and a spread need at least {len(checked) + 1} reports, "
            f"{total} given"
        )
    unheld = [name for name, reports in checked.items() if not any(map(_is_held, reports))]
    if unheld:
        named = ", ".join(map(repr, unheld))
        raise NoMaximum(
            f"the mean of level {named} has no estimate: every report there bounds the observed "
            "effect on one side only, so the mean can move away without end and still fit; at "
            "least one number or one two-sided 'not significant' is needed in every level"
        )
    return checked


def _is_held(report: Report) -> bool:
    return bool(np.isfinite(report_bounds(report)).all())


def _middles(reports) -> np.ndarray:
    bounds = np.array([report_bounds(report) for report in reports])
    low = np.where(np.isfinite(bounds[:, 0]), bounds[:, 0], bounds[:, 1])
    high = np.where(np.isfinite(bounds[:, 1]), bounds[:, 1], bounds[:, 0])
    return 0.5 * (low + high)

"""What a study reported about a correlation: a number, or only words.

A worded result is an interval in which the observed Fisher z must lie: "significant, p < .05"
says that the t test of the correlation reached its critical value, and nothing more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from .critical import HARDLY_ANY, NO_CORRELATION, critical_t
from .n_ranges import gauss_sizes

FORMS = ("exact", "significant", "null", "sign")
#: More than there are people. Beyond, squared distances in standard errors leave no digits.
LARGEST_N = 10**10


@dataclass(frozen=True)
class Report:
    """One report of a correlation, on the Fisher z scale with sampling variance 1/(n - 3).

    Parameters
    ----------
    form : {"exact", "significant", "null", "sign"}
        "exact": the value ``z``. "significant": the observed value is at least the critical one
        in the direction of ``sign``. "null": not significant. "sign": only the direction.
    n : int or (int, int)
        Sample size, from 4 to 1e10; or the lowest and highest possible one, both included: then the
        likelihood is its plain mean over the whole numbers between them.
    z : float, optional
        The observed Fisher z; for "exact" only, and needed there.
    sign : {1, -1, 0}, optional
        Direction; 1 or -1 is needed for "significant", "sign", and a one-tailed "null". For
        "exact" it may be given but must agree with ``z``. A two-tailed "null" does not use it.
    alpha : float
        Significance level of the study's own test, above 0 and below 0.5; not so small (1e-200)
        that no finite t reaches it.
    tails : {2, 1}
        1: the study's test was one-tailed in the direction of ``sign``. "significant" then means
        reaching the one-tailed critical value, and "null" lying below it, however far.

    Raises
    ------
    ValueError
        Anything that does not fit the rules above, with the reason.
    """

    form: str
    n: int | tuple[int, int]
    z: float | None = None
    sign: int | None = None
    alpha: float = 0.05
    tails: int = 2

    def __post_init__(self):
        if self.form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}, not {self.form!r}")
        low, high = n_range(self)
        if low < 4:
            raise ValueError(f"n must be at least 4 for a variance of 1/(n - 3), not {low}")
        if low > high:
            raise ValueError(f"the range of n runs backwards: {low} to {high}")
        if high > LARGEST_N:
            raise ValueError(f"n = {high:.3g} is no size of a study: it is above {LARGEST_N:g}")
        if isinstance(self.n, list):  # a report does not change once it is made
            object.__setattr__(self, "n", (low, high))
        if isinstance(self.tails, bool) or self.tails not in (1, 2):
            raise ValueError(f"tails must be 1 or 2, not {self.tails!r}")
        if not _is_number(self.alpha) or not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha must lie between 0 and 0.5, not {self.alpha!r}")
        if self.sign is not None and (isinstance(self.sign, bool) or self.sign not in (-1, 0, 1)):
            raise ValueError(f"sign must be 1, -1 or 0, not {self.sign!r}")
        self._check_value()

    def _check_value(self):
        if self.form == "exact":
            if not _is_number(self.z) or not math.isfinite(self.z):
                raise ValueError(f"an exact report needs a finite z, not {self.z!r}")
            if abs(self.z) > 20:
                raise ValueError(f"z = {self.z:g} is no Fisher z of a correlation: beyond 20")
            if self.sign and self.sign * self.z < 0:
                raise ValueError(f"sign {self.sign} contradicts z = {self.z:g}")
            return
        if self.z is not None:
            raise ValueError(f"only an exact report has a z; this one is {self.form!r}")
        directed = self.form != "null" or self.tails == 1
        if directed and not self.sign:
            tested = "one-tailed null" if self.form == "null" else self.form
            raise ValueError(f"a {tested} report needs sign 1 or -1, not {self.sign!r}")
        beyond = self.alpha / self.tails
        if beyond < HARDLY_ANY and self.form != "sign":
            t = critical_t(gauss_sizes(*n_range(self))[0] - 2, beyond)
            if not (np.isfinite(t) & (t > 0)).all():
                raise ValueError(NO_CORRELATION)


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def n_range(report: Report) -> tuple[int, int]:
    """The lowest and the highest sample size of a report; equal where n is known."""
    if type(report.n) is int:  # by far the most frequent
        return report.n, report.n
    pair = report.n if isinstance(report.n, (tuple, list)) else (report.n, report.n)
    if len(pair) != 2:
        raise ValueError(f"a range of n is a pair (low, high), not {report.n!r}")
    for value in pair:
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise ValueError(f"n must be a whole number or a pair of them, not {report.n!r}")
    return int(pair[0]), int(pair[1])


def interval_at(report: Report, n):
    """Bounds of the observed Fisher z at the given sample size(s): two arrays of the shape of n.

    For an exact report both are ``z``.
    """
    n = np.asarray(n, dtype=float)
    low, high = intervals([report], np.zeros(n.size, dtype=int), n.ravel())
    return low.reshape(n.shape), high.reshape(n.shape)


def intervals(reports: Sequence[Report], owner, n):
    """Bounds of the observed Fisher z in every row: of report ``owner`` at size ``n``; (m,)."""
    low, high = np.array([_in_critical_values(report) for report in reports]).T
    beyond = np.array([report.alpha / report.tails for report in reports])
    tested = np.array([report.form in ("significant", "null") for report in reports])[owner]
    unit, df = np.ones(n.shape), n[tested] - 2
    unit[tested] = np.arcsinh(critical_t(df, beyond[owner[tested]]) / np.sqrt(df))
    return low[owner] * unit, high[owner] * unit


def _in_critical_values(report: Report) -> tuple[float, float]:
    """The bounds as multiples of the critical value, where the report has one."""
    if report.form == "exact":
        return report.z, report.z
    low, high = {"significant": (1.0, math.inf), "null": (-1.0, 1.0), "sign": (0.0, math.inf)}[
        report.form
    ]
    if report.form == "null" and report.tails == 1:
        low = -math.inf
    return (-high, -low) if report.sign == -1 else (low, high)


def report_bounds(report: Report) -> tuple[float, float]:
    """Bounds of the observed Fisher z; ``inf`` or ``-inf`` at an open end.

    With a range of n the widest: whatever n is, the observed value lies between them.

    Parameters
    ----------
    report : Report

    Returns
    -------
    (float, float)
        Lower and upper bound, both on the Fisher z scale; equal for an exact report. For words
        the bound is that of ``critical_z``, or 0 where only a direction is known.

    Raises
    ------
    ValueError
        What is given is not a Report.

    References
    ----------
    Tobin (1958) and Turnbull (1976): an observation known only by the interval it lies in.
    """
    if not isinstance(report, Report):
        raise ValueError(f"the bounds are those of a Report, not of {type(report).__name__}")
    low, high = interval_at(report, np.array(n_range(report)))
    return float(low.min()), float(high.max())

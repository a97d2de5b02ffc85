"""What a study reported about a correlation: a number, or only words.

A worded result is an interval in which the observed Fisher z must lie: "significant, p < .05"
says that the t test of the correlation reached its critical value, and nothing more.
"""

import math
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from .critical import critical_t

FORMS = ("exact", "significant", "null", "sign")


@dataclass(frozen=True)
class Report:
    """One report of a correlation, on the Fisher z scale with sampling variance 1/(n - 3).

    Parameters
    ----------
    form : {"exact", "significant", "null", "sign"}
        "exact": the value ``z``. "significant": the observed value is at least the critical one
        in the direction of ``sign``. "null": not significant. "sign": only the direction.
    n : int or (int, int)
        Sample size, at least 4; or the lowest and highest possible one, both included: then the
        likelihood is its plain mean over the whole numbers between them.
    z : float, optional
        The observed Fisher z; for "exact" only, and needed there.
    sign : {1, -1, 0}, optional
        Direction; 1 or -1 is needed for "significant", "sign", and a one-tailed "null". For
        "exact" it may be given but must agree with ``z``. A two-tailed "null" does not use it.
    alpha : float
        Significance level of the study's own test, above 0 and below 0.5.
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


def _is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def n_range(report: Report) -> tuple[int, int]:
    """The lowest and the highest sample size of a report; equal where n is known."""
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
    infinite = np.full(n.shape, np.inf)
    if report.form == "exact":
        return np.full(n.shape, report.z), np.full(n.shape, report.z)
    if report.form == "sign":
        low, high = np.zeros(n.shape), infinite
    else:
        t = critical_t(n - 2, report.alpha / report.tails)
        critical = np.arcsinh(t / np.sqrt(n - 2))
        if report.form == "significant":
            low, high = critical, infinite
        else:
            low, high = (-critical if report.tails == 2 else -infinite), critical
    if report.sign == -1:
        low, high = -high, -low
    return low, high


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

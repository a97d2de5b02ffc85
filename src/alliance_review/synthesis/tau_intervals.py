"""Confidence intervals for tau squared."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks, heterogeneity, modes, tau_likelihood
from .distributions import chi2_upper
from .pooling import typical_variance
from .results import Result
from .roots import bracketed_newton
from .sums import unshared

INTERVALS = ("q_profile", "profile_likelihood")


@dataclass(frozen=True, repr=False, eq=False)
class TauInterval(Result):
    """Interval for tau squared, with its square root and I squared (in per cent) at both ends."""

    low: float
    high: float
    tau_low: float
    tau_high: float
    i2_low: float
    i2_high: float
    method: str
    level: float

    @property
    def ci_low(self) -> float:
        """``low``, by the name that other results give it."""
        return self.low

    @property
    def ci_high(self) -> float:
        """``high``, by the name that other results give it."""
        return self.high

    _shown: ClassVar = (
        "low", "high", ("tau_low", "tau_high"), ("i2_low", "i2_high"), "method", "level",
    )  # fmt: skip


def tau2_interval(y, v, method="q_profile", level=0.95, *, likelihood="REML") -> TauInterval:
    """Confidence interval for the variance of the true effects.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 2.
    method : {"q_profile", "profile_likelihood"}
        "q_profile" (Viechtbauer 2007): all tau squared at which the generalised Q lies between
        the quantiles of chi-square with k - 1 degrees of freedom. Both ends are 0 where even
        Q(0) is below the lower quantile. "profile_likelihood" (Hardy & Thompson 1996): all tau
        squared whose likelihood is within half a chi-square quantile of the maximum; where they
        form two pieces, the interval that holds both.
    level : float
    likelihood : {"REML", "ML"}
        For "profile_likelihood" only.

    Raises
    ------
    ValueError
        As ``pool``; an unknown method.
    """
    y, v = checks.effects(y, v)
    level = checks.level(level)
    checks.choice("method", method, INTERVALS)
    checks.choice("likelihood", likelihood, ("REML", "ML"))
    y, v = (y - y[0])[:, None], v[:, None]
    member = np.ones(y.shape)
    if method == "q_profile":
        df, tail = y.size - 1, (1 - level) / 2
        low, high = (
            float(heterogeneity.generalised_q_root(y, v, member, chi2_upper(p, df))[0])
            for p in (tail, 1 - tail)
        )
    else:
        low, high = _within_cutoff(y, v, member, level, likelihood == "REML")
    w = 1 / v[:, 0]
    typical = float(typical_variance(y.size, unshared(w, w.sum(), w @ w)))
    return TauInterval(
        low=low,
        high=high,
        tau_low=low**0.5,
        tau_high=high**0.5,
        i2_low=float(100 * low / (low + typical)),
        i2_high=float(100 * high / (high + typical)),
        method=method,
        level=level,
    )


def _within_cutoff(y, v, member, level, restricted):
    best = heterogeneity.tau_squared(y, v, member, "REML" if restricted else "ML")

    def value(tau2):
        return tau_likelihood.log_likelihood(y, v, member, tau2, restricted=restricted)

    floor = value(best)[0] - 0.5 * chi2_upper(1 - level, 1)
    points = np.append(modes.grid(y, v, member)[:, 0], best)
    while value(points[-2:-1])[0] >= floor:  # the grid ends where the likelihood may still be high
        points = np.insert(points, -1, 4 * points[-2])
    points = np.sort(points)
    inside = np.flatnonzero(value(points) >= floor)
    first, last = int(inside[0]), int(inside[-1])

    def above(tau2):
        slope = tau_likelihood.score(y, v, member, tau2, restricted=restricted)[0]
        return value(tau2) - floor, 0.5 * slope

    def below(tau2):  # the same read from high to low, so that it falls through zero
        excess, slope = above(-tau2)
        return excess, -slope

    high = bracketed_newton(above, points[[last]], points[[last + 1]], points[[last]])[0]
    if first == 0:
        return 0.0, float(high)
    low = -bracketed_newton(below, -points[[first]], -points[[first - 1]], -points[[first]])[0]
    return float(low), float(high)

"""p-uniform*: the mean effect from how results are spread within the significant and the rest."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..distributions import chi2_tail, chi2_upper, log_ndtr, ndtri
from ..results import Result
from .fit import NoMaximum, Problem, fit
from .model import boundary_p
from .p_uniform_profile import Profile
from .weighted_normal import ROOT_2PI, from_moments, weighted_log_likelihood

SIDES = ("right", "left")
NO_MAXIMUM = (
    "the likelihood of p-uniform* has no maximum at a finite place: mean and tau squared can move "
    "together without end and still fit how the effects are spread on either side of significance"
)


@dataclass(frozen=True, repr=False, eq=False)
class PUniformStar(Result):
    """Estimates of p-uniform*.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        Mean true effect on the scale of ``y``, with its profile-likelihood interval; an end is
        infinite where the likelihood never falls low enough on that side.
    statistic, p_value : float
        Likelihood-ratio test of a mean of 0, chi-square with 1 df.
    tau2, tau2_low, tau2_high : float
        Variance of the true effects (squared scale of ``y``) with its profile-likelihood interval.
    tau2_statistic, tau2_p_value : float
        Likelihood-ratio test of tau2 = 0; half the upper tail of chi-square with 1 df, because
        tau2 cannot be negative, and 1 where the statistic is 0.
    log_likelihood : float
        Of the effects given which of them are significant.
    k, k_significant : int
    side : str
    alpha, level : float
    """

    estimate: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    tau2: float
    tau2_low: float
    tau2_high: float
    tau2_statistic: float
    tau2_p_value: float
    log_likelihood: float
    k: int
    k_significant: int
    side: str
    alpha: float
    level: float

    _shown: ClassVar = (
        "estimate",
        ("ci_low", "ci_high"),
        "statistic",
        "p_value",
        "tau2",
        ("tau2_low", "tau2_high"),
        "tau2_statistic",
        "tau2_p_value",
        "k",
        "k_significant",
    )


def p_uniform_star(y, v, *, alpha=0.05, side="right", level=0.95) -> PUniformStar:
    """Random-effects model given which effects are significant (van Aert & van Assen 2018).

    Significant effects may be seen more often than others, but all significant ones equally
    often, and all others equally often. Given its group, a significant effect has the normal
    density N(mu, v + tau2) cut off below its critical value, any other that density cut off
    above it; the product is maximised over mu and tau2 >= 0.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, one scale; k >= 2.
    alpha : float
        Two-tailed significance level of the primary studies: an effect is significant where
        y / sqrt(v) reaches the upper alpha / 2 quantile of the normal law.
    side : {"right", "left"}
        Whether positive or negative effects are favoured.
    level : float
        Of the intervals.

    Raises
    ------
    ValueError
        No significant effect; and ``NoMaximum`` where the likelihood has no maximum at a finite
        place.
    """
    y, v = checks.effects(y, v)
    level, alpha = checks.level(level), checks.level(alpha)
    checks.choice("side", side, SIDES)
    sign = 1.0 if side == "right" else -1.0
    problem = Problem(sign * y, v, np.ones((y.size, 1)))
    critical = -ndtri(alpha / 2) * np.sqrt(problem.v)
    significant = problem.y >= critical
    if not significant.any():
        raise ValueError(f"no effect is significant on the {side} side: nothing tells its law")
    function = _likelihood(problem, critical, significant)
    nothing = np.zeros(0)
    try:
        best, alike = fit(problem, [function], nothing, nothing, problem.without_selection()[1])
    except NoMaximum:
        raise NoMaximum(NO_MAXIMUM) from None
    offset = problem.y.size * np.log(problem.unit)
    x = np.array([best.beta[0] / problem.to_beta[0, 0], best.tau2 / problem.unit**2])
    profile = Profile(function, x, best.value + offset, problem)
    floor = profile.top - 0.5 * chi2_upper(1 - level, 1)
    ends = sorted(sign * problem.to_beta[0, 0] * np.array(profile.limits(0, floor)))
    tau2_low, tau2_high = (end * problem.unit**2 for end in profile.limits(1, floor))
    ratio = max(0.0, 2 * (profile.top - profile.at(0, np.zeros(1))[0][0]))
    spread_ratio = max(0.0, 2 * (best.value - alike.value)) if alike else float("nan")
    return PUniformStar(
        estimate=float(sign * best.beta[0]),
        ci_low=float(ends[0]),
        ci_high=float(ends[1]),
        statistic=float(ratio),
        p_value=float(chi2_tail(ratio, 1)),
        tau2=best.tau2,
        tau2_low=float(tau2_low),
        tau2_high=float(tau2_high),
        tau2_statistic=spread_ratio,
        tau2_p_value=boundary_p(spread_ratio),
        log_likelihood=best.value,
        k=y.size,
        k_significant=int(significant.sum()),
        side=side,
        alpha=alpha,
        level=level,
    )


def _likelihood(problem: Problem, critical, significant):
    """Log-likelihood of x = (coordinate of mu, t) given which effects are significant."""
    towards = np.where(significant, 1.0, -1.0)

    def function(x):
        mu, s2 = x[:, :1] @ problem.basis.T, problem.v + x[:, 1:]
        s = np.sqrt(s2)
        u = (critical - mu) / s
        log_mass = log_ndtr(-towards * u)
        # the moments of a normal law cut off at u: all follow from density over mass there
        rate = towards * np.exp(-0.5 * u * u - log_mass) / ROOT_2PI
        moments = (
            np.ones_like(u),
            rate,
            1 + u * rate,
            (2 + u * u) * rate,
            3 + (3 + u * u) * u * rate,
        )
        law = from_moments(log_mass, [m[..., None] for m in moments], s, 0)
        return weighted_log_likelihood(problem.y, problem.v, problem.basis, x, None, law)

    return function

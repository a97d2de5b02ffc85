"""Power of the tests that effects differ: heterogeneity, subgroups, a moderator.

Effects and variances on one scale throughout; power of a planned or finished review, as in
``power``.

Sources: Hedges LV, Pigott TD (2001). The power of statistical tests in meta-analysis.
Psychological Methods 6, 203-217. Hedges LV, Pigott TD (2004). The power of statistical tests for
moderators in meta-analysis. Psychological Methods 9, 426-445.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import chndtr

from .. import checks
from ..distributions import chi2_tail, chi2_upper
from .kernel import (
    finite,
    fraction,
    least_integer,
    needed_shift,
    not_negative,
    of_shift,
    plain,
    rising_root,
    variances,
)
from .q_distribution import q_tail


def power_of_q(v, tau2, *, alpha=0.05):
    """Power of the test of heterogeneity where true effects vary with variance ``tau2``.

    P(Q > upper alpha point of chi-square with k - 1 df), by the exact distribution of Q; Hedges &
    Pigott (2001) approximate it. For equal v it is that of ``(1 + tau2/v)`` times a chi-square.

    Parameters
    ----------
    v : array_like, shape (k,)
        Sampling variances, k >= 2.
    tau2 : float or array_like
        Variance of true effects, 0 or more; an array gives a power curve.
    alpha : float
    """
    v = variances(v, 2)
    return q_tail(chi2_upper(fraction("alpha", alpha), v.size - 1), v, tau2)


def power_of_q_fixed(effects, v, *, alpha=0.05) -> float:
    """Power of the test of heterogeneity for given true effects.

    Q is noncentral chi-square with k - 1 df and noncentrality ``sum (theta_i - mean)^2 / v_i``,
    the mean weighted by 1/v (Hedges & Pigott 2001, fixed effects).

    Parameters
    ----------
    effects, v : array_like, shape (k,)
        True effects and sampling variances, k >= 2.
    """
    effects, v = checks.effects(effects, v, minimum=2)
    mean = (effects / v).sum() / (1 / v).sum()
    return _noncentral(v.size - 1, float(((effects - mean) ** 2 / v).sum()), alpha)


def smallest_tau2(v, *, power=0.8, alpha=0.05) -> float:
    """Smallest variance of true effects that the test of heterogeneity finds with the power."""
    v = variances(v, 2)
    _above(power, alpha)
    limit = chi2_upper(alpha, v.size - 1)
    return rising_root(lambda tau2: q_tail(limit, v, tau2) - power, float(v.min()))


def required_studies_q(tau2: float, v: float, *, power=0.8, alpha=0.05) -> int:
    """Smallest number of studies, each with sampling variance ``v``, for the test of Q."""
    v = float(variances([v], 1)[0])
    ratio = 1 + not_negative("tau2", tau2) / v
    _above(power, alpha)
    if ratio == 1:
        raise ValueError("tau2 must be above 0: without heterogeneity there is nothing to find")
    return least_integer(
        lambda k: float(chi2_tail(chi2_upper(alpha, k - 1) / ratio, k - 1)) >= power, 2
    )


def power_of_subgroups(effects, v, group, *, tau2=0.0, alpha=0.05) -> float:
    """Power of the test that subgroups differ (Q between, g - 1 degrees of freedom).

    Noncentral chi-square with noncentrality ``sum W_j (theta_j - mean)^2``; W_j is the sum of
    ``1/(v_i + tau2)`` in subgroup j (Hedges & Pigott 2004; tau2 = 0 is their fixed-effects test).

    Parameters
    ----------
    effects : mapping or array_like
        Mean true effect of each subgroup, by its label; or one true effect per study, shape (k,),
        of which the weighted means count.
    v : array_like, shape (k,)
        Sampling variances.
    group : sequence of k labels
        At least two different ones.
    tau2 : float
        Variance of true effects within subgroups.
    """
    v = variances(v, 2)
    labels = list(group)
    if len(labels) != v.size:
        raise ValueError(f"group and variances differ in length: {len(labels)} and {v.size}")
    names = list(dict.fromkeys(labels))
    if len(names) < 2:
        raise ValueError("at least two subgroups are needed")
    if hasattr(effects, "keys"):
        missing = [name for name in names if name not in effects]
        if missing:
            raise ValueError(f"no effect is given for subgroup {missing[0]!r}")
        effects = [effects[name] for name in labels]
    effects, v = checks.effects(effects, v, minimum=2)
    w = 1 / (v + not_negative("tau2", tau2))
    member = np.array([[label == name for label in labels] for name in names], dtype=float)
    total = member @ w
    means = member @ (w * effects) / total
    mean = (w * effects).sum() / w.sum()
    return _noncentral(len(names) - 1, float((total * (means - mean) ** 2).sum()), alpha)


def power_of_slope(slope, x, v, *, tau2=0.0, alpha=0.05, sides=2):
    """Power of the normal test of one moderator in a meta-regression.

    The variance of the slope is ``1 / sum w_i (x_i - mean)^2`` with ``w_i = 1/(v_i + tau2)`` and
    the weighted mean of x (Hedges & Pigott 2004). With x = 0 and 1 it is the difference between
    two subgroups.

    Parameters
    ----------
    slope : float or array_like
        True change of the effect per unit of x.
    x, v : array_like, shape (k,)
        Moderator and sampling variances, k >= 3.
    tau2 : float
        Residual variance of true effects.
    sides : {1, 2}
        A one-sided test looks for a positive slope.
    """
    slope = finite("the slope", slope)
    se = _slope_se(x, v, tau2)
    return plain(of_shift(slope / se, fraction("alpha", alpha), sides, math.inf))


def smallest_slope(x, v, *, tau2=0.0, power=0.8, alpha=0.05, sides=2) -> float:
    """Smallest slope that the test finds with the stated power; inverse of power_of_slope."""
    return _slope_se(x, v, tau2) * needed_shift(power, alpha, sides, math.inf)


def _slope_se(x, v, tau2) -> float:
    x, v = checks.effects(x, v, minimum=3)
    w = 1 / (v + not_negative("tau2", tau2))
    centred = x - (w * x).sum() / w.sum()
    spread = float((w * centred**2).sum())
    if not spread > 1e-24 * float((w * x**2).sum()):
        raise ValueError("the moderator has the same value in all studies")
    return 1 / math.sqrt(spread)


def _noncentral(df: int, noncentrality: float, alpha: float) -> float:
    limit = chi2_upper(fraction("alpha", alpha), df)
    return float(1 - chndtr(limit, df, noncentrality))


def _above(power: float, alpha: float) -> None:
    if not fraction("power", power) > fraction("alpha", alpha):
        raise ValueError(f"power must be above alpha = {alpha:g}, not {power:g}")

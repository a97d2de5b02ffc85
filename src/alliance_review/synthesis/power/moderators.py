"""Power of the tests of moderators: subgroups, the slope of a meta-regression.

Effects and variances on one scale throughout, as in ``mean``.

Source: Hedges LV, Pigott TD (2004). The power of statistical tests for moderators in
meta-analysis. Psychological Methods 9, 426-445.
"""

import math
from collections.abc import Mapping

import numpy as np

from .. import checks
from ..labels import labels
from .heterogeneity import noncentral_tail
from .kernel import finite, fraction, needed_shift, not_negative, of_shift, plain, variances


def power_of_subgroups(effects, v, group, *, tau2=0.0, alpha=0.05) -> float:
    """Power of the test that subgroups differ (Q between, g - 1 degrees of freedom).

    Noncentral chi-square with noncentrality ``sum W_j (theta_j - mean)^2``; W_j is the sum of
    ``1/(v_i + tau2)`` in subgroup j (Hedges & Pigott 2004; tau2 = 0 is their fixed-effects test).

    Parameters
    ----------
    effects : mapping or array_like
        Mean true effect of each subgroup, by its label; or one true effect per study, shape (k,),
        of which the weighted means count (a pandas series is one effect per study, in its order).
    v : array_like, shape (k,)
        Sampling variances, k >= 2.
    group : sequence of k labels
        At least two different ones.
    tau2 : float
        Variance of true effects within subgroups, 0 or more.
    alpha : float
        Significance level, between 0 and 1.

    Raises
    ------
    ValueError
        Variances that are not positive, labels that are missing or of another number, fewer than
        two subgroups, a subgroup without an effect, effects that are not finite, tau2 or
        alpha out of range.
    """
    v = variances(v, 2)
    found = labels("group", group, v.size)
    names = list(dict.fromkeys(found))
    if len(names) < 2:
        raise ValueError("at least two subgroups are needed")
    if isinstance(effects, Mapping):
        missing = [name for name in names if name not in effects]
        if missing:
            raise ValueError(f"no effect is given for subgroup {missing[0]!r}")
        effects = [effects[name] for name in found]
    effects, v = checks.effects(effects, v, minimum=2)
    w = 1 / (v + not_negative("tau2", tau2))
    member = np.array([[label == name for label in found] for name in names], dtype=float)
    total = member @ w
    means = member @ (w * effects) / total
    mean = (w * effects).sum() / w.sum()
    return noncentral_tail(len(names) - 1, float((total * (means - mean) ** 2).sum()), alpha)


def power_of_slope(slope, x, v, *, tau2=0.0, alpha=0.05, sides=2):
    """Power of the normal test of one moderator in a meta-regression (Hedges & Pigott 2004).

    The standard error of the slope is ``1 / sqrt(sum w_i (x_i - mean)^2)`` with
    ``w_i = 1 / (v_i + tau2)`` and the weighted mean of x; with delta = slope / se the power is
    that of ``power_of_mean``. With x = 0 and 1 the slope is the difference between two subgroups.

    Parameters
    ----------
    slope : float or array_like
        True change of the effect per unit of x; an array gives a power curve.
    x, v : array_like, shape (k,)
        Moderator and sampling variances, k >= 3.
    tau2 : float
        Residual variance of true effects, 0 or more.
    alpha : float
        Significance level, between 0 and 1.
    sides : {1, 2}
        A one-sided test looks for a positive slope.

    Returns
    -------
    float, or ndarray of the shape of ``slope``

    Raises
    ------
    ValueError
        A slope or moderator that is not finite, variances that are not positive, lengths that
        differ, fewer than three studies, a moderator that does not vary, tau2, alpha or sides out
        of range.
    """
    slope = finite("the slope", slope)
    se = _slope_se(x, v, tau2)
    return plain(of_shift(slope / se, fraction("alpha", alpha), sides, math.inf))


def smallest_slope(x, v, *, tau2=0.0, power=0.8, alpha=0.05, sides=2) -> float:
    """Smallest slope that the test finds with the stated power (Hedges & Pigott 2004).

    The inverse of ``power_of_slope``: the standard error times the delta that the power asks for.

    Parameters
    ----------
    x, v : array_like, shape (k,)
        Moderator and sampling variances, k >= 3.
    power : float
        Above alpha and below 1.
    tau2, alpha, sides
        As for ``power_of_slope``.

    Returns
    -------
    float
        Above 0, in effects per unit of x; for two sides the same holds below 0.

    Raises
    ------
    ValueError
        As ``power_of_slope``; a power that does not lie between alpha and 1.
    """
    return _slope_se(x, v, tau2) * needed_shift(power, alpha, sides, math.inf)


def _slope_se(x, v, tau2) -> float:
    x, v = checks.effects(x, v, minimum=3)
    w = 1 / (v + not_negative("tau2", tau2))
    centred = x - (w * x).sum() / w.sum()
    spread = float((w * centred**2).sum())
    if not spread > 1e-24 * float((w * x**2).sum()):
        raise ValueError("the moderator has the same value in all studies")
    return 1 / math.sqrt(spread)

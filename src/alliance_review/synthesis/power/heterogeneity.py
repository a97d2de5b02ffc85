"""Power of the test of heterogeneity, and what it takes to see it.

Effects and variances on one scale throughout; power of a planned or finished review, as in
``mean``.

Sources: Hedges LV, Pigott TD (2001). The power of statistical tests in meta-analysis.
Psychological Methods 6, 203-217. Biggerstaff BJ, Jackson D (2008).
The exact distribution of Cochran's heterogeneity statistic in one-way random effects
meta-analysis. Statistics in Medicine 27, 6093-6110.
"""

from __future__ import annotations

from scipy.special import chndtr

from .. import checks
from ..distributions import chi2_tail, chi2_upper
from .kernel import (
    fraction,
    least_integer,
    not_negative,
    power_and_alpha,
    rising_root,
    variances,
)
from .q_distribution import q_tail


def power_of_q(v, tau2, *, alpha=0.05):
    """Power of the test of heterogeneity where true effects vary with variance ``tau2``.

    P(Q > c) with c the upper alpha point of chi-square with k - 1 df, by the exact distribution
    of Q (Biggerstaff & Jackson 2008; ``q_tail``), which Hedges & Pigott (2001) approximate. For
    equal v, Q is ``1 + tau2 / v`` times a chi-square.

    Parameters
    ----------
    v : array_like, shape (k,)
        Sampling variances, k >= 2.
    tau2 : float or array_like
        Variance of true effects, 0 or more; an array gives a power curve.
    alpha : float
        Significance level, between 0 and 1.

    Returns
    -------
    float, or ndarray of the shape of ``tau2``

    Raises
    ------
    ValueError
        Variances that are not positive or fewer than two, tau2 that is not finite or below 0,
        alpha out of range.
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
        True effects and sampling variances, one scale, k >= 2.
    alpha : float
        Significance level, between 0 and 1.

    Raises
    ------
    ValueError
        Effects that are not finite, variances that are not positive, lengths that differ, fewer
        than two, alpha out of range.
    """
    effects, v = checks.effects(effects, v, minimum=2)
    mean = (effects / v).sum() / (1 / v).sum()
    return noncentral_tail(v.size - 1, float(((effects - mean) ** 2 / v).sum()), alpha)


def smallest_tau2(v, *, power=0.8, alpha=0.05) -> float:
    """Smallest variance of true effects that the test of heterogeneity finds with the power.

    The tau2 at which ``power_of_q`` is ``power`` (Hedges & Pigott 2001; Biggerstaff & Jackson
    2008), by bracketing: the power rises with tau2.

    Parameters
    ----------
    v : array_like, shape (k,)
        Sampling variances, k >= 2.
    power : float
        Above alpha and below 1.
    alpha : float
        Significance level, between 0 and 1.

    Returns
    -------
    float
        On the scale of ``v``.

    Raises
    ------
    ValueError
        As ``power_of_q``; a power that does not lie between alpha and 1.
    """
    v = variances(v, 2)
    power, alpha = power_and_alpha(power, alpha)
    limit = chi2_upper(alpha, v.size - 1)
    return rising_root(lambda tau2: q_tail(limit, v, tau2) - power, float(v.min()))


def required_studies_q(tau2: float, v: float, *, power=0.8, alpha=0.05) -> int:
    """Smallest number of studies of one size for the test of heterogeneity to have the power.

    With equal v the power is P(chi-square > c / (1 + tau2 / v)), k - 1 df, c the upper alpha
    point (Hedges & Pigott 2001); k is searched by bisection, as the power rises with it.

    Parameters
    ----------
    tau2 : float
        Variance of true effects, above 0.
    v : float
        Sampling variance of each study, on the same scale.
    power : float
        Above alpha and below 1.
    alpha : float
        Significance level, between 0 and 1.

    Returns
    -------
    int
        From 2 on.

    Raises
    ------
    ValueError
        tau2 or v that is not one number above 0, a power that does not lie between alpha and 1,
        more than a thousand million studies.
    """
    v = float(variances([v], 1)[0])
    ratio = 1 + not_negative("tau2", tau2) / v
    power, alpha = power_and_alpha(power, alpha)
    if ratio == 1:
        raise ValueError("tau2 must be above 0: without heterogeneity there is nothing to find")
    return least_integer(
        lambda k: float(chi2_tail(chi2_upper(alpha, k - 1) / ratio, k - 1)) >= power, 2
    )


def noncentral_tail(df: int, noncentrality: float, alpha: float) -> float:
    """Probability that a noncentral chi-square variable exceeds the central quantile of alpha."""
    limit = chi2_upper(fraction("alpha", alpha), df)
    return float(1 - chndtr(limit, df, noncentrality))

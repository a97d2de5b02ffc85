"""Printed odds, risk and hazard ratios on the log scale, with their sampling variances."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, array, interval, plain, positive
from .from_groups import LOGIT_TO_D
from .from_ratios import event_information, standard_error


def log_ratio(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95
) -> tuple[Number, Number]:
    """Log of a printed odds, risk or hazard ratio, and its variance from the printed interval.

    Assumes an interval made on the log scale with normal quantiles, so that low, ratio and high
    are (up to rounding) in geometric progression.

    Parameters
    ----------
    ratio : float or array
        Odds, risk or hazard ratio, above 0.
    ci_low, ci_high : float or array
        Bounds of its interval, above 0, ci_low <= ratio <= ci_high and ci_low < ci_high.
    level : float
        Confidence level of the interval, between 0 and 1.

    Returns
    -------
    log ratio, variance : float or array

    Raises
    ------
    ValueError
        If a value is not above 0, the interval is empty, the ratio lies outside it, or level is
        not between 0 and 1.

    References
    ----------
    Altman DG, Bland JM (2011). How to obtain the P value from a confidence interval. BMJ 343,
    d2304.
    """
    middle, low, high = interval(ratio, ci_low, ci_high, "ratio", positive)
    return plain(np.log(middle)), plain(standard_error(np.log(low), np.log(high), level) ** 2)


def log_hazard_ratio_variance(
    events: ArrayLike, n: ArrayLike, predictor_variance: ArrayLike = 0.25
) -> Number:
    """Variance of a log hazard ratio printed without an interval: ``1 / (events V)``.

    Assumes proportional hazards, a hazard ratio near 1 and censoring that has nothing to do with
    the predictor.

    Parameters
    ----------
    events : int or array
        People with the event, at least 1 and at most n.
    n : int or array
        Sample size, at least 4.
    predictor_variance : float or array
        V, the variance of the predictor, above 0; see :func:`from_hazard_ratio_events`.

    Returns
    -------
    float or array
        Variance of the natural logarithm of the ratio.

    Raises
    ------
    ValueError
        If n is below 4, the events are below 1 or more than n, or V is not above 0.

    References
    ----------
    Schoenfeld DA (1983). Sample-size formula for the proportional-hazards regression model.
    Biometrics 39, 499-503.
    """
    return plain(1 / event_information(events, n, predictor_variance))


def log_odds_to_d(log_odds: ArrayLike, variance: ArrayLike) -> tuple[Number, Number]:
    """Standardised mean difference of a log odds ratio, and its variance.

    ``ln(OR) sqrt(3) / pi`` with variance ``3 V / pi^2``. Assumes logistic distributions of equal
    spread behind the two classes.

    Parameters
    ----------
    log_odds : float or array
        Natural logarithm of the odds ratio, finite.
    variance : float or array
        Its variance, above 0.

    Returns
    -------
    d, variance : float or array

    Raises
    ------
    ValueError
        If the log odds ratio is not finite or the variance not above 0.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7. Chinn S (2000). Statistics in Medicine 19, 3127-3131.
    """
    scaled = positive(variance, "variance") * LOGIT_TO_D**2
    return plain(array(log_odds, "log odds ratio") * LOGIT_TO_D), plain(scaled)


def d_to_log_odds(d: ArrayLike, variance: ArrayLike) -> tuple[Number, Number]:
    """Log odds ratio of a standardised mean difference, and its variance.

    The inverse of :func:`log_odds_to_d`, which assumes the same.

    Parameters
    ----------
    d : float or array
        Standardised mean difference, finite.
    variance : float or array
        Its variance, above 0.

    Returns
    -------
    log odds ratio, variance : float or array

    Raises
    ------
    ValueError
        If d is not finite or the variance not above 0.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7. Chinn S (2000). Statistics in Medicine 19, 3127-3131.
    """
    return plain(array(d, "d") / LOGIT_TO_D), plain(positive(variance, "variance") / LOGIT_TO_D**2)

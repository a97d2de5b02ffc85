"""Ratios on the log scale: odds, risk and hazard ratios with their sampling variances."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, array, at_least, plain, positive, require
from .from_groups import LOGIT_TO_D
from .from_models import event_information, standard_error


def log_odds_ratio(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, add: float = 0.0
) -> tuple[Number, Number]:
    """Log odds ratio of a two-by-two table and its variance.

    ``ln(a d / (b c))`` with variance ``1/a + 1/b + 1/c + 1/d``.

    Parameters
    ----------
    a, b : int or array
        People with and without the event in the first group.
    c, d : int or array
        The same in the second group.
    add : float
        Added to every cell (0.5 by custom) where a cell is empty; 0 refuses an empty cell.

    Returns
    -------
    log odds ratio, variance : float or array

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 5.
    """
    a_, b_, c_, d_ = _cells(a, b, c, d, add)
    return plain(np.log(a_ * d_ / (b_ * c_))), plain(1 / a_ + 1 / b_ + 1 / c_ + 1 / d_)


def log_risk_ratio(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, add: float = 0.0
) -> tuple[Number, Number]:
    """Log risk ratio of a two-by-two table and its variance; cells as in :func:`log_odds_ratio`.

    ``ln(a/(a + b)) - ln(c/(c + d))`` with variance ``1/a - 1/(a + b) + 1/c - 1/(c + d)``.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 5.
    """
    a_, b_, c_, d_ = _cells(a, b, c, d, add)
    n1, n2 = a_ + b_, c_ + d_
    return plain(np.log(a_ * n2 / (c_ * n1))), plain(1 / a_ - 1 / n1 + 1 / c_ - 1 / n2)


def log_ratio(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95
) -> tuple[Number, Number]:
    """Log of a printed odds, risk or hazard ratio, and its variance from the printed interval.

    Assumes an interval made on the log scale with normal quantiles, so that ratio, low and high
    are (up to rounding) in geometric progression.

    References
    ----------
    Altman DG, Bland JM (2011). How to obtain the P value from a confidence interval. BMJ 343,
    d2304.
    """
    low, high = np.log(positive(ci_low, "ci_low")), np.log(positive(ci_high, "ci_high"))
    return plain(np.log(positive(ratio, "ratio"))), plain(standard_error(low, high, level) ** 2)


def log_hazard_ratio_variance(
    events: ArrayLike, n: ArrayLike, predictor_variance: ArrayLike = 0.25
) -> Number:
    """Variance of a log hazard ratio printed without an interval: ``1 / (events V)``.

    Assumptions and parameters as in :func:`from_hazard_ratio_events`.

    References
    ----------
    Schoenfeld DA (1983). Sample-size formula for the proportional-hazards regression model.
    Biometrics 39, 499-503.
    """
    return plain(1 / event_information(events, n, predictor_variance))


def log_odds_to_d(log_odds: ArrayLike, variance: ArrayLike) -> tuple[Number, Number]:
    """Standardised mean difference of a log odds ratio, and its variance.

    ``ln(OR) sqrt(3) / pi`` with variance ``3 V / pi^2``: logistic distributions of equal spread
    behind the two classes.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7. Chinn S (2000). Statistics in Medicine 19, 3127-3131.
    """
    scaled = positive(variance, "variance") * LOGIT_TO_D**2
    return plain(array(log_odds, "log odds ratio") * LOGIT_TO_D), plain(scaled)


def d_to_log_odds(d: ArrayLike, variance: ArrayLike) -> tuple[Number, Number]:
    """Log odds ratio of a standardised mean difference, and its variance.

    The inverse of :func:`log_odds_to_d`.
    """
    return plain(array(d, "d") / LOGIT_TO_D), plain(positive(variance, "variance") / LOGIT_TO_D**2)


def _cells(a, b, c, d, add: float):
    if not 0 <= add <= 1:
        raise ValueError(f"add must lie between 0 and 1, got {add!r}")
    table = [at_least(cell, name, 0) + add for cell, name in zip((a, b, c, d), "abcd", strict=True)]
    for cell, name in zip(table, "abcd", strict=True):
        require(cell > 0, name, "above 0 (add=0.5 is the usual correction)", cell.tolist())
    return table

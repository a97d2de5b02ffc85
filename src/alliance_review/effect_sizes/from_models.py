"""To a correlation from a model: hazard or odds ratios and coefficients, with an SE or interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ._checks import (
    Number,
    array,
    confidence,
    correlation,
    plain,
    positive,
    require,
    sample_size,
    share,
)
from .from_tests import from_t, from_wald_z


def wald_z_of_ratio(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95
) -> Number:
    """Wald z of an odds or hazard ratio, its standard error taken from the interval's width.

    ``z = ln(ratio) / SE`` with ``SE = (ln(high) - ln(low)) / (2 z_(1 - alpha/2))``.

    Raises
    ------
    ValueError
        If a value is not above 0, or the interval is empty.

    References
    ----------
    Altman DG, Bland JM (2011). How to obtain the P value from a confidence interval. BMJ 343,
    d2304.
    """
    log_ratio = np.log(positive(ratio, "ratio"))
    log_low, log_high = np.log(positive(ci_low, "ci_low")), np.log(positive(ci_high, "ci_high"))
    return plain(log_ratio / standard_error(log_low, log_high, level))


def standard_error(
    ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95
) -> NDArray[np.float64]:
    """Standard error of which a symmetric normal interval was made: its width by its quantiles.

    ``(high - low) / (2 z_(1 - alpha/2))``; for a ratio put in the logarithms of the bounds.

    References
    ----------
    Altman DG, Bland JM (2011). BMJ 343, d2304.
    """
    width = array(ci_high, "ci_high") - array(ci_low, "ci_low")
    require(width > 0, "ci_high", "above ci_low", ci_high)
    return width / (2.0 * ndtri(0.5 + confidence(level) / 2.0))


def from_ratio_interval(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike, level: float = 0.95
) -> Number:
    """Correlation of an odds or hazard ratio with its interval, through the Wald z.

    Independent of the unit of the predictor; see :func:`wald_z_of_ratio`, :func:`from_wald_z`.
    """
    return from_wald_z(wald_z_of_ratio(ratio, ci_low, ci_high, level), n)


from_hazard_ratio = from_ratio_interval


def from_hazard_ratio_events(
    hazard_ratio: ArrayLike, events: ArrayLike, n: ArrayLike, predictor_variance: ArrayLike = 0.25
) -> Number:
    """Correlation of a hazard ratio printed without an interval, from the number of events.

    ``z = ln(HR) sqrt(events V)``, then :func:`from_wald_z`, with V the variance of the predictor.

    Assumes proportional hazards, a hazard ratio near 1 and censoring that has nothing to do with
    the predictor: then the standard error of ln(HR) is ``1 / sqrt(events V)``.

    Parameters
    ----------
    hazard_ratio : float or array
        Above 0, per unit of the predictor.
    events : int or array
        People with the event, at least 1 and at most n.
    n : int or array
        Sample size, at least 4.
    predictor_variance : float or array
        0.25 for two groups of equal size, p (1 - p) for a share p in one group, 1 for a hazard
        ratio per standard deviation.

    References
    ----------
    Schoenfeld DA (1983). Sample-size formula for the proportional-hazards regression model.
    Biometrics 39, 499-503.
    """
    information = event_information(events, n, predictor_variance)
    return from_wald_z(np.log(positive(hazard_ratio, "hazard ratio")) * np.sqrt(information), n)


def event_information(
    events: ArrayLike, n: ArrayLike, predictor_variance: ArrayLike = 0.25
) -> NDArray[np.float64]:
    """One over the variance of a log hazard ratio: ``events V``, as Schoenfeld (1983)."""
    events_ = positive(events, "events")
    require(events_ >= 1, "events", "at least 1", events)
    require(events_ <= sample_size(n), "events", "at most n", events)
    return events_ * positive(predictor_variance, "predictor variance")


def from_coefficient(b: ArrayLike, se: ArrayLike, df: ArrayLike) -> Number:
    """Partial correlation of a regression coefficient and its standard error: ``t = b / se``.

    Parameters
    ----------
    b : float or array
        Coefficient (unstandardised or standardised).
    se : float or array
        Its standard error, above 0.
    df : float or array
        Residual degrees of freedom, at least 1.

    References
    ----------
    Aloe AM, Thompson CG (2013). The synthesis of partial effect sizes. Journal of the Society for
    Social Work and Research 4, 390-405.
    """
    return from_t(array(b, "b") / positive(se, "se"), df)


def from_coefficient_interval(
    b: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, df: ArrayLike, level: float = 0.95
) -> Number:
    """As :func:`from_coefficient`, the standard error taken from the width of the interval."""
    return from_coefficient(b, standard_error(ci_low, ci_high, level), df)


def from_standardised(beta: ArrayLike, predictor_r_squared: ArrayLike = 0.0) -> Number:
    """Semi-partial correlation of a standardised coefficient: ``sr = beta sqrt(1 - R_x^2)``.

    With a single predictor R_x^2 is 0 and the coefficient is the correlation itself. With others
    the zero-order correlation is not to be had from beta alone; rules that add a constant for it
    are not offered here.

    Parameters
    ----------
    beta : float or array
        Standardised coefficient.
    predictor_r_squared : float or array
        Share of this predictor's variance that the other predictors explain (one less the
        tolerance), 0 <= R_x^2 < 1.

    Raises
    ------
    ValueError
        Also if the result is no correlation: |beta| too large for the stated R_x^2.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 3.
    """
    tolerance = 1 - share(predictor_r_squared, "R squared of the predictor")
    return plain(correlation(array(beta, "beta") * np.sqrt(tolerance), "beta sqrt(1 - R_x^2)"))

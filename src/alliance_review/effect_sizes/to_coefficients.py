"""From a correlation to a regression coefficient; undoes ``from_coefficients``.

The standard error sets the unit of the coefficient, which r does not carry: it has to be supplied.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ._checks import Number, array, confidence, correlation, plain, positive, share
from .to_tests import to_t


def to_coefficient(r: ArrayLike, se: ArrayLike, df: ArrayLike) -> Number:
    """Regression coefficient with the given standard error: ``t se``; undoes ``from_coefficient``.

    Assumes that the coefficient over its standard error follows a t distribution.

    Parameters
    ----------
    r : float or array
        (Partial) correlation, -1 < r < 1.
    se : float or array
        Standard error of the coefficient, above 0.
    df : float or array
        Residual degrees of freedom, at least 1.

    Returns
    -------
    float or array
        Coefficient, in the unit of ``se``.

    Raises
    ------
    ValueError
        If |r| >= 1, se is not above 0 or df is below 1.

    References
    ----------
    Aloe AM, Thompson CG (2013). The synthesis of partial effect sizes. Journal of the Society for
    Social Work and Research 4, 390-405.
    """
    return plain(np.asarray(to_t(r, df)) * positive(se, "se"))


def to_coefficient_interval(
    r: ArrayLike, se: ArrayLike, df: ArrayLike, level: float = 0.95
) -> tuple[Number, Number, Number]:
    """Coefficient and its normal interval; undoes ``from_coefficient_interval``.

    ``b -+ quantile se`` about :func:`to_coefficient`. Assumes normal quantiles, as the way there.

    Parameters
    ----------
    r : float or array
        (Partial) correlation, -1 < r < 1.
    se : float or array
        Standard error of the coefficient, above 0.
    df : float or array
        Residual degrees of freedom, at least 1.
    level : float
        Confidence level of the interval, between 0 and 1.

    Returns
    -------
    b, ci_low, ci_high : float or array
        In the unit of ``se``.

    Raises
    ------
    ValueError
        If |r| >= 1, se is not above 0, df is below 1 or level is not between 0 and 1.

    References
    ----------
    Altman DG, Bland JM (2011). BMJ 343, d2304. Aloe AM, Thompson CG (2013). Journal of the
    Society for Social Work and Research 4, 390-405.
    """
    b = np.asarray(to_coefficient(r, se, df))
    half = ndtri(0.5 + confidence(level) / 2) * array(se, "se")
    return plain(b), plain(b - half), plain(b + half)


def to_standardised(sr: ArrayLike, predictor_r_squared: ArrayLike = 0.0) -> Number:
    """Standardised coefficient of a semi-partial correlation: ``sr / sqrt(1 - R_x^2)``.

    Undoes ``from_standardised``; with a single predictor, which the default assumes, it is the
    correlation itself.

    Parameters
    ----------
    sr : float or array
        Semi-partial correlation, -1 < sr < 1.
    predictor_r_squared : float or array
        Share of this predictor's variance that the other predictors explain, 0 <= R_x^2 < 1.

    Returns
    -------
    float or array
        Standardised coefficient.

    Raises
    ------
    ValueError
        If |sr| >= 1 or the share is below 0, or 1 or more.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 3.
    """
    tolerance = 1 - share(predictor_r_squared, "R squared of the predictor")
    return plain(correlation(sr, "sr") / np.sqrt(tolerance))

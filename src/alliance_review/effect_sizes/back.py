"""The way back: what a correlation would read as in another form.

Each function undoes the one named in its first line, under the same assumption, so that
``from_x(to_x(r, ...), ...)`` is r again. What the forward way loses (the sign of F, p and R
squared; a standard error) has to be supplied or stays lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtr

from ._checks import (
    Number,
    array,
    confidence,
    correlation,
    degrees,
    group_factor,
    plain,
    positive,
    sample_size,
    share,
    sign_of,
    tails_of,
    within_floats,
)
from .from_groups import LOGIT_TO_D
from .from_models import event_information


def _odds(r: ArrayLike):
    """r / sqrt(1 - r^2), the part common to all; (1 - r)(1 + r) keeps its digits near 1."""
    r_ = correlation(r)
    return r_ / np.sqrt((1 - r_) * (1 + r_))


def to_t(r: ArrayLike, df: ArrayLike) -> Number:
    """The t statistic of a (partial) correlation: ``r sqrt(df / (1 - r^2))``; undoes ``from_t``.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    return plain(_odds(r) * np.sqrt(degrees(df)))


def to_f(r: ArrayLike, df2: ArrayLike) -> Number:
    """F with one numerator degree of freedom, the square of t; undoes ``from_f``, sign apart."""
    return plain(np.asarray(to_t(r, df2)) ** 2)


def to_p(r: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2) -> Number:
    """The p value of the t test with n - 2 degrees of freedom; undoes ``from_p``.

    Two-sided, ``sign`` does not matter; one-sided, it is the direction the test looks in.
    """
    df = sample_size(n) - 2.0
    t = np.asarray(to_t(r, df))
    t = np.abs(t) * np.abs(sign_of(sign)) if tails_of(tails) == 2 else t * sign_of(sign)
    return plain(tails * stdtr(df, -t))


def to_p_normal(
    r: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2, bounded: bool = True
) -> Number:
    """As :func:`to_p` for a test with a normal reference; undoes ``from_p_normal``."""
    z = np.asarray(to_wald_z(r, n, bounded))
    z = np.abs(z) * np.abs(sign_of(sign)) if tails_of(tails) == 2 else z * sign_of(sign)
    return plain(tails * ndtr(-z))


def to_r_squared(r: ArrayLike) -> Number:
    """Share of variance: ``r^2``; undoes ``from_r_squared``, sign apart."""
    return plain(correlation(r) ** 2)


def to_wald_z(r: ArrayLike, n: ArrayLike, bounded: bool = True) -> Number:
    """Wald z of a correlation: ``r sqrt(n / (1 - r^2))``, or ``r sqrt(n)`` where not ``bounded``.

    Undoes ``from_wald_z``.
    """
    return plain((_odds(r) if bounded else correlation(r)) * np.sqrt(sample_size(n)))


def to_d(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Number:
    """Standardised mean difference: ``r sqrt(a / (1 - r^2))``; undoes ``from_d``.

    With equal groups ``2 r / sqrt(1 - r^2)``; ``a`` as in ``from_d``.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    return plain(_odds(r) * np.sqrt(group_factor(n1, n2)))


def to_odds_ratio(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Number:
    """Odds ratio between two groups: ``exp(d pi / sqrt(3))`` of :func:`to_d`.

    Undoes ``from_odds_ratio``; logistic distributions behind the two classes.

    References
    ----------
    Hasselblad V, Hedges LV (1995). Psychological Bulletin 117, 167-178. Chinn S (2000).
    Statistics in Medicine 19, 3127-3131.
    """
    with np.errstate(over="ignore"):
        return within_floats(np.exp(np.asarray(to_d(r, n1, n2)) / LOGIT_TO_D), "odds ratio")


def to_ratio_interval(
    r: ArrayLike, n: ArrayLike, se: ArrayLike, level: float = 0.95, bounded: bool = True
) -> tuple[Number, Number, Number]:
    """Odds or hazard ratio with its interval; undoes ``from_ratio_interval``.

    ``exp(z se)`` and ``exp(z se -+ quantile se)``, z the Wald z of r.

    Parameters
    ----------
    r : float or array
    n : int or array
        Sample size, at least 4.
    se : float or array
        Standard error of the log ratio, above 0. It sets the unit of the predictor, which r does
        not carry.
    level : float
    bounded : bool
        As in ``from_wald_z``.

    Returns
    -------
    ratio, ci_low, ci_high : float or array
    """
    se_ = positive(se, "se")
    centre = np.asarray(to_wald_z(r, n, bounded)) * se_
    half = ndtri(0.5 + confidence(level) / 2) * se_
    with np.errstate(over="ignore"):
        low, middle, high = (
            within_floats(np.exp(centre + side * half), "ratio") for side in (-1, 0, 1)
        )
    return middle, low, high


to_hazard_ratio = to_ratio_interval


def to_hazard_ratio_events(
    r: ArrayLike, events: ArrayLike, n: ArrayLike, predictor_variance: ArrayLike = 0.25
) -> Number:
    """Hazard ratio: ``exp(z / sqrt(events V))``, z the Wald z of r.

    Undoes ``from_hazard_ratio_events``, whose assumptions it shares: proportional hazards, a
    ratio near 1, V the variance of the predictor.

    References
    ----------
    Schoenfeld DA (1983). Biometrics 39, 499-503.
    """
    information = event_information(events, n, predictor_variance)
    with np.errstate(over="ignore"):
        return within_floats(
            np.exp(np.asarray(to_wald_z(r, n)) / np.sqrt(information)), "hazard ratio"
        )


def to_coefficient(r: ArrayLike, se: ArrayLike, df: ArrayLike) -> Number:
    """Regression coefficient with the given standard error: ``t se``; undoes ``from_coefficient``.

    The standard error sets the unit, which r does not carry.
    """
    return plain(np.asarray(to_t(r, df)) * positive(se, "se"))


def to_coefficient_interval(
    r: ArrayLike, se: ArrayLike, df: ArrayLike, level: float = 0.95
) -> tuple[Number, Number, Number]:
    """Coefficient and its normal interval; undoes ``from_coefficient_interval``.

    Returns
    -------
    b, ci_low, ci_high : float or array
    """
    b = np.asarray(to_coefficient(r, se, df))
    half = ndtri(0.5 + confidence(level) / 2) * array(se, "se")
    return plain(b), plain(b - half), plain(b + half)


def to_standardised(sr: ArrayLike, predictor_r_squared: ArrayLike = 0.0) -> Number:
    """Standardised coefficient of a semi-partial correlation: ``sr / sqrt(1 - R_x^2)``.

    Undoes ``from_standardised``; with a single predictor it is the correlation itself.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 3.
    """
    tolerance = 1 - share(predictor_r_squared, "R squared of the predictor")
    return plain(correlation(sr, "sr") / np.sqrt(tolerance))

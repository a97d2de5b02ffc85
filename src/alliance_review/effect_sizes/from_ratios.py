"""To a correlation from an odds or hazard ratio of a model, with its interval or its events."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ._checks import (
    Number,
    array,
    bounds,
    confidence,
    interval,
    plain,
    positive,
    require,
    sample_size,
)
from .from_wald import from_wald_z


def wald_z_of_ratio(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95
) -> Number:
    """Wald z of an odds or hazard ratio, its standard error taken from the interval's width.

    ``z = ln(ratio) / SE`` with ``SE = (ln(high) - ln(low)) / (2 z_(1 - alpha/2))``. Assumes an
    interval made on the log scale with normal quantiles.

    Parameters
    ----------
    ratio : float or array
        Odds or hazard ratio, above 0.
    ci_low, ci_high : float or array
        Bounds of its interval, above 0, ci_low <= ratio <= ci_high and ci_low < ci_high.
    level : float
        Confidence level of the interval, between 0 and 1.

    Returns
    -------
    float or array
        Wald z; negative for a ratio below 1.

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
    return plain(np.log(middle) / standard_error(np.log(low), np.log(high), level))


def standard_error(ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95) -> Number:
    """Standard error of which a symmetric normal interval was made: its width by its quantiles.

    ``(high - low) / (2 z_(1 - alpha/2))``. Assumes normal quantiles; for a ratio put in the
    logarithms of the bounds.

    Parameters
    ----------
    ci_low, ci_high : float or array
        Bounds of the interval, ci_low < ci_high.
    level : float
        Confidence level of the interval, between 0 and 1.

    Returns
    -------
    float or array
        Standard error, above 0, in the unit of the bounds.

    Raises
    ------
    ValueError
        If a bound is not finite, the interval is empty, or level is not between 0 and 1.

    References
    ----------
    Altman DG, Bland JM (2011). How to obtain the P value from a confidence interval. BMJ 343,
    d2304.
    """
    low, high = bounds(ci_low, ci_high)
    with np.errstate(over="ignore"):  # an infinite width is refused in words
        width = array(high - low, "ci_high - ci_low")
    return plain(width / (2.0 * ndtri(0.5 + confidence(level) / 2.0)))


def from_ratio_interval(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike, level: float = 0.95
) -> Number:
    """Correlation of an odds or hazard ratio with its interval, through the Wald z.

    Independent of the unit of the predictor. Assumes what :func:`wald_z_of_ratio` and
    :func:`from_wald_z` assume. ``from_hazard_ratio`` is another name of it.

    Parameters
    ----------
    ratio : float or array
        Odds or hazard ratio, above 0.
    ci_low, ci_high : float or array
        Bounds of its interval, above 0, ci_low <= ratio <= ci_high and ci_low < ci_high.
    n : int or array
        Sample size, at least 4.
    level : float
        Confidence level of the interval, between 0 and 1.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        As :func:`wald_z_of_ratio`, and if n is below 4.

    References
    ----------
    Altman DG, Bland JM (2011). BMJ 343, d2304. Rosenthal R (1991). Meta-Analytic Procedures for
    Social Research, chapter 2.
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
        Above 0: 0.25 for two groups of equal size, p (1 - p) for a share p in one group, 1 for a
        hazard ratio per standard deviation.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If a value is out of range, or the z is so large that r rounds to 1 or -1.

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
    """One over the variance of a log hazard ratio: ``events V``, as Schoenfeld (1983).

    Parameters, what is assumed and what is raised as in :func:`from_hazard_ratio_events`.
    """
    events_ = positive(events, "events")
    require(events_ >= 1, "events", "at least 1", events)
    require(events_ <= sample_size(n), "events", "at most n", events)
    return events_ * positive(predictor_variance, "predictor variance")

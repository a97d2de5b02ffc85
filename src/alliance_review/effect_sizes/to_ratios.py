"""From a correlation to an odds or hazard ratio of a model; undoes ``from_ratios``."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from ._checks import Number, confidence, positive, within_floats
from .from_ratios import event_information
from .to_wald import to_wald_z


def to_ratio_interval(
    r: ArrayLike, n: ArrayLike, se: ArrayLike, level: float = 0.95, bounded: bool = True
) -> tuple[Number, Number, Number]:
    """Odds or hazard ratio with its interval; undoes ``from_ratio_interval``.

    ``exp(z se)`` and ``exp(z se -+ quantile se)``, z the Wald z of r. Assumes an interval made on
    the log scale with normal quantiles. ``to_hazard_ratio`` is another name of it.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n : int or array
        Sample size, at least 4.
    se : float or array
        Standard error of the log ratio, above 0. It sets the unit of the predictor, which r does
        not carry.
    level : float
        Confidence level of the interval, between 0 and 1.
    bounded : bool
        As in :func:`from_wald_z`.

    Returns
    -------
    ratio, ci_low, ci_high : float or array
        Above 0.

    Raises
    ------
    ValueError
        If a value is out of range, or a ratio is beyond the floating-point numbers.

    References
    ----------
    Altman DG, Bland JM (2011). BMJ 343, d2304. Rosenthal R (1991). Meta-Analytic Procedures for
    Social Research, chapter 2.
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

    Undoes ``from_hazard_ratio_events``. Assumes, as that does, proportional hazards, a ratio near
    1 and censoring that has nothing to do with the predictor.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    events : int or array
        People with the event, at least 1 and at most n.
    n : int or array
        Sample size, at least 4.
    predictor_variance : float or array
        V, the variance of the predictor, above 0.

    Returns
    -------
    float or array
        Hazard ratio per unit of the predictor, above 0.

    Raises
    ------
    ValueError
        If a value is out of range, or the ratio is beyond the floating-point numbers.

    References
    ----------
    Schoenfeld DA (1983). Biometrics 39, 499-503.
    """
    information = event_information(events, n, predictor_variance)
    with np.errstate(over="ignore"):
        return within_floats(
            np.exp(np.asarray(to_wald_z(r, n)) / np.sqrt(information)), "hazard ratio"
        )

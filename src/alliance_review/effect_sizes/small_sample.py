"""The bias of d in small samples: the factor J and the unbiased difference g."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gamma

from ._checks import Number, array, at_least, plain
from .differences import degrees_within

# Terms of log J for many degrees of freedom: -E_2j / (4 j), E the Euler numbers. From _MANY on,
# the first term left out is below 5e-17.
_SERIES = (1 / 4, -5 / 8, 61 / 12, -1385 / 16, 50521 / 20)
_MANY = 32.0


def small_sample_factor(df: ArrayLike) -> Number:
    """Factor J that takes the bias from d: ``G(df/2) / (sqrt(df/2) G((df - 1)/2))``, G the gamma.

    Close to ``1 - 3 / (4 df - 1)``, the form usually printed. Assumes normal scores with equal
    variances. Exact to about 1e-15 at any df: by the gamma function for few degrees of freedom,
    by the asymptotic series of its ratio for many.

    Parameters
    ----------
    df : float or array
        n1 + n2 - 2, at least 2.

    Returns
    -------
    float or array
        J, above .56 and below 1 (for df above some 1e16 rounded to 1).

    Raises
    ------
    ValueError
        If df is below 2 or not finite.

    References
    ----------
    Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related
    estimators. Journal of Educational Statistics 6, 107-128. Tricomi FG, Erdelyi A (1951). The
    asymptotic expansion of a ratio of gamma functions. Pacific Journal of Mathematics 1, 133-142.
    """
    return plain(np.exp(log_factor(at_least(df, "df", 2))))


def log_factor(df: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithm of the factor J: keeps what J, near 1, has rounded away.

    ``log(1 - 3 / (2 df)) / 2 - sum of E_2j / (4 j) (2 df - 3)^(-2j)``, E the Euler numbers: the
    expansion about df/2 - 3/4, in which every other term vanishes.
    """
    half = np.minimum(df, _MANY) / 2
    few = np.log(gamma(half) / (np.sqrt(half) * gamma(half - 0.5)))
    large = np.maximum(df, _MANY)
    u = (1 / (2 * large - 3)) ** 2
    rest = u * np.polynomial.polynomial.polyval(u, _SERIES)
    return np.where(df < _MANY, few, np.log1p(-1.5 / large) / 2 + rest)


def d_to_g(d: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """Unbiased standardised mean difference: ``g = J d``, see :func:`small_sample_factor`.

    Assumes normal scores with equal variances.

    Parameters
    ----------
    d : float or array
        Standardised mean difference, finite.
    n1, n2 : int or array
        Group sizes, each at least 2.

    Returns
    -------
    float or array
        g, in standard deviations.

    Raises
    ------
    ValueError
        If d is not finite or a group size is below 2.

    References
    ----------
    Hedges LV (1981). Journal of Educational Statistics 6, 107-128.
    """
    return plain(array(d, "d") * small_sample_factor(degrees_within(n1, n2)))


def g_to_d(g: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> Number:
    """Standardised mean difference of its unbiased form: ``d = g / J``.

    Undoes :func:`d_to_g`, and assumes what that does.

    Parameters
    ----------
    g : float or array
        Unbiased standardised mean difference, finite.
    n1, n2 : int or array
        Group sizes, each at least 2.

    Returns
    -------
    float or array
        d, in standard deviations.

    Raises
    ------
    ValueError
        If g is not finite or a group size is below 2.

    References
    ----------
    Hedges LV (1981). Journal of Educational Statistics 6, 107-128.
    """
    return plain(array(g, "g") / small_sample_factor(degrees_within(n1, n2)))

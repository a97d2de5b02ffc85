"""Critical values: how large a correlation must be for its test to reach a level."""

from __future__ import annotations

from numpy.typing import ArrayLike

from ._checks import Number, tail_probability
from .correlations import r_to_z
from .from_tests import r_of_tail


def critical_r(n: ArrayLike, alpha: float = 0.05, tails: int = 2) -> Number:
    """Correlation at which the t test with n - 2 degrees of freedom reaches ``alpha``.

    ``r = t / sqrt(t^2 + n - 2)`` with t the upper ``alpha / tails`` point. Assumes pairs drawn
    independently from a bivariate normal distribution without correlation.

    Parameters
    ----------
    n : int or array
        Sample size, at least 4.
    alpha : float or array
        Significance level, 0 < alpha <= 1; below 1 where the test is one-sided.
    tails : 1 or 2
        Sides of the test.

    Returns
    -------
    float or array
        r > 0 for alpha < 1 (two-sided) or alpha < .5 (one-sided).

    Raises
    ------
    ValueError
        If n, alpha or tails is out of range, or alpha is so small that r rounds to 1.

    References
    ----------
    Fisher RA (1915). Frequency distribution of the values of the correlation coefficient in
    samples from an indefinitely large population. Biometrika 10, 507-521.
    """
    return r_of_tail(tail_probability(alpha, tails, "alpha"), n, "the t of alpha")


def critical_z(n: ArrayLike, alpha: float = 0.05, tails: int = 2) -> Number:
    """Fisher's z of :func:`critical_r`: the bound of a result reported in words.

    Assumes what :func:`critical_r` assumes; the bound is that of the t test, not of a normal test
    of z.

    Parameters
    ----------
    n : int or array
        Sample size, at least 4.
    alpha : float or array
        Significance level, 0 < alpha <= 1; below 1 where the test is one-sided.
    tails : 1 or 2
        Sides of the test.

    Returns
    -------
    float or array
        Fisher's z.

    Raises
    ------
    ValueError
        As :func:`critical_r`.

    References
    ----------
    Fisher RA (1921). On the "probable error" of a coefficient of correlation. Metron 1, 3-32.
    """
    return r_to_z(critical_r(n, alpha, tails))

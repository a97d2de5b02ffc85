"""Partial correlations of one predictor in a regression: their variances.

The partial correlation itself is :func:`from_t` of the t of the predictor and the residual degrees
of freedom (n - m - 1 with m predictors).
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from ._checks import Number, correlation, degrees, plain, require


def partial_variance(r: ArrayLike, df: ArrayLike) -> Number:
    """Large-sample variance of a partial correlation: ``(1 - r^2)^2 / df``.

    Assumes normal errors, and degrees of freedom that are not few.

    Parameters
    ----------
    r : float or array
        Partial correlation, -1 < r < 1.
    df : float or array
        Residual degrees of freedom of the regression, n - m - 1, at least 1.

    Returns
    -------
    float or array
        Variance on the r scale.

    Raises
    ------
    ValueError
        If |r| >= 1 or df is below 1.

    References
    ----------
    Aloe AM, Thompson CG (2013). The synthesis of partial effect sizes. Journal of the Society for
    Social Work and Research 4, 390-405.
    """
    return plain((1 - correlation(r) ** 2) ** 2 / degrees(df))


def partial_z_variance(df: ArrayLike) -> Number:
    """Sampling variance of Fisher's z of a partial correlation: ``1 / (df - 1)``.

    A partial correlation given q variables from n people is distributed as a correlation from
    n - q people, so its z has variance ``1 / (n - q - 3)``. With ``df = n - q - 2`` that is
    ``1 / (df - 1)``; for q = 0 it is :func:`z_variance`. Assumes a multivariate normal
    distribution.

    Parameters
    ----------
    df : float or array
        Residual degrees of freedom of the regression, n - q - 2, at least 2.

    Returns
    -------
    float or array
        Variance on the scale of z.

    Raises
    ------
    ValueError
        If df is below 2 or no finite number.

    References
    ----------
    Fisher RA (1924). The distribution of the partial correlation coefficient. Metron 3, 329-332.
    """
    df_ = degrees(df)
    require(df_ >= 2, "df", "at least 2", df)
    return plain(1.0 / (df_ - 1.0))

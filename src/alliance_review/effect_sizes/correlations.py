"""Correlations: r to Fisher's z and back, with the sampling variance of either.

The third scale on which correlations are pooled, r corrected for its bias, is in ``unbiased``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Number, array, correlation, plain, positive, sample_size
from ._forms import as_correlation

AVERAGED = ("LS", "AV")
UNBIASED = ("LS", "AV", "UB")


def r_to_z(r: ArrayLike) -> Number:
    """Fisher's z of a correlation: ``z = atanh(r)``.

    A change of scale, which assumes nothing of the data.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.

    Returns
    -------
    float or array
        Fisher's z.

    Raises
    ------
    ValueError
        If |r| >= 1 or r is no finite number.

    References
    ----------
    Fisher RA (1921). On the "probable error" of a coefficient of correlation. Metron 1, 3-32.
    """
    return plain(np.arctanh(correlation(r)))


def z_to_r(z: ArrayLike) -> Number:
    """Correlation of a Fisher z: ``r = tanh(z)``; inverse of :func:`r_to_z`.

    A change of scale, which assumes nothing of the data.

    Parameters
    ----------
    z : float or array
        Fisher's z, finite; up to about 19 in absolute value, beyond which r rounds to 1 or -1.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If z is no finite number, or so large that r rounds to 1 or -1.

    References
    ----------
    Fisher RA (1921). On the "probable error" of a coefficient of correlation. Metron 1, 3-32.
    """
    return as_correlation(np.tanh(array(z, "z")), "z")


def z_variance(n: ArrayLike) -> Number:
    """Sampling variance of Fisher's z: ``1 / (n - 3)``.

    Assumes pairs drawn independently from a bivariate normal distribution.

    Parameters
    ----------
    n : int or array
        Sample size, at least 4.

    Returns
    -------
    float or array
        Variance on the scale of z.

    Raises
    ------
    ValueError
        If n is below 4 or no finite number.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 6.
    """
    return plain(1.0 / (sample_size(n) - 3.0))


def r_variance(r: ArrayLike, n: ArrayLike, kind: str = "LS") -> Number:
    """Large-sample variance of a raw correlation: ``(1 - rho^2)^2 / (n - 1)``.

    Assumes pairs drawn independently from a bivariate normal distribution, and n not small.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n : int or array
        Sample size, at least 4.
    kind : {"LS", "AV"}
        What stands for rho: each study's own r ("LS"), or the mean of all r weighted by n
        ("AV"), which keeps studies with a large r by chance from seeming precise; it assumes one
        rho behind all studies.

    Returns
    -------
    float or array
        Variance on the r scale.

    Raises
    ------
    ValueError
        If |r| >= 1, n is below 4 or kind is unknown.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 6, for LS. Hunter JE, Schmidt FL (1990). Methods of Meta-Analysis, for AV.
    """
    r_, n_ = correlation(r), sample_size(n)
    return plain(large_sample(r_, n_, kind, AVERAGED))


def z_variance_of_r(r: ArrayLike, variance: ArrayLike) -> Number:
    """Variance on the Fisher z scale of a correlation with a known variance: ``V / (1 - r^2)^2``.

    For a correlation whose variance is not 1/(n - 3) on the z scale: converted from d or an odds
    ratio, or corrected for unreliability. First order in the variance (delta method), which
    assumes that it is small.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    variance : float or array
        Its variance on the r scale, above 0.

    Returns
    -------
    float or array
        Variance on the scale of z.

    Raises
    ------
    ValueError
        If |r| >= 1 or the variance is not above 0.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapters 6 and 7.
    """
    return plain(positive(variance, "variance") / (1 - correlation(r) ** 2) ** 2)


def large_sample(r, n, kind: str, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    """Variance of a correlation at each r ("LS") or at their mean weighted by n ("AV")."""
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(kinds)}, got {kind!r}")
    if kind == "AV":
        r, n = np.broadcast_arrays(r, n)
        r = (n * r).sum() / n.sum()
    return (1 - r**2) ** 2 / (n - 1)

"""Correlations: r to Fisher's z and back, sampling variances, correction of bias, critical values.

Three scales on which correlations are pooled, with the variance that belongs to each: r as it is,
r corrected for its bias, and Fisher's z.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import (
    Number,
    array,
    correlation,
    plain,
    positive,
    probability,
    require,
    sample_size,
)
from .from_tests import from_p

AVERAGED = ("LS", "AV")
UNBIASED = ("LS", "AV", "UB")

# Nodes of the trapezoidal rule in logit(t) that gives the hypergeometric function; the error
# falls as exp(-pi^2 / step), below 1e-15 here, and what lies beyond the ends is below exp(-45).
_STEP = 0.25
_LOGIT = np.arange(-90.0, 90.0 + _STEP, _STEP)
_BLOCK = 500


def r_to_z(r: ArrayLike) -> Number:
    """Fisher's z of a correlation: ``z = atanh(r)``.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.

    Returns
    -------
    float or array of the shape of ``r``
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

    Raises ``ValueError`` if z is no finite number.
    """
    return plain(np.tanh(array(z, "z")))


def z_variance(n: ArrayLike) -> Number:
    """Sampling variance of Fisher's z: ``1 / (n - 3)``.

    Assumes pairs drawn independently from a bivariate normal distribution.

    Parameters
    ----------
    n : int or array
        Sample size, at least 4.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 6.
    """
    return plain(1.0 / (sample_size(n) - 3.0))


def r_variance(r: ArrayLike, n: ArrayLike, kind: str = "LS") -> Number:
    """Large-sample variance of a raw correlation: ``(1 - rho^2)^2 / (n - 1)``.

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

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 6, for LS. Hunter JE, Schmidt FL (1990). Methods of Meta-Analysis, for AV.
    """
    r_, n_ = correlation(r), sample_size(n)
    return plain(_large_sample(r_, n_, kind, AVERAGED))


def unbiased_r(r: ArrayLike, n: ArrayLike) -> Number:
    """Correlation without its bias towards 0: ``r 2F1(1/2, 1/2; (n - 2)/2; 1 - r^2)``.

    The one unbiased estimate with the least variance, for a bivariate normal distribution; r
    itself is too small by about ``rho (1 - rho^2) / (2 n)``.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n : int or array
        Sample size, at least 4.

    References
    ----------
    Olkin I, Pratt JW (1958). Unbiased estimation of certain correlation coefficients. Annals of
    Mathematical Statistics 29, 201-211, equation 2.3.
    """
    r_, n_ = correlation(r), sample_size(n)
    return plain(r_ + r_ * _excess(0.5, (n_ - 2) / 2, r_))


def unbiased_r_variance(r: ArrayLike, n: ArrayLike, kind: str = "LS") -> Number:
    """Sampling variance of :func:`unbiased_r`.

    Parameters
    ----------
    r : float or array
        Correlation as observed (not yet corrected), -1 < r < 1.
    n : int or array
        Sample size, at least 4.
    kind : {"LS", "AV", "UB"}
        "LS" and "AV" as in :func:`r_variance`, from the corrected values. "UB" is unbiased: the
        square of the corrected r less the unbiased estimate of rho^2, which is
        ``1 - (n - 3)/(n - 2) (1 - r^2) 2F1(1, 1; n/2; 1 - r^2)``; for n from 5, as with n = 4
        it grows beyond bounds when r nears 0. It can be negative when n is small.

    References
    ----------
    Olkin I, Pratt JW (1958). Annals of Mathematical Statistics 29, 201-211. Hedges LV (1989). An
    unbiased correction for sampling error in validity generalization studies. Journal of Applied
    Psychology 74, 469-477, for UB.
    """
    r_, n_ = correlation(r), sample_size(n)
    if kind == "UB":
        require(n_ >= 5, "n", "at least 5 for the unbiased variance", n)
        return plain(_unbiased_variance(r_, n_))
    return plain(_large_sample(np.asarray(unbiased_r(r_, n_)), n_, kind, UNBIASED))


def z_variance_of_r(r: ArrayLike, variance: ArrayLike) -> Number:
    """Variance on the Fisher z scale of a correlation with a known variance: ``V / (1 - r^2)^2``.

    For a correlation whose variance is not 1/(n - 3) on the z scale: converted from d or an odds
    ratio, or corrected for unreliability. First order in the variance (delta method).

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapters 6 and 7.
    """
    return plain(positive(variance, "variance") / (1 - correlation(r) ** 2) ** 2)


def critical_r(n: ArrayLike, alpha: float = 0.05, tails: int = 2) -> Number:
    """Correlation at which the t test with n - 2 degrees of freedom reaches ``alpha``.

    Parameters
    ----------
    n : int or array
        Sample size, at least 4.
    alpha : float
        Significance level, 0 < alpha <= 1.
    tails : 1 or 2
        Sides of the test.

    Returns
    -------
    float or array of the shape of ``n``
        r > 0 for alpha < 1 (two-sided) or alpha < .5 (one-sided).
    """
    return from_p(probability(alpha, "alpha"), n, 1, tails)


def critical_z(n: ArrayLike, alpha: float = 0.05, tails: int = 2) -> Number:
    """Fisher's z of :func:`critical_r`: the bound of a result reported in words."""
    return r_to_z(critical_r(n, alpha, tails))


def _large_sample(r, n, kind: str, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    if kind not in kinds:
        raise ValueError(f"kind must be one of {', '.join(kinds)}, got {kind!r}")
    if kind == "AV":
        r, n = np.broadcast_arrays(r, n)
        r = (n * r).sum() / n.sum()
    return (1 - r**2) ** 2 / (n - 1)


def _unbiased_variance(r, n) -> NDArray[np.float64]:
    """Corrected r^2 less the estimate of rho^2, in differences that do not cancel for large n."""
    first, second = _excess(0.5, (n - 2) / 2, r), _excess(1.0, n / 2, r)
    shrunk = 1 / (n - 2) - second * (n - 3) / (n - 2)
    return r**2 * first * (2 + first) - (1 - r) * (1 + r) * shrunk


def _excess(b: float, c: NDArray[np.float64], r: NDArray[np.float64]) -> NDArray[np.float64]:
    """``2F1(b, b; c; 1 - r^2) - 1``, the mean of ``(1 - (1 - r^2) t)^-b - 1``, t ~ Beta(b, c - b).

    ``scipy.special.hyp2f1`` is nan for some c above 100 (1.17), and the power series needs
    millions of terms for small n and r. Both integrals, the mean's and the Beta function, are
    taken over logit(t), where the integrand is analytic and dies out exponentially.
    """
    c, r = np.broadcast_arrays(c, r)
    if c.size > _BLOCK:  # one row of nodes per correlation: keep the rows in memory few
        blocks = zip(
            np.array_split(c.ravel(), -(-c.size // _BLOCK)),
            np.array_split(r.ravel(), -(-c.size // _BLOCK)),
            strict=True,
        )
        return np.concatenate([_excess(b, *block) for block in blocks]).reshape(c.shape)
    c, r = c[..., None], r[..., None]
    # log t and log(1 - t) without loss at either end
    log_t, log_rest = -np.logaddexp(0, -_LOGIT), -np.logaddexp(0, _LOGIT)
    density = b * log_t + (c - b) * log_rest
    density = np.exp(density - density.max(axis=-1, keepdims=True))
    t = np.exp(log_t)
    taken = (1 - r) * (1 + r) * t
    # one less what is taken: as a logarithm of a sum near 0, through log1p near 1
    log_left = np.where(
        taken > 0.5, np.log(np.exp(log_rest) + r * r * t), np.log1p(-np.minimum(taken, 0.5))
    )
    return (density * np.expm1(-b * log_left)).sum(axis=-1) / density.sum(axis=-1)

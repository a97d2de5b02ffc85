"""Correlations corrected for their bias towards 0, with their sampling variances."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Number, correlation, plain, require, sample_size
from ._forms import as_correlation
from .correlations import UNBIASED, large_sample

# Nodes of the trapezoidal rule in logit(t) that gives the hypergeometric function; the error
# falls as exp(-pi^2 / step), below 1e-15 here, and what lies beyond the ends is below exp(-45).
_STEP = 0.25
_LOGIT = np.arange(-90.0, 90.0 + _STEP, _STEP)
_BLOCK = 500


def unbiased_r(r: ArrayLike, n: ArrayLike) -> Number:
    """Correlation without its bias towards 0: ``r 2F1(1/2, 1/2; (n - 2)/2; 1 - r^2)``.

    The one unbiased estimate with the least variance; r itself is too small by about
    ``rho (1 - rho^2) / (2 n)``. Assumes pairs drawn independently from a bivariate normal
    distribution.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n : int or array
        Sample size, at least 4.

    Returns
    -------
    float or array
        The corrected correlation, above -1 and below 1.

    Raises
    ------
    ValueError
        If |r| >= 1, n is below 4, or r is so near to 1 or -1 that the result rounds to it.

    References
    ----------
    Olkin I, Pratt JW (1958). Unbiased estimation of certain correlation coefficients. Annals of
    Mathematical Statistics 29, 201-211, equation 2.3.
    """
    return as_correlation(_corrected(correlation(r), sample_size(n)), "r")


def unbiased_r_variance(r: ArrayLike, n: ArrayLike, kind: str = "LS") -> Number:
    """Sampling variance of :func:`unbiased_r`.

    Assumes pairs drawn independently from a bivariate normal distribution; "AV" one rho behind
    all studies as well.

    Parameters
    ----------
    r : float or array
        Correlation as observed (not yet corrected), -1 < r < 1.
    n : int or array
        Sample size, at least 4, for "UB" at least 5.
    kind : {"LS", "AV", "UB"}
        "LS" and "AV" as in :func:`r_variance`, from the corrected values. "UB" is unbiased: the
        square of the corrected r less the unbiased estimate of rho^2, which is
        ``1 - (n - 3)/(n - 2) (1 - r^2) 2F1(1, 1; n/2; 1 - r^2)``; for n from 5, as with n = 4
        it grows beyond bounds when r nears 0. It can be negative when n is small.

    Returns
    -------
    float or array
        Variance on the r scale.

    Raises
    ------
    ValueError
        If |r| >= 1, n is too small or kind is unknown.

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
    return plain(large_sample(_corrected(r_, n_), n_, kind, UNBIASED))


def _corrected(r, n) -> NDArray[np.float64]:
    return r + r * _excess(0.5, (n - 2) / 2, r)


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

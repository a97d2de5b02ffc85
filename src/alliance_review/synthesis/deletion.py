"""Fit a meta-analysis or meta-regression again without each effect in turn, all at once.

Effects are deleted by giving them weight 0, in blocks of columns so that memory stays bounded.
Coefficients refer to an orthonormal basis of the design: moderators on very different scales
(an intercept and years near 1980, say) then cost no digits.
"""

from typing import NamedTuple

import numpy as np

from . import heterogeneity
from .blocks import blocks
from .regression.tau import tau_squared_regression

#: Most entries of one block of k x B weights (8 MB).
BLOCK = 1 << 20
#: An unweighted leverage this near 1 means that no other effect informs some coefficient.
ALONE = 1e-9


class Fits(NamedTuple):
    """B weighted fits in a basis of p columns; the covariance is that of the normal model."""

    coefficients: np.ndarray  # (B, p)
    covariance: np.ndarray  # (B, p, p)
    q: np.ndarray  # (B,), weighted sum of squared residuals


class Deletions(NamedTuple):
    """The full fit and the k fits without one effect; p coefficients in an orthonormal basis.

    ``basis`` (k, p) and ``triangle`` (p, p) give the design as their product. ``tau2`` is a
    number, ``tau2_del`` (k,). ``q_del`` (k,) is Cochran's (residual) Q of the fits without one
    effect. ``kept`` has the covariance (k, p, p) of all k effects at ``tau2_del``. ``alone`` (k,)
    marks effects without which the coefficients cannot be estimated: their entries mean nothing.
    """

    basis: np.ndarray
    triangle: np.ndarray
    tau2: float
    full: Fits
    tau2_del: np.ndarray
    deleted: Fits
    q_del: np.ndarray
    kept: np.ndarray
    alone: np.ndarray


def shifted(y) -> np.ndarray:
    """Effects measured from a middle one, a shift that the intercept takes up.

    Equal effects stay exactly equal, and sums of squares lose no digits.
    """
    return y - np.sort(y)[y.size // 2]


def fits(y, v, basis, tau2, member=None, alone=False) -> Fits:
    """Weighted least squares at every tau squared (B,); ``member`` (k, B) is 0 for the deleted."""
    k, p = basis.shape
    w = 1 / (v[:, None] + tau2)
    if member is not None:
        w = w * member
    products = (basis[:, :, None] * basis[:, None, :]).reshape(k, p * p)
    information = (w.T @ products).reshape(-1, p, p)
    information[np.broadcast_to(alone, len(information))] = np.eye(p)
    covariance = np.linalg.inv(information)
    coefficients = (covariance @ (w.T @ (basis * y[:, None]))[:, :, None])[:, :, 0]
    residual = y[:, None] - basis @ coefficients.T
    return Fits(coefficients, covariance, np.einsum("ij,ij,ij->j", w, residual, residual))


def delete_each(y, v, design, method: str) -> Deletions:
    """Fit with all effects and without each; ``design`` (k, p) holds the column of ones.

    Where the ones are its only column the estimators of ``heterogeneity`` are used, which are
    faster than those for regressions.
    """
    k = y.size
    basis, triangle = np.linalg.qr(design)
    alone = (basis * basis).sum(axis=1) > 1 - ALONE
    tau2 = _tau2(y, v, design, method)
    parts = []
    for block in blocks(k, "deletions", size=max(1, BLOCK // k)):
        rows = np.arange(k)[block]
        member = np.ones((k, rows.size))
        member[rows, rows - rows[0]] = 0.0
        at = _tau2(y, v, design, method, member)
        at[alone[rows]] = 0.0  # not estimable there
        fit = fits(y, v, basis, at, member, alone[rows])
        q = fits(y, v, basis, np.zeros(rows.size), member, alone[rows]).q
        parts.append((at, *fit, q, fits(y, v, basis, at).covariance))
    at, coefficients, covariance, q, q_del, kept = map(np.concatenate, zip(*parts, strict=True))
    deleted = Fits(coefficients, covariance, q)
    full = fits(y, v, basis, np.array([tau2]))
    return Deletions(basis, triangle, tau2, full, at, deleted, q_del, kept, alone)


def _tau2(y, v, design, method, member=None):
    """A number for the full set, an array (B,) for the columns of ``member``."""
    if design.shape[1] > 1:
        value = tau_squared_regression(y, v, design, method, member=member)
        return float(value[0]) if member is None else value
    if member is None:
        return float(heterogeneity.tau_squared(y, v, None, method))
    return np.asarray(heterogeneity.tau_squared(y[:, None], v[:, None], member, method))

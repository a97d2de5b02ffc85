"""Weighted least squares for one regression or many at once, in an orthonormal basis.

Effects, variances and moderators are columns: every array has shape (k, 1) or (k, B), where B is
the number of regressions. The weighted design is made orthonormal column by column (modified
Gram-Schmidt; Bjorck 1967), which keeps the digits that normal equations lose and needs no loop
over regressions.

Sums for the mean alone are in ``sums``, the estimators built on them in ``modes`` and
``heterogeneity``; those for regressions are built on this module, in ``likelihood`` and ``tau``.
There are two because a mean needs no basis: its sums are products with the weights, several
times faster, and a mean is what is fitted by the million. The tests hold one against the other.
"""

from typing import NamedTuple

import numpy as np

from .. import sums
from ..sums import dot

#: A column whose part outside the columns before it is smaller than this share is collinear.
COLLINEAR = 1e-11


class Columns(NamedTuple):
    """B regressions: y, v and ``member`` (0 and 1) are (k, 1) or (k, B); design p such arrays."""

    y: np.ndarray
    v: np.ndarray
    design: tuple[np.ndarray, ...]
    member: np.ndarray | None

    @property
    def count(self) -> int:
        """Number of regressions, B."""
        arrays = (self.y, self.v, *self.design, *(() if self.member is None else (self.member,)))
        return max(a.shape[1] for a in arrays)

    @property
    def size(self):
        """Number of effects in every regression."""
        return float(self.y.shape[0]) if self.member is None else self.member.sum(axis=0)

    @property
    def present(self) -> np.ndarray:
        """1 where an effect belongs to a regression, 0 elsewhere."""
        return np.ones(self.v.shape) if self.member is None else self.member

    def take(self, which) -> "Columns":
        """The regressions named by ``which``, indices or a slice."""
        y, v, member, *design = (
            a if a is None or a.shape[1] == 1 else a[:, which]
            for a in (self.y, self.v, self.member, *self.design)
        )
        return Columns(y, v, tuple(design), member)


class Projection(NamedTuple):
    """A weighted fit.

    ``w`` (k, B) weights; ``basis`` p arrays (k, B), the weighted design made orthonormal;
    ``scaled`` (k, B) residuals times the root of their weights; ``log_det`` (B,) log det X'WX.
    """

    w: np.ndarray
    basis: tuple[np.ndarray, ...]
    scaled: np.ndarray
    log_det: np.ndarray

    @property
    def leverage(self) -> np.ndarray:
        """Diagonal of the hat matrix, shape (k, B)."""
        return sum((q * q for q in self.basis), np.zeros(self.w.shape))

    @property
    def q(self) -> np.ndarray:
        """Weighted sum of squared residuals, shape (B,)."""
        return dot(self.scaled, self.scaled)


def columns(y, v, design, member=None) -> Columns:
    """Columns from y, v of shape (k,) or (k, B) and a design of shape (k, p) or (B, k, p)."""
    y, v, design = (np.asarray(a, dtype=float) for a in (y, v, design))
    if design.ndim == 2:
        # no variance depends on the basis, and an orthonormal one is good at every weight
        design = (np.linalg.qr(design)[0] if member is None else design)[None]
    moderators = tuple(np.ascontiguousarray(design[:, :, j].T) for j in range(design.shape[2]))
    return Columns(y.reshape(len(y), -1), v.reshape(len(v), -1), moderators, member)


def weights(data: Columns, tau2) -> np.ndarray:
    """Inverse-variance weights at tau squared, shape (k, B); 0 for an effect that is absent."""
    return sums.weights(data.v, data.member, tau2)


def project(data: Columns, w) -> Projection:
    """Weighted least squares; nan in the regressions whose design is collinear."""
    root = np.sqrt(w)
    basis, log_det = [], 0.0
    for column in data.design:
        q = root * column
        before = dot(q, q)
        for earlier in basis:
            q = q - dot(earlier, q) * earlier
        norm = dot(q, q)
        norm = np.where(norm > COLLINEAR**2 * before, norm, np.nan)
        q = q / np.sqrt(norm)
        basis.append(q)
        log_det = log_det + np.log(norm)
    scaled = root * data.y
    for q in basis:
        scaled = scaled - dot(q, scaled) * q
    return Projection(w, tuple(basis), scaled, log_det)

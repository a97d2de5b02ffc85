"""Likelihood of effects nested in clusters, in a pass over the effects.

Many pairs of variances at once: B of them give arrays with B first.

y_ij = x_ij'b + u_j + e_ij + eps_ij with variances tau2_between of u, tau2_within of e and known
sampling variances v_ij of eps, whose correlation within a cluster is rho (0 in the usual
three-level model). The covariance of a cluster is M = D + tau2_between 11' with
D = diag((1 - rho) v + tau2_within) + rho ss', s = sqrt(v): a diagonal and two rank-one terms, so
that the Sherman-Morrison formula gives all that is needed from sums over the cluster.

With e = D^-1 1 and c = 1'e, a vector x of a cluster has the mean e'x / c, and
M^-1 x = D^-1 (x - mean) + e mean / (1 + tau2_between c): a part within and a part between the
clusters. Neither is a difference of large numbers, whatever the size of the variances. The first
depends on tau2_within alone, so that a further tau2_between costs sums over the clusters only.

Sources: Konstantopoulos (2011) for the model; Pustejovsky & Tipton (2022) for rho, the correlated
and hierarchical effects model; Harville (1977) for the likelihoods.
"""

from typing import NamedTuple

import numpy as np

from .clusters import Clusters

CHUNK = 1 << 18  # numbers per array: what a processor cache holds


class Data(NamedTuple):
    """Rows sorted by cluster; the design made orthonormal, the effects its residuals."""

    z: np.ndarray  # (p + 1, k): p orthonormal design rows, then the effects less their fit
    v: np.ndarray  # (k,)
    s: np.ndarray  # (k,) square roots of v
    code: np.ndarray  # (k,) number of the cluster of each row
    starts: np.ndarray  # (m,)
    several: np.ndarray  # (m,) 1.0 where a cluster has several effects, 0.0 where it has one
    rho: float
    restricted: bool
    triangle: np.ndarray  # (p, p) R of the design X = QR
    offset: np.ndarray  # (p,) Q'y, which the effects have been freed of
    level: np.ndarray  # (a, m) the first a rows of z, which are constant in every cluster
    varying: np.ndarray  # (1 + q - a, k) ones, then the other rows of z; q = p + 1

    def total(self, x):
        """Sums over each cluster, along the last axis."""
        return np.add.reduceat(x, self.starts, axis=-1)

    def spread(self, x):
        """Give each row the value of its cluster, along the last axis."""
        return x.take(self.code, axis=-1)

    def placed(self, x, axes: int):
        """Zeros for the rows that are constant in every cluster put before ``x``, shape (B, ...).

        On the next axis, or on the next two.
        """
        a = len(self.level)
        if not a:
            return x
        shape = list(x.shape)
        shape[1 : 1 + axes] = [n + a for n in shape[1 : 1 + axes]]
        whole = np.zeros(shape)
        whole[(slice(None), *[slice(a, None)] * axes)] = x
        return whole


def prepare(y, v, design, groups: Clusters, rho: float, *, restricted: bool) -> Data:
    """Sort the rows by cluster and make the design orthonormal.

    The restricted likelihood of the orthonormal design is that of X with 0.5 log det X'X added.
    """
    rows = groups.order
    y, v, design = y[rows], v[rows], design[rows]
    basis, triangle = np.linalg.qr(design)
    offset = basis.T @ y
    z = np.concatenate([basis.T, (y - basis @ offset)[None]])
    several = (groups.size > 1).astype(float)
    # such as the intercept: they need no work within the clusters, up to the first that varies
    constant = (design == design[groups.starts][groups.code]).all(axis=0)
    a = int(np.append(constant, False).argmin())
    varying = np.concatenate([np.ones((1, y.size)), z[a:]])
    return Data(z, v, np.sqrt(v), groups.code, groups.starts, several, rho, restricted, triangle,
                offset, z[:a, groups.starts], varying)  # fmt: skip


class Inverse(NamedTuple):
    """D^-1, by cluster: a diagonal, and where rho is not 0 a term of rank one."""

    w: np.ndarray  # (B, k) 1 / ((1 - rho) v + tau2_within)
    sw: np.ndarray | None  # (B, k) s w
    shrink: np.ndarray | None  # (B, m) rho / (1 + rho s'ws), by Sherman & Morrison

    def times(self, data: Data, x):
        """D^-1 x for rows x, shape (B, n, k)."""
        product = self.w[:, None] * x
        if self.sw is not None:
            sw = self.sw[:, None]
            product -= sw * data.spread(self.shrink[:, None] * data.total(sw * x))
        return product


class Within(NamedTuple):
    """What depends on tau2_within alone; q = p + 1 rows of z, of which the last q - a vary."""

    inverse: Inverse
    solved: np.ndarray  # (B, 1 + q - a, k) e = D^-1 1, then D^-1 (z - mean)
    c: np.ndarray  # (B, m) 1'D^-1 1
    mean: np.ndarray  # (B, q, m) means of the rows of z by cluster
    gram: np.ndarray  # (B, q, q) sums of products within the clusters
    log_det: np.ndarray  # (B,) of D


def within(data: Data, tau2_within: np.ndarray) -> Within:
    """Separate what lies within the clusters from their means, at each tau2_within (B,)."""
    diagonal = (1 - data.rho) * data.v + tau2_within[:, None]
    w = e = 1 / diagonal
    log_det = np.log(diagonal).sum(axis=1)
    inverse = Inverse(w, None, None)
    if data.rho:
        sw = data.s * w
        heavy = data.rho * data.total(data.s * sw)
        log_det += np.log1p(heavy).sum(axis=1)
        inverse = Inverse(w, sw, data.rho / (1 + heavy))
        e = w - sw * data.spread(inverse.shrink * data.total(sw))
    sums = data.total(e[:, None] * data.varying)
    c, a = sums[:, 0], len(data.level)
    mean = np.empty((len(w), len(data.z), c.shape[1]))
    mean[:, :a] = data.level
    np.divide(sums[:, 1:], sums[:, :1], out=mean[:, a:])
    centred = data.varying[1:] - data.spread(mean[:, a:])
    solved = np.concatenate([e[:, None], inverse.times(data, centred)], axis=1)
    gram = data.placed(cross(solved[:, 1:], centred), 2)
    return Within(inverse, solved, c, mean, gram, log_det)


def cross(a, b):
    """Sums of products of rows, (B, n, n)."""
    return a @ np.swapaxes(b, 1, 2)


def surface(data: Data, part: Within, tau2_between: np.ndarray) -> np.ndarray:
    """Log-likelihood at A tau2_between by B tau2_within, shape (A, B); O(m) for each."""
    q = len(data.z)
    t = tau2_between[:, None, None]
    products = (part.mean[:, :, None] * part.mean[:, None]).reshape(len(part.c), q * q, -1)
    growth = 1 + t * part.c  # (A, B, m)
    share = np.swapaxes(part.c / growth, 0, 1)
    between = np.swapaxes(share @ np.swapaxes(products, 1, 2), 0, 1)
    gram = part.gram + between.reshape(len(t), -1, q, q)
    return log_likelihood(data, part.log_det + np.log(growth).sum(axis=2), gram)


def log_likelihood(data: Data, log_det, gram):
    """From log det V and the sums of products Z'V^-1 Z, shapes (...) and (..., q, q)."""
    k, p = data.v.size, len(data.z) - 1
    log_det_inner, rss = eliminate(gram)
    if not data.restricted:
        return -0.5 * (k * np.log(2 * np.pi) + log_det + rss)
    return -0.5 * ((k - p) * np.log(2 * np.pi) + log_det + log_det_inner + rss)


def eliminate(gram):
    """Log-determinant of all rows but the last, and what they leave of the last one's square.

    Gauss's elimination over all matrices at once: quicker than LAPACK matrix by matrix.
    """
    log_det = 0.0
    for _ in range(gram.shape[-1] - 1):
        pivot, row = gram[..., :1, :1], gram[..., :1, 1:]
        log_det = log_det + np.log(pivot[..., 0, 0])
        gram = gram[..., 1:, 1:] - np.swapaxes(row, -1, -2) * (row / pivot)
    return log_det, gram[..., 0, 0]


def residual(part: Within) -> np.ndarray:
    """Weighted sums of squared residuals with no variance between, (B,)."""
    gram = part.gram + cross(part.mean * part.c[:, None], part.mean)
    return eliminate(gram)[1]

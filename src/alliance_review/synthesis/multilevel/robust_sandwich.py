"""The sandwich: coefficients by a working model, their variance from residuals by cluster.

Sources: Bell & McCaffrey (2002); Tipton (2015); Pustejovsky & Tipton (2018).
"""

from typing import NamedTuple

import numpy as np

from .clusters import Clusters


class Working(NamedTuple):
    """Rows sorted by cluster, and the covariance that a working model gives them."""

    y: np.ndarray  # (k,)
    v: np.ndarray  # (k,)
    x: np.ndarray  # (k, p)
    groups: Clusters
    names: tuple[str, ...]
    tau2: tuple[float, float]
    rho: float

    def covariance(self, rows: np.ndarray) -> np.ndarray:
        """Of clusters of one size, whose rows are given as (g, s): shape (g, s, s)."""
        v, s = self.v[rows], np.sqrt(self.v[rows])
        own = np.eye(rows.shape[1]) * ((1 - self.rho) * v + self.tau2[1])[:, None]
        return own + self.rho * s[:, :, None] * s[:, None] + self.tau2[0]


class Sandwich(NamedTuple):
    """Coefficients (p,) with their robust covariance (p, p)."""

    estimate: np.ndarray
    covariance: np.ndarray
    df: np.ndarray  # (p,) by Satterthwaite
    share: np.ndarray  # (p,) expected robust variance / variance, both by the working model


def sandwich(model: Working, kind: str) -> Sandwich:
    """Coefficients and their robust covariance, scale factors of CR1 and its like left out."""
    sizes = np.unique(model.groups.size)
    blocks, p = [], model.x.shape[1]
    bread, cross = np.zeros((p, p)), np.zeros(p)
    # an orthonormal design keeps moderators of any scale apart
    basis, triangle = np.linalg.qr(model.x)
    offset = basis.T @ model.y
    y = model.y - basis @ offset
    for size in sizes:  # all clusters of one size together
        starts = model.groups.starts[model.groups.size == size]
        rows = starts[:, None] + np.arange(size)
        v, x = model.covariance(rows), basis[rows]
        wx = np.linalg.solve(v, x)
        bread += np.einsum("gsi,gsj->ij", x, wx)
        cross += np.einsum("gsi,gs->i", wx, y[rows])
        blocks.append((rows, v, x, wx))
    m = np.linalg.inv(bread)
    beta = m @ cross
    residual = y - basis @ beta
    back = np.linalg.inv(triangle)
    scores, own, shared = [], [], []
    for rows, v, x, wx in blocks:
        # per coefficient b_a, the weights g of the residuals of a cluster: (g, s, p)
        g = _adjusted(v, x, wx, m, kind) @ (m @ back.T)
        scores.append(np.einsum("gsa,gs->ga", g, residual[rows]))
        own.append(np.einsum("gsa,gst,gta->ga", g, v, g))
        shared.append(np.einsum("gsi,gsa->gia", x, g))
    scores, own, shared = (np.concatenate(a) for a in (scores, own, shared))
    df, expected = _satterthwaite(own, shared, m)
    share = expected / np.diag(back @ m @ back.T)
    return Sandwich(back @ (beta + offset), scores.T @ scores, df, share)


def _adjusted(v, x, wx, m, kind):
    """A_j' V_j^-1 X_j for clusters of one size, shape (g, s, p)."""
    if kind == "CR3":  # (1 - W X M X') ^-1 W X = W X (1 - M X'WX)^-1
        left = np.eye(len(m)) - m @ (np.swapaxes(x, 1, 2) @ wx)
        if (np.linalg.det(left) < 1e-12).any():
            raise ValueError(
                "CR3 is not defined: without one of the clusters a coefficient cannot be estimated"
            )
        return wx @ np.linalg.inv(left)
    if kind != "CR2":
        return wx
    root = np.linalg.cholesky(v)
    turned = np.swapaxes(root, 1, 2)
    inner = turned @ (v - x @ m @ np.swapaxes(x, 1, 2)) @ root
    values, vectors = np.linalg.eigh(0.5 * (inner + np.swapaxes(inner, 1, 2)))
    # directions that the coefficients use up leave no residual, and rounding in their place
    size = np.linalg.norm(turned @ root, axis=(1, 2))[:, None]
    kept = values > 1e-13 * size
    scale = np.where(kept, 1 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    half = root @ vectors
    return (half * scale[:, None]) @ (np.swapaxes(half, 1, 2) @ wx)


def _satterthwaite(own, shared, m):
    """(sum P_jj)^2 / sum P_jl^2 for each coefficient, and the sum of P_jj.

    P is the covariance of the cluster scores under the working model: P_jl is g_j'V_j g_j where
    j = l, less q_j'M q_l with q_j = X_j'g_j.
    """
    degrees, expected = [], []
    for a in range(own.shape[1]):
        q = shared[:, :, a]
        inner = m @ (q.T @ q)
        part = np.einsum("ji,ik,jk->j", q, m, q)
        trace = (own[:, a] - part).sum()
        square = (own[:, a] ** 2).sum() - 2 * (own[:, a] * part).sum() + np.trace(inner @ inner)
        expected.append(trace)
        # no variance is left where a single cluster determines the coefficient
        degrees.append(trace**2 / square if trace > 1e-10 * own[:, a].sum() else np.nan)
    # never below 1, whatever the rounding: P has no negative eigenvalue
    return np.maximum(degrees, 1.0), np.array(expected)

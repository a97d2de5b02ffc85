"""Likelihood of effects nested in clusters, with exact derivatives, in a pass over the effects.

Many pairs of variances at once: B of them give arrays with B first.

y_ij = x_ij'b + u_j + e_ij + eps_ij with variances tau2_between of u, tau2_within of e and known
sampling variances v_ij of eps, whose correlation within a cluster is rho (0 in the usual
three-level model). The covariance of a cluster is M = D + tau2_between 11' with
D = diag((1 - rho) v + tau2_within) + rho ss', s = sqrt(v): a diagonal and two rank-one terms, so
that the Sherman-Morrison formula gives all that is needed from sums over the cluster.

With e = D^-1 1 and c = 1'e, a vector x of a cluster has the mean e'x / c, and
M^-1 x = D^-1 (x - mean) + e mean / (1 + tau2_between c): a part within and a part between the
clusters. Neither is a difference of large numbers, whatever the size of the variances.

Sources: Konstantopoulos (2011) for the model; Pustejovsky & Tipton (2022) for rho, the correlated
and hierarchical effects model; Harville (1977) for the likelihoods and their derivatives; Gilmour,
Thompson & Cullis (1995) for the average information.
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

    def total(self, x):
        """Sums over each cluster, along the last axis."""
        return np.add.reduceat(x, self.starts, axis=-1)

    def spread(self, x):
        """Give each row the value of its cluster, along the last axis."""
        return x.take(self.code, axis=-1)


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
    return Data(z, v, np.sqrt(v), groups.code, groups.starts, several, rho, restricted, triangle,
                offset)  # fmt: skip


class Within(NamedTuple):
    """What depends on tau2_within alone; q = p + 1 rows of z."""

    w: np.ndarray  # (B, k) 1 / ((1 - rho) v + tau2_within)
    sw: np.ndarray  # (B, k) s w
    shrink: np.ndarray  # (B, m) rho / (1 + rho s'ws): the Sherman-Morrison factor of D
    e: np.ndarray  # (B, k) D^-1 1
    c: np.ndarray  # (B, m) 1'D^-1 1
    mean: np.ndarray  # (B, q, m) means of the rows of z by cluster
    solved: np.ndarray  # (B, q, k) D^-1 (z - mean)
    gram: np.ndarray  # (B, q, q) sums of products within the clusters
    log_det: np.ndarray  # (B,) of D


def within(data: Data, tau2_within: np.ndarray) -> Within:
    """Separate what lies within the clusters from their means, at each tau2_within (B,)."""
    diagonal = (1 - data.rho) * data.v + tau2_within[:, None]
    w = 1 / diagonal
    sw, shrink, e = data.s * w, np.zeros((1, data.starts.size)), w
    log_det = np.log(diagonal).sum(axis=1)
    if data.rho:
        heavy = data.total(data.s * sw)
        shrink = data.rho / (1 + data.rho * heavy)
        log_det = log_det + np.log1p(data.rho * heavy).sum(axis=1)
        e = w - sw * data.spread(shrink * data.total(sw))
    c = data.total(e)
    mean = data.total(e[:, None] * data.z) / c[:, None]
    centred = data.z - data.spread(mean)
    solved = _solve(data, w, sw, shrink, centred)
    return Within(w, sw, shrink, e, c, mean, solved, _cross(centred, solved), log_det)


def _cross(a, b):
    """Sums of products of rows, (B, q, q)."""
    return a @ np.swapaxes(b, 1, 2)


def _solve(data, w, sw, shrink, x):
    """D^-1 x for rows x, shape (B, q, k)."""
    solved = w[:, None] * x
    if data.rho:
        sw = sw[:, None]
        solved -= sw * data.spread(shrink[:, None] * data.total(sw * x))
    return solved


def surface(data: Data, part: Within, tau2_between: np.ndarray) -> np.ndarray:
    """Log-likelihood at A tau2_between by B tau2_within, shape (A, B); O(m) for each."""
    p = len(data.z) - 1
    t = tau2_between[:, None, None]
    products = (part.mean[:, :, None] * part.mean[:, None]).reshape(len(part.c), (p + 1) ** 2, -1)
    share = np.swapaxes(1 / (t + 1 / part.c), 0, 1)  # (B, A, m)
    between = np.swapaxes(share @ np.swapaxes(products, 1, 2), 0, 1)
    gram = part.gram + between.reshape(len(t), -1, p + 1, p + 1)
    log_det = part.log_det + np.log1p(t * part.c).sum(axis=2)
    inner, cross = gram[..., :p, :p], gram[..., :p, p]
    fit = np.linalg.solve(inner, cross[..., None])[..., 0]
    rss = gram[..., p, p] - (cross * fit).sum(axis=-1)
    return _value(data, log_det, np.linalg.slogdet(inner)[1], rss)


def _value(data, log_det, log_det_inner, rss):
    k, p = data.v.size, len(data.z) - 1
    if not data.restricted:
        return -0.5 * (k * np.log(2 * np.pi) + log_det + rss)
    return -0.5 * ((k - p) * np.log(2 * np.pi) + log_det + log_det_inner + rss)


class Points(NamedTuple):
    """The log-likelihood at B pairs (tau2_between, tau2_within), coefficients at their best.

    With G = 11' by cluster for the first variance and I for the second, and P the residual-making
    matrix (V^-1 itself in the traces of ML): score = (y'PGPy - tr PG) / 2,
    average = y'PGPGPy / 2, fisher = tr PGPG / 2, observed = 2 average - fisher.
    """

    value: np.ndarray  # (B,)
    score: np.ndarray  # (B, 2)
    average: np.ndarray  # (B, 2, 2)
    fisher: np.ndarray  # (B, 2, 2)
    coefficients: np.ndarray  # (B, p) of the orthonormal design, offset not added
    covariance: np.ndarray  # (B, p, p) of the orthonormal design
    rss: np.ndarray  # (B,) y'Py
    trace: np.ndarray  # (B,) tr P

    @property
    def observed(self) -> np.ndarray:
        """Minus the matrices of second derivatives."""
        return 2 * self.average - self.fisher


def evaluate(data: Data, tau2: np.ndarray) -> Points:
    """Values, scores and information matrices at the rows of ``tau2``, shape (B, 2)."""
    step = max(1, CHUNK // data.z.size)
    parts = [_evaluate(data, *tau2[i : i + step].T) for i in range(0, len(tau2), step)]
    return parts[0] if len(parts) == 1 else Points(*map(np.concatenate, zip(*parts, strict=True)))


def _evaluate(data, tau2_between, tau2_within):
    part = within(data, tau2_within)
    p, c, e = len(data.z) - 1, part.c, part.e
    growth = 1 + tau2_between[:, None] * c
    f = (c / growth)[:, None]
    # the rows M^-1 z, by cluster, and the sums 1'M^-1 z
    solved = part.solved + e[:, None] * data.spread(part.mean / growth[:, None])
    sums = part.mean * f
    gram = part.gram + _cross(sums, part.mean)

    inverse = np.linalg.inv(gram[:, :p, :p])
    beta = (inverse @ gram[:, :p, p:])[..., 0]
    side = np.concatenate([-beta, np.ones((len(beta), 1))], axis=1)  # residuals are side @ z
    rss = np.einsum("bi,bij,bj->b", side, gram, side)
    log_det = part.log_det + np.log1p(tau2_between[:, None] * c).sum(axis=1)
    value = _value(data, log_det, -np.linalg.slogdet(inverse)[1], rss)

    # derivatives of gram: first with the sign turned, second halved
    again = data.total(e[:, None] * solved) / c[:, None]
    rest = solved - data.spread(again)
    cubed = _cross(rest, _solve(data, part.w, part.sw, part.shrink, rest))
    cubed = cubed + _cross(again * f, again)
    mixed = _cross(sums, again * f)
    mixed = 0.5 * (mixed + np.swapaxes(mixed, 1, 2))
    first = np.stack([_cross(sums, sums), _cross(solved, solved)], axis=1)
    second = np.stack([_cross(sums * f, sums), mixed, mixed, cubed], axis=1)
    second = second.reshape(-1, 2, 2, p + 1, p + 1)

    traces, pairs = _traces(data, part, growth, f[:, 0])
    designs = inverse[:, None] @ first[..., :p, :p]
    lost = np.trace(designs, axis1=2, axis2=3)
    trace = traces[:, 1] - lost[:, 1]
    if data.restricted:
        traces = traces - lost
        pairs = pairs + np.einsum("biuv,bjvu->bij", designs, designs)
        pairs = pairs - 2 * np.einsum("buv,bijuv->bij", inverse, second[..., :p, :p])
    bent = first @ side[:, None, :, None]  # (B, 2, q, 1)
    slopes = bent[..., :p, 0]
    score = 0.5 * (np.einsum("bi,bji->bj", side, bent[..., 0]) - traces)
    average = np.einsum("bu,bijuv,bv->bij", side, second, side)
    average = 0.5 * (average - slopes @ inverse @ np.swapaxes(slopes, 1, 2))
    return Points(value, score, average, 0.5 * pairs, beta, inverse, rss, trace)


def _traces(data, part, growth, f):
    """Traces of V^-1 G, shape (B, 2), and of V^-1 G V^-1 G, (B, 2, 2), for both variances."""
    c, e = part.c, part.e
    ee = data.total(e * e)
    solved = _solve(data, part.w, part.sw, part.shrink, e[:, None])[:, 0]
    eDe = data.total(e * solved)
    trace, trace2 = c, ee  # of D^-1 and D^-2, by cluster
    if data.rho:
        w, w2v = part.w, part.sw * part.sw
        heavy = part.shrink * data.total(w2v)
        trace = data.total(w) - heavy
        trace2 = data.total(w * w) - 2 * part.shrink * data.total(w * w2v) + heavy**2
    # of these the part within a cluster: none where it has one effect, whatever the rounding
    inner = data.several * (trace - ee / c)
    own = ee / (c * growth)
    inner2 = data.several * (trace2 - 2 * eDe / c + (ee / c) ** 2)
    cross = data.several * (eDe - ee * ee / c) / (c * growth)
    singles = (f, inner + own)
    ww, bw = inner2 + 2 * cross + own * own, ee / growth**2
    pairs = np.stack([a.sum(axis=1) for a in (f * f, bw, bw, ww)], axis=1)
    return np.stack([a.sum(axis=1) for a in singles], axis=1), pairs.reshape(-1, 2, 2)

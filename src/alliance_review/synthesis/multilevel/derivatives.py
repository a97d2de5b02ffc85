"""Exact derivatives of the multilevel likelihood, from sums over the clusters.

Sources: Harville (1977) for the derivatives; Gilmour, Thompson & Cullis (1995) for the average
information.
"""

from typing import NamedTuple

import numpy as np

from .likelihood import CHUNK, Data, Within, cross, log_likelihood, within


class Points(NamedTuple):
    """The log-likelihood at B pairs (tau2_between, tau2_within), coefficients at their best.

    With G = 11' by cluster for the first variance and I for the second, and P the residual-making
    matrix (V^-1 itself in the traces of ML): score = (y'PGPy - tr PG) / 2,
    average = y'PGPGPy / 2, fisher = tr PGPG / 2, observed = 2 average - fisher.
    """

    value: np.ndarray  # (B,)
    score: np.ndarray  # (B, 2)
    fisher: np.ndarray  # (B, 2, 2)
    observed: np.ndarray  # (B, 2, 2) minus the second derivatives
    coefficients: np.ndarray  # (B, p) of the orthonormal design, offset not added
    covariance: np.ndarray  # (B, p, p) of the orthonormal design

    def at(self, rows) -> "Points":
        """Some of the points, by position."""
        return Points(*(a[rows] for a in self))


class Bends(NamedTuple):
    """Sums of D^-2 and D^-3 over rows of z less their means, r, and over ones, 1."""

    ones2: np.ndarray  # (B, m) 1'D^-2 1
    rows2: np.ndarray  # (B, q, m) 1'D^-2 r
    gram2: np.ndarray  # (B, q, q) r'D^-2 r
    # less what lies along e = D^-1 1: D^-1 is replaced by D^-1 - ee'/c in the middle of D^-3
    ones3: np.ndarray  # (B, m)
    rows3: np.ndarray  # (B, q, m)
    gram3: np.ndarray  # (B, q, q)
    trace: np.ndarray  # (B,) of D^-1 - ee'/c
    trace2: np.ndarray  # (B,) of its square


def evaluate(data: Data, tau2: np.ndarray) -> Points:
    """Values, scores and information matrices at the rows of ``tau2``, shape (B, 2)."""
    step = max(1, CHUNK // data.z.size)
    parts = [_evaluate(data, *tau2[i : i + step].T) for i in range(0, len(tau2), step)]
    return parts[0] if len(parts) == 1 else Points(*map(np.concatenate, zip(*parts, strict=True)))


def _bends(data: Data, part: Within) -> Bends:
    solved, c = part.solved, part.c
    e = solved[:, :1]
    again = part.inverse.times(data, solved)
    second, third = data.total(e * solved), data.total(e * again)
    ones2, ones3, rows2 = second[:, 0], third[:, 0], second[:, 1:]
    share = ones2 / c
    rows3 = third[:, 1:] - rows2 * share[:, None]
    gram3 = cross(solved[:, 1:], again[:, 1:]) - cross(rows2 / c[:, None], rows2)
    trace, trace2 = c, ones2  # of D^-1 and D^-2, by cluster
    if data.rho:
        w, sw, shrink = part.inverse
        heavy = shrink * data.total(sw * sw)
        trace = data.total(w) - heavy
        trace2 = data.total(w * w) - 2 * shrink * data.total(w * sw * sw) + heavy**2
    # a cluster of one effect has nothing within it, whatever the rounding
    trace = (trace - share) @ data.several
    trace2 = (trace2 - 2 * ones3 / c + share * share) @ data.several
    ones3 = data.several * (ones3 - ones2 * share)
    return Bends(ones2, data.placed(rows2, 1), data.placed(cross(solved[:, 1:], solved[:, 1:]), 2),
                 ones3, data.placed(rows3, 1), data.placed(gram3, 2), trace, trace2)  # fmt: skip


def _evaluate(data, tau2_between, tau2_within):
    part = within(data, tau2_within)
    bends = _bends(data, part)
    p, c = len(data.z) - 1, part.c
    growth = 1 + tau2_between[:, None] * c
    f = c / growth
    # by cluster the rows M^-1 z = D^-1 r + e lift, and the sums 1'M^-1 z and 1'M^-2 z c / growth
    lift = part.mean / growth[:, None]
    sums = lift * c[:, None]
    again = (bends.rows2 + lift * bends.ones2[:, None]) / growth[:, None]

    gram = part.gram + cross(sums, part.mean)
    value = log_likelihood(data, part.log_det + np.log(growth).sum(axis=1), gram)
    inverse = np.linalg.inv(gram[:, :p, :p])
    beta = (inverse @ gram[:, :p, p:])[..., 0]
    side = np.concatenate([-beta, np.ones((len(beta), 1))], axis=1)  # residuals are side @ z

    # derivatives of gram: first with the sign turned, second halved
    q = p + 1
    first, second = np.empty((len(c), 2, q, q)), np.empty((len(c), 2, 2, q, q))
    first[:, 0] = cross(sums, sums)
    first[:, 1] = bends.gram2 + _both(bends.rows2 + 0.5 * bends.ones2[:, None] * lift, lift)
    second[:, 0, 0] = cross(sums * f[:, None], sums)
    second[:, 0, 1] = second[:, 1, 0] = 0.5 * _both(sums, again)
    second[:, 1, 1] = bends.gram3 + _both(bends.rows3 + 0.5 * bends.ones3[:, None] * lift, lift)
    second[:, 1, 1] += cross(again / f[:, None], again)

    traces, pairs = _traces(bends, c, growth, f)
    if data.restricted:
        designs = inverse[:, None] @ first[..., :p, :p]
        traces -= np.einsum("biuu->bi", designs)
        pairs += np.einsum("biuv,bjvu->bij", designs, designs)
        pairs -= 2 * np.einsum("buv,bijuv->bij", inverse, second[..., :p, :p])
    bent = (first @ side[:, None, :, None])[..., 0]  # (B, 2, q)
    slopes = bent[..., :p]
    score = 0.5 * ((bent @ side[..., None])[..., 0] - traces)
    twice = np.einsum("bu,bijuv,bv->bij", side, second, side)
    twice -= slopes @ inverse @ np.swapaxes(slopes, 1, 2)
    fisher = 0.5 * pairs
    return Points(value, score, fisher, twice - fisher, beta, inverse)


def _both(a, b):
    """Sums of products and their transpose, (B, q, q)."""
    products = cross(a, b)
    return products + np.swapaxes(products, 1, 2)


def _traces(bends, c, growth, f):
    """Traces of V^-1 G, shape (B, 2), and of V^-1 G V^-1 G, (B, 2, 2), for both variances."""
    own = bends.ones2 / (c * growth)
    traces, pairs = np.empty((len(c), 2)), np.empty((len(c), 2, 2))
    traces[:, 0] = f.sum(axis=1)
    traces[:, 1] = bends.trace + own.sum(axis=1)
    pairs[:, 0, 0] = (f * f).sum(axis=1)
    pairs[:, 0, 1] = pairs[:, 1, 0] = (own * f).sum(axis=1)
    crossed = 2 * bends.ones3 / (c * growth) + own * own
    pairs[:, 1, 1] = bends.trace2 + crossed.sum(axis=1)
    return traces, pairs

"""The normal law weighted by the probability of being seen: its normaliser and likelihood.

The law of an effect y that is seen with probability proportional to w is w(y) f(y) / A, where f is
the normal density N(mu, v + t) and A = E[w] under f. A and its derivatives in mu, t = tau squared
and the parameters of w follow from the moments of u = (y - mu) / sqrt(v + t) under w f: exact
normal moments on the pieces where w is constant, Gauss-Legendre sums elsewhere.

Sources: Iyengar & Greenhouse (1988), Hedges (1992), Vevea & Hedges (1995).
"""

from typing import NamedTuple

import numpy as np

from ..distributions import ndtr
from .weights import Weighting

ROOT_2PI = np.sqrt(2 * np.pi)
LOG_2PI = np.log(2 * np.pi)


class Normaliser(NamedTuple):
    """log A of every effect (B, k), its gradient (B, k, 2 + d) and Hessian in (mu, t, weights)."""

    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


def normaliser(weighting: Weighting, sigma, mu, s2, parameters) -> Normaliser:
    """log E[w] over y ~ N(mu, s2) for effects with standard errors ``sigma`` (k,); mu, s2 (B, k).
    """
    s = np.sqrt(s2)
    d = parameters.shape[1]
    places = np.concatenate([weighting.piece_places, weighting.z_places])
    logs = weighting.logs(parameters, places)
    top = logs.value.max(axis=1)
    w = np.exp(logs.value - top[:, None])[:, :, None]
    shape = (len(w), len(places))
    first = np.broadcast_to(logs.first, (*shape, d))
    second = logs.second + logs.first[..., :, None] * logs.first[..., None, :]
    second = np.broadcast_to(second, (*shape, d, d)).reshape(*shape, d * d)
    basis = w * np.concatenate([np.ones((*shape, 1)), first, second], axis=2)
    count = len(weighting.pieces)
    sums = []
    columns = (1 + d + d * d, 1 + d, 1 + d, 1, 1)
    exact = piece_moments((weighting.edges * sigma[:, None] - mu[..., None]) / s[..., None])
    for moment, m in zip(exact, columns, strict=True):
        sums.append(moment[..., weighting.pieces] @ basis[:, :count, :m])
    if weighting.z.size:
        scale = sigma / s
        u = weighting.z * scale[..., None]
        u -= (mu / s)[..., None]
        mass = u * u  # the largest arrays here: they are changed in place
        mass *= -0.5
        np.exp(mass, out=mass)
        mass *= (scale / ROOT_2PI)[..., None]
        mass *= weighting.share
        for order, m in enumerate(columns):
            sums[order] = sums[order] + mass @ basis[:, count:, :m]
            mass *= u
    total = sums[0][..., :1]
    # where nothing that may be seen has any probability left, the likelihood counts as 0
    value = np.where(total[..., 0] > 0, np.log(total[..., 0]) + top[:, None], np.inf)
    return from_moments(value, [part / total for part in sums], s, d)


def piece_moments(u):
    """Integrals of u^n phi(u), n = 0 to 4, over the pieces between edges ``u`` (..., M) and
    beyond the first and the last: five arrays (..., M + 1)."""
    shape = (*u.shape[:-1], u.shape[-1] + 2)
    below, above = np.zeros(shape), np.zeros(shape)  # an edge at either end, without mass beyond
    below[..., -1], above[..., 0] = 1.0, 1.0
    below[..., 1:-1], above[..., 1:-1] = ndtr(u), ndtr(-u)
    # the difference of the two tail areas that are small keeps all digits
    upper = below[..., :-1] > 0.5
    m0 = np.where(upper, above[..., :-1] - above[..., 1:], below[..., 1:] - below[..., :-1])
    flow = np.zeros((4, *shape))
    flow[0, ..., 1:-1] = np.exp(-0.5 * u * u) / ROOT_2PI
    for order in (1, 2, 3):
        flow[order, ..., 1:-1] = flow[order - 1, ..., 1:-1] * u
    m1, flow_1, flow_2, flow_3 = flow[..., :-1] - flow[..., 1:]
    m2 = m0 + flow_1
    return m0, m1, m2, 2 * m1 + flow_2, 3 * m2 + flow_3


def from_moments(value, mean, s, d: int) -> Normaliser:
    """Derivatives of log A from the means of u^n, u^n T and T T' under the weighted law, where T
    is the derivative of log w: those of the log integrand, and their covariances."""
    e1, e2, e3, e4 = (mean[n][..., 0] for n in (1, 2, 3, 4))
    s2 = s * s
    gradient = np.empty((*value.shape, 2 + d))
    gradient[..., 0] = e1 / s
    gradient[..., 1] = (e2 - 1) / (2 * s2)
    hessian = np.empty((*value.shape, 2 + d, 2 + d))
    hessian[..., 0, 0] = (e2 - 1) / s2
    hessian[..., 0, 1] = (e3 - 3 * e1) / (2 * s2 * s)
    hessian[..., 1, 1] = (e4 - 6 * e2 + 3) / (4 * s2 * s2)
    if d:
        t0, t1, t2 = (mean[n][..., 1 : 1 + d] for n in (0, 1, 2))
        gradient[..., 2:] = t0
        hessian[..., 0, 2:] = t1 / s[..., None]
        hessian[..., 1, 2:] = (t2 - t0) / (2 * s2[..., None])
        hessian[..., 2:, 2:] = mean[0][..., 1 + d :].reshape(*value.shape, d, d)
        hessian[..., 2:, :2] = np.swapaxes(hessian[..., :2, 2:], -1, -2)
    hessian[..., 1, 0] = hessian[..., 0, 1]
    hessian -= gradient[..., :, None] * gradient[..., None, :]
    return Normaliser(value, gradient, hessian)


def weighted_log_likelihood(y, v, basis, x, log_w, law: Normaliser):
    """Log-likelihood, gradient and Hessian at the rows of x = (beta, t, parameters of w).

    Parameters
    ----------
    y, v : ndarray, shape (k,)
    basis : ndarray, shape (k, p)
        Design: mu = basis @ beta.
    x : ndarray, shape (B, p + 1 + d)
    log_w : Logs or None
        Of the observed effects; None where the weight is constant on all that may be seen.
    law : Normaliser
        At these x.

    Returns
    -------
    (B,), (B, n), (B, n, n) with n = p + 1 + d.
    """
    p = basis.shape[1]
    mu, s2 = x[:, :p] @ basis.T, v + x[:, p, None]
    residual, inverse = y - mu, 1 / s2
    pull = residual * inverse
    square = pull * pull
    value = -0.5 * (LOG_2PI + np.log(s2) + residual * pull) - law.value
    own = np.empty((*mu.shape, 2))
    own[..., 0], own[..., 1] = pull, 0.5 * (square - inverse)
    gradient = -law.gradient
    gradient[..., :2] += own
    hessian = -law.hessian
    hessian[..., 0, 0] -= inverse
    hessian[..., 0, 1] -= pull * inverse
    hessian[..., 1, 1] += (0.5 * inverse - square) * inverse
    total, slope, curve = value.sum(axis=1), np.empty(x.shape), np.empty((*x.shape, x.shape[1]))
    slope[:, :p] = gradient[..., 0] @ basis
    slope[:, p:] = gradient[..., 1:].sum(axis=1)
    curve[:, :p, :p] = np.einsum("bk,kp,kq->bpq", hessian[..., 0, 0], basis, basis)
    curve[:, :p, p:] = basis.T @ hessian[..., 0, 1:]
    curve[:, p:, :p] = curve[:, :p, p:].swapaxes(1, 2)
    inner = hessian[..., 1:, 1:]
    inner[..., 1:, 0] = inner[..., 0, 1:]
    curve[:, p:, p:] = inner.sum(axis=1)
    if log_w is not None:
        total = total + log_w.value.sum(axis=1)
        slope[:, p + 1 :] += log_w.first.sum(axis=1)
        curve[:, p + 1 :, p + 1 :] += log_w.second.sum(axis=1)
    return total, slope, curve

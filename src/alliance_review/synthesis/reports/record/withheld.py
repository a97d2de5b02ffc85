"""Chance that a significant result was found and put in words, when printing depends on its size.

With x the distance of the observed value beyond the critical one, in standard errors of the study,
the result is printed as a number with probability p(x) = 1 / (1 + exp(-(a + tilt * x))). Words then
contribute the integral over x > 0 of (1 - p(x)) times the normal density.
"""

from typing import NamedTuple

import numpy as np

from ..terms import LOG_ROOT_2PI

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(12)
#: Beyond this many standard deviations from its peak the integrand is below 1e-17 of it.
REACH = 9.0
#: A logistic curve that rises faster than this turns within a panel.
STEEP = 1.0


class Ratios(NamedTuple):
    """Log of the integral, and its derivatives over it, each (rows, B).

    ``m1`` to ``m4``: first to fourth in mu. ``a``, ``aa``, ``am``, ``amm``: in the intercept a,
    twice in a, in a and mu, in a and twice in mu. By the heat equation a derivative in t is half
    the second one in mu.
    """

    log: np.ndarray
    m1: np.ndarray
    m2: np.ndarray
    m3: np.ndarray
    m4: np.ndarray
    a: np.ndarray
    aa: np.ndarray
    am: np.ndarray
    amm: np.ndarray


def printed(eta):
    """log p, p and 1 - p for the log odds ``eta``."""
    small = np.exp(-np.abs(eta))
    log = np.minimum(eta, 0.0) - np.log1p(small)
    p = np.where(eta > 0, 1.0, small) / (1 + small)
    return log, p, np.where(eta > 0, small, 1.0) / (1 + small)


def withheld(critical, v, side, mu, t, a, tilt) -> Ratios:
    """The integral for rows (m, 1) at points (B,): mean mu, t = tau squared and intercept a.

    ``critical`` is the critical value without its sign, ``side`` 1 or -1 the direction.

    In standard deviations s = sqrt(v + t) from the mean the exponent of the integrand is
    -log(1 + exp(a + k * (u - b))) - u**2 / 2, with b the critical value and k = tilt * s / sqrt(v).
    It is concave, and falls at least as fast as -(distance from its peak)**2 / 2, which bounds
    where to integrate: Gauss-Legendre on panels, cut finely where the logistic curve turns.
    """
    s = np.sqrt(v + t)
    b = (critical - side * mu) / s
    k = tilt * s / np.sqrt(v)
    pairs = (a + 0 * b).ravel(), k.ravel(), b.ravel()
    found, steep = np.empty((9, s.size)), np.abs(pairs[1]) > STEEP
    for chosen, cut in ((np.flatnonzero(~steep), False), (np.flatnonzero(steep), True)):
        if chosen.size:
            found[:, chosen] = _moments(*(part[chosen] for part in pairs), cut)
    log, u1, u2, u3, u4, p0, p1, p2, aa = found.reshape(9, *s.shape)
    return Ratios(
        log=log - LOG_ROOT_2PI,
        m1=side * u1 / s,
        m2=(u2 - 1) / s**2,
        m3=side * (u3 - 3 * u1) / s**3,
        m4=(u4 - 6 * u2 + 3) / s**4,
        a=-p0,
        aa=aa,
        am=-side * p1 / s,
        amm=-(p2 - p0) / s**2,
    )


def _moments(a, k, b, cut):
    """Log of the integral for (N,) pairs of a row and a point; then under its integrand the means
    of u to u**4, of p, p * u, p * u**2 and of p * (2 * p - 1); (9, N)."""
    peak = _peak(a, k, b)
    top = np.maximum(peak, b)
    fall = np.where(peak <= b, np.maximum(k * _both(a)[0] + b, 0.0), 0.0)
    end = top + REACH**2 / (fall + np.sqrt(fall**2 + REACH**2))
    start = np.maximum(b, peak - REACH)
    turn = b - a / np.where(k == 0, 1.0, k)
    middle, half = _panels(start, end, k, turn, cut)
    u = (middle + half * POINTS[:, None, None]).reshape(-1, b.size)
    p, rest = _both(a + k * (u - b))
    height = np.log(_both(a + k * (top - b))[1]) - 0.5 * top * top
    square = u * u
    weight = np.exp(np.minimum(-0.5 * square - height, 700.0))
    weight *= rest
    weight *= (half * WEIGHTS[:, None, None]).reshape(-1, b.size)
    mass = weight.sum(axis=0)
    weight /= mass
    with_p = weight * p

    def mean(weight, of):
        return np.einsum("nb,nb->b", weight, of)

    weighted, p0 = weight * square, with_p.sum(axis=0)
    return (
        np.log(mass) + height, mean(weight, u), weighted.sum(axis=0), mean(weighted, u),
        mean(weighted, square), p0, mean(with_p, u), mean(with_p, square), 2 * mean(with_p, p) - p0,
    )  # fmt: skip


def _both(eta):
    """p and 1 - p for the log odds ``eta``, as in ``printed``; what is beyond 700 has p = 1."""
    odds = np.exp(np.minimum(eta, 700.0))
    rest = 1 / (1 + odds)
    return odds * rest, rest


def _peak(a, k, b):
    """About where k * p(u) + u passes zero: between -k and 0."""
    low, high = np.minimum(-k, 0.0), np.maximum(-k, 0.0)
    widest = float(np.abs(k).max(initial=0.0))
    for _ in range(min(8, int(np.ceil(np.log2(max(widest / 0.05, 1.0)))))):
        u = 0.5 * (low + high)
        above = k * _both(a + k * (u - b))[0] + u > 0
        low, high = np.where(above, low, u), np.where(above, u, high)
    return 0.5 * (low + high)


def _panels(start, end, k, turn, cut):
    """Middle and half-width of every panel, (panels, N)."""
    edges = start + np.linspace(0, 1, 5)[:, None] * (end - start)
    if cut:
        # poles lie at a distance of pi / k from the line: panels must shrink towards them
        around = np.array([-18.0, -6.0, -2.0, 2.0, 6.0, 18.0])[:, None]
        more = np.clip(turn + around / np.abs(k), start, end)
        edges = np.sort(np.concatenate([edges, more]), axis=0)
    return 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges, axis=0)

"""Posterior distributions of ``bayesian_pool``: that of tau, and mixtures of normals over it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..distributions import ndtr, ndtri
from ..roots import bracketed_newton
from .posterior import Nodes, to_tau, to_u

LAST_STEP = 1e-7  # of Newton's method; the error that is left is about its square


class TauPosterior:
    """Posterior of tau; its functions take and return arrays of shape (B,)."""

    def __init__(self, nodes: Nodes, log_density: Callable):
        self.nodes, self._log_density = nodes, log_density
        self.low, self.high = 0.0, nodes.upper

    def pdf(self, tau):
        """Density of tau."""
        return np.exp(self._log_density(np.asarray(tau, dtype=float)) - self.nodes.log_total)

    def cdf(self, tau):
        """Probability below tau."""
        return self.nodes.cdf(to_u(tau, self.nodes.upper))

    def rough_quantile(self, p):
        """Quantiles to about three digits, for a first look."""
        nodes = self.nodes
        u = np.interp(p, np.cumsum(nodes.weight) - nodes.weight / 2, nodes.u)
        return to_tau(u, nodes.upper)[0]

    def quantile(self, p):
        """Value of tau with probability p below it, 0 < p < 1."""
        nodes = self.nodes
        p = np.asarray(p, dtype=float)

        def function(u):
            tau, slope = to_tau(u, nodes.upper)
            return p - nodes.cdf(u), -self.pdf(tau) * np.exp(slope)

        ends = np.full(p.shape, nodes.u[0]), np.full(p.shape, nodes.u[-1])
        start = to_u(self.rough_quantile(p), nodes.upper)
        return to_tau(
            bracketed_newton(function, *ends, start, relative=0.0, absolute=LAST_STEP), nodes.upper
        )[0]


class NormalMixture:
    """Mixtures of normals that share their weights: ``mean``, ``sd`` of shape (N,) or (N, B)."""

    low, high = -math.inf, math.inf

    def __init__(self, weight, mean, sd):
        self.weight = weight
        self.mean, self.sd = (a if a.ndim == 2 else a[:, None] for a in (mean, sd))

    def pdf(self, x):
        """Density at x, shape (B,)."""
        z = (x - self.mean) / self.sd
        return self.weight @ (np.exp(-0.5 * z * z) / self.sd) / math.sqrt(2 * math.pi)

    def cdf(self, x):
        """Probability below x, shape (B,)."""
        return self.weight @ ndtr((x - self.mean) / self.sd)

    def above(self, x):
        """Probability above x, shape (B,)."""
        return self.weight @ ndtr((self.mean - x) / self.sd)

    def rough_quantile(self, p):
        """Quantiles to a few digits, for a first look (a single mixture); ``nan`` far out."""
        share = np.cumsum(self.weight)
        parts = np.searchsorted(share, [0.5, 0.9, 0.99, 0.999]).clip(max=share.size - 1)
        z = np.linspace(-4, 4, 17)
        x = np.sort((self.mean[parts] + self.sd[parts] * z).ravel())
        return np.interp(p, self.cdf(x), x, left=np.nan, right=np.nan)

    def quantile(self, p, start=None):
        """Value with probability p below it, 0 < p < 1, shape (B,)."""
        p = np.asarray(p, dtype=float)
        z = ndtri(p)
        half = np.searchsorted(np.cumsum(self.weight), 0.5)  # for a start: at the median of tau
        start = self.mean[half] + self.sd[half] * z if start is None else start
        # one of the components' quantiles is below the answer and one above
        low, high = (self.mean + self.sd * z).min(axis=0), (self.mean + self.sd * z).max(axis=0)
        start, step = np.clip(start, low, high), LAST_STEP * self.sd.min()
        return bracketed_newton(
            lambda x: (p - self.cdf(x), -self.pdf(x)), low, high, start, relative=0.0, absolute=step
        )


def flat(value) -> np.ndarray:
    """A number or an array of them in one row, shape (B,)."""
    return np.ravel(np.asarray(value, dtype=float))


def like(value, found):
    """Answers (B,) at ``flat(value)`` in the shape of ``value``: a number for a number."""
    return float(found[0]) if np.ndim(value) == 0 else found.reshape(np.shape(value))

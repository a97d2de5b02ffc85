"""Quadrature behind ``bayesian_pool``: the posterior of tau on nodes.

Given tau the mean is normal with known moments, so the one integral that is left is over tau. It
is taken by the trapezoidal rule in u = log(tau) (in logit(tau / upper) where tau is bounded):
there the posterior is analytic and dies out exponentially at both ends, and for such functions
the error of the rule falls exponentially with the number of nodes (Trefethen & Weideman 2014).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import sici

NEGLIGIBLE = 40.0  # log of the share of the mass that may be left out: exp(-40) = 4e-18
CONVERGED = 1e-11
MOST_NODES = 2**14
TOO_LIGHT = 1e-18
# A normal tail area, as a function of u, is tame within pi/4 of the real line only; with this
# step the error of its sum is exp(-pi^2 / (2 * 0.2)) = 2e-11
WIDEST_STEP = 0.2
LOG_2PI = math.log(2 * math.pi)


class Given(NamedTuple):
    """What is known once tau is, for N values of it: arrays of shape (N,)."""

    log_likelihood: np.ndarray  # of the effects, the mean integrated out
    mean: np.ndarray  # of the pooled effect
    variance: np.ndarray


def given_tau(y, v, tau, prior_mean: float, prior_sd: float) -> Given:
    """Marginal likelihood and conditional posterior of the mean; a flat prior has sd ``inf``.

    With a flat prior (density 1 everywhere) the likelihood is that of k - 1 contrasts, times
    constants that do not depend on tau.
    """
    w = 1 / (v + (tau * tau)[:, None])
    precision = 0.0 if math.isinf(prior_sd) else prior_sd**-2
    variance = 1 / (w.sum(axis=1) + precision)
    mean = variance * (w @ y + precision * prior_mean)
    residual = y - mean[:, None]
    q = (w * residual * residual).sum(axis=1) + precision * (mean - prior_mean) ** 2
    log_value = 0.5 * (np.log(w).sum(axis=1) + np.log(variance) - q - y.size * LOG_2PI)
    log_value = log_value + (0.5 * LOG_2PI if precision == 0 else -math.log(prior_sd))
    return Given(log_value, mean, variance)


def null_likelihood(y, v, tau) -> np.ndarray:
    """Log-likelihood of the effects given tau where the mean is 0, shape (N,)."""
    total = v + (tau * tau)[:, None]
    return -0.5 * (np.log(total) + y * y / total).sum(axis=1) - 0.5 * y.size * LOG_2PI


class Nodes(NamedTuple):
    """A density of tau on equally spaced nodes of u: arrays (N,); weights sum to 1."""

    u: np.ndarray
    tau: np.ndarray
    weight: np.ndarray
    step: float
    log_total: float  # log of the integral of the density as it was given
    upper: float

    def enough(self) -> np.ndarray:
        """Which nodes are enough for sums of bounded functions: half of them, if close together.

        Convergence is judged by comparing the sums over all nodes with those over every second
        one, so these are as good. The CDF needs all: its error is the square root of a sum's.
        """
        stride = 2 if 2 * self.step <= WIDEST_STEP else 1
        some = np.arange(0, self.u.size, stride)
        return some[self.weight[some] > TOO_LIGHT]

    def cdf(self, u: np.ndarray) -> np.ndarray:
        """P(tau below that of ``u``): the sinc series of the density, integrated term by term."""
        away = (np.asarray(u)[..., None] - self.u) / self.step
        return (0.5 + sici(np.pi * away)[0] / np.pi) @ self.weight


def to_tau(u, upper: float):
    """tau of u, and the log of its slope."""
    if math.isinf(upper):
        return np.exp(u), u
    away = np.exp(-np.abs(u))
    tau = upper * np.where(u > 0, 1, away) / (1 + away)
    return tau, math.log(upper) - np.abs(u) - 2 * np.log1p(away)


def to_u(tau, upper: float):
    """u of tau, the inverse of ``to_tau``."""
    with np.errstate(divide="ignore"):
        return np.log(tau) if math.isinf(upper) else np.log(tau) - np.log(upper - tau)


def integrate(
    log_density: Callable, small: float, large: float, upper: float, moment: int
) -> Nodes:
    """Place nodes over a density of tau, unnormalised, until its integral no longer moves.

    Parameters
    ----------
    log_density : callable
        Takes tau of shape (N,), returns the log density of shape (N,).
    small, large : float
        Below ``small`` the density is constant and beyond ``large`` it falls, both as good as.
    upper : float
        End of the support, ``inf`` for none.
    moment : {0, 1, 2}
        Highest moment of tau that exists; its integral is made to converge as well.
    """

    def weighed(u):
        """Log densities over u of 1 and of the highest moment, each (N,)."""
        tau, slope = to_tau(u, upper)
        # the density at tau = 0 exists: a node whose tau underflows adds nothing but is no error
        value = log_density(tau) + slope
        with np.errstate(divide="ignore"):
            return np.stack([value, value + moment * np.log(tau)])

    low = to_u(min(small, upper / 2), upper) - NEGLIGIBLE
    high = min(to_u(large, upper), NEGLIGIBLE) if upper > large else 0.0
    high = high + NEGLIGIBLE
    for _ in range(12):  # close in on where the mass is
        u = np.linspace(low, high, 129)
        value = weighed(u)
        some = (value > value.max(axis=1, keepdims=True) - NEGLIGIBLE).any(axis=0)
        first, last = np.flatnonzero(some)[[0, -1]]
        new = u[max(first - 1, 0)], u[min(last + 1, 128)]
        done = new[1] - new[0] > 0.8 * (high - low)
        low, high = new
        if done:
            break
    u = np.linspace(low, high, 17)
    value = weighed(u)
    before = None
    while True:
        step = u[1] - u[0]
        highest = value.max(axis=1)
        sums = highest + np.log(np.exp(value - highest[:, None]).sum(axis=1) * step)
        near = before is not None and np.abs(sums - before).max() < CONVERGED
        if near and step <= WIDEST_STEP:
            break
        if u.size > MOST_NODES:
            raise ValueError("the posterior of tau could not be integrated to full precision")
        between = u[:-1] + step / 2
        value = _interleave(value, weighed(between))
        u, before = _interleave(u[None], between[None])[0], sums
    weight = np.exp(value[0] - highest[0])
    tau = to_tau(u, upper)[0]
    return Nodes(u, tau, weight / weight.sum(), step, float(sums[0]), upper)


def _interleave(old, new):
    both = np.empty((old.shape[0], old.shape[1] + new.shape[1]))
    both[:, ::2], both[:, 1::2] = old, new
    return both

"""Integrals over tau: a density of tau on nodes, and its distribution function.

Likelihood and priors depend on tau squared alone, so a density of tau continues to an even
function of tau, and with tau = scale * sinh(x) to an even function of x. The trapezoidal rule in
x, from 0 on, then has an error that falls exponentially with the number of nodes: the end at 0
costs nothing. ``scale`` is the distance of the nearest singularity, the least standard error.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...bayes.distributions import NormalMixture
from ..mean_nodes import ENOUGH, KERNEL, MARGIN, ROUNDS, SCAN, as_normals

DEPTH = 32.0  # as in ``mean_nodes``, for densities of tau and their moments
RESOLVED = 1e-11
FIRST_STEP = 0.4  # at most; halved until the density is resolved
# A normal tail area, as a function of x, is tame within pi/4 of the real line only; with this step
# the error of its sum is exp(-pi^2 / (2 * 0.2)) = 2e-11
WIDEST_STEP = 0.2
FEWEST = 16
MOST_NODES = 2**12
TOO_LIGHT = 1e-15
PANEL = 4  # steps to one application of Gauss' rule
GAUSS_PLACES, GAUSS_SHARES = np.polynomial.legendre.leggauss(14)


class Axis(NamedTuple):
    """The variable x for tau between 0 and ``upper``, which may be ``inf``."""

    scale: float
    upper: float

    def tau(self, x):
        """Tau at x."""
        far = self.scale * np.sinh(x)
        return far if np.isinf(self.upper) else self.upper * np.tanh(far / self.upper)

    def log_slope(self, x):
        """Log of the derivative of tau in x."""
        slope = np.log(self.scale) + np.log(np.cosh(x))
        if np.isinf(self.upper):
            return slope
        away = self.scale * np.sinh(np.abs(x)) / self.upper
        return slope + 2 * (np.log(2) - away - np.log1p(np.exp(-2 * away)))

    def x(self, tau):
        """The inverse of ``tau``."""
        if np.isinf(self.upper):
            return np.arcsinh(tau / self.scale)
        with np.errstate(divide="ignore"):
            return np.arcsinh(self.upper / self.scale * np.arctanh(tau / self.upper))


class TauNodes(NamedTuple):
    """A density of tau on nodes of x >= 0: arrays (N,); the weights sum to 1."""

    axis: Axis
    x: np.ndarray
    tau: np.ndarray
    weight: np.ndarray
    step: float
    log_total: float  # log of the integral of the density as it was given

    def enough(self) -> np.ndarray:
        """Weights that are 0 on every second node where these are close: as good, since
        convergence is judged by comparing the sums over the two halves."""
        if 2 * self.step > WIDEST_STEP:
            return self.weight
        even = np.rint(self.x / self.step).astype(int) % 2 == 0
        weight = np.where(even, self.weight, 0.0)
        return weight / weight.sum()


def quantiles(mixture: NormalMixture, p, start):
    """Values with probability p below them, to all digits: the search ends a step too early."""
    x = mixture.quantile(p, start)
    return x + (p - mixture.cdf(x)) / mixture.pdf(x)


class TauDistribution:
    """Distribution of tau between and beyond its nodes; arrays in and out are (B,).

    The density of x, mirrored at 0, is taken apart into normals: see ``as_normals``.
    """

    def __init__(self, nodes: TauNodes):
        self.nodes, axis, step = nodes, nodes.axis, nodes.step
        places = np.rint(nodes.x / step).astype(int)
        reach = places[-1]
        mirrored = np.zeros(2 * reach + 1)
        mirrored[reach + places] += 0.5 * nodes.weight
        mirrored[reach - places] += 0.5 * nodes.weight
        at = step * np.arange(-reach - MARGIN, reach + MARGIN + 1)
        weight = as_normals(mirrored[:, None])[:, 0]
        some = np.abs(weight) > TOO_LIGHT * np.abs(weight).max()
        self._axis = axis
        self._x = NormalMixture(weight[some], at[some], np.full((some.sum(), 1), KERNEL * step))

    def quantile(self, p):
        """Value with probability p below it, 0 < p < 1."""
        p, nodes = np.asarray(p, dtype=float), self.nodes
        start = np.interp(p, np.cumsum(nodes.weight) - nodes.weight / 2, nodes.x)
        return self._axis.tau(quantiles(self._x, 0.5 + 0.5 * p, start))

    def mean(self) -> float:
        """Mean, where it exists.

        Tau is odd in x, and the rule from 0 on is for even functions. So tau is split into
        scale * (cosh(x) - 1), which is even, and the rest, which is bounded and is integrated
        against the density between the nodes.
        """
        nodes, scale = self.nodes, self._axis.scale
        if nodes.x[0] > 0:
            return float(nodes.weight @ nodes.tau)
        width = PANEL * nodes.step
        left = width * np.arange(np.ceil(nodes.x[-1] / width))[:, None]
        x = (left + 0.5 * width * (1 + GAUSS_PLACES)).ravel()
        mass = np.tile(0.5 * width * GAUSS_SHARES, left.size) * 2 * self._x.pdf(x)
        if np.isfinite(self._axis.upper):
            return float(mass @ self._axis.tau(x))
        return float(scale * (nodes.weight @ (2 * np.sinh(nodes.x / 2) ** 2) - mass @ np.expm1(-x)))


def tau_nodes(rough: Callable, exact: Callable, axis: Axis, far: float, moments: int) -> TauNodes:
    """Place nodes over a density of tau, unnormalised, until it is resolved.

    Parameters
    ----------
    rough, exact : callable
        Take x (N,), return the log density of tau there: to a few digits, and to all.
    axis : Axis
    far : float
        A tau beyond which the density falls, if only roughly.
    moments : {0, 1, 2}
        Highest moment of tau that exists; its integral is resolved as well.
    """
    low, high = _window(rough, axis, far, moments)
    step = min(FIRST_STEP, (high - low) / FEWEST)
    # inside the window, where ``rough`` has been
    first, last = int(np.ceil(low / step)), int(high / step)
    places = np.arange(first, last + 1)
    value = exact(places * step)
    while True:
        x = places * step
        logs = _moments(value + axis.log_slope(x), x, moments)
        # the mirror image on the other side of 0 counts as well, but 0 itself only once
        parts = np.exp(logs - logs.max(axis=1, keepdims=True)) * np.where(places == 0, 0.5, 1.0)
        sums = parts.sum(axis=1)
        odd = np.abs(parts @ np.where(places % 2, -1.0, 1.0)) / sums
        limit = max(RESOLVED, 8 * np.finfo(float).eps * np.abs(value).max())
        if step <= WIDEST_STEP and (odd < limit).all():
            log_total = logs[0].max() + np.log(sums[0] * step)
            return TauNodes(axis, x, axis.tau(x), parts[0] / sums[0], step, float(log_total))
        if places.size > MOST_NODES:
            raise ValueError("the posterior of tau could not be integrated to full precision")
        between, step = 2 * places[:-1] + 1, step / 2
        more = exact(between * step)
        order = np.argsort(np.append(2 * places, between))
        places = np.append(2 * places, between)[order]
        value = np.append(value, more)[order]


def _moments(log_density, x, moments: int) -> np.ndarray:
    """Logs of what has to be resolved: the density, and even functions of x times it, (A, N)."""
    # what depends on the spread of a new effect is as smooth as 1 / cosh(x)
    rows = [log_density, log_density - np.log(np.cosh(x))]
    if moments > 0:  # cosh(x) - 1 grows as tau does
        with np.errstate(divide="ignore"):
            rows.append(log_density + moments * (np.log(2) + 2 * np.log(np.sinh(x / 2))))
    return np.stack(rows)


def _window(rough: Callable, axis: Axis, far: float, moments: int) -> tuple[float, float]:
    """The ends of x between which the density and its moments are not negligible."""
    low, high = 0.0, float(np.arcsinh(far / axis.scale))
    for _ in range(ROUNDS):
        x = np.linspace(low, high, SCAN)
        logs = _moments(rough(x) + axis.log_slope(x), x, moments)
        inside = np.flatnonzero((logs >= logs.max(axis=1, keepdims=True) - DEPTH).any(axis=0))
        first, last, unit = inside[0], inside[-1], x[1] - x[0]
        done = last < SCAN - 1 and last - first >= ENOUGH and (first > 0 or low == 0)
        high = x[last] + (high - low if last == SCAN - 1 else unit)
        low = max(0.0, low - 8 * unit if first == 0 else x[first - 1])
        if done:
            return low, high
    raise ValueError("the posterior of tau does not fall for large tau")

"""The joint density of reports, mean and tau: integrated over the mean at the nodes of tau."""

from typing import NamedTuple

import numpy as np

from ...bayes.distributions import NormalMixture
from ...bayes.posterior import LOG_2PI
from ...bayes.priors import Priors
from ..likelihood import Rows, total_values
from ..mean_nodes import KERNEL, MARGIN, as_normals, first_ends, lattices, span
from .tau_nodes import Axis, TauNodes, tau_nodes

POINTS = 65  # of mu at one tau
TOO_LIGHT = 1e-15


class _Piece(NamedTuple):
    """The mean at C nodes of tau: x, log integral, mean, variance (C,); lattice, weights (P, C)."""

    x: np.ndarray
    log_integral: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    mu: np.ndarray
    weight: np.ndarray


class Joint:
    """Priors times likelihood of reports; x stands for tau, see ``Axis``."""

    def __init__(self, rows: Rows, priors: Priors, axis: Axis):
        self.rows, self.priors, self.axis = rows, priors, axis
        self._pieces: list[_Piece] = []
        self._member = np.ones((rows.first.size, 1))

    def log_value(self, mu, t):
        """Log of likelihood times prior of the mean, (P, B), at ``mu`` (P, B) and t (B,)."""
        value = total_values(self.rows, self._member, mu, t[None])
        if self.priors.flat_mean:
            return value
        away = (mu - self.priors.mean) / self.priors.sd
        return value - 0.5 * (away * away + LOG_2PI) - np.log(self.priors.sd)

    def rough(self, x):
        """Log density of tau at x (N,), to a few digits."""
        tau = self.axis.tau(x)
        t, precision = tau**2, self.priors.sd**-2
        ends = first_ends(self.rows, t, self.priors.mean, precision)
        low, high, value = span(self.log_value, t, *ends)
        self._ends = x, low, high
        return value + self.priors.log_density(tau)

    def exact(self, x):
        """Log density of tau at x (N,) between those of the last ``rough``; it is kept in mind
        what the mean is there."""
        tau, (places, low, high) = self.axis.tau(x), self._ends
        ends = np.interp(x, places, low), np.interp(x, places, high)
        value = np.empty(x.size)
        for columns, piece in self._integrals(x, tau**2, *ends):
            value[columns] = piece.log_integral
            self._pieces.append(piece)
        return value + self.priors.log_density(tau)

    def _integrals(self, x, t, low, high):
        for columns, mu, values in lattices(
            lambda mu, at: self.log_value(mu, at)[None], t, low, high, POINTS
        ):
            top = values[0].max(axis=0)
            weight = np.exp(values[0] - top)
            total = weight.sum(axis=0)
            weight /= total
            mean = (weight * mu).sum(axis=0)
            variance = (weight * (mu - mean) ** 2).sum(axis=0)
            log_integral = top + np.log(total * (mu[1] - mu[0]))
            yield columns, _Piece(x[columns], log_integral, mean, variance, mu, weight)

    def log_density(self, tau):
        """Log density of tau at any values (B,), to all digits."""
        t, value = tau**2, np.empty(tau.size)
        ends = first_ends(self.rows, t, self.priors.mean, self.priors.sd**-2)
        low, high, _ = span(self.log_value, t, *ends)
        for columns, piece in self._integrals(tau, t, low, high):
            value[columns] = piece.log_integral
        return value + self.priors.log_density(tau)

    def without_mean(self, far: float) -> float:
        """Log of the marginal likelihood where the mean is 0."""

        def density(x):
            tau = self.axis.tau(x)
            value = total_values(self.rows, self._member, np.zeros(x.size), tau**2)
            return value + self.priors.log_density(tau)

        return tau_nodes(density, density, self.axis, far, 0).log_total

    def given(self, nodes: TauNodes) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of the mean at every node of tau, (N,) each."""
        mean, variance = np.empty((2, nodes.x.size))
        for piece in self._pieces:
            place = np.searchsorted(nodes.x, piece.x)
            mean[place], variance[place] = piece.mean, piece.variance
        return mean, variance

    def forget(self) -> None:
        """Let go of what ``exact`` has kept in mind."""
        self._pieces = []

    def mixtures(self, nodes: TauNodes) -> tuple[NormalMixture, NormalMixture]:
        """Posterior of the mean and of a new true effect, as sums of many narrow normals."""
        share, parts = nodes.enough(), []
        for piece in self._pieces:
            place = np.searchsorted(nodes.x, piece.x)
            used = share[place] > TOO_LIGHT
            place, mu = place[used], piece.mu[:, used]
            weight = as_normals(piece.weight[:, used]) * share[place]
            step = mu[1] - mu[0]
            steps = np.arange(-MARGIN, mu.shape[0] + MARGIN)[:, None]
            each = weight, mu[0] + steps * step, KERNEL * step, nodes.tau[place]
            parts.append([part.ravel() for part in np.broadcast_arrays(*each)])
        weight, mean, sd, tau = map(np.concatenate, zip(*parts, strict=True))
        some = np.abs(weight) > TOO_LIGHT
        weight, mean, sd, tau = (part[some] for part in (weight, mean, sd, tau))
        pooled, new = (NormalMixture(weight, mean, s) for s in (sd, np.hypot(sd, tau)))
        return pooled, new

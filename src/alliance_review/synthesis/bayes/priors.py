"""Priors of the Bayesian model: checked, on a common scale, and whether a posterior exists."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .. import checks

FAMILIES = ("half-normal", "half-cauchy", "uniform")


class Priors(NamedTuple):
    """Normal prior of the mean (``sd`` inf: flat) and prior of tau (uniform to inf: flat)."""

    mean: float
    sd: float
    family: str
    scale: float

    @property
    def flat_mean(self) -> bool:
        """Whether the mean has the flat prior over the whole line, with density 1."""
        return math.isinf(self.sd)

    @property
    def flat_tau(self) -> bool:
        """Whether tau has the flat prior over all values, with density 1."""
        return math.isinf(self.scale)

    @property
    def upper(self) -> float:
        """End of the support of tau."""
        return self.scale if self.family == "uniform" else math.inf

    def in_units(self, origin: float, unit: float) -> Priors:
        """The same priors for effects less ``origin``, over ``unit``."""
        mean = 0.0 if self.flat_mean else (self.mean - origin) / unit
        return self._replace(mean=mean, sd=self.sd / unit, scale=self.scale / unit)

    def log_density(self, tau) -> np.ndarray:
        """Log density of the prior of tau at values inside its support."""
        if self.family == "half-normal":
            return 0.5 * (math.log(2 / math.pi) - (tau / self.scale) ** 2) - math.log(self.scale)
        if self.family == "half-cauchy":
            log_top = math.log(2 / math.pi) - math.log(self.scale)
            return log_top - np.log1p((tau / self.scale) ** 2)
        return np.full(np.shape(tau), 0.0 if self.flat_tau else -math.log(self.scale))

    def moments(self, k: int) -> int:
        """How many moments (0, 1, or 2 for two and more) the posterior of tau from k effects has.

        For large tau the likelihood falls as ``tau**-k`` (one power less with the flat prior of
        the mean, which spends one effect), the half-Cauchy prior as ``tau**-2``; the moment of
        order m exists where the posterior falls faster than ``tau**-(m + 1)``.

        Raises
        ------
        ValueError
            If there is no posterior: its integral is infinite.
        """
        if k == 1 and (self.flat_mean or self.flat_tau):
            raise ValueError("one effect needs proper priors of the mean and of tau")
        power = k - self.flat_mean
        if self.family == "half-cauchy":
            power += 2
        elif not self.flat_tau:
            return 2
        if power <= 1:
            raise ValueError(
                f"with flat priors of the mean and of tau at least 3 effects are needed, {k} given"
            )
        return min(power - 2, 2)


def checked(mean_prior, tau_prior) -> Priors:
    """Priors as ``bayesian_pool`` takes them; ValueError in plain words for what is no prior."""
    mean, sd = (0.0, math.inf) if mean_prior is None else _pair("mean_prior", mean_prior)
    if not _number(mean) or not math.isfinite(mean):
        raise ValueError(f"the mean of mean_prior must be a finite number, not {mean!r}")
    family, scale = _pair("tau_prior", tau_prior)
    checks.choice("the family of tau_prior", family, FAMILIES)
    for name, value in (("the sd of mean_prior", sd), ("the scale of tau_prior", scale)):
        if not _number(value) or not value > 0:
            raise ValueError(f"{name} must be above 0, not {value!r}")
    if math.isinf(scale) and family != "uniform":
        raise ValueError('only the uniform prior of tau may be improper: ("uniform", inf)')
    mean = 0.0 if math.isinf(sd) else mean  # a flat prior has no place
    return Priors(float(mean), float(sd), family, float(scale))


def _pair(name: str, prior):
    if not isinstance(prior, (tuple, list)) or len(prior) != 2:
        form = "(mean, sd) or None" if name == "mean_prior" else "(family, scale)"
        raise ValueError(f"{name} must be {form}, not {prior!r}")
    return prior


def _number(value) -> bool:
    real = isinstance(value, (int, float, np.integer, np.floating))
    return real and not isinstance(value, bool)

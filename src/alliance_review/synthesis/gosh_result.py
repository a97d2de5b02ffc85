"""What all subsets of the effects gave: their meta-analyses and the summaries of them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .results import Result
from .subset_draw import unpack

#: The shares at which ``Gosh.quantiles`` are given.
PROBABILITIES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


@dataclass(frozen=True, repr=False, eq=False)
class Gosh(Result):
    """Meta-analyses of B subsets and their summaries, named and scaled as in ``Pooled``.

    Attributes
    ----------
    estimate, ci_low, ci_high, tau2, i2, h2, q : ndarray, shape (B,)
        Result of each subset; the limits are ``nan`` for a single effect with a Hartung-Knapp
        test.
    size : ndarray of int, shape (B,)
        Number of effects in each subset.
    packed : ndarray of uint8, shape (B, ceil(k / 8))
        Which effects are in each subset, eight to a byte, the first in the lowest bit;
        ``members`` unpacks it.
    probabilities : ndarray, shape (9,)
        Those of ``quantiles``.
    quantiles : dict of ndarray, shape (9,)
        Quantiles over the subsets of "size", "estimate", "tau2", "i2", "h2" and "q", with linear
        interpolation (definition 7 of Hyndman & Fan 1996).
    means, sds : dict of float
        Means and standard deviations (divisor B - 1) of the same.
    median_with, median_without : ndarray, shape (k,)
        Median estimate of the subsets with and without each effect; ``nan`` where there are none.
    k, subsets : int
        Number of effects, and of subsets, B.
    complete : bool
        Whether these are all 2**k - 1 subsets; otherwise they were drawn at random.
    level : float
    tau2_method, test : str
    """

    estimate: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    h2: np.ndarray
    q: np.ndarray
    size: np.ndarray
    packed: np.ndarray
    probabilities: np.ndarray
    quantiles: dict[str, np.ndarray]
    means: dict[str, float]
    sds: dict[str, float]
    median_with: np.ndarray
    median_without: np.ndarray
    k: int
    subsets: int
    complete: bool
    level: float
    tau2_method: str
    test: str

    _shown: ClassVar = ("k", "subsets", "complete", "tau2_method", "test", "median", "range")
    _rows: ClassVar = ("size", "estimate", "ci_low", "ci_high", "tau2", "i2", "h2", "q")

    @property
    def members(self) -> np.ndarray:
        """Whether each effect is in each subset, shape (B, k)."""
        return unpack(self.packed, self.k)

    @property
    def median(self) -> float:
        """Median of the estimates."""
        return float(self.quantiles["estimate"][PROBABILITIES.index(0.5)])

    @property
    def range(self) -> np.ndarray:
        """Smallest and largest estimate."""
        return self.quantiles["estimate"][[0, -1]]

    @property
    def contrast(self) -> np.ndarray:
        """Median estimate with each effect less that without it, shape (k,)."""
        return self.median_with - self.median_without

    def share_above(self, value: float) -> float:
        """Share of the subsets whose estimate is above a value, 0 to 1."""
        return float((self.estimate > value).mean())

    def share_below(self, value: float) -> float:
        """Share of the subsets whose estimate is below a value, 0 to 1."""
        return float((self.estimate < value).mean())

    def share_excluding(self, value: float = 0.0) -> float:
        """Share of the subsets with a confidence interval in which a value does not lie.

        Subsets without an interval are left out of the count.
        """
        known = ~np.isnan(self.ci_low)
        outside = (self.ci_low[known] > value) | (self.ci_high[known] < value)
        return float(outside.mean()) if outside.size else float("nan")

"""What a published pooled interval implies about heterogeneity, when only the interval is seen."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri, stdtrit

# How the total sample may be spread over the studies: the largest n over the smallest.
SPREADS = (1.0, 5.0, 20.0)
HALF_UNIT = 0.005  # limits are printed to two decimals


@dataclass(frozen=True)
class Implied:
    """One set of assumptions and what it implies. ``tau`` and the interval are on Fisher z."""

    spread: float
    quantile: str
    limits: tuple[float, float]
    se: float
    tau: float
    prediction_low: float
    prediction_high: float


def spread_sizes(k: int, n_total: float, spread: float) -> np.ndarray:
    """Sample sizes, shape (k,), in geometric progression with the given largest-to-smallest ratio.

    The sum is ``n_total``; sizes are not rounded, since only their variances are used.
    """
    sizes = np.geomspace(1.0, spread, k)
    return sizes * n_total / sizes.sum()


def implied_tau(se: float, variances: np.ndarray) -> float:
    """Between-study standard deviation that makes the random-effects standard error ``se``.

    Solves ``1 / sum(1 / (v_i + tau^2)) = se^2`` [1]_. Zero when the sampling variances alone
    already give at least ``se``.

    References
    ----------
    .. [1] DerSimonian & Laird (1986), doi:10.1016/0197-2456(86)90046-2
    """

    def excess(tau2: float) -> float:
        return 1.0 / np.sum(1.0 / (variances + tau2)) - se**2

    if excess(0.0) >= 0.0:
        return 0.0
    upper = len(variances) * se**2
    while excess(upper) < 0.0:
        upper *= 2.0
    return float(np.sqrt(brentq(excess, 0.0, upper, xtol=1e-14)))


def implied_heterogeneity(
    z: float, low: float, high: float, k: int, n_total: int, level: float = 0.95
) -> list[Implied]:
    """Heterogeneity implied by a pooled Fisher z and its interval, over stated assumptions.

    The assumptions are crossed: how unequal the samples were (``SPREADS``), whether the interval
    used a normal or a t quantile with k - 1 degrees of freedom, and that the printed limits may be
    off by half a unit of the second decimal. The prediction interval uses t with k - 1 degrees of
    freedom (k - 2 would be a little wider).

    Parameters
    ----------
    z, low, high : float
        Pooled effect and its limits on the Fisher z scale, ``low < z < high``.
    k : int
        Number of studies, at least 3.
    n_total : int
        Total number of people; more than ``4 * k``.

    Returns
    -------
    list of Implied
        One entry per combination, in a fixed order.

    Raises
    ------
    ValueError
        If the interval does not contain ``z`` or the sizes are too small.
    """
    if not low < z < high:
        raise ValueError(f"the interval ({low}, {high}) does not contain the estimate {z}")
    if k < 3 or n_total <= 4 * k:
        raise ValueError("at least three studies with more than four people each are needed")
    quantiles = {"normal": ndtri(0.5 + level / 2), f"t({k - 1})": stdtrit(k - 1, 0.5 + level / 2)}
    roundings = ((0.0, 0.0), (-HALF_UNIT, HALF_UNIT), (HALF_UNIT, -HALF_UNIT))
    results = []
    for spread, (name, quantile), (dl, dh) in product(SPREADS, quantiles.items(), roundings):
        # A study of three people or fewer has no Fisher z variance; the floor keeps the most
        # unequal spread usable when n_total is small.
        variances = 1.0 / (np.maximum(spread_sizes(k, n_total, spread), 5.0) - 3.0)
        se = (high + dh - low - dl) / (2 * quantile)
        tau = implied_tau(se, variances)
        half = stdtrit(k - 1, 0.5 + level / 2) * np.hypot(tau, se)
        results.append(
            Implied(spread, name, (low + dl, high + dh), se, tau, z - half, z + half)
        )
    return results

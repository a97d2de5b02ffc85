"""What all power functions share: the power of a shifted statistic, its inverse, and checks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .. import checks
from ..distributions import ndtr, ndtri, quantile

MOST_STUDIES = 10**9


def of_shift(shift, alpha: float, sides: int, df: float):
    """Power where the statistic is centred at ``shift``: normal, or noncentral t if df is finite.

    One-sided tests look upwards.
    """
    sides_of(sides)
    limit = float(quantile(1 - 2 * alpha / sides, df))
    if math.isinf(df):
        scale, weight = np.ones(1), np.ones(1)
    else:
        scale, weight = _spread_of_se(df)
    shift = np.asarray(shift, dtype=float)[..., None]
    upper = ndtr(shift - limit * scale) @ weight
    return upper + ndtr(-shift - limit * scale) @ weight if sides == 2 else upper


def _spread_of_se(df: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights over the estimated standard error as a share of the true one.

    ``sqrt(chi2 / df)``, by the trapezoidal rule in its logarithm. Given the share, a t test is a
    normal one; ``scipy.special.nctdtr`` is nan in the far lower tail (1.17).
    """
    step = min(0.1, 0.5 / math.sqrt(2 * df))  # half a width; the error is far below 1e-16
    u = np.arange(-40 / df - 0.5 - math.sqrt(40 / df), math.sqrt(40 / df) + step, step)
    weight = np.exp(df * (u - 0.5 * np.expm1(2 * u)))
    return np.exp(u), weight / weight.sum()


def needed_shift(power: float, alpha: float, sides: int, df: float) -> float:
    """The shift at which :func:`of_shift` is ``power``."""
    power, alpha = power_and_alpha(power, alpha)
    start = float(ndtri(1 - alpha / sides_of(sides)) + ndtri(power))
    return rising_root(lambda x: float(of_shift(x, alpha, sides, df)) - power, max(start, 0.1))


def rising_root(function: Callable[[float], float], start: float) -> float:
    """Root above 0 of a function that rises from below 0: doubling, then false position.

    The end that stays is given half its height (the Illinois rule), so both ends close in.
    """
    low, high = 0.0, start
    at_low, at_high = function(low), function(high)
    while at_high < 0:
        low, at_low, high = high, at_high, 2 * high
        at_high = function(high)
        if high > 1e100:
            raise ValueError("this power is not reached at any value")
    x, side = high, 0
    for _ in range(200):
        previous, x = x, (low * at_high - high * at_low) / (at_high - at_low)
        if abs(x - previous) <= 1e-15 * x:
            break
        value = function(x)
        if value == 0:
            break
        if value < 0:
            low, at_low = x, value
            at_high = at_high / 2 if side == -1 else at_high
            side = -1
        else:
            high, at_high = x, value
            at_low = at_low / 2 if side == 1 else at_low
            side = 1
    return x


def least_integer(enough: Callable[[int], bool], first: int) -> int:
    """Smallest integer from ``first`` on that is enough, where every larger one is enough too."""
    low, high = first - 1, first
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_STUDIES:
            raise ValueError(f"more than {MOST_STUDIES} studies would be needed")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def variances(v, minimum: int) -> np.ndarray:
    """Sampling variances, checked as everywhere."""
    v = checks.floats("variances", v)
    return checks.effects(np.zeros(v.size if v.ndim == 1 else 0), v, minimum=minimum)[1]


def finite(name: str, value) -> np.ndarray:
    """A finite number or array of them."""
    try:
        array = checks.floats(name, value)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {value!r}") from None
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, not {value!r}")
    return array


def scalar(name: str, value) -> float:
    """One finite number."""
    number = finite(name, value)
    if number.ndim:
        raise ValueError(f"{name} must be one number, not {value!r}")
    return float(number)


def not_negative(name: str, value) -> float:
    """One finite number, 0 or more."""
    number = scalar(name, value)
    if number < 0:
        raise ValueError(f"{name} must be 0 or more, not {value!r}")
    return number


def fraction(name: str, value) -> float:
    """One number strictly between 0 and 1."""
    number = scalar(name, value)
    if not 0 < number < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value!r}")
    return number


def power_and_alpha(power, alpha) -> tuple[float, float]:
    """Both as numbers, the power above alpha: below it there is nothing to reach."""
    alpha, power = fraction("alpha", alpha), fraction("power", power)
    if not power > alpha:
        raise ValueError(f"power must be above alpha = {alpha:g}, not {power:g}")
    return power, alpha


def plain(value):
    """A Python float for a scalar, the array itself otherwise."""
    return float(value) if np.ndim(value) == 0 else value


def sides_of(sides: int) -> int:
    """The sides of a test: 1 or 2."""
    if np.ndim(sides) or sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2, not {sides!r}")
    return sides

"""What every formula of the package accepts: checked once, refused in plain words."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Number = float | NDArray[np.float64]


def array(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """``value`` as floats; refuses what is no number, NaN and the infinities."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite, got {value!r}")
    return numbers


def require(ok: NDArray[np.bool_] | bool, name: str, rule: str, value: ArrayLike) -> None:
    """Raise ValueError "``name`` must be ``rule``" unless all is well."""
    if not np.all(ok):
        raise ValueError(f"{name} must be {rule}, got {value!r}")


def plain(numbers: NDArray[np.float64]) -> Number:
    """A Python float for a scalar, the array itself otherwise."""
    return float(numbers) if np.ndim(numbers) == 0 else numbers


def at_least(value: ArrayLike, name: str, minimum: float) -> NDArray[np.float64]:
    """Finite numbers not below ``minimum``."""
    numbers = array(value, name)
    require(numbers >= minimum, name, f"at least {minimum:g}", value)
    return numbers


def positive(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """Finite numbers above 0."""
    numbers = array(value, name)
    require(numbers > 0, name, "above 0", value)
    return numbers


def correlation(r: ArrayLike, name: str = "r") -> NDArray[np.float64]:
    """Numbers in the open interval (-1, 1)."""
    numbers = array(r, name)
    require(np.abs(numbers) < 1, name, "above -1 and below 1", r)
    return numbers


def sign_of(sign: ArrayLike) -> NDArray[np.float64]:
    """A direction: 1 or -1."""
    numbers = array(sign, "sign")
    require(np.abs(numbers) == 1, "sign", "1 or -1", sign)
    return numbers


def degrees(df: ArrayLike) -> NDArray[np.float64]:
    """Degrees of freedom of a test, at least 1."""
    return at_least(df, "df", 1)


def sample_size(n: ArrayLike) -> NDArray[np.float64]:
    """Sample sizes, at least 4."""
    numbers = array(n, "n")
    require(numbers >= 4, "n", "at least 4 (the variance 1/(n - 3) exists from there)", n)
    return numbers


def probability(p: ArrayLike, name: str = "p") -> NDArray[np.float64]:
    """Probabilities above 0 and at most 1."""
    numbers = array(p, name)
    require((numbers > 0) & (numbers <= 1), name, "above 0 and at most 1", p)
    return numbers


def share(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """Shares of variance: at least 0 and below 1."""
    numbers = array(value, name)
    require((numbers >= 0) & (numbers < 1), name, "at least 0 and below 1", value)
    return numbers


def tails_of(tails: int) -> int:
    """The sides of a test: 1 or 2."""
    if tails not in (1, 2):
        raise ValueError(f"tails must be 1 or 2, got {tails!r}")
    return tails


def confidence(level: float) -> float:
    """A confidence level, strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")
    return level


def within_floats(numbers: NDArray[np.float64], name: str) -> Number:
    """The result of an exponential, refused where it leaves the floating-point numbers."""
    if not np.isfinite(numbers).all() or not np.all(numbers > 0):
        raise ValueError(f"the {name} lies beyond the range of floating-point numbers")
    return plain(numbers)


def group_factor(n1: ArrayLike | None, n2: ArrayLike | None) -> NDArray[np.float64]:
    """``a = (n1 + n2)^2 / (n1 n2)``; 4, groups of equal size, where no sizes are given."""
    if (n1 is None) != (n2 is None):
        raise ValueError("n1 and n2 must be given together or not at all")
    if n1 is None:
        return np.asarray(4.0)
    first, second = at_least(n1, "n1", 1), at_least(n2, "n2", 1)
    return (first + second) ** 2 / (first * second)

"""What every formula of the package accepts: checked once, refused in plain words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Number = float | NDArray[np.float64]


def shown(value: object) -> str:
    """A refused value as Python writes it, without the wrapping of numpy's numbers and arrays."""
    return repr(value.tolist() if isinstance(value, np.ndarray | np.generic) else value)


def array(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """``value`` as floats; refuses what is no number, NaN and the infinities."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be finite, got {shown(value)}")
    return numbers


def require(ok: NDArray[np.bool_] | bool, name: str, rule: str, value: ArrayLike) -> None:
    """Raise ValueError "``name`` must be ``rule``" unless all is well."""
    if not np.all(ok):
        raise ValueError(f"{name} must be {rule}, got {shown(value)}")


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


def tail_probability(p: ArrayLike, tails: int, name: str = "p") -> NDArray[np.float64]:
    """The upper tail of a test that reaches p: ``p / tails``, where a quantile belongs to it.

    The test statistic is infinite for a one-sided p of 1, and quantiles fail where the tail lies
    below the normal floating-point numbers.
    """
    upper = probability(p, name) / tails_of(tails)
    require(upper < 1, name, "below 1 where the test is one-sided: no finite statistic has it", p)
    require(upper >= np.finfo(float).tiny, name, "above 5e-308, the least that can be computed", p)
    return upper


def interval(
    value: ArrayLike,
    ci_low: ArrayLike,
    ci_high: ArrayLike,
    name: str,
    check: Callable[[ArrayLike, str], NDArray[np.float64]] = array,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """A value with the interval that was printed beside it, each put through ``check``.

    The value may touch a bound, as it can after rounding, but not lie beyond it: then one of the
    three is misread.
    """
    value_ = check(value, name)
    low, high = bounds(ci_low, ci_high, check)
    inside = (low <= value_) & (value_ <= high)
    if not np.all(inside):
        raise ValueError(
            f"{name} must lie within its interval, "
            f"got {shown(value)} with ci_low {shown(ci_low)} and ci_high {shown(ci_high)}"
        )
    return value_, low, high


def bounds(
    ci_low: ArrayLike,
    ci_high: ArrayLike,
    check: Callable[[ArrayLike, str], NDArray[np.float64]] = array,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two ends of an interval that is not empty."""
    low, high = check(ci_low, "ci_low"), check(ci_high, "ci_high")
    require(high > low, "ci_high", "above ci_low", ci_high)
    return low, high


def single(value: ArrayLike, name: str) -> float:
    """One finite number; refuses arrays and lists."""
    numbers = array(value, name)
    if numbers.ndim:
        raise ValueError(f"{name} must be a single number, got {shown(value)}")
    return float(numbers)


def within_floats(numbers: NDArray[np.float64], name: str) -> Number:
    """A result that is above 0, refused where it leaves the floating-point numbers."""
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
    total = first + second
    return (total / first) * (total / second)

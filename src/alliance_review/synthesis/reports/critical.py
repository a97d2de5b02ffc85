"""The bound of a worded result: the critical value of the test of a correlation, as Fisher z."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

NO_CORRELATION = (
    "the t of alpha is so large that the correlation rounds to 1 or -1, which is no correlation "
    "of observed data"
)
#: Above this probability every t is finite, whatever its degrees of freedom.
HARDLY_ANY = 1e-200


def critical_z(n: ArrayLike, alpha: ArrayLike = 0.05, tails: int = 2) -> float | np.ndarray:
    """Fisher z at which the t test of a correlation reaches ``alpha``.

    With n - 2 degrees of freedom and r = t / sqrt(n - 2 + t**2), z = atanh(r) is
    asinh(t / sqrt(n - 2)).

    Parameters
    ----------
    n : int or array_like
        Sample size, at least 4.
    alpha : float or array_like
        Significance level of the test, 0 < alpha <= 1; below 1 where it is one-tailed.
    tails : {2, 1}
        Sides of the test.

    Returns
    -------
    float or ndarray of the shape of ``n`` and ``alpha`` together
        Above 0 for alpha < 1 (two-tailed) or alpha < 0.5 (one-tailed).

    Raises
    ------
    ValueError
        What is no finite number, n below 4, alpha outside its range, tails that are neither 1
        nor 2, or an alpha so small that the correlation rounds to 1.

    References
    ----------
    Fisher RA (1915), the t test of a correlation; Fisher RA (1921), its transformation to z.
    """
    beyond = _upper_tail(alpha, tails)
    size = _numbers(n, "n")
    _require(size >= 4, "n", "at least 4 (the variance 1/(n - 3) exists from there)", n)
    root, t = np.sqrt(size - 2), critical_t(size - 2, beyond)
    with np.errstate(invalid="ignore"):  # an infinite t becomes nan, which is refused
        r = t / np.hypot(t, root)
    if not np.all(np.abs(r) < 1):
        raise ValueError(NO_CORRELATION)
    z = np.arcsinh(t / root)
    return float(z) if np.ndim(z) == 0 else z


def critical_t(df, beyond):
    """The t that is exceeded with probability ``beyond``; nothing is checked."""
    small = np.less(beyond, 1e-3)
    usual = stdtrit(df, 1 - beyond)
    # for a small tail the lower one: 1 less the tail would lose its digits
    return np.where(small, -stdtrit(df, beyond), usual) if np.any(small) else usual


def _upper_tail(alpha, tails) -> np.ndarray:
    level = _numbers(alpha, "alpha")
    _require((level > 0) & (level <= 1), "alpha", "above 0 and at most 1", alpha)
    if tails not in (1, 2):
        raise ValueError(f"tails must be 1 or 2, got {tails!r}")
    beyond = level / tails
    rule = "below 1 where the test is one-sided: no finite statistic has it"
    _require(beyond < 1, "alpha", rule, alpha)
    rule = "above 5e-308, the least that can be computed"
    _require(beyond >= np.finfo(float).tiny, "alpha", rule, alpha)
    return beyond


def _numbers(value: ArrayLike, name: str) -> np.ndarray:
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    _require(np.isfinite(numbers), name, "finite", value)
    return numbers


def _require(ok, name: str, rule: str, value) -> None:
    if not np.all(ok):
        shown = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        raise ValueError(f"{name} must be {rule}, got {shown!r}")

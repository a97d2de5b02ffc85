"""Single reports given a normal factor: log-probabilities and their derivatives in the mean.

A report is normal with a mean and a standard deviation; it is a number, or an interval with one or
two ends. With the density phi and an end at u standard deviations, all derivatives of the
probability follow from phi(u) times polynomials in u; of a number's density, from Hermite's.
"""

from typing import NamedTuple

import numpy as np

from ...distributions import log_ndtr

LOG_ROOT_2PI = 0.5 * np.log(2 * np.pi)


class Rows(NamedTuple):
    """Rows of all problems, those of one problem side by side; every array has one entry a row.

    ``low`` equals ``high`` for a number; ``times`` says how often the row stands in its problem.
    """

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    loading: np.ndarray
    times: np.ndarray

    def at(self, chosen) -> "Rows":
        """Some of the rows."""
        return Rows(*(part[chosen] for part in self))


class Kinds(NamedTuple):
    """Rows that share a formula: the formula, their places, and what it needs of them (m, 1)."""

    formula: object
    at: np.ndarray
    constants: tuple


def kinds(rows: Rows) -> list[Kinds]:
    """Rows sorted by numbers, intervals with an open end, and those with two ends."""
    low, high, sd = rows.low[:, None], rows.high[:, None], rows.sd[:, None]
    number = rows.low == rows.high
    opened = np.isinf(rows.low) | np.isinf(rows.high)
    found = []
    if number.any():
        found.append(Kinds(_number, *_taken(number, low, sd)))
    if opened.any():
        from_low = np.isfinite(low)
        constants = np.where(from_low, low, high), np.where(from_low, 1.0, -1.0) / sd
        found.append(Kinds(_open, *_taken(opened, *constants)))
    if not (number | opened).all():
        with np.errstate(invalid="ignore"):
            constants = 0.5 * (low + high), 0.5 * (high - low), sd
        found.append(Kinds(_box, *_taken(~number & ~opened, *constants)))
    return found


def _taken(chosen, *constants):
    at = np.flatnonzero(chosen)
    return at, tuple(part[at] for part in constants)


def ratios(sorted_rows: list[Kinds], mean, order: int) -> np.ndarray:
    """log P of every row and P'/P, P''/P ... up to ``order``, of derivatives in ``mean`` (m, N)."""
    if len(sorted_rows) == 1:
        return np.stack(sorted_rows[0].formula(*sorted_rows[0].constants, mean, order))
    out = np.empty((order + 1, *mean.shape))
    for formula, at, constants in sorted_rows:
        for target, part in zip(out, formula(*constants, mean[at], order), strict=True):
            target[at] = part
    return out


def _number(z, sd, mean, order):
    u = (z - mean) / sd
    hermite = [1.0, u]
    for j in range(1, order):
        hermite.append(u * hermite[-1] - j * hermite[-2])
    value = -0.5 * u * u - np.log(sd) - LOG_ROOT_2PI
    return [value, *(hermite[j] / sd**j for j in range(1, order + 1))]


def _open(bound, over, mean, order):
    u = (mean - bound) * over
    value = log_ndtr(u)
    return [value, *_flows(np.exp(-0.5 * u * u - LOG_ROOT_2PI - value), u, over, order)]


def _box(middle, half, sd, mean, order):
    """The interval is turned to the lower tail, where log Phi keeps all digits."""
    apart = middle - mean
    off = np.abs(apart)
    near, far = (half - off) / sd, -(half + off) / sd
    inner, outer = log_ndtr(near), log_ndtr(far)
    value = inner + np.log1p(-np.exp(outer - inner))
    over = np.where(apart < 0, -1.0, 1.0) / sd
    both = [_flows(np.exp(-0.5 * u * u - LOG_ROOT_2PI - value), u, over, order)
            for u in (near, far)]  # fmt: skip
    return [value, *(a - b for a, b in zip(*both, strict=True))]


def _flows(density, u, over, order):
    """Derivatives of Phi(u) over the probability; ``over`` is the derivative of u itself."""
    first = density * over
    if order == 2:
        return [first, -u * first * over]
    over2, u2 = over * over, u * u
    return [first, -u * first * over, (u2 - 1) * first * over2,
            u * (3 - u2) * first * (over2 * over)]  # fmt: skip

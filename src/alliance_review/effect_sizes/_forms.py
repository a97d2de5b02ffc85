"""The form common to nearly all ways to a correlation, and the one way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import Number, correlation, plain


def as_correlation(numbers: NDArray[np.float64], source: str) -> Number:
    """A correlation just computed, refused where it has been rounded to 1 or -1.

    Every formula that makes a correlation ends here, so that none leaves the open interval
    (-1, 1); ``source`` names what it was made of.
    """
    if not np.all(np.abs(numbers) < 1):  # NaN as well
        raise ValueError(
            f"{source} is so large that the correlation rounds to 1 or -1, "
            "which is no correlation of observed data"
        )
    return plain(numbers)


def ratio_to_root(
    numerator: NDArray[np.float64], scale: NDArray[np.float64], source: str
) -> Number:
    """``x / sqrt(x^2 + scale)`` as a correlation; the square is never formed, it may overflow."""
    with np.errstate(invalid="ignore"):  # an infinite quantile becomes NaN, which is refused
        return as_correlation(numerator / np.hypot(numerator, np.sqrt(scale)), source)


def root_to_ratio(r: ArrayLike) -> NDArray[np.float64]:
    """``r / sqrt(1 - r^2)``, the way back; ``(1 - r)(1 + r)`` keeps its digits near 1."""
    r_ = correlation(r)
    return r_ / np.sqrt((1 - r_) * (1 + r_))

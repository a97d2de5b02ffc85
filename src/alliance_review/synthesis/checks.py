"""What every function of the synthesis accepts: checked once, refused in plain words."""

import math
from collections.abc import Sequence

import numpy as np


def effects(y, v, *, minimum: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return effects and their sampling variances as two float arrays of one length.

    Parameters
    ----------
    y : array_like, shape (k,)
        Effect sizes, on any one scale; in this review Fisher z.
    v : array_like, shape (k,)
        Sampling variances on the same scale, all positive.
    minimum : int
        Smallest number of effects that the caller can work with.

    Raises
    ------
    ValueError
        Not one-dimensional, lengths that differ, too few effects, a value that is not a finite
        number, a variance that is zero or negative, or values so large or small that their
        squares leave the range of floating-point numbers.
    """
    y, v = _vector("effects", y), _vector("variances", v)
    if y.size != v.size:
        raise ValueError(f"effects and variances differ in length: {y.size} and {v.size}")
    if y.size < minimum:
        raise ValueError(f"at least {minimum} effects are needed, {y.size} given")
    if (v <= 0).any():
        where = int(np.flatnonzero(v <= 0)[0])
        raise ValueError(f"variances must be positive; number {where + 1} is {v[where]:g}")
    if np.abs(y).max() > 1e60 or v.max() > 1e120 or v.min() < 1e-120:
        raise ValueError("effects beyond 1e60 or variances outside 1e-120 to 1e120")
    return y, v


def _vector(name: str, values) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers") from None
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {array.shape}")
    if not np.isfinite(array).all():
        where = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"{name} must be finite; number {where + 1} is {array[where]}")
    return array


def level(value: float) -> float:
    """Return a confidence level, or raise ValueError unless it lies strictly between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.floating)):
        raise ValueError(f"the level must be a number, not {value!r}")
    if not 0 < value < 1:
        raise ValueError(f"the level must lie between 0 and 1, not {value!r}")
    return float(value)


def choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Return ``value`` if it is one of ``allowed``; otherwise raise ValueError naming them."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def plain(value):
    """Turn a result into dicts, lists, text, numbers and None, as JSON can hold them.

    A number that is not finite becomes None: where a quantity is undefined (for instance the
    prediction interval of a common-effect model) there is nothing to print.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return value.item()
    return value

"""What every function of the synthesis accepts: checked once, refused in plain words."""

import math
from collections.abc import Sequence

import numpy as np


class NoMaximum(ValueError):
    """A likelihood without a maximum at a finite place: the data do not hold the parameters."""


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
        number, a variance that is zero or negative, variances further apart than a factor of
        1e15, or values so large or small that their squares leave the range of floats.
    """
    y, v = _vector("effects", y), _vector("variances", v)
    if y.size != v.size:
        raise ValueError(f"effects and variances differ in length: {y.size} and {v.size}")
    if y.size < minimum:
        raise ValueError(f"at least {minimum} effects are needed, {y.size} given")
    _in_range(y, v)
    return y, v


def _in_range(y, v):
    """Refuse what is no finite number, no positive variance, or beyond floating-point squares."""
    # one look at the extremes passes the usual case; a nan is in neither order
    low, high = v.min(), v.max()
    if -1e30 <= y.min() <= y.max() <= 1e30 and 1e-40 <= low <= high <= min(1e40, 1e15 * low):
        return
    for name, array in (("effects", y), ("variances", v)):
        _refuse(name, array, ~np.isfinite(array), "finite")
    _refuse("variances", v, v <= 0, "positive")
    if high > 1e15 * low:
        raise ValueError(
            f"variances from {low:g} to {high:g}: beyond a factor of 1e15 no digits are left"
        )
    raise ValueError("effects beyond 1e30 or variances outside 1e-40 to 1e40")


def _refuse(name, array, wrong, rule):
    if wrong.any():
        where = np.argwhere(wrong)[0]
        data_set = f" of data set {where[1] + 1}" if array.ndim == 2 and array.shape[1] > 1 else ""
        value = array[tuple(where)]
        raise ValueError(f"{name} must be {rule}; number {where[0] + 1}{data_set} is {value:g}")


def many_effects(y, v) -> tuple[np.ndarray, np.ndarray]:
    """Effects (k, B) and their variances, (k, 1) or (k, B), checked as ``effects`` does.

    Raises
    ------
    ValueError
        As ``effects``; shapes that do not fit one another.
    """
    y, v = floats("effects", y), floats("variances", v)
    if y.ndim != 2 or v.ndim not in (1, 2):
        raise ValueError(
            "effects must be of shape (k, B) and variances (k,) or (k, B), "
            f"not {y.shape} and {v.shape}"
        )
    v = v[:, None] if v.ndim == 1 else v
    if v.shape[0] != y.shape[0] or v.shape[1] not in (1, y.shape[1]):
        raise ValueError(f"effects of shape {y.shape} do not fit variances of shape {v.shape}")
    if y.shape[0] < 2 or y.shape[1] < 1:
        raise ValueError(f"at least 2 effects in 1 data set are needed, not {y.shape}")
    _in_range(y, v)
    return y, v


def floats(name: str, values) -> np.ndarray:
    """Values as an array of floats; ValueError for text (even such as could be read as a number),
    dates, complex numbers and whatever else is no number."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            items = array.ravel().tolist() if array.dtype == object else [""]
            if any(isinstance(item, (str, bytes, complex)) for item in items):
                raise TypeError
        return array.astype(float, copy=False)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers") from None


def _vector(name: str, values) -> np.ndarray:
    array = floats(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {array.shape}")
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
    """Turn a result, or what holds results, into dicts, lists, text, numbers and None, as JSON has
    them.

    A number that is not finite becomes None: where a quantity is undefined (for instance the
    prediction interval of a common-effect model) there is nothing to print.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return value.item()
    return value

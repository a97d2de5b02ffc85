"""Labels of the effects - groups, clusters - checked in one place."""

from collections.abc import Mapping, Set

import numpy as np


def labels(name: str, values, k: int) -> list:
    """The labels of k effects as a list, in their order.

    Parameters
    ----------
    name : str
        What the labels are, in messages: "groups", "cluster".
    values : sequence of length k
        One hashable value per effect: text, numbers, dates, ...; a list, tuple, array with one
        dimension, pandas series or categorical.
    k : int
        Number of effects.

    Raises
    ------
    ValueError
        Not a sequence, several dimensions, another number of labels than of effects, a label
        that is not hashable, or a missing one: None, empty or blank text, nan, NaT, pandas.NA.
        The last two are named by their position, from 1.
    """
    several = getattr(values, "ndim", 1) != 1
    unordered = isinstance(values, (str, bytes, Mapping, Set))
    if several or unordered or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} must be a sequence of one label per effect")
    # numbers of Python are quicker to look up than those of numpy
    plain = isinstance(values, np.ndarray) and values.dtype.kind in "biufU"
    found = values.tolist() if plain else list(values)
    if len(found) != k:
        raise ValueError(f"{name} and effects differ in length: {len(found)} and {k}")
    try:
        distinct = dict.fromkeys(found)
    except TypeError:
        place, label = next((i, a) for i, a in enumerate(found, 1) if not _hashable(a))
        raise ValueError(
            f"{name} must be single values, such as text or numbers; number {place} is {label!r}"
        ) from None
    for label in distinct:
        if isinstance(label, Set):
            place = 1 + next(i for i, other in enumerate(found) if other is label)
            raise ValueError(f"{name} must be single values; number {place} is {label!r}")
        if missing(label):
            place = 1 + next(i for i, other in enumerate(found) if other is label)
            raise ValueError(f"{name} must not be missing; number {place} is {label!r}")
    return found


def missing(label) -> bool:
    """Whether a value stands for none: None, blank text, or what does not equal itself."""
    if label is None:
        return True
    if isinstance(label, (str, bytes)):
        return not label.strip()
    try:
        return bool(label != label)
    except (TypeError, ValueError):  # pandas.NA: whether it equals itself has no truth value
        return True


def _hashable(label) -> bool:
    try:
        hash(label)
    except TypeError:
        return False
    return True

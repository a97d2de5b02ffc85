"""Whole numbers that steer a draw: how many, and from which seed."""

from numbers import Integral


def whole_number(name: str, value, minimum: int = 1) -> int:
    """Return ``value`` as an int.

    Raises
    ------
    ValueError
        Unless it is a whole number (of Python or NumPy, no truth value) from ``minimum`` on.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < minimum:
        raise ValueError(f"{name} must be a whole number of at least {minimum}, not {value!r}")
    return int(value)


def seed(value) -> int:
    """Return the seed of a random generator, which makes what is drawn repeatable.

    Raises
    ------
    ValueError
        Unless it is a whole number from 0 on. None, which NumPy would take for a fresh seed at
        every call, is refused as well.
    """
    return whole_number("the seed", value, 0)

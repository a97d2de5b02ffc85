"""Newton's method that cannot leave its bracket, for many equations at once."""

from collections.abc import Callable

import numpy as np


def bracketed_newton(
    function: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    low: np.ndarray,
    high: np.ndarray,
    start: np.ndarray,
    *,
    relative: float = 1e-12,
    absolute: float = 0.0,
    iterations: int = 200,
) -> np.ndarray:
    """Solve f(x) = 0 in every column, where f is positive at ``low`` and not at ``high``.

    Parameters
    ----------
    function : callable
        Takes x of shape (B,), returns f(x) and f'(x), both of shape (B,).
    low, high, start : ndarray, shape (B,)
        The brackets, and where to begin inside them.
    relative, absolute : float
        The search ends when a step is below ``relative * |x| + absolute``. Newton's method
        doubles the digits with each step, so the error left is far below the last step.

    Notes
    -----
    A step that leaves the bracket, or that is not clearly shorter than the step before it, is
    replaced by bisection, so the search always ends.
    """
    low, high, x = (np.array(a, dtype=float) for a in np.broadcast_arrays(low, high, start))
    previous = np.full(x.shape, np.inf)
    for _ in range(iterations):
        value, slope = function(x)
        low, high = np.where(value > 0, x, low), np.where(value > 0, high, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x - value / slope
        inside = (newton >= low) & (newton <= high) & (slope < 0)
        # a Newton step that is not shrinking is going round in circles: halve the bracket
        inside &= np.abs(newton - x) <= 0.75 * previous
        new = np.where(inside, newton, 0.5 * (low + high))
        new = np.where(value == 0, x, new)
        step = np.abs(new - x)
        previous = np.where(inside, step, np.inf)
        x = new
        if (step <= relative * np.abs(x) + absolute).all():
            break
    return x

"""Newton's method that cannot leave its bracket: for one equation, and for many at once."""

from collections.abc import Callable

import numpy as np

Function = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def bracketed_newton(
    function: Function,
    low: np.ndarray,
    high: np.ndarray,
    start: np.ndarray,
    *,
    relative: float = 1e-9,
    absolute: float = 0.0,
    iterations: int = 200,
    narrow: Callable[[np.ndarray], Function] | None = None,
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
    narrow : callable, optional
        Takes the positions of the columns not yet solved and returns the function of these
        alone; called when a good part of the columns is done, so that no time is spent on them.

    Notes
    -----
    A step that leaves the bracket, or that is not clearly shorter than the step before it, is
    replaced by bisection, so the search always ends.
    """
    low, high, x = (np.array(a, dtype=float) for a in np.broadcast_arrays(low, high, start))
    previous = np.full(x.shape, np.inf)
    answer, active = x, np.arange(x.size)
    for _ in range(iterations):
        value, slope = function(x)
        above = value > 0
        low, high = np.where(above, x, low), np.where(above, high, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x - value / slope
        # a step as small as the tolerance is an answer, even if rounding carries it past the end
        tiny = np.abs(newton - x) <= relative * np.abs(x) + absolute
        newton = np.where(tiny, np.clip(newton, low, high), newton)
        inside = (newton >= low) & (newton <= high) & (slope < 0)
        # a Newton step that is not shrinking is going round in circles: halve the bracket
        inside &= np.abs(newton - x) <= 0.75 * previous
        new = np.where(inside, newton, 0.5 * (low + high))
        new = np.where(value == 0, x, new)
        step = np.abs(new - x)
        previous = np.where(inside, step, np.inf)
        x = new
        done = step <= relative * np.abs(x) + absolute
        if narrow is None:
            answer = x
        else:
            answer[active] = x
        if done.all():
            break
        if narrow is not None and np.count_nonzero(done) > 0.3 * done.size:
            left = np.flatnonzero(~done)
            active = active[left]
            low, high, x, previous = low[left], high[left], x[left], previous[left]
            function = narrow(active)
    return answer


def bracketed_newton_single(
    function: Callable[[float], tuple[float, float]],
    low: float,
    high: float,
    start: float,
    *,
    relative: float = 1e-9,
    iterations: int = 200,
) -> float:
    """``bracketed_newton`` for one equation in plain numbers, many times faster for one."""
    x, previous = start, float("inf")
    for _ in range(iterations):
        value, slope = function(x)
        if value == 0:
            return x
        if value > 0:
            low = x
        else:
            high = x
        new = x - value / slope if slope < 0 else low - 1.0
        step = abs(new - x)
        if step <= relative * abs(x):  # an answer, even if rounding carries it past the end
            return min(max(new, low), high)
        if low <= new <= high and step <= 0.75 * previous:
            previous = step
        else:
            new, previous = 0.5 * (low + high), float("inf")
            step = abs(new - x)
        x = new
        if step <= relative * abs(x):
            break
    return x

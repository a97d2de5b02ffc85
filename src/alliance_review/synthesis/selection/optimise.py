"""Newton's method with exact derivatives and lower bounds, from many starting points at once."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

#: A bounded coordinate this near its bound, and pulled towards it, is put on it.
NEAR = 1e-7
#: A coordinate beyond this has run away: there is no maximum at a finite place.
FAR = 1e7


class Maxima(NamedTuple):
    """Where each start ended: ``x`` (B, n), ``value`` (B,), ``gradient`` (B, n), ``hessian``
    (B, n, n), and whether it ``converged`` (B,)."""

    x: np.ndarray
    value: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray
    converged: np.ndarray


def maximise(
    function: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]],
    start: np.ndarray,
    lower: np.ndarray,
    free: np.ndarray,
    *,
    iterations: int = 150,
    tolerance: float = 1e-7,
) -> Maxima:
    """Climb to a maximum from every row of ``start``.

    Parameters
    ----------
    function : callable
        Takes x (B, n); returns value (B,), gradient (B, n) and Hessian (B, n, n).
    start : ndarray, shape (B, n)
        Coordinates of order one: the caller chooses the units.
    lower : ndarray, shape (n,)
        Lower bounds, ``-inf`` for none.
    free : ndarray of bool, shape (n,)
        Coordinates that may move.
    tolerance : float
        The climb ends with a full step shorter than this, relative to 1 + abs(x). Newton's
        method squares the error in each step, so what is left is rounding.

    Notes
    -----
    Where the Hessian is not negative definite its eigenvalues are turned negative, which keeps
    the step uphill; a step that does not raise the value is shortened. A coordinate that would
    cross its bound is stopped there and the step of the others solved again (Bertsekas 1982).
    """
    with np.errstate(all="ignore"):  # a start or step may lie where the value is not finite
        return _climb(function, start, lower, free, iterations, tolerance)


def _climb(function, start, lower, free, iterations, tolerance) -> Maxima:
    x = np.maximum(np.array(start, dtype=float), lower)
    value, gradient, hessian = (np.array(part) for part in function(x))
    direction = _direction(x, gradient, hessian, lower, free)
    length = np.ones(len(x))
    converged = np.zeros(len(x), dtype=bool)
    rows = np.flatnonzero(np.isfinite(value))
    for _ in range(iterations):
        if rows.size == 0:
            break
        move = length[rows, None] * direction[rows]
        trial = np.maximum(x[rows] + move, lower)
        new = function(trial)
        rise = 1e-4 * (gradient[rows] * move).sum(axis=1)
        uphill = new[0] >= value[rows] + rise - 1e-13 * (1 + np.abs(value[rows]))
        small = (np.abs(move) <= tolerance * (1 + np.abs(x[rows]))).all(axis=1)
        converged[rows] = uphill & small & (length[rows] == 1)
        length[rows] = np.where(uphill, 1.0, 0.3 * length[rows])
        took = rows[uphill]
        if took.size:
            x[took] = trial[uphill]
            value[took], gradient[took], hessian[took] = (part[uphill] for part in new)
            direction[took] = _direction(x[took], gradient[took], hessian[took], lower, free)
        going = ~converged[rows] & (length[rows] > 1e-12) & (np.abs(x[rows]) < FAR).all(axis=1)
        rows = rows[going]
    return Maxima(x, value, gradient, hessian, converged)


def at_bound(x, gradient, lower):
    """Coordinates that lie on their bound and are held there by the gradient."""
    return (x <= lower + NEAR) & (gradient <= 0)


def _direction(x, gradient, hessian, lower, free):
    held = ~free | at_bound(x, gradient, lower)
    fixed_move = np.where(held & free, lower - x, 0.0)
    step = _newton(gradient, hessian, held, fixed_move)
    crossing = ~held & (x + step < lower)
    if crossing.any():
        held = held | crossing
        fixed_move = np.where(held & free, lower - x, 0.0)
        again = _newton(gradient, hessian, held, fixed_move)
        again = np.maximum(x + again, lower) - x
        climbs = (gradient * again).sum(axis=1) > 0
        step = np.where((crossing.any(axis=1) & climbs)[:, None], again, step)
    size = (np.abs(step) / (1 + np.abs(x))).max(axis=1, keepdims=True)
    return step * np.minimum(1.0, 2 / np.maximum(size, 1e-300))


def _newton(gradient, hessian, held, fixed_move):
    """The Newton step of the coordinates that are not held, given the moves of the held ones."""
    loose = ~held
    pull = gradient + (hessian @ fixed_move[:, :, None])[:, :, 0]
    pull = np.where(loose, pull, 0.0)
    both = loose[:, :, None] & loose[:, None, :]
    # the held coordinates drop out: a unit diagonal, no pull
    matrix = np.where(both, -hessian, 0.0) + held[:, :, None] * np.eye(held.shape[1])
    known = np.isfinite(matrix).all(axis=(1, 2))[:, None, None]
    matrix = np.where(known, matrix, np.eye(held.shape[1]))
    eigenvalues, vectors = np.linalg.eigh(matrix)
    size = np.abs(eigenvalues)
    size = np.maximum(size, 1e-12 * size.max(axis=1, keepdims=True))
    turned = (vectors.transpose(0, 2, 1) @ pull[:, :, None])[:, :, 0] / size
    step = (vectors @ turned[:, :, None])[:, :, 0]
    return np.where(loose, step, fixed_move)

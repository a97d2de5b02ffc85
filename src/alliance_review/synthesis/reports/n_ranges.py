"""The mean over a range of sample sizes, from a few well-chosen sizes."""

from functools import lru_cache

import numpy as np

from ..results import read_only


@lru_cache(maxsize=256)
def gauss_sizes(low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and weights whose weighted mean is the plain mean over low, low + 1, ..., high.

    Short ranges keep every whole number with equal weight. Longer ones get the Gauss rule of
    that discrete distribution in the variable log(n - 3), by Lanczos' recurrence and the
    eigenvalues of its matrix (Golub & Welsch 1969): exact for polynomials of degree up to
    2 * nodes - 1. With the number of nodes grown with the width of the range the likelihood is
    right to ten digits or better. The sizes are then no whole numbers, which the formulas
    do not mind.

    Parameters
    ----------
    low, high : int
        The range, both ends included, 4 <= low <= high.

    Returns
    -------
    tuple of ndarray
        Sizes and weights, read-only; the weights sum to 1.
    """
    whole = np.arange(low, high + 1, dtype=float)
    nodes = int(np.ceil(6 + 6 * np.log((high - 3) / (low - 3))))
    if whole.size <= nodes:
        return read_only(whole), read_only(np.full(whole.size, 1 / whole.size))
    x = np.log(whole - 3)
    centre, scale = 0.5 * (x[0] + x[-1]), 0.5 * (x[-1] - x[0])
    x = (x - centre) / scale
    diagonal, beside = np.zeros(nodes), np.zeros(nodes - 1)
    basis = np.zeros((nodes + 1, x.size))  # row 0 stays zero: the recurrence looks two back
    basis[1] = x.size**-0.5
    for i in range(nodes):
        current = basis[i + 1]
        diagonal[i] = current @ (x * current)
        if i == nodes - 1:
            break
        following = x * current
        # full orthogonalisation: the short recurrence loses digits
        for _ in range(2):
            following = following - basis[: i + 2].T @ (basis[: i + 2] @ following)
        beside[i] = np.sqrt(following @ following)
        basis[i + 2] = following / beside[i]
    matrix = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
    position, vectors = np.linalg.eigh(matrix)
    sizes = 3 + np.exp(centre + scale * position)
    return read_only(sizes), read_only(vectors[0] ** 2)

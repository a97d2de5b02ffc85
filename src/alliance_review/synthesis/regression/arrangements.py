"""Rearrangements of data under a null hypothesis: sign flips and permutations of rows.

Each function yields blocks, one rearrangement per row, of a bounded number of rows; the first row
of the first block is the data as observed.
"""

import math
from collections.abc import Iterator

import numpy as np

#: Rows per block. Random blocks depend on it: another value gives other draws.
BLOCK = 4096


def sign_count(k: int) -> int:
    """How many ways there are to flip the signs of k effects."""
    return 2**k


def all_signs(k: int) -> Iterator[np.ndarray]:
    """Half of all sign flips, those that keep the first sign: blocks of shape (rows, k).

    The other half are their negatives.
    """
    for start in range(0, 2 ** (k - 1), BLOCK):
        codes = np.arange(start, min(start + BLOCK, 2 ** (k - 1)))
        bits = (codes[:, None] >> np.arange(k - 1)) & 1
        yield np.concatenate([np.ones((codes.size, 1)), 1.0 - 2 * bits], axis=1)


def random_signs(k: int, iterations: int, seed: int) -> Iterator[np.ndarray]:
    """``iterations`` sign flips, the first none at all, the others at random."""
    rng = np.random.default_rng(seed)
    for start in range(0, iterations, BLOCK):
        signs = 1.0 - 2 * rng.integers(0, 2, (min(BLOCK, iterations - start), k))
        if start == 0:
            signs[0] = 1.0
        yield signs


def row_labels(X: np.ndarray) -> np.ndarray:
    """Number the distinct rows of a matrix, shape (k,), so that equal rows share a number."""
    return np.unique(X, axis=0, return_inverse=True)[1].reshape(-1)


def row_count(labels: np.ndarray) -> int:
    """How many distinct orders the labelled rows have: k! over the factorials of the ties."""
    ties = math.prod(math.factorial(int(n)) for n in np.bincount(labels))
    return math.factorial(labels.size) // ties


def all_orders(labels: np.ndarray) -> Iterator[np.ndarray]:
    """Every distinct order of the labels, in blocks of row numbers, shape (rows, k).

    Row numbers point to one row of each label, so tied rows are not told apart.
    """
    example = np.array([np.flatnonzero(labels == n)[0] for n in range(labels.max() + 1)])
    orders = example[_multiset(np.bincount(labels))]
    same = np.flatnonzero((labels[orders] == labels).all(axis=1))[0]
    orders[[0, same]] = orders[[same, 0]]
    for start in range(0, len(orders), BLOCK):
        yield orders[start : start + BLOCK]


def _multiset(counts):
    """All distinct sequences with the given counts of each label, one per row."""
    left, made = counts[None, :], np.empty((1, 0), dtype=int)
    for _ in range(int(counts.sum())):
        row, label = np.nonzero(left)
        left = left[row]
        left[np.arange(row.size), label] -= 1
        made = np.column_stack([made[row], label])
    return made


def random_orders(k: int, iterations: int, seed: int) -> Iterator[np.ndarray]:
    """``iterations`` orders of k rows, the first as observed, the others at random."""
    rng = np.random.default_rng(seed)
    for start in range(0, iterations, BLOCK):
        orders = rng.random((min(BLOCK, iterations - start), k)).argsort(axis=1)
        if start == 0:
            orders[0] = np.arange(k)
        yield orders

"""Local maxima of a table of values."""

import numpy as np


def peaks(table: np.ndarray) -> np.ndarray:
    """Places (n, 2) of a table at which no neighbour, corners included, is higher; row by row."""
    near = np.full([n + 2 for n in table.shape], -np.inf)
    near[1:-1, 1:-1] = table
    near = np.maximum(np.maximum(near[:-2], near[1:-1]), near[2:])
    near = np.maximum(np.maximum(near[:, :-2], near[:, 1:-1]), near[:, 2:])
    return np.argwhere(table >= near)

"""Test statistics of a model fitted anew to rearranged data, block by block."""

from collections.abc import Iterator

import numpy as np

from .. import heterogeneity
from ..pooling import knapp_hartung, ratio
from ..sums import fit_mean
from .batch import coefficients_of
from .projection import Columns
from .tau import estimate_columns


def sign_statistics(y, v, tau2: str, test: str, blocks, *, mirror) -> Iterator[np.ndarray]:
    """For blocks of sign flips, shape (rows, k): the statistic of the mean, and its square.

    ``mirror``: the blocks hold half of all flips, and the other half are their negatives.
    """
    column = v[:, None]
    for signs in blocks:
        flipped = np.ascontiguousarray((signs * y).T)
        t2 = heterogeneity.tau_squared(flipped, column, None, tau2)
        fit = fit_mean(flipped, column, None, t2)
        scale = knapp_hartung(fit.q, y.size - 1, test)
        statistic = ratio(fit.mean, np.sqrt(scale / fit.total))
        if mirror:
            statistic = np.concatenate([statistic, -statistic])
        yield np.stack([statistic, statistic**2])


def row_statistics(y, v, matrix, tau2: str, test: str, orders) -> Iterator[np.ndarray]:
    """For blocks of orders of the rows, shape (rows, k): (p + 1, rows) numbers per block.

    The statistics of the p coefficients and of all moderators together; ``matrix`` is the design,
    its first column the intercept.
    """
    # measured from one of them, equal effects leave exactly no residual
    origin = y[0]
    y = y - origin
    for order in orders:
        design = (matrix[:, :1], *(column[order.T] for column in matrix.T[1:]))
        data = Columns(y[:, None], v[:, None], design, None)
        t2 = estimate_columns(data, tau2)
        found = coefficients_of(data, t2, test)
        intercept = ratio(found.estimate[:1] + origin, found.se[:1])
        yield np.concatenate([intercept, found.statistic[1:], found.q_moderators[None]])

"""Two-by-two tables: log odds and risk ratios with their sampling variances."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, at_least, plain, require


def log_odds_ratio(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, add: float = 0.0
) -> tuple[Number, Number]:
    """Log odds ratio of a two-by-two table and its variance.

    ``ln(a d / (b c))`` with variance ``1/a + 1/b + 1/c + 1/d``. Assumes people who are independent
    of each other, and cells that are not small.

    An empty cell leaves both without a value. The usual rule adds 1/2 to all four cells of a table
    with an empty cell and leaves every other table as it is: ``add=0.5``. It draws the ratio
    towards 1 where the groups are of equal size; a table without an event in either group says
    nothing about the ratio and is by custom left out before.

    Parameters
    ----------
    a, b : int or array
        People with and without the event in the first group, at least 0.
    c, d : int or array
        The same in the second group.
    add : float
        Added to the four cells of each table with an empty cell, at most 1; 0 refuses such a
        table.

    Returns
    -------
    log odds ratio, variance : float or array

    Raises
    ------
    ValueError
        If a cell is below 0, or empty with ``add`` 0, or add is below 0 or above 1.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 5. Sweeting MJ, Sutton AJ, Lambert PC (2004). What to add to nothing? Use and avoidance
    of continuity corrections in meta-analysis of sparse data. Statistics in Medicine 23,
    1351-1375, for add.
    """
    a_, b_, c_, d_ = _cells(a, b, c, d, add)
    return plain(np.log(a_ * d_ / (b_ * c_))), plain(1 / a_ + 1 / b_ + 1 / c_ + 1 / d_)


def log_risk_ratio(
    a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike, add: float = 0.0
) -> tuple[Number, Number]:
    """Log risk ratio of a two-by-two table and its variance; cells as in :func:`log_odds_ratio`.

    ``ln(a/(a + b)) - ln(c/(c + d))`` with variance ``1/a - 1/(a + b) + 1/c - 1/(c + d)``. Assumes
    people who are independent of each other, and cells that are not small.

    Parameters
    ----------
    a, b : int or array
        People with and without the event in the first group, at least 0.
    c, d : int or array
        The same in the second group.
    add : float
        As in :func:`log_odds_ratio`: for tables with an empty cell only.

    Returns
    -------
    log risk ratio, variance : float or array

    Raises
    ------
    ValueError
        If a cell is below 0, or empty with ``add`` 0, or add is below 0 or above 1.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 5. Sweeting MJ, Sutton AJ, Lambert PC (2004). Statistics in Medicine 23, 1351-1375, for
    add.
    """
    a_, b_, c_, d_ = _cells(a, b, c, d, add)
    n1, n2 = a_ + b_, c_ + d_
    return plain(np.log(a_ * n2 / (c_ * n1))), plain(1 / a_ - 1 / n1 + 1 / c_ - 1 / n2)


def _cells(a, b, c, d, add: float):
    if not 0 <= add <= 1:
        raise ValueError(f"add must lie between 0 and 1, got {add!r}")
    table = [at_least(cell, name, 0) for cell, name in zip((a, b, c, d), "abcd", strict=True)]
    if add == 0:
        for cell, name in zip(table, "abcd", strict=True):
            require(cell > 0, name, "above 0 (add=0.5 is the usual correction)", cell.tolist())
    a_, b_, c_, d_ = table
    correction = add * ((a_ == 0) | (b_ == 0) | (c_ == 0) | (d_ == 0))
    return [cell + correction for cell in table]

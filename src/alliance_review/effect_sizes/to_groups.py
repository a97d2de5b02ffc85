"""From a correlation to a comparison of two groups; undoes ``from_groups``."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, group_factor, plain, within_floats
from ._forms import root_to_ratio
from .from_groups import LOGIT_TO_D


def to_d(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Number:
    """Standardised mean difference: ``r sqrt(a / (1 - r^2))``; undoes ``from_d``.

    With equal groups, assumed where no sizes are given, ``2 r / sqrt(1 - r^2)``; ``a`` as in
    ``from_d``.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n1, n2 : int or array, optional
        Group sizes, each at least 1; both or neither.

    Returns
    -------
    float or array
        d, with the sign of r.

    Raises
    ------
    ValueError
        If |r| >= 1, or a group size is below 1 or alone.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    return plain(root_to_ratio(r) * np.sqrt(group_factor(n1, n2)))


def to_odds_ratio(r: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Number:
    """Odds ratio between two groups: ``exp(d pi / sqrt(3))`` of :func:`to_d`.

    Undoes ``from_odds_ratio``; assumes logistic distributions behind the two classes.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.
    n1, n2 : int or array, optional
        Group sizes, each at least 1; both or neither.

    Returns
    -------
    float or array
        Odds ratio, above 0.

    Raises
    ------
    ValueError
        If |r| >= 1, a group size is below 1 or alone, or the ratio is beyond the floating-point
        numbers.

    References
    ----------
    Hasselblad V, Hedges LV (1995). Psychological Bulletin 117, 167-178. Chinn S (2000).
    Statistics in Medicine 19, 3127-3131.
    """
    with np.errstate(over="ignore"):
        return within_floats(np.exp(np.asarray(to_d(r, n1, n2)) / LOGIT_TO_D), "odds ratio")

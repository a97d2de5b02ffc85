"""To a correlation from a comparison of two groups: a standardised difference, an odds ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, array, group_factor, positive
from ._forms import ratio_to_root

LOGIT_TO_D = np.sqrt(3.0) / np.pi
"""One over the standard deviation of the logistic distribution."""


def from_d(d: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Number:
    """Correlation of a standardised mean difference: ``r = d / sqrt(d^2 + a)``.

    ``a = (n1 + n2)^2 / (n1 n2)``, which is 4 for groups of equal size (the assumption made when
    the group sizes are not given). The result is the point-biserial correlation: it assumes two
    groups as such, not a continuous variable cut in two.

    Parameters
    ----------
    d : float or array
        Standardised mean difference, finite.
    n1, n2 : int or array, optional
        Group sizes, each at least 1; both or neither.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If d is not finite, a group size is below 1 or alone, or d is so large that r rounds to 1
        or -1.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    return ratio_to_root(array(d, "d"), group_factor(n1, n2), "d")


def from_odds_ratio(
    odds_ratio: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None
) -> Number:
    """Correlation of an odds ratio between two groups, through the logistic distribution.

    ``d = ln(OR) * sqrt(3) / pi``, then :func:`from_d`. Assumes logistic distributions of equal
    spread behind the two classes, and groups of equal size where no sizes are given. For an odds
    ratio per unit of a scale this is wrong (it depends on the unit): use
    :func:`from_ratio_interval`.

    Parameters
    ----------
    odds_ratio : float or array
        Odds ratio, above 0 and finite.
    n1, n2 : int or array, optional
        Sizes of the two groups compared, each at least 1; both or neither.

    Returns
    -------
    float or array
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If the odds ratio is not above 0, or a group size is below 1 or alone.

    References
    ----------
    Hasselblad V, Hedges LV (1995). Meta-analysis of screening and diagnostic tests. Psychological
    Bulletin 117, 167-178.
    """
    return from_d(np.log(positive(odds_ratio, "odds ratio")) * LOGIT_TO_D, n1, n2)

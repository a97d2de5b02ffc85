"""The plot by Baujat et al. (2002): which effects make heterogeneity, and which move the mean."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks, heterogeneity
from .deletion import delete_each, shifted
from .results import Result


@dataclass(frozen=True, repr=False, eq=False)
class Baujat(Result):
    """The two axes of the plot by Baujat et al. (2002); arrays of shape (k,).

    Attributes
    ----------
    contribution : ndarray
        Contribution to heterogeneity: the squared Pearson residual (y - b)**2 / (v + tau2). For
        the common-effect model these add up to Cochran's Q.
    influence : ndarray
        Squared change of the pooled effect without the effect, over its variance there.
    k : int
    tau2_method : str
    """

    contribution: np.ndarray
    influence: np.ndarray
    k: int
    tau2_method: str

    _shown: ClassVar = ("k", "tau2_method")
    _rows: ClassVar = ("contribution", "influence")


def baujat(y, v, tau2="FE") -> Baujat:
    """What each effect adds to heterogeneity, beside what it does to the pooled effect.

    The original plot is that of the common-effect model, ``tau2="FE"``; the other models use
    their own weights, and tau squared is estimated again without each effect. Variances are
    those of the normal model. With b the pooled effect, se its standard error and (-i) a fit
    without effect i:

    - contribution: (y - b)**2 / (v + tau2)
    - influence: (b - b(-i))**2 / se(-i)**2

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, k >= 3.
    tau2 : {"FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of the variance of the true effects; "FE" is the common-effect model.

    Returns
    -------
    Baujat

    Raises
    ------
    ValueError
        Fewer than three effects, lengths that differ, a variance not above zero, a value that is
        not finite, an unknown method.

    Notes
    -----
    Source: Baujat, Mahe, Pignon & Hill (2002).
    """
    y, v = checks.effects(y, v, minimum=3)
    method = checks.choice("tau2", tau2, heterogeneity.METHODS)
    y = shifted(y)
    d = delete_each(y, v, np.ones((y.size, 1)), method)
    contribution = (y - d.basis @ d.full.coefficients[0]) ** 2 / (v + d.tau2)
    change = (d.full.coefficients - d.deleted.coefficients)[:, 0]
    moved = change**2 / d.deleted.covariance[:, 0, 0]
    for array in (contribution, moved):
        array.flags.writeable = False
    return Baujat(contribution, moved, y.size, method)

"""Best linear unbiased predictions of the true effects behind the observed ones."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks, heterogeneity
from .distributions import quantile
from .pooling import TESTS
from .regression.fit import coefficients
from .regression.moderators import design as make_design
from .regression.tau import tau_squared_single
from .results import Result


@dataclass(frozen=True, repr=False, eq=False)
class Blup(Result):
    """Predicted true effects, on the scale of the effects; arrays of shape (k,).

    Attributes
    ----------
    estimate, se : ndarray
        Predicted true effect and its standard error.
    prediction_low, prediction_high : ndarray
        Its prediction limits.
    random_effect, random_effect_se : ndarray
        Predicted deviation of the true effect from the fitted value, and its standard error.
    fitted : ndarray
        Fitted value; without moderators the pooled effect, k times.
    reliability : ndarray
        tau2 / (tau2 + v), 0 to 1: the share of the observed deviation that the prediction keeps.
    tau2, level : float
    names : tuple of str
        The coefficients of the fit, the intercept first.
    k : int
    tau2_method, test : str
    """

    estimate: np.ndarray
    se: np.ndarray
    prediction_low: np.ndarray
    prediction_high: np.ndarray
    random_effect: np.ndarray
    random_effect_se: np.ndarray
    fitted: np.ndarray
    reliability: np.ndarray
    tau2: float
    level: float
    names: tuple[str, ...]
    k: int
    tau2_method: str
    test: str

    _shown: ClassVar = ("k", "tau2_method", "test", "tau2", "level")
    _rows: ClassVar = (
        "estimate",
        "se",
        "prediction_low",
        "prediction_high",
        "random_effect",
        "random_effect_se",
        "fitted",
        "reliability",
    )


def blup(y, v, tau2="REML", *, X=None, names=None, test="z", level=0.95) -> Blup:
    """Predict the true effects (empirical Bayes, shrunken towards the fitted values).

    With r = tau2 / (tau2 + v), f the fitted value and u its variance (Hartung-Knapp scaled where
    the test is):

    - estimate: r y + (1 - r) f, with variance r v + (1 - r)**2 u
    - random_effect: r (y - f), with variance r v + r**2 u
    - limits: estimate -/+ quantile x se; normal for ``test="z"``, else t with k - p degrees of
      freedom

    The uncertainty of tau squared itself is left out. Sources: Robinson (1991); Raudenbush &
    Bryk (1985); Morris (1983).

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances.
    tau2 : {"FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        With "FE" all true effects are equal to the fitted values.
    X : array_like, shape (k,) or (k, m), optional
        Moderators; a column of ones is added unless there is one. A column that is constant at
        another value is not the intercept, and is refused.
    names : sequence of str, optional
        Names of the columns of ``X``, as in ``meta_regression``.
    test : {"z", "hksj", "hksj_adhoc"}
        The default is "z" (and not "hksj", as in ``pool``): the predictions are those of the
        normal model with known variances, and the Hartung-Knapp factor, which belongs to the
        coefficients, would scale only one part of their variance.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    ValueError
        As ``meta_regression`` does; without moderators, as ``pool``.
    """
    y, v = checks.effects(y, v)
    method = checks.choice("tau2", tau2, heterogeneity.METHODS)
    test = checks.choice("test", test, TESTS)
    level = checks.level(level)
    made = make_design(X, y.size, names=names)
    origin = y[0]  # the intercept takes the shift; equal effects stay exactly equal
    y, x = y - origin, made.matrix
    t2 = tau_squared_single(y, v, x, method)
    b, covariance, _ = coefficients(y, v, x, t2, test)
    fitted = x @ b
    u = np.einsum("ip,pq,iq->i", x, covariance, x)
    kept = t2 / (t2 + v)
    deviation = kept * (y - fitted)
    estimate = fitted + deviation + origin
    se = np.sqrt(kept * v + (1 - kept) ** 2 * u)
    half = quantile(level, np.inf if test == "z" else y.size - x.shape[1]) * se
    arrays = {
        "estimate": estimate,
        "se": se,
        "prediction_low": estimate - half,
        "prediction_high": estimate + half,
        "random_effect": deviation,
        "random_effect_se": np.sqrt(kept * v + kept**2 * u),
        "fitted": fitted + origin,
        "reliability": kept,
    }
    for array in arrays.values():
        array.flags.writeable = False
    settings = {"level": level, "names": made.names, "k": y.size}
    return Blup(**arrays, tau2=t2, **settings, tau2_method=method, test=test)

"""Likelihood-ratio test that the true effects do not vary."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks
from .distributions import chi2_tail
from .regression.likelihood import log_likelihood
from .regression.moderators import design as make_design
from .regression.projection import columns
from .regression.tau import tau_squared_single
from .results import Result


@dataclass(frozen=True, repr=False, eq=False)
class TauTest(Result):
    """Likelihood-ratio test of tau squared = 0.

    Attributes
    ----------
    statistic : float
        Twice the gain in log-likelihood from letting tau squared be above 0.
    p_value : float
        By the even mixture of 0 and a chi-square with one degree of freedom, because zero is
        the end of the range of tau squared; 1 where the statistic is 0.
    tau2 : float
        The estimate, on the squared scale of the effects.
    k : int
        Number of effects.
    tau2_method : str
    """

    _shown: ClassVar = ("k", "tau2", "statistic", "p_value", "tau2_method")

    statistic: float
    p_value: float
    tau2: float
    k: int
    tau2_method: str


def tau2_lr_test(y, v, X=None, *, tau2: str = "REML") -> TauTest:
    """Test by the likelihood ratio that the true effects (given moderators) do not vary.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances.
    X : array_like, shape (k,) or (k, m), optional
        Moderators; an intercept is added.
    tau2 : {"REML", "ML"}
        The likelihood; the restricted one compares well because the design is the same.

    Raises
    ------
    ValueError
        What ``meta_regression`` refuses, or another estimator.

    Notes
    -----
    The mixture is that of Self & Liang (1987); it holds for many effects and is careful (p too
    large) for few.
    """
    y, v = checks.effects(y, v)
    checks.choice("tau2", tau2, ("REML", "ML"))
    matrix = make_design(X, y.size).matrix
    estimate = tau_squared_single(y, v, matrix, tau2)
    data = columns(y, v, matrix)
    top, bottom = log_likelihood(data, np.array([estimate, 0.0]), restricted=tau2 == "REML")
    statistic = max(0.0, 2 * float(top - bottom))
    p_value = 0.5 * float(chi2_tail(statistic, 1)) if statistic > 0 else 1.0
    return TauTest(statistic, p_value, estimate, y.size, tau2)

"""What a selection model found."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..results import Result
from .weights import FAMILIES, held_places, smooth_logs

COEFFICIENTS = ("names", "estimate", "se", "ci_low", "ci_high", "statistic", "p_value")


@dataclass(frozen=True, repr=False, eq=False)
class SelectionModel(Result):
    """Random-effects model corrected for selection by p value.

    Attributes
    ----------
    estimate, se, statistic, p_value, ci_low, ci_high : float or ndarray, shape (p,)
        Mean true effect, on the scale of ``y``; with moderators the coefficients, intercept
        first. Normal test and interval.
    tau2, tau2_se : float
        Variance of the true effects (squared scale of ``y``); ``nan`` standard error where
        tau2 is 0.
    weights, weights_se, weights_low, weights_high : ndarray
        Step model: probability of being seen in every p interval relative to the first, whose
        weight is 1. Other kinds: the parameters of the weight function. Normal interval, not
        below 0; ``nan`` for a fixed weight or a parameter on its bound.
    log_likelihood : float
    lr_statistic, lr_df, lr_p : float
        Likelihood-ratio test against no selection. Without estimated weights (``lr_df`` 0) the
        statistic is twice the difference of the log-likelihoods, of either sign, and ``lr_p`` is
        ``nan``.
    tau2_lr_statistic, tau2_lr_p : float
        Likelihood-ratio test of tau2 = 0 within the selection model. tau2 cannot be negative, so
        the p value is half the upper tail of chi-square with 1 df, and 1 where tau2 is 0.
    steps : tuple of float
        Ends of the p intervals but the last, which ends at 1.
    counts : ndarray, shape (len(steps) + 1,)
        Number of effects in every p interval.
    warning : str
        What the reader must know about this fit; empty where nothing.
    kind, alternative : str
    names : tuple of str
        Of the coefficients.
    k : int
    level : float
    """

    estimate: float | np.ndarray
    se: float | np.ndarray
    statistic: float | np.ndarray
    p_value: float | np.ndarray
    ci_low: float | np.ndarray
    ci_high: float | np.ndarray
    tau2: float
    tau2_se: float
    weights: np.ndarray
    weights_se: np.ndarray
    weights_low: np.ndarray
    weights_high: np.ndarray
    log_likelihood: float
    lr_statistic: float
    lr_df: int
    lr_p: float
    tau2_lr_statistic: float
    tau2_lr_p: float
    steps: tuple[float, ...]
    counts: np.ndarray
    kind: str
    alternative: str
    names: tuple[str, ...]
    k: int
    level: float
    warning: str

    @property
    def _rows(self) -> tuple[str, ...]:
        """With moderators the frame has one line per coefficient."""
        return COEFFICIENTS if isinstance(self.estimate, np.ndarray) else ()

    _shown: ClassVar = (
        "kind",
        "estimate",
        "se",
        ("ci_low", "ci_high"),
        "p_value",
        "tau2",
        "weights",
        "lr_statistic",
        "lr_df",
        "lr_p",
        "k",
        "warning",
    )

    def weight(self, p):
        """Relative weight w(p) at p values ``p`` between 0 and 1, an array of the same shape."""
        p = np.asarray(p, dtype=float)
        if not ((p >= 0) & (p <= 1)).all():
            raise ValueError("p values must lie between 0 and 1")
        if self.kind not in FAMILIES:
            return self.weights[np.searchsorted(self.steps, p, side="left")]
        places = held_places(self.kind, p.ravel(), 1 - p.ravel())
        return np.exp(smooth_logs(self.kind)(self.weights[None], places).value[0]).reshape(p.shape)

"""How much a pooled effect or a meta-regression depends on each effect.

Sources: Viechtbauer & Cheung (2010) for the random-effects forms; Cook & Weisberg (1982) and
Belsley, Kuh & Welsch (1980) for the measures.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks, heterogeneity
from .deletion import Deletions, delete_each, shifted
from .distributions import chi2_upper
from .pooling import TESTS, knapp_hartung
from .regression.moderators import design as make_design
from .results import Result


@dataclass(frozen=True, repr=False, eq=False)
class Influence(Result):
    """Influence of every effect; arrays of shape (k,) unless said otherwise.

    Attributes
    ----------
    rstandard : ndarray
        Internally standardised residual: the residual over its standard error.
    rstudent : ndarray
        Externally standardised (deleted) residual: from the fit without the effect.
    dffits : ndarray
        Change of the effect's fitted value on deletion, in standard errors.
    cook_d : ndarray
        Squared (Mahalanobis) distance by which deletion moves the coefficients.
    cov_r : ndarray
        Determinant of the coefficients' covariance matrix without the effect, over that with
        it: below 1 where leaving the effect out makes the estimates more precise.
    tau2_del, q_del : ndarray
        tau squared and Cochran's (residual) Q without the effect.
    hat : ndarray
        Diagonal of the hat matrix, 0 to 1; the sum is p.
    weight : ndarray
        Share of the sum of the inverse-variance weights, in per cent; 100 x ``hat`` without
        moderators.
    dfbetas : ndarray, shape (k, p)
        Change of each coefficient on deletion, in standard errors.
    influential : ndarray of bool
        Whether any measure passes its cut-off; see ``influence``.
    tau2 : float
        tau squared of all effects.
    names : tuple of str
        The p coefficients, the intercept first.
    k, p : int
    tau2_method, test : str
    """

    rstandard: np.ndarray
    rstudent: np.ndarray
    dffits: np.ndarray
    cook_d: np.ndarray
    cov_r: np.ndarray
    tau2_del: np.ndarray
    q_del: np.ndarray
    hat: np.ndarray
    weight: np.ndarray
    dfbetas: np.ndarray
    influential: np.ndarray
    tau2: float
    names: tuple[str, ...]
    k: int
    p: int
    tau2_method: str
    test: str

    _shown: ClassVar = ("k", "tau2_method", "test", "tau2", "flagged")
    _rows: ClassVar = (
        "rstandard",
        "rstudent",
        "dffits",
        "cook_d",
        "cov_r",
        "tau2_del",
        "q_del",
        "hat",
        "weight",
        "dfbetas",
        "influential",
    )

    @property
    def flagged(self) -> tuple[int, ...]:
        """Positions (from 0) of the influential effects."""
        return tuple(np.flatnonzero(self.influential).tolist())


def influence(y, v, tau2="REML", *, X=None, names=None, test="z") -> Influence:
    """Deletion diagnostics of a meta-analysis, or of a meta-regression where ``X`` is given.

    With b the p coefficients, M = diag(v + tau2), W its inverse, x the effect's row of the
    design, h its hat value and (-i) a fit without effect i, tau squared estimated again:

    - rstandard: (y - x b) / sqrt((v + tau2) (1 - h))
    - rstudent: (y - x b(-i)) / sqrt(s(-i) (v + tau2(-i) + x Cov(b(-i)) x'))
    - dffits: x (b - b(-i)) / sqrt(s(-i) h (v + tau2(-i)))
    - cook_d: (b - b(-i))' X'WX (b - b(-i)) / s
    - cov_r: det(s(-i) Cov(b(-i))) / det(s Cov(b))
    - dfbetas: (b - b(-i)) / sqrt(s(-i) diag of (X' W(tau2(-i)) X)^-1)

    s is 1 for ``test="z"`` and the Hartung-Knapp factor of the fit for the others.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, k >= p + 2.
    tau2 : {"FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of the variance of the true effects, as in ``meta_regression``.
    X : array_like, shape (k,) or (k, m), optional
        Moderators; a column of ones is added unless there is one. A column that is constant at
        another value is not the intercept, and is refused.
    names : sequence of str, optional
        Names of the columns of ``X``, as in ``meta_regression``.
    test : {"z", "hksj", "hksj_adhoc"}
        The default is "z" (and not "hksj", as in ``pool``) because the measures and their
        cut-offs were published for the normal model, and because the Hartung-Knapp factor of
        each fit without an effect would mix a change of that factor into the measures.

    Returns
    -------
    Influence
        An effect is flagged as influential where |dffits| > 3 sqrt(p / (k - p)), or cook_d is
        above the median of chi-square on p degrees of freedom, or hat > 3 p / k, or any
        |dfbetas| > 1 (Viechtbauer & Cheung 2010). What needs a fit that the effect's absence
        makes impossible (no other effect informs one of the coefficients), or a division of 0 by
        0 (the Hartung-Knapp factor of equal effects), is nan and flags nothing.

    Raises
    ------
    ValueError
        Fewer than p + 2 effects; effects or variances that ``pool`` refuses; moderators that
        ``meta_regression`` refuses; an unknown method.

    Notes
    -----
    Sources: Viechtbauer & Cheung (2010) for the random-effects forms; Cook & Weisberg (1982) for
    Cook's distance; Belsley, Kuh & Welsch (1980) for dffits, dfbetas and the covariance ratio.
    """
    y, v = checks.effects(y, v, minimum=3)
    method = checks.choice("tau2", tau2, heterogeneity.METHODS)
    test = checks.choice("test", test, TESTS)
    made = make_design(X, y.size, names=names)
    k, p = made.matrix.shape
    if k < p + 2:
        raise ValueError(f"at least {p + 2} effects are needed for {p} coefficients, {k} given")
    y = shifted(y)
    d = delete_each(y, v, made.matrix, method)
    measures = _measures(y, v, d, test)
    w = 1 / (v + d.tau2)
    measures["weight"] = 100 * w / w.sum()
    measures["influential"] = _influential(measures, k, p)
    for array in measures.values():
        array.flags.writeable = False
    return Influence(
        **measures, tau2=d.tau2, names=made.names, k=k, p=p, tau2_method=method, test=test
    )


def _measures(y, v, d: Deletions, test) -> dict[str, np.ndarray]:
    k, p = d.basis.shape
    x, total = d.basis, v + d.tau2
    hat = np.einsum("ip,pq,iq->i", x, d.full.covariance[0], x) / total
    factor = np.broadcast_to(knapp_hartung(d.full.q, k - p, test), 1)[0]
    factors = np.broadcast_to(knapp_hartung(d.deleted.q, k - 1 - p, test), k)
    change = d.full.coefficients - d.deleted.coefficients
    own = v + d.tau2_del
    spread = own + np.einsum("ip,ipq,iq->i", x, d.deleted.covariance, x)
    back = np.linalg.inv(d.triangle)  # from the basis to the design's own coefficients
    variances = np.einsum("jp,ipq,jq->ij", back, d.kept, back)
    log_ratio = np.linalg.slogdet(d.deleted.covariance)[1] - np.linalg.slogdet(d.full.covariance)[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        information = np.linalg.inv(d.full.covariance[0])
        measures = {
            "rstandard": (y - x @ d.full.coefficients[0]) / np.sqrt(total * (1 - hat)),
            "rstudent": (y - (x * d.deleted.coefficients).sum(axis=1)) / np.sqrt(factors * spread),
            "dffits": (x * change).sum(axis=1) / np.sqrt(factors * hat * own),
            "cook_d": np.einsum("ip,pq,iq->i", change, information, change) / factor,
            "cov_r": np.exp(log_ratio) * (factors / factor) ** p,
            "tau2_del": d.tau2_del.copy(),
            "q_del": d.q_del.copy(),
            "dfbetas": change @ back.T / np.sqrt(factors[:, None] * variances),
        }
    for array in measures.values():
        array[d.alone] = np.nan
    return measures | {"hat": hat}


def _influential(measures, k, p):
    return (
        (np.abs(measures["dffits"]) > 3 * np.sqrt(p / (k - p)))
        | (measures["cook_d"] > chi2_upper(0.5, p))
        | (measures["hat"] > 3 * p / k)
        | (np.abs(measures["dfbetas"]) > 1).any(axis=1)
    )

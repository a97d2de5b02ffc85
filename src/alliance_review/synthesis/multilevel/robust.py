"""Cluster-robust variances with small-sample corrections, for effects that are not independent."""

import numpy as np

from .. import checks
from ..distributions import quantile, two_sided_p
from ..heterogeneity import METHODS
from ..pooling import ratio
from ..regression.moderators import design as make_design
from ..regression.tau import tau_squared_single
from ..results import frozen
from .clusters import clusters
from .model import fitted
from .robust_result import RobustRegression, RobustVariance
from .robust_sandwich import Working, sandwich

KINDS = ("CR2", "CR0", "CR1", "CR1p", "CR1S", "CR3")
DF_METHODS = ("satterthwaite", "clusters")
FEW = 4  # degrees of freedom below which the t approximation fails (Tipton 2015)


def robust_variance(
    y, v, cluster, *, X=None, names=None, intercept=True, working="three_level", rho=0.0,
    method="REML", kind="CR2", df="satterthwaite", level=0.95,
) -> RobustVariance:  # fmt: skip
    """Test a pooled effect, or coefficients, with a cluster-robust (sandwich) variance.

    A working model gives each cluster j a covariance V_j, and the coefficients are b =
    M sum X_j'V_j^-1 y_j with M = (sum X_j'V_j^-1 X_j)^-1. Their variance is M (sum u_j u_j') M with
    u_j = X_j'V_j^-1 A_j (y_j - X_j b), which holds when the working model is wrong, as long as
    the clusters are independent.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, on one scale.
    cluster : sequence of hashable, length k
        Label of the cluster of each effect, in any order.
    X : array_like, shape (k,) or (k, m), optional
        Moderators, as in ``meta_regression``; a column of ones is added where there is none.
    names : sequence of str, optional
        One name per moderator.
    intercept : bool
        Whether to add an intercept where ``X`` has none.
    working : str
        Working model: "three_level", or the estimator of tau squared for effects taken as
        independent ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM").
    rho, method
        Of the three-level model, as in ``three_level``.
    kind : {"CR2", "CR0", "CR1", "CR1p", "CR1S", "CR3"}
        A_j. CR2: such that the variance is without bias if the working model holds. CR0: 1.
        CR1, CR1p and CR1S: 1, the variance times m / (m - 1), m / (m - p) or
        m (k - 1) / ((m - 1)(k - p)), with m clusters. CR3: (1 - H_jj)^-1, close to the
        jackknife over clusters.
    df : {"satterthwaite", "clusters"}
        Degrees of freedom of the t tests: Satterthwaite's for each coefficient under the working
        model, or clusters - p for all.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    RobustVariance
        With numbers for the pooled effect where ``X`` is None; otherwise a
        ``RobustRegression``, with arrays of shape (p,).

    Raises
    ------
    ValueError
        What ``three_level`` refuses (with that working model); a single cluster; as many
        coefficients as clusters or more; rho with independent effects; an unknown method.

    Notes
    -----
    Where nothing is left unexplained, as with equal effects, the standard errors are 0: a
    coefficient of 0 has then the statistic 0 and the p value 1, any other infinity and 0.

    For CR2, A_j = L_j (L_j'(V_j - X_j M X_j') L_j)^(-1/2) L_j' with V_j = L_j L_j' and the
    symmetric root of the Moore-Penrose inverse. Sources: Hedges, Tipton & Johnson (2010) for
    meta-analysis; Bell & McCaffrey (2002) for CR2, CR3 and the degrees of freedom; Tipton (2015)
    for both in meta-regression; Pustejovsky & Tipton (2018) for the form of A_j used here.
    """
    checks.choice("kind", kind, KINDS)
    checks.choice("df", df, DF_METHODS)
    level = checks.level(level)
    model, origin = _working_model(y, v, cluster, X, names, intercept, working, rho, method)
    k, p = model.x.shape
    m = model.groups.size.size
    if m <= p:
        raise ValueError(f"{p} coefficients need at least {p + 1} clusters, {m} given")
    found = sandwich(model, kind)
    estimate = found.estimate
    estimate[0] += origin
    covariance = found.covariance * {
        "CR1": m / (m - 1), "CR1p": m / (m - p), "CR1S": m * (k - 1) / ((m - 1) * (k - p))
    }.get(kind, 1.0)  # fmt: skip
    degrees = found.df if df == "satterthwaite" else np.full(p, float(m - p))
    se = np.sqrt(np.diag(covariance))
    statistic = ratio(estimate, se)
    half = quantile(level, degrees) * se
    arrays = (estimate, se, statistic, degrees, two_sided_p(statistic, degrees), estimate - half,
              estimate + half)  # fmt: skip
    result = RobustVariance if X is None else RobustRegression
    return result(
        *(array.item() if X is None else frozen(array) for array in arrays),
        _warning(degrees, model.names, found.share if kind == "CR2" else np.ones(p)),
        frozen(covariance),
        model.names,
        *model.tau2,
        k=k,
        clusters=m,
        p=p,
        rho=model.rho,
        level=level,
        working=working,
        kind=kind,
        df_method=df,
    )


def _warning(degrees, names, share) -> str:
    texts = []
    few = [name for name, value in zip(names, degrees, strict=True) if not value >= FEW]
    if few:
        texts.append(
            f"fewer than {FEW} degrees of freedom for {', '.join(few)}: "
            "p value and interval are not to be trusted"
        )
    short = [name for name, value in zip(names, share, strict=True) if value < 1 - 1e-6]
    if short:
        texts.append(
            f"a single cluster determines part of {', '.join(short)}: the variance is too small"
        )
    return "; ".join(texts)


def _working_model(y, v, cluster, X, names, intercept, working, rho, method):
    """The working model of the effects less an origin that the intercept takes up, and that."""
    checks.choice("working", working, ("three_level", *METHODS))
    if working == "three_level":
        model = fitted(y, v, cluster, X, names, intercept, rho, method)
        made, groups, tau2, rho = model.design, model.groups, model.best.tau2[0], model.data.rho
        y, v = checks.effects(y, v)
    else:
        if rho != 0:
            raise ValueError("rho needs the working model 'three_level'")
        y, v = checks.effects(y, v)
        groups = clusters(cluster, y.size)
        made = make_design(X, y.size, names=names, intercept=intercept)
    origin = float(np.sort(y)[y.size // 2]) if made.intercept else 0.0
    y = y - origin  # equal effects leave exactly no residual
    if working != "three_level":
        tau2 = np.array([0.0, tau_squared_single(y, v, made.matrix, working)])
    rows = groups.order
    return Working(y[rows], v[rows], made.matrix[rows], groups, made.names, tuple(tau2.tolist()),
                  float(rho)), origin  # fmt: skip

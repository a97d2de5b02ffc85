"""Meta-regression: effects explained by moderators, with variance left between them."""

import numpy as np
from scipy.special import fdtrc

from .. import checks, heterogeneity
from ..distributions import chi2_tail, quantile, two_sided_p
from ..pooling import TESTS
from ..sums import fit_mean
from .moderators import Design
from .moderators import design as make_design
from .projection import columns, project, weights
from .result import MetaRegression, Predicted, frozen
from .tau import tau_squared_regression

__all__ = ["MetaRegression", "Predicted", "meta_regression", "variance_inflation"]


def meta_regression(
    y, v, X, *, names=None, intercept=True, tau2="REML", test="hksj", level=0.95
) -> MetaRegression:
    """Regress effects on moderators, weighted, with variance left between the true effects.

    The model is y_i = x_i' b + u_i + e_i with var(u_i) = tau2 and var(e_i) = v_i; the
    coefficients are b = (X'WX)^-1 X'Wy with W = diag(1 / (v_i + tau2)).

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, on one scale.
    X : array_like, shape (k,) or (k, m), or None
        Moderators; dummies for categories. None fits the intercept alone. A column of ones is
        taken as the intercept.
    names : sequence of str, optional
        One name per moderator; where not given, the columns of a data frame, or x1, x2, ...
    intercept : bool
        Whether to add an intercept where ``X`` has none.
    tau2 : {"REML", "ML", "DL", "HE", "HS", "SJ", "EB", "PM", "FE"}
        Estimator of the variance left; "FE" is the common-effect model, 0. ML and REML are the
        global maximum.
    test : {"hksj", "hksj_adhoc", "z"}
        "hksj": variances of the coefficients scaled by the weighted residual mean square, t and
        F with k - p degrees of freedom; "hksj_adhoc": that factor floored at 1; "z": normal.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    ValueError
        Effects or variances that ``pool`` refuses; moderators of another length, not finite,
        constant or collinear (by name); as many coefficients as effects or more; an unknown
        method; a level outside 0 to 1.

    Notes
    -----
    R squared is 100 max(0, (tau2_0 - tau2) / tau2_0), where tau2_0 is the same estimator without
    moderators; undefined where both are 0. It is imprecise where k is small. Sources: Raudenbush
    (2009); Thompson & Higgins (2002); Knapp & Hartung (2003) for the tests; Lopez-Lopez et al.
    (2014) for R squared.
    """
    y, v = checks.effects(y, v)
    checks.choice("tau2", tau2, heterogeneity.METHODS)
    checks.choice("test", test, TESTS)
    level = checks.level(level)
    made = make_design(X, y.size, names=names, intercept=intercept)
    # measured from one of them, equal effects leave exactly no residual
    origin = y[0] if made.intercept else 0.0
    y = y - origin
    t2 = float(tau_squared_regression(y, v, made.matrix, tau2)[0])
    estimate, covariance, scale = coefficients(y, v, made.matrix, t2, test)
    if made.intercept:
        estimate[0] += origin
    k, p = made.matrix.shape
    df = float("inf") if test == "z" else float(k - p)
    se = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    half = quantile(level, df) * se
    return MetaRegression(
        made.names,
        *map(frozen, (estimate, se, statistic)),
        df,
        *map(frozen, (two_sided_p(statistic, df), estimate - half, estimate + half, covariance)),
        t2,
        **_heterogeneity(y, v, made, t2, tau2),
        **_omnibus(estimate, covariance, df, made),
        vif=frozen(_inflation(covariance, made.intercept)),
        k=k,
        p=p,
        level=level,
        tau2_method=tau2,
        test=test,
        _design=made,
    )


def coefficients(y, v, matrix, tau2: float, test: str):
    """Coefficients (p,), their covariance (p, p) and its scale factor, at the given tau squared."""
    root = 1 / np.sqrt(v + tau2)
    q, r = np.linalg.qr(root[:, None] * matrix)
    inverse = np.linalg.inv(r)
    estimate = inverse @ (q.T @ (root * y))
    residual = root * (y - matrix @ estimate)
    scale = 1.0 if test == "z" else float(residual @ residual) / (y.size - matrix.shape[1])
    if test == "hksj_adhoc":
        scale = max(scale, 1.0)
    return estimate, scale * (inverse @ inverse.T), scale


def _heterogeneity(y, v, made: Design, tau2, method) -> dict:
    """Residual Q, I squared and H squared, and the share of tau squared explained."""
    data = columns(y, v, made.matrix)
    fit = project(data, weights(data, 0.0))
    df = y.size - made.matrix.shape[1]
    q = float(fit.q[0])
    if method == "FE":
        h2 = q / df
        i2 = 100 * (1 - 1 / h2) if h2 > 1 else 0.0
    else:
        typical = df / float((fit.w * (1 - fit.leverage)).sum())
        h2, i2 = 1 + tau2 / typical, 100 * tau2 / (tau2 + typical)
    r2 = float("nan")
    if made.intercept and len(made.names) > 1:
        if method == "FE":
            null, left = float(fit_mean(y, v, None, 0.0).q) / (y.size - 1), q / df
        else:
            null, left = float(heterogeneity.tau_squared(y, v, None, method)), tau2
        if null > 0:
            r2 = 100 * max(0.0, 1 - left / null)
        elif left > 0:
            r2 = 0.0
    return {"i2": i2, "h2": h2, "r2": r2, "q": q, "q_df": df, "q_p": float(chi2_tail(q, df))}


def _omnibus(estimate, covariance, df, made: Design) -> dict:
    """Wald test that all coefficients but the intercept are zero."""
    chosen = slice(int(made.intercept), None)
    b, s = estimate[chosen], covariance[chosen, chosen]
    m, value, p_value = b.size, float("nan"), float("nan")
    if m:
        value = wald(b, s)
        if np.isfinite(df):
            value /= m
            p_value = float(fdtrc(m, df, value))
        else:
            p_value = float(chi2_tail(value, m))
    return {"q_moderators": value, "q_moderators_df": m, "q_moderators_p": p_value}


def wald(b, covariance) -> float:
    """b' covariance^-1 b; infinite where the covariance is zero."""
    size = np.sqrt(np.diag(covariance))
    if (size == 0).any():
        return float("inf")
    return float((b / size) @ np.linalg.solve(covariance / np.outer(size, size), b / size))


def _inflation(covariance, intercept) -> np.ndarray:
    first = int(intercept)
    values = np.full(len(covariance), np.nan)
    part = covariance[first:, first:]
    size = np.sqrt(np.diag(part))
    if part.size and (size > 0).all():
        values[first:] = np.diag(np.linalg.inv(part / np.outer(size, size)))
    return values


def variance_inflation(fit: MetaRegression) -> dict[str, float]:
    """Variance inflation factor of every moderator, by name.

    How many times larger the variance of its coefficient is than it would be if the moderator
    were uncorrelated (weighted) with the others: the diagonal of the inverse of the correlation
    matrix of the coefficients, the intercept left out, which is 1 / (1 - R_j^2) of Belsley, Kuh
    & Welsch (1980) and the one-column case of Fox & Monette (1992). 1 with a single moderator.
    """
    first = int(fit._design.intercept)
    return dict(zip(fit.names[first:], fit.vif[first:].tolist(), strict=True))

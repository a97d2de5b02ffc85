"""Meta-regression: effects explained by moderators, with variance left between them."""

import numpy as np
from scipy.special import fdtrc

from .. import checks, heterogeneity
from ..distributions import chi2_tail, quantile, two_sided_p
from ..pooling import TESTS, knapp_hartung, ratio
from ..results import frozen
from ..sums import dot, fit_mean, unshared
from .moderators import Design
from .moderators import design as make_design
from .projection import columns, project, weights
from .result import MetaRegression, Predicted
from .tau import mean_alone, tau_squared_single

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
        Moderators; categories as columns of 0 and 1. None fits the intercept alone. A column of
        ones is taken as the intercept; a column constant at another value is not.
    names : sequence of str, optional
        One name per moderator; where not given, the columns of a data frame, the name of a
        series, or x1, x2, ...
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
        Effects or variances that ``pool`` refuses; moderators of another length, not numbers,
        not finite, constant (but for ones) or collinear (by name); as many coefficients as
        effects or more; an unknown method; a level outside 0 to 1.

    Notes
    -----
    Where nothing is left unexplained, as with equal effects, the Hartung-Knapp standard errors
    are 0: a coefficient of 0 has then the statistic 0 and the p value 1, because 0/0 is no
    evidence, any other infinity and 0; the test of all moderators likewise. "hksj_adhoc" is made
    for that case.

    Without moderators all digits are those of ``pool``. With moderators tau squared, Q and I
    squared keep nine digits where the variances lie within a factor of 1e6 of one another.

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
    t2 = tau_squared_single(y, v, made.matrix, tau2)
    estimate, covariance, unscaled = coefficients(y, v, made.matrix, t2, test)
    if made.intercept:
        estimate[0] += origin
    k, p = made.matrix.shape
    df = float("inf") if test == "z" else float(k - p)
    se = np.sqrt(np.diag(covariance))
    statistic = ratio(estimate, se)
    half = quantile(level, df) * se
    return MetaRegression(
        made.names,
        *map(frozen, (estimate, se, statistic)),
        df,
        *map(frozen, (two_sided_p(statistic, df), estimate - half, estimate + half, covariance)),
        t2,
        **_heterogeneity(y, v, made, t2, tau2),
        **omnibus(estimate, covariance, df, made),
        vif=frozen(_inflation(unscaled, made.intercept)),
        k=k,
        p=p,
        level=level,
        tau2_method=tau2,
        test=test,
        _design=made,
    )


def coefficients(y, v, matrix, tau2: float, test: str):
    """Coefficients (p,) at the given tau squared, their covariance (p, p) with the scale factor of
    the test, and without."""
    root = 1 / np.sqrt(v + tau2)
    q, r = np.linalg.qr(root[:, None] * matrix)
    inverse = np.linalg.inv(r)
    estimate = inverse @ (q.T @ (root * y))
    residual = root * (y - matrix @ estimate)
    scale = float(knapp_hartung(float(residual @ residual), y.size - matrix.shape[1], test))
    unscaled = inverse @ inverse.T
    return estimate, scale * unscaled, unscaled


def _heterogeneity(y, v, made: Design, tau2, method) -> dict:
    """Residual Q, I squared and H squared, and the share of tau squared explained."""
    df = y.size - made.matrix.shape[1]
    q, free = _residual_sums(y, v, made.matrix)
    if method == "FE":
        h2 = q / df
        i2 = 100 * (1 - 1 / h2) if h2 > 1 else 0.0
    else:
        typical = df / free
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


def _residual_sums(y, v, matrix) -> tuple[float, float]:
    """Residual Q, and what it is expected to rise by per unit of tau squared: tr P at 0."""
    if mean_alone(matrix):  # as in ``pool``, which keeps its digits beside a giant study
        fit = fit_mean(y, v, None, 0.0)
        return float(fit.q), float(unshared(fit.w, fit.total, dot(fit.w, fit.w)))
    data = columns(y, v, matrix)
    fit = project(data, weights(data, 0.0))
    return float(fit.q[0]), float((fit.w * (1 - fit.leverage)).sum())


def omnibus(estimate, covariance, df, made: Design) -> dict:
    """Wald test that all coefficients but the intercept are zero.

    ``df`` is one number, infinite for the normal test, or one per coefficient, of which the
    smallest counts.
    """
    chosen = slice(int(made.intercept), None)
    b, s = estimate[chosen], covariance[chosen, chosen]
    m, value, p_value = b.size, float("nan"), float("nan")
    if m:
        value = wald(b, s)
        df = np.broadcast_to(df, estimate.shape)[chosen].min()
        if np.isfinite(df):
            value /= m
            p_value = float(fdtrc(m, df, value))
        else:
            p_value = float(chi2_tail(value, m))
    return {"q_moderators": value, "q_moderators_df": m, "q_moderators_p": p_value}


def wald(b, covariance) -> float:
    """b' covariance^-1 b; infinite where a coefficient other than 0 has no variance.

    A coefficient of 0 without variance is no evidence: it adds nothing.
    """
    size = np.sqrt(np.diag(covariance))
    if (b[size == 0] != 0).any():
        return float("inf")
    b, covariance, size = b[size > 0], covariance[np.ix_(size > 0, size > 0)], size[size > 0]
    return float((b / size) @ np.linalg.solve(covariance / np.outer(size, size), b / size))


def _inflation(covariance, intercept) -> np.ndarray:
    first = int(intercept)
    values = np.full(len(covariance), np.nan)
    part = covariance[first:, first:]
    if part.size:
        size = np.sqrt(np.diag(part))
        values[first:] = np.diag(np.linalg.inv(part / np.outer(size, size)))
    return values


def variance_inflation(fit: MetaRegression) -> dict[str, float]:
    """Variance inflation factor of every moderator, by name.

    How many times larger the variance of its coefficient is than it would be if the moderator
    were uncorrelated (weighted) with the others: the diagonal of the inverse of the correlation
    matrix of the coefficients, the intercept left out, which is 1 / (1 - R_j^2).

    Parameters
    ----------
    fit : MetaRegression
        What ``meta_regression`` returned.

    Returns
    -------
    dict of float
        1 or more for every moderator; 1 with a single one, empty for the intercept alone. Without
        an intercept the R_j^2 is that about zero.

    Raises
    ------
    ValueError
        Anything but a ``MetaRegression``.

    Notes
    -----
    Sources: Belsley, Kuh & Welsch (1980); Fox & Monette (1992), of whose generalised form it is
    the case of one column.
    """
    if not isinstance(fit, MetaRegression):
        raise ValueError("variance inflation is that of a meta-regression; none was given")
    first = int(fit._design.intercept)
    return dict(zip(fit.names[first:], fit.vif[first:].tolist(), strict=True))

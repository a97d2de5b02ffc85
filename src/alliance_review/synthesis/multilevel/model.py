"""Three-level meta-analysis: effects nested in clusters, such as studies or samples."""

from typing import NamedTuple

import numpy as np

from .. import checks
from ..distributions import chi2_tail, quantile, two_sided_p
from ..regression.fit import omnibus
from ..regression.moderators import Design
from ..regression.moderators import design as make_design
from ..results import frozen
from .climb import Peaks
from .clusters import Clusters, clusters, sampling_correlation
from .likelihood import Data, prepare
from .maximum import Grid, grid, maxima
from .result import ThreeLevel, ThreeLevelRegression

METHODS = ("REML", "ML")
#: Variances further apart than by this factor leave too few digits for the two of the model.
SPREAD = 1e7
TESTS = ("z", "t", "contain")


class Model(NamedTuple):
    """A checked model, its likelihood seen on a grid, and where that is highest."""

    data: Data
    design: Design
    groups: Clusters
    view: Grid
    best: Peaks
    without: tuple[Peaks, Peaks]  # with the variance between, and that within, held at 0


def three_level(
    y, v, cluster, *, X=None, names=None, intercept=True, rho=0.0, method="REML", test="z",
    level=0.95,
) -> ThreeLevel:  # fmt: skip
    """Pool effects that are nested in clusters, or regress them on moderators.

    The model is y_ij = x_ij'b + u_j + e_ij + eps_ij with var(u_j) = tau2_between, var(e_ij) =
    tau2_within, var(eps_ij) = v_ij and sampling correlation rho within a cluster; b is estimated
    by generalised least squares.

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
    rho : float
        Sampling correlation assumed within a cluster: 0 in the usual model; otherwise the
        correlated and hierarchical effects model. Below 1, and above -1/(n - 1) for the largest
        cluster of n effects.
    method : {"REML", "ML"}
        Likelihood of the two variances; the global maximum is found, zero included.
    test : {"z", "t", "contain"}
        Normal; t with k - p degrees of freedom; t with degrees of freedom of the level at which
        a moderator varies: clusters - p where it (as the intercept) is constant in every
        cluster, k - p otherwise (Pinheiro & Bates 2000, section 2.4).
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    ThreeLevel
        With numbers for the pooled effect where ``X`` is None; otherwise a
        ``ThreeLevelRegression``, with arrays of shape (p,).

    Raises
    ------
    ValueError
        Effects or variances that ``pool`` refuses; variances further apart than a factor of 1e7,
        which leave too few digits; labels that are missing or not hashable;
        fewer than two clusters; one effect in every cluster; moderators that ``meta_regression``
        refuses, or that leave a variance unknown; an unknown method; rho or level out of range.

    Notes
    -----
    I squared is 100 tau2 / (tau2_between + tau2_within + typical variance), where the typical
    variance is (k - p) / tr(P) with P = W - WX (X'WX)^-1 X'W, W = diag(1 / v), whatever rho. The
    prediction interval holds tau2_between + tau2_within + se^2. Where few clusters are at hand,
    ``robust_variance`` gives better tests. Sources: Cheung (2014), Konstantopoulos (2011), Van
    den Noortgate et al. (2013) for the model; Pustejovsky & Tipton (2022) for rho; Nakagawa &
    Santos (2012) for I squared by level.
    """
    checks.choice("test", test, TESTS)
    level = checks.level(level)
    model = fitted(y, v, cluster, X, names, intercept, rho, method)
    estimate, covariance = coefficients(model)
    k, p, m = model.data.v.size, estimate.size, model.groups.size.size
    df = _degrees(model, test)
    se = np.sqrt(np.diag(covariance))
    factor = quantile(level, df)
    statistic, half = estimate / se, factor * se
    tau2 = model.best.tau2[0]
    spread = np.full(p, np.nan)
    if X is None:
        spread = factor * np.sqrt(tau2.sum() + se * se)
    arrays = (estimate, se, statistic, df, two_sided_p(statistic, df), estimate - half,
              estimate + half)  # fmt: skip
    kind = ThreeLevel if X is None else ThreeLevelRegression
    return kind(
        *(array.item() if X is None else frozen(array) for array in arrays),
        *tau2.tolist(),
        **_ratio_tests(model),
        **_heterogeneity(model),
        prediction_low=float(estimate[0] - spread[0]),
        prediction_high=float(estimate[0] + spread[0]),
        **omnibus(estimate, covariance, df, model.design),
        log_likelihood=float(model.best.points.value[0]),
        covariance=frozen(covariance),
        names=model.design.names,
        k=k,
        clusters=m,
        p=p,
        rho=model.data.rho,
        level=level,
        method=method,
        test=test,
        _design=model.design,
    )


def fitted(y, v, cluster, X, names, intercept, rho, method) -> Model:
    """Check the input and find the highest likelihood, with and without each variance."""
    y, v = checks.effects(y, v, minimum=3)
    checks.choice("method", method, METHODS)
    if v.max() > SPREAD * v.min():
        raise ValueError(
            f"variances from {v.min():g} to {v.max():g}: a three-level model needs them within a "
            f"factor of {SPREAD:g} of one another"
        )
    groups = clusters(cluster, y.size)
    if groups.size.max() == 1:
        raise ValueError(
            "every cluster holds one effect, so there is no variance within clusters to "
            "estimate: pool them without clusters"
        )
    rho = sampling_correlation(rho, groups.size)
    made = make_design(X, y.size, names=names, intercept=intercept)
    if y.size < len(made.names) + 2:
        raise ValueError(f"two variances and {len(made.names)} coefficients need at least "
                         f"{len(made.names) + 2} effects, {y.size} given")  # fmt: skip
    data = prepare(y, v, made.matrix, groups, rho, restricted=method == "REML")
    view = grid(data)
    best, *without = maxima(data, view)
    return Model(data, made, groups, view, best, tuple(without))


def coefficients(model: Model):
    """Coefficients of the moderators (p,) and their covariance (p, p)."""
    back = np.linalg.inv(model.data.triangle)
    points = model.best.points
    return back @ (points.coefficients[0] + model.data.offset), back @ points.covariance[0] @ back.T


def _degrees(model, test):
    p, m = len(model.design.names), model.groups.size.size
    if test == "z":
        return np.full(p, np.inf)
    if test == "t":
        return np.full(p, float(model.data.v.size - p))
    rows = model.design.matrix[model.groups.order]
    first = rows[model.groups.starts][model.groups.code]
    constant = (rows == first).all(axis=0)
    if constant.any() and m <= p:
        raise ValueError(f"the test 'contain' needs more clusters than {p} coefficients")
    return np.where(constant, float(m - p), float(model.data.v.size - p))


def _ratio_tests(model) -> dict:
    values = {}
    highest = model.best.points.value[0]
    for i, name in enumerate(("between", "within")):
        ratio = 2 * (highest - model.without[i].points.value[0])
        ratio = max(ratio, 0.0) if model.best.tau2[0, i] > 0 else 0.0
        values[f"lrt_{name}"] = float(ratio)
        values[f"lrt_{name}_p"] = 0.5 * float(chi2_tail(ratio, 1)) if ratio > 0 else 1.0
    return values


def _heterogeneity(model) -> dict:
    data, tau2 = model.data, model.best.tau2[0]
    df = data.v.size - len(model.design.names)
    # the sampling variance of an effect is the same whatever its errors correlate with
    x, w = data.z[:-1], 1 / data.v
    trace = w.sum() - np.trace(np.linalg.solve((x * w) @ x.T, (x * w**2) @ x.T))
    shares = tau2 / (tau2.sum() + df / trace)
    return {
        "i2": 100 * float(shares.sum()),
        "i2_between": 100 * float(shares[0]),
        "i2_within": 100 * float(shares[1]),
        "q": model.view.q,
        "q_df": df,
        "q_p": float(chi2_tail(model.view.q, df)),
    }

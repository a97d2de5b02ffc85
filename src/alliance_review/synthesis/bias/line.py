"""One predictor of effects that measures how small a study is: the line behind the tests."""

from typing import NamedTuple

import numpy as np

from .. import checks, heterogeneity
from ..distributions import quantile, two_sided_p
from ..pooling import TESTS, ratio
from ..regression.fit import meta_regression

PREDICTORS = ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
LIMIT_AT_ZERO = ("sei", "vi", "ninv", "sqrtninv")  # 0 is a study without sampling error
MODELS = ("lm", *heterogeneity.METHODS)


class Line(NamedTuple):
    """Intercept and coefficient of the predictor, in that order, in every array of shape (2,)."""

    estimate: np.ndarray
    se: np.ndarray
    statistic: np.ndarray
    p_value: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    df: float
    tau2: float
    test: str


def measure(name: str, v, n) -> np.ndarray:
    """The predictor by its name, shape (k,); ``n`` are sample sizes, for those that need them."""
    checks.choice("predictor", name, PREDICTORS)
    if name in ("sei", "vi"):
        if n is not None:
            raise ValueError(f"sample sizes n have no part in the predictor {name}")
        return np.sqrt(v) if name == "sei" else v
    if n is None:
        raise ValueError(f"the predictor {name} needs the sample sizes n")
    n = checks.floats("sample sizes", n)
    if n.shape != v.shape:
        raise ValueError(f"sample sizes and effects differ in shape: {n.shape} and {v.shape}")
    bad = np.flatnonzero(~((n > 0) & np.isfinite(n)))
    if bad.size:
        raise ValueError(f"sample sizes must be positive; number {bad[0] + 1} is {n[bad[0]]:g}")
    return {"ni": n, "ninv": 1 / n, "sqrtni": np.sqrt(n), "sqrtninv": 1 / np.sqrt(n)}[name]


def fit_line(y, v, x, model: str, test: str | None, level: float) -> Line:
    """Regress effects on ``x``: by weighted least squares ("lm") or with tau squared.

    Weighted least squares scales the variances by one factor estimated from the residuals, and
    tests by t with k - 2 degrees of freedom. (The common-effect model with the Hartung-Knapp
    test comes to the same.)
    """
    checks.choice("model", model, MODELS)
    if model != "lm":
        test = checks.choice("test", "hksj" if test is None else test, TESTS)
    elif test is not None:
        raise ValueError("weighted least squares has one test: choose a tau2 method, or no test")
    w = 1 / v
    centre = w @ x / w.sum()
    away = x - centre
    sxx = w @ away**2
    if sxx <= 1e-24 * (w @ x**2):
        what = "variances" if np.ptp(v) == 0 else "values of the predictor"
        raise ValueError(f"the {what} are all equal: precision cannot explain anything")
    if model != "lm":
        fit = meta_regression(y, v, x, names=["bias"], tau2=model, test=test, level=level)
        return Line(
            *(fit.estimate, fit.se, fit.statistic, fit.p_value, fit.ci_low, fit.ci_high),
            *(float(fit.df), fit.tau2, test),
        )
    deviation = y - y[0]  # equal effects stay exactly equal
    mean = w @ deviation / w.sum()
    slope = w @ (away * deviation) / sxx
    residual = deviation - mean - slope * away
    df = float(y.size - 2)
    s2 = w @ residual**2 / df
    estimate = np.array([y[0] + mean - slope * centre, slope])
    se = np.sqrt(s2 * np.array([1 / w.sum() + centre**2 / sxx, 1 / sxx]))
    statistic = ratio(estimate, se)
    half = quantile(level, df) * se
    p = two_sided_p(statistic, df)
    return Line(estimate, se, statistic, p, estimate - half, estimate + half, df, np.nan, "t")

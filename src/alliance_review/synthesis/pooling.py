"""Random-effects pooling of effect sizes, one meta-analysis or thousands at once."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks, heterogeneity
from .distributions import chi2_tail, quantile, two_sided_p
from .results import Result
from .sums import dot, fit_mean, unshared

TESTS = ("z", "hksj", "hksj_adhoc")
PREDICTIONS = ("default", "riley")
DEFAULTS = {"tau2": "REML", "test": "hksj", "level": 0.95, "prediction": "default"}


@dataclass(frozen=True, repr=False, eq=False)
class Pooled(Result):
    """A pooled effect, on the scale of the effects that went in (here Fisher z).

    Attributes
    ----------
    estimate, se, ci_low, ci_high : float
        The pooled effect, its standard error and its confidence interval.
    statistic, df, p_value : float
        Test of a pooled effect of zero; ``df`` is ``inf`` for the normal test.
    tau2, i2, h2 : float
        Variance of the true effects; I squared in per cent and H squared, both from ``tau2`` and
        the typical variance (from Q for the common-effect model, where tau2 is 0 by definition).
    q, q_df, q_p : float
        Cochran's Q with inverse-variance weights.
    prediction_low, prediction_high : float
        Where the true effect of a new setting is expected; ``nan`` for the common-effect model.
    k : int
        Number of effects.
    weights : ndarray, shape (k,)
        Shares of the pooled effect: they sum to 1; 0 for an effect left out.
    level : float
    tau2_method, test, prediction : str
        The methods used.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p_value: float
    tau2: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    prediction_low: float
    prediction_high: float
    k: int
    weights: np.ndarray
    level: float
    tau2_method: str
    test: str
    prediction: str

    _shown: ClassVar = (
        "k", "estimate", "se", ("ci_low", "ci_high"), "p_value", "tau2", "i2", "q", "q_p",
        ("prediction_low", "prediction_high"), "tau2_method", "test", "level",
    )  # fmt: skip


def pool(y, v, *, tau2="REML", test="hksj", level=0.95, prediction="default") -> Pooled:
    """Pool effects with a random-effects model.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances (Fisher z and 1/(n - 3) in this review), k >= 2.
    tau2 : {"FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        Estimator of the variance of true effects; "FE" is the common-effect model. ML and REML
        are the global maximum of the likelihood. DL is a closed form and PM (to which EB is
        equal) a root found to full precision here. ``crosscheck.by_statsmodels`` gives both a
        second time and the tests compare them; it is not the source because its PM stops at
        1e-5 in Q (a relative error of up to 2e-6 in tau2 on the validation sets) and its DL is
        not floored at zero.
    test : {"z", "hksj", "hksj_adhoc"}
        Normal test; Hartung-Knapp-Sidik-Jonkman with t on k - 1 degrees of freedom; the same
        with its variance factor never below 1.
    level : float
        Confidence level, between 0 and 1.
    prediction : {"default", "riley"}
        "default": normal quantile for z, t with k - 1 degrees of freedom for the others;
        "riley": t with k - 2 (undefined for k = 2). Both use tau2 + se**2.

    Raises
    ------
    ValueError
        Fewer than two effects, lengths that differ, a variance not above zero, a value that is
        not finite, an unknown method, a level outside 0 to 1.

    Notes
    -----
    Where all effects are equal the Hartung-Knapp standard error is 0 and so is the p value, or 1
    if the effects are all 0; "hksj_adhoc" is made for that case. tau squared keeps ten digits as
    long as the variances lie within a factor of about 1e8 of one another; beyond 1e15 they are
    refused. Sources: Hartung & Knapp (2001); Sidik & Jonkman (2002);
    Knapp & Hartung (2003) for the ad hoc form; Higgins & Thompson (2002) for I squared;
    Higgins, Thompson & Spiegelhalter (2009) and Riley, Higgins & Deeks (2011) for prediction.
    """
    y, v = checks.effects(y, v)
    options = checked_options(tau2=tau2, test=test, level=level, prediction=prediction)
    # moving the origin to an effect costs nothing and keeps equal effects exactly equal
    origin = y[0]
    y = y - origin
    t2 = heterogeneity.tau_squared(y, v, None, tau2)
    fit = fit_mean(y, v, None, t2)
    core = _core(fit, fit_mean(y, v, None, 0.0), t2, y.size, origin, test)
    shares = fit.w / fit.total
    shares.flags.writeable = False
    every = derived(core, options)
    every |= tail_areas(every["statistic"], every["df"], core["q"], y.size)
    plain = {n: int(a) if n in ("k", "q_df") else float(a) for n, a in every.items()}
    return Pooled(**plain, **labels(options), weights=shares)


def labels(options: dict) -> dict:
    """The options as the fields of a result that name the methods."""
    return {
        "level": options["level"],
        "tau2_method": options["tau2"],
        "test": options["test"],
        "prediction": options["prediction"],
    }


def checked_options(**given) -> dict:
    """The options of ``pool``, checked, the defaults filled in; for functions that repeat it."""
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"no such option: {', '.join(unknown)}; there are {', '.join(DEFAULTS)}")
    options = DEFAULTS | given
    checks.choice("tau2", options["tau2"], heterogeneity.METHODS)
    checks.choice("test", options["test"], TESTS)
    checks.choice("prediction", options["prediction"], PREDICTIONS)
    return options | {"level": checks.level(options["level"])}


def knapp_hartung(q, df, test: str):
    """Factor of the variance of a pooled effect or coefficient: 1 for the normal test, otherwise
    the weighted mean square of the residuals q / df, for "hksj_adhoc" never below 1.

    Works on numbers and arrays; ``nan`` without degrees of freedom. Sources: Hartung & Knapp
    (2001); Sidik & Jonkman (2002); Knapp & Hartung (2003) for the ad hoc form.
    """
    if test == "z":
        return 1.0
    if isinstance(q, float) and df > 0:
        return max(1.0, q / df) if test == "hksj_adhoc" else q / df
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.divide(q, df)
    return np.maximum(factor, 1.0) if test == "hksj_adhoc" else factor


def _core(fit, common, tau2, k, origin, test) -> dict:
    """What cannot be told from the other results: the rest is ``derived`` from it."""
    return {
        "estimate": fit.mean + origin,
        "se": math.sqrt(knapp_hartung(fit.q, k - 1, test) / fit.total),
        "tau2": tau2,
        "q": common.q,
        "k": k,
        "typical": typical_variance(
            k, unshared(common.w, common.total, dot(common.w, common.w))
        ),
    }


def typical_variance(k, unshared_weight):
    """Typical sampling variance of Higgins & Thompson (2002), from k and ``sums.unshared``;
    infinite for a set of one effect, which has no heterogeneity to compare."""
    if isinstance(k, int):
        return (k - 1) / unshared_weight if k > 1 else math.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(k > 1, (k - 1) / unshared_weight, np.inf)


def ratio(estimate, se):
    """Test statistic: the estimate over its error; 0 where both are 0, which is no evidence."""
    if isinstance(se, float) and se > 0:  # one of them: no need for arrays
        return estimate / se
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.divide(estimate, se)
    return np.where((estimate == 0) & (se == 0), 0.0, value)


def tail_areas(statistic, df, q, k) -> dict:
    """The two p values of ``Pooled``."""
    return {"p_value": two_sided_p(statistic, df), "q_p": chi2_tail(q, k - 1)}


def derived(core: dict, options: dict) -> dict:
    """All quantities of ``Pooled`` but the weights and the tail areas, from those estimated.

    Works on numbers and on arrays alike.
    """
    estimate, se, t2, q, k = (core[n] for n in ("estimate", "se", "tau2", "q", "k"))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = ratio(estimate, se)
        df = k - 1 if options["test"] != "z" else np.inf
        at = quantile(options["level"], df)
        if options["tau2"] == "FE":
            h2 = np.where(np.equal(k, 1), 1.0, np.divide(q, k - 1))
            spread = np.nan
            i2 = 100 * (1 - 1 / np.maximum(h2, 1.0))
        else:
            h2, i2 = 1 + t2 / core["typical"], 100 * t2 / (t2 + core["typical"])
            other = options["prediction"] == "riley"
            width = quantile(options["level"], k - 2) if other else at
            spread = (t2 + se * se) ** 0.5 * width
    return {
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - at * se,
        "ci_high": estimate + at * se,
        "statistic": statistic,
        "df": df,
        "tau2": t2,
        "i2": i2,
        "h2": h2,
        "q": q,
        "q_df": k - 1,
        "prediction_low": estimate - spread,
        "prediction_high": estimate + spread,
        "k": k,
    }

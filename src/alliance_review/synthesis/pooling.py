"""Random-effects pooling of effect sizes, one meta-analysis or thousands at once."""

from dataclasses import dataclass, fields

import numpy as np

from . import checks, heterogeneity
from .distributions import chi2_tail, quantile, two_sided_p

TESTS = ("z", "hksj", "hksj_adhoc")
PREDICTIONS = ("default", "riley")


@dataclass(frozen=True)
class Pooled:
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

    def to_dict(self) -> dict:
        """Plain values; a number that is not finite becomes None."""
        return checks.plain({f.name: getattr(self, f.name) for f in fields(self)})


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
    Where all effects are equal the Hartung-Knapp standard error is 0 and so is the p value:
    "hksj_adhoc" is made for that case. Sources: Hartung & Knapp (2001); Sidik & Jonkman (2002);
    Knapp & Hartung (2003) for the ad hoc form; Higgins & Thompson (2002) for I squared;
    Higgins, Thompson & Spiegelhalter (2009) and Riley, Higgins & Deeks (2011) for prediction.
    """
    y, v = checks.effects(y, v)
    options = checked_options(tau2, test, level, prediction)
    columns = pool_columns(y, v, np.ones((y.size, 1)), **options)
    return take(columns, 0, options)


def checked_options(tau2="REML", test="hksj", level=0.95, prediction="default") -> dict:
    """Check the options shared by ``pool`` and the functions that repeat it."""
    return {
        "tau2": checks.choice("tau2", tau2, heterogeneity.METHODS),
        "test": checks.choice("test", test, TESTS),
        "level": checks.level(level),
        "prediction": checks.choice("prediction", prediction, PREDICTIONS),
    }


def take(columns: dict, index: int, options: dict) -> Pooled:
    """Make a ``Pooled`` of one column of ``pool_columns``."""
    values = {}
    for name, array in columns.items():
        if name == "weights":
            values[name] = array[:, index].copy()
            values[name].flags.writeable = False
        else:
            values[name] = array[index].item()
    return Pooled(
        **values,
        level=options["level"],
        tau2_method=options["tau2"],
        test=options["test"],
        prediction=options["prediction"],
    )


def pool_columns(y, v, member, *, tau2, test, level, prediction) -> dict[str, np.ndarray]:
    """Pool every set of effects named by a column of ``member``, shape (k, B).

    Returns arrays of shape (B,) named as the attributes of ``Pooled``, and ``weights`` (k, B).
    A set of one effect has that effect as its estimate, tau2 = 0, and no Hartung-Knapp test.
    """
    # moving the origin to an effect costs nothing and keeps equal effects exactly equal
    origin = y[0]
    y, v = (y - origin)[:, None], v[:, None]
    k = member.sum(axis=0)
    common = heterogeneity.fit_mean(y, v, member, 0.0)
    t2 = heterogeneity.tau_squared(y, v, member, tau2)
    fit = heterogeneity.fit_mean(y, v, member, t2)
    estimate = fit.mean + origin
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.ones(k.shape) if test == "z" else fit.q / (k - 1)
        if test == "hksj_adhoc":
            factor = np.maximum(factor, 1.0)
        se = np.sqrt(factor / fit.total)
        df = np.full(k.shape, np.inf) if test == "z" else k - 1
        statistic = estimate / se
        typical = (k - 1) / (common.total - (common.w**2).sum(axis=0) / common.total)
        if tau2 == "FE":
            h2 = common.q / (k - 1)
            i2 = np.where(h2 > 1, 100 * (1 - 1 / np.where(h2 > 1, h2, 1.0)), 0.0)
        else:
            h2, i2 = 1 + t2 / typical, 100 * t2 / (t2 + typical)
            h2, i2 = np.where(k > 1, h2, 1.0), np.where(k > 1, i2, 0.0)
        half = quantile(level, df) * se
        spread = np.sqrt(t2 + se * se) * quantile(level, k - 2 if prediction == "riley" else df)
    if tau2 == "FE":
        spread = np.full(k.shape, np.nan)
    return {
        "estimate": estimate,
        "se": se,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "statistic": statistic,
        "df": df,
        "p_value": two_sided_p(statistic, df),
        "tau2": t2,
        "i2": i2,
        "h2": h2,
        "q": common.q,
        "q_df": (k - 1).astype(int),
        "q_p": chi2_tail(common.q, k - 1),
        "prediction_low": estimate - spread,
        "prediction_high": estimate + spread,
        "k": k.astype(int),
        "weights": fit.w / fit.total,
    }

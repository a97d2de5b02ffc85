"""Meta-regression, and the likelihood-ratio test of tau squared = 0, against metafor."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis import heterogeneity
from alliance_review.synthesis.pooling import TESTS
from alliance_review.synthesis.regression.fit import meta_regression
from alliance_review.synthesis.regression.likelihood import log_likelihood
from alliance_review.synthesis.regression.moderators import design
from alliance_review.synthesis.regression.projection import columns
from alliance_review.synthesis.tau_test import tau2_lr_test

from . import fixtures
from .cells import Cell

TOPIC = "regression"
ITERATED = ("ML", "REML", "EB", "PM")
COEFFICIENTS = {
    "estimate": "coefficients",
    "se": "standard errors",
    "statistic": "test statistics",
    "ci_low": "lower limits",
    "ci_high": "upper limits",
}

#: What metafor gives otherwise, and why.
DIFFERS = (
    (
        "closed forms of bcg, ablat_year: coefficients by 4e-10, tau squared by 1e-10",
        "the year of publication is not centred (condition number of X'WX 3e11): solved as normal "
        "equations in double precision, DL is wrong by as much; ours, by an orthonormal basis, "
        "equals exact rational arithmetic to 2e-15. Compared at 1e-8.",
    ),
    (
        "R squared of cohen1981, ni, HE",
        "tau squared is 0 with and without the moderator: metafor gives 0, ours is undefined.",
    ),
)
UNCENTRED = ("bcg", "ablat_year")
NOTHING_TO_EXPLAIN = ("cohen1981", "ni", "HE")


def cells() -> Iterator[Cell]:
    """Every model by nine estimators and three tests."""
    for name, content in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        for method, statistic in content["tau2_zero"].items():
            ours = tau2_lr_test(y, v, tau2=method).statistic
            yield Cell("likelihood ratio of tau squared 0", f"{name}, {method}", ours, statistic,
                       "iterated", scale=1.0)  # fmt: skip
        for label, model in content["models"].items():
            X = np.column_stack(list(model["moderators"].values()))
            rows = model["rows"]
            for method in heterogeneity.METHODS:
                rough = method in ITERATED or (name, label) == UNCENTRED
                kind = "iterated" if rough else "closed form"
                where = name, label, method
                yield from _model(y[rows], v[rows], X, model["fits"][method], kind, where)


def _model(y, v, X, theirs, kind, setting):
    where, method = ", ".join(setting), setting[-1]
    fits = {test: meta_regression(y, v, X, tau2=method, test=test) for test in TESTS}
    fit = fits["z"]
    typical = float(np.mean(v))
    yield Cell("tau squared", where, fit.tau2, theirs["tau2"], kind, scale=0.01 * typical)
    yield Cell("I squared", where, fit.i2, theirs["i2"], kind, scale=1.0)
    yield Cell("H squared", where, fit.h2, theirs["h2"], kind)
    if setting != NOTHING_TO_EXPLAIN:
        yield Cell("R squared", where, fit.r2, theirs["r2"], kind, scale=1.0)
    yield Cell("residual Q", where, fit.q, theirs["q"], "closed form")
    yield Cell("p of residual Q", where, fit.q_p, theirs["q_p"], "tail area")
    data = columns(y, v, design(X, y.size).matrix)
    for restricted, key in ((False, "log_likelihood"), (True, "restricted_log_likelihood")):
        ours = float(log_likelihood(data, fit.tau2, restricted=restricted)[0])
        yield Cell(key.replace("_", " "), where, ours, theirs[key], kind, scale=1.0)
    for test, ours in fits.items():
        yield from _coefficients(ours, theirs[test], kind, f"{where}, {test}")


def _coefficients(fit, theirs, kind, where):
    for key, quantity in COEFFICIENTS.items():
        scale = 1.0 if key == "statistic" else fit.se.min()
        yield Cell(quantity, where, getattr(fit, key), theirs[key], kind, scale=scale)
    yield Cell("p values", where, fit.p_value, theirs["p_value"], "tail area")
    df = np.inf if theirs["df"] is None else theirs["df"]
    yield Cell("degrees of freedom", where, fit.df, df, "exact")
    yield Cell("test of moderators", where, fit.q_moderators, theirs["q_moderators"], kind, scale=1)
    yield Cell("df of test of moderators", where, fit.q_moderators_df, theirs["q_moderators_df"],
               "exact")  # fmt: skip
    yield Cell("p of test of moderators", where, fit.q_moderators_p, theirs["q_moderators_p"],
               "tail area")  # fmt: skip
    if "covariance" in theirs:
        yield Cell("covariance", where, fit.covariance, theirs["covariance"], kind)

"""Three-level models and cluster-robust tests, against metafor's rma.mv and clubSandwich."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis import pool
from alliance_review.synthesis.multilevel.clusters import aggregate_effects
from alliance_review.synthesis.multilevel.intervals import variance_intervals
from alliance_review.synthesis.multilevel.model import three_level
from alliance_review.synthesis.multilevel.robust import robust_variance

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "digits of rma.mv",
        "it maximises with a general optimiser and stops 1e-9 to 1e-7 away from the variances of "
        "highest likelihood; where the optimum was polished to 25 digits, ours equals that to "
        "1e-11, and the log-likelihoods, flat at the top, agree to 1e-11 everywhere.",
    ),
    (
        "profile-likelihood limits of the variances: both of the variance within clusters and the "
        "upper one between them for crede2010, the upper one within for konstantopoulos2011",
        "metafor does not find them and says so (convergence problems); at ours the profile is "
        "lower than the maximum by half the chi-square quantile, which the tests check.",
    ),
    (
        "p values of the likelihood-ratio tests",
        "metafor takes the whole chi-square tail, here it is half of it, because a variance of 0 "
        "lies at the end of its range (Self & Liang 1987); the statistics are compared.",
    ),
)

#: quantity, field, kind; ``se`` is the scale of those that may lie near 0
MODEL = (
    ("estimate", "estimate", "multilevel"),
    ("standard error", "se", "multilevel"),
    ("test statistic", "statistic", "multilevel"),
    ("degrees of freedom", "df", "exact"),
    ("p value", "p_value", "multilevel"),
    ("confidence interval, low", "ci_low", "multilevel"),
    ("confidence interval, high", "ci_high", "multilevel"),
    ("log-likelihood", "log_likelihood", "optimum"),
    ("Q", "q", "closed form"),
    ("p value of Q", "q_p", "tail area"),
    ("test of moderators", "q_moderators", "multilevel"),
    ("p value of moderators", "q_moderators_p", "multilevel"),
    ("number of effects", "k", "exact"),
    ("number of clusters", "clusters", "exact"),
)
ROBUST = (*((q, f, "multilevel" if f == "df" else kind) for q, f, kind in MODEL[:7]),
          ("covariance", "covariance", "multilevel"))  # fmt: skip
NEAR_ZERO = ("estimate", "ci_low", "ci_high")


def cells() -> Iterator[Cell]:
    """Ours beside theirs, for the two sets whose effects lie in clusters."""
    for name, theirs in fixtures.load("multilevel").items():
        y, v = fixtures.effects(name)
        cluster = theirs["cluster"]
        x = np.array(theirs["x"], dtype=float)
        for model in theirs["models"].values():
            yield from _model(name, y, v, cluster, None, model)
        for model in theirs["moderated"].values():
            yield from _model(f"{name}, {theirs['moderator']}", y, v, cluster, x, model)
        yield from _variances(name, y, v, cluster, theirs)
        yield from _aggregated(name, y, v, cluster, theirs["aggregated"])


def _model(name, y, v, cluster, x, theirs) -> Iterator[Cell]:
    options = {"X": x, "rho": theirs["rho"], "method": theirs["method"]}
    ours = three_level(y, v, cluster, test=theirs["test"], **options)
    where = f"{name}, {theirs['method']}, {theirs['test']}"
    where += f", rho {theirs['rho']}" if theirs["rho"] else ""
    yield from _fields(MODEL, "three-level", where, ours, theirs)
    variances = (ours.tau2_between, ours.tau2_within)
    yield Cell("three-level variances", where, variances, theirs["tau2"], "multilevel")
    shares = (ours.i2, ours.i2_between, ours.i2_within)
    yield Cell("three-level I squared", where, shares, theirs["i2"], "multilevel", 1.0)
    yield Cell("three-level covariance", where, ours.covariance, _square(theirs["covariance"]),
               "multilevel")  # fmt: skip
    if "prediction" in theirs:
        interval = (ours.prediction_low, ours.prediction_high)
        yield Cell("three-level prediction interval", where, interval, theirs["prediction"],
                   "multilevel", ours.se)  # fmt: skip
    if "predicted" in theirs:
        rows = ours.predict(x)
        for field, values in theirs["predicted"].items():
            yield Cell(f"three-level predicted effects, {field}", where, getattr(rows, field),
                       values, "multilevel", float(rows.se.min()))  # fmt: skip
    if "polished" in theirs:
        best = theirs["polished"]
        yield Cell("three-level variances, polished", where, variances, best["tau2"], "optimum")
        pair = (ours.estimate, ours.se)
        yield Cell("three-level estimate and standard error, polished", where, pair,
                   (best["estimate"], best["se"]), "optimum")  # fmt: skip
    for key, reference in theirs.get("robust", {}).items():
        kind, _, df = key.partition("/")
        robust = robust_variance(y, v, cluster, kind=kind, df=df or "satterthwaite", **options)
        yield from _fields(ROBUST, "robust", f"{where}, {key}", robust, reference)


def _fields(quantities, prefix, where, ours, theirs) -> Iterator[Cell]:
    for quantity, field, kind in quantities:
        if field not in theirs:
            continue
        value, mine = theirs[field], getattr(ours, field)
        if field == "covariance":
            value = _square(value)
        if field == "df" and np.ndim(value) == 0:  # the normal test has none
            value = np.full(np.shape(mine), np.inf if value is None else value)
        scale = float(np.min(ours.se)) if field in NEAR_ZERO else 0.0
        if field == "p_value":  # of 1e-56, the digits of rma.mv's statistic are the first to go
            scale = 1e-10
        yield Cell(f"{prefix} {quantity}", where, mine, value, kind, scale)


def _square(values):
    return np.atleast_2d(np.array(values, dtype=float))


def _variances(name, y, v, cluster, theirs) -> Iterator[Cell]:
    ours = three_level(y, v, cluster)
    for field in ("lrt_between", "lrt_within"):
        yield Cell("three-level likelihood-ratio test", f"{name}, {field}", getattr(ours, field),
                   theirs["ratio_tests"][field], "optimum")  # fmt: skip
    limits = variance_intervals(y, v, cluster)
    for field, reference in theirs["intervals"].items():
        for end, value in zip(("low", "high"), reference, strict=True):
            if value is not None:
                yield Cell("three-level profile-likelihood limit", f"{name}, {field}, {end}",
                           getattr(limits, f"{field}_ci_{end}"), value, "bound")  # fmt: skip


def _aggregated(name, y, v, cluster, theirs) -> Iterator[Cell]:
    ours = aggregate_effects(y, v, cluster, theirs["rho"])
    where = f"{name}, rho {theirs['rho']}"
    place = [ours.cluster.index(label) for label in theirs["cluster"]]
    yield Cell("composite effects", where, ours.y[place], theirs["y"], "closed form",
               float(np.sqrt(ours.v.min())))  # fmt: skip
    yield Cell("variances of composite effects", where, ours.v[place], theirs["v"], "closed form")
    pooled = pool(ours.y, ours.v, test="z")
    for field, value in theirs["pool"].items():
        yield Cell(f"pooled composite effects, {field}", where, getattr(pooled, field), value,
                   "tail area" if field == "p_value" else "iterated")  # fmt: skip
